"""应急减排清单 beside its list (mechanism A1): firms on several lists, and the public sign of each firm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ecoledger.books.models import Edition
from ecoledger.books.roster import visible_editions
from ecoledger.entities.models import Entity
from ecoledger.listings import asked, own_data
from ecoledger.registers.air import emergency_list
from ecoledger.registers.air.emergency_list import EMERGENCY, ControlLine, Source, WarningLevel
from ecoledger.web.access import Request, needs
from ecoledger.web.air.weather import edition_in_force

LEVELS = tuple(WarningLevel)


@needs("see_cockpit")
@require_GET
def ranks(request: Request) -> HttpResponse:
    """Firms that stand on more than one list: grade and measures in each, and which list holds."""
    number = asked.number(request.GET.get("edition", ""))
    edition = (
        visible_editions(EMERGENCY.key, request.user).filter(pk=number).first()
        if number
        else edition_in_force(request.user)
    )
    lines = _lines(request, edition) if edition else []
    firms = emergency_list.listed(lines)
    several = [firm for firm in firms if len(firm.by_source) > 1]
    several.sort(key=lambda firm: (not firm.differs, firm.firm.area_code, firm.firm.name))
    rule = own_data.read("ecoledger.registers.air", "emergency_list")["several_lists"]
    labels = dict(Source.choices)
    context = {
        "edition": edition,
        "firms": len(firms),
        "several": [
            {"listed": firm, "lists": [_list(firm, source) for source in Source.values]}
            for firm in several
        ],
        "differ": sum(firm.differs for firm in several),
        "sources": Source.choices,
        "by": rule["by"],
        "order": [labels.get(source, source) for source in rule["order"]],
        "book": EMERGENCY,
    }
    return render(request, "web/air/lists.html", context)


def _list(listed: emergency_list.Listed, source: str) -> dict[str, Any]:
    lines = listed.by_source.get(source, ())
    return {
        "label": Source(source).label,
        "grade": listed.grades.get(source, ""),
        "red": "；".join(f"{line.part} {line.red}".strip() for line in lines if line.red),
        "holds": bool(lines) and listed.holds == source,
    }


def _lines(request: Request, edition: Edition) -> list[ControlLine]:
    rows = EMERGENCY.visible_to(request.user).filter(edition=edition)
    return list(rows.select_related("entity").order_by("area_code", "entity__name", "part"))


@dataclass(frozen=True, slots=True)
class Sign:
    """What stands on a firm's sign: its grade and, for each level, what each production line does."""

    firm: Entity
    edition: Edition
    grade: str
    contact: str
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def _sign(firm: Entity, edition: Edition, lines: list[ControlLine]) -> Sign:
    own = emergency_list.ruling(lines)
    rows = tuple(
        (
            str(level.label),
            tuple((line.part, line.measure(level)) for line in own if line.measure(level)),
        )
        for level in LEVELS
    )
    contact = next((line.contact for line in own if line.contact), "")
    return Sign(firm, edition, emergency_list.worst(own), contact, rows)


@needs("see_cockpit")
@require_GET
def sign(request: Request, pk: int) -> HttpResponse:
    """The public sign of the firm of a line, to be printed and put up; ``?all=1``: of every firm of its edition."""
    visible = EMERGENCY.visible_to(request.user)
    line = visible.filter(pk=pk).exclude(entity=None).select_related("edition").first()
    if line is None:
        raise Http404
    rows = visible.filter(edition=line.edition).exclude(entity=None).select_related("entity")
    if request.GET.get("all") != "1":
        rows = rows.filter(entity=line.entity_id)
    by_firm: dict[int, list[ControlLine]] = {}
    for row in rows.order_by("area_code", "entity__name", "part"):
        by_firm.setdefault(row.entity_id, []).append(row)
    context = {
        "signs": [
            _sign(own[0].entity, line.edition, own)
            for own in by_firm.values()
            if own[0].entity is not None
        ],
        "line": line,
        "all": request.GET.get("all") == "1",
        "hotline": own_data.read("ecoledger.registers.air", "emergency_list")["hotline"],
        "book": EMERGENCY,
    }
    return render(request, "web/air/sign.html", context)
