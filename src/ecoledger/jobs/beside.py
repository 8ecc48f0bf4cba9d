"""Long computing in processes of their own, beside the one that serves: pages keep the interpreter for themselves.

A process beside does one piece of work at a time (:func:`do`) and is started when there is some. What only the serving
process has, above all the observation store, it asks there (:func:`ask`); what has happened it tells there, and live
pages hear of it. Where nothing is opened (commands, tests) the work is done on the spot. If the serving process dies,
those beside it end at once: what they had not committed is gone, as if they had been one.
"""

from __future__ import annotations

import logging
import os
import pickle
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from typing import Any

from django.db import close_old_connections

from ecoledger.live import events

log = logging.getLogger(__name__)

# Seconds after which a process that has nothing to do ends, and how long it is waited for in the end.
IDLE = 600.0
PATIENCE = 30.0
# How much a process beside gives way to the one that serves. Not further: what it writes keeps the embedded database
# locked, and on a busy machine a process that hardly gets a turn would keep it for all.
NICE = 5

Tell = Callable[[Any], object]


class Lost(RuntimeError):  # noqa: N818 - the process ended, the work may have been half done
    """The process ended before its work did."""


class Beside:
    """The serving process's end of one process beside."""

    def __init__(self, module: str, answers: Mapping[str, Callable[..., Any]]) -> None:
        """``module`` is run (``python -m``) with the number of its pipe; ``answers``: what it may ask."""
        self._module, self._answers = module, answers
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._used = time.monotonic()

    def do(self, function: Callable[..., Any], *arguments: Any, tell: Tell | None = None) -> Any:
        """What ``function`` (of a module) returns there; its exceptions are raised here. Raises :class:`Lost`."""
        with self._lock:
            pipe = self._open()
            try:
                pipe.send((function, arguments, tell is not None))
                kind, said = self._followed(pipe, tell)
            except (EOFError, OSError) as error:
                self._end()
                raise Lost(f"the process beside ended during {function.__qualname__}") from error
            except BaseException:
                self._end()  # what it still says would be taken for an answer to the next work
                raise
            finally:
                self._used = time.monotonic()
        if kind == "failed":
            raise said
        return said

    def _followed(self, pipe: Connection, tell: Tell | None) -> tuple[str, Any]:
        """Pass on and answer what the process says, up to its last word on this work."""
        while True:
            kind, said = pipe.recv()
            match kind:
                case "told" if tell is not None:
                    tell(said)
                case "event":
                    events.publish(*said)
                case "asked":
                    pipe.send(self._answered(*said))
                case _:
                    return kind, said

    def _answered(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        try:
            return "answer", self._answers[name](*arguments, **named)
        except Exception as error:
            return "error", _sendable(error)

    def _open(self) -> Connection:
        if self._pipe is not None and self._process is not None and self._process.poll() is None:
            return self._pipe
        self._end()
        ours, theirs = socket.socketpair()
        with theirs:
            path = os.pathsep.join(path for path in sys.path if path)
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", self._module, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )
        self._pipe = Connection(ours.detach())
        return self._pipe

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.wait()
        self._pipe = self._process = None

    def rest(self) -> None:
        """End the process if it has had nothing to do for long: its memory goes back."""
        if time.monotonic() - self._used > IDLE and self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()

    def close(self) -> None:
        """Wait for the work in hand, not for ever, and end the process."""
        waited = self._lock.acquire(timeout=PATIENCE)
        try:
            if not waited and self._process is not None:
                self._process.kill()  # who waits for it hears that it is lost
            elif waited:
                self._end()
        finally:
            if waited:
                self._lock.release()


_opened: dict[str, Beside] = {}


def open_beside(
    names: tuple[str, ...],
    module: str,
    answers: Mapping[str, Callable[..., Any]],
) -> None:
    """Have a process beside for each of ``names``; they start when they are needed."""
    for name in names:
        _opened[name] = Beside(module, answers)


def close_all() -> None:
    """The serving process ends."""
    while _opened:
        _opened.popitem()[1].close()


def rest() -> None:
    """End what is not needed now."""
    for process in list(_opened.values()):
        process.rest()


def is_open(name: str) -> bool:
    """Whether there is a process of this name beside; without one work is done on the spot."""
    return name in _opened


def serves() -> bool:
    """Whether pages are served by this process: who computes in it for long lets them have the interpreter."""
    return bool(_opened)


def alone() -> bool:
    """Whether this is a command while no server runs: nobody waits for what it has locked."""
    return not _opened and _to_server is None


def do(name: str, function: Callable[..., Any], *arguments: Any, tell: Tell | None = None) -> Any:
    """Call ``function`` in the process ``name``, or here where there is none. ``tell`` becomes its last argument."""
    if process := _opened.get(name):
        return process.do(function, *arguments, tell=tell)
    return function(*arguments, tell) if tell is not None else function(*arguments)


# -- in the process beside -----------------------------------------------------------------------

_to_server: Connection | None = None


def ask(name: str, *arguments: Any, **named: Any) -> Any:
    """What the serving process answers; its exceptions are raised here."""
    if _to_server is None:
        raise RuntimeError("this is no process beside another")
    _to_server.send(("asked", (name, arguments, named)))
    kind, said = _to_server.recv()
    if kind == "error":
        raise said
    return said


def serve(number: int, around: Callable[[], AbstractContextManager[object]]) -> None:
    """Do what comes through the pipe ``number`` until it is closed; ``around`` each piece of work."""
    global _to_server
    os.nice(NICE)
    _to_server = pipe = Connection(number)
    threading.Thread(target=_end_with, args=(number,), daemon=True, name="watch").start()
    events.forward = lambda topic, payload: pipe.send(("event", (topic, payload)))
    while True:
        try:
            function, arguments, tells = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            close_old_connections()
            more = (lambda line: pipe.send(("told", line)),) if tells else ()
            with around():
                said = "done", function(*arguments, *more)
        except Exception as error:
            said = "failed", _sendable(error)
        finally:
            close_old_connections()
        pipe.send(said)


def _end_with(number: int) -> None:
    """End this process when the serving one is no more: nobody waits for what it does."""
    poll = select.poll()
    poll.register(number, select.POLLHUP)
    while not any(event & (select.POLLHUP | select.POLLERR) for _n, event in poll.poll()):
        pass
    os._exit(1)


def _sendable(error: Exception) -> Exception:
    """``error`` if it can be sent, else its words."""
    log.debug("sent on", exc_info=error)
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
