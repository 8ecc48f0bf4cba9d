"""How a command reaches the server that owns the data folder.

The server listens on a loopback port and writes port and a random token to ``control-MACHINE-PROCESS.json`` in the
data folder, readable by its owner only. Of several processes that serve one folder each has a file of its own, and a
command asks the first on this machine that answers. One request is one line of JSON, the answer any number of lines; the last has
``"done"`` or ``"error"``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

log = logging.getLogger(__name__)

PREFIX = "control-"
Tell = Callable[[Mapping[str, Any]], None]
Command = Callable[[dict[str, Any], Tell], Awaitable[None]]
_LINE_LIMIT = 1 << 20


class ControlServer:
    """Answers commands of the same data folder while the server runs."""

    def __init__(self, folder: Path, commands: Mapping[str, Command]) -> None:
        self._path = folder / f"{PREFIX}{_machine()}-{os.getpid()}.json"
        self._commands = commands
        self._token = secrets.token_urlsafe(32)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free loopback port and leave word in the data folder."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LINE_LIMIT)
        port = self._server.sockets[0].getsockname()[1]
        for path in _of_this_machine(self._path.parent):
            if _answering(path) is None:  # of a process that was killed
                path.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"port": port, "token": self._token, "pid": os.getpid()}, file)

    async def stop(self) -> None:
        """Stop listening."""
        self._path.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()

        def tell(line: Mapping[str, Any]) -> None:
            data = json.dumps(line, ensure_ascii=False, default=str).encode() + b"\n"
            loop.call_soon_threadsafe(writer.write, data)

        try:
            request = await _request(reader)
            if request is None:
                return
            if not secrets.compare_digest(str(request.get("token", "")), self._token):
                tell({"error": "令牌不对"})
            elif request.get("command") not in self._commands:
                tell({"error": f"服务不认识命令 {request.get('command')!r}"})
            else:
                await self._commands[request["command"]](request.get("arguments", {}), tell)
                tell({"done": True})
        except click.ClickException as refused:  # said to whoever asked; nothing failed here
            tell({"error": refused.message})
        except Exception as error:
            log.exception("a command failed")
            tell({"error": f"{type(error).__name__}: {error}"})
        finally:
            # What was told from threads is written by callbacks queued before this one.
            await asyncio.sleep(0)
            try:
                await writer.drain()
                writer.close()
            except ConnectionError:
                pass


async def _request(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """What is asked; ``None`` of whoever only looked in, or does not speak as we do."""
    try:
        asked = json.loads(await asyncio.wait_for(reader.readline(), 10))
    except (ValueError, TimeoutError, ConnectionError):
        return None
    return asked if isinstance(asked, dict) else None


def running(folder: Path) -> dict[str, Any] | None:
    """How to reach a server of ``folder`` on this machine; ``None`` when none answers."""
    return next(filter(None, map(_answering, _of_this_machine(folder))), None)


def _answering(path: Path) -> dict[str, Any] | None:
    try:
        known: dict[str, Any] = json.loads(path.read_text())
        with socket.create_connection(("127.0.0.1", known["port"]), timeout=2):
            return known
    except (OSError, ValueError, KeyError):
        return None


def _of_this_machine(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}{_machine()}-*.json"))


def _machine() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())[:60]


def ask(
    server: Mapping[str, Any], command: str, arguments: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Send a command to the server; its lines as they come. Raises ``ClickException`` when it fails."""
    with socket.create_connection(("127.0.0.1", server["port"]), timeout=10) as connection:
        connection.settimeout(None)
        request = {"token": server["token"], "command": command, "arguments": dict(arguments)}
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                answer: dict[str, Any] = json.loads(line)
                if "error" in answer:
                    raise click.ClickException(answer["error"])
                if answer.get("done") is True:
                    return
                yield answer
    raise click.ClickException("服务中断了连接，命令可能没有完成；请查看服务日志")
