"""Bulletins: read one before it goes out, issue it, fetch its files, and open the records behind a figure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.scope import visible
from ecoledger.indicators import air
from ecoledger.monitoring.models import Point
from ecoledger.reports import bulletin as bulletins
from ecoledger.reports.air_text import chart as bulletin_chart
from ecoledger.reports.content import Block, Bulletin, DayChart, Statement, Subheading, Table
from ecoledger.reports.issue import issue
from ecoledger.reports.models import IssuedBulletin
from ecoledger.reports.profile import DocumentsError
from ecoledger.web.access import Request, needs
from ecoledger.web.errors import refused_as_altered
from ecoledger.web.office import integrity
from ecoledger.web.office.session import address

# Before this year neither air index nor evaluation had rules of today's kind.
FIRST_YEAR = 2014
FILES = {
    "docx": (
        "word_file",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "xlsx": ("excel_file", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def _areas(request: Request) -> list[Point]:
    """The divisions with an index inside this person's scope, the widest first.

    The city around a town is not among them: its bulletin counts what the town's people may not see.
    """
    points = visible(Point.objects.filter(kind=Point.Kind.AREA), request.user)
    return sorted(points, key=lambda point: (len(point.area_code), point.area_code))


def _area(request: Request) -> Point:
    """The division whose bulletin is asked for, else the widest in scope."""
    points = _areas(request)
    if not points:
        raise PermissionDenied(_("您的数据范围内没有可出公报的行政区。"))
    chosen = request.GET.get("area") or request.POST.get("area")
    if not chosen:
        return points[0]
    for point in points:
        if point.area_code == chosen:
            return point
    raise Http404


def _begins(kind: str, period: str) -> date:
    """First day of ``period`` (``2026-11-20`` or ``2026-11``); a future or broken one is refused."""
    try:
        day = date.fromisoformat({bulletins.DAILY: period, bulletins.MONTHLY: f"{period}-01"}[kind])
    except (KeyError, ValueError) as wrong:
        raise Http404(_("期间写法应为 2026-11-20 或 2026-11。")) from wrong
    if day > timezone.localdate() or day.year < FIRST_YEAR:
        raise Http404(_("该期间尚无数据。"))
    return day


def _compose(area_code: str, kind: str, period: str) -> Bulletin:
    day = _begins(kind, period)
    if kind == bulletins.DAILY:
        return bulletins.daily(area_code, day)
    return bulletins.monthly(area_code, day.year, day.month)


@needs("make_reports")
def page(request: Request) -> HttpResponse:
    """Bulletins issued, and the choice of the next one."""
    today = timezone.localdate()
    issued = visible(IssuedBulletin.objects.all(), request.user).select_related("issued_by")
    return render(
        request,
        "web/figures/bulletins.html",
        {
            "area": _area(request),
            "areas": _areas(request),
            "issued": issued[:60],
            "day": today - timedelta(days=1),
            "month": today.replace(day=1) - timedelta(days=1),
            "today": today,
        },
    )


@needs("make_reports")
def choose(request: Request) -> HttpResponse:
    """Go to the bulletin chosen in the form."""
    kind = request.GET.get("kind", bulletins.DAILY)
    period = request.GET.get("day" if kind == bulletins.DAILY else "month", "")
    address = reverse("bulletin", args=[kind, period or "-"])
    return redirect(f"{address}?{urlencode({'area': _area(request).area_code})}")


@needs("make_reports")
def read(request: Request, kind: str, period: str) -> HttpResponse:
    """One bulletin as a page; every figure opens its records."""
    area = _area(request)
    content = _compose(area.area_code, kind, period)
    return render(
        request,
        "web/figures/bulletin.html",
        {
            "bulletin": content,
            "sections": [(s.heading, [_shown(b) for b in s.blocks]) for s in content.sections],
            "kind": kind,
            "period": period,
            "area": area,
            "complete": content.end <= timezone.localdate(),
            "issued": _issued(request, content),
        },
    )


def _issued(request: Request, content: Bulletin) -> QuerySet[IssuedBulletin]:
    """What went out for the same period before."""
    return visible(IssuedBulletin.objects.all(), request.user).filter(
        kind=content.kind, area_code=content.area_code, begin=content.begin
    )


def _shown(block: Block) -> dict[str, Any]:
    name = {
        Subheading: "subheading",
        Statement: "statement",
        Table: "table",
        DayChart: "chart",
    }[type(block)]
    return {"type": name, "block": block}


@needs("make_reports")
def chart(request: Request, kind: str, period: str) -> JsonResponse:
    """The bulletin's chart, as ``charts.ts`` draws it."""
    area, begin = _area(request), _begins(kind, period)
    if kind != bulletins.MONTHLY:
        raise Http404
    end = (begin + timedelta(days=31)).replace(day=1)
    found = bulletin_chart(air.point_period(area, begin, end))
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
                    "name": "PM2.5",
                    "unit": air.unit("pm2_5"),
                    "axis": 1,
                    "decimals": 0,
                    "points": list(zip(days, found.line, strict=True)),
                },
            ],
            "limits": [{"name": "AQI", "value": air.GOOD}],
            "empty": _("该期间没有数据。"),
            "flagged": "",
        }
    )


@require_POST
@needs("make_reports")
def make(request: Request, kind: str, period: str) -> HttpResponse:
    """Issue the bulletin: files and figures are kept as they are now."""
    area = _area(request)
    content = _compose(area.area_code, kind, period)
    if content.end > timezone.localdate():
        messages.error(request, _("该期间尚未结束，数字还会变化，不能印发。请在期间结束后印发。"))
        address = reverse("bulletin", args=[kind, period])
        return redirect(f"{address}?{urlencode({'area': area.area_code})}")
    try:
        issued = issue(content, request.user)
    except DocumentsError as wrong:
        messages.error(request, _("没有印发：%s。请系统管理员改正数据文件夹中的文件。") % wrong)
        address = reverse("bulletin", args=[kind, period])
        return redirect(f"{address}?{urlencode({'area': area.area_code})}")
    messages.success(request, _("已印发%s，文件见下表。") % issued)
    return redirect("bulletins")


@needs("make_reports")
def download(request: Request, pk: int, ending: str) -> HttpResponseBase:
    """A file of an issued bulletin."""
    if ending not in FILES:
        raise Http404
    issued = get_object_or_404(visible(IssuedBulletin.objects.all(), request.user), pk=pk)
    field, content_type = FILES[ending]
    sha256 = issued.word_sha256 if ending == "docx" else issued.excel_sha256
    if not integrity.unchanged(getattr(issued, field), sha256):
        audit.record(request.user, "document_altered", issued, address=address(request))
        integrity.tell(_("已印发的“%(title)s”文件缺失或被改动") % {"title": issued})
        return refused_as_altered(request)
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
