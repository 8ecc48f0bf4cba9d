"""站点长巡查 (mechanism Q18): each station has a chief who checks it every week by a list, and reports interference.

The list stands in ``data/station_checks.toml`` and is edited as a table on ``/b/station_check/items``; answers are kept
by the item's key, and beside them the words of what was found wrong, as they stood that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.books.duty import Duty, Every
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities import charges
from ecoledger.entities.models import Entity, Station
from ecoledger.entities.validity import in_force
from ecoledger.listings import own_data, own_tables
from ecoledger.listings.catalogue import declare, redeclare
from ecoledger.listings.own_tables import OwnColumn, OwnTable
from ecoledger.listings.parts import Ask, Kind, View
from ecoledger.matters import actions
from ecoledger.matters.register import register_of

ROLE = "station_chief"


class StationCheck(LogEntry):
    """One check of a station by its chief."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_station_check"
    )

    class Interference(models.TextChoices):
        NONE = "none", "无"
        SPRAY = "spray", "喷淋、洒水干扰"
        BLOCK = "block", "遮挡采样口"
        SOURCE = "source", "周边污染源"
        OTHER = "other", "其他"

    # Key of an item of the list -> whether it was in order.
    answers = JSONInOrder("检查结果", default=dict, editable=False)
    looked_at = models.PositiveSmallIntegerField("检查项数", default=0, editable=False)
    wrong = models.CharField("不合格项", max_length=600, blank=True, editable=False)
    interference = models.CharField(
        "干扰情况", max_length=10, choices=Interference.choices, default=Interference.NONE
    )
    handling = models.CharField("处理情况", max_length=200, blank=True)

    class Meta:
        verbose_name = "站点巡查"


def stations() -> QuerySet[Any]:
    """Stations that somebody is chief of."""
    return Station.objects.filter(in_force(path="charges__"), charges__role=ROLE).distinct()


def chiefs_of(entity: Entity) -> list[Person]:
    """The chiefs of a station."""
    return charges.people_of(charges.charges_of(entity, roles=[ROLE], also=False))


def items() -> list[dict[str, Any]]:
    """The list in force: the bureau's own, else the shipped one."""
    return list(own_data.read(__package__, "station_checks")["item"])


class StationLog(Log):
    """The checks; interference that is found becomes a problem of the ledger, as does what is not in order."""

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        check = super().open_row(_with_words(values), by, at, **more)
        interfered = check.interference != StationCheck.Interference.NONE
        if (interfered or check.wrong) and check.begets is None:
            what = check.get_interference_display() if interfered else check.wrong
            check.begets = actions.open_matter(
                register_of(self.begets),
                {
                    "origin_kind": "self",
                    "title": f"{check.entity} {what}"[:120],
                    "description": "；".join(
                        filter(None, (check.wrong, check.note, check.handling))
                    ),
                    "area_code": check.area_code,
                    "entity": check.entity,
                },
                by=None,
                at=at,
            )
            check.save(update_fields=["begets"])
        return check

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        return super().change_row(row, _with_words(values), by, at)


def _with_words(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the words of the items that are not in order."""
    answers = values.get("answers", {})
    wrong = [item["label"] for item in items() if answers.get(item["key"]) is False]
    return {**values, "looked_at": len(answers), "wrong": "、".join(wrong)[:600]}


def book() -> StationLog:
    """The book as the list in force asks it. What nobody looked at is no "no": each item must be answered."""
    asks = tuple(
        Ask(
            item["key"], label=item["label"], kind=Kind.BOOLEAN, required=True, stores=None,
            within="answers", help=item.get("basis", ""),
        )
        for item in items()
    )  # fmt: skip
    return StationLog(
        key="station_check", offline=True, label="站点巡查", model=StationCheck, line="monitoring",
        begets="problem", edit=STAFF,
        columns=("entity", "at", "looked_at", "wrong", "interference", "handling", "by", "area_code"),
        filters=("area_code", "interference", "at"), search=("entity__name", "note", "handling", "wrong"),
        fields=("entity", *asks, "interference", "handling", "note"),
        views=(View("interfered", "有干扰", {"interference": "spray,block,source,other"}),),
        lead="entity", empty="还没有巡查记录。站点长每周巡查后在这里登记。",
    )  # fmt: skip


CHECKS = declare(book())
own_tables.declare(OwnTable(
    book="station_check", room=__package__, name="station_checks", rows="item", label="检查表",
    columns=(OwnColumn("label", "检查内容", required=True, most=100), OwnColumn("basis", "依据", most=60)),
    changed=lambda: redeclare(book()), help="站点长每周逐项检查；不合格的自动列入问题清单。",
))  # fmt: skip

WEEKLY = declare(Duty(
    key="station_weekly", label="站点长周查", line="monitoring", objects=stations,
    every=Every.WEEK, owners=chiefs_of, fulfilled_by="station_check", remind_before=2,
    columns=("entity", "begin", "end", "due", "state"), filters=("state",),
    search=("entity__name",), edit=STAFF,
    empty="还没有到期的巡查。为自动监测站登记站点长后，每周自动列出应查监测点。",
))  # fmt: skip
