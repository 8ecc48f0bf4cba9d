"""The page of one matter: what is asked now, what is known of it, what has happened."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.accounts.visitors import address
from ecoledger.entities.models import Area
from ecoledger.listings import cells, forms, veil
from ecoledger.listings.parts import Kind
from ecoledger.listings.personal import note_seen
from ecoledger.matters import (
    actions,
    chain,
    evidence,
    requests,
    timeline,
)
from ecoledger.matters.actions import urging
from ecoledger.matters.models import Event, Matter
from ecoledger.matters.register import Register, register_of, state_of
from ecoledger.matters.seeing import sees_all_events
from ecoledger.matters.workflow import Transition
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.beside import beside
from ecoledger.web.matters import asking
from ecoledger.web.matters import contact as contacts
from ecoledger.web.matters.finding import the_matter
from ecoledger.web.matters.lines import tables
from ecoledger.web.matters.offered import ASSIGN, Offered, offered_to
from ecoledger.web.matters.past import clock_rows, entries_of
from ecoledger.web.search.finding import entity_url


def show(
    request: Request,
    register: Register,
    matter: Any,
    *,
    offered: list[Offered] | None = None,
    noted: str = "",
    contact: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    person = request.user
    now = timezone.now()
    note_seen(register, person, [matter], register.hidden, address(request))
    changes = register.asks_left(person, matter)
    matter = veil.of(register, person)(matter)
    offered = offered_to(register, matter, person) if offered is None else offered
    manages = register.manages(person, matter)
    owns = (
        matter.owner_id == person.pk
        if matter.owner_id
        else bool(
            matter.owner_organisation_id and matter.owner_organisation_id == person.organisation_id
        )
    )
    inside = sees_all_events(person)
    rows = clock_rows(register, matter, now)
    files = actions.evidence_for(matter, person)
    events = timeline.events_of(matter, person)
    asked = requests.transfer_asked(matter) if inside else None
    entries = entries_of(register, matter, person, events, files)
    line_tables = tables(register, matter, person)
    blocked, refused = _why_not(register, matter, person, offered)
    asks = asking.context(
        register,
        matter,
        offered,
        events,
        files,
        [r["clock"] for r in rows],
        inside=inside,
        blocked=blocked,
        manages=manages,
    )
    return render(
        request,
        "web/matters/detail.html",
        {
            "register": register,
            "matter": matter,
            "state": register.state_of(matter),
            "area": _area_name(matter.area_code),
            "stages": register.workflow.stages,
            "details": [
                (_(str(c.label)), text)
                for c in register.open_details(person)
                # An amount of nothing says nothing: no fine yet is no fine of 0.00.
                if (text := cells.text_of(matter, c))
                and not (c.kind is Kind.DECIMAL and cells.value_of(matter, c.name) == 0)
            ]
            if inside or actions.is_counterpart(matter, person)
            else [],
            "inside": inside,
            "offered": offered,
            # Steps whose form a page of their own has.
            "ways_on_page": {
                t.name: t
                for t in register.workflow.leaving(matter.state)
                if t.on_page and actions.refusal(matter, t, person) is None
            },
            "noted": noted,
            "contact": contact,
            "contact_offered": contacts.offered(register, matter, person),
            "refused": refused,
            "entries": entries,
            "asked_words": _words_of(asks["asking"], entries, offered),
            "clocks": rows if inside else [],
            "clock_choices": [
                r for r in rows if r["longest"] and not r["clock"].suspended and not r["waiting"]
            ],
            "pending_extensions": [
                r for r in rows if r["pending"] and requests.may_decide(r["pending"], person)
            ],
            "transfer_asked": asked,
            "suspended": any(r["clock"].running and r["clock"].suspended for r in rows),
            "running": any(r["clock"].running and not r["waiting"] for r in rows),
            "manages": manages,
            "edit_url": reverse("book-edit", args=[register.key, matter.pk]) if changes else "",
            "may_assign": (manages or owns) and register.state_of(matter).open,
            "may_extend": manages or owns,
            "assign_form": forms.form_of(
                ASSIGN, Matter, person=person, prefix="assign", first=_asked_for(asked)
            )
            if manages or owns
            else None,
            "evidence": files,
            "letters": actions.closed_to(matter, person) if inside else [],
            **asks,
            "entity_url": entity_url(matter.entity) if matter.entity and inside else "",
            "wide_tables": [t for t in line_tables if t.wide],
            "narrow_tables": [t for t in line_tables if not t.wide],
            "neighbours": beside(request, matter),
            "beside": [
                (register_of(other.register), other, state_of(other))
                for other in actions.beside(matter, person)
            ],
            "may_urge": urging.may_urge(person, matter),
            "leads": person.has_role(Role.LEADER),
            "may_bundle": register.bundled
            and inside
            and (manages or owns)
            and register.state_of(matter).open,
            "takes_evidence": register.takes_evidence(matter),
            "linked": [
                (relation, register_of(other.register), other, state_of(other))
                for relation, other in actions.linked(matter, person)
            ],
            "broken": chain.first_broken(matter.pk),
            "accept": ",".join(e for _kind, es, _at, _bytes in evidence.TYPES for e in es),
        },
        status=status,
    )


def _asked_for(asked: Event | None) -> dict[str, Any]:
    """The unit and the person that were asked for, as first values of handing over."""
    form = asked.form if asked else {}
    return {name: form[name]["id"] for name in ("organisation", "person") if form.get(name)}


def _words_of(
    asked: asking.Asking | None, entries: list[dict[str, Any]], offered: list[Offered]
) -> list[tuple[str, str]]:
    """What whoever asks has written, and before it what else is to be judged: the steps that a second person is asked of.
    Of the entering itself the matter's own facts tell."""
    if asked is None or not asked.event.from_state:
        return []
    judged = {name for way in offered for name in way.transition.other_person_than}
    last = {e["event"].transition: e for e in sorted(entries, key=lambda e: e["event"].pk)}
    told = [e for name, e in last.items() if name in judged and e["event"].from_state]
    told += [e for e in entries if e["event"].pk == asked.event.pk and e not in told]
    return [pair for e in sorted(told, key=lambda e: e["event"].pk) for pair in e["pairs"]]


def _area_name(code: str) -> str:
    """The division's name with its county's before it, or the code where nobody named it."""
    names = dict(Area.objects.filter(code__in=[code[:6], code]).values_list("code", "name"))
    parts = [names[c] for c in dict.fromkeys((code[:6], code)) if c in names]
    return "".join(parts) or code


def _why_not(
    register: Register, matter: Any, person: Person, offered: list[Offered]
) -> tuple[Transition | None, str]:
    """Where no main way on is offered: the one that is the person's and what is lacking to it, or why none is theirs."""
    if any(way.transition.main for way in offered):
        return None, ""
    refusals = [
        (way, refused)
        for way in register.workflow.leaving(matter.state)
        if way.main and not way.automatic
        if (refused := actions.refusal(matter, way, person)) is not None
    ]
    for way, refused in refusals:
        if refused.code == "condition":
            return way, refused.why
    return None, refusals[0][1].why if refusals and not offered else ""


@needs("see_matters")
@never_cache
def detail(request: Request, key: str, pk: int) -> HttpResponse:
    register, matter = the_matter(request, key, pk)
    if register.on_trail:
        audit.record(request.user, "open_restricted", matter, address=address(request))
    return show(request, register, matter)


@needs("see_matters")
@never_cache
def timeline_part(request: Request, key: str, pk: int) -> HttpResponse:
    register, matter = the_matter(request, key, pk)
    note_seen(register, request.user, [matter], register.hidden, address(request))
    events = timeline.events_of(matter, request.user)
    evidence = actions.evidence_for(matter, request.user)
    return render(
        request,
        "web/matters/_timeline.html",
        {
            "entries": entries_of(register, matter, request.user, events, evidence),
            "broken": chain.first_broken(pk),
            "stale": request.GET.get("revision") != str(matter.revision),
            "matter": matter,
            "register": register,
        },
    )
