"""What became of entities (沿革): renamed, moved, merged, split; and divisions that changed.

When firms merge, whatever points at the old one points at the new one from then on: every foreign key that
Django knows of, of whatever room, and every code column told by its type. What is history stays where it
was: states, numbers, charges and dated rows that had ended before. Each row moved is on the audit trail and
in the succession, from which the whole is undone; a preview does it and takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.fields import AreaCodeField, EntityCodeField
from ecoledger.accounts.models import Person
from ecoledger.entities import editing, shapes
from ecoledger.entities.inventory import own_row
from ecoledger.entities.models import (
    Area,
    Charge,
    Entity,
    EntityState,
    Identifier,
    Succession,
)
from ecoledger.entities.validity import day_before, in_force

# Told by the rooms above: of the rows of a table that name a thing under a column, the keys of those that keep its name.
keeps: list[Callable[[type[models.Model], str, models.QuerySet[Any]], set[int]]] = []
# History of the entity itself: it stays with it.
_STAYS: tuple[type[models.Model], ...] = (EntityState, Identifier, Succession, Charge)


@dataclass(frozen=True)
class Moved:
    """Rows of one table that point elsewhere now, those that cannot (the new one has such a row), and those that keep the
    name under which somebody decided about them."""

    model: type[models.Model]
    field: str
    moved: tuple[int, ...]
    left: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        return str(self.model._meta.verbose_name)


# -- the same thing under another name or at another place -------------------------------------------


def rename(
    person: Person, thing: Entity, name: str, on: date, *, note: str = "", address: str = ""
) -> list[str]:
    """Give a thing another name from a day; the old name stays findable. Returns what is odd."""
    row = own_row(thing)
    row.name = name
    return editing.save(person, row, on=on, source=note, address=address)


def move(
    person: Person,
    thing: Entity,
    on: date,
    *,
    lon: float | None,
    lat: float | None,
    area_code: str = "",
    note: str = "",
    address: str = "",
) -> list[str]:
    """Put a thing elsewhere from a day: a well that was drilled anew, a firm that moved. Its parts follow."""
    row = own_row(thing)
    row.lon, row.lat, row.geometry = lon, lat, None
    row.area_code = area_code or row.area_code
    return editing.save(person, row, on=on, source=note, address=address)


# -- one thing becomes another ----------------------------------------------------------------------


def pointers(thing: Entity) -> Iterator[tuple[type[models.Model], str]]:
    """Every table and column that points at the thing by key, of every room."""
    tables: list[type[models.Model]] = [Entity]
    if (own := type(own_row(thing))) is not Entity:
        tables.append(own)
    for model in tables:
        for relation in model._meta.get_fields(include_hidden=True):
            if not isinstance(relation, models.ManyToOneRel):
                continue
            column = relation.field
            owner: type[models.Model] = column.model
            if column.remote_field.parent_link or owner in _STAYS:
                continue
            yield owner, column.name


def code_columns(
    kind: type[AreaCodeField] | type[EntityCodeField],
) -> Iterator[tuple[type[models.Model], str]]:
    """Every table and column that keeps a division's or an entity's code and follows its changes."""
    for model in apps.get_models():
        for column in model._meta.local_fields:
            if isinstance(column, kind) and column.follows:
                yield model, column.name


@transaction.atomic
def merge(
    person: Person, old: Entity, new: Entity, on: date, *, note: str = "", address: str = ""
) -> Succession:
    """Let ``new`` go on in place of ``old`` from a day. Raises ``ValidationError``, ``PermissionDenied``."""
    _may(person, old, new)
    if old.pk == new.pk or old.kind != new.kind:
        raise ValidationError(_("只能将两个同类的对象合并"))
    if not old.exists_on(on):
        raise ValidationError(_("“%(name)s”在该日已停用") % {"name": old.name})
    details: dict[str, Any] = {"before": {"until": old.until}, "moved": [], "left": []}
    for model, field in pointers(old):
        rows = model._base_manager.filter(**{field: old.pk})
        if _dated(model):
            rows = rows.filter(in_force(on))
        _take_unkept(details, model, field, rows, old.pk, new.pk)
    for model, field in code_columns(EntityCodeField):
        rows = model._base_manager.filter(**{field: old.code})
        _take(details, model, field, rows, old.code, new.code)
    if old.kind == Area.KIND:
        _join_areas(details, old, new)
    ending = old.charges.filter(in_force(on), until__isnull=True)
    details["ended_charges"] = [charge.pk for charge in ending]
    ending.update(until=day_before(on))
    details["ended_numbers"] = [n.pk for n in old.identifiers.filter(until__isnull=True)]
    old.identifiers.filter(until__isnull=True).update(until=day_before(on))
    old.until = day_before(on)
    old.save()
    return _recorded(person, old, new, on, Succession.How.MERGED, note, details, address)


@transaction.atomic
def split(
    person: Person,
    old: Entity,
    new: Entity,
    on: date,
    take: Mapping[str, Sequence[int]],
    *,
    note: str = "",
    address: str = "",
) -> Succession:
    """Let ``new``, entered before, take over a part of ``old`` from a day.

    ``take``: "app.model.field" -> numbers of the rows that go to ``new``; see ``parts_of`` for what there is.
    """
    _may(person, old, new)
    if old.pk == new.pk or old.kind != new.kind:
        raise ValidationError(_("只能分立为另一个同类的对象"))
    known = {_place_of(model, field): (model, field) for model, field in pointers(old)}
    if unknown := set(take) - set(known):
        raise ValidationError(
            _("没有这样的关联：%(names)s") % {"names": "、".join(sorted(unknown))}
        )
    details: dict[str, Any] = {"before": {"until": old.until}, "moved": [], "left": []}
    for name, numbers in take.items():
        model, field = known[name]
        rows = model._base_manager.filter(**{field: old.pk}, pk__in=list(numbers))
        _take_unkept(details, model, field, rows, old.pk, new.pk)
    return _recorded(person, old, new, on, Succession.How.SPLIT, note, details, address)


def parts_of(thing: Entity) -> list[tuple[str, Moved]]:
    """What points at the thing, by the name that ``split`` takes: the tables that have such rows."""
    parts = []
    for model, field in pointers(thing):
        rows = model._base_manager.filter(**{field: thing.pk}).order_by("pk")
        if numbers := tuple(rows.values_list("pk", flat=True)):
            parts.append((_place_of(model, field), Moved(model, field, numbers)))
    return parts


@transaction.atomic
def undo(person: Person, succession: Succession, *, address: str = "") -> list[Moved]:
    """Take a merger or split back: rows that still point at the new thing return to the old one.

    Raises ``ValidationError`` when it is undone already or the new thing has been merged on.
    """
    old, new = succession.old, succession.new
    _may(person, old, new)
    if succession.undone_at is not None:
        raise ValidationError(_("已撤销"))
    if succession.how not in (Succession.How.MERGED, Succession.How.SPLIT):
        raise ValidationError(_("更名和迁移请按新的变更登记"))
    later = Succession.objects.filter(
        old=new, how=Succession.How.MERGED, undone_at__isnull=True, pk__gt=succession.pk
    )
    if later.exists():
        raise ValidationError(
            _("“%(name)s”此后又已并入其他对象，请先撤销那一次") % {"name": new.name}
        )
    details = succession.details
    back = []
    for label, field, numbers in details["moved"]:
        model = apps.get_model(label)
        codes = isinstance(model._meta.get_field(field), AreaCodeField | EntityCodeField)
        there, here = (new.code, old.code) if codes else (new.pk, old.pk)
        rows = model._base_manager.filter(**{field: there}, pk__in=numbers)
        taken: dict[str, Any] = {"moved": [], "left": []}
        _take(taken, model, field, rows, there, here)
        back += moves_of(taken)
    if succession.how == Succession.How.MERGED:
        old.charges.filter(pk__in=details["ended_charges"]).update(until=None)
        old.identifiers.filter(pk__in=details["ended_numbers"]).update(until=None)
        until = details["before"]["until"]
        old.until = date.fromisoformat(until) if isinstance(until, str) else until
        old.save()
        if "geometry" in details["before"]:
            new.geometry = details["before"]["geometry"]
            new.save()
    succession.undone_at, succession.undone_by = timezone.now(), person
    succession.save(update_fields=["undone_at", "undone_by"])
    for move_back in back:
        for number in move_back.moved:
            row = move_back.model._base_manager.get(pk=number)
            audit.record(
                person,
                "registry repointed",
                row,
                details={move_back.field: [new.code, old.code], "undone": succession.pk},
                address=address,
            )
    audit.record(
        person, "succession undone", old, details={"succession": succession.pk}, address=address
    )
    return back


def preview(act: Callable[[], Succession]) -> list[Moved]:
    """What a merger or split would do: it is done, looked at, and taken back."""
    with transaction.atomic():
        result = moves_of(act().details)
        transaction.set_rollback(True)
    return result


def moves_of(details: Mapping[str, Any]) -> list[Moved]:
    """The moves that a succession keeps."""
    moved, left, kept = (
        {(label, field): tuple(numbers) for label, field, numbers in details.get(part, [])}
        for part in ("moved", "left", "kept")
    )
    return [
        Moved(
            apps.get_model(label),
            field,
            *(part.get((label, field), ()) for part in (moved, left, kept)),
        )
        for label, field in dict.fromkeys([*moved, *kept])
    ]


# -- how ----------------------------------------------------------------------------------------


def _may(person: Person, *things: Entity) -> None:
    if not all(editing.may_edit(person, thing.area_code) for thing in things):
        raise PermissionDenied(_("只能登记和修改本辖区的对象"))


def _place_of(model: type[models.Model], field: str) -> str:
    return f"{model._meta.label_lower}.{field}"


def _dated(model: type[models.Model]) -> bool:
    names = {column.name for column in model._meta.get_fields()}
    return {"since", "until"} <= names and not issubclass(model, Entity)


def _take_unkept(
    details: dict[str, Any],
    model: type[models.Model],
    field: str,
    rows: models.QuerySet[Any],
    here: object,
    there: object,
) -> None:
    """:func:`_take` of the rows that do not keep the name they have."""
    kept = set().union(*(keep(model, field, rows) for keep in keeps))
    if kept:
        details.setdefault("kept", []).append([model._meta.label_lower, field, sorted(kept)])
        rows = rows.exclude(pk__in=kept)
    _take(details, model, field, rows, here, there)


def _take(
    details: dict[str, Any],
    model: type[models.Model],
    field: str,
    rows: models.QuerySet[Any],
    here: object,
    there: object,
) -> None:
    """Point ``rows`` from ``here`` to ``there``; those that the table's own rules forbid stay."""
    numbers = list(rows.order_by("pk").values_list("pk", flat=True))
    if not numbers:
        return
    table = model._base_manager
    moved, left = numbers, []
    try:
        with transaction.atomic():
            table.filter(pk__in=numbers).update(**{field: there})
    except IntegrityError:
        moved = []
        for number in numbers:
            try:
                with transaction.atomic():
                    table.filter(pk=number).update(**{field: there})
                moved.append(number)
            except IntegrityError:
                left.append(number)
    details["moved"].append([model._meta.label_lower, field, moved])
    if left:
        details["left"].append([model._meta.label_lower, field, left])


def _join_areas(details: dict[str, Any], old: Entity, new: Entity) -> None:
    """A division that became part of another: codes follow, and people's scope, and the boundary."""
    for model, field in code_columns(AreaCodeField):
        rows = model._base_manager.filter(**{field: old.code})
        if model is Entity:
            rows = rows.exclude(pk=old.pk)  # its own code is its own
        _take(details, model, field, rows, old.code, new.code)
    if old.geometry and new.geometry:
        details["before"]["geometry"] = new.geometry
        new.geometry = shapes.united([new.geometry, old.geometry])
        new.save()


def _recorded(
    person: Person,
    old: Entity,
    new: Entity,
    on: date,
    how: Succession.How,
    note: str,
    details: dict[str, Any],
    address: str,
) -> Succession:
    succession = Succession.objects.create(
        old_id=old.pk, new_id=new.pk, on=on, how=how, note=note, details=details, by=person
    )
    for moved in moves_of(details):
        for number in moved.moved:
            row = moved.model._base_manager.get(pk=number)
            audit.record(
                person,
                "registry repointed",
                row,
                details={moved.field: [old.code, new.code], "succession": succession.pk},
                address=address,
            )
    audit.record(
        person,
        f"registry {how.value}",
        old,
        details={"into": new.code, "on": on, "note": note, "succession": succession.pk},
        address=address,
    )
    return succession


def history_of(thing: Entity) -> list[Succession]:
    """What the thing came from and what became of it, the newest first."""
    rows = Succession.objects.filter(models.Q(old_id=thing.pk) | models.Q(new_id=thing.pk))
    return list(rows.select_related("old", "new", "by").order_by("-on", "-id"))


def within(key: int) -> set[int]:
    """The keys of a thing and of all that was merged into it."""
    keys = new = {key}
    while new:
        merged = Succession.objects.filter(
            new__in=new, how=Succession.How.MERGED, undone_at__isnull=True
        )
        new = set(merged.values_list("old", flat=True)) - keys
        keys = keys | new
    return keys


def current(thing: Entity) -> Entity:
    """What a thing that was merged has become; itself where it was not."""
    seen = {thing.pk}
    while True:
        step = (
            Succession.objects.filter(
                old_id=thing.pk, how=Succession.How.MERGED, undone_at__isnull=True
            )
            .select_related("new")
            .order_by("-id")
            .first()
        )
        if step is None or step.new_id in seen:
            return thing
        thing = step.new
        seen.add(thing.pk)
