"""What explains a bad value without anybody's fault: rain, a region's haze, a plant that stands, starts or stops.

An excused finding is kept as a silenced alarm with its reason; nobody is told.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.regional import MICRO
from ecoledger.monitoring.alarming.detectors.tracks import each
from ecoledger.monitoring.alarming.seen import Seen

_HOUR = 3_600_000_000
# Cold starts of coal boilers take up to four hours (HJ 953); what is longer is no start.
STARTING = 4
# A rain is in the river for two days, in its sediment for three.
AFTER_RAIN = 60
# What rain washes in, or thins.
_WASHED = {
    "w21003",
    "w21011",
    "w21001",
    "w01019",
    "w01018",
    "w01003",
    "w01009",
    "w01014",
    "w01017",
}
# So many stations make a region.
_OTHERS = 3
# The region's air is near the end of the instruments' range at this share of it.
_NEAR_RANGE = 0.3
_KEY = ["point", "parameter", "start"]
_EXCUSES: dict[str, Any] = {
    "point": pl.Int64,
    "parameter": pl.String,
    "start": pl.Datetime("us"),
    "excuse": pl.String,
}

RAIN = "降雨后的自然变化"
STANDSTILL = "停产或启停炉期间"
REGIONAL = "区域空气质量，转重污染天气应对；本站独高的由周边比对规则预警"
NO_ASSESSMENT = "微站数据不用于评价"


def of_changes(
    hours: pl.DataFrame, kind: str, seen: Seen, *, compared: bool = True
) -> pl.DataFrame:
    """Excuses of sudden changes: ``point, parameter, start, excuse``.

    ``compared``: whether what is excused was compared with the hours before, in which the plant may have stood.
    """
    if kind not in ("water", "flue_gas", "wastewater"):
        return pl.DataFrame(schema=_EXCUSES)
    parts = []
    wanted = hours.select("point", "parameter").unique()
    # The whole history, so that a start some hours ago is seen.
    for track in each(seen.of(kind, []), wanted):
        if kind == "water":
            if track.parameter not in _WASHED:
                continue
            excused, why = seen.weather.wet(track, AFTER_RAIN), RAIN
            # A river that does far more than its neighbours and its own mud has been given something.
            excused &= seen.washed.explains(track)
        else:
            # Starting, or compared with hours of standing.
            excused = seen.running.restarted(track, STARTING + 1)
            excused |= seen.running.stands(track, 24 if compared else 1)
            why = STANDSTILL
        slots = np.flatnonzero(excused)
        if len(slots):
            start = (track.first + track.step * slots) * _HOUR
            parts.append(
                pl.DataFrame({"point": track.point, "parameter": track.parameter,
                              "start": pl.Series(start).cast(pl.Datetime("us")), "excuse": why},
                             schema=_EXCUSES)
            )  # fmt: skip
    return pl.concat(parts) if parts else pl.DataFrame(schema=_EXCUSES)


def of_exceedances(findings: pl.DataFrame, kind: str, daily: bool, seen: Seen) -> pl.DataFrame:
    """``found`` with an excuse where there is one."""
    bad = findings.filter(pl.col("state") == "bad")
    if bad.is_empty():
        return findings
    if kind == "air":
        excused = _regional(findings, seen)
    elif daily:
        return findings
    else:
        excused = of_changes(bad, kind, seen, compared=False)
    if excused.is_empty():
        return findings
    return findings.drop("excuse").join(excused, on=_KEY, how="left").select(findings.columns)


def _regional(findings: pl.DataFrame, seen: Seen) -> pl.DataFrame:
    """Where a county has stations enough, a limit exceeded by its air is the region's.

    What is one station's own is told by the rules for neighbours. A micro-station has no limit to exceed.
    """
    levels = seen.points.points.select("point", "level")
    table = findings.join(levels, on="point", how="left")
    micro = pl.col("level") == MICRO
    counted = (
        table.filter(~micro & pl.col("value").is_not_null())
        .group_by("parameter", "start")
        .len("all")
    )
    return (
        table.filter(pl.col("state") == "bad")
        .join(counted, on=["parameter", "start"], how="left")
        .with_columns(
            pl.when(micro)
            .then(pl.lit(NO_ASSESSMENT))
            .when((pl.col("all") >= _OTHERS).fill_null(value=False))
            .then(pl.lit(REGIONAL))
            .alias("excuse")
        )
        .filter(pl.col("excuse").is_not_null())
        .select(*_KEY, "excuse")
    )


def of_quality(findings: pl.DataFrame, hours: pl.DataFrame, seen: Seen) -> pl.DataFrame:
    """``found`` of air stations, excused where the air itself reaches the end of the range: dust storms do."""
    ranges = seen.points.parameters.select("point", "parameter", "range_to")
    around = (
        hours.filter(pl.col("value").is_not_null())
        .join(ranges, on=["point", "parameter"])
        .group_by("parameter", "start")
        .agg(pl.len().alias("all"), (pl.col("value") / pl.col("range_to")).median().alias("share"))
        .filter((pl.col("all") >= _OTHERS) & (pl.col("share") > _NEAR_RANGE))
        .select("parameter", "start", pl.lit(REGIONAL).alias("regional"))
    )
    high = pl.col("value") > 0
    return (
        findings.join(around, on=["parameter", "start"], how="left")
        .with_columns(
            pl.when(high)
            .then(pl.coalesce("excuse", "regional"))
            .otherwise("excuse")
            .alias("excuse")
        )
        .select(findings.columns)
    )
