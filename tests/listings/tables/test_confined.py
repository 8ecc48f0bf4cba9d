"""Workbooks that want to end the process that reads them."""

from __future__ import annotations

import contextlib
import io
import os
import resource
import time
import zipfile

import openpyxl
import pytest

from ecoledger.listings.tables import confined, reading
from ecoledger.listings.tables.confined import (
    Busy,
    Limits,
    TooLarge,
    Unreadable,
    look,
    read_confined,
)

FIRST = f"{__name__}:_first_sheet"


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def with_sheet(xml: bytes) -> bytes:
    """A sound workbook whose sheet is replaced."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([1]))) as sound,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for part in sound.infolist():
            content = xml if part.filename.endswith("sheet1.xml") else sound.read(part)
            made.writestr(part.filename, content)
    return buffer.getvalue()


def sheet(cells_: str, dimension: str = "") -> bytes:
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"{dimension}<sheetData>{cells_}</sheetData></worksheet>"
    ).encode()


TWO_CELLS = (
    '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
)


def most_held() -> int:
    """Kilobytes of memory that this process held at most, by whatever ran in it before too."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize(
    "dimension", ["", '<dimension ref="A1:XFD1048576"/>', '<dimension ref="A1:B2"/>']
)
def test_two_cells_at_the_ends_of_a_sheet_are_refused_and_the_process_lives(dimension):
    hostile, before = with_sheet(sheet(TWO_CELLS, dimension)), most_held()
    assert len(hostile) < 8000
    with pytest.raises(TooLarge):
        read_confined(FIRST, hostile)
    assert most_held() - before < 1 << 20


@pytest.mark.parametrize("dimension", ["", '<dimension ref="A1:XFD1048576"/>'])
def test_the_reader_of_the_house_survives_them_too(dimension):
    before = most_held()
    with contextlib.suppress(reading.NoTableError):
        book = reading.read(with_sheet(sheet(TWO_CELLS, dimension)))
        assert sum(len(one.rows) for one in book.sheets) < 10_000
    assert most_held() - before < 1 << 20


def test_a_declared_dimension_is_believed_before_anything_is_unpacked():
    with pytest.raises(TooLarge):
        look(with_sheet(sheet("", '<dimension ref="A1:XFD1048576"/>')))


def test_a_zip_that_unpacks_to_a_gigabyte_is_refused_unread():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/worksheets/sheet1.xml", b" " * (400 << 20))
    begun = time.process_time()
    with pytest.raises(TooLarge):
        look(buffer.getvalue())
    assert time.process_time() - begun < 5


def test_a_part_that_shrinks_too_well_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/sharedStrings.xml", b" " * (20 << 20))
    with pytest.raises(TooLarge):
        look(buffer.getvalue())


def test_a_hundred_thousand_rows_of_two_hundred_columns_are_refused():
    row = "".join(f'<c r="{letter}{{n}}"><v>1</v></c>' for letter in ("A", "GR"))
    many = "".join(f'<row r="{n}">{row.replace("{n}", str(n))}</row>' for n in range(1, 100_001))
    with pytest.raises(TooLarge):
        read_confined(FIRST, with_sheet(sheet(many)), Limits(ratio=10_000, memory=400 << 20))


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 no zip", b"\xd0\xcf\x11\xe0 no workbook", b"%PDF-1"]
)
def test_what_is_no_workbook_is_said_to_be_unreadable(content):
    with pytest.raises(Unreadable):
        read_confined(FIRST, content)


def test_a_reader_that_takes_too_much_or_too_long_is_stopped():
    with pytest.raises(TooLarge):
        read_confined(f"{__name__}:_eats", b"x", Limits(memory=300 << 20))
    with pytest.raises(TooLarge):
        read_confined(f"{__name__}:_sleeps", b"x", Limits(patience=1.0))
    with pytest.raises(TooLarge):
        read_confined(f"{__name__}:_spins", b"x", Limits(processor=1))
    with pytest.raises(TooLarge):
        read_confined(f"{__name__}:_crashes", b"x")


def test_the_child_knows_none_of_our_secrets(monkeypatch):
    monkeypatch.setenv("ECOLEDGER_SECRET_KEY", "geheim")
    assert "ECOLEDGER_SECRET_KEY" not in read_confined(f"{__name__}:_environment", b"")


def _first_sheet(content: bytes) -> list[list[object]]:
    """A reader that knows no measure."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except python_calamine.CalamineError as error:
        raise ValueError from error


def _eats(_content: bytes) -> int:
    return len(bytearray(1 << 30))


def _sleeps(_content: bytes) -> None:
    time.sleep(60)


def _spins(_content: bytes) -> None:
    while True:
        pass


def _crashes(_content: bytes) -> None:
    os.abort()


def _environment(_content: bytes) -> list[str]:
    return sorted(os.environ)


def test_who_finds_no_place_is_told_so_at_once_and_a_place_is_free_again_afterwards():
    held = []
    while confined._AT_ONCE.acquire(blocking=False):
        held.append(confined._AT_ONCE)
    try:
        assert len(held) == 2
        with pytest.raises(Busy):
            read_confined(f"{__name__}:_environment", b"", Limits(wait=0.0))
        with pytest.raises(reading.NoTableError, match="busy"):
            reading.read_at_once(b"a,b\n1,2\n")
        assert reading.read_in_a_moment(b"a,b\n1,2\n") is None
    finally:
        for places in held:
            places.release()
    assert reading.read_at_once(b"a,b\n1,2\n").tables
