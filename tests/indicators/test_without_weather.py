"""What a measure changed beside the weather: found where it was put in, and refused where there is too little."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from ecoledger.indicators import without_weather
from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.science.air_table import TableError

BEGIN = datetime(2026, 1, 1)
HOURS = 110 * 24
CHANGE = date(2026, 4, 11)


@pytest.fixture
def air_and_weather(store, bureau):
    """A station whose PM2.5 falls with the wind, and by three tenths from the 11th of April on, which is windy."""
    station = bureau.air[0]
    gauge = Point.objects.create(
        entity=station.entity, kind=Point.Kind.WEATHER, name="气象站", area_code=station.area_code
    )
    for code, unit in (("a01007", "m/s"), ("a01001", "℃")):
        PointParameter.objects.create(
            point=gauge, code=code, name=code, unit=unit, decimals=1, interval_seconds=3600
        )
    chance = np.random.default_rng(4)
    hour = np.arange(HOURS)
    wind = np.clip(
        2 + np.sin(hour / 31) + 0.6 * np.sin(hour / 97) + chance.normal(0, 0.3, HOURS), 0.2, 9
    )
    wind[100 * 24 :] += 1.0
    value = 90 * np.exp(-0.35 * wind) * np.exp(chance.normal(0, 0.05, HOURS))
    value[100 * 24 :] *= 0.7
    temperature = 10 + 8 * np.sin(2 * np.pi * hour / 24)
    for point, code, values in (
        (station, "a34004", value),
        (gauge, "a01007", wind),
        (gauge, "a01001", temperature),
    ):
        store.append(
            observations={
                "point": [point.pk] * HOURS, "parameter": [code] * HOURS,
                "start": [BEGIN + timedelta(hours=int(n)) for n in hour], "seconds": [3600] * HOURS,
                "series": ["computed-hour"] * HOURS, "value": values, "valid": [True] * HOURS, "flag": ["N"] * HOURS,
            }
        )  # fmt: skip
    return station


def test_the_wind_is_taken_out_of_what_the_measure_did(air_and_weather):
    effect = without_weather.evaluate([air_and_weather.pk], "a34004", CHANGE, date(2026, 4, 20))
    assert effect.percent == pytest.approx(-30, abs=6)
    assert effect.significant
    assert effect.skill > 0.6
    # The bare means give the wind's part to the measure as well.
    assert 100 * effect.plain_difference / effect.before < -45
    assert without_weather.told(effect)["significant"] is True


def test_too_few_hours_and_no_weather_are_said(air_and_weather):
    with pytest.raises(TableError, match="hours before"):
        without_weather.evaluate([air_and_weather.pk], "a34004", date(2026, 2, 1), date(2026, 2, 9))
    Point.objects.filter(kind=Point.Kind.WEATHER).update(enabled=False)
    with pytest.raises(TableError, match="no weather"):
        without_weather.evaluate([air_and_weather.pk], "a34004", CHANGE, date(2026, 4, 20))
