"""What opens the records behind a figure: declared tables of records, and pages that show them already.

A figure names a door, not a word; :mod:`ecoledger.indicators.records` stands behind the tables, the web
behind the pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from ecoledger.indicators.figures import Records


@dataclass(frozen=True, slots=True)
class Door:
    """One kind of records. ``page``: a page of its own shows them; else the generic page of records."""

    key: str
    page: bool = False

    def opens(self, **query: str) -> Records:
        """The records that a figure was made from."""
        return Records(self.key, query)


AIR_DAYS = Door("air-days")
AIR_STATIONS = Door("air-stations")
WATER_SECTIONS = Door("water-sections")
WATER_MONTHS = Door("water-months")
WATER_DAYS = Door("water-days")
BOUNDARIES = Door("town-boundaries")
SEA = Door("sea-year")
SEA_RIVERS = Door("sea-rivers")
SOURCES = Door("water-sources")
DISCHARGERS = Door("dischargers")
ALARMS = Door("alarms")
COUNTED_MATTERS = Door("counted-matters")
COUNTED_ROWS = Door("counted-rows")
TARGETS = Door("targets")
PLAN_TARGETS = Door("plan-targets")
WASTE_RATE = Door("waste-rate")
FIELD_EFFORT = Door("field-effort")
SPECIES_MET = Door("species-met")

STATION = Door("station", page=True)
ALARM = Door("alarm", page=True)
MATTER = Door("matter", page=True)
MATTERS = Door("matters", page=True)
ROW = Door("row", page=True)


def address(records: Records) -> str:
    """Where the records of a figure are shown."""
    query = dict(records.query)
    match records.kind:
        case STATION.key:
            url = reverse("station", args=[query.pop("point")])
        case ALARM.key:
            url = reverse("alarm", args=[query.pop("id")])
        case MATTERS.key:
            url = reverse("matter-list", args=[query.pop("register")])
        case ROW.key:
            return query["url"]
        case MATTER.key:
            url = reverse("matter", args=[query.pop("register"), query.pop("id")])
        case key:
            url = reverse("records", args=[key])
    return f"{url}?{urlencode(query)}" if query else url
