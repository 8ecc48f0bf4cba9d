"""Raised limits of river alarms while an area is in its flood-season mode (汛期模式).

Rain washes streets and fields into rivers; a county that has put itself into the mode is told of what goes beyond that. Only
what sounds changes: classes, attainment and records are judged by the limits of the standard as ever. Who knows of modes
says so here (``registers.water.flood_season``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

# Washed in by rain: their limits are raised. Oxygen falls with it: its lower limit is lowered by the same factor.
WASHED = ("w21003", "w21011", "w21001", "w01019", "w01018", "w01017", "w01003")
OXYGEN = "w01009"


@dataclass(frozen=True, slots=True)
class Mode:
    """An area in the mode from ``begin`` to before ``until`` (China standard time without zone)."""

    area_code: str
    begin: datetime
    until: datetime | None
    factor: float
    name: str


asking: list[Callable[[], Sequence[Mode]]] = []


def raised(table: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """``table`` (``point, parameter, start, limit, lower_limit, limit_standard``) with the limits of the modes in force."""
    modes = [mode for ask in asking for mode in ask() if mode.factor > 1]
    for mode in modes:
        inside = points.filter(pl.col("area_code").str.starts_with(mode.area_code))["point"]
        during = pl.col("start") >= mode.begin
        if mode.until is not None:
            during &= pl.col("start") < mode.until
        held = pl.col("point").is_in(inside.implode()) & during
        washed = held & pl.col("parameter").is_in(WASHED)
        oxygen = held & (pl.col("parameter") == OXYGEN)
        said = pl.col("limit_standard") + f"（{mode.name}×{mode.factor:g}）"
        table = table.with_columns(
            pl.when(washed).then(pl.col("limit") * mode.factor).otherwise("limit").alias("limit"),
            pl.when(oxygen)
            .then(pl.col("lower_limit") / mode.factor)
            .otherwise("lower_limit")
            .alias("lower_limit"),
            pl.when(washed | oxygen).then(said).otherwise("limit_standard").alias("limit_standard"),
        )
    return table
