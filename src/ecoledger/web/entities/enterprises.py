"""Enterprises, and the file of one (一企一档): outlets, points, limits, alarms, work."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.entities.models import Enterprise, Outlet
from ecoledger.entities.validity import in_force
from ecoledger.listings.workbook import Head
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, register_of, state_of, visible_matters
from ecoledger.monitoring.models import Alarm
from ecoledger.monitoring.points import limits, parameters
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.export import download
from ecoledger.web.monitoring import readings
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


def matters_of(request: Request, code: str) -> list[tuple[Register, Matter, str]]:
    """Work about the enterprise, newest first, as far as the person may see it."""
    rows = visible_matters(request.user).filter(enterprise__code=code)[:50]
    return [(register_of(matter.register), matter, str(state_of(matter).label)) for matter in rows]


@needs("see_monitoring")
def enterprise(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(scoped.enterprises(request.user), pk=pk)
    points = list(
        scoped.points(request.user).filter(owner_code=found.code).prefetch_related("parameters")
    )
    latest = readings.latest_of(points)
    outlets = list(Outlet.objects.filter(parent=found))
    return render(
        request,
        "web/entities/enterprise.html",
        {
            "enterprise": found,
            "area": area_names({found.area_code}).get(found.area_code, found.area_code),
            # The numbers the enterprise carries elsewhere, without those shown above already.
            "identifiers": found.identifiers.exclude(
                value__in=[found.uscc, found.permit_no]
            ).order_by("scheme", F("since").asc(nulls_first=True)),
            "outlets": [(outlet, _limits(outlet)) for outlet in outlets],
            "points": [(point, latest[point.pk]) for point in points],
            "alarms": scoped.alarms(request.user).filter(owner_code=found.code)[:20],
            "filings": scoped.filings(request.user)
            .filter(Q(entity=found) | Q(entity__parent=found))
            .order_by("-begin")[:10],
            "matters": matters_of(request, found.code),
            "now": timezone.now(),
            "may_register": request.user.may("edit_registry"),
            "may_check": register_of("inspection").may_open(request.user),
        },
    )


def _limits(outlet: Outlet) -> list[tuple[str, str]]:
    """The limits in force: parameter, limit with unit."""
    kind = limits.kind_at(outlet)
    return [
        (parameters.label(row.parameter, kind), str(row).removeprefix(f"{row.parameter} "))
        for row in limits.of_entity(outlet).filter(in_force())
    ]
