"""Groups of wind conditions with like concentrations: the polar plot cut into sources.

Source: Carslaw & Beevers 2013 (doi:10.1016/j.envsoft.2012.09.005), openair ``polarCluster``: k-means on the scaled
wind components and concentration of the surface's cells.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from ecoledger.science.air_table import wind
from ecoledger.science.polar_plot import Surface, polar_plot


def polar_cluster(
    table: pl.DataFrame, pollutant: str, clusters: int = 6, *, cells: int = 101, seed: int = 1
) -> tuple[pl.DataFrame, Surface]:
    """Cells ``u, v, z, cluster`` (1 is the cluster with the highest mean) and the surface they come from."""
    from sklearn.cluster import KMeans  # slow to load: when it is needed

    surface = polar_plot(table, pollutant, cells=cells)
    cells_table = surface.table().drop_nulls("z")
    data = cells_table.to_numpy()
    scaled = (data - data.mean(axis=0)) / data.std(axis=0)
    labels = KMeans(clusters, n_init=10, random_state=seed).fit_predict(scaled)
    means = [data[labels == each, 2].mean() for each in range(clusters)]
    rank = np.argsort(np.argsort(means)[::-1]) + 1
    return cells_table.with_columns(cluster=pl.Series(rank[labels])), surface


def assign(table: pl.DataFrame, cells: pl.DataFrame, pollutant: str) -> pl.DataFrame:
    """Each hour's cluster: its wind's nearest cell. Columns of ``table`` with wind known, and ``cluster``."""
    from scipy.spatial import cKDTree

    rows = wind(table, pollutant)
    angle = np.radians(rows["wd"].to_numpy())
    speed = rows["ws"].to_numpy()
    places = np.column_stack([speed * np.sin(angle), speed * np.cos(angle)])
    _, nearest = cKDTree(cells.select("u", "v").to_numpy()).query(places)
    return rows.with_columns(cluster=cells["cluster"].gather(nearest))


def contributions(assigned: pl.DataFrame, pollutant: str) -> pl.DataFrame:
    """By cluster: ``hours``, ``mean`` (unit of the data), ``percent_hours`` and ``percent_total`` of the sum."""
    value = pl.col(pollutant)
    return (
        assigned.group_by("cluster")
        .agg(hours=pl.len(), mean=value.mean(), total=value.sum())
        .with_columns(
            percent_hours=100 * pl.col("hours") / pl.col("hours").sum(),
            percent_total=100 * pl.col("total") / pl.col("total").sum(),
        )
        .drop("total")
        .sort("cluster")
    )
