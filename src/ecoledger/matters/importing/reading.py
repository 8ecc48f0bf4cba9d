"""A file as one table of cells: .xlsx, .xls and other sheets Excel or WPS write, and CSV in UTF-8 or GBK."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.listings.refusals import Refused
from ecoledger.listings.tables import cells
from ecoledger.listings.tables.confined import Refusal, read_confined

MOST_ROWS = 5000
MOST_BYTES = 20 * 1024 * 1024
HEADER_WITHIN = 12  # rows from the top

Cell = Any


@dataclass(frozen=True)
class Table:
    """A sheet as rows of cells, merged cells filled in."""

    name: str
    rows: list[list[Cell]]


def read(name: str, content: bytes) -> Table:
    """The first sheet with content. Raises :class:`Refused` for what is no table."""
    if not content:
        raise Refused("file", _("文件是空的。"), _("请选择有内容的表格。"))
    check_size(len(content))
    if name.lower().endswith((".csv", ".txt")):
        table = Table("", _read_csv(content))
    else:
        table = _read_workbook(content)
    if len(table.rows) > MOST_ROWS + HEADER_WITHIN:
        raise Refused(
            "file",
            _("表格有 %(rows)d 行，一次最多导入 %(most)d 行。")
            % {"rows": len(table.rows), "most": MOST_ROWS},
            _("请分成几个文件导入。"),
        )
    return table


def check_size(size: int) -> None:
    """Raises :class:`Refused` for a file too large; to be asked before it is read into memory."""
    if size > MOST_BYTES:
        raise Refused(
            "file", _("文件超过 %d MB。") % (MOST_BYTES // 2**20), _("请分成几个文件导入。")
        )


def _read_csv(content: bytes) -> list[list[Cell]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""))]
    raise Refused(
        "file", _("无法识别文件的文字编码。"), _("请另存为 UTF-8 或 GBK 编码的 CSV，或用 .xlsx。")
    )


def _read_workbook(content: bytes) -> Table:
    try:
        sheet = read_confined("ecoledger.listings.tables.cells:first_sheet", content)
    except Refusal as refusal:
        raise Refused("file", _(str(refusal))) from refusal
    if sheet is None:
        raise Refused("file", _("表格里没有内容。"))
    return Table(sheet["name"], _filled(sheet["rows"], sheet["merged"]))


def _filled(rows: list[list[Cell]], merged: list[list[int]]) -> list[list[Cell]]:
    rows = [[cells.cell(value) for value in row] for row in rows]
    for top, left, bottom, right in merged:
        if top >= len(rows):
            continue
        value = rows[top][left] if left < len(rows[top]) else ""
        for y in range(top, min(bottom, len(rows) - 1) + 1):
            for x in range(left, min(right, len(rows[y]) - 1) + 1):
                rows[y][x] = value
    return rows
