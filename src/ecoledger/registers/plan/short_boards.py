"""短板指标攻坚“一指标一攻坚”: for each indicator that fails, a plan with a lead, tasks and a deadline (mechanism T4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Import, View
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import OPEN_WORK, Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON


class ShortBoard(Matter):
    """A short-board indicator and the plan against it (短板指标)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_short_board"
    )
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    now_value = models.CharField("现状值", max_length=60, blank=True)
    target_value = models.CharField("目标值", max_length=60)
    plan_text = models.TextField("攻坚方案", blank=True)
    finish_by = models.DateField("达标时限")

    class Meta:
        verbose_name = "短板指标"


class ShortBoardTask(models.Model):
    """A task of the plan: who, until when, how far (攻坚任务)."""

    board = models.ForeignKey(ShortBoard, on_delete=models.CASCADE, related_name="tasks")
    name = models.CharField("任务", max_length=200)
    department = models.CharField("责任部门", max_length=60)
    due = models.DateField("完成时限")
    done_on = models.DateField("完成日期", null=True, blank=True)

    class Meta:
        verbose_name = "攻坚任务"
        ordering = ["due", "id"]

    def __str__(self) -> str:
        return self.name


_OWNERS = frozenset(
    {Role.TOWN, Role.OFFICER, Role.APPROVER, Role.MONITOR, Role.DISPATCHER, Role.SECTION_CHIEF}
)
_OPEN = ("listed", "attacking", "check")
WORKFLOW = Workflow(
    states=(
        State("listed", "待定方案", stage="方案", waits_for=_OWNERS, by_owner=True),
        State("attacking", "攻坚中", stage="攻坚", waits_for=_OWNERS, by_owner=True),
        State("check", "达标核查", stage="核查", waits_for=CHECKERS),
        State("met", "已补齐", phase=Phase.CLOSED),
        State("dropped", "调整退出", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("plan", "印发攻坚方案", "listed", "attacking", by=_OWNERS, owner_only=True,
                   asks=("plan_text",)),
        Transition("report", "填报进展", "attacking", "attacking", by=_OWNERS, owner_only=True,
                   asks=("now_value", said("progress", "进展情况"))),
        Transition("apply", "申请达标核查", "attacking", "check", by=_OWNERS, owner_only=True,
                   asks=("now_value", said("result", "达标情况")), evidence=1),
        Transition("confirm", "确认补齐", "check", "met", by=CHECKERS,
                   asks=(said("checked", "核查意见"),), other_person_than=("apply",)),
        Transition("return", "未达标，继续攻坚", "check", "attacking", by=CHECKERS, asks=(REASON,),
                   other_person_than=("apply",), main=False),
        Transition("drop", "调整退出", _OPEN, "dropped", by=frozenset({Role.DISPATCHER, Role.LEADER}),
                   asks=(REASON,), main=False, danger=True),
        Transition("reopen", "再列短板", ("met", "dropped"), "attacking", by=CHECKERS, asks=(REASON,),
                   main=False, danger=True),
    ),
    clocks=(
        ClockRule("finish", "达标时限", _OPEN, deadline_field="finish_by", extensions=(30, 90),
                  basis=DEFAULT),
    ),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    boards = rows.filter(merged_into=None).exclude(phase=Phase.DISMISSED).order_by()
    tasks = ShortBoardTask.objects.filter(board__in=boards.values("pk"))
    met = boards.filter(phase__in=COMPLETED).count()
    return [
        Statistic("total", "短板指标", boards.count(), unit="项"),
        Statistic("planned", "已印发方案", boards.exclude(state="listed").count(), unit="项"),
        share("met", "补齐率", met, boards.count()),
        share("tasks", "攻坚任务完成率", tasks.exclude(done_on=None).count(), tasks.count()),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    today = timezone.localtime(now).date()
    late = ShortBoardTask.objects.filter(
        board__in=rows.filter(OPEN_WORK).values("pk"), done_on=None, due__lt=today
    ).select_related("board")
    return [
        Breakdown(
            "超期的攻坚任务",
            ("任务", "短板指标", "责任部门", "完成时限"),
            tuple(
                ((t.name, t.board.title, t.department, f"{t.due:%Y-%m-%d}"), f"q={t.board.number}")
                for t in late[:100]
            ),
        )
    ]


REGISTER = declare(Register(
    key="short_board", label="短板指标", line="assessment", model=ShortBoard, workflow=WORKFLOW,
    pattern="短板〔{year}〕{n}号",
    labels={"title": "指标名称", "description": "差距和原因", "area_code": "属地", "owner_organisation": "牵头部门"},
    columns=("title", "state", "owner_organisation", "now_value", "target_value", "finish_by", "number",
             "year", "closed_at"),
    filters=("state", "year", "owner_organisation", "finish_by", "closed_at"),
    search=("number", "title", "description"),
    fields=("year", "title", "owner_organisation", "owner", "area_code", "now_value", "target_value",
            "finish_by", "description"),
    batch=("owner_organisation", "owner", "finish_by"),
    details=("year", "now_value", "target_value", "finish_by", "plan_text"),
    lines=(Lines(key="tasks", label="攻坚任务", model=ShortBoardTask,
                 columns=("name", "department", "due", "done_on")),),
    views=(View("late", "超期", {"overdue": "1"}, "due"),),
    imports=Import(
        key=("year", "title"),
        headers={"title": ("短板指标", "指标"), "owner_organisation": ("牵头单位", "责任部门"),
                 "finish_by": ("完成时限",)},
        examples={"year": "2026", "title": "农村生活污水治理率", "owner_organisation": "北镇人民政府",
                  "area_code": "测试县", "now_value": "36%", "target_value": "≥40%",
                  "finish_by": "2026-12-31"},
    ),
    measures=(
        Measure(key="met_ratio", name="短板指标补齐率", numerator=Q(phase__in=COMPLETED),
                denominator=~Q(phase=Phase.DISMISSED.value), dated="opened_at"),
    ),
    statistics=_statistics, breakdowns=_breakdowns, map_layer=False,
    edit=frozenset({Role.LEADER, Role.SECTION_CHIEF, Role.DISPATCHER}),
    empty="还没有短板指标。目标评估后把未达到的指标登记在这里，一指标一方案。",
))  # fmt: skip
