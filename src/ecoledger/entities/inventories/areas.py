"""Administrative divisions (行政区划), with their boundaries."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities import divisions
from ecoledger.entities.kinds import EntityKind, Findings, know
from ecoledger.entities.models import Area
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


know(EntityKind(model=Area, label="行政区划", clean=clean, number=lambda area: area.code))
