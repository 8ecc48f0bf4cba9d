"""A third county, kept for testing: nothing in the product was set by it before it was measured on it.

Where the first two make noise, this one follows instruments and plants. Air stations are those of a real city at their real
places, with their real gaps; micro-stations answer to them by a power law, to humidity, and with a lag. Plants have a few
loads that are switched, kilns fire in batches, analysers blow back and check their zero every day at their hour, wastewater
leaves in batches and is sampled by volume. Rivers take the rain that was measured with the air, have two tides, algae that
bloom and fade, and stations that send some parameters every hour and others every four. Power is read every quarter of an
hour. What goes wrong in it: :mod:`benchmarks.county_third_troubles`.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks import county_series
from benchmarks.county_series import AIR, WARM_UP, County, Site

PM = ("a34004", "a34002")
SLOW = ("w21003", "w21011", "w01019", "w21001")


def whole(seed: int, days: int = 30) -> tuple[County, object]:
    """County and troubles of one seed."""
    from benchmarks import county_third_troubles

    chance = np.random.default_rng([seed, 31])
    county = untroubled(chance, (days + WARM_UP) * 24)
    return county, county_third_troubles.put_in(chance, county)


def untroubled(chance: np.random.Generator, hours: int) -> County:
    """The county as it would be without trouble."""
    folder = os.environ.get("ECOLEDGER_REFERENCE_DATA", "")
    national = bool(folder) and chance.random() < 0.4
    county, damp = (_city if national else _capital)(chance, hours, folder)
    reference = county.of("air")
    for n in range(24):
        county.sites.append(_micro(chance, reference, damp, n))
    gauge = Site("M-1", "weather", reference[0].lon, reference[0].lat)
    gauge.put("a01021", county.rain, 1)
    county.sites.append(gauge)
    for n in range(10):
        _flue(chance, county, n)
    for n in range(8):
        _basin(chance, county, n)
    for river, number in (("R-A", 4), ("R-B", 5)):
        _rivers(chance, county, river, number)
    return county


# -- air -------------------------------------------------------------------------------------------


def _capital(chance: np.random.Generator, hours: int, folder: str) -> tuple[County, np.ndarray]:
    """Stations of Beijing, drawn together to a third of their distances; rain and humidity as measured with them."""
    tables = county_series._beijing(folder)
    size = min(len(table) for table in tables)
    first = int(chance.integers(0, (size - hours) // 24)) * 24
    begin = tables[0]["time"][first]
    places = [(116.417, 39.929), (116.397, 39.982), (116.22, 40.292), (116.417, 39.929), (116.339, 39.929),
              (116.184, 39.914), (116.628, 40.328), (116.461, 39.937), (116.655, 40.127), (116.407, 39.886),
              (116.287, 39.987), (116.352, 39.878)]  # fmt: skip
    county = County(begin, hours, [])
    rain, damp = _rain_and_damp(chance, folder, begin, hours)
    county.rain = rain
    for n, (table, (lon, lat)) in enumerate(zip(tables, places, strict=False)):
        site = Site(
            f"A-{n}", "air", 116.4 + (lon - 116.4) / 3 + 0.002 * n, 39.95 + (lat - 39.95) / 3
        )
        for code in AIR:
            if code in table.columns:
                values = table[code].to_numpy().astype(float)[first : first + hours].copy()
                if np.isfinite(values).sum() >= 24:
                    site.put(code, _short_gaps(chance, values), AIR[code])
        county.sites.append(site)
    return county, damp


def _city(chance: np.random.Generator, hours: int, folder: str) -> tuple[County, np.ndarray]:
    """The national network of a coastal city, at its places."""
    name = str(chance.choice(["lianyungang", "quanzhou"]))
    table = pl.read_csv(Path(folder) / "cnemc_hourly" / f"{name}.csv.gz", infer_schema_length=None)
    table = table.with_columns(pl.col("timepoint").str.to_datetime("%Y-%m-%dT%H:%M").alias("time"))
    begin = (table["time"].min() + timedelta(days=int(chance.integers(1, 100)))).replace(hour=0)  # type: ignore[operator]
    grid = pl.DataFrame(
        {"time": pl.datetime_range(begin, begin + timedelta(hours=hours - 1), "1h", eager=True)}
    )
    county = County(begin, hours, [])
    names = {
        "pm2_5": "a34004",
        "pm10": "a34002",
        "so2": "a21026",
        "no2": "a21004",
        "co": "a21005",
        "o3": "a05024",
    }
    for (_,), rows in table.group_by(["stationcode"], maintain_order=True):
        mine = grid.join(rows.unique("time"), on="time", how="left")
        if mine["pm2_5"].null_count() > hours * 0.2 or len(county.sites) == 14:
            continue
        site = Site(
            f"A-{len(county.sites)}", "air", float(rows["longitude"][0]), float(rows["latitude"][0])
        )
        for column, code in names.items():
            values = mine[column].cast(pl.Float64, strict=False).to_numpy().copy()
            values = county_series.moving(code, values)
            if np.isfinite(values).sum() >= 24:  # else that station did not measure it in the month
                site.put(code, _short_gaps(chance, values), AIR[code])
        county.sites.append(site)
    rain, damp = _rain_and_damp(chance, "", begin, hours)
    county.rain = rain
    return county, damp


def _short_gaps(chance: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Gaps of one or two hours stay; longer ones are no labelled event here and are drawn over."""
    gap = np.isnan(values)
    known = np.flatnonzero(~gap)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], gap, [False]])))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin > 2:
            drawn = np.interp(np.arange(begin, end), known, values[known])
            values[begin:end] = drawn * np.exp(0.12 * chance.normal(0, 1, end - begin))
    return values


def _rain_and_damp(
    chance: np.random.Generator, folder: str, begin: object, hours: int
) -> tuple[np.ndarray, np.ndarray]:
    files = sorted((Path(folder) / "beijing_hourly").glob("PRSA*Tiantan*.csv.gz")) if folder else []
    if not files:
        rain = np.zeros(hours)
        for n in chance.integers(24, hours - 30, 6):
            rain[n : n + 8] += chance.exponential(2.0) * np.array(
                [0.2, 0.8, 1.5, 1, 0.6, 0.3, 0.2, 0.1]
            )
        damp = np.clip(
            0.6
            + 0.25 * np.cos(2 * np.pi * (np.arange(hours) % 24 - 5) / 24)
            + 0.2 * ornstein(chance, hours, 60),
            0.1,
            1,
        )
        return np.round(rain, 1), damp
    table = pl.read_csv(files[0], null_values="NA", infer_schema_length=None)
    time = (
        table.select(pl.datetime("year", "month", "day", "hour"))["datetime"]
        if "datetime" in table.columns
        else None
    )
    stamps = (
        table.select(pl.datetime("year", "month", "day", "hour").alias("t"))["t"]
        if time is None
        else time
    )
    first = int(np.searchsorted(stamps.to_numpy(), np.datetime64(begin)))
    part = table[first : first + hours]
    rain = part["RAIN"].fill_null(0).to_numpy()
    temperature, dew = (
        part[c].fill_null(strategy="forward").fill_null(0).to_numpy() for c in ("TEMP", "DEWP")
    )
    damp = np.clip(
        np.exp(17.6 * dew / (243 + dew) - 17.6 * temperature / (243 + temperature)), 0.05, 1
    )
    return np.asarray(rain), np.asarray(damp)


def _micro(chance: np.random.Generator, reference: list[Site], damp: np.ndarray, n: int) -> Site:
    near, other = (reference[int(k)] for k in chance.choice(len(reference), 2, replace=False))
    site = Site(f"V-{n}", "air", near.lon + float(chance.normal(0, 0.01)), near.lat + float(chance.normal(0, 0.01)),
                level="micro")  # fmt: skip
    size = len(damp)
    gain, power, swell = (
        chance.uniform(0.6, 1.6),
        chance.uniform(0.85, 1.1),
        chance.uniform(0.0, 0.5),
    )
    share, lag = chance.uniform(0.55, 1.0), chance.uniform(0.0, 0.5)
    for code in PM:
        truth = [np.interp(np.arange(size), np.flatnonzero(~np.isnan(s.values[code])),
                           s.values[code][~np.isnan(s.values[code])]) for s in (near, other)]  # fmt: skip
        air = share * truth[0] + (1 - share) * truth[1]
        air = (1 - lag) * air + lag * np.concatenate([air[:1], air[:-1]])
        seen = gain * air**power * (1 + swell * np.clip((damp - 0.75) / 0.2, 0, 1))
        scatter = np.exp(chance.uniform(0.03, 0.08) * ornstein(chance, size, 4)) + chance.normal(
            0, 0.03, size
        )
        site.put(code, np.maximum(seen * scatter + chance.normal(0, 1.0, size), 1.0), 0)
    # A lost hour now and then, together.
    for begin in chance.integers(0, size - 2, 12):
        for values in site.values.values():
            values[begin : begin + 1] = np.nan
    return site


def ornstein(chance: np.random.Generator, size: int, hours: float) -> np.ndarray:
    """Unit noise that forgets within ``hours``, its shocks of unequal size (now calm, now restless)."""
    mood = np.repeat(chance.gamma(3, 1 / 3, size // 12 + 1), 12)[:size]
    keep = np.exp(-1 / hours)
    shocks = chance.normal(0, 1, size) * np.sqrt(mood) * np.sqrt(1 - keep**2)
    walk = np.zeros(size)
    for n in range(1, size):
        walk[n] = keep * walk[n - 1] + shocks[n]
    return walk


# -- plants ----------------------------------------------------------------------------------------


def _loads(chance: np.random.Generator, hours: int) -> np.ndarray:
    """A few loads that are switched; a day's rhythm; or batches with pauses. Now and then a stop."""
    hour = np.arange(hours)
    match int(chance.integers(0, 4)):
        case 0:
            # Follows demand: high by day, low at night.
            load = 0.72 + 0.22 * np.tanh(3 * np.sin(2 * np.pi * (hour % 24 - 8) / 24))
        case 1:
            steps = chance.choice([0.55, 0.75, 0.95], hours // 20 + 2, p=[0.25, 0.45, 0.3])
            load = np.repeat(steps, chance.integers(14, 40, len(steps)))[:hours]
        case 2:
            work, pause = int(chance.integers(9, 15)), int(chance.integers(2, 5))
            load = np.where(hour % (work + pause) < work, 0.9, 0.0)
        case _:
            load = np.full(hours, 0.88)
    load = np.concatenate([load, np.full(max(0, hours - len(load)), 0.75)])
    load = np.where(load > 0, load * (1 + 0.03 * ornstein(chance, hours, 6)), 0)
    for begin in chance.integers(0, hours - 60, int(chance.integers(1, 3))):
        load[begin : begin + int(chance.integers(12, 50))] = 0
    return np.clip(load, 0, 1.1)


def _flue(chance: np.random.Generator, county: County, n: int) -> None:
    hours, owner = county.hours, f"E-{n}"
    load = _loads(chance, hours)
    running = load > 0
    since = np.arange(hours) - np.maximum.accumulate(np.where(running, 0, np.arange(hours)))
    site = Site(f"G-{n}", "flue_gas", 116.35 + 0.012 * n, 39.9, owner=owner,
                limits={"a21026": 35.0, "a21002": 100.0, "a34013": 10.0})  # fmt: skip
    base, by_load = chance.uniform(5, 10), chance.uniform(2, 7)
    oxygen = base + by_load * (0.9 - load) + 0.25 * ornstein(chance, hours, 3)
    oxygen = np.where(
        (since <= 2) & running, np.maximum(oxygen, 19.5 - 2.2 * since), np.clip(oxygen, 2.5, 17)
    )
    site.put("a19001", np.where(running, oxygen, chance.uniform(20.6, 21.0)), 2)
    flow = chance.uniform(2, 40) * 10_000
    site.put(
        "a00000",
        np.where(running, flow * load * (1 + 0.03 * chance.normal(0, 1, hours)), 0.01 * flow),
        0,
    )
    site.put(
        "a01012",
        np.where(running, chance.uniform(55, 130) + 6 * load + ornstein(chance, hours, 5), 30),
        1,
    )
    thin = (21 - np.minimum(oxygen, 20)) / 12
    check = int(chance.integers(0, 24))
    rest = chance.random()
    for code, limit in site.limits.items():
        level = limit * chance.uniform(0.12, 0.6)
        answer = np.exp(chance.uniform(-0.5, 0.8) * (load - 0.85))
        converted = (
            level
            * answer
            * np.exp(chance.uniform(0.05, 0.22) * ornstein(chance, hours, chance.uniform(1.5, 10)))
        )
        if code == "a21002":
            # Reagent in a loop that hunts about its set point.
            converted *= 1 + 0.1 * np.sin(
                2 * np.pi * np.cumsum(1 + 0.3 * chance.normal(0, 1, hours)) / chance.uniform(3, 8)
            )
        raw = np.minimum(converted, 0.95 * limit) * thin
        last = raw[np.maximum.accumulate(np.where(running, np.arange(hours), 0))]
        standing = (
            last
            if rest < 0.4
            else np.full(hours, 0.0)
            if rest < 0.7
            else np.abs(chance.normal(0.2, 0.08, hours))
        )
        site.put(code, np.where(running, raw, standing), int(chance.choice([1, 2, 2])))
        # A check of zero and span every day at its hour.
        mine = np.arange(hours) % 24 == check
        site.values[code][mine] = np.where(np.arange(int(mine.sum())) % 2, 0.0, 0.8 * limit * 1.4)
        site.marks[code][mine] = "C"
    county.sites.append(site)
    county.running[site.key], county.load[site.key] = running, load
    if n < 7:
        full, standby = chance.uniform(50, 2000), chance.uniform(0.02, 0.25)
        after = running | np.roll(running, 1) | np.roll(running, 2)
        fan = np.where(
            after, 0.55 + 0.45 * load if chance.random() < 0.5 else 1.0, chance.choice([0.0, 0.04])
        )
        for role, kilowatts in (("production", full * np.where(running, 0.3 + 0.7 * load, standby)),
                                ("treatment", full * chance.uniform(0.05, 0.3) * fan)):  # fmt: skip
            meter = Site(
                f"P-{owner}-{role[0]}",
                "power",
                site.lon,
                site.lat,
                owner=owner,
                role=role,
                quarters=True,
            )
            meter.put(
                "dPower", np.maximum(kilowatts * (1 + 0.03 * chance.normal(0, 1, hours)), 0), 2
            )
            county.sites.append(meter)


def _basin(chance: np.random.Generator, county: County, n: int) -> None:
    """An outlet of wastewater: all day with a rhythm, or in batches out of a basin."""
    hours, owner, hour = county.hours, f"W-{n}", np.arange(county.hours)
    site = Site(f"D-{n}", "wastewater", 116.35 + 0.012 * n, 40.0, owner=owner,
                limits={"w01018": 50.0, "w21003": 5.0, "w21011": 0.5})  # fmt: skip
    if chance.random() < 0.35:
        cycle, pour = int(chance.choice([6, 8, 12])), int(chance.integers(2, 4))
        flow = np.where(hour % cycle < pour, 1.0, 0.0)
    else:
        flow = 0.8 + 0.2 * np.sin(2 * np.pi * (hour % 24 - 10) / 24)
        for begin in chance.integers(0, hours - 50, 2):
            flow[begin : begin + int(chance.integers(10, 40))] = 0
    running = flow > 0
    every = int(chance.choice([1, 2, 2, 3, 4]))
    sampled = np.maximum.accumulate(np.where(running & (hour % every == 0), hour, 0))
    for code, limit in site.limits.items():
        level = limit * chance.uniform(0.1, 0.6)
        course = np.minimum(
            level * np.exp(chance.uniform(0.06, 0.2) * ornstein(chance, hours, 14)), 0.95 * limit
        )
        site.put(code, course[sampled], {"w01018": 1, "w21003": 2, "w21011": 3}[code])
    site.put(
        "w01001",
        chance.uniform(6.7, 8.2) + chance.uniform(0.03, 0.12) * ornstein(chance, hours, 10),
        2,
    )
    site.put(
        "w00000",
        flow * chance.uniform(3, 200) * np.maximum(1 + 0.1 * chance.normal(0, 1, hours), 0.2),
        2,
    )
    county.sites.append(site)
    county.running[site.key], county.load[site.key] = running, flow


# -- rivers ----------------------------------------------------------------------------------------


def _rivers(chance: np.random.Generator, county: County, river: str, number: int) -> None:
    hours, hour = county.hours, np.arange(county.hours)
    tidal_from = number - 2 if river == "R-B" else number
    wet = np.zeros(hours)
    for n in np.flatnonzero(county.rain > 0):
        t = np.arange(min(90, hours - n))
        wet[n : n + len(t)] += county.rain[n] / 15 * (t / 4 + 0.2) * np.exp(-t / 12)
    wet = np.minimum(wet, 4)
    common = ornstein(chance, hours, 50)
    km = 3.0
    for n in range(number):
        km += chance.uniform(4, 12)
        site = Site(
            f"{river}-{n}",
            "water",
            116.2 + 0.05 * n,
            39.8 if river == "R-A" else 40.1,
            river=river,
            km=km,
        )
        mixed = chance.random() < 0.6
        late = np.concatenate([np.zeros(int(km / 2.5)), wet])[:hours]
        moon = (np.sin(2 * np.pi * hour / 12.42) + 0.3 * np.sin(2 * np.pi * hour / 23.93)) * (
            0.3 if n >= tidal_from else 0
        )
        for code, low, high, rises, digits in (
            ("w21003", 0.05, 0.9, 1.0, 2), ("w21011", 0.03, 0.2, 1.3, 3), ("w01019", 1.2, 5.5, 0.6, 1),
            ("w21001", 1.0, 5.0, 0.4, 2), ("w01014", 120, 900, -0.25, 0), ("w01003", 3, 60, 6, 1),
        ):  # fmt: skip
            own = chance.uniform(0.02, 0.08) * ornstein(chance, hours, 20) + 0.06 * common
            course = chance.uniform(low, high) * np.exp(
                own + moon * (1.5 if code == "w01014" else 0.4)
            )
            site.put(
                code, course * np.maximum(1 + rises * late * chance.uniform(0.5, 1.5), 0.3), digits
            )
            if mixed and code in SLOW:
                site.steps[code] = 4
        bloom = np.clip(ornstein(chance, hours, 120) + 0.5, 0, 2)
        sun = np.maximum(np.sin(2 * np.pi * (hour % 24 - 7) / 24), -0.4)
        site.put(
            "w01009",
            np.maximum(
                8
                + 1.5 * bloom * sun
                + 0.15 * ornstein(chance, hours, 8)
                - 0.7 * np.minimum(late, 2)
                + moon,
                1,
            ),
            2,
        )
        site.put("w01001", 7.6 + 0.25 * bloom * sun + 0.03 * ornstein(chance, hours, 12), 2)
        site.put("w01010", 16 + 2 * sun + ornstein(chance, hours, 90), 1)
        if not mixed and chance.random() < 0.5:
            site.step = 4
        county.sites.append(site)
