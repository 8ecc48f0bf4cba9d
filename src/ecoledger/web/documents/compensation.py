"""生态补偿规则: which rule the bureau settles by, or its own formula, and who is above and below each section."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import F, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from ecoledger.accounts.scope import visible
from ecoledger.entities.models import Section
from ecoledger.indicators import compensating
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request, needs
from ecoledger.web.listings import meanwhile

# Rows of the formula's tables that the page offers.
FACTORS, BANDS = 5, 6
_PLAIN = ("title", "kind", "payer", "payee", "fund", *compensating.NUMBERS)
_TICKED = ("two_way", "one_plus_k")


@needs("make_reports")
def page(request: Request) -> HttpResponse:
    """The rule, the formula and the parties, as they are and to be changed."""
    said = compensating.said()
    chosen = {row["name"]: row for row in said.get("section", [])}
    between = ~Q(upstream_area_code="") & ~Q(downstream_area_code="")
    # Sections between two towns say themselves who is above and below.
    rows = visible(Section.objects.order_by("name"), request.user).exclude(
        between & ~Q(upstream_area_code=F("downstream_area_code"))
    )
    names = rows.values_list("name", flat=True)
    parties = [
        (name, *(chosen.get(name, {}).get(side, "") for side in ("upstream", "downstream")))
        for name in dict.fromkeys([*names, *chosen])
    ]
    rule, status = str(said.get("rule", "")), 200
    own, percent = _kept(said), str(said.get("city_percent", ""))
    if request.method == "POST":
        rule, percent = request.POST.get("rule", ""), request.POST.get("city_percent", "")
        columns = [request.POST.getlist(name) for name in ("name", "upstream", "downstream")]
        typed = [tuple(cell.strip()[:40] for cell in row) for row in zip(*columns, strict=False)]
        parties, status = [(a, b, c) for a, b, c in typed], 422
        # A form that does not ask for the formula leaves it as it is.
        own = _typed(request) if "own_title" in request.POST else own
        try:
            meanwhile.refuse_unseen(request, said)
            compensating.choose(
                rule, parties, by=request.user, city_percent=percent,
                own=own if "own_title" in request.POST else None,
            )  # fmt: skip
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("已选定，以后起草的核算表按此核算。"))
            return redirect("compensation-rule")
    return render(
        request,
        "web/documents/compensation.html",
        {
            "rules": _with_own(compensating.rules()),
            "rule": rule,
            "shown": meanwhile.hidden_whole(said),
            "parties": parties,
            "lacks": compensating.lacks()[0],
            "own": own,
            "city_percent": percent,
            "kinds": compensating.KINDS.items(),
            "sides": compensating.PARTIES.items(),
            "factor_names": [("", "—"), *compensating.FACTORS.items()],
        },
        status=status,
    )


def _with_own(rules: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The rules to choose from; the own formula is offered before it is written too."""
    if any(key == compensating.OWN for key, _name in rules):
        return rules
    return [(compensating.OWN, _("本局公式（在下面填写）")), *rules]


def _kept(said: dict[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {name: said.get(f"own_{name}", "") for name in (*_PLAIN, *_TICKED)}
    own["factors"] = [(row["key"], row.get("price", "")) for row in said.get("own_factor", [])]
    own["bands"] = [
        (row["over"], row.get("up_to", ""), row["amount"]) for row in said.get("own_band", [])
    ]
    return _filled(own)


def _typed(request: Request) -> dict[str, Any]:
    own: dict[str, Any] = {name: request.POST.get(f"own_{name}", "").strip() for name in _PLAIN}
    own |= {name: request.POST.get(f"own_{name}") == "1" for name in _TICKED}
    columns = [request.POST.getlist(name) for name in ("factor", "price")]
    own["factors"] = [row for row in zip(*columns, strict=False) if row[0]]
    columns = [request.POST.getlist(name) for name in ("over", "up_to", "band_amount")]
    own["bands"] = [row for row in zip(*columns, strict=False) if row[0].strip()]
    return _filled(own)


def _filled(own: dict[str, Any]) -> dict[str, Any]:
    """Its tables with the empty rows that may be filled in."""
    own["factors"] = [*own["factors"], *[("", "")] * (FACTORS - len(own["factors"]))]
    own["bands"] = [*own["bands"], *[("", "", "")] * (BANDS - len(own["bands"]))]
    return own
