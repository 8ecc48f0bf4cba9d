"""Asking the device of a monitoring point: its time, its stored data, its settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from ecoledger.accounts.visitors import address
from ecoledger.monitoring.points import asking
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs


@needs("command_devices")
def page(request: Request, pk: int) -> HttpResponse:
    """The questions a device can be asked; a POST asks one and shows what came of it."""
    point = get_object_or_404(scoped.points(request.user).exclude(mn=None), pk=pk)
    answer = None
    if request.method == "POST":
        name = request.POST.get("question", "")
        if name not in asking.QUESTIONS:
            raise Http404
        if asking.QUESTIONS[name].changes and request.POST.get("sure") != "1":
            messages.error(request, _("这条指令会改动设备，没有下达：请核对后勾选“已核对”。"))
            return redirect("device", pk=pk)
        try:
            answer = asking.ask(
                request.user, point, name, request.POST.dict(), address=address(request)
            )
        except asking.DeviceError as refused:
            messages.error(request, str(refused))
            return redirect("device", pk=pk)
        if answer.ok:
            messages.success(request, _("设备已执行：%s") % answer.explanation)
        else:
            messages.error(request, _("设备未执行：%s") % answer.explanation)
    return render(
        request,
        "web/monitoring/device.html",
        {
            "point": point,
            "online": asking.online(point),
            "reading": [pair for pair in asking.QUESTIONS.items() if not pair[1].changes],
            "changing": [pair for pair in asking.QUESTIONS.items() if pair[1].changes],
            "answer": answer,
        },
    )
