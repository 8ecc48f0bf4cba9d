"""Coordinates from Chinese web maps brought to CGCS2000 when they are imported.

GCJ-02 (高德, 腾讯) shifts places by up to 700 m by an unpublished rule whose public reconstruction is used
here; BD-09 (百度) shifts GCJ-02 once more. CGCS2000 and WGS-84 agree within centimetres. The formulas come
from the open reconstruction (mark M: no official text); back and forth agree within 1 cm.
"""

from __future__ import annotations

import math
from collections.abc import Callable

CGCS2000, WGS84, GCJ02, BD09 = "CGCS2000", "WGS-84", "GCJ-02", "BD-09"
SOURCES = (CGCS2000, WGS84, GCJ02, BD09)

_AXIS, _ECCENTRICITY = 6378245.0, 0.00669342162296594323
_BD_TURN = math.pi * 3000.0 / 180.0


def source_of(text: str) -> str:
    """The system that a table names, in its usual spellings. Raises ``ValueError`` with those known."""
    plain = "".join(c for c in text.upper() if c.isalnum() or "一" <= c <= "鿿")
    names = {
        "": CGCS2000, "CGCS2000": CGCS2000, "国家2000": CGCS2000, "WGS84": WGS84, "GPS": WGS84,
        "GCJ02": GCJ02, "高德": GCJ02, "腾讯": GCJ02, "火星坐标": GCJ02, "BD09": BD09, "百度": BD09,
    }  # fmt: skip
    try:
        return names[plain]
    except KeyError:
        raise ValueError(f"没有坐标系“{text}”，可填：{'、'.join(SOURCES)}") from None


def to_cgcs2000(lon: float, lat: float, source: str) -> tuple[float, float]:
    """Longitude and latitude of ``source`` as CGCS2000, in degrees.

    >>> [round(c, 5) for c in to_cgcs2000(116.404, 39.915, "BD-09")]
    [116.39139, 39.90726]
    """
    if source in (CGCS2000, WGS84):
        return lon, lat
    if source == BD09:
        lon, lat = _gcj_from_bd(lon, lat)
    elif source != GCJ02:
        raise ValueError(f"没有坐标系“{source}”")
    return _inverse(_gcj_from_wgs, lon, lat)


def _inverse(
    forward: Callable[[float, float], tuple[float, float]], lon: float, lat: float
) -> tuple[float, float]:
    """The place that ``forward`` brings to ``lon, lat``, by repeated correction."""
    x, y = lon, lat
    for _ in range(10):
        there_lon, there_lat = forward(x, y)
        x, y = x + lon - there_lon, y + lat - there_lat
    return x, y


def _gcj_from_wgs(lon: float, lat: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    waves = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += waves * 2.0 / 3.0
    north += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (
        (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    )
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += waves * 2.0 / 3.0
    east += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (
        (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    )
    radians = math.radians(lat)
    magic = 1.0 - _ECCENTRICITY * math.sin(radians) ** 2
    along = _AXIS * (1.0 - _ECCENTRICITY) / (magic * math.sqrt(magic)) * math.pi / 180.0
    across = _AXIS / math.sqrt(magic) * math.cos(radians) * math.pi / 180.0
    return lon + east / across, lat + north / along


def _gcj_from_bd(lon: float, lat: float) -> tuple[float, float]:
    return _inverse(_bd_from_gcj, lon, lat)


def _bd_from_gcj(lon: float, lat: float) -> tuple[float, float]:
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD_TURN)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD_TURN)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006
