"""双百 (mechanism P8): the share of a year's permits that were reviewed, and of the execution reports for its terms."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from ecoledger.listings.tallies import tally
from ecoledger.registers.approval.permit_review import PermitReview, in_force
from ecoledger.registers.approval.permits import PERMITS
from ecoledger.registers.approval.reports import REPORTS

# What was only begun is not reviewed, nor what was given up; what went back to the firm is.
_REVIEWS = (
    PermitReview.objects.filter(withdrawn_at=None, merged_into=None)
    .exclude(state__in=("checking", "dropped"))
    .order_by()
)


def _of_year(begin: date, _end: date) -> Q:
    """Rows of a year: reviews and reports name one, no day."""
    return Q(year=begin.year)


def _reviewed_in(begin: date, end: date) -> Q:
    reviews = _REVIEWS.filter(_of_year(begin, end), subject="permit")
    return Q(pk__in=reviews.values("permit"))


PERMIT_SHARE = tally(PERMITS, "reviewed_share", "许可证质量审核率", _reviewed_in, whole=in_force, yearly=True,
                     missing="没有在用许可证")  # fmt: skip
REPORT_SHARE = tally(REPORTS, "reviewed_share", "执行报告审核率",
                     Q(pk__in=_REVIEWS.filter(subject="report").values("report")), whole=_of_year, yearly=True,
                     missing="没有执行报告")  # fmt: skip
