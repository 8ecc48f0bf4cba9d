"""What goes wrong in the county, and what only looks so.

Each trouble is labelled with the point it is at, when it can be seen, when it ends, and the detectors that name it
(:data:`COUNTS`, written down before anything was measured). Decoys carry no label: an alarm about one is false.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from benchmarks.county_series import WARM_UP, County, Site, wander

# Kind of trouble -> detectors that name it.
COUNTS = {
    "exceedance": {"exceedance", "sudden"},
    "day_exceedance": {"exceedance", "trend", "sudden"},
    "constant": {"constant", "flat"},
    "flat": {"flat", "constant"},
    "clamped": {"near_limit", "flat"},
    "missing": {"missing"},
    "marked_stop": {"marked_stop"},
    "dilution": {"dilution", "exceedance"},
    "negative": {"data_quality"},
    "unit": {"data_quality"},
    "range_end": {"data_quality", "constant"},
    "zero": {"data_quality", "constant"},
    "ph_jump": {"ph_jump", "exceedance"},
    "no_treatment": {"no_treatment", "exceedance"},
    "bypass": {"bypass", "consistency"},
    "consistency": {"consistency", "sudden", "dilution", "trend"},
    "local_source": {"neighbours", "sudden"},
    "interfered": {"low_vs_neighbours"},
    "micro_drift": {"drift", "neighbours", "low_vs_neighbours"},
    "discharge": {"sudden", "exceedance", "downstream"},
    "river_trend": {"trend", "exceedance", "sudden"},
    "river_stuck": {"constant", "flat"},
    "sudden": {"sudden", "near_limit", "consistency", "trend"},
}
GRADUAL = {"micro_drift", "river_trend", "river_stuck", "day_exceedance"}


@dataclass
class Event:
    """Trouble from hour ``first`` to ``last`` (both included) at ``site``; ``visible``: the hour it can be seen in."""

    kind: str
    site: str
    first: int
    last: int
    visible: int
    linked: set[str] = field(default_factory=set)


@dataclass
class Filed:
    """A filing: by owner or point, its kind and hours."""

    site: str
    kind: str
    first: int
    last: int


class Troubles:
    """Puts events and decoys into a county, no two at one site within two days of each other."""

    def __init__(self, chance: np.random.Generator, county: County) -> None:
        self.chance, self.county = chance, county
        self.events: list[Event] = []
        self.filings: list[Filed] = []
        self._taken: dict[str, list[tuple[int, int]]] = {}

    def place(self, sites: list[Site], length: int, first: int | None = None) -> tuple[Site, int]:
        for _ in range(400):
            site = sites[int(self.chance.integers(len(sites)))]
            begin = first or int(
                self.chance.integers((WARM_UP + 2) * 24, self.county.hours - length - 30)
            )
            keys = {site.key, *([site.owner] if site.owner else [])}
            if all(
                begin - 48 > b or begin + length + 48 < a
                for key in keys
                for a, b in self._taken.get(key, [])
            ):
                for key in keys:
                    self._taken.setdefault(key, []).append((begin, begin + length))
                return site, begin
        raise RuntimeError("no room for another event")

    def free(self, site: Site) -> None:
        """Give back the place that was taken last at a site."""
        for key in {site.key, *([site.owner] if site.owner else [])}:
            self._taken[key].pop()

    def runs(self, sites: list[Site], length: int) -> tuple[Site, int]:
        """A site and an hour from which its plant runs for at least ``length`` hours."""
        for _ in range(400):
            site = sites[int(self.chance.integers(len(sites)))]
            running = self.county.running[site.key]
            begin = int(self.chance.integers((WARM_UP + 2) * 24, self.county.hours - length - 30))
            # Not at a start: four hours of running before.
            if running[begin - 6 : begin + length + 2].all():
                try:
                    return self.place([site], length, begin)
                except RuntimeError:
                    continue
        raise RuntimeError("no plant runs that long")

    def add(
        self,
        kind: str,
        site: Site,
        first: int,
        length: int,
        visible: int = 0,
        linked: set[str] | None = None,
    ) -> None:
        self.events.append(
            Event(kind, site.key, first, first + length - 1, first + visible, linked or set())
        )


def put_in(seed: int, county: County) -> Troubles:
    """Some forty events and more than a hundred decoys."""
    chance = np.random.default_rng(seed + 7777)
    troubles = Troubles(chance, county)
    _decoys_of_the_region(troubles)
    for put in (_plants, _meters, _water, _air, _silence):
        put(troubles)
    _decoys(troubles)
    return troubles


def _plants(t: Troubles) -> None:
    chance, county = t.chance, t.county
    gas, waste = county.of("flue_gas"), county.of("wastewater")
    metered = [s for s in gas if any(p.owner == s.owner for p in county.of("power"))]
    for _ in range(4):
        length = int(chance.integers(3, 9))
        site, n = t.runs(gas, length)
        code = str(chance.choice(list(site.limits)))
        oxygen = (21 - site.values["a19001"][n : n + length]) / 12
        site.values[code][n : n + length] = (
            site.limits[code] * chance.uniform(1.15, 2.5, length) * oxygen
        )
        t.add("exceedance", site, n, length)
    for _ in range(2):
        for _ in range(200):
            site, n = waste[int(chance.integers(len(waste)))], int(chance.integers(9, 27)) * 24
            if county.running[site.key][n : n + 24].all():
                try:
                    site, n = t.place([site], 24, n)
                except RuntimeError:
                    continue
                break
        code = "w01018"
        site.values[code][n : n + 24] = (
            site.limits[code] * chance.uniform(1.1, 1.6) * np.exp(0.05 * wander(chance, 24, 0.5))
        )
        site.values["w00000"][n : n + 24] = np.maximum(site.values["w00000"][n : n + 24], 5)
        t.add("day_exceedance", site, n, 24, 12)
    for sites in (gas, waste):
        length = int(chance.integers(14, 30))
        site, n = t.runs(sites, length)
        code = next(iter(site.limits))
        site.values[code][n : n + length] = site.values[code][n]
        t.add("constant", site, n, length, 6)
    for sites in (gas, waste):
        length = int(chance.integers(20, 40))
        site, n = t.runs(sites, length)
        code = list(site.limits)[1]
        level = site.values[code][n]
        site.values[code][n : n + length] = level * (1 + 0.004 * chance.normal(0, 1, length))
        t.add("flat", site, n, length, 8)
    for _ in range(2):
        length = int(chance.integers(20, 40))
        site, n = t.runs(gas, length)
        code = "a21026"
        oxygen = (21 - site.values["a19001"][n : n + length]) / 12
        free = site.limits[code] * np.exp(0.12 * wander(chance, length, 0.5) + 0.1)
        site.values[code][n : n + length] = (
            np.minimum(free, 0.985 * site.limits[code])
            * oxygen
            * (1 + 0.002 * chance.normal(0, 1, length))
        )
        t.add("clamped", site, n, length, 8)
    for _ in range(2):
        length = int(chance.integers(6, 20))
        site, n = t.runs(gas, length)
        for code in site.values:
            site.marks[code][n : n + length] = "F"
        t.add("marked_stop", site, n, length, linked=_of_owner(county, site))
    for _ in range(2):
        length = int(chance.integers(8, 24))
        site, n = t.runs(metered, length)
        before = site.values["a19001"][n : n + length].copy()
        site.values["a19001"][n : n + length] = np.minimum(before + chance.uniform(3.5, 5.5), 17.5)
        factor = (21 - site.values["a19001"][n : n + length]) / (21 - before)
        for code in site.limits:
            site.values[code][n : n + length] *= factor
        t.add("dilution", site, n, length, linked=_of_owner(county, site))
    for sites in (gas, waste):
        length = int(chance.integers(5, 14))
        site, n = t.runs(sites, length)
        code = list(site.limits)[int(chance.integers(3))]
        site.values[code][n : n + length] = -chance.uniform(0.5, 6, length)
        t.add("negative", site, n, length, 1)
        site, n = t.runs(sites, length)
        code = list(site.limits)[1]
        site.values[code][n : n + length] *= 1000 if chance.random() < 0.5 else 0.001
        site.digits[code] = 5
        t.add("unit", site, n, length)
    length = int(chance.integers(6, 14))
    site, n = t.runs(gas, length)
    site.values["a21002"][n : n + length] = 5000.0
    t.add("range_end", site, n, length)
    site, n = t.runs(waste, length)
    site.values["w01018"][n : n + length] = 0.0
    t.add("zero", site, n, length, 1)
    for _ in range(2):
        length = int(chance.integers(3, 8))
        site, n = t.runs(waste, length)
        site.values["w01001"][n : n + length] += chance.choice([-1, 1]) * chance.uniform(1.6, 3.2)
        t.add("ph_jump", site, n, length)
    for _ in range(2):
        length = int(chance.integers(14, 40))
        site, n = t.runs(metered, length)
        for code in site.limits:
            site.values[code][n : n + length] *= chance.uniform(0.15, 0.3)
        t.add("consistency", site, n, length, 4, _of_owner(county, site))
    length = int(chance.integers(8, 20))
    site, n = t.runs(metered, length)
    site.values["a00000"][n : n + length] *= chance.uniform(0.1, 0.3)
    t.add("bypass", site, n, length, linked=_of_owner(county, site))


def _of_owner(county: County, site: Site) -> set[str]:
    return {other.key for other in county.sites if other.owner and other.owner == site.owner} - {
        site.key
    }


def _meters(t: Troubles) -> None:
    chance, county = t.chance, t.county
    outlets = {s.owner: s for s in county.of("flue_gas")}
    treatment = [s for s in county.of("power") if s.role == "treatment"]
    for _ in range(3):
        length = int(chance.integers(3, 12))
        outlet, n = t.runs([outlets[s.owner] for s in treatment], length)
        site = next(s for s in treatment if s.owner == outlet.owner)
        site.values["dPower"][n : n + length] = chance.choice([0.0, 0.08]) * np.median(
            site.values["dPower"]
        )
        t.add("no_treatment", site, n, length, 1, _of_owner(county, site))


def _water(t: Troubles) -> None:
    chance, county = t.chance, t.county
    dry = [
        n
        for n in range((WARM_UP + 3) * 24, county.hours - 80)
        if county.rain[n - 72 : n + 48].sum() < 1
    ]
    rivers = county.of("water")
    for _ in range(2):
        first = [s for s in rivers if s.river == "R-1" and s.km < 30]
        for _ in range(50):
            try:
                site, n = t.place(first, 40, int(chance.choice(dry)))
                break
            except RuntimeError:
                continue
        else:
            continue
        length = int(chance.integers(10, 16))
        code = str(chance.choice(["w21003", "w21011"]))
        linked, last = set(), n + length
        for down in rivers:
            if down.river != site.river or down.km < site.km:
                continue
            late = int((down.km - site.km) / 0.5 / 3.6)
            weaker = np.exp(-0.03 * (down.km - site.km))
            shape = np.sin(np.linspace(0.3, np.pi - 0.3, length))
            span = slice(n + late, min(n + late + length, county.hours))
            down.values[code][span] *= (
                1 + chance.uniform(2.5, 5) * weaker * shape[: span.stop - span.start]
            )
            linked.add(down.key)
            last = max(last, n + late + length)
        t.add("discharge", site, n, min(last, county.hours) - n, site.step, linked)
    site, n = t.place(rivers, 10 * 24, int(chance.integers(12, 18)) * 24)
    grows = np.linspace(1, chance.uniform(2.2, 3), 10 * 24)
    site.values["w21011"][n : n + 240] *= grows
    t.add("river_trend", site, n, 240, 72)
    site, n = t.place(rivers, 3 * 24)
    length = int(chance.integers(40, 70))
    site.values["w01009"][n : n + length] = site.values["w01009"][n]
    t.add("river_stuck", site, n, length, 4 * site.step)
    site, n = t.place(rivers, 16)
    site.values["w01001"][n : n + 16] += chance.uniform(1.3, 2)
    t.add("ph_jump", site, n, 16, site.step)


def _air(t: Troubles) -> None:
    chance, county = t.chance, t.county
    stations = [s for s in county.of("air") if s.level != "micro"]
    micro = county.of("air", "micro")
    for sites, number in ((stations, 3), (micro, 2)):
        for _ in range(number):
            length = int(chance.integers(6, 14))
            site, n = t.place(sites, length)
            for code, more in (("a34004", 60.0), ("a34002", 110.0)):
                if code in site.values:
                    span = site.values[code][n : n + length]
                    site.values[code][n : n + length] = (
                        span * chance.uniform(1.5, 2.2) + chance.uniform(0.6, 1.5) * more
                    )
            t.add("local_source", site, n, length, 2)
    for _ in range(2):
        length = int(chance.integers(8, 20))
        for _ in range(60):
            site, n = t.place(stations, length)
            if np.median(site.values["a34002"][n : n + length]) > 90:
                break
            t._taken[site.key].pop()
        for code in ("a34004", "a34002"):
            site.values[code][n : n + length] *= chance.uniform(0.25, 0.45)
        t.add("interfered", site, n, length, 3)
    for _ in range(2):
        length = 8 * 24
        site, n = t.place(micro, length, int(chance.integers(14, 26)) * 24)
        up = np.linspace(0, chance.choice([-0.7, 0.8, 1.1]), length)
        for code in ("a34004", "a34002"):
            site.values[code][n : n + length] *= np.exp(up)
        t.add("micro_drift", site, n, length, 48)
    site, n = t.place(stations, 12)
    site.values["a05024"][n : n + 12] = site.values["a05024"][n] + 30
    t.add("constant", site, n, 12, 6)
    site, n = t.place(stations, 8)
    site.values["a34004"][n : n + 8] = -chance.uniform(3, 20, 8)
    t.add("negative", site, n, 8, 1)


def _silence(t: Troubles) -> None:
    chance, county = t.chance, t.county
    for kind in ("air", "flue_gas", "wastewater", "water"):
        length = int(chance.integers(14, 40))
        site, n = t.place(county.of(kind), length)
        for values in site.values.values():
            values[n : n + length] = np.nan
        t.add("missing", site, n, length, 2 * site.step, _of_owner(county, site))


# -- what only looks so ----------------------------------------------------------------------------


def _decoys_of_the_region(t: Troubles) -> None:
    """Fireworks on two evenings, a dust storm, a night of mist that micro-stations do not like."""
    chance, county = t.chance, t.county
    air = county.of("air")
    for _ in range(2):
        n = int(chance.integers(WARM_UP, 34)) * 24 + 18
        for site in air:
            here, length = chance.uniform(1.2, 4.5), int(chance.integers(3, 8))
            for code in ("a34004", "a34002", "a21026"):
                if code in site.values:
                    site.values[code][n : n + length] *= here
    n = int(chance.integers((WARM_UP + 1) * 24, county.hours - 40))
    for site in air:
        late, length = int(chance.integers(0, 3)), int(chance.integers(10, 22))
        span = slice(n + late, n + late + length)
        shape = np.sin(np.linspace(0.4, np.pi - 0.2, length))
        site.values["a34002"][span] += chance.uniform(250, 600) * shape
        site.values["a34004"][span] += chance.uniform(25, 70) * shape
    n = int(chance.integers((WARM_UP + 1) * 24, county.hours - 40))
    for site in county.of("air", "micro"):
        for code in ("a34004", "a34002"):
            site.values[code][n : n + 9] *= chance.uniform(1.2, 1.8)


def _decoys(t: Troubles) -> None:
    chance, county = t.chance, t.county
    outlets = [*county.of("flue_gas"), *county.of("wastewater")]
    for site in outlets:
        # A calibration a week, marked: span gas, then zero.
        for week in range(5):
            n = min(week * 168 + int(chance.integers(60, 160)), county.hours - 3)
            for code, limit in site.limits.items():
                site.values[code][n : n + 2] = limit * chance.uniform(1.2, 2)
                site.marks[code][n : n + 2] = chance.choice(["C", "M"])
        # An hour or two that did not come.
        for n in chance.integers(0, county.hours - 3, 3):
            for values in site.values.values():
                values[n : n + int(chance.integers(1, 3))] = np.nan
    for site in [s for s in county.of("air") if s.level != "micro"]:
        for n in chance.integers(WARM_UP * 24, county.hours - 3, 2):
            # A lorry beside the inlet.
            site.values["a34002"][n : n + int(chance.integers(1, 3))] *= chance.uniform(1.5, 2.5)
        for n in chance.integers(0, county.hours - 4, 4):
            code = str(chance.choice(list(AIR_GASES)))
            site.values[code][n : n + int(chance.integers(1, 4))] = np.nan
    for _ in range(3):
        # Maintenance that was filed, with values all over the place.
        site, n = t.place(outlets, 8)
        for code, limit in site.limits.items():
            site.values[code][n : n + 8] = limit * chance.uniform(0, 3, 8)
        t.filings.append(Filed(site.key, "maintenance", n - 1, n + 10))
    for _ in range(2):
        # A shutdown that was filed, the data logger off with it.
        site, n = t.place(outlets, 30)
        for other in [site, *(s for s in county.sites if s.owner == site.owner and s is not site)]:
            for values in other.values.values():
                values[n : n + 30] = np.nan
        t.filings.append(Filed(site.owner, "shutdown", n - 1, n + 32))
    for _ in range(2):
        # Just below the limit, as a plant under load is.
        site, n = t.runs(county.of("flue_gas"), 10)
        oxygen = (21 - site.values["a19001"][n : n + 10]) / 12
        site.values["a34013"][n : n + 10] = (
            site.limits["a34013"] * chance.uniform(0.6, 0.97, 10) * oxygen
        )


AIR_GASES = ("a21026", "a21004", "a05024", "a21005")
