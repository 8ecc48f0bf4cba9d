"""一本账: one ledger for problems of every origin, dispatched monthly and closed against evidence.

新增 → 整改中 → 申请销号 → 核查 → 已销号 → 回头看 → 反弹重开 (mechanism T5-T8). Completion is reported on
three denominators, each named: everything handed over, without duplicates, and without duplicates and
what proved unfounded.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask, Filter, Import, Kind, View
from ecoledger.matters import notices
from ecoledger.matters.measures import EVERY, Measure
from ecoledger.matters.models import Circulation, Matter, Notice, Urgency
from ecoledger.matters.reasons import Reason
from ecoledger.matters.register import OPEN_WORK, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import all_but, by_name, common_statistics, share
from ecoledger.matters.workflow import (
    COMPLETED,
    NOW,
    ClockRule,
    Phase,
    State,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON, Closing
from ecoledger.registers.problems import sections, sweeps
from ecoledger.registers.problems.categories import Category
from ecoledger.registers.problems.ledger_rows import HEADERS, complete, origin_of
from ecoledger.registers.problems.responsibilities import department_of
from ecoledger.standards.completion import Course

# From this day of the month on, who has not reported this month's progress is reminded.
REPORT_BY_DAY = 20


class Problem(Matter):
    """A problem to be put right (整改问题)."""

    Category = Category

    class Origin(models.TextChoices):
        CENTRAL = "central", "中央生态环境保护督察"
        PROVINCIAL = "provincial", "省级生态环境保护督察"
        PETITION = "petition", "信访投诉"
        DISCIPLINE = "discipline", "巡视巡察"
        SUPERIOR = "superior", "上级交办"
        SELF = "self", "自查发现"
        MEDIA = "media", "媒体曝光"
        OTHER = "other", "其他"

    class Tier(models.TextChoices):
        NATIONAL = "national", "国家级"
        PROVINCE = "province", "省级"
        CITY = "city", "市级"
        COUNTY = "county", "县级"

    class Risk(models.TextChoices):
        NORMAL = "normal", "一般"
        SERIOUS = "serious", "较大"
        MAJOR = "major", "重大"

    class Verdict(models.TextChoices):
        PENDING = "", "未核"
        TRUE = "true", "属实"
        PARTLY = "partly", "部分属实"
        UNFOUNDED = "unfounded", "不属实"

    # How far it is, as its last report or an earlier ledger says (standards.completion).
    COURSES = tuple((course.value, course.label) for course in Course)

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_problem"
    )
    origin_kind = models.CharField("来源类别", max_length=12, choices=Origin.choices)
    tier = models.CharField("问题层级", max_length=10, choices=Tier.choices, default="county")
    category = models.CharField("类别", max_length=12, choices=Category.choices, default="other")
    risk = models.CharField("风险等级", max_length=10, choices=Risk.choices, default="normal")
    key_item = models.BooleanField("重点件", default=False)
    source_no = models.CharField("原编号", max_length=60, blank=True, db_index=True)
    source_batch = models.CharField("批次", max_length=40, blank=True)
    target = models.TextField("整改目标", blank=True)
    measures = models.TextField("整改措施", blank=True)
    responsible = models.CharField("责任领导", max_length=60, blank=True)
    # 法典 第28条: who helps, and who supervises and accepts; units by name.
    assisting = models.CharField("配合单位", max_length=200, blank=True)
    supervisor = models.CharField("监管（验收）单位", max_length=120, blank=True)
    deadline = models.DateField("整改时限", null=True, blank=True)
    course = models.CharField("进展判定", max_length=12, choices=COURSES, blank=True, default="")
    verdict = models.CharField(
        "核查结论", max_length=10, choices=Verdict.choices, blank=True, default=""
    )
    progress = models.PositiveSmallIntegerField("进度 %", default=0)
    progress_text = models.TextField("进展", blank=True)
    progress_at = models.DateTimeField("最近调度", null=True, blank=True)

    class Meta:
        verbose_name = "整改问题"


# ---- workflow ------------------------------------------------------------------------------------

_DISPATCH = frozenset({Role.DISPATCHER})
_OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.MONITOR, Role.APPROVER, Role.DISPATCHER})
_SWEEPERS = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF})
_FOUND = (Problem.Verdict.TRUE, Problem.Verdict.PARTLY)


def owner_to_offer(problem: Any) -> Any:
    """Who has it already, or the department that the responsibility list in force names."""
    return problem.owner_organisation or department_of(problem)


_closing = Closing(
    work="rectifying", applied_from="rectifying", applicants=_OWNERS, by_owner=True,
    application=(Ask("verdict", choices=tuple((v.value, v.label) for v in _FOUND)),
                 said("result", "整改结果")),
    sets_on_application={"progress": 100}, sets_on_rebound={"progress": 0},
    offered_on_rebound=("deadline",),
    worked=("apply_close", "report_progress"), kept_from_returning=("apply_close",),
    reviewers=frozenset({Role.OFFICER, Role.DISPATCHER}),
    reopeners=frozenset({Role.OFFICER, Role.DISPATCHER, Role.LEADER}),
    return_label="不同意销号，退回整改", rebound_label="反弹，重开整改", stage="销号",
    days_before_look_back=90, working_days_of_look_back=20,
)  # fmt: skip

WORKFLOW = Workflow(
    states=(
        State("new", "新增", stage="交办", waits_for=_DISPATCH),
        State("rectifying", "整改中", stage="整改", waits_for=_OWNERS, by_owner=True),
        _closing.check,
        State("unfounded_check", "不属实待复核", stage="整改", waits_for=CHECKERS),
        *_closing.closed,
        State("unfounded", "不属实办结", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("hand_over", "交办", "new", "rectifying", by=_DISPATCH,
                   asks=(Ask("owner_organisation", initial=owner_to_offer), "measures"),
                   offers=("responsible", "deadline")),
        Transition("report_progress", "填报进展", "rectifying", "rectifying", by=_OWNERS, owner_only=True,
                   asks=(Ask("progress", "完成进度", minimum=0, maximum=100, unit="%"),
                         Ask("progress_text", "本月进展")),
                   sets={"progress_at": NOW}),
        Transition("sweep", "发起举一反三排查", "rectifying", "rectifying", by=_SWEEPERS,
                   asks=sweeps.ASKS, offers=sweeps.OFFERS, effects=(sweeps.begin,), main=False),
        *_closing.transitions,
        Transition("propose_unfounded", "提请认定不属实", ("new", "rectifying"), "unfounded_check",
                   by=_OWNERS, asks=(REASON,), evidence=1, main=False),
        Transition("confirm_unfounded", "认定不属实", "unfounded_check", "unfounded", by=CHECKERS,
                   other_person_than=("propose_unfounded",), sets={"verdict": Problem.Verdict.UNFOUNDED}),
        Transition("reject_unfounded", "属实，退回", "unfounded_check", "new", by=CHECKERS,
                   asks=(REASON,), other_person_than=("propose_unfounded",), main=False),
        Transition("return_to_dispatch", "不属本单位，退回", "rectifying", "new", by=_OWNERS,
                   owner_only=True, asks=(REASON,), main=False),
        Transition("reopen_unfounded", "重新核查", "unfounded", "new", by=CHECKERS, asks=(REASON,),
                   sets={"verdict": Problem.Verdict.PENDING}, main=False),
    ),
    clocks=(
        ClockRule("hand_over", "交办", "new", working_days=2, basis=DEFAULT),
        ClockRule("deadline", "整改时限", ("rectifying", "close_check", "unfounded_check"),
                  deadline_field="deadline", extensions=(30, 60), basis="整改方案"),
        *_closing.clocks,
    ),
)  # fmt: skip


# ---- monthly dispatch ----------------------------------------------------------------------------

_UNREPORTED = "%(number)s 本月进展尚未填报"


def remind_of_progress(now: datetime) -> int:
    """每月调度: remind the owners who have not reported this month; once a month each."""
    month = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if timezone.localtime(now).day < REPORT_BY_DAY:
        return 0
    told = Notice.objects.filter(created_at__gte=month, text__endswith=_UNREPORTED.split(" ")[1])
    late = Problem.objects.filter(
        Q(progress_at=None) | Q(progress_at__lt=month),
        OPEN_WORK,
        state="rectifying",
        state_since__lt=month,
        withdrawn_at=None,
    ).exclude(pk__in=told.values("matter_id"))
    for problem in late:
        people, text = notices.whose_turn(problem), noop(_UNREPORTED) % {"number": problem.number}
        notices.tell(people, text, matter=problem, urgency=Urgency.SOON, at=now)
    return len(late)


# ---- statistics ----------------------------------------------------------------------------------


def completion(rows: QuerySet[Any]) -> dict[str, int]:
    """Counts behind the three completion rates.

    ``handed_over`` everything; ``duplicates`` merged into another; ``unfounded`` the rest that proved
    unfounded; ``to_rectify`` what is left; ``done`` closed among those.
    """
    live = Q(merged_into=None)
    n: dict[str, int] = rows.order_by().aggregate(
        handed_over=Count("pk"),
        duplicates=Count("pk", filter=~live),
        unfounded=Count("pk", filter=live & Q(state="unfounded")),
        done=Count("pk", filter=live & Q(phase__in=COMPLETED)),
    )
    n["without_duplicates"] = n["handed_over"] - n["duplicates"]
    n["to_rectify"] = n["without_duplicates"] - n["unfounded"]
    return n


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n, common = completion(rows), by_name(common_statistics(REGISTER, rows, now))
    today = timezone.localdate(now)
    past = rows.filter(OPEN_WORK, deadline__lt=today).exclude(course=Course.ALWAYS.value)
    return [
        Statistic("handed_over", "登记总数", n["handed_over"], "merged=all"),
        Statistic("duplicates", "其中：重复", n["duplicates"], "merged=1"),
        Statistic("unfounded", "其中：不属实", n["unfounded"], "state=unfounded"),
        Statistic("to_rectify", "应整改", n["to_rectify"], all_but(REGISTER, "unfounded"), note="登记总数－重复－不属实"),
        Statistic("done", "已完成整改", n["done"], "closed=1"),
        share("done_of_all", "完成率（占登记总数）", n["done"], n["handed_over"],
              note="分母含重复和不属实"),
        share("done_of_distinct", "完成率（剔除重复）", n["done"], n["without_duplicates"],
              note="分母为登记总数－重复"),
        share("done_of_due", "完成率（剔除重复和不属实）", n["done"], n["to_rectify"],
              note="分母为应整改数"),
        *(common[name] for name in ("open", "overdue", "on_time", "recurrence")),
        Statistic("past_deadline", "在办且已过整改时限", past.count(),
                  f"open=1&deadline_to={today - timedelta(1)}",
                  note="含导入的历史（不起算时限），不含长期坚持的"),
    ]  # fmt: skip


# ---- register ------------------------------------------------------------------------------------


def _restrict(problem: Problem) -> None:
    """巡察反馈 is known to leaders, dispatchers and those who answer for it."""
    if problem.origin_kind == Problem.Origin.DISCIPLINE:
        problem.circulation = Circulation.RESTRICTED


# What was given to a unit in the span, whenever it was registered.
HANDED_OVER = Measure(
    key="handed_out", name="问题交办", numerator=EVERY, dated="opened_at", step="hand_over",
    past=~Q(state="new") & Q(owner_organisation__isnull=False), columns=("owner_organisation", "state"),
)  # fmt: skip

# With what a problem begins that the bureau's own patrols and tests of the air found.
AIR_PROBLEM = {"origin_kind": Problem.Origin.SELF.value, "category": Problem.Category.AIR.value}

REGISTER = declare(Register(
    key="problem", bundled=True, offline=True, label="问题一本账", line="rectification",
    reason=Reason("问题", kinds=("enterprise", "outlet", "river", "section", "watch_site")), model=Problem, workflow=WORKFLOW,
    pattern="问题〔{year}〕{n}号",
    labels={"title": "问题", "description": "具体情况", "area_code": "属地", "address": "地点",
            "entity": "涉及企业或对象"},
    columns=("number", "title", "state", "due", "owner_organisation", "responsible", "origin_kind",
             "source_no", "category", "risk", "deadline", "progress", "verdict", "opened_at"),
    filters=("state", "origin_kind", "area_code", "owner_organisation", "category", "risk",
             "key_item", "opened_at", "course", "source_batch", "deadline", "entity",
             Filter("entity_kind", "对象类别", Kind.CHOICE, path="entity__kind", choices=sections.KINDS)),
    search=("number", "title", "description", "address", "entity__name", "source_no"),
    breakdowns=sections.breakdowns,
    fields=("origin_kind", "title", "description", "area_code", "address", "entity", "category",
            "tier", "risk", "key_item", "source_no", "source_batch", "target", "measures", "deadline"),
    loose=("responsible",), batch=("owner_organisation", "owner", "responsible", "deadline", "risk", "category"),
    details=("origin_kind", "source_no", "source_batch", "tier", "risk", "target", "measures",
             "assisting", "supervisor", "responsible", "deadline", "course", "progress", "progress_text", "progress_at", "verdict"),
    views=(
        View("section", "断面涉水问题", {"entity_kind": "section", "open": "1"}),
        View("major", "重大隐患", {"risk": "major", "open": "1"}),
        View("serious", "较大隐患", {"risk": "serious", "open": "1"}),
    ),
    imports=Import(
        key=("source_no",), duplicate_of="duplicate_of",
        columns=("source_no", "origin_kind", "source_batch", "title", "description", "area_code",
                 "address", "entity", "category", "tier", "risk", "key_item", "target", "measures",
                 "owner_organisation", "assisting", "supervisor", "responsible", "deadline",
                 "progress_text", "progress", "course",
                 said("duplicate_of", "重复于", Kind.TEXT, required=False)),
        instead={"title": "description", "area_code": "owner_organisation", "origin_kind": ""},
        meaning={"origin_kind": origin_of}, read=complete, carried=("title", "area_code", "opened_at", "address"),
        headers=HEADERS,
        examples={
            "source_no": "D3JS-01", "origin_kind": "中央生态环境保护督察", "source_batch": "第3批",
            "title": "北镇河道岸线堆放垃圾", "description": "桥下游左岸约20米堆放建筑垃圾",
            "area_code": "北镇", "address": "清溪桥下游左岸", "category": "固体废物", "tier": "县级",
            "risk": "一般", "key_item": "否", "measures": "清运并复绿",
            "owner_organisation": "北镇人民政府", "deadline": "2026-12-31",
        },
    ),
    level=lambda problem: {"major": "red", "serious": "orange"}.get(problem.risk, "blue"),
    measures=(HANDED_OVER,),
    statistics=_statistics, daily=remind_of_progress, prepare=_restrict, tidy=_restrict,
))  # fmt: skip
