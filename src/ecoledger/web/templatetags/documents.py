"""The documents of a matter, on its page."""

from __future__ import annotations

from typing import Any

from django import template

from ecoledger.accounts.models import Person
from ecoledger.matters.models import Matter
from ecoledger.reports import visible
from ecoledger.reports.declaration import letters
from ecoledger.reports.models import Draft

register = template.Library()


@register.filter
def may(person: Person, capability: str) -> bool:
    """Whether a person holds a capability."""
    return person.may(capability)


@register.inclusion_tag("web/documents/_of_matter.html", takes_context=True)
def documents_of(context: dict[str, Any], matter: Matter) -> dict[str, Any]:
    """What was issued about a matter, what is on its way, and the letters that may be begun."""
    person = context["request"].user
    fitting = [
        d
        for d in letters(matter.register)
        if person.may(d.capability) and (d.fits is None or d.fits(matter)) and d.may_begin(matter)
    ]
    usual = [d for d in fitting if not d.states or matter.state in d.states]
    return {
        "matter": matter,
        "documents": visible.documents(person, matter),
        "drafts": visible.drafts(person, matter).exclude(
            state__in=(Draft.State.ISSUED, Draft.State.DISCARDED)
        ),
        "letters": usual,
        "further": [d for d in fitting if d not in usual],
        "csrf_token": context.get("csrf_token"),
    }
