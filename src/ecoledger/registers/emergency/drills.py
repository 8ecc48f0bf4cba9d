"""应急演练 (mechanism E11): who drilled what, by which form, and what it showed; a plan that failed is revised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.tallies import tally
from ecoledger.registers.emergency.plan_filings import ON_FILE, PlanFiling


class Drill(LogEntry):
    """One drill of a firm, or of a division and its departments."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_drill"
    )

    class Form(models.TextChoices):
        TABLE = "table", "桌面推演"
        SINGLE = "single", "单项演练"
        FULL = "full", "综合实战演练"

    class Result(models.TextChoices):
        GOOD = "good", "预案可行"
        FAULTS = "faults", "发现问题，须修订预案"

    form = models.CharField("演练方式", max_length=8, choices=Form.choices)
    scenario = models.CharField("演练情景", max_length=200)
    units = models.CharField("参演单位", max_length=200, blank=True)
    people = models.PositiveIntegerField("参演人数", null=True, blank=True)
    result = models.CharField("评估结论", max_length=8, choices=Result.choices)
    faults = models.TextField("发现的问题", blank=True)
    # The plan that was drilled: the one the firm had on file on that day.
    plan = models.ForeignKey(
        PlanFiling,
        verbose_name="所演练预案",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="drills",
        editable=False,
    )

    class Meta:
        verbose_name = "应急演练"


class DrillLog(Log):
    """The drills: each finds the plan on file of its firm."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        plan = (
            PlanFiling.objects.filter(entity=values["entity"], state__in=ON_FILE, withdrawn_at=None)
            .order_by("-filed_on", "-pk")
            .first()
        )
        return super().open_row({**values, "plan": plan}, by, at, **more)


DRILLS = declare(DrillLog(
    key="emergency_drill", offline=True, label="应急演练", model=Drill, line="emergency",
    edit=STAFF | {Role.ENTERPRISE}, enterprise="entity__code",
    columns=("entity", "at", "form", "scenario", "people", "result", "plan", "area_code", "by"),
    filters=("form", "result", "area_code", "at"), search=("entity__name", "scenario", "faults"),
    fields=(Ask("entity", "演练单位或地区", required=True), "at", "form", "scenario", "units", "people", "result",
            "faults", "note"),
    labels={"entity": "演练单位或地区"}, lead="entity", tells=("plan",),
    views=(View("faults", "须修订预案", {"result": "faults"}),),
    imports=Import(key=("entity", "at"), future=(),
                   headers={"entity": ("单位名称", "企业名称"), "at": ("演练时间", "演练日期"), "form": ("演练类型",),
                            "scenario": ("演练内容", "演练科目"), "people": ("人数",), "result": ("演练结论",)},
                   examples={"entity": "示例化工有限公司", "at": "2026-06-05 09:00", "form": "综合实战演练",
                             "scenario": "储罐泄漏", "result": "预案可行"}),
    empty="还没有演练记录。演练后登记或导入；结论为须修订的，到预案上点“修订”。",
))  # fmt: skip
tally(DRILLS, "held", "应急演练", dated="at", unit="次")
tally(
    DRILLS, "faults", "演练后须修订预案", Q(result="faults"), dated="at", unit="次", better="lower"
)
