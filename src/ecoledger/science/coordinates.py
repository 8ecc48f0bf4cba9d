"""Coordinates of China: GCJ-02 and BD-09 to WGS-84 and back, and metres on a flat map round a place.

GCJ-02 is WGS-84 moved by some hundred metres, by the formula that map services in China use; it has no exact
inverse, so it is undone by iteration to well below a centimetre. Outside China nothing is moved. CGCS2000
counts as WGS-84 (they differ by centimetres).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
System = Literal["wgs84", "gcj02", "bd09"]
_AXIS, _ECCENTRICITY = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, as the services use
_EARTH = 6371008.8


def _offset(lon: Array, lat: Array) -> tuple[Array, Array]:
    """GCJ-02 minus WGS-84, degrees."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves = 20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves * 2 / 3
    north += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)) * 2 / 3
    north += (160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves * 2 / 3
    east += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)) * 2 / 3
    east += (150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)) * 2 / 3
    phi = np.radians(lat)
    bulge = 1 - _ECCENTRICITY * np.sin(phi) ** 2
    north = np.degrees(north / (_AXIS * (1 - _ECCENTRICITY) / (bulge * np.sqrt(bulge))))
    east = np.degrees(east / (_AXIS / np.sqrt(bulge) * np.cos(phi)))
    inside = (lon > 72.004) & (lon < 137.8347) & (lat > 0.8293) & (lat < 55.8271)
    return np.where(inside, east, 0.0), np.where(inside, north, 0.0)


def to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """WGS-84 degrees to GCJ-02 degrees."""
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    east, north = _offset(lon, lat)
    return lon + east, lat + north


def from_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """GCJ-02 degrees to WGS-84 degrees."""
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    x, y = lon, lat
    for _ in range(6):
        east, north = _offset(x, y)
        x, y = lon - east, lat - north
    return x, y


def from_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """BD-09 degrees to WGS-84 degrees."""
    x, y = np.asarray(lon, dtype=float) - 0.0065, np.asarray(lat, dtype=float) - 0.006
    factor = np.pi * 3000 / 180
    radius = np.hypot(x, y) - 0.00002 * np.sin(y * factor)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * factor)
    return from_gcj02(radius * np.cos(angle), radius * np.sin(angle))


def to_wgs84(lon: ArrayLike, lat: ArrayLike, system: System) -> tuple[Array, Array]:
    """Degrees of any of the three systems to WGS-84. Raises ``ValueError`` for another system."""
    if system == "wgs84":
        return np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    if system == "gcj02":
        return from_gcj02(lon, lat)
    if system == "bd09":
        return from_bd09(lon, lat)
    raise ValueError(f"{system!r} is no system of coordinates; use {', '.join(get_args(System))}")


@dataclass(frozen=True, slots=True)
class FlatMap:
    """Metres east and north of a place, true to a part in a thousand within 100 km."""

    lon: float
    lat: float

    def metres(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
        """Degrees to metres."""
        x = np.radians(np.asarray(lon, dtype=float) - self.lon) * np.cos(np.radians(self.lat))
        return x * _EARTH, np.radians(np.asarray(lat, dtype=float) - self.lat) * _EARTH

    def degrees(self, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """Metres to degrees."""
        lat = self.lat + np.degrees(np.asarray(y, dtype=float) / _EARTH)
        lon = np.asarray(x, dtype=float) / _EARTH / np.cos(np.radians(self.lat))
        return self.lon + np.degrees(lon), lat


def distance(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Array:
    """Great-circle distance in metres between places in degrees."""
    a, b = np.radians(np.asarray(lat1, dtype=float)), np.radians(np.asarray(lat2, dtype=float))
    across = np.radians(np.asarray(lon2, dtype=float) - np.asarray(lon1, dtype=float))
    chord = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(across / 2) ** 2
    result: Array = 2 * _EARTH * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return result
