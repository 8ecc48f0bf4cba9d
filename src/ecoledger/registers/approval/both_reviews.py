"""双百 (mission P8): the share of permits reviewed within the years of a span, and of the execution reports for their terms."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Q

from ecoledger.listings.tallies import tally
from ecoledger.registers.approval.permit_review import IN_FORCE, PermitReview
from ecoledger.registers.approval.permits import PERMITS
from ecoledger.registers.approval.reports import REPORTS

_REVIEWS = PermitReview.objects.filter(withdrawn_at=None).order_by()


def _of_years(begin: date, end: date) -> Q:
    """Rows of the years that the days ``begin <= day < end`` lie in: reviews and reports name a year, no day."""
    return Q(year__gte=begin.year, year__lte=(end - timedelta(days=1)).year)


def _reviewed_in(begin: date, end: date) -> Q:
    reviews = _REVIEWS.filter(_of_years(begin, end), subject="permit")
    return Q(pk__in=reviews.values("permit"))


PERMIT_SHARE = tally(PERMITS, "reviewed_share", "许可证质量审核率", _reviewed_in, whole=IN_FORCE,
                     missing="没有在用许可证")  # fmt: skip
REPORT_SHARE = tally(REPORTS, "reviewed_share", "执行报告审核率",
                     Q(pk__in=_REVIEWS.filter(subject="report").values("report")), whole=_of_years,
                     missing="没有执行报告")  # fmt: skip
