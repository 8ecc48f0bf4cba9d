"""An indicator is one declaration: what it is called, which way is better, what it is read from.

::

    @indicator(key="good_day_ratio", name="优良天数比例", unit=PERCENT, better=HIGHER, line="air",
               source=AIR, target="ratio_of_days", highest=100)
    def good_day_ratio(period: AirPeriod) -> Figure:
        return period.good_days

The function reads one figure from its source's result for an area and a span, so that a page of twenty
indicators computes each source once. What registers count is declared with them (``Register.measures``)
and becomes indicators by itself (:mod:`ecoledger.indicators.of_registers`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext

from ecoledger.indicators.behaviours import BEHAVIOURS, Behaviour, Progress
from ecoledger.indicators.figures import Figure

HIGHER, LOWER = "higher", "lower"
PERIODS = ("day", "month", "quarter", "half", "year")

R = TypeVar("R")


class DeclarationError(TypeError):
    """A declaration that cannot be; raised when the program starts."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days ``begin <= day < end``."""

    begin: date
    end: date

    def __post_init__(self) -> None:
        if not self.begin < self.end:
            raise ValueError(f"a span needs a day: {self.begin} to {self.end}")

    @property
    def is_year(self) -> bool:
        """Whether it is one year, or the running one as far as it has gone: to its last whole month at the least."""
        last = date(self.begin.year + 1, 1, 1)
        whole = self.end == last or timezone.localdate().replace(day=1) <= self.end < last
        return whole and (self.begin.month, self.begin.day) == (1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What figures are read from. ``of`` computes it for an area's code, a span and, to judge anew, a date.

    ``touched_by``: the kind of point, or ``register:KEY``, whose changes make stored values stale.
    ``as_of_now``: it speaks of the moment it is computed at, so that nothing of it is stored.
    """

    key: str
    of: Callable[[str, Span, date | None], Any]
    touched_by: str
    as_of_now: bool = False
    # Of now alone, whatever span is asked: of a year before it tells nothing.
    undated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Indicator:
    """A named figure for an area and a span. ``target``: how it stands to a yearly target, by one of five
    behaviours; empty where a plan sets none. ``always``: looked at every year, target or none."""

    key: str
    name: str
    unit: str
    better: str
    line: str
    source: Source
    read: Callable[[Any], Figure]
    per: tuple[str, ...] = ("day", "month", "year")
    target: str = ""
    progress: Callable[[Any, Any], Progress] | None = None
    highest: float = math.inf
    always: bool = False
    # Label of the book whose rows it counts, and the capability by which they are seen.
    owner: str = ""
    see: str = "see_matters"

    def __post_init__(self) -> None:
        if self.better not in (HIGHER, LOWER):
            raise DeclarationError(f"{self.key}: better is {HIGHER!r} or {LOWER!r}")
        if unknown := set(self.per) - set(PERIODS):
            raise DeclarationError(f"{self.key}: no periods {sorted(unknown)}")
        if self.target and self.target not in BEHAVIOURS:
            raise DeclarationError(f"{self.key}: no target behaviour {self.target!r}")

    @property
    def full_name(self) -> str:
        """Its name beside those of other books: 治理工程新立; a name that says whose it is stays."""
        return (
            self.name
            if not self.owner or self.owner[:2] in self.name
            else f"{self.owner}{self.name}"
        )

    @property
    def said(self) -> str:
        """Its full name in the reader's language."""
        if self.full_name == self.name:
            return gettext(self.name)
        return gettext("%(book)s%(what)s") % {
            "book": gettext(self.owner),
            "what": gettext(self.name),
        }

    @property
    def higher_is_better(self) -> bool:
        return self.better == HIGHER

    @property
    def word(self) -> str:
        """How a target of it is said."""
        return "不低于" if self.higher_is_better else "不高于"

    @property
    def behaviour(self) -> Behaviour:
        """How it stands to a target. Raises ``KeyError`` if a plan sets none."""
        return BEHAVIOURS[self.target]

    def of(self, area_code: str, span: Span, as_of: date | None = None) -> Figure:
        """The figure, computed now."""
        return self.read(self.source.of(area_code, span, as_of))


_declared: dict[str, Indicator] = {}


def declare(made: Indicator) -> Indicator:
    """Make an indicator known. Raises :class:`DeclarationError` for a key that is taken."""
    if made.key in _declared:
        raise DeclarationError(f"indicator {made.key} is declared twice")
    _declared[made.key] = made
    return made


def indicator(**said: Any) -> Callable[[Callable[[R], Figure]], Indicator]:
    """Declare the indicator that the decorated function reads."""

    def made(read: Callable[[R], Figure]) -> Indicator:
        return declare(Indicator(read=read, **said))

    return made


def all_indicators() -> tuple[Indicator, ...]:
    """Every declared indicator, in the order of declaration; those of registers and books after the others."""
    from ecoledger.indicators import of_books, of_registers, of_statistics

    return (
        *_declared.values(),
        *of_registers.indicators(),
        *of_statistics.indicators(),
        *of_books.indicators(),
    )


# Said of an indicator whose book does not stand.
NOT_THERE = "台账未建"


def key_of(words: str) -> str:
    """The key of the indicator that is called so; ``words`` themselves where none is."""
    return next(
        (declared.key for declared in all_indicators() if words == str(declared.full_name)), words
    )


def called(key: str) -> str:
    """What a person reads in place of an indicator's key, which says nothing to him."""
    try:
        return str(indicator_of(key).full_name)
    except KeyError:
        return NOT_THERE


def indicator_of(key: str) -> Indicator:
    """The indicator called ``key``. Raises ``KeyError``."""
    from ecoledger.indicators import of_books, of_registers, of_statistics

    if key in _declared:
        return _declared[key]
    if ":" in key:
        return of_statistics.indicator_of(key)
    try:
        return of_registers.indicator_of(key)
    except KeyError:
        return of_books.indicator_of(key)


def with_targets() -> dict[str, Indicator]:
    """Those that a yearly plan may set a number for."""
    return {key: one for key, one in _declared.items() if one.target}


def figures(
    wanted: Iterable[Indicator], area_code: str, span: Span, as_of: date | None = None
) -> dict[str, Figure]:
    """Several indicators at once; each source is computed once."""
    results: dict[str, Any] = {}
    rows: dict[str, Figure] = {}
    for declared in wanted:
        if declared.source.key not in results:
            results[declared.source.key] = declared.source.of(area_code, span, as_of)
        rows[declared.key] = declared.read(results[declared.source.key])
    return rows
