"""What a rain did to the sections of an area (mechanism W13): days before, during and after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ecoledger.entities.models import Section
from ecoledger.indicators import water
from ecoledger.monitoring import runtime

DAYS = 3
ITEMS = ("codmn", "nh3n", "tp")


@dataclass(frozen=True, slots=True)
class RainOnSection:
    """Means of each item before, during and after a rain; ``None`` where nothing was measured."""

    section: Section
    means: dict[str, tuple[float | None, float | None, float | None]]
    days: tuple[int, int, int]

    def recovered(self, item: str) -> bool | None:
        """Whether the item is after the rain no more than a tenth above what it was before."""
        before, _during, after = self.means[item]
        if before is None or after is None:
            return None
        return after <= 1.1 * before


def of(area_code: str, begin: date, end: date) -> list[RainOnSection]:
    """Every section of an area for the rain on the days ``begin <= day <= end``, and three days on each side."""
    if not runtime.is_open():
        return []
    first, last = begin - timedelta(days=DAYS), end + timedelta(days=DAYS + 1)
    places = water.places(area_code, first, last)
    rows = water.rows_of(places, first, last)
    made = []
    for section, _point in places:
        spans: list[list[dict[str, Any]]] = [[], [], []]
        for row in rows[section.pk]:
            spans[0 if row["time"] < begin else 1 if row["time"] <= end else 2].append(row)
        means = {item: _three(spans, item) for item in ITEMS}
        made.append(RainOnSection(section, means, (len(spans[0]), len(spans[1]), len(spans[2]))))
    return made


def _three(
    spans: list[list[dict[str, Any]]], item: str
) -> tuple[float | None, float | None, float | None]:
    means: list[float | None] = []
    for rows in spans:
        values = [row[item] for row in rows if item in row]
        means.append(sum(values) / len(values) if values else None)
    return means[0], means[1], means[2]
