"""Spreadsheets for people: the template to fill in, and the rows that were left out."""

from __future__ import annotations

import io

import xlsxwriter
from django.utils.translation import gettext as _

from ecoledger.listings.parts import Kind
from ecoledger.matters.importing.reading import MOST_ROWS
from ecoledger.matters.models import ImportBatch
from ecoledger.matters.register import Register


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
            ask = column.ask
            required = ask.required and ask.kind is not Kind.BOOLEAN
            sheet.write_string(0, n, f"{ask.label}{'*' if required else ''}", bold)
            sheet.write_string(1, n, column.example, text)
            sheet.set_column(n, n, 18, text)
            labels = [str(label) for _value, label in ask.choices]
            if labels and len(",".join(labels)) <= 255:
                sheet.data_validation(2, n, MOST_ROWS, n, {"validate": "list", "source": labels})
            notes.write_string(n + 1, 0, str(ask.label))
            notes.write_string(n + 1, 1, _("是") if required else "")
            notes.write_string(
                n + 1, 2, "、".join(labels) or _KIND_NOTES.get(ask.kind or Kind.TEXT, "")
            )
            notes.write_string(n + 1, 3, str(ask.help))
        sheet.freeze_panes(1, 0)
    return buffer.getvalue()


_KIND_NOTES = {
    Kind.DATE: "日期，如 2026-12-31",
    Kind.BOOLEAN: "是、否",
    Kind.AREA: "镇（街道）名称或行政区划代码",
    Kind.REFERENCE: "编码或全称",
    Kind.INTEGER: "整数",
    Kind.DECIMAL: "数字",
}


def error_file(register: Register, batch: ImportBatch) -> bytes:
    """The rows left out as .xlsx, as they were, each with its reasons: to be put right and sent again."""
    names = [c.name for c in register.import_columns if c.name in batch.mapping.values()]
    labels = {c.name: str(c.ask.label) for c in register.import_columns}
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
