"""One trouble is one alarm: whether what was found belongs to an alarm that somebody has been told of already.

A second finding about the same trouble is *merged*: kept with its reason, told to nobody. When it says more than the
first (the unit is wrong, and not the limit exceeded; the treatment is off, and that is why), it *takes over*: the first is
merged into it, and it carries on from the first one's beginning, if that went on till then. A gap in the data and what the
values beside it show are never one trouble.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from ecoledger.monitoring.models import AlarmRule

_D = AlarmRule.Detector

# What says most of a trouble comes first: first whether the data can be believed, then who did what, then how much.
WEIGHT: dict[str, int] = {
    str(name): -n
    for n, name in enumerate(
        (
            _D.DATA_QUALITY,
            _D.STOP_IGNORED,
            _D.MARKED_STOP,
            _D.NO_TREATMENT,
            _D.BYPASS,
            _D.DILUTION,
            _D.NEAR_LIMIT,
            # That one station alone is high says more than that its index is.
            _D.NEIGHBOURS,
            # Nobody feeds a value that exceeds.
            _D.EXCEEDANCE,
            _D.CONSTANT,
            _D.FLAT,
            _D.PH_JUMP,
            _D.DOWNSTREAM,
            _D.LOW_VS_NEIGHBOURS,
            _D.CONSISTENCY,
            _D.DRIFT,
            _D.TREND,
            _D.SUDDEN,
            # That nothing came says nothing of what came.
            _D.MISSING,
        )
    )
}
# The same point's next finding within this time of the last is the same trouble: no rule takes longer to make sure that a
# trouble is over, but those that look at many hours at once; and a river may be about its limit for days.
AGAIN = timedelta(hours=6)
AGAIN_BY_DAY = timedelta(hours=24)
_BY_DAY = {_D.DRIFT, _D.TREND, _D.NEAR_LIMIT, _D.DATA_QUALITY, _D.CONSTANT, _D.FLAT}
# An alarm that sounded within this time goes on.
STILL = timedelta(hours=6)
# After so long another detector tells of another trouble.
ONE_TROUBLE = timedelta(hours=72)
# Meter and outlet of one enterprise speak of one trouble when they speak within this time of each other.
ENTERPRISE = timedelta(hours=6)
# Water takes up to three days through a county.
RIVER = timedelta(hours=72)
# And none of it flows up, but a station higher up may see the wave, or say so, a tide later.
UP = timedelta(hours=8)
_IN_WATER = {_D.EXCEEDANCE, _D.SUDDEN, _D.DOWNSTREAM}
# Instruments of one keeper that stop moving within so many hours of each other were stopped by one cause: a platform that
# repeats its last hour, a driver that died.
STOPPED = timedelta(hours=6)
_OPEN_GROUND = {"air", "water"}
# What is wrong with one analyser says nothing of what another one measures beside it.
_OF_ONE_ANALYSER = {_D.CONSTANT, _D.FLAT, _D.DATA_QUALITY, _D.NEAR_LIMIT, _D.PH_JUMP, _D.TREND}


class What(Enum):
    """What becomes of a finding."""

    RAISE = "raise"
    MERGE = "merge"
    TAKE_OVER = "take over"


@dataclass(frozen=True)
class Told:
    """An alarm, or a finding that may become one, as far as it matters here. Times are naive."""

    point: int
    kind: str
    owner: str
    area: str
    river: int | None
    km: float | None
    parameter: str
    rule: int
    detector: str
    begin: datetime
    last: datetime
    # Whether it speaks of several points.
    several: bool = False


def place(new: Told, told: Told) -> str:
    """Why ``new`` is the same trouble as ``told``; empty when it is another."""
    gap = new.begin - told.last
    if (new.detector == _D.MISSING) != (told.detector == _D.MISSING):
        # A gap tells nothing of the values before and after it, nor they of it.
        return ""
    by_day = (
        new.detector == told.detector == _D.EXCEEDANCE or {new.detector, told.detector} & _BY_DAY
    )
    if new.point == told.point and gap <= (AGAIN_BY_DAY if by_day else AGAIN):
        if new.rule == told.rule and new.parameter == told.parameter:
            return "同一事件再次出现"
        if new.parameter and told.parameter and new.parameter != told.parameter:
            alone = {new.detector, told.detector} & _OF_ONE_ANALYSER
            if alone and new.detector != told.detector:
                return ""
        # As long as it goes on, what is said of the same parameter is said of the same trouble.
        going_on = new.parameter == told.parameter and gap <= STILL
        if new.begin - told.begin <= ONE_TROUBLE or new.detector == told.detector or going_on:
            return "同一监测点同一时段已报警"
        return ""
    if stopped_together(new, told):
        return "同一管理范围多个点位同一时段数值不变"
    if new.owner and new.owner == told.owner and "power" in (new.kind, told.kind):
        if gap <= ENTERPRISE and new.begin - told.begin <= ONE_TROUBLE:
            return "同一企业同一时段已报警"
        return ""
    river = new.river is not None and new.river == told.river and new.point != told.point
    # A discharge that has gone by leaves the day's median high; a river that creeps up explains no discharge.
    if river and new.detector in {*_IN_WATER, _D.TREND} and told.detector in _IN_WATER:
        same = new.parameter == told.parameter
        if same and gap <= RIVER and new.begin - told.begin <= (UP if _above(new, told) else RIVER):
            return "同一条河流上下游同一污染团"
    return ""


def stopped_together(new: Told, told: Told) -> bool:
    """Whether the values of several points stand for one cause: the same parameter at the same hours; once several points do,
    any that is found to stand before they move again (coarse digits take longer to tell)."""
    if new.point == told.point or not new.detector == told.detector == _D.CONSTANT:
        return False
    if new.owner or told.owner:
        kept = new.owner == told.owner
    else:
        kept = new.kind in _OPEN_GROUND and new.area[:6] == told.area[:6]
    at_once = new.parameter == told.parameter and abs(new.begin - told.begin) <= STOPPED
    return kept and new.kind == told.kind and new.begin <= told.last and (at_once or told.several)


def _above(one: Told, other: Told) -> bool:
    """Whether ``one`` lies further up the river."""
    return one.km is not None and other.km is not None and one.km < other.km


def decide(new: Told, told: list[Told]) -> tuple[What, int, str]:
    """What becomes of ``new``: with the position in ``told`` of the alarm it belongs to (-1: none), and why."""
    for number, other in sorted(
        enumerate(told), key=lambda pair: (pair[1].point != new.point, -pair[1].last.timestamp())
    ):
        if why := place(new, other):
            if _says_more(new, other) and new.begin - other.begin <= ONE_TROUBLE:
                return What.TAKE_OVER, number, why
            return What.MERGE, number, why
    return What.RAISE, -1, ""


def _says_more(new: Told, told: Told) -> bool:
    if {new.detector, told.detector} == {_D.NEIGHBOURS, _D.CONSTANT}:
        # A value that stands is no source, however high it stands.
        return new.detector == _D.CONSTANT
    return WEIGHT.get(new.detector, -99) > WEIGHT.get(told.detector, -99)
