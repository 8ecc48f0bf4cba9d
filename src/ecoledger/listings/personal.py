"""Whoever sees a complainant's name or telephone leaves it on the audit trail (个人信息保护法; 信访工作条例)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch, ImportRow

# Rights that open a person's data, so that each look is recorded.
RECORDED = frozenset({"see_complainants"})


def note_seen(
    listing: Listing, person: Person, rows: Iterable[Any], names: Iterable[str], address: str = ""
) -> None:
    """Record that ``person`` is shown the values under ``names`` of ``rows``, where there are any."""
    secret = _secret(listing, person, names)
    seen = [row for row in rows if any(getattr(row, name, "") for name in secret)] if secret else ()
    if not seen:
        return
    numbers = [getattr(row, "number", str(row.pk)) for row in seen]
    details = _details(listing, secret, numbers)
    one = seen[0] if len(seen) == 1 else None
    audit.record(person, "see_complainant", one, details=details, address=address)


def note_seen_in_table(
    listing: Listing, person: Person, batch: ImportBatch, rows: Iterable[ImportRow], address: str
) -> None:
    """The same of ``rows`` of a table that is brought in, whose cells are shown as they came: what says whom the row
    is about, and texts that name them."""
    if not _may_know(listing, person):
        return
    secret = set(_secret(listing, person, batch.mapping.values()))
    places, told = [], set()
    for row in rows:
        cells = _texts(row)
        open_cells = listing.openly(cells)
        personal = {
            n for n, text in cells.items() if text and (n in secret or open_cells[n] != text)
        }
        if personal:
            places.append(row.place)
            told |= personal
    if places:
        fields = [str(ask.label) for ask in listing.import_asks if ask.name in told]
        details = {"file": batch.file_name, "list": listing.key, "rows": places, "fields": fields}
        audit.record(person, "see_complainant", batch, details=details, address=address)


def open_texts(listing: Listing, person: Person, row: ImportRow) -> Mapping[str, str]:
    """The cells of a row of a table that is brought in, by column, as ``person`` may read them."""
    cells = _texts(row)
    if not _closed(listing, person):
        return cells
    told = listing.openly(cells)
    return {name: text for name, text in told.items() if listing.is_open(name, person)}


def _texts(row: ImportRow) -> dict[str, str]:
    return {name: str(text) for name, text in row.texts.items()}


def _closed(listing: Listing, person: Person) -> bool:
    """Whether there are people in the list's rows of whom ``person`` may not know."""
    return any(r in RECORDED and not person.may(r) for r in listing.hidden.values())


def _may_know(listing: Listing, person: Person) -> bool:
    return not RECORDED.isdisjoint(listing.hidden.values()) and not _closed(listing, person)


def _secret(listing: Listing, person: Person, names: Iterable[str]) -> list[str]:
    """Of ``names`` those whose values are recorded when ``person``, who may, is shown them."""
    secret = [name for name in names if listing.hidden.get(name) in RECORDED]
    return secret if secret and person.may(listing.hidden[secret[0]]) else []


def _details(listing: Listing, secret: Iterable[str], rows: list[str]) -> dict[str, Any]:
    fields = [str(listing.derive.column(name).label) for name in secret]
    return {"list": listing.key, "rows": rows, "fields": fields}


def asked_openly(listing: Listing, query: Mapping[str, Any]) -> dict[str, Any]:
    """What a list was asked, as the trail keeps it: a word that may be a complainant's name is left out."""
    secret = {name for name, right in listing.hidden.items() if right in RECORDED}
    if not secret:
        return {name: query.get(name) for name in query}
    closed = secret | {"q"}
    return {n: "［…］" if n in closed and query.get(n) else query.get(n) for n in query}
