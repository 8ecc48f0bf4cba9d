"""All that a store holds goes over to another one, of the same kind or another, and home again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from tests.store.conftest import CHOSEN, IMPLEMENTATIONS
from tests.store.rows import HOUR, MINUTE, NOON, packet, table, value

from ecoledger.store.carrying import carry, content
from ecoledger.store.interface import READ_COLUMNS, Layer, ObservationStore, StoreError


def at(folder: Path, name: str, kind: str = "duckdb") -> ObservationStore:
    (folder / name).mkdir(exist_ok=True)
    return IMPLEMENTATIONS[kind](folder / name)


@pytest.fixture
def lived_in(tmp_path: Path) -> Iterator[ObservationStore]:
    """A store with packets of every status, corrections, marks, computed values, and hours of which some are done."""
    with at(tmp_path, "old") as store:
        for number in range(5):
            start = NOON - timedelta(days=40 * number)
            frames = table(packet(start), packet(start, device=2, qn=None), packet(start, device=3))
            store.append(
                frames,
                table(
                    value(float(number), start, frame=0, text="<0.02", decimals=2),
                    value(None, start, point=2, frame=1, flag="M"),
                    value(7.5, start, point=2, series="hour", seconds=3600, frame=1, total=1e300),
                ),
                recorded_at=start + HOUR,
            )
        store.append(table(packet(NOON + MINUTE, device=9, status="quarantined", reason="pw 口令")))
        quarantined = store.append(
            table(
                packet(NOON + MINUTE, device=8, status="quarantined", reason="mn 未登记", qn=None)
            )
        )
        store.append(
            None,
            table(value(1.0, NOON + MINUTE, point=3, frame_id=int(quarantined.frame_ids[0]))),
        )
        store.mark_frame(int(quarantined.frame_ids[0]), "replayed", "已补录")
        mark = {"layer": Layer.REVIEW, "author": "审核员", "rule": "R1", "reason": "校准"}
        store.append(None, table(value(0.5, flag="审核", **mark)))
        store.append(None, table(value(0.6, flag="审核", **mark)))
        store.append(None, table(value(None, point=2, withdrawn=True, **mark)))
        computed = {"series": "computed-hour", "seconds": 3600, "valid": True, "count": 60}
        store.append(None, table(value(1.25, expected=60, standard="HJ 75-2017", **computed)))
        store.done_pending(store.take_pending(3))
        yield store


@pytest.mark.parametrize("kind", CHOSEN)
def test_there_and_home_again(lived_in: ObservationStore, kind: str, tmp_path: Path) -> None:
    with ExitStack() as opened:
        there = opened.enter_context(at(tmp_path, "there", kind))
        home = opened.enter_context(at(tmp_path, "home"))
        before, after = carry(lived_in, there)
        assert (before.frames, before.rows, before.pending) == (17, 20, 8)
        assert after == before
        assert carry(there, home) == (before, before)
        for store in (there, home):
            assert store.check().problems == ()
            assert store.counts().frames == lived_in.counts().frames
            assert_frame_equal(store.latest(), lived_in.latest())
            everything = {"columns": list(READ_COLUMNS), "revisions": True}
            assert_frame_equal(store.read(**everything), lived_in.read(**everything))
            assert_frame_equal(
                store.history(1, "a21026", "minute", NOON),
                lived_in.history(1, "a21026", "minute", NOON),
            )
            # It goes on where it stood: a packet sent again is known, numbers go on above.
            again = store.append(table(packet()), table(value(0.0, frame=0)))
            assert (again.new.tolist(), again.duplicates) == ([False], 1)
            later = store.append(
                table(packet(NOON + HOUR)), table(value(9.0, NOON + HOUR, frame=0))
            )
            assert later.new.all()
            assert later.frame_ids[0] > before.frames
            ids = store.rows_after(0, 100)["observation_id"]
            assert ids.is_sorted()
            assert ids.n_unique() == before.rows + 1
    with at(tmp_path, "home") as home:
        assert home.check().problems == ()
        assert content(home).rows == before.rows + 1


def test_nothing_is_carried_on_top_of_something(lived_in: ObservationStore, tmp_path: Path) -> None:
    with at(tmp_path, "other") as other:
        other.append(table(packet()), table(value(1.0, frame=0)))
        with pytest.raises(StoreError, match="holds some already"):
            carry(lived_in, other)
        assert other.counts().observations == 1


def test_the_digest_sees_one_bit(lived_in: ObservationStore, tmp_path: Path) -> None:
    with at(tmp_path, "copy") as copy:
        carry(lived_in, copy)
        copy.mark_frame(1, "quarantined")
        assert content(copy).digest != content(lived_in).digest
        copy.mark_frame(1, "accepted")
        assert content(copy) == content(lived_in)
