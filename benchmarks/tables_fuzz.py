"""Damaged tables by the thousand through every reader: no exception, and every row that goes in is kept or reported.

    python -m benchmarks.tables_fuzz --tables 1000000 --seed 1 [--processes 4] [--samples FOLDER] [--minutes 25]

A table is a sample (a small ledger, hourly or daily values, a table for ``evaluate``; or a file of the folder) whose cells,
types, rows, columns, sheets, merges, encodings, delimiters and line ends are changed, and which is now and then damaged
in its bytes. It goes through the reader of tables, and a share of them through the import of observations, the import of a
ledger and the stream that ``evaluate`` reads. Each process has the memory limit that uploaded files
have. Printed: how many still open, what was done to them, and how many rows came out for those that went in.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter

from ecoledger.listings.tables.book import Book
from ecoledger.listings.tables.confined import Limits
from ecoledger.listings.tables.headers import find_header, fold, why_no_data
from ecoledger.listings.tables.reading import NoTableError, book_of

Cell = Any
Grid = list[list[Cell]]
LEDGER = ("原编号", "来源类别", "问题", "具体情况", "属地", "类别", "整改时限")
HOURS = ("点位", "时间", "PM2.5", "PM10", "O3")
SERIES = ("station", "time", "pm2_5", "pm10", "so2", "no2", "co", "o3")
_ODD: tuple[Cell, ...] = (
    "", " ", "\u200b", "/", "—", "未检出", "0.02L", "<0.02", "1e400", "nan", "-999", "９９", "0,125", "1.234,5", "#N/A",
    "#DIV/0!", '5"管道', '"', "合计", "小计", "注：停产", "2026年8月底", "26.12.31", "2026-02-30", "25:00", "尽快", "=1+1",
    "ＰＭ２．５", "μg/m³", "mg/L", "制表人：甲", "说明书厂", "扬尘,噪声", "一\n二", "x" * 400, True, 0.1 + 0.2, -1, 1e16,
    46752, date(2026, 3, 1), datetime(2026, 3, 1, 8, 59, 59), None,
)  # fmt: skip
_ENCODINGS = ("utf-8", "utf-8-sig", "gbk", "utf-16", "utf-16-le", "gb18030")
# Of a hundred files, how many also go through these readers.
SHARES = {"observations": 8, "ledger": 2, "evaluate": 15}


@dataclass
class Score:
    """What came of the tables."""

    tables: int = 0
    structural: int = 0
    opened: int = 0
    structural_opened: int = 0
    with_header: int = 0
    rows_in: int = 0
    rows_out: int = 0
    through: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        share = 100 * self.opened / max(self.tables, 1)
        acting = 100 * self.structural_opened / max(self.tables, 1)
        return (
            f"{self.tables} tables, {self.opened} open ({share:.1f} %), {acting:.1f} % open and changed in cells, types, rows, "
            f"sheets, merges, encodings or delimiters; {self.with_header} with a header; {self.rows_in} rows in, "
            f"{self.rows_out} kept, reported or left out; through {dict(self.through)}, refused as a whole "
            f"{dict(self.refused)}; done to them {dict(self.done.most_common())}"
        )


# -- samples --------------------------------------------------------------------------------------


def _ledger(chance: random.Random) -> Grid:
    rows = [
        [f"K-{n}", "自查发现", f"河道垃圾{n}", "桥下", "北镇", "固体废物", "2027-12-31"]
        for n in range(chance.randrange(1, 7))
    ]
    return [["某县台账"]] * chance.randrange(2) + [list(LEDGER), *rows]


def _hours(chance: random.Random) -> Grid:
    begin, step = datetime(2026, 3, 5), chance.choice((timedelta(hours=1), timedelta(days=1)))
    rows = [
        ["A-1", str(begin + n * step), 20 + n, 40 + n, 90.5] for n in range(chance.randrange(1, 9))
    ]
    return [list(HOURS), *rows]


def _series(chance: random.Random) -> Grid:
    begin = datetime(2026, 3, 5)
    rows = [
        ["s1", str(begin + timedelta(hours=n)), 30, 50, 8, 20, 0.6, 100 + n]
        for n in range(chance.randrange(1, 9))
    ]
    return [list(SERIES), *rows]


def _samples(folder: Path | None) -> list[list[Grid]]:
    """The sheets of each file of a folder, as grids."""
    grids = []
    for path in sorted(folder.rglob("*")) if folder else []:
        if path.suffix.lower() in (".csv", ".xlsx", ".xls", ".txt"):
            with contextlib.suppress(NoTableError):
                book = book_of(path.read_bytes())
                grids.append([[list(row) for row in t.rows[:12]] for t in book.tables if t.rows])
    return [sheets for sheets in grids if sheets]


# -- what is done to them -------------------------------------------------------------------------


def _cells(chance: random.Random, grid: Grid) -> None:
    for _ in range(chance.randrange(1, 4)):
        row = chance.choice(grid)
        if row:
            row[chance.randrange(len(row))] = chance.choice(_ODD)


def _types(chance: random.Random, grid: Grid) -> None:
    column = chance.randrange(max(len(row) for row in grid) or 1)
    for row in grid[1:]:
        if column < len(row):
            cell = row[column]
            try:
                row[column] = str(cell) if isinstance(cell, int | float) else float(str(cell))
            except ValueError:
                row[column] = f" {cell}\u00a0"


def _rows(chance: random.Random, grid: Grid) -> None:
    at = chance.randrange(len(grid))
    match chance.randrange(5):
        case 0 if len(grid) > 1:
            del grid[at]
        case 1:
            grid.insert(at, list(grid[at]))
        case 2:
            grid.insert(at, [])
        case 3:
            grid.insert(at, [chance.choice(_ODD)])
        case _:
            grid.insert(1, ["", "", "µg/m³", "mg/m³", "℃"][: len(grid[0])])


def _columns(chance: random.Random, grid: Grid) -> None:
    at = chance.randrange(max(len(row) for row in grid) + 1)
    drop = chance.random() < 0.5
    for n, row in enumerate(grid):
        if drop and at < len(row):
            del row[at]
        elif not drop:
            row[at:at] = ["备注" if n == 0 else chance.choice(_ODD)]


def _ragged(chance: random.Random, grid: Grid) -> None:
    row = chance.choice(grid)
    if chance.random() < 0.5:
        row.extend([chance.choice(_ODD)] * chance.randrange(1, 3))
    elif row:
        row.pop()


_CHANGES: dict[str, Callable[[random.Random, Grid], None]] = {
    "cells": _cells, "types": _types, "rows": _rows, "columns": _columns, "ragged": _ragged,
}  # fmt: skip


def _text(chance: random.Random, grid: Grid) -> bytes:
    delimiter, end = chance.choice(",\t;|，"), chance.choice(("\n", "\r\n", "\r"))

    def cell(value: Cell) -> str:
        text = "" if value is None else str(value)
        quoted = delimiter in text or "\n" in text or chance.random() < 0.05
        return f'"{text.replace(chr(34), chr(34) * 2)}"' if quoted else text

    text = end.join(delimiter.join(map(cell, row)) for row in grid) + end
    return text.encode(chance.choice(_ENCODINGS), errors="replace")


def _workbook(chance: random.Random, sheets: list[Grid], score: Score) -> bytes:
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(buffer, options) as book:
        dated = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        names = iter(("Sheet1", "大气", "水", "封面", "说明"))
        for grid in sheets:
            sheet = book.add_worksheet(next(names))
            for y, row in enumerate(grid):
                for x, value in enumerate(row):
                    _write(chance, sheet, y, x, value, dated)
            if chance.random() < 0.2 and len(grid) > 3:
                score.done["merges"] += 1
                sheet.merge_range(1, 0, 2, 0, str(grid[1][0]) if grid[1] else "")
            if chance.random() < 0.1:
                sheet.set_row(chance.randrange(len(grid)), None, None, {"hidden": True})
    return buffer.getvalue()


_COLUMNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_STYLES = (
    f'<styleSheet xmlns="{_NAMESPACE}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/></numFmts>'
    '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>'
)
_RELATED = (
    f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)


def _bare_workbook(chance: random.Random, sheets: list[Grid], score: Score) -> bytes:
    """A workbook as simple programs write it: texts in the cells themselves, nothing that need not be there."""
    parts = {"_rels/.rels": _RELATED, "xl/styles.xml": _STYLES}
    names, links = [], [f'<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/>']
    for n, grid in enumerate(sheets, 1):
        rows = "".join(
            f'<row r="{y}">{"".join(_bare(chance, x, y, value) for x, value in enumerate(row[:26]))}</row>'
            for y, row in enumerate(grid, 1)
        )
        merged = ""
        if chance.random() < 0.2 and len(grid) > 3:
            score.done["merges"] += 1
            merged = '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
        sheet = f'<worksheet xmlns="{_NAMESPACE}"><sheetData>{rows}</sheetData>{merged}</worksheet>'
        parts[f"xl/worksheets/sheet{n}.xml"] = sheet
        names.append(f'<sheet name="表{n}" sheetId="{n}" r:id="w{n}"/>')
        links.append(
            f'<Relationship Id="w{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        )
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{_NAMESPACE}" xmlns:r="{_OFFICE}"><sheets>{"".join(names)}</sheets></workbook>'
    )
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{_PACKAGE}">{"".join(links)}</Relationships>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compresslevel=1) as archive:
        for name, text in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return buffer.getvalue()


_EPOCH = datetime(1899, 12, 30)


def _bare(chance: random.Random, x: int, y: int, value: Cell) -> str:
    place = f"{_COLUMNS[x]}{y}"
    match value:
        case None | "":
            return ""
        case bool():
            return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        case datetime():
            return f'<c r="{place}" s="1"><v>{(value - _EPOCH) / timedelta(days=1)}</v></c>'
        case date():
            return f'<c r="{place}" s="1"><v>{(value - _EPOCH.date()).days}</v></c>'
        case int() | float():
            return f'<c r="{place}"><v>{value!r}</v></c>'
        case str() if value.startswith("="):
            known = chance.choice(("", "<v>2</v>"))
            return f'<c r="{place}"><f>{escape(value[1:])}</f>{known}</c>'
        case "#N/A" | "#DIV/0!":
            return f'<c r="{place}" t="e"><v>{value}</v></c>'
        case _:
            text = f'<t xml:space="preserve">{escape(str(value))}</t>'
            return f'<c r="{place}" t="inlineStr"><is>{text}</is></c>'


def _write(chance: random.Random, sheet: Any, y: int, x: int, value: Cell, dated: Any) -> None:
    match value:
        case None | "":
            pass
        case bool():
            sheet.write_boolean(y, x, value)
        case datetime() | date():
            sheet.write_datetime(y, x, value, dated)
        case int() | float():
            sheet.write_number(y, x, value)
        case str() if value.startswith("="):
            sheet.write_formula(y, x, value, value=chance.choice(("", 2, "#N/A")))
        case _:
            sheet.write_string(y, x, str(value))


def _damaged(chance: random.Random, content: bytes) -> bytes:
    """Up to three small damages of the bytes."""
    data = bytearray(content)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[at:at] = b'"'
            case 1:
                data[at:at] = bytes([chance.randrange(256)])
            case 2:
                del data[at : at + chance.randrange(1, 8)]
            case 3:
                data[at:at] = b"\n\n"
            case 4 if data:
                data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)
    return bytes(data)


def file_of(chance: random.Random, samples: list[list[Grid]], score: Score) -> tuple[bytes, bool]:
    """A changed file, and whether its structure was changed."""
    if samples and chance.random() < 0.5:
        sheets = [[list(row) for row in grid] for grid in chance.choice(samples)]
    else:
        sheets = [chance.choice((_ledger, _hours, _series))(chance)]
    structural = False
    for _ in range(chance.randrange(4)):
        name = chance.choice(tuple(_CHANGES))
        grid = chance.choice(sheets)
        if grid and any(grid):
            _CHANGES[name](chance, grid)
            score.done[name] += 1
            structural = True
    if chance.random() < 0.15:
        sheets.insert(chance.randrange(len(sheets) + 1), [["某县"], ["封面"]])
        score.done["sheets"] += 1
        structural = True
    sheets = [grid for grid in sheets if grid] or [[["空"]]]
    if chance.random() < 0.75:
        score.done["encoding and delimiter"] += 1
        structural = True
        content = _text(chance, sheets[-1])
    else:
        # Most of them written by hand: the writer of the house takes ten times as long as a reader.
        written = _workbook if chance.random() < 0.1 else _bare_workbook
        content = written(chance, sheets[:5], score)
    if chance.random() < 0.2:
        score.done["bytes"] += 1
        content = _damaged(chance, content)
    return content, structural


_KNOWN = frozenset(fold(name) for name in (*LEDGER, *HOURS, *SERIES))

# -- readers --------------------------------------------------------------------------------------


def through_tables(book: Book, score: Score) -> None:
    """Every row below a header is data, or it is said why not."""
    for table in book.tables:
        assert len(table.rows) == len(table.numbers) == len(set(table.numbers))  # noqa: S101
        header = find_header(table, lambda text: fold(text) in _KNOWN)
        if header is None:
            continue
        score.with_header += 1
        score.rows_in += len(table.rows)
        told, after = header.below, ""
        for _number, cells in list(table.lines())[header.below :]:
            after = why_no_data(cells, header, frozenset(), after)
            told += 1
        score.rows_out += told


def through_observations(content: bytes, book: Book, score: Score) -> None:
    """Rows of the sheets that were read: they gave values, have an error, were warned about, or are left out."""
    from ecoledger.monitoring.files import imports
    from ecoledger.monitoring.files.parsed import SHEET_STEP

    try:
        parsed = imports.read(content, "a", point="A-1", book_of=lambda _bytes: book)
    except imports.FileError:
        score.refused["observations"] += 1
        return
    told = {(name, number) for name, number, _why in parsed.left_out} | parsed._bad
    told |= {(e.sheet, e.row) for e in parsed.warnings}
    names = [table.name for table in book.tables]
    told |= {(names[line // SHEET_STEP], line % SHEET_STEP) for line in parsed.lines}
    read = {name for name, _row in told}
    for table in book.tables:
        if table.name in read:
            score.rows_in += len(table.rows)
            missing = [n for n in table.numbers if (table.name, n) not in told]
            # What gives no value is said in the notes: rows of means that the house computes itself, rows without a value.
            empty = parsed.rows_total - parsed.good_rows - parsed.bad_rows
            # The header itself takes up to three rows.
            assert len(missing) <= max(empty, 0) + 3, (missing, empty)  # noqa: S101
            score.rows_out += len(table.rows)


def through_ledger(content: bytes, book: Book, score: Score) -> None:
    """Rows of the sheets that were read: checked, refused, or left out by name."""
    from django.db import transaction

    from ecoledger.listings import importing
    from ecoledger.listings.refusals import Refused
    from ecoledger.registers.problems.problem_ledger import REGISTER

    with transaction.atomic():
        try:
            batch = importing.preview(REGISTER, "a", content, by=None, book_of=lambda _bytes: book)
        except Refused:
            score.refused["ledger"] += 1
            transaction.set_rollback(True)
            return
        told = {(r.sheet, r.number) for r in batch.rows.all()}
        told |= {(name, number) for name, number, _why in batch.left_out}
        read = {name for name, _number in told}
        for table in book.tables:
            if (table.name or "") in read or len(book.tables) == 1:
                score.rows_in += len(table.rows)
                score.rows_out += sum(
                    (table.name, n) in told or ("", n) in told for n in table.numbers
                )
        transaction.set_rollback(True)


def through_evaluate(content: bytes, score: Score) -> None:
    """Lines of the stream: in a block, or reported."""
    from ecoledger.cli import csv_stream

    bad = csv_stream.BadRows()
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            _header, blocks = csv_stream.read(io.BytesIO(content), bad)
            kept = [line for block in blocks for line in block.lines.to_list()]
    except csv_stream.UnusableTableError:
        score.refused["evaluate"] += 1
        return
    if not content.startswith(b"PK"):  # sheets of a workbook each begin again with line 1
        assert len(kept) == len(set(kept)), "a line twice"  # noqa: S101
        assert not bad.lines & set(kept), "a line kept and reported"  # noqa: S101
    score.rows_in += len(kept) + len(bad.lines)
    score.rows_out += len(kept) + len(bad.lines)


def run(
    tables: int,
    seed: int,
    *,
    samples: Path | None = None,
    shares: dict[str, int] | None = None,
    seconds: float = 0,
) -> Score:
    """Read so many changed tables; any exception but a reader's own refusal is a fault of the reader."""
    score, grids, shares = Score(), _samples(samples), shares or {}
    end = time.monotonic() + seconds
    for n in range(tables):
        if seconds and time.monotonic() > end:
            break
        chance = random.Random(seed * 1_000_003 + n)
        content, structural = file_of(chance, grids, score)
        score.tables += 1
        score.structural += structural
        lot = chance.randrange(100)
        try:
            _through(content, structural, lot, shares, score)
        except Exception:
            print(f"table {n} of seed {seed}", file=sys.stderr)
            Path(tempfile.gettempdir(), f"table-{seed}-{n}").write_bytes(content)
            raise
        if n and n % 10_000 == 0:
            print(f"{n}: {score}", file=sys.stderr, flush=True)
    return score


def _through(
    content: bytes, structural: bool, lot: int, shares: dict[str, int], score: Score
) -> None:
    if lot >= 100 - shares.get("evaluate", 0):
        score.through["evaluate"] += 1
        through_evaluate(content, score)
    try:
        book = book_of(content)
    except NoTableError:
        return
    score.opened += 1
    score.structural_opened += structural
    score.through["tables"] += 1
    through_tables(book, score)
    if lot < shares.get("observations", 0):
        score.through["observations"] += 1
        through_observations(content, book, score)
    elif lot < shares.get("observations", 0) + shares.get("ledger", 0):
        score.through["ledger"] += 1
        through_ledger(content, book, score)


def _county() -> None:
    """A data folder with one station, for the readers that know points and areas."""
    from ecoledger.cli import data_folder

    data_folder.use(Path(tempfile.mkdtemp(prefix="tables-fuzz-")), make=True)
    data_folder.migrate()
    from ecoledger.entities.models import Area, Station
    from ecoledger.monitoring.models import Point, PointParameter

    Area.objects.create(code="990101001", name="北镇")
    station = Station.objects.create(code="A-1", name="一站", area_code="990101001", medium="air")
    point = Point.objects.create(name="一站", kind="air", entity=station)
    for code in ("a34004", "a34002", "a05024"):
        PointParameter.objects.create(point=point, code=code, name=code, unit="µg/m³")


def _whole(said: argparse.Namespace, part: int) -> Score:
    """The tables of one process: a seed of its own, a county of its own, the memory limit of uploaded files."""
    os.environ.setdefault("ECOLEDGER_SECRET_KEY", "fuzz")
    _county()
    resource.setrlimit(resource.RLIMIT_AS, (4 * Limits().memory, 4 * Limits().memory))
    return run(
        said.tables // said.processes,
        said.seed + part,
        samples=said.samples,
        shares=SHARES,
        seconds=60 * said.minutes,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tables", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--samples", type=Path)
    options.add_argument("--minutes", type=float, default=0)
    options.add_argument("--processes", type=int, default=1)
    said = options.parse_args()
    begun = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(said.processes) as pool:
        scores = pool.starmap(_whole, [(said, part) for part in range(said.processes)])
    for score in scores:
        print(score)
    tables = sum(score.tables for score in scores)
    print(json.dumps({"seconds": round(time.monotonic() - begun), "tables": tables}))


if __name__ == "__main__":
    main()
