"""移送其他部门 (mechanism E13, E14): what is another department's goes there with its papers, and comes back with a reply."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Organisation
from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Import
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON

OFFICERS = frozenset({Role.OFFICER, Role.DISPATCHER})


class Referral(Matter):
    """One hand-over to another department (部门移送)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_referral"
    )
    department = models.ForeignKey(
        Organisation, verbose_name="接收部门", on_delete=models.PROTECT, null=True, blank=True,
        related_name="referrals",
    )  # fmt: skip
    department_name = models.CharField("接收部门名称", max_length=120, blank=True)
    letter_no = models.CharField("移送函文号", max_length=60, blank=True)
    sent_on = models.DateField("移送日期", null=True, blank=True)
    reply_by = models.DateField("反馈期限", null=True, blank=True)
    replied_on = models.DateField("反馈日期", null=True, blank=True)
    reply = models.TextField("反馈内容", blank=True)

    class Meta:
        verbose_name = "部门移送"


def _prepare(referral: Referral) -> None:
    if referral.department is not None:
        referral.department_name = referral.department_name or referral.department.name
    if referral.import_batch_id is not None and not referral.history and referral.sent_on:
        referral.state = "waiting"


REGISTER = declare(Register(
    key="referral", label="部门移送", line="enforcement", tab="checks", model=Referral, pattern="部门移送〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待移送", stage="移送", waits_for=OFFICERS),
            State("waiting", "待反馈", stage="反馈", waits_for=OFFICERS),
            State("done", "已反馈", phase=Phase.DONE),
            State("refused", "对方退回", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("send", "已移送", "new", "waiting", by=OFFICERS, asks=("department_name", "sent_on"),
                       offers=("letter_no", "reply_by")),
            Transition("remind", "催办", "waiting", "", by=OFFICERS, asks=(REASON,), main=False),
            Transition("reply", "登记反馈", "waiting", "done", by=OFFICERS, asks=("replied_on", "reply")),
            Transition("refuse", "对方退回", "waiting", "refused", by=OFFICERS, asks=(REASON,), main=False),
        ),
        clocks=(ClockRule("send", "移送", "new", working_days=5, basis=DEFAULT),
                ClockRule("reply", "反馈期限", "waiting", deadline_field="reply_by", basis="移送函")),
    ),
    labels={"title": "移送事项", "entity": "涉及对象", "area_code": "属地"},
    columns=("number", "title", "entity", "department_name", "state", "due", "sent_on", "replied_on"),
    filters=("state", "area_code", "sent_on", "opened_at"), search=("number", "title", "department_name"),
    fields=("title", "entity", "area_code", "description", "department", "department_name", "reply_by"),
    details=("department_name", "letter_no", "sent_on", "reply_by", "replied_on", "reply"),
    imports=Import(key=("letter_no",), columns=("title", "entity", "area_code", "department_name",
                                                "letter_no", "sent_on", "reply_by"),
                   examples={"title": "环保设施安全隐患", "area_code": "北镇", "department_name": "应急管理局",
                             "letter_no": "测环移〔2026〕1号"}, future=()),
    edit=OFFICERS, manage=frozenset({Role.LEADER, Role.SECTION_CHIEF, Role.DISPATCHER}), prepare=_prepare,
    empty=noop("还没有移送。检查和自查中不属本局职责的问题，从这里移送并收回反馈。"),
))  # fmt: skip
