"""Limits with dates (许可限值): which one held on a day, and whether one can be judged by.

A permit limits an outlet, whatever devices stand at it; a limit of the point itself goes before that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.entities.models import Entity, Outlet
from ecoledger.entities.validity import day_before, holds
from ecoledger.monitoring.files import quantities
from ecoledger.monitoring.models import Limit, Point
from ecoledger.monitoring.points import parameters

SCHEMA = {
    "point": pl.Int64,
    "parameter": pl.String,
    "basis": pl.String,
    "limit": pl.Float64,
    "lower_limit": pl.Float64,
    "limit_standard": pl.String,
    "judge_converted": pl.Boolean,
    "since": pl.Date,
    "until": pl.Date,
    "own": pl.Boolean,
}
FIELDS = (
    "parameter",
    "value",
    "lower",
    "unit",
    "basis",
    "standard",
    "converted",
    "since",
    "until",
)


def bounds(limit: Limit, unit: str) -> tuple[float | None, float | None]:
    """Upper and lower bound in the unit of the values; as they are where the units do not convert."""
    try:
        numerator, denominator = parameters.conversion(limit.unit or unit, unit)
    except parameters.UnitError:
        numerator, denominator = 1, 1
    upper, lower = (
        None if value is None else float(value * numerator / denominator)
        for value in (limit.value, limit.lower)
    )
    return upper, lower


def frame(points: Iterable[Point], units: dict[tuple[int, str], str]) -> pl.DataFrame:
    """Every limit of the points as a table with columns ``SCHEMA``, in the units of the stored values.

    ``units``: (point, parameter) -> unit. ``own``: of the point itself, not of its outlet.
    """
    at_entity: dict[int, list[int]] = {}
    for point in points:
        if point.entity_id is not None:
            at_entity.setdefault(point.entity_id, []).append(point.pk)
    rows = []
    for limit in Limit.objects.all():
        own = limit.point_id is not None
        numbers = [limit.point_id] if own else at_entity.get(limit.entity_id or 0, [])
        for number in numbers:
            unit = units.get((number or 0, limit.parameter))
            if unit is None:
                continue  # the point does not report it
            rows.append(
                (
                    number,
                    limit.parameter,
                    limit.basis,
                    *bounds(limit, unit),
                    limit.standard,
                    limit.converted,
                    limit.since,
                    limit.until,
                    own,
                )
            )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def on_days(limits: pl.DataFrame, asked: pl.DataFrame, basis: str) -> pl.DataFrame:
    """The limit of each ``point, parameter, day`` of ``asked`` for an hour's or a day's mean, where one held.

    Of several the point's own, then the one that began last.
    """
    held = (
        asked.join(limits.filter(pl.col("basis") == basis), on=["point", "parameter"])
        .filter(
            pl.col("since").is_null() | (pl.col("since") <= pl.col("day")),
            pl.col("until").is_null() | (pl.col("until") >= pl.col("day")),
        )
        .sort("own", "since", nulls_last=False)
    )
    return held.unique(["point", "parameter", "day"], keep="last", maintain_order=True).select(
        "point", "parameter", "day", "limit", "lower_limit", "limit_standard", "judge_converted"
    )


@dataclass(frozen=True)
class Step:
    """A limit as a chart draws it: the bounds that held from ``first`` to ``last``, in the chart's unit."""

    first: date
    last: date
    value: float | None
    lower: float | None
    standard: str


class PointLimits:
    """The limits of some points, read once, asked by the day."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._entity = {point.pk: point.entity_id for point in points}
        entities = {number for number in self._entity.values() if number is not None}
        self._rows: dict[tuple[str, int, str], list[Limit]] = {}
        for limit in Limit.objects.filter(
            Q(point_id__in=list(self._entity)) | Q(entity_id__in=list(entities))
        ):
            holder = ("point", limit.point_id) if limit.point_id else ("entity", limit.entity_id)
            self._rows.setdefault((holder[0], holder[1] or 0, limit.parameter), []).append(limit)

    def _of(self, point: int, parameter: str) -> list[Limit]:
        own = self._rows.get(("point", point, parameter), [])
        outlet = self._rows.get(("entity", self._entity.get(point) or 0, parameter), [])
        return [*outlet, *own]  # the later goes first

    def at(self, point: int, parameter: str, day: date, basis: str = "hour") -> Limit | None:
        """The limit that held on a day: for ``basis``, else for the other (a daily limit beside hours)."""
        rows = [row for row in self._of(point, parameter) if holds(row.since, row.until, day)]
        rows.sort(
            key=lambda row: (row.basis == basis, row.point_id is not None, row.since or date.min)
        )
        return rows[-1] if rows else None

    def converts(self, point: int, parameter: str) -> bool:
        """Whether any limit of the parameter is judged by the converted value."""
        return any(row.converted for row in self._of(point, parameter))

    def steps(
        self, point: int, parameter: str, begin: date, end: date, basis: str, unit: str
    ) -> list[Step]:
        """The limits from ``begin`` to ``end`` (excluded), one step for each stretch of days."""
        edges = {begin, end}
        for row in self._of(point, parameter):
            edges |= {row.since} if row.since else set()
            edges |= {row.until + timedelta(days=1)} if row.until else set()
        days = sorted(edge for edge in edges if begin <= edge <= end)
        steps = []
        for first, after in pairwise(days):
            limit = self.at(point, parameter, first, basis)
            if limit is not None:
                steps.append(Step(first, day_before(after), *bounds(limit, unit), limit.standard))
        return steps


def holder_of(point: Point) -> tuple[Entity | None, Point | None]:
    """Whose limit a limit entered at a point is: its outlet's where it stands at one, else its own."""
    if point.entity is not None and point.entity.kind == Outlet.KIND:
        return point.entity, None
    return None, point


def of_entity(entity: Entity) -> QuerySet[Limit]:
    """The limits of an outlet, past, present and to come."""
    return Limit.objects.filter(entity_id=entity.pk)


def of_outlet(outlet: Outlet, parameter: str, day: date) -> Limit | None:
    """The permit limit of an outlet for a factor, by its code or name, on a day: of an hour before that of a day."""
    code = code_of(parameter, kind_at(outlet))
    rows = [
        row for row in of_entity(outlet).filter(parameter=code) if holds(row.since, row.until, day)
    ]
    rows.sort(key=lambda row: (row.basis == Limit.Basis.HOUR, row.since or date.min))
    return rows[-1] if rows else None


def code_of(text: str, kind: str) -> str:
    """A factor by its code, or by its name as permits write it; as it is where no factor is called so."""
    return quantities.code_of(text, kind) or text.strip()


def faults(limit: Limit, kind: str) -> list[str]:
    """What keeps a limit of a point of ``kind`` from being judged by."""
    problems: list[str] = []
    try:
        known = parameters.parameter(limit.parameter, kind)
    except KeyError:
        return [_("没有因子编码“%(code)s”") % {"code": limit.parameter}]
    limit.unit = parameters.spelled(limit.unit) or known.unit
    try:
        parameters.conversion(limit.unit, known.unit)
    except parameters.UnitError:
        problems.append(
            _("单位“%(unit)s”与“%(usual)s”不能换算") % {"unit": limit.unit, "usual": known.unit}
        )
    if limit.value is None and limit.lower is None:
        problems.append(_("请填写限值或下限"))
    if limit.basis not in Limit.Basis.values:
        problems.append(_("填写限值时请选择按小时或按日判定"))
    if limit.value is not None and limit.lower is not None and limit.lower >= limit.value:
        problems.append(_("下限应小于限值"))
    if limit.converted and kind != Point.Kind.FLUE_GAS:
        problems.append(_("只有废气因子按折算值判定"))
    if limit.since and limit.until and limit.since > limit.until:
        problems.append(_("限值的止期应不早于起期"))
    return problems


def kind_at(entity: Entity) -> str:
    """The kind of points that stand at an outlet."""
    gas = Outlet.objects.filter(pk=entity.pk, medium=Outlet.Medium.GAS).exists()
    return Point.Kind.FLUE_GAS if gas else Point.Kind.WASTEWATER
