"""一张图应急指挥 (mechanism E10): one event on its map, what lies around it, what it reaches downstream and when, and the
log of what was ordered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.entities import along_rivers
from ecoledger.entities.models import River
from ecoledger.listings import asked
from ecoledger.listings.parts import Kind
from ecoledger.matters import actions
from ecoledger.matters.register import OPEN_WORK
from ecoledger.matters.workflow import Transition
from ecoledger.registers.emergency import downstream, incidents
from ecoledger.registers.emergency.around_it import SENSITIVE, TEAMS
from ecoledger.registers.emergency.depots import DEPOTS
from ecoledger.registers.emergency.dispatches import DISPATCHES
from ecoledger.registers.emergency.downstream import Arrival, Stop
from ecoledger.registers.emergency.incidents import INCIDENTS, Incident
from ecoledger.registers.emergency.plan_filings import FILINGS
from ecoledger.registers.emergency.surroundings import Near, Surroundings, around
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals
from ecoledger.web.matters.finding import the_matter
from ecoledger.web.templatetags.show import cst

RADIUS, SMALLEST, LARGEST = 1000, 100, 20_000
SHOWN = 100
# Steps that are taken from this page; the others on the matter's own.
STEPS = (incidents.COMMAND, "feed_back", "call_material")


@dataclass(frozen=True)
class Scene:
    """An event as one person sees it: where it is, what lies around, and what lies downstream."""

    incident: Incident
    metres: int
    speed: float
    around: Surroundings | None
    start: Stop | None
    arrivals: list[Arrival] = field(default_factory=list)
    # Why there is no search downstream.
    dry: str = ""


def _metres(request: Request) -> int:
    said = asked.number(request.GET.get("metres", ""))
    return RADIUS if said is None else min(max(said, SMALLEST), LARGEST)


def _place(incident: Incident) -> tuple[float, float] | None:
    """Where it is: its own place, else that of whom it is about."""
    if incident.lon is not None and incident.lat is not None:
        return incident.lon, incident.lat
    thing = incident.entity
    if thing is not None and thing.lon is not None and thing.lat is not None:
        return thing.lon, thing.lat
    return None


def _scene(request: Request, incident: Incident) -> Scene:
    place, metres = _place(incident), _metres(request)
    near = around(request.user, *place, metres) if place else None
    speed = incident.speed or downstream.SPEED
    start, dry = _start(incident, place)
    found = (
        downstream.arrivals(
            start, list(River.objects.all()), incident.occurred_at, person=request.user, speed=speed
        )
        if start
        else []
    )
    if start and not found:
        dry = _("下游没有登记断面和取水口。")
    return Scene(incident, metres, speed, near, start, found, dry)


def _start(incident: Incident, place: tuple[float, float] | None) -> tuple[Stop | None, str]:
    """Where it went into a river: what was entered, else the nearest drawn river; and why nowhere."""
    river = incident.river
    if river is not None and incident.chainage_km is not None:
        return Stop(river.pk, incident.chainage_km, None), ""
    if place is None:
        return None, _("没有坐标，也没有填受影响河流和入河位置。")
    rivers = [river] if river is not None else list(River.objects.exclude(geometry=None))
    start = downstream.on_river(rivers, *place)
    if start is None:
        return None, _("%d 米内没有登记走向的河流；可在事件上填受影响河流和入河位置。") % int(
            downstream.REACH
        )
    return start, ""


@needs("see_cockpit")
@require_GET
def desk(request: Request) -> HttpResponse:
    """The events in hand, each with the way to its scene; and what the map is made of."""
    rows = INCIDENTS.visible_to(request.user).filter(OPEN_WORK).order_by("-occurred_at")[:SHOWN]
    books = [INCIDENTS, FILINGS, SENSITIVE, DEPOTS, TEAMS, DISPATCHES]
    context = {
        "rows": [{"incident": row, "in_time": row.in_time, "state": _(str(INCIDENTS.state_of(row).label))} for row in rows],
        "book": INCIDENTS,
        "stock": [
            (book, book.visible_to(request.user).count())
            for book in books
            if request.user.may(book.see)
        ],
        "may_open": INCIDENTS.may_open(request.user),
    }  # fmt: skip
    return render(request, "web/emergency/desk.html", context)


@needs("see_matters")
@require_GET
def page(request: Request, pk: int) -> HttpResponse:
    """One event: figures, map, people and things around it, arrivals downstream, the log of orders."""
    register, incident = the_matter(request, INCIDENTS.key, pk)
    scene = _scene(request, incident)
    can = {t.name: t for t in actions.available(incident, request.user)}
    notes = DISPATCHES.visible_to(request.user).filter(origin_matter=incident.pk).order_by("pk")
    context = {
        "register": register,
        "incident": incident,
        "state": register.state_of(incident),
        "scene": scene,
        "near": scene.around,
        "first": next((arrival for arrival in scene.arrivals if _is_intake(arrival.thing)), None),
        "next": scene.arrivals[0] if scene.arrivals else None,
        "log": [_told(event) for event in incidents.commands(incident)],
        "notes": [{"note": n, "state": _(str(DISPATCHES.state_of(n).label))} for n in notes],
        "steps": [_step(can[name]) for name in STEPS if name in can],
        "in_time": incident.in_time,
        "books": {"sensitive": SENSITIVE, "depots": DEPOTS, "teams": TEAMS},
        "map": f"{reverse('emergency-map', args=[pk])}?metres={scene.metres}",
    }
    return render(request, "web/emergency/scene.html", context)


def _is_intake(thing: Any) -> bool:
    return getattr(thing, "sort", "") == "intake"


def _step(transition: Transition) -> dict[str, Any]:
    asks = INCIDENTS.asks_of(transition)
    return {
        "name": transition.name,
        "label": _(str(transition.label)),
        "asks": [
            {
                "name": ask.name,
                "label": _(str(ask.label)),
                "long": ask.kind is Kind.LONG_TEXT,
                "required": bool(ask.required),
            }
            for ask in asks
        ],
    }


@needs("see_matters")
@require_POST
@says_refusals
def act(request: Request, pk: int, name: str) -> HttpResponse:
    """Give an order, report on one, or call for material, and come back to the scene."""
    register, _incident = the_matter(request, INCIDENTS.key, pk)
    if name not in STEPS:
        raise Http404
    transition = register.workflow.transition(name)
    said = {ask.name: request.POST.get(ask.name, "") for ask in register.asks_of(transition)}
    actions.perform(pk, name, by=request.user, form=said)
    messages.success(request, _("“%s”已完成。") % _(str(transition.label)))
    return redirect("emergency-scene", pk)


def _told(event: Any) -> dict[str, Any]:
    form = event.form
    return {
        "at": event.at,
        "who": event.person.name if event.person else "",
        "label": _(str(event.label)),
        "unit": form.get("unit") or form.get("receiver") or "",
        "text": form.get("order") or form.get("done") or form.get("what") or event.note,
        "until": form.get("until") or "",
    }


# ---- the map -------------------------------------------------------------------------------------


def _point(thing: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [thing.lon, thing.lat]}


def _feature(geometry: dict[str, Any], layer: str, name: str, **more: Any) -> dict[str, Any]:
    properties = {"layer": layer, "name": name, **more}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _marks(
    rows: tuple[Near, ...], layer: str, label: str, url: str = ""
) -> Iterator[dict[str, Any]]:
    for near in rows:
        lines = [label, _("相距 %d 米") % near.metres, near.note]
        people = getattr(near.thing, "people", None)
        if people is not None:
            lines.append(_("%d 人") % people)
        yield _feature(
            _point(near.thing), layer, str(near.thing), lines=[line for line in lines if line],
            link=reverse("entity", args=[near.thing.pk]), linkText=_("打开档案"),
        )  # fmt: skip


def _drawn(scene: Scene) -> Iterator[dict[str, Any]]:
    near = scene.around
    for river in River.objects.exclude(geometry=None):
        if near is None or scene.start is None or river.pk in _wet(scene):
            yield _feature(river.geometry or {}, "river", river.name)
    if near is not None:
        place = _place(scene.incident)
        yield _feature(near.ring, "area", _("%d 米范围") % near.metres)
        yield from _marks(near.firms, "enterprise", _("企业"))
        yield from _marks(near.sensitive, "section", _("敏感点"))
        yield from _marks(near.depots, "material_depot", _("储备库"))
        yield from _marks(near.teams, "rescue_team", _("应急队伍"))
        if place:
            event = {"type": "Point", "coordinates": list(place)}
            yield _feature(
                event,
                "alarm",
                scene.incident.title,
                lines=[cst(_local(scene.incident.occurred_at))],
            )
    rivers = River.objects.in_bulk([arrival.stop.river for arrival in scene.arrivals])
    for arrival in scene.arrivals:
        if not arrival.known:
            continue
        at = _point(arrival.thing)["coordinates"]
        if None in at:  # a section without coordinates lies on its river's line
            at = along_rivers.place_at(rivers[arrival.stop.river], arrival.stop.km)
        if at is not None:
            yield _feature(
                {"type": "Point", "coordinates": list(at)}, "matter", str(arrival.thing), late=_is_intake(arrival.thing),
                lines=[_("下游 %(km).1f 公里，约 %(hours).1f 小时") % {"km": arrival.km, "hours": arrival.hours},
                       _("预计 %s 到达") % cst(_local(arrival.at))],
            )  # fmt: skip


def _local(moment: datetime) -> datetime:
    return timezone.make_naive(moment)


def _wet(scene: Scene) -> set[int]:
    """Rivers that it runs through: those of what it reaches, and its own."""
    own = {scene.start.river} if scene.start else set()
    return own | {arrival.stop.river for arrival in scene.arrivals}


@needs("see_matters")
@require_GET
def drawn(request: Request, pk: int) -> JsonResponse:
    """The event's map as GeoJSON: the ring around it and what lies in it, the river, and what is reached."""
    _register, incident = the_matter(request, INCIDENTS.key, pk)
    features = list(_drawn(_scene(request, incident)))
    for number, feature in enumerate(features, 1):
        feature["id"] = number
    return JsonResponse({"type": "FeatureCollection", "features": features})
