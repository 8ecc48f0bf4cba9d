"""Steps of matters as lines of the page: what a book hides from the reader is told neither under its name nor in other texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.wording import numbered
from ecoledger.listings.parts import Ask
from ecoledger.matters import timeline
from ecoledger.matters.models import NARROW, Event
from ecoledger.matters.register import Register, has_register, register_of
from ecoledger.web.office.trail_words import (
    MATTERS,
    Line,
    between,
    hidden_values,
    named,
    text_of,
    without,
)

# Steps that a table made by the thousand: its import stands on the trail once.
_IN_BULK = Q(transition="history") | Q(transition="open", matter__import_batch__isnull=False)


def steps_for(person: Person, query: Any) -> QuerySet[Event]:
    inside = Q(pk__in=[])
    for code in person.area_codes:
        inside |= Q(matter__area_code__startswith=code)
    rows = Event.objects.filter(inside).exclude(_IN_BULK)
    rows = rows.select_related("person__organisation", "deputy", "matter")
    if words := query.get("q", "").strip():
        rows = rows.filter(
            Q(person__name__icontains=words)
            | Q(person__username=words)
            | Q(matter__number__icontains=words)
            | Q(matter__title__icontains=words) & ~Q(matter__circulation__in=NARROW)
        )
    return between(rows, query).order_by("-at", "-pk")


def lines_of_steps(person: Person, events: Sequence[Event]) -> Iterator[Line]:
    """The steps as ``person`` may read them: what a book hides from him is told neither under its name nor in other texts."""
    secrets = hidden_values(person, (event.matter for event in events))
    for event in events:
        yield _line_of_step(person, event, secrets.get(event.matter_id, ()))


def _line_of_step(person: Person, event: Event, secrets: tuple[str, ...]) -> Line:
    matter = event.matter
    register = register_of(matter.register) if has_register(matter.register) else None
    hidden = matter.circulation in NARROW
    about = matter.number if hidden else f"{matter.number} {matter.title}"
    details: list[tuple[str, str]] = []
    if event.from_state != event.to_state and register is not None:
        labels = {s.name: _(str(s.label)) for s in register.workflow.states}
        moved = (labels.get(event.from_state, ""), labels.get(event.to_state, event.to_state))
        details.append((_("状态"), " → ".join(filter(None, moved))))
    if not hidden:
        if event.note:
            details.append((_("说明"), event.note[:300]))
        details += _said(register, event, person)
    if event.evidence:
        details.append((_("证据"), numbered("%d 份", len(event.evidence)) % len(event.evidence)))
    return Line(
        event.at,
        event.person.name if event.person else _("系统"),
        str(event.person.organisation or "") if event.person else "",
        event.deputy.name if event.deputy else "",
        timeline.done(event),
        without(about, secrets),
        tuple((name, without(text, secrets)) for name, text in details),
        "",
        MATTERS,
        event.pk,
    )


def _said(register: Register | None, event: Event, person: Person) -> list[tuple[str, str]]:
    """What was filled in, under the labels of its form."""
    if register is None:
        return []
    known: dict[str, Ask] = {ask.name: ask for ask in (*register.fields, *register.batch)}
    if register.workflow.has_transition(event.transition):
        way = register.workflow.transition(event.transition)
        known |= {ask.name: ask for ask in register.asks_of(way)}
    told = []
    for name, value in event.form.items():
        stored = (known[name].stores if name in known else None) or name
        if isinstance(value, dict):
            value = {k: v for k, v in value.items() if register.is_open(k, person)}
        if value in (None, "", [], {}) or not register.is_open(stored, person):
            continue
        # A table's own columns may name whom the book hides.
        if name not in known and register.hidden and register.said_openly is not None:
            continue
        if name in known:
            told.append(
                (
                    _(str(known[name].label)),
                    timeline.said_text(known[name], value, register.model)[:300],
                )
            )
        else:
            told.append((named(name, event.matter._meta.label_lower), text_of(name, value)[:300]))
    return told
