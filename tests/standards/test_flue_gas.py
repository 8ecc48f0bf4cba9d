"""Flue gas: conversion, validity, substitution."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import flue_gas


def test_conversion_to_reference_oxygen():
    assert flue_gas.to_reference_oxygen(80, 12, 9) == pytest.approx(80 * 12 / 9)
    assert flue_gas.to_reference_oxygen([80, 80], [9, 6], 9) == pytest.approx([80, 64])


def test_without_a_reference_nothing_is_converted():
    assert flue_gas.to_reference_oxygen([80, 90], [20.95, 5], None).tolist() == [80, 90]


@pytest.mark.parametrize("o2", [20.9, 21.0, 25.0, -1.0, math.nan])
def test_a_stopped_furnace_is_not_converted(o2):
    assert math.isnan(flue_gas.to_reference_oxygen(80, o2, 9))
    assert bool(flue_gas.is_stopped(o2)) == (o2 >= 20.9)


@given(st.floats(0, 1000), st.floats(0, 20.89), st.sampled_from([3.5, 6.0, 9.0, 11.0]))
def test_conversion_never_blows_up_and_keeps_the_reference(value, o2, reference):
    converted = float(flue_gas.to_reference_oxygen(value, o2, reference))
    assert 0 <= converted <= value * (21 - reference) / 0.1
    assert float(flue_gas.to_reference_oxygen(value, reference, reference)) == pytest.approx(value)


def test_standard_state_and_dry_gas():
    assert flue_gas.to_standard_state(100, 0, 0) == pytest.approx(100)
    assert flue_gas.to_standard_state(100, 136.5, 0) == pytest.approx(150)
    assert flue_gas.to_standard_state(100, 0, -1325) == pytest.approx(101.325)
    assert flue_gas.to_dry(90, 10) == pytest.approx(100)
    assert np.isnan(flue_gas.to_dry([90, 90], [100, -1])).all()


def test_mass_from_volume_and_nitrogen_oxides():
    assert flue_gas.from_ppm(100, "so2") == pytest.approx(6400 / 22.4)
    assert flue_gas.nitrogen_oxides(30, 4) == pytest.approx(50)
    with pytest.raises(LookupError, match="so2"):
        flue_gas.from_ppm(1, "xe")


def test_flow_and_load():
    flow = flue_gas.dry_flow(10, 2, 136.5, 0, 10)
    assert flow == pytest.approx(3600 * 2 * 10 / 1.5 * 0.9)
    assert flue_gas.hourly_load(50, 43200) == pytest.approx(2.16)


def test_an_hour_needs_45_minutes_and_a_day_20_hours():
    assert flue_gas.hour_mean([10.0] * 45 + [None] * 15).valid
    short = flue_gas.hour_mean([10.0] * 44 + [math.nan] * 16)
    assert (short.value, short.valid, short.parts) == (10, False, 44)
    assert flue_gas.day_mean([1.0] * 20 + [None] * 4).valid
    assert not flue_gas.day_mean([1.0] * 19).valid
    assert flue_gas.hour_mean([None]).value is None


@pytest.mark.parametrize(
    ("month", "days", "valid"), [(1, 25, True), (1, 24, False), (2, 23, True), (2, 22, False)]
)
def test_a_month_needs_its_days(month, days, valid):
    assert flue_gas.month_mean([1.0] * days, date(2026, month, 1)).valid is valid


def test_flags_roll_up_by_three_quarters():
    assert flue_gas.rolled_flag(["N"] * 3 + ["D"]) == "N"
    assert flue_gas.rolled_flag(["N"] * 2 + ["C", "D"]) == "D"
    with pytest.raises(ValueError, match="no flags"):
        flue_gas.rolled_flag([])


def test_substitution_goes_by_capture_rate_and_length_of_the_gap():
    before = [900.0] + [float(n % 50) for n in range(719)] + [5.0] * 180
    assert flue_gas.substitute(before, 24, 95).value == 5
    assert flue_gas.substitute(before, 25, 95).value == 49
    assert flue_gas.substitute(before, 1, 80).value == 900
    assert flue_gas.substitute(before, 1, 74.9).value is None
    assert flue_gas.substitute([], 1, 95).value is None
    assert "仅有1个" in flue_gas.substitute([3.0], 1, 95).rule
    assert flue_gas.substitute(before, 1, 95).mark == "2"
    with pytest.raises(ValueError, match="at least one hour"):
        flue_gas.substitute(before, 0, 95)


def test_gaps_are_filled_from_what_was_measured_before_them():
    filled = flue_gas.filled([None, 10.0, 30.0, None, math.nan, 20.0, None], 95)
    assert [value for value, _ in filled] == [None, 10, 30, 30, 30, 20, 30]
    assert [bool(rule) for _, rule in filled] == [True, False, False, True, True, False, True]


def test_capture_rate_counts_running_hours():
    assert flue_gas.capture_rate(1800, 2000) == 90
    assert flue_gas.capture_rate(0, 0) is None
