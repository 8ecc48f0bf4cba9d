"""The source that was there is ranked first; one that lies downwind is not."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ecoledger.science import air_table, source_ranking
from ecoledger.science.coordinates import FlatMap

STATION = (118.58, 24.91)
PLACES = {
    "kiln": (60, 2500),
    "boiler": (150, 2500),
    "works": (60, 9000),
    "foundry": (240, 2500),
    "quarry": (330, 4000),
}


def sources():
    plane = FlatMap(*STATION)
    rows = []
    for name, (bearing, distance) in PLACES.items():
        angle = np.radians(bearing)
        lon, lat = plane.degrees(distance * np.sin(angle), distance * np.cos(angle))
        rows.append({"source": name, "lon": float(lon), "lat": float(lat)})
    return pl.DataFrame(rows)


def episode(guilty: str, seed: int, hours=72):
    """Three days of turning wind; the guilty one works in some hours only."""
    rng = np.random.default_rng(seed)
    wd = (np.cumsum(rng.normal(0, 18, hours)) + rng.uniform(0, 360)) % 360
    if not (np.abs((wd - PLACES[guilty][0] + 180) % 360 - 180) < 25).any():
        wd[:12] = PLACES[guilty][0] + rng.normal(0, 8, 12)
    ws = rng.gamma(4, 0.7, hours) + 0.5
    dates = [datetime(2026, 5, 1) + timedelta(hours=i) for i in range(hours)]
    works = rng.random(hours) < 0.6
    bearing, distance = PLACES[guilty]
    off = np.abs((wd - bearing + 180) % 360 - 180)
    reach = source_ranking._reach(distance, off, ws)
    excess = 60 * works * reach / reach.max() * rng.lognormal(0, 0.5, hours) + np.abs(
        rng.normal(0, 3, hours)
    )
    activity = [
        {
            "date": d,
            "source": name,
            "value": float(rng.random() < 0.6) if name != guilty else float(on),
        }
        for d, on in zip(dates, works, strict=True)
        for name in PLACES
    ]
    return pl.DataFrame({"date": dates, "excess": excess, "ws": ws, "wd": wd}), pl.DataFrame(
        activity
    )


def test_the_guilty_one_comes_first():
    first = second = 0
    for seed in range(30):
        guilty = list(PLACES)[seed % len(PLACES)]
        hours, activity = episode(guilty, seed)
        found = source_ranking.rank(hours, STATION, sources(), activity)["source"].to_list()
        first += found[0] == guilty
        second += guilty in found[:2]
    assert first >= 20
    assert second >= 26


def test_bearing_and_distance_are_told():
    hours, _ = episode("kiln", 1)
    row = (
        source_ranking.rank(hours, STATION, sources())
        .filter(pl.col("source") == "boiler")
        .row(0, named=True)
    )
    assert row["bearing"] == pytest.approx(150, abs=0.1)
    assert row["distance"] == pytest.approx(2500, rel=0.002)
    assert row["active"] is None


def test_no_source_is_near():
    hours, _ = episode("kiln", 1)
    with pytest.raises(air_table.TableError, match="no source lies within"):
        source_ranking.rank(hours, STATION, sources(), farthest=100)
