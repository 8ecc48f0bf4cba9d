"""行业整治“回头看” (mechanism A8): every firm of a trade looked at again, its problems listed and closed.

Which firms a trade has is proposed by what is known of them (``data/trades.toml``) and confirmed by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.campaign import Campaign
from ecoledger.books.models import DriveTask
from ecoledger.entities.models import Enterprise, Facility
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.matters import actions
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem


def _marks(key: str) -> dict[str, Any]:
    """By what a trade's firms are known: words, trade codes, production facilities of the permit; and from what size on."""
    rows: dict[str, Any] = own_data.read(__package__, "trades")[key]
    return rows


def _named(words: list[str]) -> Q:
    """Facilities by words of their name or process."""
    named = Q()
    for word in words:
        named |= Q(name__contains=word) | Q(process__contains=word)
    return named


def _sizes(scale: dict[str, Any]) -> QuerySet[Any, Any]:
    """``parent, use, count`` of the firms of which either is entered."""
    rows = Facility.objects.filter(_named(scale["facilities"]), role=Facility.Role.PRODUCTION)
    return (
        rows.exclude(yearly_use=None, machines=None)
        .values("parent")
        .annotate(use=Coalesce(Sum("yearly_use"), 0.0), count=Coalesce(Sum("machines"), 0))
    )


def _too_small(scale: dict[str, Any]) -> QuerySet[Any, Any]:
    """The firms whose entered size is below what a trade's campaign begins with."""
    return _sizes(scale).filter(use__lt=scale["yearly_use"], count__lt=scale["machines"])


def firms_of(key: str) -> Callable[[], QuerySet[Any]]:
    """The firms of a trade: by their own words, by their trade code, by a production facility of their permit; less those
    known to be too small for it."""

    def firms() -> QuerySet[Any]:
        marks = _marks(key)
        trade = Q()
        for word in marks["words"]:
            trade |= Q(industry__contains=word)
        for code in marks["codes"]:
            trade |= Q(industry_code__startswith=code)
        if lines := _named(marks["facilities"]):
            facilities = Facility.objects.filter(lines, role=Facility.Role.PRODUCTION)
            trade |= Q(pk__in=facilities.values("parent_id"))
        found = Enterprise.objects.filter(trade)
        if scale := marks.get("scale"):
            found = found.exclude(pk__in=_too_small(scale).values("parent"))
        return found

    return firms


def grounds_of(key: str) -> Callable[[Enterprise], str]:
    """Why a firm counts to a trade, in words."""

    def grounds(firm: Enterprise) -> str:
        marks = _marks(key)
        why = []
        if any(word in firm.industry for word in marks["words"]):
            why.append(_("行业：%s") % firm.industry)
        if firm.industry_code and any(firm.industry_code.startswith(c) for c in marks["codes"]):
            why.append(_("行业代码：%s") % firm.industry_code)
        facilities = Facility.objects.filter(parent=firm, role=Facility.Role.PRODUCTION)
        said = [
            facility.name
            for facility in facilities
            if any(w in facility.name or w in facility.process for w in marks["facilities"])
        ]
        if said:
            why.append(_("许可设施：%s") % "、".join(said[:3]))
        if (scale := marks.get("scale")) and (
            size := _sizes(scale).filter(parent=firm).order_by("parent").first()
        ):
            why.append(
                _("规模：年用量 %(use)g 吨、设备 %(count)d 台")
                % {"use": size["use"], "count": size["count"]}
            )
        return "；".join(why)

    return grounds


def as_problem(task: DriveTask, label: str, by: Person, at: datetime) -> Any:
    """A clause that failed, in the one ledger of problems."""
    return actions.open_matter(
        PROBLEMS,
        {
            "title": f"{task.entity}：{label}",
            "area_code": task.area_code,
            "entity": task.entity,
            "origin_kind": Problem.Origin.SELF,
            "category": Problem.Category.AIR,
            "source_batch": task.drive.name[:40],
        },
        by=by,
        at=at,
    )


def trade(key: str, name: str) -> Campaign:
    """The campaign that looks at a trade again."""
    return declare(Campaign(
        key=key, label=f"{name}行业回头看", line="air", objects=firms_of(key), grounds=grounds_of(key),
        finding=as_problem,
        columns=("name", "state", "begin", "end", "area_code", "checklist"), filters=("state",),
        fields=("name", "area_code", "begin", "end", "checklist", "basis"), search=("name",),
        lead="name", yearly_cap=3, edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF}),
        empty="还没有这个行业的专项行动。登记一次行动并选取对象后会出现在这里。",
    ))  # fmt: skip


COATING = trade("coating", "喷涂")
BEARINGS = trade("bearings", "轴承")
HEAT_TREATMENT = trade("heat_treatment", "热处理")
CAR_REPAIR = trade("car_repair", "汽修")
