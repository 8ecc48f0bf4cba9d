"""The air of the fifth county: measured, mended, and read by micro-stations; and the noise all its series are made of.

What is measured is not always right, so it is mended by three plain rules before anything is put in (:func:`_mended`):

- a value that stands still for 12 hours above the floor of the instrument (48 at it, 24 of CO) was not measured;
- what a station lacks for half of the time it does not measure; what lacks for more than three hours is filled from the other stations, with the station's own scatter of another time;
- where a station stands apart from the others for five hours by as much as the benchmark's own events do
  (:func:`evident`), that was an event which nobody labelled: it is pulled back to half of that.

Micro-stations read the field between stations through a bias, a slow change of their own, damp nights and noise.
"""

from __future__ import annotations

import csv
import os
import warnings
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.county_series import AIR, County, Site, _beijing

CITIES = {"lianyungang": 7, "quanzhou": 4}
COLUMNS = {"pm2_5": "a34004", "pm10": "a34002", "so2": "a21026", "no2": "a21004", "co": "a21005", "o3": "a05024"}  # fmt: skip
# Below these a ratio of two stations says nothing: they are added before logarithms are compared.
FLOORS = {"a34004": 10, "a34002": 20, "a21026": 6, "a21004": 10, "a21005": 0.2, "a05024": 20}
PM = ("a34004", "a34002")
CENTRE = (118.62, 24.92)


@dataclass
class Watched(County):
    """A county that also knows of each outlet how many hours its analysers need for a sample."""

    holds: dict[str, int] = field(default_factory=dict)


def noise(
    chance: np.random.Generator,
    hours: int,
    scales: tuple[tuple[float, float], ...] = ((1.5, 0.5), (14, 0.6), (120, 0.6)),
) -> np.ndarray:
    """Noise of about unit size that remembers on several scales: (hours, size) of each."""
    total = np.zeros(hours)
    for memory, size in scales:
        keep = np.exp(-1 / memory)
        state, shocks = chance.normal(), chance.normal(0, np.sqrt(1 - keep**2), hours)
        for n in range(hours):
            state = keep * state + shocks[n]
            total[n] += size * state
    return total


def sun(county: County, peak: float) -> np.ndarray:
    """The day's course, highest at the hour ``peak``."""
    return np.cos(2 * np.pi * (np.arange(county.hours) + county.begin.hour - peak) / 24)


def measured(chance: np.random.Generator, hours: int) -> Watched:
    folder = os.environ.get("ECOLEDGER_REFERENCE_DATA", "")
    city = str(chance.choice(["beijing", "beijing", "beijing", *CITIES]))
    if folder and city in CITIES:
        begin, stations, places = _national(chance, Path(folder) / "cnemc_hourly", city, hours)
    else:
        tables = _beijing(folder)
        size = min(len(t) for t in tables)
        first = int(chance.integers(0, (size - hours) // 24)) * 24
        begin = tables[0]["time"][first]
        stations = [
            {c: t[c].to_numpy().astype(float)[first : first + hours] for c in AIR if c in t.columns}
            for t in tables
        ]
        places = _places(folder, len(tables))
    county = Watched(begin, hours, [])
    _mended(chance, stations)
    known = [n for n, s in enumerate(stations) if set(PM) <= set(s)]
    for n, (series, place) in enumerate([(stations[n], places[n]) for n in known]):
        site = Site(f"A-{n}", "air", *place)
        for code, values in series.items():
            site.put(code, values, AIR[code])
        county.sites.append(site)
    return county


def _places(folder: str, number: int) -> list[tuple[float, float]]:
    """Where the stations of Beijing stand to each other, a third as wide; else on a spiral."""
    file = Path(folder) / "beijing_hourly" / "stations.csv"
    if not folder or not file.exists():
        turns, far = np.arange(number) * 2.4, np.sqrt(np.arange(number) + 0.5) * 0.035
        return [
            (CENTRE[0] + float(r * np.cos(a)), CENTRE[1] + float(r * np.sin(a)))
            for a, r in zip(turns, far, strict=True)
        ]
    with file.open(encoding="utf-8") as lines:
        rows = {r["uci_station"]: r for r in csv.DictReader(lines)}
    names = sorted(rows)[:number]
    spots = np.array([[float(rows[n]["longitude"]), float(rows[n]["latitude"])] for n in names])
    return [
        (float(x), float(y))
        for x, y in (spots - np.median(spots, axis=0)) * 0.33 + np.array(CENTRE)
    ]


def _national(
    chance: np.random.Generator, folder: Path, city: str, hours: int
) -> tuple[datetime, list[dict[str, np.ndarray]], list[tuple[float, float]]]:
    table = pl.read_csv(folder / f"{city}.csv.gz", infer_schema_length=None).with_columns(
        pl.col("timepoint").str.to_datetime("%Y-%m-%dT%H:%M").alias("time")
    )
    times = table["time"].to_list()
    spare = (max(times) - min(times)).days - hours // 24 - 2
    begin = (min(times) + timedelta(days=1 + int(chance.integers(spare)))).replace(hour=0)
    grid = pl.DataFrame(
        {"time": pl.datetime_range(begin, begin + timedelta(hours=hours - 1), "1h", eager=True)}
    )
    stations, places = [], []
    for _, rows in table.group_by(["stationcode"], maintain_order=True):
        mine = grid.join(rows.unique("time"), on="time", how="left", maintain_order="left")
        stations.append(
            {code: mine[c].cast(pl.Float64, strict=False).to_numpy().copy() for c, code in COLUMNS.items()}
        )  # fmt: skip
        places.append((float(rows["longitude"][0]), float(rows["latitude"][0])))
    return begin, stations, places


def runs_of_same(values: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of one value, as (first, after the last)."""
    edges = [0, *(np.flatnonzero(np.diff(values) != 0) + 1), len(values)]
    return [(int(a), int(b)) for a, b in pairwise(edges)]


def robust(values: np.ndarray) -> float:
    """The size of the usual scatter, deaf to what is unusual."""
    return float(1.48 * np.nanmedian(np.abs(values - np.nanmedian(values))))


def evident(residual: np.ndarray) -> float:
    """How far (as a logarithm) a station must stand from its neighbours to be noticed by a careful officer."""
    return max(float(np.log(1.9)), 4 * robust(residual))


def _mended(chance: np.random.Generator, stations: list[dict[str, np.ndarray]]) -> None:
    for code, floor in FLOORS.items():
        series = [s[code] for s in stations if code in s]
        for values in series:
            for a, b in runs_of_same(values):
                if b - a >= (48 if values[a] <= floor / 2 else 24 if code == "a21005" else 12):
                    values[a:b] = np.nan
        for station in stations:
            if code in station and np.isnan(station[code]).mean() > 0.5:
                # It was not measured there.
                del station[code]
        series = [s[code] for s in stations if code in s]
        logs = np.log(np.array(series) + floor)
        for n, (values, log) in enumerate(zip(series, logs, strict=True)):
            with warnings.catch_warnings():
                # An hour in which nobody else measured has no median.
                warnings.simplefilter("ignore")
                middle = np.nanmedian(np.delete(logs, n, axis=0), axis=0)
            known = np.flatnonzero(~np.isnan(middle))
            middle = np.interp(np.arange(len(middle)), known, middle[known])
            lacking = np.isnan(values)
            usual = np.nanmedian(log - middle)
            apart = np.where(lacking, 0.0, log - middle - usual)
            bound, mended = evident(apart[~lacking]), np.zeros(len(values), dtype=bool)
            for a, b in runs_of_same(lacking):
                if lacking[a] and b - a > 3:
                    then = int(chance.integers(0, max(len(values) - (b - a), 1)))
                    apart[a:b] = np.clip(apart[then : then + b - a], -bound, bound)
                    mended[a:b] = True
            for a, b in runs_of_same(np.sign(apart) * (np.abs(apart) > bound)):
                if abs(apart[a]) > bound and b - a >= 5:
                    apart[a:b] *= bound / 2 / np.max(np.abs(apart[a:b]))
                    mended[a:b] = ~lacking[a:b] | mended[a:b]
            guess, least = np.exp(middle + usual + apart) - floor, 10.0 ** -AIR[code]
            values[mended] = np.round(np.maximum(guess, least), AIR[code])[mended]


def micro_station(
    chance: np.random.Generator, county: County, reference: list[Site], damp: np.ndarray, n: int
) -> Site:
    home = reference[n % len(reference)]
    turn, far = chance.uniform(0, 2 * np.pi), chance.uniform(0.004, 0.025)
    site = Site(f"V-{n}", "air", home.lon + far * np.cos(turn), home.lat + far * np.sin(turn), level="micro")  # fmt: skip
    rough = chance.uniform(0.07, 0.17)
    own = noise(chance, county.hours, ((2, rough), (200, 0.07)))
    for code in (*PM, *(("a21004", "a05024") if n % 2 else ())):
        around = [s for s in reference if code in s.values]
        near = np.array([1 / (0.02 + np.hypot(s.lon - site.lon, s.lat - site.lat)) ** 2 for s in around])  # fmt: skip
        logs = [np.log(s.values[code] + 1) for s in around]
        here = near @ np.array([np.nan_to_num(v, nan=np.nanmedian(v)) for v in logs]) / near.sum()
        wet = chance.uniform(0.1, 0.3) * damp if code in PM else 0.0
        # What the particles do, both channels do: one counter measures them.
        shared = own if code in PM else noise(chance, county.hours, ((2, rough), (200, 0.1)))
        values = np.exp(here + np.log(chance.uniform(0.8, 1.3)) + shared + wet)
        spikes = chance.random(county.hours) < 0.004
        site.put(code, np.maximum(values * np.where(spikes, chance.uniform(1.3, 2.2), 1) * np.exp(chance.normal(0, 0.04, county.hours)), 1), 0)  # fmt: skip
    return site
