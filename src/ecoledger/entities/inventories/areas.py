"""Administrative divisions (行政区划), with their boundaries."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities import divisions
from ecoledger.entities.inventory import Findings, Inventory, declare
from ecoledger.entities.models import Area
from ecoledger.listings.parts import Import
from ecoledger.standards import identifiers

_LEVELS = {2: "province", 4: "city", 6: "county", 9: "town", 12: "village"}


def clean(area: Area, findings: Findings) -> None:
    """The code is a division's code; the division above is on record; the level follows the code."""
    if not area.code.isdigit() or len(area.code) not in divisions.LENGTHS:
        findings.wrong["code"] = _("行政区划代码应为 2、4、6、9 或 12 位数字，现为“%(code)s”") % {
            "code": area.code
        }
        return
    if len(area.code) >= 6:
        parsed = identifiers.parse_division(area.code)
        findings.odd += [problem.text for problem in parsed.problems]
    area.level = area.level or _LEVELS[len(area.code)]
    if area.geometry and area.geometry.get("type") not in ("Polygon", "MultiPolygon"):
        findings.wrong["geometry"] = _("边界应为面（Polygon 或 MultiPolygon）")


def _example_code(person: Person | None) -> str:
    """A town's code in the person's own division."""
    own = min(person.area_codes, key=len, default="") if person is not None else ""
    known = Area.objects.order_by("code").values_list("code", flat=True).first()
    return f"{(own or known or '350582')[:6]:0<6}901"


AREAS = declare(
    Inventory(
        key="area",
        label="行政区划",
        model=Area,
        line="assessment",
        clean=clean,
        number=lambda area: str(area.code),
        charges=("grid_worker",),
        columns=("name", "code", "level", "parent", "since", "until"),
        filters=("level", "area_code"),
        fields=("code", "name", "level", "parent", "lon", "lat", "geometry", "since", "until"),
        labels={"code": "行政区划代码", "parent": "上级区划", "geometry": "边界 GeoJSON"},
        imports=Import(
            key=("code",),
            columns=("code", "name", "level", "parent"),
            headers={
                "code": ("区划代码", "代码", "adcode"),
                "name": ("区划名称", "镇街", "行政区"),
                "level": ("层级",),
            },
            values={"level": {"省": "province", "市": "city", "县": "county", "县区": "county",
                              "镇": "town", "乡": "town", "街道": "town", "村": "village",
                              "社区": "village"}},
            examples={"code": _example_code, "name": "示例镇", "level": "镇级"},
        ),
        empty="还没有行政区划。导入一份“代码、名称、级别”的表格即可；边界可另行上传 GeoJSON。",
    )
)  # fmt: skip
