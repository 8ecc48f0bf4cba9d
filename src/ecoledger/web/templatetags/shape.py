"""A map to draw a boundary on, below the field of a form that holds it."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from ecoledger.web.scenes import map_layers

register = template.Library()


@register.inclusion_tag("web/listings/_shape.html", takes_context=True)
def shape_map(context: dict[str, Any], field: Any) -> dict[str, Any]:
    """The map at first shows what lies in the person's divisions."""
    box = map_layers.extent(context["request"].user)
    return {
        "field": field,
        "tiles": settings.TILE_URL,
        "box": f"{box.west},{box.south},{box.east},{box.north}" if box else "",
    }
