"""Pollution seen in the water, and who may have caused it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ecoledger.entities.models import Entity
from ecoledger.matters.models import Matter


class WaterTrace(Matter):
    """A search for the cause of pollution seen at a place of a river (水污染溯源)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_water_trace"
    )

    class Channel(models.TextChoices):
        STATION = "station", "水站预警"
        COMPLAINT = "complaint", "群众投诉"
        PATROL = "patrol", "巡查发现"
        DOWNSTREAM = "downstream", "下游通报"
        SUPERIOR = "superior", "上级交办"
        OTHER = "other", "其他"

    seen_at = models.DateTimeField("发现时间")
    channel = models.CharField("信息来源", max_length=10, choices=Channel.choices)
    pollutant = models.CharField("主要污染物", max_length=80, blank=True)
    measured = models.TextField("现场监测数据", blank=True)
    speed = models.FloatField(
        "流速 m/s",
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01), MaxValueValidator(5)],
    )
    look_back_hours = models.PositiveIntegerField(
        "回溯时长 h", default=48, validators=[MinValueValidator(1), MaxValueValidator(720)]
    )
    source = models.ForeignKey(
        Entity,
        verbose_name="认定来源",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="water_traces",
    )
    basis = models.TextField("认定依据", blank=True)
    handling = models.TextField("处置情况", blank=True)
    assessment = models.TextField("复盘", blank=True)

    class Meta:
        verbose_name = "水污染溯源"


class TraceSuspect(models.Model):
    """One thing that may have caused it: how far, when it must have discharged, what looking there came to."""

    class Verdict(models.TextChoices):
        OPEN = "open", "待查"
        CLEARED = "cleared", "排除"
        FOUND = "found", "认定"

    trace = models.ForeignKey(WaterTrace, on_delete=models.CASCADE, related_name="suspects")
    thing = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.PROTECT, related_name="suspected_in"
    )
    distance_km = models.FloatField("距离 km", null=True, blank=True)
    hours = models.FloatField("流达 h", null=True, blank=True)
    window = models.CharField("应排放时段", max_length=60, blank=True)
    verdict = models.CharField(
        "排查结论", max_length=8, choices=Verdict.choices, default=Verdict.OPEN
    )
    found = models.CharField("排查情况", max_length=300, blank=True)

    class Meta:
        verbose_name = "排查对象"
        ordering = ["hours", "id"]

    def __str__(self) -> str:
        return str(self.thing)
