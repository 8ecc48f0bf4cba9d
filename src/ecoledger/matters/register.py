"""A register (台账) as a declaration: from it come list, detail, forms, inbox, import, export, map, API."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.accounts.scope import within
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.workflow import (
    Choices,
    Field,
    Phase,
    State,
    Text,
    Workflow,
    WorkflowError,
)

NOTHING = Q(pk__in=[])
# Work in hand: duplicates count where they went.
OPEN_WORK = Q(phase="open", merged_into=None)
# Phases that count as finished work: what is looked at again was finished.
COMPLETED = (Phase.CLOSED.value, Phase.REVIEW.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the list and of its export. ``path`` is an attribute, dotted through relations.

    ``kind``: text, number, date, datetime, due, state, choice. ``capability`` limits who sees it.
    """

    path: str
    label: Text
    kind: str = "text"
    sortable: bool = True
    choices: Choices = ()
    capability: str = ""
    # Shown on a phone too, where few columns fit.
    narrow: bool = False

    @property
    def orm_path(self) -> str:
        return self.path.replace(".", "__")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One filter above the list. ``kind``: choice, state, area, organisation, date_range, boolean."""

    name: str
    label: Text
    kind: str = "choice"
    path: str = ""
    choices: Choices = ()

    @property
    def lookup(self) -> str:
        return self.path or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportColumn:
    """One column of the import template. ``field`` cleans it; ``aliases`` are headers seen in practice."""

    field: Field
    aliases: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number of the statistics page, and the list's query that shows the matters behind it."""

    name: str
    label: Text
    value: float | None
    query: str = ""
    unit: str = "件"
    numerator: int | None = None
    denominator: int | None = None
    note: Text = ""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A table of the statistics page. ``rows``: the cells' texts, and the list query behind them or ""."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], str], ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Register:
    """One kind of matter."""

    key: str
    label: Text
    model: type[Matter]
    workflow: Workflow
    pattern: str  # of its numbers, unless the bureau's profile sets another
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    search: tuple[str, ...] = ("number", "title", "description", "address", "entity__name")
    # What the form for a new matter asks, and what may be changed on many matters at once.
    fields: tuple[Field, ...] = ()
    batch_fields: tuple[Field, ...] = ()
    details: tuple[Column, ...] = ()
    import_columns: tuple[ImportColumn, ...] = ()
    # Columns that together tell a row already imported.
    import_key: tuple[str, ...] = ()
    open_roles: frozenset[Role] = STAFF
    manage_roles: frozenset[Role] = frozenset({Role.DISPATCHER, Role.LEADER})
    capability: str = "see_matters"
    # Who may know of matters of restricted circulation, beside those who answer for them.
    circle: frozenset[Role] = frozenset({Role.DISPATCHER, Role.LEADER})
    map_layer: bool = True
    # The level as it follows from a matter's other fields; without it the level is set like any field.
    level: Callable[[Any], str] | None = None
    statistics: Callable[[QuerySet[Any], datetime], list[Statistic]] | None = None
    breakdowns: Callable[[QuerySet[Any]], list[Breakdown]] | None = None
    # Template included in the detail page for what only this register has.
    detail_template: str = ""
    # Run once a day by the schedule; returns how many matters it touched.
    daily: Callable[[datetime], int] | None = None
    # Called for each imported matter with its row's cells, inside the row's own transaction.
    after_import: Callable[[Any, dict[str, Any], Person, datetime], None] | None = None
    # Values a new matter gets when nobody gave them.
    prepare: Callable[[Any], None] | None = None

    def __post_init__(self) -> None:
        for columns in (self.fields, self.batch_fields):
            for f in columns:
                if f.stores and not hasattr(self.model, f.stores):
                    raise WorkflowError(f"{self.key}: {self.model.__name__} has no {f.stores!r}")
        for transition in self.workflow.transitions:
            for f in transition.fields:
                if f.stores and not hasattr(self.model, f.stores):
                    raise WorkflowError(f"{self.key}: {self.model.__name__} has no {f.stores!r}")
        names = {c.field.name for c in self.import_columns}
        if missing := set(self.import_key) - names:
            raise WorkflowError(f"{self.key}: import key {sorted(missing)} is no import column")

    def state_of(self, matter: Matter) -> State:
        return self.workflow.state(matter.state)

    def visible_to(self, person: Person) -> QuerySet[Any]:
        """The matters ``person`` may see. Every page, export and API starts from this."""
        return self.model._default_manager.filter(seen_by(person, (self,)))

    def open_to(self, person: Person) -> QuerySet[Any]:
        """The open matters ``person`` may see, duplicates left out: what counts as work in hand."""
        return self.visible_to(person).filter(OPEN_WORK)

    def visible_columns(self, person: Person) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if not c.capability or person.may(c.capability))

    def may_open(self, person: Person) -> bool:
        return person.may(self.capability) and person.has_role(*self.open_roles)

    def may_manage(self, person: Person) -> bool:
        return person.may(self.capability) and person.has_role(*self.manage_roles)

    @property
    def open_states(self) -> tuple[str, ...]:
        return self.workflow.names(Phase.OPEN)

    @property
    def closed_states(self) -> tuple[str, ...]:
        return self.workflow.names(Phase.CLOSED, Phase.REVIEW)


def sees_all_events(person: Person) -> bool:
    """Whether ``person`` sees the whole timeline of a matter, not only what is meant for enterprises."""
    return person.has_role(*STAFF, Role.THIRD_PARTY)


def seen_by(person: Person, registers: Iterable[Register]) -> Q:
    """Condition on matters of ``registers``: what ``person`` may see by area, role and circulation."""
    books = [r for r in registers if person.is_active and person.may(r.capability)]
    rows = Q(register__in=[r.key for r in books], withdrawn_at=None)
    rows &= within(person, "area_code", "enterprise__code")
    if person.has_role(*STAFF):
        circle = [r.key for r in books if person.has_role(*r.circle)]
        return rows & (
            ~Q(circulation=Circulation.RESTRICTED) | Q(register__in=circle) | Q(owner=person)
        )
    if person.has_role(Role.THIRD_PARTY):
        # A contractor works on what it was given, not on everything in the area.
        if person.organisation_id is None:
            return NOTHING
        return (
            rows
            & Q(owner_organisation_id=person.organisation_id)
            & (~Q(circulation=Circulation.RESTRICTED) | Q(owner=person))
        )
    return rows & Q(circulation=Circulation.ENTERPRISE)


def visible_matters(person: Person) -> QuerySet[Matter]:
    """The matters of every register ``person`` may see: one query, however many registers there are."""
    return Matter.objects.filter(seen_by(person, all_registers()))


def state_of(matter: Matter) -> State:
    """Where the matter stands, as its register declares it."""
    return register_of(matter.register).state_of(matter)


_registers: dict[str, Register] = {}


def declare(register: Register) -> Register:
    """Make a register known to the pages, the API and the schedule; returns it."""
    if register.key in _registers:
        raise WorkflowError(f"register {register.key} is declared twice")
    _registers[register.key] = register
    return register


def all_registers() -> tuple[Register, ...]:
    """Every declared register, in the order of declaration."""
    return tuple(_registers.values())


def register_of(key: str) -> Register:
    """The register called ``key``. Raises ``KeyError``."""
    return _registers[key]


def has_register(key: str) -> bool:
    return key in _registers
