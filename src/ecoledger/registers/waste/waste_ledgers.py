"""危险废物管理台账 (mechanism S-5): the five ledgers of HJ 1259-2022, each with its own headings, one table behind them.

What went into a firm's store (入库环节) and out of it (出库环节) is posted to the account of hazardous waste as it is
entered, so that no more goes out than there is; a correction posts anew and takes the old posting back. What was
produced, dealt with on site and handed to others stands beside it and is compared (``waste_balance``). The headings of
the production ledger stand in two places, those of the other four in one (mark 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.books.account import Account
from ecoledger.books.models import LogEntry, Posting
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Filter, Import, Kind, TableRow
from ecoledger.listings.refusals import Refused
from ecoledger.registers.waste.hazardous_waste import HAZARDOUS, KILOGRAMS, tell_changed
from ecoledger.registers.waste.posting_log import PostingLog
from ecoledger.standards import waste

WRITERS = BUREAU | {Role.ENTERPRISE}
CLASSES = tuple((number, f"{number} {name}") for number, name in waste.hazardous_classes().items())


class WasteRecord(LogEntry):
    """A line of one of the five ledgers of a producer of hazardous waste."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_waste_record"
    )

    class Unit(models.TextChoices):
        TONNE = "t", "吨"
        KILOGRAM = "kg", "千克"

    class Receiver(models.TextChoices):
        LICENSED = "licensed", "许可证持有单位"
        EXEMPT = "exempt", "豁免管理单位"
        ABROAD = "abroad", "境外单位"

    batch_no = models.CharField("批次编码", max_length=40, db_index=True)
    container_no = models.CharField("容器/包装编码", max_length=120, blank=True)
    container_type = models.CharField("容器/包装类型", max_length=60, blank=True)
    container_count = models.PositiveIntegerField("容器/包装数量", null=True, blank=True)
    common_name = models.CharField("行业俗称/单位内部名称", max_length=120, blank=True)
    name = models.CharField("国家危险废物名录名称", max_length=200, blank=True)
    category = models.CharField("危险废物类别", max_length=60, blank=True, db_index=True)
    code = models.CharField("危险废物代码", max_length=14, db_index=True)
    quantity = models.DecimalField(
        "数量", max_digits=14, decimal_places=5, validators=[MinValueValidator(Decimal("0.00001"))]
    )
    unit = models.CharField("计量单位", max_length=4, choices=Unit.choices, default=Unit.TONNE)
    kilograms = models.DecimalField("折合 kg", max_digits=16, decimal_places=2, editable=False)
    facility_no = models.CharField("设施编码", max_length=40, blank=True)
    facility_type = models.CharField("贮存设施类型", max_length=40, blank=True)
    method = models.CharField("利用/处置方式", max_length=60, blank=True)
    finished_at = models.DateTimeField("利用/处置完毕时间", null=True, blank=True)
    carried_by = models.CharField("运送部门经办人", max_length=40, blank=True)
    handled_by = models.CharField("经办人", max_length=40, blank=True)
    destination = models.CharField("去向", max_length=80, blank=True)
    source_batch = models.CharField("来源批次编码", max_length=120, blank=True, db_index=True)
    receiver_kind = models.CharField(
        "接收单位类型", max_length=10, choices=Receiver.choices, blank=True
    )
    receiver = models.CharField("接收单位名称", max_length=120, blank=True)
    receiver_licence = models.CharField("危险废物经营许可证编码", max_length=60, blank=True)
    export_notice = models.CharField("出口核准通知单编号", max_length=60, blank=True)
    # Its voucher in the account of hazardous waste, of what went into the store or out of it.
    posting = models.OneToOneField(
        Posting, on_delete=models.PROTECT, null=True, editable=False, related_name="waste_record"
    )

    class Meta:
        verbose_name = "危险废物台账记录"

    @property
    def voucher(self) -> str:
        """Number of its voucher in the account."""
        return _("凭证 %s") % self.posting.number if self.posting else ""


@dataclass(frozen=True, kw_only=True, eq=False)
class WasteLedger(PostingLog):
    """One of the five ledgers; those of the store post to the account."""

    account: Account = HAZARDOUS
    # The ledgers whose batches its lines come of, where that is asked.
    comes_of: tuple[str, ...] = ()

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """A code that is none, or whose last two digits are not its class."""
        code = waste.hazardous(str(values.get("code") or ""), str(values.get("category") or ""))
        return {} if code.ok else {"code": code.wrong}

    def look_over(
        self, values: Mapping[str, Any], said: Mapping[str, Any], by: Person | None
    ) -> tuple[Mapping[str, str], Sequence[str]]:
        """A code of an earlier list, and batches that no ledger of the firm knows yet."""
        odd = [waste.hazardous(str(values.get("code") or "")).odd]
        firm, batches = values.get("entity"), _batches(str(values.get("source_batch") or ""))
        if self.comes_of and firm is not None and batches:
            rows = WasteRecord.objects.filter(
                entity_id=firm.pk, book__in=self.comes_of, batch_no__in=batches, current=True
            )
            missing = batches - set(rows.values_list("batch_no", flat=True))
            if missing:
                odd.append(_("台账中还没有批次 %s，请先登记或导入。") % "、".join(sorted(missing)))
        return {}, [text for text in odd if text]

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Code, class and kilograms of a line. Raises :class:`Refused` for a code that is none or of another class."""
        read = waste.hazardous(str(values["code"]), str(values.get("category") or ""))
        if not read.ok:
            remedy = _("请按国家危险废物名录填写，如 HW08、900-249-08。")
            raise Refused("form", read.wrong, remedy, {"code": [read.wrong]})
        tonnes = (values.get("unit") or WasteRecord.Unit.TONNE) == WasteRecord.Unit.TONNE
        kilograms = (values["quantity"] * (1000 if tonnes else 1)).quantize(KILOGRAMS)
        return {"code": read.code, "category": read.category, "kilograms": kilograms}

    def amounts(self, entry: Any) -> Mapping[str, Decimal]:
        return {entry.code: entry.kilograms}

    def voucher_no(self, entry: Any) -> str:
        return str(entry.batch_no)

    def kept(self, entries: Any) -> None:
        """The balance of these firms' codes is computed again."""
        tell_changed(set(entries.order_by().values_list("entity_id", "code").distinct()))


def _batches(text: str) -> set[str]:
    """The batch codes that one cell names."""
    for sign in "，,；;、\n":
        text = text.replace(sign, " ")
    return set(text.split())


def own_firm(row: TableRow) -> None:
    """A firm's own table says nowhere whose it is."""
    unit = getattr(row.person, "organisation", None)
    if not row.values.get("entity") and unit is not None and unit.entity_code:
        row.values["entity"] = unit.entity_code


# ---- the five ledgers ----------------------------------------------------------------------------

FIRM = Ask("entity", "产生单位", to=Enterprise, required=True)
_PACKED = ("container_no", "container_type", "container_count")
_NAMED = (
    "common_name",
    "name",
    Ask("category", required=False, help="如 HW08；留空则按代码末两位。"),
    "code",
)
_NAMES = {
    "entity": ("单位名称", "企业名称", "产废单位"),
    "common_name": ("危险废物名称（行业俗称/单位内部名称）", "危险废物名称行业俗称/单位内部名称", "废物名称",
                    "危险废物名称", "俗称"),
    "name": ("危险废物名称（国家危险废物名录名称）", "危险废物名称国家危险废物名录名称", "名录名称"),
    "category": ("废物类别", "类别"),
    "code": ("废物代码", "代码"),
    "unit": ("单位",),
}  # fmt: skip
_UNITS = {"unit": {"t": "t", "吨（t）": "t", "kg": "kg", "公斤": "kg", "千克（kg）": "kg"}}
_EXAMPLE = {
    "entity": "示例涂装有限公司", "common_name": "废机油", "category": "HW08", "code": "900-249-08",
    "unit": "吨", "at": "2026-10-24 16:30",
}  # fmt: skip
Words = dict[str, str]


def _ledger(
    key: str,
    label: str,
    fields: tuple[str | Ask, ...],
    labels: Words,
    prefix: str,
    empty: str,
    *,
    kind: str = "",
    stock: int = 0,
    comes_of: tuple[str, ...] = (),
    more: Mapping[str, tuple[str, ...]] | None = None,
) -> WasteLedger:
    """One ledger: ``labels`` are its headings word for word, ``more`` how staff also write them."""
    headers = {**_NAMES, **(more or {})}
    return declare(WasteLedger(
        key=key, label=label, line="waste", model=WasteRecord, kind=kind, stock=stock, comes_of=comes_of,
        edit=WRITERS, enterprise="entity__code", lead="entity", under=("batch_no",), prefetch=("posting",) if stock else (),
        columns=("entity", "batch_no", "at", "common_name", "category", "code", "quantity", "unit",
                 *(("voucher",) if stock else ()),
                 *(n for n in ("destination", "method", "receiver", "source_batch", "facility_no")
                   if n in labels), "area_code", "by"),
        filters=("at", Filter("category", kind=Kind.CHOICE, choices=CLASSES), "code", "entity",
                 "area_code"),
        search=("batch_no", "code", "common_name", "entity__name", "source_batch", "receiver"),
        fields=(FIRM, *fields, "note"),
        labels={"entity": "产生单位", "voucher": "危废账凭证", **labels},
        imports=Import(
            key=("entity", "batch_no"), headers=headers,
            values=_UNITS, examples={**_EXAMPLE, "batch_no": f"{prefix}20261024001", "quantity": "1.25"},
            future=(), read=own_firm, instead={"entity": ""},
        ),
        empty=empty,
    ))  # fmt: skip


PRODUCED = _ledger(
    "waste_produced", "危险废物产生台账",
    ("batch_no", "at", *_NAMED, "quantity", "unit", *_PACKED, "facility_no", "handled_by", "destination"),
    {"batch_no": "产生批次编码", "at": "产生时间", "quantity": "产生量",
     "facility_no": "产生危险废物设施编码", "handled_by": "产生部门经办人", "destination": "去向"},
    "HWCS", "还没有产生记录。导入企业的产生环节台账，或逐批登记。",
)  # fmt: skip
STORED = _ledger(
    "waste_stored", "危险废物入库台账",
    ("batch_no", "at", *_PACKED, *_NAMED, "quantity", "unit", "facility_no", "facility_type",
     "carried_by", "handled_by", "source_batch"),
    {"batch_no": "入库批次编码", "at": "入库时间", "quantity": "入库量", "facility_no": "贮存设施编码",
     "handled_by": "贮存部门经办人", "source_batch": "产生批次编码"},
    "HWRK", "还没有入库记录。导入企业的入库环节台账，入库量随之记入危险废物账。",
    kind="stored", stock=1, comes_of=("waste_produced",),
)  # fmt: skip
TAKEN_OUT = _ledger(
    "waste_taken_out", "危险废物出库台账",
    ("batch_no", "at", *_PACKED, *_NAMED, "quantity", "unit", "facility_no", "facility_type",
     "handled_by", "carried_by", "source_batch", "destination"),
    {"batch_no": "出库批次编码", "at": "出库时间", "quantity": "出库量", "facility_no": "贮存设施编码",
     "handled_by": "出库部门经办人", "source_batch": "入库批次编码", "destination": "去向"},
    "HWCK", "还没有出库记录。出库量不能超过库存。",
    kind="taken_out", stock=-1, comes_of=("waste_stored",),
)  # fmt: skip
OWN = _ledger(
    "waste_own", "危险废物自行利用处置台账",
    ("batch_no", "at", *_PACKED, *_NAMED, "quantity", "unit", "facility_no", "method", "finished_at",
     "handled_by", "source_batch"),
    {"batch_no": "自行利用/处置批次编码", "at": "自行利用/处置时间", "quantity": "自行利用/处置量",
     "facility_no": "自行利用/处置设施编码", "method": "自行利用/处置方式",
     "finished_at": "自行利用/处置完毕时间", "handled_by": "自行利用/处置部门经办人",
     "source_batch": "产生批次编码/出库批次编码"},
    "HWZX", "还没有自行利用处置记录。",
    comes_of=("waste_produced", "waste_taken_out"),
    more={"batch_no": ("批次编码",), "at": ("利用/处置时间",), "quantity": ("利用/处置量",)},
)  # fmt: skip
CONSIGNED = _ledger(
    "waste_consigned", "危险废物委外利用处置台账",
    ("batch_no", "at", *_PACKED, *_NAMED, "quantity", "unit", "method", "receiver_kind", "receiver",
     "receiver_licence", "export_notice", "handled_by", "source_batch"),
    {"batch_no": "委外利用/处置批次编码", "at": "出厂时间", "quantity": "委外利用/处置量",
     "method": "利用/处置方式", "receiver": "单位名称", "receiver_licence": "许可证编码",
     "handled_by": "产生部门经办人", "source_batch": "产生批次编码/出库批次编码"},
    "HWWW", "还没有委外利用处置记录。",
    comes_of=("waste_produced", "waste_taken_out"),
    more={"entity": ("产废单位", "企业名称"), "batch_no": ("批次编码",), "quantity": ("委外量",),
          "receiver": ("许可证持有单位单位名称", "许可证持有单位（单位名称）", "接收单位", "接收单位名称",
                       "豁免管理单位单位名称", "境外单位单位名称"),
          "receiver_licence": ("许可证持有单位许可证编码", "危险废物经营许可证编码", "经营许可证编号")},
)  # fmt: skip
LEDGERS = (PRODUCED, STORED, TAKEN_OUT, OWN, CONSIGNED)
