"""Figures of ambient air from daily values in the real store."""

from datetime import date

import pytest
from tests.daily_values import CLEAN, put_air, span

from ecoledger.entities.models import Station
from ecoledger.indicators import air, air_standing
from ecoledger.monitoring.computing import evaluate
from ecoledger.monitoring.points import table as known_points
from ecoledger.standards import air_limits

COUNTY = "990101"


@pytest.fixture
def county(bureau):
    return evaluate.area_point(COUNTY)


def test_each_day_is_judged_by_the_edition_of_its_own_date(store, county):
    # 70 µg/m³: within the 75 of 2012, beyond the 60 in force from 2026-03-01.
    put_air(store, county, {day: {"pm2_5": 70} for day in span(date(2026, 2, 28), 2)})
    found = air.period(COUNTY, date(2026, 2, 28), date(2026, 3, 2))
    assert found.good_days.parts == "1/2"
    assert found.good_days.standard == "HJ 633-2012、HJ 633-2026"
    assert found.polluted_days.value == 1


def test_one_edition_for_all_days_lays_years_side_by_side(store, county):
    put_air(store, county, {day: {"pm2_5": 70} for day in span(date(2026, 2, 28), 2)})
    begin, end = date(2026, 2, 28), date(2026, 3, 2)
    new = air.period(COUNTY, begin, end, as_of=date(2026, 3, 1))
    old = air.period(COUNTY, begin, end, as_of=date(2026, 2, 28))
    assert (new.good_days.parts, old.good_days.parts) == ("0/2", "2/2")
    assert new.good_days.records.query["as_of"] == "2026-03-01"


def test_a_change_is_told_by_one_edition_wherever_it_is_told(store, county):
    """The edition changed within this year: 70 µg/m³ was a good day in February and is none in March."""
    this = [*span(date(2026, 2, 27), 4)]
    put_air(store, county, {day: {"pm2_5": 70} for day in this[:3]} | {this[3]: {}})
    put_air(store, county, {day: {"pm2_5": 70} for day in span(date(2025, 2, 27), 4)})
    begin, end = this[0], date(2026, 3, 3)
    years = air.year_on_year(county, begin, end)
    good = years.change(lambda year: year.good_days, 1)
    assert (good.now.parts, good.before.parts, str(good)) == ("1/4", "0/4", "同比上升25.0个百分点")
    assert (good.then.now.parts, good.then.before.parts) == ("3/4", "4/4")
    assert years.change(lambda year: year.values["pm2_5"], 1).then is None
    (row,) = [r for r in air_standing.baseline(county, begin, end) if r.measure == "good_days"]
    (ranked,) = air_standing.ranking([county], "good_days", begin, end)
    assert row.change.difference == good.difference == ranked.figure.value - ranked.before.value
    assert row.now.parts == "1/4"


def test_valid_days_are_not_calendar_days(store, county):
    # Without PM10 a clean day's index is not published (HJ 633-2026, 5.3.1); a polluted day's is.
    days = span(date(2026, 5, 1), 3)
    put_air(
        store, county, {days[0]: {}, days[1]: {"pm10": None}, days[2]: {"pm2_5": 100, "pm10": None}}
    )
    found = air.period(COUNTY, days[0], date(2026, 5, 5))
    assert (found.good_days.parts, found.valid_days.value, found.calendar_days) == ("1/2", 2, 4)
    assert found.good_days.display == "50.0%"


def test_a_period_without_data_has_reasons_instead_of_numbers(store, county):
    found = air.period(COUNTY, date(2026, 5, 1), date(2026, 6, 1))
    for figure in (found.good_days, found.composite, *found.values.values()):
        assert (figure.display, figure.value) == ("—", None)
        assert figure.missing
    assert (found.aqi_range, found.largest, found.enough) == ("—", "—", False)


def test_values_are_unrounded_and_printed_by_their_own_edition(store, county):
    put_air(store, county, {date(2025, 5, 1): {"pm2_5": 30.25}, date(2025, 5, 2): {"pm2_5": 30.4},
                            date(2026, 5, 1): {"pm2_5": 30.25}, date(2026, 5, 2): {"pm2_5": 30.4}})  # fmt: skip
    old = air.period(COUNTY, date(2025, 5, 1), date(2025, 5, 3)).values["pm2_5"]
    new = air.period(COUNTY, date(2026, 5, 1), date(2026, 5, 3)).values["pm2_5"]
    assert float(old.value) == float(new.value) == pytest.approx(30.325)
    assert (old.display, new.display) == ("30 µg/m³", "30.3 µg/m³")
    assert "HJ 663-2026" in new.standard


def test_the_composite_index_is_formed_with_the_limits_of_its_date(store, county):
    put_air(store, county, {date(2025, 5, 1): {}, date(2026, 5, 1): {}})

    def by_hand(on):
        # Of one day, mean and percentiles are the day's values.
        averages = {"co": "day", "o3": "eight_hour"}
        return sum(
            CLEAN[f] / air_limits.limit(f, averages.get(f, "year"), on=on)
            for f in air_limits.FACTORS
        )

    for year in (2025, 2026):
        day = date(year, 5, 1)
        found = air.period(COUNTY, day, date(year, 5, 2)).composite
        assert float(found.value) == pytest.approx(by_hand(day))
    again = air.period(COUNTY, date(2025, 5, 1), date(2025, 5, 2), as_of=date(2026, 5, 1)).composite
    assert float(again.value) == pytest.approx(by_hand(date(2026, 5, 1)))


def test_a_month_needs_27_valid_days_of_every_factor(store, county):
    put_air(store, county, {day: {} for day in span(date(2026, 5, 1), 27)})
    assert air.period(COUNTY, date(2026, 5, 1), date(2026, 6, 1)).enough
    put_air(store, county, {date(2026, 5, 27): {"co": None}})
    assert not air.period(COUNTY, date(2026, 5, 1), date(2026, 6, 1)).enough


def test_the_day_a_year_before(store):
    assert air.last_year(date(2028, 2, 29)) == date(2027, 2, 28)
    assert air.last_year(date(2026, 3, 1)) == date(2025, 3, 1)
    assert air.year_before(date(2024, 1, 1), date(2024, 2, 29)) == (
        date(2023, 1, 1),
        date(2023, 3, 1),
    )
    assert air.year_before(date(2025, 2, 1), date(2025, 3, 1)) == (
        date(2024, 2, 1),
        date(2024, 3, 1),
    )


def test_a_town_has_the_means_of_its_stations_and_the_index_from_those(store, bureau):
    first, second = bureau.air[:2]
    begin, end = date(2026, 5, 1), date(2026, 5, 4)
    put_air(store, first, {begin: {"pm2_5": 50}, date(2026, 5, 2): {"pm2_5": 30}})
    put_air(store, second, {begin: {"pm2_5": 70}})
    town = air.period(first.area_code, begin, end)
    # 70 and 50 make 60, the limit; of two stations one is enough for the second day.
    assert town.days["pm2_5"].to_list() == [60.0, 30.0]
    assert town.days["aqi"].to_list() == [100.0, 43.0]
    assert (town.good_days.parts, town.values["pm2_5"].display) == ("2/2", "45.0 µg/m³")


def test_a_town_of_one_station_has_that_stations_days_and_micro_stations_assess_nothing(
    store, bureau
):
    first, second = bureau.air[:2]
    Station.objects.filter(pk=second.entity_id).update(level="micro")
    known_points.forget()
    put_air(store, first, {date(2026, 5, 1): {"pm2_5": 50}})
    put_air(store, second, {date(2026, 5, 1): {"pm2_5": 90}})
    begin, end = date(2026, 5, 1), date(2026, 5, 2)
    town, station = air.period(first.area_code, begin, end), air.point_period(first, begin, end)
    assert town.days.drop("point", strict=False).equals(station.days.drop("point", strict=False))
    assert town.good_days.records.query["point"] == f"{town.point.pk}"
