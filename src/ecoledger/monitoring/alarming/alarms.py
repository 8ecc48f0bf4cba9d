"""Alarms: what the detectors find becomes one alarm a stretch of trouble, and ends when it is over.

* A finding "bad" opens an alarm, or joins the one that is open for the same rule, point and parameter.
* ``clear_after`` findings "good" in a row end it (hysteresis; "hold" counts neither way).
* A filed shutdown, maintenance or fault silences: the alarm is recorded with the state SILENCED and its
  filing, nobody is told. When the filing ends early or is withdrawn, :func:`reevaluate` looks again.
* What belongs to a trouble that somebody was told of already is recorded as MERGED (:mod:`.merging`).
* Its level never falls while it lasts.

Other rooms hook on ``on_raised``, ``on_repeated``, ``on_merged`` and ``on_ended``: callables that take the alarm. One that
fails is logged and costs neither the alarm nor the other hooks.

Working through the same data again changes nothing: findings up to an alarm's ``last`` are known to it.
"""

from __future__ import annotations

import logging
import threading
import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from importlib import resources
from itertools import islice
from typing import Any

import polars as pl
from django.db import transaction

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.live import events, times
from ecoledger.monitoring.alarming import judging
from ecoledger.monitoring.alarming.ledgers import DatabaseLedger, Hook, Ledger
from ecoledger.monitoring.alarming.seen import Seen
from ecoledger.monitoring.alarming.writing import Filings, Writer, in_order
from ecoledger.monitoring.computing.aggregate import Changed
from ecoledger.monitoring.metrics import ALARMS
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.monitoring.points.table import PointMap
from ecoledger.store.interface import ObservationStore

log = logging.getLogger(__name__)

on_raised: list[Hook] = []
on_merged: list[Hook] = []
on_repeated: list[Hook] = []
on_ended: list[Hook] = []

_AT_A_TIME = 50
# One evaluation of a rule at a time: two would both open the same alarm. The sweep for missing data has rules
# of its own, and a morning with hundreds of silent points must not hold up what exceeds a limit.
_working = threading.RLock()
_sweeping = threading.Lock()


# -- rules ---------------------------------------------------------------------------------------


def default_rules() -> list[AlarmRule]:
    """Enter the product's own rules that the bureau does not have yet; edited ones stay as they are."""
    text = (resources.files("ecoledger.monitoring") / "data" / "alarm_rules.toml").read_text(
        "utf-8"
    )
    made = []
    for code, entry in tomllib.loads(text).items():
        rule, new = AlarmRule.objects.get_or_create(
            code=code,
            defaults={
                "name": entry["name"],
                "detector": entry["detector"],
                "kind": entry["kind"],
                "parameters": entry.get("parameters", []),
                "level": entry["level"],
                "settings": entry["settings"],
            },
        )
        if new:
            made.append(rule)
    return made


def edit_rule(rule: AlarmRule, person: Person, **changes: Any) -> AlarmRule:
    """Change a rule; its version grows and the trail keeps what it was before."""
    allowed = {"name", "parameters", "settings", "level", "enabled"}
    if unknown := changes.keys() - allowed:
        raise ValueError(f"a rule has no {sorted(unknown)} to edit; there are {sorted(allowed)}")
    with transaction.atomic():
        before = {name: getattr(rule, name) for name in changes}
        for name, value in changes.items():
            setattr(rule, name, value)
        rule.version += 1
        rule.save()
        audit.record(
            person,
            "alarm rule edited",
            rule,
            details={"before": before, "after": changes, "version": rule.version},
        )
    return rule


# -- judging ---------------------------------------------------------------------------------------


def work_through(
    rules: list[AlarmRule],
    changed: Changed,
    store: ObservationStore,
    points: PointMap,
    now: datetime,
    ledger: Ledger,
    silences: Iterable[tuple[AlarmRule, pl.DataFrame]] = (),
) -> None:
    """Judge everything that was touched by every rule, and bring the alarms of ``ledger`` in line.

    The bureau's own alarms and a rehearsal both come from here. ``silences``: what rules for missing data found.
    """
    judged = [rule for rule in rules if rule.detector != AlarmRule.Detector.MISSING]
    seen = Seen(changed, store, points, now)
    found = [] if changed.empty else zip(judged, judging.detect_all(judged, seen), strict=True)
    apply([*found, *silences], points, ledger)


def run(
    changed: Changed, store: ObservationStore, points: PointMap, now: datetime | None = None
) -> None:
    """Judge everything that was touched by every rule that applies, and raise, repeat or end alarms."""
    if changed.empty:
        return
    with _working:
        rules = _of_values()
        ledger = DatabaseLedger(rules, _tell)
        work_through(rules, changed, store, points, now or times.now(), ledger)


def run_by_days(
    changed: Changed, store: ObservationStore, points: PointMap, now: datetime
) -> Iterator[datetime]:
    """As :func:`run`, of a past that came in at once: looked at together, as two weeks are read for a day as for ten.

    Gives each day once its alarms are raised, so that what follows from them happens before those of the next.
    """
    if changed.empty:
        return
    rules = _of_values()
    found = judging.detect_all(rules, Seen(changed, store, points, now))
    of_day = pl.col("start").dt.truncate("1d")
    days = {day for table in found for day in table.select(of_day)["start"].to_list()}
    for day in sorted(days):
        with _working:
            rows = [table.filter(of_day == day) for table in found]
            apply(list(zip(rules, rows, strict=True)), points, DatabaseLedger(rules, _tell))
        yield day


def _of_values() -> list[AlarmRule]:
    """The rules in force that judge what has arrived."""
    return list(AlarmRule.objects.filter(enabled=True).exclude(detector=AlarmRule.Detector.MISSING))


def sweep_missing(
    store: ObservationStore,
    points: PointMap,
    now: datetime | None = None,
    listening_since: datetime | None = None,
) -> None:
    """Judge what should have arrived and has not. To be called every minute or so.

    ``listening_since`` is the moment since when devices could be heard (the server's start): silence before
    it says nothing of a device and is not counted.
    """
    with _sweeping:
        rules = list(AlarmRule.objects.filter(enabled=True, detector=AlarmRule.Detector.MISSING))
        if not rules:
            return
        arrivals = judging.last_arrivals(store)
        found = judging.silent(rules, arrivals, points, now or times.now(), listening_since)
        apply(list(found), points, DatabaseLedger(rules, _tell))


def apply(found: list[tuple[AlarmRule, pl.DataFrame]], points: PointMap, ledger: Ledger) -> None:
    """Bring the alarms of a ledger in line with what was found."""
    begins = [table["start"] for _, table in found if not table.is_empty()]
    if not begins:
        return
    first, last = min(b.min() for b in begins), max(b.max() for b in begins)  # type: ignore[type-var]
    writer = Writer(ledger, points, Filings(first, last))  # type: ignore[arg-type]
    rows = in_order(found, ledger)
    # A transaction for some rows each: other writers, and whoever watches, wait for a few alarms, not for all.
    while some := list(islice(rows, _AT_A_TIME)):
        with ledger.together():
            for rule, row in some:
                writer.take(rule, row)


def _tell(alarm: Alarm, what: str) -> None:
    ALARMS.labels(what, alarm.rule.detector).inc()
    if what == "silenced":
        return
    hooks = {"raised": on_raised, "repeated": on_repeated, "merged": on_merged, "ended": on_ended}
    for hook in hooks[what]:
        try:
            with transaction.atomic():
                hook(alarm)
        except Exception:
            log.exception("hook %s failed for alarm %s", getattr(hook, "__name__", hook), alarm.pk)
    if what == "merged":
        return
    payload = {
        "event": what,
        "id": alarm.pk,
        "point": alarm.point_id,
        "parameter": alarm.parameter,
        "level": alarm.level,
        "state": alarm.state,
        "text": alarm.text,
        "area_code": alarm.area_code,
        "owner_code": alarm.owner_code,
    }
    transaction.on_commit(partial(events.publish, "alarm", payload))


# -- looking again -------------------------------------------------------------------------------


def reevaluate(
    numbers: Iterable[int],
    begin: datetime,
    end: datetime,
    store: ObservationStore,
    points: PointMap,
) -> None:
    """Judge the points ``numbers`` anew for the hours and days from ``begin`` to ``end`` (naive)."""
    chosen = points.parameters.filter(pl.col("point").is_in(list(numbers))).select(
        "point", "parameter"
    )
    first = begin.replace(minute=0, second=0, microsecond=0)
    if chosen.is_empty() or first >= end:
        return
    hours = pl.DataFrame({"hour": pl.datetime_range(first, end, "1h", eager=True, time_unit="us")})
    touched = chosen.join(hours, how="cross")
    days = touched.select(
        "point", "parameter", pl.col("hour").dt.truncate("1d").alias("day")
    ).unique()
    run(Changed(touched, days), store, points)
