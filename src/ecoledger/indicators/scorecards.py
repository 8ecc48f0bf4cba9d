"""镇（街道）绩效考核 (mechanism T2) and 大气长效机制考核 (A17): each town's scorecard, fed by indicators.

Places are rated, never persons.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from ecoledger.accounts.roles import Role
from ecoledger.books.score_sheet import Item, Measured, ScoreSheet, Source, grades_said
from ecoledger.entities.models import Area
from ecoledger.entities.validity import in_force
from ecoledger.indicators import declaring, scoring
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare

FILE = "town_assessment.toml"
# A town's code is longer than its county's six digits.
TOWN = 9


def towns(area_code: str) -> list[str]:
    """Codes of the towns and streets of a division that there are today."""
    codes = (
        Area.objects.filter(in_force(), code__startswith=area_code)
        .order_by("code")
        .values_list("code", flat=True)
    )
    return [code for code in codes if len(code) >= TOWN]


def feed(indicator: str) -> Source:
    """The source that asks an indicator when the round is computed: one that is not declared has no data."""

    def measured(scored: Any, first: Any, last: Any) -> Measured:
        try:
            source = scoring.source(indicator)
        except KeyError:
            return Measured(None, f"数据缺：{declaring.NOT_THERE}")
        return source(scored, first, last)

    return measured


def _items(said: dict[str, Any]) -> Iterator[Item]:
    for item in said["item"]:
        yield Item(
            key=item["key"],
            label=item["label"],
            full=Decimal(str(item["full"])),
            basis=f"{declaring.called(item['indicator'])}（{said['mark']}）",
            source=item["indicator"],
            steps=tuple((Decimal(str(a)), Decimal(str(b))) for a, b in item["steps"]),
        )


def sheet(name: str, **declared: Any) -> ScoreSheet:
    """The sheet as the bureau's file of that name, or the shipped one, has it."""
    said = own_data.read(__package__, name)
    items = tuple(_items(said))
    return ScoreSheet(
        key=name, line="assessment",
        items=items, grades=grades_said(said),
        sources={item.source: feed(item.source) for item in items}, scores=partial(towns), decimals=1,
        columns=("name", "state", "begin", "end", "area_code"), filters=("state",),
        fields=("name", "area_code", "begin", "end"), search=("name",), lead="name",
        edit=frozenset({Role.SECTION_CHIEF, Role.DISPATCHER, Role.LEADER}), **declared,
    )  # fmt: skip


def town_sheet() -> ScoreSheet:
    """The towns' yearly sheet, as it stands in its file now."""
    return sheet(
        FILE.removesuffix(".toml"),
        label="镇街绩效考核",
        empty="还没有考核。登记一期考核后，各镇街由各台账自动计分。",
    )


SHEET = declare(town_sheet())
AIR_SHEET = declare(sheet(
    "air_assessment", label="大气长效机制考核",
    empty="还没有大气考核。登记一期后，治理、监管、预警、调控由各台账自动计分。",
))  # fmt: skip
