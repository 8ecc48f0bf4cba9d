"""废铅蓄电池收集 (mechanism S-9): the shops that change them, what was collected from each, and the check of them all.

A lead battery is hazardous waste (900-052-31) that a shop may keep for its collector: dry, upright, nothing poured out.
A collection says how many, how heavy and who took them; a shop that gave none to a licensed collector for months is
shown. The check of all sites is a campaign over them; what fails in it is a problem of the one ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.campaign import Campaign
from ecoledger.books.log import Log
from ecoledger.books.models import DriveTask, LogEntry
from ecoledger.entities.inventory import CODE, COORDINATES, Inventory
from ecoledger.entities.inventory import declare as declare_inventory
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.tallies import tally
from ecoledger.matters import actions
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem

WRITERS = STAFF | {Role.ENTERPRISE, Role.THIRD_PARTY}
WASTE_PROBLEM = {
    "origin_kind": Problem.Origin.SELF.value,
    "category": Problem.Category.WASTE.value,
}


class BatterySite(Entity):
    """A shop that changes lead batteries, or a collector's point."""

    KIND = "battery_site"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_battery_site"
    )

    class Sort(models.TextChoices):
        E_BIKE = "e_bike", "电动车销售维修"
        GARAGE = "garage", "汽车维修"
        SHOP = "shop", "蓄电池销售"
        POINT = "point", "收集网点"
        OTHER = "other", "其他"

    sort = models.CharField("类型", max_length=10, choices=Sort.choices, db_index=True)
    contact = models.CharField("负责人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    collector = models.CharField("签约收集单位", max_length=120, blank=True)
    signed_on = models.DateField("签约日期", null=True, blank=True, db_index=True)
    container = models.BooleanField("有专用贮存容器", default=False)
    collected_on = models.DateField(
        "最近收集", null=True, blank=True, editable=False, db_index=True
    )

    class Meta:
        verbose_name = "废铅蓄电池产生点"

    @property
    def state(self) -> str:
        """Whether its batteries go to somebody who may have them."""
        if not self.signed_on:
            return _("未签约")
        days = int(own_data.read(__package__, "batteries")["silent_days"])
        since = self.collected_on or self.signed_on
        if since < timezone.localdate() - timedelta(days=days):
            return _("长期未交")
        return _("正常")


SITES = declare_inventory(Inventory(
    key="battery_site", label="废铅蓄电池产生点", model=BatterySite, line="waste", letter="U",
    enterprise="parent__code",
    columns=("name", "code", "sort", "state", "collector", "signed_on", "container", "collected_on", "area_code"),
    filters=("sort", "signed_on", "container", "collected_on", "area_code"),
    search=("name", "code", "collector", "contact"),
    fields=("name", CODE, Ask("parent", "对应企业", to=Enterprise, required=False), "area_code", "address", "lon", "lat",
            COORDINATES, "sort", "contact", "phone", "collector", "signed_on", "container", "since", "until"),
    labels={"state": "状况"},
    imports=Import(key=("name",), headers={"name": ("企业名称", "单位名称", "店名"), "sort": ("经营类型",),
                                           "collector": ("收集单位",), "container": ("专用容器",),
                                           "signed_on": ("签约时间",)},
                   values={"sort": {"电动车维修": "e_bike", "电动车": "e_bike", "汽修": "garage", "机动车维修": "garage",
                                    "电池销售": "shop"}},
                   examples={"name": "示例电动车行", "sort": "电动车销售维修", "collector": "示例收集公司"}, future=()),
    views=(View("bare", "无专用容器", {"container": "0"}),),
    empty="还没有废铅蓄电池产生点。导入电动车和汽车维修企业清单。",
))  # fmt: skip
tally(SITES, "sites", "废铅蓄电池产生点", Q(until=None), unit="家")
tally(SITES, "signed_ratio", "废铅蓄电池签约率", Q(signed_on__isnull=False), whole=Q(until=None),
      missing=noop("没有登记产生点"))  # fmt: skip


class BatteryCollection(LogEntry):
    """What a collector took from a site."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_battery_collection"
    )
    pieces = models.PositiveIntegerField("数量 只", validators=[MinValueValidator(1)])
    kilograms = models.DecimalField(
        "重量 kg", max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    broken = models.PositiveIntegerField("其中破损漏液 只", default=0)
    collector = models.CharField("收集单位", max_length=120)
    paper_no = models.CharField("收集凭证号", max_length=40, blank=True, db_index=True)
    plate = models.CharField("车牌号", max_length=20, blank=True)

    class Meta:
        verbose_name = "废铅蓄电池收集"

    @property
    def doubt(self) -> str:
        """A weight that no batteries have; one that was given to another collector than the contract's."""
        told = []
        least, most = own_data.read(__package__, "batteries")["piece_kg"]
        each = self.kilograms / self.pieces
        if not Decimal(str(least)) <= each <= Decimal(str(most)):
            told.append(_("平均每只 %s kg") % each.quantize(Decimal("0.1")))
        site = getattr(self.entity, "as_battery_site", None)
        if site is not None and site.collector and site.collector != self.collector:
            told.append(_("不是签约的收集单位"))
        return "；".join(told)


class Collections(Log):
    """A collection is the site's last, until a later one."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        pieces, broken = values.get("pieces") or 0, values.get("broken") or 0
        return {"broken": _("破损数多于总数")} if broken > pieces else {}

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        entry = super().open_row(values, by, at, **more)
        day = timezone.localdate(entry.at)
        later = Q(collected_on=None) | Q(collected_on__lt=day)
        BatterySite.objects.filter(later, pk=entry.entity_id).update(collected_on=day)
        return entry


COLLECTIONS = declare(Collections(
    key="battery_collection", label="废铅蓄电池收集", line="waste", model=BatteryCollection, edit=WRITERS,
    enterprise="entity__parent__code", prefetch=("entity__as_battery_site",),
    columns=("entity", "at", "pieces", "kilograms", "broken", "collector", "paper_no", "doubt", "area_code", "by"),
    filters=("at", "area_code"), search=("entity__name", "collector", "paper_no", "plate"),
    fields=(Ask("entity", "产生点", to=BatterySite, required=True), "at", "pieces", "kilograms", "broken", "collector",
            "paper_no", "plate", "note"),
    labels={"entity": "产生点", "at": "收集时间", "doubt": "核对"}, lead="entity",
    imports=Import(key=("entity", "at"),
                   headers={"entity": ("企业名称", "单位名称"), "at": ("日期", "收集日期"), "pieces": ("数量",),
                            "kilograms": ("重量", "重量（kg）"), "broken": ("其中破损漏液", "破损数量"), "paper_no": ("凭证号", "联单号")},
                   examples={"entity": "示例电动车行", "at": "2026-10-24", "pieces": "40", "kilograms": "560",
                             "collector": "示例收集公司"}, future=()),
    empty="还没有收集记录。收集单位上门时登记数量和重量。",
))  # fmt: skip
tally(
    COLLECTIONS, "kilograms", "废铅蓄电池收集量", dated="at", add="kilograms", unit="kg", decimals=2
)
tally(COLLECTIONS, "pieces", "废铅蓄电池收集只数", dated="at", add="pieces", unit="只")


def as_problem(task: DriveTask, label: str, by: Person, at: datetime) -> Any:
    """What failed at a check of waste, in the one ledger of problems."""
    return actions.open_matter(
        PROBLEMS,
        {
            "title": f"{task.entity}：{label}"[:200],
            "area_code": task.area_code,
            "entity": task.entity,
            "source_batch": task.drive.name[:40],
            **WASTE_PROBLEM,
        },
        by=by,
        at=at,
    )


CHECKS = declare(Campaign(
    key="battery_check", label="废铅蓄电池专项检查", line="waste",
    objects=BatterySite.objects.filter(until=None).all, finding=as_problem,
    columns=("name", "state", "begin", "end", "area_code", "checklist"), filters=("state",),
    fields=("name", "area_code", "begin", "end", "checklist", "basis"), search=("name",), lead="name",
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.OFFICER}),
    empty="还没有专项检查。登记一次检查，选取产生点，逐家检查。",
))  # fmt: skip
