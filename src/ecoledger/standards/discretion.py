"""Discretion (行政处罚裁量): factors chosen from a table give a fine, with the arithmetic shown, inside the range.

The shape is the weighted sum of the provinces' rules (湖南 2021, 广东 2022): a starting share and the shares of the
chosen levels, of the statutory maximum; then lighter or heavier by a bounded share; at last into the statutory range.
Only a ground of mitigation (减轻, 行政处罚法 32) goes below the least, and not below the table's own share of it.
The tables are local rules and therefore data with their mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ecoledger.standards.rounding import plainly

HUNDRED = Decimal(100)


class TooFarError(ValueError):
    """Lighter or heavier than the table lets it be."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a factor and its share of the maximum, in percent."""

    label: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Factor:
    """One circumstance and its levels, mild to grave."""

    key: str
    label: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The table of one unlawful act. Money in yuan, shares in percent.

    ``adjust``: the greatest share by which the sum is made lighter or heavier; ``mitigated_to``: the share of
    ``least`` below which no mitigated fine goes; ``rounding``: to whole so many yuan.
    """

    key: str
    act: str
    law: str
    least: Decimal
    most: Decimal
    start: Decimal
    factors: tuple[Factor, ...]
    adjust: Decimal = Decimal(20)
    mitigated_to: Decimal = Decimal(50)
    rounding: Decimal = Decimal(100)
    version: str = ""
    mark: str = "M"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the table gives: the fine, the range it had to lie in, and every step in words."""

    fine: Decimal
    least: Decimal
    most: Decimal
    steps: tuple[str, ...]


def table(key: str, said: Mapping[str, Any], version: str) -> Table:
    """A table from its entry in the data file. Raises ``ValueError`` for one that contradicts itself."""
    factors = tuple(
        Factor(f["key"], f["label"], tuple(Level(n, Decimal(str(p))) for n, p in f["levels"]))
        for f in said["factors"]
    )
    made = Table(
        key=key,
        act=said["act"],
        law=said["law"],
        least=Decimal(str(said["least"])),
        most=Decimal(str(said["most"])),
        start=Decimal(str(said.get("start", 0))),
        factors=factors,
        adjust=Decimal(str(said.get("adjust", 20))),
        mitigated_to=Decimal(str(said.get("mitigated_to", 50))),
        rounding=Decimal(str(said.get("rounding", 100))),
        version=version,
        mark=said.get("mark", "M"),
    )
    if not 0 <= made.least <= made.most:
        raise ValueError(f"{key}: least {made.least} and most {made.most} are no range")
    if len({f.key for f in factors}) != len(factors):
        raise ValueError(f"{key}: two factors of one key")
    return made


def statutory_range(its: Table, *, mitigated: bool = False) -> tuple[Decimal, Decimal]:
    """The least and the most that may be decided under the table."""
    least = its.least * its.mitigated_to / HUNDRED if mitigated else its.least
    return least, its.most


def assess(
    its: Table,
    chosen: Mapping[str, int],
    *,
    adjust: Decimal = Decimal(0),
    mitigated: bool = False,
) -> Assessment:
    """The fine for the ``chosen`` level (its place, from 0) of every factor.

    ``adjust`` (percent): heavier above zero, lighter below. Raises ``ValueError`` for a factor without a level and
    :class:`TooFarError` for an adjustment beyond the table's.
    """
    least, most = statutory_range(its, mitigated=mitigated)
    total = its.start
    steps = [f"裁量起点 {_percent(its.start)}"]
    for factor in its.factors:
        place = chosen.get(factor.key)
        if place is None or not 0 <= place < len(factor.levels):
            raise ValueError(f"“{factor.label}”没有选定档次")
        level = factor.levels[place]
        total += level.percent
        steps.append(f"{factor.label}：{level.label}，＋{_percent(level.percent)}")
    counted = min(total, HUNDRED)
    steps.append(f"合计 {_percent(total)}" + ("，以100%计" if total > HUNDRED else ""))
    fine = its.most * counted / HUNDRED
    steps.append(f"法定最高额 {_yuan(its.most)}×{_percent(counted)}＝{_yuan(fine)}")
    if abs(adjust) > its.adjust:
        raise TooFarError(f"从轻、从重不超过 {_percent(its.adjust)}")
    if adjust:
        fine *= 1 + adjust / HUNDRED
        steps.append(
            f"{'从重' if adjust > 0 else '从轻'} {_percent(abs(adjust))}，得 {_yuan(fine)}"
        )
    fine = (fine / its.rounding).to_integral_value(ROUND_HALF_UP) * its.rounding
    if fine > most or fine < least:
        fine = max(least, min(most, fine))
        bounds = f"{_yuan(least)}—{_yuan(most)}"
        steps.append(f"法定幅度 {bounds}{'（减轻）' if mitigated else ''}，取 {_yuan(fine)}")
    else:
        steps.append(f"取整为{_yuan(fine)}，在法定幅度{_yuan(least)}—{_yuan(most)}之内")
    return Assessment(fine, least, most, tuple(steps))


def _yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}".removesuffix(".00") + "元"


def _percent(share: Decimal) -> str:
    return f"{plainly(share)}%"
