"""Measure the observation store: durable writing, reading a station, and SQLite doing the same.

    python benchmarks/store_write.py [--batches 60] [--packets 3000] [--stations 100]

Writing: batches of packets of ten parameters with their raw bytes, as a gateway commits them; every
commit is durable. Reading: one station-month of minutes and one station-year of hours, before and
after sealing. SQLite: the same rows in a plain indexed table, journal in WAL mode with
synchronous=FULL, in the same batches. Files go to a temporary folder, or to --folder to measure another disk.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ecoledger.store.duckdb.store import DuckDBStore

PARAMETERS = ("a34004", "a34002", "a21026", "a21004", "a21005", "a05024", "a01001", "a01002",
              "a01006", "a01007")  # fmt: skip
START = datetime(2026, 1, 1)


def batch(number: int, packets: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One minute of ``packets`` devices: the packets, and ten observations from each."""
    noise = np.random.default_rng(number)
    minute = START + timedelta(minutes=number)
    values = noise.integers(0, 2000, (packets, len(PARAMETERS))) / 10
    stamp = f"{minute:%Y%m%d%H%M%S}"
    raw = []
    for device, row in enumerate(values.tolist()):
        cp = ";".join(
            f"{code}-Avg={v},{code}-Flag=N" for code, v in zip(PARAMETERS, row, strict=True)
        )
        raw.append(
            f"##0358QN={stamp}{device % 1000:03};ST=31;CN=2051;PW=123456;MN=8888{device:010};"
            f"Flag=9;CP=&&DataTime={stamp};{cp}&&C4C1\r\n".encode()
        )
    frames = pl.DataFrame(
        {
            "received_at": [minute + timedelta(seconds=2)] * packets,
            "dated": [minute] * packets,
            "digest": [hashlib.blake2b(line, digest_size=16).digest() for line in raw],
            "raw": raw,
            "mn": [f"8888{device:010}" for device in range(packets)],
            "qn": [f"{stamp}{device % 1000:03}" for device in range(packets)],
            "cn": ["2051"] * packets,
            "st": ["31"] * packets,
            "connection": ["tcp 10.0.0.8:51234"] * packets,
        }
    )
    rows = packets * len(PARAMETERS)
    observations = pl.DataFrame(
        {
            "frame": np.repeat(np.arange(packets, dtype=np.uint32), len(PARAMETERS)),
            "point": np.repeat(np.arange(packets, dtype=np.int64), len(PARAMETERS)),
            "parameter": list(PARAMETERS) * packets,
            "start": [minute] * rows,
            "seconds": np.full(rows, 60, np.int32),
            "series": ["minute"] * rows,
            "value": values.ravel(),
            "minimum": values.ravel() - 1,
            "maximum": values.ravel() + 1,
            "decimals": np.ones(rows, np.int8),
            "flag": ["N"] * rows,
        }
    )
    return frames, observations


def measure_writing(store: DuckDBStore, batches: int, packets: int) -> float:
    times, rows, processor = [], 0, 0.0
    for number in range(batches):
        frames, observations = batch(number, packets)
        begin, begin_processor = time.perf_counter(), time.process_time()
        receipt = store.append(frames, observations)
        times.append(time.perf_counter() - begin)
        processor += time.process_time() - begin_processor
        rows += receipt.observations
    rate = rows / sum(times)
    print(f"writing    {rows:,} rows, {batches * packets:,} packets: {rate:,.0f} rows/s durable")
    print(f"processor  {processor / rows * 1e6:.2f} µs a row, all threads")
    print(f"commit     {percentiles(times)}")
    begin = time.perf_counter()
    frames, observations = batch(batches // 2, packets)
    repeated = store.append(frames, observations)
    print(
        f"resent     batch of {packets} known packets refused in "
        f"{(time.perf_counter() - begin) * 1e3:.1f} ms, {repeated.new.sum()} stored"
    )
    small = []
    for number in range(batches, batches + 50):
        frames, observations = batch(number, 10)
        begin = time.perf_counter()
        store.append(frames, observations)
        small.append(time.perf_counter() - begin)
    print(f"small      100-row commits {percentiles(small)}")
    return rate


def measure_reading(store: DuckDBStore, stations: int) -> None:
    """One station-year of hours among ``stations``; months of minutes are in the other file."""
    hours = np.arange(np.datetime64(START, "h"), np.datetime64(START, "h") + 8760)
    noise = np.random.default_rng(1)
    rows = 0
    begin = time.perf_counter()
    for first in range(0, len(hours), 24):
        day = hours[first : first + 24].astype("datetime64[us]")
        size = len(day) * stations * len(PARAMETERS)
        per_hour = stations * len(PARAMETERS)
        receipt = store.append(
            None,
            {
                "point": np.tile(np.repeat(np.arange(stations), len(PARAMETERS)), len(day)),
                "parameter": list(PARAMETERS) * (stations * len(day)),
                "start": np.repeat(day, per_hour),
                "seconds": np.full(size, 3600),
                "series": ["hour"] * size,
                "value": noise.integers(0, 2000, size) / 10,
                "flag": ["N"] * size,
            },
        )
        rows += receipt.observations
    print(f"loading    {rows:,} hourly rows: {rows / (time.perf_counter() - begin):,.0f} rows/s")

    year = (START, START + timedelta(days=365))
    march = (datetime(2026, 3, 1), datetime(2026, 4, 1))
    point = stations // 2
    questions: dict[str, Callable[[], pl.DataFrame]] = {
        "station-year of hours, one parameter": lambda: store.read(
            [point], ["a34004"], "hour", *year
        ),
        "station-year of hours, ten parameters": lambda: store.read([point], None, "hour", *year),
        "station-month of hours, ten parameters": lambda: store.read([point], None, "hour", *march),
        "latest of one station": lambda: store.latest([point]),
    }
    for sealed in (False, True):
        if sealed:
            begin = time.perf_counter()
            report = store.seal(date(2026, 1, 1))
            print(f"sealing    {report.rows:,} rows in {report.seconds:.1f} s")
        for name, question in questions.items():
            report_reading(f"{name}{', sealed' if sealed else ''}", question)


def measure_minutes(store: DuckDBStore, batches: int) -> float:
    """The station's minutes among everything the writing left."""
    span = (START, START + timedelta(minutes=batches))

    def question() -> pl.DataFrame:
        return store.read([7], None, "minute", *span)

    report_reading(f"station, {batches} minutes, ten parameters", question)
    store.seal(date(2026, 1, 1))
    return report_reading(f"station, {batches} minutes, ten parameters, sealed", question)


def report_reading(name: str, question: Callable[[], pl.DataFrame]) -> float:
    times = []
    rows = 0
    for _ in range(7):
        begin = time.perf_counter()
        rows = len(question())
        times.append(time.perf_counter() - begin)
    middle = statistics.median(times)
    print(f"reading    {name}: {rows:,} rows in {middle * 1e3:.2f} ms")
    return middle


def measure_sqlite(folder: Path, batches: int, packets: int) -> tuple[float, float]:
    """Rows/s and seconds for the station's minutes, in a straightforward SQLite table."""
    base = sqlite3.connect(folder / "plain.sqlite3", isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute(
        """CREATE TABLE frame (frame_id INTEGER PRIMARY KEY, received_at TEXT, digest BLOB UNIQUE,
           mn TEXT, qn TEXT, cn TEXT, st TEXT, raw BLOB, status TEXT, connection TEXT)"""
    )
    base.execute(
        """CREATE TABLE observation (observation_id INTEGER PRIMARY KEY, point INTEGER,
           parameter TEXT, series TEXT, start TEXT, seconds INTEGER, value REAL, minimum REAL,
           maximum REAL, decimals INTEGER, flag TEXT, layer INTEGER, frame_id INTEGER,
           recorded_at TEXT)"""
    )
    base.execute("CREATE INDEX by_value ON observation (point, parameter, series, start)")
    times, rows, frame_id = [], 0, 0
    for number in range(batches):
        frames, observations = batch(number, packets)
        now = str(START)
        lines: list[tuple[Any, ...]] = [
            (frame_id + i, str(r), d, mn, qn, cn, st, raw, "accepted", c)
            for i, (r, _, d, raw, mn, qn, cn, st, c) in enumerate(frames.iter_rows())
        ]
        values = [
            (point, code, series, str(start), s, v, lo, hi, dec, flag, 0, frame_id + f, now)
            for f, point, code, start, s, series, v, lo, hi, dec, flag in observations.iter_rows()
        ]
        begin = time.perf_counter()
        base.execute("BEGIN")
        base.executemany(f"INSERT OR IGNORE INTO frame VALUES ({'?,' * 9}?)", lines)
        base.executemany(
            f"INSERT INTO observation VALUES (NULL, {'?,' * 12}?)",
            values,
        )
        base.execute("COMMIT")
        times.append(time.perf_counter() - begin)
        rows += len(values)
        frame_id += len(lines)
    print(f"SQLite     {rows:,} rows: {rows / sum(times):,.0f} rows/s durable")
    print(f"SQLite     commit {percentiles(times)}")
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = (folder / "plain.sqlite3").stat().st_size
    print(f"SQLite     {size / rows:.1f} B/row, raw packets included")

    def question() -> pl.DataFrame:
        found = base.execute(
            "SELECT * FROM observation WHERE point = 7 AND start < '2026-02' ORDER BY 3, 5"
        ).fetchall()
        return pl.DataFrame(found, orient="row")

    reading = report_reading(f"SQLite, station, {batches} minutes, ten parameters", question)
    base.close()
    return rows / sum(times), reading


def percentiles(times: list[float]) -> str:
    middle, high = np.percentile(np.array(times) * 1e3, [50, 99])
    return f"p50 {middle:.1f} ms, p99 {high:.1f} ms, most {max(times) * 1e3:.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--packets", type=int, default=3000)
    parser.add_argument("--stations", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="measure this disk")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        with DuckDBStore(folder / "minutes.duckdb") as store:
            rate = measure_writing(store, given.batches, given.packets)
            backup = store.backup(folder / "copy.duckdb")
            per_row = backup.bytes / store.counts().observations
            print(f"backup     {backup.bytes / 1e6:.0f} MB in {backup.seconds:.2f} s")
            print(f"size       {per_row:.1f} B/row, raw packets included")
            minutes = measure_minutes(store, given.batches)
        begin = time.perf_counter()
        with DuckDBStore(folder / "minutes.duckdb"):
            print(f"opening    {(time.perf_counter() - begin) * 1e3:.0f} ms")
        with DuckDBStore(folder / "hours.duckdb") as store:
            measure_reading(store, given.stations)
        plain_rate, plain_minutes = measure_sqlite(folder, given.batches, given.packets)
    print(
        f"ratio      writing {rate / plain_rate:.1f} times SQLite, "
        f"the station's minutes {plain_minutes / minutes:.1f} times"
    )


if __name__ == "__main__":
    main()
