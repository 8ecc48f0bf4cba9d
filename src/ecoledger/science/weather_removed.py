"""Before and after a measure with the weather taken out, and how well the model that does so predicts.

A gradient-boosted model (scikit-learn ``HistGradientBoostingRegressor``) learns the concentration from wind,
temperature, humidity, pressure, rain, hour, weekday and season on the time before the measure, and says what the
weather after it would have brought without it (Grange & Carslaw 2019, doi:10.1016/j.scitotenv.2018.10.344). The
effect is observed minus expected. Its interval comes from the same model's errors on weeks it had not seen.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ecoledger.science.air_table import TableError, require
from ecoledger.science.averages import complete

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

Array = NDArray[np.float64]
_WEATHER = ("ws", "temp", "pres", "dewp", "rh", "rain", "radiation", "mixing_height")
_LEAST_HOURS = 24 * 60
_WEEK = 24 * 7
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Effect:
    """``effect`` with ``lower`` and ``upper`` (95 %): observed minus expected mean after the change, unit of the data;
    ``percent`` of the expected. ``plain_difference``: what the bare means say. ``skill``: share of the variance of
    unseen weeks that the model explains; ``skill_rmse`` in the data's unit. ``extrapolated``: share of hours after
    the change whose weather lies outside what the model learned from."""

    effect: float
    lower: float
    upper: float
    percent: float
    observed: float
    expected: float
    before: float
    plain_difference: float
    skill: float
    skill_rmse: float
    hours_before: int
    hours_after: int
    extrapolated: float
    warning: str = ""

    @property
    def significant(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.lower > 0 or self.upper < 0

    def table(self) -> pl.DataFrame:
        """One row."""
        return pl.DataFrame([asdict(self) | {"significant": self.significant}])


def _features(table: pl.DataFrame, exclude: tuple[str, ...]) -> tuple[pl.DataFrame, list[str]]:
    date_ = pl.col("date")
    season = 2 * np.pi * date_.dt.ordinal_day() / 365.25
    columns = {
        "hour": date_.dt.hour().cast(pl.Float64),
        "weekday": date_.dt.weekday().cast(pl.Float64),
        "season_sine": season.sin(),
        "season_cosine": season.cos(),
    }
    for name in _WEATHER:
        if name in table.columns and name not in exclude:
            columns[name] = pl.col(name).cast(pl.Float64)
            if name in ("ws", "temp", "rain"):
                columns[f"{name}_12h"] = pl.col(name).rolling_mean(12, min_samples=6)
    if {"ws", "wd"} <= set(table.columns):
        east, north = (
            pl.col("ws") * pl.col("wd").radians().sin(),
            pl.col("ws") * pl.col("wd").radians().cos(),
        )
        columns |= {
            "u": east,
            "v": north,
            "u_12h": east.rolling_mean(12, min_samples=6),
            "v_12h": north.rolling_mean(12, min_samples=6),
        }
    return table.with_columns(**{f"_{k}": v for k, v in columns.items()}), [
        f"_{k}" for k in columns
    ]


def _model() -> HistGradientBoostingRegressor:
    from sklearn.ensemble import HistGradientBoostingRegressor  # slow to load

    return HistGradientBoostingRegressor(
        max_iter=250, learning_rate=0.06, max_leaf_nodes=24, min_samples_leaf=40, random_state=1
    )


def effect(
    table: pl.DataFrame,
    pollutant: str,
    change: date,
    *,
    until: date | None = None,
    exclude: tuple[str, ...] = (),
) -> Effect:
    """The effect on ``pollutant`` of something that began on ``change`` and lasts until ``until`` (included).

    Needs hours before the change of at least 60 days, better of more than a year so that all seasons are learned.
    Raises :class:`TableError` for less, and where no weather column is there.
    """
    require(table, ("date", pollutant))
    if not {"ws", "temp", "rh", "pres", "dewp", "rain"} & set(table.columns):
        raise TableError("no weather in the table (ws, wd, temp, dewp or rh, pres, rain)")
    hourly = complete(table.sort("date"))
    data, names = _features(hourly, exclude)
    data = data.drop_nulls(pollutant)
    begin = datetime(change.year, change.month, change.day)
    data = data if until is None else data.filter(pl.col("date").dt.date() <= until)
    before = data.filter(pl.col("date") < begin)
    after = data.filter(pl.col("date") >= begin)
    if before.height < _LEAST_HOURS or after.height < 24:
        raise TableError(
            f"{before.height} hours before and {after.height} after {change}: "
            f"at least {_LEAST_HOURS} and 24 are needed"
        )
    x, y = before.select(names).to_numpy(), before[pollutant].to_numpy().astype(float)
    x_after = after.select(names).to_numpy()
    _model()  # loads what the limit is for
    with threadpool_limits(1):  # on a busy machine threads wait for each other
        unseen = _unseen(x, y, (before["date"] - before["date"][0]).dt.total_hours().to_numpy())
        expected = _model().fit(x, y).predict(x_after)
    rest = y - unseen
    skill = 1 - float(np.sum(rest**2) / np.sum((y - y.mean()) ** 2))
    observed = after[pollutant].to_numpy().astype(float)
    difference = float((observed - expected).mean())
    reach = 1.96 * _error_of_mean(rest, after.height)
    low, high = np.nanpercentile(x, (0.1, 99.9), axis=0)
    with np.errstate(invalid="ignore"):
        outside = float(np.mean(((x_after < low) | (x_after > high)).any(axis=1)))
    warnings = []
    if skill < 0.4:
        warnings.append(f"the model explains only {100 * skill:.0f} % of unseen weeks")
    if before.height < 24 * 330:
        warnings.append("less than a year before the change: seasons were not all learned")
    return Effect(
        difference,
        difference - reach,
        difference + reach,
        100 * difference / float(expected.mean()),
        float(observed.mean()),
        float(expected.mean()),
        float(y.mean()),
        float(observed.mean() - y.mean()),
        skill,
        float(np.sqrt(np.mean(rest**2))),
        before.height,
        after.height,
        outside,
        "; ".join(warnings),
    )


def _unseen(x: Array, y: Array, hours: NDArray[np.int64]) -> Array:
    """Predictions of whole weeks that were held out: the neighbours of a held-out hour teach nothing about it."""
    fold_of = hours // _WEEK % _FOLDS
    unseen = np.full_like(y, y.mean())
    for fold in range(_FOLDS):
        held = fold_of == fold
        if held.any() and not held.all():
            unseen[held] = _model().fit(x[~held], y[~held]).predict(x[held])
    return unseen


def _error_of_mean(rest: Array, hours: int) -> float:
    """Standard error of the mean of ``hours`` successive errors, from windows of the errors on unseen weeks."""
    length = min(hours, len(rest) // 8)
    sums = np.concatenate([[0.0], np.cumsum(rest)])
    starts = np.arange(0, len(rest) - length + 1, max(1, length // 4))
    means = (sums[starts + length] - sums[starts]) / length
    # A longer span than could be tried shrinks the error by the square root.
    return float(np.sqrt(np.mean(means**2)) * np.sqrt(length / hours))
