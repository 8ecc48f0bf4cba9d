"""The level of an event (突发环境事件分级) by what it did, and how soon it is reported: data (``data/incident_levels.toml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.listings import own_data

ROMAN = {1: "Ⅰ级（特别重大）", 2: "Ⅱ级（重大）", 3: "Ⅲ级（较大）", 4: "Ⅳ级（一般）"}
# Hours within which an event of a level is first reported, from when it was learned of (部令第17号, mark P).
HOURS = {1: 2, 2: 2, 3: 4, 4: 4}
CUTS = ("", "town", "county", "city")
CROSSINGS = ("", "county", "city", "province", "nation")
# What is counted, and what it is called.
COUNTED = {
    "deaths": "死亡",
    "poisoned": "中毒或重伤",
    "evacuated": "疏散转移",
    "loss": "直接经济损失",
}


@dataclass(frozen=True, slots=True)
class Suggested:
    """The level that follows from the facts, which of them reach it, and by which list."""

    level: int
    reasons: tuple[str, ...]
    version: str

    @property
    def label(self) -> str:
        return ROMAN[self.level]


def rules() -> dict[str, Any]:
    """The levels and limits in force."""
    return own_data.read(__package__, "incident_levels")


def suggested(facts: Mapping[str, Any], version: str = "") -> Suggested:
    """The level of ``facts`` (deaths, poisoned, evacuated, loss in 10,000 yuan, source_cut, crossing) by one list.

    What nobody knows counts as nothing happened: the level may rise when more is known.
    """
    said = rules()
    version = version or str(said["version"])
    rows = [row for row in said["level"] if str(row["version"]) == version]
    for row in sorted(rows, key=lambda row: int(row["level"])):
        if reasons := _reached(row, facts):
            return Suggested(int(row["level"]), reasons, version)
    return Suggested(4, (), version)


def _reached(row: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[str, ...]:
    reasons = [
        f"{_(label)} ≥ {row[name]}"
        for name, label in COUNTED.items()
        if name in row and (facts.get(name) or 0) >= row[name]
    ]
    for name, order, label in (
        ("source_cut", CUTS, "饮用水水源取水中断"),
        ("crossing", CROSSINGS, "跨界影响"),
    ):
        value = facts.get(name) or ""
        if value and order.index(value) >= order.index(str(row[name])):
            reasons.append(_(label))
    return tuple(reasons)


def reported_level(level: str, circumstance: str) -> int | None:
    """As which level an event is reported: its own; 重大 where it cannot be judged and one of the six circumstances holds."""
    if level:
        return int(level)
    return 2 if circumstance else None


def hours_to_report(level: int) -> int:
    """Within how many hours of learning of it an event of that level is first reported."""
    return HOURS[level]
