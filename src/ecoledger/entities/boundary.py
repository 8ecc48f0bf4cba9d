"""Whether a place lies inside a division, by the division's boundary (GeoJSON, RFC 7946)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecoledger.entities.models import Area

Ring = Sequence[Sequence[float]]


def _in_ring(ring: Ring, lon: float, lat: float) -> bool:
    """Even-odd rule: a ray to the east crosses the ring an odd number of times."""
    inside = False
    for (x1, y1, *_), (x2, y2, *_) in zip(ring, [*ring[1:], *ring[:1]], strict=True):
        if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside


def _in_polygon(rings: Sequence[Ring], lon: float, lat: float) -> bool:
    outer, *holes = rings
    return _in_ring(outer, lon, lat) and not any(_in_ring(hole, lon, lat) for hole in holes)


def contains(geometry: dict[str, Any], lon: float, lat: float) -> bool | None:
    """Whether a Polygon or MultiPolygon holds the place; ``None`` for any other geometry."""
    match geometry.get("type"):
        case "Polygon":
            return _in_polygon(geometry["coordinates"], lon, lat)
        case "MultiPolygon":
            return any(_in_polygon(one, lon, lat) for one in geometry["coordinates"])
    return None


def division_around(area_code: str) -> Area | None:
    """The smallest division with a boundary that ``area_code`` is or lies in; ``None`` without one."""
    codes = [area_code[:length] for length in range(len(area_code), 1, -1)]
    rows = Area.objects.filter(code__in=codes, boundary__isnull=False)
    return max(rows, key=lambda area: len(area.code), default=None)
