"""Counts, shares and durations of a register; each number with the list query that shows its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation
from ecoledger.matters.models import Clock, Event
from ecoledger.matters.register import Register, Seen, Statistic
from ecoledger.matters.workflow import COMPLETED


@dataclass(frozen=True, slots=True)
class StageDuration:
    """How long matters stayed in a state: natural hours, over the stays that have ended."""

    state: str
    label: str
    stage: str
    stays: int
    median_hours: float
    longest_hours: float
    on_time: int
    late: int

    @property
    def median_text(self) -> str:
        return duration_text(self.median_hours)

    @property
    def longest_text(self) -> str:
        return duration_text(self.longest_hours)


def duration_text(hours: float) -> str:
    """Hours as a person reads them: 45 分钟, 6.5 小时, 3.2 天."""
    if hours < 1:
        return _("%s 分钟") % round(hours * 60)
    if hours < 48:
        return _("%.1f 小时") % hours
    return _("%.1f 天") % (hours / 24)


def share(
    name: str,
    label: Any,
    numerator: int,
    denominator: int,
    *,
    query: str = "",
    note: Any = "",
) -> Statistic:
    """A percentage that keeps its numerator and denominator; no value when there is nothing to divide."""
    return Statistic(
        name,
        label,
        100 * numerator / denominator if denominator else None,
        query,
        "%",
        numerator,
        denominator,
        note,
    )


def common_statistics(register: Register, rows: QuerySet[Any], now: datetime) -> list[Statistic]:
    """What every register counts over ``rows``: open, overdue, closed in time, duplicates; what came back, where that may be."""
    live = Q(merged_into=None)
    is_open, completed, again = Q(phase="open"), Q(phase__in=COMPLETED), Q(reopened__gt=0)
    n = rows.order_by().aggregate(
        total=Count("pk", filter=live),
        open=Count("pk", filter=live & is_open),
        late=Count("pk", filter=live & is_open & Q(due__lt=now)),
        completed=Count("pk", filter=live & completed),
        returned=Count("pk", filter=live & again),
        ended=Count("pk", filter=live & (completed | is_open & again)),
        duplicates=Count("pk", filter=~live),
    )
    on_time, stopped = clocks_kept(register, rows.filter(live))
    again_rate = (
        ("反弹率", "销号后又重开的÷曾经销号的")
        if register.rectifies
        else ("重新办理率", "办结后又重开的÷曾经办结的")
    )
    came_back = share(
        "recurrence",
        again_rate[0],
        n["returned"],
        n["ended"],
        query="reopened=1",
        note=again_rate[1],
    )
    return [
        Statistic("total", "登记总数", n["total"], "", note="不含并入其他件的重复件"),
        Statistic("open", "在办", n["open"], "open=1"),
        Statistic("overdue", "超期未办结", n["late"], "overdue=1"),
        Statistic(
            "closed", "已销号" if register.rectifies else "已办结", n["completed"], "closed=1"
        ),
        share("on_time", "环节按时办结率", on_time, stopped, note="按时停止的时限÷已停止的时限"),
        *([came_back] if register.comes_back else ()),
        Statistic("duplicates", "重复件", n["duplicates"], "merged=1"),
    ]


def clocks_kept(register: Register, rows: QuerySet[Any]) -> tuple[int, int]:
    """Duty clocks of ``rows`` stopped in time, and all that have stopped."""
    kept = _kept(register, rows)
    return sum(n for n, _late in kept.values()), sum(n + late for n, late in kept.values())


def _kept(register: Register, rows: QuerySet[Any]) -> dict[str, tuple[int, int]]:
    """For each duty clock by name: stops in time and late."""
    counted = (
        Clock.objects.filter(
            matter_id__in=rows.order_by().values("pk"),
            name__in=[rule.name for rule in register.workflow.clocks if not rule.waiting],
            due__isnull=False,
            stopped_at__isnull=False,
        )
        .order_by()
        .values("name")
        .annotate(n=Count("pk"), kept=Count("pk", filter=Q(stopped_at__lte=F("due"))))
    )
    return {row["name"]: (row["kept"], row["n"] - row["kept"]) for row in counted}


def stage_durations(register: Register, rows: QuerySet[Any]) -> list[StageDuration]:
    """How long matters stayed in each state they have left, in the workflow's order."""
    stays = (
        Event.objects.filter(matter_id__in=rows.order_by().values("pk"), stayed__isnull=False)
        .order_by()
        .values("from_state", minute=F("stayed") / 60)
        .annotate(n=Count("pk"), longest=Max("stayed"))
        .order_by("from_state", "minute")
    )
    counted: dict[str, list[dict[str, Any]]] = {}
    for row in stays:
        counted.setdefault(row["from_state"], []).append(row)
    # States with a clock of their own.
    own = {
        rule.during[0]: rule.name
        for rule in register.workflow.clocks
        if len(rule.during) == 1 and not rule.waiting
    }
    kept = _kept(register, rows) if counted else {}
    return [
        StageDuration(
            state.name,
            str(state.label),
            state.stage,
            sum(row["n"] for row in stayed),
            _median(stayed) / 60,
            max(row["longest"] for row in stayed) / 3600,
            *kept.get(own.get(state.name, ""), (0, 0)),
        )
        for state in register.workflow.states
        if (stayed := counted.get(state.name))
    ]


def _median(stayed: list[dict[str, Any]]) -> float:
    """Of stays counted by whole minutes, the shortest first: the middle one, in minutes."""
    whole, passed = sum(row["n"] for row in stayed), 0
    middle: list[int] = []
    for row in stayed:
        passed += row["n"]
        while len(middle) < 2 and passed > (whole - 1 + len(middle)) // 2:
            middle.append(row["minute"])
    return float(sum(middle)) / len(middle)


def of(register: Register, rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The register's statistics over ``rows``: its own when it declares them, else the common ones."""
    if register.statistics is not None:
        return register.statistics(rows, now, seen)
    return common_statistics(register, rows, now)


def all_but(register: Register, *states: str) -> str:
    """What a list's address asks for the matters of all other states."""
    return "state=" + ",".join(s.name for s in register.workflow.states if s.name not in states)


def by_name(statistics: Iterable[Statistic]) -> dict[str, Statistic]:
    return {s.name: s for s in statistics}


@dataclass(frozen=True, slots=True)
class OrganisationCount:
    """One organisation's matters: places and outcomes, never people (国办 2026-01-25 办法)."""

    organisation_id: int | None
    name: str
    total: int
    open: int
    overdue: int
    closed: int
    returned: int


def by_organisation(
    register: Register, rows: QuerySet[Any], now: datetime
) -> list[OrganisationCount]:
    """Counts by the organisation that answers for the matters, duplicates left out."""
    is_open = Q(phase="open")
    counted = (
        rows.filter(merged_into=None)
        .order_by()
        # An expression, not the key itself: grouped in the order of the key's own index, every row of the
        # table would be read.
        .values(organisation=Coalesce("owner_organisation_id", 0))
        .annotate(
            total=Count("pk"),
            open=Count("pk", filter=is_open),
            overdue=Count("pk", filter=is_open & Q(due__lt=now)),
            closed=Count("pk", filter=Q(phase__in=COMPLETED)),
            returned=Count("pk", filter=Q(reopened__gt=0)),
        )
    )
    names = dict(
        Organisation.objects.filter(pk__in=[row["organisation"] for row in counted]).values_list(
            "pk", "name"
        )
    )
    ordered = sorted(
        counted,
        key=lambda row: (-row["overdue"], -row["open"], names.get(row["organisation"], "")),
    )
    return [
        OrganisationCount(
            row["organisation"] or None,
            names.get(row["organisation"], "—"),
            row["total"],
            row["open"],
            row["overdue"],
            row["closed"],
            row["returned"],
        )
        for row in ordered
    ]
