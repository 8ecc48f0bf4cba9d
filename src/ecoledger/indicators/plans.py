"""Plans taken in: their items proposed by the rules and decided by a person; nothing is confirmed by itself.

A confirmed target is followed as a row of a target book, a confirmed task as a task of the year
(``plan_review.hand_out``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.indicators.declaring import indicator_of
from ecoledger.indicators.models import PlanItem, PlanText
from ecoledger.indicators.plan.extraction import extract
from ecoledger.indicators.plan.items import Item
from ecoledger.listings.refusals import Refused
from ecoledger.matters.register import has_register

State = PlanItem.State
# Ids of the annotation rules -> declared indicators that measure the same.
MEASURED = {
    "air.good_day_ratio": "good_day_ratio",
    "air.heavy_days": "heavy_days",
    "air.pm2_5.mean": "pm2_5_mean",
    "air.pm10.mean": "pm10_mean",
    "air.so2.mean": "so2_mean",
    "air.no2.mean": "no2_mean",
    "air.o3.p90": "o3_p90",
    "air.co.p95": "co_p95",
    "water.section.class3_ratio": "water_good_ratio",
    "water.section.inferior5_ratio": "water_inferior_ratio",
    "water.section.compliance_ratio": "water_attained_ratio",
}
# What a person may correct when deciding.
CORRECTED = (
    "indicator", "comparator", "value", "value_high", "unit", "quantity_of", "deadline", "period",
    "area", "owners", "catalogue", "register", "note",
)  # fmt: skip


@transaction.atomic
def take_in(
    name: str,
    text: str,
    area_code: str,
    year: int,
    *,
    by: Person | None,
    items: Iterable[Item] | None = None,
) -> PlanText:
    """Keep a plan's text and what the rules propose of it, or ``items`` where it was gone through before.

    The same text again gives what is kept.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    kept = PlanText.objects.filter(area_code=area_code, sha256=digest).first()
    if kept is not None:
        return kept
    plan = PlanText.objects.create(
        name=name,
        area_code=area_code,
        year=year,
        text=text,
        sha256=digest,
        taken_in_by=by,
        taken_in_at=timezone.now(),
    )
    PlanItem.objects.bulk_create(
        _proposed(plan, item) for item in (extract(text) if items is None else items)
    )
    audit.record(by, "导入计划", plan, details={"items": plan.items.count()})
    return plan


def _proposed(plan: PlanText, item: Item) -> PlanItem:
    change = ""
    if item.change_value is not None:
        base = item.change_base or ""
        change = f"{item.change_value:+g}{item.change_unit or ''} {base}".strip()
    return PlanItem(
        plan=plan,
        type=item.type,
        start=item.start,
        end=item.end,
        text=item.text,
        section=item.section,
        indicator=item.indicator or "",
        comparator=item.comparator or "",
        value="" if item.value is None else str(item.value),
        value_high="" if item.value_high is None else str(item.value_high),
        unit=item.unit or "",
        quantity_of=item.quantity_of or "",
        change=change,
        deadline=date.fromisoformat(item.deadline) if item.deadline else None,
        period=item.period or "",
        area=item.area or "",
        owners=item.owner or [],
        parts=[[p.quantity_of, p.value, p.unit] for p in item.parts or []],
        confidence=item.confidence,
        catalogue=MEASURED.get(item.indicator or "", ""),
    )


@transaction.atomic
def decide(item: PlanItem, state: str, *, by: Person, **corrections: Any) -> PlanItem:
    """A person's decision about a proposed item, with what they correct. Raises :class:`Refused`.

    A doubt needs its reason in ``note``; links must name what is declared.
    """
    if unknown := set(corrections) - set(CORRECTED):
        raise ValueError(f"not corrected here: {sorted(unknown)}")
    if state == State.DOUBTFUL and not corrections.get("note", item.note):
        raise Refused("form", _("请写明疑问。"), fields={"note": [_("请写明疑问。")]})
    row = PlanItem.objects.select_for_update().get(pk=item.pk)
    before = {name: getattr(row, name) for name in ("state", *corrections)}
    for name, value in corrections.items():
        setattr(row, name, value)
    _check_links(row)
    row.state, row.decided_by, row.decided_at = state, by, timezone.now()
    row.save()
    changed = {name: str(value) for name, value in before.items() if value != getattr(row, name)}
    audit.record(by, "确认计划事项", row, details={"state": state, "before": changed})
    return row


def _check_links(row: PlanItem) -> None:
    if row.catalogue:
        try:
            indicator_of(row.catalogue)
        except KeyError as unknown:
            raise Refused("form", _("没有指标 %(key)s。") % {"key": row.catalogue}) from unknown
    if row.register and not has_register(row.register):
        raise Refused("form", _("没有台账 %(key)s。") % {"key": row.register})
