"""Counts and sums of every book that is no register, as indicators that open the rows they count.

Those a book declares itself (:mod:`ecoledger.listings.tallies`), and those its kind gives: an inventory has so
many things, a log so many entries, a duty is fulfilled in time by such a share. They are computed when asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.db.models import DateTimeField, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.books.duty import Duty
from ecoledger.books.log import Log
from ecoledger.books.models import Obligation
from ecoledger.entities.inventory import Inventory
from ecoledger.indicators import doors
from ecoledger.indicators.declaring import HIGHER, LOWER, Indicator, Source, Span
from ecoledger.indicators.figures import PERCENT, Figure, Records, absent, quantity, ratio
from ecoledger.listings.catalogue import all_listings
from ecoledger.listings.derive import field_at
from ecoledger.listings.listing import Listing
from ecoledger.listings.tallies import Condition, Part, Tally, Things, condition, tallies
from ecoledger.live.times import midnight

NO_YEAR = noop("按年度核算，所选时段不是一个年度")


def standing_tallies() -> Iterator[tuple[str, Tally]]:
    """What every inventory, log and duty counts."""
    for book in all_listings():
        match book:
            case Inventory():
                yield f"{book.key}.registered", Tally(book=book, key="registered", name="在册数")
            case Log():
                yield (
                    f"{book.key}.entries",
                    Tally(book=book, key="entries", name="记录数", dated="at", unit="条"),
                )
            case Duty():
                in_time = Q(state=Obligation.State.DONE, done_on__lte=F("due"))
                owed = ~Q(state=Obligation.State.WAIVED)
                yield (
                    f"{book.key}.in_time_ratio",
                    Tally(book=book, key="in_time_ratio", name="按期履行率", of=in_time, whole=owed,
                          dated="due"),
                )  # fmt: skip


def every_tally() -> dict[str, Tally]:
    """All tallies by their whole key."""
    return {**dict(standing_tallies()), **dict(tallies())}


@dataclass(frozen=True)
class Counting:
    """A book's rows of an area, and the span that is asked of."""

    book: Listing
    area_code: str
    span: Span

    def ever(self, within: QuerySet[Any] | None = None) -> QuerySet[Any]:
        """The rows of any day. ``within``: those a person may see."""
        rows = self.book.standing() if within is None else within
        if isinstance(self.book, Log):
            rows = rows.filter(current=True)
        if self.book.area:
            rows = rows.filter(**{f"{self.book.area}__startswith": self.area_code})
        return rows

    def rows(self, tally: Tally, within: QuerySet[Any] | None = None) -> QuerySet[Any]:
        """The rows whose day lies in the span; without a day, all. ``within``: those a person may see."""
        rows = self.ever(within)
        if not tally.dated:
            return rows
        begin: Any = self.span.begin
        end: Any = self.span.end
        if isinstance(field_at(self.book.model, tally.dated), DateTimeField):
            begin, end = midnight(begin), midnight(end)
        return rows.filter(**{f"{tally.dated}__gte": begin, f"{tally.dated}__lt": end})

    def within(self, said: Condition) -> Q:
        """What a tally's condition says of the span."""
        return condition(said, self.span.begin, self.span.end)

    def parts(self, things: Things, within: QuerySet[Any] | None = None) -> Sequence[Part]:
        """What a share of things is made of. ``within``: those a person may see."""
        rows = things.book.standing() if within is None else within
        rows = rows.filter(**{f"{things.book.area}__startswith": self.area_code})
        return things.parts(rows, self.span.begin, self.span.end)

    def figure(self, tally: Tally, within: QuerySet[Any] | None = None) -> Figure:
        """The number, sum or share, with the door to its rows. ``within``: those a person may see."""
        rows, door = self.rows(tally, within), self.records_of(tally)
        if tally.yearly and not self.span.is_year:
            return absent(tally.name, door, NO_YEAR)
        of = self.within(tally.of)
        if tally.over:
            counted = rows.filter(of).exclude(**{tally.over: None})
            sums = counted.aggregate(part=Sum(tally.add), whole=Sum(tally.over))
            return ratio(
                tally.name,
                sums["part"] or 0,
                sums["whole"] or 0,
                door,
                tally.decimals or 1,
                missing=tally.missing,
            )
        if tally.whole is not None:
            whole = rows.filter(self.within(tally.whole))
            if isinstance(self.book, Duty) and not _begun(whole, of):
                return absent(tally.name, door, "未到期")
            if tally.things is not None:
                parts = self.parts(tally.things)
                part = sum(share.amount for share in parts if share.counts)
                told = any(share.counts is not None for share in parts)
                all_of = sum(share.amount for share in parts) if told else 0
            else:
                part, all_of = _amount(tally, whole.filter(of)), _amount(tally, whole)
            return ratio(
                tally.name,
                part,
                all_of,
                door,
                tally.decimals or 1,
                missing=tally.missing,
            )  # fmt: skip
        amount = _amount(tally, rows.filter(of))
        # Where nothing was ever written, nothing is known of how much it was.
        if tally.add and not amount and not self.ever(within).exists():
            return absent(tally.name, door, tally.missing)
        return quantity(tally.name, amount, tally.decimals, tally.unit, door)

    def records_of(self, tally: Tally) -> Records:
        return doors.COUNTED_ROWS.opens(
            indicator=f"{self.book.key}.{tally.key}",
            area=self.area_code,
            begin=self.span.begin.isoformat(),
            end=self.span.end.isoformat(),
        )


def _begun(owed: QuerySet[Any], done: Q) -> bool:
    """Whether a share of what is owed says anything yet: something was done, or a day has passed, or nothing is owed."""
    today = timezone.localdate()
    return owed.filter(done | Q(due__lt=today)).exists() or not owed.exists()


def _amount(tally: Tally, rows: QuerySet[Any]) -> Any:
    """How many rows, or what their ``add`` comes to."""
    return rows.aggregate(n=Sum(tally.add))["n"] or 0 if tally.add else rows.count()


def _of(book: Listing, area_code: str, span: Span, as_of: date | None) -> Counting:
    return Counting(book, area_code, span)


def _read(tally: Tally, counting: Counting) -> Figure:
    return counting.figure(tally)


def _indicator(key: str, tally: Tally) -> Indicator:
    book = tally.book
    return Indicator(
        key=key,
        name=tally.name,
        owner=str(book.label),
        see=book.see,
        unit=PERCENT if tally.whole is not None or tally.over else tally.unit,
        better=HIGHER if tally.better == "higher" else LOWER,
        line=book.line,
        source=Source(f"book:{book.key}", partial(_of, book), touched_by=f"book:{book.key}", as_of_now=True,
                      undated=not tally.spans and not tally.yearly),
        read=partial(_read, tally),
    )  # fmt: skip


def indicators() -> Iterator[Indicator]:
    """The indicators of every book that is no register."""
    for key, tally in every_tally().items():
        yield _indicator(key, tally)


def indicator_of(key: str) -> Indicator:
    """One indicator of a book. Raises ``KeyError``."""
    return _indicator(key, every_tally()[key])
