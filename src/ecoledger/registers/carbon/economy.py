"""单位GDP二氧化碳排放 (mechanism P11): an area's carbon dioxide of energy use beside its product at constant prices.

Both come once a year from statistics. The fall is told against the year before; where a base year's prices changed
in between, or a year lacks, it is not told.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Column, Import

AMOUNT: dict[str, Any] = {
    "max_digits": 16,
    "decimal_places": 4,
    "validators": [MinValueValidator(0)],
}


class CarbonEconomy(models.Model):
    """One area's year."""

    year = models.PositiveSmallIntegerField("年度", db_index=True)
    area_code = AreaCodeField("区域")
    gdp = models.DecimalField("地区生产总值（不变价） 亿元", **AMOUNT)
    price_year = models.PositiveSmallIntegerField("不变价基期")
    co2 = models.DecimalField("能源活动二氧化碳 万t", **AMOUNT)
    # The fall that is asked for against the year before, percent.
    target_fall = models.DecimalField(
        "年度下降目标 %", max_digits=6, decimal_places=2, null=True, blank=True
    )
    basis = models.CharField("数据来源", max_length=200, blank=True)

    class Meta:
        verbose_name = "单位GDP二氧化碳"
        ordering = ["-year", "area_code"]
        constraints = [
            models.UniqueConstraint(fields=["year", "area_code"], name="one_economy_a_year")
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.area_code}"

    @property
    def intensity(self) -> Decimal | None:
        """tCO2 for 10⁴ yuan: as many as 万t for 亿元."""
        return (self.co2 / self.gdp).quantize(Decimal("0.0001")) if self.gdp else None

    @property
    def before(self) -> CarbonEconomy | None:
        """The year before, at the same prices."""
        return CarbonEconomy.objects.filter(
            year=self.year - 1, area_code=self.area_code, price_year=self.price_year
        ).first()

    @property
    def fall(self) -> Decimal | None:
        """How much less than the year before, percent of that; from the unrounded values."""
        earlier = self.before
        if earlier is None or not (self.gdp and earlier.gdp and earlier.co2):
            return None
        share = (self.co2 / self.gdp) / (earlier.co2 / earlier.gdp)
        return (100 * (1 - share)).quantize(Decimal("0.01"))

    @property
    def met(self) -> str:
        """Whether the fall reaches its target."""
        if self.fall is None or self.target_fall is None:
            return "数据缺"
        return "完成" if self.fall >= self.target_fall else "未完成"


ECONOMY = declare(Listing(
    key="carbon_economy", label="单位GDP二氧化碳", line="approval", model=CarbonEconomy,
    labels={"intensity": "单位GDP二氧化碳 t/万元", "fall": "较上年下降 %", "met": "目标完成"},
    columns=("year", "area_code", "gdp", "price_year", "co2", "intensity", "fall", "target_fall", Column("met", word=True), "basis"),
    filters=("year", "area_code"), search=("basis",), order=("-year", "-pk"),
    fields=("year", "area_code", "gdp", "price_year", "co2", "target_fall", "basis"),
    imports=Import(key=("year", "area_code"), headers={
        "gdp": ("GDP", "地区生产总值"), "price_year": ("基期",), "co2": ("二氧化碳排放量", "CO2排放量"),
        "target_fall": ("下降目标",)},
        examples={"year": "2025", "area_code": "测试县", "gdp": "412.5", "price_year": "2020", "co2": "386.2",
                  "target_fall": "3.9"}),
    edit=frozenset({Role.APPROVER, Role.MONITOR, Role.DISPATCHER}),
    empty="还没有数据。每年登记不变价地区生产总值和能源活动二氧化碳排放量。",
))  # fmt: skip
