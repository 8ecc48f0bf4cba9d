"""What becomes of an entity: renamed, moved, merged, split, taken back; and what it has to do with others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_POST

from ecoledger.accounts.visitors import address
from ecoledger.entities import relations, succession
from ecoledger.entities.models import Entity, Relation, Succession
from ecoledger.listings import asked, forms
from ecoledger.listings.parts import Ask, Kind
from ecoledger.web.access import Request, needs
from ecoledger.web.entities.entity import the_entity

_ON = Ask(
    "on",
    noop("日期"),
    Kind.DATE,
    stores=None,
    required=True,
    initial=lambda _t: timezone.localdate(),
)
_NOTE = Ask(
    "note",
    noop("依据"),
    Kind.TEXT,
    stores=None,
    required=False,
    help=noop("文号、来函或核实情况。"),
)
_OTHER = Ask("other", noop("另一对象"), Kind.REFERENCE, stores=None, required=True, to=Entity)
ASKS: dict[str, tuple[str, tuple[Ask, ...]]] = {
    "rename": (noop("更名"), (Ask("name", noop("新名称"), Kind.TEXT, stores=None, required=True), _ON, _NOTE)),
    "move": (
        noop("迁移"),
        (
            Ask("lon", noop("新址经度"), Kind.DECIMAL, stores=None, required=False),
            Ask("lat", noop("新址纬度"), Kind.DECIMAL, stores=None, required=False),
            Ask("area", noop("新址行政区划"), Kind.AREA, stores=None, required=False),
            _ON,
            _NOTE,
        ),
    ),
    "merge": (noop("并入另一对象"), (_OTHER, _ON, _NOTE)),
    "split": (noop("分立"), (_OTHER, _ON, _NOTE)),
    "relate": (
        noop("登记关系"),
        (
            Ask("kind", noop("关系"), Kind.CHOICE, stores=None, required=True,
                choices=tuple(relations.PHRASES.items())),
            _OTHER,
            Ask("travel_hours", noop("流达时间 h"), Kind.DECIMAL, stores=None, required=False, minimum=0),
            Ask("distance_km", noop("距离 km"), Kind.DECIMAL, stores=None, required=False, minimum=0),
            Ask("since", noop("起"), Kind.DATE, stores=None, required=False),
        ),
    ),
}  # fmt: skip
PREVIEWED = ("merge", "split")


@needs("edit_registry")
def page(request: Request, pk: int, what: str) -> HttpResponse:
    """One form for each of them; a merger or split is shown before it is done."""
    thing = the_entity(request.user, pk)
    if what not in ASKS:
        raise Http404
    label, asks = ASKS[what]
    data = request.POST if request.method == "POST" else None
    form = forms.form_of(asks, Entity, data=data, person=request.user)
    context: dict[str, Any] = {"entity": thing, "form": form, "what": what, "label": label}
    if what == "split":
        context["parts"] = [
            (name, moved.label, moved.model._base_manager.filter(pk__in=moved.moved[:200]))
            for name, moved in succession.parts_of(thing)
        ]
    if data is not None and form.is_valid():
        act = _act(request, thing, what, form.cleaned_data)
        try:
            if what in PREVIEWED and data.get("step") != "do":
                context["moves"] = succession.preview(act)
                context["other"] = form.cleaned_data["other"]
            else:
                act()
                messages.success(request, _("已登记：%s。") % _(label))
                return redirect("entity", pk)
        except ValidationError as error:
            _show(form, error)
        except PermissionDenied as error:
            form.add_error(None, str(error))
    return render(request, "web/entities/becoming.html", context)


def _act(request: Request, thing: Entity, what: str, said: dict[str, Any]) -> Callable[[], Any]:
    person, came_from = request.user, address(request)
    more: dict[str, Any] = {"address": came_from}
    if what != "relate":
        more["note"] = said.get("note", "")
    match what:
        case "rename":
            return lambda: succession.rename(person, thing, said["name"], said["on"], **more)
        case "move":
            lon, lat = (
                float(said[name]) if said[name] is not None else getattr(thing, name)
                for name in ("lon", "lat")
            )
            more["area_code"] = said.get("area") or ""
            return lambda: succession.move(person, thing, said["on"], lon=lon, lat=lat, **more)
        case "merge":
            return lambda: succession.merge(person, thing, said["other"], said["on"], **more)
        case "split":
            take: dict[str, list[int]] = {}
            for chosen in request.POST.getlist("take"):
                name, _colon, written = chosen.rpartition(":")
                if (number := asked.number(written)) is not None:
                    take.setdefault(name, []).append(number)
            return lambda: succession.split(person, thing, said["other"], said["on"], take, **more)
        case _:
            measured = {
                n: float(said[n]) for n in ("travel_hours", "distance_km") if said[n] is not None
            }
            return lambda: relations.relate(
                person,
                thing,
                said["kind"],
                said["other"],
                since=said["since"],
                values=measured,
                **more,
            )


def _show(form: django_forms.Form, error: ValidationError) -> None:
    by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    names = {"b": "other"}
    for name, texts in by_field.items():
        field = names.get(name, name)
        form.add_error(field if field in form.fields else None, texts)


@require_POST
@needs("edit_registry")
def undo(request: Request, pk: int) -> HttpResponse:
    """Take a merger or a split back."""
    step = get_object_or_404(Succession, pk=pk)
    the_entity(request.user, step.old_id)
    try:
        succession.undo(request.user, step, address=address(request))
        messages.success(request, _("已撤销。"))
    except ValidationError as error:
        messages.error(request, _("；").join(error.messages))
    return redirect("entity", step.old_id)


@require_POST
@needs("edit_registry")
def end_relation(request: Request, pk: int) -> HttpResponse:
    """End a relation today; it stays on record."""
    row = get_object_or_404(Relation.objects.select_related("a", "b"), pk=pk)
    thing = the_entity(request.user, row.a_id)
    try:
        relations.change(
            request.user, row, since=row.since, until=timezone.localdate(), address=address(request)
        )
        messages.success(request, _("已登记终止。"))
    except (ValidationError, PermissionDenied) as error:
        messages.error(request, str(error))
    return redirect("entity", thing.pk)
