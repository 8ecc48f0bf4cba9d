"""主要污染物减排目标 (mechanism P7): how much each area is to cut of each pollutant in a year."""

from __future__ import annotations

from django.db import models

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Import
from ecoledger.registers.quota.holdings import AMOUNT


class Counted(models.TextChoices):
    """The four pollutants of the national accounting, in the order in which they are told."""

    COD = "COD", "化学需氧量"
    NH3N = "NH3-N", "氨氮"
    NOX = "NOx", "氮氧化物"
    VOCS = "VOCs", "挥发性有机物"


class ReductionTarget(models.Model):
    """One area's target of one pollutant for one year."""

    year = models.PositiveSmallIntegerField("年度", db_index=True)
    area_code = AreaCodeField("区域")
    pollutant = models.CharField("污染物", max_length=8, choices=Counted.choices)
    target = models.DecimalField("减排目标 t", **AMOUNT)  # type: ignore[arg-type]
    basis = models.CharField("依据", max_length=200, blank=True)

    class Meta:
        verbose_name = "减排目标"
        ordering = ["-year", "area_code", "id"]
        constraints = [
            models.UniqueConstraint(fields=["year", "area_code", "pollutant"], name="one_target_a_year")
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.year} {self.area_code} {self.pollutant}"


TARGETS = declare(Listing(
    key="reduction_target", label="主要污染物减排目标", line="approval", model=ReductionTarget,
    columns=("year", "area_code", "pollutant", "target", "basis"), filters=("year", "pollutant", "area_code"),
    search=("basis",), fields=("year", "area_code", "pollutant", "target", "basis"), order=("-year", "-pk"),
    imports=Import(key=("year", "area_code", "pollutant"), headers={
        "area_code": ("镇街", "所属区域"), "pollutant": ("指标",), "target": ("目标", "目标量", "年度目标 t")},
        examples={"year": "2026", "area_code": "测试县", "pollutant": "化学需氧量", "target": "120"}),
    edit=frozenset({Role.APPROVER, Role.DISPATCHER, Role.SECTION_CHIEF}),
    empty="还没有减排目标。登记上级下达的年度目标和分解到镇街的目标。",
))  # fmt: skip
