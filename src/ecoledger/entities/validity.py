"""From when until when something holds. One convention for the whole house.

``since`` is the first day and ``until`` the last day, both included, as permits and appointments are
printed; empty is open: since ever, until further notice.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone


def in_force(on: date | None = None, path: str = "") -> Q:
    """Condition on rows with ``since`` and ``until`` that hold on a day (today); ``path`` leads to them."""
    day = on or timezone.localdate()
    begun = Q(**{f"{path}since__isnull": True}) | Q(**{f"{path}since__lte": day})
    going = Q(**{f"{path}until__isnull": True}) | Q(**{f"{path}until__gte": day})
    return begun & going


def overlapping(since: date | None, until: date | None, path: str = "") -> Q:
    """Condition on rows that hold on some day between ``since`` and ``until``."""
    condition = Q()
    if until is not None:
        condition &= Q(**{f"{path}since__isnull": True}) | Q(**{f"{path}since__lte": until})
    if since is not None:
        condition &= Q(**{f"{path}until__isnull": True}) | Q(**{f"{path}until__gte": since})
    return condition


def holds(since: date | None, until: date | None, on: date | None = None) -> bool:
    """Whether the span from ``since`` to ``until`` covers a day (today)."""
    day = on or timezone.localdate()
    return (since is None or since <= day) and (until is None or day <= until)


def day_before(day: date) -> date:
    """The last day of what ends when something else begins on ``day``."""
    return day - timedelta(days=1)
