"""Trophic state of lakes and reservoirs: the comprehensive index TLI(Σ) and its levels.

``TLI(j) = 10 (a + b ln x)`` for chlorophyll a (mg/m³), total phosphorus, total nitrogen and
permanganate index (mg/L) and transparency (m); the index weighs them by their correlation with
chlorophyll a. Works on scalars and on arrays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rounding import half_even
from ecoledger.standards.rule_data import compiled, declare_file

RULE_SET = "lake-trophic-state"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator's coefficients."""

    name: str
    unit: str
    a: float
    b: float
    r2: float


@dataclass(frozen=True, slots=True)
class _Rules:
    indicators: Mapping[str, Indicator]
    levels: tuple[Mapping[str, Any], ...]
    mark: Mark


@compiled("lake_trophic")
def _rules(content: dict[str, Any]) -> _Rules:
    basis = content["basis"]
    declare_file(RULE_SET, content)
    return _Rules(
        indicators={key: Indicator(**table) for key, table in content["indicators"].items()},
        levels=tuple(content["levels"]),
        mark=Mark(basis["mark"]),
    )


_rules()


def indicators() -> Mapping[str, Indicator]:
    """The indicators by key (``chla``, ``tp``, ``tn``, ``sd``, ``codmn``)."""
    return _rules().indicators


def weights(*keys: str) -> dict[str, float]:
    """Weights of the indicators used (all five without arguments); they sum to one."""
    table = indicators()
    chosen = keys or tuple(table)
    total = sum(table[key].r2 for key in chosen)
    return {key: table[key].r2 / total for key in chosen}


@dataclass(frozen=True, slots=True)
class TrophicState:
    """``index`` is TLI(Σ) unrounded, ``parts`` each indicator's TLI, ``missing`` what was not measured
    (the remaining weights are scaled up, and the index is then not comparable with a complete one)."""

    index: float
    level: str
    parts: Mapping[str, float]
    missing: tuple[str, ...]
    mark: Mark


def trophic_state(values: Mapping[str, float | None]) -> TrophicState:
    """Trophic state from the means of a lake.

    Values by key in the units of :func:`indicators`; other keys are ignored. Raises ``ValueError`` when
    nothing was measured, or for a value that is not positive (a reading below detection enters as half
    its limit).

    >>> trophic_state({"chla": 26, "tp": 0.05, "tn": 1.2, "sd": 0.7, "codmn": 4.2}).level
    '轻度富营养'
    """
    table = indicators()
    given = {key: value for key in table if (value := values.get(key)) is not None}
    if not given:
        raise ValueError(f"none of {', '.join(table)} was measured")
    for key, value in given.items():
        if not value > 0:
            raise ValueError(f"{key}: {value} is not positive; use half the detection limit")
    parts = {key: 10 * (table[key].a + table[key].b * math.log(x)) for key, x in given.items()}
    share = weights(*parts)
    index = math.fsum(share[key] * part for key, part in parts.items())
    missing = tuple(key for key in table if key not in given)
    return TrophicState(index, level(index), parts, missing, _rules().mark)


def trophic_index(values: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
    """TLI(Σ) of many lakes at once: arrays by key, all of one length; all keys given are needed in every
    row (NaN gives NaN)."""
    table = indicators()
    keys = [key for key in table if key in values]
    share = weights(*keys)
    parts = []
    for key in keys:
        array = np.asarray(values[key], dtype=np.float64)
        positive = np.where(array > 0, array, np.nan)
        parts.append(share[key] * 10 * (table[key].a + table[key].b * np.log(positive)))
    return np.asarray(np.sum(parts, axis=0), dtype=np.float64)


def level(index: float) -> str:
    """The trophic level of an index, judged on its value to one decimal as reported."""
    shown = half_even(float(index), 1)
    for row in _rules().levels:
        if "below" in row and shown < row["below"]:
            return str(row["name"])
        if "up_to" in row and shown <= row["up_to"]:
            return str(row["name"])
    return str(_rules().levels[-1]["name"])
