"""网格事件 (mechanism E1, E20): a clue from a grid worker or a contractor, triaged, dispatched, answered and closed.

A clue may come from anyone and is no inspection: an inspection record is made by two certified officers
(国办发〔2024〕54号). Contractors hand in clues and see their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models

from ecoledger.accounts.roles import STAFF, Role
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.grid import statistics
from ecoledger.registers.grid.cells import GridCell
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS


class GridEvent(Matter):
    """One event reported from a cell (环境类事件)."""

    class Source(models.TextChoices):
        PATROL = "patrol", "日常巡查"
        PUBLIC = "public", "群众举报"
        ALARM = "alarm", "监测预警"
        SUPERIOR = "superior", "上级交办"
        VIDEO = "video", "视频识别"
        CONTRACTOR = "contractor", "第三方巡查"

    class Category(models.TextChoices):
        BURNING = "burning", "秸秆垃圾焚烧"
        SITE_DUST = "site_dust", "工地扬尘"
        ROAD_DUST = "road_dust", "道路扬尘"
        FUMES = "fumes", "餐饮油烟"
        SCATTERED = "scattered", "散乱污"
        SPRAYING = "spraying", "露天喷涂"
        BLACK_WATER = "black_water", "黑臭水体"
        SEWAGE = "sewage", "污水直排"
        LIVESTOCK = "livestock", "畜禽粪污"
        DUMPING = "dumping", "固废倾倒"
        NOISE = "noise", "噪声"
        NATURE = "nature", "生态破坏"
        OTHER = "other", "其他"

    class Urgency(models.TextChoices):
        NORMAL = "normal", "一般"
        URGENT = "urgent", "紧急"

    class Truth(models.TextChoices):
        OPEN = "", "未核"
        TRUE = "true", "属实"
        FALSE = "false", "不属实"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_grid_event"
    )
    event_no = models.CharField("事件编号", max_length=60, blank=True, db_index=True)
    source = models.CharField(
        "事件来源", max_length=12, choices=Source.choices, default=Source.PATROL
    )
    category = models.CharField("事件类别", max_length=14, choices=Category.choices)
    urgency = models.CharField(
        "紧急程度", max_length=8, choices=Urgency.choices, default=Urgency.NORMAL
    )
    cell = models.ForeignKey(
        GridCell,
        verbose_name="网格",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="events",
    )
    reporter = models.CharField("上报人", max_length=60, blank=True)
    truth = models.CharField("核实", max_length=6, choices=Truth.choices, blank=True, default="")
    settled_on_spot = models.BooleanField("当场处置", default=False)
    deadline = models.DateField("处置期限", null=True, blank=True)
    arrived_at = models.DateTimeField("到场时间", null=True, blank=True)
    handling = models.TextField("处置措施", blank=True)
    department = models.CharField("移交部门", max_length=120, blank=True)

    class Meta:
        verbose_name = "网格事件"


TRIAGE = frozenset({Role.DISPATCHER, Role.TOWN, Role.SECTION_CHIEF})
_FIELD = frozenset({Role.TOWN, Role.GRID, Role.OFFICER, Role.MONITOR})
_TO_PROBLEM = {
    "black_water": "water", "sewage": "water", "livestock": "water", "dumping": "waste",
    "noise": "noise", "nature": "nature", "other": "other",
}  # fmt: skip


def _owner(event: Any) -> Any:
    from ecoledger.accounts.models import Organisation

    town = Organisation.objects.filter(kind="town", area_code=event.area_code[:9]).first()
    return event.owner_organisation or town


def _as_problem(step: Step) -> None:
    """What cannot be settled as an event goes on in the one ledger of problems."""
    event = step.matter
    values = {
        "title": event.title, "description": event.description, "area_code": event.area_code,
        "address": event.address, "lon": event.lon, "lat": event.lat, "entity": event.entity,
        "origin_kind": "self", "source_no": event.number,
        "category": _TO_PROBLEM.get(event.category, "air"),
    }  # fmt: skip
    actions.open_matter(PROBLEMS, values, by=step.person, at=step.at, origin_matter=event)


WORKFLOW = Workflow(
    states=(
        State("new", "待研判", stage="上报研判", waits_for=TRIAGE),
        State("handling", "处置中", stage="派单处置", waits_for=_FIELD, by_owner=True),
        State("hung", "挂账", stage="派单处置", waits_for=TRIAGE),
        State("check", "待复查", stage="反馈复查", waits_for=CHECKERS | {Role.TOWN}),
        State("closed", "已销号", phase=Phase.CLOSED),
        State("converted", "已转问题", phase=Phase.DONE),
        State("handed", "已移交部门", phase=Phase.DONE),
        State("void", "不成立", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("dispatch", "派单", "new", "handling", by=TRIAGE, sets={"truth": "true"},
                   asks=(Ask("owner_organisation", initial=_owner),),
                   offers=("owner", "deadline", said("requirement", "处置要求"))),
        Transition("settle", "已当场处置", "new", "check", by=_FIELD, asks=("handling",), evidence=1,
                   sets={"settled_on_spot": True, "truth": "true"}, main=False),
        Transition("void", "不成立", "new", "void", by=TRIAGE, asks=(REASON,), sets={"truth": "false"},
                   main=False),
        Transition("hand_over", "移交其他部门", "new", "handed", by=TRIAGE, asks=("department", REASON),
                   sets={"truth": "true"}, main=False),
        Transition("convert", "转入问题一本账", ("new", "hung"), "converted", asks=(REASON,), main=False,
                   by=frozenset({Role.DISPATCHER}), sets={"truth": "true"}, effects=(_as_problem,)),
        Transition("feed_back", "处置反馈", "handling", "check", by=_FIELD, owner_only=True,
                   asks=("handling",), offers=("arrived_at",), evidence=1),
        Transition("decline", "不属本单位，退回", "handling", "new", by=_FIELD, owner_only=True,
                   asks=(REASON,), sets={"owner_organisation": None, "owner": None}, main=False),
        Transition("hang", "挂账", "handling", "hung", by=TRIAGE, asks=(REASON,), offers=("deadline",),
                   main=False),
        Transition("resume", "恢复处置", "hung", "handling", by=TRIAGE,
                   asks=(Ask("owner_organisation", initial=_owner),)),
        Transition("close", "复查销号", "check", "closed", by=CHECKERS | {Role.TOWN},
                   asks=(said("checked", "回头看情况"),), other_person_than=("feed_back", "settle")),
        Transition("send_back", "处置不到位，退回", "check", "handling", by=CHECKERS | {Role.TOWN},
                   asks=(Ask("owner_organisation", initial=_owner), REASON),
                   other_person_than=("feed_back", "settle"), main=False),
        Transition("rebound", "复发，重新处置", ("closed", "void"), "new", by=TRIAGE | {Role.OFFICER},
                   asks=(REASON,), main=False, danger=True),
    ),
    clocks=(
        ClockRule("triage", "研判派单", "new", working_hours=4, basis=DEFAULT),
        ClockRule("handle", "处置", "handling", working_days=5, extensions=(5, 10), basis=DEFAULT),
        ClockRule("deadline", "处置期限", "handling", deadline_field="deadline", basis="派单要求"),
        ClockRule("check", "复查", "check", working_days=3, basis=DEFAULT),
    ),
)  # fmt: skip


class GridEvents(Register):
    """The register, and what its imports know."""

    def attributes_of(self, values: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        """Title and town from what the ledger's row says; a row with a day of closing is over."""
        cell = values.get("cell")
        if cell is not None:
            values.setdefault("area_code", cell.area_code)
        values.setdefault("title", title_of(values))
        if values.get("closed_at"):
            values["truth"] = "true"
        return values

    def opening_of(
        self, values: Mapping[str, Any], batch: Any, row: Any, at: datetime
    ) -> Mapping[str, Any]:
        """Its clocks run since it was reported."""
        return {**super().opening_of(values, batch, row, at), "at": values.get("opened_at") or at}


def title_of(values: Mapping[str, Any]) -> str:
    """What a list calls an event: its category and its place."""
    category = dict(GridEvent.Category.choices).get(str(values.get("category", "")), "")
    place = str(values.get("address") or values.get("cell") or "")
    return f"{place}{category}"[:200] or "网格事件"


def _prepare(event: GridEvent) -> None:
    by = event.created_by
    if by is not None:
        event.reporter = event.reporter or by.name
        if by.has_role(Role.THIRD_PARTY) and not by.has_role(*STAFF):
            event.source = GridEvent.Source.CONTRACTOR
    if not event.title:
        event.title = title_of(
            {"category": event.category, "address": event.address, "cell": event.cell}
        )


REGISTER = declare(GridEvents(
    key="grid_event", offline=True, label="网格事件", line="enforcement", model=GridEvent, workflow=WORKFLOW,
    pattern="网格〔{year}〕{n}号",
    labels={"title": "事件", "description": "情况描述", "area_code": "镇街", "address": "位置",
            "opened_at": "上报时间", "owner_organisation": "处置单位"},
    columns=("number", "title", "state", "due", "category", "urgency", "source", "cell", "area_code",
             "owner_organisation", "reporter", "settled_on_spot", "opened_at", "closed_at"),
    filters=("state", "area_code", "category", "cell", "source", "urgency", "opened_at"),
    search=("number", "title", "description", "address", "event_no", "cell__name"),
    fields=("category", "area_code", "cell", "address", "description", "urgency", "source", "entity",
            "lon", "lat"),
    batch=("owner_organisation", "owner", "deadline", "cell", "category", "urgency"),
    details=("event_no", "category", "urgency", "source", "cell", "reporter", "truth",
             "settled_on_spot", "deadline", "arrived_at", "handling", "department"),
    views=(
        View("urgent", "紧急", {"urgency": "urgent", "open": "1"}),
        View("contractor", "第三方线索", {"source": "contractor"}),
    ),
    imports=Import(
        key=("event_no",), tells_past=True, updates=True,
        columns=("event_no", "source", "category", "cell", Ask("area_code", required=False), "address",
                 "lon", "lat", "opened_at", "reporter", "description", "urgency", "handling",
                 "owner_organisation", "arrived_at", "closed_at"),
        headers={
            "event_no": ("编号", "事件号", "上报编号"), "source": ("来源",), "category": ("类别", "事件类型", "类型"),
            "cell": ("所属网格", "网格名称", "网格编码"), "area_code": ("所在镇街", "属地"),
            "address": ("地点", "事件位置", "地址"), "opened_at": ("时间", "发现时间"),
            "reporter": ("网格员", "上报人员"), "description": ("描述", "事件描述", "问题描述"),
            "handling": ("处置情况", "处理情况"), "owner_organisation": ("责任单位",),
            "closed_at": ("销号时间", "办结时间", "完成时间"),
        },
        examples={"event_no": "SJ-0001", "source": "日常巡查", "category": "工地扬尘", "cell": "北镇一网格",
                  "address": "清溪桥工地", "opened_at": "2026-03-02 09:10", "closed_at": "2026-03-03 16:00"},
    ),
    level=lambda event: "orange" if event.urgency == "urgent" else "blue",
    statistics=statistics.statistics, breakdowns=statistics.breakdowns, prepare=_prepare,
    edit=STAFF | {Role.THIRD_PARTY},
    manage=frozenset({Role.DISPATCHER, Role.LEADER, Role.TOWN}),
    empty="还没有网格事件。网格员、第三方在手机上随手报，或导入事件台账。",
))  # fmt: skip
