"""Where a complaint lies when nobody gave coordinates: by its firm, a known address, its village, or only its town.

How it was placed stays with the complaint, so that a map says which marks are no more than a town's middle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import models

from ecoledger.entities.models import Area, Enterprise, Entity


class Placed(models.TextChoices):
    """By what a complaint stands on the map, the surest first."""

    GIVEN = "given", "填报坐标"
    FIRM = "firm", "对应企业"
    ADDRESS = "address", "已知地址"
    VILLAGE = "village", "村居（约）"
    TOWN = "town", "镇街（约）"


class Place(NamedTuple):
    """A place and by what it was found."""

    lon: float
    lat: float
    placed: Placed


_HOUSE = re.compile(r"([\u4e00-\u9fa5]{2,16}?(?:大道|路|街|道|巷|弄))(\d+)号")
_END = re.compile(r"(村民委员会|居民委员会|村委会|居委会|社区|网格|村|居)$")


class Gazetteer:
    """Places by their names. Read once an import."""

    def __init__(self, areas: Iterable[tuple[str, str]]) -> None:
        # Names of divisions stand before the street in an address; the longest first.
        self._divisions = sorted((name for _code, name in areas if name), key=len, reverse=True)
        self._houses: dict[tuple[str, str], tuple[float, float]] = {}
        firms = Enterprise.objects.exclude(address="").exclude(lon=None)
        for address, code, lon, lat in firms.values_list("address", "area_code", "lon", "lat"):
            if lon is None or lat is None:
                continue
            if key := self.house_of(address):
                self._houses.setdefault((code[:9], key), (lon, lat))
        self._villages: dict[str, list[tuple[str, float, float]]] = {}
        named = Entity.objects.filter(kind__in=(Area.KIND, "grid_cell"), until=None).exclude(
            lon=None
        )
        self._towns: dict[str, tuple[float, float]] = {}
        for kind, name, code, lon, lat in named.values_list(
            "kind", "name", "area_code", "lon", "lat"
        ):
            if lon is None or lat is None:
                continue
            if kind == Area.KIND and len(code) == 9:
                self._towns[code] = (lon, lat)
            elif len(code) > 9 or kind == "grid_cell":
                stem = _END.sub("", name)
                if len(stem) >= 2:
                    self._villages.setdefault(code[:9], []).append((stem, lon, lat))
        for rows in self._villages.values():
            rows.sort(key=lambda row: -len(row[0]))

    def house_of(self, address: str) -> str:
        """Street and number of an address, without the divisions before them; "" where it names none.

        ``北镇振兴大道29号院内`` → ``振兴大道29号``
        """
        match = _HOUSE.search(re.sub(r"\s", "", address))
        if match is None:
            return ""
        street = match[1]
        for name in self._divisions:
            rest = street.rpartition(name)[2]
            # A street may be called after the town: something must be left of its name.
            street = rest if len(rest) > 2 else street
        return f"{street}{match[2]}号"

    def place(self, area_code: str, *texts: Any) -> Place | None:
        """The place that the first of ``texts`` names in a town; else the town's middle; ``None`` where it has none."""
        town = area_code[:9]
        said = [str(text) for text in texts if text]
        for text in said:
            key = self.house_of(text)
            if key and (found := self._houses.get((town, key))):
                return Place(*found, Placed.ADDRESS)
        for text in said:
            for stem, lon, lat in self._villages.get(town, ()):
                if stem in text:
                    return Place(lon, lat, Placed.VILLAGE)
        middle = self._towns.get(town)
        return Place(*middle, Placed.TOWN) if middle else None


def locate(complaint: dict[str, Any], places: Gazetteer) -> None:
    """Give a complaint's fields a place where they have none, and say by what."""
    if complaint.get("lon") is not None and complaint.get("lat") is not None:
        complaint.setdefault("placed", Placed.GIVEN)
        return
    texts = (complaint.get("address"), complaint.get("description"))
    if match := places.place(str(complaint.get("area_code") or ""), *texts):
        complaint["lon"], complaint["lat"], complaint["placed"] = match
