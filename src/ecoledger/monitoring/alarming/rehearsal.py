"""What rules would have raised on data that are there: nothing is written, nobody is told.

The same function works the findings through as for the bureau's own alarms (:func:`.alarms.work_through`), on a ledger of
memory. Silence is judged hour by hour, as the sweep would have judged it then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from ecoledger.live import times
from ecoledger.monitoring.alarming import alarms, judging, words
from ecoledger.monitoring.alarming.detectors import findings, missing
from ecoledger.monitoring.alarming.ledgers import MemoryLedger
from ecoledger.monitoring.computing.aggregate import Changed
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.monitoring.points.table import PointMap
from ecoledger.store.interface import ObservationStore

_REPORTED = ("raw", "minute", "hour")
_KEY = ["point", "parameter"]


class RehearsalError(ValueError):
    """What was asked for cannot be rehearsed, and why."""


def rules_of(code: str = "", settings: dict[str, Any] | None = None) -> list[AlarmRule]:
    """The enabled rules, or the one called ``code``; ``settings``: by rule code, what differs from its settings."""
    rules = list(
        AlarmRule.objects.filter(code=code) if code else AlarmRule.objects.filter(enabled=True)
    )
    if code and not rules:
        known = ", ".join(AlarmRule.objects.order_by("code").values_list("code", flat=True))
        raise RehearsalError(f"no alarm rule is called {code!r}; there are {known}")
    codes = {rule.code for rule in rules}
    for name, changes in (settings or {}).items():
        if name not in codes:
            raise RehearsalError(f"the settings name a rule {name!r} that is not rehearsed")
        if not isinstance(changes, dict):
            raise RehearsalError(f"the settings of {name!r} are no table")
    for rule in rules:
        changes = (settings or {}).get(rule.code, {})
        # A rule's own fields may stand beside its settings, as in the file of default rules.
        inner = changes.get("settings")
        rule.settings = rule.settings | (inner if isinstance(inner, dict) else changes)
    return rules


def rehearse(
    store: ObservationStore,
    points: PointMap,
    rules: list[AlarmRule],
    begin: datetime,
    end: datetime,
    *,
    within: Callable[[int], bool] | None = None,
) -> list[Alarm]:
    """The alarms that ``rules`` would have given from ``begin`` to ``end`` (naive), in order of their beginning.

    They are never saved. ``within``: which points take part (all).
    """
    enabled = points.points.filter(pl.col("enabled"))["point"].to_list()
    numbers = [number for number in enabled if within is None or within(number)]
    changed = Changed(
        *(
            _periods(store, numbers, series, column, begin, end)
            for series, column in (("computed-hour", "hour"), ("computed-day", "day"))
        )
    )
    ledger = MemoryLedger()
    missing = [rule for rule in rules if rule.detector == AlarmRule.Detector.MISSING]
    silences = _silences(store, points, missing, numbers, begin, end) if missing else []
    now = end + timedelta(days=1)
    alarms.work_through(rules, changed, store, points, now, ledger, silences)
    return sorted(ledger.alarms, key=lambda alarm: (alarm.begin, alarm.point_id, alarm.parameter))


def line(alarm: Alarm, codes: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """One alarm as a line of JSON; ``codes``: what a point is called, by its number (:func:`names`)."""
    state = "raised" if alarm.state in (Alarm.State.OPEN, Alarm.State.ENDED) else str(alarm.state)
    into = alarm.merged_into
    return {
        **codes[alarm.point_id],
        "parameter": alarm.parameter,
        "detector": alarm.rule.detector,
        "rule": alarm.rule.code,
        "first": times.naive(alarm.begin).isoformat(timespec="minutes"),
        "last": times.naive(alarm.last).isoformat(timespec="minutes"),
        "sounded": alarm.evidence["sounded"][:16],
        "level": alarm.level,
        "state": state,
        "why": alarm.why,
        "prevented_by": words.prevention(alarm.rule.detector),
        "text": alarm.text,
        "merged_into": None
        if into is None
        else {**codes[into.point_id], "rule": into.rule.code, "parameter": into.parameter,
              "first": times.naive(into.begin).isoformat(timespec="minutes")},
    }  # fmt: skip


def names(points: PointMap, codes: dict[int, str]) -> dict[int, dict[str, Any]]:
    """What lines call each point: the code of what it stands at, its number and its name."""
    return {
        number: {"point": codes.get(entity) or name, "point_id": number, "point_name": name}
        for number, entity, name in points.points.select("point", "entity", "name").iter_rows()
    }


def _periods(
    store: ObservationStore,
    numbers: list[int],
    series: str,
    column: str,
    begin: datetime,
    end: datetime,
) -> pl.DataFrame:
    rows = store.read(numbers, None, series, begin, end, columns=("point", "parameter", "start"))
    return rows.rename({"start": column}) if numbers else rows.clear().rename({"start": column})


def _silences(
    store: ObservationStore,
    points: PointMap,
    rules: list[AlarmRule],
    numbers: list[int],
    begin: datetime,
    end: datetime,
) -> list[tuple[AlarmRule, pl.DataFrame]]:
    """What a sweep at each hour would have found missing."""
    since = begin - timedelta(days=3)
    rows = store.read(
        numbers, None, _REPORTED, since, end, columns=("point", "parameter", "start", "seconds")
    )
    arrivals = rows.select(
        *_KEY, (pl.col("start") + pl.duration(seconds="seconds")).alias("arrived")
    ).sort("arrived")
    if arrivals.is_empty():
        return []
    last: Any = arrivals["arrived"].max()
    moments = pl.datetime_range(
        begin + timedelta(hours=1), min(end, last + timedelta(days=2)), "1h", eager=True, time_unit="us"
    )  # fmt: skip
    # One row a series and sweep: the last arrival up to then. What never spoke was not there to fall silent.
    state = (
        arrivals.select(_KEY)
        .unique()
        .join(pl.DataFrame({"now": moments}), how="cross")
        .sort("now")
        .join_asof(arrivals, left_on="now", right_on="arrived", by=_KEY, check_sortedness=False)
        .filter(pl.col("arrived").is_not_null())
    )
    return [(rule, _sweeps(rule, state, points)) for rule in rules]


def _sweeps(rule: AlarmRule, state: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """What the sweeps find of the points that were ever silent for longer than the rule allows."""
    least = pl.max_horizontal(
        pl.col("interval") * rule.settings.get("intervals", 3), pl.lit(rule.settings.get("minutes", 30) * 60)
    )  # fmt: skip
    mine = state.join(judging.declared(rule, points), on=_KEY).with_columns(
        ((pl.col("now") - pl.col("arrived")).dt.total_seconds() > least.min().over("point")).alias("late")
    )  # fmt: skip
    # And the sweep after, that finds it there again.
    late = mine.filter("late").select("point", "now").unique()
    asked = pl.concat(
        [late, late.with_columns(pl.col("now") + pl.duration(hours=n) for n in (1,))]
    ).unique()
    found = []
    for (moment,), rows in mine.join(asked, on=["point", "now"], how="semi").group_by(
        ["now"], maintain_order=True
    ):
        found.append(
            missing.detect(rows.select(*_KEY, "interval", "arrived"), moment, rule.settings)
        )
    return pl.concat(found) if found else findings()
