"""Pages of documents as Typst sets them, read back from the PDF."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import typst
from docx import Document
from fontTools.ttLib import TTFont
from PIL import Image
from pypdf import PdfReader
from tests.reports.typesetting import samples

from ecoledger.listings.word.package import NotADocumentError
from ecoledger.reports.typesetting import fonts, pdf


class Pages:
    """A PDF's pages: their text without blanks, and where each piece of text stands."""

    def __init__(self, content: bytes) -> None:
        self.reader = PdfReader(BytesIO(content))
        self.texts = [page.extract_text().replace(" ", "") for page in self.reader.pages]

    def places(self, page: int) -> list[tuple[str, float, float]]:
        found: list[tuple[str, float, float]] = []

        def visit(text: str, cm: list[float], tm: list[float], *_: object) -> None:
            if text.strip():
                x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
                y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
                found.append((text.strip(), x, y))

        self.reader.pages[page].extract_text(visitor_text=visit)
        return found

    def place(self, page: int, part: str) -> tuple[float, float]:
        return next((x, y) for text, x, y in self.places(page) if part in text)


def rendered(content: bytes, own_fonts: str = "") -> Pages:
    return Pages(pdf.render(content, own_fonts))


def test_letter_has_the_pages_word_gives_it() -> None:
    pages = rendered(samples.letter())
    # LibreOffice sets the same file on three pages that break at the same sentences.
    assert len(pages.texts) == 3
    assert "安环督〔2026〕12号" in pages.texts[0]
    assert "抄送：市委市政府督查室。" in pages.texts[2]
    assert "放自动监测设备" in pages.texts[2]


def test_page_numbers_stand_on_the_outer_side() -> None:
    pages = rendered(samples.letter())
    for page, number in enumerate("123"):
        assert f"—{number}—" in pages.texts[page]
    odd, even = (min(x for t, x, _ in pages.places(n) if "—" in t) for n in (0, 1))
    assert odd > 400 > 120 > even


def test_imprint_hangs_on_the_foot_of_the_last_page() -> None:
    _, height = rendered(samples.letter()).place(2, "印发")
    # The type area ends 35 mm (99.2 pt) above the edge of the page.
    assert 99 < height < 125


def test_head_of_a_table_is_repeated_and_merged_cells_hold_their_text() -> None:
    pages = rendered(samples.form())
    assert len(pages.texts) == 2
    assert all("检查项" in text for text in pages.texts)
    assert pages.texts[0].count("安澜市长青涂装有限公司（演示）") == 1
    first, second = pages.place(0, "检查情况")[0], pages.place(0, "请依法调查")[0]
    assert second - first > 60


def test_chinese_numbering_counts_by_level() -> None:
    text = rendered(samples.lists()).texts[0]
    for label in ("一、大气", "（一）重点任务", "1.", "3.", "（二）保障措施", "二、水污染"):
        assert label in text
    assert text.count("（一）重点任务") == 2


def test_sections_turn_the_page_and_breaks_begin_a_new_one() -> None:
    pages = rendered(samples.lists())
    sizes = [(float(p.mediabox.width), float(p.mediabox.height)) for p in pages.reader.pages]
    assert sizes[0][0] < sizes[0][1]
    assert sizes[2][0] > sizes[2][1]
    assert "分页符之后的内容" in pages.texts[3]
    assert "分页符之后的内容" not in pages.texts[2]


def test_wps_puts_the_page_number_into_a_text_box() -> None:
    pages = rendered(samples.wps())
    assert "-1-" in pages.texts[0]
    assert "-2-" in pages.texts[1]
    x, y = pages.place(0, "-")
    assert 270 < x < 310
    assert y < 70


def test_stretched_red_head_reaches_both_margins(tmp_path: Path) -> None:
    (tmp_path / "main.typ").write_text(pdf.source(samples.wps()).text, encoding="utf-8")
    pages = typst.compile(
        str(tmp_path / "main.typ"), font_paths=fonts.loaded(), format="png", ppi=72.0
    )
    page = Image.open(BytesIO(pages[0])).convert("RGB")
    # The head stands between 105 and 152 points from the top; the red line lies below it.
    red = [
        x
        for x in range(page.width)
        for y in range(105, 152)
        if page.getpixel((x, y))[0] > 200 and page.getpixel((x, y))[1] < 100
    ]
    assert min(red) < 79.4 + 5
    assert max(red) > 79.4 + 442.2 - 5


def test_indent_in_characters_counts_by_the_size_of_the_text() -> None:
    pages = rendered(samples.wps())
    x, _ = pages.place(0, "请依法")
    assert x == pytest.approx(28 * 72 / 25.4 + 2 * 10.5, abs=1)


def test_same_document_gives_the_same_bytes() -> None:
    content = samples.wps()
    assert pdf.render(content) == pdf.render(content)


def test_words_of_typst_in_a_document_stay_words() -> None:
    document = Document()
    document.add_paragraph('#import "x": * "; panic("no") \\ #sys.version $x$ <a> @b')
    text = rendered(samples._saved(document)).texts[0]
    assert '#import"x":*";panic("no")\\#sys.version$x$<a>@b' in text


def test_own_font_of_the_bureau_is_taken(tmp_path: Path) -> None:
    source = next(p for p in fonts.folders() if "pylopdf" in p)
    face = TTFont(Path(source) / "NotoSansSC-Regular.otf")
    for record in face["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = "OwnFangSong" if record.nameID == 6 else "仿宋_GB2312"
    face.save(tmp_path / "fang.otf")
    content = samples.letter()
    own = pdf.render(content, str(tmp_path))
    assert not fonts.missing("仿宋_GB2312", str(tmp_path))
    assert fonts.missing("仿宋_GB2312")

    def names(document: bytes) -> set[str]:
        page = PdfReader(BytesIO(document)).pages[1]
        return {font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values()}

    assert not any("WenKai" in name for name in names(own))
    assert any("WenKai" in name for name in names(pdf.render(content)))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"\xd0\xcf\x11\xe0old word"])
def test_what_is_no_document_is_refused_with_a_remedy(content: bytes) -> None:
    with pytest.raises(NotADocumentError, match="另存为"):
        pdf.render(content)


def test_zip_without_a_document_is_refused() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as box:
        box.writestr("hello.txt", "hello")
    with pytest.raises(NotADocumentError, match="没有 Word 正文"):
        pdf.render(buffer.getvalue())


def test_entities_are_not_resolved() -> None:
    """A document type with an entity for a file of the machine must not bring that file in."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(samples.wps())) as old, zipfile.ZipFile(buffer, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "word/document.xml":
                body = content.decode().split("?>", 1)[1]
                content = (
                    '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
                    + body.replace("签发人：林舒", "签发人：&e;")
                ).encode()
            new.writestr(item, content)
    assert "root:" not in "".join(rendered(buffer.getvalue()).texts)
