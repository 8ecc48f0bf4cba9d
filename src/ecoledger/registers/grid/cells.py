"""网格 (mechanism E1): cells in three levels with boundaries, posts and the people who hold them."""

from __future__ import annotations

from django.db import models

from ecoledger.entities import charges, shapes
from ecoledger.entities.models import Entity

charges.ROLES["grid_head"] = "网格长"
LEVELS = ("county", "town", "village")


class GridCell(Entity):
    """One cell. A village's cell lies in its town's, that in the county's (县—镇—村)."""

    KIND = "grid_cell"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_grid_cell"
    )

    class Level(models.TextChoices):
        COUNTY = "county", "一级（县级）"
        TOWN = "town", "二级（镇级）"
        VILLAGE = "village", "三级（村级）"

    level = models.CharField("级别", max_length=10, choices=Level.choices)
    upper = models.ForeignKey(
        "self",
        verbose_name="上级网格",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="lower",
    )
    area_km2 = models.FloatField("面积 平方千米", null=True, blank=True)
    sponsor = models.CharField("包保领导", max_length=60, blank=True)
    # What the cell's own plan asks; 0 where it asks for none.
    patrols_a_month = models.PositiveSmallIntegerField("每月计划巡查次数", default=0)
    pledge_on = models.DateField("责任书日期", null=True, blank=True)

    class Meta:
        verbose_name = "网格"
        ordering = ["code"]


def cell_at(lon: float, lat: float) -> GridCell | None:
    """The smallest cell whose boundary holds a place; ``None`` where none does."""
    boxes = {"west__lte": lon, "east__gte": lon, "south__lte": lat, "north__gte": lat}
    cells = GridCell.objects.filter(geometry__isnull=False, **boxes)
    holding = [c for c in cells if shapes.contains(c.geometry or {}, lon, lat)]
    return max(holding, key=lambda c: (LEVELS.index(c.level), c.code), default=None)
