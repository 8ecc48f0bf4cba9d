"""Classes by the worst single item (单因子评价法), shared by surface water, groundwater and sea water.

A class is a number from 1 (best); a value that meets no class is one beyond the last. Where several
classes share a limit the best of them is given (标准值相同时从优不从劣).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ranks = NDArray[np.int8]


class ByWorstItem:
    """What holds of every class that the worst item decided."""

    __slots__ = ()
    class_: int | None
    item_classes: Mapping[str, int]

    @property
    def worst_items(self) -> tuple[str, ...]:
        """The items that decide the class."""
        return tuple(key for key, rank in self.item_classes.items() if rank == self.class_)

    def attains(self, target: int) -> bool | None:
        """Whether the class is ``target`` or better; ``None`` without a class."""
        return None if self.class_ is None else self.class_ <= target


@dataclass(frozen=True, slots=True)
class ItemLimits:
    """Limits of one item, one lower and one upper bound for each class (±inf: none).

    ``strict`` makes the bounds themselves fail (GB 3097 asks for dissolved oxygen *above* 6 mg/L).
    ``decimals`` is how many places a mean is reported and judged with.
    """

    key: str
    name: str
    unit: str
    order: int
    low: tuple[float, ...]
    high: tuple[float, ...]
    decimals: int
    strict: bool = False

    @property
    def bounded_both_ways(self) -> bool:
        """Whether the item is judged by a range, as pH is."""
        return self.low[-1] != -math.inf and self.high[-1] != math.inf

    @property
    def at_least(self) -> bool:
        """Whether more is better, as with dissolved oxygen."""
        return self.low[-1] != -math.inf and self.high[-1] == math.inf

    def class_of(self, value: float | None) -> int:
        """Class of one value; 0 when there is none."""
        if value is None or value != value:
            return 0
        for rank, (low, high) in enumerate(zip(self.low, self.high, strict=True), start=1):
            if (low < value < high) if self.strict else (low <= value <= high):
                return rank
        return len(self.low) + 1

    def classes_of(self, values: Floats) -> Ranks:
        """Class of each value; 0 where there is none (NaN)."""
        ranks = np.ones(values.shape, dtype=np.int8)
        for low, high in zip(self.low, self.high, strict=True):
            if self.strict:
                meets = (low < values) & (values < high)
            else:
                meets = (low <= values) & (values <= high)
            ranks += ~meets
        ranks[np.isnan(values)] = 0
        return ranks

    def limit(self, rank: int) -> float | None:
        """The one limit of a class: the upper bound, or the lower one where more is better.

        ``None`` for an item judged by a range, which has no single limit.
        """
        if self.bounded_both_ways:
            return None
        bound = self.low[rank - 1] if self.at_least else self.high[rank - 1]
        return bound if math.isfinite(bound) else None


def item_from_table(key: str, table: Mapping[str, Any], *, limits: str = "limits") -> ItemLimits:
    """Build an item from its TOML table.

    Either ``limits`` (one number a class; ``at_least = true`` turns them into lower bounds) or
    ``ranges`` (a pair of bounds a class).  Raises ``ValueError`` naming the item when a better class
    would be wider than a worse one.
    """
    if "ranges" in table:
        low = tuple(float(pair[0]) for pair in table["ranges"])
        high = tuple(float(pair[1]) for pair in table["ranges"])
    else:
        bounds = tuple(float(bound) for bound in table[limits])
        nothing = (math.inf,) * len(bounds)
        low, high = (
            (bounds, nothing) if table.get("at_least") else (tuple(-b for b in nothing), bounds)
        )
    if list(low) != sorted(low, reverse=True) or list(high) != sorted(high):
        raise ValueError(
            f"{key}: the limits of a better class must not be wider than a worse one's"
        )
    return ItemLimits(
        key=key,
        name=table["name"],
        unit=table.get("unit", "mg/L"),
        order=int(table["number"]),
        low=low,
        high=high,
        decimals=int(table["decimals"]),
        strict=bool(table.get("strict", False)),
    )


def worst(ranks: Sequence[int]) -> int | None:
    """The worst of the classes, ignoring missing ones (0); ``None`` when nothing was measured."""
    return max((rank for rank in ranks if rank), default=None)
