"""Administrative divisions (行政区划), with their boundaries."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities import divisions
from ecoledger.entities.inventory import Findings, Inventory, declare
from ecoledger.entities.models import Area
from ecoledger.listings.parts import Ask, Import, Kind, TableRow
from ecoledger.standards import identifiers

_LEVELS = {2: "province", 4: "city", 6: "county", 9: "town", 12: "village"}
# Words of a level that a code of another length cannot have: 市 and 区 may be of several.
_BELOW = {"town": re.compile("[乡镇]|街道|苏木"), "village": re.compile("村|社区|居委|嘎查")}


def _level_of(code: str) -> str:
    return _LEVELS[len(identifiers.short_division(code))]


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
    area.level = area.level or _level_of(area.code)
    if area.geometry and area.geometry.get("type") not in ("Polygon", "MultiPolygon"):
        findings.wrong["geometry"] = _("边界应为面（Polygon 或 MultiPolygon）")


def read(row: TableRow) -> None:
    """Codes as they are kept here, so that what lies in a division begins with its code; the level follows it."""
    for name in ("code", "parent"):
        written = str(row.values.get(name) or "")
        row.values[name] = code = identifiers.short_division(written)
        if name == "code" and code != written:
            said = {"written": written, "code": code}
            row.warn(name, _("“%(written)s”末尾的 0 是补位，记作 %(code)s") % said)
    code, word = row.values["code"], row.texts.get("level", "")
    if code.isdecimal() and len(code) in _LEVELS:
        level = _level_of(code)
        if any(level != below and said.search(word) for below, said in _BELOW.items()):
            named = {"word": word, "level": _(Area.Level(level).label)}
            row.warn("level", _("写的是“%(word)s”，按代码是%(level)s；请核对代码") % named)


def _example_code(person: Person | None) -> str:
    """A town's code in the person's own division."""
    own = person.own_area if person is not None else ""
    known = Area.objects.order_by("code").values_list("code", flat=True).first()
    return f"{(own or known or '990101')[:6]:0<6}901"


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
            # What is said of the level changes nothing: the code says it.
            columns=("code", "name", Ask("level", "级别", Kind.TEXT, stores=None, required=False), "parent"),
            headers={
                "code": ("区划代码", "代码", "统计用区划代码", "adcode"),
                "name": ("区划名称", "镇街", "行政区", "行政区划名称", "行政区名称"),
                "level": ("层级",),
            },
            read=read,
            examples={"code": _example_code, "name": "示例镇", "level": "镇级"},
        ),
        empty="还没有行政区划。导入一份“代码、名称、级别”的表格即可；边界可另行上传 GeoJSON。",
    )
)  # fmt: skip
