"""总量指标申请与分配 (mechanism P6): a project asks for its quota, gets it from its town, the county's reserve or the air
pool (A2), and loses it when it is not used in time.

待提交 → 待审核 → 已分配 → 已落实; what is not put to use by its last day goes back by itself to where it came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.books import account as accounts
from ecoledger.books.models import Holding
from ecoledger.entities import succession
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.air import quota as air
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.quota import holdings
from ecoledger.registers.quota.holdings import AMOUNT, APPROVERS, QUOTA, REVIEWERS, Pollutant
from ecoledger.standards.rounding import plainly


class QuotaRequest(Matter):
    """One project's quota."""

    class Source(models.TextChoices):
        TOWN = "town", "镇街指标"
        RESERVE = "reserve", "县级储备"
        AIR = "air", "大气总量库"

    class Priority(models.TextChoices):
        KEY = "key", "重点企业（项目）"
        LISTED = "listed", "上市企业"
        TALENT = "talent", "高层次项目"
        ORDINARY = "ordinary", "一般项目"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_quota_request"
    )
    source = models.CharField("指标来源", max_length=8, choices=Source.choices, default=Source.TOWN)
    priority = models.CharField(
        "保障类型", max_length=10, choices=Priority.choices, default=Priority.ORDINARY
    )
    use_by = models.DateField("落实期限", null=True, blank=True)
    granted_on = models.DateField("分配日期", null=True, blank=True, editable=False, db_index=True)
    approval_no = models.CharField("环评批文或许可证号", max_length=80, blank=True)

    class Meta:
        verbose_name = "总量指标申请"

    @property
    def asked(self) -> str:
        """What it asks for, in words."""
        return "；".join(
            f"{_(row.get_pollutant_display())} {plainly(row.amount)} t/a"
            for row in self.amounts.all()
        )

    @property
    def available(self) -> str:
        """What its source has of each today, in words: read before it is granted."""
        found = []
        for row in self.amounts.all():
            pool = _pool_row(self, row.pollutant)
            found.append(
                f"{_(row.get_pollutant_display())} {plainly(pool.balance if pool else Decimal(0))} t/a"
            )
        return "；".join(found)


class RequestedAmount(models.Model):
    """How much of one pollutant."""

    request = models.ForeignKey(QuotaRequest, on_delete=models.CASCADE, related_name="amounts")
    pollutant = models.CharField("指标", max_length=8, choices=Pollutant.choices)
    amount = models.DecimalField("数量 t/a", **AMOUNT)  # type: ignore[arg-type]

    class Meta:
        verbose_name = "申请数量"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.pollutant} {self.amount}"


def _pool_row(request: Any, pollutant: str) -> Holding | None:
    """The holding that a request draws on; ``None`` where there is none yet."""
    area = str(request.area_code)
    book, name, code = QUOTA.key, holdings.TOWN_SHARE, area
    if request.source == QuotaRequest.Source.AIR:
        book, name, code = air.QUOTA.key, air.POOL, area[: holdings.COUNTY]
    elif request.source == QuotaRequest.Source.RESERVE or len(area) <= holdings.COUNTY:
        name, code = holdings.RESERVE, area[: holdings.COUNTY]
    return Holding.objects.filter(book=book, name=name, area_code=code, item=pollutant).first()


def _pool(request: Any, pollutant: str) -> Holding:
    """The holding of our own account that a request draws on."""
    if request.source == QuotaRequest.Source.RESERVE:
        return holdings.reserve(pollutant, request.area_code)
    return holdings.share(pollutant, request.area_code)


def _wanted(request: Any) -> dict[str, Decimal]:
    wanted: dict[str, Decimal] = {}
    for row in request.amounts.all():
        wanted[row.pollutant] = wanted.get(row.pollutant, Decimal(0)) + row.amount
    return {pollutant: amount for pollutant, amount in wanted.items() if amount}


def _not_complete(request: Any) -> str:
    if request.entity is None:
        return _("没有写明企业。")
    wanted = _wanted(request)
    if not wanted:
        return _("没有填写申请数量。")
    if request.source == QuotaRequest.Source.AIR:
        other = [name for name in wanted if name not in air.Pollutant.values]
        if other:
            return _("大气总量库没有这些指标：%s。") % _("、").join(other)
    return ""


def _settled(request: Any) -> tuple[str, ...]:
    """Once submitted it is judged, granted and taken back as it was."""
    return () if request.state == "new" else ("entity", "area_code", "source", "amounts")


def promised(firm: int, pollutant: str) -> Decimal:
    """What a firm holds for projects that have not begun, those of firms it took over as well: it comes back when they never
    do."""
    rows = RequestedAmount.objects.filter(
        request__entity__in=succession.within(firm), request__state="granted", request__merged_into=None,
        request__withdrawn_at=None, pollutant=pollutant,
    )  # fmt: skip
    return rows.aggregate(all=Sum("amount"))["all"] or Decimal(0)


def refuse_promised(holding: Holding) -> None:
    """Refuse, once a posting is written, what leaves a firm less than is granted to projects not begun."""
    if holding.entity_id is None:
        return
    bound = promised(holding.entity_id, holding.item)
    if holding.balance < bound:
        raise Refused(
            "balance",
            _("%(firm)s 有 %(bound)s %(unit)s 已分配给尚未落实的项目，不能转出。")
            % {
                "firm": holding,
                "bound": plainly(bound),
                "unit": QUOTA.item(holding.item).unit,
            },
            _("请减少数量，或待项目落实后再办。"),
        )


def _moves(request: Any) -> Iterator[tuple[str, Holding, Holding, Decimal]]:
    """Pollutant, where it comes from, the firm's holding, and how much the firm gains."""
    for pollutant, amount in _wanted(request).items():
        firm = holdings.of_firm(pollutant, request.entity)
        if request.source == QuotaRequest.Source.AIR:
            beyond = holdings.outside(pollutant, holdings.AIR_POOL, request.area_code)
            yield pollutant, beyond, firm, amount
        else:
            yield pollutant, _pool(request, pollutant), firm, amount


def _said(step: Step) -> dict[str, Any]:
    """What every posting says of it."""
    request = step.matter
    return {
        "on": timezone.localdate(step.at), "text": request.title, "voucher": request,
        "voucher_no": request.approval_no, "by": step.person, "at": step.at,
    }  # fmt: skip


def _grant(step: Step) -> None:
    """Post what it gets; what comes out of the air pool is posted there as well."""
    request, today = step.matter, timezone.localdate(step.at)
    if step.form["use_by"] <= today:
        why = _("落实期限应在今天之后。")
        raise Refused("form", why, "", {"use_by": [why]})
    request.granted_on = today
    of_air, said = request.source == QuotaRequest.Source.AIR, _said(step)
    moves: dict[Holding, Decimal] = {}
    for pollutant, giver, firm, amount in _moves(request):
        moves[giver] = moves.get(giver, Decimal(0)) - amount
        moves[firm] = moves.get(firm, Decimal(0)) + amount
        if of_air:
            county = request.area_code[: holdings.COUNTY]
            pool = air.QUOTA.holding(pollutant, air.POOL, county)
            beyond = air.QUOTA.outside(pollutant, "新建项目", county)
            accounts.post(air.QUOTA, "allocation", {pool: -amount, beyond: amount}, **said)
    accounts.post(QUOTA, "from_air" if of_air else "granted", moves, **said)


def _take_back(step: Step) -> None:
    """What was posted for it goes back to where it came from."""
    said = _said(step)
    accounts.take_back(QUOTA, "lapsed", ("granted",), **said)
    accounts.take_back(QUOTA, "to_air", ("from_air",), **said)
    accounts.take_back(air.QUOTA, "lapse", ("allocation",), **said)


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    live = rows.filter(merged_into=None).order_by()
    has = Q(state__in=("granted", "used"))
    n = live.aggregate(
        projects=Count("pk", filter=has),
        firms=Count("entity", filter=has, distinct=True),
        key=Count("pk", filter=has & ~Q(priority="ordinary")),
        lapsed=Count("pk", filter=Q(state="lapsed")),
    )
    found = [
        Statistic("projects", "已保障项目", n["projects"], "state=granted,used", "个"),
        Statistic("key", "其中：重点、上市、高层次", n["key"], "state=granted,used&priority=key,listed,talent", "个"),
        Statistic("firms", "已保障企业", n["firms"], "state=granted,used", "家"),
        Statistic("lapsed", "到期收回", n["lapsed"], "state=lapsed", "个"),
    ]  # fmt: skip
    sums = _sums(live.filter(has))
    for pollutant in Pollutant:
        if (
            pollutant is not Pollutant.CO2
        ):  # no project asks for it: it is issued by the carbon market
            amount, label = sums.get(pollutant.value, Decimal(0)), f"分配{pollutant.label}"
            key = f"sum_{pollutant.name.lower()}"
            found.append(Statistic(key, label, float(amount), "state=granted,used", "t/a"))
    return found


def _sums(rows: QuerySet[Any]) -> dict[str, Decimal]:
    sums = RequestedAmount.objects.filter(request__in=rows.values("pk")).order_by("pollutant")
    return dict(sums.values_list("pollutant").annotate(Sum("amount")))


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """What each holder has of each pollutant, as far as the reader may see it."""
    postings = seen(QUOTA)
    held = Holding.objects.filter(
        book=QUOTA.key, outside=False, entries__posting__in=postings.order_by().values("pk")
    )  # fmt: skip
    table = [
        ((str(row), row.item, plainly(row.balance), QUOTA.item(row.item).unit), "")
        for row in held.filter(entity=None).distinct().order_by("area_code", "item")[:200]
    ]
    return [
        Breakdown(
            "可分配指标",
            ("持有者", "指标", "余额", "单位"),
            tuple(table),
            "县级储备和镇街指标的余额。",
        )
    ]


class Requests(Register):
    """The book; what a source has left is told to those who grant, for a town sees neither the county's nor another's."""

    def is_open(self, name: str, person: Person) -> bool:
        grants = name != "available" or person.has_role(*APPROVERS, *REVIEWERS)
        return grants and super().is_open(name, person)


REQUESTS = declare(Requests(
    key="quota_request", label="总量指标申请与分配", line="approval", tab="permits", model=QuotaRequest,
    pattern="总申〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待提交", stage="申请", waits_for=APPROVERS),
            State("review", "待审核", stage="审核", waits_for=REVIEWERS),
            State("granted", "已分配", stage="落实", waits_for=APPROVERS),
            State("used", "已落实", phase=Phase.DONE),
            State("refused", "不予分配", phase=Phase.DISMISSED),
            State("lapsed", "已收回", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("submit", "提交审核", "new", "review", by=APPROVERS, when=_not_complete),
            Transition("grant", "同意分配", "review", "granted", by=REVIEWERS, asks=("use_by",),
                       offers=(Ask("approval_no"),), other_person_than=("submit",), effects=(_grant,)),
            Transition("use", "已落实（取得批文或许可）", "granted", "used", by=APPROVERS, asks=("approval_no",)),
            Transition("lapse", "到期未落实，收回", "granted", "lapsed", by=APPROVERS, automatic=True,
                       offers=(REASON,), effects=(_take_back,), main=False,
                       help="到落实期限仍未落实的，由系统自动收回。"),
            Transition("give_back", "项目终止，指标收回", "used", "lapsed", by=APPROVERS, asks=(REASON,),
                       evidence=1, effects=(_take_back,), main=False, danger=True),
            Transition("refuse", "不予分配", "review", "refused", by=REVIEWERS, asks=(REASON,), danger=True,
                       main=False),
        ),
        clocks=(ClockRule("review", "审核", "review", working_days=5, basis=DEFAULT),
                ClockRule("use", "落实期限", "granted", deadline_field="use_by", on_due="lapse",
                          extensions=(90, 180), basis="分配文件")),
    ),
    labels={"title": "项目名称", "entity": "企业", "area_code": "属地", "asked": "申请数量", "available": "来源现有"},
    columns=("number", "title", "entity", "asked", "source", "priority", "state", "due", "granted_on", "use_by",
             "area_code"),
    filters=("state", "source", "priority", "granted_on", "area_code"), search=("number", "title", "entity__name"),
    fields=("title", Ask("entity", to=Enterprise, required=True), "area_code", "source", "priority",
            "description"),
    details=("asked", "available", "source", "priority", "granted_on", "use_by", "approval_no"),
    lines=(Lines(key="amounts", label="申请数量", model=RequestedAmount, columns=("pollutant", "amount")),),
    prefetch=("amounts",),
    imports=Import(key=("title",), headers={"title": ("项目",), "entity": ("企业名称", "建设单位"), "source": ("来源",)},
                   examples={"title": "年产五万吨精密铸件项目", "entity": "某某铸造厂", "source": "镇街指标",
                             "priority": "重点企业（项目）"}),
    settled=_settled, statistics=_statistics, breakdowns=_breakdowns, edit=APPROVERS, manage=APPROVERS, enterprise="",
    empty="还没有申请。登记项目和申请数量，提交审核后由镇街指标、县级储备或大气总量库分配。",
))  # fmt: skip
