"""A log of what is filed for a term of its own: a plan for a year, a declaration of a month, a self-assessment.

What was filed settles the term it is for, in time or late, whenever it was entered, also before the term began to be
owed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.books import duty as duties
from ecoledger.books.duty import Duty
from ecoledger.books.log import Log
from ecoledger.books.models import Obligation
from ecoledger.listings.catalogue import listing_of


@dataclass(frozen=True, kw_only=True, eq=False)
class FilingLog(Log):
    """``owed``: of an entry the keys of the duties that it may settle, and the first day of the term it is for."""

    owed: Callable[[Any], tuple[Sequence[str], date]]

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        entry = super().open_row(values, by, at, **more)
        self.settle(entry, by)
        return entry

    def settle(self, entry: Any, by: Person | None) -> int:
        """What ``entry`` is for was owed: it is so no more. Returns how many terms that were."""
        books, begin = self.owed(entry)
        rows = Obligation.objects.filter(
            book__in=books, entity_id=entry.entity_id, begin=begin, state=Obligation.State.DUE
        )
        day = timezone.localdate(entry.at)
        for owed in rows:
            duties.fulfil(_duty(owed.book), owed, by=by, on=day, entry=entry)
        return len(rows)

    def imported(self, batch: Any, made: int, by: Any, at: datetime) -> None:
        entries = self.model._default_manager.filter(
            pk__in=batch.rows.exclude(made=None).values_list("made", flat=True)
        )
        for book in {book for entry in entries for book in self.owed(entry)[0]}:
            duties.extend(_duty(book))
        for entry in entries:
            self.settle(entry, by)


def _duty(key: str) -> Duty:
    duty = listing_of(key)
    if not isinstance(duty, Duty):
        raise KeyError(key)
    return duty


def settle_all(logs: Iterable[FilingLog]) -> int:
    """Terms that began to be owed after what they ask for had been filed; how many were settled."""
    count = 0
    for log in logs:
        owed = Obligation.objects.filter(state=Obligation.State.DUE).values("entity")
        entries = log.model._default_manager.filter(current=True, entity__in=owed)
        count += sum(log.settle(entry, None) for entry in entries)
    return count
