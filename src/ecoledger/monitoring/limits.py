"""Which limit a mean is judged by.

In this order: what the rule sets for the parameter; what the point's own parameter says (permit or
emission standard); for ambient air GB 3095 by the date of the data; for surface water the section's
target class of GB 3838.
"""

from __future__ import annotations

import math
from datetime import date
from functools import lru_cache
from typing import Any

import polars as pl

from ecoledger.monitoring import parameters
from ecoledger.monitoring.points import PointMap
from ecoledger.registry.models import Station
from ecoledger.standards import air_limits, surface_water
from ecoledger.standards.catalogue import NoEditionInForceError, in_force


def attach(
    values: pl.DataFrame, basis: str, settings: dict[str, Any], kind: str, points: PointMap
) -> pl.DataFrame:
    """``values`` (``point, parameter, start, ...``) with ``limit, lower_limit, limit_standard``, and
    ``judge_converted``: whether the converted value is the one to judge."""
    declared = points.parameters.select(
        "point",
        "parameter",
        pl.col("converted").alias("judge_converted"),
        *(
            pl.when(pl.col("limit_basis").is_in(["", basis])).then(name).alias(name)
            for name in ("limit", "lower_limit", "limit_standard")
        ),
    )
    own: dict[str, float] = {code: float(v) for code, v in settings.get("limits", {}).items()}
    table = values.join(declared, on=["point", "parameter"], how="left").with_columns(
        pl.coalesce(
            pl.col("parameter").replace_strict(own, default=None, return_dtype=pl.Float64), "limit"
        ).alias("limit"),
        pl.when(pl.col("parameter").is_in(list(own)))
        .then(pl.lit(str(settings.get("standard", "预警规则"))))
        .otherwise("limit_standard")
        .alias("limit_standard"),
        pl.col("judge_converted").fill_null(value=False),
    )
    if kind == "air":
        return _filled(table, _air_limits(table, basis))
    if kind == "water" and basis == "hour":
        return _filled(table, _water_limits(table))
    return table


def _filled(table: pl.DataFrame, standard: pl.DataFrame) -> pl.DataFrame:
    """Limits of the standard where neither rule nor point has one."""
    unset = pl.col("limit").is_null() & pl.col("lower_limit").is_null()
    return (
        table.with_columns(pl.col("start").dt.date().alias("day"))
        .join(standard, on=["point", "parameter", "day"], how="left", suffix="_of_standard")
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


def _asked(table: pl.DataFrame) -> list[tuple[int, str, date]]:
    return (
        table.select("point", "parameter", pl.col("start").dt.date().alias("day")).unique().rows()
    )


def _air_limits(table: pl.DataFrame, basis: str) -> pl.DataFrame:
    keys = parameters.keys("air", air_limits.FACTORS)
    rows = []
    for point, code, day in _asked(table):
        if code in keys and (found := air_limit(keys[code], basis, day)):
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
    asked = _asked(table)
    targets = {
        pk: (target, "lake" if lake else "river")
        for pk, target, lake in Station.objects.filter(
            points__in={point for point, _, _ in asked}, section__isnull=False
        ).values_list("points", "section__target_class", "section__is_lake")
    }
    keys = {entry.code: entry.key for entry in parameters.of_kind("water") if entry.key}
    rows = []
    for point, code, day in asked:
        if point not in targets or code not in keys:
            continue
        target, waterbody = targets[point]
        edition, limits = surface_water.limits_on(day)
        item = limits.of(waterbody).get(keys[code])  # type: ignore[arg-type]
        if item is None or keys[code] == "tn":
            continue
        rank = min(target, len(item.low))
        low, high = (
            None if math.isinf(bound) else bound
            for bound in (item.low[rank - 1], item.high[rank - 1])
        )
        rows.append(
            (point, code, day, high, low, f"{edition.standard} {surface_water.label(target)}类")
        )
    return pl.DataFrame(rows, schema=_LIMIT_SCHEMA, orient="row")
