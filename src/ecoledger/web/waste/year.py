"""固废一年 (mechanisms S-5, S-14): the year's figures of waste, each opening its records, by town and by class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET

from ecoledger.entities.models import Area
from ecoledger.indicators import waste
from ecoledger.indicators.declaring import Span, figures, indicator_of
from ecoledger.indicators.figures import Figure
from ecoledger.listings import asked
from ecoledger.registers.waste.hazardous_waste import category_of, name_of
from ecoledger.standards.waste import hazardous_classes
from ecoledger.web.access import Request, needs

# Headings and the keys of what stands under each.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (noop("危险废物"), (
        "hazardous_produced", "hazardous_dealt_with", "hazardous_in_store", "hazardous_disposal_ratio",
        "waste_transfer.accepted", "waste_plan_due.filed_ratio", "overdue_storage.dealt_ratio",
        "waste_balance.differs",
    )),
    (noop("医疗废物"), (
        "medical_day.kilograms", "medical_handover.kilograms", "medical_disposal_ratio",
        "medical_institution.online_ratio", "medical_day_due.weighed_ratio", "medical_handover.manifests",
        "medical_alarm.settled_ratio",
    )),
    (noop("小微收集"), (
        "small_producer.signed", "small_producer.joined", "small_producer.joined_ratio",
        "small_producer.declared", "small_declaration.kilograms", "small_pickup.delivered",
    )),
    (noop("废铅蓄电池"), (
        "battery_site.sites", "battery_site.signed_ratio", "battery_collection.kilograms",
        "battery_collection.pieces",
    )),
    (noop("一般工业固废"), (
        "industrial_waste.produced", "centre_intake.tonnes", "sorting_centre.running",
        "collection_town_coverage", "collection_firm_coverage",
    )),
    (noop("关停化工企业"), (
        "closed_plant.closed", "clearance:material", "clearance:solid", "clearance:wastewater",
    )),
    (noop("核技术利用"), (
        "radiation_unit.units", "radiation_unit.licensed_ratio", "radiation_assessment_due.filed_ratio",
        "radiation_check.visits",
    )),
    (noop("疫情医废医水"), (
        "epidemic_weekly.covered_ratio", "epidemic_check.in_order_ratio", "epidemic_check.people",
        "epidemic_check.visits",
    )),
    (noop("处置能力"), ("disposal_capacity.capacity", "disposal_capacity.added", "disposal_coverage")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """Figures under one heading."""

    label: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A town or a class: its name and figures."""

    key: str
    name: str
    figures: tuple[Figure, ...]


_OF_A_PART = ("hazardous_produced", "hazardous_dealt_with", "hazardous_in_store",
              "hazardous_disposal_ratio")  # fmt: skip


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """The year's figures of the person's area."""
    now = timezone.localdate().year
    year = asked.number(request.GET.get("year", "")) or now
    year = year if 2010 <= year <= now else now
    area = request.user.own_area
    if not area:
        raise PermissionDenied(_("您的数据范围内没有行政区。"))
    span = Span(date(year, 1, 1), date(year + 1, 1, 1))
    context: dict[str, Any] = {
        "year": year,
        "years": [(n, str(n)) for n in range(now, now - 6, -1)],
        "groups": [_group(label, keys, area, span) for label, keys in GROUPS],
        "heads": [indicator_of(key).name for key in _OF_A_PART],
        "towns": _towns(area, span),
        "classes": _classes(area, span),
        "covered": [
            (row, f"{name_of(row.code)} {row.code}".strip())
            for row in waste.coverage(area, span).rows
        ],
    }
    return render(request, "web/waste/year.html", context)


def _group(label: str, keys: Iterable[str], area: str, span: Span) -> Group:
    wanted = [indicator_of(key) for key in keys]
    made = figures(wanted, area, span)
    return Group(label, tuple(made[indicator.key] for indicator in wanted))


def _read(of: waste.Hazardous) -> tuple[Figure, ...]:
    return tuple(indicator_of(key).read(of) for key in _OF_A_PART)


def _towns(area: str, span: Span) -> list[Row]:
    """The towns in which hazardous waste is produced or in store."""
    parts = waste.hazardous_by(
        area, span, lambda code, _waste: (code[: waste.TOWN], code[: waste.TOWN], "")
    )
    names = dict(Area.objects.filter(code__in=parts).values_list("code", "name"))
    return [Row(code, names.get(code, code), _read(of)) for code, of in sorted(parts.items())]


def _classes(area: str, span: Span) -> list[Row]:
    """The classes of which anything was written, the largest first."""
    names = hazardous_classes()
    parts = waste.hazardous_by(
        area, span, lambda _area, code: (category_of(code), area, category_of(code))
    )
    ordered = sorted(parts.items(), key=lambda pair: (-(pair[1].produced or 0), pair[0]))
    return [Row(key, f"{key} {names.get(key, '')}".strip(), _read(of)) for key, of in ordered]
