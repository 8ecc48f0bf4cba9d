"""An alarm keeps the level it once reached; what its last value reaches is told beside it."""

from __future__ import annotations

import pytest

from ecoledger.monitoring.alarming.writing import level_now
from ecoledger.monitoring.models import Alarm, AlarmRule

LEVELS = {"levels": [[0, "blue"], [0.5, "yellow"], [1, "orange"], [3, "red"]]}


@pytest.mark.parametrize(
    ("value", "level"),
    [(81.2, "blue"), (115, "yellow"), (160, "orange"), (400, "red"), (60, "red"), (None, "red")],
)
def test_the_last_value_says_the_level_now(value, level):
    rule = AlarmRule(settings=LEVELS, level="blue")
    alarm = Alarm(rule=rule, level="red", limit=70, value=value, peak=354, times_over=4.06)
    assert level_now(alarm) == level


def test_without_a_limit_the_level_is_the_rules():
    rule = AlarmRule(settings={}, level="yellow")
    assert level_now(Alarm(rule=rule, level="yellow", value=3.0)) == "yellow"
