"""The register 预警交办 as the engine knows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.listings.parts import Column, Filter
from ecoledger.matters.measures import EVERY, Measure
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.seeing import NOTHING
from ecoledger.matters.statistics import common_statistics
from ecoledger.monitoring.models import Alarm
from ecoledger.registers.alarms import economy
from ecoledger.registers.alarms.alarm_case.models import AlarmCase
from ecoledger.registers.alarms.alarm_case.statistics import accuracy, breakdowns
from ecoledger.registers.alarms.alarm_case.workflow import WORKFLOW


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    return [*common_statistics(REGISTER, rows, now), *accuracy(rows)]


def _before_end(case: Any) -> list[tuple[bool, str, str]]:
    """Whether its alarms are over: who ends a case whose alarm lasts should know it."""
    lasting = case.alarms.filter(state=Alarm.State.OPEN).order_by("last").last()
    if lasting is None:
        return [(True, noop("预警已解除"), _("符合"))]
    at = f"{timezone.localtime(lasting.last):%m-%d %H:%M}"
    return [(False, noop("预警已解除"), _("仍在持续，最近 %(at)s") % {"at": at})]


# What was given to a unit in the span, whenever the case began.
DISPATCHED = Measure(
    key="dispatched", name="预警件交办", numerator=EVERY, dated="opened_at", step="dispatch", past=NOTHING,
    columns=("owner_organisation", "state"),
)  # fmt: skip

# Of the cases verified so far: what is not verified is in neither part.
CONFIRMED_RATIO = Measure(
    key="confirmed_ratio", name="预警属实率", numerator=Q(verdict=AlarmCase.Verdict.CONFIRMED),
    denominator=~Q(verdict=AlarmCase.Verdict.PENDING), dated="opened_at", columns=("verdict",),
    missing="没有已核实件",
)  # fmt: skip

REGISTER = declare(Register(
    key="alarm_case", bundled=True, offline=True, label="预警交办", line="monitoring", model=AlarmCase, workflow=WORKFLOW,
    pattern="预警〔{year}〕{n}号",
    labels={"area_code": "属地", "opened_at": "立案时间"},
    columns=("number", "level", "title", "state", "due", "owner_organisation", "owner", "point",
             Column("parameter_name", word=True), "alarm_count", "opened_at", "last_alarm_at", "verdict", "cause",
             "reopened"),
    filters=("state", "level", "area_code", "owner_organisation", Filter("point__kind", "监测点类别"),
             Filter("rule__detector", "预警类型"), "verdict", "opened_at", "closed_at"),
    search=("number", "title", "description", "address", "entity__name", "point__name", "source"),
    batch=("owner_organisation", "owner"),
    details=("point", Column("parameter_name", word=True), Column("rule", word=True), "first_alarm_at", "last_alarm_at", "alarm_count",
             "verdict", "cause", "source", "measures"),
    # Cases come from alarms; a person's own finding goes into the problem ledger.
    edit=frozenset(), empty="预警触发后自动立件，无需登记。",
    statistics=_statistics, breakdowns=breakdowns, measures=(CONFIRMED_RATIO, DISPATCHED),
    detail_template="web/matters/alarm_case.html", notices_a_day=economy.most_a_day,
    before_end=_before_end,
))  # fmt: skip
