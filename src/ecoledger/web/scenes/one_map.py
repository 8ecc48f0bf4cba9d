"""The one map (一张图): its page, and one layer at a time inside the window that is looked at."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from ecoledger.standards import aqi as aqi_standard
from ecoledger.web.access import Request, needs
from ecoledger.web.scenes import map_layers
from ecoledger.web.templatetags.show import WATER_CLASSES


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    box = map_layers.extent(request.user)
    return render(
        request,
        "web/scenes/map.html",
        {
            "tiles": settings.TILE_URL,
            "levels": aqi_standard.levels(),
            "classes": list(enumerate(WATER_CLASSES, start=1)),
            "layers": map_layers.layers(request.user),
            "box": f"{box.west},{box.south},{box.east},{box.north}" if box else "",
        },
    )


@needs("see_monitoring")
@never_cache
def layer(request: Request, key: str) -> JsonResponse:
    """One layer inside the person's scope and the window ``?box=west,south,east,north``, as GeoJSON (CGCS2000)."""
    wanted = next((known for known in map_layers.layers(request.user) if known.key == key), None)
    if wanted is None:
        raise Http404
    box = map_layers.Box.of(request.GET.get("box", ""))
    features = list(wanted.draw(request.user, box))
    return JsonResponse({"type": "FeatureCollection", "features": features})
