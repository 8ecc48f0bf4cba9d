"""The book of grid cells: how one is checked when it is entered, its columns and its import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities import shapes
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.listings.parts import Import, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.matters.workflow import said
from ecoledger.registers.grid.cells import LEVELS, GridCell


def clean(cell: GridCell, findings: Findings) -> None:
    """A cell stands right below its upper one, has an area as boundary, and lies in the upper one's."""
    place = LEVELS.index(cell.level) if cell.level in LEVELS else 0
    if cell.upper is None and place > 0:
        findings.odd.append(_("没有上级网格，请补上"))
    if cell.upper is not None and LEVELS.index(cell.upper.level) != place - 1:
        findings.wrong["upper"] = _("上级网格应为%s") % (
            GridCell.Level(LEVELS[place - 1]).label if place else _("空")
        )
    if cell.geometry:
        if cell.geometry.get("type") not in ("Polygon", "MultiPolygon"):
            findings.wrong["geometry"] = _("网格边界应为面（Polygon 或 MultiPolygon）")
            return
        cell.area_km2 = round(shapes.area_km2(cell.geometry), 3)
        upper = cell.upper.geometry if cell.upper else None
        lon, lat = shapes.label_point(cell.geometry)
        if upper and shapes.contains(upper, lon, lat) is False:
            findings.odd.append(_("边界不在上级网格内，请核对"))


class Cells(Inventory):
    """The book; a table of cells names upper cells that stand in the table itself."""

    def attributes_of(self, values: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        above = str(said.get("above") or "").strip()
        if above:
            upper = GridCell.objects.filter(Q(code=above) | Q(name=above)).first()
            if upper is None:
                raise Refused("form", _("没有上级网格“%s”。") % above, _("请把上级网格排在前面。"))
            values["upper"] = upper
        return values


CELLS = declare(Cells(
    key="grid_cell", label="网格", model=GridCell, line="enforcement", letter="G", clean=clean,
    charges=("grid_head", "grid_worker"),
    columns=("name", "code", "level", "upper", "area_code", "area_km2", "patrols_a_month", "sponsor", "pledge_on"),
    filters=("level", "area_code"),
    fields=("name", CODE, "level", "upper", "area_code", "geometry", "patrols_a_month", "sponsor", "pledge_on",
            "since", "until"),
    labels={"geometry": "边界 GeoJSON", "code": "网格编码"},
    imports=Import(
        key=("code",), columns=("code", "name", "level", said("above", "上级网格", Kind.TEXT, required=False),
                 "area_code", "patrols_a_month", "sponsor", "pledge_on"),
        headers={"patrols_a_month": ("巡查频次", "月巡查次数", "计划次数"), "code": ("编码", "网格编号"), "name": ("网格名称",), "level": ("网格级别", "层级"),
                 "above": ("上级", "所属上级网格"), "area_code": ("所在镇街", "行政区划", "镇街")},
        values={"level": {"一级": "county", "二级": "town", "三级": "village", "县级": "county",
                          "镇级": "town", "村级": "village", "社区": "village"}},
        examples={"code": "G-990101-001", "name": "北镇一网格", "level": "三级（村级）"},
    ),
    edit=frozenset({Role.MONITOR, Role.APPROVER, Role.SYSTEM_ADMIN, Role.DISPATCHER}),
    empty="还没有网格。导入“编码、名称、级别、上级”的表格，边界另传 GeoJSON；网格长、网格员在责任人里登记。",
))  # fmt: skip
