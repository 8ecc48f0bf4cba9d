"""Columns that no row keeps: what is known at this moment of the rows shown, asked once for all of them.

A room that knows something of a list's rows says so when its page is loaded; list and export show it after the list's
own columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Text
from ecoledger.listings.workbook import Head

# Rows of an export that are asked about at once.
AT_ONCE = 500


@dataclass(frozen=True)
class KnownColumn:
    """One column: its value as a spreadsheet keeps it and as a page draws it, of what is known of a row.

    ``kind`` as of :class:`~ecoledger.listings.workbook.Head`.
    """

    label: Text
    value: Callable[[Any], Any]
    drawn: Callable[[Any], SafeString | str]
    kind: str = "text"
    width: int = 0


@dataclass(frozen=True)
class Known:
    """What is known of rows, by their key, and the columns that show it."""

    of: Callable[[Person, Sequence[Any]], Mapping[int, Any]]
    columns: tuple[KnownColumn, ...]

    def heads(self) -> list[Head]:
        return [Head(_(str(c.label)), c.kind, c.width) for c in self.columns]

    def drawn(self, known: Any) -> str:
        """The cells of a row of which ``known`` is known, as HTML."""
        return "".join(
            format_html(
                '<td data-label="{}" class="{}">{}</td>',
                _(str(column.label)),
                "number" if column.kind == "number" else "",
                column.drawn(known),
            )
            for column in self.columns
        )

    def values(self, person: Person, rows: Iterable[Any]) -> Iterator[tuple[Any, list[Any]]]:
        """Every row with its values for a spreadsheet."""
        rest = iter(rows)
        while some := list(islice(rest, AT_ONCE)):
            known = self.of(person, some)
            for row in some:
                yield row, [column.value(known[row.pk]) for column in self.columns]


NOTHING = Known(lambda person, rows: {}, ())
_known: dict[str, Known] = {}


def know(listing: Listing, known: Known) -> None:
    """Show ``known`` beside the columns of ``listing``."""
    _known[listing.key] = known


def known_of(listing: Listing) -> Known:
    return _known.get(listing.key, NOTHING)
