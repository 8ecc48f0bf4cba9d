"""排污许可证 (mechanism P9): the permit as the root to which outlets, limits, monitoring, ledgers and enforcement attach.

What the permit says of an outlet are the dated limits of ``monitoring.limit_book``; what it says of monitoring, yearly
amounts and ledgers are lists of their own (:mod:`.permit_terms`). Its number and end are kept at the firm as well, so that
the firm's file tells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.duty import Duty
from ecoledger.entities import editing
from ecoledger.entities.file import PERMIT, Fact, File, knows
from ecoledger.entities.inventory import Findings, Inventory, declare
from ecoledger.entities.models import Enterprise, Entity, Identifier
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.tallies import tally
from ecoledger.standards import identifiers
from ecoledger.standards.time_limits import add_months

YEARS = 5


class Permit(Entity):
    """A discharge permit of one place of production (排污许可证), or its registration."""

    KIND = "pollution_permit"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_pollution_permit"
    )

    class Management(models.TextChoices):
        KEY = "key", "重点管理"
        SIMPLE = "simple", "简化管理"
        REGISTERED = "registered", "登记管理"

    permit_no = models.CharField("许可证编号", max_length=40, db_index=True)
    management = models.CharField("管理类别", max_length=12, choices=Management.choices)
    industry = models.CharField("行业类别", max_length=80, blank=True)
    legal_person = models.CharField("法定代表人", max_length=60, blank=True)
    issued_by = models.CharField("发证机关", max_length=80, blank=True)
    issued_on = models.DateField("发证日期", null=True, blank=True)
    valid_from = models.DateField("有效期自", null=True, blank=True)
    valid_until = models.DateField("有效期至", null=True, blank=True, db_index=True)
    change_kind = models.CharField(
        "最近业务", max_length=40, blank=True, help_text="首次、变更、延续、重新申请、整改后申请"
    )
    eia_no = models.CharField("环评批复文号", max_length=120, blank=True)
    products = models.TextField("主要产品及产能", blank=True)
    raw_materials = models.TextField("主要原辅料", blank=True)
    report_year = models.BooleanField("提交年报", default=True)
    report_half = models.BooleanField("提交半年报", default=False)
    report_quarter = models.BooleanField("提交季报", default=False)
    disclosure = models.CharField("信息公开方式", max_length=200, blank=True)

    class Meta:
        verbose_name = "排污许可证"


def clean(permit: Permit, findings: Findings) -> None:
    """The number as HJ 608 writes it and the holder's own; a validity that runs forward, five years as a rule."""
    read = identifiers.parse_permit_number(permit.permit_no)
    permit.permit_no = read.code
    if not read.ok:
        findings.wrong["permit_no"] = "；".join(problem.text for problem in read.problems)
    firm = permit.parent
    owner = Enterprise.objects.filter(pk=firm.pk).first() if firm is not None else None
    if (
        read.ok
        and read.credit_code
        and owner is not None
        and owner.uscc
        and owner.uscc != read.credit_code
    ):
        findings.odd.append(_("许可证编号前 18 位与企业信用代码 %s 不同，请核对") % owner.uscc)
    if firm is not None and not permit.name:
        permit.name = _("%s排污许可证") % firm.name
    twins = Permit.objects.filter(permit_no=permit.permit_no).exclude(pk=permit.pk)
    if twins.exists():
        findings.wrong["permit_no"] = _("许可证编号“%s”已登记") % permit.permit_no
    if permit.valid_from and permit.valid_until:
        if permit.valid_until <= permit.valid_from:
            findings.wrong["valid_until"] = _("有效期止应在有效期起之后")
        elif permit.valid_until > add_months(permit.valid_from, 12 * YEARS):
            findings.odd.append(_("有效期超过 %d 年，请核对") % YEARS)
    elif permit.management != Permit.Management.REGISTERED and not permit.valid_until:
        findings.odd.append(_("没有有效期，到期不能提醒"))


class Permits(Inventory):
    """Permits; the firm's file follows what its permit says."""

    def _saved(self, row: Any, values: Mapping[str, Any], by: Person | None, **more: Any) -> Any:
        if not row.name and not values.get("name") and values.get("parent") is not None:
            values = {**values, "name": _("%s排污许可证") % values["parent"].name}
        if row.pk is None and (first := values.get("valid_from")) and first <= timezone.localdate():
            # There since then: a later extension moves its validity on, not its beginning.
            row.since = first
        row = super()._saved(row, values, by, **more)
        _tell_firm(row, by)
        return row


def _tell_firm(permit: Permit, by: Person | None) -> None:
    """Write number and validity at the firm; an older permit of the same firm stays as its past."""
    if permit.management == Permit.Management.REGISTERED or permit.parent_id is None:
        return
    newest = Permit.objects.filter(parent=permit.parent_id).exclude(management="registered")
    if newest.filter(valid_from__gt=permit.valid_from or date.min).exclude(pk=permit.pk).exists():
        return
    firm = Enterprise.objects.get(pk=permit.parent_id)
    if firm.permit_no != permit.permit_no:
        firm.permit_no = permit.permit_no
        editing.save(by, firm)
    rows = Identifier.objects.filter(entity=firm.pk, scheme=PERMIT, value=permit.permit_no)
    rows.update(since=permit.valid_from, until=permit.valid_until)


PERMITS = declare(Permits(
    key="pollution_permit", label="排污许可证", model=Permit, line="approval", letter="PW", parents=(Enterprise,),
    clean=clean, ends="valid_until", enterprise="parent__code", tab="permits",
    columns=("name", "permit_no", "parent", "management", "industry", "valid_from", "valid_until", "area_code"),
    filters=("management", "valid_until", "area_code", "report_quarter"),
    search=("name", "code", "permit_no", "parent__name", "industry"),
    fields=(Ask("parent", to=Enterprise, required=True), Ask("name", required=False, help="留空为企业名称加“排污许可证”"),
            "permit_no", "management", "industry", "legal_person", "issued_by", "issued_on", "valid_from", "valid_until",
            "change_kind", "eia_no", "products", "raw_materials", "report_year", "report_half", "report_quarter",
            "disclosure"),
    labels={"parent": "排污单位"}, lead="name", under=("permit_no",),
    edit=frozenset({Role.APPROVER, Role.MONITOR, Role.SYSTEM_ADMIN}),
    imports=Import(
        key=("permit_no",), updates=True,
        headers={"parent": ("单位名称", "企业名称", "排污单位名称"), "permit_no": ("排污许可证编号", "证书编号", "编号"),
                 "management": ("管理级别", "管理类型"), "industry": ("行业", "行业名称"),
                 "valid_from": ("有效期起", "起始日期"), "valid_until": ("有效期止", "截止日期", "到期日期"),
                 "issued_on": ("发证时间", "办结日期"), "change_kind": ("业务类型",)},
        values={"management": {"重点": "key", "简化": "simple", "登记": "registered"}},
        examples={"parent": "示例印染有限公司", "permit_no": "91350582MA2XXXXX0Y001P", "management": "重点管理",
                  "valid_from": "2024-01-01", "valid_until": "2028-12-31", "report_quarter": "是"},
    ),
    empty="还没有排污许可证。导入许可证清单后，限值、自行监测、执行报告和执法都挂在它下面。",
))  # fmt: skip
tally(PERMITS, "key", "重点管理排污许可证", Q(management="key", until=None), unit="张")
tally(PERMITS, "simple", "简化管理排污许可证", Q(management="simple", until=None), unit="张")
tally(PERMITS, "registered", "排污登记", Q(management="registered", until=None), unit="家")


def _permits(person: Person | None) -> Any:
    return PERMITS.visible_to(person) if person is not None else PERMITS.standing()


declare_lookup(Lookup(
    key="pollution_permit", model=Permit, label="排污许可证", rows=_permits,
    exact=("permit_no", "name", "parent__name"), begins=("code",), contains=("name", "permit_no"),
    under=lambda row: row.permit_no,
))  # fmt: skip

# Renewal is applied for 60 days before the end (排污许可管理条例 14).
RENEWAL = declare_book(Duty(
    key="permit_renewal", label="排污许可证延续", line="approval", tab="permits", objects=Permit.objects.all,
    until="valid_until", due_after=-60, remind_before=30, owed_by=frozenset({Role.APPROVER, Role.ENTERPRISE}),
    columns=("entity", "due", "state", "done_on"), filters=("state", "area_code"),
    edit=frozenset({Role.APPROVER}), empty="还没有须办理延续的许可证。",
))  # fmt: skip


def of_firm(firm: int | None) -> list[Permit]:
    """The permits of a firm, the one in force first."""
    rows = Permit.objects.filter(parent=firm) if firm else Permit.objects.none()
    return list(rows.order_by(models.F("valid_from").desc(nulls_last=True), "-pk"))


def _facts(file: File) -> Any:
    """From the file of a firm or a permit to its one page."""
    if not file.person.may(PERMITS.see):
        return
    entity = file.entity
    rows = (
        [entity]
        if isinstance(entity, Permit)
        else of_firm(entity.pk)
        if isinstance(entity, Enterprise)
        else []
    )
    for permit in rows[:3]:
        yield Fact(_("一证式"), permit.permit_no, f"/approval/permits/{permit.pk}")


knows(facts=_facts)
