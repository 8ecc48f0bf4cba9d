"""What people said the headers and words of tables mean: kept with who said it, used again for their own unit only.

People of one authority take in the same tables and read each other's meanings; firms and contractors are many and
strange to each other, so that each of their people is remembered for himself.
"""

from __future__ import annotations

from django.db.models import Q

from ecoledger.accounts.models import Organisation, Person
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ColumnMapping, WordMapping
from ecoledger.listings.tables.headers import fold

_AUTHORITIES = (
    Organisation.Kind.BUREAU,
    Organisation.Kind.DEPARTMENT,
    Organisation.Kind.TOWN,
)


def _said_for(by: Person | None) -> Q:
    """Whose meanings hold for ``by``; the operator's at the command line hold for him alone."""
    if by is not None and by.organisation and by.organisation.kind in _AUTHORITIES:
        return Q(person__organisation=by.organisation_id)
    return Q(person=by)


def _own_last(by: Person | None, said: list[tuple[int | None, str, str]]) -> dict[str, str]:
    """What was said last; a person's own word before a colleague's."""
    own = by.pk if by is not None else None
    return {what: meaning for _who, what, meaning in sorted(said, key=lambda row: row[0] == own)}


def headers(listing: Listing, by: Person | None) -> dict[str, str]:
    """Header -> column, "" for one that is not taken in."""
    said = ColumnMapping.objects.filter(_said_for(by), listing=listing.key).order_by("pk")
    return _own_last(by, list(said.values_list("person", "header", "column")))


def words(listing: Listing, by: Person | None) -> dict[str, dict[str, str]]:
    """Column -> {word: value}."""
    columns: dict[str, list[tuple[int | None, str, str]]] = {}
    said = WordMapping.objects.filter(_said_for(by), listing=listing.key).order_by("pk")
    for column, who, word, value in said.values_list("column", "person", "word", "value"):
        columns.setdefault(column, []).append((who, word, value))
    return {column: _own_last(by, meanings) for column, meanings in columns.items()}


def keep_header(listing: Listing, header: str, column: str, by: Person | None) -> None:
    ColumnMapping.objects.update_or_create(
        listing=listing.key, person=by, header=header[:120], defaults={"column": column}
    )


def keep_word(listing: Listing, column: str, word: str, value: str, by: Person | None) -> None:
    WordMapping.objects.update_or_create(
        listing=listing.key,
        person=by,
        column=column,
        word=fold(word)[:120],
        defaults={"value": value[:120]},
    )
