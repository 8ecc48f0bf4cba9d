"""内河入江口考核名单 (mechanism Q16): which sections at the outlets of inner rivers a year assesses, and by which class."""

from __future__ import annotations

from datetime import date
from typing import Any

from ecoledger.accounts.roles import Role
from ecoledger.books.roster import Roster
from ecoledger.entities.inventories.sections import class_of
from ecoledger.entities.models import Section
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import
from ecoledger.registers.water.outlet_models import RiverMouth

MOUTHS = declare(Roster(
    key="river_mouth", label="内河入江口考核名单", line="water", model=RiverMouth, edition="年度",
    columns=("entity", "target_class", "gate", "receiving", "unit", "area_code", "edition"),
    filters=("edition", "target_class", "area_code"), search=("entity__name", "gate", "receiving", "unit"),
    fields=("edition", Ask("entity", "断面", to=Section, required=True), "target_class", "gate", "receiving", "unit"),
    labels={"entity": "断面"}, lead="entity",
    imports=Import(key=("edition", "entity"),
                   headers={"edition": ("年度",), "entity": ("断面名称", "入江口", "点位"), "target_class": ("考核目标", "目标类别"),
                            "gate": ("水闸名称",), "receiving": ("汇入",), "unit": ("责任镇街", "责任单位")},
                   meaning={"target_class": class_of},
                   examples={"edition": "2026", "entity": "示例闸断面", "target_class": "Ⅴ类", "gate": "示例水闸"}, future=()),
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR}),
    empty="还没有考核名单。按年度登记各内河入江口的断面和考核目标，公布后逐月测算。",
))  # fmt: skip


def rules() -> dict[str, Any]:
    """The share that a year is to come to."""
    return own_data.read(__package__, "outlets")


def assessed(area_code: str, day: date) -> list[RiverMouth]:
    """The list in force on a day, of the county or above it."""
    edition = MOUTHS.in_force(area_code, day) or MOUTHS.in_force(area_code[:6], day)
    if edition is None:
        return []
    return list(MOUTHS.lines(edition).filter(area_code__startswith=area_code).order_by("area_code", "entity__name"))  # fmt: skip
