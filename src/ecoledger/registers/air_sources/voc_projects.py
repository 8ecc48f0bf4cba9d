"""VOCs 治理项目 (mechanism A5): what is to be cut and how, emission before and after, source substitution, acceptance."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, F, Q, QuerySet, Sum

from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.matters.measures import EVERY, Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON

OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.DISPATCHER, Role.APPROVER})
TONNES: dict[str, Any] = {
    "max_digits": 10,
    "decimal_places": 3,
    "null": True,
    "blank": True,
    "validators": [MinValueValidator(0)],
}


class VocProject(Matter):
    """One project that cuts VOCs at a firm."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_voc_project"
    )

    class Way(models.TextChoices):
        SUBSTITUTION = "substitution", "源头替代"
        COLLECTION = "collection", "收集改造"
        TREATMENT = "treatment", "末端治理升级"
        LEAK = "leak", "LDAR 与储罐治理"
        CLOSURE = "closure", "关停整合"

    year = models.PositiveSmallIntegerField("年度", db_index=True)
    way = models.CharField("项目类型", max_length=14, choices=Way.choices)
    trade = models.CharField("行业", max_length=60, blank=True)
    technique = models.CharField("治理工艺", max_length=120, blank=True)
    # What is replaced by what, and how much of it (t/a): water-based for solvent-based.
    replaced = models.CharField("替代前原料", max_length=80, blank=True)
    replaced_by = models.CharField("替代后原料", max_length=80, blank=True)
    solvent_before = models.DecimalField("替代前溶剂型用量 t/a", **TONNES)
    solvent_after = models.DecimalField("替代后溶剂型用量 t/a", **TONNES)
    before = models.DecimalField("治理前 VOCs 排放量 t/a", **TONNES)
    after = models.DecimalField("治理后 VOCs 排放量 t/a", **TONNES)
    investment = models.DecimalField(
        "投资 万元", max_digits=10, decimal_places=2, null=True, blank=True
    )
    planned_finish = models.DateField("计划完成")

    class Meta:
        verbose_name = "VOCs 治理项目"

    @property
    def cut(self) -> Decimal | None:
        """What it takes away, t/a."""
        if self.before is None or self.after is None:
            return None
        return self.before - self.after

    @property
    def substituted(self) -> Decimal | None:
        """Share of the solvent-based material that was replaced, percent."""
        if not self.solvent_before or self.solvent_after is None:
            return None
        share_left = self.solvent_after / self.solvent_before
        return (100 * (1 - share_left)).quantize(Decimal("0.1"))


WORKFLOW = Workflow(
    states=(
        State("planned", "未开工", stage="建设", waits_for=OWNERS, by_owner=True),
        State("building", "建设中", stage="建设", waits_for=OWNERS, by_owner=True),
        State("acceptance", "待验收", stage="验收", waits_for=CHECKERS),
        State("accepted", "已验收", phase=Phase.CLOSED),
        State("dropped", "调整退出", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("start", "开工", "planned", "building", by=OWNERS, owner_only=True),
        Transition("finish", "申请验收", ("planned", "building"), "acceptance", by=OWNERS, owner_only=True,
                   asks=("before", "after"), offers=("solvent_before", "solvent_after"), evidence=1,
                   help="附治理前后检测报告。"),
        Transition("accept", "验收通过", "acceptance", "accepted", by=CHECKERS,
                   asks=(said("checked", "验收意见"),), other_person_than=("finish",)),
        Transition("return", "退回整改", "acceptance", "building", by=CHECKERS, asks=(REASON,), main=False),
        Transition("drop", "调整退出", ("planned", "building"), "dropped", by=CHECKERS, asks=(REASON,),
                   main=False),
    ),
    clocks=(ClockRule("finish", "计划完成", ("planned", "building", "acceptance"),
                      deadline_field="planned_finish", extensions=(30, 60), basis=DEFAULT),),
)  # fmt: skip

DONE = Q(phase__in=COMPLETED)
SUBSTITUTION = Q(way=VocProject.Way.SUBSTITUTION)


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Completed of planned, those with substitution, and what they take away."""
    plan = rows.exclude(phase=Phase.DISMISSED)
    n = plan.aggregate(
        all=Count("pk"),
        done=Count("pk", filter=DONE),
        source=Count("pk", filter=DONE & SUBSTITUTION),
        cut=Sum(F("before") - F("after"), filter=DONE),
    )
    return [
        *common_statistics(PROJECTS, rows, now),
        share("completed", "完成率", n["done"], n["all"], query="state=accepted"),
        Statistic(
            "substitution", "完成源头替代", n["source"], "state=accepted&way=substitution", "个"
        ),
        Statistic("cut", "削减 VOCs", float(n["cut"] or 0), "state=accepted", "t/a"),
    ]


PROJECTS = declare(Register(
    key="voc_project", label="VOCs 治理项目", line="air", model=VocProject, workflow=WORKFLOW,
    pattern="VOCs〔{year}〕{n}号",
    labels={"title": "项目名称", "entity": "企业", "area_code": "属地", "cut": "削减量 t/a",
            "substituted": "替代比例 %"},
    columns=("number", "title", "entity", "way", "state", "due", "before", "after", "cut", "substituted",
             "owner_organisation", "area_code", "year"),
    filters=("state", "year", "way", "area_code", "owner_organisation"),
    search=("number", "title", "entity__name", "trade"),
    fields=("year", "title", Ask("entity", to=Enterprise, required=False), "area_code",
            "owner_organisation", "way", "trade", "technique", "replaced", "replaced_by",
            "solvent_before", "solvent_after", "before", "after", "investment", "planned_finish"),
    batch=("owner_organisation", "planned_finish"),
    details=("year", "way", "trade", "technique", "replaced", "replaced_by", "solvent_before",
             "solvent_after", "substituted", "before", "after", "cut", "investment", "planned_finish"),
    imports=Import(
        key=("year", "title"),
        headers={"title": ("项目", "治理项目"), "entity": ("企业名称", "实施单位"), "way": ("治理类型", "项目类别"),
                 "owner_organisation": ("责任单位",), "area_code": ("镇街", "所在镇街"),
                 "before": ("治理前排放量",), "after": ("治理后排放量",), "planned_finish": ("完成时限",),
                 "technique": ("治理措施",)},
        examples={"year": "2026", "title": "某涂装企业水性涂料替代", "way": "源头替代",
                  "planned_finish": "2026-10-31"},
    ),
    views=(View("late", "滞后项目", {"overdue": "1"}, "due"),
           View("source", "源头替代", {"way": "substitution"})),
    statistics=statistics,
    measures=(Measure(key="accepted", name="VOCs 治理项目完成数", numerator=DONE, dated="closed_at",
                      unit="个"),
              Measure(key="accepted_ratio", name="VOCs 治理项目完成率", numerator=DONE, denominator=EVERY,
                      dated="opened_at", unit="%")),
    empty="还没有 VOCs 治理项目。导入年度项目清单，验收时填治理前后排放量。",
))  # fmt: skip
