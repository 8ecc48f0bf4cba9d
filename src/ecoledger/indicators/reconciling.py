"""A total beside the parts that should come to it (其中): what they come to, and what is left unexplained."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext

from ecoledger.indicators import of_books
from ecoledger.indicators.declaring import Span
from ecoledger.indicators.figures import Figure
from ecoledger.listings.tallies import parts_of

# Key of the part that says of itself that nobody knows where it belongs.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Divided:
    """A total and its parts. ``known``: what the named parts come to; ``unexplained``: what is left."""

    whole: Figure
    parts: tuple[Figure, ...]
    known: Fraction
    unexplained: Fraction

    @property
    def adds_up(self) -> bool:
        return not self.unexplained

    @property
    def shown(self) -> str:
        """``116 ≠ 4+23+84=111，5篇未分级``, or the sum that holds."""
        sum_ = "+".join(f"{int(p.value or 0)}" for p in self.parts)
        whole = int(self.whole.value or 0)
        if self.adds_up:
            return f"{whole} = {sum_}"
        left = {"n": int(self.unexplained), "unit": gettext(self.whole.unit)}
        return f"{whole} ≠ {sum_} = {int(self.known)}" + gettext("，差%(n)d%(unit)s") % left


def divided(whole: str, area_code: str, span: Span) -> Divided:
    """The tally ``book.key`` beside those that divide it. Parts that are nought are left out."""
    tally = of_books.every_tally()[whole]
    counting = of_books.Counting(tally.book, area_code, span)
    figure = counting.figure(tally)
    parts = [(part.key, counting.figure(part)) for part in parts_of(whole)]
    named = tuple(f for key, f in parts if key != UNKNOWN and f.value)
    known = sum((f.value or Fraction(0) for f in named), Fraction(0))
    return Divided(figure, named, known, (figure.value or Fraction(0)) - known)
