"""What time itself does to matters: reminders, overdue notices, escalation, and what runs out by rule.

The scheduler calls :func:`remind_and_escalate` every few minutes and :func:`daily` once a day. Each is
safe to call again: what was said is marked on the clock in the same transaction.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, clocks, deadlines, notices, timeline
from ecoledger.matters.models import Clock, Matter, Urgency
from ecoledger.matters.register import all_registers, visible_matters
from ecoledger.matters.workflow import ClockRule

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rounds:
    """What one run did."""

    reminded: int = 0
    overdue: int = 0
    escalated: int = 0
    moved_on: int = 0


def remind_and_escalate(now: datetime | None = None) -> Rounds:
    """Look at every running clock: remind before it ends, say when it is overdue, tell the superiors
    later, and do the transition a clock ends in."""
    now = now or timezone.now()
    counts = {"reminded": 0, "overdue": 0, "escalated": 0, "moved_on": 0}
    for pk in _due_for_a_word(now):
        try:
            with transaction.atomic():
                if what := _look_at(pk, now):
                    counts[what] += 1
        except Exception:  # one matter's trouble must not silence all the others
            log.exception("clock %s could not be looked at", pk)
    return Rounds(**counts)


# Of a clock that has run less than this share of natural time nothing is said yet, whatever it counts in.
_EARLY = 0.2


def _due_for_a_word(now: datetime) -> list[int]:
    """The clocks about which something is to be said or done, found without locking anything.

    A bureau has tens of thousands of clocks running, and of almost all of them there is nothing to say.
    """
    told = Q(overdue_noticed_at__isnull=False, escalated_at__isnull=False)
    running = Clock.objects.filter(stopped_at=None, due__isnull=False).exclude(told)
    running = running.exclude(due__gt=now, reminded_at__isnull=False).select_related("matter")
    return [clock.pk for clock in running.iterator(2000) if _asks(clock, now)]


def _asks(clock: Clock, now: datetime) -> bool:
    rule = deadlines.rule_of(clock)
    if rule is None or clock.due is None or clock.suspended:
        return False
    if now >= clock.due and rule.on_due:
        return True
    if rule.waiting:
        return False
    if now >= clock.due:
        if clock.overdue_noticed_at is None:
            return True
        return clock.escalated_at is None and _is_late(clock, rule, now)
    if clock.reminded_at is not None or now - clock.started_at < _EARLY * (
        clock.due - clock.started_at
    ):
        return False
    return clocks.used_share(clock, now) >= rule.remind_at


def _is_late(clock: Clock, rule: ClockRule, now: datetime) -> bool:
    """Whether superiors are to be told."""
    if clock.due is None:
        return False
    late = clocks.office_time_between(clocks.local(clock.due), clocks.local(now))
    return late >= timedelta(hours=rule.escalate_after_hours)


def _look_at(pk: int, now: datetime) -> str:
    clocks_here = Clock.objects.select_for_update(of=("self",)).select_related("matter__owner")
    clock = clocks_here.filter(pk=pk, stopped_at=None).first()
    if clock is None or clock.due is None or clock.suspended:
        return ""
    rule, matter = deadlines.rule_of(clock), clock.matter
    if rule is None:
        return ""
    if now >= clock.due and rule.on_due:
        return _move_on(matter, rule, now)
    if rule.waiting:
        return ""
    if now >= clock.due:
        return _overdue(matter, clock, rule, now)
    if clock.reminded_at is None and clocks.used_share(clock, now) >= rule.remind_at:
        clock.reminded_at = now
        clock.save(update_fields=["reminded_at"])
        _say(matter, clock, Urgency.SOON, now)
        return "reminded"
    return ""


def _move_on(matter: Matter, rule: ClockRule, now: datetime) -> str:
    try:
        actions.perform(matter.pk, rule.on_due, by=None, at=now)
    except Refused as refused:
        log.warning("%s: %s not done: %s", matter.number, rule.on_due, refused)
        return ""
    return "moved_on"


def _overdue(matter: Matter, clock: Clock, rule: ClockRule, now: datetime) -> str:
    if clock.overdue_noticed_at is None:
        clock.overdue_noticed_at = now
        clock.save(update_fields=["overdue_noticed_at"])
        _say(matter, clock, Urgency.OVERDUE, now)
        return "overdue"
    if clock.escalated_at is None and _is_late(clock, rule, now):
        clock.escalated_at = now
        clock.save(update_fields=["escalated_at"])
        superiors = notices.people_with(rule.escalate_to, matter.area_code)
        told = [p for p in superiors if visible_matters(p).filter(pk=matter.pk).exists()]
        _say(matter, clock, Urgency.ESCALATED, now, told)
        timeline.record(
            matter,
            name="escalated",
            label=noop("超期升级督办"),
            by=None,
            at=now,
            form={"clock": clock.label, "told": [p.name for p in told]},
        )
        return "escalated"
    return ""


def _say(
    matter: Matter,
    clock: Clock,
    urgency: Urgency,
    now: datetime,
    people: list[Person] | None = None,
) -> None:
    left = clocks.remaining(clock, now)
    text = f"{matter.number}“{clock.label}”{urgency.label}"
    if left is not None:
        text += f"：{left.text}"
    if clock.provisional:
        text += f"（{clock.provisional_reason}）"
    notices.tell(
        notices.whose_turn(matter) if people is None else people,
        text,
        matter=matter,
        urgency=urgency,
        at=now,
    )


def recount_provisional() -> int:
    """Count again what rests on holidays not announced when it was counted; how many deadlines moved."""
    moved = 0
    provisional = Clock.objects.filter(stopped_at=None, provisional=True)
    for clock in provisional.select_related("matter"):
        if not deadlines.recount(clock):
            continue
        with transaction.atomic():
            clock.save()
            deadlines.refresh_due(clock.matter)
        moved += 1
    return moved


def daily(now: datetime | None = None) -> dict[str, int]:
    """Once a day: provisional deadlines and each register's own round; counts by name.

    A round that fails is logged and the others go on. Its name is missing from the counts.
    """
    now = now or timezone.now()
    counts = {"recounted": recount_provisional()}
    for register in all_registers():
        if register.daily is None:
            continue
        try:
            counts[register.key] = register.daily(now)
        except Exception:
            log.exception("the daily round of %s failed", register.key)
    return counts
