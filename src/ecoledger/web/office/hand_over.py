"""Handing over what somebody holds: choose the successor, look at what goes and what stays, do it, undo it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ecoledger.accounts import appointing, handover
from ecoledger.accounts.models import HandOver, Person
from ecoledger.accounts.visitors import address
from ecoledger.web.access import Request, needs


class HandOverForm(forms.Form):
    """Who takes over, and whether the giver leaves."""

    taker = forms.ModelChoiceField(
        empty_label=gettext_lazy("请选择"),
        label=gettext_lazy("接手人"),
        queryset=Person.objects.none(),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    leaves = forms.BooleanField(
        label=gettext_lazy("同时离岗"),
        required=False,
        help_text=gettext_lazy("停用账号，撤销接口密钥，结束代理关系。"),
    )
    reason = forms.CharField(
        label=gettext_lazy("事由"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def __init__(self, by: Person, giver: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        takers = appointing.reachable(by).filter(is_active=True).exclude(pk=giver.pk)
        cast("forms.ModelChoiceField[Person]", self.fields["taker"]).queryset = takers.order_by(
            "name", "username"
        )


@needs("manage_people")
def page(request: Request, pk: int) -> HttpResponse:
    """Preview with the chosen successor (``step=preview``), then do it (``step=do``)."""
    giver = get_object_or_404(appointing.reachable(request.user), pk=pk)
    form = HandOverForm(request.user, giver, request.POST or None)
    taker = None
    if request.method == "POST" and form.is_valid():
        taker = form.cleaned_data["taker"]
        if request.POST.get("step") == "do":
            try:
                row = handover.hand_over(
                    request.user,
                    giver,
                    taker,
                    leaves=form.cleaned_data["leaves"],
                    reason=form.cleaned_data["reason"],
                    address=address(request),
                )
            except ValidationError as error:
                for name, texts in error.message_dict.items():
                    form.add_error(name, texts)
            else:
                count = sum(len(numbers) for numbers in row.details["given"].values())
                messages.success(
                    request,
                    _("已将 %(count)d 项交给%(name)s。") % {"count": count, "name": taker},
                )
                return redirect("hand-over", pk)
    return render(
        request,
        "web/office/hand_over.html",
        {
            "person": giver,
            "form": form,
            "taker": taker,
            "parts": handover.preview(giver, taker),
            "earlier": HandOver.objects.filter(giver=giver).select_related("taker", "by")[:20],
        },
    )


@require_POST
@needs("manage_people")
def undo(request: Request, pk: int) -> HttpResponse:
    row = get_object_or_404(HandOver, pk=pk, giver__in=appointing.reachable(request.user))
    try:
        count = handover.undo(request.user, row, address=address(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("已撤销交接，%(count)d 项交还原责任人。") % {"count": count})
    return redirect("hand-over", row.giver_id)
