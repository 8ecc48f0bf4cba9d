"""Indicators as declarations."""

from datetime import date

import pytest

from ecoledger.indicators import doors
from ecoledger.indicators.behaviours import BEHAVIOURS
from ecoledger.indicators.catalogue import AIR
from ecoledger.indicators.declaring import (
    HIGHER,
    DeclarationError,
    Indicator,
    Span,
    all_indicators,
    declare,
    indicator_of,
    with_targets,
)
from ecoledger.indicators.records.declaring import keys
from ecoledger.registers.alarms import alarm_case


def made(**said):
    plain = {"key": "x", "name": "x", "unit": "", "better": HIGHER, "line": "air", "source": AIR}
    return Indicator(**{**plain, "read": lambda period: period.good_days, **said})


def test_air_water_and_waste_have_targets_and_all_five_behaviours_are_in_use():
    targets = with_targets()
    assert list(targets)[:2] == ["good_day_ratio", "pm2_5_mean"]
    assert {one.line for one in targets.values()} >= {"air", "water", "waste"}
    assert {one.target for one in targets.values()} == set(BEHAVIOURS)


@pytest.mark.parametrize("wrong", [{"better": "up"}, {"per": ("fortnight",)}, {"target": "median"}])
def test_a_declaration_that_cannot_be_is_refused_at_the_start(wrong):
    with pytest.raises(DeclarationError):
        made(**wrong)


def test_a_key_is_taken_once():
    with pytest.raises(DeclarationError, match="twice"):
        declare(made(key="good_day_ratio"))


def test_every_key_names_one_indicator():
    every = all_indicators()
    assert len({one.key for one in every}) == len(every) > 20
    assert all(indicator_of(one.key).key == one.key for one in every)
    with pytest.raises(KeyError):
        indicator_of("alarm_case.nothing")
    with pytest.raises(KeyError):
        indicator_of("nothing")


def test_behind_every_door_stands_a_table_or_a_page():
    every = {door.key: door for door in vars(doors).values() if isinstance(door, doors.Door)}
    assert {key for key, door in every.items() if not door.page} == set(keys())


def test_a_span_has_a_day():
    with pytest.raises(ValueError, match="a span needs a day"):
        Span(date(2026, 4, 1), date(2026, 4, 1))


def test_a_registers_own_measure_is_an_indicator():
    measure, _dispatched = alarm_case.REGISTER.measures
    one = indicator_of(f"alarm_case.{measure.key}")
    assert (one.name, one.unit, one.line) == ("预警属实率", "%", "monitoring")
