"""Whose each packet is, and what is wrong with it before its values are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ecoledger.hj212 import codes
from ecoledger.hj212.batch import Batch
from ecoledger.monitoring.arriving.registry import Registry
from ecoledger.monitoring.arriving.values import SERIES

AHEAD = timedelta(hours=1)
# No device speaks HJ/T 212 of before its first edition: a clock that fell back shows 1970 or 2000.
EARLIEST = datetime(2005, 1, 1)
# What a command tells of begins with a whole period; a mean dated within one would be no hour's and no day's.
_PERIODS = {b"2061": 3600, b"2031": 86400}


class Why(IntEnum):
    """What is wrong with a packet; by name in lower case in the store."""

    NOTHING = 0
    MN = 1
    DISABLED = 2
    PASSWORD = 3
    COMMAND = 4
    TIME = 5
    FUTURE = 6
    ANCIENT = 7
    CODE = 8
    VALUE = 9
    REWRITE = 10
    FLAG = 11


REASONS = np.array(["", *(why.name.lower() for why in Why if why)], dtype=object)


@dataclass(frozen=True)
class Judged:
    """Of each packet of a batch: whose it is, what is wrong with it before its values are read, and whether its
    sender has shown to be the device (``believed``) or only names it, and nothing speaks against it (``known``).
    ``silent``: says nothing worth a row; ``is_data``: brings values."""

    point: NDArray[np.int64]
    reason: NDArray[np.int8]
    known: NDArray[np.bool_]
    believed: NDArray[np.bool_]
    silent: NDArray[np.bool_]
    is_data: NDArray[np.bool_]
    commands: NDArray[np.bytes_]
    command_of: NDArray[np.intp]


def judge(batch: Batch, registry: Registry, now: datetime) -> Judged:
    """Identify and check every packet of a batch."""
    size = len(batch)
    numbers, inverse = np.unique(batch.mn, return_inverse=True)
    devices = [registry.by_mn.get(mn) for mn in numbers.tolist()]
    point = np.array([d[0] if d else -1 for d in devices], dtype=np.int64)[inverse]
    reason = np.zeros(size, dtype=np.int8)
    reason[point < 0] = Why.MN
    off = np.array([d is not None and not d[3] for d in devices], dtype=np.bool_)
    reason[off[inverse]] = Why.DISABLED
    passwords = np.array([d[2] if d else b"" for d in devices] or [b""], dtype="S32")[inverse]
    wrong = (point >= 0) & (passwords != b"") & (batch.pw != passwords)
    reason[wrong] = Why.PASSWORD
    # A frame that could not be opened with the device's key is no packet but a fault.
    sealed = np.array([d is not None and d[4] for d in devices] or [False], dtype=np.bool_)[inverse]
    if sealed.any():
        sealed = sealed & encrypted(batch)
    known = (point >= 0) & ~wrong & ~off[inverse]
    believed = known & ((passwords != b"") | sealed)

    commands, command_of = np.unique(batch.cn, return_inverse=True)
    kinds = [codes.COMMANDS.get(cn.decode()) for cn in commands.tolist()]
    reason[(reason == 0) & np.array([k is None for k in kinds], dtype=bool)[command_of]] = (
        Why.COMMAND
    )
    # Replies and heartbeats say nothing that is worth a row.
    silent = np.array(
        [k is not None and (k.kind == "reply" or k.code == "9015") for k in kinds], dtype=bool
    )[command_of]
    is_data = np.array([cn in SERIES for cn in commands.tolist()], dtype=bool)[command_of]

    when = batch.data_time
    dated = ~np.isnat(when)
    usable = reason == 0
    reason[usable & is_data & ~dated] = Why.TIME
    period = np.array([_PERIODS.get(cn, 1) for cn in commands.tolist()])[command_of]
    reason[usable & dated & (when.astype(np.int64) % period != 0)] = Why.TIME
    reason[usable & is_data & dated & (when > np.datetime64(now + AHEAD, "s"))] = Why.FUTURE
    reason[usable & is_data & dated & (when < np.datetime64(EARLIEST, "s"))] = Why.ANCIENT
    return Judged(point, reason, known, believed, silent, is_data, commands, command_of)


def encrypted(batch: Batch) -> NDArray[np.bool_]:
    """Which packets came sealed with SM4; such are always read by themselves."""
    mask = np.zeros(len(batch), dtype=np.bool_)
    for row, packet in batch.careful.items():
        mask[row] = packet.encrypted
    return mask
