"""扬尘油烟油气在线预警 (mechanism A13): what the automatic monitors of sites, kitchens and filling stations sounded.

The alarms are those of monitoring, opened as cases like all others; this book shows them beside the sites.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import QuerySet

from ecoledger.accounts.models import Person
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Column, Kind, View
from ecoledger.monitoring.models import Alarm
from ecoledger.monitoring.points import enrolling


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteAlarms(Listing):
    """Alarms of points at such sites; silenced and merged ones left out."""

    kinds: ClassVar[Mapping[str, Kind]] = {}

    def visible_to(self, person: Person) -> QuerySet[Any]:
        rows = super().visible_to(person).filter(point__entity__kind__in=enrolling.SITES)
        return rows.exclude(state__in=Alarm.QUIET).select_related("point__entity", "rule")

    def url_of(self, row: Any) -> str:
        return f"/alarms/{row.pk}"


SITE_ALARMS = declare(SiteAlarms(
    key="site_alarm", label="扬尘油烟油气在线预警", line="air", model=Alarm, see="see_monitoring",
    columns=(Column("point", "监测点"), Column("rule", "规则"), "parameter", "value", "level", "state", "begin",
             "last", "occurrences", "area_code"),
    filters=("level", "state", "area_code", "begin"), search=("point__name", "point__entity__name"),
    order=("-begin", "-pk"), edit=frozenset(), lead="point",
    views=(View("open", "持续中", {"state": "open"}),),
    empty="还没有扬尘、油烟、油气在线预警。在工地、餐饮单位、加油站登记监测点和限值后，超限会出现在这里。",
))  # fmt: skip
