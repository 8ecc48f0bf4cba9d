"""Where along a drawn river a place lies: by the river's shape, and by its length on record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shapely.geometry.base import BaseGeometry

from ecoledger.entities import shapes
from ecoledger.entities.models import River


def lines_of(rivers: Iterable[River]) -> dict[int, BaseGeometry]:
    """The shapes of the drawn rivers, read once for many places."""
    return {river.pk: shapes.read(river.geometry) for river in rivers if river.geometry}


def nearest(
    rivers: Mapping[int, River],
    lines: Mapping[int, BaseGeometry],
    lon: float,
    lat: float,
    within_m: float,
) -> tuple[int, float] | None:
    """The river of ``lines`` that passes nearest, and the kilometres from its head; ``None`` where none is within reach."""
    passing = shapes.nearest_line(lines, lon, lat, within_m)
    if passing is None:
        return None
    key, share = passing
    river = rivers[key]
    # A share of the line as drawn; what was surveyed is the length on record.
    return key, share * (river.length_km or shapes.length_km(river.geometry or {}))


def place_at(river: River, km: float) -> tuple[float, float] | None:
    """Longitude and latitude of a place on a drawn river, by its distance from the head."""
    if not river.geometry or not river.length_km:
        return None
    return shapes.place_along(shapes.read(river.geometry), min(km / river.length_km, 1.0))
