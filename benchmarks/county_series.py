"""What an untroubled county sends: air as it was measured somewhere, plants with their loads, rivers with tide and rain.

The air is real: twelve stations of Beijing (UCI, Zhang et al. 2017) or a coastal city of the national network, read from
the folder that ``ECOLEDGER_REFERENCE_DATA`` names, else from the demonstration's small part. Noise, missing values and
daily courses differ from seed to seed, so that a rule that fits one of them does not pass.

Measured air has faults of its own: in March 2013 the ozone of all twelve stations of Beijing stands for whole nights (what
was published is a daily maximum). An alarm about it would be true, and no label says so. Such hours are drawn over by a
rule that asks no detector (:func:`moving`): neither credit nor blame.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

DAYS = 30
WARM_UP = 6
AIR = {"a34004": 0, "a34002": 0, "a21026": 0, "a21004": 0, "a21005": 1, "a05024": 0}
_COLUMNS = {
    "PM2.5": "a34004",
    "PM10": "a34002",
    "SO2": "a21026",
    "NO2": "a21004",
    "CO": "a21005",
    "O3": "a05024",
}
_PARQUET = {
    "pm2_5": "a34004",
    "pm25": "a34004",
    "pm10": "a34002",
    "so2": "a21026",
    "no2": "a21004",
    "co": "a21005",
    "o3": "a05024",
}


# Reported in whole µg/m³, and never the same for half a day above these levels (SO2 and CO are: their digits are coarse).
_MOVES = {"a34004": 10, "a34002": 10, "a21004": 10, "a05024": 10}
_STANDS = 9


def moving(code: str, values: np.ndarray) -> np.ndarray:
    """``values`` of one parameter, with a line and its scatter where the measured value stood for :data:`_STANDS` hours."""
    if code not in _MOVES:
        return values
    edges = np.flatnonzero(np.concatenate([[True], np.diff(values) != 0, [True]]))
    lasts = np.diff(edges)
    faulty = np.repeat((lasts >= _STANDS) & (values[edges[:-1]] > _MOVES[code]), lasts)
    known = np.flatnonzero(~faulty & ~np.isnan(values))
    if not faulty.any() or not len(known):
        return values
    # A generator of its own: what else is in a county must not depend on it.
    scatter = np.random.default_rng(int(faulty.sum())).normal(0, 0.1, len(values))
    line = np.interp(np.arange(len(values)), known, values[known]) * np.exp(scatter)
    return np.where(faulty, np.round(line), values)


@dataclass
class Site:
    """One point: its kind, place, owner and series. ``marks``: by parameter, the flag of each hour."""

    key: str
    kind: str
    lon: float
    lat: float
    level: str = "county"
    owner: str = ""
    role: str = ""
    river: str = ""
    km: float = 0.0
    step: int = 1
    # Parameters that come less often than the rest of the station.
    steps: dict[str, int] = field(default_factory=dict)
    # Read every quarter of an hour, as power is.
    quarters: bool = False
    limits: dict[str, float] = field(default_factory=dict)
    # Flue gas: the oxygen that limits refer to, in per cent.
    reference_oxygen: float = 9.0
    values: dict[str, np.ndarray] = field(default_factory=dict)
    marks: dict[str, np.ndarray] = field(default_factory=dict)
    digits: dict[str, int] = field(default_factory=dict)

    def put(self, code: str, values: np.ndarray, digits: int) -> None:
        self.values[code] = values
        self.digits[code] = digits
        self.marks[code] = np.full(len(values), "N", dtype=object)


@dataclass
class County:
    """All points of a county over ``hours`` hours from ``begin``, and what happened to all of it."""

    begin: datetime
    hours: int
    sites: list[Site]
    running: dict[str, np.ndarray] = field(default_factory=dict)
    load: dict[str, np.ndarray] = field(default_factory=dict)
    rain: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def at(self, hour: int) -> datetime:
        return self.begin + timedelta(hours=int(hour))

    def of(self, kind: str, level: str = "") -> list[Site]:
        return [s for s in self.sites if s.kind == kind and (not level or s.level == level)]


def wander(chance: np.random.Generator, size: int, memory: float) -> np.ndarray:
    """A standard normal series in which each value remembers the last."""
    noise = chance.normal(0, 1, size)
    walk = np.empty(size)
    walk[0] = noise[0]
    for n in range(1, size):
        walk[n] = memory * walk[n - 1] + np.sqrt(1 - memory**2) * noise[n]
    return walk


def build(seed: int, days: int = DAYS) -> County:
    """A county of 83 points without any trouble."""
    chance = np.random.default_rng(seed)
    hours = (days + WARM_UP) * 24
    begin, air, places = _air(chance, hours)
    county = County(begin, hours, [])
    reference = _stations(county, air, places)
    _micro(chance, county, reference, 83 - len(reference) - 46)
    county.rain = _rain(chance, hours)
    gauge = Site("M-1", "weather", reference[0].lon, reference[0].lat)
    gauge.put("a01021", county.rain, 1)
    county.sites.append(gauge)
    for number in range(10):
        _flue_gas(chance, county, number)
    for number in range(10):
        _wastewater(chance, county, number)
    _rivers(chance, county)
    return county


def _air(
    chance: np.random.Generator, hours: int
) -> tuple[datetime, list[dict[str, np.ndarray]], list[tuple[float, float]]]:
    folder = os.environ.get("ECOLEDGER_REFERENCE_DATA", "")
    if folder and chance.random() < 0.3:
        return _national(chance, Path(folder) / "cnemc_hourly", hours)
    tables = _beijing(folder)
    size = min(len(table) for table in tables)
    first = int(chance.integers(0, (size - hours) // 24)) * 24
    begin = tables[0]["time"][first]
    stations = [
        {
            code: table[code].to_numpy().astype(float)[first : first + hours]
            for code in AIR
            if code in table.columns
        }
        for table in tables
    ]
    # Within a circle as wide as a county; real distances are three times as large.
    angle = np.linspace(0, 2 * np.pi, len(stations), endpoint=False)
    far = chance.uniform(2, 14, len(stations)) / 111
    places = [
        (118.6 + float(r * np.cos(a)), 24.9 + float(r * np.sin(a)))
        for a, r in zip(angle, far, strict=True)
    ]
    return begin, _filled(chance, stations), places


def _beijing(folder: str) -> list[pl.DataFrame]:
    if folder and (files := sorted((Path(folder) / "beijing_hourly").glob("PRSA*.csv.gz"))):
        tables = []
        for file in files:
            table = pl.read_csv(file, null_values="NA", infer_schema_length=None)
            time = pl.datetime("year", "month", "day", "hour")
            columns = [
                (pl.col(c) / (1000 if c == "CO" else 1)).alias(code) for c, code in _COLUMNS.items()
            ]
            tables.append(_moving(table.select(time.alias("time"), *columns)))
        return tables
    here = Path(__file__).parent.parent / "demo" / "data" / "beijing"
    tables = []
    for file in sorted(here.glob("*.parquet")):
        table = pl.read_parquet(file)
        time = next(
            c
            for c in table.columns
            if table[c].dtype in (pl.Datetime("us"), pl.Datetime("ms"), pl.Datetime("ns"))
        )
        columns = [
            (pl.col(c).cast(pl.Float64) / (1000 if c.lower() == "co" else 1)).alias(
                _PARQUET[c.lower()]
            )
            for c in table.columns
            if c.lower() in _PARQUET
        ]
        tables.append(_moving(table.select(pl.col(time).alias("time"), *columns)))
    return tables


def _moving(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(
        pl.Series(code, moving(code, table[code].to_numpy().astype(float)))
        for code in table.columns
        if code in _MOVES
    )


def _national(
    chance: np.random.Generator, folder: Path, hours: int
) -> tuple[datetime, list[dict[str, np.ndarray]], list[tuple[float, float]]]:
    table = pl.read_csv(folder / "lianyungang.csv.gz", infer_schema_length=None).with_columns(
        pl.col("timepoint").str.to_datetime("%Y-%m-%dT%H:%M").alias("time")
    )
    begin = table["time"].min() + timedelta(days=int(chance.integers(1, 100)))  # type: ignore[operator]
    begin = begin.replace(hour=0)
    grid = pl.DataFrame(
        {"time": pl.datetime_range(begin, begin + timedelta(hours=hours - 1), "1h", eager=True)}
    )
    names = {
        "pm2_5": "a34004",
        "pm10": "a34002",
        "so2": "a21026",
        "no2": "a21004",
        "co": "a21005",
        "o3": "a05024",
    }
    stations, places = [], []
    for (_,), rows in table.group_by(["stationcode"], maintain_order=True):
        mine = grid.join(rows.unique("time"), on="time", how="left")
        if mine["pm2_5"].null_count() > hours * 0.2:
            continue
        stations.append(
            {
                code: moving(code, mine[c].cast(pl.Float64, strict=False).to_numpy().copy())
                for c, code in names.items()
            }
        )
        places.append((float(rows["longitude"][0]), float(rows["latitude"][0])))
    return begin, _filled(chance, stations[:12]), places[:12]


def _filled(
    chance: np.random.Generator, stations: list[dict[str, np.ndarray]]
) -> list[dict[str, np.ndarray]]:
    """Gaps filled from the others: what was missing there is no labelled event here."""
    for code in AIR:
        with np.errstate(all="ignore"):
            matrix = np.array(
                [
                    station.get(code, np.full(len(next(iter(station.values()))), np.nan))
                    for station in stations
                ]
            )
            middle = np.nanmedian(matrix, axis=0)
        known = ~np.isnan(middle)
        middle = np.interp(np.arange(len(middle)), np.flatnonzero(known), middle[known])
        for row, station in zip(matrix, stations, strict=True):
            ratio = np.nanmedian(row / np.maximum(middle, 1e-6)) if np.any(~np.isnan(row)) else 1.0
            guess = middle * ratio * np.exp(0.1 * wander(chance, len(middle), 0.7))
            station[code] = np.where(np.isnan(row), guess, row)
    return stations


def _stations(
    county: County, air: list[dict[str, np.ndarray]], places: list[tuple[float, float]]
) -> list[Site]:
    for number, (series, (lon, lat)) in enumerate(zip(air, places, strict=True)):
        site = Site(f"A-{number}", "air", lon, lat)
        for code, values in series.items():
            site.put(code, np.array(values), AIR[code])
        county.sites.append(site)
    return county.of("air")


def _micro(chance: np.random.Generator, county: County, reference: list[Site], number: int) -> None:
    noise = chance.uniform(0.05, 0.16)
    for n in range(number):
        near = reference[n % len(reference)]
        other = reference[int(chance.integers(len(reference)))]
        far = 0.0005 if n < 2 else chance.uniform(0.005, 0.03)
        site = Site(
            f"V-{n}", "air", near.lon + far, near.lat + far * chance.uniform(-1, 1), level="micro"
        )
        share, bias = chance.uniform(0.6, 1.0), chance.uniform(0.8, 1.3)
        for code in ("a34004", "a34002"):
            mixed = share * near.values[code] + (1 - share) * other.values[code]
            site.put(code, mixed * bias * np.exp(noise * wander(chance, county.hours, 0.6)), 0)
        county.sites.append(site)


def _rain(chance: np.random.Generator, hours: int) -> np.ndarray:
    rain = np.zeros(hours)
    for begin in chance.integers(WARM_UP * 24, hours - 48, 4):
        length = int(chance.integers(3, 12))
        rain[begin : begin + length] = chance.gamma(1.2, 3.0, length)
    return np.round(rain, 1)


def plant(chance: np.random.Generator, hours: int) -> tuple[np.ndarray, np.ndarray]:
    """Whether a plant runs, and its load: some always, some by day, some with days off."""
    hour = np.arange(hours)
    running = np.ones(hours, dtype=bool)
    match chance.integers(0, 4):
        case 0:
            running = (hour % 24 >= 7) & (hour % 24 < 20 + chance.integers(0, 3))
        case 1:
            running = hour // 24 % 7 != chance.integers(0, 7)
    for begin in chance.integers(0, hours - 80, int(chance.integers(1, 4))):
        running[begin : begin + int(chance.integers(8, 60))] = False
    load = np.clip(chance.uniform(0.7, 0.9) + 0.07 * wander(chance, hours, 0.95), 0.45, 1.05)
    return running, np.where(running, load, 0.0)


def _meters(
    chance: np.random.Generator,
    county: County,
    owner: str,
    place: tuple[float, float],
    load: np.ndarray,
) -> None:
    full = chance.uniform(60, 900)
    standby = chance.uniform(0.02, 0.14)
    for role, size, idle in (
        ("production", full, standby),
        ("treatment", full * chance.uniform(0.08, 0.2), 0.02),
    ):
        on = load > 0
        if role == "treatment":
            # It runs on for an hour or two.
            on = on | np.roll(on, 1)
        level = np.where(
            on, (0.4 + 0.6 * np.maximum(load, 0.5)) if role == "production" else 1.0, idle
        )
        site = Site(f"P-{owner}-{role[0]}", "power", *place, owner=owner, role=role)
        site.put("dPower", size * level * np.exp(chance.normal(0, 0.05, county.hours)), 1)
        county.sites.append(site)


def _flue_gas(chance: np.random.Generator, county: County, number: int) -> None:
    owner, place = f"E-{number}", (118.55 + 0.01 * number, 24.85)
    running, load = plant(chance, county.hours)
    site = Site(f"G-{number}", "flue_gas", *place, owner=owner,
                limits={"a21026": 100.0, "a21002": 150.0, "a34013": 20.0})  # fmt: skip
    oxygen = (
        chance.uniform(7, 11)
        + 6 * (0.85 - load) * chance.uniform(0.3, 1)
        + 0.35 * wander(chance, county.hours, 0.8)
    )
    starting = running & ~np.roll(running, 1)
    stopping = running & ~np.roll(running, -1)
    oxygen = np.where(
        starting | stopping, np.maximum(oxygen, chance.uniform(14, 20, county.hours)), oxygen
    )
    site.put("a19001", np.where(running, oxygen, 20.9 + chance.normal(0, 0.05, county.hours)), 2)
    flow = chance.uniform(8, 60)
    site.put(
        "a00000",
        np.where(
            running, flow * (0.25 + 0.75 * load) * np.exp(chance.normal(0, 0.04, county.hours)), 0.0
        ),
        2,
    )
    noise = chance.uniform(0.08, 0.22)
    for code, limit in site.limits.items():
        base = limit * chance.uniform(0.25, 0.5)
        converted = base * np.exp(noise * wander(chance, county.hours, chance.uniform(0.6, 0.9)))
        raw = np.minimum(converted, 0.9 * limit) * (21 - np.minimum(oxygen, 20)) / 12
        # A stopped analyser repeats its last value, or shows its zero.
        rest = (
            raw[np.maximum.accumulate(np.where(running, np.arange(county.hours), 0))]
            if chance.random() < 0.5
            else 0.4
        )
        site.put(code, np.where(running, raw, rest), 1)
    site.values["a21002"] = np.where(starting, site.values["a21002"] * 1.6, site.values["a21002"])
    county.sites.append(site)
    county.running[site.key], county.load[site.key] = running, load
    if number < 8:
        _meters(chance, county, owner, place, load)


def _wastewater(chance: np.random.Generator, county: County, number: int) -> None:
    owner, place = f"W-{number}", (118.55 + 0.01 * number, 24.95)
    running, load = plant(chance, county.hours)
    site = Site(f"D-{number}", "wastewater", *place, owner=owner,
                limits={"w01018": 100.0, "w21003": 15.0, "w21011": 1.0})  # fmt: skip
    hold = int(chance.choice([1, 1, 2, 4]))
    sample = np.arange(county.hours) // hold * hold
    noise = chance.uniform(0.06, 0.2)
    for code, limit in site.limits.items():
        base = limit * chance.uniform(0.2, 0.55)
        values = base * np.exp(noise * wander(chance, county.hours, 0.85))
        values = np.minimum(values, 0.9 * limit)[sample]
        last = np.maximum.accumulate(np.where(running, np.arange(county.hours), 0))
        site.put(code, np.where(running, values, values[last]), 2 if limit < 10 else 1)
    site.put(
        "w01001",
        chance.uniform(6.8, 7.8) + chance.uniform(0.05, 0.15) * wander(chance, county.hours, 0.9),
        2,
    )
    flow = chance.uniform(3, 40)
    site.put(
        "w00000",
        np.where(running, flow * load * np.exp(chance.normal(0, 0.12, county.hours)), 0.0),
        2,
    )
    county.sites.append(site)
    county.running[site.key], county.load[site.key] = running, load


def _rivers(chance: np.random.Generator, county: County) -> None:
    hours = county.hours
    hour = np.arange(hours)
    wash = np.zeros(hours)
    for n in np.flatnonzero(county.rain):
        length = min(60, hours - n)
        wash[n : n + length] += county.rain[n] / 20 * np.exp(-np.arange(length) / 16)
    for river, number in (("R-1", 5), ("R-2", 4)):
        for n in range(number):
            site = Site(f"{river}-S{n}", "water", 118.5 + 0.05 * n, 24.8 if river == "R-1" else 25.0,
                        river=river, km=8.0 + 9.0 * n, step=4 if n % 2 else 1)  # fmt: skip
            tide = np.sin(2 * np.pi * hour / 12.42) * (0.35 if river == "R-2" and n >= 2 else 0.0)
            late = np.roll(wash, 2 + 3 * n)
            for code, base, rises, memory, digits in (
                ("w21003", chance.uniform(0.15, 0.6), 0.8, 0.95, 3),
                ("w21011", chance.uniform(0.05, 0.12), 0.9, 0.95, 3),
                ("w01019", chance.uniform(2, 4), 0.6, 0.95, 2),
                ("w01014", chance.uniform(150, 600), -0.2, 0.97, 1),
                ("w01003", chance.uniform(5, 30), 4.0, 0.9, 1),
            ):
                course = base * np.exp(chance.uniform(0.05, 0.12) * wander(chance, hours, memory))
                tidal = np.exp(tide * (2.5 if code == "w01014" else 0.6))
                site.put(
                    code,
                    course * tidal * np.maximum(1 + rises * late * chance.uniform(0.7, 1.3), 0.4),
                    digits,
                )
            day = np.sin(2 * np.pi * (hour % 24 - 9) / 24)
            site.put(
                "w01009",
                7.5
                + chance.uniform(0.3, 1.5) * day
                + 0.2 * wander(chance, hours, 0.9)
                + tide
                - 0.8 * np.minimum(late, 2),
                2,
            )
            site.put(
                "w01001",
                7.6
                + chance.uniform(0.05, 0.3) * day
                + 0.04 * wander(chance, hours, 0.9)
                + 0.2 * tide,
                2,
            )
            county.sites.append(site)
