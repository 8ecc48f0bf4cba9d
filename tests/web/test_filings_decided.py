"""A firm's filing after the fact or during an alarm silences nothing until the bureau agrees, and everybody is told."""

from __future__ import annotations

import threading
from datetime import timedelta

import lxml.html
import pytest
from django.db import connection
from django.utils import timezone

from ecoledger.accounts.models import AuditEntry
from ecoledger.matters.models import Notice
from ecoledger.monitoring.alarming import alarms, filings
from ecoledger.monitoring.models import Alarm, AlarmRule, Filing
from ecoledger.monitoring.points import table
from ecoledger.registers.alarms import filing_ends


@pytest.fixture
def firm(store, bureau, client):
    """The firm's browser, and a way to file for its stack."""
    table.forget()
    outlet = bureau.flue_gas.entity

    def file(back=timedelta(0), **more):
        client.force_login(bureau.people["enterprise"])
        begin = timezone.localtime() - back
        form = {
            "entity": outlet.pk,
            "kind": "maintenance",
            "begin": f"{begin:%Y-%m-%dT%H:%M}",
            "end": f"{timezone.localtime() + timedelta(hours=5):%Y-%m-%dT%H:%M}",
            "reason": "检修",
        }
        client.post("/filings/new", form | more)
        return Filing.objects.order_by("-pk").first()

    return file


@pytest.fixture
def running_alarm(bureau):
    alarms.default_rules()
    rule, now = AlarmRule.objects.filter(detector="exceedance").first(), timezone.now()
    return Alarm.objects.create(
        rule=rule, rule_version=1, point=bureau.flue_gas, parameter="a34013", area_code="990101001", owner_code="E-1",
        level="yellow", state="open", begin=now, last=now, text="颗粒物超标", evidence={},
    )  # fmt: skip


def told(person):
    return [n.text for n in Notice.objects.filter(person=person)]


def test_a_filing_made_in_time_holds_at_once_and_is_told(firm, bureau, client):
    filing = firm()
    assert filing.silences
    (ask,) = lxml.html.fromstring(client.get(f"/filings/{filing.pk}").content).xpath(
        "//*[@id='act']"
    )
    assert "为止，预警静默" in ask.text_content()
    assert ask.xpath(".//button/@value") == ["finish", "withdraw"]
    assert filing in filings.active()
    assert [t for t in told(bureau.people["monitor"]) if "检修" in t]


def test_a_firm_s_filing_without_an_end_or_with_a_far_one_waits_and_what_is_agreed_runs_out(
    firm, bureau, client
):
    far = timezone.localtime() + timedelta(days=90)
    assert firm(end=f"{far:%Y-%m-%dT%H:%M}").decision == "waiting"
    filing = firm(end="")
    assert (filing.end, filing.decision) == (None, "waiting")
    (notice,) = Notice.objects.filter(person=bureau.people["monitor"], link=f"/filings/{filing.pk}")
    assert "未报预计恢复" in notice.text
    client.force_login(bureau.people["monitor"])
    client.post(f"/filings/{filing.pk}/decide", {"answer": "agree"})
    filing.refresh_from_db()
    assert filing in filings.active()
    assert filing.end == filing.decided_at + filings.LONGEST
    assert filing not in filings.active(filing.end)
    day_before = filing.end - timedelta(hours=20)
    assert filing_ends.remind(filing.end - timedelta(days=2)) == 0
    assert (filing_ends.remind(day_before), filing_ends.remind(day_before)) == (1, 0)
    for name in ("enterprise", "monitor"):
        assert [t for t in told(bureau.people[name]) if "请另行申报" in t]


def test_filings_one_after_the_other_silence_no_longer_than_one_may(firm, bureau):
    """Neither a short gap nor the whole firm for one outlet makes a new count; what is far ahead waits too."""
    now = timezone.now().replace(second=0, microsecond=0)

    def ahead(first, last, **more):
        begin, end = (timezone.localtime(now + timedelta(days=days)) for days in (first, last))
        return firm(begin=f"{begin:%Y-%m-%dT%H:%M}", end=f"{end:%Y-%m-%dT%H:%M}", **more)

    first = ahead(0, 20)
    assert (first.decision, filings.doubts(first)) == ("", [])
    # A whole day later, to the minute, is no new count either.
    assert filings.doubts(ahead(21, 32)) == ["连同前后申报超过 30 天"]
    # Half a day later, for the whole firm: 20 and 9 days, then 20 and 11.
    whole = {"entity": bureau.enterprise.pk}
    assert ahead(20.5, 29.5, **whole).decision == ""
    next_one = ahead(20.5, 31.5, **whole)
    assert (next_one.decision, filings.doubts(next_one)) == ("waiting", ["连同前后申报超过 30 天"])
    assert filings.doubts(first) == []
    assert filings.doubts(ahead(40, 50)) == ["30 天以后才开始"]
    # The other outlet was silent for 9 days; the first filing is none of its business.
    other = {"entity": bureau.wastewater.entity.pk}
    assert ahead(25, 45, **other).decision == ""


def test_an_ended_filing_is_not_ended_later_and_what_begins_later_ends_after_it(
    firm, bureau, client
):
    over = firm()
    ended = timezone.now() - timedelta(hours=2)
    Filing.objects.filter(pk=over.pk).update(begin=ended - timedelta(hours=3), end=ended)
    page = client.post(f"/filings/{over.pk}/withdraw", {"action": "finish"}, follow=True)
    assert "仍未恢复的请另行申报" in page.content.decode()
    (past,) = lxml.html.fromstring(page.content).xpath("//section[@id='past']")
    assert "到期" in past.text_content()
    over.refresh_from_db()
    assert over.end == ended
    later = firm(timedelta(days=-60), end="")
    client.force_login(bureau.people["monitor"])
    client.post(f"/filings/{later.pk}/decide", {"answer": "agree"})
    later.refresh_from_db()
    assert later.end == later.begin + filings.LONGEST


def test_a_year_beyond_reckoning_is_refused_by_its_field(bureau, client):
    client.force_login(bureau.people["monitor"])
    sent = {"entity": bureau.flue_gas.entity.pk, "kind": "fault", "reason": "检修"}
    years = {"begin": "0001-01-01T00:00+14:00", "end": "9999-12-31T23:59-12:00"}
    page = client.post("/filings/new", sent | years)
    assert set(page.context["form"].errors) == {"begin", "end"}
    assert page.content.decode().count("年份应在2000年至2100年之间") == 2
    assert not Filing.objects.exists()


@pytest.mark.parametrize("case", ["after the fact", "during an alarm", "during a merged alarm"])
def test_what_is_filed_too_late_waits_and_is_told_louder(firm, bureau, client, request, case):
    if case != "after the fact":
        running = request.getfixturevalue("running_alarm")
    if case == "during a merged alarm":
        Alarm.objects.filter(pk=running.pk).update(state="merged")
    filing = firm(timedelta(hours=13) if case == "after the fact" else timedelta(0))
    assert (filing.decision, filing.silences) == ("waiting", False)
    assert filing not in filings.active()
    mark = "事后申报" if case == "after the fact" else "预警中申报"
    notice = Notice.objects.get(person=bureau.people["monitor"])
    assert mark in notice.text
    assert notice.urgency == "soon"
    assert notice.link == f"/filings/{filing.pk}"
    # The firm sees that it waits and cannot agree to it itself.
    (row,) = lxml.html.fromstring(client.get("/filings").content).xpath("//tbody/tr")
    assert "待确认" in row.text_content()
    assert mark in row.text_content()
    assert "不予确认" not in client.get(notice.link).content.decode()
    assert client.post(f"/filings/{filing.pk}/decide", {"answer": "agree"}).status_code == 403
    # The monitoring staff agree; from now on it silences, and the firm is told.
    client.force_login(bureau.people["monitor"])
    page = lxml.html.fromstring(client.get("/filings?waiting=1").content)
    assert page.xpath("//tbody/tr/@data-href") == [notice.link]
    assert "不予确认" in client.get(notice.link).content.decode()
    client.post(f"/filings/{filing.pk}/decide", {"answer": "agree", "reason": "已看检修单"})
    filing.refresh_from_db()
    assert filing.silences
    assert filing in filings.active()
    assert [t for t in told(bureau.people["enterprise"]) if "已看检修单" in t]
    assert AuditEntry.objects.filter(action="filing agreed").exists()


def test_a_refusal_needs_its_reason_and_leaves_the_alarms(firm, bureau, client):
    filing = firm(timedelta(hours=2))
    client.force_login(bureau.people["monitor"])
    client.post(f"/filings/{filing.pk}/decide", {"answer": "refuse"})
    filing.refresh_from_db()
    assert filing.decision == "waiting"
    client.post(f"/filings/{filing.pk}/decide", {"answer": "refuse", "reason": "无检修记录"})
    filing.refresh_from_db()
    assert (filing.decision, filing.silences) == ("refused", False)
    assert "不予确认" in client.get("/filings").content.decode()


def test_the_bureaus_own_late_filing_holds(firm, bureau):
    filing = filings.file(
        bureau.people["monitor"], bureau.flue_gas.entity, kind="fault", begin=timezone.now() - timedelta(days=2),
        end=None, reason="补录",
    )  # fmt: skip
    assert filing.silences


def test_nothing_of_a_filing_is_chosen_beforehand(firm, bureau, client):
    """What is filed silences what it says: a slip must not become a shutdown."""
    client.force_login(bureau.people["enterprise"])
    form = lxml.html.fromstring(client.get("/filings/new").content).xpath("//main//form")[0]
    assert {name: form.fields[name] for name in ("entity", "point", "kind")} == {
        "entity": "", "point": "", "kind": "",
    }  # fmt: skip
    assert next(o.text for o in form.inputs["kind"]) == "请选择"
    sent = {"entity": bureau.flue_gas.entity.pk, "begin": form.fields["begin"], "reason": "检修"}
    assert client.post("/filings/new", sent).status_code == 200  # asked again
    assert not Filing.objects.exists()


def test_the_page_of_a_filing_leads_to_its_thing_its_point_and_its_alarms(
    bureau, running_alarm, client
):
    """As a matter's page does: what is asked, what it is about, what went on meanwhile, and the way there."""
    begin = timezone.now() - timedelta(hours=1)
    filing = Filing.objects.create(
        entity=bureau.flue_gas.entity, point=bureau.flue_gas, kind="maintenance", begin=begin, reason="检修",
        filed_by=bureau.people["enterprise"], area_code="990101001", decision="waiting", during_alarm=True,
    )  # fmt: skip
    other = Alarm.objects.create(
        rule=running_alarm.rule, point=bureau.air[0], parameter="a34004", area_code="990101001",
        level="yellow", begin=begin, last=timezone.now(), text="别处的预警", evidence={},
    )  # fmt: skip
    client.force_login(bureau.people["monitor"])
    page = lxml.html.fromstring(client.get(f"/filings/{filing.pk}").content)
    ways = {a.get("href"): " ".join(a.text_content().split()) for a in page.xpath("//main//a")}
    assert ways[f"/entities/{filing.entity_id}"] == filing.entity.name
    assert ways[f"/stations/{bureau.flue_gas.pk}"] == bureau.flue_gas.name
    assert ways[f"/alarms/{running_alarm.pk}"] == "颗粒物超标"
    assert f"/alarms/{other.pk}" not in ways
    (ask,) = page.xpath("//section[@id='act']")
    assert "请您核定" in ask.text_content()
    assert "检修" in page.xpath("//section[@id='past']")[0].text_content()
    # The firm reads the same and is not asked.
    client.force_login(bureau.people["enterprise"])
    page = lxml.html.fromstring(client.get(f"/filings/{filing.pk}").content)
    assert "待监测或执法人员确认" in page.xpath("//section[@id='act']")[0].text_content()
    assert page.xpath("//section[@id='alarms']//a/@href") == [f"/alarms/{running_alarm.pk}"]
    client.force_login(bureau.people["monitor"])
    client.post(f"/filings/{filing.pk}/decide", {"answer": "refuse", "reason": "没有佐证"})
    page = lxml.html.fromstring(client.get(f"/filings/{filing.pk}").content)
    assert "没有佐证" in page.xpath("//section[@id='past']")[0].text_content()
    assert not page.xpath("//section[@id='act']")


@pytest.mark.django_db(transaction=True)
def test_two_filings_at_the_same_moment_see_each_other(bureau, store):
    """Each is short enough alone: whichever is written second reckons with the first."""
    table.forget()
    now, barrier = timezone.now() + timedelta(hours=1), threading.Barrier(2)
    person, outlet = bureau.people["enterprise"], bureau.flue_gas.entity

    def send(first: int) -> None:
        begin = now + timedelta(days=first)
        end = begin + timedelta(days=19)
        barrier.wait()
        try:
            filings.file(person, outlet, kind="shutdown", begin=begin, end=end, reason="检修")
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(first,)) for first in (0, 19)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Filing.objects.values_list("decision", flat=True)) == ["", "waiting"]


def test_a_filing_s_end_says_which_other_goes_on_and_stands_on_the_timelines(firm, bureau, client):
    far = timezone.localtime() + timedelta(hours=9)
    first, second = firm(), firm(end=f"{far:%Y-%m-%dT%H:%M}", kind="fault")
    page = client.post(f"/filings/{first.pk}/withdraw", {"action": "finish"}, follow=True)
    said = page.content.decode()
    assert "预警仍未恢复判断" in said
    assert f"#{second.pk}" in said
    assert "已结束申报，预警恢复判断" not in said
    (past,) = lxml.html.fromstring(page.content).xpath("//section[@id='past']")
    assert "提前结束" in past.text_content()
    assert str(bureau.people["enterprise"]) in past.text_content()
    page = client.post(f"/filings/{second.pk}/withdraw", {"action": "finish"}, follow=True)
    assert "已结束申报，预警恢复判断" in page.content.decode()
    client.force_login(bureau.people["monitor"])
    assert "设备维护申报提前结束" in client.get(f"/entities/{first.entity_id}").content.decode()


@pytest.mark.parametrize("name", ["monitor", "officer"])
def test_what_waits_for_the_bureau_stands_in_the_work_of_who_decides_until_it_is_decided(
    firm, bureau, client, name
):
    filing = firm(timedelta(hours=2))
    pages = ("/my-work", "/", "/lines/monitoring")

    def asked(path):
        page = lxml.html.fromstring(client.get(path).content)
        return page.xpath("//section[@id='filings-waiting']//li//a/@href")

    client.force_login(bureau.people["dispatcher"])
    assert not asked("/my-work")
    client.force_login(bureau.people[name])
    for path in pages:
        assert asked(path) == [f"/filings/{filing.pk}", f"/filings/{filing.pk}#act"]
    assert "1 份申报" in client.get("/").content.decode()
    client.post(f"/filings/{filing.pk}/decide", {"answer": "agree"})
    assert not [path for path in pages if asked(path)]


def test_the_bureau_refuses_what_a_firm_filed_and_does_not_take_it_back(firm, bureau, client):
    """With a reason, by name, and the firm is told; what was agreed to first stays in its history."""
    filing = firm(timedelta(hours=2))
    page, monitor = f"/filings/{filing.pk}", bureau.people["monitor"]
    client.force_login(monitor)
    client.post(f"{page}/decide", {"answer": "agree", "reason": "已看检修单"})
    (ask,) = lxml.html.fromstring(client.get(page).content).xpath("//*[@id='act']")
    assert ask.xpath(".//button/@value") == ["refuse", "finish"]
    assert client.post(f"{page}/withdraw", {"action": "withdraw"}).status_code == 403
    client.post(f"{page}/decide", {"answer": "refuse"})
    filing.refresh_from_db()
    assert (filing.withdrawn_at, filing.silences) == (None, True)
    client.post(f"{page}/decide", {"answer": "refuse", "reason": "现场未检修"})
    filing.refresh_from_db()
    assert (filing.decision, filing.silences, filing.decided_by) == ("refused", False, monitor)
    assert [t for t in told(bureau.people["enterprise"]) if "现场未检修" in t]
    (past,) = lxml.html.fromstring(client.get(page).content).xpath("//section[@id='past']")
    words = past.text_content()
    assert words.index("现场未检修") < words.index("已看检修单")
    assert words.count(str(monitor)) == 2


def test_a_withdrawn_filing_says_so_with_who_on_its_page_and_in_the_firm_s_history(
    firm, bureau, client
):
    """What begins later or is over silences nothing now, whatever hours it shares with it."""
    filing = firm(timedelta(hours=2))
    client.force_login(bureau.people["monitor"])
    client.post(f"/filings/{filing.pk}/decide", {"answer": "agree"})
    firm(timedelta(hours=-2), kind="fault")
    client.force_login(bureau.people["enterprise"])
    page = client.post(f"/filings/{filing.pk}/withdraw", {"action": "withdraw"}, follow=True)
    assert "申报时段重新判断" in page.content.decode()
    assert "仍在静默" not in page.content.decode()
    (past,) = lxml.html.fromstring(page.content).xpath("//section[@id='past']")
    assert past.text_content().count(str(bureau.people["enterprise"])) == 2
    client.force_login(bureau.people["monitor"])
    history = client.get(f"/entities/{filing.entity_id}").content.decode()
    assert "（事后申报，已撤回）" in history
    assert "已确认）" not in history
