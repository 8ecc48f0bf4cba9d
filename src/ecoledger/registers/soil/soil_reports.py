"""调查评估报告 (mechanism S-1): every report about a parcel, what it found, and how it was reviewed.

Reviewers, criteria and reason stay with the opinion: who looks again later sees by which scale it passed. What the
samples say is judged by GB 36600 for the land that is planned; a report may not conclude what they contradict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask, Choices, Import, Kind, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.soil import land
from ecoledger.registers.soil.parcels import Parcel
from ecoledger.standards import soil
from ecoledger.standards.rounding import plainly
from ecoledger.standards.written_names import plain

DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR, Role.APPROVER})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER, Role.DISPATCHER})


class SoilReport(Matter):
    """One report about a parcel (调查评估报告)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_soil_report"
    )

    class Kind(models.TextChoices):
        PRELIMINARY = "preliminary", "初步调查报告"
        DETAILED = "detailed", "详细调查报告"
        ASSESSMENT = "assessment", "风险评估报告"
        EFFECT = "effect", "效果评估报告"

    class Conclusion(models.TextChoices):
        CLEAR = "clear", "未超筛选值、风险可接受或已达目标"
        NOT = "not", "超筛选值、风险不可接受或未达目标"

    kind = models.CharField("报告类别", max_length=12, choices=Kind.choices, db_index=True)
    agency = models.CharField("编制单位", max_length=120, db_index=True)
    author = models.CharField("项目负责人", max_length=60, blank=True)
    laboratory = models.CharField("检测单位", max_length=120, blank=True)
    reported_on = models.DateField("报告日期")
    use = models.CharField("评价用地", max_length=20)
    reviewers = models.CharField("评审专家", max_length=200, blank=True)
    criteria = models.CharField("评审依据", max_length=200, blank=True)
    opinion = models.TextField("评审意见", blank=True)
    conclusion = models.CharField(
        "报告结论", max_length=6, choices=Conclusion.choices, blank=True, db_index=True
    )
    shown_at = models.CharField("公示网址", max_length=200, blank=True)

    class Meta:
        verbose_name = "调查评估报告"

    @property
    def judged(self) -> str:
        """What its samples exceed, by GB 36600 for the land that is planned; the worst first."""
        over = [(row, item) for row in self.samples.all() if (item := row.judged(self)) is not None]
        over.sort(key=lambda pair: -(pair[1].multiple or 0))
        texts = []
        for row, item in over:
            above = item.risk is soil.Risk.UNACCEPTABLE
            words = _("%(point)s %(item)s %(value)s mg/kg，超过筛选值 %(limit)s")
            if above:
                words = _("%(point)s %(item)s %(value)s mg/kg，超过管制值 %(limit)s")
            limit = item.control if above and item.control is not None else item.screening
            texts.append(
                words
                % {
                    "point": row.point,
                    "item": item.name,
                    "value": plainly(row.value),
                    "limit": plainly(limit),
                }
            )
        return "；".join(texts)


class SoilSample(models.Model):
    """One result of one sample of a report."""

    report = models.ForeignKey(SoilReport, on_delete=models.CASCADE, related_name="samples")
    point = models.CharField("点位", max_length=40)
    depth = models.CharField("深度 m", max_length=20, blank=True)
    item = models.CharField(
        "项目", max_length=40, help_text="GB 36600 的项目名称，如 砷、苯并[a]芘"
    )
    value = models.DecimalField(
        "含量 mg/kg", max_digits=14, decimal_places=6, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = "样品结果"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.point} {self.item}"

    def judged(self, report: SoilReport) -> soil.SoilItem | None:
        """The item where it is above its screening value; ``None`` below it, and of what the standard does not know."""
        key = items_by_name(report.reported_on).get(plain(self.item))
        if key is None:
            return None
        kind = land.use_of(report.use)["class"]
        found = soil.construction_land({key: float(self.value)}, kind, on=report.reported_on)
        return next(iter(found.exceeding), None)


def items_by_name(on: date) -> dict[str, str]:
    """The items of GB 36600 in force on a day, by their written names and by their keys."""
    try:
        items = soil.construction_items(on)
    except LookupError:  # a report from before the standard
        return {}
    names: dict[str, str] = {"六价铬": "cr6"}
    for key, item in items.items():
        names |= {plain(item): key, plain(key): key}
    return names


def _unknown_items(report: Any) -> str:
    known = items_by_name(report.reported_on)
    if not known:
        return ""
    odd = sorted({r.item for r in report.samples.all() if plain(r.item) not in known})
    return _("GB 36600 没有这些项目，请核对名称：%s。") % "、".join(odd) if odd else ""


def _contradicted(step: Step) -> None:
    report = step.matter
    surveys = (SoilReport.Kind.PRELIMINARY, SoilReport.Kind.DETAILED)
    clear = report.kind in surveys and report.conclusion == SoilReport.Conclusion.CLEAR
    if clear and (over := report.judged):
        raise Refused(
            "form",
            _("样品超过筛选值，结论不能是未超：%s。") % over,
            _("请核对结论，或更正样品结果。"),
            {"conclusion": [_("与样品结果不符")]},
        )


WORKFLOW = Workflow(
    states=(
        State("draft", "待提交", stage="编制", waits_for=DESK),
        State("review", "待评审", stage="评审", waits_for=HEADS),
        State("revising", "修改后复核", stage="评审", waits_for=DESK),
        State("passed", "评审通过", phase=Phase.DONE),
        State("failed", "评审不通过", phase=Phase.DONE),
        State("dropped", "撤回", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("submit", "提交评审", ("draft", "revising"), "review", by=DESK, evidence=1, when=_unknown_items,
                   help="附报告全文和检测报告。"),
        Transition("pass", "评审通过", "review", "passed", by=HEADS,
                   asks=("reviewers", "criteria", "opinion", "conclusion"), offers=("shown_at",),
                   evidence=1, other_person_than=("submit",), effects=(_contradicted,), help="附评审意见。"),
        Transition("revise", "修改后复核", "review", "revising", by=HEADS,
                   asks=("reviewers", "criteria", "opinion"), other_person_than=("submit",), main=False),
        Transition("fail", "评审不通过", "review", "failed", by=HEADS, asks=("reviewers", "criteria", "opinion"),
                   other_person_than=("submit",), main=False, danger=True),
        Transition("drop", "撤回", ("draft", "revising"), "dropped", by=DESK, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("review", "评审", "review", working_days=30, basis=DEFAULT),
            ClockRule("revise", "修改", "revising", days=60, basis=DEFAULT)),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class ReportRegister(Register):
    """The reports: kinds of land are the bureau's data."""

    kinds: ClassVar[Mapping[str, Kind]] = {**Register.kinds, "use": Kind.CHOICE}

    def own_choices(self) -> Mapping[str, Choices]:
        return {**super().own_choices(), "use": land.uses()}


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.aggregate(
        passed=Count("pk", filter=Q(state="passed")),
        ended=Count("pk", filter=Q(state__in=("passed", "failed"))),
    )
    return [
        *common_statistics(REPORTS, rows, now),
        Statistic("passed", "评审通过", n["passed"], "state=passed", "份"),
        share("pass_rate", "评审通过率", n["passed"], n["ended"], query="state=passed",
              note="评审通过÷评审通过与不通过"),
    ]  # fmt: skip


REPORTS = declare(ReportRegister(
    key="soil_report", label="调查评估报告", line="soil", tab="permits", model=SoilReport, workflow=WORKFLOW,
    pattern="土报〔{year}〕{n}号",
    labels={"title": "报告名称", "entity": "地块", "area_code": "属地", "judged": "样品超筛选值"},
    columns=("number", "title", "entity", "kind", "agency", "reported_on", "conclusion", "state", "due",
             "area_code"),
    filters=("state", "kind", "conclusion", "area_code", "reported_on"),
    search=("number", "title", "entity__name", "agency"),
    fields=("title", Ask("entity", to=Parcel, required=True), "kind", "agency", "author", "laboratory",
            "reported_on", "use"),
    details=("kind", "agency", "author", "laboratory", "reported_on", "use", "judged", "conclusion", "reviewers",
             "criteria", "opinion", "shown_at"),
    lines=(Lines(key="samples", label="样品结果", model=SoilSample, columns=("point", "depth", "item", "value")),),
    imports=Import(key=("title",), future=(),
                   headers={"title": ("报告标题", "CBDCBT"), "entity": ("地块名称",), "kind": ("类别", "报告类型"),
                            "agency": ("调查单位", "编制机构", "CBDCZZ"), "reported_on": ("报告时间", "CBDCWCSJ"),
                            "use": ("规划用途", "后续用途"), "laboratory": ("检测机构",)},
                   examples={"title": "原某化工厂地块初步调查报告", "entity": "原某化工厂地块", "kind": "初步调查报告",
                             "agency": "某环境科技单位", "reported_on": "2026-05-20", "use": "居住用地"}),
    views=(View("passed", "评审通过", {"state": "passed"}),),
    statistics=_statistics, edit=DESK, manage=DESK | {Role.LEADER}, enterprise="", map_layer=False,
    measures=(Measure(key="passed", name="评审通过的调查评估报告", numerator=Q(state="passed"), dated="closed_at",
                      unit="份", query={"state": "passed"}),),
    empty="还没有调查评估报告。登记地块后，把各阶段的报告登记在这里评审。",
))  # fmt: skip


def passed(parcel: Any, kind: str) -> SoilReport | None:
    """The last report of a kind about a parcel that passed its review."""
    return (
        SoilReport.objects.filter(
            entity=parcel, kind=kind, state="passed", withdrawn_at=None, merged_into=None
        )
        .order_by("-closed_at", "-pk")
        .first()
    )
