"""Campaigns that are run (专项行动), their objects and their checklists."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.entities.models import Entity
from ecoledger.matters.models import Matter


class Checklist(models.Model):
    """The questions of a check, as staff keep them in a spreadsheet; a change is another version."""

    name = models.CharField("名称", max_length=80)
    version = models.PositiveIntegerField("版本", default=1)
    # As :mod:`.checklists` reads them: [{"name", "type", "label", "required", …}].
    questions = JSONInOrder("条目", default=list)
    file_name = models.CharField("文件名", max_length=200, blank=True)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = "检查表"
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_checklist_version")
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Drive(models.Model):
    """One campaign that is run: its period, its objects, its checklist and what came of it."""

    class State(models.TextChoices):
        DRAFT = "draft", "拟定"
        RUNNING = "running", "进行中"
        ENDED = "ended", "已结束"

    book = models.CharField(max_length=40, db_index=True, editable=False)
    name = models.CharField("名称", max_length=80)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    begin = models.DateField("开始")
    end = models.DateField("结束")
    checklist = models.ForeignKey(
        Checklist, verbose_name="检查表", on_delete=models.PROTECT, null=True, blank=True
    )
    basis = models.CharField("依据", max_length=200, blank=True)
    # How its objects were found: {"way": "query"|"import"|"draw", "seed": …, "of": count, …}.
    selection = JSONInOrder("对象来源", default=dict)
    # From one problem: 举一反三.
    cause = models.ForeignKey(
        Matter, on_delete=models.PROTECT, null=True, blank=True, related_name="drives"
    )
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("制定时间", default=timezone.now)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "专项行动"
        ordering = ["-begin", "-id"]

    def __str__(self) -> str:
        return self.name


class DriveTask(models.Model):
    """One object of a campaign: who goes there, whether they went, what they answered and found."""

    class State(models.TextChoices):
        TODO = "todo", "未查"
        DONE = "done", "已查"
        LEFT_OUT = "left_out", "不再安排"

    drive = models.ForeignKey(
        Drive, verbose_name="专项行动", on_delete=models.PROTECT, related_name="tasks"
    )
    entity = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.PROTECT, related_name="drive_tasks"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    team = models.CharField("检查组", max_length=60, blank=True)
    assignee = models.ForeignKey(
        Person,
        verbose_name="检查人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="drive_tasks",
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.TODO)
    done_at = models.DateTimeField("检查时间", null=True, blank=True)
    done_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answers = JSONInOrder("检查内容", default=dict, encoder=DjangoJSONEncoder)
    note = models.TextField("说明", blank=True)
    reason = models.CharField("不再安排的理由", max_length=200, blank=True)
    findings = models.ManyToManyField(Matter, related_name="found_in", blank=True)
    client_id = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    class Meta:
        verbose_name = "行动对象"
        ordering = ["drive_id", "area_code", "id"]
        indexes = [models.Index(fields=["drive", "state"], name="task_of_drive")]
        constraints = [models.UniqueConstraint(fields=["drive", "entity"], name="once_in_a_drive")]

    def __str__(self) -> str:
        return f"{self.drive} {self.entity}"
