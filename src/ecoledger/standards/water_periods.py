"""Means of months, quarters and years of surface water, attainment, and what the rest must bring.

Samples make a month, months make a quarter or a year: each mean is the arithmetic mean of unrounded
parts and is rounded once, to the places its item is judged with. pH is averaged as hydrogen-ion
concentration. Attainment of a year is told in two ways that are never mixed: by the mean of the year,
and by the months that attain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import polars as pl

from ecoledger.standards import surface_water, surface_water_tables
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.percent import Ratio, exact
from ecoledger.standards.quality_classes import ItemLimits
from ecoledger.standards.readings import Reading, parse, read_column
from ecoledger.standards.rounding import half_even
from ecoledger.standards.rule_data import compiled, declare_file
from ecoledger.standards.surface_water import Failure, Waterbody, WaterClass

RULE_SET = "surface-water-means"

Period = Literal["month", "quarter", "year"]
Values = Mapping[str, float | str | Reading | None]


@dataclass(frozen=True, slots=True)
class Validity:
    """How much data a mean needs, and whether pH is averaged through hydrogen ions."""

    least: Mapping[Period, int]
    ph_through_ions: bool
    marks: tuple[Mark, ...]


@compiled("water_periods")
def validity(content: dict[str, Any]) -> Validity:
    """The rules of ``data/water_periods.toml``."""
    basis = content["basis"]
    declare_file(RULE_SET, content)
    return Validity(
        least={
            "month": int(content["month"]["least_samples"]),
            "quarter": int(content["quarter"]["least_months"]),
            "year": int(content["year"]["least_months"]),
        },
        ph_through_ions=bool(content["ph"]["through_hydrogen_ions"]),
        marks=(Mark(basis["mark"]), Mark(content["ph"]["mark"])),
    )


validity()


@dataclass(frozen=True, slots=True)
class PeriodMean:
    """Means of a period by item: ``values`` rounded as they are judged, ``unrounded`` as computed,
    ``counts`` how many parts (samples of a month, months of a longer period) each rests on.

    ``valid`` is whether the period has the parts it needs (``parts`` of ``needed``).
    """

    period: Period
    values: Mapping[str, float]
    unrounded: Mapping[str, float]
    counts: Mapping[str, int]
    parts: int
    needed: int

    @property
    def valid(self) -> bool:
        """Whether there are enough parts."""
        return self.parts >= self.needed


def mean(key: str, parts: Sequence[float]) -> Fraction:
    """Arithmetic mean of an item's values, exact on the decimals as written; pH through H⁺.

    Raises ``ValueError`` without values.
    """
    if not parts:
        raise ValueError(f"{key}: no values to average")
    if key == "ph" and validity().ph_through_ions:
        # Relative to the lowest, so that no instrument's nonsense leaves the range of a float.
        lowest = min(parts)
        ions = math.fsum(10.0 ** (lowest - value) for value in parts) / len(parts)
        # Back to decimals, so that the noise of the logarithm does not decide a tie: 9.65 stays 9.65.
        return Fraction(Decimal(repr(round(lowest - math.log10(ions), 9))))
    return sum((exact(value) for value in parts), Fraction(0)) / len(parts)


def period_mean(
    parts: Iterable[Values], *, period: Period, on: date, waterbody: Waterbody = "river"
) -> PeriodMean:
    """Mean of a period from its parts: samples for a month, month means for a quarter or year.

    Items are averaged over the parts that have them; below-detection readings enter with half the
    detection limit. Keys that are no items of GB 3838 are ignored. ``on`` chooses the edition whose
    places the means are rounded to.

    >>> from datetime import date
    >>> winter = [{"nh3n": 0.31}, {"nh3n": 0.42}, {"nh3n": "0.025L"}]
    >>> period_mean(winter, period="quarter", on=date(2026, 2, 1)).values
    {'nh3n': 0.25}
    """
    _, limits = surface_water.limits_on(on)
    table = limits.of(waterbody)
    collected: dict[str, list[float]] = {}
    count = 0
    for part in parts:
        some = False
        for key in table:
            value = parse(part.get(key)).value
            if value is not None:
                collected.setdefault(key, []).append(value)
                some = True
        count += some
    exact = {key: mean(key, collected[key]) for key in table if key in collected}
    return PeriodMean(
        period=period,
        values={key: round_exact(value, table[key].decimals) for key, value in exact.items()},
        unrounded={key: float(value) for key, value in exact.items()},
        counts={key: len(values) for key, values in collected.items()},
        parts=count,
        needed=validity().least[period],
    )


def round_exact(value: Fraction, decimals: int) -> float:
    """Round a mean half to even (GB/T 8170); one that would become zero keeps one significant digit.

    >>> round_exact(Fraction(125, 1000), 2), round_exact(Fraction(3, 1000), 2)
    (0.12, 0.003)
    """
    number = Decimal(value.numerator) / Decimal(value.denominator)
    rounded = half_even(number, decimals)
    return float(rounded or half_even(number, -number.adjusted()))


def rounded_table(frame: pl.DataFrame, *, on: date | pl.Series) -> pl.DataFrame:
    """``frame`` with each item column rounded once to the places it is judged with; see :func:`round_exact`.

    ``on`` is the day of all the data or a column with the day of each row, whose edition says the places;
    a row without an edition stays as it is.
    """
    parts = surface_water_tables.editions_of(on, frame.height)
    keys = {key for _, edition, _ in parts for key in edition.content.river}
    columns = []
    for key in frame.columns:
        if key not in keys:
            continue
        rounded = frame[key].cast(pl.Float64).to_numpy().copy()
        for rows, edition, _ in parts:
            if key in edition.content.river:
                part = pl.Series(key, rounded[rows])
                rounded[rows] = _round_column(part, edition.content.river[key].decimals).to_numpy()
        columns.append(pl.Series(key, rounded).fill_nan(None))
    return frame.with_columns(columns)


def _round_column(values: pl.Series, decimals: int) -> pl.Series:
    """What :func:`round_exact` does, for a column."""
    numbers = values.fill_null(math.nan).to_numpy().astype(np.float64)
    rounded = half_even(numbers, decimals)
    for place in np.flatnonzero((rounded == 0) & (numbers != 0)):
        rounded[place] = round_exact(Fraction(Decimal(repr(float(numbers[place])))), decimals)
    return pl.Series(values.name, rounded).fill_nan(None)


def period_table(
    frame: pl.DataFrame,
    *,
    period: Period,
    by: Sequence[str],
    on: date,
    time: str = "time",
) -> pl.DataFrame:
    """Means of every group and period of a table of samples; agrees with :func:`period_mean`.

    ``by`` names the grouping columns (the section), ``time`` a date or datetime column. Returns ``by``,
    ``period_start`` (a date), the rounded mean of each item, ``parts`` (samples of a month, months of a
    longer period) and ``valid``. Longer periods are means of month means.
    """
    _, limits = surface_water.limits_on(on)
    items = [key for key in limits.river if key in frame.columns]
    if not items:
        raise ValueError(f"no item columns among {', '.join(frame.columns)}")
    ions = validity().ph_through_ions
    numbers = frame.with_columns(
        *(_readable(frame[key]).alias(key) for key in items),
        pl.col(time).cast(pl.Date).dt.truncate("1mo").alias("period_start"),
    ).filter(pl.any_horizontal(pl.col(items).is_not_null()))
    if ions and "ph" in items:
        numbers = numbers.with_columns(pl.lit(10.0).pow(-pl.col("ph")).alias("ph"))
    means = [pl.col(key).mean() for key in items]
    table = numbers.group_by([*by, "period_start"]).agg(*means, pl.len().alias("parts"))
    if period != "month":
        length = {"quarter": "1q", "year": "1y"}[period]
        table = (
            table.with_columns(pl.col("period_start").dt.truncate(length))
            .group_by([*by, "period_start"])
            .agg(*means, pl.len().alias("parts"))
        )
    if ions and "ph" in items:
        table = table.with_columns((-pl.col("ph").log(10)).alias("ph"))
    rounded = [_round_column(table[key], limits.river[key].decimals) for key in items]
    return table.with_columns(
        *rounded, (pl.col("parts") >= validity().least[period]).alias("valid")
    ).sort([*by, "period_start"])


def _readable(column: pl.Series) -> pl.Series:
    read = read_column(column)
    if read.unreadable.any():
        row = int(read.unreadable.arg_true()[0])
        raise ValueError(f"row {row + 1}, {column.name}: {column[row]!r} is not a reading")
    return read.values


@dataclass(frozen=True, slots=True)
class Attainment:
    """Whether a section attains its target: by the mean, and by the months. The two are told apart
    because a year may attain by its mean while months fail.

    ``by_mean`` is ``None`` when the mean lacks months (``mean.valid``) or has no class. ``by_months``
    counts the months that attain among those judged; ``failing_months`` names what each failed by.
    """

    target: int
    mean: PeriodMean
    mean_class: WaterClass
    mean_failures: tuple[Failure, ...]
    by_months: Ratio
    failing_months: Mapping[Any, tuple[Failure, ...]]

    @property
    def by_mean(self) -> bool | None:
        """Whether the mean attains the target."""
        return self.mean_class.attains(self.target) if self.mean.valid else None

    @property
    def text(self) -> str:
        """Both ways in one sentence that cannot be misread."""
        said = {True: "达标", False: "不达标", None: "有效月份不足，不评价"}[self.by_mean]
        return (
            f"按均值评价：{said}（{self.mean_class.label or '—'}类，目标"
            f"{surface_water.label(self.target)}类）；按月次评价：达标{self.by_months.text()}"
        )


def attainment(
    months: Mapping[Any, Values],
    target: int,
    *,
    on: date,
    period: Period = "year",
    waterbody: Waterbody = "river",
    count_tn: bool = False,
    items: Iterable[str] | None = None,
) -> Attainment:
    """Attainment of a functional-zone target from month values, keyed by month as the caller likes.

    A month is judged by its values rounded to the places of its items, like any mean.
    """
    chosen = None if items is None else tuple(items)
    whole = period_mean(months.values(), period=period, on=on, waterbody=waterbody)
    judged = surface_water.classify(
        whole.values, on=on, waterbody=waterbody, count_tn=count_tn, items=chosen
    )
    failing: dict[Any, tuple[Failure, ...]] = {}
    counted = 0
    for month, values in months.items():
        rounded = period_mean([values], period="month", on=on, waterbody=waterbody).values
        one = surface_water.classify(
            rounded, on=on, waterbody=waterbody, count_tn=count_tn, items=chosen
        )
        if one.class_ is None:
            continue
        counted += 1
        if one.class_ > target:
            failing[month] = surface_water.failures(
                rounded, target, on=on, waterbody=waterbody, count_tn=count_tn, items=chosen
            )
    return Attainment(
        target=target,
        mean=whole,
        mean_class=judged,
        mean_failures=surface_water.failures(
            whole.values, target, on=on, waterbody=waterbody, count_tn=count_tn, items=chosen
        ),
        by_months=Ratio(counted - len(failing), counted),
        failing_months=failing,
    )


@dataclass(frozen=True, slots=True)
class Needed:
    """What the mean of an item over the months left must be for the period to attain.

    ``at_most`` and ``at_least`` are unrounded bounds in the item's unit (``None``: no bound on that
    side). ``possible`` is false when not even clean water in all months left would do. ``done_mean`` is
    the mean so far.
    """

    item: str
    name: str
    months_done: int
    months_left: int
    done_mean: float
    limit: float | None
    at_most: float | None
    at_least: float | None
    possible: bool
    text: str


def needed(
    months: Sequence[Values],
    target: int,
    *,
    total_months: int,
    on: date,
    waterbody: Waterbody = "river",
    count_tn: bool = False,
    items: Iterable[str] | None = None,
) -> tuple[Needed, ...]:
    """以月保季、以季保年: what the remaining months must bring for the mean to reach the target class.

    ``months`` are the months so far of a quarter (``total_months=3``) or a year (12). Every month counts
    alike, one that brought no value is passed over, and the rounding of the final mean is left as reserve. Items without a value so far are left
    out; with no months left, ``possible`` tells whether the target was reached.

    Raises ``ValueError`` when there are more months than the period has.

    >>> from datetime import date
    >>> so_far = [{"tp": 0.25}, {"tp": 0.21}]
    >>> needed(so_far, 3, total_months=3, on=date(2026, 2, 28))[0].text
    '后1个月总磷均值须不高于0.14 mg/L'
    """
    if len(months) > total_months:
        raise ValueError(f"{len(months)} months given for a period of {total_months}")
    _, limits = surface_water.limits_on(on)
    _, method = surface_water.method_on(on)
    table = limits.of(waterbody)
    counts = surface_water.counted_items(table, method, count_tn, items)
    result = []
    for key, item in table.items():
        done = [value for part in months if (value := parse(part.get(key)).value) is not None]
        if key in counts and done:
            result.append(_needed(item, done, target, total_months - len(months)))
    return tuple(result)


def _needed(item: ItemLimits, done: Sequence[float], target: int, left: int) -> Needed:
    total = len(done) + left
    so_far = mean(item.key, done)
    low, high = item.low[target - 1], item.high[target - 1]
    through_ions = item.key == "ph" and validity().ph_through_ions
    at_most: float | None = None
    at_least: float | None = None
    possible = True
    if left == 0:
        possible = low <= round_exact(so_far, item.decimals) <= high
    elif through_ions:
        ions = math.fsum(10.0**-value for value in done)
        most_ions = (total * 10.0**-low - ions) / left
        least_ions = (total * 10.0**-high - ions) / left
        possible = most_ions > 0
        at_least = -math.log10(most_ions) if possible else None
        at_most = -math.log10(least_ions) if least_ions > 0 else None
    else:
        spent = so_far * len(done)
        if math.isfinite(high):
            at_most = float((Fraction(Decimal(repr(high))) * total - spent) / left)
            possible = at_most >= 0
        if math.isfinite(low):
            at_least = float((Fraction(Decimal(repr(low))) * total - spent) / left)
    return Needed(
        item=item.key,
        name=item.name,
        months_done=len(done),
        months_left=left,
        done_mean=float(so_far),
        limit=item.limit(target),
        at_most=at_most,
        at_least=at_least,
        possible=possible,
        text=_needed_text(item, left, at_most, at_least, possible),
    )


def _needed_text(
    item: ItemLimits, left: int, at_most: float | None, at_least: float | None, possible: bool
) -> str:
    if left == 0:
        return f"{item.name}均值{'已达到' if possible else '未达到'}目标"
    if not possible:
        return f"后{left}个月{item.name}无论多低，均值都达不到目标"
    # One place finer than judged, rounded to the safe side.
    step = 10 ** (item.decimals + 1)
    unit = f" {item.unit}" if item.unit else ""
    bounds = []
    if at_least is not None and at_least > 0:
        bounds.append(f"不低于{math.ceil(at_least * step - 1e-9) / step:g}{unit}")
    if at_most is not None:
        bounds.append(f"不高于{math.floor(at_most * step + 1e-9) / step:g}{unit}")
    if not bounds:
        return f"后{left}个月{item.name}已无要求"
    return f"后{left}个月{item.name}均值须{'、'.join(bounds)}"
