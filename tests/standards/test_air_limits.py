"""Limits of GB 3095 by date and class, and the state of the gas."""

from datetime import date

import numpy as np
import pytest

from ecoledger.standards import air_limits
from ecoledger.standards.air_limits import GasState
from ecoledger.standards.catalogue import NoEditionInForceError

OLD, TRANSITION, FINAL = date(2026, 2, 28), date(2026, 3, 1), date(2031, 1, 1)


@pytest.mark.parametrize(
    ("factor", "average", "old", "transition", "final"),
    [
        ("pm2_5", "year", (15, 35), (15, 30), (10, 25)),
        ("pm2_5", "day", (35, 75), (35, 60), (25, 50)),
        ("pm10", "year", (40, 70), (40, 60), (20, 50)),
        ("pm10", "day", (50, 150), (50, 120), (50, 100)),
        ("so2", "year", (20, 60), (20, 60), (20, 20)),
        ("so2", "day", (50, 150), (50, 150), (50, 50)),
        ("so2", "hour", (150, 500), (150, 500), (150, 150)),
        ("no2", "year", (40, 40), (40, 40), (30, 30)),
        ("no2", "day", (80, 80), (80, 80), (50, 50)),
        ("o3", "eight_hour", (100, 160), (100, 160), (100, 160)),
        ("co", "day", (4, 4), (4, 4), (4, 4)),
        ("nox", "day", (100, 100), (100, 100), (70, 70)),
        ("bap", "day", (0.0025, 0.0025), (0.0025, 0.0025), (0.0025, 0.0025)),
    ],
)
def test_limits_by_phase_and_class(factor, average, old, transition, final):
    for on, wanted in ((OLD, old), (TRANSITION, transition), (FINAL, final)):
        found = [air_limits.limit(factor, average, on=on, area_class=c) for c in (1, 2)]
        assert found == list(wanted)
        assert air_limits.limits(on)[factor, average] == wanted[1]


def test_the_transition_ends_with_2030():
    assert air_limits.limit("pm2_5", "year", on=date(2030, 12, 31)) == 30


def test_what_cannot_be_answered_is_refused():
    with pytest.raises(KeyError, match="no 'year' limit for 'co'"):
        air_limits.limit("co", "year", on=OLD)
    with pytest.raises(ValueError, match="area_class is 3"):
        air_limits.limit("co", "day", on=OLD, area_class=3)
    with pytest.raises(NoEditionInForceError):
        air_limits.limit("co", "day", on=date(2010, 1, 1))


def test_gases_refer_to_298_kelvin_since_the_amendment():
    assert air_limits.state("so2", date(2018, 8, 31)) == GasState(273.0, 101.325)
    assert air_limits.state("so2", date(2018, 9, 1)) == GasState(298.15, 101.325)
    assert air_limits.state("pm2_5", date(2018, 8, 31)) == GasState(273.0, 101.325)
    assert air_limits.state("pm2_5", date(2018, 9, 1)) is None


def test_conversion_of_a_series_across_the_amendment():
    taken, now = date(2017, 1, 1), date(2026, 5, 1)
    before = np.array([100.0, np.nan, 0.0])
    after = air_limits.comparable(before, "no2", taken=taken, compared=now)
    assert after[0] == pytest.approx(100 * 273.0 / 298.15)
    assert np.isnan(after[1])
    assert air_limits.comparable(35.0, "pm2_5", taken=taken, compared=now) == 35.0
    assert air_limits.convert_state(
        1.0, GasState(273.15, 101.325), GasState(298.15, 101.325)
    ) == pytest.approx(0.9162, abs=1e-4)


def test_annex_a_and_units():
    assert air_limits.reference_limits()["cd", "year"] == 0.005
    assert air_limits.unit("co") == "mg/m³"
    assert air_limits.unit("o3") == "µg/m³"
