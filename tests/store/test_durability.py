"""kill -9 at any moment loses nothing that was acknowledged and leaves nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from tests.store.rows import HOUR, NOON, packet, table, value

from ecoledger.store.duckdb.store import DuckDBStore
from ecoledger.store.interface import StoreBusyError, StoreClosedError, StoreFullError

ROOT = Path(__file__).parents[2]
PACKETS = 20
VALUES = 5

WRITER = textwrap.dedent(
    """
    import sys
    from datetime import date
    from pathlib import Path
    from tests.store.test_durability import batch
    from ecoledger.store.duckdb.store import DuckDBStore

    store = DuckDBStore(Path(sys.argv[1]), checkpoint_bytes=200_000)
    number = int(sys.argv[2])
    while True:
        receipt = store.append(*batch(number))
        print(number, int(receipt.new.sum()), flush=True)
        if number % 7 == 0:
            store.seal(date(2026, 3, 1))
            store.done_pending(store.take_pending(3))
        number += 1
    """
)


def batch(number: int):  # type: ignore[no-untyped-def]
    """Packets of one minute; each batch opens an hour of its own, so pending work is known."""
    start = NOON + number * HOUR
    frames = [packet(start, device) for device in range(PACKETS)]
    rows = [
        value(float(number), start, point=device, parameter=f"a{code:05}", frame=device)
        for device in range(PACKETS)
        for code in range(VALUES)
    ]
    return table(*frames), table(*rows)


def start_writer(path: Path, first: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(first)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


def test_kill_9(path: Path) -> None:
    acknowledged: set[int] = set()
    following = 0
    for commits, pause in ((1, 0.05), (9, 0.01), (3, 0.03), (5, 0.0)):
        # As a device would, the writer begins with what it had no answer to, and one before.
        writer = start_writer(path, max(0, following - 1))
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(commits)]
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
        writer.wait()
        for line in lines:
            if line.endswith("\n"):
                number, new = map(int, line.split())
                assert (number in acknowledged) == (new == 0)
                acknowledged.add(number)
        with DuckDBStore(path) as store:
            assert store.check().problems == ()
            rows = store.read(revisions=True, columns=["start", "value", "point", "frame_id"])
            stored = {round(number) for number in rows["value"].unique()}
            # What was acknowledged is there; at most the append under way is there besides.
            assert acknowledged <= stored
            assert len(stored - acknowledged) <= 1
            assert len(rows) == len(stored) * PACKETS * VALUES
            assert store.counts().frames["accepted"] == len(stored) * PACKETS
            assert rows["frame_id"].null_count() == 0
            following = max(stored) + 1
            acknowledged = stored
    assert following > 8


def test_pending_work_survives_kill_9(path: Path) -> None:
    writer = start_writer(path, 1)
    assert writer.stdout is not None
    lines = [writer.stdout.readline() for _ in range(4)]
    writer.send_signal(signal.SIGKILL)
    lines += writer.stdout.readlines()
    writer.wait()
    with DuckDBStore(path) as store:
        work = store.take_pending()
        stored = store.read(columns=["point", "parameter", "start"])
        done = 3 * sum(1 for line in lines if int(line.split()[0]) % 7 == 0)
        # Work finished right before the kill may or may not have been recorded.
        assert len(stored) - done - 3 <= len(work) <= len(stored)
        hours = work.select("point", "parameter", start="hour")
        assert len(hours.join(stored, on=hours.columns)) == len(work)


@pytest.mark.parametrize("after_backup", [False, True])
def test_a_second_process_is_refused_and_told_why(path: Path, after_backup: bool) -> None:
    with DuckDBStore(path) as store:
        if after_backup:  # which lets go of DuckDB's own lock
            store.backup(path.with_name("copy.duckdb"))
        other = subprocess.run(
            [
                sys.executable,
                "-c",
                textwrap.dedent(
                    f"""
                    from ecoledger.store.duckdb.store import DuckDBStore
                    from ecoledger.store.interface import {StoreBusyError.__name__}
                    try:
                        DuckDBStore({str(path)!r})
                    except StoreBusyError as error:
                        print(error)
                    """
                ),
            ],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        )
    assert "Another process has the store" in other.stdout


FULL_DISK = textwrap.dedent(
    """
    import resource, signal, sys
    from pathlib import Path
    from tests.store.test_durability import batch
    from ecoledger.store.duckdb.store import DuckDBStore
    from ecoledger.store.interface import StoreError

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = DuckDBStore(Path(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    number = 0
    try:
        while True:
            store.append(*batch(number))
            number += 1
    except StoreError as error:
        print(number, type(error).__name__, error, sep="|")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    try:
        store.append(*batch(number))
        print("went on")
    except StoreError as error:
        print(type(error).__name__, error, sep="|")
    """
)


def test_a_full_disk_is_said_clearly_and_loses_nothing_acknowledged(path: Path) -> None:
    writer = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )
    failure, after = writer.stdout.splitlines()
    stored, kind, message = failure.split("|")
    assert kind == StoreFullError.__name__, failure
    assert "Free space" in message
    went_on = after == "went on"
    assert went_on or after.startswith(StoreClosedError.__name__), after
    with DuckDBStore(path) as store:
        assert store.check().problems == ()
        batches = int(stored) + went_on
        assert batches > 2
        assert store.counts().observations == batches * PACKETS * VALUES
        assert store.append(*batch(int(stored) + 1)).new.all()


def test_a_closed_store_says_so(path: Path) -> None:
    store = DuckDBStore(path)
    store.close()
    store.close()
    for question in (store.read, store.latest, store.append, store.take_pending, store.counts):
        with pytest.raises(StoreClosedError, match="closed"):
            question()
