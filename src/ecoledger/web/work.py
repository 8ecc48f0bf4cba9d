"""The work in hand a person may see, as menus and home pages count and show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.wording import numbered
from ecoledger.matters import clocks, deadlines, inbox
from ecoledger.matters.models import Clock, Matter
from ecoledger.matters.register import Register, register_of, state_of
from ecoledger.matters.requests import Request
from ecoledger.matters.workflow import Transition
from ecoledger.standards import workdays
from ecoledger.web import rail_counts


def load_of(request: HttpRequest, *, by_area: bool = False) -> inbox.Load:
    """What waits for the person and what is in hand: counted once for a page, however many of its parts ask.

    Who wants it ``by_area`` asks first.
    """
    counted = getattr(request, "_load", None)
    if counted is None:
        person = request.user
        counted = inbox.Load()
        if isinstance(person, Person) and person.may("see_matters"):
            counted = inbox.load(person, by_area=by_area)
            rail_counts.note(person, counted)
        request._load = counted  # type: ignore[attr-defined]
    return counted


def rail_load(request: HttpRequest) -> inbox.Load:
    """The same for the rail of a page that is about something else: it may be up to a minute old."""
    person = request.user
    kept = None
    if getattr(request, "_load", None) is None and isinstance(person, Person):
        kept = rail_counts.lately(person)
    return kept or load_of(request)


@dataclass(frozen=True)
class DueRow:
    """One matter as lists of work show it."""

    matter: Matter
    register: Register
    state: str
    # What is asked next, as a verb: the main way on from its state.
    ask: str
    left: str
    # "bad" when overdue, "warn" when due today or on the next working day.
    tone: str
    # What a button to it says: the one way on, or that there are several.
    verb: str = ""


def lefts(matters: Sequence[Matter], now: datetime) -> dict[int, str]:
    """What is left of each matter, by its key, as its earliest clock counts: one query.

    Overdue is told in days of the calendar, whatever the clock counts in.
    """
    texts = {matter.pk: left_of(matter.due, now) for matter in matters}
    running = Clock.objects.filter(
        matter__in=[m.pk for m in matters if m.due is None or m.due >= now], stopped_at=None
    )
    for clock in running.select_related("matter").order_by("-due"):
        rule = deadlines.rule_of(clock)
        left = clocks.remaining(clock, now)
        if left is not None and rule is not None and not rule.waiting:
            texts[clock.matter_id] = left.text
    return texts


def tone_of(due: datetime | None, now: datetime) -> str:
    """Red when overdue, amber when due today or on the next working day, else nothing."""
    if due is None:
        return ""
    if due < now:
        return "bad"
    today, last = timezone.localdate(now), timezone.localdate(due)
    return "warn" if last <= workdays.add_working_days(today, 1).day else ""


def left_of(due: datetime | None, now: datetime) -> str:
    """What is left in natural days, for matters whose clock says nothing."""
    if due is None:
        return ""
    days = (timezone.localdate(due) - timezone.localdate(now)).days
    if due < now:
        return numbered("超期 %d 天", max(-days, 1)) % max(-days, 1)
    return _("今日到期") if days == 0 else numbered("剩 %d 天", days) % days


def ask_of(register: Register, state: str) -> str:
    """What is asked in a state: its one main way on as a verb, else the state itself."""
    ways = _ways(register, state)
    return str(ways[0].label) if len(ways) == 1 else str(register.workflow.state(state).label)


def _ways(register: Register, state: str) -> list[Transition]:
    return [t for t in register.workflow.leaving(state) if t.main and not t.automatic]


def due_rows(
    matters: Iterable[Matter], now: datetime, asked: Mapping[int, Request] = MappingProxyType({})
) -> list[DueRow]:
    """Matters with what is asked next and what is left; of those ``asked`` about, what is to be answered."""
    matters = list(matters)
    texts = lefts(matters, now)
    rows = []
    for matter in matters:
        register = register_of(matter.register)
        ask = ask_of(register, matter.state)
        verb = ask if len(_ways(register, matter.state)) == 1 else _("去办理")
        if matter.pk in asked:
            ask = verb = asked[matter.pk].label
        rows.append(
            DueRow(
                matter,
                register,
                str(state_of(matter).label),
                ask,
                texts[matter.pk],
                tone_of(matter.due, now),
                verb,
            )
        )
    return rows
