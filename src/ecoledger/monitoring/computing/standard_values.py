"""Stored values as the standards want them: under their item keys and in their units.

The store keeps what HJ 212 calls a factor, in the unit its point declares: mercury of a river in µg/L.
GB 3838 judges ``hg`` in mg/L. Between the two stands this module, for values and for limits alike.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from ecoledger.monitoring.points import parameters
from ecoledger.monitoring.points.table import PointMap
from ecoledger.standards import air_limits, surface_water

_KEY = ["point", "parameter"]


@cache
def air_codes() -> dict[str, str]:
    """Parameter code -> the standards' key, for the six factors of the index."""
    return parameters.keys("air", air_limits.FACTORS)


@cache
def water_codes() -> dict[str, str]:
    """Parameter code -> the standards' key, for the items of GB 3838 that water points report."""
    return parameters.keys("water", surface_water.rules().units)


def unit_of(code: str, kind: str) -> str | None:
    """The unit that the standards judge a parameter in; ``None`` when they do not know it."""
    if kind == "air" and code in air_codes():
        return air_limits.unit(air_codes()[code])
    if kind == "water" and code in water_codes():
        return surface_water.rules().units[water_codes()[code]]
    return None


def with_scale(table: pl.DataFrame, kind: str, points: PointMap) -> pl.DataFrame:
    """``table`` (``point, parameter``) with ``numerator`` and ``denominator``: stored value × numerator /
    denominator is the value in the standard's unit.

    Null where the standards do not know the parameter, or the stored unit cannot be converted into theirs:
    such a value is not judged.
    """
    declared = points.parameters.select(*_KEY, "unit")
    units = table.select(_KEY).unique().join(declared, on=_KEY, how="left")
    pairs = units.select("parameter", "unit").unique()
    scales = pairs.with_columns(
        pl.Series(
            [_scale(code, unit, kind) for code, unit in pairs.iter_rows()],
            dtype=pl.Array(pl.Int64, 2),
        )
        .arr.to_struct(["numerator", "denominator"])
        .struct.unnest()
    )
    known = units.join(scales, on=["parameter", "unit"], nulls_equal=True, how="left").drop("unit")
    return table.join(known, on=_KEY, how="left", maintain_order="left")


def _scale(code: str, stored: str | None, kind: str) -> tuple[int, int] | None:
    wanted = unit_of(code, kind)
    if wanted is None:
        return None
    unit = parameters.parameter(code, kind).unit if stored is None else stored
    try:
        return parameters.conversion(unit, wanted)
    except parameters.UnitError:
        return None


def in_stored_units(
    limits: pl.DataFrame, names: list[str], kind: str, points: PointMap
) -> pl.DataFrame:
    """``limits`` (``point, parameter`` and the columns ``names`` in the standard's unit) in the units that the
    points' values are stored in; null where that cannot be had."""
    stored = [pl.col(name) * pl.col("denominator") / pl.col("numerator") for name in names]
    return with_scale(limits, kind, points).with_columns(stored).drop("numerator", "denominator")


def in_standard_units(rows: pl.DataFrame, kind: str, points: PointMap) -> pl.DataFrame:
    """``rows`` (``point, parameter, value``) with ``value`` in the standard's unit, null where that
    cannot be had."""
    scaled = pl.col("value") * pl.col("numerator") / pl.col("denominator")
    return (
        with_scale(rows, kind, points)
        .with_columns(scaled.alias("value"))
        .drop("numerator", "denominator")
    )
