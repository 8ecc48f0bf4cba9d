"""What a list counts of its rows, as a declaration: from it comes an indicator that opens those rows.

::

    tally(ARTICLES, "city", "市级媒体发表文章", Q(level="city"), dated="on", add="pieces", unit="篇",
          part_of="media")

For books that are no register (those declare ``matters.measures.Measure``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from ecoledger.listings.parts import DeclarationError

if TYPE_CHECKING:
    from ecoledger.listings.listing import Listing

EVERY = Q()
# A condition, or what makes it of the first day of a span and the day after its last.
Condition = Q | Callable[[date, date], Q]


@dataclass(frozen=True, slots=True)
class Part:
    """What one thing of a share comes to, and whether it counts; ``None``: nobody told of it, it stands in the whole alone."""

    thing: Any
    amount: Decimal
    counts: bool | None


@dataclass(frozen=True, slots=True)
class Things:
    """A share of the things of ``book``, where the tally's own rows do not tell the whole: ``parts`` says what of them was
    there in the days ``begin <= day < end``. ``amount``: what their amounts are called."""

    book: Listing
    amount: str
    parts: Callable[[QuerySet[Any], date, date], Sequence[Part]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
    """A number of rows, the sum of their ``add``, or with ``whole`` a share of rows in percent: of their ``add`` where
    that is said, as of areas. With ``over`` it is the share of what ``add`` comes to in what ``over`` does, over the
    same rows: of what was produced what was used.

    Counted are rows whose ``dated`` day lies in the span; without ``dated``, those of now. Where ``of`` or ``whole`` ask
    something else of the span (a year that a row names, what was done to it within), they are functions. ``yearly``: its rows
    tell of years, so that it says nothing of any other span. ``part_of``: key of the tally that this one and its like divide:
    together they must come to it.
    """

    book: Listing
    key: str
    name: str
    of: Condition = EVERY
    whole: Condition | None = None
    dated: str = ""
    add: str = ""
    over: str = ""
    unit: str = "个"
    decimals: int = 0
    better: str = "higher"
    part_of: str = ""
    missing: str = "没有可计算的记录"
    yearly: bool = False
    things: Things | None = None

    @property
    def spans(self) -> bool:
        """Whether its figure is of a span, not of now."""
        return bool(self.dated) or callable(self.of) or callable(self.whole)


_tallies: dict[str, Tally] = {}


def condition(said: Condition, begin: date, end: date) -> Q:
    """What a tally's condition says of the days ``begin <= day < end``."""
    return said(begin, end) if callable(said) else said


def tally(book: Listing, key: str, name: str, of: Condition = EVERY, **more: object) -> Tally:
    """Declare what a list counts. Raises :class:`DeclarationError` for a key that is taken."""
    made = Tally(book=book, key=key, name=name, of=of, **more)  # type: ignore[arg-type]
    whole = f"{book.key}.{key}"
    if whole in _tallies:
        raise DeclarationError(f"tally {whole} is declared twice")
    _tallies[whole] = made
    return made


def tallies() -> Iterator[tuple[str, Tally]]:
    """Every declared tally by its whole key, in the order of declaration."""
    yield from _tallies.items()


def parts_of(whole: str) -> list[Tally]:
    """The tallies that divide the one called ``book.key``."""
    book, _, key = whole.partition(".")
    return [t for t in _tallies.values() if t.book.key == book and t.part_of == key]
