"""From stored values to indices and classes, through the real store."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from ecoledger.monitoring.computing import aggregate, evaluate
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import table
from ecoledger.standards import aqi

HOUR = datetime(2026, 5, 1, 8)


def put(store, point, values, start=HOUR, series="hour", seconds=3600, flag="N"):
    store.append(
        observations={
            "point": [point.pk] * len(values),
            "parameter": list(values),
            "start": [start] * len(values),
            "seconds": [seconds] * len(values),
            "series": [series] * len(values),
            "value": list(values.values()),
            "flag": [flag] * len(values),
        }
    )


def work_through(store):
    work = store.take_pending(100_000)
    changed = aggregate.run(work, store, table.current())
    changed = evaluate.run(changed, store, table.current())
    store.done_pending(work)
    return changed


def one(store, point, parameter, series, start=HOUR, *columns):
    columns = columns or ("value", "text", "valid", "standard")
    found = store.read([point.pk], [parameter], series, start, start + timedelta(seconds=1),
                       columns=columns)  # fmt: skip
    return found.row(0) if found.height else None


AIR = {"a34004": 37, "a34002": 39, "a21026": 6, "a21004": 31, "a21005": 0.8, "a05024": 44}


@pytest.mark.parametrize(
    ("start", "standard", "index"),
    [
        (datetime(2026, 2, 26, 8), "HJ 633-2012", 53),
        (datetime(2026, 2, 28, 23), "HJ 633-2012", 53),
        (datetime(2026, 3, 1, 0), "HJ 633-2026", 54),
    ],
)
def test_an_hours_index_follows_the_edition_of_its_date(store, bureau, start, standard, index):
    put(store, bureau.air[0], AIR, start)
    work_through(store)
    assert one(store, bureau.air[0], "aqi", "computed-hour", start) == (
        index, "PM2.5", True, standard,
    )  # fmt: skip


def test_a_countys_index_comes_from_the_mean_of_its_stations_that_count(store, bureau):
    for station, pm in zip(bureau.air, (20, 60, 100, 400), strict=True):
        put(store, station, AIR | {"a34004": pm})
    work_through(store)
    county = evaluate.area_point("990101")
    assert one(store, county, "a34004", "computed-hour")[0] == pytest.approx(60)
    expected = aqi.hourly(so2=6, no2=31, o3=44, co=0.8, pm10=39, pm2_5=60, on=HOUR.date()).aqi
    assert one(store, county, "aqi", "computed-hour")[0] == expected


@pytest.mark.parametrize(("days", "mean"), [(0, 80), (1, 60)])
def test_a_station_that_was_stopped_counts_in_what_lies_before(store, bureau, days, mean):
    """Late data of that time are judged by the stations that stood then."""
    stopped_on = HOUR.date() + timedelta(days=days)
    Point.objects.filter(pk=bureau.air[0].pk).update(enabled=False, stopped_on=stopped_on)
    table.forget()
    for station, pm in zip(bureau.air, (20, 60, 100, 400), strict=True):
        put(store, station, AIR | {"a34004": pm})
    work_through(store)
    county = evaluate.area_point("990101")
    assert one(store, county, "a34004", "computed-hour")[0] == pytest.approx(mean)


def test_a_county_needs_half_of_its_three_stations(store, bureau):
    put(store, bureau.air[0], AIR)
    work_through(store)
    county = evaluate.area_point("990101")
    assert one(store, county, "a34004", "computed-hour")[:1] == (None,)
    put(store, bureau.air[1], AIR)
    work_through(store)
    assert one(store, county, "a34004", "computed-hour")[0] == pytest.approx(37)


def test_an_index_is_withheld_while_a_factor_is_missing_and_the_rest_is_low(store, bureau):
    put(store, bureau.air[0], {k: v for k, v in AIR.items() if k != "a05024"})
    work_through(store)
    value, _, valid, _ = one(store, bureau.air[0], "aqi", "computed-hour")
    assert (value, valid) == (None, False)


def test_a_days_index_uses_the_greatest_8_hour_ozone(store, bureau):
    for hour in range(24):
        start = datetime(2026, 5, 1) + timedelta(hours=hour)
        put(store, bureau.air[0], AIR | {"a05024": 100 + 5 * hour}, start)
    work_through(store)
    day = datetime(2026, 5, 1)
    ozone = one(store, bureau.air[0], "a05024", "computed-day", day, "value", "maximum", "valid")
    assert ozone == (pytest.approx(100 + 5 * 19.5), 215, True)
    judged = aqi.daily(so2=6, no2=31, o3=197.5, co=0.8, pm10=39, pm2_5=37, on=day.date())
    assert one(store, bureau.air[0], "aqi", "computed-day", day)[:2] == (judged.aqi, "O3")


def test_a_water_sample_gets_its_class_and_main_pollutant(store, bureau):
    put(store, bureau.water, {"w01001": 7.5, "w01009": 6.2, "w21003": 1.5, "w21011": 0.3})
    work_through(store)
    value, text, valid, standard = one(store, bureau.water, "water_class", "computed-hour")
    assert (value, valid, standard) == (4.0, True, "GB 3838-2002")
    assert text == "氨氮(0.5)、总磷(0.5)"


def test_an_hour_of_water_is_judged_as_given_and_a_day_as_means_are(store, bureau):
    """The national publication judges pH 9.3 as beyond 9; a mean of days is judged in whole numbers."""
    day = datetime(2026, 5, 1)
    for hour in (0, 4, 8, 12, 16, 20):
        values = {"w01001": 9.3, "w01009": 8.0, "w01019": 4.04}
        put(store, bureau.water, values, day + timedelta(hours=hour))
    work_through(store)
    assert one(store, bureau.water, "water_class", "computed-hour", HOUR)[0] == 6
    assert one(store, bureau.water, "water_class", "computed-day", day)[0] == 2


def test_late_data_are_worked_through_again_only_where_they_fall(store, bureau):
    for hour in range(24):
        put(store, bureau.air[0], AIR, datetime(2026, 5, 1) + timedelta(hours=hour))
        put(store, bureau.air[1], AIR, datetime(2026, 5, 1) + timedelta(hours=hour))
    work_through(store)
    before = store.read(series=["computed-hour", "computed-8hour", "computed-day"], revisions=True,
                        columns=("point", "parameter", "series", "start"))  # fmt: skip
    put(store, bureau.air[0], {"a34004": 90.0}, datetime(2026, 5, 1, 3))
    work_through(store)
    after = store.read(series=["computed-hour", "computed-8hour", "computed-day"], revisions=True,
                       columns=("point", "parameter", "series", "start"))  # fmt: skip
    county = evaluate.area_point("990101").pk
    new = (
        after.group_by(after.columns)
        .len()
        .join(before.group_by(before.columns).len(), on=before.columns, how="left")
        .filter(pl.col("len") > pl.col("len_right").fill_null(0))
        .drop("len", "len_right")
    )
    hour, day = datetime(2026, 5, 1, 3), datetime(2026, 5, 1)
    assert set(new.rows()) == {
        (bureau.air[0].pk, "a34004", "computed-hour", hour),
        (bureau.air[0].pk, "aqi", "computed-hour", hour),
        (county, "a34004", "computed-hour", hour),
        (county, "aqi", "computed-hour", hour),
        (bureau.air[0].pk, "a34004", "computed-day", day),
        (county, "a34004", "computed-day", day),
        (bureau.air[0].pk, "aqi", "computed-day", day),
        (county, "aqi", "computed-day", day),
    }


def test_a_withdrawn_hour_takes_its_index_back(store, bureau):
    put(store, bureau.air[0], AIR)
    work_through(store)
    for parameter in AIR:
        store.append(
            observations={
                "point": [bureau.air[0].pk], "parameter": [parameter], "start": [HOUR],
                "seconds": [3600], "series": ["hour"], "value": [None], "flag": ["D"],
                "layer": [3], "author": ["monitor"], "reason": ["仪器故障"],
            }
        )  # fmt: skip
    work_through(store)
    assert one(store, bureau.air[0], "aqi", "computed-hour")[0] is None
