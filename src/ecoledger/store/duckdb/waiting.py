"""The hours that wait for aggregation, as whoever aggregates sees them."""

from __future__ import annotations

import numpy as np
import polars as pl

from ecoledger.store.duckdb.file import (
    guarded,
)
from ecoledger.store.duckdb.opened import Opened
from ecoledger.store.latest import of_number, series_numbers
from ecoledger.store.pending import Work
from ecoledger.store.recent_frames import hours_of


class Waiting(Opened):
    """Gives out the work and takes it off the list when it is done."""

    def _touched(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Distinct (hour, number) to aggregate that are not waiting already."""
        touching = ~self._computed[rows["series"].to_numpy()] | (rows["layer"].to_numpy() > 0)
        hours = hours_of(rows["start"])[touching]
        numbers = (series_numbers(rows)[touching] >> 8) << 8
        order = np.argsort(hours, kind="stable")
        spans, begins, counts = np.unique(hours[order], return_index=True, return_counts=True)
        found_hours: list[int] = []
        found_numbers: list[int] = []
        for hour, begin, count in zip(
            spans.tolist(), begins.tolist(), counts.tolist(), strict=True
        ):
            of_hour = numbers[order[begin : begin + count]]
            fresh = self._pending.fresh(hour, np.unique(of_hour).tolist())
            found_hours += [hour] * len(fresh)
            found_numbers += fresh
        return pl.DataFrame(
            {"hour": found_hours, "number": found_numbers},
            schema={"hour": pl.Int64, "number": pl.Int64},
        )

    @guarded
    def take_pending(self, limit: int = 10_000) -> pl.DataFrame:
        with self._write:
            taken = self._pending.take(limit)
        columns = {"ticket": taken.tickets, "hour": taken.hours, "number": taken.numbers}
        return self._pending_table(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int64)))

    @guarded
    def done_pending(self, work: pl.DataFrame) -> None:
        coded = self._terms.encode(
            work.select("ticket", "point", "parameter", "hour", pl.lit("raw").alias("series"))
        )
        finished = work_of(
            coded.select(
                "ticket",
                pl.col("hour").cast(pl.Datetime("us")).to_physical(),
                pl.Series("number", (series_numbers(coded) >> 8) << 8),
            ).sort("hour", maintain_order=True)
        )
        with self._write:
            self._need_open()
            settled = pl.DataFrame(
                {"ticket": self._pending.settled_by(finished)}, schema={"ticket": pl.Int64}
            )
            if settled.is_empty():
                return
            with self._transaction() as run, self._tables(run.connection, settled=settled):
                run.connection.execute(
                    "DELETE FROM pending WHERE ticket IN (SELECT ticket FROM settled)"
                )
            self._pending.remove(finished)
            self._tidy()

    def _pending_table(self, rows: pl.DataFrame) -> pl.DataFrame:
        """(hour, number) and perhaps a ticket, as readers see them."""
        things = self._terms.decode(of_number(rows["number"].to_numpy()))
        tickets = [rows["ticket"]] if "ticket" in rows.columns else []
        hour = rows["hour"].cast(pl.Datetime("us"))
        return pl.DataFrame([*tickets, things["point"], things["parameter"], hour])

    def _new_tickets(self, pending: pl.DataFrame | None) -> pl.DataFrame:
        """The hours of another store's list, under tickets of this one's."""
        if pending is None or pending.is_empty():
            return pl.DataFrame(schema=dict.fromkeys(("ticket", "hour", "number"), pl.Int64))
        coded = self._coded(pending.with_columns(pl.lit("raw").alias("series")))
        first = self._pending.next_ticket
        return coded.select(
            pl.int_range(first, first + len(coded), dtype=pl.Int64).alias("ticket"),
            pl.col("hour").cast(pl.Datetime("us")).to_physical(),
            pl.Series("number", (series_numbers(coded) >> 8) << 8),
        ).sort("hour", "number")


def work_of(rows: pl.DataFrame) -> Work:
    """(ticket, hour, number), in ascending order of the hours, as the list takes them."""
    return Work(rows["ticket"].to_list(), rows["hour"].to_list(), rows["number"].to_list())
