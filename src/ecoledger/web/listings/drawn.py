"""The rows of a list as HTML: lists of every kind look alike, because each cell is drawn here.

Drawn in Python, not by a template of its own: a page has hundreds of cells, and a template each would be most of
the page's time. For the same reason values are escaped and put together by hand; every one of them goes through ``escape``
of the standard library, or says that it is HTML already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from types import MappingProxyType
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import cells, veil
from ecoledger.listings.derive import field_at
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Column, Kind
from ecoledger.matters.models import Matter
from ecoledger.web.listings.known import KnownColumn, known_of
from ecoledger.web.templatetags.show import cst, level_chip, tr

# Columns of a list on a desk's screen; a wider one shows the rest.
AT_ONCE = 7
WIDE = "wide"
_NUMBERS = (Kind.INTEGER, Kind.DECIMAL)
_TEXTS = (Kind.TEXT, Kind.LONG_TEXT, Kind.REFERENCE)


@dataclass(frozen=True)
class Mark:
    """What a row's cells show beside its values: the tone of its state, further chips, and what is left of its time."""

    tone: str = "info"
    chips: tuple[str, ...] = ()
    left: str = ""
    overdue: bool = False
    provisional: bool = False
    # Chips beside the name of the row.
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Head:
    """A column's head: its name and the order that a click on it asks for."""

    column: Column
    sort: str
    sorted: bool
    descending: bool
    number: bool
    # Shown on a wide screen only.
    wide: bool = False
    # Columns that stand in the quiet line under this one.
    under: tuple[Head, ...] = ()

    @property
    def aria(self) -> str:
        return ("descending" if self.descending else "ascending") if self.sorted else ""

    @property
    def classes(self) -> str:
        return " ".join(filter(None, ("number" if self.number else "", WIDE if self.wide else "")))


@dataclass(frozen=True)
class Row:
    """One row as drawn."""

    row: Any
    url: str
    cells: SafeString


@dataclass(frozen=True)
class Drawn:
    """Heads and rows of a page, and the labels of columns left out because no row has anything in them."""

    heads: list[Head]
    rows: list[Row]
    empty: list[str]

    @property
    def wide(self) -> int:
        """How many columns a wide screen alone shows."""
        return sum(head.wide for head in self.heads)


def drawn(
    listing: Listing,
    person: Person,
    rows: Sequence[Any],
    query: QueryDict,
    *,
    chosen: Iterable[str] = (),
    always: Iterable[str] = (),
    under: Iterable[str] = (),
    narrow: frozenset[str] = frozenset(),
    mark: Callable[[Any], Mark] = lambda row: Mark(),
    own: Mapping[str, Callable[[Any], str]] = MappingProxyType({}),
) -> Drawn:
    """The page's ``rows`` with the columns open to ``person``.

    ``chosen``: the columns somebody wants, all of them shown; without it, those that some row fills, and ``always``,
    the first of them on any screen.
    ``under``: what stands in a quiet line under the lead, beside what the list itself says. ``narrow``: the only
    columns that a phone shows. ``own``: how cells of some columns are drawn, by the column's name; of the lead, what it
    says. What is known of the rows now (:mod:`.known`) follows on any screen.
    """
    rows = list(veil.over(listing, person, rows))
    sort, wanted = query.get("sort", "").removeprefix("-"), frozenset(chosen)
    every = listing.open_columns(person)
    columns = [c for c in every if c.name in wanted] if wanted else list(every)
    lead = next((c for c in columns if c.name == listing.lead), columns[0] if columns else None)
    quiet: list[Column] = []
    if lead is not None and lead.name == listing.lead:
        quiet = [c for c in every if c.name in (*under, *listing.under) and c is not lead]
        columns = [c for c in columns if c not in quiet]
    if not wanted:
        # A unit stands beside its quantity; a column of its own is for tables that leave the house.
        said = {c.unit_from for c in columns}
        columns = [c for c in columns if c.name not in said]
    kept = {sort, *always, *wanted, lead.name if lead else ""}
    empty = [c for c in columns if c.name not in kept and rows and not _filled(listing, c, rows)]
    columns = [c for c in columns if c not in empty]
    known = known_of(listing)
    at_once = max(AT_ONCE - len(known.columns), 1)
    wide = () if wanted else tuple(c for c in columns[at_once:] if c.name != sort)
    heads = [_head(c, query, quiet if c is lead else (), wide=c in wide) for c in columns]
    away = {c.name: f" {WIDE}" for c in wide}
    if narrow:
        phone = " d-none d-sm-table-cell"
        away |= {c.name: away.get(c.name, phone) for c in columns if c.name not in narrow}
    places = [_Place.of(c, away.get(c.name, ""), lead=c is lead) for c in columns]
    heads += [_head_of(c, n) for n, c in enumerate(known.columns)]
    facts = known.of(person, rows) if known.columns else {}
    return Drawn(
        heads,
        [
            _row(listing, row, places, quiet, mark(row), own, known.drawn(facts.get(row.pk)))
            for row in rows
        ],
        [_(str(c.label)) for c in empty],
    )


def _filled(listing: Listing, column: Column, rows: Iterable[Any]) -> bool:
    """Whether some row says something there: of a yes or no that may be left open, a no as well."""
    field = field_at(listing.model, column.name)
    open_answer = column.kind is Kind.BOOLEAN and getattr(field, "null", False)
    values = (cells.value_of(row, column.name) for row in rows)
    return any(v not in (None, "", 0) or (open_answer and v is False) for v in values)


def _head(
    column: Column, query: QueryDict, under: Iterable[Column] = (), *, wide: bool = False
) -> Head:
    sort = query.get("sort", "")
    is_sorted = sort.removeprefix("-") == column.name
    return Head(
        column,
        f"-{column.name}" if sort == column.name else column.name,
        is_sorted,
        is_sorted and sort.startswith("-"),
        column.kind in _NUMBERS,
        wide,
        tuple(_head(c, query) for c in under),
    )


@dataclass(frozen=True)
class _Place:
    """A column as its cells are drawn: what is the same in every row."""

    column: Column
    label: str
    # Further classes of its cells.
    away: str
    lead: bool

    @classmethod
    def of(cls, column: Column, away: str, *, lead: bool) -> _Place:
        return cls(column, escape(_(str(column.label))), away, lead)


def _head_of(column: KnownColumn, number: int) -> Head:
    kind = Kind.INTEGER if column.kind == "number" else None
    named = Column(f"known-{number}", column.label, kind)
    return Head(named, "", sorted=False, descending=False, number=kind is not None)


def _row(
    listing: Listing,
    row: Any,
    places: Iterable[_Place],
    under: Sequence[Column],
    mark: Mark,
    own: Mapping[str, Callable[[Any], str]],
    known: str,
) -> Row:
    url = listing.url_of(row)
    drawn_cells = []
    for place in places:
        text = cells.text_of(row, place.column)
        if place.lead:
            quiet = " · ".join(filter(None, (cells.text_of(row, c) for c in under)))
            text = own[place.column.name](row) if place.column.name in own else text
            content = f'<a class="title" href="{escape(url)}">{escape(text or "—")}</a>'
            content += "".join(f' <span class="chip">{escape(chip)}</span>' for chip in mark.named)
            if quiet:
                content += f'<span class="under">{escape(quiet)}</span>'
            classes = "lead title"
        else:
            classes, content = _cell(row, place.column, text, mark)
            if draw := own.get(place.column.name):
                content = draw(row)
            classes += place.away
        drawn_cells.append(f'<td data-label="{place.label}" class="{classes}">{content}</td>')
    return Row(row, url, mark_safe("".join(drawn_cells) + known))  # noqa: S308 - each part is escaped


def _cell(row: Any, column: Column, text: str, mark: Mark) -> tuple[str, str]:
    """Class and content of one cell, as HTML."""
    kind = column.kind
    if not text:
        return "number" if kind in _NUMBERS else "", ""
    if column.name == "level":
        return "nowrap", level_chip(cells.value_of(row, "level"), text)
    if kind is Kind.STATE:
        chips = [(mark.tone, tr(text)), *(("", chip) for chip in mark.chips)]
        return "nowrap", " ".join(_chip(tone, said) for tone, said in chips)
    if kind is Kind.DUE or kind is Kind.DATETIME:
        value = cells.value_of(row, column.name)
        if kind is Kind.DUE and isinstance(value, date):
            return "nowrap over" if mark.overdue else "nowrap", _due(value, text, mark)
        if kind is Kind.DATETIME and isinstance(value, datetime):
            return "nowrap", f'<span title="{escape(text)}">{escape(cst(value))}</span>'
    words = escape(text)
    if kind in _TEXTS:
        value = cells.value_of(row, column.name)
        if isinstance(value, Matter):
            # The work that the row belongs to, a click away; whoever may not see it finds nothing there.
            url = reverse("matter", args=(value.register, value.pk))
            return "text", f'<a href="{url}" title="{escape(value.title)}">{words}</a>'
        return "text", f'<span class="two-lines" title="{words}">{words}</span>'
    return "number" if kind in _NUMBERS else "nowrap", words


def _chip(tone: str, said: str) -> str:
    return f'<span class="chip {tone}">{escape(said)}</span>'


def _due(value: date, text: str, mark: Mark) -> str:
    shown = f'<span title="{escape(text)}">{escape(cst(value, "day"))}</span>'
    if mark.left:
        shown += f'<span class="under">{escape(mark.left)}</span>'
    if mark.provisional:
        shown += f' <span class="chip warn">{escape(_("暂定"))}</span>'
    return shown
