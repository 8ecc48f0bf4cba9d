"""安澜市: a county-level city that does not exist. Everything about it is synthetic and marked so.

It lies in open sea on a real map, under a division code that no province uses, so that nothing shown can
be taken for a statement about a real place or firm.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import pairwise

CITY_CODE = "990181"
CITY_NAME = "安澜市"
SEED = 212

WEST, EAST = 122.40, 122.94
SOUTH, NORTH = 33.02, 33.38

# Three by three towns, north-west to south-east; the code is the city's plus three digits.
TOWNS = (
    ("990181001", "青岭镇"),
    ("990181002", "云台镇"),
    ("990181003", "沙浦镇"),
    ("990181004", "石桥镇"),
    ("990181005", "城关街道"),
    ("990181006", "望江街道"),
    ("990181007", "临湖镇"),
    ("990181008", "东港镇"),
    ("990181009", "河口镇"),
)
TOWN_CODE = {name: code for code, name in TOWNS}


def _corner(column: int, row: int) -> tuple[float, float]:
    """Grid corner, pulled off the grid inside the city so that borders do not look ruled."""
    shift = random.Random(f"{SEED}-{column}-{row}")
    inner = 0 < column < 3 and 0 < row < 3
    reach = 0.30 if inner else 0.10
    width, height = (EAST - WEST) / 3, (NORTH - SOUTH) / 3
    return (
        WEST + width * (column + shift.uniform(-reach, reach)),
        NORTH - height * (row + shift.uniform(-reach, reach)),
    )


def _border(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """A wavering line between two corners, the same whichever town asks."""
    first, last = sorted((start, end))
    waver = random.Random(f"{SEED}-{first}-{last}")
    steps = 9
    line = [first]
    for i in range(1, steps):
        t = i / steps
        amplitude = 0.012 * math.sin(math.pi * t)
        line.append(
            (
                first[0] + (last[0] - first[0]) * t + waver.uniform(-amplitude, amplitude),
                first[1] + (last[1] - first[1]) * t + waver.uniform(-amplitude, amplitude),
            )
        )
    line.append(last)
    return line if start == first else line[::-1]


def town_polygon(index: int) -> dict[str, object]:
    """GeoJSON polygon of the town at ``index`` of :data:`TOWNS`."""
    row, column = divmod(index, 3)
    corners = [
        _corner(column, row),
        _corner(column + 1, row),
        _corner(column + 1, row + 1),
        _corner(column, row + 1),
    ]
    ring: list[tuple[float, float]] = []
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        ring += _border(start, end)[:-1]
    ring.append(ring[0])
    return {"type": "Polygon", "coordinates": [[[round(x, 5), round(y, 5)] for x, y in ring]]}


def town_centre(code: str) -> tuple[float, float]:
    """Middle of a town (mean of its border)."""
    index = [c for c, _ in TOWNS].index(code)
    ring = town_polygon(index)["coordinates"][0][:-1]  # type: ignore[index]
    return (sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring))


@dataclass(frozen=True)
class RiverPlan:
    """A river drawn downstream, where it joins another, and its mean speed."""

    code: str
    name: str
    path: tuple[tuple[float, float], ...]
    into: str | None = None
    joins_at_km: float | None = None


def length_km(path: tuple[tuple[float, float], ...]) -> float:
    """Length of a line of lon/lat pairs, by the haversine formula."""
    return sum(_distance_km(a, b) for a, b in pairwise(path))


def _distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    lon1, lat1, lon2, lat2 = map(math.radians, (*a, *b))
    h = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6371.0 * math.asin(math.sqrt(h))


def place_on(path: tuple[tuple[float, float], ...], km: float) -> tuple[float, float]:
    """The point ``km`` downstream of the river's head."""
    left = km
    for a, b in pairwise(path):
        step = _distance_km(a, b)
        if left <= step:
            t = left / step
            return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)
        left -= step
    return path[-1]


RIVERS = (
    RiverPlan(
        "R-LANXI",
        "澜溪",
        (
            (122.415, 33.352),
            (122.450, 33.325),
            (122.480, 33.300),
            (122.520, 33.262),
            (122.565, 33.240),
            (122.610, 33.215),
            (122.655, 33.205),
            (122.700, 33.190),
            (122.745, 33.196),
            (122.790, 33.180),
            (122.825, 33.150),
            (122.860, 33.115),
            (122.895, 33.090),
            (122.935, 33.075),
        ),
    ),
    RiverPlan(
        "R-SHIQIAO",
        "石桥河",
        (
            (122.450, 33.055),
            (122.485, 33.090),
            (122.530, 33.120),
            (122.575, 33.160),
            (122.610, 33.215),
        ),
        "R-LANXI",
        23.9,
    ),
    RiverPlan(
        "R-SHAPU",
        "沙浦港",
        (
            (122.860, 33.360),
            (122.835, 33.320),
            (122.815, 33.270),
            (122.800, 33.225),
            (122.790, 33.180),
        ),
        "R-LANXI",
        41.5,
    ),
    RiverPlan(
        "R-DONGGANG",
        "东港河",
        (
            (122.640, 33.050),
            (122.690, 33.075),
            (122.745, 33.095),
            (122.800, 33.105),
            (122.860, 33.115),
        ),
        "R-LANXI",
        51.2,
    ),
)
RIVER = {plan.code: plan for plan in RIVERS}


@dataclass(frozen=True)
class SectionPlan:
    """A monitored section: where, towards which class, between which towns."""

    code: str
    name: str
    river: str
    km: float
    target: int
    level: str
    upstream: str
    downstream: str


SECTIONS = (
    SectionPlan("S-QINGLING", "青岭桥", "R-LANXI", 5.0, 2, "县控", "青岭镇", "青岭镇"),
    SectionPlan("S-SHIQIAODU", "石桥渡口", "R-LANXI", 15.5, 3, "市控", "石桥镇", "城关街道"),
    SectionPlan("S-FUQIAO", "城关浮桥", "R-LANXI", 28.5, 3, "省控", "城关街道", "城关街道"),
    SectionPlan("S-WANGJIANG", "望江闸", "R-LANXI", 38.0, 3, "省控", "城关街道", "望江街道"),
    SectionPlan("S-HEKOU", "河口大桥", "R-LANXI", 58.0, 3, "国控", "河口镇", "河口镇"),
    SectionPlan("S-LINHU", "临湖闸", "R-SHIQIAO", 4.0, 3, "县控", "临湖镇", "临湖镇"),
    SectionPlan("S-SHIQIAOHK", "石桥河口", "R-SHIQIAO", 19.0, 4, "县控", "临湖镇", "城关街道"),
    SectionPlan("S-SHAPU", "沙浦桥", "R-SHAPU", 9.0, 3, "县控", "沙浦镇", "望江街道"),
    SectionPlan("S-DONGGANGUP", "东港上游", "R-DONGGANG", 4.5, 4, "县控", "东港镇", "东港镇"),
    SectionPlan("S-DONGGANGHK", "东港河口", "R-DONGGANG", 18.0, 4, "市控", "东港镇", "河口镇"),
)


@dataclass(frozen=True)
class AirStationPlan:
    """An air station and the Beijing station whose record it replays."""

    code: str
    name: str
    town: str
    replays: str
    level: str
    counts: bool = True


AIR_STATIONS = (
    AirStationPlan("A-ZHENGFU", "市政府", "城关街道", "guanyuan", "provincial"),
    AirStationPlan("A-TIYUGUAN", "体育馆", "城关街道", "dongsi", "provincial"),
    AirStationPlan("A-WANGJIANG", "望江中学", "望江街道", "nongzhanguan", "provincial"),
    AirStationPlan("A-QINGLING", "青岭水库", "青岭镇", "dingling", "city", False),
    AirStationPlan("A-YUNTAI", "云台镇政府", "云台镇", "huairou", "town"),
    AirStationPlan("A-SHAPU", "沙浦镇政府", "沙浦镇", "shunyi", "town"),
    AirStationPlan("A-SHIQIAO", "石桥镇政府", "石桥镇", "changping", "town"),
    AirStationPlan("A-LINHU", "临湖镇政府", "临湖镇", "wanliu", "town"),
    AirStationPlan("A-DONGGANG", "东港工业园", "东港镇", "gucheng", "town"),
    AirStationPlan("A-DONGGANGZ", "东港镇政府", "东港镇", "tiantan", "town"),
    AirStationPlan("A-HEKOU", "河口镇政府", "河口镇", "wanshouxigong", "town"),
    AirStationPlan("A-CHENGNAN", "城南公园", "城关街道", "aotizhongxin", "city"),
)
