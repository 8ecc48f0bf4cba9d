"""Upstream search on a drainage network (EPA SWMM example 1, public domain) and on made ones."""

from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.science import air_table, river_network

EDGES = pl.read_csv(
    Path(__file__).parents[1] / "data" / "network_edges.csv",
    schema_overrides={"from_node": pl.String, "to_node": pl.String},
)


def test_everything_upstream_of_a_node():
    found = river_network.upstream(EDGES, "16", speed=1)
    assert set(found["node"]) == {"16", "15", "14", "13", "22", "21", "20", "19", "10", "9"}
    way = dict(zip(found["node"], found["distance"], strict=True))
    assert way["9"] == 400 + 400 + 300 + 300
    assert way["16"] == 0
    assert found.filter(pl.col("node") == "13")["hours"][0] == pytest.approx(1200 / 3600)


def test_the_span_of_the_discharge():
    seen = datetime(2026, 5, 1, 12)
    found = river_network.upstream(EDGES, "16", speed=0.1, uncertainty=0.5, seen=seen).filter(
        pl.col("node") == "15"
    )
    assert found["released_from"][0] < found["released_to"][0] < seen
    assert (seen - found["released_to"][0]).total_seconds() == pytest.approx(4000 / 1.5, abs=1)
    assert (seen - found["released_from"][0]).total_seconds() == pytest.approx(4000 / 0.5, abs=1)


def test_a_limit_in_time_and_own_speeds():
    near = river_network.upstream(EDGES, "16", speed=0.1, hours=1, uncertainty=0)
    assert set(near["node"]) == {"16", "22"}
    fast = EDGES.with_columns(speed=pl.when(pl.col("link").cast(pl.String) == "12").then(2.0))
    assert river_network.upstream(fast, "15", speed=0.1)["hours"][1] == pytest.approx(
        400 / 2 / 3600
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [("length", None), ("length", -1.0), ("speed", 0.0), ("speed", -1.0), ("to_node", None)],
)
def test_a_reach_without_length_or_with_a_speed_that_does_not_flow_is_named(column, value):
    edges = EDGES.with_columns(
        speed=pl.lit(None, dtype=pl.Float64), length=pl.col("length").cast(float)
    )
    wrong = edges.with_columns(
        pl.when(pl.int_range(pl.len()) == 2).then(value).otherwise(column).alias(column)
    )
    with pytest.raises(air_table.TableError, match=r"1 edges have .* in row 3"):
        river_network.upstream(wrong, "16")


def test_downstream_is_the_other_way():
    found = river_network.downstream(EDGES, "21")
    assert set(found["node"]) == {"21", "22", "16", "24", "17", "18"}


def test_suspects_by_load_and_decay():
    sources = pl.DataFrame(
        {"source": ["far", "near", "below"], "node": ["9", "15", "18"], "load": [2.0, 1.9, 50.0]}
    )
    found = river_network.suspects(EDGES, "16", sources, datetime(2026, 5, 1), speed=0.05, decay=2)
    assert found["source"].to_list() == ["near", "far"]


def test_an_unknown_node_is_named():
    with pytest.raises(air_table.TableError, match="'99' is not in the network"):
        river_network.upstream(EDGES, "99")


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=20),
    st.integers(0, 8),
)
def test_reached_as_by_walking(pairs, start):
    edges = pl.DataFrame(
        {
            "from_node": [str(a) for a, _ in pairs],
            "to_node": [str(b) for _, b in pairs],
            "length": [1.0] * len(pairs),
        }
    )
    if str(start) not in {str(each) for pair in pairs for each in pair}:
        return
    reached = {start}
    while more := {a for a, b in pairs if b in reached} - reached:
        reached |= more
    assert {int(each) for each in river_network.upstream(edges, str(start))["node"]} == reached


def test_a_pulse_keeps_its_mass():
    hours = np.linspace(0.01, 20, 20001)
    found = river_network.pulse(5000, hours, 10, speed=0.5, flow=2, dispersion=5)
    mass = found.sum() * (hours[1] - hours[0]) * 3600 * 2 / 1000
    assert mass == pytest.approx(10, rel=0.02)
    assert hours[np.argmax(found)] == pytest.approx(5000 / 0.5 / 3600, rel=0.05)
