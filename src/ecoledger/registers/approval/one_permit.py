"""一证式 (mechanism P9): everything that hangs on one permit, gathered for one page, as far as its reader may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities.models import Outlet
from ecoledger.matters.models import Matter
from ecoledger.matters.register import OPEN_WORK, register_of, visible_matters
from ecoledger.monitoring.limit_book import LIMITS
from ecoledger.monitoring.models import Limit, Point
from ecoledger.registers.approval import permit_rules, reports
from ecoledger.registers.approval.permit_terms import PermitMonitoring
from ecoledger.registers.approval.permits import Permit
from ecoledger.registers.approval.reports import ExecutionReport

# How many matters and reports a page shows; the lists behind it hold the rest.
LATEST = 12


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit of an outlet on the day."""

    limit: Limit
    factor: str


@dataclass(frozen=True, slots=True)
class OutletRow:
    """An outlet with its limits in force, what is to be measured there, and the points that stand there."""

    outlet: Outlet
    limits: Sequence[LimitRow]
    terms: Sequence[PermitMonitoring]
    points: Sequence[Point]

    @property
    def lacks_point(self) -> bool:
        """Whether automatic monitoring is asked and no point sends."""
        return any(term.frequency == "auto" for term in self.terms) and not self.points


@dataclass(frozen=True, slots=True)
class AmountRow:
    """A pollutant's yearly amount beside what the year's reports say so far."""

    pollutant: str
    allowed: Any
    reported: Any

    @property
    def share(self) -> float | None:
        if self.reported is None or not self.allowed:
            return None
        return float(100 * self.reported / self.allowed)


@dataclass(frozen=True, slots=True)
class BookRow:
    """How many matters of one register are about the holder."""

    key: str
    label: str
    line: str
    all: int
    open: int
    url: str


@dataclass(frozen=True, slots=True)
class OnePermit:
    """The page of one permit on a day."""

    permit: Permit
    day: date
    left: int | None
    outlets: Sequence[OutletRow]
    elsewhere: Sequence[PermitMonitoring]
    amounts: Sequence[AmountRow]
    year: int
    reports: Sequence[ExecutionReport]
    unreported: Sequence[str]
    faults: Sequence[permit_rules.Fault]
    books: Sequence[BookRow]
    matters: Sequence[Matter]


def gather(permit: Permit, person: Person, day: date | None = None) -> OnePermit:
    """What the page of a permit shows to ``person``; ``day`` chooses limits and the year."""
    day = day or timezone.localdate()
    outlets = permit_rules.outlets(permit)
    terms = list(permit.monitoring.select_related("outlet"))
    return OnePermit(
        permit=permit,
        day=day,
        left=None if permit.valid_until is None else (permit.valid_until - day).days,
        outlets=_outlets(outlets, terms, person, permit, day),
        elsewhere=[term for term in terms if term.outlet_id is None],
        amounts=_amounts(permit, day.year),
        year=day.year,
        reports=list(permit.reports.all()[:LATEST]),
        unreported=permit_rules.unreported(permit, day.year, day)
        + permit_rules.unreported(permit, day.year - 1, day),
        faults=permit_rules.faults(permit_rules.PERMIT, permit),
        books=_books(permit, person),
        matters=list(
            _matters(permit, person).order_by("-opened_at", "-pk").select_related("entity")[:LATEST]
        ),
    )


def _outlets(
    outlets: Sequence[Outlet],
    terms: Sequence[PermitMonitoring],
    person: Person,
    permit: Permit,
    day: date,
) -> list[OutletRow]:
    sees = person.may(LIMITS.see)
    held = permit_rules.limits_of(permit, day) if sees else {}
    points: dict[int, list[Point]] = {}
    for point in Point.objects.filter(entity__in=outlets, enabled=True):
        points.setdefault(point.entity_id or 0, []).append(point)
    return [
        OutletRow(
            outlet,
            [LimitRow(limit, permit_rules.factor_name(limit)) for limit in held.get(outlet.pk, [])],
            [term for term in terms if term.outlet_id == outlet.pk],
            points.get(outlet.pk, []) if sees else [],
        )
        for outlet in outlets
    ]


def _amounts(permit: Permit, year: int) -> list[AmountRow]:
    """Quarters added up where the permit asks for them, else the year's report."""
    allowed = {
        row.pollutant: row.tonnes
        for row in permit.amounts.filter(Q(year=None) | Q(year=year)).order_by("year", "pk")
    }
    period = "quarter" if permit.report_quarter else "year"
    rows = reports.ReportedAmount.objects.filter(
        report__permit=permit, report__year=year, report__period=period
    )
    told: dict[str, Any] = {}
    for row in rows:
        told[row.pollutant] = told.get(row.pollutant, 0) + row.tonnes
    names = dict.fromkeys([*allowed, *told])
    return [AmountRow(name, allowed.get(name), told.get(name)) for name in names]


def _matters(permit: Permit, person: Person) -> Any:
    """The matters about the holder or the permit that the reader may see."""
    about = Q(entity=permit.pk) | Q(enterprise=permit.parent_id) | Q(entity=permit.parent_id)
    return visible_matters(person).filter(about, merged_into=None)


def _books(permit: Permit, person: Person) -> list[BookRow]:
    counted = (
        _matters(permit, person)
        .order_by()
        .values("register")
        .annotate(n=Count("pk"), open=Count("pk", filter=OPEN_WORK))
    )
    rows = []
    for row in counted:
        register = register_of(row["register"])
        url = f"{register.url}?about={permit.parent_id}"
        label = _(str(register.label))
        rows.append(BookRow(register.key, label, register.line, row["n"], row["open"], url))
    return sorted(rows, key=lambda row: (row.line != "enforcement", -row.open, row.label))
