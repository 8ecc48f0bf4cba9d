"""Rain in the county and what it does to rivers: after it turbidity and what clings to particles rise everywhere."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    Track,
    each,
    trailing,
    upto,
)

# Codes that rain is reported under: the catalogue's, and one that makers use.
RAIN = ("a01021", "R01", "a01022", "rain")
TURBIDITY = "w01003"
_HOUR = 3_600_000_000
# A rain of so many mm within six hours washes streets and fields into a river.
_WASHES = 3.0
# So much of a county's water stations rising at once is the weather, with or without a gauge.
_MANY = 0.7
# A rain changes one station by so many times what it changes another; and the logarithm of what clings to particles by so
# much of that of the turbidity.
_UNEVEN, _CLINGS = 2.2, 0.9
_OTHERS = 3


@dataclass
class Weather:
    """``rain``: hours since 1970 of the first slot, and whether it had just rained, by hour; ``rises``: by hour, the share
    of the water stations that rise above their usual (the gauge where there is none)."""

    first: int = 0
    rained: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def wet(self, track: Track, hours: int) -> np.ndarray:
        """Where it rained within the last ``hours`` before each slot."""
        if not len(self.rained):
            return np.zeros(len(track), dtype=bool)
        total = np.cumsum(np.concatenate([[0], self.rained.astype(int)]))
        end = np.clip(
            track.first + track.step * np.arange(len(track)) + 1 - self.first, 0, len(self.rained)
        )
        begin = np.clip(end - hours, 0, len(self.rained))
        return np.asarray(total[end] - total[begin] > 0)


DRY = Weather()


class Washed:
    """How far rain explains what each water station shows: by what the others show, and by its own turbidity."""

    def __init__(self, hours: pl.DataFrame) -> None:
        self._rises: dict[str, list[Track]] = {}
        for track in each(hours):
            usual = trailing(track.value, track.slots(72, 12), "median", gap=1, needed=6)
            with np.errstate(all="ignore"):
                rise = np.abs(np.log(track.value / usual))
            self._rises.setdefault(track.parameter, []).append(replace(track, value=rise))

    def explains(self, track: Track) -> np.ndarray:
        """Where the change of ``track`` is no greater than rain makes it.

        That is, no more than a factor :data:`_UNEVEN` beyond the change at the middle one of the other stations, or nine
        tenths (of the logarithm) of the greatest rise of its own turbidity in half a day: what clings to particles comes
        with them. Where neither can be told, all is explained.
        """
        others = [
            track.on(rise)
            for rise in self._rises.get(track.parameter, [])
            if rise.point != track.point
        ]
        mine = next(
            (r for r in self._rises.get(track.parameter, []) if r.point == track.point), None
        )
        if mine is None or len(others) < _OTHERS:
            return np.ones(len(track), dtype=bool)
        with warnings.catch_warnings():  # an hour without any other station
            warnings.simplefilter("ignore", RuntimeWarning)
            allowed = np.nan_to_num(np.nanmedian(others, axis=0)) + np.log(_UNEVEN)
        for rise in self._rises.get(TURBIDITY, []):
            if rise.point == track.point:
                muddy = upto(rise.value, rise.slots(12, 2), "max")
                muddy = track.on(replace(rise, value=muddy))
                allowed = np.fmax(allowed, _CLINGS * np.nan_to_num(muddy))
        return np.asarray(~(track.on(mine) > allowed))


def of(hours: pl.DataFrame, points: pl.DataFrame) -> Weather:
    """The weather that the hours tell of: by rain gauges, and by rivers that rise all at once."""
    gauges = list(each(hours.filter(pl.col("parameter").is_in(RAIN))))
    rivers = points.filter(pl.col("kind") == "water").select("point")
    at_rivers = hours.join(rivers, on="point", how="semi")
    rising = list(each(at_rivers.filter(pl.col("parameter").str.starts_with("w"))))
    tracks = [*gauges, *rising]
    if not tracks:
        return DRY
    first = min(track.first for track in tracks)
    size = max(track.first + track.step * len(track) for track in tracks) - first
    grid = first + np.arange(size)
    rained = np.zeros(size, dtype=bool)
    if gauges:
        with np.errstate(all="ignore"):
            fallen = np.nanmax(
                np.array([np.nan_to_num(gauge.at(grid)) for gauge in gauges]), axis=0
            )
        sums = np.convolve(fallen, np.ones(6))[:size]
        rained |= sums >= _WASHES
    rained |= _all_at_once(rising, first, size)
    return Weather(first, rained)


def _all_at_once(tracks: list[Track], first: int, size: int) -> np.ndarray:
    """Hours in which most of four or more water stations rise at once.

    Rain stirs up: where a station measures turbidity that alone is asked, for in a dozen parameters something always rises.
    """
    turbid = {track.point for track in tracks if track.parameter == TURBIDITY}
    up: dict[int, np.ndarray] = {}
    for track in tracks:
        if track.point in turbid and track.parameter != TURBIDITY:
            continue
        usual = trailing(track.value, track.slots(72, 12), "median", needed=6)
        noise = MAD_TO_SIGMA * trailing(track.value, track.slots(72, 12), "mad", needed=6)
        with np.errstate(all="ignore"):
            rises = (track.value > usual + 4 * noise) & (track.value > 1.25 * usual)
        # The rain fell when the wave began, not as long as it lasts.
        lasted = trailing(rises.astype(float), track.slots(24, 2), "max")
        rises &= ~(np.nan_to_num(lasted) > 0)
        mine = up.setdefault(track.point, np.zeros(size, dtype=bool))
        for slot in np.flatnonzero(rises):
            begin = track.first + track.step * slot - first
            # Flood waves do not come to all stations in one hour.
            mine[max(begin, 0) : min(begin + 6, size)] = True
    if len(up) < 4:
        return np.zeros(size, dtype=bool)
    return np.asarray(np.sum(list(up.values()), axis=0) >= np.ceil(_MANY * len(up)))
