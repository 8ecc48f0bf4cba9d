"""Alarms: what the detectors find becomes one alarm a stretch of trouble, and ends when it is over.

* A finding "bad" opens an alarm, or joins the one that is open for the same rule, point and parameter.
* ``clear_after`` findings "good" in a row end it (hysteresis; "hold" counts neither way).
* A filed shutdown, maintenance or fault silences: the alarm is recorded with the state SILENCED and its
  filing, nobody is told. When the filing ends early or is withdrawn, :func:`reevaluate` looks again.
* Its level never falls while it lasts.

Other rooms hook on ``on_raised``, ``on_repeated`` and ``on_ended``: callables that take the alarm. One that
fails is logged and costs neither the alarm nor the other hooks.

Working through the same data again changes nothing: findings up to an alarm's ``last`` are known to it.
"""

from __future__ import annotations

import logging
import threading
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib import resources
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl
from django.db import transaction
from django.db.models import Q, Sum

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.entities.models import Entity
from ecoledger.live import events, times
from ecoledger.monitoring.alarming import judging, words
from ecoledger.monitoring.computing.aggregate import Changed
from ecoledger.monitoring.metrics import ALARMS
from ecoledger.monitoring.models import Alarm, AlarmRule, Filing
from ecoledger.monitoring.points.table import PointMap
from ecoledger.store.interface import ObservationStore

log = logging.getLogger(__name__)

Hook = Callable[[Alarm], None]
on_raised: list[Hook] = []
on_repeated: list[Hook] = []
on_ended: list[Hook] = []

_LEVELS = ["blue", "yellow", "orange", "red"]
_VALUES_KEPT = 48
_HISTORY = timedelta(days=30)
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


def run(
    changed: Changed, store: ObservationStore, points: PointMap, now: datetime | None = None
) -> None:
    """Judge everything that was touched by every rule that applies, and raise, repeat or end alarms."""
    if changed.empty:
        return
    at = now or times.now()
    with _working:
        for rule in AlarmRule.objects.filter(enabled=True).exclude(
            detector=AlarmRule.Detector.MISSING
        ):
            apply(rule, judging.detect(rule, changed, store, points, at), points)


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
        for rule, found in judging.silent(
            rules, store, points, now or times.now(), listening_since
        ):
            apply(rule, found, points)


# -- from findings to alarms ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """What an alarm's text and scope need to know of its point."""

    name: str
    kind: str
    area_code: str
    owner_code: str
    entity: int | None


class _Filings:
    """Filings that may silence, looked up by point and time."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self._rows = list(
            Filing.objects.filter(Filing.silencing(), begin__lte=times.aware(end)).filter(
                Q(end__isnull=True) | Q(end__gte=times.aware(begin))
            )
        )
        codes = dict(
            Entity.objects.filter(pk__in={f.entity_id for f in self._rows}).values_list(
                "pk", "code"
            )
        )
        self._codes = {f.pk: codes.get(f.entity_id, "") for f in self._rows}

    def covering(
        self, point: int, place: _Place, at: datetime, kinds: Iterable[str]
    ) -> Filing | None:
        moment = times.aware(at)
        for filing in self._rows:
            mine = (
                filing.point_id == point
                if filing.point_id
                else filing.entity_id == place.entity
                or (place.owner_code and self._codes[filing.pk] == place.owner_code)
            )
            if (
                mine
                and filing.kind in kinds
                and filing.begin <= moment
                and (filing.end is None or moment < filing.end)
            ):
                return filing
        return None


def apply(rule: AlarmRule, found: pl.DataFrame, points: PointMap) -> None:
    """Bring the alarms of one rule in line with what was found."""
    if found.is_empty():
        return
    open_alarms = {
        (a.point_id, a.parameter): a
        for a in Alarm.objects.filter(rule=rule, state=Alarm.State.OPEN).select_related(
            "point", "rule"
        )
    }
    bad = found.filter(pl.col("state") == "bad").select("point", "parameter")
    known = pl.DataFrame(
        list(open_alarms), schema={"point": pl.Int64, "parameter": pl.String}, orient="row"
    )
    # What is good matters only where an alarm is open or about to be.
    relevant = found.join(
        pl.concat([bad, known]).unique(), on=["point", "parameter"], how="semi"
    ).sort("point", "parameter", "start")
    if relevant.is_empty():
        return
    begins = relevant["start"]
    filings = _Filings(begins.min(), begins.max())  # type: ignore[arg-type]
    wanted = points.points.filter(pl.col("point").is_in(relevant["point"].unique().to_list()))
    places = {
        row["point"]: _Place(
            row["name"], row["kind"], row["area_code"], row["owner_code"], row["entity"]
        )
        for row in wanted.iter_rows(named=True)
    }
    writer = _Writer(rule, places, filings, open_alarms, points)
    # A transaction for each point: other writers, and whoever watches, wait for one alarm, not for all.
    for _, rows in groupby(relevant.iter_rows(named=True), key=itemgetter("point")):
        with transaction.atomic():
            for row in rows:
                writer.take(row)


class _Writer:
    """Applies findings in order of time to the alarms of one rule."""

    def __init__(
        self,
        rule: AlarmRule,
        places: dict[int, _Place],
        filings: _Filings,
        open_alarms: dict[tuple[int, str], Alarm],
        points: PointMap,
    ) -> None:
        self.rule = rule
        self.places = places
        self.filings = filings
        self.open = open_alarms
        self.points = points
        self.clear_after = int(rule.settings.get("clear_after", 1))
        self.silenced_by = rule.settings.get("silenced_by", [kind.value for kind in Filing.Kind])

    def take(self, row: dict[str, Any]) -> None:
        if row["point"] not in self.places:
            return
        alarm = self.open.get((row["point"], row["parameter"]))
        if row["state"] == "bad":
            self._bad(row, alarm)
        elif alarm is not None:
            self._not_bad(row, alarm)

    def _bad(self, row: dict[str, Any], alarm: Alarm | None) -> None:
        start: datetime = row["start"]
        end = start + timedelta(seconds=row["seconds"])
        if self.rule.detector == AlarmRule.Detector.MISSING:
            # Silence is judged now, not at the moment the data stopped.
            filing = self.filings.covering(
                row["point"], self.places[row["point"]], end, self.silenced_by
            ) or self.filings.covering(
                row["point"], self.places[row["point"]], start, self.silenced_by
            )
        else:
            filing = self.filings.covering(
                row["point"], self.places[row["point"]], start, self.silenced_by
            )
        if filing is not None:
            self._silenced(row, filing, end)
        elif alarm is None:
            self._raise(row, end)
        else:
            self._repeat(row, alarm, end)

    def _known_already(self, row: dict[str, Any]) -> bool:
        """Whether the period lies in an alarm that has ended or was silenced (data worked over again)."""
        start = times.aware(row["start"])
        return (
            Alarm.objects.filter(
                rule=self.rule, point_id=row["point"], parameter=row["parameter"], begin__lte=start
            )
            .exclude(state=Alarm.State.OPEN)
            .filter(last__gt=start)
            .exists()
        )

    def _raise(self, row: dict[str, Any], end: datetime) -> None:
        if self._known_already(row):
            return
        alarm = self._new(row, end, Alarm.State.OPEN)
        alarm.save()
        self.open[alarm.point_id, alarm.parameter] = alarm
        _tell(alarm, "raised", on_raised)

    def _lookback(self) -> timedelta:
        """How long the trouble had lasted when the first finding could be made."""
        settings = self.rule.settings
        match self.rule.detector:
            case AlarmRule.Detector.CONSTANT:
                return timedelta(hours=int(settings.get("hours", 6)) - 1)
            case AlarmRule.Detector.NEIGHBOURS:
                return timedelta(hours=int(settings.get("hours", 3)) - 1)
            case AlarmRule.Detector.NO_TREATMENT:
                return timedelta(minutes=int(settings.get("minutes", 30)))
        return timedelta(0)

    def _new(self, row: dict[str, Any], end: datetime, state: str) -> Alarm:
        place = self.places[row["point"]]
        alarm = Alarm(
            rule=self.rule,
            rule_version=self.rule.version,
            point_id=row["point"],
            parameter=row["parameter"],
            area_code=place.area_code,
            owner_code=place.owner_code,
            level=self._level(row["over"], 1, row["seconds"]),
            state=state,
            begin=times.aware(row["start"] - self._lookback()),
            last=times.aware(end),
            value=row["value"],
            peak=row["value"],
            limit=row["limit"],
            times_over=row["over"],
            evidence={
                "seconds": row["seconds"],
                "first": row["start"].isoformat(),
                "good": 0,
                "values": [],
            },
        )
        self._keep_value(alarm, row)
        alarm.count_30d = self._count(alarm)
        alarm.text = self._text(alarm, row)
        return alarm

    def _repeat(self, row: dict[str, Any], alarm: Alarm, end: datetime) -> None:
        last = times.naive(alarm.last)
        if end <= last and row["start"] >= times.naive(alarm.begin):
            return
        if self.rule.detector == AlarmRule.Detector.MISSING:
            # The same gap grows; it is one occurrence, told again only when its level rises.
            level = self._level(row["over"], 1, row["seconds"])
            alarm.last = times.aware(end)
            rises = _LEVELS.index(level) > _LEVELS.index(alarm.level)
            alarm.level = level if rises else alarm.level
            alarm.text = self._text(alarm, row)
            alarm.save()
            if rises:
                _tell(alarm, "repeated", on_repeated)
            return
        alarm.occurrences += 1
        alarm.begin = min(alarm.begin, times.aware(row["start"]))
        alarm.evidence["good"] = 0
        self._keep_value(alarm, row)
        if row["value"] is not None:
            worse = min if row["note"] == "低于下限" else max
            alarm.peak = row["value"] if alarm.peak is None else worse(alarm.peak, row["value"])
        if row["over"] is not None:
            alarm.times_over = max(alarm.times_over or 0.0, row["over"])
        level = self._level(alarm.times_over, alarm.occurrences, row["seconds"])
        alarm.level = max(level, alarm.level, key=_LEVELS.index)
        if end > last:
            alarm.last = times.aware(end)
            alarm.value = row["value"]
            alarm.limit = row["limit"]
        alarm.count_30d = self._count(alarm)
        alarm.text = self._text(alarm, row)
        alarm.save()
        _tell(alarm, "repeated", on_repeated)

    def _not_bad(self, row: dict[str, Any], alarm: Alarm) -> None:
        start = times.aware(row["start"])
        if start < alarm.last and self.rule.detector != AlarmRule.Detector.MISSING:
            # What raised it has been corrected since, and there was nothing else.
            only = alarm.occurrences == 1 and alarm.evidence["first"] == row["start"].isoformat()
            if only and row["state"] in ("good", "void"):
                alarm.evidence["corrected"] = row["value"]
                alarm.text += "（数据已更正或判为无效）"
                self._end(alarm, max(start, alarm.begin))
            return
        if row["state"] != "good":
            return
        if alarm.evidence.get("last_good") == row["start"].isoformat():
            return
        alarm.evidence["last_good"] = row["start"].isoformat()
        if not alarm.evidence.get("good"):
            alarm.evidence["good"] = 0
            alarm.evidence["calm_since"] = row["start"].isoformat()
        alarm.evidence["good"] += 1
        if alarm.evidence["good"] >= self.clear_after:
            # Over since the first of the good ones; the others only made sure.
            calm = times.aware(datetime.fromisoformat(alarm.evidence["calm_since"]))
            self._end(alarm, max(calm, alarm.begin))
        else:
            alarm.save(update_fields=["evidence"])

    def _end(self, alarm: Alarm, end: datetime) -> None:
        alarm.state = Alarm.State.ENDED
        alarm.end = end
        alarm.save()
        self.open.pop((alarm.point_id, alarm.parameter), None)
        _tell(alarm, "ended", on_ended)

    def _silenced(self, row: dict[str, Any], filing: Filing, end: datetime) -> None:
        """On record with the filing that covers it, told to nobody."""
        known = Alarm.objects.filter(
            rule=self.rule,
            point_id=row["point"],
            parameter=row["parameter"],
            state=Alarm.State.SILENCED,
            filing=filing,
        ).first()
        if known is None:
            silenced = self._new(row, end, Alarm.State.SILENCED)
            silenced.filing = filing
            silenced.save()
            ALARMS.labels("silenced", self.rule.detector).inc()
        elif times.aware(end) > known.last:
            known.last = times.aware(end)
            if self.rule.detector != AlarmRule.Detector.MISSING:
                known.occurrences += 1
            known.value = row["value"]
            if row["value"] is not None:
                known.peak = max(known.peak or row["value"], row["value"])
            self._keep_value(known, row)
            known.save()

    def _level(self, over: float | None, occurrences: int, seconds: int) -> str:
        settings = self.rule.settings
        level = self.rule.level
        if over is not None:
            for least, name in settings.get("levels", []):
                if over > least or (least == 0 and over >= 0):
                    level = name
        for least, name in settings.get("escalate", []):
            if occurrences >= least:
                level = max(level, name, key=_LEVELS.index)
        for hours, name in settings.get("escalate_hours", []):
            if seconds >= hours * 3600:
                level = max(level, name, key=_LEVELS.index)
        return str(level)

    def _count(self, alarm: Alarm) -> int:
        """The same trouble in the 30 days up to its last, this alarm included: of exceedances the periods
        (hours or days), of anything else the times it came up."""
        earlier = Alarm.objects.filter(
            rule=self.rule,
            point_id=alarm.point_id,
            parameter=alarm.parameter,
            last__gt=alarm.last - _HISTORY,
            state__in=[Alarm.State.OPEN, Alarm.State.ENDED],
        )
        if alarm.pk:
            earlier = earlier.exclude(pk=alarm.pk)
        if self.rule.detector != AlarmRule.Detector.EXCEEDANCE:
            return earlier.count() + 1
        total = earlier.aggregate(total=Sum("occurrences"))["total"] or 0
        return int(total) + alarm.occurrences

    def _keep_value(self, alarm: Alarm, row: dict[str, Any]) -> None:
        if row["value"] is not None:
            values = [*alarm.evidence.get("values", []), [row["start"].isoformat(), row["value"]]]
            alarm.evidence["values"] = values[-_VALUES_KEPT:]

    def _text(self, alarm: Alarm, row: dict[str, Any]) -> str:
        place = self.places[alarm.point_id]
        return words.describe(alarm, place.name, place.kind, row, self.rule, self.points)


def _tell(alarm: Alarm, what: str, hooks: list[Hook]) -> None:
    ALARMS.labels(what, alarm.rule.detector).inc()
    for hook in hooks:
        try:
            with transaction.atomic():
                hook(alarm)
        except Exception:
            log.exception("hook %s failed for alarm %s", getattr(hook, "__name__", hook), alarm.pk)
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
