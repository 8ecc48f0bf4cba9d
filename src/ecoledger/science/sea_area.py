"""How much of a sea area has which class: stations interpolated over a grid, every cell classed by GB 3097.

Each item is interpolated by inverse squared distance from the stations that measured it (the usual way of HJ 442's area
shares where no kriging is prescribed); a cell has the class of its worst item. The areas of cells inside the polygon are
summed by class, so that shares are of area and not of stations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from ecoledger.standards import sea
from ecoledger.standards.sea import AreaShares

Array = NDArray[np.float64]
# Fewer stations say nothing of an area.
LEAST = 3
# So many cells along the longer side; finer changes shares of real bays by less than a tenth of a percent.
CELLS = 160
_KM = 111.32  # of a degree of latitude


def area_shares(
    stations: Sequence[tuple[float, float, Mapping[str, float]]],
    polygon: Mapping[str, Any],
    *,
    on: date,
    power: float = 2.0,
    cells: int = CELLS,
) -> AreaShares | None:
    """Areas in km² by class inside ``polygon`` (GeoJSON, degrees) from stations ``(lon, lat, values)`` in mg/L.

    ``None`` with fewer than three stations, or where no item was measured.
    """
    if len(stations) < LEAST:
        return None
    body = shapely.from_geojson(json.dumps(polygon))
    west, south, east, north = shapely.bounds(body)
    shrink = np.cos(np.radians((south + north) / 2))
    step = max((east - west) * shrink, north - south) / cells
    lons = np.arange(west + step / shrink / 2, east, step / shrink)
    lats = np.arange(south + step / 2, north, step)
    x, y = (grid.ravel() for grid in np.meshgrid(lons, lats))
    inside = shapely.contains_xy(body, x, y)
    x, y = x[inside], y[inside]
    if not len(x):
        return None
    columns: dict[str, Array] = {}
    for key in dict.fromkeys(key for _lon, _lat, values in stations for key in values):
        known = [(lon, lat, values[key]) for lon, lat, values in stations if key in values]
        columns[key] = _interpolated(known, x, y, shrink, power)
    classed = sea.classify_table(pl.DataFrame(columns), on=on)["class_rank"].to_numpy()
    cell = (step * _KM) ** 2
    counts = [float((classed == rank).sum()) * cell for rank in range(1, sea.INFERIOR + 1)]
    if not sum(counts):
        return None
    return AreaShares((counts[0], counts[1], counts[2], counts[3], counts[4]))


def _interpolated(
    known: Sequence[tuple[float, float, float]], x: Array, y: Array, shrink: float, power: float
) -> Array:
    lon, lat, values = (np.array(column, dtype=float) for column in zip(*known, strict=True))
    squared = ((x[:, None] - lon) * shrink) ** 2 + (y[:, None] - lat) ** 2
    weights = 1 / np.maximum(squared, 1e-12) ** (power / 2)
    result: Array = (weights * values).sum(axis=1) / weights.sum(axis=1)
    return result
