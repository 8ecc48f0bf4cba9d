"""地块 (mechanism S-1): every parcel with its boundary, its stage, and the lists it stands on.

A parcel is entered once; its stage and its lists follow from the work on it (``parcel_cases``), and come in from the
bureau's earlier ledger by file. A list keeps who entered and left it, when and by which paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities import shapes
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory, declare
from ecoledger.entities.models import Entity
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Choices, Import, Kind, View
from ecoledger.listings.tallies import tally
from ecoledger.registers.soil import land
from ecoledger.standards import identifiers


class Stage(models.TextChoices):
    """Stages of the national platform (S0 to S6) and those that follow."""

    SUSPECT = "S0", "疑似地块"
    PRELIMINARY = "S1", "初步调查"
    DETAILED = "S2", "详细调查"
    ASSESSMENT = "S3", "风险评估"
    CONTROL = "S4", "风险管控"
    RESTORATION = "S5", "土壤修复与治理"
    RESTORED = "S6", "土壤修复与治理评估"
    EFFECT = "effect", "管控效果评估"
    REMOVED = "removed", "移出名录"
    AFTER = "after", "后期管理"
    CLEAR = "clear", "调查后退出"


class Parcel(Entity):
    """A piece of construction land (地块)."""

    KIND = "parcel"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_parcel"
    )

    class Risk(models.TextChoices):
        HIGH = "high", "高风险"
        MIDDLE = "middle", "中风险"
        LOW = "low", "低风险"

    parcel_no = models.CharField("地块编码", max_length=40, blank=True, db_index=True)
    stage = models.CharField(
        "所处阶段", max_length=10, choices=Stage.choices, default=Stage.SUSPECT, db_index=True
    )
    risk = models.CharField("风险级别", max_length=8, choices=Risk.choices, blank=True)
    polluted = models.BooleanField("污染地块", null=True, blank=True)
    key_land = models.BooleanField("重点建设用地", default=False)
    size = models.DecimalField(
        "占地面积 ㎡",
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    bounds = models.CharField("四至范围", max_length=300, blank=True)
    holder = models.CharField("土地使用权人", max_length=120, blank=True)
    holder_code = models.CharField("使用权人信用代码", max_length=40, blank=True)
    industry = models.CharField("行业类别", max_length=60, blank=True)
    industry_code = models.CharField("行业代码", max_length=6, blank=True)
    contact = models.CharField("联系人", max_length=60, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    use = models.CharField("现状用途", max_length=20, blank=True)
    planned_use = models.CharField("规划用途", max_length=20, blank=True)

    class Meta:
        verbose_name = "地块"

    @property
    def lists_now(self) -> str:
        """The lists it stands on today."""
        names = [
            entry.get_list_display() for entry in self.list_entries.all() if entry.until is None
        ]
        return "、".join(_(name) for name in names)


def clean(parcel: Parcel, findings: Findings) -> None:
    """A boundary is a polygon and says how large the parcel is; a written size far from it is asked about."""
    parcel.parcel_no = parcel.parcel_no.strip().upper()
    if parcel.holder_code:
        holder = identifiers.parse_credit_code(parcel.holder_code)
        parcel.holder_code = findings.take("holder_code", _("使用权人信用代码"), holder)
    twin = Parcel.objects.filter(parcel_no=parcel.parcel_no, until=None).exclude(pk=parcel.pk)
    if parcel.parcel_no and twin.exists():
        findings.wrong["parcel_no"] = _("已登记过这个地块编码")
    if not isinstance(parcel.geometry, dict) or not parcel.geometry:
        return  # what is no geometry at all is refused by every thing's own check
    if parcel.geometry.get("type") not in ("Polygon", "MultiPolygon"):
        findings.wrong["geometry"] = _("边界应为面（Polygon 或 MultiPolygon）")
        return
    try:
        drawn = 1e6 * shapes.area_km2(parcel.geometry)
    except shapes.ShapeError:  # refused by every thing's own check
        return
    if parcel.size is None:
        parcel.size = Decimal(f"{drawn:.2f}")
    elif abs(float(parcel.size) - drawn) > 0.1 * max(drawn, float(parcel.size)):
        findings.odd.append(
            _("占地面积 %(said)s ㎡ 与边界面积 %(drawn).0f ㎡ 相差超过一成，请核对")
            % {"said": parcel.size, "drawn": drawn}
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class ParcelBook(Inventory):
    """The parcels: kinds of land are the bureau's data."""

    kinds: ClassVar[Mapping[str, Kind]] = {"use": Kind.CHOICE, "planned_use": Kind.CHOICE}

    def own_choices(self) -> Mapping[str, Choices]:
        return {"use": land.uses(), "planned_use": land.uses()}


PARCELS = declare(ParcelBook(
    key="parcel", label="地块", model=Parcel, line="soil", letter="L", clean=clean, prefetch=("list_entries",),
    columns=("name", "code", "parcel_no", "stage", "lists_now", "risk", "size", "use", "planned_use", "holder",
             "area_code"),
    filters=("stage", "risk", "key_land", "use", "planned_use", "area_code"),
    search=("name", "code", "parcel_no", "holder", "identifiers__value"),
    fields=("name", CODE, "parcel_no", "area_code", "address", "geometry", "lon", "lat", COORDINATES, "size",
            "bounds", "holder", "holder_code", "industry", "industry_code", "contact", "phone", "use",
            "planned_use", "key_land", "risk", "stage"),
    labels={"geometry": "边界（GeoJSON）", "lists_now": "在列名录"}, numbers={"parcel_no": "soil_parcel_no"},
    imports=Import(
        key=("name",), future=(), also=("polluted",),
        headers={"name": ("地块名称", "WRDKMC"), "parcel_no": ("地块编号", "WRDKBM"),
                 "stage": ("阶段", "地块阶段", "SCJDBM"), "size": ("占地面积", "占地面积(㎡)", "面积", "WRDK_AREA"),
                 "bounds": ("四至", "DKSZFW"), "holder": ("使用权人", "使用权单位", "TDSYQR"),
                 "area_code": ("行政区划", "所在镇街", "镇街"), "geometry": ("边界", "几何", "WRDK_BOUNDS"),
                 "use": ("现状用地", "原用途"), "planned_use": ("规划用地", "后续利用类型"),
                 "risk": ("风险等级", "FXJB"), "industry": ("行业", "HYLB")},
        values={"risk": {"高": "high", "中": "middle", "低": "low"}},
        examples={"name": "原某化工厂地块", "stage": "初步调查", "area_code": "北镇", "size": "12000",
                  "holder": "某镇人民政府"}),
    views=(View("key", "重点建设用地", {"key_land": "1"}), View("high", "高风险", {"risk": "high"})),
    empty="还没有地块。导入地块清单（可含边界），或逐个登记。",
))  # fmt: skip


# ---- the three lists -----------------------------------------------------------------------------


class ListEntry(models.Model):
    """That a parcel stands on one of the three lists from a day until another (一名单二名录)."""

    class List(models.TextChoices):
        SUSPECT = "suspect", "疑似污染地块名单"
        POLLUTED = "polluted", "污染地块名录"
        CONTROL = "control", "风险管控和修复名录"

    parcel = models.ForeignKey(
        Parcel, verbose_name="地块", on_delete=models.PROTECT, related_name="list_entries"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    list = models.CharField("名录", max_length=10, choices=List.choices, db_index=True)
    since = models.DateField("列入日期", db_index=True)
    basis = models.CharField("列入依据", max_length=200, blank=True)
    until = models.DateField("移出日期", null=True, blank=True, db_index=True)
    reason = models.CharField("移出依据", max_length=200, blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "名录变动"
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["parcel", "list"],
                condition=Q(until=None),
                name="a_parcel_stands_once_on_a_list",
            )
        ]

    def __str__(self) -> str:
        return f"{self.parcel} {self.get_list_display()}"


class ListBook(Listing):
    """Entries of the lists, whose division is the parcel's."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        last, first = values.get("until"), values.get("since")
        if last and first and last < first:
            return {"until": _("移出日期应不早于列入日期")}
        standing = ListEntry.objects.filter(
            parcel=values.get("parcel"), list=values.get("list"), until=None
        ).exclude(pk=values.get("pk", 0))
        return {"list": _("这个地块已在这份名录上")} if not last and standing.exists() else {}

    def open_row(self, values: Mapping[str, Any], by: Any, at: Any, **more: Any) -> Any:
        parcel = values["parcel"]
        more = {"synthetic": parcel.synthetic, **more}
        return super().open_row({**values, "area_code": parcel.area_code}, by, at, **more)


LISTS = declare_book(ListBook(
    key="soil_list", label="污染地块名录", model=ListEntry, line="soil", lead="parcel", order=("-since", "-pk"),
    columns=("parcel", "list", "since", "basis", "until", "reason", "area_code"),
    filters=("list", "since", "until", "area_code"), search=("parcel__name", "parcel__parcel_no", "basis"),
    fields=(Ask("parcel", to=Parcel, required=True), "list", "since", "basis", "until", "reason"),
    imports=Import(key=("parcel", "list", "since"), future=(),
                   headers={"parcel": ("地块名称",), "list": ("名单", "名录名称"), "since": ("列入时间",),
                            "basis": ("文号",), "until": ("移出时间",)},
                   values={"list": {"疑似污染地块": "suspect", "疑似名单": "suspect", "污染地块": "polluted",
                                    "建设用地土壤污染风险管控和修复名录": "control"}},
                   examples={"parcel": "原某化工厂地块", "list": "污染地块名录", "since": "2026-03-01"}),
    edit=frozenset({Role.MONITOR, Role.APPROVER, Role.SECTION_CHIEF}),
    empty="三份名录还是空的。地块办到相应环节时自动列入，历史名录可导入。",
))  # fmt: skip
for _key, _label in ListEntry.List.choices:
    tally(LISTS, _key, f"{_label}在列地块", Q(list=_key, until=None), better="lower")


def on_list(parcel: Entity, name: str) -> bool:
    """Whether a parcel stands on a list now."""
    return ListEntry.objects.filter(parcel=parcel.pk, list=name, until=None).exists()


def enter_list(parcel: Parcel, name: str, on: date, basis: str) -> None:
    """Let a parcel stand on a list from a day on, where it does not already."""
    if not on_list(parcel, name):
        ListEntry.objects.create(
            parcel=parcel, area_code=parcel.area_code, list=name, since=on, basis=basis[:200],
            synthetic=parcel.synthetic,
        )  # fmt: skip


def leave_lists(parcel: Parcel, names: tuple[str, ...], on: date, reason: str) -> None:
    """End what a parcel stands on of some lists; the entry stays with its reason."""
    ListEntry.objects.filter(parcel=parcel, list__in=names, until=None).update(
        until=on, reason=reason[:200]
    )
