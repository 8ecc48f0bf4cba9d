from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.monitoring.points import parameters


def test_one_code_has_the_unit_of_its_kind_of_point():
    assert parameters.parameter("a21026", "air").unit == "µg/m³"
    assert parameters.parameter("a21026", "flue_gas").unit == "mg/m³"
    assert parameters.parameter("a21005", "air").unit == "mg/m³"


def test_a_code_outside_the_catalogue_comes_from_the_protocol_table():
    assert parameters.parameter("w20117", "wastewater").name == "六价铬"
    with pytest.raises(KeyError, match="zz999"):
        parameters.parameter("zz999", "air")


def test_keys_of_the_standards_and_codes_find_each_other():
    assert parameters.code_of_key("pm2_5", "air") == "a34004"
    assert parameters.keys("water", ["ph", "tp"]) == {"w01001": "ph", "w21011": "tp"}


def test_units_that_devices_print_are_brought_to_the_stored_one():
    assert parameters.conversion("mg/m3", "µg/m³") == (1000, 1)
    assert parameters.conversion("ug/m3", "mg/m³") == (1, 1000)
    assert parameters.conversion("m³/h", "L/s") == (5, 18)
    with pytest.raises(parameters.UnitError, match="mg/L"):
        parameters.conversion("mg/L", "mg/m³")


AIR_UNITS = st.sampled_from(["ng/m³", "µg/m³", "mg/m³"])


@given(AIR_UNITS, AIR_UNITS, AIR_UNITS)
def test_conversions_compose(a, b, c):
    def ratio(one, other):
        return Fraction(*parameters.conversion(one, other))

    assert ratio(a, b) * ratio(b, c) == ratio(a, c)
