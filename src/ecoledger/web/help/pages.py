"""Pages of the help: the beginning with its search, one guide, and a handbook of a role to print."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import listing_of
from ecoledger.web.access import Request
from ecoledger.web.help import books, roles
from ecoledger.web.help.guides import Guide, Point, find, section
from ecoledger.web.help.words import PAGE_TYPES, PageType
from ecoledger.web.navigation import LINE_OF, line_of

_HITS = 40


def of_page_type(kind: PageType) -> Guide:
    points = [Point(str(what), str(how)) for what, how in kind.ways]
    return Guide(
        f"page/{kind.key}", str(kind.label), str(kind.answers), section(_("怎么用"), points)
    )


def own_roles(person: Person) -> list[Role]:
    return [role for role in Role if person.has_role(role)]


def all_guides(person: Person) -> list[Guide]:
    """Every guide that concerns ``person``."""
    return [*_of_roles_and_pages(person), *books.guides(person)]


def _of_roles_and_pages(person: Person) -> list[Guide]:
    return [
        *(roles.guide(role) for role in own_roles(person)),
        *(of_page_type(kind) for kind in PAGE_TYPES),
    ]


def guide_of(person: Person, key: str) -> Guide:
    """The guide of that key, if it concerns ``person``; of more than a hundred books only its own is told."""
    for guide in _of_roles_and_pages(person):
        if guide.key == key:
            return guide
    for listing in books.open_to(person):
        if f"book/{listing.key}" == key:
            return books.guide(listing, person)
    raise Http404


def help_of(request: HttpRequest) -> str:
    """The help that belongs to the page asked for: of its book, else of its kind of page, else the beginning."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    key = match.kwargs.get("key", "") if match else ""
    if key and name.startswith(("book", "matter")):
        return f"{reverse('help')}/book/{key}"
    page_type = next((kind for kind in PAGE_TYPES if name in kind.of), None)
    return f"{reverse('help')}/page/{page_type.key}" if page_type else reverse("help")


@require_GET
def page(request: Request) -> HttpResponse:
    """The beginning: the search, one's own roles, kinds of pages, and the books by line."""
    words = request.GET.get("q", "").strip()[:60]
    shown = all_guides(request.user)
    hits = find(shown, words)
    by_line: dict[str, list[Guide]] = {}
    for guide in shown:
        if guide.key.startswith("book/"):
            listing = listing_of(guide.key.removeprefix("book/"))
            line = line_of(listing.line or LINE_OF.get(listing.key, ""))
            by_line.setdefault(str(line.label) if line else "", []).append(guide)
    return render(
        request,
        "web/help/index.html",
        {
            "words": words,
            "hits": hits[:_HITS],
            "more": max(len(hits) - _HITS, 0),
            "roles": [g for g in shown if g.key.startswith("role/")],
            "pages": [g for g in shown if g.key.startswith("page/")],
            "lines": by_line.items(),
        },
    )


@require_GET
def one(request: Request, kind: str, key: str) -> HttpResponse:
    """One guide."""
    guide = guide_of(request.user, f"{kind}/{key}")
    return render(request, "web/help/guide.html", {"guides": [guide], "title": guide.title})


@require_GET
def handbook(request: Request) -> HttpResponse:
    """Everything that concerns the person on one page, to print: the roles, the kinds of pages, the books of their steps."""
    mine = [roles.guide(role) for role in own_roles(request.user)]
    linked = {p.url for guide in mine for s in guide.sections for p in s.points}
    acted = [guide for guide in books.guides(request.user) if guide.url in linked]
    shown = [*mine, *(of_page_type(kind) for kind in PAGE_TYPES), *acted]
    context = {"guides": shown, "title": _("我的手册"), "handbook": True}
    return render(request, "web/help/guide.html", context)
