"""Who does what every process could do: each job of the schedule once, however many processes serve.

A turn is a row that names who has it and until when. Its holder renews it while it works; if the holder dies, the turn
lapses and another process takes it. Times are the database's, so that the clocks of the machines need not agree.

On the embedded database there is one process, which has every turn: nothing is asked or written.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, close_old_connections, connection
from django.db.models import DateTimeField, ExpressionWrapper, Q, Value
from django.db.models.functions import Now

from ecoledger.jobs.models import Turn

log = logging.getLogger(__name__)

# Seconds: how long a turn lasts that nobody renews, and how often its holder does.
LENGTH = 30.0
RENEW = LENGTH / 4
# How far the clocks of two machines may differ.
AHEAD = timedelta(minutes=5)

ME = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
"""This process's name in the table."""

_lock = threading.Lock()
# What this process has, and when (by its own clock) the database last said so.
_mine: dict[str, float] = {}
_keeper: threading.Thread | None = None


def alone() -> bool:
    """Whether this is the only process there can be."""
    return connection.vendor == "sqlite"


def take(name: str, due: datetime) -> bool:
    """Take the turn that is due at ``due``: ``False`` when another has it, or did what was due then."""
    Turn.objects.get_or_create(name=name)
    open_still = Q(due__isnull=True) | Q(due__lt=due) | Q(due=due, done=False) | _beyond()
    free = Q(done=True) | Q(until__isnull=True) | Q(until__lt=Now())
    rows = Turn.objects.filter(open_still, free, name=name)
    return bool(rows.update(due=due, holder=ME, until=_in(LENGTH), done=False))


def finish(name: str, due: datetime) -> None:
    """What was due then is done."""
    Turn.objects.filter(name=name, due=due, holder=ME).update(done=True, until=Now())


def is_done(name: str, due: datetime) -> bool:
    """Whether somebody did what was due then, or something later."""
    later = Q(due__gt=due) & ~_beyond()
    return Turn.objects.filter(later | Q(due=due, done=True), name=name).exists()


def _beyond() -> Q:
    """Due in the future, as the database sees it: said by a clock that was wrong. It must not stop the job until then."""
    return Q(due__gt=Now() + Value(AHEAD))


@contextmanager
def working(name: str, due: datetime) -> Iterator[bool]:
    """``with working(...) as mine``: take the turn, keep it through the block, and finish it.

    After an error it is finished too: the job's next turn is its next try, as in one process.
    """
    if alone():
        yield True
    elif not take(name, due):
        yield False
    else:
        _keep(name)
        try:
            yield True
        finally:
            with _lock:
                _mine.pop(name, None)
            finish(name, due)


def hold(name: str) -> bool:
    """Take or keep a standing turn (the one that works off what is pending); asked often, written seldom."""
    if alone():
        return True
    with _lock:
        if time.monotonic() - _mine.get(name, -LENGTH) < LENGTH / 2:
            return True
    Turn.objects.get_or_create(name=name)
    free = Q(holder=ME) | Q(until__isnull=True) | Q(until__lt=Now())
    mine = bool(Turn.objects.filter(free, name=name).update(holder=ME, until=_in(LENGTH)))
    if mine:
        _keep(name)
    return mine


def let_go(name: str) -> None:
    """Give a standing turn up, so that another process need not wait until it lapses."""
    with _lock:
        _mine.pop(name, None)
    _free(name=name)


def live() -> None:
    """Tell the others that this process lives: what it began is nobody else's to give up."""
    hold(_process(ME))


def leave() -> None:
    """The process ends: whatever it had is free at once."""
    with _lock:
        _mine.clear()
    _free()


def _free(**which: str) -> None:
    """Whatever this process has, of ``which`` turns, is another's to take; without the database it lapses by itself."""
    if alone():
        return
    try:
        Turn.objects.filter(holder=ME, **which).update(until=Now())
    except Error as error:
        log.warning("turns could not be given back; they lapse: %s", error)


def is_alive(holder: str) -> bool:
    """Whether a process has told lately that it lives."""
    return Turn.objects.filter(name=_process(holder), until__gte=Now()).exists()


def forget_the_dead(after: timedelta = timedelta(days=1)) -> None:
    """Drop the rows of processes that ended long ago. The embedded database has none, and is not locked for it."""
    if alone():
        return
    Turn.objects.filter(name__startswith=_process(""), until__lt=Now() - after).delete()


def _process(holder: str) -> str:
    return f"process {holder}"


def _in(seconds: float) -> Any:
    later = Now() + Value(timedelta(seconds=seconds))
    return ExpressionWrapper(later, output_field=DateTimeField())


def _keep(name: str) -> None:
    """Have the turn renewed until it is given up."""
    global _keeper
    with _lock:
        _mine[name] = time.monotonic()
        if _keeper is None:
            _keeper = threading.Thread(target=_renew, name="turns", daemon=True)
            _keeper.start()


def _renew() -> None:
    while True:
        time.sleep(RENEW)
        with _lock:
            names = list(_mine)
        try:
            close_old_connections()
            asked = time.monotonic()
            kept = set()
            for name in names:
                if Turn.objects.filter(name=name, holder=ME).update(until=_in(LENGTH)):
                    kept.add(name)
        except Exception:
            # Nobody would start this thread again.
            log.warning("turns could not be renewed", exc_info=True)
            continue
        with _lock:
            for name in names:
                if name in kept and name in _mine:
                    _mine[name] = asked
                elif name not in kept and _mine.pop(name, 0.0):
                    log.warning("turn %r went to another process while this one stood still", name)
