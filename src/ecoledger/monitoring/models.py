"""What is measured where, what silences it, and the alarms that follow."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from ecoledger.accounts.fields import AreaCodeField, EntityCodeField
from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.entities.models import Entity
from ecoledger.monitoring.points import parameters
from ecoledger.standards.rounding import plainly


class Point(models.Model):
    """A monitoring point (监测点): the thing observations attach to. Its ``id`` is the store's ``point``."""

    class Kind(models.TextChoices):
        AIR = "air", "环境空气"
        WATER = "water", "地表水"
        FLUE_GAS = "flue_gas", "废气排放"
        WASTEWATER = "wastewater", "废水排放"
        POWER = "power", "用电监控"
        NOISE = "noise", "声环境"
        WEATHER = "weather", "气象"
        # A building site's dust, a kitchen's fumes, a filling station's vapour.
        SITE = "site", "扬尘油烟油气"
        # What is computed for a whole division, such as a city's AQI; it has no device and no entity.
        AREA = "area", "行政区"

    class PowerRole(models.TextChoices):
        PRODUCTION = "production", "产污设施"
        TREATMENT = "treatment", "治污设施"

    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="points", null=True, blank=True
    )
    kind = models.CharField("类别", max_length=12, choices=Kind.choices, db_index=True)
    name = models.CharField("名称", max_length=120)
    area_code = AreaCodeField()
    # Code of the enterprise that owns the point, for the enterprise's own view; empty for ambient points.
    owner_code = EntityCodeField("所属企业编码")
    mn = models.CharField("设备唯一标识 MN", max_length=24, null=True, blank=True, unique=True)
    password = models.CharField("访问密码", max_length=6, blank=True)
    sm4_key = models.CharField("SM4 密钥", max_length=32, blank=True)
    # What a power meter (用电监控) measures; meters of one enterprise with the same line belong together.
    power_role = models.CharField(
        "用电设施类别", max_length=12, choices=PowerRole.choices, blank=True
    )
    line = models.CharField("生产线", max_length=40, blank=True)
    enabled = models.BooleanField("启用", default=True)
    # From this day on it counts nowhere: what it measured before stays counted.
    stopped_on = models.DateField("停用日期", null=True, blank=True, editable=False)
    synthetic = models.BooleanField("合成数据", default=False)

    class Meta:
        verbose_name = "监测点"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="area") | models.Q(entity__isnull=False),
                name="only_an_area_point_has_no_entity",
            ),
            models.UniqueConstraint(
                fields=["area_code"],
                condition=models.Q(kind="area"),
                name="one_area_point_per_area",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def parameter_names(self) -> str:
        """The parameters as lists write them."""
        return "、".join(row.name for row in self.parameters.all()) if self.pk else ""


class PointParameter(models.Model):
    """One parameter a point reports: how often, in which unit. Its limits have dates: :class:`Limit`."""

    point = models.ForeignKey(Point, on_delete=models.CASCADE, related_name="parameters")
    code = models.CharField("因子编码", max_length=20)
    name = models.CharField("因子", max_length=40)
    unit = models.CharField("单位", max_length=20, blank=True)
    decimals = models.PositiveSmallIntegerField("小数位", default=1)
    # The shortest period the device reports on its own; what "missing" is measured against.
    interval_seconds = models.PositiveIntegerField("上报周期 s", default=3600)
    # The unit this device sends in, where it differs from what its kind of device sends
    # (monitoring/data/parameters.csv); ingest converts at the border.
    device_unit = models.CharField("设备上传单位", max_length=20, blank=True)
    # Outside these the automatic check flags a value; null takes the catalogue's range.
    range_from = models.FloatField("量程下限", null=True, blank=True)
    range_to = models.FloatField("量程上限", null=True, blank=True)
    # A power meter above this counts as running.
    running_above = models.FloatField("运行判定阈值", null=True, blank=True)

    class Meta:
        verbose_name = "监测点因子"
        unique_together = [("point", "code")]
        ordering = ["point_id", "id"]

    def __str__(self) -> str:
        return f"{self.point} {self.name}"


class Limit(models.Model):
    """What a parameter has to keep from ``since`` to ``until`` (both included): of an outlet, by its permit,
    or of one point. The date of the data chooses it, as it chooses the edition of a standard.
    """

    class Basis(models.TextChoices):
        HOUR = "hour", "小时均值"
        DAY = "day", "日均值"

    entity = models.ForeignKey(
        Entity,
        verbose_name="排放口",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="limits",
    )
    point = models.ForeignKey(
        Point,
        verbose_name="监测点",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="limits",
    )
    parameter = models.CharField("因子编码", max_length=20)
    value = models.DecimalField("限值", max_digits=12, decimal_places=5, null=True, blank=True)
    lower = models.DecimalField("下限", max_digits=12, decimal_places=5, null=True, blank=True)
    unit = models.CharField("单位", max_length=20, blank=True)
    basis = models.CharField("判定依据", max_length=10, choices=Basis.choices)
    standard = models.CharField("执行标准", max_length=80, blank=True)
    converted = models.BooleanField("按折算值判定", default=False)
    since = models.DateField("起", null=True, blank=True)
    until = models.DateField("止", null=True, blank=True)

    class Meta:
        verbose_name = "限值"
        ordering = ["parameter", "basis", models.F("since").asc(nulls_first=True), "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(entity__isnull=True) ^ models.Q(point__isnull=True),
                name="a_limit_is_of_an_outlet_or_a_point",
            ),
            models.CheckConstraint(
                condition=models.Q(value__isnull=False) | models.Q(lower__isnull=False),
                name="a_limit_has_a_value",
            ),
        ]

    def __str__(self) -> str:
        low = "" if self.lower is None else f"{plainly(self.lower)}–"
        high = "" if self.value is None else plainly(self.value)
        return f"{self.factor} {low}{high} {self.unit}".strip()

    @property
    def factor(self) -> str:
        """What the parameter is called; those of water and of air have codes of their own."""
        kind = Point.Kind.WASTEWATER if self.parameter.startswith("w") else Point.Kind.FLUE_GAS
        return parameters.label(self.parameter, kind)


class Filing(models.Model):
    """A filed shutdown, maintenance or fault (停运、维护、故障申报): silences alarms, and is itself on record."""

    class Kind(models.TextChoices):
        SHUTDOWN = "shutdown", "停产停运"
        MAINTENANCE = "maintenance", "设备维护"
        FAULT = "fault", "设备故障"

    class Decision(models.TextChoices):
        NONE = "", "无需核定"
        WAITING = "waiting", "待确认"
        AGREED = "agreed", "已确认"
        REFUSED = "refused", "不予确认"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="filings")
    point = models.ForeignKey(Point, on_delete=models.PROTECT, null=True, blank=True)
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    begin = models.DateTimeField("开始")
    end = models.DateTimeField("结束", null=True, blank=True)
    reason = models.CharField("原因", max_length=300)
    filed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField("申报时间", default=timezone.now)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    # Filed by the enterprise after it began, or while an alarm was open: silences nothing until the bureau agrees.
    after_the_fact = models.BooleanField("事后申报", default=False)
    during_alarm = models.BooleanField("预警中申报", default=False)
    decision = models.CharField(
        "核定", max_length=10, choices=Decision.choices, blank=True, default=""
    )
    decided_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("核定时间", null=True, blank=True)
    decision_reason = models.CharField("核定说明", max_length=300, blank=True)
    # Ended earlier than it said: when somebody did so, and who.
    ended_at = models.DateTimeField("提前结束时间", null=True, blank=True)
    ended_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    area_code = AreaCodeField()

    class Meta:
        verbose_name = "停运申报"

    def __str__(self) -> str:
        return f"{self.entity} {self.get_kind_display()}"

    class Standing(models.TextChoices):
        """How it stands now."""

        WITHDRAWN = "withdrawn", "已撤回"
        WAITING = "waiting", "待确认"
        REFUSED = "refused", "不予确认"
        ENDED = "ended", "已结束"
        COMING = "coming", "未开始"
        RUNNING = "running", "正在生效"

    @property
    def standing(self) -> str:
        now = timezone.now()
        if self.withdrawn_at is not None:
            return Filing.Standing.WITHDRAWN
        if not self.silences:
            return Filing.Standing(self.decision)
        if self.end is not None and self.end < now:
            return Filing.Standing.ENDED
        return Filing.Standing.COMING if self.begin > now else Filing.Standing.RUNNING

    @property
    def silences(self) -> bool:
        """Whether it holds: not taken back, and agreed to where that was needed."""
        return self.withdrawn_at is None and self.decision in ("", Filing.Decision.AGREED)

    @classmethod
    def silencing(cls) -> models.Q:
        """Condition on the filings that hold."""
        return models.Q(withdrawn_at=None, decision__in=("", Filing.Decision.AGREED))


class PeriodReview(models.Model):
    """One review of all values of a period (时段审核): who flagged what as what and why, and whether it was undone."""

    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="period_reviews")
    parameters = models.JSONField("因子", default=list)
    begin = models.DateTimeField("起")
    end = models.DateTimeField("止")
    flag = models.CharField("标记", max_length=2)
    reason = models.CharField("理由", max_length=300)
    values = models.PositiveIntegerField("数据条数")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=timezone.now)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")

    point_id: int

    class Meta:
        verbose_name = "时段审核"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.point} {self.begin:%Y-%m-%d %H:%M}"

    @property
    def rule(self) -> str:
        """How its rows on the review layer are marked."""
        return f"period-review {self.pk}"


class AlarmRule(models.Model):
    """One alarm rule of the bureau's profile: a detector and its numbers. Editing makes a new version."""

    class Detector(models.TextChoices):
        EXCEEDANCE = "exceedance", "超标"
        NEAR_LIMIT = "near_limit", "贴限排放"
        MISSING = "missing", "数据缺失"
        CONSTANT = "constant", "恒值"
        FLAT = "flat", "过于平滑"
        SUDDEN = "sudden", "突变"
        TREND = "trend", "渐变"
        PH_JUMP = "ph_jump", "pH突变"
        DILUTION = "dilution", "稀释排放"
        CONSISTENCY = "consistency", "排放差距异常"
        BYPASS = "bypass", "旁路排放"
        MARKED_STOP = "marked_stop", "标停未停"
        NO_TREATMENT = "no_treatment", "产污未治污"
        STOP_IGNORED = "stop_ignored", "停产期间生产"
        DATA_QUALITY = "data_quality", "数据质量"
        NEIGHBOURS = "neighbours", "高于周边"
        LOW_VS_NEIGHBOURS = "low_vs_neighbours", "低于周边"
        DRIFT = "drift", "漂移"
        DOWNSTREAM = "downstream", "沿河下移"

    # Of a rule that came with the profile or the product, so that loading it twice changes nothing.
    code = models.CharField("规则编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    detector = models.CharField("类型", max_length=20, choices=Detector.choices)
    kind = models.CharField("监测点类别", max_length=12, choices=Point.Kind.choices)
    parameters = models.JSONField("因子", default=list, blank=True)
    settings = JSONInOrder("参数", default=dict, blank=True)
    level = models.CharField("默认等级", max_length=10, default="blue")
    enabled = models.BooleanField("启用", default=True)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta:
        verbose_name = "预警规则"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Alarm(models.Model):
    """One stretch of trouble at one point: repeats join it, hysteresis ends it."""

    class Level(models.TextChoices):
        BLUE = "blue", "蓝色"
        YELLOW = "yellow", "黄色"
        ORANGE = "orange", "橙色"
        RED = "red", "红色"

    class State(models.TextChoices):
        OPEN = "open", "持续中"
        ENDED = "ended", "已恢复"
        SILENCED = "silenced", "静默"
        MERGED = "merged", "并入"

    # From mild to severe, for lists that show the worst first.
    severity = models.GeneratedField(
        expression=models.Case(
            models.When(level="red", then=models.Value(3)),
            models.When(level="orange", then=models.Value(2)),
            models.When(level="yellow", then=models.Value(1)),
            default=models.Value(0),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
        verbose_name="轻重",
    )

    # What nobody was told of on its own.
    QUIET = (State.SILENCED, State.MERGED)

    rule = models.ForeignKey(AlarmRule, on_delete=models.PROTECT, related_name="alarms")
    rule_version = models.PositiveIntegerField(default=1)
    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="alarms")
    parameter = models.CharField("因子编码", max_length=20)
    area_code = AreaCodeField()
    owner_code = EntityCodeField("所属企业编码")
    level = models.CharField("等级", max_length=10, choices=Level.choices)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    begin = models.DateTimeField("开始", db_index=True)
    last = models.DateTimeField("最近一次")
    end = models.DateTimeField("恢复", null=True, blank=True)
    occurrences = models.PositiveIntegerField("次数", default=1)
    value = models.FloatField("最近值", null=True)
    peak = models.FloatField("最大值", null=True)
    limit = models.FloatField("限值", null=True)
    times_over = models.FloatField("最大超标倍数", null=True)
    count_30d = models.PositiveIntegerField("近30日次数", default=0)
    text = models.TextField("内容")
    evidence = JSONInOrder("证据", default=dict)
    filing = models.ForeignKey(Filing, on_delete=models.SET_NULL, null=True, blank=True)
    # Why it was raised, silenced or merged, in words.
    why = models.CharField("缘由", max_length=300, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="absorbed"
    )
    raised_at = models.DateTimeField("产生时间", default=timezone.now)

    class Meta:
        verbose_name = "预警"
        ordering = ["-begin"]
        indexes = [
            models.Index(fields=["point", "begin"]),
            models.Index(fields=["state", "begin"]),
            models.Index(fields=["-severity", "-last", "-id"], name="alarm_worst_first"),
            models.Index(
                fields=["state", "-severity", "-last", "-id"], name="alarm_state_worst_first"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "point", "parameter"],
                condition=models.Q(state="open"),
                name="one_open_alarm_per_rule_point_parameter",
            )
        ]

    def __str__(self) -> str:
        return self.text


class Rewrite(models.Model):
    """A value that a device had reported and reported anew, long after (历史数据改写)."""

    received_at = models.DateTimeField("收到时间", default=timezone.now, db_index=True)
    point = models.ForeignKey(
        Point, verbose_name="监测点", on_delete=models.PROTECT, related_name="rewrites"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    parameter = models.CharField("因子", max_length=40)
    series = models.CharField("数据类型", max_length=10)
    # China standard time, as observations carry it.
    start = models.CharField("数据时间", max_length=19)
    before = models.FloatField("原上报值")
    after = models.FloatField("新上报值")
    waits = models.BooleanField("待人工放行", default=False)

    class Meta:
        verbose_name = "历史数据改写"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.point} {self.parameter} {self.start}"


class Dismissal(models.Model):
    """Frames put aside that need nothing more: those of one device with one reason, and why nobody waits for them."""

    class Why(models.TextChoices):
        STRANGER = "stranger", "不属本局的设备"
        TRIAL = "trial", "联网调试的试验报文"
        MENDED = "mended", "原因已消除，数据已另行补报"
        KNOWN = "known", "停用或拆除的设备"
        OTHER = "other", "其他"

    mn = models.TextField("MN", blank=True)
    reason = models.TextField("隔离原因", blank=True)
    # The last frame it speaks of; none: those that are still to come as well.
    through = models.BigIntegerField(null=True, blank=True)
    why = models.CharField("处理结论", max_length=10, choices=Why.choices)
    note = models.CharField("说明", max_length=300, blank=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "隔离处理"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.mn or '—'} {self.get_why_display()}"


class ImportBatch(models.Model):
    """One file of observations brought in by a person; undone as a whole."""

    file_name = models.CharField("文件名", max_length=200)
    digest = models.CharField("文件摘要", max_length=64)
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField("导入时间", default=timezone.now)
    layout = models.CharField("版式", max_length=10)
    rows_total = models.PositiveIntegerField("数据行数", default=0)
    rows_stored = models.PositiveIntegerField("入库行数", default=0)
    observations = models.PositiveIntegerField("入库观测数", default=0)
    errors = JSONInOrder("行级错误", default=list)
    # What it covered, so that undoing reads only that.
    points = models.JSONField(default=list)
    parameters = models.JSONField(default=list)
    series = models.CharField(max_length=20)
    begin = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    # Numbers of its frames, as [first, last] a chunk; frames of devices may lie between the chunks.
    frame_ranges = models.JSONField(default=list)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "数据导入批次"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.file_name} {self.at:%Y-%m-%d %H:%M}"
