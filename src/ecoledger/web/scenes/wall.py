"""大屏: the day on a projector, read from eight metres; pages turn by themselves and no person or suspected firm is named."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ecoledger.matters.register import OPEN_WORK, visible_matters
from ecoledger.standards import aqi as aqi_standard
from ecoledger.web.access import Request, needs
from ecoledger.web.figures.targets import standings
from ecoledger.web.scenes import cockpit, home, map_layers
from ecoledger.web.templatetags.show import WATER_CLASSES
from ecoledger.web.work import due_rows, load_of

_ROWS = 8
# What the map of the wall draws: marks without a name, for a firm that is only suspected is not named here.
_LAYERS = ("area", "river", "matter", "alarm", "water", "air")
_LATE = 5


@needs("see_cockpit")
@require_GET
@never_cache
def page(request: Request) -> HttpResponse:
    """Everything of the wall; with ``part=1`` its pages alone, which the open wall asks for by itself."""
    name = "web/scenes/wall/pages.html" if request.GET.get("part") else "web/scenes/wall/wall.html"
    return render(request, name, _context(request))


def _context(request: Request) -> dict[str, Any]:
    now = timezone.now()
    late = visible_matters(request.user).filter(OPEN_WORK, due__lt=now).order_by("due")
    alarms = cockpit.alarms(request)
    places = home.places(load_of(request, by_area=True))
    return {
        "now": now,
        "air": cockpit.air(request),
        "water": cockpit.water(request),
        "alarms": alarms,
        # A red alarm keeps its page in front.
        "pressing": any(level == "red" and count for level, _label, count in alarms["counts"]),
        "arrival": cockpit.arrival(request),
        "targets": standings(request),
        "totals": home.totals(request.user, places),
        "places": places[:_ROWS],
        "late": due_rows(late.select_related("owner_organisation", "entity")[:_LATE], now),
        "rows": _ROWS,
    } | _map(request)


def _map(request: Request) -> dict[str, Any]:
    if not request.user.may("see_monitoring"):
        return {}
    box = map_layers.extent(request.user)
    return {
        "map_layers": [layer for layer in map_layers.LAYERS if layer.key in _LAYERS],
        "box": f"{box.west},{box.south},{box.east},{box.north}" if box else "",
        "tiles": settings.TILE_URL,
        "levels": aqi_standard.levels(),
        "classes": list(enumerate(WATER_CLASSES, start=1)),
    }
