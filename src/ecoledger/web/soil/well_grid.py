"""区块地下水 (mechanism S-3): the wells of a site, an item's trend in each, and its lines of equal concentration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.listings import asked
from ecoledger.registers.soil import well_grid
from ecoledger.registers.soil.plume_alarms import ALARMS
from ecoledger.registers.soil.well_grid import Course
from ecoledger.registers.soil.wells import CLASSES, SAMPLES, WELLS, items, rules
from ecoledger.web.access import Request, needs

# Points of a line that the map is sent; a site is some kilometres wide.
_TOLERANCE = 1e-5


@dataclass(frozen=True)
class _Asked:
    site: str
    item: str
    until: date
    courses: list[Course]
    sites: list[str]


def _asked(request: Request) -> _Asked:
    wells = WELLS.visible_to(request.user).filter(until=None)
    sites, known = well_grid.sites(wells), items()
    site = request.GET.get("site", "")
    site = site if site in sites else (sites[0] if sites else "")
    item = request.GET.get("item", "")
    item = item if item in known else _most_telling(known)
    until = asked.day(request.GET.get("until", "")) or timezone.localdate()
    found = well_grid.courses(wells.filter(site=site), item, until) if site else []
    return _Asked(site, item, until, found, sites)


def _decimals(courses: list[Course]) -> int:
    """As many as the finest of the last results has, for the whole column."""
    texts = [
        f"{float(course.last):.4f}".rstrip("0") for course in courses if course.last is not None
    ]
    return max((len(text.partition(".")[2]) for text in texts), default=0)


def _most_telling(known: dict[str, tuple[str, str]]) -> str:
    return "benzene" if "benzene" in known else next(iter(known), "")


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """The wells of a site: last result, trend, and whether it warns; the lines on a map."""
    said = _asked(request)
    drawn, why = well_grid.lines_of(said.courses, said.until)
    name, unit = items().get(said.item, (said.item, ""))
    warning = [course for course in said.courses if course.warns]
    context = {
        "said": said,
        "items": [(key, label) for key, (label, _unit) in items().items()],
        "decimals": _decimals(said.courses),
        "name": name,
        "unit": unit,
        "limit": next((course.limit for course in said.courses if course.limit is not None), None),
        "class": dict(CLASSES)[int(rules()["alarm"]["class"])],
        "drawn": drawn,
        "no_lines": why,
        "rising": sum(course.rises for course in said.courses),
        "warning": warning,
        "alarms": ALARMS,
        "samples": SAMPLES,
        "wells": WELLS,
    }
    return render(request, "web/soil/well_grid.html", context)


@needs("see_cockpit")
@require_GET
def lines(request: Request) -> JsonResponse:
    """The lines and the wells as features of the map."""
    said = _asked(request)
    drawn, _why = well_grid.lines_of(said.courses, said.until)
    _name, unit = items().get(said.item, (said.item, ""))
    features: list[dict[str, Any]] = []
    for isoline in drawn:
        for line in isoline.lines:
            shape = shapely.LineString(line).simplify(_TOLERANCE)
            middle = shape.interpolate(0.5, normalized=True)
            features.append(
                {
                    "type": "Feature",
                    "geometry": {"type": "LineString", "coordinates": list(shape.coords)},
                    "properties": {
                        "layer": "isoline",
                        "name": f"{isoline.level:.3g} {unit}".strip(),
                        "at": [middle.x, middle.y],
                    },
                }
            )
    for number, course in enumerate(said.courses, 1):
        if course.well.lon is None:
            continue
        features.append(
            {
                "type": "Feature",
                "id": number,
                "geometry": {"type": "Point", "coordinates": [course.well.lon, course.well.lat]},
                "properties": {
                    "layer": "alarm" if course.warns else "section",
                    "name": course.well.name,
                    "lines": [
                        f"{course.last:.4g} {unit}".strip(),
                        _("采样 %s") % f"{course.last_on:%Y-%m-%d}",
                    ],
                    "link": f"/entities/{course.well.pk}",
                    "linkText": _("打开档案"),
                },
            }
        )
    return JsonResponse({"type": "FeatureCollection", "features": features})
