"""Whether the plant behind an outlet runs, hour by hour, and at what load: from its flow, its oxygen and its power.

A plant that stands still gives values that repeat, oxygen of air and no flow: that is no trouble. Without flow, oxygen
or a production meter nothing is known and ``running`` is null.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.tracks import Track, each, trailing, upto

GAS_FLOWS = ("a00000", "a01011")
WATER_FLOW = "w00000"
OXYGEN = "a19001"
POWER_KIND = "power"
# A flow or a power below this share of its usual high is a plant that stands (fans, lights, leakage remain).
_STANDING = 0.2
# Above this a furnace holds air: it is out, or being started.
AIR_OXYGEN = 19.0
_USUAL = 14 * 24
_HOUR = 3_600_000_000

SCHEMA: dict[str, Any] = {
    "point": pl.Int64,
    "start": pl.Datetime("us"),
    "running": pl.Boolean,
    "load": pl.Float64,
}


def usual_high(values: np.ndarray, slots: int) -> np.ndarray:
    """What a flow or a power comes to when the plant works: the 90th percentile of two weeks, today included."""
    recent = upto(values, min(slots, max(len(values), 1)), "p90", needed=12)
    whole = np.nanpercentile(values, 90) if np.any(~np.isnan(values)) else np.nan
    return np.where(np.isnan(recent), whole, recent)


def as_measured(track: Track) -> Track:
    """A flow with what lies outside the range of its unit: sent in another unit it still says whether it flows, and how much
    as a share of its own usual."""
    value = np.where(np.isin(track.flag, ["N", "T", "range"]), track.shown, track.value)
    return replace(track, value=value)


def power_tracks(hours: pl.DataFrame, points: pl.DataFrame) -> dict[int, Track]:
    """One track a power meter: its power, not its voltage or its meter reading."""
    meters = points.filter(pl.col("kind") == POWER_KIND).select("point")
    mine = hours.join(meters, on="point", how="semi")
    by_point: dict[int, Track] = {}
    for track in each(mine):
        known = by_point.get(track.point)
        if known is None or _is_power(track.parameter) > _is_power(known.parameter):
            by_point[track.point] = track
    return by_point


def _is_power(code: str) -> int:
    return 2 if code == "dPower" else 1 if "power" in code.casefold() else 0


def table(hours: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """``point, start, running, load`` of every flue gas and wastewater outlet and every hour that says something.

    ``load``: production power, else flow, as a share of its usual high.
    """
    outlets = points.filter(pl.col("kind").is_in(["flue_gas", "wastewater"]))
    owners = dict(outlets.select("point", "owner_code").iter_rows())
    meters = power_tracks(hours, points)
    production = points.filter(pl.col("power_role") == "production")
    by_owner: dict[str, list[Track]] = {}
    for point, owner in production.select("point", "owner_code").iter_rows():
        if owner and point in meters:
            by_owner.setdefault(owner, []).append(meters[point])
    signs = hours.filter(pl.col("parameter").is_in([*GAS_FLOWS, WATER_FLOW, OXYGEN]))
    tracks: dict[int, dict[str, Track]] = {}
    for track in each(signs.join(outlets.select("point"), on="point", how="semi")):
        flows = track.parameter in (*GAS_FLOWS, WATER_FLOW)
        tracks.setdefault(track.point, {})[track.parameter] = as_measured(track) if flows else track
    parts = [
        _one(point, tracks.get(point, {}), by_owner.get(owner, []))
        for point, owner in owners.items()
    ]
    parts = [part for part in parts if not part.is_empty()]
    return pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)


def _one(point: int, own: dict[str, Track], meters: list[Track]) -> pl.DataFrame:
    known = [*own.values(), *meters]
    if not known:
        return pl.DataFrame(schema=SCHEMA)
    first = min(track.first for track in known)
    last = max(track.first + track.step * len(track) for track in known)
    grid = np.arange(first, last)
    flow_share = _share((own[code] for code in (*GAS_FLOWS, WATER_FLOW) if code in own), grid)
    power_share = _share(meters, grid)
    oxygen = own[OXYGEN].at(grid) if OXYGEN in own else np.full(len(grid), np.nan)
    # Little flow at full power and with a fire burning is no standstill: it goes another way.
    elsewhere = (power_share >= 0.5) & ~(oxygen >= AIR_OXYGEN)
    standing = ((flow_share < _STANDING) & ~elsewhere) | (oxygen >= AIR_OXYGEN)
    by_power = np.isnan(flow_share) & np.isnan(oxygen)
    standing |= by_power & (power_share < _STANDING)
    unknown = by_power & np.isnan(power_share)
    load = np.where(np.isnan(power_share), flow_share, power_share)
    return pl.DataFrame(
        {
            "point": np.full(len(grid), point),
            "start": pl.Series(grid * _HOUR).cast(pl.Datetime("us")),
            "running": pl.Series([None if u else not s for s, u in zip(standing, unknown, strict=True)],
                                 dtype=pl.Boolean),
            "load": pl.Series(load).fill_nan(None),
        },
        schema=SCHEMA,
    )  # fmt: skip


def _share(tracks: Iterable[Track], grid: np.ndarray) -> np.ndarray:
    """The sum of tracks as a share of its usual high; the first with data where they are alternatives."""
    total = np.full(len(grid), np.nan)
    for track in tracks:
        values = track.at(grid)
        if track.parameter in GAS_FLOWS and np.any(~np.isnan(total)):
            continue
        total = np.where(np.isnan(total), values, total + np.nan_to_num(values))
    high = usual_high(total, _USUAL)
    with np.errstate(all="ignore"):
        return np.where(high > 0, total / high, np.nan)


class Running:
    """The table of :func:`table`, looked up by point and hour."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self._points: dict[int, tuple[int, np.ndarray, np.ndarray]] = {}
        for (point,), part in rows.sort("point", "start").group_by("point", maintain_order=True):
            hour = (part["start"].cast(pl.Int64) // _HOUR).to_numpy()
            running = part["running"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            load = part["load"].fill_null(float("nan")).to_numpy()
            self._points[int(point)] = (int(hour[0]), running, load)

    def _read(self, track: Track, which: int) -> np.ndarray:
        known = self._points.get(track.point)
        if known is None:
            return np.full(len(track), np.nan)
        slot = track.first + track.step * np.arange(len(track)) - known[0]
        inside = (slot >= 0) & (slot < len(known[1]))
        result = np.full(len(track), np.nan)
        result[inside] = known[which][slot[inside]]  # type: ignore[index]
        return result

    def running(self, track: Track) -> np.ndarray:
        """1 where the plant runs, 0 where it stands, NaN where nothing is known."""
        return self._read(track, 1)

    def load(self, track: Track) -> np.ndarray:
        """Its load as a share of the usual high; NaN where unknown."""
        return self._read(track, 2)

    def stands(self, track: Track, hours: int = 1) -> np.ndarray:
        """Where the plant stood in at least half of the last ``hours``."""
        slots = track.slots(hours)
        off = np.nan_to_num(self.running(track), nan=1.0) == 0
        total = np.cumsum(np.concatenate([[0], off.astype(int)]))
        begin = np.maximum(np.arange(1, len(off) + 1) - slots, 0)
        return np.asarray((total[1:] - total[begin]) * 2 >= slots)

    def restarted(self, track: Track, hours: int) -> np.ndarray:
        """Where the plant stood at some hour of the last ``hours``: it is starting or stopping."""
        off = np.nan_to_num(self.running(track), nan=1.0) == 0
        highest = trailing(np.append(off.astype(float), 0.0), track.slots(hours), "max")[1:]
        return np.asarray(np.nan_to_num(highest) > 0)


NOTHING = Running(pl.DataFrame(schema=SCHEMA))
