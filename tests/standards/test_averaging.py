"""How minutes become hours and hours days: each matter's own rule, and the same on columns as on lists."""

import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import averaging, data_files, flue_gas, noise, wastewater

ON = date(2026, 5, 1)
levels = st.lists(st.floats(20, 120), min_size=1, max_size=30)


def mean(method, values, weights=None, volumes=None):
    table = pl.DataFrame(
        {
            "value": values,
            "weight": weights or [1.0] * len(values),
            "volume": volumes or [None] * len(values),
        },
        schema_overrides={"value": pl.Float64, "weight": pl.Float64, "volume": pl.Float64},
    )
    return table.select(averaging.mean(method)).item()


@pytest.mark.parametrize(
    ("kind", "standard", "minutes", "hours", "share", "how"),
    [
        ("air", "HJ 663-2026", 45, 20, None, "plain"),
        ("flue_gas", "HJ 75-2017", 45, 20, None, "plain"),
        ("wastewater", "HJ 356-2019", 45, None, 75, "flow"),
        ("noise", "HJ 906-2017", 45, 20, None, "energy"),
        ("water", "类推规则（HJ 356-2019）", 45, None, 75, "plain"),
        ("weather", "类推规则（HJ 663-2026）", 45, 20, None, "plain"),
    ],
)
def test_each_kind_has_its_rule(kind, standard, minutes, hours, share, how):
    rule = averaging.rule(kind, ON)
    assert (rule.standard, rule.hour_minutes, rule.day_hours, rule.day_share, rule.mean) == (
        standard, minutes, hours, share, how,
    )  # fmt: skip


def test_the_day_of_the_data_chooses_the_edition():
    days = (date(1998, 1, 1), date(2026, 2, 28), date(2026, 3, 1))
    assert [averaging.rule("air", day).standard for day in days] == [
        "HJ 663-2013", "HJ 663-2013", "HJ 663-2026",
    ]  # fmt: skip
    with pytest.raises(LookupError, match="there are air"):
        averaging.rule("soil", ON)


def test_the_table_has_every_kind_and_edition_once():
    table = averaging.table()
    assert set(table["kind"]) == set(averaging.kinds())
    assert table.select("kind", "effective_from").is_unique().all()


@given(levels)
def test_levels_are_averaged_by_energy(values):
    assert mean("energy", values) == pytest.approx(float(noise.energy_mean(values)), abs=1e-9)


records = st.lists(
    st.tuples(st.floats(0, 500), st.one_of(st.none(), st.floats(0, 1000))), min_size=1, max_size=24
)


@given(records)
def test_wastewater_is_weighted_by_volume_like_a_days_records(pairs):
    values, volumes = [list(column) for column in zip(*pairs, strict=True)]
    day = wastewater.day_mean(values, volumes)
    assert mean("flow", values, volumes=volumes) == pytest.approx(day.value, rel=1e-9, abs=1e-9)


@given(st.floats(0, 360, exclude_max=True), st.floats(0, 80))
def test_wind_is_averaged_around_the_compass(middle, spread):
    found = mean("direction", [(middle - spread) % 360, (middle + spread) % 360])
    assert math.cos(math.radians(found - middle)) == pytest.approx(1, abs=1e-9)


def test_a_longer_record_counts_longer_and_rain_adds_up():
    assert mean("plain", [10.0, 40.0], [60, 120]) == 30
    assert mean("sum", [0.2, 0.0, 1.3]) == pytest.approx(1.5)
    assert averaging.mean_of_quantity("precipitation") == "sum"
    assert averaging.mean_of_quantity("pm2_5") is None


@given(st.lists(st.sampled_from("NNNDCM"), min_size=1, max_size=30))
def test_flags_roll_up_on_columns_as_on_lists(flags):
    abnormal = next((flag for flag in flags if flag != "N"), None)

    def rolled(rule):
        table = pl.DataFrame(
            {
                "good": [flags.count("N")],
                "seen": [len(flags)],
                "bad": [abnormal],
                "flag_rule": [rule],
            },
            schema_overrides={"bad": pl.String},
        )
        expression = averaging.rolled_flag(pl.col("good"), pl.col("seen"), pl.col("bad"))
        return table.select(expression).item()

    assert rolled("share") == flue_gas.rolled_flag(flags)
    assert rolled("any") == wastewater.rolled_flag(flags)
    assert rolled("keep") == ("N" if "N" in flags else abnormal)


@pytest.mark.parametrize(
    ("kind", "number", "due", "enough"),
    [
        ("air", 19, 24, False),
        ("air", 20, 24, True),
        ("wastewater", 17, 24, False),
        ("wastewater", 18, 24, True),
        ("wastewater", 9, 12, True),
        ("water", 4, 6, False),
        ("water", 5, 6, True),
        ("air", 5, 6, True),
    ],
)
def test_a_day_needs_hours_or_a_share_of_what_is_due(kind, number, due, enough):
    row = averaging.table().filter(pl.col("kind") == kind).tail(1)
    counted = row.with_columns(number=number, due=due)
    assert counted.select(averaging.enough_values(pl.col("number"), pl.col("due"))).item() is enough


def test_an_override_changes_the_rule_of_every_user(tmp_path):
    (tmp_path / "flue_gas.toml").write_text("[validity]\nminutes_of_hour = 40\n", encoding="utf-8")
    (tmp_path / "averaging.toml").write_text('[like]\npower = "flue_gas"\n', encoding="utf-8")
    try:
        data_files.use_overrides(tmp_path)
        assert averaging.rule("flue_gas", ON).hour_minutes == 40
        assert averaging.rule("power", ON).hour_minutes == 40
    finally:
        data_files.use_overrides(None)
    assert averaging.rule("power", ON).hour_minutes == 45


def test_converted_with_a_reference_for_each_value():
    converted = flue_gas.to_reference_oxygen(
        [40.0, 40.0, 40.0], [11.0, 11.0, 20.95], [9.0, np.nan, 9.0]
    )
    assert converted[0] == pytest.approx(48)
    assert np.isnan(converted[1:]).all()
