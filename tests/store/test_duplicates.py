"""The same packet twice is stored once, whenever the second comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.store.rows import HOUR, MINUTE, NOON, packet, table, value, values_of

from ecoledger.store.interface import ObservationStore
from ecoledger.store.recent_frames import BACKLOG, WINDOW, RecentFrames
from ecoledger.store.recent_frames import HOUR as HOUR_MICROS


def test_a_packet_twice_in_one_batch(store: ObservationStore) -> None:
    receipt = store.append(
        table(packet(), packet(device=2), packet()),
        table(value(1.0, frame=0), value(2.0, point=2, frame=1), value(9.0, frame=2)),
    )
    assert receipt.new.tolist() == [True, True, False]
    assert receipt.frame_ids[2] == receipt.frame_ids[0]
    assert (receipt.observations, receipt.duplicates) == (2, 1)
    assert values_of(store.read()) == [1.0, 2.0]
    assert store.counts().frames["accepted"] == 2


def test_a_packet_again_in_a_later_batch(store: ObservationStore) -> None:
    first = store.append(table(packet()), table(value(1.0, frame=0)))
    again = store.append(
        table(packet(received_at=NOON + MINUTE), packet(NOON + MINUTE)),
        table(value(9.0, frame=0), value(2.0, NOON + MINUTE, frame=1)),
    )
    assert again.new.tolist() == [False, True]
    assert again.frame_ids[0] == first.frame_ids[0]
    assert values_of(store.read(revisions=True)) == [1.0, 2.0]


def test_a_packet_again_after_a_restart(open_store: Callable[[], ObservationStore]) -> None:
    with open_store() as store:
        first = store.append(table(packet()), table(value(1.0, frame=0)))
    with open_store() as store:
        again = store.append(table(packet()), table(value(1.0, frame=0)))
        assert again.new.tolist() == [False]
        assert again.frame_ids.tolist() == first.frame_ids.tolist()
        assert store.counts().observations == 1


@pytest.mark.parametrize("gap", [timedelta(hours=30), timedelta(days=200)])
@pytest.mark.parametrize("restart", [False, True])
def test_a_packet_again_long_after(
    open_store: Callable[[], ObservationStore], gap: timedelta, restart: bool
) -> None:
    """A device that was cut off sends its store again, between packets of today."""
    store = open_store()
    try:
        old = store.append(
            table(*(packet(NOON + i * MINUTE) for i in range(90))),
            table(*(value(float(i), NOON + i * MINUTE, frame=i) for i in range(90))),
        )
        assert old.new.all()
        store.append(table(packet(NOON + gap)), table(value(0.0, NOON + gap, frame=0)))
        if restart:
            store.close()
            store = open_store()
        now = NOON + gap + MINUTE
        resent = [packet(NOON + i * MINUTE, received_at=now) for i in range(0, 90, 7)]
        receipt = store.append(table(packet(now), *resent, packet(NOON - MINUTE, received_at=now)))
        assert receipt.new.tolist() == [True] + [False] * len(resent) + [True]
        assert receipt.frame_ids[1:-1].tolist() == old.frame_ids[::7].tolist()
        assert store.check().sound
    finally:
        store.close()


def test_a_backlog_comes_in_many_batches_and_again(store: ObservationStore) -> None:
    """More packets of an hour long ago than one batch needs to keep it in mind."""
    now = NOON + timedelta(days=30)
    backlog = [packet(NOON, device, received_at=now) for device in range(3 * BACKLOG)]
    first = store.append(table(*backlog[:BACKLOG]))
    second = store.append(table(*backlog[BACKLOG - 10 : 2 * BACKLOG]))
    assert second.new.tolist() == [False] * 10 + [True] * BACKLOG
    assert second.frame_ids[:10].tolist() == first.frame_ids[-10:].tolist()
    again = store.append(table(*backlog))
    assert again.new.tolist() == [False] * (2 * BACKLOG) + [True] * BACKLOG
    assert store.counts().frames["accepted"] == len(backlog)


def test_packets_without_any_time_are_compared_with_each_other(store: ObservationStore) -> None:
    timeless = packet(qn=None)
    assert store.append(table(timeless)).new.all()
    again = timeless | {"received_at": NOON + timedelta(days=90)}
    other = packet(qn=None, text="other")
    assert store.append(table(again, other)).new.tolist() == [False, True]
    dated = timeless | {"dated": NOON}
    assert store.append(table(dated)).new.tolist() == [True]


def test_identity_is_the_digest_with_the_time_borne(store: ObservationStore) -> None:
    digest = packet()["digest"]
    first = packet(dated=NOON, digest=digest)
    later = packet(dated=NOON + MINUTE, digest=digest, received_at=NOON + HOUR)
    assert store.append(table(first, later, first)).new.tolist() == [True, True, False]
    assert store.append(table(later)).new.tolist() == [False]


def test_a_clock_far_ahead_does_not_hide_duplicates(store: ObservationStore) -> None:
    ahead = packet(NOON + timedelta(days=3650), received_at=NOON)
    assert store.append(table(ahead, packet())).new.all()
    assert not store.append(table(packet(), ahead)).new.any()


def test_a_quarantined_packet_is_not_taken_twice(store: ObservationStore) -> None:
    assert store.append(table(packet(status="quarantined", reason="MN 未登记"))).new.all()
    assert not store.append(table(packet())).new.any()
    assert store.counts().frames["quarantined"] == 1


def test_a_refused_append_leaves_no_trace_of_its_packets(store: ObservationStore) -> None:
    with pytest.raises(ValueError, match="not stored"):
        store.append(table(packet()), table(value(1.0, frame_id=77)))
    assert store.append(table(packet()), table(value(1.0, frame=0))).new.all()


def test_hours_let_go_are_not_kept_again() -> None:
    recent = RecentFrames(most_frames=3)
    newest = 100 * HOUR_MICROS
    for hour in (98, 99, 100):
        start = hour * HOUR_MICROS
        assert recent.wants(start, newest)
        recent.open(start)
        recent.put([(start, b"%d-%d" % (hour, i), i) for i in range(2)])
    recent.shed()
    assert 98 * HOUR_MICROS not in recent
    assert 100 * HOUR_MICROS in recent
    assert not recent.wants(98 * HOUR_MICROS, newest)
    assert not recent.wants(98 * HOUR_MICROS, newest, BACKLOG)
    assert not recent.wants(newest - WINDOW - HOUR_MICROS, newest)
    assert recent.of(100 * HOUR_MICROS) == {b"100-0": 0, b"100-1": 1}


def test_of_an_older_hour_only_a_backlog_is_kept_and_of_the_future_nothing() -> None:
    recent = RecentFrames()
    newest = 1000 * HOUR_MICROS
    old, future = newest - 2 * WINDOW, newest + 2 * HOUR_MICROS
    assert recent.wants(old, newest, BACKLOG)
    assert not recent.wants(old, newest, BACKLOG - 1)
    assert not recent.wants(future, newest, BACKLOG)
