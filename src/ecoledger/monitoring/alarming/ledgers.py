"""Where alarms are kept while findings are worked through: the database, or, for a rehearsal, nothing but memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import transaction
from django.db.models import Q, Sum

from ecoledger.monitoring.alarming.merging import RIVER
from ecoledger.monitoring.models import Alarm, AlarmRule, Filing

Hook = Callable[[Alarm], None]
HISTORY = timedelta(days=30)
_TOLD = (Alarm.State.OPEN, Alarm.State.ENDED)


# The same as :func:`going_on`, as a condition.
GOING_ON = Q(state=Alarm.State.OPEN) | Q(state=Alarm.State.MERGED, end__isnull=True)


def going_on(alarm: Alarm) -> bool:
    """Whether findings of its rule still belong to it."""
    return alarm.state == Alarm.State.OPEN or (
        alarm.state == Alarm.State.MERGED and alarm.end is None
    )


class Ledger(Protocol):
    """What the writer asks of the place where alarms are kept."""

    def together(self) -> AbstractContextManager[Any]: ...
    def going_on(self) -> Iterable[Alarm]: ...
    def covered(self, rule: AlarmRule, point: int, parameter: str, start: datetime) -> bool: ...
    def told_near(self, begin: datetime) -> list[Alarm]: ...
    def silenced(
        self,
        rule: AlarmRule,
        point: int,
        parameter: str,
        filing: Filing | None,
        why: str,
        since: datetime,
    ) -> Alarm | None: ...
    def count(self, alarm: Alarm) -> int: ...
    def save(self, alarm: Alarm) -> None: ...
    def tell(self, alarm: Alarm, what: str) -> None: ...


class DatabaseLedger:
    """The bureau's alarms."""

    def __init__(self, rules: list[AlarmRule], tell: Callable[[Alarm, str], None]) -> None:
        self._rules, self._tell = rules, tell

    def together(self) -> AbstractContextManager[Any]:
        return transaction.atomic()

    def going_on(self) -> Iterable[Alarm]:
        return Alarm.objects.filter(GOING_ON, rule__in=self._rules).select_related("point", "rule")

    def covered(self, rule: AlarmRule, point: int, parameter: str, start: datetime) -> bool:
        return (
            Alarm.objects.filter(rule=rule, point_id=point, parameter=parameter, begin__lte=start)
            .exclude(state=Alarm.State.OPEN)
            .filter(last__gt=start)
            .exists()
        )

    def told_near(self, begin: datetime) -> list[Alarm]:
        # Any point: meters and rivers reach beyond those that were touched.
        return list(
            Alarm.objects.filter(state__in=_TOLD, last__gte=begin - RIVER, begin__lte=begin + RIVER)
            .select_related("point", "rule")
            .order_by("begin")
        )

    def silenced(
        self,
        rule: AlarmRule,
        point: int,
        parameter: str,
        filing: Filing | None,
        why: str,
        since: datetime,
    ) -> Alarm | None:
        rows = Alarm.objects.filter(
            rule=rule, point_id=point, parameter=parameter, state=Alarm.State.SILENCED
        )
        if filing is not None:
            return rows.filter(filing=filing).first()
        return rows.filter(filing=None, why=why, last__gte=since).order_by("-last").first()

    def count(self, alarm: Alarm) -> int:
        earlier = Alarm.objects.filter(
            rule=alarm.rule,
            point_id=alarm.point_id,
            parameter=alarm.parameter,
            last__gt=alarm.last - HISTORY,
            state__in=_TOLD,
        )
        if alarm.pk:
            earlier = earlier.exclude(pk=alarm.pk)
        if alarm.rule.detector != AlarmRule.Detector.EXCEEDANCE:
            return earlier.count() + 1
        total = earlier.aggregate(total=Sum("occurrences"))["total"] or 0
        return int(total) + alarm.occurrences

    def save(self, alarm: Alarm) -> None:
        alarm.save()

    def tell(self, alarm: Alarm, what: str) -> None:
        self._tell(alarm, what)


class MemoryLedger:
    """Alarms that would have been: nothing is written and nobody is told."""

    def __init__(self) -> None:
        self.alarms: list[Alarm] = []
        self._by_series: dict[tuple[int, int, str], list[Alarm]] = {}
        self._told: list[Alarm] = []

    def together(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def going_on(self) -> Iterable[Alarm]:
        return [alarm for alarm in self.alarms if going_on(alarm)]

    def _series(self, rule: AlarmRule, point: int, parameter: str) -> list[Alarm]:
        return self._by_series.get((rule.pk, point, parameter), [])

    def covered(self, rule: AlarmRule, point: int, parameter: str, start: datetime) -> bool:
        return any(
            alarm.state != Alarm.State.OPEN and alarm.begin <= start < alarm.last
            for alarm in self._series(rule, point, parameter)
        )

    def told_near(self, begin: datetime) -> list[Alarm]:
        self._told = [
            alarm for alarm in self._told
            if alarm.state in _TOLD and (alarm.state == Alarm.State.OPEN or alarm.last >= begin - RIVER)
        ]  # fmt: skip
        return [alarm for alarm in self._told if alarm.last >= begin - RIVER]

    def silenced(
        self,
        rule: AlarmRule,
        point: int,
        parameter: str,
        filing: Filing | None,
        why: str,
        since: datetime,
    ) -> Alarm | None:
        for alarm in reversed(self._series(rule, point, parameter)):
            if alarm.state != Alarm.State.SILENCED:
                continue
            if filing is not None and alarm.filing_id == filing.pk:
                return alarm
            if filing is None and alarm.why == why and alarm.last >= since:
                return alarm
        return None

    def count(self, alarm: Alarm) -> int:
        same = [
            other for other in self._series(alarm.rule, alarm.point_id, alarm.parameter)
            if other is not alarm and other.state in _TOLD and other.last > alarm.last - HISTORY
        ]  # fmt: skip
        if alarm.rule.detector != AlarmRule.Detector.EXCEEDANCE:
            return len(same) + 1
        return sum(other.occurrences for other in same) + alarm.occurrences

    def save(self, alarm: Alarm) -> None:
        if not any(
            alarm is known for known in self._series(alarm.rule, alarm.point_id, alarm.parameter)
        ):
            self.alarms.append(alarm)
            key = (alarm.rule.pk, alarm.point_id, alarm.parameter)
            self._by_series.setdefault(key, []).append(alarm)
            if alarm.state == Alarm.State.OPEN:
                self._told.append(alarm)

    def tell(self, alarm: Alarm, what: str) -> None:
        return None
