"""Whether a pollutant rises or falls over years: Theil-Sen slope with bootstrap interval, and a smooth trend.

Source: Theil 1950, Sen 1968 (doi:10.1080/01621459.1968.10480934); bootstrap in blocks against
autocorrelation, Kunsch 1989 (doi:10.1214/aos/1176347265); deseasonalising by STL, Cleveland et al. 1990. As
openair ``TheilSen`` and ``smoothTrend``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.science.air_table import TableError
from ecoledger.science.averages import Statistic, average

Array = NDArray[np.float64]
_DAYS_A_YEAR = 365
_RESAMPLES = 599
_LEAST = 6


@dataclass(frozen=True, slots=True)
class TheilSen:
    """``slope``, ``lower``, ``upper``: unit of the data per year of 365 days, with the 95 % interval; ``p`` two-sided;
    ``intercept`` in the data's unit at 1970-01-01; ``percent``: slope as percent of the line's first value, per
    year. ``series``: ``date, value`` of the periods used."""

    slope: float
    lower: float
    upper: float
    intercept: float
    p: float
    percent: float
    lower_percent: float
    upper_percent: float
    series: pl.DataFrame

    @property
    def stars(self) -> str:
        """``***`` p < 0.001, ``**`` < 0.01, ``*`` < 0.05, ``+`` < 0.1."""
        marks = ((0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, "+"))
        return next((mark for bound, mark in marks if self.p < bound), "")


def monthly(
    table: pl.DataFrame,
    pollutant: str,
    *,
    deseason: bool = False,
    statistic: Statistic = "mean",
    percentile: float = 95,
    capture: float = 0,
    period: str = "month",
) -> pl.DataFrame:
    """Values by month (or year) as ``date, value``; deseasonalised by robust STL where asked for.

    Months without a value inside the series are interpolated for STL and left out again afterwards.
    """
    series = average(
        table.select("date", pollutant),
        period,
        capture=capture,
        statistic=statistic,
        percentile=percentile,
    ).rename({pollutant: "value"})
    known = series["value"].is_not_null().arg_true()
    if len(known) < _LEAST:
        raise TableError(f"{len(known)} {period}s have a value; a trend needs at least {_LEAST}")
    first, last = int(known[0]), int(known[-1])
    series = series.slice(first, last - first + 1)
    if deseason:
        if period != "month" or series.height <= 24:
            raise TableError("taking out the season needs months, and more than 24 of them")
        filled = series["value"].interpolate().to_numpy()
        # Windows, jumps and iterations as R's stl(s.window = 11, s.degree = 1, robust = TRUE) takes them.
        from statsmodels.tsa.seasonal import STL  # brings pandas: loaded when it is needed

        parts = STL(
            filled,
            period=12,
            seasonal=11,
            seasonal_deg=1,
            robust=True,
            seasonal_jump=2,
            trend_jump=3,
            low_pass_jump=2,
        ).fit(inner_iter=1, outer_iter=15)
        adjusted = pl.Series(parts.trend + parts.resid)
        series = series.with_columns(value=pl.when(pl.col("value").is_not_null()).then(adjusted))
    return series.drop_nulls("value")


def theil_sen(
    table: pl.DataFrame,
    pollutant: str,
    *,
    deseason: bool = False,
    autocorrelation: bool = False,
    statistic: Statistic = "mean",
    percentile: float = 95,
    capture: float = 0,
    period: str = "month",
    confidence: float = 0.95,
    seed: int = 2,
) -> TheilSen:
    """Median of the slopes between all pairs of months (or years); bootstrap interval and p from 599 draws.

    ``autocorrelation``: the draws take blocks of n^⅓ neighbours, which widens the interval where successive
    months resemble each other.
    """
    series = monthly(
        table,
        pollutant,
        deseason=deseason,
        statistic=statistic,
        percentile=percentile,
        capture=capture,
        period=period,
    )
    x = (series["date"].cast(pl.Date).cast(pl.Int32)).to_numpy().astype(float)
    y = series["value"].to_numpy()
    slope, intercept = _line(x, y)
    random = np.random.default_rng(seed)
    length = round(len(y) ** (1 / 3)) if autocorrelation else 1
    drawn = np.array([_line(x[i], y[i]) for i in _draws(len(y), length, _RESAMPLES, random)])
    slopes = np.sort(drawn[:, 0])
    low = round((1 - confidence) / 2 * _RESAMPLES)
    lower, upper = slopes[low], slopes[_RESAMPLES - low - 1]
    below = (np.sum(slopes < 0) + 0.5 * np.sum(slopes == 0)) / _RESAMPLES
    p = 2 * float(min(below, 1 - below))
    # Each bound of the slope turns about the middle of the series.
    middle_x, middle_y = float(np.median(x)), float(np.median(y))

    def percent(b: float) -> float:
        start = middle_y + b * (x[0] - middle_x)
        return float(100 * _DAYS_A_YEAR * b / start)

    return TheilSen(
        float(slope * _DAYS_A_YEAR),
        float(lower * _DAYS_A_YEAR),
        float(upper * _DAYS_A_YEAR),
        intercept,
        p,
        percent(slope),
        percent(lower),
        percent(upper),
        series,
    )


def _line(x: Array, y: Array) -> tuple[float, float]:
    rows, columns = np.triu_indices(len(x), 1)
    across = x[columns] - x[rows]
    apart = across != 0
    slope = float(np.median((y[columns] - y[rows])[apart] / across[apart]))
    return slope, float(np.median(y) - slope * np.median(x))


def _draws(n: int, length: int, number: int, random: np.random.Generator) -> list[NDArray[np.intp]]:
    blocks = -(-n // length)
    starts = random.integers(0, n - length + 1, (number, blocks))
    index = (starts[:, :, None] + np.arange(length)).reshape(number, -1)[:, :n]
    return list(index)


def smooth_trend(
    table: pl.DataFrame,
    pollutant: str,
    *,
    deseason: bool = False,
    statistic: Statistic = "mean",
    percentile: float = 95,
    capture: float = 0,
    resamples: int = 200,
    seed: int = 1,
) -> pl.DataFrame:
    """Monthly values with a natural cubic smoothing spline through them: ``date, value, trend, lower, upper``.

    The smoothness comes from generalised cross-validation; the 95 % interval adds blocks of the residuals back to
    the trend and smooths again.
    """
    series = monthly(
        table,
        pollutant,
        deseason=deseason,
        statistic=statistic,
        percentile=percentile,
        capture=capture,
    )
    from scipy.stats import norm  # slow to load: when it is needed

    x = series["date"].cast(pl.Date).cast(pl.Int32).to_numpy().astype(float) / _DAYS_A_YEAR
    y = series["value"].to_numpy()
    smoother = _spline_smoother(x, y)
    trend = smoother @ y
    rest = y - trend
    random = np.random.default_rng(seed)
    draws = _draws(len(y), max(1, round(len(y) ** (1 / 3))), resamples, random)
    again = np.array([trend + rest[i] for i in draws]) @ smoother.T
    reach = float(norm.ppf(0.975)) * again.std(axis=0)
    return series.with_columns(
        trend=pl.Series(trend), lower=pl.Series(trend - reach), upper=pl.Series(trend + reach)
    )


def _spline_smoother(x: Array, y: Array) -> Array:
    """The matrix that smooths ``y`` by a natural cubic spline with knots at ``x`` (Green & Silverman 1994, section 2.3).

    ``S = (I + λ·Q·R⁻¹·Qᵀ)⁻¹`` with λ at the lowest ``n·RSS/(n − tr S)²``.
    """
    n, h = len(x), np.diff(x)
    q = np.zeros((n, n - 2))
    inner = np.arange(n - 2)
    q[inner, inner] = 1 / h[:-1]
    q[inner + 1, inner] = -1 / h[:-1] - 1 / h[1:]
    q[inner + 2, inner] = 1 / h[1:]
    r = np.diag((h[:-1] + h[1:]) / 3) + np.diag(h[1:-1] / 6, 1) + np.diag(h[1:-1] / 6, -1)
    strength, turn = np.linalg.eigh(q @ np.linalg.solve(r, q.T))
    loads = turn.T @ y
    steps = np.exp(np.linspace(np.log(1e-8), np.log(1e6), 300))
    shrink = 1 / (1 + steps[:, None] * np.clip(strength, 0, None))
    scores = n * (((1 - shrink) * loads) ** 2).sum(axis=1) / (n - shrink.sum(axis=1)) ** 2
    best: Array = (turn * shrink[int(np.argmin(scores))]) @ turn.T
    return best
