"""The template to fill in, and the rows that were left out."""

from __future__ import annotations

import io

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.listings.importing.columns import open_columns
from ecoledger.listings.importing.examples import example_row
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch, one_sentence
from ecoledger.listings.parts import Kind
from ecoledger.listings.personal import open_texts
from ecoledger.listings.workbook import sheet_name

_FILLED_BY_HAND = 5000  # rows of the template that offer a choice's values
_KIND_NOTES = {
    Kind.DATE: noop("日期，如 2026-12-31"),
    Kind.DATETIME: noop("日期和时间，如 2026-12-31 08:00"),
    Kind.BOOLEAN: noop("是、否"),
    Kind.AREA: noop("镇（街道）名称或行政区划代码"),
    Kind.REFERENCE: noop("编码或全称"),
    Kind.INTEGER: noop("整数"),
    Kind.DECIMAL: noop("数字"),
}


def template(listing: Listing, *, by: Person | None = None) -> bytes:
    """The template as .xlsx: one header row, an example row, and a sheet that explains each column."""
    buffer, example = io.BytesIO(), example_row(listing, by)
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "border": 1, "bg_color": "#E8F1EF"})
        # Text, so that long codes keep all their digits.
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(sheet_name(str(listing.label)))
        notes = book.add_worksheet(_("填写说明"))
        for n, head in enumerate((_("列名"), _("必填"), _("可填内容"), _("说明"))):
            notes.write_string(0, n, head, bold)
        notes.set_column(0, 3, 28)
        for n, column in enumerate(listing.import_columns):
            ask = column.ask
            sheet.write_string(0, n, f"{ask.label}{'*' if ask.required else ''}", bold)
            sheet.write_string(1, n, example[column.name], text)
            sheet.set_column(n, n, 18, text)
            labels = [_(str(label)) for _value, label in ask.choices]
            if labels and len(",".join(labels)) <= 255:
                rule = {"validate": "list", "source": labels}
                sheet.data_validation(2, n, _FILLED_BY_HAND, n, rule)
            # The column as the table has it, and as its reader calls it.
            names = dict.fromkeys((str(ask.label), _(str(ask.label))))
            notes.write_string(n + 1, 0, " ".join(names))
            notes.write_string(n + 1, 1, _("是") if ask.required else "")
            note = _KIND_NOTES.get(ask.kind or Kind.TEXT, "")
            notes.write_string(n + 1, 2, _("、").join(labels) or (_(note) if note else ""))
            notes.write_string(n + 1, 3, _(str(ask.help)) if ask.help else "")
        sheet.freeze_panes(1, 0)
    return buffer.getvalue()


def error_file(listing: Listing, batch: ImportBatch, *, by: Person) -> bytes:
    """The rows left out as .xlsx, as they were and ``by`` may read them, each with its reasons: to be put right and
    sent again."""
    taken = set(batch.mapping.values())
    columns = [c for c in open_columns(listing, by) if c.name in taken]
    several = batch.rows.order_by().values("sheet").distinct().count() > 1
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        bold = book.add_format({"bold": True, "border": 1})
        red = book.add_format({"font_color": "#B42318"})
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(_("未导入的行"))
        for n, column in enumerate(columns):
            sheet.write_string(0, n, str(column.ask.label), bold)
        sheet.write_string(0, len(columns), _("原因"), bold)
        if columns:
            sheet.set_column(0, len(columns) - 1, 18)
        sheet.set_column(len(columns), len(columns), 60)
        for y, row in enumerate(batch.bad, start=1):
            wrong, texts = {e["column"] for e in row.errors}, open_texts(listing, by, row)
            for n, column in enumerate(columns):
                form = red if column.name in wrong else text
                sheet.write_string(y, n, texts.get(column.name, ""), form)
            reasons = one_sentence(row.errors)
            where = f"{row.sheet} " if several else ""
            sheet.write_string(y, len(columns), where + _("第 %d 行：") % row.number + reasons, red)
    return buffer.getvalue()
