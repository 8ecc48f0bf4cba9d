"""How much a request may bring along and in which letters, looked at before anything is written down and before the view.

Strangers bring a form, nothing more; who has signed in (or holds a key) may bring files. A body that says it is
too long is answered 413 unread; one that says nothing is counted while it is read.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections
from django.utils.http import parse_header_parameters

from ecoledger.accounts import keys

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

OF_AN_ADDRESS = (
    16 << 10
)  # its questions; databases refuse patterns of more than fifty thousand letters
OF_A_STRANGER = 64 << 10
OF_A_PERSON = 300 << 20  # a video as evidence, several files in one form
SILENCE = 60.0  # seconds between two parts of a body
# Bytes a second that a body has to come in with, after a time of SILENCE: one that drips holds nothing for ever.
PACE = 1024.0
# Large bodies lie in temporary files while they come in.
LARGE = 2 << 20
_LARGE_AT_ONCE = 8

# Of somebody whose session has ended: read and thrown away, so that the browser shows the answer.
_DRAINED = 64 << 20

_PAGE = """<!DOCTYPE html><html lang="zh-Hans"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>没有收下 · Not accepted</title></head>
<body><main><h1>没有收下 · Not accepted</h1><p role="alert">{zh}</p>{kept}<p lang="en">{en}</p>
<p><a href="{link}">{word}</a></p></main></body></html>"""
_KEPT = """<p>您写的内容存在这台设备上：重新打开刚才的页面就会恢复，也可以按浏览器的“后退”。</p><p lang="en">What you
wrote is kept on this device and comes back when you open the page again.</p>"""
_TOO_LONG = (
    "内容超过允许的大小。请压缩文件，或分几次上传。",
    "It is larger than allowed: make files smaller or send them in parts.",
)
_LONG_ADDRESS = (
    "网址超过允许的长度。请减少筛选条件或搜索的文字，再打开一次。",
    "The address is longer than allowed: take out some filters or words of the search and open it again.",
)
_TOO_SLOW = (
    "内容很久没有传完，已停止接收。请检查网络后再发一次。",
    "It did not come to its end in time: check the connection and send it again.",
)
_OTHER_LETTERS = (
    "内容不是 UTF-8 编码，没有接收。请改用 UTF-8 再发一次。",
    "It is not written in UTF-8: send it in UTF-8.",
)
_WHY = {408: _TOO_SLOW, 413: _TOO_LONG, 414: _LONG_ADDRESS, 415: _OTHER_LETTERS}
_ENDED = ("登录已过期，附件没有上传。", "Your session has ended and the files were not sent.")


class _TooLongError(Exception):
    """More has come than the sender may bring."""


class _SilentError(Exception):
    """Nothing has come for too long."""


def bounded(application: Application) -> Application:
    """``application`` behind the limits."""
    large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and len(scope.get("query_string", b"")) > OF_AN_ADDRESS:
            await _refuse(send, 414, dict(scope["headers"]))
            return
        if scope["type"] == "http" and not _in_utf8(scope["headers"]):
            await _refuse(send, 415, dict(scope["headers"]))
            return
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        length = _length(headers)
        limit = OF_A_STRANGER
        if length is None or length > OF_A_STRANGER:
            limit = OF_A_PERSON if await sync_to_async(_is_known)(headers) else OF_A_STRANGER
        if length is not None and length > limit:
            ended = limit == OF_A_STRANGER and _had_session(headers)
            if ended and length <= _DRAINED:
                await _drain(receive)
            await _refuse(send, 413, headers, ended=ended)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        async def run() -> None:
            try:
                await application(scope, _counted(receive, limit), sending)
            except (_TooLongError, _SilentError) as error:
                if not begun:
                    status = 413 if isinstance(error, _TooLongError) else 408
                    await _refuse(send, status, headers)

        # A stranger's never grows large, and so takes no place from who sends files.
        if limit > OF_A_STRANGER and (length is None or length > LARGE):
            async with large:
                await run()
        else:
            await run()

    return serve


def _in_utf8(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request says UTF-8 or nothing of its letters. Django takes any codec that Python has, such as hex."""
    said = b",".join(text for name, text in headers if name == b"content-type").decode("latin-1")
    try:
        charset = parse_header_parameters(said)[1].get("charset", "utf-8")
        return codecs.lookup(charset).name == "utf-8"
    except (LookupError, ValueError):  # no such codec, or no header of that form
        return False


def _length(headers: dict[bytes, bytes]) -> int | None:
    """What the request says of its body; 0 when it has none, ``None`` when it does not say."""
    text = headers.get(b"content-length", b"")
    if text.isdigit() and len(text) < 16:
        return int(text)
    return None if b"transfer-encoding" in headers or text else 0


def _counted(receive: Receive, limit: int) -> Receive:
    count = 0
    whole = False
    begun: float | None = None

    async def counting() -> Message:
        nonlocal count, whole, begun
        if whole:  # from here on it waits for the end of the connection
            return await receive()
        now = asyncio.get_running_loop().time()
        begun = now if begun is None else begun
        left = begun + SILENCE + count / PACE - now
        try:
            message = await asyncio.wait_for(receive(), min(SILENCE, max(left, 0.0)))
        except TimeoutError:
            raise _SilentError from None
        if message["type"] == "http.request":
            count += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if count > limit:
                raise _TooLongError
        return message

    return counting


def _is_known(headers: dict[bytes, bytes]) -> bool:
    """Whether a session or a key speaks for somebody. The view looks again, and closer."""
    close_old_connections()
    bearer = headers.get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ").strip()
    if bearer and keys.person_of(bearer) is not None:
        return True
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return False
    name = settings.SESSION_COOKIE_NAME
    if name not in cookies:
        return False
    return SESSION_KEY in SessionStore(cookies[name].value)


def _had_session(headers: dict[bytes, bytes]) -> bool:
    return settings.SESSION_COOKIE_NAME.encode() + b"=" in headers.get(b"cookie", b"")


async def _drain(receive: Receive) -> None:
    with contextlib.suppress(TimeoutError):
        while (message := await asyncio.wait_for(receive(), SILENCE)).get("more_body"):
            if message["type"] == "http.disconnect":
                return


async def _refuse(
    send: Send, status: int, asked: dict[bytes, bytes], *, ended: bool = False
) -> None:
    """Say why nothing was taken: as a page to a browser, as a line to others."""
    zh, en = _ENDED if ended else _WHY[status]
    kind, text = "text/plain", zh
    if b"text/html" in asked.get(b"accept", b""):
        kept = "" if status == 414 else _KEPT  # an address brings nothing that was written
        link, word = ("/sign-in", "登录 · Sign in") if ended else ("/", "首页 · Home")
        kind, text = "text/html", _PAGE.format(zh=zh, en=en, kept=kept, link=link, word=word)
    body = text.encode()
    headers = [
        (b"content-type", f"{kind}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", b"default-src 'none'"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if ended:  # a form that a device sends by itself learns that it may try again
        headers.append((b"x-signed-out", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
