"""Enterprises, and the file of one (一企一档): outlets, points, limits, alarms, work."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.entities.models import Enterprise
from ecoledger.listings.workbook import Head
from ecoledger.monitoring.models import Alarm
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.entities import entity
from ecoledger.web.export import download
from ecoledger.web.monitoring.stations import area_names

PAGE = 60


def _chosen(request: Request) -> QuerySet[Enterprise]:
    rows = scoped.enterprises(request.user).annotate(outlet_count=Count("children", distinct=True))
    if area := request.GET.get("area", ""):
        rows = rows.filter(area_code__startswith=area)
    if request.GET.get("key"):
        rows = rows.filter(is_key=True)
    if words := request.GET.get("q", "").strip():
        rows = rows.filter(
            Q(name__icontains=words)
            | Q(code__icontains=words)
            | Q(uscc__icontains=words)
            | Q(permit_no__icontains=words)
            | Q(industry__icontains=words)
        )
    return rows.order_by("code")


def _open_alarms(request: Request, listed: Iterable[Enterprise]) -> dict[str, int]:
    """How many alarms are open, by the enterprise's code."""
    return dict(
        scoped.alarms(request.user)
        .filter(owner_code__in=[one.code for one in listed], state=Alarm.State.OPEN)
        .order_by()
        .values_list("owner_code")
        .annotate(Count("pk"))
    )


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    shown = Paginator(_chosen(request), PAGE).get_page(request.GET.get("page"))
    listed = list(shown)
    alarms = _open_alarms(request, listed)
    return render(
        request,
        "web/entities/enterprises.html",
        {
            "rows": [(enterprise, alarms.get(enterprise.code, 0)) for enterprise in listed],
            "shown": shown,
            "areas": scoped.areas(request.user),
            "may_register": request.user.may("edit_registry"),
            "names": area_names({enterprise.area_code for enterprise in listed}),
        },
    )


@needs("see_monitoring")
@require_GET
def export(request: Request) -> HttpResponse:
    listed = list(_chosen(request))
    alarms = _open_alarms(request, listed)
    names = area_names({one.area_code for one in listed})
    heads = [
        Head(_("企业"), width=36),
        Head(_("编码"), width=14),
        Head(_("信用代码"), width=22),
        Head(_("行业"), width=20),
        Head(_("属地")),
        Head(_("绩效分级"), width=10),
        Head(_("排放口"), "number"),
        Head(_("预警"), "number"),
    ]
    cells = (
        [
            one.name,
            one.code,
            one.uscc,
            one.industry,
            names.get(one.area_code, ""),
            one.performance_grade,
            one.outlet_count,  # type: ignore[attr-defined]  # annotated
            alarms.get(one.code, 0),
        ]
        for one in listed
    )
    return download(request, "enterprises", _("企业档案"), heads, cells, len(listed))


@needs("see_monitoring")
def enterprise(request: Request, pk: int) -> HttpResponse:
    """A firm's file: that of any entity."""
    firm = get_object_or_404(scoped.enterprises(request.user).select_related("parent"), pk=pk)
    return entity.shown(request, firm)
