"""污染天气市镇联动 (mechanism E18): warning → instruction to each firm → verification → effect, on one page.

The same page for a warning and for an event's assurance; read on a projector (``?wall=1``) and on a phone. A town
sees the responses in which firms of its own were told something, and of them its own firms only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts.models import Person
from ecoledger.accounts.wording import numbered
from ecoledger.books.models import Edition
from ecoledger.indicators import air, response_effect
from ecoledger.listings.cells import area_name
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.matters.register import visible_matters
from ecoledger.registers.air import emergency_list, instructions
from ecoledger.registers.air.emergency_list import EMERGENCY, WarningLevel
from ecoledger.registers.air.event_assurance import PLAN
from ecoledger.registers.air.instructions import DESK, INSTRUCTION, Instruction
from ecoledger.registers.air.measured_cut import Measured
from ecoledger.registers.air.weather_response import RESPONSE
from ecoledger.web.access import Request, needs
from ecoledger.web.air import effect as effect_page
from ecoledger.web.books.finding import says_refusals

KINDS = (RESPONSE.key, PLAN.key)
# Firms listed at once, those that need somebody first; fewer where nobody can scroll.
SHOWN, ON_WALL = 40, 12


def _told(person: Person) -> QuerySet[Any]:
    return INSTRUCTION.visible_to(person)


def _responses(person: Person) -> QuerySet[Matter]:
    """Responses in the person's scope, and those that told a firm in it something."""
    own = Q(pk__in=visible_matters(person).filter(register__in=KINDS).values("pk"))
    told = Q(pk__in=_told(person).exclude(response=None).values("response"))
    return Matter.objects.filter(own | told, register__in=KINDS, withdrawn_at=None)


def _response(request: Request, pk: int) -> Any:
    matter = _responses(request.user).filter(pk=pk).first()
    if matter is None:
        raise Http404
    model = RESPONSE.model if matter.register == RESPONSE.key else PLAN.model
    return model._default_manager.get(pk=pk)


@dataclass(frozen=True, slots=True)
class Row:
    """One firm of the response: what it was told, what instruments say, and what that comes to."""

    told: Instruction
    measured: tuple[Measured, ...]
    advice: str

    @property
    def advice_label(self) -> str:
        return str(Instruction.Outcome(self.advice).label) if self.advice else ""


@dataclass(frozen=True, slots=True)
class Count:
    """How far a group of instructions is."""

    name: str
    code: str
    told: int
    signed: int
    verified: int
    done: int
    violated: int

    def share(self, part: int) -> float | None:
        return 100 * part / self.told if self.told else None

    @property
    def signed_share(self) -> float | None:
        return self.share(self.signed)

    @property
    def done_share(self) -> float | None:
        return 100 * self.done / self.verified if self.verified else None


def counted(rows: Iterable[Instruction], code: str = "") -> Count:
    """How far the instructions are; ``code`` of the town they are of."""
    due = [count for count in rows if count.state != "excused"]
    verified = [instruction for instruction in due if instruction.state == "verified"]
    return Count(
        area_name(code) if code else "",
        code,
        len(due),
        sum(instruction.signed_at is not None for instruction in due),
        len(verified),
        sum(instruction.outcome == Instruction.Outcome.DONE for instruction in verified),
        sum(instruction.outcome == Instruction.Outcome.VIOLATED for instruction in verified),
    )


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """The responses, those under way first, and the list in force in numbers."""
    rows = list(_responses(request.user).order_by("-opened_at")[:60])
    rows.sort(key=lambda count: count.state != "active")
    shown = [
        {"matter": count, "told": counted(_told(request.user).filter(response=count.pk))}
        for count in rows
    ]
    edition = edition_in_force(request.user)
    lines = EMERGENCY.visible_to(request.user).filter(edition=edition) if edition else ()
    context = {
        "responses": shown,
        "edition": edition,
        "summary": emergency_list.summary(lines) if edition else None,
        "levels": WarningLevel.choices,
        "due": instructions.DUE,
        "told": INSTRUCTION.url,
        "book": EMERGENCY,
        "register": RESPONSE,
        "may_open": RESPONSE.may_open(request.user),
    }
    return render(request, "web/air/weather.html", context)


def edition_in_force(person: Person) -> Edition | None:
    for code in person.area_codes:
        if edition := EMERGENCY.in_force(code) or EMERGENCY.in_force(code[:6]):
            return edition
    return None


@needs("see_cockpit")
@require_GET
def response(request: Request, pk: int) -> HttpResponse:
    """One response from the warning to its effect."""
    matter = _response(request, pk)
    rows = _rows(request.user, matter)
    by_town: dict[str, list[Instruction]] = {}
    for row in rows:
        by_town.setdefault(row.told.area_code[:9], []).append(row.told)
    towns = [counted(own, code) for code, own in sorted(by_town.items())]
    begin, end = _span(matter)
    effect = _effect(matter, begin, end) if begin else []
    wall, town = request.GET.get("wall") == "1", request.GET.get("town", "")
    town = town if town in by_town else ""
    firms = [row for row in rows if row.told.area_code.startswith(town)]
    shown = firms if request.GET.get("all") == "1" else firms[: ON_WALL if wall else SHOWN]
    colour, _open, grade = WarningLevel(matter.warning).label.partition("（")
    context = {
        "matter": matter,
        "is_warning": matter.register == RESPONSE.key,
        "due": f"{INSTRUCTION.url}?response={matter.pk}&{instructions.DUE}",
        "verified": f"{INSTRUCTION.url}?response={matter.pk}&state=verified",
        "colour": colour,
        "grade": grade.rstrip("）"),
        "total": counted([row.told for row in rows]),
        "towns": towns,
        "town": town,
        "rows": shown,
        "more": len(firms) - len(shown),
        "pm25": next((factor for factor in effect if factor.name == "PM2.5"), None),
        "begin": begin,
        "effect": effect,
        "without_weather": (
            effect_page.address(begin.date(), (end or begin).date(), area=matter.area_code)
            if begin
            else ""
        ),
        "outcomes": Instruction.Outcome.choices,
        "may_verify": request.user.has_role(*instructions.FIELD, *DESK),
        "may_lead": visible_matters(request.user).filter(pk=matter.pk).exists(),
        "wall": wall,
        "by_instruments": sum(
            1 for row in rows if row.advice == Instruction.Outcome.DONE and row.told.phase == "open"
        ),
    }
    return render(request, "web/air/response.html", context)


def _rows(person: Person, matter: Any) -> list[Row]:
    told = list(
        _told(person)
        .filter(response=matter.pk)
        .select_related("entity")
        .order_by("area_code", "pk")
    )
    found = instructions.measured(told)
    rows = []
    for instruction in told:
        own = found.get(instruction.pk, [])
        rows.append(
            Row(instruction, tuple(own), instructions.judgement(instruction.asked_percent, own))
        )
    # What was not done comes first, then what the instruments doubt, then what waits.
    order = {Instruction.Outcome.VIOLATED: 0, Instruction.Outcome.PARTLY: 1}
    return sorted(
        rows,
        key=lambda row: (
            order.get(Instruction.Outcome(row.told.outcome), 4) if row.told.outcome
            else order.get(Instruction.Outcome(row.advice), 3) if row.advice else 2
        ),
    )  # fmt: skip


def _span(matter: Any) -> tuple[datetime | None, datetime | None]:
    """Begin and end in China standard time; the end is now while it goes on."""
    if matter.register == RESPONSE.key:
        begin, end = matter.begin, matter.until
    else:
        told = Instruction.objects.filter(response=matter.pk).order_by("begin").first()
        begin, end = (told.begin, told.until) if told else (None, None)
    if begin is None:
        return None, None
    now = timezone.now()
    last = min(end or now, now)
    return tuple(timezone.localtime(m).replace(tzinfo=None) for m in (begin, last))  # type: ignore[return-value]


def _effect(matter: Any, begin: datetime, end: datetime | None) -> list[response_effect.Change]:
    stations = response_effect.evaluated_stations(matter.area_code)
    table = response_effect.hourly_means(
        stations, begin - response_effect.BEFORE, end or begin + timedelta(days=1)
    )
    return response_effect.changes(table, begin)


@needs("see_cockpit")
@require_GET
def chart(request: Request, pk: int) -> JsonResponse:
    """Hourly PM2.5 and O3 of the area from a day before to now."""
    matter = _response(request, pk)
    begin, end = _span(matter)
    series = []
    if begin is not None and end is not None:
        stations = response_effect.evaluated_stations(matter.area_code)
        table = response_effect.hourly_means(stations, begin - response_effect.BEFORE, end)
        for factor in ("pm2_5", "o3"):
            own = table.filter(table["factor"] == factor)
            series.append(
                {
                    "name": air.NAMES[factor],
                    "unit": air.unit(factor),
                    "decimals": 0,
                    "points": [
                        [f"{when:%Y-%m-%dT%H:%M:%S}", value]
                        for when, value in own.select("date", "value").iter_rows()
                    ],
                }
            )
    return JsonResponse(
        {
            "kind": "lines",
            "series": [line for line in series if line["points"]],
            "limits": [],
            "period": 3600,
            "flagged": _("带标记"),
            "empty": _("这段时间没有数据。"),
        }
    )


@needs("see_cockpit")
@require_POST
@says_refusals
def verify(request: Request, pk: int) -> HttpResponse:
    """Verify one firm as said, or every firm of which instruments show that it was done."""
    matter = _response(request, pk)
    rows = _rows(request.user, matter)
    chosen = request.POST.get("instruction", "")
    done = 0
    for row in rows:
        if chosen and str(row.told.pk) != chosen:
            continue
        outcome = request.POST.get("outcome", "") if chosen else row.advice
        if row.told.phase != "open" or (not chosen and outcome != Instruction.Outcome.DONE):
            continue
        proof = (
            "site" if not row.measured else "power" if row.measured[-1].source == "用电" else "cems"
        )
        seen = request.POST.get("seen", "") or ("" if chosen else _("按仪器数据核查"))
        form = {"outcome": outcome, "proof": proof, "seen": seen}
        actions.perform(row.told.pk, "verify", by=request.user, form=form)
        done += 1
    if not done:
        raise Refused("state", _("没有可核查的企业。"), _("请刷新页面查看最新状态。"))
    messages.success(request, numbered("已核查 %d 家。", done) % done)
    return redirect("air-response", pk)
