"""Roads (道路), by GeoJSON: a row a feature."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.entities import divisions, shapes
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Road
from ecoledger.listings.parts import Ask, Import, TableRow


def _line(said: Any) -> dict[str, Any]:
    """The line that was said, as GeoJSON or its text. Raises :class:`shapes.ShapeError`."""
    line = shapes.parsed(said) if isinstance(said, str) else said
    if not isinstance(line, dict) or line.get("type") not in ("LineString", "MultiLineString"):
        raise shapes.ShapeError(_("道路走向应为线（LineString 或 MultiLineString）"))
    shapes.read(line)
    return line


def clean(road: Road, findings: Findings) -> None:
    """Drawn as a line or several."""
    try:
        road.geometry = _line(road.geometry)
        road.length_km = round(shapes.length_km(road.geometry), 3)
    except shapes.ShapeError as error:
        findings.wrong["geometry"] = str(error)


def read(row: TableRow) -> None:
    """A road of a file lies in the division that holds its middle, where the file does not say."""
    with contextlib.suppress(shapes.ShapeError):
        if not row.values.get("area_code"):
            held = divisions.holding(*shapes.label_point(_line(row.values.get("geometry"))))
            row.values["area_code"] = next(iter(held), "")
            if held:
                row.warn("area_code", _("没有写行政区划，按走向经过的区划计"))


ROADS = declare(Inventory(
    key="road", label="道路", line="air", model=Road, letter="L", clean=clean,
    columns=("name", "code", "number", "grade", "length_km", "area_code"),
    filters=("area_code", "grade"),
    fields=("name", CODE, "area_code", "number", "grade", Ask("geometry", required=True),
            "since", "until"),
    labels={"geometry": "走向 GeoJSON"},
    imports=Import(
        key=("code",), read=read,
        columns=("name", CODE, Ask("area_code", required=False), "number", "grade",
                 Ask("geometry", "走向 GeoJSON", required=True)),
        headers={"name": ("道路名称", "路名"), "code": ("id", "osm_id", "道路编码"), "number": ("ref", "路线编号"),
                 "grade": ("等级",), "geometry": ("几何",)},
        examples={"name": "示例路", "grade": "城市道路", "geometry": json.dumps(
            {"type": "LineString", "coordinates": [[118.50, 24.70], [118.52, 24.71]]})},
    ),
    empty="还没有道路。可导入道路的 GeoJSON 文件（属性含 name、ref）。",
))  # fmt: skip
