"""Cells of the records page: each kind of value as the rest of the house shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ecoledger.indicators import doors
from ecoledger.indicators.records.declaring import Cell, Column, Row
from ecoledger.web.figures import records
from ecoledger.web.templatetags import show
from ecoledger.web.templatetags.figures import shown_part

register = template.Library()


@register.filter
def beside(row: Row, columns: Sequence[Column]) -> Iterable[tuple[Column, Cell]]:
    """Each cell with its column."""
    return zip(columns, row.cells, strict=True)


@register.filter
def month_of(row: Row) -> str:
    """The month a row begins with a day of, else nothing."""
    return records.month_of(row)


@register.simple_tag
def record_marks(row: Row) -> SafeString:
    """Attributes of a row."""
    marks = format_html_join("", ' data-{}="{}"', row.marks.items())
    counted = SafeString(" data-counted" if row.counted else "")
    total = SafeString(' class="sum"' if row.total else "")
    return format_html("{}{}{}", marks, counted, total)


@register.simple_tag
def record_mark(cell: Cell) -> SafeString | str:
    """The attribute of a cell that programs read its value from."""
    if not cell.mark:
        return ""
    value = cell.note or ("" if cell.value is None else cell.value)
    return format_html('data-{}="{}"', cell.mark, value)


@register.simple_tag
def record_cell(cell: Cell | str) -> SafeString | str:
    """What stands in a cell, with the door to what is behind it."""
    if isinstance(cell, str):
        return conditional_escape(gettext(cell))
    shown: SafeString | str = _shown(cell)
    if cell.opens is not None:
        shown = format_html('<a href="{}">{}</a>', doors.address(cell.opens), shown)
    if cell.note and cell.kind == "text":
        shown = format_html('{} <span class="quiet small">{}</span>', shown, cell.note)
    return shown


def _shown(cell: Cell) -> Any:
    value = cell.value
    match cell.kind:
        case "number":
            return show.reading(value, cell.decimals)
        case "day":
            return f"{value:%Y-%m-%d}"
        case "moment":
            return "—" if value is None else show.cst(value, "full")
        case "aqi":
            return show.aqi_chip(value)
        case "water":
            return "—" if value is None and not cell.mark else show.water_chip(value)
        case "level":
            return show.level_chip(value, cell.note)
        case "tick":
            return "✓" if value else ""
        case "figure":
            return shown_part(value)
        case _:
            return conditional_escape(str(value))
