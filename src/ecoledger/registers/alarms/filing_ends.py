"""A filed shutdown that runs out is told to who filed it and who watches the data, a day before: judged again from then on."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.matters import notices
from ecoledger.matters.models import Notice, Urgency
from ecoledger.monitoring.alarming import filings

BEFORE = timedelta(days=1)


def remind(now: datetime | None = None) -> int:
    """Tell of each filing that ends within a day, once an end; returns of how many."""
    now, count = now or timezone.now(), 0
    for filing in filings.ending(now, BEFORE).select_related("entity", "filed_by"):
        text = noop(
            "%(firm)s的停运申报将于 %(end)s 到期，届时恢复预警；尚未恢复运行的请另行申报"
        ) % {
            "firm": filing.entity.name,
            "end": f"{timezone.localtime(filing.end):%m-%d %H:%M}",
        }
        link = f"/filings/{filing.pk}"
        if Notice.objects.filter(link=link, text=text).exists():
            continue
        watch = notices.people_with((Role.MONITOR,), filing.area_code)
        notices.tell([filing.filed_by, *watch], text, urgency=Urgency.SOON, link=link, at=now)
        count += 1
    return count
