"""A figure that can be trusted: it knows its parts, its rule, and the records it was made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from django.utils.translation import gettext_noop as noop

from ecoledger.standards.percent import Number, Percent, exact, shown
from ecoledger.standards.rounding import half_even

PERCENT = "%"
TOO_FEW = "有效数据不足"
_POINTS = "个百分点"


@dataclass(frozen=True, slots=True)
class Records:
    """What opens the records behind a figure: a kind of list, and its filter."""

    kind: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a page or a document.

    ``value`` is unrounded and ``display`` is what is printed, unit included. A ratio names its
    ``numerator`` and ``denominator``. ``missing`` says why there is no value. ``judged``: limits decided
    the value, so that another ``standard`` would have given another one.
    """

    label: str
    value: Fraction | None
    display: str
    records: Records
    unit: str = ""
    numerator: Fraction | None = None
    denominator: Fraction | None = None
    standard: str = ""
    missing: str = ""
    decimals: int = 0
    judged: bool = False

    def __str__(self) -> str:
        return self.display

    @property
    def parts(self) -> str:
        """Numerator and denominator in words, e.g. ``"26/31"``."""
        if self.numerator is None or self.denominator is None:
            return ""
        return f"{plain(self.numerator)}/{plain(self.denominator)}"


def plain(value: Fraction) -> str:
    """A whole number without a point, anything else with two decimals."""
    return str(value.numerator) if value.denominator == 1 else shown(value, 2)


def printed(value: Fraction, decimals: int) -> str:
    """A measured value rounded once (GB/T 8170). A mean within 1e-9 of a tie is that tie."""
    rounded = half_even(float(value), decimals)
    # Adding zero turns a negative zero into a plain one.
    return f"{rounded + 0.0:.{decimals}f}"


def written(number: str, unit: str) -> str:
    """A number with its unit: a gap before a symbol (GB 3101), none before a Chinese word or the percent sign."""
    is_symbol = bool(unit) and unit != PERCENT and not "\u4e00" <= unit[0] <= "\u9fff"
    return f"{number} {unit}" if is_symbol else f"{number}{unit}"


def bare(figure: Figure) -> Figure:
    """The figure printed without its unit, for a table whose heading names it."""
    if figure.value is None or not figure.unit:
        return figure
    return replace(figure, display=figure.display.removesuffix(figure.unit).rstrip())


def absent(label: str, records: Records, why: str, standard: str = "") -> Figure:
    """A figure that could not be computed, and why."""
    return Figure(label, None, "—", records, standard=standard, missing=why)


def count(label: str, number: int, records: Records, unit: str = "", **more: object) -> Figure:
    """A number of records."""
    return Figure(label, Fraction(number), written(str(number), unit), records, unit, **more)  # type: ignore[arg-type]


def quantity(
    label: str,
    value: Number | None,
    decimals: int,
    unit: str,
    records: Records,
    standard: str = "",
    *,
    missing: str = TOO_FEW,
    judged: bool = False,
) -> Figure:
    """A measured quantity, rounded once to ``decimals``."""
    if value is None:
        return absent(label, records, missing, standard)
    number = exact(value)
    return Figure(
        label,
        number,
        written(printed(number, decimals), unit),
        records,
        unit,
        standard=standard,
        decimals=decimals,
        judged=judged,
    )


def ratio(
    label: str,
    part: Number,
    whole: Number,
    records: Records,
    decimals: int = 1,
    standard: str = "",
    *,
    missing: str = "分母为零，无法计算",
    judged: bool = False,
) -> Figure:
    """A share in percent, with both its parts, exact as they were written."""
    if whole == 0:
        return absent(label, records, missing, standard)
    share = Percent.of(part, whole)
    return Figure(
        label,
        share.value,
        share.show(decimals),
        records,
        PERCENT,
        exact(part),
        exact(whole),
        standard,
        decimals=decimals,
        judged=judged,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure stands to the same one of an earlier period, from the unrounded values of both.

    Shares change by percentage points, quantities by an amount and by percent of the earlier value.
    ``decimals`` are those of the amount; the percentage has one. ``word`` is said before it, nothing in
    a table whose heading says it. ``then``, where both figures were judged anew by one edition: the same
    with each as it was judged at its time (:func:`by_one_edition`).
    """

    now: Figure
    before: Figure
    decimals: int
    word: str = "同比"
    then: Change | None = None

    def __str__(self) -> str:
        return self.display

    @property
    def label(self) -> str:
        return f"{self.now.label}{self.word}"

    @property
    def difference(self) -> Fraction | None:
        """In percentage points for shares, in the figures' unit otherwise."""
        if self.now.value is None or self.before.value is None:
            return None
        return self.now.value - self.before.value

    @property
    def ratio(self) -> Fraction | None:
        """The difference as percent of the earlier value; none of shares, none over zero."""
        if self.difference is None or self.now.unit == PERCENT or not self.before.value:
            return None
        return Percent.of(self.difference, self.before.value).value

    @property
    def unit(self) -> str:
        return _POINTS if self.now.unit == PERCENT else self.now.unit

    @property
    def bare(self) -> str:
        """The change without the word for the period: ``"上升2.1个百分点"``, for tables."""
        return self.told(str)

    def told(self, say: Callable[[str], str]) -> str:
        """:attr:`bare` in the words that ``say`` has for its Chinese ones: documents stay Chinese, pages are read."""
        if self.difference is None:
            return "—"
        amount = self._amount(self.difference)
        if not self.difference:
            return say(noop("持平"))
        if not float(amount):
            return say(noop("基本持平"))
        if self.unit and self.unit != _POINTS:
            amount = f"{amount} {say(self.unit)}"
        elif self.unit:
            amount = say(noop("%s个百分点")) % amount
        words = say(noop("上升%s") if self.difference > 0 else noop("下降%s")) % amount
        if self.ratio is None:
            return words
        return say(noop("%(words)s（%(share)s%%）")) % {
            "words": words, "share": printed(abs(self.ratio), 1)
        }  # fmt: skip

    @property
    def display(self) -> str:
        if self.difference is None and self.word:
            return f"{self.word}无可比数据"
        return f"{self.word}{self.bare}"

    @property
    def only_unrounded(self) -> bool:
        """Whether a reader who computes with the printed values comes to another result."""
        if self.difference is None or self.now.value is None or self.before.value is None:
            return False
        now = Fraction(printed(self.now.value, self.now.decimals))
        before = Fraction(printed(self.before.value, self.before.decimals))
        if printed(abs(now - before), self.decimals) != self._amount(self.difference):
            return True
        if self.ratio is None or not before:
            return False
        again = abs(now - before) * 100 / before
        return printed(again, 1) != printed(abs(self.ratio), 1)

    @property
    def across_editions(self) -> bool:
        """Whether the two periods were judged by different editions, which by itself moves the figure."""
        return (
            self.difference is not None
            and self.now.judged
            and self.now.standard != self.before.standard
        )

    def _amount(self, difference: Fraction) -> str:
        return printed(abs(difference), self.decimals)


def by_one_edition(then: Change, again: Change) -> Change:
    """The change that is told of two periods: of the air or water alone, not of the edition that judges it.

    ``then`` has each period as it was judged at its time, ``again`` both by one edition.
    """
    return replace(again, then=then) if then.across_editions else then
