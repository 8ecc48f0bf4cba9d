"""The register 预警交办 as the engine knows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ecoledger.matters.register import Column, Filter, Register, Statistic, declare
from ecoledger.matters.statistics import common_statistics
from ecoledger.matters.workflow import Field
from ecoledger.monitoring.models import Alarm, AlarmRule, Point
from ecoledger.registers.alarm_case.models import AlarmCase
from ecoledger.registers.alarm_case.statistics import accuracy, breakdowns
from ecoledger.registers.alarm_case.workflow import WORKFLOW

_levels = tuple(Alarm.Level.choices)
_point = Column(path="point.name", label=_("监测点"))
_parameter = Column(path="parameter_name", label=_("因子"))
_count = Column(path="alarm_count", label=_("报警次数"), kind="number")
_last_alarm = Column(path="last_alarm_at", label=_("最近报警"), kind="datetime")
_verdict = Column(
    path="verdict",
    label=_("核实结论"),
    kind="choice",
    choices=tuple(AlarmCase.Verdict.choices),
)
_cause = Column(
    path="cause", label=_("原因"), kind="choice", choices=tuple(AlarmCase.Cause.choices)
)


def _statistics(rows: QuerySet[Any], now: datetime) -> list[Statistic]:
    return [*common_statistics(REGISTER, rows, now), *accuracy(rows)]


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
            _point,
            _parameter,
            _count,
            Column(path="opened_at", label=_("立案时间"), kind="datetime"),
            _last_alarm,
            _verdict,
            _cause,
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
            _point,
            _parameter,
            Column(path="rule.name", label=_("触发规则")),
            Column(path="first_alarm_at", label=_("首次报警"), kind="datetime"),
            _last_alarm,
            _count,
            _verdict,
            _cause,
            Column(path="source", label=_("污染来源")),
            Column(path="measures", label=_("治理措施")),
        ),
        # Cases come from alarms; a person's own finding goes into the problem ledger.
        open_roles=frozenset(),
        statistics=_statistics,
        breakdowns=breakdowns,
        detail_template="web/matters/alarm_case.html",
    )
)
