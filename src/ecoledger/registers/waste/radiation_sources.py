"""放射源与射线装置台账 (mechanism S-13): what is used where, by which licence, and until when."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.books.duty import Duty
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Import
from ecoledger.registers.waste.models import RadiationSource
from ecoledger.registers.waste.radiation_units import RadiationUnit


def clean(thing: RadiationSource, findings: Findings) -> None:
    """A sealed source has its nuclide and its national number; categories are Roman numerals."""
    kinds = "ⅠⅡⅢⅣⅤ" if thing.sort == RadiationSource.Sort.SOURCE else "ⅠⅡⅢ"
    if len(thing.category) != 1 or thing.category not in kinds:
        findings.wrong["category"] = _("类别应为 %s 之一") % "、".join(kinds)
    if thing.sort == RadiationSource.Sort.SOURCE and not thing.nuclide:
        findings.wrong["nuclide"] = _("放射源须填核素")
    if thing.sort == RadiationSource.Sort.SOURCE and len(thing.source_no) != 12:
        findings.odd.append(_("放射源编码应为 12 位，请核对"))


SOURCES = declare(Inventory(
    key="radiation_source", label="放射源与射线装置", model=RadiationSource, line="waste", letter="F",
    parents=(Enterprise, RadiationUnit), clean=clean, numbers={"source_no": "radiation_source_no"},
    columns=("name", "code", "parent", "sort", "category", "nuclide", "activity", "used_at", "licence_until", "area_code"),
    filters=("sort", "licence_until", "area_code"), ends="licence_until",
    fields=("name", CODE, Ask("parent", required=True), "area_code", "sort", "category", "nuclide", "source_no",
            "licence_no", "licence_until", "model_no", "activity", "made_on", "purpose", "used_at", "came_from",
            "went_to", "since", "until"),
    labels={"parent": "使用单位"},
    imports=Import(key=("code",), headers={"parent": ("单位名称", "核技术利用单位"), "source_no": ("编码", "国家编码"),
                            "nuclide": ("核素名称",), "activity": ("出厂活度（Bq）",), "model_no": ("规格型号",),
                            "used_at": ("场所",), "licence_no": ("许可证号",),
                            "licence_until": ("有效期至", "许可证有效期")},
                   examples={"name": "工业探伤机 1 号", "sort": "射线装置", "category": "Ⅱ"}),
    empty="还没有放射源和射线装置。导入核技术利用单位的台账，或逐项登记。",
))  # fmt: skip
RENEWAL = declare_book(Duty(
    key="radiation_licence", label="放射源与射线装置许可证延续", line="waste", tab="waste",
    objects=RadiationSource.objects.all, until="licence_until", due_after=-30, remind_before=60,
    owed_by=frozenset({Role.APPROVER}), columns=("entity", "due", "state", "done_on"),
    filters=("state", "area_code"), edit=frozenset({Role.APPROVER}),
    empty="还没有临近到期的许可证。",
))  # fmt: skip
