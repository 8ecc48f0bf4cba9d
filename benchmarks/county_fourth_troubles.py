"""What goes wrong in the fourth county. The two tables stand first: what happens how often, and which detectors name it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from benchmarks.county_fourth import memory, thinned
from benchmarks.county_series import WARM_UP, County, Site
from benchmarks.county_troubles import Filed, Troubles

# Kind -> how many a month, and the detectors that name it. Written before the first run.
EVENTS: dict[str, tuple[int, set[str]]] = {
    "exceedance": (6, {"exceedance", "sudden"}),
    "day_exceedance": (1, {"exceedance", "trend", "sudden", "near_limit"}),
    "constant": (3, {"constant", "flat"}),
    "flat": (2, {"flat", "constant"}),
    "clamped": (2, {"near_limit", "flat"}),
    "missing": (4, {"missing"}),
    "marked_stop": (2, {"marked_stop"}),
    "dilution": (2, {"dilution", "consistency"}),
    "negative": (3, {"data_quality"}),
    "unit": (2, {"data_quality"}),
    "range_end": (1, {"data_quality", "constant", "exceedance"}),
    "zero": (1, {"data_quality", "constant"}),
    "ph_jump": (3, {"ph_jump", "exceedance"}),
    "no_treatment": (3, {"no_treatment", "exceedance"}),
    "bypass": (2, {"bypass", "consistency"}),
    "consistency": (2, {"consistency", "sudden", "dilution"}),
    "local_source": (4, {"neighbours", "sudden"}),
    "interfered": (3, {"low_vs_neighbours"}),
    "micro_drift": (2, {"drift", "neighbours", "low_vs_neighbours"}),
    "discharge": (3, {"sudden", "exceedance", "downstream"}),
    "river_trend": (2, {"trend", "exceedance", "sudden"}),
    "river_stuck": (2, {"constant", "flat"}),
    "sudden": (2, {"sudden", "near_limit", "consistency", "trend", "exceedance"}),
}
COUNTS = {kind: detectors for kind, (_, detectors) in EVENTS.items()}
PM = ("a34004", "a34002")


class Put:
    """One method a kind; ``n`` counts the events of the kind."""

    def __init__(self, t: Troubles) -> None:
        self.t, self.chance, self.county = t, t.chance, t.county
        self.gas, self.waste = t.county.of("flue_gas"), t.county.of("wastewater")
        self.rivers, self.micro = t.county.of("water"), t.county.of("air", "micro")
        self.stations = [s for s in t.county.of("air") if s.level != "micro"]
        self.metered = [s for s in self.gas if self.linked(s)]
        self.steady = [s for s in self.waste if np.mean(t.county.running[s.key]) > 0.8]

    def linked(self, site: Site) -> set[str]:
        return {o.key for o in self.county.sites if site.owner and o.owner == site.owner} - {
            site.key
        }

    def running(self, sites: list[Site], low: int, high: int) -> tuple[Site, slice, int]:
        for _ in range(80):
            length = int(self.chance.integers(low, high))
            try:
                site, n = self.t.runs(sites, length)
            except RuntimeError:
                continue
            return site, slice(n, n + length), length
        raise RuntimeError("no room")

    def somewhere(self, sites: list[Site], low: int, high: int) -> tuple[Site, slice, int]:
        length = int(self.chance.integers(low, high))
        site, n = self.t.place(sites, length)
        return site, slice(n, n + length), length

    def clear(self, site: Site, at: slice, codes: list[str]) -> None:
        """Checks within a trouble are not done."""
        for code in codes:
            for n in range(at.start, at.stop):
                if site.marks[code][n] == "C":
                    site.values[code][n], site.marks[code][n] = site.values[code][n - 1], "N"

    def one(self, site: Site, at: slice, among: list[str] | None = None) -> str:
        code = str(self.chance.choice(among or list(site.limits)))
        self.clear(site, at, [code])
        return code

    # -- plants

    def exceedance(self, n: int) -> None:
        if n < 4:
            site, at, length = self.running(self.gas, 2, 12)
            codes = [self.one(site, at)] if n else [c for c in site.limits if not self.clear(site, at, [c])]  # fmt: skip
            for code in codes:
                times = self.chance.uniform(1.15, 3) * np.exp(
                    0.08 * self.chance.normal(0, 1, length)
                )
                site.values[code][at] = (
                    site.limits[code] * np.maximum(times, 1.03) * thinned(site, at)
                )
        else:
            # An outlet's limit is of the day: three to five times it for most of a day, or of some hours.
            site, at, length = self.running(self.steady, 6, 20)
            code = self.one(site, at)
            site.values[code][at] = site.limits[code] * self.chance.uniform(2.2, 4.5) * np.exp(0.05 * self.chance.normal(0, 1, length))  # fmt: skip
        self.t.add("exceedance", site, at.start, length, 1)

    def day_exceedance(self, n: int) -> None:
        for attempt in range(60):
            site, at, length = self.running(self.steady, 44, 60)
            if at.start % 24 in range(3) or attempt == 59:
                break
            self.t.free(site)
        code = self.one(site, at, ["w01018", "w21003"])
        site.values[code][at] = site.limits[code] * 1.2 * np.exp(0.07 * memory(self.chance, length, 8))  # fmt: skip
        self.t.add("day_exceedance", site, at.start, length, 24 - at.start % 24)

    def constant(self, n: int) -> None:
        if n == 2:
            site, at, length = self.somewhere(self.stations, 12, 30)
            code = str(self.chance.choice(["a34004", "a34002", "a05024"]))
            site.values[code][at] = (
                np.round(np.nan_to_num(site.values[code][at.start], nan=33.0)) + 4
            )
        else:
            site, at, length = self.running(self.gas if n else self.steady, 24, 60)
            code = self.one(site, at, ["a21026", "a21002"] if n else ["w01018", "w21003"])
            site.values[code][at] = site.values[code][at.start - 1]
        self.t.add("constant", site, at.start, length, 8 if site.kind != "wastewater" else 14)

    def flat(self, n: int) -> None:
        site, at, length = self.running(self.gas, 24, 60)
        code = self.one(site, at, ["a21026", "a21002"])
        level = np.median(site.values[code][at.start - 24 : at.start])
        jitter = self.chance.choice([-0.1, 0, 0.1], length) if n else 0.004 * level * self.chance.normal(0, 1, length)  # fmt: skip
        site.values[code][at] = level + jitter
        self.t.add("flat", site, at.start, length, 12)

    def clamped(self, n: int) -> None:
        site, at, length = self.running(self.gas, 24, 72)
        code = self.one(site, at, ["a21002", "a21026"])
        shown = site.limits[code] * self.chance.uniform(0.95, 0.99) * (1 - 0.01 * np.abs(self.chance.normal(0, 1, length)))  # fmt: skip
        site.values[code][at] = shown * thinned(site, at)
        self.t.add("clamped", site, at.start, length, 12)

    def marked_stop(self, n: int) -> None:
        site, at, length = self.running(self.metered if n else self.gas, 8, 30)
        for code in site.limits:
            site.marks[code][at] = "F"
        self.t.add("marked_stop", site, at.start, length, 1, self.linked(site))

    def dilution(self, n: int) -> None:
        site, at, length = self.running(self.metered if n else self.gas, 10, 36)
        part = self.chance.uniform(0.25, 0.45)
        site.values["a19001"][at] += part * (20.9 - site.values["a19001"][at])
        for code in site.limits:
            self.clear(site, at, [code])
            site.values[code][at] *= 1 - part
        site.values["a00000"][at] /= 1 - part
        self.t.add("dilution", site, at.start, length, 2, self.linked(site))

    def negative(self, n: int) -> None:
        site, at, length = (self.running(self.gas, 5, 20), self.running(self.steady, 6, 20), self.somewhere(self.stations, 5, 15))[n]  # fmt: skip
        code = "a34004" if n == 2 else self.one(site, at)
        size = site.limits.get(code, 80.0)
        site.values[code][at] = -size * self.chance.uniform(0.01, 0.08, length)
        self.t.add("negative", site, at.start, length, 2)

    def unit(self, n: int) -> None:
        site, at, length = self.running(self.steady if n else self.gas, 5, 24)
        code = self.one(site, at)
        site.values[code][at] = site.values[code][at] * 1000
        self.t.add("unit", site, at.start, length, 1)

    def range_end(self, n: int) -> None:
        site, at, length = self.running(self.gas, 6, 20)
        code = self.one(site, at, ["a21026"])
        site.values[code][at] = {35.0: 150.0, 100.0: 300.0, 150.0: 500.0}[site.limits[code]]
        self.t.add("range_end", site, at.start, length, 3)

    def zero(self, n: int) -> None:
        site, at, length = self.running(self.gas, 8, 24)
        code = self.one(site, at, ["a21002", "a21026"])
        site.values[code][at] = 0
        self.t.add("zero", site, at.start, length, 3)

    def ph_jump(self, n: int) -> None:
        if n < 2:
            site, at, length = self.running(self.steady, 3, 10)
        else:
            site, at, length = self.somewhere(self.rivers, 8, 20)
        site.values["w01001"][at] += self.chance.choice([-1, 1]) * self.chance.uniform(1.3, 3)
        self.t.add("ph_jump", site, at.start, length, max(1, site.step))

    def no_treatment(self, n: int) -> None:
        outlet, at, length = self.running(self.metered, 4, 24)
        site = next(s for s in self.county.of("power") if s.owner == outlet.owner and s.role == "treatment")  # fmt: skip
        site.values["dPower"][at] *= (0.0, 0.05, 0.15)[n]
        self.t.add("no_treatment", site, at.start, length, 2, self.linked(site))

    def bypass(self, n: int) -> None:
        site, at, length = self.running(self.metered, 6, 24)
        site.values["a00000"][at] *= self.chance.uniform(0.1, 0.45)
        self.t.add("bypass", site, at.start, length, 2, self.linked(site))

    def consistency(self, n: int) -> None:
        site, at, length = self.running(self.metered, 18, 60)
        share = self.chance.uniform(0.15, 0.35)
        for code in list(site.limits)[: 1 + 2 * n]:
            self.clear(site, at, [code])
            site.values[code][at] *= share
        self.t.add("consistency", site, at.start, length, 6, self.linked(site))

    def sudden(self, n: int) -> None:
        if n:
            low = [s for s in self.gas if np.median(s.values["a21026"]) < 0.3 * s.limits["a21026"]] or self.gas  # fmt: skip
            site, at, length = self.running(low, 5, 16)
            code = self.one(site, at, ["a21026"])
            site.values[code][at] = site.limits[code] * self.chance.uniform(0.8, 0.97, length) * thinned(site, at)  # fmt: skip
        else:
            site, at, length = self.somewhere(self.rivers, 12, 24)
            code = "w21003"
            site.values[code][at] *= self.chance.uniform(3.5, 7)
        self.t.add("sudden", site, at.start, length, max(2, site.steps.get("w21003", site.step)))

    # -- rivers

    def discharge(self, n: int) -> None:
        river = ("R-N", "R-M", "R-S")[n]
        along = sorted((s for s in self.rivers if s.river == river), key=lambda s: s.km)
        head, at, length = self.somewhere(along[:1], 10, 24)
        code = str(self.chance.choice(["w21003", "w21011", "w01019"]))
        strong, speed = self.chance.uniform(2, 5), self.chance.uniform(0.3, 0.8) * 3.6
        hour, last = np.arange(self.county.hours), at.start
        for site in along:
            late = at.start + (site.km - head.km) / speed
            wide = length + 0.25 * (site.km - head.km)
            wave = np.clip(np.minimum((hour - late) / 3, (late + wide - hour) / 5), 0, 1)
            site.values[code] = site.values[code] * (1 + strong * length / wide * wave)
            last = int(late + wide)
        last = min(last, self.county.hours - 1)
        self.t.add("discharge", head, at.start, last - at.start, 2 * head.steps.get(code, head.step), {s.key for s in along} - {head.key})  # fmt: skip

    def river_trend(self, n: int) -> None:
        site, at, length = self.somewhere(self.rivers, 9 * 24, 13 * 24)
        code = ("w21003", "w01019")[n]
        site.values[code][at] *= np.exp(np.linspace(0, np.log(self.chance.uniform(2.2, 4)), length))
        self.t.add("river_trend", site, at.start, length, 96)

    def river_stuck(self, n: int) -> None:
        site, at, length = self.somewhere(self.rivers, 36, 100)
        code = ("w21003", "w01019")[n]
        site.values[code][at] = site.values[code][at.start]
        self.t.add("river_stuck", site, at.start, length, 5 * site.steps.get(code, site.step))

    # -- air

    def local_source(self, n: int) -> None:
        if n:
            site, at, length = self.somewhere(self.micro if n == 3 else self.stations, 5, 16)
        else:
            # Within haze: the worst day of a station's month.
            site, length = self.stations[int(self.chance.integers(len(self.stations)))], 10
            thick = np.convolve(np.nan_to_num(site.values["a34004"]), np.ones(24) / 24, "same")
            begin = (WARM_UP + 2) * 24
            peak = int(np.argmax(thick[begin:-80])) + begin
            self.t.place([site], length, peak)
            at = slice(peak, peak + length)
        gust = np.clip(0.8 + 0.35 * memory(self.chance, length, 2), 0.3, 1.5)
        burn = bool(n % 2)
        site.values["a34004"][at] += (self.chance.uniform(60, 120) if burn else 15) * gust
        site.values["a34002"][at] += (
            self.chance.uniform(80, 140) if burn else self.chance.uniform(140, 320)
        ) * gust
        if burn and "a21026" in site.values:
            site.values["a21026"][at] += self.chance.uniform(15, 60) * gust
        self.t.add("local_source", site, at.start, length, 3)

    def interfered(self, n: int) -> None:
        for attempt in range(60):
            site, at, length = self.somewhere(self.stations, 8, 30)
            if np.nanmedian(site.values["a34002"][at]) > 60 or attempt == 59:
                break
            self.t.free(site)
        # Water mist at the inlet; a bag; a bag off at night.
        share = self.chance.uniform(0.3, 0.55)
        for code in PM:
            site.values[code][at] *= share * np.exp(
                0.05 * self.chance.normal(0, 1, length)
            ) + 0.25 * (n == 2) * (np.arange(length) % 6 > 3)
        self.t.add("interfered", site, at.start, length, 5)

    def micro_drift(self, n: int) -> None:
        site, at, length = self.somewhere(self.micro, 9 * 24, 14 * 24)
        way = self.chance.uniform(0.035, 0.09) * (-1 if n else 1)
        for code in PM:
            site.values[code][at] *= np.exp(way * np.arange(length) / 24)
        self.t.add("micro_drift", site, at.start, length, int(24 * 0.35 / abs(way)) + 24)

    def missing(self, n: int) -> None:
        sites = (self.gas, self.waste, self.rivers, self.stations)[n]
        site, at, length = self.somewhere(sites, 14, 60)
        for values in site.values.values():
            values[at] = np.nan
        self.t.add("missing", site, at.start, length, 3 * site.step, self.linked(site))


def put_in(chance: np.random.Generator, county: County) -> Troubles:
    """Some fifty-five events and two hundred decoys."""
    t = Troubles(chance, county)
    _region(t)
    put = Put(t)
    # The haze has its hour; the others find room around it.
    for kind in ["local_source", *(k for k in EVENTS if k != "local_source")]:
        times = EVENTS[kind][0]
        act: Callable[[int], None] = getattr(put, kind)
        for n in range(times):
            act(n)
    _decoys(t, put)
    return t


def _region(t: Troubles) -> None:
    """Fireworks on two nights, a dust front, three misty nights."""
    chance, county = t.chance, t.county
    air = county.of("air")
    for night in chance.choice(np.arange(WARM_UP + 1, county.hours // 24 - 2), 2, replace=False):
        for site in air:
            n, length = int(night) * 24 + 17 + int(chance.integers(0, 4)), int(chance.integers(3, 9))  # fmt: skip
            shape = chance.lognormal(0.6, 0.6) * np.hanning(length + 2)[1:-1]
            for code in ("a34004", "a34002", "a21026"):
                if code in site.values:
                    site.values[code][n : n + length] *= 1 + shape
    n = int(chance.integers((WARM_UP + 2) * 24, county.hours - 60))
    for site in air:
        late = int(chance.integers(0, 4))
        length = int(chance.integers(10, 30))
        front = np.minimum(1, (np.arange(length) + 1) / 3) * np.exp(-np.arange(length) / 9)
        optical = 0.4 if site.level == "micro" else 1.0
        site.values["a34002"][n + late : n + late + length] += (
            optical * chance.uniform(200, 600) * front
        )
        site.values["a34004"][n + late : n + late + length] += chance.uniform(15, 60) * front


def _decoys(t: Troubles, put: Put) -> None:
    chance, county = t.chance, t.county
    for site in [*put.gas, *put.waste]:
        # Planned calibration with its mark, maintenance with its mark, a lost hour.
        for mark, times in (("C", 2), ("M", 2)):
            for n in chance.integers(48, county.hours - 8, times):
                length = int(chance.integers(1, 5))
                for code, limit in site.limits.items():
                    site.values[code][n : n + length] = limit * chance.uniform(0, 2.5, length)
                    site.marks[code][n : n + length] = mark
        for n in chance.integers(0, county.hours - 4, 3):
            for values in site.values.values():
                values[n : n + int(chance.integers(1, 3))] = np.nan
    # A short peak of one hour within the limit.
    for site in put.gas:
        n = int(chance.integers(WARM_UP * 24, county.hours - 4))
        site.values["a21002"][n] = min(2.2 * site.values["a21002"][n], 0.9 * site.limits["a21002"] * thinned(site, slice(n, n + 1))[0])  # fmt: skip
    for site in county.of("air"):
        # A lorry below the inlet.
        for n in chance.integers(WARM_UP * 24, county.hours - 4, 3):
            site.values["a34002"][n : n + 1] *= chance.uniform(1.4, 2.5)
    for site in put.rivers:
        for code in ("w21003", "w01019", "w21011"):
            every = site.steps.get(code, site.step)
            n = int(chance.integers(WARM_UP * 24, county.hours - 8)) // every * every
            site.values[code][n] *= chance.uniform(1.5, 2.3)
    for _ in range(3):
        site, n = t.place([*put.gas, *put.waste], 16)
        for code, limit in site.limits.items():
            site.values[code][n : n + 12] = limit * chance.uniform(0.1, 2.0, 12)
        t.filings.append(Filed(site.key, "maintenance", n - 1, n + 14))
    for _ in range(2):
        site, n = t.place(put.gas, 40)
        for other in [site, *(s for s in county.sites if s.owner == site.owner and s is not site)]:
            for values in other.values.values():
                values[n : n + 36] = np.nan
        t.filings.append(Filed(site.owner, "shutdown", n - 1, n + 40))
    # Production down with its treatment: both meters at rest, the outlet says so and repeats its values.
    for _ in range(2):
        site, n = t.place(put.metered, 30)
        at = slice(n, n + 24)
        county.running[site.key][at] = False
        site.values["a19001"][at], site.values["a00000"][at] = 20.9, 0.0
        for code in site.limits:
            site.values[code][at] = site.values[code][n - 1]
        for meter in (s for s in county.of("power") if s.owner == site.owner):
            meter.values["dPower"][at] *= 0.06
