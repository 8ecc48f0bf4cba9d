"""The letters of the house: 交办函 and 督办函, each a file the bureau edits."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.matters.models import Matter
from ecoledger.matters.register import register_of
from ecoledger.reports import matter_values
from ecoledger.reports.declaration import Letter, Word, declare
from ecoledger.reports.models import IssuedDocument
from ecoledger.reports.official_document import OfficialDocument
from ecoledger.reports.profile import DocumentsError, documents
from ecoledger.reports.template_in_force import made_once

# What every letter can say beside its matter and its words.
ALWAYS = ("文号", "发文机关", "成文日期", "拟稿人", "审核人", "签发人")
_REGISTERS = ("problem", "alarm_case", "grid_event", "inspectorate_letter", "committee_task")


def _addressee(matter: Matter, _author: Person) -> str:
    return matter.owner_organisation.name if matter.owner_organisation else ""


def _facts(matter: Matter, _author: Person) -> str:
    return matter.description.strip() or matter.title


def _due(matter: Matter, _author: Person) -> str:
    """The matter's own day, while it is to come: when it is over, who writes says how much longer."""
    day = timezone.localtime(matter.due).date() if matter.due else None
    return matter_values.words(day) if day and day >= timezone.localdate() else ""


def _author_name(_matter: Matter, author: Person) -> str:
    return author.name


def _copies(_matter: Matter, _author: Person) -> str:
    try:
        return documents().copies_to
    except DocumentsError:
        # The file is wrong: whoever issues is told; a draft may be begun.
        return ""


def _earlier(matter: Matter, _author: Person) -> str:
    sent = IssuedDocument.objects.filter(matter=matter, kind="handover").first()
    return sent.number if sent else ""


def days_overdue(matter: Matter, on: date | None = None) -> int:
    """Whole days since the due day, natural days; none before it."""
    if matter.due is None:
        return 0
    until = timezone.localtime(matter.closed_at).date() if matter.closed_at else None
    day = until or on or timezone.localdate()
    return max((day - timezone.localtime(matter.due).date()).days, 0)


def _overdue(matter: Any) -> dict[str, str]:
    return {"超期天数": str(days_overdue(matter))}


_ADDRESSEE = Word("主送", first=_addressee)
_COPIES = Word("抄送", required=False, first=_copies)
_FACTS = Word("问题", "long", first=_facts)
_REPLY = Word("反馈期限", first=_due, help="写成 2026年12月5日")
_CONTACT = Word("联系人", first=_author_name)
_TELEPHONE = Word("联系电话", required=False)


def _letter(title: str, paragraphs: tuple[str, ...]) -> bytes:
    """A file to begin with, in official layout."""
    document = OfficialDocument(
        "{{ 发文机关 }}", "{{ 文号 }}", title, documents().fonts, room_for=13
    )
    document.addressee("{{ 主送 }}")
    for paragraph in paragraphs:
        if paragraph.startswith("一、") or paragraph[1:2] == "、":
            document.heading(paragraph)
        else:
            document.paragraph(paragraph)
    document.sign_as("{{ 发文机关 }}", "{{ 成文日期 }}")
    # A note stands below the date (GB/T 9704-2012, 7.3.6).
    document.paragraph("（联系人：{{ 联系人 }}{% if 联系电话 %}，电话：{{ 联系电话 }}{% endif %}）")
    document.paragraph("{%p if 抄送 %}")
    document.paragraph("抄送：{{ 抄送 }}")
    document.paragraph("{%p endif %}")
    return document.save()


@made_once
def handover_template() -> bytes:
    return _letter(
        "关于交办{{ 标题 }}的函",
        (
            "我局在工作中发现以下问题，现交由你单位办理。",
            "一、基本情况",
            "{{ 问题 }}",
            "该问题在我局编号{{ 编号 }}，位于{{ 属地 }}{{ 地址 }}"
            "{% if 对象 %}，涉及{{ 对象 }}{% endif %}。",
            "二、办理要求",
            "{%p for 条 in 要求 %}",
            "（{{ loop.index }}）{{ 条 }}",
            "{%p endfor %}",
            "三、反馈时限",
            "请于{{ 反馈期限 }}前将办理情况书面反馈我局，并附佐证材料。",
        ),
    )


@made_once
def reminder_template() -> bytes:
    return _letter(
        "关于督办{{ 标题 }}的函",
        (
            "{% if 前次文号 %}我局以{{ 前次文号 }}交办的{% else %}我局交办的{% endif %}"
            "“{{ 标题 }}”（编号{{ 编号 }}），办理期限为{{ 期限 }}，至今已超期{{ 超期天数 }}天仍未办结。现予督办。",
            "一、督办事由",
            "{{ 问题 }}",
            "二、督办要求",
            "{%p for 条 in 要求 %}",
            "（{{ loop.index }}）{{ 条 }}",
            "{%p endfor %}",
            "请于{{ 反馈期限 }}前书面反馈。{{ 后果 }}",
        ),
    )


HANDOVER = declare(
    Letter(
        key="handover",
        label="交办函",
        line="rectification",
        series="环交办〔{year}〕{n}号",
        registers=_REGISTERS,
        words=(
            _ADDRESSEE,
            _COPIES,
            _FACTS,
            Word(
                "要求",
                "lines",
                first="查清原因，落实整改措施和责任人。\n依法依规处理，整改到位后申请核查。",
                help="一行一条",
            ),
            _REPLY,
            _CONTACT,
            _TELEPHONE,
        ),
        template=handover_template,
    )
)
REMINDER = declare(
    Letter(
        key="reminder",
        label="督办函",
        line="rectification",
        series="环督办〔{year}〕{n}号",
        registers=_REGISTERS,
        words=(
            _ADDRESSEE,
            _COPIES,
            Word("前次文号", required=False, first=_earlier),
            _FACTS,
            Word(
                "要求",
                "lines",
                first="主要负责人亲自研究，制定限时整改计划。\n逐项说明未按期办结的原因。",
                help="一行一条",
            ),
            _REPLY,
            Word("后果", "long", first="逾期仍未办结的，我局将按规定约谈、通报。"),
            _CONTACT,
            _TELEPHONE,
        ),
        template=reminder_template,
        values=_overdue,
        value_names=("超期天数",),
    )
)


@made_once
def warning_template() -> bytes:
    return _letter(
        "关于{{ 标题 }}的预警函",
        (
            "{{ 情况 }}",
            "为防止情况进一步恶化，现予预警。请你单位做好以下工作：",
            "{%p for 条 in 要求 %}",
            "（{{ loop.index }}）{{ 条 }}",
            "{%p endfor %}",
            "请于{{ 反馈期限 }}前将原因分析、采取的措施和效果书面反馈我局。",
        ),
    )


@made_once
def interview_template() -> bytes:
    return _letter(
        "关于约谈的通知",
        (
            "{{ 情况 }}",
            "根据有关规定，决定对你单位主要负责人进行约谈。",
            "一、约谈时间：{{ 约谈时间 }}",
            "二、约谈地点：{{ 约谈地点 }}",
            "三、约谈内容",
            "{%p for 条 in 要求 %}",
            "（{{ loop.index }}）{{ 条 }}",
            "{%p endfor %}",
            "请于{{ 反馈期限 }}前将整改方案书面报我局。",
        ),
    )


_SITUATION = Word("情况", "long", first=_facts)
WARNING = declare(
    Letter(
        key="warning_letter",
        label="预警函",
        line="assessment",
        series="环预警〔{year}〕{n}号",
        registers=("warning",),
        words=(
            _ADDRESSEE,
            _COPIES,
            _SITUATION,
            Word(
                "要求",
                "lines",
                first="立即排查污染来源，落实管控措施。\n明确责任人，每日调度。",
                help="一行一条",
            ),
            _REPLY,
            _CONTACT,
            _TELEPHONE,
        ),
        template=warning_template,
        sends="send",
        sent_as={"measure": "warning"},
        answers="answer",
    )
)
INTERVIEW = declare(
    Letter(
        key="interview_letter",
        label="约谈通知",
        line="assessment",
        series="环约谈〔{year}〕{n}号",
        registers=("warning",),
        words=(
            _ADDRESSEE,
            _COPIES,
            _SITUATION,
            Word("约谈时间", help="写成 2026年12月5日 9:00"),
            Word("约谈地点", first="局会议室"),
            Word(
                "要求",
                "lines",
                first="说明问题原因和前期工作。\n提出限期整改措施。",
                help="一行一条",
            ),
            _REPLY,
            _CONTACT,
            _TELEPHONE,
        ),
        template=interview_template,
        sends="send",
        sent_as={"measure": "interview"},
        answers="answer",
    )
)


@made_once
def reply_template() -> bytes:
    return _letter(
        "关于{{ 标题 }}办理情况的复函",
        (
            "{{ 来文单位 }}{% if 来文文号 %}{{ 来文文号 }}{% endif %}收悉。我局高度重视，逐项组织办理，现将办理情况函复如下：",
            "{%p for 条 in 办理情况 %}",
            "（{{ loop.index }}）{{ 条 }}",
            "{%p endfor %}",
            "{{ 下一步 }}",
            "专此函复。",
        ),
    )


def _sender(matter: Matter, _author: Person) -> str:
    return str(getattr(matter, "sender", ""))


def _done_for(matter: Matter, _author: Person) -> str:
    """What became of each task that the letter begot, a line each."""
    rows = register_of("committee_task").standing().filter(origin_matter=matter.pk).order_by("pk")
    return "\n".join(f"{row.title}：{row.progress_text or '正在办理'}" for row in rows)


REPLY_LETTER = declare(
    Letter(
        key="reply_letter",
        label="复函",
        line="assessment",
        series="环函〔{year}〕{n}号",
        registers=("incoming_letter",),
        words=(
            Word("主送", first=_sender),
            _COPIES,
            Word("办理情况", "lines", first=_done_for, help="一行一条"),
            Word("下一步", "long", first="下一步，我局将继续跟踪问效，巩固整改成效。"),
            _CONTACT,
            _TELEPHONE,
        ),
        template=reply_template,
    )
)


def variables(letter: Letter) -> list[str]:
    """Every variable a template of this letter may use."""
    words_ = [word.name for word in letter.words]
    return list(
        dict.fromkeys(
            (
                *ALWAYS,
                *words_,
                *letter.value_names,
                *letter.row_names,
                *matter_values.names(letter.registers),
            )
        )
    )


def examples(letter: Letter) -> dict[str, Any]:
    """A value for every variable, to try a template with."""
    made: dict[str, Any] = {name: f"（{name}）" for name in variables(letter)}
    for word in letter.words:
        if word.kind == "lines":
            made[word.name] = [f"（{word.name}一）", f"（{word.name}二）"]
    for name, columns in letter.row_names.items():
        made[name] = [{column: f"（{column}）" for column in columns}]
    return made
