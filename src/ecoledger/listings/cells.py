"""The value of a column on a row, as the list writes it, as a spreadsheet keeps it, as a map shows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import exported, veil
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import lookup_of
from ecoledger.listings.parts import Column, Kind
from ecoledger.listings.workbook import Head
from ecoledger.listings.workbook import workbook as written
from ecoledger.standards.rounding import plainly


def value_of(row: Any, name: str) -> Any:
    """The value of ``name`` on ``row``, through relations; ``None`` where one is empty or not for the reader."""
    value: Any = row
    parts = name.split("__")
    if parts[0] in getattr(row, "veiled", ()):
        return None
    for part in parts:
        if value is None:
            return None
        value = getattr(value, part)
    return value


def text_of(row: Any, column: Column) -> str:
    """The column's value as the list writes it, a quantity with its unit."""
    text = _text_of(row, column)
    unit = value_of(row, column.unit_from) if text and column.unit_from else ""
    return f"{text} {_(str(unit))}" if unit else text


def _value(row: Any, column: Column) -> Any:
    return column.reads(row) if column.reads is not None else value_of(row, column.name)


def _text_of(row: Any, column: Column) -> str:
    value = _value(row, column)
    if value is None or value == "":
        return _(str(column.nothing)) if column.nothing else ""
    if column.choices:
        many = value if isinstance(value, list | tuple) else [value]
        return _("、").join(_chosen(column, str(choice)) for choice in many)
    if isinstance(value, list | tuple):
        words = map(str, value)
        return _("、").join(map(area_name, words) if column.kind is Kind.AREA else words)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if column.kind is Kind.AREA:
        return area_name(str(value))
    if isinstance(value, datetime):
        at = timezone.localtime(value) if timezone.is_aware(value) else value
        return f"{at:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, Decimal) and int(value.as_tuple().exponent) <= -_FINE:
        return plainly(value)
    return _(str(value)) if column.word else str(value)


# So many places are kept lest a small quantity be lost, not because each of them was measured: 50, not 50.00000.
_FINE = 4


def _chosen(column: Column, value: str) -> str:
    """The choice in words; the value itself where it is none."""
    return next((_(str(label)) for key, label in column.choices if key == value), value)


def area_name(code: str) -> str:
    """The division's name, or its code where nobody registered it. One query an area and process."""
    names = _area_names()
    return names.get(code, code)


def _area_names() -> dict[str, str]:
    # A county has some hundred divisions; asked anew for each page, not for each cell.
    now = timezone.now().timestamp()
    if now - _AREAS["at"] > 5:
        rows = lookup_of("area").model._default_manager.values_list("code", "name")
        _AREAS.update(at=now, names=dict(rows))
    return _AREAS["names"]  # type: ignore[no-any-return]


def forget_areas() -> None:
    """Ask for the names of divisions anew."""
    _AREAS["at"] = 0.0


_AREAS: dict[str, Any] = {"at": 0.0, "names": {}}

# Kind of a column -> kind of a spreadsheet's cell, where it is not text.
_CELLS = {
    Kind.DATETIME: "datetime",
    Kind.DUE: "datetime",
    Kind.DATE: "date",
    Kind.INTEGER: "number",
    Kind.DECIMAL: "number",
}
_WIDTHS = {Kind.CHOICE: 10, Kind.STATE: 12, Kind.LONG_TEXT: 40}


def workbook(
    listing: Listing,
    person: Person,
    rows: Iterable[Any],
    *,
    title: str,
    footer: str = "",
    beside: tuple[list[Head], Callable[[Iterable[Any]], Iterator[tuple[Any, list[Any]]]]]
    | None = None,
) -> bytes:
    """The rows as .xlsx with the columns of :func:`exported.columns_of`: texts as text, numbers and times as such.

    Child rows follow on sheets of their own. ``beside``: heads of further columns, and what gives rows their cells.
    """
    columns = exported.columns_of(listing, person)
    heads, given = beside or ([], lambda rows: ((row, []) for row in rows))
    shown = given(veil.over(listing, person, rows))
    cells = (cells_of(row, columns) + more for row, more in shown)
    further = listing.further_sheets(person, rows)
    return written([*heads_of(columns), *heads], cells, title=title, footer=footer, further=further)


def heads_of(columns: Iterable[Column]) -> list[Head]:
    """The headings of a spreadsheet with ``columns``."""
    kinds = [(c, c.kind or Kind.TEXT) for c in columns]
    return [
        Head(_(str(c.label)), _CELLS.get(kind, "text"), _WIDTHS.get(kind, 0)) for c, kind in kinds
    ]


def cells_of(row: Any, columns: Iterable[Column]) -> list[Any]:
    """The cells of one row in a spreadsheet."""
    return [_cell_of(row, column) for column in columns]


def _cell_of(row: Any, column: Column) -> Any:
    value = _value(row, column) if column.kind in _CELLS else None
    return value if value is not None else text_of(row, column) or None


def features(listing: Listing, person: Person, rows: Iterable[Any]) -> dict[str, Any]:
    """The rows with a place as a GeoJSON FeatureCollection (CGCS2000), with what is open to ``person``."""
    columns = [c for c in listing.open_columns(person) if c.narrow or c.name == listing.lead]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": row.pk,
                "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
                "properties": {
                    "listing": listing.key,
                    "url": listing.url_of(row),
                    "level": listing.level_of(row),
                    **{c.name: text_of(row, c) for c in columns},
                },
            }
            for row in veil.over(listing, person, rows)
            if row.lon is not None and row.lat is not None
        ],
    }
