"""VOCs 倍量调剂 (mechanism A3): a project's new VOCs, times the ratio of its place and year, found at named sources.

The ratio is data (``standards.offsets``). The approval sheet names the sources, reductions that came into the pool, and
what each gives; together they must give what is required. It is taken from the pool and held against each source
(``quota``), so that nothing is used twice.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.books import account as accounts
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.air.quota import (
    APPROVERS,
    POOL,
    QUOTA,
    REVIEWERS,
    TONNES,
    Pollutant,
    Reduction,
    hold_sources,
    short_of,
)
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.standards import offsets


class VocOffset(Matter):
    """The offset of one project's VOCs."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_voc_offset"
    )
    added = models.DecimalField("新增 VOCs t/a", **TONNES)  # type: ignore[arg-type]
    # Whose ratios hold, and whether the area met its standard in the year before.
    place = models.CharField("倍量规则", max_length=20, default="national")
    attained = models.BooleanField("上年环境质量达标", default=True)
    ratio = models.DecimalField(
        "倍量", max_digits=4, decimal_places=2, null=True, blank=True, editable=False
    )
    approval_no = models.CharField("环评批文号", max_length=80, blank=True)

    class Meta:
        verbose_name = "VOCs 倍量调剂"

    @property
    def required(self) -> Decimal | None:
        """What must be found, t/a, to three digits."""
        return None if self.ratio is None else (self.added * self.ratio).quantize(Decimal("0.001"))

    @property
    def given(self) -> Decimal:
        """What its sources give, t/a."""
        total: Decimal | None = self.sources.aggregate(n=Sum("taken"))["n"]
        return (total or Decimal(0)).quantize(Decimal("0.001"))


class OffsetSource(models.Model):
    """One source of an offset: a closed or retrofitted project that is in the pool, and what is drawn from it."""

    offset = models.ForeignKey(VocOffset, on_delete=models.CASCADE, related_name="sources")
    reduction = models.ForeignKey(
        Reduction,
        verbose_name="削减来源项目",
        on_delete=models.PROTECT,
        related_name="offset_sources",
    )
    taken = models.DecimalField(
        "调剂量 t/a", max_digits=12, decimal_places=3, validators=[MinValueValidator(0)]
    )
    paper = models.CharField("来源文号", max_length=80, blank=True)

    class Meta:
        verbose_name = "替代来源"
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.reduction.title)


def _set_ratio(offset: VocOffset) -> None:
    """The ratio of its place on the day; left empty where the rules name none."""
    try:
        need = offsets.required(
            "vocs", 1, attained=offset.attained, on=timezone.localdate(), place=offset.place
        )
    except (KeyError, LookupError):
        return
    offset.ratio = Decimal(need.ratio.numerator) / Decimal(need.ratio.denominator)


def _is_met(offset: Any) -> str:
    if offset.required is None:
        return _("没有“%s”的倍量规则，请核对。") % str(offset.place)
    wanted = _wanted(offset)
    other = [source.title for source in wanted if source.pollutant != Pollutant.VOCS]
    if other:
        return _("不是 VOCs 减排项目：%s。") % "、".join(other)
    if offset.given != offset.required:
        return _("须调剂 %(need)s t/a，来源合计 %(given)s t/a。") % {
            "need": offset.required,
            "given": offset.given,
        }
    return short_of(offset, wanted)


def _settled(offset: Any) -> tuple[str, ...]:
    """Once submitted it is judged as it was, and its sources count what it draws."""
    if offset.state == "new":
        return ()
    return ("entity", "area_code", "added", "place", "attained", "sources")


def _wanted(offset: Any) -> dict[Reduction, Decimal]:
    """What the offset draws from each source."""
    wanted: dict[Reduction, Decimal] = {}
    for row in offset.sources.select_related("reduction"):
        wanted[row.reduction] = wanted.get(row.reduction, Decimal(0)) + row.taken
    return wanted


def _take_out(step: Step) -> None:
    offset = step.matter
    hold_sources(offset, _wanted(offset))
    pool = QUOTA.holding(Pollutant.VOCS, POOL, offset.area_code[:6])
    outside = QUOTA.outside(Pollutant.VOCS, "新建项目", pool.area_code)
    accounts.post(
        QUOTA,
        "allocation",
        {pool: -offset.required, outside: offset.required},
        on=timezone.localdate(step.at),
        text=offset.title,
        voucher=offset,
        voucher_no=offset.approval_no,
        by=step.person,
        at=step.at,
    )


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, firms whose offset is approved, and the tonnes."""
    n = rows.aggregate(
        firms=Count("entity", filter=Q(state="approved"), distinct=True),
        added=Sum("added", filter=Q(state="approved")),
    )
    return [
        *common_statistics(OFFSET, rows, now),
        Statistic("firms", "已调剂企业", n["firms"], "state=approved", "家"),
        Statistic("added", "新增 VOCs", float(n["added"] or 0), "state=approved", "t/a"),
    ]


OFFSET = declare(Register(
    key="voc_offset", label="VOCs 倍量调剂", line="approval", tab="permits", model=VocOffset, pattern="倍量〔{year}〕{n}号",
    prepare=_set_ratio, follows={"ratio": ("place", "attained")},
    workflow=Workflow(
        states=(
            State("new", "待提交", stage="申请", waits_for=APPROVERS),
            State("review", "待审核", stage="审核", waits_for=REVIEWERS),
            State("approved", "已调剂", phase=Phase.DONE),
            State("refused", "不予调剂", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("submit", "提交审核", "new", "review", by=APPROVERS, when=_is_met),
            Transition("approve", "同意，出库", "review", "approved", by=REVIEWERS,
                       offers=(Ask("approval_no"),), other_person_than=("submit",), effects=(_take_out,)),
            Transition("refuse", "不予调剂", "review", "refused", by=REVIEWERS, asks=(REASON,), danger=True,
                       main=False),
        ),
        clocks=(ClockRule("review", "审核", "review", working_days=5, basis=DEFAULT),),
    ),
    labels={"title": "新建项目", "entity": "企业", "area_code": "属地", "required": "须调剂 t/a",
            "given": "来源合计 t/a", "ratio": "倍量"},
    columns=("number", "title", "entity", "added", "ratio", "required", "given", "state", "due", "area_code"),
    filters=("state", "area_code", "attained"), search=("number", "title", "entity__name"),
    fields=("title", Ask("entity", to=Enterprise, required=True), "added", "place", "attained",
            "approval_no"),
    details=("added", "place", "attained", "ratio", "required", "given", "approval_no"),
    lines=(Lines(key="sources", label="削减来源", model=OffsetSource,
                 columns=(Ask("reduction", among="air_reduction"), "taken", "paper")),),
    imports=Import(key=("title",), headers={"title": ("项目名称",), "entity": ("企业名称",),
                                            "added": ("新增排放量", "VOCs新增量"), "place": ("规则",),
                                            "attained": ("环境质量达标",)},
                   examples={"title": "某鞋业扩建", "entity": "示例鞋业有限公司", "added": "1.2", "place": "fujian"}),
    settled=_settled, statistics=statistics, edit=APPROVERS, manage=APPROVERS, enterprise="",
    empty="还没有倍量调剂。登记新建项目和削减来源，审核后从总量库出库。",
))  # fmt: skip
