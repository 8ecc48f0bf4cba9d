"""What a person may see, table by table: the one place where pages take their rows from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from ecoledger.accounts.models import AuditEntry, Person
from ecoledger.accounts.scope import visible
from ecoledger.entities.models import Area, Enterprise, River, Section
from ecoledger.monitoring.models import Alarm, Point

M = TypeVar("M", bound=Model)


def registry(person: Person, rows: QuerySet[M], area_field: str = "area_code") -> QuerySet[M]:
    """What of the registry a person keeps: system administrators keep it too, and see no data."""
    inside = Q(pk__in=[])
    if person.is_active and person.may("edit_registry"):
        for code in person.area_codes:
            inside |= Q(**{f"{area_field}__startswith": code})
    return rows.filter(inside)


def points(person: Person) -> QuerySet[Point]:
    """Monitoring points with a device or import behind them, in scope."""
    rows = visible(Point.objects.all(), person, "area_code", "owner_code")
    return rows.exclude(kind=Point.Kind.AREA).select_related("entity")


def area_points(person: Person) -> QuerySet[Point]:
    """The computed points of the divisions a person belongs to, above and below.

    A city's index is public by law, so a town's people see their city's too.
    """
    ancestors = [code[:n] for code in person.area_codes for n in range(6, len(code) + 1)]
    inside = Q(pk__in=[])
    for code in person.area_codes:
        inside |= Q(area_code__startswith=code)
    return Point.objects.filter(kind=Point.Kind.AREA).filter(inside | Q(area_code__in=ancestors))


def alarms(person: Person) -> QuerySet[Alarm]:
    return visible(Alarm.objects.all(), person, "area_code", "owner_code").select_related(
        "rule", "point"
    )


def covers_everything(person: Person) -> bool:
    """Whether every division lies in a person's scope: who may change what holds for all."""
    inside = Q(pk__in=[])
    for code in person.area_codes:
        inside |= Q(code__startswith=code)
    return bool(person.area_codes) and not Area.objects.exclude(inside).exists()


@dataclass(frozen=True, slots=True)
class Frames:
    """Which frames a person may see: of these MN, or of all but these. ``None`` sets no such bound."""

    mns: tuple[str, ...] | None
    but: tuple[str, ...] | None

    def hold(self, mn: str | None) -> bool:
        """Whether frames of an MN are among them."""
        if self.mns is not None and (mn or "") not in self.mns:
            return False
        return self.but is None or (mn or "") not in self.but


def frames(person: Person, status: str) -> Frames:
    """Frames of points in scope; and in quarantine those of nobody's point, for who covers everything.

    A system administrator keeps the registry and sees no data: of the frames only those of unknown devices.
    """
    own = _mns(points(person))
    if status != "quarantined" or not (person.may("see_quarantine") and covers_everything(person)):
        return Frames(own, None)
    return Frames(None, tuple(set(_mns(Point.objects.all())) - set(own)))


def _mns(rows: QuerySet[Point]) -> tuple[str, ...]:
    return tuple(mn for mn in rows.values_list("mn", flat=True) if mn)


def enterprises(person: Person) -> QuerySet[Enterprise]:
    return visible(Enterprise.objects.all(), person, "area_code", "code")


def sections(person: Person) -> QuerySet[Section]:
    return visible(Section.objects.all(), person).select_related("river")


def rivers(person: Person) -> QuerySet[River]:
    """Rivers cross divisions; where they run is on every map."""
    return River.objects.all() if person.may("see_monitoring") else River.objects.none()


def areas(person: Person) -> QuerySet[Area]:
    """Divisions in scope and those above them: names and borders are no secret."""
    ancestors = [code[:n] for code in person.area_codes for n in range(6, len(code) + 1)]
    inside = Q(code__in=ancestors)
    for code in person.area_codes:
        inside |= Q(code__startswith=code)
    if person.entity_code:
        own = Enterprise.objects.filter(code=person.entity_code).values_list("area_code", flat=True)
        inside |= Q(code__in=list(own))
    return Area.objects.filter(inside)


def audit(person: Person) -> QuerySet[AuditEntry]:
    if not person.may("see_audit"):
        return AuditEntry.objects.none()
    return AuditEntry.objects.select_related("person")
