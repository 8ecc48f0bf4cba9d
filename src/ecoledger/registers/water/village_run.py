"""How a facility of rural sewage runs, told by the power and the flow of its last days (杜绝空转和晒太阳).

What was not said is not nought: a day without power or without flow decides nothing that it would be needed for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.listings import own_data
from ecoledger.registers.water.sewage_models import VillageFacility

Run = VillageFacility.Run


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a facility; ``None``: not said."""

    on: date
    power: Decimal | None
    flow: Decimal | None


def rules() -> dict[str, Any]:
    """The bureau's thresholds and limits."""
    return own_data.read(__package__, "village_sewage")


def judged(days: Sequence[Day], design: Decimal | None, today: date) -> tuple[str, str]:
    """What the last days of a facility say (newest first), and why, in words.

    >>> judged([], None, date(2026, 5, 1))[0]
    'unknown'
    """
    said = rules()
    if not days or (today - days[0].on).days > said["stale_days"]:
        return Run.UNKNOWN, ""
    still = days[: said["still_days"]]
    if len(still) == said["still_days"] and all(day.power == 0 for day in still):
        return Run.STILL, _("连续 %d 天用电量为零") % len(still)
    idle = days[: said["idle_days"]]
    if len(idle) == said["idle_days"] and all(_turns_idle(day, said["idle_kwh"]) for day in idle):
        return Run.IDLE, _("连续 %d 天有电无水") % len(idle)
    flows = [day.flow for day in days if day.flow is not None]
    if not flows:
        return Run.UNKNOWN, _("没有水量")
    if design:
        share = 100 * sum(flows, Decimal(0)) / len(flows) / design
        if share < said["low_percent"]:
            return Run.LOW, _("平均水量为设计的 %.0f%%") % share
    return Run.NORMAL, ""


def _turns_idle(day: Day, least: float) -> bool:
    return day.power is not None and day.power > Decimal(str(least)) and day.flow == 0


def meets(grade: str, values: dict[str, Decimal | None]) -> bool | None:
    """Whether measured ``values`` meet the limits of ``grade``; ``None`` where nothing was measured or no limit is known."""
    said = rules()
    judged_by = [
        value <= Decimal(str(said[f"{grade}_{name}"]))
        for name, value in values.items()
        if value is not None and f"{grade}_{name}" in said
    ]
    return all(judged_by) if judged_by else None
