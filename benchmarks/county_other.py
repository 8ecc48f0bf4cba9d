"""A second county, made in another way than the first: whoever learns the noise of one is found out by the other.

Stations are mixtures of really measured ones, with noise of heavy tails; micro-stations err with the humidity of the night and
lose hours; plants work in batches, at half load, with soot blowing and a reagent that comes in pulses; analysers of
wastewater sample every two or four hours; rivers have pulses, tide and algae. Troubles begin slowly or at once, are large or
hardly seen. Labels and the table of detectors are those of :mod:`benchmarks.county_troubles`.
"""

from __future__ import annotations

import os

import numpy as np
from benchmarks import county_series
from benchmarks.county_series import AIR, WARM_UP, County, Site
from benchmarks.county_troubles import Filed, Troubles

PM = ("a34004", "a34002")


def whole(seed: int, days: int = 30) -> tuple[County, Troubles]:
    """County and troubles of one seed."""
    chance = np.random.default_rng(90_000 + seed)
    county = _untroubled(chance, (days + WARM_UP) * 24)
    troubles = Troubles(chance, county)
    _region(troubles)
    for put in (_outlets, _meters, _rivers_troubled, _air_troubled, _silence):
        put(troubles)
    _decoys(troubles)
    return county, troubles


def rough(chance: np.random.Generator, size: int, hours: float) -> np.ndarray:
    """Noise of unit scale that remembers ``hours`` and now and then leaps (Student's t with four degrees of freedom)."""
    shocks = chance.standard_t(4, size) / np.sqrt(2)
    keep = np.exp(-1 / hours)
    walk = np.zeros(size)
    for n in range(1, size):
        walk[n] = keep * walk[n - 1] + np.sqrt(1 - keep**2) * shocks[n]
    return walk


def shape(chance: np.random.Generator, length: int) -> np.ndarray:
    """How a trouble comes and goes: at once, within some hours, or as a hump; never above one."""
    hour = np.arange(length)
    match chance.integers(0, 3):
        case 0:
            return np.ones(length)
        case 1:
            return np.minimum(1.0, (hour + 1) / min(3, length))
    return np.clip(1.25 * np.sin(np.pi * (hour + 1.5) / (length + 2)), 0.35, 1.0)


# -- what is ordinary ------------------------------------------------------------------------------


def _untroubled(chance: np.random.Generator, hours: int) -> County:
    folder = os.environ.get("ECOLEDGER_REFERENCE_DATA", "")
    tables = county_series._beijing(folder)
    size = min(len(table) for table in tables)
    first = int(chance.integers(0, (size - hours) // 24)) * 24
    begin = tables[0]["time"][first]
    real = county_series._filled(
        chance,
        [{c: t[c].to_numpy().astype(float)[first : first + hours] for c in AIR if c in t.columns}
         for t in tables],
    )  # fmt: skip
    county = County(begin, hours, [])
    number = int(chance.integers(8, 15))
    for n in range(number):
        a, b = chance.choice(len(real), 2, replace=False)
        share = chance.uniform(0.5, 0.95)
        site = Site(
            f"A-{n}",
            "air",
            118.4 + float(chance.uniform(0, 0.25)),
            24.8 + float(chance.uniform(0, 0.2)),
        )
        level = chance.uniform(0.8, 1.25)
        for code in AIR:
            mixed = (
                share * real[0][code]
                + (1 - share) * real[a][code] * 0.6
                + (1 - share) * real[b][code] * 0.4
            )
            noise = np.exp(chance.uniform(0.03, 0.08) * rough(chance, hours, 3))
            site.put(
                code, np.maximum(mixed * level * noise, 0.1 if code == "a21005" else 1.0), AIR[code]
            )
        county.sites.append(site)
    reference = county.of("air")
    damp = np.maximum(0.0, np.sin(2 * np.pi * (np.arange(hours) % 24 - 1) / 24 + 1.2)) * np.clip(
        0.6 + 0.5 * rough(chance, hours, 40), 0, 1.5
    )
    for n in range(83 - number - 45):
        near = reference[int(chance.integers(len(reference)))]
        site = Site(
            f"V-{n}",
            "air",
            near.lon + float(chance.normal(0, 0.02)),
            near.lat + float(chance.normal(0, 0.02)),
            level="micro",
        )
        gain, offset, damped = (
            chance.uniform(0.75, 1.4),
            chance.uniform(-3, 6),
            chance.uniform(0.05, 0.35),
        )
        rattle = chance.uniform(0.04, 0.13)
        for code in PM:
            values = (
                (near.values[code] * gain + offset)
                * (1 + damped * damp)
                * np.exp(rattle * rough(chance, hours, 2))
            )
            site.put(code, np.maximum(values, 1.0), 0)
        county.sites.append(site)
    county.rain = _rain(chance, hours)
    gauge = Site("M-1", "weather", 118.5, 24.9)
    gauge.put("a01021", county.rain, 1)
    county.sites.append(gauge)
    for n in range(10):
        _stack(chance, county, n)
    for n in range(10):
        _drain(chance, county, n)
    for river, count in (("R-1", 5), ("R-2", 4)):
        for n in range(count):
            _river(chance, county, river, n)
    return county


def _rain(chance: np.random.Generator, hours: int) -> np.ndarray:
    rain = np.zeros(hours)
    for begin in chance.integers(48, hours - 60, 5):
        length = int(chance.integers(2, 16))
        rain[begin : begin + length] += chance.exponential(2.5, length)
    return np.round(rain, 1)


def _work(chance: np.random.Generator, hours: int) -> np.ndarray:
    """Load: steady, in batches of shifts, or at full and half load by turns; with standstills."""
    hour = np.arange(hours)
    load = np.full(hours, chance.uniform(0.75, 0.95))
    match chance.integers(0, 4):
        case 0:
            shift = int(chance.integers(0, 3)) * 8
            load[(hour % 24 >= shift) & (hour % 24 < shift + 8)] = 0.0
        case 1:
            for begin in range(0, hours, int(chance.integers(36, 72))):
                load[begin : begin + int(chance.integers(8, 20))] *= 0.55
        case 2:
            load[hour // 24 % 7 == 6] = 0.0
    load = np.where(load > 0, load * (1 + 0.04 * rough(chance, hours, 12)), 0.0)
    for begin in chance.integers(0, hours - 90, int(chance.integers(1, 3))):
        load[begin : begin + int(chance.integers(10, 70))] = 0.0
    return np.clip(load, 0, 1.1)


def _stack(chance: np.random.Generator, county: County, n: int) -> None:
    hours, owner = county.hours, f"E-{n}"
    load = _work(chance, hours)
    running = load > 0
    site = Site(f"G-{n}", "flue_gas", 118.5 + 0.012 * n, 24.82, owner=owner,
                limits={"a21026": 50.0, "a21002": 100.0, "a34013": 10.0})  # fmt: skip
    oxygen = chance.uniform(6, 11) + 5 * (0.85 - load) + 0.3 * rough(chance, hours, 4)
    edge = running & (~np.roll(running, 1) | ~np.roll(running, -1))
    oxygen = np.where(
        edge, np.maximum(oxygen, chance.uniform(13, 18, hours)), np.clip(oxygen, 3, 16)
    )
    site.put("a19001", np.where(running, oxygen, 20.8 + chance.normal(0, 0.06, hours)), 2)
    flow = chance.uniform(10, 90)
    site.put(
        "a00000",
        np.where(
            running, flow * (0.2 + 0.8 * load) * (1 + 0.05 * rough(chance, hours, 2)), 0.02 * flow
        ),
        2,
    )
    pulses = 0.12 * np.sin(2 * np.pi * np.arange(hours) / chance.uniform(5, 11))
    held = chance.random() < 0.5
    for code, limit in site.limits.items():
        level = limit * chance.uniform(0.2, 0.55)
        wobble = chance.uniform(0.06, 0.2) * rough(chance, hours, chance.uniform(2, 8))
        clean = level * np.exp(wobble + (pulses if code == "a21002" else 0))
        raw = np.minimum(clean, 0.93 * limit) * (21 - np.minimum(oxygen, 20)) / 12
        if code == "a34013":
            # Soot is blown once a day for less than an hour.
            raw = np.where(
                running & (np.arange(hours) % 24 == n),
                np.minimum(raw * 1.7, 0.95 * limit * (21 - np.minimum(oxygen, 20)) / 12),
                raw,
            )
        last = raw[np.maximum.accumulate(np.where(running, np.arange(hours), 0))]
        site.put(
            code,
            np.where(running, raw, last if held else np.abs(chance.normal(0.3, 0.1, hours))),
            2,
        )
    county.sites.append(site)
    county.running[site.key], county.load[site.key] = running, load
    if n >= 7:
        return
    full, idle = chance.uniform(80, 1500), chance.uniform(0.03, 0.16)
    for role, size, level in (
        ("production", full, np.where(running, 0.35 + 0.65 * load, idle)),
        (
            "treatment",
            full * 0.12,
            np.where(running | np.roll(running, 1) | np.roll(running, 2), 1.0, 0.03),
        ),
    ):
        meter = Site(f"P-{owner}-{role[0]}", "power", site.lon, site.lat, owner=owner, role=role)
        meter.put("dPower", size * level * (1 + 0.04 * rough(chance, hours, 1.5)), 2)
        county.sites.append(meter)


def _drain(chance: np.random.Generator, county: County, n: int) -> None:
    hours, owner = county.hours, f"W-{n}"
    load = _work(chance, hours)
    running = load > 0
    site = Site(f"D-{n}", "wastewater", 118.5 + 0.012 * n, 24.97, owner=owner,
                limits={"w01018": 80.0, "w21003": 10.0, "w21011": 0.8})  # fmt: skip
    every = int(chance.choice([1, 2, 2, 4]))
    sampled = np.arange(hours) // every * every
    for code, limit in site.limits.items():
        level = limit * chance.uniform(0.15, 0.55)
        values = level * np.exp(chance.uniform(0.05, 0.18) * rough(chance, hours, 9))
        values = np.minimum(values, 0.93 * limit)[sampled]
        last = np.maximum.accumulate(np.where(running, np.arange(hours), 0))
        site.put(code, np.where(running, values, values[last]), 3)
    site.put("w01001", chance.uniform(6.9, 8.1) + 0.1 * rough(chance, hours, 8), 2)
    site.put(
        "w00000",
        np.where(
            running, chance.uniform(4, 60) * load * np.exp(0.15 * rough(chance, hours, 2)), 0.0
        ),
        2,
    )
    county.sites.append(site)
    county.running[site.key], county.load[site.key] = running, load


def _river(chance: np.random.Generator, county: County, river: str, n: int) -> None:
    hours, hour = county.hours, np.arange(county.hours)
    site = Site(f"{river}-S{n}", "water", 118.45 + 0.06 * n, 24.75 if river == "R-1" else 25.05,
                river=river, km=5.0 + 7.0 * n, step=4 if chance.random() < 0.5 else 1)  # fmt: skip
    flood = np.zeros(hours)
    for h in np.flatnonzero(county.rain):
        length = min(72, hours - h - 2 * n)
        if length > 0:
            flood[h + 2 * n : h + 2 * n + length] += (
                county.rain[h] / 25 * np.exp(-np.arange(length) / chance.uniform(10, 22))
            )
    tide = (0.3 if river == "R-1" and n >= 3 else 0.0) * np.sin(2 * np.pi * hour / 12.42 + 1)
    for code, low, high, gain, digits in (
        ("w21003", 0.1, 0.8, 0.9, 2), ("w21011", 0.04, 0.15, 1.2, 3), ("w01019", 1.5, 5, 0.5, 1),
        ("w01014", 180, 700, -0.3, 0), ("w01003", 8, 40, 5, 1),
    ):  # fmt: skip
        course = chance.uniform(low, high) * np.exp(
            chance.uniform(0.04, 0.1) * rough(chance, hours, 25)
        )
        course *= np.exp(tide * (2 if code == "w01014" else 0.5))
        site.put(
            code, course * np.maximum(1 + gain * flood * chance.uniform(0.6, 1.4), 0.4), digits
        )
    algae = chance.uniform(0.2, 2.0) * np.sin(2 * np.pi * (hour % 24 - 8) / 24)
    site.put(
        "w01009",
        np.maximum(7.2 + algae + 0.2 * rough(chance, hours, 10) + tide - np.minimum(flood, 2), 0.5),
        2,
    )
    site.put("w01001", 7.7 + 0.2 * algae + 0.04 * rough(chance, hours, 12), 2)
    county.sites.append(site)


# -- what goes wrong -------------------------------------------------------------------------------


def _outlets(t: Troubles) -> None:
    chance, county = t.chance, t.county
    gas, waste = county.of("flue_gas"), county.of("wastewater")
    metered = [s for s in gas if any(p.owner == s.owner for p in county.of("power"))]

    def span(sites: list[Site], low: int, high: int) -> tuple[Site, slice, int]:
        length = int(chance.integers(low, high))
        site, n = t.runs(sites, length)
        return site, slice(n, n + length), length

    def linked(site: Site) -> set[str]:
        return {o.key for o in county.sites if o.owner == site.owner} - {site.key}

    for _ in range(4):
        site, at, length = span(gas, 2, 12)
        code = str(chance.choice(list(site.limits)))
        site.values[code][at] = (
            site.limits[code]
            * chance.uniform(1.05, 3, length)
            * (21 - site.values["a19001"][at])
            / 12
        )
        t.add("exceedance", site, at.start, length)
    for sites in (gas, waste, waste):
        site, at, length = span(sites, 16, 48)
        code = list(site.limits)[int(chance.integers(3))]
        site.values[code][at] = site.values[code][at.start]
        t.add("constant", site, at.start, length, 12 if sites is waste else 6)
    for sites in (gas, waste, waste):
        site, at, length = span(sites, 24, 60)
        code = list(site.limits)[int(chance.integers(3))]
        site.values[code][at] = site.values[code][at.start] * (
            1 + chance.uniform(0.002, 0.01) * chance.normal(0, 1, length)
        )
        t.add("flat", site, at.start, length, 10)
    for _ in range(2):
        site, at, length = span(gas, 20, 48)
        code = str(chance.choice(["a21026", "a21002"]))
        top = chance.uniform(0.93, 0.99) * site.limits[code]
        free = site.limits[code] * np.exp(0.15 * rough(chance, length, 3) + 0.12)
        site.values[code][at] = (
            np.minimum(free, top)
            * (1 + 0.002 * chance.normal(0, 1, length))
            * (21 - site.values["a19001"][at])
            / 12
        )
        t.add("clamped", site, at.start, length, 10)
    for sites in (gas, gas, waste):
        site, at, length = span(sites, 6, 30)
        for code in site.marks:
            site.marks[code][at] = "F"
        t.add("marked_stop", site, at.start, length, linked=linked(site))
    for _ in range(2):
        site, at, length = span(metered, 8, 30)
        before = site.values["a19001"][at].copy()
        after = np.minimum(before + chance.uniform(3, 6) * shape(chance, length), 18.0)
        site.values["a19001"][at] = after
        for code in site.limits:
            site.values[code][at] *= (21 - after) / (21 - before)
        t.add("dilution", site, at.start, length, 1, linked(site))
    for sites in (gas, waste):
        site, at, length = span(sites, 5, 20)
        code = list(site.limits)[int(chance.integers(3))]
        site.values[code][at] = -site.limits[code] * chance.uniform(0.01, 0.3, length)
        t.add("negative", site, at.start, length, 1)
        site, at, length = span(sites, 4, 20)
        code = list(site.limits)[int(chance.integers(3))]
        site.values[code][at] *= 1000 if chance.random() < 0.6 else 0.001
        site.digits[code] = 6
        t.add("unit", site, at.start, length)
    for _ in range(3):
        site, at, length = span(waste, 3, 12)
        site.values["w01001"][at] += chance.choice([-1, 1]) * chance.uniform(1.5, 4)
        t.add("ph_jump", site, at.start, length)
    for _ in range(2):
        site, at, length = span(metered, 20, 60)
        share = chance.uniform(0.1, 0.35)
        for code in site.limits:
            site.values[code][at] *= share * np.exp(0.05 * rough(chance, length, 4))
        t.add("consistency", site, at.start, length, 5, linked(site))
    site, at, length = span(metered, 8, 30)
    site.values["a00000"][at] *= chance.uniform(0.05, 0.35)
    t.add("bypass", site, at.start, length, 1, linked(site))


def _meters(t: Troubles) -> None:
    chance, county = t.chance, t.county
    treatment = {s.owner: s for s in county.of("power") if s.role == "treatment"}
    outlets = [s for s in county.of("flue_gas") if s.owner in treatment]
    for _ in range(3):
        length = int(chance.integers(3, 24))
        outlet, n = t.runs(outlets, length)
        site = treatment[outlet.owner]
        site.values["dPower"][n : n + length] = np.median(site.values["dPower"]) * chance.choice(
            [0.0, 0.03, 0.15]
        )
        t.add(
            "no_treatment",
            site,
            n,
            length,
            1,
            {o.key for o in county.sites if o.owner == site.owner} - {site.key},
        )


def _rivers_troubled(t: Troubles) -> None:
    chance, county = t.chance, t.county
    rivers = county.of("water")
    dry = [
        n
        for n in range((WARM_UP + 3) * 24, county.hours - 90)
        if county.rain[n - 72 : n + 40].sum() < 1
    ]
    for _ in range(2):
        sites = [s for s in rivers if s.km < 20]
        for _ in range(80):
            try:
                site, n = t.place(sites, 48, int(chance.choice(dry)) if dry else None)
                break
            except RuntimeError:
                continue
        else:
            continue
        length, code, strong = (
            int(chance.integers(8, 24)),
            str(chance.choice(["w21003", "w21011", "w01019"])),
            chance.uniform(2, 6),
        )
        linked, last = set(), n + length
        for down in rivers:
            if down.river == site.river and down.km >= site.km:
                late = int((down.km - site.km) / chance.uniform(0.3, 0.8) / 3.6)
                end = min(n + late + length, county.hours)
                pulse = np.sin(np.pi * (np.arange(end - n - late) + 1) / (length + 1))
                down.values[code][n + late : end] *= (
                    1 + strong * np.exp(-0.03 * (down.km - site.km)) * pulse
                )
                linked.add(down.key)
                last = max(last, end)
        t.add("discharge", site, n, last - n, site.step + 2, linked)
    site, n = t.place(rivers, 9 * 24, int(chance.integers(12, 20)) * 24)
    code = str(chance.choice(["w21003", "w21011", "w01019"]))
    site.values[code][n : n + 216] *= np.exp(np.linspace(0, chance.uniform(0.8, 1.4), 216))
    t.add("river_trend", site, n, 216, 72)
    for code in ("w01009", "w21003"):
        length = int(chance.integers(36, 90))
        site, n = t.place(rivers, length)
        site.values[code][n : n + length] = site.values[code][n]
        t.add("river_stuck", site, n, length, 5 * site.step)
    site, n = t.place(rivers, 16)
    site.values["w01001"][n : n + 14] += chance.choice([-1, 1]) * chance.uniform(1.3, 2.5)
    t.add("ph_jump", site, n, 14, site.step)


def _air_troubled(t: Troubles) -> None:
    chance, county = t.chance, t.county
    stations = [s for s in county.of("air") if s.level != "micro"]
    micro = county.of("air", "micro")
    for sites in (stations, stations, stations, micro, micro):
        length = int(chance.integers(7, 20))
        site, n = t.place(sites, length)
        course, dust = shape(chance, length), chance.random() < 0.4
        for code, more in (
            ("a34002", chance.uniform(70, 220)),
            ("a34004", chance.uniform(40, 110)),
        ):
            if not (dust and code == "a34004"):
                values = site.values[code][n : n + length]
                site.values[code][n : n + length] = (
                    values * (1 + course * chance.uniform(0.1, 0.8)) + more * course
                )
        t.add("local_source", site, n, length, 2)
    for _ in range(2):
        length = int(chance.integers(8, 30))
        for _ in range(80):
            site, n = t.place(stations, length)
            if np.median(site.values["a34002"][n : n + length]) > 70:
                break
            t._taken[site.key].pop()
        for code in PM:
            site.values[code][n : n + length] *= chance.uniform(0.3, 0.5) * np.exp(
                0.1 * rough(chance, length, 2)
            )
        t.add("interfered", site, n, length, 3)
    for _ in range(2):
        length = 9 * 24
        site, n = t.place(micro, length, int(chance.integers(13, 24)) * 24)
        up = np.linspace(0, chance.choice([-0.8, 0.7, 1.0]), length)
        for code in PM:
            site.values[code][n : n + length] *= np.exp(up)
        t.add("micro_drift", site, n, length, 48)
    site, n = t.place(stations, 14)
    site.values["a34002"][n : n + 14] = site.values["a34002"][n] + 20
    t.add("constant", site, n, 14, 6)
    site, n = t.place(stations, 8)
    site.values["a34004"][n : n + 8] = -chance.uniform(2, 12, 8)
    t.add("negative", site, n, 8, 1)


def _silence(t: Troubles) -> None:
    for kind in ("air", "flue_gas", "wastewater", "water", "power"):
        length = int(t.chance.integers(14, 60))
        site, n = t.place(t.county.of(kind), length)
        for values in site.values.values():
            values[n : n + length] = np.nan
        t.add(
            "missing",
            site,
            n,
            length,
            4 * site.step if kind != "power" else 4,
            {o.key for o in t.county.sites if site.owner and o.owner == site.owner} - {site.key},
        )


# -- what only looks so ----------------------------------------------------------------------------


def _region(t: Troubles) -> None:
    chance, county = t.chance, t.county
    air = county.of("air")
    for _ in range(2):
        # Fireworks, strong here and weak there.
        n = int(chance.integers(WARM_UP, county.hours // 24 - 2)) * 24 + 19
        for site in air:
            length = int(chance.integers(2, 7))
            for code in (*PM, "a21026"):
                if code in site.values:
                    site.values[code][n : n + length] *= chance.lognormal(0.7, 0.4)
    # Dust that crosses the county within four hours.
    n = int(chance.integers((WARM_UP + 1) * 24, county.hours - 50))
    for site in air:
        late = int((site.lon - 118.4) / 0.25 * 4)
        length = int(chance.integers(12, 30))
        at = slice(n + late, n + late + length)
        rise = np.minimum(1, (np.arange(length) + 1) / 3) * np.exp(-np.arange(length) / 14)
        site.values["a34002"][at] += chance.uniform(300, 520) * rise
        site.values["a34004"][at] += chance.uniform(30, 60) * rise
    # Half the county lies in still air one night.
    n = int(chance.integers(WARM_UP + 1, county.hours // 24 - 2)) * 24 + 22
    for site in air:
        if site.lat > 24.9:
            for code in (*PM, "a21005", "a21004"):
                if code in site.values:
                    site.values[code][n : n + 8] *= chance.uniform(1.4, 1.9)


def _decoys(t: Troubles) -> None:
    chance, county = t.chance, t.county
    outlets = [*county.of("flue_gas"), *county.of("wastewater")]
    for site in outlets:
        for week in range(5):
            n = min(week * 168 + int(chance.integers(50, 165)), county.hours - 4)
            for code, limit in site.limits.items():
                site.values[code][n : n + 2] = limit * chance.uniform(0.0, 1.6)
                site.marks[code][n : n + 2] = "C"
        for n in chance.integers(0, county.hours - 3, 4):
            code = str(chance.choice(list(site.limits)))
            site.values[code][n : n + int(chance.integers(1, 3))] = np.nan
    for site in county.of("air"):
        for n in chance.integers(WARM_UP * 24, county.hours - 4, 3):
            code = str(chance.choice(PM))
            site.values[code][n : n + int(chance.integers(1, 3))] *= chance.uniform(1.4, 2.5)
        for n in chance.integers(0, county.hours - 5, 3):
            for values in site.values.values():
                values[n : n + 1] = np.nan
    for site in county.of("water"):
        # A reading that is nothing but a bubble in the cell.
        n = int(chance.integers(WARM_UP * 24, county.hours - 4)) // site.step * site.step
        site.values[str(chance.choice(["w21003", "w21011"]))][n : n + 1] *= chance.uniform(1.5, 2.2)
    for _ in range(3):
        site, n = t.place(outlets, 10)
        for code, limit in site.limits.items():
            site.values[code][n : n + 8] = limit * chance.uniform(0, 2.5, 8)
        t.filings.append(Filed(site.key, "maintenance", n - 1, n + 10))
    for _ in range(2):
        site, n = t.place(outlets, 40)
        for other in [site, *(s for s in county.sites if s.owner == site.owner and s is not site)]:
            for values in other.values.values():
                values[n : n + 36] = np.nan
        t.filings.append(Filed(site.owner, "shutdown", n - 1, n + 40))
