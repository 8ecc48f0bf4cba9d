"""Papers bound to one PDF: cover, list with page numbers, the papers, closing sheet; and the pages set for it.

Every paper carries its page number, upper right on a front, upper left on a back; cover, list and closing sheet none.
"""

from __future__ import annotations

import io
import json
import logging
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst
from django.utils import timezone
from pypdf import PdfReader, PdfWriter

from ecoledger.accounts.models import Person
from ecoledger.listings import pixels
from ecoledger.matters import actions, evidence
from ecoledger.reports.rendering import own_fonts
from ecoledger.reports.typesetting import fonts

log = logging.getLogger(__name__)

_STAMP = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Paper:
    """One paper of the file: volume, section, title, number, day and its PDF."""

    volume: str
    section: str
    title: str
    number: str
    day: str
    pdf: bytes

    @property
    def pages(self) -> int:
        return len(PdfReader(io.BytesIO(self.pdf)).pages)


def day(at: datetime) -> str:
    """A day as a list of papers has it, short enough for its column."""
    return f"{at.year}.{at.month:02}.{at.day:02}"


PHOTOGRAPH = "现场照片（图片）证据"
HEADS = ("序号", "卷别", "文号", "题名", "日期", "页号")


def bind(papers: Sequence[Paper], cover: Any, closing: Any) -> bytes:
    """The file as one PDF. ``cover(count, pages)`` and ``closing(pages)`` make the sheets before and behind."""
    rows, page = [], 1
    for n, paper in enumerate(papers, 1):
        last = page + paper.pages - 1
        span = str(page) if paper.pages == 1 else f"{page}—{last}"
        rows.append([str(n), paper.volume, paper.number, paper.title, paper.day, span])
        page = last + 1
    total = page - 1
    front = [cover(len(papers), total), listed(HEADS, rows, "卷内文件目录")]
    book, inside = PdfWriter(), PdfWriter()
    for part in front:
        book.append(io.BytesIO(part))
    for paper in papers:
        inside.append(io.BytesIO(paper.pdf))
    if total:
        sizes = [(float(p.mediabox.width), float(p.mediabox.height)) for p in inside.pages]
        stamps = PdfReader(io.BytesIO(_numbers(sizes)))
        for sheet, stamp in zip(inside.pages, stamps.pages, strict=True):
            sheet.merge_page(stamp)
        buffer = io.BytesIO()
        inside.write(buffer)
        book.append(io.BytesIO(buffer.getvalue()), import_outline=False)
    book.append(io.BytesIO(closing(total)))
    at = sum(len(PdfReader(io.BytesIO(part)).pages) for part in front)
    for paper in papers:
        name = f"{paper.volume} {paper.title} {paper.number}".strip()
        book.add_outline_item(title=name, page_number=at)
        at += paper.pages
    buffer = io.BytesIO()
    book.write(buffer)
    return buffer.getvalue()


def evidence_papers(
    matter: Any, person: Person, volume: str, section: str, *, without: Collection[Any] = (),
    only: Collection[Any] | None = None, heading: str = PHOTOGRAPH,
) -> Iterator[Paper]:  # fmt: skip
    """The photographs and papers of a matter that ``person`` may see; what no page can show is listed with its hash.

    ``only``: these and no others; ``heading`` stands above a picture.
    """
    beside = []
    for file in actions.evidence_for(matter, person):
        if file.pk in without or (only is not None and file.pk not in only):
            continue
        on = day(timezone.localtime(file.uploaded_at))
        title = file.caption or file.name
        if file.content_type == "application/pdf":
            with evidence.opened(file) as opened:
                content = opened.read()
            if can_be_bound(content):
                yield Paper(volume, section, title, "", on, content)
            else:
                beside.append(file)
        elif file.content_type in ("image/jpeg", "image/png", "image/webp"):
            picture = picture_page(file, heading)
            if picture:
                yield Paper(volume, section, title, "", on, picture)
            else:
                beside.append(file)
        else:
            beside.append(file)
    if beside:
        # A hash has no blank to break at.
        rows = [
            [
                file.caption or file.name,
                f"{timezone.localtime(file.device_time or file.uploaded_at):%Y-%m-%d %H:%M}",
                str(file.uploaded_by or "—"),
                "\u200b".join(file.sha256[n : n + 8] for n in range(0, 64, 8)),
            ]
            for file in beside
        ]
        heads = ("文件", "时间", "提供人", "校验值")
        content = listed(heads, rows, "电子证据清单", widths=(52, 26, 26, 0))
        yield Paper(volume, section, "电子证据清单", "", "", content)


MOST_PAGES, MOST_DRAWING = 2_000, 40 << 20


def can_be_bound(content: bytes) -> bool:
    """Whether a PDF that somebody handed in can be bound: whole, open, and of a size that is unpacked here.

    One that cannot keeps nobody from the rest of the file; it is listed with its hash like a film.
    """
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted or not 0 < len(reader.pages) <= MOST_PAGES:
            return False
        drawing = 0
        for sheet in reader.pages:
            if not (float(sheet.mediabox.width) > 0 and float(sheet.mediabox.height) > 0):
                return False
            contents = sheet.get_contents()
            drawing += len(contents.get_data()) if contents is not None else 0
            if drawing > MOST_DRAWING:
                return False
        PdfWriter().append(io.BytesIO(content))
    except Exception as error:  # what a stranger's file makes of a reader nobody can list
        log.info("a PDF cannot be bound: %s", type(error).__name__)
        return False
    return True


def page(source: str, data: Any, files: dict[str, bytes] | None = None) -> bytes:
    """The PDF of a Typst page; what people wrote comes as data, never as markup."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        (folder / "main.typ").write_text(_PRELUDE + source, encoding="utf-8")
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content)
        made = typst.compile(
            str(folder / "main.typ"),
            root=place,
            font_paths=fonts.loaded(own_fonts()),
            format="pdf",
            timestamp=_STAMP,
        )
    return bytes(made)


_PRELUDE = f"""
#let data = json("data.json")
#set page(paper: "a4", margin: (top: 30mm, bottom: 25mm, left: 28mm, right: 22mm))
#set text(font: ("{fonts.TIMES}", "{fonts.FANGSONG}", "{fonts.SONG}"), size: 14pt, lang: "zh")
#let head(body) = align(center, text(font: ("{fonts.SONG}",), weight: "bold", size: 22pt, body))
"""


def listed(
    heads: tuple[str, ...],
    rows: list[list[str]],
    title: str,
    widths: tuple[int, ...] = (12, 36, 14, 34, 0),
) -> bytes:
    """A ruled list; ``widths`` in millimetres, 0 for what is left."""
    source = """
#head(data.title)
#v(6mm)
#set text(size: 10.5pt)
#table(columns: data.widths.map(w => if w == 0 { 1fr } else { w * 1mm }), inset: data.inset * 1pt, align: left + horizon,
  table.header(..data.heads.map(h => strong(h))), ..data.rows.flatten())
"""
    inset = 6
    if heads == HEADS:
        # The list of a usual case stands on one page.
        widths, inset = (12, 12, 40, 0, 24, 16), 5
    data = {"title": title, "heads": heads, "rows": rows, "widths": widths, "inset": inset}
    return page(source, data)


def _numbers(sizes: list[tuple[float, float]]) -> bytes:
    """One transparent page for each, with its number where it belongs."""
    source = """
#set page(fill: none, margin: 0pt)
#for (n, size) in data.enumerate(start: 1) {
  set page(width: size.at(0) * 1pt, height: size.at(1) * 1pt, margin: 0pt)
  place(if calc.odd(n) { top + right } else { top + left },
    dx: if calc.odd(n) { -14mm } else { 14mm }, dy: 10mm, text(size: 11pt, str(n)))
  if n < data.len() { pagebreak() }
}
"""
    return page(source, sizes)


def picture_page(file: Any, heading: str) -> bytes:
    """A photograph with what it proves, when and where it was taken, and its hash."""
    taken = timezone.localtime(file.device_time or file.uploaded_at)
    place = f"{file.lon:.5f}, {file.lat:.5f}" if file.lon is not None else "设备未提供"
    rows = [
        ["证明对象", file.caption or "—"], ["拍摄时间", f"{taken:%Y-%m-%d %H:%M}"], ["拍摄地点", place],
        ["拍摄人", str(file.uploaded_by or "—")], ["原始文件校验值", file.sha256],
    ]  # fmt: skip
    if "照片" not in heading:
        rows = [["材料", rows[0][1]], ["时间", rows[1][1]], ["提供人", rows[3][1]], rows[4]]
    source = """
#head(data.heading)
#v(4mm)
#align(center, image(data.name, height: 120mm, fit: "contain"))
#v(4mm)
#set text(size: 11pt)
#table(columns: (36mm, 1fr), inset: 7pt, ..data.rows.map(r => (r.at(0), text(size: 9pt, r.at(1)))).flatten())
"""
    ending = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}[file.content_type]
    with evidence.opened(file) as opened:
        content = opened.read()
    if not pixels.may_be_drawn(content):
        return b""
    try:
        return page(
            source,
            {"name": f"p.{ending}", "rows": rows, "heading": heading},
            {f"p.{ending}": content},
        )
    except (typst.TypstError, RuntimeError):
        # Not a picture that can be drawn: it is named on the list of evidence, and kept as a file.
        return b""
