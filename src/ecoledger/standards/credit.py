"""Corporate environmental credit (企业环境信用评价): scores that follow from events.

A score is never stored. It is the initial score and the points of the events that count on the day
asked for; an event stops counting when its validity ends, when it is repaired (信用修复), or when it is
withdrawn. Each place's rules are a rule set in ``data/credit.toml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rule_data import compiled, declare_editions
from ecoledger.standards.time_limits import add_months

RULE_SET_PREFIX = "credit/"


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the scale. ``lowest`` is its lowest score (``None``: whatever is below the rest)."""

    name: str
    colour: str
    lowest: Decimal | None
    electricity_surcharge: Decimal


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A kind of event. ``None`` for ``points`` or ``valid_months``: the event must bring them."""

    code: str
    name: str
    points: Decimal | None
    valid_months: int | None
    repair_after_months: int
    veto: bool
    part: str


@dataclass(frozen=True, slots=True)
class Rules:
    """One edition of a place's scoring rules."""

    place: str
    standard: str
    initial: Decimal
    maximum: Decimal
    start_delay_days: int
    levels: tuple[Level, ...]
    behaviours: Mapping[str, Behaviour]
    mark: Mark

    def level_of(self, score: Decimal, *, vetoed: bool = False) -> Level:
        """The level of a score; a veto gives the lowest."""
        if vetoed:
            return self.levels[-1]
        for level in self.levels:
            if level.lowest is None or score >= level.lowest:
                return level
        return self.levels[-1]


@dataclass(frozen=True, slots=True)
class Event:
    """Something on record about a firm, of the day ``on``.

    ``points`` and ``valid_months`` override the rules'. ``repaired_on``: day a repair was granted;
    ``withdrawn``: the record was a mistake and never counted. ``reference`` names the document.
    """

    behaviour: str
    on: date
    reference: str = ""
    points: Decimal | None = None
    valid_months: int | None = None
    repaired_on: date | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """An event as it counts: its points, the first and the last day, and whether it does today."""

    event: Event
    name: str
    points: Decimal
    first: date
    last: date | None
    active: bool
    veto: bool
    why: str


@dataclass(frozen=True, slots=True)
class CreditScore:
    """A firm's score on a day, its level, and every event with the reason it counts or not."""

    place: str
    on: date
    score: Decimal
    level: Level
    events: tuple[Counted, ...]
    standard: str
    mark: Mark


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _rules(place: str, name: str, table: Mapping[str, Any]) -> Rules:
    levels = tuple(
        Level(
            level["name"],
            level["colour"],
            _decimal(level["from"]) if "from" in level else None,
            _decimal(level.get("electricity_surcharge", 0)),
        )
        for level in table["levels"]
    )
    bounds = [level.lowest for level in levels[:-1]]
    if None in bounds or bounds != sorted(bounds, key=lambda b: -(b or 0)):
        raise ValueError(
            f'credit.toml: {place} "{name}": levels must fall, only the last open below'
        )
    behaviours = {
        code: Behaviour(
            code,
            entry["name"],
            _decimal(entry["points"]) if "points" in entry else None,
            entry.get("valid_months"),
            entry.get("repair_after_months", 0),
            entry.get("veto", False),
            entry.get("part", ""),
        )
        for code, entry in table["behaviours"].items()
    }
    return Rules(
        place,
        name,
        _decimal(table["initial"]),
        _decimal(table["maximum"]),
        table["start_delay_days"],
        levels,
        behaviours,
        Mark(table["mark"]),
    )


@compiled("credit")
def _places(content: dict[str, Any]) -> tuple[str, ...]:
    for place, entry in content.items():
        declare_editions(
            RULE_SET_PREFIX + place,
            entry["editions"],
            {name: _rules(place, name, table) for name, table in entry["editions"].items()},
        )
    return tuple(content)


def places() -> tuple[str, ...]:
    """Places whose rules are on file."""
    return _places()


def rules(place: str, on: date) -> Rules:
    """The rules of ``place`` in force on ``on``. ``KeyError`` for an unknown place."""
    if place not in _places():
        raise KeyError(f"no credit rules of {place!r}; on file: {', '.join(_places())}")
    found: Rules = catalogue.in_force(RULE_SET_PREFIX + place, on).content
    return found


def _counted(event: Event, rule: Rules, on: date) -> Counted:
    try:
        behaviour = rule.behaviours[event.behaviour]
    except KeyError:
        raise ValueError(f"{rule.standard}: no behaviour {event.behaviour!r} is listed") from None
    points = behaviour.points if event.points is None else event.points
    if points is None:
        raise ValueError(f"{behaviour.name}: the rules on file state no points; give the event's")
    months = behaviour.valid_months if event.valid_months is None else event.valid_months
    if months is None:
        raise ValueError(f"{behaviour.name}: the rules on file state no validity; give the event's")
    last = add_months(event.on + timedelta(rule.start_delay_days), months) - timedelta(1)
    if event.repaired_on is not None:
        earliest = add_months(event.on, behaviour.repair_after_months)
        if event.repaired_on < earliest:
            raise ValueError(
                f"{behaviour.name}: repaired on {event.repaired_on}, which may not be before {earliest}"
            )
        repaired_last = event.repaired_on - timedelta(1)
    else:
        repaired_last = last
    active = event.on <= on <= min(last, repaired_last) and not event.withdrawn
    if event.withdrawn:
        why = "已撤销"
    elif on < event.on:
        why = "尚未发生"
    elif event.repaired_on is not None and on > repaired_last:
        why = f"{event.repaired_on}已修复"
    elif on > last:
        why = f"有效期至{last}"
    else:
        why = f"计分，有效期至{min(last, repaired_last)}"
    return Counted(
        event,
        behaviour.name,
        points,
        event.on,
        min(last, repaired_last),
        active,
        behaviour.veto,
        why,
    )


def score(events: Iterable[Event], place: str, on: date) -> CreditScore:
    """A firm's score and level on the day ``on`` by the rules of ``place``.

    Each event is scored by the edition in force when it happened, the level by the edition of ``on``.
    The score does not exceed the maximum. Raises ``ValueError`` for a behaviour the rules do not list,
    an event without points or validity where the rules state none, and a repair granted too early.
    """
    today = rules(place, on)
    counted = tuple(
        _counted(event, rules(place, event.on), on) for event in sorted(events, key=lambda e: e.on)
    )
    total = today.initial + sum((c.points for c in counted if c.active), Decimal(0))
    total = min(total, today.maximum)
    vetoed = any(c.veto for c in counted if c.active)
    return CreditScore(
        place, on, total, today.level_of(total, vetoed=vetoed), counted, today.standard, today.mark
    )


def history(events: Iterable[Event], place: str, first: date, last: date) -> list[CreditScore]:
    """The score on ``first`` and on every later day up to ``last`` on which it or the level changed."""
    events = list(events)
    marks = {first}
    for counted in score(events, place, first).events:
        days = {counted.first, (counted.last or last) + timedelta(1)}
        marks |= {day for day in days if first < day <= last}
    for edition in catalogue.editions(RULE_SET_PREFIX + place):
        if edition.effective_from and first < edition.effective_from <= last:
            marks.add(edition.effective_from)
    steps = [score(events, place, day) for day in sorted(marks)]
    return [
        step
        for before, step in zip([None, *steps], steps, strict=False)
        if before is None or (before.score, before.level) != (step.score, step.level)
    ]


_places()
