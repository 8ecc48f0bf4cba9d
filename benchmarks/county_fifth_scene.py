"""Where troubles of the fifth county are put, what is usual at a point, and the decoys: what only looks like trouble."""

from __future__ import annotations

import warnings

import numpy as np
from benchmarks.county_fifth_air import PM, Watched, noise, robust, runs_of_same
from benchmarks.county_series import WARM_UP, Site
from benchmarks.county_troubles import Filed, Troubles

GASES = ("a21026", "a21004", "a21005", "a05024")


class Scene(Troubles):
    """Troubles with the things of the county at hand."""

    county: Watched

    def __init__(self, chance: np.random.Generator, county: Watched) -> None:
        super().__init__(chance, county)
        self.gas, self.waste = county.of("flue_gas"), county.of("wastewater")
        self.rivers, self.micro = county.of("water"), county.of("air", "micro")
        self.stations = [s for s in county.of("air") if s.level != "micro"]
        self.metered = [s for s in self.gas if self.owned(s)]

    def owned(self, site: Site) -> set[str]:
        return {s.key for s in self.county.sites if s.owner and s.owner == site.owner} - {site.key}

    def working(self, sites: list[Site], low: int, high: int) -> tuple[Site, slice]:
        """A stretch of a plant's work of ``low`` to ``high`` hours; shorter where none runs so long."""
        for shorter in range(6):
            length = max(3, int(self.chance.integers(low, high)) * (6 - shorter) // 6)
            try:
                site, n = self.runs(sites, length)
            except RuntimeError:
                continue
            return site, slice(n, n + length)
        raise RuntimeError("no plant runs that long")

    def some(self, sites: list[Site], low: int, high: int) -> tuple[Site, slice]:
        length = int(self.chance.integers(low, high))
        site, n = self.place(sites, length)
        return site, slice(n, n + length)

    def alone(self, sites: list[Site], low: int, high: int) -> tuple[Site, slice]:
        """A point of air in whose neighbourhood nothing else is wrong meanwhile: against whom else would it be seen?"""
        stations = {s.key for s in self.stations}
        for _ in range(60):
            site, at = self.some(sites, low, high)
            if not any(e.site in stations and e.first - 12 < at.stop and e.last + 12 > at.start for e in self.events):  # fmt: skip
                return site, at
            self.free(site)
        raise RuntimeError("there is always something wrong nearby")

    def mark(self, kind: str, site: Site, at: slice, visible: int, linked: set[str] | None = None) -> None:  # fmt: skip
        self.add(kind, site, at.start, at.stop - at.start, visible, linked)

    def scatter(self, site: Site, code: str) -> float:
        """s of a plant's or a river's series, as a logarithm."""
        values = site.values[code]
        use = self.county.running.get(site.key, np.ones(len(values), dtype=bool)) & (values > 0)
        return robust(np.log(values[use]))

    def level(self, site: Site, code: str) -> float:
        """What is usual while the plant runs."""
        return float(np.nanmedian(site.values[code][self.county.running[site.key]]))

    def apart(self, site: Site, code: str) -> np.ndarray:
        """A point of air against its nearest neighbours, as a logarithm. Reference stations are held against their like."""
        peers = self.county.of("air") if site.level == "micro" else self.stations
        others = sorted(
            (s for s in peers if s is not site and code in s.values),
            key=lambda s: (s.lon - site.lon) ** 2 + (s.lat - site.lat) ** 2,
        )[:7]
        with warnings.catch_warnings():
            # An hour in which no neighbour measured has no median.
            warnings.simplefilter("ignore")
            middle = np.nanmedian([s.values[code] for s in others], axis=0)
        return np.asarray(np.log(np.maximum(site.values[code], 1) / np.maximum(middle, 1)))

    def repeats(self, site: Site, code: str) -> int:
        """The longest time in hours a value was repeated by itself while the plant ran."""
        on = self.county.running.get(site.key, np.ones(self.county.hours, dtype=bool))
        values = np.round(site.values[code], site.digits[code])[:: site.step]
        return site.step * max(b - a for a, b in runs_of_same(values) if on[:: site.step][a:b].all())  # fmt: skip

    def code(self, site: Site) -> str:
        return str(self.chance.choice(list(site.limits)))

    def factor(self, at: slice, low: float, high: float) -> np.ndarray:
        """One size for a stretch, and a little noise about it."""
        length = at.stop - at.start
        return self.chance.uniform(low, high) * np.exp(0.06 * noise(self.chance, length))


def region(t: Scene) -> None:
    """Haze of days, two evenings of fireworks, a sandstorm: over everything, unevenly."""
    hours, air = t.county.hours, t.county.of("air")
    begin, length = int(t.chance.integers(WARM_UP * 24, hours - 90)), int(t.chance.integers(36, 70))
    haze = 1 + t.chance.uniform(0.8, 1.6) * np.sin(np.linspace(0, np.pi, length)) ** 0.7
    evenings = [int(d) * 24 + 19 for d in t.chance.integers(WARM_UP, hours // 24 - 2, 2)]
    sand, blow = int(t.chance.integers(WARM_UP * 24, hours - 50)), int(t.chance.integers(12, 28))
    for site in air:
        # One cloud of smoke is in all that a station measures of it.
        burnt = np.zeros(hours)
        for n in evenings:
            burnt[n : n + 8] += t.chance.gamma(2, 0.6) * np.exp(-np.arange(8) / t.chance.uniform(1.5, 3.5))  # fmt: skip
        thick = np.ones(hours)
        thick[begin : begin + length] += (haze - 1) * t.chance.uniform(0.8, 1.2)
        for code, share in (("a34004", 1.0), ("a34002", 0.85), ("a21026", 0.7)):
            if code in site.values:
                site.values[code] *= (1 + share * burnt) * (thick if code in PM else 1)
        late = sand + round((site.lon - air[0].lon) * 3) + 2
        shape = np.sin(np.linspace(0.2, np.pi, blow)) * t.chance.uniform(0.75, 1.3)
        site.values["a34002"][late : late + blow] += 480 * shape
        site.values["a34004"][late : late + blow] += 60 * shape


def filings(t: Scene) -> None:
    for _ in range(3):
        site, at = t.some([*t.gas, *t.waste], 6, 14)
        for code, limit in site.limits.items():
            site.values[code][at] = limit * np.abs(t.chance.normal(0.8, 1, at.stop - at.start))
        t.filings.append(Filed(site.key, "maintenance", at.start - 1, at.stop + 1))
    for _ in range(2):
        site, at = t.some(t.metered, 30, 60)
        for other in (s for s in t.county.sites if s.owner == site.owner):
            for values in other.values.values():
                values[at] = np.nan
        t.filings.append(Filed(site.owner, "shutdown", at.start - 1, at.stop + 1))


def small_things(t: Scene) -> None:
    """What happens at every point and is nobody's business: calibrations, lorries, an hour that did not come."""
    hours = t.county.hours

    def free(site: Site, n: int) -> bool:
        return all(n + 6 < a or n > b + 6 for key in (site.key, site.owner) for a, b in t._taken.get(key, []))  # fmt: skip

    for site in [*t.gas, *t.waste]:
        for week in range(0, hours - 170, 168):
            n = week + int(t.chance.integers(8, 160))
            if t.county.running[site.key][n : n + 3].all() and free(site, n):
                for code, limit in site.limits.items():
                    site.values[code][n : n + 2] = limit * t.chance.uniform(0.8, 2), 0.02 * limit
                    site.marks[code][n : n + 2] = "C"
        stops = np.flatnonzero(~t.county.running[site.key])
        if t.chance.random() < 0.4:
            # Marked as stopped, and stopped.
            for code in site.marks:
                site.marks[code][stops] = "F"
    for site in t.stations:
        for n in t.chance.integers(WARM_UP * 24, hours - 3, 2):
            if free(site, int(n)):
                site.values["a34002"][n : n + int(t.chance.integers(1, 3))] *= t.chance.uniform(1.5, 2.6)  # fmt: skip
        n = int(t.chance.integers(0, hours - 4))
        if free(site, n):
            site.values[str(t.chance.choice([c for c in GASES if c in site.values]))][
                n : n + int(t.chance.integers(1, 4))
            ] = np.nan
    for site in t.county.sites:
        n = int(t.chance.integers(WARM_UP * 24, hours - 3))
        if site.kind != "weather" and free(site, n):
            for values in site.values.values():
                values[n : n + int(t.chance.integers(1, 3))] = np.nan
