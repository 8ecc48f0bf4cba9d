"""Production and treatment facilities of an enterprise (生产设施、治理设施): MF### and TA###/TW### of permits (HJ 608)."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise, Facility
from ecoledger.listings.parts import Ask, Import

_NUMBER = re.compile(r"(MF|TA|TW)\d{3,4}")


def clean(facility: Facility, findings: Findings) -> None:
    """The number as permits write it, one of its kind in the enterprise."""
    facility.number = facility.number.strip().upper()
    if facility.number and not _NUMBER.fullmatch(facility.number):
        findings.odd.append(
            _("设施编号“%(number)s”不是许可证的写法（MF0001、TA001、TW001），请核对")
            % {"number": facility.number}
        )
    twins = Facility.objects.filter(parent_id=facility.parent_id, number=facility.number)
    if facility.yearly_use is not None and facility.yearly_use < 0:
        findings.wrong["yearly_use"] = _("年用量不能为负")
    if facility.number and twins.exclude(pk=facility.pk).exists():
        findings.wrong["number"] = _("本企业已有编号 %(number)s 的设施") % {
            "number": facility.number
        }


FACILITIES = declare(Inventory(
    key="facility", label="生产治理设施", model=Facility, line="approval", letter="SS", clean=clean,
    parents=(Enterprise,),
    columns=("name", "number", "role", "process", "parent", "area_code"),
    filters=("role", "area_code"),
    search=("name", "code", "number", "parent__name", "identifiers__value"),
    fields=(Ask("parent", required=True), "number", "name", "role", "process", "capacity", "machines", "yearly_use", CODE,
            "since", "until"),
    labels={"parent": "所属企业"},
    imports=Import(
        key=("parent", "number"),
        columns=(Ask("parent", required=True), "number", "name", "role", "process", "capacity",
                 "machines", "yearly_use", "since", "until"),
        headers={"parent": ("企业", "企业名称", "单位名称"), "number": ("设施编号",),
                 "name": ("设施名称",), "role": ("设施类别",), "process": ("治理工艺", "生产工艺"),
                 "machines": ("数量", "设备数量", "台数"), "yearly_use": ("年用量", "年使用量", "年用量（吨）")},
        examples={"number": "TA001", "name": "布袋除尘器", "role": "治理设施", "process": "袋式除尘"},
    ),
    empty="还没有设施。从排污许可证副本导入；与排放口的对应关系在“对象关系”登记。",
))  # fmt: skip
