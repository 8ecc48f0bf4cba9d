"""Score sheets fed by indicators."""

import re
from datetime import date
from decimal import Decimal
from importlib import resources

import pytest
from tests.daily_values import october, put_air, span

from ecoledger.indicators import scoring
from ecoledger.indicators.declaring import indicator_of
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


@pytest.mark.parametrize("name", ["air_assessment", "town_assessment", "warning_rules"])
def test_every_feed_of_the_rules_that_ship_is_an_indicator(name):
    """A key of no book would be left out as 数据缺 for ever."""
    file = resources.files("ecoledger.indicators") / "data" / f"{name}.toml"
    feeds = re.findall(r'^indicator = "(.+)"$', file.read_text("utf-8"), flags=re.MULTILINE)
    assert feeds
    assert [indicator_of(feed).key for feed in feeds] == feeds
