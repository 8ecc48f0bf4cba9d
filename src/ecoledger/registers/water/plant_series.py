"""What the devices at a sewage plant say of a month: flow and concentration in and out, day by day.

A day counts where enough of its hours were measured; what was not measured is not made up. Concentrations of a day are
weighted by the flow of the same hours.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from ecoledger.entities.models import Outlet
from ecoledger.listings import own_data
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.hourly import hours
from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.monitoring.points import limits as outlet_limits
from ecoledger.monitoring.points import parameters
from ecoledger.registers.water.sewage_models import SewagePlant
from ecoledger.standards import emission

FLOW = "w00000"
# Name of a column of the month -> the factor's code and its key in the emission standards.
FACTORS = {
    "cod": ("w01018", "cod"),
    "ammonia": ("w21003", "nh3n"),
    "phosphorus": ("w21011", "tp"),
    "nitrogen": ("w21001", "tn"),
}


@dataclass(frozen=True, slots=True)
class Bound:
    """What a value may not exceed, and by what it is judged so."""

    high: float
    basis: str
    mark: str


@dataclass(frozen=True, slots=True)
class Side:
    """One day of one side of a plant: m³ and mg/L; ``None``: not measured enough."""

    volume: float | None = None
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlantDay:
    """One day of a plant. ``exceeds``: what was above its limit; ``meets`` is ``None`` where nothing was judged."""

    on: date
    inflow: Side
    outflow: Side
    load: float | None
    exceeds: tuple[str, ...]
    meets: bool | None


@dataclass(frozen=True, slots=True)
class PlantSeries:
    """The days of a month and what they come to."""

    plant: SewagePlant
    month: str
    days: tuple[PlantDay, ...]

    @property
    def measured(self) -> tuple[PlantDay, ...]:
        """The days whose inflow counts."""
        return tuple(day for day in self.days if day.inflow.volume is not None)

    @property
    def judged(self) -> int:
        return sum(1 for day in self.days if day.meets is not None)

    @property
    def met(self) -> int:
        return sum(1 for day in self.days if day.meets)

    def volume(self, side: str) -> float | None:
        """The water of the days that were measured, m³."""
        there = [v for day in self.days if (v := getattr(day, side).volume) is not None]
        return sum(there) if there else None

    def mean(self, side: str, factor: str) -> float | None:
        """The concentration over the days that have it, weighted by their water, mg/L."""
        pairs = [
            (flow.volume, flow.values[factor])
            for day in self.days
            if (flow := getattr(day, side)).volume and factor in flow.values
        ]
        whole = sum(volume for volume, _value in pairs)
        return sum(volume * value for volume, value in pairs) / whole if whole else None


def rules() -> dict[str, Any]:
    """The bureau's thresholds."""
    return own_data.read(__package__, "sewage_plants")


def limits_of(plant: SewagePlant, on: date) -> dict[str, Bound]:
    """The limit of each factor at the plant's outlet: its permit's, else that of its category of the standard."""
    bounds = {}
    by_standard = {}
    if plant.grade:
        rows = emission.limits(on=on, standard=rules()["standard"], category=plant.grade,
                               basis=emission.Basis.DAY)  # fmt: skip
        by_standard = {row.pollutant: row for row in rows}
    for name, (code, key) in FACTORS.items():
        held = outlet_limits.of_outlet(plant.outlet, code, on) if plant.outlet else None
        upper = outlet_limits.bounds(held, "mg/L")[0] if held else None
        if held and upper is not None:
            bounds[name] = Bound(upper, held.standard or "排污许可证", "")
        elif key in by_standard:
            row = by_standard[key]
            bounds[name] = Bound(row.high, f"{row.standard} {row.category_name}", row.mark.value)
    return bounds


def series(plant: SewagePlant, month: str) -> PlantSeries:
    """The month ("2026-05") of a plant by its devices. Raises ``ValueError`` for what is no month."""
    first = datetime.strptime(month, "%Y-%m")
    count = calendar.monthrange(first.year, first.month)[1]
    end = min(first + timedelta(days=count), times.now())
    inflow = _side(plant.inlet, first, end)
    outflow = _side(plant.outlet, first, end)
    days = []
    for n in range(count):
        on = (first + timedelta(days=n)).date()
        came, went = inflow.get(on, Side()), outflow.get(on, Side())
        load = None
        if came.volume is not None and plant.design_m3d:
            load = 100 * came.volume / float(plant.design_m3d)
        bounds = limits_of(plant, on) if went.values else {}
        judged = [name for name in bounds if name in went.values]
        above = tuple(name for name in judged if went.values[name] > bounds[name].high)
        days.append(PlantDay(on, came, went, load, above, not above if judged else None))
    return PlantSeries(plant, month, tuple(days))


def _side(outlet: Outlet | None, begin: datetime, end: datetime) -> dict[date, Side]:
    """The days of one side, by the points that stand at its outlet."""
    if outlet is None or not runtime.is_open() or end <= begin:
        return {}
    points = list(Point.objects.filter(entity=outlet.pk, kind=Point.Kind.WASTEWATER))
    codes = [FLOW, *(code for code, _key in FACTORS.values())]
    rows = hours([point.pk for point in points], codes, begin, end)
    if rows.is_empty():
        return {}
    rows = rows.with_columns(value=pl.col("value") * _factors(points, rows))
    flow = (
        rows.filter(pl.col("parameter") == FLOW).group_by("date").agg(volume=pl.col("value").sum())
    )
    volumes = flow.with_columns(day=pl.col("date").dt.date())
    least = rules()["hours_of_day"]
    days = volumes.group_by("day").agg(volume=pl.col("volume").sum(), hours=pl.len())
    found: dict[date, Side] = {
        row["day"]: Side(row["volume"] if row["hours"] >= least else None, {})
        for row in days.iter_rows(named=True)
    }
    for name, (code, _key) in FACTORS.items():
        values = (
            rows.filter(pl.col("parameter") == code)
            .group_by("date")
            .agg(value=pl.col("value").mean())
        )
        joined = values.join(volumes, on="date", how="inner")
        by_day = joined.group_by("day").agg(
            load=(pl.col("value") * pl.col("volume")).sum(),
            water=pl.col("volume").sum(),
            hours=pl.len(),
        )
        for row in by_day.iter_rows(named=True):
            if row["hours"] >= least and row["water"]:
                found[row["day"]].values[name] = row["load"] / row["water"]
    return found


def _factors(points: Sequence[Point], rows: pl.DataFrame) -> pl.Expr:
    """What brings a stored value to m³ of its hour (flow) or mg/L."""
    said = {
        (row.point_id, row.code): row.unit
        for row in PointParameter.objects.filter(point__in=points)
    }
    factor = pl.lit(1.0)
    pairs = rows.select("point", "parameter").unique().iter_rows()
    for point, code in pairs:
        wanted = "m³/h" if code == FLOW else "mg/L"
        usual = "L/s" if code == FLOW else "mg/L"
        up, down = parameters.conversion(said.get((point, code)) or usual, wanted)
        here = (pl.col("point") == point) & (pl.col("parameter") == code)
        factor = pl.when(here).then(pl.lit(up / down)).otherwise(factor)
    return factor
