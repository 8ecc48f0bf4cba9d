"""The steps from new data to alarms, in order, for what the store says is pending.

Every step may be repeated without harm; work comes off the list only after the last one. So a crash
in between costs time, never a result.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from ecoledger.live import events, times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.alarming import alarms
from ecoledger.monitoring.arriving.values import STATE_MARK
from ecoledger.monitoring.computing import aggregate, checks, evaluate
from ecoledger.monitoring.computing.aggregate import Changed
from ecoledger.monitoring.points import table

BATCH = 20_000
# Data older than this are history being brought in: computed, but nobody is alarmed about them.
ALARM_AGE = timedelta(days=3)

_working = threading.Lock()
# Told of what was computed anew, before the work comes off the list; may be told twice.
on_computed: list[Callable[[Changed], None]] = []


@dataclass(frozen=True, slots=True)
class Done:
    """How much one run worked through."""

    hours: int
    days: int
    more: bool


def run_once(now: datetime | None = None, limit: int = BATCH) -> Done:
    """Work through pending hours: re-check flags, aggregate, evaluate, judge. One run at a time."""
    with _working:
        store = runtime.store()
        work = store.take_pending(limit)
        if work.is_empty():
            return Done(0, 0, more=False)
        known = table.current()
        measured = work.filter(~pl.col("parameter").str.contains(STATE_MARK, literal=True))
        if not measured.is_empty():
            checks.recheck(measured, store, known)
            changed = aggregate.run(measured, store, known)
            changed = evaluate.run(changed, store, known)
            # Area points may have been made on the way.
            known = table.current()
            alarms.run(_recent(changed, now or times.now()), store, known, now)
            for tell in on_computed:
                tell(changed)
            touched = sorted(measured["point"].unique().to_list())
            events.publish("observation", {"points": touched, "computed": True})
        else:
            changed = Changed(measured.select("hour"), measured.select("hour"))
        store.done_pending(work)
        return Done(changed.hours.height, changed.days.height, more=work.height >= limit)


def run_all(now: datetime | None = None) -> int:
    """Work until nothing is pending; how many hours were computed."""
    total = 0
    while True:
        done = run_once(now)
        total += done.hours
        if not done.more and not done.hours:
            return total


def close_day(day: datetime) -> None:
    """Judge a day that is over: its means count now even where the last hours never came."""
    with _working:
        store, known = runtime.store(), table.current()
        rows = store.read(
            series="computed-day",
            begin=day,
            end=day + timedelta(days=1),
            columns=("point", "parameter", "start"),
        )
        if rows.is_empty():
            return
        days = rows.rename({"start": "day"})
        none = days.clear().rename({"day": "hour"})
        alarms.run(Changed(none, days), store, known, day + timedelta(days=1))


def _recent(changed: Changed, now: datetime) -> Changed:
    since = now - ALARM_AGE
    return Changed(
        changed.hours.filter(pl.col("hour") >= since),
        changed.days.filter(pl.col("day") >= since - timedelta(days=1)),
    )


@contextmanager
def paused() -> Iterator[None]:
    """Nothing is worked through meanwhile: for copying both databases at one moment."""
    with _working:
        yield
