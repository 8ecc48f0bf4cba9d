"""行政审批办件 (mechanism P2): each application from its receipt to its delivery, in the working days that were promised.

收件 → 审查 → 决定 → 送达. Days of 补正、公示 and 评审 are not the office's: both clocks stand still, and the spell has a
term of its own, so that 挂起 hides nothing. Who says nothing to an application in time has accepted it (行政许可法 32).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings.cells import area_name
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import, TableRow, View
from ecoledger.listings.refusals import refuse
from ecoledger.matters import deadlines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Circulation, Event, Matter
from ecoledger.matters.pausing import Pauses, working_days_still
from ecoledger.matters.register import Register, declare
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
from ecoledger.registers.approval.case_figures import EIA, breakdowns, statistics
from ecoledger.registers.approval.items import DESK, ApprovalItem, Kind
from ecoledger.registers.approval.parks import Park, in_words, park_of, three_hooks
from ecoledger.registers.closing import REASON
from ecoledger.standards import workdays

APPROVERS = frozenset({Role.APPROVER})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER})
LAW = noop("行政许可法")


class ApprovalCase(Matter):
    """One application (办件)."""

    class Decision(models.TextChoices):
        NONE = "", "未决定"
        GRANTED = "granted", "准予"
        REFUSED = "refused", "不予"
        DONE = "done", "办结"

    class Content(models.TextChoices):
        NONE = "", "未评价"
        VERY = "very", "非常满意"
        CONTENT = "content", "满意"
        BASIC = "basic", "基本满意"
        NOT = "not", "不满意"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_approval_case"
    )
    item = models.ForeignKey(
        ApprovalItem,
        verbose_name="事项",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
    )
    kind = models.CharField("办件类别", max_length=12, choices=Kind.choices, blank=True)
    at_once = models.BooleanField("即办件", default=False)
    applicant = models.CharField("申请人", max_length=120, blank=True)
    applicant_code = models.CharField("申请人证照号", max_length=40, blank=True)
    project_code = models.CharField("项目代码", max_length=40, blank=True)
    industry_code = models.CharField("行业代码", max_length=6, blank=True)
    investment = models.DecimalField(
        "总投资 万元", max_digits=14, decimal_places=2, null=True, blank=True
    )
    green_investment = models.DecimalField(
        "环保投资 万元", max_digits=14, decimal_places=2, null=True, blank=True
    )
    park = models.ForeignKey(
        Park,
        verbose_name="所在园区",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
    )
    cut_from = models.CharField("区域削减来源", max_length=200, blank=True)
    author = models.CharField("编制单位", max_length=120, blank=True)
    # The days that were promised when it came in; a later catalogue does not change them.
    receive_days = models.PositiveSmallIntegerField("受理时限", default=5, editable=False)
    legal_days = models.PositiveSmallIntegerField("法定时限 工作日", null=True, blank=True)
    promised_days = models.PositiveSmallIntegerField("承诺时限 工作日", null=True, blank=True)
    publicity_days = models.PositiveSmallIntegerField(default=0, editable=False)
    review_days = models.PositiveSmallIntegerField(default=0, editable=False)
    deliver_days = models.PositiveSmallIntegerField(default=10, editable=False)
    accepted_on = models.DateField("受理日期", null=True, blank=True, db_index=True)
    lacking = models.TextField("补正内容", blank=True)
    publicity_at = models.CharField("公示网址", max_length=200, blank=True)
    opinion = models.TextField("审查意见", blank=True)
    decision = models.CharField(
        "决定", max_length=10, choices=Decision.choices, blank=True, default=""
    )
    decision_no = models.CharField("决定文号", max_length=80, blank=True, db_index=True)
    decided_on = models.DateField("决定日期", null=True, blank=True, db_index=True)
    delivered_on = models.DateField("送达日期", null=True, blank=True)
    content = models.CharField(
        "服务评价", max_length=8, choices=Content.choices, blank=True, default=""
    )
    still_days = models.PositiveSmallIntegerField("不计时 工作日", null=True, blank=True)
    used_days = models.PositiveSmallIntegerField("实际用时 工作日", null=True, blank=True)
    cancelled_on = models.DateField("撤销日期", null=True, blank=True)
    cancelled_why = models.CharField("撤销理由", max_length=300, blank=True)

    class Meta:
        verbose_name = "审批办件"

    @property
    def saved_days(self) -> int | None:
        """By how many working days it was quicker than promised; ``None`` until it is decided."""
        if self.used_days is None or self.promised_days is None:
            return None
        return self.promised_days - self.used_days

    @property
    def hooks(self) -> str:
        """三挂钩 of an assessment in a park, a line each, as everybody who reads the case may know them."""
        return in_words(three_hooks(self.park, self.cut_from)) if self.kind in EIA else ""


def _begin(case: ApprovalCase) -> None:
    """Take over what the catalogue promises today, and what is known of one that is over already."""
    if case.item is not None:
        item = case.item
        case.kind = case.kind or item.kind
        case.at_once = item.at_once
        case.receive_days, case.deliver_days = item.receive_days, item.deliver_days
        case.publicity_days, case.review_days = item.publicity_days, item.review_days
        if case.legal_days is None:
            case.legal_days = item.legal_days or None
        if case.promised_days is None:
            case.promised_days = item.days if item.at_once else item.promised_days or None
    case.kind = case.kind or Kind.OTHER
    if case.park is None and case.kind in EIA and not case.history:
        case.park = park_of(case.lon, case.lat)
    take_holder(case)
    if not case.applicant and case.entity is not None:
        case.applicant = case.entity.name
    if case.used_days is None and case.decided_on and case.accepted_on:
        case.used_days = used(case.accepted_on, case.decided_on, case.still_days or 0)


def take_holder(case: Any) -> None:
    """Place and firm of whom it is about, also of a fact of the past; the firm reads what is its own."""
    if case.entity is None:
        return
    own, case.area_code = case.entity.area_code, case.area_code or case.entity.area_code
    apart = not (own.startswith(case.area_code) or case.area_code.startswith(own))
    if apart and not case.address and not case.history:
        said = {"own": area_name(own), "area": area_name(case.area_code)}
        why = _("申请企业在%(own)s，属地填的是%(area)s。项目不在%(own)s的，请写明地址。")
        refuse({"area_code": why % said})
    if case.enterprise_id is None and case.entity.enterprise is not None:
        case.enterprise_id = case.entity.enterprise.pk
    case.circulation = Circulation.ENTERPRISE


def used(first: date, last: date, still: int) -> int:
    """Working days from the acceptance, its own day not counted, to the decision, without the ``still`` ones.

    >>> used(date(2026, 9, 30), date(2026, 10, 10), 1)  # 国庆节 1-7 October, the 10th is worked
    2
    """
    return max(0, workdays.working_days_between(first, last).count - still)


# ---- steps ---------------------------------------------------------------------------------------

PAUSES = Pauses(clocks=("promise", "legal"), during=("publicity", "review"),
                basis="行政许可法第四十五条：听证、检验、检测、专家评审等所需时间不计算在期限内")  # fmt: skip


def _day(step: Step) -> date:
    return timezone.localdate(step.at)


def _accept(step: Step) -> None:
    """Accepted on the day; without a word in time, on the day on which it came in."""
    case = step.matter
    if step.person is None:
        case.accepted_on = timezone.localdate(case.opened_at)
        return
    case.accepted_on = step.form.get("accepted_on") or _day(step)
    if not timezone.localdate(case.opened_at) <= case.accepted_on <= _day(step):
        refuse({"accepted_on": _("受理日期应在收件日和今天之间")})


def _count(step: Step, day: date) -> None:
    """What the case took: working days, without those in which its clocks stood still."""
    case = step.matter
    clock = case.clocks.filter(name__in=PAUSES.clocks).order_by("-started_at", "-pk").first()
    case.still_days = working_days_still(clock, step.at) if clock is not None else 0
    case.decided_on = day
    case.used_days = used(case.accepted_on or day, day, case.still_days)


def _decide(step: Step) -> None:
    if step.form["decision"] == ApprovalCase.Decision.REFUSED and not step.form.get("opinion"):
        refuse({"opinion": _("不予许可须写明理由")})
    if step.form["decision"] == ApprovalCase.Decision.GRANTED:
        _through_the_gate(step)
        _shown_first(step)
    _count(step, _day(step))


def _through_the_gate(step: Step) -> None:
    """An assessment in a park is granted where the three ties hold, or with a written exception."""
    case = step.matter
    if case.kind not in EIA:
        return
    hooks = three_hooks(case.park, case.cut_from, step.person)
    failing = [hook for hook in hooks if hook.holds is False]
    if failing and not (step.form.get("exception") or "").strip():
        why = "；".join(str(hook) for hook in failing)
        refuse({"exception": _("“三挂钩”不符合（%s），须写明例外依据或不予批准") % why})


def _shown_first(step: Step) -> None:
    """What the catalogue has shown to the public is granted after that, or with a written exception. Of what is handled
    together the project is shown once."""
    case = step.matter
    together = Q(matter=case) if case.bundle_id is None else Q(matter__bundle=case.bundle_id)
    shown = Event.objects.filter(together, transition="published").exists()
    if case.publicity_days and not shown and not (step.form.get("unshown") or "").strip():
        why = _("事项目录规定公示 %d 个工作日，本件没有公示：请先“开始公示”，或写明不公示的依据")
        refuse({"unshown": why % case.publicity_days})


def _shown_long_enough(step: Step) -> None:
    """Publicity ends when its days are over, or with a written reason."""
    clocks = deadlines.running(step.matter)
    due = next((clock.due for clock in clocks if clock.name == "publicity"), None)
    if due is not None and step.at < due and not (step.form.get("early") or "").strip():
        why = _("公示到 %s 才期满：请在期满后办理，或写明提前结束的依据")
        refuse({"early": why % timezone.localdate(due)})


def _finish_at_once(step: Step) -> None:
    """Received, accepted, decided and handed over on one day."""
    case = step.matter
    case.accepted_on, case.decision = _day(step), ApprovalCase.Decision.DONE
    case.delivered_on = _day(step)
    _count(step, _day(step))


def _deliver(step: Step) -> None:
    case = step.matter
    day = step.form["delivered_on"]
    if not (case.decided_on or day) <= day <= _day(step):
        refuse({"delivered_on": _("送达日期应在决定日和今天之间")})


def _is_at_once(case: Any) -> str:
    if not case.at_once:
        return _("该事项不是即办件，须经审查。")
    return _("事项目录规定须公示，不能当场办结。") if case.publicity_days else ""


def _cancel(step: Step) -> None:
    case = step.matter
    case.cancelled_on, case.cancelled_why = _day(step), step.form["reason"][:300]


def _is_filing(case: Any) -> str:
    return "" if case.kind == Kind.FILING else _("只有登记备案可以撤销备案。")


# What a person may decide; 办结 is what is done at once without a decision.
_DECIDED = Ask("decision", choices=tuple(
    (way.value, way.label) for way in (ApprovalCase.Decision.GRANTED, ApprovalCase.Decision.REFUSED)
))  # fmt: skip
WORKFLOW = Workflow(
    states=(
        State("received", "待受理", stage="收件", waits_for=APPROVERS),
        State("correcting", "待补正", stage="收件", waits_for=frozenset({Role.ENTERPRISE})),
        State("reviewing", "审查中", stage="审查", waits_for=APPROVERS),
        State("publicity", "公示中", stage="审查", waits_for=APPROVERS),
        State("review", "评审听证中", stage="审查", waits_for=APPROVERS),
        State("decided", "待送达", stage="送达", waits_for=APPROVERS),
        State("done", "已办结", phase=Phase.DONE),
        State("not_accepted", "不予受理", phase=Phase.DISMISSED),
        State("taken_back", "申请人撤回", phase=Phase.DISMISSED),
        State("cancelled", "已撤销", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("accept", "受理", "received", "reviewing", by=APPROVERS, offers=("accepted_on",),
                   effects=(_accept,), automatic=True, shown_to_enterprise=True,
                   help="超期没有告知补正的，自收到之日起视为受理。"),
        Transition("finish", "当场办结", "received", "done", by=APPROVERS, when=_is_at_once,
                   offers=("decision_no", "opinion"), effects=(_finish_at_once,), shown_to_enterprise=True),
        Transition("ask", "一次性告知补正", "received", "correcting", by=APPROVERS, asks=("lacking",), main=False,
                   shown_to_enterprise=True),
        Transition("corrected", "补正材料收齐", "correcting", "received", by=APPROVERS | {Role.ENTERPRISE},
                   offers=(said("note", "补正情况"),), shown_to_enterprise=True),
        Transition("not_accept", "不予受理", ("received", "correcting"), "not_accepted", by=APPROVERS, asks=(REASON,),
                   main=False, danger=True, shown_to_enterprise=True),
        Transition("publish", "开始公示", "reviewing", "publicity", by=APPROVERS, asks=("publicity_at",),
                   effects=(PAUSES.stop,), main=False, shown_to_enterprise=True),
        Transition("published", "公示期满", "publicity", "reviewing", by=APPROVERS,
                   offers=(said("heard", "公示反馈"), said("early", "提前结束的依据")), effects=(_shown_long_enough, PAUSES.go_on), shown_to_enterprise=True),
        Transition("begin_review", "进入评审、听证或检测", "reviewing", "review", by=APPROVERS,
                   asks=(said("what", "评审事由"),), effects=(PAUSES.stop,), main=False, shown_to_enterprise=True),
        Transition("reviewed", "评审结束", "review", "reviewing", by=APPROVERS,
                   asks=(said("found", "评审意见"),), effects=(PAUSES.go_on,), shown_to_enterprise=True),
        Transition("decide", "作出决定", "reviewing", "decided", by=APPROVERS | HEADS,
                   asks=(_DECIDED, "decision_no"), offers=("opinion", said("exception", "例外依据", help="“三挂钩”不符合的，写明依据"), said("unshown", "不公示的依据")), effects=(_decide,),
                   shown_to_enterprise=True),
        Transition("deliver", "送达办结", "decided", "done", by=APPROVERS, asks=("delivered_on",),
                   offers=("content",), effects=(_deliver,), shown_to_enterprise=True),
        Transition("take_back", "申请人撤回", ("received", "correcting", "reviewing", "publicity", "review"), "taken_back",
                   by=APPROVERS, asks=(REASON,), main=False, danger=True),
        Transition("cancel", "撤销备案", "done", "cancelled", by=APPROVERS | HEADS, asks=(REASON,), when=_is_filing,
                   effects=(_cancel,), main=False, danger=True, shown_to_enterprise=True),
    ),
    clocks=(
        ClockRule("receive", "受理", "received", length_field="receive_days", on_due="accept", basis=LAW),
        ClockRule("promise", "承诺时限", ("reviewing", "publicity", "review"), length_field="promised_days",
                  counted_from="accepted_on", basis="本局承诺"),
        ClockRule("legal", "法定时限", ("reviewing", "publicity", "review"), length_field="legal_days",
                  counted_from="accepted_on", basis=LAW, extensions=(10,)),
        ClockRule("publicity", "公示期", "publicity", length_field="publicity_days", basis="事项目录"),
        ClockRule("review", "评审听证", "review", length_field="review_days", basis="事项目录"),
        ClockRule("deliver", "送达", "decided", length_field="deliver_days", basis=LAW),
    ),
)  # fmt: skip


def read_dates(row: TableRow) -> None:
    """What a ledger of the past calls acceptance and decision are its beginning and end as well, and the other way round."""
    values = row.values
    for moment, day in (("opened_at", "accepted_on"), ("closed_at", "decided_on")):
        if not values.get(day) and values.get(moment):
            values[day] = str(values[moment])[:10]
        if row.history and not values.get(moment) and values.get(day):
            values[moment] = values[day]


CASES = declare(Register(
    key="approval_case", bundled=True, label="审批办件", line="approval", tab="permits", model=ApprovalCase, workflow=WORKFLOW,
    pattern="审批〔{year}〕{n}号",
    labels={"title": "项目或申请内容", "entity": "申请企业", "area_code": "属地", "opened_at": "收件时间",
            "saved_days": "提前 工作日", "hooks": "三挂钩"},
    columns=("number", "title", "item", "kind", "state", "due", "applicant", "accepted_on", "promised_days",
             "used_days", "decided_on", "decision", "area_code"),
    filters=("state", "kind", "item", "decision", "at_once", "area_code", "accepted_on", "decided_on", "content"),
    search=("number", "title", "applicant", "decision_no", "project_code", "entity__name"),
    fields=("title", Ask("item", required=True), Ask("entity", to=Enterprise), "applicant", "applicant_code",
            "project_code", Ask("area_code", required=False, help="留空为企业属地"), "address", "lon", "lat",
            Ask("park", to=Park), "cut_from", "industry_code", "investment", "green_investment", "author",
            "description"),
    details=("item", "kind", "at_once", "applicant", "applicant_code", "project_code", "industry_code", "investment",
             "green_investment", "author", "park", "cut_from", "hooks", "accepted_on", "legal_days", "promised_days", "still_days", "used_days",
             "saved_days", "lacking", "publicity_at", "opinion", "decision", "decision_no", "decided_on",
             "delivered_on", "content", "cancelled_on", "cancelled_why"),
    views=(View("eia", "环评", {"kind": "eia_report,eia_form"}), View("filing", "登记备案", {"kind": "filing"}),
           View("consultation", "咨询服务", {"kind": "consultation"})),
    imports=Import(
        key=("title", "kind", "accepted_on"), tells_past=True, future=(), read=read_dates,
        columns=("title", "item", "kind", Ask("entity", to=Enterprise), "applicant", "project_code", Ask("area_code", required=False),
                 "industry_code", "investment", "author", "accepted_on", "decided_on", "decision", "decision_no",
                 "legal_days", "promised_days", "still_days", "used_days", "content"),
        headers={"title": ("项目名称", "申请事项", "申请内容"), "item": ("事项名称", "审批事项"),
                 "kind": ("类别", "办件类型", "文件类别"), "entity": ("企业名称", "建设单位"),
                 "applicant": ("申请单位", "申办人"), "accepted_on": ("受理时间",),
                 "decided_on": ("审批日期", "批复日期", "决定时间"), "decision": ("审批结果", "办理结果"),
                 "decision_no": ("批复文号", "审批文号", "文号"), "legal_days": ("法定时限",),
                 "promised_days": ("承诺时限",), "used_days": ("实际用时", "办理用时", "用时"),
                 "still_days": ("公示评审天数", "不计时天数"), "author": ("环评单位", "环评机构"),
                 "investment": ("总投资", "投资"), "content": ("满意度", "评价")},
        values={"kind": {"报告书": "eia_report", "报告表": "eia_form", "登记表": "filing", "备案": "filing",
                         "登记": "filing", "许可证": "permit", "许可": "permit", "咨询": "consultation"},
                "decision": {"批准": "granted", "同意": "granted", "通过": "granted", "不予批准": "refused",
                             "不予许可": "refused"}},
        examples={"title": "某塑胶制品扩建项目", "item": "建设项目环境影响报告表审批", "applicant": "示例塑胶有限公司",
                  "area_code": "北镇", "accepted_on": "2026-03-02", "decided_on": "2026-03-09", "decision": "准予",
                  "decision_no": "测环审表〔2026〕1号"},
    ),
    measures=(
        Measure(key="granted", name="作出准予决定", numerator=models.Q(decision="granted"), dated="decided_on"),
        Measure(key="at_once_share", name="即办件占比", numerator=models.Q(at_once=True),
                denominator=models.Q(), dated="opened_at"),
        Measure(key="in_promise", name="承诺时限内办结率", numerator=models.Q(used_days__lte=models.F("promised_days")),
                denominator=models.Q(phase__in=COMPLETED, used_days__isnull=False, promised_days__isnull=False),
                dated="decided_on"),
    ),
    statistics=statistics, breakdowns=breakdowns, prepare=_begin, edit=DESK | APPROVERS,
    follows=dict.fromkeys(("kind", "at_once", "receive_days", "legal_days", "promised_days"), ("item",)),
    manage=frozenset({Role.SECTION_CHIEF, Role.LEADER}),
    empty="还没有办件。登记一件申请，或把往年的办件台账作为历史导入。",
))  # fmt: skip
declare_lookup(Lookup(
    key="approval_case", model=ApprovalCase, label="审批办件", see="see_matters", exact=("number", "decision_no"),
    contains=("title",), rows=lambda person: (
        CASES.visible_to(person) if person is not None else CASES.standing()),
))  # fmt: skip
