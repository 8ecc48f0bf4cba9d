"""Reading: half-open ranges, order, columns, frames by page, arrivals; and a model of it all."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.rows import HOUR, MINUTE, NOON, packet, table, value, values_of

from ecoledger.store.interface import InvalidRowsError, ObservationStore


def test_ranges_are_half_open(store: ObservationStore) -> None:
    store.append(None, table(*(value(float(i), NOON + i * MINUTE) for i in range(5))))
    assert values_of(store.read(begin=NOON + MINUTE, end=NOON + 3 * MINUTE)) == [1.0, 2.0]
    assert values_of(store.read(begin=NOON + MINUTE, end=NOON + MINUTE)) == []
    assert values_of(store.read(end=NOON + MINUTE)) == [0.0]
    assert values_of(store.read(begin=NOON + 4 * MINUTE)) == [4.0]
    micro = timedelta(microseconds=1)
    assert values_of(store.read(begin=NOON + micro, end=NOON + MINUTE + micro)) == [1.0]


def test_a_month_ends_where_the_next_begins(store: ObservationStore) -> None:
    edge = datetime(2026, 4, 1)
    store.append(None, table(value(1.0, edge - MINUTE), value(2.0, edge)))
    assert values_of(store.read(begin=datetime(2026, 3, 1), end=edge)) == [1.0]
    assert values_of(store.read(begin=edge, end=datetime(2026, 5, 1))) == [2.0]


def test_rows_come_sorted_by_what_people_read(store: ObservationStore) -> None:
    """By the text of parameter and series, not by the order in which the store met them."""
    store.append(
        None,
        table(
            value(1.0, point=2, parameter="w21003"),
            value(2.0, point=1, parameter="w21003"),
            value(3.0, NOON + MINUTE, parameter="a21026"),
            value(4.0, parameter="a21026"),
            value(5.0, parameter="a21026", series="hour", seconds=3600),
        ),
    )
    store.append(None, table(value(6.0, parameter="a01001")))
    assert values_of(store.read()) == [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    latest = store.latest()
    assert values_of(latest) == [6.0, 5.0, 3.0, 2.0, 1.0]


def test_filters(store: ObservationStore) -> None:
    store.append(
        None,
        table(
            *(
                value(float(10 * point + i), point=point, parameter=code)
                for point in range(3)
                for i, code in enumerate(("a21026", "a21004"))
            )
        ),
    )
    assert values_of(store.read([0, 2])) == [1.0, 0.0, 21.0, 20.0]
    assert values_of(store.read(parameters=["a21004"])) == [1.0, 11.0, 21.0]
    assert values_of(store.read([1], ["a21026", "w99999"])) == [10.0]
    assert values_of(store.read([])) == []
    assert values_of(store.read(parameters=["w99999"])) == []
    assert values_of(store.latest([2, 0])) == [1.0, 0.0, 21.0, 20.0]
    assert values_of(store.latest([])) == []
    assert store.latest(series="hour").is_empty()
    assert len(store.latest(series="minute")) == 6


def test_columns_come_as_asked(store: ObservationStore) -> None:
    store.append(None, table(value(1.0)))
    rows = store.read(columns=["value", "withdrawn", "start"])
    assert rows.columns == ["value", "withdrawn", "start"]
    assert rows.row(0) == (1.0, False, NOON)
    with pytest.raises(InvalidRowsError, match="valeu"):
        store.read(columns=["valeu"])
    with pytest.raises(InvalidRowsError, match="hourly"):
        store.read(series="hourly")


def test_frames_by_page_newest_first(store: ObservationStore) -> None:
    for i in range(7):
        store.append(
            table(
                packet(NOON + i * MINUTE, device=i % 2),
                packet(
                    NOON + i * MINUTE, device=9, status="quarantined", reason="CRC", text="x" * i
                ),
            )
        )
    pages, before = [], None
    while len(page := store.frames(before=before, limit=4)):
        pages.append(page["frame_id"].to_list())
        before = pages[-1][-1]
    assert pages == [[14, 13, 12, 11], [10, 9, 8, 7], [6, 5, 4, 3], [2, 1]]
    quarantined = store.frames(status="quarantined")
    assert quarantined["reason"].unique().to_list() == ["CRC"]
    assert len(quarantined) == 7
    assert quarantined["size"].to_list() == sorted(quarantined["size"], reverse=True)
    assert "raw" not in quarantined.columns
    assert len(store.frames(mn="DEV1")) == 3
    first = NOON + timedelta(seconds=1)
    assert len(store.frames(begin=first + MINUTE, end=first + 3 * MINUTE)) == 4


def test_arrivals_count_each_period_once_a_day(store: ObservationStore) -> None:
    midnight = datetime(2026, 3, 6)
    store.append(None, table(*(value(1.0, midnight + i * HOUR) for i in range(-2, 3))))
    store.append(None, table(value(2.0, midnight), value(None, midnight, layer=3)))
    store.append(None, table(value(1.0, NOON, point=2, series="day", seconds=86400)))
    rows = store.arrivals(datetime(2026, 3, 1), midnight + 2 * HOUR)
    assert rows.to_dicts() == [
        {
            "point": 1, "parameter": "a21026", "series": "minute", "day": date(2026, 3, 5),
            "count": 2, "first": midnight - 2 * HOUR, "last": midnight - HOUR,
        },
        {
            "point": 1, "parameter": "a21026", "series": "minute", "day": date(2026, 3, 6),
            "count": 2, "first": midnight, "last": midnight + HOUR,
        },
        {
            "point": 2, "parameter": "a21026", "series": "day", "day": date(2026, 3, 5),
            "count": 1, "first": NOON, "last": NOON,
        },
    ]  # fmt: skip
    assert store.arrivals(datetime(2026, 3, 1), midnight, points=[2])["point"].to_list() == [2]
    assert len(store.arrivals(datetime(2026, 3, 1), midnight, series="minute")) == 1


def test_latest_goes_by_start_not_by_arrival(store: ObservationStore) -> None:
    store.append(None, table(value(2.0, NOON + MINUTE, decimals=1, text=None)))
    store.append(None, table(value(1.0, NOON)))
    row = store.latest([1]).row(0, named=True)
    assert (row["value"], row["start"], row["decimals"]) == (2.0, NOON + MINUTE, 1)
    store.append(None, table(value(None, NOON + HOUR, text="未检出", flag="D")))
    row = store.latest([1]).row(0, named=True)
    assert (row["value"], row["text"], row["flag"]) == (None, "未检出", "D")
    assert row["decimals"] is None
    assert row["frame_id"] is None


# -- the store against a model ---------------------------------------------------------------------

words = st.lists(
    st.lists(
        st.fixed_dictionaries(
            {
                "parameter": st.sampled_from(["w21003", "a21026"]),
                "series": st.sampled_from(["minute", "hour", "computed-hour"]),
                # Three hours at the turn of the year, so that rows fall into two segments.
                "start": st.integers(-1, 1).map(lambda i: datetime(2026, 1, 1) + i * HOUR),
                "layer": st.integers(0, 3),
                "value": st.sampled_from([None, 1.0, 2.0]),
                "withdrawn": st.booleans(),
            }
        ),
        min_size=1,
        max_size=6,
    ),
    min_size=1,
    max_size=4,
)
_points = itertools.count(1)


def settle(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows a store keeps: without computed or layered ones that repeat the last on theirs."""
    kept: list[dict[str, Any]] = []
    for row in rows:
        same = [k for k in kept if identity(k) == identity(row) and k["layer"] == row["layer"]]
        careful = row["series"].startswith("computed") or row["layer"] > 0
        said = (row["value"], row["withdrawn"])
        if not (careful and same and (same[-1]["value"], same[-1]["withdrawn"]) == said):
            kept.append(row)
    return kept


def identity(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["parameter"], row["series"], row["start"]


def speakers(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], tuple[Any, int]]:
    """By identity the value and layer that speak."""
    tops: dict[tuple[Any, ...], dict[int, dict[str, Any]]] = {}
    for row in rows:
        tops.setdefault(identity(row), {})[row["layer"]] = row
    spoken = {}
    for key, layers in tops.items():
        standing = [layer for layer, row in layers.items() if not row["withdrawn"]]
        if standing:
            spoken[key] = (layers[max(standing)]["value"], max(standing))
    return spoken


def shown(rows: pl.DataFrame) -> dict[tuple[Any, ...], tuple[Any, int]]:
    return {
        (row["parameter"], row["series"], row["start"]): (row["value"], row["layer"])
        for row in rows.iter_rows(named=True)
    }


@given(batches=words)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_store_does_as_the_model(
    store: ObservationStore, batches: list[list[dict[str, Any]]]
) -> None:
    point = next(_points)  # a point of its own for each example, in the one store
    said: list[dict[str, Any]] = []
    for batch in batches:
        rows = [row | {"withdrawn": row["withdrawn"] and row["layer"] > 0} for row in batch]
        store.append(None, table(*(row | {"point": point} for row in rows)))
        said = settle(said + rows)
        spoken = speakers(said)
        assert shown(store.read([point])) == spoken
        assert len(store.read([point], revisions=True)) == len(said)
        newest: dict[tuple[str, str], tuple[Any, ...]] = {}
        for parameter, series, start in spoken:
            newest[parameter, series] = max(
                newest.get((parameter, series), (parameter, series, start)),
                (parameter, series, start),
            )
        assert shown(store.latest([point])) == {key: spoken[key] for key in newest.values()}
        device = speakers([row for row in said if row["layer"] == 0])
        assert shown(store.read([point], up_to=0)) == device


def test_nothing_changes_by_restart_crash_or_seal(
    open_store: Callable[[], ObservationStore],
) -> None:
    """Latest values, views and counts are the same however the store is brought up."""
    months = [date(2025, 12, 1), date(2026, 1, 1)]

    def rows(seed: int) -> list[dict[str, Any]]:
        return [
            value(
                float(seed * 100 + i),
                datetime(2026, 1, 1) + ((i * 7 + seed) % 9 - 4) * HOUR,
                point=i % 3,
                series=("minute", "hour", "computed-hour")[i % 3 + seed % 2 - 1],
                layer=(0, 0, 0, 1, 3)[(i + seed) % 5],
                withdrawn=(i + seed) % 5 == 4 and i % 2 == 0,
            )
            for i in range(25)
        ]

    with open_store() as store:
        for seed in range(3):
            store.append(None, table(*rows(seed)))
        views = [store.read(), store.read(revisions=True), store.latest()]
    for seal in (False, True, True):
        with open_store() as store:
            if seal:
                for month in months:
                    store.seal(month)
            now = [store.read(), store.read(revisions=True), store.latest()]
            assert all(a.equals(b) for a, b in zip(views, now, strict=True))
            assert store.check().problems == ()
            store.append(None, table(*rows(7)))
            views = [store.read(), store.read(revisions=True), store.latest()]
