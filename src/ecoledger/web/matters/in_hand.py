"""在办事项: the work in hand of every register in one list, narrowed by line, place, unit and deadline.

It stands behind the figures of the first page and of a line, and those who may push others do so from it: what all
towns owe, in every book, at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Substr
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.file import File
from ecoledger.entities.models import Area, Entity
from ecoledger.listings import asked
from ecoledger.listings.cells import area_name
from ecoledger.matters import inbox
from ecoledger.matters.actions import urging
from ecoledger.matters.knowing import matters_of
from ecoledger.matters.models import Matter
from ecoledger.matters.register import OPEN_WORK, visible_matters
from ecoledger.web import navigation
from ecoledger.web.access import Request, needs
from ecoledger.web.listings import beside
from ecoledger.web.listings.once import once
from ecoledger.web.work import due_rows

PAGE = 50
# Pushed at once: each matter keeps its own event and notices.
MOST = 500
# More than so many at once are pushed only after a second look.
ASK_ABOVE = 50
# Digits of a town's code; what answers for work is a town or the county itself.
TOWN = 9
OVERDUE, WEEK = "overdue", "week"
DUES = {"": gettext_lazy("全部"), OVERDUE: gettext_lazy("超期"), WEEK: gettext_lazy("7 天内到期")}
# A unit's number in the address where no unit answers yet.
NO_UNIT = 0


def address(**narrowed: Any) -> str:
    """The list's address, narrowed: ``line`` (key), ``place`` (a town's code), ``unit`` and ``about`` (numbers of a unit
    and of what it is about), ``due``."""
    return f"{reverse('in-hand')}?{urlencode(narrowed)}"


@dataclass(frozen=True)
class Narrowed:
    """What the address narrows the list to."""

    line: str
    place: str
    unit: int | None
    due: str
    # What it is about; ``None``: anything. What the person may not see has nothing in hand.
    about: int | None

    @classmethod
    def by(cls, query: QueryDict) -> Narrowed:
        due = query.get("due", "")
        return cls(
            query.get("line", ""),
            query.get("place", "")[:TOWN],
            asked.number(query.get("unit", "")),
            due if due in DUES else "",
            asked.number(query.get("about", "")),
        )

    def matters(self, person: Person, now: datetime) -> QuerySet[Matter]:
        rows = visible_matters(person).filter(OPEN_WORK)
        if self.about is not None:
            thing = Entity.objects.filter(pk=self.about).first()
            rows = matters_of(File(thing, person)).filter(OPEN_WORK) if thing else rows.none()
        if self.line:
            keys = [b.key for b in navigation.books(person) if b.line == self.line]
            rows = rows.filter(register__in=keys)
        if self.place:
            rows = rows.annotate(town=Substr("area_code", 1, TOWN)).filter(town=self.place)
        if self.unit is not None:
            rows = rows.filter(owner_organisation=self.unit or None)
        return rows.filter(_within(self.due, now))

    def words(self) -> list[str]:
        """The narrowing as words."""
        said = []
        if (line := navigation.line_of(self.line)) is not None:
            said.append(str(line.label))
        if self.place:
            said.append(area_name(self.place))
        if self.unit is not None:
            names = Organisation.objects.filter(pk=self.unit).values_list("name", flat=True)
            said.append(names.first() or _("还没有责任单位"))
        return said


def _within(due: str, now: datetime) -> Q:
    if due == OVERDUE:
        return Q(due__lt=now)
    if due == WEEK:
        return Q(due__gte=now, due__lt=now + timedelta(days=7))
    return Q()


@needs("see_matters")
def page(request: Request) -> HttpResponse:
    narrowed, now = Narrowed.by(request.GET), timezone.now()
    matters = narrowed.matters(request.user, now)
    keys = inbox.due_first(matters).values_list("pk", flat=True)
    shown = Paginator(keys, PAGE).get_page(request.GET.get("page"))
    rows = Matter.objects.filter(pk__in=list(shown.object_list))
    rows = inbox.due_first(rows.select_related("owner", "owner_organisation", "entity"))
    query = request.GET.copy()
    query.pop("page", None)
    return render(
        request,
        "web/matters/in_hand.html",
        {
            "shown": shown,
            "count": shown.paginator.count,
            "rows": due_rows(rows, now),
            "words": narrowed.words(),
            "narrowed": narrowed,
            "dues": DUES,
            "places": _places(request.user),
            "may_urge": request.user.has_role(*urging.URGERS),
            "leads": request.user.has_role(Role.LEADER),
            "back": query.urlencode(),
            "most": MOST,
        },
    )


def _walked(person: Person, query: QueryDict) -> QuerySet[Matter]:
    rows = Narrowed.by(query).matters(person, timezone.now())
    return rows.order_by(F("due").asc(nulls_last=True), "pk")


beside.walk(
    beside.Walk(
        "in-hand",
        "/my-work/in-hand",
        Matter,
        _walked,
        lambda matter: reverse("matter", args=[matter.register, matter.pk]),
    )
)


def _places(person: Person) -> list[tuple[str, str]]:
    """The places that have work in hand, to choose from."""
    rows = visible_matters(person).filter(OPEN_WORK).order_by()
    codes = (
        rows.annotate(town=Substr("area_code", 1, TOWN)).values_list("town", flat=True).distinct()
    )
    names = dict(Area.objects.filter(code__in=list(codes)).values_list("code", "name"))
    return sorted(names.items())


@needs("see_matters")
@require_POST
@once
def urge(request: Request) -> HttpResponseBase:
    """催办 or 领导批示 on the matters ticked, or on all that the list's address (``back``) shows."""
    back = QueryDict(request.POST.get("back", ""))
    if request.POST.get("all") == "1":
        matters = Narrowed.by(back).matters(request.user, timezone.now())
        keys = list(inbox.due_first(matters).values_list("pk", flat=True)[:MOST])
    else:
        keys = [
            pk for text in request.POST.getlist("ids") if (pk := asked.number(text)) is not None
        ]
        seen = visible_matters(request.user).filter(OPEN_WORK, pk__in=keys[:MOST])
        keys = list(inbox.due_first(seen).values_list("pk", flat=True))
    back_url = f"{reverse('in-hand')}?{back.urlencode()}"
    if (question := sure_of(request, keys, back_url)) is not None:
        return question
    if keys:
        say_urged(request, urging.urge_many(keys, request.POST.get("text", ""), by=request.user))
    else:
        messages.error(request, _("没有选择事项。"))
    return redirect(back_url)


def sure_of(request: Request, keys: list[int], back: str) -> HttpResponse | None:
    """The page that says what a push would do, before it does it: how many are pushed, which are not and why.

    ``None`` where there is nothing to say beforehand: few, all of them pushed; or what was said was agreed to.
    """
    foretold = urging.foretold(keys, request.POST.get("text", ""), by=request.user)
    plain = len(keys) == 1 or (not foretold.skipped and foretold.done <= ASK_ABOVE)
    if plain or request.POST.get("sure") == str(foretold.done):
        return None
    own = ("csrfmiddlewaretoken", "sure")
    sent = [(k, v) for k, values in request.POST.lists() for v in values if k not in own]
    context = {
        "foretold": foretold,
        "who": _who(foretold),
        "own": own_of(foretold),
        "left_out": [(why, len(n), _which(n)) for why, n in foretold.left_out().items()],
        "sent": sent,
        "back": back,
    }
    return render(request, "web/matters/urge_sure.html", context)


def _who(urged: urging.Urged) -> str:
    return _("、").join(urged.told[:12]) + (_("等") if len(urged.told) > 12 else "")


def own_of(urged: urging.Urged) -> str:
    """Of what is pushed, what the person may do himself instead of waiting; empty where nothing is."""
    if not urged.own:
        return ""
    said = {"count": len(urged.own), "which": _which(urged.own)}
    return _("其中 %(count)d 件也等您办理，您可以自己办：%(which)s。") % said


def _which(numbers: list[str]) -> str:
    return _("、").join(numbers[:5]) + (_("等 %d 件") % len(numbers) if len(numbers) > 5 else "")


def say_urged(request: Request, urged: urging.Urged) -> None:
    """Tell how many were pushed and who was told, and why others were left out."""
    if urged.done:
        said = {"count": urged.done, "who": _who(urged)}
        messages.success(request, _("已催办 %(count)d 件，已通知：%(who)s。") % said)
    if urged.own:
        messages.info(request, own_of(urged))
    for why, numbers in urged.left_out().items():
        messages.warning(request, f"{_which(numbers)}{_('：')}{why}")
