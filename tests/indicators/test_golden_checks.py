"""The figures of five source texts, computed again from ledgers taken in by ``enter``; each with its lesson."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone
from tests.daily_values import put_air, put_water, span

from ecoledger.cli import enter
from ecoledger.entities.models import Section, Station
from ecoledger.indicators import air, reconciling, target_book, water
from ecoledger.indicators.declaring import Span, indicator_of
from ecoledger.indicators.figures import Change, Figure, quantity
from ecoledger.indicators.plan.checking import check
from ecoledger.matters import actions
from ecoledger.monitoring.computing import evaluate
from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.registers.plan.target_book import PlanTarget
from ecoledger.registers.problems.problem_ledger import Problem

COUNTY = "990101"
YEAR = Span(date(2021, 1, 1), date(2022, 1, 1))
BAD, CLEAN = {"pm2_5": 90.0}, {"pm2_5": 20.0}
FINE = {"ph": 7.4, "do": 7.0, "codmn": 3.0, "tp": 0.08, "nh3n": 0.5}


@pytest.fixture
def entered(bureau, tmp_path):
    """``entered("article", "发表日期,…\\n…")``: a ledger taken in; every row is kept."""

    def take(kind: str, text: str, **more: object) -> None:
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        lines: list[dict] = []
        enter.run_for_client({"kind": kind, "file": str(path), "again": True, **more}, lines.append)
        assert lines[-1]["kept"] == text.strip().count("\n"), lines

    return take


def figure(key: str, when: Span = YEAR):
    return indicator_of(key).of(COUNTY, when)


def test_a_share_of_days_has_the_valid_days_below_it(store, bureau):
    """S0: 优良率96.3%, 污染13天 hold with 350 valid days; over the calendar it would be 96.4%."""
    days = span(YEAR.begin, 365)
    values = {day: BAD if n < 13 else CLEAN for n, day in enumerate(days)}
    values |= {day: {"pm10": None} for day in days[-15:]}
    put_air(store, evaluate.area_point(COUNTY), values)
    ratio = figure("good_day_ratio")
    assert (ratio.display, ratio.parts) == ("96.3%", "337/350")
    assert figure("air_polluted_days").display == "13天"
    assert (figure("air_valid_days").display, figure("air_calendar_days").display) == (
        "350天",
        "365天",
    )
    [said] = check("2021年工作总结\n2021年,空气质量优良率为96.3%,空气污染天数共13天。")
    assert "347–356" in said.note
    assert said.computed == "96.4%"


def test_totals_come_to_their_parts(entered):
    """S0: 22 = 14+4+4; 110×12 = 1320 comes out of twelve monthly entries."""
    kinds = ["约束性"] * 14 + ["预期性"] * 4 + ["引领性"] * 4
    rows = "".join(f"专项规划,2021,测试县,{n},指标{n},{k}\n" for n, k in enumerate(kinds, 1))
    entered("plan_target", "责任书或指标体系,年度,属地,序号,指标名称,性质\n" + rows)
    totals = target_book.totals(PlanTarget.objects.all())
    assert totals.sentence == "22项（约束性14项、预期性4项、引领性4项）"
    assert totals.indicators == sum(n for _kind, n in totals.by_kind)
    months = "".join(f"2021-{m:02d}-28,{m}月自行监测审核,其他,110,测试县\n" for m in range(1, 13))
    entered("activity", "日期,活动名称,类别,场次,属地\n" + months)
    assert figure("activity.other").display == "1320场次"
    assert reconciling.divided("activity.all", COUNTY, YEAR).adds_up
    assert check("完成69家企业环境信用评价(诚信企业1家、良好企业68家)。") == []


def test_a_share_keeps_the_decimals_that_are_asked_for(entered, bureau):
    """S0: 即办件占71.43% is 10 of 14; one decimal would say 71.4%."""
    type(bureau.enterprise).objects.update(is_key=False)
    rows = "".join(
        f"事项企业{n},南镇,118.6{n:02d},24.9,{'是' if n < 10 else '否'}\n" for n in range(13)
    )
    entered("enterprise", "企业名称,属地,经度,纬度,环境监管重点单位\n" + rows)
    share = figure("enterprise.key_ratio")
    assert (share.display, share.parts) == ("71.43%", "10/14")
    assert check("保留行政许可事项14项,即办件事项占行政许可总事项的71.43%。") == []
    [wrong] = check("保留行政许可事项14项,即办件事项占行政许可总事项的71.53%。")
    assert wrong.computed == "71.43%"


def test_percent_and_percentage_points_are_never_mixed(store, bureau):
    """S1: six sections, 3/6 and 2/6 a year before, all of them now: +50 and +66.7 个百分点."""
    points = [bureau.water, *(_another(bureau, n) for n in range(2, 7))]
    # Class Ⅱ, Ⅲ … a target of Ⅳ for one, so that it attained without being 优良.
    Section.objects.filter(pk=points[2].entity.as_station.section_id).update(target_class=4)
    before = ["good", "good", "fair", "bad", "bad", "bad"]
    ammonia = {"good": 0.5, "fair": 1.2, "bad": 1.8}
    for point, state in zip(points, before, strict=True):
        for month in range(1, 13):
            put_water(store, point, {date(2019, month, 5): {**FINE, "nh3n": ammonia[state]}})
            put_water(store, point, {date(2020, month, 5): FINE})
    now, last = (water.year(COUNTY, date(y, 1, 1), date(y + 1, 1, 1)) for y in (2020, 2019))
    assert (last.attained.parts, last.good.parts) == ("3/6", "2/6")
    assert (now.attained.parts, now.good.parts) == ("6/6", "6/6")
    attained, good = Change(now.attained, last.attained, 1), Change(now.good, last.good, 1)
    assert str(attained) == "同比上升50.0个百分点"
    assert str(good) == "同比上升66.7个百分点"
    assert attained.ratio is None  # a share has no percentage of its own


def _another(bureau, number: int) -> Point:
    section = Section.objects.create(
        code=f"S-{number}", name=f"{number}号断面", area_code="990101002", river=bureau.river,
        chainage_km=12 + number, target_class=3,
    )  # fmt: skip
    station = Station.objects.create(
        code=f"W-{number}", name=f"{number}号水站", area_code="990101002", lon=118.6, lat=24.9,
        medium="water", level="county", section=section,
    )  # fmt: skip
    point = Point.objects.create(
        entity=station,
        kind="water",
        name=station.name,
        area_code=station.area_code,
        mn=f"{100 + number:024d}",
    )
    for parameter in PointParameter.objects.filter(point=bureau.water):
        parameter.pk, parameter.point = None, point
        parameter.save()
    return point


def test_indicators_of_a_plan_by_kind(entered):
    """S2: 37项 = 约束性20项 + 参考性17项; the nine basic conditions are no indicators."""
    kinds = ["约束性"] * 20 + ["参考性"] * 17 + ["基本条件"] * 9
    rows = "".join(f"示范市,2022,测试县,{n},指标{n},{k}\n" for n, k in enumerate(kinds, 1))
    entered("plan_target", "责任书或指标体系,年度,属地,序号,指标名称,性质\n" + rows)
    totals = target_book.totals(PlanTarget.objects.all())
    assert (totals.indicators, totals.conditions) == (37, 9)
    assert totals.by_kind == (("约束性", 20), ("参考性", 17))


def test_a_change_is_computed_from_unrounded_values_and_says_so(store, bureau):
    """S3: 35.5, 同比下降4.2（10.7%）: 4.2/39.7 is 10.6%; the unrounded values give 10.7%."""
    county = evaluate.area_point(COUNTY)
    put_air(store, county, {d: {"pm2_5": 35.451} for d in span(date(2023, 1, 1), 181)})
    put_air(store, county, {d: {"pm2_5": 39.6995} for d in span(date(2022, 1, 1), 181)})
    halves = [Span(date(y, 1, 1), date(y, 7, 1)) for y in (2023, 2022)]
    now, before = (_one_decimal(figure("pm2_5_mean", s)) for s in halves)
    change = Change(now, before, 1)
    assert (now.display, before.display) == ("35.5 µg/m³", "39.7 µg/m³")
    assert str(change) == "同比下降4.2 µg/m³（10.7%）"
    assert change.only_unrounded
    [said] = check("2023年1-6月份,PM2.5浓度35.5微克/立方米,同比下降4.2微克/立方米(10.7%)。")
    assert (said.stated, said.computed) == ("10.7%", "10.6%")
    assert "未修约" in said.note


def _one_decimal(made: Figure) -> Figure:
    """As the source prints it; the standard prints whole micrograms."""
    return quantity(made.label, made.value, 1, made.unit, made.records)


def test_shares_and_sums_that_hold_raise_no_alarm(entered):
    """S3: 134项完成104项 = 77.6%; 348 = 54+166+128; 54 = 8+46; 9村 = 4+2+3."""
    head = "年度,项目名称,工程类型,属地,计划完成,登记日期,办结日期\n"
    rows = "".join(
        f"2023,工程{n},扬尘治理,北镇,2023-12-31,2023-01-05,{'2023-06-20' if n < 104 else ''}\n"
        for n in range(134)
    )
    entered("project", head + rows, history=True)
    done = figure("project.done_ratio", Span(date(2023, 1, 1), date(2023, 7, 1)))
    assert (done.display, done.parts) == ("77.6%", "104/134")
    assert check(
        "排定大气污染防治工程134项,已完成建设104项,完成率77.6%。\n"
        "共受理办件348件,其中环评审批54件(环境影响报告书8件、报告表46件)、登记备案表166件,接待咨询128件。\n"
        "治理行政村9个,已有4个完工,2个施工,其余3个处于设计阶段。"
    ) == []  # fmt: skip


def test_three_denominators_are_labelled(entered, bureau):
    """S3: 47件（重复20件，不属实1件），已整改22件: 26 to rectify, so four are open."""
    head = "原编号,来源类别,问题,属地,重复于,登记日期,办结日期\n"
    rows = [
        f"X-{n},省生态环境保护督察,信访件{n},北镇,,2023-03-01,{'2023-05-01' if n < 22 else ''}\n"
        for n in range(27)
    ]
    entered("problem", head + "".join(rows), history=True)
    doubles = [f"D-{n},省生态环境保护督察,重复件{n},北镇,X-{n},,\n" for n in range(20)]
    entered("problem", head + "".join(doubles))
    unfounded = Problem.objects.get(source_no="X-26")
    dispatcher, chief = bureau.people["dispatcher"], bureau.people["section_chief"]
    form = {
        "verdict": "unfounded",
        "grounds": "现场核查未发现",
        "reason": "现场核查未发现",
        "unfounded_reason": "查无",
    }
    _unfounded(unfounded, dispatcher, chief, form)
    every = Span(date(2023, 1, 1), timezone.localdate() + timedelta(days=1))
    said = {k: figure(f"problem:{k}", every).display for k in
            ("handed_over", "duplicates", "unfounded", "to_rectify", "done", "open")}  # fmt: skip
    assert said == {
        "handed_over": "47件", "duplicates": "20件", "unfounded": "1件", "to_rectify": "26件", "done": "22件",
        "open": "4件",
    }  # fmt: skip
    rates = [
        indicator_of(f"problem:{k}") for k in ("done_of_all", "done_of_distinct", "done_of_due")
    ]
    assert [i.of(COUNTY, every).parts for i in rates] == ["22/47", "22/27", "22/26"]
    assert len({i.name for i in rates}) == 3
    [text] = [
        f
        for f in check("涉及我市47件信访(重复20件,不属实1件),已完成整改22件。")
        if f.kind == "denominator"
    ]
    assert text.computed == "26"


def _unfounded(problem, dispatcher, chief, form):
    from ecoledger.registers.problems.problem_ledger import REGISTER

    for name, by in (("propose_unfounded", dispatcher), ("confirm_unfounded", chief)):
        transition = REGISTER.workflow.transition(name)
        asked = {a.name: form.get(a.name, "查无此事") for a in REGISTER.asks_of(transition)}
        asked = {k: v for k, v in asked.items() if k not in ("owner_organisation",)}
        actions.perform(problem.pk, name, by=by, form=asked, files=_proof(transition))


def _proof(transition):
    if not transition.evidence:
        return ()
    from django.core.files.uploadedfile import SimpleUploadedFile

    png = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
    return (actions.Upload(SimpleUploadedFile("现场.png", png)),)


def test_parts_that_do_not_come_to_the_total_are_flagged(entered):
    """S3: 116篇 against 4 + 23 + 84: five are unexplained."""
    rows = [f"2023-03-01,稿{level}{n},某媒体,{level},测试县\n"
            for level, k in (("国家级媒体", 4), ("省级媒体", 23), ("市级媒体", 84), ("", 5)) for n in range(k)]  # fmt: skip
    entered("article", "发表日期,标题,媒体,级别,属地\n" + "".join(rows))
    half = Span(date(2023, 1, 1), date(2023, 7, 1))
    one = reconciling.divided("article.media", COUNTY, half)
    assert one.whole.display == "116篇"
    assert (int(one.known), int(one.unexplained), one.adds_up) == (111, 5, False)
    assert one.shown == "116 ≠ 4+23+84 = 111，差5篇"


def test_the_gap_to_a_share_is_in_points(entered):
    """S3: 收集率58.32%, 对照2025年75%: 16.68 个百分点 to go."""
    head = "责任书或指标体系,年度,属地,序号,指标名称,性质,要求,目标值,计量单位,填报值\n"
    entered(
        "plan_target", head + "提质增效,2025,测试县,1,生活污水集中收集率,约束性,不低于,75,%,58.32\n"
    )
    [one] = target_book.standings(PlanTarget.objects.all(), date(2026, 1, 1))
    assert (one.met, one.gap) == (False, "-16.68个百分点")


def test_the_year_s_mean_and_the_months_are_reported_apart(store, bureau):
    """S0: 浮桥 年均值达标率100% and 未能稳定达标: the mean passes while months fail."""
    for month in range(1, 13):
        value = 1.3 if month in (1, 2) else 0.5
        put_water(store, bureau.water, {date(2021, month, 10): {**FINE, "nh3n": value}})
    assert figure("water_attained_ratio").display == "100.0%"
    months = figure("water_months_attained_ratio")
    assert (months.parts, months.display) == ("10/12", "83.3%")
    assert months.label != figure("water_attained_ratio").label
    [said] = [
        f
        for f in check(
            "地表水省控断面(浮桥点位)水质年均值达标率为100%。\n晋江干流浮桥断面未能稳定达标。"
        )
        if f.kind == "contradiction"
    ]
    assert "逐月" in said.note


def test_air_periods_are_shown_with_both_kinds_of_days(store, bureau):
    """The calendar days of a year are known beside the valid ones."""
    put_air(store, evaluate.area_point(COUNTY), dict.fromkeys(span(YEAR.begin, 300), CLEAN))
    year = air.period(COUNTY, YEAR.begin, YEAR.end)
    assert (year.calendar_days, int(year.valid_days.value or 0)) == (365, 300)
