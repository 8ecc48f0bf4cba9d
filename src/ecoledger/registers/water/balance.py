"""水污染物平衡核算 (mechanism W1): of what a region's people give off, how much its plants took in, and where the rest went.

A region's year rests on the months that all of its plants reported; its sewage is taken for those months alone, so that a
month nobody reported lowers nothing. What is missing is named, and then there is no rate.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Import
from ecoledger.registers.water.plants import days_of
from ecoledger.registers.water.sewage_models import PlantMonth, RegionYear, SewageRegion
from ecoledger.standards import sewage
from ecoledger.standards.percent import Percent, PercentagePoints, exact
from ecoledger.standards.sewage import Balance, CollectionRate, Inflow


def rules() -> dict[str, Any]:
    """The target, the concentrations to compare, and from what on a cause is named."""
    return own_data.read(__package__, "sewage_balance")


def target() -> Percent:
    return Percent.exactly(str(rules()["target"]))


class RegionYears(Listing):
    """What is taken of each region for a year."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """A volume, or all that it follows from."""
        parts = [values.get(name) for name in ("population", "water_use", "coefficient")]
        if values.get("sewage_m3") is None and not all(parts):
            return {"sewage_m3": _("请填生活污水产生量，或用水人口、人均日用水和产污系数三项")}
        return {}

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return super().open_row({**values, "area_code": values["region"].area_code}, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        region = values.get("region") or row.region
        return super().change_row(row, {**values, "area_code": region.area_code}, by, at)


YEARS = declare(RegionYears(
    key="region_year", label="收集率核算参数", model=RegionYear, line="water",
    columns=("region", "year", "sewage_m3", "population", "water_use", "coefficient", "direct_kg", "basis", "area_code"),
    filters=("region", "year", "area_code"), search=("region__name", "basis"),
    fields=("region", "year", "sewage_m3", "population", "water_use", "coefficient", "direct_kg", "basis"),
    imports=Import(
        key=("region", "year"),
        headers={"region": ("区域名称",), "sewage_m3": ("生活污水量", "生活污水产生量"), "population": ("人口",),
                 "water_use": ("人均日用水量", "人均生活用水量 L/d"), "coefficient": ("折污系数", "排放系数"),
                 "direct_kg": ("直排量",)},
        examples={"region": "示例开发区", "year": "2026", "population": "120000", "water_use": "180",
                  "coefficient": "0.85"},
        future=(),
    ),
    lead="region", order=("-year", "pk"), edit=frozenset({Role.MONITOR, Role.APPROVER, Role.DISPATCHER, Role.SECTION_CHIEF}),
    empty="还没有核算参数。逐年登记各区域的生活污水产生量，或用水人口、人均日用水和产污系数。",
))  # fmt: skip


# ---- the calculation -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlantShare:
    """What one plant of a region took in over the months counted: m³, mg/L, kg."""

    plant: int
    name: str
    months: tuple[str, ...]
    volume: Fraction
    industrial: Fraction
    concentration: Fraction
    domestic_kg: Fraction


@dataclass(frozen=True, slots=True)
class RegionBalance:
    """One region's year. ``missing``: why there is no rate, or what it leaves out, in words."""

    region: SewageRegion
    parameters: RegionYear | None
    months: tuple[str, ...] = ()
    plants: tuple[PlantShare, ...] = ()
    rate: CollectionRate | None = None
    balance: Balance | None = None
    sewage_m3: Fraction = Fraction(0)
    missing: tuple[str, ...] = ()

    @property
    def gap(self) -> PercentagePoints | None:
        """Percentage points missing to the target."""
        return None if self.rate is None else self.rate.gap_to(target())

    @property
    def volume(self) -> Fraction:
        return sum((plant.volume for plant in self.plants), Fraction(0))

    @property
    def industrial(self) -> Fraction:
        return sum((plant.industrial for plant in self.plants), Fraction(0))

    @property
    def mean_cod(self) -> Fraction | None:
        """What came into its plants held on average, mg/L."""
        load = sum((plant.volume * plant.concentration for plant in self.plants), Fraction(0))
        return load / self.volume if self.volume else None

    @property
    def foreign(self) -> Fraction:
        """Water in the sewers that is neither domestic sewage nor industrial (外来水), m³; negative: sewage not collected."""
        return sewage.extraneous_water(self.volume, (self.sewage_m3, self.industrial))

    def points(self, kilograms: Fraction) -> PercentagePoints | None:
        """A part of what is generated, in percentage points."""
        if self.balance is None or not self.balance.generated:
            return None
        return PercentagePoints(kilograms / self.balance.generated * 100)


@dataclass(frozen=True, slots=True)
class YearBalance:
    """All regions of a year and what they come to together."""

    year: int
    regions: tuple[RegionBalance, ...]
    total: CollectionRate | None = None
    balance: Balance | None = None
    compared: tuple[CollectionRate, ...] = field(default=())

    @property
    def left_out(self) -> tuple[RegionBalance, ...]:
        """Regions without a rate, which the whole leaves out."""
        return tuple(region for region in self.regions if region.rate is None)

    @property
    def gap(self) -> PercentagePoints | None:
        return None if self.total is None else self.total.gap_to(target())

    @property
    def turning(self) -> Fraction | None:
        """The check concentration at which the same figures would reach the target, mg/L."""
        return None if self.total is None else sewage.concentration_that_gives(self.total, target())


def of_year(
    regions: QuerySet[SewageRegion], year: int, check: Decimal | None = None
) -> YearBalance:
    """The balance of ``regions`` in ``year``, at the check concentration of the rules or at ``check`` (mg/L)."""
    regions = regions.order_by("code")
    parameters = {
        row.region_id: row for row in RegionYear.objects.filter(year=year, region__in=regions)
    }
    months: dict[int | None, list[PlantMonth]] = {}
    entries = PlantMonth.objects.filter(
        book="plant_month", current=True, month__startswith=f"{year}-",
        entity__as_sewage_plant__region__in=regions,
    ).select_related("entity__as_sewage_plant")  # fmt: skip
    for entry in entries.order_by("entity__code", "month"):
        months.setdefault(entry.entity.as_sewage_plant.region_id, []).append(entry)
    plants: dict[int, list[Any]] = {}
    for region in regions.prefetch_related("plants"):
        plants[region.pk] = [
            p for p in region.plants.all() if p.until is None or p.until.year >= year
        ]
    each = tuple(
        _region(
            region, parameters.get(region.pk), plants[region.pk], months.get(region.pk, []), check
        )
        for region in regions
    )
    return _together(year, each)


def _region(
    region: SewageRegion,
    parameters: RegionYear | None,
    plants: Iterable[Any],
    entries: list[PlantMonth],
    check: Decimal | None,
) -> RegionBalance:
    of_plant: dict[int, dict[str, PlantMonth]] = {plant.pk: {} for plant in plants}
    names = {plant.pk: plant.name for plant in plants}
    missing = []
    for entry in entries:
        if entry.entity_id in of_plant and entry.cod_in is not None:
            of_plant[entry.entity_id][entry.month] = entry
    if parameters is None:
        missing.append(_("没有核算参数"))
    if not of_plant:
        missing.append(_("没有污水处理厂"))
    common = set.intersection(*(set(months) for months in of_plant.values())) if of_plant else set()
    every = set().union(*of_plant.values()) if of_plant else set()
    for key, own in of_plant.items():
        if lacking := sorted(every - set(own)):
            missing.append(
                _("%(plant)s 缺 %(months)s") % {"plant": names[key], "months": "、".join(lacking)}
            )
        if not own:
            missing.append(_("%s 没有进水量和浓度") % names[key])
    if not common or parameters is None:
        return RegionBalance(region, parameters, missing=tuple(missing))
    shares, inflows = [], []
    for key, own in of_plant.items():
        counted = [own[month] for month in sorted(common)]
        if any(e.industrial_m3 and e.industrial_cod is None for e in counted):
            missing.append(_("%s 缺工业废水浓度") % names[key])
            return RegionBalance(region, parameters, missing=tuple(missing))
        parts = [
            Inflow(names[key], e.inflow_m3, e.cod_in or 0, e.industrial_m3, e.industrial_cod or 0)
            for e in counted
        ]
        try:
            domestic = sum((part.domestic_load for part in parts), Fraction(0))
        except ValueError:
            missing.append(_("%s 的工业负荷大于进水负荷，请核对") % names[key])
            return RegionBalance(region, parameters, missing=tuple(missing))
        volume = sum((exact(e.inflow_m3) for e in counted), Fraction(0))
        load = sum((exact(e.inflow_m3) * exact(e.cod_in or 0) for e in counted), Fraction(0))
        industrial = sum((exact(e.industrial_m3) for e in counted), Fraction(0))
        mean = load / volume if volume else Fraction(0)
        shares.append(
            PlantShare(key, names[key], tuple(sorted(common)), volume, industrial, mean, domestic)
        )
        inflows += parts
    days = sum(days_of(month) for month in common)
    whole = 366 if calendar.isleap(parameters.year) else 365
    volume = _sewage(parameters, days, whole)
    if volume <= 0:
        missing.append(_("生活污水产生量为零"))
        return RegionBalance(region, parameters, missing=tuple(missing))
    rate = sewage.rate_by_check_concentration(inflows, volume, check)
    direct = exact(parameters.direct_kg or 0) * days / whole
    return RegionBalance(
        region, parameters, tuple(sorted(common)), tuple(shares), rate,
        sewage.balance(region.name, rate.generated, rate.collected, direct), volume, tuple(missing),
    )  # fmt: skip


def _sewage(row: RegionYear, days: int, whole: int) -> Fraction:
    """The domestic sewage of so many days of a region's year, m³."""
    if row.sewage_m3 is not None:
        return exact(row.sewage_m3) * days / whole
    if row.population is None or row.water_use is None or row.coefficient is None:
        return Fraction(0)
    return sewage.domestic_sewage_volume(row.population, row.water_use, days, row.coefficient)


def _together(year: int, each: tuple[RegionBalance, ...]) -> YearBalance:
    told = [region for region in each if region.rate is not None and region.balance is not None]
    if not told:
        return YearBalance(year, each)
    whole = sewage.total_balance(_("合计"), [region.balance for region in told if region.balance])
    first = told[0].rate
    if first is None or first.check_concentration is None:
        return YearBalance(year, each)
    rate = CollectionRate(
        Percent.of(whole.collected, whole.generated), whole.collected, whole.generated, first.standard, first.mark,
        check_concentration=first.check_concentration,
    )  # fmt: skip
    compared = tuple(sewage.sensitivity(rate, rules()["concentrations"]))
    return YearBalance(year, each, rate, whole, compared)
