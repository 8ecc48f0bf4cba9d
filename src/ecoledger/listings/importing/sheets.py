"""The sheets of an uploaded table that have a header, and the rows of data below it; what is no data is noted."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.accounts import inserting
from ecoledger.listings import words as say
from ecoledger.listings.importing.columns import names_of, ways_to_read
from ecoledger.listings.importing.units import with_units_said
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch, ImportRow
from ecoledger.listings.parts import ImportColumn
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tables.book import Book, Fault, Table, column_letters, packed_cell
from ecoledger.listings.tables.headers import Header, fold, why_no_data
from ecoledger.listings.tables.stacked import stacked


def sheets_of(
    listing: Listing, columns: tuple[ImportColumn, ...], book: Book, remembered: Mapping[str, str]
) -> list[tuple[Table, Header]]:
    """The tables of all sheets that have a header; ``remembered``: what headers were said to mean. Raises :class:`Refused` when none
    has."""
    names: set[str] = set().union(*(names_of(c) for c in columns)) if columns else set()
    names |= {fold(header) for header, column in remembered.items() if column}

    def known(text: str) -> bool:
        return not names.isdisjoint(ways_to_read(text))

    least = 2 if len(columns) > 1 else 1
    sheets: list[tuple[Table, Header]] = []
    for table in book.tables:
        for part, header in stacked(table, known, least):
            _refuse_beside(part, header, known)
            sheets.append((part, with_units_said(part, header, columns)))
    if not sheets:
        looked_at = _("、").join(table.name for table in book.tables if table.name)
        where = _("（看了工作表：%s）") % looked_at if looked_at else ""
        said = (
            _("没有找到表头：没有一行含有模板的列名%s。")
            if least == 1
            else _("没有找到表头：没有一行含有模板的两个列名%s。")
        )
        raise Refused(
            "file",
            said % where,
            _("请下载模板，按模板的列名整理后再导入。"),
        )
    return sheets


def _refuse_beside(table: Table, header: Header, known: Callable[[str], bool]) -> None:
    """Refuse two tables side by side: the names of the first two columns come again, in a row."""
    names = [
        (n, name)
        for n, name in enumerate(header.folded)
        if name and (table.numbers[header.first], n) not in table.filled
    ]
    first = [name for _n, name in names[:2]]
    for (n, name), (after, following) in itertools.pairwise(names[2:]):
        if [name, following] == first and name != following and all(map(known, first)):
            where = _("工作表“%s”") % table.name if table.name else ""
            raise Refused(
                "file",
                _(
                    "%(where)s像是并排放着两张表：从 %(column)s 列起列名又是“%(first)s、%(second)s”。"
                )
                % {
                    "where": where,
                    "column": column_letters(n),
                    "first": header.names[n],
                    "second": header.names[after],
                },
                _("请把右边的表放到左边的下面，或各占一个工作表。"),
            )


def notes_on(book: Book, sheets: list[tuple[Table, Header]]) -> list[str]:
    notes = []
    read = Counter(table.name for table, _header in sheets)
    if len(book.tables) > 1:
        notes.append(_("读取了工作表：%s") % _("、").join(read))
        if skipped := [t.name for t in book.tables if t.rows and t.name not in read]:
            notes.append(_("没有表头、没有读取的工作表：%s") % _("、").join(skipped))
    notes += [say.below_one_another(name, count) for name, count in read.items() if count > 1]
    for table, header in sheets:
        notes += say.hidden(table, (n for n, name in enumerate(header.names) if name))
        notes += say.merged(table, header)
    return list(dict.fromkeys(notes))


def rows_of(
    batch: ImportBatch, table: Table, header: Header, above: Sequence[ImportRow] = ()
) -> list[ImportRow]:
    """The rows of data of a table; the others are noted as left out. ``above``: the rows read before it."""
    filled: dict[int, set[int]] = {}
    for number, column in table.filled:
        filled.setdefault(number, set()).add(column)
    lines = list(table.lines())
    for number, cells in lines[: header.first]:
        # The upper row of a header, where merged cells repeat its names in the lower one.
        alike = sum(1 for x, name in enumerate(header.names) if name and cells[x : x + 1] == [name])
        batch.left_out.append([table.name, number, "header" if alike >= 2 else "title"])
    for number, _row in lines[header.first : header.below]:
        batch.left_out.append([table.name, number, "header"])
    rows, after, width = [], "", len(header.names)
    section = above[-1].section if above and table.below_another else ""
    if header.first and table.below_another:
        title = {str(cell).strip() for cell in table.rows[header.first - 1] if cell is not None}
        section = title.pop()[:100] if len(title) == 1 else section
    made = inserting.maker(ImportRow)
    for number, cells in lines[header.below :]:
        after = why_no_data(cells, header, frozenset(filled.get(number, ())), after)
        if after:
            batch.left_out.append([table.name, number, after])
            if after == "section":
                section = next(str(cell).strip() for cell in cells if cell is not None)[:100]
            continue
        row = made(batch=batch, sheet=table.name[:100], number=number, section=section)
        for position, name in enumerate(header.names):
            if not name or position >= len(cells):
                continue
            cell = packed_cell(cells[position])
            if row.raw.get(name) in (None, ""):
                row.raw[name] = cell
            elif cell not in (None, "", row.raw[name]):
                # The header stands twice: what the second says stays with the row, and is said to be used nowhere.
                second = _("%(header)s（第%(n)d列）") % {"header": name, "n": position + 1}
                row.raw[second] = cell
                batch.mapping.setdefault(second, "")
        faults = table.faults.get(number, [])
        if not table.name and not faults and _misfits(cells, width):
            row.faults[""] = " ".join(say.wrong_width(len(cells), width))
        for fault in faults:
            row.faults[_header_at(fault, header)] = _("；").join(
                filter(None, say.fault(fault, number))
            )
        rows.append(row)
    return rows


def _misfits(cells: list[Any], width: int) -> bool:
    return len(cells) < width or any(cell is not None for cell in cells[width:])


def _header_at(fault: Fault, header: Header) -> str:
    if fault.column is None or fault.column >= len(header.names):
        return ""
    return header.names[fault.column]
