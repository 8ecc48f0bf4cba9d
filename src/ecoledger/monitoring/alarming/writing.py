"""From findings to alarms: raised, repeated, ended, silenced, merged. The same for the bureau and for a rehearsal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from django.db.models import Q

from ecoledger.entities.models import Entity
from ecoledger.live import times
from ecoledger.monitoring.alarming import merging, words
from ecoledger.monitoring.alarming.ledgers import Ledger
from ecoledger.monitoring.alarming.merging import WEIGHT, Told, What
from ecoledger.monitoring.models import Alarm, AlarmRule, Filing
from ecoledger.monitoring.points.table import PointMap

LEVELS = ["blue", "yellow", "orange", "red"]
_VALUES_KEPT = 48
_DAY = 86400
_D = AlarmRule.Detector
# These judge whether what should stand stands: that a standstill was filed is no answer.
_OF_STANDSTILL = {_D.MARKED_STOP, _D.STOP_IGNORED}
# Excused hours of one reason that lie within a day of each other are one silence.
_ONE_SILENCE = timedelta(hours=24)
_KEY = ["point", "parameter"]


@dataclass(frozen=True, slots=True)
class Place:
    """What an alarm's text, scope and merging need to know of its point."""

    name: str
    kind: str
    area_code: str
    owner_code: str
    entity: int | None
    river: int | None
    km: float | None


def silences(filing: Filing, begin: datetime, end: datetime) -> bool:
    """Whether a filing in force silences a value of the time from ``begin`` to ``end`` (aware).

    For an hour or a minute the moment it begins decides. A value of a day or more is silenced only when the filing
    covers at least half of it: else a minute that is filed would excuse the mean of a whole day.
    """
    length = end - begin
    if length < timedelta(seconds=_DAY):
        return filing.begin <= begin and (filing.end is None or begin < filing.end)
    covered = min(end, filing.end or end) - max(begin, filing.begin)
    return 2 * covered >= length


class Filings:
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
        self, point: int, place: Place, begin: datetime, end: datetime, kinds: Iterable[str]
    ) -> Filing | None:
        """The filing that silences a value of the time from ``begin`` to ``end``."""
        since, until = times.aware(begin), times.aware(end)
        for filing in self._rows:
            mine = (
                filing.point_id == point
                if filing.point_id
                else filing.entity_id == place.entity
                or (place.owner_code and self._codes[filing.pk] == place.owner_code)
            )
            if mine and filing.kind in kinds and silences(filing, since, until):
                return filing
        return None


def in_order(
    found: list[tuple[AlarmRule, pl.DataFrame]], ledger: Ledger
) -> Iterator[tuple[AlarmRule, dict[str, Any]]]:
    """Findings of all rules as time brings them, the weightiest first; what is good only where it may end an alarm."""
    known = {(alarm.rule.pk, alarm.point_id, alarm.parameter) for alarm in ledger.going_on()}
    tables = []
    for number, (rule, table) in enumerate(found):
        bad = table.filter(pl.col("state") == "bad").select(_KEY)
        mine = [(p, c) for r, p, c in known if r == rule.pk]
        keys = pl.concat(
            [
                bad,
                pl.DataFrame(
                    mine,
                    schema=dict.fromkeys(_KEY, pl.Int64) | {"parameter": pl.String},
                    orient="row",
                ),
            ]
        ).unique()
        kept = table.join(keys, on=_KEY, how="semi")
        if kept.is_empty():
            continue
        tables.append(
            kept.with_columns(
                pl.lit(number).alias("rule"),
                pl.lit(-WEIGHT.get(rule.detector, -99)).alias("weight"),
                (pl.col("start") + pl.duration(seconds="seconds")).alias("end"),
            )
        )
    if not tables:
        return
    rows = pl.concat(tables).sort("end", "weight", "rule", *_KEY, "start")
    for row in rows.iter_rows(named=True):
        yield found[row["rule"]][0], row


class Writer:
    """Applies findings in order of time to the alarms of a ledger."""

    def __init__(self, ledger: Ledger, points: PointMap, filings: Filings) -> None:
        self.ledger, self.points, self.filings = ledger, points, filings
        self.places = {
            row["point"]: Place(row["name"], row["kind"], row["area_code"], row["owner_code"],
                                row["entity"], row["river"], row["km"])
            for row in points.points.iter_rows(named=True)
        }  # fmt: skip
        self.open = {(a.rule.pk, a.point_id, a.parameter): a for a in ledger.going_on()}

    def take(self, rule: AlarmRule, row: dict[str, Any]) -> None:
        if row["point"] not in self.places:
            return
        alarm = self.open.get((rule.pk, row["point"], row["parameter"]))
        if row["state"] == "bad":
            self._bad(rule, row, alarm)
        elif alarm is not None:
            self._not_bad(row, alarm)

    def _bad(self, rule: AlarmRule, row: dict[str, Any], alarm: Alarm | None) -> None:
        start: datetime = row["start"]
        end = start + timedelta(seconds=row["seconds"])
        kinds = rule.settings.get("silenced_by", [kind.value for kind in Filing.Kind])
        if rule.detector in _OF_STANDSTILL:
            kinds = [kind for kind in kinds if kind != Filing.Kind.SHUTDOWN]
        place = self.places[row["point"]]
        filing = None
        if rule.detector == _D.MISSING:
            # Silence is judged now, not at the moment the data stopped.
            filing = self.filings.covering(row["point"], place, end, end, kinds)
        # What is missing has no mean: the moment the data stopped decides, however long they are away.
        until = start if rule.detector == _D.MISSING else end
        filing = filing or self.filings.covering(row["point"], place, start, until, kinds)
        if filing is not None:
            self._silenced(rule, row, end, filing, f"已申报{filing.get_kind_display()}")
        elif row["excuse"]:
            if alarm is None or alarm.state == Alarm.State.MERGED:
                self._silenced(rule, row, end, None, row["excuse"])
        elif alarm is None:
            self._raise(rule, row, end)
        else:
            self._repeat(row, alarm, end)

    def _raise(self, rule: AlarmRule, row: dict[str, Any], end: datetime) -> None:
        start = times.aware(row["start"])
        if self.ledger.covered(rule, row["point"], row["parameter"], start):
            return
        alarm = self._new(rule, row, end, Alarm.State.OPEN)
        alarm.why = words.why(rule, row)
        near = [self._as_open(other) for other in self.ledger.told_near(alarm.begin)]
        what, number, why = merging.decide(self._as_told(alarm), [self._as_told(a) for a in near])
        if what is What.MERGE:
            self._merge(alarm, near[number], why)
            return
        if what is What.TAKE_OVER:
            self._take_over(alarm, near[number], why)
            return
        self.ledger.save(alarm)
        self.open[rule.pk, alarm.point_id, alarm.parameter] = alarm
        self.ledger.tell(alarm, "raised")

    def _as_open(self, alarm: Alarm) -> Alarm:
        """The very row that findings go on to, else what one writes in it the other overwrites."""
        going_on = self.open.get((alarm.rule.pk, alarm.point_id, alarm.parameter))
        same = going_on is not None and alarm.pk is not None and going_on.pk == alarm.pk
        return going_on if same and going_on else alarm

    def _merge(self, alarm: Alarm, into: Alarm, why: str) -> None:
        alarm.state = Alarm.State.MERGED
        alarm.why = why
        alarm.merged_into = into
        self.ledger.save(alarm)
        self.open[alarm.rule.pk, alarm.point_id, alarm.parameter] = alarm
        # Nobody is told; but a case that was closed in between is open again.
        self.ledger.tell(alarm, "merged")
        into.evidence["merged"] = into.evidence.get("merged", 0) + 1
        if merging.stopped_together(self._as_told(alarm), self._as_told(into)):
            self._name(alarm, into)
        if _severity(alarm.level) > _severity(into.level):
            into.level = alarm.level
            self.ledger.save(into)
            self.ledger.tell(into, "repeated")
        else:
            self.ledger.save(into)

    def _name(self, alarm: Alarm, into: Alarm) -> None:
        """Say in ``into`` that the point of ``alarm`` shows the same."""
        place = self.places.get(alarm.point_id)
        named = into.evidence.get("also", [])
        if place and place.name not in named:
            into.evidence["also"] = [*named, place.name]
            into.text = words.with_others(into.text, into.evidence["also"])

    def _take_over(self, alarm: Alarm, other: Alarm, why: str) -> None:
        """``alarm`` says more of the trouble than ``other``, and carries on from its beginning, unless that was over before."""
        if alarm.begin - other.last <= merging.AGAIN:
            alarm.begin = min(alarm.begin, other.begin)
        alarm.level = max(alarm.level, other.level, key=_severity)
        alarm.evidence["sounded"] = other.evidence["sounded"]
        self.ledger.save(alarm)
        self.open[alarm.rule.pk, alarm.point_id, alarm.parameter] = alarm
        other.state = Alarm.State.MERGED
        other.why = f"{why}，由“{alarm.rule.get_detector_display()}”说明"[:300]
        other.merged_into = alarm
        self.ledger.save(other)
        self.ledger.tell(alarm, "raised")

    def _as_told(self, alarm: Alarm) -> Told:
        place = self.places.get(alarm.point_id)
        return Told(
            alarm.point_id,
            place.kind if place else "",
            alarm.owner_code,
            alarm.area_code,
            place.river if place else None,
            place.km if place else None,
            alarm.parameter,
            alarm.rule.pk,
            alarm.rule.detector,
            times.naive(alarm.begin),
            times.naive(alarm.last),
            several="also" in alarm.evidence,
        )

    def _new(self, rule: AlarmRule, row: dict[str, Any], end: datetime, state: str) -> Alarm:
        place = self.places[row["point"]]
        alarm = Alarm(
            rule=rule,
            rule_version=rule.version,
            point_id=row["point"],
            parameter=row["parameter"],
            area_code=place.area_code,
            owner_code=place.owner_code,
            level=level_of(rule, row["over"], 1, row["seconds"]),
            state=state,
            begin=times.aware(row["since"] or row["start"] - _lookback(rule)),
            last=times.aware(end),
            value=row["value"],
            peak=row["value"],
            limit=row["limit"],
            times_over=row["over"],
            evidence={
                "seconds": row["seconds"],
                "first": row["start"].isoformat(),
                "sounded": end.isoformat(),
                "good": 0,
                "values": [],
            },
        )
        _keep_value(alarm, row)
        alarm.count_30d = self.ledger.count(alarm)
        alarm.text = self._text(alarm, row)
        return alarm

    def _repeat(self, row: dict[str, Any], alarm: Alarm, end: datetime) -> None:
        last = times.naive(alarm.last)
        if end <= last and row["start"] >= times.naive(alarm.begin):
            return
        rule = alarm.rule
        if rule.detector == _D.MISSING:
            # The same gap grows; it is one occurrence, told again only when its level rises.
            level = level_of(rule, row["over"], 1, row["seconds"])
            alarm.last = times.aware(end)
            rises = _severity(level) > _severity(alarm.level)
            alarm.level = level if rises else alarm.level
            alarm.text = self._text(alarm, row)
            self.ledger.save(alarm)
            if rises:
                self._tell_again(alarm)
            return
        alarm.occurrences += 1
        alarm.begin = min(alarm.begin, times.aware(row["start"]))
        alarm.evidence["good"] = 0
        _keep_value(alarm, row)
        if row["value"] is not None:
            worse = min if row["note"] == "低于下限" else max
            alarm.peak = row["value"] if alarm.peak is None else worse(alarm.peak, row["value"])
        if row["over"] is not None:
            alarm.times_over = max(alarm.times_over or 0.0, row["over"])
        level = level_of(rule, alarm.times_over, alarm.occurrences, row["seconds"])
        alarm.level = max(level, alarm.level, key=_severity)
        if end > last:
            alarm.last = times.aware(end)
            alarm.value = row["value"]
            alarm.limit = row["limit"]
        alarm.count_30d = self.ledger.count(alarm)
        alarm.text = self._text(alarm, row)
        self.ledger.save(alarm)
        self._tell_again(alarm)

    def _tell_again(self, alarm: Alarm) -> None:
        if alarm.state == Alarm.State.OPEN:
            self.ledger.tell(alarm, "repeated")

    def _not_bad(self, row: dict[str, Any], alarm: Alarm) -> None:
        start = times.aware(row["start"])
        if start < alarm.last and alarm.rule.detector != _D.MISSING:
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
        if alarm.evidence["good"] >= int(alarm.rule.settings.get("clear_after", 1)):
            # Over since the first of the good ones; the others only made sure.
            calm = times.aware(datetime.fromisoformat(alarm.evidence["calm_since"]))
            self._end(alarm, max(calm, alarm.begin))
        else:
            self.ledger.save(alarm)

    def _end(self, alarm: Alarm, end: datetime) -> None:
        merged = alarm.state == Alarm.State.MERGED
        alarm.state = Alarm.State.MERGED if merged else Alarm.State.ENDED
        alarm.end = end
        self.ledger.save(alarm)
        self.open.pop((alarm.rule.pk, alarm.point_id, alarm.parameter), None)
        if not merged:
            self.ledger.tell(alarm, "ended")

    def _silenced(
        self, rule: AlarmRule, row: dict[str, Any], end: datetime, filing: Filing | None, why: str
    ) -> None:
        """On record with the reason, told to nobody."""
        known = self.ledger.silenced(
            rule, row["point"], row["parameter"], filing, why,
            times.aware(row["start"] - _ONE_SILENCE),
        )  # fmt: skip
        if known is None:
            silenced = self._new(rule, row, end, Alarm.State.SILENCED)
            silenced.filing, silenced.why = filing, why
            self.ledger.save(silenced)
            self.ledger.tell(silenced, "silenced")
        elif times.aware(end) > known.last:
            known.last = times.aware(end)
            if rule.detector != _D.MISSING:
                known.occurrences += 1
            known.value = row["value"]
            if row["value"] is not None:
                known.peak = max(known.peak or row["value"], row["value"])
            _keep_value(known, row)
            self.ledger.save(known)

    def _text(self, alarm: Alarm, row: dict[str, Any]) -> str:
        place = self.places[alarm.point_id]
        return words.describe(alarm, place.name, place.kind, row, alarm.rule, self.points)


def level_of(rule: AlarmRule, over: float | None, occurrences: int, seconds: int) -> str:
    """The level that a finding reaches by its rule."""
    settings, level = rule.settings, rule.level
    if over is not None:
        for least, name in settings.get("levels", []):
            if over > least or (least == 0 and over >= 0):
                level = name
    for least, name in settings.get("escalate", []):
        if occurrences >= least:
            level = max(level, name, key=_severity)
    for hours, name in settings.get("escalate_hours", []):
        if seconds >= hours * 3600:
            level = max(level, name, key=_severity)
    return str(level)


def level_now(alarm: Alarm) -> str:
    """What the last value alone would reach: an alarm keeps the level it once had until it ends."""
    value, limit = alarm.value, alarm.limit
    if alarm.times_over is None or value is None or not limit or value <= limit:
        return str(alarm.level)
    now = level_of(alarm.rule, value / limit - 1, alarm.occurrences, 0)
    return min(now, str(alarm.level), key=_severity)


def _severity(level: str) -> int:
    return LEVELS.index(level)


def _lookback(rule: AlarmRule) -> timedelta:
    """How long the trouble had lasted when the first finding could be made that does not say so itself."""
    settings = rule.settings
    match rule.detector:
        case _D.FLAT:
            return timedelta(hours=int(settings.get("hours", 6)) - 1)
        case _D.LOW_VS_NEIGHBOURS:
            # Most of these hours, not all.
            return timedelta(hours=max(0, int(settings.get("hours", 3)) - 2))
        case _D.NEIGHBOURS | _D.DILUTION | _D.BYPASS | _D.DATA_QUALITY:
            return timedelta(hours=int(settings.get("hours", 3)) - 1)
        case _D.NO_TREATMENT:
            return timedelta(minutes=int(settings.get("minutes", 30)))
    return timedelta(0)


def _keep_value(alarm: Alarm, row: dict[str, Any]) -> None:
    if row["value"] is not None:
        values = [*alarm.evidence.get("values", []), [row["start"].isoformat(), row["value"]]]
        alarm.evidence["values"] = values[-_VALUES_KEPT:]
