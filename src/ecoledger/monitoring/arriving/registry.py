"""The points in arrays, as a batch of packets is matched against them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.monitoring.points import table as points
from ecoledger.monitoring.points.table import PointMap


@dataclass
class Registry:
    """A :class:`PointMap` in the arrays that a batch is matched against."""

    source: PointMap
    by_mn: dict[bytes, tuple[int, str, bytes, bool, bool]]
    parameters: dict[str, int]
    keys: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    numerator: NDArray[np.float64]
    denominator: NDArray[np.float64]
    minute_seconds: dict[int, int]
    declared: frozenset[tuple[int, str]] = field(default_factory=frozenset)

    @classmethod
    def of(cls, source: PointMap) -> Registry:
        table = source.parameters
        names = {name: n for n, name in enumerate(table["parameter"].unique().sort().to_list())}
        position = table["parameter"].replace_strict(names, return_dtype=pl.Int64).to_numpy()
        keys = table["point"].to_numpy() * max(len(names), 1) + position
        order = np.argsort(keys)

        def column(name: str, missing: float) -> NDArray[np.float64]:
            values = table[name].cast(pl.Float64).fill_null(missing).to_numpy()
            return np.asarray(values[order])

        short = (
            table.filter(pl.col("interval") < 3600).group_by("point").agg(pl.col("interval").min())
        )
        return cls(
            source=source,
            by_mn={
                mn.encode(): (d.point, d.kind, d.password.encode(), d.enabled, bool(d.sm4_key))
                for mn, d in source.by_mn.items()
            },
            parameters=names,
            keys=keys[order],
            low=column("range_from", -np.inf),
            high=column("range_to", np.inf),
            numerator=column("numerator", 1),
            denominator=column("denominator", 1),
            minute_seconds=dict(short.iter_rows()),
            declared=frozenset(table.select("point", "parameter").iter_rows()),
        )

    def positions(self, point: NDArray[np.int64], parameter: NDArray[np.int64]) -> NDArray[np.intp]:
        """Row of each declared (point, parameter); -1 where it is not declared."""
        if not self.keys.size:
            return np.full(point.size, -1, dtype=np.intp)
        wanted = point * len(self.parameters) + parameter
        found = np.minimum(np.searchsorted(self.keys, wanted), self.keys.size - 1)
        return np.where((self.keys[found] == wanted) & (parameter >= 0), found, -1)


_registry: Registry | None = None


def current_registry() -> Registry:
    """The points as they are now, ready to be matched against."""
    global _registry
    source = points.current()
    found = _registry
    if found is None or found.source is not source:
        found = _registry = Registry.of(source)
    return found


def key_of(mn: str) -> bytes | None:
    """The SM4 key of a device, as the codec asks for it: 16 characters, or 32 hexadecimal digits.

    Called in the gateway's event loop, so it goes by the points as last read. A packet that comes before
    a new key has been noticed is quarantined unacknowledged, and the device sends it again.
    """
    found = points.last_known()
    device = found.by_mn.get(mn) if found is not None else None
    if device is None or not device.sm4_key:
        return None
    text = device.sm4_key
    return bytes.fromhex(text) if len(text) == 32 else text.encode()
