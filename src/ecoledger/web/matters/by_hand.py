"""What people do to a matter beside its steps: words, evidence, another owner, clocks, what runs together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.listings import asked, forms
from ecoledger.matters import (
    actions,
)
from ecoledger.matters.actions import NotVisible, Refused
from ecoledger.matters.actions.assigning import must_ask
from ecoledger.matters.models import Matter
from ecoledger.matters.register import (
    Register,
    visible_matters,
)
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.finding import say
from ecoledger.web.matters.detail import show
from ecoledger.web.matters.finding import the_matter
from ecoledger.web.matters.offered import ASSIGN
from ecoledger.web.matters.posted import revision, uploads


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
    form = forms.form_of(ASSIGN, Matter, data=request.POST, person=request.user, prefix="assign")

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
