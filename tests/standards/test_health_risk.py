import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import catalogue, health_risk
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.health_risk import (
    LandUse,
    Substance,
    assess,
    control_values,
    exposure,
    parameters,
    substance,
    substances,
)

FIRST, SECOND = LandUse.FIRST, LandUse.SECOND


@pytest.mark.parametrize(
    ("name", "first", "second"),
    # GB 36600-2018, screening values (mg/kg) of the substances that are judged by risk alone and do
    # not evaporate. The standard prints them rounded.
    [
        ("铬（六价）", 3.0, 5.7),
        ("铜", 2000, 18000),
        ("钒", 165, 752),
        ("锑", 20, 180),
        ("铍", 15, 29),
        ("甲基汞", 5.0, 45),
        ("苯并[a]芘", 0.55, 1.5),
        ("苯并[a]蒽", 5.5, 15),
        ("苯并[k]荧蒽", 55, 151),
    ],
)
def test_control_values_reproduce_the_national_screening_values(name, first, second):
    found = substance(name)
    assert control_values(found, FIRST).value == pytest.approx(first, rel=0.016)
    assert control_values(found, SECOND).value == pytest.approx(second, rel=0.016)
    assert found.mark is Mark.TWO_PLACES


def test_cadmium_of_first_kind_land_is_twenty():
    assert control_values(substance("镉"), FIRST).value == pytest.approx(20, rel=0.01)


def test_exposure_by_hand():
    # Second kind, swallowing, carcinogenic: 100 mg/d * 25 a * 250 d/a / (61.8 kg * 27740 d) * 1e-6
    adult = exposure(SECOND)
    assert adult.oral_ca == pytest.approx(100 * 25 * 250 / (61.8 * 27740) * 1e-6)
    assert adult.oral_nc == pytest.approx(100 * 25 * 250 / (61.8 * 9125) * 1e-6)
    assert adult.water_ca == pytest.approx(1.0 * 25 * 250 / (61.8 * 27740))
    assert adult.dermal_ca == 0
    skin = 239 * 161.5**0.417 * 61.8**0.517 * 0.18
    with_skin = exposure(SECOND, absorption_dermal=0.13)
    expected = skin * 0.2 * 25 * 250 * 0.13 / (61.8 * 27740) * 1e-6
    assert with_skin.dermal_ca == pytest.approx(expected)


def test_first_kind_land_adds_the_child_and_takes_the_child_alone_for_other_effects():
    both = exposure(FIRST)
    child = 200 * 6 * 350 / 19.2
    adult = 100 * 24 * 350 / 61.8
    assert both.oral_ca == pytest.approx((child + adult) / 27740 * 1e-6)
    assert both.oral_nc == pytest.approx(child / 2190 * 1e-6)


def test_risk_at_the_control_value_is_the_acceptable_one():
    found = substance("苯并[a]芘")
    values = control_values(found, FIRST)
    assert values.cancer is not None
    assert values.hazard is not None
    at_cancer = assess(found, FIRST, soil=values.cancer)
    assert float(at_cancer.total_cancer) == pytest.approx(1e-6)
    at_hazard = assess(found, FIRST, soil=values.hazard)
    assert float(at_hazard.total_quotient) == pytest.approx(1)


def test_a_map_of_cells_is_assessed_at_once():
    soil = np.array([[0.1, 0.5], [2.0, np.nan]])
    risk = assess(substance("苯并[a]芘"), FIRST, soil=soil)
    assert risk.total_cancer.shape == (2, 2)
    assert risk.exceeds.tolist() == [[False, False], [True, False]]
    assert np.isnan(risk.total_cancer[1, 1])
    assert set(risk.cancer) == {"经口摄入", "皮肤接触", "吸入颗粒物", "饮用地下水"}


def test_soil_and_water_add_up_and_water_weakens_the_mark():
    arsenic = substance("砷（无机）")
    both = assess(arsenic, FIRST, soil=[5, 5], water=[0.0, 0.01])
    assert both.total_cancer[1] - both.total_cancer[0] == pytest.approx(
        float(both.cancer["饮用地下水"][1])
    )
    chromium = substance("铬（六价）")
    assert assess(chromium, FIRST, soil=1).mark is Mark.TWO_PLACES
    assert assess(chromium, FIRST, soil=1, water=0.01).mark is Mark.MEMORY


def test_a_site_may_use_its_own_parameters():
    careful = control_values(substance("铜"), SECOND, soil_a=200)
    assert careful.value == pytest.approx(control_values(substance("铜"), SECOND).value / 2)
    assert parameters(SECOND, pm10=0.05)["pm10"] == 0.05


def test_what_is_unknown_or_impossible_is_refused():
    with pytest.raises(KeyError, match="铜"):
        substance("不明物")
    with pytest.raises(ValueError, match="negative"):
        assess(substance("铜"), FIRST, soil=[-1.0])
    with pytest.raises(ValueError, match="nonsense"):
        parameters(FIRST, nonsense=1)
    assert control_values(Substance("惰性物"), FIRST).value is None


@given(st.sampled_from(substances()), st.sampled_from(list(LandUse)), st.floats(0.001, 1e4))
def test_risk_is_proportional_to_concentration(name, land_use, soil):
    risk = assess(substance(name), land_use, soil=[1.0, soil])
    for by_pathway in (risk.cancer, risk.quotient):
        for one, many in by_pathway.values():
            assert many == pytest.approx(one * soil, rel=1e-9)


def test_the_standard_is_in_the_catalogue():
    assert catalogue.editions("health-risk")[0].standard == "HJ 25.3-2019"


@pytest.mark.parametrize("land", list(LandUse))
def test_every_parameter_has_the_name_and_symbol_of_the_standard(land):
    unnamed = [key for key in health_risk.parameters(land) if health_risk.named(key)[0] == key]
    assert unnamed == []
    assert health_risk.named("weight_a") == ("成人平均体重", "BWa", "kg")
