"""Entering a thing of any inventory, and changing it: one page for every kind, drawn from its declaration."""

from __future__ import annotations

import json
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.entities import identifiers, shapes
from ecoledger.entities.inventory import Asked, Inventory, all_inventories
from ecoledger.entities.models import Enterprise, Entity, Outlet, Station
from ecoledger.listings import forms
from ecoledger.listings.parts import Ask, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.monitoring.models import Point
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.listings import meanwhile

# A point of an outlet is of the kind its medium says.
KIND_OF_MEDIUM = {
    Outlet.Medium.GAS: Point.Kind.FLUE_GAS,
    Outlet.Medium.WATER: Point.Kind.WASTEWATER,
}
_OTHERS = Ask(
    "others",
    noop("其他编码"),
    kind=Kind.LONG_TEXT,
    required=False,
    stores=None,
    help=noop("在其他系统中的编码，每行一个，如：污染源编号 = 350582000123"),
    initial=lambda thing: (
        "\n".join(f"{row.scheme} = {row.value}" for row in identifiers.others(thing))
        if thing.pk
        else ""
    ),
)
_CHANGED_ON = Ask(
    "changed_on",
    noop("变更日期"),
    kind=Kind.DATE,
    required=False,
    stores=None,
    help=noop("从这一天起按新内容，此前的内容留存；更正登记错误请清空。"),
    initial=lambda _thing: timezone.localdate(),
)

_DRAWN = Ask("drawn", noop("在地图上画边界"), stores=None)


def _book(key: str) -> Inventory:
    for book in all_inventories():
        if book.key == key:
            return book
    raise Http404


def _asks(book: Inventory, thing: Entity, sent: Any) -> list[Ask]:
    """What the form asks: the declared fields, without answers nobody asked for and what is settled."""
    asks = []
    for ask in book.fields:
        if ask.name in book.answers and ask.name not in (sent or {}):
            continue
        if ask.name == "code" and thing.pk is not None:
            continue
        if ask.name == "parent" and book.parents and thing.parent_id is not None:
            continue
        asks.append(ask)
    return [*asks, _OTHERS, *([_CHANGED_ON] if thing.pk is not None else [])]


def _form(book: Inventory, thing: Entity, asks: list[Ask], request: Request) -> django_forms.Form:
    sent = request.POST if request.method == "POST" else None
    form = forms.form_of(asks, book.model, data=sent, row=thing, person=request.user)
    if "geometry" in form.fields:
        # A boundary is a file, or drawn on the map.
        form.fields["geometry"] = django_forms.FileField(
            label=form.fields["geometry"].label, required=False
        )
        form.initial.pop("geometry", None)
        form.fields["drawn"] = django_forms.CharField(
            label=_(str(_DRAWN.label)), required=False, initial=_as_text(thing),
            widget=django_forms.Textarea({"class": "form-control", "rows": 2}),
        )  # fmt: skip
        form.files = request.FILES
    return form


def _as_text(thing: Entity) -> str:
    return json.dumps(thing.geometry) if thing.geometry else ""


def _values(asks: list[Ask], thing: Entity, said: dict[str, Any]) -> dict[str, Any]:
    """The cleaned values that are stored; of a file and a drawn boundary the file. Raises ``Refused`` for what is none."""
    values = forms.stored(asks, said)
    file, drawn = values.pop("geometry", None), said.get("drawn", "").strip()
    field, content = "geometry", file.read() if file is not None else None
    if content is None and drawn != _as_text(thing):
        field, content = "drawn", drawn.encode() or None
    if content is not None:
        try:
            values["geometry"] = shapes.of_file(content)
        except shapes.ShapeError as error:
            raise Refused("form", str(error), fields={field: [str(error)]}) from error
    return values


def _lasting(asks: list[Ask]) -> list[Ask]:
    """What the form asks of the thing itself, its boundary as it is drawn."""
    return [*(ask for ask in asks if ask is not _CHANGED_ON), _DRAWN]


def _saved(request: Request, book: Inventory, thing: Entity, form: Any, asks: list[Ask]) -> Any:
    """Store what the form says; ``None`` with the reasons in the form when it cannot be."""
    if not form.is_valid():
        return None
    shown = request.POST.get(meanwhile.FIELD, "")
    if thing.pk and not meanwhile.taken(form, book, thing, _lasting(asks), request.user, shown):
        return None
    said = form.cleaned_data
    more: dict[str, Any] = {"address": address(request)}
    try:
        more["others"] = identifiers.read_lines(said["others"])
        values = _values(asks, thing, said)
        answers = {name: said[name] for name in book.answers if said.get(name)}
        now = timezone.now()
        if thing.pk is not None:
            on = said["changed_on"]
            return book.change_row(thing, values, request.user, now, on=on, answers=answers, **more)
        if thing.parent is not None:
            values.setdefault("parent", thing.parent)
        return book.open_row(values, request.user, now, answers=answers, **more)
    except ValidationError as error:
        form.add_error("others", error)
    except Asked as error:
        for name, question in error.questions.items():
            form.fields[name] = django_forms.ChoiceField(
                label=question.text, choices=question.choices, widget=django_forms.RadioSelect
            )
            form.add_error(name, question.text)
    except Refused as error:
        for name, texts in (error.fields or {"": [error.why]}).items():
            form.add_error(name if name in form.fields else None, texts)
    return None


def _next(request: Request, book: Inventory, thing: Entity, new: bool) -> HttpResponseRedirect:
    """Where one goes on: from a new station to its point, from an outlet back to its enterprise."""
    query = f"?mn={mn}" if (mn := request.GET.get("mn", "").strip()) else ""
    if isinstance(thing, Station) and new:
        query = f"?kind={thing.medium}&entity={thing.pk}" + query.replace("?", "&")
        return HttpResponseRedirect(reverse("point-new") + query)
    if isinstance(thing, Outlet):
        return HttpResponseRedirect(reverse("enterprise-edit", args=[thing.parent_id]) + query)
    return HttpResponseRedirect(reverse("entity-edit", args=[book.key, thing.pk]) + query)


@needs("edit_registry")
def page(
    request: Request, key: str, pk: int | None = None, owner: int | None = None
) -> HttpResponse:
    """The form of a new thing (of ``owner``, what it is a part of), or of one on record."""
    book = _book(key)
    rows = scoped.registry(request.user, book.model._default_manager.select_related("parent"))
    thing = get_object_or_404(rows, pk=pk) if pk is not None else book.model()
    if owner is not None:
        whole = get_object_or_404(scoped.registry(request.user, Entity.objects.all()), pk=owner)
        thing.parent, thing.area_code = whole, whole.area_code
    asks = _asks(book, thing, request.POST)
    form = _form(book, thing, asks, request)
    if request.method == "POST" and (kept := _saved(request, book, thing, form, asks)) is not None:
        messages.success(request, _("已保存 %(name)s。") % {"name": kept.name})
        for text in kept.odd:
            messages.warning(request, text)
        return _next(request, book, kept, new=pk is None)
    label = _(str(book.label))
    title = _("编辑%(kind)s") if pk is not None else _("登记%(kind)s")
    return render(
        request,
        "web/entities/registering.html",
        {
            "form": form,
            "shown": meanwhile.hidden_field(
                form, (ask.name for ask in _lasting(asks)), request.POST.get(meanwhile.FIELD, "")
            ),
            "title": title % {"kind": label},
            "book": book,
            "thing": thing if pk is not None else None,
            "owner": thing.parent if book.parents else None,
            "may_see": request.user.may("see_monitoring"),
            "station": thing if isinstance(thing, Station) and pk is not None else None,
            **_outlets(thing, request.user),
        },
    )


def _outlets(thing: Entity, person: Person) -> dict[str, Any]:
    """The outlets of an enterprise on record, each with the kind of its points."""
    if not isinstance(thing, Enterprise) or thing.pk is None:
        return {}
    rows = Outlet.objects.filter(parent_id=thing.pk).order_by("number")
    kinds = [(row, KIND_OF_MEDIUM[Outlet.Medium(row.medium)]) for row in rows]
    return {"enterprise": thing, "outlets": kinds}
