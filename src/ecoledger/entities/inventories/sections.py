"""Monitored cross-sections of rivers (断面)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities.kinds import EntityKind, Findings, know
from ecoledger.entities.models import Area, Section


def clean(section: Section, findings: Findings) -> None:
    """Lies on its river; the places above and below it are on record."""
    if not 1 <= section.target_class <= 5:
        findings.wrong["target_class"] = _("水质目标应为 1 至 5 类")
    if section.chainage_km is not None and section.chainage_km < 0:
        findings.wrong["chainage_km"] = _("距河源的距离不能为负")
    length = section.river.length_km if section.river_id else None
    if length is not None and section.chainage_km is not None and section.chainage_km > length:
        findings.odd.append(_("距河源的距离超过河长 %(km)s km，请核对") % {"km": length})
    for name in ("upstream_area_code", "downstream_area_code"):
        code = getattr(section, name)
        if code and not Area.objects.filter(code=code).exists():
            findings.wrong[name] = _("没有行政区划“%(code)s”") % {"code": code}


know(
    EntityKind(
        model=Section,
        label="断面",
        letter="X",
        clean=clean,
        answers_with=("river",),
    )
)
