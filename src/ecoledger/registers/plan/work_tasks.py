"""干事对账: the year's tasks by section and person, reconciled every month (mechanism G12).

在办 → 待核 → 完成. A task with a quantity is reported by dated progress lines. A month's account must
come out: carried in + new = done + given up + carried out; the section signs it, and what changes later is
shown beside what was signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import audit
from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.listings.parts import Column, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.live import times
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
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
from ecoledger.standards.percent import percent_of
from ecoledger.standards.time_limits import add_months


class WorkTask(Matter):
    """One task of the year: whose it is, how much, until when (年度重点任务)."""

    class Source(models.TextChoices):
        PLAN = "plan", "年度工作计划"
        MEETING = "meeting", "会议议定"
        LEADER = "leader", "领导交办"
        PARTY = "party", "党建任务"
        OTHER = "other", "其他"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_work_task"
    )
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    source = models.CharField(
        "任务来源", max_length=10, choices=Source.choices, default=Source.PLAN
    )
    section = models.CharField("责任科室", max_length=60, db_index=True)
    quantity = models.DecimalField("任务量", max_digits=14, decimal_places=2, null=True, blank=True)
    unit = models.CharField("单位", max_length=20, blank=True)
    finish_by = models.DateField("完成时限")

    class Meta:
        verbose_name = "重点任务"


class Progress(models.Model):
    """What was done of a task on a day (进展)."""

    task = models.ForeignKey(WorkTask, on_delete=models.CASCADE, related_name="progress")
    on = models.DateField("日期")
    amount = models.DecimalField("完成量", max_digits=14, decimal_places=2, default=0)
    text = models.CharField("进展情况", max_length=300)

    class Meta:
        verbose_name = "进展"
        ordering = ["on", "id"]

    def __str__(self) -> str:
        return f"{self.on} {self.text}"


_UNDER_WAY = ("doing", "check")
WORKFLOW = Workflow(
    states=(
        State("doing", "在办", stage="办理", waits_for=STAFF, by_owner=True),
        State("check", "待核", stage="核对", waits_for=CHECKERS),
        State("finished", "完成", phase=Phase.CLOSED),
        State("dropped", "调整退出", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("finish", "申请对账完成", "doing", "check", by=STAFF, owner_only=True,
                   asks=(said("result", "完成情况"),), evidence=1),
        Transition("accept", "核对通过", "check", "finished", by=CHECKERS,
                   asks=(said("checked", "核对意见"),), other_person_than=("finish",)),
        Transition("return", "退回继续办理", "check", "doing", by=CHECKERS, asks=(REASON,),
                   other_person_than=("finish",), main=False),
        Transition("drop", "调整退出", _UNDER_WAY, "dropped", by=frozenset({Role.LEADER, Role.DISPATCHER}),
                   asks=(REASON,), main=False, danger=True),
        Transition("reopen", "重新办理", ("finished", "dropped"), "doing", by=CHECKERS, asks=(REASON,),
                   main=False, danger=True),
    ),
    clocks=(
        ClockRule("finish", "完成时限", _UNDER_WAY, deadline_field="finish_by",
                  extensions=(15, 30, 60), basis=DEFAULT),
    ),
)  # fmt: skip


# ---- the month's account -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """A month of one section or person: every task stands in exactly one of the last three."""

    carried_in: int
    new: int
    done: int
    given_up: int
    carried_out: int
    overdue: int

    @property
    def balances(self) -> bool:
        return self.carried_in + self.new == self.done + self.given_up + self.carried_out


@dataclass(frozen=True, slots=True)
class Row:
    """Whose account, the account, and how far the quantities of its tasks are."""

    name: str
    account: Account
    signed: Reconciliation | None = None
    # Field name -> (signed, now), where what was signed is no longer so.
    changed: tuple[tuple[str, int, int], ...] = ()


class Reconciliation(models.Model):
    """A section's account of a month as it was signed (月度对账)."""

    area_code = models.CharField("属地", max_length=12)
    month = models.DateField("月份")
    section = models.CharField("责任科室", max_length=60)
    figures = JSONInOrder("数字")
    note = models.CharField("说明", max_length=300, blank=True)
    signed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField("对账时间", default=timezone.now)

    class Meta:
        verbose_name = "月度对账"
        constraints = [
            models.UniqueConstraint(
                fields=["area_code", "month", "section"], name="one_account_a_section_and_month"
            )
        ]

    def __str__(self) -> str:
        return f"{self.section} {self.month:%Y-%m}"


def month_of(day: date) -> tuple[datetime, datetime]:
    """The moments between which the month of ``day`` lies."""
    begin = day.replace(day=1)
    return times.midnight(begin), times.midnight(add_months(begin, 1))


def account_of(tasks: QuerySet[Any], month: date) -> Account:
    """The account of ``tasks`` for a month, by when they were entered and when they ended."""
    begin, end = month_of(month)
    rows = tasks.filter(opened_at__lt=end, merged_into=None, withdrawn_at=None)
    before = Q(opened_at__lt=begin) & (Q(closed_at=None) | Q(closed_at__gte=begin))
    ended = Q(closed_at__gte=begin, closed_at__lt=end)
    still = Q(closed_at=None) | Q(closed_at__gte=end)
    late = Q(finish_by__lt=min(timezone.localtime(end).date(), timezone.localdate()))
    n = rows.aggregate(
        carried_in=Count("pk", filter=before),
        new=Count("pk", filter=Q(opened_at__gte=begin)),
        done=Count("pk", filter=ended & Q(phase__in=COMPLETED)),
        given_up=Count("pk", filter=ended & ~Q(phase__in=COMPLETED)),
        carried_out=Count("pk", filter=still),
        overdue=Count("pk", filter=still & late),
    )
    return Account(**n)


def accounts(tasks: QuerySet[Any], month: date, area_code: str) -> tuple[list[Row], list[Row]]:
    """The month by section and by person, each with what was signed."""
    signed = {
        r.section: r
        for r in Reconciliation.objects.filter(area_code=area_code, month=month.replace(day=1))
    }
    sections = [
        _row(name, account_of(tasks.filter(section=name), month), signed.get(name))
        for name in _names(tasks.values_list("section", flat=True))
    ]
    people = [
        Row(Person.objects.get(pk=pk).name, account_of(tasks.filter(owner=pk), month))
        for pk in tasks.exclude(owner=None)
        .order_by("owner")
        .values_list("owner", flat=True)
        .distinct()
    ]
    return sections, people


def _names(names: Iterable[str]) -> list[str]:
    return sorted(set(names))


def _row(name: str, account: Account, signed: Reconciliation | None) -> Row:
    changed: list[tuple[str, int, int]] = []
    if signed is not None:
        for field in fields(account):
            was, now = int(signed.figures.get(field.name, 0)), getattr(account, field.name)
            # Overdue grows by itself as days pass.
            if was != now and field.name != "overdue":
                changed.append((field.name, was, now))
    return Row(name, account, signed, tuple(changed))


@transaction.atomic
def sign(
    section: str, month: date, area_code: str, *, by: Person, note: str = ""
) -> Reconciliation:
    """Sign a section's account of a month that is over. Raises :class:`Refused` for one signed before."""
    if not by.has_role(*CHECKERS):
        raise Refused("role", _("对账由科长、调度人员或局领导签认。"))
    begin = month.replace(day=1)
    if month_of(begin)[1] > timezone.now():
        raise Refused("period", _("本月尚未结束，月末后再对账。"))
    if Reconciliation.objects.filter(area_code=area_code, month=begin, section=section).exists():
        raise Refused(
            "state",
            _("%(section)s %(month)s 已对账。") % {"section": section, "month": f"{begin:%Y-%m}"},
        )
    tasks = REGISTER.visible_to(by).filter(section=section)
    if not tasks.exists():
        raise Refused("form", _("没有“%s”的任务。") % section)
    row = Reconciliation.objects.create(
        area_code=area_code, month=begin, section=section, note=note.strip(),
        figures=asdict(account_of(tasks, begin)), signed_by=by,
    )  # fmt: skip
    audit.record(by, "月度对账", row, details=row.figures)
    return row


# ---- register ------------------------------------------------------------------------------------


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    plan = rows.filter(merged_into=None).exclude(phase=Phase.DISMISSED).order_by()
    done = plan.filter(phase__in=COMPLETED).count()
    late = plan.filter(phase=Phase.OPEN, finish_by__lt=timezone.localtime(now).date()).count()
    return [
        Statistic("total", "任务", plan.count()),
        share("completion", "完成率", done, plan.count(), note="完成÷任务，不含调整退出的"),
        Statistic("late", "超期", late, "overdue=1"),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    plan = rows.filter(merged_into=None).exclude(phase=Phase.DISMISSED).order_by()
    counted = plan.values("section").annotate(
        n=Count("pk"), done=Count("pk", filter=Q(phase__in=COMPLETED))
    )
    return [
        Breakdown(
            noop("各科室"),
            ("责任科室", "任务", "完成", "完成率"),
            tuple(
                (
                    (r["section"], str(r["n"]), str(r["done"]), percent_of(r["done"], r["n"])),
                    f"section={r['section']}",
                )
                for r in sorted(counted, key=lambda r: r["section"])
            ),
        )
    ]


REGISTER = declare(Register(
    key="work_task", label="重点任务", line="assessment", model=WorkTask, workflow=WORKFLOW,
    pattern="任务〔{year}〕{n}号",
    labels={"title": "任务", "description": "任务要求", "area_code": "属地", "origin": "出处"},
    columns=("title", "state", "section", "owner", "finish_by", Column("quantity", unit_from="unit"), "unit", "number", "source",
             "year", "closed_at"),
    filters=("state", "section", "year", "source", "owner", "finish_by", "closed_at"),
    search=("number", "title", "description", "section"),
    fields=("year", "title", "source", "section", "owner_organisation", "owner", "area_code", "quantity",
            "unit", "finish_by", "description"),
    batch=("section", "owner", "finish_by"),
    details=("year", "source", "section", Column("quantity", unit_from="unit"), "finish_by", "origin"),
    lines=(Lines(key="progress", label="进展", model=Progress, columns=("on", "amount", "text")),),
    views=(View("late", "超期任务", {"overdue": "1"}, "due"), View("done", "已完成", {"closed": "1"})),
    imports=Import(
        key=("year", "title"),
        headers={"title": ("重点任务", "工作任务"), "section": ("牵头科室", "责任部门", "科室"),
                 "finish_by": ("完成时间", "时限"), "owner": ("责任人",)},
        examples={"year": "2026", "title": "完成入河排污口监测溯源", "source": "年度工作计划",
                  "section": "水科", "area_code": "测试县", "quantity": "30", "unit": "个",
                  "finish_by": "2026-09-30"},
    ),
    measures=(
        Measure(key="done_ratio", name="重点任务完成率", numerator=Q(phase__in=COMPLETED),
                denominator=~Q(phase=Phase.DISMISSED.value), dated="opened_at"),
    ),
    statistics=_statistics, breakdowns=_breakdowns, as_of=False, map_layer=False,
    edit=frozenset({Role.LEADER, Role.SECTION_CHIEF, Role.DISPATCHER}),
    empty="还没有年度任务。可从“计划文本”确认后下达，或登记、导入。",
))  # fmt: skip
