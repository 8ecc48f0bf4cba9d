"""Exchanges of packets: requests, replies, timeouts, resends (HJ 212-2017 clause 6.4, table 1).

Request: platform sends a command -> device 9011 (QnRtn) -> data, if any -> device 9012 (ExeRtn).
Upload: device sends data -> platform 9014. Notification: one side tells -> the other 9013.
Nothing here touches a socket or a clock; the server and tests drive it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .codes import COMMANDS, EXECUTION_RESULTS, PROTOCOL, REQUEST_RESULTS, Edition
from .packet import Packet
from .times import format_qn, format_time, parse_time

INTERACTION = "91"  # ST of every reply

_DEFAULT = PROTOCOL["timeouts"]["default"]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for the first answer, how often to send again, how long for the result."""

    timeout: float = float(_DEFAULT["seconds"])
    resends: int = int(_DEFAULT["resends"])
    execution: float = 120.0


def flag_of(edition: Edition, *, ack: bool = False, numbered: bool = False) -> int:
    """Flag: version bits of the edition, bit 1 for PNUM and PNO, bit 0 for an answer wanted."""
    version = {2005: 0, 2017: 1, 2025: 2}[edition]
    return version << 2 | numbered << 1 | ack


def request(
    cn: str,
    mn: str,
    *,
    st: str,
    qn: str,
    pw: str = "123456",
    edition: Edition = 2017,
    fields: Mapping[str, str] | None = None,
) -> Packet:
    """A command for a device, wanting an answer."""
    return Packet(
        st=st,
        cn=cn,
        mn=mn,
        pw=pw,
        qn=qn,
        flag=flag_of(edition, ack=True),
        fields=dict(fields or {}),
    )


def history(begin: datetime, end: datetime) -> dict[str, str]:
    """Fields of a request for stored data (2031, 2041, 2051, 2061): both ends included."""
    if end < begin:
        raise ValueError(f"the end {end} lies before the beginning {begin}")
    return {"BeginTime": format_time(begin), "EndTime": format_time(end)}


def reply(packet: Packet, cn: str, fields: Mapping[str, str] | None = None) -> Packet:
    """The reply ``cn`` (9011..9014) to a packet: its QN, ST=91, Flag of its edition without ack.

    The edition of 2005 repeats the QN inside the CP area and not in the header (mark 1: device frames).
    """
    fields = dict(fields or {})
    qn = packet.answers
    if packet.edition == 2005 and qn:
        fields = {"QN": qn, **fields}
        qn = ""
    return Packet(
        st=INTERACTION,
        cn=cn,
        mn=packet.mn,
        pw=packet.pw,
        qn=qn,
        flag=flag_of(packet.edition),
        fields=fields,
    )


class QnSource:
    """Gives QNs that rise and never repeat, as near to the time as that allows."""

    def __init__(self) -> None:
        self._last = datetime(1, 1, 1)

    def __call__(self, time: datetime) -> str:
        time = time.replace(microsecond=time.microsecond // 1000 * 1000)
        if time <= self._last:
            time = self._last + timedelta(milliseconds=1)
        self._last = time
        return format_qn(time)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request.

    ``accepted`` is QnRtn (None: 9011 never came), ``executed`` ExeRtn (None: 9012 never came), ``packets``
    the data sent in answer, in order, ``sent`` how often the request went out.
    """

    request: Packet
    accepted: int | None
    executed: int | None
    packets: tuple[Packet, ...]
    sent: int
    acknowledged: bool = False  # a notification was answered with 9013

    @property
    def ok(self) -> bool:
        return self.acknowledged or self.executed == 1

    @property
    def explanation(self) -> str:
        """The outcome in the words of the standard."""
        if self.acknowledged:
            return "通知已应答"
        if self.executed is not None:
            return EXECUTION_RESULTS.get(self.executed, f"未知的执行结果 {self.executed}")
        if self.accepted is not None and self.accepted != 1:
            return REQUEST_RESULTS.get(self.accepted, f"未知的请求应答 {self.accepted}")
        if self.accepted is None and not self.packets:
            return "通讯不可用"
        return "执行超时"


@dataclass(slots=True)
class Exchange:
    """One request under way. Feed it with :meth:`receive` and :meth:`tick`; ``answer`` is its end."""

    request: Packet
    timing: Timing
    now: float
    answer: Answer | None = None
    sent: int = 1
    deadline: float = field(init=False)
    _accepted: int | None = None
    _packets: list[Packet] = field(default_factory=list)
    _most = 100_000  # packets kept: a device does not fill the memory

    def __post_init__(self) -> None:
        self.deadline = self.now + self.timing.timeout

    def tick(self, now: float) -> bool:
        """Whether the request has to be sent (again) now; may end the exchange."""
        if self.answer is not None or now < self.deadline:
            return False
        waiting_for_first = self._accepted is None and not self._packets
        if waiting_for_first and self.sent <= self.timing.resends:
            self.sent += 1
            self.deadline = now + self.timing.timeout
            return True
        self._end(None)
        return False

    def receive(self, packet: Packet, now: float) -> bool:
        """Take note of a packet from the device; whether it belonged to this exchange."""
        if self.answer is not None or packet.mn != self.request.mn:
            return False
        if packet.is_reply:
            return packet.answers == self.request.qn and self._reply(packet, now)
        if packet.cn != self.request.cn or not self._asked_for(packet):
            return False
        if len(self._packets) < self._most:
            self._packets.append(packet)
        self.deadline = now + self.timing.execution
        return True

    def _reply(self, packet: Packet, now: float) -> bool:
        if packet.cn == "9011":
            self._accepted = _number(packet.fields.get("QnRtn"))
            self.deadline = now + self.timing.execution
            if self._accepted != 1:
                self._end(None)
        elif packet.cn == "9012":
            self._end(_number(packet.fields.get("ExeRtn")))
        elif packet.cn == "9013":
            known = COMMANDS.get(self.request.cn)
            if known is None or known.kind != "notify":
                return False
            self._end(None, acknowledged=True)
        else:
            return False
        return True

    def _asked_for(self, packet: Packet) -> bool:
        """Data come under the request's QN, or (history) under their own within the time asked for."""
        if packet.answers == self.request.qn:
            return True
        if self._accepted is None:
            return False
        begin = parse_time(self.request.fields.get("BeginTime", ""))
        end = parse_time(self.request.fields.get("EndTime", ""))
        if begin is None or end is None:
            return True
        return packet.data_time is not None and begin <= packet.data_time <= end

    def _end(self, executed: int | None, *, acknowledged: bool = False) -> None:
        self.answer = Answer(
            self.request, self._accepted, executed, tuple(self._packets), self.sent, acknowledged
        )


def _number(text: str | None) -> int:
    """A result code; 100 (unknown) when it cannot be read."""
    return int(text) if text and len(text) <= 4 and text.isdigit() else 100
