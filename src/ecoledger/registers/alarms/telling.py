"""An enterprise hears of its own alarm when it is raised, and may look into it before anybody asks."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import grants
from ecoledger.accounts.roles import Role
from ecoledger.matters import notices
from ecoledger.monitoring.models import Alarm
from ecoledger.registers.alarms import economy


def raised(alarm: Alarm) -> None:
    """Leave word for the enterprise's people; what is silenced or merged into another is told to nobody."""
    if not alarm.owner_code or alarm.state in Alarm.QUIET:
        return
    people = grants.people_with((Role.ENTERPRISE,)).filter(
        organisation__entity_code=alarm.owner_code
    )
    notices.tell(
        people,
        noop("本单位预警，请自查：%(text)s") % {"text": alarm.text},
        link=reverse("alarm", args=[alarm.pk]),
        at=alarm.raised_at,
        most_a_day=economy.most_a_day(alarm),
    )
