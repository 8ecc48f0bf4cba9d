"""生态环境保护委员会办公室 (mechanism T15): meetings → resolutions → tasks with owners; 交办函 and 督办函 on the tasks, replies back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Organisation
from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import declare as declare_list
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Import
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON


class Committee(models.Model):
    """One special committee of the environment committee, with its head, units and office (专业委员会)."""

    area_code = AreaCodeField("属地")
    name = models.CharField("委员会", max_length=80)
    head = models.CharField("主任", max_length=60, blank=True)
    lead = models.CharField("牵头单位", max_length=120)
    members = models.TextField("成员单位", blank=True)
    contact = models.CharField("联络员", max_length=80, blank=True)
    basis = models.CharField("成立文号", max_length=80, blank=True)
    since = models.DateField("成立日期", null=True, blank=True)
    until = models.DateField("撤销日期", null=True, blank=True)

    class Meta:
        verbose_name = "专业委员会"
        unique_together = [("area_code", "name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Meeting(Matter):
    """One meeting of the committee, of one of its special committees, or a periodic consultation."""

    class Sort(models.TextChoices):
        FULL = "full", "全体会议"
        SPECIAL = "special", "专业委员会会议"
        CONSULTATION = "consultation", "定期协商会"
        NOTICE = "notice", "问题通报会"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_meeting"
    )
    sort = models.CharField("会议类别", max_length=14, choices=Sort.choices, default=Sort.FULL)
    committee = models.CharField("委员会", max_length=80, blank=True)
    held_at = models.DateTimeField("会议时间")
    place = models.CharField("会议地点", max_length=120, blank=True)
    chair = models.CharField("主持人", max_length=60, blank=True)
    attending = models.TextField("参加人员", blank=True)
    minutes_no = models.CharField("纪要文号", max_length=80, blank=True)

    class Meta:
        verbose_name = "环委会会议"


class AgendaItem(models.Model):
    """One item of a meeting's agenda (议题)."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="agenda")
    topic = models.CharField("议题", max_length=200)
    reporter = models.CharField("汇报单位", max_length=120, blank=True)

    class Meta:
        verbose_name = "议题"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.topic


class Resolution(models.Model):
    """What a meeting resolved: one task for one unit (议定事项)."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="resolutions")
    text = models.CharField("议定事项", max_length=300)
    organisation = models.ForeignKey(
        Organisation, verbose_name="责任单位", on_delete=models.PROTECT, related_name="+"
    )
    due = models.DateField("完成时限")

    class Meta:
        verbose_name = "议定事项"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class CommitteeTask(Matter):
    """A task out of a resolution, a letter or a leader's instruction."""

    class Origin(models.TextChoices):
        MEETING = "meeting", "会议议定"
        LETTER = "letter", "来文交办"
        LEADER = "leader", "领导批示"
        OTHER = "other", "其他"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_committee_task"
    )
    origin_kind = models.CharField(
        "来源类别", max_length=10, choices=Origin.choices, default=Origin.OTHER
    )
    source_no = models.CharField("来文或纪要文号", max_length=80, blank=True)
    deadline = models.DateField("完成时限", null=True, blank=True)
    progress_text = models.TextField("进展", blank=True)
    reply_no = models.CharField("反馈文号", max_length=80, blank=True)
    replied_on = models.DateField("反馈日期", null=True, blank=True)

    class Meta:
        verbose_name = "环委办任务"


OFFICE = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF})
_OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.MONITOR, Role.APPROVER, Role.DISPATCHER,
                     Role.SECTION_CHIEF})  # fmt: skip


def _hand_out(step: Step) -> None:
    """Each resolution becomes a task of its unit."""
    meeting = step.matter
    rows = list(meeting.resolutions.all())
    if not rows:
        raise actions.Refused("condition", _("还没有议定事项。"), _("请先填写议定事项再印发纪要。"))
    for row in rows:
        values = {
            "title": row.text[:200], "area_code": row.organisation.area_code or meeting.area_code, "origin_kind": "meeting",
            "source_no": meeting.minutes_no, "owner_organisation": row.organisation,
            "deadline": row.due, "origin": meeting.title,
        }  # fmt: skip
        actions.open_matter(TASKS, values, by=step.person, at=step.at, origin_matter=meeting)


MEETINGS = declare(Register(
    key="committee_meeting", label="环委会会议", line="assessment", model=Meeting,
    ahead=("held_at",),
    workflow=Workflow(
        states=(
            State("planned", "筹备", stage="会前", waits_for=OFFICE),
            State("held", "已召开", stage="会后", waits_for=OFFICE),
            State("issued", "纪要已印发", phase=Phase.DONE),
            State("cancelled", "取消", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("hold", "已召开", "planned", "held", by=OFFICE, asks=("attending",),
                       offers=("chair", "place")),
            Transition("issue", "印发纪要并交办", "held", "issued", by=OFFICE, asks=("minutes_no",),
                       effects=(_hand_out,), help="每条议定事项成为责任单位的一项任务"),
            Transition("cancel", "取消", "planned", "cancelled", by=OFFICE, asks=(REASON,), main=False),
        ),
        clocks=(ClockRule("minutes", "印发纪要", "held", working_days=5, basis=DEFAULT),),
    ),
    pattern="环委会〔{year}〕{n}号", labels={"title": "会议名称", "area_code": "属地"},
    columns=("number", "title", "state", "due", "sort", "committee", "held_at", "chair", "minutes_no"),
    filters=("state", "sort", "held_at"), search=("number", "title", "committee", "minutes_no"),
    fields=("title", "sort", "committee", "held_at", "place", "chair", "area_code"),
    details=("sort", "committee", "held_at", "place", "chair", "attending", "minutes_no"),
    lines=(
        Lines(key="agenda", label="议题", model=AgendaItem, columns=("topic", "reporter")),
        Lines(key="resolutions", label="议定事项", model=Resolution,
              columns=("text", "organisation", "due")),
    ),
    map_layer=False, edit=OFFICE, manage=OFFICE | {Role.LEADER},
    empty="还没有会议。登记会议、议题和议定事项，印发纪要后自动成为各单位的任务。",
))  # fmt: skip


COMMITTEES = declare_list(Listing(
    key="special_committee", label="专业委员会", line="assessment", model=Committee,
    columns=("name", "head", "lead", "members", "contact", "since", "until", "area_code"),
    filters=("since", "area_code"), search=("name", "lead", "members"), lead="name",
    fields=("area_code", "name", "head", "lead", "members", "contact", "basis", "since", "until"),
    imports=Import(key=("area_code", "name"), headers={"name": ("名称", "专业委员会"), "lead": ("牵头部门",),
                                                       "members": ("成员",), "area_code": ("区县",)},
                   examples={"area_code": "示例县", "name": "大气污染防治专业委员会", "lead": "生态环境局"}),
    edit=OFFICE, empty="还没有专业委员会。登记各专业委员会的牵头单位和成员单位。",
))  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common = by_name(common_statistics(TASKS, rows, now))
    n = rows.order_by().aggregate(
        total=Count("pk"),
        done=Count("pk", filter=Q(phase__in=COMPLETED)),
        replied=Count("pk", filter=~Q(reply_no="")),
    )
    return [
        Statistic("total", "任务", n["total"]),
        share("done", "办结率", n["done"], n["total"], query="closed=1"),
        share("replied", "书面反馈率", n["replied"], n["total"]),
        *(common[name] for name in ("open", "overdue", "on_time")),
    ]


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    labels = dict(CommitteeTask.Origin.choices)
    counted = (
        rows.order_by("origin_kind").values("origin_kind")
        .annotate(n=Count("pk"), done=Count("pk", filter=Q(phase__in=COMPLETED)))
    )  # fmt: skip
    table = tuple(
        (
            (_(str(labels[r["origin_kind"]])), str(r["n"]), str(r["done"])),
            f"origin_kind={r['origin_kind']}",
        )
        for r in counted
    )
    return [Breakdown(_("按来源"), (_("来源类别"), _("任务"), _("已办结")), table)]


TASKS = declare(Register(
    key="committee_task", label="环委办任务", line="assessment", model=CommitteeTask,
    workflow=Workflow(
        states=(
            State("new", "待签收", stage="交办", waits_for=_OWNERS, by_owner=True),
            State("doing", "办理中", stage="办理", waits_for=_OWNERS, by_owner=True),
            State("returned", "退回待定", stage="交办", waits_for=OFFICE),
            State("check", "待审核", stage="反馈", waits_for=CHECKERS),
            State("done", "已办结", phase=Phase.DONE),
            State("dropped", "取消", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("sign", "签收", "new", "doing", by=_OWNERS, owner_only=True),
            Transition("report", "填报进展", "doing", "doing", by=_OWNERS, owner_only=True,
                       asks=("progress_text",)),
            Transition("reply", "书面反馈", "doing", "check", by=_OWNERS, owner_only=True,
                       asks=("reply_no", "progress_text"), offers=("replied_on",), evidence=1,
                       help="附盖章的反馈文件"),
            Transition("accept", "同意办结", "check", "done", by=CHECKERS,
                       offers=(said("checked", "审核意见"),), other_person_than=("reply",)),
            Transition("back", "退回补充", "check", "doing", by=CHECKERS, asks=(REASON,),
                       other_person_than=("reply",), main=False),
            Transition("decline", "不属本单位，退回", "new", "returned", by=_OWNERS, owner_only=True,
                       asks=(REASON,), main=False),
            Transition("pass_on", "改派", "returned", "new", by=OFFICE, asks=("owner_organisation",),
                       offers=("deadline",), sets={"owner": None}),
            Transition("insist", "不同意退回", "returned", "new", by=OFFICE, asks=(REASON,),
                       other_person_than=("decline",)),
            Transition("drop", "取消", "returned", "dropped", by=OFFICE, asks=(REASON,),
                       other_person_than=("decline",), main=False),
            Transition("restart", "重新交办", ("done", "dropped"), "new", by=OFFICE,
                       asks=("owner_organisation", REASON), main=False),
        ),
        clocks=(
            ClockRule("sign", "签收", "new", working_days=2, basis=DEFAULT),
            ClockRule("decide", "改派或驳回", "returned", working_days=2, basis=DEFAULT),
            # Whose it is is still to be said; by when it is due stays.
            ClockRule("deadline", "完成时限", ("new", "returned", "doing", "check"), deadline_field="deadline",
                      extensions=(15, 30), basis="会议纪要或交办函"),
        ),
    ),
    pattern="环委办〔{year}〕{n}号", labels={"title": "任务", "description": "任务要求", "area_code": "属地"},
    columns=("number", "title", "state", "due", "owner_organisation", "origin_kind", "source_no",
             "deadline", "reply_no"),
    filters=("state", "owner_organisation", "origin_kind", "deadline"),
    search=("number", "title", "description", "source_no", "reply_no"),
    fields=("title", "description", "origin_kind", "source_no", "area_code",
            Ask("owner_organisation", required=True), "deadline"),
    batch=("owner_organisation", "owner", "deadline"),
    details=("origin_kind", "source_no", "deadline", "progress_text", "reply_no", "replied_on"),
    imports=Import(
        key=(), headers={"title": ("任务名称", "工作任务", "议定事项"), "source_no": ("文号",),
                         "owner_organisation": ("牵头单位",), "origin_kind": ("来源",)},
        examples={"title": "推进污水管网建设", "owner_organisation": "北镇人民政府", "deadline": "2026-12-31"},
    ),
    statistics=statistics, breakdowns=breakdowns, map_layer=False, edit=OFFICE,
    empty="还没有任务。会议纪要印发后自动生成，来文交办的可直接登记或导入。",
))  # fmt: skip
