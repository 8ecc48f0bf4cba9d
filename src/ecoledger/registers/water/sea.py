"""近岸海域、入海河流、湾段 (mechanisms Q11, T19): what is on record of the sea, its samples and surveys.

Five bay segments each with their border, their targets and their chief; the stations and rivers of a bay are its parts, so
that its file holds their samples and problems.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory, declare
from ecoledger.entities.models import Section
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Import
from ecoledger.registers.water.samples import SAMPLERS, FactLog, SampleLog
from ecoledger.registers.water.sea_models import (
    Bay,
    SeaRiver,
    SeaSample,
    Season,
    SeaStation,
    SeaSurvey,
)
from ecoledger.standards import readings, sea

# Attribute of a sample -> key of the item in ``standards.sea``.
ITEMS = {
    **{name: name for name in ("ph", "do", "codmn", "bod5", "din", "nh3", "dip", "oil", "hg", "cd", "pb", "cr6")},
    "arsenic": "as",
    **{name: name for name in ("cu", "zn", "phenol", "sulfide")},
}  # fmt: skip


def clean(bay: Bay, findings: Findings) -> None:
    """A bay segment is an area; its target belongs to a year."""
    if bay.geometry and bay.geometry.get("type") not in ("Polygon", "MultiPolygon"):
        findings.wrong["geometry"] = _("边界应为面（Polygon 或 MultiPolygon）")
    if bay.target_good is not None and not bay.target_year:
        findings.wrong["target_year"] = _("请写明目标是哪一年的")
    if not bay.geometry:
        findings.odd.append(_("没有边界，面积比例只能按监测点数计算"))


BAYS = declare(Inventory(
    key="bay", label="湾段", model=Bay, line="water", letter="B", clean=clean, charges=("bay_chief",), by_year=True,
    columns=("name", "code", "target_good", "target_year", "shore_km", "department", "area_code"),
    filters=("area_code", "target_year"), search=("name", "code", "goal"),
    fields=("name", CODE, "area_code", "geometry", "goal", "target_good", "target_year", "shore_km", "department",
            "since", "until"),
    labels={"geometry": "边界 GeoJSON"},
    imports=Import(key=("name",),
                   columns=("name", CODE, "area_code", "goal", "target_good", "target_year", "shore_km", "department"),
                   headers={"name": ("湾段名称", "海湾名称", "海湾"), "target_good": ("优良面积比例目标", "目标值"),
                            "goal": ("治理目标",), "shore_km": ("岸线长度",)},
                   examples={"name": "北部湾段", "target_good": "85", "target_year": "2026"}),
    empty="还没有湾段。登记各湾段的边界、规划目标和湾长。",
))  # fmt: skip
STATIONS = declare(Inventory(
    key="sea_station", label="近岸海域监测点", model=SeaStation, line="water", letter="H", answers_with=("parent",), by_year=True,
    columns=("name", "code", "parent", "level", "target_class", "area_code"), filters=("level", "area_code", "parent"),
    fields=("name", CODE, Ask("parent", "所在湾段", to=Bay), "area_code", "lon", "lat", COORDINATES, "level",
            "target_class", "since", "until"),
    labels={"parent": "所在湾段"},
    imports=Import(key=("name",), headers={"name": ("点位", "站位", "点位名称", "站位编号"), "parent": ("湾段", "海湾")},
                   examples={"name": "JS-01", "parent": "北部湾段", "lon": "119.25", "lat": "34.75", "level": "国控"}),
    empty="还没有近岸海域监测点。",
))  # fmt: skip
RIVERS = declare(Inventory(
    key="sea_river", label="入海河流", model=SeaRiver, line="water", letter="V", answers_with=("section", "parent"),
    columns=("name", "code", "section", "parent", "tn_target", "tp_target", "area_code"), filters=("area_code", "parent"),
    fields=("name", CODE, "area_code", Ask("section", to=Section, required=True), Ask("parent", "汇入湾段", to=Bay),
            "tn_target", "tp_target", "since", "until"),
    labels={"parent": "汇入湾段"},
    imports=Import(key=("name",),
                   headers={"name": ("河流名称", "入海河流名称"), "section": ("断面", "断面名称", "考核断面"),
                            "parent": ("湾段", "汇入海湾")},
                   examples={"name": "示例河", "section": "示例闸断面", "parent": "北部湾段", "tn_target": "2.5"}),
    empty="还没有入海河流。登记每条入海河流及其控制断面，水质和总氮、总磷入海量按断面计算。",
))  # fmt: skip

_ALIASES = sea.rules().aliases
SAMPLES = declare_book(SampleLog(
    key="sea_sample", label="海水水质监测", model=SeaSample, line="water", edit=SAMPLERS, items=tuple(ITEMS),
    columns=("entity", "at", "season", "ph", "do", "codmn", "din", "dip", "oil", "report_no", "area_code"),
    filters=("season", "entity", "area_code", "at"), search=("entity__name", "report_no", "note"),
    fields=(Ask("entity", "监测点", to=SeaStation, required=True), "at", "season", "report_no", *ITEMS, "note"),
    details=(*ITEMS, "report_no", "note"), labels={"entity": "监测点", "at": "采样时间"}, lead="entity",
    imports=Import(key=("entity", "at"),
                   headers={"entity": ("点位", "站位", "点位名称", "站位编号"), "season": ("季节", "航次", "水期"),
                            "at": ("采样时间", "采样日期", "监测日期", "监测时间", "日期"),
                            **{name: tuple(_ALIASES.get(key, ())) for name, key in ITEMS.items()}},
                   values={"season": {"春": "spring", "夏": "summer", "秋": "autumn", "冬": "winter"}},
                   examples={"entity": "JS-01", "at": "2026-05-12", "season": "春季", "din": "0.28"}, future=()),
    empty="还没有海水监测数据。导入每个航次的结果表。",
))  # fmt: skip
_AREAS = ("first", "second", "third", "fourth", "inferior")
SURVEYS = declare_book(FactLog(
    key="sea_survey", label="海域面积评价", model=SeaSurvey, line="water", edit=SAMPLERS,
    columns=("entity", "at", "season", *_AREAS, "source", "area_code"), filters=("season", "entity", "area_code", "at"),
    search=("entity__name", "source"),
    fields=(Ask("entity", "湾段", to=Bay, required=True), "at", "season", *_AREAS, "source", "note"),
    labels={"entity": "湾段", "at": "日期"}, lead="entity",
    imports=Import(key=("entity", "at"),
                   headers={"entity": ("湾段", "海湾"), "first": ("一类面积", "一类"), "second": ("二类面积", "二类"),
                            "third": ("三类面积", "三类"), "fourth": ("四类面积", "四类"),
                            "inferior": ("劣四类面积", "劣四类"), "at": ("调查日期", "监测日期")},
                   examples={"entity": "北部湾段", "at": "2026-05-20", "season": "春季", "first": "120.5"}, future=()),
    empty="没有公布的面积评价时，由监测点插值计算；上级公布了分类面积的在这里登记，以公布的为准。",
))  # fmt: skip


def values_of(sample: SeaSample) -> dict[str, float]:
    """The items of a sample that have a value, by key of the item."""
    read = {key: readings.parse(getattr(sample, name)).value for name, key in ITEMS.items()}
    return {key: value for key, value in read.items() if value is not None}


def samples_of(stations: list[int], year: int, season: str) -> QuerySet[SeaSample]:
    """The samples of a survey, oldest first."""
    return SeaSample.objects.filter(
        book=SAMPLES.key, current=True, entity_id__in=stations, season=season, at__year=year
    ).order_by("entity_id", "at", "pk")


def published(bay: int, year: int, season: str) -> SeaSurvey | None:
    """The areas that were published for a bay's survey; the last told speaks."""
    rows = SeaSurvey.objects.filter(
        book=SURVEYS.key, current=True, entity_id=bay, season=season, at__year=year
    )
    return rows.order_by("-at", "-pk").first()


YEARLY = (Season.SPRING, Season.SUMMER, Season.AUTUMN)
