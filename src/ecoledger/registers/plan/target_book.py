"""目标责任书与建设指标体系: the targets of a year as a tree with weights and quarterly steps (mechanism T1, T3).

A book (责任书、规划、创建指标) has indicators of kinds 约束性, 预期性, 引领性, 参考性 and, apart from them, basic
conditions (基本条件). One that names an indicator of the house is measured by it; another is reported by hand.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import models
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation
from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Column, Import, TableRow


def _by_key(key: str) -> str:
    return key


# What an indicator is called, by its key, and the key of what is called so: the room of indicators, which stands above,
# says both.
naming: list[Callable[[str], str]] = [_by_key]
keying: list[Callable[[str], str]] = [_by_key]


def called(key: str) -> str:
    """The name of the indicator with that key."""
    return naming[-1](key)


def _measured(row: TableRow) -> None:
    """Let a table name what measures a target by its name, as the list's own export does."""
    if said := row.values.get("indicator"):
        row.values["indicator"] = keying[-1](str(said))


class PlanTarget(models.Model):
    """One indicator or basic condition of a book, for a year (目标)."""

    class Kind(models.TextChoices):
        BINDING = "binding", "约束性"
        EXPECTED = "expected", "预期性"
        LEADING = "leading", "引领性"
        REFERENCE = "reference", "参考性"
        CONDITION = "condition", "基本条件"

    class Comparator(models.TextChoices):
        AT_LEAST = ">=", "不低于"
        AT_MOST = "<=", "不高于"
        EQUAL = "=", "达到"

    book = models.CharField("责任书或指标体系", max_length=120, db_index=True)
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    number = models.CharField("序号", max_length=12)
    group = models.CharField("领域", max_length=60, blank=True)
    name = models.CharField("指标名称", max_length=120)
    kind = models.CharField("性质", max_length=10, choices=Kind.choices)
    weight = models.DecimalField("分值", max_digits=6, decimal_places=2, null=True, blank=True)
    comparator = models.CharField(
        "要求", max_length=2, choices=Comparator.choices, default=Comparator.AT_LEAST
    )
    target = models.DecimalField("目标值", max_digits=16, decimal_places=4, null=True, blank=True)
    unit = models.CharField("计量单位", max_length=30, blank=True)
    # What is to be met where no number says it: 达到功能区要求, 有效保障.
    words = models.CharField("文字要求", max_length=200, blank=True)
    baseline = models.DecimalField("基期值", max_digits=16, decimal_places=4, null=True, blank=True)
    # What it must come to by the end of each quarter.
    q1 = models.DecimalField("一季度节点", max_digits=16, decimal_places=4, null=True, blank=True)
    q2 = models.DecimalField("二季度节点", max_digits=16, decimal_places=4, null=True, blank=True)
    q3 = models.DecimalField("三季度节点", max_digits=16, decimal_places=4, null=True, blank=True)
    # Key of a declared indicator that measures it; empty where a person reports.
    indicator = models.CharField("跟踪指标", max_length=80, blank=True)
    reported = models.DecimalField("填报值", max_digits=16, decimal_places=4, null=True, blank=True)
    met_by_words = models.BooleanField("文字要求已达到", null=True, blank=True)
    lead = models.ForeignKey(
        Organisation,
        verbose_name="牵头单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    basis = models.CharField("依据", max_length=200, blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "年度目标"
        ordering = ["year", "book", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["area_code", "book", "year", "number"], name="one_target_of_a_number"
            )
        ]

    def __str__(self) -> str:
        # A target of the same number and name stands in the book of every year.
        return f"{self.year} {self.number} {self.name}"

    @property
    def measured_by(self) -> str:
        """The indicator that measures it, by its name."""
        return _(called(self.indicator)) if self.indicator else ""


TARGETS = declare(Listing(
    key="plan_target", label="年度目标", line="assessment", model=PlanTarget,
    columns=("name", "year", "number", "kind", "comparator", Column("target", unit_from="unit"), "unit", "weight", "words",
             Column("measured_by", "跟踪指标名称"),
             Column("reported", unit_from="unit"), "lead", "book", "area_code"),
    filters=("book", "year", "kind", "area_code"),
    search=("name", "book", "group"),
    fields=("book", "year", "area_code", "number", "group", "name", "kind", "weight", "comparator", "target",
            "unit", "words", "baseline", "q1", "q2", "q3", "indicator", "reported", "met_by_words", "lead", "basis"),
    batch=("weight", "indicator", "lead", "reported"),
    lead="name", under=("book",),
    imports=Import(
        key=("book", "year", "number"),
        headers={"name": ("指标", "建设指标", "考核指标"), "kind": ("指标性质", "类型"), "target": ("目标", "目标要求"),
                 "weight": ("权重", "分数"), "book": ("责任书",), "lead": ("责任单位", "牵头部门"),
                 "indicator": ("跟踪指标名称",)},
        read=_measured,
        examples={"book": "2026年党政领导生态环保目标责任书", "year": "2026", "area_code": "测试县", "number": "1",
                  "name": "优良天数比例", "kind": "约束性", "weight": "10", "comparator": "不低于",
                  "target": "97.1", "unit": "%", "indicator": "good_day_ratio"},
        values={"kind": {"约束": "binding", "约束性指标": "binding", "预期": "expected", "预期性指标": "expected",
                         "引领": "leading", "引领性指标": "leading", "参考": "reference",
                         "参考性指标": "reference", "条件": "condition"}},
    ),
    edit=frozenset({Role.LEADER, Role.SECTION_CHIEF, Role.DISPATCHER}),
    order=("year", "pk"),
    empty="还没有年度目标。可导入责任书或指标体系，或在“计划文本”中确认目标。",
))  # fmt: skip
