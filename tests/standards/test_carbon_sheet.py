from fractions import Fraction

import pytest

from ecoledger.standards import carbon
from ecoledger.standards.carbon_sheet import Item, Row, compute, odd, sources
from ecoledger.standards.catalogue import Mark


def test_a_year_is_the_sum_of_its_months_and_not_made_of_means():
    # January 100 t at 20 GJ/t, February 300 t at 24 GJ/t: 9,200 GJ, where the means would give 8,800.
    rows = [
        Row("1号炉", "烟煤", Item.CONSUMPTION, {1: 100, 2: 300}),
        Row("1号炉", "烟煤", Item.NCV, {1: 20, 2: 24}),
        Row("1号炉", "烟煤", Item.CARBON, {0: "0.026"}),
        Row("1号炉", "烟煤", Item.OXIDATION, {0: 99}),
    ]
    (source,) = compute(rows, 2025).sources
    assert source.tonnes == 9200 * Fraction("0.026") * Fraction("0.99") * Fraction(44, 12)
    assert source.mark is Mark.PRIMARY
    assert source.how.startswith("1月 100t×20GJ/t")


def test_power_heat_process_and_what_is_recovered_come_to_one_total():
    rows = [
        Row("", "外购电力", Item.CONSUMPTION, {0: 1000}),
        Row("", "外购热力", Item.CONSUMPTION, {0: 200}),
        Row("", "碳酸钙", Item.CONSUMPTION, {0: 100}),
        Row("", "回收利用", Item.CONSUMPTION, {0: 10}),
    ]
    sheet = compute(rows, 2023)
    assert sheet.total == Fraction("530.6") + 22 + Fraction("43.97") - 10
    assert sheet.mark is Mark.MEMORY


def test_a_year_not_published_takes_the_last_one_and_says_so():
    sheet = compute([Row("", "外购电力", Item.CONSUMPTION, {0: 1})], 2025)
    assert sheet.sources[0].notes == ("2025年因子未收录，采用2023年",)


def test_a_source_without_its_consumption_is_lacking_and_not_nought():
    sheet = compute([Row("2号窑", "柴油", Item.NCV, {0: 42})], 2025)
    assert sheet.sources == ()
    assert sheet.lacking == ("2号窑 柴油 消耗量",)


def test_the_version_reaches_the_fuel_and_unknown_ones_are_refused():
    row = Row("", "烟煤", Item.CONSUMPTION, {0: 1})
    assert (
        compute([row], 2025, version="2024").total == carbon.fuel("烟煤", 1, version="2024").tonnes
    )
    with pytest.raises(KeyError):
        compute([row], 2025, version="1999")
    with pytest.raises(KeyError):
        compute([Row("", "木材", Item.CONSUMPTION, {0: 1})], 2025)
    with pytest.raises(ValueError, match="negative"):
        compute([Row("", "柴油", Item.CONSUMPTION, {0: -1})], 2025)
    with pytest.raises(ValueError, match="oxidation"):
        compute([row, Row("", "烟煤", Item.OXIDATION, {0: 130})], 2025)


def test_properties_that_no_fuel_has_are_odd():
    assert odd(Item.CARBON, ["26.1"])
    assert not odd(Item.CARBON, ["0.0261"])
    assert odd(Item.OXIDATION, ["0.99"])
    assert not odd(Item.CONSUMPTION, [10**9])
    assert "天然气" in sources()
