"""批量办理: one transition on the matters ticked in a list, after it was shown what will happen to which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.accounts.roles import Role
from ecoledger.listings import asked, forms
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.listings.selecting import select
from ecoledger.matters.actions import many, urging
from ecoledger.matters.register import Register
from ecoledger.matters.workflow import Transition
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.once import once
from ecoledger.web.matters.asking import sets_off
from ecoledger.web.matters.finding import the_register
from ecoledger.web.matters.in_hand import say_urged, sure_of


@needs("see_matters")
@require_POST
def page(request: Request, key: str) -> HttpResponse:
    """The ways on that the chosen matters have, with the form of one; and the words of a push."""
    register = the_register(request, key)
    matters = _chosen(request, register)
    if not matters:
        messages.error(request, _("没有选择事项。"))
        return redirect("matter-list", key)
    return _shown(request, register, matters, request.POST.get("way", ""))


def _chosen(request: Request, register: Register) -> list[Any]:
    """The matters ticked; with ``all`` those that the list's own address (``back``) shows."""
    if request.POST.get("all") == "1":
        rows = select(register, request.user, QueryDict(request.POST.get("back", "")))
    else:
        ids = [pk for text in request.POST.getlist("ids") if (pk := asked.number(text)) is not None]
        rows = register.visible_to(request.user).filter(pk__in=ids[: many.MOST + 1])
    rows = rows.select_related("owner_organisation").order_by(F("due").asc(nulls_first=True), "pk")
    return list(rows[: many.MOST])


def _shown(
    request: Request, register: Register, matters: list[Any], name: str, form: Any = None
) -> HttpResponse:
    ways = many.common_ways(register, matters, request.user)
    way: Transition | None
    way, count = ways[0] if ways else (None, 0)
    for other, number in ways:
        if other.name == name:
            way, count = other, number
    if form is None and way is not None:
        form = _form(request, register, way)
    context = {
        "register": register,
        "matters": [(matter, _(str(register.state_of(matter).label))) for matter in matters],
        "ways": ways,
        "way": way,
        "count": count,
        "form": form,
        "sets_off": sets_off(register, way) if way else "",
        "may_urge": request.user.has_role(*urging.URGERS)
        and any(register.state_of(matter).open for matter in matters),
        "leads": request.user.has_role(Role.LEADER),
    }
    return render(request, "web/matters/many.html", context)


@needs("see_matters")
@require_POST
@once
def do(request: Request, key: str, name: str) -> HttpResponseBase:
    """Do one transition on the chosen matters, and tell what came of it."""
    register = the_register(request, key)
    if not register.workflow.has_transition(name):
        raise Http404
    way, matters = register.workflow.transition(name), _chosen(request, register)
    form = _form(request, register, way, request.POST)
    if not matters or not form.is_valid():
        return _shown(request, register, matters, name, form)
    said = {ask.name: _raw(request, ask.name) for ask in register.asks_of(way)}
    note = request.POST.get("note", "").strip()[:300]
    try:
        ids = [matter.pk for matter in matters]
        result = many.perform_many(register, ids, name, by=request.user, form=said, note=note)
    except NotVisible as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, f"{refused.why}{refused.remedy}")
        return _shown(request, register, matters, name, form)
    context = {"register": register, "label": _(str(way.label)), "result": result}
    return render(request, "web/matters/many_done.html", context)


def _raw(request: Request, name: str) -> str:
    return request.POST.get(name, "") or request.POST.get(f"{name}_text", "")


@needs("see_matters")
@require_POST
@once
def urge(request: Request, key: str) -> HttpResponseBase:
    """催办 or 领导批示 on the chosen matters."""
    register = the_register(request, key)
    matters = [matter.pk for matter in _chosen(request, register)]
    if (question := sure_of(request, matters, register.url)) is not None:
        return question
    say_urged(request, urging.urge_many(matters, request.POST.get("text", ""), by=request.user))
    if len(matters) == 1:
        return redirect("matter", key, matters[0])
    return redirect("matter-list", key)


def _form(request: Request, register: Register, way: Transition, data: Any = None) -> Any:
    """The transition's form; what the register can offer matter by matter may stay empty."""
    asks = [
        replace(ask, required=False, initial=None, help=_("留空则按各件的建议填写"))
        if ask.initial is not None
        else ask
        for ask in register.asks_of(way)
    ]
    return forms.form_of(asks, register.model, data=data, person=request.user)
