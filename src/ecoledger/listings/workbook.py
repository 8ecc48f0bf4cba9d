"""A list as .xlsx: one sheet with title, headings and rows, every cell of its own kind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils import timezone

EXPORT_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Head:
    """One column: its heading, what its cells are, and its width in characters (0: by its kind).

    ``kind``: text, number, percent (a share of one), date, datetime. Codes are text: as a number an MN
    or a credit code would lose its last digits.
    """

    label: str
    kind: str = "text"
    width: int = 0


_WIDTHS = {"datetime": 17, "date": 12, "number": 9, "percent": 9}
_FORMATS = {
    "date": {"num_format": "yyyy-mm-dd"},
    "datetime": {"num_format": "yyyy-mm-dd hh:mm"},
    "percent": {"num_format": "0.0%"},
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook. Its rows are read once."""

    title: str
    heads: Sequence[Head]
    rows: Iterable[Sequence[Any]]
    footer: str = ""


def workbook(
    heads: Sequence[Head],
    rows: Iterable[Sequence[Any]],
    *,
    title: str,
    footer: str = "",
    further: Iterable[Sheet] = (),
) -> bytes:
    """``rows`` under ``heads``: texts as text, never as formulas or links; times in the local zone.

    ``further`` sheets follow in their order.

    A cell that is not of its column's kind ("—", ">500") is written as the text it is; ``None`` is empty.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        _write(path, [Sheet(title, heads, rows, footer), *further])
        return path.read_bytes()


def _write(path: Path, sheets: Iterable[Sheet]) -> None:
    # Row by row to disk: a hundred thousand of them would not fit the memory of a small server.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        heading = book.add_format({"bold": True, "align": "center", "font_size": 14})
        head = book.add_format(
            {"bold": True, "border": 1, "text_wrap": True, "align": "center", "bg_color": "#E8F1EF"}
        )
        plain = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
        formats = {
            kind: book.add_format({"border": 1, "valign": "top", **form})
            for kind, form in _FORMATS.items()
        }
        for content in sheets:
            sheet = book.add_worksheet(sheet_name(content.title))
            for n, column in enumerate(content.heads):
                sheet.set_column(n, n, column.width or _WIDTHS.get(column.kind, 16 if n else 20))
            if len(content.heads) > 1:
                sheet.merge_range(0, 0, 0, len(content.heads) - 1, content.title, heading)
            else:
                sheet.write_string(0, 0, content.title, heading)
            for n, column in enumerate(content.heads):
                sheet.write_string(1, n, column.label, head)
            last = 1
            for last, row in enumerate(content.rows, start=2):
                for n, (column, value) in enumerate(zip(content.heads, row, strict=True)):
                    if column.kind in ("date", "datetime") and isinstance(value, date):
                        sheet.write_datetime(last, n, _local(value), formats[column.kind])
                    elif column.kind in ("number", "percent") and _finite(value):
                        sheet.write_number(last, n, value, formats.get(column.kind, plain))
                    else:
                        sheet.write_string(last, n, "" if value is None else str(value), plain)
            sheet.freeze_panes(2, 1)
            sheet.autofilter(1, 0, max(last, 1), len(content.heads) - 1)
            if content.footer:
                sheet.write_string(last + 2, 0, content.footer)
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(1)


def _local(value: date | datetime) -> date | datetime:
    """As a clock on the wall here shows it: a spreadsheet knows no zones, and rounds parts of a second to another minute."""
    if isinstance(value, datetime):
        here = timezone.localtime(value) if timezone.is_aware(value) else value
        return here.replace(tzinfo=None, microsecond=0)
    return value


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def sheet_name(title: str) -> str:
    return "".join(c for c in title if c not in "[]:*?/\\")[:31] or "Sheet1"
