"""管网台账 (mechanism T18): sewers and storm drains, where each leads, and the pipe chief who answers for it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities import shapes
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.listings.parts import Import
from ecoledger.registers.chiefs.models import Pipe


def clean(pipe: Pipe, findings: Findings) -> None:
    """A storm drain leads to some water; what is drawn has its length."""
    if pipe.sort != Pipe.Sort.SEWER and pipe.river is None:
        findings.odd.append(_("雨水管、合流管没有写受纳水体，请核对"))
    if pipe.geometry and pipe.length_km is None:
        pipe.length_km = round(shapes.length_km(pipe.geometry), 2)


PIPES = declare(Inventory(
    key="pipe", label="管网", line="water", model=Pipe, letter="G", clean=clean,
    charges=("pipe_chief",), answers_with=("river",),
    columns=("name", "code", "sort", "diameter_mm", "length_km", "river", "area_code"),
    filters=("sort", "river", "area_code"),
    fields=("name", CODE, "area_code", "sort", "diameter_mm", "length_km", "river", "geometry", "since", "until"),
    labels={"geometry": "走向 GeoJSON"},
    imports=Import(
        key=("name",),
        columns=("name", "code", "area_code", "sort", "diameter_mm", "length_km", "river"),
        headers={"name": ("管段名称", "管网名称"), "code": ("管段编号",), "sort": ("管道类型",),
                 "diameter_mm": ("管径",), "river": ("排入水体",)},
        examples={"name": "工业路雨水管", "sort": "雨水管", "diameter_mm": "600"},
    ),
    empty="还没有管网。导入管段清单后，可登记管长，预警推送到管长和受纳水体的河长。",
))  # fmt: skip
