"""The work engine's pages: my work, a register's list, one matter, statistics.

Every page starts from ``Register.visible_to`` and every change is one of ``matters.actions``; what is
here only asks and shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from urllib.parse import quote, urlencode

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    Http404,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.visitors import address
from ecoledger.entities.models import Area
from ecoledger.listings import asked, cells, forms, selecting
from ecoledger.listings.parts import Ask, Column, Kind
from ecoledger.listings.selecting import ordered, related, select
from ecoledger.matters import (
    actions,
    chain,
    clocks,
    deadlines,
    evidence,
    statistics,
    timeline,
)
from ecoledger.matters.actions import NotVisible, Refused, Upload
from ecoledger.matters.models import BatchEdit, Matter
from ecoledger.matters.register import (
    Register,
    all_registers,
    headers,
    register_of,
    sees_all_events,
    state_of,
    visible_matters,
)
from ecoledger.matters.workflow import Phase, Transition
from ecoledger.web.access import Request, needs
from ecoledger.web.errors import refused_as_altered
from ecoledger.web.export import exported_list
from ecoledger.web.listings.once import once
from ecoledger.web.matters import asking
from ecoledger.web.matters.filters import shown_filters
from ecoledger.web.matters.finding import the_matter, the_register
from ecoledger.web.matters.lines import sent, sheet, show_problems, tables
from ecoledger.web.office import integrity
from ecoledger.web.work import left_of

# More matters than this are counted by state beside the page, not before it.
AT_ONCE = 20_000
# Columns shown on a phone too, where few fit.
NARROW = frozenset({"number", "title", "state", "due", "level"})
_ASSIGN = (
    Ask("organisation", "责任单位", Kind.REFERENCE, stores=None, required=True, to=Organisation),
    Ask("person", "责任人", Kind.REFERENCE, stores=None, required=False, to=Person),
    Ask("reason", "转办原因", Kind.LONG_TEXT, stores=None, required=False),
)


def uploads(request: Request) -> list[Upload]:
    """The request's files, each with the caption given for all of them."""
    caption = request.POST.get("caption", "").strip()
    return [Upload(file, caption) for file in request.FILES.getlist("files")]


def revision(request: Request) -> int | None:
    return asked.number(request.POST.get("revision", ""))


def say(request: Request, refused: Refused) -> None:
    """Why something was not done, on the next page."""
    details = [m for ms in refused.fields.values() for m in ms] if refused.code == "form" else []
    messages.error(request, " ".join(filter(None, (refused.why, *details, refused.remedy))))


# ---- the list ------------------------------------------------------------------------------------


@needs("see_matters")
def listing_page(request: Request, key: str) -> HttpResponse:
    register = the_register(request, key)
    query = request.GET
    sort = query.get("sort", "")
    own = {field.name for field in register.model._meta.local_fields}
    matters = (select if sort.lstrip("-") in own else headers)(register, request.user, query)
    rows = ordered(register, request.user, matters, sort)
    number = asked.number(query.get("page", "")) or 1
    shown = selecting.page(register, rows, number, exact=not query.get("q"))
    every = register.open_columns(request.user)
    columns = _telling(register, every, shown.rows, query.get("sort", ""))
    under = _under(register, request.user, columns)
    columns = [c for c in columns if c not in under]
    now = timezone.now()
    manages = register.may_manage(request.user)
    return render(
        request,
        "web/matters/list.html",
        {
            "register": register,
            "under": [_head(column, query) for column in under],
            "columns": [_head(column, query) for column in columns],
            "rows": [
                {
                    "matter": matter,
                    "cells": [
                        {
                            "column": c,
                            "text": cells.text_of(matter, c),
                            "value": cells.value_of(matter, c.name),
                            "narrow": c.narrow or c.name in NARROW,
                        }
                        for c in columns
                    ],
                    "under": " · ".join(filter(None, (cells.text_of(matter, c) for c in under))),
                    "left": left_of(matter.due, now) if register.state_of(matter).open else "",
                    "overdue": matter.overdue and register.state_of(matter).open,
                    "phase": register.state_of(matter).phase,
                    "level": matter.level,
                }
                for matter in shown.rows
            ],
            "page": shown,
            "hidden": [_(str(c.label)) for c in every if c not in (*columns, *under)],
            "filters": (filters := shown_filters(register, request.user, query)),
            "more_filters": any(f.value or f.until for f in filters[3:]),
            "words": query.get("q", ""),
            "flags": [n for n in ("open", "overdue", "closed", "reopened", "mine") if n in query],
            "views": _views(register, query),
            "now": now,
            "manages": manages,
            "may_open": bool(register.fields) and register.may_open(request.user),
            "may_import": bool(register.imports) and register.may_open(request.user),
            "batch_form": forms.form_of(
                [replace(ask, required=False) for ask in register.batch],
                register.model,
                person=request.user,
            )
            if manages and register.batch
            else None,
            "may_draw": manages and any(s.phase is Phase.REVIEW for s in register.workflow.states),
            "recent_edits": BatchEdit.objects.filter(register=key, undone_at=None)[:3]
            if manages
            else [],
            "registers": [r for r in all_registers() if request.user.may(r.see)],
        },
    )


# Narrowings that every register has, shown as views before its own; each stands alone.
_FLAGS = {
    "open": noop("在办"),
    "overdue": noop("超期"),
    "mine": noop("我负责"),
    "closed": noop("已销号"),
    "reopened": noop("反弹过"),
    "merged": noop("重复件"),
}


def _views(register: Register, query: QueryDict) -> list[dict[str, Any]]:
    """Everything first, then the narrowings of every register, then the register's own views."""
    asked_now = {k: v for k, v in query.items() if k not in ("page", "sort") and v}
    views = [{"label": noop("全部"), "query": "", "chosen": not asked_now}]
    for flag, label in _FLAGS.items():
        views.append({"label": label, "query": f"{flag}=1", "chosen": asked_now == {flag: "1"}})
    for view in register.views:
        wanted = dict(view.query) | ({"sort": view.sort} if view.sort else {})
        views.append(
            {
                "label": view.label,
                "query": urlencode(wanted),
                "chosen": asked_now == {k: str(v) for k, v in view.query.items()},
            }
        )
    return views


def _head(column: Column, query: QueryDict) -> dict[str, Any]:
    """A column's head: its name and the order that a click on it asks for."""
    sort = query.get("sort", "")
    return {
        "column": column,
        "sort": column.name if sort != column.name else f"-{column.name}",
        "sorted": sort.removeprefix("-") == column.name,
        "descending": sort.startswith("-"),
    }


def _under(register: Register, person: Person, columns: Sequence[Column]) -> list[Column]:
    """What stands in a quiet line under the title: the number, and what the declaration says."""
    if not any(c.name == "title" for c in columns):
        return []
    names = dict.fromkeys(("number", *register.under))
    return [c for c in register.open_columns(person) if c.name in names]


def _telling(
    register: Register, columns: Sequence[Column], matters: Sequence[Any], sort: str
) -> list[Column]:
    """The columns in which some matter of the page has anything, and those that always stand."""
    kept = {"number", "title", "state", "due", sort.removeprefix("-")}
    return [
        c
        for c in columns
        if not matters
        or c.name in kept
        or any(cells.value_of(m, c.name) not in (None, "", 0) for m in matters)
    ]


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


@needs("see_matters")
@once
def new(request: Request, key: str) -> HttpResponseBase:
    register = the_register(request, key)
    if not register.fields or not register.may_open(request.user):
        raise PermissionDenied(_("您的岗位不能在“%s”登记事项。") % _(str(register.label)))
    asks = register.open_asks(request.user, register.fields)
    form = forms.form_of(asks, register.model, data=request.POST or None, person=request.user)
    post = request.POST if request.method == "POST" else None
    sheets = [sheet(lines, request.user, post=post) for lines in register.lines]
    if request.method == "POST" and form.is_valid():
        values = forms.stored(asks, form.cleaned_data)
        try:
            lines = {one.lines.key: sent(one.lines, request.POST) for one in sheets}
            matter = actions.open_matter(
                register, values, by=request.user, files=uploads(request), lines=lines
            )
        except Refused as refused:
            for one in sheets:
                show_problems(one, refused)
            for name, problems in refused.fields.items():
                if name in form.fields:
                    form.add_error(name, problems)
            if not set(refused.fields) & set(form.fields):
                form.add_error(None, f"{refused.why}{refused.remedy}")
        else:
            messages.success(request, _("已登记，编号 %s。") % matter.number)
            return redirect("matter", key, matter.pk)
    return render(
        request, "web/matters/new.html", {"register": register, "form": form, "sheets": sheets}
    )


# ---- one matter ----------------------------------------------------------------------------------


@dataclass
class Offered:
    """A transition the person may do now, with its form."""

    transition: Transition
    form: django_forms.Form
    open: bool = False


def _offered(register: Register, matter: Any, person: Person) -> list[Offered]:
    offered = [
        Offered(t, _form(register, t, matter, person))
        for t in sorted(actions.available(matter, person), key=lambda t: (t.danger, not t.main))
    ]
    if offered and sum(o.transition.main for o in offered) == 1:
        next(o for o in offered if o.transition.main).open = True
    return offered


def _form(
    register: Register, t: Transition, matter: Any, person: Person, data: Any = None
) -> django_forms.Form:
    asks = register.asks_of(t)
    return forms.form_of(asks, register.model, data=data, row=matter, person=person, prefix=t.name)


def _entries(register: Register, matter: Any, person: Person) -> list[dict[str, Any]]:
    """The timeline as shown: newest first, what was filled in beside its labels."""
    files = {e.pk: e for e in actions.evidence_for(matter, person)}
    labels = {s.name: _(str(s.label)) for s in register.workflow.states}
    fields = {ask.name: ask for ask in (*register.fields, *register.batch)}
    fields |= {column.name: column.ask for column in register.import_columns}
    inside = sees_all_events(person)
    entries = []
    for event in reversed(timeline.events_of(matter, person)):
        known = fields
        if register.workflow.has_transition(event.transition):
            transition = register.workflow.transition(event.transition)
            known = {ask.name: ask for ask in register.asks_of(transition)}
        entries.append(
            {
                "event": event,
                "by": _who(event.person, inside),
                "pairs": [
                    (_(str(known[name].label)), timeline.said_text(known[name], value))
                    for name, value in event.form.items()
                    if name in known
                    and value not in (None, "", [])
                    and register.is_open(known[name].stores or name, person)
                ],
                "moved": event.from_state != event.to_state,
                "to": labels.get(event.to_state, event.to_state),
                "files": [files[f["id"]] for f in event.evidence if f["id"] in files],
            }
        )
    return entries


def _who(doer: Person | None, inside: bool) -> str:
    """Who did something; to an enterprise the authority speaks, not its clerk."""
    if doer is None:
        return _("系统")
    if inside or doer.organisation is None or doer.entity_code:
        return doer.name
    return doer.organisation.name


def _clock_rows(register: Register, matter: Any, now: Any) -> list[dict[str, Any]]:
    rows = []
    for clock in deadlines.of(matter):
        rule = deadlines.rule_of(clock)
        longest, unit = deadlines.longest_extension(clock) if clock.running else (0, "")
        rows.append(
            {
                "clock": clock,
                "waiting": bool(rule and rule.waiting),
                "length": deadlines.length_text(clock),
                "left": clocks.remaining(clock, now),
                "longest": longest,
                "unit": unit,
                "pending": clock.extensions.filter(approved=None).first(),
                "approvers": rule.extend_by if rule else frozenset(),
            }
        )
    # What runs now stands above what has stopped.
    return sorted(rows, key=lambda r: not r["clock"].running)


def _detail(
    request: Request,
    register: Register,
    matter: Any,
    *,
    offered: list[Offered] | None = None,
    status: int = 200,
) -> HttpResponse:
    person = request.user
    now = timezone.now()
    offered = _offered(register, matter, person) if offered is None else offered
    manages = register.may_manage(person)
    owns = (
        matter.owner_id == person.pk
        if matter.owner_id
        else bool(
            matter.owner_organisation_id and matter.owner_organisation_id == person.organisation_id
        )
    )
    inside = sees_all_events(person)
    rows = _clock_rows(register, matter, now)
    files = actions.evidence_for(matter, person)
    events = timeline.events_of(matter, person)
    return render(
        request,
        "web/matters/detail.html",
        {
            "register": register,
            "matter": matter,
            "state": register.state_of(matter),
            "area": _area_name(matter.area_code),
            "stages": register.workflow.stages,
            "details": [
                (_(str(c.label)), text)
                for c in register.open_details(person)
                if (text := cells.text_of(matter, c))
            ]
            if inside
            else [],
            "inside": inside,
            "offered": offered,
            "refused": _why_not(register, matter, person) if not offered else "",
            "entries": _entries(register, matter, person),
            "clocks": rows if inside else [],
            "clock_choices": [
                r for r in rows if r["longest"] and not r["clock"].suspended and not r["waiting"]
            ],
            "pending_extensions": [
                r["pending"]
                for r in rows
                if r["pending"]
                and person.has_role(*r["approvers"])
                and r["pending"].asked_by_id != person.pk
            ],
            "suspended": any(r["clock"].running and r["clock"].suspended for r in rows),
            "running": any(r["clock"].running and not r["waiting"] for r in rows),
            "manages": manages,
            "may_assign": manages or owns,
            "may_extend": manages or owns,
            "assign_form": forms.form_of(_ASSIGN, Matter, person=person, prefix="assign")
            if manages or owns
            else None,
            "evidence": files,
            **asking.context(register, matter, offered, events, files, inside=inside),
            "line_tables": tables(register, matter, person) if inside else [],
            "beside": [
                (register_of(other.register), other, state_of(other))
                for other in actions.beside(matter, person)
            ],
            "may_bundle": inside and (manages or owns),
            "linked": [
                (relation, register_of(other.register), other, state_of(other))
                for relation, other in actions.linked(matter, person)
            ],
            "broken": chain.first_broken(matter.pk),
            "accept": ",".join(e for _kind, es, _at, _bytes in evidence.TYPES for e in es),
        },
        status=status,
    )


def _area_name(code: str) -> str:
    """The division's name with its county's before it, or the code where nobody named it."""
    names = dict(Area.objects.filter(code__in=[code[:6], code]).values_list("code", "name"))
    parts = [names[c] for c in dict.fromkeys((code[:6], code)) if c in names]
    return "".join(parts) or code


def _why_not(register: Register, matter: Any, person: Person) -> str:
    """What to say where a person has no button: the main way on and why it is not theirs."""
    for transition in register.workflow.leaving(matter.state):
        if transition.main and not transition.automatic:
            refused = actions.refusal(matter, transition, person)
            if refused is not None:
                return refused.why
    return ""


@needs("see_matters")
@never_cache
def detail(request: Request, key: str, pk: int) -> HttpResponse:
    register, matter = the_matter(request, key, pk)
    return _detail(request, register, matter)


@needs("see_matters")
@never_cache
def timeline_part(request: Request, key: str, pk: int) -> HttpResponse:
    register, matter = the_matter(request, key, pk)
    return render(
        request,
        "web/matters/_timeline.html",
        {
            "entries": _entries(register, matter, request.user),
            "broken": chain.first_broken(pk),
            "stale": request.GET.get("revision") != str(matter.revision),
            "matter": matter,
            "register": register,
        },
    )


@needs("see_matters")
@require_POST
def act(request: Request, key: str, pk: int, name: str) -> HttpResponse:
    register, matter = the_matter(request, key, pk)
    if not register.workflow.has_transition(name):
        raise Http404
    transition = register.workflow.transition(name)
    data = _sent(request, register, transition)
    try:
        actions.perform(
            pk,
            name,
            by=request.user,
            form=data,
            note=request.POST.get("note", "").strip()[:4000],
            files=uploads(request),
            revision=revision(request),
        )
    except NotVisible as error:
        raise Http404 from error
    except Refused as refused:
        return _refused(request, register, matter, transition, data, refused)
    messages.success(request, _("“%s”已完成。") % _(str(transition.label)))
    # The step may have taken the matter out of the person's sight.
    if not register.visible_to(request.user).filter(pk=pk).exists():
        return redirect("my-work")
    return redirect("matter", key, pk)


def _sent(request: Request, register: Register, transition: Transition) -> dict[str, Any]:
    """What the transition's form sent, by the names of its fields."""
    sent: dict[str, Any] = {}
    for ask in register.asks_of(transition):
        for name in (ask.name, f"{ask.name}_text"):  # a look-up's box as it was typed
            given = request.POST.getlist(f"{transition.name}-{name}")
            if given:
                sent[name] = given if ask.kind is Kind.CHOICES else given[-1]
    return sent


def _refused(
    request: Request,
    register: Register,
    matter: Any,
    transition: Transition,
    data: dict[str, Any],
    refused: Refused,
) -> HttpResponse:
    """The page again with what was filled in and what is wrong with it, field by field."""
    offered = _offered(register, matter, request.user)
    for o in offered:
        if o.transition.name == transition.name:
            prefixed = {f"{transition.name}-{k}": v for k, v in data.items()}
            o.form = _form(register, transition, matter, request.user, prefixed)
            o.open = True
            for field, problems in refused.fields.items():
                if field in o.form.fields and field not in o.form.errors:
                    o.form.add_error(field, problems)
        else:
            o.open = False
    messages.error(request, f"{refused.why}{refused.remedy}")
    return _detail(request, register, matter, offered=offered, status=422)


def _simple(
    request: Request, key: str, pk: int, done: str, do: Callable[[Register], Any]
) -> HttpResponse:
    """Do one thing and go back to the matter, saying what came of it."""
    register, _matter = the_matter(request, key, pk)
    try:
        do(register)
    except NotVisible as error:
        raise Http404 from error
    except Refused as refused:
        say(request, refused)
    else:
        messages.success(request, done)
    if not register.visible_to(request.user).filter(pk=pk).exists():
        return redirect("my-work")
    return redirect("matter", key, pk)


@needs("see_matters")
@require_POST
def note(request: Request, key: str, pk: int) -> HttpResponse:
    text = request.POST.get("text", "")
    return _simple(
        request, key, pk, _("已补充说明。"), lambda r: actions.note(pk, text, by=request.user)
    )


@needs("see_matters")
@require_POST
def attach(request: Request, key: str, pk: int) -> HttpResponse:
    return _simple(
        request,
        key,
        pk,
        _("证据已上传。"),
        lambda r: actions.attach(
            pk, uploads(request), by=request.user, text=request.POST.get("text", "").strip()
        ),
    )


@needs("see_matters")
@require_POST
def assign(request: Request, key: str, pk: int) -> HttpResponse:
    form = forms.form_of(_ASSIGN, Matter, data=request.POST, person=request.user, prefix="assign")

    def do(register: Register) -> None:
        if not form.is_valid():
            raise Refused("form", _("转办没有填对。"), fields=forms.problems(form))
        actions.assign(
            pk,
            by=request.user,
            organisation=form.cleaned_data["organisation"],
            person=form.cleaned_data["person"],
            reason=form.cleaned_data["reason"],
            revision=revision(request),
        )

    return _simple(request, key, pk, _("已转办。"), do)


@needs("see_matters")
@require_POST
def clocks_action(request: Request, key: str, pk: int) -> HttpResponse:
    """Ask for an extension, decide on one, suspend or resume; told apart by the form's ``what``."""
    post = request.POST
    reason = post.get("reason", "").strip()

    def number(name: str) -> int:
        found = asked.number(post.get(name, ""))
        if found is None:
            raise Refused("form", _("请填写数字。"), fields={name: [_("应为数字")]})
        return found

    def do(register: Register) -> None:
        match post.get("what"):
            case "extend":
                actions.extend(
                    pk,
                    number("clock"),
                    by=request.user,
                    length=number("length"),
                    reason=reason,
                )
            case "approve" | "refuse":
                actions.decide_extension(
                    pk,
                    number("extension"),
                    by=request.user,
                    approve=post.get("what") == "approve",
                    note=reason,
                )
            case "suspend":
                actions.suspend(pk, by=request.user, reason=reason)
            case "resume":
                actions.resume(pk, by=request.user, reason=reason)
            case _:
                raise Refused("form", _("不知道要对时限做什么。"))

    return _simple(request, key, pk, _("已办理。"), do)


@needs("see_matters")
@require_POST
def unmerge(request: Request, key: str, pk: int) -> HttpResponse:
    return _simple(request, key, pk, _("已拆分。"), lambda r: actions.unmerge(pk, by=request.user))


@needs("see_matters")
@require_POST
def bundle(request: Request, key: str, pk: int) -> HttpResponse:
    """Let the matter run beside the one whose number is given, or alone again."""

    def do(register: Register) -> None:
        if request.POST.get("what") == "unbundle":
            actions.unbundle(pk, by=request.user)
            return
        number = request.POST.get("with", "").strip()
        other = visible_matters(request.user).filter(number=number).first()
        if other is None:
            raise Refused(
                "form", _("没有编号为“%s”的事项。") % number, _("请填写另一件的完整编号。")
            )
        actions.bundle([pk, other.pk], by=request.user)

    return _simple(request, key, pk, _("已办理。"), do)


@needs("see_matters")
@require_GET
def evidence_file(request: Request, pk: int) -> HttpResponseBase:
    """The file itself, for who may see its matter. Looking is on the audit trail."""
    try:
        found = actions.find_evidence(pk, request.user)
        file = evidence.opened(found)
    except (NotVisible, FileNotFoundError) as error:
        raise Http404 from error
    if not evidence.intact(found):
        file.close()
        audit.record(request.user, "evidence_altered", found, address=address(request))
        integrity.tell(
            _("证据 #%(number)d “%(name)s”缺失或被改动") % {"number": pk, "name": found.name}
        )
        return refused_as_altered(request)
    # A picture drawn on the matter's own page is part of that page, which is not an opening of its own.
    if "shown" not in request.GET:
        audit.record(
            request.user,
            "open_evidence",
            found,
            details={"name": found.name},
            address=address(request),
        )
    inline = found.content_type in evidence.INLINE and "download" not in request.GET
    response = FileResponse(
        file, as_attachment=not inline, filename=found.name, content_type=found.content_type
    )
    # Whatever the file holds, it runs nothing here.
    response["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
    )
    response["Cache-Control"] = "private, no-store"
    return response


# ---- many at once --------------------------------------------------------------------------------


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
            target = register.visible_to(request.user).filter(number=into).first()
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
            messages.success(request, _("已修改 %d 件，可在本页撤销。") % len(edit.before))
    except NotVisible as error:
        raise Http404 from error
    except Refused as refused:
        say(request, refused)
    return redirect(f"{reverse('matter-list', args=[key])}?{request.POST.get('back', '')}")


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
            numbers = "、".join(m.number for m in kept[:10])
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
    seed = asked.number(request.POST.get("seed", ""))
    try:
        if share is None or not 1 <= share <= 100:
            raise Refused("form", _("抽查比例应为 1 到 100 的整数。"))
        drawn = actions.draw_for_review(
            register,
            share / 100,
            int(f"{timezone.localdate():%Y%m%d}") if seed is None else seed,
            by=request.user,
        )
        messages.success(request, _("抽中 %d 件，已进入回头看。") % len(drawn))
    except Refused as refused:
        say(request, refused)
    return redirect("matter-list", key)


# ---- statistics ----------------------------------------------------------------------------------


@needs("see_matters")
def statistics_page(request: Request, key: str) -> HttpResponse:
    register = _counted(request, key)
    query = request.GET.copy()
    query["merged"] = "all"
    rows, all_matters = (take(register, request.user, query) for take in (select, headers))
    on = asked.day(request.GET.get("on", "")) if register.as_of else None
    now = timezone.now()
    if on is not None:
        now = min(now, timezone.make_aware(datetime.combine(on, time.max)))
    # Numbers open the list with the page's own filters and their own condition.
    kept = {k: v for k, v in request.GET.items() if v and k not in ("page", "sort", "merged", "on")}
    base = "&".join(f"{quote(k)}={quote(str(v))}" for k, v in kept.items())
    organisations = statistics.by_organisation(register, all_matters, now)
    many = sum(unit.total for unit in organisations) > AT_ONCE
    return render(
        request,
        "web/matters/statistics.html",
        {
            "register": register,
            "filters": (filters := shown_filters(register, request.user, request.GET)),
            "more_filters": any(f.value or f.until for f in filters[3:]),
            "numbers": [
                {"s": s, "query": "&".join(filter(None, (base, s.query)))}
                for s in statistics.of(register, rows, now)
            ],
            "many": many,
            "durations": [] if many else statistics.stage_durations(register, all_matters),
            "breakdowns": register.breakdowns(rows, now) if register.breakdowns else [],
            "organisations": organisations,
            "base": base,
            "on": f"{timezone.localtime(now):%Y-%m-%d}" if register.as_of else "",
            "registers": [r for r in all_registers() if request.user.may(r.see)],
        },
    )


@needs("see_matters")
@require_GET
def durations_part(request: Request, key: str) -> HttpResponse:
    """How long matters stayed in each state, for a book so large that it is counted beside the page."""
    register = _counted(request, key)
    query = request.GET.copy()
    query["merged"] = "all"
    durations = statistics.stage_durations(register, headers(register, request.user, query))
    return render(request, "web/matters/_durations.html", {"durations": durations})


def _counted(request: Request, key: str) -> Register:
    register = the_register(request, key)
    if not sees_all_events(request.user):
        raise PermissionDenied(_("统计供管理部门使用。"))
    return register
