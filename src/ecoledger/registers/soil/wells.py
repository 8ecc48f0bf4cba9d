"""地下水监测井与监测结果 (mechanisms Q13, S-3): wells that may be moved, what was measured in them, and their class.

A well that is moved keeps its code; its file says where it stood when. A result is judged when it is entered
(GB/T 14848, ``standards.groundwater``) and keeps the place of that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings import own_data, own_files
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Import, Kind, View
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.standards import groundwater
from ecoledger.standards.readings import UnreadableReadingError, parse, possible

own_files.declare(own_files.Rules("ecoledger.registers.soil", "wells", "地下水评价与预警"))
CLASSES = [(n, f"{label}类") for n, label in enumerate(groundwater.LABELS, 1)]


def rules() -> dict[str, Any]:
    """The file in force."""
    return own_data.read("ecoledger.registers.soil", "wells")


class Well(Entity):
    """A groundwater monitoring well (地下水监测井)."""

    KIND = "well"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_well"
    )

    class Sort(models.TextChoices):
        NATIONAL = "national", "国考监测点"
        REGION = "region", "区域监测点"
        SOURCE = "source", "污染风险监控井"
        DRINKING = "drinking", "饮用水源监测井"
        FIRM = "firm", "企业自行监测井"

    class Position(models.TextChoices):
        BACKGROUND = "background", "背景（上游）"
        INSIDE = "inside", "场地内"
        DOWNSTREAM = "downstream", "下游"
        BOUNDARY = "boundary", "边界"

    sort = models.CharField("监测井类型", max_length=10, choices=Sort.choices)
    # Wells of one grid are told by their site: a park, a base.
    site = models.CharField("监测区块", max_length=60, blank=True, db_index=True)
    position = models.CharField("相对位置", max_length=12, choices=Position.choices, blank=True)
    aquifer = models.CharField("含水层", max_length=40, blank=True)
    depth = models.DecimalField(
        "井深 m", max_digits=7, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )  # fmt: skip
    target = models.PositiveSmallIntegerField(
        "水质目标", choices=CLASSES, default=4, validators=[MaxValueValidator(5)]
    )

    class Meta:
        verbose_name = "地下水监测井"


def clean(well: Well, findings: Findings) -> None:
    """A well of a grid has its place: without it no line can be drawn."""
    well.site = well.site.strip()
    if well.site and (well.lon is None or well.lat is None):
        findings.odd.append(_("监测区块内的井没有坐标，不参加等值线"))


WELLS = declare(Inventory(
    key="well", label="地下水监测井", model=Well, line="soil", letter="W", clean=clean,
    columns=("name", "code", "sort", "site", "position", "target", "depth", "aquifer", "parent", "area_code", "since", "until"),
    filters=("sort", "site", "target", "area_code"), search=("name", "code", "site", "identifiers__value"),
    fields=("name", CODE, Ask("parent", "所属企业", to=Enterprise, required=False), "area_code", "address", "lon",
            "lat", COORDINATES, "sort", "site", "position", "aquifer", "depth", "target", "since", "until"),
    labels={"parent": "所属企业"},
    imports=Import(key=("name",), future=(),
                   headers={"name": ("点位名称", "井号", "监测井名称", "监测井编号"), "sort": ("类型", "点位类别", "点位类型"),
                            "site": ("区块", "园区", "场地"), "area_code": ("镇街", "行政区划"), "depth": ("井深",),
                            "target": ("考核目标", "目标类别"), "position": ("方位",)},
                   values={"sort": {"国考点位": "national", "区域点位": "region", "污染风险监控点位": "source",
                                    "饮用水源点位": "drinking"},
                           "target": {"Ⅰ": "1", "Ⅱ": "2", "Ⅲ": "3", "Ⅳ": "4", "Ⅴ": "5", "III": "3", "IV": "4"}},
                   examples={"name": "示例监测井", "sort": "区域监测点", "area_code": "北镇", "target": "Ⅳ类"}),
    empty="还没有地下水监测井。导入监测井清单；监测井迁移时在档案里按日期修改坐标。",
))  # fmt: skip

# ---- results -------------------------------------------------------------------------------------


class WellSample(LogEntry):
    """What one sample of a well held."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_well_sample"
    )
    # Key of the item -> the reading as the laboratory wrote it ("0.02L").
    readings = JSONInOrder("监测值", default=dict, editable=False)
    laboratory = models.CharField("检测单位", max_length=120, blank=True)
    rank = models.PositiveSmallIntegerField(
        "水质类别", choices=CLASSES, null=True, editable=False, db_index=True
    )
    deciding = models.CharField("定类项目", max_length=200, blank=True, editable=False)
    exceeding = models.CharField("超Ⅲ类项目", max_length=300, blank=True, editable=False)
    standard = models.CharField("评价标准", max_length=40, blank=True, editable=False)

    class Meta:
        verbose_name = "地下水监测结果"

    @property
    def values_text(self) -> str:
        """Everything that was measured, in words."""
        known = items()
        return "；".join(
            f"{known[key][0] if key in known else key} {text}"
            for key, text in self.readings.items()
        )


def items() -> dict[str, tuple[str, str]]:
    """The items that tables of results hold: key -> (name, unit)."""
    known = groundwater.rules()
    return {
        key: (known.aliases[key][-1], known.units.get(key, ""))
        for key in rules()["items"]
        if key in known.aliases
    }


def judged(readings: Mapping[str, str], on: Any) -> dict[str, Any]:
    """What a sample's readings come to on a day; nothing where nothing was measured or no edition was in force."""
    nothing = {"rank": None, "deciding": "", "exceeding": "", "standard": ""}
    try:
        found = groundwater.classify(readings, on=on)
    except LookupError:
        return nothing
    if found.class_ is None:
        return nothing
    names = items()
    # Nothing decides a class that the best water has too.
    worst = found.worst_items if found.class_ > 1 else ()
    return {
        "rank": found.class_,
        "deciding": "、".join(names[key][0] if key in names else key for key in worst)[:200],
        "exceeding": found.exceeding_text[:300],
        "standard": found.standard,
    }


class SampleLog(Log):
    """Results: judged when they are entered, kept with the place of that day."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        told, names = {}, items()
        for key, text in (values.get("readings") or {}).items():
            name = names[key][0] if key in names else key
            try:
                value = parse(text).value
            except UnreadableReadingError:
                told[key] = _("%(item)s的“%(text)s”读不出数值，如 0.02、0.02L、未检出") % {
                    "item": name,
                    "text": text,
                }
                continue
            if value is not None and not possible(key, value):
                told[key] = _("%(item)s的“%(text)s”超出可能的范围，请核对数值和单位") % {
                    "item": name,
                    "text": text,
                }
        return told

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        whole = self._judged(values, timezone.localdate(values.get("at") or at), by)
        well = values["entity"]
        place = {"lon": well.lon, "lat": well.lat} if values.get("lon") is None else {}
        entry = super().open_row({**whole, **place}, by, at, **more)
        _after(entry, at)
        return entry

    @transaction.atomic
    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        kept = {"readings": row.readings, **values}
        day = timezone.localdate(values.get("at") or row.at)
        right = super().change_row(row, {**values, **self._judged(kept, day, by)}, by, at)
        _after(row, at)
        _after(right, at)
        return right

    def _judged(self, values: Mapping[str, Any], day: Any, by: Person | None) -> dict[str, Any]:
        said = values.get("readings") or {}
        readings = {key: str(text).strip() for key, text in said.items() if str(text or "").strip()}
        if wrong := self.wrong({"readings": readings}, by):
            why = "；".join(wrong.values())
            raise Refused("form", why, fields={name: [text] for name, text in wrong.items()})
        if not readings:
            raise Refused("form", _("没有监测值。"), _("请至少填一个项目。"))
        return {**values, "readings": readings, **judged(readings, day)}


def _after(entry: WellSample, at: datetime) -> None:
    """The well's year is reckoned anew, and its grid is looked at."""
    from ecoledger.registers.soil import plume_alarms, well_years  # both look at the results

    well_years.reckon(entry.entity_id, timezone.localdate(entry.at).year)
    if entry.current:
        plume_alarms.look_at(entry, at)


def _asks() -> tuple[Ask, ...]:
    return tuple(
        Ask(
            key, f"{name} {unit}".strip(), Kind.TEXT, required=False, stores=None, within="readings"
        )
        for key, (name, unit) in items().items()
    )


def _book() -> SampleLog:
    known = groundwater.rules().aliases
    headers = {key: tuple(name for name in known[key] if name != key) for key in items()}
    return SampleLog(
        key="well_sample", label="地下水监测结果", model=WellSample, line="soil",
        edit=frozenset({Role.MONITOR, Role.THIRD_PARTY, Role.ENTERPRISE}), enterprise="entity__parent__code",
        columns=("entity", "at", "rank", "deciding", "exceeding", "laboratory", "standard", "area_code"),
        filters=("rank", "entity", "area_code", "at"), search=("entity__name", "deciding", "exceeding"), lead="entity",
        fields=(Ask("entity", "监测井", to=Well, required=True), "at", "laboratory", *_asks(), "note"),
        details=("laboratory", "values_text", "rank", "deciding", "exceeding", "standard"),
        labels={"entity": "监测井", "values_text": "监测值"},
        imports=Import(key=("entity", "at"), future=(),
                       headers={"entity": ("点位名称", "井号", "监测井名称", "监测井编号"),
                                "at": ("采样日期", "采样时间", "监测日期"), "laboratory": ("监测单位",), **headers},
                       examples={"entity": "示例监测井", "at": "2026-06-02", "nh3n": "0.12", "as": "0.0003L"}),
        views=(View("five", "Ⅴ类", {"rank": "5"}),),
        empty="还没有地下水监测结果。导入实验室的结果表，系统按 GB/T 14848 评价。",
    )  # fmt: skip


SAMPLES = declare_book(_book())
tally(SAMPLES, "wells_over", "地下水样品Ⅴ类数", Q(rank=5), dated="at", better="lower", unit="个")
