"""危险废物规范化环境管理评估 (mechanism S-6): thirty items of two marks, three of them vetoes; graded.

Items, grades and vetoes stand in ``data/assessment.toml`` with the mark of their source; the bureau edits the items as
a table on ``/b/waste_assessment/items``. Marks that are lost when a round is published become problems of the ledger.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from ecoledger.accounts.roles import Role
from ecoledger.books.score_sheet import ScoreSheet, grades_said, items_said
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data, own_tables
from ecoledger.listings.catalogue import declare, redeclare
from ecoledger.listings.own_tables import OwnColumn, OwnTable
from ecoledger.registers.waste.producers import on_list


def producers(area_code: str) -> QuerySet[Any]:
    """Firms that are assessed: those of the list of producers in force; without one, the key firms of the division."""
    firms = Enterprise.objects.filter(area_code__startswith=area_code)
    listed = firms.filter(pk__in=on_list().values("pk"))
    return listed if listed.exists() else firms.filter(is_key=True)


def sheet() -> ScoreSheet:
    """The sheet as the bureau's file, or the shipped one, has it."""
    said = own_data.read(__package__, "assessment")
    return ScoreSheet(
        key="waste_assessment", label="危险废物规范化评估", line="waste",
        items=items_said(said),
        grades=grades_said(said),
        sources={}, scores=producers, decimals=0, begets="problem",
        columns=("name", "state", "begin", "end", "area_code"), filters=("state",),
        fields=("name", "area_code", "begin", "end"), search=("name",), lead="name",
        edit=frozenset({Role.OFFICER, Role.MONITOR, Role.SECTION_CHIEF}),
        empty="还没有评估。登记一个年度的评估后，管辖的产废单位会列在这里。",
    )  # fmt: skip


ASSESSMENT = declare(sheet())
own_tables.declare(OwnTable(
    book="waste_assessment", room=__package__, name="assessment", rows="item", label="评估项目",
    columns=(OwnColumn("label", "评估内容", required=True, most=200), OwnColumn("heading", "评估项目", most=40),
             OwnColumn("full", "满分", kind="number"), OwnColumn("veto", "否决项", kind="yes")),
    changed=lambda: redeclare(sheet()), help="已开始的评估按开始时的条目计分。",
))  # fmt: skip
