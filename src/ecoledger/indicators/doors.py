"""What opens the records behind a figure: declared tables of records, and pages that show them already.

A figure names a door, not a word; :mod:`ecoledger.indicators.records` stands behind the tables, the web
behind the pages.
"""

from __future__ import annotations

from dataclasses import dataclass

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

STATION = Door("station", page=True)
ALARM = Door("alarm", page=True)
MATTER = Door("matter", page=True)
MATTERS = Door("matters", page=True)
ROW = Door("row", page=True)
