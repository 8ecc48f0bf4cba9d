"""What goes wrong in the third county, in the ways somebody would think of who has never seen the detectors, and its decoys."""

from __future__ import annotations

import numpy as np
from benchmarks.county_series import WARM_UP, County, Site
from benchmarks.county_third import PM, ornstein
from benchmarks.county_troubles import Filed, Troubles


def put_in(chance: np.random.Generator, county: County) -> Troubles:
    """Fifty to sixty events and some two hundred decoys."""
    t = Troubles(chance, county)
    _region(t)
    for put in (_flue_gas, _wastewater, _meters, _rivers, _air, _silence):
        put(t)
    _decoys(t)
    return t


def _linked(county: County, site: Site) -> set[str]:
    return {o.key for o in county.sites if site.owner and o.owner == site.owner} - {site.key}


def _span(t: Troubles, sites: list[Site], low: int, high: int) -> tuple[Site, slice, int]:
    for _ in range(60):
        length = int(t.chance.integers(low, high))
        try:
            site, n = t.runs(sites, length)
        except RuntimeError:
            continue
        return site, slice(n, n + length), length
    raise RuntimeError("no room")


def _any(t: Troubles, sites: list[Site], low: int, high: int) -> tuple[Site, slice, int]:
    length = int(t.chance.integers(low, high))
    site, n = t.place(sites, length)
    return site, slice(n, n + length), length


def _thin(site: Site, at: slice) -> np.ndarray:
    return (21 - np.minimum(site.values["a19001"][at], 20)) / 12


def _clear_checks(site: Site, at: slice, codes: list[str]) -> None:
    """A check within a trouble is part of it: whoever feeds a value feeds it through."""
    for code in codes:
        hours = np.arange(at.start, at.stop)
        for n in hours[site.marks[code][at] == "C"]:
            site.values[code][n] = site.values[code][n - 1]
            site.marks[code][n] = "N"


def _flue_gas(t: Troubles) -> None:
    chance, county = t.chance, t.county
    gas = county.of("flue_gas")
    metered = [s for s in gas if _linked(county, s)]
    for n in range(4):
        site, at, length = _span(t, gas, 2, 14)
        # One factor; all three at once (one trouble told once); or a slow failure of the scrubber.
        codes = list(site.limits) if n == 0 else [str(chance.choice(list(site.limits)))]
        _clear_checks(site, at, codes)
        for code in codes:
            rise = (
                np.linspace(1.1, chance.uniform(1.3, 4), length)
                if n % 2
                else chance.uniform(1.1, 2.2, length)
            )
            site.values[code][at] = site.limits[code] * rise * _thin(site, at)
        t.add("exceedance", site, at.start, length)
    # A whole day over the limit, told by its hours.
    site, at, length = _span(t, gas, 26, 34)
    _clear_checks(site, at, ["a21026"])
    site.values["a21026"][at] = (
        site.limits["a21026"]
        * chance.uniform(1.2, 1.6)
        * np.exp(0.1 * chance.normal(0, 1, length))
        * _thin(site, at)
    )
    t.add("exceedance", site, at.start, length, 2)
    site, at, length = _span(t, gas, 14, 40)
    code = str(chance.choice(["a21026", "a34013"]))
    _clear_checks(site, at, [code])
    site.values[code][at] = np.round(site.values[code][at.start], 1)
    t.add("constant", site, at.start, length, 6)
    for spread in (0.002, 0.008):
        site, at, length = _span(t, gas, 18, 50)
        code = str(chance.choice(["a21026", "a21002"]))
        _clear_checks(site, at, [code])
        level = float(np.median(site.values[code][at.start - 12 : at.start]))
        jitter = (
            chance.uniform(-1, 1, length)
            if chance.random() < 0.5
            else chance.normal(0, 0.6, length)
        )
        site.values[code][at] = level * (1 + spread * jitter)
        t.add("flat", site, at.start, length, 10)
    for n in range(2):
        site, at, length = _span(t, gas, 18, 48)
        code = "a21002" if n else "a21026"
        _clear_checks(site, at, [code])
        limit = site.limits[code]
        if n:
            # A ceiling in the software: the values above it are written as the ceiling.
            free = limit * np.exp(0.12 + 0.18 * ornstein(chance, length, 4))
            shown = np.minimum(free, limit * chance.uniform(0.94, 0.99))
        else:
            # Scaled so that nothing passes the limit: close under it, and restless.
            shown = limit * (0.985 - np.abs(chance.normal(0, 0.015, length)))
        site.values[code][at] = shown * _thin(site, at)
        t.add("clamped", site, at.start, length, 10)
    for n in range(2):
        site, at, length = _span(t, gas, 6, 24)
        for code in site.marks if n else list(site.limits):
            site.marks[code][at] = "F"
        t.add("marked_stop", site, at.start, length, 1, _linked(county, site))
    for n in range(2):
        site, at, length = _span(t, metered if n else gas, 7, 30)
        before = site.values["a19001"][at].copy()
        # Air let in: part of the flow, so that oxygen goes towards that of air and the flow grows by it.
        part = chance.uniform(0.25, 0.5)
        site.values["a19001"][at] = (1 - part) * before + part * 20.9
        for code in site.limits:
            keep = site.marks[code][at] == "C"
            site.values[code][at] = np.where(
                keep, site.values[code][at], site.values[code][at] * (1 - part)
            )
        site.values["a00000"][at] *= 1 / (1 - part)
        t.add("dilution", site, at.start, length, 1, _linked(county, site))
    site, at, length = _span(t, gas, 5, 24)
    code = str(chance.choice(list(site.limits)))
    _clear_checks(site, at, [code])
    site.values[code][at] = -np.abs(chance.normal(0.02, 0.01, length) * site.limits[code]) - 0.3
    t.add("negative", site, at.start, length, 1)
    site, at, length = _span(t, gas, 4, 20)
    code = str(chance.choice(list(site.limits)))
    _clear_checks(site, at, [code])
    site.values[code][at] *= 1000.0
    t.add("unit", site, at.start, length, 1)
    site, at, length = _span(t, gas, 5, 16)
    _clear_checks(site, at, ["a21026"])
    site.values["a21026"][at] = 0.0
    t.add("zero", site, at.start, length, 2)
    for n in range(2):
        site, at, length = _span(t, metered, 16, 50)
        share = chance.uniform(0.12, 0.33)
        for code in site.limits if n else ["a21026"]:
            _clear_checks(site, at, [code])
            site.values[code][at] *= share
        t.add("consistency", site, at.start, length, 6, _linked(county, site))
    site, at, length = _span(t, metered, 6, 24)
    site.values["a00000"][at] *= chance.uniform(0.08, 0.4)
    t.add("bypass", site, at.start, length, 1, _linked(county, site))
    # A leap that stays under the limit: treatment has failed half, or another fuel burns.
    quiet = [s for s in gas if np.median(s.values["a21002"]) < 0.3 * s.limits["a21002"]]
    if not quiet:
        return
    try:
        site, at, length = _span(t, quiet, 5, 16)
    except RuntimeError:
        return  # Their batches are shorter than that.
    _clear_checks(site, at, ["a21002"])
    site.values["a21002"][at] = (
        site.limits["a21002"] * chance.uniform(0.82, 0.97, length) * _thin(site, at)
    )
    t.add("sudden", site, at.start, length, 2)


def _wastewater(t: Troubles) -> None:
    chance, county = t.chance, t.county
    waste = county.of("wastewater")
    steady = [s for s in waste if np.mean(county.running[s.key]) > 0.7]
    site, at, length = _span(t, steady, 5, 14)
    code = str(chance.choice(list(site.limits)))
    site.values[code][at] = site.limits[code] * chance.uniform(2.5, 5, length)
    t.add("exceedance", site, at.start, length, 1)
    for n in range(2):
        site, at, length = _span(t, steady, 24, 60)
        code = str(chance.choice(["w01018", "w21003"]))
        level = float(site.values[code][at.start])
        if n:
            site.values[code][at] = level * (1 + 0.006 * chance.normal(0, 1, length))
            t.add("flat", site, at.start, length, 12)
        else:
            site.values[code][at] = level
            t.add("constant", site, at.start, length, 14)
    for way in (-1, 1):
        site, at, length = _span(t, steady, 2, 8)
        ramp = np.minimum(1, (np.arange(length) + 1) / 2)
        site.values["w01001"][at] += way * chance.uniform(1.4, 3.5) * ramp
        t.add("ph_jump", site, at.start, length, 1)
    site, at, length = _span(t, steady, 6, 20)
    site.values["w21003"][at] *= 0.001
    site.digits["w21003"] = 5
    t.add("unit", site, at.start, length, 1)
    site, at, length = _span(t, steady, 8, 30)
    for code in site.marks:
        site.marks[code][at] = "F"
    t.add("marked_stop", site, at.start, length, 1)
    site, at, length = _span(t, steady, 6, 20)
    site.values["w01018"][at] = -chance.uniform(0.6, 3, length)
    t.add("negative", site, at.start, length, 1)
    # A leap of the inflow's ammonia under the limit.
    site, at, length = _span(t, steady, 6, 18)
    usual = float(np.median(site.values["w21003"]))
    if usual < 0.3 * site.limits["w21003"]:
        site.values["w21003"][at] = 0.93 * site.limits["w21003"] * chance.uniform(0.9, 1, length)
        t.add("sudden", site, at.start, length, 2)


def _meters(t: Troubles) -> None:
    county = t.county
    treatment = {s.owner: s for s in county.of("power") if s.role == "treatment"}
    outlets = [s for s in county.of("flue_gas") if s.owner in treatment]
    for left in (0.0, 0.02, 0.12):
        outlet, at, length = _span(t, outlets, 3, 18)
        site = treatment[outlet.owner]
        site.values["dPower"][at] = (
            np.median(site.values["dPower"][county.running[outlet.key]]) * left
        )
        t.add("no_treatment", site, at.start, length, 1, _linked(county, site))


def _rivers(t: Troubles) -> None:
    chance, county = t.chance, t.county
    rivers = county.of("water")
    dry = [
        n
        for n in range((WARM_UP + 3) * 24, county.hours - 100)
        if county.rain[n - 60 : n + 40].sum() < 1
    ]
    for river in ("R-A", "R-B"):
        along = sorted((s for s in rivers if s.river == river), key=lambda s: s.km)
        for _ in range(80):
            try:
                head, n = t.place(along[:2], 60, int(chance.choice(dry)) if dry else None)
                break
            except RuntimeError:
                continue
        else:
            continue
        code, speed, strong = (
            str(chance.choice(["w21003", "w21011"])),
            chance.uniform(0.25, 0.7),
            chance.uniform(2.5, 6),
        )
        length, linked, last = int(chance.integers(8, 20)), set(), n
        hour = np.arange(county.hours)
        for down in along:
            if down.km < head.km:
                continue
            middle = n + length / 2 + (down.km - head.km) / speed / 3.6
            # It spreads as it goes.
            width = length / 3 + 0.15 * (down.km - head.km)
            down.values[code] = down.values[code] * (
                1 + strong * length / 3 / width * np.exp(-((hour - middle) ** 2) / 2 / width**2)
            )
            linked.add(down.key)
            last = max(last, int(middle + 1.5 * width))
        every = head.steps.get(code, head.step)
        t.add(
            "discharge",
            head,
            n,
            min(last, county.hours) - n,
            every + length // 4,
            linked - {head.key},
        )
    site, at, length = _any(t, rivers, 8 * 24, 11 * 24)
    code = str(chance.choice(["w21003", "w21011", "w01019"]))
    site.values[code][at] *= np.linspace(1, chance.uniform(2, 3.5), length)
    t.add("river_trend", site, at.start, length, 96)
    for code in ("w01009", "w21003"):
        site, at, length = _any(t, rivers, 40, 90)
        site.values[code][at] = site.values[code][at.start]
        t.add("river_stuck", site, at.start, length, 5 * site.steps.get(code, site.step))
    site, at, length = _any(t, rivers, 10, 24)
    site.values["w01001"][at] += chance.choice([-1, 1]) * chance.uniform(1.2, 2.4)
    t.add("ph_jump", site, at.start, length, site.step)
    site, at, length = _any(t, rivers, 12, 30)
    site.values["w01009"][at] = -0.5
    t.add("negative", site, at.start, length, 2 * site.step)


def _air(t: Troubles) -> None:
    chance, county = t.chance, t.county
    stations, micro = [s for s in county.of("air") if s.level != "micro"], county.of("air", "micro")
    for sites in (stations, stations, stations, micro):
        site, at, length = _any(t, sites, 6, 18)
        # A site of earthworks: coarse; a fire of waste: fine, with CO.
        fire = chance.random() < 0.5
        course = np.clip(0.7 + 0.3 * ornstein(chance, length, 3), 0.4, 1.2)
        site.values["a34002"][at] += (70 if fire else chance.uniform(130, 260)) * course
        site.values["a34004"][at] += (chance.uniform(55, 110) if fire else 12) * course
        if fire and "a21005" in site.values:
            site.values["a21005"][at] += 0.6 * course
        t.add("local_source", site, at.start, length, 3)
    for _ in range(2):
        for _ in range(80):
            site, at, length = _any(t, stations, 8, 28)
            if np.nanmedian(site.values["a34002"][at]) > 75:
                break
            t._taken[site.key].pop()
        # A mist cannon beside the inlet, or a bag over it: the dust falls, the gases do not.
        for code in PM:
            site.values[code][at] *= chance.uniform(0.25, 0.5)
        t.add("interfered", site, at.start, length, 4)
    for ends in (0.8, -0.9):
        site, at, length = _any(t, micro, 8 * 24, 11 * 24)
        steps = np.repeat(np.linspace(0, 1, length // 24 + 1), 24)[:length]
        for code in PM:
            site.values[code][at] *= np.exp(ends * steps)
            # It stays where it has gone to: changed at the end of the event.
        t.add("micro_drift", site, at.start, length, 60)
    site, at, length = _any(t, stations, 10, 20)
    code = str(chance.choice(["a34004", "a05024"]))
    site.values[code][at] = np.nan_to_num(site.values[code][at.start], nan=40.0) + 15
    t.add("constant", site, at.start, length, 7)
    site, at, length = _any(t, stations, 6, 14)
    site.values["a34004"][at] = -chance.uniform(3, 9, length)
    t.add("negative", site, at.start, length, 2)


def _silence(t: Troubles) -> None:
    county = t.county
    mixed = [s for s in county.of("water") if s.steps]
    groups = [county.of(kind) for kind in ("air", "flue_gas", "wastewater", "water")] + [
        mixed or county.of("water")
    ]
    for sites in groups:
        site, at, length = _any(t, sites, 16, 50)
        for values in site.values.values():
            values[at] = np.nan
        t.add("missing", site, at.start, length, 3 * site.step, _linked(county, site))


# -- what only looks so ----------------------------------------------------------------------------


def _region(t: Troubles) -> None:
    chance, county = t.chance, t.county
    air = county.of("air")
    # The eve of the new year: from dusk until two, very unequal, fine dust and SO2.
    n = int(chance.integers(WARM_UP + 1, county.hours // 24 - 3)) * 24 + 18
    for site in air:
        length, strength = int(chance.integers(5, 10)), chance.lognormal(0.8, 0.5)
        shape = np.sin(np.pi * (np.arange(length) + 1) / (length + 1))
        for code, share in (("a34004", 1.0), ("a34002", 1.0), ("a21026", 0.6)):
            if code in site.values:
                site.values[code][n : n + length] *= 1 + strength * share * shape
    # A dust front from the north-west, hours apart between stations, coarse.
    n = int(chance.integers((WARM_UP + 1) * 24, county.hours - 60))
    west = min(s.lon for s in air)
    for site in air:
        late, length = int((site.lon - west) / 0.08), int(chance.integers(16, 36))
        front = np.exp(-np.arange(length) / 10) * np.minimum(1, (np.arange(length) + 1) / 2)
        site.values["a34002"][n + late : n + late + length] += chance.uniform(250, 700) * front
        site.values["a34004"][n + late : n + late + length] += chance.uniform(20, 80) * front
    # Two nights of mist.
    for _ in range(2):
        n = int(chance.integers(WARM_UP + 1, county.hours // 24 - 2)) * 24 + 23
        for site in county.of("air", "micro"):
            for code in PM:
                site.values[code][n : n + 8] *= chance.uniform(1.1, 1.7)


def _decoys(t: Troubles) -> None:
    chance, county = t.chance, t.county
    outlets = [*county.of("flue_gas"), *county.of("wastewater")]
    for site in outlets:
        # Maintenance with the key turned: the mark is true, the plant runs.
        for _ in range(3):
            n = int(chance.integers(48, county.hours - 8))
            length = int(chance.integers(2, 6))
            for code, limit in site.limits.items():
                site.values[code][n : n + length] = limit * chance.uniform(0, 2, length)
                site.marks[code][n : n + length] = "M"
        # An hour lost; a fault said by the device for two.
        for n in chance.integers(0, county.hours - 4, 4):
            for values in site.values.values():
                values[n : n + 1] = np.nan
        n = int(chance.integers(48, county.hours - 4))
        for code in site.limits:
            site.values[code][n : n + 2] = 0
            site.marks[code][n : n + 2] = "D"
    for site in county.of("air"):
        for n in chance.integers(WARM_UP * 24, county.hours - 4, 2):
            site.values["a34002"][n : n + int(chance.integers(1, 3))] *= chance.uniform(1.3, 2.2)
    for site in county.of("water"):
        every = site.steps.get("w21003", site.step)
        n = int(chance.integers(WARM_UP * 24, county.hours - 8)) // every * every
        site.values["w21003"][n] *= chance.uniform(1.6, 2.6)
        # A probe cleaned: one hour out of line.
        n = int(chance.integers(WARM_UP * 24, county.hours - 8)) // site.step * site.step
        site.values["w01009"][n] += chance.uniform(1, 2.5)
    # A plant that ran close to its limit honestly.
    for _ in range(2):
        site, at, length = _span(t, county.of("flue_gas"), 8, 16)
        site.values["a34013"][at] = (
            site.limits["a34013"] * chance.uniform(0.55, 0.96, length) * _thin(site, at)
        )
    for _ in range(3):
        site, n = t.place(outlets, 12)
        for code, limit in site.limits.items():
            site.values[code][n : n + 9] = limit * chance.uniform(0, 2.2, 9)
        t.filings.append(Filed(site.key, "maintenance", n - 1, n + 11))
    for _ in range(2):
        site, n = t.place(outlets, 44)
        for other in [site, *(s for s in county.sites if s.owner == site.owner and s is not site)]:
            for values in other.values.values():
                values[n : n + 40] = np.nan
        t.filings.append(Filed(site.owner, "shutdown", n - 1, n + 44))
    # A true stop, marked and filed, that ends hours earlier than filed: production is back, and the marks are gone.
    metered = [s for s in county.of("flue_gas") if _linked(county, s)]
    site, at, length = _span(t, metered, 24, 40)
    county.running[site.key][at] = False
    site.values["a19001"][at], site.values["a00000"][at] = 20.9, 0.0
    for code in site.limits:
        site.values[code][at] = 0.2
        site.marks[code][at] = "F"
    for meter in (s for s in county.of("power") if s.owner == site.owner):
        meter.values["dPower"][at] *= 0.05
    t.filings.append(Filed(site.owner, "shutdown", at.start, at.stop + 2))
