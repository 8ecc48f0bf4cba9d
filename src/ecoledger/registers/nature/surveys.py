"""样线和船只调查 (mechanism G1): what was surveyed, how far and how long, and what was met: counts by effort."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.tallies import tally


class SurveyTrip(models.Model):
    """One survey along a route."""

    class Sort(models.TextChoices):
        LINE = "line", "样线"
        BOAT = "boat", "船只考察"
        POINT = "point", "样点样方"

    trip_no = models.CharField("调查编号", max_length=40, unique=True)
    on = models.DateField("日期", db_index=True)
    sort = models.CharField("方式", max_length=8, choices=Sort.choices)
    route = models.CharField("线路", max_length=120)
    km = models.DecimalField("里程 km", max_digits=8, decimal_places=2, default=0,
                             validators=[MinValueValidator(0), MaxValueValidator(10_000)])  # fmt: skip
    hours = models.DecimalField("时长 h", max_digits=6, decimal_places=1, null=True, blank=True,
                                validators=[MinValueValidator(0), MaxValueValidator(1000)])  # fmt: skip
    observers = models.CharField("调查人员或单位", max_length=120, blank=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "调查"
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.trip_no} {self.route}"


class Sighting(models.Model):
    """What was met on a survey: groups of one species."""

    trip = models.ForeignKey(
        SurveyTrip, verbose_name="调查", on_delete=models.PROTECT, related_name="sightings"
    )
    on = models.DateField("日期", db_index=True, editable=False)
    area_code = models.CharField("属地", max_length=12, db_index=True, editable=False)
    name = models.CharField("物种", max_length=60, db_index=True)
    groups = models.PositiveIntegerField("群次", default=1, validators=[MinValueValidator(1)])
    individuals = models.PositiveIntegerField("个体数", null=True, blank=True)
    place = models.CharField("地点", max_length=120, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "目击记录"
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.name} {self.groups}"


TRIPS = declare(Listing(
    key="survey_trip", label="样线与船只调查", line="soil", model=SurveyTrip, edit=BUREAU, offline=True,
    columns=("trip_no", "on", "sort", "route", "km", "hours", "observers", "area_code"),
    filters=("sort", "on", "area_code"), search=("trip_no", "route", "observers"), lead="route", under=("trip_no",),
    order=("-on", "-pk"),
    fields=("trip_no", "on", "sort", "route", "km", "hours", "observers", "area_code"),
    imports=Import(key=("trip_no",), future=(),
                   headers={"trip_no": ("编号",), "on": ("调查日期",), "sort": ("调查方式",), "route": ("样线名称", "调查线路"),
                            "km": ("调查里程", "样线长度"), "hours": ("调查时长",), "observers": ("调查单位",)},
                   examples={"trip_no": "DC-2026-01", "on": "2026-04-10", "sort": "船只考察", "route": "长江干流下游段",
                             "km": "52.5", "area_code": "测试县"}),
    empty="还没有调查。登记每次样线或船只考察的里程，再登记目击记录。",
))  # fmt: skip


def _trips(person: Person | None) -> Any:
    rows = SurveyTrip.objects.all()
    return rows if person is None else rows.filter(pk__in=TRIPS.visible_to(person).values("pk"))


declare_lookup(Lookup(key="survey_trip", model=SurveyTrip, label="调查", rows=_trips, exact=("trip_no",),
                      begins=("trip_no",), contains=("route",)))  # fmt: skip


class Sightings(Listing):
    """What was met: day and division are the survey's."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        trip = values["trip"]
        return super().open_row(
            {**values, "on": trip.on, "area_code": trip.area_code}, by, at, **more
        )


SIGHTINGS = declare(Sightings(
    key="sighting", label="目击记录", line="soil", model=Sighting, edit=BUREAU, offline=True,
    columns=("name", "trip", "on", "groups", "individuals", "place", "area_code"),
    filters=("on", "area_code"), search=("name", "place", "trip__trip_no"), lead="name", order=("-on", "-pk"),
    fields=(Ask("trip", among="survey_trip"), "name", "groups", "individuals", "place", "note"),
    imports=Import(headers={"trip": ("调查编号",), "name": ("物种名称",), "groups": ("群数",), "individuals": ("数量", "头数")},
                   examples={"trip": "DC-2026-01", "name": "长江江豚", "groups": "2", "individuals": "5"}),
    empty="还没有目击记录。",
))  # fmt: skip
tally(TRIPS, "km", "生物多样性调查里程", dated="on", add="km", unit="km", decimals=1)
tally(TRIPS, "trips", "生物多样性调查", dated="on", unit="次")
tally(SIGHTINGS, "groups", "目击群次", dated="on", add="groups", unit="群次")
