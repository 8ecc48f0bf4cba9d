"""From data to findings: which values each alarm rule looks at, and what its detector says of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl

from ecoledger.monitoring.alarming import limits
from ecoledger.monitoring.alarming.detectors import (
    constant,
    exceedance,
    findings,
    missing,
    neighbours,
    no_treatment,
    sudden,
)
from ecoledger.monitoring.computing.aggregate import Changed
from ecoledger.monitoring.models import AlarmRule
from ecoledger.monitoring.points.table import PointMap
from ecoledger.store.interface import ObservationStore

# An hour still running is not worth reading a window of days for.
_BY_FINISHED_HOURS = {
    AlarmRule.Detector.CONSTANT,
    AlarmRule.Detector.SUDDEN,
    AlarmRule.Detector.NEIGHBOURS,
}
_HOURS = ["point", "parameter", "start", "seconds", "value", "minimum", "maximum", "converted",
          "valid", "count", "expected"]  # fmt: skip


def _last_arrivals(store: ObservationStore) -> pl.DataFrame:
    """End of the last period that arrived, by point and parameter; reported series only."""
    latest = store.latest()
    reported = latest.filter(~pl.col("series").str.starts_with("computed"))
    return reported.group_by("point", "parameter").agg(
        (pl.col("start") + pl.duration(seconds="seconds")).max().alias("arrived")
    )


def _declared(rule: AlarmRule, points: PointMap) -> pl.DataFrame:
    wanted = points.parameters.join(
        points.points.filter((pl.col("kind") == rule.kind) & pl.col("enabled")).select("point"),
        on="point",
        how="semi",
    )
    if rule.parameters:
        wanted = wanted.filter(pl.col("parameter").is_in(rule.parameters))
    return wanted.select("point", "parameter", "interval")


def silent(
    rules: list[AlarmRule],
    store: ObservationStore,
    points: PointMap,
    now: datetime,
    listening_since: datetime | None,
) -> Iterator[tuple[AlarmRule, pl.DataFrame]]:
    """What each rule for missing data finds; see :func:`ecoledger.monitoring.detectors.missing.detect`."""
    latest = _last_arrivals(store)
    for rule in rules:
        due = _declared(rule, points).join(latest, on=["point", "parameter"], how="left")
        yield rule, missing.detect(due, now, rule.settings, listening_since)


def detect(
    rule: AlarmRule,
    changed: Changed,
    store: ObservationStore,
    points: PointMap,
    now: datetime,
) -> pl.DataFrame:
    """What one rule finds in what was touched."""
    daily = rule.settings.get("basis") == "day"
    touched = (
        changed.days.rename({"day": "start"}) if daily else changed.hours.rename({"hour": "start"})
    )
    here = points.points.filter((pl.col("kind") == rule.kind) & pl.col("enabled")).select("point")
    touched = touched.join(here, on="point", how="semi")
    if rule.parameters:
        touched = touched.filter(pl.col("parameter").is_in(rule.parameters))
    if touched.is_empty():
        return findings()
    if rule.detector in _BY_FINISHED_HOURS:
        touched = touched.filter(pl.col("start") + pl.duration(hours=1) <= pl.lit(now))
        if touched.is_empty():
            return findings()
    settings = rule.settings
    width = int(settings.get("hours", 1))
    match rule.detector:
        case AlarmRule.Detector.EXCEEDANCE:
            return _exceedance(rule, touched, daily, store, points, now)
        case AlarmRule.Detector.CONSTANT:
            judged = _and_following(touched, width)
            hours = _around(judged, width, store, now)
            return constant.detect(hours, judged, settings)
        case AlarmRule.Detector.SUDDEN:
            hours = _around(touched, sudden.reach(settings) + 1, store, now)
            return sudden.detect(hours, touched, settings)
        case AlarmRule.Detector.NEIGHBOURS:
            everyone = (
                touched.select("parameter", "start").unique().join(here, how="cross")
            ).select("point", "parameter", "start")
            judged = _and_following(everyone, width)
            places = points.points.select("point", "lon", "lat").join(here, on="point", how="semi")
            return neighbours.detect(_around(judged, width, store, now), judged, places, settings)
        case AlarmRule.Detector.NO_TREATMENT:
            return _no_treatment(rule, touched, store, points)
    raise ValueError(f"rule {rule.code}: there is no detector {rule.detector!r}")


def _and_following(touched: pl.DataFrame, width: int) -> pl.DataFrame:
    """A late hour also matters to the windows that end after it."""
    return pl.concat(
        [touched.with_columns(pl.col("start") + pl.duration(hours=n)) for n in range(width)]
    ).unique()


def _around(
    judged: pl.DataFrame, width: int, store: ObservationStore, now: datetime
) -> pl.DataFrame:
    """Finished computed hours of the judged ones and ``width - 1`` before each."""
    windows = judged.select(
        "point", "parameter", (pl.col("start") - pl.duration(hours=width - 1)).alias("hour")
    )
    found = store.read_windows(windows, "computed-hour", seconds=width * 3600, columns=_HOURS)
    return found.filter(_finished(now))


def _finished(now: datetime) -> pl.Expr:
    """A mean is judged once its period is over, or has all its parts already."""
    over = pl.col("start") + pl.duration(seconds="seconds") <= pl.lit(now)
    return over | (pl.col("count") >= pl.col("expected")).fill_null(value=False)


def _exceedance(
    rule: AlarmRule,
    touched: pl.DataFrame,
    daily: bool,
    store: ObservationStore,
    points: PointMap,
    now: datetime,
) -> pl.DataFrame:
    series = "computed-day" if daily else "computed-hour"
    values = store.read_windows(
        touched.rename({"start": "hour"}), series, seconds=1, columns=_HOURS
    ).filter(_finished(now))
    if values.is_empty():
        return findings()
    judged = limits.attach(values, "day" if daily else "hour", rule.settings, rule.kind, points)
    return exceedance.detect(
        judged.with_columns(
            pl.when(pl.col("judge_converted"))
            .then(pl.coalesce("converted", "value"))
            .otherwise("value")
            .alias("value")
        ),
        rule.settings,
    )


def _no_treatment(
    rule: AlarmRule, touched: pl.DataFrame, store: ObservationStore, points: PointMap
) -> pl.DataFrame:
    meters = points.points.filter(pl.col("power_role") != "").select(
        "point", "owner_code", "line", "power_role"
    )
    thresholds = points.parameters.select("point", "running_above").unique("point", keep="first")
    meters = meters.join(thresholds, on="point", how="left")
    lines = (
        touched.join(meters, on="point").select("owner_code", "line", "parameter", "start").unique()
    )
    everyone = lines.join(meters.select("owner_code", "line", "point"), on=["owner_code", "line"])
    before = timedelta(minutes=int(rule.settings.get("minutes", 30)))
    windows = everyone.select("point", "parameter", (pl.col("start") - before).alias("hour"))
    seconds = 3600 + 2 * int(before.total_seconds())
    power = store.read_windows(
        windows, ["raw", "minute", "hour"], seconds=seconds,
        columns=["point", "parameter", "start", "value", "series"],
    ).unique(["point", "parameter", "start"], keep="first", maintain_order=True)  # fmt: skip
    judged = power.join(
        everyone.select("point", "parameter", pl.col("start").alias("hour")),
        on=["point", "parameter"],
    ).filter(
        (pl.col("start") >= pl.col("hour"))
        & (pl.col("start") < pl.col("hour") + pl.duration(seconds=3600) + before)
    )
    return no_treatment.detect(power, judged, meters, rule.settings)
