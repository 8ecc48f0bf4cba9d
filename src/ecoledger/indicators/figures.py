"""A figure that can be trusted: it knows its parts, its rule, and the records it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ecoledger.standards.percent import Number, Percent, PercentagePoints, exact, shown


@dataclass(frozen=True, slots=True)
class Records:
    """What opens the records behind a figure: a kind of list, and its filter."""

    kind: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a page or a document.

    ``value`` is unrounded and ``display`` is what is printed, unit included. A ratio names its
    ``numerator`` and ``denominator``. ``missing`` says why there is no value.
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


def absent(label: str, records: Records, why: str) -> Figure:
    """A figure that could not be computed, and why."""
    return Figure(label, None, "—", records, missing=why)


def count(label: str, number: int, records: Records, unit: str = "") -> Figure:
    """A number of records."""
    return Figure(label, Fraction(number), f"{number}{unit}", records, unit)


def quantity(
    label: str, value: Number | None, decimals: int, unit: str, records: Records, standard: str = ""
) -> Figure:
    """A measured quantity, rounded once to ``decimals``."""
    if value is None:
        return absent(label, records, "有效数据不足")
    number = exact(value)
    spaced = f" {unit}" if unit and unit != "%" else unit
    return Figure(
        label, number, f"{shown(number, decimals)}{spaced}", records, unit, standard=standard
    )


def ratio(
    label: str, part: int, whole: int, records: Records, decimals: int = 1, standard: str = ""
) -> Figure:
    """A share in percent, with both its parts."""
    if whole == 0:
        return absent(label, records, "分母为零，无法计算")
    share = Percent.of(part, whole)
    return Figure(
        label,
        share.value,
        share.show(decimals),
        records,
        "%",
        Fraction(part),
        Fraction(whole),
        standard,
    )


def change(now: Figure, before: Figure, decimals: int) -> str:
    """Year-on-year wording. Shares change by percentage points, quantities by amount and percent."""
    if now.value is None or before.value is None:
        return "同比无可比数据"
    if now.unit == "%":
        points = PercentagePoints(now.value - before.value)
        if points.value == 0:
            return "同比持平"
        verb = "上升" if points.value > 0 else "下降"
        return f"同比{verb}{PercentagePoints(abs(points.value)).show(decimals)}"
    difference = now.value - before.value
    if difference == 0:
        return "同比持平"
    verb = "上升" if difference > 0 else "下降"
    amount = f"{shown(abs(difference), decimals)}{f' {now.unit}' if now.unit else ''}"
    if before.value == 0:
        return f"同比{verb}{amount}"
    return f"同比{verb}{amount}（{Percent.of(abs(difference), before.value).show(1)}）"
