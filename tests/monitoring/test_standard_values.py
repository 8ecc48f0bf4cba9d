"""Values and limits meet in one unit, whatever a point stores."""

from datetime import date, datetime

import polars as pl
import pytest
from tests.monitoring.test_evaluate import one, put, work_through

from ecoledger.monitoring.alarming import limits
from ecoledger.monitoring.computing import standard_values
from ecoledger.monitoring.models import PointParameter
from ecoledger.monitoring.points import table as points
from ecoledger.standards import air_limits, aqi, surface_water

DAY = date(2026, 5, 1)
START = datetime(2026, 5, 1, 8)


def test_every_item_that_decides_a_class_can_be_reported():
    _, table = surface_water.limits_on(DAY)
    _, method = surface_water.method_on(DAY)
    counted = surface_water.counted_items(table.river, method, count_tn=True, items=None)
    assert counted <= set(standard_values.water_codes().values())
    assert set(standard_values.air_codes().values()) == set(air_limits.FACTORS)


@pytest.mark.parametrize(
    ("code", "micrograms", "rank"),
    [
        # GB 3838: mercury Ⅰ 0.00005, Ⅲ 0.0001, Ⅳ 0.001 mg/L; cadmium Ⅰ 0.001, Ⅱ 0.005; Cr6+ Ⅰ 0.01, Ⅱ 0.05.
        ("w20142", 0.05, 1),
        ("w20142", 0.08, 3),
        ("w20142", 0.9, 4),
        ("w20142", 1.1, 6),
        ("w20143", 1.0, 1),
        ("w20143", 4.9, 2),
        ("w20117", 10.0, 1),
        ("w20117", 49.0, 2),
    ],
)
def test_metals_stored_in_micrograms_are_judged_in_milligrams(
    store, bureau, code, micrograms, rank
):
    put(store, bureau.water, {code: micrograms}, START)
    work_through(store)
    assert one(store, bureau.water, "water_class", "computed-hour", START)[0] == rank


def test_a_point_that_declares_milligrams_is_taken_at_its_word(store, bureau):
    PointParameter.objects.create(
        point=bureau.water, code="w20142", name="汞", unit="mg/L", decimals=5, interval_seconds=3600
    )
    points.forget()
    put(store, bureau.water, {"w20142": 0.00008}, START)
    work_through(store)
    assert one(store, bureau.water, "water_class", "computed-hour", START)[0] == 3


def test_a_unit_that_cannot_be_converted_is_not_judged(store, bureau):
    PointParameter.objects.create(
        point=bureau.water, code="w20142", name="汞", unit="%", decimals=1, interval_seconds=3600
    )
    points.forget()
    put(store, bureau.water, {"w20142": 50.0}, START)
    work_through(store)
    assert one(store, bureau.water, "water_class", "computed-hour", START)[0] is None


def test_limits_are_told_in_the_unit_of_the_stored_values(bureau):
    section = bureau.section
    asked = pl.DataFrame(
        {"point": [bureau.water.pk] * 4, "parameter": ["w20142", "w21011", "w01009", "w21001"],
         "start": [START] * 4},
        schema_overrides={"start": pl.Datetime("us")},
    )  # fmt: skip
    found = limits.attach(asked, "hour", {}, "water", points.current())
    bounds = {
        row["parameter"]: (row["limit"], row["lower_limit"]) for row in found.iter_rows(named=True)
    }
    _, high = surface_water.bounds("hg", section.target_class, on=DAY)
    assert bounds["w20142"] == (pytest.approx(high * 1000), None)
    assert bounds["w21011"] == (
        surface_water.bounds("tp", section.target_class, on=DAY)[1], None,
    )  # fmt: skip
    assert bounds["w01009"][0] is None
    assert bounds["w01009"][1] is not None
    assert bounds["w21001"] == (None, None)


def test_ozone_in_milligrams_is_judged_with_its_greatest_hour(store, bureau):
    """HJ 633-2012 counts the greatest hour beside the 8-hour mean; both go through the same unit."""
    PointParameter.objects.filter(point=bureau.air[0], code="a05024").update(unit="mg/m³")
    points.forget()
    day = datetime(2025, 7, 1)
    for hour in range(24):
        values = {"a34004": 20, "a34002": 39, "a21026": 6, "a21004": 31, "a21005": 0.8}
        ozone = 0.3 if hour == 13 else 0.05
        put(store, bureau.air[0], values | {"a05024": ozone}, day.replace(hour=hour))
    work_through(store)
    index, primary, _, standard = one(store, bureau.air[0], "aqi", "computed-day", day)
    expected = aqi.daily(
        so2=6, no2=31, o3=(7 * 50 + 300) / 8, co=0.8, pm10=39, pm2_5=20, o3_1h=300, on=day.date()
    )
    assert (index, primary, standard) == (expected.aqi, "O3", "HJ 633-2012")
    assert expected.aqi == 150
