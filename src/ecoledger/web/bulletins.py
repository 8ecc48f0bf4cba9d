"""Bulletins: read one before it goes out, issue it, fetch its files, and open the records behind a figure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.scope import visible
from ecoledger.monitoring.models import Point
from ecoledger.reports import bulletin as bulletins
from ecoledger.reports.content import Bulletin, DayChart, Statement, Table
from ecoledger.reports.issue import issue
from ecoledger.reports.models import IssuedBulletin
from ecoledger.web import scoped
from ecoledger.web.access import needs
from ecoledger.web.session import address

FILES = {
    "docx": (
        "word_file",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "xlsx": ("excel_file", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def _area(request: HttpRequest) -> Point:
    """The division whose bulletin this person reads: the widest with an index in their scope."""
    chosen = request.GET.get("area") or request.POST.get("area")
    points = scoped.area_points(request.user)
    point = points.filter(area_code=chosen).first() if chosen else None
    if point is None:
        point = min(points, key=lambda p: (len(p.area_code), p.area_code), default=None)
    if point is None:
        raise PermissionDenied(_("您的数据范围内没有可出公报的行政区。"))
    return point


def _compose(area_code: str, kind: str, period: str) -> Bulletin:
    """The bulletin of ``period`` (``2026-11-20`` or ``2026-11``); a future or broken one is refused."""
    try:
        if kind == bulletins.DAILY:
            day = date.fromisoformat(period)
            begins = day
        elif kind == bulletins.MONTHLY:
            begins = date.fromisoformat(f"{period}-01")
        else:
            raise Http404
    except ValueError as wrong:
        raise Http404(_("期间写法应为 2026-11-20 或 2026-11。")) from wrong
    if begins > timezone.localdate() or begins.year < 2000:
        raise Http404(_("该期间尚无数据。"))
    if kind == bulletins.DAILY:
        return bulletins.daily(area_code, day)
    return bulletins.monthly(area_code, begins.year, begins.month)


@needs("make_reports")
def page(request: HttpRequest) -> HttpResponse:
    """Bulletins issued, and the choice of the next one."""
    today = timezone.localdate()
    issued = visible(IssuedBulletin.objects.all(), request.user).select_related("issued_by")
    return render(
        request,
        "web/bulletins.html",
        {
            "area": _area(request),
            "issued": issued[:60],
            "day": today - timedelta(days=1),
            "month": (today.replace(day=1) - timedelta(days=1)),
        },
    )


@needs("make_reports")
def choose(request: HttpRequest) -> HttpResponse:
    """Go to the bulletin chosen in the form."""
    kind = request.GET.get("kind", bulletins.DAILY)
    period = request.GET.get("day" if kind == bulletins.DAILY else "month", "")
    return redirect("bulletin", kind=kind, period=period or "-")


@needs("make_reports")
def read(request: HttpRequest, kind: str, period: str) -> HttpResponse:
    """One bulletin as a page; every figure opens its records."""
    area = _area(request)
    content = _compose(area.area_code, kind, period)
    return render(
        request,
        "web/bulletin.html",
        {
            "bulletin": content,
            "sections": [(s.heading, [_shown(b) for b in s.blocks]) for s in content.sections],
            "kind": kind,
            "period": period,
            "area": area,
            "complete": content.end <= timezone.localdate(),
        },
    )


def _shown(block: Statement | Table | DayChart) -> dict[str, Any]:
    name = {Statement: "statement", Table: "table", DayChart: "chart"}[type(block)]
    return {"type": name, "block": block}


@needs("make_reports")
def chart(request: HttpRequest, kind: str, period: str) -> JsonResponse:
    """The bulletin's chart, as ``charts.ts`` draws it."""
    content = _compose(_area(request).area_code, kind, period)
    found = next((b for s in content.sections for b in s.blocks if isinstance(b, DayChart)), None)
    if found is None:
        raise Http404
    days = [day.isoformat() for day in found.days]
    return JsonResponse(
        {
            "kind": "lines",
            "period": 86400,
            "series": [
                {
                    "name": "AQI",
                    "type": "bar",
                    "decimals": 0,
                    "points": list(zip(days, found.index, strict=True)),
                },
                {
                    "name": found.line_label,
                    "axis": 1,
                    "decimals": 0,
                    "points": list(zip(days, found.line, strict=True)),
                },
            ],
            "limits": [{"name": "AQI 100", "value": 100}],
            "empty": _("该期间没有数据。"),
            "flagged": "",
        }
    )


@require_POST
@needs("make_reports")
def make(request: HttpRequest, kind: str, period: str) -> HttpResponse:
    """Issue the bulletin: files and figures are kept as they are now."""
    issue(_compose(_area(request).area_code, kind, period), request.user)
    return redirect("bulletins")


@needs("make_reports")
def download(request: HttpRequest, pk: int, ending: str) -> FileResponse:
    """A file of an issued bulletin."""
    if ending not in FILES:
        raise Http404
    issued = get_object_or_404(visible(IssuedBulletin.objects.all(), request.user), pk=pk)
    field, content_type = FILES[ending]
    audit.record(
        request.user, "下载公报", issued, details={"file": ending}, address=address(request)
    )
    name = f"{str(issued).replace('（', '(').replace('）', ')')}.{ending}"
    return FileResponse(
        getattr(issued, field).open("rb"),
        as_attachment=True,
        filename=name,
        content_type=content_type,
    )
