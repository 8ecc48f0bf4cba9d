"""Classes of sections over days, months and years, from daily values in the real store."""

from datetime import date

import pytest
from tests.daily_values import put_water, span

from ecoledger.entities.models import Section, Station
from ecoledger.indicators import declaring, water
from ecoledger.indicators.catalogue import RIVERS
from ecoledger.indicators.declaring import Span, all_indicators
from ecoledger.monitoring.models import Point

COUNTY = "990101"
# Class Ⅱ but for what is set beside it.
FINE = {"ph": 7.4, "do": 7.0, "codmn": 3.0, "tp": 0.08}


def test_a_long_period_is_the_mean_of_its_month_means(store, bureau):
    # 1 day of 0.9 in January, 3 of 0.3 in February: months give 0.6 (Ⅲ), days would give 0.45 (Ⅱ).
    put_water(store, bureau.water, {date(2026, 1, 5): {**FINE, "nh3n": 0.9}})
    put_water(
        store, bureau.water, {day: {**FINE, "nh3n": 0.3} for day in span(date(2026, 2, 1), 3)}
    )
    (section,) = water.period(COUNTY, date(2026, 1, 1), date(2026, 3, 1)).sections
    assert section.mean.values["nh3n"] == 0.6
    assert (section.label, section.days) == ("Ⅲ", 4)


def test_a_month_is_the_mean_of_its_days(store, bureau):
    days = span(date(2026, 2, 1), 4)
    put_water(
        store,
        bureau.water,
        {d: {**FINE, "nh3n": v} for d, v in zip(days, (0.9, 0.3, 0.3, 0.3), strict=True)},
    )
    (section,) = water.period(COUNTY, date(2026, 2, 1), date(2026, 3, 1)).sections
    assert section.mean.values["nh3n"] == 0.45
    assert section.label == "Ⅱ"


def test_what_fails_is_named_with_its_multiple_over_the_target(store, bureau):
    put_water(store, bureau.water, {date(2026, 5, 1): {**FINE, "nh3n": 1.5, "do": 4.0}})
    found = water.period(COUNTY, date(2026, 5, 1), date(2026, 5, 2))
    (section,) = found.sections
    assert (section.attains, section.failures) == (False, "氨氮(0.5)、溶解氧")
    assert (found.attained.parts, found.good.parts) == ("0/1", "0/1")


def test_a_year_may_attain_by_its_mean_while_months_fail(store, bureau):
    # 浮桥点位：年均值达标，但有月份不达标。
    for month in range(1, 10):
        value = 1.2 if month == 1 else 0.6
        put_water(store, bureau.water, {date(2026, month, 10): {**FINE, "nh3n": value}})
    found = water.year(COUNTY, date(2026, 1, 1), date(2026, 10, 1))
    assert (found.attained.parts, found.months_attained.parts) == ("1/1", "8/9")
    assert found.enough
    assert found.sections[0].months[date(2026, 1, 1)] == 4


@pytest.mark.parametrize(
    ("end", "parts"),
    [(date(2026, 6, 1), "1/2"), (date(2026, 5, 1), None), (date(2026, 4, 11), None)],
)
def test_months_are_counted_by_themselves_where_there_are_several(store, bureau, end, parts):
    for month, value in ((4, 1.2), (5, 0.6)):
        put_water(store, bureau.water, {date(2026, month, 10): {**FINE, "nh3n": value}})
    found = declaring.figures(
        [i for i in all_indicators() if i.source is RIVERS], COUNTY, Span(date(2026, 4, 1), end)
    )
    assert found["water_months_attained_ratio"].parts == (parts or "")
    assert found["water_attained_ratio"].parts == ("1/1" if parts else "0/1")


def test_what_the_months_left_must_bring_for_items_that_fail_so_far(store, bureau):
    for month in (1, 2):
        put_water(store, bureau.water, {date(2026, month, 10): {**FINE, "nh3n": 1.5}})
    found = water.year(COUNTY, date(2026, 1, 1), date(2026, 3, 1))
    (need,) = found.sections[0].needed
    # (1.0 × 12 − 1.5 × 2) / 10 = 0.9
    assert (need.item, need.months_left, need.at_most) == ("nh3n", 10, pytest.approx(0.9))
    assert not found.enough


def test_the_running_month_counts_among_those_left(store, bureau):
    for month in (1, 2):
        put_water(store, bureau.water, {date(2026, month, 10): {**FINE, "nh3n": 1.5}})
    (need,) = water.year(COUNTY, date(2026, 1, 1), date(2026, 2, 15)).sections[0].needed
    # (1.0 × 12 − 1.5) / 11
    assert need.at_most == pytest.approx(10.5 / 11)


def test_sections_without_data_are_listed_but_in_no_denominator(store, bureau):
    Section.objects.create(code="S-2", name="无站断面", area_code="990101002", river=bureau.river,
                           chainage_km=20)  # fmt: skip
    put_water(store, bureau.water, {date(2026, 5, 1): {**FINE, "nh3n": 0.3}})
    found = water.period(COUNTY, date(2026, 5, 1), date(2026, 5, 2))
    assert [(s.section.name, s.missing) for s in found.sections] == [
        ("清溪桥断面", ""), ("无站断面", water.NO_STATION),
    ]  # fmt: skip
    assert found.good.parts == "1/1"
    empty = water.period(COUNTY, date(2026, 6, 1), date(2026, 6, 2))
    assert (empty.good.display, empty.good.missing) == ("—", water.NO_DATA)


def test_a_section_given_up_since_stays_in_what_is_over(store, bureau):
    put_water(store, bureau.water, {date(2026, 5, 1): {**FINE, "nh3n": 0.6}})
    Section.objects.update(until=date(2026, 5, 31))
    assert water.period(COUNTY, date(2026, 5, 1), date(2026, 6, 1)).attained.parts == "1/1"
    assert water.period(COUNTY, date(2026, 6, 1), date(2026, 7, 1)).sections == []


def test_a_section_with_two_stations_counts_once(store, bureau):
    second = Station.objects.create(code="W-2", name="二号水站", area_code="990101001", medium="water",
                                    level="county", section=bureau.section)  # fmt: skip
    Point.objects.create(entity=second, kind="water", name="二号水站", area_code="990101001")
    put_water(store, bureau.water, {date(2026, 5, 1): {**FINE, "nh3n": 0.3}})
    assert water.period(COUNTY, date(2026, 5, 1), date(2026, 5, 2)).good.parts == "1/1"


@pytest.mark.parametrize(
    ("end", "left"),
    [
        (date(2026, 11, 1), 2),
        (date(2027, 1, 1), 0),
        (date(2026, 11, 21), 2),
        (date(2026, 12, 31), 1),
    ],
)
def test_months_of_the_year_that_are_not_over(end, left):
    assert water._months_left(end) == left
