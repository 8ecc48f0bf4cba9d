"""What the reader of tables says by name, in words for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.wording import numbered
from ecoledger.listings.tables.book import Cell, Fault, Table, column_letters
from ecoledger.listings.tables.headers import Header
from ecoledger.listings.tables.reading import NoTableError

LEFT_OUT = {
    "title": noop("标题"),
    "header": noop("表头"),
    "units": noop("单位行"),
    "subtotal": noop("小计"),
    "total": noop("合计"),
    "note": noop("表下的注"),
    "footer": noop("填报人等落款"),
    "section": noop("分段标题"),
    "serial": noop("只有序号的空行"),
}


NO_TABLE = {
    "empty": noop("文件是空的。请选择有内容的表格。"),
    "damaged": noop("打不开这个表格，可能已损坏或加了密码。请用表格软件另存为 .xlsx 后再试。"),
    "binary": noop("这不是文本，也不是表格文件。请上传 .xlsx、.xls 或 .csv。"),
    "too_large": noop("表格太大。请删去多余的空行、空列后另存，或分成几个文件。"),
    "slow": noop("表格太大。请删去多余的空行、空列后另存，或分成几个文件。"),
    "busy": noop("正在读取其他文件，请稍后再试。"),
}
OTHER = {
    "pdf": noop("PDF 文件"),
    "image": noop("图片"),
    "rar": noop("RAR 压缩包"),
    "7z": noop("7z 压缩包"),
    "gzip": noop("gzip 压缩包"),
    "rtf": noop("RTF 文档"),
    "mhtml": noop("网页存档（MHTML）"),
}


def no_table(error: NoTableError) -> str:
    """Why a file is not read, and what would help."""
    if error.why == "other":
        what = _(OTHER[error.about])
        return _("这是%s，不是表格。请用表格软件打开后另存为 .xlsx。") % what
    return _(NO_TABLE[error.why])


def left_out(why: str) -> str:
    """Why a row is no data."""
    return _(LEFT_OUT.get(why, why))


def fault(said: Fault, row: int) -> tuple[str, str]:
    """(what is wrong, what would help) of a row or a cell."""
    place = f"{column_letters(said.column or 0)}{row}"
    match said.kind:
        case "quote":
            return _("引号没有成对，分不清单元格：%s") % said.text[:60], _("删去多余的引号")
        case "bytes":
            return (
                _("有无法识别的字节：%s") % said.text[:60],
                _("改正该行的文字，另存为 UTF-8"),
            )
        case "formula":
            return (
                _("单元格 %s 是公式，文件里没有存它的结果") % place,
                _("用表格软件打开后保存，或把公式粘贴为数值"),
            )
        case "error":
            return (
                _("单元格 %(place)s 是错误值 %(text)s") % {"place": place, "text": said.text},
                _("改正公式，或改填数值"),
            )
        case "comma":
            return (
                _("“%s”里的逗号可能是小数点，也可能是千分位") % said.text,
                _("小数点请用“.”，不写千分位"),
            )
    return said.text, ""


def hidden(table: Table, columns: Iterable[int]) -> list[str]:
    """What a sheet hides and is read all the same; ``columns``: those that are read."""
    notes = [_("工作表“%s”是隐藏的") % table.name] if table.hidden else []
    if rows := sorted(table.hidden_rows):
        listed = _("、").join(str(row) for row in rows[:20])
        said = numbered("%(sheet)s有 %(count)d 行是隐藏的（第 %(rows)s 行），也会导入", len(rows))
        notes.append(said % {"sheet": table.name, "count": len(rows), "rows": listed})
    if letters := [column_letters(n) for n in sorted(table.hidden_columns.intersection(columns))]:
        said = numbered(
            "%(sheet)s有 %(count)d 列是隐藏的（%(columns)s 列），也会导入", len(letters)
        )
        listed = _("、").join(letters[:20])
        notes.append(said % {"sheet": table.name, "count": len(letters), "columns": listed})
    return notes


def merged(table: Table, header: Header) -> list[str]:
    """Which columns have cells merged over rows, what they say stands in each row that they cover."""
    lines = dict(list(table.lines())[header.below :])
    over = {n for row, n in table.filled if _says_as(lines, row, row - 1, n)}
    columns = [name for n, name in enumerate(header.names) if n in over and name]
    said = _("%(sheet)s“%(columns)s”有合并的单元格，其内容已填入所跨的各行，每行各作为一条，请核对")
    return [said % {"sheet": table.name, "columns": _("、").join(columns)}] if columns else []


def _says_as(lines: Mapping[int, Sequence[Cell]], row: int, other: int, column: int) -> bool:
    return all(column < len(lines.get(n, ())) for n in (row, other)) and (
        lines[row][column] == lines[other][column]
    )


def below_one_another(sheet: str, tables: int) -> str:
    """That a sheet holds several tables."""
    said = _("%(sheet)s上下有 %(count)d 张表，各按自己的表头读取")
    return said % {"sheet": sheet, "count": tables}


def wrong_width(cells: int, width: int) -> tuple[str, str]:
    """A row of text with more or fewer cells than the header."""
    return (
        _("有 %(cells)d 个单元格，表头有 %(width)d 个") % {"cells": cells, "width": width},
        _("含分隔符的内容请用引号括起来；缺的单元格请补上"),
    )
