"""Noise: day, night and day-night levels, zone limits, attainment, and grades of areas and roads.

Levels are dB(A). Levels are averaged by energy, grids of an area arithmetically, roads by their length
(HJ 640-2012). The hours of the night are a city's to set; it has eight of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.percent import Ratio
from ecoledger.standards.rounding import half_even
from ecoledger.standards.rule_data import compiled, declare_editions

TimeOfDay = Literal["day", "night"]

ZONES = "noise-zones"
INDUSTRY = "noise-industrial-boundary"
SOCIAL = "noise-social-life"
CONSTRUCTION = "noise-construction-site"
EVALUATION = "noise-evaluation"

_RULE_SETS = {
    "GB 3096": ZONES,
    "GB 12348": INDUSTRY,
    "GB 22337": SOCIAL,
    "GB 12523": CONSTRUCTION,
}


@dataclass(frozen=True, slots=True)
class Night:
    """The hours of the night: from ``start`` o'clock to ``end`` o'clock, eight of them.

    Raises ``ValueError`` for any other length.
    """

    start: int = 22
    end: int = 6

    def __post_init__(self) -> None:
        if not (0 <= self.start < 24 and 0 <= self.end < 24):
            raise ValueError(
                f"hours of the night must lie in 0 to 23, not {self.start} and {self.end}"
            )
        if len(self.hours) != 8:
            raise ValueError(
                f"the night from {self.start} to {self.end} has {len(self.hours)} hours; it must have 8"
            )

    @property
    def hours(self) -> tuple[int, ...]:
        """The starting hours (0 to 23), in the order of the night."""
        return tuple((self.start + n) % 24 for n in range((self.end - self.start) % 24))

    def __contains__(self, hour: int) -> bool:
        return hour in self.hours


@dataclass(frozen=True, slots=True)
class Validity:
    """How much automatic data a level needs (HJ 906): ``minutes_of_hour``, ``hours_of_day`` for a mean over
    24 hours, and ``share_of_hours`` (0 to 1) of a day or a night for Ld and Ln."""

    minutes_of_hour: int
    hours_of_day: int
    share_of_hours: float
    standard: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Rules:
    night: Night
    evaluation: Mapping[str, Any]
    validity: Validity


@compiled("noise")
def _rules(content: dict[str, Any]) -> _Rules:
    by_rule_set: dict[str, dict[str, Any]] = {}
    for standard, table in content["edition"].items():
        name = _RULE_SETS.get(standard.rsplit("-", 1)[0])
        if name is None:
            raise ValueError(f"noise.toml: {standard} is none of {', '.join(_RULE_SETS)}")
        by_rule_set.setdefault(name, {})[standard] = table
    for name, tables in by_rule_set.items():
        declare_editions(name, tables)
    evaluation = content["evaluation"]
    declare_editions(EVALUATION, {evaluation["standard"]: evaluation})
    return _Rules(
        night=Night(content["night"]["start"], content["night"]["end"]),
        evaluation=evaluation,
        validity=Validity(
            minutes_of_hour=int(content["validity"]["least_minutes"]),
            hours_of_day=int(content["validity"]["hours_of_day"]),
            share_of_hours=float(content["validity"]["least_share_of_hours"]),
            standard=content["validity"]["standard"],
            mark=Mark(content["validity"]["mark"]),
        ),
    )


_rules()


def validity() -> Validity:
    """How much automatic data a level needs."""
    return _rules().validity


def default_night() -> Night:
    """The hours of the night in force without a city's own: 22 to 6 unless overridden."""
    return _rules().night


def energy_mean(levels: ArrayLike, axis: int | None = None) -> NDArray[np.float64]:
    """Mean level by energy, ``10·lg(mean(10^(L/10)))``; NaN is left out, nothing but NaN gives NaN.

    >>> round(float(energy_mean([60.0, 60.0, 70.0])), 2)
    66.02
    """
    array = np.asarray(levels, dtype=np.float64)
    known = ~np.isnan(array)
    energy = np.where(known, 10.0 ** (np.where(known, array, 0.0) / 10.0), 0.0)
    count = known.sum(axis=axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = 10.0 * np.log10(energy.sum(axis=axis) / count)
    return np.asarray(np.where(count == 0, np.nan, mean), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class DayLevels:
    """Levels of one day: ``day`` (Ld), ``night`` (Ln) and ``day_night`` (Ldn), unrounded; ``None`` where
    hours are lacking. ``day_hours`` and ``night_hours`` count the hours used."""

    day: float | None
    night: float | None
    day_night: float | None
    day_hours: int
    night_hours: int


def day_levels(hours: Mapping[int, float | None], night: Night | None = None) -> DayLevels:
    """Ld, Ln and Ldn from hourly equivalent levels keyed by starting hour (0 to 23).

    The hours are those that belong together: a night that spans midnight is given with its own evening,
    as the caller chooses. A level lacking a quarter of its hours or more is not formed.
    """
    chosen = night or default_night()
    if unknown := [hour for hour in hours if not 0 <= hour < 24]:
        raise ValueError(f"not hours: {unknown}")
    known = {hour: level for hour, level in hours.items() if level is not None and level == level}
    by_night = [level for hour, level in known.items() if hour in chosen]
    by_day = [level for hour, level in known.items() if hour not in chosen]
    share = _rules().validity.share_of_hours
    ld = float(energy_mean(by_day)) if len(by_day) >= share * 16 else None
    ln = float(energy_mean(by_night)) if len(by_night) >= share * 8 else None
    return DayLevels(
        day=ld,
        night=ln,
        day_night=None if ld is None or ln is None else day_night_level(ld, ln),
        day_hours=len(by_day),
        night_hours=len(by_night),
    )


def day_night_level(day: float, night: float) -> float:
    """``Ldn = 10·lg((16·10^(Ld/10) + 8·10^((Ln+10)/10)) / 24)``.

    >>> round(day_night_level(60, 50), 1)
    60.0
    """
    return 10 * math.log10((16 * 10 ** (day / 10) + 8 * 10 ** ((night + 10) / 10)) / 24)


def edition_on(rule_set: str, on: date) -> Edition:
    """The edition of one of this module's rule sets for data of the day ``on``."""
    _rules()
    return catalogue.in_force(rule_set, on)


def limit(zone: str, time: TimeOfDay, *, on: date, rule_set: str = ZONES) -> float:
    """Limit of a zone by day or by night. Raises ``LookupError`` naming the zones there are.

    >>> from datetime import date
    >>> limit("2", "night", on=date(2026, 1, 1)), limit("4a类", "day", on=date(2026, 1, 1))
    (50.0, 70.0)
    """
    edition = edition_on(rule_set, on)
    zones = edition.content["zones"]
    key = zone.strip().casefold().removesuffix("类").removesuffix("区").removesuffix("类")
    if key not in zones:
        raise LookupError(f"{edition.standard}: no zone {zone!r}; there are {', '.join(zones)}")
    return float(zones[key][time])


@dataclass(frozen=True, slots=True)
class NoiseJudgement:
    """A level against its limit; ``level`` rounded as reported, ``over`` in dB (negative below)."""

    attains: bool
    level: float
    limit: float
    over: float
    standard: str
    marks: tuple[Mark, ...]


def judge(
    level: float,
    zone: str,
    time: TimeOfDay,
    *,
    on: date,
    rule_set: str = ZONES,
    peak: Literal["", "occasional", "frequent"] = "",
) -> NoiseJudgement:
    """Judge a level by day or by night against its zone.

    ``peak`` judges the maximum of a sound at night instead: occasional ones may exceed the night limit
    by 15 dB, frequent ones (industry) by 10 dB. Raises ``LookupError`` where the standard has no such
    rule.
    """
    edition = edition_on(rule_set, on)
    bound = limit(zone, time, on=on, rule_set=rule_set)
    if peak:
        allowance = edition.content.get(
            "night_peak_over" if peak == "occasional" else "night_frequent_over"
        )
        if allowance is None or time != "night":
            raise LookupError(f"{edition.standard} has no limit for {peak} peaks by {time}")
        bound += float(allowance)
    shown = half_even(float(level), int(_rules().evaluation["decimals"]))
    return NoiseJudgement(
        attains=shown <= bound,
        level=shown,
        limit=bound,
        over=half_even(shown - bound, 1),
        standard=edition.standard,
        marks=(edition.mark,),
    )


@dataclass(frozen=True, slots=True)
class ZoneAttainment:
    """点次达标率: point-times that attain among those judged, by day and by night, for each zone."""

    by_zone: Mapping[str, Mapping[TimeOfDay, Ratio]]
    total: Mapping[TimeOfDay, Ratio]


def zone_attainment(
    levels: Iterable[tuple[str, float | None, float | None]], *, on: date
) -> ZoneAttainment:
    """Attainment of zones from (zone, Ld, Ln) of each point and time; ``None`` is not counted.

    >>> from datetime import date
    >>> told = zone_attainment([("2", 58.0, 51.2), ("2", 60.0, None)], on=date(2026, 3, 1))
    >>> told.total["day"].text(), told.total["night"].text()
    ('100.0%（2/2）', '0.0%（0/1）')
    """
    counts: dict[str, dict[TimeOfDay, list[int]]] = {}
    for zone, day, night in levels:
        pairs: tuple[tuple[TimeOfDay, float | None], ...] = (("day", day), ("night", night))
        for time, level in pairs:
            if level is None or level != level:
                continue
            counter = counts.setdefault(zone, {}).setdefault(time, [0, 0])
            counter[0] += judge(level, zone, time, on=on).attains
            counter[1] += 1
    by_zone: dict[str, Mapping[TimeOfDay, Ratio]] = {
        zone: {time: Ratio(counter[0], counter[1]) for time, counter in times.items()}
        for zone, times in counts.items()
    }
    both: tuple[TimeOfDay, TimeOfDay] = ("day", "night")
    total: dict[TimeOfDay, Ratio] = {
        time: Ratio(
            sum(times[time].numerator for times in by_zone.values() if time in times),
            sum(times[time].denominator for times in by_zone.values() if time in times),
        )
        for time in both
    }
    return ZoneAttainment(by_zone, total)


@dataclass(frozen=True, slots=True)
class NoiseGrade:
    """A grade of an area or of roads: ``level`` rounded as reported, ``rank`` 1 to 5 (一级 … 五级)."""

    level: float
    rank: int
    label: str
    word: str
    standard: str
    mark: Mark


def _grade(level: float, bounds: Sequence[float], on: date) -> NoiseGrade:
    edition = edition_on(EVALUATION, on)
    rules = edition.content
    shown = half_even(level, int(rules["decimals"]))
    rank = 1 + sum(shown > bound for bound in bounds)
    return NoiseGrade(
        level=shown,
        rank=rank,
        label=rules["levels"][rank - 1],
        word=rules["words"][rank - 1],
        standard=edition.standard,
        mark=edition.mark,
    )


def area_grade(grid_levels: Sequence[float], time: TimeOfDay = "day", *, on: date) -> NoiseGrade:
    """区域声环境总体水平: grade of the arithmetic mean over the grids (HJ 640-2012 表).

    Raises ``ValueError`` without grids.
    """
    levels = [level for level in grid_levels if level == level]
    if not levels:
        raise ValueError("no grid levels to average")
    bounds = edition_on(EVALUATION, on).content[f"area_{time}"]
    return _grade(math.fsum(levels) / len(levels), bounds, on)


def road_grade(
    roads: Iterable[tuple[float, float]], time: TimeOfDay = "day", *, on: date
) -> NoiseGrade:
    """道路交通声环境: grade of the length-weighted mean of (length, level) of roads.

    Raises ``ValueError`` for lengths that are not positive or no roads.
    """
    known = [(length, level) for length, level in roads if level == level]
    if not known or any(not length > 0 for length, _ in known):
        raise ValueError("roads need a positive length and a level")
    mean = math.fsum(length * level for length, level in known) / math.fsum(
        length for length, _ in known
    )
    return _grade(mean, edition_on(EVALUATION, on).content[f"road_{time}"], on)


def road_exceeding(
    roads: Iterable[tuple[float, float]], bound: float = 70.0
) -> tuple[float, float]:
    """Length of roads above a level (70 dB by day is reported), and its percent of the whole."""
    known = [(length, level) for length, level in roads if level == level]
    whole = math.fsum(length for length, _ in known)
    if not whole > 0:
        raise ValueError("no roads with a length")
    above = math.fsum(length for length, level in known if level > bound)
    return above, 100 * above / whole


def valid_hour(minutes: int) -> bool:
    """Whether an hour has the valid minutes it needs."""
    return minutes >= _rules().validity.minutes_of_hour
