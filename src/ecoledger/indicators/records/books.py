"""The rows of a book that a number, sum or share was made from."""

from __future__ import annotations

from django.utils.translation import gettext

from ecoledger.accounts.wording import numbered
from ecoledger.indicators import doors, of_books
from ecoledger.indicators.declaring import Span
from ecoledger.indicators.records.declaring import (
    Asked,
    Cell,
    Column,
    NotThere,
    Page,
    Row,
    Rows,
    between,
    table,
)
from ecoledger.listings import veil
from ecoledger.listings.cells import text_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Column as Listed

SHOWN = 8


@table(doors.COUNTED_ROWS)
def counted_rows(asked: Asked) -> Page:
    """Rows in the columns of their list; of a share those of its denominator, ticked where they count."""
    begin, end = asked.span()
    try:
        tally = of_books.every_tally()[asked.text("indicator")]
    except KeyError as wrong:
        raise NotThere("indicator") from wrong
    book = tally.book
    counting = of_books.Counting(book, asked.area(), Span(begin, end))
    rows = counting.rows(tally, book.visible_to(asked.person))
    of = counting.within(tally.of)
    rows = rows.filter(of if tally.whole is None else counting.within(tally.whole))
    counted = None if tally.whole is None else set(rows.filter(of).values_list("pk", flat=True))
    columns = book.open_columns(asked.person)[:SHOWN]
    heads = [Column(str(c.label), lead=not number) for number, c in enumerate(columns)]
    if counted is not None:
        heads.append(Column("计入"))
    veiled = veil.of(book, asked.person)
    title = f"{gettext(str(book.label))} · {gettext(tally.name)}"
    return Page(
        between(title, begin, end) if tally.spans else title,
        tuple(heads),
        Rows(rows.order_by(*book.order), lambda row: _row(book, columns, veiled(row), counted)),
        notes=(numbered("共 %(n)s 条记录。", rows.count()) % {"n": rows.count()},),
        empty="没有这样的记录。",
    )


def _row(book: Listing, columns: tuple[Listed, ...], row: object, counted: set[int] | None) -> Row:
    opens = doors.ROW.opens(url=book.url_of(row))
    cells = [
        Cell(text_of(row, column) or "—", opens=opens if not number else None)
        for number, column in enumerate(columns)
    ]
    pk = int(getattr(row, "pk", 0))
    if counted is not None:
        cells.append(Cell(pk in counted, "tick"))
    return Row(tuple(cells), {"row": str(pk)}, counted=counted is None or pk in counted)
