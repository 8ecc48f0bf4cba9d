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
from ecoledger.monitoring import limits, live, parameters, times
from ecoledger.monitoring.aggregate import Changed
from ecoledger.monitoring.detectors import (
    constant,
    exceedance,
    findings,
    missing,
    neighbours,
    no_treatment,
    sudden,
)
from ecoledger.monitoring.metrics import ALARMS
from ecoledger.monitoring.models import Alarm, AlarmRule, Filing
from ecoledger.monitoring.points import PointMap
from ecoledger.registry.models import Entity
from ecoledger.standards import exceedance as wording
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

# An hour still running is not worth reading a window of days for.
_BY_FINISHED_HOURS = {
    AlarmRule.Detector.CONSTANT,
    AlarmRule.Detector.SUDDEN,
    AlarmRule.Detector.NEIGHBOURS,
}
_HOURS = ["point", "parameter", "start", "seconds", "value", "minimum", "maximum", "converted",
          "valid", "count", "expected"]  # fmt: skip


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


# -- from data to findings -----------------------------------------------------------------------


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
            apply(rule, detect(rule, changed, store, points, at), points)


def sweep_missing(store: ObservationStore, points: PointMap, now: datetime | None = None) -> None:
    """Judge what should have arrived and has not. To be called every minute or so."""
    at = now or times.now()
    with _sweeping:
        rules = list(AlarmRule.objects.filter(enabled=True, detector=AlarmRule.Detector.MISSING))
        if not rules:
            return
        latest = _last_arrivals(store)
        for rule in rules:
            due = _declared(rule, points).join(latest, on=["point", "parameter"], how="left")
            apply(rule, missing.detect(due, at, rule.settings), points)


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
            Filing.objects.filter(withdrawn_at__isnull=True, begin__lte=times.aware(end)).filter(
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
        """Occurrences of the same trouble in the 30 days up to its last, this alarm's among them."""
        earlier = Alarm.objects.filter(
            rule__detector=self.rule.detector,
            rule=self.rule,
            point_id=alarm.point_id,
            parameter=alarm.parameter,
            last__gt=alarm.last - _HISTORY,
            state__in=[Alarm.State.OPEN, Alarm.State.ENDED],
        )
        if alarm.pk:
            earlier = earlier.exclude(pk=alarm.pk)
        total = earlier.aggregate(total=Sum("occurrences"))["total"] or 0
        return int(total) + alarm.occurrences

    def _keep_value(self, alarm: Alarm, row: dict[str, Any]) -> None:
        if row["value"] is not None:
            values = [*alarm.evidence.get("values", []), [row["start"].isoformat(), row["value"]]]
            alarm.evidence["values"] = values[-_VALUES_KEPT:]

    def _text(self, alarm: Alarm, row: dict[str, Any]) -> str:
        place = self.places[alarm.point_id]
        return describe(alarm, place.name, place.kind, row, self.rule, self.points)


def describe(
    alarm: Alarm,
    place: str,
    kind: str,
    row: dict[str, Any],
    rule: AlarmRule,
    points: PointMap,
) -> str:
    """The sentence an alarm is read by: value, limit, times over, duration, count in 30 days, level.

    "2号空气站PM2.5日均值92 µg/m³，超过限值60 µg/m³（GB 3095-2026 二级）0.53倍，持续1日，近30日累计2日，蓝色"
    """
    label = parameters.label(alarm.parameter, kind) if alarm.parameter else ""
    unit, decimals = _unit(alarm.point_id, alarm.parameter, kind, points)
    colour = Alarm.Level(alarm.level).label
    begin, last = times.naive(alarm.begin), times.naive(alarm.last)
    value = _number(alarm.value, decimals, unit)
    lasted = _duration(last - begin)
    match rule.detector:
        case AlarmRule.Detector.EXCEEDANCE:
            daily = rule.settings.get("basis") == "day"
            mean = "" if alarm.parameter == "aqi" else "日均值" if daily else "小时均值"
            if daily and kind == "air" and alarm.parameter == "a05024":
                mean = "日最大8小时平均"
            over = wording.multiple_text(alarm.times_over)
            how = (
                f"低于下限{_number(alarm.limit, decimals, unit)}"
                if row["note"]
                else (
                    f"超过限值{_number(alarm.limit, decimals, unit)}"
                    + (f"{over}倍" if over else "")
                )
            )
            count = f"近30日累计超标{alarm.count_30d}{'日' if daily else '小时'}"
            parts = [f"{place}{label}{mean}{value}", how, f"持续{lasted}", count]
        case AlarmRule.Detector.MISSING:
            what = f"{label}数据缺失" if label else "全部数据缺失"
            since = row["note"] or f"自{begin:%m月%d日%H:%M}起无数据"
            parts = [f"{place}{what}", since, f"持续{lasted}", f"近30日第{alarm.count_30d}次"]
        case AlarmRule.Detector.NEIGHBOURS:
            share = f"{(alarm.times_over or 0) * 100:.0f}%"
            parts = [
                f"{place}{label}小时均值{value}",
                f"高于{row['note'] or '周边'} {_number(alarm.limit, decimals, unit)}，最大高出{share}",
                f"持续{lasted}",
                f"近30日累计{alarm.count_30d}次",
            ]
        case AlarmRule.Detector.CONSTANT:
            parts = [
                f"{place}{label}恒为{value}",
                row["note"] or "",
                f"近30日累计{alarm.count_30d}次",
            ]
        case AlarmRule.Detector.SUDDEN:
            parts = [
                f"{place}{label}突变为{value}",
                row["note"] or "",
                f"近30日累计{alarm.count_30d}次",
            ]
        case _:
            parts = [place, row["note"] or "", f"持续{lasted}", f"近30日累计{alarm.count_30d}次"]
    return "，".join([part for part in parts if part] + [colour])


def _unit(point: int, parameter: str, kind: str, points: PointMap) -> tuple[str, int]:
    declared = points.parameters.filter(
        (pl.col("point") == point) & (pl.col("parameter") == parameter)
    )
    if declared.height:
        return declared["unit"][0], declared["decimals"][0]
    try:
        known = parameters.parameter(parameter, kind)
    except KeyError:
        return "", 1
    return known.unit, known.decimals


def _number(value: float | None, decimals: int, unit: str) -> str:
    if value is None:
        return "—"
    # Two digits more than are usually shown, so that 60.3 does not read "60, over the limit 60".
    text = f"{value:.{decimals + 2}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {unit}".rstrip()


def _duration(length: timedelta) -> str:
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes}分钟"
    if minutes < 48 * 60:
        return f"{minutes / 60:.1f}".rstrip("0").rstrip(".") + "小时"
    return f"{minutes / 1440:.1f}".rstrip("0").rstrip(".") + "日"


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
    transaction.on_commit(partial(live.publish, "alarm", payload))


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
