"""畜禽粪污与农业面源 (mechanism W14): the centre, its stations and the farms (1+12+n), tonnes month by month; fertiliser by year.

畜禽粪污综合利用率 = 利用量 ÷ 产生量, 化肥减量率 = (上年 − 当年) ÷ 上年, of the towns that reported both years.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory, declare
from ecoledger.entities.models import Entity
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.tallies import tally
from ecoledger.standards.percent import percent_of

_TONNES: dict[str, Any] = {
    "max_digits": 12,
    "decimal_places": 3,
    "null": True,
    "blank": True,
    "validators": [MinValueValidator(0)],
}


class ManureSite(Entity):
    """A centre, a station or a farm of the loop (粪污收集处理点)."""

    KIND = "manure_site"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_manure_site"
    )

    class Tier(models.TextChoices):
        CENTRE = "centre", "处理中心"
        STATION = "station", "区域收集站"
        FARM = "farm", "养殖场（户）"

    tier = models.CharField("层级", max_length=8, choices=Tier.choices, db_index=True)
    animals = models.CharField("畜种", max_length=40, blank=True)
    heads = models.PositiveIntegerField("存栏 猪当量", null=True, blank=True)
    capacity = models.DecimalField("处理能力 吨/年", **_TONNES)
    process = models.CharField("处理利用方式", max_length=120, blank=True)
    operator = models.CharField("运营单位", max_length=120, blank=True)

    class Meta:
        verbose_name = "粪污收集处理点"


def clean(site: ManureSite, findings: Findings) -> None:
    """A station hands to a centre, a farm to a station or a centre."""
    above = ManureSite.objects.filter(pk=site.parent_id).first() if site.parent_id else None
    allowed = {"centre": (), "station": ("centre",), "farm": ("centre", "station")}
    if site.parent_id and (above is None or above.tier not in allowed.get(site.tier, ())):
        findings.wrong["parent"] = _("区域收集站送处理中心，养殖场送收集站或处理中心")
    if not site.parent_id and site.tier != ManureSite.Tier.CENTRE:
        findings.odd.append(_("没有填写送往的处理中心或收集站"))


SITES = declare(Inventory(
    key="manure_site", label="粪污收集处理点", model=ManureSite, line="water", letter="K", clean=clean,
    columns=("name", "code", "tier", "parent", "animals", "heads", "capacity", "process", "operator", "area_code"),
    filters=("tier", "area_code"), search=("name", "code", "operator"),
    fields=("name", CODE, "tier", Ask("parent", "送往", to=ManureSite, required=False), "area_code", "address", "lon",
            "lat", COORDINATES, "animals", "heads", "capacity", "process", "operator", "since", "until"),
    labels={"parent": "送往"},
    imports=Import(key=("name",), future=(),
                   headers={"name": ("养殖场名称", "站点名称"), "tier": ("类型", "类别"), "parent": ("送往站点", "收集去向"),
                            "animals": ("养殖种类",), "heads": ("存栏量", "猪当量"), "area_code": ("镇街", "所在镇"),
                            "capacity": ("处理能力", "设计能力")},
                   values={"tier": {"中心": "centre", "收集站": "station", "养殖场": "farm", "养殖户": "farm"}},
                   examples={"name": "某镇收集站", "tier": "区域收集站", "parent": "粪污处理中心", "area_code": "北镇"}),
    views=(View("centre", "处理中心", {"tier": "centre"}), View("station", "区域收集站", {"tier": "station"})),
    empty="还没有收集处理点。先导入处理中心，再导入收集站和养殖场。",
))  # fmt: skip
_STANDS = Q(until=None)
tally(SITES, "centres", "粪污处理中心", Q(tier="centre") & _STANDS)
tally(SITES, "stations", "粪污区域收集站", Q(tier="station") & _STANDS)
tally(SITES, "farms", "纳入收集的养殖场（户）", Q(tier="farm") & _STANDS & ~Q(parent=None))


class ManureRun(LogEntry):
    """What a site took in and made in a month (粪污收集利用)."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_manure_run"
    )
    produced = models.DecimalField("产生量 吨", **_TONNES)
    collected = models.DecimalField("收集量 吨", **_TONNES)
    used = models.DecimalField("利用量 吨", **_TONNES)
    product = models.DecimalField("有机肥 吨", **_TONNES)
    fields_mu = models.DecimalField("还田 亩", **_TONNES)
    voucher = models.CharField("磅单或台账号", max_length=80, blank=True)

    class Meta:
        verbose_name = "粪污收集利用"


class RunLog(Log):
    """Tonnes: more than was produced is not used."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        made, used = values.get("produced"), values.get("used")
        if made is not None and used is not None and used > made:
            return {"used": _("利用量不能大于产生量")}
        if all(values.get(n) is None for n in ("produced", "collected", "used")):
            return {"collected": _("产生量、收集量、利用量至少填一项")}
        return {}


RUNS = declare_book(RunLog(
    key="manure_run", label="粪污收集利用", model=ManureRun, line="water", edit=STAFF | {Role.THIRD_PARTY}, lead="entity",
    columns=("entity", "at", "produced", "collected", "used", "product", "fields_mu", "voucher", "area_code", "by"),
    filters=("area_code", "entity", "at"), search=("entity__name", "voucher"),
    fields=(Ask("entity", "站点", to=ManureSite, required=True), "at", "produced", "collected", "used", "product",
            "fields_mu", "voucher", "note"),
    labels={"entity": "站点"},
    imports=Import(key=("entity", "at"), future=(),
                   headers={"entity": ("站点名称", "养殖场名称", "名称"), "at": ("日期", "月份", "统计日期"),
                            "produced": ("粪污产生量", "产生量"), "collected": ("收集量", "粪污收集量"),
                            "used": ("资源化利用量", "利用量"), "product": ("有机肥产量",)},
                   examples={"entity": "某镇收集站", "at": "2026-05-31", "collected": "320.5"}),
    empty="还没有收集利用记录。按月导入各处的产生、收集和利用量。",
))  # fmt: skip
tally(RUNS, "collected", "收集畜禽粪污", dated="at", add="collected", unit="吨", decimals=1)
tally(RUNS, "used_ratio", "畜禽粪污综合利用率", dated="at", add="used", over="produced", decimals=1)

# ---- fertiliser and pesticides -------------------------------------------------------------------


class FertilizerYear(models.Model):
    """What a town used in a year of fertiliser (折纯) and pesticides, beside the year before."""

    area_code = models.CharField("镇街", max_length=12, db_index=True)
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    begins = models.DateField(editable=False, db_index=True)
    sown_mu = models.DecimalField("播种面积 亩", **_TONNES)
    fertilizer = models.DecimalField("化肥用量（折纯） 吨", **_TONNES)
    pesticide = models.DecimalField("农药用量 吨", **_TONNES)
    # What the year before used, as far as it is known, and how much less this year did.
    fertilizer_before = models.DecimalField("上年化肥 吨", editable=False, **_TONNES)
    fertilizer_saved = models.DecimalField(
        "化肥减量 吨", max_digits=12, decimal_places=3, null=True, editable=False
    )
    pesticide_before = models.DecimalField("上年农药 吨", editable=False, **_TONNES)
    pesticide_saved = models.DecimalField(
        "农药减量 吨", max_digits=12, decimal_places=3, null=True, editable=False
    )

    class Meta:
        verbose_name = "化肥农药用量"
        ordering = ["-year", "area_code"]
        constraints = [
            models.UniqueConstraint(fields=["area_code", "year"], name="one_town_a_year")
        ]

    def __str__(self) -> str:
        return f"{self.area_code} {self.year}"

    @property
    def a_mu(self) -> Decimal | None:
        """Fertiliser by area, kg/亩."""
        if self.fertilizer is None or not self.sown_mu:
            return None
        return (1000 * self.fertilizer / self.sown_mu).quantize(Decimal("0.01"))

    @property
    def reduction(self) -> str:
        """How much less fertiliser than the year before, percent."""
        if self.fertilizer_saved is None or not self.fertilizer_before:
            return ""
        return percent_of(self.fertilizer_saved, self.fertilizer_before)


class FertilizerBook(Listing):
    """Towns by year; each change compares the year and the one after anew."""

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        begins = date(int(values["year"]), 1, 1)
        row = super().open_row({**values, "begins": begins}, by, at, **more)
        _compare(row)
        return row

    @transaction.atomic
    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        if values.get("year"):
            values = {**values, "begins": date(int(values["year"]), 1, 1)}
        row = super().change_row(row, values, by, at)
        _compare(row)
        return row


def _compare(row: FertilizerYear) -> None:
    """What a town's year, and the one after it, used less than the one before."""
    near = FertilizerYear.objects.filter(
        area_code=row.area_code, year__range=(row.year - 1, row.year + 1)
    )
    years = {year_row.year: year_row for year_row in near}
    for year in (row.year, row.year + 1):
        now, before = years.get(year), years.get(year - 1)
        if now is None:
            continue
        for name in ("fertilizer", "pesticide"):
            earlier = getattr(before, name) if before else None
            used = getattr(now, name)
            setattr(now, f"{name}_before", earlier)
            known = earlier is not None and used is not None
            setattr(now, f"{name}_saved", earlier - used if known else None)
        now.save()
    row.refresh_from_db()


FERTILIZERS = declare_book(FertilizerBook(
    key="fertilizer_year", label="化肥农药用量", model=FertilizerYear, line="water", lead="area_code",
    order=("-year", "-pk"),
    columns=("area_code", "year", "sown_mu", "fertilizer", "a_mu", "fertilizer_before", "reduction", "pesticide",
             "pesticide_saved"),
    filters=("year", "area_code"), search=(), labels={"a_mu": "亩均化肥 kg", "reduction": "化肥减量 %"},
    fields=("area_code", Ask("year", minimum=2000, maximum=2100), "sown_mu", "fertilizer", "pesticide"),
    imports=Import(key=("area_code", "year"), future=(),
                   headers={"area_code": ("镇街名称", "行政区划"), "sown_mu": ("播种面积", "播种面积（亩）"),
                            "fertilizer": ("化肥用量", "化肥使用量", "化肥折纯量"), "pesticide": ("农药用量", "农药使用量")},
                   examples={"area_code": "北镇", "year": "2026", "sown_mu": "32000", "fertilizer": "640"}),
    edit=STAFF, empty="还没有化肥农药用量。按年导入各镇街的用量，减量自动与上年比较。",
))  # fmt: skip
tally(FERTILIZERS, "fertilizer_cut", "化肥减量率", Q(fertilizer_saved__isnull=False), dated="begins", yearly=True,
      add="fertilizer_saved", over="fertilizer_before", decimals=1)  # fmt: skip
tally(FERTILIZERS, "pesticide_cut", "农药减量率", Q(pesticide_saved__isnull=False), dated="begins", yearly=True,
      add="pesticide_saved", over="pesticide_before", decimals=1)  # fmt: skip
