"""大气污染物指标总量库: what closed projects free is reviewed and brought in; a new project takes its multiple."""

from __future__ import annotations

import re

import pytest
from tests.path.county import NORTH
from tests.stories.pages import open_page, page_after, submit, text

TABLE = [("核算表.pdf", b"%PDF-1.7 accounting", "application/pdf")]


def address_of(page):
    """Where the matter whose page this is lives."""
    action = next(form.action for form in page.forms if "/do/" in (form.action or ""))
    return re.match(r"/matters/\w+/\d+", action).group()


@pytest.mark.story("A2")
def test_the_pool_takes_in_what_is_freed_and_never_gives_more_than_it_has(house, hired):
    """A closed boiler's 9.8 t/a come in after review and showing; 2 × 3 t/a go to a new project; what is not
    there is refused with the lack; the statement shows every voucher."""
    # A county that asks for no days of publicity.
    (house.process.data / "profile").mkdir(exist_ok=True)
    (house.process.data / "profile" / "quota.toml").write_text(
        "publicity_days = 0\n", encoding="utf-8"
    )
    approver, head = hired("approver", "审批员甲"), hired("leader", "局领导甲")

    # Accounted with its table: the lesser of what was permitted and what was emitted is freed.
    reduction = {
        "title": "关停2020年燃煤锅炉",
        "area_code": NORTH,
        "way": "closed",
        "pollutant": "NOx",
        "permitted": "12.5",
        "actual": "9.8",
        "base_year": "2020",
    }
    case = address_of(page_after(approver, "/matters/air_reduction/new", "/new", reduction))
    submit(approver, case, "/do/account", {"method": "许可量与实际排放量取小"}, files=TABLE)
    assert "核算表.pdf" in text(open_page(head, case))
    submit(head, case, "/do/approve")
    stocked = page_after(approver, case, "/do/stock")
    assert "已入库" in text(stocked)

    # It is in the pool, and the pool's page leads to its statement.
    pools = open_page(approver, "/b/air_quota/holdings")
    (statement,) = pools.xpath("//a[contains(@href, '/holdings/')]/@href")
    assert "9.800 t/a" in text(pools)

    # A new project takes its multiple; a second one that wants more than is left is refused.
    project = {"area_code": NORTH, "pollutant": "NOx", "multiple": "2"}
    first = {**project, "title": "新建汽车零部件项目", "added": "3"}
    taking = address_of(page_after(approver, "/matters/air_allocation/new", "/new", first))
    submit(approver, taking, "/do/submit")
    submit(head, taking, "/do/allocate", {"approval_no": "测环审〔2026〕8号"})
    second = {**project, "title": "新建表面处理项目", "added": "2"}
    wanting = address_of(page_after(approver, "/matters/air_allocation/new", "/new", second))
    submit(approver, wanting, "/do/submit")
    refused = head.post(
        f"{wanting}/do/allocate",
        data={"csrfmiddlewaretoken": head.cookies["csrftoken"], "allocate-approval_no": ""},
    )
    assert refused.status_code == 422
    assert "差 0.200 t/a，不能调出" in refused.text

    # The statement: both vouchers, each with its matter, and what is left.
    said = text(open_page(approver, statement))
    assert "关停2020年燃煤锅炉" in said
    assert "新建汽车零部件项目" in said
    assert "测环审〔2026〕8号" in said
    closing = open_page(approver, statement).get_element_by_id("closing").text_content()
    assert closing.split() == ["3.800", "t/a"]

    # A mistake is reversed, not changed; what was used meanwhile cannot be reversed away.
    # What steps wrote that two people take, one who only enters does not take back.
    assert not [
        f for f in open_page(approver, statement).forms if (f.action or "").endswith("/reverse")
    ]
    page = open_page(head, statement)
    reverse = [f for f in page.forms if (f.action or "").endswith("/reverse")]
    assert len(reverse) == 2
    submit(head, statement, reverse[1].action, {"reason": "项目取消"})
    closing = open_page(approver, statement).get_element_by_id("closing").text_content()
    assert closing.split() == ["9.800", "t/a"]

    # A project without its approval holds what it needs first: it is out of the pool, and lapses back into it.
    third = {**project, "title": "待批环评项目", "added": "4", "multiple": "1.5"}
    held = address_of(page_after(approver, "/matters/air_allocation/new", "/new", third))
    submit(approver, held, "/do/submit", {"source_text": "关停2020年燃煤锅炉"})
    submit(head, held, "/do/reserve")
    pools = text(open_page(approver, "/b/air_quota/holdings"))
    assert "预占指标" in pools
    assert "6.000 t/a" in pools
    assert left(approver, statement) == "3.800"
    # What it holds of its source nobody else can draw.
    fourth = {**project, "title": "另一项目", "added": "5", "multiple": "1"}
    other = address_of(page_after(approver, "/matters/air_allocation/new", "/new", fourth))
    refused = approver.submit(
        f"{other}/do/submit",
        {"submit-pollutant": "NOx", "submit-added": "5", "submit-multiple": "1",
         "submit-source_text": "关停2020年燃煤锅炉"},
    )  # fmt: skip
    assert "待批环评项目 6.000" in refused.text
    submit(approver, held, "/do/lapse", {"reason": "业主放弃"})
    assert left(approver, statement) == "9.800"
    submit(approver, other, "/do/submit", {"source_text": "关停2020年燃煤锅炉"})
    submit(head, other, "/do/reserve")
    submit(approver, other, "/do/confirm", {"approval_no": "测环审〔2026〕9号"})
    assert left(approver, statement) == "4.800"
    # An approval that lapsed (five years without a beginning) gives its allocation back, on evidence.
    submit(approver, other, "/do/give_back", {"reason": "批准后逾五年未开工"}, files=TABLE)
    assert left(approver, statement) == "9.800"


def left(visitor, statement):
    """What the holding has, as its statement says."""
    closing = open_page(visitor, statement).get_element_by_id("closing").text_content()
    return closing.split()[0]
