"""Values of indicators as they were computed, revision by revision, and what has been touched since."""

from __future__ import annotations

from django.db import models

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.matters.models import Matter
from ecoledger.registers.plan.target_book import PlanTarget


class IndicatorValue(models.Model):
    """One indicator's figure for an area and the days ``begin <= day < end``.

    Never changed: a value that comes out differently is a further ``revision``, so that a document can
    show what it was issued with beside what is true today. ``inputs_up_to``: records that came later
    than this had no part in it. ``stale``: something it was made from has changed since.
    """

    indicator = models.CharField("指标", max_length=80)
    area_code = AreaCodeField()
    begin = models.DateField("起")
    end = models.DateField("止（不含）")
    revision = models.PositiveIntegerField("版次", default=1)
    current = models.BooleanField("现行", default=True)
    stale = models.BooleanField("待重算", default=False)
    touched_by = models.CharField("数据来源", max_length=60)
    label = models.CharField("名称", max_length=120)
    # Exact fractions as "numerator/denominator", so that nothing is lost to a float.
    value = models.CharField("数值", max_length=200, blank=True)
    numerator = models.CharField("分子", max_length=60, blank=True)
    denominator = models.CharField("分母", max_length=60, blank=True)
    display = models.CharField("显示", max_length=80)
    unit = models.CharField("单位", max_length=40, blank=True)
    decimals = models.PositiveSmallIntegerField("小数位", default=0)
    standard = models.CharField("依据", max_length=200, blank=True)
    judged = models.BooleanField("按限值评价", default=False)
    missing = models.CharField("缺值原因", max_length=200, blank=True)
    records = JSONInOrder("记录", default=dict)
    computed_at = models.DateTimeField("计算时间")
    inputs_up_to = models.DateTimeField("数据截至")

    class Meta:
        verbose_name = verbose_name_plural = "指标值"
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "area_code", "begin", "end", "revision"],
                name="one_revision_of_an_indicator_value",
            ),
        ]
        indexes = [
            models.Index(fields=["stale", "current"], name="indicator_values_to_do"),
            models.Index(fields=["touched_by", "begin", "end"], name="indicator_values_touched"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.area_code} {self.begin} – {self.end}: {self.display}"


class Touched(models.Model):
    """Records of one kind that changed for a division on the days ``begin <= day < end``.

    Kept for as long as a computation may run, so that a change during it is not lost.
    """

    touched_by = models.CharField(max_length=60)
    area_code = AreaCodeField()
    begin = models.DateField()
    end = models.DateField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "变动区间"

    def __str__(self) -> str:
        return f"{self.touched_by} {self.area_code} {self.begin} – {self.end}"


class PlanText(models.Model):
    """A plan or summary as it was read: the text that the spans of its items count in."""

    name = models.CharField("名称", max_length=200)
    area_code = AreaCodeField()
    year = models.PositiveSmallIntegerField("年度")
    text = models.TextField("原文")
    sha256 = models.CharField(max_length=64)
    taken_in_by = models.ForeignKey(
        Person, verbose_name="导入人", null=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_in_at = models.DateTimeField("导入时间")

    class Meta:
        verbose_name = verbose_name_plural = "计划文本"
        constraints = [
            models.UniqueConstraint(fields=["area_code", "sha256"], name="one_copy_of_a_plan"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanItem(models.Model):
    """A target, task or fact of a plan: proposed by the rules, decided by a person.

    The fields are those of ``docs/plan_annotation.md``. ``catalogue`` is a declared indicator and
    ``register`` a register that it is followed by.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "待确认"
        CONFIRMED = "confirmed", "已确认"
        DOUBTFUL = "doubtful", "有疑问"
        DROPPED = "dropped", "不作任务"

    class Type(models.TextChoices):
        TARGET = "target", "目标"
        TASK = "task", "任务"
        FACT = "fact", "数据"

    class Comparator(models.TextChoices):
        """How a plan says a comparison, a little wider than a target book does."""

        AT_LEAST = ">=", "不低于"
        ABOVE = ">", "高于"
        AT_MOST = "<=", "不高于"
        BELOW = "<", "低于"
        EQUAL = "=", "达到"
        REACH = "reach", "达到"
        RANGE = "range", "区间"

    plan = models.ForeignKey(PlanText, on_delete=models.CASCADE, related_name="items")
    type = models.CharField("类型", max_length=6, choices=Type.choices)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    text = models.TextField("原文")
    section = models.CharField("章节", max_length=60, blank=True)
    indicator = models.CharField("指标", max_length=60, blank=True)
    comparator = models.CharField("比较", max_length=10, blank=True)
    value = models.CharField("数值", max_length=40, blank=True)
    value_high = models.CharField("上限", max_length=40, blank=True)
    unit = models.CharField("单位", max_length=40, blank=True)
    quantity_of = models.CharField("对象", max_length=200, blank=True)
    change = models.CharField("变化", max_length=80, blank=True)
    deadline = models.DateField("时限", null=True, blank=True)
    period = models.CharField("时段", max_length=20, blank=True)
    area = models.CharField("地点", max_length=80, blank=True)
    owners = JSONInOrder("责任单位", default=list, blank=True)
    parts = JSONInOrder("其中", default=list, blank=True)
    confidence = models.FloatField("把握", default=1)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    note = models.CharField("说明", max_length=300, blank=True)
    decided_by = models.ForeignKey(
        Person,
        verbose_name="确认人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    catalogue = models.CharField("跟踪指标", max_length=80, blank=True)
    register = models.CharField("跟踪台账", max_length=40, blank=True)
    # What it became when it was handed out: a task of the year, or a target of a book.
    matter = models.ForeignKey(
        Matter,
        verbose_name="下达的任务",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    target = models.ForeignKey(
        PlanTarget,
        verbose_name="列入的目标",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = verbose_name_plural = "计划事项"
        ordering = ["plan", "start", "pk"]

    def __str__(self) -> str:
        return self.text

    @property
    def compared(self) -> str:
        """The comparison in words."""
        return dict(self.Comparator.choices).get(self.comparator, self.comparator)
