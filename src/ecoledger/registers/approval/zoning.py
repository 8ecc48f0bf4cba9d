"""生态环境分区管控 (mechanism P5): versions of the plan, its units with their polygons, and its clauses as data.

A clause belongs to a version and a level (省、市、县 as a whole, a class of units, one unit) and to one of the four parts.
It says for which trades or words it speaks and whether it forbids or sets a condition. Which clauses a project meets is
worked out by :mod:`.zoning_judging`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities import shapes
from ecoledger.entities.inventory import Findings, Inventory
from ecoledger.entities.inventory import declare as declare_inventory
from ecoledger.entities.models import Entity
from ecoledger.entities.validity import in_force
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Filter, Import
from ecoledger.listings.tallies import tally

EDITORS = frozenset({Role.APPROVER, Role.SECTION_CHIEF, Role.SYSTEM_ADMIN})


class UnitClass(models.TextChoices):
    """The three classes of units."""

    PRIORITY = "1", "优先保护单元"
    KEY = "2", "重点管控单元"
    GENERAL = "3", "一般管控单元"


class ZoningVersion(models.Model):
    """One edition of the plan (方案), in force for a time."""

    name = models.CharField("方案版本", max_length=80, unique=True)
    paper = models.CharField("文号", max_length=120, blank=True)
    since = models.DateField("施行日期", db_index=True)
    until = models.DateField("停用日期", null=True, blank=True)
    note = models.CharField("更新说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "分区管控方案"
        ordering = ["-since", "-pk"]

    def __str__(self) -> str:
        return self.name


class ControlUnit(Entity):
    """One unit or element zone with its polygon (管控单元)."""

    KIND = "control_unit"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_control_unit"
    )

    class Layer(models.TextChoices):
        WHOLE = "whole", "环境管控单元"
        ECOLOGY = "ecology", "生态空间"
        WATER = "water", "水环境分区"
        AIR = "air", "大气环境分区"
        OTHER = "other", "其他要素分区"

    version = models.ForeignKey(
        ZoningVersion, verbose_name="方案版本", on_delete=models.PROTECT, related_name="units"
    )
    unit_code = models.CharField("单元编码", max_length=40, db_index=True)
    layer = models.CharField("图层", max_length=10, choices=Layer.choices, default=Layer.WHOLE)
    unit_class = models.CharField("单元类别", max_length=1, choices=UnitClass.choices)
    element = models.CharField("要素细类", max_length=80, blank=True)

    class Meta:
        verbose_name = "管控单元"


class ZoningClause(models.Model):
    """One clause of the lists of the plan (准入清单条款)."""

    class Level(models.TextChoices):
        PROVINCE = "province", "省级总体"
        CITY = "city", "市级总体"
        COUNTY = "county", "县级总体"
        CLASS = "class", "单元类别"
        UNIT = "unit", "单元"

    class Dimension(models.TextChoices):
        SPACE = "space", "空间布局约束"
        EMISSION = "emission", "污染物排放管控"
        RISK = "risk", "环境风险防控"
        RESOURCE = "resource", "资源开发效率要求"

    class Effect(models.TextChoices):
        FORBID = "forbid", "禁止"
        LIMIT = "limit", "限制"
        ASK = "ask", "要求"

    version = models.ForeignKey(
        ZoningVersion, verbose_name="方案版本", on_delete=models.CASCADE, related_name="clauses"
    )
    number = models.CharField("条款编号", max_length=40)
    level = models.CharField("层级", max_length=10, choices=Level.choices)
    unit_class = models.CharField("单元类别", max_length=1, choices=UnitClass.choices, blank=True)
    unit_code = models.CharField("单元编码", max_length=40, blank=True, db_index=True)
    dimension = models.CharField("管控方面", max_length=10, choices=Dimension.choices)
    effect = models.CharField("性质", max_length=8, choices=Effect.choices)
    text = models.TextField("条款")
    industries = models.CharField(
        "行业代码",
        max_length=200,
        blank=True,
        help_text="国民经济行业代码或其开头，逗号分隔；留空不分行业",
    )
    words = models.CharField(
        "关键词", max_length=200, blank=True, help_text="项目内容中含有任一词即适用，逗号分隔"
    )
    source = models.CharField("出处", max_length=120, blank=True)

    class Meta:
        verbose_name = "准入清单条款"
        ordering = ["version_id", "level", "unit_code", "dimension", "number"]
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="one_clause_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.text[:40]}"

    @property
    def trades(self) -> list[str]:
        return _parts(self.industries)

    @property
    def spellings(self) -> list[str]:
        return _parts(self.words)


def _parts(text: str) -> list[str]:
    for mark in "，、;；":
        text = text.replace(mark, ",")
    return [part.strip() for part in text.split(",") if part.strip()]


def version_on(day: date | None = None) -> ZoningVersion | None:
    """The edition in force on a day (today); of two that overlap the later."""
    rows = ZoningVersion.objects.filter(in_force(day or timezone.localdate()))
    return rows.order_by("-since", "-pk").first()


# ---- versions ------------------------------------------------------------------------------------


class Versions(Listing):
    """Editions; a new one ends the one before, and what was judged by that is told to be judged again."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        row = super().open_row({n: v for n, v in values.items() if v is not None}, by, at, **more)
        older = ZoningVersion.objects.filter(since__lt=row.since, until=None).exclude(pk=row.pk)
        for before in older:
            super().change_row(
                before, {"until": date.fromordinal(row.since.toordinal() - 1)}, by, at
            )
        return row


def _versions(person: Person | None) -> QuerySet[Any]:
    return ZoningVersion.objects.all()


declare_lookup(Lookup(
    key="zoning_version", model=ZoningVersion, label="分区管控方案", rows=_versions, few=True, see="see_monitoring",
))  # fmt: skip
VERSIONS = declare(Versions(
    key="zoning_version", label="分区管控方案", line="approval", model=ZoningVersion, area="", see="see_monitoring",
    columns=("name", "paper", "since", "until", "note"), filters=("since",), search=("name", "paper"),
    fields=("name", "paper", "since", "until", "note"), lead="name", order=("-since", "-pk"), edit=EDITORS,
    imports=Import(key=("name",), headers={"name": ("版本", "方案"), "since": ("施行时间",)},
                   examples={"name": "2024年动态更新", "since": "2024-12-01"}),
    empty="还没有方案。登记一个版本，再导入单元边界（GeoJSON）和准入清单。",
))  # fmt: skip


# ---- units ---------------------------------------------------------------------------------------


def clean(unit: ControlUnit, findings: Findings) -> None:
    """A unit has a polygon; one code stands once in a version."""
    unit.unit_code = unit.unit_code.strip().upper()
    if not unit.geometry:
        findings.wrong["geometry"] = _("没有边界")
        return
    try:
        body = shapes.read(unit.geometry)
    except shapes.ShapeError as error:
        findings.wrong["geometry"] = str(error)
        return
    if not body.area:
        findings.wrong["geometry"] = _("边界应是面")
    twins = ControlUnit.objects.filter(
        version=unit.version_id, unit_code=unit.unit_code, layer=unit.layer
    )
    if twins.exclude(pk=unit.pk).exists():
        findings.wrong["unit_code"] = _("这一版方案已有单元“%s”") % unit.unit_code
    if (
        unit.layer == ControlUnit.Layer.WHOLE
        and unit.unit_code[:2] == "ZH"
        and len(unit.unit_code) > 8
    ):
        said = unit.unit_code[8]
        if said in UnitClass.values and said != unit.unit_class:
            findings.odd.append(_("编码第9位为 %(code)s，与单元类别 %(own)s 不同，请核对") % {
                "code": said, "own": unit.unit_class})  # fmt: skip


def code_of(unit: ControlUnit) -> str:
    """A unit's own code in its version: that of another edition is another thing."""
    return f"{unit.unit_code}-{unit.version_id}"[:40]


UNITS = declare_inventory(Inventory(
    key="control_unit", label="管控单元", model=ControlUnit, line="approval", clean=clean, number=code_of,
    columns=("name", "unit_code", "version", "layer", "unit_class", "area_code"),
    filters=(Filter("version", to=ZoningVersion), "layer", "unit_class", "area_code"),
    search=("name", "code", "unit_code", "identifiers__value"),
    fields=("version", "unit_code", "name", "layer", "unit_class", "element", "area_code",
            Ask("geometry", "边界 GeoJSON", required=True)),
    labels={"geometry": "边界 GeoJSON"}, under=("unit_code",), edit=EDITORS,
    imports=Import(
        key=("version", "unit_code", "layer"),
        headers={"unit_code": ("HJZHGKDYBM", "环境管控单元编码", "编码"), "name": ("HJZHGKDYMC", "环境管控单元名称", "单元名称"),
                 "unit_class": ("ZHGKDYFL", "管控单元分类", "类别"), "version": ("方案", "版本"),
                 "area_code": ("区划代码", "AREA", "县区"), "geometry": ("几何", "边界")},
        values={"unit_class": {"优先": "1", "优先保护": "1", "重点": "2", "重点管控": "2", "一般": "3", "一般管控": "3"}},
        examples={"unit_code": "ZH99010120001", "name": "北镇工业园重点管控单元", "unit_class": "重点管控单元",
                  "geometry": json.dumps({"type": "Polygon", "coordinates": [
                      [[118.6, 24.9], [118.61, 24.9], [118.61, 24.91], [118.6, 24.9]]]})},
    ),
    empty="还没有管控单元。导入 GeoJSON（每个要素一个单元，属性含编码、名称和类别）。",
))  # fmt: skip


# ---- clauses -------------------------------------------------------------------------------------


def wrong(values: Mapping[str, Any]) -> dict[str, str]:
    """A clause of a class names the class, one of a unit the unit."""
    level = values.get("level")
    if level == ZoningClause.Level.CLASS and not values.get("unit_class"):
        return {"unit_class": _("请选单元类别")}
    if level == ZoningClause.Level.UNIT and not values.get("unit_code"):
        return {"unit_code": _("请填单元编码")}
    return {}


class Clauses(Listing):
    """The clauses; they lie in no division."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        return wrong(values)

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return super().open_row({n: v for n, v in values.items() if v is not None}, by, at, **more)


CLAUSES = declare(Clauses(
    key="zoning_clause", label="准入清单条款", line="approval", model=ZoningClause, area="", see="see_monitoring",
    columns=("number", "version", "level", "unit_class", "unit_code", "dimension", "effect", "text", "industries", "words"),
    filters=(Filter("version", to=ZoningVersion), "level", "dimension", "effect", "unit_code"),
    search=("number", "text", "unit_code", "words"),
    fields=("version", "number", "level", "unit_class", "unit_code", "dimension", "effect", "text", "industries", "words",
            "source"),
    lead="number", under=("text",), order=("number",), edit=EDITORS,
    imports=Import(
        key=("version", "number"), updates=False,
        headers={"number": ("编号", "序号"), "version": ("方案", "版本"), "level": ("适用层级",),
                 "unit_code": ("管控单元编码",), "dimension": ("管控维度", "维度", "类别"), "effect": ("类型", "结论"),
                 "text": ("管控要求", "清单内容", "条款内容"), "industries": ("适用行业",), "words": ("适用词",)},
        values={"level": {"省级": "province", "市级": "city", "县级": "county", "类": "class"},
                "effect": {"禁止准入": "forbid", "限制准入": "limit", "限制": "limit", "管控要求": "ask"}},
        examples={"number": "DY-01", "level": "单元", "unit_code": "ZH99010120001", "dimension": "空间布局约束",
                  "effect": "禁止", "text": "禁止新建电镀项目", "industries": "336", "words": "电镀"},
    ),
    empty="还没有条款。导入准入清单（省、市、县总体要求，类别要求和单元要求）。",
))  # fmt: skip
tally(
    UNITS, "priority", "优先保护单元", models.Q(unit_class="1", layer="whole", version__until=None)
)
tally(UNITS, "key", "重点管控单元", models.Q(unit_class="2", layer="whole", version__until=None))
tally(
    UNITS, "general", "一般管控单元", models.Q(unit_class="3", layer="whole", version__until=None)
)
