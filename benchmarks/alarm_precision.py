"""Precision and recall of the detectors, with the product's own rule settings, on labelled synthetic data.

    python -m benchmarks.alarm_precision [--points 40] [--days 60] [--seed 1]

Series are made as instruments give them (autocorrelated, with a daily course, reported to the instrument's digits), then
trouble is put in at known places. What makes false alarms in practice is put in too and is *not* trouble: instruments at
their detection limit, regional haze, spikes of one or two hours at a station, values running just below the limit, starts
and stops of a boiler, short gaps. An event counts as found when a finding falls inside it; a stretch of findings that
touches no event is a false alarm.

Prints one JSON object a detector.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import (
    constant,
    exceedance,
    missing,
    neighbours,
    no_treatment,
    regional,
    sudden,
)

BEGIN = datetime(2026, 4, 1)


@dataclass(frozen=True, slots=True)
class Event:
    """Trouble that was put in: hours ``first`` to ``last`` of a point, both included."""

    point: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Score:
    """How a detector did."""

    detector: str
    events: int
    found: int
    alarms: int
    false: int

    @property
    def recall(self) -> float:
        """Share of the events that were found."""
        return self.found / self.events if self.events else 1.0

    @property
    def precision(self) -> float:
        """Share of the alarms that were about an event."""
        return 1 - self.false / self.alarms if self.alarms else 1.0


def settings(rule: str) -> dict[str, Any]:
    """Settings of one of the product's rules."""
    text = (resources.files("ecoledger.monitoring") / "data" / "alarm_rules.toml").read_text(
        "utf-8"
    )
    found: dict[str, Any] = tomllib.loads(text)[rule]["settings"]
    return found


def concentration(
    chance: np.random.Generator, hours: int, base: float, spread: float = 0.25
) -> np.ndarray:
    """Hourly means of a pollutant: log-normal, autocorrelated, with a daily course."""
    noise = chance.normal(0, 1, hours)
    walk = np.empty(hours)
    walk[0] = noise[0]
    for n in range(1, hours):
        walk[n] = 0.85 * walk[n - 1] + np.sqrt(1 - 0.85**2) * noise[n]
    course = 0.15 * np.sin(2 * np.pi * (np.arange(hours) % 24 - 9) / 24)
    return base * np.exp(spread * walk + course)


def places_for(
    chance: np.random.Generator, hours: int, number: int, longest: int, first: int = 96
) -> Iterable[int]:
    """Beginnings of ``number`` events that keep clear of each other."""
    slots = np.arange(first, hours - longest - 60, longest + 96)
    chosen = chance.choice(slots, min(number, slots.size), replace=False)
    return [int(slot) for slot in sorted(chosen)]


def table(point: int, values: np.ndarray, digits: int, inside: float = 0.02) -> pl.DataFrame:
    """Computed hours of one point, with the extremes within each hour."""
    shown = np.round(values, digits)
    wobble = np.where(np.isnan(values), 0, np.abs(values) * inside)
    return pl.DataFrame(
        {
            "point": np.full(shown.size, point),
            "parameter": ["a21026"] * shown.size,
            "start": pl.datetime_range(
                BEGIN, BEGIN + timedelta(hours=shown.size - 1), "1h", eager=True, time_unit="us"
            ),
            "seconds": np.full(shown.size, 3600),
            "value": shown,
            "minimum": np.round(shown - wobble, digits),
            "maximum": np.round(shown + wobble, digits),
            "valid": np.full(shown.size, True),
        }
    ).filter(pl.col("value").is_not_nan())


def score(detector: str, found: pl.DataFrame, events: list[Event], slack: int = 2) -> Score:
    """Match findings to events."""
    bad: dict[int, list[int]] = {}
    for point, start in found.filter(pl.col("state") == "bad").select("point", "start").iter_rows():
        bad.setdefault(point, []).append(int((start - BEGIN).total_seconds() // 3600))
    hit = sum(any(e.first <= h <= e.last + slack for h in bad.get(e.point, [])) for e in events)
    alarms = false = 0
    for point, hours in bad.items():
        mine = [e for e in events if e.point == point]
        for stretch in _stretches(sorted(hours)):
            alarms += 1
            false += not any(e.first <= stretch[-1] and stretch[0] <= e.last + slack for e in mine)
    return Score(detector, len(events), hit, alarms, false)


def _stretches(hours: list[int]) -> list[list[int]]:
    """Hours no more than three apart are one alarm, as hysteresis joins them."""
    found: list[list[int]] = []
    for hour in hours:
        if found and hour - found[-1][-1] <= 3:
            found[-1].append(hour)
        else:
            found.append([hour])
    return found


def chimneys(points: int, days: int, seed: int) -> list[Score]:
    """Exceedance, constant value and sudden change at chimneys with a limit of 50 mg/m³."""
    chance = np.random.default_rng(seed)
    hours = days * 24
    tables, over, stuck, jumps = [], [], [], []
    for point in range(points):
        # An operator who holds the limit: close to it, not above.
        values = np.minimum(concentration(chance, hours, chance.uniform(12, 30), 0.2), 49.4)
        inside = np.full(hours, 0.02)
        # Not trouble: running just below the limit, starts and stops, a day at the detection limit.
        calm = int(chance.integers(100, hours - 60))
        values[calm : calm + 12] = np.minimum(values[calm : calm + 12] + 20, 49.4)
        off = int(chance.integers(100, hours - 60))
        values[off : off + 24] = 1.0
        inside[off : off + 24] = 0
        for begin in places_for(chance, hours, 6, 24):
            if abs(begin - off) < 60 or abs(begin - calm) < 60:
                continue
            length = int(chance.integers(2, 9))
            match chance.integers(0, 3):
                case 0:
                    values[begin : begin + length] = chance.uniform(55, 120, length)
                    over.append(Event(point, begin, begin + length - 1))
                    if length > 1 and values[begin : begin + 2].min() > 2.6 * np.median(
                        values[begin - 24 : begin]
                    ):
                        jumps.append(Event(point, begin, begin + length - 1))
                case 1:
                    length = int(chance.integers(8, 24))
                    values[begin : begin + length] = round(float(values[begin]), 1)
                    inside[begin : begin + length] = 0
                    stuck.append(Event(point, begin, begin + length - 1))
                case _:
                    top = min(max(values[begin] * chance.uniform(3.5, 6), 42.0), 49.0)
                    if top > 3.2 * np.median(values[begin - 24 : begin]) + 5:
                        # One hour alone is soot blown off.
                        values[begin : begin + 3] = np.minimum(
                            top * chance.uniform(0.95, 1.05, 3), 49.0
                        )
                        jumps.append(Event(point, begin, begin + 2))
        made = table(point, values, 1)
        wobble = (np.abs(made["value"].to_numpy()) * inside).round(1)
        tables.append(
            made.with_columns(
                (pl.col("value") - pl.Series(wobble)).alias("minimum"),
                (pl.col("value") + pl.Series(wobble)).alias("maximum"),
            )
        )
    data = pl.concat(tables)
    judged = exceedance.detect(
        data.with_columns(
            pl.lit(50.0).alias("limit"), pl.lit(None, dtype=pl.Float64).alias("lower_limit")
        ),
        settings("flue_gas_hour"),
    )
    return [
        score("exceedance", judged, over),
        score("constant", constant.detect(data, data, settings("flue_gas_constant")), stuck),
        score("sudden", sudden.detect(data, data, settings("flue_gas_sudden")), jumps),
    ]


def stations(points: int, days: int, seed: int) -> Score:
    """Air stations in groups of six within 5 km under the same haze."""
    chance = np.random.default_rng(seed + 1)
    hours = days * 24
    tables, events, places = [], [], []
    for group in range(max(1, points // 6)):
        haze = concentration(chance, hours, 45, 0.45)
        for member in range(6):
            point = group * 6 + member
            places.append((point, 118.0 + group + 0.008 * member, 25.0))
            values = haze * chance.uniform(0.95, 1.05) * np.exp(chance.normal(0, 0.05, hours))
            # Not trouble: a bus passing, a firework, for one or two hours.
            for begin in places_for(chance, hours, 3, 12):
                values[begin : begin + 2] *= 1.5
            if member == group % 6:
                for begin in places_for(chance, hours, 4, 12, first=150):
                    length = int(chance.integers(5, 12))
                    if haze[begin : begin + length].min() < 36:
                        continue
                    values[begin : begin + length] *= chance.uniform(1.4, 2.0)
                    events.append(Event(point, begin, begin + length - 1))
            tables.append(table(point, values, 0).with_columns(pl.lit("a34004").alias("parameter")))
    data = pl.concat(tables)
    where = pl.DataFrame(
        places, schema={"point": pl.Int64, "lon": pl.Float64, "lat": pl.Float64}, orient="row"
    )
    rule = settings("air_neighbours")
    compared = regional.compare(data, where, rule)
    return score("neighbours", neighbours.detect(compared, data, rule), events)


def silence(points: int, days: int, seed: int) -> Score:
    """Gaps, judged by a sweep every hour; gaps of up to an hour are not trouble."""
    chance = np.random.default_rng(seed + 2)
    hours = min(days, 14) * 24
    events, found = [], []
    gone = np.zeros((points, hours), dtype=bool)
    for point in range(points):
        for begin in places_for(chance, hours, 3, 12, first=24):
            length = int(chance.choice([1, 1, 6, 12]))
            gone[point, begin : begin + length] = True
            if length > 2:
                events.append(Event(point, begin, begin + length - 1))
    last = np.full(points, -1)
    rule = settings("air_missing")
    for hour in range(hours):
        last = np.where(gone[:, hour], last, hour)
        arrived = [BEGIN + timedelta(hours=int(h) + 1) for h in last]
        now = BEGIN + timedelta(hours=hour + 1, minutes=1)
        state = pl.DataFrame(
            {
                "point": range(points),
                "parameter": ["a34004"] * points,
                "interval": [300] * points,
                "arrived": arrived,
            },
            schema_overrides={"point": pl.Int64, "arrived": pl.Datetime("us")},
        )
        verdict = missing.detect(state, now, rule).filter(pl.col("state") == "bad")
        # A finding belongs to the sweep that made it.
        found.append(
            verdict.with_columns(
                pl.lit(BEGIN + timedelta(hours=hour)).cast(pl.Datetime("us")).alias("start")
            )
        )
    return score("missing", pl.concat(found), events)


def power(points: int, days: int, seed: int) -> Score:
    """Lines with a production and a treatment meter, a reading every 15 minutes."""
    chance = np.random.default_rng(seed + 3)
    steps = min(days, 20) * 96
    tables, events, meters = [], [], []
    for line in range(points):
        producing = np.zeros(steps, dtype=bool)
        for day in range(steps // 96):
            begin = day * 96 + int(chance.integers(24, 36))
            producing[begin : begin + int(chance.integers(30, 48))] = True
        # Treatment follows production by a quarter of an hour, and may run on: no trouble.
        treating = producing | np.roll(producing, 2)
        treating[np.flatnonzero(producing & ~np.roll(producing, 1))] = False
        for day in chance.choice(steps // 96, 3, replace=False):
            running = np.flatnonzero(producing[day * 96 : day * 96 + 96]) + day * 96
            length = int(chance.integers(4, 16))
            treating[running[8] : running[8] + length] = False
            events.append(Event(2 * line + 1, running[8] // 4, (running[8] + length) // 4))
        for offset, on, watts in ((0, producing, 80.0), (1, treating, 12.0)):
            point = 2 * line + offset
            meters.append(
                (point, f"E{line}", "1", "production" if offset == 0 else "treatment", 5.0)
            )
            tables.append(
                pl.DataFrame(
                    {
                        "point": np.full(steps, point),
                        "parameter": ["dPower"] * steps,
                        "start": pl.datetime_range(
                            BEGIN,
                            BEGIN + timedelta(minutes=15 * (steps - 1)),
                            "15m",
                            eager=True,
                            time_unit="us",
                        ),
                        "value": np.where(on, watts, 0.3) * np.exp(chance.normal(0, 0.1, steps)),
                    }
                )
            )
    data = pl.concat(tables)
    known = pl.DataFrame(
        meters, schema=["point", "owner_code", "line", "power_role", "running_above"], orient="row"
    )
    return score(
        "no_treatment", no_treatment.detect(data, data, known, settings("no_treatment")), events
    )


def measure(points: int = 40, days: int = 60, seed: int = 1) -> list[Score]:
    """Every detector on its own kind of data."""
    return [
        *chimneys(points, days, seed),
        stations(points, days, seed),
        silence(points, days, seed),
        power(max(2, points // 4), days, seed),
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--points", type=int, default=40)
    options.add_argument("--days", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    for one in measure(given.points, given.days, given.seed):
        print(
            json.dumps(
                {
                    "detector": one.detector, "events": one.events, "found": one.found,
                    "alarms": one.alarms, "false": one.false,
                    "precision": round(one.precision, 3), "recall": round(one.recall, 3),
                }
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()
