"""The filters above a register's list, as the page draws them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings.lookups import lookup_for, lookup_of
from ecoledger.listings.parts import Filter, Kind
from ecoledger.listings.selecting import Query
from ecoledger.matters.register import Register, headers

# Choices of a reference that need not be narrowed to those that have rows.
OFFERED = 60


@dataclass(frozen=True)
class Choice:
    """One option of a filter, and whether it is chosen."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class ShownFilter:
    """A filter as the page draws it."""

    declared: Filter
    choices: tuple[Choice, ...] = ()
    value: str = ""
    until: str = ""

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def label(self) -> str:
        return _(str(self.declared.label))

    @property
    def range(self) -> str:
        """What is typed into both ends of a range: date, number; empty for a choice."""
        return _RANGES.get(self.declared.kind or Kind.TEXT, "")


_RANGES = {
    Kind.DATE: "date",
    Kind.DATETIME: "date",
    Kind.DUE: "date",
    Kind.INTEGER: "number",
    Kind.DECIMAL: "number",
}


def shown_filters(register: Register, person: Person, query: Query) -> list[ShownFilter]:
    """The register's filters with their choices and what is chosen."""
    return [_shown(register, f, person, query) for f in register.open_filters(person)]


def _shown(register: Register, declared: Filter, person: Person, query: Query) -> ShownFilter:
    value = query.get(declared.name, "")

    def choices(pairs: Iterable[tuple[Any, Any]]) -> tuple[Choice, ...]:
        return tuple(Choice(str(v), _(str(label)), str(v) == value) for v, label in pairs)

    if declared.kind is Kind.AREA:
        areas = lookup_of("area").rows(person)
        return ShownFilter(declared, choices((a.code, a.name) for a in areas), value)
    if declared.kind is Kind.REFERENCE and declared.to is not None:
        rows = lookup_for(declared.to).rows(person)
        if not query.get(declared.name) and rows[OFFERED : OFFERED + 1]:
            # An expression, not the key itself, which would be read in the order of its own index.
            there = (
                headers(register, person, {}).order_by().values_list(Coalesce(declared.lookup, 0))
            )
            rows = rows.filter(pk__in=[key for (key,) in there.distinct()])
        return ShownFilter(declared, choices((row.pk, row) for row in rows), value)
    if declared.kind is Kind.BOOLEAN:
        return ShownFilter(declared, choices((("1", "是"), ("0", "否"))), value)
    if declared.kind in _RANGES:
        first, last = (query.get(f"{declared.name}_{end}", "") for end in ("from", "to"))
        return ShownFilter(declared, (), first, last)
    return ShownFilter(declared, choices(declared.choices), value)
