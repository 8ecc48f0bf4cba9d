"""责令改正 (mechanism E4): each order with its service, its re-check within thirty days, and what follows.

The re-check is a duty (法典 1060): its clock runs from the service and stops only with the re-check itself. Who has
not corrected is ordered again; where the act may be fined by the day, a case of its own follows.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Import
from ecoledger.matters import actions
from ecoledger.matters.actions import Refused
from ecoledger.matters.models import Matter
from ecoledger.matters.reasons import Reason
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.standards import fines, time_limits

OFFICERS = frozenset({Role.OFFICER})
HEADS = frozenset({Role.LEADER, Role.SECTION_CHIEF})


class CorrectionOrder(Matter):
    """One order to correct (责令改正违法行为决定书)."""

    class Daily(models.TextChoices):
        NONE = "none", "不适用"
        EXCESS = "excess", "超标或超总量排放"
        EVASION = "evasion", "以逃避监管方式排放"
        BANNED = "banned", "排放禁止排放的物质"
        DUMPING = "dumping", "违法倾倒危险废物"
        OTHER = "other", "法律法规规定的其他情形"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_correction_order"
    )
    case = models.ForeignKey(
        PenaltyCase, verbose_name="案件", on_delete=models.PROTECT, null=True, blank=True,
        related_name="orders",
    )  # fmt: skip
    party = models.CharField("当事人", max_length=120, blank=True)
    order_no = models.CharField("文号", max_length=60, blank=True, db_index=True)
    issued_on = models.DateField("决定日期", null=True, blank=True)
    report_on = models.DateField("收到监测报告日期", null=True, blank=True)
    served_on = models.DateField("送达日期", null=True, blank=True)
    correct_by = models.DateField("改正期限", null=True, blank=True)
    demand = models.TextField("改正要求", blank=True)
    daily = models.CharField(
        "按日连续处罚", max_length=10, choices=Daily.choices, default=Daily.NONE
    )
    rechecked_on = models.DateField("复查日期", null=True, blank=True)
    rechecked = models.TextField("回头看情况", blank=True)
    corrected = models.BooleanField("已改正", default=False)
    # 代履行 (行政强制法 50–52): by whom, when, told when; what it came to.
    substitute_by = models.CharField("代履行人", max_length=80, blank=True)
    substitute_on = models.DateField("代履行日期", null=True, blank=True)
    substitute_cost = models.DecimalField(
        "代履行费用 元", max_digits=14, decimal_places=2, null=True, blank=True
    )
    substitute_served_on = models.DateField("代履行决定书送达日期", null=True, blank=True)
    substitute_told_on = models.DateField("代履行催告书送达日期", null=True, blank=True)
    substitute_result = models.CharField("代履行情况", max_length=300, blank=True)
    times = models.PositiveSmallIntegerField("责令次数", default=1)

    class Meta:
        verbose_name = "责令改正"


def _issued(step: Step) -> None:
    order = step.matter
    order.daily = order.daily or CorrectionOrder.Daily.NONE
    document = order.documents.filter(kind="correction_order").order_by("-issued_at").first()
    if document is not None:
        order.order_no = document.number


def _again(step: Step) -> None:
    order = step.matter
    order.times += 1
    order.rechecked_on = order.served_on = None


def _measured(order: Any) -> bool:
    """The act shows from a monitoring report: the order follows its arrival (部令28 第8条)."""
    return order.report_on is not None


def _told_in_time(step: Step) -> None:
    """The party is asked once more three working days before somebody does it in its place (行政强制法 51)."""
    order = step.matter
    latest = time_limits.deadline(order.substitute_on, "substitute-demand")
    if order.substitute_told_on > latest.due_day:
        why = _("代履行催告书须在 %(day)s 前送达（%(basis)s）。") % {
            "day": latest.due_day,
            "basis": latest.basis,
        }
        raise Refused("form", why, "", {"substitute_told_on": [_("请核对")]})


def _not_told(order: Any) -> str:
    if order.substitute_told_on is None:
        return _("还没有送达代履行催告书。")
    if timezone.localdate() < order.substitute_on:
        return _("代履行日期是 %s，还没有到。") % str(order.substitute_on)
    return ""


def _after_service(step: Step) -> None:
    order = step.matter
    if order.served_on is None or order.rechecked_on <= order.served_on:
        raise Refused("form", _("复查日期应在送达之后。"), "", {"rechecked_on": [_("请核对")]})


def _no_daily(order: Any) -> str:
    if order.daily == CorrectionOrder.Daily.NONE:
        return _("这一违法行为不适用按日连续处罚。")
    if order.case is None or not order.case.decided or not order.case.fine:
        return _("首次处罚决定作出后，才能决定按日连续处罚。")
    if (
        order.served_on is None
        or order.rechecked_on is None
        or order.rechecked_on <= order.served_on
    ):
        return _("没有送达后的复查记录。")
    return ""


def _daily_case(step: Step) -> None:
    """A case of its own: the first fine for each day from the day after service to the re-check."""
    order, first = step.matter, step.matter.case
    found = fines.daily(first.fine, order.served_on, order.rechecked_on)
    values = {
        "title": first.title,
        "kind": PenaltyCase.Kind.DAILY,
        "source": PenaltyCase.Source.SITE,
        "found_on": order.rechecked_on,
        "entity": order.entity,
        "party": first.party,
        "party_code": first.party_code,
        "party_address": first.party_address,
        "party_head": first.party_head,
        "area_code": order.area_code,
        "act_from": found.first,
        "act_until": found.last,
        "violated": first.violated,
        "basis": "生态环境法典第一千零六十条",
        "description": order.rechecked,
        "daily_original": first.fine,
        "daily_served_on": order.served_on,
        "daily_found_on": order.rechecked_on,
        "proposed_fine": found.total,
    }
    actions.open_matter(CASES, values, by=step.person, at=step.at, origin_matter=order)
    step.form["days"], step.form["total"] = found.days, str(found.total)


def _prepare(order: CorrectionOrder) -> None:
    if order.entity is not None:
        order.party = order.party or order.entity.name
    if order.import_batch_id is not None and not order.history and order.served_on:
        order.state = "recheck"


REGISTER = declare(Register(
    key="correction_order", offline=True, label="责令改正", line="enforcement", tab="checks",
    ahead=("substitute_on",),
    reason=Reason("责令改正"), model=CorrectionOrder,
    hidden={"case": "see_undecided_penalties"}, pattern="责改〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待送达", stage="决定", waits_for=OFFICERS),
            State("recheck", "改正期，待复查", stage="复查", waits_for=OFFICERS),
            State("persisted", "未改正，待处理", stage="处理", waits_for=OFFICERS | HEADS),
            State("substituting", "代履行", stage="处理", waits_for=OFFICERS),
            State("done", "已改正", phase=Phase.DONE),
            State("withdrawn", "撤销", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("serve", "已送达", "new", "recheck", by=OFFICERS, asks=("served_on", "demand"),
                       offers=("correct_by", "daily"), effects=(_issued,)),
            Transition("recheck", "复查，已改正", "recheck", "done", by=OFFICERS, evidence=1,
                       asks=("rechecked_on", "rechecked"), effects=(_after_service,),
                       sets={"corrected": True}),
            Transition("persist", "复查，未改正", "recheck", "persisted", by=OFFICERS, evidence=1,
                       asks=("rechecked_on", "rechecked"), offers=("report_on",), effects=(_after_service,),
                       main=False),
            Transition("order_again", "再次责令改正", "persisted", "new", by=OFFICERS, effects=(_again,)),
            Transition("fine_daily", "按日连续处罚，立案", "persisted", "persisted", by=OFFICERS,
                       when=_no_daily, effects=(_daily_case,), main=False),
            Transition("order_substitute", "代履行决定书已送达", "persisted", "substituting", by=OFFICERS,
                       asks=("substitute_served_on", "substitute_by", "substitute_on"),
                       offers=("substitute_cost",), main=False),
            Transition("tell_substitute", "代履行催告书已送达", "substituting", "", by=OFFICERS,
                       asks=("substitute_told_on",), effects=(_told_in_time,)),
            Transition("substituted", "代履行完成", "substituting", "done", by=OFFICERS, evidence=1,
                       asks=("substitute_result",), offers=("substitute_cost",), when=_not_told,
                       sets={"corrected": True}),
            Transition("performed", "当事人已履行，停止代履行", "substituting", "done", by=OFFICERS, evidence=1,
                       asks=("rechecked_on", "rechecked"), sets={"corrected": True}, main=False),
            Transition("withdraw", "撤销", ("new", "recheck", "persisted"), "withdrawn", by=HEADS,
                       asks=(REASON,), main=False, danger=True),
        ),
        clocks=(
            ClockRule("serve", "送达", "new", working_days=7, basis=DEFAULT),
            ClockRule("order", "监测后责令改正", ("new", "persisted"), limit="daily-penalty-order",
                      counted_from="report_on", applies=_measured),
            ClockRule("substitute_demand", "代履行前催告", "substituting", since="order_substitute", until="tell_substitute",
                      limit="substitute-demand", counted_from="substitute_on"),
            ClockRule("recheck", "复查（暗查）", "recheck", limit="daily-penalty-recheck",
                      counted_from="served_on"),
            ClockRule("correct", "改正期限", "recheck", deadline_field="correct_by", basis="责令改正决定"),
        ),
    ),
    labels={"title": "违法行为", "entity": "对象", "area_code": "属地"},
    columns=("number", "title", "party", "order_no", "state", "due", "served_on", "rechecked_on", "daily",
             "times", "case"),
    filters=("state", "area_code", "daily", "served_on", "opened_at"),
    search=("number", "title", "party", "order_no"),
    fields=("title", "entity", "party", "case", "area_code", "address", "description", "demand",
            "report_on", "correct_by", "daily"),
    details=("party", "case", "order_no", "issued_on", "report_on", "served_on", "correct_by", "demand", "daily",
             "rechecked_on", "rechecked", "times", "substitute_by", "substitute_on", "substitute_cost",
             "substitute_served_on", "substitute_told_on", "substitute_result"),
    imports=Import(key=("order_no",), columns=("title", "party", "entity", "area_code", "order_no",
                                               "issued_on", "served_on", "correct_by", "demand"),
                   headers={"party": ("企业名称", "当事人名称"), "order_no": ("责令改正文号", "决定书文号"),
                            "title": ("违法行为", "主要问题"), "area_code": ("镇街",)},
                   examples={"title": "危险废物贮存不规范", "party": "某某五金厂", "area_code": "北镇",
                             "order_no": "测环责改〔2026〕1号", "served_on": "2026-03-02"}, future=()),
    edit=OFFICERS, manage=HEADS,
    empty=noop("还没有责令改正。从案件或检查发出，送达后自动起算复查期限。"),
))  # fmt: skip
