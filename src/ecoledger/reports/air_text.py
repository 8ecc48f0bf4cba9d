"""What bulletins say about ambient air."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from ecoledger.indicators import air, air_standing, doors
from ecoledger.indicators.figures import Change, Figure, Records, absent, bare, quantity
from ecoledger.monitoring.models import Point
from ecoledger.reports.content import Block, DayChart, Part, Statement, Subheading, Table
from ecoledger.standards import air_ranking, aqi

_HEADER = ("PM2.5", "PM10", "SO2", "NO2", "CO", "O3-8h")
_UNITS = "CO 单位为 mg/m³，其余为 µg/m³；O3-8h 为日最大8小时平均；“—”为有效数据不足"


def words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def day_blocks(name: str, area_code: str, today: air.AirPeriod) -> list[Block | None]:
    """One day: the area's index and every station."""
    return [_day_statement(name, area_code, today), _station_table(area_code, today.begin)]


def _day_statement(name: str, area_code: str, today: air.AirPeriod) -> Statement:
    day = today.begin
    row = today.days.row(0, named=True) if today.days.height else {}
    index = row.get("aqi")
    records = doors.AIR_STATIONS.opens(area=area_code, day=day.isoformat())
    if index is None:
        figure = absent("AQI", records, "有效数据不足，按 HJ 633 不发布")
        return Statement((f"{words(day)}，{name}AQI", figure, "：有效数据不足，不予发布。"))
    level = aqi.level_of(round(index))
    primary = air.primary_names(row.get("primary"))
    primary = f"首要污染物为{primary}" if primary != "—" else "无首要污染物"
    return Statement(
        (
            f"{words(day)}，{name}空气质量指数（AQI）为",
            quantity("AQI", round(index), 0, "", records, row.get("standard") or "", judged=True),
            f"，{level.grade}（{level.category}），{primary}。",
        )
    )


def _station_table(area_code: str, day: date) -> Table:
    points = air.stations(area_code)
    values = {r["point"]: r for r in air.station_day(points, day).iter_rows(named=True)}
    rows: list[tuple[Part, ...]] = []
    for point in points:
        row = values.get(point.pk, {})
        index = row.get("aqi")
        opened = station_hours(point, day)
        rows.append(
            (
                point.name,
                _level(point),
                quantity("AQI", None if index is None else round(index), 0, "", opened),
                aqi.level_of(round(index)).category if index is not None else "—",
                air.primary_names(row.get("primary")),
                *(_concentration(row.get(f), f, opened) for f in air.FACTORS),
            )
        )
    others = any(not air.counts(point) for point in points)
    return Table(
        "各站点空气质量",
        ("站点", "级别", "AQI", "类别", "首要污染物", *_HEADER),
        tuple(rows),
        f"{_UNITS}{'；级别带*的站点不参与城市评价' if others else ''}。",
        "辖区内没有空气站。",
    )


def _level(point: Point) -> str:
    label = str(point.entity.as_station.get_level_display()) if point.entity else "—"
    return label if air.counts(point) else f"{label}*"


def station_hours(point: Point, day: date) -> Records:
    """The hours of a station on a day."""
    return doors.STATION.opens(
        point=str(point.pk), scale="hour", begin=day.isoformat(), end=day.isoformat()
    )


def _concentration(value: float | None, factor: str, records: Records) -> Figure:
    """A daily concentration for a table whose note names the unit."""
    return quantity(air.NAMES[factor], value, air.day_decimals(factor), "", records)


def year_blocks(
    name: str,
    years: air.YearOnYear,
) -> list[Block | None]:
    """The year so far beside the same days of the year before."""
    now = years.now
    good = years.change(lambda year: year.good_days, 1)
    pm2_5 = years.change(lambda year: year.values["pm2_5"], 1)
    last = now.end - timedelta(days=1)
    return [
        Statement(
            (
                f"1月1日至{last.month}月{last.day}日，{name}优良天数比例为",
                now.good_days,
                f"（优良天数/有效天数：{now.good_days.parts or '—'}；日历天数{now.calendar_days}天），",
                good,
                "（上年同期",
                good.before,
                f"{_of(good.before)}）；PM2.5平均浓度为",
                now.values["pm2_5"],
                "，",
                pm2_5,
                "（上年同期",
                pm2_5.before,
                "）；污染天数",
                now.polluted_days,
                "，其中重度及以上污染",
                now.heavy_days,
                "。",
            )
        ),
    ]


def _of(figure: Figure) -> str:
    return f"，{figure.parts}" if figure.parts else ""


def month_blocks(
    name: str,
    years: air.YearOnYear,
    complete: bool,
    words: str = "",
    this: str = "本月",
    same: str = "上年同月",
) -> list[Block | None]:
    """One month, or the span that ``words`` say and ``this`` calls, beside the ``same`` days a year ago."""
    now = years.now
    good = years.change(lambda year: year.good_days, 1)
    composite = years.change(lambda year: year.composite, 2)
    calendar = (
        f"{'当月' if this == '本月' else '期内'}{'共' if complete else '已过'}{now.calendar_days}天"
    )
    blocks: list[Block | None] = [
        Subheading("总体情况"),
        Statement(
            (
                f"{words or f'{now.begin.month}月'}，{name}环境空气质量优良天数比例为",
                now.good_days,
                f"（优良天数/有效天数：{now.good_days.parts or '—'}；{calendar}），",
                good,
                f"（{same}",
                good.before,
                f"{_of(good.before)}）；污染天数",
                now.polluted_days,
                "，其中重度及以上污染",
                now.heavy_days,
                f"；AQI{'范围' if '～' in now.aqi_range else ''}为{now.aqi_range}。环境空气质量综合指数为",
                now.composite,
                "，",
                composite,
                f"（{same}",
                composite.before,
                f"），最大单项指数污染物为{now.largest}。",
            )
        ),
    ]
    if complete and now.calendar_days >= 28 and now.days.height and not now.enough:
        blocks.append(
            Statement(
                (
                    f"注：本月有效天数未达到GB 3095表4的要求（每项不少于{air.days_required(now.begin)}天），"
                    "上列月评价数字仅供参考。",
                ),
                note=True,
            )
        )
    blocks += [
        Subheading("主要污染物浓度"),
        _factor_table(years, this, same),
        Subheading("逐日情况"),
        chart(now),
        _polluted_table(now, this),
    ]
    return blocks


def _factor_table(years: air.YearOnYear, this: str, same: str) -> Table:
    now, before = years.now, years.before
    rows = tuple(
        (
            air.NAMES[factor],
            air.STATISTIC_NAME[air.STATISTIC[factor]],
            air.unit(factor),
            bare(now.values[factor]),
            bare(before.values[factor]),
            Change(now.values[factor], before.values[factor], now.values[factor].decimals, word=""),
        )
        for factor in air.FACTORS
    )
    return Table("主要污染物浓度", ("污染物", "统计指标", "单位", this, same, "同比变化"), rows)


def chart(period: air.AirPeriod) -> DayChart:
    """The days of a period as a chart."""
    rows = list(period.days.iter_rows(named=True))
    return DayChart(
        "逐日AQI与PM2.5浓度",
        tuple(row["day"] for row in rows),
        tuple(None if row["aqi"] is None else round(row["aqi"]) for row in rows),
        tuple(row["pm2_5"] for row in rows),
    )


def _polluted_table(period: air.AirPeriod, this: str) -> Table:
    rows: list[tuple[Part, ...]] = []
    for row in period.days.iter_rows(named=True):
        if row["aqi"] is None or row["aqi"] <= air.GOOD:
            continue
        opened = doors.AIR_STATIONS.opens(area=period.point.area_code, day=row["day"].isoformat())
        rows.append(
            (
                f"{row['day'].month}月{row['day'].day}日",
                quantity("AQI", round(row["aqi"]), 0, "", opened, row["standard"] or ""),
                aqi.level_of(round(row["aqi"])).category,
                air.primary_names(row["primary"]),
                *(_concentration(row[f], f, opened) for f in air.FACTORS),
            )
        )
    return Table(
        "污染天情况",
        ("日期", "AQI", "类别", "首要污染物", *_HEADER),
        tuple(rows),
        f"{_UNITS}。",
        f"{this}无污染天。" if period.days["aqi"].count() else f"{this}没有空气质量数据。",
    )


def ranking_blocks(
    area_code: str, begin: date, end: date, complete: bool, same: str = "上年同月"
) -> list[Block | None]:
    """Stations in the order of the composite index as :func:`air_standing.ranking` has it, with its change against
    last year. Who is not ranked is listed below, with the reason in the note; of fewer than two nobody is.
    """
    until = end if complete else min(end, timezone.localdate() + timedelta(days=1))
    places = air_standing.ranking(air_standing.stations(area_code), "composite", begin, until)
    ranked = [place for place in places if place.value.rank is not None]
    alone = bool(places) and len(ranked) < 2
    listed = [p.point.name for p in places if p.value.reason == air_ranking.OUTSIDE]
    reasons = [
        f"{place.point.name}{place.value.reason}，不参与排名"
        for place in places
        if place.value.reason and place.point.name not in listed
    ]
    if listed:
        reasons.append(f"{'、'.join(listed)}不参与城市评价，仅列示")
    if not alone:
        reasons.append(
            f"名次按综合指数由低到高，相同者并列；{same}按现行标准限值计算，改善名次按变化率"
        )
    return [
        Subheading("站点排名"),
        Statement(("参与排名的站点不足两个，不作排名。",)) if alone else None,
        Table(
            "各站点综合指数排名",
            (
                "名次",
                "站点",
                "综合指数",
                same,
                "同比变化",
                "改善名次",
                "优良天数比例",
                "PM2.5 µg/m³",
                "有效天数",
            ),
            tuple(_ranked(place, alone) for place in places),
            f"{'；'.join(reasons)}。" if reasons else "",
            "辖区内没有空气站。",
        ),
    ]


def _ranked(place: air_standing.Ranked, alone: bool) -> tuple[Part, ...]:
    ranks = [None if alone else standing.rank for standing in (place.value, place.change)]
    by_value, by_change = ("—" if rank is None else str(rank) for rank in ranks)
    return (
        by_value,
        place.point.name,
        place.figure,
        place.before,
        Change(place.figure, place.before, 2, word=""),
        by_change,
        place.period.good_days,
        bare(place.period.values["pm2_5"]),
        bare(place.period.valid_days),
    )
