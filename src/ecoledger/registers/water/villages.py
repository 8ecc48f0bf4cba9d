"""农村生活污水 (mechanism W5): the villages, their facilities, how each runs, and who looked at it.

治理率 is villages treated of all villages. A facility's run is judged by power and flow when its days come in; what is
suspect opens a problem of the one ledger by a button of its last inspection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.duty import Duty, Every
from ecoledger.books.log import Log
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.tallies import tally
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.registers.water.sewage_models import (
    FacilityDay,
    FacilityVisit,
    SewageVillage,
    VillageFacility,
)
from ecoledger.registers.water.village_run import Day, judged, meets, rules

KEEPERS = STAFF | {Role.THIRD_PARTY}
WATER_PROBLEM = {"origin_kind": Problem.Origin.SELF.value, "category": Problem.Category.WATER.value}
Run, Condition = VillageFacility.Run, VillageFacility.Condition
PLACE = ("name", CODE, "area_code", "address", "lon", "lat", COORDINATES)


def _clean_village(village: SewageVillage, findings: Findings) -> None:
    """Treated is treated in some way and from some day on."""
    if village.treated and not village.mode:
        findings.odd.append(_("完成治理的村没有写治理模式"))
    if village.treated_on and not village.treated:
        findings.wrong["treated_on"] = _("没有完成治理，不填完成日期")


VILLAGES = declare(Inventory(
    key="sewage_village", label="农村生活污水治理村", model=SewageVillage, line="water", letter="V",
    clean=_clean_village,
    columns=("name", "code", "treated", "mode", "treated_on", "households", "population", "area_code"),
    filters=("treated", "mode", "area_code", "treated_on"),
    fields=(*PLACE, "households", "population", "mode", "treated", "treated_on"),
    imports=Import(
        key=("name",),
        headers={"name": ("村名", "行政村名称", "村庄名称"), "area_code": ("镇街", "所属镇"), "mode": ("治理方式",),
                 "treated": ("是否完成治理", "是否治理"), "population": ("常住人口",), "households": ("常住户数",)},
        examples={"name": "东山村", "area_code": "北镇", "households": "320", "mode": "纳管", "treated": "是"},
    ),
    empty="还没有行政村。导入全部行政村，治理率按已完成治理的村数除以总村数计算。",
))  # fmt: skip
tally(VILLAGES, "treated", "完成治理的行政村", Q(treated=True))
tally(
    VILLAGES,
    "treated_ratio",
    "农村生活污水治理率",
    Q(treated=True),
    whole=Q(),
    unit="%",
    decimals=1,
)

FACILITIES = declare(Inventory(
    key="village_facility", label="农村污水设施", model=VillageFacility, line="water", letter="W",
    columns=("name", "code", "village", "condition", "run", "run_why", "last_day", "design_m3d", "process", "grade",
             "operator", "area_code"),
    filters=("run", "condition", "grade", "village", "area_code", "last_day"),
    search=("name", "code", "village__name", "operator"),
    fields=(*PLACE, Ask("village", required=True), "served", "design_m3d", "process", "grade", "river", "operator", "meter_no",
            "condition", "since", "until"),
    labels={"run": "运行判定"},
    views=(View("still", "疑似晒太阳", {"run": Run.STILL}), View("idle", "疑似空转", {"run": Run.IDLE}),
           View("unknown", "数据缺", {"run": Run.UNKNOWN})),
    imports=Import(
        key=("name",),
        headers={"name": ("设施名称", "站名"), "village": ("行政村", "村名"), "area_code": ("镇街",),
                 "served": ("受益户",), "design_m3d": ("设计规模", "处理能力", "设计规模 t/d"), "process": ("工艺",),
                 "grade": ("执行标准",), "river": ("排入水体",), "condition": ("运行状态", "状态")},
        values={"condition": {"正常": "used", "正常运行": "used"}},
        examples={"name": "东山村处理站", "village": "东山村", "area_code": "北镇", "design_m3d": "30",
                  "process": "A/O+人工湿地", "grade": "一级标准"},
    ),
    empty="还没有设施。导入设施清单后，按日导入电量和水量，系统判定空转和晒太阳。",
))  # fmt: skip
tally(FACILITIES, "running", "正常运行的农村污水设施", Q(run=Run.NORMAL))
tally(FACILITIES, "running_ratio", "农村污水设施正常运行率", Q(run=Run.NORMAL), whole=~Q(run=Run.UNKNOWN),
      unit="%", decimals=1, missing="没有设施有近期的电量和水量")  # fmt: skip
tally(FACILITIES, "still", "疑似晒太阳的设施", Q(run=Run.STILL), better="lower")
tally(FACILITIES, "idle", "疑似空转的设施", Q(run=Run.IDLE), better="lower")
tally(FACILITIES, "unknown", "数据缺的设施", Q(run=Run.UNKNOWN), better="lower")

# ---- how they run --------------------------------------------------------------------------------


def judge(keys: Iterable[int], now: datetime) -> None:
    """Say of the facilities how they run, by the last days that are entered."""
    today = timezone.localdate(now)
    said = rules()
    least = max(said["still_days"], said["idle_days"])
    since = now - timedelta(days=least + said["stale_days"])
    facilities = VillageFacility.objects.in_bulk(list(keys))
    days: dict[int, dict[Any, Day]] = {}
    entries = FacilityDay.objects.filter(
        book=DAYS.key, current=True, entity_id__in=facilities, at__gte=since
    )
    for entry in entries.order_by("at", "pk"):
        day = timezone.localdate(entry.at)
        days.setdefault(entry.entity_id, {})[day] = Day(day, entry.power_kwh, entry.flow_m3)
    for key, facility in facilities.items():
        newest = sorted(days.get(key, {}).values(), key=lambda day: day.on, reverse=True)[:least]
        facility.run, facility.run_why = judged(newest, facility.design_m3d, today)
        if newest:
            facility.last_day = newest[0].on
    fields = ["run", "run_why", "last_day"]
    VillageFacility.objects.bulk_update(facilities.values(), fields, batch_size=500)


class DayLog(Log):
    """The days; whoever enters one has the facility judged anew, a whole table once."""

    @property
    def bulk(self) -> bool:
        return True

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        entry = super().open_row(values, by, at, **more)
        judge([entry.entity_id], at)
        return entry

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        entry = super().change_row(row, values, by, at)
        judge([entry.entity_id], at)
        return entry

    def imported(self, batch: Any, made: int, by: Person | None, at: datetime) -> None:
        entries = FacilityDay.objects.filter(pk__in=batch.rows.exclude(made=None).values("made"))
        judge(set(entries.values_list("entity_id", flat=True)), at)

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """A day says something."""
        if values.get("power_kwh") is None and values.get("flow_m3") is None:
            return {"flow_m3": _("电量和水量至少填一项")}
        return {}


DAYS = declare(DayLog(
    key="facility_day", label="设施日运行", model=FacilityDay, line="water", edit=KEEPERS,
    columns=("entity", "at", "power_kwh", "flow_m3", "note", "area_code", "by"),
    filters=("area_code", "at"), search=("entity__name",),
    fields=(Ask("entity", "设施", to=VillageFacility, required=True), Ask("at", "日期"), "power_kwh", "flow_m3", "note"),
    labels={"entity": "设施", "at": "日期"}, lead="entity",
    imports=Import(key=("entity", "at"),
                   headers={"entity": ("设施名称", "站名"), "at": ("日期", "时间"), "power_kwh": ("电量", "用电量"),
                            "flow_m3": ("水量", "处理水量", "流量")}, future=(),
                   examples={"entity": "东山村处理站", "at": "2026-06-01", "power_kwh": "6.2", "flow_m3": "18"}),
    empty="还没有日运行数据。按日导入各设施的电量和水量；没有填的不作零。",
))  # fmt: skip


class VisitLog(Log):
    """Inspections; what was measured is judged by the facility's grade."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return super().open_row(_judged(values), by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        kept = {name: getattr(row, name) for name in ("entity", *MEASURED)}
        return super().change_row(
            row, {**values, "meets": _judged({**kept, **values})["meets"]}, by, at
        )


MEASURED = ("cod", "ammonia", "phosphorus")


def _judged(values: Mapping[str, Any]) -> dict[str, Any]:
    facility = VillageFacility.objects.get(pk=values["entity"].pk)
    measured = {name: values.get(name) for name in MEASURED}
    return {**values, "meets": meets(facility.grade, measured)}


VISITS = declare(VisitLog(
    key="facility_visit", offline=True, label="设施巡检", model=FacilityVisit, line="water", begets="problem",
    begotten=WATER_PROBLEM, edit=KEEPERS,
    columns=("entity", "at", "inflow", "outflow", "equipment", "power_reading", "flow_reading", "cod", "ammonia",
             "phosphorus", "meets", "note", "handling", "area_code", "by"),
    filters=("area_code", "equipment", "outflow", "meets", "at"), search=("entity__name", "note", "handling"),
    fields=(Ask("entity", "设施", to=VillageFacility, required=True), "at",
            *(Ask(name, required=True) for name in ("inflow", "outflow", "equipment")),
            "power_reading", "flow_reading", *MEASURED, Ask("note", "发现问题"), "handling"),
    labels={"entity": "设施", "note": "发现问题"}, lead="entity",
    imports=Import(key=("entity", "at"), headers={"entity": ("设施名称",), "at": ("巡检日期",), "note": ("存在问题",)},
                   examples={"entity": "东山村处理站", "at": "2026-06-01"}, future=()),
    views=(View("failed", "出水不达标", {"meets": "0"}),),
    empty="还没有巡检记录。",
))  # fmt: skip
tally(VISITS, "meets_ratio", "农村污水设施出水达标率", Q(meets=True), whole=Q(meets__isnull=False), dated="at",
      unit="%", decimals=1, missing="这段时间没有测出水")  # fmt: skip

MONTHLY = declare(Duty(
    key="facility_monthly", label="设施月巡检", line="water",
    objects=VillageFacility.objects.filter(until=None, condition=Condition.USED).all, every=Every.MONTH,
    owed_by=frozenset({Role.TOWN}), fulfilled_by="facility_visit", remind_before=3,
    columns=("entity", "begin", "due", "state", "done_on"), filters=("state", "area_code", "due"),
    search=("entity__name",), edit=STAFF, empty="还没有要巡检的设施。",
))  # fmt: skip
