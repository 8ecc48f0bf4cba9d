"""Alarms whose case could not be opened when they were raised, looked at again."""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils import timezone

from ecoledger.monitoring.models import Alarm
from ecoledger.registers.alarms.alarm_case import STALE_AFTER, open_from_alarm

log = logging.getLogger(__name__)


def sweep(now: datetime | None = None) -> int:
    """Open, join or reopen cases for recent alarms that have none; how many got one.

    A hook that fails costs no alarm, so the alarm may be there and its case not. To be called every few
    minutes; one alarm's failure is logged and leaves the others their cases.
    """
    recent = (now or timezone.now()) - STALE_AFTER
    waiting = Alarm.objects.filter(last__gte=recent, cases=None).exclude(state__in=Alarm.QUIET)
    opened = 0
    for alarm in waiting.select_related("point", "rule").order_by("begin", "pk"):
        try:
            # None where the routing wants no case.
            opened += open_from_alarm(alarm) is not None
        except Exception:
            log.exception("alarm %s still has no case", alarm.pk)
    return opened
