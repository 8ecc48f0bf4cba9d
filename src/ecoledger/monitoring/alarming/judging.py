"""From data to findings: which values each alarm rule looks at, and what its detector says of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from ecoledger.jobs import beside
from ecoledger.monitoring import runtime
from ecoledger.monitoring.alarming import excuses, limits
from ecoledger.monitoring.alarming.detectors import (
    bypass,
    consistency,
    constant,
    data_quality,
    dilution,
    downstream,
    drift,
    exceedance,
    findings,
    flat,
    low_vs_neighbours,
    marked_stop,
    missing,
    near_limit,
    neighbours,
    no_treatment,
    ph_jump,
    stop_ignored,
    sudden,
    trend,
)
from ecoledger.monitoring.alarming.detectors.tracks import Track
from ecoledger.monitoring.alarming.operation import usual_high
from ecoledger.monitoring.alarming.seen import HOURS, Seen, finished
from ecoledger.monitoring.alarming.weather import TURBIDITY
from ecoledger.monitoring.computing.aggregate import Changed
from ecoledger.monitoring.models import AlarmRule
from ecoledger.monitoring.points.table import PointMap
from ecoledger.store.interface import ObservationStore

log = logging.getLogger(__name__)

# Of so many hours detectors compute for a second and more. And who does that then.
MANY = 200
BESIDE = "alarms"
_D = AlarmRule.Detector
# An hour still running is not worth reading a window of days for.
_AT_ONCE = {_D.EXCEEDANCE, _D.NO_TREATMENT}
# Whether a late hour of one point changes what is said of the others of its kind.
_AMONG_OTHERS = {_D.NEIGHBOURS, _D.LOW_VS_NEIGHBOURS, _D.DRIFT, _D.DOWNSTREAM}
# What a meter or a neighbouring factor says changes what is said of the whole outlet.
_BY_OUTLET = {_D.MARKED_STOP, _D.BYPASS}
# A meter idles below this share of its usual high; standby of a dryer or a press reaches a fifth.
_IDLE = {"production": 0.3, "treatment": 0.3}


def declared(rule: AlarmRule, points: PointMap) -> pl.DataFrame:
    """What a rule is about: ``point, parameter, interval``."""
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
    arrivals: pl.DataFrame,
    points: PointMap,
    now: datetime,
    listening_since: datetime | None,
) -> Iterator[tuple[AlarmRule, pl.DataFrame]]:
    """What each rule for missing data finds; ``arrivals``: ``point, parameter, arrived`` (see :mod:`.detectors.missing`)."""
    for rule in rules:
        due = declared(rule, points).join(arrivals, on=["point", "parameter"], how="left")
        yield rule, missing.detect(due, now, rule.settings, listening_since)


def last_arrivals(store: ObservationStore) -> pl.DataFrame:
    """End of the last period that arrived, by point and parameter; reported series only."""
    latest = store.latest()
    reported = latest.filter(~pl.col("series").str.starts_with("computed"))
    return reported.group_by("point", "parameter").agg(
        (pl.col("start") + pl.duration(seconds="seconds")).max().alias("arrived")
    )


def detect_all(rules: list[AlarmRule], seen: Seen) -> list[pl.DataFrame]:
    """What each rule finds; of much that was touched it is worked out beside the process that serves."""
    if seen.changed.hours.height >= MANY and beside.is_open(BESIDE) and seen.is_of_process:
        try:
            return list(
                beside.do(BESIDE, _detect_beside, rules, seen.changed, seen.points, seen.now)
            )
        except beside.Lost:
            log.exception("alarms are worked out here")
    return [detect(rule, seen) for rule in rules]


def _detect_beside(
    rules: list[AlarmRule], changed: Changed, points: PointMap, now: datetime
) -> list[pl.DataFrame]:
    seen = Seen(changed, runtime.store(), points, now)
    return [detect(rule, seen) for rule in rules]


def detect(rule: AlarmRule, seen: Seen) -> pl.DataFrame:
    """What one rule finds in what was touched."""
    points, now, settings = seen.points, seen.now, rule.settings
    daily = settings.get("basis") == "day"
    changed = seen.changed
    touched = (
        changed.days.rename({"day": "start"}) if daily else changed.hours.rename({"hour": "start"})
    ).select("point", "parameter", "start")
    here = points.points.filter((pl.col("kind") == rule.kind) & pl.col("enabled")).select("point")
    if rule.detector in _BY_OUTLET:
        touched = _outlets(touched, rule.kind, points)
    else:
        touched = touched.join(here, on="point", how="semi")
        if rule.parameters:
            touched = touched.filter(pl.col("parameter").is_in(rule.parameters))
    if rule.detector not in _AT_ONCE:
        touched = touched.filter(pl.col("start") + pl.duration(hours=1) <= pl.lit(now))
    if touched.is_empty():
        return findings()
    if rule.detector == _D.EXCEEDANCE:
        return _exceedance(rule, touched, daily, seen)
    if rule.detector == _D.NO_TREATMENT:
        return _no_treatment(rule, touched, seen)
    if rule.detector in _AMONG_OTHERS:
        touched = (touched.select("parameter", "start").unique().join(here, how="cross")).select(
            "point", "parameter", "start"
        )
    judged = _and_following(touched, min(int(settings.get("hours", 1)), 24))
    hours = seen.of(rule.kind, rule.parameters)
    stations = points.points.join(here, on="point", how="semi")
    match rule.detector:
        case _D.CONSTANT:
            return constant.detect(hours, judged, settings, seen.running)
        case _D.FLAT:
            return flat.detect(hours, judged, settings, seen.running)
        case _D.NEAR_LIMIT:
            values = _judged_values(limits.attach(hours, "hour", settings, rule.kind, points))
            return near_limit.detect(values, judged, settings, seen.running)
        case _D.SUDDEN:
            excused = excuses.of_changes(hours.join(judged, on=["point", "parameter", "start"],
                                                    how="semi"), rule.kind, seen)  # fmt: skip
            hours = _at_reference(seen.while_running(hours), rule, points)
            return sudden.detect(hours, judged, settings, excused)
        case _D.TREND:
            # Turbidity tells what is washed in, and is not judged by this rule.
            tracks = seen.of(rule.kind, [*rule.parameters, TURBIDITY] if rule.parameters else [])
            tracks = _at_reference(seen.while_running(tracks), rule, points)
            return trend.detect(tracks, judged, settings, seen.running, seen.weather)
        case _D.PH_JUMP:
            return ph_jump.detect(hours, judged, settings, seen.running)
        case _D.DILUTION:
            return dilution.detect(seen.of(rule.kind, []), judged, settings, seen.running)
        case _D.CONSISTENCY:
            return consistency.detect(hours, judged, settings, seen.running)
        case _D.BYPASS:
            return bypass.detect(hours, judged, seen.production, settings)
        case _D.MARKED_STOP:
            outlets = seen.of(rule.kind, [])
            return marked_stop.detect(outlets, judged, seen.production, seen.filed, settings)
        case _D.STOP_IGNORED:
            meters = _production_meters(seen, settings)
            return stop_ignored.detect(judged, meters, seen.stops, settings)
        case _D.DATA_QUALITY:
            quality = data_quality.detect(hours, judged, points.parameters, settings, seen.running)
            if rule.kind != "air":
                return quality
            quality = excuses.of_quality(quality, hours, seen)
            return pl.concat([quality, data_quality.clock(hours, judged, settings)])
        case _D.NEIGHBOURS:
            return neighbours.detect(seen.compared(rule.kind, settings), judged, settings)
        case _D.LOW_VS_NEIGHBOURS:
            return low_vs_neighbours.detect(seen.compared(rule.kind, settings), judged, settings)
        case _D.DRIFT:
            return drift.detect(seen.compared(rule.kind, settings), judged, settings)
        case _D.DOWNSTREAM:
            reaches = stations.filter(pl.col("river").is_not_null() & pl.col("km").is_not_null())
            return downstream.detect(hours, judged, reaches, settings, seen.weather)
    raise ValueError(f"rule {rule.code}: there is no detector {rule.detector!r}")


def _and_following(touched: pl.DataFrame, width: int) -> pl.DataFrame:
    """A late hour also matters to the windows that end after it."""
    if touched["start"].n_unique() > 24 * 7:
        # A month at once: what follows is among it.
        return touched.unique()
    return pl.concat(
        [touched.with_columns(pl.col("start") + pl.duration(hours=n)) for n in range(width)]
    ).unique()


def _outlets(touched: pl.DataFrame, kind: str, points: PointMap) -> pl.DataFrame:
    """The touched hours of outlets and of anything of their enterprises, as hours of all factors of the outlets."""
    owned = points.points.filter(pl.col("owner_code") != "")
    by_owner = touched.join(owned.select("point", "owner_code"), on="point").select(
        "owner_code", "start"
    )
    outlets = points.points.filter((pl.col("kind") == kind) & pl.col("enabled"))
    through = by_owner.unique().join(outlets.select("owner_code", "point"), on="owner_code")
    own = touched.join(outlets.select("point"), on="point", how="semi").select("point", "start")
    periods = pl.concat([own, through.select("point", "start")]).unique()
    factors = points.parameters.select("point", "parameter")
    return periods.join(factors, on="point").select("point", "parameter", "start")


def _judged_values(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        pl.when(pl.col("judge_converted"))
        .then(pl.coalesce("converted", "value"))
        .otherwise("value")
        .alias("value")
    )


def _at_reference(hours: pl.DataFrame, rule: AlarmRule, points: PointMap) -> pl.DataFrame:
    """``hours`` as they are judged: what a stack emits follows the oxygen, and none of that is a change."""
    if rule.kind != "flue_gas":
        return hours
    return _judged_values(limits.attach(hours, "hour", rule.settings, rule.kind, points))


def _exceedance(rule: AlarmRule, touched: pl.DataFrame, daily: bool, seen: Seen) -> pl.DataFrame:
    series = "computed-day" if daily else "computed-hour"
    asked = touched
    if rule.kind == "air":
        # Whether the whole region is over its limit is seen at all its stations.
        here = seen.points.points.filter((pl.col("kind") == rule.kind) & pl.col("enabled"))
        periods = touched.select("parameter", "start").unique()
        touched = periods.join(here.select("point"), how="cross").select(asked.columns)
    values = seen.store.read_windows(
        touched.rename({"start": "hour"}), series, seconds=1, columns=HOURS
    ).filter(finished(seen.now))
    if values.is_empty():
        return findings()
    basis = "day" if daily else "hour"
    judged = limits.attach(values, basis, rule.settings, rule.kind, seen.points)
    found = exceedance.detect(_judged_values(judged), rule.settings)
    found = excuses.of_exceedances(found, rule.kind, daily, seen)
    return found.join(asked, on=["point", "parameter", "start"], how="semi")


def _no_treatment(rule: AlarmRule, touched: pl.DataFrame, seen: Seen) -> pl.DataFrame:
    points = seen.points
    meters = points.points.filter(pl.col("power_role") != "").select(
        "point", "owner_code", "line", "power_role"
    )
    thresholds = points.parameters.select("point", "running_above").unique("point", keep="first")
    learned = _learned(seen)
    meters = meters.join(thresholds, on="point", how="left").join(learned, on="point", how="left")
    lines = (
        touched.join(meters, on="point").select("owner_code", "line", "parameter", "start").unique()
    )
    everyone = lines.join(meters.select("owner_code", "line", "point"), on=["owner_code", "line"])
    before = timedelta(minutes=max(60, int(rule.settings.get("minutes", 30))))
    windows = everyone.select("point", "parameter", (pl.col("start") - before).alias("hour"))
    seconds = 3600 + 2 * int(before.total_seconds())
    power = seen.store.read_windows(
        windows, ["raw", "minute", "hour"], seconds=seconds,
        columns=["point", "parameter", "start", "value", "series"],
    ).unique(["point", "parameter", "start"], keep="first", maintain_order=True)  # fmt: skip
    judged = power.join(
        everyone.select("point", "parameter", pl.col("start").alias("hour")).with_columns(
            pl.col("hour").dt.truncate("1h")
        ),
        on=["point", "parameter"],
        how="semi",
    ).filter(pl.col("start") >= touched["start"].min())
    return no_treatment.detect(power, judged, meters, rule.settings)


def _production_meters(seen: Seen, settings: dict[str, Any]) -> Iterator[tuple[str, Track, float]]:
    """The production meters of firms, each with the kW above which it runs."""
    default = float(settings.get("running_above", 1.0))
    thresholds = dict(seen.points.parameters.select("point", "running_above").iter_rows())
    learned = dict(_learned(seen).iter_rows())
    rows = seen.points.points.filter(pl.col("power_role") == "production")
    for point, owner in rows.select("point", "owner_code").iter_rows():
        if owner and point in seen.meters:
            above = max(thresholds.get(point) or default, learned.get(point, 0.0))
            yield owner, seen.meters[point], above


def _learned(seen: Seen) -> pl.DataFrame:
    """What idling and standby of each meter do not reach: ``point, learned`` (kW)."""
    roles = dict(seen.points.points.select("point", "power_role").iter_rows())
    rows = []
    for point, track in seen.meters.items():
        if (share := _IDLE.get(roles.get(point, ""))) and len(track) >= 48:
            rows.append((point, float(share * usual_high(track.value, len(track))[-1])))
    return pl.DataFrame(rows, schema={"point": pl.Int64, "learned": pl.Float64}, orient="row")


__all__ = ["Changed", "declared", "detect", "last_arrivals", "silent"]
