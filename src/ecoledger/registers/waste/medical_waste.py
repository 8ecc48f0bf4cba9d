"""医疗废物 (mechanism S-8): institutions, their daily weights, what was fetched by which manifest, and what lies too long.

An account a category: weighed in every day, out with the manifest of the disposer, never more than there is. Storage
may last two days (``data/medical_waste.toml``): what is there for longer, a day without weight and a weight that the
receiver does not find again become matters (``medical_alarms``). Bottles that are not soiled are counted beside the
waste: they are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.books.account import VOUCHER, Account, Item, Voucher
from ecoledger.books.models import Entry, LogEntry, Posting
from ecoledger.entities.inventory import CODE, COORDINATES, Inventory
from ecoledger.entities.inventory import declare as declare_inventory
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.registers.waste.posting_log import PostingLog

WRITERS = BUREAU | {Role.TOWN, Role.ENTERPRISE}
# Field -> code and name of its category.
CATEGORIES = {
    "infectious": ("841-001-01", "感染性废物"),
    "injuring": ("841-002-01", "损伤性废物"),
    "pathological": ("841-003-01", "病理性废物"),
    "chemical": ("841-004-01", "化学性废物"),
    "pharmaceutical": ("841-005-01", "药物性废物"),
}
WARDS, DISPOSER = "科室", "处置单位"


def _kilograms(label: str) -> Any:
    return models.DecimalField(
        label, max_digits=10, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )


# ---- institutions --------------------------------------------------------------------------------


class MedicalInstitution(Entity):
    """A hospital, clinic or laboratory whose medical waste is looked after."""

    KIND = "medical_institution"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_medical_institution"
    )

    class Sort(models.TextChoices):
        HOSPITAL = "hospital", "医院"
        TOWNSHIP = "township", "卫生院、社区卫生服务中心"
        CLINIC = "clinic", "诊所、门诊部"
        ISOLATION = "isolation", "集中隔离点、发热门诊"
        OTHER = "other", "其他"

    sort = models.CharField("类型", max_length=10, choices=Sort.choices)
    institution_no = models.CharField("医疗机构代码", max_length=30, blank=True, db_index=True)
    beds = models.PositiveIntegerField("床位数", null=True, blank=True)
    online = models.BooleanField("已信息化管理", default=False, db_index=True)
    disposer = models.CharField("处置单位", max_length=120, blank=True)
    wastewater = models.CharField("医疗废水处理工艺", max_length=120, blank=True)
    contact = models.CharField("负责人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)

    class Meta:
        verbose_name = "医疗机构"

    @property
    def in_store(self) -> Decimal:
        """What lies in its temporary store now, kg."""
        own = (held.balance for held in self.holdings.all() if held.book == MEDICAL.key)
        return sum(own, Decimal(0)).quantize(Decimal("0.01"))

    @property
    def too_long(self) -> Decimal:
        """What of it has lain there for longer than it may, kg."""
        if not self.in_store:
            return Decimal(0)
        return held_too_long(self.pk, timezone.localdate())


INSTITUTIONS = declare_inventory(Inventory(
    key="medical_institution", label="医疗机构（医废）", model=MedicalInstitution, line="waste", letter="H",
    numbers={"institution_no": "medical_institution_no"}, prefetch=("holdings",),
    columns=("name", "code", "sort", "beds", "online", "in_store", "too_long", "disposer", "area_code"),
    filters=("sort", "online", "area_code"), search=("name", "code", "institution_no"),
    fields=("name", CODE, Ask("parent", "所属单位", to=Enterprise, required=False), "area_code", "address", "lon", "lat",
            COORDINATES, "sort", "institution_no", "beds", "online", "disposer", "wastewater", "contact",
            "phone", "since", "until"),
    labels={"in_store": "暂存 kg", "too_long": "超时 kg"}, parents=(),
    imports=Import(key=("name",),
                   headers={"name": ("医疗机构名称", "机构名称", "单位名称"), "sort": ("机构类型",),
                            "online": ("信息化管理", "是否信息化"), "institution_no": ("机构代码",)},
                   values={"sort": {"卫生院": "township", "社区卫生服务中心": "township", "诊所": "clinic",
                                    "门诊部": "clinic", "发热门诊": "isolation", "隔离点": "isolation"}},
                   examples={"name": "示例镇卫生院", "sort": "卫生院", "online": "是"}),
    views=(View("offline", "未信息化", {"online": "0"}),),
    empty="还没有医疗机构。导入辖区医疗机构清单后，登记每日称重和交接。",
))  # fmt: skip
tally(INSTITUTIONS, "online_ratio", "医疗废物信息化管理完成率", Q(online=True), whole=Q(until=None),
      missing=noop("没有登记医疗机构"))  # fmt: skip

# ---- the account ---------------------------------------------------------------------------------


class MedicalAccount(Account):
    """What each institution has in its temporary store, by category."""

    @property
    def longest_days(self) -> int:
        return int(own_data.read(__package__, "medical_waste")["longest_days"])


MEDICAL = declare(MedicalAccount(
    key="medical_waste", label="医疗废物账", line="waste", tab="waste", holder="医疗机构",
    items=tuple(Item(key, f"{name} {key}", "kg", 2) for key, name in CATEGORIES.values()),
    vouchers=(
        Voucher("weighed", "称重入库", source=WARDS, by=frozenset({Role.SYSTEM_ADMIN})),
        Voucher("handed_over", "交接出库", sink=DISPOSER, paper="联单号", by=frozenset({Role.SYSTEM_ADMIN})),
    ),
    columns=(*VOUCHER, "voucher_no", "text", "by"), filters=("on", "kind"),
    labels={"what": "类别", "voucher_no": "联单号"},
    search=("text", "voucher_no", "entries__holding__entity__name"), edit=BUREAU,
    empty="医疗废物账还没有收支。登记每日称重和交接后自动入账。",
))  # fmt: skip


def held_too_long(institution: int, day: date) -> Decimal:
    """What an institution has on ``day`` that came in before the days for which it may lie there, kg; first in, first out."""
    first = day - timedelta(days=MEDICAL.longest_days - 1)
    entries = Entry.objects.filter(
        holding__book=MEDICAL.key, holding__entity=institution, on__lte=day
    )
    rows = (
        entries.order_by()
        .values("holding")
        .annotate(
            held=Sum("quantity"), recent=Sum("quantity", filter=Q(on__gte=first, quantity__gt=0))
        )
    )
    late = (max(Decimal(0), Decimal(row["held"]) - Decimal(row["recent"] or 0)) for row in rows)
    return sum(late, Decimal(0)).quantize(Decimal("0.01"))


# ---- weights and hand-overs ----------------------------------------------------------------------


class MedicalDay(LogEntry):
    """What an institution weighed on a day, by category."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_medical_day"
    )
    infectious = _kilograms("感染性 kg")
    injuring = _kilograms("损伤性 kg")
    pathological = _kilograms("病理性 kg")
    chemical = _kilograms("化学性 kg")
    pharmaceutical = _kilograms("药物性 kg")
    bottles = _kilograms("未被污染输液瓶（袋）kg")
    boxes = models.PositiveIntegerField("利器盒数", null=True, blank=True)
    total = models.DecimalField("合计 kg", max_digits=11, decimal_places=2, editable=False)
    ward_person = models.CharField("移交人", max_length=40, blank=True)
    store_person = models.CharField("接收人", max_length=40, blank=True)
    posting = models.OneToOneField(
        Posting, on_delete=models.PROTECT, null=True, editable=False, related_name="medical_day"
    )

    class Meta:
        verbose_name = "医废日称重"

    @property
    def doubt(self) -> str:
        """Sharp waste goes into boxes: weight without one is odd."""
        return _("有损伤性废物而没有利器盒") if self.injuring and self.boxes == 0 else ""


class MedicalHandover(LogEntry):
    """What a disposer fetched from an institution by a manifest, by category."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_medical_handover"
    )
    manifest_no = models.CharField("联单编号", max_length=40, db_index=True)
    infectious = _kilograms("感染性 kg")
    injuring = _kilograms("损伤性 kg")
    pathological = _kilograms("病理性 kg")
    chemical = _kilograms("化学性 kg")
    pharmaceutical = _kilograms("药物性 kg")
    containers = models.PositiveIntegerField("箱（盒）数", null=True, blank=True)
    total = models.DecimalField("移交合计 kg", max_digits=11, decimal_places=2, editable=False)
    received = models.DecimalField(
        "处置单位接收 kg", max_digits=11, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    disposer = models.CharField("处置单位", max_length=120, blank=True)
    institution_person = models.CharField("医疗机构交接人", max_length=40, blank=True)
    carrier_person = models.CharField("运送人", max_length=40, blank=True)
    plate = models.CharField("车牌号", max_length=20, blank=True)
    posting = models.OneToOneField(
        Posting,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="medical_handover",
    )

    class Meta:
        verbose_name = "医废交接"

    @property
    def doubt(self) -> str:
        """What the receiver weighed is not what was handed over."""
        if self.received is None or not differs(self.total, self.received):
            return ""
        return _("移交 %(one)s kg，接收 %(other)s kg") % {
            "one": self.total,
            "other": self.received,
        }


def differs(handed: Decimal, received: Decimal) -> bool:
    """Whether two weighings differ by more than scales do."""
    rules = own_data.read(__package__, "medical_waste")
    least = Decimal(str(rules["tolerance_kg"]))
    share = handed * Decimal(str(rules["tolerance_percent"])) / 100
    return abs(handed - received) > max(least, share)


@dataclass(frozen=True, kw_only=True, eq=False)
class MedicalLog(PostingLog):
    """Weights by category; ``needs``: whether there must be any."""

    account: Account = MEDICAL
    needs: bool = False

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        if self.needs and not _total(values):
            return {"infectious": _("没有重量")}
        return {}

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if wrong := self.wrong(values, None):
            raise Refused("form", wrong["infectious"], _("请填写各类重量。"))
        return {"total": _total(values)}

    def amounts(self, entry: Any) -> Mapping[str, Decimal]:
        return {code: getattr(entry, name) for name, (code, _name) in CATEGORIES.items()}

    def voucher_no(self, entry: Any) -> str:
        return str(getattr(entry, "manifest_no", ""))


def _total(values: Mapping[str, Any]) -> Decimal:
    return sum((values.get(name) or Decimal(0) for name in CATEGORIES), Decimal(0))


_WHERE = Ask("entity", "医疗机构", to=MedicalInstitution, required=True)
_HEADERS = {
    "entity": ("医疗机构名称", "机构名称", "单位名称"), "at": ("日期", "称重日期", "转移日期", "时间"),
    "infectious": ("感染性废物", "感染性", "感染性重量"), "injuring": ("损伤性废物", "损伤性", "损伤性重量"),
    "pathological": ("病理性废物", "病理性"), "chemical": ("化学性废物", "化学性"),
    "pharmaceutical": ("药物性废物", "药物性"),
}  # fmt: skip
_EXAMPLE = {"entity": "示例镇卫生院", "at": "2026-10-24 17:00", "infectious": "12.5"}
DAYS = declare(MedicalLog(
    key="medical_day", label="医废日称重", line="waste", model=MedicalDay, kind="weighed", stock=1,
    edit=WRITERS, enterprise="entity__parent__code",
    columns=("entity", "at", "infectious", "injuring", "pathological", "chemical", "pharmaceutical", "total",
             "bottles", "doubt", "area_code", "by"),
    filters=("at", "entity", "area_code"), search=("entity__name",),
    fields=(_WHERE, "at", *CATEGORIES, "bottles", "boxes", "ward_person", "store_person", "note"),
    labels={"entity": "医疗机构", "doubt": "核对", "at": "称重时间"}, lead="entity",
    imports=Import(key=("entity", "at"), headers={**_HEADERS, "bottles": ("输液瓶袋", "未被污染输液瓶")},
                   examples=_EXAMPLE, future=()),
    empty="还没有称重记录。每日登记各类重量，当天没有产生的登记为零。",
))  # fmt: skip
HANDOVERS = declare(MedicalLog(
    key="medical_handover", label="医废交接联单", line="waste", model=MedicalHandover, kind="handed_over",
    stock=-1, needs=True, edit=WRITERS, enterprise="entity__parent__code",
    columns=("entity", "at", "manifest_no", "total", "received", "doubt", "containers", "disposer", "plate",
             "area_code", "by"),
    filters=("at", "entity", "area_code"), search=("entity__name", "manifest_no", "plate"),
    fields=(_WHERE, "at", "manifest_no", *CATEGORIES, "containers", "received", "disposer",
            "institution_person", "carrier_person", "plate", "note"),
    labels={"entity": "医疗机构", "doubt": "重量核对", "at": "转移时间"}, lead="entity", under=("manifest_no",),
    imports=Import(key=("entity", "manifest_no"),
                   headers={**_HEADERS, "manifest_no": ("联单号", "流水号", "转移联单编号"),
                            "received": ("接收重量", "处置单位接收重量"), "disposer": ("接收单位",),
                            "containers": ("体积（箱）", "箱数")},
                   examples={**_EXAMPLE, "manifest_no": "20263505100001"}, future=()),
    empty="还没有交接记录。处置单位收运时登记联单和各类重量。",
))  # fmt: skip
tally(DAYS, "kilograms", "医疗废物产生量", dated="at", add="total", unit="kg", decimals=2)
tally(HANDOVERS, "kilograms", "医疗废物转移处置量", dated="at", add="total", unit="kg", decimals=2)
tally(HANDOVERS, "manifests", "医疗废物联单", dated="at", unit="份")
