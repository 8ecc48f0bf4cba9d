"""Wastewater means, substitution, plant loads; equivalents and tax; marks."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import monitoring_marks, pollution_equivalent, wastewater
from ecoledger.standards.emission import Basis, Outcome, judge, limit

ON = date(2026, 5, 1)


def test_a_daily_mean_is_weighted_with_flow():
    day = wastewater.day_mean([40, 60], [100, 300])
    assert (day.value, day.by, day.load, day.volume) == (55, "flow", 22.0, 400)
    assert (day.low, day.high) == (40, 60)


def test_without_flow_the_mean_is_arithmetic():
    assert wastewater.day_mean([40, 60]).value == 50
    still = wastewater.day_mean([40, 60], [0, 0])
    assert (still.value, still.by) == (50, "arithmetic")


def test_a_day_needs_three_quarters_of_its_records():
    assert wastewater.day_mean([1.0] * 9 + [None] * 3).valid
    assert not wastewater.day_mean([1.0] * 8 + [None] * 4).valid
    assert wastewater.records_due(24) == 12
    assert wastewater.records_due(5) == 3
    assert wastewater.day_mean([1.0] * 3, due=wastewater.records_due(5)).valid
    nothing = wastewater.day_mean([], due=12)
    assert (nothing.value, nothing.valid, nothing.load) == (None, False, None)


def test_records_without_flow_do_not_weigh():
    day = wastewater.day_mean([40, 60, 999], [100, 300, None])
    assert (day.value, day.valid_records, day.due_records) == (55, 2, 3)
    with pytest.raises(ValueError, match="3 concentrations but 2"):
        wastewater.day_mean([1, 2, 3], [1, 2])


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0.1, 1000)), min_size=1, max_size=24))
def test_the_mean_lies_within_its_values_and_gives_the_load(records):
    day = wastewater.day_mean([c for c, _ in records], [q for _, q in records])
    assert day.low - 1e-9 <= day.value <= day.high + 1e-9
    assert day.load == pytest.approx(day.value * day.volume / 1000)


def test_volume_and_load_follow_annex_d():
    # 63.0 L/s for an hour, as in the standard's example of an hourly record.
    assert wastewater.volume(63.0, 3600) == pytest.approx(226.8)
    assert wastewater.load(40.1, 226.8) == pytest.approx(9.09468)


def test_one_abnormal_part_makes_the_record_abnormal():
    assert wastewater.rolled_flag(["N", "N"]) == "N"
    assert wastewater.rolled_flag(["N", "D", "C"]) == "D"
    with pytest.raises(ValueError, match="no flags"):
        wastewater.rolled_flag([])


def test_short_gaps_take_the_mean_of_an_equal_time_before():
    hours = [100.0] * 10 + [20.0, 40.0]
    assert wastewater.substitute(hours, 2).value == 30
    assert wastewater.substitute([7.0, 7.2, 9.9], 3, "ph").value == 7.2
    assert wastewater.substitute(hours, 49).value is None
    assert "4次" in wastewater.substitute(hours, 49).rule
    assert wastewater.substitute([1.0, None], 1).value is None
    with pytest.raises(ValueError, match="one hour"):
        wastewater.substitute(hours, 0)


def test_a_plant_removes_what_comes_in_less_what_goes_out():
    plant = wastewater.plant_load([10000, 20000], [300, 150], [30, 15], design_volume=20000)
    assert (plant.taken_in, plant.let_out, plant.removed) == (6000, 600, 5400)
    assert (plant.removal, plant.utilisation) == (90, 75)
    with pytest.raises(ValueError, match="same days"):
        wastewater.plant_load([1], [1, 2], [1])


@pytest.mark.parametrize(
    ("medium", "pollutant", "kilograms", "number"),
    [
        ("water", "cod", 5, 5),
        ("water", "tp", 1, 4),
        ("air", "so2", 95, 100),
        ("air", "pm", 2.18, 1),
    ],
)
def test_equivalents(medium, pollutant, kilograms, number):
    assert pollution_equivalent.equivalents(medium, pollutant, kilograms) == pytest.approx(number)


def test_three_air_pollutants_and_eight_of_water_are_taxed():
    tax = pollution_equivalent.outlet_tax(
        "air",
        {"so2": 95, "nox": 190, "pm": 2.18, "co": 16.7},
        on=ON,
        rate=4.8,
        means={"so2": (20, 35), "nox": (20, 50)},
    )
    assert [item.pollutant for item in tax.taxed[:2]] == ["nox", "so2"]
    assert len(tax.taxed) == 3
    assert [(item.equivalents, item.share) for item in tax.taxed[:2]] == [(200, 50), (100, 75)]
    assert tax.tax == pytest.approx(200 * 4.8 * 0.5 + 100 * 4.8 * 0.75 + 4.8)
    water = pollution_equivalent.outlet_tax(
        "water", {"cod": 4, "nh3n": 2.4, "tp": 0.5, "ss": 4, "hg": 0.0005}, on=ON
    )
    assert [item.pollutant for item in water.taxed] == ["cod", "nh3n", "tp", "hg"]
    assert (water.not_taxed, water.tax) == (("ss",), None)
    with pytest.raises(LookupError, match="no equivalent"):
        pollution_equivalent.outlet_tax("water", {"gold": 1}, on=ON)


def test_tax_is_reduced_from_exactly_thirty_and_fifty_percent():
    share = pollution_equivalent.tax_share
    assert [share(c, 35) for c in (24.5, 24.6, 17.5, 17.6)] == [75, 100, 50, 75]
    assert share(None, 35) == share(10, None) == 100


MOMENT = datetime(2026, 5, 1, 8)
NEXT_MORNING = datetime(2026, 5, 2, 11)


def test_an_equipment_mark_makes_the_value_invalid():
    excuse = monitoring_marks.equipment_excuse("calibration", MOMENT, NEXT_MORNING)
    assert (excuse.excused, excuse.invalid, excuse.reason) == (True, True, "设备标记：校准")
    with pytest.raises(LookupError, match="maintenance"):
        monitoring_marks.equipment_excuse("holiday", MOMENT, NEXT_MORNING)


def test_a_mark_set_after_noon_of_the_next_day_does_not_count():
    late = datetime(2026, 5, 2, 12, 1)
    excuse = monitoring_marks.equipment_excuse("fault", MOMENT, late)
    assert (excuse.excused, excuse.reason) == (False, "标记晚于5月2日12时的时限")
    assert monitoring_marks.equipment_excuse("fault", MOMENT, datetime(2026, 5, 2, 12)).excused


def _boiler(pollutant, hours):
    return monitoring_marks.condition_excuse(
        "boiler",
        "cold_start",
        pollutant,
        MOMENT,
        began=MOMENT - timedelta(hours=hours),
        set_at=NEXT_MORNING,
    )


def test_a_condition_mark_excuses_for_its_time_and_its_pollutants():
    assert _boiler("nox", 3).excused
    assert _boiler("nox", 4).reason == "超过锅炉燃煤冷启动的时限4小时"
    assert _boiler("so2", 0).reason == "锅炉燃煤冷启动的工况标记不包括该污染物"
    assert not _boiler("nox", -1).excused
    with pytest.raises(LookupError, match="boiler/cold_start"):
        monitoring_marks.condition_excuse(
            "bakery", "start", "nox", MOMENT, began=MOMENT, set_at=NEXT_MORNING
        )


def test_power_plants_may_be_granted_longer():
    def excuse(extended):
        return monitoring_marks.condition_excuse(
            "power",
            "start",
            "so2",
            MOMENT,
            began=MOMENT - timedelta(hours=6),
            set_at=MOMENT,
            extended=extended,
        )

    assert not excuse(extended=False).excused
    assert excuse(extended=True).excused


def test_an_excused_hour_is_not_judged_but_incinerators_keep_a_dust_limit():
    nox = limit("GB 13271-2014", "coal_new", "nox", Basis.HOUR, on=ON)
    judged = judge(900, nox, basis=Basis.HOUR, excused=_boiler("nox", 1))
    assert (judged.outcome, judged.reason) == (
        Outcome.NOT_JUDGED,
        "工况标记：锅炉燃煤冷启动（4小时内）",
    )
    assert judge(900, nox, basis=Basis.HOUR, excused=_boiler("nox", 9)).outcome is Outcome.EXCEEDS

    dust = limit("GB 18485-2014", "incinerator", "pm", Basis.HOUR, on=ON)
    excuse = monitoring_marks.condition_excuse(
        "incineration", "start", "pm", MOMENT, began=MOMENT, set_at=MOMENT
    )
    assert judge(140, dust, basis=Basis.HOUR, excused=excuse).outcome is Outcome.ATTAINS
    assert judge(300, dust, basis=Basis.HOUR, excused=excuse).multiple == 1


@pytest.mark.parametrize(
    ("flag", "valid"),
    [("N", True), ("T", True), ("", True), (None, True), ("D", False), ("M", False), ("x", False)],
)
def test_flags_of_the_wire_protocol(flag, valid):
    assert monitoring_marks.valid_flag(flag) is valid


def test_conditions_are_listed_by_industry():
    assert {entry.key for entry in monitoring_marks.conditions("cement")} == {
        "cold_start",
        "hot_start",
        "shutdown",
    }
