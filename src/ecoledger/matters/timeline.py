"""Recording what happened to a matter, and telling the pages that look at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import override

from ecoledger.accounts import acting
from ecoledger.accounts.models import Person, RoleGrant
from ecoledger.accounts.roles import Role
from ecoledger.entities import shapes
from ecoledger.listings.cells import area_name
from ecoledger.listings.parts import Ask, Kind, Text
from ecoledger.live import events
from ecoledger.matters import chain, sight
from ecoledger.matters.models import Event, Evidence, Matter
from ecoledger.matters.register import Register, register_of
from ecoledger.matters.seeing import sees_all_events

# Behind the label of a step that somebody took in the firm's place.
IN_PLACE = noop("（代企业）")


def record(
    matter: Matter,
    *,
    name: str,
    label: Text,
    by: Person | None,
    at: datetime,
    from_state: str | None = None,
    stayed: timedelta | None = None,
    note: str = "",
    form: Mapping[str, Any] | None = None,
    evidence: Iterable[Evidence] = (),
    shown_to_enterprise: bool = False,
) -> Event:
    """Append one event of ``matter`` inside the caller's transaction; pages hear of it after the commit.

    What the firm itself did it sees, with the files that it handed in.
    """
    evidence = tuple(evidence)
    shown_to_enterprise = shown_to_enterprise or _of_firm(matter, by)
    if shown_to_enterprise and evidence:
        Evidence.objects.filter(pk__in=[e.pk for e in evidence]).update(shown_to_enterprise=True)
    # Kept in the language of the record, whichever the person reads the pages in.
    with override("zh-hans"):
        written = str(label)
    register = register_of(matter.register)
    event = chain.append(
        Event(
            matter_id=matter.pk,
            at=at,
            person=by,
            transition=name,
            label=written,
            from_state=matter.state if from_state is None else from_state,
            to_state=matter.state,
            cycle=matter.reopened,
            stayed=None if stayed is None else max(0, int(stayed.total_seconds())),
            note=openly(register, matter, note),
            form=openly(register, matter, dict(form or {})),
            evidence=[{"id": e.pk, "sha256": e.sha256} for e in evidence],
            shown_to_enterprise=shown_to_enterprise,
        )
    )
    announce(matter)
    return event


def _of_firm(matter: Matter, person: Person | None) -> bool:
    """Whether ``person`` works for a firm that ``matter`` is before, or for one and it is about none."""
    if person is None or sees_all_events(person):
        return False
    other = register_of(matter.register).counterpart_of(matter)
    if matter.enterprise is None or matter.enterprise.code == person.entity_code:
        return True
    return other is not None and other.code == person.entity_code


def openly(register: Register, matter: Matter, said: Any, name: str = "") -> Any:
    """What an event says under ``name``, as everybody may read it who sees ``matter``."""
    if register.said_openly is None or name in register.hidden:
        return said
    if isinstance(said, Mapping):
        return {key: openly(register, matter, value, key) for key, value in said.items()}
    return register.said_openly(matter, name, said) if isinstance(said, str) else said


def announce(matter: Matter) -> None:
    """Publish that ``matter`` changed, once the transaction holds. Carries no text of the matter."""
    payload = sight.said_of(matter)
    transaction.on_commit(lambda: events.publish("matter", payload))


def done(event: Event) -> str:
    """What was done, in the reader's language; that it was in the firm's place is said behind it."""
    label, place, _rest = event.label.partition(IN_PLACE)
    return _(label) + (_(IN_PLACE) if place else "")


def events_of(matter: Matter, person: Person | None = None) -> list[Event]:
    """The matter's events in order; for an enterprise's people only those meant for them."""
    events = Event.objects.filter(matter_id=matter.pk).order_by("id")
    if person is not None and not sees_all_events(person):
        events = events.filter(shown_to_enterprise=True)
    found = list(events.select_related("person__organisation"))
    # What was said before it was known who is not to be named stays on the chain as it was said, and is shown without him.
    register = register_of(matter.register)
    for event in found if register.said_openly is not None else ():
        event.note = openly(register, matter, event.note)
        event.form = openly(register, matter, event.form)
    return found


def counting() -> Q:
    """Condition on events that count where another person is asked for: those of the present round, and what nobody has
    done again since it was done in a round before."""
    again = Event.objects.filter(
        matter=OuterRef("matter"), transition=OuterRef("transition"), pk__gt=OuterRef("pk")
    )
    return Q(cycle=F("matter__reopened")) | Q(~Exists(again))


def one_hand(person: Person) -> Q:
    """Condition on events of whoever is one party with ``person``: of a firm all who ever did something for one about it,
    wherever they work since."""
    if not (person.has_role(Role.ENTERPRISE) and person.entity_code):
        return Q(person=person)
    of_firms = RoleGrant.objects.filter(role=Role.ENTERPRISE).values("person")
    return Q(person__in=of_firms, matter__enterprise__code=person.entity_code)


def did(matter: Matter, person: Person) -> set[str]:
    """Names of what ``person`` did to ``matter`` that still counts, rounds before this one included."""
    events = Event.objects.filter(_by_hand(person), counting(), matter_id=matter.pk)
    return set(events.values_list("transition", flat=True))


def _by_hand(person: Person) -> Q:
    # A deputy and whom he acts for are one hand: neither may check what the other did.
    hand = [person.pk] + ([acting_now.pk] if (acting_now := acting.deputy()) else [])
    return one_hand(person) | Q(person__in=hand) | Q(deputy__in=hand)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What two persons have made of a matter here."""

    # The step that put what is written before a second person, while it stands judged.
    step: Event | None = None
    # Whether a second person ever let it pass.
    passed: bool = False
    # The step by which what a second person had let pass was sent back before him, while none has let it pass again.
    undone: Event | None = None


def judged(matter: Matter) -> bool:
    """Whether ``matter`` was put before a second person here, and has not been sent back before that since."""
    return judgement(matter).step is not None


def judgement(matter: Matter) -> Judgement:
    """How ``matter`` stands by the steps that two persons take."""
    workflow = register_of(matter.register).workflow
    if not workflow.judging:
        return Judgement()
    step: Event | None = None
    undone: Event | None = None
    passed = ever_passed = False  # since it stands judged; in any round
    free: frozenset[str] = frozenset()  # states in which what stands judged is free again
    told = ("transition", "from_state", "to_state", "label", "at", "shown_to_enterprise")
    for event in Event.objects.filter(matter_id=matter.pk).order_by("pk").only(*told):
        name, before, after = event.transition, event.from_state, event.to_state
        on = name in workflow.judging and before != after and not workflow.leads_back(name)
        if step is not None and after in free:
            step, passed, undone = None, False, event if passed else undone
        elif step is None and on:
            step, free = event, workflow.unjudged(name, before, after)
        if on and workflow.transition(name).other_person_than:
            passed, ever_passed, undone = True, True, None
    return Judgement(step, ever_passed, undone)


def undid(matter: Matter, person: Person) -> str:
    """Label of the step by which ``person`` sent back what two persons had let pass; empty where he did not."""
    undone = judgement(matter).undone
    mine = undone and Event.objects.filter(_by_hand(person), pk=undone.pk).exists()
    return undone.label if undone and mine else ""


def _moment(text: str) -> str:
    """A stored moment as it is written here; what is none stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
        return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment.tzinfo else text
    except (ValueError, OverflowError):
        return text


def _choices(ask: Ask | None, model: type[Model] | None) -> Iterable[tuple[Any, Any]]:
    if ask is None:
        return ()
    if ask.choices or model is None:
        return ask.choices
    field = next((one for one in model._meta.get_fields() if one.name == ask.name), None)
    return getattr(field, "flatchoices", None) or ()


def said_text(ask: Ask | None, value: Any, model: type[Model] | None = None) -> str:
    """What an event's form holds under ``ask``, as a page shows it; ``model``: whose field of that name knows the choices
    where a table's column is written in another way."""
    if value is None or value == "":
        return "—"
    if ask is not None and (measured := shapes.in_words(ask.stores or ask.name, value)):
        return measured
    if isinstance(value, dict):
        return str(value.get("text", value))
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, float):
        # As it was entered, without what binary numbers add to it.
        value = f"{value:.12g}"
    if ask is not None and ask.kind is Kind.AREA:
        return area_name(str(value))
    if ask is not None and ask.kind is Kind.DATETIME:
        return _moment(str(value))
    if ask is not None and ask.words is not None:
        return ask.words(str(value))
    labels = {value: _(str(label)) for value, label in _choices(ask, model)}
    if isinstance(value, list):
        return _("、").join(labels.get(str(v), str(v)) for v in value) or "—"
    text = labels.get(str(value), str(value))
    return f"{text} {ask.unit}" if ask and ask.unit else text
