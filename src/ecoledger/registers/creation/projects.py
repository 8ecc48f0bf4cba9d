"""创建项目 (mechanisms G3, W11, W15, S-11, G4): one life for everything a county creates and has named.

申报 → 创建 → 自评 → 县级验收 → 市（省）复核 → 命名 → 三年后复核 → (保留 | 撤销). Kinds are told apart by ``kind``; what a
project is measured by are its criteria (``criteria``), each with its value and its proof. Nobody assesses himself as
done while a binding criterion is not met or lacks its proof.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Import, View
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON

DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR, Role.APPROVER})
OWNERS = DESK | {Role.TOWN}
HEADS = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.LEADER})
_MARKS: dict[str, Any] = {
    "max_digits": 6,
    "decimal_places": 2,
    "null": True,
    "blank": True,
    "validators": [MinValueValidator(0), MaxValueValidator(1000)],
}


class Kind(models.TextChoices):
    """What is created."""

    ZERO_DISCHARGE = "zero_discharge", "污水零直排区"
    RIVER = "river", "美丽河湖"
    BAY = "bay", "美丽海湾"
    DEMO_AREA = "demo_area", "生态文明建设示范区"
    DEMO_TOWN = "demo_town", "生态文明示范镇（街道）"
    DEMO_VILLAGE = "demo_village", "生态文明示范村"
    TWO_MOUNTAINS = "two_mountains", "“两山”实践创新基地"
    CLEAN_AIR = "clean_air", "清新空气示范区"
    WASTE_FREE = "waste_free", "“无废城市”"
    COMMUNITY = "community", "低碳社区"


class Level(models.TextChoices):
    """By whom it is named."""

    NATIONAL = "national", "国家级"
    PROVINCE = "province", "省级"
    CITY = "city", "市级"
    COUNTY = "county", "县级"


class CreationProject(Matter):
    """One thing that is created."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_creation_project"
    )

    class Zone(models.TextChoices):
        PARK = "park", "工业园区"
        ESTATE = "estate", "居住小区"
        TOWN = "town", "镇街"
        OTHER = "other", "其他"

    kind = models.CharField("创建类别", max_length=16, choices=Kind.choices, db_index=True)
    rank = models.CharField("创建级别", max_length=10, choices=Level.choices, db_index=True)
    year = models.PositiveSmallIntegerField("计划年度", db_index=True)
    zone = models.CharField("区块类型", max_length=8, choices=Zone.choices, blank=True)
    planned_finish = models.DateField("计划完成", null=True, blank=True)
    self_marks = models.DecimalField("自评分", **_MARKS)
    county_marks = models.DecimalField("县级验收分", **_MARKS)
    upper_marks = models.DecimalField("市（省）复核分", **_MARKS)
    named_on = models.DateField("命名日期", null=True, blank=True, db_index=True)
    named_no = models.CharField("命名文号", max_length=80, blank=True)
    rechecked_on = models.DateField("最近复核日期", null=True, blank=True)

    class Meta:
        verbose_name = "创建项目"

    @property
    def progress(self) -> str:
        """Binding criteria met of all, and all met of all."""
        rows = list(self.criteria.all())
        must = [row for row in rows if row.binding]
        if not rows:
            return ""
        return _("%(met)d/%(all)d 项达标，其中必达 %(must)d/%(of)d") % {
            "met": sum(bool(row.met) for row in rows),
            "all": len(rows),
            "must": sum(bool(row.met) for row in must),
            "of": len(must),
        }


def _begin_criteria(step: Step) -> None:
    """The list of its kind, where none was imported."""
    from ecoledger.registers.creation.criteria import begin  # the criteria belong to projects

    step.form["criteria"] = begin(step.matter)


def _not_ready(project: Any) -> str:
    """Which criteria keep it from being assessed as done."""
    rows = list(project.criteria.prefetch_related("proofs"))
    if not rows:
        return _("还没有创建指标，请先导入指标清单。")
    undecided = [row.name for row in rows if row.met is None]
    if undecided:
        return _("还没有判定是否达标：%s。") % _some(undecided)
    unmet = [row.name for row in rows if row.binding and not row.met]
    if unmet:
        return _("必达指标未达标：%s。") % _some(unmet)
    bare = [row.name for row in rows if row.met and not row.proofs.all()]
    return _("没有佐证材料：%s。") % _some(bare) if bare else ""


def _some(names: list[str]) -> str:
    return "、".join(names[:5]) + (_("等 %d 项") % len(names) if len(names) > 5 else "")


def _marked_enough(project: Any) -> str:
    """A low-carbon community is named for the grade that it has in a published round of scores."""
    if project.kind != Kind.COMMUNITY:
        return ""
    from ecoledger.registers.creation.communities import (
        not_graded,  # it scores projects' communities
    )

    return not_graded(project)


WORKFLOW = Workflow(
    states=(
        State("applied", "申报", stage="申报", waits_for=HEADS),
        State("creating", "创建中", stage="创建", waits_for=OWNERS),
        State("county", "待县级验收", stage="验收", waits_for=HEADS),
        State("upper", "待市（省）复核", stage="复核", waits_for=HEADS),
        State("recheck", "到期复核", stage="到期复核", waits_for=OWNERS),
        State("named", "已命名", phase=Phase.DONE),
        State("failed", "未通过", phase=Phase.DISMISSED),
        State("revoked", "撤销命名", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("start", "同意申报，开展创建", "applied", "creating", by=HEADS,
                   offers=(said("basis", noop("依据文号")),), effects=(_begin_criteria,)),
        Transition("assess", "自评完成，申请验收", "creating", "county", by=OWNERS,
                   offers=("self_marks",), evidence=1, when=_not_ready, help="附自评报告。"),
        Transition("accept", "县级验收通过", "county", "upper", by=HEADS, asks=(said("opinion", noop("验收意见")),),
                   offers=("county_marks",), other_person_than=("assess",)),
        Transition("return", "退回创建", ("county", "upper"), "creating", by=HEADS, asks=(REASON,), main=False),
        Transition("name", "命名", "upper", "named", by=HEADS, asks=("named_on", "named_no"), offers=("upper_marks",),
                   when=_marked_enough, evidence=1, help="附命名文件。"),
        Transition("fail", "未通过", ("county", "upper"), "failed", by=HEADS, asks=(REASON,), main=False, danger=True),
        Transition("drop", "不再申报", ("applied", "creating"), "failed", by=HEADS, asks=(REASON,), main=False,
                   danger=True),
        Transition("due", "到期复核", "named", "recheck", by=HEADS, automatic=True, main=False),
        Transition("keep", "复核通过，保留命名", "recheck", "named", by=HEADS, asks=("rechecked_on",), evidence=1),
        Transition("revoke", "撤销命名", ("named", "recheck"), "revoked", by=HEADS, asks=(REASON,), main=False,
                   danger=True),
        Transition("again", "重新创建", ("failed", "revoked"), "creating", by=HEADS, asks=(REASON,), main=False),
    ),
    clocks=(
        ClockRule("finish", "计划完成", ("creating", "county", "upper"), deadline_field="planned_finish",
                  extensions=(90, 180), basis=DEFAULT),
        ClockRule("valid", "距到期复核", "named", days=1095, on_due="due", waiting=True, basis=DEFAULT),
        ClockRule("recheck", "到期复核", "recheck", days=90, basis=DEFAULT),
    ),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, what is named, and criteria that are not met."""
    from ecoledger.registers.creation.criteria import Criterion

    n = rows.aggregate(
        named=Count("pk", filter=Q(state__in=("named", "recheck"))),
        running=Count("pk", filter=Q(state__in=("creating", "county", "upper"))),
    )
    criteria = Criterion.objects.filter(project__in=rows.order_by().values("pk"))
    c = criteria.aggregate(
        unmet=Count("pk", filter=Q(met=False)), undecided=Count("pk", filter=Q(met=None))
    )
    return [
        *common_statistics(PROJECTS, rows, now),
        Statistic("named", "已命名项目", n["named"], "state=named,recheck", "个"),
        Statistic("running", "创建中项目", n["running"], "state=creating,county,upper", "个"),
        Statistic("unmet", "未达标指标", c["unmet"], "", "项", note="见各项目的指标清单"),
        Statistic("undecided", "未判定指标", c["undecided"], "", "项"),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """Kinds by level; criteria that are not met, with what is done about them."""
    from ecoledger.registers.creation.criteria import Criterion

    counted = rows.order_by().values("kind", "rank").annotate(
        all=Count("pk"),
        creating=Count("pk", filter=Q(state__in=("creating", "county", "upper"))),
        named=Count("pk", filter=Q(state__in=("named", "recheck"))),
    )  # fmt: skip
    kinds, ranks = list(Kind.values), list(Level.values)
    ordered = sorted(counted, key=lambda r: (kinds.index(r["kind"]), ranks.index(r["rank"])))
    table = tuple(
        (
            (
                _(Kind(row["kind"]).label),
                _(Level(row["rank"]).label),
                str(row["all"]),
                str(row["creating"]),
                str(row["named"]),
            ),
            f"kind={row['kind']}&rank={row['rank']}",
        )
        for row in ordered
    )
    unmet = (
        Criterion.objects.filter(project__in=rows.order_by().values("pk"), met=False)
        .select_related("project")
        .order_by("project_id", "number_order", "pk")[:100]
    )
    lacking = tuple(
        (
            (
                criterion.project.title,
                criterion.number,
                criterion.name,
                criterion.department or "—",
                criterion.measure or "—",
            ),
            f"q={criterion.project.number}",
        )
        for criterion in unmet
    )
    return [
        Breakdown("各类创建", ("创建类别", "创建级别", "项目数", "创建中", "已命名"), table),
        Breakdown("未达标指标", ("项目", "指标号", "指标", "责任单位", "未达标措施"), lacking),
    ]


def _named_measure(kind: Kind) -> Measure:
    return Measure(
        key=f"named_{kind.value}", name=f"{kind.label}命名数", unit="个",
        numerator=Q(kind=kind.value, state__in=("named", "recheck")),
        query={"kind": kind.value, "state": "named,recheck"},
    )  # fmt: skip


PROJECTS = declare(Register(
    key="creation_project", label="创建项目", line="soil", model=CreationProject, workflow=WORKFLOW,
    pattern="创建〔{year}〕{n}号",
    labels={"title": "创建名称", "area_code": "属地", "entity": "对象", "progress": "指标进展", "description": "创建内容"},
    columns=("number", "title", "kind", "rank", "state", "due", "progress", "owner_organisation", "planned_finish",
             "named_on", "year", "area_code"),
    filters=("state", "kind", "rank", "year", "zone", "area_code", "owner_organisation", "named_on"),
    search=("number", "title", "named_no", "entity__name"),
    fields=("year", "title", "kind", "rank", "zone", "area_code", "entity", "owner_organisation", "planned_finish",
            "description"),
    batch=("owner_organisation", "planned_finish"),
    details=("year", "kind", "rank", "zone", "planned_finish", "progress", "self_marks", "county_marks", "upper_marks",
             "named_on", "named_no", "rechecked_on"),
    imports=Import(
        key=("year", "title"),
        headers={"year": ("年度",), "title": ("项目名称", "名称", "园区名称", "区块"), "kind": ("类别", "创建类型"),
                 "rank": ("级别",), "zone": ("类型",), "owner_organisation": ("责任单位", "创建单位"),
                 "planned_finish": ("完成时限", "完成时间"), "area_code": ("镇街", "所在镇街")},
        values={"zone": {"园区": "park", "小区": "estate"}, "rank": {"区级": "county", "宁波市级": "city"},
                "kind": {"零直排区": "zero_discharge", "示范镇": "demo_town", "示范村": "demo_village",
                         "无废城市": "waste_free", "两山基地": "two_mountains", "示范区": "demo_area"}},
        examples={"year": "2026", "title": "某工业园区污水零直排区", "kind": "污水零直排区", "rank": "县级",
                  "zone": "工业园区", "area_code": "北镇", "planned_finish": "2026-11-30"},
    ),
    views=tuple(View(kind.value, kind.label, {"kind": kind.value}) for kind in (
        Kind.ZERO_DISCHARGE, Kind.RIVER, Kind.BAY, Kind.DEMO_AREA, Kind.WASTE_FREE, Kind.COMMUNITY)),
    measures=tuple(_named_measure(kind) for kind in Kind),
    statistics=_statistics, breakdowns=_breakdowns, edit=OWNERS, manage=HEADS, enterprise="",
    detail_template="web/creation/project.html",
    empty="还没有创建项目。登记或导入年度创建计划，同意申报后按类别带出指标清单。",
))  # fmt: skip
