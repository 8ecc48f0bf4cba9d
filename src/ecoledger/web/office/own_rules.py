"""本局规则: the files of conditions, items and tables that ship with a doubtful mark, read, confirmed and edited by the bureau."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ecoledger.listings import own_files
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request, needs
from ecoledger.web.listings import meanwhile


@needs("edit_routing")
@require_GET
def page(request: Request) -> HttpResponse:
    """Every file with its mark, and whether it is the bureau's own."""
    rows = sorted(own_files.declared().items(), key=lambda pair: (pair[1].is_own, pair[0]))
    return render(request, "web/office/own_rules.html", {"rows": rows})


@needs("edit_routing")
@require_http_methods(["GET", "POST"])
def edit(request: Request, name: str) -> HttpResponse:
    """One file: what is in force, to confirm or to change."""
    rules = own_files.declared().get(name)
    if rules is None:
        raise Http404
    text = rules.text
    status = 200
    if request.method == "POST":
        text = request.POST.get("text", "")
        try:
            meanwhile.refuse_unseen(request, rules.text)
            own_files.write(rules, text, by=request.user)
        except Refused as refused:
            messages.error(request, f"{refused.why}{refused.remedy}")
            status = 422
        else:
            messages.success(request, _("已保存为本局规则，即时生效。"))
            return redirect("own-rules")
    shown = meanwhile.hidden_whole(rules.text)
    context = {"rules": rules, "name": name, "text": text, "shown": shown}
    return render(request, "web/office/own_rules_edit.html", context, status=status)
