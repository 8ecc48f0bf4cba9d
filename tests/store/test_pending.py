"""Hours to aggregate: what puts them on the list, and that none is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.store.rows import HOUR, MINUTE, NOON, table, value

from ecoledger.store.interface import ObservationStore


def test_an_hour_waits_until_it_is_done(store: ObservationStore) -> None:
    store.append(None, table(*(value(1.0, NOON + i * MINUTE) for i in range(60))))
    work = store.take_pending()
    assert work.drop("ticket").to_dicts() == [{"point": 1, "parameter": "a21026", "hour": NOON}]
    assert store.take_pending().equals(work)
    assert store.counts().pending == 1
    store.done_pending(work)
    assert store.take_pending().is_empty()
    assert store.counts().pending == 0


def test_late_data_bring_only_their_hour_back(store: ObservationStore) -> None:
    store.append(None, table(*(value(1.0, NOON + i * HOUR) for i in range(24))))
    store.done_pending(store.take_pending())
    store.append(None, table(value(2.0, NOON + 3 * HOUR + MINUTE)))
    assert store.take_pending()["hour"].to_list() == [NOON + 3 * HOUR]


def test_an_hour_touched_while_it_is_worked_on_stays(store: ObservationStore) -> None:
    store.append(None, table(value(1.0)))
    work = store.take_pending()
    receipt = store.append(None, table(value(2.0, NOON + MINUTE)))
    assert len(receipt.touched) == 1
    store.done_pending(work)
    second = store.take_pending()
    assert second["hour"].to_list() == [NOON]
    assert second["ticket"][0] > work["ticket"][0]
    store.done_pending(second)
    assert store.take_pending().is_empty()


def test_taking_again_after_a_touch_settles_both(store: ObservationStore) -> None:
    store.append(None, table(value(1.0)))
    store.take_pending()
    store.append(None, table(value(2.0, NOON + MINUTE)))
    work = store.take_pending()
    assert len(work) == 1
    store.done_pending(work)
    assert store.take_pending().is_empty()
    assert store.check().sound


def test_oldest_hours_first_and_no_more_than_asked(store: ObservationStore) -> None:
    store.append(None, table(*(value(1.0, NOON - i * HOUR, point=i % 3) for i in range(30))))
    work = store.take_pending(limit=10)
    assert work["hour"].to_list() == [NOON - i * HOUR for i in range(29, 19, -1)]
    store.done_pending(work)
    rest = store.take_pending()
    assert len(rest) == 20
    assert rest["hour"].min() == NOON - 19 * HOUR


def test_pending_work_survives_a_restart_and_is_done_after_it(
    open_store: Callable[[], ObservationStore],
) -> None:
    with open_store() as store:
        store.append(None, table(value(1.0), value(2.0, point=2), value(3.0, NOON + HOUR)))
        work = store.take_pending()
        store.done_pending(work.filter(work["point"] == 2))
        store.append(None, table(value(4.0, NOON + MINUTE)))
    with open_store() as store:
        again = store.take_pending()
        assert again.drop("ticket").to_dicts() == [
            {"point": 1, "parameter": "a21026", "hour": NOON},
            {"point": 1, "parameter": "a21026", "hour": NOON + HOUR},
        ]
        assert store.check().sound
        # Work handed out before the restart does not settle what came after it.
        store.done_pending(work)
        assert store.take_pending()["hour"].to_list() == [NOON]
        store.done_pending(store.take_pending())
    with open_store() as store:
        assert store.take_pending().is_empty()


def test_tickets_are_not_used_again_after_a_restart(
    open_store: Callable[[], ObservationStore],
) -> None:
    with open_store() as store:
        store.append(None, table(value(1.0)))
        stale = store.take_pending()
        store.done_pending(stale)
    with open_store() as store:
        store.append(None, table(value(2.0)))
        store.done_pending(stale)
        assert len(store.take_pending()) == 1


def test_marks_touch_and_computed_values_do_not(store: ObservationStore) -> None:
    hour = {"series": "computed-hour", "seconds": 3600}
    store.append(None, table(value(1.0, **hour)))
    assert store.take_pending().is_empty()
    store.append(None, table(value(None, layer=3, flag="D", **hour)))
    assert store.take_pending()["hour"].to_list() == [NOON]


def test_windows_give_the_values_of_the_pending_hours(store: ObservationStore) -> None:
    store.append(
        None,
        table(
            *(value(float(i), NOON + i * MINUTE) for i in range(180)),
            *(value(100.0 + i, NOON + i * MINUTE, point=2) for i in range(180)),
            value(7.0, NOON, series="hour", seconds=3600),
        ),
    )
    work = store.take_pending()
    assert len(work) == 6
    chosen = work.filter(
        ((work["point"] == 1) & (work["hour"] == NOON + HOUR))
        | ((work["point"] == 2) & (work["hour"] == NOON))
    )
    store.append(None, table(value(-1.0, NOON + HOUR, layer=3)))
    rows = store.read_windows(chosen, "minute")
    assert rows["point"].to_list() == [1] * 60 + [2] * 60
    assert rows["value"].to_list() == [-1.0, *map(float, range(61, 120)), *range(100, 160)]
    device = store.read_windows(chosen, "minute", up_to=0)
    assert device["value"][0] == 60.0
    wide = store.read_windows(chosen, ["minute", "hour"], seconds=7200, columns=["value"])
    assert wide.columns == ["value"]
    assert len(wide) == 240
    everything = store.read_windows(work, ["minute", "hour"], seconds=7200)
    assert len(everything) == 361


def test_windows_on_what_the_store_never_saw_are_empty(store: ObservationStore) -> None:
    store.append(None, table(value(1.0)))
    ask = {"point": [1, 9], "parameter": ["w99999", "a21026"], "hour": [NOON, NOON]}
    assert store.read_windows(ask, "minute").is_empty()


@pytest.mark.parametrize(
    ("shift", "seconds"),
    [
        (0, 3600),  # hours
        (0, 86400),
        (-7 * 3600, 86400 + 14 * 3600),  # a day and the eight-hour windows that reach into it
        (17, 3600),  # on no common grid
        (0.25, 90000),
        (0, 1),
    ],
)
def test_windows_of_any_length_and_place(
    store: ObservationStore, shift: float, seconds: int
) -> None:
    """The same as asking for each window by itself, also before 1970."""
    for noon in (NOON, datetime(1969, 12, 31, 12)):
        store.append(
            None,
            table(*(value(float(i), noon + i * 20 * MINUTE, point=1 + i % 2) for i in range(300))),
        )
        hours = [noon + timedelta(seconds=shift) + i * 9 * HOUR for i in range(6)]
        windows = {
            "point": [1 + i % 2 for i in range(6)],
            "parameter": ["a21026"] * 6,
            "hour": hours,
        }
        expected = set()
        for point, hour in zip(windows["point"], hours, strict=True):
            span = hour, hour + timedelta(seconds=seconds)
            rows = store.read([point], None, "minute", *span)
            expected |= set(zip(rows["point"], rows["start"], strict=True))
        found = store.read_windows(windows, "minute", seconds=seconds)
        assert set(zip(found["point"], found["start"], strict=True)) == expected
        assert len(found) == len(expected)
        assert expected
