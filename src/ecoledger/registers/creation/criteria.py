"""创建指标与清单 (mechanisms G3, W11, W15, S-11): what a project is measured by, with its proof, and its further lists.

A criterion with a number and an aim is judged by them; one in words by a person. Beside the list of criteria (指标)
stand those of works (项目), tasks (任务) and responsibilities (责任): the four lists of a 无废城市.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings.catalogue import declare
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import, TableRow, View
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.matters.actions import access
from ecoledger.matters.belonging import Belongings
from ecoledger.matters.models import Evidence, Matter
from ecoledger.matters.workflow import Phase
from ecoledger.registers.creation.criteria_sets import items_of
from ecoledger.registers.creation.projects import OWNERS, PROJECTS, CreationProject
from ecoledger.standards.rounding import plainly
from ecoledger.standards.written_names import plain

_NUMBER: dict[str, Any] = {"max_digits": 16, "decimal_places": 4, "null": True, "blank": True}


def _projects(person: Person | None) -> Any:
    rows = CreationProject.objects.filter(withdrawn_at=None, merged_into=None)
    return rows if person is None else rows.filter(pk__in=PROJECTS.visible_to(person).values("pk"))


declare_lookup(Lookup(
    key="creation_project", model=CreationProject, label="创建项目", rows=_projects, exact=("number", "title"),
    begins=("number",), contains=("title",), under=lambda row: f"{row.number} {row.get_kind_display()}",
))  # fmt: skip


class Criterion(models.Model):
    """One criterion of one project (创建指标)."""

    class Attribute(models.TextChoices):
        BASIC = "basic", "基本条件"
        MUST = "must", "必选（约束性）"
        MAY = "may", "可选（参考性）"

    class Better(models.TextChoices):
        HIGHER = "higher", "不低于"
        LOWER = "lower", "不高于"

    project = models.ForeignKey(
        CreationProject, verbose_name="创建项目", on_delete=models.PROTECT, related_name="criteria"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    number = models.CharField("指标号", max_length=20)
    number_order = models.PositiveIntegerField(default=0, editable=False, db_index=True)
    name = models.CharField("指标", max_length=120)
    attribute = models.CharField(
        "属性", max_length=6, choices=Attribute.choices, default=Attribute.MUST, db_index=True
    )
    unit = models.CharField("单位", max_length=30, blank=True)
    better = models.CharField("要求", max_length=8, choices=Better.choices, blank=True)
    target = models.DecimalField("目标值", **_NUMBER)
    formula = models.CharField("计算公式", max_length=300, blank=True)
    numerator = models.DecimalField("分子", validators=[MinValueValidator(0)], **_NUMBER)
    denominator = models.DecimalField("分母", validators=[MinValueValidator(0)], **_NUMBER)
    value = models.DecimalField("现状值", **_NUMBER)
    met = models.BooleanField("达标", null=True, blank=True, db_index=True)
    source = models.CharField("数据来源部门", max_length=80, blank=True)
    department = models.CharField("责任单位", max_length=80, blank=True)
    measure = models.CharField("未达标措施", max_length=300, blank=True)
    # Files of its project that prove it.
    proofs = models.ManyToManyField(
        Evidence, verbose_name="佐证材料", related_name="criteria", blank=True
    )

    class Meta:
        verbose_name = "创建指标"
        ordering = ["project_id", "number_order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"], name="a_criterion_once_in_a_project"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def binding(self) -> bool:
        """Whether the project fails without it."""
        return self.attribute != self.Attribute.MAY

    @property
    def aim(self) -> str:
        """What is asked of it, in words."""
        if self.target is None:
            return ""
        sign = {"higher": "≥", "lower": "≤"}.get(self.better, "")
        return f"{sign}{plainly(self.target)}{self.unit}"

    @property
    def proof_count(self) -> int:
        return len(self.proofs.all())


def _order(number: str) -> int:
    """Numbers of criteria sort by their figures: 2 before 10, 3.2 after 3.1."""
    parts = [int(part) for part in re.findall(r"\d+", number)[:3]]
    parts += [0] * (3 - len(parts))
    return min(parts[0], 2000) * 1_000_000 + min(parts[1], 999) * 1000 + min(parts[2], 999)


def judged(values: Mapping[str, Any]) -> dict[str, Any]:
    """The value of numerator and denominator, and whether the aim is met. Raises :class:`Refused` for a contradiction."""
    part, whole, value = (values.get(k) for k in ("numerator", "denominator", "value"))
    if part is not None and whole:
        percent = "%" in plain(values.get("unit"))
        reckoned = (Decimal(part) / Decimal(whole) * (100 if percent else 1)).quantize(
            Decimal("0.0001")
        )
        if value is not None and abs(Decimal(value) - reckoned) > Decimal("0.06"):
            why = _("现状值 %(said)s 与分子÷分母 %(reckoned)s 不符") % {
                "said": value,
                "reckoned": plainly(reckoned),
            }
            raise Refused("form", why, fields={"value": [why]})
        value = reckoned
    elif part is not None and whole is not None:
        why = _("分母为零")
        raise Refused("form", why, fields={"denominator": [why]})
    met, target, better = values.get("met"), values.get("target"), values.get("better")
    if value is not None and target is not None and better:
        reached = value >= target if better == Criterion.Better.HIGHER else value <= target
        if met is not None and bool(met) != reached:
            why = _("现状值与目标值比较为%s，与所填不符") % (_("达标") if reached else _("未达标"))
            raise Refused("form", why, fields={"met": [why]})
        met = reached
    return {"value": value, "met": met}


class OfProject(Belongings):
    """Rows of a project that its self-assessment rests on: who may take that step fills them in, and from it on they
    stand, but where a named one is looked at again."""

    def refusal(self, person: Person, matter: Matter, *, by_table: bool = False) -> Refused | None:
        if matter.phase != Phase.OPEN.value:
            return Refused("state", _("“%s”已经结束，清单不能再改。") % matter.title)
        if matter.state != "recheck" and (held := self.held(matter)):
            return held
        if PROJECTS.held_elsewhere(person, matter, PROJECTS.workflow.transition("assess")):
            return Refused("role", _("修改由%s或当前责任人办理。") % PROJECTS.managers)
        return None


class CriterionBook(OfProject):
    """The criteria, judged when they are entered or changed."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        told = super().wrong(values, by)
        try:
            judged(values)
        except Refused as refused:
            return {**told, **{name: "；".join(texts) for name, texts in refused.fields.items()}}
        return told

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        project = values["project"]
        own = {"area_code": project.area_code, "number_order": _order(str(values["number"]))}
        return super().open_row({**values, **own, **judged(values)}, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        names = ("unit", "numerator", "denominator", "target", "better", "value", "met")
        before = {name: getattr(row, name) for name in names}
        whole = {**before, **values}
        # A form sends what it showed: what nobody said anew does not stand against the parts that were.
        parts = ("numerator", "denominator")
        if whole["value"] == before["value"] and any(whole[n] != before[n] for n in parts):
            whole["value"] = None
        told = ("value", "target", "better", *parts)
        reckons = whole["target"] is not None and whole["better"]
        if reckons and whole["met"] == before["met"] and any(whole[n] != before[n] for n in told):
            whole["met"] = None
        own = {
            "area_code": values.get("project", row.project).area_code,
            "number_order": _order(str(values.get("number", row.number))),
        }
        return super().change_row(row, {**values, **own, **judged(whole)}, by, at)


_AIM = re.compile(r"^\s*(≥|>=|＞=|不低于|≤|<=|不高于)?\s*([\d.]+)\s*(.*)$")


def _read(row: TableRow) -> None:
    """ "≥95%" is an aim with its direction and unit."""
    said = _AIM.match(str(row.values.get("target") or ""))
    if said is None:
        return
    sign, number, unit = said.groups()
    row.values["target"] = number
    if sign and not row.values.get("better"):
        row.values["better"] = "lower" if sign in ("≤", "<=", "不高于") else "higher"
    if unit.strip() and not row.values.get("unit"):
        row.values["unit"] = unit.strip()


CRITERIA = declare(CriterionBook(
    key="creation_criterion", label="创建指标清单", model=Criterion, line="soil", lead="name", order=("number_order", "pk"),
    columns=("number", "name", "project", "attribute", "aim", "value", "met", "proof_count", "department", "measure",
             "area_code"),
    filters=("project", "attribute", "met", "area_code"), search=("name", "number", "department", "project__title"),
    prefetch=("proofs",),
    fields=(Ask("project", to=CreationProject, required=True, among="creation_project"), "number", "name", "attribute",
            "unit", "better", "target", "formula", "numerator", "denominator", "value", "met", "source", "department",
            "measure"),
    labels={"aim": "目标", "proof_count": "佐证 份"},
    imports=Import(key=("project", "number"), future=(), read=_read,
                   headers={"project": ("项目", "创建名称"), "number": ("序号", "编号", "指标编号"),
                            "name": ("指标名称", "三级指标"), "attribute": ("指标属性", "类型"),
                            "target": ("目标", "创建目标", "考核值"), "value": ("完成值", "现状", "年值"),
                            "met": ("是否达标", "达标情况"), "department": ("牵头单位", "责任部门"),
                            "source": ("数据来源",), "measure": ("措施", "整改措施"), "formula": ("公式",)},
                   values={"attribute": {"必选": "must", "约束性": "must", "约束": "must", "可选": "may", "参考性": "may",
                                         "参考": "may", "基本": "basic"},
                           "met": {"达标": "1", "未达标": "0", "不达标": "0"}},
                   examples={"project": "某县生态文明建设示范区", "number": "1", "name": "规划环评执行率",
                             "attribute": "必选", "unit": "%", "target": "≥100", "value": "100"}),
    views=(View("unmet", "未达标", {"met": "0"}),), edit=OWNERS,
    empty="还没有创建指标。同意申报后按类别带出，或导入本地的指标清单。",
))  # fmt: skip
tally(CRITERIA, "unmet", "创建指标未达标", Q(met=False), unit="项", better="lower")
tally(CRITERIA, "met_ratio", "创建指标达标率", Q(met=True), whole=Q(met__isnull=False))


def begin(project: CreationProject) -> int:
    """The criteria of the project's kind, where it has none yet; how many."""
    if project.criteria.exists():
        return 0
    items = items_of(project.kind)
    for item in items:
        values: dict[str, Any] = {
            "number_order": _order(item["number"]),
            "attribute": item.get("attribute", Criterion.Attribute.MUST),
            "unit": item.get("unit", ""),
        }
        if "target" in item:
            values |= {"target": Decimal(str(item["target"])), "better": item.get("better", "")}
        Criterion.objects.create(
            project=project,
            area_code=project.area_code,
            number=item["number"],
            name=item["name"],
            **values,
        )
    return len(items)


# ---- the further lists ---------------------------------------------------------------------------


class CreationItem(models.Model):
    """A work, a task or a responsibility of a project."""

    class List(models.TextChoices):
        WORK = "work", "项目清单"
        TASK = "task", "任务清单"
        DUTY = "duty", "责任清单"

    class Status(models.TextChoices):
        PLANNED = "planned", "未开始"
        RUNNING = "running", "推进中"
        DONE = "done", "已完成"
        DROPPED = "dropped", "调整退出"

    project = models.ForeignKey(
        CreationProject, verbose_name="创建项目", on_delete=models.PROTECT, related_name="items"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    list = models.CharField("清单", max_length=6, choices=List.choices, db_index=True)
    name = models.CharField("内容", max_length=200)
    department = models.CharField("责任单位", max_length=80)
    person = models.CharField("责任人", max_length=40, blank=True)
    deadline = models.DateField("完成时限", null=True, blank=True, db_index=True)
    status = models.CharField(
        "状态", max_length=8, choices=Status.choices, default=Status.PLANNED, db_index=True
    )
    done_on = models.DateField("完成日期", null=True, blank=True)
    investment = models.DecimalField(
        "投资 万元", max_digits=12, decimal_places=2, null=True, blank=True
    )
    progress = models.CharField("进展", max_length=300, blank=True)

    class Meta:
        verbose_name = "创建清单"
        ordering = ["project_id", "list", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "list", "name"], name="an_item_once_on_a_list"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def late(self) -> bool:
        """Whether its day is gone and it is not done."""
        open_ = self.status in (self.Status.PLANNED, self.Status.RUNNING)
        return bool(open_ and self.deadline and self.deadline < timezone.localdate())


class ItemBook(OfProject):
    """The lists of works, tasks and responsibilities; what is late is a view."""

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        if query.get("late") != "1":
            return Q()
        going = (CreationItem.Status.PLANNED, CreationItem.Status.RUNNING)
        return Q(deadline__lt=timezone.localdate(now), status__in=going)

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        area = {"area_code": values["project"].area_code}
        return super().open_row({**values, **area}, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        status = values.get("status")
        own = {"area_code": values.get("project", row.project).area_code}
        if status == CreationItem.Status.DONE and not (values.get("done_on") or row.done_on):
            own["done_on"] = timezone.localdate(at)
        return super().change_row(row, {**values, **own}, by, at)


ITEMS = declare(ItemBook(
    key="creation_item", label="创建项目任务责任清单", model=CreationItem, line="soil", lead="name",
    columns=("name", "list", "project", "department", "person", "deadline", "late", "status", "done_on", "investment",
             "progress", "area_code"),
    filters=("project", "list", "status", "deadline", "area_code"),
    search=("name", "department", "person", "project__title"), order=("deadline", "pk"),
    fields=(Ask("project", to=CreationProject, required=True, among="creation_project"), "list", "name", "department",
            "person", "deadline", "status", "done_on", "investment", "progress"),
    labels={"late": "滞后"},
    imports=Import(key=("project", "list", "name"), future=(),
                   headers={"project": ("项目", "创建名称"), "list": ("清单类别",), "name": ("项目名称", "任务", "工作任务", "责任事项"),
                            "department": ("牵头单位", "责任部门"), "deadline": ("计划完成", "时限"),
                            "status": ("完成情况", "进度"), "investment": ("总投资",)},
                   values={"list": {"项目": "work", "任务": "task", "责任": "duty"},
                           "status": {"完成": "done", "在建": "running", "进行中": "running", "未启动": "planned"}},
                   examples={"project": "某市“无废城市”", "list": "项目清单", "name": "一般工业固废分拣中心",
                             "department": "某镇人民政府", "deadline": "2026-12-31"}),
    views=(View("late", "滞后", {"late": "1"}),), edit=OWNERS,
    empty="还没有清单。导入创建的项目清单、任务清单和责任清单。",
))  # fmt: skip
for _key, _label in CreationItem.List.choices:
    tally(ITEMS, f"{_key}_done_ratio", f"{_label}完成率", Q(list=_key, status="done"),
          whole=Q(list=_key) & ~Q(status="dropped"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListStanding:
    """How one of the four lists of a project stands: its name, its address, and how many are in it, done and open."""

    label: str
    url: str
    total: int
    done: int
    lacking: int
    lacking_label: str


def four_lists(project: CreationProject) -> list[ListStanding]:
    """The four lists of a project: criteria met and not met, items done and late."""
    c = project.criteria.aggregate(
        whole=Count("pk"),
        reached=Count("pk", filter=Q(met=True)),
        lacking=Count("pk", filter=Q(met=False)),
    )
    lists = [
        ListStanding(
            _("指标清单"), f"{CRITERIA.url}?project={project.pk}", c["whole"], c["reached"], c["lacking"], _("未达标")
        )
    ]  # fmt: skip
    items = list(project.items.exclude(status=CreationItem.Status.DROPPED))
    for key, label in CreationItem.List.choices:
        own = [item for item in items if item.list == key]
        lists.append(
            ListStanding(
                _(label),
                f"{ITEMS.url}?project={project.pk}&list={key}",
                len(own),
                sum(item.status == CreationItem.Status.DONE for item in own),
                sum(item.late for item in own),
                _("滞后"),
            )
        )
    return lists


@transaction.atomic
def prove(criterion: Criterion, evidence: list[Evidence], *, by: Person) -> None:
    """Put files of the project beside one of its criteria."""
    access.find(criterion.project_id, by)
    if not CRITERIA.may_change(by):
        raise Refused("role", _("您的岗位不能办这一步。"))
    if refused := CRITERIA.refusal_to_change(by, criterion):
        raise refused
    own = [file for file in evidence if file.matter_id == criterion.project_id]
    criterion.proofs.add(*own)
