"""声环境自动监测 (mechanism Q14, HJ 906): the day and night levels of automatic stations, taken into the readings.

An hour counts with its equivalent level; hours of rain or of wind from 5 m/s on, where the station measures weather,
do not. A day's night begins in its own evening. What lacks a quarter of its hours is not formed.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.hourly import hours
from ecoledger.monitoring.models import Point
from ecoledger.registers.air.noise_sites import READINGS, NoiseReading, NoiseSite
from ecoledger.standards import noise

LEVELS = ("Leq", "LA")  # the equivalent level where it is sent
WIND, RAIN = "a01007", "a01021"
STRONG_WIND = 5.0  # m/s
BACK = 3  # days taken again by the daily round: late data come in


def take_day(day: date, *, by: Person | None = None) -> int:
    """Readings of ``day`` from every site that has a station and none of that day yet; how many."""
    if not runtime.is_open():
        return 0
    at = times.midnight(day)
    sites = NoiseSite.objects.exclude(station=None).select_related("station")
    known = set(
        NoiseReading.objects.filter(at=at, current=True, entity__in=sites).values_list(
            "entity", flat=True
        )
    )
    taken = 0
    for site in sites:
        if site.pk in known:
            continue
        levels, left_out = _hours_of(site, day)
        judged = noise.day_levels(levels)
        if judged.day is None and judged.night is None:
            continue
        READINGS.open_row(
            {
                "entity": site,
                "at": at,
                "day": _tenth(judged.day),
                "night": _tenth(judged.night),
                "weather_ok": True,
                "note": _(
                    "自动监测：昼间 %(day)d/16 h，夜间 %(night)d/8 h；因雨、大风剔除 %(out)d h"
                )
                % {"day": judged.day_hours, "night": judged.night_hours, "out": left_out},
            },
            by,
            timezone.now(),
        )
        taken += 1
    return taken


def daily() -> int:
    """The round of every morning: the days that are over, night included."""
    today = timezone.localdate()
    return sum(take_day(today - timedelta(days=back)) for back in range(BACK + 1, 1, -1))


def _hours_of(site: NoiseSite, day: date) -> tuple[dict[int, float | None], int]:
    """Hourly levels of a day and the night that begins in its evening; how many hours the weather took out."""
    night = noise.default_night()
    begin = datetime.combine(day, time(night.end))
    end = begin + timedelta(days=1)
    points = list(
        Point.objects.filter(entity=site.station_id, enabled=True).values_list("pk", "kind")
    )
    own = [pk for pk, kind in points if kind == Point.Kind.NOISE]
    rows = hours(own, LEVELS, begin, end) if own else None
    if rows is None or rows.is_empty():
        return {}, 0
    first = next(code for code in LEVELS if code in rows["parameter"])
    level = dict(rows.filter(pl.col("parameter") == first).select("date", "value").iter_rows())
    weather = [pk for pk, kind in points if kind in (Point.Kind.WEATHER, Point.Kind.NOISE)]
    bad = {
        when
        for code, when, value in hours(weather, (WIND, RAIN), begin, end)
        .select("parameter", "date", "value")
        .iter_rows()
        if (value >= STRONG_WIND if code == WIND else value > 0)
    }
    kept = {when.hour: value for when, value in level.items() if when not in bad}
    return kept, len(set(level) & bad)


def _tenth(level: float | None) -> Decimal | None:
    return None if level is None else Decimal(str(round(level, 1)))
