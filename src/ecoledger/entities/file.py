"""What stands in the file of an entity (一档): facts, health by reasons, and one timeline of everything.

A room that knows something of entities says so here when it is loaded; the page draws what comes, whoever
knows it, and no room has to know the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import IntEnum

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities import charges, succession
from ecoledger.entities.inventory import label_of, own_row
from ecoledger.entities.models import Entity


@dataclass(frozen=True)
class Fact:
    """One line of the head: what it is called, what it is, and where that opens."""

    label: str
    value: str
    url: str = ""


class Mark(IntEnum):
    """How an item of the health summary stands; the worst comes first."""

    BAD = 0
    WATCH = 1
    UNKNOWN = 2
    GOOD = 3


@dataclass(frozen=True)
class HealthItem:
    """One reason of the health summary: the item, the fact, its day, and the rule it follows.

    No data is ``UNKNOWN`` with what is missing as the fact: that nothing was found proves nothing.
    """

    item: str
    fact: str
    mark: Mark
    rule: str
    day: date | None = None
    url: str = ""


@dataclass(frozen=True)
class Happening:
    """One line of the timeline: when, what kind of thing, its words, and the page it opens."""

    at: datetime
    kind: str
    text: str
    url: str = ""


Facts = Callable[[Entity, Person], Iterable[Fact]]
Health = Callable[[Entity, Person], Iterable[HealthItem]]
Timeline = Callable[[Entity, Person], Iterable[Happening]]
_facts: list[Facts] = []
_health: list[Health] = []
_timeline: list[Timeline] = []


def knows(
    *, facts: Facts | None = None, health: Health | None = None, timeline: Timeline | None = None
) -> None:
    """Let a room tell what it knows of an entity, as far as the person may see it."""
    _facts.extend([facts] if facts else [])
    _health.extend([health] if health else [])
    _timeline.extend([timeline] if timeline else [])


def facts_of(entity: Entity, person: Person) -> list[Fact]:
    """The facts of the file's head; empty ones are left out."""
    row = own_row(entity)
    return [fact for know in _facts for fact in know(row, person) if fact.value]


def health_of(entity: Entity, person: Person) -> list[HealthItem]:
    """The reasons of the health summary, bad ones first, the newest of equals first."""
    items = [item for know in _health for item in know(own_row(entity), person)]
    return sorted(items, key=lambda item: (item.mark, -(item.day or date.min).toordinal()))


def word_of(items: Iterable[HealthItem]) -> str:
    """The one word of the summary."""
    worst = min((item.mark for item in items), default=Mark.UNKNOWN)
    return {
        Mark.BAD: _("需处置"),
        Mark.WATCH: _("需关注"),
        Mark.UNKNOWN: _("不能判断"),
        Mark.GOOD: _("良好"),
    }[worst]


def timeline_of(entity: Entity, person: Person) -> list[Happening]:
    """Everything that happened to it, of every room, the newest first."""
    rows = [row for know in _timeline for row in know(own_row(entity), person)]
    return sorted(rows, key=lambda row: row.at, reverse=True)


# -- what this room knows itself -----------------------------------------------------------------


def _noon(day: date) -> datetime:
    """A moment of a day of which only the date is known."""
    return timezone.make_aware(datetime.combine(day, time(12)))


def _own_facts(entity: Entity, person: Person) -> Iterable[Fact]:
    yield Fact(_("类别"), _(label_of(entity.kind)))
    yield Fact(_("对象编码"), entity.code)
    if entity.parent is not None:
        yield Fact(_("所属对象"), entity.parent.name, f"/entities/{entity.parent.pk}")
    yield Fact(_("地址"), entity.address)
    if entity.until is not None:
        yield Fact(_("停用日期"), f"{entity.until}")
    for charge in charges.charges_of(entity):
        phone = charge.phone or (charge.person.phone if charge.person else "")
        yield Fact(charges.label(charge), " ".join(filter(None, (charge.who, phone))))


def _own_timeline(entity: Entity, person: Person) -> Iterable[Happening]:
    yield Happening(entity.created_at, _("建档"), entity.name)
    for step in succession.history_of(entity):
        if step.undone_at is None:
            text = str(step) if step.old_id != step.new_id else _changed(step.details)
            yield Happening(_noon(step.on), _(step.get_how_display()), text)
    for state in entity.states.exclude(since=None):
        if state.since is not None:
            yield Happening(_noon(state.since), _("变更登记"), state.source or entity.name)
    for charge in entity.charges.select_related("person", "organisation"):
        if charge.since is not None:
            yield Happening(_noon(charge.since), charges.label(charge), charge.who)
    for number in entity.identifiers.exclude(since=None):
        if number.since is not None:
            yield Happening(_noon(number.since), number.scheme, number.value)


def _changed(details: dict[str, dict[str, object]]) -> str:
    before, after = details.get("before", {}), details.get("after", {})
    return "；".join(f"{before.get(name, '')} → {value}" for name, value in after.items())


knows(facts=_own_facts, timeline=_own_timeline)
