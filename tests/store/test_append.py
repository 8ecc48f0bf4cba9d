"""What an append stores, gives back and refuses."""

from __future__ import annotations

import doctest
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.store.rows import HOUR, MINUTE, NOON, packet, table, value, values_of

import ecoledger.store
from ecoledger.store.interface import (
    DEFAULT_COLUMNS,
    READ_COLUMNS,
    InvalidRowsError,
    ObservationStore,
)


def test_a_packet_and_its_values_come_back_as_given(store: ObservationStore) -> None:
    receipt = store.append(
        table(packet(connection="tcp 10.0.0.8:51234")),
        table(
            value(
                12.50,
                minimum=11.0,
                maximum=14.25,
                total=750.0,
                converted=13.1,
                converted_minimum=12.0,
                converted_maximum=15.0,
                decimals=2,
                frame=0,
            ),
            value(None, parameter="w01018", text="未检出", flag="D", frame=0),
        ),
        recorded_at=NOON + HOUR,
    )
    assert receipt.new.tolist() == [True]
    assert (receipt.observations, receipt.duplicates, receipt.unchanged) == (2, 0, 0)
    rows = store.read(columns=list(READ_COLUMNS))
    assert rows.columns == list(READ_COLUMNS)
    assert dict(rows.schema) == dict(READ_COLUMNS)
    first, second = rows.to_dicts()
    assert first["value"] == 12.5
    assert first["decimals"] == 2
    assert (first["minimum"], first["maximum"], first["total"]) == (11.0, 14.25, 750.0)
    assert first["converted"] == 13.1
    assert (first["converted_minimum"], first["converted_maximum"]) == (12.0, 15.0)
    assert (first["flag"], first["layer"], first["seconds"]) == ("N", 0, 60)
    assert first["frame_id"] == second["frame_id"] == receipt.frame_ids[0]
    assert first["recorded_at"] == NOON + HOUR
    assert (second["value"], second["text"], second["flag"]) == (None, "未检出", "D")
    assert first["observation_id"] != second["observation_id"]
    stored = store.frame(int(receipt.frame_ids[0]))
    given = packet(connection="tcp 10.0.0.8:51234")
    assert {name: getattr(stored, name) for name in given} == given
    assert stored.dated == NOON
    assert stored.status == "accepted"


def test_tables_may_be_polars_arrow_or_columns(store: ObservationStore) -> None:
    columns: dict[str, Any] = {
        "point": np.array([1, 2], np.int32),
        "parameter": ["a21026", "a21004"],
        "start": np.array(["2026-03-05T12:00", "2026-03-05T12:01"], "M8[s]"),
        "series": ["raw", "raw"],
        "value": np.array([1.5, np.nan]),
        "text": [None, None],
    }
    frame = pl.DataFrame(columns | {"start": columns["start"].astype("M8[ms]")})
    store.append(None, columns)
    expected = store.read()
    assert values_of(expected) == [1.5, None]
    store.append(None, frame)
    store.append(None, frame.to_arrow())
    rows = store.read(revisions=True)
    assert len(rows) == 6
    assert store.read().equals(expected)


def test_the_example_of_the_package_holds() -> None:
    result = doctest.testmod(ecoledger.store)
    assert (result.attempted > 3, result.failed) == (True, 0)


def test_an_empty_append_does_nothing(store: ObservationStore) -> None:
    receipt = store.append()
    assert (len(receipt.new), receipt.observations, len(receipt.touched)) == (0, 0, 0)
    assert store.append(table(packet()).clear(), table(value(1.0)).clear()).observations == 0
    assert store.counts().observations == 0


def test_an_empty_store_gives_empty_tables_with_columns(store: ObservationStore) -> None:
    assert store.read().columns == list(DEFAULT_COLUMNS)
    assert store.latest().is_empty()
    assert store.frames().is_empty()
    assert store.take_pending().columns == ["ticket", "point", "parameter", "hour"]
    assert store.arrivals(NOON, NOON + HOUR).columns[-3:] == ["count", "first", "last"]
    assert store.history(1, "a21026", "minute", NOON).is_empty()
    assert store.read_windows(
        {"point": [1], "parameter": ["a21026"], "hour": [NOON]}, "minute"
    ).is_empty()
    assert store.check().sound


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"series": "hourly"}, ["Row 1 ", "series", "'hourly'", "computed-hour"]),
        ({"point": -1}, ["Row 1 ", "point"]),
        ({"point": None}, ["Row 1 ", "point", "required"]),
        ({"layer": 4}, ["Row 1 ", "layer"]),
        ({"seconds": -60}, ["Row 1 ", "seconds", "negative"]),
        ({"start": datetime(1949, 12, 31)}, ["Row 1 ", "start", "1950"]),
        ({"start": datetime(2200, 1, 1)}, ["Row 1 ", "start"]),
        ({"frame": 1}, ["Row 1 ", "frame", "1 frames"]),
        ({"frame_id": 99}, ["Frame 99", "not stored"]),
        ({"withdrawn": True}, ["Row 1 ", "withdrawn"]),
        ({"valeu": 3.0}, ["unknown columns", "valeu"]),
        ({"value": "twelve"}, ["wrong type", "twelve"]),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_stored(
    store: ObservationStore, fields: dict[str, object], says: list[str]
) -> None:
    good = value(1.0)
    if isinstance(fields.get("value"), str):
        good["value"] = "1.0"
    with pytest.raises(InvalidRowsError) as refused:
        store.append(table(packet()), table(good, value(2.0) | fields))
    for part in says:
        assert part in str(refused.value)
    assert store.counts().observations == 0
    assert store.counts().frames["accepted"] == 0


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"digest": b"short"}, ["Row 0 ", "digest", "16 bytes"]),
        ({"status": "lost"}, ["Row 0 ", "status", "'lost'"]),
        ({"raw": None}, ["Row 0 ", "raw", "required"]),
    ],
)
def test_a_wrong_frame_is_named(
    store: ObservationStore, fields: dict[str, object], says: list[str]
) -> None:
    with pytest.raises(InvalidRowsError) as refused:
        store.append(table(packet() | fields))
    for part in says:
        assert part in str(refused.value)


def test_a_missing_column_is_named(store: ObservationStore) -> None:
    with pytest.raises(InvalidRowsError, match="lack the columns start"):
        store.append(None, table(value(1.0)).drop("start"))


def test_times_with_a_zone_are_refused(store: ObservationStore) -> None:
    rows = table(value(1.0)).with_columns(pl.col("start").dt.replace_time_zone("Asia/Shanghai"))
    with pytest.raises(InvalidRowsError, match="time zone"):
        store.append(None, rows)


def test_the_time_a_packet_bears_is_read_from_its_qn(store: ObservationStore) -> None:
    receipt = store.append(
        table(
            packet(qn="20260305120000123"),
            packet(device=2, qn="2026030512"),
            packet(device=3, qn="20261305120000123"),
            packet(device=4, qn=None),
        )
    )
    dated = [store.frame(int(number)).dated for number in receipt.frame_ids]
    assert dated == [NOON + timedelta(milliseconds=123), None, None, None]


def test_a_quarantined_packet_is_replayed(store: ObservationStore) -> None:
    receipt = store.append(table(packet(status="quarantined", reason="MN 未登记")))
    number = int(receipt.frame_ids[0])
    assert store.frames(status="quarantined")["reason"].to_list() == ["MN 未登记"]
    store.append(None, table(value(3.0, frame_id=number)))
    store.mark_frame(number, "replayed", "登记后重放")
    assert store.frame(number).status == "replayed"
    assert store.frame(number).reason == "登记后重放"
    assert store.counts().frames == {"accepted": 0, "quarantined": 0, "replayed": 1}
    history = store.history(1, "a21026", "minute", NOON)
    assert history["raw"].to_list() == [packet()["raw"]]
    assert store.check().sound


def test_an_unknown_frame_is_a_key_error(store: ObservationStore) -> None:
    with pytest.raises(KeyError):
        store.frame(1)
    with pytest.raises(KeyError):
        store.mark_frame(1, "accepted")


def test_one_append_may_span_months_and_series(store: ObservationStore) -> None:
    starts = [datetime(2025, 12, 31, 23, 59), datetime(2026, 1, 1), datetime(2026, 2, 1)]
    store.append(
        None,
        table(
            *(value(float(i), start) for i, start in enumerate(starts)),
            *(
                value(10.0 + i, start, series="hour", seconds=3600)
                for i, start in enumerate(starts)
            ),
        ),
    )
    assert values_of(store.read(series="minute")) == [0.0, 1.0, 2.0]
    assert values_of(store.read(series="hour")) == [10.0, 11.0, 12.0]
    assert values_of(store.read(begin=starts[1], end=starts[2])) == [11.0, 1.0]
    assert store.seal(date(2026, 1, 15)).rows > 0
    assert values_of(store.read(series="minute")) == [0.0, 1.0, 2.0]


def test_many_texts_and_points_keep_apart(store: ObservationStore) -> None:
    codes = [f"w{i:05}" for i in range(400)]
    top = 2**39 - 1
    for point in (0, top):
        store.append(
            None,
            {
                "point": [point] * 400,
                "parameter": codes,
                "start": [NOON] * 400,
                "series": ["raw"] * 400,
                "value": [float(point % 7 + i) for i in range(400)],
            },
        )
    last = store.latest([top])
    assert last["parameter"].to_list() == codes
    assert last["value"][399] == float(top % 7 + 399)
    assert store.latest([1, top + 1, -1]).is_empty()
    assert store.read([top], ["w00007"])["value"].to_list() == [float(top % 7 + 7)]


def test_touched_hours_are_given(store: ObservationStore) -> None:
    receipt = store.append(
        None,
        table(
            value(1.0, NOON + MINUTE),
            value(2.0, NOON + 59 * MINUTE),
            value(3.0, NOON + HOUR),
            value(4.0, NOON - 2 * HOUR, series="computed-hour", seconds=3600),
        ),
    )
    assert receipt.touched.sort("hour").to_dicts() == [
        {"point": 1, "parameter": "a21026", "hour": NOON},
        {"point": 1, "parameter": "a21026", "hour": NOON + HOUR},
    ]
