"""The books' own pages: editions, statements, boards, calendars, rounds; in scope, refusing with words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import lxml.html
import pytest
from django.utils import timezone
from tests.books.conftest import declared, quota  # noqa: F401
from tests.books.test_account import bring
from tests.books.test_campaign import coating, drive, painters  # noqa: F401
from tests.books.test_duty import station_check  # noqa: F401
from tests.books.test_roster import firms, key_units, year_2025  # noqa: F401
from tests.conftest import COUNTY, NORTH, SOUTH

from ecoledger.accounts.roles import Role
from ecoledger.books import campaign as campaigns
from ecoledger.books import duty as duties
from ecoledger.books.account import VOUCHER, Account, Item, Voucher
from ecoledger.books.models import Drive, Edition, Holding, Obligation

pytestmark = pytest.mark.django_db


@pytest.fixture
def area(db):
    from ecoledger.entities.models import Area

    return Area.objects.create(code=COUNTY, name="测试县", kind="area", area_code=COUNTY)


@pytest.fixture
def as_(client, people):
    def sign_in(name):
        client.force_login(people[name])
        return client

    return sign_in


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_an_edition_is_copied_compared_published(as_, key_units, year_2025):  # noqa: F811
    client = as_("dispatcher")
    page = f"/b/test_key_units/editions/{year_2025.pk}"
    answer = client.post(page, {"action": "copy", "name": "2026"}, follow=True)
    new = Edition.objects.get(name="2026")
    assert said(answer) == ["已复制为“2026”，公布之前不生效。"]
    line = key_units.lines(new).first()
    client.post(f"/b/test_key_units/editions/{new.pk}", {"action": "remove", "line": line.pk})
    seen = client.get(f"/b/test_key_units/editions/{new.pk}?with={year_2025.pk}").content.decode()
    assert "退出 1" in seen
    assert "未变 2" in seen
    client.post(
        f"/b/test_key_units/editions/{new.pk}", {"action": "publish", "since": "2026-04-01"}
    )
    assert "2026-04-01" in client.get("/b/test_key_units/editions").content.decode()


def test_a_refusal_leads_back_and_says_what_would_help(as_, key_units, year_2025):  # noqa: F811
    page = f"/b/test_key_units/editions/{year_2025.pk}"
    answer = as_("dispatcher").post(
        page, {"action": "publish", "since": "2026-04-01", "back": page}, follow=True
    )
    assert answer.redirect_chain == [(page, 302)]
    assert said(answer) == ["“2025”已公布，不能再改。请复制为新版本后修改。"]


def test_who_may_look_may_not_write(as_, key_units, year_2025):  # noqa: F811
    page = f"/b/test_key_units/editions/{year_2025.pk}"
    assert as_("third_party").post(page, {"action": "copy", "name": "x"}).status_code in (302, 404)
    assert Edition.objects.count() == 1


def test_an_edition_of_another_area_is_not_there(as_, key_units, year_2025):  # noqa: F811
    Edition.objects.filter(pk=year_2025.pk).update(area_code=SOUTH)
    assert as_("town").get(f"/b/test_key_units/editions/{year_2025.pk}").status_code == 404


def test_a_quota_is_brought_in_used_and_reversed_on_its_statement(as_, quota):  # noqa: F811
    client, pool = as_("approver"), quota.holding("NOx", "县总量库", COUNTY)
    page = f"/b/test_quota/holdings/{pool.pk}"
    form = {"kind": "reduction", "quantity": "12.5", "on": "2026-03-01", "text": "关停锅炉"}
    client.post(f"{page}/post", {**form, "back": page})
    answer = client.post(
        f"{page}/post",
        {
            "kind": "allocation",
            "quantity": "20",
            "on": "2026-04-01",
            "text": "新建",
            "back": page,
        },
        follow=True,
    )
    assert "差 7.500 t/a" in said(answer)[-1]
    seen = client.get(f"{page}?from=2026-01-01&to=2026-12-31").content.decode()
    assert "12.500" in seen
    posting = pool.entries.get().posting
    client.post(
        f"/b/test_quota/postings/{posting.pk}/reverse", {"reason": "重复记账", "back": page}
    )
    pool.refresh_from_db()
    assert pool.balance == 0
    assert "已冲正" in client.get(f"{page}?from=2026-01-01&to=2027-12-31").content.decode()


def test_a_reversal_says_why_in_words_and_comes_from_who_enters_such_postings(as_, declared):  # noqa: F811
    bureau = frozenset({Role.APPROVER})
    book = declared(Account(
        key="test_own", label="台账", items=(Item("NOx", "氮氧化物", "t/a", 3),), edit=bureau | {Role.TOWN},
        vouchers=(Voucher("reduction", "入库", source="关停减排", by=bureau),),
        columns=(*VOUCHER, "text"),
    ))  # fmt: skip
    pool = book.holding("NOx", "县总量库", NORTH)
    bring(book, pool, "2", date(2026, 3, 1))
    page, posting = f"/b/test_own/holdings/{pool.pk}", pool.entries.get().posting
    address = f"/b/test_own/postings/{posting.pk}/reverse"
    town = as_("town")
    assert address not in town.get(f"{page}?from=2026-01-01").content.decode()
    town.post(address, {"reason": "这一笔记错了", "back": page})
    refused = as_("approver").post(address, {"reason": "试", "back": page}, follow=True)
    assert "至少 4 个字" in said(refused)[-1]
    pool.refresh_from_db()
    assert pool.balance == 2
    as_("approver").post(address, {"reason": "这一笔记错了", "back": page})
    pool.refresh_from_db()
    assert pool.balance == 0


def test_holdings_show_a_day(as_, quota):  # noqa: F811
    bring(quota, quota.holding("NOx", "县总量库", COUNTY), "3.25", date(2026, 3, 1))
    client = as_("approver")
    assert "3.250" in client.get("/b/test_quota/holdings?on=2026-03-01").content.decode()
    assert "3.250" not in client.get("/b/test_quota/holdings?on=2026-02-28").content.decode()
    other = Holding.objects.create(book="test_quota", item="NOx", name="南库", area_code=SOUTH)
    assert as_("town").get(f"/b/test_quota/holdings/{other.pk}").status_code == 404


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"quantity": "x"}, "数量不是数"),
        ({"quantity": "NaN"}, "数量须大于零"),
        ({"quantity": "1e30"}, "数量过大"),
        ({"quantity": "99999999999999999999"}, "数量过大"),
        ({"quantity": "-1"}, "数量须大于零"),
        ({"kind": "gift"}, "没有选择类别"),
        ({"text": " "}, "没有摘要"),
        ({"kind": "transfer"}, "没有对方"),
    ],
)
def test_a_posting_with_nonsense_is_refused_in_words(as_, quota, form, why):  # noqa: F811
    page = f"/b/test_quota/holdings/{quota.holding('NOx', '县总量库', COUNTY).pk}"
    good = {"kind": "reduction", "quantity": "1", "on": "2026-01-01", "text": "x", "back": page}
    answer = as_("approver").post(f"{page}/post", {**good, **form}, follow=True)
    assert why in said(answer)[-1]
    assert as_("approver").get("/b/test_quota").status_code == 200


def test_a_campaign_is_drawn_started_visited_and_seen(as_, coating, drive, people):  # noqa: F811
    client = as_("officer")
    task = drive.tasks.first()
    page = f"/b/test_coating/drives/{drive.pk}"
    visit = f"{page}/tasks/{task.pk}"
    assert "喷漆房是否密闭" in client.get(visit).content.decode()
    # What is missing is said beside its question; what was filled in is still there.
    answer = client.post(visit, {"房间密闭": "", "风速": "0.6", "note": "门帘破损", "back": visit})
    assert said(answer) == ["有 1 条没有填对。"]
    page_again = lxml.html.fromstring(answer.content)
    (problem,) = page_again.xpath("//form//*[@role='alert']")
    assert problem.text_content() == "请填写“喷漆房是否密闭”"
    assert problem.getparent().xpath(".//input/@name")[0] == "房间密闭"
    assert page_again.xpath("//input[@name='风速']/@value") == ["0.6"]
    assert page_again.xpath("//textarea[@name='note']")[0].text.strip() == "门帘破损"
    client.post(visit, {"房间密闭": "ok", "风速": "0.6"})
    board = client.get(page)
    assert board.context["coverage"].done == 1
    assert "1 <small>/40</small>" in board.content.decode()


def test_a_draw_on_the_page_keeps_its_seed(as_, coating, people):  # noqa: F811
    row = coating.open_row(
        {
            "name": "双随机",
            "area_code": COUNTY,
            "begin": date(2026, 1, 1),
            "end": date(2026, 3, 31),
        },
        people["dispatcher"],
        timezone.now(),
    )
    client = as_("dispatcher")
    move = f"/b/test_coating/drives/{row.pk}/move"
    # A seed that somebody types is not taken.
    client.post(move, {"action": "draw", "count": "6", "seed": "42"})
    client.post(f"/b/test_coating/drives/{row.pk}/move", {"action": "start"})
    row = Drive.objects.get(pk=row.pk)
    seed = row.selection["seed"]
    assert (row.state, len(seed), row.tasks.count()) == ("running", 32, 6)
    assert f"种子 {seed}" in client.get(f"/b/test_coating/drives/{row.pk}").content.decode()


def test_what_is_owed_is_settled_on_the_calendar(as_, station_check):  # noqa: F811
    today = timezone.localdate()
    duties.extend(station_check, today)
    row = Obligation.objects.filter(due__gte=today).first()
    client = as_("monitor")
    assert row.entity.name in client.get("/b/test_check/calendar").content.decode()
    client.post(f"/b/test_check/obligations/{row.pk}", {"action": "done", "on": today.isoformat()})
    row.refresh_from_db()
    assert row.state == "done"


def test_a_book_of_another_kind_or_name_is_not_there(as_, quota):  # noqa: F811
    client = as_("dispatcher")
    assert client.get("/b/nothing/editions").status_code == 404
    assert client.get("/b/test_quota/editions").status_code == 404


def test_answers_outside_the_area_are_not_shown(as_, coating, drive, people):  # noqa: F811
    from ecoledger.entities.models import Enterprise

    far = Enterprise.objects.create(code="P-900", name="南厂", area_code=SOUTH)
    campaigns.add_objects(coating, drive, [far], by=None)
    task = drive.tasks.get(entity=far)
    page = f"/b/test_coating/drives/{drive.pk}"
    assert as_("town").get(f"{page}/tasks/{task.pk}").status_code == 404
    assert "南厂" not in as_("town").get(page).content.decode()
    assert Decimal(as_("town").get(page).context["coverage"].planned) == 40
