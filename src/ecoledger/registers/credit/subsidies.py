"""绿色奖补申报 (mechanism P14): firms that apply for a green title or its money, from the application to the payment.

申报 → 初审 → 推荐 → 公示 → 认定 → 已兑现. The kinds (绿色发展领军企业, 环保示范性企业 …) and what each pays are the bureau's words.
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

from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.credit import ratings

FIRM = frozenset({Role.ENTERPRISE})
CLERKS = frozenset({Role.APPROVER, Role.DISPATCHER})
REVIEWERS = frozenset({Role.SECTION_CHIEF, Role.LEADER})
YUAN: dict[str, Any] = {
    "max_digits": 14, "decimal_places": 2, "null": True, "blank": True, "validators": [MinValueValidator(0)],
}  # fmt: skip
# A firm with one of these levels gets no title.
BARRED = ("yellow", "red", "black")


class GreenSubsidy(Matter):
    """One application."""

    class Kind(models.TextChoices):
        LEADER = "leader", "绿色发展领军企业"
        MODEL = "model", "环保示范性企业"
        PROJECT = "project", "污染防治项目奖补"
        INSURANCE = "insurance", "环责险保费补贴"
        OTHER = "other", "其他绿色奖补"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_green_subsidy"
    )
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    kind = models.CharField("申报类别", max_length=10, choices=Kind.choices)
    asked = models.DecimalField("申请金额 万元", **YUAN)
    granted = models.DecimalField("核定金额 万元", **YUAN)
    paid = models.DecimalField("已兑现 万元", **YUAN)
    granted_on = models.DateField("认定日期", null=True, blank=True, editable=False, db_index=True)
    paid_on = models.DateField("兑现日期", null=True, blank=True, editable=False)
    paper_no = models.CharField("认定文号", max_length=80, blank=True)

    class Meta:
        verbose_name = "绿色奖补"


def _prepare(row: Any) -> None:
    row.circulation = Circulation.ENTERPRISE
    if row.entity is not None and not row.title:
        row.title = f"{row.entity} {row.year} {_(str(row.get_kind_display()))}"


def _barred(row: Any) -> str:
    """A firm whose credit is below good is not recommended."""
    level = ratings.level_of(row.entity_id, timezone.localdate()) if row.entity_id else None
    if level is not None and level.colour in BARRED:
        return _("企业现行环境信用等级为“%s”，不能推荐。") % _(level.level)
    return ""


def _grant(step: Step) -> None:
    step.matter.granted_on = timezone.localdate(step.at)


def _pay(step: Step) -> None:
    row = step.matter
    if row.paid > (row.granted or Decimal(0)):
        why = _("兑现金额超过核定金额。")
        raise Refused("form", why, "", {"paid": [why]})
    row.paid_on = timezone.localdate(step.at)


GRANTED = Q(state__in=("granted", "paid"))


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    live = rows.filter(merged_into=None).order_by()
    n = live.aggregate(
        all=Count("pk", filter=~Q(phase="dismissed")),
        titles=Count("pk", filter=GRANTED),
        sum_granted=Sum("granted", filter=GRANTED),
        sum_paid=Sum("paid", filter=Q(state="paid")),
        **{
            f"kind_{key}": Count("pk", filter=GRANTED & Q(kind=key))
            for key in GreenSubsidy.Kind.values
        },
    )
    query = "state=granted,paid"
    return [
        Statistic("all", "申报", n["all"], "", "项"),
        Statistic("granted", "已认定", n["titles"], query, "项"),
        *(
            Statistic(key, word, n[f"kind_{key}"], f"{query}&kind={key}", "家")
            for key, word in GreenSubsidy.Kind.choices
        ),
        Statistic("amount", "核定金额", float(n["sum_granted"] or 0), query, "万元"),
        Statistic("paid", "已兑现", float(n["sum_paid"] or 0), "state=paid", "万元"),
    ]


SUBSIDIES = declare(Register(
    key="green_subsidy", label="绿色奖补申报", line="approval", tab="permits", model=GreenSubsidy,
    pattern="绿补〔{year}〕{n}号", prepare=_prepare,
    workflow=Workflow(
        states=(
            State("applied", "待初审", stage="初审", waits_for=CLERKS),
            State("correcting", "待企业补正", stage="初审", waits_for=FIRM),
            State("review", "待审定", stage="审定", waits_for=REVIEWERS),
            State("shown", "公示中", stage="公示", waits_for=CLERKS),
            State("granted", "已认定", stage="兑现", waits_for=CLERKS),
            State("paid", "已兑现", phase=Phase.DONE),
            State("refused", "不予认定", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("recommend", "初审通过，推荐", "applied", "review", by=CLERKS, when=_barred, evidence=1,
                       asks=(said("opinion", "初审意见"),)),
            Transition("send_back", "退回补正", "applied", "correcting", by=CLERKS, asks=(REASON,), main=False,
                       shown_to_enterprise=True),
            Transition("supply", "已补正", "correcting", "applied", by=FIRM | CLERKS, asks=(said("supplied", "补正情况"),),
                       shown_to_enterprise=True),
            Transition("approve", "审定并公示", "review", "shown", by=REVIEWERS, asks=("granted",),
                       other_person_than=("recommend",)),
            Transition("grant", "公示无异议，认定", "shown", "granted", by=CLERKS, asks=("paper_no",), when=_barred,
                       effects=(_grant,), shown_to_enterprise=True),
            Transition("pay", "资金兑现", "granted", "paid", by=CLERKS, asks=("paid",), evidence=1, effects=(_pay,),
                       shown_to_enterprise=True),
            Transition("return", "退回重新初审", ("review", "shown", "granted"), "applied", by=REVIEWERS, asks=(REASON,),
                       sets={"granted": None, "granted_on": None, "paper_no": ""}, main=False,
                       help="公示有异议或认定有误的，退回后重新初审、审定、公示。"),
            Transition("refuse", "不予认定", ("applied", "correcting", "review", "shown"), "refused", by=REVIEWERS, asks=(REASON,),
                       shown_to_enterprise=True, main=False, danger=True),
        ),
        clocks=(ClockRule("check", "初审", "applied", working_days=10, basis=DEFAULT),
                ClockRule("supply", "补正", "correcting", working_days=10, basis=DEFAULT),
                ClockRule("approve", "审定", "review", working_days=10, basis=DEFAULT),
                ClockRule("show", "公示", "shown", working_days=5, waiting=True, basis=DEFAULT),
                ClockRule("pay", "兑现", "granted", days=90, basis=DEFAULT)),
    ),
    labels={"title": "名称", "entity": "企业", "area_code": "属地", "description": "申报理由"},
    columns=("number", "title", "entity", "year", "kind", "asked", "granted", "paid", "state", "due", "granted_on",
             "paper_no", "area_code"),
    filters=("state", "year", "kind", "area_code"), search=("number", "title", "entity__name", "paper_no"),
    fields=(Ask("entity", to=Enterprise, required=True), "year", "kind", "asked", "description"),
    details=("year", "kind", "asked", "granted", "paid", "granted_on", "paid_on", "paper_no"),
    imports=Import(key=("entity", "year", "kind"), headers={
        "entity": ("企业名称", "申报单位"), "kind": ("类别", "奖补类别"), "asked": ("申请金额", "申报金额"), "year": ("申报年度",)},
        examples={"entity": "某某新材料厂", "year": "2026", "kind": "绿色发展领军企业", "asked": "30"}, future=()),
    statistics=_statistics, edit=CLERKS | FIRM, manage=CLERKS | REVIEWERS, enterprise="enterprise__code",
    map_layer=False, empty="还没有申报。企业或本局登记绿色奖补申报，初审、审定、公示后认定和兑现。",
))  # fmt: skip
