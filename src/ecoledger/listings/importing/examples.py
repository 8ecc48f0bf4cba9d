"""The example row of a template: as its declaration has it, in the names of divisions, units and things on record here.

Whoever tries a template tries it with its example first: it must be taken.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings.forms import AreaField, LookupField, field_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, ImportColumn, Kind

_LOOKED_AT = 12  # rows of a table among which an example is sought
_TOWN = 9  # digits of a town's code


def example_row(listing: Listing, by: Person | None) -> dict[str, str]:
    """What stands in each column of the example. A name of a table that is empty stays as it is declared."""
    row: dict[str, str] = {}
    named: list[Any] = []
    # What a row is about says where it lies.
    for column in sorted(
        listing.import_columns, key=lambda declared_column: declared_column.ask.kind is Kind.AREA
    ):
        field = field_of(column.ask, listing.model, by)
        declared = column.example if isinstance(column.example, str) else column.example(by)
        row[column.name] = declared
        if isinstance(field, LookupField):
            match = _on_record(field, rows_of(listing, column, field), declared, named)
            if match is not None:
                named.append(match)
                row[column.name] = _called(field, match)
        elif not declared and column.ask.required:
            row[column.name] = _plausible(column.ask)
    return row


def rows_of(listing: Listing, column: ImportColumn, field: LookupField) -> QuerySet[Any]:
    """The rows that may stand in a column: what something belongs to is of the kinds that its book names."""
    rows = field.lookup.open_rows(field.person)
    kinds = (
        [parent.KIND for parent in getattr(listing, "parents", ())]
        if column.name == "parent"
        else []
    )
    return rows.filter(kind__in=kinds) if kinds else rows


def _takes(field: LookupField, word: str) -> bool:
    try:
        field.clean(word)
    except forms.ValidationError:
        return False
    return True


def _on_record(
    field: LookupField, rows: QuerySet[Any], declared: str, named: Collection[Any]
) -> Any:
    """The row that stands in for a declared example; ``None`` where that is on record itself, is not needed, or nothing is.

    A second column of one table has another row than the first.
    """
    is_place = isinstance(field, AreaField)
    if _takes(field, declared) and not (is_place and not declared):
        return None
    if is_place:
        codes = [code for thing in named if (code := getattr(thing, "area_code", ""))]
        if there := rows.filter(code__in=codes[:1]).first():
            return there
        is_county = declared.endswith(("县", "市", "区"))
        first = sorted(rows, key=lambda row: (is_county == (len(row.code) >= _TOWN), row.code))
        return next(iter(first), None)
    near = list(rows[:_LOOKED_AT])
    return next((thing for thing in near if thing not in named and _called(field, thing)), None)


def _called(field: LookupField, row: Any) -> str:
    """The word by which a table finds the row again; "" where none does."""
    words = (getattr(row, "name", ""), field.lookup.value_of(row))
    return next((str(word) for word in words if word and _takes(field, str(word))), "")


def _plausible(ask: Ask) -> str:
    """A value for a required column without a declared example."""
    match ask.kind:
        case Kind.CHOICE | Kind.CHOICES | Kind.STATE:
            return _(str(ask.choices[0][1])) if ask.choices else ""
        case Kind.DATE | Kind.DUE:
            return f"{timezone.localdate()}"
        case Kind.DATETIME:
            return f"{timezone.localtime():%Y-%m-%d %H:%M}"
        case Kind.BOOLEAN:
            return _("是")
        case Kind.INTEGER | Kind.DECIMAL:
            return f"{ask.minimum or 1:g}"
    return _("示例")
