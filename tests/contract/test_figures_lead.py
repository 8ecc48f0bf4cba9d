"""Every figure of every book's statistics asks its list only what that list knows: what it does not know would be no condition,
and the list would show more than the figure counts."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from django.utils import timezone

from ecoledger.listings import selecting
from ecoledger.listings.catalogue import all_listings
from ecoledger.listings.parts import Kind
from ecoledger.matters import statistics
from ecoledger.matters.register import all_registers, seen_of

pytestmark = pytest.mark.django_db
CODES = (Kind.CHOICE, Kind.CHOICES, Kind.STATE)


def _narrows(listing, person, name, value):
    """Whether it is one of the list's own flags: asked for, it is another condition than none."""
    now = timezone.now()
    return listing.conditions({name: value}, person, now) != listing.conditions({}, person, now)


@pytest.mark.parametrize("register", all_registers(), ids=lambda register: register.key)
def test_figures_ask_what_the_list_knows(register, people):
    rows = register.model._default_manager.all()
    for figure in statistics.of(register, rows, timezone.now(), seen_of(None)):
        if not figure.query:
            continue
        listing, asked = register, figure.query
        if asked.startswith("/"):
            parts = urlsplit(asked)
            asked = parts.query
            listing = next((one for one in all_listings() if one.url == parts.path), None)
            if listing is None:
                continue
        query = QueryDict(asked)
        filters = {declared.name: declared for declared in listing.filters}
        for name in query:
            known = filters.get(name) or filters.get(name.removesuffix("_from").removesuffix("_to"))
            assert known or _narrows(listing, people["leader"], name, query[name]), (
                figure.name,
                name,
            )
            assert known is None or selecting.condition(known, query), (figure.name, name)
            if known and known.kind in CODES:
                choices = {value for value, _label in known.choices}
                assert set(selecting.chosen(known, query)) <= choices, (figure.name, name)


def test_every_book_is_narrowed_by_the_unit_that_answers():
    for register in all_registers():
        assert "owner_organisation" in {declared.name for declared in register.filters}, (
            register.key
        )
