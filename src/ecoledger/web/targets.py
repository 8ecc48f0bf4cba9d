"""Yearly targets of the bureau's profile (``profile/targets.toml``), and how the year stands against them.

The file names what the plan of the year set::

    [[target]]
    indicator = "good_day_ratio"   # 优良天数比例, percent of valid days
    year = 2026
    value = 92.5

    [[target]]
    indicator = "pm2_5_mean"       # PM2.5 年均浓度, µg/m³
    year = 2026
    value = 30
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings

from ecoledger.monitoring import parameters
from ecoledger.monitoring.models import Point
from ecoledger.standards.air_targets import allowance, bad_days_allowed
from ecoledger.web import readings

FILE = "targets.toml"
GOOD_DAYS = "good_day_ratio"
PM25 = "pm2_5_mean"


def file() -> Path:
    return Path(settings.PROFILE) / FILE


def targets(year: int) -> dict[str, float]:
    """Indicator -> target of the year; empty where the profile sets none."""
    if not file().exists():
        return {}
    content: dict[str, Any] = tomllib.loads(file().read_text(encoding="utf-8"))
    return {
        str(entry["indicator"]): float(entry["value"])
        for entry in content.get("target", ())
        if int(entry["year"]) == year
    }


@dataclass(frozen=True)
class GoodDaysToDate:
    """Good days of the year so far beside the target, percent of valid days."""

    good: int
    valid: int
    target: float | None
    # How many of the remaining days may still be bad; negative: out of reach by so many.
    bad_days_left: int | None

    @property
    def ratio(self) -> float | None:
        return 100 * self.good / self.valid if self.valid else None

    @property
    def met(self) -> bool | None:
        if self.target is None or self.ratio is None:
            return None
        return self.ratio >= self.target


@dataclass(frozen=True)
class MeanToDate:
    """A pollutant's mean of the year so far beside the target, in the pollutant's unit."""

    mean: float | None
    days: int
    target: float | None
    # The mean that the remaining days may have.
    allowed: float | None

    @property
    def met(self) -> bool | None:
        if self.target is None or self.mean is None:
            return None
        return self.mean <= self.target


def good_days(point: Point, today: date) -> GoodDaysToDate:
    """Of the year's days before ``today``, as far as they have been judged."""
    days = readings.air_days(point, date(today.year, 1, 1), today).drop_nulls("value")
    good, valid = days.filter(pl.col("value") <= 100).height, days.height
    target = targets(today.year).get(GOOD_DAYS)
    left = None
    if target is not None:
        remaining = (date(today.year, 12, 31) - today).days + 1
        left = bad_days_allowed(target=target, good=good, valid=valid, remaining=remaining).allowed
    return GoodDaysToDate(good, valid, target, left)


def pm25(point: Point, today: date) -> MeanToDate:
    """PM2.5: mean of the valid daily means of the year before ``today``."""
    code = parameters.code_of_key("pm2_5", "air")
    rows = readings.day_values(point, code, date(today.year, 1, 1), today)
    values = rows.filter(pl.col("valid").fill_null(True)).drop_nulls("value")["value"]
    if values.is_empty():
        return MeanToDate(None, 0, targets(today.year).get(PM25), None)
    mean = float(values.mean())  # type: ignore[arg-type]
    target = targets(today.year).get(PM25)
    allowed = None
    if target is not None:
        rest = allowance(
            target=target,
            mean=mean,
            days=len(values),
            remaining=(date(today.year, 12, 31) - today).days + 1,
        )
        allowed = float(rest) if rest is not None else None
    return MeanToDate(mean, len(values), target, allowed)
