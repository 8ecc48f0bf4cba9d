"""The tables of a ClickHouse store: what stands in them, in which order, on which shard.

Times are microseconds since 1970 of China standard time, in ``Int64``: naive, as everywhere in the store, which
ClickHouse's own types of time are not.

``observation``  Rows as appended, sorted as they are read, parted by ``period``: a month of fine series (``202603``),
                 a year of coarse ones (``2026``). ``word`` says which packet a row came from (a number of its own
                 where it came from none); rows equal in the whole key are one, the last written.
``latest``       Kept by a view of ``observation``: of each point, parameter, series and layer the row that starts
                 last. Its size is the number of series, so the last value costs the same after ten years.
``pending``      Hours touched, +1 by an append, -1 when done; what comes to nought vanishes in merges.
``frame``        Packets with their bytes, by the time they bear and their digest: the same packet is one row.
``frame_list``   The same without bytes in the order of their numbers, kept by a view, for lists and look-ups.
``frame_status`` What became of a packet after its arrival; few.

On a cluster each has a table ``…_local`` on every shard and a ``Distributed`` one of its plain name before them.
Observations, latest values and hours lie together on the shard of their point; packets on that of their digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

OBSERVATION: Final[Mapping[str, str]] = {
    "period": "UInt32",
    "point": "Int64",
    "parameter": "LowCardinality(String)",
    "series": "LowCardinality(String)",
    "start": "Int64",
    "layer": "Int8",
    "word": "UInt64",
    "observation_id": "Int64",
    "seconds": "Int32",
    "value": "Nullable(Float64)",
    "minimum": "Nullable(Float64)",
    "maximum": "Nullable(Float64)",
    "total": "Nullable(Float64)",
    "converted": "Nullable(Float64)",
    "converted_minimum": "Nullable(Float64)",
    "converted_maximum": "Nullable(Float64)",
    "decimals": "Nullable(Int8)",
    "text": "Nullable(String)",
    "flag": "Nullable(String)",
    "frame_id": "Nullable(Int64)",
    "recorded_at": "Int64",
    "author": "Nullable(String)",
    "rule": "Nullable(String)",
    "reason": "Nullable(String)",
    "withdrawn": "UInt8",
    "valid": "Nullable(UInt8)",
    "count": "Nullable(Int32)",
    "expected": "Nullable(Int32)",
    "standard": "Nullable(String)",
}
FRAME: Final[Mapping[str, str]] = {
    "period": "UInt32",
    "dated": "Int64",
    "digest": "FixedString(16)",
    "frame_id": "Int64",
    "received_at": "Int64",
    "mn": "Nullable(String)",
    "qn": "Nullable(String)",
    "cn": "Nullable(String)",
    "st": "Nullable(String)",
    "status": "LowCardinality(String)",
    "reason": "Nullable(String)",
    "connection": "Nullable(String)",
    "size": "Int32",
    "raw": "String",
}
FRAME_LIST: Final[Mapping[str, str]] = {
    name: kind for name, kind in FRAME.items() if name not in {"period", "raw"}
}
FRAME_STATUS: Final[Mapping[str, str]] = {
    "frame_id": "Int64",
    "status": "String",
    "reason": "Nullable(String)",
    "gone": "UInt8",
    "version": "Int64",
}
PENDING: Final[Mapping[str, str]] = {
    "hour": "Int64",
    "point": "Int64",
    "parameter": "String",
    "ticket": "Int64",
    "count": "Int64",
}
LAST_ROW: Final[tuple[str, ...]] = (
    "start",
    "observation_id",
    "seconds",
    "value",
    "decimals",
    "text",
    "flag",
    "frame_id",
    "recorded_at",
    "withdrawn",
)
"""What ``latest`` keeps of a row, in this order."""

COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "observation": OBSERVATION,
    "pending": PENDING,
    "frame": FRAME,
    "frame_list": FRAME_LIST,
    "frame_status": FRAME_STATUS,
}
NO_TIME: Final = -(1 << 62)
"""Stands for the time of a packet that bears none."""

_PACKED: Final = {"raw": "ZSTD(3)", "start": "DoubleDelta, LZ4", "frame_id": "Delta, LZ4"}
_DURABLE: Final = "fsync_after_insert = 1, fsync_part_directory = 1"


@dataclass(frozen=True)
class Layout:
    """How the tables are spread over servers.

    ``cluster``: name of the cluster in the servers' configuration, none for one server. ``replicated``: whether a
    shard has copies, kept equal by ClickHouse Keeper. ``cold_after_days``: observations that start longer ago
    move to the volume ``cold`` of the storage policy ``tiered``; nothing is ever deleted by age. ``modern``:
    false for servers of before 2020, which know neither codecs nor the settings that write through to the disk, and
    no texts of low cardinality in views.
    """

    cluster: str | None = None
    replicated: bool = False
    cold_after_days: int | None = None
    modern: bool = True

    @property
    def everywhere(self) -> str:
        """The clause that carries a statement to every server."""
        return f" ON CLUSTER {self.cluster}" if self.cluster and self.replicated else ""

    def stored(self, table: str) -> str:
        """The table that holds the rows of one server."""
        return f"{table}_local" if self.cluster else table

    def statements(self, database: str) -> Iterator[str]:
        """What makes the tables, in order; where they stand already nothing happens."""
        yield f"CREATE DATABASE IF NOT EXISTS {database}{self.everywhere}"
        yield self._table(
            database,
            "observation",
            "ReplacingMergeTree",
            "observation_id",
            "PARTITION BY period ORDER BY (point, parameter, series, start, layer, word)",
            cold="start",
        )
        yield self._table(
            database,
            "frame",
            "ReplacingMergeTree",
            "frame_id",
            "PARTITION BY period ORDER BY (dated, digest)",
        )
        yield self._table(
            database, "frame_list", "ReplacingMergeTree", "frame_id", "ORDER BY frame_id"
        )
        yield self._table(
            database, "frame_status", "ReplacingMergeTree", "version", "ORDER BY frame_id"
        )
        yield self._table(
            database,
            "pending",
            "SummingMergeTree",
            "count",
            "ORDER BY (hour, point, parameter, ticket)",
        )
        if self.modern:
            yield from self._latest(database)
        listed = self.stored("frame_list")
        yield (
            f"CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.{listed}_view{self.everywhere}"
            f" TO {database}.{listed} AS SELECT {', '.join(FRAME_LIST)}"
            f" FROM {database}.{self.stored('frame')}"
        )
        if self.cluster:
            for table, shard in _SHARD_OF.items():
                if table == "latest" and not self.modern:
                    continue
                local = self.stored(table)
                yield (
                    f"CREATE TABLE IF NOT EXISTS {database}.{table}{self.everywhere}"
                    f" AS {database}.{local}"
                    f" ENGINE = Distributed({self.cluster}, {database}, {local}, {shard})"
                )
        if not self.modern:
            # Kept states of argMax over tuples bring such a server down; it looks for the last rows when asked.
            yield f"CREATE VIEW IF NOT EXISTS {database}.latest AS {self._last_rows(database, 'observation')}"

    def _latest(self, database: str) -> Iterator[str]:
        row = ", ".join(OBSERVATION[name] for name in LAST_ROW)
        state = f"AggregateFunction(argMax, Tuple({row}), Tuple(Int64, Int64))"
        columns = f"point Int64, parameter String, series String, layer Int8, last {state}"
        latest = self.stored("latest")
        yield (
            f"CREATE TABLE IF NOT EXISTS {database}.{latest}{self.everywhere} ({columns})"
            f" ENGINE = {self._engine('AggregatingMergeTree', database, latest)}"
            " ORDER BY (point, parameter, series, layer)"
        )
        yield (
            f"CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.{latest}_view{self.everywhere}"
            f" TO {database}.{latest} AS {self._last_rows(database, self.stored('observation'))}"
        )

    @staticmethod
    def _last_rows(database: str, table: str) -> str:
        return (
            "SELECT point, toString(parameter) AS parameter, toString(series) AS series, layer,"
            f" argMaxState(tuple({', '.join(LAST_ROW)}), tuple(start, observation_id)) AS last"
            f" FROM {database}.{table} GROUP BY point, parameter, series, layer"
        )

    def _table(
        self, database: str, table: str, engine: str, argument: str, order: str, cold: str = ""
    ) -> str:
        name = self.stored(table)
        columns = ", ".join(
            f"`{column}` {kind if self.modern else kind.replace('LowCardinality(String)', 'String')}"
            + (f" CODEC({_PACKED[column]})" if self.modern and column in _PACKED else "")
            for column, kind in COLUMNS[table].items()
        )
        settings = [_DURABLE] if self.modern else []
        if cold and self.cold_after_days is not None:
            order += (
                f" TTL toDateTime(greatest(intDiv({cold}, 1000000), 0))"
                f" + INTERVAL {self.cold_after_days} DAY TO VOLUME 'cold'"
            )
            settings.append("storage_policy = 'tiered'")
        return (
            f"CREATE TABLE IF NOT EXISTS {database}.{name}{self.everywhere} ({columns})"
            f" ENGINE = {self._engine(engine, database, name, argument)} {order}"
            + (f" SETTINGS {', '.join(settings)}" if settings else "")
        )

    def _engine(self, engine: str, database: str, table: str, *arguments: str) -> str:
        if not self.replicated:
            return f"{engine}({', '.join(arguments)})"
        place = (f"'/clickhouse/tables/{{shard}}/{database}/{table}'", "'{replica}'")
        return f"Replicated{engine}({', '.join((*place, *arguments))})"


_SHARD_OF: Final[Mapping[str, str]] = {
    "observation": "cityHash64(point)",
    "latest": "cityHash64(point)",
    "pending": "cityHash64(point)",
    "frame": "cityHash64(digest)",
    "frame_list": "cityHash64(digest)",
    "frame_status": "cityHash64(frame_id)",
}

_KINDS: Final[Mapping[str, pl.DataType]] = {
    "Int8": pl.Int8(),
    "UInt8": pl.UInt8(),
    "Int32": pl.Int32(),
    "UInt32": pl.UInt32(),
    "Int64": pl.Int64(),
    "UInt64": pl.UInt64(),
    "Float64": pl.Float64(),
    "String": pl.String(),
    "FixedString(16)": pl.Binary(),
}


def polars_type(table: str, column: str) -> pl.DataType:
    """Type of a column in polars."""
    kind = COLUMNS[table][column]
    for wrapper in ("Nullable(", "LowCardinality("):
        if kind.startswith(wrapper):
            kind = kind[len(wrapper) : -1]
    return pl.Binary() if column == "raw" else _KINDS[kind]


def as_stored(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with exactly the columns of a table, those that are missing null or nought."""
    columns: list[pl.Expr] = []
    for name, kind in COLUMNS[table].items():
        type_ = polars_type(table, name)
        column = (
            pl.col(name).to_physical().cast(type_)
            if name in rows.columns
            else pl.lit(None, dtype=type_).alias(name)
        )
        columns.append(column if "Nullable" in kind or name == "raw" else _filled(column, type_))
    return rows.select(columns)


def _filled(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if kind.is_numeric():
        return column.fill_null(0)
    return column.fill_null("") if kind == pl.String() else column


def names(columns: Sequence[str]) -> str:
    """Columns as SQL lists them; quoted, since `count` is a function too."""
    return ", ".join(f"`{name}`" for name in columns)
