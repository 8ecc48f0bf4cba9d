"""大气污染物指标总量库 (mechanism A2): what closed and retrofitted projects give, what new projects take.

A reduction is accounted, reviewed by a second person, shown and then brought into the pool; an allocation
takes from the pool what the new project adds times its multiple. It may be held for the project first (预占) and
lapses back into the pool where it is not used in time. The pool is an account: never negative, each posting against
its matter, reversed and not changed. A reduction knows who draws on it: one source is not used twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books import account as accounts
from ecoledger.books.account import VOUCHER, Account, Item, Voucher
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask
from ecoledger.listings.refusals import Refused
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.standards import workdays
from ecoledger.standards.rounding import plainly

APPROVERS = frozenset({Role.APPROVER})
REVIEWERS = frozenset({Role.SECTION_CHIEF, Role.LEADER})
# Vouchers that steps write, which two people take; by hand only a leader writes one, or takes one back.
STEPS = frozenset({Role.LEADER})
POOL, RESERVED = "大气总量库", "预占指标"
TONNES = {"max_digits": 12, "decimal_places": 3, "validators": [MinValueValidator(0)]}


class Pollutant(models.TextChoices):
    """What is counted in the pool."""

    NOX = "NOx", "氮氧化物"
    VOCS = "VOCs", "挥发性有机物"
    SO2 = "SO2", "二氧化硫"
    PM = "PM", "颗粒物"


QUOTA = declare_book(Account(
    key="air_quota", label="大气污染物指标总量库", line="approval", tab="permits", holder="储存库",
    items=tuple(Item(p.value, p.label, "t/a", 3) for p in Pollutant),
    vouchers=(
        Voucher("reduction", "减排入库", source="减排项目", by=STEPS),
        Voucher("allocation", "新项目使用", sink="新建项目", by=STEPS),
        Voucher("transfer", "库间调剂"),
        Voucher("reserve", "预占", by=STEPS),
        Voucher("lapse", "失效退回", by=STEPS),
    ),
    columns=(*VOUCHER, "voucher", "text", "by"), filters=("on", "kind"),
    labels={"what": "污染物"},
    search=("text", "voucher_no", "entries__holding__name"), edit=APPROVERS | STEPS,
    empty="总量库还没有收支。减排项目审核入库后会出现在这里。",
))  # fmt: skip


def _pool(matter: Any, name: str = POOL) -> Any:
    """The pool of the county in which the project is; or what is held there for projects (``RESERVED``)."""
    return QUOTA.holding(matter.pollutant, name, matter.area_code[:6])


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

    @property
    def draws(self) -> list[tuple[Matter, Decimal]]:
        """Which projects draw on it, and how much each (t/a): what is under review counts as well."""
        offsets = self.offset_sources.filter(offset__state__in=("review", "approved"))
        projects = self.allocations.filter(state__in=("review", "reserved", "allocated"))
        return [
            *((row.offset, row.taken) for row in offsets.select_related("offset")),
            *((row, row.taken) for row in projects),
        ]

    @property
    def left(self) -> Decimal:
        """What no project draws on yet (t/a)."""
        return self.freed - sum((taken for _matter, taken in self.draws), Decimal(0))

    @property
    def drawn_words(self) -> str:
        """Who draws on it, in words."""
        return "；".join(f"{m.title} {plainly(taken)}" for m, taken in self.draws)


def _nothing_freed(matter: Any) -> str:
    return "" if matter.freed else _("没有可入库的削减量。")


def public_until(matter: Any) -> date | None:
    """The last day on which objections to a reduction are taken (``data/quota.toml``); ``None`` where it is not shown."""
    days = int(own_data.read(__package__, "quota")["publicity_days"])
    if not days:
        return None
    return workdays.add_working_days(timezone.localdate(matter.state_since), days).day


def _not_to_be_stocked(matter: Any) -> str:
    """Why it cannot come into the pool yet: nothing was freed, or it is shown still."""
    if why := _nothing_freed(matter):
        return why
    last = public_until(matter)
    if last is not None and timezone.localdate() <= last:
        return _("公示期至 %s 止，期满无异议后方可入库。") % f"{last:%Y-%m-%d}"
    return ""


def short_of(matter: Matter, wanted: Mapping[Reduction, Decimal]) -> str:
    """Which source gives less than ``matter`` wants of it, what is left there and who has the rest; "" when all do."""
    for source, quantity in wanted.items():
        others = [(m, taken) for m, taken in source.draws if m.pk != matter.pk]
        left = source.freed - sum((taken for _m, taken in others), Decimal(0))
        if quantity > left:
            return _(
                "“%(source)s”可用 %(left)s t/a，不足 %(wanted)s t/a（已用于：%(others)s）。"
            ) % {
                "source": source.title,
                "left": left,
                "wanted": quantity,
                "others": "、".join(f"{m.title} {taken}" for m, taken in others) or _("无"),
            }
    return ""


def hold_sources(matter: Matter, wanted: Mapping[Reduction, Decimal]) -> None:
    """Refuse, inside the transaction, what a source does not have or another project has drawn meanwhile."""
    numbers = [source.pk for source in wanted]
    list(Matter.objects.select_for_update(of=("self",)).filter(pk__in=numbers).order_by("pk"))
    if short := short_of(matter, wanted):
        raise Refused("balance", short, _("请减少数量，或另选来源。"))


def _stocked(person: Person | None) -> Any:
    """The reductions that a project may draw on."""
    rows = Reduction.objects.filter(state="stocked")
    return rows if person is None else rows.filter(pk__in=REDUCTION.visible_to(person).values("pk"))


SOURCES = declare_lookup(Lookup(
    key="air_reduction", model=Reduction, label="已入库减排项目", rows=_stocked,
    exact=("number", "title"), begins=("number",), contains=("title",),
    under=lambda row: f"{row.number} {row.pollutant} {row.freed} t/a",
))  # fmt: skip


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


def _stays_permitted(reduction: Any) -> Decimal | None:
    """What was entered; the nought that a field holds by itself is offered to nobody."""
    return reduction.permitted_after or None


def _what_stays_is_said(step: Step) -> None:
    """A retrofitted project goes on emitting: how much, nought as well, somebody has to say."""
    if step.matter.way == Reduction.Way.RETROFIT and step.form["permitted_after"] is None:
        why = _("改造项目须填写改造后许可量。")
        raise Refused("form", why, _("改造后不再排放的填 0。"), {"permitted_after": [why]})


def _settled(row: Any) -> tuple[str, ...]:
    """Once submitted it is judged as it was, and the pool counts what was judged."""
    if row.state == "new":
        return ()
    if isinstance(row, Reduction):
        return (
            "entity",
            "area_code",
            "way",
            "pollutant",
            "permitted",
            "actual",
            "permitted_after",
            "base_year",
        )
    return ("entity", "area_code", "pollutant", "added", "multiple", "source")


# What is known since the project was entered.
_FIGURES = ("way", "pollutant", "permitted", "actual", "base_year", "method", "permitted_after")

REDUCTION = declare(Register(
    key="air_reduction", label="减排核算入库", line="approval", tab="permits", model=Reduction,
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
                       offers=(Ask("permitted_after", initial=_stays_permitted),),
                       takes_over=_FIGURES, effects=(_what_stays_is_said,)),
            Transition("approve", "审核通过，公示", "review", "shown", by=REVIEWERS,
                       other_person_than=("account",)),
            Transition("send_back", "退回核算", "review", "new", by=REVIEWERS, asks=(REASON,),
                       main=False),
            Transition("stock", "公示无异议，入库", "shown", "stocked", by=APPROVERS,
                       effects=(_bring_in,),
                       when=_not_to_be_stocked),
            Transition("refuse", "不予入库", ("review", "shown"), "refused", by=REVIEWERS,
                       asks=(REASON,), danger=True, main=False),
        ),
        clocks=(ClockRule("review", "审核", "review", working_days=5, basis=DEFAULT),
                ClockRule("show", "公示", "shown", working_days=5, basis=DEFAULT, waiting=True)),
    ),
    labels={"title": "项目", "entity": "企业", "area_code": "属地", "freed": "可入库量 t/a",
            "left": "未被使用 t/a", "drawn_words": "使用项目"},
    columns=("number", "title", "entity", "way", "pollutant", "freed", "state", "due", "opened_at"),
    filters=("state", "pollutant", "way", "area_code"), search=("number", "title", "entity__name"),
    fields=("title", Ask("entity", to=Enterprise, required=False), "area_code", "way", "pollutant", "permitted", "actual",
            "permitted_after", "base_year", "method"),
    details=("way", "pollutant", "permitted", "actual", "permitted_after", "freed", "left",
             "drawn_words", "base_year", "method"),
    settled=_settled, edit=APPROVERS, enterprise="",
))  # fmt: skip


# ---- out: allocations ----------------------------------------------------------------------------


class Allocation(Matter):
    """A new project that takes from the pool (新建项目使用总量)."""

    pollutant = models.CharField("污染物", max_length=8, choices=Pollutant.choices)
    added = models.DecimalField("新增排放量 t/a", **TONNES)  # type: ignore[arg-type]
    # 1 or 2, by area, year and pollutant; the province's rules may say another.
    multiple = models.DecimalField("替代倍数", max_digits=4, decimal_places=2, default=1)
    # The closed or retrofitted project that it draws on, where one is named.
    source = models.ForeignKey(
        Reduction,
        verbose_name="来源减排项目",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="allocations",
    )
    approval_no = models.CharField("环评批文号", max_length=80, blank=True)

    class Meta:
        verbose_name = "总量使用"

    @property
    def taken(self) -> Decimal:
        """What the pool gives (t/a), to three digits."""
        return (self.added * self.multiple).quantize(Decimal("0.001"))


def _draws_on(allocation: Any) -> dict[Reduction, Decimal]:
    return {allocation.source: allocation.taken} if allocation.source else {}


def _source_gives_it(step: Step) -> None:
    allocation = step.matter
    source = allocation.source
    if source and source.pollutant != allocation.pollutant:
        raise Refused(
            "condition", _("“%s”减排的不是这种污染物。") % source.title, _("请另选来源。")
        )
    hold_sources(allocation, _draws_on(allocation))


def _move(step: Step, kind: str, giver: Any, taker: Any) -> None:
    """Post what the project takes, from one holding to the other."""
    allocation = step.matter
    accounts.post(
        QUOTA,
        kind,
        {giver: -allocation.taken, taker: allocation.taken},
        on=timezone.localdate(step.at),
        text=allocation.title,
        voucher=allocation,
        voucher_no=allocation.approval_no,
        by=step.person,
        at=step.at,
    )


def _outside(allocation: Any) -> Any:
    return QUOTA.outside(allocation.pollutant, "新建项目", allocation.area_code[:6])


def _take_out(step: Step) -> None:
    hold_sources(step.matter, _draws_on(step.matter))
    _move(step, "allocation", _pool(step.matter), _outside(step.matter))


def _reserve(step: Step) -> None:
    hold_sources(step.matter, _draws_on(step.matter))
    _move(step, "reserve", _pool(step.matter), _pool(step.matter, RESERVED))


def _use_reserved(step: Step) -> None:
    _move(step, "allocation", _pool(step.matter, RESERVED), _outside(step.matter))


def _give_back(step: Step) -> None:
    """What was reserved and what was taken out for it is in the pool again."""
    allocation = step.matter
    accounts.take_back(
        QUOTA,
        "lapse",
        ("reserve", "allocation"),
        voucher=allocation,
        on=timezone.localdate(step.at),
        text=allocation.title,
        voucher_no=allocation.approval_no,
        by=step.person,
        at=step.at,
    )


ALLOCATION = declare(Register(
    key="air_allocation", label="总量指标使用", line="approval", tab="permits", model=Allocation,
    pattern="总量〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待提交", stage="申请", waits_for=APPROVERS),
            State("review", "待审核", stage="审核", waits_for=REVIEWERS),
            State("reserved", "已预占", stage="预占", waits_for=APPROVERS),
            State("allocated", "已出库", phase=Phase.DONE),
            State("refused", "不予使用", phase=Phase.DISMISSED),
            State("lapsed", "已失效", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("submit", "提交审核", "new", "review", by=APPROVERS,
                       asks=("pollutant", "added", "multiple"),
                       offers=(Ask("source", among="air_reduction"),), effects=(_source_gives_it,)),
            Transition("allocate", "同意，出库", "review", "allocated", by=REVIEWERS,
                       offers=(Ask("approval_no"),), other_person_than=("submit",),
                       effects=(_take_out,)),
            Transition("reserve", "同意预占", "review", "reserved", by=REVIEWERS,
                       other_person_than=("submit",), effects=(_reserve,), main=False,
                       help="环评尚未批复的项目先占用指标；期满未用自动退回总量库。"),
            Transition("confirm", "环评批复，预占转出库", "reserved", "allocated", by=APPROVERS,
                       asks=("approval_no",), effects=(_use_reserved,)),
            Transition("lapse", "预占失效，退回", "reserved", "lapsed", by=APPROVERS, automatic=True,
                       offers=(REASON,), effects=(_give_back,), main=False),
            Transition("give_back", "批文失效，指标退回", "allocated", "lapsed", by=APPROVERS,
                       asks=(REASON,), evidence=1, effects=(_give_back,), main=False, danger=True,
                       help="项目不再建设，或批准后逾期未开工、批文失效。"),
            Transition("refuse", "不予使用", "review", "refused", by=REVIEWERS, asks=(REASON,),
                       danger=True, main=False),
        ),
        clocks=(ClockRule("review", "审核", "review", working_days=5, basis=DEFAULT),
                ClockRule("reserved", "预占期限", "reserved", days=365, on_due="lapse", basis=DEFAULT)),
    ),
    labels={"title": "新建项目", "entity": "企业", "area_code": "属地", "taken": "出库量 t/a"},
    columns=("number", "title", "entity", "pollutant", "added", "multiple", "taken", "state", "due"),
    filters=("state", "pollutant", "area_code"), search=("number", "title", "entity__name"),
    fields=("title", Ask("entity", to=Enterprise, required=False), "area_code", "pollutant", "added", "multiple",
            Ask("source", among="air_reduction"), "approval_no"),
    details=("pollutant", "added", "multiple", "taken", "source", "approval_no"),
    settled=_settled, edit=APPROVERS, enterprise="",
))  # fmt: skip
