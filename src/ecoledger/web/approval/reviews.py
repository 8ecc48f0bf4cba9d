"""双百审核 (mechanisms P8, Q19): how far permits, reports and last month's self-monitoring have been reviewed, and beginning it."""

from __future__ import annotations

from datetime import date
from os.path import commonprefix
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ecoledger.indicators.declaring import Span
from ecoledger.indicators.of_books import Counting
from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.registers.approval import permit_review, self_review
from ecoledger.registers.approval.both_reviews import PERMIT_SHARE, REPORT_SHARE
from ecoledger.registers.approval.permits import PERMITS
from ecoledger.registers.approval.reports import REPORTS
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals

# So many reviews are opened by one press: the rest by the next.
AT_ONCE = 300
# Before this year there were no permits to review.
FIRST = 2015


@needs("see_cockpit")
@require_http_methods(["GET", "POST"])
@says_refusals
def page(request: Request) -> HttpResponse:
    """What has been reviewed of the year and of the month; reviewers begin the rest."""
    person, today = request.user, timezone.localdate()
    year = asked.number(request.GET.get("year", "")) or today.year
    if not FIRST <= year <= today.year:
        year = today.year
    month = asked.day(request.GET.get("month", "")) or self_review.last_month(today)
    month = month.replace(day=1) if month.year >= FIRST else self_review.last_month(today)
    if request.method == "POST":
        return _begin(request, year, month)
    # What all divisions lie in that the person sees.
    area = commonprefix(person.area_codes)  # noqa: RUF071  codes, not paths
    span = Span(date(year, 1, 1), date(year + 1, 1, 1))
    reviews = permit_review.REGISTER.visible_to(person).filter(year=year)
    months = self_review.REGISTER.visible_to(person).filter(month=month)
    context: dict[str, Any] = {
        "year": year,
        "month": month,
        "years": range(today.year, today.year - 5, -1),
        "permits": Counting(PERMITS, area, span).figure(PERMIT_SHARE, PERMITS.visible_to(person)),
        "permits_left": permit_review.waiting_permits(person, year).count(),
        "reports": Counting(REPORTS, area, span).figure(REPORT_SHARE, REPORTS.visible_to(person)),
        "reports_left": permit_review.waiting_reports(person, year).count(),
        "reviews": reviews.count(),
        "faulty": reviews.filter(left__gt=0).count(),
        "month_done": months.count(),
        "month_short": months.filter(missing__gt=0).count(),
        "month_left": self_review.waiting(person, month).count()
        if month < today.replace(day=1)
        else 0,
        "may_review": permit_review.REGISTER.may_open(person),
        "may_self": self_review.REGISTER.may_open(person),
        "permit_book": PERMITS,
        "report_book": REPORTS,
        "review_book": permit_review.REGISTER,
        "self_book": self_review.REGISTER,
    }
    return render(request, "web/approval/reviews.html", context)


def _begin(request: Request, year: int, month: Any) -> HttpResponse:
    person, now = request.user, timezone.now()
    what = request.POST.get("what", "")
    book = self_review.REGISTER if what == "month" else permit_review.REGISTER
    if not book.may_open(person):
        raise PermissionDenied
    match what:
        case "permit":
            rows = list(permit_review.waiting_permits(person, year)[:AT_ONCE])
            made = permit_review.open_reviews(rows, year, by=person, at=now)
        case "report":
            rows = list(permit_review.waiting_reports(person, year)[:AT_ONCE])
            made = permit_review.open_reviews(rows, year, by=person, at=now)
        case "month" if month < timezone.localdate().replace(day=1):
            made = self_review.open_month(month, by=person, at=now)
        case _:
            raise Refused("form", _("这个月还没有结束。"), _("请选择以前的月份。"))
    faulty = sum(case.phase == "open" for case in made)
    said = {"n": len(made), "faulty": faulty}
    messages.success(
        request, _("开展审核 %(n)d 件，检出问题 %(faulty)d 件，其余没有问题、当场办结。") % said
    )
    return redirect(f"{request.path}?year={year}&month={month:%Y-%m-%d}")
