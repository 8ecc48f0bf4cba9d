"""污水处理厂运行 (mechanism W4): the plants and their months: load, concentration of what comes in, compliance of what goes out.

A month comes from the plant's report or is drawn up from its devices (``plant_series``); it is judged when it is entered,
by the permit limits of the plant's outlet or its category of the standard. What is worth a warning is data.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.duty import Duty, Every
from ecoledger.books.log import Log
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.registers.water.plant_series import FACTORS, PlantSeries, limits_of, rules
from ecoledger.registers.water.sewage_models import PlantMonth, SewagePlant, SewageRegion
from ecoledger.registers.water.villages import WATER_PROBLEM
from ecoledger.standards.rounding import plainly

WRITERS = STAFF | {Role.ENTERPRISE}

REGIONS = declare(Inventory(
    key="sewage_region", label="污水核算区域", model=SewageRegion, line="water", letter="Q",
    columns=("name", "code", "sort", "area_code", "since", "until"), filters=("sort", "area_code"),
    fields=("name", CODE, "area_code", "sort", "geometry", "since", "until"), labels={"geometry": "边界 GeoJSON"},
    imports=Import(key=("name",), columns=("name", "area_code", "sort"),
                   headers={"name": ("区域名称", "片区名称"), "sort": ("片区类型",), "area_code": ("镇街",)},
                   examples={"name": "示例开发区", "sort": "开发区"}),
    empty="还没有核算区域。登记建成区、开发区和各园区后，污水处理厂归入各区域核算收集率。",
))  # fmt: skip


def _clean(plant: SewagePlant, findings: Findings) -> None:
    """Its measuring places are outlets of its firm; a town's plant is judged by something."""
    if not plant.design_m3d:
        findings.wrong["design_m3d"] = _("设计规模应大于零")
    for name in ("inlet", "outlet"):
        place = getattr(plant, name)
        if place is not None and place.parent_id != plant.parent_id:
            findings.wrong[name] = _("监测口不是这家单位的")
    if plant.outlet is None and not plant.grade:
        findings.odd.append(_("没有出水监测口，也没有执行标准，出水无法判定"))


PLANTS = declare(Inventory(
    key="sewage_plant", label="污水处理厂", model=SewagePlant, line="water", letter="X", parents=(Enterprise,),
    clean=_clean, enterprise="parent__code",
    columns=("name", "code", "parent", "sort", "design_m3d", "region", "grade", "process", "river", "area_code"),
    filters=("sort", "region", "grade", "area_code"), search=("name", "code", "parent__name"),
    fields=("name", CODE, Ask("parent", "运营单位", to=Enterprise, required=True), Ask("area_code", required=False), "address", "lon",
            "lat", COORDINATES, "sort", Ask("design_m3d", required=True), "region", "grade", "process", "river", "inlet", "outlet",
            "since", "until"),
    labels={"parent": "运营单位"},
    imports=Import(
        key=("name",),
        headers={"name": ("厂名", "污水厂名称"), "parent": ("单位名称", "企业名称"),
                 "design_m3d": ("设计规模", "设计处理能力", "设计规模（吨/日）"), "grade": ("排放标准",),
                 "region": ("所属区域",), "river": ("排入水体",), "area_code": ("镇街",)},
        examples={"name": "城东污水处理厂", "parent": "示例水务有限公司", "sort": "城镇污水处理厂",
                  "design_m3d": "40000", "grade": "一级A", "region": "建成区"},
    ),
    links=lambda row, person: [(_("运行曲线"), f"/water/plants/{row.pk}")],
    empty="还没有污水处理厂。登记后导入月报，或由进出水监测数据生成。",
))  # fmt: skip

# ---- months --------------------------------------------------------------------------------------


def days_of(month: str) -> int:
    """How many days a month ("2026-05") has. Raises ``ValueError`` for what is no month."""
    year, number = (int(part) for part in month.split("-"))
    return calendar.monthrange(year, number)[1]


def _first(month: str) -> date:
    return datetime.strptime(month, "%Y-%m").date()


def _decimal(value: float | None, digits: str = "0.001") -> Decimal | None:
    return None if value is None else Decimal(repr(value)).quantize(Decimal(digits))


def judged(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a month's values come to: load, warnings, whether what went out met its limits and by which."""
    plant = SewagePlant.objects.select_related("outlet").get(pk=values["entity"].pk)
    said, month = rules(), str(values["month"])
    days = values.get("days") or days_of(month)
    design = float(plant.design_m3d or 0)
    load = _decimal(100 * float(values["inflow_m3"]) / (design * days) if design else None, "0.1")
    warnings = []
    for name, label in (("bod_in", _("进水五日生化需氧量")), ("cod_in", _("进水化学需氧量"))):
        value = values.get(name)
        if value is not None and value < said[f"low_{name[:3]}"]:
            warnings.append(_("%(name)s %(value)s mg/L，低于 %(least)s") % {
                "name": label, "value": plainly(value), "least": said[f"low_{name[:3]}"],
            })  # fmt: skip
    if load is not None and load < said["low_load"]:
        warnings.append(_("负荷率低于 %s%%") % said["low_load"])
    if load is not None and load > said["high_load"]:
        warnings.append(_("超负荷运行"))
    bounds = limits_of(plant, _first(month))
    measured = {n: v for n in FACTORS if (v := values.get(f"{n}_out")) is not None and n in bounds}
    judged_by = "；".join(dict.fromkeys(
        bounds[n].basis + (f"（{bounds[n].mark}）" if bounds[n].mark else "") for n in measured
    ))  # fmt: skip
    meets = values.get("meets")
    if measured and values.get("source") != PlantMonth.Source.DEVICES:
        meets = all(float(value) <= bounds[name].high for name, value in measured.items())
    return {
        "load": load,
        "warning": "；".join(warnings)[:120],
        "meets": meets,
        "judged_by": judged_by[:120],
    }


class MonthLog(Log):
    """The months of the plants; one that is there already is corrected, not entered twice."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        month = str(values["month"])
        self._not_twice(values["entity"], month)
        begin = timezone.make_aware(datetime.strptime(month, "%Y-%m"))
        return super().open_row({**values, "at": begin, **judged(values)}, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        kept = {name: getattr(row, name) for name in ("entity", *self.own_fields)}
        anew = judged({**kept, **values})
        month = str(values.get("month", row.month))
        begin = timezone.make_aware(datetime.strptime(month, "%Y-%m"))
        return super().change_row(row, {**values, "at": begin, **anew}, by, at)

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """A month is one, its days fit, and what is industrial is not more than what came in."""
        said = {}
        month = str(values.get("month", ""))
        try:
            days = days_of(month)
            if len(month) != 7 or (values.get("days") or 1) > days:
                raise ValueError
        except ValueError:
            said["month"] = _("月份写成 2026-05 的样子，天数不多于当月")
        if (values.get("industrial_m3") or 0) > (values.get("inflow_m3") or 0):
            said["industrial_m3"] = _("工业废水不应多于进水量")
        return said

    def _not_twice(self, plant: Any, month: str) -> None:
        if PlantMonth.objects.filter(
            book=self.key, current=True, entity=plant, month=month
        ).exists():
            raise Refused(
                "form",
                _("%(plant)s %(month)s 已有月运行记录。") % {"plant": plant, "month": month},
                _("请更正已有的一条。"),
            )


_IN = ("cod_in", "bod_in", "ammonia_in", "phosphorus_in")
_OUT = ("cod_out", "ammonia_out", "phosphorus_out", "nitrogen_out")

MONTHS = declare(MonthLog(
    key="plant_month", label="污水处理厂月运行", model=PlantMonth, line="water", begets="problem",
    begotten=WATER_PROBLEM, edit=WRITERS, enterprise="entity__parent__code",
    columns=("entity", "month", "source", "days", "inflow_m3", "outflow_m3", "industrial_m3", "load", "cod_in",
             "bod_in", "cod_out", "ammonia_out", "phosphorus_out", "nitrogen_out", "meets", "warning",
             "days_met", "days_judged", "judged_by", "area_code"),
    filters=("month", "source", "meets", "area_code", "at"), search=("entity__name", "month", "warning"),
    fields=(Ask("entity", "污水处理厂", to=SewagePlant, required=True), "month", "days", "inflow_m3", "outflow_m3",
            "industrial_m3", "industrial_cod", *_IN, *_OUT, "note"),
    labels={"entity": "污水处理厂"}, lead="entity",
    views=(View("failed", "出水超标", {"meets": "0"}),),
    imports=Import(
        key=("entity", "month"),
        headers={"entity": ("厂名", "污水厂名称", "污水处理厂名称"), "month": ("年月",),
                 "inflow_m3": ("进水量", "处理水量", "进厂水量"), "outflow_m3": ("出水量",),
                 "industrial_m3": ("工业废水量",), "industrial_cod": ("工业废水COD",),
                 "cod_in": ("进水COD", "进水COD mg/L"), "bod_in": ("进水BOD5", "进水BOD"),
                 "ammonia_in": ("进水氨氮",), "phosphorus_in": ("进水总磷",), "cod_out": ("出水COD",),
                 "ammonia_out": ("出水氨氮",), "phosphorus_out": ("出水总磷",), "nitrogen_out": ("出水总氮",)},
        examples={"entity": "城东污水处理厂", "month": "2026-05", "inflow_m3": "1054000", "cod_in": "182",
                  "cod_out": "21"},
        future=(),
    ),
    empty="还没有月运行记录。导入月报，或在各厂的运行曲线页由监测数据生成。",
))  # fmt: skip
tally(MONTHS, "meets_ratio", "污水处理厂出水达标率", Q(meets=True), whole=Q(meets__isnull=False), dated="at",
      unit="%", decimals=1, missing="这段时间没有判定的月份")  # fmt: skip
tally(MONTHS, "thin", "进水浓度低的厂月", Q(warning__contains="低于") & Q(warning__contains="mg/L"), dated="at",
      better="lower")  # fmt: skip
tally(MONTHS, "treated", "污水处理量", dated="at", add="inflow_m3", unit="m³")

MONTHLY = declare(Duty(
    key="plant_monthly", label="污水处理厂月报", line="water", objects=SewagePlant.objects.filter(until=None).all,
    every=Every.MONTH, due_after=10, owed_by=frozenset({Role.MONITOR}), fulfilled_by="plant_month",
    columns=("entity", "begin", "due", "state", "done_on"), filters=("state", "area_code", "due"),
    search=("entity__name",), edit=STAFF, empty="还没有要报的月份。",
))  # fmt: skip


@transaction.atomic
def draw_up(drawn: PlantSeries, *, by: Person | None, at: datetime) -> PlantMonth:
    """Enter a plant's month as its devices say it. Raises :class:`Refused` where they say nothing, or it is there."""
    inflow = drawn.volume("inflow")
    if inflow is None:
        raise Refused("condition", _("这个月没有可用的进水流量数据，不能生成。"), _("请导入月报。"))
    values: dict[str, Any] = {
        "entity": drawn.plant,
        "month": drawn.month,
        "source": PlantMonth.Source.DEVICES,
        "days": len(drawn.measured),
        "inflow_m3": _decimal(inflow, "0.01"),
        "outflow_m3": _decimal(drawn.volume("outflow"), "0.01"),
        "days_judged": drawn.judged,
        "days_met": drawn.met,
        "meets": drawn.met == drawn.judged if drawn.judged else None,
    }
    for name in ("cod", "ammonia", "phosphorus"):
        values[f"{name}_in"] = _decimal(drawn.mean("inflow", name))
    for name in FACTORS:
        values[f"{name}_out"] = _decimal(drawn.mean("outflow", name))
    entry: PlantMonth = MONTHS.open_row(values, by, at)
    return entry
