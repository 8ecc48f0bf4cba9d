"""What a matter's page tells of its past and of its clocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.matters import clocks, deadlines, timeline
from ecoledger.matters.models import Event, Evidence
from ecoledger.matters.register import Register
from ecoledger.matters.seeing import sees_all_events
from ecoledger.web.work import left_of


def entries_of(
    register: Register,
    matter: Any,
    person: Person,
    events: Sequence[Event],
    evidence: Iterable[Evidence],
) -> list[dict[str, Any]]:
    """The timeline as shown: newest first, what was filled in beside its labels. ``events`` and ``evidence``: as ``person``
    may read them."""
    files = {e.pk: e for e in evidence}
    labels = {s.name: _(str(s.label)) for s in register.workflow.states}
    fields = {ask.name: ask for ask in (*register.fields, *register.batch)}
    fields |= {column.name: column.ask for column in register.import_columns}
    inside = sees_all_events(person)
    entries = []
    for event in reversed(events):
        known = fields
        if register.workflow.has_transition(event.transition):
            transition = register.workflow.transition(event.transition)
            known = {ask.name: ask for ask in register.asks_of(transition)}
        entries.append(
            {
                "event": event,
                "by": _who(event.person, inside),
                "pairs": [
                    (
                        _(str(known[name].label)),
                        timeline.said_text(known[name], value, register.model),
                    )
                    for name, value in event.form.items()
                    if name in known
                    and value not in (None, "", [])
                    and register.is_open(known[name].stores or name, person)
                ],
                "moved": event.from_state != event.to_state,
                "to": labels.get(event.to_state, event.to_state),
                "files": [files[f["id"]] for f in event.evidence if f["id"] in files],
            }
        )
    return entries


def _who(doer: Person | None, inside: bool) -> str:
    """Who did something; to an enterprise the authority speaks, not its clerk."""
    if doer is None:
        return _("系统")
    if inside or doer.organisation is None or doer.entity_code:
        return doer.name
    return doer.organisation.name


def clock_rows(register: Register, matter: Any, now: Any) -> list[dict[str, Any]]:
    rows, of_matter = [], deadlines.of(matter)
    prefetch_related_objects(of_matter, "extensions")
    for clock in of_matter:
        rule = deadlines.rule_of(clock)
        longest = deadlines.longest_extension(clock)[0] if clock.running else 0
        rows.append(
            {
                "clock": clock,
                "waiting": bool(rule and rule.waiting),
                "length": deadlines.length_text(clock),
                "left": clocks.remaining(clock, now),
                # Overdue is told in days of the calendar everywhere, whatever the clock counts in.
                "late": left_of(clock.due, now) if clock.due and clock.due < now else "",
                "longest": longest,
                "unit": deadlines.extension_unit(clock),
                "pending": next((e for e in clock.extensions.all() if e.approved is None), None),
            }
        )
    # What runs now stands above what has stopped.
    return sorted(rows, key=lambda r: not r["clock"].running)
