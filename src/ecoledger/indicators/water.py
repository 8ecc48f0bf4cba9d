"""Figures of surface water: the class of each section for a period, against its functional-zone target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

import polars as pl

from ecoledger.indicators.figures import Figure, Records, ratio
from ecoledger.monitoring import evaluate, parameters
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.runtime import store
from ecoledger.registry.models import Section
from ecoledger.standards import surface_water, water_periods


@dataclass(frozen=True)
class SectionPeriod:
    """A section's class over a period, from the means of its daily values.

    ``rank`` is 1 (Ⅰ) to 6 (劣Ⅴ), ``None`` without data; ``deciding`` names what exceeds the target, with
    the multiple; ``values`` are the means the class was judged by.
    """

    section: Section
    point: Point
    rank: int | None
    deciding: str
    values: dict[str, float]
    days: int
    standard: str

    @property
    def label(self) -> str:
        return surface_water.label(self.rank) if self.rank else "—"

    @property
    def target(self) -> str:
        return surface_water.label(self.section.target_class)

    @property
    def attains(self) -> bool | None:
        return None if self.rank is None else self.rank <= self.section.target_class


@dataclass(frozen=True)
class WaterPeriod:
    """How an area's rivers were over a period."""

    sections: list[SectionPeriod]
    good: Figure
    inferior: Figure
    attained: Figure


def _points(area_code: str) -> list[Point]:
    return list(
        Point.objects.filter(kind="water", enabled=True, area_code__startswith=area_code)
        .filter(entity__as_station__section__isnull=False)
        .select_related("entity__as_station__section__river")
        .order_by("entity__as_station__section__river", "entity__as_station__section__chainage_km")
    )


def _item_codes() -> dict[str, str]:
    """Parameter code -> item key of the standard, for items that water points report."""
    items = evaluate.surface_water_items()
    return {p.code: p.key for p in parameters.of_kind("water") if p.key in items}


def daily(points: list[Point], begin: date, end: date) -> pl.DataFrame:
    """Valid daily means of water points: ``point, time`` and a column an item."""
    codes = _item_codes()
    rows = store().read(
        [p.pk for p in points],
        list(codes),
        "computed-day",
        datetime.combine(begin, time()),
        datetime.combine(end, time()),
        columns=("point", "parameter", "start", "value", "valid"),
    )
    rows = rows.filter(pl.col("valid").fill_null(True) & pl.col("value").is_not_null())
    if rows.is_empty():
        return pl.DataFrame(schema={"point": pl.Int64, "time": pl.Date})
    return (
        rows.with_columns(
            item=pl.col("parameter").replace_strict(codes), time=pl.col("start").dt.date()
        )
        .pivot("item", index=["point", "time"], values="value", aggregate_function="first")
        .sort("point", "time")
    )


def period(area_code: str, begin: date, end: date) -> WaterPeriod:
    """Figures of an area's sections for the days ``begin <= day < end``."""
    points = _points(area_code)
    table = daily(points, begin, end)
    sections = [_section(point, table, end) for point in points]
    judged = [s for s in sections if s.rank is not None]
    span = {"area": area_code, "begin": begin.isoformat(), "end": end.isoformat()}
    records = Records("water-sections", span)
    standard = judged[0].standard if judged else ""

    def share(label: str, chosen: str, number: int) -> Figure:
        opened = Records("water-sections", {**span, "only": chosen})
        return ratio(label, number, len(judged), opened if number else records, standard=standard)

    return WaterPeriod(
        sections,
        share(
            "优Ⅲ类断面比例", "good", sum(1 for s in judged if s.rank is not None and s.rank <= 3)
        ),
        share("劣Ⅴ类断面比例", "inferior", sum(1 for s in judged if s.rank == 6)),
        share("断面达标率", "attained", sum(1 for s in judged if s.attains)),
    )


def _section(point: Point, table: pl.DataFrame, end: date) -> SectionPeriod:
    section = point.entity.as_station.section
    rows = table.filter(pl.col("point") == point.pk)
    items = [name for name in rows.columns if name not in ("point", "time")]
    present = [name for name in items if rows[name].drop_nulls().len()]
    if not present:
        return SectionPeriod(section, point, None, "", {}, 0, "")
    waterbody: surface_water.Waterbody = "lake" if section.is_lake else "river"
    on: date = rows["time"].to_list()[-1]
    mean = water_periods.period_mean(
        [
            {k: v for k, v in row.items() if v is not None}
            for row in rows.select(present).to_dicts()
        ],
        period="month",
        on=on,
        waterbody=waterbody,
    )
    judged = surface_water.classify(mean.values, on=on, waterbody=waterbody)
    failures = surface_water.failures(mean.values, section.target_class, on=on, waterbody=waterbody)
    deciding = "、".join(failure.text for failure in failures)
    values = {k: float(v) for k, v in mean.values.items() if v is not None}
    return SectionPeriod(
        section, point, judged.class_, deciding, values, rows.height, judged.standard
    )
