"""Things with an identity (对象), and what is known of them with dates.

One internal code per thing (一源一码). What it is called elsewhere is an :class:`Identifier`, what it was an
:class:`EntityState`, what became of it a :class:`Succession`, who answers for it a :class:`Charge`, what it
has to do with another a :class:`Relation`. ``since`` and ``until`` follow ``entities.validity``.

Every kind (企业, 排放口, 监测站 …) extends :class:`Entity` and names itself by ``KIND``; there is no list of
kinds here, so that a room above adds its own.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities import coordinates, shapes
from ecoledger.entities.validity import holds
from ecoledger.standards import surface_water

# The classes that a section may be meant to have; what is beyond Ⅴ is nobody's aim.
TARGETS = surface_water.LABELS[: surface_water.INFERIOR - 1]


class Entity(models.Model):
    """Anything a matter or an observation can be about: one table for identity, place and existence."""

    code = models.CharField("对象编码", max_length=40, unique=True)
    kind = models.CharField("类别", max_length=20, db_index=True, editable=False)
    name = models.CharField("名称", max_length=120, db_index=True)
    area_code = AreaCodeField("所在地")
    # What it is a part of: an outlet of its enterprise, a town of its county, a unit of its outlet.
    parent = models.ForeignKey(
        "self",
        verbose_name="所属对象",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
    )
    address = models.CharField("地址", max_length=200, blank=True)
    # GeoJSON geometry in CGCS2000; a thing that is only a place has its longitude and latitude alone.
    geometry = models.JSONField("几何", null=True, blank=True)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    # The box around the geometry (or the place), kept by ``save``: what a map's window is asked by.
    west = models.FloatField(null=True, editable=False)
    south = models.FloatField(null=True, editable=False)
    east = models.FloatField(null=True, editable=False)
    north = models.FloatField(null=True, editable=False)
    # The system the coordinates came in; they are converted to CGCS2000 on their way in.
    coordinate_source = models.CharField(
        "坐标来源",
        max_length=20,
        choices=[(name, name) for name in coordinates.SOURCES],
        default=coordinates.CGCS2000,
    )
    since = models.DateField("启用日期", null=True, blank=True)
    until = models.DateField("停用日期", null=True, blank=True)
    synthetic = models.BooleanField("合成数据", default=False)
    created_at = models.DateTimeField("建档时间", default=timezone.now, editable=False)

    # Key of the kind; what shares a kind shares a table. ``entity.as_station`` leads to its own fields.
    KIND: str = ""

    class Meta:
        verbose_name = "对象"
        ordering = ["code"]
        indexes = [
            models.Index(fields=["west", "east", "south", "north"], name="entity_box"),
            models.Index(fields=["kind", "area_code"], name="entity_kind_area"),
            # A kind in the order of its list; who sees what is decided from the index alone.
            models.Index(fields=["kind", "code", "area_code"], name="entity_kind_code"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.KIND:
            self.kind = self.KIND
        self.place()
        super().save(*args, **kwargs)

    @property
    def active(self) -> bool:
        """Whether it exists today."""
        return self.exists_on()

    def exists_on(self, day: date | None = None) -> bool:
        """Whether it exists on a day (today)."""
        return holds(self.since, self.until, day)

    @property
    def enterprise(self) -> Entity | None:
        """The enterprise that it is or belongs to."""
        thing: Entity | None = self
        while thing is not None and thing.kind != Enterprise.KIND:
            thing = thing.parent
        return thing

    @staticmethod
    def with_parts(key: int) -> models.QuerySet[Any, Any]:
        """The keys of a thing and of its parts: what has it as parent, the stations at a section, a river's sections.

        What is about one of them is about the thing; every room and every list asks so. Parted by ``UNION``, for each
        has an index of its own.
        """
        parts = (
            Entity.objects.filter(parent=key),
            Station.objects.filter(section=key),
            Section.objects.filter(river=key),
        )
        itself = Entity.objects.filter(pk=key).order_by().values("pk")
        return itself.union(*(rows.order_by().values("pk") for rows in parts))

    def place(self) -> None:
        """Set label point and box by geometry, or the box by the label point."""
        if self.geometry:
            self.west, self.south, self.east, self.north = shapes.box(self.geometry)
            if self.lon is None or self.lat is None:
                self.lon, self.lat = shapes.label_point(self.geometry)
        else:
            self.west = self.east = self.lon
            self.south = self.north = self.lat


class Area(Entity):
    """An administrative division (GB/T 2260, GB/T 10114): its code is the division's code."""

    KIND = "area"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_area"
    )

    class Level(models.TextChoices):
        PROVINCE = "province", "省级"
        CITY = "city", "市级"
        COUNTY = "county", "县级"
        TOWN = "town", "镇级"
        VILLAGE = "village", "村级"

    level = models.CharField("级别", max_length=10, choices=Level.choices, blank=True)

    class Meta:
        verbose_name = "行政区划"
        ordering = ["code"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.area_code = self.code
        super().save(*args, **kwargs)


class Enterprise(Entity):
    """An enterprise or other polluter (排污单位). A further site of a firm has the firm as its parent."""

    KIND = "enterprise"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_enterprise"
    )
    # As typed, longer than a cleaned code: blanks and hyphens are taken out when it is entered.
    uscc = models.CharField("统一社会信用代码", max_length=40, blank=True, db_index=True)
    permit_no = models.CharField("排污许可证编号", max_length=40, blank=True, db_index=True)
    industry = models.CharField("行业", max_length=60, blank=True)
    industry_code = models.CharField("行业代码", max_length=6, blank=True)
    is_key = models.BooleanField("环境监管重点单位", default=False)
    performance_grade = models.CharField("绩效分级", max_length=10, blank=True)
    contact = models.CharField("环保联系人", max_length=60, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)

    class Meta:
        verbose_name = "企业"
        ordering = ["code"]


class Outlet(Entity):
    """A discharge outlet (排放口) of its parent, an enterprise: DA### waste gas, DW### wastewater (HJ 608)."""

    KIND = "outlet"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_outlet"
    )

    class Medium(models.TextChoices):
        GAS = "gas", "废气"
        WATER = "water", "废水"

    number = models.CharField("排放口编号", max_length=10)
    medium = models.CharField("类型", max_length=10, choices=Medium.choices)
    standard = models.CharField("执行标准", max_length=60, blank=True)
    reference_oxygen = models.FloatField("基准含氧量 %", null=True, blank=True)
    # Who runs its instruments, which is seldom the firm itself.
    operator = models.CharField("运维单位", max_length=60, blank=True)

    class Meta:
        verbose_name = "排放口"
        ordering = ["code"]


class Facility(Entity):
    """A production or treatment facility (设施) of its parent, an enterprise: MF####, TA###, TW### (HJ 608)."""

    KIND = "facility"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_facility"
    )

    class Role(models.TextChoices):
        PRODUCTION = "production", "生产设施"
        TREATMENT = "treatment", "治理设施"

    number = models.CharField("设施编号", max_length=12, blank=True)
    role = models.CharField("设施类别", max_length=12, choices=Role.choices)
    process = models.CharField("工艺", max_length=80, blank=True)
    capacity = models.CharField("设计能力", max_length=60, blank=True)
    # What campaigns go by: so many machines, so much of the material that matters (paint, solvent) a year.
    machines = models.PositiveIntegerField("台（套）数", null=True, blank=True)
    yearly_use = models.FloatField("原辅料年用量 吨", null=True, blank=True)

    class Meta:
        verbose_name = "设施"
        ordering = ["code"]


class Road(Entity):
    """A road (道路): its geometry is a LineString, or several. What is driven and swept is matched to it."""

    KIND = "road"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_road"
    )

    class Grade(models.TextChoices):
        NATIONAL = "national", "国道"
        PROVINCE = "province", "省道"
        COUNTY = "county", "县道"
        TOWN = "town", "乡村道路"
        STREET = "street", "城市道路"

    number = models.CharField("路线编号", max_length=20, blank=True)
    grade = models.CharField("道路等级", max_length=10, choices=Grade.choices, blank=True)
    length_km = models.FloatField("长度 km", null=True, blank=True)

    class Meta:
        verbose_name = "道路"
        ordering = ["code"]


class River(Entity):
    """A river with its direction: its geometry is a LineString drawn downstream."""

    KIND = "river"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_river"
    )
    flows_into = models.ForeignKey(
        "self", verbose_name="汇入河流", on_delete=models.SET_NULL, null=True, blank=True
    )
    # Where it joins the river it flows into, measured along that river from its head.
    joins_at_km = models.FloatField("汇入位置 km", null=True, blank=True)
    length_km = models.FloatField("长度 km", null=True, blank=True)

    class Meta:
        verbose_name = "河流"
        ordering = ["code"]


class Section(Entity):
    """A monitored cross-section of a river (断面), placed by distance from the river's head."""

    KIND = "section"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_section"
    )
    river = models.ForeignKey(
        River, verbose_name="河流", on_delete=models.PROTECT, related_name="sections"
    )
    chainage_km = models.FloatField("距河源 km")
    target_class = models.PositiveSmallIntegerField(
        "水质目标", choices=list(enumerate((f"{name}类" for name in TARGETS), 1)), default=3
    )
    level = models.CharField("级别", max_length=10, default="县控")
    is_lake = models.BooleanField("湖库", default=False)
    upstream_area_code = AreaCodeField("上游属地", blank=True)
    downstream_area_code = AreaCodeField("下游属地", blank=True)

    class Meta:
        verbose_name = "断面"
        ordering = ["code"]


class Station(Entity):
    """An automatic monitoring station (自动监测站)."""

    KIND = "station"
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
        Section,
        verbose_name="断面",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="stations",
    )
    operator = models.CharField("运维单位", max_length=60, blank=True)

    class Meta:
        verbose_name = "自动监测站"
        ordering = ["code"]


# -- what is known of a thing, with dates -----------------------------------------------------------


class Identifier(models.Model):
    """A number the entity carries in another system, as long as it was valid. Written, never re-created."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField("编码体系", max_length=30)
    value = models.CharField("编码", max_length=120, db_index=True)
    # Further sites of one firm share its number; they are told apart here, the first being 0.
    site = models.PositiveSmallIntegerField("场所序号", default=0)
    since = models.DateField("起用日期", null=True, blank=True)
    until = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "编码"
        ordering = ["scheme", "value", models.F("since").asc(nulls_first=True)]
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "value", "site"],
                condition=models.Q(until__isnull=True),
                name="a_valid_number_is_one_things",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


class EntityState(models.Model):
    """What the entity's fields said from ``since`` to ``until``; none is kept before the first change."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="states")
    since = models.DateField("起", null=True, blank=True)
    until = models.DateField("止", null=True, blank=True)
    values = JSONInOrder("内容", default=dict, encoder=DjangoJSONEncoder)
    by = models.ForeignKey(
        Person, verbose_name="登记人", null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("登记时间", default=timezone.now)
    # Where it was learned: a document, an import, a declaration.
    source = models.CharField("依据", max_length=200, blank=True)

    class Meta:
        verbose_name = "历史状态"
        ordering = ["entity_id", "id"]
        indexes = [models.Index(fields=["entity", "since"], name="state_of_entity")]

    def __str__(self) -> str:
        return f"{self.entity} {self.since or ''}–{self.until or ''}"


class Succession(models.Model):
    """That one thing became another, or stayed itself under another name or at another place."""

    class How(models.TextChoices):
        RENAMED = "renamed", "更名"
        MOVED = "moved", "迁移"
        MERGED = "merged", "合并"
        SPLIT = "split", "分立"

    old = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="successors")
    new = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="predecessors")
    on = models.DateField("日期")
    how = models.CharField("方式", max_length=10, choices=How.choices)
    note = models.CharField("依据", max_length=200, blank=True)
    # {"before": {...}, "after": {...}} of the entity's own fields; of a merger or split also
    # "moved": [[model, field, [ids]]] and "ended": {...}, from which it is undone.
    details = JSONInOrder("内容", default=dict, encoder=DjangoJSONEncoder)
    by = models.ForeignKey(
        Person, verbose_name="登记人", null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("登记时间", default=timezone.now)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "沿革"
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.old} {self.get_how_display()} {self.new} {self.on}"


class Charge(models.Model):
    """Who answers for an entity (责任人): a river, section, pipe, station chief and the like."""

    class Level(models.TextChoices):
        CITY = "city", "市级"
        COUNTY = "county", "县级"
        TOWN = "town", "镇级"
        VILLAGE = "village", "村级"

    entity = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.CASCADE, related_name="charges"
    )
    # A key of ``entities.charges.ROLES``.
    role = models.CharField("责任", max_length=20, db_index=True)
    level = models.CharField("级别", max_length=10, choices=Level.choices, blank=True)
    person = models.ForeignKey(
        Person,
        verbose_name="责任人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="charges",
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name="责任单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="charges",
    )
    # A chief who does not sign in has a name and a telephone number here.
    name = models.CharField("姓名", max_length=60, blank=True)
    post = models.CharField("职务", max_length=60, blank=True)
    phone = models.CharField("电话", max_length=20, blank=True)
    since = models.DateField("任职起", null=True, blank=True)
    until = models.DateField("任职止", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)

    class Meta:
        verbose_name = "责任人"
        ordering = ["entity_id", "role", "level", models.F("since").asc(nulls_first=True), "id"]
        indexes = [models.Index(fields=["person", "until"], name="charges_of_person")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=False)
                | models.Q(organisation__isnull=False)
                | ~models.Q(name=""),
                name="a_charge_names_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.who}"

    @property
    def who(self) -> str:
        """Name of whoever answers."""
        if self.person is not None:
            return str(self.person)
        return self.name or str(self.organisation or "")


def _measure(value: Any) -> float | None:
    return None if value is None else float(value)


class Relation(models.Model):
    """What ``a`` has to do with ``b``: discharges into it, is a member of it, lies upstream of it."""

    a = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="relations")
    b = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="related_from")
    # A key of ``entities.relations.KINDS``.
    kind = models.CharField("关系", max_length=20, db_index=True)
    since = models.DateField("起", null=True, blank=True)
    until = models.DateField("止", null=True, blank=True)
    # What the kind measures, such as the travel time of water in hours.
    values = JSONInOrder("内容", default=dict, blank=True)

    class Meta:
        verbose_name = "关系"
        ordering = ["id"]
        indexes = [models.Index(fields=["b", "kind"], name="relation_to")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(a=models.F("b")), name="a_relation_has_two_ends"
            )
        ]

    def __str__(self) -> str:
        return f"{self.a} {self.kind} {self.b}"

    @property
    def distance_km(self) -> float | None:
        """How far it is from ``a`` to ``b``."""
        return _measure(self.values.get("distance_km"))

    @property
    def travel_hours(self) -> float | None:
        """How long water takes from ``a`` to ``b``."""
        return _measure(self.values.get("travel_hours"))
