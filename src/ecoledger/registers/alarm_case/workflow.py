"""The life of a case: states, transitions with their forms, and clocks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ecoledger.accounts.roles import Role
from ecoledger.accounts.scope import covers
from ecoledger.matters import actions
from ecoledger.matters.models import Circulation
from ecoledger.matters.workflow import (
    ClockRule,
    Field,
    Phase,
    State,
    Step,
    Transition,
    Unit,
    Workflow,
)
from ecoledger.monitoring.models import Alarm
from ecoledger.registers.alarm_case.models import AlarmCase
from ecoledger.registers.alarm_case.owners import owner_for, person_for
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON, Closing


def _set_verdict(verdict: str) -> Any:
    def effect(step: Step) -> None:
        step.matter.verdict = verdict

    return effect


def _asked(step: Step) -> None:
    step.matter.enterprise_asked_at = step.at
    step.matter.circulation = Circulation.ENTERPRISE


def _clear_owner(step: Step) -> None:
    step.matter.owner_organisation = step.matter.owner = None


def _on_site(step: Step) -> None:
    step.matter.off_site = False


def _check_owner(step: Step) -> None:
    """The person named at hand-over belongs to the organisation named and can see the case."""
    person, organisation = step.form["owner"], step.form["owner_organisation"]
    if person is None:
        return
    if person.organisation_id != organisation.pk:
        raise actions.Refused(
            "form",
            gettext("%(person)s不属于%(organisation)s。")
            % {"person": person, "organisation": organisation},
            gettext("请重新选择，或只选责任单位。"),
            {"owner": [gettext("与责任单位不符")]},
        )
    if not covers(person, step.matter.area_code):
        raise actions.Refused(
            "area",
            gettext("%s的数据范围不含此事项的属地，看不到它。") % person,
            gettext("请选择有此范围的人员。"),
            {"owner": [gettext("数据范围不含此属地")]},
        )


def _minor_only(case: Any) -> str:
    if case.level in (Alarm.Level.ORANGE, Alarm.Level.RED):
        return gettext("橙色、红色预警的误报须经第二人复核，请用“提请误报复核”。")
    return ""


def _has_enterprise(case: Any) -> str:
    return "" if case.enterprise_id else gettext("该监测点不属于企业，没有可询问的企业。")


_DESK = frozenset({Role.MONITOR, Role.DISPATCHER})
_FIELD = frozenset({Role.TOWN, Role.OFFICER})

_false_fields = (
    Field(
        name="false_reason",
        label=_("误报原因"),
        kind="choice",
        choices=tuple(AlarmCase.FalseReason.choices),
        stores="false_reason",
    ),
    Field(name="grounds", label=_("判断依据"), kind="long_text", help=_("写明看了哪些数据和材料")),
)

_closing = Closing(
    work="tracing",
    applied_from="feedback",
    applicants=_FIELD | {Role.DISPATCHER},
    application=(
        Field(
            name="feedback",
            label=_("反馈内容"),
            kind="long_text",
            help=_("向谁反馈、治理前后数值对比"),
        ),
    ),
    worked=("trace_done", "apply_close"),
    kept_from_returning=("trace_done", "apply_close"),
    reviewers=frozenset({Role.OFFICER, Role.MONITOR}),
    reopeners=frozenset({Role.OFFICER, Role.MONITOR, Role.DISPATCHER}),
    return_label=_("不同意销号，退回治理"),
    rebound_label=_("反弹，重开治理"),
    stage="通报反馈",
    days_before_look_back=30,
    working_days_of_look_back=10,
)

WORKFLOW = Workflow(
    states=(
        State(name="verify", label=_("待核实"), stage="预警交办", waits_for=_DESK),
        State(
            name="asked",
            label=_("待企业说明"),
            stage="预警交办",
            waits_for=frozenset({Role.ENTERPRISE}),
        ),
        State(
            name="dismiss_check",
            label=_("误报待复核"),
            stage="预警交办",
            waits_for=_DESK | {Role.LEADER},
        ),
        State(
            name="dispatched", label=_("已交办"), stage="预警交办", waits_for=_FIELD, by_owner=True
        ),
        State(
            name="tracing", label=_("溯源治理"), stage="溯源治理", waits_for=_FIELD, by_owner=True
        ),
        State(
            name="supervising",
            label=_("跟踪督查"),
            stage="跟踪督查",
            waits_for=frozenset({Role.OFFICER, Role.DISPATCHER}),
        ),
        State(
            name="feedback",
            label=_("通报反馈"),
            stage="通报反馈",
            waits_for=_FIELD,
            by_owner=True,
        ),
        _closing.check,
        *_closing.closed,
        State(name="dismissed", label=_("误报办结"), phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition(
            name="dispatch",
            label=_("交办"),
            sources=("verify",),
            target="dispatched",
            roles=_DESK,
            fields=(
                Field(
                    name="owner_organisation",
                    label=_("责任单位"),
                    kind="organisation",
                    stores="owner_organisation",
                    initial=owner_for,
                ),
                Field(
                    name="owner",
                    label=_("责任人"),
                    kind="person",
                    required=False,
                    stores="owner",
                    initial=person_for,
                    help=_("不指定时由责任单位的人员签收"),
                ),
                Field(name="finding", label=_("核实情况"), kind="long_text"),
                Field(name="instruction", label=_("交办要求"), kind="long_text"),
            ),
            effects=(_check_owner, _set_verdict("confirmed")),
        ),
        Transition(
            name="ask_enterprise",
            label=_("先请企业说明"),
            sources=("verify",),
            target="asked",
            roles=_DESK,
            fields=(Field(name="question", label=_("需说明的情况"), kind="long_text"),),
            when=_has_enterprise,
            effects=(_asked,),
            shown_to_enterprise=True,
            main=False,
        ),
        Transition(
            name="explain",
            label=_("提交说明"),
            sources=("asked",),
            target="verify",
            roles=frozenset({Role.ENTERPRISE}),
            fields=(
                Field(
                    name="explanation_kind",
                    label=_("原因"),
                    kind="choice",
                    choices=(
                        ("discharge", _("生产或治理设施异常")),
                        ("maintenance", _("停产、检修、启停炉")),
                        ("instrument", _("在线设备故障或校准")),
                        ("other", _("其他")),
                    ),
                ),
                Field(name="explanation", label=_("情况说明"), kind="long_text"),
                Field(name="done", label=_("已采取措施"), kind="long_text", required=False),
            ),
            shown_to_enterprise=True,
        ),
        Transition(
            name="no_reply",
            label=_("企业逾期未说明"),
            sources=("asked",),
            target="verify",
            roles=_DESK,
            automatic=True,
            shown_to_enterprise=True,
            main=False,
        ),
        Transition(
            name="dismiss",
            label=_("判为误报"),
            sources=("verify",),
            target="dismissed",
            roles=_DESK,
            fields=_false_fields,
            when=_minor_only,
            effects=(_set_verdict("false"),),
            main=False,
            help=_("仅限蓝色、黄色预警"),
        ),
        Transition(
            name="propose_dismiss",
            label=_("提请误报复核"),
            sources=("verify", "dispatched", "tracing"),
            target="dismiss_check",
            roles=_DESK | _FIELD,
            fields=_false_fields,
            main=False,
        ),
        Transition(
            name="confirm_dismiss",
            label=_("同意判为误报"),
            sources=("dismiss_check",),
            target="dismissed",
            roles=_DESK | {Role.LEADER},
            other_person_than=("propose_dismiss",),
            effects=(_set_verdict("false"),),
        ),
        Transition(
            name="reject_dismiss",
            label=_("不是误报，退回核实"),
            sources=("dismiss_check",),
            target="verify",
            roles=_DESK | {Role.LEADER},
            fields=(REASON,),
            other_person_than=("propose_dismiss",),
            effects=(_set_verdict(""),),
            main=False,
        ),
        Transition(
            name="accept",
            label=_("签收"),
            sources=("dispatched",),
            target="tracing",
            roles=_FIELD,
            owner_only=True,
        ),
        Transition(
            name="decline",
            label=_("不属本单位，退回"),
            sources=("dispatched",),
            target="verify",
            roles=_FIELD,
            owner_only=True,
            fields=(
                REASON,
                Field(
                    name="suggested",
                    label=_("建议责任单位"),
                    kind="organisation",
                    required=False,
                ),
            ),
            effects=(_clear_owner,),
            main=False,
        ),
        Transition(
            name="trace_done",
            label=_("提交溯源治理结果"),
            sources=("tracing",),
            target="supervising",
            roles=_FIELD,
            owner_only=True,
            fields=(
                Field(
                    name="cause",
                    label=_("原因"),
                    kind="choice",
                    choices=tuple(AlarmCase.Cause.choices),
                    stores="cause",
                ),
                Field(name="source", label=_("污染来源"), stores="source"),
                Field(name="measures", label=_("治理措施"), kind="long_text", stores="measures"),
            ),
            evidence=1,
            effects=(_on_site,),
        ),
        Transition(
            name="supervise",
            label=_("督查通过"),
            sources=("supervising",),
            target="feedback",
            roles=frozenset({Role.OFFICER, Role.DISPATCHER}),
            fields=(Field(name="inspection", label=_("督查情况"), kind="long_text"),),
            other_person_than=("trace_done",),
        ),
        Transition(
            name="send_back",
            label=_("治理不到位，退回"),
            sources=("supervising",),
            target="tracing",
            roles=frozenset({Role.OFFICER, Role.DISPATCHER}),
            fields=(REASON,),
            other_person_than=("trace_done",),
            main=False,
        ),
        *_closing.transitions,
        Transition(
            name="rebound_by_alarm",
            label=_("再次报警，反弹重开"),
            sources=tuple(state.name for state in _closing.closed),
            target="verify",
            automatic=True,
            effects=(_set_verdict(""),),
            main=False,
        ),
        Transition(
            name="reopen_dismissed",
            label=_("重新核实"),
            sources=("dismissed",),
            target="verify",
            roles=CHECKERS,
            fields=(REASON,),
            effects=(_set_verdict(""),),
            main=False,
        ),
    ),
    clocks=(
        ClockRule(
            name="verify",
            label=_("核实交办"),
            during=("verify", "dismiss_check"),
            length=4,
            unit=Unit.WORKING_HOUR,
            basis=DEFAULT,
        ),
        ClockRule(
            name="explain",
            label=_("企业说明"),
            during=("asked",),
            length=4,
            unit=Unit.HOUR,
            on_due="no_reply",
            basis=DEFAULT,
        ),
        ClockRule(
            name="accept",
            label=_("签收"),
            during=("dispatched",),
            length=4,
            unit=Unit.WORKING_HOUR,
            basis=DEFAULT,
        ),
        ClockRule(
            name="trace",
            label=_("溯源治理"),
            during=("tracing",),
            length=3,
            unit=Unit.WORKING_DAY,
            extensions=(3, 5),
            basis=DEFAULT,
        ),
        ClockRule(
            name="supervise",
            label=_("跟踪督查"),
            during=("supervising",),
            length=2,
            unit=Unit.WORKING_DAY,
            basis=DEFAULT,
        ),
        ClockRule(
            name="feedback",
            label=_("通报反馈与销号核查"),
            during=("feedback", "close_check"),
            length=2,
            unit=Unit.WORKING_DAY,
            basis=DEFAULT,
        ),
        ClockRule(
            name="whole",
            label=_("全程"),
            during=(
                "verify",
                "asked",
                "dismiss_check",
                "dispatched",
                "tracing",
                "supervising",
                "feedback",
                "close_check",
            ),
            length=10,
            unit=Unit.WORKING_DAY,
            extensions=(5, 10),
            basis=DEFAULT,
        ),
        *_closing.clocks,
    ),
)
