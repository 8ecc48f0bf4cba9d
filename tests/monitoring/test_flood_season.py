"""While a county is in its flood-season mode river alarms sound beyond what rain washes in, and nothing else changes."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from ecoledger.monitoring.alarming import flood
from ecoledger.monitoring.alarming.flood import Mode

POINTS = pl.DataFrame({"point": [1, 2], "area_code": ["990101001", "990202001"]})
NOON = datetime(2026, 7, 1, 12)


def table(*rows):
    schema = ["point", "parameter", "start", "limit", "lower_limit", "limit_standard"]
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture
def mode(monkeypatch):
    def put(**more):
        said = {"area_code": "990101", "begin": datetime(2026, 7, 1), "until": datetime(2026, 7, 3), "factor": 1.5,
                "name": "汛期"} | more  # fmt: skip
        monkeypatch.setattr(flood, "asking", [lambda: [Mode(**said)]])

    return put


def test_limits_of_what_rain_washes_in_are_raised_inside_the_area_and_time(mode):
    mode()
    found = flood.raised(
        table(
            (1, "w21003", NOON, 1.0, None, "GB 3838-2002 Ⅲ类"),
            (2, "w21003", NOON, 1.0, None, "GB 3838-2002 Ⅲ类"),
            (1, "w21003", datetime(2026, 7, 3), 1.0, None, "GB 3838-2002 Ⅲ类"),
            (1, "w20117", NOON, 0.05, None, "GB 3838-2002 Ⅲ类"),
        ),
        POINTS,
    )
    assert found["limit"].to_list() == [1.5, 1.0, 1.0, 0.05]
    assert found["limit_standard"].to_list()[:2] == [
        "GB 3838-2002 Ⅲ类（汛期×1.5）",
        "GB 3838-2002 Ⅲ类",
    ]


def test_oxygen_may_fall_by_the_same_factor_and_a_mode_without_end_runs_on(mode):
    mode(until=None, factor=2)
    found = flood.raised(table((1, "w01009", datetime(2026, 9, 1), None, 5.0, "GB 3838")), POINTS)
    assert found["lower_limit"].to_list() == [2.5]
    mode(factor=1)
    assert flood.raised(table((1, "w01009", NOON, None, 5.0, "GB 3838")), POINTS)[
        "lower_limit"
    ].to_list() == [5.0]
