"""双百 (mission P8): the share of permits and of execution reports that have been reviewed, as indicators."""

from __future__ import annotations

from django.db.models import Q

from ecoledger.listings.tallies import EVERY, tally
from ecoledger.registers.approval.permit_review import PermitReview
from ecoledger.registers.approval.permits import PERMITS
from ecoledger.registers.approval.reports import REPORTS

_REVIEWED = PermitReview.objects.filter(withdrawn_at=None).order_by()

tally(PERMITS, "reviewed_share", "许可证质量审核率", Q(pk__in=_REVIEWED.filter(subject="permit").values("permit")),
      whole=Q(until=None) & ~Q(management="registered"), missing="没有在用许可证")  # fmt: skip
tally(REPORTS, "reviewed_share", "执行报告审核率", Q(pk__in=_REVIEWED.filter(subject="report").values("report")),
      whole=EVERY, dated="submitted_on", missing="没有执行报告")  # fmt: skip
