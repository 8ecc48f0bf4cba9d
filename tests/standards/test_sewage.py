from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import catalogue, data_files
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.percent import Percent
from ecoledger.standards.sewage import (
    Inflow,
    balance,
    concentration_that_gives,
    domestic_sewage_volume,
    extraneous_water,
    rate_by_check_concentration,
    rate_by_population,
    sensitivity,
    total_balance,
)

PLANT = Inflow("城北", volume=1_000_000, concentration=100)


def test_bod_rate_of_a_plant_and_a_population():
    # 100 t of BOD5 in 30 days from 100 000 people at 45 g: 135 t generated.
    rate = rate_by_population([PLANT], 100_000, 30)
    assert rate.collected == 100_000
    assert rate.generated == 135_000
    assert rate.rate.show(2) == "74.07%"
    assert rate.per_capita == 45
    assert rate.mark is Mark.MEMORY


def test_the_industrial_part_is_taken_off():
    mixed = Inflow("城北", 1_000_000, 300, industrial_volume=200_000, industrial_concentration=500)
    assert mixed.domestic_load == 200_000
    with pytest.raises(ValueError, match="industrial"):
        _ = Inflow("城北", 100, 10, 100, 11).domestic_load


def test_cod_per_head_can_be_set_locally():
    by_data = rate_by_population([PLANT], 100_000, 30, pollutant="cod")
    assert by_data.per_capita == 90
    assert by_data.mark is Mark.DOUBTFUL
    by_hand = rate_by_population([PLANT], 100_000, 30, pollutant="cod", per_capita=100)
    assert by_hand.rate < by_data.rate
    with pytest.raises(ValueError, match="bod5"):
        rate_by_population([PLANT], 1, 1, pollutant="tp")


def test_the_rate_moves_inversely_with_the_check_concentration():
    rate = rate_by_check_concentration([PLANT], 500_000)
    at_300, at_350, at_400 = sensitivity(rate, [300, 350, 400])
    assert at_350 == rate
    assert at_300.rate.value == rate.rate.value * Fraction(350, 300)
    assert at_400.rate < rate.rate
    assert at_300.check_concentration == 300


def test_sensitivity_needs_a_check_concentration():
    by_population = rate_by_population([PLANT], 100_000, 30)
    with pytest.raises(ValueError, match="population"):
        sensitivity(by_population, [300])
    with pytest.raises(ValueError, match="population"):
        concentration_that_gives(by_population, Percent.exactly(75))


@given(st.integers(1, 10**7), st.integers(1, 600), st.integers(1, 10**7), st.integers(1, 100))
def test_the_concentration_that_gives_a_target_gives_it(volume, cod, sewage, target):
    rate = rate_by_check_concentration([Inflow("厂", volume, cod)], sewage)
    needed = concentration_that_gives(rate, Percent.exactly(target))
    assert sensitivity(rate, [needed])[0].rate == Percent.exactly(target)


def test_more_than_everything_is_suspicious_and_nothing_is_refused():
    assert "超过100%" in rate_by_check_concentration([PLANT], 1000).problem
    assert rate_by_check_concentration([PLANT], 500_000).problem == ""
    with pytest.raises(ValueError, match="above zero"):
        rate_by_check_concentration([PLANT], 0)


def test_domestic_sewage_is_the_share_of_water_that_runs_off():
    assert domestic_sewage_volume(10_000, 150, 365, "0.85") == Fraction("465375")


def test_a_balance_shows_what_is_unexplained():
    town = balance("建成区", 135_000, 100_000, 20_000)
    park = balance("园区", 10_000, 8_000, 3_000)
    assert town.unexplained == 15_000
    assert park.unexplained == -1_000
    assert total_balance("全市", [town, park]).unexplained == 14_000
    assert extraneous_water(1000, [400, 350]) == 250


def test_a_bureau_sets_its_own_check_concentration(tmp_path):
    (tmp_path / "sewage.toml").write_text(
        '[cod-check-concentration]\ncheck_concentration = 320\nmark = "P"\n', encoding="utf-8"
    )
    data_files.use_overrides(tmp_path)
    try:
        rate = rate_by_check_concentration([PLANT], 500_000)
    finally:
        data_files.use_overrides(None)
    assert (rate.check_concentration, rate.mark) == (320, Mark.PRIMARY)
    assert "sewage-collection/bod5" in catalogue.rule_sets()
