"""Plans taken in: their items proposed by the rules, decided by a person, then followed.

Nothing is confirmed by itself. A confirmed target that names a declared indicator is laid beside the
indicator's figure; a confirmed task beside what is reported done and the share of its time that is over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.indicators import of_registers, storing
from ecoledger.indicators.declaring import Indicator, Span, indicator_of
from ecoledger.indicators.figures import Figure
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


@transaction.atomic
def report_done(item: PlanItem, done: Decimal, *, by: Person) -> PlanItem:
    """How much of a confirmed task's quantity is done. Raises :class:`Refused`."""
    row = PlanItem.objects.select_for_update().get(pk=item.pk)
    if row.state != State.CONFIRMED or row.type != PlanItem.Type.TASK or not row.value:
        raise Refused("state", _("只有已确认、有数量的任务才能填报进度。"))
    if done < 0:
        raise Refused("form", _("完成数量不能为负。"))
    before, row.done = row.done, done
    row.save(update_fields=["done"])
    audit.record(by, "填报计划进度", row, details={"before": str(before), "done": str(done)})
    return row


@dataclass(frozen=True, slots=True)
class Pace:
    """A task's progress against its time: both are shares of one, ``ahead`` whether it keeps pace."""

    done: Fraction
    elapsed: Fraction

    @property
    def ahead(self) -> bool:
        """时间过半、任务超半."""
        return self.done >= self.elapsed


@dataclass(frozen=True, slots=True)
class Followed:
    """A confirmed item beside what is true: a target's figure and whether it is met, a task's pace."""

    item: PlanItem
    figure: Figure | None = None
    met: bool | None = None
    pace: Pace | None = None


def followed(plan: PlanText, on: date) -> list[Followed]:
    """Every confirmed target and task of a plan as it stands on a day."""
    rows = plan.items.filter(state=State.CONFIRMED).exclude(type=PlanItem.Type.FACT)
    return [_followed(item, on) for item in rows]


def _followed(item: PlanItem, on: date) -> Followed:
    if item.type == PlanItem.Type.TARGET and item.catalogue:
        span = span_of(item.period or str(item.plan.year), on)
        if span is None:
            return Followed(item)
        indicator = indicator_of(item.catalogue)
        if of_registers.untold_of(indicator, item.plan.area_code):
            return Followed(item)
        figure = storing.figure(indicator, item.plan.area_code, span)
        return Followed(item, figure, _met(item, indicator, figure))
    return Followed(item, pace=pace(item, on))


def span_of(period: str, on: date) -> Span | None:
    """The days of a period (``2026``, ``2026H1``, ``2026Q3``, ``2026-08``) up to the day before ``on``."""
    year = int(period[:4])
    first, months = 1, 12
    if period[4:5] == "H":
        first, months = (1, 6) if period[5] == "1" else (7, 6)
    elif period[4:5] == "Q":
        first, months = 3 * int(period[5]) - 2, 3
    elif len(period) == 7 and period[4] == "-":
        first, months = int(period[5:]), 1
    elif len(period) != 4:
        return None
    begin = date(year, first, 1)
    after = first + months
    end = min(date(year + (after - 1) // 12, (after - 1) % 12 + 1, 1), on)
    return Span(begin, end) if begin < end else None


def _met(item: PlanItem, indicator: Indicator, figure: Figure) -> bool | None:
    """Whether the figure so far keeps to the target; none without a printed level."""
    try:
        level = Fraction(item.value)
    except ValueError:
        return None
    higher = {">=": True, ">": True, "<=": False, "<": False}.get(
        item.comparator, indicator.higher_is_better
    )
    return indicator.behaviour.met(figure, level, higher=higher)


def pace(item: PlanItem, on: date) -> Pace | None:
    """A task's share done beside the share of its time that is over; none without quantity or report."""
    if item.type != PlanItem.Type.TASK or not item.value or item.done is None:
        return None
    try:
        whole = Fraction(item.value)
    except ValueError:
        return None
    begin = date(item.plan.year, 1, 1)
    end = (item.deadline or date(item.plan.year, 12, 31)) + timedelta(days=1)
    days = max((end - begin).days, 1)
    elapsed = Fraction(min(max((on - begin).days, 0), days), days)
    return Pace(Fraction(item.done) / whole, elapsed) if whole else None
