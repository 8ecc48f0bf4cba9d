"""A rain and what a county did about its rivers before, during and after it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ecoledger.entities.models import Entity
from ecoledger.matters.models import Matter


class FloodMode(Matter):
    """One rain of the flood season: checks before it, the mode during it, the review after it."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_flood_mode"
    )
    rain_mm = models.DecimalField(
        "24 h 雨量 mm", max_digits=6, decimal_places=1, validators=[MinValueValidator(0), MaxValueValidator(2000)]
    )  # fmt: skip
    forecast = models.CharField("预报来源", max_length=120, blank=True)
    rain_level = models.CharField("雨量等级", max_length=20, blank=True, editable=False)
    factor = models.DecimalField(
        "预警限值倍数", max_digits=4, decimal_places=2, default=1, editable=False
    )
    begin = models.DateTimeField("启动时间", null=True, blank=True)
    until = models.DateTimeField("结束时间", null=True, blank=True)
    measured_mm = models.DecimalField(
        "实测雨量 mm", max_digits=7, decimal_places=1, null=True, blank=True
    )
    review = models.TextField("雨后复盘", blank=True)

    class Meta:
        verbose_name = "汛期联防联控"


class RainCheck(models.Model):
    """One gate, pump or outfall looked at before a rain."""

    class Sort(models.TextChoices):
        GATE = "gate", "闸坝"
        PUMP = "pump", "泵站"
        OUTFALL = "outfall", "排污口"
        SEWER = "sewer", "管网溢流口"
        OTHER = "other", "其他"

    class Result(models.TextChoices):
        OPEN = "open", "未查"
        FINE = "fine", "正常"
        PROBLEM = "problem", "有问题"

    mode = models.ForeignKey(FloodMode, on_delete=models.CASCADE, related_name="checks")
    thing = models.ForeignKey(
        Entity,
        verbose_name="对象",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rain_checks",
    )
    place = models.CharField("名称位置", max_length=80, blank=True)
    sort = models.CharField("类别", max_length=10, choices=Sort.choices, default=Sort.GATE)
    unit = models.CharField("责任单位", max_length=60, blank=True)
    result = models.CharField("检查结果", max_length=8, choices=Result.choices, default=Result.OPEN)
    found = models.CharField("发现问题", max_length=200, blank=True)
    problem = models.ForeignKey(
        Matter, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = "雨前检查"
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.thing or self.place)
