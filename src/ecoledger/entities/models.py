"""Things with an identity (对象): areas, enterprises, outlets, stations, rivers and their sections.

One internal code per thing (一源一码); every other number it carries elsewhere is an :class:`Identifier`.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone


class Area(models.Model):
    """An administrative division (GB/T 2260, GB/T 10114); its code's prefix is its parent's code."""

    code = models.CharField("行政区划代码", max_length=12, unique=True)
    name = models.CharField("名称", max_length=60)
    # GeoJSON geometry in CGCS2000; empty where nobody has supplied one.
    boundary = models.JSONField("边界", null=True, blank=True)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    synthetic = models.BooleanField("合成数据", default=False)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Entity(models.Model):
    """Anything a matter or an observation can be about. Its concrete kinds extend it."""

    class Kind(models.TextChoices):
        ENTERPRISE = "enterprise", "企业"
        OUTLET = "outlet", "排放口"
        STATION = "station", "监测站"
        SECTION = "section", "断面"
        RIVER = "river", "河流"

    code = models.CharField("对象编码", max_length=40, unique=True)
    kind = models.CharField(
        "类别", max_length=20, choices=Kind.choices, db_index=True, editable=False
    )
    name = models.CharField("名称", max_length=120, db_index=True)
    area_code = models.CharField("行政区划代码", max_length=12, db_index=True)
    address = models.CharField("地址", max_length=200, blank=True)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    coordinate_source = models.CharField("坐标来源", max_length=20, default="CGCS2000")
    active = models.BooleanField("在用", default=True)
    synthetic = models.BooleanField("合成数据", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # ``entity.as_station`` and the like lead from an entity to its kind's own fields.
    KIND: str = ""

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.KIND:
            self.kind = self.KIND
        super().save(*args, **kwargs)


class Identifier(models.Model):
    """A number the entity carries in another system, with the time it was valid."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField("编码体系", max_length=30)
    value = models.CharField("编码", max_length=60, db_index=True)
    valid_from = models.DateField("起用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


class Enterprise(Entity):
    """An enterprise or other polluter (排污单位)."""

    KIND = Entity.Kind.ENTERPRISE
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_enterprise"
    )
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    permit_no = models.CharField("排污许可证编号", max_length=22, blank=True)
    industry = models.CharField("行业", max_length=60, blank=True)
    industry_code = models.CharField("行业代码", max_length=6, blank=True)
    is_key = models.BooleanField("环境监管重点单位", default=False)
    performance_grade = models.CharField("绩效分级", max_length=10, blank=True)
    contact = models.CharField("环保联系人", max_length=60, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)


class Outlet(Entity):
    """A discharge outlet of an enterprise (排放口), DA### for waste gas, DW### for wastewater (HJ 608)."""

    KIND = Entity.Kind.OUTLET
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_outlet"
    )

    class Medium(models.TextChoices):
        GAS = "gas", "废气"
        WATER = "water", "废水"

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="outlets")
    number = models.CharField("排放口编号", max_length=10)
    medium = models.CharField("类型", max_length=10, choices=Medium.choices)
    standard = models.CharField("执行标准", max_length=60, blank=True)
    # Parameter code -> {"limit": "50", "unit": "mg/m³", "basis": "hour"|"day", "converted": true}
    limits = models.JSONField("排放限值", default=dict, blank=True)
    reference_oxygen = models.FloatField("基准含氧量 %", null=True, blank=True)


class River(Entity):
    """A river with its direction: ``path`` is a GeoJSON LineString drawn downstream."""

    KIND = Entity.Kind.RIVER
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_river"
    )
    path = models.JSONField("走向", null=True, blank=True)
    flows_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    # Where it joins the river it flows into, measured along that river from its head.
    joins_at_km = models.FloatField("汇入位置 km", null=True, blank=True)
    length_km = models.FloatField("长度 km", null=True, blank=True)


class Section(Entity):
    """A monitored cross-section of a river (断面), placed by distance from the river's head."""

    KIND = Entity.Kind.SECTION
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_section"
    )
    river = models.ForeignKey(River, on_delete=models.PROTECT, related_name="sections")
    chainage_km = models.FloatField("距河源 km")
    target_class = models.PositiveSmallIntegerField("水质目标", default=3)
    level = models.CharField("级别", max_length=10, default="县控")
    is_lake = models.BooleanField("湖库", default=False)
    upstream_area_code = models.CharField("上游属地", max_length=12, blank=True)
    downstream_area_code = models.CharField("下游属地", max_length=12, blank=True)


class Station(Entity):
    """An automatic monitoring station (自动监测站)."""

    KIND = Entity.Kind.STATION
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_station"
    )

    class Medium(models.TextChoices):
        AIR = "air", "环境空气"
        WATER = "water", "地表水"
        NOISE = "noise", "声环境"

    class Level(models.TextChoices):
        NATIONAL = "national", "国控"
        PROVINCIAL = "provincial", "省控"
        CITY = "city", "市控"
        COUNTY = "county", "县控"
        TOWN = "town", "镇街"
        MICRO = "micro", "微站"

    medium = models.CharField("要素", max_length=10, choices=Medium.choices)
    level = models.CharField("级别", max_length=12, choices=Level.choices)
    # Control sites and micro-stations stay out of the area's mean (HJ 663; practice).
    counts_in_area = models.BooleanField("参与城市评价", default=True)
    section = models.ForeignKey(
        Section, on_delete=models.PROTECT, null=True, blank=True, related_name="stations"
    )
    operator = models.CharField("运维单位", max_length=60, blank=True)
