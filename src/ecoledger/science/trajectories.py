"""Back trajectories and where pollution comes from: frequency, PSCF, CWT, SQTBA and clusters.

Trajectories come from a transport model (HYSPLIT or another) as a table: ``date`` (arrival), ``hour_inc`` (0, −1, …),
``lon``, ``lat`` and the concentration measured on arrival (the same for all points of a trajectory). Sources: PSCF Ashbaugh
et al. 1985, CWT Seibert et al. 1994 / Hsu et al. 2003 (doi:10.1016/S1352-2310(02)00886-5), SQTBA Zhou et al. 2004
(doi:10.1016/j.atmosenv.2003.11.025), clusters Sirois & Bottenheim 1995; as openair ``trajLevel`` and ``trajCluster``.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ecoledger.science.air_table import TableError, require

Array = NDArray[np.float64]
Statistic = Literal["frequency", "pscf", "cwt"]
Likeness = Literal["euclid", "angle"]
# Few points in a cell prove little: the weights of openair, by the number of points.
_WEIGHTS = ((10, 0.05), (20, 0.42), (80, 0.70))
_KM_PER_DEGREE = 111.32
_EARTH_KM = 6378.137


def join(trajectories: pl.DataFrame, observations: pl.DataFrame, pollutant: str) -> pl.DataFrame:
    """Each trajectory with the concentration measured on its arrival (``date`` of both)."""
    require(trajectories, ("date", "hour_inc", "lon", "lat"))
    require(observations, ("date", pollutant))
    return trajectories.drop(pollutant, strict=False).join(
        observations.select("date", pollutant), on="date", how="inner"
    )


def level(
    table: pl.DataFrame,
    pollutant: str,
    statistic: Statistic = "cwt",
    *,
    percentile: float = 90,
    cell: float = 1.0,
    least: int = 1,
) -> pl.DataFrame:
    """By cells of ``cell`` degrees: ``lon, lat`` (middle), ``count`` of points and ``value``.

    ``frequency``: percent of the most frequented cell; ``pscf``: share of the points that belong to arrivals above the
    ``percentile``; ``cwt``: mean concentration on arrival, unit of the data. PSCF and CWT are weighed down where a cell has
    few points (0.7 up to 80, 0.42 up to 20, 0.05 up to 10).
    """
    if statistic not in get_args(Statistic):
        raise TableError(
            f"{statistic!r} is no statistic; use {', '.join(get_args(Statistic))} or sqtba"
        )
    require(table, ("date", "lon", "lat", pollutant))
    rows = table.drop_nulls(["lon", "lat", pollutant])
    if rows.is_empty():
        raise TableError(f"no trajectory has a value of {pollutant} on arrival")
    arrivals = rows.unique("date")[pollutant]
    high = arrivals.quantile(percentile / 100, "linear")
    grid = rows.group_by(
        lon=(pl.col("lon") / cell).round() * cell, lat=(pl.col("lat") / cell).round() * cell
    ).agg(
        count=pl.len(),
        pscf=(pl.col(pollutant) > high).mean(),
        cwt=pl.col(pollutant).mean(),
    )
    weight = pl.lit(1.0)
    for bound, factor in reversed(_WEIGHTS):
        weight = pl.when(pl.col("count") <= bound).then(factor).otherwise(weight)
    value = {
        "frequency": 100 * pl.col("count") / pl.col("count").max(),
        "pscf": pl.col("pscf") * weight,
        "cwt": pl.col("cwt") * weight,
    }[statistic]
    return (
        grid.with_columns(value=value)
        .filter(pl.col("count") >= least)
        .select("lon", "lat", "count", "value")
        .sort("value", descending=True)
    )


def sqtba(
    table: pl.DataFrame, pollutant: str, *, cell: float = 1.0, spread_km_per_hour: float = 1.5
) -> pl.DataFrame:
    """Simplified quantitative transport bias analysis: ``lon, lat, value``, the concentration that a cell brings.

    Every point spreads as a Gaussian whose width grows by ``spread_km_per_hour`` for each hour before arrival; the value is
    ``Σ c·Q / ΣQ`` weighed by the length of the trajectory. Cells are those within five widths of a point.
    """
    require(table, ("date", "hour_inc", "lon", "lat", pollutant))
    rows = table.drop_nulls(["lon", "lat", pollutant]).filter(pl.col("hour_inc") != 0)
    if rows.is_empty():
        raise TableError(f"no trajectory has points before arrival and a value of {pollutant}")
    rows = rows.with_columns(weight=1 / pl.len().over("date"))
    lon, lat, hour, value, weight = (
        rows[name].to_numpy().astype(float)
        for name in ("lon", "lat", "hour_inc", pollutant, "weight")
    )
    width = spread_km_per_hour * np.abs(hour)
    low_lon, low_lat = np.floor(lon.min() / cell) * cell, np.floor(lat.min() / cell) * cell
    columns = round((lon.max() - low_lon) / cell) + 2
    lines = round((lat.max() - low_lat) / cell) + 2
    total, loaded = np.zeros((lines, columns)), np.zeros((lines, columns))
    # Points of like width together: a window of cells round each point, added up at once.
    reach_degrees = 5 * width / _KM_PER_DEGREE
    windows = np.maximum(np.ceil(reach_degrees / cell).astype(int), 1)
    for window in np.unique(windows):
        chosen = np.flatnonzero(windows == window)
        step = np.arange(-window, window + 1)
        for part in np.array_split(chosen, max(1, len(chosen) * len(step) ** 2 // 2_000_000)):
            row = np.round((lat[part] - low_lat) / cell).astype(int)[:, None, None] + step[:, None]
            column = np.round((lon[part] - low_lon) / cell).astype(int)[:, None, None] + step
            row, column = np.broadcast_arrays(row, column)
            inside = (row >= 0) & (row < lines) & (column >= 0) & (column < columns)
            phi = np.radians(low_lat + row * cell)
            theta = np.radians(low_lon + column * cell - lon[part][:, None, None])
            here = np.radians(lat[part])[:, None, None]
            cosine = np.sin(here) * np.sin(phi) + np.cos(here) * np.cos(phi) * np.cos(theta)
            far = np.arccos(np.clip(cosine, -1, 1)) * _EARTH_KM
            size = width[part][:, None, None]
            q = np.exp(-0.5 * (far / size) ** 2) / size**2 * weight[part][:, None, None] * inside
            flat = (np.clip(row, 0, lines - 1) * columns + np.clip(column, 0, columns - 1)).ravel()
            total += np.bincount(flat, q.ravel(), lines * columns).reshape(lines, columns)
            burden = (q * value[part][:, None, None]).ravel()
            loaded += np.bincount(flat, burden, lines * columns).reshape(lines, columns)
    there = total > total.max() * 1e-9
    rows_, columns_ = np.nonzero(there)
    return pl.DataFrame(
        {
            "lon": low_lon + columns_ * cell,
            "lat": low_lat + rows_ * cell,
            "value": loaded[there] / total[there],
        }
    ).sort("value", descending=True)


def clusters(
    table: pl.DataFrame, number: int = 5, *, likeness: Likeness = "angle", seed: int = 1
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Trajectories in groups of like path: ``date, cluster`` (1 the most frequent), and each cluster's mean path with its
    percent of all: ``cluster, hour_inc, lon, lat, percent``.

    ``euclid``: by the places themselves; ``angle``: by the direction from the receptor at each hour, whatever the speed.
    k-means (scikit-learn) on those coordinates. Trajectories that are shorter than most are left out.
    """
    from sklearn.cluster import KMeans  # slow to load: when it is needed

    require(table, ("date", "hour_inc", "lon", "lat"))
    rows = table.drop_nulls(["lon", "lat"]).sort("date", "hour_inc", descending=[False, True])
    sizes = rows.group_by("date", maintain_order=True).len()
    length = int(sizes["len"].mode().sort()[-1])
    rows = rows.join(sizes.filter(pl.col("len") == length).select("date"), on="date", how="semi")
    n = rows["date"].n_unique()
    if n < number:
        raise TableError(f"{n} whole trajectories cannot make {number} clusters")
    lon = rows["lon"].to_numpy().reshape(n, length)
    lat = rows["lat"].to_numpy().reshape(n, length)
    x = (lon - lon[:, :1]) * np.cos(np.radians(lat[:, :1]))
    y = lat - lat[:, :1]
    if likeness == "angle":
        size = np.maximum(np.hypot(x, y), 1e-6)
        x, y = x / size, y / size
    with threadpool_limits(1):
        labels = KMeans(number, n_init=5, random_state=seed).fit_predict(
            np.hstack([x[:, 1:], y[:, 1:]])
        )
    counts = np.bincount(labels, minlength=number)
    rank = np.argsort(np.argsort(-counts, kind="stable"), kind="stable") + 1
    dates = rows["date"].to_numpy().reshape(n, length)[:, 0]
    assigned = pl.DataFrame({"date": dates, "cluster": rank[labels]})
    means = (
        rows.join(assigned, on="date")
        .group_by("cluster", "hour_inc")
        .agg(pl.col("lon", "lat").mean())
        .join(assigned.group_by("cluster").agg(percent=100 * pl.len() / n), on="cluster")
        .sort("cluster", "hour_inc", descending=[False, True])
    )
    return assigned, means
