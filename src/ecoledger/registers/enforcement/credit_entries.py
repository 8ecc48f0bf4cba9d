"""环境信用信息 (mechanism E4): each penalty made known as the double publicity asks, until it ends or is repaired.

Rows come from a case's step 计入环境信用, never by hand; columns are those of the 双公示 penalty record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import audit
from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Entity
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import View
from ecoledger.listings.refusals import Refused
from ecoledger.registers.enforcement.penalty_case.models import MONEY, ZERO, PenaltyCase


class CreditEntry(models.Model):
    """One decision in the book of credit."""

    case = models.OneToOneField(
        PenaltyCase, verbose_name="案件", on_delete=models.PROTECT, related_name="credit"
    )
    entity = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # fmt: skip
    area_code = AreaCodeField("属地")
    party = models.CharField("行政相对人名称", max_length=120)
    party_code = models.CharField("行政相对人代码", max_length=40, blank=True, db_index=True)
    party_head = models.CharField("法定代表人", max_length=60, blank=True)
    decision_no = models.CharField("决定书文号", max_length=60, blank=True)
    act = models.CharField("违法行为类型", max_length=200)
    basis = models.CharField("处罚依据", max_length=300, blank=True)
    kind = models.CharField("处罚类别", max_length=12, choices=PenaltyCase.Heaviest.choices)
    content = models.CharField("处罚内容", max_length=300, blank=True)
    fine = models.DecimalField("罚款金额 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    confiscated = models.DecimalField("没收金额 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    decided_on = models.DateField("处罚决定日期", db_index=True)
    public_until = models.DateField("公示期限", db_index=True)
    entered_on = models.DateField("计入日期")
    repaired_on = models.DateField("信用修复日期", null=True, blank=True)
    repair = models.CharField("修复说明", max_length=200, blank=True)
    withdrawn_on = models.DateField("撤回日期", null=True, blank=True)

    class Meta:
        verbose_name = "环境信用信息"

    def __str__(self) -> str:
        return f"{self.party} {self.decision_no}".strip()


def enter(case: Any, *, by: Person | None, until: date) -> CreditEntry:
    """Enter a decided case. Raises :class:`Refused` for an end before the decision."""
    if until <= case.decided_on:
        raise Refused("form", _("公示期限早于决定日期。"), "", {"public_until": [_("请核对")]})
    parts = [f"罚款{case.fine:,.2f}元" if case.fine else "", case.other_penalty]
    entry = CreditEntry.objects.create(
        case_id=case.pk, entity=case.entity, area_code=case.area_code, party=case.party or case.title,
        party_code=case.party_code, party_head=case.party_head, decision_no=case.decision_no,
        act=case.title, basis=case.basis, kind=case.heaviest, content="；".join(filter(None, parts)),
        fine=case.fine, confiscated=case.confiscated, decided_on=case.decided_on, public_until=until,
        entered_on=timezone.localdate(),
    )  # fmt: skip
    audit.record(by, "credit.enter", entry, details={"case": case.number})
    return entry


def withdraw(case: Any, on: date) -> None:
    """What was entered of a decision that no longer stands is shown as withdrawn."""
    CreditEntry.objects.filter(case_id=case.pk, withdrawn_on=None).update(withdrawn_on=on)


class Credit(Listing):
    """Entries come from cases; a person only notes their repair."""

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        if query.get("standing") == "1":
            today = timezone.localdate(now)
            rows &= Q(withdrawn_on=None, repaired_on=None, public_until__gte=today)
        return rows

    def may_open(self, person: Person) -> bool:
        return False


CREDIT = declare(Credit(
    key="credit_entry", label="环境信用信息", model=CreditEntry, line="enforcement",
    columns=("party", "party_code", "decision_no", "act", "kind", "fine", "decided_on", "public_until",
             "repaired_on", "withdrawn_on", "area_code"),
    details=("party", "party_code", "party_head", "decision_no", "act", "basis", "kind", "content", "fine",
             "confiscated", "decided_on", "public_until", "entered_on", "repaired_on", "repair",
             "withdrawn_on"),
    filters=("kind", "area_code", "decided_on", "public_until"),
    search=("party", "party_code", "decision_no", "act"), fields=("repaired_on", "repair"),
    lead="party", under=("decision_no",), edit=frozenset({Role.OFFICER}),
    views=(View("standing", "公示中", {"standing": "1"}),),
    empty=noop("还没有信用信息。处罚决定送达后，在案件上“计入环境信用”。"),
))  # fmt: skip
