"""A bulletin as an Excel file: text, one sheet a table, a native chart, and every figure with its parts."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import xlsxwriter

from ecoledger.indicators.figures import Change, Figure, plain
from ecoledger.reports.content import Bulletin, DayChart, Part, Statement, Subheading, Table
from ecoledger.standards import aqi

SOURCES = "数字来源"
_HEADER = (
    "序号",
    "指标",
    "数值",
    "未修约值",
    "单位",
    "分子（本期）",
    "分母（上年同期）",
    "依据",
    "缺失原因",
    "记录类别",
    "记录条件",
)


def render(bulletin: Bulletin) -> bytes:
    """The .xlsx of ``bulletin``."""
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        styles = {
            "title": book.add_format({"bold": True, "font_size": 16, "align": "center"}),
            "heading": book.add_format({"bold": True, "font_size": 12}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "note": book.add_format({"text_wrap": True, "valign": "top", "font_color": "#5A6570"}),
            "head": book.add_format(
                {
                    "bold": True,
                    "border": 1,
                    "align": "center",
                    "valign": "vcenter",
                    "text_wrap": True,
                    "bg_color": "#E8F1EF",
                }
            ),
            "cell": book.add_format(
                {"border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
            ),
        }
        _text(book, bulletin, styles)
        for section in bulletin.sections:
            for block in section.blocks:
                if isinstance(block, Table) and block.rows:
                    _table(book, block, styles)
                elif isinstance(block, DayChart):
                    _chart(book, block, styles)
        _sources(book, bulletin, styles)
    return buffer.getvalue()


def _text(book: Any, bulletin: Bulletin, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet("正文")
    sheet.set_column(0, 0, 110)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    lines: list[tuple[str, str]] = [
        (bulletin.title.replace("\n", ""), "title"),
        (bulletin.number, "text"),
    ]
    for section in bulletin.sections:
        lines.append((section.heading, "heading"))
        for block in section.blocks:
            match block:
                case Subheading(text):
                    lines.append((text, "text"))
                case Statement():
                    lines.append((str(block), "note" if block.note else "text"))
                case Table(rows=()):
                    lines.append((block.empty or block.note, "text"))
                case Table() | DayChart():
                    lines.append((f"见工作表“{sheet_name(block.title)}”。", "note"))
    lines.append((f"评价依据：{'；'.join(bulletin.standards)}。", "note"))
    for row, (text, style) in enumerate(lines):
        sheet.write_string(row, 0, text, styles[style])


def _table(book: Any, table: Table, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(sheet_name(table.title))
    sheet.write(0, 0, table.title, styles["heading"])
    for column, name in enumerate(table.header):
        sheet.write(1, column, name, styles["head"])
        longest = max([len(name), *(len(str(row[column])) for row in table.rows)])
        sheet.set_column(column, column, min(max(longest * 1.9, 9), 40))
    for number, row in enumerate(table.rows, 2):
        for column, cell in enumerate(row):
            _cell(sheet, number, column, cell, styles["cell"])
    if table.note:
        sheet.write(len(table.rows) + 2, 0, f"注：{table.note}")
    sheet.freeze_panes(2, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(1)


def _cell(sheet: Any, row: int, column: int, cell: Part, style: Any) -> None:
    """A figure printed without unit goes in as a number, so that a reader can compute with it."""
    text = str(cell)
    if isinstance(cell, Figure) and cell.value is not None:
        try:
            sheet.write_number(row, column, float(text), style)
            return
        except ValueError:
            pass
    sheet.write_string(row, column, text, style)


def _chart(book: Any, chart: DayChart, styles: dict[str, Any]) -> None:
    name = sheet_name(chart.title)
    sheet = book.add_worksheet(name)
    for column, title in enumerate(("日期", "AQI", chart.line_label)):
        sheet.write(0, column, title, styles["head"])
    points: list[dict[str, Any] | None] = []
    for row, (day, index, value) in enumerate(
        zip(chart.days, chart.index, chart.line, strict=True), 1
    ):
        sheet.write(row, 0, f"{day.month}-{day.day}")
        points.append(None)
        if index is not None:
            sheet.write_number(row, 1, index)
            points[-1] = {"fill": {"color": aqi.level_of(index).hex}}
        if value is not None:
            sheet.write_number(row, 2, value)
    last = len(chart.days)
    bars = book.add_chart({"type": "column"})
    bars.add_series(
        {
            "name": [name, 0, 1],
            "categories": [name, 1, 0, last, 0],
            "values": [name, 1, 1, last, 1],
            "points": points,
        }
    )
    line = book.add_chart({"type": "line"})
    line.add_series(
        {
            "name": [name, 0, 2],
            "categories": [name, 1, 0, last, 0],
            "values": [name, 1, 2, last, 2],
            "y2_axis": True,
            "line": {"color": "#1F4E79", "width": 1.75},
        }
    )
    bars.combine(line)
    bars.set_title({"name": chart.title})
    bars.set_y_axis({"name": "AQI"})
    line.set_y2_axis({"name": chart.line_label})
    bars.set_legend({"position": "bottom"})
    sheet.insert_chart(1, 4, bars, {"x_scale": 1.8, "y_scale": 1.2})


def _sources(book: Any, bulletin: Bulletin, styles: dict[str, Any]) -> None:
    """Every figure and every change in the order of reading, with what it was made from."""
    sheet = book.add_worksheet(SOURCES)
    for column, name in enumerate(_HEADER):
        sheet.write(0, column, name, styles["head"])
    for column, width in enumerate((6, 40, 16, 20, 10, 14, 14, 34, 18, 16, 60)):
        sheet.set_column(column, column, width)
    made = [part for part in bulletin.parts() if not isinstance(part, str)]
    for row, part in enumerate(made, 1):
        values = _of_change(part) if isinstance(part, Change) else _of_figure(part)
        for column, value in enumerate((row, *values)):
            if isinstance(value, int | float):
                sheet.write_number(row, column, value)
            elif value:
                sheet.write_string(row, column, value)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(made), 1), len(_HEADER) - 1)


def _of_figure(figure: Figure) -> tuple[str | float | None, ...]:
    query = "; ".join(f"{k}={v}" for k, v in figure.records.query.items())
    return (
        figure.label,
        figure.display,
        None if figure.value is None else float(figure.value),
        figure.unit,
        None if figure.numerator is None else plain(figure.numerator),
        None if figure.denominator is None else plain(figure.denominator),
        figure.standard,
        figure.missing,
        figure.records.kind,
        query,
    )


def _of_change(change: Change) -> tuple[str | float | None, ...]:
    both = (change.now.value, change.before.value)
    standards = dict.fromkeys(s for s in (change.now.standard, change.before.standard) if s)
    return (
        change.label if change.word else f"{change.label}同比",
        change.display,
        None if change.difference is None else float(change.difference),
        change.unit,
        *(None if value is None else float(value) for value in both),
        " → ".join(reversed(standards)),
        change.now.missing or change.before.missing,
        "change",
        "由上列本期与上年同期未修约值相减",
    )


def sheet_name(caption: str) -> str:
    """A caption as the name of a sheet, without what Excel does not allow there."""
    return "".join(c for c in caption if c not in "[]:*?/\\ ")[:31]
