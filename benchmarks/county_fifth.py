"""A fifth county, written by somebody who had not seen the rules: trades with their own hours, three scales of noise.

Air is measured and comes from :mod:`benchmarks.county_fifth_air`. A plant's trade says when it runs
(without end, on weekdays, by day, in batches), to which oxygen its limits refer, and what its analysers show while it
stands (the last value, zero, or what the chimney breathes). One in three changes its production for good within the month. Rivers carry rain as a reservoir empties, a first flush and then thinner water; the lower part
of the second one is tidal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from benchmarks.county_fifth_air import CENTRE, Watched, measured, micro_station, noise, sun
from benchmarks.county_series import WARM_UP, County, Site

POINTS = 83


@dataclass(frozen=True)
class Trade:
    """When plants of a trade run, and what holds of their outlets."""

    hours: str
    limits: tuple[float, float, float]
    oxygen: tuple[float, float] = (9.0, 9.0)  # that limits refer to; usual in the duct
    warmth: float = 60.0


STACKS = [
    Trade("always", (35, 50, 10), (6, 6.2), 52),  # coal power
    Trade("weekdays", (200, 200, 30), (9, 11), 95),  # coal boiler of a dyeing works
    Trade("always", (50, 100, 10), (10, 10.5), 105),  # cement kiln
    Trade("batches", (100, 300, 30), (9, 12.5), 140),  # foundry
    Trade("always", (80, 250, 20), (11, 9.5), 148),  # waste incinerator
    Trade("days", (35, 50, 5), (3.5, 5), 88),  # gas boiler of a food factory
    Trade("always", (50, 180, 30), (18, 17.4), 80),  # ceramics
]
OUTFALLS = [
    Trade("always", (50, 5, 0.5)),  # town sewage works
    Trade("weekdays", (80, 10, 0.5)),  # dyeing
    Trade("batches", (80, 15, 1.0)),  # plating
    Trade("always", (500, 45, 8)),  # to a sewer
    Trade("days", (100, 15, 1.0)),  # food
]


def whole(seed: int, days: int = 30) -> tuple[County, object]:
    from benchmarks.county_fifth_troubles import put_in

    chance = np.random.default_rng([5, seed])
    county = untroubled(chance, (days + WARM_UP) * 24)
    return county, put_in(chance, county)


def untroubled(chance: np.random.Generator, hours: int) -> Watched:
    county = measured(chance, hours)
    county.rain = _rain(chance, hours)
    gauge = Site("M-1", "weather", *CENTRE)
    gauge.put("a01021", county.rain, 1)
    county.sites.append(gauge)
    for n in range(10):
        _stack(chance, county, n)
    for n in range(8):
        _outfall(chance, county, n)
    _river(chance, county, "R-1", 6, 0.0)
    _river(chance, county, "R-2", 5, chance.uniform(0.25, 0.45))
    reference = county.of("air")
    # Nights of mist, to which counters of particles are not deaf.
    damp = np.maximum(noise(chance, hours, ((30, 1.0),)) * np.maximum(sun(county, 4), 0), 0)
    for n in range(POINTS - len(county.sites)):
        county.sites.append(micro_station(chance, county, reference, damp, n))
    return county


# -- plants ----------------------------------------------------------------------------------------


def _hours_of_work(chance: np.random.Generator, county: County, hours: str) -> np.ndarray:
    """When a plant runs."""
    at = np.arange(county.hours) + county.begin.hour
    weekday, hour = (at // 24 + county.begin.weekday()) % 7, at % 24
    on = np.ones(county.hours, dtype=bool)
    if hours == "weekdays":
        on = weekday < chance.choice([5, 6])
    elif hours == "days":
        begin = int(chance.integers(5, 8))
        on = (hour >= begin) & (hour < begin + chance.integers(13, 17)) & (weekday < 6)
    elif hours == "batches":
        n = int(chance.integers(0, 10))
        while n < county.hours:
            work, pause = int(chance.integers(14, 27)), int(chance.integers(3, 7))
            on[n + work : n + work + pause] = False
            n += work + pause
    elif chance.random() < 0.4:
        n = int(chance.integers(0, county.hours - 80))
        on[n : n + int(chance.integers(20, 70))] = False
    return on


def work(chance: np.random.Generator, county: County, hours: str) -> tuple[np.ndarray, np.ndarray]:
    """When a plant runs, and at which load."""
    on = _hours_of_work(chance, county, hours)
    load = chance.uniform(0.78, 0.95) + 0.05 * noise(chance, county.hours) + chance.uniform(0, 0.08) * sun(county, 14)  # fmt: skip
    if chance.random() < 0.33:
        n = int(chance.integers(10, county.hours // 24 - 4)) * 24 + 8
        load[n:] *= chance.choice([0.65, 0.75, 1.15])
    first = on & ~np.roll(on, 1)
    load = np.where(first | (on & np.roll(first, 1)), load * 0.7, load)
    return on, np.where(on, np.clip(load, 0.3, 1.1), 0.0)


def under(values: np.ndarray, limit: float) -> np.ndarray:
    """Bent below 92 % of a limit: plants are run so."""
    top, knee = 0.92 * limit, 0.6 * limit
    return np.where(values > knee, knee + (top - knee) * np.tanh((values - knee) / (top - knee)), values)  # fmt: skip


def thinning(site: Site, at: slice) -> np.ndarray:
    """What a converted concentration is multiplied with to be the measured one."""
    oxygen: np.ndarray = np.minimum(site.values["a19001"][at], 20)
    return (21 - oxygen) / (21 - site.reference_oxygen)


def _last_kept(values: np.ndarray, on: np.ndarray) -> np.ndarray:
    return values[np.maximum.accumulate(np.where(on, np.arange(len(on)), 0))]


def _stack(chance: np.random.Generator, county: Watched, n: int) -> None:
    trade, hours, owner = STACKS[n % len(STACKS)], county.hours, f"E-{n}"
    on, load = work(chance, county, trade.hours)
    site = Site(f"G-{n}", "flue_gas", CENTRE[0] + 0.012 * (n - 5), CENTRE[1] - 0.07, owner=owner,
                limits=dict(zip(("a21026", "a21002", "a34013"), map(float, trade.limits), strict=True)),
                reference_oxygen=trade.oxygen[0])  # fmt: skip
    first, last = on & ~np.roll(on, 1), on & ~np.roll(on, -1)
    oxygen = trade.oxygen[1] + min(4.0, 20 - trade.oxygen[1]) * (0.9 - load) + 0.25 * noise(chance, hours)  # fmt: skip
    oxygen = np.where(first | last, np.maximum(oxygen, chance.uniform(15, 19, hours)), oxygen)
    oxygen = np.where(np.roll(first, 1) & on, (oxygen + np.maximum(oxygen, 16) * 0.6) / 1.6, oxygen)
    site.put("a19001", np.clip(np.where(on, oxygen, 20.85 + 0.04 * chance.normal(size=hours)), 1, 20.95), 2)  # fmt: skip
    draught = chance.choice([0.0, 0.03])
    flow = chance.uniform(6, 90) * np.exp(0.04 * noise(chance, hours))
    site.put("a00000", flow * np.where(on, 0.25 + 0.75 * load, draught), 2)
    cooled = np.convolve(np.concatenate([np.ones(5), on]), np.exp(-np.arange(6) / 2))[5 : hours + 5] / 2.4  # fmt: skip
    site.put("a01012", 22 + (trade.warmth - 22) * np.clip(cooled, 0, 1) + 1.2 * noise(chance, hours), 1)  # fmt: skip
    resting = chance.choice(["last", "zero", "breath"])
    for code, size in (("a21026", 0.25), ("a21002", 0.12), ("a34013", 0.13)):
        limit = site.limits[code]
        course = chance.uniform(0.18, 0.55) * np.exp(size * chance.uniform(0.6, 1.2) * noise(chance, hours))  # fmt: skip
        if code == "a21002":
            course = np.where(first, course * 1.4, course)
        raw = under(limit * course, limit) * thinning(site, slice(None))
        rest = {"last": _last_kept(raw, on), "zero": np.zeros(hours),
                "breath": np.abs(chance.normal(0.3, 0.2, hours))}[resting]  # fmt: skip
        site.put(code, np.where(on, raw, rest), 2 if limit < 60 else 1)
    county.sites.append(site)
    county.running[site.key], county.load[site.key] = on, load
    if n < 9:
        _meters(chance, county, site, bool(n % 2))


def _meters(chance: np.random.Generator, county: County, site: Site, quarters: bool) -> None:
    on, load = county.running[site.key], county.load[site.key]
    for role in ("production", "treatment"):
        meter = Site(f"P-{site.owner}-{role[0]}", "power", site.lon, site.lat, owner=site.owner, role=role, quarters=quarters)  # fmt: skip
        standby = chance.uniform(0.02, 0.1)
        if role == "production":
            level = np.where(on, 0.2 + 0.8 * load, standby)
        else:
            level = np.where(on | np.roll(on, 1), 0.9 + 0.1 * load, standby / 2)
        meter.put("dPower", chance.uniform(60, 2500) * level * np.exp(0.035 * noise(chance, county.hours)), 2)  # fmt: skip
        county.sites.append(meter)


def held(values: np.ndarray, hold: int) -> np.ndarray:
    """As an analyser sends that needs ``hold`` hours for a sample and repeats its last one."""
    return values[np.arange(len(values)) // hold * hold]


def _outfall(chance: np.random.Generator, county: Watched, n: int) -> None:
    trade, hours = OUTFALLS[n % len(OUTFALLS)], county.hours
    on, load = work(chance, county, trade.hours)
    site = Site(f"D-{n}", "wastewater", CENTRE[0] + 0.012 * (n - 4), CENTRE[1] + 0.07, owner=f"W-{n}",
                limits=dict(zip(("w01018", "w21003", "w21011"), map(float, trade.limits), strict=True)))  # fmt: skip
    hold = county.holds[site.key] = int(chance.choice([1, 1, 2, 2, 4]))
    for code, size in (("w01018", 0.16), ("w21003", 0.3), ("w21011", 0.2)):
        limit = site.limits[code]
        course = chance.uniform(0.15, 0.5) * np.exp(size * chance.uniform(0.6, 1.2) * noise(chance, hours))  # fmt: skip
        values = held(under(limit * course, limit), hold)
        site.put(code, _last_kept(values, on), 2 if limit < 10 else 1)
    acid = chance.uniform(6.9, 7.9) + chance.uniform(0.05, 0.12) * noise(chance, hours)
    site.put("w01001", _last_kept(acid, on) + (~on) * 0.01 * chance.normal(size=hours), 2)
    pulse = 1 + (0.25 * sun(county, 11) if trade.limits[0] == 50 else 0)
    site.put("w00000", chance.uniform(2, 120) * load * pulse * np.exp(0.08 * noise(chance, hours)), 2)  # fmt: skip
    county.sites.append(site)
    county.running[site.key], county.load[site.key] = on, load


# -- rivers ----------------------------------------------------------------------------------------


def _rain(chance: np.random.Generator, hours: int) -> np.ndarray:
    rain = np.zeros(hours)
    for begin in np.flatnonzero(chance.random(hours) < 1 / 130):
        length = int(chance.integers(2, 16))
        here = chance.gamma(0.9, 3.0, length)[: hours - begin]
        rain[begin : begin + len(here)] += here
    return np.round(rain, 1)


def _river(chance: np.random.Generator, county: County, river: str, number: int, tide: float) -> None:  # fmt: skip
    hours, south = county.hours, -0.12 if river == "R-1" else 0.12
    moon = np.cos(2 * np.pi * np.arange(hours) / 12.42) * (1 + 0.35 * np.cos(2 * np.pi * np.arange(hours) / 354))  # fmt: skip
    for n in range(number):
        site = Site(f"{river}-S{n}", "water", CENTRE[0] - 0.1 + 0.06 * n, CENTRE[1] + south, river=river,
                    km=5.0 + 8.0 * n, step=int(chance.choice([1, 4])))  # fmt: skip
        late, salt = 2 + 4 * n, tide * moon * (n >= number - 2)
        wet = np.convolve(county.rain, np.exp(-np.arange(120) / (18 + 5 * n)))[:hours] / 25
        wet = np.minimum(np.concatenate([np.zeros(late), wet])[:hours], 4)
        flush = np.maximum(wet - np.concatenate([np.zeros(8), wet])[:hours], 0)
        for code, base, size, soil, digits in (
            ("w21003", chance.uniform(0.12, 0.7), 0.13, 0.9 * flush - 0.1 * wet, 3),
            ("w21011", chance.uniform(0.04, 0.14), 0.1, 0.7 * flush + 0.15 * wet, 3),
            ("w01019", chance.uniform(2, 4.5), 0.06, 0.3 * flush + 0.12 * wet, 2),
            ("w01014", chance.uniform(150, 700), 0.03, -0.2 * wet, 1),
            ("w01003", chance.uniform(4, 30), 0.2, 1.1 * flush + 0.3 * wet, 1),
        ):
            salty = 2.2 * salt if code == "w01014" else 0.5 * salt
            site.put(code, base * np.exp(size * noise(chance, hours) + np.clip(soil, -1.5, 2) + salty), digits)  # fmt: skip
        growth = chance.uniform(0.2, 1.6)
        site.put("w01010", 16 + 0.9 * sun(county, 15) + 1.2 * noise(chance, hours, ((90, 1.0),)), 1)
        site.put("w01009", np.maximum(7.8 + growth * sun(county, 16) + 0.25 * noise(chance, hours) - 0.4 * wet + salt, 0.5), 2)  # fmt: skip
        site.put("w01001", 7.6 + 0.2 * growth * sun(county, 16) + 0.04 * noise(chance, hours) + 0.2 * salt, 2)  # fmt: skip
        county.sites.append(site)
