"""Automatic monitoring stations (监测站)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities.kinds import EntityKind, Findings, know
from ecoledger.entities.models import Station


def clean(station: Station, findings: Findings) -> None:
    """Only a water station stands at a section."""
    if station.section is not None and station.medium != Station.Medium.WATER:
        findings.wrong["section"] = _("只有地表水站才属于断面")


know(
    EntityKind(
        model=Station,
        label="监测站",
        letter="S",
        clean=clean,
        answers_with=("section", "section__river"),
    )
)
