"""危险废物规范化环境管理评估 (mission S-6): thirty items of two marks, three of them vetoes; graded.

Items, grades and vetoes stand in ``data/assessment.toml`` with the mark of their source; a file of the same
name in the bureau's profile takes its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from ecoledger.accounts.roles import Role
from ecoledger.books.score_sheet import Grade, Item, ScoreSheet
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare

FULL = Decimal(2)


TABLE = own_data.read(__package__, "assessment")


def _items() -> Iterator[Item]:
    number = 0
    for heading in TABLE["headings"]:
        for n in range(1, heading["items"] + 1):
            number += 1
            yield Item(
                key=f"{number:02d}",
                label=f"{number}. {heading['label']} {n}",
                full=FULL,
                basis=f"{TABLE['source']}（{TABLE['mark']}）",
                veto=number in TABLE["vetoes"],
            )


def producers(area_code: str) -> QuerySet[Any]:
    """Firms that are assessed: the key firms of the division. A roster of producers takes their place."""
    return Enterprise.objects.filter(area_code__startswith=area_code, is_key=True)


ASSESSMENT = declare(ScoreSheet(
    key="waste_assessment", label="危险废物规范化评估", line="waste",
    items=tuple(_items()), grades=tuple(Grade(g["label"], Decimal(g["least"])) for g in TABLE["grades"]),
    sources={}, scores=producers, decimals=0,
    columns=("name", "state", "begin", "end", "area_code"), filters=("state",),
    fields=("name", "area_code", "begin", "end"), search=("name",), lead="name",
    edit=frozenset({Role.OFFICER, Role.MONITOR, Role.SECTION_CHIEF}),
    empty="还没有评估。登记一个年度的评估后，管辖的产废单位会列在这里。",
))  # fmt: skip
