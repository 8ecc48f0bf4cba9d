"""Which of the known sources fits an anomaly at a station: a ranking with the evidence of each.

For every source and hour a Gaussian plume says how much of one unit of emission would reach the station
(:mod:`ecoledger.science.plume`, direction unsteady by 12° within an hour). Times the source's own activity, where that is
known, this is its *pattern*. A source fits when the station's local excess goes with its pattern and is higher in the
hours downwind of it than in the others. This ranks clues; it proves nothing.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.science.air_table import TableError, require
from ecoledger.science.coordinates import FlatMap

Array = NDArray[np.float64]
_UNSTEADY = 12.0
_SECTOR = 30.0
_CALM = 0.5
_NEAR = 300.0


def rank(
    hours: pl.DataFrame,
    station: tuple[float, float],
    sources: pl.DataFrame,
    activity: pl.DataFrame | None = None,
    *,
    farthest: float = 20_000,
) -> pl.DataFrame:
    """Sources by how well they fit, best first.

    ``hours``: ``date, excess`` (what the station has above its surroundings, any unit), ``ws`` (m/s), ``wd`` (degrees).
    ``station`` and ``sources`` (``source, lon, lat``) in degrees WGS-84; ``activity``: ``date, source, value`` (emission, load or
    power, any unit). Result: ``source, score`` (0–1), ``distance`` (m), ``bearing`` (degrees from the station), ``downwind_hours``,
    ``excess_downwind, excess_otherwise, p`` (Mann-Whitney, one-sided), ``share`` of the whole excess that came with the
    wind from there, ``r`` (rank correlation of excess and pattern), ``active`` (its activity then over its usual).
    """
    require(hours, ("date", "excess", "ws", "wd"))
    require(sources, ("source", "lon", "lat"))
    rows = hours.drop_nulls(["excess", "ws", "wd"]).sort("date")
    if rows.height < 3:
        raise TableError(f"{rows.height} hours with excess and wind; at least 3 are needed")
    plane = FlatMap(*station)
    x, y = plane.metres(sources["lon"].to_numpy(), sources["lat"].to_numpy())
    distance = np.hypot(x, y)
    bearing = np.degrees(np.arctan2(x, y)) % 360
    excess = np.maximum(rows["excess"].to_numpy().astype(float), 0)
    ws, wd = rows["ws"].to_numpy().astype(float), rows["wd"].to_numpy().astype(float)
    known = _activities(activity, rows["date"])
    usual = np.ones(rows.height), None
    near = np.flatnonzero(distance <= farthest)
    off = np.abs((wd - bearing[near, None] + 180) % 360 - 180)
    down = (off <= _SECTOR) & (ws >= _CALM)
    down |= (distance[near, None] < _NEAR) & (ws < _CALM)
    names = sources["source"].to_list()
    active = [known.get(names[number], usual) for number in near]
    pattern = np.array(
        [_reach(distance[number], off[n], ws) * active[n][0] for n, number in enumerate(near)]
    ).reshape(len(near), rows.height)
    r = _rank_correlation(pattern, excess)
    # What the wind alone says is the same for all sources of one sector.
    sectors: dict[bytes, dict[str, float | int | None]] = {}
    results = []
    for n, number in enumerate(near):
        key = down[n].tobytes()
        if key not in sectors:
            sectors[key] = _by_wind(excess, down[n])
        results.append(
            {
                "source": names[number],
                "distance": float(distance[number]),
                "bearing": float(bearing[number]),
            }
            | _evidence(sectors[key], r[n])
            | {"active": active[n][1]}
        )
    if not results:
        raise TableError(f"no source lies within {farthest / 1000:g} km of the station")
    return pl.DataFrame(results, infer_schema_length=None).sort(
        "score", "distance", descending=[True, False]
    )


def _reach(distance: float, off: Array, ws: Array) -> Array:
    """Relative concentration at the station of one unit of emission: dilution with distance and wind, and a wind
    direction that swings within the hour."""
    metres = max(distance, 30.0)
    width = np.maximum(np.radians(_UNSTEADY) * metres, 20.0)
    depth = 0.06 * metres / np.sqrt(1 + 0.0015 * metres) + 3
    across = np.radians(np.minimum(off, 90)) * metres
    gauss = np.where(off < 90, np.exp(-0.5 * (across / width) ** 2), 0.0)
    # In calm air a near source is seen from any side.
    calm = np.exp(-metres / 1500) * 0.3
    speed = np.maximum(ws, 0.5)
    return np.asarray(np.where(ws < _CALM, calm, gauss) / (speed * width * depth))


def _activities(
    activity: pl.DataFrame | None, dates: pl.Series
) -> dict[str, tuple[Array, float | None]]:
    """Of each source whose activity is known: the activity in each hour over its usual, and the mean of that; hours without
    any are as usual."""
    if activity is None:
        return {}
    result: dict[str, tuple[Array, float | None]] = {}
    hours = pl.DataFrame({"date": dates})
    rows = activity.select("date", "source", "value").drop_nulls()
    for (source,), own in rows.group_by(["source"]):
        usual = float(own["value"].to_numpy().mean())
        joined = hours.join(own, on="date", how="left", maintain_order="left")
        known = joined["value"].to_numpy().astype(float)
        there = np.isfinite(known)
        share = np.where(there, known, usual) / usual if usual > 0 else np.zeros(len(dates))
        mean = float(known[there].mean()) / usual if usual > 0 and there.any() else None
        result[str(source)] = np.asarray(np.maximum(share, 0)), mean
    return result


def _rank_correlation(patterns: Array, excess: Array) -> list[float | None]:
    """Spearman's coefficient of each row with the excess; none where a row or the excess does not vary."""
    from scipy.stats import rankdata  # slow to load: when it is needed

    if not len(patterns) or excess.std() == 0:
        return [None] * len(patterns)
    ranks = rankdata(patterns, axis=1)
    own = rankdata(excess)
    ranks, own = ranks - ranks.mean(axis=1, keepdims=True), own - own.mean()
    size = np.sqrt((ranks**2).sum(axis=1) * (own**2).sum())
    varies = (patterns.std(axis=1) > 0) & (size > 0)
    r = np.divide(ranks @ own, size, out=np.zeros(len(ranks)), where=varies)
    return [float(value) if known else None for value, known in zip(r, varies, strict=True)]


def _by_wind(excess: Array, down: NDArray[np.bool_]) -> dict[str, float | int | None]:
    """What the hours with the wind from a sector have against the others."""
    total = float(excess.sum())
    p: float | None = None
    if 0 < down.sum() < len(down):
        from scipy.stats import mannwhitneyu

        p = float(mannwhitneyu(excess[down], excess[~down], alternative="greater").pvalue)
    return {
        "downwind_hours": int(down.sum()),
        "excess_downwind": float(excess[down].mean()) if down.any() else None,
        "excess_otherwise": float(excess[~down].mean()) if (~down).any() else None,
        "share": float(excess[down].sum()) / total if total > 0 else 0.0,
        "expected": float(down.mean()),
        "p": p,
    }


def _evidence(
    by_wind: dict[str, float | int | None], r: float | None
) -> dict[str, float | int | None]:
    share, expected, p = by_wind["share"] or 0.0, by_wind["expected"] or 0.0, by_wind["p"]
    # Share of the excess beyond what the mere frequency of the wind brings, the correlation, and chance.
    lift = max(0.0, (share - expected) / (1 - expected)) if expected < 1 else 0.0
    evident = 1 - p if p is not None else 0.5
    score = (
        (0.4 * lift + 0.35 * max(r or 0.0, 0.0) + 0.25 * max(0.0, 2 * evident - 1))
        if by_wind["downwind_hours"]
        else 0.0
    )
    return {
        "downwind_hours": by_wind["downwind_hours"],
        "excess_downwind": by_wind["excess_downwind"],
        "excess_otherwise": by_wind["excess_otherwise"],
        "share": share,
        "r": r,
        "p": p,
        "score": float(score),
    }
