"""A bulletin as an Excel file: text, one sheet a table, a native chart, and every figure with its parts."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import xlsxwriter

from ecoledger.indicators.figures import Figure, plain
from ecoledger.reports.content import Bulletin, DayChart, Part, Statement, Table


def render(bulletin: Bulletin) -> bytes:
    """The .xlsx of ``bulletin``."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        styles = {
            "title": book.add_format({"bold": True, "font_size": 16, "align": "center"}),
            "heading": book.add_format({"bold": True, "font_size": 12}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "head": book.add_format(
                {"bold": True, "border": 1, "align": "center", "bg_color": "#EEF3F8"}
            ),
            "cell": book.add_format({"border": 1, "align": "center"}),
        }
        _text(book, bulletin, styles)
        for section in bulletin.sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    _table(book, block, styles)
                elif isinstance(block, DayChart) and block.days:
                    _chart(book, block, styles)
        _figures(book, bulletin, styles)
    return buffer.getvalue()


def _text(book: Any, bulletin: Bulletin, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet("正文")
    sheet.set_column(0, 0, 110)
    sheet.write(0, 0, bulletin.title.replace("\n", ""), styles["title"])
    sheet.write(1, 0, bulletin.number)
    row = 3
    for section in bulletin.sections:
        sheet.write(row, 0, section.heading, styles["heading"])
        row += 1
        for block in section.blocks:
            if isinstance(block, Statement):
                sheet.write(row, 0, str(block), styles["text"])
                row += 1
    sheet.write(row + 1, 0, f"评价依据：{'；'.join(bulletin.standards)}", styles["text"])


def _table(book: Any, table: Table, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(_sheet_name(table.caption))
    sheet.write(0, 0, table.caption, styles["heading"])
    for column, name in enumerate(table.header):
        sheet.write(1, column, name, styles["head"])
        sheet.set_column(column, column, 16 if column else 20)
    for number, row in enumerate(table.rows, 2):
        for column, cell in enumerate(row):
            _cell(sheet, number, column, cell, styles["cell"])
    if table.note:
        sheet.write(len(table.rows) + 2, 0, f"注：{table.note}")
    sheet.freeze_panes(2, 1)


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
    name = _sheet_name(chart.caption)
    sheet = book.add_worksheet(name)
    for column, title in enumerate(("日期", "AQI", chart.line_label)):
        sheet.write(0, column, title, styles["head"])
    for row, (day, index, value) in enumerate(
        zip(chart.days, chart.index, chart.line, strict=True), 1
    ):
        sheet.write(row, 0, f"{day.month}-{day.day}")
        if index is not None:
            sheet.write_number(row, 1, index)
        if value is not None:
            sheet.write_number(row, 2, value)
    last = len(chart.days)
    bars = book.add_chart({"type": "column"})
    bars.add_series(
        {"name": [name, 0, 1], "categories": [name, 1, 0, last, 0], "values": [name, 1, 1, last, 1]}
    )
    line = book.add_chart({"type": "line"})
    line.add_series(
        {
            "name": [name, 0, 2],
            "categories": [name, 1, 0, last, 0],
            "values": [name, 1, 2, last, 2],
            "y2_axis": True,
        }
    )
    bars.combine(line)
    bars.set_title({"name": chart.caption})
    sheet.insert_chart(1, 4, bars, {"x_scale": 1.6})


def _figures(book: Any, bulletin: Bulletin, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet("数字来源")
    header = ("指标", "数值", "未修约值", "分子", "分母", "依据", "记录类别", "记录条件")
    for column, name in enumerate(header):
        sheet.write(0, column, name, styles["head"])
    sheet.set_column(0, 7, 22)
    for row, figure in enumerate(bulletin.figures(), 1):
        query = "; ".join(f"{k}={v}" for k, v in figure.records.query.items())
        values = (
            figure.label,
            figure.display,
            None if figure.value is None else float(figure.value),
            None if figure.numerator is None else plain(figure.numerator),
            None if figure.denominator is None else plain(figure.denominator),
            figure.standard,
            figure.records.kind,
            query,
        )
        for column, value in enumerate(values):
            if value is not None:
                sheet.write(row, column, value)


def _sheet_name(caption: str) -> str:
    return caption.replace(" ", "")[:31]
