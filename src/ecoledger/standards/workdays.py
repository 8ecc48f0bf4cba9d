"""Working days: the State Council's announced holidays and make-up days (调休).

The day a period starts on is not counted (民法典 第201条): one working day after Friday is Monday.
Years whose holidays are not in ``data/workdays.toml`` count Monday to Friday, and whatever rests on
them says ``provisional``. A bureau adds a newly announced year or days of its own in an overriding
``workdays.toml``, or for one calculation with :meth:`Calendar.with_local`.

Dates are plain dates; arrays are NumPy ``datetime64[D]``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.rule_data import compiled

RULE_SET = "workdays"

# The table of days that everything is looked up in. Nothing a bureau keeps lies outside it.
_FIRST = np.datetime64("1990-01-01", "D")
_LAST = np.datetime64("2099-12-31", "D")
_DAYS = int((_LAST - _FIRST).astype(int)) + 1

Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class _Counted:
    """What rests on a calendar: ``unannounced`` lists the years counted Monday to Friday."""

    unannounced: tuple[int, ...] = field(default=(), kw_only=True)

    @property
    def provisional(self) -> bool:
        """Whether it may change once holidays not yet announced are."""
        return bool(self.unannounced)

    @property
    def reason(self) -> str:
        """Why it is provisional, in Chinese; empty when it is not."""
        return provisional_reason(self.unannounced)


@dataclass(frozen=True, slots=True)
class WorkdayResult(_Counted):
    """A day reached by counting; ``unannounced`` lists the years counted Monday to Friday."""

    day: date


@dataclass(frozen=True, slots=True)
class CountResult(_Counted):
    """A number of days counted; ``unannounced`` lists the years counted Monday to Friday."""

    count: int


@dataclass(frozen=True, slots=True)
class DayKind:
    """What a day is: working or not, the holiday's name if it is part of one, and the basis."""

    day: date
    working: bool
    name: str
    provisional: bool
    basis: str
    mark: Mark


def provisional_reason(years: Iterable[int]) -> str:
    """The sentence shown beside a deadline that rests on years without announced holidays."""
    listed = "、".join(f"{year}年" for year in years)
    return f"{listed}放假安排未收录（可能尚未公布），暂按周一至周五推算" if listed else ""


@dataclass(frozen=True)
class Calendar:
    """Announced years, national days off and make-up days, and days added locally.

    Build it with :func:`national`; add days of a place with :meth:`with_local`.
    """

    years: frozenset[int]
    rest: frozenset[date]
    work: frozenset[date]
    local_rest: frozenset[date] = frozenset()
    local_work: frozenset[date] = frozenset()

    def with_local(self, rest: Iterable[date] = (), work: Iterable[date] = ()) -> Calendar:
        """This calendar with further days off or working days, which prevail over the others."""
        rest, work = frozenset(rest), frozenset(work)
        if both := rest & work:
            raise ValueError(f"{min(both)} is given both as a day off and as a working day")
        return Calendar(
            self.years,
            self.rest,
            self.work,
            (self.local_rest - work) | rest,
            (self.local_work - rest) | work,
        )

    @cached_property
    def _working(self) -> NDArray[np.bool_]:
        days = np.arange(_FIRST, _LAST + 1)
        # 1970-01-01 was a Thursday.
        working = np.asarray((days.astype(np.int64) + 3) % 7 < 5, dtype=np.bool_)
        for off, on in ((self.rest, self.work), (self.local_rest, self.local_work)):
            working[_places(sorted(off))] = False
            working[_places(sorted(on))] = True
        return working

    @cached_property
    def _counted(self) -> NDArray[np.int64]:
        """Number of working days before each day of the table, and before the day after it."""
        return np.concatenate(([0], np.cumsum(self._working))).astype(np.int64)

    @cached_property
    def _workdays(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._working).astype(np.int64)

    @cached_property
    def _unannounced_before(self) -> NDArray[np.int64]:
        """Number of days of years without announced holidays before each day of the table."""
        years = (_FIRST + np.arange(_DAYS)).astype("datetime64[Y]").astype(np.int64) + 1970
        unannounced = ~np.isin(years, sorted(self.years))
        return np.concatenate(([0], np.cumsum(unannounced))).astype(np.int64)

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on ``day``."""
        return bool(self._working[_place(day)])

    def next_working_day(self, day: date) -> date:
        """``day`` itself when it is a working day, else the first one after it."""
        return self.add_working_days(day, 0).day

    def add_working_days(self, start: date, n: int) -> WorkdayResult:
        """The ``n``-th working day after ``start``; ``start`` itself is not counted.

        A negative ``n`` counts backwards; zero gives ``start``, or the first working day after it
        when it is none. Raises ``ValueError`` outside 1990-2099.
        """
        end = _day(int(self._reach(np.asarray(_place(start)), n)))
        return WorkdayResult(end, unannounced=self.unannounced_between(start, end))

    def working_days_between(self, start: date, end: date) -> CountResult:
        """Working days after ``start`` up to and including ``end``; negative when ``end`` is first.

        Inverse of :meth:`add_working_days`: what was reached by adding ``n`` is ``n`` apart.
        """
        if end < start:
            # Backwards the days from ``end`` up to the one before ``start`` are counted.
            count = -(self._counted[_place(start)] - self._counted[_place(end)])
        else:
            count = self._counted[_place(end) + 1] - self._counted[_place(start) + 1]
        return CountResult(int(count), unannounced=self.unannounced_between(start, end))

    def unannounced_between(self, start: date, end: date) -> tuple[int, ...]:
        """Years without announced holidays among the days counted from ``start`` to ``end``."""
        if start < end:
            first, last = start + timedelta(1), end
        elif end < start:
            first, last = end, start - timedelta(1)
        else:
            first = last = start
        return tuple(y for y in range(first.year, last.year + 1) if y not in self.years)

    def are_working_days(self, days: ArrayLike) -> NDArray[np.bool_]:
        """Vector form of :meth:`is_working_day`: ``datetime64`` in, bool out, same shape."""
        return np.asarray(self._working[_places(days)], dtype=np.bool_)

    def add_working_days_to(
        self, starts: ArrayLike, n: ArrayLike
    ) -> tuple[Days, NDArray[np.bool_]]:
        """Vector form of :meth:`add_working_days`: days reached and whether each is provisional.

        ``starts`` (``datetime64``) and ``n`` (integers) broadcast. Not-a-time is refused with
        ``ValueError``: a deadline without a start is not a date.
        """
        at, steps = np.broadcast_arrays(_places(starts), np.asarray(n, dtype=np.int64))
        reached = self._reach(at, steps)
        before = self._unannounced_before
        # Days counted: after the start when going forward, before it when going back.
        first = np.where(reached > at, at + 1, reached)
        last = np.where(reached < at, at - 1, reached)
        return _FIRST + reached, np.asarray(before[last + 1] - before[first] > 0, dtype=np.bool_)

    def count_working_days(self, starts: ArrayLike, ends: ArrayLike) -> NDArray[np.int64]:
        """Vector form of :meth:`working_days_between`."""
        a, b = np.broadcast_arrays(_places(starts), _places(ends))
        forward = self._counted[b + 1] - self._counted[a + 1]
        return np.asarray(
            np.where(b < a, self._counted[b] - self._counted[a], forward), dtype=np.int64
        )

    def _reach(self, at: NDArray[np.int64], n: NDArray[np.int64] | int) -> NDArray[np.int64]:
        index = np.where(np.asarray(n) > 0, self._counted[at + 1] + n - 1, self._counted[at] + n)
        if np.any(index < 0) or np.any(index >= len(self._workdays)):
            raise ValueError("counting leaves the years 1990-2099 that the calendar covers")
        return np.asarray(self._workdays[index], dtype=np.int64)


def _places(days: ArrayLike | list[date]) -> NDArray[np.int64]:
    places = (np.asarray(days, dtype="datetime64[D]") - _FIRST).astype(np.int64)
    if np.any(places < 0) or np.any(places >= _DAYS):
        raise ValueError("a day is missing or outside the years 1990-2099 that the calendar covers")
    return places


def _place(day: date) -> int:
    if isinstance(day, datetime):
        raise TypeError(
            f"{day!r} is a time; give the day (.date()) it falls on in China standard time"
        )
    place = day.toordinal() - _FIRST_ORDINAL
    if not 0 <= place < _DAYS:
        raise ValueError(f"{day} is outside the years 1990-2099 that the calendar covers")
    return place


_FIRST_ORDINAL = date(1990, 1, 1).toordinal()


def _day(place: int) -> date:
    return date.fromordinal(_FIRST_ORDINAL + place)


def _span(first: date, last: date) -> list[date]:
    if last < first:
        raise ValueError(f"workdays.toml: a holiday ends on {last}, before it begins on {first}")
    return [first + timedelta(n) for n in range((last - first).days + 1)]


@compiled("workdays")
def national(content: dict[str, Any]) -> Calendar:
    """The calendar in force: announced years and the local additions of ``workdays.toml``."""
    rest: set[date] = set()
    work: set[date] = set()
    editions = []
    for year, table in content["years"].items():
        rest.update(
            day for holiday in table["rest"] for day in _span(holiday["from"], holiday["to"])
        )
        work.update(table["work"])
        editions.append(
            Edition(
                rule_set=RULE_SET,
                standard=table["document"],
                title=f"国务院办公厅关于{year}年部分节假日安排的通知",
                clause="",
                effective_from=date(int(year), 1, 1),
                effective_to=date(int(year), 12, 31),
                mark=Mark(table["mark"]),
                source=table["source"],
                content=table,
            )
        )
    if both := rest & work:
        raise ValueError(
            f"workdays.toml: {min(both)} is listed both as a day off and a working day"
        )
    catalogue.declare(RULE_SET, editions)
    calendar = Calendar(
        frozenset(int(y) for y in content["years"]), frozenset(rest), frozenset(work)
    )
    local = content.get("local", {})
    return calendar.with_local(local.get("rest", ()), local.get("work", ()))


def day_kind(day: date, calendar: Calendar | None = None) -> DayKind:
    """What ``day`` is (holiday, make-up working day, weekend, working day) and on what ground."""
    calendar = calendar or national()
    working = calendar.is_working_day(day)
    for edition in catalogue.editions(RULE_SET):
        for holiday in edition.content["rest"]:
            if holiday["from"] <= day <= holiday["to"] and not working:
                return DayKind(day, working, holiday["name"], False, edition.standard, edition.mark)
        if day in edition.content["work"] and working:
            return DayKind(day, working, "调休上班", False, edition.standard, edition.mark)
    if day in calendar.local_rest or day in calendar.local_work:
        name = "本地工作日" if working else "本地休息日"
        return DayKind(day, working, name, False, "本地设定", Mark.PRIMARY)
    name = "工作日" if working else "周末"
    if day.year not in calendar.years:
        return DayKind(day, working, name, True, provisional_reason([day.year]), Mark.DOUBTFUL)
    edition = catalogue.in_force(RULE_SET, day)
    return DayKind(day, working, name, False, edition.standard, edition.mark)


def is_working_day(day: date) -> bool:
    """Whether offices work on ``day`` by the calendar in force."""
    return national().is_working_day(day)


def add_working_days(start: date, n: int) -> WorkdayResult:
    """The ``n``-th working day after ``start`` by the calendar in force; see :class:`Calendar`.

    >>> add_working_days(date(2026, 9, 30), 1).day  # 国庆节 1-7 October, a Thursday follows
    datetime.date(2026, 10, 8)
    """
    return national().add_working_days(start, n)


def working_days_between(start: date, end: date) -> CountResult:
    """Working days after ``start`` up to and including ``end``, by the calendar in force."""
    return national().working_days_between(start, end)


national()
