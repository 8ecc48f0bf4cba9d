"""The data of a point as a table: measured beside converted, what exceeds its limit marked; the same as a file.

Each value is judged by the limit of its own day, as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.listings.workbook import Head
from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.monitoring.points.limits import PointLimits, Step
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.export import download
from ecoledger.web.monitoring import readings
from ecoledger.web.templatetags.show import flag_name

SHOWN = 48


@dataclass(frozen=True)
class Column:
    """One parameter of the table; ``converts``: its limit is judged by the converted value."""

    parameter: PointParameter
    label: str
    converts: bool
    steps: tuple[Step, ...]

    @property
    def unit(self) -> str:
        return self.parameter.unit

    def bounds(self, day: date) -> tuple[float | None, float | None]:
        """Upper and lower limit of a day."""
        step = next((s for s in self.steps if s.first <= day <= s.last), None)
        return (step.value, step.lower) if step else (None, None)


@dataclass(frozen=True)
class Cell:
    """One value with what is said of it."""

    column: Column
    row: dict[str, Any]

    @property
    def over(self) -> bool:
        """Whether it exceeds the limit of its day; what is flagged invalid exceeds nothing."""
        value = self.row["converted"] if self.column.converts else self.row["value"]
        if value is None or self.row["flag"] not in (None, "", "N"):
            return False
        upper, lower = self.column.bounds(self.row["start"].date())
        return (upper is not None and value > upper) or (lower is not None and value < lower)


@dataclass(frozen=True)
class Table:
    """Rows of (period start, cells in the order of ``columns``), the newest first."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[datetime, tuple[Cell | None, ...]], ...]
    more: int = 0


def table_of(
    point: Point,
    scale: str,
    begin: datetime,
    end: datetime,
    codes: Sequence[str],
    most: int = SHOWN,
) -> Table:
    """The table of ``codes`` (all when empty) from ``begin`` to ``end`` (excluded); ``most`` newest rows, 0 for all."""
    declared = [p for p in readings.declared(point) if not codes or p.code in codes]
    held = PointLimits([point])
    basis = "day" if scale in ("day", "month") else "hour"
    columns = tuple(
        Column(
            p,
            readings.label(p.code, point),
            held.converts(point.pk, p.code),
            tuple(held.steps(point.pk, p.code, begin.date(), end.date(), basis, p.unit)),
        )
        for p in declared
    )
    values: dict[datetime, dict[str, Any]] = {}
    rows = readings.series(point, [p.code for p in declared], scale, begin, end)
    for row in rows.iter_rows(named=True):
        values.setdefault(row["start"], {})[row["parameter"]] = row
    newest = sorted(values, reverse=True)
    shown = newest[:most] if most else newest
    told = tuple((start, tuple(_cell(c, values[start]) for c in columns)) for start in shown)
    return Table(columns, told, len(newest) - len(shown))


def _cell(column: Column, rows: dict[str, dict[str, Any]]) -> Cell | None:
    row = rows.get(column.parameter.code)
    return None if row is None else Cell(column, row)


@needs("see_monitoring")
def export(request: Request, pk: int) -> HttpResponse:
    """The whole period of the page as a file: values, converted values, flags, and what exceeds."""
    from ecoledger.web.monitoring.station import span_of  # the page this is the file of

    points = scoped.points(request.user) | scoped.area_points(request.user)
    point = get_object_or_404(points.distinct(), pk=pk)
    scale = request.GET.get("scale", "hour")
    if scale not in readings.SCALES:
        scale = "hour"
    begin, end = span_of(request.GET, scale)
    chosen = [code for code in request.GET.getlist("parameter") if code]
    table = table_of(point, scale, begin, end, chosen, most=0)
    heads = [Head(_("时段起点"), "datetime")]
    for column in table.columns:
        name = f"{_(column.label)} {column.unit}".strip()
        heads.append(Head(name, "number"))
        if column.converts:
            heads.append(Head(f"{name}{_('（%s）') % _('折算')}", "number"))
        heads.append(Head(f"{_(column.label)} {_('标记')}", width=12))
    rows = (
        [
            timezone.make_aware(start),
            *(cell for c, one in zip(table.columns, cells, strict=True) for cell in _cells(c, one)),
        ]
        for start, cells in table.rows
    )
    title = _("%(point)s %(begin)s 至 %(end)s 数据（时间为时段起点）") % {
        "point": point.name,
        "begin": f"{begin:%Y-%m-%d}",
        "end": f"{end:%Y-%m-%d}",
    }
    return download(request, "stations", title, heads, rows, len(table.rows))


def _cells(column: Column, cell: Cell | None) -> list[Any]:
    if cell is None:
        return [None, None, ""] if column.converts else [None, ""]
    marks = []
    if cell.row["flag"] not in (None, "", "N"):
        marks.append(str(flag_name(cell.row["flag"])))
    if cell.over:
        marks.append(_("超标"))
    if cell.row.get("valid") is False:
        marks.append(_("有效数据不足"))
    if cell.row.get("text"):
        marks.append(str(cell.row["text"]))
    decimals = column.parameter.decimals + 2
    numbers = [_rounded(cell.row["value"], decimals)]
    if column.converts:
        numbers.append(_rounded(cell.row["converted"], decimals))
    return [*numbers, _("，").join(marks)]


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
