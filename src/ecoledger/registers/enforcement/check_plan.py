"""年度检查计划 (mechanism E2, E3): what is planned for the year, month by month, and filed before it begins."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import models

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Import

PLANNERS = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF})


class CheckPlan(models.Model):
    """One line of the year's plan of inspections of enterprises (涉企检查年度计划)."""

    class Kind(models.TextChoices):
        RANDOM = "random", "双随机"
        DAILY = "daily", "日常检查"
        SPECIAL = "special", "专项检查"

    year = models.PositiveSmallIntegerField("年度", db_index=True)
    item_no = models.CharField("序号", max_length=20)
    name = models.CharField("任务名称", max_length=120)
    kind = models.CharField("检查类别", max_length=10, choices=Kind.choices)
    items = models.CharField("检查事项", max_length=300, blank=True)
    scope = models.CharField("对象范围", max_length=200, blank=True)
    months = models.CharField("实施月份", max_length=60, blank=True)
    objects_planned = models.PositiveIntegerField("计划对象数", default=0)
    departments = models.CharField("参与部门", max_length=120, blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    filed_on = models.DateField("备案日期", null=True, blank=True)
    area_code = AreaCodeField("属地")
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "年度检查计划"
        unique_together = [("year", "area_code", "item_no")]
        ordering = ["-year", "item_no"]

    def __str__(self) -> str:
        return f"{self.year}-{self.item_no} {self.name}"


_QUARTERS = {"一": (1, 2, 3), "二": (4, 5, 6), "三": (7, 8, 9), "四": (10, 11, 12)}


def months_of(text: str) -> tuple[int, ...]:
    """The months that a plan's words name; all twelve where they name none.

    >>> months_of("3—5月、9月"), months_of("二季度"), months_of("每月")[-1], months_of("")[0]
    ((3, 4, 5, 9), (4, 5, 6), 12, 1)
    """
    found: set[int] = set()
    for name in re.findall(r"([一二三四])季度", text):
        found.update(_QUARTERS[name])
    for first, last in re.findall(r"(\d{1,2})\s*月?\s*[-—－~～至到]+\s*(\d{1,2})", text):
        found.update(range(int(first), int(last) + 1))
    found.update(int(n) for n in re.findall(r"(?<!\d)(\d{1,2})(?!\d)", text))
    if "上半年" in text:
        found.update(range(1, 7))
    if "下半年" in text:
        found.update(range(7, 13))
    return tuple(sorted(m for m in found if 1 <= m <= 12)) or tuple(range(1, 13))


def planned_by_month(year: int, areas: Iterable[str]) -> dict[int, float]:
    """Month → how many objects the year's plans have for it, each plan spread evenly over its months."""
    plan: dict[int, float] = dict.fromkeys(range(1, 13), 0.0)
    counties = {code[:6] for code in areas}
    rows = CheckPlan.objects.filter(year=year)
    for months, count, area in rows.values_list("months", "objects_planned", "area_code"):
        if counties and area[:6] not in counties:
            continue
        named = months_of(months)
        for month in named:
            plan[month] += count / len(named)
    return plan


declare_lookup(
    Lookup(
        key="check_plan",
        model=CheckPlan,
        label="年度检查计划",
        rows=lambda person: CheckPlan.objects.order_by("-year", "item_no"),
        few=True,
        see="see_cockpit",
    )
)
PLANS = declare(Listing(
    key="check_plan", label="年度检查计划", model=CheckPlan, line="enforcement",
    columns=("name", "year", "item_no", "kind", "months", "objects_planned", "departments", "filed_on"),
    filters=("year", "kind", "area_code"), search=("name", "items"),
    fields=("year", "item_no", "name", "kind", "items", "scope", "months", "objects_planned",
            "departments", "basis", "filed_on", "area_code"),
    lead="name", edit=PLANNERS, order=("-year", "pk"),
    imports=Import(key=("year", "area_code", "item_no"), headers={
        "name": ("抽查计划名称", "检查任务"), "kind": ("任务类型", "类别"), "items": ("抽查事项",),
        "scope": ("抽查对象范围",), "months": ("抽取时间", "检查时间"), "objects_planned": ("抽查对象数量", "数量"),
    }, values={"kind": {"双随机抽查": "random", "专项": "special", "日常": "daily"}},
        examples={"year": "2026", "item_no": "1", "name": "一季度污染源双随机抽查", "kind": "双随机"}),
    empty="还没有年度检查计划。导入印发的计划表；没有计划又没有理由的检查不能下达。",
))  # fmt: skip
