"""Score sheets fed by indicators."""

from datetime import date
from decimal import Decimal

import pytest
from tests.daily_values import october, put_air, span

from ecoledger.indicators import scoring
from ecoledger.monitoring.computing import evaluate

COUNTY = "990101"


def test_a_place_is_measured_by_the_figure_and_its_records(store, bureau):
    point = evaluate.area_point(COUNTY)
    days = span(date(2026, 4, 1), 30)
    put_air(store, point, {d: {"pm2_5": 80 if n % 5 == 0 else 20} for n, d in enumerate(days)})
    found = scoring.source("good_day_ratio")(COUNTY, days[0], days[-1])
    assert (found.value, found.text) == (Decimal(80), "优良天数比例80.0%（24/30）")
    assert found.records.startswith("/records/air-days?")


def test_a_thing_is_measured_by_the_division_it_lies_in(store, bureau):
    october(store, bureau)
    measure = scoring.source("alarm_case.confirmed_ratio")
    found = measure(bureau.section, date(2026, 10, 1), date(2026, 10, 31))
    assert (found.value, found.text) == (Decimal(50), "预警属实率50.0%（1/2）")
    assert "/records/counted-matters?" in found.records


def test_what_has_no_data_lacks_a_value_and_is_not_nought(store, bureau):
    found = scoring.source("pm2_5_mean")(COUNTY, date(2026, 4, 1), date(2026, 4, 30))
    assert (found.value, found.records) == (None, "")
    assert found.text


def test_an_unknown_indicator_is_refused_when_the_sheet_is_declared():
    with pytest.raises(KeyError):
        scoring.source("pm25")
