"""Whether a firm did what it was told, as its instruments saw it: power and flue gas before and during.

Before: the same hours of the day over the days before the order. During: the hours of the order that have been
measured. Both are means over hours, so that a short order compares with a long base. What a firm has no
instrument for is not judged here but on site.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl

from ecoledger.monitoring.hourly import hours
from ecoledger.monitoring.models import Point, PointParameter

BASE_DAYS = 7
LEAST_HOURS = 3
FLOW, POWER = "a00000", "dPower"
# Pollutant of the list -> its factor in flue gas.
STACK = {"so2": "a21026", "nox": "a21002", "pm": "a34013", "vocs": "a24088"}


@dataclass(frozen=True, slots=True)
class Measured:
    """One kind of instrument of one firm. ``before`` and ``during``: mean over hours, in ``unit``."""

    source: str
    name: str
    unit: str
    before: float
    during: float
    hours_before: int
    hours_during: int

    @property
    def percent(self) -> Decimal:
        """By how much it fell, percent of before; negative when it rose."""
        fall = 100 * (self.before - self.during) / self.before if self.before else 0.0
        return Decimal(fall).quantize(Decimal("0.1"))


def of_firms(
    codes: Iterable[str],
    begin: datetime,
    end: datetime,
    *,
    daily: tuple[int, int] | None = None,
    base_until: datetime | None = None,
) -> dict[str, list[Measured]]:
    """Firm's code → what its power and its stacks did. ``begin`` and ``end`` in China standard time.

    ``daily``: only the hours from the first to before the second of each day count, as a staggering plan says.
    ``base_until``: the days before it are the base, where the order has been running since then.
    """
    base_until = base_until or begin
    owners = {
        point.pk: point
        for point in Point.objects.filter(
            owner_code__in=list(codes),
            kind__in=(Point.Kind.POWER, Point.Kind.FLUE_GAS),
            enabled=True,
        )
    }
    if not owners:
        return {}
    power = [
        pk
        for pk, p in owners.items()
        if p.kind == Point.Kind.POWER and p.power_role != Point.PowerRole.TREATMENT
    ]
    stacks = [pk for pk, p in owners.items() if p.kind == Point.Kind.FLUE_GAS]
    # One factor of a meter, its power where it sends that: others are phases of the same load.
    first: dict[int, str] = {}
    for pk, code in PointParameter.objects.filter(point__in=power).values_list("point", "code"):
        first[pk] = min(first.get(pk, code), code, key=lambda factor: (factor != POWER, factor))
    since = base_until - timedelta(days=BASE_DAYS)
    parts = []
    if first:
        rows = hours(list(first), sorted(set(first.values())), since, end)
        chosen = pl.DataFrame({"point": list(first), "parameter": list(first.values())})
        parts.append(
            rows.join(chosen, on=["point", "parameter"]).with_columns(what=pl.lit("power"))
        )
    if stacks:
        parts += _mass(stacks, since, end)
    if not parts:
        return {}
    owner = pl.DataFrame({"point": list(owners), "firm": [p.owner_code for p in owners.values()]})
    table = pl.concat([part.select("point", "date", "value", "what") for part in parts])
    table = table.filter((pl.col("date") < base_until) | (pl.col("date") >= begin))
    sums = (
        table.join(owner, on="point")
        .group_by("firm", "what", "date")
        .agg(value=pl.col("value").sum())
    )
    if daily is not None:
        hour = pl.col("date").dt.hour()
        inside = (
            (hour >= daily[0]) & (hour < daily[1])
            if daily[0] < daily[1]
            else (hour >= daily[0]) | (hour < daily[1])
        )
        sums = sums.filter(inside)
    return _compared(sums, begin, daily is not None)


def _mass(stacks: list[int], since: datetime, end: datetime) -> list[pl.DataFrame]:
    """Emission of each pollutant and hour (kg/h): concentration (mg/m³) times flow (m³/s, as HJ 212 sends it, or m³/h)."""
    units = dict(
        PointParameter.objects.filter(point__in=stacks, code=FLOW).values_list("point", "unit")
    )
    hourly = [pk for pk, unit in units.items() if unit.strip().lower().endswith("/h")]
    rows = hours(stacks, [*STACK.values(), FLOW], since, end)
    factor = pl.when(pl.col("point").is_in(hourly)).then(1.0).otherwise(3600.0)
    flow = rows.filter(pl.col("parameter") == FLOW).select(
        "point", "date", flow=pl.col("value") * factor
    )
    parts = []
    for name, code in STACK.items():
        concentration = rows.filter(pl.col("parameter") == code)
        emission = concentration.join(flow, on=["point", "date"]).select(
            "point", "date", value=pl.col("value") * pl.col("flow") / 1e6, what=pl.lit(name)
        )
        if not emission.is_empty():
            parts.append(emission)
    return parts


def _compared(sums: pl.DataFrame, begin: datetime, same_hours: bool) -> dict[str, list[Measured]]:
    """Means before and during by firm and kind; both need :data:`LEAST_HOURS`."""
    if not same_hours:
        # The base holds only hours of the day that the order has covered.
        covered = sums.filter(pl.col("date") >= begin)["date"].dt.hour().unique()
        sums = sums.filter(pl.col("date").dt.hour().is_in(covered.to_list()))
    is_during = pl.col("date") >= begin
    means = sums.group_by("firm", "what").agg(
        before=pl.col("value").filter(~is_during).mean(),
        during=pl.col("value").filter(is_during).mean(),
        hours_before=(~is_during).sum(),
        hours_during=is_during.sum(),
    )
    words = {"power": ("用电", "kW")} | dict.fromkeys(STACK, ("在线监测", "kg/h"))
    names = {"power": "生产用电", "so2": "SO2", "nox": "NOx", "pm": "颗粒物", "vocs": "VOCs"}
    result: dict[str, list[Measured]] = {}
    for row in means.sort("firm", "what").iter_rows(named=True):
        if row["hours_before"] < LEAST_HOURS or row["hours_during"] < LEAST_HOURS:
            continue
        source, unit = words[row["what"]]
        result.setdefault(row["firm"], []).append(
            Measured(
                source, names[row["what"]], unit, row["before"], row["during"],
                row["hours_before"], row["hours_during"],
            )
        )  # fmt: skip
    return result
