"""Monitored cross-sections of rivers (断面)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory, declare
from ecoledger.entities.models import Area, Section
from ecoledger.listings.parts import Import
from ecoledger.standards import surface_water


def clean(section: Section, findings: Findings) -> None:
    """Lies on its river; the places above and below it are on record."""
    if section.chainage_km is not None and section.chainage_km < 0:
        findings.wrong["chainage_km"] = _("距河源的距离不能为负")
    length = section.river.length_km if section.river_id else None
    if length is not None and section.chainage_km is not None and section.chainage_km > length:
        findings.odd.append(_("距河源的距离超过河长 %(km)s km，请核对") % {"km": length})
    for name in ("upstream_area_code", "downstream_area_code"):
        code = getattr(section, name)
        if code and not Area.objects.filter(code=code).exists():
            findings.wrong[name] = _("没有行政区划“%(code)s”") % {"code": code}


def class_of(text: str) -> str:
    """The number of the class that a cell names: "Ⅲ类", "III", "3"."""
    try:
        rank = surface_water.rank_of(text)
    except ValueError:
        return ""
    return str(rank) if rank < surface_water.INFERIOR else ""


SECTIONS = declare(
    Inventory(
        key="section",
        label="断面",
        model=Section,
        line="water",
        letter="X",
        clean=clean,
        charges=("section_chief",),
        answers_with=("river",),
        columns=("name", "code", "river", "chainage_km", "target_class", "level", "area_code",
                 "upstream_area_code", "downstream_area_code"),
        filters=("area_code", "river", "level", "upstream_area_code", "downstream_area_code"),
        fields=(
            "name", CODE, "area_code", "lon", "lat", COORDINATES, "river", "chainage_km",
            "target_class", "level", "is_lake", "upstream_area_code", "downstream_area_code",
            "since", "until",
        ),
        imports=Import(
            key=("name", "river"),
            headers={
                "name": ("断面名称",),
                "river": ("水体", "河流名称", "水体名称"),
                "chainage_km": ("里程", "距河源距离"),
                "target_class": ("目标", "水质目标类别"),
                "level": ("断面级别", "断面属性", "控制级别"),
                "upstream_area_code": ("上游镇街", "上游镇（街道）", "来水镇街", "上游责任方"),
                "downstream_area_code": ("下游镇街", "下游镇（街道）", "受水镇街", "下游责任方"),
            },
            meaning={"target_class": class_of},
            examples={"name": "示例桥断面", "river": "示例溪", "chainage_km": "12.0",
                      "target_class": "Ⅲ类"},
        ),
        empty="还没有断面。",
    )
)  # fmt: skip
