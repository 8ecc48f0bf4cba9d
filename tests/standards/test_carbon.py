from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import carbon, catalogue, data_files
from ecoledger.standards.catalogue import Mark


def test_natural_gas_by_hand():
    # 1 万Nm³: 389.31 GJ * 0.0153 tC/GJ * 0.99 * 44/12 = 21.62 tCO2
    gas = carbon.fuel("天然气", 1)
    assert gas.tonnes == Fraction("389.31") * Fraction("0.0153") * Fraction("0.99") * Fraction(
        44, 12
    )
    assert round(float(gas.tonnes), 2) == 21.62
    assert gas.mark is Mark.MEMORY
    assert "44/12" in gas.how


def test_measured_properties_replace_the_defaults():
    measured = carbon.fuel("烟煤", 100, ncv=21, carbon="0.0262", oxidation="0.95")
    assert measured.tonnes == 100 * 21 * Fraction("0.0262") * Fraction("0.95") * Fraction(44, 12)
    assert measured.mark is Mark.PRIMARY
    assert carbon.fuel("烟煤", 100, ncv=21).mark is Mark.MEMORY


@pytest.mark.parametrize("name", carbon.fuels())
def test_defaults_lie_where_fuels_lie(name):
    # Per GJ fuels emit 50 to 125 kg CO2, blast-furnace and converter gas more.
    table = data_files.read("carbon")["fuels"][name]
    per_gj = float(carbon.fuel(name, 1).tonnes) / table["ncv"] * 1000
    assert 45 < per_gj < (260 if name in ("高炉煤气", "转炉煤气") else 125)


def test_coal_of_a_power_plant_with_and_without_measured_carbon():
    measured = carbon.power_plant_coal(1000, carbon_content="0.55")
    assert measured.tonnes == 1000 * Fraction("0.55") * Fraction("0.99") * Fraction(44, 12)
    default = carbon.power_plant_coal(1000, ncv=20)
    assert "缺省" in default.how
    assert default.tonnes == 20000 * Fraction("0.03085") * Fraction("0.99") * Fraction(44, 12)
    with pytest.raises(ValueError, match="carbon content"):
        carbon.power_plant_coal(1000)


@pytest.mark.parametrize(
    ("year", "area", "factor"),
    [
        (2021, "全国", "0.5568"),
        (2022, "全国", "0.5366"),
        (2023, "全国", "0.5306"),
        (2023, "华东", "0.55"),
        (2022, "福建省", "0.4092"),
    ],
)
def test_published_electricity_factors(year, area, factor):
    assert carbon.power_factor(year, area).factor == Fraction(factor)


def test_the_published_regional_changes_follow_from_the_tables():
    # The ministry's comparison of 2023 with 2022 as reported in the press, in percent. 东北 is
    # printed as 8.0 where the published factors give 7.94: hence the allowance.
    published = {"华北": -6.1, "东北": -8.0, "华东": -2.1, "华中": -2.3, "西北": -5.4}
    published |= {"南方": 4.5, "西南": 9.0, "全国": -1.1}
    for area, percent in published.items():
        now, before = carbon.power_factor(2023, area), carbon.power_factor(2022, area)
        assert abs(float((now.factor / before.factor - 1) * 100) - percent) < 0.06
    residual = carbon.power_factor(2023, scope="residual").factor
    assert (
        round(float(residual / carbon.power_factor(2022, scope="residual").factor - 1), 3) == 0.041
    )


def test_a_year_not_published_takes_the_latest_and_says_so():
    power = carbon.purchased_power(1000, 2025)
    assert power.tonnes == Fraction("530.6")
    assert power.note == "2025年因子未收录，采用2023年"
    assert carbon.purchased_power(1000, 2023).note == ""
    fujian = carbon.power_factor(2023, "福建省")
    assert (fujian.year, fujian.asked) == (2022, 2023)


def test_what_is_not_on_file_is_named():
    with pytest.raises(KeyError, match="2020"):
        carbon.power_factor(2020)
    with pytest.raises(KeyError, match="scope"):
        carbon.power_factor(2023, scope="green")
    with pytest.raises(KeyError, match="天然气"):
        carbon.fuel("木炭", 1)
    with pytest.raises(KeyError, match="碳酸钙"):
        carbon.process("石膏", 1)
    with pytest.raises(KeyError, match="SF6"):
        carbon.co2_equivalent("SF6", 1)
    with pytest.raises(ValueError, match="negative"):
        carbon.fuel("烟煤", -1)
    with pytest.raises(ValueError, match="oxidation"):
        carbon.fuel("烟煤", 1, oxidation=2)


def test_an_inventory_sums_and_carries_the_weakest_mark():
    total = carbon.inventory(
        [
            carbon.purchased_power(1000, 2023),
            carbon.purchased_heat(100),
            carbon.process("碳酸钙", 10),
        ],
        recovered=4,
    )
    assert total.total == Fraction("530.6") + 11 + Fraction("4.397") - 4
    assert total.mark is Mark.MEMORY
    assert carbon.inventory([carbon.purchased_power(1, 2023)]).mark is Mark.TWO_PLACES
    assert carbon.inventory([]).total == 0


def test_methane_weighs_more_than_carbon_dioxide():
    assert carbon.co2_equivalent("CH4", 2) == 56
    assert carbon.co2_equivalent("CH4", 10, "AR6") == 279
    assert carbon.co2_equivalent("N2O", 1, "SAR") == 310


def test_a_verification_difference_is_against_the_verified_figure():
    difference = carbon.verification_difference(10_200, 10_000)
    assert difference.ratio is not None
    assert difference.ratio.show(2) == "2.00%"


@given(st.lists(st.floats(1e-6, 1e6), max_size=20), st.sampled_from(carbon.fuels()))
def test_the_vector_form_agrees_with_the_scalar(amounts, name):
    vector = carbon.fuel_emissions(name, amounts)
    scalar = [float(carbon.fuel(name, amount).tonnes) for amount in amounts]
    np.testing.assert_allclose(vector, scalar, rtol=1e-12)


def test_the_tables_are_in_the_catalogue():
    assert {"carbon/fuels", "carbon/electricity", "carbon/gwp"} <= set(catalogue.rule_sets())


def test_the_version_of_the_guideline_chooses_the_defaults():
    # 烟煤: 19.57·0.0261 in the older set, 23.076·0.02618 in the newer one; oxidation 0.93 in both.
    older, newer = carbon.fuel("烟煤", 100), carbon.fuel("烟煤", 100, version="2024")
    assert newer.tonnes == 100 * Fraction("23.076") * Fraction("0.02618") * Fraction(
        "0.93"
    ) * Fraction(44, 12)
    assert newer.tonnes > older.tonnes
    assert newer.mark is Mark.ONE_PLACE
    other = carbon.fuel("柴油", 1, version="2024")
    assert other.tonnes == carbon.fuel("柴油", 1).tonnes
    assert "未收录" in other.note
    with pytest.raises(KeyError, match="2024"):
        carbon.fuel("烟煤", 1, version="1999")
