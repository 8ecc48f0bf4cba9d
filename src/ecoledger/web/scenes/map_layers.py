"""The layers of the one map: each declared here, or by a book whose rows have a place.

A layer is drawn for one window of the map, when it is switched on. Where a window holds more than can be told apart,
its marks are gathered square by square.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, F, FloatField, IntegerField, Max, Min, Q, QuerySet
from django.db.models.functions import Cast, Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecoledger.accounts.models import Person
from ecoledger.entities.inventory import Inventory
from ecoledger.entities.models import Entity
from ecoledger.entities.validity import in_force
from ecoledger.listings import cells
from ecoledger.listings.catalogue import listings_of
from ecoledger.matters.register import OPEN_WORK, all_registers, state_of, visible_matters
from ecoledger.monitoring.models import Alarm, Point
from ecoledger.web import scoped
from ecoledger.web.monitoring import readings
from ecoledger.web.templatetags.show import aqi_tone, cst, named, sentence, water_class
from ecoledger.web.work import left_of

Feature = dict[str, Any]
# Marks that a window shows one by one; more are gathered.
APART = 500
# Squares across a window.
SQUARES = 12
# Half a window around a single thing, degrees.
SPOT = 0.03


@dataclass(frozen=True)
class Box:
    """A window of the map, in degrees (CGCS2000)."""

    west: float = -180.0
    south: float = -90.0
    east: float = 180.0
    north: float = 90.0

    @classmethod
    def of(cls, text: str) -> Box:
        """From ``west,south,east,north``; what is no window is the whole world."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            return cls()
        return cls(west, south, east, north) if west < east and south < north else cls()

    def holding(self, lon: str = "lon", lat: str = "lat") -> Q:
        """Condition on rows with a place."""
        return Q(
            **{f"{lon}__range": (self.west, self.east), f"{lat}__range": (self.south, self.north)}
        )

    @property
    def meeting(self) -> Q:
        """Condition on entities whose box meets the window."""
        return Q(
            west__lte=self.east, east__gte=self.west, south__lte=self.north, north__gte=self.south
        )


@dataclass(frozen=True)
class Layer:
    """What the map can show. ``draw`` gives its features inside a person's scope and a window."""

    key: str
    label: str | Promise
    draw: Callable[[Person, Box], Iterable[Feature]]
    on: bool = True
    # Stands folded away on the page.
    further: bool = False


def layers(person: Person) -> tuple[Layer, ...]:
    """Every layer open to ``person``: those of the house, then one for each further inventory with a place."""
    drawn = {layer.key for layer in LAYERS} | {"station", "outlet"}
    further = (
        Layer(book.key, book.label, _of_inventory(book), on=False, further=True)
        for book in listings_of(Inventory)
        if book.key not in drawn and book.has_place and book.line and person.may(book.see)
    )
    return (*LAYERS, *further)


def _feature(geometry: dict[str, Any], layer: str, name: str, **more: Any) -> Feature:
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"layer": layer, "name": name, **more},
    }


def _point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def marks(
    rows: QuerySet[Any],
    box: Box,
    layer: str,
    one: Callable[[Any], Feature],
    lon: str = "lon",
    lat: str = "lat",
) -> Iterator[Feature]:
    """A feature a row inside the window, or one a square of it where there are more than :data:`APART`."""
    inside = rows.filter(box.holding(lon, lat)).order_by()
    if not inside[APART : APART + 1]:
        yield from map(one, inside)
        return
    wide, high = (box.east - box.west) / SQUARES, (box.north - box.south) / SQUARES
    squares = (
        inside.annotate(
            across=Cast((F(lon) - box.west) / wide, IntegerField()),
            up=Cast((F(lat) - box.south) / high, IntegerField()),
        )
        .values("across", "up")
        .annotate(n=Count("pk"), x=Avg(lon), y=Avg(lat), first=Min("pk"))
    )
    alone = [square["first"] for square in squares if square["n"] == 1]
    yield from map(one, rows.filter(pk__in=alone))
    for square in squares:
        if square["n"] > 1:
            name = _("%d 处，放大后分开显示") % square["n"]
            place = _point(round(square["x"], 5), round(square["y"], 5))
            yield _feature(place, layer, name, count=square["n"])


def _corners(geometry: Any) -> Iterator[list[float]]:
    """Every position of a GeoJSON geometry's coordinates."""
    if geometry and isinstance(geometry[0], int | float):
        yield geometry
    else:
        for part in geometry:
            yield from _corners(part)


def _areas(person: Person, box: Box) -> Iterator[Feature]:
    rows = scoped.areas(person).filter(box.meeting).exclude(geometry=None)
    for area in rows.distinct():
        border: dict[str, Any] = area.geometry or {}
        # The whole city's name would lie on a town's.
        more = {"at": [area.lon, area.lat]} if len(area.code) > 6 and area.lon is not None else {}
        yield _feature(border, "area", area.name, **more)


def _rivers(person: Person, box: Box) -> Iterator[Feature]:
    for river in scoped.rivers(person).filter(box.meeting).exclude(geometry=None):
        path: dict[str, Any] = river.geometry or {}
        corners = list(_corners(path["coordinates"]))
        yield _feature(path, "river", river.name, at=corners[len(corners) // 2])


def _sections(person: Person, box: Box) -> Iterator[Feature]:
    def one(section: Any) -> Feature:
        target = water_class(section.target_class)
        lines = [section.river.name, _("水质目标 %(target)s类") % {"target": target}]
        return _feature(_point(section.lon, section.lat), "section", section.name, lines=lines)

    return marks(scoped.sections(person), box, "section", one)


def _enterprises(person: Person, box: Box) -> Iterator[Feature]:
    def one(enterprise: Any) -> Feature:
        return _feature(
            _point(enterprise.lon, enterprise.lat),
            "enterprise",
            enterprise.name,
            lines=[line for line in (enterprise.industry, enterprise.address) if line],
            link=reverse("enterprise", args=[enterprise.pk]),
            linkText=_("一企一档"),
        )

    return marks(scoped.enterprises(person).filter(in_force()), box, "enterprise", one)


def _of_inventory(book: Inventory) -> Callable[[Person, Box], Iterator[Feature]]:
    """The layer of a declared inventory: its rows with what a phone's list shows of them."""

    def draw(person: Person, box: Box) -> Iterator[Feature]:
        under = [c for c in book.open_columns(person) if c.name in book.under]

        def one(row: Any) -> Feature:
            return _feature(
                _point(row.lon, row.lat),
                book.key,
                str(row),
                lines=[text for c in under if (text := cells.text_of(row, c))],
                link=book.url_of(row),
                linkText=_("打开档案"),
            )

        return marks(book.visible_to(person), box, book.key, one)

    return draw


def _points(person: Person, box: Box, kind: str) -> tuple[list[Point], set[int]]:
    """Monitoring points of a kind inside the window, and those of them with an open alarm."""
    rows = scoped.points(person).filter(box.holding("entity__lon", "entity__lat"))
    troubled = (
        scoped.alarms(person)
        .filter(state=Alarm.State.OPEN)
        .exclude(level=Alarm.Level.BLUE)
        .order_by()
        .values_list("point_id", flat=True)
    )
    return list(rows.filter(kind=kind, enabled=True)), set(troubled)


def _station(point: Point, layer: str, lines: list[str], **more: Any) -> Feature:
    entity: Any = point.entity
    return _feature(
        _point(entity.lon, entity.lat),
        layer,
        point.name,
        lines=lines,
        link=reverse("station", args=[point.pk]),
        linkText=_("打开监测点"),
        **more,
    )


def _air(person: Person, box: Box) -> Iterator[Feature]:
    points, troubled = _points(person, box, "air")
    for air in readings.air_now(points):
        lines = [f"{cst(air.start)} {_('小时值')}"] if air.start else [_("暂无数据")]
        if air.level:
            lines.insert(0, f"AQI {air.value} {_(air.level.category)}")
        if air.primary:
            lines.append(_("首要污染物 %(name)s") % {"name": air.primary})
        yield _station(
            air.point,
            "air",
            lines,
            value="" if air.value is None else str(air.value),
            tone=aqi_tone(air.value),
            stale=air.stale,
            alarm=air.point.pk in troubled,
        )


def _water(person: Person, box: Box) -> Iterator[Feature]:
    points, troubled = _points(person, box, "water")
    for water in readings.water_now(points):
        name = water_class(water.rank)
        lines = [_("%(name)s类") % {"name": name}] if name else [_("暂无数据")]
        if water.deciding:
            lines.append(_("定类项目 %(name)s") % {"name": named(water.deciding)})
        if water.start:
            lines.append(cst(water.start))
        yield _station(
            water.point,
            "water",
            lines,
            value=name,
            tone=f"water-{water.rank}" if name else "",
            stale=water.stale,
            alarm=water.point.pk in troubled,
        )


def _placed(rows: QuerySet[Any], *paths: str) -> QuerySet[Any]:
    """Rows with the place of the first of ``paths`` that has one: a thing without is where its parent is."""
    placed: QuerySet[Any] = rows.annotate(
        at_lon=Coalesce(*(F(f"{path}lon") for path in paths), output_field=FloatField()),
        at_lat=Coalesce(*(F(f"{path}lat") for path in paths), output_field=FloatField()),
    )
    return placed


def _alarms(person: Person, box: Box) -> Iterator[Feature]:
    """Alarms at sources; a station's own alarm is the ring around its mark."""
    rows = scoped.alarms(person).filter(state=Alarm.State.OPEN).exclude(owner_code="")

    def one(alarm: Any) -> Feature:
        return _feature(
            _point(alarm.at_lon, alarm.at_lat),
            "alarm",
            alarm.point.name,
            lines=[sentence(alarm)],
            link=reverse("alarm", args=[alarm.pk]),
            linkText=_("打开预警"),
        )

    placed = _placed(rows, "point__entity__", "point__entity__parent__")
    return marks(placed, box, "alarm", one, "at_lon", "at_lat")


def _matters(person: Person, box: Box) -> Iterator[Feature]:
    """Work in hand of every register that is drawn, in one query."""
    shown = [register.key for register in all_registers() if register.map_layer]
    rows = visible_matters(person).filter(OPEN_WORK, register__in=shown)
    now = timezone.now()

    def one(matter: Any) -> Feature:
        return _feature(
            _point(matter.at_lon, matter.at_lat),
            "matter",
            matter.title,
            level=matter.level,
            late=matter.overdue,
            lines=[
                matter.number,
                _(str(state_of(matter).label)),
                *filter(None, [left_of(matter.due, now)]),
            ],
            link=reverse("matter", args=[matter.register, matter.pk]),
            linkText=_("打开事项"),
        )

    placed = _placed(rows, "", "entity__", "entity__parent__")
    return marks(placed, box, "matter", one, "at_lon", "at_lat")


LAYERS = (
    Layer("air", gettext_lazy("空气站"), _air),
    Layer("water", gettext_lazy("水站"), _water),
    Layer("section", gettext_lazy("断面"), _sections, on=False),
    # A county of thousands would bury its stations.
    Layer("enterprise", gettext_lazy("企业"), _enterprises, on=False),
    Layer("alarm", gettext_lazy("当前预警"), _alarms),
    Layer("matter", gettext_lazy("在办事项"), _matters),
    Layer("river", gettext_lazy("河流"), _rivers),
    Layer("area", gettext_lazy("行政区"), _areas),
)


def extent(person: Person) -> Box | None:
    """What the map shows at first: the divisions of a person's own and those below, or the things there.

    A division known by its centre alone is no window; what is below it may be.
    """
    ends = {"w": Min("west"), "s": Min("south"), "e": Max("east"), "n": Max("north")}
    own = Q(pk__in=[])
    for code in person.area_codes:
        own |= Q(code__startswith=code)
    areas = scoped.areas(person)
    tried: tuple[QuerySet[Any], ...] = (areas.filter(own), areas, scoped.enterprises(person))
    for rows in tried:
        box = Entity.objects.filter(pk__in=rows.order_by().values("pk")).aggregate(**ends)
        if box["w"] is not None and box["w"] < box["e"] and box["s"] < box["n"]:
            return Box(box["w"], box["s"], box["e"], box["n"])
    # One thing alone: a few kilometres around it.
    if box["w"] is not None:
        return Box(box["w"] - SPOT, box["s"] - SPOT, box["e"] + SPOT, box["n"] + SPOT)
    return None
