"""碳排放报告与核查 (mechanism P11): a unit's year, reported, computed from its sheet, verified, and what differs.

待报送 → 核查中 ⇄ 不符合项整改 → 已核定 → 已履约. The report is what the unit says; computed is what its sheet comes to by the
factors of the year and the guideline's version; verified is that with what the verifiers put right. Units of the
inventory are summed by industry and by source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books import account as accounts
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.carbon import sheets
from ecoledger.registers.carbon.sheets import CARBONISTS, FIRM, CarbonRow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.quota import holdings
from ecoledger.standards import carbon, carbon_sheet
from ecoledger.standards.carbon_sheet import Item, Row, Sheet

REVIEWERS = frozenset({Role.SECTION_CHIEF, Role.LEADER})
TONNES: dict[str, Any] = {"max_digits": 16, "decimal_places": 2, "null": True, "blank": True}
FEN = Decimal("0.01")
# A report that differs by more than this share is counted as one that does.
DEVIATES = Decimal("0.01")
SORTS = {
    "fuel": noop("化石燃料燃烧"), "process": noop("工业生产过程"), "power": noop("净购入电力"), "heat": noop("净购入热力"),
    "recovered": noop("回收利用"),
}  # fmt: skip


class CarbonReport(Matter):
    """One unit's report of one year."""

    class Industry(models.TextChoices):
        POWER = "power", "发电"
        STEEL = "steel", "钢铁"
        CEMENT = "cement", "水泥"
        ALUMINIUM = "aluminium", "铝冶炼"
        CHEMICAL = "chemical", "化工"
        PAPER = "paper", "造纸"
        OTHER = "other", "其他工业"

    class Scope(models.TextChoices):
        AVERAGE = "average", "平均"
        RESIDUAL = "residual", "不含市场化非化石电量"
        FOSSIL = "fossil", "化石能源电力"
        ETS = "ets", "碳市场外购电"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_carbon_report"
    )
    year = models.PositiveSmallIntegerField("核算年度", db_index=True)
    industry = models.CharField("行业", max_length=10, choices=Industry.choices)
    in_market = models.BooleanField("纳入碳市场", default=False)
    version = models.CharField("燃料缺省值版本", max_length=20, blank=True)
    power_area = models.CharField("电力因子区域", max_length=20, default="全国")
    power_scope = models.CharField(
        "电力因子口径", max_length=10, choices=Scope.choices, default=Scope.AVERAGE
    )
    product = models.CharField("主要产品", max_length=60, blank=True)
    output = models.DecimalField("产品产量", max_digits=16, decimal_places=4, null=True, blank=True)
    output_unit = models.CharField("产量单位", max_length=20, blank=True)
    reported = models.DecimalField("报告排放量 tCO2", validators=[MinValueValidator(0)], **TONNES)
    computed = models.DecimalField("数据表计算值 tCO2", editable=False, **TONNES)
    verified = models.DecimalField("核查排放量 tCO2", editable=False, **TONNES)
    # What was verified, by source: [{line, source, sort, tonnes, how, mark, notes}]
    sources = JSONInOrder("各排放源", default=list, editable=False)
    mark = models.CharField("因子标记", max_length=2, blank=True, editable=False)
    surrendered_on = models.DateField("清缴日期", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "碳排放报告"

    @property
    def difference(self) -> Decimal | None:
        """Reported less verified, tCO2."""
        if self.reported is None or self.verified is None:
            return None
        return self.reported - self.verified

    @property
    def difference_percent(self) -> Decimal | None:
        """Its share of the verified emission, percent; nothing where nothing was emitted."""
        if self.difference is None or not self.verified:
            return None
        change = carbon.verification_difference(self.reported or 0, self.verified)
        return rounded(100 * change.difference / change.before)

    @property
    def intensity(self) -> Decimal | None:
        """Verified tCO2 a unit of product."""
        if not self.output or self.verified is None:
            return None
        return (self.verified / self.output).quantize(Decimal("0.0001"))

    @property
    def told(self) -> str:
        """A line a source: tonnes, how, the mark of the factor and what was substituted."""
        return "\n".join(
            f"{row['line']} {row['source']} {row['tonnes']} tCO2 = {row['how']}（{row['mark']}）{'；'.join(row['notes'])}".strip()
            for row in self.sources
        )


class CarbonFinding(models.Model):
    """What a verification put right: a value of the sheet as it should be."""

    report = models.ForeignKey(CarbonReport, on_delete=models.CASCADE, related_name="findings")
    line = models.CharField("生产线", max_length=60, blank=True)
    source = models.CharField("排放源", max_length=20)
    item = models.CharField("参数", max_length=12, choices=CarbonRow.Item.choices)
    month = models.PositiveSmallIntegerField(
        "月份（0为全年）", default=0, validators=[MaxValueValidator(12)]
    )
    reported = models.DecimalField("报告值", max_digits=18, decimal_places=6, null=True, blank=True)
    verified = models.DecimalField("核查值", max_digits=18, decimal_places=6)
    reason = models.CharField("原因", max_length=200)
    proof = models.CharField("证据", max_length=200, blank=True)

    class Meta:
        verbose_name = "核查发现"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.source} {self.get_item_display()}"


# ---- arithmetic ----------------------------------------------------------------------------------


def _rows(report: Any, *, right: bool) -> list[Row]:
    """The sheet of the unit's year; ``right``: with what was found."""
    rows = [row.as_row for row in sheets.rows_of(report.entity_id, report.year)]
    if not right:
        return rows
    values = {(r.line, r.source, r.item): dict(r.values) for r in rows}
    for finding in report.findings.all():
        at = values.setdefault((finding.line, finding.source, Item(finding.item)), {})
        if finding.month == carbon_sheet.YEAR:
            at.clear()  # a value of the year takes the place of its months
        at[finding.month] = finding.verified
    return [Row(*key, said) for key, said in values.items()]


def _sheet(report: Any, *, right: bool) -> Sheet:
    try:
        return carbon_sheet.compute(
            _rows(report, right=right), report.year, area=report.power_area, scope=report.power_scope,
            version=report.version,
        )  # fmt: skip
    except (KeyError, ValueError, LookupError) as error:
        why = error.args[0] if error.args else str(error)
        raise Refused(
            "form", _("数据表无法计算：%s。") % why, _("请核对排放源、因子版本和数值。")
        ) from error


def rounded(value: Fraction) -> Decimal:
    """To two digits."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(FEN)


def _compute(report: Any, *, right: bool) -> Sheet:
    sheet = _sheet(report, right=right)
    if sheet.lacking:
        raise Refused("condition", _("数据表缺少：%s。") % _("、").join(sheet.lacking))
    if not sheet.sources:
        raise Refused("condition", _("没有这个单位这一年的数据表。"), _("请先导入或登记数据表。"))
    return sheet


def _twin(report: Any) -> str:
    """Why a unit's year is not reported again: two reports would be surrendered for twice."""
    others = CarbonReport.objects.filter(
        entity=report.entity, year=report.year, withdrawn_at=None, merged_into=None
    )
    other = others.exclude(pk=report.pk).exclude(state="dropped").first()
    return _("这个单位这一年已有报告 %s。") % other.number if other else ""


def _file(step: Step) -> None:
    if why := _twin(step.matter):
        raise Refused("state", why)
    _reckon(step)


def _reckon(step: Step) -> None:
    """What the firm's sheet comes to as it is handed over, the first time and with each answer."""
    before, sheet = step.matter.computed, _compute(step.matter, right=False)
    step.matter.computed = rounded(sheet.total)
    step.form["computed"] = str(step.matter.computed)
    if before is not None and before != step.matter.computed:
        step.form["before"] = {"computed": str(before)}


def _conclude(step: Step) -> None:
    report = step.matter
    sheet = _compute(report, right=True)
    report.verified, report.mark = rounded(sheet.total), str(sheet.mark)
    report.sources = [
        {"line": s.line, "source": s.name, "sort": s.sort, "tonnes": str(rounded(s.tonnes)), "how": s.how,
         "mark": str(s.mark), "notes": list(s.notes)}
        for s in sheet.sources
    ]  # fmt: skip
    step.form["verified"] = str(report.verified)


def _surrender(step: Step) -> None:
    """Allowances as many as the verified tonnes leave the unit's account."""
    report, item = step.matter, holdings.Pollutant.CO2.value
    if not report.in_market:
        raise Refused("condition", _("这个单位没有纳入碳市场，不需要清缴。"))
    report.surrendered_on = timezone.localdate(step.at)
    firm = holdings.of_firm(item, report.entity)
    beyond = holdings.outside(item, holdings.SURRENDERED, report.area_code)
    accounts.post(
        holdings.QUOTA, "surrendered", {firm: -report.verified, beyond: report.verified},
        on=report.surrendered_on, text=report.title, voucher=report, voucher_no=str(report.year),
        by=step.person, at=step.at,
    )  # fmt: skip


def _filed(entity: Any, year: int) -> str:
    """A sheet that is being verified, or was, is put right by what the verifiers find."""
    rows = CarbonReport.objects.filter(entity=entity, year=year, withdrawn_at=None)
    filed = rows.exclude(state__in=("reporting", "answering", "dropped")).exists()
    return _("这一年的报告已报送，数据由核查发现更正") if filed else ""


sheets.closed.append(_filed)


def _settled(report: Any) -> tuple[str, ...]:
    """Once reported it is the report of that unit and year; once concluded it is what was verified.

    Findings are the verifiers': nobody writes any while the firm has the report in hand.
    """
    if report.state == "reporting":
        return ("findings",)
    said = ("entity", "year", "area_code")
    if report.state == "verifying":
        return said
    if report.state == "answering":
        return (*said, "findings")
    return (*said, "industry", "in_market", "version", "power_area", "power_scope", "findings")


def _prepare(report: Any) -> None:
    report.circulation = Circulation.ENTERPRISE
    if report.entity is not None and not report.title:
        report.title = _("%(unit)s %(year)s 年度碳排放报告") % {
            "unit": report.entity,
            "year": report.year,
        }


def _once(report: Any) -> None:
    if report.entity is not None and (why := _twin(report)):
        raise Refused("form", why, "", {"year": [why]})


# ---- figures -------------------------------------------------------------------------------------

VERIFIED = Q(state__in=("verified", "cleared"))
OFF = Q(verified__gt=0) & (
    Q(reported__gt=F("verified") * (1 + DEVIATES)) | Q(reported__lt=F("verified") * (1 - DEVIATES))
)


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    live = rows.filter(merged_into=None).exclude(state="dropped").order_by()
    n = live.aggregate(
        units=Count("entity", distinct=True),
        reports=Count("pk"),
        done=Count("pk", filter=VERIFIED),
        owing=Count("pk", filter=VERIFIED & Q(in_market=True)),
        cleared=Count("pk", filter=Q(state="cleared")),
        off=Count("pk", filter=VERIFIED & OFF),
    )
    done = [] if live.query.is_empty() else list(live.filter(VERIFIED))
    reported = sum((report.reported or Decimal(0) for report in done), Decimal(0))
    verified = sum((report.verified or Decimal(0) for report in done), Decimal(0))
    difference = float(100 * (reported - verified) / verified) if verified else None
    query = "state=verified,cleared"
    return [
        Statistic("units", "重点排放单位", n["units"], "", "家"),
        Statistic("verified", "已核查", n["done"], query, "家"),
        share("rate", "核查完成率", n["done"], n["reports"], note="已核定÷应核查"),
        Statistic(
            "reported_sum",
            "报告排放量",
            float(reported) / 10_000 if done else None,
            query,
            "万tCO2",
        ),
        Statistic(
            "verified_sum",
            "核查排放量",
            float(verified) / 10_000 if done else None,
            query,
            "万tCO2",
        ),
        Statistic("difference", "总体偏差率", difference, query, "%", note="（报告－核查）÷核查"),
        Statistic("off", "偏差大于 1% 的单位", n["off"] if done else None, f"{query}&off=1", "家"),
        share("clearing", "履约率", n["cleared"], n["owing"], note="已清缴÷已核定的碳市场单位"),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """The inventory: what was verified, by year with industry and with kind of source."""
    by_industry: dict[tuple[int, str], list[Decimal]] = defaultdict(list)
    by_sort: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for report in rows.filter(VERIFIED, merged_into=None).order_by("-year", "pk"):
        by_industry[report.year, report.industry].append(report.verified or Decimal(0))
        for row in report.sources:
            by_sort[report.year, row["sort"]] += Decimal(row["tonnes"])
    words = dict(CarbonReport.Industry.choices)
    industries = tuple(
        (
            (str(year), _(str(words[industry])), str(len(found)), f"{sum(found):,.2f}"),
            f"year={year}&industry={industry}&state=verified,cleared",
        )
        for (year, industry), found in sorted(by_industry.items(), reverse=True)
    )
    sorts = tuple(
        ((str(year), _(SORTS[sort]), f"{'-' if sort == 'recovered' else ''}{total:,.2f}"), f"year={year}&state=verified,cleared")
        for (year, sort), total in sorted(by_sort.items(), reverse=True)
    )  # fmt: skip
    return [
        Breakdown(noop("温室气体清单（按行业）"), ("年度", "行业", "单位数", "排放量 tCO2"), industries,
                  "只含已核定的单位。"),
        Breakdown(noop("温室气体清单（按排放源）"), ("年度", "排放源", "排放量 tCO2"), sorts, "回收利用为扣减。"),
    ]  # fmt: skip


class Reports(Register):
    """The book; its list knows ``?off=1``."""

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        return rows & OFF if query.get("off") == "1" else rows


REPORTS = declare(Reports(
    key="carbon_report", label="碳排放报告与核查", line="approval", tab="permits", model=CarbonReport,
    pattern="碳核〔{year}〕{n}号", prepare=_prepare, holds_to=_once,
    workflow=Workflow(
        states=(
            State("reporting", "待报送", stage="报送", waits_for=FIRM | CARBONISTS),
            State("verifying", "核查中", stage="核查", waits_for=CARBONISTS),
            State("answering", "不符合项整改", stage="核查", waits_for=FIRM),
            State("concluded", "待核定", stage="核定", waits_for=REVIEWERS),
            State("verified", "已核定", phase=Phase.DONE),
            State("cleared", "已履约", phase=Phase.DONE),
            State("dropped", "不纳入", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("file", "报送年度报告", "reporting", "verifying", by=FIRM | CARBONISTS,
                       asks=("reported",), offers=("product", "output", "output_unit"), evidence=1,
                       effects=(_file,), shown_to_enterprise=True),
            Transition("question", "开具不符合项", "verifying", "answering", by=CARBONISTS,
                       asks=(said("nonconformity", "不符合项"),), shown_to_enterprise=True, main=False),
            Transition("answer", "答复不符合项", "answering", "verifying", by=FIRM | CARBONISTS, evidence=1,
                       asks=(said("answer", "整改和说明"),), effects=(_reckon,), shown_to_enterprise=True),
            Transition("conclude", "提交核查结论", "verifying", "concluded", by=CARBONISTS,
                       asks=(said("opinion", "核查结论"),), effects=(_conclude,), evidence=1),
            Transition("approve", "核定", "concluded", "verified", by=REVIEWERS,
                       other_person_than=("conclude",), shown_to_enterprise=True),
            Transition("return", "退回核查", ("concluded", "verified"), "verifying", by=REVIEWERS, asks=(REASON,),
                       main=False),
            Transition("surrender", "清缴履约", "verified", "cleared", by=CARBONISTS, effects=(_surrender,),
                       shown_to_enterprise=True),
            Transition("drop", "不纳入核查", ("reporting", "verifying"), "dropped", by=CARBONISTS,
                       asks=(REASON,), main=False, danger=True),
        ),
        clocks=(ClockRule("file", "报送", "reporting", days=90, basis=DEFAULT),
                ClockRule("verify", "核查", "verifying", working_days=40, basis=DEFAULT),
                ClockRule("answer", "答复不符合项", "answering", working_days=5, basis="核查指南（未经核对）"),
                ClockRule("approve", "核定", "concluded", working_days=5, basis=DEFAULT)),
    ),
    labels={"title": "名称", "entity": "排放单位", "area_code": "属地", "difference": "差异 tCO2",
            "difference_percent": "差异率 %", "intensity": "单位产品排放 tCO2", "told": "核查计算"},
    columns=("number", "title", "entity", "year", "industry", "in_market", "reported", "computed", "verified",
             "difference", "difference_percent", "intensity", "state", "due", "area_code"),
    filters=("state", "year", "industry", "in_market", "area_code"), search=("number", "title", "entity__name"),
    fields=(Ask("entity", to=Enterprise, required=True), "year", "industry", "in_market", "area_code",
            Ask("version", kind=Kind.CHOICE, choices=tuple((v, v) for v in carbon.versions()), required=False,
                help="留空为通用缺省值"),
            "power_area", "power_scope"),
    details=("year", "industry", "in_market", "version", "power_area", "power_scope", "product", "output",
             "output_unit", "reported", "computed", "verified", "difference", "difference_percent", "intensity",
             "mark", "surrendered_on", "told"),
    lines=(Lines(key="findings", label="核查发现", model=CarbonFinding,
                 columns=("line", Ask("source", kind=Kind.CHOICE, choices=sheets.source_choices()), "item",
                          "month", "reported", "verified", "reason", "proof")),),
    imports=Import(key=("entity", "year"), headers={
        "entity": ("单位名称", "企业名称", "重点排放单位"), "year": ("年度",), "industry": ("所属行业",),
        "in_market": ("是否纳入碳市场",), "version": ("因子版本",), "power_area": ("电力因子",)},
        examples={"entity": "某某热电厂", "year": "2025", "industry": "发电", "in_market": "是"}),
    settled=_settled, statistics=_statistics, breakdowns=_breakdowns, edit=CARBONISTS, manage=CARBONISTS | REVIEWERS,
    enterprise="enterprise__code",
    empty="还没有碳排放报告。导入重点排放单位名录，企业或本局导入数据表后报送核查。",
))  # fmt: skip
