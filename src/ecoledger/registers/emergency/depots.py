"""应急物资储备库和物资批次 (mechanism E12): depots, and in each its batches with place on the shelf and last day.

A batch is a thing of its depot; how much of it is there stands in the account ``emergency_stock`` and nowhere else. What
it is entered with is posted as its receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.books import account as accounts
from ecoledger.books.account import VOUCHER, Account, Item, Voucher
from ecoledger.books.duty import Duty
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.entities.validity import in_force
from ecoledger.listings import own_data, own_tables
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.catalogue import redeclare
from ecoledger.listings.own_tables import OwnColumn, OwnTable
from ecoledger.listings.parts import Ask, Choices, Import, Kind, TableRow, View
from ecoledger.listings.tallies import tally

BOUGHT, USED, SCRAPPED, COUNTED = "采购调入", "应急处置", "报废", "盘点"
KEY = "emergency_stock"


class Depot(Entity):
    """A store of emergency material: the bureau's own, or kept for it by somebody else."""

    KIND = "material_depot"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_material_depot"
    )

    class Sort(models.TextChoices):
        OWN = "own", "自有储备"
        KEPT = "kept", "代储"
        AGREED = "agreed", "协议储备"
        FIRM = "firm", "企业自储"

    sort = models.CharField("储备方式", max_length=8, choices=Sort.choices, default=Sort.OWN)
    keeper = models.CharField("负责人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)

    class Meta:
        verbose_name = "应急物资储备库"


class Batch(Entity):
    """One lot of one material in one depot."""

    KIND = "material_batch"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_material_batch"
    )
    material = models.CharField("物资", max_length=40, db_index=True)
    sort = models.CharField("类别", max_length=20, blank=True, editable=False, db_index=True)
    batch_no = models.CharField("批号", max_length=40, blank=True)
    brand = models.CharField("品牌", max_length=40, blank=True)
    spec = models.CharField("规格型号", max_length=60, blank=True)
    shelf = models.CharField("库位", max_length=40, blank=True)
    use = models.CharField("主要功能", max_length=120, blank=True)
    received = models.DecimalField(
        "入库数量", max_digits=12, decimal_places=1, validators=[MinValueValidator(Decimal("0.1"))]
    )
    expires_on = models.DateField("报废日期", null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = "应急物资批次"

    @property
    def held(self) -> list[Any]:
        """Its holdings in the account; one, once it has been received."""
        return [holding for holding in self.holdings.all() if holding.book == KEY]

    @property
    def balance(self) -> Decimal | None:
        """What is there; ``None`` for a batch that was never received."""
        held = self.held
        return round(held[0].balance, int(material(self.material)["decimals"])) if held else None

    @property
    def unit(self) -> str:
        return str(material(self.material)["unit"])


# ---- what is kept: data --------------------------------------------------------------------------


def materials() -> list[dict[str, Any]]:
    """The materials in force: the bureau's own table, else the shipped one."""
    return list(own_data.read(__package__, "materials")["material"])


def material(key: str) -> dict[str, Any]:
    """The material called ``key``; one that the bureau has taken out of its table since keeps its key as a name."""
    unknown = {"key": key, "label": key, "sort": "", "unit": "件", "decimals": 1}
    return next((row for row in materials() if row["key"] == key), unknown)


def _digits(row: Mapping[str, Any]) -> int:
    return max(0, min(int(row.get("decimals") or 0), 1))


def _account() -> StockAccount:
    return StockAccount(
        key=KEY, label="应急物资收支", line="emergency", holder="批次",
        items=tuple(Item(row["key"], row["label"], row["unit"] or "件", _digits(row)) for row in materials()),
        vouchers=(
            Voucher("received", "入库", source=BOUGHT),
            Voucher("issued", "调用出库", sink=USED, paper="调用单号"),
            Voucher("returned", "归还", source=USED, paper="调用单号"),
            Voucher("moved", "库间调拨"),
            Voucher("found", "盘盈", source=COUNTED),
            Voucher("lost", "盘亏", sink=COUNTED),
            Voucher("scrapped", "报废", sink=SCRAPPED),
        ),
        columns=(*VOUCHER, "voucher", "voucher_no", "text", "by"), filters=("on", "kind"),
        labels={"what": "物资", "voucher_no": "调用单号"},
        search=("text", "voucher_no", "entries__holding__entity__name"), edit=BUREAU,
        empty="还没有收支。物资批次登记后自动入库，之后凭调用单出库。",
    )  # fmt: skip


class StockAccount(Account):
    """The account; a material that is no longer in the table still has its balance."""

    def item(self, key: str) -> Item:
        row = material(key)
        return Item(key, row["label"], row["unit"] or "件", _digits(row))


STOCK = declare_book(_account())

# ---- depots and batches --------------------------------------------------------------------------

DEPOTS = declare(Inventory(
    key="material_depot", label="应急物资储备库", model=Depot, line="emergency", letter="K",
    columns=("name", "code", "sort", "address", "keeper", "phone", "area_code"),
    filters=("sort", "area_code"), under=("address",),
    fields=("name", CODE, "area_code", "sort", Ask("parent", "储备企业", to=Enterprise, required=False), "address",
            "lon", "lat", "keeper", "phone", "since", "until"),
    imports=Import(key=("name",),
                   headers={"name": ("储备库名称", "物资库名称", "单位名称"), "address": ("物资库位置",),
                            "keeper": ("负责人姓名",), "phone": ("负责人电话",), "sort": ("类型",)},
                   examples={"name": "市级环境应急物资储备库", "sort": "自有储备", "lon": "118.60", "lat": "24.91"}),
    empty="还没有储备库。登记或导入储备库，再在“应急物资批次”里登记物资。",
))  # fmt: skip


def clean(batch: Batch, findings: Findings) -> None:
    """What it was received with stays; later changes are vouchers."""
    row = material(batch.material)
    batch.sort = str(row["sort"])
    if batch.received is not None and batch.received != round(batch.received, _digits(row)):
        findings.wrong["received"] = _("%(name)s按%(unit)s计，不带小数") % {
            "name": row["label"],
            "unit": row["unit"],
        }
    before = Batch.objects.filter(pk=batch.pk).first() if batch.pk else None
    if before is not None and before.received != batch.received:
        findings.wrong["received"] = _("入库数量登记后不改；多了少了请记盘盈或盘亏")
    if before is not None and before.material != batch.material:
        findings.wrong["material"] = _("物资登记后不改；登记错了请报废后另登记一批")


@dataclass(frozen=True, kw_only=True, eq=False)
class Stock(Inventory):
    """The batches: entering one posts its receipt, so that what is there is what the vouchers say."""

    kinds: ClassVar[Mapping[str, Kind]] = {"material": Kind.CHOICE, "sort": Kind.CHOICE}

    def own_choices(self) -> Mapping[str, Choices]:
        return {
            "material": tuple((row["key"], row["label"]) for row in materials()),
            "sort": tuple(
                (sort, sort) for sort in own_data.read(__package__, "materials")["kinds"]
            ),
        }

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        name = str(values.get("name") or material(values["material"])["label"])
        batch = super().open_row({**values, "name": name}, by, at, **more)
        receive(batch, batch.received, by=by, at=at)
        return batch


def receive(batch: Batch, quantity: Decimal, *, by: Person | None, at: datetime) -> None:
    """Post what came in of a batch."""
    holding = STOCK.holding(batch.material, batch)
    outside = STOCK.outside(batch.material, BOUGHT, batch.area_code)
    accounts.post(
        STOCK,
        "received",
        {holding: quantity, outside: -quantity},
        on=timezone.localdate(at),
        text=_("%(depot)s入库") % {"depot": batch.parent},
        by=by,
        at=at,
    )


def _read(row: TableRow) -> None:
    """A batch is called after its material where the table gives it no name of its own."""
    row.values["name"] = row.values.get("name") or row.texts.get("material", "")


def _batches() -> Stock:
    return Stock(
        key="material_batch", label="应急物资批次", model=Batch, line="emergency", letter="KB",
        parents=(Depot,), clean=clean, ends="expires_on", ends_soon=90, prefetch=("holdings",),
        columns=("name", "parent", "sort", "batch_no", "spec", "shelf", "balance", "unit", "expires_on", "area_code"),
        filters=("material", "sort", "expires_on", "area_code"),
        search=("name", "code", "batch_no", "spec", "parent__name"), under=("batch_no",),
        fields=(Ask("parent", "储备库", to=Depot, required=True), "material", Ask("name", required=False), "batch_no",
                "brand", "spec", "received", "shelf", "expires_on", "use", CODE),
        labels={"parent": "储备库", "balance": "现存数量", "unit": "单位"},
        imports=Import(
            key=("parent", "material", "batch_no"), future=(), read=_read,
            headers={"parent": ("储备库名称", "物资库", "存放地点"), "material": ("物资名称",),
                     "name": ("别名",), "received": ("储备量", "数量", "现有数量"), "spec": ("规格", "型号"),
                     "shelf": ("存放位置", "货架"), "expires_on": ("有效期至", "失效日期", "保质期至")},
            examples={"parent": "市级环境应急物资储备库", "material": "吸油毡", "batch_no": "20260101", "received": "500",
                      "shelf": "A-01", "expires_on": "2029-01-01"},
        ),
        views=(View("sort_collect", "污染物收集", {"sort": "污染物收集"}),),
        empty="还没有物资。先登记储备库，再导入物资清单；每批自动入库。",
    )  # fmt: skip


BATCHES = declare(_batches())


def _redeclare() -> None:
    redeclare(_account())
    redeclare(_batches())


own_tables.declare(OwnTable(
    book=KEY, room=__package__, name="materials", rows="material", label="物资目录",
    columns=(OwnColumn("label", "物资", required=True, most=40), OwnColumn("sort", "类别", most=20),
             OwnColumn("unit", "单位", required=True, most=10), OwnColumn("decimals", "小数位", kind="number")),
    changed=_redeclare, help="类别为环境应急资源调查的七类；删去的物资，账上余额仍在。",
))  # fmt: skip

EXPIRY = declare_book(Duty(
    key="material_expiry", label="应急物资到期更换", line="emergency", until="expires_on", due_after=0,
    remind_before=90, owed_by=frozenset({Role.APPROVER, Role.DISPATCHER}),
    objects=lambda: Batch.objects.filter(
        in_force(), holdings__book=KEY, holdings__balance__gt=0
    ).distinct(),
    columns=("entity", "due", "state", "done_on"), filters=("state", "area_code"), edit=BUREAU,
    empty="90 日内没有到期的物资。",
))  # fmt: skip

tally(DEPOTS, "depots", "应急物资储备库", Q(until=None), unit="座")
tally(
    BATCHES, "kept", "在库应急物资批次", Q(holdings__book=KEY, holdings__balance__gt=0), unit="批",
)  # fmt: skip
