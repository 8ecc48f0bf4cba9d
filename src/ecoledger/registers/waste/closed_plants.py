"""关停化工企业清理 (mechanism S-12): what lies in a plant that was closed, and what was cleared away, seen by a second person.

An account a plant: what was found of materials, solid and hazardous waste and wastewater goes in; a clearance goes out
of it when somebody else than who reported it has verified it, so that no more is cleared than was found. A plant is
clear when nothing is left of what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ecoledger.accounts.roles import BUREAU, STAFF, Role
from ecoledger.books import account as accounts
from ecoledger.books.account import VOUCHER, Account, Item, Voucher
from ecoledger.books.models import Holding, LogEntry, Posting
from ecoledger.entities.inventory import CODE, COORDINATES, Inventory
from ecoledger.entities.inventory import declare as declare_inventory
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Column, Import
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.waste.posting_log import PostingLog

WORKERS = frozenset({Role.OFFICER, Role.APPROVER, Role.TOWN, Role.MONITOR})
POSITIVE = [MinValueValidator(Decimal("0.001"))]
_TONNES: dict[str, Any] = {
    "max_digits": 14,
    "decimal_places": 3,
    "validators": [MinValueValidator(0)],
}


class Sort(models.TextChoices):
    """What is cleared away."""

    MATERIAL = "material", "物料"
    SOLID = "solid", "固危废"
    WASTEWATER = "wastewater", "废水"


CLEARED = {
    Sort.MATERIAL: gettext_noop("清理物料"),
    Sort.SOLID: gettext_noop("清理固危废"),
    Sort.WASTEWATER: gettext_noop("清理废水"),
}


# ---- plants --------------------------------------------------------------------------------------


class ClosedPlant(Entity):
    """A chemical plant that was closed and has to be cleared."""

    KIND = "closed_plant"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_closed_plant"
    )
    trade = models.CharField("行业", max_length=60, blank=True)
    closed_on = models.DateField("关停日期", null=True, blank=True, db_index=True)
    park = models.CharField("所在园区", max_length=80, blank=True)
    clear_by = models.DateField("清理时限", null=True, blank=True, db_index=True)
    contact = models.CharField("责任人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)

    class Meta:
        verbose_name = "关停化工企业"

    @property
    def found(self) -> Decimal:
        """What was found in it, t."""
        rows = PlantStock.objects.filter(entity=self.pk, current=True)
        total: Decimal | None = rows.aggregate(n=Sum("tonnes"))["n"]
        return total or Decimal(0)

    @property
    def left(self) -> Decimal:
        """What of it has not been cleared and verified, t."""
        own = (held.balance for held in self.holdings.all() if held.book == CLEARING.key)
        return sum(own, Decimal(0)).quantize(Decimal("0.001"))

    @property
    def standing(self) -> str:
        """How far its clearing is."""
        if not any(held.book == CLEARING.key for held in self.holdings.all()):
            return _("未清查")
        if self.left:
            return _("清理中")
        return _("已清理")


PLANTS = declare_inventory(Inventory(
    key="closed_plant", label="关停化工企业", model=ClosedPlant, line="waste", letter="Y", enterprise="parent__code",
    prefetch=("holdings",), details=("found",),
    columns=("name", "code", "trade", "closed_on", "clear_by", "standing", "left", "park", "area_code"),
    filters=("closed_on", "clear_by", "area_code"), search=("name", "code", "trade", "park"),
    fields=(Ask("name"), CODE, Ask("parent", "对应企业", to=Enterprise, required=False), "area_code", "address", "lon",
            "lat", COORDINATES, "trade", "closed_on", "park", "clear_by", "contact", "phone", "until"),
    labels={"standing": "清理状态", "found": "清查量 t", "left": "待清理 t"},
    imports=Import(key=("name",), headers={"name": ("企业名称", "单位名称"), "closed_on": ("关停时间",),
                                           "trade": ("产品", "行业类别"), "clear_by": ("完成时限",)},
                   examples={"name": "示例化工有限公司", "closed_on": "2026-03-31"}, future=()),
    empty="还没有关停化工企业。导入关停名单后，登记清查量和清理情况。",
))  # fmt: skip
tally(PLANTS, "closed", "关停化工企业数", dated="closed_on", unit="家")

# ---- the account and what was found --------------------------------------------------------------

CLEARING = declare_book(Account(
    key="plant_account", label="关停企业清理账", line="waste", tab="waste", holder="关停企业",
    items=tuple(Item(sort.value, sort.label, "t", 3) for sort in Sort),
    vouchers=(
        Voucher("found", "清查入账", source="现场清查", by=frozenset({Role.SYSTEM_ADMIN})),
        Voucher("cleared", "清理出账", sink="清理去向", by=frozenset({Role.SYSTEM_ADMIN})),
    ),
    columns=(*VOUCHER, "voucher", "text", "by"), filters=("on", "kind"), labels={"what": "类别"},
    search=("text", "entries__holding__entity__name"), edit=BUREAU,
    empty="清理账还没有收支。登记清查量后入账，清理经核实后出账。",
))  # fmt: skip


class PlantStock(LogEntry):
    """What was found in a plant of one sort."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_plant_stock"
    )
    sort = models.CharField("类别", max_length=12, choices=Sort.choices)
    what = models.CharField("名称", max_length=120, blank=True)
    tonnes = models.DecimalField("清查量 t", max_digits=14, decimal_places=3, validators=POSITIVE)
    place = models.CharField("存放位置", max_length=80, blank=True)
    posting = models.OneToOneField(
        Posting, on_delete=models.PROTECT, null=True, editable=False, related_name="plant_stock"
    )

    class Meta:
        verbose_name = "关停企业清查"


class StockLog(PostingLog):
    """What was found goes into the plant's account."""

    def amounts(self, entry: Any) -> Mapping[str, Decimal]:
        return {entry.sort: entry.tonnes}


STOCK = declare_book(StockLog(
    key="plant_stock", label="关停企业清查", line="waste", model=PlantStock, account=CLEARING, kind="found", stock=1,
    edit=STAFF, enterprise="entity__parent__code",
    columns=("entity", "at", "sort", "what", "tonnes", "place", "area_code", "by"),
    filters=("sort", "at", "entity", "area_code"), search=("entity__name", "what"),
    fields=(Ask("entity", "关停企业", to=ClosedPlant, required=True), "at", "sort", "what", "tonnes", "place", "note"),
    labels={"entity": "关停企业", "at": "清查日期"}, lead="entity",
    imports=Import(key=("entity", "sort", "what"),
                   headers={"entity": ("企业名称", "单位名称"), "sort": ("类型",), "what": ("物质名称", "废物名称"),
                            "tonnes": ("数量", "清查量", "数量 t"), "at": ("日期",)},
                   values={"sort": {"危险废物": "solid", "固体废物": "solid", "固废": "solid", "原料": "material",
                                    "产品": "material", "污水": "wastewater"}},
                   examples={"entity": "示例化工有限公司", "sort": "物料", "what": "甲苯", "tonnes": "120"}, future=()),
    empty="还没有清查记录。按类别登记关停企业内的物料、固危废和废水。",
))  # fmt: skip

# ---- clearances ----------------------------------------------------------------------------------


class Clearance(Matter):
    """That something was cleared out of a plant."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_clearance"
    )
    material = models.DecimalField("物料 t", default=0, **_TONNES)
    solid = models.DecimalField("固危废 t", default=0, **_TONNES)
    wastewater = models.DecimalField("废水 t", default=0, **_TONNES)
    what = models.CharField("主要物质", max_length=120, blank=True)
    cleared_on = models.DateField("清理日期", db_index=True)
    destination = models.CharField("去向", max_length=120, blank=True)
    paper_no = models.CharField("联单或磅单号", max_length=80, blank=True)

    class Meta:
        verbose_name = "关停企业清理"

    @property
    def total(self) -> Decimal:
        """What was cleared of all sorts, t."""
        return self.material + self.solid + self.wastewater


def _prepare(case: Any) -> None:
    if not case.title and case.entity is not None:
        case.title = f"{case.entity.name} {case.what} {case.cleared_on:%Y-%m-%d}".replace(
            "  ", " "
        )[:200]


def _nothing_cleared(case: Any) -> str:
    return "" if case.total else _("没有填写清理量。")


def _take_out(step: Step) -> None:
    """A verified clearance leaves the plant's account; more than was found is refused with the lack."""
    case = step.matter
    if case.entity is None:
        raise Refused("form", _("没有关停企业。"), _("请选择关停企业。"))
    moves = {}
    for sort in Sort.values:
        if tonnes := getattr(case, sort):
            moves[CLEARING.holding(sort, case.entity)] = -tonnes
            moves[CLEARING.outside(sort, "清理去向", case.entity.area_code)] = tonnes
    accounts.post(
        CLEARING, "cleared", moves, on=case.cleared_on,
        text=f"{case.what} {case.destination}".strip(), voucher=case, voucher_no=case.paper_no,
        by=step.person, at=step.at,
    )  # fmt: skip


def _give_back(step: Step) -> None:
    """What was verified by mistake is in the plant again."""
    for posting in Posting.objects.filter(voucher=step.matter, kind="cleared", reverses=None):
        if not Posting.objects.filter(reverses=posting).exists():
            accounts.reverse(
                CLEARING, posting, on=timezone.localdate(step.at), reason=step.form["reason"],
                by=step.person,
            )  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, what was cleared and verified by sort, and how much of what was found that is."""
    verified = rows.filter(state="verified").order_by()
    tonnes = verified.aggregate(**{sort: Sum(sort) for sort in Sort.values})
    none = rows.query.is_empty()  # how the register is asked what its figures are called
    plants: QuerySet[Any] = ClosedPlant.objects.none() if none else seen(PLANTS)
    stock: QuerySet[Any] = PlantStock.objects.none() if none else seen(STOCK)
    stock = stock.order_by()
    found = stock.aggregate(n=Sum("tonnes"))["n"] or Decimal(0)
    held = Holding.objects.filter(book=CLEARING.key, balance__gt=0, entity__in=plants.values("pk"))
    surveyed = plants.filter(pk__in=stock.values("entity"))
    clear = surveyed.exclude(pk__in=held.values("entity")).count()
    total = sum((Decimal(n or 0) for n in tonnes.values()), Decimal(0))
    rate = float(100 * total / found) if found else None
    note = _("已核实 %(part)s t ÷ 清查 %(whole)s t") % {
        "part": f"{total:.3f}",
        "whole": f"{found:.3f}",
    }
    return [
        *common_statistics(CLEARANCE, rows, now),
        *(
            Statistic(sort.value, CLEARED[sort], float(tonnes[sort.value] or 0) / 10000,
                      "state=verified", "万吨")
            for sort in Sort
        ),
        Statistic("cleared_ratio", "清理完成率（按重量）", rate, "state=verified", "%", note=note),
        share("plants", "清理完毕企业", clear, plants.count(), note="清查的全部清理并核实的企业÷关停企业"),
    ]  # fmt: skip


CLEARANCE = declare(Register(
    key="clearance", label="关停企业清理", line="waste", model=Clearance, pattern="清理〔{year}〕{n}号", prepare=_prepare,
    workflow=Workflow(
        states=(
            State("reported", "待佐证", stage="清理", waits_for=WORKERS),
            State("check", "待核实", stage="核实", waits_for=CHECKERS),
            State("verified", "已核实", phase=Phase.CLOSED),
            State("void", "已作废", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("prove", "提交佐证", "reported", "check", by=WORKERS, asks=(said("result", "清理情况"),),
                       offers=("destination", "paper_no"), evidence=1, when=_nothing_cleared),
            Transition("verify", "核实无误", "check", "verified", by=CHECKERS,
                       asks=(said("checked", "核实意见"),), other_person_than=("prove",), effects=(_take_out,)),
            Transition("return", "核实不符，退回", "check", "reported", by=CHECKERS, asks=(REASON,),
                       other_person_than=("prove",), main=False),
            Transition("reopen", "撤销核实", "verified", "reported", by=CHECKERS, asks=(REASON,),
                       effects=(_give_back,), danger=True, main=False),
            Transition("void", "作废", ("reported", "check"), "void", by=CHECKERS, asks=(REASON,), danger=True,
                       main=False),
        ),
        clocks=(ClockRule("prove", "提交佐证", "reported", working_days=10, basis=DEFAULT),
                ClockRule("check", "核实", "check", working_days=5, basis=DEFAULT)),
    ),
    labels={"entity": "关停企业"},
    columns=("number", "title", "material", "solid", "wastewater", "cleared_on", "destination", "paper_no", "state", "due", "area_code"),
    filters=("state", "cleared_on", "entity", "area_code"), search=("number", "title", "what", "paper_no"),
    fields=(Ask("entity", "关停企业", to=ClosedPlant, required=True), Ask("title", required=False), *Sort.values,
            "what", "cleared_on", "destination", "paper_no"),
    details=(*Sort.values, Column("total", "合计 t"), "what", "cleared_on", "destination", "paper_no"),
    imports=Import(key=("entity", "cleared_on", "what"),
                   headers={"entity": ("企业名称", "单位名称"), "material": ("物料", "清理物料"),
                            "solid": ("固危废", "固体废物和危险废物", "清理固危废"), "wastewater": ("废水", "清理废水"),
                            "what": ("物质名称",), "cleared_on": ("日期",), "paper_no": ("联单号", "磅单号")},
                   examples={"entity": "示例化工有限公司", "wastewater": "3000", "cleared_on": "2026-06-01"},
                   future=()),
    measures=(Measure(key="verified", name="核实清理", numerator=Q(state="verified"), dated="cleared_on"),),
    statistics=statistics, edit=STAFF,
    empty="还没有清理记录。按批登记清理的物料、固危废和废水，由另一人核实。",
))  # fmt: skip
