"""The yearly list of inner rivers' outlets that are assessed."""

from __future__ import annotations

from django.db import models

from ecoledger.books.models import RosterLine
from ecoledger.entities.models import TARGETS


class RiverMouth(RosterLine):
    """That a section at a river's outlet is assessed in a year, and by which class."""

    rosterline_ptr = models.OneToOneField(
        RosterLine, on_delete=models.CASCADE, parent_link=True, related_name="as_river_mouth"
    )
    target_class = models.PositiveSmallIntegerField(
        "考核目标", choices=list(enumerate((f"{name}类" for name in TARGETS), 1)), default=5
    )
    gate = models.CharField("水闸", max_length=60, blank=True)
    receiving = models.CharField("汇入水体", max_length=60, blank=True)
    unit = models.CharField("责任单位", max_length=80, blank=True)

    class Meta:
        verbose_name = "内河入江口"
