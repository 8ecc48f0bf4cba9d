"""准入核查 (mechanism S-1): what stands against a planned use of land, by the parcels that lie in it.

- A change to 一住两公 needs a reviewed survey report of every parcel in it, and of all the land that is planned.
- What was found polluted needs a reviewed assessment that the risk is acceptable, or its removal from the list.
- A parcel on the list of control and restoration gets no planning permission for other works, and does not become
  一住两公 before it is removed.

The articles stand with the kinds of land in ``data/land.toml`` (mark M).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import shapely
from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.entities import shapes
from ecoledger.registers.soil import land, parcels, soil_reports
from ecoledger.registers.soil.parcels import ListEntry, Parcel
from ecoledger.registers.soil.soil_reports import SoilReport

CHANGE, PERMIT = "change", "permit"
_KIND, _CLEAR = SoilReport.Kind, SoilReport.Conclusion.CLEAR


@dataclass(frozen=True, slots=True)
class Met:
    """A parcel that the plan meets: how much of the plan lies in it and how much of it in the plan, percent; what
    stands against the plan there. Shares are ``None`` where the parcel has no boundary or the plan was not drawn."""

    parcel: Parcel
    of_plan: float | None
    of_parcel: float | None
    against: tuple[str, ...]

    def called(self, area_code: str) -> str:
        """Its name, where it lies in this division."""
        inside = self.parcel.area_code.startswith(area_code)
        return self.parcel.name if inside else _("辖区外的地块")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a plan meets. ``covered``: percent of the plan in parcels with a reviewed survey; ``None`` without a drawing.

    ``placed``: whether it says where it lies, by a drawing or a parcel; of one that does not nothing can be found.
    """

    met: tuple[Met, ...]
    covered: float | None
    against: tuple[str, ...]
    placed: bool = True

    @property
    def words(self) -> str:
        """Everything that stands against it, in one sentence; "" where nothing does."""
        return self.told("")

    def told(self, area_code: str) -> str:
        """:attr:`words` for who reads of this division alone: parcels of others have no name."""
        every = [f"“{met.called(area_code)}”{why}" for met in self.met for why in met.against]
        return "；".join([*every, *self.against])


def look(kind: str, use: str, geometry: dict[str, Any] | None, named: Parcel | None) -> Finding:
    """What stands against a plan of ``kind`` (a change of use, a planning permission) for the use ``use``.

    ``geometry``: the planned land as GeoJSON; ``named``: the parcel it is about, where it was not drawn.
    """
    sensitive = bool(land.use_of(use)["sensitive"])
    rules = land.rules()["gate"]
    if not geometry and named is None:
        return Finding((), None, (), placed=False)
    met: list[Met] = []
    surveyed = []
    for parcel, of_plan, of_parcel in _meeting(geometry, named, float(rules["least_share"])):
        met.append(Met(parcel, of_plan, of_parcel, tuple(_against(kind, sensitive, parcel))))
        if geometry and parcel.geometry and soil_reports.passed(parcel, _KIND.PRELIMINARY):
            surveyed.append(parcel.geometry)
    covered = _covered(geometry, surveyed) if geometry else None
    against = []
    if kind == CHANGE and sensitive:
        if not met:
            against.append(_("没有登记的地块，变更前须开展土壤污染状况调查"))
        elif covered is not None and covered < 100 * float(rules["covered"]):
            against.append(
                _("规划用地只有 %(covered).1f%% 在已评审调查报告的地块内，其余须补充调查")
                % {"covered": covered}
            )
    return Finding(tuple(met), covered, tuple(against))


def _meeting(
    geometry: dict[str, Any] | None, named: Parcel | None, least: float
) -> Iterable[tuple[Parcel, float | None, float | None]]:
    """The parcels a plan meets, those with most of it first; what only touches is drawing error."""
    if not geometry:
        return [(named, None, None)] if named is not None else []
    west, south, east, north = shapes.box(geometry)
    near = Parcel.objects.filter(
        Q(until=None), west__lte=east, east__gte=west, south__lte=north, north__gte=south
    ).exclude(geometry=None)
    result: list[tuple[Parcel, float | None, float | None]] = []
    for parcel in near:
        boundary: dict[str, Any] = parcel.geometry or {}
        common, of_plan = shapes.overlay(geometry, boundary)
        _same, of_parcel = shapes.overlay(boundary, geometry)
        if common is not None and max(of_plan, of_parcel) >= least:
            result.append((parcel, 100 * of_plan, 100 * of_parcel))
    result.sort(key=lambda parcel_shares: -(parcel_shares[1] or 0))
    if named is not None and named.pk not in [parcel.pk for parcel, *_shares in result]:
        result.append((named, None, None))
    return result


def _covered(plan: dict[str, Any], surveyed: list[dict[str, Any]]) -> float:
    """How much of a plan lies in surveyed parcels, percent."""
    if not surveyed:
        return 0.0
    whole = shapes.read(plan)
    inside = whole.intersection(shapely.union_all([shapes.read(survey) for survey in surveyed]))
    return 100 * inside.area / whole.area if whole.area else 0.0


def _against(kind: str, sensitive: bool, parcel: Parcel) -> Iterable[str]:
    listed = parcels.on_list(parcel, ListEntry.List.CONTROL)
    if listed and kind == PERMIT:
        yield _("在风险管控和修复名录中，移出前不得办理建设工程规划许可")
    if listed and kind == CHANGE and sensitive:
        yield _("在风险管控和修复名录中，移出前不得变更为住宅、公共管理与公共服务用地")
    if listed or not sensitive:
        return
    report = soil_reports.passed(parcel, _KIND.PRELIMINARY)
    if report is None:
        yield _("没有评审通过的土壤污染状况调查报告")
    elif report.conclusion != _CLEAR and not _made_safe(parcel):
        yield _("调查超过筛选值，还没有评审通过的可接受风险评估，也未移出名录")


def _made_safe(parcel: Parcel) -> bool:
    """Whether a later report of a polluted parcel says that it is none, that its risk is acceptable, or its aim met."""
    later = (soil_reports.passed(parcel, kind) for kind in (_KIND.DETAILED, _KIND.ASSESSMENT))
    if any(report is not None and report.conclusion == _CLEAR for report in later):
        return True
    left = ListEntry.objects.filter(parcel=parcel, list=ListEntry.List.CONTROL).exclude(until=None)
    return left.exists()
