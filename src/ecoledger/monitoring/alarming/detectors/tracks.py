"""Series on a regular grid, and what is usual for them: the ground that most detectors stand on.

A *track* is one parameter at one point with one value a step (an hour, or four at a station that samples every
four hours). ``value`` holds what counts in statistics, ``shown`` whatever stood there, with or without a valid mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view

from ecoledger.monitoring.alarming.detectors import findings

# A normal distribution's standard deviation, from its median absolute deviation.
MAD_TO_SIGMA = 1.4826
_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Track:
    """One parameter at one point. ``first`` is the first slot in hours since 1970, ``step`` the hours of a slot."""

    point: int
    parameter: str
    first: int
    step: int
    value: np.ndarray
    shown: np.ndarray
    flag: np.ndarray

    def __len__(self) -> int:
        return len(self.value)

    def slots(self, hours: float, least: int = 1) -> int:
        """How many slots ``hours`` are."""
        return max(least, round(hours / self.step))

    def on(self, other: Track) -> np.ndarray:
        """The valid values of ``other`` in the slots of this track, the last one within each."""
        return other.at(self.first + self.step * np.arange(len(self)), self.step)

    def at(self, hours: np.ndarray, within: int = 1) -> np.ndarray:
        """Valid values at hours since 1970; NaN where there is none."""
        result = np.full(len(hours), np.nan)
        for back in range(within):
            slot = (hours + back - self.first) // self.step
            inside = (slot >= 0) & (slot < len(self))
            found = np.full(len(hours), np.nan)
            found[inside] = self.value[slot[inside]]
            result = np.where(np.isnan(found), result, found)
        return result


def each(hours: pl.DataFrame, only: pl.DataFrame | None = None) -> Iterator[Track]:
    """The tracks of ``hours`` (``point, parameter, start, value, valid`` and perhaps ``flag``).

    ``only``: a table with ``point, parameter``; other series are left out.
    """
    if only is not None:
        hours = hours.join(
            only.select("point", "parameter").unique(), on=["point", "parameter"], how="semi"
        )
    if hours.is_empty():
        return
    flag = pl.col("flag").fill_null("N") if "flag" in hours.columns else pl.lit("N")
    table = hours.select(
        "point",
        "parameter",
        (pl.col("start").cast(pl.Datetime("us")).cast(pl.Int64) // _HOUR).alias("hour"),
        pl.col("value").cast(pl.Float64),
        pl.col("valid").fill_null(value=False),
        flag.alias("flag"),
    ).sort("point", "parameter", "hour")
    points, parameters = table["point"].to_numpy(), table["parameter"].to_list()
    hour, value = table["hour"].to_numpy(), table["value"].to_numpy().astype(float)
    valid, flags = table["valid"].to_numpy(), table["flag"].to_numpy()
    series = table.select(pl.struct("point", "parameter").rle_id()).to_series().to_numpy()
    edges = np.concatenate([[0], np.flatnonzero(np.diff(series)) + 1, [len(series)]])
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        span = slice(begin, end)
        yield _track(
            int(points[begin]), str(parameters[begin]), hour[span], value[span], valid[span], flags[span]
        )  # fmt: skip


def _track(
    point: int,
    parameter: str,
    hour: np.ndarray,
    numbers: np.ndarray,
    valid: np.ndarray,
    marks: np.ndarray,
) -> Track:
    gaps = np.diff(hour)
    gaps = gaps[gaps > 0]
    # The usual distance between two values; a station of four hours has a slot of four.
    step = int(np.median(gaps)) if len(gaps) >= 3 else 1
    step = min(max(step, 1), 24)
    first = int(hour[0])
    slot = (hour - first) // step
    size = int(slot[-1]) + 1
    shown = np.full(size, np.nan)
    value = np.full(size, np.nan)
    flags = np.full(size, "", dtype=object)
    shown[slot] = numbers
    value[slot[valid]] = numbers[valid]
    flags[slot] = marks
    return Track(point, parameter, first, step, value, shown, flags)


def trailing(
    values: np.ndarray, width: int, statistic: str, *, gap: int = 0, needed: int = 1, every: int = 1
) -> np.ndarray:
    """A statistic of the ``width`` slots that end ``gap`` slots before each slot; the slot itself is outside.

    ``statistic``: median, mad (about the median), max, min, sum, or a percentile such as "p90". NaN where fewer than
    ``needed`` values are there. ``every``: work out each n-th slot only and hold it in between.
    """
    size = len(values)
    padded = np.concatenate([np.full(width + gap, np.nan), values])
    windows = sliding_window_view(padded, width)[:size]
    if every > 1:
        windows = windows[::every]
    count = np.sum(~np.isnan(windows), axis=1)
    with np.errstate(all="ignore"):
        match statistic:
            case "median":
                result = quantile(windows, count, 0.5)
            case "mad":
                middle = quantile(windows, count, 0.5)
                result = quantile(np.abs(windows - middle[:, None]), count, 0.5)
            case "max":
                result = np.fmax.reduce(windows, axis=1)
            case "min":
                result = np.fmin.reduce(windows, axis=1)
            case "sum":
                result = np.nansum(windows, axis=1)
            case _:
                result = quantile(windows, count, float(statistic[1:]) / 100)
    result = np.where(count >= needed, result, np.nan)
    return np.repeat(result, every)[:size] if every > 1 else result


def quantile(windows: np.ndarray, count: np.ndarray, part: float) -> np.ndarray:
    """A quantile of each row without its gaps, by linear interpolation; sorting puts gaps last."""
    ordered = np.sort(windows, axis=1)
    place = part * np.maximum(count - 1, 0)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    row = np.arange(len(windows))
    below, above = ordered[row, low], ordered[row, high]
    return np.asarray(below + (above - below) * (place - low))


def upto(values: np.ndarray, width: int, statistic: str, *, needed: int = 1) -> np.ndarray:
    """As :func:`trailing`, of the ``width`` slots that end with each slot."""
    return trailing(np.append(values, np.nan), width, statistic, needed=needed)[1:]


def lasting(condition: np.ndarray, width: int) -> np.ndarray:
    """Where ``condition`` holds in this slot and the ``width - 1`` before."""
    count = np.zeros(len(condition), dtype=int)
    run = 0
    for n, holds in enumerate(condition):
        run = run + 1 if holds else 0
        count[n] = run
    return count >= width


def before(values: np.ndarray, width: int) -> np.ndarray:
    """What a statistic of ``width`` slots was before those it is made of."""
    return np.concatenate([np.full(width, np.nan), values])[: len(values)]


def going_on(begins: np.ndarray, lasts: np.ndarray) -> np.ndarray:
    """From where it begins as long as it lasts."""
    result = np.zeros(len(begins), dtype=bool)
    on = False
    for n, (begun, still) in enumerate(zip(begins.tolist(), lasts.tolist(), strict=True)):
        on = begun or (on and still)
        result[n] = on
    return result


def share(condition: np.ndarray, width: int) -> np.ndarray:
    """In how many of the last ``width`` slots, this one included, ``condition`` holds."""
    total = np.cumsum(np.concatenate([[0], condition.astype(int)]))
    begin = np.maximum(np.arange(1, len(condition) + 1) - width, 0)
    return np.asarray(total[1:] - total[begin])


def worded(condition: np.ndarray, words: str) -> np.ndarray:
    """``words`` where ``condition`` holds, nothing elsewhere."""
    result = np.full(len(condition), None, dtype=object)
    result[condition] = words
    return result


def verdicts(
    track: Track,
    bad: np.ndarray,
    good: np.ndarray,
    *,
    limit: np.ndarray | float | None = None,
    over: np.ndarray | None = None,
    value: np.ndarray | None = None,
    note: np.ndarray | str | None = None,
    excuse: np.ndarray | None = None,
    began: np.ndarray | int = 0,
) -> dict[str, Any]:
    """Columns of findings for the slots of ``track`` that are bad or good; the others are on hold.

    ``began``: so many slots ago, where that is known (0: not)."""
    size = len(track)

    def column(given: Any, kind: Any) -> np.ndarray:
        return np.full(size, given, dtype=kind) if np.ndim(given) == 0 else np.asarray(given)

    held = ~np.isnan(track.shown) | bad
    state = np.where(bad, "bad", np.where(good, "good", "hold"))
    start = (track.first + track.step * np.arange(size)) * _HOUR
    ago = column(began, int)
    since = np.where(ago > 0, start - track.step * ago * _HOUR, None)
    return {
        "point": np.full(int(held.sum()), track.point),
        "parameter": np.full(int(held.sum()), track.parameter, dtype=object),
        "start": start[held],
        "seconds": np.full(int(held.sum()), 3600),
        "state": state[held].astype(object),
        "value": (track.shown if value is None else value)[held],
        "limit": column(np.nan if limit is None else limit, float)[held],
        "over": column(np.nan if over is None else over, float)[held],
        "note": column(note, object)[held],
        "excuse": column(excuse, object)[held],
        "since": since[held],
    }


def together(parts: list[dict[str, Any]], judged: pl.DataFrame) -> pl.DataFrame:
    """Findings from the columns of many tracks, of the judged periods only."""
    parts = [part for part in parts if len(part["point"])]
    if not parts:
        return findings()
    table = pl.DataFrame(
        {
            name: (
                pl.Series(name, np.concatenate([part[name] for part in parts]).tolist(), dtype=kind)
            )
            for name, kind in {
                "point": pl.Int64, "parameter": pl.String, "start": pl.Int64, "seconds": pl.Int32,
                "state": pl.String, "value": pl.Float64, "limit": pl.Float64, "over": pl.Float64,
                "note": pl.String, "excuse": pl.String, "since": pl.Int64,
            }.items()
        }
    ).with_columns(
        pl.col("start", "since").cast(pl.Datetime("us")),
        *(pl.col(name).fill_nan(None) for name in ("value", "limit", "over")),
    )  # fmt: skip
    key = ["point", "parameter", "start"]
    return findings(table.join(judged.select(key).unique(), on=key, how="semi"))
