"""The file of a penalty case (案卷) as one PDF: cover, list, papers in the prescribed order, closing sheet.

Files stand where the step that brought them belongs: the signed sheet of a discussion is no evidence of the act. Order of 正卷 and 副卷 by 生态环境行政处罚案卷制作规范 (form 63): the decision first, then filing, evidence, report,
documents to the party, hearing, performance, closing; the second volume holds review and discussion. Every paper of
both volumes carries its page number, upper right on a front, upper left on a back; cover, list and closing sheet none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import typst
from django.utils import timezone

from ecoledger.accounts.language import in_chinese
from ecoledger.accounts.models import Person
from ecoledger.listings import pixels
from ecoledger.matters import evidence
from ecoledger.matters.models import Event
from ecoledger.registers.enforcement.rules import rules
from ecoledger.reports import binding, enforcement_values, matter_values, visible
from ecoledger.reports.binding import Paper
from ecoledger.reports.declaration import Letter, document_of
from ecoledger.reports.spoken import issuer

# Volume, section → the kinds of document that stand there, in this order.
ORDER: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("正卷", "决定书及送达回证", ("penalty_decision", "daily_decision", "penalty_on_spot", "penalty_none",
                            "penalty_delivery")),
    ("正卷", "立案审批材料", ("penalty_filing", "penalty_unfiled", "on_spot_report")),
    ("正卷", "调查取证及证据", ()),
    ("正卷", "调查取证及证据", ("evidence_kept", "evidence_freed", "sampling_notice", "sampling_record", "inquiry_notice",
                          "papers_notice", "help_asked", "test_order", "test_result", "party_proxy", "service_address",
                          "avoidance_answer", "penalty_stopped", "penalty_resumed", "penalty_ended")),
    ("正卷", "调查报告", ("penalty_investigation",)),
    ("正卷", "法律文书", ("correction_order", "lesser_promise", "damage_notice", "penalty_notice", "none_notice",
                       "daily_notice", "penalty_hearing", "limit_notice", "halt_notice", "limit_decision",
                       "halt_decision", "seizure_approval", "seizure_decision", "seizure_list", "seizure_record",
                       "seizure_longer", "seizure_release")),
    ("正卷", "陈述申辩和听证笔录", ("statement_record", "statement_review", "hearing_record")),
    ("正卷", "财物处理与执行材料", ("instalments_asked", "penalty_instalments", "penalty_demand", "penalty_court", "substitute_decision",
                             "substitute_demand")),
    ("正卷", "结案材料", ("penalty_closing",)),
    ("正卷", "其他材料", ("transfer_detention", "papers_detention", "transfer_crime", "papers_crime")),
    ("副卷", "听证报告", ("hearing_report",)),
    ("副卷", "审查意见", ("penalty_review",)),
    ("副卷", "法制审核", ("penalty_legal_review",)),
    ("副卷", "集体讨论", ("penalty_discussion",)),
    ("副卷", "其他材料", ("penalty_request", "approval_detention", "approval_crime")),
)  # fmt: skip
_EVIDENCE, _LETTERS = "调查取证及证据", "法律文书"
_RECEIPT = "penalty_delivery"
# Steps whose files are no evidence of the act, and the section these belong to.
OF_STEP = {
    "hold_hearing": "陈述申辩和听证笔录",
    "discuss": "集体讨论",
    "ask_instalments": "财物处理与执行材料",
    "waive_surcharge": "财物处理与执行材料",
    "apply_court": "财物处理与执行材料",
    "end_remedy": "财物处理与执行材料",
    "close": "结案材料",
    "close_without": "结案材料",
    "close_transferred": "结案材料",
}


@in_chinese
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
    receipts = _receipts(issued)
    placed = {receipt.pk for rows in receipts.values() for receipt in rows}
    aside = _files_of_steps(case)
    made = []
    for volume, section, kinds in ORDER:
        if section == _EVIDENCE and not kinds:
            made += list(_evidence(case, person, aside))
        for kind in kinds:
            for document in issued:
                if document.kind == kind and document.pk not in placed:
                    made.append(paper := _paper(volume, section, document))
                    for receipt in receipts.get(document.pk, ()):
                        its = _paper(volume, section, receipt)
                        made.append(replace(its, title=f"{its.title}（{paper.title}）"))
        if section == _LETTERS:
            for order in case.orders.all():
                made += list(binding.evidence_papers(order, person, volume, section, heading="责令改正复查照片"))  # fmt: skip
        files = {pk for pk, where in aside.items() if where == section}
        made += list(_kept(case, person, volume, section, files))
    return made


def _paper(volume: str, section: str, document: Any) -> Paper:
    with document.pdf_file.open("rb") as file:
        content = file.read()
    title = document.title.partition("：")[0]
    number = "" if _internal(document.kind) else document.number
    return Paper(
        volume, section, title, number, binding.day(timezone.localtime(document.issued_at)), content
    )


def _receipts(issued: list[Any]) -> dict[int, list[Any]]:
    """The receipts (送达回证) behind each paper; one for several papers stands behind the first of them in the file."""
    places = [kind for _volume, _section, kinds in ORDER for kind in kinds]
    sent = [d for d in issued if d.kind in places and not _internal(d.kind)]
    sent.sort(key=lambda d: places.index(d.kind))
    behind: dict[int, list[Any]] = {}
    for receipt in issued:
        named = [d for d in sent if d.number in str(receipt.words.get("送达文书", ""))]
        if receipt.kind == _RECEIPT and named:
            behind.setdefault(named[0].pk, []).append(receipt)
    return behind


def _files_of_steps(case: Any) -> dict[int, str]:
    """The files that came with a step of :data:`OF_STEP`, and the section of each."""
    events = Event.objects.filter(matter=case.pk, transition__in=OF_STEP)
    rows = events.values_list("transition", "evidence")
    return {file["id"]: OF_STEP[step] for step, files in rows for file in files}


def _kept(case: Any, person: Person, volume: str, section: str, its: set[int]) -> Iterator[Paper]:
    """Those files as papers of their section."""
    if its:
        yield from binding.evidence_papers(
            case, person, volume, section, only=its, heading=f"{section}附件"
        )


def _internal(kind: str) -> bool:
    letter = document_of(kind)
    return isinstance(letter, Letter) and letter.internal


def _evidence(case: Any, person: Person, aside: Collection[int]) -> Iterator[Paper]:
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
            binding.listed(("序号", "证据名称", "份数", "提供单位", "证明内容"), rows, "证据清单"),
        )
    # A case that is remade carries what was proved in the one that was set aside.
    own = [case, *([case.remade_from] if case.remade_from else [])]
    visits = [c.origin_matter for c in own if c.origin_matter and c.origin_matter.register == "inspection"]  # fmt: skip
    ids = [matter.pk for matter in (*own, *visits)]
    from ecoledger.registers.enforcement.field_records import FieldRecord

    signatures = set()
    for record in FieldRecord.objects.filter(matter_id__in=ids, signed_at__isnull=False):
        signatures |= {record.signature_id, record.drawing_id}
        day = binding.day(timezone.localtime(record.started_at))
        yield Paper("正卷", _EVIDENCE, str(record), "", day, record_pdf(record))
    without = signatures | set(aside)
    for matter in (*visits, *own):
        yield from binding.evidence_papers(matter, person, "正卷", _EVIDENCE, without=without)


@in_chinese
def assemble(case: Any, person: Person) -> bytes:
    """The file as one PDF."""
    return binding.bind(
        papers(case, person),
        lambda count, pages: _cover(case, count, pages),
        lambda pages: _closing_sheet(case, pages),
    )


# ---- pages of its own, in Typst ------------------------------------------------------------------


def _cover(case: Any, count: int, pages: int) -> bytes:
    rows = [
        ["案卷编号", case.number],
        ["决定书文号", case.decision_no or "—"],
        ["当事人", case.party or "—"],
        ["案件名称", enforcement_values.case_name(case)],
        ["处理结果", enforcement_values.result(case) or "—"],
        ["立案时间", matter_values.words(case.filed_on) if case.filed_on else "—"],
        ["办结时间", matter_values.words(timezone.localtime(case.closed_at).date()) if case.closed_at else "未结案"],
        ["经办人", str(case.owner or case.created_by or "—")],
        ["归档日期", _day(archived.at) if (archived := _step(case, "archive")) else "未归档"],
        ["保管期限", str(rules("penalties").get("archive", {}).get("kept") or "30年")],
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
    return binding.page(source, {"issuer": issuer(case.area_code), "rows": rows})


def _closing_sheet(case: Any, pages: int) -> bytes:
    source = """
#head[卷内备考表]
#v(10mm)
#table(columns: (40mm, 1fr), inset: 12pt, align: horizon, ..data.rows.flatten())
"""
    archived, checked = _step(case, "archive"), _step(case, "confirm_close")
    rows = [
        ["本卷页数", f"{pages}页（封面、目录、备考表不编页）"],
        ["其他载体", "音像资料存于案件证据，以校验值核对"],
        ["缺损说明", "无"],
        ["存放地点", str((archived.form if archived else {}).get("place") or "未归档")],
        ["立卷人", str((archived.person if archived else None) or case.owner or case.created_by or "—")],
        ["审核人", str(checked.person or "—") if checked else "未结案"],
        ["立卷时间", _day(archived.at) if archived else "未归档"],
    ]  # fmt: skip
    return binding.page(source, {"rows": rows})


def _step(case: Any, name: str) -> Event | None:
    """The last time a step was done."""
    rows = Event.objects.filter(matter=case.pk, transition=name).select_related("person")
    return rows.order_by("pk").last()


def _day(at: Any) -> str:
    return matter_values.words(timezone.localtime(at).date())


@in_chinese
def record_pdf(record: Any) -> bytes:
    """A record made on the spot, with the signature and the hash it was closed by."""
    start, end = timezone.localtime(record.started_at), timezone.localtime(record.ended_at)
    until = "%H时%M分" if end.date() == start.date() else "%Y年%m月%d日 %H时%M分"
    rows = [
        ["时间", f"{start:%Y年%m月%d日 %H时%M分}至{end.strftime(until)}"],
        ["地点", record.place],
        ["当事人（被询问人）", f"{record.name}　{record.get_relation_display()}"],
        ["证件号码", record.identity or "—"],
        ["工作单位和职务", record.post or "—"],
        ["电话", record.phone or "—"],
        ["检查（询问）人", str(record.first)],
        ["记录人", str(record.second)],
    ]
    if record.drawing is not None:
        rows[0][0], rows[6][0], rows[7][0] = "绘制时间", "绘制人", "核对人"
        rows.append(["方位", record.orientation])
    source = """
#head(data.title)
#v(4mm)
#set text(size: 12pt)
#table(columns: (42mm, 1fr), inset: 6pt, ..data.rows.flatten())
执法人员已出示执法证件，告知当事人依法享有陈述申辩、申请回避的权利和配合检查的义务。我已经确认，对执法人员身份无异议，不申请回避。
#v(3mm)
#if data.drawn { align(center, image("drawing.png", width: 100%, height: 64mm, fit: "contain")) }
#for line in data.lines { par(first-line-indent: 2em, line) }
（以下空白）
#v(6mm)
// The signature and its hash stay together.
#block(breakable: false)[
  #if data.refused != "" [拒签说明：#data.refused] else [
    以上笔录已阅无误，记录属实。
    #grid(columns: (auto, auto), align: horizon, [当事人签名：], if data.signed { image("signature.png", height: 18mm) })
  ]
  #v(3mm)
  #text(size: 8pt)[签署时间 #data.at　校验值 #data.hash]
]
"""
    data = {
        "title": str(record.get_kind_display()),
        "rows": rows,
        "lines": [line.strip() for line in record.text.splitlines() if line.strip()],
        "refused": record.refused,
        "signed": record.signature is not None,
        "drawn": record.drawing is not None,
        "at": f"{timezone.localtime(record.signed_at):%Y-%m-%d %H:%M}"
        if record.signed_at
        else "未签署",
        "hash": record.sha256,
    }
    files = {}
    for name, file in (("signature.png", record.signature), ("drawing.png", record.drawing)):
        if file is not None:
            with evidence.opened(file) as opened:
                files[name] = opened.read()
    if not all(map(pixels.may_be_drawn, files.values())):
        return binding.page(source, data | {"signed": False, "drawn": False})
    try:
        return binding.page(source, data, files)
    except (typst.TypstError, RuntimeError):
        return binding.page(source, data | {"signed": False, "drawn": False})
