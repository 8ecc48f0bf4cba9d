"""低碳社区 (mechanism G4): communities scored by the local standard; the grade decides at which level one may be named.

The items stand in ``data/community.toml`` and are edited as a table on ``/b/community_score/items``: no local standard was
read, so the shipped ones are marked ?.
"""

from __future__ import annotations

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.books.models import Score, ScoreRound
from ecoledger.books.score_sheet import ScoreSheet, grades_said, items_said
from ecoledger.entities.inventory import CODE, COORDINATES, Inventory
from ecoledger.entities.inventory import declare as declare_inventory
from ecoledger.entities.models import Entity
from ecoledger.listings import own_data, own_tables
from ecoledger.listings.catalogue import declare, redeclare
from ecoledger.listings.own_tables import OwnColumn, OwnTable
from ecoledger.listings.parts import Import
from ecoledger.registers.creation.projects import Level


class Community(Entity):
    """A community that becomes low-carbon (社区)."""

    KIND = "community"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_community"
    )
    rank = models.CharField(
        "创建级别", max_length=10, choices=Level.choices, blank=True, db_index=True
    )
    households = models.PositiveIntegerField("户数", null=True, blank=True)
    people = models.PositiveIntegerField("常住人口", null=True, blank=True)
    size = models.DecimalField(
        "面积 km²", max_digits=9, decimal_places=3, null=True, blank=True, validators=[MinValueValidator(0)]
    )  # fmt: skip
    contact = models.CharField("联系人", max_length=60, blank=True)

    class Meta:
        verbose_name = "社区"


COMMUNITIES = declare_inventory(Inventory(
    key="community", label="低碳社区", model=Community, line="soil", letter="Y",
    columns=("name", "code", "rank", "households", "people", "size", "contact", "area_code"),
    filters=("rank", "area_code"), search=("name", "code"),
    fields=("name", CODE, "area_code", "address", "lon", "lat", COORDINATES, "rank", "households", "people", "size",
            "contact"),
    imports=Import(key=("name",), future=(),
                   headers={"name": ("社区名称", "社区"), "rank": ("级别",), "area_code": ("街道", "镇街")},
                   values={"rank": {"区级": "county"}},
                   examples={"name": "某社区", "rank": "市级", "area_code": "北镇", "households": "1800"}),
    empty="还没有社区。导入创建低碳社区的名单。",
))  # fmt: skip


def communities(area_code: str) -> QuerySet[Any]:
    """The communities of a division that are scored."""
    return Community.objects.filter(area_code__startswith=area_code, until=None)


def sheet() -> ScoreSheet:
    """The sheet as the bureau's file, or the shipped one, has it."""
    said = own_data.read(__package__, "community")
    return ScoreSheet(
        key="community_score", label="低碳社区评分", line="soil", items=items_said(said),
        grades=grades_said(said),
        sources={}, scores=communities, decimals=1,
        columns=("name", "state", "begin", "end", "area_code"), filters=("state",),
        fields=("name", "area_code", "begin", "end"), search=("name",), lead="name",
        edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR}),
        empty="还没有评分。登记一轮评分后，名单上的社区会列在这里。",
    )  # fmt: skip


SCORES = declare(sheet())
own_tables.declare(OwnTable(
    book="community_score", room=__package__, name="community", rows="item", label="评价标准",
    columns=(OwnColumn("label", "评价内容", required=True, most=200), OwnColumn("heading", "类别", most=40),
             OwnColumn("full", "满分", kind="number"), OwnColumn("veto", "否决项", kind="yes")),
    changed=lambda: redeclare(sheet()), help="按本地低碳社区评价标准填写；已开始的评分按开始时的标准计分。",
))  # fmt: skip


def score_of(entity_key: int | None) -> Score | None:
    """The last published score of a community."""
    return (
        Score.objects.filter(round__book="community_score", entity=entity_key)
        .exclude(round__state=ScoreRound.State.DRAFT)
        .order_by("-round__end", "-pk")
        .first()
    )


def not_graded(project: Any) -> str:
    """Why a community may not be named at its level: it has no published score, or its grade is below."""
    score = score_of(project.entity_id) if project.entity_id else None
    if score is None:
        return _("没有已公示的低碳社区评分。")
    said = own_data.read(__package__, "community")["grades"]
    labels = [grade["label"] for grade in said]
    # The first grade is for a level above the county's, the last is none.
    allowed = labels[:-1] if project.rank == Level.COUNTY else labels[:1]
    if score.grade in allowed:
        return ""
    return _("评分 %(total)s 为“%(grade)s”，不够%(rank)s命名。") % {
        "total": score.total,
        "grade": score.grade,
        "rank": _(Level(project.rank).label),
    }
