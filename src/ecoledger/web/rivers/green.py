"""绿水智能管理 (mechanism W8): on one page how the rivers lie, the quality at each section, outfalls, alarms and work in hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import covers
from ecoledger.entities.inventory import inventory_of
from ecoledger.entities.models import River, Section
from ecoledger.entities.validity import in_force
from ecoledger.indicators import doors, water
from ecoledger.indicators.records.declaring import Cell, Column, Page, Row
from ecoledger.matters import inbox
from ecoledger.matters.register import OPEN_WORK, visible_matters
from ecoledger.monitoring.models import Alarm
from ecoledger.registers.water import network
from ecoledger.registers.water.network import Network
from ecoledger.web import navigation, scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.matters.in_hand import OVERDUE, address
from ecoledger.web.rivers import asked
from ecoledger.web.templatetags.show import sentence
from ecoledger.web.work import due_rows

# The line of a river as drawn, in percent of the picture's width, and how many lines of names stand above it.
LEFT, WIDTH, NAMES = 3.0, 93.0, 3
TO_DO, ALARMS = 12, 12
LINE = "water"


@dataclass(frozen=True, slots=True)
class Mark:
    """A thing on a river's line: where, what it says, and where it leads."""

    x: float
    name: str
    url: str
    rank: int | None = None
    label: str = ""
    alarms: int = 0
    tasks: int = 0
    attains: bool | None = None
    row: int = 0

    @property
    def anchor(self) -> str:
        """How its name stands, so that it is not cut at either end."""
        return "start" if self.x < 9 else "end" if self.x > 89 else "middle"

    @property
    def height(self) -> int:
        """Where its name stands, so that neighbours do not write over each other."""
        return 14 + 15 * self.row


@dataclass(frozen=True, slots=True)
class Line:
    """One river: how deep it lies under the river it flows into, and what stands along it, downstream."""

    river: River
    depth: int
    sections: tuple[Mark, ...] = ()
    outfalls: tuple[Mark, ...] = ()
    joining: tuple[Mark, ...] = ()
    into: str = ""


@dataclass
class Scene:
    """Everything the page draws."""

    lines: list[Line] = field(default_factory=list)
    unplaced: int = 0
    # Outfalls and firms of the rivers, by kind.
    sources: Counter[str] = field(default_factory=Counter)


@needs("see_monitoring")
@require_GET
def page(request: Request) -> HttpResponse:
    """The month so far, or the last one that has data; what a person does not see is not on it."""
    person, today = request.user, timezone.localdate()
    begin, end = today.replace(day=1), today + timedelta(days=1)
    county = asked.county(request)
    period = water.period(county, begin, end)
    if not period.judged:
        begin, end = (begin - timedelta(days=1)).replace(day=1), begin
        period = water.period(county, begin, end)
    net = network.of(person)
    alarms = list(
        scoped.alarms(person)
        .filter(state=Alarm.State.OPEN, point__kind__in=("water", "wastewater"))
        .select_related("point__entity__as_station")
        .order_by("-last")[:200]
    )
    keys = [book.key for book in navigation.books(person) if book.line == LINE and book.kind == "Register"]  # fmt: skip
    own = Q(register__in=keys)
    about_water = Q(entity__kind__in=("section", "river", "river_outfall", "water_source"))
    work = visible_matters(person).filter(OPEN_WORK)
    # The line's own work is counted as the rail counts it; what other lines do about its waters stands beside it.
    matters, others = work.filter(own), work.filter(about_water & ~own)
    scene = _scene(net, period, alarms, work.filter(own | about_water), person)
    now = timezone.now()
    context = {
        "month": begin,
        "scene": scene,
        "figures": [
            ("good", period.good),
            ("attained", period.attained),
            ("inferior", period.inferior),
        ],
        "alarms": len(alarms),
        "may_register": person.may("edit_registry"),
        "outfalls": sum(scene.sources.values()),
        "sources": [
            (kind, inventory_of(kind).label, n) for kind, n in sorted(scene.sources.items())
        ],
        "tasks": matters.count(),
        "late": matters.filter(due__lt=now).count(),
        "tasks_url": address(line=LINE),
        "late_url": address(line=LINE, due=OVERDUE),
        "alarm_panel": _alarm_panel(alarms[:ALARMS]),
        "rows": due_rows(inbox.nearest(matters, TO_DO), now),
        "other_rows": due_rows(inbox.nearest(others, TO_DO), now),
    }
    return render(request, "web/rivers/green.html", context)


def _scene(net: Network, found: water.WaterPeriod, alarms: list[Alarm], matters: Any, person: Person) -> Scene:  # fmt: skip
    by_section: dict[int, int] = {}
    by_thing: dict[int, int] = {}
    for alarm in alarms:
        entity = alarm.point.entity
        if entity is None:
            continue
        by_thing[entity.pk] = by_thing.get(entity.pk, 0) + 1
        section = getattr(getattr(entity, "as_station", None), "section_id", None)
        if section:
            by_section[section] = by_section.get(section, 0) + 1
    tasks = dict(matters.order_by().exclude(entity=None).values_list("entity").annotate(n=Count("pk")))  # fmt: skip
    periods = {judged.section.pk: judged for judged in found.sections}
    rivers = {river.pk: river for river in River.objects.filter(in_force()).order_by("code")}
    shown = _shown(rivers, net, person)
    scene = Scene(
        unplaced=len(net.unplaced), sources=Counter(source.kind for source in net.unplaced)
    )
    for river, depth in _tree({pk: river for pk, river in rivers.items() if pk in shown}):
        length = max(
            river.length_km or 0,
            *(place.km for place in net.places.values() if place.river == river.pk), 0.1,
        )  # fmt: skip
        sections: list[Mark] = []
        outfalls: list[Mark] = []
        on_river = sorted(
            (
                (place.km, net.things[pk])
                for pk, place in net.places.items()
                if place.river == river.pk and pk in net.things
            ),
            key=lambda pair: (pair[0], pair[1].pk),
        )
        for km, thing in on_river:
            x = LEFT + WIDTH * km / length
            url = f"/entities/{thing.pk}"
            if thing.kind == Section.KIND:
                period = periods.get(thing.pk)
                sections.append(
                    Mark(
                        x, thing.name, url, period.rank if period else None, period.label if period else "—",
                        by_section.get(thing.pk, 0), tasks.get(thing.pk, 0), period.attains if period else None,
                        len(sections) % NAMES,
                    )
                )  # fmt: skip
            elif thing.kind in network.SOURCE_KINDS:
                scene.sources[thing.kind] += 1
                outfalls.append(Mark(x, thing.name, url, alarms=by_thing.get(thing.pk, 0), tasks=tasks.get(thing.pk, 0)))  # fmt: skip
        joining = tuple(
            Mark(LEFT + WIDTH * (branch.joins_at_km if branch.joins_at_km is not None else length) / length, branch.name, f"/entities/{branch.pk}")
            for branch in rivers.values() if branch.flows_into_id == river.pk
        )  # fmt: skip
        into = rivers[river.flows_into_id].name if river.flows_into_id in rivers else ""
        scene.lines.append(Line(river, depth, tuple(sections), tuple(outfalls), joining, into))  # fmt: skip
    return scene


def _shown(rivers: dict[int, River], net: Network, person: Person) -> set[int]:
    """Rivers with something on them that the person may see, and those they flow into."""
    own = {
        net.places[pk].river
        for pk, thing in net.things.items()
        if covers(person, thing.area_code) or (thing.area_code and any(code.startswith(thing.area_code) for code in person.area_codes))
    }  # fmt: skip
    wanted: set[int] = set()
    for pk in own:
        while pk in rivers and pk not in wanted:
            wanted.add(pk)
            pk = rivers[pk].flows_into_id or 0
    return wanted


def _tree(rivers: dict[int, River]) -> list[tuple[River, int]]:
    """Main rivers, each followed by what flows into it, from its head down."""
    ordered: list[tuple[River, int]] = []

    def put(river: River, depth: int) -> None:
        ordered.append((river, depth))
        below = [branch for branch in rivers.values() if branch.flows_into_id == river.pk]
        for branch in sorted(below, key=lambda branch: (branch.joins_at_km or 0, branch.pk)):
            put(branch, depth + 1)

    for river in rivers.values():
        if river.flows_into_id not in rivers:
            put(river, 0)
    return ordered


def _alarm_panel(alarms: list[Alarm]) -> Page:
    lines = [
        Row((Cell(alarm.point.name, opens=doors.ALARM.opens(id=str(alarm.pk))), Cell(sentence(alarm)), Cell(alarm.begin, "moment")), {"alarm": alarm.point.name})
        for alarm in alarms
    ]  # fmt: skip
    return Page(
        "", (Column("监测点", lead=True), Column("预警"), Column("时间")), lines, empty="现在没有水站和废水排口的预警。"
    )  # fmt: skip
