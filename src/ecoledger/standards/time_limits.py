"""Legal time limits: how long a step may take, counted as the law counts, with its basis.

The limits are data (``data/time_limits.toml``, overridable). :func:`deadline` counts from a trigger:
the trigger's own day or hour is not counted (民法典 第201条), a period of months or years ends on the
corresponding day (第202条), and a last day that is a day off moves to the next working day (第203条)
unless the entry says otherwise. Which short limits are working days is decided by each law's own
clause, see :func:`day_unit`.

Times are naive, China standard time.
"""

from __future__ import annotations

import calendar as months_of_year
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.rule_data import compiled
from ecoledger.standards.workdays import Calendar, national, provisional_reason

PREFIX = "time-limit/"
DAY_RULE_PREFIX = "working-day-rule/"


class Unit(StrEnum):
    """What a limit is counted in."""

    HOUR = "hour"
    DAY = "day"
    WORKING_DAY = "working_day"
    MONTH = "month"
    YEAR = "year"
    AFTER_PERIOD = "after_period"

    @property
    def label(self) -> str:
        """Chinese name, as written after the number."""
        return {
            "hour": "小时",
            "day": "日",
            "working_day": "个工作日",
            "month": "个月",
            "year": "年",
            "after_period": "期后",
        }[self.value]


class Direction(StrEnum):
    """Whether the limit runs from the trigger or must be met before it."""

    AFTER = "after"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Extension:
    """One step by which a limit may be lengthened: at most ``length`` of its unit."""

    length: int
    approver: str


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit as one text sets it. ``rolls``: a last day that is a day off moves on."""

    key: str
    matter: str
    trigger: str
    unit: Unit
    length: int
    direction: Direction
    extensions: tuple[Extension, ...]
    suspended_by: tuple[str, ...]
    rolls: bool
    standard: str
    clause: str
    scope: str
    note: str
    mark: Mark
    # For AFTER_PERIOD only: the period of the trigger and the date after its end.
    period: str = ""
    months: int = 0
    day: int = 0
    hour: int | None = None

    @property
    def basis(self) -> str:
        """Law and article, as quoted beside a deadline."""
        return f"{self.standard}{self.clause}"


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a step must be done.

    ``due`` is the last moment (23:59:59 of ``due_day`` unless counted in hours); ``nominal_day`` the
    last day before moving off a day off. ``explanation`` tells the count in Chinese.
    """

    key: str
    matter: str
    due: datetime
    due_day: date
    nominal_day: date
    unit: Unit
    length: int
    provisional: bool
    reason: str
    basis: str
    mark: Mark
    explanation: str


@dataclass(frozen=True, slots=True)
class Suspension:
    """Days that do not count, first and last included; for limits in hours, two moments.

    One that has not ended yet is given the current day as its last.
    """

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class DayUnit:
    """Whether a limit of so many days in a law is natural or working days, and by which clause."""

    unit: Unit
    basis: str
    mark: Mark


_UNITS_THAT_ROLL = (Unit.DAY, Unit.MONTH, Unit.YEAR)
_PERIOD_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def _limit(key: str, matter: dict[str, Any], standard: str, table: dict[str, Any]) -> Limit:
    where = f'time_limits.toml: limits.{key}.editions."{standard}"'
    try:
        unit = Unit(table["unit"])
        direction = Direction(table.get("direction", "after"))
        mark = Mark(table["mark"])
        length = 0 if unit is Unit.AFTER_PERIOD else int(table["length"])
    except (KeyError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error
    period = table.get("period", "")
    if unit is Unit.AFTER_PERIOD:
        if period not in ("day", *_PERIOD_MONTHS):
            raise ValueError(f"{where}: period must be day, month, quarter or year, not {period!r}")
    elif length <= 0:
        raise ValueError(f"{where}: length must be positive, not {length}")
    rest_day = table.get("rest_day", "move")
    if rest_day not in ("keep", "move"):
        raise ValueError(f'{where}: rest_day must be "keep" or "move", not {rest_day!r}')
    return Limit(
        key=key,
        matter=matter["matter"],
        trigger=matter["trigger"],
        unit=unit,
        length=length,
        direction=direction,
        extensions=tuple(
            Extension(step["length"], step["approver"]) for step in table.get("extensions", ())
        ),
        suspended_by=tuple(table.get("suspended_by", ())),
        rolls=rest_day == "move" and unit in _UNITS_THAT_ROLL and direction is Direction.AFTER,
        standard=standard,
        clause=table.get("clause", ""),
        scope=table.get("scope", "全国"),
        note=table.get("note", ""),
        mark=mark,
        period=period,
        months=table.get("months", 0),
        day=table.get("day", 0),
        hour=table.get("hour"),
    )


def _days_rule_unit(rule: dict[str, Any], days: int) -> Unit:
    working = (
        rule.get("working_days_all", False)
        or days in rule.get("working_days", ())
        or days <= rule.get("working_days_up_to", 0)
    )
    return Unit.WORKING_DAY if working else Unit.DAY


def _day_unit(law: str, days: int, on: date) -> DayUnit:
    edition = catalogue.in_force(DAY_RULE_PREFIX + law, on)
    return DayUnit(
        _days_rule_unit(edition.content, days), edition.standard + edition.clause, edition.mark
    )


def _edition(
    rule_set: str, standard: str, title: str, table: dict[str, Any], content: Any
) -> Edition:
    return Edition(
        rule_set=rule_set,
        standard=standard,
        title=title,
        clause=table.get("clause", ""),
        effective_from=table.get("effective_from"),
        effective_to=table.get("effective_to"),
        mark=Mark(table["mark"]),
        source=table["source"],
        content=content,
    )


@compiled("time_limits")
def _keys(content: dict[str, Any]) -> tuple[str, ...]:
    for key, rule in content["day_rules"].items():
        name = DAY_RULE_PREFIX + key
        catalogue.declare(
            name,
            [
                _edition(name, standard, "期限以工作日计算的规定", table, table)
                for standard, table in rule["editions"].items()
            ],
        )
    for key, matter in content["limits"].items():
        name = PREFIX + key
        editions = []
        for standard, table in matter["editions"].items():
            limit = _limit(key, matter, standard, table)
            if (law := table.get("law")) is not None:
                by_law = _day_unit(law, limit.length, table["effective_from"])
                if by_law.unit is not limit.unit:
                    raise ValueError(
                        f"time_limits.toml: limits.{key}: {limit.length} days in {law} are "
                        f"{by_law.unit}, not {limit.unit}"
                    )
            editions.append(_edition(name, standard, matter["matter"], table, limit))
        catalogue.declare(name, editions)
    return tuple(content["limits"])


def limit_keys() -> tuple[str, ...]:
    """Keys of all limits, in the order of the data file."""
    return _keys()


def limit(key: str, on: date) -> Limit:
    """The limit as the text in force on the day ``on`` sets it.

    Raises ``KeyError`` for an unknown key and
    :class:`~ecoledger.standards.catalogue.NoEditionInForceError` when no text was in force.
    """
    if key not in _keys():
        raise KeyError(f"no time limit is called {key!r}; see data/time_limits.toml for the names")
    found: Limit = catalogue.in_force(PREFIX + key, on).content
    return found


def day_unit(law: str, days: int, on: date) -> DayUnit:
    """Whether ``days`` days in ``law`` (a key of ``[day_rules]``) are natural or working days.

    >>> day_unit("penalty-law", 7, date(2026, 1, 1)).unit
    <Unit.WORKING_DAY: 'working_day'>
    >>> day_unit("penalty-law", 15, date(2026, 1, 1)).unit
    <Unit.DAY: 'day'>
    """
    _keys()
    return _day_unit(law, days, on)


def add_months(day: date, months: int) -> date:
    """The corresponding day ``months`` months on (negative: before), or the last day of a shorter month (民法典 202); of
    the last or first year where the calendar ends before.

    >>> add_months(date(2026, 1, 31), 1), add_months(date(2024, 2, 29), 12 * 3)
    (datetime.date(2026, 2, 28), datetime.date(2027, 2, 28))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    year = min(max(year, date.min.year), date.max.year)
    return date(year, month + 1, min(day.day, months_of_year.monthrange(year, month + 1)[1]))


def _after_period(limit_: Limit, day: date) -> date:
    if limit_.period == "day":
        return day + timedelta(limit_.day)
    span = _PERIOD_MONTHS[limit_.period]
    first = date(day.year, (day.month - 1) // span * span + 1, 1)
    month = add_months(first, span - 1 + limit_.months)
    longest = months_of_year.monthrange(month.year, month.month)[1]
    return month.replace(day=min(limit_.day, longest))


def _nominal(limit_: Limit, start: date, length: int, calendar: Calendar) -> date:
    """The last day without suspensions and before moving off a day off."""
    length = -length if limit_.direction is Direction.BEFORE else length
    match limit_.unit:
        case Unit.WORKING_DAY:
            return calendar.add_working_days(start, length).day
        case Unit.DAY:
            return start + timedelta(length)
        case Unit.MONTH:
            return add_months(start, length)
        case Unit.YEAR:
            return add_months(start, 12 * length)
        case _:
            return _after_period(limit_, start)


def _pushed(
    limit_: Limit, start: date, last: date, suspended: Sequence[Suspension], calendar: Calendar
) -> date:
    """``last`` later by the counted days that fell into a suspension."""

    def counts(day: date) -> bool:
        return limit_.unit is not Unit.WORKING_DAY or calendar.is_working_day(day)

    def rests(day: date) -> bool:
        return any(s.first <= day <= s.last for s in suspended)

    run = (start + timedelta(n) for n in range(1, (last - start).days + 1))
    owed = sum(1 for day in run if counts(day) and rests(day))
    while owed:
        last += timedelta(1)
        owed -= counts(last) and not rests(last)
    return last


def _total(limit_: Limit, extensions: Sequence[int]) -> int:
    if len(extensions) > len(limit_.extensions):
        raise ValueError(
            f"{limit_.matter}: {limit_.basis} allows {len(limit_.extensions)} extension(s), "
            f"{len(extensions)} were given"
        )
    for granted, step in zip(extensions, limit_.extensions, strict=False):
        if not 0 < granted <= step.length:
            raise ValueError(
                f"{limit_.matter}: an extension by {granted} is not within 1 to {step.length} "
                f"({limit_.basis})"
            )
    return limit_.length + sum(extensions)


def deadline(
    trigger: date | datetime,
    key: str,
    *,
    on: date | None = None,
    extensions: Sequence[int] = (),
    suspended: Sequence[Suspension] = (),
    calendar: Calendar | None = None,
) -> Deadline:
    """When the step ``key`` that ``trigger`` started must be done.

    ``on`` chooses the edition of the law (default: the day of the trigger). ``extensions`` are the
    lengths granted, in the order of :attr:`Limit.extensions` and its unit. ``suspended`` are periods
    that do not count. ``calendar`` defaults to the one in force.

    Raises ``KeyError`` (unknown key), ``NoEditionInForceError``, and ``ValueError`` for an extension
    beyond what the law allows, a suspension that ends before it begins, an aware time, or a limit in
    hours without a time of day.

    >>> deadline(date(2026, 11, 20), "penalty-filing").due_day  # 15 days, no working days
    datetime.date(2026, 12, 7)
    """
    if isinstance(trigger, datetime):
        if trigger.tzinfo is not None:
            raise ValueError("give the trigger as a naive time in China standard time (UTC+8)")
        start = trigger.date()
    else:
        start = trigger
    calendar = calendar or national()
    limit_ = limit(key, on or start)
    length = _total(limit_, extensions)
    for pause in suspended:
        if pause.last < pause.first:
            raise ValueError(
                f"a suspension ends on {pause.last}, before it begins on {pause.first}"
            )

    if limit_.unit is Unit.HOUR:
        return _in_hours(trigger, limit_, length, suspended)
    suspended = [Suspension(_date(pause.first), _date(pause.last)) for pause in suspended]

    nominal = _nominal(limit_, start, length, calendar)
    if suspended and limit_.direction is Direction.AFTER and limit_.unit is not Unit.AFTER_PERIOD:
        nominal = _pushed(limit_, start, nominal, suspended, calendar)
    due_day = calendar.next_working_day(nominal) if limit_.rolls else nominal
    unannounced: tuple[int, ...] = ()
    if limit_.unit is Unit.WORKING_DAY:
        unannounced = calendar.unannounced_between(start, due_day)
    elif limit_.rolls:
        unannounced = tuple(
            y for y in range(nominal.year, due_day.year + 1) if y not in calendar.years
        )
    end = time(23, 59, 59) if limit_.hour is None else time(limit_.hour)
    return Deadline(
        key=key,
        matter=limit_.matter,
        due=datetime.combine(due_day, end),
        due_day=due_day,
        nominal_day=nominal,
        unit=limit_.unit,
        length=length,
        provisional=bool(unannounced),
        reason=provisional_reason(unannounced),
        basis=limit_.basis,
        mark=limit_.mark,
        explanation=_explained(limit_, start, length, suspended, nominal, due_day),
    )


def _date(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _in_hours(
    trigger: date | datetime, limit_: Limit, length: int, suspended: Sequence[Suspension]
) -> Deadline:
    if not isinstance(trigger, datetime):
        raise ValueError(
            f"{limit_.matter} is counted in hours: give the time of day of the trigger"
        )
    due = trigger + timedelta(hours=length)
    excused_to = trigger
    for pause in sorted(suspended, key=lambda s: s.first):
        if not (isinstance(pause.first, datetime) and isinstance(pause.last, datetime)):
            raise ValueError(f"{limit_.matter} is counted in hours: give suspensions as moments")
        if pause.first < due and pause.last > excused_to:
            due += pause.last - max(pause.first, excused_to)
            excused_to = pause.last
    return Deadline(
        key=limit_.key,
        matter=limit_.matter,
        due=due,
        due_day=due.date(),
        nominal_day=due.date(),
        unit=limit_.unit,
        length=length,
        provisional=False,
        reason="",
        basis=limit_.basis,
        mark=limit_.mark,
        explanation=f"自{trigger:%Y-%m-%d %H:%M}起{length}小时，至{due:%Y-%m-%d %H:%M}",
    )


def _explained(
    limit_: Limit,
    start: date,
    length: int,
    suspended: Sequence[Suspension],
    nominal: date,
    due_day: date,
) -> str:
    if limit_.unit is Unit.AFTER_PERIOD:
        at = "" if limit_.hour is None else f"{limit_.hour}时"
        return f"{start}所属期间结束后，至{nominal}{at}"
    if limit_.direction is Direction.BEFORE:
        return f"{start}之前{length}{limit_.unit.label}，即{nominal}"
    parts = [f"自{start}次日起{length}{limit_.unit.label}"]
    if suspended:
        parts.append("扣除" + "、".join(f"{s.first}至{s.last}" for s in suspended))
    parts.append(f"至{nominal}")
    if due_day != nominal:
        parts.append(f"该日为休息日，顺延至{due_day}")
    return "，".join(parts)


_keys()
