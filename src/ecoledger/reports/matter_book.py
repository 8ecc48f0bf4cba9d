"""One file a matter (一案一档, mechanism T7): what is known of it, how it went, its documents and its evidence, as one PDF."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ecoledger.accounts.language import in_chinese
from ecoledger.accounts.models import Person
from ecoledger.listings import cells, veil
from ecoledger.matters import timeline
from ecoledger.matters.register import register_of
from ecoledger.reports import binding, matter_values, visible
from ecoledger.reports.binding import Paper
from ecoledger.reports.spoken import issuer

FACTS, COURSE, LETTERS, EVIDENCE = "基本情况", "办理过程", "文书", "证据"


@in_chinese
def papers(matter: Any, person: Person) -> list[Paper]:
    """What the file holds, in order, of what ``person`` may see."""
    made = [
        Paper(FACTS, FACTS, "基本情况表", matter.number, "", _facts(matter, person)),
        Paper(COURSE, COURSE, "办理过程", "", "", _course(matter, person)),
    ]
    issued = visible.documents(person).filter(matter_id=matter.pk, replaced_by=None)
    for document in issued.order_by("issued_at", "pk"):
        with document.pdf_file.open("rb") as file:
            content = file.read()
        title = document.title.partition("：")[0]
        day = binding.day(timezone.localtime(document.issued_at))
        made.append(Paper(LETTERS, LETTERS, title, document.number, day, content))
    made += binding.evidence_papers(matter, person, EVIDENCE, EVIDENCE)
    return made


@in_chinese
def assemble(matter: Any, person: Person) -> bytes:
    """The file as one PDF with its list."""
    return binding.bind(
        papers(matter, person),
        lambda count, pages: _cover(matter, count, pages),
        lambda pages: _closing(matter, pages),
    )


def _facts(matter: Any, person: Person) -> bytes:
    """Every field of the matter's page that is filled."""
    register = register_of(matter.register)
    columns = register.open_details(person)
    matter = veil.of(register, person)(matter)
    first = [
        ("编号", matter.number),
        (str(register.labels.get("title", "标题")), matter.title),
        (str(register.labels.get("description", "内容")), matter.description),
        (str(register.labels.get("area_code", "属地")), cells.area_name(matter.area_code)),
        (str(register.labels.get("owner_organisation", "责任单位")), str(matter.owner_organisation or "")),
        ("状态", str(register.state_of(matter).label)),
    ]  # fmt: skip
    shown = [(str(c.label), cells.text_of(matter, c)) for c in columns]
    known, rows = set(), []
    for label, text in [*first, *shown]:
        if text and text != "—" and label not in known:
            known.add(label)
            rows.append([label, text])
    return binding.listed(("项目", "内容"), rows, f"{register.label}基本情况表", widths=(44, 0))


def _course(matter: Any, person: Person) -> bytes:
    """Each step with its day, who did it, and what was said."""
    register = register_of(matter.register)
    rows = []
    for event in timeline.events_of(matter, person):
        at = timezone.localtime(event.at)
        said = [event.note] if event.note else []
        transition = (
            register.workflow.transition(event.transition)
            if register.workflow.has_transition(event.transition)
            else None
        )
        for ask in register.asks_of(transition) if transition else ():
            value = event.form.get(ask.name)
            if value not in (None, "", []) and register.is_open(ask.stores or ask.name, person):
                said.append(f"{ask.label}：{timeline.said_text(ask, value, register.model)}")
        rows.append(
            [f"{at:%Y-%m-%d %H:%M}", event.label, str(event.person or "系统"), "；".join(said)]
        )
    heads = ("时间", "环节", "办理人", "内容")
    return binding.listed(heads, rows, "办理过程", widths=(34, 34, 30, 0))


def _cover(matter: Any, count: int, pages: int) -> bytes:
    register = register_of(matter.register)
    closed = timezone.localtime(matter.closed_at).date() if matter.closed_at else None
    rows = [
        ["编号", matter.number],
        ["事项", matter.title],
        ["责任单位", str(matter.owner_organisation or "—")],
        ["登记日期", matter_values.words(timezone.localtime(matter.opened_at).date())],
        ["办结日期", matter_values.words(closed) if closed else "未办结"],
        ["卷内", f"共{count}件{pages}页"],
    ]
    source = """
#v(24mm)
#align(center, text(size: 20pt, data.issuer))
#v(6mm)
#head(data.title)
#v(16mm)
#table(columns: (36mm, 1fr), inset: 9pt, align: horizon, ..data.rows.flatten())
"""
    data = {"issuer": issuer(matter.area_code), "title": f"{register.label}档案", "rows": rows}
    return binding.page(source, data)


def _closing(matter: Any, pages: int) -> bytes:
    source = """
#head[卷内备考表]
#v(10mm)
#table(columns: (40mm, 1fr), inset: 12pt, align: horizon, ..data.rows.flatten())
"""
    rows = [
        ["本卷页数", f"{pages}页（封面、目录、备考表不编页）"],
        ["其他载体", "音像和其他电子文件存于事项证据，以校验值核对"],
        ["立卷时间", matter_values.words(timezone.localdate())],
    ]
    return binding.page(source, {"rows": rows})
