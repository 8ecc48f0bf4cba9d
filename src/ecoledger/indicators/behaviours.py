"""How an indicator stands to a yearly target, five ways: what the rest of the year may have, and where it
leads.

``ratio_of_days`` a share of days (优良天数比例), ``count`` a number of days (重污染天数), ``mean`` the mean
of daily values, ``percentile`` the 90th or 95th of them, ``ratio`` a share whose parts are no days.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from django.utils.translation import gettext as _

from ecoledger.indicators.figures import Figure, Records, bare, count, quantity
from ecoledger.standards import air_targets

Said = tuple[Figure | None, str]
NOTHING: Said = (None, "")


@dataclass(frozen=True, slots=True)
class Progress:
    """The year so far, as a behaviour needs it.

    ``days`` are those with a valid value, ``remaining`` those left of the year (all taken to be valid).
    ``against`` counts the days that speak against the target, called ``against_name``. ``daily`` are the
    daily values of a mean or percentile, ``percent`` which percentile. ``expected`` is what last year's
    rest had, by the editions now in force. ``records`` open how it comes about.
    """

    name: str
    unit: str
    now: Figure
    remaining: int
    days: int
    records: Records
    against: int = 0
    against_name: str = ""
    daily: Sequence[float] = ()
    percent: int = 90
    expected: Figure | None = None


class Behaviour:
    """A share or number that the days left say nothing of."""

    def met(self, now: Figure, target: Fraction, *, higher: bool) -> bool | None:
        """Whether the value so far keeps to the target; shares and counts are compared exactly."""
        if now.value is None:
            return None
        return now.value >= target if higher else now.value <= target

    def rest(self, so_far: Progress, target: Fraction) -> Said:
        """What the remaining days may have, and in words."""
        return NOTHING

    def projection(self, so_far: Progress) -> Said:
        """The year's value if the remaining days are like the same days of last year, and in words."""
        return NOTHING


class _Days(Behaviour):
    """Days against the target are counted; so many more may come."""

    def _allowed(self, so_far: Progress, target: Fraction) -> int:
        return int(target) - so_far.against

    def rest(self, so_far: Progress, target: Fraction) -> Said:
        allowed, left = self._allowed(so_far, target), so_far.remaining
        figure = count(f"余下可有的{so_far.against_name}", allowed, so_far.records, "天")
        if allowed < 0:
            figure = replace(figure, display=f"已多{-allowed}天")
        words = {"days": left, "allowed": allowed, "bad": _(so_far.against_name)}
        if allowed < 0:
            return figure, _("余下%(days)d天全部优良也达不到目标") % words
        if allowed < left:
            return figure, _("余下%(days)d天最多还可有%(allowed)d个%(bad)s") % words
        return figure, _("余下%(days)d天即使全部为%(bad)s也可达到目标") % words


class _RatioOfDays(_Days):
    def _allowed(self, so_far: Progress, target: Fraction) -> int:
        return air_targets.bad_days_allowed(
            target=target,
            good=so_far.days - so_far.against,
            valid=so_far.days,
            remaining=so_far.remaining,
        ).allowed

    def projection(self, so_far: Progress) -> Said:
        return _projected(so_far)


class _Rounded(Behaviour):
    """Concentrations are compared as rounded (HJ 663)."""

    def met(self, now: Figure, target: Fraction, *, higher: bool) -> bool | None:
        if now.value is None:
            return None
        value = Fraction(bare(now).display)
        return value >= target if higher else value <= target


class _Mean(_Rounded):
    def rest(self, so_far: Progress, target: Fraction) -> Said:
        left = so_far.remaining
        if so_far.now.value is None:
            return NOTHING
        allowed = air_targets.allowance(
            target=target, mean=so_far.now.value, days=len(so_far.daily), remaining=left
        )
        label = f"余下日均浓度上限（{so_far.name}）"
        if allowed is None:
            return NOTHING
        if allowed <= 0:
            figure = replace(
                quantity(label, allowed, 1, so_far.unit, so_far.records), display="无法达到"
            )
            return figure, _("余下%(days)d天无论多低，年均值也达不到目标") % {"days": left}
        # Down to the safe side: keeping to the printed number keeps to the target.
        safe = Fraction(math.floor(allowed * 10), 10)
        figure = Figure(
            label,
            allowed,
            f"{float(safe):.1f} {so_far.unit}",
            so_far.records,
            so_far.unit,
            decimals=1,
        )
        return figure, _("余下%(days)d天平均须不高于%(value)s") % {"days": left, "value": figure}

    def projection(self, so_far: Progress) -> Said:
        return _projected(replace(so_far, days=len(so_far.daily)))


class _Percentile(_Rounded):
    def rest(self, so_far: Progress, target: Fraction) -> Said:
        left = so_far.remaining
        total = air_targets.exceedances_allowed(len(so_far.daily) + left, so_far.percent)
        used = sum(1 for value in so_far.daily if value > float(target))
        figure = count(
            f"余下可高于目标值的天数（{so_far.name}）", total - used, so_far.records, "天"
        )
        if total < used:
            figure = replace(figure, display=f"已多{used - total}天")
            return figure, _("高于目标值的已有%(used)d天，多于全年可有的%(total)d天") % {
                "used": used,
                "total": total,
            }
        return figure, _("余下%(days)d天最多还可有%(allowed)d天高于目标值") % {
            "days": left,
            "allowed": total - used,
        }


def _projected(so_far: Progress) -> Said:
    expected, left = so_far.expected, so_far.remaining
    if so_far.now.value is None or expected is None or expected.value is None:
        return None, _("上年同期没有数据，不作预计")
    value = air_targets.projection(
        mean=so_far.now.value, days=so_far.days, remaining=left, expected=expected.value
    )
    figure = quantity(
        f"{so_far.name}全年预计", value, max(so_far.now.decimals, 1), so_far.unit, so_far.records
    )
    return figure, _("余下%(days)d天如与上年同期相同（%(expected)s），全年预计为%(value)s") % {
        "days": left,
        "expected": expected,
        "value": figure,
    }


BEHAVIOURS: dict[str, Behaviour] = {
    "ratio_of_days": _RatioOfDays(),
    "count": _Days(),
    "mean": _Mean(),
    "percentile": _Percentile(),
    "ratio": Behaviour(),
}
