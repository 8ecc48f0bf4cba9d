"""镇街横向生态补偿 (mechanism W9): a month is computed, told to the towns, objected to, frozen; a year is settled.

待核算 → 已核算 → 已通报（申诉期 5 个工作日）→ 已冻结. What a section comes to is computed by the rule that the bureau chose
(``indicators.compensating``, which says so here when it is loaded). Data are left out only by an approved record or an
appeal that was upheld; after either the month is computed again before it is frozen. Freezing writes the account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.accounts.wording import numbered
from ecoledger.entities.models import Area, Section
from ecoledger.listings import own_data
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import, Kind, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics
from ecoledger.matters.workflow import (
    NOW,
    OPEN,
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.water import compensation_account as books
from ecoledger.registers.water.compensation_models import (
    CompensationAppeal,
    CompensationLine,
    CompensationMonth,
    CompensationYear,
    DataExclusion,
    SettlementLine,
)
from ecoledger.standards.workdays import add_working_days

COUNTERS = frozenset({Role.MONITOR, Role.DISPATCHER, Role.SECTION_CHIEF})
PROPOSERS = COUNTERS | {Role.TOWN}
COUNTY = 6


@dataclass(frozen=True, slots=True)
class Bill:
    """What one section comes to, or ``why`` it does not; amounts in 万元."""

    section: Section
    upper: str = ""
    lower: str = ""
    turned: bool = False
    payer: str = ""
    payee: str = ""
    amount: Decimal = Decimal(0)
    shared: Decimal = Decimal(0)
    how: str = ""
    why: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """A month as counted: the rule's title, how sure it is, and every section's bill."""

    rule: str
    mark: str
    bills: Sequence[Bill | CompensationLine]


# What counts a month of a county: set by ``indicators.compensating``, which knows the quality of water.
counting: list[Callable[[str, date], Counted]] = []


def said() -> dict[str, Any]:
    """How long towns may object, and what the county's part is called."""
    return own_data.read(__package__, "compensation", own_name="compensation_terms")


def first_of(day: date) -> date:
    return day.replace(day=1)


def last_of(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def exclusions(county: str, month: date) -> dict[int, dict[str, str]]:
    """Section -> factor ("" for all) -> why it is left out: records approved here, and appeals that were upheld."""
    left: dict[int, dict[str, str]] = defaultdict(dict)
    approved = DataExclusion.objects.filter(
        state="approved",
        month=month,
        area_code__startswith=county,
        withdrawn_at=None,
        history=False,
    )
    for row in approved:
        if row.entity_id:
            left[row.entity_id][row.factor] = f"{row.get_cause_display()}，{row.number}"
    upheld = CompensationAppeal.objects.filter(
        state="upheld", month=month, withdrawn_at=None, line__of__area_code__startswith=county
    )
    for appeal in upheld.select_related("line"):
        if appeal.line is not None:
            left[appeal.line.section_id][appeal.factor] = f"申诉成立，{appeal.number}"
    return dict(left)


# ---- the month -------------------------------------------------------------------------------------


def _begin(matter: Any) -> None:
    matter.month = first_of(matter.month)
    matter.area_code = matter.area_code[:COUNTY]
    matter.title = f"{matter.month.year}年{matter.month.month}月镇街横向生态补偿核算"
    twin = CompensationMonth.objects.filter(
        month=matter.month, area_code=matter.area_code, withdrawn_at=None
    ).exclude(pk=matter.pk)
    if twin.exists():
        raise Refused("form", _("%s已经登记。") % matter.title, _("请打开已有的一件办理。"))


def _count(step: Step) -> None:
    month = step.matter
    if month.month > timezone.localdate():
        raise Refused("condition", _("这个月还没有到。"))
    if not counting:
        raise Refused("condition", _("没有可用的核算规则。"))
    counted = counting[0](month.area_code, month.month)
    for bill in counted.bills:
        CompensationLine.objects.update_or_create(
            of=month,
            section=bill.section,
            defaults={
                "upper": bill.upper, "lower": bill.lower, "turned": bill.turned, "payer": bill.payer,
                "payee": bill.payee, "amount": bill.amount, "shared": bill.shared, "how": bill.how,
                "why": bill.why[:200], "inputs": dict(bill.inputs),
            },
        )  # fmt: skip
    # A section that is no longer counted owes nothing; its line stays, for an appeal may rest on it.
    month.bills.exclude(section__in=[bill.section for bill in counted.bills]).update(
        payer="", payee="", amount=0, shared=0, how="", why="不再核算", inputs={}
    )
    if not counted.bills:
        raise Refused(
            "condition",
            _("没有镇街交接断面。"),
            _("请在断面台账里填写上游和下游属地。"),
        )
    month.rule, month.mark, month.computed_at = counted.rule, counted.mark, step.at
    month.total = sum((bill.amount for bill in counted.bills), Decimal(0))


def pairs(month: CompensationMonth) -> dict[tuple[str, str], Decimal]:
    """(payer, payee) -> 万元 of a month, the county's additions among them."""
    return pairs_of(month.bills.all())


def pairs_of(bills: Iterable[Bill | CompensationLine]) -> dict[tuple[str, str], Decimal]:
    """The same of a month's bills, kept or only computed."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    county = str(said()["county"])
    for bill in bills:
        if bill.amount:
            sums[bill.payer, bill.payee] += bill.amount
        if bill.shared:
            sums[county, bill.payee] += bill.shared
    # Who would pay himself pays nothing.
    return {pair: amount for pair, amount in sums.items() if pair[0] != pair[1]}


def nets(sums: Mapping[tuple[str, str], Decimal]) -> dict[str, Decimal]:
    """What each party is left with, 万元: it gets what is above nought and pays what is below."""
    left: dict[str, Decimal] = defaultdict(Decimal)
    for (payer, payee), amount in sums.items():
        left[payer] -= amount
        left[payee] += amount
    return dict(left)


def _publish(step: Step) -> None:
    month = step.matter
    month.published_on = timezone.localdate(step.at)
    days = int(said()["appeal_working_days"])
    # Without days there is nothing to wait for: the time ended before it began.
    month.appeal_until = (
        add_working_days(month.published_on, days).day
        if days
        else month.published_on - timedelta(days=1)
    )


def _not_appealed(month: Any) -> str:
    """What a town has objected to keeps its month; it is computed again, and not another."""
    if CompensationAppeal.objects.filter(line__of=month.pk, withdrawn_at=None).exists():
        return _("已有申诉的月份不再退回，有误的请重新核算。")
    return ""


def _may_freeze(month: Any) -> str:
    if month.appeal_until and timezone.localdate() <= month.appeal_until:
        return _("申诉期到 %s 止。") % f"{month.appeal_until:%Y-%m-%d}"
    waiting = CompensationAppeal.objects.filter(
        line__of=month.pk, phase=Phase.OPEN, withdrawn_at=None
    ).count()
    if waiting:
        return numbered("还有 %d 件申诉没有答复。", waiting) % waiting
    return _stale(month)


def _stale(month: Any) -> str:
    """What was decided after the last calculation."""
    later = Q(decided_at__gt=month.computed_at) if month.computed_at else Q()
    cut = DataExclusion.objects.filter(
        later, state="approved", month=month.month, area_code__startswith=month.area_code
    )
    upheld = CompensationAppeal.objects.filter(later, state="upheld", line__of=month.pk)
    if cut.exists() or upheld.exists():
        return _("核算之后又批准了数据剔除或成立了申诉，请先重新核算。")
    return ""


def _freeze(step: Step) -> None:
    month = step.matter
    books.post_month(
        pairs(month), month.area_code, on=last_of(month.month), voucher=month, by=step.person, at=step.at
    )  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, and the money of months that are frozen."""
    frozen = rows.filter(state="frozen").aggregate(total=Sum("total"))["total"]
    return [
        *common_statistics(MONTHS, rows, now),
        Statistic("money", "已冻结月份补偿金额", float(frozen or 0), "state=frozen", "万元"),
    ]


MONTHS = declare(Register(
    key="compensation_month", label="横向补偿月核算", line="water", model=CompensationMonth,
    pattern="补偿核算〔{year}〕{n}号", holds_to=_begin, tab="lists",
    workflow=Workflow(
        states=(
            State("new", "待核算", stage="核算", waits_for=COUNTERS),
            State("computed", "已核算，待通报", stage="核算", waits_for=CHECKERS),
            State("published", "已通报，申诉期", stage="申诉", waits_for=CHECKERS),
            State("frozen", "已冻结", phase=Phase.DONE),
        ),
        transitions=(
            Transition("calculate", "核算", ("new", "computed"), "computed", by=COUNTERS, effects=(_count,),
                       help="按选定的规则逐断面核算；每一步写明算式。"),
            Transition("publish", "通报各镇街", "computed", "published", by=CHECKERS,
                       other_person_than=("calculate",), when=_stale, effects=(_publish,)),
            Transition("return", "退回待核算", ("computed", "published"), "new", by=CHECKERS, asks=(REASON,),
                       when=_not_appealed, sets={"published_on": None, "appeal_until": None}, main=False,
                       help="月份或范围登记有误的，退回后改正、重新核算和通报。"),
            Transition("recalculate", "重新核算", "published", "published", by=COUNTERS, asks=(REASON,),
                       effects=(_count,), main=False),
            Transition("freeze", "冻结并记账", "published", "frozen", by=CHECKERS,
                       other_person_than=("recalculate",), even_without=True, when=_may_freeze, effects=(_freeze,),
                       help="申诉期满、申诉都已答复后冻结；冻结后不再改变。"),
        ),
        clocks=(ClockRule("count", "月核算", ("new", "computed"), working_days=10, basis=DEFAULT),
                ClockRule("appeal", "申诉期", "published", deadline_field="appeal_until", basis=DEFAULT, waiting=True)),
    ),
    labels={"title": "名称", "area_code": "范围"},
    columns=("number", "title", "month", "state", "total", "published_on", "appeal_until", "rule", "area_code", "due"),
    filters=("state", "month", "area_code"), search=("number", "title"),
    fields=("area_code", "month"),
    details=("month", "rule", "mark", "total", "computed_at", "published_on", "appeal_until"),
    detail_template="web/rivers/_compensation.html",
    statistics=statistics, edit=COUNTERS, enterprise="",
    measures=(Measure(key="frozen_months", name="已冻结核算月数", numerator=Q(state="frozen"), dated="closed_at", unit="个"),),
    empty="还没有月度核算。登记一个月份，按选定的规则逐断面核算后通报各镇街。",
))  # fmt: skip

# ---- data left out -----------------------------------------------------------------------------------


def _of_month(matter: Any) -> None:
    matter.month = first_of(matter.month)
    if not matter.title:
        matter.title = f"{matter.entity}{matter.month:%Y-%m}数据剔除"
    if not matter.history:  # what was left out in its time is no part of what is counted now
        _not_frozen(matter.area_code, matter.month)


def _not_frozen(area_code: str, month: date) -> None:
    if CompensationMonth.objects.filter(
        state="frozen", month=month, area_code=area_code[:COUNTY]
    ).exists():
        raise Refused("state", _("%s的核算已冻结。") % f"{month:%Y-%m}", _("冻结的月份不再改变。"))


def _still_open(step: Step) -> None:
    _not_frozen(step.matter.area_code, step.matter.month)


EXCLUSIONS = declare(Register(
    key="compensation_exclusion", label="补偿数据剔除", line="water", model=DataExclusion,
    pattern="数据剔除〔{year}〕{n}号", holds_to=_of_month, tab="lists",
    workflow=Workflow(
        states=(
            State("new", "待提交", stage="申请", waits_for=PROPOSERS),
            State("review", "待审批", stage="审批", waits_for=CHECKERS),
            State("approved", "已批准剔除", phase=Phase.DONE),
            State("refused", "不予剔除", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("submit", "提交", "new", "review", by=PROPOSERS, asks=("cause", "description"), evidence=1),
            Transition("approve", "批准剔除", "review", "approved", by=CHECKERS, asks=(REASON,),
                       other_person_than=("submit",), sets={"decided_at": NOW}, effects=(_still_open,)),
            Transition("return", "退回补正", "review", "new", by=CHECKERS, asks=(REASON,), main=False),
            Transition("refuse", "不予剔除", "review", "refused", by=CHECKERS, asks=(REASON,),
                       other_person_than=("submit",), main=False, danger=True),
        ),
        clocks=(ClockRule("review", "审批", "review", working_days=5, basis=DEFAULT),),
    ),
    labels={"title": "名称", "entity": "断面", "description": "情况说明"},
    columns=("number", "entity", "month", "factor", "cause", "state", "due", "area_code"),
    filters=("state", "month", "cause", "factor", "area_code"), search=("number", "title", "entity__name"),
    fields=(Ask("title", required=False, help="留空则由断面和月份命名。"), Ask("entity", to=Section, required=True),
            "area_code", "month", "factor", "cause", "description"),
    details=("month", "factor", "cause", "description", "decided_at"),
    imports=Import(key=("entity", "month", "factor"),
                   headers={"entity": ("断面名称",), "month": ("月份",), "cause": ("原因",)},
                   examples={"entity": "示例桥断面", "month": "2026-05-01", "factor": "总磷", "cause": "上游来水"}),
    views=(View("approved", "已批准", {"state": "approved"}),), edit=PROPOSERS, enterprise="",
    measures=(Measure(key="approved", name="批准剔除", numerator=Q(state="approved"), dated="decided_at"),),
    empty="还没有数据剔除。上游来水、断流、检修等不应计入的数据在这里申请，另一人批准后才不计入。",
))  # fmt: skip

# ---- appeals -----------------------------------------------------------------------------------------


def _lines_open_to(person: Person | None) -> QuerySet[CompensationLine]:
    """Lines of months that were told to the towns and are not frozen; a town's own alone."""
    rows = CompensationLine.objects.filter(of__state="published", of__withdrawn_at=None)
    rows = rows.select_related("of", "section").order_by("of__month", "section__name")
    if person is None:
        return rows
    inside = Q(pk__in=[])
    for code in person.area_codes:
        if len(code) <= COUNTY:
            inside |= Q(of__area_code__startswith=code)
        else:
            names = Area.objects.filter(code__startswith=code).values("name")
            inside |= Q(upper__in=names) | Q(lower__in=names)
    return rows.filter(inside)


class _LineLookup(Lookup):
    """A line answers to its section's name, and where several months are open to "2026-05 示例桥断面"."""

    def alike(self, rows: QuerySet[Any], words: str) -> list[Any]:
        month, _space, name = words.partition(" ")
        return [
            row
            for row in rows.filter(section__name=name.strip())
            if f"{row.of.month:%Y-%m}" == month
        ]


declare_lookup(
    _LineLookup(
        key="compensation_line",
        model=CompensationLine,
        label="断面补偿",
        rows=_lines_open_to,
        exact=("section__name",),
        contains=("section__name",),
        under=lambda line: f"{line.of.month:%Y-%m}",
        see="see_matters",
    )
)


def _in_time(matter: Any) -> None:
    until = matter.line.of.appeal_until if matter.line is not None else None
    if until and timezone.localdate() > until:
        raise Refused("state", _("申诉期已于 %s 届满。") % f"{until:%Y-%m-%d}")


def _appealed(matter: Any) -> None:
    line = matter.line
    if line is None:
        return
    month = line.of
    if month.state != "published":
        raise Refused("state", _("%s的核算不在申诉期。") % f"{month.month:%Y-%m}")
    matter.month, matter.entity = month.month, line.section.entity_ptr
    if not matter.title:
        matter.title = f"{line.section}{month.month:%Y-%m}补偿核算申诉"


APPEALS = declare(Register(
    key="compensation_appeal", label="补偿申诉", line="water", model=CompensationAppeal,
    pattern="补偿申诉〔{year}〕{n}号", prepare=_in_time, holds_to=_appealed, tab="lists",
    workflow=Workflow(
        states=(
            State("new", "待答复", stage="申诉", waits_for=CHECKERS),
            State("upheld", "申诉成立", phase=Phase.DONE),
            State("rejected", "申诉不成立", phase=Phase.DONE),
            State("given_up", "撤回申诉", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("uphold", "申诉成立", "new", "upheld", by=CHECKERS, asks=("answer",), offers=("factor",),
                       sets={"decided_at": NOW}, other_person_than=(OPEN,), help="所选因子（留空为全部）不计入，重新核算后生效。"),
            Transition("reject", "申诉不成立", "new", "rejected", by=CHECKERS, asks=("answer",),
                       sets={"decided_at": NOW}, other_person_than=(OPEN,), main=False),
            Transition("give_up", "撤回申诉", "new", "given_up", by=PROPOSERS, by_opener=True, offers=(REASON,), main=False),
        ),
        clocks=(ClockRule("answer", "答复申诉", "new", working_days=5, basis=DEFAULT),),
    ),
    labels={"title": "名称", "description": "申诉理由", "entity": "断面"},
    columns=("number", "title", "month", "entity", "state", "due", "area_code"),
    filters=("state", "month", "area_code"), search=("number", "title", "entity__name"),
    fields=(Ask("title", required=False), "area_code", Ask("line", among="compensation_line", required=True),
            Ask("description", required=True)),
    details=("month", "line", "factor", "answer", "decided_at"),
    edit=PROPOSERS, enterprise="",
    measures=(Measure(key="upheld", name="成立的申诉", numerator=Q(state="upheld"), dated="decided_at"),),
    empty="还没有申诉。镇街对已通报的核算有异议的，在申诉期内在这里提出。",
))  # fmt: skip

# ---- the year ----------------------------------------------------------------------------------------


def _name_year(matter: Any) -> None:
    matter.area_code = matter.area_code[:COUNTY]
    matter.title = f"{matter.year}年度镇街横向生态补偿结算"
    twin = CompensationYear.objects.filter(
        year=matter.year, area_code=matter.area_code, withdrawn_at=None
    )
    if twin.exclude(pk=matter.pk).exists():
        raise Refused("form", _("%s已经登记。") % matter.title)


def _add_up(step: Step) -> None:
    """The parties of a year by its frozen months; a month that is not frozen keeps the year open."""
    year = step.matter
    months = CompensationMonth.objects.filter(
        month__year=year.year, area_code=year.area_code, withdrawn_at=None
    )
    if not months.exists():
        raise Refused("condition", _("%d 年没有核算过的月份。") % year.year)
    if waiting := months.exclude(state="frozen").count():
        raise Refused(
            "condition",
            numbered("还有 %d 个月没有冻结。", waiting) % waiting,
            _("全部月份冻结后才能结算。"),
        )
    year.parties.all().delete()
    rows = books.turnover(year.area_code, year.year)
    SettlementLine.objects.bulk_create(
        SettlementLine(settlement=year, party=name, received=got, paid=gave, net=got - gave)
        for name, got, gave in rows
    )


def _pay_out(step: Step) -> None:
    year = step.matter
    parties = list(year.parties.values_list("party", "net"))
    booked = books.turnover(year.area_code, year.year)
    if sorted(parties) != sorted((name, got - gave) for name, got, gave in booked):
        raise Refused("condition", _("各方收支与账不符。"), _("请重新汇总全年。"))
    if total := sum((net for _name, net in parties), Decimal(0)):
        raise Refused("condition", _("各方净额合计不为零：%s 万元。") % total)
    books.settle(
        parties, year.area_code, on=date(year.year, 12, 31), voucher=year, paper=year.paper,
        by=step.person, at=step.at,
    )  # fmt: skip
    year.settled_at = step.at


YEARS = declare(Register(
    key="compensation_year", label="横向补偿年度结算", line="water", model=CompensationYear,
    pattern="补偿结算〔{year}〕{n}号", holds_to=_name_year, tab="lists",
    workflow=Workflow(
        states=(
            State("new", "待汇总", stage="汇总", waits_for=COUNTERS),
            State("review", "待结算", stage="结算", waits_for=CHECKERS),
            State("settled", "已结算", phase=Phase.DONE),
        ),
        transitions=(
            Transition("add_up", "汇总全年", ("new", "review"), "review", by=COUNTERS, effects=(_add_up,)),
            Transition("return", "退回待汇总", "review", "new", by=CHECKERS, asks=(REASON,), main=False),
            Transition("settle", "结算", "review", "settled", by=CHECKERS, asks=("paper",),
                       other_person_than=("add_up",), effects=(_pay_out,),
                       help="各方余额按财政结算文号结清。"),
        ),
        clocks=(ClockRule("settle", "年度结算", ("new", "review"), working_days=20, basis=DEFAULT),),
    ),
    labels={"title": "名称", "area_code": "范围"},
    columns=("number", "title", "year", "state", "paper", "settled_at", "due", "area_code"),
    filters=("state", "year", "area_code"), search=("number", "title", "paper"),
    fields=("area_code", Ask("year", kind=Kind.INTEGER, minimum=2000, maximum=2100)),
    details=("year", "paper", "settled_at"),
    lines=(Lines(key="parties", label="各方收支", model=SettlementLine, columns=("party", "received", "paid", "net")),),
    edit=COUNTERS, enterprise="",
    measures=(Measure(key="settled", name="已结算年度", numerator=Q(state="settled"), dated="settled_at", unit="个"),),
    empty="还没有年度结算。全年各月冻结后汇总，由另一人按财政文号结清。",
))  # fmt: skip
