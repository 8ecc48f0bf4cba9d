"""The device's side: a connection that tracks acknowledgements, and a device that answers requests.

For the demonstration, for tests, and for whoever has to check a platform.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from .assemble import split
from .codes import COMMANDS, PROTOCOL, Edition
from .decoding import Key, decode
from .dialogue import QnSource, Timing, flag_of, reply
from .encoding import encode
from .frames import FrameReader
from .packet import Packet, Value
from .times import china_now, format_time, parse_time


class UnacknowledgedError(Exception):
    """A packet was sent as often as allowed and never acknowledged."""


class _Wire(asyncio.Protocol):
    def __init__(self, client: Client) -> None:
        self.client = client
        self.reader = FrameReader()

    def data_received(self, data: bytes) -> None:
        for frame in self.reader.feed(data):
            self.client._received(decode(frame, key=self.client.key))

    def connection_lost(self, exc: Exception | None) -> None:
        self.client._lost()

    def pause_writing(self) -> None:
        self.client._writable.clear()

    def resume_writing(self) -> None:
        self.client._writable.set()


class Client:
    """One connection to a platform.

    ``on_request`` is called with each packet that is no reply and gives the packets to send in return.
    """

    def __init__(
        self,
        *,
        timing: Timing | None = None,
        on_request: Callable[[Packet], Iterable[Packet]] | None = None,
        key: Key = None,
    ) -> None:
        self.timing = timing or Timing()
        self.on_request = on_request
        self.key = key
        self.sent = 0
        self.resent = 0
        self.acknowledged = 0
        self.closed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[tuple[str, str], asyncio.Future[Packet]] = {}

    async def connect(self, host: str, port: int) -> Client:
        """Connect; raises ``OSError`` when that fails."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: _Wire(self), host, port)
        return self

    async def close(self) -> None:
        """Close the connection and wait until it is."""
        if self._transport is not None:
            self._transport.close()
            await self.closed.wait()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def write(self, frame: bytes) -> None:
        """Send bytes as they are. Raises ``ConnectionError`` when the connection is gone."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("连接已断开")
        self._transport.write(frame)

    async def send(
        self, packet: Packet, *, key: bytes | None = None, frame: bytes | None = None
    ) -> Packet | None:
        """Send a packet; its acknowledgement (9014 or 9013) when it wants one, else None at once.

        Sends again after each timeout; raises :class:`UnacknowledgedError` after the last and
        ``ConnectionError`` when the connection is gone. ``key`` encrypts; ``frame`` goes out instead of
        the packet's own encoding.
        """
        frame = frame or encode(packet, key=key)
        await self._writable.wait()
        if not packet.ack:
            self.write(frame)
            self.sent += 1
            return None
        subject = (packet.mn, packet.answers)
        future: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
        self._waiting[subject] = future
        try:
            for attempt in range(self.timing.resends + 1):
                self.write(frame)
                self.sent += 1
                self.resent += attempt > 0
                # Not wait_for: in Python 3.11 it swallows a cancellation that meets the answer.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.timing.timeout):
                        return await asyncio.shield(future)
            raise UnacknowledgedError(
                f"{packet.mn} 的报文 {packet.qn} 发送 {attempt + 1} 次未获应答"
            )
        finally:
            self._waiting.pop(subject, None)
            future.cancel()

    def _received(self, packet: Packet) -> None:
        if packet.is_reply:
            future = self._waiting.get((packet.mn, packet.answers))
            if packet.ok and packet.cn in ("9013", "9014") and future and not future.done():
                self.acknowledged += 1
                future.set_result(packet)
        elif self.on_request is not None:
            for answer in self.on_request(packet):
                self.write(encode(answer))

    def _lost(self) -> None:
        self.closed.set()
        self._writable.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("连接已断开"))
                future.exception()  # whoever waits gets it; nobody has to


Readings = Callable[[datetime], Sequence[Value]]
Stored = Callable[[str, datetime, datetime], Iterable[tuple[datetime, Sequence[Value]]]]


def _nothing(cn: str, begin: datetime, end: datetime) -> list[tuple[datetime, Sequence[Value]]]:
    return []


def _no_readings(time: datetime) -> list[Value]:
    return []


@dataclass(slots=True)
class Device:
    """A device as the standard describes it: it uploads, keeps settings and answers requests.

    ``readings(time)`` gives the values of a real-time packet, ``stored(cn, begin, end)`` those kept from
    the past (2031, 2041, 2051, 2061), each with the start of its period.
    """

    mn: str
    st: str = "32"
    pw: str = "123456"
    edition: Edition = 2017
    readings: Readings = _no_readings
    stored: Stored = _nothing
    real_time_interval: int = 30
    minute_interval: int = 10
    timeout: int = 10
    resends: int = 3
    clock_offset: timedelta = timedelta()
    watching: bool = True  # sends real-time data until told to stop (2012)
    watching_state: bool = True
    settings: dict[str, str] = field(default_factory=dict)  # what 3016, 3021 and others set
    serial: str = "010000A8900016F000169DC1"
    done: list[str] = field(default_factory=list)  # control commands carried out
    qns: QnSource = field(default_factory=QnSource)

    def now(self) -> datetime:
        """The device's own clock."""
        return (china_now() + self.clock_offset).replace(microsecond=0)

    def packet(
        self,
        cn: str,
        *,
        time: datetime | None = None,
        values: Sequence[Value] = (),
        fields: dict[str, str] | None = None,
        ack: bool = True,
        resend: bool = False,
    ) -> Packet:
        """A packet of this device under a new QN."""
        return Packet(
            st=self.st,
            cn=cn,
            mn=self.mn,
            pw=self.pw,
            qn=self.qns(china_now() + self.clock_offset),
            flag=flag_of(self.edition, ack=ack),
            data_time=time,
            values=tuple(values),
            fields=fields or {},
            resend=resend,
        )

    def uploads(
        self, cn: str, time: datetime, values: Sequence[Value], *, ack: bool = True
    ) -> list[Packet]:
        """Data as one packet, or as several when it is too large for one."""
        whole = self.packet(cn, time=time, values=values, ack=ack)
        return split(whole, lambda: self.qns(china_now() + self.clock_offset))

    def heartbeat(self) -> Packet:
        """9015 (edition of 2025), answered by 9013."""
        return replace(self.packet("9015"), st="91")

    def respond(self, request: Packet) -> list[Packet]:
        """What the device sends in return for a request or notification from the platform."""
        known = COMMANDS.get(request.cn)
        if known is not None and known.kind == "notify":
            if request.cn == "2012":
                self.watching = False
            elif request.cn == "2022":
                self.watching_state = False
            return [reply(request, "9013")] if request.ack else []
        refused = self._refusal(request)
        if refused:
            return [reply(request, "9011", {"QnRtn": refused})]
        try:
            packets, result = self._carry_out(request)
        except ValueError:
            packets, result = [], "3"
        return [
            reply(request, "9011", {"QnRtn": "1"}),
            *packets,
            reply(request, "9012", {"ExeRtn": result}),
        ]

    def _refusal(self, request: Packet) -> str | None:
        """QnRtn of a request that is refused."""
        known = COMMANDS.get(request.cn)
        if request.errors:
            return "9" if "crc" in request.errors else "100"
        if request.mn != self.mn:
            return "4"
        if request.pw != self.pw:
            return "3"
        if known is None or "U" not in known.direction:
            return "8"
        return None

    def _data(self, request: Packet, fields: dict[str, str], *values: Value) -> Packet:
        """The answer that carries what was asked for: the request's QN, ST and CN, no ack."""
        asked = {name: text for name, text in request.fields.items() if name == "PolId"}
        return replace(
            request,
            flag=flag_of(self.edition),
            fields={**asked, **fields},
            values=values,
            raw=b"",
            warnings=(),
            notes=(),
        )

    def _carry_out(self, request: Packet) -> tuple[list[Packet], str]:
        """Packets to send and ExeRtn."""
        fields = request.fields
        match request.cn:
            case "1000":
                self.timeout = _within("OverTime", fields)
                self.resends = _within("ReCount", fields)
            case "1011":
                return [self._data(request, {"SystemTime": format_time(self.now())})], "1"
            case "1012":
                time = parse_time(fields.get("SystemTime", ""))
                if time is None:
                    return [], "3"
                self.clock_offset = time - china_now().replace(microsecond=0)
            case "1061":
                return [self._data(request, {"RtdInterval": str(self.real_time_interval)})], "1"
            case "1062":
                self.real_time_interval = _within("RtdInterval", fields)
            case "1063":
                return [self._data(request, {"MinInterval": str(self.minute_interval)})], "1"
            case "1064":
                self.minute_interval = _within("MinInterval", fields)
            case "1072":
                if len(fields.get("NewPW", "")) != 6:
                    return [], "3"
                self.pw = fields["NewPW"]
            case "2011":
                self.watching = True
                time = self.now()
                return self.uploads("2011", time, self.readings(time), ack=False), "1"
            case "2021":
                self.watching_state = True
            case "2031" | "2041" | "2051" | "2061":
                return self._history(request)
            case "3015" | "3022":
                self.done.append(request.cn)
                fields = {"DataTime": format_time(self.now()), "VaseNo": "1"}
                return [self._data(request, fields)], "1"
            case "3016" | "3021" | "1002" | "1014":
                self.settings.update(fields)
                self.settings.update(
                    {f"{value.code}-{value.field}": value.text for value in request.values}
                )
            case "3017":
                start = self.settings.get("CstartTime", "000000")
                hours = self.settings.get("Ctime", "2")
                return [self._data(request, {"CstartTime": start, "Ctime": hours})], "1"
            case "3018":
                return [self._data(request, {"Stime": self.settings.get("Stime", "40")})], "1"
            case "3019":
                code = fields.get("PolId", "")
                if not code:
                    return [], "3"
                return [self._data(request, {}, Value(code, "SN", self.serial))], "1"
            case "3020":
                code = fields.get("InfoId", "")
                text = self.settings.get(f"{code}-Info")
                if text is None:
                    return [], "100"
                answer = self._data(request, {}, Value(code, "Info", text))
                return [replace(answer, data_time=self.now())], "1"
            case _:
                self.done.append(request.cn)
        return [], "1"

    def _history(self, request: Packet) -> tuple[list[Packet], str]:
        begin = parse_time(request.fields.get("BeginTime", ""))
        end = parse_time(request.fields.get("EndTime", ""))
        if begin is None or end is None or end < begin:
            return [], "3"
        packets: list[Packet] = []
        for time, values in self.stored(request.cn, begin, end):
            packets += self.uploads(request.cn, time, values, ack=False)
        return packets, "1" if packets else "100"

    async def run(
        self,
        host: str,
        port: int,
        *,
        interval: float | None = None,
        heartbeat: float = 60.0,
        reconnect: float = 5.0,
    ) -> None:
        """Upload real-time data for ever, reconnecting after ``reconnect`` seconds; cancel to stop.

        ``interval`` overrides the device's own, in seconds; the edition of 2025 sends heartbeats.
        """
        loop = asyncio.get_running_loop()
        while True:
            client = Client(timing=Timing(self.timeout, self.resends), on_request=self.respond)
            try:
                await client.connect(host, port)
                next_beat = loop.time()
                while True:
                    if self.edition == 2025 and loop.time() >= next_beat:
                        await client.send(self.heartbeat())
                        next_beat = loop.time() + heartbeat
                    if self.watching:
                        time = self.now()
                        for packet in self.uploads("2011", time, self.readings(time)):
                            await client.send(packet)
                    await asyncio.sleep(interval or self.real_time_interval)
            except (OSError, UnacknowledgedError):
                await asyncio.sleep(reconnect)
            finally:
                await client.close()


def _within(name: str, fields: Mapping[str, str]) -> int:
    """A setting within the standard's range; ``ValueError`` otherwise."""
    text = fields.get(name, "")
    allowed: list[int] = PROTOCOL["ranges"][name]
    number = int(text)
    fits = number in allowed if len(allowed) > 2 else allowed[0] <= number <= allowed[1]
    if not fits:
        raise ValueError(f"{name}={text} is out of range")
    return number
