"""The pages every declared list has: the list with its views, chips and batch bar; one row; its form; export; map."""

from __future__ import annotations

from collections.abc import Container, Iterable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.accounts.wording import numbered
from ecoledger.books.duty import Duty
from ecoledger.books.log import Log, steps_of
from ecoledger.entities.inventory import Inventory, ending, headers
from ecoledger.listings import asked, cells, forms, own_firm, selecting, veil
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import SavedView, Taste
from ecoledger.listings.parts import Ask, Column
from ecoledger.listings.personal import note_seen
from ecoledger.listings.refusals import Refused
from ecoledger.listings.rows import kept_once
from ecoledger.listings.unchanged import same
from ecoledger.web.access import Request
from ecoledger.web.export import exported_list
from ecoledger.web.listings import meanwhile
from ecoledger.web.listings.beside import beside
from ecoledger.web.listings.chips import chips
from ecoledger.web.listings.doors import door_of
from ecoledger.web.listings.drawn import Mark, drawn
from ecoledger.web.listings.finding import say, the_listing, the_row, way_back
from ecoledger.web.listings.once import once
from ecoledger.web.models import opened

MAPPED = 5000
MOST_VIEWS = 30  # of one person on one list


def page(request: Request, key: str) -> HttpResponse:
    """The list."""
    listing = the_listing(request, key)
    if listing.url != request.path:
        return redirect(f"{listing.url}?{request.GET.urlencode()}")
    return render(request, "web/listings/list.html", listed(request, listing))


def listed(request: Request, listing: Listing, **drawing: Any) -> dict[str, Any]:
    """What ``listings/list.html`` shows of the list as its address asks."""
    query, person = request.GET, request.user
    sort = query.get("sort", "")
    if isinstance(listing, Inventory):
        found = headers(listing, person, query, sort)
    else:
        found = selecting.select(listing, person, query)
    rows = selecting.ordered(listing, person, found, sort)
    if isinstance(listing, Inventory):
        drawing.setdefault("mark", partial(_standing, listing))
    if isinstance(listing, Duty):
        drawing.setdefault("mark", _owed)
    return list_context(request, listing, rows, exact=query.get("exact") == "1", **drawing)


def _standing(book: Inventory, thing: Any) -> Mark:
    """That a thing exists no longer, or that the date until which it may be used is near or gone by."""
    if not thing.active:
        return Mark(named=(_("停用"),))
    return Mark(named=tuple(filter(None, (ending(book.days_left(thing)),))))


def _owed(obligation: Any) -> Mark:
    """That a day has gone by on which something was to be done."""
    return Mark(tone="bad", chips=(_("超期"),)) if obligation.overdue else Mark()


def list_context(
    request: Request, listing: Listing, rows: QuerySet[Any], *, exact: bool, **drawing: Any
) -> dict[str, Any]:
    """What ``listings/list.html`` shows of sorted ``rows``; ``drawing`` is said to :func:`drawn.drawn`.

    ``counts``: how many rows a view has, by its name, where the page says so.
    """
    query, person = request.GET, request.user
    if not query:  # the book itself, not a page or an order of it
        opened(person, listing.key)
    number = asked.number(query.get("page", "")) or 1
    shown = selecting.page(listing, rows, number, exact=exact)
    taste = Taste.objects.filter(listing=listing.key, person=person).first()
    chosen = taste.columns if taste else ()
    batch_form = _batch_form(listing, request) if listing.may_change(person) else None
    counted = drawing.pop("counts", {})
    views = _views(listing, request)
    for view in views:
        view["count"] = counted.get(view.get("name"))
    # A view of nothing is left out where its rows are counted.
    views = [view for view in views if view["count"] != 0 or view["open"]]
    return chips(listing, request) | {
        "listing": listing,
        # An empty list does not deny what others see in it.
        "elsewhere": not shown.rows and listing.own_rows().exists(),
        "drawn": drawn(listing, person, shown.rows, query, chosen=chosen, **drawing),
        "page": shown,
        "words": query.get("q", ""),
        "views": views,
        "every_column": [(c, not chosen or c.name in chosen) for c in listing.open_columns(person)],
        "compact": bool(taste and taste.compact),
        "ticks": batch_form is not None,
        "batch_form": batch_form,
        "batch_url": reverse("book-batch", args=[listing.key]),
        "new_url": listing.form_url,
        "export_url": reverse("book-export", args=[listing.key]),
        "may_open": bool(listing.fields) and listing.may_open(person),
        "may_import": listing.imports is not None and listing.may_open(person),
    }


def _views(listing: Listing, request: Request) -> list[dict[str, Any]]:
    """Given views first, then the person's own, then shared ones; which is open and whether it was changed."""
    now = request.GET.copy()
    for name in ("page", "exact"):
        now.pop(name, None)
    for name, value in listing.at_first.items():
        if not now.get(name):
            now[name] = value
    whole = QueryDict(mutable=True)
    whole.update(dict.fromkeys(listing.at_first, "all"))
    views: list[dict[str, Any]] = [
        {"name": "", "label": noop("全部"), "query": whole.urlencode(), "open": now == whole}
    ]
    for view in (*listing.given_views(), *listing.views):
        query = QueryDict(mutable=True)
        for name, value in view.query.items():  # "a,b": either of them
            query.setlist(name, value.split(","))
        if view.sort:
            query["sort"] = view.sort
        asked_for = listing.begun(query)
        unsorted = QueryDict(mutable=True)
        unsorted.update(asked_for)
        unsorted.pop("sort", None)
        is_open = now == asked_for or (bool(unsorted) and now == unsorted)
        entry = {
            "name": view.name,
            "label": view.label,
            "query": query.urlencode(),
            "open": is_open,
        }
        views.append(entry)
    person = request.user
    seen = Q(person=person)
    if person.organisation_id is not None:
        # A name or a condition may tell what others must not know: it stays in the house.
        seen |= Q(shared=True, person__organisation=person.organisation_id)
    saved = SavedView.objects.filter(seen, listing=listing.key)
    for kept in sorted(saved, key=lambda kept: kept.person_id != person.pk):
        own = kept.person_id == person.pk
        is_open = QueryDict(kept.query) == now and not any(shown["open"] for shown in views)
        views.append(
            {"label": kept.name, "query": kept.query, "open": is_open, "pk": own and kept.pk}
        )
    return views


def _batch_form(listing: Listing, request: Request) -> Any:
    asks = listing.open_asks(request.user, listing.batch)
    if not asks:
        return None
    form = forms.form_of(asks, listing.model, person=request.user)
    for field in form.fields.values():
        field.required = False
    return form


@require_POST
def taste(request: Request, key: str) -> HttpResponse:
    """Remember which columns somebody wants, and how dense."""
    listing = the_listing(request, key)
    known = {c.name for c in listing.open_columns(request.user)}
    chosen = [name for name in request.POST.getlist("columns") if name in known]
    Taste.objects.update_or_create(
        listing=key,
        person=request.user,
        defaults={"columns": chosen, "compact": request.POST.get("compact") == "1"},
    )
    return redirect(f"{listing.url}?{request.POST.get('back', '')}")


@require_POST
def save_view(request: Request, key: str) -> HttpResponse:
    """Keep the present filters and order under a name, or let a kept one go."""
    listing = the_listing(request, key)
    if gone := asked.number(request.POST.get("delete", "")):
        SavedView.objects.filter(pk=gone, listing=key, person=request.user).delete()
        return redirect(listing.url)
    name = request.POST.get("name", "").strip()[:40]
    query = request.POST.get("back", "")[:2000]
    kept = SavedView.objects.filter(listing=key, person=request.user)
    if name and kept.exclude(name=name).count() >= MOST_VIEWS:
        messages.error(request, _("一个列表最多保存 %d 个视图，请先删除不用的。") % MOST_VIEWS)
    elif name:
        SavedView.objects.update_or_create(
            listing=key,
            person=request.user,
            name=name,
            defaults={"query": query, "shared": request.POST.get("shared") == "1"},
        )
    return redirect(f"{listing.url}?{query}")


@require_GET
def export(request: Request, key: str) -> HttpResponse:
    """What the list shows, all pages of it, as .xlsx; on the audit trail, for data leave here."""
    return exported_list(request, the_listing(request, key))


@require_GET
def geojson(request: Request, key: str) -> JsonResponse:
    """The list's rows with a place, as a layer of the map."""
    listing = the_listing(request, key)
    if not listing.has_place:
        return JsonResponse({"type": "FeatureCollection", "features": []})
    rows = selecting.select(listing, request.user, request.GET)
    rows = rows.select_related(*selecting.related(listing))[:MAPPED]
    return JsonResponse(cells.features(listing, request.user, rows))


@once
def new(request: Request, key: str) -> HttpResponseBase:
    """The form for a new row."""
    listing = the_listing(request, key, to_enter=True)
    if not listing.fields or not listing.may_open(request.user):
        raise PermissionDenied(_("您的岗位不能在“%s”登记。") % _(str(listing.label)))
    if listing.form_url != request.path:
        return redirect(listing.form_url)
    return _form(request, listing, None)


@once
def edit(request: Request, key: str, pk: int) -> HttpResponseBase:
    """The form for a row that is there."""
    listing = the_listing(request, key)
    if request.method == "POST" and connection.in_atomic_block:
        # Of two who save at once the second sees what the first did.
        rows = listing.model._default_manager.select_for_update(of=("self",))
        rows.filter(pk=pk).first()
    listing, row = the_row(request, key, listing.standing_for(pk))
    if not listing.fields or not listing.may_change(request.user):
        raise PermissionDenied(_("您的岗位不能修改“%s”。") % _(str(listing.label)))
    if refused := listing.refusal_to_change(request.user, row):
        raise PermissionDenied(f"{refused.why}{refused.remedy}")
    # What was typed of a row that another put right meanwhile is held against the one that stands now.
    if listing.edit_url(row) != request.path and not (request.method == "POST" and row.pk != pk):
        return redirect(listing.edit_url(row))
    return _form(request, listing, row)


def _form(request: Request, listing: Listing, row: Any) -> HttpResponseBase:
    data = request.POST if request.method == "POST" else None
    held: tuple[Ask, ...] = ()
    first: dict[str, Any] = {}
    left = True
    if row is None:
        asks = own_firm.asks_for(request.user, listing.open_asks(request.user, listing.fields))
        # A link to a new row says what it is to be about.
        first = {**own_firm.known(request.user, asks), **request.GET.dict()}
    else:
        asks = own_firm.asks_for(request.user, listing.asks_of_row(request.user, row))
        asks, held = _held_apart(listing, row, asks, data or {})
        left = bool(asks)
    of_row = asks
    asks += listing.asks_to_change() if row is not None and left else ()
    form = forms.form_of(asks, listing.model, data=data, row=row, person=request.user, first=first)
    shown = request.POST.get(meanwhile.FIELD, "")
    may = data is not None and form.is_valid()
    if may and row is not None:
        may = meanwhile.taken(form, listing, row, of_row, request.user, shown)
    if may:
        values = forms.stored(asks, form.cleaned_data)
        try:
            with kept_once():
                if row is None:
                    made = listing.open_row(_given(values), request.user, timezone.now())
                else:
                    made = _changed(listing, row, values, request.user)
        except Refused as refused:
            for name, problems in refused.fields.items():
                if name in form.fields:
                    form.add_error(name, problems)
            if not set(refused.fields) & set(form.fields):
                form.add_error(None, f"{refused.why}{refused.remedy}")
        else:
            messages.success(request, _("已保存。") if made else _("内容没有改动。"))
            for odd in listing.odd_of(made):
                messages.warning(request, odd)
            sees = request.user.may(listing.see)
            return redirect(listing.url_of(made or row) if sees else way_back(request, listing))
    if row is not None:
        names = [ask.stores or ask.name for ask in (*asks, *held)]
        note_seen(listing, request.user, [row], names, address(request))
    context = {
        "listing": listing,
        "form": form,
        "row": row,
        "shown": meanwhile.hidden_field(form, form.fields, shown) if row is not None else "",
        # Where nothing is left to ask there is nothing to keep.
        "left": left,
        "held": [(ask.label, cells.text_of(row, _as_column(ask)) or "—") for ask in held],
        "why_held": listing.why_settled(row, request.user) if held else "",
        "back_url": listing.url_of(row) if row is not None else way_back(request, listing),
    }
    return render(request, "web/listings/form.html", context)


def _changed(listing: Listing, row: Any, values: dict[str, Any], person: Person) -> Any:
    """The row with what ``values`` say otherwise; ``None`` where that is nothing: what was shown is no change."""
    beside = {ask.stores for ask in listing.asks_to_change()}
    said = {
        name: value
        for name, value in values.items()
        if name in beside or not same(getattr(row, name, None), value)
    }
    if said.keys() <= beside:
        return None
    return listing.change_row(row, said, person, timezone.now())


def _as_column(ask: Ask) -> Column:
    """What a form asks, as a page shows it."""
    return Column(ask.stores or ask.name, ask.label, ask.kind, choices=ask.choices)


def _held_apart(
    listing: Listing, row: Any, asks: Iterable[Ask], sent: Container[str]
) -> tuple[tuple[Ask, ...], tuple[Ask, ...]]:
    """What a form of ``row`` asks, and what is settled of it; that is asked only of who sent it, to be refused if changed."""
    settled = listing.settled_of(row)
    held = tuple(ask for ask in asks if (ask.stores or ask.name) in settled)
    return tuple(ask for ask in asks if ask not in held or ask.name in sent), held


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """What was said; what was not keeps the model's default."""
    return {name: value for name, value in values.items() if value not in (None, "")}


@require_GET
def row(request: Request, key: str, pk: int) -> HttpResponse:
    """One row: its details."""
    listing, found = the_row(request, key, pk)
    if listing.url_of(found) != request.path:
        return redirect(listing.url_of(found))
    return render(request, "web/listings/row.html", row_context(request, listing, found))


def row_context(request: Request, listing: Listing, found: Any) -> dict[str, Any]:
    """What ``listings/row.html`` shows of a row."""
    columns = listing.open_details(request.user) or listing.open_columns(request.user)
    found = veil.of(listing, request.user)(found)
    return {
        "listing": listing,
        "row": found,
        "neighbours": beside(request, found),
        "facts": [
            (c.label, cells.text_of(found, c), door_of(cells.value_of(found, c.name), request.user))
            for c in columns
        ],
        "may_change": bool(listing.fields) and listing.may_change(request.user),
        "begets": getattr(listing, "begotten", None) is not None and listing.may_open(request.user),
        "begotten": getattr(found, "begets", None) and cells.value_of(found, "begets"),
        "links": listing.links(found, request.user) if listing.links else (),
        "steps": steps_of(found, request.user) if isinstance(listing, Log) else (),
    }


@require_POST
def batch(request: Request, key: str) -> HttpResponse:
    """Change the same things on every ticked row; those that refuse are named."""
    listing = the_listing(request, key)
    if not listing.may_change(request.user):
        raise PermissionDenied(_("您的岗位不能修改“%s”。") % _(str(listing.label)))
    asks = [
        a
        for a in listing.open_asks(request.user, listing.batch)
        if request.POST.get(a.name) or request.POST.get(f"{a.name}_text")
    ]
    ids = [n for text in request.POST.getlist("ids") if (n := asked.number(text)) is not None]
    try:
        cleaned = forms.cleaned(asks, listing.model, request.POST, person=request.user)
        if not asks or not ids:
            raise Refused("form", _("没有选择要改的行或内容。"))
    except Refused as refused:
        say(request, refused)
        return redirect(f"{listing.url}?{request.POST.get('back', '')}")
    done, skipped = 0, []
    for found in listing.visible_to(request.user).filter(pk__in=ids):
        try:
            with kept_once():
                listing.change_row(found, forms.stored(asks, cleaned), request.user, timezone.now())
            done += 1
        except Refused as refused:
            skipped.append(f"{found}{_('：')}{refused.why}")
    messages.success(request, numbered("已修改 %d 行。", done) % done)
    if skipped:
        messages.warning(
            request,
            numbered("跳过 %d 行：", len(skipped)) % len(skipped) + _("；").join(skipped[:5]),
        )
    return redirect(f"{listing.url}?{request.POST.get('back', '')}")
