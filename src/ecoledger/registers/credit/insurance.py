"""环境污染责任保险 (mechanism P14): which firm is insured for how much and until when, its checks, its claims, its renewal.

在保 → 临近到期 → 到期未续, and by 续保 back. A policy in force is nobody's work; two months before its end it is to be renewed,
thirty days before it is told of; on its end it stands as expired. What was insured before stays as a term of the policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.inventory import inventory_of
from ecoledger.entities.models import Enterprise
from ecoledger.entities.validity import in_force
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.clocks import local
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import REASON

CLERKS = frozenset({Role.APPROVER, Role.OFFICER, Role.DISPATCHER})
MONEY: dict[str, Any] = {
    "max_digits": 14,
    "decimal_places": 2,
    "validators": [MinValueValidator(0)],
}
# So many days before its end a policy is to be renewed.
NEAR = 60
# A year's policy is told thirty days before its end.
TOLD_AT = 1 - 30 / 365


IN_FORCE = ("insured", "ending")
TERM = ("policy_no", "insured", "starts_on", "ends_on")


class InsurancePolicy(Matter):
    """One firm's policy, with the term that runs."""

    class Kind(models.TextChoices):
        LIABILITY = "liability", "环境污染责任保险"
        COMBINED = "combined", "安全生产与环境污染综合责任险"
        OTHER = "other", "其他绿色保险"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_insurance_policy"
    )
    policy_no = models.CharField("保单号", max_length=60, db_index=True)
    insurer = models.CharField("保险公司", max_length=80)
    kind = models.CharField("险种", max_length=10, choices=Kind.choices, default=Kind.LIABILITY)
    insured = models.DecimalField("保额 万元", **MONEY)
    premium = models.DecimalField("保费 元", null=True, blank=True, **MONEY)
    starts_on = models.DateField("保险起期")
    ends_on = models.DateField("保险止期", db_index=True)
    assessed = models.BooleanField("已出风险评估报告", default=False)

    class Meta:
        verbose_name = "环境污染责任保险"


class InsuranceTerm(models.Model):
    """A term that is over."""

    policy = models.ForeignKey(InsurancePolicy, on_delete=models.CASCADE, related_name="terms")
    policy_no = models.CharField("保单号", max_length=60)
    insured = models.DecimalField("保额 万元", **MONEY)
    premium = models.DecimalField("保费 元", null=True, blank=True, **MONEY)
    starts_on = models.DateField("保险起期")
    ends_on = models.DateField("保险止期")

    class Meta:
        verbose_name = "以往保期"
        ordering = ["-ends_on", "id"]

    def __str__(self) -> str:
        return self.policy_no


class InsuranceService(models.Model):
    """One check or training that the insurer gave (防控服务)."""

    policy = models.ForeignKey(InsurancePolicy, on_delete=models.CASCADE, related_name="services")
    on = models.DateField("服务日期")
    content = models.CharField("服务内容", max_length=200)
    dangers = models.PositiveSmallIntegerField("发现隐患 个", default=0)

    class Meta:
        verbose_name = "防控服务"
        ordering = ["on", "id"]

    def __str__(self) -> str:
        return self.content


class InsuranceClaim(models.Model):
    """One accident and what was paid for it (理赔)."""

    policy = models.ForeignKey(InsurancePolicy, on_delete=models.CASCADE, related_name="claims")
    on = models.DateField("事故日期")
    what = models.CharField("事故情况", max_length=200)
    paid = models.DecimalField("赔付 元", null=True, blank=True, **MONEY)

    class Meta:
        verbose_name = "理赔"
        ordering = ["on", "id"]

    def __str__(self) -> str:
        return self.what


def _prepare(policy: Any) -> None:
    policy.circulation = Circulation.ENTERPRISE
    if policy.entity is not None and not policy.title:
        policy.title = _("%(firm)s 环境污染责任保险") % {"firm": policy.entity}


def _backwards(starts_on: date | None, ends_on: date | None) -> str:
    if starts_on and ends_on and ends_on < starts_on:
        return _("保险止期应在起期之后。")
    return ""


def _check_days(policy: Any) -> None:
    if why := _backwards(policy.starts_on, policy.ends_on):
        raise Refused("form", why, "", {"ends_on": [why]})


def _renew(step: Step) -> None:
    """The term before goes below; its clock runs to the new end."""
    policy = step.matter
    _check_days(policy)
    old = InsurancePolicy.objects.get(pk=policy.pk)
    if policy.ends_on <= old.ends_on:
        why = _("新的止期应在原止期之后。")
        raise Refused("form", why, "", {"ends_on": [why]})
    InsuranceTerm.objects.create(
        policy_id=policy.pk, policy_no=old.policy_no, insured=old.insured, premium=old.premium,
        starts_on=old.starts_on, ends_on=old.ends_on,
    )  # fmt: skip


def _come_due(now: datetime) -> int:
    """Policies in force that are near their end become work."""
    near = local(now).date() + timedelta(days=NEAR)
    rows = InsurancePolicy.objects.filter(state="insured", ends_on__lte=near, withdrawn_at=None)
    keys = list(rows.filter(merged_into=None).values_list("pk", flat=True))
    for key in keys:
        actions.perform(key, "come_due", by=None, at=now)
    return len(keys)


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Policies that hold today; the share is of the key firms that are there."""
    today = local(now).date()
    live = rows.filter(merged_into=None).order_by()
    holds = Q(state__in=IN_FORCE, starts_on__lte=today, ends_on__gte=today)
    n = live.aggregate(
        firms=Count("entity", filter=holds, distinct=True),
        cover=Sum("insured", filter=holds),
        expired=Count("pk", filter=Q(state="expired")),
    )
    key_firms = with_policy = 0
    if not live.query.is_empty():
        key = seen(inventory_of(Enterprise.KIND)).filter(in_force(today), is_key=True)
        key_firms = key.count()
        with_policy = key.filter(pk__in=live.filter(holds).values("entity")).count()
    claims = InsuranceClaim.objects.filter(policy__in=live.values("pk")).aggregate(
        n=Count("pk"), paid=Sum("paid")
    )
    query = f"state={','.join(IN_FORCE)}&ends_on_from={today}"
    return [
        Statistic("firms", "投保企业", n["firms"], query, "家"),
        Statistic("insured", "在保保额", float(n["cover"] or 0), query, "万元"),
        share("key_rate", "重点单位投保率", with_policy, key_firms, query=query, note="在保的重点单位÷环境监管重点单位"),
        Statistic("expired", "到期未续", n["expired"], "state=expired", "家"),
        Statistic("services", "防控服务", InsuranceService.objects.filter(policy__in=live.values("pk")).count(), "", "次"),
        Statistic("claims", "理赔", claims["n"], "", "起"),
        Statistic("paid", "赔付金额", float(claims["paid"] or 0) / 10_000, "", "万元"),
    ]  # fmt: skip


class Policies(Register):
    """The book: no term ends before it begins."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        why = _backwards(values.get("starts_on"), values.get("ends_on"))
        return {"ends_on": why} if why else {}


POLICIES = declare(Policies(
    key="insurance_policy", label="环境污染责任保险", line="approval", tab="permits", model=InsurancePolicy,
    ahead=("starts_on",),
    pattern="环责险〔{year}〕{n}号", prepare=_prepare,
    workflow=Workflow(
        states=(
            State("insured", "在保", stage="在保", phase=Phase.DONE, standing=True),
            State("ending", "临近到期", stage="续保", waits_for=CLERKS),
            State("expired", "到期未续", stage="续保", waits_for=CLERKS),
            State("ended", "不再投保", phase=Phase.DONE),
        ),
        transitions=(
            Transition("renew", "续保", ("ending", "expired"), "insured", by=CLERKS, effects=(_renew,),
                       asks=TERM, offers=("premium", "assessed")),
            Transition("renew_early", "提前续保", "insured", "insured", by=CLERKS, effects=(_renew,), main=False,
                       asks=TERM, offers=("premium", "assessed")),
            Transition("come_due", "临近到期", "insured", "ending", automatic=True, main=False),
            Transition("expire", "到期", ("insured", "ending"), "expired", automatic=True, main=False),
            Transition("end", "不再投保", ("insured", "ending", "expired"), "ended", by=CLERKS, asks=(REASON,),
                       main=False),
        ),
        clocks=(ClockRule("ends", "保险止期", IN_FORCE, deadline_field="ends_on", on_due="expire",
                          remind_at=TOLD_AT, basis="保单"),
                ClockRule("renew", "督促续保", "expired", days=30, basis="平台默认，本局可改")),
    ),
    labels={"title": "名称", "entity": "企业", "area_code": "属地"},
    columns=("number", "title", "entity", "insurer", "policy_no", "kind", "insured", "premium", "starts_on", "ends_on",
             "state", "due", "area_code"),
    filters=("state", "kind", "ends_on", "area_code"), search=("number", "title", "policy_no", "entity__name", "insurer"),
    fields=(Ask("entity", to=Enterprise, required=True), "area_code", "insurer", "policy_no", "kind", "insured",
            "premium", "starts_on", "ends_on", "assessed"),
    details=("insurer", "policy_no", "kind", "insured", "premium", "starts_on", "ends_on", "assessed"),
    lines=(Lines(key="services", label="防控服务", model=InsuranceService, columns=("on", "content", "dangers")),
           Lines(key="claims", label="理赔", model=InsuranceClaim, columns=("on", "what", "paid")),
           Lines(key="terms", label="以往保期", model=InsuranceTerm,
                 columns=("policy_no", "insured", "premium", "starts_on", "ends_on"))),
    imports=Import(key=("policy_no",), headers={
        "entity": ("企业名称", "投保企业"), "insurer": ("承保公司", "保险机构"), "policy_no": ("保险单号",),
        "insured": ("保险金额", "责任限额 万元"), "premium": ("保险费",), "starts_on": ("起保日期", "保险起始日"),
        "ends_on": ("到期日期", "保险终止日"), "kind": ("险种名称",)},
        examples={"entity": "某某电镀厂", "insurer": "示例财产保险", "policy_no": "HZX-2026-001", "insured": "200",
                  "premium": "12000", "starts_on": "2026-03-01", "ends_on": "2027-02-28"}, future=("ends_on",)),
    views=(View("ending", "按止期", {"state": ",".join(IN_FORCE)}, "ends_on"),),
    statistics=_statistics, daily=_come_due, edit=CLERKS, manage=CLERKS, enterprise="enterprise__code", map_layer=False,
    empty="还没有保单。登记或导入投保企业的保单，到期前 30 日提醒续保。",
))  # fmt: skip
