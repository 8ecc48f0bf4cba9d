"""The contract of the observation store: frames, observations, and what may be asked of them.

The store keeps two things. A **frame** is one received packet or one line of an import, with its
bytes. An **observation** is one value of one parameter at one point over one period. Observations
are never overwritten: a later word on the same value is another row, and the store tells which row
speaks. Everything else here (latest values, pending work, arrivals) follows from those two.

Time
    All times are naive datetimes of China standard time (UTC+8, no daylight saving). A period is
    stored by its START and its length in seconds, and every range is half-open: ``[begin, end)``.

Which row speaks (the accepted view)
    Rows with the same ``(point, parameter, series, start)`` are words on the same observation.
    Within a layer the row recorded last speaks; among layers the highest one that is not
    withdrawn. A computed row, or one on a layer above 0, that says the same as the row recorded
    last on its layer is not stored again, so running a check or an aggregation twice changes
    nothing. A row on a higher layer speaks for the whole observation, so it repeats the value
    where only the flag changes, and it stands until it is replaced or withdrawn, even when the
    device reports again: whoever writes layers re-checks the hours that :meth:`take_pending` names.

Tables go in as a polars DataFrame, a pyarrow Table, or a mapping of column name to NumPy array or
list; they come out as polars DataFrames. Columns that are left out take their default.

Columns of ``frames`` (input of :meth:`ObservationStore.append`)

===========  ============  =========================================================================
column       type          meaning
===========  ============  =========================================================================
received_at  datetime[us]  when the gateway had the whole packet; required
digest       binary, 16 B  identity of the packet, computed by the caller so that a packet sent
                           again (same content, whatever its resend mark) has the same digest;
                           required. A packet that says nothing which tells two sendings apart (no
                           QN, no DataTime: some heartbeats) needs ``received_at`` in its digest.
raw          binary        the bytes as received; required
dated        datetime[us]  a time written in the packet itself, equal in every copy of it; copies
                           are looked for among frames with the same ``dated``. Default: the time
                           in ``qn``, null when that holds none. Null is right for packets with no
                           time at all (they are compared with each other).
mn, qn       text          device number (MN) and request number (QN), null when absent
cn, st       text          command (CN) and system code (ST), null when absent
status       text          'accepted' (default), 'quarantined' or 'replayed'
reason       text          why it is quarantined, null otherwise
connection   text          where it came from: 'tcp 10.0.0.8:51234', 'import 42 row 17'
===========  ============  =========================================================================

Columns of ``observations`` (input of :meth:`ObservationStore.append`)

===================  ============  =================================================================
column               type          meaning
===================  ============  =================================================================
point                int64         monitoring point, 0 <= point < 2**39; required
parameter            text          parameter code, e.g. 'a34004'; required
start                datetime[us]  START of the period, or the instant; required
seconds              int32         length of the period; 0 = instant (default)
series               text          one of :data:`SERIES`; required
value                float64       the value in the unit of the parameter; null (or NaN) = none
minimum, maximum     float64       extremes within the period
total                float64       cumulative amount over the period (Cou of HJ 212)
converted            float64       value converted to standard conditions (ZsAvg, ZsRtd)
converted_minimum    float64       extreme of the converted value
converted_maximum    float64       extreme of the converted value
decimals             int8          digits after the point as given, so that the text can be written
                                   again; null when unknown or computed
text                 text          the original where it was not a number ('未检出', '<0.02'), else
                                   null
flag                 text          device flag (N, F, M, S, D, C, T, B ...) or the check's verdict
layer                int8          :class:`Layer`; 0 = device or first computation (default)
frame                uint32        row number in ``frames`` of the packet it came from; null = none
frame_id             int64         instead of ``frame``: number of a frame already stored (replay)
author               text          who set it, for layers above 0
rule                 text          which rule set it, for layers above 0
reason               text          why, for layers above 0
withdrawn            bool          true: this row takes its layer back and lower layers speak again;
                                   only on layers above 0; default false
valid                bool          computed series: enough valid data by the standard named
count                int32         computed series: number of values used
expected             int32         computed series: number of values a full period would have
standard             text          computed series: edition of the rules, e.g. 'HJ 663-2026'
===================  ============  =================================================================

Added by the store: ``frame_id``; ``observation_id`` (int64, grows in the order of recording, never
reused); ``recorded_at`` (datetime[us], the store's clock at the append).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Protocol, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray


class ArrowStream(Protocol):
    """Any table that speaks the Arrow C stream interface, e.g. a ``pyarrow.Table``."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Table = pl.DataFrame | ArrowStream | Mapping[str, Any]
"""A table given to the store: polars, arrow, or columns by name."""

Status = Literal["accepted", "quarantined", "replayed"]
STATUSES: Final[tuple[Status, ...]] = ("accepted", "quarantined", "replayed")


class Layer(IntEnum):
    """Whose word a row is. A higher layer overrules a lower one in the accepted view."""

    DEVICE = 0
    """What the device sent, the file said, or (computed series) the aggregation gave."""
    CHECK = 1
    """An automatic check."""
    ENTERPRISE = 2
    """A mark by the enterprise (自动监控标记)."""
    REVIEW = 3
    """A person's review at the bureau (人工审核)."""


SERIES: Final[Mapping[str, bool]] = {
    # reported: as the device or the laboratory gave it
    "raw": False,  # real-time value or single sample
    "minute": False,
    "hour": False,
    "day": False,
    "month": False,
    "year": False,
    # computed: by this platform
    "computed-minute": True,
    "computed-hour": True,
    "computed-8hour": True,  # moving mean of eight hours, stored by its START like every period
    "computed-day": True,
    "computed-month": True,
    "computed-year": True,
}
"""Names of the series, and whether the platform computes them.

A point may have several series of one parameter side by side, e.g. the hour the device reported and
the hour computed from its minutes; they never replace each other.
"""

FRAME_COLUMNS: Final[Mapping[str, pl.DataType]] = {
    "received_at": pl.Datetime("us"),
    "digest": pl.Binary(),
    "raw": pl.Binary(),
    "dated": pl.Datetime("us"),
    "mn": pl.String(),
    "qn": pl.String(),
    "cn": pl.String(),
    "st": pl.String(),
    "status": pl.String(),
    "reason": pl.String(),
    "connection": pl.String(),
}
"""Columns of the frames given to :meth:`ObservationStore.append`."""

OBSERVATION_COLUMNS: Final[Mapping[str, pl.DataType]] = {
    "point": pl.Int64(),
    "parameter": pl.String(),
    "start": pl.Datetime("us"),
    "seconds": pl.Int32(),
    "series": pl.String(),
    "value": pl.Float64(),
    "minimum": pl.Float64(),
    "maximum": pl.Float64(),
    "total": pl.Float64(),
    "converted": pl.Float64(),
    "converted_minimum": pl.Float64(),
    "converted_maximum": pl.Float64(),
    "decimals": pl.Int8(),
    "text": pl.String(),
    "flag": pl.String(),
    "layer": pl.Int8(),
    "frame": pl.UInt32(),
    "frame_id": pl.Int64(),
    "author": pl.String(),
    "rule": pl.String(),
    "reason": pl.String(),
    "withdrawn": pl.Boolean(),
    "valid": pl.Boolean(),
    "count": pl.Int32(),
    "expected": pl.Int32(),
    "standard": pl.String(),
}
"""Columns of the observations given to :meth:`ObservationStore.append`."""

READ_COLUMNS: Final[Mapping[str, pl.DataType]] = {
    "observation_id": pl.Int64(),
    **{name: kind for name, kind in OBSERVATION_COLUMNS.items() if name != "frame"},
    "recorded_at": pl.Datetime("us"),
}
"""Every column a reader may ask for."""

DEFAULT_COLUMNS: Final[tuple[str, ...]] = (
    "point",
    "parameter",
    "series",
    "start",
    "seconds",
    "value",
    "decimals",
    "text",
    "flag",
    "layer",
)
"""The columns :meth:`ObservationStore.read` gives when none are named."""

KEY: Final[tuple[str, ...]] = ("point", "parameter", "series", "start")
"""What makes two rows words on the same observation."""


class StoreError(Exception):
    """Something the store could not do, and what would help.

    ``str(error)`` says what went wrong; ``error.remedy`` what to do about it.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}".strip())
        self.problem = problem
        self.remedy = remedy


class StoreClosedError(StoreError):
    """The store has been closed, or had to stop after a failure of the disk."""


class StoreBusyError(StoreError):
    """Another process owns the store's files."""


class StoreFullError(StoreError):
    """The disk did not take the data; nothing of the append was stored."""


class StoreDamagedError(StoreError):
    """The files cannot be read: restore a backup."""


class InvalidRowsError(StoreError, ValueError):
    """Rows given to the store break the contract; the message names row and column."""


@dataclass(frozen=True)
class Receipt:
    """What became of one append."""

    frame_ids: NDArray[np.int64]
    """For each frame given: its number; for a duplicate, the number of the one stored before."""
    new: NDArray[np.bool_]
    """For each frame given: true when it was stored, false when it is a duplicate."""
    observations: int
    """Observation rows stored."""
    duplicates: int
    """Observation rows left out because their frame is a duplicate."""
    unchanged: int
    """Computed or layered rows left out because they say what the record says already."""
    touched: pl.DataFrame
    """Distinct ``point, parameter, hour`` put on the pending list by this append."""


@dataclass(frozen=True)
class Frame:
    """One stored frame; the fields are the columns of ``frames``."""

    frame_id: int
    received_at: datetime
    dated: datetime | None
    mn: str | None
    qn: str | None
    cn: str | None
    st: str | None
    digest: bytes
    raw: bytes
    status: Status
    reason: str | None
    connection: str | None


@dataclass(frozen=True)
class Counts:
    """How much the store holds."""

    frames: Mapping[str, int]
    """Frames by status."""
    observations: int
    """Observation rows, all layers and revisions."""
    pending: int
    """(point, parameter, hour) waiting to be aggregated."""
    series: int
    """Distinct (point, parameter, series)."""
    bytes: int
    """Size of the store's files."""


@dataclass(frozen=True)
class SealReport:
    """What sealing a month did."""

    month: date
    rows: int
    seconds: float


@dataclass(frozen=True)
class BackupReport:
    """What a backup holds: everything appended before ``last_observation_id`` was taken."""

    path: Path
    bytes: int
    seconds: float
    last_frame_id: int
    last_observation_id: int


@dataclass(frozen=True)
class CheckReport:
    """The result of an integrity check; empty ``problems`` means that all is well."""

    problems: Sequence[str] = field(default_factory=tuple)
    frames: int = 0
    observations: int = 0
    seconds: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


class ObservationStore(ABC):
    """Frames and observations, durable, in one owner process.

    Every method may be called from any thread. One append runs at a time; readers run beside it and
    see each append whole or not at all. A store is a context manager that closes itself.

    All methods raise :class:`StoreClosedError` after :meth:`close`.
    """

    # -- writing ---------------------------------------------------------------------------------

    @abstractmethod
    def append(
        self,
        frames: Table | None = None,
        observations: Table | None = None,
        *,
        recorded_at: datetime | None = None,
    ) -> Receipt:
        """Store frames and observations together, durably, or nothing of them.

        When it returns, a crash of the process or of the machine loses none of it. A frame whose
        ``(dated, digest)`` is already stored, in this call or at any time before, is a duplicate:
        neither it nor its observations are stored. Rows without a frame (marks, reviews, computed
        values) go in the same way, with ``frames`` left out.

        Each stored row of a reported series, or on a layer above 0, puts its (point, parameter,
        hour of ``start``) on the pending list in the same transaction. Rows of computed series on
        layer 0 do not: they are what the pending work produces.

        ``recorded_at`` overrides the store's clock, e.g. when history is brought over from another
        system; which row speaks is decided by the order of appends all the same.

        Raises :class:`InvalidRowsError` naming row and column (missing column, null in a required one,
        unknown series, status or layer, digest not 16 bytes, frame number out of range, start
        outside the years 1950 to 2199), :class:`StoreFullError` when the disk refuses.
        """

    @abstractmethod
    def mark_frame(self, frame_id: int, status: Status, reason: str | None = None) -> None:
        """Change the status and the reason of a frame, durably. Unknown number: ``KeyError``.

        To replay a quarantined packet, append its observations with this ``frame_id`` and then
        mark it 'replayed'.
        """

    @abstractmethod
    def forget_quarantined(
        self, reasons: Sequence[str], *, before: datetime, most: int
    ) -> tuple[int, int]:
        """Delete quarantined frames whose reason begins with one of ``reasons``, durably.

        Those received before ``before`` go, and of the others the oldest beyond the ``most`` newest. Only
        for reasons that never gave an observation. Returns how many frames and bytes went.
        """

    # -- work to do ------------------------------------------------------------------------------

    @abstractmethod
    def take_pending(self, limit: int = 10_000) -> pl.DataFrame:
        """Hours that received new or corrected rows, oldest hour first; they stay on the list.

        Columns ``ticket`` (int64), ``point``, ``parameter``, ``hour``; at most ``limit`` rows. Work
        that is taken and never finished is given again, also after a crash.
        """

    @abstractmethod
    def done_pending(self, work: pl.DataFrame) -> None:
        """Take finished work, as given by :meth:`take_pending`, off the list, durably.

        An hour that was touched again since it was taken stays on the list under a new ticket.
        """

    # -- reading ---------------------------------------------------------------------------------

    @abstractmethod
    def latest(
        self, points: Sequence[int] | None = None, series: str | None = None
    ) -> pl.DataFrame:
        """The accepted row with the latest start of each (point, parameter, series), from memory.

        Columns: :data:`DEFAULT_COLUMNS`, ``observation_id``, ``frame_id``, ``recorded_at``; sorted
        by point, parameter, series. Unknown points give no rows.
        """

    @abstractmethod
    def read(
        self,
        points: Sequence[int] | None = None,
        parameters: Sequence[str] | None = None,
        series: str | Sequence[str] | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
        *,
        columns: Sequence[str] = DEFAULT_COLUMNS,
        up_to: int = Layer.REVIEW,
        revisions: bool = False,
        as_of: datetime | None = None,
    ) -> pl.DataFrame:
        """Observations with ``begin <= start < end``, sorted by point, parameter, series, start.

        None means no restriction. ``columns``: any of :data:`READ_COLUMNS`, given in that order.
        ``up_to``: highest layer that takes part; 0 = device data alone. ``as_of``: only rows
        recorded at or before that time take part, i.e. the view as it was then. With ``revisions``
        every row taking part is given, in the order of recording within an observation, instead of
        the one that speaks.
        """

    @abstractmethod
    def read_windows(
        self,
        windows: Table,
        series: str | Sequence[str],
        *,
        seconds: int = 3600,
        columns: Sequence[str] = DEFAULT_COLUMNS,
        up_to: int = Layer.REVIEW,
    ) -> pl.DataFrame:
        """Accepted observations that start in any of many windows, in one question.

        ``windows`` has the columns ``point``, ``parameter``, ``hour``, as :meth:`take_pending`
        gives them; each row asks for ``hour <= start < hour + seconds``. Result as :meth:`read`,
        each observation once even where windows overlap.
        """

    @abstractmethod
    def history(self, point: int, parameter: str, series: str, start: datetime) -> pl.DataFrame:
        """Every row on one observation in the order of recording, with the frame it came from.

        Columns: all of :data:`READ_COLUMNS`, ``accepted`` (true on the row that speaks; on none if
        all are withdrawn) and, from the frame, ``received_at``, ``mn``, ``qn``, ``status``,
        ``connection``, ``raw``.
        """

    @abstractmethod
    def frames(
        self,
        *,
        status: Status | None = None,
        mn: str | None = None,
        mns: Sequence[str] | None = None,
        but_mns: Sequence[str] | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> pl.DataFrame:
        """Frames received in ``[begin, end)``, newest number first, without ``raw``.

        ``before``: only numbers below it; pass the last ``frame_id`` of a page to get the next.
        Columns: ``frame_id`` and those of ``frames`` except ``raw`` and ``digest``, and ``size`` in
        bytes.
        """

    @abstractmethod
    def frame(self, frame_id: int) -> Frame:
        """One frame with its bytes. Unknown number: ``KeyError``."""

    @abstractmethod
    def arrivals(
        self,
        begin: datetime,
        end: datetime,
        points: Sequence[int] | None = None,
        series: str | Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """How many observations there are a day, whatever their flag; revisions count once.

        Columns ``point, parameter, series, day`` (date of the start), ``count``, ``first``,
        ``last`` (starts), sorted in this order. Rows on layer 0 only.
        """

    @abstractmethod
    def counts(self) -> Counts:
        """How much the store holds."""

    # -- carrying to another store ---------------------------------------------------------------

    @abstractmethod
    def frames_after(self, number: int, limit: int) -> pl.DataFrame:
        """At most ``limit`` frames with a number above ``number``, in the order of their numbers.

        Columns: ``frame_id`` and :data:`FRAME_COLUMNS`, the status as it is now.
        """

    @abstractmethod
    def rows_after(self, number: int, limit: int) -> pl.DataFrame:
        """At most ``limit`` rows with an ``observation_id`` above ``number``, in the order of recording.

        All layers and revisions, with all of :data:`READ_COLUMNS`.
        """

    @abstractmethod
    def take_over(
        self,
        frames: pl.DataFrame | None = None,
        rows: pl.DataFrame | None = None,
        pending: pl.DataFrame | None = None,
    ) -> None:
        """Store what :meth:`frames_after`, :meth:`rows_after` and :meth:`take_pending` of another store gave.

        Numbers and times of recording stay what they were there, and new ones go on above them; tickets are new.
        Nothing is compared with what is stored: only for a store that nothing else was put into
        (:func:`ecoledger.store.carrying.carry` sees to that).
        """

    # -- care ------------------------------------------------------------------------------------

    @abstractmethod
    def seal(self, month: date) -> SealReport:
        """Rewrite a month sorted by point, parameter and start, so that pages open faster.

        Meant for finished months, and good every night for the running one. Answers do not change.
        Safe against a crash at any moment; appends and readers go on meanwhile. Late rows are
        welcome after it; sealing again sorts them in.
        """

    @abstractmethod
    def backup(self, path: Path) -> BackupReport:
        """Write a consistent copy to ``path`` while the store runs; it opens like the original.

        Refuses an existing path. A copy that failed half-way is removed.
        """

    @abstractmethod
    def check(self) -> CheckReport:
        """Read everything and report what does not fit: damage, orphans, wrong latest values."""

    @abstractmethod
    def close(self) -> None:
        """Put everything in order and let go of the files. Closing twice does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
