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
from ecoledger.listings.refusals import Refused
from ecoledger.matters import deadlines, timeline
from ecoledger.matters.actions.access import (
    came_finished,
    find,
    keep,
    locked,
    settled,
    things,
)
from ecoledger.matters.actions.lapsing import end_requests
from ecoledger.matters.models import NARROW, Link, Matter
from ecoledger.matters.register import register_of, state_of, visible_matters


def link(
    from_matter: Matter,
    to_matter: Matter,
    kind: Link.Kind,
    *,
    by: Person | None,
    at: datetime | None = None,
) -> Link:
    """Say that two matters have to do with each other; the same link twice is one."""
    row, _new = Link.objects.get_or_create(
        from_matter_id=from_matter.pk,
        to_matter_id=to_matter.pk,
        kind=kind,
        defaults={"person": by, "at": at or timezone.now()},
    )
    return row


def linked(matter: Matter, person: Person) -> list[tuple[str, Matter]]:
    """The matters linked with ``matter`` that ``person`` may see, of every register: (relation, matter)."""
    back = {
        Link.Kind.BEGETS: _("引自"),
        Link.Kind.DUPLICATE_OF: _("并入了"),
        Link.Kind.RELATED: _("相关"),
    }
    relations = [
        (str(Link.Kind(kind).label), other)
        for kind, other in matter.links.values_list("kind", "to_matter_id")
    ] + [
        (str(back[Link.Kind(kind)]), other)
        for kind, other in matter.linked_from.values_list("kind", "from_matter_id")
    ]
    seen = visible_matters(person).in_bulk([other for _relation, other in relations])
    return [(relation, seen[other]) for relation, other in relations if other in seen]


@transaction.atomic
def merge(
    duplicate_ids: Iterable[int],
    into_id: int,
    *,
    by: Person | None,
    reason: str,
    at: datetime | None = None,
) -> Any:
    """Let one matter go on for several that are the same thing, of whichever register.

    The duplicates stay, linked.
    """
    at = at or timezone.now()
    target = locked(into_id, by)
    duplicates = [locked(pk, by) for pk in dict.fromkeys(duplicate_ids) if pk != target.pk]
    if by is not None and not all(
        register_of(m.register).manages(by, m) for m in (target, *duplicates)
    ):
        raise Refused("role", _("合并重复事项由调度人员或局领导办理。"))
    if not duplicates:
        raise Refused("form", _("没有选择要并入的事项。"))
    about = things(target)
    for duplicate in duplicates:
        if _decided(duplicate):
            raise Refused(
                "state",
                _("%(number)s “%(state)s”，不再并入其他事项。")
                % {"number": duplicate.number, "state": _(str(state_of(duplicate).label))},
                _("确属重复的，请先按流程退回；曾经他人审定的，请将另一件并入本件。"),
            )
        # Each says on its timeline that there is the other.
        circles = {m.circulation for m in (duplicate, target)}
        if circles & NARROW and (len(circles) > 1 or duplicate.register != target.register):
            raise Refused(
                "form", _("限定知悉的事项只能并入同一台账、同样知悉范围的事项。"), _("请分别办理。")
            )
        if _makes_away(duplicate, target, at):
            raise Refused(
                "state",
                _("%(into)s “%(state)s”，在办的 %(number)s 不能并入。")
                % {
                    "into": target.number,
                    "state": _(str(state_of(target).label)),
                    "number": duplicate.number,
                },
                _("请先重新办理原件，或单独办理。"),
            )
        of_it = things(duplicate)
        if about and of_it - about:
            raise Refused(
                "form",
                _("%(number)s 与 %(into)s 涉及的对象不同，不能合并。")
                % {"number": duplicate.number, "into": target.number},
                _("对象登记有误的，请先更正。"),
            )
        about |= of_it
    for duplicate in duplicates:
        duplicate.merged_into = target
        keep(duplicate)
        deadlines.stop_all(duplicate, at)
        end_requests(duplicate, at)
        link(duplicate, target, Link.Kind.DUPLICATE_OF, by=by, at=at)
        timeline.record(
            duplicate,
            name="merged",
            label=noop("并入 %s") % target.number,
            by=by,
            at=at,
            note=reason,
        )
    timeline.record(
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


def _decided(duplicate: Matter) -> bool:
    """Whether ``duplicate`` was judged by itself, or has gone on to where its register holds what was said.

    What sums leave out once it goes on in another is never what somebody decided.
    """
    register = register_of(duplicate.register)
    judgement = timeline.judgement(duplicate)
    if judgement.passed:
        return True
    if duplicate.state in register.repeats_in:
        return False
    begun = duplicate.state != register.workflow.initial.name
    if judgement.step is not None:
        return True
    # What came in as finished was judged elsewhere: as a repeat of another it is still recognised here.
    return begun and not came_finished(duplicate) and bool(settled(duplicate))


def _makes_away(duplicate: Matter, target: Matter, at: datetime) -> bool:
    """Whether work in hand would be late, due and done nowhere, as what it goes on in has ended: not what an earlier ledger
    counted, nor, while it is not late, what was only entered, as a repeat of what is done, or a repeat where its register
    knows what was answered to be told again."""
    if state_of(target).open or not state_of(duplicate).open or duplicate.history:
        return False
    register = register_of(duplicate.register)
    late = any(deadlines.ran_out(clock, at) for clock in deadlines.running(duplicate))
    begun = duplicate.state != register.workflow.initial.name
    return late or (begun and not register.repeats_in)


@transaction.atomic
def unmerge(matter_id: int, *, by: Person, at: datetime | None = None) -> Any:
    """Take a duplicate out again: it goes on in the state it was in, its clocks started anew."""
    at = at or timezone.now()
    matter = find(matter_id, by)
    if not register_of(matter.register).manages(by, matter):
        raise Refused("role", _("拆分事项由调度人员或局领导办理。"))
    if matter.merged_into_id is None:
        raise Refused("state", _("该事项没有并入其他事项。"))
    matter.links.filter(kind=Link.Kind.DUPLICATE_OF).delete()
    matter.merged_into = None
    keep(matter)
    timeline.record(matter, name="unmerged", label=noop("拆分"), by=by, at=at)
    deadlines.follow_state(matter, at)
    return matter
