r"""A CSV file sent to a platform as if by devices.

Every row needs ``mn``; ``time`` (start of the period, or instant; ISO or ``YYYYMMDDhhmmss``), ``st``
(default 32), ``cn`` (default 2011), ``pw`` (default 123456) and ``edition`` (default 2017) say the rest.
Then one of:

*wide*
    a column for each key of the CP area: ``a34004-Rtd``, ``a34004-Flag``, ``w01018-Avg`` ...; an empty
    cell is left out.
*long*
    columns ``code``, ``field``, ``value`` and perhaps ``flag``: one value a row; rows following one another
    with the same time, mn, st and cn make one packet.
*raw*
    a column ``raw`` with whole frames, written as ``decode`` prints them (``\xNN`` for bytes that are not
    UTF-8); they are sent as they are, and ``mn`` may be missing.
"""

from __future__ import annotations

import asyncio
import csv
import functools
import itertools
import time as clock
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TextIO

from .assemble import split
from .client import Client, UnacknowledgedError
from .codes import EDITIONS, STATISTICS, Edition
from .decoding import decode
from .dialogue import QnSource, Timing, flag_of
from .json_form import raw_bytes
from .packet import Packet, Value
from .times import china_now, parse_time

_OWN = ("time", "mn", "st", "cn", "pw", "edition", "raw", "code", "field", "value", "flag")


class LayoutError(ValueError):
    """A CSV file does not have the layout described above."""


@dataclass(frozen=True, slots=True)
class Record:
    """One packet to send; ``frame`` when it is to be sent as it stands."""

    time: datetime | None
    packet: Packet
    frame: bytes | None = None
    rows: int = 1


def _time(text: str, line: int) -> datetime | None:
    if not text:
        return None
    time = parse_time(text)
    if time is None:
        try:
            time = datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            raise LayoutError(f"第 {line} 行：time={text!r} 不是时间") from None
    return time


def _number(text: str, key: str, line: int) -> Decimal | str:
    statistic = STATISTICS.get(key)
    if statistic is not None and statistic.kind == "text":
        return text
    try:
        return Decimal(text)
    except InvalidOperation:
        raise LayoutError(f"第 {line} 行：{key}={text!r} 不是数") from None


def _values_of(row: Mapping[str, str], keys: list[tuple[str, str, str]], line: int) -> list[Value]:
    marks: dict[str, dict[str, str]] = {}
    numbers: list[tuple[str, str, str]] = []
    for key, code, name in keys:
        text = (row.get(key) or "").strip()
        if not text:
            continue
        if name in ("Flag", "EFlag", "SampleTime"):
            marks.setdefault(code, {})[name] = text
        else:
            numbers.append((code, name, text))
    values = []
    for code, name, text in numbers:
        mark = marks.get(code, {})
        values.append(
            Value(
                code,
                name,
                _number(text, name, line),
                flag=mark.get("Flag"),
                eflag=mark.get("EFlag"),
                sample_time=_time(mark.get("SampleTime", ""), line),
            )
        )
    return values


def _packet(row: Mapping[str, str], time: datetime | None, line: int) -> Packet:
    mn = (row.get("mn") or "").strip()
    if not mn:
        raise LayoutError(f"第 {line} 行：没有 mn")
    edition: Edition | None = None
    wanted = (row.get("edition") or "2017").strip()
    for known in EDITIONS:
        if wanted == str(known):
            edition = known  # type: ignore[assignment]
    if edition is None:
        raise LayoutError(f"第 {line} 行：edition={wanted!r} 不是 2005、2017、2025 之一")
    return Packet(
        st=row.get("st") or "32",
        cn=row.get("cn") or "2011",
        mn=mn,
        pw=row.get("pw") or "123456",
        flag=flag_of(edition, ack=True),
        data_time=time,
    )


def read_csv(file: TextIO) -> Iterator[Record]:
    """Packets of a CSV file, in its order. Raises :class:`LayoutError` naming the line."""
    reader = csv.DictReader(file)
    names = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    if "raw" in names:
        yield from _raw(reader)
        return
    if "mn" not in names:
        raise LayoutError("表头没有 mn 列（或 raw 列）")
    if {"code", "value"} <= set(names):
        yield from _long(reader)
        return
    keys = []
    for name in names:
        code, hyphen, suffix = name.rpartition("-")
        if hyphen and code:
            keys.append((name, code, suffix))
        elif name not in _OWN:
            raise LayoutError(
                f"不认识的列 {name!r}：应为因子列（如 a34004-Rtd）或 {', '.join(_OWN)}"
            )
    for row in reader:
        line = reader.line_num
        time = _time((row.get("time") or "").strip(), line)
        packet = _packet(row, time, line)
        yield Record(time, replace(packet, values=tuple(_values_of(row, keys, line))))


def _raw(reader: csv.DictReader[str]) -> Iterator[Record]:
    for row in reader:
        frame = raw_bytes(row["raw"] or "")
        packet = decode(frame)
        time = _time((row.get("time") or "").strip(), reader.line_num)
        yield Record(time or packet.data_time, packet, frame.rstrip(b"\r\n") + b"\r\n")


def _long(reader: csv.DictReader[str]) -> Iterator[Record]:
    def subject(numbered: tuple[int, dict[str, str]]) -> tuple[str | None, ...]:
        row = numbered[1]
        return tuple(row.get(name) for name in ("time", "mn", "st", "cn"))

    rows = ((reader.line_num, row) for row in reader)
    for _, group in itertools.groupby(rows, key=subject):
        members = list(group)
        line, first = members[0]
        time = _time((first.get("time") or "").strip(), line)
        values = [
            Value(
                row["code"],
                row.get("field") or "Rtd",
                _number(row["value"].strip(), row.get("field") or "Rtd", number),
                flag=row.get("flag") or None,
            )
            for number, row in members
            if (row.get("value") or "").strip()
        ]
        packet = replace(_packet(first, time, line), values=tuple(values))
        yield Record(time, packet, rows=len(members))


@dataclass(slots=True)
class Report:
    """What became of the packets. ``sent`` counts packets (each part of a split one), not resends."""

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    unanswered_by_design: int = 0  # packets that asked for no answer
    resent: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


async def replay(
    records: Iterable[Record],
    host: str,
    port: int,
    *,
    speed: float = 0.0,
    connections: int = 1,
    window: int = 64,
    timing: Timing | None = None,
    progress: Callable[[int], object] = lambda rows: None,
) -> Report:
    """Send records over ``connections`` connections, a device always over the same one.

    ``speed`` is a multiple of real time by the records' times, 0 as fast as possible; ``window`` packets
    at most wait for their answers on a connection. ``progress`` hears how many rows were dealt with.
    Raises ``OSError`` when no connection can be made.
    """
    report = Report()
    timing = timing or Timing()
    started = clock.monotonic()
    clients = [Client(timing=timing) for _ in range(max(1, connections))]
    rooms = [asyncio.Semaphore(window) for _ in clients]
    qns: dict[str, QnSource] = {}
    line_of: dict[str, int] = {}  # which connection a device uses
    tasks: set[asyncio.Task[None]] = set()
    first: datetime | None = None

    async def deliver(number: int, packet: Packet, frame: bytes | None) -> None:
        client, room = clients[number], rooms[number]
        try:
            if frame is not None and not packet.ack:
                client.write(frame)
                answer = None
            else:
                answer = await client.send(packet, frame=frame)
            if answer is not None:
                report.acknowledged += 1
            else:
                report.unanswered_by_design += 1
        except (ConnectionError, UnacknowledgedError, ValueError) as error:
            report.failed += 1
            if len(report.failures) < 20:
                report.failures.append(str(error))
        finally:
            room.release()

    try:
        await asyncio.gather(*(client.connect(host, port) for client in clients))
        for record in records:
            if speed > 0 and record.time is not None:
                first = first or record.time
                due = started + (record.time - first).total_seconds() / speed
                await asyncio.sleep(max(0.0, due - clock.monotonic()))
            packet = record.packet
            number = line_of.setdefault(packet.mn, len(line_of) % len(clients))
            parts = [packet]
            if record.frame is None:
                source = qns.setdefault(packet.mn, QnSource())
                base = record.time or china_now()
                parts = split(replace(packet, qn=source(base)), functools.partial(source, base))
            for part in parts:
                await rooms[number].acquire()
                report.sent += 1
                task = asyncio.create_task(deliver(number, part, record.frame))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            progress(record.rows)
        while tasks:
            await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        for client in clients:
            await client.close()
    report.resent = sum(client.resent for client in clients)
    report.seconds = clock.monotonic() - started
    return report
