"""What goes wrong in the fifth county.

The size of every trouble is drawn against the noise of the point it happens at, so that a careful officer who has the
series and its neighbours before him calls it evident by the hour ``visible`` plus the time the judge allows. In the text
below s is the usual scatter (:func:`benchmarks.county_fifth_air.robust`) of the point's own logarithms while its plant runs, or
of its difference to its neighbours:

- jumps (``sudden``, ``discharge``): at least six s and a factor of three; ``ph_jump``: 1.5 and six s;
- ``dilution``: 3.5 per cent of oxygen and six s; ``consistency``, ``bypass``: a quarter or less, and six s;
- ``local_source``, ``interfered``: four s and a factor of 1.9 to its neighbours (``evident``), for six hours and more;
- ``micro_drift``, ``trend``, ``river_trend``: visible when four s and a factor of 1.5 are passed, and half as much again in the end;
- ``constant``, ``river_stuck``: visible after twice the longest time the point ever repeated a value by itself, at least 6;
- ``flat``: a tenth of the scatter the point has in a calm stretch of ten hours, seen after as many; ``clamped``: what would be
  over the limit lies 1.5 to 4.5 % below it within half a per cent, seen after ten hours;
- what needs no measure: ``missing`` (three values), ``negative``, ``zero``, ``unit``, ``range_end``, ``marked_stop``,
  ``no_treatment``, ``exceedance`` (15 % above the limit and more), ``clock`` (ahead by eight hours: a gap, labelled as one, then a wrong day, seen after one).

Decoys carry no label (:mod:`benchmarks.county_fifth_scene`). The table of all kinds stands last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from benchmarks.county_fifth import held, thinning
from benchmarks.county_fifth_air import PM, Watched, evident, noise, robust
from benchmarks.county_fifth_scene import Scene, filings, region, small_things
from benchmarks.county_series import WARM_UP, Site
from benchmarks.county_troubles import Troubles

# -- plants ----------------------------------------------------------------------------------------


def exceedance(t: Scene) -> None:
    site, at = t.working(t.gas, 3, 10)
    code = t.code(site)
    over = np.maximum(t.factor(at, 1.25, 2.6), 1.15)
    site.values[code][at] = site.limits[code] * over * thinning(site, at)
    t.mark("exceedance", site, at, 0)


def day_exceedance(t: Scene) -> None:
    for _ in range(300):
        site, n = t.waste[int(t.chance.integers(len(t.waste)))], int(t.chance.integers(9, 34)) * 24
        if t.county.running[site.key][n - 2 : n + 24].all():
            break
    else:
        return
    site, n = t.place([site], 24, n)
    code, at = t.code(site), slice(n, n + 24)
    values = site.limits[code] * np.maximum(t.factor(at, 1.2, 1.9), 1.1)
    site.values[code][at] = held(values, t.county.holds[site.key])
    t.mark("day_exceedance", site, at, 12)


def constant(t: Scene) -> None:
    sites = [t.gas, t.waste, t.stations][len(t.events) % 3]
    if sites is t.stations:
        site, at = t.some(sites, 14, 30)
        code = str(t.chance.choice([c for c in ("a21004", "a05024", "a34004") if c in site.values]))
    else:
        site, at = t.working(sites, 16, 32)
        code = t.code(site)
    seen = max(6, 2 * t.repeats(site, code))
    if seen > (at.stop - at.start) * 0.6:
        t.free(site)
        raise RuntimeError("repeats its values anyhow")
    site.values[code][at] = np.round(np.nan_to_num(site.values[code][at.start], nan=31), site.digits[code])  # fmt: skip
    t.mark("constant", site, at, seen)


def _usual(t: Scene, site: Site, code: str, hours: int = 10) -> float:
    """The scatter of an ordinary stretch of work, small ones first: the tenth of a hundred."""
    on, values = t.county.running[site.key], site.values[code]
    spans = [np.std(values[n : n + hours]) for n in range(0, len(values) - hours, 5) if on[n : n + hours].all()]  # fmt: skip
    return float(np.nanquantile(spans, 0.1))


def flat(t: Scene) -> None:
    hourly = [s for s in t.waste if t.county.holds[s.key] == 1]
    site, at = t.working(t.gas if len(t.events) % 2 and t.gas else hourly or t.gas, 20, 42)
    code = t.code(site)
    jitter = 0.1 * _usual(t, site, code)
    site.values[code][at] = site.values[code][at.start] + jitter * t.chance.normal(size=at.stop - at.start)  # fmt: skip
    site.digits[code] = 3
    t.mark("flat", site, at, 10)


def clamped(t: Scene) -> None:
    site, at = t.working(t.gas, 20, 44)
    code, length = t.code(site), at.stop - at.start
    top = t.chance.uniform(0.955, 0.985)
    free = 1.08 + 0.12 * noise(t.chance, length)
    held_down = np.minimum(free, top + 0.004 * t.chance.normal(size=length))
    site.values[code][at] = site.limits[code] * np.clip(held_down, 0.7, 0.995) * thinning(site, at)
    site.digits[code] = 2
    t.mark("clamped", site, at, 10)


def missing(t: Scene) -> None:
    sites = [t.gas, t.waste, t.rivers, t.stations, t.micro, t.county.of("power")]
    site, at = t.some(sites[len(t.events) % 6], 14, 44)
    for values in site.values.values():
        values[at] = np.nan
    t.mark("missing", site, at, 3 * site.step, t.owned(site))


def marked_stop(t: Scene) -> None:
    site, at = t.working(t.gas, 8, 22)
    for code in site.values:
        site.marks[code][at] = "F"
    t.mark("marked_stop", site, at, 1, t.owned(site))


def dilution(t: Scene) -> None:
    thick = [s for s in t.metered if t.level(s, "a19001") < 13]
    site, at = t.working(thick, 8, 26)
    before = site.values["a19001"][at].copy()
    s = robust(site.values["a19001"][t.county.running[site.key]])
    after = np.minimum(before + max(t.chance.uniform(3.5, 5.5), 6 * s), 18)
    thin = (21 - after) / (21 - before)
    site.values["a19001"][at] = after
    site.values["a00000"][at] /= thin
    for code in site.limits:
        site.values[code][at] *= thin
    t.mark("dilution", site, at, 1, t.owned(site))


def consistency(t: Scene) -> None:
    site, at = t.working(t.metered, 14, 38)
    for code in site.limits:
        site.values[code][at] *= t.factor(at, 0.1, 0.22) * np.exp(-max(0, 6 * t.scatter(site, code) - 1.5))  # fmt: skip
    t.mark("consistency", site, at, 3, t.owned(site))


def bypass(t: Scene) -> None:
    site, at = t.working(t.metered, 8, 22)
    site.values["a00000"][at] *= t.factor(at, 0.08, 0.25)
    site.values["a01012"][at] -= 0.25 * (site.values["a01012"][at] - 22)
    t.mark("bypass", site, at, 1, t.owned(site))


def negative(t: Scene) -> None:
    if len(t.events) % 3 == 0:
        site, at = t.some(t.stations, 6, 14)
        site.values["a34004"][at] = -t.chance.uniform(3, 25, at.stop - at.start)
    else:
        site, at = t.working(t.gas if len(t.events) % 2 else t.waste, 6, 16)
        code = t.code(site)
        site.values[code][at] = -site.limits[code] * t.chance.uniform(0.01, 0.08, at.stop - at.start)  # fmt: skip
        site.digits[code] = 3
    t.mark("negative", site, at, 1)


def unit(t: Scene) -> None:
    site, at = t.working(t.gas if t.chance.random() < 0.5 else t.waste, 6, 20)
    code = t.code(site)
    site.values[code][at] *= t.chance.choice([1000, 0.001])
    site.digits[code] = 5
    t.mark("unit", site, at, 1)


def range_end(t: Scene) -> None:
    site, at = t.working(t.gas, 6, 16)
    code = t.code(site)
    site.values[code][at] = np.ceil(site.limits[code] * 3 / 100) * 100
    t.mark("range_end", site, at, 2)


def zero(t: Scene) -> None:
    site, at = t.working(t.waste if t.chance.random() < 0.5 else t.gas, 8, 20)
    code = t.code(site)
    site.values[code][at] = 0.0
    t.mark("zero", site, at, 2)


def ph_jump(t: Scene) -> None:
    if len(t.events) % 3 == 0:
        site, at = t.some(t.rivers, 14, 24)
    else:
        site, at = t.working(t.waste, 4, 12)
    s = robust(site.values["w01001"])
    size = max(t.chance.uniform(1.5, 3.0), 6 * s) * t.chance.choice([-1, 1])
    site.values["w01001"][at] = np.clip(site.values["w01001"][at] + size, 2, 13)
    t.mark("ph_jump", site, at, site.step)


def no_treatment(t: Scene) -> None:
    site, at = t.working(t.metered, 4, 16)
    meter = next(s for s in t.county.sites if s.owner == site.owner and s.role == "treatment")
    meter.values["dPower"][at] *= t.chance.choice([0.0, t.chance.uniform(0.01, 0.05)])
    site.values["a34013"][at] *= t.factor(at, 1.3, 1.9)
    t.mark("no_treatment", meter, at, 1, t.owned(meter))


def sudden(t: Scene) -> None:
    site, at = t.working([*t.gas, *t.waste], 6, 16)
    room = {c: np.log(0.9 * limit / t.level(site, c)) - max(np.log(3), 6 * t.scatter(site, c))
            for c, limit in site.limits.items()}  # fmt: skip
    code = max(room, key=lambda c: room[c])
    if room[code] < 0:
        t.free(site)
        raise RuntimeError("no room under the limit")
    up = np.exp(max(np.log(3), 6 * t.scatter(site, code)) + t.chance.uniform(0, room[code]))
    values = t.level(site, code) * up * np.exp(0.05 * noise(t.chance, at.stop - at.start))
    hold = t.county.holds.get(site.key, 1)
    site.values[code][at] = held(np.minimum(values, 0.93 * site.limits[code] * (thinning(site, at) if site in t.gas else 1)), hold)  # fmt: skip
    t.mark("sudden", site, at, hold)


def _growing(t: Scene, kind: str, site: Site, codes: tuple[str, ...], at: slice, s: float, sign: float = 1) -> None:  # fmt: skip
    """A slow change that is half as large again in the end as what is evident, and visible when it is that."""
    seen = max(np.log(1.5), 4 * s)
    end = max(1.5 * seen, t.chance.uniform(0.7, 1.1))
    for code in codes:
        site.values[code][at] *= np.exp(sign * np.linspace(0, end, at.stop - at.start))
    t.mark(kind, site, at, int((at.stop - at.start) * seen / end))


def trend(t: Scene) -> None:
    """An outlet that gets worse by the day, below its limit."""
    lasting = [s for s in t.waste if t.county.running[s.key].mean() > 0.9]
    for site in t.chance.permutation(np.array(lasting, dtype=object)):
        for code, limit in site.limits.items():
            if np.log(limit / np.quantile(site.values[code], 0.9)) > max(1.1, 6 * t.scatter(site, code)):  # fmt: skip
                _, n = t.place([site], 200)
                _growing(t, "trend", site, (code,), slice(n, n + 200), t.scatter(site, code))
                return
    raise RuntimeError("no room under a limit")


# -- water and air ---------------------------------------------------------------------------------


def discharge(t: Scene) -> None:
    """Let in above a section and carried down: later, longer and thinner at the next ones."""
    rain = t.county.rain
    for _ in range(300):
        head, n = t.place([s for s in t.rivers if s.km < 25], 60)
        if rain[n - 90 : n + 60].sum() < 2:
            break
        t.free(head)
    else:
        raise RuntimeError("it always rains")
    code = str(t.chance.choice(["w21003", "w21011"]))
    top = np.exp(max(np.log(4), 6 * t.scatter(head, code)) + t.chance.uniform(0, 0.4)) - 1
    wide, speed, linked, last = t.chance.uniform(3.5, 6), t.chance.uniform(1.6, 2.8), set(), n
    for site in (s for s in t.rivers if s.river == head.river and s.km >= head.km):
        way = site.km - head.km
        here = np.sqrt(wide**2 + 0.5 * way)
        middle = n + 2 * wide + way / speed
        size = top * wide / here * np.exp(-0.015 * way)
        site.values[code] *= 1 + size * np.exp(-0.5 * ((np.arange(t.county.hours) - middle) / here) ** 2)  # fmt: skip
        # Whoever is told of it further down is told of it, however thin it has become.
        if size > np.exp(2 * t.scatter(site, code)) - 1:
            linked.add(site.key)
            last = int(middle + 1.5 * here)
    seen = int(wide) + head.step
    t.mark("discharge", head, slice(n, min(last, t.county.hours - 26)), seen, linked - {head.key})


def river_trend(t: Scene) -> None:
    site, n = t.place(t.rivers, 240, int(t.chance.integers(WARM_UP + 3, WARM_UP + 18)) * 24)
    code = str(t.chance.choice(["w21011", "w21003", "w01019"]))
    _growing(t, "river_trend", site, (code,), slice(n, n + 240), t.scatter(site, code))


def river_stuck(t: Scene) -> None:
    site, at = t.some(t.rivers, 44, 76)
    code = str(t.chance.choice(["w01009", "w01014", "w21003", "w01001"]))
    seen = max(6 * site.step, 2 * t.repeats(site, code))
    if seen > (at.stop - at.start) * 0.6:
        t.free(site)
        raise RuntimeError("repeats its values anyhow")
    site.values[code][at] = np.round(site.values[code][at.start // site.step * site.step], site.digits[code])  # fmt: skip
    t.mark("river_stuck", site, at, seen)


def local_source(t: Scene) -> None:
    site, at = t.alone(t.stations if len(t.events) % 2 else t.micro, 7, 18)
    rise = np.minimum(1, (np.arange(at.stop - at.start) + 1) / 2)
    for code, more in (("a34004", 35), ("a34002", 70)):
        apart = t.apart(site, code)
        size = evident(apart) + t.chance.uniform(0.05, 0.5)
        # From where its neighbours stand: a station that is low by chance at that hour is lifted further.
        middle = site.values[code][at] / np.exp(apart[at] - np.nanmedian(apart))
        site.values[code][at] = np.maximum(middle * np.exp(size * rise), middle + more * rise)
    t.mark("local_source", site, at, 2)


def interfered(t: Scene) -> None:
    """A mist cannon beside the inlet: dust falls further than fine particles."""
    for _ in range(200):
        site, at = t.alone(t.stations, 8, 22)
        if np.nanmedian(site.values["a34002"][at]) > 70:
            break
        t.free(site)
    else:
        raise RuntimeError("the air is too clean")
    for code, share in (("a34002", 1.25), ("a34004", 1.0)):
        apart = t.apart(site, code)
        middle = site.values[code][at] / np.exp(apart[at] - np.nanmedian(apart))
        site.values[code][at] = np.maximum(middle * np.exp(-share * evident(apart)) * t.factor(at, 0.9, 1), 2)  # fmt: skip
    t.mark("interfered", site, at, 3)


def micro_drift(t: Scene) -> None:
    site, n = t.place(t.micro, 216, int(t.chance.integers(WARM_UP + 4, WARM_UP + 18)) * 24)
    days = np.nanmean(t.apart(site, "a34004").reshape(-1, 24), axis=1)
    _growing(t, "micro_drift", site, PM, slice(n, n + 216), robust(days), t.chance.choice([-1, 1]))


def clock(t: Scene) -> None:
    site, at = t.alone(t.stations, 60, 90)
    for values in site.values.values():
        values[at] = np.concatenate([np.full(8, np.nan), values[at][:-8]])
    t.mark("missing", site, slice(at.start, at.start + 8), 3)
    t.mark("clock", site, slice(at.start + 8, at.stop), 24)


# -- the tables ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """How many a month, who makes them, and which detectors name them."""

    number: int
    put: Callable[[Scene], None]
    detectors: frozenset[str]
    gradual: bool = False


def _kind(number: int, put: Callable[[Scene], None], detectors: str, gradual: bool = False) -> Kind:
    return Kind(number, put, frozenset(detectors.split()), gradual)


# Written before the first run; the long ones come first, as they need room.
KINDS = [
    _kind(2, river_trend, "trend exceedance sudden", True),
    _kind(2, micro_drift, "drift neighbours low_vs_neighbours", True),
    _kind(1, trend, "trend near_limit sudden", True),
    _kind(2, discharge, "sudden exceedance downstream"),
    _kind(2, river_stuck, "constant flat", True),
    _kind(1, clock, "data_quality neighbours low_vs_neighbours", True),
    _kind(2, clamped, "near_limit flat"),
    _kind(2, flat, "flat constant"),
    _kind(3, constant, "constant flat"),
    _kind(6, missing, "missing"),
    _kind(2, consistency, "consistency sudden dilution"),
    _kind(1, day_exceedance, "exceedance trend sudden near_limit", True),
    _kind(2, dilution, "dilution consistency"),
    _kind(2, marked_stop, "marked_stop"),
    _kind(2, bypass, "bypass consistency"),
    _kind(2, unit, "data_quality exceedance"),
    _kind(1, range_end, "data_quality constant exceedance"),
    _kind(1, zero, "data_quality constant"),
    _kind(3, interfered, "low_vs_neighbours"),
    _kind(4, local_source, "neighbours sudden"),
    _kind(3, negative, "data_quality"),
    _kind(3, ph_jump, "ph_jump exceedance"),
    _kind(3, no_treatment, "no_treatment exceedance"),
    _kind(2, sudden, "sudden near_limit consistency trend exceedance"),
    _kind(5, exceedance, "exceedance sudden"),
]
COUNTS = {kind.put.__name__: set(kind.detectors) for kind in KINDS}
GRADUAL = {kind.put.__name__ for kind in KINDS if kind.gradual}


def put_in(chance: np.random.Generator, county: Watched) -> Troubles:
    t = Scene(chance, county)
    region(t)
    filings(t)
    for kind in KINDS:
        for _ in range(kind.number):
            for _ in range(12):
                try:
                    kind.put(t)
                except RuntimeError:
                    continue
                break
    small_things(t)
    return t
