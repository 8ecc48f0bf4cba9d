"""Air measured from moving vehicles: which stretches of road are dirtier than chance and one car's drift explain.

The unit is a *visit*: one car's points on one stretch within one hour, its median. Every car-hour is its own
yardstick: a visit is compared with the other stretches that the same car saw in the same hour, which takes out the
drift of the instrument and the air of the hour at once. The level of a stretch comes from median polish of
``ln(value) = car-hour + stretch``. The test ranks the visits within each car-hour: without hot spots the mean rank
of a stretch is ½ whichever car comes by; the false discovery rate over all stretches is held (Benjamini &
Hochberg 1995). Stationary instruments, where there are any, bring a car to their level (co-location).

Tables have ``date``, ``car``, ``lon``, ``lat`` (WGS-84) and the pollutant; a point every few seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import false_discovery_control, norm

from ecoledger.science.air_table import TableError, require
from ecoledger.science.coordinates import FlatMap, distance

Array = NDArray[np.float64]
_STRETCH = 200.0
_NODE = 10.0
_CANDIDATES = 6
_OFF_ROAD = 40.0
_TURN_COST = 25.0  # metres that driving at right angles to a road is worth


@dataclass(frozen=True, slots=True)
class Roads:
    """Stretches of road of about equal length, ready for matching.

    ``name`` a stretch; ``lines``: its degrees; nodes every ten metres point to their stretch."""

    plane: FlatMap
    names: list[str]
    lines: list[list[tuple[float, float]]]
    nodes: Array
    stretch: NDArray[np.int64]
    direction: Array

    @property
    def lengths(self) -> Array:
        """Metres of each stretch."""
        counts = np.bincount(self.stretch, minlength=len(self.names))
        return counts.astype(np.float64) * _NODE


def roads(geojson: dict[str, Any], length: float = _STRETCH) -> Roads:
    """Cut the lines of a GeoJSON (WGS-84) into stretches of at most ``length`` metres.

    Raises :class:`TableError` where there is no LineString.
    """
    lines: list[tuple[str, list[list[float]]]] = []
    for number, feature in enumerate(geojson.get("features", [geojson])):
        geometry = feature.get("geometry") or feature
        properties = feature.get("properties") or {}
        name = str(properties.get("name") or properties.get("id") or feature.get("id") or number)
        if geometry.get("type") == "LineString":
            lines.append((name, geometry["coordinates"]))
        elif geometry.get("type") == "MultiLineString":
            lines += [(name, part) for part in geometry["coordinates"]]
    lines = [(name, part) for name, part in lines if len(part) > 1]
    if not lines:
        raise TableError("the road file has no LineString or MultiLineString")
    middle = np.mean([part[0][:2] for _, part in lines], axis=0)
    plane = FlatMap(float(middle[0]), float(middle[1]))
    names: list[str] = []
    shapes: list[list[tuple[float, float]]] = []
    nodes, stretch, direction = [], [], []
    for name, part in lines:
        degrees = np.array([each[:2] for each in part], dtype=float)
        x, y = plane.metres(degrees[:, 0], degrees[:, 1])
        along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        if along[-1] <= 0:
            continue
        pieces = max(1, round(along[-1] / length))
        place = np.arange(max(pieces, int(along[-1] / _NODE))) + 0.5
        place *= along[-1] / len(place)
        px, py = np.interp(place, along, x), np.interp(place, along, y)
        segment = np.clip(np.searchsorted(along, place) - 1, 0, len(x) - 2)
        angle = np.arctan2(np.diff(x)[segment], np.diff(y)[segment])
        piece = np.minimum((place / along[-1] * pieces).astype(int), pieces - 1)
        stretch.append(piece + len(names))
        nodes.append(np.column_stack([px, py]))
        direction.append(angle)
        for number in range(pieces):
            ends = np.linspace(number, number + 1, 9) / pieces * along[-1]
            lon, lat = plane.degrees(np.interp(ends, along, x), np.interp(ends, along, y))
            shapes.append(list(zip(lon.tolist(), lat.tolist(), strict=True)))
            names.append(name if pieces == 1 else f"{name}#{number + 1}")
    return Roads(
        plane, names, shapes, np.vstack(nodes), np.concatenate(stretch), np.concatenate(direction)
    )


def match_roads(table: pl.DataFrame, network: Roads) -> pl.Series:
    """The number of each point's stretch, null farther than 40 m from any road.

    The nearest nodes are weighed by distance and by how well the road's direction fits that of the drive, so that
    a car on a main road is not put on the side roads that it passes. Points of a car must be in order of time.
    """
    x, y = network.plane.metres(table["lon"].to_numpy(), table["lat"].to_numpy())
    points = np.column_stack([x, y])
    heading, moving = _headings(points, table["car"].to_numpy())
    far, nearest = cKDTree(network.nodes).query(
        points, min(_CANDIDATES, len(network.nodes)), distance_upper_bound=_OFF_ROAD + _NODE
    )
    far, nearest = np.atleast_2d(far.T).T, np.atleast_2d(nearest.T).T
    there = np.isfinite(far)
    node = np.where(there, nearest, 0)
    turn = np.abs(np.sin(network.direction[node] - heading[:, None]))
    cost = np.where(there, far + _TURN_COST * turn * moving[:, None], np.inf)
    best = np.argmin(cost, axis=1)
    chosen = node[np.arange(len(points)), best]
    near = far[np.arange(len(points)), best] <= _OFF_ROAD
    return pl.Series("stretch", np.where(near, network.stretch[chosen], -1)).replace(-1, None)


def _headings(points: Array, car: NDArray[Any]) -> tuple[Array, Array]:
    """Direction of travel over two points before and after, and whether the car moved at all (1 or 0)."""
    n = len(points)
    ahead, behind = np.minimum(np.arange(n) + 2, n - 1), np.maximum(np.arange(n) - 2, 0)
    ahead = np.where(car[ahead] == car, ahead, np.arange(n))
    behind = np.where(car[behind] == car, behind, np.arange(n))
    gap = points[ahead] - points[behind]
    size = np.hypot(gap[:, 0], gap[:, 1])
    moving = ((size > 8) & (size < 400)).astype(float)
    return np.arctan2(gap[:, 0], gap[:, 1]), moving


def match_grid(table: pl.DataFrame, size: float = _STRETCH) -> tuple[pl.Series, pl.DataFrame]:
    """Square cells of ``size`` metres where there are no roads: each point's number, and ``name, lon, lat`` of cells."""
    plane = FlatMap(float(table["lon"].median() or 0), float(table["lat"].median() or 0))  # type: ignore[arg-type]
    x, y = plane.metres(table["lon"].to_numpy(), table["lat"].to_numpy())
    cell = np.column_stack([np.floor(x / size), np.floor(y / size)]).astype(np.int64)
    code = (cell[:, 0] + 500_000) * 1_000_000 + cell[:, 1] + 500_000
    unique, number = np.unique(code, return_inverse=True)
    east, north = unique // 1_000_000 - 500_000, unique % 1_000_000 - 500_000
    lon, lat = plane.degrees((east + 0.5) * size, (north + 0.5) * size)
    names = [f"{e}:{n}" for e, n in zip(east.tolist(), north.tolist(), strict=True)]
    return pl.Series("stretch", number), pl.DataFrame({"name": names, "lon": lon, "lat": lat})


def visits(table: pl.DataFrame, stretch: pl.Series, pollutant: str) -> pl.DataFrame:
    """One row a car, hour and stretch: ``car, hour, stretch, value`` (median, unit of the data), ``points``."""
    require(table, ("date", "car", pollutant))
    return (
        table.select("date", "car", value=pl.col(pollutant))
        .with_columns(stretch=stretch, hour=pl.col("date").dt.truncate("1h"))
        .drop_nulls(["stretch", "value", "date"])
        .filter(pl.col("value").is_not_nan())
        .group_by("car", "hour", "stretch")
        .agg(value=pl.col("value").median(), points=pl.len())
        .sort("car", "hour", "stretch")
    )


@dataclass(frozen=True, slots=True)
class HotSpots:
    """``table``, one row a stretch, worst first: ``stretch, level`` (unit of the data), ``ratio`` to the median
    stretch, ``visits, cars, days, p, q`` (false discovery rate) and ``hot``."""

    table: pl.DataFrame
    car_factors: pl.DataFrame


def hot_spots(
    frame: pl.DataFrame,
    *,
    ratio: float = 1.3,
    least_visits: int = 3,
    false_rate: float = 0.05,
    least_stretches: int = 5,
) -> HotSpots:
    """Stretches whose level is ``ratio`` times the median one and whose rank is no chance, from :func:`visits`.

    Car-hours with fewer than ``least_stretches`` stretches tell nothing and are left out. ``car_factors``: how each
    car stands to all cars in the same hours and stretches.
    """
    group = frame.filter(pl.len().over("car", "hour") >= least_stretches)
    if group.is_empty():
        raise TableError(
            f"no car saw {least_stretches} stretches within an hour; nothing can be compared"
        )
    size = pl.len().over("car", "hour")
    rank = (pl.col("value").rank("average").over("car", "hour") - 0.5) / size
    floor = max(float(np.quantile(group["value"].to_numpy(), 0.02)), 1e-6)
    group = group.with_columns(
        rank=rank, width=(size**2 - 1) / (12 * size**2), log=pl.col("value").clip(floor).log()
    )
    group = group.with_columns(yardstick=pl.lit(0.0), effect=pl.lit(0.0))
    rest = pl.col("log")
    for _ in range(6):
        group = group.with_columns(
            yardstick=(rest - pl.col("effect")).median().over("car", "hour")
        ).with_columns(effect=(rest - pl.col("yardstick")).median().over("stretch"))
    typical = float(np.median(group["yardstick"].to_numpy()))
    table = group.group_by("stretch").agg(
        effect=pl.col("effect").first(),
        visits=pl.len(),
        cars=pl.col("car").n_unique(),
        days=pl.col("hour").dt.date().n_unique(),
        z=(pl.col("rank") - 0.5).sum() / pl.col("width").sum().sqrt(),
    )
    middle = float(np.median(table["effect"].to_numpy()))
    table = table.with_columns(
        level=(pl.col("effect") + typical).exp(),
        ratio=(pl.col("effect") - middle).exp(),
        p=pl.Series(norm.sf(table["z"].to_numpy())),
    )
    enough = table["visits"] >= least_visits
    q = np.ones(table.height)
    if enough.any():
        q[enough.to_numpy()] = false_discovery_control(table.filter(enough)["p"].to_numpy())
    table = table.with_columns(q=pl.Series(q)).with_columns(
        hot=(pl.col("q") <= false_rate)
        & (pl.col("ratio") >= ratio)
        & (pl.col("visits") >= least_visits)
    )
    by_hour = group.group_by("hour").agg(
        all=pl.col("yardstick").median(), n=pl.col("car").n_unique()
    )
    factors = (
        group.unique(["car", "hour"])
        .join(by_hour.filter(pl.col("n") > 2), on="hour")
        .group_by("car")
        .agg(factor=(pl.col("yardstick") - pl.col("all")).median().exp(), hours=pl.len())
        .sort("car")
    )
    order = ["hot", "ratio"]
    columns = ("stretch", "level", "ratio", "visits", "cars", "days", "p", "q", "hot")
    return HotSpots(table.sort(order, descending=True).select(columns), factors)


def calibrate(
    table: pl.DataFrame,
    stations: pl.DataFrame,
    pollutant: str,
    *,
    within: float = 500,
    least: int = 8,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Bring each car to the level of the stations that it passes: factor = median(station hour / car hour).

    ``stations``: ``date`` (hours), ``lon``, ``lat`` and the pollutant. A car with fewer than ``least`` hours within
    ``within`` metres of a station keeps its values. Returns the table and ``car, factor, hours, used``.
    """
    require(stations, ("date", "lon", "lat", pollutant))
    meetings = []
    for (lon, lat), part in stations.group_by("lon", "lat"):
        near = distance(table["lon"].to_numpy(), table["lat"].to_numpy(), lon, lat) <= within
        hours = (
            table.filter(pl.Series(near))
            .group_by("car", date=pl.col("date").dt.truncate("1h"))
            .agg(mobile=pl.col(pollutant).median())
        )
        meetings.append(hours.join(part.select("date", fixed=pollutant), on="date"))
    together = pl.concat(meetings) if meetings else pl.DataFrame()
    if together.is_empty():
        raise TableError(f"no car came within {within:g} m of a station in an hour with a value")
    factors = (
        together.filter((pl.col("mobile") > 0) & (pl.col("fixed") > 0))
        .group_by("car")
        .agg(factor=(pl.col("fixed") / pl.col("mobile")).median(), hours=pl.len())
        .with_columns(used=pl.col("hours") >= least)
        .sort("car")
    )
    scale = factors.filter("used").select("car", "factor")
    corrected = (
        table.join(scale, on="car", how="left", maintain_order="left")
        .with_columns(pl.col(pollutant) * pl.col("factor").fill_null(1.0))
        .drop("factor")
    )
    return corrected, factors


def geojson(spots: HotSpots, lines: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    """The stretches as GeoJSON features, with their figures."""
    features = []
    for row in spots.table.iter_rows(named=True):
        number = row["stretch"]
        shape = lines[number]
        kind = "LineString" if isinstance(shape[0], tuple | list) else "Point"
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": kind, "coordinates": shape},
                "properties": row | {"stretch": names[number]},
            }
        )
    return {"type": "FeatureCollection", "features": features}
