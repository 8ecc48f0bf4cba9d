"""What an enterprise files is told to the people who watch the data, whatever way it came in."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.language import in_chinese
from ecoledger.accounts.roles import Role
from ecoledger.matters import notices
from ecoledger.matters.models import Urgency
from ecoledger.monitoring.alarming import filings
from ecoledger.monitoring.models import Filing


@in_chinese
def told(filing: Filing) -> None:
    """Hook on a filing: the louder when it asks to be agreed to. What the bureau files itself is told to nobody."""
    if not filing.filed_by.has_role(Role.ENTERPRISE):
        return
    marks = filings.doubts(filing)
    text = _("%(firm)s申报%(kind)s：%(reason)s%(marks)s") % {
        "firm": filing.entity.name,
        "kind": _(str(filing.get_kind_display())),
        "reason": filing.reason[:80],
        "marks": f"（{'、'.join(marks)}，待确认）" if marks else "",
    }
    notices.tell(
        notices.people_with((Role.MONITOR, Role.DISPATCHER), filing.area_code),
        text,
        urgency=Urgency.SOON if marks else Urgency.INFO,
        link=f"/filings/{filing.pk}",
        at=timezone.now(),
    )
