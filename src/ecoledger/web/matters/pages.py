"""Pages of one matter: its file with what is asked now, its actions, clocks, and opening a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.accounts.visitors import address
from ecoledger.entities.models import Area
from ecoledger.listings import asked, cells, forms, veil
from ecoledger.listings.parts import Ask, Kind
from ecoledger.listings.personal import note_seen
from ecoledger.matters import (
    actions,
    chain,
    clocks,
    deadlines,
    evidence,
    likeness,
    requests,
    timeline,
)
from ecoledger.matters.actions import NotVisible, Refused, urging
from ecoledger.matters.actions.assigning import must_ask
from ecoledger.matters.models import Event, Matter
from ecoledger.matters.register import (
    Register,
    register_of,
    sees_all_events,
    state_of,
    visible_matters,
)
from ecoledger.matters.workflow import Transition
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.beside import beside
from ecoledger.web.listings.once import once
from ecoledger.web.matters import asking
from ecoledger.web.matters import contact as contacts
from ecoledger.web.matters.finding import the_matter, the_register
from ecoledger.web.matters.lines import sent, sheet, show_problems, tables
from ecoledger.web.matters.posted import revision, say, uploads
from ecoledger.web.search.finding import entity_url
from ecoledger.web.work import left_of

_ASSIGN = (
    Ask("organisation", "责任单位", Kind.REFERENCE, stores=None, required=True, to=Organisation),
    Ask("person", "责任人", Kind.REFERENCE, stores=None, required=False, to=Person),
    Ask("reason", noop("转办原因"), Kind.LONG_TEXT, stores=None, required=False),
)


@needs("see_matters")
@once
def new(request: Request, key: str) -> HttpResponseBase:
    register = the_register(request, key)
    if not register.fields or not register.may_open(request.user):
        raise PermissionDenied(_("您的岗位不能在“%s”登记事项。") % _(str(register.label)))
    # Who takes a complaint down hears the name; what is kept of it he is not shown again.
    asks = register.fields
    form = forms.form_of(
        asks, register.model, data=request.POST or None, person=request.user, first=request.GET
    )
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


@needs("see_matters")
@require_GET
@never_cache
def like(request: Request, key: str) -> HttpResponse:
    """Open matters that the one being written may repeat."""
    register = the_register(request, key)
    if register.repeats_of is not None:
        rows = list(register.repeats_of(request.GET, request.user))
    else:
        rows = likeness.like(
            register,
            request.user,
            title=request.GET.get("title", "")[:200],
            area_code=request.GET.get("area_code", "")[:12],
            entity=asked.number(request.GET.get("entity", "")),
            now=timezone.now(),
        )
    return render(request, "web/matters/_like.html", {"register": register, "rows": rows})


# ---- one matter ----------------------------------------------------------------------------------


@dataclass
class Offered:
    """A transition the person may do now, with its form."""

    transition: Transition
    form: django_forms.Form
    open: bool = False
    # What the matter says already: filled in, and folded away.
    known: tuple[str, ...] = ()

    @property
    def asked(self) -> list[django_forms.BoundField]:
        """The fields that stand open."""
        return [field for field in self.form if field.name not in self.known]

    @property
    def taken_over(self) -> list[django_forms.BoundField]:
        return [field for field in self.form if field.name in self.known]

    @property
    def wrong(self) -> bool:
        """Whether something of what was taken over was refused."""
        return any(field.errors for field in self.taken_over)


def _offered(register: Register, matter: Any, person: Person) -> list[Offered]:
    offered = [
        Offered(t, _form(register, t, matter, person), known=register.said_before(t, matter))
        for t in sorted(actions.available(matter, person), key=lambda t: (t.danger, not t.main))
        if not t.on_page
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
                    (
                        _(str(known[name].label)),
                        timeline.said_text(known[name], value, register.model),
                    )
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
        longest = deadlines.longest_extension(clock)[0] if clock.running else 0
        rows.append(
            {
                "clock": clock,
                "waiting": bool(rule and rule.waiting),
                "length": deadlines.length_text(clock),
                "left": clocks.remaining(clock, now),
                # Overdue is told in days of the calendar everywhere, whatever the clock counts in.
                "late": left_of(clock.due, now) if clock.due and clock.due < now else "",
                "longest": longest,
                "unit": deadlines.extension_unit(clock),
                "pending": clock.extensions.filter(approved=None).first(),
            }
        )
    # What runs now stands above what has stopped.
    return sorted(rows, key=lambda r: not r["clock"].running)


def show(
    request: Request,
    register: Register,
    matter: Any,
    *,
    offered: list[Offered] | None = None,
    noted: str = "",
    contact: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    person = request.user
    now = timezone.now()
    note_seen(register, person, [matter], register.hidden, address(request))
    matter = veil.of(register, person)(matter)
    offered = _offered(register, matter, person) if offered is None else offered
    manages = register.manages(person, matter)
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
    asked = requests.transfer_asked(matter) if inside else None
    entries = _entries(register, matter, person)
    asks = asking.context(
        register, matter, offered, events, files, [r["clock"] for r in rows], inside=inside
    )
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
                # An amount of nothing says nothing: no fine yet is no fine of 0.00.
                if (text := cells.text_of(matter, c))
                and not (c.kind is Kind.DECIMAL and cells.value_of(matter, c.name) == 0)
            ]
            if inside
            else [],
            "inside": inside,
            "offered": offered,
            # Steps whose form a page of their own has.
            "ways_on_page": {
                t.name
                for t in register.workflow.leaving(matter.state)
                if t.on_page and actions.refusal(matter, t, person) is None
            },
            "noted": noted,
            "contact": contact,
            "contact_offered": contacts.offered(register, matter, person),
            "refused": _why_not(register, matter, person) if not offered else "",
            "entries": entries,
            "asked_words": _words_of(asks["asking"], entries),
            "clocks": rows if inside else [],
            "clock_choices": [
                r for r in rows if r["longest"] and not r["clock"].suspended and not r["waiting"]
            ],
            "pending_extensions": [
                r for r in rows if r["pending"] and requests.may_decide(r["pending"], person)
            ],
            "transfer_asked": asked,
            "suspended": any(r["clock"].running and r["clock"].suspended for r in rows),
            "running": any(r["clock"].running and not r["waiting"] for r in rows),
            "manages": manages,
            "may_assign": (manages or owns) and register.state_of(matter).open,
            "may_extend": manages or owns,
            "assign_form": forms.form_of(
                _ASSIGN, Matter, person=person, prefix="assign", first=_asked_for(asked)
            )
            if manages or owns
            else None,
            "evidence": files,
            **asks,
            "entity_url": entity_url(matter.entity) if matter.entity and inside else "",
            "line_tables": tables(register, matter, person) if inside else [],
            "neighbours": beside(request, matter),
            "beside": [
                (register_of(other.register), other, state_of(other))
                for other in actions.beside(matter, person)
            ],
            "may_urge": urging.may_urge(person, matter),
            "leads": person.has_role(Role.LEADER),
            "may_bundle": inside and (manages or owns) and register.state_of(matter).open,
            "takes_evidence": register.takes_evidence(matter),
            "linked": [
                (relation, register_of(other.register), other, state_of(other))
                for relation, other in actions.linked(matter, person)
            ],
            "broken": chain.first_broken(matter.pk),
            "accept": ",".join(e for _kind, es, _at, _bytes in evidence.TYPES for e in es),
        },
        status=status,
    )


def _asked_for(asked: Event | None) -> dict[str, Any]:
    """The unit and the person that were asked for, as first values of handing over."""
    form = asked.form if asked else {}
    return {name: form[name]["id"] for name in ("organisation", "person") if form.get(name)}


def _words_of(asked: asking.Asking | None, entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What whoever asks has written; of the entering itself the matter's own facts tell."""
    if asked is None or not asked.event.from_state:
        return []
    return next((e["pairs"] for e in entries if e["event"].pk == asked.event.pk), [])


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
    if register.on_trail:
        audit.record(request.user, "open_restricted", matter, address=address(request))
    return show(request, register, matter)


@needs("see_matters")
@never_cache
def timeline_part(request: Request, key: str, pk: int) -> HttpResponse:
    register, matter = the_matter(request, key, pk)
    note_seen(register, request.user, [matter], register.hidden, address(request))
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
@once
def act(request: Request, key: str, pk: int, name: str) -> HttpResponseBase:
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
    _warn_without_deadline(request, register, matter)
    # The step may have taken the matter out of the person's sight.
    if not register.visible_to(request.user).filter(pk=pk).exists():
        return redirect("my-work")
    return redirect("matter", key, pk)


def _warn_without_deadline(request: Request, register: Register, before: Matter) -> None:
    """A step that ended the last clock and began none leaves work that nobody is reminded of: say so at once."""
    now = Matter.objects.get(pk=before.pk)
    if before.due is None or now.due is not None or not register.state_of(now).open:
        return
    remedy = ""
    if any(ask.name == "deadline" for ask in register.batch):
        remedy = _("可在列表中勾选这一件，批量修改整改时限。")
    messages.warning(request, _("这件事现在没有期限，不会到期提醒，也不算超期。") + remedy)


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
    return show(request, register, matter, offered=offered, status=422)


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
    register, matter = the_matter(request, key, pk)
    text = request.POST.get("text", "")
    try:
        actions.note(pk, text, by=request.user)
    except Refused as refused:
        messages.error(request, f"{refused.why}{refused.remedy}")
        # As it was written: whoever has to shorten it does not write it again.
        return show(request, register, matter, noted=text, status=422)
    messages.success(request, _("已补充说明。"))
    return redirect("matter", key, pk)


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

    if request.POST.get("what") == "decline":
        reason = request.POST.get("reason", "").strip()
        return _simple(
            request,
            key,
            pk,
            _("已答复。"),
            lambda _register: actions.decline_transfer(pk, by=request.user, reason=reason),
        )
    register, matter = the_matter(request, key, pk)
    asks = bool(form.is_valid()) and must_ask(
        register, matter, request.user, form.cleaned_data["organisation"]
    )

    def do(_register: Register) -> None:
        if not form.is_valid():
            raise Refused("form", _("转办没有填对。"), fields=forms.problems(form))
        hand = actions.ask_transfer if asks else actions.assign
        hand(
            pk,
            by=request.user,
            organisation=form.cleaned_data["organisation"],
            person=form.cleaned_data["person"],
            reason=form.cleaned_data["reason"],
            revision=revision(request),
        )

    done = _("已申请转办，由调度人员决定。") if asks else _("已转办。")
    return _simple(request, key, pk, done, do)


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
