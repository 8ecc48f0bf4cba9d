"""水污染物平衡核算 (mechanism W1): the collection rate of each region and of all, its gap, and how far it hangs on the check
concentration."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.listings import asked
from ecoledger.registers.water import balance
from ecoledger.registers.water.balance import YEARS, RegionBalance, YearBalance
from ecoledger.registers.water.plants import REGIONS
from ecoledger.standards import sewage
from ecoledger.standards.percent import PercentagePoints, shown
from ecoledger.web.access import Request, needs

# Check concentrations that make sense of domestic sewage, mg/L.
_LEAST, _MOST = Decimal(50), Decimal(1000)


@dataclass(frozen=True, slots=True)
class Line:
    """One region as the table shows it; empty texts where there is no figure."""

    one: RegionBalance
    months: str
    volume: str
    mean_cod: str
    collected: str
    generated: str
    rate: str
    gap: str
    direct: str
    lost: str
    foreign: str
    problem: str


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """A year's balance at a check concentration."""
    this_year = timezone.localdate().year
    regions = REGIONS.visible_to(request.user)
    # Without a year said, the newest of which anything can be reckoned.
    held = YEARS.visible_to(request.user).filter(region__in=regions, year__lte=this_year)
    newest = held.aggregate(year=Max("year"))["year"] or this_year
    year = asked.number(request.GET.get("year", "")) or newest
    year = year if this_year - 20 <= year <= this_year else newest
    check = _check(request.GET.get("check", ""))
    found = balance.of_year(regions, year, check)
    before = balance.of_year(regions, year - 1, check)
    told = found.balance
    context = {
        "year": year,
        "years": [(n, str(n)) for n in range(this_year, this_year - 6, -1)],
        "found": found,
        "left_out": [gap.region.name for gap in found.left_out],
        "check": _plain(found.total.check_concentration or 0)
        if found.total
        else check or _plain(sewage.check_concentration()),
        "rate": _percent(found),
        "gap": _points(found.gap, 2),
        "target": _plain(balance.target().value),
        "collected": _tonnes(told.collected) if told else "",
        "generated": _tonnes(told.generated) if told else "",
        "change": _change(found, before),
        "turning": _plain(found.turning, 1) if found.turning is not None else "",
        "parameters": YEARS,
        "may_enter": YEARS.may_open(request.user),
        "lines": [_line(region) for region in found.regions],
        "compared": [
            {
                "check": _plain(variant.check_concentration or Fraction(0)),
                "rate": f"{shown(variant.rate.value, 2)}%",
                "gap": _points(variant.gap_to(balance.target()), 2),
                "now": found.total is not None and variant == found.total,
                "problem": variant.problem,
            }
            for variant in found.compared
        ],
        "standard": found.total.standard if found.total else "",
        "mark": found.total.mark.value if found.total else "",
        "problem": found.total.problem if found.total else "",
    }
    return render(request, "web/sewage/balance.html", context)


def _check(said: str) -> Decimal | None:
    """The check concentration that was asked for; none where it says no number that can be one."""
    try:
        value = Decimal(said)
    except InvalidOperation:
        return None
    return value if value.is_finite() and _LEAST <= value <= _MOST else None


def _line(region: RegionBalance) -> Line:
    rate, whole = region.rate, region.balance
    mean = region.mean_cod
    return Line(
        region,
        months=_months(region.months),
        volume=_plain(region.volume / 10_000, 2) if region.plants else "",
        mean_cod=_plain(mean, 1) if mean is not None else "",
        collected=_tonnes(whole.collected) if whole else "",
        generated=_tonnes(whole.generated) if whole else "",
        rate=f"{shown(rate.rate.value, 2)}%" if rate else "",
        gap=_points(region.gap, 2),
        direct=_points(region.points(whole.direct), 2) if whole else "",
        lost=_points(region.points(whole.unexplained), 2) if whole else "",
        foreign=_plain(region.foreign / 10_000, 2) if whole else "",
        problem=rate.problem if rate else "",
    )


def _months(months: tuple[str, ...]) -> str:
    if not months:
        return ""
    first, last = months[0], months[-1]
    return f"{first}—{last[5:]}（{len(months)}）" if first != last else first


def _change(found: YearBalance, before: YearBalance) -> str:
    """Percentage points more than the year before; nothing where either leaves a region out."""
    if found.total is None or before.total is None or found.left_out or before.left_out:
        return ""
    return _points(found.total.rate.points_above(before.total.rate), 2)


def _percent(found: YearBalance) -> str:
    return f"{shown(found.total.rate.value, 2)}%" if found.total else ""


def _points(points: PercentagePoints | None, decimals: int) -> str:
    return "" if points is None else shown(points.value, decimals)


def _plain(value: Fraction | Decimal | int, decimals: int = 0) -> str:
    exact = Fraction(value)
    return shown(exact, 0 if exact.denominator == 1 and not decimals else decimals or 1)


def _tonnes(kilograms: Fraction) -> str:
    return shown(kilograms / 1000, 1)
