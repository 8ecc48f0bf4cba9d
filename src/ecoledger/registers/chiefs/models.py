"""The models of chiefs; calls and checks are defined in their book's own module."""

from django.core.validators import MinValueValidator
from django.db import models

from ecoledger.entities.models import Entity, River
from ecoledger.registers.chiefs.calls import Call
from ecoledger.registers.chiefs.station_checks import StationCheck

__all__ = ["Call", "Pipe", "StationCheck"]


class Pipe(Entity):
    """A stretch of the pipe network; its geometry, where it is known, is a LineString downstream."""

    KIND = "pipe"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_pipe"
    )

    class Sort(models.TextChoices):
        SEWER = "sewer", "污水管"
        STORM = "storm", "雨水管"
        COMBINED = "combined", "合流管"

    sort = models.CharField("管网类别", max_length=10, choices=Sort.choices)
    diameter_mm = models.PositiveIntegerField(
        "管径 mm", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    length_km = models.FloatField("长度 km", null=True, blank=True)
    # What it discharges into, by its outfall or when it overflows.
    river = models.ForeignKey(
        River, verbose_name="受纳水体", on_delete=models.PROTECT, null=True, blank=True,
        related_name="pipes",
    )  # fmt: skip

    class Meta:
        verbose_name = "管网"
        ordering = ["code"]
