"""小微危废收运 (mechanism S-7): a member orders, orders are pooled into a trip, the trip ends with a manifest and a price.

An order waits for a collector, is put into a batch, weighed at the door at a price a kilogram and, when the batch has
reached its receiver, done; the member may say how content it is. A batch goes with one manifest and its receiver's
weight is held against what was weighed at the doors.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Avg, Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.entities.models import Area
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.waste import small_producers
from ecoledger.registers.waste.hazardous_waste import is_waste_code
from ecoledger.registers.waste.small_producers import JOINED, SmallProducer
from ecoledger.standards import waste
from ecoledger.standards.identifiers import parse_manifest

COLLECTORS = BUREAU | {Role.THIRD_PARTY}
MEMBERS = BUREAU | {Role.ENTERPRISE, Role.TOWN}
_KILOGRAMS: dict[str, Any] = {
    "max_digits": 12,
    "decimal_places": 2,
    "validators": [MinValueValidator(0)],
}


# ---- the trip ------------------------------------------------------------------------------------


class PickupBatch(Matter):
    """One trip of a collector past several members (拼车批次)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_pickup_batch"
    )
    planned_on = models.DateField("计划收运日")
    collector = models.CharField("收集单位", max_length=120)
    plate = models.CharField("车牌号", max_length=20, blank=True)
    driver = models.CharField("驾驶员", max_length=40, blank=True)
    manifest_no = models.CharField("联单编号", max_length=20, blank=True, db_index=True)
    receiver = models.CharField("接收单位", max_length=120, blank=True)
    received = models.DecimalField("接收量 kg", null=True, blank=True, **_KILOGRAMS)

    class Meta:
        verbose_name = "拼车批次"

    @property
    def stops(self) -> int:
        """Members it was fetched from, or will be."""
        return sum(order.state != "cancelled" for order in self.orders.all())

    @property
    def weighed(self) -> Decimal:
        """What was weighed at the doors, kg."""
        return sum((order.weighed or Decimal(0) for order in self.orders.all()), Decimal(0))

    @property
    def difference(self) -> Decimal | None:
        """What the receiver weighed less what was weighed at the doors, kg."""
        return None if self.received is None else self.received - self.weighed


def _prepare_batch(batch: Any) -> None:
    if not batch.title:
        batch.title = f"{batch.planned_on:%Y-%m-%d} {batch.collector} {batch.plate}".strip()[:200]


def _not_loaded(batch: Any) -> str:
    if batch.orders.filter(state="pooled").exists():
        return _("还有预约没有称重收运，请先收运或取消。")
    return "" if batch.orders.filter(state="collected").exists() else _("这一批还没有收到废物。")


def _has_orders(batch: Any) -> str:
    return _("这一批还有预约，请先改派或取消。") if batch.stops else ""


def _manifest_is_one(step: Step) -> None:
    number = parse_manifest(step.matter.manifest_no)
    if not number.ok:
        why = number.problems[0].text
        raise Refused("form", why, _("请核对联单编号。"), {"manifest_no": [why]})
    step.matter.manifest_no = number.code


def _deliver_orders(step: Step) -> None:
    for order in step.matter.orders.filter(state="collected"):
        actions.perform(order.pk, "deliver", by=None, at=step.at)


BATCHES = declare(Register(
    key="small_batch", label="小微收运批次", line="waste", model=PickupBatch, pattern="拼车〔{year}〕{n}号",
    prepare=_prepare_batch, map_layer=False, prefetch=("orders",),
    workflow=Workflow(
        states=(
            State("pooling", "拼车收运中", stage="收运", waits_for=COLLECTORS),
            State("loaded", "运输中", stage="运输", waits_for=COLLECTORS),
            State("delivered", "已交付", phase=Phase.DONE),
            State("void", "已取消", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("load", "收运完毕，开具联单", "pooling", "loaded", by=COLLECTORS,
                       asks=("manifest_no", "receiver"), offers=("plate", "driver"), when=_not_loaded,
                       effects=(_manifest_is_one,)),
            Transition("deliver", "接收单位确认", "loaded", "delivered", by=COLLECTORS, asks=("received",),
                       effects=(_deliver_orders,)),
            Transition("void", "取消", "pooling", "void", by=COLLECTORS, asks=(REASON,), main=False,
                       danger=True, when=_has_orders),
        ),
        clocks=(ClockRule("trip", "计划收运", "pooling", deadline_field="planned_on", basis=DEFAULT),
                ClockRule("deliver", "交付", "loaded", working_days=5, basis=DEFAULT)),
    ),
    labels={"stops": "收运户数", "weighed": "上门称重 kg", "difference": "接收减称重 kg"},
    columns=("number", "title", "planned_on", "collector", "stops", "weighed", "received", "difference",
             "manifest_no", "state", "due", "area_code"),
    filters=("state", "planned_on", "area_code"), search=("number", "title", "manifest_no", "collector", "plate"),
    fields=(Ask("title", required=False, help="留空则取日期和收集单位。"), "area_code", "planned_on", "collector",
            "plate", "driver"),
    details=("planned_on", "collector", "plate", "driver", "stops", "weighed", "manifest_no", "receiver",
             "received", "difference"),
    edit=COLLECTORS, empty="还没有收运批次。登记一批后，把预约单编入。",
))  # fmt: skip


def _pooling(person: Any) -> QuerySet[Any]:
    rows = PickupBatch.objects.filter(state="pooling")
    return rows if person is None else rows.filter(pk__in=BATCHES.visible_to(person).values("pk"))


declare_lookup(Lookup(
    key="small_batch", model=PickupBatch, label="拼车批次", rows=_pooling, exact=("number", "title"),
    begins=("number",), contains=("title",), under=lambda row: f"{row.number} {row.collector}",
))  # fmt: skip

# ---- the order -----------------------------------------------------------------------------------


class PickupOrder(Matter):
    """What a member asks to be fetched (预约单)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_pickup_order"
    )
    waste = models.CharField("废物名称", max_length=80)
    code = models.CharField("废物代码", max_length=14, db_index=True, validators=[is_waste_code])
    estimated = models.DecimalField("预估 kg", **_KILOGRAMS)
    packaging = models.CharField("包装方式", max_length=40, blank=True)
    wished_on = models.DateField("期望收运日", null=True, blank=True)
    batch = models.ForeignKey(
        PickupBatch, verbose_name="拼车批次", on_delete=models.PROTECT, null=True, blank=True,
        related_name="orders",
    )  # fmt: skip
    weighed = models.DecimalField("上门称重 kg", null=True, blank=True, **_KILOGRAMS)
    price = models.DecimalField(
        "单价 元/kg", max_digits=8, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    amount = models.DecimalField(
        "费用 元", max_digits=12, decimal_places=2, null=True, editable=False
    )
    satisfaction = models.PositiveSmallIntegerField(
        "满意度", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text="1 到 5 分",
    )  # fmt: skip

    class Meta:
        verbose_name = "收运预约单"


def _prepare_order(order: Any) -> None:
    order.circulation = Circulation.ENTERPRISE
    order.code = waste.hazardous(order.code).code
    if not order.title and order.entity is not None:
        order.title = f"{order.entity.name} {order.waste}"[:200]


def _not_a_member(order: Any) -> str:
    """Only from who stands on the platform anything is fetched."""
    if SmallProducer.objects.filter(JOINED, pk=order.entity_id).exists():
        return ""
    return str(_("%s 还没有入网") % order.entity)


def _reckon(step: Step) -> None:
    order = step.matter
    order.amount = (order.weighed * order.price).quantize(Decimal("0.01"))
    small_producers.heard_of(
        order.entity_id, timezone.localdate(step.at), declared=False, by=step.person
    )


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, weights, money, mean price and contentment."""
    fetched = rows.filter(state__in=("collected", "delivered")).order_by()
    n = fetched.aggregate(kg=Sum("weighed"), money=Sum("amount"), stars=Avg("satisfaction"),
                          rated=Count("satisfaction"))  # fmt: skip
    kilograms, money = n["kg"] or Decimal(0), n["money"] or Decimal(0)
    query = "state=collected,delivered"
    return [
        *common_statistics(ORDERS, rows, now),
        Statistic("weighed", "收运量", float(kilograms), query, "kg"),
        Statistic("members", "收运户数", fetched.values("entity").distinct().count(), query, "家"),
        Statistic("amount", "收运费用", float(money), query, "元"),
        Statistic("price", "平均单价", float(money / kilograms) if kilograms else None, query, "元/kg",
                  note="费用÷上门称重"),
        Statistic("stars", "平均满意度", n["stars"], query, "分",
                  note=_("%d 单作了评价") % n["rated"]),
        share("done_ratio", "收运完成率", fetched.count(),
              rows.exclude(state="cancelled").order_by().count(), query=query),
    ]  # fmt: skip


def by_town(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """Members, silent ones, orders, weight and money by town."""
    names = dict(Area.objects.values_list("code", "name"))
    members = seen(small_producers.MEMBERS).filter(until=None).order_by()
    today = timezone.localdate(now)
    of_members = members.values("area_code").annotate(
        signed=Count("pk", filter=Q(signed_on__isnull=False)),
        joined=Count("pk", filter=Q(joined_on__isnull=False)),
        silent=Count("pk", filter=Q(joined_on__isnull=False, call_by__lt=today)),
    )
    fetched = rows.filter(state__in=("collected", "delivered")).order_by()
    of_orders = {
        row["town"]: row
        for row in fetched.values(town=F("area_code")).annotate(
            n=Count("pk"), kg=Sum("weighed"), money=Sum("amount")
        )
    }
    table = []
    for row in sorted(of_members, key=lambda r: r["area_code"]):
        code = row["area_code"]
        orders = of_orders.get(code, {})
        cells = (names.get(code, code), row["signed"], row["joined"], row["silent"], orders.get("n", 0),
                 f"{orders.get('kg') or 0:.2f}", f"{orders.get('money') or 0:.2f}")  # fmt: skip
        table.append((tuple(str(cell) for cell in cells), f"area_code={code}"))
    heads = ("镇街", "签约", "入网", "长期未收运", "收运单数", "收运量 kg", "费用 元")
    return [Breakdown(gettext_noop("各镇街小微收运"), heads, tuple(table))]


ORDERS = declare(Register(
    key="small_pickup", label="小微收运预约", line="waste", model=PickupOrder, pattern="收运〔{year}〕{n}号",
    ahead=("wished_on",),
    prepare=_prepare_order, map_layer=False,
    workflow=Workflow(
        states=(
            State("new", "待接单", stage="接单", waits_for=COLLECTORS),
            State("pooled", "待上门", stage="收运", waits_for=COLLECTORS),
            State("collected", "运输中", stage="运输", waits_for=COLLECTORS),
            State("delivered", "已完成", phase=Phase.DONE),
            State("cancelled", "已取消", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("pool", "接单拼车", "new", "pooled", by=COLLECTORS, asks=(Ask("batch", among="small_batch"),),
                       when=_not_a_member, shown_to_enterprise=True),
            Transition("collect", "上门称重收运", "pooled", "collected", by=COLLECTORS,
                       asks=("weighed", "price"), effects=(_reckon,), shown_to_enterprise=True),
            Transition("deliver", "随车交付", "collected", "delivered", by=COLLECTORS, automatic=True,
                       main=False, shown_to_enterprise=True),
            Transition("rate", "满意度评价", ("collected", "delivered"), "", by=MEMBERS, asks=("satisfaction",),
                       offers=(said("note", "意见"),), main=False, shown_to_enterprise=True),
            Transition("cancel", "取消", ("new", "pooled"), "cancelled", by=MEMBERS | COLLECTORS, asks=(REASON,),
                       sets={"batch": None}, main=False, shown_to_enterprise=True),
        ),
        clocks=(ClockRule("pool", "接单", "new", working_days=2, basis=DEFAULT),
                ClockRule("fetch", "上门收运", "pooled", working_days=10, basis=DEFAULT)),
    ),
    labels={"entity": "小微产废单位"},
    columns=("number", "title", "code", "estimated", "weighed", "price", "amount", "satisfaction", "batch",
             "wished_on", "state", "due", "area_code"),
    filters=("state", "code", "wished_on", "area_code"), search=("number", "title", "code", "entity__name", "batch__number", "batch__title"),
    fields=(Ask("entity", "小微产废单位", to=SmallProducer, required=True), Ask("title", required=False),
            "waste", "code", "estimated", "packaging", "wished_on"),
    details=("waste", "code", "estimated", "packaging", "wished_on", "batch", "weighed", "price", "amount",
             "satisfaction"),
    imports=Import(key=("entity", "code", "wished_on"),
                   headers={"entity": ("企业名称", "单位名称"), "waste": ("危险废物名称",), "code": ("代码",),
                            "estimated": ("预估重量", "重量"), "wished_on": ("期望日期",)},
                   examples={"entity": "示例汽车维修店", "waste": "废机油", "code": "900-249-08",
                             "estimated": "120", "wished_on": "2026-11-20"}),
    measures=(
        Measure(key="delivered", name="完成收运", numerator=Q(state="delivered"), dated="closed_at", unit="单"),
    ),
    statistics=statistics, breakdowns=by_town, edit=MEMBERS,
    empty="还没有预约。入网单位预约后，由收集单位接单拼车。",
))  # fmt: skip
