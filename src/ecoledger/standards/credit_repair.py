"""Repair of dishonesty records (信用修复): from which day it may be granted, and when the record ends by itself.

Three classes (轻微, 一般, 严重), each with a shortest and a longest time of publication, counted from the day of the
legal document. The rule in force on the day asked for decides, whatever rule stood on the day of the document.
Editions are data (``data/credit_repair.toml``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rule_data import compiled, declare_editions
from ecoledger.standards.time_limits import add_months

RULE_SET_PREFIX = "credit-repair/"


@dataclass(frozen=True, slots=True)
class RepairClass:
    """A class of records: months before which nothing is repaired, and after which the record ends."""

    key: str
    name: str
    least_months: int
    most_months: int
    public: bool


@dataclass(frozen=True, slots=True)
class Window:
    """A record's own days: ``earliest`` day of a repair, ``latest`` day of its publication, and the rule."""

    of: RepairClass
    earliest: date
    latest: date
    standard: str
    mark: Mark

    def over(self, on: date) -> bool:
        """Whether the record has ended by itself."""
        return on > self.latest


def _classes(name: str, table: Mapping[str, Any]) -> tuple[RepairClass, ...]:
    classes = tuple(RepairClass(**row) for row in table["classes"])
    for kind in classes:
        if not 0 <= kind.least_months <= kind.most_months:
            raise ValueError(
                f'credit_repair.toml: "{name}": {kind.key} ends before it may be repaired'
            )
    return classes


@compiled("credit_repair")
def _places(content: dict[str, Any]) -> tuple[str, ...]:
    for place, entry in content.items():
        editions = entry["editions"]
        contents = {name: _classes(name, table) for name, table in editions.items()}
        declare_editions(RULE_SET_PREFIX + place, editions, contents)
    return tuple(content)


def classes(on: date, place: str = "national") -> tuple[RepairClass, ...]:
    """The classes in force on ``on``. ``LookupError`` for an unknown place or a day before the first rule on file."""
    return _in_force(on, place).content  # type: ignore[no-any-return]


def window(key: str, document: date, on: date, place: str = "national") -> Window:
    """The days of a record of class ``key`` whose legal document is of ``document``, by the rule in force on ``on``.

    Raises ``KeyError`` for a class that the rule does not have.

    >>> found = window("general", date(2026, 3, 31), date(2026, 5, 1))
    >>> found.earliest, found.latest
    (datetime.date(2026, 6, 30), datetime.date(2027, 3, 31))
    """
    edition = _in_force(on, place)
    for entry in edition.content:
        if entry.key == key:
            return Window(
                entry,
                add_months(document, entry.least_months),
                add_months(document, entry.most_months),
                edition.standard,
                edition.mark,
            )
    raise KeyError(f"{edition.standard}: no class {key!r}")


def _in_force(on: date, place: str) -> catalogue.Edition:
    if place not in _places():
        raise KeyError(f"no repair rules of {place!r}; on file: {', '.join(_places())}")
    return catalogue.in_force(RULE_SET_PREFIX + place, on)


_places()
