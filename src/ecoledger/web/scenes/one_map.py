"""The one map (一张图): divisions, rivers with their direction, stations by level, enterprises, alarms, work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db.models import Avg, Count, QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from ecoledger.entities.models import Area, Enterprise, Entity
from ecoledger.entities.validity import in_force
from ecoledger.listings.cells import area_name
from ecoledger.matters.register import OPEN_WORK, all_registers, state_of, visible_matters
from ecoledger.monitoring.models import Alarm
from ecoledger.standards import aqi as aqi_standard
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.monitoring import readings
from ecoledger.web.templatetags.show import WATER_CLASSES, aqi_tone, cst, water_class

Feature = dict[str, Any]
# Enterprises that a map shows one by one.
APART = 1500


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    return render(
        request,
        "web/scenes/map.html",
        {
            "tiles": settings.TILE_URL,
            "levels": aqi_standard.levels(),
            "classes": list(enumerate(WATER_CLASSES, start=1)),
            "layers": [
                ("air", _("空气站"), True),
                ("water", _("水站"), True),
                ("section", _("断面"), False),
                ("enterprise", _("企业"), True),
                ("alarm", _("当前预警"), True),
                ("matter", _("在办事项"), True),
                ("river", _("河流"), True),
                ("area", _("行政区"), True),
            ],
        },
    )


@needs("see_monitoring")
@never_cache
def features(request: Request) -> JsonResponse:
    """Everything on the map inside the person's scope, as GeoJSON (CGCS2000)."""
    found = [
        *_areas(request),
        *_rivers(request),
        *_sections(request),
        *_enterprises(request),
        *_stations(request),
        *_alarms(request),
        *_matters(request),
    ]
    for number, feature in enumerate(found, start=1):
        feature["id"] = number
    return JsonResponse({"type": "FeatureCollection", "features": found})


def _feature(geometry: dict[str, Any], layer: str, name: str, **more: Any) -> Feature:
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"layer": layer, "name": name, **more},
    }


def _at(place: Any) -> dict[str, Any] | None:
    if place is None or place.lon is None or place.lat is None:
        return None
    return {"type": "Point", "coordinates": [place.lon, place.lat]}


def _corners(geometry: Any) -> Iterator[list[float]]:
    """Every position of a GeoJSON geometry's coordinates."""
    if geometry and isinstance(geometry[0], int | float):
        yield geometry
    else:
        for part in geometry:
            yield from _corners(part)


def _middle(corners: Iterable[list[float]]) -> list[float]:
    whole = list(corners)
    return [sum(c[0] for c in whole) / len(whole), sum(c[1] for c in whole) / len(whole)]


def _areas(request: Request) -> Iterator[Feature]:
    for area in Area.objects.filter(pk__in=scoped.areas(request.user)).exclude(geometry=None):
        border: dict[str, Any] = area.geometry or {}
        at = (
            [area.lon, area.lat]
            if area.lon is not None and area.lat is not None
            else _middle(_corners(border["coordinates"]))
        )
        # The whole city's name would lie on a town's.
        yield _feature(border, "area", area.name, **({"at": at} if len(area.code) > 6 else {}))


def _rivers(request: Request) -> Iterator[Feature]:
    for river in scoped.rivers(request.user).exclude(geometry=None):
        path: dict[str, Any] = river.geometry or {}
        corners = list(_corners(path["coordinates"]))
        yield _feature(path, "river", river.name, at=corners[len(corners) // 2])


def _sections(request: Request) -> Iterator[Feature]:
    for section in scoped.sections(request.user):
        if at := _at(section):
            target = water_class(section.target_class)
            lines = [section.river.name, _("水质目标 %(target)s类") % {"target": target}]
            yield _feature(at, "section", section.name, lines=lines)


def _enterprises(request: Request) -> Iterator[Feature]:
    rows = scoped.enterprises(request.user).filter(in_force(), lon__isnull=False, lat__isnull=False)
    if rows[APART : APART + 1]:
        yield from _by_division(rows.filter(is_key=False))
        rows = rows.filter(is_key=True)
    for enterprise in rows:
        if at := _at(enterprise):
            yield _feature(
                at,
                "enterprise",
                enterprise.name,
                lines=[line for line in (enterprise.industry, enterprise.address) if line],
                link=reverse("enterprise", args=[enterprise.pk]),
                linkText=_("一企一档"),
            )


def _by_division(rows: QuerySet[Enterprise]) -> Iterator[Feature]:
    """One mark a division, in the middle of its enterprises: more than can be told apart on a map."""
    groups = rows.order_by().values("area_code").annotate(n=Count("pk"), x=Avg("lon"), y=Avg("lat"))
    for group in groups:
        place = {"type": "Point", "coordinates": [round(group["x"], 5), round(group["y"], 5)]}
        yield _feature(
            place,
            "enterprise",
            _("%(area)s %(n)d 家") % {"area": area_name(group["area_code"]), "n": group["n"]},
            lines=[_("企业较多，按区划合并显示")],
            link=f"{reverse('book', args=['enterprise'])}?area_code={group['area_code']}",
            linkText=_("打开名录"),
        )


def _stations(request: Request) -> Iterator[Feature]:
    points = list(scoped.points(request.user).filter(kind__in=["air", "water"], enabled=True))
    troubled = set(
        scoped.alarms(request.user)
        .filter(state=Alarm.State.OPEN)
        .exclude(level=Alarm.Level.BLUE)
        .order_by()
        .values_list("point_id", flat=True)
    )
    for air in readings.air_now([p for p in points if p.kind == "air"]):
        if at := _at(air.point.entity):
            lines = [f"{cst(air.start)} {_('小时值')}"] if air.start else [_("暂无数据")]
            if air.level:
                lines.insert(0, f"AQI {air.value} {_(air.level.category)}")
            if air.primary:
                lines.append(_("首要污染物 %(name)s") % {"name": air.primary})
            yield _feature(
                at,
                "air",
                air.point.name,
                value="" if air.value is None else str(air.value),
                tone=aqi_tone(air.value),
                stale=air.stale,
                alarm=air.point.pk in troubled,
                lines=lines,
                link=reverse("station", args=[air.point.pk]),
                linkText=_("打开站点"),
            )
    for water in readings.water_now([p for p in points if p.kind == "water"]):
        if at := _at(water.point.entity):
            name = water_class(water.rank)
            lines = [_("%(name)s类") % {"name": name}] if name else [_("暂无数据")]
            if water.deciding:
                lines.append(_("定类项目 %(name)s") % {"name": water.deciding})
            if water.start:
                lines.append(cst(water.start))
            yield _feature(
                at,
                "water",
                water.point.name,
                value=name,
                tone=f"water-{water.rank}" if name else "",
                stale=water.stale,
                alarm=water.point.pk in troubled,
                lines=lines,
                link=reverse("station", args=[water.point.pk]),
                linkText=_("打开站点"),
            )


def _alarms(request: Request) -> Iterator[Feature]:
    """Alarms at sources; a station's own alarm is the ring around its mark."""
    rows = (
        scoped.alarms(request.user)
        .filter(state=Alarm.State.OPEN)
        .exclude(owner_code="")
        .select_related("point__entity__parent")
    )
    for alarm in rows:
        if at := _place(alarm.point.entity):
            yield _feature(
                at,
                "alarm",
                alarm.point.name,
                lines=[alarm.text],
                link=reverse("alarm", args=[alarm.pk]),
                linkText=_("打开预警"),
            )


def _place(entity: Entity | None) -> dict[str, Any] | None:
    """Where an entity is; an outlet without coordinates is at its enterprise."""
    if entity is None or (at := _at(entity)):
        return at if entity is not None else None
    return _at(entity.parent)


def _matters(request: Request) -> Iterator[Feature]:
    shown = [register.key for register in all_registers() if register.map_layer]
    rows = visible_matters(request.user).filter(OPEN_WORK, register__in=shown)
    for matter in rows.select_related("entity__parent")[:2000]:
        if at := _at(matter) or _place(matter.entity):
            yield _feature(
                at,
                "matter",
                matter.title,
                level=matter.level,
                lines=[matter.number, _(str(state_of(matter).label))],
                link=reverse("matter", args=[matter.register, matter.pk]),
                linkText=_("打开事项"),
            )
