"""站点长巡查 (mission Q18): each station has a chief who checks it every week by a list, and reports interference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.books.duty import Duty, Every
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities import charges
from ecoledger.entities.models import Entity, Station
from ecoledger.entities.validity import in_force
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, View
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

    power_ok = models.BooleanField("供电、空调正常")
    sampling_ok = models.BooleanField("采样口完好、无遮挡")
    surroundings_ok = models.BooleanField("周边50米无新增污染源")
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


@dataclass(frozen=True, kw_only=True, eq=False)
class StationLog(Log):
    """The checks; interference that is found becomes a problem of the ledger."""

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        check = super().open_row(values, by, at, **more)
        if check.interference != StationCheck.Interference.NONE and check.begets is None:
            check.begets = actions.open_matter(
                register_of(self.begets),
                {
                    "origin_kind": "self",
                    "title": f"{check.entity} {check.get_interference_display()}",
                    "description": "；".join(filter(None, (check.note, check.handling))),
                    "area_code": check.area_code,
                    "entity": check.entity,
                },
                by=None,
                at=at,
            )
            check.save(update_fields=["begets"])
        return check


CHECKS = declare(StationLog(
    key="station_check", offline=True, label="站点巡查", model=StationCheck, line="monitoring",
    begets="problem", edit=STAFF,
    columns=("entity", "at", "power_ok", "sampling_ok", "surroundings_ok", "interference",
             "handling", "by", "area_code"),
    filters=("area_code", "interference", "at"), search=("entity__name", "note", "handling"),
    # A list is answered item by item: what nobody looked at is no "no".
    fields=("entity", Ask("power_ok", required=True), Ask("sampling_ok", required=True),
            Ask("surroundings_ok", required=True), "interference", "handling", "note"),
    views=(View("interfered", "有干扰", {"interference": "spray,block,source,other"}),),
    lead="entity", empty="还没有巡查记录。站点长每周巡查后在这里登记。",
))  # fmt: skip

WEEKLY = declare(Duty(
    key="station_weekly", label="站点长周查", line="monitoring", objects=stations,
    every=Every.WEEK, owners=chiefs_of, fulfilled_by="station_check", remind_before=2,
    columns=("entity", "begin", "end", "due", "state"), filters=("state",),
    search=("entity__name",), edit=STAFF,
    empty="还没有到期的巡查。为监测站登记站点长后，每周自动列出应查站点。",
))  # fmt: skip
