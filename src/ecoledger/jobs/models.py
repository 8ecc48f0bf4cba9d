"""A long piece of work that a person began (我的任务): its progress and, when it is done, what came of it."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person

KEPT_DAYS = 7


class Job(models.Model):
    """One run. The queue holds who works on it; this row is what the person sees."""

    class State(models.TextChoices):
        WAITING = "waiting", "排队中"
        RUNNING = "running", "进行中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"
        CANCELLED = "cancelled", "已取消"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("类别", max_length=40, db_index=True)
    title = models.CharField("任务", max_length=200)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="jobs")
    arguments = JSONInOrder(default=dict, encoder=DjangoJSONEncoder)
    # The language its texts and files are written in: that of the page it was begun on.
    language = models.CharField(max_length=10, default="zh-hans")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    # The process that runs it (``jobs.turns.ME``).
    holder = models.CharField(max_length=80, blank=True)
    done = models.PositiveBigIntegerField("已处理", default=0)
    total = models.PositiveBigIntegerField("总数", null=True, blank=True)
    # A sentence in the job's language: what it is at, what came of it, or why it failed.
    note = models.CharField("说明", max_length=400, blank=True)
    # A path of this site where the result is seen; empty when the result is a file or nothing.
    link = models.CharField(max_length=200, blank=True)
    file_name = models.CharField("文件名", max_length=200, blank=True)
    created_at = models.DateTimeField("提交时间", default=timezone.now, db_index=True)
    started_at = models.DateTimeField("开始时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    cancel_asked_at = models.DateTimeField("要求取消", null=True, blank=True)

    class Meta:
        verbose_name = "后台任务"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["person", "state"], name="job_of_person")]

    def __str__(self) -> str:
        return self.title

    @property
    def open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def share(self) -> int | None:
        """Per cent done, ``None`` while the total is not known."""
        if not self.total:
            return None
        return min(100, 100 * self.done // self.total)

    @property
    def seconds_left(self) -> int | None:
        """What the rest takes at the pace so far; ``None`` before there is a pace."""
        if self.state != self.State.RUNNING or not (self.total and self.done and self.started_at):
            return None
        spent = (timezone.now() - self.started_at).total_seconds()
        return max(1, round(spent * (self.total - self.done) / self.done))

    @property
    def file(self) -> Path:
        """Where the result lies; only there when ``file_name`` is set."""
        return Path(settings.DATA) / "jobs" / str(self.pk)


class Turn(models.Model):
    """Who of several processes does a job of the schedule now (``jobs.turns``)."""

    name = models.CharField(primary_key=True, max_length=120)
    holder = models.CharField(max_length=80, blank=True)
    # What was taken: the moment the job was due. Empty for a standing turn.
    due = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    done = models.BooleanField(default=False)

    class Meta:
        verbose_name = "任务轮值"

    def __str__(self) -> str:
        return self.name
