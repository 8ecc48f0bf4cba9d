"""生态保护红线、自然保护地和管控区 (mechanism G2): the areas in which building and digging is watched, with their outlines."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from ecoledger.entities import divisions, shapes
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Entity
from ecoledger.listings.parts import Ask, Import, TableRow


class ProtectedArea(Entity):
    """One area with an outline."""

    KIND = "protected_area"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_protected_area"
    )

    class Sort(models.TextChoices):
        RED_LINE = "red_line", "生态保护红线"
        CORE = "core", "自然保护区核心保护区"
        GENERAL = "general", "自然保护区一般控制区"
        PARK = "park", "自然公园"
        CONTROL = "control", "生态空间管控区"
        SOURCE = "source", "饮用水水源保护区"

    sort = models.CharField("类型", max_length=10, choices=Sort.choices, db_index=True)
    edition = models.CharField("划定版本", max_length=60, blank=True)
    keeper = models.CharField("管理单位", max_length=80, blank=True)
    km2 = models.FloatField("面积 km²", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "生态保护区域"


def polygon(said: Any) -> dict[str, Any]:
    """A polygon as forms and tables say it, text or read already. Raises :class:`ShapeError`."""
    outline = shapes.parsed(said) if isinstance(said, str) else said
    if not isinstance(outline, dict) or outline.get("type") not in ("Polygon", "MultiPolygon"):
        raise shapes.ShapeError(_("边界应为面（Polygon 或 MultiPolygon）"))
    shapes.read(outline)
    return outline


def clean(area: ProtectedArea, findings: Findings) -> None:
    """It has an outline, from which its size follows."""
    try:
        area.geometry = polygon(area.geometry)
        area.km2 = round(shapes.area_km2(area.geometry), 4)
    except shapes.ShapeError as error:
        findings.wrong["geometry"] = str(error)


def division_of(outline: Any) -> str:
    """The smallest division that holds an outline's middle; "" without boundaries on record."""
    try:
        return next(iter(divisions.holding(*shapes.label_point(polygon(outline)))), "")
    except shapes.ShapeError:
        return ""


def _read(row: TableRow) -> None:
    if not row.values.get("area_code"):
        row.values["area_code"] = division_of(row.values.get("geometry"))


AREAS = declare(Inventory(
    key="protected_area", label="生态保护区域", model=ProtectedArea, line="soil", letter="PA", clean=clean,
    columns=("name", "code", "sort", "km2", "edition", "keeper", "area_code"), filters=("sort", "area_code"),
    under=("keeper",),
    fields=("name", CODE, "area_code", "sort", "edition", "keeper", Ask("geometry", required=True), "since", "until"),
    labels={"geometry": "边界 GeoJSON"},
    imports=Import(
        key=("name",), read=_read,
        columns=("name", CODE, Ask("area_code", required=False), "sort", "edition", "keeper",
                 Ask("geometry", "边界 GeoJSON", required=True)),
        headers={"name": ("区域名称", "HXMC"), "sort": ("类别", "红线类型"), "edition": ("版本",), "geometry": ("几何",)},
        values={"sort": {"红线": "red_line", "核心区": "core", "实验区": "general", "缓冲区": "core"}},
        examples={"name": "清溪源水源涵养红线", "sort": "生态保护红线", "geometry": json.dumps(
            {"type": "Polygon", "coordinates": [[[118.5, 24.7], [118.6, 24.7], [118.6, 24.8], [118.5, 24.7]]]})},
    ),
    empty="还没有保护区域。导入红线、自然保护地和管控区的 GeoJSON 文件（属性含名称和类型）。",
))  # fmt: skip
