"""重点项目绿色通道 (mechanism P18): each key project with its stage, what holds it up, who helps, and every contact."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data
from ecoledger.listings.parts import Ask, Import, Kind, View
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import OPEN_WORK, Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import (
    COMPLETED,
    NOW,
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.approval.cases import CASES, ApprovalCase
from ecoledger.registers.closing import DEFAULT, REASON

DESK = frozenset({Role.APPROVER, Role.SECTION_CHIEF, Role.DISPATCHER})
HELPERS = DESK | frozenset({Role.TOWN, Role.LEADER})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER})


def _rules() -> dict[str, Any]:
    return own_data.read(__package__, "enterprise_services")


class KeyProject(Matter):
    """One key project that the bureau follows (重点项目)."""

    class Stage(models.TextChoices):
        PLANNING = "planning", "前期谋划"
        WRITING = "writing", "环评编制"
        ACCEPTED = "accepted", "环评受理"
        APPROVED = "approved", "环评批复"
        PERMIT = "permit", "排污许可"
        BUILDING = "building", "开工建设"
        RUNNING = "running", "竣工投产"

    class Tier(models.TextChoices):
        PROVINCE = "province", "省重点"
        CITY = "city", "市重点"
        COUNTY = "county", "县重点"
        OTHER = "other", "招商项目"

    class Hold(models.TextChoices):
        NONE = "", "无"
        PLACE = "place", "选址与分区管控"
        QUOTA = "quota", "总量指标"
        PLANNING_EIA = "planning_eia", "规划环评"
        DOCUMENT = "document", "环评文件质量"
        OTHER_DEPARTMENT = "other_department", "其他部门手续"
        FIRM = "firm", "企业自身"
        OTHER = "other", "其他"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_key_project"
    )
    tier = models.CharField("项目级别", max_length=10, choices=Tier.choices, default=Tier.COUNTY)
    stage = models.CharField(
        "审批阶段", max_length=10, choices=Stage.choices, default=Stage.PLANNING
    )
    stage_on = models.DateField("进入阶段日期", null=True, blank=True)
    project_code = models.CharField("项目代码", max_length=40, blank=True, db_index=True)
    investment = models.DecimalField(
        "总投资 万元", max_digits=14, decimal_places=2, null=True, blank=True
    )
    planned_approval = models.DateField("计划批复", null=True, blank=True)
    planned_start = models.DateField("计划开工", null=True, blank=True)
    hold = models.CharField("堵点", max_length=20, choices=Hold.choices, blank=True, default="")
    hold_text = models.TextField("堵点情况", blank=True)
    hold_since = models.DateTimeField("堵点登记", null=True, blank=True, editable=False)
    solved = models.PositiveSmallIntegerField("已解决堵点", default=0, editable=False)
    contacted_at = models.DateTimeField("最近联系", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "重点项目"

    @property
    def approvals(self) -> str:
        """The applications of the project, by its code, a line each."""
        if not self.project_code:
            return ""
        rows = ApprovalCase.objects.filter(
            project_code=self.project_code, withdrawn_at=None, merged_into=None
        )
        return "\n".join(
            f"{case.number} {case.item or case.get_kind_display()}：{_(str(CASES.state_of(case).label))}"
            for case in rows.order_by("opened_at")
        )


class ProjectContact(models.Model):
    """One contact with the project: who, how, what was said and promised (联系记录)."""

    class Way(models.TextChoices):
        VISIT = "visit", "上门"
        MEETING = "meeting", "会商"
        PHONE = "phone", "电话"
        ONLINE = "online", "线上"

    project = models.ForeignKey(KeyProject, on_delete=models.CASCADE, related_name="contacts")
    on = models.DateField("日期")
    way = models.CharField("方式", max_length=10, choices=Way.choices, default=Way.VISIT)
    who = models.CharField("联系人员", max_length=120)
    content = models.CharField("内容", max_length=300)
    promised = models.CharField("答复事项", max_length=200, blank=True)

    class Meta:
        verbose_name = "联系记录"
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.content[:40]}"


def _contact(step: Step) -> None:
    """The contact stands as a row of the log, and the project is not silent any more."""
    form = step.form
    step.matter.contacts.create(
        on=form["on"], way=form["way"], who=form["who"], content=form["content"][:300],
        promised=(form.get("promised") or "")[:200],
    )  # fmt: skip
    step.matter.contacted_at = step.at


def _advance(step: Step) -> None:
    step.matter.stage_on = timezone.localdate(step.at)


def _solve(step: Step) -> None:
    project = step.matter
    project.solved += 1
    project.hold, project.hold_text, project.hold_since = "", "", None


def _has_hold(project: Any) -> str:
    return "" if project.hold else _("没有登记堵点。")


def _no_hold(project: Any) -> str:
    return _("还有堵点没有解决。") if project.hold else ""


def silent(now: datetime) -> Q:
    """Projects in hand that nobody has been in touch with for so many days."""
    since = now - timedelta(days=int(_rules()["silent_days"]))
    never = Q(contacted_at=None, opened_at__lt=since)
    return OPEN_WORK & (never | Q(contacted_at__lt=since))


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Projects by what holds them up, and how closely they are followed."""
    live = rows.filter(merged_into=None).order_by()
    late = OPEN_WORK & Q(
        stage__in=("planning", "writing", "accepted"), planned_approval__lt=timezone.localdate(now)
    )
    n = live.aggregate(
        all=Count("pk"), held=Count("pk", filter=OPEN_WORK & ~Q(hold="")),
        through=Count("pk", filter=Q(stage__in=("approved", "permit", "building", "running"))),
        late=Count("pk", filter=late), still=Count("pk", filter=silent(now)), done=Count("pk", filter=Q(phase__in=COMPLETED)),
        ended=models.Sum("solved"),
    )  # fmt: skip
    contacts = ProjectContact.objects.filter(project__in=live.values("pk"))
    common = by_name(common_statistics(REGISTER, rows, now))
    ended = n["ended"] or 0
    return [
        Statistic("all", "重点项目", n["all"], "", "个"),
        share("approved", "环评批复率", n["through"], n["all"], query="stage=approved,permit,building,running"),
        Statistic("held", "有堵点", n["held"], "hold=place,quota,planning_eia,document,other_department,firm,other", "个"),
        share("solved", "堵点解决率", ended, ended + n["held"], note="已解决÷登记过的堵点"),
        Statistic("late", "超过计划批复日", n["late"], "", "个"),
        Statistic("silent", "久未联系", n["still"], "", "个",
                  note=_("在办而 %d 天没有联系记录") % int(_rules()["silent_days"])),
        Statistic("contacts", "联系服务", contacts.count(), "", "次"),
        common["open"],
        Statistic("done", "已投产", n["done"], "closed=1", "个"),
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """Projects by stage; those held up, the longest first."""
    live = rows.filter(merged_into=None).order_by()
    stages = dict(KeyProject.Stage.choices)
    counted = {
        row["stage"]: row
        for row in live.values("stage").annotate(
            n=Count("pk"), held=Count("pk", filter=~Q(hold="")), last=Max("contacted_at")
        )
    }
    table = tuple(
        ((_(str(label)), str(counted[key]["n"]), str(counted[key]["held"])), f"stage={key}")
        for key, label in stages.items()
        if key in counted
    )
    holds = dict(KeyProject.Hold.choices)
    held = live.filter(OPEN_WORK).exclude(hold="").order_by("hold_since", "pk")[:50]
    stuck = tuple(
        (
            (p.title, _(str(stages[p.stage])), _(str(holds[p.hold])), p.hold_text[:60],
             str((now - p.hold_since).days if p.hold_since else "—"), str(p.owner_organisation or "—")),
            f"q={p.number}",
        )
        for p in held.select_related("owner_organisation")
    )  # fmt: skip
    return [
        Breakdown("各审批阶段", ("阶段", "项目", "有堵点"), table),
        Breakdown("堵点清单", ("项目", "阶段", "堵点", "情况", "已有天数", "牵头单位"), stuck),
    ]


REGISTER = declare(Register(
    key="key_project", label="重点项目绿色通道", line="approval", tab="permits", model=KeyProject, pattern="重点〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("following", "跟踪服务", stage="服务", waits_for=HELPERS),
            State("running", "已投产", phase=Phase.DONE),
            State("dropped", "退出", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("contact", "登记联系", "following", "", by=HELPERS,
                       asks=(said("on", "日期", Kind.DATE), said("way", "方式", Kind.CHOICE, choices=ProjectContact.Way.choices),
                             said("who", "联系人员", Kind.TEXT), said("content", "内容")),
                       offers=(said("promised", "答复事项"),), effects=(_contact,)),
            Transition("advance", "更新审批阶段", "following", "", by=HELPERS, asks=("stage",), effects=(_advance,), main=False),
            Transition("hold", "登记堵点", "following", "", by=HELPERS, asks=("hold", "hold_text"), sets={"hold_since": NOW},
                       main=False),
            Transition("solve", "堵点已解决", "following", "", by=HELPERS, asks=(said("how", "解决办法"),), when=_has_hold,
                       effects=(_solve,), main=False),
            Transition("finish", "竣工投产", "following", "running", by=DESK, when=_no_hold,
                       asks=(said("result", "办理情况"),), sets={"stage": "running"}, main=False),
            Transition("drop", "退出跟踪", "following", "dropped", by=HEADS, asks=(REASON,), main=False, danger=True),
            Transition("reopen", "恢复跟踪", ("running", "dropped"), "following", by=HEADS, asks=(REASON,), main=False),
        ),
        clocks=(ClockRule("approval", "计划批复", "following", deadline_field="planned_approval", basis=DEFAULT,
                          extensions=(30, 60)),),
    ),
    labels={"title": "项目名称", "entity": "建设单位", "area_code": "属地", "approvals": "审批办件",
            "owner_organisation": "牵头单位"},
    columns=("number", "title", "tier", "stage", "state", "due", "hold", "investment", "planned_approval", "contacted_at",
             "owner_organisation", "area_code"),
    filters=("state", "stage", "tier", "hold", "area_code", "owner_organisation", "planned_approval"),
    search=("number", "title", "project_code", "entity__name"),
    fields=("title", "tier", Ask("entity", to=Enterprise), "area_code", "address", "project_code", "investment", "stage",
            "planned_approval", "planned_start", "owner_organisation", "description"),
    details=("tier", "project_code", "investment", "stage", "stage_on", "planned_approval", "planned_start", "hold", "hold_text",
             "solved", "contacted_at", "approvals"),
    batch=("owner_organisation", "owner"),
    lines=(Lines(key="contacts", label="联系记录", model=ProjectContact, columns=("on", "way", "who", "content", "promised")),),
    views=(View("held", "有堵点", {"hold": "place,quota,planning_eia,document,other_department,firm,other"}),),
    imports=Import(
        key=("title",),
        headers={"title": ("项目",), "tier": ("级别",), "entity": ("业主单位",), "stage": ("当前阶段", "审批进展"),
                 "investment": ("投资额",), "planned_approval": ("计划批复时间", "环评时间节点"),
                 "planned_start": ("计划开工时间",), "owner_organisation": ("服务单位",), "description": ("建设内容",)},
        examples={"title": "某新材料项目", "tier": "省重点", "area_code": "北镇", "stage": "环评编制", "investment": "50000",
                  "planned_approval": "2026-12-31"},
    ),
    measures=(Measure(key="approved", name="重点项目环评批复", numerator=Q(stage__in=("approved", "permit", "building", "running")),
                      unit="个", query={"stage": "approved,permit,building,running"}),),
    statistics=statistics, breakdowns=breakdowns, edit=DESK, manage=HEADS | frozenset({Role.DISPATCHER}),
    empty="还没有重点项目。导入年度重点项目清单，逐个跟踪审批阶段和堵点。",
))  # fmt: skip
