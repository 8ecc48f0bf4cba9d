"""Sampling by hand (手工监测) of surface water, and monthly volumes of sections.

Most town boundary sections and all drinking-water sources have no automatic station: a laboratory's monthly table is
their data. A section's month is judged by its station; where that has nothing in a month, by what was sampled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.books.log import Log
from ecoledger.entities.models import Section
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.live import times
from ecoledger.registers.water.sample_models import MonthlyFlow, WaterSample
from ecoledger.standards import readings, surface_water

# Attribute of a sample -> key of the item in ``standards``.
ITEMS: dict[str, str] = {
    **{
        name: name
        for name in (
            "water_temp", "ph", "do", "codmn", "codcr", "bod5", "nh3n", "tp", "tn", "cu", "zn", "fluoride", "se",
        )
    },
    "arsenic": "as",
    **{
        name: name
        for name in (
            "hg", "cd", "cr6", "pb", "cn", "phenol", "oil", "las", "sulfide", "fecal_coliform", "sulfate",
            "chloride", "nitrate", "fe", "mn",
        )
    },
}  # fmt: skip
SAMPLERS = BUREAU | {Role.THIRD_PARTY}


def unreadable(values: Mapping[str, Any], names: Collection[str]) -> dict[str, str]:
    """The results that are neither a number nor a known way to say that there is none, by field."""
    wrong: dict[str, str] = {}
    for name in names:
        try:
            reading = readings.parse(values.get(name) or "")
        except readings.UnreadableReadingError:
            wrong[name] = _("读不出数值，写成数字、“0.02L”“未检出”或“断流”等")
            continue
        if reading.value is None:
            continue
        if reading.value < 0:
            wrong[name] = _("不能为负")
        elif not readings.possible(name, reading.value):
            wrong[name] = _("超出可能的范围，请核对数值和单位")
    return wrong


class FactLog(Log):
    """A log whose entries are told one by one to who keeps figures of them (``indicators``)."""

    @property
    def bulk(self) -> bool:
        return False


@dataclass(frozen=True, kw_only=True, eq=False)
class SampleLog(FactLog):
    """A log of laboratory results; ``items`` are the attributes that hold readings."""

    items: tuple[str, ...] = ()

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        found = unreadable(values, self.items)
        if not any(values.get(name) for name in self.items):
            found.setdefault("note", _("没有一项监测结果"))
        return found

    def _checked(self, values: Mapping[str, Any], by: Person | None) -> None:
        if wrong := self.wrong(values, by):
            fields = {name: [why] for name, why in wrong.items()}
            raise Refused("form", _("监测结果没有填对。"), _("请按各项提示修改。"), fields)

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        self._checked(values, by)
        return super().open_row(values, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        self._checked({**{name: getattr(row, name) for name in self.items}, **values}, by)
        return super().change_row(row, values, by, at)


def _headers() -> dict[str, tuple[str, ...]]:
    """The headers by which laboratories call each item."""
    aliases = surface_water.rules().aliases
    return {name: tuple(aliases.get(key, ())) for name, key in ITEMS.items()}


SAMPLES = declare(SampleLog(
    key="water_sample", label="地表水手工监测", model=WaterSample, line="water", edit=SAMPLERS, items=tuple(ITEMS),
    columns=("entity", "at", "ph", "do", "codmn", "codcr", "nh3n", "tp", "tn", "report_no", "laboratory", "area_code"),
    filters=("entity", "area_code", "at"), search=("entity__name", "report_no", "note"),
    fields=(Ask("entity", "监测断面或水源地", required=True), "at", "report_no", "laboratory", *ITEMS, "note"),
    details=(*ITEMS, "report_no", "laboratory", "note"),
    labels={"entity": "监测断面或水源地", "at": "采样时间"}, lead="entity",
    imports=Import(key=("entity", "at"),
                   headers={"entity": ("断面", "断面名称", "点位", "点位名称", "水源地", "水源地名称", "取水口"),
                            "at": ("采样时间", "采样日期", "监测日期", "监测时间", "日期", "时间"), **_headers()},
                   examples={"entity": "示例桥断面", "at": "2026-05-08", "ph": "7.4", "do": "6.8",
                             "codmn": "4.2", "nh3n": "0.36", "tp": "0.02L"}, future=()),
    empty="还没有手工监测数据。导入监测机构每月的结果表；有水站的断面由水站评价，缺数的月份用手工数据。",
))  # fmt: skip
FLOWS = declare(FactLog(
    key="section_flow", label="断面月水量", model=MonthlyFlow, line="water", edit=SAMPLERS,
    columns=("entity", "at", "volume", "direction", "note", "area_code"),
    filters=("entity", "area_code", "direction", "at"), search=("entity__name", "note"),
    fields=(Ask("entity", "断面", to=Section, required=True), Ask("at", "月份", required=True), "volume", "direction", "note"),
    labels={"entity": "断面", "at": "月份"}, lead="entity",
    imports=Import(key=("entity", "at"),
                   headers={"entity": ("断面", "断面名称"), "at": ("月份", "时间"),
                            "volume": ("水量", "月水量", "过水量", "断面水量"), "direction": ("水流方向",)},
                   examples={"entity": "示例桥断面", "at": "2026-05-01", "volume": "320.5", "direction": "顺流"}, future=()),
    empty="还没有断面水量。按通量补偿、计算入海总量时需要；平原河网逆流、断流的月份在这里写明流向。",
))  # fmt: skip


def days_of(things: Collection[int], begin: date, end: date) -> dict[int, list[dict[str, Any]]]:
    """What was sampled at things on ``begin <= day < end``: key of the thing -> rows of ``time`` and items, oldest first."""
    first, last = map(times.midnight, (begin, end))
    result: dict[int, list[dict[str, Any]]] = {}
    rows = WaterSample.objects.filter(
        book=SAMPLES.key, current=True, entity_id__in=list(things), at__gte=first, at__lt=last
    )
    for sample in rows.order_by("entity_id", "at", "pk"):
        row: dict[str, Any] = {"time": timezone.localdate(sample.at)}
        row.update(values_of(sample))
        if len(row) > 1:
            result.setdefault(sample.entity_id, []).append(row)
    return result


def values_of(sample: WaterSample) -> dict[str, float]:
    """The items of a sample that have a value, by key of the item; below detection with half the limit."""
    read = {key: readings.parse(getattr(sample, name)).value for name, key in ITEMS.items()}
    return {key: value for key, value in read.items() if value is not None}


def flows_of(things: Collection[int], begin: date, end: date) -> dict[int, list[MonthlyFlow]]:
    """The monthly volumes of sections for ``begin <= month < end``, by section, oldest first."""
    first, last = map(times.midnight, (begin, end))
    result: dict[int, list[MonthlyFlow]] = {}
    rows = MonthlyFlow.objects.filter(
        book=FLOWS.key, current=True, entity_id__in=list(things), at__gte=first, at__lt=last
    )
    for row in rows.order_by("entity_id", "at", "pk"):
        result.setdefault(row.entity_id, []).append(row)
    return result
