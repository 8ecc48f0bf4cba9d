"""What the menu shows a person: the pages their roles open, in the order of the day's work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecoledger.accounts.models import Person

Text = str | Promise


@dataclass(frozen=True)
class Page:
    """One page of the menu; ``capability`` is what opens it (``accounts.roles.CAPABILITIES``)."""

    url_name: str
    label: Text
    icon: str
    capability: str
    args: tuple[object, ...] = ()

    @property
    def url(self) -> str:
        return reverse(self.url_name, args=self.args)


@dataclass(frozen=True)
class Group:
    """Pages under one heading."""

    label: Text
    pages: tuple[Page, ...]


GROUPS = (
    Group(
        _("总览"),
        (Page("cockpit", _("驾驶舱"), "cockpit", "see_cockpit"),),
    ),
)


def menu(person: Person) -> Iterator[Group]:
    """The groups with the pages that ``person`` may open; groups left empty are left out."""
    for group in GROUPS:
        if pages := tuple(page for page in group.pages if person.may(page.capability)):
            yield Group(group.label, pages)


def first_page(person: Person) -> str:
    """Address of the first page the person may open, where they land after signing in."""
    for group in menu(person):
        return group.pages[0].url
    return reverse("account")
