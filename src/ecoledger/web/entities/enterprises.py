"""Enterprises, and the file of one (一企一档): outlets, points, limits, alarms, work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.entities.inventories.enterprises import ENTERPRISES
from ecoledger.entities.models import Outlet
from ecoledger.monitoring.models import Alarm
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.entities import entity
from ecoledger.web.listings import pages
from ecoledger.web.listings.drawn import Mark
from ecoledger.web.listings.known import Known, KnownColumn, know


def _counts(person: Person, firms: Sequence[Any]) -> Mapping[int, tuple[int, int]]:
    """How many outlets each firm has, and how many alarms are open at it."""
    codes = {firm.pk: firm.code for firm in firms}
    outlets = Outlet.objects.filter(parent__in=codes).order_by().values_list("parent")
    opened = scoped.alarms(person).filter(owner_code__in=codes.values(), state=Alarm.State.OPEN)
    has = dict(outlets.annotate(Count("pk")))
    alarms = dict(opened.order_by().values_list("owner_code").annotate(Count("pk")))
    return {pk: (has.get(pk, 0), alarms.get(code, 0)) for pk, code in codes.items()}


def alarm_count(number: int) -> SafeString | str:
    """How many alarms are open, loud where there are any."""
    return format_html('<span class="chip bad">{}</span>', number) if number else "0"


know(
    ENTERPRISES,
    Known(
        _counts,
        (
            KnownColumn(noop("排放口"), lambda n: n[0], lambda n: str(n[0]), "number"),
            KnownColumn(noop("预警"), lambda n: n[1], lambda n: alarm_count(n[1]), "number"),
        ),
    ),
)


def _mark(firm: Any) -> Mark:
    """Whether the firm is one of the key ones, and whether it is still there."""
    marks = ((firm.is_key, _("重点")), (not firm.active, _("停用")))
    return Mark(named=tuple(word for holds, word in marks if holds))


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    shown = pages.listed(request, ENTERPRISES, mark=_mark) | {
        "new_url": reverse("enterprise-new"),
        "new_label": _("登记企业"),
    }
    return render(request, "web/listings/list.html", shown)


@needs("see_monitoring")
def enterprise(request: Request, pk: int) -> HttpResponse:
    """A firm's file: that of any entity."""
    firm = get_object_or_404(scoped.enterprises(request.user).select_related("parent"), pk=pk)
    return entity.shown(request, firm)
