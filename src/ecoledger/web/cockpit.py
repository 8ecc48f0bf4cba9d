"""The cockpit (驾驶舱): today's air and water, targets, work, alarms and data arrival."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ecoledger.web.navigation import first_page


def page(request: HttpRequest) -> HttpResponse:
    if not request.user.may("see_cockpit"):
        return redirect(first_page(request.user))
    return render(request, "web/cockpit.html")
