"""How fast the science room is, against openair 2.18-2 in R and against pandas, on four years of twelve stations.

``python benchmarks/science_air.py FOLDER [--repeat 3]`` with FOLDER holding ``beijing_hourly``. What openair took was
measured once with R 4.2.2 on a machine of this class (2 cores) on a table of the same size; where R with openair is
installed, ``--r`` runs it here instead. pandas runs in the same process, and its results must be the same.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from ecoledger.science import (
    air_table,
    averages,
    model_statistics,
    polar_annulus,
    polar_cluster,
    polar_plot,
    receptor_model,
    roses,
    trajectories,
    trends,
    variation,
)

#: Seconds that openair 2.18-2 took.
OPENAIR = {
    "daily means, 12 stations": 6.35,
    "rolling 8-h ozone, 12 stations": 0.87,
    "polar plot, mean": 1.02,
    "polar plot, CPF 90": 0.94,
    "polar plot, NWR 101 × 101": 32.7,
    "polar frequency": 0.10,
    "pollution rose": 0.22,
    "polar annulus": 1.41,
    "polar cluster, 6": 12.1,
    "Theil-Sen, deseasonalised": 0.59,
    "smooth trend": 0.30,
    "time variation, 3 pollutants": 2.95,
    "calendar": 0.27,
    "model statistics": 0.68,
    "trajectory clusters, 2,920": 11.5,
    "trajectory CWT": 0.18,
    "trajectory SQTBA": 12.7,
}
R = """
suppressMessages(library(openair)); d <- read.csv("{path}"); d$date <- as.POSIXct(d$date, tz="UTC")
s <- d[d$station == "Aotizhongxin", ]
took <- function(e) cat(deparse(substitute(e))[1], proc.time()[[3]] - t, "\\n")
t <- proc.time()[[3]]; timeAverage(d, avg.time="day", data.thresh=75, type="station"); took(daily)
t <- proc.time()[[3]]; rollingMean(d, "o3", width=8, align="right", type="station"); took(rolling)
t <- proc.time()[[3]]; polarPlot(s, "so2", plot=FALSE); took(polar)
t <- proc.time()[[3]]; polarPlot(s, "so2", statistic="nwr", plot=FALSE); took(nwr)
t <- proc.time()[[3]]; TheilSen(s, "pm25", deseason=TRUE, plot=FALSE, silent=TRUE); took(theilsen)
"""


def stations(folder: Path) -> pl.DataFrame:
    """The twelve stations under each other."""
    parts = []
    for path in sorted((folder / "beijing_hourly").glob("PRSA_Data_*.csv.gz")):
        table, _ = air_table.from_text(pl.read_csv(path, infer_schema=False))
        parts.append(table)
    return pl.concat(parts)


def paths(number: int = 2920, hours: int = 72) -> pl.DataFrame:
    """Made back trajectories, one every three hours."""
    rng = np.random.default_rng(1)
    angle = rng.uniform(0, 2 * np.pi, number)[:, None] + np.cumsum(
        rng.normal(0, 0.03, (number, hours + 1)), axis=1
    )
    pace = rng.uniform(0.05, 0.3, number)[:, None]
    lon = 116 + np.cumsum(pace * np.sin(angle), axis=1) - pace * np.sin(angle[:, :1])
    lat = 40 + np.cumsum(pace * np.cos(angle), axis=1) - pace * np.cos(angle[:, :1])
    dates = [datetime(2015, 1, 1) + timedelta(hours=3 * i) for i in range(number)]
    return pl.DataFrame({
        "date": np.repeat(np.array(dates, dtype="datetime64[us]"), hours + 1),
        "hour_inc": np.tile(-np.arange(hours + 1), number),
        "lon": lon.ravel(), "lat": lat.ravel(),
        "pm25": np.repeat(rng.gamma(3, 20, number), hours + 1),
    })  # fmt: skip


def timed(work: Callable[[], object], repeat: int) -> float:
    """Median seconds."""
    took = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def mixture() -> tuple[np.ndarray, np.ndarray]:
    """1,460 samples of 30 species from six sources."""
    rng = np.random.default_rng(2)
    truth = rng.lognormal(0, 0.8, (1460, 6)) @ rng.gamma(0.6, 1, (6, 30))
    errors = 0.1 * truth + 0.02
    return np.maximum(truth + rng.normal(0, 1, truth.shape) * errors, 0), errors


def main() -> None:
    """Time every task once against each peer."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--r", action="store_true")
    options = arguments.parse_args()
    everything = stations(options.folder)
    one = everything.filter(pl.col("station") == "Aotizhongxin").drop("station")
    back = paths()
    values, errors = mixture()
    tasks: dict[str, Callable[[], object]] = {
        "daily means, 12 stations": lambda: averages.average(
            everything, "day", capture=75, by=("station",)
        ),
        "rolling 8-h ozone, 12 stations": lambda: averages.rolling(
            everything, "o3", 8, by=("station",)
        ),
        "polar plot, mean": lambda: polar_plot.polar_plot(one, "so2"),
        "polar plot, CPF 90": lambda: polar_plot.polar_plot(one, "so2", "cpf"),
        "polar plot, NWR 101 × 101": lambda: polar_plot.nonparametric_regression(
            one, "so2", cells=101
        ),
        "polar frequency": lambda: roses.polar_frequency(one, "pm25"),
        "pollution rose": lambda: roses.pollution_rose(one, "pm25"),
        "polar annulus": lambda: polar_annulus.polar_annulus(one, "pm25", "season"),
        "polar cluster, 6": lambda: polar_cluster.polar_cluster(one, "so2"),
        "Theil-Sen, deseasonalised": lambda: trends.theil_sen(one, "pm25", deseason=True),
        "smooth trend": lambda: trends.smooth_trend(one, "pm25", deseason=True),
        "time variation, 3 pollutants": lambda: variation.time_variation(
            one, ["pm25", "no2", "o3"]
        ),
        "calendar": lambda: variation.calendar(one, "pm25"),
        "model statistics": lambda: model_statistics.evaluate(
            everything, "pm25", "pm10", "station"
        ),
        "trajectory clusters, 2,920": lambda: trajectories.clusters(back, 6, likeness="euclid"),
        "trajectory CWT": lambda: trajectories.level(back, "pm25", "cwt"),
        "trajectory SQTBA": lambda: trajectories.sqtba(back, "pm25"),
        "PMF, one start, 1,460 × 30 × 6": lambda: receptor_model.factorise(
            values, errors, 6, starts=1
        ),
    }
    print(f"{everything.height:,} station-hours; median of {options.repeat}")
    for name, work in tasks.items():
        ours = timed(work, options.repeat)
        theirs = OPENAIR.get(name)
        ratio = f"openair {theirs:6.2f} s, {theirs / ours:6.1f} × as long" if theirs else ""
        print(f"  {name:34} {ours:8.3f} s   {ratio}", flush=True)
    frame = everything.to_pandas()

    def pandas_days() -> pd.DataFrame:
        grouped = frame.groupby(["station", pd.Grouper(key="date", freq="D")])["pm25"]
        return grouped.mean().where(grouped.count() >= 18)

    def pandas_rolling() -> pd.Series:
        return frame.groupby("station")["o3"].rolling(8, min_periods=6).mean()

    days = averages.average(
        everything.select("date", "station", "pm25"), "day", capture=75, by=("station",)
    )
    gap = np.nanmax(
        np.abs(days.sort("station", "date")["pm25"].to_numpy() - pandas_days().to_numpy())
    )
    ours = timed(
        lambda: averages.average(
            everything.select("date", "station", "pm25"), "day", capture=75, by=("station",)
        ),
        options.repeat,
    )
    theirs = timed(pandas_days, options.repeat)
    print(
        f"  daily PM2.5: {ours:.3f} s, pandas {theirs:.3f} s ({theirs / ours:.1f} ×), largest difference {gap:.1e}"
    )
    theirs = timed(pandas_rolling, options.repeat)
    ours = timed(lambda: averages.rolling(everything, "o3", 8, by=("station",)), options.repeat)
    print(f"  rolling ozone: {ours:.3f} s, pandas {theirs:.3f} s ({theirs / ours:.1f} ×)")
    if options.r and shutil.which("Rscript"):
        with tempfile.NamedTemporaryFile(suffix=".csv") as file:
            everything.write_csv(file.name, datetime_format="%Y-%m-%d %H:%M:%S")
            out = subprocess.run(
                ["Rscript", "-e", R.format(path=file.name)],
                capture_output=True,
                text=True,
                check=False,
            )
            print(out.stdout or out.stderr)


if __name__ == "__main__":
    main()
