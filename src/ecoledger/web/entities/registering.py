"""Registering what the platform watches: enterprises with their outlets, stations, and points with their MN."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.accounts.visitors import address
from ecoledger.entities.models import Outlet
from ecoledger.hj212 import decode
from ecoledger.listings import asked
from ecoledger.monitoring.arriving import registry
from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.monitoring.points import enrolling, parameters
from ecoledger.monitoring.runtime import store
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.entities.forms import (
    ParameterForm,
    PointForm,
    parameter_forms,
    refuse,
)
from ecoledger.web.listings.meanwhile import in_turn
from ecoledger.web.office import security_notices
from ecoledger.web.templatetags.show import reason_words

# A point of an outlet is of the kind its medium says.
KIND_OF_MEDIUM = {
    Outlet.Medium.GAS: Point.Kind.FLUE_GAS,
    Outlet.Medium.WATER: Point.Kind.WASTEWATER,
}
KINDS = tuple(choice for choice in Point.Kind.choices if choice[0] != Point.Kind.AREA)


def _go(request: Request, name: str, *args: object, **query: object) -> HttpResponseRedirect:
    """To another page of the registry, with the MN that is still to be registered."""
    if mn := request.GET.get("mn", "").strip():
        query["mn"] = mn
    tail = f"?{urlencode(query)}" if query else ""
    return HttpResponseRedirect(reverse(name, args=args) + tail)


def _say(request: Request, odd: list[str], name: str) -> None:
    messages.success(request, _("已保存 %(name)s。") % {"name": name})
    for text in odd:
        messages.warning(request, text)


# -- points --------------------------------------------------------------------------------------


def _heard_kind(mn: str) -> str:
    """The kind of point that a device seems to be, by the system code (ST) of its last frame."""
    frames = store().frames(mn=mn, limit=1) if mn else None
    if frames is None or frames.height == 0:
        return ""
    st = store().frame(int(frames["frame_id"][0])).st
    return next((kind for kind, systems in parameters.SYSTEMS.items() if st in systems), "")


def _heard_codes(mn: str) -> frozenset[str]:
    """The factors in the last data that a device has sent, whether they were stored or not."""
    frames = store().frames(mn=mn, limit=20) if mn else None
    for number in [] if frames is None else frames["frame_id"].to_list():
        if values := decode(store().frame(int(number)).raw, key=registry.key_of).values:
            return frozenset(value.code for value in values)
    return frozenset()


@needs("edit_registry")
def point_new(request: Request) -> HttpResponse:
    mn = request.GET.get("mn", "").strip()
    kind = request.GET.get("kind", "")
    if kind not in dict(KINDS):
        return render(
            request,
            "web/entities/registering_kind.html",
            {"kinds": KINDS, "mn": mn, "likely": _heard_kind(mn)},
        )
    first: dict[str, Any] = {"mn": mn}
    if (entity := asked.number(request.GET.get("entity", ""))) is not None:
        first["entity"] = entity
    return _point(request, Point(kind=kind), first)


@needs("edit_registry")
@in_turn(Point)
def point_edit(request: Request, pk: int) -> HttpResponse:
    rows = Point.objects.exclude(kind=Point.Kind.AREA).select_related("entity")
    return _point(request, get_object_or_404(scoped.registry(request.user, rows), pk=pk), {})


def _point(request: Request, point: Point, first: dict[str, Any]) -> HttpResponse:
    new = point.pk is None
    sent = request.POST if request.method == "POST" else None
    form = PointForm(request.user, sent, instance=point, initial=first)
    heard = _heard_codes(first.get("mn", "")) if new else frozenset()
    declared = parameter_forms(point, sent, heard)
    if sent is not None and (odd := _stored(request, form, declared)) is not None:
        _say(request, odd, point.name)
        return HttpResponseRedirect(reverse("point-edit", args=[point.pk]))
    return render(
        request,
        "web/entities/registering_point.html",
        {
            "form": form,
            "parameters": declared,
            "point": None if new else point,
            "kind": point.get_kind_display(),
            "waiting": 0 if new else enrolling.waiting(point),
            "may_replay": request.user.may("replay_frames"),
            "may_see": request.user.may("see_monitoring"),
        },
    )


def _stored(request: Request, form: PointForm, declared: list[ParameterForm]) -> list[str] | None:
    """Store the point as sent; ``None`` with the reasons in the forms when it cannot be."""
    taken = [part for part in declared if part.open and (part.is_bound or part.instance.pk)]
    said = [part for part in taken if part.is_bound]
    # Every form is asked, so that all faults show at once.
    if {part.is_valid() for part in (form, *said)} != {True}:
        return None
    rows: list[PointParameter] = [part.instance for part in taken]
    there = {row.code for row in rows}
    point: Point = form.instance
    rows += [
        enrolling.usual(code, point.kind) for code in form.cleaned_data["more"] if code not in there
    ]
    try:
        wanted = {part.code: part.wanted for part in said}
        reason = form.cleaned_data.get("reason", "")
        odd = enrolling.save(
            request.user, point, rows, wanted, reason=reason, address=address(request)
        )
    except ValidationError as error:
        refuse(form, error)
        return None
    if reason and form.initial["enabled"] and not point.enabled:
        security_notices.point_stopped(point, request.user, reason)
    return odd


@require_POST
@needs("replay_frames")
def replay(request: Request, pk: int) -> HttpResponse:
    """Try all quarantined frames of a point's device again, now that it is registered."""
    point = get_object_or_404(scoped.registry(request.user, Point.objects.all()), pk=pk)
    results = enrolling.replay(request.user, point)
    done = [result for result in results if result.ok]
    if done:
        messages.success(
            request,
            _("已重放 %(count)d 条报文，入库 %(values)d 个值。")
            % {"count": len(done), "values": sum(result.observations for result in done)},
        )
    kept = [result for result in results if not result.ok]
    for result in kept[:3]:
        messages.error(
            request,
            _("报文 #%(number)d 仍不能入库：%(reason)s")
            % {"number": result.frame_id, "reason": reason_words(result.reason)},
        )
    if len(kept) > 3:
        messages.error(request, _("共 %(count)d 条报文仍在隔离区。") % {"count": len(kept)})
    if not results:
        messages.info(request, _("隔离区没有此设备的报文。"))
    return HttpResponseRedirect(reverse("point-edit", args=[pk]))
