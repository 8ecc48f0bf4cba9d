"""Sealing, backup, checking, and readers beside the writer."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from tests.store.rows import HOUR, MINUTE, NOON, packet, table, value, values_of

from ecoledger.store.duckdb.store import DuckDBStore
from ecoledger.store.interface import ObservationStore, StoreDamagedError, StoreError


def fill(store: ObservationStore, batches: range, devices: int = 10) -> None:
    """Each batch: one minute of every device, its value the number of the batch."""
    for number in batches:
        start = NOON + number * MINUTE
        store.append(
            table(*(packet(start, device) for device in range(devices))),
            table(*(value(float(number), start, point=d, frame=d) for d in range(devices))),
        )


def test_a_sealed_month_answers_as_before_and_takes_late_rows(store: ObservationStore) -> None:
    fill(store, range(30))
    before = store.read(), store.latest(), store.arrivals(NOON, NOON + HOUR)
    assert store.seal(date(2026, 3, 9)).rows == 300
    after = store.read(), store.latest(), store.arrivals(NOON, NOON + HOUR)
    assert all(a.equals(b) for a, b in zip(before, after, strict=True))
    store.append(None, table(value(77.0, NOON + 5 * MINUTE, layer=3), value(5.5, NOON - MINUTE)))
    assert values_of(store.read([1], begin=NOON + 5 * MINUTE, end=NOON + 6 * MINUTE)) == [77.0]
    assert values_of(store.read([1], end=NOON)) == [5.5]
    view = store.read()
    assert store.seal(date(2026, 3, 1)).rows == 302
    assert store.read().equals(view)
    assert store.seal(date(2025, 7, 1)).rows == 0
    assert store.check().problems == ()


def test_a_seal_cut_short_leaves_the_month_as_it_was(tmp_path: Path) -> None:
    """The copy is written but its name is not yet in the list of segments."""
    path = tmp_path / "store.duckdb"
    with DuckDBStore(path) as store:
        fill(store, range(5))
        view = store.read()
    with duckdb.connect(str(path)) as base:
        base.execute("CREATE TABLE fine_2026_03_1 AS SELECT * FROM fine_2026_03_0 LIMIT 7")
    with DuckDBStore(path) as store:
        assert store.read().equals(view)
        assert store.seal(date(2026, 3, 1)).rows == 50
        assert store.read().equals(view)


def test_a_backup_taken_while_writing_holds_all_that_was_acknowledged(tmp_path: Path) -> None:
    path, copy = tmp_path / "store.duckdb", tmp_path / "copy.duckdb"
    with DuckDBStore(path, checkpoint_bytes=50_000) as store:
        fill(store, range(20))
        begun, stop = threading.Event(), threading.Event()
        last = [19]

        def write() -> None:
            number = 20
            while not stop.is_set():
                fill(store, range(number, number + 1))
                last[0] = number
                number += 1
                if number == 25:
                    begun.set()

        def read() -> None:
            while not stop.is_set():
                store.read()
                store.done_pending(store.take_pending())

        writer, reader = threading.Thread(target=write), threading.Thread(target=read)
        writer.start()
        reader.start()
        begun.wait()
        acknowledged = last[0]
        report = store.backup(copy)
        stop.set()
        writer.join()
        reader.join()
        whole = store.read(revisions=True, columns=["observation_id", "value", "point", "start"])
        assert store.check().problems == ()
    with DuckDBStore(copy) as restored:
        assert restored.check().problems == ()
        rows = restored.read(revisions=True, columns=whole.columns)
        assert rows["value"].max() >= acknowledged
        assert rows["observation_id"].max() == report.last_observation_id
        assert rows.equals(whole.filter(whole["observation_id"] <= report.last_observation_id))
        assert restored.counts().frames["accepted"] == report.last_frame_id
        # It goes on where it stopped: what came after the backup is new to it.
        following = int(rows["value"].max()) + 1
        fill(restored, range(following, following + 1))
        assert restored.latest([3])["value"].to_list() == [float(following)]


def test_appends_go_on_during_the_copying_of_a_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large ones too: the file must not change under the copy."""
    from ecoledger.store.duckdb import care

    path, copy = tmp_path / "store.duckdb", tmp_path / "copy.duckdb"
    with DuckDBStore(path, checkpoint_bytes=1) as store:
        fill(store, range(3))
        view = store.read()
        copying = care.copy_of

        def copy_slowly(source: Path, target: Path) -> None:
            header = source.read_bytes()[:12288]
            size = 300_000
            store.append(
                None,
                {
                    "point": [500] * size,
                    "parameter": ["a21026"] * size,
                    "start": [NOON] * size,
                    "series": ["raw"] * size,
                    "value": [float(i) for i in range(size)],
                },
            )
            fill(store, range(3, 6))
            assert source.read_bytes()[:12288] == header
            copying(source, target)

        monkeypatch.setattr(care, "copy_of", copy_slowly)
        report = store.backup(copy)
        assert report.last_observation_id == 30
        assert store.counts().observations == 30 + 300_000 + 30
    with DuckDBStore(copy) as restored:
        assert restored.read().equals(view)
        assert restored.check().problems == ()


def test_a_backup_never_overwrites(store: ObservationStore, tmp_path: Path) -> None:
    target = tmp_path / "kept"
    target.write_text("precious")
    with pytest.raises(StoreError, match="exists already"):
        store.backup(target)
    assert target.read_text() == "precious"


def test_readers_see_each_append_whole(store: ObservationStore) -> None:
    """Readers beside a writer that also seals: never half a batch, never an older state again."""
    fill(store, range(1))
    wrong: list[str] = []
    stop = threading.Event()

    def read() -> None:
        seen = 0.0
        try:
            while not stop.is_set():
                rows = store.read(columns=["value", "point"])
                newest = rows["value"].max()
                if len(rows) % 10 or len(rows) != (newest + 1) * 10:
                    wrong.append(f"{len(rows)} rows with newest {newest}")
                if newest < seen:
                    wrong.append(f"{newest} after {seen}")
                seen = newest
                latest = store.latest()["value"].unique()
                if len(latest) > 1:
                    wrong.append(f"latest of several batches: {latest.to_list()}")
                store.counts()
                store.frames(limit=5)
        except Exception as error:
            wrong.append(repr(error))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 40):
        fill(store, range(number, number + 1))
        if number % 8 == 0:
            store.seal(date(2026, 3, 1))
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert store.check().problems == ()


def test_writers_from_many_threads(store: ObservationStore) -> None:
    def write(device: int) -> None:
        for number in range(10):
            start = NOON + number * MINUTE
            store.append(
                table(packet(start, device), packet(start, 99)),
                table(
                    value(float(number), start, point=device, frame=0),
                    value(1.0, start, point=99, frame=1),
                ),
            )

    threads = [threading.Thread(target=write, args=(device,)) for device in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.counts().frames["accepted"] == 50
    assert len(store.read(revisions=True)) == 50
    assert store.check().problems == ()


def test_the_check_finds_what_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with DuckDBStore(path) as store:
        fill(store, range(3))
    with duckdb.connect(str(path)) as base:
        base.execute("DELETE FROM frame WHERE frame_id = 5")
        base.execute("INSERT INTO frame BY NAME SELECT *, FROM frame WHERE frame_id = 6")
        base.execute("UPDATE fine_2026_03_0 SET start = '2027-01-01' WHERE observation_id = 9")
        base.execute("UPDATE latest SET observation_id = 1 WHERE frame_id = 30")
    with DuckDBStore(path) as store:
        found = "\n".join(store.check().problems)
    assert "1 packets are stored more than once" in found
    assert "1 rows of a frame that is not stored" in found
    assert "1 rows outside its period" in found
    assert "latest value of 2 series is wrong" in found


def test_damage_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    path.write_bytes(os.urandom(20_000))
    with pytest.raises(StoreDamagedError, match="backup"):
        DuckDBStore(path)


def test_a_damaged_block_is_found_by_the_check(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with DuckDBStore(path) as store:
        fill(store, range(40), devices=30)
    data = bytearray(path.read_bytes())
    for at in range(3 * 4096 + 50_000, len(data), 262_144):
        data[at] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(StoreDamagedError), DuckDBStore(path) as store:
        store.check()


def test_old_and_new_years_are_apart(open_store: Callable[[], ObservationStore]) -> None:
    with open_store() as store:
        for year in range(2015, 2027):
            store.append(
                None, table(value(float(year), datetime(year, 6, 1), series="hour", seconds=3600))
            )
        assert values_of(store.read(begin=datetime(2020, 1, 1), end=datetime(2022, 1, 1))) == [
            2020.0,
            2021.0,
        ]
        assert values_of(store.latest()) == [2026.0]
        assert len(store.read()) == 12
