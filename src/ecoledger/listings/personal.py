"""Whoever sees a complainant's name or telephone leaves it on the audit trail (个人信息保护法; 信访工作条例)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.listings.listing import Listing

# Rights that open a person's data, so that each look is recorded.
RECORDED = frozenset({"see_complainants"})


def note_seen(
    listing: Listing, person: Person, rows: Iterable[Any], names: Iterable[str], address: str = ""
) -> None:
    """Record that ``person`` is shown the values under ``names`` of ``rows``, where there are any."""
    secret = [name for name in names if listing.hidden.get(name) in RECORDED]
    if not secret or not person.may(listing.hidden[secret[0]]):
        return
    seen = [row for row in rows if any(getattr(row, name, "") for name in secret)]
    if not seen:
        return
    details = {
        "list": listing.key,
        "rows": [getattr(row, "number", str(row.pk)) for row in seen],
        "fields": [str(listing.derive.column(name).label) for name in secret],
    }
    one = seen[0] if len(seen) == 1 else None
    audit.record(person, "see_complainant", one, details=details, address=address)
