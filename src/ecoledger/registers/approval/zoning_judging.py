"""准入研判 (mechanism P5): a project's place laid over the units of the edition in force, its trade held against the clauses.

All levels are compared, the whole's, the class's and the unit's. A clause that forbids the trade ends in 不符合; one that
limits or asks ends in 有条件; one that names no trade and no word speaks to every project and is put before a person
(需人工判断) where it forbids. What speaks of another trade is 不涉及. The overall is the worst of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.entities import shapes
from ecoledger.registers.approval.zoning import (
    ControlUnit,
    UnitClass,
    ZoningClause,
    ZoningVersion,
    version_on,
)

# So much of a project must lie in a unit that it counts: digitised borders seldom meet exactly.
LEAST_SHARE = 0.001


class Verdict(models.TextChoices):
    """How a project stands to a clause; in the order of gravity."""

    FORBID = "forbid", "不符合"
    MANUAL = "manual", "需人工判断"
    CONDITION = "condition", "有条件"
    PASS = "pass", "符合"
    NONE = "none", "不涉及"


GRAVITY = {verdict.value: n for n, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class Overlap:
    """A unit that the project lies in, and the share of the project in it (1 for a point)."""

    unit: ControlUnit
    share: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A clause held against the project: what of the project it met, and how it stands."""

    clause: ZoningClause
    where: str
    value: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """The whole: edition, units, clauses and the worst verdict."""

    version: ZoningVersion | None
    overlaps: Sequence[Overlap]
    hits: Sequence[Hit]
    verdict: Verdict
    why: str = ""


def overlaps(geometry: shapes.GeoJSON, version: ZoningVersion) -> list[Overlap]:
    """The units of an edition in which a geometry lies, the larger share first. Raises ``ShapeError``."""
    west, south, east, north = shapes.box(geometry)
    near = ControlUnit.objects.filter(
        version=version, west__lte=east, east__gte=west, south__lte=north, north__gte=south
    )
    hits = []
    for unit in near.order_by("layer", "unit_code"):
        if not unit.geometry:
            continue
        common, share = shapes.overlay(geometry, unit.geometry)
        if common is not None and share >= LEAST_SHARE:
            hits.append(Overlap(unit, share))
    return sorted(hits, key=lambda hit: (hit.unit.layer != "whole", -hit.share))


def judge(
    geometry: shapes.GeoJSON, industry_code: str, content: str, *, on: date | None = None
) -> Judgement:
    """How a project of that trade and ``content`` (name, products, processes) stands at a place on a day."""
    version = version_on(on)
    if version is None:
        return Judgement(None, (), (), Verdict.MANUAL, _("没有在用的分区管控方案"))
    found = overlaps(geometry, version)
    if not any(place.unit.layer == ControlUnit.Layer.WHOLE for place in found):
        return Judgement(version, found, (), Verdict.MANUAL, _("项目位置没有落入任何环境管控单元"))
    hits = [
        held(clause, where, industry_code, content) for clause, where in _applicable(version, found)
    ]
    worst = min((hit.verdict for hit in hits), key=lambda v: GRAVITY[v.value], default=Verdict.PASS)
    return Judgement(version, found, hits, Verdict.PASS if worst is Verdict.NONE else worst)


def _applicable(
    version: ZoningVersion, found: Sequence[Overlap]
) -> Iterable[tuple[ZoningClause, str]]:
    """The clauses of all levels that speak to the units, general ones first."""
    classes = {
        place.unit.unit_class for place in found if place.unit.layer == ControlUnit.Layer.WHOLE
    }
    units = {place.unit.unit_code: place.unit for place in found}
    whole = (ZoningClause.Level.PROVINCE, ZoningClause.Level.CITY, ZoningClause.Level.COUNTY)
    rows = ZoningClause.objects.filter(
        Q(level__in=whole)
        | Q(level=ZoningClause.Level.CLASS, unit_class__in=classes)
        | Q(level=ZoningClause.Level.UNIT, unit_code__in=list(units)),
        version=version,
    )
    order = {level.value: n for n, level in enumerate(ZoningClause.Level)}
    for clause in sorted(rows, key=lambda c: (order[c.level], c.unit_code, c.number)):
        if clause.level == ZoningClause.Level.UNIT:
            yield clause, f"{clause.unit_code} {units[clause.unit_code].name}"
        elif clause.level == ZoningClause.Level.CLASS:
            yield clause, str(UnitClass(clause.unit_class).label)
        else:
            yield clause, str(clause.get_level_display())


def held(clause: ZoningClause, where: str, industry_code: str, content: str) -> Hit:
    """One clause against one project."""
    trades = [code for code in clause.trades if industry_code and industry_code.startswith(code)]
    words = [word for word in clause.spellings if word in content]
    general = not clause.trades and not clause.spellings
    if general:
        verdict = (
            Verdict.MANUAL if clause.effect == ZoningClause.Effect.FORBID else Verdict.CONDITION
        )
        return Hit(clause, where, "", verdict)
    if not trades and not words:
        # Without a trade nothing can be said of a clause that goes by trades alone.
        unknown = clause.trades and not clause.spellings and not industry_code
        return Hit(clause, where, "", Verdict.MANUAL if unknown else Verdict.NONE)
    value = "、".join([*(_("行业 %s") % industry_code for _one in trades[:1]), *words])
    forbids = clause.effect == ZoningClause.Effect.FORBID
    return Hit(clause, where, value, Verdict.FORBID if forbids else Verdict.CONDITION)
