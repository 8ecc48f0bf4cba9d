"""Which warning a forecast calls for, under the 2018 and the 2024 scheme."""

from datetime import date

import numpy as np
import pytest

from ecoledger.standards import data_files, heavy_pollution
from ecoledger.standards.heavy_pollution import may_lift, warn, warn_hourly

OLD, NEW = date(2020, 1, 5), date(2026, 1, 5)


@pytest.mark.parametrize(
    ("daily", "old", "new"),
    [
        ([200, 150, 150], None, None),
        ([201], "blue", "yellow"),
        ([151, 151], None, "yellow"),
        ([151, 150, 151], None, None),
        ([151, 151, 151], None, "orange"),
        ([210, 210], "yellow", "orange"),
        ([210, 210, 210], "yellow", "orange"),
        ([210, 301, 210], "orange", "red"),
        ([210, 310, 310, 210], "red", "red"),
        ([210, 310, 210, 210], "orange", "red"),
        ([100, 500, 100], "red", "yellow"),
        ([210, None, 210], "blue", "yellow"),
        ([], None, None),
    ],
)
def test_levels_of_both_schemes(daily, old, new):
    for on, wanted in ((OLD, old), (NEW, new)):
        found = warn(daily, on=on)
        assert (None if found is None else found.level.id) == wanted


def test_the_call_says_why_and_when():
    found = warn([90, 160, 170, 155, 90], on=NEW)
    assert (found.begins, found.ends) == (1, 3)
    assert found.reason == "日AQI＞150持续72小时及以上"
    assert found.level.reduction_percent == 20
    assert found.standard == "环大气〔2024〕6号"


def test_days_led_by_ozone_alone_do_not_count_since_2024():
    daily, primary = [160, 170, 155], ["o3", "o3", "o3"]
    assert warn(daily, on=NEW, primary=primary) is None
    assert warn(daily, on=NEW, primary=["o3,pm2_5"] * 3).level.id == "orange"
    assert warn([210], on=OLD, primary=["o3"]).level.id == "blue"
    with pytest.raises(ValueError, match="3 values but 1"):
        warn(daily, on=NEW, primary=["o3"])


def test_hours_form_days_across_midnight():
    hourly = [100.0] * 12 + [210.0] * 24 + [100.0] * 12
    assert warn_hourly(hourly, on=NEW).level.id == "yellow"
    by_day = [np.mean(hourly[:24]), np.mean(hourly[24:])]
    assert max(by_day) <= 200
    assert warn(by_day, on=NEW).level.id == "yellow", "two days above 150"
    assert warn_hourly([210.0] * 47, on=NEW).level.id == "yellow"
    assert warn_hourly([210.0] * 48, on=NEW).level.id == "orange"
    assert warn_hourly([210.0] * 23, on=NEW) is None
    assert warn_hourly([210.0, None] * 24, on=NEW) is None


def test_lifting_needs_36_hours_below():
    assert may_lift([140] * 36, "yellow", on=NEW)
    assert not may_lift([140] * 35, "yellow", on=NEW)
    assert not may_lift([140] * 20 + [151] + [140] * 15, "yellow", on=NEW)
    assert not may_lift([140] * 20 + [None] + [140] * 15, "yellow", on=NEW)
    assert may_lift([180] * 36, "orange", on=NEW, threshold=200)
    with pytest.raises(KeyError, match="blue"):
        may_lift([140] * 36, "blue", on=NEW)


def test_a_provinces_own_plan_is_an_override(tmp_path):
    (tmp_path / "heavy_pollution.toml").write_text(
        '[[edition.scheme-2024.level]]\nid = "yellow"\nname = "黄色预警"\ngrade = "III级"\n'
        "rgb = [255, 255, 0]\nany = [[{ over = 180, hours = 24 }]]\n"
    )
    data_files.use_overrides(tmp_path)
    try:
        assert warn([181], on=NEW).level.id == "yellow"
        assert [level.id for level in heavy_pollution.scheme(NEW).content.levels] == ["yellow"]
    finally:
        data_files.use_overrides(None)
    assert warn([181], on=NEW) is None
