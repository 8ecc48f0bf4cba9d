"""The file of a penalty case (案卷) as one PDF: cover, list, papers in the prescribed order, closing sheet.

Order of 正卷 and 副卷 by 生态环境行政处罚案卷制作规范 (form 63): the decision first, then filing, evidence, report,
documents to the party, hearing, performance, closing; the second volume holds review and discussion. Every paper of
both volumes carries its page number, upper right on a front, upper left on a back; cover, list and closing sheet none.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst
from django.utils import timezone
from pypdf import PdfReader, PdfWriter

from ecoledger.accounts.models import Person
from ecoledger.matters import actions, evidence
from ecoledger.reports import matter_values, visible
from ecoledger.reports.rendering import issuer, own_fonts
from ecoledger.reports.typesetting import fonts

_STAMP = datetime(2000, 1, 1, tzinfo=UTC)
# Volume, section → the kinds of document that stand there, in this order.
ORDER: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("正卷", "决定书及送达回证", ("penalty_decision", "daily_decision", "penalty_on_spot", "penalty_none",
                            "penalty_delivery")),
    ("正卷", "立案审批材料", ("penalty_filing",)),
    ("正卷", "调查取证及证据", ()),
    ("正卷", "调查报告", ("penalty_investigation",)),
    ("正卷", "法律文书", ("correction_order", "penalty_notice", "daily_notice", "penalty_hearing",
                       "limit_notice", "halt_notice", "limit_decision", "halt_decision",
                       "seizure_decision", "seizure_release")),
    ("正卷", "财物处理与执行材料", ("penalty_instalments", "penalty_demand", "penalty_court")),
    ("正卷", "结案材料", ("penalty_closing",)),
    ("副卷", "移送材料", ("transfer_detention", "transfer_crime")),
    ("副卷", "法制审核", ("penalty_legal_review",)),
    ("副卷", "集体讨论", ("penalty_discussion",)),
)  # fmt: skip
_EVIDENCE = "调查取证及证据"


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


def papers(case: Any, person: Person) -> list[Paper]:
    """What the file holds, in order, of what ``person`` may see."""
    matters = [case.pk]
    for related in (case.orders, case.production_orders, case.seizures, case.transfers):
        matters += related.values_list("pk", flat=True)
    issued = list(
        visible.documents(person)
        .filter(matter_id__in=matters, replaced_by=None)
        .order_by("issued_at", "pk")
    )
    made = []
    for volume, section, kinds in ORDER:
        if section == _EVIDENCE:
            made += list(_evidence(case, person))
        for kind in kinds:
            for document in issued:
                if document.kind == kind:
                    with document.pdf_file.open("rb") as file:
                        content = file.read()
                    title = document.title.partition("：")[0]
                    day = matter_values.words(timezone.localtime(document.issued_at).date())
                    made.append(Paper(volume, section, title, document.number, day, content))
    return made


def _evidence(case: Any, person: Person) -> Iterator[Paper]:
    """The list of evidence, the records made on the spot, photographs and papers."""
    items = list(case.items.all())
    if items:
        rows = [
            [str(n), i.name, str(i.copies or 1), i.provider, i.proves]
            for n, i in enumerate(items, 1)
        ]
        yield Paper(
            "正卷",
            _EVIDENCE,
            "证据清单",
            "",
            "",
            _list(("序号", "证据名称", "份数", "提供单位", "证明内容"), rows, "证据清单"),
        )
    ids = [case.pk]
    if case.origin_matter_id and case.origin_matter and case.origin_matter.register == "inspection":
        ids.append(case.origin_matter_id)
    from ecoledger.registers.enforcement.field_records import FieldRecord

    signatures = set()
    for record in FieldRecord.objects.filter(matter_id__in=ids, signed_at__isnull=False):
        signatures.add(record.signature_id)
        day = matter_values.words(timezone.localtime(record.started_at).date())
        yield Paper("正卷", _EVIDENCE, str(record), "", day, record_pdf(record))
    for file in actions.evidence_for(case, person):
        if file.pk in signatures:
            continue
        day = matter_values.words(timezone.localtime(file.uploaded_at).date())
        title = file.caption or file.name
        if file.content_type == "application/pdf":
            with evidence.opened(file) as opened:
                yield Paper("正卷", _EVIDENCE, title, "", day, opened.read())
        elif file.content_type in ("image/jpeg", "image/png", "image/webp"):
            picture = _picture(file)
            if picture:
                yield Paper("正卷", _EVIDENCE, title, "", day, picture)


def assemble(case: Any, person: Person) -> bytes:
    """The file as one PDF."""
    held = papers(case, person)
    book = PdfWriter()
    rows, page = [], 1
    for n, paper in enumerate(held, 1):
        pages = paper.pages
        last = page + pages - 1
        span = str(page) if pages == 1 else f"{page}—{last}"
        rows.append([str(n), paper.volume, paper.number, paper.title, paper.day, span])
        page = last + 1
    total = page - 1
    front = [_cover(case, len(held), total), _list(_HEADS, rows, "卷内文件目录")]
    for part in front:
        book.append(io.BytesIO(part))
    numbered = PdfWriter()
    for paper in held:
        numbered.append(io.BytesIO(paper.pdf))
    if total:
        sizes = [(float(p.mediabox.width), float(p.mediabox.height)) for p in numbered.pages]
        stamps = PdfReader(io.BytesIO(_numbers(sizes)))
        for sheet, stamp in zip(numbered.pages, stamps.pages, strict=True):
            sheet.merge_page(stamp)
        buffer = io.BytesIO()
        numbered.write(buffer)
        book.append(io.BytesIO(buffer.getvalue()), import_outline=False)
    book.append(io.BytesIO(_closing_sheet(case, total)))
    at = len(front) and sum(len(PdfReader(io.BytesIO(part)).pages) for part in front)
    for paper in held:
        book.add_outline_item(
            title=f"{paper.volume} {paper.title} {paper.number}".strip(), page_number=at
        )
        at += paper.pages
    buffer = io.BytesIO()
    book.write(buffer)
    return buffer.getvalue()


_HEADS = ("序号", "卷别", "文号", "题名", "日期", "页号")


# ---- pages of its own, in Typst ------------------------------------------------------------------


def _set(source: str, data: Any, files: dict[str, bytes] | None = None) -> bytes:
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


def _cover(case: Any, count: int, pages: int) -> bytes:
    result = f"罚款{case.fine:,.2f}元" if case.fine else (case.get_heaviest_display() or "—")
    rows = [
        ["案卷编号", case.number],
        ["决定书文号", case.decision_no or "—"],
        ["当事人", case.party or "—"],
        ["案件名称", f"{case.party}{case.title}"],
        ["处理结果", result],
        ["立案时间", matter_values.words(case.filed_on) if case.filed_on else "—"],
        ["办结时间", matter_values.words(timezone.localtime(case.closed_at).date()) if case.closed_at else "未结案"],
        ["经办人", str(case.owner or case.created_by or "—")],
        ["保管期限", "30年"],
        ["卷内", f"共{count}件{pages}页"],
    ]  # fmt: skip
    source = """
#v(20mm)
#align(center, text(size: 20pt, data.issuer))
#v(6mm)
#head[行政处罚案卷]
#v(14mm)
#table(columns: (36mm, 1fr), inset: 9pt, align: horizon, ..data.rows.flatten())
"""
    return _set(source, {"issuer": issuer(case.area_code), "rows": rows})


def _list(heads: tuple[str, ...], rows: list[list[str]], title: str) -> bytes:
    source = """
#head(data.title)
#v(6mm)
#set text(size: 10.5pt)
#table(columns: data.widths.map(w => if w == 0 { 1fr } else { w * 1mm }), inset: 6pt, align: left + horizon,
  table.header(..data.heads.map(h => strong(h))), ..data.rows.flatten())
"""
    widths = [12, 14, 40, 0, 30, 16] if heads == _HEADS else [12, 36, 14, 34, 0]
    return _set(source, {"title": title, "heads": heads, "rows": rows, "widths": widths})


def _closing_sheet(case: Any, pages: int) -> bytes:
    source = """
#head[卷内备考表]
#v(10mm)
#table(columns: (40mm, 1fr), inset: 12pt, align: horizon, ..data.rows.flatten())
"""
    rows = [
        ["本卷页数", f"{pages}页（封面、目录、备考表不编页）"],
        ["其他载体", "音像资料存于案件证据，以校验值核对"],
        ["缺损说明", "无"],
        ["立卷人", str(case.owner or case.created_by or "")],
        ["立卷时间", matter_values.words(timezone.localdate())],
    ]
    return _set(source, {"rows": rows})


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
    return _set(source, sizes)


def _picture(file: Any) -> bytes:
    """A photograph with what it proves, when and where it was taken, and its hash."""
    taken = timezone.localtime(file.device_time or file.uploaded_at)
    place = f"{file.lon:.5f}, {file.lat:.5f}" if file.lon is not None else "设备未提供"
    rows = [
        ["证明对象", file.caption or "—"], ["拍摄时间", f"{taken:%Y-%m-%d %H:%M}"], ["拍摄地点", place],
        ["拍摄人", str(file.uploaded_by or "—")], ["原始文件校验值", file.sha256],
    ]  # fmt: skip
    source = """
#head[现场照片（图片）证据]
#v(4mm)
#align(center, image(data.name, height: 120mm, fit: "contain"))
#v(4mm)
#set text(size: 11pt)
#table(columns: (36mm, 1fr), inset: 7pt, ..data.rows.map(r => (r.at(0), text(size: 9pt, r.at(1)))).flatten())
"""
    ending = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}[file.content_type]
    with evidence.opened(file) as opened:
        content = opened.read()
    try:
        return _set(source, {"name": f"p.{ending}", "rows": rows}, {f"p.{ending}": content})
    except (typst.TypstError, RuntimeError):
        # Not a picture that can be drawn: it is named on the list of evidence, and kept as a file.
        return b""


def record_pdf(record: Any) -> bytes:
    """A record made on the spot, with the signature and the hash it was closed by."""
    start, end = timezone.localtime(record.started_at), timezone.localtime(record.ended_at)
    rows = [
        ["时间", f"{start:%Y年%m月%d日 %H时%M分}至{end:%H时%M分}"],
        ["地点", record.place],
        ["当事人（被询问人）", f"{record.name}　{record.get_relation_display()}"],
        ["证件号码", record.identity or "—"],
        ["工作单位和职务", record.post or "—"],
        ["电话", record.phone or "—"],
        ["检查（询问）人", str(record.first)],
        ["记录人", str(record.second)],
    ]
    source = """
#head(data.title)
#v(4mm)
#set text(size: 12pt)
#table(columns: (42mm, 1fr), inset: 6pt, ..data.rows.flatten())
执法人员已出示执法证件，告知当事人依法享有陈述申辩、申请回避的权利和配合检查的义务。我已经确认，对执法人员身份无异议，不申请回避。
#v(3mm)
#for line in data.lines { par(first-line-indent: 2em, line) }
（以下空白）
#v(6mm)
#if data.refused != "" [拒签说明：#data.refused] else [
  以上笔录已阅无误，记录属实。
  #grid(columns: (auto, auto), align: horizon, [当事人签名：], if data.signed { image("signature.png", height: 18mm) })
]
#v(3mm)
#text(size: 8pt)[签署时间 #data.at　校验值 #data.hash]
"""
    data = {
        "title": str(record.get_kind_display()),
        "rows": rows,
        "lines": [line.strip() for line in record.text.splitlines() if line.strip()],
        "refused": record.refused,
        "signed": record.signature is not None,
        "at": f"{timezone.localtime(record.signed_at):%Y-%m-%d %H:%M}"
        if record.signed_at
        else "未签署",
        "hash": record.sha256,
    }
    files = {}
    if record.signature is not None:
        with evidence.opened(record.signature) as opened:
            files["signature.png"] = opened.read()
    try:
        return _set(source, data, files)
    except (typst.TypstError, RuntimeError):
        return _set(source, data | {"signed": False})
