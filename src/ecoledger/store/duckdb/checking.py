"""Reading a whole DuckDB store and telling what does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

import duckdb
import polars as pl

from ecoledger.store.latest import series_numbers
from ecoledger.store.segments import Segment


def problems(
    connection: duckdb.DuckDBPyConnection,
    segments: Sequence[Segment],
    *,
    latest: Mapping[int, int],
    pending: int,
    frames: int,
) -> list[str]:
    """What is wrong, in words; empty when the store is sound.

    ``latest`` (observation_id by series number), ``pending`` and ``frames`` are what memory holds.
    Reads every block of the file, whose checksums DuckDB verifies on the way.
    """
    return list(
        chain(
            _frames(connection, frames),
            *(_segment(connection, segment) for segment in segments),
            _pending(connection, pending),
            _latest(connection, segments, latest),
        )
    )


def count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """Rows of a table."""
    return _number(connection, f"SELECT count(*) FROM {name}")


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0] or 0)


def _frames(connection: duckdb.DuckDBPyConnection, in_memory: int) -> Iterator[str]:
    _number(connection, "SELECT bit_xor(hash(frame)) & 1 FROM frame")  # reads every column
    total = count(connection, "frame")
    repeated = _number(
        connection,
        """SELECT count(*) FROM (SELECT 1 FROM frame GROUP BY dated, digest_0, digest_1
           HAVING count(*) > 1)""",
    )
    if repeated:
        yield f"{repeated} packets are stored more than once"
    if _number(connection, "SELECT count(DISTINCT frame_id) FROM frame") != total:
        yield "frame numbers are not unique"
    if total != in_memory:
        yield f"{total} frames are stored, memory counts {in_memory}"


def _segment(connection: duckdb.DuckDBPyConnection, segment: Segment) -> Iterator[str]:
    name = segment.name
    _number(connection, f"SELECT bit_xor(hash({name})) & 1 FROM {name}")
    tests = {
        "rows outside its period": f"""SELECT count(*) FROM {name}
            WHERE NOT (start >= '{segment.begin}' AND start < '{segment.end}')""",
        "rows of a frame that is not stored": f"""SELECT count(*) FROM {name} o
            WHERE frame_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM frame f WHERE f.frame_id = o.frame_id)""",
        "rows numbered twice": f"SELECT count(*) - count(DISTINCT observation_id) FROM {name}",
        "rows with a parameter or series that has no name": f"""SELECT count(*) FROM {name}
            WHERE parameter NOT IN (SELECT code FROM term WHERE kind = 'parameter')
            OR series NOT IN (SELECT code FROM term WHERE kind = 'series')""",
    }
    for what, query in tests.items():
        if found := _number(connection, query):
            yield f"segment {name} has {found} {what}"


def _pending(connection: duckdb.DuckDBPyConnection, in_memory: int) -> Iterator[str]:
    stored = _number(connection, "SELECT count(DISTINCT (hour, number)) FROM pending")
    if stored != in_memory:
        yield f"{stored} hours are pending on disk, {in_memory} in memory"


def _latest(
    connection: duckdb.DuckDBPyConnection, segments: Sequence[Segment], in_memory: Mapping[int, int]
) -> Iterator[str]:
    scanned: dict[int, tuple[datetime, int, int]] = {}
    for segment in segments:
        rows = pl.DataFrame(
            connection.sql(
                f"""SELECT point, parameter, series, max({{s: start, l: layer, o: id}}) AS top
                    FROM (SELECT point, parameter, series, start, layer,
                            max(observation_id) AS id,
                            arg_max(coalesce(withdrawn, false), observation_id) AS lifted
                          FROM {segment.name} GROUP BY ALL)
                    WHERE NOT lifted GROUP BY ALL"""
            ).to_arrow_table()
        )
        for number, top in zip(series_numbers(rows).tolist(), rows["top"], strict=True):
            found = (top["s"], top["l"], top["o"])
            scanned[number] = max(scanned.get(number, found), found)
    wrong = {number for number, top in scanned.items() if in_memory.get(number) != top[2]}
    wrong |= in_memory.keys() - scanned.keys()
    if wrong:
        yield f"the latest value of {len(wrong)} series is wrong in memory"
