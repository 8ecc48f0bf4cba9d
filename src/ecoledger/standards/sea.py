"""Sea water: classes by GB 3097-1997, area shares and grade by HJ 442, eutrophication.

Items are named by the keys of ``data/sea_water.toml``; mg/L.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from ecoledger.standards import catalogue, single_item
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.readings import Reading
from ecoledger.standards.rule_data import compiled, declare_editions
from ecoledger.standards.single_item import ClassScheme, ItemJudgement

RULE_SET = "sea-water-class"
GRADE_RULE_SET = "sea-water-grade"
LABELS = ("一类", "二类", "三类", "四类", "劣四类")
INFERIOR = 5


@dataclass(frozen=True, slots=True)
class Rules:
    """Names and units of columns, rows of the grade table, and levels of eutrophication."""

    aliases: Mapping[str, tuple[str, ...]]
    units: Mapping[str, str]
    grades: tuple[Mapping[str, Any], ...]
    grades_mark: Mark
    divisor: float
    levels: tuple[Mapping[str, Any], ...]
    eutrophication_mark: Mark


@compiled("sea_water")
def rules(content: dict[str, Any]) -> Rules:
    """The rules; entering the editions in the catalogue is part of reading them."""
    schemes = single_item.schemes_of(content, LABELS, reference_class=2)
    declare_editions(RULE_SET, content["edition"], schemes)
    declare_editions(GRADE_RULE_SET, {content["grades"]["standard"]: content["grades"]})
    aliases, units = single_item.column_names(content, schemes)
    return Rules(
        aliases=aliases,
        units=units,
        grades=tuple(content["grades"]["rows"]),
        grades_mark=Mark(content["grades"]["mark"]),
        divisor=float(content["eutrophication"]["divisor"]),
        levels=tuple(content["eutrophication"]["levels"]),
        eutrophication_mark=Mark(content["eutrophication"]["mark"]),
    )


rules()


def scheme_on(on: date) -> tuple[Edition, ClassScheme]:
    """The edition that judges data of the day ``on``, with its items."""
    rules()
    edition = catalogue.in_force(RULE_SET, on)
    return edition, edition.content


def classify(values: Mapping[str, float | str | Reading | None], *, on: date) -> ItemJudgement:
    """Class of one point's sample (GB 3097-1997 表1); ``exceeding`` refers to class 二 (优良).

    >>> from datetime import date
    >>> classify({"ph": 8.1, "do": 7.0, "din": 0.35, "dip": 0.01}, on=date(2026, 5, 1)).label
    '三类'
    """
    edition, scheme = scheme_on(on)
    return single_item.judge(values, scheme, edition)


def classify_table(frame: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """Class of every row; see :func:`ecoledger.standards.single_item.judge_table`."""
    edition, scheme = scheme_on(on)
    return single_item.judge_table(frame, scheme, edition)


@dataclass(frozen=True, slots=True)
class AreaShares:
    """Area of sea by class (一类 … 劣四类), in one unit such as km², as interpolated from a survey."""

    areas: tuple[float, float, float, float, float]

    @property
    def total(self) -> float:
        """The whole area: the denominator."""
        return sum(self.areas)

    def percent(self, *classes: int) -> float | None:
        """Share of the area of these classes (1 to 5) in percent, unrounded; ``None`` of nothing."""
        if self.total == 0:
            return None
        return 100 * sum(self.areas[rank - 1] for rank in classes) / self.total

    @property
    def good(self) -> float | None:
        """优良（一、二类）面积比例, percent."""
        return self.percent(1, 2)

    @property
    def inferior(self) -> float | None:
        """劣四类面积比例, percent."""
        return self.percent(INFERIOR)


def shares_of_points(ranks: Sequence[int | None]) -> AreaShares:
    """Shares by number of points instead of area, where no survey was interpolated."""
    counts = [float(sum(rank == wanted for rank in ranks)) for wanted in range(1, INFERIOR + 1)]
    return AreaShares((counts[0], counts[1], counts[2], counts[3], counts[4]))


def mean_of_surveys(surveys: Sequence[AreaShares]) -> AreaShares:
    """The year's shares: the arithmetic mean of the areas of the spring, summer and autumn surveys.

    Raises ``ValueError`` without surveys.
    """
    if not surveys:
        raise ValueError("no surveys to average")
    means = [sum(survey.areas[n] for survey in surveys) / len(surveys) for n in range(INFERIOR)]
    return AreaShares((means[0], means[1], means[2], means[3], means[4]))


def grade(shares: AreaShares) -> str | None:
    """Grade of a sea area from its shares (HJ 442): 优, 良好, 一般, 差, 极差; ``None`` of nothing."""
    good, inferior, first = shares.good, shares.inferior, shares.percent(1)
    if good is None or inferior is None or first is None:
        return None
    good, inferior, first = (round(share, 9) for share in (good, inferior, first))
    for row in rules().grades:
        if (
            good >= row.get("good_from", 0)
            and first >= row.get("first_from", 0)
            and inferior <= row.get("inferior_up_to", 100)
        ):
            return str(row["name"])
    raise ValueError("the rows of grades in sea_water.toml must end with one without bounds")


def eutrophication_index(cod: ArrayLike, din: ArrayLike, dip: ArrayLike) -> NDArray[np.float64]:
    """``E = COD·DIN·DIP·10⁶ / 4500`` from mg/L, on scalars or arrays; NaN where a part is missing."""
    product = np.asarray(cod, dtype=np.float64) * np.asarray(din, dtype=np.float64)
    product = product * np.asarray(dip, dtype=np.float64) * 1e6
    return np.asarray(product / rules().divisor, dtype=np.float64)


def eutrophication_level(index: float) -> str:
    """Level of the index: 1 to 3 轻度, up to 9 中度, beyond 重度.

    >>> eutrophication_level(float(eutrophication_index(2.0, 0.4, 0.03)))
    '中度富营养化'
    """
    value = round(index, 9)
    names = [
        str(row["name"])
        for row in rules().levels
        if ("from" in row and value >= row["from"]) or ("above" in row and value > row["above"])
    ]
    if not names:
        raise ValueError(f"an index of {index} is negative")
    return names[-1]
