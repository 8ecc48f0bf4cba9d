"""Geometry of entities (GeoJSON, RFC 7946, in CGCS2000): lies in, box, buffer, overlay, sizes.

Degrees are not metres: whatever has a size is first laid out flat around its own middle (equal-area
along the parallel; under 0.5 % off for anything smaller than a province).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from django.utils.translation import gettext as _
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

# Metres of one degree of latitude at 30° N on the CGCS2000 ellipsoid.
_METRES_PER_DEGREE = 110_850.0

_FARTHEST = (180, 90)

# Under which names things and matters keep a geometry; what anybody writes elsewhere is text.
_KEPT_AS = frozenset({"geometry", "outline"})

GeoJSON = dict[str, Any]


class ShapeError(ValueError):
    """A geometry that cannot be read; the text says what is wrong with it."""


def parsed(text: str | bytes) -> Any:
    """GeoJSON of a text or a file, as it can be kept: of finite numbers, whole characters. Raises :class:`ShapeError`."""
    try:
        said = json.loads(text)
        json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise ShapeError(_("不是 GeoJSON：%s") % error) from error
    return said


def read(geometry: Any) -> BaseGeometry:
    """A GeoJSON geometry (or Feature) as a shape. Raises :class:`ShapeError`."""
    try:
        body = geometry.get("geometry") if geometry.get("type") == "Feature" else geometry
        result = shape(body)
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        OverflowError,
        RecursionError,
        shapely.errors.ShapelyError,
    ) as error:
        raise ShapeError(f"不是 GeoJSON 几何：{error}") from error
    if result.is_empty:
        raise ShapeError("几何为空")
    # What is not finite is within no bounds.
    if not (np.abs(shapely.get_coordinates(result)) <= _FARTHEST).all():
        raise ShapeError("坐标不是经纬度")
    if not result.is_valid:
        # A ring that crosses itself, as drawing tools leave it.
        result = shapely.make_valid(result)
    return result


def of_file(content: bytes) -> GeoJSON:
    """The geometry in a GeoJSON file: alone, as a Feature, or several features as one. Raises ``ShapeError``."""
    parts = [geometry for _properties, geometry in features(content)]
    return parts[0] if len(parts) == 1 else united(parts)


def features(content: bytes) -> list[tuple[dict[str, Any], GeoJSON]]:
    """The features of a GeoJSON file: (properties, geometry). Raises ``ShapeError``."""
    body = parsed(content)
    collected = isinstance(body, dict) and body.get("type") == "FeatureCollection"
    many: Any = body.get("features") if collected else [body]
    result: list[tuple[dict[str, Any], GeoJSON]] = []
    for feature in many if isinstance(many, list) else ():
        read(feature)
        geometry = feature["geometry"] if feature["type"] == "Feature" else feature
        properties = feature.get("properties")
        result.append((properties if isinstance(properties, dict) else {}, geometry))
    if not result:
        raise ShapeError("文件里没有几何")
    return result


def written(geometry: BaseGeometry, decimals: int = 6) -> GeoJSON:
    """A shape as GeoJSON, to a tenth of a metre."""
    rounded = shapely.set_precision(geometry, 10**-decimals)
    result: GeoJSON = _lists(mapping(rounded))
    return result


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lists(part) for name, part in value.items()}
    return [_lists(part) for part in value] if isinstance(value, list | tuple) else value


def box(geometry: GeoJSON) -> tuple[float, float, float, float]:
    """West, south, east and north of a geometry, in degrees."""
    west, south, east, north = read(geometry).bounds
    return west, south, east, north


def label_point(geometry: GeoJSON) -> tuple[float, float]:
    """Longitude and latitude of a place on the geometry where its name can stand."""
    body = read(geometry)
    if body.geom_type == "LineString":
        place = body.interpolate(0.5, normalized=True)
    else:
        place = body.representative_point()
    return round(place.x, 6), round(place.y, 6)


def contains(geometry: GeoJSON, lon: float, lat: float) -> bool | None:
    """Whether a polygon holds the place; ``None`` for a geometry without an inside."""
    body = read(geometry)
    if body.geom_type not in ("Polygon", "MultiPolygon", "GeometryCollection"):
        return None
    return bool(body.intersects(shapely.Point(lon, lat)))


class Regions:
    """Polygons by key, asked which of them hold a place. A tree over their boxes makes it fast."""

    def __init__(self, geometries: Iterable[tuple[str, GeoJSON]]) -> None:
        pairs = [(key, read(geometry)) for key, geometry in geometries]
        self._keys = [key for key, _ in pairs]
        self._shapes = [body for _, body in pairs]
        self._tree = shapely.STRtree(self._shapes)

    def holding(self, lon: float, lat: float) -> list[str]:
        """Keys of the regions that hold the place, the smallest region first."""
        hits = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
        ordered = sorted((int(hit) for hit in hits), key=lambda hit: self._shapes[hit].area)
        return [self._keys[hit] for hit in ordered]

    def meeting(self, geometry: GeoJSON) -> list[str]:
        """Keys of the regions that a geometry touches or lies in, in the order given."""
        hits = self._tree.query(read(geometry), predicate="intersects")
        return [self._keys[hit] for hit in sorted(int(hit) for hit in hits)]


# -- sizes, in metres ---------------------------------------------------------------------------


def _flat(body: BaseGeometry, middle: tuple[float, float]) -> BaseGeometry:
    """Laid out in metres around ``middle`` (longitude, latitude)."""
    lon, lat = middle
    across = _METRES_PER_DEGREE * math.cos(math.radians(lat))

    def metres(points: Any) -> Any:
        return (points - (lon, lat)) * (across, _METRES_PER_DEGREE)

    return shapely.transform(body, metres)


def _round(body: BaseGeometry, middle: tuple[float, float]) -> BaseGeometry:
    """Back from metres to degrees."""
    lon, lat = middle
    across = _METRES_PER_DEGREE * math.cos(math.radians(lat))

    def degrees(points: Any) -> Any:
        return points / (across, _METRES_PER_DEGREE) + (lon, lat)

    return shapely.transform(body, degrees)


def _middle(body: BaseGeometry) -> tuple[float, float]:
    west, south, east, north = body.bounds
    return (west + east) / 2, (south + north) / 2


def buffered(geometry: GeoJSON, metres: float) -> GeoJSON:
    """Everything within ``metres`` of a geometry, as a polygon (a ring around a point)."""
    body = read(geometry)
    middle = _middle(body)
    return written(_round(_flat(body, middle).buffer(metres, quad_segs=16), middle))


def area_km2(geometry: GeoJSON) -> float:
    """Area in square kilometres; 0 for points and lines."""
    body = read(geometry)
    return float(_flat(body, _middle(body)).area) / 1e6


def length_km(geometry: GeoJSON) -> float:
    """Length of a line, or of a polygon's border, in kilometres."""
    body = read(geometry)
    return float(_flat(body, _middle(body)).length) / 1e3


def in_words(name: str, value: Any) -> str:
    """What the geometry kept under ``name`` measures, for whoever reads that it was entered or changed; "" for what is none.

    >>> there = {"type": "Point", "coordinates": [118.5, 24.9]}
    >>> in_words("geometry", there), in_words("geometry", "{"), in_words("description", there)
    ('点 118.5, 24.9', '', '')
    """
    if name not in _KEPT_AS or not isinstance(value, str | dict):
        return ""
    try:
        body = read(parsed(value) if isinstance(value, str) else value)
    except ShapeError:
        return ""
    flat = _flat(body, _middle(body))
    if flat.area:
        return _("范围 %s ㎡") % f"{flat.area:,.0f}"
    if flat.length:
        return _("走向 %s km") % f"{flat.length / 1e3:,.2f}"
    return _("点 %s") % f"{body.centroid.x:.6f}, {body.centroid.y:.6f}"


def distance_m(one: GeoJSON, other: GeoJSON) -> float:
    """Shortest distance between two geometries in metres; 0 where they meet."""
    first, second = read(one), read(other)
    middle = _middle(shapely.union_all([first, second]))
    return float(_flat(first, middle).distance(_flat(second, middle)))


def nearest_line(
    lines: Mapping[int, BaseGeometry], lon: float, lat: float, within_m: float
) -> tuple[int, float] | None:
    """The key of the line that passes a place nearest, and at which share of its length; ``None`` where none is within reach.

    Each is laid out flat round the place; what is not near by its box is not laid out at all.
    """
    high = within_m / _METRES_PER_DEGREE
    wide = high / max(math.cos(math.radians(lat)), 0.01)
    here = shapely.Point(0, 0)
    nearest: tuple[float, int, float] | None = None
    for key, line in lines.items():
        west, south, east, north = line.bounds
        if not (west - wide <= lon <= east + wide and south - high <= lat <= north + high):
            continue
        flat = _flat(line, (lon, lat))
        metres = float(flat.distance(here))
        if metres <= within_m and (nearest is None or metres < nearest[0]):
            nearest = metres, key, float(flat.project(here, normalized=True))
    return nearest[1:] if nearest else None


def place_along(line: BaseGeometry, share: float) -> tuple[float, float]:
    """Longitude and latitude of a place on a line, by the share of its length that lies before it."""
    middle = _middle(line)
    place = _round(_flat(line, middle).interpolate(share, normalized=True), middle)
    lon, lat = place.coords[0]
    return round(lon, 6), round(lat, 6)


def overlay(one: GeoJSON, other: GeoJSON) -> tuple[GeoJSON | None, float]:
    """What two geometries share (``None`` where nothing) and the share of ``one`` that lies in ``other``.

    The share is of area for polygons, of length for lines, and 0 or 1 for a point.
    """
    first, second = read(one), read(other)
    common = first.intersection(second)
    if common.is_empty:
        return None, 0.0
    whole, part = (first.area, common.area) if first.area else (first.length, common.length)
    return written(common), part / whole if whole else 1.0


def united(geometries: Sequence[GeoJSON]) -> GeoJSON:
    """One geometry of several: divisions that were joined."""
    return written(shapely.union_all([read(geometry) for geometry in geometries]))
