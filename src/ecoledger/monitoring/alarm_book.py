"""The book of alarms (预警): what rules raised, as a list like any other. Nobody writes in it but the rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from ecoledger.accounts.models import Person
from ecoledger.entities.models import Entity
from ecoledger.listings import asked
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Column, Filter, Kind, View
from ecoledger.monitoring.models import Alarm, Point


class AlarmBook(Listing):
    """Alarms follow from data: they are neither entered nor changed by hand."""

    def visible_to(self, person: Person) -> QuerySet[Any]:
        return super().visible_to(person).select_related("rule", "point")

    def about(self, thing: int) -> Q:
        points = Point.objects.filter(entity__in=Entity.with_parts(thing))
        return Q(point__in=points.order_by().values("pk"))

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rule = asked.number(query.get("rule", ""))
        return Q() if rule is None else Q(rule=rule)

    def may_open(self, person: Person) -> bool:
        return False


ALARMS = declare(
    AlarmBook(
        key="alarm",
        label="预警",
        line="monitoring",
        at="/alarms",
        model=Alarm,
        see="see_monitoring",
        enterprise="owner_code",
        labels={"area_code": "属地", "count_30d": "近30日"},
        columns=(
            "text", Column("level", sorts="severity", sortable=True), Column("rule__detector", "类型"), Column("point", "监测点"), "begin", "last",
            Column("state", kind=Kind.STATE), "occurrences", "count_30d",
        ),
        filters=("level", Filter("detector", "类型", path="rule__detector"), "area_code", "begin", "state"),
        search=("text", "point__name"),
        views=tuple(View(state, label, {"state": state}) for state, label in Alarm.State.choices),
        at_first={"state": Alarm.State.OPEN.value},
        lead="text",
        # Red first, then the newest.
        order=("-severity", "-last", "-pk"),
        tab="data",
        empty="现在没有持续中的预警。",
    )
)  # fmt: skip
