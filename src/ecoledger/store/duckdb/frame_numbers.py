"""Numbers of packets: the same packet has one, whenever it comes again."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.store.duckdb.file import (
    table_of,
)
from ecoledger.store.duckdb.opened import Opened
from ecoledger.store.interface import (
    InvalidRowsError,
)
from ecoledger.store.recent_frames import halves_of, hours_of, identities_of

# Stands for the time of a frame without one: no date goes back so far.
_NO_TIME: Final = -(1 << 62)
# A frame as it is stored, its number and newness, and by what it is known again.
Numbered = tuple[pl.DataFrame, NDArray[np.int64], NDArray[np.bool_], list[tuple[int, bytes, int]]]


class FrameNumbers(Opened):
    """Finds the packets that are stored already."""

    def _number_frames(
        self, frames: pl.DataFrame
    ) -> tuple[pl.DataFrame, NDArray[np.int64], NDArray[np.bool_], list[tuple[int, bytes, int]]]:
        """New frames as they are stored, the number and newness of each, their identities."""
        halves = halves_of(frames["digest"])
        times = frames["dated"].to_physical().fill_null(_NO_TIME)
        identities = identities_of(halves, times.to_numpy())
        hours = hours_of(times).tolist()
        newest = int(frames["received_at"].to_physical().max())  # type: ignore[arg-type]
        present = Counter(hours)
        for hour, count in present.items():
            if hour not in self._recent and self._recent.wants(hour, newest, count):
                self._load_hour(hour)
        absent = {hour for hour in present if hour not in self._recent}
        sought = [row for row, hour in enumerate(hours) if hour in absent] if absent else []
        found = self._find_frames(frames, halves, identities, sought)
        known = {hour: found if hour in absent else self._recent.of(hour) for hour in present}
        here: dict[bytes, int] = {}
        fresh: list[int] = []
        frame_ids = np.empty(len(frames), np.int64)
        following = self._next_frame
        for row, (hour, identity) in enumerate(zip(hours, identities, strict=True)):
            number = known[hour].get(identity)
            if number is None:
                number = here.setdefault(identity, following)
                if number == following:
                    following += 1
                    fresh.append(row)
            frame_ids[row] = number
        new = np.zeros(len(frames), np.bool_)
        new[fresh] = True
        stored = frames.select(
            pl.exclude("digest"),
            pl.Series("frame_id", frame_ids),
            pl.Series("digest_0", np.ascontiguousarray(halves[:, 0])),
            pl.Series("digest_1", np.ascontiguousarray(halves[:, 1])),
            pl.col("raw").bin.size().cast(pl.Int32).alias("size"),
        )
        if len(fresh) < len(frames):
            stored = stored.filter(pl.Series("new", new))
        recent = [(hours[row], identities[row], int(frame_ids[row])) for row in fresh]
        return stored, frame_ids, new, recent

    def _load_hour(self, hour: int) -> None:
        """Bring the stored frames of an hour into memory."""
        begin = moment_of(hour)
        rows = table_of(
            self._connection,
            "SELECT frame_id, dated, digest_0, digest_1 FROM frame WHERE dated >= ? AND dated < ?",
            [begin, begin + timedelta(hours=1)],
        )
        self._recent.open(hour)
        halves = rows.select("digest_0", "digest_1").to_numpy()
        identities = identities_of(halves, rows["dated"].to_physical().to_numpy())
        self._recent.put((hour, i, f) for i, f in zip(identities, rows["frame_id"], strict=True))

    def _find_frames(
        self,
        frames: pl.DataFrame,
        halves: NDArray[np.int64],
        identities: list[bytes],
        rows: list[int],
    ) -> dict[bytes, int]:
        """Numbers of stored frames equal to some of ``rows``, by identity."""
        if not rows:
            return {}
        probe = pl.DataFrame(
            {
                "row": np.array(rows, np.int64),
                "dated": frames["dated"].gather(rows),
                "digest_0": halves[rows, 0],
                "digest_1": halves[rows, 1],
            }
        )
        same = "f.digest_0 = p.digest_0 AND f.digest_1 = p.digest_1"
        found: list[tuple[int, int]] = []
        dated = probe["dated"].drop_nulls()
        with self._tables(probe=probe) as connection:
            if len(dated):
                # The bounds let DuckDB pass over the row groups of other times.
                found += connection.execute(
                    f"""SELECT p.row, f.frame_id FROM frame f JOIN probe p
                        ON {same} AND f.dated = p.dated WHERE f.dated BETWEEN ? AND ?""",
                    [dated.min(), dated.max()],
                ).fetchall()
            if len(dated) < len(probe):
                found += connection.execute(
                    f"""SELECT p.row, f.frame_id FROM frame f JOIN probe p ON {same}
                        WHERE f.dated IS NULL AND p.dated IS NULL"""
                ).fetchall()
        return {identities[row]: frame_id for row, frame_id in found}

    def _of_new_frames(
        self, rows: pl.DataFrame, frame_ids: NDArray[np.int64], new: NDArray[np.bool_]
    ) -> pl.DataFrame:
        """Rows without those of duplicate frames, each with the number of its frame."""
        named = pl.col("frame_id") if "frame_id" in rows.columns else pl.lit(None, dtype=pl.Int64)
        if "frame" not in rows.columns:
            return rows.with_columns(named.alias("frame_id"))
        if "frame_id" not in rows.columns and not rows["frame"].null_count():
            of_row = rows["frame"].to_numpy()
            rows = rows.select(pl.exclude("frame"), pl.Series("frame_id", frame_ids[of_row]))
            return rows if new.all() else rows.filter(pl.Series(new[of_row]))
        rows = rows.with_columns(
            pl.coalesce(pl.Series(frame_ids).gather(rows["frame"]), named).alias("frame_id"),
            pl.Series("new", new).gather(rows["frame"]).fill_null(True).alias("new"),
        )
        if not new.all():
            rows = rows.filter("new")
        return rows.drop("frame", "new")

    def _need_known_frames(self, rows: pl.DataFrame) -> None:
        if "frame_id" not in rows.columns:
            return
        unknown = rows.filter(~pl.col("frame_id").is_between(1, self._next_frame - 1))
        if len(unknown):
            raise InvalidRowsError(
                f"Frame {unknown['frame_id'][0]}, given in column frame_id, is not stored.",
                "Give the number of a stored frame, or column frame for those of this append.",
            )


def moment_of(micros: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=micros)
