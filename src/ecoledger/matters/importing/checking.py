"""The preview of an import: every row checked and nothing made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.forms import Form
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import forms
from ecoledger.listings.parts import ImportColumn, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.matters.importing.cells import BadCell, Lookup, text_of, value_of
from ecoledger.matters.importing.columns import find_header, match_columns
from ecoledger.matters.importing.reading import Cell, read
from ecoledger.matters.models import ColumnMapping, ImportBatch
from ecoledger.matters.register import Register

# What begins the first cell of a row that is no data: totals and notes below the table.
_NO_DATA = re.compile(r"^(合计|总计|小计|注[：:]|备注[：:]|说明[：:]|填报人|填表人|审核人|制表)")


def problem(column: str, label: str, message: str) -> dict[str, str]:
    """What is wrong with one cell: where, what and the remedy, as one sentence."""
    return {"column": column, "label": label, "message": message}


def row_form(register: Register, values: Mapping[str, Any], by: Person) -> Form:
    """The form a row fills in."""
    asks = [column.ask for column in register.import_columns]
    return forms.form_of(asks, register.model, data=values, person=by)


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
    columns = {c.name: c for c in register.import_columns}
    at: dict[str, int] = {}
    for position, header in enumerate(headers):
        if found := mapping.get(header):
            # A header over merged cells stands several times; the first is meant.
            at.setdefault(found, position)
    lookup = Lookup.of(by)
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
        str(c.ask.label)
        for c in register.import_columns
        if c.ask.required and c.ask.kind is not Kind.BOOLEAN and c.name not in mapping.values()
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
    lookup: Lookup,
    by: Person,
) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    original: dict[str, str] = {}
    errors: list[dict[str, str]] = []
    warnings: list[dict[str, str]] = []
    for name, position in at.items():
        column = columns[name]
        value = cells[position] if position < len(cells) else ""
        label = str(column.ask.label)
        try:
            original[name] = text_of(value)
            raw[name], warning = value_of(column, value, lookup)
            if warning:
                warnings.append(problem(name, label, warning))
        except BadCell as bad:
            original.setdefault(name, str(value))
            errors.append(problem(name, label, str(bad)))
    wrong = {e["column"] for e in errors}
    form = row_form(register, raw, by)
    for name, messages in forms.problems(form).items():
        if name not in wrong:
            label = str(columns[name].ask.label)
            errors.append(problem(name, label, "；".join(messages)))
    return {
        "row": number,
        "cells": original,
        "values": raw,
        "errors": errors,
        "warnings": warnings,
    }


def _mark_duplicates(register: Register, rows: list[dict[str, Any]], by: Person) -> None:
    """Rows whose key stands twice in the file or is in the register already are errors, not copies."""
    key_names = register.imports.key if register.imports else ()
    if not key_names:
        return
    seen: dict[tuple[str, ...], int] = {}
    label = "、".join(str(c.ask.label) for c in register.import_columns if c.name in key_names)
    for row in rows:
        key = tuple(str(row["values"].get(name) or "") for name in key_names)
        if not all(key):
            continue
        if key in seen:
            message = _("与第 %d 行相同；请删去一行，或改正编号") % seen[key]
            row["errors"].append(problem(key_names[0], label, message))
            continue
        seen[key] = row["row"]
        there = (
            register.model._default_manager.filter(
                withdrawn_at=None, **dict(zip(key_names, key, strict=True))
            )
            .values_list("number", flat=True)
            .first()
        )
        if there:
            message = _("已在台账中（%s）；若是新问题请改正编号") % there
            row["errors"].append(problem(key_names[0], label, message))
