"""``ecoledger tracks hotspots`` on a million points and more: time, and what chance alone brings up.

A made town: streets on a square grid, cars that wander for a day, each with its own drift, haze that changes by the
hour, gusts, and none or some dirty stretches. ``python benchmarks/track_points.py --points 1200000``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

LON, LAT, STEP = 116.30, 35.40, 500.0
DEGREE = 111_195.0


def town(blocks: int) -> dict:
    """Streets ``blocks`` × ``blocks``, 500 m apart, as GeoJSON."""
    size = blocks * STEP
    lines = [[(0, i * STEP), (size, i * STEP)] for i in range(blocks + 1)]
    lines += [[(i * STEP, 0), (i * STEP, size)] for i in range(blocks + 1)]
    features = [
        {
            "type": "Feature",
            "properties": {"name": f"street {number}"},
            "geometry": {"type": "LineString", "coordinates": [degrees(*p) for p in line]},
        }
        for number, line in enumerate(lines)
    ]
    return {"type": "FeatureCollection", "features": features}


def degrees(x: float, y: float) -> list[float]:
    """Metres to degrees."""
    return [LON + x / DEGREE / np.cos(np.radians(LAT)), LAT + y / DEGREE]


def drives(
    points: int, cars: int, blocks: int, hot: int, rng: np.random.Generator
) -> tuple[pl.DataFrame, np.ndarray]:
    """Second-level points of cars, and the middles of the dirty stretches in metres."""
    each = points // cars
    middles = (rng.integers(0, blocks, (hot, 2)) + np.array([0.5, 0])) * STEP
    hour = np.arange(each) * 3 // 3600
    haze = 60 * np.exp(0.4 * np.cumsum(rng.normal(0, 0.3, hour.max() + 1)))
    parts = []
    for car in range(cars):
        legs = each // 40 + 2
        # From crossing to crossing, 12.5 m every three seconds.
        place = np.empty((legs + 1, 2))
        place[0] = rng.integers(0, blocks + 1, 2)
        for leg in range(legs):
            moves = np.array([(1, 0), (-1, 0), (0, 1), (0, -1)])
            ahead = place[leg] + moves
            allowed = ((ahead >= 0) & (ahead <= blocks)).all(axis=1)
            place[leg + 1] = ahead[rng.choice(np.flatnonzero(allowed))]
        at = np.arange(each) / 40
        xy = (
            np.column_stack([np.interp(at, np.arange(legs + 1), place[:, i]) for i in (0, 1)])
            * STEP
        )
        drift = np.exp(rng.normal(0, 0.3)) * np.exp(np.cumsum(rng.normal(0, 0.002, each)))
        gust = np.exp(rng.normal(0, 0.25, each // 20 + 1)).repeat(20)[:each]
        value = haze[hour] * drift * gust
        for middle in middles:
            value = value * np.where(np.hypot(*(xy - middle).T) < 120, 1.8, 1.0)
        xy += rng.normal(0, 5, xy.shape)
        seconds = np.arange(each) * 3
        parts.append(pl.DataFrame({
            "date": pl.Series(np.datetime64("2026-05-01T00:00:00", "us") + seconds.astype("timedelta64[s]")),
            "car": [f"T{car:03d}"] * each,
            "lon": LON + xy[:, 0] / DEGREE / np.cos(np.radians(LAT)),
            "lat": LAT + xy[:, 1] / DEGREE,
            "pm25": np.round(value, 1),
        }))  # fmt: skip
    return pl.concat(parts), middles


def main() -> None:
    """Two towns, one without dirty stretches."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--points", type=int, default=1_200_000)
    arguments.add_argument("--cars", type=int, default=40)
    arguments.add_argument("--blocks", type=int, default=12)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        road_file, file = Path(folder, "roads.geojson"), Path(folder, "points.csv")
        road_file.write_text(json.dumps(town(options.blocks)))
        for hot in (0, 8):
            rng = np.random.default_rng(options.seed)
            table, middles = drives(options.points, options.cars, options.blocks, hot, rng)
            table.write_csv(file, datetime_format="%Y-%m-%d %H:%M:%S")
            began = time.perf_counter()
            out = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    "from ecoledger.cli import main; main()",
                    "tracks",
                    "hotspots",
                    str(file),
                    "--roads",
                    str(road_file),
                ],
                capture_output=True,
                text=True,
                check=True,
            )
            took = time.perf_counter() - began
            result = pl.read_csv(out.stdout.encode())
            marked = result.filter("hot")
            x = (marked["lon"].to_numpy() - LON) * DEGREE * np.cos(np.radians(LAT))
            y = (marked["lat"].to_numpy() - LAT) * DEGREE
            gap = (
                np.hypot(x[:, None] - middles[:, 0], y[:, None] - middles[:, 1])
                if hot
                else np.empty((len(x), 0))
            )
            right = int((gap.min(axis=1) < 250).sum()) if hot and len(x) else 0
            met = int((gap.min(axis=0) < 250).sum()) if hot and len(x) else 0
            print(
                f"{table.height:,} points, {result.height} stretches, {hot} dirty places: {marked.height} marked, {right} of "
                f"them at a dirty place, {met} places met; {took:.1f} s {out.stderr.strip()}"
            )


if __name__ == "__main__":
    main()
