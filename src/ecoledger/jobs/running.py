"""Declaring long work, beginning it and doing it.

A kind of work is a function; who begins it gets a :class:`~ecoledger.jobs.models.Job` at once::

    @work("export")
    def export(progress: Progress, *, book: str, query: dict[str, str]) -> Outcome: ...

    job = begin("export", "导出 12,400 行", person, book="problem", query={"open": "1"})

It is taken from the queue by the worker of this process, or of another one, after the caller's transaction has committed,
and computed beside it (:mod:`ecoledger.jobs.beside`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import get_resolver
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django_tasks import task

from ecoledger.accounts.models import Person
from ecoledger.jobs import beside, turns
from ecoledger.jobs.models import KEPT_DAYS, Job

log = logging.getLogger(__name__)

# Seconds between two writes of progress: often enough to look alive, seldom enough to cost nothing.
WRITE_EVERY = 0.5
# The process beside that computes it.
BESIDE = "jobs"
# Set when this process has put work in the queue: its worker need not wait for its next look.
queued = threading.Event()


class Cancelled(Exception):  # noqa: N818
    """The person asked to stop; raised inside the work at its next sign of progress."""


class Failed(Exception):  # noqa: N818
    """The work cannot be done; its text is for the person who began it."""


@dataclass(frozen=True)
class Outcome:
    """What came of the work: a sentence, and a page of this site or a file, where there is one."""

    note: str = ""
    link: str = ""
    file_name: str = ""
    content: bytes = b""


class Progress:
    """Tells how far the work is. Inside a transaction others see it only after the commit."""

    def __init__(self, job: Job) -> None:
        self.person = job.person
        self._job = job
        self._written = 0.0

    def upload(self) -> bytes:
        """The file that came with the work; read once, it is gone."""
        content = self._job.file.read_bytes()
        self._job.file.unlink()
        return content

    def at(self, done: int, total: int | None = None, note: str = "") -> None:
        """``done`` of ``total`` pieces. Raises :class:`Cancelled` when the person asked to stop."""
        job = self._job
        job.done, job.total, job.note = done, total if total is not None else job.total, note
        now = time.monotonic()
        if now - self._written < WRITE_EVERY:
            return
        self._written = now
        job.save(update_fields=["done", "total", "note"])
        if Job.objects.filter(pk=job.pk).exclude(cancel_asked_at=None).exists():
            raise Cancelled


Work = Callable[..., Outcome | None]
_kinds: dict[str, Work] = {}


def work(kind: str) -> Callable[[Work], Work]:
    """Declare the function that does work of ``kind``."""

    def declare(function: Work) -> Work:
        if kind in _kinds and _kinds[kind] is not function:
            raise ValueError(f"work of kind {kind!r} is declared twice")
        _kinds[kind] = function
        return function

    return declare


@transaction.atomic
def begin(
    kind: str, title: str, person: Person, *, upload: bytes | None = None, **arguments: Any
) -> Job:
    """Put work in the queue. ``arguments`` are values of JSON; ``upload`` is a file the work reads once
    (:meth:`Progress.upload`). Raises ``KeyError`` for an unknown kind."""
    if kind not in _kinds:
        raise KeyError(kind)
    job = Job.objects.create(
        kind=kind,
        title=title,
        person=person,
        arguments=arguments,
        language=get_language() or "zh-hans",
    )
    if upload is not None:
        _write(job, upload)
    transaction.on_commit(lambda: _queue(job))
    return job


def _queue(job: Job) -> None:
    run.enqueue(str(job.pk))
    queued.set()


def _write(job: Job, content: bytes) -> None:
    job.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    job.file.write_bytes(content)


def cancel(job: Job) -> None:
    """Ask a job to stop; one that waits stops at once."""
    now = timezone.now()
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.WAITING)
    if not waiting.update(state=Job.State.CANCELLED, ended_at=now, cancel_asked_at=now):
        Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(cancel_asked_at=now)


@task
def run(number: str) -> None:
    """Do the job with this number, once."""
    started = Job.objects.filter(pk=number, state=Job.State.WAITING).update(
        state=Job.State.RUNNING, started_at=timezone.now(), holder=turns.ME
    )
    if not started:
        return
    try:
        beside.do(BESIDE, do_started, number)
    except beside.Lost:
        log.exception("job %s was broken off", number)
        _give_up(Job.objects.filter(pk=number))


def do_started(number: str) -> None:
    """Do a job that has been taken from the queue."""
    job = Job.objects.select_related("person").get(pk=number)
    with override(job.language):
        _do(job)


def _do(job: Job) -> None:
    if job.kind not in _kinds:
        get_resolver().url_patterns  # noqa: B018 - loads the pages, which declare kinds of work
    outcome: Outcome | None = None
    try:
        outcome = _kinds[job.kind](Progress(job), **job.arguments)
        state, note = Job.State.DONE, outcome.note if outcome else ""
    except Cancelled:
        state, note = Job.State.CANCELLED, ""
    except Failed as reason:
        state, note = Job.State.FAILED, str(reason)
    except Exception:
        log.exception("job %s (%s) failed", job.pk, job.kind)
        number = str(job.pk)[:4].upper()
        state = Job.State.FAILED
        note = _("没有完成，您可以再试一次。编号 %s，可告诉管理员。") % number
    if outcome and outcome.file_name:
        _write(job, outcome.content)
        job.file_name = outcome.file_name
    job.link = outcome.link if outcome else ""
    job.state, job.note, job.ended_at = state, note[:400], timezone.now()
    if state == Job.State.DONE and job.total is not None:
        job.done = job.total
    job.save()


def give_up_interrupted() -> int:
    """What ran in a process that is no more is not running now; returns how many jobs that were."""
    others = Job.objects.filter(state=Job.State.RUNNING).exclude(holder=turns.ME)
    lost = [job.pk for job in others if not turns.is_alive(job.holder)]
    return _give_up(Job.objects.filter(pk__in=lost)) if lost else 0


def give_up_own() -> int:
    """After a fault of the worker itself: nothing of this process's is running."""
    return _give_up(Job.objects.filter(holder=turns.ME))


def _give_up(jobs: QuerySet[Job]) -> int:
    return jobs.filter(state=Job.State.RUNNING).update(
        state=Job.State.FAILED,
        ended_at=timezone.now(),
        note="服务或其进程重新启动，任务中断，请再试一次。",
    )


def sweep() -> int:
    """Delete results past their time and the rows of the queue; returns how many jobs went."""
    old = Job.objects.filter(ended_at__lt=timezone.now() - timedelta(days=KEPT_DAYS))
    for job in old.exclude(file_name=""):
        job.file.unlink(missing_ok=True)
    count, _rows = old.delete()
    folder = settings.DATA / "jobs"
    if folder.is_dir():
        known = {str(pk) for pk in Job.objects.values_list("pk", flat=True)}
        for path in folder.iterdir():
            if path.name not in known:
                path.unlink()
    return count
