"""Matters that run side by side (并联办理): a permit beside its assessment, a case beside a problem.

They keep their own states, owners and ends; what is proved in one is proved in all, and time that is
not counted in one is counted in none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.listings.refusals import Refused
from ecoledger.matters import timeline
from ecoledger.matters.actions.access import find, keep, locked, owns
from ecoledger.matters.models import Bundle, Matter
from ecoledger.matters.register import register_of, visible_matters


def beside(matter: Matter, person: Person) -> QuerySet[Matter]:
    """The other matters of the bundle that ``person`` may see."""
    if matter.bundle_id is None:
        return Matter.objects.none()
    return visible_matters(person).filter(bundle=matter.bundle_id).exclude(pk=matter.pk)


@transaction.atomic
def bundle(
    matter_ids: Iterable[int], *, by: Person, title: str = "", at: datetime | None = None
) -> Bundle:
    """Let matters of whichever registers run side by side; those already bundled take the others in."""
    at = at or timezone.now()
    matters = [_changeable(pk, by) for pk in dict.fromkeys(matter_ids)]
    if over := [m.number for m in matters if not register_of(m.register).state_of(m).open]:
        raise Refused("state", _("%s 已经办结，不再并联。") % _("、").join(over))
    if alone := [r.label for m in matters if not (r := register_of(m.register)).bundled]:
        raise Refused("condition", _("“%s”不与其他事项并联办理。") % _(str(alone[0])))
    if len(matters) < 2:
        raise Refused("form", _("并联办理至少要有两件事项。"))
    there = {m.bundle_id for m in matters} - {None}
    if len(there) > 1:
        raise Refused("condition", _("它们已分别与其他事项并联。"), _("请先在其中一件上解除并联。"))
    if there:
        made = Bundle.objects.get(pk=there.pop())
    else:
        made = Bundle.objects.create(
            title=title.strip()[:200] or matters[0].title, created_by=by, created_at=at
        )
    numbers = [m.number for m in made.matters.all()]
    numbers += [m.number for m in matters if m.bundle_id is None]
    for matter in matters:
        if matter.bundle_id == made.pk:
            continue
        matter.bundle = made
        keep(matter)
        timeline.record(
            matter,
            name="bundled",
            label=noop("并联办理"),
            by=by,
            at=at,
            form={"bundle": made.title, "matters": numbers},
        )
    return made


@transaction.atomic
def unbundle(matter_id: int, *, by: Person, at: datetime | None = None) -> Any:
    """Let a matter run alone again; the last two of a bundle both do."""
    at = at or timezone.now()
    matter = _changeable(matter_id, by)
    if matter.bundle_id is None:
        raise Refused("state", _("该事项没有并联。"))
    others = Matter.objects.filter(bundle=matter.bundle_id).exclude(pk=matter.pk)[:2]
    alone = [matter, *(find(m.pk, None) for m in others if len(others) == 1)]
    for left in alone:
        left.bundle = None
        keep(left)
        timeline.record(left, name="unbundled", label=noop("解除并联"), by=by, at=at)
    return matter


def _changeable(matter_id: int, by: Person) -> Any:
    matter = locked(matter_id, by)
    register = register_of(matter.register)
    if not register.manages(by, matter) and not owns(matter, by):
        raise Refused("role", _("并联由%s或当前责任人办理。") % register.managers)
    return matter
