"""Discharge outlets of enterprises (排放口)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities.kinds import EntityKind, Findings, know
from ecoledger.entities.models import Enterprise, Outlet
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


know(
    EntityKind(
        model=Outlet,
        label="排放口",
        parents=(Enterprise,),
        clean=clean,
        number=code_of,
    )
)
