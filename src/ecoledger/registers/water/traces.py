"""水污染突发事件溯源 (mechanism W16): pollution seen, who lies upstream and when each must have discharged, and the source found.

接报 → 溯源排查 → 来源锁定 → 处置评估. The search lies on the network of rivers (``network``); what it finds is taken onto the
list of suspects, each looked at and cleared or found. A source that was found becomes a problem of the one ledger; an event
that is one by law is handed to the emergency desk's own register (E10), which reports it within its legal times.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.entities.models import Entity, River, Section
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Link
from ecoledger.matters.register import Register, Seen, Statistic, declare, register_of
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.registers.water import network
from ecoledger.registers.water.network import Network, Place, Upstream
from ecoledger.registers.water.trace_models import TraceSuspect, WaterTrace

TRACERS = frozenset({Role.MONITOR, Role.OFFICER, Role.DISPATCHER})
DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.LEADER})
# The register of environmental emergencies, where the house has one.
INCIDENTS = "incident"


def place_of(trace: WaterTrace, net: Network | None = None) -> Place | None:
    """Where it was seen: its own coordinates on the nearest river, else its section, else the mouth of its river."""
    if (
        trace.lon is not None
        and trace.lat is not None
        and (near := network.nearest(trace.lon, trace.lat))
    ):
        return near
    if trace.entity is None:
        return None
    section = Section.objects.filter(pk=trace.entity.pk).first()
    if section is not None:
        return Place(section.river_id, round(section.chainage_km, 4))
    river = River.objects.filter(pk=trace.entity.pk).first()
    if river is not None and river.length_km is not None:
        return Place(river.pk, round(river.length_km, 4))
    return None


def upstream_of(trace: WaterTrace, person: Person | None) -> tuple[Network, list[Upstream]]:
    """The network, and what lies upstream of where it was seen."""
    place = place_of(trace)
    net = network.of(person, {trace.pk: place} if place else None)
    if place is None:
        return net, []
    rows = net.upstream(
        place, speed=trace.speed or network.SPEED, hours=trace.look_back_hours, seen=trace.seen_at
    )
    return net, rows


def downstream_of(trace: WaterTrace, person: Person | None) -> list[Upstream]:
    """What the water reaches next, with the time it takes."""
    place = place_of(trace)
    if place is None:
        return []
    return network.of(person, {trace.pk: place}).downstream(
        place, speed=trace.speed or network.SPEED
    )


def window(row: Upstream) -> str:
    if row.released_from is None or row.released_to is None:
        return ""
    first, last = (timezone.localtime(at) for at in (row.released_from, row.released_to))
    return f"{first:%Y-%m-%d %H:%M} – {last:%m-%d %H:%M}"


def suspect(trace: WaterTrace, keys: Iterable[int], *, by: Person) -> Any:
    """Take things upstream onto the list; what stands on it already stays as it is."""
    _net, rows = upstream_of(trace, by)
    wanted = set(keys)
    there = list(trace.suspects.all())
    known = {listed.thing_id for listed in there}
    kept = [
        {
            "id": listed.pk, "thing": listed.thing.code, "distance_km": listed.distance_km, "hours": listed.hours,
            "window": listed.window, "verdict": listed.verdict, "found": listed.found,
        }
        for listed in there
    ]  # fmt: skip
    new = [
        {
            "thing": row.thing.code, "distance_km": round(row.distance_km, 2), "hours": round(row.hours, 1),
            "window": window(row), "verdict": TraceSuspect.Verdict.OPEN.value, "found": "",
        }
        for row in rows
        if row.thing.pk in wanted - known and row.thing.kind in network.SOURCE_KINDS
    ]  # fmt: skip
    if not new:
        raise Refused("form", _("没有选中新的对象。"), _("请勾选要列入排查的对象。"))
    return actions.set_lines(trace.pk, "suspects", [*kept, *new], by=by)


def _needs_a_place(matter: Any) -> str:
    return "" if place_of(matter) else _("没有河流上的位置：请填写断面、河流或经纬度。")


def _as_problem(step: Step) -> None:
    trace = step.matter
    problem = actions.open_matter(
        PROBLEMS,
        {
            "title": _("%(source)s：水污染溯源认定来源（%(what)s）")
            % {"source": trace.source, "what": trace.pollutant or trace.title},
            "description": trace.basis,
            "area_code": trace.source.area_code,
            "entity": trace.source,
            "address": trace.source.address,
            "origin_kind": Problem.Origin.SELF,
            "category": Problem.Category.WATER,
            "risk": Problem.Risk.SERIOUS,
            "source_batch": "水污染溯源",
            "synthetic": trace.synthetic,
        },
        by=None,
        at=step.at,
        origin_matter=trace,
    )
    actions.link(trace, problem, Link.Kind.BEGETS, by=step.person, at=step.at)
    trace.suspects.filter(thing=trace.source).update(verdict=TraceSuspect.Verdict.FOUND)


def _hand_on(step: Step) -> None:
    """Open the event in the emergency register, where there is one."""
    trace = step.matter
    try:
        register = register_of(INCIDENTS)
    except KeyError:
        raise Refused("condition", _("本系统没有启用突发环境事件台账。")) from None
    place = place_of(trace)
    incident = actions.open_matter(
        register,
        {
            "title": trace.title,
            "description": trace.description,
            "area_code": trace.area_code,
            "address": trace.address,
            "lon": trace.lon,
            "lat": trace.lat,
            "occurred_at": trace.seen_at,
            "found_at": trace.seen_at,
            "learned_at": trace.opened_at,
            "source": trace.get_channel_display(),
            "cause": "other",
            "medium": "water",
            "pollutants": trace.pollutant,
            "monitored": trace.measured,
            "river": River.objects.filter(pk=place.river).first() if place else None,
            "chainage_km": place.km if place else None,
            "speed": trace.speed,
            "synthetic": trace.synthetic,
        },
        by=None,
        at=step.at,
        origin_matter=trace,
    )
    actions.link(trace, incident, Link.Kind.BEGETS, by=step.person, at=step.at)


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, and how many searches came to a source."""
    done = rows.filter(Q(source__isnull=False)).count()
    over = rows.filter(~Q(phase="open")).exclude(state="dismissed").count()
    n = rows.aggregate(suspects=Count("suspects"))
    return [
        *common_statistics(TRACES, rows, now),
        Statistic("suspects", "列入排查对象", n["suspects"], "", "个"),
        share("found", "锁定来源率", min(done, over), over, note="办结件中认定了来源的"),
    ]


TRACES = declare(Register(
    key="water_trace", label="水污染溯源", line="water", model=WaterTrace, pattern="水溯〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待核实", stage="接报", waits_for=TRACERS),
            State("tracing", "溯源排查中", stage="溯源", waits_for=TRACERS),
            State("located", "来源已锁定，处置中", stage="处置", waits_for=TRACERS),
            State("assess", "处置结束，待复盘", stage="复盘", waits_for=DESK),
            State("closed", "已办结", phase=Phase.DONE),
            State("dismissed", "非污染事件", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("begin", "核实属实，启动溯源", "new", "tracing", by=TRACERS, asks=("seen_at",),
                       offers=("pollutant", "measured", "speed", "look_back_hours"), when=_needs_a_place,
                       takes_over=("seen_at",)),
            Transition("report_up", "转报突发环境事件", ("new", "tracing", "located"), "", by=DESK, asks=(REASON,),
                       effects=(_hand_on,), main=False, help="构成突发环境事件的，转应急条线按法定时限报告。"),
            Transition("locate", "锁定来源", "tracing", "located", by=TRACERS, asks=("source", "basis"), evidence=1,
                       effects=(_as_problem,), help="认定的来源自动转入问题一本账整改。"),
            Transition("not_found", "未查到来源", "tracing", "assess", by=TRACERS, asks=(said("result", "排查情况"),),
                       main=False),
            Transition("end", "处置结束", "located", "assess", by=TRACERS, asks=("handling",), evidence=1),
            Transition("assess", "复盘办结", "assess", "closed", by=DESK, asks=("assessment",),
                       other_person_than=("locate", "not_found")),
            Transition("again", "继续溯源", "assess", "tracing", by=DESK, asks=(REASON,), main=False),
            Transition("dismiss", "不属污染事件", "new", "dismissed", by=TRACERS, asks=(REASON,), main=False, danger=True),
        ),
        clocks=(ClockRule("verify", "核实", "new", hours=2, basis=DEFAULT),
                ClockRule("trace", "溯源", "tracing", hours=24, basis=DEFAULT),
                ClockRule("assess", "复盘", "assess", working_days=5, basis=DEFAULT)),
    ),
    labels={"title": "事件", "description": "情况", "entity": "发现断面或河流", "area_code": "属地", "address": "地点"},
    columns=("number", "title", "entity", "seen_at", "pollutant", "state", "source", "due", "area_code"),
    filters=("state", "channel", "entity", "area_code", "seen_at"),
    search=("number", "title", "pollutant", "entity__name", "source__name"),
    fields=("title", "area_code", "address", Ask("entity", to=Entity), "lon", "lat", "seen_at", "channel", "pollutant",
            "measured", "speed", "look_back_hours", "description"),
    details=("seen_at", "channel", "pollutant", "measured", "speed", "look_back_hours", "source", "basis", "handling",
             "assessment"),
    lines=(Lines(key="suspects", label="排查对象", model=TraceSuspect,
                 columns=("thing", "distance_km", "hours", "window", "verdict", "found")),),
    # The others on the list are looked at and cleared also after the source is known.
    loose=("suspects.verdict", "suspects.found"),
    imports=Import(key=("title", "seen_at"), tells_past=True,
                   columns=("title", "area_code", "address", "entity", "seen_at", "channel", "pollutant", "description"),
                   headers={"title": ("事件名称",), "seen_at": ("发生时间", "接报时间"), "entity": ("断面", "河流"),
                            "channel": ("来源",), "pollutant": ("污染物",)},
                   examples={"title": "某桥段水体异常", "seen_at": "2026-06-01 08:30", "channel": "群众投诉"}, future=()),
    views=(View("tracing", "溯源中", {"state": "tracing"}),), statistics=statistics,
    measures=(Measure(key="traced", name="水污染溯源起数", numerator=~Q(state="dismissed"), dated="seen_at", unit="起",
                      higher_is_better=False),),
    detail_template="web/rivers/_trace.html", level=lambda trace: "orange", edit=STAFF, manage=DESK | TRACERS, enterprise="",
    empty="还没有水污染溯源。接报后登记发现的断面或位置和时间，系统沿河网列出上游对象和应排放时段。",
))  # fmt: skip
