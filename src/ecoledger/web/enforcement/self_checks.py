"""The form of a self-check: item by item, by the firm on a phone or by the bureau with it (mechanism E13)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ecoledger.accounts.wording import numbered
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.registers.enforcement.self_checks import REGISTER, SelfCheckItem
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.once import once
from ecoledger.web.matters.finding import the_matter

WORDS = {
    SelfCheckItem.Found.OK: "符合",
    SelfCheckItem.Found.PROBLEM: "不符合",
    SelfCheckItem.Found.ABSENT: "不涉及",
}


@needs("see_matters")
@require_http_methods(["GET", "POST"])
@once
def form(request: Request, pk: int) -> HttpResponseBase:
    """Every item with its three answers and, where it fails, what is done about it."""
    register, check = the_matter(request, REGISTER.key, pk)
    way = register.workflow.transition("fill")
    if actions.refusal(check, way, request.user) is not None:
        raise Http404
    items = list(check.items.all())
    said = {
        item.pk: (request.POST.get(f"found-{item.pk}", item.found),
                  request.POST.get(f"measure-{item.pk}", item.measure).strip())
        for item in items
    }  # fmt: skip
    if request.method == "POST":
        lines = []
        for item in items:
            found, measure = said[item.pk]
            word = WORDS.get(SelfCheckItem.Found(found), "") if found in WORDS else ""
            lines.append(f"{word}：{measure}" if measure else word)
        try:
            if "" in lines:
                raise Refused(
                    "form", numbered("还有 %d 项没有填写结果。", lines.count("")) % lines.count("")
                )
            actions.perform(pk, "fill", by=request.user, form={"answers": "\n".join(lines)})
        except Refused as refused:
            messages.error(request, f"{refused.why}{refused.remedy}")
        else:
            messages.success(request, _("自查表已保存，请核对后提交自查结果。"))
            return redirect("matter", register.key, pk)
    rows = [(item, *said[item.pk]) for item in items]
    context = {"check": check, "rows": rows, "words": tuple(WORDS.items())}
    return render(request, "web/enforcement/self_check_form.html", context)
