"""农村生活污水治理项目 (mechanism W5): the year's villages from design to acceptance; an accepted village counts as treated.

The funnel divides what is planned: in design, being built, completed. What makes a village count is a list the bureau
sets (``data/village_sewage.toml``); who accepts answers each of its items.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities import editing
from ecoledger.entities.models import Area
from ecoledger.listings import own_tables
from ecoledger.listings.catalogue import declare, redeclare
from ecoledger.listings.own_tables import OwnColumn, OwnTable
from ecoledger.listings.parts import Ask, Import, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.matters.clocks import local
from ecoledger.matters.measures import Measure
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.water.sewage_models import SewageVillage, VillageWork
from ecoledger.registers.water.village_run import rules
from ecoledger.registers.water.villages import VILLAGES
from ecoledger.standards.percent import percent_of

OWNERS = frozenset({Role.TOWN, Role.APPROVER, Role.MONITOR, Role.DISPATCHER})
UNDER_WAY = ("design", "building", "completed")
PLANNED = ~Q(phase=Phase.DISMISSED.value)
COMPLETED = Q(state__in=("completed", "accepted"))


def _items() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = rules()["item"]
    return rows


def _accepted(step: Step) -> None:
    """Every item of the list holds; the village is treated from that day on."""
    failed = [item["label"] for item in _items() if not step.form.get(item["key"])]
    if failed:
        raise Refused(
            "condition", _("不符合治理成效要求：%s。") % "；".join(failed), _("请退回整改。")
        )
    work = step.matter
    village = SewageVillage.objects.filter(pk=work.entity_id).first()
    if village is None:
        return
    village.treated, village.mode = True, work.mode or village.mode
    village.treated_on = timezone.localdate(step.at)
    editing.save(None, village, on=village.treated_on, source=work.number)


def workflow() -> Workflow:
    """The way with the list of the bureau."""
    items = tuple(
        said(item["key"], item["label"], Kind.BOOLEAN, required=True) for item in _items()
    )
    return Workflow(
        states=(
            State("design", "设计", stage="设计", waits_for=OWNERS, by_owner=True),
            State("building", "施工", stage="施工", waits_for=OWNERS, by_owner=True),
            State("completed", "完工", stage="完工", waits_for=CHECKERS),
            State("accepted", "验收合格", phase=Phase.CLOSED),
            State("dropped", "调整退出", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("build", "开工", "design", "building", by=OWNERS, owner_only=True,
                       offers=(said("note", "开工情况"),)),
            Transition("report", "填报进度", "building", "building", by=OWNERS, owner_only=True,
                       asks=(Ask("progress", minimum=0, maximum=100, unit="%"), said("progress_text", "进展")),
                       main=False),
            Transition("complete", "完工", "building", "completed", by=OWNERS, owner_only=True,
                       asks=("mode", "households", said("result", "完成情况")), evidence=1, sets={"progress": 100}),
            Transition("accept", "验收合格", "completed", "accepted", by=CHECKERS,
                       asks=(*items, said("checked", "验收意见")), other_person_than=("complete",),
                       effects=(_accepted,)),
            Transition("send_back", "验收不合格，退回", "completed", "building", by=CHECKERS, asks=(REASON,),
                       other_person_than=("complete",), main=False),
            Transition("drop", "调整退出", UNDER_WAY, "dropped", by=frozenset({Role.DISPATCHER}), asks=(REASON,),
                       main=False, danger=True),
            Transition("reopen", "重新治理", ("accepted", "dropped"), "building", by=CHECKERS, asks=(REASON,),
                       main=False, danger=True),
        ),
        clocks=(
            ClockRule("finish", "计划完成", ("design", "building"), deadline_field="planned_finish",
                      extensions=(30, 60, 90), basis=DEFAULT),
            ClockRule("accept", "验收", "completed", working_days=20, basis=DEFAULT),
        ),
    )  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common = by_name(common_statistics(REGISTER, rows, now))
    n = rows.filter(PLANNED, merged_into=None).order_by().aggregate(
        planned=Count("pk"),
        design=Count("pk", filter=Q(state="design")),
        building=Count("pk", filter=Q(state="building")),
        completed=Count("pk", filter=COMPLETED),
        accepted=Count("pk", filter=Q(state="accepted")),
        households=Sum("households", filter=COMPLETED),
    )  # fmt: skip
    return [
        Statistic("planned", "计划治理村", n["planned"], "state=design,building,completed,accepted", unit="个",
                  note="设计＋施工＋完工，不含调整退出的"),
        Statistic("completed", "完工", n["completed"], "state=completed,accepted", unit="个"),
        Statistic("building", "施工", n["building"], "state=building", unit="个"),
        Statistic("design", "设计", n["design"], "state=design", unit="个"),
        Statistic("accepted", "其中：验收合格", n["accepted"], "state=accepted", unit="个"),
        Statistic("households", "受益户数", n["households"], "state=completed,accepted", unit="户"),
        share("completion", "完工率", n["completed"], n["planned"], query="state=completed,accepted"),
        *(common[name] for name in ("overdue", "on_time")),
    ]  # fmt: skip


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """The funnel by town: its parts come to the whole."""
    names = dict(Area.objects.values_list("code", "name"))
    counted = (
        rows.filter(PLANNED, merged_into=None).order_by().values("area_code").annotate(
            planned=Count("pk"),
            completed=Count("pk", filter=COMPLETED),
            building=Count("pk", filter=Q(state="building")),
            design=Count("pk", filter=Q(state="design")),
        )
    )  # fmt: skip
    parts = ("planned", "completed", "building", "design")
    lines = [
        ((names.get(row["area_code"], row["area_code"]), *(str(row[n]) for n in parts)),
         f"area_code={row['area_code']}&state=design,building,completed,accepted")
        for row in sorted(counted, key=lambda row: (-row["planned"], row["area_code"]))
    ]  # fmt: skip
    whole = (_("合计"), *(str(sum(row[n] for row in counted)) for n in parts))
    return [
        Breakdown("各镇街进度", ("名称", "计划", "完工", "施工", "设计"), (*lines, (whole, ""))),
        _treated(seen, now, names),
    ]


def _treated(seen: Seen, now: datetime, names: dict[str, str]) -> Breakdown:
    """治理率: villages treated of all villages, whatever year they were treated in."""
    villages = seen(VILLAGES).filter(Q(until=None) | Q(until__gte=local(now).date())).order_by()
    counted = villages.values("area_code").annotate(
        n=Count("pk"), treated=Count("pk", filter=Q(treated=True))
    )
    rows = [
        (names.get(row["area_code"], row["area_code"]), row["n"], row["treated"])
        for row in sorted(counted, key=lambda row: str(row["area_code"]))
    ]
    rows.append((_("合计"), sum(n for _name, n, _t in rows), sum(t for _name, _n, t in rows)))
    lines = tuple(
        ((name, str(n), str(treated), percent_of(treated, n)), "") for name, n, treated in rows
    )
    return Breakdown(
        "农村生活污水治理率", ("名称", "行政村", "完成治理（管控）", "治理率"), lines,
        "完成治理（管控）的行政村÷全部行政村，各年累计。",
    )  # fmt: skip


# How far a village is by a list that comes in.
STAGE = Ask("stage", "进展阶段", Kind.CHOICE, stores=None, required=False,
            choices=(("design", "设计"), ("building", "施工"), ("completed", "完工")))  # fmt: skip


class VillageWorks(Register):
    """The projects; one of a list begins in the stage that the list says."""

    def opening_of(
        self, values: Mapping[str, Any], batch: Any, row: Any, at: datetime
    ) -> Mapping[str, Any]:
        opening = super().opening_of(values, batch, row, at)
        return {**opening, "state": str(row.values.get("stage") or "")}


def register() -> Register:
    """The register with the list of the bureau."""
    return VillageWorks(
        key="village_work", label="农村生活污水治理项目", line="water", model=VillageWork, workflow=workflow(),
        pattern="村污〔{year}〕{n}号",
        labels={"title": "项目名称", "description": "建设内容", "area_code": "属地", "entity": "行政村"},
        columns=("number", "title", "state", "due", "entity", "mode", "households", "progress", "planned_finish",
                 "owner_organisation", "area_code", "year"),
        filters=("state", "year", "mode", "area_code", "owner_organisation", "planned_finish"),
        search=("number", "title", "entity__name"),
        fields=("year", "title", Ask("entity", "行政村", to=SewageVillage, required=True), "mode", "households",
                "investment", "owner_organisation", "planned_finish", "description"),
        batch=("owner_organisation", "owner", "planned_finish"),
        details=("year", "mode", "households", "investment", "planned_finish", "progress"),
        imports=Import(
            key=("year", "title"), also=(STAGE,),
            headers={"title": ("治理项目",), "stage": ("目前进展", "建设阶段"), "entity": ("村名", "村庄"), "mode": ("治理方式",), "investment": ("投资",),
                     "owner_organisation": ("责任单位", "镇街"), "planned_finish": ("完成时限",)},
            examples={"year": "2026", "title": "东山村生活污水治理", "entity": "东山村", "mode": "纳管",
                      "planned_finish": "2026-10-31", "owner_organisation": "北镇人民政府"},
        ),
        measures=(
            Measure(key="planned", name="计划治理村数", numerator=PLANNED, unit="个"),
            Measure(key="completed", name="完工治理村数", numerator=COMPLETED, unit="个"),
            Measure(key="completed_ratio", name="村污治理完工率", numerator=COMPLETED, denominator=PLANNED),
        ),
        statistics=_statistics, breakdowns=_breakdowns, edit=OWNERS,
        empty="还没有治理项目。导入年度治理村清单，从设计、施工到完工、验收。",
    )  # fmt: skip


REGISTER = declare(register())
own_tables.declare(OwnTable(
    book="village_work", room=__package__, name="village_sewage", rows="item", label="治理成效要求",
    columns=(OwnColumn("label", "要求", required=True, most=100), OwnColumn("basis", "依据", most=60)),
    changed=lambda: redeclare(register()), help="验收时逐项回答，全部符合的村才计入治理率。",
))  # fmt: skip
