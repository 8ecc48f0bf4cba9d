"""Who answers for what since when (责任人): river, section, pipe, point, station and bay chiefs, grid workers.

A chief answers for an entity; for what belongs to it others answer too: at a water station the station's
chief, the section's and the river's (三长联动). A kind says so in its declaration (``answers_with``), and
relations say it of single things: a pipe that discharges into a river.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.entities import editing
from ecoledger.entities.inventory import inventory_of, own_row
from ecoledger.entities.models import Charge, Entity
from ecoledger.entities.relations import ANSWERING
from ecoledger.entities.validity import day_before, in_force, overlapping

# Key -> name of the duty. An inventory says by which of them somebody answers for its things.
ROLES: dict[str, str] = {
    "river_chief": "河长",
    "basin_chief": "流域长",
    "lake_chief": "湖长",
    "section_chief": "断面长",
    "pipe_chief": "管长",
    "bay_chief": "湾长",
    "source_chief": "水源地责任人",
    "point_chief": "点位长",
    "station_chief": "站点长",
    "grid_worker": "网格员",
}
LEVELS = tuple(Charge.Level.values)


def label(charge: Charge) -> str:
    """What the duty is called: 县级河长."""
    level = charge.get_level_display() if charge.level else ""
    return f"{level}{ROLES.get(charge.role, charge.role)}"


def answering(thing: Entity) -> list[Entity]:
    """The thing, and those whose chiefs answer for it too, the nearest first."""
    row = own_row(thing)
    found = [row]
    try:
        paths = inventory_of(row).answers_with
    except KeyError:
        paths = ()
    for path in paths:
        other: Entity | None = row
        for name in path.split("__"):
            other = getattr(other, name) if other is not None else None
        if other is not None:
            found.append(other)
    related = Entity.objects.filter(
        in_force(path="related_from__"),
        related_from__a_id__in=[entity.pk for entity in found],
        related_from__kind__in=ANSWERING,
    )
    found += list(related)
    if row.parent is not None:
        found.append(row.parent)
    return list({entity.pk: entity for entity in found}.values())


def charges_of(
    thing: Entity,
    on: date | None = None,
    roles: Iterable[str] | None = None,
    *,
    also: bool = True,
) -> list[Charge]:
    """Who answers for a thing on a day (today), the nearest thing and the highest level first.

    ``also``: those of ``answering`` too; without it only the thing's own.
    """
    things = answering(thing) if also else [thing]
    order = {one.pk: number for number, one in enumerate(things)}
    rows = Charge.objects.filter(in_force(on), entity_id__in=list(order))
    if roles is not None:
        rows = rows.filter(role__in=list(roles))
    levels = {level: number for number, level in enumerate(LEVELS)}
    return sorted(
        rows.select_related("entity", "person", "organisation"),
        key=lambda charge: (order[charge.entity_id], levels.get(charge.level, 9), charge.pk),
    )


def people_of(charges: Iterable[Charge]) -> list[Person]:
    """The people whom charges name, or who belong to the organisation they name; each once."""
    people: dict[int, Person] = {}
    for charge in charges:
        if charge.person is not None:
            people.setdefault(charge.person.pk, charge.person)
        elif charge.organisation is not None:
            for member in charge.organisation.people.filter(is_active=True):
                people.setdefault(member.pk, member)
    return [person for person in people.values() if person.is_active]


def charged_to(person: Person, on: date | None = None) -> QuerySet[Charge]:
    """What a person answers for on a day (today)."""
    return Charge.objects.filter(in_force(on), person=person).select_related("entity")


def check(person: Person | None, charge: Charge) -> None:
    """Raise ``PermissionDenied`` outside the person's divisions, ``ValidationError`` by field for what cannot be."""
    if not editing.may_edit(person, charge.entity.area_code):
        raise PermissionDenied(_("只能登记和修改本辖区的对象"))
    if charge.role not in ROLES:
        raise ValidationError({"role": _("没有责任类别“%(role)s”") % {"role": charge.role}})
    if charge.person is None and charge.organisation is None and not charge.name.strip():
        raise ValidationError({"person": _("请选择责任人或责任单位，或填写姓名")})
    if charge.since and charge.until and charge.since > charge.until:
        raise ValidationError({"until": _("任职止应不早于任职起")})


@transaction.atomic
def appoint(person: Person | None, charge: Charge, *, ends: bool = True) -> Charge:
    """Put a charge on record; with ``ends`` whoever held it on the same level ends the day before.

    Raises what :func:`check` does.
    """
    check(person, charge)
    same = Charge.objects.filter(
        overlapping(charge.since, charge.until),
        entity_id=charge.entity_id,
        role=charge.role,
        level=charge.level,
    ).exclude(pk=charge.pk)
    before = [earlier for earlier in same if _holds_before(earlier, charge)]
    if ends:
        for earlier in before:
            end(person, earlier, day_before(charge.since or timezone.localdate()))
    charge.full_clean(exclude=["entity"])
    charge.save()
    audit.record(
        person,
        "charge appointed",
        charge.entity,
        details={
            "role": charge.role,
            "level": charge.level,
            "who": charge.who,
            "since": charge.since,
            "until": charge.until,
        },
    )
    return charge


def _holds_before(earlier: Charge, charge: Charge) -> bool:
    first = charge.since or timezone.localdate()
    return earlier.since is None or earlier.since < first


def end(person: Person | None, charge: Charge, on: date, *, address: str = "") -> None:
    """Let a charge end with a day."""
    charge.until = on
    charge.save(update_fields=["until"])
    audit.record(
        person,
        "charge ended",
        charge.entity,
        details={"charge": charge.pk, "role": charge.role, "who": charge.who, "until": on},
        address=address,
    )


@transaction.atomic
def give(person: Person, old: Charge, new: Charge) -> Charge:
    """Let ``new`` go on where ``old`` ends the day before; whoever keeps the people may do this."""
    end(person, old, day_before(new.since or timezone.localdate()))
    new.save()
    details = {"role": new.role, "from": old.who, "to": new.who, "since": new.since}
    audit.record(person, "charge handed over", new.entity, details=details)
    return new
