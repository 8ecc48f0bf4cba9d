"""The preview of an import: every row checked and nothing made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import inserting
from ecoledger.accounts.models import Person
from ecoledger.listings import words as say
from ecoledger.listings.exported import meaning
from ecoledger.listings.importing import remembered
from ecoledger.listings.importing.columns import (
    headers_side_by_side,
    likely_columns,
    match_columns,
    names_of,
    need_required,
    open_choices,
    open_columns,
    remember_columns,
    ways_to_read,
)
from ecoledger.listings.importing.repeats import said_before
from ecoledger.listings.importing.row_checks import Progress, RowChecks
from ecoledger.listings.importing.sheets import notes_on, rows_of, sheets_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import (
    ImportBatch,
    ImportPicture,
    ImportRow,
)
from ecoledger.listings.parts import ImportColumn
from ecoledger.listings.personal import RECORDED
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tables import reading
from ecoledger.listings.tables.book import Book
from ecoledger.listings.tables.headers import Header, fold
from ecoledger.listings.tables.pictures import pictures

MOST_ROWS = 100_000

_PORTION = 2000


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
    columns = open_columns(listing, by)
    earlier_choices = open_choices(listing, remembered.headers(listing, by))
    choices = open_choices(listing, chosen or {})
    sheets = sheets_of(listing, columns, book, {**earlier_choices, **choices})
    batch = ImportBatch(
        listing=listing.key,
        file_name=name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        person=by,
        history=history,
    )
    batch.notes = notes_on(book, sheets)
    remember_columns(listing, choices, sheets, by)
    for _table, header in sheets:
        _refuse_personal(listing, columns, header)
        meant = {**meaning(listing, by, header.names), **choices}
        mapping = match_columns(columns, header.names, meant, earlier_choices)
        for column_header, column in mapping.items():
            batch.mapping.setdefault(column_header, column)
    assert listing.imports is not None  # noqa: S101 - its columns were asked for above
    open_headers = {h: name for h, name in batch.mapping.items() if h not in choices}
    likely = likely_columns(listing.imports, columns, open_headers)
    batch.mapping.update(likely)
    labels = {c.name: _(str(c.ask.label)) for c in columns}
    batch.notes += [
        _("“%(header)s”列按“%(column)s”读取") % {"header": header, "column": labels[name]}
        for header, name in likely.items()
    ]
    need_required(listing.imports, columns, batch.mapping)
    rows: list[ImportRow] = []
    for table, header in sheets:
        rows += rows_of(batch, table, header, rows)
        if len(rows) > MOST_ROWS:
            raise Refused("file", _("一次最多导入 %d 行。") % MOST_ROWS, _("请分成几个文件导入。"))
    if not rows:
        raise Refused("file", _("表头下面没有数据。"))
    # Checked before anything is written: a long table must not keep every other writer waiting.
    RowChecks(listing, columns, batch, by).rows(rows, progress)
    if before := earlier(batch, rows):
        batch.notes.append(told_earlier(before))
    with transaction.atomic():
        batch.save()
        if listing.imports.pictures:
            ImportRow.objects.bulk_create(rows, batch_size=_PORTION)
            _keep_pictures(content, rows)
        else:
            for row in rows:
                row.batch = batch  # it has its key now
            inserting.insert(ImportRow, rows)
    return batch


def _refuse_personal(listing: Listing, open_to: Sequence[ImportColumn], header: Header) -> None:
    """Who may not see whom a row is about takes in no table that says it: nobody could be masked in its texts."""
    closed = set(listing.import_columns) - set(open_to)
    personal = [c for c in closed if listing.hidden.get(c.ask.stores or c.name) in RECORDED]
    for name in header.names:
        if any(not names_of(column).isdisjoint(ways_to_read(name)) for column in personal):
            raise Refused(
                "role",
                _("表中有“%s”一列，您的岗位不能查看这类信息，不能导入此表。") % name,
                _("请交由能查看的人员导入。"),
            )


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
    template = open_columns(listing, by)
    known = {c.name for c in template}
    if history is not None:
        batch.history = history
    beside = headers_side_by_side(batch)
    for header, column in open_choices(listing, columns or {}).items():
        if header in batch.mapping and (column in known or not column):
            for other, taken in batch.mapping.items():
                if column and taken == column and other != header and other in beside[header]:
                    batch.mapping[other] = ""
            batch.mapping[header] = column
            remembered.keep_header(listing, header, column, by)
    for column, meanings in (words or {}).items():
        for word, value in meanings.items():
            if column in known and value:
                batch.words.setdefault(column, {})[fold(word)] = value
                remembered.keep_word(listing, column, word, value, by)
    assert listing.imports is not None  # noqa: S101 - the preview was made by it
    need_required(listing.imports, template, batch.mapping)
    rows = list(batch.rows.all())
    RowChecks(listing, template, batch, by).rows(rows)
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


def earlier(batch: ImportBatch, rows: Iterable[ImportRow] | None = None) -> ImportBatch | None:
    """The import that stands of the same file, or of one with the same rows where no number tells them from others."""
    accepted = ImportBatch.objects.filter(listing=batch.listing, state=ImportBatch.State.ACCEPTED)
    accepted = accepted.exclude(pk=batch.pk)
    if same := accepted.filter(sha256=batch.sha256).first():
        return same
    told = [row for row in (batch.good if rows is None else rows) if not row.wrong]
    if not told or any(row.key or row.changes for row in told):
        return None
    before = said_before(batch.listing, told)
    if any(id(row) not in before for row in told):
        return None
    return accepted.filter(pk=before[id(told[0])]["batch"]).first()


def told_earlier(before: ImportBatch) -> str:
    """That the same was taken in, and on which day here."""
    day = timezone.localdate(before.accepted_at)
    return _("同一文件或同样的内容已于 %(day)s 导入过（%(name)s）") % {
        "day": f"{day:%Y-%m-%d}",
        "name": before.file_name,
    }
