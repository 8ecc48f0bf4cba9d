"""大气污染物指标总量库 (mission A2): what closed and retrofitted projects give, what new projects take.

A reduction is accounted, reviewed by a second person, shown and then brought into the pool; an allocation
takes from the pool what the new project adds times its multiple. The pool is an account: never negative,
each posting against its matter, reversed and not changed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.books import account as accounts
from ecoledger.books.account import Account, Item, Voucher
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON

APPROVERS = frozenset({Role.APPROVER})
REVIEWERS = frozenset({Role.SECTION_CHIEF, Role.LEADER})
POOL = "大气总量库"
TONNES = {"max_digits": 12, "decimal_places": 3, "validators": [MinValueValidator(0)]}


class Pollutant(models.TextChoices):
    """What is counted in the pool."""

    NOX = "NOx", "氮氧化物"
    VOCS = "VOCs", "挥发性有机物"
    SO2 = "SO2", "二氧化硫"
    PM = "PM", "颗粒物"


QUOTA = declare_book(Account(
    key="air_quota", label="大气污染物指标总量库", line="air", holder="储存库",
    items=tuple(Item(p.value, p.label, "t/a", 3) for p in Pollutant),
    vouchers=(
        Voucher("reduction", "减排入库", source="减排项目"),
        Voucher("allocation", "新项目使用", sink="新建项目"),
        Voucher("transfer", "库间调剂"),
    ),
    columns=("number", "on", "kind", "text", "voucher", "by"), filters=("on",),
    labels={"voucher": "凭据", "by": "经办人"}, search=("text",), edit=APPROVERS,
    empty="总量库还没有收支。减排项目审核入库后会出现在这里。",
))  # fmt: skip


def _pool(matter: Any) -> Any:
    """The pool of the county in which the project is."""
    return QUOTA.holding(matter.pollutant, POOL, matter.area_code[:6])


# ---- in: reductions ------------------------------------------------------------------------------


class Reduction(Matter):
    """A closed or retrofitted project whose emissions are freed (减排核算)."""

    class Way(models.TextChoices):
        CLOSED = "closed", "关闭"
        RETROFIT = "retrofit", "改造"

    way = models.CharField("类型", max_length=10, choices=Way.choices)
    pollutant = models.CharField("污染物", max_length=8, choices=Pollutant.choices)
    permitted = models.DecimalField("原许可量 t/a", **TONNES)  # type: ignore[arg-type]
    actual = models.DecimalField("基准年实际排放量 t/a", **TONNES)  # type: ignore[arg-type]
    permitted_after = models.DecimalField("改造后许可量 t/a", default=0, **TONNES)  # type: ignore[arg-type]
    base_year = models.PositiveSmallIntegerField("基准年")
    method = models.CharField("核算方法", max_length=200, blank=True)

    class Meta:
        verbose_name = "减排核算"

    @property
    def freed(self) -> Decimal:
        """What may come in (t/a): the lesser of permitted and actual, less what stays permitted."""
        stays = self.permitted_after if self.way == self.Way.RETROFIT else Decimal(0)
        return max(Decimal(0), min(self.permitted, self.actual) - stays)


def _nothing_freed(matter: Any) -> str:
    return "" if matter.freed else _("没有可入库的削减量。")


def _bring_in(step: Step) -> None:
    reduction = step.matter
    pool = _pool(reduction)
    outside = QUOTA.outside(reduction.pollutant, "减排项目", pool.area_code)
    accounts.post(
        QUOTA,
        "reduction",
        {pool: reduction.freed, outside: -reduction.freed},
        on=timezone.localdate(step.at),
        text=reduction.title,
        voucher=reduction,
        by=step.person,
        at=step.at,
    )


REDUCTION = declare(Register(
    key="air_reduction", label="减排核算入库", line="air", model=Reduction,
    pattern="减排〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待核算", stage="核算", waits_for=APPROVERS),
            State("review", "待审核", stage="审核", waits_for=REVIEWERS),
            State("shown", "公示中", stage="公示", waits_for=APPROVERS),
            State("stocked", "已入库", phase=Phase.DONE),
            State("refused", "不予入库", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("account", "提交核算", "new", "review", by=APPROVERS, evidence=1,
                       asks=("way", "pollutant", "permitted", "actual", "base_year", "method"),
                       offers=("permitted_after",)),
            Transition("approve", "审核通过，公示", "review", "shown", by=REVIEWERS,
                       other_person_than=("account",)),
            Transition("send_back", "退回核算", "review", "new", by=REVIEWERS, asks=(REASON,),
                       main=False),
            Transition("stock", "公示无异议，入库", "shown", "stocked", by=APPROVERS,
                       effects=(_bring_in,),
                       when=_nothing_freed),
            Transition("refuse", "不予入库", ("review", "shown"), "refused", by=REVIEWERS,
                       asks=(REASON,), danger=True, main=False),
        ),
        clocks=(ClockRule("review", "审核", "review", working_days=5, basis=DEFAULT),
                ClockRule("show", "公示", "shown", working_days=5, basis=DEFAULT, waiting=True)),
    ),
    labels={"title": "项目", "entity": "企业", "area_code": "属地", "freed": "可入库量 t/a"},
    columns=("number", "title", "entity", "way", "pollutant", "freed", "state", "due", "opened_at"),
    filters=("state", "pollutant", "way", "area_code"), search=("number", "title", "entity__name"),
    fields=("title", "entity", "area_code", "way", "pollutant", "permitted", "actual",
            "permitted_after", "base_year", "method"),
    details=("way", "pollutant", "permitted", "actual", "permitted_after", "freed", "base_year",
             "method"),
    edit=APPROVERS, enterprise="",
))  # fmt: skip


# ---- out: allocations ----------------------------------------------------------------------------


class Allocation(Matter):
    """A new project that takes from the pool (新建项目使用总量)."""

    pollutant = models.CharField("污染物", max_length=8, choices=Pollutant.choices)
    added = models.DecimalField("新增排放量 t/a", **TONNES)  # type: ignore[arg-type]
    # 1 or 2, by area, year and pollutant; the province's rules may say another.
    multiple = models.DecimalField("替代倍数", max_digits=4, decimal_places=2, default=1)
    approval_no = models.CharField("环评批文号", max_length=80, blank=True)

    class Meta:
        verbose_name = "总量使用"

    @property
    def taken(self) -> Decimal:
        """What the pool gives (t/a), to three digits."""
        return (self.added * self.multiple).quantize(Decimal("0.001"))


def _take_out(step: Step) -> None:
    allocation = step.matter
    pool = _pool(allocation)
    outside = QUOTA.outside(allocation.pollutant, "新建项目", pool.area_code)
    accounts.post(
        QUOTA,
        "allocation",
        {pool: -allocation.taken, outside: allocation.taken},
        on=timezone.localdate(step.at),
        text=allocation.title,
        voucher=allocation,
        voucher_no=allocation.approval_no,
        by=step.person,
        at=step.at,
    )


ALLOCATION = declare(Register(
    key="air_allocation", label="总量指标使用", line="air", model=Allocation,
    pattern="总量〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待提交", stage="申请", waits_for=APPROVERS),
            State("review", "待审核", stage="审核", waits_for=REVIEWERS),
            State("allocated", "已出库", phase=Phase.DONE),
            State("refused", "不予使用", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("submit", "提交审核", "new", "review", by=APPROVERS,
                       asks=("pollutant", "added", "multiple")),
            Transition("allocate", "同意，出库", "review", "allocated", by=REVIEWERS,
                       offers=(Ask("approval_no"),), other_person_than=("submit",),
                       effects=(_take_out,)),
            Transition("refuse", "不予使用", "review", "refused", by=REVIEWERS, asks=(REASON,),
                       danger=True, main=False),
        ),
        clocks=(ClockRule("review", "审核", "review", working_days=5, basis=DEFAULT),),
    ),
    labels={"title": "新建项目", "entity": "企业", "area_code": "属地", "taken": "出库量 t/a"},
    columns=("number", "title", "entity", "pollutant", "added", "multiple", "taken", "state", "due"),
    filters=("state", "pollutant", "area_code"), search=("number", "title", "entity__name"),
    fields=("title", "entity", "area_code", "pollutant", "added", "multiple", "approval_no"),
    details=("pollutant", "added", "multiple", "taken", "approval_no"),
    edit=APPROVERS, enterprise="",
))  # fmt: skip
