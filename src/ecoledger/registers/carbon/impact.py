"""建设项目碳排放环境影响评价 (mechanism P12): what a project will emit, computed by source, beside the benchmark of its product.

待编制 → 待审核 → 已评价. The sources before and after the project are computed by the factors of the year; emission a
unit of product is compared with the benchmark that ``data/benchmarks.toml`` keeps. The chapter itself is a letter of the
house (``reports.carbon_chapter``), filled from this sheet.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data, own_files
from ecoledger.listings.parts import Ask, Choices, Import, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.carbon.reports import REVIEWERS, TONNES, rounded
from ecoledger.registers.carbon.sheets import CARBONISTS, source_choices
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.standards import carbon_sheet
from ecoledger.standards.carbon_sheet import Item, Row
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.percent import exact

ROOM = "ecoledger.registers.carbon"


def _wrong(content: dict[str, Any]) -> list[str]:
    """Products whose benchmark is none."""
    return [
        _("%s：先进值应小于准入基准，都大于零") % row.get("label", "")
        for row in content["product"]
        if not 0 < float(row.get("advanced", 0)) <= float(row.get("benchmark", 0))
    ]


own_files.declare(
    own_files.Rules(
        ROOM, "benchmarks", "碳评产品排放基准", own_name="carbon_benchmarks", wrong=_wrong
    )
)


def _content() -> dict[str, Any]:
    return own_data.read(ROOM, "benchmarks", own_name="carbon_benchmarks")


def products() -> dict[str, dict[str, Any]]:
    """The benchmark of each product, by its key."""
    return {row["key"]: row for row in _content()["product"]}


def product_choices() -> tuple[tuple[str, str], ...]:
    return tuple((key, row["label"]) for key, row in products().items())


class CarbonImpact(Matter):
    """One project's assessment."""

    class Verdict(models.TextChoices):
        ADVANCED = "advanced", "达到先进值"
        WITHIN = "within", "达到准入基准"
        BEYOND = "beyond", "劣于准入基准"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_carbon_impact"
    )
    product = models.CharField("产品", max_length=20)
    year = models.PositiveSmallIntegerField("因子年度")
    power_area = models.CharField("电力因子区域", max_length=20, default="全国")
    output = models.DecimalField(
        "设计年产量", max_digits=16, decimal_places=4, validators=[MinValueValidator(0)]
    )
    measures = models.TextField("减碳措施", blank=True)
    emitted = models.DecimalField("项目排放量 tCO2/a", editable=False, **TONNES)
    existing = models.DecimalField("现有工程排放量 tCO2/a", editable=False, **TONNES)
    intensity = models.DecimalField(
        "单位产品排放 tCO2", max_digits=14, decimal_places=4, null=True, blank=True, editable=False
    )
    advanced = models.DecimalField(
        "先进值", max_digits=14, decimal_places=4, null=True, blank=True, editable=False
    )
    benchmark = models.DecimalField(
        "准入基准", max_digits=14, decimal_places=4, null=True, blank=True, editable=False
    )
    verdict = models.CharField(
        "对比结论", max_length=10, choices=Verdict.choices, blank=True, editable=False
    )
    how = models.TextField("计算过程", blank=True, editable=False)

    class Meta:
        verbose_name = "碳排放环境影响评价"

    @property
    def added(self) -> Decimal | None:
        """What the project adds, tCO2 a year."""
        if self.emitted is None:
            return None
        return self.emitted - (self.existing or Decimal(0))


class ImpactSource(models.Model):
    """One source of the project, after it and as it is now."""

    impact = models.ForeignKey(CarbonImpact, on_delete=models.CASCADE, related_name="sources")
    source = models.CharField("排放源", max_length=20)
    after = models.DecimalField(
        "项目年消耗量", max_digits=18, decimal_places=4, validators=[MinValueValidator(0)]
    )
    before = models.DecimalField(
        "现有年消耗量",
        max_digits=18,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
    )
    basis = models.CharField("依据", max_length=200, blank=True)

    class Meta:
        verbose_name = "项目排放源"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.source


def _sheet(impact: Any, which: str) -> carbon_sheet.Sheet:
    rows = [
        Row(str(n), one.source, Item.CONSUMPTION, {carbon_sheet.YEAR: getattr(one, which)})
        for n, one in enumerate(impact.sources.all())
    ]
    return carbon_sheet.compute(rows, impact.year, area=impact.power_area)


def _assess(step: Step) -> None:
    impact = step.matter
    row = products().get(impact.product)
    if row is None:
        raise Refused("form", _("没有这种产品的基准。"))
    if not impact.output:
        raise Refused("form", _("设计年产量须大于零。"), "", {"output": [_("请核对")]})
    try:
        after, before = _sheet(impact, "after"), _sheet(impact, "before")
    except (KeyError, ValueError, LookupError) as error:
        raise Refused(
            "form", _("无法计算：%s。") % (error.args[0] if error.args else error)
        ) from error
    impact.emitted, impact.existing = rounded(after.total), rounded(before.total)
    impact.advanced, impact.benchmark = (
        Decimal(str(row["advanced"])),
        Decimal(str(row["benchmark"])),
    )
    # Compared before it is rounded.
    unit = after.total / exact(impact.output)
    impact.intensity = (Decimal(unit.numerator) / Decimal(unit.denominator)).quantize(
        Decimal("0.0001")
    )
    verdicts = CarbonImpact.Verdict
    impact.verdict = (
        verdicts.ADVANCED if unit <= exact(impact.advanced)
        else verdicts.WITHIN if unit <= exact(impact.benchmark) else verdicts.BEYOND
    )  # fmt: skip
    lines = [
        f"{s.name} {rounded(s.tonnes)} tCO2 = {s.how}（{s.mark}）{'；'.join(s.notes)}"
        for s in after.sources
    ]
    lines.append(_("基准标记 %s") % _(Mark(_content()["mark"]).label))
    impact.how = "\n".join(lines)
    step.form["verdict"] = str(impact.verdict)


def _no_sources(impact: Any) -> str:
    return "" if impact.sources.exists() else _("没有填写项目排放源。")


def _unexplained(step: Step) -> None:
    """What is worse than its benchmark passes with its measures alone."""
    impact = step.matter
    if impact.verdict == CarbonImpact.Verdict.BEYOND and not impact.measures.strip():
        why = _("劣于准入基准，须写明减碳措施。")
        raise Refused("form", why, "", {"measures": [why]})


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.filter(merged_into=None).order_by().aggregate(
        all=Count("pk", filter=~Q(phase="dismissed")),
        done=Count("pk", filter=Q(state="assessed")),
        beyond=Count("pk", filter=Q(state="assessed", verdict="beyond")),
        advanced=Count("pk", filter=Q(state="assessed", verdict="advanced")),
        emitted=Sum("emitted", filter=Q(state="assessed")),
    )  # fmt: skip
    return [
        Statistic("projects", "碳评试点项目", n["all"], "", "个"),
        Statistic("done", "已评价", n["done"], "state=assessed", "个"),
        Statistic("advanced", "达到先进值", n["advanced"], "state=assessed&verdict=advanced", "个"),
        Statistic("beyond", "劣于准入基准", n["beyond"], "state=assessed&verdict=beyond", "个"),
        Statistic("emitted", "项目排放量", float(n["emitted"] or 0) / 10_000, "state=assessed", "万tCO2/a"),
    ]  # fmt: skip


class Impacts(Register):
    """The book; products are words of the bureau's data."""

    kinds: ClassVar[Mapping[str, Kind]] = {**Register.kinds, "product": Kind.CHOICE}

    def own_choices(self) -> Mapping[str, Choices]:
        return {**super().own_choices(), "product": product_choices()}


IMPACTS = declare(Impacts(
    key="carbon_impact", label="碳排放环境影响评价", line="approval", tab="permits", model=CarbonImpact,
    pattern="碳评〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待编制", stage="编制", waits_for=CARBONISTS),
            State("review", "待审核", stage="审核", waits_for=REVIEWERS),
            State("assessed", "已评价", phase=Phase.DONE),
            State("dropped", "终止", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("assess", "计算并提交", "new", "review", by=CARBONISTS, when=_no_sources,
                       offers=(Ask("measures"),), takes_over=("measures",), effects=(_assess, _unexplained)),
            Transition("approve", "审核通过", "review", "assessed", by=REVIEWERS, other_person_than=("assess",),
                       asks=(said("opinion", "审核意见"),)),
            Transition("return", "退回修改", "review", "new", by=REVIEWERS, asks=(REASON,), main=False),
            Transition("drop", "终止", ("new", "review"), "dropped", by=CARBONISTS | REVIEWERS, asks=(REASON,),
                       main=False, danger=True),
        ),
        clocks=(ClockRule("review", "审核", "review", working_days=10, basis=DEFAULT),),
    ),
    labels={"title": "项目名称", "entity": "建设单位", "area_code": "属地", "added": "新增排放 tCO2/a"},
    columns=("number", "title", "entity", "product", "output", "emitted", "added", "intensity", "benchmark",
             "verdict", "state", "due", "area_code"),
    filters=("state", "product", "verdict", "area_code"), search=("number", "title", "entity__name"),
    fields=("title", Ask("entity", to=Enterprise), "area_code", "product", "output", "year", "power_area",
            "description", "measures"),
    details=("product", "output", "year", "power_area", "emitted", "existing", "added", "intensity", "advanced",
             "benchmark", "verdict", "measures", "how"),
    lines=(Lines(key="sources", label="项目排放源", model=ImpactSource,
                 columns=(Ask("source", kind=Kind.CHOICE, choices=source_choices()), "after", "before", "basis")),),
    imports=Import(key=("title",), headers={"title": ("建设项目",), "entity": ("企业名称",), "product": ("产品名称",),
                                            "output": ("产量",), "year": ("因子年份",)},
                   examples={"title": "年产百万条轮胎项目", "entity": "某某橡胶厂", "product": "轮胎（子午线轮胎）",
                             "output": "18000", "year": "2023", "area_code": "北镇"}),
    statistics=_statistics, edit=CARBONISTS, manage=CARBONISTS | REVIEWERS, enterprise="",
    empty="还没有碳评项目。登记项目、产品和排放源，计算后与准入基准对比。",
))  # fmt: skip
