"""State of a river, basin or region from its sections, and how it changed (环办〔2011〕22号 二、三).

From five sections on the shares of classes decide; fewer are judged by the mean of each item over the
sections. Shares keep their numerator and denominator. Trends over years are in
:mod:`ecoledger.standards.trend`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ecoledger.standards import surface_water
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.percent import Ratio
from ecoledger.standards.surface_water import INFERIOR, Waterbody
from ecoledger.standards.water_periods import Values, period_mean

GRADES = ("优", "良好", "轻度污染", "中度污染", "重度污染")


@dataclass(frozen=True, slots=True)
class ClassShares:
    """How many sections have each class; sections without a class are left out of every share."""

    counts: Mapping[int, int]
    without_class: int

    @property
    def total(self) -> int:
        """Sections with a class: the denominator."""
        return sum(self.counts.values())

    def share(self, *classes: int) -> Ratio:
        """Share of the sections of these classes."""
        return Ratio(sum(self.counts.get(rank, 0) for rank in classes), self.total)

    @property
    def good(self) -> Ratio:
        """Ⅲ类及以上（优良）比例."""
        return self.share(1, 2, 3)

    @property
    def inferior(self) -> Ratio:
        """劣Ⅴ类比例."""
        return self.share(INFERIOR)


def class_shares(ranks: Iterable[int | None]) -> ClassShares:
    """Count sections by class (1 to 6, ``None`` or 0 without one)."""
    counted = Counter(rank or 0 for rank in ranks)
    without = counted.pop(0, 0)
    if unknown := set(counted) - set(range(1, INFERIOR + 1)):
        raise ValueError(f"not classes: {sorted(unknown)}")
    return ClassShares({rank: counted.get(rank, 0) for rank in range(1, INFERIOR + 1)}, without)


@dataclass(frozen=True, slots=True)
class RiverState:
    """State of a river: ``grade`` (优 … 重度污染, ``None`` without data), by ``"shares"`` or ``"mean"``.

    ``class_`` is the class of the mean where that decides. ``main_items`` are (item, share of sections
    worse than Ⅲ) for shares, (item, multiple) for the mean.
    """

    grade: str | None
    by: str
    class_: int | None
    shares: ClassShares
    main_items: tuple[tuple[str, float | None], ...]
    marks: tuple[Mark, ...]


def river_state(
    sections: Sequence[Values], *, on: date, waterbody: Waterbody = "river"
) -> RiverState:
    """Qualitative state of a river or basin from the values of its sections over one period."""
    _, method = surface_water.method_on(on)
    judged = [surface_water.classify(values, on=on, waterbody=waterbody) for values in sections]
    shares = class_shares(section.class_ for section in judged)
    marks = judged[0].marks if judged else ()
    if shares.total < method.sections_for_shares:
        mean = period_mean(sections, period="month", on=on, waterbody=waterbody)
        mean_class = surface_water.classify(mean.values, on=on, waterbody=waterbody)
        grade = mean_class.grade.name if mean_class.grade else None
        return RiverState(
            grade, "mean", mean_class.class_, shares, mean_class.main_pollutants, marks
        )

    worse = Counter(
        key
        for section in judged
        for key, rank in section.item_classes.items()
        if rank > method.reference_class
    )
    order = surface_water.limits_on(on)[1].of(waterbody)
    ranked = sorted(worse, key=lambda key: (-worse[key], order[key].order))
    items = tuple(
        (key, 100 * worse[key] / shares.total) for key in ranked[: method.main_pollutants]
    )
    return RiverState(grade_of_shares(shares, on=on), "shares", None, shares, items, marks)


def grade_of_shares(shares: ClassShares, *, on: date) -> str | None:
    """Grade from the shares of classes alone (环办〔2011〕22号 表2); ``None`` without sections.

    >>> from datetime import date
    >>> grade_of_shares(class_shares([2, 2, 3, 3, 4]), on=date(2026, 1, 1))
    '良好'
    """
    if shares.total == 0:
        return None
    _, method = surface_water.method_on(on)
    for row in method.river_grades:
        # Whole numbers on both sides: a share of exactly 75 % must not fail by a rounding of bits.
        good = 100 * shares.good.numerator
        inferior = 100 * shares.inferior.numerator
        if (
            good >= row.get("good_from", 0) * shares.total
            and ("good_below" not in row or good < row["good_below"] * shares.total)
            and ("inferior_below" not in row or inferior < row["inferior_below"] * shares.total)
        ):
            return str(row["name"])
    raise ValueError("river_grades in surface_water.toml must end with a row without bounds")


def change_of_grade(before: int, after: int) -> str:
    """How a section changed between two classes, by its qualitative grade: 无明显变化, 有所好转 …

    Ⅰ and Ⅱ share a grade, so going from one to the other is no change.
    """
    step = max(after, 2) - max(before, 2)
    if step == 0:
        return "无明显变化"
    direction = "好转" if step < 0 else "下降"
    return f"{'有所' if abs(step) == 1 else '明显'}{direction}"


def change_of_shares(before: ClassShares, after: ClassShares, *, on: date) -> tuple[str, float]:
    """How a river changed: words, and ΔG − ΔD in percentage points (组合类别比例法).

    ΔG and ΔD are the changes of the Ⅰ～Ⅲ and 劣Ⅴ shares. Raises ``ValueError`` where either period has
    no sections.
    """
    if not before.total or not after.total:
        raise ValueError("both periods need sections with a class")
    _, method = surface_water.method_on(on)
    gained = _points(after.good) - _points(before.good)
    inferior = _points(after.inferior) - _points(before.inferior)
    difference = gained - inferior
    size = abs(round(difference, 9))
    if size <= method.unchanged_up_to:
        return "无明显变化", difference
    word = "有所" if size <= method.some_up_to else "明显"
    return f"{word}{'好转' if difference > 0 else '下降'}", difference


def _points(ratio: Ratio) -> float:
    return ratio.percent or 0.0
