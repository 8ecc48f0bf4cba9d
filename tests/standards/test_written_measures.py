"""Units of measurement as tables write them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ecoledger.standards import written_measures
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
        # Stack and water reports in capitals.
        ("NM3/h NM3/H NM³/H Nm3/h nm3/h N·m³/h", "m3/h", 1),
        ("万NM3 万Nm³", "m³", 10**4),
        ("kNm³/h KNM3/H", "m3/h", 1000),
        ("MG/NM3 MG/M3 mg/NM3 MG/Nm3 MG·M-3", "mg/m³", 1),
        ("MG/L Mg/L mG/L", "mg/L", 1),
        ("MG/KG mg/KG", "mg/kg", 1),
        ("MPN/100ML CFU/100mL", "个/L", 10),
        ("MMOL/L", "mmol/L", 1),
        ("MM mm", "m", Fraction(1, 1000)),
        ("MPA Mpa mpa", "Pa", 10**6),
        ("MWH mwh", "kWh", 1000),
        ("KG/H", "kg/h", 1),
        ("UG/M3", "µg/m³", 1),
        ("Mt", "t", 10**6),
        ("MBq", "Bq", 10**6),
        ("mbq mBQ", "Bq", Fraction(1, 1000)),
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


@pytest.mark.parametrize("text", ["MT", "mt", "Mg", "MG", "ML", "Ml", "MBQ", "MV", "NM", "NM2", "Mm3", "MM3", "KG/ML", "Mg/m3", "mPa", "mW/cm2", "MT/a"])  # fmt: skip
def test_a_prefix_that_only_its_case_tells_is_not_guessed(text):
    assert read_measure(text) is None


def test_a_long_text_is_no_unit_and_is_not_kept():
    held = written_measures._read.cache_info().currsize
    assert [read_measure("mg/L" + " " * n) is None for n in (1, 1000)] == [False, True]
    assert read_measure("x" * 97) is None
    assert written_measures._read.cache_info().currsize <= held + 1


@pytest.mark.parametrize(
    "text", ["PM2.5", "CO", "NO", "TP", "TN", "As", "Hg", "IAQI", "24h", "8h", "pH", "以P计", "浓度", "2026", "是/否", "mg/x", "", "月报"]
)  # fmt: skip
def test_what_is_no_unit(text):
    assert read_measure(text) is None
