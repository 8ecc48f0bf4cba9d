"""Bulletins: read one before it goes out, issue it, fetch its files, and open the records behind a figure."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.accounts.scope import visible
from ecoledger.listings.refusals import Refused
from ecoledger.monitoring.models import Point
from ecoledger.reports import bulletin as bulletins
from ecoledger.reports import drafting
from ecoledger.reports.content import Bulletin
from ecoledger.reports.declaration import Report, document_of
from ecoledger.reports.models import IssuedDocument
from ecoledger.web.access import Request, needs
from ecoledger.web.documents import shown

# Before this year neither air index nor evaluation had rules of today's kind.
FIRST_YEAR = 2014
_KINDS = (bulletins.DAILY, bulletins.MONTHLY)


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
    areas = _areas(request)
    issued = visible(IssuedDocument.objects.filter(kind__in=_KINDS), request.user).select_related(
        "issued_by"
    )
    return render(
        request,
        "web/figures/bulletins.html",
        {
            "area": _area(request) if areas else None,
            "areas": areas,
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
            "sections": shown.sections(content),
            "kind": kind,
            "period": period,
            "area_code": area.area_code,
            "complete": content.end <= timezone.localdate(),
            "issued": _issued(request, content),
        },
    )


def _issued(request: Request, content: Bulletin) -> QuerySet[IssuedDocument]:
    """What went out for the same period before."""
    return visible(IssuedDocument.objects.filter(kind__in=_KINDS), request.user).filter(
        kind=content.kind, area_code=content.area_code, begin=content.begin
    )


@require_POST
@needs("make_reports")
def make(request: Request, kind: str, period: str) -> HttpResponse:
    """Begin a draft of the bulletin: its figures are locked as they are now."""
    area = _area(request)
    day = _begins(kind, period)
    report = document_of(kind)
    assert isinstance(report, Report)  # noqa: S101 - _begins knows no other kind
    try:
        draft = drafting.begin_report(report, area.area_code, day, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        address = reverse("bulletin", args=[kind, period])
        return redirect(f"{address}?{urlencode({'area': area.area_code})}")
    messages.success(request, _("数字已锁定。写好文字后送审。"))
    return redirect("draft", draft.pk)
