"""来文 (mechanism T15): letters from above and from other units, each demand a task of its unit, answered in writing in time.

登记 → 拟办 → 办理中 → 待复函 → 已复函; a letter only to be known is filed (阅存). The reply cannot go out before every task
that came of the letter is over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation
from ecoledger.accounts.wording import numbered
from ecoledger.listings.parts import Import
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.office.meetings import OFFICE, TASKS


class IncomingLetter(Matter):
    """One letter that came in (来文)."""

    class Sort(models.TextChoices):
        ORDER = "order", "交办函"
        REMINDER = "reminder", "督办函"
        INQUIRY = "inquiry", "征求意见"
        NOTICE = "notice", "通知"
        REQUEST = "request", "请示、来函"
        OTHER = "other", "其他"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_incoming_letter"
    )
    sort = models.CharField("来文类别", max_length=10, choices=Sort.choices, default=Sort.ORDER)
    sender = models.CharField("来文单位", max_length=120)
    letter_no = models.CharField("来文文号", max_length=80, blank=True, db_index=True)
    received_on = models.DateField("收文日期")
    urgent = models.BooleanField("急件", default=False)
    reply_by = models.DateField("要求反馈时限", null=True, blank=True)
    instruction = models.TextField("拟办意见或领导批示", blank=True)
    reply_no = models.CharField("复函文号", max_length=80, blank=True)
    replied_on = models.DateField("复函日期", null=True, blank=True)

    class Meta:
        verbose_name = "来文"


class Demand(models.Model):
    """One thing that a letter asks, of one unit, until a day (来文要求)."""

    letter = models.ForeignKey(IncomingLetter, on_delete=models.CASCADE, related_name="demands")
    text = models.CharField("要求", max_length=300)
    organisation = models.ForeignKey(
        Organisation, verbose_name="承办单位", on_delete=models.PROTECT, related_name="+"
    )
    due = models.DateField("完成时限", null=True, blank=True)

    class Meta:
        verbose_name = "来文要求"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


def _hand_out(step: Step) -> None:
    """Each demand becomes a task of its unit, due when it says, else when the letter wants its answer."""
    letter = step.matter
    rows = list(letter.demands.select_related("organisation"))
    if not rows:
        raise actions.Refused(
            "condition", _("还没有来文要求。"), _("请先在“来文要求”里逐条填写承办单位。")
        )
    for row in rows:
        values = {
            "title": row.text[:200], "area_code": row.organisation.area_code or letter.area_code,
            "origin_kind": "letter", "source_no": letter.letter_no, "description": letter.description,
            "owner_organisation": row.organisation, "deadline": row.due or letter.reply_by,
            "origin": letter.title,
        }  # fmt: skip
        actions.open_matter(TASKS, values, by=step.person, at=step.at, origin_matter=letter)


def _under_way(letter: Any) -> str:
    left = Matter.objects.filter(
        origin_matter=letter.pk, register=TASKS.key, phase="open", withdrawn_at=None
    ).count()
    return numbered("还有 %d 项任务没有办结。", left) % left if left else ""


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common = by_name(common_statistics(REGISTER, rows, now))
    n = rows.order_by().aggregate(
        total=Count("pk"),
        answered=Count("pk", filter=Q(state="replied")),
        owed=Count("pk", filter=Q(reply_by__isnull=False)),
        urgent=Count("pk", filter=Q(urgent=True)),
    )
    return [
        Statistic("total", "来文", n["total"], unit="件"),
        Statistic("urgent", "其中：急件", n["urgent"], "urgent=1", "件"),
        share("answered", "复函率", n["answered"], n["owed"], query="state=replied", note="已复函÷要求反馈的"),
        *(common[name] for name in ("open", "overdue", "on_time")),
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    counted = (
        rows.order_by("sender").values("sender")
        .annotate(n=Count("pk"), done=Count("pk", filter=~Q(phase="open")))
    )  # fmt: skip
    table = tuple(
        ((r["sender"], str(r["n"]), str(r["done"])), f"sender={r['sender']}") for r in counted
    )
    return [Breakdown(_("按来文单位"), (_("来文单位"), _("来文"), _("已办结")), table)]


REGISTER = declare(Register(
    key="incoming_letter", label="来文登记", line="assessment", model=IncomingLetter,
    workflow=Workflow(
        states=(
            State("new", "待拟办", stage="登记", waits_for=OFFICE),
            State("doing", "办理中", stage="办理", waits_for=OFFICE),
            State("replied", "已复函", phase=Phase.DONE),
            State("filed", "阅存", phase=Phase.DONE),
        ),
        transitions=(
            Transition("hand_out", "交办", "new", "doing", by=OFFICE, offers=("instruction",),
                       effects=(_hand_out,), help="每条要求成为承办单位的一项任务"),
            Transition("file", "阅存", "new", "filed", by=OFFICE, offers=("instruction",), main=False),
            Transition("reply", "登记复函", "doing", "replied", by=OFFICE, asks=("reply_no", "replied_on"),
                       evidence=1, when=_under_way, help="附盖章的复函"),
            Transition("finish", "办结，无须复函", "doing", "filed", by=OFFICE, asks=(REASON,),
                       when=_under_way, main=False),
            Transition("again", "重新办理", ("replied", "filed"), "new", by=OFFICE, asks=(REASON,),
                       main=False),
        ),
        clocks=(
            ClockRule("sort", "拟办", "new", working_days=1, basis=DEFAULT),
            ClockRule("reply_by", "反馈时限", ("new", "doing"), deadline_field="reply_by",
                      extensions=(15,), basis="来文"),
        ),
    ),
    pattern="收文〔{year}〕{n}号", labels={"title": "来文标题", "description": "来文摘要", "area_code": "属地"},
    columns=("number", "title", "state", "due", "sender", "letter_no", "sort", "urgent", "received_on",
             "reply_by", "reply_no"),
    filters=("state", "sort", "urgent", "sender", "received_on"),
    search=("number", "title", "sender", "letter_no", "reply_no"),
    fields=("title", "sender", "letter_no", "sort", "received_on", "urgent", "reply_by", "area_code",
            "description"),
    details=("sender", "letter_no", "sort", "received_on", "urgent", "reply_by", "instruction", "reply_no",
             "replied_on"),
    lines=(Lines(key="demands", label="来文要求", model=Demand, columns=("text", "organisation", "due")),),
    imports=Import(
        key=("letter_no", "sender"),
        headers={"title": ("文件标题", "标题", "文件名称"), "sender": ("发文单位", "发文机关"), "letter_no": ("文号", "发文字号"),
                 "received_on": ("收文时间", "收到日期", "登记日期"), "sort": ("类别", "文种"), "urgent": ("紧急程度",),
                 "reply_by": ("办理时限", "反馈时限", "办结时限"), "description": ("摘要", "主要内容")},
        values={"urgent": {"特急": "1", "急件": "1", "加急": "1", "急": "1", "平件": "0", "一般": "0", "普通": "0"}},
        examples={"title": "关于交办扬尘污染问题的函", "sender": "市生态环境保护委员会办公室",
                  "letter_no": "示环委办〔2026〕8号", "received_on": "2026-03-02", "area_code": "示例县"},
        future=(),
    ),
    statistics=statistics, breakdowns=breakdowns, map_layer=False, edit=OFFICE, manage=OFFICE,
    empty="还没有来文。登记或导入收文簿，逐条填写要求，交办后成为各单位的任务，办结后复函。",
))  # fmt: skip
