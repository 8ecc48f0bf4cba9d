"""What stands in the file of an entity (一档): facts, health by reasons, one timeline of everything, and the books.

A room that knows something of entities says so here when it is loaded; the page draws what comes, whoever
knows it, and no room has to know the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import IntEnum
from typing import Any, TypeVar

from django.db.models import F, TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.entities import charges, succession
from ecoledger.entities.inventory import ending, inventory_of, label_of, own_row
from ecoledger.entities.models import Charge, Enterprise, Entity, Succession
from ecoledger.listings.parts import Column


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


class Tab(TextChoices):
    """What happened to a thing, by what people look for. A list says by its ``tab`` where its rows stand."""

    DATA = "data", noop("监测与限值")
    WORK = "work", noop("事项")
    CHECKS = "checks", noop("监督检查")
    PERMITS = "permits", noop("许可与总量")
    WASTE = "waste", noop("固废危废")
    RECORDS = "records", noop("记录")
    DOCUMENTS = "documents", noop("文书")
    LISTS = "lists", noop("名录与责任")
    PAST = "past", noop("更名与合并")


@dataclass(frozen=True)
class Happening:
    """One line of the timeline: when, what kind of thing, its words, the page it opens, and the tab it stands under.

    ``tone``: "bad", "good" or nothing.
    """

    at: datetime
    kind: str
    text: str
    url: str = ""
    tab: str = Tab.PAST.value
    tone: str = ""


@dataclass(frozen=True)
class Shelf:
    """How many rows of one book are about the thing, under which tab, and the list that shows them."""

    tab: str
    label: str
    count: int
    url: str


T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class File:
    """The file of one thing, as one person may read it.

    Its parts stand on the same rows: what several of them need is asked :meth:`once` for a page.
    """

    entity: Entity
    person: Person
    _asked: dict[Callable[[File], Any], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, entity: Entity, person: Person) -> File:
        return cls(own_row(entity), person)

    def once(self, ask: Callable[[File], T]) -> T:
        """What ``ask`` says of this file; asked again it is told from memory."""
        if ask not in self._asked:
            self._asked[ask] = ask(self)
        said: T = self._asked[ask]
        return said

    def facts(self) -> list[Fact]:
        """The facts of the file's head; empty ones are left out."""
        return [fact for know in _facts for fact in know(self) if fact.value]

    def health(self) -> list[HealthItem]:
        """The reasons of the health summary, bad ones first, the newest of equals first."""
        return in_order(item for know in _health for item in know(self))

    def timeline(self) -> list[Happening]:
        """Everything that happened to it, of every room, the newest first."""
        rows = [row for know in _timeline for row in know(self)]
        return sorted(rows, key=lambda row: row.at, reverse=True)

    def shelves(self) -> list[Shelf]:
        """The books that hold something about it, as far as the person may see them."""
        return [shelf for know in _shelves for shelf in know(self) if shelf.count]


Facts = Callable[[File], Iterable[Fact]]
Health = Callable[[File], Iterable[HealthItem]]
Timeline = Callable[[File], Iterable[Happening]]
Shelves = Callable[[File], Iterable[Shelf]]
_facts: list[Facts] = []
_health: list[Health] = []
_timeline: list[Timeline] = []
_shelves: list[Shelves] = []


def knows(
    *,
    facts: Facts | None = None,
    health: Health | None = None,
    timeline: Timeline | None = None,
    shelves: Shelves | None = None,
) -> None:
    """Let a room tell what it knows of an entity, as far as the person may see it."""
    _facts.extend([facts] if facts else [])
    _health.extend([health] if health else [])
    _timeline.extend([timeline] if timeline else [])
    _shelves.extend([shelves] if shelves else [])


def in_order(items: Iterable[HealthItem]) -> list[HealthItem]:
    """Bad ones first, the newest of equals first."""
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


# -- what this room knows itself -----------------------------------------------------------------


def _noon(day: date) -> datetime:
    """A moment of a day of which only the date is known."""
    return timezone.make_aware(datetime.combine(day, time(12)))


# So many parts of a thing are named one by one; of more each question finds them again.
NAMED = 500


def with_parts(file: File) -> Iterable[Any]:
    """The keys of the thing and of its parts (``Entity.with_parts``), to be asked once."""
    keys = Entity.with_parts(file.entity.pk)
    named = list(keys.values_list("pk", flat=True)[: NAMED + 1])
    return named if len(named) <= NAMED else keys


def answering(file: File) -> list[Charge]:
    """Who answers for it today."""
    return charges.charges_of(file.entity)


def successions(file: File) -> list[Succession]:
    """What it came from and what became of it."""
    return succession.history_of(file.entity)


def _own_facts(file: File) -> Iterable[Fact]:
    entity = file.entity
    yield Fact(_("类别"), _(label_of(entity.kind)))
    yield Fact(_("对象编码"), entity.code)
    if entity.parent is not None:
        yield Fact(_("所属对象"), entity.parent.name, f"/entities/{entity.parent.pk}")
    if isinstance(entity, Enterprise):
        yield Fact(_("信用代码"), entity.uscc)
        yield Fact(_("行业"), f"{entity.industry} {entity.industry_code}".strip())
        yield Fact(_("排污许可证"), entity.permit_no)
        yield Fact(_("环保联系人"), entity.contact)
        yield Fact(_("联系电话"), entity.phone, f"tel:{entity.phone}")
    yield Fact(_("地址"), entity.address)
    if entity.until is not None:
        yield Fact(_("停用日期"), f"{entity.until}")
    for charge in file.once(answering):
        phone = charge.phone or (charge.person.phone if charge.person else "")
        yield Fact(charges.label(charge), " ".join(filter(None, (charge.who, phone))))


def _own_timeline(file: File) -> Iterable[Happening]:
    entity = file.entity
    yield Happening(entity.created_at, _("建档"), entity.name)
    for step in file.once(successions):
        if step.undone_at is None:
            text = str(step) if step.old_id != step.new_id else _changed(step.details)
            yield Happening(_noon(step.on), _(step.get_how_display()), text)
    for state in entity.states.exclude(since=None):
        if state.since is not None:
            yield Happening(_noon(state.since), _("变更登记"), state.source or entity.name)
    for charge in file.once(_charges):
        if charge.since is not None:
            yield Happening(_noon(charge.since), charges.label(charge), charge.who, "", Tab.LISTS)
    for number in entity.identifiers.exclude(since=None):
        if number.since is not None:
            yield Happening(_noon(number.since), number.scheme, number.value)


def _changed(details: dict[str, dict[str, object]]) -> str:
    before, after = details.get("before", {}), details.get("after", {})
    return _("；").join(f"{before.get(name, '')} → {value}" for name, value in after.items())


# A licence is renewed by an application 60 days before it ends (排污许可管理条例 第十四条).
PERMIT, RENEWAL_DAYS = "排污许可证编号", 60


def _holds_still(file: File) -> Iterable[HealthItem]:
    """Whether the date until which it may be used is near or gone by, of kinds that have one; told by the day."""
    entity, person = file.entity, file.person
    try:
        book = inventory_of(entity)
    except KeyError:
        return
    if not book.ends or not entity.active or not person.may(book.see):
        return
    thing = own_row(entity)
    last, left = getattr(thing, book.ends), book.days_left(thing)
    rule = _("过期为需处置；到期前%(days)d日内为需关注") % {"days": book.ends_soon}
    label = _(str(book.derive.column(Column(book.ends)).label))
    if last is None:
        yield HealthItem(label, _("没有登记"), Mark.UNKNOWN, rule)
        return
    mark = Mark.GOOD if left is None else Mark.WATCH if left >= 0 else Mark.BAD
    text = "，".join(filter(None, (f"{last:%Y-%m-%d}", ending(left))))
    yield HealthItem(label, text, mark, rule, last if mark is Mark.BAD else None)


def _own_health(file: File) -> Iterable[HealthItem]:
    """Whether the firm's permit is there and still holds, and what else has an end."""
    yield from _holds_still(file)
    entity, person = file.entity, file.person
    if not isinstance(entity, Enterprise) or not person.may("see_monitoring"):
        return
    rule = _("许可证已过期为需处置；到期前60日内应申请延续，为需关注")
    rows = entity.identifiers.filter(scheme=PERMIT).order_by(F("until").desc(nulls_first=True))
    permit, today = rows.first(), timezone.localdate()
    url = f"/registry/enterprises/{entity.pk}" if person.may("edit_registry") else ""
    if permit is None and not entity.permit_no:
        if not entity.is_key:
            return  # the small ones are registered without a permit (排污登记)
        yield HealthItem(_("排污许可"), _("没有登记排污许可证"), Mark.UNKNOWN, rule, url=url)
    elif permit is None or permit.until is None:
        number = entity.permit_no or (permit.value if permit else "")
        text = _("%(number)s，没有登记有效期") % {"number": number}
        yield HealthItem(_("排污许可"), text, Mark.UNKNOWN, rule, url=url)
    else:
        left = (permit.until - today).days
        mark = Mark.BAD if left < 0 else Mark.WATCH if left <= RENEWAL_DAYS else Mark.GOOD
        text = _("%(number)s，至 %(day)s") % {"number": permit.value, "day": permit.until}
        yield HealthItem(_("排污许可"), text, mark, rule, permit.until if left < 0 else None, url)


def _charges(file: File) -> list[Charge]:
    """Who has answered for the thing itself, and does."""
    return list(file.entity.charges.select_related("person", "organisation"))


def _own_shelves(file: File) -> Iterable[Shelf]:
    if file.person.may("see_monitoring"):
        url = f"/b/charge?about={file.entity.pk}"
        yield Shelf(Tab.LISTS, _("责任人"), len(file.once(_charges)), url)


knows(facts=_own_facts, health=_own_health, timeline=_own_timeline, shelves=_own_shelves)
