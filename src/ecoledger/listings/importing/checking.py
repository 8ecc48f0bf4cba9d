"""The preview of an import: every row checked and nothing made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from django import forms as django_forms
from django.db import transaction
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import words as say
from ecoledger.listings.forms import LookupField, field_of
from ecoledger.listings.importing import updating
from ecoledger.listings.importing.cells import BadCell, UnknownWord, text_of, value_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import (
    ColumnMapping,
    ImportBatch,
    ImportPicture,
    ImportRow,
    WordMapping,
    problem,
)
from ecoledger.listings.parts import Ask, Import, ImportColumn, Kind, TableRow
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tables import reading
from ecoledger.listings.tables.book import Book, Fault, Table, packed_cell, unpacked_cell
from ecoledger.listings.tables.headers import Header, bare, find_header, fold, why_no_data
from ecoledger.listings.tables.pictures import pictures

# Told how many rows of how many are done.
Progress = Callable[[int, int], None]
# What ledgers write above divisions, whichever list it is.
_AREA_HEADERS = ("行政区划", "行政区划代码", "属地", "所在地", "所在镇街", "镇街")
MOST_ROWS = 100_000
_PORTION = 2000
_TOLD = 200  # rows between two words of progress
_UNKNOWN_KEPT = 200  # distinct unknown words of a column


def preview(
    listing: Listing,
    name: str,
    content: bytes,
    *,
    by: Person | None,
    chosen: Mapping[str, str] | None = None,
    history: bool = False,
    progress: Progress | None = None,
    book_of: Callable[[bytes], Book] = reading.read,
) -> ImportBatch:
    """Read a file and check every row; nothing is made yet. ``chosen``: header -> column by hand.

    ``by`` is ``None`` for the operator at the command line. ``book_of`` reads the bytes: a process of its own, unless
    this one is confined itself. Raises :class:`Refused`.
    """
    if not listing.import_columns:
        raise Refused("condition", _("“%s”不能从表格导入。") % _(str(listing.label)))
    if by is not None and not listing.may_open(by):
        raise Refused("role", _("您的岗位不能在“%s”登记事项。") % _(str(listing.label)))
    try:
        book = book_of(content)
    except reading.NoTableError as error:
        raise Refused("file", say.no_table(error)) from error
    columns = _open_columns(listing, by)
    sheets = _sheets(listing, columns, book)
    batch = ImportBatch(
        listing=listing.key,
        file_name=name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        person=by,
        history=history,
    )
    batch.notes = _notes(book, sheets)
    _note_earlier(batch)
    remembered = dict(
        ColumnMapping.objects.filter(listing=listing.key).values_list("header", "column")
    )
    _remember_columns(listing, chosen or {}, sheets)
    for _table, header in sheets:
        mapping = match_columns(columns, header.names, {**remembered, **(chosen or {})})
        for column_header, column in mapping.items():
            batch.mapping.setdefault(column_header, column)
    assert listing.imports is not None  # noqa: S101 - its columns were asked for above
    _need_required(listing.imports, columns, batch.mapping)
    rows: list[ImportRow] = []
    for table, header in sheets:
        rows += _rows_of(batch, table, header)
        if len(rows) > MOST_ROWS:
            raise Refused("file", _("一次最多导入 %d 行。") % MOST_ROWS, _("请分成几个文件导入。"))
    if not rows:
        raise Refused("file", _("表头下面没有数据。"))
    # Checked before anything is written: a long table must not keep every other writer waiting.
    _Check(listing, columns, batch, by).rows(rows, progress)
    with transaction.atomic():
        batch.save()
        ImportRow.objects.bulk_create(rows, batch_size=_PORTION)
        if listing.imports is not None and listing.imports.pictures:
            _keep_pictures(content, rows)
    return batch


def _keep_pictures(content: bytes, rows: list[ImportRow]) -> None:
    """Keep what lies over each row of the file, until the row is taken in."""
    over = pictures(content)
    ImportPicture.objects.bulk_create(
        ImportPicture(row=row, name=name[:120], content=picture)
        for row in rows
        for name, picture in over.get((row.sheet, row.number), ())
    )


@transaction.atomic
def recheck(
    listing: Listing,
    batch: ImportBatch,
    *,
    by: Person,
    columns: Mapping[str, str] | None = None,
    words: Mapping[str, Mapping[str, str]] | None = None,
    history: bool | None = None,
) -> None:
    """Check a preview again after somebody said what headers and words mean; both are remembered.

    ``history``: whether the table is an earlier ledger, where somebody changed their mind about it.
    """
    if batch.state != ImportBatch.State.PREVIEW or batch.rows.exclude(made=None).exists():
        raise Refused("state", _("这批数据已经处理过。"), _("请刷新页面。"))
    open_columns = _open_columns(listing, by)
    known = {c.name for c in open_columns}
    if history is not None:
        batch.history = history
    beside = _headers_side_by_side(batch)
    for header, column in (columns or {}).items():
        if header in batch.mapping and (column in known or not column):
            for other, taken in batch.mapping.items():
                if column and taken == column and other != header and other in beside[header]:
                    batch.mapping[other] = ""
            batch.mapping[header] = column
            ColumnMapping.objects.update_or_create(
                listing=listing.key, header=header[:120], defaults={"column": column}
            )
    for column, meanings in (words or {}).items():
        for word, value in meanings.items():
            if column in known and value:
                batch.words.setdefault(column, {})[fold(word)] = value
                WordMapping.objects.update_or_create(
                    listing=listing.key,
                    column=column,
                    word=fold(word)[:120],
                    defaults={"value": value[:120]},
                )
    assert listing.imports is not None  # noqa: S101 - the preview was made by it
    _need_required(listing.imports, open_columns, batch.mapping)
    rows = list(batch.rows.all())
    _Check(listing, open_columns, batch, by).rows(rows)
    changed = [
        "cells",
        "values",
        "errors",
        "warnings",
        "wrong",
        "key",
        "repeats_of",
        "carried_from",
        "changes",
    ]
    ImportRow.objects.bulk_update(rows, changed, batch_size=500)
    batch.save()


def _headers_side_by_side(batch: ImportBatch) -> dict[str, set[str]]:
    """Header -> the headers of the sheets it stands in: only these may not mean the same column."""
    sheets: dict[str, set[str]] = {}
    for sheet, raw in batch.rows.values_list("sheet", "raw"):
        sheets.setdefault(sheet, set()).update(raw)
    return {
        header: set().union(*(headers for headers in sheets.values() if header in headers))
        for header in batch.mapping
    }


def _open_columns(listing: Listing, by: Person | None) -> tuple[ImportColumn, ...]:
    """The template's columns whose values ``by`` may know of."""
    columns = listing.import_columns
    if by is None:
        return columns
    return tuple(c for c in columns if listing.is_open(c.ask.stores or c.name, by))


def running_numbers(
    rows: list[ImportRow], headers_of: Mapping[str, list[str]], key: tuple[str, ...]
) -> set[str]:
    """Headers over numbers that only count the rows (序号 1, 2, 3 …, often anew each year): they tell no row from another."""
    running: set[str] = set()
    headers = headers_of.get(key[0], []) if len(key) == 1 else []
    for header in headers:
        cells = [row.raw[header] for row in rows if row.raw.get(header) not in (None, "")]
        numbers = [_counted(cell) for cell in cells]
        steps = sum(
            1
            for before, n in zip([None, *numbers], numbers, strict=False)
            if n is not None and (n == 1 or (before is not None and 0 < n - before <= 2))
        )
        if cells and steps >= 0.8 * len(cells) and 1 in numbers:
            running.add(header)
    return running


def _counted(cell: Any) -> int | None:
    text = fold(cell).removesuffix(".0").removesuffix(".").removesuffix("、")
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None


_YEAR_SAID = re.compile(r"(?<!\d)(20\d{2})(?!\d)")


def year_of(*texts: str) -> int | None:
    """The year that the first of ``texts`` with one names."""
    return next((int(m[1]) for text in texts if (m := _YEAR_SAID.search(text))), None)


# -- the file -----------------------------------------------------------------------------------------


def names_of(column: ImportColumn) -> set[str]:
    """Every header that means the column, folded."""
    texts = (str(column.ask.label), column.name, *column.aliases)
    if column.ask.kind is Kind.AREA:
        texts = (*texts, *_AREA_HEADERS)
    return {bare(text) for text in texts} | {fold(text) for text in texts}


def ways_to_read(header: str) -> tuple[str, ...]:
    """A header as it may be known: whole, without its brackets, and of 完成/销号时间 the last of its names."""
    whole = fold(header)
    return (whole, bare(header), *reversed(whole.split("/")[1:]))


def _sheets(
    listing: Listing, columns: tuple[ImportColumn, ...], book: Book
) -> list[tuple[Table, Header]]:
    """The sheets that have a header. Raises :class:`Refused` when none has."""
    names: set[str] = set().union(*(names_of(c) for c in columns)) if columns else set()
    headers = ColumnMapping.objects.filter(listing=listing.key).exclude(column="")
    names |= {fold(header) for header in headers.values_list("header", flat=True)}

    def known(text: str) -> bool:
        return not names.isdisjoint(ways_to_read(text))

    least = 2 if len(columns) > 1 else 1
    sheets = []
    for table in book.tables:
        header = find_header(table, known, least)
        if header is not None:
            sheets.append((table, header))
    if not sheets:
        looked_at = "、".join(table.name for table in book.tables if table.name)
        where = _("（看了工作表：%s）") % looked_at if looked_at else ""
        raise Refused(
            "file",
            _("没有找到表头：没有一行含有模板的列名%s。") % where,
            _("请下载模板，按模板的列名整理后再导入。"),
        )
    return sheets


def _notes(book: Book, sheets: list[tuple[Table, Header]]) -> list[str]:
    notes = []
    read = [table for table, _header in sheets]
    if len(book.tables) > 1:
        notes.append(_("读取了工作表：%s") % "、".join(table.name for table in read))
        if skipped := [t.name for t in book.tables if t.rows and t not in read]:
            notes.append(_("没有表头、没有读取的工作表：%s") % "、".join(skipped))
    for table in read:
        if table.hidden:
            notes.append(_("工作表“%s”是隐藏的") % table.name)
        if table.hidden_rows:
            listed = "、".join(str(row) for row in sorted(table.hidden_rows)[:20])
            notes.append(
                _("%(sheet)s有 %(count)d 行是隐藏的（第 %(rows)s 行），也会导入")
                % {"sheet": table.name, "count": len(table.hidden_rows), "rows": listed}
            )
    return notes


def earlier(batch: ImportBatch) -> ImportBatch | None:
    """The import of the same file that stands, if there is one."""
    same = ImportBatch.objects.filter(listing=batch.listing, sha256=batch.sha256)
    return same.filter(state=ImportBatch.State.ACCEPTED).exclude(pk=batch.pk).first()


def _note_earlier(batch: ImportBatch) -> None:
    before = earlier(batch)
    if before is not None and before.accepted_at is not None:
        batch.notes.append(
            _("同一文件已于 %(day)s 导入过（%(name)s）")
            % {"day": f"{before.accepted_at:%Y-%m-%d}", "name": before.file_name}
        )


def match_columns(
    columns: tuple[ImportColumn, ...], headers: Iterable[str], chosen: Mapping[str, str]
) -> dict[str, str]:
    """Header -> name of the template's column, "" where none fits; a choice of a person wins."""
    mapping: dict[str, str] = {}
    known = {c.name for c in columns}
    by_name: dict[str, str] = {}
    for column in columns:
        for name in names_of(column):
            by_name.setdefault(name, column.name)
    taken = {chosen[h] for h in headers if chosen.get(h)}
    for header in headers:
        if not header or header in mapping:
            continue
        if header in chosen:
            mapping[header] = chosen[header] if chosen[header] in known else ""
            continue
        name = next((by_name[way] for way in ways_to_read(header) if way in by_name), "")
        mapping[header] = "" if name in taken else name
        taken.add(name)
    return mapping


def _remember_columns(
    listing: Listing, chosen: Mapping[str, str], sheets: list[tuple[Table, Header]]
) -> None:
    headers = {name for _table, header in sheets for name in header.names}
    for header, column in chosen.items():
        if column and header in headers:
            ColumnMapping.objects.update_or_create(
                listing=listing.key, header=header[:120], defaults={"column": column}
            )


def _need_required(
    imports: Import, columns: tuple[ImportColumn, ...], mapping: Mapping[str, str]
) -> None:
    there = set(mapping.values())
    missing = [
        _(str(c.ask.label))
        for c in columns
        if c.ask.required and c.ask.kind is not Kind.BOOLEAN and c.name not in there
        and not (c.name in imports.instead and imports.instead[c.name] in there | {""})
    ]  # fmt: skip
    if missing:
        raise Refused(
            "file",
            _("表里缺少必填的列：%s。") % "、".join(missing),
            _("请补上这些列，或在列对应中指明哪一列是它。"),
        )


def _rows_of(batch: ImportBatch, table: Table, header: Header) -> list[ImportRow]:
    """The rows of data of a sheet; the others are noted as left out."""
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
    rows, after, width, section = [], "", len(header.names), ""
    for number, cells in lines[header.below :]:
        after = why_no_data(cells, header, frozenset(filled.get(number, ())), after)
        if after:
            batch.left_out.append([table.name, number, after])
            if after == "section":
                section = next(str(cell).strip() for cell in cells if cell is not None)[:100]
            continue
        row = ImportRow(batch=batch, sheet=table.name[:100], number=number, section=section)
        for position, name in enumerate(header.names):
            if name and name not in row.raw and position < len(cells):
                row.raw[name] = packed_cell(cells[position])
        faults = table.faults.get(number, [])
        if not table.name and not faults and _misfits(cells, width):
            row.faults[""] = " ".join(say.wrong_width(len(cells), width))
        for fault in faults:
            row.faults[_header_at(fault, header)] = "；".join(
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


# -- the rows -----------------------------------------------------------------------------------------


class _Check:
    """Checks the rows of one batch: cell by cell, row by row, and each row against the others and the book."""

    def __init__(
        self,
        listing: Listing,
        columns: tuple[ImportColumn, ...],
        batch: ImportBatch,
        by: Person | None,
    ) -> None:
        self.listing, self.batch, self.by = listing, batch, by
        self.headers_of: dict[str, list[str]] = {}
        for header, name in batch.mapping.items():
            if name:
                self.headers_of.setdefault(name, []).append(header)
        self.columns = {c.name: c for c in columns}
        # When it began is read first: dates without a year are counted from there.
        self.in_order = sorted(self.columns, key=lambda name: name != "opened_at")
        assert listing.imports is not None  # noqa: S101 - preview refused such a list
        self.imports = listing.imports
        self.fields = {c.name: field_of(c.ask, listing.model, by) for c in columns}
        self.words: dict[str, dict[str, str]] = {
            name: {fold(word): value for word, value in meanings.items()}
            for name, meanings in self.imports.values.items()
        }
        known = WordMapping.objects.filter(listing=listing.key)
        for column, word, value in known.values_list("column", "word", "value"):
            self.words.setdefault(column, {})[word] = value
        for column, meanings in batch.words.items():
            self.words.setdefault(column, {}).update(meanings)
        self.labels = {c.name: _(str(c.ask.label)) for c in columns}
        self._cleaned: dict[tuple[str, str], str] = {}
        self._found: dict[Any, Any] = {}
        self._running: set[str] = set()
        self._headers_in: dict[str, set[str]] = {}
        self._header_of: dict[tuple[str, str], str] = {}
        self._read_as: dict[str, dict[str, str]] = {}

    def rows(self, rows: list[ImportRow], progress: Progress | None = None) -> None:
        """Check all rows, and each against the others and the book."""
        self.batch.unknown = {}
        self._header_of = {}
        for row in rows:
            self._headers_in.setdefault(row.sheet, set()).update(row.raw, row.faults)
        self._running = running_numbers(rows, self.headers_of, self.imports.key)
        for n, row in enumerate(rows):
            if progress is not None and n % _TOLD == 0:
                progress(n, len(rows))
            self._row(row)
        self._repeats(rows)
        self._carried(rows)
        self._note_meanings()
        for row, other, why in self.listing.likely_repeats(rows):
            row.repeats_of = other
            message = _("可能与 %(other)s 是同一件（%(why)s）") % {"other": other, "why": why}
            row.warnings.append(problem("", "", message))
        for row in rows:
            row.wrong = bool(row.errors)

    def _header(self, name: str, row: ImportRow) -> str:
        """The header of the row's own sheet that means the column; "" where the sheet has none."""
        key = (name, row.sheet)
        if key not in self._header_of:
            there = self._headers_in.get(row.sheet, set())
            self._header_of[key] = next(
                (h for h in self.headers_of.get(name, ()) if h in there), ""
            )
        return self._header_of[key]

    def _row(self, row: ImportRow) -> None:
        # Most of a template's columns are not in a small table.
        row.cells, row.values = dict.fromkeys(self.in_order, ""), dict.fromkeys(self.in_order, "")
        row.errors, row.warnings = [], []
        if whole := row.faults.get(""):
            row.errors.append(problem("", "", whole))
        faulty = {
            name
            for name in self.in_order
            if (header := self._header(name, row)) and not self._cell(name, header, row)
        }
        self._complete(row, faulty)
        for name, column in self.columns.items():
            if name in faulty:
                continue
            value = row.values.get(name, "")
            if wrong := self._wrong(name, value):
                row.errors.append(problem(name, _(str(column.ask.label)), wrong))
                if isinstance(self.fields[name], LookupField) and value:
                    self._unknown(name, str(value))
        for header, fault in row.faults.items():
            if header and not self.batch.mapping.get(header):
                row.warnings.append(problem("", header, fault))

    def _cell(self, name: str, header: str, row: ImportRow) -> bool:
        """Read the cell of a column into the row; whether it could be read."""
        ask, label = self.columns[name].ask, self.labels[name]
        cell = unpacked_cell(row.raw.get(header))
        if fault := row.faults.get(header):
            row.errors.append(problem(name, label, fault))
            return False
        began = str(row.values.get("opened_at") or "")[:10]
        try:
            row.cells[name] = text_of(cell)
            if header in self._running:
                row.values[name] = ""
                return True
            row.values[name], warning = value_of(
                ask,
                cell,
                is_key=name in self.imports.key,
                words=self.words.get(name, {}),
                past=self.batch.history or name not in self.imports.future,
                year=int(began[:4]) if began else year_of(row.section, row.sheet),
                after=date.fromisoformat(began) if began else None,
            )
        except BadCell as bad:
            row.cells[name] = row.cells[name] or str(cell)
            if isinstance(bad, UnknownWord) and (meant := self._meaning(name, row.cells[name])):
                row.values[name] = meant
                return True
            if self.batch.history and ask.kind in (Kind.DATE, Kind.DUE) and not ask.required:
                # What is over needs no clock: the row counts, its words stay beside it.
                kept = _("“%s”读不出日期，原文保留，日期空着") % row.cells[name]
                row.warnings.append(problem(name, label, kept))
                row.values[name] = ""
                return True
            row.errors.append(problem(name, label, str(bad)))
            if isinstance(bad, UnknownWord):
                self._unknown(name, row.cells[name])
            return False
        if warning:
            row.warnings.append(problem(name, label, warning))
        return True

    def _meaning(self, name: str, words: str) -> str:
        """The choice that words which are none of the choices mean by the list's own reading."""
        meant = self.imports.meaning[name](words) if name in self.imports.meaning else ""
        if meant:
            self._read_as.setdefault(name, {})[words] = meant
        return meant

    def _note_meanings(self) -> None:
        """Say which words were read as which choices."""
        start = _("按意思读作：")
        kept = [note for note in self.batch.notes if not note.startswith(start)]
        for name, words in self._read_as.items():
            labels = {value: _(str(label)) for value, label in self.columns[name].ask.choices}
            told = "；".join(f"{word} → {labels[value]}" for word, value in words.items())
            kept.append(f"{start}{_(str(self.columns[name].ask.label))}：{told}")
        self.batch.notes = kept

    def _complete(self, row: ImportRow, faulty: set[str]) -> None:
        """Let the list complete the row's values from each other."""
        said = TableRow(
            row.values,
            row.cells,
            row.sheet,
            row.section,
            self.batch.history,
            frozenset(faulty),
            self.by,
            self._found,
        )
        self.listing.read_row(said)
        for name, message in said.warnings:
            label = self.labels.get(name, "")
            row.warnings.append(problem(name, label, message))

    def _wrong(self, name: str, value: Any) -> str:
        """What the form field says against a value; asked once for each value of a column."""
        asked = (name, value if isinstance(value, str) else repr(value))
        if asked not in self._cleaned:
            try:
                self.fields[name].clean(value)
                self._cleaned[asked] = ""
            except django_forms.ValidationError as error:
                self._cleaned[asked] = "；".join(str(message) for message in error.messages)
        return self._cleaned[asked]

    def _unknown(self, name: str, word: str) -> None:
        words = self.batch.unknown.setdefault(name, {})
        if word in words or len(words) < _UNKNOWN_KEPT:
            words[word] = words.get(word, 0) + 1

    def _repeats(self, rows: list[ImportRow]) -> None:
        """Keys that stand twice in the file or are in the book already are errors, not copies."""
        if not self.imports.key:
            self._same_rows(rows)
            return
        label = "、".join(_(str(self.columns[n].ask.label)) for n in self.imports.key)
        first = self.imports.key[0]
        there = self._keys_there(rows)
        seen: dict[str, ImportRow] = {}
        again: dict[str, ImportRow] = {}
        for row in rows:
            row.changes = None
            parts = [str(row.values.get(name) or "") for name in self.imports.key]
            row.key, row.repeats_of = " ".join(parts)[:200] if all(parts) else "", ""
            if not row.key:
                continue
            folded = fold(row.key)
            if folded in seen:
                row.repeats_of = seen[folded].place
                message = _("与第 %s 行相同；请删去一行，或改正编号") % _place(seen[folded], row)
                row.errors.append(problem(first, label, message))
                continue
            seen[folded] = row
            if folded in there:
                row.repeats_of = there[folded]
                again[str(row.values[first])] = row
        known = self._updates(again)
        for key, row in again.items():
            if key not in known:
                message = _("已在台账中（%s）；若是新问题请改正编号") % row.repeats_of
                row.errors.append(problem(first, label, message))
        if self.imports.duplicate_of:
            self._duplicates(rows, seen, there)
        self._same_rows([row for row in rows if not row.key])

    def _updates(self, rows: dict[str, ImportRow]) -> set[str]:
        """Keys of rows that bring the book up to date, where the list takes such."""
        if not (self.imports.updates and rows):
            return set()
        (name,) = self.imports.key
        store = self.columns[name].ask.stores or name
        clean = cleaner(self.listing, self.listing.import_asks, self.by)
        return updating.compare(self.listing, rows, store, self.by, clean)

    def _carried(self, rows: list[ImportRow]) -> None:
        """Rows of an earlier ledger that say again, in a later section, what one above said (结转)."""
        names = self.imports.carried if self.batch.history else ()
        above: dict[tuple[str, ...], list[ImportRow]] = {}
        for row in rows:
            row.carried_from = ""
            told = tuple(_without_carried(row.values.get(name)) for name in names[:2])
            if not (told and all(told)):
                continue
            earlier_rows = above.setdefault(told, [])
            for before in reversed(earlier_rows):
                if _carries(row, before, names):
                    row.carried_from = row.repeats_of = before.place
                    message = _("与第 %s 行是同一件（结转），导入后合为一件") % _place(before, row)
                    row.warnings.append(problem("", "", message))
                    break
            earlier_rows.append(row)

    def _keys_there(self, rows: list[ImportRow]) -> dict[str, str]:
        """Folded key -> how the row of the book that has it is called."""
        stores = [self.columns[name].ask.stores or name for name in self.imports.key]
        shown = "number" if hasattr(self.listing.model, "number") else stores[0]
        there = self.listing.standing().values_list(*stores, shown)
        wanted = {str(row.values.get(self.imports.duplicate_of) or "") for row in rows}
        keys = {
            " ".join(str(row.values.get(name) or "") for name in self.imports.key) for row in rows
        }
        folded = {fold(text) for text in keys | wanted}
        found: dict[str, str] = {}
        for *parts, name in there.iterator(chunk_size=5000):
            key = fold(" ".join(str(part) for part in parts))
            if key in folded:
                found.setdefault(key, str(name))
        return found

    def _duplicates(
        self, rows: list[ImportRow], seen: Mapping[str, ImportRow], there: Mapping[str, str]
    ) -> None:
        """A row that says which one it repeats must name one that is there, above or below it, and not itself."""
        name = self.imports.duplicate_of
        if name not in self.columns:
            return
        label = _(str(self.columns[name].ask.label))
        for row in rows:
            original = fold(row.values.get(name))
            if not original:
                continue
            if row.key and original == fold(row.key):
                row.errors.append(problem(name, label, _("不能重复于自己；请核对编号")))
            elif original in seen:
                row.repeats_of = seen[original].place
            elif original in there:
                row.repeats_of = there[original]
            else:
                message = _("找不到编号为“%s”的原件；请核对，或先导入原件") % row.values[name]
                row.errors.append(problem(name, label, message))

    def _same_rows(self, rows: list[ImportRow]) -> None:
        """Rows without a key that say the same in every cell are pointed out."""
        seen: dict[str, ImportRow] = {}
        for row in rows:
            content = repr(
                sorted((k, v) for k, v in row.cells.items() if k not in self.imports.key)
            )
            if content in seen:
                row.repeats_of = seen[content].place
                message = _("与第 %s 行内容完全相同，请核对是不是重复") % _place(seen[content], row)
                row.warnings.append(problem("", "", message))
            seen.setdefault(content, row)


_CARRIED = re.compile(r"[(\[【][^)\]】]*(?:结转|续|遗留|上年)[^)\]】]*[)\]】]|结转[:,;]?")


def _without_carried(value: Any) -> str:
    """A value as it is compared with the row it may carry over: without the remark that it does."""
    return _CARRIED.sub("", fold(value)).strip("。.,;")


def _carries(row: ImportRow, before: ImportRow, names: tuple[str, ...]) -> bool:
    """Whether ``row`` says again what ``before``, alike in its first two columns, said in an earlier section or year."""
    years = year_of(before.sheet), year_of(row.sheet)
    apart = before.section != row.section if before.sheet == row.sheet else all(years)
    own_numbers = row.key and before.key and fold(row.key) != fold(before.key)
    if not apart or own_numbers or before.errors:
        return False
    told = [
        (_without_carried(row.values.get(name)), _without_carried(before.values.get(name)))
        for name in names
    ]
    marked = any("结转" in text for text in row.cells.values())
    return marked or all(a == b or not a or not b for a, b in told)


def _place(other: ImportRow, row: ImportRow) -> str:
    """Where another row stands, as said beside ``row``."""
    return str(other.number) if other.sheet == row.sheet else other.place


Cleaner = Callable[[str, Any], Any]


def cleaner(listing: Listing, asks: Iterable[Ask], by: Person | None) -> Cleaner:
    """Cleans values column by column, each distinct value of a reference once."""
    fields = {ask.name: field_of(ask, listing.model, by) for ask in asks}
    known: dict[tuple[str, str], Any] = {}

    def clean(name: str, value: Any) -> Any:
        key = (name, repr(value))
        if key not in known:
            known[key] = fields[name].clean(value)
        return known[key]

    return clean
