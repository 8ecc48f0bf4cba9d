"""Automatic monitoring stations (监测站)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory, declare
from ecoledger.entities.models import Station
from ecoledger.listings.parts import Import


def clean(station: Station, findings: Findings) -> None:
    """Only a water station stands at a section."""
    if station.section is not None and station.medium != Station.Medium.WATER:
        findings.wrong["section"] = _("只有地表水站才属于断面")


STATIONS = declare(
    Inventory(
        key="station",
        label="自动监测站",
        model=Station,
        line="monitoring",
        letter="S",
        clean=clean,
        charges=("point_chief", "station_chief"),
        answers_with=("section", "section__river"),
        columns=("name", "code", "medium", "level", "area_code", "section", "operator"),
        filters=("area_code", "medium", "level"),
        fields=(
            "name", CODE, "area_code", "address", "lon", "lat", COORDINATES, "medium",
            "level", "counts_in_area", "section", "operator", "since", "until",
        ),
        batch=("operator",),
        imports=Import(
            key=("name", "medium"),
            headers={
                "name": ("站点名称", "监测站名称", "点位名称"),
                "code": ("站点编码", "监测点编号"),
                "area_code": ("属地", "所属镇街"),
                "medium": ("监测要素", "站点类型", "监测类型", "监测类别"),
                "level": ("站点级别",),
                "operator": ("运维公司",),
            },
            values={"medium": {"空气": "air", "大气": "air", "气": "air", "空气站": "air", "空气自动站": "air", "大气站": "air",
                               "水": "water", "水质": "water", "水站": "water", "水质站": "water", "水质自动站": "water",
                               "噪声": "noise", "噪声站": "noise", "声": "noise", "噪声自动站": "noise"}},
            examples={"name": "示例空气站", "medium": "环境空气", "level": "县控"},
        ),
        empty="还没有自动监测站。先登记自动监测站，再登记监测点和设备 MN。",
    )
)  # fmt: skip
