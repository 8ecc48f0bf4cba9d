"""扬尘、餐饮油烟、加油站油气 (mechanism A13): the sites, and what was found and tested there.

Three inventories and one log of results for each: what a patrol saw, what a fume monitor or a test measured, and a
leak seen by infrared. A failed result may open a problem in the one ledger. Automatic monitors stand there as points of
their own kind; what they sound is in a book beside these (``site_alarms``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities.inventory import CODE, COORDINATES, Inventory, declare
from ecoledger.entities.models import Entity
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.monitoring.points import enrolling
from ecoledger.registers.problems.problem_ledger import AIR_PROBLEM

CHECKERS = STAFF | {Role.THIRD_PARTY}
enrolling.SITES.update(("dust_site", "caterer", "fuel_station"))
PLACE = ("name", CODE, "area_code", "address", "lon", "lat", COORDINATES)

# ---- dust ----------------------------------------------------------------------------------------


class DustSite(Entity):
    """A building site, yard or road that raises dust."""

    KIND = "dust_site"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_dust_site"
    )

    class Sort(models.TextChoices):
        BUILDING = "building", "房建工地"
        MUNICIPAL = "municipal", "市政道路工地"
        DEMOLITION = "demolition", "拆迁工地"
        YARD = "yard", "堆场码头"
        MIXING = "mixing", "混凝土搅拌站"
        ROAD = "road", "道路"

    sort = models.CharField("类型", max_length=12, choices=Sort.choices)
    builder = models.CharField("施工（责任）单位", max_length=80, blank=True)
    department = models.CharField("主管部门", max_length=60, blank=True)
    size = models.DecimalField("面积 ㎡", max_digits=12, decimal_places=1, null=True, blank=True)
    monitored = models.BooleanField("安装扬尘在线监测", default=False)

    class Meta:
        verbose_name = "扬尘源"


DUST_SITES = declare(Inventory(
    key="dust_site", label="扬尘源", model=DustSite, line="air", letter="D",
    columns=("name", "sort", "builder", "department", "monitored", "area_code", "since", "until"),
    filters=("sort", "monitored", "area_code"), search=("name", "code", "builder"),
    fields=(*PLACE, "sort", "builder", "department", "size", "monitored", "since", "until"),
    imports=Import(key=("name",), headers={"name": ("工地名称", "项目名称"), "builder": ("施工单位",),
                                           "area_code": ("镇街",), "sort": ("工地类型",)},
                   examples={"name": "某小区二期", "sort": "房建工地", "area_code": "北镇"}),
    empty="还没有扬尘源。导入工地和堆场清单。",
))  # fmt: skip


class DustCheck(LogEntry):
    """One look at the six measures of a site (六个百分之百)."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_dust_check"
    )
    fenced = models.BooleanField("围挡", default=True)
    covered = models.BooleanField("物料覆盖", default=True)
    wet = models.BooleanField("湿法作业", default=True)
    paved = models.BooleanField("路面硬化", default=True)
    washed = models.BooleanField("车辆冲洗", default=True)
    sealed = models.BooleanField("密闭运输", default=True)
    pm10 = models.DecimalField("PM10 µg/m³", max_digits=8, decimal_places=1, null=True, blank=True)

    class Meta:
        verbose_name = "扬尘巡查"

    @property
    def met(self) -> int:
        """How many of the six are met."""
        return sum((self.fenced, self.covered, self.wet, self.paved, self.washed, self.sealed))


DUST_CHECKS = declare_book(Log(
    key="dust_check", offline=True, label="扬尘巡查", model=DustCheck, line="air", begets="problem", begotten=AIR_PROBLEM, edit=CHECKERS,
    columns=("entity", "at", "met", "fenced", "covered", "wet", "paved", "washed", "sealed", "pm10", "note",
             "area_code", "by"),
    filters=("area_code", "covered", "washed", "at"), search=("entity__name", "note"),
    fields=(Ask("entity", "工地", to=DustSite, required=True), "at",
            # Each is answered: what was not looked at is neither met nor missed.
            *(Ask(name, required=True) for name in ("fenced", "covered", "wet", "paved", "washed", "sealed")),
            "pm10", "note"),
    labels={"entity": "工地", "met": "落实项（共6）"}, lead="entity",
    empty="还没有扬尘巡查记录。",
))  # fmt: skip

# ---- fumes and vapour: judged results ------------------------------------------------------------


class Caterer(Entity):
    """A kitchen whose fumes are treated."""

    KIND = "caterer"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_caterer"
    )
    stoves = models.PositiveSmallIntegerField("灶头数", null=True, blank=True)
    purifier = models.CharField("净化设施", max_length=80, blank=True)
    cleaned_on = models.DateField("上次清洗", null=True, blank=True)
    monitored = models.BooleanField("安装油烟在线监控", default=False)

    class Meta:
        verbose_name = "餐饮单位"


CATERERS = declare(Inventory(
    key="caterer", label="餐饮油烟单位", model=Caterer, line="air", letter="Y",
    columns=("name", "stoves", "purifier", "cleaned_on", "monitored", "area_code"),
    filters=("monitored", "area_code"), search=("name", "code", "address"),
    fields=(*PLACE, "stoves", "purifier", "cleaned_on", "monitored", "since", "until"),
    imports=Import(key=("name",), headers={"name": ("单位名称", "店名"), "area_code": ("镇街",),
                                           "purifier": ("油烟净化设施",), "stoves": ("基准灶头数",)},
                   examples={"name": "某餐饮店", "stoves": "4", "area_code": "北镇"}, future=()),
    empty="还没有餐饮油烟单位。",
))  # fmt: skip


class FuelStation(Entity):
    """A filling station or tank farm that recovers vapour."""

    KIND = "fuel_station"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_fuel_station"
    )

    class Sort(models.TextChoices):
        FILLING = "filling", "加油站"
        DEPOT = "depot", "储油库"
        TANK = "tank", "企业储罐"

    sort = models.CharField("类型", max_length=10, choices=Sort.choices, default=Sort.FILLING)
    sales = models.DecimalField(
        "年销售汽油 t", max_digits=10, decimal_places=1, null=True, blank=True
    )
    guns = models.PositiveSmallIntegerField("加油枪", null=True, blank=True)
    monitored = models.BooleanField("安装油气回收自动监控", default=False)

    class Meta:
        verbose_name = "加油站储罐"

    @property
    def must_be_monitored(self) -> bool:
        """Whether its sales are above what obliges it to an automatic monitor (限额以上)."""
        return self.sales is not None and self.sales >= Decimal(
            str(own_data.read(__package__, "sites")["monitored_above_tonnes"])
        )


FUEL_STATIONS = declare(Inventory(
    key="fuel_station", label="加油站与储罐", model=FuelStation, line="air", letter="J",
    columns=("name", "sort", "sales", "guns", "must_be_monitored", "monitored", "area_code"),
    filters=("sort", "monitored", "area_code"), search=("name", "code", "address"),
    fields=(*PLACE, "sort", "sales", "guns", "monitored", "since", "until"),
    labels={"must_be_monitored": "限额以上"},
    imports=Import(key=("name",), headers={"name": ("加油站名称", "站名"), "sales": ("年汽油销量", "年销量 t"),
                                           "guns": ("油枪数",), "area_code": ("镇街",),
                                           "monitored": ("在线监控",)},
                   examples={"name": "某加油站", "sales": "5200", "guns": "16", "area_code": "北镇"}),
    empty="还没有加油站与储罐。",
))  # fmt: skip


class SiteTest(LogEntry):
    """One test at a kitchen, a filling station or a tank: judged against the limit of its kind."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_site_test"
    )

    class Kind(models.TextChoices):
        FUME = "fume", "油烟浓度 mg/m³"
        AIR_LIQUID = "air_liquid", "气液比"
        TIGHTNESS = "tightness", "密闭性（剩余压力/限值）"
        RESISTANCE = "resistance", "液阻 Pa"
        LEAK = "leak", "泄漏检测 μmol/mol"
        INFRARED = "infrared", "红外检漏（可见泄漏点）"

    kind = models.CharField("检测项目", max_length=12, choices=Kind.choices)
    part = models.CharField("部位", max_length=80, blank=True)
    value = models.DecimalField("检测值", max_digits=10, decimal_places=3)
    bounds = models.CharField("限值", max_length=40, blank=True, editable=False)
    passed = models.BooleanField("合格", null=True, editable=False)
    company = models.CharField("检测单位", max_length=80, blank=True)

    class Meta:
        verbose_name = "油烟油气检测"


class TestLog(Log):
    """Tests are judged when they are entered, by limits the bureau may change."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        row = own_data.read(__package__, "sites")["limits"].get(str(values["kind"]), {})
        low, high = (Decimal(str(row[k])) if k in row else None for k in ("low", "high"))
        value = values["value"]
        judged = {
            "bounds": row.get("words", ""),
            "passed": (low is None or value >= low) and (high is None or value <= high)
            if row
            else None,
        }
        return super().open_row({**values, **judged}, by, at, **more)


SITE_TESTS = declare_book(TestLog(
    key="site_test", label="油烟油气检测", model=SiteTest, line="air", begets="problem", begotten=AIR_PROBLEM,
    edit=CHECKERS | {Role.MONITOR},
    columns=("entity", "at", "kind", "part", "value", "bounds", "passed", "company", "note", "area_code", "by"),
    filters=("kind", "passed", "area_code", "at"), search=("entity__name", "part", "company"),
    fields=("entity", "at", "kind", "part", "value", "company", "note"), lead="entity",
    imports=Import(key=("entity", "at", "kind", "part"),
                   headers={"entity": ("单位名称", "加油站名称"), "at": ("检测日期",), "kind": ("项目",),
                            "part": ("密封点", "油枪号", "检测部位"), "value": ("检测结果", "测定值"),
                            "company": ("检测机构",)},
                   examples={"entity": "某加油站", "at": "2026-06-01", "kind": "气液比", "value": "1.1"},
                   future=()),
    views=(View("failed", "不合格", {"passed": "0"}),),
    empty="还没有检测记录。导入油气回收和油烟检测结果，按限值自动判定。",
))  # fmt: skip
