"""排污权、碳排放权交易 (mechanism P10): who sold what to whom at which price, and what both have left.

待审核 → 已过户. The transfer is a posting of the quota account: what one side gains the other gives, and nobody sells
what he has not. Between two firms, out of or into the county's reserve, and with firms elsewhere.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.books import account as accounts
from ecoledger.books.models import Holding
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.parts import Ask, Import
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.workflow import OPEN, ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.quota import holdings
from ecoledger.registers.quota.holdings import AMOUNT, APPROVERS, QUOTA, REVIEWERS, Pollutant
from ecoledger.registers.quota.requests import refuse_promised
from ecoledger.standards.rounding import plainly

YUAN = {"max_digits": 14, "decimal_places": 2}
# A sum of so many yuan has more digits than are kept.
MOST = Decimal(10**12)


class QuotaTrade(Matter):
    """One transfer. Whoever has no name in this county is elsewhere, or the county's reserve."""

    class Way(models.TextChoices):
        FIRMS = "firms", "企业间转让"
        RESERVE_OUT = "reserve_out", "储备出让"
        RESERVE_IN = "reserve_in", "储备回购"
        BOUGHT = "bought", "区外购入"
        SOLD = "sold", "售往区外"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_quota_trade"
    )
    way = models.CharField("交易方式", max_length=12, choices=Way.choices, default=Way.FIRMS)
    seller = models.ForeignKey(
        Entity,
        verbose_name="转让方",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    buyer = models.ForeignKey(
        Entity,
        verbose_name="受让方",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    pollutant = models.CharField("指标", max_length=8, choices=Pollutant.choices)
    amount = models.DecimalField("数量 t", **AMOUNT)  # type: ignore[arg-type]
    price = models.DecimalField("单价 元/t", validators=[MinValueValidator(0)], **YUAN)  # type: ignore[arg-type]
    years = models.PositiveSmallIntegerField(
        "使用年限", default=1, validators=[MinValueValidator(1)]
    )
    contract_no = models.CharField("合同编号", max_length=80, blank=True)
    transferred_on = models.DateField(
        "过户日期", null=True, blank=True, editable=False, db_index=True
    )
    # What the trade came to, and what both had after it: the ledger says it, whatever happens later.
    total = models.DecimalField("成交额 元", null=True, blank=True, editable=False, **YUAN)  # type: ignore[arg-type]
    seller_left = models.DecimalField("转让方余额", null=True, blank=True, editable=False, max_digits=20, decimal_places=6)  # fmt: skip
    buyer_has = models.DecimalField("受让方余额", null=True, blank=True, editable=False, max_digits=20, decimal_places=6)  # fmt: skip

    class Meta:
        verbose_name = "排污权与碳排放权交易"

    @property
    def worth(self) -> Decimal:
        """Price by amount and years, to the fen; of a carbon quota, which is used up, by amount alone."""
        years = 1 if self.pollutant == Pollutant.CO2 else self.years
        with localcontext() as context:
            context.prec = 50  # more digits than the three can have together
            return (self.amount * self.price * years).quantize(Decimal("0.01"))


Way = QuotaTrade.Way
# Which side a firm must be named on.
_SIDES = {
    Way.FIRMS: ("seller", "buyer"),
    Way.RESERVE_OUT: ("buyer",),
    Way.RESERVE_IN: ("seller",),
    Way.BOUGHT: ("buyer",),
    Way.SOLD: ("seller",),
}
_VOUCHERS = {Way.BOUGHT: "bought", Way.SOLD: "sold"}


def _not_complete(trade: Any) -> str:
    sides = _SIDES[trade.way]
    for name in ("seller", "buyer"):
        label = _(str(trade._meta.get_field(name).verbose_name))
        if name in sides and getattr(trade, name) is None:
            return _("“%(way)s”须写明%(side)s。") % {
                "way": _(trade.get_way_display()),
                "side": label,
            }
        if name not in sides and getattr(trade, name) is not None:
            return _("“%(way)s”不填%(side)s。") % {"way": _(trade.get_way_display()), "side": label}
    if trade.seller is not None and trade.seller == trade.buyer:
        return _("转让方和受让方是同一家。")
    if not trade.amount:
        return _("数量须大于零。")
    if trade.worth >= MOST:
        return _("成交额过大，请核对数量、单价和年限。")
    return "" if trade.contract_no.strip() else _("没有填写合同编号。")


def _sides(trade: Any) -> tuple[Holding, Holding]:
    """Who gives and who takes."""
    item, area = trade.pollutant, trade.area_code
    elsewhere = holdings.outside(item, holdings.ELSEWHERE, area)
    reserve = holdings.reserve(item, area)
    giver = {Way.RESERVE_OUT: reserve, Way.BOUGHT: elsewhere}.get(trade.way)
    taker = {Way.RESERVE_IN: reserve, Way.SOLD: elsewhere}.get(trade.way)
    return (
        giver or holdings.of_firm(item, trade.seller),
        taker or holdings.of_firm(item, trade.buyer),
    )


def _transfer(step: Step) -> None:
    trade = step.matter
    giver, taker = _sides(trade)
    trade.transferred_on = timezone.localdate(step.at)
    trade.total = trade.worth
    accounts.post(
        QUOTA, _VOUCHERS.get(trade.way, "traded"), {giver: -trade.amount, taker: trade.amount},
        on=trade.transferred_on, text=trade.title, voucher=trade, voucher_no=trade.contract_no,
        by=step.person, at=step.at, details={"price": str(trade.price), "total": str(trade.total)},
    )  # fmt: skip
    refuse_promised(giver)
    trade.seller_left = None if giver.outside else giver.balance
    trade.buyer_has = None if taker.outside else taker.balance


def _settled(trade: Any) -> tuple[str, ...]:
    """What is transferred stays as the account has it."""
    if trade.state == "review":
        return ()
    return ("way", "seller", "buyer", "area_code", "pollutant", "amount", "price", "years")


def _prepare(trade: Any) -> None:
    """It stands in the file of who buys, or of who sells to somebody who is not here."""
    trade.entity = trade.buyer or trade.seller
    if trade.entity is not None:
        trade.area_code = trade.area_code or trade.entity.area_code
        trade.enterprise = trade.entity.enterprise


def _done(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(state="transferred", merged_into=None).order_by()


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = _done(rows).aggregate(
        deals=Count("pk"),
        total=Sum("total"),
        carbon=Count("pk", filter=Q(pollutant=Pollutant.CO2)),
    )
    query = "state=transferred"
    return [
        Statistic("deals", "成交", n["deals"], query, "笔"),
        Statistic("rights", "其中：排污权", n["deals"] - n["carbon"], query, "笔"),
        Statistic("carbon", "其中：碳排放权", n["carbon"], f"{query}&pollutant=CO2", "笔"),
        Statistic("total", "成交额", float(n["total"] or 0) / 10_000, query, "万元"),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """By pollutant: how much, for how much, and the mean price by amount."""
    counted = (
        _done(rows)
        .values("pollutant")
        .annotate(
            n=Count("pk"), amounts=Sum("amount"), worth=Sum("total"),
            priced=Sum(F("amount") * F("price"), output_field=models.DecimalField(max_digits=20, decimal_places=2)),
        )
        .order_by("pollutant")
    )  # fmt: skip
    table = []
    for row in counted:
        mean = Decimal(row["priced"]) / Decimal(row["amounts"]) if row["amounts"] else None
        cells = (
            row["pollutant"], str(row["n"]), plainly(Decimal(row['amounts'])),
            f"{row['worth']:,.2f}", f"{mean:,.2f}" if mean is not None else "—",
        )  # fmt: skip
        table.append((cells, f"state=transferred&pollutant={row['pollutant']}"))
    heads = ("指标", "笔数", "数量 t", "成交额 元", "均价 元/t")
    return [Breakdown("各指标成交", heads, tuple(table), "均价按数量加权。")]


TRADES = declare(Register(
    key="quota_trade", label="排污权与碳排放权交易", line="approval", tab="permits", model=QuotaTrade,
    pattern="交易〔{year}〕{n}号", prepare=_prepare,
    workflow=Workflow(
        states=(
            State("review", "待审核", stage="审核", waits_for=REVIEWERS),
            State("transferred", "已过户", phase=Phase.DONE),
            State("refused", "不予过户", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("transfer", "审核过户", "review", "transferred", by=REVIEWERS, other_person_than=(OPEN,),
                       when=_not_complete, effects=(_transfer,)),
            Transition("refuse", "不予过户", "review", "refused", by=REVIEWERS, asks=(REASON,), danger=True,
                       main=False),
        ),
        clocks=(ClockRule("review", "审核", "review", working_days=5, basis=DEFAULT),),
    ),
    labels={"title": "交易名称", "area_code": "属地", "worth": "金额 元"},
    columns=("number", "title", "way", "seller", "buyer", "pollutant", "amount", "price", "years", "worth",
             "seller_left", "buyer_has", "state", "transferred_on"),
    filters=("state", "way", "pollutant", "transferred_on", "area_code"),
    search=("number", "title", "contract_no", "seller__name", "buyer__name"),
    fields=("title", "way", Ask("seller", to=Enterprise), Ask("buyer", to=Enterprise), "area_code", "pollutant",
            "amount", "price", "years", "contract_no"),
    details=("way", "seller", "buyer", "pollutant", "amount", "price", "years", "worth", "contract_no",
             "transferred_on", "total", "seller_left", "buyer_has"),
    imports=Import(key=("contract_no",), headers={
        "title": ("名称", "项目名称"), "way": ("方式", "交易类型"), "seller": ("出让方", "转让企业"),
        "buyer": ("购买方", "受让企业"), "pollutant": ("污染物", "标的"), "amount": ("交易量", "数量"),
        "price": ("单价", "成交单价"), "years": ("年限",), "contract_no": ("合同号",)},
        examples={"title": "某某印染厂受让化学需氧量", "way": "企业间转让", "seller": "某某造纸厂", "buyer": "某某印染厂",
                  "pollutant": "化学需氧量", "amount": "1.2", "price": "9500", "years": "5",
                  "contract_no": "PWQ-2026-003", "area_code": "北镇"}, future=()),
    settled=_settled, statistics=_statistics, breakdowns=_breakdowns, edit=APPROVERS, manage=APPROVERS, enterprise="",
    map_layer=False, empty="还没有交易。登记或导入成交合同，审核后在总量指标账过户。",
))  # fmt: skip
