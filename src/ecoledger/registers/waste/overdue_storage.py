"""超期贮存 (mechanism S-5): waste that is in store for longer than it may be, until it is dealt with and somebody has looked.

Every night the account is asked which firms hold a code for longer than the limit (``data/hazardous_waste.toml``; the
law's year is for who works under a licence, mark 1; a producer's limit is in its permit), the first received going
first. Each becomes a matter; it is closed when the account holds nothing overdue any more and a second person has
checked. 超期贮存处置率 is told in tonnes, with both its parts.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.books import account as accounts
from ecoledger.books.models import Holding
from ecoledger.listings.catalogue import listings_of
from ecoledger.listings.parts import Ask
from ecoledger.matters import actions
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import OPEN_WORK, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.waste import filings, waste_balance
from ecoledger.registers.waste.hazardous_waste import HAZARDOUS, is_waste_code, name_of

WORKERS = frozenset({Role.OFFICER, Role.APPROVER, Role.MONITOR, Role.ENTERPRISE})


class OverdueStorage(Matter):
    """A code of waste that a firm has in store for too long."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_overdue_storage"
    )
    code = models.CharField(
        "危险废物代码", max_length=14, db_index=True, validators=[is_waste_code]
    )
    tonnes = models.DecimalField("超期量 t", max_digits=14, decimal_places=5)
    days = models.PositiveIntegerField("贮存期限 天")
    # Longer by a permission: until then it is not overdue.
    allowed_until = models.DateField("经批准延长至", null=True, blank=True)
    allowed_by = models.CharField("批准文号", max_length=80, blank=True)

    class Meta:
        verbose_name = "超期贮存"

    @property
    def left(self) -> Decimal:
        """What is overdue still, by the account now, t."""
        return left_of(self)

    @property
    def dealt_with(self) -> Decimal:
        """What of it has been dealt with, t."""
        return max(Decimal(0), self.tonnes - left_of(self))


def left_of(case: Any) -> Decimal:
    holding = Holding.objects.filter(
        book=HAZARDOUS.key, entity=case.entity_id, item=case.code
    ).first()
    if holding is None:
        return Decimal(0)
    return accounts.held_longer(holding, timezone.localdate(), case.days) / 1000


def _still_there(case: Any) -> str:
    if left := left_of(case):
        return _("账上还有 %s t 超期贮存，请先登记出库或转移联单。") % f"{left:.3f}"
    return ""


def _prepare(case: Any) -> None:
    case.circulation = Circulation.ENTERPRISE
    if not case.title and case.entity is not None:
        case.title = f"{case.entity.name} {name_of(case.code)} {case.code}".replace("  ", " ")


def _is_later(step: Step) -> None:
    """The clock of what was allowed counts from the new date."""
    step.matter.description = (step.matter.description + "\n" + _("经批准延长贮存至 %s") % (
        f"{step.matter.allowed_until:%Y-%m-%d}"
    )).strip()  # fmt: skip


WORKFLOW = Workflow(
    states=(
        State("found", "待处置", stage="处置", waits_for=WORKERS),
        State("allowed", "经批准延长", stage="处置", waits_for=WORKERS),
        State("check", "待核查", stage="核查", waits_for=CHECKERS),
        State("closed", "已处置", phase=Phase.CLOSED),
        State("void", "不属超期", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("report", "报告处置完毕", ("found", "allowed"), "check", by=WORKERS | CHECKERS,
                   asks=(said("result", "处置去向和联单号"),), evidence=1, when=_still_there,
                   shown_to_enterprise=True),
        Transition("allow", "登记延长批准", "found", "allowed", by=BUREAU,
                   asks=("allowed_until", "allowed_by"), effects=(_is_later,), main=False,
                   shown_to_enterprise=True,
                   help="从事经营活动的单位确需延长贮存期限的，须经颁发许可证的部门批准。"),
        Transition("lapse", "延长期满", "allowed", "found", by=BUREAU, automatic=True, main=False),
        Transition("close", "核查属实，销号", "check", "closed", by=CHECKERS, asks=(said("checked", "核查意见"),),
                   other_person_than=("report",), shown_to_enterprise=True),
        Transition("return", "核查不实，退回", "check", "found", by=CHECKERS, asks=(REASON,),
                   other_person_than=("report",), main=False, shown_to_enterprise=True),
        Transition("void", "不属超期", ("found", "allowed", "check"), "void", by=CHECKERS, asks=(REASON,),
                   danger=True, main=False),
    ),
    clocks=(
        ClockRule("dispose", "处置", "found", days=30, basis=DEFAULT),
        ClockRule("allowed", "延长期限", "allowed", deadline_field="allowed_until", on_due="lapse",
                  waiting=True),
        ClockRule("check", "核查", "check", working_days=5, basis=DEFAULT),
    ),
)  # fmt: skip


def find_overdue(now: datetime) -> int:
    """Open a matter for every firm and code that is over its limit and has none; how many. What was filed late settles
    what was owed, in the same round."""
    today, days = timezone.localdate(now), HAZARDOUS.longest_days
    settled = filings.settle_all(listings_of(filings.FilingLog))
    waste_balance.follow_postings(now - timedelta(days=2))
    if not days:
        return settled
    open_ = set(OverdueStorage.objects.filter(OPEN_WORK).values_list("entity_id", "code"))
    held = Holding.objects.filter(
        book=HAZARDOUS.key, outside=False, balance__gt=0, entity__isnull=False
    ).exclude(entity__until__lt=today)
    count = 0
    for holding in old_enough(held, today, days).select_related("entity"):
        if (holding.entity_id, holding.item) in open_:
            continue
        if kilograms := accounts.held_longer(holding, today, days):
            actions.open_matter(
                OVERDUE,
                {
                    "entity": holding.entity,
                    "area_code": holding.area_code,
                    "code": holding.item,
                    "tonnes": kilograms / 1000,
                    "days": days,
                },
                by=None,
                at=now,
            )
            count += 1
    return settled + count


def old_enough(held: QuerySet[Holding], today: date, days: int) -> QuerySet[Holding]:
    """Those that received anything so long ago: of the others nothing can be overdue."""
    return held.filter(
        entries__quantity__gt=0, entries__on__lte=today - timedelta(days=days)
    ).distinct()


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, and 超期贮存处置率 by cases and by tonnes."""
    counted = rows.filter(merged_into=None).exclude(phase=Phase.DISMISSED.value).order_by()
    done = counted.filter(phase__in=COMPLETED)
    tonnes = counted.aggregate(n=Sum("tonnes"))["n"] or Decimal(0)
    dealt = done.aggregate(n=Sum("tonnes"))["n"] or Decimal(0)
    rate = float(100 * dealt / tonnes) if tonnes else None
    note = _("已处置 %(part)s t ÷ 超期贮存 %(whole)s t，经核查销号的才计入") % {
        "part": f"{dealt.quantize(Decimal('0.001'))}",
        "whole": f"{tonnes.quantize(Decimal('0.001'))}",
    }
    return [
        *common_statistics(OVERDUE, rows, now),
        share("case_ratio", "超期贮存处置率（按起数）", done.count(), counted.count(), query="closed=1"),
        Statistic("tonnes", "超期贮存量", float(tonnes), "", "t"),
        Statistic("dealt", "已处置量", float(dealt), "closed=1", "t"),
        Statistic("tonne_ratio", "超期贮存处置率（按重量）", rate, "closed=1", "%", note=note),
    ]  # fmt: skip


OVERDUE = declare(Register(
    key="overdue_storage", label="危险废物超期贮存", line="waste", model=OverdueStorage, workflow=WORKFLOW,
    pattern="超贮〔{year}〕{n}号", prepare=_prepare, daily=find_overdue,
    labels={"entity": "产生单位", "left": "账上仍超期 t", "dealt_with": "已处置 t", "title": "单位和废物"},
    columns=("number", "title", "code", "tonnes", "left", "state", "due", "area_code", "opened_at"),
    filters=("state", "code", "entity", "area_code", "opened_at"), search=("number", "title", "code"),
    fields=("entity", Ask("title", required=False), "area_code", "code", "tonnes", "days"),
    details=("code", "tonnes", "left", "dealt_with", "days", "allowed_until", "allowed_by"),
    measures=(
        Measure(key="dealt_ratio", name="超期贮存的危险废物处置率", numerator=Q(phase__in=COMPLETED),
                denominator=~Q(phase=Phase.DISMISSED.value), dated="opened_at", missing=noop("没有超期贮存")),
    ),
    statistics=statistics, edit=BUREAU,
    empty="没有超期贮存。每日核对危险废物账，超过贮存期限的会自动列在这里。",
))  # fmt: skip
