"""Notices and reports of one matter over a week, a 旬 or a month; the compensation sheet with its calculation."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.utils import timezone

from ecoledger.accounts.models import AuditEntry
from ecoledger.entities.models import Area, Section
from ecoledger.indicators import of_registers, of_statistics
from ecoledger.indicators.declaring import Span
from ecoledger.indicators.figures import Figure
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.models import Circulation, Clock, Matter
from ecoledger.matters.register import register_of, seen_of
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.water import compensation
from ecoledger.registers.water.compensation_models import CompensationMonth
from ecoledger.reports import checking, drafting, rendering, spans
from ecoledger.reports.compensation_sheet import SHEET
from ecoledger.reports.content import Table
from ecoledger.reports.notices import (
    AIR_MONTH,
    AIR_RANKING,
    AIR_TEN_DAYS,
    AIR_WEEK,
    ALARMS,
    COMPLAINTS,
    ENFORCEMENT,
    NOTICES,
    PROBLEMS,
    WATER_MONTH,
)
from ecoledger.reports.publication import NOTICE
from ecoledger.reports.summary import SUMMARIES, TEN_DAYS, WEEKLY

pytestmark = pytest.mark.django_db
COUNTY = "990101"
DAY = date(2026, 10, 14)


@pytest.fixture
def month(files, people, october):
    return october


def said(document, day=DAY) -> str:
    return checking.text_of(document.compose(COUNTY, day))


def tables(document, day=DAY) -> dict[str, Table]:
    blocks = [b for s in document.compose(COUNTY, day).sections for b in s.blocks]
    return {b.caption: b for b in blocks if isinstance(b, Table)}


@pytest.mark.parametrize(
    ("span", "day", "begin", "end"),
    [
        ("week", date(2026, 12, 31), date(2026, 12, 28), date(2027, 1, 4)),
        ("ten_days", date(2026, 2, 25), date(2026, 2, 21), date(2026, 3, 1)),
        ("ten_days", date(2026, 12, 31), date(2026, 12, 21), date(2027, 1, 1)),
        ("ten_days", date(2026, 2, 10), date(2026, 2, 1), date(2026, 2, 11)),
        ("month", date(2026, 12, 5), date(2026, 12, 1), date(2027, 1, 1)),
        ("half", date(2026, 8, 5), date(2026, 7, 1), date(2027, 1, 1)),
    ],
)
def test_a_span_has_its_days(span, day, begin, end):
    assert spans.days(span, day) == (begin, end)


@pytest.mark.parametrize(
    ("begin", "end", "whole", "words"),
    [
        (date(2026, 1, 1), date(2026, 7, 1), date(2026, 7, 1), "2026年上半年"),
        (date(2026, 1, 1), date(2026, 11, 1), date(2027, 1, 1), "2026年1—10月"),
        (date(2026, 11, 11), date(2026, 11, 21), date(2026, 11, 21), "2026年11月中旬"),
        (date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 7), "2026年11月30日至12月6日"),
        (date(2026, 11, 23), date(2026, 11, 27), date(2026, 11, 30), "2026年11月23日至26日"),
    ],
)
def test_a_span_is_said_as_documents_say_it(begin, end, whole, words):
    assert spans.words(begin, end, whole) == words


def test_weekly_and_ten_day_air_reports_tell_their_days(month):
    week = said(AIR_WEEK)
    assert "2026年10月12日至18日" in week
    assert "期内共7天" in week
    ten = said(AIR_TEN_DAYS)
    assert "2026年10月中旬" in ten
    assert "优良天数比例为100.0%" in ten
    assert "83.3" not in ten


def test_a_weeks_report_speaks_of_a_week(month):
    week = tables(AIR_WEEK)
    assert week["主要污染物浓度"].header[3:5] == ("本周", "上年同期")
    ranking = week["各站点综合指数排名"]
    assert "上年同期" in ranking.header
    # Seven valid days are a whole week, though no month.
    assert [str(row[-1]) for row in ranking.rows if row[0] != "—"] == ["7", "7"]
    assert "少于" not in ranking.note
    assert "AQI为" in said(AIR_WEEK)
    assert "本月" not in said(AIR_WEEK)


def test_a_week_that_has_begun_is_titled_as_a_week():
    begun = date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 7)
    assert spans.titled(*begun) == "2026年11月30日至12月6日（截至11月30日）"
    over = date(2026, 11, 23), date(2026, 11, 30), date(2026, 11, 30)
    assert spans.titled(*over) == "2026年11月23日至29日"


def test_air_notice_and_ranking_of_a_month(month):
    notice = said(AIR_MONTH)
    assert "优良天数比例为80.0%" in notice
    assert "一、环境空气质量" in notice
    assert "二、点位排名" in notice
    assert len(AIR_RANKING.compose(COUNTY, DAY).sections) == 1


def test_water_notice_of_a_month(month):
    assert "一、地表水环境质量" in said(WATER_MONTH)


@pytest.mark.parametrize("document", [ENFORCEMENT, COMPLAINTS, PROBLEMS, ALARMS])
def test_reports_of_registers_count_with_doors(month, document):
    bulletin = document.compose(COUNTY, DAY)
    assert "新立" in checking.text_of(bulletin)
    assert all(isinstance(f, Figure) and f.records for f in bulletin.figures())
    assert len(bulletin.figures()) >= 4


def test_the_alarm_notice_tells_what_was_handed_over_and_what_became_of_it(month):
    bulletin = ALARMS.compose(COUNTY, DAY)
    figures = {f.label: f for f in bulletin.figures()}
    assert figures["预警交办新立"].value == 3
    assert "预警属实率50.0%" in checking.text_of(bulletin)
    # How many are in hand or late is told once, as at the month's end; what is told as of today says so.
    assert not {"登记总数", "在办", "超期未办结", "已销号"} & {*figures}
    shares = tables(ALARMS)["预警交办主要数据"]
    assert "预警属实率" in [row[0] for row in shares.rows]
    assert f"{shares.note}".startswith("统计2026年10月新立的件，办理情况截至")


def test_the_months_notice_says_why_a_town_has_no_number(month, bureau):
    towns = tables(NOTICE)["各镇街主要指标"]
    assert "—" in {str(row[-1]) for row in towns.rows}
    assert "涉及限定知悉范围事项的数字不列" in towns.note
    Matter.objects.update(circulation=Circulation.STAFF)
    assert tables(NOTICE)["各镇街主要指标"].note == "“—”为没有数据。"


def test_summaries_of_a_week_and_a_third_of_a_month(month, people):
    draft = drafting.begin_report(WEEKLY, COUNTY, DAY, by=people["leader"])
    text = checking.text_of(rendering.report_of(draft, "试"))
    assert "2026年10月12日至18日工作小结" in rendering.report_of(draft, "试").title
    assert "有效监测7天（日历7天），其中优良天数7天、污染天数0天" in text
    third = drafting.begin_report(TEN_DAYS, COUNTY, date(2026, 10, 3), by=people["leader"])
    assert "有效监测10天（日历10天），其中优良天数4天、污染天数6天" in checking.text_of(
        rendering.report_of(third, "试")
    )


def test_one_pass_over_all_registers_counts_what_each_counts_itself(month):
    span = Span(date(2026, 10, 1), date(2026, 11, 1))
    at_once = of_registers.standing(COUNTY, span)
    assert {"alarm_case", "problem"} <= set(at_once)
    for key, figures in at_once.items():
        counting = of_registers.Counting(register_of(key), COUNTY, span)
        for measure in of_registers.standing_measures(register_of(key).begins):
            assert figures[measure.key] == counting.figure(measure), (key, measure.key)


def test_cases_count_by_the_day_they_were_filed_and_the_list_of_the_late_holds_as_many_as_are_counted(
    month, bureau
):
    """Entered only in November, as a ledger is taken over: filed in October they are new and in hand in October."""
    entered = timezone.make_aware(datetime(2026, 11, 20))
    for n, filed in enumerate((date(2026, 9, 28), date(2026, 10, 9), date(2026, 10, 12), None)):
        values = {
            "title": f"案{n}",
            "area_code": bureau.towns[0].code,
            "found_on": date(2026, 9, 25),
        }
        case = actions.open_matter(CASES, values, by=None, at=entered)
        state = "investigating" if filed else "clue"
        PenaltyCase.objects.filter(pk=case.pk).update(filed_on=filed, state=state)
        due = timezone.make_aware(datetime(2026, 10, 20 if n < 2 else 30))
        Clock.objects.filter(matter=case).update(due=due, stopped_at=None)
        if n == 1:  # ended since; late at the end of October all the same
            over = timezone.make_aware(datetime(2026, 11, 25))
            Matter.objects.filter(pk=case.pk).update(phase="closed", closed_at=over)
    october = Span(date(2026, 10, 1), date(2026, 11, 1))
    counting = of_registers.Counting(CASES, COUNTY, october)
    counted = {m.key: counting.figure(m).value for m in of_registers.measures_of(CASES)}
    assert {key: counted[key] for key in ("opened", "closed", "in_hand", "overdue")} == {
        "opened": 2, "closed": 0, "in_hand": 3, "overdue": 3,
    }  # fmt: skip
    assert {
        k: f.value for k, f in of_registers.standing(COUNTY, october)["penalty_case"].items()
    } == {key: counted[key] for key in ("opened", "closed", "in_hand", "overdue")}
    # Which cases are late is told of those alone that every reader may know of; of the others how many.
    (late,) = [t for name, t in tables(ENFORCEMENT).items() if "超期未办结" in name]
    assert (late.rows, late.note) == ((), "另有3件限定知悉范围，不列。")
    Matter.objects.update(circulation=Circulation.STAFF)
    filed = {f.label: f.value for f in of_statistics.figures_of("penalty_case", COUNTY, october)}
    assert filed["立案"] == 2
    assert len(tables(ENFORCEMENT)["行政处罚案件超期未办结清单"].rows) == 3


def test_a_notice_of_one_town_tells_nothing_of_cases_that_only_some_may_know_of(month, bureau):
    north, south = (town.code for town in bureau.towns)
    told = Area.objects.create(code=f"{COUNTY}008", name="东镇").code
    Area.objects.create(code=f"{COUNTY}009", name="西镇")
    for area in (north, north, told):
        case = actions.open_matter(CASES, {"title": "某厂偷排", "area_code": area}, by=None)
        PenaltyCase.objects.filter(pk=case.pk).update(filed_on=DAY, state="investigating")
    Matter.objects.filter(area_code=told).update(circulation=Circulation.STAFF)

    def opened(area):
        figures = ENFORCEMENT.compose(area, DAY).figures()
        return [f.value for f in figures if f.label == f"{CASES.label}新立"]

    # The county's, then the row of the town whose cases everybody may know of; what is left is of two towns.
    assert opened(COUNTY) == [3, 1]
    assert set(opened(told)) == {1}
    assert opened(north) == opened(south) == [None]
    assert "某厂偷排" not in checking.text_of(ENFORCEMENT.compose(north, DAY))
    by_town = tables(ENFORCEMENT)[f"{CASES.label}各镇街情况"]
    assert [row[0] for row in by_town.rows] == ["东镇"]
    assert by_town.note


def test_a_lead_that_waits_for_its_filing_is_no_case_yet(bureau):
    case = actions.open_matter(CASES, {"title": "线索", "area_code": bureau.towns[0].code}, by=None)
    PenaltyCase.objects.filter(pk=case.pk).update(filed_on=date(2026, 10, 9))
    said = {
        s.name: s.value
        for s in CASES.statistics(PenaltyCase.objects.all(), timezone.now(), seen_of(None))
    }
    assert (said["filed"], said["open"]) == (0, 1)
    PenaltyCase.objects.filter(pk=case.pk).update(state="investigating")
    said = {
        s.name: s.value
        for s in CASES.statistics(PenaltyCase.objects.all(), timezone.now(), seen_of(None))
    }
    assert said["filed"] == 1


@pytest.mark.parametrize("document", [*NOTICES, SHEET], ids=lambda d: d.key)
def test_every_notice_makes_its_files(month, people, document, settings):
    if document is SHEET:
        bills(settings, "heze")
    draft = drafting.begin_report(document, COUNTY, DAY, by=people["leader"])
    files = {ending for _n, ending, _c in rendering.files(draft, "试", date(2026, 11, 1))}
    assert files == {"pdf", "docx", "xlsx"}


def test_no_sheet_of_compensation_is_drafted_before_a_rule_is_chosen(month, people, settings):
    with pytest.raises(Refused, match="尚未选定"):
        drafting.begin_report(SHEET, COUNTY, DAY, by=people["leader"])
    assert "尚未选定" not in said(SHEET)
    assert "toml" not in said(SHEET)
    bills(settings, "heze")
    assert drafting.begin_report(SHEET, COUNTY, DAY, by=people["leader"]).pk


def test_the_bureau_chooses_its_rule_of_compensation_on_a_page(month, people, client, settings):
    client.force_login(people["dispatcher"])
    form = {"kind": SHEET.key, "day": f"{DAY}", "area": COUNTY}
    answer = client.post("/documents/summaries", form)
    assert answer.headers["Location"] == "/documents/compensation"
    page = client.get("/documents/compensation").content.decode()
    assert "菏泽市水环境质量生态补偿暂行办法" in page
    (name, *_more) = Section.objects.order_by("name").values_list("name", flat=True)
    chosen = {"rule": "heze", "name": name, "upstream": "上游县", "downstream": ""}
    assert client.post("/documents/compensation", chosen).status_code == 422
    # Written out in full it would keep everybody waiting for minutes.
    chosen["downstream"] = "下游县"
    huge = client.post("/documents/compensation", chosen | {"city_percent": "1e999999"})
    assert (huge.status_code, "本级分担比例不是数字" in huge.content.decode()) == (422, True)
    assert client.post("/documents/compensation", chosen).status_code == 302
    assert (
        client.post("/documents/summaries", form)
        .headers["Location"]
        .startswith("/documents/drafts/")
    )
    assert AuditEntry.objects.filter(details__file="compensation_sheet.toml").exists()


def test_compensation_is_computed_with_every_step(month, settings):
    section = next(iter(bills(settings, "heze")))
    table = tables(SHEET)["各断面补偿核算"]
    [row] = [r for r in table.rows if r[0] == section]
    # Both below the target, and nothing said of who lies above and below: each step, and nothing to pay.
    assert row[1:3] == ("—", "—")
    assert "(1.5－1.5)mg/L×30万元/(mg/L)=0万元" in str(row[-1])
    assert str(row[-1]).endswith("无需支付")


def test_the_sheet_tells_a_month_as_it_stands_in_the_book(month, settings):
    """The county's part, the nets and who answers for the rule are those of the account, each amount with one unit."""
    bills(settings, "heze")
    section = Section.objects.filter(area_code__startswith=COUNTY).first()
    kept = CompensationMonth.objects.create(
        register="compensation_month", area_code=COUNTY, month=date(2026, 10, 1), title="2026年10月",
        rule="本市办法", mark="本局确定", computed_at=timezone.now(),
    )  # fmt: skip
    kept.bills.create(section=section, payer="上游县", payee="下游县", amount="50.5", shared="10.1")
    text, shown = said(SHEET), tables(SHEET)
    assert "依据本市办法，核算断面1个，其中需支付补偿金1个。规则来源：本局确定。" in text
    county = str(compensation.said()["county"])
    nets = {str(name): str(net) for name, net in shown["各方净额"].rows}
    assert nets == {"上游县": "-50.5000", "下游县": "60.6000", county: "-10.1000"}
    paid = [tuple(map(str, row)) for row in shown["按责任方汇总"].rows]
    assert paid == [("上游县", "下游县", "50.5000"), (county, "下游县", "10.1000")]


def test_a_rule_that_counts_loads_names_the_flow_that_is_missing(month, settings):
    section = next(iter(bills(settings, "zhenjiang")))
    [row] = [r for r in tables(SHEET)["各断面补偿核算"].rows if r[0] == section]
    assert "缺少2026-10的断面水量" in str(row[-1])
    bills(settings, "zhenjiang", flow=1200)
    [row] = [r for r in tables(SHEET)["各断面补偿核算"].rows if r[0] == section]
    assert "1200万m³" in str(row[-1])


@pytest.mark.parametrize("document", [*SUMMARIES, *NOTICES, SHEET], ids=lambda d: d.key)
def test_no_shipped_text_is_doubted_by_the_system_itself(month, document, settings):
    bills(settings, "heze")
    for day in (DAY, date(2026, 10, 31)):
        assert checking.findings(document.compose(COUNTY, day)) == []


def bills(settings, rule, flow=0):
    names = list(
        Section.objects.filter(area_code__startswith=COUNTY).values_list("name", flat=True)
    )
    text = f'rule = "{rule}"\n' + "".join(
        f'[[section]]\nname = "{n}"\nupstream = "上游县"\ndownstream = "下游县"\n' for n in names
    )
    if flow:
        text += "".join(
            f'[[flow]]\nsection = "{n}"\nmonth = "2026-10"\nvolume = {flow}\n' for n in names
        )
    (settings.PROFILE / "compensation_sheet.toml").write_text(text, encoding="utf-8")
    return names
