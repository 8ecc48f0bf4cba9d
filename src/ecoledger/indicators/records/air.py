"""Days of a station or an area, and stations of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from ecoledger.indicators import air, doors
from ecoledger.indicators.figures import plain
from ecoledger.indicators.records.declaring import (
    Asked,
    Cell,
    Column,
    Fact,
    NotThere,
    Page,
    Row,
    between,
    table,
)
from ecoledger.monitoring.models import Point

LEVELS = {"valid": -1, "polluted": air.GOOD, "heavy": air.HEAVY}


def station_day(point: Point, day: date) -> Any:
    """The door to a station's hours of a day."""
    return doors.STATION.opens(
        point=str(point.pk), scale="hour", begin=day.isoformat(), end=day.isoformat()
    )


def _values(row: dict[str, Any], *, marked: bool) -> Iterator[Cell]:
    index = row.get("aqi")
    yield Cell(index, "number", mark="aqi")
    yield Cell(index, "aqi")
    yield Cell(air.primary_names(row.get("primary")))
    for factor in air.NAMES:
        yield Cell(
            row.get(factor), "number", air.day_decimals(factor), mark=factor if marked else ""
        )


def _columns(first: str, *more: str, factor: str = "", last: str = "") -> list[Column]:
    return [
        Column(first, lead=True),
        *(Column(label) for label in more),
        Column("AQI", "number"),
        Column("类别", "chip"),
        Column("首要污染物"),
        *(Column(name, "number", chosen=key == factor) for key, name in air.NAMES.items()),
        *([Column(last)] if last else []),
    ]


def _point(asked: Asked) -> Point:
    """Stations in scope, and the computed points of the divisions around the person."""
    number = asked.number("point")
    own = asked.see.points(asked.person).filter(pk=number, kind=Point.Kind.AIR).first()
    point = own or asked.see.area_points(asked.person).filter(pk=number).first()
    if point is None:
        raise NotThere("point")
    return point


@table(doors.AIR_DAYS)
def air_days(asked: Asked) -> Page:
    """Days of one point or area, those of a level when the figure counts them."""
    point = _point(asked)
    begin, end = asked.span()
    as_of = asked.day("as_of") if asked.text("as_of") else None
    period = air.point_period(point, begin, end, as_of)
    least = LEVELS.get(asked.text("level"))
    if least is not None:
        days = period.days.filter(pl.col("aqi") > least).to_dicts()
    else:
        known = {row["day"]: row for row in period.days.to_dicts()}
        calendar = (begin + timedelta(days=n) for n in range(period.calendar_days))
        days = [known.get(day, {"day": day}) for day in calendar]
    factor = asked.text("factor")
    return Page(
        f"{point.name} · {between('逐日空气质量', begin, end)}",
        _columns("日期", factor=factor, last="依据"),
        [_day(point, row) for row in days],
        facts=list(_facts(period, factor, as_of)),
        empty="没有这样的日子。",
    )


def _day(point: Point, row: dict[str, Any]) -> Row:
    day: date = row["day"]
    behind = (
        doors.AIR_STATIONS.opens(area=point.area_code, day=day.isoformat())
        if point.kind == Point.Kind.AREA
        else station_day(point, day)
    )
    return Row(
        (
            Cell(day, "day", opens=behind),
            *_values(row, marked=True),
            Cell(row.get("standard") or ""),
        ),
        {"day": day.isoformat()},
    )


def _facts(period: air.AirPeriod, factor: str, as_of: date | None) -> Iterator[Fact]:
    good = period.good_days
    yield Fact(
        "优良天数 / 有效天数",
        (f"{good.parts or '—'} = ", good, f"（{_(good.missing)}）" if good.missing else ""),
    )
    yield Fact("有效天数 / 日历天数", (period.valid_days, f" / {period.calendar_days}"))
    if factor in air.FACTORS:
        yield Fact("本项有效天数", (str(period.valid_of(factor)),))
    yield Fact("污染天数，其中重度及以上", (period.polluted_days, " · ", period.heavy_days))
    for figure in (period.values.get(factor), period.composite):
        if figure is not None:
            yield Fact(figure.label, (figure, _unrounded(figure)))
    judged = (
        _("全部按 %(day)s 施行的版本回算") % {"day": as_of}
        if as_of
        else _("逐日按当日施行的版本评价")
    )
    yield Fact("依据", (f"{good.standard or '—'}；{period.standard or '—'} · {judged}",))


def _unrounded(figure: Any) -> str:
    if figure.value is None:
        return ""
    exact = plain(figure.value) if figure.value.denominator == 1 else f"{float(figure.value):.10g}"
    return f" · {_('未修约')} {exact}"


@table(doors.AIR_STATIONS)
def air_stations(asked: Asked) -> Page:
    """What each station of an area had on a day, and the area's own values, made from their means."""
    day, area = asked.day("day"), asked.area()
    mine = set(asked.see.points(asked.person).filter(kind="air").values_list("pk", flat=True))
    points = [point for point in air.stations(area) if point.pk in mine]
    around = asked.see.area_points(asked.person).filter(area_code=area).first()
    every = [*points, *([around] if around else [])]
    known = {row["point"]: row for row in air.station_day(every, day).to_dicts()}
    rows: list[Row] = []
    if around is not None:
        values = _values(known.get(around.pk, {}), marked=False)
        rows.append(Row((Cell(around.name), Cell(), *values), total=True))
    for point in points:
        station = getattr(point.entity, "as_station", None)
        counts = _("是") if station is not None and station.counts_in_area else _("否")
        rows.append(
            Row(
                (
                    Cell(point.name, opens=station_day(point, day)),
                    Cell(counts),
                    *_values(known.get(point.pk, {}), marked=True),
                ),
                {"point": str(point.pk)},
            )
        )
    return Page(
        f"{day:%Y-%m-%d} · {_('各监测点日均值')}",
        _columns("站点", "参与城市评价"),
        rows,
        notes=("全市浓度为参与评价站点浓度的算术平均，AQI由平均浓度计算，不由各站AQI平均。",),
        empty="您的数据范围内没有站点。",
    )
