"""污染耕地源解析 (mechanism S-4): which sources pollute an area of farmland, in which shares; the result with its files."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Import
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.soil import farmland
from ecoledger.standards.rounding import plainly

DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR, Role.TOWN})
HEADS = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.LEADER})


class Apportionment(Matter):
    """The source apportionment of one area of farmland."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_apportionment"
    )
    area_mu = models.DecimalField(
        "区域面积 亩", max_digits=12, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )  # fmt: skip
    pollutant = models.CharField("污染物", max_length=40, default="镉")
    agency = models.CharField("承担单位", max_length=120, blank=True)
    method = models.CharField("方法", max_length=120, blank=True)
    samples = models.PositiveIntegerField("采样点数", default=0)
    deadline = models.DateField("完成期限", null=True, blank=True)
    conclusion = models.TextField("结论", blank=True)

    class Meta:
        verbose_name = "污染耕地源解析"

    @property
    def main_source(self) -> str:
        """The source with the largest share."""
        row = self.sources.order_by("-share", "pk").first()
        return f"{row.name} {plainly(row.share)}%" if row else ""


class SourceShare(models.Model):
    """One source and its share."""

    apportionment = models.ForeignKey(
        Apportionment, on_delete=models.CASCADE, related_name="sources"
    )
    name = models.CharField("污染源", max_length=60)
    share = models.DecimalField(
        "贡献 %",
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    measure = models.CharField("管控建议", max_length=200, blank=True)

    class Meta:
        verbose_name = "源解析结果"
        ordering = ["-share", "id"]

    def __str__(self) -> str:
        return self.name


def _shares_are_whole(row: Any) -> str:
    shares = list(row.sources.values_list("share", flat=True))
    if not shares:
        return _("还没有填写各污染源的贡献。")
    total = sum(shares, Decimal(0))
    if abs(total - 100) > Decimal(str(farmland.rules()["tolerance"])):
        return _("各污染源贡献合计 %s%%，应为 100%%。") % plainly(total)
    return ""


WORKFLOW = Workflow(
    states=(
        State("planned", "待开展", stage="调查", waits_for=DESK),
        State("running", "采样分析中", stage="调查", waits_for=DESK),
        State("review", "待论证", stage="论证", waits_for=HEADS),
        State("done", "已完成", phase=Phase.DONE),
        State("dropped", "取消", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("begin", "开始采样分析", "planned", "running", by=DESK, asks=("agency", "method"),
                   offers=("samples",)),
        Transition("submit", "提交成果", "running", "review", by=DESK, asks=("conclusion", "samples"), evidence=1,
                   when=_shares_are_whole, help="附源解析报告和数据。"),
        Transition("accept", "论证通过", "review", "done", by=HEADS, asks=(said("opinion", noop("论证意见")),),
                   other_person_than=("submit",)),
        Transition("return", "退回补充", "review", "running", by=HEADS, asks=(REASON,), main=False),
        Transition("drop", "取消", ("planned", "running"), "dropped", by=HEADS, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("finish", "完成期限", ("planned", "running", "review"), deadline_field="deadline",
                      extensions=(60, 90), basis=DEFAULT),),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.exclude(phase=Phase.DISMISSED).aggregate(
        planned=Sum("area_mu"), done=Sum("area_mu", filter=Q(state="done"))
    )
    return [
        *common_statistics(APPORTIONMENTS, rows, now),
        Statistic("planned_mu", "源解析区域面积", float(n["planned"] or 0), "", "亩"),
        Statistic("done_mu", "完成源解析面积", float(n["done"] or 0), "state=done", "亩"),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """Sources over all that is done, weighed by area."""
    weighed: dict[str, Decimal] = {}
    whole = Decimal(0)
    for row in rows.filter(state="done").prefetch_related("sources"):
        whole += row.area_mu
        for source in row.sources.all():
            weighed[source.name] = weighed.get(source.name, Decimal(0)) + row.area_mu * source.share
    ordered = sorted(weighed.items(), key=lambda pair: -pair[1])
    return [
        Breakdown(
            "污染源贡献",
            ("污染源", "贡献 %"),
            tuple(((name, f"{value / whole:.1f}"), "") for name, value in ordered) if whole else (),
            "已完成的按面积加权。",
        )
    ]


APPORTIONMENTS = declare(Register(
    key="apportionment", label="污染耕地源解析", line="soil", model=Apportionment, workflow=WORKFLOW,
    pattern="源解析〔{year}〕{n}号",
    labels={"title": "区域名称", "area_code": "属地", "main_source": "首要来源"},
    columns=("number", "title", "area_mu", "pollutant", "agency", "state", "due", "main_source", "area_code"),
    filters=("state", "area_code", "opened_at"), search=("number", "title", "agency", "pollutant"),
    fields=("title", "area_code", "owner_organisation", "area_mu", "pollutant", "agency", "method", "deadline"),
    details=("area_mu", "pollutant", "agency", "method", "samples", "deadline", "main_source", "conclusion"),
    lines=(Lines(key="sources", label="各源贡献", model=SourceShare, columns=("name", "share", "measure")),),
    imports=Import(key=("title",),
                   headers={"title": ("集中区域",), "area_mu": ("面积", "面积（亩）"), "pollutant": ("超标因子",),
                            "deadline": ("完成时限",), "agency": ("实施单位",)},
                   examples={"title": "北片集中区域", "area_mu": "10000", "pollutant": "镉", "area_code": "北镇"}),
    measures=(Measure(key="done", name="完成源解析区域", numerator=Q(state="done"), dated="closed_at", unit="个",
                      query={"state": "done"}, columns=("area_mu",)),),
    statistics=_statistics, breakdowns=_breakdowns, edit=DESK, manage=HEADS, enterprise="",
    empty="还没有源解析。登记污染耕地集中区域，完成后填各源贡献并附报告。",
))  # fmt: skip
