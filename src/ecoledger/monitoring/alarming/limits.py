"""Which limit a mean is judged by.

In this order: what the rule sets for the parameter; the limit of the point or its outlet (permit or
emission standard) that held on the day of the data; for ambient air GB 3095 by the date of the data; for surface water the section's
target class of GB 3838. Limits of a standard are brought to the unit that the point's values are stored in.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import polars as pl

from ecoledger.entities.models import Station
from ecoledger.monitoring.alarming import flood
from ecoledger.monitoring.computing import standard_values
from ecoledger.monitoring.points import limits
from ecoledger.monitoring.points.table import PointMap
from ecoledger.standards import air_limits, surface_water
from ecoledger.standards.catalogue import NoEditionInForceError, in_force


def attach(
    values: pl.DataFrame, basis: str, settings: dict[str, Any], kind: str, points: PointMap
) -> pl.DataFrame:
    """``values`` (``point, parameter, start, ...``) with ``limit, lower_limit, limit_standard``, and
    ``judge_converted``: whether the converted value is the one to judge."""
    dated = values.with_columns(pl.col("start").dt.date().alias("day"))
    held = limits.on_days(points.limits, dated.select("point", "parameter", "day").unique(), basis)
    own: dict[str, float] = {code: float(v) for code, v in settings.get("limits", {}).items()}
    table = (
        dated.join(held, on=["point", "parameter", "day"], how="left")
        .drop("day")
        .with_columns(
            pl.coalesce(
                pl.col("parameter").replace_strict(own, default=None, return_dtype=pl.Float64),
                "limit",
            ).alias("limit"),
            pl.when(pl.col("parameter").is_in(list(own)))
            .then(pl.lit(str(settings.get("standard", "预警规则"))))
            .otherwise("limit_standard")
            .alias("limit_standard"),
            pl.col("judge_converted").fill_null(value=False),
        )
    )
    if kind == "air":
        return _filled(table, _air_limits(table, basis), kind, points)
    if kind == "water" and basis == "hour":
        table = _filled(table, _water_limits(table), kind, points)
    return flood.raised(table, points.points) if kind == "water" else table


def _filled(
    table: pl.DataFrame, standard: pl.DataFrame, kind: str, points: PointMap
) -> pl.DataFrame:
    """Limits of the standard where neither rule nor point has one."""
    unset = pl.col("limit").is_null() & pl.col("lower_limit").is_null()
    standards = standard_values.in_stored_units(standard, ["limit", "lower_limit"], kind, points)
    return (
        table.with_columns(pl.col("start").dt.date().alias("day"))
        .join(standards, on=["point", "parameter", "day"], how="left", suffix="_of_standard")
        .with_columns(
            pl.when(unset).then(f"{name}_of_standard").otherwise(name).alias(name)
            for name in ("limit", "lower_limit", "limit_standard")
        )
        .select(table.columns)
    )


_LIMIT_SCHEMA = {
    "point": pl.Int64,
    "parameter": pl.String,
    "day": pl.Date,
    "limit": pl.Float64,
    "lower_limit": pl.Float64,
    "limit_standard": pl.String,
}


def _asked(table: pl.DataFrame, codes: dict[str, str]) -> list[tuple[int, str, date]]:
    """The points, parameters and days that limits are asked for, of parameters that the standard knows."""
    known = table.filter(pl.col("parameter").is_in(list(codes)))
    return (
        known.select("point", "parameter", pl.col("start").dt.date().alias("day")).unique().rows()
    )


def _air_limits(table: pl.DataFrame, basis: str) -> pl.DataFrame:
    keys = standard_values.air_codes()
    rows = []
    for point, code, day in _asked(table, keys):
        if found := air_limit(keys[code], basis, day):
            rows.append((point, code, day, found[0], None, found[1]))
    return pl.DataFrame(rows, schema=_LIMIT_SCHEMA, orient="row")


@lru_cache(maxsize=4096)
def air_limit(key: str, basis: str, day: date) -> tuple[float, str] | None:
    """Class II limit of GB 3095 for a factor's hour or day, with the text it stands in."""
    average = "eight_hour" if (basis, key) == ("day", "o3") else basis
    try:
        value = air_limits.limit(key, average, on=day)
    except (KeyError, NoEditionInForceError):
        return None
    return value, f"{in_force(air_limits.LIMITS, day).standard} 二级"


def _water_limits(table: pl.DataFrame) -> pl.DataFrame:
    keys = standard_values.water_codes()
    asked = _asked(table, keys)
    targets: dict[int, tuple[int, surface_water.Waterbody]] = {
        pk: (target, "lake" if lake else "river")
        for pk, target, lake in Station.objects.filter(
            points__in={point for point, _, _ in asked}, section__isnull=False
        ).values_list("points", "section__target_class", "section__is_lake")
    }
    rows = []
    for point, code, day in asked:
        if point in targets and (found := water_limit(keys[code], *targets[point], day)):
            rows.append((point, code, day, *found))
    return pl.DataFrame(rows, schema=_LIMIT_SCHEMA, orient="row")


@lru_cache(maxsize=4096)
def water_limit(
    key: str, target: int, waterbody: surface_water.Waterbody, day: date
) -> tuple[float | None, float | None, str] | None:
    """Upper and lower limit of GB 3838 for an item of a section with a target class, and the text's name."""
    try:
        edition, _ = surface_water.limits_on(day)
        low, high = surface_water.bounds(key, target, on=day, waterbody=waterbody)
    except NoEditionInForceError:
        return None
    if low is None and high is None:
        return None
    return high, low, f"{edition.standard} {surface_water.label(target)}类"
