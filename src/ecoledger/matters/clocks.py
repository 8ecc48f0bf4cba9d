"""Counting deadlines: working days and office hours, suspensions, what is left.

Times inside are naive, China standard time; a clock's rows are aware. The day a limit in days starts
on is not counted and its last day runs to 23:59:59 (民法典 第201条、第203条), as in
``standards.time_limits``; a limit in hours runs from the moment itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ecoledger.matters.models import Clock
from ecoledger.matters.profile import profile
from ecoledger.matters.workflow import Unit
from ecoledger.standards import time_limits, workdays

Span = tuple[datetime, datetime]
_END = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends; ``reason`` says why the moment may still move, else empty."""

    at: datetime
    reason: str = ""

    @property
    def provisional(self) -> bool:
        return bool(self.reason)


def local(moment: datetime) -> datetime:
    """An aware moment as naive China standard time."""
    return timezone.make_naive(moment) if timezone.is_aware(moment) else moment


def aware(moment: datetime) -> datetime:
    """A naive China standard time as an aware moment."""
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def office_spans(start: date, calendar: workdays.Calendar | None = None) -> Iterator[Span]:
    """Office hours day after day from ``start`` on, days off left out."""
    calendar = calendar or workdays.national()
    hours = profile().office_hours
    day = start
    while True:
        if calendar.is_working_day(day):
            for first, last in hours:
                yield datetime.combine(day, first), datetime.combine(day, last)
        day += timedelta(1)


def add_office_hours(
    start: datetime, length: timedelta, calendar: workdays.Calendar | None = None
) -> datetime:
    """The moment ``length`` of office time after ``start``."""
    left = length
    for first, last in office_spans(start.date(), calendar):
        begin = max(first, start)
        if begin >= last:
            continue
        if last - begin >= left:
            return begin + left
        left -= last - begin
    raise AssertionError("the calendar ends")  # pragma: no cover


def office_time_between(
    start: datetime, end: datetime, calendar: workdays.Calendar | None = None
) -> timedelta:
    """Office time from ``start`` to ``end``; zero when ``end`` is not later."""
    total = timedelta(0)
    if end <= start:
        return total
    for first, last in office_spans(start.date(), calendar):
        if first >= end:
            return total
        total += max(timedelta(0), min(last, end) - max(first, start))
    raise AssertionError("the calendar ends")  # pragma: no cover


def due(
    start: datetime,
    length: int,
    unit: Unit,
    suspended: Sequence[Span] = (),
    calendar: workdays.Calendar | None = None,
) -> Due:
    """When ``length`` ``unit`` from ``start`` are over, the ``suspended`` spans not counted.

    >>> due(datetime(2026, 9, 30, 9), 2, Unit.WORKING_DAY).at  # 国庆节 1-7 October
    datetime.datetime(2026, 10, 9, 23, 59, 59)
    """
    calendar = calendar or workdays.national()
    end = _plain(start, length, unit, calendar)
    for begin, until in sorted(suspended):
        if begin < end:
            end = _later(end, max(begin, start), until, unit, calendar)
    years: tuple[int, ...] = ()
    if unit in (Unit.WORKING_DAY, Unit.WORKING_HOUR):
        years = calendar.unannounced_between(start.date(), end.date())
    return Due(end, workdays.provisional_reason(years))


def _plain(start: datetime, length: int, unit: Unit, calendar: workdays.Calendar) -> datetime:
    match unit:
        case Unit.WORKING_DAY:
            return datetime.combine(calendar.add_working_days(start.date(), length).day, _END)
        case Unit.DAY:
            return datetime.combine(start.date() + timedelta(length), _END)
        case Unit.WORKING_HOUR:
            return add_office_hours(start, timedelta(hours=length), calendar)
        case Unit.HOUR:
            return start + timedelta(hours=length)
    raise ValueError(f"{unit} has no length")


def _later(
    end: datetime, begin: datetime, until: datetime, unit: Unit, calendar: workdays.Calendar
) -> datetime:
    match unit:
        case Unit.WORKING_DAY:
            days = calendar.working_days_between(begin.date(), until.date()).count
            return datetime.combine(calendar.add_working_days(end.date(), days).day, _END)
        case Unit.DAY:
            return end + timedelta((until.date() - begin.date()).days)
        case Unit.WORKING_HOUR:
            return add_office_hours(end, office_time_between(begin, until, calendar), calendar)
        case _:
            return end + (until - begin)


def by_law(
    start: datetime, key: str, extensions: Sequence[int] = (), suspended: Sequence[Span] = ()
) -> time_limits.Deadline:
    """A legal limit from ``start``; see :func:`ecoledger.standards.time_limits.deadline`."""
    unit = time_limits.limit(key, start.date()).unit
    if unit is time_limits.Unit.HOUR:
        pauses = [time_limits.Suspension(a, b) for a, b in suspended]
    else:
        # The day a suspension begins on counts as worked, the day it ends on does not.
        pauses = [
            time_limits.Suspension(a.date() + timedelta(1), b.date())
            for a, b in suspended
            if b.date() > a.date()
        ]
    return time_limits.deadline(start, key, extensions=extensions, suspended=pauses)


def counted(unit: Unit, amount: float) -> str:
    """A unit as it stands after a number: languages with a plural say one hour and two hours."""
    singular = amount == 1
    match unit:
        case Unit.HOUR:
            return pgettext("一", "小时") if singular else pgettext("多", "小时")
        case Unit.WORKING_HOUR:
            return pgettext("一", "个工作小时") if singular else pgettext("多", "个工作小时")
        case Unit.WORKING_DAY:
            return pgettext("一", "个工作日") if singular else pgettext("多", "个工作日")
    return pgettext("一", "天") if singular else pgettext("多", "天")


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a clock (``overdue``: by how much it is late), in the clock's own unit."""

    amount: float
    unit: Unit
    overdue: bool

    @property
    def text(self) -> str:
        if self.overdue and not self.amount:
            return _("已超期")
        much = {
            "much": f"{self.amount:.1f}".removesuffix(".0"),
            "unit": counted(self.unit, self.amount),
        }
        return (_("超期 %(much)s %(unit)s") if self.overdue else _("剩 %(much)s %(unit)s")) % much


def remaining(clock: Clock, now: datetime) -> Remaining | None:
    """What is left at ``now``; ``None`` for a clock that has stopped, is suspended or has no end."""
    if clock.due is None or not clock.running or clock.suspended:
        return None
    moment, end = local(now), local(clock.due)
    late = moment > end
    first, last = (end, moment) if late else (moment, end)
    if clock.unit == Unit.WORKING_DAY:
        days = workdays.working_days_between(first.date(), last.date()).count
        if days == 0 or (not late and days == 1):
            hours = office_time_between(first, last) / timedelta(hours=1)
            return Remaining(round(hours, 1), Unit.WORKING_HOUR, late)
        return Remaining(days, Unit.WORKING_DAY, late)
    if clock.unit == Unit.WORKING_HOUR:
        hours = office_time_between(first, last) / timedelta(hours=1)
        return Remaining(round(hours, 1), Unit.WORKING_HOUR, late)
    hours = (last - first) / timedelta(hours=1)
    if hours >= 48:
        return Remaining(float(int(hours // 24)), Unit.DAY, late)
    return Remaining(round(hours, 1), Unit.HOUR, late)


def used_share(clock: Clock, now: datetime) -> float:
    """The share of the clock's working time that is gone at ``now``: 0 at its start, 1 at its end."""
    if clock.due is None:
        return 0.0
    start, end, moment = local(clock.started_at), local(clock.due), local(now)
    if moment >= end:
        return 1.0
    if clock.unit in (Unit.WORKING_DAY, Unit.WORKING_HOUR):
        whole = office_time_between(start, end)
        gone = office_time_between(start, moment)
    else:
        whole, gone = end - start, moment - start
    return gone / whole if whole else 0.0
