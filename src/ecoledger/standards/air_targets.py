"""Keeping account of a year's air target: allowance, projection, days in hand, moving means.

All of it is exact arithmetic on the numbers as written. Days are valid days.

>>> rest = allowance(target=35, mean=38.2, days=181, remaining=184)
>>> round(float(rest), 1)
31.9
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ecoledger.standards.percent import Number, Percent, exact


def allowance(
    *, target: Number, mean: Number, days: int, remaining: int, decimals: int | None = None
) -> Fraction | None:
    """What mean the remaining days may have so that the year keeps to ``target``.

    ``mean`` is the mean of the ``days`` passed. Negative: the target can no longer be met. ``None`` when no
    day remains. With ``decimals`` the year's mean is judged after rounding (GB/T 8170), so it may lie up to
    half a unit above the target (just below it where the tie would round up, which is not excluded here).
    """
    if days < 0 or remaining < 0:
        raise ValueError(f"days ({days}) and remaining ({remaining}) cannot be negative")
    if remaining == 0:
        return None
    ceiling = exact(target)
    if decimals is not None:
        ceiling += Fraction(1, 2 * 10**decimals)
    return (ceiling * (days + remaining) - exact(mean) * days) / remaining


def projection(*, mean: Number, days: int, remaining: int, expected: Number) -> Fraction:
    """The year's mean if the remaining days have the mean ``expected`` (for instance last year's)."""
    if days + remaining <= 0:
        raise ValueError("there is no day to take a mean of")
    return (exact(mean) * days + exact(expected) * remaining) / (days + remaining)


@dataclass(frozen=True, slots=True)
class DaysInHand:
    """How many more days may still be bad. Negative ``allowed``: the target is out of reach by so many."""

    allowed: int
    used: int
    total: int


def bad_days_allowed(*, target: Number, good: int, valid: int, remaining: int) -> DaysInHand:
    """How many of the remaining days may be polluted so that the good-day ratio reaches ``target`` percent.

    All remaining days are taken to be valid; ``total`` is how many bad days the whole year may have.

    >>> bad_days_allowed(target=80, good=150, valid=181, remaining=184)
    DaysInHand(allowed=42, used=31, total=73)
    """
    if not 0 <= good <= valid or remaining < 0:
        raise ValueError(
            f"good ({good}) of valid ({valid}) days, remaining {remaining}: not possible"
        )
    everything = valid + remaining
    needed = -(-exact(target) * everything // 100)
    total = everything - int(needed)
    return DaysInHand(allowed=total - (valid - good), used=valid - good, total=total)


def exceedances_allowed(days: int, percentile: Number) -> int:
    """How many of ``days`` values may exceed a limit while their percentile cannot.

    The percentile of HJ 663 annex A lies between two sorted values; with so many values above the limit,
    however high, it still rests on values that are not. Ozone: 36 of 365 days may exceed for the 90th.

    >>> exceedances_allowed(365, 90), exceedances_allowed(365, 95)
    (36, 18)
    """
    if days < 1:
        raise ValueError("a percentile needs at least one day")
    position = 1 + (days - 1) * exact(percentile) / 100
    needed = -(-position // 1)
    return days - int(needed)


@dataclass(frozen=True, slots=True)
class GoodDays:
    """Good days (AQI up to 100) with both denominators in use, so that neither is mistaken for the other."""

    good: int
    valid: int
    calendar: int

    @property
    def of_valid(self) -> Percent | None:
        """优良天数比例: share of the valid days, as the standard defines it."""
        return Percent.of(self.good, self.valid) if self.valid else None

    @property
    def of_calendar(self) -> Percent | None:
        """Share of all days of the calendar."""
        return Percent.of(self.good, self.calendar) if self.calendar else None

    @property
    def polluted(self) -> int:
        """Valid days above 100."""
        return self.valid - self.good


def moving_means(yearly: Mapping[int, Number | None], years: int = 3) -> dict[int, Fraction | None]:
    """Mean of each year with the ``years - 1`` before it; ``None`` where one of them is missing.

    HJ 663-2026 evaluates by three-year moving means; its details were not seen (mark ?).

    >>> {year: mean and float(mean) for year, mean in moving_means({2023: 30, 2024: 33, 2025: 27}).items()}
    {2023: None, 2024: None, 2025: 30.0}
    """
    result: dict[int, Fraction | None] = {}
    for year in sorted(yearly):
        window = [yearly.get(year - back) for back in range(years)]
        known = [exact(value) for value in window if value is not None]
        result[year] = sum(known, Fraction(0)) / years if len(known) == years else None
    return result
