"""Drinking-water sources, their protection zones and what they give."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from ecoledger.books.models import LogEntry
from ecoledger.entities.models import Entity, River


class WaterSource(Entity):
    """A drinking-water source (集中式饮用水水源地) with what its file holds."""

    KIND = "water_source"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_water_source"
    )

    class Level(models.TextChoices):
        CITY = "city", "市级"
        COUNTY = "county", "县级"
        TOWN = "town", "镇级"
        VILLAGE = "village", "千吨万人（农村）"

    class Sort(models.TextChoices):
        RIVER = "river", "河流型"
        LAKE = "lake", "湖库型"
        GROUND = "ground", "地下水型"

    class Use(models.TextChoices):
        IN_USE = "in_use", "在用"
        RESERVE = "reserve", "备用"
        ENDED = "ended", "停用"

    level = models.CharField("级别", max_length=10, choices=Level.choices)
    sort = models.CharField("类型", max_length=10, choices=Sort.choices)
    use = models.CharField("使用状态", max_length=10, choices=Use.choices, default=Use.IN_USE)
    river = models.ForeignKey(
        River, verbose_name="所在水体", on_delete=models.PROTECT, null=True, blank=True,
        related_name="water_sources",
    )  # fmt: skip
    intake = models.CharField("取水方式", max_length=60, blank=True)
    supply = models.DecimalField(
        "供水量 万t/d", max_digits=10, decimal_places=4, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    population = models.DecimalField(
        "服务人口 万人", max_digits=10, decimal_places=4, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    # Ⅲ of GB 3838 or GB/T 14848; a level-one zone may be meant to be Ⅱ.
    target_class = models.PositiveSmallIntegerField(
        "水质目标", choices=[(1, "Ⅰ类"), (2, "Ⅱ类"), (3, "Ⅲ类")], default=3
    )
    water_code = models.CharField("水源编码", max_length=40, blank=True, help_text="HJ 747-2015")
    zone_paper = models.CharField("保护区划分批复文号", max_length=120, blank=True)
    zone_on = models.DateField("批复日期", null=True, blank=True)
    signed = models.BooleanField("标志标牌完成", default=False)
    fenced = models.BooleanField("隔离防护完成", default=False)
    monitored = models.CharField("监测频次", max_length=60, blank=True)
    plan_paper = models.CharField("应急预案备案号", max_length=80, blank=True)
    risks = models.TextField("风险源", blank=True)
    supplier = models.CharField("供水单位", max_length=80, blank=True)
    linked = models.CharField("联动部门", max_length=200, blank=True)

    class Meta:
        verbose_name = "饮用水水源地"


class ProtectionZone(Entity):
    """A protection zone of a source, drawn as an area (保护区)."""

    KIND = "protection_zone"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_protection_zone"
    )

    class Grade(models.TextChoices):
        FIRST = "first", "一级保护区"
        SECOND = "second", "二级保护区"
        OUTER = "outer", "准保护区"

    grade = models.CharField("级别", max_length=8, choices=Grade.choices)
    part = models.CharField("水域或陆域", max_length=10, blank=True)
    area_km2 = models.FloatField("面积 km²", null=True, blank=True)
    paper = models.CharField("批复文号", max_length=120, blank=True)

    class Meta:
        verbose_name = "水源保护区"


class SourceIntake(LogEntry):
    """How much water a source gave in a month."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_source_intake"
    )
    volume = models.DecimalField(
        "取水量 万m³", max_digits=14, decimal_places=4, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = "水源月取水量"


class SourcePatrol(LogEntry):
    """One patrol of a source or of a part of it."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_source_patrol"
    )

    class Zone(models.TextChoices):
        FIRST = "first", "一级保护区"
        SECOND = "second", "二级保护区"
        OUTER = "outer", "准保护区"
        ABOVE = "above", "上游及汇水区"

    class Found(models.TextChoices):
        NOTHING = "nothing", "未发现问题"
        BUILDING = "building", "违法建设项目"
        OUTLET = "outlet", "排污口"
        FARM = "farm", "种植养殖"
        WASTE = "waste", "垃圾堆放"
        FISHING = "fishing", "垂钓游泳"
        TRAFFIC = "traffic", "交通穿越风险"
        SIGN = "sign", "标志隔离破损"
        QUALITY = "quality", "水质水色异常"
        OTHER = "other", "其他"

    zone = models.CharField("范围", max_length=8, choices=Zone.choices, default=Zone.FIRST)
    found = models.CharField(
        "发现", max_length=10, choices=Found.choices, default=Found.NOTHING, db_index=True
    )
    place = models.CharField("地点", max_length=120, blank=True)
    on_the_spot = models.BooleanField("立行立改", default=False)

    class Meta:
        verbose_name = "水源地巡查"
