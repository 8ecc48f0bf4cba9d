"""Opening a matter: its form, and which open ones it may repeat."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ecoledger.listings import asked, forms, own_firm
from ecoledger.listings.refusals import refuse
from ecoledger.listings.rows import kept_once
from ecoledger.matters import (
    actions,
    likeness,
)
from ecoledger.matters.actions import Refused
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.once import once
from ecoledger.web.matters.finding import the_register
from ecoledger.web.matters.lines import sent, sheet, show_problems
from ecoledger.web.matters.posted import say_files_are_gone, uploads


@needs("see_matters")
@once
def new(request: Request, key: str) -> HttpResponseBase:
    register = the_register(request, key)
    if not register.fields or not register.may_open(request.user):
        raise PermissionDenied(_("您的岗位不能在“%s”登记事项。") % _(str(register.label)))
    # Who takes a complaint down hears the name; what is kept of it he is not shown again.
    asks = own_firm.asks_for(request.user, register.fields)
    first = {**own_firm.known(request.user, asks), **request.GET.dict()}
    form = forms.form_of(
        asks, register.model, data=request.POST or None, person=request.user, first=first
    )
    post = request.POST if request.method == "POST" else None
    lines_asked = (lines for lines in register.lines if lines.asked_of(request.user))
    sheets = [sheet(lines, request.user, post=post) for lines in lines_asked]
    if request.method == "POST" and form.is_valid():
        values = forms.stored(asks, form.cleaned_data)
        try:
            lines = {table.lines.key: sent(table.lines, request.POST) for table in sheets}
            refuse(register.over_before(values, timezone.localdate()))
            with kept_once():
                matter = actions.open_matter(
                    register, values, by=request.user, files=uploads(request), lines=lines
                )
        except Refused as refused:
            for table in sheets:
                show_problems(table, refused)
            for name, problems in refused.fields.items():
                if name in form.fields:
                    form.add_error(name, problems)
            if not set(refused.fields) & set(form.fields):
                form.add_error(None, f"{refused.why}{refused.remedy}")
        else:
            messages.success(request, _("已登记，编号 %s。") % matter.number)
            for odd in register.odd_of(matter):
                messages.warning(request, odd)
            return redirect("matter", key, matter.pk)
    say_files_are_gone(request)
    wide = any(table.wide for table in sheets)
    context = {"register": register, "form": form, "sheets": sheets, "wide": wide}
    return render(request, "web/matters/new.html", context)


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
