"""Units of measurement as tables write them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ecoledger.standards.written_measures import ratio, read_measure


@pytest.mark.parametrize(
    ("spellings", "other", "times"),
    [
        ("μg/L µg/L ug/l UG/L μg·L-1 μg·L⁻¹ μgL-1 微克/升 微克每升", "mg/L", Fraction(1, 1000)),
        ("mg/m3 mg/m³ mg·m-3 mg/m^3 mg/Nm3 毫克/立方米 毫克/标立方米", "µg/m³", 1000),
        ("万m3/d 万m³/d 10⁴m³/d 10^4m3/d ×10⁴m³/d 万立方米/日 万方/天", "m³/d", 10**4),
        ("个/100mL MPN/100mL CFU/100ml", "个/L", 10),
        ("kWh kW·h 千瓦时", "万千瓦时", Fraction(1, 10**4)),
        ("t/(km²·月) t/km2·月 吨/(平方公里·月)", "g/(m2·月)", 1),
        ("mS/m", "μS/cm", 10),
        ("万度 万kWh", "kWh", 10**4),
        ("kg/千克", "kg", 1),
        ("条/处/个", "个", 1),
        ("元 RMB", "万元", Fraction(1, 10**4)),
        ("公顷 ha hm2", "亩", 15),
        ("百张", "张", 100),
        ("℃ °C 度", "℃", 1),
        ("度 NTU ntu", "NTU", 1),
        ("mg/g", "%", Fraction(1, 10)),
    ],
)
def test_spellings_of_one_unit_are_so_many_of_another(spellings, other, times):
    assert {ratio(unit, other) for unit in spellings.split()} == {times}


@pytest.mark.parametrize(
    ("unit", "other"),
    [("ppb", "µg/m³"), ("μmol/L", "mg/L"), ("kg", "m"), ("美元", "元"), ("t/a", "t/d"), ("箱", "个"), ("度", "Pa"), ("", "mg/L")],
)  # fmt: skip
def test_units_of_different_kinds_are_not_converted(unit, other):
    assert ratio(unit, other) is None


@pytest.mark.parametrize(
    "text", ["PM2.5", "CO", "NO", "TP", "TN", "As", "Hg", "IAQI", "24h", "8h", "pH", "以P计", "浓度", "2026", "是/否", "mg/x", "", "月报"]
)  # fmt: skip
def test_what_is_no_unit(text):
    assert read_measure(text) is None
