"""一般工业固废收运分拣 (mechanism S-10): sorting centres, the routes that reach towns and firms, and what firms declare.

A firm declares what it produced by its code of the catalogue (SW classes), what it kept and where the rest went; what
does not add up is said. A centre's routes name the towns they reach and the firms that signed; coverage is told of both,
with numerator and denominator. What a centre took in and sorted out is its log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU, STAFF, Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities.inventory import CODE, COORDINATES, Inventory
from ecoledger.entities.inventory import declare as declare_inventory
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Filter, Import, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.registers.waste.waste_ledgers import own_firm
from ecoledger.standards import waste
from ecoledger.standards.time_limits import add_months

WRITERS = STAFF | {Role.ENTERPRISE, Role.THIRD_PARTY}
CLASSES = tuple((number, f"{number} {name}") for number, name in waste.general_classes().items())
# What differs by less is rounding, t.
TOLERANCE = Decimal("0.01")


def _tonnes(label: str, **more: Any) -> Any:
    more = {"default": 0, **more}
    return models.DecimalField(
        label, max_digits=14, decimal_places=4, validators=[MinValueValidator(0)], **more
    )


def is_general_code(text: str) -> None:
    """Raise ``ValidationError`` for what is no code of the catalogue; a field's validator."""
    if wrong := waste.general(text).wrong:
        raise ValidationError(wrong)


# ---- centres and routes --------------------------------------------------------------------------


class SortingCentre(Entity):
    """A centre that fetches general industrial waste and sorts it."""

    KIND = "sorting_centre"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_sorting_centre"
    )
    operator = models.CharField("运营单位", max_length=120, blank=True)
    capacity = _tonnes("设计能力 t/a", null=True, blank=True, default=None)
    running = models.BooleanField("已投运", default=False, db_index=True)
    contact = models.CharField("负责人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)

    class Meta:
        verbose_name = "收运分拣中心"

    @property
    def towns(self) -> int:
        """Towns that its routes reach now."""
        return in_service(CollectionRoute.objects.filter(centre=self.pk)).values("area_code").distinct().count()  # fmt: skip

    @property
    def firms(self) -> int:
        """Firms that signed with it and did not leave."""
        return in_service(CollectionContract.objects.filter(centre=self.pk)).count()

    @property
    def taken_in(self) -> Decimal:
        """What it took in this year, t."""
        rows = CentreIntake.objects.filter(
            entity=self.pk, current=True, at__year=timezone.localdate().year
        )
        total: Decimal | None = rows.aggregate(n=Sum("taken_in"))["n"]
        return total or Decimal(0)


def in_service(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Routes or contracts that hold today."""
    today = timezone.localdate()
    return rows.filter(Q(until=None) | Q(until__gte=today), since__lte=today)


CENTRES = declare_inventory(Inventory(
    key="sorting_centre", label="一般工业固废分拣中心", model=SortingCentre, line="waste", letter="Z",
    columns=("name", "code", "operator", "capacity", "running", "towns", "firms", "taken_in", "area_code"),
    filters=("running", "area_code"), search=("name", "code", "operator"),
    fields=("name", CODE, "area_code", "address", "lon", "lat", COORDINATES, "operator", "capacity", "running",
            "contact", "phone", "since", "until"),
    labels={"towns": "覆盖镇街", "firms": "签约企业", "taken_in": "本年收运 t"},
    imports=Import(key=("name",), headers={"name": ("中心名称",), "running": ("是否投运",),
                                           "capacity": ("处理能力", "设计规模")},
                   examples={"name": "示例固废分拣中心", "running": "是", "capacity": "30000"}, future=()),
    empty="还没有分拣中心。登记后再登记收运线路和签约企业。",
))  # fmt: skip
tally(CENTRES, "running", "一般工业固废收运分拣中心", Q(running=True, until=None), unit="个")


class CollectionRoute(models.Model):
    """That a centre fetches in a town, so often."""

    class Frequency(models.TextChoices):
        DAILY = "daily", "每日"
        WEEKLY = "weekly", "每周"
        FORTNIGHT = "fortnight", "每两周"
        MONTHLY = "monthly", "每月"
        CALL = "call", "按预约"

    centre = models.ForeignKey(
        SortingCentre, verbose_name="分拣中心", on_delete=models.PROTECT, related_name="routes"
    )
    name = models.CharField("线路", max_length=80)
    area_code = AreaCodeField("镇街")
    frequency = models.CharField("收运频次", max_length=10, choices=Frequency.choices)
    plate = models.CharField("车牌号", max_length=20, blank=True)
    since = models.DateField("开通日期", db_index=True)
    until = models.DateField("停运日期", null=True, blank=True)

    class Meta:
        verbose_name = "收运线路"
        ordering = ["centre_id", "name", "id"]

    def __str__(self) -> str:
        return self.name


ROUTES = declare(Listing(
    key="collection_route", label="固废收运线路", line="waste", model=CollectionRoute, edit=BUREAU,
    columns=("name", "centre", "area_code", "frequency", "plate", "since", "until"),
    filters=("centre", "frequency", "since", "area_code"), search=("name", "centre__name", "plate"),
    fields=(Ask("centre", to=SortingCentre), "name", "area_code", "frequency", "plate", "since", "until"),
    lead="name", under=("centre",),
    imports=Import(key=("centre", "name", "area_code"),
                   headers={"centre": ("中心名称",), "name": ("线路名称",), "area_code": ("覆盖镇街", "镇（街道）"),
                            "frequency": ("频次",)},
                   examples={"centre": "示例固废分拣中心", "name": "东线", "frequency": "每周", "since": "2026-01-01"},
                   future=()),
    empty="还没有收运线路。一条线路经过几个镇街就登记几行。",
))  # fmt: skip


class CollectionContract(models.Model):
    """That a firm's waste is fetched by a centre."""

    firm = models.ForeignKey(
        Enterprise,
        verbose_name="企业",
        on_delete=models.PROTECT,
        related_name="collection_contracts",
    )
    centre = models.ForeignKey(
        SortingCentre, verbose_name="分拣中心", on_delete=models.PROTECT, related_name="contracts"
    )
    area_code = AreaCodeField("属地")
    contract_no = models.CharField("合同编号", max_length=60, blank=True)
    since = models.DateField("起", db_index=True)
    until = models.DateField("止", null=True, blank=True)

    class Meta:
        verbose_name = "固废收运合同"
        ordering = ["-since", "id"]

    def __str__(self) -> str:
        return f"{self.firm} {self.centre}"


class Contracts(Listing):
    """A contract lies where its firm does."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        begin, end = values.get("since"), values.get("until")
        return {"until": _("终止早于开始")} if begin and end and end < begin else {}

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return super().open_row({**values, "area_code": values["firm"].area_code}, by, at, **more)


CONTRACTS = declare(Contracts(
    key="collection_contract", label="固废收运合同", line="waste", model=CollectionContract, edit=WRITERS,
    enterprise="firm__code",
    columns=("firm", "centre", "contract_no", "since", "until", "area_code"),
    filters=("centre", "firm", "since", "area_code"), search=("firm__name", "centre__name", "contract_no"),
    fields=(Ask("firm", to=Enterprise), Ask("centre", to=SortingCentre), "contract_no", "since", "until"),
    lead="firm", under=("centre",),
    imports=Import(key=("firm", "centre", "since"),
                   headers={"firm": ("企业名称", "单位名称"), "centre": ("中心名称",), "since": ("签约日期", "开始日期"),
                            "until": ("到期日期",)},
                   examples={"firm": "示例涂装有限公司", "centre": "示例固废分拣中心", "since": "2026-01-01"}, future=()),
    empty="还没有收运合同。",
))  # fmt: skip


class CentreIntake(LogEntry):
    """What a centre took in over some days, and what it sorted out of it."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_centre_intake"
    )
    taken_in = _tonnes("收运量 t", default=None)
    recycled = _tonnes("分拣出可利用 t")
    burnt = _tonnes("送焚烧 t")
    landfilled = _tonnes("送填埋 t")

    class Meta:
        verbose_name = "分拣中心收运"

    @property
    def left(self) -> Decimal:
        """What stayed at the centre, t."""
        left: Decimal = self.taken_in - self.recycled - self.burnt - self.landfilled
        return left


INTAKE = declare(Log(
    key="centre_intake", label="分拣中心收运量", line="waste", model=CentreIntake, edit=STAFF | {Role.THIRD_PARTY},
    columns=("entity", "at", "taken_in", "recycled", "burnt", "landfilled", "left", "area_code", "by"),
    filters=("at", "entity", "area_code"), search=("entity__name",),
    fields=(Ask("entity", "分拣中心", to=SortingCentre, required=True), "at", "taken_in", "recycled", "burnt",
            "landfilled", "note"),
    labels={"entity": "分拣中心", "at": "日期", "left": "未分拣 t"}, lead="entity",
    imports=Import(key=("entity", "at"), headers={"entity": ("中心名称",), "at": ("月份末", "统计日期"),
                                                  "taken_in": ("收运量",), "recycled": ("可利用", "分拣出可利用"),
                                                  "burnt": ("送焚烧", "焚烧量"), "landfilled": ("送填埋", "填埋量")},
                   examples={"entity": "示例固废分拣中心", "at": "2026-10-31", "taken_in": "1200"}, future=()),
    empty="还没有收运量记录。",
))  # fmt: skip
tally(INTAKE, "tonnes", "一般工业固废收运量", dated="at", add="taken_in", unit="t", decimals=2)

# ---- declarations --------------------------------------------------------------------------------


class IndustrialDeclaration(LogEntry):
    """What a firm declared of a general waste for a month, or for the year where ``month`` is empty (流向汇总表)."""

    logentry_ptr = models.OneToOneField(
        LogEntry,
        on_delete=models.CASCADE,
        parent_link=True,
        related_name="as_industrial_declaration",
    )
    year = models.PositiveSmallIntegerField(
        "申报年度", validators=[MinValueValidator(2000), MaxValueValidator(2100)]
    )
    month = models.PositiveSmallIntegerField(
        "月份", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text="全年申报留空",
    )  # fmt: skip
    # The last day of what is declared: by which it is counted.
    until = models.DateField("期末", editable=False, db_index=True)
    code = models.CharField("代码", max_length=14, validators=[is_general_code], db_index=True)
    category = models.CharField("废物种类", max_length=4, editable=False, db_index=True)
    waste = models.CharField("名称", max_length=120, blank=True)
    stock_before = _tonnes("期初贮存 t")
    produced = _tonnes("产生量 t", default=None)
    own_used = _tonnes("自行利用 t")
    consigned_used = _tonnes("委托利用 t")
    own_disposed = _tonnes("自行处置 t")
    consigned_disposed = _tonnes("委托处置 t")
    stock_after = _tonnes("累计贮存 t")
    receiver = models.CharField("受托单位", max_length=120, blank=True)

    class Meta:
        verbose_name = "一般工业固废申报"

    @property
    def used(self) -> Decimal:
        used: Decimal = self.own_used + self.consigned_used
        return used

    @property
    def doubt(self) -> str:
        """By how much stock before + produced − used − disposed is not what is said to be in store."""
        out = self.used + self.own_disposed + self.consigned_disposed
        left = self.stock_before + self.produced - out
        if abs(left - self.stock_after) <= TOLERANCE:
            return ""
        return _("应存 %(one)s t，填报 %(other)s t") % {
            "one": f"{left:.2f}",
            "other": f"{self.stock_after:.2f}",
        }


class IndustrialLog(Log):
    """Declarations: the class follows from the code, the last day from year and month; a code is declared by month or for
    the whole year, so that nothing counts twice."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        firm, code = values.get("entity"), waste.general(str(values.get("code") or ""))
        if firm is None or not code.ok:
            return {}
        rows = IndustrialDeclaration.objects.filter(
            entity_id=firm.pk, code=code.code, year=values.get("year") or 0, current=True
        ).exclude(pk=values.get("pk", 0))
        by_month = values.get("month") is not None
        if rows.filter(month__isnull=by_month).exists():
            return {"month": _("这个代码已按年申报") if by_month else _("这个代码已按月申报")}
        return {}

    def look_over(
        self, values: Mapping[str, Any], said: Mapping[str, Any], by: Person | None
    ) -> tuple[Mapping[str, str], Sequence[str]]:
        """More used than there was, or another stock than is left, is odd before it is taken in as afterwards."""
        doubt = IndustrialDeclaration(**{n: v for n, v in values.items() if v is not None}).doubt
        return {}, [doubt] if doubt else []

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        if wrong := self.wrong(values, by):
            raise Refused("form", wrong["month"], _("请更正原申报。"), {"month": [wrong["month"]]})
        return super().open_row({**values, **_follows(values)}, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        said = {name: getattr(row, name) for name in ("year", "month", "code")} | dict(values)
        return super().change_row(row, {**values, **_follows(said)}, by, at)


def _follows(values: Mapping[str, Any]) -> dict[str, Any]:
    after = add_months(date(values["year"], values.get("month") or 12, 1), 1)
    read = waste.general(str(values["code"]))
    return {
        "code": read.code,
        "category": read.category,
        "until": date.fromordinal(after.toordinal() - 1),
    }


DECLARATIONS = declare(IndustrialLog(
    key="industrial_waste", label="一般工业固废申报", line="waste", model=IndustrialDeclaration, edit=WRITERS,
    enterprise="entity__code",
    columns=("entity", "year", "month", "waste", "category", "code", "produced", "used", "consigned_disposed",
             "stock_after", "doubt", "receiver", "area_code"),
    filters=("year", "month", Filter("category", kind=Kind.CHOICE, choices=CLASSES), "code", "entity", "area_code"),
    search=("entity__name", "code", "waste", "receiver"),
    fields=(Ask("entity", "企业", to=Enterprise, required=True), "year", "month", "waste", "code", "stock_before",
            "produced", "own_used", "consigned_used", "own_disposed", "consigned_disposed", "stock_after",
            "receiver", "at", "note"),
    labels={"entity": "企业", "at": "申报时间", "used": "利用量 t", "doubt": "平衡核对"}, lead="entity",
    imports=Import(key=("entity", "year", "month", "code"),
                   headers={"entity": ("企业名称", "单位名称"), "year": ("年度",), "waste": ("废物名称", "固废名称"),
                            "code": ("废物代码", "固废代码"), "produced": ("产生量",), "own_used": ("自行利用量", "自行利用"),
                            "consigned_used": ("委托利用量", "委托利用"), "own_disposed": ("自行处置量", "自行处置"),
                            "consigned_disposed": ("委托处置量", "委托处置"), "stock_after": ("累计贮存量", "贮存量"),
                            "stock_before": ("上期贮存量",)},
                   examples={"entity": "示例涂装有限公司", "year": "2026", "month": "10", "waste": "废钢屑",
                             "code": "900-001-S17", "produced": "12.5", "consigned_used": "12.5"},
                   future=(), read=own_firm, instead={"entity": ""}),
    empty="还没有一般工业固废申报。导入企业的流向汇总表。",
))  # fmt: skip
tally(
    DECLARATIONS,
    "produced",
    "一般工业固废产生量",
    dated="until",
    add="produced",
    unit="t",
    decimals=2,
)
