"""Asking a device: its time, its stored data, its settings (HJ 212 requests and their 9011/9012).

``ecoledger serve`` says with :func:`connect` who can ask: the gateway of its process, or those that hold the
connections elsewhere (:mod:`ecoledger.bus.commands`). What a device sends in answer is ingested like everything
it sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.hj212 import Answer, UnreachableError, china_now, format_time, history
from ecoledger.listings import asked
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import table

# Longest stretch of stored data asked for at once, so that an answer stays within a device's memory.
LONGEST = timedelta(days=7)
_WAIT = timedelta(minutes=2)


class Asker(Protocol):
    """Who reaches devices."""

    def reaches(self, mn: str) -> bool:
        """Whether the device has a connection open. Called from a thread."""

    async def ask(
        self, mn: str, cn: str, fields: Mapping[str, str] | None = None, *, pw: str | None = None
    ) -> Answer:
        """As :meth:`ecoledger.hj212.Gateway.ask`."""


_gateway: Asker | None = None
_loop: asyncio.AbstractEventLoop | None = None


class DeviceError(Exception):
    """The device was not asked; the text says why and what would help."""


def connect(gateway: Asker | None, loop: asyncio.AbstractEventLoop | None) -> None:
    """Name who reaches devices, and the loop to ask in; ``None`` when it stops."""
    global _gateway, _loop
    _gateway, _loop = gateway, loop


def online(point: Point) -> bool:
    """Whether the point's device has a connection open now."""
    return _gateway is not None and bool(point.mn) and _gateway.reaches(str(point.mn))


@dataclass(frozen=True, slots=True)
class Question:
    """A command a person may send: what it is called, the fields it needs, and whether it changes the device."""

    cn: str
    label: str | Promise
    needs: tuple[str, ...] = ()
    changes: bool = False


QUESTIONS: Final = {
    "time": Question("1011", gettext_lazy("读取现场机时间")),
    "set_time": Question("1012", gettext_lazy("校准现场机时间"), changes=True),
    "minutes": Question("2051", gettext_lazy("补取分钟数据"), ("begin", "end")),
    "hours": Question("2061", gettext_lazy("补取小时数据"), ("begin", "end")),
    "days": Question("2031", gettext_lazy("补取日数据"), ("begin", "end")),
    "real_time_interval": Question(
        "1062", gettext_lazy("设置实时数据间隔（秒）"), ("seconds",), changes=True
    ),
    "minute_interval": Question(
        "1064", gettext_lazy("设置分钟数据间隔（分钟）"), ("minutes",), changes=True
    ),
    "password": Question("1072", gettext_lazy("修改现场机密码"), ("password",), changes=True),
}


def _stretch(given: Mapping[str, str]) -> dict[str, str]:
    begin, end = (asked.moment(given.get(name, "")) for name in ("begin", "end"))
    if begin is None or end is None:
        raise DeviceError(_("请填写起止时间，如 2026-11-20T08:00。"))
    if not timedelta(0) <= end - begin <= LONGEST:
        raise DeviceError(_("止须不早于起，一次最多补取7天。"))
    return history(begin, end)


def _number(given: Mapping[str, str], name: str, field: str, allowed: range) -> dict[str, str]:
    text = given.get(name, "")
    if asked.number(text) not in allowed:
        raise DeviceError(
            _("数值应在 %(low)s 至 %(high)s 之间。") % {"low": allowed[0], "high": allowed[-1]}
        )
    return {field: text}


def _password(given: Mapping[str, str]) -> dict[str, str]:
    text = given.get("password", "")
    if len(text) != 6 or not (text.isascii() and text.isalnum()):
        raise DeviceError(_("密码应为6位字母或数字。"))
    return {"NewPW": text}


_FIELDS: dict[str, Callable[[Mapping[str, str]], dict[str, str]]] = {
    "set_time": lambda _given: {"SystemTime": format_time(china_now())},
    "minutes": _stretch,
    "hours": _stretch,
    "days": _stretch,
    "real_time_interval": lambda given: _number(given, "seconds", "RtdInterval", range(30, 3601)),
    "minute_interval": lambda given: _number(given, "minutes", "MinInterval", range(1, 31)),
    "password": _password,
}


def ask(
    person: Person, point: Point, name: str, given: Mapping[str, str], *, address: str = ""
) -> Answer:
    """Ask the point's device and wait for its answer. Call from a thread, not from the event loop.

    ``name`` is one of :data:`QUESTIONS`, ``given`` its fields as a person wrote them. Raises
    :class:`DeviceError` when the device is not connected or a field is wrong.
    """
    question = QUESTIONS[name]
    fields = _FIELDS[name](given) if name in _FIELDS else {}
    if _gateway is None or _loop is None or not point.mn:
        raise DeviceError(_("本进程没有运行设备网关，或监测点未登记MN。"))
    if not point.password and not point.sm4_key:
        raise DeviceError(
            _("监测点没有登记现场机密码或SM4密钥，无法确认对方身份。请先登记，再下发命令。")
        )
    # Before it is sent: a command that changes a device must be on record even if we stop meanwhile.
    hidden = {**fields, "NewPW": "******"} if "NewPW" in fields else fields
    audit.record(
        person, "ask_device", point, details={"cn": question.cn, **hidden}, address=address
    )
    asked = asyncio.run_coroutine_threadsafe(
        _gateway.ask(point.mn, question.cn, fields, pw=point.password or None), _loop
    )
    try:
        answer = asked.result(_WAIT.total_seconds())
    except UnreachableError as gone:
        raise DeviceError(_("设备不在线，请在其连接恢复后再试。")) from gone
    except TimeoutError as late:
        asked.cancel()
        raise DeviceError(_("设备未在规定时间内答复。")) from late
    if name == "password" and answer.ok:
        point.password = fields["NewPW"]
        point.save(update_fields=["password"])
        table.forget()
    return answer
