"""From decoded packets to stored observations: identify the point, flag, store durably; then acknowledge.

:class:`Ingest` is the handler of an :class:`ecoledger.hj212.server.Gateway`. A batch becomes one append to
the store: every frame with its bytes, and the observations of those that can be trusted. What cannot be
used is *quarantined*, not lost: the frame is stored with its bytes and a reason, shown on a page, and
replayed (:func:`replay`) when the cause is gone. Reasons:

=============  =====================================================================================
``crc`` ...    the codec's own errors (:data:`ecoledger.hj212.packet.ERRORS`), e.g. ``encrypted``
``mn``         no point has this MN
``disabled``   the point is switched off
``password``   PW differs from the point's (checked where the point has one)
``command``    CN is not a command of any edition
``time``       a data packet without a usable DataTime
``future``     DataTime more than an hour ahead of now: the device's clock is wrong
``ancient``    DataTime before 2000
``code``       a factor nobody knows and the point does not declare; its known factors are stored
``value``      a value nobody can read; the packet's other values are stored
``rewrite``    another value for a period reported days ago (:mod:`.rewrites`): a person lets it in
=============  =====================================================================================

A packet is acknowledged when it is stored, also in quarantine, except with a wrong password or a fault
of the frame itself: those a device should send again. What nobody vouches for (unreadable, unknown MN, wrong
password, switched off) has a budget an hour (:data:`budget`); beyond it such frames are only counted and not acknowledged. A packet that came before is acknowledged again
and stored once. Heartbeats and replies leave no trace in the store.

Series by command: 2011, 2013, 2021, 2052, 2062 ``raw``; 2051, 2111 ``minute``; 2061 ``hour``; 2031, 2041 ``day``. Texts
(3019, 3020, 2081) are stored as ``raw`` observations with ``text``. States of equipment (SBxxx-RS, SBxxx-RT)
keep the suffix in their parameter. The parts of a split packet carry whole factors under the same
DataTime and fall together by point, parameter and time.

Values outside the instrument's range or below zero get a second row on the layer of automatic checks, with
the flag ``range`` or ``negative`` and the rule's name; the value as sent stays below it.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from django.db import close_old_connections
from numpy.typing import NDArray

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.hj212 import codes
from ecoledger.hj212.batch import WARNING_BITS, Batch, BatchDecoder
from ecoledger.hj212.packet import Packet
from ecoledger.hj212.server import Verdict
from ecoledger.live import events, times
from ecoledger.monitoring import metrics, runtime
from ecoledger.monitoring.arriving import rewrites
from ecoledger.monitoring.points import parameters
from ecoledger.monitoring.points import table as points
from ecoledger.monitoring.points.table import PointMap
from ecoledger.store.interface import Layer

log = logging.getLogger(__name__)

AHEAD = timedelta(hours=1)
# No device speaks HJ/T 212 of before its first edition: a clock that fell back shows 1970 or 2000.
EARLIEST = datetime(2005, 1, 1)

# CN -> (series, seconds); None: the point's own interval
_SERIES: dict[bytes, tuple[str, int | None]] = {
    b"2011": ("raw", 0),
    b"2013": ("raw", 0),
    b"2021": ("raw", 0),
    b"2052": ("raw", 0),
    b"2062": ("raw", 0),
    b"2051": ("minute", None),
    b"2111": ("minute", 300),
    b"2061": ("hour", 3600),
    b"2031": ("day", 86400),
    b"2041": ("day", 86400),
    b"3019": ("raw", 0),
    b"3020": ("raw", 0),
    b"2081": ("raw", 0),
}
_SERIES_NAMES = ["raw", "minute", "hour", "day"]
# Statistic -> column of the store
_COLUMNS = {
    "Avg": "value",
    "Rtd": "value",
    "Data": "value",
    "DayData": "value",
    "NightData": "value",
    "Min": "minimum",
    "Max": "maximum",
    "Cou": "total",
    "ZsAvg": "converted",
    "ZsRtd": "converted",
    "ZsMin": "converted_minimum",
    "ZsMax": "converted_maximum",
    "RS": "value",
    "RT": "value",
    "SampleRd": "value",
    "StandardValue": "value",
}
# Statistics that are quantities of their own rather than aspects of the factor.
_OWN = ("RS", "RT", "SampleRd", "StandardValue")
_KEPT = (
    "value",
    "minimum",
    "maximum",
    "total",
    "converted",
    "converted_minimum",
    "converted_maximum",
)
_REASONS = [
    "",
    "mn",
    "disabled",
    "password",
    "command",
    "time",
    "future",
    "ancient",
    "code",
    "value",
    "rewrite",
]
_MN, _DISABLED, _PASSWORD, _COMMAND, _TIME, _FUTURE, _ANCIENT, _CODE, _VALUE, _REWRITE = range(
    1, len(_REASONS)
)
# Reported by devices, but not measurements to be averaged.
STATE_MARK = "-"


@dataclass(frozen=True)
class Prepared:
    """A batch ready for the store.

    ``kept``: rows of packets whose frame is stored; ``reason``: for each packet, why it is quarantined
    ("" for accepted); ``observations``: table with a column ``row`` naming the packet's row; ``believed``:
    packets whose sender has shown by PW or SM4 to be the device. A point that has neither is never believed:
    its data are taken, but it is sent no command.
    """

    kept: NDArray[np.intp]
    reason: NDArray[np.object_]
    observations: pl.DataFrame
    points: frozenset[int]
    believed: NDArray[np.bool_]
    # Points whose packets are dated ahead of this machine's clock.
    ahead: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: which packets to acknowledge, which senders to believe, and counts."""

    acknowledge: NDArray[np.bool_]
    believed: NDArray[np.bool_]
    stored: int
    duplicates: int
    quarantined: int
    observations: int


# -- the registry in arrays ----------------------------------------------------------------------


@dataclass
class _Registry:
    """A :class:`PointMap` in the arrays that a batch is matched against."""

    source: PointMap
    by_mn: dict[bytes, tuple[int, str, bytes, bool, bool]]
    parameters: dict[str, int]
    keys: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    numerator: NDArray[np.float64]
    denominator: NDArray[np.float64]
    minute_seconds: dict[int, int]
    declared: frozenset[tuple[int, str]] = field(default_factory=frozenset)

    @classmethod
    def of(cls, source: PointMap) -> _Registry:
        table = source.parameters
        names = {name: n for n, name in enumerate(table["parameter"].unique().sort().to_list())}
        position = table["parameter"].replace_strict(names, return_dtype=pl.Int64).to_numpy()
        keys = table["point"].to_numpy() * max(len(names), 1) + position
        order = np.argsort(keys)

        def column(name: str, missing: float) -> NDArray[np.float64]:
            values = table[name].cast(pl.Float64).fill_null(missing).to_numpy()
            return np.asarray(values[order])

        short = (
            table.filter(pl.col("interval") < 3600).group_by("point").agg(pl.col("interval").min())
        )
        return cls(
            source=source,
            by_mn={
                mn.encode(): (d.point, d.kind, d.password.encode(), d.enabled, bool(d.sm4_key))
                for mn, d in source.by_mn.items()
            },
            parameters=names,
            keys=keys[order],
            low=column("range_from", -np.inf),
            high=column("range_to", np.inf),
            numerator=column("numerator", 1),
            denominator=column("denominator", 1),
            minute_seconds=dict(short.iter_rows()),
            declared=frozenset(table.select("point", "parameter").iter_rows()),
        )

    def positions(self, point: NDArray[np.int64], parameter: NDArray[np.int64]) -> NDArray[np.intp]:
        """Row of each declared (point, parameter); -1 where it is not declared."""
        if not self.keys.size:
            return np.full(point.size, -1, dtype=np.intp)
        wanted = point * len(self.parameters) + parameter
        found = np.minimum(np.searchsorted(self.keys, wanted), self.keys.size - 1)
        return np.where((self.keys[found] == wanted) & (parameter >= 0), found, -1)


_registry: _Registry | None = None


def current_registry() -> _Registry:
    """The points as they are now, ready to be matched against."""
    global _registry
    source = points.current()
    found = _registry
    if found is None or found.source is not source:
        found = _registry = _Registry.of(source)
    return found


def key_of(mn: str) -> bytes | None:
    """The SM4 key of a device, as the codec asks for it: 16 characters, or 32 hexadecimal digits.

    Called in the gateway's event loop, so it goes by the points as last read. A packet that comes before
    a new key has been noticed is quarantined unacknowledged, and the device sends it again.
    """
    found = points.last_known()
    device = found.by_mn.get(mn) if found is not None else None
    if device is None or not device.sm4_key:
        return None
    text = device.sm4_key
    return bytes.fromhex(text) if len(text) == 32 else text.encode()


# -- batch -> tables -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """Of each packet of a batch: whose it is, what is wrong with it before its values are read, and whether its
    sender has shown to be the device. ``silent``: says nothing worth a row; ``is_data``: brings values."""

    point: NDArray[np.int64]
    reason: NDArray[np.int8]
    believed: NDArray[np.bool_]
    silent: NDArray[np.bool_]
    is_data: NDArray[np.bool_]
    commands: NDArray[np.bytes_]
    command_of: NDArray[np.intp]


def judge(batch: Batch, registry: _Registry, now: datetime) -> Judged:
    """Identify and check every packet of a batch."""
    size = len(batch)
    numbers, inverse = np.unique(batch.mn, return_inverse=True)
    devices = [registry.by_mn.get(mn) for mn in numbers.tolist()]
    point = np.array([d[0] if d else -1 for d in devices], dtype=np.int64)[inverse]
    reason = np.zeros(size, dtype=np.int8)
    reason[point < 0] = _MN
    off = np.array([d is not None and not d[3] for d in devices], dtype=np.bool_)
    reason[off[inverse]] = _DISABLED
    passwords = np.array([d[2] if d else b"" for d in devices] or [b""], dtype="S32")[inverse]
    wrong = (point >= 0) & (passwords != b"") & (batch.pw != passwords)
    reason[wrong] = _PASSWORD
    # A frame that could not be opened with the device's key is no packet but a fault.
    sealed = np.array([d is not None and d[4] for d in devices] or [False], dtype=np.bool_)[inverse]
    if sealed.any():
        sealed = sealed & _encrypted(batch)
    believed = (point >= 0) & ~wrong & ((passwords != b"") | sealed) & ~off[inverse]

    commands, command_of = np.unique(batch.cn, return_inverse=True)
    known = [codes.COMMANDS.get(cn.decode()) for cn in commands.tolist()]
    reason[(reason == 0) & np.array([k is None for k in known], dtype=bool)[command_of]] = _COMMAND
    # Replies and heartbeats say nothing that is worth a row.
    silent = np.array(
        [k is not None and (k.kind == "reply" or k.code == "9015") for k in known], dtype=bool
    )[command_of]
    is_data = np.array([cn in _SERIES for cn in commands.tolist()], dtype=bool)[command_of]

    when = batch.data_time
    dated = ~np.isnat(when)
    usable = reason == 0
    reason[usable & is_data & ~dated] = _TIME
    reason[usable & is_data & dated & (when > np.datetime64(now + AHEAD, "s"))] = _FUTURE
    reason[usable & is_data & dated & (when < np.datetime64(EARLIEST, "s"))] = _ANCIENT
    return Judged(point, reason, believed, silent, is_data, commands, command_of)


def prepare(batch: Batch, registry: _Registry, now: datetime) -> Prepared:
    """Identify, check and flag every packet of a batch, without touching the store."""
    judged = judge(batch, registry, now)
    point, reason, is_data = judged.point, judged.reason, judged.is_data
    trusted = (reason == 0) & is_data
    observations, unknown = _observations(
        batch, registry, point, trusted, judged.commands, judged.command_of
    )
    for row in unknown:
        reason[row] = _CODE
    # A value nobody can read ("38ug/m3"): the packet's other values are stored, the frame is put aside.
    unreadable = is_data & (batch.warnings & WARNING_BITS["value"] != 0)
    if unreadable.any():
        reason[(reason == 0) & unreadable] = _VALUE
        # Nothing must not hide the number that the device reported before.
        there = pl.Series(~unreadable[observations["row"].to_numpy()])
        observations = observations.filter(
            there | pl.any_horizontal(pl.col(*_KEPT, "text").is_not_null())
        )
    texts = np.array(_REASONS, dtype=object)[reason]
    for row, names in unknown.items():
        texts[row] = f"code: {', '.join(sorted(names))}"
    kept = np.flatnonzero(~judged.silent | (reason != 0))
    ahead = frozenset(point[reason == _FUTURE].tolist())
    return Prepared(
        kept, texts, observations, frozenset(point[trusted].tolist()), judged.believed, ahead
    )


@dataclass(frozen=True)
class Admitted:
    """What a gateway makes of a batch that somebody else will store: the frames (by index) to hand on, the packets
    to acknowledge once they are handed on durably, and those whose sender is believed."""

    frames: list[int]
    acknowledge: NDArray[np.bool_]
    believed: NDArray[np.bool_]


def admit(batch: Batch, sources: Sequence[str], now: datetime) -> Admitted:
    """Judge a batch by the points alone, without reading its values. Spends the budget of what nobody vouches for."""
    judged = judge(batch, current_registry(), now)
    beyond = _over_budget(batch, np.array(_REASONS, dtype=object)[judged.reason], sources, now)
    kept = (~judged.silent | (judged.reason != 0)) & ~beyond
    frames = batch.index[kept].tolist()
    for index, _ in batch.faults:
        if budget.grants(sources[index], len(batch.frames[index]), now):
            frames.append(index)
        else:
            metrics.PACKETS.labels("dropped").inc()
    return Admitted(sorted(frames), (judged.reason != _PASSWORD) & ~beyond, judged.believed)


def _encrypted(batch: Batch) -> NDArray[np.bool_]:
    """Which packets came sealed with SM4; such are always read by themselves."""
    mask = np.zeros(len(batch), dtype=np.bool_)
    for row, packet in batch.careful.items():
        mask[row] = packet.encrypted
    return mask


def _observations(
    batch: Batch,
    registry: _Registry,
    point: NDArray[np.int64],
    trusted: NDArray[np.bool_],
    commands: NDArray[np.bytes_],
    command_of: NDArray[np.intp],
) -> tuple[pl.DataFrame, dict[int, set[str]]]:
    """Rows for the store (column ``row``: the packet's), and unknown factor codes by packet."""
    unknown: dict[int, set[str]] = {}
    chosen = np.flatnonzero(trusted[batch.packet])
    if not chosen.size:
        return _with_texts(batch, trusted, point, pl.DataFrame(schema=_SCHEMA)), unknown
    packet = batch.packet[chosen]
    code, statistic, value = batch.code[chosen], batch.field[chosen], batch.value[chosen]

    slot_of = np.array([_slot(name) for name in batch.fields], dtype=np.int64)
    own_of = np.array([_own(name) for name in batch.fields], dtype=np.int64)
    slot, own = slot_of[statistic], own_of[statistic]
    wanted = slot >= 0
    if not wanted.all():
        packet, code, value = packet[wanted], code[wanted], value[wanted]
        slot, own = slot[wanted], own[wanted]
        chosen = chosen[wanted]
    if not chosen.size:
        return _with_texts(batch, trusted, point, pl.DataFrame(schema=_SCHEMA)), unknown

    # One observation a packet, factor and own statistic; its values mostly stand side by side.
    width = len(_OWN) + 1
    quantity = code.astype(np.int64) * width + own
    key = packet.astype(np.int64) * (len(batch.codes) * width) + quantity
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    group = np.cumsum(np.concatenate(([0], (key[1:] != key[:-1]).astype(np.intp))))
    ordered = np.sort(key[first])
    if (ordered[1:] == ordered[:-1]).any():
        _, first, group = np.unique(key, return_index=True, return_inverse=True)
    count = first.size
    rows = packet[first]

    columns: dict[str, Any] = {}
    for number, name in enumerate(_KEPT):
        here = slot == number
        if not here.any():
            continue
        filled = np.full(count, np.nan)
        filled[group[here]] = value[here]
        columns[name] = filled
    decimals = np.full(count, -1, dtype=np.int16)
    is_value = slot == 0
    decimals[group[is_value]] = batch.decimals[chosen][is_value]

    kinds = registry.source.kinds
    names, codes_here = np.unique(quantity[first], return_inverse=True)
    texts = [_parameter_name(batch.codes[n // width], int(n % width)) for n in names.tolist()]
    recognised = np.array([_recognised(text) for text in texts], dtype=bool)[codes_here]
    if not recognised.all():
        keep = np.ones(count, dtype=bool)
        for at in np.flatnonzero(~recognised).tolist():
            row, text = int(rows[at]), texts[codes_here[at]]
            number = int(point[row])
            if (number, text) in registry.declared or parameters.known(text, kinds[number]):
                continue
            keep[at] = False
            unknown.setdefault(row, set()).add(text)
        first, rows = first[keep], rows[keep]
        codes_here, decimals = codes_here[keep], decimals[keep]
        columns = {name: column[keep] for name, column in columns.items()}
        count = first.size
    of_point = point[rows]

    index = np.array([registry.parameters.get(text, -1) for text in texts], dtype=np.int64)
    position = registry.positions(of_point, index[codes_here])
    _convert(columns, position, registry)

    series = np.array(
        [_SERIES_NAMES.index(_SERIES.get(cn, ("raw", 0))[0]) for cn in commands.tolist()]
    )[command_of][rows]
    seconds = np.array([_SERIES.get(cn, ("raw", 0))[1] or 0 for cn in commands.tolist()])[
        command_of
    ][rows]
    own_interval = np.array([_SERIES.get(cn, ("raw", 0))[1] is None for cn in commands.tolist()])[
        command_of
    ][rows]
    if own_interval.any():
        numbers, inverse = np.unique(of_point, return_inverse=True)
        usual = np.array([registry.minute_seconds.get(n, 600) for n in numbers.tolist()])[inverse]
        seconds = np.where(own_interval, usual, seconds)

    table = pl.DataFrame(
        {
            "row": rows.astype(np.int64),
            "point": of_point,
            "parameter": pl.Series(texts, dtype=pl.String).gather(codes_here),
            "start": batch.data_time[rows].astype("datetime64[us]"),
            "seconds": seconds.astype(np.int32),
            "series": pl.Series(_SERIES_NAMES).gather(series),
            **{name: columns[name] for name in _KEPT if name in columns},
            "decimals": decimals.astype(np.int8),
            "flag": _flags(batch.data_flag[chosen[first]]),
        }
    )
    table = pl.concat([pl.DataFrame(schema=_SCHEMA), table], how="diagonal_relaxed")
    table = table.with_columns(
        pl.col(*_KEPT).fill_nan(None),
        pl.col("layer").fill_null(0),
        pl.when(pl.col("decimals") >= 0).then("decimals"),
    )
    checked = _checks(table, columns.get("value"), position, registry)
    if checked is not None:
        table = pl.concat([table, checked])
    return _with_texts(batch, trusted, point, table), unknown


_SCHEMA: dict[str, Any] = {
    "row": pl.Int64,
    "point": pl.Int64,
    "parameter": pl.String,
    "start": pl.Datetime("us"),
    "seconds": pl.Int32,
    "series": pl.String,
    **dict.fromkeys(_KEPT, pl.Float64),
    "decimals": pl.Int8,
    "text": pl.String,
    "flag": pl.String,
    "layer": pl.Int8,
    "rule": pl.String,
    "reason": pl.String,
}


def _slot(statistic: str) -> int:
    return _KEPT.index(_COLUMNS[statistic]) if statistic in _COLUMNS else -1


def _own(statistic: str) -> int:
    return _OWN.index(statistic) + 1 if statistic in _OWN else 0


def _parameter_name(code: str, own: int) -> str:
    modern = codes.modern_code(code)
    return f"{modern}{STATE_MARK}{_OWN[own - 1]}" if own else modern


def _recognised(parameter: str) -> bool:
    return STATE_MARK in parameter or codes.factor(parameter) is not None


def _flags(marks: NDArray[np.bytes_]) -> pl.Series:
    found, inverse = np.unique(marks.view("<u4"), return_inverse=True)
    texts = [
        int(mark).to_bytes(4, "little").rstrip(b"\0").decode("ascii").upper() or None
        for mark in found
    ]
    return pl.Series(texts, dtype=pl.String).gather(inverse)


def _convert(columns: dict[str, Any], position: NDArray[np.intp], registry: _Registry) -> None:
    """Bring values to the stored unit; totals (Cou) have a unit of their own and stay."""
    if not registry.keys.size:
        return
    up, down = registry.numerator[position], registry.denominator[position]
    at = np.flatnonzero((position >= 0) & (up != down))
    if not at.size:
        return
    for name in _KEPT:
        if name in columns and name != "total":
            moved = columns[name][at] * up[at] / down[at]
            with np.errstate(invalid="ignore"):
                size = np.where(moved == 0, 1.0, np.abs(moved))
                scale = 10.0 ** (11 - np.floor(np.log10(size)))
            # Twelve digits: what a device sends has fewer, the rest is binary noise.
            columns[name][at] = np.where(np.isnan(moved), np.nan, np.rint(moved * scale) / scale)


def _checks(
    table: pl.DataFrame,
    value: NDArray[np.float64] | None,
    position: NDArray[np.intp],
    registry: _Registry,
) -> pl.DataFrame | None:
    """Second rows, on the layer of automatic checks, for values an instrument cannot have measured."""
    if value is None or not registry.keys.size:
        return None
    low, high = registry.low[position], registry.high[position]
    with np.errstate(invalid="ignore"):
        wrong = (position >= 0) & ((value < low) | (value > high))
    at = np.flatnonzero(wrong)
    if not at.size:
        return None
    return table[at.tolist()].with_columns(
        *check_verdict(pl.Series(value[at]), pl.Series(low[at]), pl.Series(high[at])),
        pl.lit(int(Layer.CHECK), dtype=pl.Int8).alias("layer"),
    )


def check_verdict(value: pl.Series, low: pl.Series, high: pl.Series) -> list[pl.Series]:
    """Columns ``flag``, ``rule``, ``reason`` for values outside ``low`` … ``high``."""
    negative = ((value < 0) & (low >= 0)).to_list()
    return [
        pl.Series("flag", ["negative" if n else "range" for n in negative]),
        pl.Series("rule", ["check.negative" if n else "check.range" for n in negative]),
        pl.Series(
            "reason",
            [
                f"{v:g} 为负值" if n else f"{v:g} 超出量程 {a:g}～{b:g}"
                for v, a, b, n in zip(value, low, high, negative, strict=True)
            ],
        ),
    ]


def _with_texts(
    batch: Batch, trusted: NDArray[np.bool_], point: NDArray[np.int64], table: pl.DataFrame
) -> pl.DataFrame:
    """``table`` with the texts that only the careful codec read: device information, serial numbers."""
    rows: list[dict[str, Any]] = []
    for row, packet in batch.careful.items():
        if not trusted[row] or packet.data_time is None:
            continue
        rows += _texts(packet, row, int(point[row]))
    if not rows:
        return table
    return pl.concat([table, pl.DataFrame(rows, schema=_SCHEMA, orient="row")])


def _texts(packet: Packet, row: int, point: int) -> list[dict[str, Any]]:
    common = {
        "row": row,
        "point": point,
        "start": packet.data_time,
        "seconds": 0,
        "series": "raw",
        "layer": 0,
    }
    found = [
        {
            **common,
            "parameter": f"{value.code}{STATE_MARK}{value.field}",
            "text": value.text,
            "flag": value.flag,
        }
        for value in packet.values
        if isinstance(value.value, str)
    ]
    if restart := packet.fields.get("RestartTime"):
        found.append({**common, "parameter": f"RestartTime{STATE_MARK}Info", "text": restart})
    return found


# -- tables -> store -----------------------------------------------------------------------------


def digest(frame: bytes) -> bytes:
    """What makes two frames the same packet: the data segment without its resend mark."""
    segment = frame.rstrip(b"\r\n")[6:-4].replace(b"RF=1;", b"", 1)
    # The processors of today have instructions for SHA-256.
    return hashlib.sha256(segment).digest()[:16]


def _frames_table(
    batch: Batch, prepared: Prepared, sources: Sequence[str], now: datetime
) -> pl.DataFrame:
    kept = prepared.kept
    index = batch.index[kept].tolist()
    reason = prepared.reason[kept].tolist()
    qn = pl.Series(batch.qn[kept].astype("U"))
    moment = qn.str.slice(0, 14).str.to_datetime("%Y%m%d%H%M%S", strict=False, time_unit="us")
    thousandths = qn.str.slice(14).cast(pl.Int64, strict=False)
    table = pl.DataFrame(
        {
            "digest": pl.Series([digest(batch.frames[i]) for i in index], dtype=pl.Binary),
            "raw": pl.Series([batch.frames[i] for i in index], dtype=pl.Binary),
            "mn": batch.mn[kept].astype("U"),
            "qn": qn,
            "cn": batch.cn[kept].astype("U"),
            "st": batch.st[kept].astype("U"),
            "status": pl.Series(
                ["quarantined" if r else "accepted" for r in reason], dtype=pl.String
            ),
            "reason": pl.Series([r or None for r in reason], dtype=pl.String),
            "connection": pl.Series([sources[i] for i in index], dtype=pl.String),
            "moment": moment,
            "thousandths": thousandths,
            "data_time": batch.data_time[kept].astype("datetime64[us]"),
        }
    )
    return table.select(
        pl.lit(now).dt.cast_time_unit("us").alias("received_at"),
        "digest",
        "raw",
        pl.coalesce(
            pl.when(pl.col("qn").str.len_bytes() == 17).then(
                pl.col("moment") + pl.duration(milliseconds="thousandths")
            ),
            # A device of 2005 may have no QN; its DataTime is the same in every copy.
            "data_time",
        ).alias("dated"),
        *(pl.when(pl.col(name) != "").then(name).alias(name) for name in ("mn", "qn", "cn", "st")),
        "status",
        "reason",
        "connection",
    )


class Budget:
    """How much of what nobody vouches for may be left in quarantine an hour: by an address, and by all.

    Such are frames that cannot be read, of an unknown MN, with a wrong password or for a point that is switched off.
    """

    def __init__(self, *, frames: int, octets: int, frames_of_all: int, octets_of_all: int) -> None:
        self.of_one = (frames, octets)
        self.of_all = (frames_of_all, octets_of_all)
        self._hour: datetime | None = None
        self._used: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def grants(self, source: str, size: int, now: datetime) -> bool:
        """Whether one more frame of ``size`` bytes may be kept."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        address = source.rpartition(":")[0]
        with self._lock:
            if hour != self._hour:
                self._hour, self._used = hour, {}
            for key, (most, most_octets) in ((address, self.of_one), ("", self.of_all)):
                count, octets = self._used.get(key, (0, 0))
                if count >= most or octets + size > most_octets:
                    return False
            for key in (address, ""):
                count, octets = self._used.get(key, (0, 0))
                self._used[key] = (count + 1, octets + size)
        return True


budget = Budget(frames=5_000, octets=8 << 20, frames_of_all=50_000, octets_of_all=32 << 20)
_UNVOUCHED = frozenset({"mn", "disabled", "password"})


def _over_budget(
    batch: Batch, reasons: NDArray[np.object_], sources: Sequence[str], now: datetime
) -> NDArray[np.bool_]:
    """Packets that are neither kept nor acknowledged, for too many of their sort came before."""
    beyond = np.zeros(len(batch), dtype=np.bool_)
    doubtful = np.isin(reasons, list(_UNVOUCHED))
    if not doubtful.any():
        return beyond
    for row in np.flatnonzero(doubtful).tolist():
        index = int(batch.index[row])
        beyond[row] = not budget.grants(sources[index], len(batch.frames[index]), now)
    metrics.PACKETS.labels("dropped").inc(int(beyond.sum()))
    return beyond


def _faults_table(
    batch: Batch, sources: Sequence[str], now: datetime, budgeted: bool
) -> pl.DataFrame:
    rows = []
    for index, packet in batch.faults:
        frame = bytes(batch.frames[index])
        if budgeted and not budget.grants(sources[index], len(frame), now):
            metrics.PACKETS.labels("dropped").inc()
            continue
        rows.append(
            {
                "received_at": now,
                "digest": hashlib.blake2b(frame, digest_size=16).digest(),
                "raw": frame,
                "dated": None,
                "mn": packet.mn[:32] or None,
                "qn": packet.qn[:20] or None,
                "cn": packet.cn[:4] or None,
                "st": packet.st[:2] or None,
                "status": "quarantined",
                "reason": ",".join(packet.errors),
                "connection": sources[index],
            }
        )
    return pl.DataFrame(rows, schema=_FRAME_SCHEMA, orient="row")


_FRAME_SCHEMA: dict[str, Any] = {
    "received_at": pl.Datetime("us"),
    "digest": pl.Binary,
    "raw": pl.Binary,
    "dated": pl.Datetime("us"),
    **dict.fromkeys(("mn", "qn", "cn", "st", "status", "reason", "connection"), pl.String),
}

last_seen: dict[int, datetime] = {}
"""Point -> when it last sent anything that was accepted, as far as this process knows."""
last_ahead: dict[int, datetime] = {}
"""Point -> when it last sent something dated ahead of this machine's clock."""


def note(topic: str, payload: dict[str, Any]) -> None:
    """A live event of another process: what it stored is work for this one, and a sign of life of its points."""
    if topic == "observation":
        runtime.arrived.set()
        now = times.now()
        for point in payload.get("points", ()):
            last_seen[int(point)] = now


def take(
    batch: Batch,
    sources: Sequence[str],
    now: datetime | None = None,
    *,
    before_commit: Callable[[], None] | None = None,
    rewritten: Callable[[pl.DataFrame], None] | None = None,
    budgeted: bool = True,
) -> Taken:
    """Store a batch durably. ``sources``: where each *frame* came from. Raises what the store raises.

    ``before_commit`` is called when all is prepared, just before the store is asked to append. ``rewritten`` is
    told of past values that a device reported anew (:func:`.rewrites.find`), when they are stored. ``budgeted``:
    false where the gateway has looked at the budget already (:func:`admit`).
    """
    begun = time.perf_counter()
    at = now or times.now()
    prepared = prepare(batch, current_registry(), at)
    beyond = (
        _over_budget(batch, prepared.reason, sources, at)
        if budgeted
        else np.zeros(len(batch), dtype=np.bool_)
    )
    if beyond.any():
        prepared = replace(prepared, kept=prepared.kept[~beyond[prepared.kept]])
    if before_commit is not None:
        before_commit()
    store = runtime.store()
    changed = rewrites.find(store, prepared.observations, at)
    if not changed.is_empty():
        prepared = _put_aside(prepared, changed)
    frames = _frames_table(batch, prepared, sources, at)
    if batch.faults:
        frames = pl.concat([frames, _faults_table(batch, sources, at, budgeted)])
    acknowledge = (prepared.reason != "password") & ~beyond
    if frames.is_empty():
        return Taken(acknowledge, prepared.believed, 0, 0, 0, 0)
    frame_of_row = np.full(len(batch), 0, dtype=np.uint32)
    frame_of_row[prepared.kept] = np.arange(prepared.kept.size, dtype=np.uint32)
    observations = None
    if not prepared.observations.is_empty():
        observations = prepared.observations.with_columns(
            pl.Series("frame", frame_of_row[prepared.observations["row"].to_numpy()])
        ).drop("row")
    receipt = store.append(frames, observations)
    runtime.arrived.set()
    if not changed.is_empty():
        # What came before as the same packet was told then.
        new_rows = frame_of_row[changed["row"].to_numpy()]
        fresh = changed.filter(pl.Series(receipt.new[new_rows]))
        if not fresh.is_empty() and rewritten is not None:
            rewritten(fresh)
    for point in prepared.points:
        last_seen[point] = at
    for point in prepared.ahead:
        last_ahead[point] = at
    new = receipt.new
    reasons = frames["reason"].to_numpy()
    quarantined = 0
    for reason in reasons[new & np.array([r is not None for r in reasons], dtype=bool)]:
        quarantined += 1
        metrics.QUARANTINED.labels(str(reason).split(":")[0].split(",")[0]).inc()
    stored, duplicates = int(new.sum()), int((~new).sum())
    metrics.PACKETS.labels("accepted").inc(stored - quarantined)
    metrics.PACKETS.labels("quarantined").inc(quarantined)
    metrics.DUPLICATES.inc(duplicates)
    metrics.OBSERVATIONS.inc(receipt.observations)
    metrics.STORE_SECONDS.observe(time.perf_counter() - begun)
    if stored > quarantined and prepared.points:
        events.publish("observation", {"points": sorted(prepared.points)})
    if quarantined:
        events.publish("arrival", {"quarantined": quarantined})
    return Taken(
        acknowledge, prepared.believed, stored, duplicates, quarantined, receipt.observations
    )


def _put_aside(prepared: Prepared, changed: pl.DataFrame) -> Prepared:
    """Quarantine the packets that report days-old values anew, with all their values."""
    late = changed.filter("late")["row"].unique()
    if late.is_empty():
        return prepared
    reason = prepared.reason.copy()
    reason[late.to_numpy()] = _REASONS[_REWRITE]
    return replace(
        prepared,
        reason=reason,
        observations=prepared.observations.filter(~pl.col("row").is_in(late.implode())),
    )


class _InTurn:
    """Lets threads through in the order of their numbers, whatever order they come in."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._next = 0
        self._moved = threading.Condition()

    def number(self) -> int:
        """The next number; each must pass through :meth:`pass_on` in the end."""
        return next(self._numbers)

    def wait(self, number: int) -> None:
        """Until all before ``number`` are through."""
        with self._moved:
            self._moved.wait_for(lambda: self._next == number)

    def pass_on(self, number: int) -> None:
        """``number`` is through, well or not."""
        with self._moved:
            self._moved.wait_for(lambda: self._next == number)
            self._next += 1
            self._moved.notify_all()


class Ingest:
    """Handler of a gateway: prepares a batch in a thread while the one before it is being committed.

    Batches are committed in the order they came in: of two values for one period the later must speak.
    """

    def __init__(self, rewritten: Callable[[pl.DataFrame], None] | None = None) -> None:
        self._rewritten = rewritten
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="ingest")
        self._turn = _InTurn()
        self.last_batch: datetime | None = None

    async def __call__(self, batch: Batch, connections: Sequence[Any]) -> Verdict:
        sources = [f"tcp {connection.peer}" for connection in connections]
        loop = asyncio.get_running_loop()
        number = self._turn.number()
        taken = await loop.run_in_executor(self._threads, self._take, batch, sources, number)
        self.last_batch = times.now()
        return Verdict(taken.acknowledge, taken.believed)

    def _take(self, batch: Batch, sources: Sequence[str], number: int) -> Taken:
        try:
            return take(
                batch,
                sources,
                before_commit=lambda: self._turn.wait(number),
                rewritten=self._rewritten,
            )
        finally:
            self._turn.pass_on(number)
            close_old_connections()

    def close(self) -> None:
        """Wait for the batches in hand."""
        self._threads.shutdown(wait=True)


# -- quarantine ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one quarantined frame: ``ok``, or why it stays (``reason``)."""

    frame_id: int
    ok: bool
    reason: str
    observations: int


def replay(frame_ids: Iterable[int], person: Person | None = None) -> list[Replayed]:
    """Read quarantined frames again, now that the cause may be gone.

    Factors stored at the first try are not stored twice. A frame that still cannot be used stays in
    quarantine with its present reason. Numbers that are unknown or not in quarantine are reported so.
    """
    store = runtime.store()
    decoder = BatchDecoder()
    points.forget()
    registry = current_registry()
    results = []
    for frame_id in frame_ids:
        try:
            frame = store.frame(frame_id)
        except KeyError:
            results.append(
                Replayed(frame_id, ok=False, reason="没有这个编号的报文", observations=0)
            )
            continue
        if frame.status != "quarantined":
            results.append(Replayed(frame_id, ok=False, reason="报文不在隔离区", observations=0))
            continue
        batch = decoder([frame.raw], key=key_of)
        if batch.faults:
            reason = ",".join(batch.faults[0][1].errors)
            results.append(_kept_in_quarantine(frame_id, frame.reason, reason))
            continue
        prepared = prepare(batch, registry, times.now())
        reason = str(prepared.reason[0])
        stored = _append_missing(prepared.observations, frame_id)
        if reason:
            results.append(_kept_in_quarantine(frame_id, frame.reason, reason, stored))
            continue
        store.mark_frame(frame_id, "replayed", frame.reason)
        results.append(Replayed(frame_id, ok=True, reason="", observations=stored))
    if results:
        audit.record(
            person,
            "frames replayed",
            details={
                "frames": [r.frame_id for r in results],
                "ok": [r.frame_id for r in results if r.ok],
            },
        )
    return results


def _kept_in_quarantine(
    frame_id: int, before: str | None, reason: str, observations: int = 0
) -> Replayed:
    # What gave values keeps saying so: such frames are never let go.
    if reason != before and not (before or "").startswith("code"):
        runtime.store().mark_frame(frame_id, "quarantined", reason)
    return Replayed(frame_id, ok=False, reason=reason, observations=observations)


def _append_missing(observations: pl.DataFrame, frame_id: int) -> int:
    """Store the rows of a frame that are not there yet."""
    if observations.is_empty():
        return 0
    store = runtime.store()
    begin, end = observations["start"].min(), observations["start"].max()
    there = store.read(
        observations["point"].unique().to_list(),
        observations["parameter"].unique().to_list(),
        observations["series"].unique().to_list(),
        begin,  # type: ignore[arg-type]
        end + timedelta(seconds=1),  # type: ignore[operator, arg-type]
        columns=("point", "parameter", "series", "start", "layer", "frame_id"),
        revisions=True,
    ).filter(pl.col("frame_id") == frame_id)
    new = observations.join(
        there, on=["point", "parameter", "series", "start", "layer"], how="anti"
    ).drop("row")
    if new.is_empty():
        return 0
    return store.append(
        observations=new.with_columns(pl.lit(frame_id, dtype=pl.Int64).alias("frame_id"))
    ).observations
