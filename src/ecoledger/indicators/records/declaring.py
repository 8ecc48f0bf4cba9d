"""A table of records as a declaration: what it asks, who may see what of it, its columns and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

from django.db.models import QuerySet
from django.utils.translation import gettext

from ecoledger.accounts.models import Person
from ecoledger.entities.models import Section
from ecoledger.indicators.doors import Door
from ecoledger.indicators.figures import Figure, Records
from ecoledger.listings import asked
from ecoledger.monitoring.models import Alarm, Point

# Longer than this no figure looks back; keeps a hand-written address from reading everything.
LONGEST = timedelta(days=3 * 366)
A_PAGE = 200


class NotThere(LookupError):  # noqa: N818  an answer, not a failure
    """Nothing stands at this address, or nothing that the person may know of."""


class Sight(Protocol):
    """What a person may see, table by table."""

    def points(self, person: Person) -> QuerySet[Point]: ...
    def area_points(self, person: Person) -> QuerySet[Point]: ...
    def sections(self, person: Person) -> QuerySet[Section]: ...
    def alarms(self, person: Person) -> QuerySet[Alarm]: ...


@dataclass(frozen=True)
class Asked:
    """An address's query, for a person who sees what ``see`` says. Odd words raise :class:`NotThere`."""

    query: Mapping[str, str]
    person: Person
    see: Sight

    def text(self, name: str) -> str:
        return self.query.get(name, "")

    def day(self, name: str) -> date:
        day = asked.day(self.text(name))
        if day is None or not 2000 <= day.year <= 2100:
            raise NotThere(name)
        return day

    def span(self) -> tuple[date, date]:
        begin, end = self.day("begin"), self.day("end")
        if not begin < end or end - begin > LONGEST:
            raise NotThere("span")
        return begin, end

    def area(self) -> str:
        area = self.text("area")
        if not (area.isascii() and area.isdigit()):
            raise NotThere("area")
        return area

    def number(self, name: str) -> int:
        number = asked.number(self.text(name))
        if number is None:
            raise NotThere(name)
        return number


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; ``kind``: text, number or chip. ``lead`` names a row on a phone."""

    label: str
    kind: str = "text"
    lead: bool = False
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One value. ``kind``: text, number, day, moment, aqi, water, level, tick, figure.

    ``opens``: the records or page behind it. ``mark``: name of the attribute that carries ``value`` for
    whoever reads the page by program.
    """

    value: Any = ""
    kind: str = "text"
    decimals: int = 0
    opens: Records | None = None
    mark: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row; ``marks`` are attributes of it; a ``total`` stands above the others."""

    cells: Sequence[Cell]
    marks: Mapping[str, str] = field(default_factory=dict)
    total: bool = False
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """What the rows come to: a name and figures or words."""

    label: str
    parts: Sequence[Figure | str]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the generic page draws. ``rows`` may be a lazy sequence, drawn page by page."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row] | Rows
    facts: Sequence[Fact] = ()
    notes: Sequence[str | Cell] = ()
    problem: str = ""
    empty: str = ""


@dataclass(frozen=True)
class Rows:
    """Rows of a query, made when they are drawn."""

    queryset: QuerySet[Any]
    row: Callable[[Any], Row]


_tables: dict[str, Callable[[Asked], Page]] = {}


def table(door: Door) -> Callable[[Callable[[Asked], Page]], Callable[[Asked], Page]]:
    """Declare the table behind a door."""

    def made(content: Callable[[Asked], Page]) -> Callable[[Asked], Page]:
        _tables[door.key] = content
        return content

    return made


def table_of(key: str) -> Callable[[Asked], Page]:
    """The table behind a door's key. Raises :class:`NotThere`."""
    if key not in _tables:
        raise NotThere(key)
    return _tables[key]


def keys() -> Iterable[str]:
    """Keys of all declared tables."""
    return _tables.keys()


def between(title: str, begin: date, end: date) -> str:
    """A title with the days of ``begin <= day < end``."""
    last = end - timedelta(days=1)
    days = f"{begin:%Y-%m-%d}" if last == begin else f"{begin:%Y-%m-%d} – {last:%Y-%m-%d}"
    return f"{gettext(title)} {days}"
