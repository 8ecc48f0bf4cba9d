"""Percentages, percentage points and shares as different things, and checks of printed figures.

Values are exact fractions; they are rounded once, when shown (GB/T 8170-2008). A share that rises from
50 % to 100 % rises by 50 *percentage points* (个百分点) and by 100 %: adding the two kinds is refused.

The checks answer the questions a reader of a bureau's report asks: do the parts add up, does the ratio
follow from its numerator and denominator, can the printed change follow from the printed values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import total_ordering
from typing import Self

from ecoledger.standards.rounding import half_even

Number = int | float | str | Decimal | Fraction


def exact(value: Number) -> Fraction:
    """The number as it was written: the float 0.1 and the text "0.1" are one tenth."""
    if isinstance(value, float):
        return Fraction(
            Decimal(repr(float(value)))
        )  # a number of numpy is a float that writes itself otherwise
    return Fraction(value)


def shown(value: Fraction, decimals: int) -> str:
    """``value`` with ``decimals`` places, rounded half to even from the exact fraction.

    >>> shown(Fraction(1, 8), 2), shown(Fraction(3, 8), 2), shown(Fraction(1000, 14), 2)
    ('0.12', '0.38', '71.43')
    """
    scaled = round(value * 10**decimals)  # Fraction rounds half to even, exactly.
    text = format(Decimal(scaled).scaleb(-decimals), "f")
    return text.removeprefix("-") if scaled == 0 else text


@total_ordering
@dataclass(frozen=True, slots=True)
class _Hundredths:
    """What is counted in hundredths; only like is compared with like."""

    value: Fraction

    @classmethod
    def exactly(cls, value: Number) -> Self:
        """From a number as written before the sign or unit: ``exactly("16.68")``."""
        return cls(exact(value))

    def __lt__(self, other: Self) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.value < other.value


@dataclass(frozen=True, slots=True)
class PercentagePoints(_Hundredths):
    """A difference between two percentages, in percentage points (个百分点)."""

    def __add__(self, other: PercentagePoints) -> PercentagePoints:
        if not isinstance(other, PercentagePoints):
            return NotImplemented
        return PercentagePoints(self.value + other.value)

    def __sub__(self, other: PercentagePoints) -> PercentagePoints:
        if not isinstance(other, PercentagePoints):
            return NotImplemented
        return PercentagePoints(self.value - other.value)

    def __neg__(self) -> PercentagePoints:
        return PercentagePoints(-self.value)

    def show(self, decimals: int = 1) -> str:
        """As printed, e.g. ``"16.68个百分点"``."""
        return f"{shown(self.value, decimals)}个百分点"


@dataclass(frozen=True, slots=True)
class Percent(_Hundredths):
    """A share or rate in percent. ``value`` is the number before the sign: 75 for 75 %."""

    @classmethod
    def of(cls, part: Number, whole: Number) -> Percent:
        """``part`` as a share of ``whole``. Raises ``ValueError`` when the whole is zero."""
        denominator = exact(whole)
        if denominator == 0:
            raise ValueError("a share of zero is undefined: the denominator is 0")
        return cls(exact(part) / denominator * 100)

    def __sub__(self, other: Percent | PercentagePoints) -> PercentagePoints | Percent:
        if isinstance(other, Percent):
            return PercentagePoints(self.value - other.value)
        if isinstance(other, PercentagePoints):
            return Percent(self.value - other.value)
        return NotImplemented

    def __add__(self, other: PercentagePoints) -> Percent:
        if not isinstance(other, PercentagePoints):
            return NotImplemented
        return Percent(self.value + other.value)

    def points_above(self, other: Percent) -> PercentagePoints:
        """How many percentage points this lies above ``other`` (negative: below)."""
        return PercentagePoints(self.value - other.value)

    def show(self, decimals: int = 1) -> str:
        """As printed, e.g. ``"71.43%"``."""
        return f"{shown(self.value, decimals)}%"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share that keeps what it was made of: ``numerator`` things among ``denominator``."""

    numerator: int
    denominator: int

    @property
    def share(self) -> Percent | None:
        """The share in percent, exact; ``None`` of nothing."""
        return Percent.of(self.numerator, self.denominator) if self.denominator else None

    @property
    def percent(self) -> float | None:
        """The share in percent as a float; ``None`` of nothing."""
        return None if self.share is None else float(self.share.value)

    def text(self, decimals: int = 1) -> str:
        """As printed, with its parts; without a denominator ``"—（0/0）"``.

        >>> Ratio(4, 6).text()
        '66.7%（4/6）'
        """
        printed = "—" if self.share is None else self.share.show(decimals)
        return f"{printed}（{self.numerator}/{self.denominator}）"


@dataclass(frozen=True, slots=True)
class Change:
    """A change against an earlier value. ``ratio`` is ``None`` when the earlier value is zero."""

    now: Fraction
    before: Fraction

    @property
    def difference(self) -> Fraction:
        """``now`` less ``before``, in their unit."""
        return self.now - self.before

    @property
    def ratio(self) -> Percent | None:
        """The difference as a share of the earlier value."""
        return Percent.of(self.difference, self.before) if self.before else None


def change(now: Number, before: Number) -> Change:
    """The change from ``before`` to ``now``, both unrounded."""
    return Change(exact(now), exact(before))


def percent_of(part: Number, whole: Number, decimals: int = 1) -> str:
    """``part`` as a share of ``whole`` in percent, as printed; of nothing a dash.

    >>> percent_of(1, 16), percent_of(2, 3, 0), percent_of(0, 0)
    ('6.2%', '67%', '—')
    """
    return Percent.of(part, whole).show(decimals) if whole else "—"


def growth(now: Number, before: Number, decimals: int = 1) -> str:
    """How much ``now`` is above ``before``, in percent of it, as printed with its sign; above nothing a dash.

    >>> growth(9, 8), growth(7, 8), growth(8, 8), growth(1, 0)
    ('+12.5%', '-12.5%', '+0.0%', '—')
    """
    text = percent_of(exact(now) - exact(before), before, decimals)
    return text if text[0] in "-—" else f"+{text}"


class Verdict(StrEnum):
    """What a check of printed figures found."""

    AGREES = "agrees"
    ONLY_UNROUNDED = "only_unrounded"
    PARTIAL = "partial"
    CONTRADICTS = "contradicts"


@dataclass(frozen=True, slots=True)
class Finding:
    """Outcome of a check and the sentence, in Chinese, that is shown with it."""

    verdict: Verdict
    note: str

    @property
    def ok(self) -> bool:
        """Whether the printed figures can all be true."""
        return self.verdict is not Verdict.CONTRADICTS


def reconcile(total: Number, parts: Mapping[str, Number], *, partial: bool = False) -> Finding:
    """Whether the parts add up to the total.

    ``partial``: the text says 其中, so the parts may leave something out; a shortfall is then reported
    as ``PARTIAL``. Parts beyond the total always contradict it.
    """
    whole = exact(total)
    summed = sum((exact(part) for part in parts.values()), Fraction(0))
    terms = " + ".join(f"{name}{_plain(exact(part))}" for name, part in parts.items())
    gap = whole - summed
    if gap == 0:
        return Finding(Verdict.AGREES, f"{_plain(whole)} = {terms}")
    side = "少" if gap > 0 else "多"
    note = f"分项合计{_plain(summed)}（{terms}），比合计{_plain(whole)}{side}{_plain(abs(gap))}"
    if gap > 0 and partial:
        return Finding(Verdict.PARTIAL, f"{note}；“其中”可能未列全，请说明其余{_plain(gap)}")
    return Finding(Verdict.CONTRADICTS, note)


def check_ratio(printed: str, part: Number, whole: Number) -> Finding:
    """Whether a printed percentage (``"71.43"`` or ``"71.43%"``) is ``part`` of ``whole``.

    Compared with as many decimals as were printed.
    """
    number, decimals = _printed(printed)
    computed = Percent.of(part, whole)
    text = f"{_plain(exact(part))}/{_plain(exact(whole))} = {computed.show(decimals)}"
    if shown(computed.value, decimals) == shown(number, decimals):
        return Finding(Verdict.AGREES, text)
    return Finding(Verdict.CONTRADICTS, f"{text}，与所列{shown(number, decimals)}%不符")


def possible_totals(printed: str, missing: int, up_to: int = 366) -> list[int]:
    """Totals for which all but ``missing`` are the printed percentage.

    With 13 polluted days, 96.3 % good days needs 347 to 356 valid days:

    >>> totals = possible_totals("96.3", 13)
    >>> totals[0], totals[-1]
    (347, 356)
    """
    number, decimals = _printed(printed)
    target = shown(number, decimals)
    return [
        total
        for total in range(max(missing, 1), up_to + 1)
        if shown(Fraction((total - missing) * 100, total), decimals) == target
    ]


def check_change(now: str, difference: str, ratio: str) -> Finding:
    """Whether printed value, printed change and printed percentage of change fit together.

    ``check_change("35.5", "-4.2", "10.7")``: 4.2/39.7 is 10.6 %, but unrounded values that print as
    35.5 and 4.2 reach 10.705 %, so 10.7 can be right when computed before rounding. The sign of the
    ratio is taken from the difference. Raises ``ValueError`` when the earlier value is not positive.
    """
    value, value_decimals = _printed(now)
    step, step_decimals = _printed(difference)
    share, decimals = _printed(ratio)
    share = abs(share)
    if value - step <= 0:
        raise ValueError(f"the earlier value {_plain(value - step)} is not positive")

    def relative(a: Fraction, d: Fraction) -> Fraction:
        return abs(d) / (a - d) * 100

    direct = relative(value, step)
    if shown(direct, decimals) == shown(share, decimals):
        return Finding(
            Verdict.AGREES,
            f"{shown(abs(step), step_decimals)}/{_plain(value - step)} = {shown(direct, decimals)}%",
        )
    half_value = Fraction(1, 2 * 10**value_decimals)
    half_step = Fraction(1, 2 * 10**step_decimals)
    half_share = Fraction(1, 2 * 10**decimals)
    corners = [
        relative(value + a * half_value, step + b * half_step)
        for a in (-1, 1)
        for b in (-1, 1)
        if value + a * half_value - step - b * half_step > 0
    ]
    if abs(step) <= half_step:
        corners.append(Fraction(0))
    computed = (
        f"按所列数字 {shown(abs(step), step_decimals)}/{_plain(value - step)} = "
        f"{shown(direct, decimals)}%"
    )
    within = f"未修约数据可得{shown(min(corners), 3)}%～{shown(max(corners), 3)}%"
    if min(corners) <= share + half_share and max(corners) >= share - half_share:
        return Finding(
            Verdict.ONLY_UNROUNDED,
            f"{computed}；{within}，所列{shown(share, decimals)}%须由未修约数据算得，请加注",
        )
    return Finding(
        Verdict.CONTRADICTS, f"{computed}；{within}，所列{shown(share, decimals)}%不能成立"
    )


def _printed(text: str) -> tuple[Fraction, int]:
    number = Decimal(text.strip().rstrip("%％").replace("−", "-"))
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a number")
    return Fraction(number), max(0, -int(number.as_tuple().exponent))


def _plain(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    as_decimal = Decimal(value.numerator) / Decimal(value.denominator)
    return format(half_even(as_decimal, 6).normalize(), "f")
