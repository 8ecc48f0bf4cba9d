"""Administrative divisions: which one holds a place, and which lie above and below."""

from __future__ import annotations

from ecoledger.entities.models import Area
from ecoledger.entities.shapes import Regions

# Lengths of division codes: province, city, county, town, village.
LENGTHS = (2, 4, 6, 9, 12)


def above(area_code: str) -> list[str]:
    """Codes of the division and of those it lies in, the smallest first."""
    return [area_code[:length] for length in reversed(LENGTHS) if length <= len(area_code)]


def division_around(area_code: str) -> Area | None:
    """The smallest division with a boundary that ``area_code`` is or lies in; ``None`` without one."""
    codes = [area_code[:length] for length in range(len(area_code), 1, -1)]
    rows = Area.objects.filter(code__in=codes, geometry__isnull=False)
    return max(rows, key=lambda area: len(area.code), default=None)


def holding(lon: float, lat: float) -> list[str]:
    """Codes of the divisions whose boundary holds a place, the smallest first."""
    boxes = {"west__lte": lon, "east__gte": lon, "south__lte": lat, "north__gte": lat}
    rows = Area.objects.filter(geometry__isnull=False, **boxes)
    return Regions((area.code, area.geometry or {}) for area in rows).holding(lon, lat)


def parent_of(area_code: str) -> Area | None:
    """The nearest division on record that a code lies in."""
    codes = [code for code in above(area_code) if code != area_code]
    return max(Area.objects.filter(code__in=codes), key=lambda area: len(area.code), default=None)
