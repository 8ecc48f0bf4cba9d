"""The clocks of a matter as rows: started and stopped with its states, lengthened and suspended by people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.matters import clocks
from ecoledger.matters.models import Clock, Event, Matter
from ecoledger.matters.profile import profile
from ecoledger.matters.register import has_register, register_of
from ecoledger.matters.workflow import ClockRule, Unit
from ecoledger.standards import time_limits


def of(matter: Matter) -> list[Clock]:
    """All clocks of the matter, oldest first."""
    return list(matter.clocks.order_by("id"))


def running(matter: Matter) -> list[Clock]:
    return [clock for clock in of(matter) if clock.running]


def rule_of(clock: Clock) -> ClockRule | None:
    """The clock's rule, or ``None`` when the register no longer declares it."""
    key = clock.matter.register
    rules = register_of(key).workflow.clocks if has_register(key) else ()
    return next((rule for rule in rules if rule.name == clock.name), None)


def follow_state(matter: Matter, at: datetime, done: str = "") -> list[Clock]:
    """Stop the clocks whose states the matter has left, or that it has no more, start those it has entered, and count anew
    those whose date or days are others now; returns what was stopped.

    ``done``: the transition that was just done, by which clocks with ``since`` and ``until`` go.
    """
    stopped = []
    now_running = {clock.name: clock for clock in running(matter)}
    for rule in register_of(matter.register).workflow.clocks:
        inside = matter.merged_into_id is None and _has(matter, rule)
        anew = bool(rule.since) and done in rule.since
        clock = now_running.get(rule.name)
        if clock is not None and (not inside or anew or done in rule.until):
            _stop(clock, at)
            stopped.append(clock)
            clock = None
            started = anew and inside
        else:
            started = inside and (anew or not rule.since)
        if clock is None and started and (begun := _begun(matter, rule, at)) is not None:
            begun.save()
        elif clock is not None and _begin_anew(matter, clock, rule) is None:
            _stop(clock, at)
            stopped.append(clock)
    refresh_due(matter)
    return stopped


def cut_short(stopped: Iterable[Clock], at: datetime) -> list[Clock]:
    """Those of ``stopped`` that only waited and had not run out: a duty that is done needs no word, a term that ends early
    does."""
    return [
        clock
        for clock in stopped
        if (rule := rule_of(clock)) is not None
        and rule.waiting
        and clock.due is not None
        and clock.due > at
    ]


def put_right(matter: Matter, was: Matter) -> None:
    """Let the clocks that went by something else as it ``was`` run as if the matter had been entered as it is now; those
    that have stopped stay so, and are held to the day that counts from the right beginning."""
    every = of(matter)
    now_running = {clock.name: clock for clock in every if clock.running}
    for rule in register_of(matter.register).workflow.clocks:
        if _goes_by(matter, rule) == _goes_by(was, rule):
            continue
        if rule.counted_from and _began(matter, rule) != _began(was, rule):
            for stopped in every:
                of_rule = stopped.name == rule.name and not stopped.running
                if of_rule and stopped.cycle == matter.reopened:
                    _begin_anew(matter, stopped, rule)
        clock = now_running.get(rule.name)
        if clock is not None:
            if not _has(matter, rule) or _begin_anew(matter, clock, rule) is None:
                clock.delete()
        # What came in as history has a clock only to a date that is said since.
        elif (
            (rule.deadline_field or not matter.history)
            and (at := _entered(matter, rule)) is not None
            and (begun := _begun(matter, rule, at)) is not None
        ):
            begun.save()
    refresh_due(matter)


def _goes_by(matter: Matter, rule: ClockRule) -> tuple[Any, ...]:
    """What a clock goes by: whether the matter has it, from when, until when and how long."""
    return _has(matter, rule), *(getattr(matter, name) for name in rule.named)


def _began(matter: Matter, rule: ClockRule) -> Any:
    return getattr(matter, rule.counted_from)


def _has(matter: Matter, rule: ClockRule) -> bool:
    return matter.state in rule.during and (rule.applies is None or rule.applies(matter))


def _entered(matter: Matter, rule: ClockRule) -> datetime | None:
    """When a clock of ``rule`` began by the steps that were taken; ``None`` where none of it runs."""
    if not _has(matter, rule):
        return None
    began: datetime | None = None
    told = ("transition", "from_state", "to_state", "at")
    for event in Event.objects.filter(matter_id=matter.pk).order_by("pk").only(*told):
        came = event.transition in rule.since if rule.since else event.from_state != event.to_state
        if event.to_state not in rule.during:
            began = None
        elif came and (rule.since or began is None):
            began = event.at
        elif event.transition in rule.until:
            began = None
    return began


def _begin_anew(matter: Matter, clock: Clock, rule: ClockRule) -> Clock | None:
    """``clock`` where it goes by what the matter says; else, under its key, the one that does: extensions and suspensions
    stay, but for a date, which when said anew stands as it is said. ``None`` where the matter says none."""
    fresh = _begun(matter, rule, clock.started_at) if rule.named else clock
    if fresh is None:
        return None
    length = fresh.length if rule.length_field else clock.length
    kept = (clock.started_at, clock.original_due, clock.length)
    if (fresh.started_at, fresh.original_due, length) == kept:
        return clock
    if rule.deadline_field:
        clock.extensions.all().delete()
    fresh.pk, fresh.cycle, fresh.stopped_at = clock.pk, clock.cycle, clock.stopped_at
    fresh.suspensions = [s for s in clock.suspensions if not (rule.deadline_field and s[1])]
    _count(fresh, rule)
    fresh.save()
    return fresh


def stop_all(matter: Matter, at: datetime) -> None:
    for clock in running(matter):
        _stop(clock, at)
    refresh_due(matter)


def _stop(clock: Clock, at: datetime) -> None:
    if clock.suspended:
        clock.suspensions[-1][1] = at.isoformat()
        recount(clock)
    clock.stopped_at = at
    clock.save()


def first_clocks(matter: Matter, at: datetime, counted: dict[Any, Clock | None]) -> list[Clock]:
    """The clocks of a new matter that is not written yet; sets its due.

    ``counted`` keeps what was counted for others that began on the same day, for a whole table.
    """
    made = []
    for rule in register_of(matter.register).workflow.clocks:
        if rule.since or not _has(matter, rule):
            continue
        like = (rule.name, _day(at), *(getattr(matter, name) for name in rule.named))
        if like not in counted:
            counted[like] = _begun(matter, rule, at)
        pattern = counted[like]
        if pattern is None:
            continue
        clock = pattern
        if pattern.matter is not matter:
            if pattern.unit in _BY_THE_HOUR:
                clock = _begun(matter, rule, at) or pattern
            else:
                kept = {f.attname: getattr(pattern, f.attname) for f in Clock._meta.concrete_fields}
                clock = Clock(**kept | {"id": None, "matter_id": None})
                clock.matter = matter
                if not rule.counted_from:
                    clock.started_at = at
        made.append(clock)
        if (
            not rule.waiting
            and clock.due is not None
            and (matter.due is None or clock.due < matter.due)
        ):
            matter.due, matter.due_provisional = clock.due, clock.provisional
    return made


_BY_THE_HOUR = frozenset({Unit.HOUR.value, Unit.WORKING_HOUR.value})


def _day(at: datetime) -> date:
    return clocks.local(at).date()


def _begun(matter: Matter, rule: ClockRule, at: datetime) -> Clock | None:
    """A clock that begins, not written yet; none where its date is not known."""
    clock = Clock(
        matter=matter,
        name=rule.name,
        label=str(rule.label),
        cycle=matter.reopened,
        started_at=at,
        length=rule.length,
        unit=rule.unit,
        basis=rule.basis,
        basis_version=rule.basis_version,
    )
    if rule.counted_from and (day := getattr(matter, rule.counted_from)) is not None:
        # A moment counts from its hour, a day from its beginning.
        whole = not isinstance(day, datetime)
        clock.started_at = clocks.aware(datetime.combine(day, time())) if whole else day
    own = profile().clocks.get((matter.register, rule.name))
    if rule.deadline_field:
        day = getattr(matter, rule.deadline_field)
        if day is None:
            return None
        clock.unit, clock.length = Unit.DATE, 0
        clock.due = clocks.aware(datetime.combine(day, time(23, 59, 59)))
        clock.original_due = clock.due
    elif rule.length_field:
        clock.length = getattr(matter, rule.length_field) or 0
        if not clock.length:
            return None
    elif own is not None:
        clock.length, clock.unit = own.length, own.unit
        clock.basis, clock.basis_version = own.basis or rule.basis, own.version
    elif rule.limit:
        limit = time_limits.limit(rule.limit, clocks.local(clock.started_at).date())
        clock.length, clock.unit = limit.length, limit.unit.value
        clock.basis, clock.basis_version = limit.basis, limit.standard
    _count(clock, rule)
    return clock


def recount(clock: Clock) -> bool:
    """Count ``clock`` again (suspension ended, extension granted, holidays announced); whether it moved."""
    rule = rule_of(clock)
    before = (clock.due, clock.provisional)
    if rule is not None:
        _count(clock, rule)
    return (clock.due, clock.provisional) != before


def _count(clock: Clock, rule: ClockRule) -> None:
    start = clocks.local(clock.started_at)
    pauses = [
        (clocks.local(datetime.fromisoformat(a)), clocks.local(datetime.fromisoformat(b)))
        for a, b in clock.suspensions
        if b
    ]
    granted = (
        [e.length for e in clock.extensions.filter(approved=True).order_by("id")]
        if clock.pk
        else []
    )
    by_profile = profile().clocks.get((clock.matter.register, clock.name)) is not None
    if clock.unit == Unit.DATE and (original := clock.original_due or clock.due):
        # An extension of a date is in natural days.
        if granted or pauses:
            clock.due = clocks.aware(
                clocks.due(clocks.local(original), sum(granted), Unit.DAY, pauses).at
            )
        return
    if rule.limit and not by_profile:
        found = clocks.by_law(start, rule.limit, granted, pauses)
        clock.due = clocks.aware(found.due)
        clock.provisional, clock.provisional_reason = found.provisional, found.reason
        return
    counted = clocks.due(start, clock.length + sum(granted), Unit(clock.unit), pauses)
    clock.due = clocks.aware(counted.at)
    clock.provisional, clock.provisional_reason = counted.provisional, counted.reason


def ran_out(clock: Clock, at: datetime) -> bool:
    """Whether a running duty is late at ``at``; one that stands still, whether it was when that began."""
    rule = rule_of(clock)
    if clock.due is None or (rule is not None and rule.waiting):
        return False
    until = datetime.fromisoformat(clock.suspensions[-1][0]) if clock.suspended else at
    return clock.due < until


def refresh_due(matter: Matter) -> None:
    """Set the matter's due to the earliest of its running duties. Saves only those two columns."""
    earliest: Clock | None = None
    for clock in running(matter):
        rule = rule_of(clock)
        if clock.due is None or clock.suspended or (rule is not None and rule.waiting):
            continue
        if earliest is None or clock.due < (earliest.due or clock.due):
            earliest = clock
    matter.due = earliest.due if earliest else None
    matter.due_provisional = bool(earliest and earliest.provisional)
    matter.save(update_fields=["due", "due_provisional"])


def longest_extension(clock: Clock) -> tuple[int, str]:
    """The longest extension still allowed, and its unit's label; 0 when there is none left."""
    rule = rule_of(clock)
    if rule is None:
        return 0, ""
    used = sum(extension.approved is True for extension in clock.extensions.all())
    if rule.limit:
        steps = tuple(
            e.length
            for e in time_limits.limit(rule.limit, clocks.local(clock.started_at).date()).extensions
        )
    else:
        steps = rule.extensions
    return (steps[used] if used < len(steps) else 0), extension_unit(clock)


def extension_unit(clock: Clock) -> str:
    """What the length of an extension counts: a date moves by natural days."""
    in_days = clock.unit in (Unit.DATE, Unit.DAY)
    return _(Unit.DAY.label if in_days else _unit_label(clock.unit))


# Units whose names stand elsewhere for one of a kind: an hour's mean, a day's report.
_MANY = {Unit.HOUR.value: noop("%s小时"), Unit.DAY.value: noop("%s日")}


def _much(length: int, unit: str) -> str:
    """A length as it is written: 3个工作日, 24小时, 15日."""
    if unit in _MANY:
        return _(_MANY[unit]) % length
    return _("%(much)s%(unit)s") % {"much": length, "unit": _(_unit_label(unit))}


def _unit_label(unit: str) -> str:
    labels = {u.value: u.label for u in Unit} | {u.value: u.label for u in time_limits.Unit}
    return labels.get(unit, "")


def length_text(clock: Clock) -> str:
    """The length as written beside the clock: 3个工作日."""
    if not clock.length:
        return _("指定日期")
    return _much(clock.length, clock.unit)


def usual_length(register: str, rule: ClockRule) -> str:
    """The length that a clock begun today would get, as written: 3个工作日."""
    own = profile().clocks.get((register, rule.name))
    if rule.deadline_field:
        return _("到事项上写明的期限")
    if rule.length_field:
        return _("事项上写明的工作日数")
    if own is not None:
        length, unit = own.length, str(own.unit)
    elif rule.limit:
        limit = time_limits.limit(rule.limit, clocks.local(timezone.now()).date())
        length, unit = limit.length, limit.unit.value
    else:
        length, unit = rule.length, rule.unit.value
    return _much(length, unit)
