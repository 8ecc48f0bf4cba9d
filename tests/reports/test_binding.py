"""One file of a matter: what a stranger handed in may be damaged, closed or made to burst; the file is made all the same."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pypdf import PdfReader, PdfWriter

from ecoledger.listings import pixels
from ecoledger.matters import actions, evidence
from ecoledger.matters.actions import Upload
from ecoledger.reports import binding, matter_book

pytestmark = pytest.mark.django_db


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int) -> bytes:
    """A white picture of one bit a point: as small as a large one can be."""
    packing, rows = zlib.compressobj(9), b""
    line = b"\x00" + b"\xff" * ((width + 7) // 8)
    for _row in range(height):
        rows += packing.compress(line)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = chunk(b"IDAT", rows + packing.flush())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def objects(*said: bytes) -> bytes:
    """A PDF of these objects, the first of them the catalogue."""
    out, places = b"%PDF-1.5\n", []
    for number, one in enumerate(said, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(said) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(said) + 1) + table + end


CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
SHEET = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]%b>>"


def sheets(kids: bytes, count: int, page: bytes = b"", drawing: bytes | None = None) -> bytes:
    pages = b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count)
    more = (
        []
        if drawing is None
        else [b"<</Length %d/Filter/FlateDecode>>\nstream\n%b\nendstream" % (len(drawing), drawing)]
    )
    return objects(CATALOGUE, pages, SHEET % page, *more)


def closed() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.encrypt("geheim")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


GOOD = sheets(b"3 0 R", 1)
HOSTILE = {
    "damaged": b"%PDF-1.4\nnothing more",
    "cut off": GOOD[: len(GOOD) // 2],
    "without pages": sheets(b"", 0),
    "in a circle": sheets(b"2 0 R 2 0 R", 1_000_000),
    "endless": sheets(b"3 0 R " * (binding.MOST_PAGES + 1), binding.MOST_PAGES + 1),
    "bursting": sheets(b"3 0 R", 1, b"/Contents 4 0 R", zlib.compress(b"q Q " * (16 << 20), 1)),
    "without a size": sheets(b"3 0 R", 1).replace(b"[0 0 595 842]", b"[0 0 0 0]"),
    "closed": closed(),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_cannot_be_bound_is_known_before(kind):
    assert not binding.can_be_bound(HOSTILE[kind])
    assert binding.can_be_bound(GOOD)


def test_the_file_is_made_whatever_was_handed_in(files, problem, people):
    bomb, photo = png(9000, 9000), png(40, 30)
    assert pixels.points(bomb) > pixels.MOST_DRAWN
    handed = {f"{n}.pdf": content for n, content in enumerate(HOSTILE.values())}
    handed |= {"好.pdf": GOOD, "照片.png": photo, "大图.png": bomb}
    for name, content in handed.items():
        actions.attach(problem.pk, [Upload(SimpleUploadedFile(name, content))], by=people["town"])
    book = PdfReader(io.BytesIO(matter_book.assemble(problem, people["officer"])))
    text = (
        "".join(page.extract_text() for page in book.pages).replace("\n", "").replace("\u200b", "")
    )
    listed = [file for file in problem.evidence.all() if file.sha256[:8] in text]
    # The photograph's own page names its hash too; the sound paper is a page of the file.
    assert {file.name for file in listed} == set(handed) - {"好.pdf"}
    drawn = sum(len(page.images) for page in book.pages)
    assert drawn == 1


def test_a_picture_that_no_browser_opens_is_refused_with_the_remedy(problem, people):
    content = b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    )
    with pytest.raises(evidence.BadFile, match="像素太多"):
        evidence.keep(SimpleUploadedFile("大.png", content))
