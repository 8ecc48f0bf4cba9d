"""Three-year moving mean of ambient air (三年滑动平均评价), which HJ 663-2026 introduced.

That the edition has it is known from two places; its clauses were not seen (mark ``?``). What is computed here is the
arithmetic mean of the yearly statistics of three years that follow each other, each year valid by itself, against the
limit of the last of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from ecoledger.standards import air_limits, air_ranking
from ecoledger.standards.air_evaluation import rules
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rounding import half_even

YEARS = 3
STANDARD, MARK = "HJ 663-2026", Mark.DOUBTFUL

Statistic = Literal["mean", "p90", "p95", "p98"]


@dataclass(frozen=True, slots=True)
class Rolling:
    """One factor over the three years that end with ``year``.

    ``years``: each year's statistic, oldest first, ``None`` where the year is not valid. ``mean`` is unrounded and
    ``None`` unless all three are there; ``attained`` compares the rounded mean with ``limit`` (unit of the factor).
    """

    factor: str
    statistic: str
    year: int
    years: tuple[float | None, ...]
    mean: float | None
    limit: float
    attained: bool | None


def rolling(
    evaluated: pl.DataFrame, last: int, *, ends: int = YEARS, area_class: int = 2
) -> list[Rolling]:
    """The moving means that end with ``last`` and the years before it, ``ends`` in all, newest first, for every factor.

    ``evaluated``: one place's years as :func:`~ecoledger.standards.air_evaluation.evaluate` gives them with
    ``every="year"``. A year that is not valid for a factor has no value (GB 3095, table 4).
    """
    by_year = {row["begins"].year: row for row in evaluated.iter_rows(named=True)}
    result = []
    for year in range(last, last - ends, -1):
        on = date(year, 12, 31)
        rule = rules(on)
        for factor in air_ranking.LIMIT_OF:
            statistic = rule.statistic(factor)
            values = tuple(
                _value(by_year.get(n), factor, statistic) for n in range(year - YEARS + 1, year + 1)
            )
            mean = _mean(values)
            limit = air_limits.limit(
                factor, air_ranking.LIMIT_OF[factor], on=on, area_class=area_class
            )
            rounded = None if mean is None else float(half_even(mean, rule.decimals[factor]))
            result.append(
                Rolling(
                    factor, statistic, year, values, mean, limit,
                    None if rounded is None else rounded <= limit,
                )
            )  # fmt: skip
    return result


def _value(row: dict[str, object] | None, factor: str, statistic: str) -> float | None:
    if row is None or not row[f"{factor}_valid"]:
        return None
    value = row[f"{factor}_{statistic}"]
    return None if value is None else float(value)  # type: ignore[arg-type]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / YEARS if len(known) == YEARS else None
