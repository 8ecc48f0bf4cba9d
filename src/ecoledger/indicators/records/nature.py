"""What was put in to see what lives here, and what was seen of a species: by camera, by recorder, on surveys."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from fractions import Fraction

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.indicators import doors
from ecoledger.indicators.figures import printed
from ecoledger.indicators.records.declaring import (
    Asked,
    Cell,
    Column,
    Fact,
    NotThere,
    Page,
    Row,
    between,
    table,
)
from ecoledger.live.times import midnight
from ecoledger.registers.nature import abundance
from ecoledger.registers.nature.detections import DEPLOYMENTS, DETECTIONS, Deployment, independent
from ecoledger.registers.nature.surveys import SIGHTINGS, TRIPS

SURVEY = "survey"
_DEVICES = (Deployment.Sort.CAMERA, Deployment.Sort.SOUND)


def _sort(asked: Asked) -> str:
    sort = asked.text("sort")
    if sort != SURVEY and sort not in _DEVICES:
        raise NotThere("sort")
    return sort


@table(doors.FIELD_EFFORT)
def field_effort(asked: Asked) -> Page:
    """The days that each device worked, or the kilometres of each survey."""
    begin, end = asked.span()
    sort, span = _sort(asked), (midnight(begin), midnight(end))
    if sort == SURVEY:
        trips = abundance.surveyed(TRIPS.visible_to(asked.person), *span).order_by("on", "pk")
        told = [(str(trip), TRIPS.url_of(trip), f"{trip.on}", float(trip.km)) for trip in trips]
        title, head, unit = "样线与船只调查", "日期", "里程 km"
    else:
        worked = abundance.working(asked.person, sort, *span)
        told = [
            (str(place), DEPLOYMENTS.url_of(place), _lasted(place), days) for place, days in worked
        ]
        title, head, unit = "监测布设", "工作时间", "工作日"
    rows = [
        Row((Cell(name, opens=doors.ROW.opens(url=url)), Cell(when), Cell(number, "number", 1)))
        for name, url, when, number in told
    ]
    return Page(
        between(title, begin, end),
        (Column("名称", lead=True), Column(head), Column(unit, "number")),
        rows,
        facts=[Fact(unit, (printed(Fraction(sum(number for *_rest, number in told)), 1),))],
        empty="没有这样的记录。",
    )


def _lasted(place: Deployment) -> str:
    ends = f"{timezone.localtime(place.end):%Y-%m-%d}" if place.end else ""
    return f"{timezone.localtime(place.begin):%Y-%m-%d}—{ends}"


@table(doors.SPECIES_MET)
def species_met(asked: Asked) -> Page:
    """What was seen of one species; of devices each picture or recording, ticked where it is an event of its own."""
    begin, end = asked.span()
    sort, name, span = _sort(asked), asked.text("name"), (midnight(begin), midnight(end))
    if sort == SURVEY:
        return _on_surveys(asked, name, begin, end)
    keys = [pk for pk, called in abundance.confirmed(asked.person, sort).items() if called == name]
    seen = DETECTIONS.visible_to(asked.person).filter(candidate__in=keys, at__range=span)
    rows = list(seen.exclude(at=span[1]).select_related("deployment").order_by("deployment", "at"))
    by_place: dict[int, list[datetime]] = defaultdict(list)
    for one in rows:
        by_place[one.deployment_id].append(one.at)
    counted = {
        place: set(independent(moments, abundance.minutes_apart()))
        for place, moments in by_place.items()
    }
    told, before = [], None
    for one in rows:
        here = (one.deployment_id, one.at)
        counts = one.at in counted[one.deployment_id] and here != before
        before = here
        opens = doors.ROW.opens(url=DETECTIONS.url_of(one))
        at = f"{timezone.localtime(one.at):%Y-%m-%d %H:%M}"
        cells = (Cell(str(one.deployment), opens=opens), Cell(at), Cell(counts, "tick"))
        told.append(Row(cells, counted=counts))
    return Page(
        between(f"{name} {_('独立事件')}", begin, end),
        (Column("监测点", lead=True), Column("时间"), Column("计入")),
        told,
        facts=[
            Fact("独立事件", (str(sum(row.counted for row in told)),)),
            Fact("出现监测点", (str(len(by_place)),)),
        ],
        empty="没有这样的记录。",
    )


def _on_surveys(asked: Asked, name: str, begin: date, end: date) -> Page:
    met = abundance.surveyed(SIGHTINGS.visible_to(asked.person), midnight(begin), midnight(end))
    rows = list(met.filter(name=name).select_related("trip").order_by("on", "pk"))
    return Page(
        between(f"{name} {_('调查遇见率')}", begin, end),
        (Column("调查", lead=True), Column("日期"), Column("群次", "number"), Column("个体数", "number")),
        [
            Row((Cell(str(row.trip), opens=doors.ROW.opens(url=SIGHTINGS.url_of(row))), Cell(row.on, "day"),
                 Cell(row.groups, "number"), Cell(row.individuals, "number")))
            for row in rows
        ],
        facts=[Fact("群次", (str(sum(row.groups for row in rows)),))],
        empty="没有这样的记录。",
    )  # fmt: skip
