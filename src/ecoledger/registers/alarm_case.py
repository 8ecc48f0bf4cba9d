"""预警交办: an alarm becomes a case with an owner and clocks, and goes through the four mechanisms.

预警交办 (verify, ask the enterprise, hand over) → 溯源治理 (trace and treat) → 跟踪督查 (supervise) →
通报反馈 (report back, apply for closing, check by a second person) → 销号 → 回头看; what comes back is
reopened. Lengths of the clocks are the bureau's own (``profile/matters.toml``); the defaults here
follow no law and say so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.matters import actions
from ecoledger.matters.actions import Step
from ecoledger.matters.models import Link, Matter
from ecoledger.matters.register import (
    Breakdown,
    Column,
    Filter,
    Register,
    Statistic,
    declare,
)
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.timeline import record
from ecoledger.matters.workflow import (
    ClockRule,
    Field,
    Phase,
    State,
    Transition,
    Unit,
    Workflow,
)
from ecoledger.monitoring.models import Alarm, AlarmRule, Point

# An alarm older than this when it is raised comes from history being loaded: nobody can act on it.
STALE_AFTER = timedelta(days=3)
# An alarm on the same point and parameter within this time of the closing is a rebound (反弹).
REBOUND_WITHIN = timedelta(days=90)


class AlarmCase(Matter):
    """One trouble at one point, from the first alarm to its closing."""

    class Verdict(models.TextChoices):
        PENDING = "", "未定"
        CONFIRMED = "confirmed", "属实"
        FALSE = "false", "误报"

    class Cause(models.TextChoices):
        DISCHARGE = "discharge", "超标排放"
        TREATMENT_OFF = "treatment_off", "治理设施停运或故障"
        PROCESS = "process", "生产工况异常"
        DIFFUSE = "diffuse", "扬尘、面源或生活源"
        UPSTREAM = "upstream", "上游或外来输入"
        WEATHER = "weather", "不利气象水文条件"
        OTHER = "other", "其他"

    class FalseReason(models.TextChoices):
        INSTRUMENT = "instrument", "仪器故障或校准"
        TRANSMISSION = "transmission", "传输或标记错误"
        SHUTDOWN = "shutdown", "停产检修未申报"
        LOCAL = "local", "站点周边偶发干扰"
        RULE = "rule", "规则设置不当"
        OTHER = "other", "其他"

    point = models.ForeignKey(
        Point, verbose_name="监测点", on_delete=models.PROTECT, related_name="+"
    )
    parameter = models.CharField("因子编码", max_length=20)
    parameter_name = models.CharField("因子", max_length=40, blank=True)
    rule = models.ForeignKey(
        AlarmRule, verbose_name="触发规则", on_delete=models.PROTECT, related_name="+"
    )
    level = models.CharField("等级", max_length=10, choices=Alarm.Level.choices)
    first_alarm_at = models.DateTimeField("首次报警", null=True, blank=True)
    last_alarm_at = models.DateTimeField("最近报警", null=True, blank=True)
    alarm_count = models.PositiveIntegerField("报警次数", default=0)
    verdict = models.CharField(
        "核实结论", max_length=10, choices=Verdict.choices, blank=True, default=""
    )
    false_reason = models.CharField(
        "误报原因", max_length=20, choices=FalseReason.choices, blank=True
    )
    cause = models.CharField("原因", max_length=20, choices=Cause.choices, blank=True)
    source = models.CharField("污染来源", max_length=200, blank=True)
    measures = models.TextField("治理措施", blank=True)
    enterprise_asked_at = models.DateTimeField("要求企业说明时间", null=True, blank=True)
    off_site = models.BooleanField("非现场核实", default=True)
    alarms = models.ManyToManyField(Alarm, through="CaseAlarm", related_name="cases")

    class Meta(Matter.Meta):
        verbose_name = "预警交办件"
        indexes = [models.Index(fields=["point", "parameter"], name="case_of_point")]

    @property
    def newest_alarms(self) -> QuerySet[Alarm]:
        return self.alarms.order_by("-begin")[:20]

    @property
    def latest_alarm(self) -> Alarm | None:
        return self.alarms.order_by("-begin").first()


class CaseAlarm(models.Model):
    """An alarm that belongs to a case."""

    case = models.ForeignKey(AlarmCase, on_delete=models.PROTECT, related_name="joined")
    alarm = models.OneToOneField(Alarm, on_delete=models.PROTECT, related_name="case_alarm")
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.alarm_id}"


class RoutingRule(models.Model):
    """To whom a case goes, by area and kind of point: the most particular rule wins.

    Empty fields match everything. Without a rule a case goes to the town government whose area it is
    in, else to the bureau.
    """

    register = models.CharField("台账", max_length=40, default="alarm_case")
    area_code = models.CharField("行政区划代码", max_length=12, blank=True)
    kind = models.CharField("监测点类别", max_length=12, choices=Point.Kind.choices, blank=True)
    detector = models.CharField(
        "报警类型", max_length=20, choices=AlarmRule.Detector.choices, blank=True
    )
    opens_case = models.BooleanField("立为预警件", default=True)
    organisation = models.ForeignKey(
        Organisation, verbose_name="责任单位", on_delete=models.PROTECT, null=True, blank=True
    )
    person = models.ForeignKey(
        Person, verbose_name="责任人", on_delete=models.PROTECT, null=True, blank=True
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.area_code or '*'} {self.kind or '*'} → {self.organisation or '—'}"

    @property
    def weight(self) -> tuple[int, int]:
        return len(self.area_code), bool(self.kind) + bool(self.detector)


def routing(area_code: str, kind: str, detector: str = "") -> RoutingRule | None:
    """The most particular rule for an alarm; ``None`` when none fits."""
    fitting = [
        rule
        for rule in RoutingRule.objects.filter(register="alarm_case").select_related(
            "organisation", "person"
        )
        if area_code.startswith(rule.area_code)
        and rule.kind in ("", kind)
        and rule.detector in ("", detector)
    ]
    return max(fitting, key=lambda rule: rule.weight, default=None)


def default_owner(area_code: str) -> Organisation | None:
    """The town government with the longest code that ``area_code`` lies in, else the bureau."""
    candidates = Organisation.objects.filter(
        kind__in=(Organisation.Kind.TOWN, Organisation.Kind.BUREAU)
    )
    inside = [o for o in candidates if o.area_code and area_code.startswith(o.area_code)]
    towns = [o for o in inside if o.kind == Organisation.Kind.TOWN]
    return max(towns or inside, key=lambda o: len(o.area_code), default=None)


def owner_for(case: Any) -> Organisation | None:
    """The organisation offered when a case is handed over."""
    owner: Organisation | None = case.owner_organisation
    if owner is not None:
        return owner
    rule = routing(case.area_code, case.point.kind, case.rule.detector)
    if rule is not None and rule.organisation is not None:
        return rule.organisation
    return default_owner(case.area_code)


def _person_for(case: Any) -> Person | None:
    rule = routing(case.area_code, case.point.kind, case.rule.detector)
    return case.owner or (rule.person if rule else None)


# ---- effects -------------------------------------------------------------------------------------


def _set_verdict(verdict: str) -> Any:
    def effect(step: Step) -> None:
        step.matter.verdict = verdict

    return effect


def _asked(step: Step) -> None:
    step.matter.enterprise_asked_at = step.at


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
    if not any(step.matter.area_code.startswith(code) for code in person.area_codes):
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
    return "" if case.enterprise_code else gettext("该监测点不属于企业，没有可询问的企业。")


_DESK = frozenset({Role.MONITOR, Role.DISPATCHER})
_FIELD = frozenset({Role.TOWN, Role.OFFICER})
_CHECK = frozenset({Role.DISPATCHER, Role.LEADER})

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
_reason = Field(name="reason", label=_("理由"), kind="long_text")

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
        State(name="close_check", label=_("销号核查"), stage="通报反馈", waits_for=_CHECK),
        State(name="closed", label=_("已销号"), phase=Phase.CLOSED),
        State(
            name="look_back",
            label=_("回头看"),
            phase=Phase.REVIEW,
            waits_for=frozenset({Role.OFFICER, Role.MONITOR}),
        ),
        State(name="archived", label=_("回头看通过"), phase=Phase.CLOSED),
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
                    initial=_person_for,
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
            fields=(_reason,),
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
                _reason,
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
            fields=(_reason,),
            other_person_than=("trace_done",),
            main=False,
        ),
        Transition(
            name="apply_close",
            label=_("申请销号"),
            sources=("feedback",),
            target="close_check",
            roles=_FIELD | {Role.DISPATCHER},
            fields=(
                Field(
                    name="feedback",
                    label=_("反馈内容"),
                    kind="long_text",
                    help=_("向谁反馈、治理前后数值对比"),
                ),
            ),
            evidence=1,
        ),
        Transition(
            name="confirm_close",
            label=_("销号"),
            sources=("close_check",),
            target="closed",
            roles=_CHECK,
            fields=(Field(name="checked", label=_("核查情况"), kind="long_text"),),
            other_person_than=("trace_done", "apply_close"),
        ),
        Transition(
            name="return_close",
            label=_("不同意销号，退回治理"),
            sources=("close_check",),
            target="tracing",
            roles=_CHECK,
            fields=(_reason,),
            other_person_than=("trace_done", "apply_close"),
            main=False,
        ),
        Transition(
            name="start_look_back",
            label=_("开始回头看"),
            sources=("closed",),
            target="look_back",
            roles=_CHECK,
            automatic=True,
            main=False,
        ),
        Transition(
            name="look_back_pass",
            label=_("回头看通过"),
            sources=("look_back",),
            target="archived",
            roles=frozenset({Role.OFFICER, Role.MONITOR}),
            fields=(Field(name="seen", label=_("复查情况"), kind="long_text"),),
            evidence=1,
            other_person_than=("trace_done", "apply_close"),
        ),
        Transition(
            name="rebound",
            label=_("反弹，重开治理"),
            sources=("closed", "look_back", "archived"),
            target="tracing",
            roles=frozenset({Role.OFFICER, Role.MONITOR, Role.DISPATCHER}),
            fields=(_reason,),
            main=False,
            danger=True,
        ),
        Transition(
            name="rebound_by_alarm",
            label=_("再次报警，反弹重开"),
            sources=("closed", "look_back", "archived"),
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
            roles=_CHECK,
            fields=(_reason,),
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
            basis="平台默认，本局可改",
        ),
        ClockRule(
            name="explain",
            label=_("企业说明"),
            during=("asked",),
            length=4,
            unit=Unit.HOUR,
            on_due="no_reply",
            basis="平台默认，本局可改",
        ),
        ClockRule(
            name="accept",
            label=_("签收"),
            during=("dispatched",),
            length=4,
            unit=Unit.WORKING_HOUR,
            basis="平台默认，本局可改",
        ),
        ClockRule(
            name="trace",
            label=_("溯源治理"),
            during=("tracing",),
            length=3,
            unit=Unit.WORKING_DAY,
            extensions=(3, 5),
            basis="平台默认，本局可改",
        ),
        ClockRule(
            name="supervise",
            label=_("跟踪督查"),
            during=("supervising",),
            length=2,
            unit=Unit.WORKING_DAY,
            basis="平台默认，本局可改",
        ),
        ClockRule(
            name="feedback",
            label=_("通报反馈与销号核查"),
            during=("feedback", "close_check"),
            length=2,
            unit=Unit.WORKING_DAY,
            basis="平台默认，本局可改",
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
            basis="平台默认，本局可改",
        ),
        ClockRule(
            name="before_look_back",
            label=_("距回头看"),
            during=("closed",),
            length=30,
            unit=Unit.DAY,
            on_due="start_look_back",
            waiting=True,
            basis="平台默认，本局可改",
        ),
        ClockRule(
            name="look_back",
            label=_("回头看"),
            during=("look_back",),
            length=10,
            unit=Unit.WORKING_DAY,
            basis="平台默认，本局可改",
        ),
    ),
)


# ---- statistics ----------------------------------------------------------------------------------


def precision_by_rule(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    """For each alarm rule: cases judged, confirmed, false, and the share that was real.

    Cases not judged yet are outside the denominator and shown beside it.
    """
    judged: dict[int, dict[str, Any]] = {}
    counted = rows.values("rule_id", "rule__name", "verdict").annotate(n=models.Count("pk"))
    for row in counted.order_by("rule_id"):
        entry = judged.setdefault(
            row["rule_id"],
            {"rule_id": row["rule_id"], "rule": row["rule__name"]}
            | {"confirmed": 0, "false": 0, "pending": 0},
        )
        entry[row["verdict"] or "pending"] += row["n"]
    for entry in judged.values():
        entry["judged"] = entry["confirmed"] + entry["false"]
        entry["precision"] = 100 * entry["confirmed"] / entry["judged"] if entry["judged"] else None
    return sorted(judged.values(), key=lambda e: (-e["judged"], e["rule_id"]))


def _statistics(rows: QuerySet[Any], now: datetime) -> list[Statistic]:
    live = rows.filter(merged_into=None)
    confirmed = live.filter(verdict="confirmed").count()
    false = live.filter(verdict="false").count()
    off_site = live.filter(~Q(verdict=""), off_site=True).count()
    return [
        *common_statistics(REGISTER, rows, now),
        share(
            "precision",
            _("预警准确率"),
            confirmed,
            confirmed + false,
            query="verdict=confirmed",
            note=_("属实÷（属实＋误报），未核实的不计"),
        ),
        share(
            "off_site",
            _("非现场核实占比"),
            off_site,
            confirmed + false,
            note=_("未到现场即得出结论的÷已核实的"),
        ),
    ]


def _breakdowns(rows: QuerySet[Any]) -> list[Breakdown]:
    table = precision_by_rule(rows.filter(merged_into=None))
    return [
        Breakdown(
            gettext("各规则的准确率"),
            tuple(
                gettext(h)
                for h in (
                    gettext_noop("规则"),
                    gettext_noop("属实"),
                    gettext_noop("误报"),
                    gettext_noop("准确率"),
                    gettext_noop("未核实"),
                )
            ),
            tuple(
                (
                    (
                        e["rule"],
                        str(e["confirmed"]),
                        str(e["false"]),
                        "—" if e["precision"] is None else f"{e['precision']:.1f}%",
                        str(e["pending"]),
                    ),
                    "",
                )
                for e in table
            ),
            gettext("准确率＝属实÷（属实＋误报），未核实的不计。"),
        )
    ]


_levels = tuple(Alarm.Level.choices)

REGISTER = declare(
    Register(
        key="alarm_case",
        label=_("预警交办"),
        model=AlarmCase,
        workflow=WORKFLOW,
        pattern="预警〔{year}〕{n}号",
        columns=(
            Column(path="number", label=_("编号"), narrow=True),
            Column(path="level", label=_("等级"), kind="choice", choices=_levels, narrow=True),
            Column(path="title", label=_("标题"), narrow=True),
            Column(path="state", label=_("状态"), kind="state", narrow=True),
            Column(path="due", label=_("期限"), kind="due", narrow=True),
            Column(path="owner_organisation.name", label=_("责任单位")),
            Column(path="owner.name", label=_("责任人")),
            Column(path="point.name", label=_("监测点")),
            Column(path="parameter_name", label=_("因子")),
            Column(path="alarm_count", label=_("报警次数"), kind="number"),
            Column(path="opened_at", label=_("立案时间"), kind="datetime"),
            Column(path="last_alarm_at", label=_("最近报警"), kind="datetime"),
            Column(
                path="verdict",
                label=_("核实结论"),
                kind="choice",
                choices=tuple(AlarmCase.Verdict.choices),
            ),
            Column(
                path="cause", label=_("原因"), kind="choice", choices=tuple(AlarmCase.Cause.choices)
            ),
            Column(path="reopened", label=_("反弹次数"), kind="number"),
        ),
        filters=(
            Filter(name="state", label=_("状态"), kind="state"),
            Filter(name="level", label=_("等级"), choices=_levels),
            Filter(name="area", label=_("属地"), kind="area", path="area_code"),
            Filter(name="organisation", label=_("责任单位"), kind="organisation"),
            Filter(
                name="kind",
                label=_("监测点类别"),
                path="point__kind",
                choices=tuple(Point.Kind.choices),
            ),
            Filter(
                name="detector",
                label=_("报警类型"),
                path="rule__detector",
                choices=tuple(AlarmRule.Detector.choices),
            ),
            Filter(
                name="verdict",
                label=_("核实结论"),
                choices=tuple(c for c in AlarmCase.Verdict.choices if c[0]),
            ),
            Filter(name="opened", label=_("立案时间"), kind="date_range", path="opened_at"),
            Filter(name="ended", label=_("办结时间"), kind="date_range", path="closed_at"),
        ),
        search=(
            "number",
            "title",
            "description",
            "address",
            "entity__name",
            "point__name",
            "source",
        ),
        batch_fields=(
            Field(
                name="owner_organisation",
                label=_("责任单位"),
                kind="organisation",
                required=False,
                stores="owner_organisation",
            ),
            Field(name="owner", label=_("责任人"), kind="person", required=False, stores="owner"),
        ),
        details=(
            Column(path="point.name", label=_("监测点")),
            Column(path="parameter_name", label=_("因子")),
            Column(path="rule.name", label=_("触发规则")),
            Column(path="first_alarm_at", label=_("首次报警"), kind="datetime"),
            Column(path="last_alarm_at", label=_("最近报警"), kind="datetime"),
            Column(path="alarm_count", label=_("报警次数"), kind="number"),
            Column(
                path="verdict",
                label=_("核实结论"),
                kind="choice",
                choices=tuple(AlarmCase.Verdict.choices),
            ),
            Column(
                path="cause", label=_("原因"), kind="choice", choices=tuple(AlarmCase.Cause.choices)
            ),
            Column(path="source", label=_("污染来源")),
            Column(path="measures", label=_("治理措施")),
        ),
        # Cases come from alarms; a person's own finding goes into the problem ledger.
        open_roles=frozenset(),
        enterprise_sees=Q(enterprise_asked_at__isnull=False),
        level=lambda case: case.level,
        statistics=_statistics,
        breakdowns=_breakdowns,
        detail_template="web/matters/alarm_case.html",
    )
)


# ---- from alarm to case --------------------------------------------------------------------------


def raised(alarm: Alarm) -> None:
    """Hook on a new alarm: open, join or reopen its case, unless the alarm is history."""
    if alarm.last >= timezone.now() - STALE_AFTER:
        open_from_alarm(alarm)


def repeated(alarm: Alarm) -> None:
    """Hook on an alarm that goes on: the case takes its time and, when it rises, its level.

    A closed case is reopened by a period of trouble that began after its closing: the alarm never
    ended, so no new one will say that the trouble is back.
    """
    with transaction.atomic():
        case = AlarmCase.objects.select_for_update().filter(joined__alarm=alarm).first()
        if case is None:
            return
        if _goes_on_after_closing(alarm, case):
            case = actions.perform(REGISTER, case.pk, "rebound_by_alarm", by=None, note=alarm.text)
        elif not WORKFLOW.state(case.state).open:
            return
        rises = _severity(alarm.level) > _severity(case.level)
        AlarmCase.objects.filter(pk=case.pk).update(
            last_alarm_at=max(filter(None, (case.last_alarm_at, alarm.last))),
            level=alarm.level if rises else case.level,
        )
        if rises:
            case.refresh_from_db()
            record(
                REGISTER,
                case,
                name="alarm_rises",
                label=gettext_noop("预警升级"),
                by=None,
                at=timezone.now(),
                note=alarm.text,
                form={"alarm": alarm.pk, "level": alarm.level},
            )


def _goes_on_after_closing(alarm: Alarm, case: AlarmCase) -> bool:
    if WORKFLOW.state(case.state).phase not in (Phase.CLOSED, Phase.REVIEW):
        return False
    began = alarm.last - timedelta(seconds=alarm.evidence.get("seconds", 0))
    return case.closed_at is not None and began >= case.closed_at


def ended(alarm: Alarm) -> None:
    """Hook on an alarm that is over: said on the case's timeline; the case goes on to its closing."""
    case = AlarmCase.objects.filter(joined__alarm=alarm).first()
    if case is not None and WORKFLOW.state(case.state).open:
        record(
            REGISTER,
            case,
            name="alarm_ends",
            label=gettext_noop("数据恢复正常"),
            by=None,
            at=timezone.now(),
            note=alarm.text,
            form={"alarm": alarm.pk},
        )


def _severity(level: str) -> int:
    return [value for value, _label in Alarm.Level.choices].index(level)


@transaction.atomic
def open_from_alarm(alarm: Alarm, at: datetime | None = None) -> AlarmCase | None:
    """Join ``alarm`` to the case about its point and parameter, reopen that case, or open a new one.

    An alarm silenced by a filing, or one whose routing says so, makes no case: ``None``. The same
    alarm twice changes nothing.
    """
    at = at or timezone.now()
    if alarm.state == Alarm.State.SILENCED:
        return None
    if joined := CaseAlarm.objects.filter(alarm=alarm).select_related("case").first():
        return joined.case
    rule = routing(alarm.area_code, alarm.point.kind, alarm.rule.detector)
    if rule is not None and not rule.opens_case:
        return None
    before = (
        AlarmCase.objects.select_for_update()
        .filter(point=alarm.point, parameter=alarm.parameter, merged_into=None, withdrawn_at=None)
        .order_by("-opened_at", "-id")
        .first()
    )
    if before is not None:
        phase = WORKFLOW.state(before.state).phase
        if phase is Phase.OPEN:
            return _join(before, alarm, at)
        if (
            phase in (Phase.CLOSED, Phase.REVIEW)
            and before.closed_at
            and alarm.begin <= before.closed_at + REBOUND_WITHIN
            and alarm.begin >= before.closed_at
        ):
            _join(before, alarm, at)
            case: AlarmCase = actions.perform(
                REGISTER, before.pk, "rebound_by_alarm", by=None, note=alarm.text, at=at
            )
            return case
    return _open(alarm, at, before)


def _join(case: AlarmCase, alarm: Alarm, at: datetime) -> AlarmCase:
    CaseAlarm.objects.create(case=case, alarm=alarm, joined_at=at)
    case.alarm_count += 1
    case.last_alarm_at = max(filter(None, (case.last_alarm_at, alarm.last)))
    if _severity(alarm.level) > _severity(case.level):
        case.level = alarm.level
    case.revision += 1
    case.save()
    record(
        REGISTER,
        case,
        name="alarm",
        label=gettext_noop("再次报警"),
        by=None,
        at=at,
        note=alarm.text,
        form={"alarm": alarm.pk, "level": alarm.level},
    )
    return case


def _open(alarm: Alarm, at: datetime, before: AlarmCase | None) -> AlarmCase:
    parameter = alarm.point.parameters.filter(code=alarm.parameter).first()
    name = parameter.name if parameter else alarm.parameter
    title = f"{alarm.point.name}{name}{alarm.rule.get_detector_display()}"
    case: AlarmCase = actions.open_matter(
        REGISTER,
        {
            "title": title[:200],
            "description": alarm.text,
            "area_code": alarm.area_code,
            "enterprise_code": alarm.owner_code,
            "entity": alarm.point.entity,
            "origin": alarm.rule.name,
            "point": alarm.point,
            "parameter": alarm.parameter,
            "parameter_name": name,
            "rule": alarm.rule,
            "level": alarm.level,
            "first_alarm_at": alarm.begin,
            "last_alarm_at": alarm.last,
            "alarm_count": 1,
            "synthetic": alarm.point.synthetic,
        },
        by=None,
        at=at,
        note=alarm.text,
        form={"alarm": alarm.pk, "level": alarm.level, "rule": alarm.rule.name},
    )
    CaseAlarm.objects.create(case=case, alarm=alarm, joined_at=at)
    if before is not None:
        actions.link(REGISTER, case, REGISTER, before, Link.Kind.RELATED, by=None, at=at)
    return case
