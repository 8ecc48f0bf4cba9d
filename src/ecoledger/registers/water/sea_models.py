"""The sea and what flows into it: bay segments, stations, samples, surveys, rivers to the sea."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ecoledger.books.models import LogEntry
from ecoledger.entities.models import Entity, Section


class Season(models.TextChoices):
    """When the sea is surveyed; the year's figure is the mean of the first three (HJ 442)."""

    SPRING = "spring", "春季"
    SUMMER = "summer", "夏季"
    AUTUMN = "autumn", "秋季"
    WINTER = "winter", "冬季"


class Bay(Entity):
    """A bay segment (湾段) with its border, its plan and its targets."""

    KIND = "bay"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_bay"
    )
    goal = models.TextField("规划目标", blank=True)
    target_good = models.DecimalField(
        "优良面积比例目标 %", max_digits=5, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )  # fmt: skip
    target_year = models.PositiveSmallIntegerField("目标年度", null=True, blank=True)
    shore_km = models.FloatField("岸线 km", null=True, blank=True)
    department = models.CharField("牵头部门", max_length=60, blank=True)

    class Meta:
        verbose_name = "湾段"


class SeaStation(Entity):
    """A monitoring site of coastal water; its parent is the bay segment it lies in."""

    KIND = "sea_station"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_sea_station"
    )

    class Level(models.TextChoices):
        NATIONAL = "national", "国控"
        PROVINCIAL = "provincial", "省控"
        CITY = "city", "市控"
        COUNTY = "county", "县控"

    level = models.CharField("级别", max_length=12, choices=Level.choices, default=Level.PROVINCIAL)
    target_class = models.PositiveSmallIntegerField(
        "水质目标", choices=list(enumerate(("一类", "二类", "三类", "四类"), 1)), default=2
    )

    class Meta:
        verbose_name = "近岸海域监测点"


class SeaRiver(Entity):
    """A river to the sea (入海河流), judged at its control section; its parent is the bay it flows into."""

    KIND = "sea_river"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_sea_river"
    )
    section = models.ForeignKey(
        Section, verbose_name="控制断面", on_delete=models.PROTECT, related_name="sea_rivers"
    )
    tn_target = models.DecimalField(
        "总氮控制目标 mg/L", max_digits=8, decimal_places=3, null=True, blank=True
    )
    tp_target = models.DecimalField(
        "总磷控制目标 mg/L", max_digits=8, decimal_places=3, null=True, blank=True
    )

    class Meta:
        verbose_name = "入海河流"


class SeaSample(LogEntry):
    """One sample of sea water, mg/L as the laboratory wrote it."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_sea_sample"
    )
    season = models.CharField("航次", max_length=8, choices=Season.choices, db_index=True)
    report_no = models.CharField("报告编号", max_length=60, blank=True)
    ph = models.CharField("pH", max_length=20, blank=True)
    do = models.CharField("溶解氧", max_length=20, blank=True)
    codmn = models.CharField("化学需氧量", max_length=20, blank=True)
    bod5 = models.CharField("生化需氧量", max_length=20, blank=True)
    din = models.CharField("无机氮", max_length=20, blank=True)
    nh3 = models.CharField("非离子氨", max_length=20, blank=True)
    dip = models.CharField("活性磷酸盐", max_length=20, blank=True)
    oil = models.CharField("石油类", max_length=20, blank=True)
    hg = models.CharField("汞", max_length=20, blank=True)
    cd = models.CharField("镉", max_length=20, blank=True)
    pb = models.CharField("铅", max_length=20, blank=True)
    cr6 = models.CharField("六价铬", max_length=20, blank=True)
    arsenic = models.CharField("砷", max_length=20, blank=True)
    cu = models.CharField("铜", max_length=20, blank=True)
    zn = models.CharField("锌", max_length=20, blank=True)
    phenol = models.CharField("挥发性酚", max_length=20, blank=True)
    sulfide = models.CharField("硫化物", max_length=20, blank=True)

    class Meta:
        verbose_name = "海水水质监测"


class SeaSurvey(LogEntry):
    """The areas by class that a survey's authority published for a bay or a county: they go before what is interpolated."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_sea_survey"
    )
    season = models.CharField("航次", max_length=8, choices=Season.choices, db_index=True)
    first = models.DecimalField("一类 km²", max_digits=12, decimal_places=3, default=0)
    second = models.DecimalField("二类 km²", max_digits=12, decimal_places=3, default=0)
    third = models.DecimalField("三类 km²", max_digits=12, decimal_places=3, default=0)
    fourth = models.DecimalField("四类 km²", max_digits=12, decimal_places=3, default=0)
    inferior = models.DecimalField("劣四类 km²", max_digits=12, decimal_places=3, default=0)
    source = models.CharField("来源", max_length=120, blank=True)

    class Meta:
        verbose_name = "海域面积评价"
