"""What an entity was on a date (历史状态). States are kept from the first change on.

A change takes effect on a day and leaves what was before it; a correction of what was written wrong has no
day and leaves only its entry on the audit trail.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities.inventory import own_row
from ecoledger.entities.models import Entity, EntityState
from ecoledger.entities.validity import day_before, in_force

# Existence has its own dates; the box follows the geometry.
_LEFT_OUT = {"entity_ptr", "id", "since", "until", "synthetic"}


def content(thing: Entity) -> dict[str, Any]:
    """Every field of the thing as it is stored, rows by their number."""
    values = model_to_dict(thing)
    values["code"] = thing.code
    return {name: value for name, value in values.items() if name not in _LEFT_OUT}


def keep(
    thing: Entity,
    before: dict[str, Any],
    *,
    on: date | None,
    by: Person | None,
    source: str = "",
) -> None:
    """Write that ``thing`` was ``before`` until the day before ``on``, and is what it says from then.

    Without ``on`` the state on record is corrected. Raises ``ValidationError`` for a day before the last
    change: what was known later would be lost.
    """
    after = content(thing)
    last = thing.states.order_by("-id").first()
    if before.get("geometry") == after.get("geometry"):
        # A boundary is long; it is kept with the states that it changed between.
        before = {name: value for name, value in before.items() if name != "geometry"}
        after = {name: value for name, value in after.items() if name != "geometry"}
    if on is None:
        if last is not None:
            last.values = {**last.values, **after}
            last.save(update_fields=["values"])
        return
    if last is not None and last.since == on:
        last.values, last.source = {**last.values, **after}, source or last.source
        last.save(update_fields=["values", "source"])
        return
    if last is not None and last.since is not None and last.since > on:
        raise ValidationError(
            {"changed_on": _("%(day)s 已有变更，变更日期不能早于它") % {"day": last.since}}
        )
    if last is None:
        EntityState.objects.create(entity_id=thing.pk, until=day_before(on), values=before)
    else:
        last.until = day_before(on)
        last.save(update_fields=["until"])
    EntityState.objects.create(entity_id=thing.pk, since=on, values=after, by=by, source=source)


def on_day(entity: Entity, day: date) -> dict[str, Any]:
    """What the entity's fields said on a day; what they say now where nothing changed since."""
    return known_on([own_row(entity)], day)[entity.pk]


def known_on(things: Iterable[Entity], day: date) -> dict[int, dict[str, Any]]:
    """What the fields of many entities said on a day, by the entity's number. One query."""
    now = {thing.pk: thing for thing in things}
    rows = EntityState.objects.filter(in_force(day), entity_id__in=list(now))
    then = {row.entity_id: row.values for row in rows.order_by("id")}
    return {pk: {**content(thing), **then.get(pk, {})} for pk, thing in now.items()}


def names_of(entity: Entity) -> list[str]:
    """The names it had before, the newest first."""
    seen = {entity.name: None}
    for values in entity.states.order_by("-id").values_list("values", flat=True):
        if name := values.get("name"):
            seen.setdefault(str(name))
    return [name for name in seen if name != entity.name]
