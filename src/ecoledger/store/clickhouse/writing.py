"""Appending to a ClickHouse store so that every step may be done again, and keeping the list of hours.

The order of an append is observations, hours, packets: the packet is there last, so one that is there has all its
values, and one that is not is not acknowledged. Rows without a packet (marks, computed values) have nobody who
sends them again, so their hours are listed before them too: an hour too many costs a look, one too few a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.store.clickhouse.link import Link
from ecoledger.store.clickhouse.numbering import Numbering
from ecoledger.store.clickhouse.reading import Reader, among, micros, span
from ecoledger.store.clickhouse.tables import (
    NO_TIME,
    Layout,
    as_stored,
    names,
    polars_type,
)
from ecoledger.store.interface import (
    KEY,
    OBSERVATION_COLUMNS,
    SERIES,
    STATUSES,
    InvalidRowsError,
    Receipt,
    Status,
)
from ecoledger.store.segments import FINE_SERIES

SAID: Final = tuple(
    name for name in OBSERVATION_COLUMNS if name not in {*KEY, "layer", "frame", "frame_id"}
)
"""What a row says; equal in all of them, a computed or layered row is not stored again."""

_HOUR: Final = 3_600_000_000
_TOUCH: Final = {"hour": pl.Int64, "point": pl.Int64, "parameter": pl.String}
_COMPUTED: Final = [name for name, computed in SERIES.items() if computed]
_MILLION: Final = 1_000_000


class Writer:
    """What changes the store; the caller holds the lock of the process's writers."""

    def __init__(
        self,
        link: Link,
        reader: Reader,
        layout: Layout,
        rows: Numbering,
        frames: Numbering,
    ) -> None:
        self._link = link
        self._reader = reader
        self._layout = layout
        self._row_numbers = rows
        self._frame_numbers = frames

    def append(
        self, frames: pl.DataFrame | None, rows: pl.DataFrame | None, moment: datetime
    ) -> Receipt:
        """Store checked tables (:mod:`ecoledger.store.columns`)."""
        frame_ids = np.empty(0, np.int64)
        new = np.empty(0, np.bool_)
        fresh: pl.DataFrame | None = None
        if frames is not None and len(frames):
            fresh, frame_ids, new = self._numbered(frames)
        duplicates = unchanged = stored = 0
        touched = pl.DataFrame(schema=_TOUCH)
        if rows is not None:
            self._need_known_frames(rows)
            before = len(rows)
            rows = _with_words(rows, frames, frame_ids, new)
            duplicates = before - len(rows)
            rows, unchanged = self._without_repeats(rows)
            stored = len(rows)
            numbers = self._row_numbers.take(stored)
            rows = rows.with_columns(
                pl.Series("observation_id", numbers),
                pl.lit(micros(moment)).alias("recorded_at"),
                period=_period_of_rows(),
            ).with_columns(word=pl.coalesce("word", pl.col("observation_id").cast(pl.UInt64)))
            touched = _touched(rows)
            if stored:
                ticket = int(numbers[-1])
                if fresh is None:
                    self._touch(touched, ticket)
                self._link.insert("observation", as_stored("observation", rows))
                self._touch(touched, ticket)
        if fresh is not None and len(fresh):
            self._link.insert("frame", as_stored("frame", fresh))
        return Receipt(
            frame_ids=frame_ids,
            new=new,
            observations=stored,
            duplicates=duplicates,
            unchanged=unchanged,
            touched=touched.select("point", "parameter", pl.col("hour").cast(pl.Datetime("us"))),
        )

    def _numbered(
        self, frames: pl.DataFrame
    ) -> tuple[pl.DataFrame, NDArray[np.int64], NDArray[np.bool_]]:
        """New frames as they are stored, and of each frame its number and whether it is new."""
        frames = frames.with_columns(pl.col("dated").to_physical().fill_null(NO_TIME))
        identity = ["dated", "digest"]
        wanted = frames.select(identity).unique()
        earliest, latest = span(wanted["dated"])
        known = self._link.ask(
            f"SELECT dated, digest, max(frame_id) AS known FROM frame"
            f" WHERE dated >= {earliest} AND dated <= {latest}"
            " AND dated IN (SELECT dated FROM {wanted})"
            " AND digest IN (SELECT toFixedString(digest, 16) FROM {wanted})"
            " GROUP BY dated, digest",
            wanted,
        )
        if known.is_empty():
            known = pl.DataFrame(schema={"dated": pl.Int64, "digest": pl.Binary, "known": pl.Int64})
        else:
            changed = self._reader.changed()
            gone = changed.filter("gone")["frame_id"].implode()
            known = known.with_columns(pl.col("digest").cast(pl.Binary)).filter(
                ~pl.col("known").is_in(gone)
            )
        table = frames.with_row_index("row").join(
            known, on=identity, how="left", maintain_order="left"
        )
        first = table["row"] == table.select(pl.col("row").min().over(identity)).to_series()
        new = (first & table["known"].is_null()).to_numpy()
        numbers = np.zeros(len(table), np.int64)
        numbers[new] = self._frame_numbers.take(int(new.sum()))
        table = table.with_columns(frame_id=pl.Series(numbers)).with_columns(
            frame_id=pl.coalesce("known", pl.col("frame_id").max().over(identity))
        )
        fresh = table.filter(pl.Series(new)).with_columns(
            period=_period_of_frames(), size=pl.col("raw").bin.size()
        )
        return fresh, table["frame_id"].to_numpy(), new

    def _need_known_frames(self, rows: pl.DataFrame) -> None:
        if "frame_id" not in rows.columns:
            return
        given = rows["frame_id"].drop_nulls().unique().sort()
        if given.is_empty():
            return
        there = self._link.ask(
            f"SELECT DISTINCT frame_id FROM frame_list WHERE {among('frame_id', given)}"
        )
        unknown = sorted(set(given) - (set(there["frame_id"]) if len(there) else set()))
        if unknown:
            raise InvalidRowsError(
                f"Frame {unknown[0]}, given in column frame_id, is not stored.",
                "Give the number of a stored frame, or column frame for those of this append.",
            )

    def _without_repeats(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        """Rows without computed or layered ones that say what was recorded last on their layer."""
        careful = pl.col("series").is_in(_COMPUTED) | (pl.col("layer") > 0)
        rows = rows.with_row_index("row")
        fresh = rows.filter(careful)
        if fresh.is_empty():
            return rows.drop("row"), 0
        fresh = fresh.with_columns(
            pl.lit(None, dtype=OBSERVATION_COLUMNS[name]).alias(name)
            for name in SAID
            if name not in rows.columns
        ).with_columns(
            pl.col("withdrawn").fill_null(False), pl.col("start").to_physical(), order="row"
        )
        identity = [*KEY, "layer"]
        said = fresh.select("row", *identity, *SAID, pl.col("order").cast(pl.Int64))
        # Within the call the last word on a layer counts, as if the rows had come one by one.
        both = pl.concat([self._recorded_last(said.select(identity).unique()), said]).sort(
            *identity, "order"
        )
        earlier = pl.all_horizontal(
            *(pl.col(name) == pl.col(name).shift(1) for name in identity),
            *(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in SAID),
        ).fill_null(False)
        repeats = both.filter(earlier & pl.col("row").is_not_null())["row"]
        kept = rows.filter(~pl.col("row").is_in(repeats.implode())).drop("row")
        return kept, len(repeats)

    def _recorded_last(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """For (point, parameter, series, start, layer): what was recorded last, with order -1."""
        identity = [*KEY, "layer"]
        first, last = span(wanted["start"])
        rows = self._link.ask(
            f"SELECT {names((*identity, *SAID))} FROM observation"
            f" WHERE start >= {first} AND start <= {last}"
            f" AND {among('point', wanted['point'].unique().sort())}"
            " AND (point, toString(parameter), toString(series), start, layer)"
            f" IN (SELECT {', '.join(identity)} FROM {{wanted}})"
            f" ORDER BY {', '.join(identity)}, observation_id DESC LIMIT 1 BY {', '.join(identity)}",
            wanted,
        )
        kinds = {
            **{name: polars_type("observation", name) for name in KEY},
            **{name: kind for name, kind in OBSERVATION_COLUMNS.items() if name in SAID},
        }
        kinds["layer"] = pl.Int8()
        order = (*identity, *SAID)
        table = (
            pl.DataFrame(schema={name: kinds[name] for name in order})
            if rows.is_empty()
            else rows.select(pl.col(name).cast(kinds[name]) for name in order)
        )
        return table.select(
            pl.lit(None, dtype=pl.UInt32).alias("row"),
            *order,
            pl.lit(-1, dtype=pl.Int64).alias("order"),
        )

    # -- from another store ----------------------------------------------------------------------

    def take_over(
        self,
        frames: pl.DataFrame | None,
        rows: pl.DataFrame | None,
        pending: pl.DataFrame | None,
    ) -> None:
        """Store frames and rows under the numbers they have; in the order of an append."""
        if rows is not None and len(rows):
            # Their packets are stored and do not come again: each row is a word of its own.
            word = pl.col("observation_id").cast(pl.UInt64).alias("word")
            rows = rows.with_columns(word, period=_period_of_rows())
            self._link.insert("observation", as_stored("observation", rows))
            self._row_numbers.go_above(int(rows["observation_id"].to_numpy().max()))
        if pending is not None and len(pending):
            tickets = self._row_numbers.take(len(pending))
            hours = pending.select("hour", "point", "parameter", ticket=pl.Series(tickets))
            self._link.insert("pending", as_stored("pending", hours.with_columns(count=pl.lit(1))))
        if frames is not None and len(frames):
            fresh = frames.with_columns(
                pl.col("dated").to_physical().fill_null(NO_TIME),
                pl.col("raw").bin.size().alias("size"),
            ).with_columns(period=_period_of_frames())
            self._link.insert("frame", as_stored("frame", fresh))
            self._frame_numbers.go_above(int(frames["frame_id"].to_numpy().max()))

    # -- hours to aggregate ----------------------------------------------------------------------

    def _touch(self, hours: pl.DataFrame, ticket: int) -> None:
        if len(hours):
            rows = hours.with_columns(ticket=pl.lit(ticket), count=pl.lit(1))
            self._link.insert("pending", as_stored("pending", rows))

    def waiting(self, limit: int) -> pl.DataFrame:
        """Hours to aggregate, oldest first, each with its newest ticket."""
        rows = self._link.ask(
            "SELECT max(ticket) AS ticket, point, parameter, hour FROM"
            " (SELECT hour, point, parameter, ticket FROM pending"
            " GROUP BY hour, point, parameter, ticket HAVING sum(count) > 0)"
            " GROUP BY hour, point, parameter"
            f" ORDER BY hour, point, parameter LIMIT {int(limit)}"
        )
        kinds = {
            "ticket": pl.Int64(),
            "point": pl.Int64(),
            "parameter": pl.String(),
            "hour": pl.Datetime("us"),
        }
        if rows.is_empty():
            return pl.DataFrame(schema=kinds)
        return rows.select(pl.col(name).cast(kind) for name, kind in kinds.items())

    def settle(self, work: pl.DataFrame) -> None:
        """Take finished work off the list, and older tickets of the same hours with it."""
        if work.is_empty():
            return
        done = work.select(
            pl.col("hour").cast(pl.Datetime("us")).to_physical(),
            "point",
            "parameter",
            finished=pl.col("ticket").cast(pl.Int64),
        )
        first, last = span(done["hour"])
        open_tickets = self._link.ask(
            "SELECT hour, point, parameter, ticket, sum(count) AS number FROM pending"
            f" WHERE hour >= {first} AND hour <= {last}"
            " AND (hour, point, parameter) IN (SELECT hour, point, parameter FROM {wanted})"
            " GROUP BY hour, point, parameter, ticket HAVING number > 0",
            done,
        )
        if open_tickets.is_empty():
            return
        settled = (
            open_tickets.with_columns(pl.col("parameter").cast(pl.String))
            .join(done, on=["hour", "point", "parameter"])
            .filter(pl.col("ticket") <= pl.col("finished"))
            .with_columns(count=-pl.col("number").cast(pl.Int64))
        )
        if len(settled):
            self._link.insert("pending", as_stored("pending", settled))

    # -- packets ---------------------------------------------------------------------------------

    def mark_frame(self, frame_id: int, status: Status, reason: str | None, version: int) -> None:
        if status not in STATUSES:
            raise InvalidRowsError(f"Unknown status {status!r}.", f"Use one of {STATUSES}.")
        if self._reader.frames_by_number([frame_id]).is_empty():
            raise KeyError(frame_id)
        self._link.insert(
            "frame_status",
            as_stored(
                "frame_status",
                pl.DataFrame(
                    {"frame_id": frame_id, "status": status, "reason": reason, "version": version},
                    schema_overrides={"reason": pl.String},
                ),
            ),
        )

    def forget_quarantined(
        self, reasons: Sequence[str], *, before: datetime, most: int, version: int
    ) -> tuple[int, int]:
        """Hide them at once, then let ClickHouse delete them."""
        changed = self._reader.changed()
        away = changed.filter(pl.col("gone") | (pl.col("status") != "quarantined"))["frame_id"]
        now = changed.filter((pl.col("status") == "quarantined") & ~pl.col("gone"))
        rows = self._link.ask(
            "SELECT frame_id, received_at, size, reason FROM frame_list"
            f" WHERE (status = 'quarantined' OR {among('frame_id', now['frame_id'])})"
            f" AND NOT {among('frame_id', away)}"
            " ORDER BY frame_id DESC LIMIT 1 BY frame_id"
        )
        if rows.is_empty():
            return 0, 0
        rows = (
            rows.with_columns(pl.col("reason").cast(pl.String))
            .join(now.select("frame_id", why="reason"), on="frame_id", how="left")
            .with_columns(reason=pl.coalesce("why", "reason"))
            .filter(
                pl.col("reason").str.extract(r"^([a-z_]+)", 1).fill_null("").is_in(list(reasons))
            )
            .sort("frame_id", descending=True)
        )
        place = pl.int_range(pl.len())
        going = rows.filter((pl.col("received_at") < micros(before)) | (place >= most))
        if going.is_empty():
            return 0, 0
        self._link.insert(
            "frame_status",
            as_stored(
                "frame_status",
                going.select(
                    "frame_id",
                    "reason",
                    status=pl.lit("quarantined"),
                    gone=pl.lit(1),
                    version=pl.lit(version),
                ),
            ),
        )
        numbers = [*going["frame_id"], *changed.filter("gone")["frame_id"]]
        for table in ("frame", "frame_list", "frame_status"):
            self._link.run(
                f"ALTER TABLE {self._link.database}.{self._layout.stored(table)}"
                f"{self._layout.everywhere} DELETE WHERE {among('frame_id', numbers)}"
            )
        return len(going), int(going["size"].sum())


def _with_words(
    rows: pl.DataFrame,
    frames: pl.DataFrame | None,
    frame_ids: NDArray[np.int64],
    new: NDArray[np.bool_],
) -> pl.DataFrame:
    """Rows of new frames and of none, with ``frame_id`` and ``word``; those of duplicates left out."""
    named = pl.col("frame_id") if "frame_id" in rows.columns else pl.lit(None, dtype=pl.Int64)
    nothing = pl.lit(None, dtype=pl.UInt64).alias("word")
    if "frame" not in rows.columns or frames is None or frames.is_empty():
        return rows.with_columns(named.alias("frame_id"), nothing).drop("frame", strict=False)
    rows = rows.with_columns(
        pl.coalesce(pl.Series(frame_ids).gather(rows["frame"]), named).alias("frame_id"),
        pl.Series("new", new).gather(rows["frame"]).fill_null(True).alias("new"),
        _words(frames).gather(rows["frame"]).alias("word"),
    )
    if not new.all():
        rows = rows.filter("new")
    # A packet may say the same thing twice over; each is a row.
    again = pl.int_range(pl.len(), dtype=pl.UInt64).over(*KEY, "layer", "word")
    if rows.select(*KEY, "layer", "word").is_duplicated().any():
        rows = rows.with_columns(word=pl.col("word") + again)
    return rows.drop("frame", "new")


def _words(frames: pl.DataFrame) -> pl.Series:
    """Of each frame a number made of its digest and the time it bears; above those of rows without a frame."""
    joined = b"".join(frames["digest"].to_list())
    halves = np.frombuffer(joined, dtype="<u8").reshape(-1, 2)
    times = frames["dated"].to_physical().fill_null(NO_TIME).to_numpy().view(np.uint64)
    mixed = halves[:, 0] ^ (times * np.uint64(0x9E3779B97F4A7C15))
    return pl.Series("word", mixed | np.uint64(1 << 63))


def _touched(rows: pl.DataFrame) -> pl.DataFrame:
    """Distinct hours to aggregate: of reported series, and of every layer above 0."""
    start = pl.col("start").to_physical()
    return (
        rows.filter(~pl.col("series").is_in(_COMPUTED) | (pl.col("layer") > 0))
        .select((start - start % _HOUR).alias("hour"), "point", "parameter")
        .unique()
        .sort("hour", "point", "parameter")
    )


def _period_of_rows() -> pl.Expr:
    year = pl.col("start").dt.year().cast(pl.UInt32)
    month = pl.col("start").dt.month().cast(pl.UInt32)
    fine = pl.col("series").is_in(list(FINE_SERIES))
    return pl.when(fine).then(year * 100 + month).otherwise(year)


def _period_of_frames() -> pl.Expr:
    """The month a packet bears; one for all that are absurd, lest a bad clock make a thousand parts."""
    when = pl.col("dated").cast(pl.Datetime("us"))
    sane = pl.col("dated").is_between(0, 4_102_444_800 * _MILLION, "left")
    month = when.dt.year().cast(pl.UInt32) * 100 + when.dt.month().cast(pl.UInt32)
    return pl.when(sane).then(month).otherwise(0)
