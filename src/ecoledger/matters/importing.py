"""Tables into matters: read, match columns, check row by row, show, accept what is right, undo as a whole.

Reads .xlsx, .xls and other sheets Excel or WPS write, and CSV in UTF-8 or GBK. Title rows above the
header, headers of two rows, merged cells and notes below the table are understood; a number that the
spreadsheet has damaged is refused, not guessed at.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine
import xlsxwriter
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Organisation, Person
from ecoledger.matters import actions, forms, notices
from ecoledger.matters.models import ColumnMapping, Event, ImportBatch
from ecoledger.matters.refusals import NotVisible, Refused
from ecoledger.matters.register import ImportColumn, Register
from ecoledger.registry.models import Area, Entity
from ecoledger.standards.time_limits import add_months

MOST_ROWS = 5000
# Rows made in one transaction.
PORTION = 50
MOST_BYTES = 20 * 1024 * 1024
_HEADER_WITHIN = 12
# What begins the first cell of a row that is no data: totals and notes below the table.
_NO_DATA = re.compile(r"^(合计|总计|小计|注[：:]|备注[：:]|说明[：:]|填报人|填表人|审核人|制表)")

Cell = Any


@dataclass(frozen=True)
class Table:
    """A sheet as rows of cells, merged cells filled in."""

    name: str
    rows: list[list[Cell]]


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell: where, what and the remedy, as one sentence."""

    column: str
    label: str
    message: str

    def as_json(self) -> dict[str, str]:
        return {"column": self.column, "label": self.label, "message": self.message}


# ---- reading -------------------------------------------------------------------------------------


def read(name: str, content: bytes) -> Table:
    """The first sheet with content. Raises :class:`Refused` for what is no table."""
    if not content:
        raise Refused("file", _("文件是空的。"), _("请选择有内容的表格。"))
    if len(content) > MOST_BYTES:
        raise Refused(
            "file", _("文件超过 %d MB。") % (MOST_BYTES // 2**20), _("请分成几个文件导入。")
        )
    if name.lower().endswith((".csv", ".txt")):
        table = Table("", _read_csv(content))
    else:
        table = _read_workbook(content)
    if len(table.rows) > MOST_ROWS + _HEADER_WITHIN:
        raise Refused(
            "file",
            _("表格有 %(rows)d 行，一次最多导入 %(most)d 行。")
            % {"rows": len(table.rows), "most": MOST_ROWS},
            _("请分成几个文件导入。"),
        )
    return table


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
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.height:
                return Table(name, _filled(sheet))
    except (python_calamine.CalamineError, OSError) as error:
        raise Refused(
            "file",
            _("打不开这个表格，可能已损坏或加了密码。"),
            _("请用表格软件另存为 .xlsx 后再试。"),
        ) from error
    raise Refused("file", _("表格里没有内容。"))


def _filled(sheet: python_calamine.CalamineSheet) -> list[list[Cell]]:
    rows = [list(row) for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top >= len(rows):
            continue
        value = rows[top][left] if left < len(rows[top]) else ""
        for y in range(top, min(bottom, len(rows) - 1) + 1):
            for x in range(left, min(right, len(rows[y]) - 1) + 1):
                rows[y][x] = value
    return rows


# ---- columns -------------------------------------------------------------------------------------


def plain(text: Any) -> str:
    """A header or choice as it is compared: half-width, no spaces, no stars, no brackets' content."""
    folded = unicodedata.normalize("NFKC", str(text or ""))
    folded = re.sub(r"[\s*]+", "", folded)
    return re.sub(r"\(.*?\)$", "", folded).lower()


def _names(column: ImportColumn) -> set[str]:
    return {plain(column.field.label), plain(column.field.name), *map(plain, column.aliases)}


def find_header(register: Register, table: Table) -> tuple[int, list[str], int]:
    """(row of the header's first line, headers, first row of data). Raises :class:`Refused`.

    A header may take two lines: then both are tried, joined and apart, column by column.
    """
    known = set().union(*(_names(c) for c in register.import_columns))
    known |= {
        plain(h)
        for h in ColumnMapping.objects.filter(register=register.key).values_list(
            "header", flat=True
        )
    }
    best: tuple[int, int, list[str], int] = (0, 0, [], 0)
    for n, row in enumerate(table.rows[:_HEADER_WITHIN]):
        single = [str(cell).strip() for cell in row]
        score = len({plain(h) for h in single} & known)
        if score > best[0]:
            best = (score, n, single, n + 1)
        if n + 1 < len(table.rows):
            double = _two_lines(row, table.rows[n + 1], known)
            score = len({plain(h) for h in double} & known)
            if score > best[0]:
                best = (score, n, double, n + 2)
    if best[0] < 2:
        raise Refused(
            "file",
            _("没有找到表头：前 %d 行里没有一行含有模板的列名。") % _HEADER_WITHIN,
            _("请下载模板，按模板的列名整理后再导入。"),
        )
    return best[1], best[2], best[3]


def _two_lines(upper: Sequence[Cell], lower: Sequence[Cell], known: set[str]) -> list[str]:
    joined = []
    for a, b in zip(upper, lower, strict=False):
        first, second = str(a).strip(), str(b).strip()
        if plain(second) in known and plain(second) != plain(first):
            joined.append(second)
        elif plain(first + second) in known and first != second:
            joined.append(first + second)
        else:
            joined.append(first)
    return joined


def match_columns(
    register: Register, headers: Sequence[str], chosen: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Header -> name of the template's column, "" where none fits; a choice of the person wins."""
    remembered = dict(
        ColumnMapping.objects.filter(register=register.key).values_list("header", "column")
    )
    mapping: dict[str, str] = {}
    taken: set[str] = set()
    for header in headers:
        if not header or header in mapping:
            continue
        name = (chosen or {}).get(header)
        if name is None:
            name = remembered.get(header, "") or next(
                (c.field.name for c in register.import_columns if plain(header) in _names(c)), ""
            )
        if name in taken:
            name = ""
        mapping[header] = name
        if name:
            taken.add(name)
    return mapping


# ---- cells ---------------------------------------------------------------------------------------


class BadCell(ValueError):  # noqa: N818 - said to the person who filled the table
    """A cell that cannot be read; the message says why and what to write instead."""


def _text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        if abs(value) >= 1e15:
            # Spreadsheets keep 15 digits: the rest of a long code is lost.
            raise BadCell(
                _("长编码被表格软件存成了数字，末几位已丢失；请把该列设为“文本”格式后重新填写")
            )
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value).strip()
        if re.fullmatch(r"\d(\.\d+)?E\+\d{2}", text):
            raise BadCell(_("“%s”是被表格软件改写的科学计数；请把该列设为“文本”后重新填写") % text)
        return text
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M")
    return str(value)


_DATE = re.compile(r"^(\d{4})[年./\-](\d{1,2})[月./\-](\d{1,2})日?(前|之前|以前)?$")
_MONTH = re.compile(r"^(\d{4})[年./\-](\d{1,2})月?(底|末)?(前|之前)?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_NO_DATE = frozenset({"长期坚持", "长期", "持续推进", "持续", "/", "-", "—", "无"})


def parse_date(value: Cell) -> tuple[date | None, str]:
    """(day, warning) of what stands in a date column. Raises ``ValueError`` for what is no date.

    >>> parse_date("2023.8.10")[0]
    datetime.date(2023, 8, 10)
    """
    if isinstance(value, datetime):
        return value.date(), ""
    if isinstance(value, date):
        return value, ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if 30_000 <= value <= 80_000:
            day = date(1899, 12, 30) + timedelta(int(value))
            return day, _("按表格软件的日期序号读作 %s") % day
        value = str(int(value))
    text = unicodedata.normalize("NFKC", str(value)).replace(" ", "")
    if text in _NO_DATE:
        return None, _("“%s”没有确定日期，不设时限") % text
    if found := _DATE.match(text) or _COMPACT.match(text):
        year, month, day_ = (int(g) for g in found.groups()[:3])
        return date(year, month, day_), ""
    if found := _MONTH.match(text):
        first = date(int(found[1]), int(found[2]), 1)
        last = add_months(first, 1) - timedelta(1)
        return last, _("只写到月，按月末 %s 计") % last
    raise ValueError(text)


@dataclass
class _Lookup:
    """Names to rows, read once for a whole file."""

    areas: dict[str, str]
    organisations: dict[str, int]

    @classmethod
    def of(cls, person: Person) -> _Lookup:
        within = [
            a
            for a in Area.objects.all()
            if any(a.code.startswith(code) for code in person.area_codes)
        ]
        return cls(
            {plain(a.name): a.code for a in within} | {a.code: a.code for a in within},
            {plain(o.name): o.pk for o in Organisation.objects.all()},
        )


def _raw(column: ImportColumn, value: Cell, lookup: _Lookup) -> tuple[Any, str]:
    """(value for the form, warning). Raises :class:`BadCell` with a sentence."""
    field = column.field
    if field.kind == "date":
        if value in ("", None):
            return "", ""
        try:
            day, warning = parse_date(value)
        except ValueError as error:
            raise BadCell(
                _("“%s”不是日期；请写成 2026-12-31 或 2026年12月31日") % _text(value)
            ) from error
        return (day.isoformat() if day else ""), warning
    text = _text(value)
    if not text:
        return "", ""
    match field.kind:
        case "choice":
            return _choice(field.choices, text, str(field.label)), ""
        case "boolean":
            if plain(text) in ("是", "√", "y", "yes", "1", "true"):
                return True, ""
            if plain(text) in ("否", "×", "n", "no", "0", "false", "/", "-"):
                return False, ""
            raise BadCell(_("“%s”应为“是”或“否”") % text)
        case "area":
            code = lookup.areas.get(plain(text)) or lookup.areas.get(text)
            if code is None:
                names = "、".join(sorted({k for k in lookup.areas if not k.isdigit()})[:8])
                raise BadCell(
                    _("“%(text)s”不是您范围内的行政区划；可填：%(names)s")
                    % {"text": text, "names": names}
                )
            return code, ""
        case "organisation":
            pk = lookup.organisations.get(plain(text))
            if pk is None:
                raise BadCell(
                    _("没有名为“%s”的单位；请核对全称，或先在“人员与权限”中登记该单位") % text
                )
            return pk, ""
        case "entity":
            return _entity(text), ""
    return text, ""


def _choice(choices: Sequence[tuple[str, Any]], text: str, label: str) -> str:
    wanted = plain(text)
    for value, name in choices:
        if wanted in (plain(value), plain(name)):
            return value
    close = [v for v, name in choices if wanted and (wanted in plain(name))]
    if len(close) == 1:
        return close[0]
    raise BadCell(
        _("“%(text)s”不是%(label)s的可选值；可填：%(names)s")
        % {"text": text, "label": label, "names": "、".join(str(n) for _v, n in choices)}
    )


def _entity(text: str) -> str:
    found = list(Entity.objects.filter(code=text)[:1]) or list(
        Entity.objects.filter(name=text, active=True)[:2]
    )
    if len(found) == 1:
        return found[0].code
    if found:
        raise BadCell(_("有多个对象名为“%s”；请改填对象编码") % text)
    raise BadCell(_("没有编码或名称为“%s”的对象；请核对，或先在对象台账中登记") % text)


# ---- preview -------------------------------------------------------------------------------------


def preview(
    register: Register,
    name: str,
    content: bytes,
    *,
    by: Person,
    chosen: Mapping[str, str] | None = None,
) -> ImportBatch:
    """Read a file and check every row; nothing is made yet. ``chosen``: header -> column by hand."""
    if not register.import_columns:
        raise Refused("condition", _("“%s”不能从表格导入。") % register.label)
    if not register.may_open(by):
        raise Refused("role", _("您的岗位不能在“%s”登记事项。") % register.label)
    table = read(name, content)
    _header_row, headers, first = find_header(register, table)
    mapping = match_columns(register, headers, chosen)
    for header, column in (chosen or {}).items():
        if column and header in headers:
            ColumnMapping.objects.update_or_create(
                register=register.key, header=header, defaults={"column": column}
            )
    _need_required(register, mapping)
    columns = {c.field.name: c for c in register.import_columns}
    at: dict[str, int] = {}
    for position, header in enumerate(headers):
        if found := mapping.get(header):
            # A header over merged cells stands several times; the first is meant.
            at.setdefault(found, position)
    lookup = _Lookup.of(by)
    rows = []
    for n, cells in enumerate(table.rows[first:], start=first + 1):
        if _is_no_data(cells):
            continue
        rows.append(_checked(register, columns, at, cells, n, lookup, by))
    if not rows:
        raise Refused("file", _("表头下面没有数据。"))
    _mark_duplicates(register, rows, by)
    return ImportBatch.objects.create(
        register=register.key,
        file_name=name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        sheet=table.name[:100],
        mapping=mapping,
        rows=rows,
        person=by,
    )


def _need_required(register: Register, mapping: Mapping[str, str]) -> None:
    missing = [
        str(c.field.label)
        for c in register.import_columns
        if c.field.required and c.field.kind != "boolean" and c.field.name not in mapping.values()
    ]
    if missing:
        raise Refused(
            "file",
            _("表里缺少必填的列：%s。") % "、".join(missing),
            _("请补上这些列，或在列对应中指明哪一列是它。"),
        )


def _is_no_data(cells: Sequence[Cell]) -> bool:
    texts = [str(c).strip() for c in cells if c not in ("", None)]
    return not texts or bool(_NO_DATA.match(texts[0])) or len(set(texts)) == 1 < len(texts)


def _checked(
    register: Register,
    columns: Mapping[str, ImportColumn],
    at: Mapping[str, int],
    cells: Sequence[Cell],
    number: int,
    lookup: _Lookup,
    by: Person,
) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    original: dict[str, str] = {}
    errors: list[dict[str, str]] = []
    warnings: list[dict[str, str]] = []
    for name, position in at.items():
        column = columns[name]
        value = cells[position] if position < len(cells) else ""
        label = str(column.field.label)
        try:
            original[name] = _text(value)
            raw[name], warning = _raw(column, value, lookup)
            if warning:
                warnings.append(Problem(name, label, warning).as_json())
        except BadCell as bad:
            original.setdefault(name, str(value))
            errors.append(Problem(name, label, str(bad)).as_json())
    wrong = {e["column"] for e in errors}
    fields = [c.field for c in columns.values()]
    form = forms.form_of(fields, data={k: v for k, v in raw.items() if v is not False}, person=by)
    for name, messages in forms.problems(form).items():
        if name not in wrong:
            label = str(columns[name].field.label)
            errors.append(Problem(name, label, "；".join(messages)).as_json())
    return {
        "row": number,
        "cells": original,
        "values": raw,
        "errors": errors,
        "warnings": warnings,
    }


def _mark_duplicates(register: Register, rows: list[dict[str, Any]], by: Person) -> None:
    """Rows whose key stands twice in the file or is in the register already are errors, not copies."""
    if not register.import_key:
        return
    seen: dict[tuple[str, ...], int] = {}
    label = "、".join(
        str(c.field.label) for c in register.import_columns if c.field.name in register.import_key
    )
    for row in rows:
        key = tuple(str(row["values"].get(name) or "") for name in register.import_key)
        if not all(key):
            continue
        if key in seen:
            message = _("与第 %d 行相同；请删去一行，或改正编号") % seen[key]
            row["errors"].append(Problem(register.import_key[0], label, message).as_json())
            continue
        seen[key] = row["row"]
        there = (
            register.model._default_manager.filter(
                withdrawn_at=None, **dict(zip(register.import_key, key, strict=True))
            )
            .values_list("number", flat=True)
            .first()
        )
        if there:
            message = _("已在台账中（%s）；若是新问题请改正编号") % there
            row["errors"].append(Problem(register.import_key[0], label, message).as_json())


# ---- accepting and undoing -----------------------------------------------------------------------


def _batch(register: Register, batch_id: int, by: Person) -> ImportBatch:
    """The batch, locked; only who uploaded it and the register's managers know of it."""
    batch = (
        ImportBatch.objects.select_for_update().filter(pk=batch_id, register=register.key).first()
    )
    if batch is None or (batch.person_id != by.pk and not register.may_manage(by)):
        raise NotVisible(f"import {batch_id}")
    return batch


def accept(
    register: Register, batch_id: int, *, by: Person, at: datetime | None = None
) -> tuple[int, int]:
    """Make matters of the rows without errors; (made, left out). Rows refused now gain their reason.

    Done in portions, each in a transaction of its own, so that a long table does not keep everyone
    else waiting. Broken off, it is accepted again and goes on where it stopped.
    """
    at = at or timezone.now()
    while _accept_portion(register, batch_id, by, at):
        pass
    with transaction.atomic():
        batch = _batch(register, batch_id, by)
        made = sum(1 for row in batch.rows if "matter" in row)
        if not made:
            raise Refused("form", _("没有一行可以导入。"), _("请按各行的提示改正后重新上传。"))
        batch.state, batch.accepted_at = ImportBatch.State.ACCEPTED, at
        batch.save()
        matter = register.model._default_manager.filter(import_batch=batch)[0]
        notices.tell(
            notices.whose_turn(register, matter),
            f"{batch.file_name} 导入 {made} 件，等待办理",
            link=f"/matters/{register.key}?open=1",
            at=at,
            but=by,
        )
    return made, len(batch.bad)


@transaction.atomic
def _accept_portion(register: Register, batch_id: int, by: Person, at: datetime) -> bool:
    """Make the next rows; whether there were any."""
    batch = _batch(register, batch_id, by)
    if batch.state != ImportBatch.State.PREVIEW:
        raise Refused("state", _("这批数据已经处理过。"), _("请刷新页面。"))
    if batch.person_id != by.pk:
        raise Refused("role", _("由上传人确认导入。"))
    fields = [c.field for c in register.import_columns]
    portion = [r for r in batch.rows if not r["errors"] and "matter" not in r][:PORTION]
    for row in portion:
        try:
            with transaction.atomic():
                _make(register, batch, row, fields, by, at)
        except Refused as refused:
            row.pop("matter", None)
            row["errors"].append(
                Problem("", "", " ".join(filter(None, (refused.why, refused.remedy)))).as_json()
            )
    if portion:
        batch.save(update_fields=["rows"])
    return bool(portion)


def _make(
    register: Register,
    batch: ImportBatch,
    row: dict[str, Any],
    fields: list[Any],
    by: Person,
    at: datetime,
) -> None:
    data = {k: v for k, v in row["values"].items() if v is not False}
    form = forms.form_of(fields, data=data, person=by)
    if not form.is_valid():
        raise Refused("form", "；".join(m for ms in forms.problems(form).values() for m in ms))
    given = {
        f.stores: _model_value(form.cleaned_data[f.name])
        for f in fields
        if f.stores and form.cleaned_data[f.name] not in (None, "")
    }
    matter = actions.open_matter(
        register,
        given | {"origin": batch.file_name},
        by=by,
        at=at,
        batch=batch,
        form={"file": batch.file_name, "row": row["row"], **row["cells"]},
    )
    row["matter"] = matter.pk
    if register.after_import is not None:
        register.after_import(matter, row["values"], by, at)


def _model_value(value: Any) -> Any:
    return value.code if isinstance(value, Area) else value


@transaction.atomic
def discard(register: Register, batch_id: int, *, by: Person) -> None:
    """Put a preview aside."""
    batch = _batch(register, batch_id, by)
    if batch.state != ImportBatch.State.PREVIEW:
        raise Refused("state", _("这批数据已经处理过。"))
    if any("matter" in row for row in batch.rows):
        raise Refused("state", _("这批数据导入到一半。"), _("请继续导入，再整批撤销。"))
    batch.state = ImportBatch.State.DISCARDED
    batch.save()


@transaction.atomic
def undo(register: Register, batch_id: int, *, by: Person, at: datetime | None = None) -> list[Any]:
    """Withdraw every matter of the batch. Those worked on since stay and are returned."""
    at = at or timezone.now()
    batch = _batch(register, batch_id, by)
    if batch.state != ImportBatch.State.ACCEPTED:
        raise Refused("state", _("只有已导入的批次可以撤销。"))
    kept = []
    for matter in register.model._default_manager.filter(import_batch=batch, withdrawn_at=None):
        worked_on = (
            Event.objects.filter(register=register.key, matter_id=matter.pk)
            .exclude(transition__in=("open", "merged", "absorbed", "withdrawn", "restored"))
            .exists()
        )
        if worked_on:
            kept.append(matter)
            continue
        actions.withdraw(register, matter, by=by, label=noop("撤销导入"), at=at)
    batch.state, batch.undone_at, batch.undone_by = ImportBatch.State.UNDONE, at, by
    batch.save()
    return kept


@transaction.atomic
def redo(register: Register, batch_id: int, *, by: Person, at: datetime | None = None) -> int:
    """Bring back what :func:`undo` withdrew; how many."""
    at = at or timezone.now()
    batch = _batch(register, batch_id, by)
    if batch.state != ImportBatch.State.UNDONE:
        raise Refused("state", _("这批数据没有撤销。"))
    count = 0
    for matter in register.model._default_manager.filter(import_batch=batch).exclude(
        withdrawn_at=None
    ):
        actions.restore(register, matter, by=by, label=noop("恢复导入"), at=at)
        count += 1
    batch.state, batch.undone_at, batch.undone_by = ImportBatch.State.ACCEPTED, None, None
    batch.save()
    return count


# ---- files for people ----------------------------------------------------------------------------


def template(register: Register) -> bytes:
    """The template as .xlsx: one header row, an example row, and a sheet that explains each column."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "border": 1, "bg_color": "#E8F1EF"})
        # Text, so that long codes keep all their digits.
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(str(register.label)[:31])
        notes = book.add_worksheet(_("填写说明"))
        for n, head in enumerate((_("列名"), _("必填"), _("可填内容"), _("说明"))):
            notes.write_string(0, n, head, bold)
        notes.set_column(0, 3, 28)
        for n, column in enumerate(register.import_columns):
            field = column.field
            required = field.required and field.kind != "boolean"
            sheet.write_string(0, n, f"{field.label}{'*' if required else ''}", bold)
            sheet.write_string(1, n, column.example, text)
            sheet.set_column(n, n, 18, text)
            labels = [str(label) for _value, label in field.choices]
            if labels and len(",".join(labels)) <= 255:
                sheet.data_validation(2, n, MOST_ROWS, n, {"validate": "list", "source": labels})
            notes.write_string(n + 1, 0, str(field.label))
            notes.write_string(n + 1, 1, _("是") if required else "")
            notes.write_string(n + 1, 2, "、".join(labels) or _KIND_NOTES.get(field.kind, ""))
            notes.write_string(n + 1, 3, str(field.help))
        sheet.freeze_panes(1, 0)
    return buffer.getvalue()


_KIND_NOTES = {
    "date": "日期，如 2026-12-31",
    "boolean": "是、否",
    "area": "镇（街道）名称或行政区划代码",
    "organisation": "单位全称",
    "entity": "对象编码或全称",
    "integer": "整数",
    "decimal": "数字",
}


def error_file(register: Register, batch: ImportBatch) -> bytes:
    """The rows left out as .xlsx, as they were, each with its reasons: to be put right and sent again."""
    names = [
        c.field.name for c in register.import_columns if c.field.name in batch.mapping.values()
    ]
    labels = {c.field.name: str(c.field.label) for c in register.import_columns}
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        bold = book.add_format({"bold": True, "border": 1})
        red = book.add_format({"font_color": "#B42318"})
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(_("未导入的行"))
        for n, name in enumerate(names):
            sheet.write_string(0, n, labels[name], bold)
        sheet.write_string(0, len(names), _("原因"), bold)
        sheet.set_column(0, len(names) - 1, 18)
        sheet.set_column(len(names), len(names), 60)
        for y, row in enumerate(batch.bad, start=1):
            wrong = {e["column"] for e in row["errors"]}
            for n, name in enumerate(names):
                sheet.write_string(y, n, row["cells"].get(name, ""), red if name in wrong else text)
            reasons = "；".join(
                f"{e['label']}：{e['message']}" if e["label"] else e["message"]
                for e in row["errors"]
            )
            sheet.write_string(y, len(names), _("第 %d 行：") % row["row"] + reasons, red)
    return buffer.getvalue()
