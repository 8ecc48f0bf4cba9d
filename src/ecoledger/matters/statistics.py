"""Counts, shares and durations of a register; each number with the list query that shows its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Q, QuerySet

from ecoledger.matters.models import Clock, Event
from ecoledger.matters.register import Register, Statistic
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
        return f"{round(hours * 60)} 分钟"
    if hours < 48:
        return f"{hours:.1f} 小时"
    return f"{hours / 24:.1f} 天"


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
    """What every register counts over ``rows``: open, overdue, closed in time, came back, duplicates."""
    live = rows.filter(merged_into=None)
    is_open = Q(phase="open")
    total = live.count()
    open_count = live.filter(is_open).count()
    overdue = live.filter(is_open, due__lt=now).count()
    closed = live.filter(phase__in=COMPLETED).count()
    returned = live.filter(reopened__gt=0).count()
    on_time, ended = clocks_kept(register, live)
    return [
        Statistic("total", "登记总数", total, "", note="不含并入其他件的重复件"),
        Statistic("open", "在办", open_count, "open=1"),
        Statistic("overdue", "超期未办结", overdue, "overdue=1"),
        Statistic("closed", "已销号", closed, "closed=1"),
        share("on_time", "环节按时办结率", on_time, ended, note="按时停止的时限÷已停止的时限"),
        share(
            "recurrence",
            "反弹率",
            returned,
            closed + live.filter(is_open, reopened__gt=0).count(),
            query="reopened=1",
            note="销号后又重开的÷曾经销号的",
        ),
        Statistic(
            "duplicates",
            "重复件",
            rows.exclude(merged_into=None).count(),
            "merged=1",
        ),
    ]


def clocks_kept(register: Register, rows: QuerySet[Any]) -> tuple[int, int]:
    """Duty clocks of ``rows`` stopped in time, and all that have stopped."""
    duties = [rule.name for rule in register.workflow.clocks if not rule.waiting]
    kept = ended = 0
    for due, stopped in Clock.objects.filter(
        matter_id__in=rows.order_by().values("pk"),
        name__in=duties,
        due__isnull=False,
        stopped_at__isnull=False,
    ).values_list("due", "stopped_at"):
        if due is not None and stopped is not None:
            ended += 1
            kept += stopped <= due
    return kept, ended


def stage_durations(register: Register, rows: QuerySet[Any]) -> list[StageDuration]:
    """How long matters stayed in each state they have left, in the workflow's order."""
    stays: dict[str, list[timedelta]] = defaultdict(list)
    entered: dict[int, datetime] = {}
    events = (
        Event.objects.filter(matter_id__in=rows.order_by().values("pk"))
        .order_by("matter_id", "id")
        .values_list("matter_id", "at", "from_state", "to_state")
    )
    for matter_id, at, before, after in events.iterator():
        if before == after:
            continue
        if matter_id in entered and before:
            stays[before].append(at - entered[matter_id])
        entered[matter_id] = at
    kept = _kept_by_state(register, rows)
    out = []
    for state in register.workflow.states:
        if not (spans := stays.get(state.name)):
            continue
        hours = [span / timedelta(hours=1) for span in spans]
        on_time, late = kept.get(state.name, (0, 0))
        out.append(
            StageDuration(
                state.name,
                str(state.label),
                state.stage,
                len(spans),
                median(hours),
                max(hours),
                on_time,
                late,
            )
        )
    return out


def _kept_by_state(register: Register, rows: QuerySet[Any]) -> dict[str, tuple[int, int]]:
    """For states with a clock of their own: stops in time and late."""
    own = {
        rule.name: rule.during[0]
        for rule in register.workflow.clocks
        if len(rule.during) == 1 and not rule.waiting
    }
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, due, stopped in Clock.objects.filter(
        matter_id__in=rows.order_by().values("pk"),
        name__in=list(own),
        due__isnull=False,
        stopped_at__isnull=False,
    ).values_list("name", "due", "stopped_at"):
        if due is not None and stopped is not None:
            counts[own[name]][stopped > due] += 1
    return {state: (kept, late) for state, (kept, late) in counts.items()}


def of(register: Register, rows: QuerySet[Any], now: datetime) -> list[Statistic]:
    """The register's statistics over ``rows``: its own when it declares them, else the common ones."""
    if register.statistics is not None:
        return register.statistics(rows, now)
    return common_statistics(register, rows, now)


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
        .values("owner_organisation_id", "owner_organisation__name")
        .annotate(
            total=Count("pk"),
            open=Count("pk", filter=is_open),
            overdue=Count("pk", filter=is_open & Q(due__lt=now)),
            closed=Count("pk", filter=Q(phase__in=COMPLETED)),
            returned=Count("pk", filter=Q(reopened__gt=0)),
        )
        .order_by("-overdue", "-open", "owner_organisation__name")
    )
    return [
        OrganisationCount(
            row["owner_organisation_id"],
            row["owner_organisation__name"] or "—",
            row["total"],
            row["open"],
            row["overdue"],
            row["closed"],
            row["returned"],
        )
        for row in counted
    ]
