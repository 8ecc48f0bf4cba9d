"""Where a value of a row leads: the page of the thing, the point or the matter that it names, for who may see it."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.urls import reverse

from ecoledger.accounts.models import Person
from ecoledger.entities.inventory import inventory_of
from ecoledger.entities.models import Entity
from ecoledger.listings.catalogue import all_listings
from ecoledger.listings.listing import Listing
from ecoledger.matters.models import Matter
from ecoledger.matters.register import visible_matters


def door_of(value: Any, person: Person) -> str:
    """Address of the page of ``value``; empty where it has none or this person may not see it."""
    if isinstance(value, Matter):
        seen = visible_matters(person).filter(pk=value.pk).exists()
        return reverse("matter", args=[value.register, value.pk]) if seen else ""
    if not isinstance(value, Model) or (book := _book_of(value)) is None:
        return ""
    return book.url_of(value) if book.visible_to(person).filter(pk=value.pk).exists() else ""


def _book_of(value: Model) -> Listing | None:
    if isinstance(value, Entity):
        try:
            return inventory_of(value)
        except KeyError:
            return None
    return next((book for book in all_listings() if book.model is type(value)), None)
