"""Concentration by wind speed and direction as a smooth surface: where a source lies and when it speaks.

Follows openair's ``polarPlot`` (Carslaw & Beevers 2013, doi:10.1016/j.envsoft.2012.09.005; CPF: Uria-Tellaetxe
& Carslaw 2014, doi:10.1016/j.envsoft.2014.05.006; NWR: Henry et al. 2009,
doi:10.1016/j.atmosenv.2009.01.008): bins of 5° (10° where the wind is given in tens) and a thirtieth of the
highest speed, a statistic a bin, single-value bins weighing less, a thin plate regression spline with 100
terms through the square roots, and nothing drawn farther than a twentieth of the plot from any bin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ecoledger.science import thin_plate
from ecoledger.science.air_table import TableError, wind

Array = NDArray[np.float64]
Statistic = Literal[
    "mean", "median", "max", "sd", "frequency", "weighted_mean", "percentile", "cpf", "cpf_interval"
]
Paired = Literal["r", "slope", "intercept"]
SPEED_BINS = 30
_WEIGHTS = np.array([1.0, 0.25, 0.5, 0.75])
_COARSE = 51
_TOO_FAR = 0.05


@dataclass(frozen=True, slots=True)
class Surface:
    """Values on a square grid: ``z[row, column]`` at wind components ``v[row]`` (to north) and ``u[column]``
    (to east) of the place the wind comes FROM, m/s; NaN where there are no data near. ``level``: the
    concentration a CPF counts from, or both ends of its interval."""

    u: Array
    v: Array
    z: Array
    statistic: str
    pollutant: str
    level: tuple[float, ...] = ()
    error: Array | None = None

    def table(self) -> pl.DataFrame:
        """Columns ``u, v, z``, u running fastest; null where there is no value."""
        u, v = np.meshgrid(self.u, self.v)
        return pl.DataFrame({"u": u.ravel(), "v": v.ravel(), "z": self.z.ravel()}).with_columns(
            pl.col("z").fill_nan(None)
        )

    def strongest(self) -> tuple[float, float, float]:
        """Direction (degrees), speed (m/s) and value of the highest point of the surface."""
        row, column = np.unravel_index(int(np.nanargmax(self.z)), self.z.shape)
        u, v = float(self.u[column]), float(self.v[row])
        return (
            float(np.degrees(np.arctan2(u, v)) % 360),
            float(np.hypot(u, v)),
            float(self.z[row, column]),
        )


def _bins(ws: Array, wd: Array, top: float) -> tuple[NDArray[np.intp], int, float]:
    """Flat bin index (direction slow, speed fast), the number of bins and the width of a direction bin."""
    width = 10.0 if np.all(wd % 10 == 0) else 5.0
    rounded = width * np.ceil(wd / width - 0.5)
    direction = np.clip(np.ceil(rounded / width).astype(np.intp) - 1, 0, None)
    edges = np.linspace(0, top, SPEED_BINS + 1)
    speed = np.clip(np.searchsorted(edges, ws, side="left") - 1, 0, SPEED_BINS - 1)
    return direction * SPEED_BINS + speed, round(360 / width) * SPEED_BINS, width


def polar_plot(
    table: pl.DataFrame,
    pollutant: str,
    statistic: Statistic = "mean",
    *,
    percentile: float | tuple[float, float] = 90,
    cells: int = 201,
    k: int = 100,
    min_bin: int = 1,
    upper: float | None = None,
    uncertainty: bool = False,
) -> Surface:
    """A smoothed statistic of ``pollutant`` over the wind's components; ``±max(ws)``, ``cells`` × ``cells``.

    ``cpf``: the share of hours above the ``percentile`` of all hours; ``cpf_interval``: between two percentiles.
    ``percentile`` as statistic: that percentile of each bin. Unit: that of the data, a share for CPF.
    ``min_bin``: bins with fewer hours are left out. ``uncertainty`` adds the surface's standard error on the
    square-root scale. Raises :class:`TableError` when too few bins are filled.
    """
    if statistic not in get_args(Statistic):
        raise TableError(f"{statistic!r} is no statistic; use {', '.join(get_args(Statistic))}")
    rows = wind(table, pollutant)
    if rows.height < 30:
        raise TableError(f"{rows.height} hours with wind and {pollutant}; a polar plot needs more")
    speeds, values = rows["ws"].to_numpy(), rows[pollutant].to_numpy()
    ws = speeds - speeds.min()
    top = float(ws.max())
    index, size, width = _bins(ws, rows["wd"].to_numpy(), top)
    counts = np.bincount(index, minlength=size)
    level: tuple[float, ...] = ()
    if statistic in ("cpf", "cpf_interval"):
        percents = np.atleast_1d(np.asarray(percentile, dtype=float))
        level = tuple(float(q) for q in np.percentile(values, percents))
        if statistic == "cpf_interval" and len(level) != 2:
            raise TableError("a CPF interval needs two percentiles, such as 75,90")
        above = values > level[0]
        if statistic == "cpf_interval":
            above &= values <= level[1]
        values = above.astype(float)
    binned = _statistic(statistic, index, values, counts, percentile)
    weights = np.where(counts < len(_WEIGHTS), _WEIGHTS[np.minimum(counts, 3)], 1.0)
    kept = (counts >= max(min_bin, 1)) & np.isfinite(binned)
    speed = np.tile(np.linspace(0, top, SPEED_BINS), size // SPEED_BINS)
    angle = np.radians(np.repeat(np.arange(1, size // SPEED_BINS + 1) * width, SPEED_BINS))
    places = np.column_stack([speed * np.sin(angle), speed * np.cos(angle)])
    positive = bool(np.nanmin(binned[kept]) >= 0)
    target = np.sqrt(binned[kept]) if positive else binned[kept]
    surface = _fitted(places[kept], target, weights[kept], k)
    limit = top if upper is None else upper
    grid = np.linspace(-limit, limit, cells)
    coarse = np.linspace(-limit, limit, _COARSE)
    fitted = surface.predict(_pairs(coarse)).reshape(_COARSE, _COARSE)
    z = _bilinear(coarse, np.square(fitted) if positive else fitted, grid)
    if statistic in ("cpf", "cpf_interval"):
        z = np.minimum(z, 1)
    z[_far(grid, places[kept])] = np.nan
    if upper is not None:
        z[np.hypot(*np.meshgrid(grid, grid)) > upper] = np.nan
    error = None
    if uncertainty:
        error = _bilinear(coarse, surface.error(_pairs(coarse)).reshape(_COARSE, _COARSE), grid)
    return Surface(grid, grid, z, statistic, pollutant, level, error)


def _statistic(
    statistic: str,
    index: NDArray[np.intp],
    values: Array,
    counts: NDArray[np.intp],
    percentile: float | tuple[float, float],
) -> Array:
    size = len(counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        sums = np.bincount(index, values, size)
        if statistic in ("mean", "cpf", "cpf_interval"):
            return np.where(counts > 0, sums / counts, np.nan)
        if statistic == "weighted_mean":
            return np.where(counts > 0, sums / len(values), np.nan)
        if statistic == "frequency":
            return np.where(counts > 0, counts.astype(float), np.nan)
    expression = {
        "median": pl.col("value").median(),
        "max": pl.col("value").max(),
        "sd": pl.col("value").std(),
        "percentile": pl.col("value").quantile(float(np.atleast_1d(percentile)[0]) / 100, "linear"),
    }[statistic]
    grouped = pl.DataFrame({"bin": index, "value": values}).group_by("bin").agg(expression)
    result = np.full(size, np.nan)
    result[grouped["bin"].to_numpy()] = grouped["value"].to_numpy()
    return result


def _fitted(places: Array, target: Array, weights: Array, k: int) -> thin_plate.ThinPlate:
    different = len(np.unique(places, axis=0))
    terms = min(k, different - 1)
    if terms < 10:
        raise TableError(
            f"only {different} combinations of wind speed and direction have data; too few for a surface"
        )
    return thin_plate.fit(places, target, weights, terms)


def _pairs(axis: Array) -> Array:
    u, v = np.meshgrid(axis, axis)
    return np.column_stack([u.ravel(), v.ravel()])


def _bilinear(coarse: Array, values: Array, fine: Array) -> Array:
    """Values of a square grid at the points of a finer one over the same square."""
    step = coarse[1] - coarse[0]
    position = np.clip((fine - coarse[0]) / step, 0, len(coarse) - 1 - 1e-12)
    left = position.astype(int)
    share = position - left
    rows = values[left] * (1 - share[:, None]) + values[left + 1] * share[:, None]
    result: Array = rows[:, left] * (1 - share) + rows[:, left + 1] * share
    return result


def _far(grid: Array, places: Array) -> NDArray[np.bool_]:
    """Cells farther than a twentieth of the plot's width from any bin (mgcv ``exclude.too.far``)."""
    width = grid[-1] - grid[0]
    distance, _ = cKDTree(places).query(_pairs(grid), distance_upper_bound=_TOO_FAR * width)
    result: NDArray[np.bool_] = (distance > _TOO_FAR * width).reshape(len(grid), len(grid))
    return result


def nonparametric_regression(
    table: pl.DataFrame,
    pollutant: str,
    *,
    cells: int = 201,
    direction_spread: float = 4,
    speed_spread: float = 0.5,
) -> Surface:
    """Kernel mean of the concentration over wind direction and speed (NWR, Henry et al. 2009), unit of the data.

    ``E(θ, u) = Σ K(θ − θᵢ) K(u − uᵢ) cᵢ / Σ K(θ − θᵢ) K(u − uᵢ)`` with Gaussian kernels of ``direction_spread``
    degrees (round the circle) and ``speed_spread`` m/s. The two kernels separate, so the sum over all hours
    is two matrix products.
    """
    rows = wind(table, pollutant)
    ws, wd, values = (rows[name].to_numpy() for name in ("ws", "wd", pollutant))
    top = float(ws.max())
    sums, totals, speeds, angles = _kernel_sums(
        ws, wd, np.vstack([values]), direction_spread, speed_spread
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        smooth = sums[0] / totals
    grid = np.linspace(-top, top, cells)
    z = _from_polar(smooth, speeds, angles, grid)
    z[_far(grid, _filled_places(ws, wd))] = np.nan
    return Surface(grid, grid, z, "nwr", pollutant)


def _kernel_sums(
    ws: Array, wd: Array, layers: Array, direction_spread: float, speed_spread: float
) -> tuple[Array, Array, Array, Array]:
    """Kernel-weighted sums of each layer and of ones, on speeds × whole degrees."""
    speeds = np.linspace(0, float(ws.max()), 101)
    angles = np.arange(0.0, 360.0)
    # Hours of the same wind fall together first: exact, since the kernels see nothing but the wind.
    pair, inverse = np.unique(np.column_stack([ws, wd % 360]), axis=0, return_inverse=True)
    inverse = inverse.ravel()
    counts = np.bincount(inverse).astype(float)
    collected = np.vstack([np.bincount(inverse, layer, len(pair)) for layer in layers])
    by_speed = np.exp(-0.5 * ((speeds[:, None] - pair[:, 0]) / speed_spread) ** 2)
    gap = np.abs(angles[:, None] - pair[:, 1])
    by_angle = np.exp(-0.5 * (np.minimum(gap, 360 - gap) / direction_spread) ** 2).T
    totals = (by_speed * counts) @ by_angle
    sums = np.stack([(by_speed * layer) @ by_angle for layer in collected])
    return sums, totals, speeds, angles


def _from_polar(values: Array, speeds: Array, angles: Array, grid: Array) -> Array:
    """Bilinear values at the cells of a square grid, from a table of speed by whole degree."""
    u, v = np.meshgrid(grid, grid)
    speed, angle = np.hypot(u, v), np.degrees(np.arctan2(u, v)) % 360
    row = np.clip(speed / speeds[-1] * (len(speeds) - 1), 0, len(speeds) - 1 - 1e-9)
    below, share = row.astype(int), row % 1
    left, part = angle.astype(int) % 360, angle % 1
    right = (left + 1) % 360
    low = values[below, left] * (1 - part) + values[below, right] * part
    high = values[below + 1, left] * (1 - part) + values[below + 1, right] * part
    z: Array = low * (1 - share) + high * share
    z[speed > speeds[-1]] = np.nan
    return z


def _filled_places(ws: Array, wd: Array) -> Array:
    pair = np.unique(np.column_stack([np.round(ws, 1), np.round(wd)]), axis=0)
    angle = np.radians(pair[:, 1])
    return np.column_stack([pair[:, 0] * np.sin(angle), pair[:, 0] * np.cos(angle)])


def pair_statistic(
    table: pl.DataFrame,
    first: str,
    second: str,
    statistic: Paired = "r",
    *,
    cells: int = 201,
    direction_spread: float = 4,
    speed_spread: float = 0.5,
    least: float = 30,
) -> Surface:
    """How two pollutants go together by wind: weighted correlation, or ``first = slope · second + intercept``.

    Kernel weights as in :func:`nonparametric_regression`; NaN where the weights come from fewer than ``least``
    effective hours. A source has its own ratio (Grange et al. 2016, doi:10.1016/j.atmosenv.2016.09.016).
    """
    if statistic not in get_args(Paired):
        raise TableError(f"{statistic!r} is no paired statistic; use {', '.join(get_args(Paired))}")
    rows = wind(table, first, second)
    ws, wd, y, x = (rows[name].to_numpy() for name in ("ws", "wd", first, second))
    y_mean, x_mean = y.mean(), x.mean()
    y, x = y - y_mean, x - x_mean
    sums, n, speeds, angles = _kernel_sums(
        ws, wd, np.vstack([x, y, x * x, y * y, x * y]), direction_spread, speed_spread
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mx, my, xx, yy, xy = sums / n
        cov, var_x, var_y = xy - mx * my, xx - mx**2, yy - my**2
        slope = cov / var_x
        values = {
            "r": np.clip(cov / np.sqrt(var_x * var_y), -1, 1),
            "slope": slope,
            "intercept": my + y_mean - slope * (mx + x_mean),
        }[statistic]
    values[n < least] = np.nan
    grid = np.linspace(-float(ws.max()), float(ws.max()), cells)
    z = _from_polar(values, speeds, angles, grid)
    z[_far(grid, _filled_places(ws, wd))] = np.nan
    return Surface(grid, grid, z, statistic, f"{first}~{second}")
