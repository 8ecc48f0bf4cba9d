"""限制生产、停产整治 (mechanism E4), by 环境保护主管部门实施限制生产、停产整治办法（原环境保护部令第30号）.

Told, heard and decided like a penalty; then the firm files its plan in fifteen working days, an order to limit ends
after three months (once three longer), the day the firm files its completion is the day of release, and who was
released is looked at again within thirty days. Undecided, few may know of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.listings.parts import Import
from ecoledger.live import times
from ecoledger.matters.actions import Refused
from ecoledger.matters.models import Circulation, Event, Matter
from ecoledger.matters.reasons import Reason
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.workflow import (
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
    said,
)
from ecoledger.monitoring.alarming import orders
from ecoledger.registers.closing import REASON
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.standards import time_limits

OFFICERS = frozenset({Role.OFFICER})
HEADS = frozenset({Role.LEADER})
LEGAL = frozenset({Role.LEGAL})


class ProductionOrder(Matter):
    """One order to limit or to stop production."""

    class Kind(models.TextChoices):
        LIMIT = "limit", "限制生产"
        HALT = "halt", "停产整治"

    class Ground(models.TextChoices):
        EXCESS = "excess", "超过排放标准或者总量指标排放"
        EVASION = "evasion", "以逃避监管的方式排放，超过标准"
        HEAVY = "heavy", "非法排放重金属、持久性有机污染物等，超过标准三倍以上"
        TOTAL = "total", "超过年度总量指标，不改正"
        AGAIN = "again", "被责令限制生产后仍超标排放"
        EVENT = "event", "因突发事件造成严重环境污染"
        OTHER = "other", "法律、法规规定的其他情形"

    class Ending(models.TextChoices):
        DONE = "done", "完成整改并备案"
        REVOKED = "revoked", "决定被依法撤销"
        CLOSED = "closed", "报经政府责令停业、关闭"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_production_order"
    )
    case = models.ForeignKey(
        PenaltyCase, verbose_name="案件", on_delete=models.PROTECT, null=True, blank=True,
        related_name="production_orders",
    )  # fmt: skip
    kind = models.CharField("措施", max_length=6, choices=Kind.choices, default=Kind.LIMIT)
    ground = models.CharField("情形", max_length=10, choices=Ground.choices, default=Ground.EXCESS)
    party = models.CharField("当事人", max_length=120, blank=True)
    scale = models.CharField("限产停产的范围和规模", max_length=300, blank=True)
    notice_served_on = models.DateField("告知书送达日期", null=True, blank=True)
    statement = models.TextField("陈述申辩意见", blank=True)
    statement_answer = models.TextField("复核意见", blank=True)
    hearing_asked_on = models.DateField("申请听证日期", null=True, blank=True)
    hearing_on = models.DateField("听证日期", null=True, blank=True)
    legal_reviewed_on = models.DateField("法制审核日期", null=True, blank=True)
    discussed_on = models.DateField("集体讨论日期", null=True, blank=True)
    decision_no = models.CharField("决定书文号", max_length=60, blank=True, db_index=True)
    decided_on = models.DateField("决定日期", null=True, blank=True, db_index=True)
    served_on = models.DateField("送达日期", null=True, blank=True)
    plan_filed_on = models.DateField("整改方案备案日期", null=True, blank=True)
    completed_on = models.DateField("整改完成日期", null=True, blank=True)
    released_on = models.DateField("解除日期（完成情况备案日）", null=True, blank=True)
    compared = models.TextField("完成前后对比（监测、用电、用水、产量）", blank=True)
    followed_up_on = models.DateField("跟踪检查日期", null=True, blank=True)
    ending = models.CharField("结果", max_length=8, choices=Ending.choices, blank=True)

    class Meta:
        verbose_name = "限产停产"


# ---- what the law asks before a step -------------------------------------------------------------


def _not_issued(order: Any, what: str, label: str) -> str:
    issued = order.documents.filter(kind=f"{order.kind}_{what}")
    if not issued.exists():
        return _("还没有印发%s。") % label
    anew = Event.objects.filter(matter=order.pk, transition="tell_again").order_by("-at").first()
    if anew is not None and not issued.filter(issued_at__gte=anew.at).exists():
        return _("印发的%s早于重新告知，须重新拟文印发。") % label
    return ""


def _no_notice(order: Any) -> str:
    if not order.scale:
        return _("没有写明限产停产的范围和规模。")
    return _not_issued(order, "notice", _("限制生产、停产整治告知书"))


def _no_decision(order: Any) -> str:
    return _not_issued(order, "decision", _("限制生产、停产整治决定书"))


def term_runs(order: Any) -> str:
    """The party is heard for its whole term; a hearing that was asked for is held."""
    if order.notice_served_on is None:
        return _("告知书还没有送达。")
    keys = ("penalty-statement", "penalty-hearing-request")
    last = max(time_limits.deadline(order.notice_served_on, key).due_day for key in keys)
    if timezone.localdate() <= last:
        return _("陈述申辩和申请听证的期限到 %s，期满前不能作出决定。") % last
    if order.hearing_asked_on and not order.hearing_on:
        return _("当事人申请了听证，还没有举行。")
    if order.statement and not order.statement_answer:
        return _("当事人的陈述申辩还没有复核。")
    return ""


def may_decide(order: Any) -> str:
    """Heard; reviewed where a hearing was held (行政处罚法 58); discussed before production is stopped (57)."""
    if why := term_runs(order):
        return why
    if order.hearing_on and order.legal_reviewed_on is None:
        return _("经过听证的，须先经法制审核。")
    if order.kind == ProductionOrder.Kind.HALT:
        if order.discussed_on is None:
            return _("停产整治须经负责人集体讨论决定。")
        if order.discussed_on <= order.notice_served_on:
            return _("集体讨论须在告知、听取陈述申辩之后进行。")
    return ""


def _review(step: Step) -> None:
    step.matter.legal_reviewed_on = timezone.localtime(step.at).date()


def _afresh(step: Step) -> None:
    """Told again: what was heard, reviewed and discussed before does not stand."""
    order = step.matter
    order.notice_served_on = order.hearing_asked_on = order.hearing_on = None
    order.legal_reviewed_on = order.discussed_on = None
    order.statement = order.statement_answer = ""


def _no_wider(step: Step) -> None:
    """Decided otherwise than told it is narrower, and says why; what was told stands beside it."""
    told = ProductionOrder.objects.values_list("scale", flat=True).get(pk=step.matter.pk)
    if step.matter.scale == told:
        return
    if not step.form.get("narrowed"):
        why = _("范围和规模与告知的“%s”不同：只能缩小，并写明理由；扩大的须重新告知。") % told
        raise Refused("form", why, "", {"narrowed": [_("请填写")]})
    step.form["narrowed"] = _("原告知：%(told)s。%(why)s") % {
        "told": told,
        "why": step.form["narrowed"],
    }


def _decide(step: Step) -> None:
    """From now on all staff of its area know of it."""
    step.matter.decided_on = timezone.localtime(step.at).date()
    step.matter.circulation = Circulation.STAFF


def _in_order(name: str, label: str, before: str) -> Any:
    """A day that may not be earlier than another of the order."""

    def check(step: Step) -> None:
        day, first = getattr(step.matter, name), getattr(step.matter, before)
        if first is not None and day < first:
            why = _("%(label)s不能早于 %(day)s。") % {"label": _(label), "day": first}
            raise Refused("form", why, "", {name: [_("请核对")]})

    return check


def _served(step: Step) -> None:
    order = step.matter
    issued = order.documents.filter(kind=f"{order.kind}_decision").order_by("-issued_at").first()
    if issued is not None:
        order.decision_no = issued.number


def _limited(order: Any) -> bool:
    return bool(order.kind == ProductionOrder.Kind.LIMIT)


def _prepare(order: ProductionOrder) -> None:
    if order.entity is not None:
        order.party = order.party or order.entity.name
    order.circulation = Circulation.STAFF if order.decided_on else Circulation.RESTRICTED
    if order.import_batch_id is not None and not order.history and order.decided_on:
        order.state = "running" if order.served_on else "decided"


def _figures(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.order_by().aggregate(
        limit=Count("pk", filter=Q(kind="limit", decided_on__isnull=False)),
        halt=Count("pk", filter=Q(kind="halt", decided_on__isnull=False)),
        open=Count("pk", filter=Q(state="running")),
        late=Count("pk", filter=Q(phase="open", due__lt=now)),
    )
    return [
        Statistic(
            "limit", "限制生产", n["limit"], "kind=limit&decided_on_from=2000-01-01", unit="家次"
        ),
        Statistic(
            "halt", "停产整治", n["halt"], "kind=halt&decided_on_from=2000-01-01", unit="家次"
        ),
        Statistic("running", "限产停产中", n["open"], "state=running", unit="家次"),
        Statistic("overdue", "超期未办结", n["late"], "overdue=1"),
    ]


def stops(begin: datetime, end: datetime) -> Iterator[orders.Stop]:
    """The firms whose production is stopped (停产整治) from the day after the decision was served until it is released,
    between two moments in China standard time."""
    served = ProductionOrder.objects.filter(
        Q(released_on=None) | Q(released_on__gt=begin.date()),
        kind=ProductionOrder.Kind.HALT,
        served_on__lt=end.date(),
        withdrawn_at=None,
    )
    for order in served.exclude(phase=Phase.DISMISSED).select_related("entity"):
        if order.entity is None or order.served_on is None:
            continue
        first = datetime.combine(order.served_on + timedelta(days=1), time())
        if order.released_on is not None:
            until: datetime | None = datetime.combine(order.released_on, time())
        else:
            until = None if order.closed_at is None else times.naive(order.closed_at)
        words = f"停产整治决定（{order.decision_no or order.number}）生效"
        if order.scale:
            words += f"，范围为“{order.scale}”"
        yield orders.Stop(order.entity.code, first, until, words)


orders.sources.append(stops)


REGISTER = declare(Register(
    key="production_order", label="限产停产", line="enforcement", tab="checks",
    reason=Reason("限产停产"), model=ProductionOrder,
    hidden={"case": "see_undecided_penalties"}, pattern="限停〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待审批", stage="审批", waits_for=HEADS),
            State("telling", "待告知", stage="告知", waits_for=OFFICERS),
            State("defence", "陈述申辩期", stage="告知", waits_for=OFFICERS),
            State("deciding", "待决定", stage="决定", waits_for=HEADS),
            State("decided", "待送达", stage="送达", waits_for=OFFICERS),
            State("running", "限产停产中", stage="整改", waits_for=OFFICERS),
            State("released", "已解除，待跟踪检查", stage="跟踪", waits_for=OFFICERS),
            State("again", "跟踪检查不合格，待处理", stage="跟踪", waits_for=OFFICERS | HEADS),
            State("done", "办结", phase=Phase.DONE),
            State("refused", "不予限产停产", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("approve", "同意", "new", "telling", by=HEADS, asks=("ground", "scale")),
            Transition("refuse", "不同意", ("new", "deciding"), "refused", by=HEADS, asks=(REASON,), main=False),
            Transition("notify", "告知书已送达", "telling", "defence", by=OFFICERS, asks=("notice_served_on",),
                       when=_no_notice),
            Transition("record_statement", "记录陈述申辩和复核", "defence", "", by=OFFICERS,
                       asks=("statement", "statement_answer"), main=False),
            Transition("ask_hearing", "当事人申请听证", "defence", "", by=OFFICERS, asks=("hearing_asked_on",),
                       main=False),
            Transition("hold_hearing", "听证已举行", "defence", "", by=OFFICERS, asks=("hearing_on",),
                       evidence=1, main=False),
            Transition("send_decision", "送决定", "defence", "deciding", by=OFFICERS, when=term_runs),
            Transition("legal_pass", "法制审核同意", "deciding", "", by=LEGAL, asks=(said("opinion", "审核意见"),),
                       effects=(_review,), main=False),
            Transition("discuss", "集体讨论", "deciding", "", by=HEADS, asks=("discussed_on",
                       said("conclusion", "讨论结论")), evidence=1, main=False),
            Transition("decide", "作出决定", "deciding", "decided", by=HEADS, when=may_decide, asks=("scale",),
                       offers=(said("narrowed", "缩小范围和规模的理由"),), takes_over=("scale",),
                       other_person_than=("notify",), effects=(_no_wider, _decide),
                       help="听取陈述申辩后可以缩小范围和规模；扩大范围或改变情形的，须重新告知。"),
            Transition("tell_again", "重新告知", ("defence", "deciding"), "telling", by=HEADS, asks=(REASON,),
                       effects=(_afresh,), main=False,
                       help="改变情形、范围或当事人的，退回后先修改登记内容，再印发、送达告知书。"),
            Transition("serve", "决定书已送达", "decided", "running", by=OFFICERS, asks=("served_on",),
                       when=_no_decision,
                       effects=(_in_order("served_on", "送达日期", "decided_on"), _served)),
            Transition("file_plan", "整改方案已备案", "running", "", by=OFFICERS, asks=("plan_filed_on",),
                       effects=(_in_order("plan_filed_on", "备案日期", "served_on"),), main=False),
            Transition("release", "完成情况已备案，解除", "running", "released", by=OFFICERS, evidence=1,
                       asks=("completed_on", "released_on", "compared"),
                       effects=(_in_order("released_on", "解除日期", "completed_on"),)),
            Transition("end", "终止（撤销或停业关闭）", ("running", "again"), "done", by=HEADS,
                       asks=("ending", REASON), main=False, danger=True),
            Transition("follow_up", "跟踪检查合格", "released", "done", by=OFFICERS, evidence=1,
                       asks=("followed_up_on",), sets={"ending": ProductionOrder.Ending.DONE},
                       effects=(_in_order("followed_up_on", "跟踪检查日期", "released_on"),)),
            Transition("follow_up_bad", "跟踪检查不合格", "released", "again", by=OFFICERS, evidence=1,
                       asks=("followed_up_on", said("findings", "检查情况")),
                       effects=(_in_order("followed_up_on", "跟踪检查日期", "released_on"),), main=False),
            Transition("handle", "已另案处理", "again", "done", by=OFFICERS,
                       asks=(said("handled", "处理情况和案号"),)),
        ),
        clocks=(
            ClockRule("statement", "陈述申辩期", "defence", limit="penalty-statement", waiting=True,
                      counted_from="notice_served_on"),
            ClockRule("delivery", "送达", "decided", limit="penalty-delivery", counted_from="decided_on"),
            ClockRule("plan", "整改方案备案", "running", since="serve", until="file_plan",
                      limit="production-limit-plan", counted_from="served_on"),
            ClockRule("limit", "限制生产期限", "running", limit="production-limit", counted_from="served_on",
                      applies=_limited),
            ClockRule("follow_up", "解除后跟踪检查", "released", limit="production-limit-follow-up",
                      counted_from="released_on"),
        ),
    ),
    labels={"title": "违法行为", "entity": "对象", "area_code": "属地"},
    columns=("number", "title", "party", "kind", "decision_no", "state", "due", "decided_on", "served_on",
             "released_on", "case"),
    filters=("state", "kind", "ground", "area_code", "decided_on", "opened_at"),
    search=("number", "title", "party", "decision_no"),
    fields=("title", "kind", "ground", "entity", "party", "case", "area_code", "address", "description",
            "scale"),
    details=("kind", "ground", "party", "case", "scale", "notice_served_on", "statement", "statement_answer",
             "hearing_on", "legal_reviewed_on", "discussed_on", "decision_no", "decided_on", "served_on",
             "plan_filed_on", "completed_on", "released_on", "compared", "followed_up_on", "ending"),
    imports=Import(key=("decision_no",), columns=("title", "kind", "party", "entity", "area_code",
                                                  "decision_no", "decided_on", "served_on", "released_on"),
                   headers={"party": ("企业名称", "当事人名称"), "area_code": ("镇街",),
                            "kind": ("措施类别",), "served_on": ("送达时间",)},
                   values={"kind": {"限产": "limit", "停产": "halt"}},
                   examples={"title": "超标排放水污染物", "kind": "限制生产", "party": "某某印染厂",
                             "area_code": "北镇", "decision_no": "测环责限〔2026〕1号",
                             "decided_on": "2026-03-02", "served_on": "2026-03-05"}, future=()),
    edit=OFFICERS, manage=HEADS, circle=CAPABILITIES["see_undecided_penalties"], prepare=_prepare,
    statistics=_figures,
    empty=noop("还没有限产停产。从案件发起，告知、听取申辩后决定；解除后三十日内跟踪检查。"),
))  # fmt: skip
