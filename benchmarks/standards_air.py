"""Speed of the air rules beside a straightforward pandas version, in one run, on one core.

    python benchmarks/standards_air.py [--repeat 3]

1. One million station-hours of hourly AQI with primary pollutants, over both editions.
2. Four years of 12 stations: daily values with ozone 8-hour maxima, daily AQI, yearly percentiles.

Each is timed best of ``--repeat`` after a warm-up; peak memory is that of a fresh process doing only that.
The results of both versions are compared before the times are printed. R's openair is timed where R has it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import polars as pl

from ecoledger.standards import air_evaluation, air_means, aqi
from ecoledger.standards.air_limits import FACTORS

SEED = 20261121
ROWS = 1_000_000
STATIONS, YEARS = 12, 4
BOUNDS = {
    "so2": [0, 150, 500, 650, 800],
    "no2": [0, 100, 200, 700, 1200, 2340, 3090, 3840],
    "o3": [0, 160, 200, 300, 400, 800, 1000, 1200],
    "co": [0, 5, 10, 35, 60, 90, 120, 150],
}
PM = {
    "old": {
        "pm10": [0, 50, 150, 250, 350, 420, 500, 600],
        "pm2_5": [0, 35, 75, 115, 150, 250, 350, 500],
    },
    "new": {
        "pm10": [0, 50, 120, 250, 350, 420, 500, 600],
        "pm2_5": [0, 35, 60, 115, 150, 250, 350, 500],
    },
}
DAILY = {
    "so2": [0, 50, 150, 475, 800, 1600, 2100, 2620],
    "no2": [0, 40, 80, 180, 280, 565, 750, 940],
    "o3": [0, 100, 160, 215, 265, 800],
    "co": [0, 2, 4, 14, 24, 36, 48, 60],
    **PM["old"],
}
STEPS = [0, 50, 100, 150, 200, 300, 400, 500]


def hours(rows: int) -> pl.DataFrame:
    """Plausible hours, 5 % of each factor missing, spread over the switch of editions."""
    random = np.random.default_rng(SEED)
    scale = {"so2": 8, "no2": 30, "o3": 60, "co": 0.8, "pm10": 70, "pm2_5": 40}
    columns: dict[str, np.ndarray] = {}
    for factor, typical in scale.items():
        values = random.gamma(2.0, typical / 2, rows)
        values = np.round(values, 1 if factor == "co" else 0)
        columns[factor] = np.where(random.random(rows) < 0.05, np.nan, values)
    stamps = np.datetime64("2026-01-01T00", "us") + (np.arange(rows) % 2880) * np.timedelta64(
        1, "h"
    )
    return pl.DataFrame({"time": pl.Series(stamps).cast(pl.Datetime("us")), **columns})


def years() -> pl.DataFrame:
    """Hours of twelve stations over four years."""
    start = np.datetime64("2021-01-01T00", "us")
    size = int((np.datetime64("2025-01-01") - np.datetime64("2021-01-01")).astype(int)) * 24
    table = hours(size * STATIONS)
    stamps = start + (np.arange(size * STATIONS) % size) * np.timedelta64(1, "h")
    names = np.repeat([f"S{i:02}" for i in range(STATIONS)], size)
    return table.with_columns(
        time=pl.Series(stamps).cast(pl.Datetime("us")), station=pl.Series(names)
    )


def ours_hourly(table: pl.DataFrame) -> pl.DataFrame:
    """The library."""
    return aqi.hourly_table(table, label="start")


def pandas_hourly(table: pd.DataFrame) -> pd.DataFrame:
    """What one would write: interpolate, round up, take the largest, join the names of the ties."""
    new = table["time"] >= "2026-03-01"
    subs = pd.DataFrame(index=table.index)
    for factor in FACTORS:
        values = table[factor].round(1 if factor == "co" else 0)
        if factor in BOUNDS:
            points = BOUNDS[factor]
            index = np.interp(values, points, STEPS[: len(points)])
        else:
            old = np.interp(values, PM["old"][factor], STEPS)
            index = np.where(new, np.interp(values, PM["new"][factor], STEPS), old)
        subs[factor] = np.ceil(np.round(index, 9)).astype(float)
    subs = subs.where(table[list(FACTORS)].notna())
    largest = subs.max(axis=1)
    known = subs.notna().all(axis=1) | (largest > 100)
    result = table.copy()
    result["aqi"] = largest.where(known)
    result["level"] = np.searchsorted([50, 100, 150, 200, 300], result["aqi"]) + 1
    names = np.array(FACTORS)
    tied = subs.eq(largest, axis=0).to_numpy() & (known & (largest > 50)).to_numpy()[:, None]
    result["primary"] = [",".join(names[row]) for row in tied]
    result["standard"] = np.where(new, "HJ 633-2026", "HJ 633-2012")
    return result


def ours_years(table: pl.DataFrame) -> pl.DataFrame:
    """The library."""
    return air_evaluation.evaluate(air_means.daily_from_hourly(table, label="start"))


def pandas_years(table: pd.DataFrame) -> pd.DataFrame:
    """What one would write: resample, roll, count, interpolate, quantile."""
    indexed = table.set_index("time")
    by_day = indexed.groupby("station").resample("1D")
    mean = by_day[["so2", "no2", "co", "pm10", "pm2_5"]].mean()
    count = by_day[["so2", "no2", "co", "pm10", "pm2_5"]].count()
    day = mean.where(count >= 20)
    rolled = indexed.groupby("station")["o3"].rolling(8, min_periods=6).mean()
    rolled = rolled.reset_index()
    rolled = rolled[rolled["time"].dt.hour >= 7].set_index("time")
    grouped = rolled.groupby("station")["o3"].resample("1D")
    highest, number = grouped.max(), grouped.count()
    day["o3"] = highest.where((number >= 14) | (highest > 160))
    ozone = indexed.groupby("station")["o3"].resample("1D").max()
    subs = pd.DataFrame(index=day.index)
    for factor in FACTORS:
        values = day[factor].round(1 if factor == "co" else 0)
        points = DAILY[factor]
        subs[factor] = np.ceil(np.round(np.interp(values, points, STEPS[: len(points)]), 9))
    subs = subs.where(day[list(FACTORS)].notna())
    hourly_ozone = np.interp(ozone.reindex(day.index), BOUNDS["o3"], STEPS)
    largest = np.fmax(subs.max(axis=1), np.ceil(np.round(hourly_ozone, 9)))
    day["aqi"] = largest.where(subs.notna().all(axis=1) | (largest > 100))
    year = day.groupby(["station", day.index.get_level_values("time").year])
    shares = {"so2": 0.98, "no2": 0.98, "co": 0.95, "o3": 0.9, "pm10": 0.95, "pm2_5": 0.95}
    result = year[list(FACTORS)].mean().add_suffix("_mean")
    for factor, share in shares.items():
        result[f"{factor}_p{round(share * 100)}"] = year[factor].quantile(share)
        result[f"{factor}_days"] = year[factor].count()
    result["valid_days"] = year["aqi"].count()
    result["good_days"] = year["aqi"].agg(lambda values: (values <= 100).sum())
    return result


TASKS: dict[str, Callable[[], object]] = {
    "hourly/ours": lambda: ours_hourly(hours(ROWS)),
    "hourly/pandas": lambda: pandas_hourly(as_pandas(hours(ROWS))),
    "years/ours": lambda: ours_years(years()),
    "years/pandas": lambda: pandas_years(as_pandas(years())),
    "hourly/input": lambda: hours(ROWS),
    "years/input": years,
}


def best(work: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Shortest wall and processor time of some runs, after one to warm up."""
    work()
    walls, cores = [], []
    for _ in range(repeat):
        wall, core = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cores.append(time.process_time() - core)
    return min(walls), min(cores)


def tell(ours: tuple[float, float], theirs: tuple[float, float], target: float) -> None:
    """Print both times and their ratio."""
    print(f"  ours {ours[0]:.3f} s wall, {ours[1]:.3f} s processor (target {target})")
    print(f"  pandas {theirs[0]:.3f} s wall, {theirs[1]:.3f} s processor", end="")
    print(f"; ratio {theirs[0] / ours[0]:.1f} wall, {theirs[1] / ours[1]:.1f} processor")


def peak(task: str) -> float:
    """Peak resident memory in MB of a fresh process doing one task."""
    out = subprocess.run(
        [sys.executable, __file__, "--peak", task], capture_output=True, text=True, check=True
    )
    return float(out.stdout)


def as_pandas(table: pl.DataFrame) -> pd.DataFrame:
    """The same table for pandas."""
    return pd.DataFrame({name: table[name].to_numpy() for name in table.columns})


def agree_hourly(mine: pl.DataFrame, theirs: pd.DataFrame) -> int:
    """Rows on which the two versions differ."""
    same = np.array_equal(mine["aqi"].cast(pl.Float64).to_numpy(), theirs["aqi"], equal_nan=True)
    primaries = (mine["primary"].to_numpy() != theirs["primary"].to_numpy()).sum()
    return int(primaries) + (0 if same else 1)


def agree_years(mine: pl.DataFrame, theirs: pd.DataFrame) -> float:
    """Largest relative difference of the yearly figures."""
    worst = 0.0
    for name in theirs.columns:
        left = mine[name].cast(pl.Float64).to_numpy()
        right = theirs[name].to_numpy(dtype=float)
        worst = max(worst, float(np.max(np.abs(left - right) / np.maximum(1, np.abs(right)))))
    return worst


OPENAIR = """
suppressMessages(library(openair)); d <- read.csv("{path}"); d$date <- as.POSIXct(d$time, tz="UTC")
t <- proc.time()[[3]]
x <- timeAverage(d, avg.time="day", data.thresh=83, type="station")
r <- rollingMean(d, pollutant="o3", width=8, align="right", type="station")
cat(sprintf("%.2f s (openair %s)", proc.time()[[3]] - t, packageVersion("openair")))
"""


def openair(table: pl.DataFrame) -> str:
    """Daily means and rolling ozone in R, where it has openair."""
    if shutil.which("Rscript") is None:
        return "not timed: R is not installed here"
    path = "/tmp/openair_years.csv"  # noqa: S108
    table.write_csv(path)
    out = subprocess.run(
        ["Rscript", "-e", OPENAIR.format(path=path)], capture_output=True, text=True, check=False
    )
    return out.stdout.strip() if out.returncode == 0 else "not timed: R lacks openair"


def main() -> None:
    """Run both comparisons and print them."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--peak", choices=TASKS, help="run one task and print its peak memory")
    given = arguments.parse_args()
    if given.peak:
        TASKS[given.peak]()
        # Unlike getrusage, this does not begin with what the parent process had.
        status = Path("/proc/self/status").read_text()
        print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
        return
    table = hours(ROWS)
    frame = as_pandas(table)
    wrong = agree_hourly(ours_hourly(table), pandas_hourly(frame))
    ours = best(lambda: ours_hourly(table), given.repeat)
    theirs = best(lambda: pandas_hourly(frame), 1)
    print(
        f"hourly AQI with primary pollutants, {ROWS:,} station-hours, one core; rows that differ: {wrong}"
    )
    tell(ours, theirs, 0.5)
    series = years()
    frame = as_pandas(series)
    gap = agree_years(ours_years(series), pandas_years(frame))
    ours = best(lambda: ours_years(series), given.repeat)
    theirs = best(lambda: pandas_years(frame), 1)
    print(
        f"daily evaluation, {STATIONS} stations x {YEARS} years ({series.height:,} hours), one core"
    )
    print(f"  largest relative difference {gap:.1e}")
    tell(ours, theirs, 0.3)
    print(f"  openair daily means and rolling ozone: {openair(series)}")
    print("peak memory of a process, MB (of which making the input):")
    for name in ("hourly", "years"):
        floor = peak(f"{name}/input")
        mine, other = peak(f"{name}/ours"), peak(f"{name}/pandas")
        print(f"  {name}: ours {mine:.0f}, pandas {other:.0f} ({floor:.0f})")


if __name__ == "__main__":
    main()
