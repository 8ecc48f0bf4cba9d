"""The daily and the monthly bulletin of air, water and alarms of an area."""

from __future__ import annotations

from datetime import date, timedelta

from ecoledger.accounts.models import Organisation
from ecoledger.indicators import air, water, work
from ecoledger.indicators.figures import Figure, Records, absent, change, quantity
from ecoledger.registry.models import Area
from ecoledger.reports.content import Bulletin, DayChart, Part, Section, Statement, Table
from ecoledger.standards import aqi

DAILY, MONTHLY = "daily", "monthly"
_FACTORS = ("pm2_5", "pm10", "so2", "no2", "co", "o3")
_AIR_HEADER = ("PM2.5", "PM10", "SO2", "NO2", "CO", "O3-8h")
_NOTE_UNITS = "CO 单位为 mg/m³，其余为 µg/m³；O3-8h 为日最大8小时平均；“—”为有效数据不足。"


def daily(area_code: str, day: date) -> Bulletin:
    """The bulletin of one day."""
    name = _area_name(area_code)
    end = day + timedelta(days=1)
    today = air.period(area_code, day, end)
    year = air.period(area_code, date(day.year, 1, 1), end)
    before = air.period(area_code, date(day.year - 1, 1, 1), air.last_year(day) + timedelta(days=1))
    rivers = water.period(area_code, day, end)
    cases = work.period(area_code, day, end)
    return Bulletin(
        DAILY,
        f"{name}环境质量日报\n（{_words(day)}）",
        f"{day.year}年第{day.timetuple().tm_yday}期",
        _issuer(area_code, name),
        area_code,
        day,
        end,
        (
            Section(
                "一、环境空气质量",
                (
                    _day_statement(name, area_code, day, today),
                    Statement(
                        (
                            f"{day.year}年1月1日以来，优良天数比例为",
                            year.good_days,
                            f"（{year.good_days.parts or '—'}），",
                            change(year.good_days, before.good_days, 1),
                            "；PM2.5平均浓度为",
                            year.values["pm2_5"],
                            "，",
                            change(year.values["pm2_5"], before.values["pm2_5"], 1),
                            "。",
                        )
                    ),
                    _station_table(area_code, day),
                ),
            ),
            Section("二、地表水环境质量", _water_blocks(rivers, "当日")),
            Section("三、预警与处置", _work_blocks(cases, "当日")),
        ),
        _standards(today, rivers),
    )


def monthly(area_code: str, year: int, month: int) -> Bulletin:
    """The bulletin of one month, beside the same month of the year before."""
    name = _area_name(area_code)
    begin = date(year, month, 1)
    end = date(year + month // 12, month % 12 + 1, 1)
    now = air.period(area_code, begin, end)
    before = air.period(area_code, date(year - 1, month, 1), date(end.year - 1, end.month, 1))
    rivers = water.period(area_code, begin, end)
    rivers_before = water.period(
        area_code, date(year - 1, month, 1), date(end.year - 1, end.month, 1)
    )
    cases = work.period(area_code, begin, end)
    good = Statement(
        (
            f"{month}月，{name}环境空气质量优良天数比例为",
            now.good_days,
            f"（优良天数/有效天数：{now.good_days.parts or '—'}；当月共{(end - begin).days}天），",
            change(now.good_days, before.good_days, 1),
            "；污染天数",
            now.polluted_days,
            "，其中重度及以上污染",
            now.heavy_days,
            f"；AQI范围为{now.aqi_range or '—'}。环境空气质量综合指数为",
            now.composite,
            "，",
            change(now.composite, before.composite, 2),
            f"，最大单项指数污染物为{now.largest or '—'}。",
        )
    )
    return Bulletin(
        MONTHLY,
        f"{name}环境质量月报\n（{year}年{month}月）",
        f"{year}年第{month}期",
        _issuer(area_code, name),
        area_code,
        begin,
        end,
        (
            Section(
                "一、环境空气质量",
                (
                    good,
                    _factor_table(now, before),
                    _chart(now),
                    _polluted_table(now),
                    _town_table(area_code, begin, end),
                ),
            ),
            Section(
                "二、地表水环境质量",
                (
                    Statement(
                        (
                            "与上年同月相比，优Ⅲ类断面比例",
                            change(rivers.good, rivers_before.good, 1),
                            "，断面达标率",
                            change(rivers.attained, rivers_before.attained, 1),
                            "。",
                        )
                    ),
                    *_water_blocks(rivers, "当月"),
                ),
            ),
            Section("三、预警与处置", _work_blocks(cases, "当月")),
        ),
        _standards(now, rivers),
    )


def _area_name(area_code: str) -> str:
    return Area.objects.filter(code=area_code).values_list("name", flat=True).first() or area_code


def _issuer(area_code: str, name: str) -> str:
    bureau = Organisation.objects.filter(kind="bureau", area_code=area_code).first()
    return bureau.name if bureau else f"{name}生态环境局"


def _words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _standards(period: air.AirPeriod, rivers: water.WaterPeriod) -> tuple[str, ...]:
    water_standard = next((s.standard for s in rivers.sections if s.standard), "")
    index = period.days["standard"].drop_nulls().unique().to_list() if period.days.height else []
    return tuple(s for s in (*sorted(index), period.standard, water_standard) if s)


def _day_statement(name: str, area_code: str, day: date, today: air.AirPeriod) -> Statement:
    row = today.days.row(0, named=True) if today.days.height else {}
    index = row.get("aqi")
    records = Records("air-stations", {"area": area_code, "day": day.isoformat()})
    if index is None:
        figure = absent("AQI", records, "有效数据不足，按 HJ 633 不发布")
        return Statement((f"{_words(day)}，{name}AQI", figure, "：有效数据不足，不予发布。"))
    level = aqi.level_of(round(index))
    return Statement(
        (
            f"{_words(day)}，{name}空气质量指数（AQI）为",
            quantity("AQI", round(index), 0, "", records, row.get("standard") or ""),
            f"，{level.grade}（{level.category}），首要污染物为{air.primary_names(row.get('primary'))}。",
        )
    )


def _station_table(area_code: str, day: date) -> Table:
    points = air.stations(area_code)
    values = {r["point"]: r for r in air.station_day(points, day).iter_rows(named=True)}
    rows: list[tuple[Part, ...]] = []
    for point in points:
        row = values.get(point.pk, {})
        index = row.get("aqi")
        opened = Records("station", {"point": str(point.pk), "day": day.isoformat()})
        rows.append(
            (
                point.name,
                point.entity.as_station.get_level_display(),
                quantity("AQI", None if index is None else round(index), 0, "", opened),
                aqi.level_of(round(index)).category if index is not None else "—",
                air.primary_names(row.get("primary")),
                *(_concentration(row.get(f), f, opened) for f in _FACTORS),
            )
        )
    return Table(
        "表1 各站点空气质量",
        ("站点", "级别", "AQI", "类别", "首要污染物", *_AIR_HEADER),
        tuple(rows),
        _NOTE_UNITS,
    )


def _concentration(value: float | None, factor: str, records: Records) -> Figure:
    """A concentration for a table whose note names the unit."""
    return quantity(air.NAMES[factor], value, air.DECIMALS[factor], "", records)


def _factor_table(now: air.AirPeriod, before: air.AirPeriod) -> Table:
    rows = tuple(
        (
            air.NAMES[factor],
            air.STATISTIC_NAME[air.STATISTIC[factor]],
            now.values[factor],
            before.values[factor],
            change(now.values[factor], before.values[factor], air.DECIMALS[factor]).removeprefix(
                "同比"
            ),
        )
        for factor in _FACTORS
    )
    return Table(
        "表1 主要污染物浓度",
        ("污染物", "统计指标", "本月", "上年同月", "同比变化"),
        rows,
        "变化量与变化率均由未修约值计算后修约一次，与表中修约值直接相减可能略有出入。",
    )


def _chart(period: air.AirPeriod) -> DayChart:
    rows = list(period.days.iter_rows(named=True))
    return DayChart(
        "图1 逐日AQI与PM2.5浓度",
        tuple(row["day"] for row in rows),
        tuple(None if row["aqi"] is None else round(row["aqi"]) for row in rows),
        tuple(row["pm2_5"] for row in rows),
    )


def _polluted_table(period: air.AirPeriod) -> Table:
    rows: list[tuple[Part, ...]] = []
    for row in period.days.iter_rows(named=True):
        if row["aqi"] is None or row["aqi"] <= 100:
            continue
        opened = Records("air-stations", {"area": period.area_code, "day": row["day"].isoformat()})
        rows.append(
            (
                f"{row['day'].month}月{row['day'].day}日",
                quantity("AQI", round(row["aqi"]), 0, "", opened),
                aqi.level_of(round(row["aqi"])).category,
                air.primary_names(row["primary"]),
                *(_concentration(row[f], f, opened) for f in ("pm2_5", "pm10", "o3")),
            )
        )
    return Table(
        "表2 污染天情况",
        ("日期", "AQI", "类别", "首要污染物", "PM2.5", "PM10", "O3-8h"),
        tuple(rows),
        "" if rows else "本月无污染天。",
    )


def _town_table(area_code: str, begin: date, end: date) -> Table:
    """Stations in the order of the composite index, as the ranking rule has it: lower is better."""
    found = []
    for point in air.stations(area_code):
        one = air.point_period(point, begin, end)
        found.append((point, one))
    ranked = sorted(
        found, key=lambda pair: (pair[1].composite.value is None, pair[1].composite.value or 0)
    )
    rows: list[tuple[Part, ...]] = []
    place, last = 0, None
    for position, (point, one) in enumerate(ranked, 1):
        shown = one.composite.display
        if shown != last:
            place, last = position, shown
        rows.append(
            (
                str(place) if one.composite.value is not None else "—",
                point.name,
                one.composite,
                one.good_days,
                one.values["pm2_5"],
                one.values["o3"],
                one.largest or "—",
            )
        )
    return Table(
        "表3 各站点综合指数排名",
        ("名次", "站点", "综合指数", "优良天数比例", "PM2.5", "O3", "最大单项指数"),
        tuple(rows),
        "综合指数相同者名次并列；对照点和微站仅列示，不参与城市评价。",
    )


def _water_blocks(rivers: water.WaterPeriod, when: str) -> tuple[Statement | Table, ...]:
    judged = [s for s in rivers.sections if s.rank is not None]
    rows: list[tuple[Part, ...]] = []
    for section in rivers.sections:
        opened = Records("station", {"point": str(section.point.pk)})
        rank = Figure(
            f"{section.section.name}水质类别",
            None,
            section.label,
            opened,
            standard=section.standard,
            missing="" if section.rank else "无有效数据",
        )
        verdict = {True: "达标", False: "不达标", None: "—"}[section.attains]
        rows.append(
            (
                section.section.name,
                section.section.river.name,
                section.section.level,
                section.target,
                rank,
                verdict,
                section.deciding or "—",
            )
        )
    return (
        Statement(
            (
                f"{when}有数据的监测断面{len(judged)}个。优Ⅲ类断面比例为",
                rivers.good,
                f"（{rivers.good.parts or '—'}），劣Ⅴ类断面比例为",
                rivers.inferior,
                f"（{rivers.inferior.parts or '—'}），断面达标率为",
                rivers.attained,
                f"（{rivers.attained.parts or '—'}）。",
            )
        ),
        Table(
            "表4 断面水质类别",
            ("断面", "河流", "级别", "目标", "类别", "评价", "超目标项目"),
            tuple(rows),
            "按均值单因子评价；总氮不参与河流评价。",
        ),
    )


def _work_blocks(cases: work.WorkPeriod, when: str) -> tuple[Statement, ...]:
    kinds = "、".join(f"{name}{number}条" for name, number in cases.by_detector)
    return (
        Statement(
            (
                f"{when}产生预警",
                cases.raised,
                f"（{kinds}）" if kinds else "",
                "，另有申报停产检修期间静默",
                cases.silenced,
                "。新立预警交办件",
                cases.opened,
                "，办结",
                cases.closed,
                "；截至目前在办",
                cases.in_hand,
                "，其中超期",
                cases.overdue,
                "。已核实件中预警属实率为",
                cases.confirmed,
                f"（{cases.confirmed.parts}）。" if cases.confirmed.parts else "。",
            )
        ),
    )
