"""Pages of many matters: a register's list with its views and narrowings, export, map, batch, draw and statistics."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.accounts.wording import numbered
from ecoledger.listings import asked, cells, forms
from ecoledger.listings.personal import note_seen
from ecoledger.listings.selecting import ordered, related, select
from ecoledger.matters import actions
from ecoledger.matters.actions import NotVisible, Refused
from ecoledger.matters.models import BatchEdit
from ecoledger.matters.register import Register, headers
from ecoledger.matters.workflow import Phase
from ecoledger.web.access import Request, needs
from ecoledger.web.export import exported_list
from ecoledger.web.listings.drawn import Mark
from ecoledger.web.listings.finding import say
from ecoledger.web.listings.pages import list_context
from ecoledger.web.matters.finding import the_register
from ecoledger.web.work import left_of

# Columns shown on a phone too, where few fit.
NARROW = frozenset({"number", "title", "state", "due", "level"})
# Columns that stand even where no matter of the page has anything in them.
ALWAYS = ("title", "state", "due")
_TONES = {Phase.CLOSED: "good", Phase.DISMISSED: "good", Phase.REVIEW: "warn"}


@needs("see_matters")
def listing_page(request: Request, key: str) -> HttpResponse:
    register, query, person = the_register(request, key), request.GET, request.user
    if register.on_trail:
        said = {"listing": str(register.label), "query": query.dict()}
        audit.record(person, "open_restricted", details=said, address=address(request))
    sort = query.get("sort", "")
    own = {field.name for field in register.model._meta.local_fields}
    matters = (select if sort.lstrip("-") in own else headers)(register, person, query)
    manages = register.may_manage(person)
    context = list_context(
        request,
        register,
        ordered(register, person, matters, sort),
        exact=query.get("exact") == "1",
        always=ALWAYS,
        under=("number",),
        narrow=NARROW,
        mark=_mark(register),
    )
    heads = [part for head in context["drawn"].heads for part in (head, *head.under)]
    names = [head.column.name for head in heads]
    note_seen(register, person, context["page"].rows, names, address(request))
    batch = [replace(ask, required=False) for ask in register.batch] if manages else []
    return render(
        request,
        "web/matters/list.html",
        context
        | {
            "ticks": manages,
            "batch_form": forms.form_of(batch, register.model, person=person) if batch else None,
            "batch_url": reverse("matter-batch", args=[key]),
            "new_url": reverse("matter-new", args=[key]),
            "export_url": reverse("matter-export", args=[key]),
            "statistics_url": reverse("matter-statistics", args=[key])
            if person.may("see_statistics")
            else "",
            "may_draw": manages and any(s.phase is Phase.REVIEW for s in register.workflow.states),
            "recent_edits": BatchEdit.objects.filter(register=key, undone_at=None)[:3]
            if manages
            else [],
        },
    )


def _mark(register: Register) -> Callable[[Any], Mark]:
    """How a matter's cells tell where it stands and what is left of its time."""
    now, duplicate = timezone.now(), (_("重复"),)

    def mark(matter: Any) -> Mark:
        state = register.state_of(matter)
        return Mark(
            _TONES.get(state.phase, "info"),
            duplicate if matter.merged_into_id else (),
            left_of(matter.due, now) if state.open else "",
            state.open and matter.overdue,
            matter.due_provisional,
        )

    return mark


@needs("see_matters")
@require_GET
def export(request: Request, key: str) -> HttpResponse:
    """What the list shows, all pages of it, as .xlsx; on the audit trail, for data leave here."""
    return exported_list(request, the_register(request, key))


@needs("see_matters")
@require_GET
def geojson(request: Request, key: str) -> JsonResponse:
    register = the_register(request, key)
    rows = select(register, request.user, request.GET).select_related(*related(register))
    return JsonResponse(cells.features(register, request.user, rows[:5000]))


def _called(register: Register, person: Person, said: str) -> Any:
    """The matter of a number, or of its last figures alone ("67" of this year), as people say it; ``None`` when unsure."""
    rows = register.visible_to(person)
    if (whole := rows.filter(number=said.strip()).first()) is not None:
        return whole
    number = asked.number(said)
    if number is None:
        return None
    year = timezone.localdate().year
    alike = rows.filter(number__regex=rf"{year}.*[^0-9]0*{number}(号)?$")[:2]
    return alike[0] if len(alike) == 1 else None


@needs("see_matters")
@require_POST
def batch(request: Request, key: str) -> HttpResponse:
    """Edit, or merge, the matters ticked in the list."""
    register = the_register(request, key)
    ids = [pk for text in request.POST.getlist("ids") if (pk := asked.number(text)) is not None]
    reason = request.POST.get("reason", "").strip()
    try:
        if request.POST.get("what") == "merge":
            into = request.POST.get("into", "")
            target = _called(register, request.user, into)
            if target is None:
                raise Refused(
                    "form",
                    _("没有编号为“%s”的事项可以并入。") % into,
                    _("请填写保留的那一件的完整编号。"),
                )
            actions.merge(ids, target.pk, by=request.user, reason=reason)
            messages.success(request, _("已并入 %s。") % target.number)
        else:
            edit = actions.batch_edit(
                register, ids, request.POST.dict(), by=request.user, reason=reason
            )
            messages.success(
                request,
                numbered("已修改 %d 件，可在本页撤销。", len(edit.before)) % len(edit.before),
            )
            _warn_of_idle(request, register, edit)
    except NotVisible as error:
        raise Http404 from error
    except Refused as refused:
        say(request, refused)
    return redirect(f"{reverse('matter-list', args=[key])}?{request.POST.get('back', '')}")


def _warn_of_idle(request: Request, register: Register, edit: BatchEdit) -> None:
    """An owner that was changed before the matter was handed over works on nothing yet."""
    if not {"owner", "owner_organisation"} & set(edit.changes):
        return
    rows = register.visible_to(request.user).filter(pk__in=[int(pk) for pk in edit.before])
    idle = [
        m.number for m in rows if register.state_of(m).open and not register.state_of(m).by_owner
    ]
    if idle:
        messages.warning(
            request,
            _("%(n)d 件尚未交办，改了责任单位也不会到它手里；请勾选后“批量办理”：%(numbers)s")
            % {"n": len(idle), "numbers": _("、").join(idle[:10])},
        )


@needs("see_matters")
@require_POST
def batch_undo(request: Request, key: str, pk: int) -> HttpResponse:
    register = the_register(request, key)
    try:
        kept = actions.undo_batch_edit(register, pk, by=request.user)
    except NotVisible as error:
        raise Http404 from error
    except Refused as refused:
        say(request, refused)
    else:
        if kept:
            numbers = _("、").join(m.number for m in kept[:10])
            messages.warning(request, _("已撤销；以下事项此后又有变动，未改回：%s") % numbers)
        else:
            messages.success(request, _("批量修改已撤销。"))
    return redirect("matter-list", key)


@needs("see_matters")
@require_POST
def draw(request: Request, key: str) -> HttpResponse:
    """Draw closed matters for a second look."""
    register = the_register(request, key)
    share = asked.number(request.POST.get("share", ""))
    try:
        if share is None or not 1 <= share <= 100:
            raise Refused("form", _("抽查比例应为 1 到 100 的整数。"))
        if request.POST.get("step") != "do":
            # How many, not which: the seed comes when it is confirmed, so nobody draws until it suits.
            count, among = actions.count_for_review(register, share / 100, by=request.user)
            context = {"register": register, "count": count, "among": among, "share": share}
            return render(request, "web/matters/draw.html", context)
        seed = secrets.randbelow(10**12)
        drawn = actions.draw_for_review(register, share / 100, seed, by=request.user)
        messages.success(request, numbered("抽中 %d 件，已进入回头看。", len(drawn)) % len(drawn))
    except Refused as refused:
        say(request, refused)
    return redirect("matter-list", key)
