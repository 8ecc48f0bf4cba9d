"""Figures of drinking-water sources (mechanism Q12): attainment by number and by volume, which are two rates.

A source's month is judged by the mean of its samples: surface water by GB 3838 表1 at its own target and 表2's limits,
groundwater by GB/T 14848 class Ⅲ on the items that were measured. A longer span counts source-months. Sources without
samples, and of the rate by volume those without a volume, are left out of the denominator and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecoledger.entities.validity import in_force
from ecoledger.indicators import doors
from ecoledger.indicators.figures import Figure, absent, ratio
from ecoledger.registers.water import samples
from ecoledger.registers.water import sources as books
from ecoledger.registers.water.source_models import WaterSource
from ecoledger.standards import exceedance, groundwater, surface_water, water_periods
from ecoledger.standards.percent import Percent
from ecoledger.standards.surface_water import Waterbody

NO_SAMPLES = "没有水源监测数据"


@dataclass(frozen=True, slots=True)
class SourceMonth:
    """A source in a month: class, what misses the limits, whether it attains, and how much it gave (万m³)."""

    source: WaterSource
    month: date
    class_: str
    failures: str
    attains: bool | None
    samples: int
    volume: Decimal | None
    standard: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of an area over months."""

    rows: tuple[SourceMonth, ...]
    by_number: Figure
    by_volume: Figure


def of(area_code: str, begin: date, end: date) -> Sources:
    """Sources in use of an area, month by month, for the whole months of ``begin <= day < end``."""
    sources = list(
        WaterSource.objects.filter(
            in_force(end - timedelta(days=1)), area_code__startswith=area_code
        )
        .exclude(use=WaterSource.Use.ENDED)
        .order_by("code")
    )
    rows = _months(sources, begin, end)
    door = doors.SOURCES.opens(area=area_code, begin=f"{begin}", end=f"{end}")
    # Reserves are judged and shown; the rates are of what is drunk.
    counted = [row for row in rows if row.source.use == WaterSource.Use.IN_USE]
    judged = [row for row in counted if row.attains is not None]
    standard = judged[0].standard if judged else ""
    number = ratio(
        "水源地达标率（按水源次数）", sum(1 for row in judged if row.attains), len(judged), door, standard=standard,
        missing=NO_SAMPLES, judged=True,
    )  # fmt: skip
    return Sources(tuple(rows), number, _by_volume(judged, door, standard))


def months_of(source: WaterSource, begin: date, end: date) -> list[SourceMonth]:
    """One source month by month, the oldest first."""
    return _months([source], begin, end)


def _months(sources: Sequence[WaterSource], begin: date, end: date) -> list[SourceMonth]:
    keys = [source.pk for source in sources]
    sampled = samples.days_of(keys, begin, end)
    rows: list[SourceMonth] = []
    month = begin.replace(day=1)
    while month < end:
        following = (month + timedelta(days=31)).replace(day=1)
        volumes = books.taken(keys, month, following)
        for source in sources:
            parts = [row for row in sampled.get(source.pk, ()) if month <= row["time"] < following]
            rows.append(_month(source, month, parts, volumes.get(source.pk)))
        month = following
    return rows


def _by_volume(judged: Sequence[SourceMonth], door: Any, standard: str) -> Figure:
    label = "水源地达标率（按取水量）"
    known = [row for row in judged if row.volume is not None]
    whole = sum((row.volume or Decimal(0) for row in known), Decimal(0))
    if not whole:
        return absent(label, door, "没有取水量", standard)
    part = sum((row.volume or Decimal(0) for row in known if row.attains), Decimal(0))
    share = Percent.of(part, whole)
    return Figure(
        label, share.value, share.show(1), door, "%", Fraction(part), Fraction(whole), standard, decimals=1, judged=True
    )  # fmt: skip


def _month(
    source: WaterSource, month: date, parts: Sequence[dict[str, Any]], volume: Decimal | None
) -> SourceMonth:
    if not parts:
        return SourceMonth(source, month, "—", "", None, 0, volume, "")
    if source.sort == WaterSource.Sort.GROUND:
        return _ground(source, month, parts, volume)
    body: Waterbody = "lake" if source.sort == WaterSource.Sort.LAKE else "river"
    mean = water_periods.period_mean(parts, period="month", on=month, waterbody=body)
    # Table 2's items are no items of table 1: their means are taken here.
    values = {**mean.values, **_means(parts, [k for k in samples.ITEMS.values() if k not in mean.values])}  # fmt: skip
    judged = surface_water.classify(values, on=month, waterbody=body)
    missed = surface_water.failures(values, source.target_class, on=month, waterbody=body)
    named = {failure.item: failure for failure in missed}
    for failure in surface_water.drinking_water_failures(values, on=month, waterbody=body):
        named.setdefault(failure.item, failure)
    text = "、".join(
        f.name if f.multiple is None else f"{f.name}({exceedance.multiple_text(f.multiple)})"
        for f in named.values()
    )
    attains = None if judged.class_ is None else not named
    return SourceMonth(source, month, surface_water.label(judged.class_) or "—", text, attains, len(parts), volume, judged.standard)  # fmt: skip


def _ground(
    source: WaterSource, month: date, parts: Sequence[dict[str, Any]], volume: Decimal | None
) -> SourceMonth:
    values = _means(parts, list(samples.ITEMS.values()))
    judged = groundwater.classify(values, on=month)
    attains = judged.attains(source.target_class)
    return SourceMonth(source, month, judged.label or "—", judged.exceeding_text, attains, len(parts), volume, judged.standard)  # fmt: skip


def _means(parts: Sequence[dict[str, Any]], keys: Sequence[str]) -> dict[str, float]:
    result: dict[str, float] = {}
    for key in keys:
        values = [part[key] for part in parts if key in part]
        if values:
            result[key] = float(water_periods.mean(key, values))
    return result
