"""Things that a page names: to whom, and the chip of a list that shows only what is about one (``?about=<its key>``)."""

from __future__ import annotations

from typing import Any

from django import template

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import covers
from ecoledger.entities.inventory import inventory_of
from ecoledger.entities.models import Entity
from ecoledger.listings import asked

register = template.Library()


@register.filter
def known_to(thing: Entity, person: Person) -> bool:
    """Whether a thing lies in the person's divisions, so that a page names it."""
    return covers(person, thing.area_code)


@register.inclusion_tag("web/entities/_about.html", takes_context=True)
def about(context: dict[str, Any]) -> dict[str, Any]:
    """The thing's name, with the way to its file and out of it; without a name for who may not know of it."""
    request = context["request"]
    number = asked.number(request.GET.get("about", ""))
    if number is None:
        return {"asked": False}
    thing = Entity.objects.filter(pk=number).first()
    try:
        seen = thing and inventory_of(thing).visible_to(request.user).filter(pk=number).exists()
    except KeyError:
        seen = False
    return {"asked": True, "thing": thing if seen else None, "request": request}
