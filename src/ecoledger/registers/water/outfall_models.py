"""The models of outfalls into rivers and of black and odorous waters."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ecoledger.books.models import LogEntry
from ecoledger.entities.models import Enterprise, Entity, River
from ecoledger.listings import own_data
from ecoledger.matters.models import Matter

POSITIVE = [MinValueValidator(0)]


class Mouth(models.TextChoices):
    """How an outfall comes into its water (入河方式)."""

    CHANNEL = "channel", "明渠"
    PIPE = "pipe", "管道"
    PUMP = "pump", "泵站"
    SLUICE = "sluice", "涵闸"
    CULVERT = "culvert", "箱涵"
    OTHER = "other", "其他"


class RiverOutfall(Entity):
    """A place where sewage comes into a river, suspected or confirmed (入河排污口)."""

    KIND = "river_outfall"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_river_outfall"
    )

    class Standing(models.TextChoices):
        SUSPECTED = "suspected", "疑似"
        CONFIRMED = "confirmed", "确认"
        NONE = "none", "非排口"

    class Rhythm(models.TextChoices):
        STEADY = "steady", "连续排放"
        AT_TIMES = "at_times", "间歇排放"
        RAIN = "rain", "仅雨天出水"
        DRY = "dry", "无水"

    river = models.ForeignKey(
        River, verbose_name="受纳水体", on_delete=models.PROTECT, null=True, related_name="outfalls"
    )
    standing = models.CharField(
        "排查结论", max_length=10, choices=Standing.choices, default=Standing.SUSPECTED
    )
    outfall_code = models.CharField("排污口编码", max_length=40, blank=True, db_index=True)
    outfall_class = models.CharField("排污口类型", max_length=8, blank=True, db_index=True)
    mouth = models.CharField("入河方式", max_length=10, choices=Mouth.choices, blank=True)
    rhythm = models.CharField("排放规律", max_length=10, choices=Rhythm.choices, blank=True)
    dry_flow = models.BooleanField("晴天出水", null=True, blank=True)
    diameter_mm = models.PositiveIntegerField("管径 mm", null=True, blank=True)
    firm = models.ForeignKey(
        Enterprise, verbose_name="排污单位", on_delete=models.PROTECT, null=True, blank=True,
        related_name="river_outfalls",
    )  # fmt: skip
    liable = models.CharField("责任主体", max_length=120, blank=True)
    department = models.CharField("行业主管部门", max_length=80, blank=True)
    approval_no = models.CharField("审批（登记）文号", max_length=80, blank=True)

    class Meta:
        verbose_name = "入河排污口"

    @property
    def known_class(self) -> dict[str, str]:
        """Its class of HJ 1312 as the bureau's list has it; empty while nobody said one."""
        rows = own_data.read(__package__, "outfalls")["class"]
        return next((row for row in rows if row["key"] == self.outfall_class), {})

    @property
    def class_path(self) -> str:
        """First and second level of its class."""
        row = self.known_class
        return "／".join(dict.fromkeys(filter(None, (row.get("first"), row.get("second")))))

    @property
    def setting(self) -> str:
        """How such an outfall is set up: approved or registered."""
        return self.known_class.get("setting", "")

    @property
    def class_mark(self) -> str:
        """What the class and the way of setting it up are known from."""
        return self.known_class.get("mark", "")


class OutfallWork(Matter):
    """One outfall on its way: looked for, tested, traced, rectified (查测溯治)."""

    class Way(models.TextChoices):
        PAPERS = "papers", "资料溯源"
        PIPES = "pipes", "管线溯源"
        TRACER = "tracer", "示踪溯源"
        VIDEO = "video", "视频溯源"
        MIXED = "mixed", "综合溯源"

    class Rectify(models.TextChoices):
        BAN = "ban", "依法取缔"
        MERGE = "merge", "清理合并"
        STANDARD = "standard", "规范整治"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_outfall_work"
    )
    river = models.ForeignKey(
        River, verbose_name="受纳水体", on_delete=models.PROTECT, null=True, blank=True,
        related_name="outfall_works",
    )  # fmt: skip
    # 查
    surveyed_on = models.DateField("排查日期", null=True, blank=True)
    outfall_class = models.CharField("排污口类型", max_length=8, blank=True, db_index=True)
    mouth = models.CharField("入河方式", max_length=10, choices=Mouth.choices, blank=True)
    rhythm = models.CharField(
        "排放状况", max_length=10, choices=RiverOutfall.Rhythm.choices, blank=True
    )
    dry_flow = models.BooleanField("晴天出水", null=True, blank=True)
    surroundings = models.CharField("周边环境", max_length=200, blank=True)
    sources = models.CharField("污水疑似来源", max_length=200, blank=True)
    sampleable = models.BooleanField("具备采样条件", null=True, blank=True)
    quick_cod = models.DecimalField("快检化学需氧量 mg/L", max_digits=8, decimal_places=1, null=True,
                                    blank=True, validators=POSITIVE)  # fmt: skip
    quick_ammonia = models.DecimalField("快检氨氮 mg/L", max_digits=8, decimal_places=2, null=True,
                                        blank=True, validators=POSITIVE)  # fmt: skip
    quick_phosphorus = models.DecimalField("快检总磷 mg/L", max_digits=8, decimal_places=3, null=True,
                                           blank=True, validators=POSITIVE)  # fmt: skip
    quick_ph = models.DecimalField("快检 pH", max_digits=4, decimal_places=1, null=True, blank=True,
                                   validators=[*POSITIVE, MaxValueValidator(14)])  # fmt: skip
    flow = models.DecimalField("流量 m³/d", max_digits=10, decimal_places=1, null=True, blank=True,
                               validators=POSITIVE)  # fmt: skip
    # 测
    monitored_on = models.DateField("监测日期", null=True, blank=True, db_index=True)
    report_no = models.CharField("监测报告编号", max_length=60, blank=True)
    exceeds = models.BooleanField("监测超标", null=True, blank=True)
    found = models.TextField("监测结果", blank=True)
    # 溯
    trace_by = models.DateField("监测溯源时限", null=True, blank=True)
    traced_on = models.DateField("溯源日期", null=True, blank=True, db_index=True)
    trace_way = models.CharField("溯源方式", max_length=10, choices=Way.choices, blank=True)
    liable = models.CharField("责任主体", max_length=120, blank=True)
    department = models.CharField("行业主管部门", max_length=80, blank=True)
    traced = models.TextField("溯源结论", blank=True)
    # 治
    rectify = models.CharField(
        "整治类型", max_length=10, choices=Rectify.choices, blank=True, db_index=True
    )
    measures = models.TextField("整治措施", blank=True)
    deadline = models.DateField("整治时限", null=True, blank=True, db_index=True)
    progress = models.PositiveSmallIntegerField(
        "进度 %", default=0, validators=[MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = "排污口查测溯治"


class OutfallSetting(Matter):
    """An outfall that somebody wants to set up: approved or registered before it is (部令第35号)."""

    class Sort(models.TextChoices):
        NEW = "new", "新设"
        CHANGED = "changed", "改设"
        LARGER = "larger", "扩大"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_outfall_setting"
    )
    sort = models.CharField("设置类型", max_length=10, choices=Sort.choices, default=Sort.NEW)
    outfall_class = models.CharField("排污口类型", max_length=8)
    river = models.ForeignKey(
        River, verbose_name="受纳水体", on_delete=models.PROTECT, related_name="outfall_settings"
    )
    mouth = models.CharField("入河方式", max_length=10, choices=Mouth.choices, blank=True)
    daily_m3 = models.DecimalField("设计日排污量 m³/d", max_digits=12, decimal_places=1, null=True,
                                   blank=True, validators=POSITIVE)  # fmt: skip
    limits = models.TextField("排放要求", blank=True)
    opinion = models.TextField("论证（审查）意见", blank=True)
    approval_no = models.CharField("审批（登记）文号", max_length=80, blank=True)
    liable = models.CharField("责任主体", max_length=120)
    outfall = models.ForeignKey(
        RiverOutfall, verbose_name="排污口", on_delete=models.PROTECT, null=True, blank=True,
        related_name="settings", help_text="改设、扩大的填原排污口；新设的决定后自动建档",
    )  # fmt: skip

    class Meta:
        verbose_name = "入河排污口设置"

    @property
    def setting(self) -> str:
        """审批 or 登记, by the class."""
        return RiverOutfall(outfall_class=self.outfall_class).setting


class BlackWater(Entity):
    """A water that is or was black and odorous (黑臭水体)."""

    KIND = "black_water"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_black_water"
    )

    class Sort(models.TextChoices):
        URBAN = "urban", "城市黑臭水体"
        RURAL = "rural", "农村黑臭水体"

    class Form(models.TextChoices):
        POND = "pond", "塘"
        DITCH = "ditch", "沟渠"
        RIVER = "river", "河"
        LAKE = "lake", "湖"

    class ListLevel(models.TextChoices):
        NATIONAL = "national", "国家清单"
        PROVINCE = "province", "省级清单"
        CITY = "city", "市县清单"

    class Standing(models.TextChoices):
        BLACK = "black", "黑臭"
        TREATING = "treating", "治理中"
        GONE = "gone", "已消除"
        BACK = "back", "返黑返臭"

    sort = models.CharField("类别", max_length=10, choices=Sort.choices)
    form = models.CharField("水体形态", max_length=10, choices=Form.choices, blank=True)
    list_level = models.CharField("清单级别", max_length=10, choices=ListLevel.choices, blank=True)
    standing = models.CharField(
        "水体状况", max_length=10, choices=Standing.choices, default=Standing.BLACK
    )
    length_m = models.DecimalField("长度 m", max_digits=10, decimal_places=1, null=True, blank=True)
    size_m2 = models.DecimalField("面积 ㎡", max_digits=12, decimal_places=1, null=True, blank=True)
    depth_cm = models.DecimalField("水深 cm", max_digits=8, decimal_places=1, null=True, blank=True)
    cause = models.CharField("成因", max_length=200, blank=True)
    keeper = models.CharField("长效管护责任人", max_length=80, blank=True)
    gone_on = models.DateField("消除日期", null=True, blank=True)
    back_on = models.DateField("返黑返臭日期", null=True, blank=True)

    class Meta:
        verbose_name = "黑臭水体"


class BlackWaterTest(LogEntry):
    """One test of a water at one place, judged by the limits of its kind."""

    class Stage(models.TextChoices):
        BEFORE = "before", "治理前"
        AFTER = "after", "治理后"
        WATCH = "watch", "巡查监测"

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_black_water_test"
    )
    stage = models.CharField("阶段", max_length=10, choices=Stage.choices)
    place = models.CharField("监测位置", max_length=80, blank=True)
    clarity_cm = models.DecimalField("透明度 cm", max_digits=6, decimal_places=1, null=True, blank=True,
                                     validators=POSITIVE)  # fmt: skip
    depth_cm = models.DecimalField("水深 cm", max_digits=6, decimal_places=1, null=True, blank=True,
                                   validators=POSITIVE)  # fmt: skip
    oxygen = models.DecimalField("溶解氧 mg/L", max_digits=6, decimal_places=2, null=True, blank=True,
                                 validators=POSITIVE)  # fmt: skip
    orp_mv = models.DecimalField(
        "氧化还原电位 mV", max_digits=6, decimal_places=1, null=True, blank=True
    )
    ammonia = models.DecimalField("氨氮 mg/L", max_digits=8, decimal_places=2, null=True, blank=True,
                                  validators=POSITIVE)  # fmt: skip
    grade = models.CharField("判定", max_length=10, blank=True, editable=False)
    grounds = models.CharField("判定依据", max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = "黑臭水体监测"


class BlackWaterWork(Matter):
    """The treatment of one black and odorous water, to its end and after it."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_black_water_work"
    )
    year = models.PositiveSmallIntegerField("计划年度", null=True, blank=True, db_index=True)
    measures = models.TextField("治理措施", blank=True)
    investment = models.DecimalField("投资 万元", max_digits=12, decimal_places=2, null=True, blank=True,
                                     validators=POSITIVE)  # fmt: skip
    deadline = models.DateField("完成时限", null=True, blank=True)
    progress = models.PositiveSmallIntegerField(
        "进度 %", default=0, validators=[MaxValueValidator(100)]
    )
    satisfaction = models.DecimalField("公众满意度 %", max_digits=4, decimal_places=1, null=True, blank=True,
                                       validators=[*POSITIVE, MaxValueValidator(100)])  # fmt: skip

    class Meta:
        verbose_name = "黑臭水体治理"
