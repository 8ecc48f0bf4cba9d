"""Taking a step of a matter's way."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.matters import (
    actions,
)
from ecoledger.matters.actions import NotVisible, Refused
from ecoledger.matters.models import Matter
from ecoledger.matters.register import (
    Register,
)
from ecoledger.matters.workflow import Transition
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.once import once
from ecoledger.web.matters.detail import show
from ecoledger.web.matters.finding import the_matter
from ecoledger.web.matters.offered import form_of_step, offered_to, sent_for
from ecoledger.web.matters.posted import revision, say_files_are_gone, uploads


@needs("see_matters")
@require_POST
@once
def act(request: Request, key: str, pk: int, name: str) -> HttpResponseBase:
    register, matter = the_matter(request, key, pk)
    if not register.workflow.has_transition(name):
        raise Http404
    transition = register.workflow.transition(name)
    data = sent_for(request, register, transition)
    try:
        actions.perform(
            pk,
            name,
            by=request.user,
            form=data,
            note=request.POST.get("note", "").strip()[:4000],
            files=uploads(request, transition),
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


def _refused(
    request: Request,
    register: Register,
    matter: Any,
    transition: Transition,
    data: dict[str, Any],
    refused: Refused,
) -> HttpResponse:
    """The page again with what was filled in and what is wrong with it, field by field."""
    offered = offered_to(register, matter, request.user)
    for o in offered:
        if o.transition.name == transition.name:
            prefixed = {f"{transition.name}-{k}": v for k, v in data.items()}
            o.form = form_of_step(register, transition, matter, request.user, prefixed)
            o.open = True
            for field, problems in refused.fields.items():
                if field in o.form.fields and field not in o.form.errors:
                    o.form.add_error(field, problems)
        else:
            o.open = False
    messages.error(request, f"{refused.why}{refused.remedy}")
    say_files_are_gone(request)
    return show(request, register, matter, offered=offered, status=422)
