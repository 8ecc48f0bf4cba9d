"""Which row speaks: layers, revisions, withdrawal, and the view as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.store.rows import HOUR, MINUTE, NOON, packet, table, value, values_of

from ecoledger.store.interface import Layer, ObservationStore


def spoken(store: ObservationStore, **question: Any) -> tuple[float | None, str, int]:
    row = store.read([1], ["a21026"], "minute", **question).row(0, named=True)
    return row["value"], row["flag"], row["layer"]


def test_the_highest_layer_speaks_and_within_it_the_last_recorded(store: ObservationStore) -> None:
    store.append(table(packet()), table(value(10.0, frame=0)))
    store.append(None, table(value(10.0, layer=Layer.CHECK, flag="突变", rule="jump-3-sigma")))
    assert spoken(store) == (10.0, "突变", 1)
    store.append(None, table(value(None, layer=Layer.REVIEW, flag="D", author="wang")))
    store.append(None, table(value(10.0, layer=Layer.ENTERPRISE, flag="校准", author="e-7")))
    assert spoken(store) == (None, "D", 3)
    store.append(None, table(value(9.5, layer=Layer.REVIEW, flag="N", author="li")))
    assert spoken(store) == (9.5, "N", 3)
    # The device speaks again, and the review stands.
    store.append(table(packet(text="again")), table(value(99.0, frame=0)))
    assert spoken(store) == (9.5, "N", 3)
    assert spoken(store, up_to=Layer.ENTERPRISE) == (10.0, "校准", 2)
    assert spoken(store, up_to=Layer.CHECK) == (10.0, "突变", 1)
    assert spoken(store, up_to=Layer.DEVICE) == (99.0, "N", 0)


def test_a_withdrawn_layer_lets_the_lower_ones_speak(store: ObservationStore) -> None:
    store.append(None, table(value(10.0)))
    store.append(None, table(value(10.0, layer=1, flag="超量程")))
    store.append(None, table(value(None, layer=3, flag="D", reason="误判")))
    lifted = {"layer": 3, "withdrawn": True, "author": "li", "reason": "复核后撤回"}
    store.append(None, table(value(None, **lifted)))
    assert spoken(store) == (10.0, "超量程", 1)
    assert store.latest([1])["layer"].to_list() == [1]
    store.append(None, table(value(None, layer=1, withdrawn=True)))
    assert spoken(store) == (10.0, "N", 0)
    store.append(None, table(value(8.0, layer=3, flag="N")))
    assert spoken(store) == (8.0, "N", 3)


def test_history_shows_every_word_with_its_packet(store: ObservationStore) -> None:
    store.append(
        table(packet(connection="tcp 1")), table(value(10.0, frame=0)), recorded_at=NOON + MINUTE
    )
    store.append(None, table(value(None, layer=3, flag="D", author="wang", reason="停电")))
    store.append(None, table(value(55.0, NOON + MINUTE)))
    history = store.history(1, "a21026", "minute", NOON)
    assert history["value"].to_list() == [10.0, None]
    assert history["accepted"].to_list() == [False, True]
    assert history["raw"].to_list() == [packet()["raw"], None]
    assert history["mn"].to_list() == ["DEV1", None]
    assert history["connection"].to_list() == ["tcp 1", None]
    assert history["author"].to_list() == [None, "wang"]
    assert history["reason"].to_list() == [None, "停电"]
    assert history["recorded_at"][0] == NOON + MINUTE


def test_when_all_is_withdrawn_nothing_speaks(store: ObservationStore) -> None:
    store.append(None, table(value(1.0, layer=3)))
    store.append(None, table(value(None, layer=3, withdrawn=True)))
    assert store.read().is_empty()
    assert store.latest().is_empty()
    assert store.history(1, "a21026", "minute", NOON)["accepted"].to_list() == [False, False]


def test_the_view_as_it_was(store: ObservationStore) -> None:
    store.append(None, table(value(1.0)), recorded_at=NOON + HOUR)
    store.append(None, table(value(2.0)), recorded_at=NOON + 2 * HOUR)
    store.append(None, table(value(3.0, layer=3)), recorded_at=NOON + 3 * HOUR)
    assert store.read(as_of=NOON).is_empty()
    assert [
        spoken(store, as_of=NOON + hours * HOUR)[0] for hours in (1, 2, 3)
    ] == [1.0, 2.0, 3.0]  # fmt: skip


def test_series_of_one_parameter_stand_side_by_side(store: ObservationStore) -> None:
    store.append(
        None,
        table(
            value(1.0, series="hour", seconds=3600),
            value(2.0, series="computed-hour", seconds=3600),
            value(3.0, series="day", seconds=86400),
        ),
    )
    rows = store.read(series=["computed-hour", "hour"])
    assert dict(zip(rows["series"], rows["value"], strict=True)) == {
        "hour": 1.0,
        "computed-hour": 2.0,
    }


def computed(number: float | None, **fields: Any) -> dict[str, Any]:
    return value(
        number,
        series="computed-hour",
        seconds=3600,
        **{"valid": True, "count": 60, "expected": 60, "standard": "HJ 663-2026", **fields},
    )


def test_computing_the_same_again_stores_nothing(
    open_store: Callable[[], ObservationStore],
) -> None:
    with open_store() as store:
        first = store.append(None, table(computed(10.0), computed(20.0, point=2)))
        assert (first.observations, first.unchanged) == (2, 0)
        again = store.append(None, table(computed(10.0), computed(21.0, point=2)))
        assert (again.observations, again.unchanged) == (1, 1)
    with open_store() as store:
        again = store.append(None, table(computed(10.0), computed(21.0, point=2)))
        assert (again.observations, again.unchanged) == (0, 2)
        assert values_of(store.read(series="computed-hour")) == [10.0, 21.0]
        history = store.history(2, "a21026", "computed-hour", NOON)
        assert history["value"].to_list() == [20.0, 21.0]


@pytest.mark.parametrize(
    "change",
    [
        {"standard": "HJ 663-2013"},
        {"valid": False},
        {"count": 59},
        {"flag": "H"},
        {"value": None},
        {"minimum": 1.0},
    ],
)
def test_any_difference_in_what_is_said_is_a_revision(
    store: ObservationStore, change: dict[str, Any]
) -> None:
    store.append(None, table(computed(10.0)))
    receipt = store.append(None, table(computed(10.0) | change))
    assert (receipt.observations, receipt.unchanged) == (1, 0)
    assert len(store.read(revisions=True)) == 2


def test_going_back_to_an_earlier_result_is_a_revision(store: ObservationStore) -> None:
    for number in (1.0, 2.0, 1.0, 1.0):
        store.append(None, table(computed(number)))
    assert values_of(store.read(revisions=True)) == [1.0, 2.0, 1.0]


def test_revisions_within_one_call_are_as_if_one_by_one(store: ObservationStore) -> None:
    receipt = store.append(None, table(*(computed(n) for n in (1.0, 1.0, 2.0, 2.0, 1.0))))
    assert (receipt.observations, receipt.unchanged) == (3, 2)
    assert values_of(store.read(revisions=True)) == [1.0, 2.0, 1.0]


def test_a_check_run_twice_changes_nothing(store: ObservationStore) -> None:
    """Else a check would put its own hour on the pending list for ever."""
    store.append(None, table(value(900.0)))
    store.done_pending(store.take_pending())
    mark = value(900.0, layer=1, flag="超量程", rule="range", reason="> 800")
    assert len(store.append(None, table(mark)).touched) == 1
    store.done_pending(store.take_pending())
    again = store.append(None, table(mark))
    assert (again.observations, again.unchanged, len(again.touched)) == (0, 1, 0)
    assert store.take_pending().is_empty()


def test_a_device_that_repeats_itself_is_recorded(store: ObservationStore) -> None:
    """Unlike computed values: two packets said it, and both are evidence."""
    for text in ("one", "two"):
        store.append(table(packet(text=text)), table(value(5.0, frame=0)))
    assert len(store.history(1, "a21026", "minute", NOON)) == 2
    assert values_of(store.read()) == [5.0]
    counted = store.arrivals(NOON - HOUR, NOON + timedelta(days=1))
    assert counted["count"].to_list() == [1]
