"""The rows of a book that a number, sum or share was made from."""

from __future__ import annotations

from django.utils.translation import gettext

from ecoledger.accounts.models import Person
from ecoledger.accounts.wording import numbered
from ecoledger.indicators import doors, of_books
from ecoledger.indicators.declaring import Span
from ecoledger.indicators.records.declaring import (
    Asked,
    Cell,
    Column,
    Fact,
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
from ecoledger.listings.tallies import Tally, Things

SHOWN = 8
EMPTY = "没有这样的记录。"


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
    title = f"{gettext(str(book.label))} · {gettext(tally.name)}"
    title = between(title, begin, end) if tally.spans else title
    if tally.yearly and not counting.span.is_year:
        return Page(title, (), (), problem=gettext(of_books.NO_YEAR), empty=EMPTY)
    if tally.things is not None:
        return _of_things(title, counting, tally, tally.things, asked.person)
    rows = counting.rows(tally, book.visible_to(asked.person))
    of = counting.within(tally.of)
    rows = rows.filter(of if tally.whole is None else counting.within(tally.whole))
    counted = None if tally.whole is None else set(rows.filter(of).values_list("pk", flat=True))
    every = book.open_columns(asked.person)
    # What is added up is shown, wherever it stands in the list.
    columns = every[:SHOWN] + tuple(c for c in every[SHOWN:] if c.name in (tally.add, tally.over))
    heads = [Column(str(c.label), lead=not number) for number, c in enumerate(columns)]
    if counted is not None:
        heads.append(Column("计入"))
    veiled = veil.of(book, asked.person)
    return Page(
        title,
        tuple(heads),
        Rows(rows.order_by(*book.order), lambda row: _row(book, columns, veiled(row), counted)),
        facts=_comes_to(counting, tally, asked.person),
        notes=(numbered("共 %(n)s 条记录。", rows.count()) % {"n": rows.count()},),
        empty=EMPTY,
    )


def _comes_to(counting: of_books.Counting, tally: Tally, person: Person) -> list[Fact]:
    """The sum or share that the rows shown come to; a mere number of rows is said anyway."""
    if not tally.add and not tally.over and tally.whole is None:
        return []
    figure = counting.figure(tally, counting.book.visible_to(person))
    return [Fact(tally.name, (figure, f"（{figure.parts}）" if figure.parts else ""))]


def _of_things(
    title: str, counting: of_books.Counting, tally: Tally, things: Things, person: Person
) -> Page:
    """The things that a share is made of: what each comes to, ticked where it counts; of some nobody told."""
    book = things.book
    parts = counting.parts(things, book.visible_to(person))
    rows = []
    for part in parts:
        opens = doors.ROW.opens(url=book.url_of(part.thing))
        counts = Cell("没有填报") if part.counts is None else Cell(part.counts, "tick")
        amount = Cell(part.amount, "number", 2)
        marks = {"row": str(part.thing.pk)}
        rows.append(
            Row(
                (Cell(str(part.thing), opens=opens), amount, counts),
                marks,
                counted=bool(part.counts),
            )
        )
    heads = (Column(str(book.label), lead=True), Column(things.amount, "number"), Column("计入"))
    notes = (numbered("共 %(n)s 条记录。", len(rows)) % {"n": len(rows)},)
    facts = _comes_to(counting, tally, person)
    return Page(title, heads, rows, facts=facts, notes=notes, empty=EMPTY)


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
