"""在线监控联网 (mechanism A11): a firm is told to install monitors, connects them, and is accepted when its data arrive.

Connected is what has sent data within a day; accepted what has kept its transmission and validity over a week. Both
are read from what arrived, not believed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import STAFF, Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.live import times
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.monitoring import runtime
from ecoledger.monitoring.computing import data_rates
from ecoledger.monitoring.models import Point
from ecoledger.registers.closing import DEFAULT, REASON

STATION = frozenset({Role.MONITOR, Role.DISPATCHER})
FIRM = frozenset({Role.ENTERPRISE, Role.TOWN, Role.THIRD_PARTY, Role.MONITOR})
KINDS = (Point.Kind.FLUE_GAS, Point.Kind.WASTEWATER, Point.Kind.POWER)
ARRIVED_WITHIN = timedelta(days=1)
# What is asked before acceptance: percent of the factor hours of the last days (contract level, mark M).
TRIAL, LEAST = timedelta(days=7), 90.0


class Connection(Matter):
    """That one firm's emission is monitored and connected."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_connection"
    )
    batch = models.CharField("批次", max_length=60, blank=True, db_index=True)
    outlets = models.CharField("排放口", max_length=120, blank=True)
    factors = models.CharField("监测因子", max_length=200, blank=True)
    supplier = models.CharField("设备与集成单位", max_length=80, blank=True)
    due_on = models.DateField("联网时限", null=True, blank=True)
    installed_on = models.DateField("安装日期", null=True, blank=True)
    connected_on = models.DateField("联网日期", null=True, blank=True)
    transmission = models.DecimalField(
        "试运行传输率 %", max_digits=5, decimal_places=1, null=True, blank=True, editable=False
    )
    validity = models.DecimalField(
        "试运行有效率 %", max_digits=5, decimal_places=1, null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = "在线监控联网"


def _rates(connection: Any, back: timedelta) -> data_rates.Rates:
    """What arrived from the firm's points over the hours just gone."""
    if connection.entity is None or not runtime.is_open():
        return data_rates.Rates()
    points = list(
        Point.objects.filter(
            owner_code=connection.entity.code, kind__in=KINDS, enabled=True
        ).select_related("entity")
    )
    now = times.now()
    return data_rates.total(data_rates.of_points(points, now - back, now).values())


def _data_arrive(connection: Any) -> str:
    if _rates(connection, ARRIVED_WITHIN).received:
        return ""
    return _("平台还没有收到该企业近 24 小时的数据，请先登记监测点并联网。")


def _trial_is_good(connection: Any) -> str:
    rates = _rates(connection, TRIAL)
    if rates.transmission is None:
        return _("近 7 天没有应收数据。")
    if min(rates.transmission, rates.validity or 0) >= LEAST:
        return ""
    return _("近 7 天传输率 %(sent).1f%%、有效率 %(valid).1f%%，未达到 %(least)d%%。") % {
        "sent": rates.transmission,
        "valid": rates.validity or 0,
        "least": LEAST,
    }


def _keep_rates(step: Step) -> None:
    rates = _rates(step.matter, TRIAL)
    step.matter.transmission = round(rates.transmission or 0, 1)
    step.matter.validity = round(rates.validity or 0, 1)


def _shown_to_the_firm(connection: Any) -> None:
    connection.circulation = Circulation.ENTERPRISE


WORKFLOW = Workflow(
    states=(
        State("planned", "待安装", stage="安装", waits_for=FIRM),
        State("installed", "待联网", stage="联网", waits_for=STATION),
        State("connected", "试运行", stage="验收", waits_for=STATION),
        State("accepted", "已验收", phase=Phase.DONE),
        State("dropped", "不需联网", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("install", "安装完成", "planned", "installed", by=FIRM, asks=("installed_on",),
                   offers=("factors", "supplier"), shown_to_enterprise=True),
        Transition("connect", "确认联网", "installed", "connected", by=STATION, asks=("connected_on",),
                   when=_data_arrive, help="近 24 小时有数据到达平台才能确认。"),
        Transition("accept", "验收", "connected", "accepted", by=STATION, offers=(said("checked", "验收意见"),),
                   when=_trial_is_good, effects=(_keep_rates,), help="近 7 天传输率、有效率均不低于 90%。"),
        Transition("drop", "不需联网", ("planned", "installed"), "dropped", by=STATION, asks=(REASON,),
                   main=False),
    ),
    clocks=(ClockRule("connect", "联网", ("planned", "installed"), deadline_field="due_on"),
            ClockRule("accept", "验收", "connected", days=30, basis=DEFAULT)),
)  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts; firms connected and accepted of those planned."""
    n = rows.exclude(state="dropped").aggregate(
        planned=Count("pk"),
        connected=Count("pk", filter=Q(state__in=("connected", "accepted"))),
        accepted=Count("pk", filter=Q(state="accepted")),
    )
    return [
        *common_statistics(CONNECTIONS, rows, now),
        Statistic("planned", "计划联网", n["planned"], "", "家"),
        share("connected", "联网率", n["connected"], n["planned"]),
        share("accepted", "验收率", n["accepted"], n["planned"], query="state=accepted"),
    ]


CONNECTIONS = declare(Register(
    key="connection", label="在线监控联网", line="monitoring", model=Connection, workflow=WORKFLOW,
    pattern="联网〔{year}〕{n}号", prepare=_shown_to_the_firm,
    labels={"title": "名称", "entity": "企业", "area_code": "属地"},
    columns=("number", "title", "entity", "batch", "factors", "state", "due", "installed_on", "connected_on",
             "transmission", "validity", "area_code"),
    filters=("state", "batch", "area_code", "due_on"), search=("number", "title", "entity__name", "batch"),
    fields=("title", Ask("entity", to=Enterprise, required=True), "batch", "outlets", "factors", "supplier",
            "due_on"),
    details=("batch", "outlets", "factors", "supplier", "due_on", "installed_on", "connected_on",
             "transmission", "validity"),
    imports=Import(key=("batch", "entity"),
                   headers={"title": ("项目名称",), "entity": ("企业名称", "单位名称"), "batch": ("批次名称",),
                            "factors": ("因子", "监测项目"), "due_on": ("完成时限",)},
                   examples={"title": "某厂在线监控联网", "entity": "示例印染有限公司",
                             "batch": "2026年新增65家", "factors": "SO2、NOx、颗粒物", "due_on": "2026-12-31"}),
    views=(View("late", "超期未联网", {"overdue": "1"}, "due"),),
    statistics=statistics, edit=STAFF, manage=STATION, enterprise="enterprise__code",
    empty="还没有联网任务。导入一批须新增在线监控的企业，安装、联网、验收逐家跟踪。",
))  # fmt: skip
