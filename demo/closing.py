"""What the year's work comes to in the demonstration city: towns' scorecards, issued documents, letters with replies.

Every step by the people whose turn it is; all synthetic.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

from demo import city
from demo.work import aware, person
from ecoledger.books import score_sheet as sheets
from ecoledger.indicators.scorecards import town_sheet
from ecoledger.matters.models import Matter
from ecoledger.registers.plan.work_tasks import WorkTask
from ecoledger.reports import drafting
from ecoledger.reports.declaration import Letter, Report, document_of
from ecoledger.reports.models import Draft, IssuedDocument

OBJECTION_DAYS = 7
# Who works for a section of the bureau, where the demonstration has somebody.
_OF_SECTION = {"监测站": "jiance", "执法大队": "zhifa", "审批科": "shenpi", "办公室": "diaodu"}


def build(now: datetime) -> dict[str, int]:
    """Everything of this module; returns how many of each."""
    return {
        "镇街考核": _scorecards(now.date()),
        "印发文书": _reports(now) + _letters(now),
        "个人任务": _owners(),
    }


def _scorecards(today: date) -> int:
    """The quarter before last is published, the last one still in draft."""
    this = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    last = _quarter_before(this)
    before = _quarter_before(last)
    sheet, clerk = town_sheet(), person("diaodu")
    for first, end in ((before, last), (last, this)):
        row = sheets.begin(
            sheet,
            f"{first.year}年第{(first.month + 2) // 3}季度（演示）",
            city.CITY_CODE,
            first,
            end - timedelta(days=1),
            by=clerk,
        )
        if first == before:
            until = end + timedelta(days=OBJECTION_DAYS)
            at = aware(datetime(end.year, end.month, end.day, 9))
            sheets.publish(sheet, row, until, by=person("juzhang"), at=at)
    return 2


def _quarter_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1, month=(first - timedelta(days=1)).month - 2)


def _reports(now: datetime) -> int:
    """Last month's notices and the half year's summary, issued; the year's summary begun."""
    month = now.date().replace(day=1) - timedelta(days=1)
    half = date(now.year, 6, 30) if now.month > 6 else date(now.year - 1, 12, 31)
    kinds = (
        ("air_notice", month),
        ("water_notice", month),
        ("enforcement_report", month),
        ("summary_half", half),
    )
    for kind, day in kinds:
        report = cast(Report, document_of(kind))
        _issued(drafting.begin_report(report, city.CITY_CODE, day, by=person("jiance")), now)
    return len(kinds)


def _letters(now: datetime) -> int:
    """A warning to a town that answered, one that waits for its answer, and a problem handed over."""
    warned = Matter.objects.filter(register="warning", area_code__startswith=city.CITY_CODE)
    handed = Matter.objects.filter(
        register="problem", closed_at=None, owner_organisation__kind="town"
    )
    about = [("warning_letter", matter) for matter in warned.order_by("pk")[:2]]
    about += [("handover", matter) for matter in handed.order_by("pk")[:1]]
    reply_by = now.date() + timedelta(days=10)
    for number, (kind, matter) in enumerate(about):
        letter = cast(Letter, document_of(kind))
        draft = drafting.begin_letter(letter, matter, by=person("diaodu"))
        words = draft.words | {"反馈期限": f"{reply_by.year}年{reply_by.month}月{reply_by.day}日"}
        words["主送"] = words["主送"] or "各镇（街道）（演示）"
        drafting.write(draft, words, by=person("diaodu"))
        # Of the warnings a summary speaks that was begun today.
        days = 2 if kind == "warning_letter" else 0
        document = _issued(draft, now - timedelta(days=days))
        if number == 0:
            drafting.reply(
                IssuedDocument.objects.get(pk=document.pk),
                "已逐件核实超期问题，明确责任人和完成时限，三日内全部报送佐证材料（合成数据）。",
                now.date(),
                by=person("diaodu"),
            )
    return len(about)


def _issued(draft: Draft, now: datetime) -> IssuedDocument:
    """Carry a draft through its review, signature and number, each by somebody else than its author."""
    other = person("zhifa" if document_of(draft.kind).capability == "write_letters" else "diaodu")
    drafting.submit(draft, by=draft.author)
    while draft.state in (Draft.State.REVIEW, Draft.State.SIGN):
        signs = draft.state == Draft.State.SIGN
        drafting.approve(draft, by=person("juzhang") if signs else other)
    return drafting.issue(draft, by=other, at=aware(now))


def _owners() -> int:
    """Tasks of a section belong to somebody of it."""
    return sum(
        WorkTask.objects.filter(section=section).update(owner=person(username))
        for section, username in _OF_SECTION.items()
    )
