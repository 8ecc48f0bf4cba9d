"""小微企业污染源数字画像 (mechanism E17): firms by risk with their tags; one firm's score, point by point."""

from __future__ import annotations

from collections import Counter

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.indicators import portrait
from ecoledger.listings import asked
from ecoledger.listings.cells import area_name
from ecoledger.web.access import Request, needs

A_PAGE = 50
# Asked for in place of a level: firms of which too little is known for one.
UNSURE = "unsure"


def _key(drawn: portrait.Portrait) -> str:
    return drawn.level.key if drawn.level else UNSURE


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """The firms of the person's area, the riskiest first."""
    query = request.GET
    every = query.get("every") == "1"
    firms = portrait.small_firms(request.user, every=every)
    if words := query.get("q", "").strip():
        firms = firms.filter(name__icontains=words)
    # All are scored for their order and counts; of their many columns few are asked.
    read = firms.only("code", "name", "area_code", "permit_no")
    made = portrait.portraits(list(read), request.user, timezone.now())
    tags = Counter(tag for drawn in made for tag in drawn.tags)
    counts = Counter(_key(drawn) for drawn in made)
    level, tag = query.get("level", ""), query.get("tag", "")
    shown = [
        drawn
        for drawn in made
        if (not level or _key(drawn) == level) and (not tag or tag in drawn.tags)
    ]
    number = asked.number(query.get("page", "")) or 1
    rows = Paginator(shown, A_PAGE).get_page(number)
    kept = query.copy()
    kept.pop("page", None)
    other_levels = kept.copy()
    for name in ("level", "tag"):  # the figures count every firm of the search
        other_levels.pop(name, None)
    context = {
        "rows": [(row, area_name(row.firm.area_code)) for row in rows],
        "page": rows,
        "kept": kept.urlencode(),
        "other_levels": other_levels.urlencode(),
        "total": len(made),
        "levels": [(known, counts[known.key]) for known in portrait.levels()],
        "unsure": counts[UNSURE],
        "level": level,
        "tags": tags.most_common(),
        "tag": tag,
        "words": words,
        "every": every,
        "share": f"{100 * portrait.least_share():g}",
        "mark": portrait.mark(),
    }
    return render(request, "web/scenes/portraits.html", context)


@needs("see_cockpit")
@require_GET
def one(request: Request, pk: int) -> HttpResponse:
    """One firm: what each point rests on, and what could not be counted."""
    firm = get_object_or_404(portrait.small_firms(request.user, every=True), pk=pk)
    (made,) = portrait.portraits([firm], request.user, timezone.now())
    context = {
        "portrait": made,
        "area": area_name(firm.area_code),
        "mark": portrait.mark(),
        "may_edit": request.user.may("edit_routing"),
    }
    return render(request, "web/scenes/portrait.html", context)
