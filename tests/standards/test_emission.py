"""Emission limits and exceedance."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import catalogue, data_files, emission
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.emission import Basis, Limit, Outcome, judge, judge_array, limit

ON = date(2026, 5, 1)
NOX = limit("GB 13271-2014", "gas_new", "nox", Basis.HOUR, on=ON)
COD = limit("GB 18918-2002", "grade_1a", "cod", Basis.DAY, on=ON)
PH = limit("GB 18918-2002", "grade_1a", "ph", Basis.SAMPLE, on=ON)
AMMONIA = limit("GB 18918-2002", "grade_1a", "nh3n", Basis.DAY, on=ON)


def test_flue_gas_is_judged_by_the_hour_and_water_by_the_day():
    assert judge(250, NOX, basis=Basis.HOUR).outcome is Outcome.EXCEEDS
    assert judge(250, NOX, basis=Basis.DAY).outcome is Outcome.NOT_JUDGED
    assert judge(60, COD, basis=Basis.DAY).multiple == 0.2
    by_hour = judge(60, COD, basis=Basis.HOUR)
    assert (by_hour.outcome, by_hour.multiple) == (Outcome.NOT_JUDGED, None)
    assert by_hour.reason == "限值按日均值判定，不以小时均值判定"


def test_minutes_are_never_judged():
    assert judge(9999, NOX, basis=Basis.MINUTE).reason == "分钟数据不用于超标判定"


def test_incineration_has_limits_by_hour_and_by_day():
    hour = limit("GB 18485-2014", "incinerator", "so2", Basis.HOUR, on=ON)
    day = limit("GB 18485-2014", "incinerator", "so2", Basis.DAY, on=ON)
    assert (hour.high, day.high, day.reference_o2) == (100, 80, 11)
    assert judge(90, hour, basis=Basis.HOUR).outcome is Outcome.ATTAINS
    assert judge(90, day, basis=Basis.DAY).outcome is Outcome.EXCEEDS


@pytest.mark.parametrize("value", [None, math.nan])
def test_without_a_value_nothing_is_judged(value):
    assert judge(value, NOX, basis=Basis.HOUR).reason == "无有效数据"


def test_invalid_and_excused_means_are_not_judged_and_say_why():
    assert judge(250, NOX, basis=Basis.HOUR, valid=False).reason == "小时均值的有效数据不足"
    judged = judge(250, NOX, basis=Basis.HOUR, excused="启炉（燃煤冷启动 4 小时内）")
    assert (judged.outcome, judged.reason) == (Outcome.NOT_JUDGED, "启炉（燃煤冷启动 4 小时内）")


def test_the_limit_itself_is_met():
    assert judge(200, NOX, basis=Basis.HOUR).outcome is Outcome.ATTAINS
    assert judge(200.1, NOX, basis=Basis.HOUR).outcome is Outcome.EXCEEDS


@pytest.mark.parametrize(("ph", "outcome"), [(6, "attains"), (9, "attains"), (5.9, "exceeds")])
def test_ph_has_a_range_and_no_multiple(ph, outcome):
    judged = judge(ph, PH, basis=Basis.SAMPLE)
    assert (judged.outcome.value, judged.multiple) == (outcome, None)


def test_ammonia_is_limited_less_strictly_in_cold_water():
    assert AMMONIA.at_temperature(12.1).high == 5
    assert AMMONIA.at_temperature(12).high == 8
    assert COD.at_temperature(3).high == 50


def test_words_for_the_notice():
    assert judge(250, NOX, basis=Basis.HOUR).text == "比限值高50 mg/m³（超标0.25倍）"


def test_an_amendment_counts_from_its_day_under_the_same_number():
    before = limit("GB 18918-2002", "grade_1a", "ph", Basis.DAY, on=date(2026, 2, 28))
    assert (before.standard, PH.standard) == ("GB 18918-2002", "GB 18918-2002（2025年修改单）")
    by_day = judge(5, PH, basis=Basis.DAY)
    assert by_day.reason == "限值按单次测定值判定，不以日均值判定"
    with pytest.raises(LookupError, match="grade_1a/ph/sample"):
        limit("GB 18918-2002", "grade_1a", "ph", Basis.DAY, on=ON)


def test_an_unknown_limit_is_refused_with_what_there_is():
    with pytest.raises(LookupError, match="gas_new/nox/hour"):
        limit("GB 13271-2014", "gas_new", "hcl", Basis.HOUR, on=ON)
    with pytest.raises(LookupError, match="GB 13271-2014"):
        limit("GB 1-1", "a", "b", Basis.HOUR, on=ON)


def test_a_limit_holds_from_its_date():
    assert not emission.limits(on=date(2013, 1, 1), standard="GB 13271-2014")
    assert catalogue.in_force("emission GB 13271", ON).standard == "GB 13271-2014"
    assert "GB 18918-2002（2025年修改单）" in emission.standards_on(ON)


def test_every_limit_from_memory_says_so():
    assert {entry.mark for entry in emission.book().limits} <= {Mark.MEMORY, Mark.DOUBTFUL}
    assert judge(1, NOX, basis=Basis.HOUR).marks == (Mark.MEMORY,)


@pytest.mark.parametrize("name", ["nox", "氮氧化物", "a21002", "NOx"])
def test_pollutants_go_by_key_name_and_code(name):
    assert emission.pollutant_key(name) == "nox"


def test_an_unknown_pollutant_is_refused():
    with pytest.raises(LookupError, match="known are"):
        emission.pollutant_key("phlogiston")


def test_a_checked_figure_replaces_the_packaged_one(tmp_path):
    (tmp_path / "emission_limits.toml").write_text(
        '[edition."GB 13271-2014".categories.gas_new]\nmark = "P"\nhour = { nox = 150 }\n',
        encoding="utf-8",
    )
    data_files.use_overrides(tmp_path)
    try:
        checked = limit("GB 13271-2014", "gas_new", "nox", Basis.HOUR, on=ON)
        assert (checked.high, checked.mark) == (150, Mark.PRIMARY)
        assert limit("GB 13271-2014", "gas_new", "so2", Basis.HOUR, on=ON).high == 50
    finally:
        data_files.use_overrides(None)


def test_a_permit_has_its_own_limit():
    own = Limit("91350000000000000X001P", "DA001", "so2", Basis.HOUR, high=30, unit="mg/m³")
    assert judge(45, own, basis=Basis.HOUR).multiple == 0.5


@given(
    st.lists(st.one_of(st.just(math.nan), st.floats(0, 1000)), min_size=1),
    st.sampled_from([NOX, COD, PH]),
    st.data(),
)
def test_array_and_scalar_agree(values, rule, data):
    judged = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    exceeds, multiples = judge_array(values, rule, judged=judged)
    for position, value in enumerate(values):
        one = judge(value, rule, basis=rule.basis, valid=judged[position])
        assert bool(exceeds[position]) == (one.outcome is Outcome.EXCEEDS)
        if one.multiple is None:
            assert np.isnan(multiples[position])
        else:
            assert multiples[position] == pytest.approx(one.multiple, rel=1e-9)
