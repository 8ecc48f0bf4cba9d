"""亲清服务 (mechanism P16): what firms ask for, the visit, the answer and its time; what they report of themselves without penalty.

A request comes from the firm or is taken down by the desk; the answer has a clock by its kind (data). A firm that reports a
problem of its own (自查自报) is helped to put it right: the ticket bears the mark 不作为处罚线索, those who enforce do not read
it, and nothing of this register leads to enforcement.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data, own_files
from ecoledger.listings.parts import Ask, Import, Kind, TableRow, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Circulation, Matter
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
from ecoledger.registers.approval.cases import take_holder
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.standards import workdays

SERVERS = frozenset({Role.APPROVER, Role.SECTION_CHIEF, Role.DISPATCHER, Role.MONITOR})
FIRM = frozenset({Role.ENTERPRISE})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER})
own_files.declare(own_files.Rules(__package__, "enterprise_services", "亲清服务与重点项目时限"))


class ServiceRequest(Matter):
    """One request of a firm (服务请求)."""

    class Sort(models.TextChoices):
        CONSULTATION = "consultation", "政策咨询"
        APPROVAL = "approval", "审批辅导"
        TECHNOLOGY = "technology", "治理技术帮扶"
        STEWARD = "steward", "环保管家"
        HALL = "hall", "议事厅议题"
        SELF_REPORT = "self_report", "自查自报"
        OTHER = "other", "其他"

    class Channel(models.TextChoices):
        PLATFORM = "platform", "亲清平台"
        VISIT = "visit", "走访"
        HALL = "hall", "议事厅"
        PHONE = "phone", "电话"
        OTHER = "other", "其他"

    class Content(models.TextChoices):
        NONE = "", "未评价"
        GOOD = "good", "满意"
        FAIR = "fair", "基本满意"
        BAD = "bad", "不满意"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_service_request"
    )
    sort = models.CharField("请求类别", max_length=14, choices=Sort.choices)
    channel = models.CharField(
        "渠道", max_length=10, choices=Channel.choices, default=Channel.PLATFORM
    )
    contact = models.CharField("联系人", max_length=60, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    no_penalty = models.BooleanField("不作为处罚线索", default=False)
    answer_days = models.PositiveSmallIntegerField(
        "答复期限 工作日", null=True, blank=True, editable=False
    )
    answer = models.TextField("答复", blank=True)
    answered_on = models.DateField("答复日期", null=True, blank=True, db_index=True)
    used_days = models.PositiveSmallIntegerField("答复用时 工作日", null=True, blank=True)
    put_right_by = models.DateField("整改期限", null=True, blank=True)
    put_right_on = models.DateField("整改完成", null=True, blank=True)
    content = models.CharField(
        "企业评价", max_length=8, choices=Content.choices, blank=True, default=""
    )

    class Meta:
        verbose_name = "服务请求"


class ServiceVisit(models.Model):
    """One visit to the firm: experts, what they saw and advised (走访帮扶记录)."""

    request = models.ForeignKey(ServiceRequest, on_delete=models.CASCADE, related_name="visits")
    on = models.DateField("日期")
    who = models.CharField("帮扶人员", max_length=120)
    found = models.CharField("现场情况", max_length=300)
    advice = models.CharField("帮扶建议", max_length=300, blank=True)

    class Meta:
        verbose_name = "帮扶记录"
        ordering = ["on", "id"]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.found[:40]}"


def days_for(sort: str) -> int:
    """Working days in which a kind of request is answered, by the bureau's data."""
    said_so = own_data.read(__package__, "enterprise_services")
    return next(
        (int(r["days"]) for r in said_so["answer"] if r["key"] == sort), int(said_so["default"])
    )


def _tidy(request: ServiceRequest) -> None:
    """What a firm reports of itself is known to those who help it and to nobody who enforces, however it came in."""
    if request.sort == ServiceRequest.Sort.SELF_REPORT:
        request.no_penalty = True
    if request.no_penalty:
        request.circulation = Circulation.CONFIDED


def _prepare(request: ServiceRequest) -> None:
    take_holder(request)
    request.answer_days = days_for(request.sort)
    _tidy(request)
    if request.used_days is None and request.answered_on and request.history:
        _count(request)


def _count(request: Any) -> None:
    asked = timezone.localdate(request.opened_at)
    request.used_days = max(0, workdays.working_days_between(asked, request.answered_on).count)


def _answer(step: Step) -> None:
    """Answered today; who reported of himself is told by when it is to be right."""
    request = step.matter
    request.answered_on = timezone.localdate(step.at)
    _count(request)
    if request.sort == ServiceRequest.Sort.SELF_REPORT and request.put_right_by is None:
        raise Refused(
            "form", _("自查自报的问题须商定整改期限。"), "", {"put_right_by": [_("请填写")]}
        )


def _visit(step: Step) -> None:
    form = step.form
    step.matter.visits.create(
        on=form["on"],
        who=form["who"][:120],
        found=form["found"][:300],
        advice=(form.get("advice") or "")[:300],
    )


def _reports_itself(request: Any) -> str:
    return "" if request.no_penalty else _("只有自查自报的问题须登记整改。")


def _ends(request: Any) -> str:
    if request.no_penalty and request.put_right_on is None:
        return _("自查自报的问题还没有整改完成。")
    return ""


def _read(row: TableRow) -> None:
    if row.history and not row.values.get("closed_at") and row.values.get("answered_on"):
        row.values["closed_at"] = row.values["answered_on"]


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Requests, visits and the time of answers."""
    live = rows.filter(merged_into=None).order_by()
    told = Q(used_days__isnull=False)
    n = live.aggregate(
        all=Count("pk"), firms=Count("enterprise", distinct=True), told=Count("pk", filter=told),
        quick=Count("pk", filter=told & Q(used_days__lte=F("answer_days"))), total=Sum("used_days", filter=told),
        own=Count("pk", filter=Q(no_penalty=True)), right=Count("pk", filter=Q(no_penalty=True) & ~Q(put_right_on=None)),
        rated=Count("pk", filter=~Q(content="")), pleased=Count("pk", filter=Q(content__in=("good", "fair"))),
        hall=Count("pk", filter=Q(sort="hall")), steward=Count("pk", filter=Q(sort="steward")),
    )  # fmt: skip
    visits = ServiceVisit.objects.filter(request__in=live.values("pk")).count()
    common = by_name(common_statistics(REGISTER, rows, now))
    return [
        Statistic("all", "服务请求", n["all"]),
        Statistic("firms", "服务企业", n["firms"], "", "家"),
        Statistic("visits", "走访帮扶", visits, "", "次"),
        Statistic("answer", "平均答复用时", n["total"] / n["told"] if n["told"] else None, "", "个工作日",
                  n["total"] if n["told"] else None, n["told"] or None),
        share("in_time", "按期答复率", n["quick"], n["told"], note="期限内答复÷已答复"),
        Statistic("self_report", "自查自报", n["own"], "no_penalty=1", note="不作为处罚线索"),
        share("put_right", "自查自报整改率", n["right"], n["own"], query="no_penalty=1"),
        Statistic("hall", "议事厅议题", n["hall"], "sort=hall"),
        Statistic("steward", "环保管家服务", n["steward"], "sort=steward"),
        share("content", "满意率", n["pleased"], n["rated"]),
        common["open"],
        common["overdue"],
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """By kind of request: how many, answered in time, and how long it took."""
    labels = dict(ServiceRequest.Sort.choices)
    told = Q(used_days__isnull=False)
    counted = rows.filter(merged_into=None).order_by().values("sort").annotate(
        n=Count("pk"), done=Count("pk", filter=Q(phase__in=COMPLETED)), told=Count("pk", filter=told),
        quick=Count("pk", filter=told & Q(used_days__lte=F("answer_days"))), total=Sum("used_days", filter=told),
    )  # fmt: skip
    return [Breakdown(
        "各类请求", ("类别", "请求", "办结", "按期答复", "平均用时 工作日"),
        tuple(
            ((_(str(labels[row["sort"]])), str(row["n"]), str(row["done"]), f"{row['quick']} / {row['told']}",
              f"{row['total'] / row['told']:.1f}" if row["told"] else "—"), f"sort={row['sort']}")
            for row in sorted(counted, key=lambda row: -row["n"])
        ),
    )]  # fmt: skip


REGISTER = declare(Register(
    key="service_request", label="亲清服务", line="approval", model=ServiceRequest, pattern="亲清〔{year}〕{n}号", prepare=_prepare,
    workflow=Workflow(
        states=(
            State("asked", "待答复", stage="答复", waits_for=SERVERS),
            State("helping", "帮扶中", stage="帮扶", waits_for=SERVERS),
            State("done", "办结", phase=Phase.DONE),
            State("dropped", "不属服务事项", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("answer", "答复", "asked", "helping", by=SERVERS, asks=("answer",), offers=("put_right_by",),
                       effects=(_answer,), shown_to_enterprise=True),
            Transition("visit", "登记走访", ("asked", "helping"), "", by=SERVERS,
                       asks=(said("on", "日期", Kind.DATE), said("who", "帮扶人员", Kind.TEXT), said("found", "现场情况")),
                       offers=(said("advice", "帮扶建议"),), effects=(_visit,), main=False, shown_to_enterprise=True),
            Transition("right", "整改完成", "helping", "", by=FIRM | SERVERS, asks=("put_right_on",), offers=(said("how", "整改情况"),),
                       when=_reports_itself, main=False, shown_to_enterprise=True),
            Transition("rate", "企业评价", ("helping", "done"), "", by=FIRM | SERVERS, asks=("content",),
                       offers=(said("words", "意见"),), main=False, shown_to_enterprise=True),
            Transition("finish", "办结", "helping", "done", by=SERVERS, when=_ends, offers=("content",),
                       shown_to_enterprise=True),
            Transition("drop", "不属服务事项", "asked", "dropped", by=SERVERS, asks=(REASON,), main=False, danger=True,
                       shown_to_enterprise=True),
            Transition("again", "继续帮扶", "done", "helping", by=SERVERS, asks=(REASON,), main=False),
        ),
        clocks=(
            ClockRule("answer", "答复", "asked", length_field="answer_days", basis="本局服务承诺"),
            ClockRule("right", "自报问题整改", "helping", deadline_field="put_right_by", basis=DEFAULT, extensions=(15, 30)),
        ),
    ),
    labels={"title": "请求事项", "entity": "企业", "area_code": "属地", "description": "具体情况"},
    columns=("number", "title", "sort", "state", "due", "entity", "channel", "no_penalty", "answered_on", "used_days",
             "content", "area_code"),
    filters=("state", "sort", "channel", "no_penalty", "area_code", "answered_on", "content"),
    search=("number", "title", "description", "entity__name"),
    fields=("title", "sort", "channel", Ask("entity", to=Enterprise), Ask("area_code", required=False, help="留空为企业属地"),
            "contact", "phone", "description"),
    details=("sort", "channel", "contact", "phone", "no_penalty", "answer", "answered_on", "used_days", "put_right_by",
             "put_right_on", "content"),
    lines=(Lines(key="visits", label="帮扶记录", model=ServiceVisit, by_staff=True,
                 columns=("on", "who", "found", "advice")),),
    views=(View("self_report", "自查自报", {"no_penalty": "1"}), View("hall", "议事厅", {"sort": "hall"}),
           View("steward", "环保管家", {"sort": "steward"})),
    imports=Import(
        key=("title", "entity", "opened_at"), tells_past=True, future=(), read=_read,
        columns=("title", "sort", "channel", Ask("entity", to=Enterprise), Ask("area_code", required=False), "opened_at",
                 "answered_on", "answer", "content"),
        headers={"title": ("诉求", "问题"), "sort": ("类别", "诉求类型"), "channel": ("来源",), "entity": ("企业名称",),
                 "opened_at": ("提出时间", "受理时间"), "answered_on": ("答复时间", "办结时间"), "content": ("满意度",)},
        values={"sort": {"咨询": "consultation", "技术帮扶": "technology", "议事厅": "hall", "自报": "self_report"}},
        examples={"title": "咨询活性炭更换要求", "sort": "政策咨询", "entity": "示例印染有限公司", "opened_at": "2026-03-02",
                  "answered_on": "2026-03-03"},
    ),
    measures=(Measure(key="answered", name="亲清服务已答复", numerator=Q(used_days__isnull=False), dated="answered_on"),),
    tidy=_tidy, follows={"answer_days": ("sort",)}, circle=SERVERS | HEADS | {Role.TOWN},
    statistics=statistics, breakdowns=breakdowns, edit=SERVERS | FIRM | frozenset({Role.TOWN}), manage=HEADS | frozenset({Role.APPROVER}),
    empty="还没有服务请求。企业在平台提出，或由走访人员登记。",
))  # fmt: skip
