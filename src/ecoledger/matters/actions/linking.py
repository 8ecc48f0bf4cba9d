"""Matters that have to do with each other: links, duplicates merged and taken out again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.matters import deadlines, timeline
from ecoledger.matters.actions.access import find, keep, locked
from ecoledger.matters.models import Link, Matter
from ecoledger.matters.refusals import Refused
from ecoledger.matters.register import Register, has_register, register_of


def link(
    from_register: Register,
    from_matter: Matter,
    to_register: Register,
    to_matter: Matter,
    kind: Link.Kind,
    *,
    by: Person | None,
    at: datetime | None = None,
) -> Link:
    """Say that two matters have to do with each other; the same link twice is one."""
    made, _new = Link.objects.get_or_create(
        from_register=from_register.key,
        from_id=from_matter.pk,
        to_register=to_register.key,
        to_id=to_matter.pk,
        kind=kind,
        defaults={"person": by, "at": at or timezone.now()},
    )
    return made


def linked(register: Register, matter: Matter, person: Person) -> list[tuple[str, Register, Any]]:
    """The matters linked with ``matter`` that ``person`` may see: (relation, register, matter)."""
    out = [
        (Link.Kind(row.kind).label, row.to_register, row.to_id)
        for row in Link.objects.filter(from_register=register.key, from_id=matter.pk)
    ]
    back = {
        Link.Kind.BEGETS: _("引自"),
        Link.Kind.DUPLICATE_OF: _("并入了"),
        Link.Kind.RELATED: _("相关"),
    }
    out += [
        (back[Link.Kind(row.kind)], row.from_register, row.from_id)
        for row in Link.objects.filter(to_register=register.key, to_id=matter.pk)
    ]
    found = []
    for relation, key, matter_id in out:
        if not has_register(key):
            continue
        other = register_of(key)
        row = other.visible_to(person).filter(pk=matter_id).first()
        if row is not None:
            found.append((str(relation), other, row))
    return found


@transaction.atomic
def merge(
    register: Register,
    duplicate_ids: Iterable[int],
    into_id: int,
    *,
    by: Person,
    reason: str,
    at: datetime | None = None,
) -> Any:
    """Let one matter go on for several that are the same thing; the duplicates stay, linked."""
    at = at or timezone.now()
    if not register.may_manage(by):
        raise Refused("role", _("合并重复事项由调度人员或局领导办理。"))
    target = locked(register, into_id, by)
    duplicates = [locked(register, pk, by) for pk in dict.fromkeys(duplicate_ids)]
    duplicates = [d for d in duplicates if d.pk != target.pk]
    if not duplicates:
        raise Refused("form", _("没有选择要并入的事项。"))
    for duplicate in duplicates:
        duplicate.merged_into = target
        keep(duplicate)
        deadlines.stop_all(register, duplicate, at)
        link(register, duplicate, register, target, Link.Kind.DUPLICATE_OF, by=by, at=at)
        timeline.record(
            register,
            duplicate,
            name="merged",
            label=noop("并入 %s") % target.number,
            by=by,
            at=at,
            note=reason,
        )
    timeline.record(
        register,
        target,
        name="absorbed",
        label=noop("并入重复事项"),
        by=by,
        at=at,
        note=reason,
        form={"duplicates": [d.number for d in duplicates]},
    )
    keep(target)
    return target


@transaction.atomic
def unmerge(register: Register, matter_id: int, *, by: Person, at: datetime | None = None) -> Any:
    """Take a duplicate out again: it goes on in the state it was in, its clocks started anew."""
    at = at or timezone.now()
    if not register.may_manage(by):
        raise Refused("role", _("拆分事项由调度人员或局领导办理。"))
    matter = find(register, matter_id, by)
    if matter.merged_into_id is None:
        raise Refused("state", _("该事项没有并入其他事项。"))
    Link.objects.filter(
        from_register=register.key, from_id=matter.pk, kind=Link.Kind.DUPLICATE_OF
    ).delete()
    matter.merged_into = None
    keep(matter)
    timeline.record(register, matter, name="unmerged", label=noop("拆分"), by=by, at=at)
    deadlines.follow_state(register, matter, at)
    return matter
