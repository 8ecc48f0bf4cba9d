"""A bundle comes back as it was put, in parts that fit into messages."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.bus import bundles
from ecoledger.bus.bundles import MOST_BYTES, Bundle

AT = datetime(2026, 5, 1, 12, 0, 0, 123456)
frame = st.binary(max_size=200)
source = st.sampled_from(["tcp 10.0.0.1:1", "tcp 10.0.0.2:2", "导入 第3行"])


@given(st.lists(st.tuples(frame, source), min_size=1, max_size=20))
def test_it_comes_back(rows: list[tuple[bytes, str]]) -> None:
    given_bundle = Bundle(AT, [f for f, _ in rows], [s for _, s in rows])
    assert bundles.read(bundles.written(given_bundle)) == given_bundle


def test_it_is_cut_where_a_message_is_full() -> None:
    sizes = [MOST_BYTES // 2, MOST_BYTES // 2, 1, MOST_BYTES + 5, 7]
    whole = Bundle(AT, [b"x" * size for size in sizes], [f"tcp {n}" for n in range(5)])
    parts = list(bundles.cut(whole))
    assert [[len(f) for f in part.frames] for part in parts] == [
        sizes[:2],
        sizes[2:3],
        [sizes[3]],
        [7],
    ]
    assert [s for part in parts for s in part.sources] == list(whole.sources)


@given(st.binary(max_size=100))
def test_what_is_no_bundle_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(ValueError):
        bundles.read(data)


def test_a_bundle_cut_short_is_said_to_be_none() -> None:
    data = bundles.written(Bundle(AT, [b"abc", b"defg"], ["tcp 1", "tcp 2"]))
    for size in range(len(data)):
        with pytest.raises(ValueError):
            bundles.read(data[:size])


def test_a_device_stays_in_its_partition_and_partitions_are_used_evenly() -> None:
    numbers = [f"{n:024d}".encode() for n in range(8000)]
    shares = [bundles.partition_of(mn, 8) for mn in numbers]
    assert shares == [bundles.partition_of(mn, 8) for mn in numbers]
    assert all(800 < shares.count(n) < 1200 for n in range(8))
