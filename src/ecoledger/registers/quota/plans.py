"""总量指标下达与分解 (mechanism P6): what comes from above, what each town gets of it, what lies idle and comes back.

待审核 → 已入账. A row is an amount of one pollutant; the year's table comes in as a file.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.books import account as accounts
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.workflow import OPEN, ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.quota import holdings
from ecoledger.registers.quota.holdings import AMOUNT, APPROVERS, QUOTA, REVIEWERS, Pollutant
from ecoledger.registers.quota.requests import refuse_promised
from ecoledger.standards.rounding import plainly


class QuotaPlan(Matter):
    """One amount that comes in, is split, or comes back."""

    class Kind(models.TextChoices):
        ISSUED = "issued", "上级下达"
        SPLIT = "split", "分解到镇街"
        RECOVERED = "recovered", "盘活收回"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_quota_plan"
    )
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    pollutant = models.CharField("指标", max_length=8, choices=Pollutant.choices)
    amount = models.DecimalField("数量", **AMOUNT)  # type: ignore[arg-type]
    paper_no = models.CharField("文号", max_length=80, blank=True)

    class Meta:
        verbose_name = "总量指标下达与分解"


def _not_sound(plan: Any) -> str:
    """What a row lacks by its kind."""
    if not plan.amount:
        return _("数量须大于零。")
    if plan.kind == QuotaPlan.Kind.ISSUED and not plan.paper_no.strip():
        return _("上级下达须填写文号。")
    if plan.kind == QuotaPlan.Kind.SPLIT and len(plan.area_code) <= holdings.COUNTY:
        return _("分解须写明镇街。")
    if plan.kind == QuotaPlan.Kind.RECOVERED and plan.entity is None:
        return _("盘活收回须写明企业。")
    return ""


def _post(step: Step) -> None:
    plan = step.matter
    reserve = holdings.reserve(plan.pollutant, plan.area_code)
    if plan.kind == QuotaPlan.Kind.ISSUED:
        giver, taker = (
            holdings.outside(plan.pollutant, holdings.ABOVE, plan.area_code),
            reserve,
        )
    elif plan.kind == QuotaPlan.Kind.SPLIT:
        giver, taker = reserve, holdings.share(plan.pollutant, plan.area_code)
    else:
        giver, taker = holdings.of_firm(plan.pollutant, plan.entity), reserve
    accounts.post(
        QUOTA, str(plan.kind), {giver: -plan.amount, taker: plan.amount},
        on=timezone.localdate(step.at), text=plan.title, voucher=plan, voucher_no=plan.paper_no,
        by=step.person, at=step.at,
    )  # fmt: skip
    refuse_promised(giver)


def _settled(plan: Any) -> tuple[str, ...]:
    """What is posted stays as the account has it."""
    if plan.state == "review":
        return ()
    return ("kind", "year", "area_code", "pollutant", "amount", "entity")


def _posted() -> Q:
    return Q(state="posted", merged_into=None)


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    split = _posted() & Q(kind="split")
    n = rows.order_by().aggregate(
        waiting=Count("pk", filter=Q(phase="open")),
        posted=Count("pk", filter=_posted()),
        towns=Count("area_code", filter=split, distinct=True),
        recovered=Count("pk", filter=_posted() & Q(kind="recovered")),
    )
    return [
        Statistic("waiting", "待审核", n["waiting"], "open=1", "笔"),
        Statistic("posted", "已入账", n["posted"], "state=posted", "笔"),
        Statistic("towns", "分解到镇街", n["towns"], "kind=split&state=posted", "个"),
        Statistic("recovered", "盘活收回", n["recovered"], "kind=recovered&state=posted", "笔"),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """How much of each pollutant came in, was split and came back, by year."""
    counted = (
        rows.filter(_posted())
        .order_by()
        .values("year", "kind", "pollutant")
        .annotate(n=Count("pk"), total=Sum("amount"))
        .order_by("-year", "kind", "pollutant")
    )
    words = dict(QuotaPlan.Kind.choices)
    table = tuple(
        (
            (
                str(row["year"]), _(str(words[row["kind"]])), row["pollutant"], str(row["n"]),
                f"{plainly(row['total'])} {QUOTA.item(row['pollutant']).unit}",
            ),
            f"year={row['year']}&kind={row['kind']}&pollutant={row['pollutant']}&state=posted",
        )
        for row in counted
    )  # fmt: skip
    return [Breakdown("各年度指标", ("年度", "类型", "指标", "笔数", "数量"), table)]


PLANS = declare(Register(
    key="quota_plan", label="总量指标下达与分解", line="approval", tab="permits", model=QuotaPlan,
    pattern="指标〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("review", "待审核", stage="审核", waits_for=REVIEWERS),
            State("posted", "已入账", phase=Phase.DONE),
            State("refused", "不予入账", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("post", "审核入账", "review", "posted", by=REVIEWERS, other_person_than=(OPEN,), when=_not_sound,
                       effects=(_post,)),
            Transition("refuse", "不予入账", "review", "refused", by=REVIEWERS, asks=(REASON,),
                       danger=True, main=False),
        ),
        clocks=(ClockRule("review", "审核", "review", working_days=5, basis=DEFAULT),),
    ),
    labels={"title": "事由", "entity": "企业", "area_code": "属地（镇街）"},
    columns=("number", "title", "kind", "year", "pollutant", "amount", "area_code", "entity", "paper_no", "state",
             "due"),
    filters=("state", "kind", "year", "pollutant", "area_code"), search=("number", "title", "paper_no"),
    fields=("title", "kind", "year", "area_code", "pollutant", "amount", Ask("entity", to=Enterprise), "paper_no"),
    details=("kind", "year", "pollutant", "amount", "paper_no"),
    imports=Import(key=("year", "kind", "area_code", "pollutant", "title"), headers={
        "title": ("名称", "事项"), "kind": ("类别",), "area_code": ("镇街", "所在镇街", "区域"),
        "pollutant": ("污染物", "污染物名称"), "amount": ("指标量", "分配量 t/a", "下达量"), "paper_no": ("文件号",),
        "entity": ("企业名称",)},
        examples={"title": "2026年度总量指标分解", "kind": "分解到镇街", "year": "2026", "area_code": "北镇",
                  "pollutant": "化学需氧量", "amount": "12.5", "paper_no": "测环总〔2026〕3号"}),
    settled=_settled, statistics=_statistics, breakdowns=_breakdowns, edit=APPROVERS, manage=APPROVERS, enterprise="", map_layer=False,
    empty="还没有指标。登记或导入上级下达的指标和各镇街的分解表，审核后入账。",
))  # fmt: skip
