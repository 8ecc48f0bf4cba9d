"""How many alarms disturb a person in a day: what exceeds waits for a digest, and what is red never does.

The numbers stand in ``alarm_steps.toml`` (:mod:`ecoledger.listings.own_data`). Held alarms are cases like all others: they
stand in the person's list and on the page of notices; only the single reminder is left out.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from ecoledger.listings import own_data
from ecoledger.matters import notices

_KEPT_BACK = timedelta(days=30)


def settings() -> dict[str, Any]:
    return own_data.read("ecoledger.registers.alarms", "alarm_steps")


def most_a_day(alarm_or_case: Any) -> int | None:
    """How many of such alarms a person hears of one by one in a day; ``None``: of all."""
    rules = settings()
    most = int(rules.get("a_person_a_day", 20))
    if most <= 0 or alarm_or_case.level in rules.get("always_told", ["red"]):
        return None
    return most


def last_digest(now: datetime) -> datetime:
    """The latest time of day at which digests are sent, at or before ``now``."""
    local = timezone.localtime(now)
    hours = [time.fromisoformat(text) for text in settings().get("digest_at", ["16:30"])]
    moments = [
        datetime.combine(local.date() - timedelta(days=back), hour, tzinfo=local.tzinfo)
        for back in (0, 1)
        for hour in hours
    ]
    return max(moment for moment in moments if moment <= local)


def send_digest(now: datetime | None = None) -> int:
    """Tell everybody in one notice what was held back before the last time for digests. To be called every few minutes."""
    at = now or timezone.now()
    return notices.send_digest(at, last_digest(at))


def held_by_rule(rule: int, now: datetime | None = None) -> int:
    """How many reminders of a rule's cases went into digests in the last 30 days."""
    from ecoledger.matters.models import Notice

    since = (now or timezone.now()) - _KEPT_BACK
    return Notice.objects.filter(
        in_digest=True, created_at__gte=since, matter__as_alarm_case__rule=rule
    ).count()
