"""运维单 (mechanism G9): a device that is silent or faulty gets an order; its operator repairs it, the station checks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.accounts.roles import STAFF, Role
from ecoledger.listings.parts import Ask, View
from ecoledger.matters import actions
from ecoledger.matters.register import OPEN_WORK, Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.network.devices import fallen_silent
from ecoledger.registers.network.models import Device, MaintenanceOrder

_STATION = frozenset({Role.MONITOR, Role.DISPATCHER})
_REPAIR = frozenset({Role.THIRD_PARTY, Role.MONITOR, Role.TOWN, Role.ENTERPRISE})

WORKFLOW = Workflow(
    states=(
        State("new", "待派单", stage="派单", waits_for=_STATION),
        State("repairing", "维护中", stage="维护", waits_for=_REPAIR, by_owner=True),
        State("checking", "待验收", stage="验收", waits_for=_STATION),
        State("done", "已恢复", phase=Phase.DONE),
        State("void", "无需维护", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("order", "派单", "new", "repairing", by=_STATION, asks=("owner_organisation",),
                   offers=(said("instruction", "维护要求"),)),
        Transition("report", "报告完成", "repairing", "checking", by=_REPAIR, owner_only=True,
                   asks=(said("work", "维护内容"), "down_hours"), offers=("parts",)),
        Transition("accept", "验收恢复", "checking", "done", by=_STATION,
                   asks=(said("checked", "验收意见"),), other_person_than=("report",)),
        Transition("return", "退回返修", "checking", "repairing", by=_STATION,
                   asks=(said("reason", "原因"),), main=False),
        Transition("drop", "无需维护", ("new", "repairing"), "void", by=_STATION,
                   asks=(said("reason", "原因"),), main=False, danger=True),
    ),
    clocks=(
        ClockRule("order", "派单", ("new",), working_days=1),
        ClockRule("repair", "维护", ("repairing",), working_days=2),
    ),
)  # fmt: skip


def _name(order: Any) -> None:
    """The order is called after its device and what is wrong."""
    if not order.title and order.entity is not None:
        order.title = f"{order.entity.name} {MaintenanceOrder.Fault(order.fault).label}"


def open_for_silent(now: datetime) -> int:
    """Orders for devices that have fallen silent, one a place while one is in hand; how many."""
    waiting = MaintenanceOrder.objects.filter(OPEN_WORK, fault=MaintenanceOrder.Fault.OFFLINE)
    places = set(waiting.values_list("entity__parent", flat=True))
    silent = [device for device in fallen_silent(now) if device.parent_id not in places]
    for device in silent:
        actions.open_matter(
            ORDERS,
            {
                "entity": device.entity_ptr,
                "area_code": device.area_code,
                "fault": MaintenanceOrder.Fault.OFFLINE,
                "description": _("所在监测点超过 24 小时没有数据。"),
            },
            by=None,
            at=now,
        )
    return len(silent)


ORDERS = declare(Register(
    key="maintenance_order", label="运维单", line="monitoring", model=MaintenanceOrder,
    workflow=WORKFLOW, pattern="运维〔{year}〕{n}号",
    labels={"description": "现象"},
    columns=("number", "title", "state", "due", "entity", "fault", "owner_organisation",
             "down_hours", "opened_at"),
    filters=("state", "fault", "owner_organisation", "area_code", "opened_at"),
    search=("number", "title", "description", "entity__name", "parts"),
    fields=(Ask("entity", "设备", required=True, to=Device), "fault", Ask("title", required=False, help="留空则取设备名和维护类别。"), "description"),
    details=("entity", "fault", "down_hours", "parts"),
    views=(View("silent", "离线", {"fault": "offline", "open": "1"}),),
    edit=STAFF, prepare=_name, daily=open_for_silent,
    empty="还没有运维单。设备离线、漂移或到期检定时在这里派单。",
))  # fmt: skip
