"""The steps that are offered with their forms, what such a form sent, and the form of handing over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Organisation, Person
from ecoledger.listings import forms
from ecoledger.listings.parts import Ask, Kind
from ecoledger.matters import (
    actions,
)
from ecoledger.matters.register import (
    Register,
)
from ecoledger.matters.workflow import Transition
from ecoledger.web.access import Request

ASSIGN = (
    Ask("organisation", "责任单位", Kind.REFERENCE, stores=None, required=True, to=Organisation),
    Ask("person", "责任人", Kind.REFERENCE, stores=None, required=False, to=Person),
    Ask("reason", noop("转办原因"), Kind.LONG_TEXT, stores=None, required=False),
)


@dataclass
class Offered:
    """A transition the person may do now, with its form."""

    transition: Transition
    form: django_forms.Form
    open: bool = False
    # What the matter says already: filled in, and folded away.
    known: tuple[str, ...] = ()

    @property
    def asked(self) -> list[django_forms.BoundField]:
        """The fields that stand open."""
        return [field for field in self.form if field.name not in self.known]

    @property
    def taken_over(self) -> list[django_forms.BoundField]:
        return [field for field in self.form if field.name in self.known]

    @property
    def wrong(self) -> bool:
        """Whether something of what was taken over was refused."""
        return any(field.errors for field in self.taken_over)


def offered_to(register: Register, matter: Any, person: Person) -> list[Offered]:
    offered = [
        Offered(t, form_of_step(register, t, matter, person), known=register.said_before(t, matter))
        for t in sorted(actions.available(matter, person), key=lambda t: (t.danger, not t.main))
        if not t.on_page
    ]
    # Of several none is chosen before the person has.
    if len(offered) == 1:
        offered[0].open = True
    return offered


def form_of_step(
    register: Register, t: Transition, matter: Any, person: Person, data: Any = None
) -> django_forms.Form:
    asks = register.asks_of(t)
    return forms.form_of(asks, register.model, data=data, row=matter, person=person, prefix=t.name)


def sent_for(request: Request, register: Register, transition: Transition) -> dict[str, Any]:
    """What the transition's form sent, by the names of its fields."""
    sent: dict[str, Any] = {}
    for ask in register.asks_of(transition):
        for name in (ask.name, f"{ask.name}_text"):  # a look-up's box as it was typed
            given = request.POST.getlist(f"{transition.name}-{name}")
            if given:
                sent[name] = given if ask.kind is Kind.CHOICES else given[-1]
    return sent
