"""The life of a case: states, transitions with their forms, and clocks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from ecoledger.accounts.models import Organisation
from ecoledger.accounts.roles import Role
from ecoledger.accounts.scope import covers
from ecoledger.listings.parts import Ask, Kind
from ecoledger.matters import actions
from ecoledger.matters.models import Circulation, Level
from ecoledger.matters.workflow import (
    NOW,
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.alarms.alarm_case.owners import operator_of, owner_for, person_for
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON, Closing


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
    if case.level in (Level.ORANGE, Level.RED):
        return gettext("橙色、红色预警的误报须经第二人复核，请用“提请误报复核”。")
    return ""


def _has_enterprise(case: Any) -> str:
    return "" if case.enterprise_id else gettext("该监测点不属于企业，没有可询问的企业。")


def _has_operator(case: Any) -> str:
    return "" if operator_of(case) else gettext("该监测点没有登记可询问的运维单位。")


_ASKED = ("asked", "asked_operator")
_DESK = frozenset({Role.MONITOR, Role.DISPATCHER})
_FIELD = frozenset({Role.TOWN, Role.OFFICER})
_WATCH = frozenset({Role.OFFICER, Role.DISPATCHER})
# What is verified anew has no verdict and no reason yet; those of the round before stand in its events.
_ANEW = {"verdict": "", "false_reason": "", "cause": ""}
_FALSE = ("false_reason", said("grounds", "判断依据", help="写明看了哪些数据和材料"))
_KINDS = (("discharge", "生产或治理设施异常"), ("maintenance", "停产、检修、启停炉"),
          ("instrument", "在线设备故障或校准"), ("other", "其他"))  # fmt: skip
_OPERATOR_KINDS = (("instrument", "仪器故障"), ("maintenance", "校准、维护或更换部件"),
                   ("transmission", "供电或通信中断"), ("true", "仪器正常，数据属实"), ("other", "其他"))  # fmt: skip

_closing = Closing(
    work="tracing", applied_from="feedback", applicants=_FIELD | {Role.DISPATCHER},
    application=(said("feedback", "反馈内容", help="向谁反馈、治理前后数值对比"),),
    worked=("trace_done", "apply_close"), kept_from_returning=("trace_done", "apply_close"),
    reviewers=frozenset({Role.OFFICER, Role.MONITOR}), reopeners=_WATCH | {Role.MONITOR},
    return_label="不同意销号，退回治理", rebound_label="反弹，重开治理", stage="通报反馈",
    days_before_look_back=30, working_days_of_look_back=10, sets_on_rebound={"cause": ""},
)  # fmt: skip

WORKFLOW = Workflow(
    states=(
        State("verify", "待核实", stage="预警交办", waits_for=_DESK),
        State("asked", "待企业说明", stage="预警交办", waits_for=frozenset({Role.ENTERPRISE})),
        State("asked_operator", "待运维单位说明", stage="预警交办", waits_for=frozenset({Role.THIRD_PARTY}),
              by_owner=True),
        State("dismiss_check", "误报待复核", stage="预警交办", waits_for=_DESK | {Role.LEADER}),
        State("dispatched", "已交办", stage="预警交办", waits_for=_FIELD, by_owner=True),
        State("tracing", "溯源治理", stage="溯源治理", waits_for=_FIELD, by_owner=True),
        State("supervising", "跟踪督查", stage="跟踪督查", waits_for=_WATCH),
        State("feedback", "通报反馈", stage="通报反馈", waits_for=_FIELD, by_owner=True),
        _closing.check,
        *_closing.closed,
        State("dismissed", "误报办结", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("dispatch", "交办", ("verify", *_ASKED), "dispatched", by=_DESK,
                   asks=(Ask("owner_organisation", initial=owner_for), said("finding", "核实情况"),
                         said("instruction", "交办要求")),
                   offers=(Ask("owner", initial=person_for, help="不指定时由责任单位的人员签收"),),
                   sets={"verdict": "confirmed"}, effects=(_check_owner,)),
        Transition("ask_enterprise", "先请企业说明", "verify", "asked", by=_DESK,
                   asks=(said("question", "需说明的情况"),), when=_has_enterprise,
                   sets={"enterprise_asked_at": NOW, "circulation": Circulation.ENTERPRISE},
                   shown_to_enterprise=True, main=False),
        Transition("ask_first", "系统请企业先行说明", "verify", "asked", automatic=True,
                   asks=(said("question", "需说明的情况"),),
                   sets={"enterprise_asked_at": NOW, "circulation": Circulation.ENTERPRISE},
                   shown_to_enterprise=True, main=False),
        Transition("ask_operator", "先请运维单位说明", "verify", "asked_operator", by=_DESK, automatic=True,
                   asks=(Ask("owner_organisation", "运维单位", initial=operator_of),
                         said("question", "需说明的情况")), when=_has_operator, main=False),
        Transition("explain_operator", "提交说明", "asked_operator", "verify",
                   by=frozenset({Role.THIRD_PARTY}), owner_only=True,
                   asks=(said("explanation_kind", "原因", Kind.CHOICE, choices=_OPERATOR_KINDS),
                         said("explanation", "情况说明")),
                   offers=(said("done", "已采取措施"),)),
        Transition("to_officer", "再次预警或升级，转监管人员核实", _ASKED, "verify", by=_DESK, automatic=True,
                   shown_to_enterprise=True, main=False),
        Transition("explain", "提交说明", "asked", "verify", by=frozenset({Role.ENTERPRISE}),
                   asks=(said("explanation_kind", "原因", Kind.CHOICE, choices=_KINDS),
                         said("explanation", "情况说明")),
                   offers=(said("done", "已采取措施"),), shown_to_enterprise=True),
        Transition("no_reply", "超期未说明", _ASKED, "verify", by=_DESK, automatic=True,
                   shown_to_enterprise=True, main=False),
        Transition("dismiss", "判为误报", ("verify", *_ASKED), "dismissed", by=_DESK, asks=_FALSE,
                   when=_minor_only, sets={"verdict": "false"}, main=False, help="仅限蓝色、黄色预警"),
        Transition("propose_dismiss", "提请误报复核", ("verify", *_ASKED, "dispatched", "tracing"), "dismiss_check",
                   by=_DESK | _FIELD, asks=_FALSE, main=False),
        Transition("confirm_dismiss", "同意判为误报", "dismiss_check", "dismissed",
                   by=_DESK | {Role.LEADER}, other_person_than=("propose_dismiss",),
                   sets={"verdict": "false"}),
        Transition("reject_dismiss", "不是误报，退回核实", "dismiss_check", "verify",
                   by=_DESK | {Role.LEADER}, asks=(REASON,), other_person_than=("propose_dismiss",),
                   sets={"verdict": "", "false_reason": ""}, main=False),
        Transition("accept", "签收", "dispatched", "tracing", by=_FIELD, owner_only=True),
        Transition("decline", "不属本单位，退回", "dispatched", "verify", by=_FIELD, owner_only=True,
                   asks=(REASON,),
                   offers=(said("suggested", "建议责任单位", Kind.REFERENCE, to=Organisation),),
                   sets={"owner_organisation": None, "owner": None}, main=False),
        Transition("trace_done", "提交溯源治理结果", "tracing", "supervising", by=_FIELD, owner_only=True,
                   asks=("cause", "source", "measures"), evidence=1, sets={"off_site": False}),
        Transition("supervise", "督查通过", "supervising", "feedback", by=_WATCH,
                   asks=(said("inspection", "督查情况"),), other_person_than=("trace_done",)),
        Transition("send_back", "治理不到位，退回", "supervising", "tracing", by=_WATCH, asks=(REASON,),
                   other_person_than=("trace_done",), main=False),
        *_closing.transitions,
        Transition("rebound_by_alarm", "再次预警，反弹重开", tuple(s.name for s in _closing.closed),
                   "verify", automatic=True, sets=_ANEW, main=False),
        Transition("reopen_dismissed", "重新核实", "dismissed", "verify", by=CHECKERS, asks=(REASON,),
                   sets=_ANEW, main=False),
    ),
    clocks=(
        ClockRule("verify", "核实交办", ("verify", "dismiss_check"), working_hours=4, basis=DEFAULT),
        ClockRule("explain", "企业、运维单位说明", _ASKED, hours=4, on_due="no_reply", basis=DEFAULT),
        ClockRule("accept", "签收", "dispatched", working_hours=4, basis=DEFAULT),
        ClockRule("trace", "溯源治理", "tracing", working_days=3, extensions=(3, 5), basis=DEFAULT),
        ClockRule("supervise", "跟踪督查", "supervising", working_days=2, basis=DEFAULT),
        ClockRule("feedback", "通报反馈与销号核查", ("feedback", "close_check"), working_days=2,
                  basis=DEFAULT),
        ClockRule("whole", "全程", ("verify", *_ASKED, "dismiss_check", "dispatched", "tracing",
                                  "supervising", "feedback", "close_check"),
                  working_days=10, extensions=(5, 10), basis=DEFAULT),
        *_closing.clocks,
    ),
)  # fmt: skip
