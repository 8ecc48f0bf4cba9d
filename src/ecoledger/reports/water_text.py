"""What bulletins say about surface water."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from ecoledger.indicators import doors, water
from ecoledger.indicators.casework import open_about
from ecoledger.indicators.figures import Change, Figure
from ecoledger.indicators.water import SectionPeriod, SectionYear, WaterPeriod, WaterYear
from ecoledger.matters.register import register_of, state_of
from ecoledger.reports.content import Block, Part, Statement, Subheading, Table
from ecoledger.standards import river_system, surface_water

_VERDICT = {True: "达标", False: "不达标", None: "—"}
_NOTE = "单因子评价，总氮不参与河流评价；括号内为超目标类别限值的倍数"


def day_blocks(rivers: WaterPeriod) -> list[Block | None]:
    """One day: shares, and the class of every section."""
    return [
        _shares("当日", rivers),
        Table(
            "断面水质类别",
            ("断面", "河流", "级别", "目标", "类别", "评价", "超目标项目"),
            tuple(
                (
                    period.section.name,
                    period.section.river.name,
                    period.section.level,
                    period.target,
                    _class(period, rivers),
                    _VERDICT[period.attains],
                    period.failures or period.missing or "—",
                )
                for period in rivers.sections
            ),
            f"{_NOTE}。",
            "辖区内没有断面。",
        ),
    ]


def _class(period: SectionPeriod, rivers: WaterPeriod) -> Figure:
    query = {
        **{k: v for k, v in rivers.good.records.query.items() if k in ("begin", "end")},
        "section": str(period.section.pk),
    }
    return Figure(
        f"{period.section.name}水质类别",
        None,
        period.label,
        doors.WATER_DAYS.opens(**query),
        standard=period.standard,
        missing=period.missing,
        judged=True,
    )


def _shares(when: str, rivers: WaterPeriod) -> Statement:
    return Statement(
        (
            f"{when}共有监测断面{len(rivers.sections)}个，有数据的{len(rivers.judged)}个。优良（Ⅰ～Ⅲ类）断面比例为",
            rivers.good,
            f"（{rivers.good.parts or '—'}），劣Ⅴ类断面比例为",
            rivers.inferior,
            f"（{rivers.inferior.parts or '—'}），断面达标率为",
            rivers.attained,
            f"（{rivers.attained.parts or '—'}）。",
        )
    )


def month_blocks(now: WaterPeriod, before: WaterPeriod, so_far: WaterYear) -> list[Block | None]:
    """One month beside the same month a year ago, and the year so far by mean and by months."""
    return [
        Subheading("当月情况"),
        _shares("当月", now),
        _against_last_year(now, before),
        _month_table(now, before),
        Subheading("年内累计"),
        _year_statement(so_far),
        _year_table(so_far),
    ]


def _against_last_year(now: WaterPeriod, before: WaterPeriod) -> Statement:
    if not now.judged or not before.judged:
        return Statement(("两期中有一期没有断面数据，不作同比。",))
    return Statement(
        (
            "与上年同月相比，优良断面比例",
            Change(now.good, before.good, 1, word=""),
            "（上年同月",
            before.good,
            f"{_of(before.good)}），断面达标率",
            Change(now.attained, before.attained, 1, word=""),
            "（上年同月",
            before.attained,
            f"{_of(before.attained)}）。{_moves(now, before)}",
        )
    )


def _of(figure: Figure) -> str:
    return f"，{figure.parts}" if figure.parts else ""


def _compared(period: SectionPeriod, before: WaterPeriod) -> tuple[SectionPeriod | None, str]:
    was = before.of(period.section)
    if was is None or was.rank is None or period.rank is None:
        return was, "—"
    if was.rank == period.rank:
        return was, "持平"
    grade = river_system.change_of_grade(was.rank, period.rank)
    steps = f"{was.label}→{period.label}"
    return was, steps if grade == "无明显变化" else f"{steps} {grade}"


def _moves(now: WaterPeriod, before: WaterPeriod) -> str:
    """How many sections went up or down a class, of those with one in both periods."""
    better = worse = same = 0
    for period in now.judged:
        was = before.of(period.section)
        if was is None or was.rank is None or period.rank is None:
            continue
        better += period.rank < was.rank
        worse += period.rank > was.rank
        same += period.rank == was.rank
    if not better + worse + same:
        return ""
    return (
        f"两期均有数据的{better + worse + same}个断面中，"
        f"水质类别上升（好转）{better}个、下降{worse}个、持平{same}个。"
    )


def _month_table(now: WaterPeriod, before: WaterPeriod) -> Table:
    rows: list[tuple[Part, ...]] = []
    for period in now.sections:
        was, moved = _compared(period, before)
        rows.append(
            (
                period.section.name,
                period.section.river.name,
                period.section.level,
                period.target,
                _class(period, now),
                _class(was, before) if was else "—",
                moved,
                _VERDICT[period.attains],
                period.failures or period.missing or "—",
            )
        )
    return Table(
        "断面水质类别",
        ("断面", "河流", "级别", "目标", "本月", "上年同月", "变化", "评价", "超目标项目"),
        tuple(rows),
        f"{_NOTE}；变化按环办〔2011〕22号的水质定性级别表述。",
        "辖区内没有断面。",
    )


def _year_statement(so_far: WaterYear) -> Statement:
    last = so_far.end - timedelta(days=1)
    short = "" if so_far.enough else "（累计月份尚不足8个月，按年均值评价的结论仅供调度参考）"
    return Statement(
        (
            f"1月至{last.month}月累计，按各月均值的平均评价，断面达标率为",
            so_far.attained,
            f"（{so_far.attained.parts or '—'}），优良（Ⅰ～Ⅲ类）断面比例为",
            so_far.good,
            f"（{so_far.good.parts or '—'}），劣Ⅴ类断面比例为",
            so_far.inferior,
            f"（{so_far.inferior.parts or '—'}）{short}；按月次评价，达标断面次占比为",
            so_far.months_attained,
            f"（{so_far.months_attained.parts or '—'}）。两种口径不可混用。",
        )
    )


def _year_table(so_far: WaterYear) -> Table:
    rows: tuple[tuple[Part, ...], ...] = tuple(
        (
            period.section.name,
            period.target,
            _year_class(period, so_far),
            _VERDICT[period.attains],
            f"{period.months_attained}/{len(period.months)}" if period.months else "—",
            _failing_months(period),
            "；".join(need.text for need in period.needed) or "—",
        )
        for period in so_far.sections
    )
    return Table(
        "断面年内累计水质",
        ("断面", "目标", "累计类别", "按均值", "达标月次", "不达标月份", "余下各月要求"),
        rows,
        "累计类别为各月均值的算术平均按单因子评价；余下各月要求为使全年均值达到目标，余下各月平均浓度须满足的界限。",
        "辖区内没有断面。",
    )


def _failing_months(year: SectionYear) -> str:
    target = year.section.target_class
    failing = [
        f"{month.month}月({surface_water.label(rank)})"
        for month, rank in sorted(year.months.items())
        if rank > target
    ]
    return "、".join(failing) or "—"


def _year_class(year: SectionYear, so_far: WaterYear) -> Figure:
    query = {
        "begin": so_far.begin.isoformat(),
        "end": so_far.end.isoformat(),
        "section": str(year.section.pk),
    }
    return Figure(
        f"{year.section.name}累计水质类别",
        None,
        year.label,
        doors.WATER_DAYS.opens(**query),
        standard=year.standard,
        missing="" if year.rank else (water.NO_STATION if year.point is None else "期内无有效数据"),
        judged=True,
    )


def open_work(now: WaterPeriod) -> list[Block | None]:
    """What is still open about the sections that miss their target this month."""
    failing = [period for period in now.judged if not period.attains]
    if not failing:
        return []
    found = open_about([period.section for period in failing])
    rows: list[tuple[Part, ...]] = []
    for period in failing:
        for matter in found[period.section.pk]:
            opened = doors.MATTER.opens(register=matter.register, id=str(matter.pk))
            rows.append(
                (
                    period.section.name,
                    str(register_of(matter.register).label),
                    Figure(matter.title, None, matter.number, opened),
                    matter.title,
                    str(state_of(matter).label),
                    matter.owner_organisation.name if matter.owner_organisation else "—",
                    f"{timezone.localtime(matter.due):%Y-%m-%d}" if matter.due else "—",
                )
            )
        if not found[period.section.pk]:
            rows.append((period.section.name, "—", "—", "没有在办事项，建议立项", "—", "—", "—"))
    return [
        Subheading("不达标断面的在办事项"),
        Table(
            "不达标断面的在办事项",
            ("断面", "台账", "编号", "事项", "状态", "责任单位", "期限"),
            tuple(rows),
            "列问题台账和预警交办中对象为该断面或其水站的未办结事项；限定知悉范围的事项不列。",
        ),
    ]
