"""Indicator values kept by span and revision: computed once, again only when what they rest on changed."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from django.utils import timezone
from tests.daily_values import october, put_air, span

from ecoledger.indicators import storing
from ecoledger.indicators.catalogue import AIR
from ecoledger.indicators.declaring import Span, indicator_of
from ecoledger.indicators.models import IndicatorValue
from ecoledger.matters import actions
from ecoledger.monitoring.computing import evaluate
from ecoledger.monitoring.computing.aggregate import Changed
from ecoledger.registers.alarms import alarm_case

COUNTY, TOWN, ELSEWHERE = "990101", "990101001", "990202"
APRIL = Span(date(2026, 4, 1), date(2026, 5, 1))
PM = indicator_of("pm2_5_mean")


@pytest.fixture
def point(store, bureau):
    found = evaluate.area_point(COUNTY)
    put_air(store, found, {day: {"pm2_5": 30} for day in span(APRIL.begin, 30)})
    return found


def changed(point, day):
    days = pl.DataFrame(
        {"point": [point.pk], "parameter": ["aqi"], "day": [datetime(2026, 4, day)]}
    )
    return Changed(days.rename({"day": "hour"}).clear(), days)


def test_a_stored_figure_is_the_figure_that_was_computed(point):
    computed = PM.of(COUNTY, APRIL)
    first = storing.figure(PM, COUNTY, APRIL)
    again = storing.figure(PM, COUNTY, APRIL)
    assert first == computed == again
    assert IndicatorValue.objects.count() == 1


def test_a_value_holds_until_its_data_change_and_then_has_a_further_revision(store, point):
    storing.figure(PM, COUNTY, APRIL)
    put_air(store, point, {date(2026, 4, 10): {"pm2_5": 60}})
    # Nobody said that something changed: what was stored still speaks.
    assert storing.figure(PM, COUNTY, APRIL).value == 30
    storing.observations_changed(changed(point, 10))
    assert storing.current(PM.key, COUNTY, APRIL).stale
    assert storing.refresh() == 1
    first, second = storing.revisions(PM.key, COUNTY, APRIL)
    assert (first.revision, first.current, first.value) == (1, False, "30")
    assert (second.revision, second.current, second.value) == (2, True, "31")
    assert second.inputs_up_to > first.inputs_up_to


def test_an_equal_result_is_no_further_revision_and_says_how_late_its_data_are(point):
    before = storing.store(PM, COUNTY, APRIL, PM.of(COUNTY, APRIL), timezone.now())
    storing.observations_changed(changed(point, 3))
    storing.refresh()
    after = storing.current(PM.key, COUNTY, APRIL)
    assert (after.pk, after.revision, after.stale) == (before.pk, 1, False)
    assert after.inputs_up_to > before.inputs_up_to


def test_only_spans_and_divisions_that_the_change_concerns_become_stale(point):
    month_after = Span(date(2026, 5, 1), date(2026, 6, 1))
    for area, when in ((COUNTY, APRIL), (COUNTY, month_after), (ELSEWHERE, APRIL)):
        storing.figure(PM, area, when)
    storing.touch("water", [COUNTY], APRIL.begin, APRIL.end)
    assert not IndicatorValue.objects.filter(stale=True).exists()
    storing.touch("air", [TOWN], date(2026, 4, 30), date(2026, 5, 1))
    rows = IndicatorValue.objects.filter(stale=True)
    assert [(row.area_code, row.begin) for row in rows] == [(COUNTY, APRIL.begin)]


def test_a_change_during_the_computation_is_not_lost(point):
    began = timezone.now() - timedelta(seconds=1)
    figure = PM.of(COUNTY, APRIL)
    storing.touch("air", [COUNTY], APRIL.begin, APRIL.end)
    assert storing.store(PM, COUNTY, APRIL, figure, began).stale


def test_each_source_is_computed_once_for_a_page_of_indicators(point, monkeypatch):
    from ecoledger.indicators import air

    calls = []
    period = air.period
    monkeypatch.setattr(air, "period", lambda *asked: calls.append(asked) or period(*asked))
    wanted = [indicator_of(key) for key in ("pm2_5_mean", "pm10_mean", "o3_p90", "heavy_days")]
    assert all(one.source is AIR for one in wanted)
    assert len(storing.figures(wanted, COUNTY, APRIL)) == 4
    assert len(calls) == 1
    storing.figures(wanted, COUNTY, APRIL)
    assert len(calls) == 1


def test_a_step_of_a_matter_makes_its_registers_values_stale(store, bureau, people):
    month = october(store, bureau)
    opened, when = indicator_of("alarm_case.opened"), Span(date(2026, 10, 1), date(2026, 11, 1))
    assert storing.figure(opened, COUNTY, when).value == 3
    actions.merge(
        [month["pending"].pk], month["true"].pk, by=people["dispatcher"], reason="同一原因"
    )
    assert storing.current(opened.key, COUNTY, when).stale
    assert storing.figure(opened, COUNTY, when).value == 2
    assert [row.value for row in storing.revisions(opened.key, COUNTY, when)] == ["3", "2"]
    assert alarm_case.REGISTER.key == "alarm_case"


def test_what_speaks_of_now_is_not_stored(store, bureau):
    october(store, bureau)
    when = Span(date(2026, 10, 1), date(2026, 11, 1))
    storing.figure(indicator_of("alarm_case.in_hand"), COUNTY, when)
    assert not IndicatorValue.objects.exists()
