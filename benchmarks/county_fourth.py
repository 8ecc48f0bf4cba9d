"""A fourth county, written before anybody looked at the rules' settings again, and measured once before anything was mended.

An industrial valley: three industries with limits and reference oxygen of their own, plants that work in three shifts or on
ladles, cheap optical micro-stations (droplets swell in damp air, PM10 is reckoned from PM2.5), town wastewater plants,
mills that pour out of basins, rivers with stations that report every four hours on the clock beside hourly ones. Air is
measured air at real places, with its short gaps. What goes wrong: :mod:`benchmarks.county_fourth_troubles`.
"""

from __future__ import annotations

import os
import warnings
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks import county_series
from benchmarks.county_series import AIR, WARM_UP, County, Site

# Limits (SO2, NOx, dust in mg/m³), reference oxygen, usual oxygen, flow in m³/h.
INDUSTRIES = {
    "cement": ((100.0, 320.0, 20.0), 10.0, (9.0, 11.5), (8e4, 4e5)),
    "boiler": ((35.0, 50.0, 10.0), 6.0, (4.5, 8.0), (1.5e4, 2e5)),
    "brick": ((150.0, 200.0, 30.0), 8.6, (8.0, 12.5), (1e4, 8e4)),
}
_NATIONAL = {"pm2_5": "a34004", "pm10": "a34002", "so2": "a21026", "no2": "a21004", "co": "a21005", "o3": "a05024"}  # fmt: skip


def whole(seed: int, days: int = 30) -> tuple[County, object]:
    """County and troubles of one seed."""
    from benchmarks import county_fourth_troubles

    chance = np.random.default_rng([seed, 444])
    county = untroubled(chance, (days + WARM_UP) * 24)
    return county, county_fourth_troubles.put_in(chance, county)


def untroubled(chance: np.random.Generator, hours: int) -> County:
    """The county as it would be without trouble."""
    folder = os.environ.get("ECOLEDGER_REFERENCE_DATA", "")
    county = _air(chance, hours, folder)
    county.rain, damp = _weather(chance, hours)
    reference = county.of("air")
    for n in range(22):
        county.sites.append(_micro(chance, reference, damp, n))
    gauge = Site("M-1", "weather", reference[0].lon, reference[0].lat)
    gauge.put("a01021", county.rain, 1)
    county.sites.append(gauge)
    for n in range(12):
        _stack(chance, county, n)
    for n in range(9):
        _outfall(chance, county, n)
    for river, number in (("R-N", 4), ("R-M", 3), ("R-S", 3)):
        _river(chance, county, river, number)
    return county


def memory(chance: np.random.Generator, size: int, hours: float, tail: float = 6.0) -> np.ndarray:
    """Unit noise of heavy tails that remembers for ``hours``."""
    keep = np.exp(-1 / hours)
    shocks = chance.standard_t(tail, size) * np.sqrt((tail - 2) / tail * (1 - keep**2))
    walk = np.zeros(size)
    walk[0] = chance.normal()
    for n in range(1, size):
        walk[n] = keep * walk[n - 1] + shocks[n]
    return walk


def held_under(values: np.ndarray, top: float) -> np.ndarray:
    """Values that come near ``top`` and stay below it, without lying flat at it as if somebody had clamped them."""
    return np.where(
        values < 0.7 * top, values, top * (0.7 + 0.3 * np.tanh((values / top - 0.7) / 0.3))
    )


# -- air -------------------------------------------------------------------------------------------


def _air(chance: np.random.Generator, hours: int, folder: str) -> County:
    city = str(chance.choice(["lianyungang", "quanzhou", "beijing"])) if folder else "beijing"
    if city == "beijing":
        tables = county_series._beijing(folder)
        size = min(len(t) for t in tables)
        first = int(chance.integers(0, (size - hours) // 24)) * 24
        county = County(tables[0]["time"][first], hours, [])
        chosen = chance.choice(len(tables), min(9, len(tables)), replace=False)
        series = [
            {c: tables[int(k)][c].to_numpy().astype(float)[first : first + hours].copy() for c in AIR if c in tables[int(k)].columns}
            for k in chosen
        ]  # fmt: skip
        spots = [(106.1 + float(x), 30.4 + float(y)) for x, y in chance.uniform(-0.09, 0.09, (len(series), 2))]  # fmt: skip
    else:
        county, series, spots = _network(
            chance, hours, Path(folder) / "cnemc_hourly" / f"{city}.csv.gz"
        )
    for n, (lon, lat) in enumerate(spots):
        site = Site(f"A-{n}", "air", lon, lat)
        for code in AIR:
            site.put(code, _mended(code, series, n), AIR[code])
        county.sites.append(site)
    return county


def _network(
    chance: np.random.Generator, hours: int, file: Path
) -> tuple[County, list[dict[str, np.ndarray]], list[tuple[float, float]]]:
    table = pl.read_csv(file, infer_schema_length=None).with_columns(
        pl.col("timepoint").str.to_datetime("%Y-%m-%dT%H:%M").alias("time")
    )
    room = max(2, (table["time"].n_unique() - hours) // 24)
    begin = (table["time"].min() + timedelta(days=int(chance.integers(1, room)))).replace(hour=0)  # type: ignore[operator]
    grid = pl.DataFrame(
        {"time": pl.datetime_range(begin, begin + timedelta(hours=hours - 1), "1h", eager=True)}
    )
    series, spots = [], []
    for (_,), rows in table.group_by(["stationcode"], maintain_order=True):
        mine = grid.join(rows.unique("time"), on="time", how="left")
        if mine["pm2_5"].null_count() > hours * 0.15 or len(series) == 10:
            continue
        series.append(
            {code: county_series.moving(code, mine[c].cast(pl.Float64, strict=False).to_numpy().copy()) for c, code in _NATIONAL.items()}
        )  # fmt: skip
        spots.append((float(rows["longitude"][0]), float(rows["latitude"][0])))
    return County(begin, hours, []), series, spots


def _mended(code: str, series: list[dict[str, np.ndarray]], n: int) -> np.ndarray:
    """The series with gaps longer than two hours filled as the middle of the others moves; short gaps stay."""
    size = len(next(iter(series[n].values())))
    nothing = np.full(size, np.nan)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        others = np.array([s.get(code, nothing) for k, s in enumerate(series) if k != n])
        middle = np.nanmedian(others, axis=0)
    if np.isnan(middle).all():
        middle = np.full(size, 20.0)
    known = np.flatnonzero(~np.isnan(middle))
    middle = np.interp(np.arange(size), known, middle[known])
    values = series[n].get(code, nothing).copy()
    gap = np.isnan(values)
    if gap.mean() > 0.6:
        return middle * 1.05
    edges = np.flatnonzero(np.diff(np.concatenate([[False], gap, [False]])))
    have = np.flatnonzero(~gap)
    ratio = np.interp(np.arange(size), have, values[have] / np.maximum(middle[have], 1e-6))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin > 2:
            values[begin:end] = middle[begin:end] * np.clip(ratio[begin:end], 0.4, 2.5)
    return np.asarray(values)


def _weather(chance: np.random.Generator, hours: int) -> tuple[np.ndarray, np.ndarray]:
    rain = np.zeros(hours)
    for begin in np.flatnonzero(chance.random(hours) < 1 / 110):
        length = int(chance.integers(2, 20))
        rain[begin : begin + length] += chance.weibull(0.8, min(length, hours - begin)) * 2.0
    hour = np.arange(hours) % 24
    damp = 0.68 + 0.2 * np.cos(2 * np.pi * (hour - 5) / 24) + 0.12 * memory(chance, hours, 50)
    return np.round(rain, 1), np.clip(np.where(rain > 0, np.maximum(damp, 0.9), damp), 0.2, 0.99)


def _micro(chance: np.random.Generator, reference: list[Site], damp: np.ndarray, n: int) -> Site:
    """An optical sensor: it sees swollen droplets and hardly any coarse dust."""
    home = reference[n % len(reference)]
    far = 0.0004 if n < 4 else float(chance.uniform(0.004, 0.025))
    turn = chance.uniform(0, 2 * np.pi)
    site = Site(f"V-{n}", "air", home.lon + far * np.cos(turn), home.lat + far * np.sin(turn), level="micro")  # fmt: skip
    weights = np.array([np.exp(-np.hypot(site.lon - r.lon, site.lat - r.lat) / 0.02) for r in reference])  # fmt: skip
    weights /= weights.sum()
    size = len(damp)

    def truth(code: str) -> np.ndarray:
        fields = [np.interp(np.arange(size), np.flatnonzero(~np.isnan(r.values[code])),
                            r.values[code][~np.isnan(r.values[code])]) for r in reference]  # fmt: skip
        return np.asarray((weights[:, None] * np.array(fields)).sum(axis=0))

    fine, coarse = truth("a34004"), np.maximum(truth("a34002") - truth("a34004"), 0)
    kappa = chance.uniform(0.05, 0.3)
    swollen = 1 + kappa * damp / np.maximum(1 - damp, 0.04) / 3
    kind = chance.lognormal(0, 0.2) * np.exp(0.07 * memory(chance, size, 40))
    own = np.exp(0.09 * memory(chance, size, 2.5))
    pm25 = kind * own * fine * np.minimum(swollen, 2.2) + chance.uniform(-2, 4)
    pm10 = pm25 * chance.uniform(1.15, 1.5) + chance.uniform(0.05, 0.6) * coarse
    for code, values in (("a34004", pm25), ("a34002", pm10)):
        site.put(code, np.maximum(values, 1.0), 0)
    lost = chance.random(size) < 0.01
    for values in site.values.values():
        values[lost] = np.nan
    return site


# -- plants ----------------------------------------------------------------------------------------


def _shifts(chance: np.random.Generator, hours: int) -> np.ndarray:
    """The load by shifts of eight hours, or in ladles, with a day off or a stop now and then."""
    hour = np.arange(hours)
    way = int(chance.integers(0, 4))
    if way == 0:
        load = np.repeat(chance.triangular(0.5, 0.85, 1.0, hours // 8 + 1), 8)[:hours]
    elif way == 1:
        load = np.where((hour % 24 >= 8) & (hour % 24 < 24), 0.85, 0.0)
        load[(hour // 24 + int(chance.integers(7))) % 7 == 6] = 0
    elif way == 2:
        # Ladles: charge and blow within three hours, all day long.
        load = 0.75 + 0.15 * np.sin(2 * np.pi * hour / 3.0 + chance.uniform(0, 6))
    else:
        load = 0.8 + 0.1 * np.sin(2 * np.pi * (hour % 24 - 9) / 24) + 0 * hour
    load = load * (1 + 0.025 * memory(chance, hours, 5))
    for begin in np.flatnonzero(chance.random(hours) < 1 / 400):
        load[begin : begin + int(chance.integers(6, 40))] = 0
    return np.clip(load, 0, 1.08)


def _stack(chance: np.random.Generator, county: County, n: int) -> None:
    hours, owner = county.hours, f"E-{n}"
    industry = list(INDUSTRIES)[n % 3]
    limits, reference, usual, flows = INDUSTRIES[industry]
    load = _shifts(chance, hours)
    running = load > 0.05
    load = np.where(running, load, 0.0)
    up = np.arange(hours) - np.maximum.accumulate(np.where(running, 0, np.arange(hours)))
    site = Site(f"G-{n}", "flue_gas", county.sites[0].lon + 0.01 * (n - 6), county.sites[0].lat - 0.04, owner=owner,
                limits=dict(zip(("a21026", "a21002", "a34013"), limits, strict=True)), reference_oxygen=reference)  # fmt: skip
    warm = 1 - np.exp(-np.maximum(up, 0) / chance.uniform(0.7, 2.0))
    oxygen = (
        chance.uniform(*usual)
        + chance.uniform(0, 4) * (0.85 - load)
        + 0.3 * memory(chance, hours, 4)
    )
    oxygen = np.clip(20.8 - (20.8 - oxygen) * warm, 2, 20.9)
    site.put("a19001", np.where(running, oxygen, 20.9 + 0.04 * chance.normal(0, 1, hours)), 2)
    flow = chance.uniform(*flows)
    draught = flow * (0.3 + 0.7 * load) * np.exp(0.035 * memory(chance, hours, 3))
    site.put(
        "a00000", np.where(running, draught, flow * 0.004 * np.abs(chance.normal(0, 1, hours))), 0
    )
    site.put(
        "a01012", np.where(running, 80 + 30 * load + 2 * memory(chance, hours, 8), 25 + 0.2 * memory(chance, hours, 8)), 1
    )  # fmt: skip
    thin = thinned(site, slice(None))
    check = int(chance.integers(0, 24)) if chance.random() < 0.6 else -1
    holds, hour = chance.random() < 0.5, np.arange(hours)
    for code, limit in site.limits.items():
        level = limit * chance.beta(3, 5)
        spread = chance.uniform(0.06, 0.18)
        converted = (
            level
            * np.exp(spread * memory(chance, hours, chance.uniform(2, 12)))
            * (load + 0.01) ** chance.uniform(-0.1, 0.4)
        )
        raw = held_under(converted, 0.93 * limit) * thin
        if code == "a34013":
            # Blow-back of the bags: one hour in six a little dust.
            raw = np.where(hour % 6 == n % 6, raw * chance.uniform(1.1, 1.4), raw)
            raw = np.minimum(raw, 0.95 * limit * thin)
        last = raw[np.maximum.accumulate(np.where(running, hour, 0))]
        rest = last if holds else np.abs(0.3 + 0.1 * chance.normal(0, 1, hours))
        site.put(code, np.where(running, raw, rest), 2 if limit <= 20 else 1)
        if check >= 0 and code != "a34013":
            mine = hour % 48 == check
            site.values[code][mine] = limit * 1.6
            site.marks[code][mine] = "C"
    county.sites.append(site)
    county.running[site.key], county.load[site.key] = running, load
    if n < 9:
        _power(chance, county, site, running, load)


def thinned(site: Site, at: slice) -> np.ndarray:
    """Measured over converted: by how much the oxygen of the hour thins against the reference."""
    return np.asarray((21 - np.minimum(site.values["a19001"][at], 20)) / (21 - site.reference_oxygen))  # fmt: skip


def _power(
    chance: np.random.Generator, county: County, site: Site, running: np.ndarray, load: np.ndarray
) -> None:
    hours, quarters = county.hours, bool(chance.random() < 0.5)
    full = chance.lognormal(5.5, 1.0)
    standby = chance.uniform(0.03, 0.2)
    trailing = running | np.concatenate([[False], running[:-1]])
    driven = 0.6 + 0.4 * load if chance.random() < 0.6 else np.full(hours, 1.0)
    for role, kilowatts in (
        ("production", full * np.where(running, 0.25 + 0.75 * load, standby)),
        ("treatment", full * chance.uniform(0.06, 0.22) * np.where(trailing, driven, chance.choice([0.0, 0.03, 0.08]))),
    ):  # fmt: skip
        meter = Site(f"P-{site.owner}-{role[0]}", "power", site.lon, site.lat, owner=site.owner, role=role, quarters=quarters)  # fmt: skip
        meter.put("dPower", np.maximum(kilowatts * (1 + 0.04 * memory(chance, hours, 2)), 0), 2)
        county.sites.append(meter)


def _outfall(chance: np.random.Generator, county: County, n: int) -> None:
    """Town plants flow all day; a mill pours when its basin is full."""
    hours, hour, owner = county.hours, np.arange(county.hours), f"W-{n}"
    town = n % 3 != 2
    limits = (
        {"w01018": 50.0, "w21003": 5.0, "w21011": 0.5, "w21001": 15.0}
        if town
        else {"w01018": 80.0, "w21003": 10.0}
    )
    site = Site(f"D-{n}", "wastewater", county.sites[0].lon + 0.01 * (n - 4), county.sites[0].lat + 0.05, owner=owner, limits=limits)  # fmt: skip
    if town:
        flow = 1 + 0.25 * np.sin(2 * np.pi * (hour % 24 - 11) / 24) + 0.1 * np.sin(4 * np.pi * (hour % 24 - 8) / 24)  # fmt: skip
        wet = np.convolve(county.rain, np.exp(-np.arange(12) / 5), "full")[:hours]
        flow = flow * (1 + np.minimum(wet / 25, 0.6))
    else:
        flow = np.where(
            (hour % 24 >= 8) & (hour % 24 < 22) & (hour // 24 % 7 != int(chance.integers(7))),
            1.0,
            0.0,
        )
    running = flow > 0
    every = 2 if town else int(chance.choice([1, 2, 4]))
    sampled = np.maximum.accumulate(np.where(running & (hour % every == 0), hour, 0))
    for code, limit in limits.items():
        level = limit * (chance.uniform(0.2, 0.65) if code != "w21001" else chance.uniform(0.5, 0.75))  # fmt: skip
        course = level * np.exp(
            chance.uniform(0.05, 0.16) * memory(chance, hours, chance.uniform(8, 30))
        )
        site.put(
            code,
            held_under(course, 0.92 * limit)[sampled],
            3 if limit < 1 else 2 if limit < 20 else 1,
        )
    site.put("w01001", 7.2 + chance.normal(0, 0.3) + 0.07 * memory(chance, hours, 9), 2)
    site.put("w00000", flow * chance.lognormal(4, 1) * np.exp(0.06 * memory(chance, hours, 2)), 2)
    county.sites.append(site)
    county.running[site.key], county.load[site.key] = running, flow


# -- rivers ----------------------------------------------------------------------------------------


def _river(chance: np.random.Generator, county: County, river: str, number: int) -> None:
    hours, hour = county.hours, np.arange(county.hours)
    first = np.convolve(county.rain, np.exp(-np.arange(40) / 9), "full")[:hours]
    km, tidal = 2.0, river == "R-M"
    common = memory(chance, hours, 70, 20)
    for n in range(number):
        km += float(chance.uniform(5, 14))
        site = Site(f"{river}-{n}", "water", county.sites[0].lon + 0.05 * n, county.sites[0].lat + 0.1, river=river, km=km)  # fmt: skip
        late = np.concatenate([np.zeros(int(km / 3)), first])[:hours]
        tide = (np.sin(2 * np.pi * hour / 12.42) * (1 + 0.35 * np.sin(2 * np.pi * hour / 354))) if tidal and n == number - 1 else np.zeros(hours)  # fmt: skip
        style = int(chance.integers(0, 3))
        for code, level, washes, digits in (
            ("w01019", chance.lognormal(1.0, 0.35), 0.03, 2), ("w21003", chance.lognormal(-1.6, 0.7), 0.05, 3),
            ("w21011", chance.lognormal(-2.6, 0.4), 0.06, 3), ("w21001", chance.lognormal(0.9, 0.4), 0.02, 2),
            ("w01014", chance.lognormal(6.0, 0.4), -0.012, 1), ("w01003", chance.lognormal(2.6, 0.6), 0.3, 1),
        ):  # fmt: skip
            shape = np.exp(0.07 * common + chance.uniform(0.03, 0.09) * memory(chance, hours, 25))
            shape = shape * np.exp(tide * (0.5 if code == "w01014" else 0.15))
            site.put(code, level * shape * np.clip(1 + washes * late, 0.4, 6), digits)
            if style == 1 and code not in ("w01014", "w01003"):
                site.steps[code] = 4
        light = np.maximum(np.sin(2 * np.pi * (hour % 24 - 8) / 24), -0.3)
        growth = np.clip(0.6 + 0.5 * memory(chance, hours, 100, 20), 0, 2)
        site.put(
            "w01009",
            np.maximum(
                8.2
                + growth * light
                + 0.15 * memory(chance, hours, 7)
                - 0.03 * np.minimum(late, 40)
                + 0.3 * tide,
                1,
            ),
            2,
        )
        site.put("w01001", 7.7 + 0.18 * growth * light + 0.03 * memory(chance, hours, 15), 2)
        site.put("w01010", 15 + 1.5 * light + memory(chance, hours, 90, 20), 1)
        site.step = 4 if style == 2 else 1
        county.sites.append(site)
