"""Discharge outlets of enterprises (排放口)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities.inventory import COORDINATES, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise, Outlet
from ecoledger.listings.parts import Ask, Import
from ecoledger.standards import identifiers


def clean(outlet: Outlet, findings: Findings) -> None:
    """The number as HJ 608 writes it, once for each enterprise."""
    facility = identifiers.parse_facility(outlet.number)
    outlet.number = facility.number or facility.code
    findings.odd += [problem.text for problem in facility.problems]
    twin = Outlet.objects.filter(parent_id=outlet.parent_id, number=outlet.number)
    if twin.exclude(pk=outlet.pk).exists():
        findings.wrong["number"] = _("该企业已有排放口“%(number)s”") % {"number": outlet.number}


def code_of(outlet: Outlet) -> str:
    """The enterprise's code and the outlet's number: ``"E-350582-0001-DA001"``."""
    owner = outlet.parent.code if outlet.parent else ""
    return f"{owner}-{outlet.number}"


OUTLETS = declare(
    Inventory(
        key="outlet",
        label="排放口",
        model=Outlet,
        line="approval",
        parents=(Enterprise,),
        clean=clean,
        number=code_of,
        enterprise="parent__code",
        columns=("name", "number", "parent", "medium", "standard", "operator", "area_code", "until"),
        filters=("area_code", "medium"),
        search=("name", "code", "number", "parent__name", "identifiers__value"),
        fields=(
            Ask("parent", "所属企业", to=Enterprise, required=True),
            "number", "name", "medium", "lon", "lat", COORDINATES, "standard",
            "reference_oxygen", "operator", "since", "until",
        ),
        labels={"parent": "所属企业"},
        batch=("operator",),
        imports=Import(
            key=("parent", "number"),
            headers={
                "parent": ("企业名称", "排污单位名称"),
                "number": ("编号", "排口编号"),
                "name": ("排放口名称", "排口名称"),
                "medium": ("介质", "排放类型"),
                "operator": ("运维公司", "第三方运维单位"),
            },
            values={"medium": {"大气": "gas", "气": "gas", "烟气": "gas", "有组织": "gas", "水": "water", "污水": "water"}},
            examples={"parent": "示例印染有限公司", "number": "DA901", "name": "锅炉排放口"},
        ),
        empty="还没有排放口。在企业档案里登记，或导入名录。",
    )
)  # fmt: skip
