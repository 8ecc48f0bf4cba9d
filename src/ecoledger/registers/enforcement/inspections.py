"""现场检查 (mechanism E3, E15, E19): one visit that serves every purpose, by two officers whose certificates hold.

待下达 → 待检查 → 现场检查中 → 待处置 → 已办结. A clue comes from anyone; a record only from two certified officers
(国办发〔2024〕54号). A visit counts towards the firm's yearly cap over all campaigns unless its reason is one of those
that do not; beyond the cap it is refused.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.models import DriveTask
from ecoledger.entities.file import Fact, File, knows
from ecoledger.entities.models import Entity
from ecoledger.listings.parts import Ask, Import, Kind, View
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Compared
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.seeing import sees_all_events
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import (
    NOW,
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.enforcement.check_plan import CheckPlan, planned_by_month
from ecoledger.registers.enforcement.correction_orders import REGISTER as ORDERS
from ecoledger.registers.enforcement.officers import Officer, officer_of, remind_of_expiry
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.enforcement.referrals import REGISTER as REFERRALS
from ecoledger.registers.enforcement.rules import rules
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.standards.percent import percent_of

DISPATCH = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF})
OFFICERS = frozenset({Role.OFFICER})


class State_(models.TextChoices):  # noqa: N801 - State is the workflow's
    """How something on the site stands (form 66)."""

    NORMAL = "normal", "正常"
    ABNORMAL = "abnormal", "不正常"
    NONE = "none", "无"
    NOT_SEEN = "not_seen", "未查"


def _seen(label: str) -> models.CharField[str, str]:
    return models.CharField(label, max_length=8, choices=State_.choices, blank=True)


class Inspection(Matter):
    """One visit to one object (现场检查)."""

    class Kind(models.TextChoices):
        RANDOM = "random", "双随机"
        DAILY = "daily", "日常检查"
        SPECIAL = "special", "专项检查"
        CASE = "case", "个案检查"

    class Outcome(models.TextChoices):
        CLEAN = "clean", "未发现问题"
        REMINDED = "reminded", "提醒、当场改正"
        ORDERED = "ordered", "责令改正"
        FILED = "filed", "立案查处"
        REFERRED = "referred", "移送其他部门"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_inspection"
    )
    kind = models.CharField("检查类别", max_length=10, choices=Kind.choices, default=Kind.DAILY)
    plan = models.ForeignKey(
        CheckPlan, verbose_name="年度计划", on_delete=models.PROTECT, null=True, blank=True,
        related_name="inspections",
    )  # fmt: skip
    exempt = models.CharField("不计入频次的理由", max_length=20, blank=True)
    lead = models.ForeignKey(
        Officer, verbose_name="主办检查人", on_delete=models.PROTECT, null=True, blank=True,
        related_name="inspections_led",
    )  # fmt: skip
    second = models.ForeignKey(
        Officer, verbose_name="协办检查人", on_delete=models.PROTECT, null=True, blank=True,
        related_name="inspections_joined",
    )  # fmt: skip
    check_by = models.DateField("检查期限", null=True, blank=True)
    entered_at = models.DateTimeField("入企时间", null=True, blank=True, db_index=True)
    left_at = models.DateTimeField("离开时间", null=True, blank=True)
    site_contact = models.CharField("现场负责人", max_length=60, blank=True)
    production = _seen("生产状态")
    approvals = _seen("环评、三同时、排污许可")
    facilities = _seen("污染防治设施")
    monitoring = _seen("自动监控")
    waste = _seen("固体废物、危险废物")
    ledger = _seen("运行台账、应急预案")
    found = models.TextField("现场情况", blank=True)
    demand = models.TextField("处理意见及要求", blank=True)
    problems = models.PositiveSmallIntegerField("问题数", default=0)
    outcome = models.CharField("处置", max_length=10, choices=Outcome.choices, blank=True)
    # The tasks of campaigns that this one visit serves.
    tasks = models.ManyToManyField(DriveTask, related_name="inspections", blank=True)

    class Meta:
        verbose_name = "现场检查"

    @property
    def counts(self) -> bool:
        """Whether it counts towards the yearly cap."""
        return not self.exempt

    @property
    def inspectors(self) -> list[Officer]:
        return [o for o in (self.lead, self.second) if o is not None]


class Purpose(models.Model):
    """What a visit is for: several purposes share one (检查事项)."""

    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="purposes")
    name = models.CharField("检查事项", max_length=120)
    department = models.CharField("牵头科室或部门", max_length=60, blank=True)
    result = models.CharField("结果", max_length=200, blank=True)

    class Meta:
        verbose_name = "检查事项"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class JointDepartment(models.Model):
    """Another department that goes along, its people, and what it saw and did (联合检查部门)."""

    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="joint")
    department = models.CharField("部门", max_length=60)
    people = models.CharField("参加人员", max_length=120, blank=True)
    result = models.CharField("检查情况", max_length=200, blank=True)
    handled = models.CharField("处理", max_length=120, blank=True)

    class Meta:
        verbose_name = "联合检查部门"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.department


def join(inspection: Any, words: str) -> None:
    """Let the departments that ``words`` names go along; who is there already stays."""
    there = set(inspection.joint.values_list("department", flat=True))
    for name in dict.fromkeys(re.split(r"[、，,；;\s]+", words.strip())):
        if name and name not in there:
            JointDepartment.objects.create(inspection_id=inspection.pk, department=name[:60])


# ---- the cap -------------------------------------------------------------------------------------


def exempt_choices() -> tuple[tuple[str, str], ...]:
    return tuple((row["key"], row["label"]) for row in rules("inspections")["exempt"])


def visits(entity: Entity | None, year: int, but: Inspection | None = None) -> int:
    """How often a thing was entered in a year by visits that count, over every plan and campaign."""
    if entity is None:
        return 0
    entered = _entered(entity, year)
    apart = drives_apart(entity, year)
    if but is not None:
        entered = entered.exclude(pk=but.pk)
    return entered.count() + apart.count()


def _entered(entity: Entity, year: int) -> QuerySet[Inspection]:
    return Inspection.objects.filter(entity=entity, entered_at__year=year, exempt="")


def drives_apart(entity: Entity, year: int) -> QuerySet[DriveTask]:
    """Tasks of a special action that were done at a thing in a year without an inspection of their own."""
    return DriveTask.objects.filter(entity=entity, done_at__year=year, inspections=None)


def visits_of_all(year: int) -> Counter[int]:
    """The same for every thing at once, by its key: for a draw over a whole roster."""
    entered = Inspection.objects.filter(entity__isnull=False, entered_at__year=year, exempt="")
    apart = DriveTask.objects.filter(done_at__year=year, inspections=None)
    counted: Counter[int] = Counter()
    for rows in (entered, apart):
        for row in rows.order_by().values("entity").annotate(n=Count("pk")):
            counted[row["entity"]] += row["n"]
    return counted


def yearly_cap() -> int:
    return int(rules("inspections")["cap"]["yearly"])


def _beyond_cap(matter: Any) -> str:
    count = visits(matter.entity, timezone.localdate().year, matter)
    if matter.exempt or count < yearly_cap():
        return ""
    return _("今年已检查 %(n)d 次，达到上限 %(cap)d 次；确需检查的，请先填不计入频次的理由。") % {
        "n": count,
        "cap": yearly_cap(),
    }


def _facts(file: File) -> Iterable[Fact]:
    """How often a firm was entered this year, against the cap."""
    entity, person = file.entity, file.person
    if entity.kind == "enterprise" and sees_all_events(person) and person.may("see_matters"):
        year = timezone.localdate().year
        apart = drives_apart(entity, year).count()
        count = _entered(entity, year).count() + apart
        said = _("%(count)d 次，上限 %(cap)d 次") % {"count": count, "cap": yearly_cap()}
        if apart:  # their rows are in the book of the action, not among the inspections
            said += _("（其中专项行动 %(count)d 次）") % {"count": apart}
        yield Fact(_("本年入企检查"), said, f"/matters/inspection?about={entity.pk}")


knows(facts=_facts)

# ---- who may go ----------------------------------------------------------------------------------


def uncertified(inspection: Any, day: date) -> str:
    """Why the visit's officers may not inspect on ``day``; "" when they may."""
    two = inspection.inspectors
    if len({o.pk for o in two}) < 2:
        return _("现场检查须由两名以上持证执法人员进行，请先指定两人。")
    late = [str(o) for o in two if not o.certified_on(day)]
    return _("执法证不在有效期内：%s。") % "、".join(late) if late else ""


def _not_certified_now(matter: Any) -> str:
    return uncertified(matter, timezone.localdate())


def _own(step: Step) -> None:
    """Two officers whose certificates hold are sent; the matter belongs to the one who leads."""
    if why := uncertified(step.matter, timezone.localtime(step.at).date()):
        raise actions.Refused("condition", why, _("请另派持证人员。"))
    lead = step.matter.lead
    if lead is not None and lead.person is not None:
        step.matter.owner = lead.person
        step.matter.owner_organisation = lead.person.organisation
    join(step.matter, step.form.get("departments") or "")


def _certificate_shown(step: Step) -> None:
    """行政处罚法 55: who does not show a certificate may be turned away, so nobody goes in without."""
    if step.form.get("shown") is not True:
        raise actions.Refused(
            "form",
            _("没有出示执法证并告知权利义务，不能入企检查。"),
            _("请先出示执法证件、告知权利义务，再选“是”。暗查复查在责令改正事项中登记。"),
            {"shown": [_("应为“是”")]},
        )


def _scanned(step: Step) -> None:
    """The code that was scanned is the object's."""
    said_code = str(step.form.get("code", "")).strip()
    entity = step.matter.entity
    if entity is not None and said_code != entity.code:
        raise actions.Refused(
            "form",
            _("扫得的编码 %(code)s 不是本次检查的 %(entity)s。")
            % {"code": said_code, "entity": entity},
            _("请核对企业码。"),
            {"code": [_("与检查对象不符")]},
        )


def _one_of_the_two(step: Step) -> None:
    own = officer_of(step.person) if step.person else None
    if own is None or own.pk not in {o.pk for o in step.matter.inspectors}:
        raise actions.Refused("owner", _("检查记录由本次检查的两名执法人员填写。"))


# ---- what comes of it ----------------------------------------------------------------------------


def _beget_problem(step: Step) -> None:
    """A finding goes into the one ledger of problems."""
    matter = step.matter
    matter.problems += 1
    actions.open_matter(
        PROBLEMS,
        {
            "title": f"{matter.entity}：{step.form['problem']}"[:200],
            "description": matter.found,
            "area_code": matter.area_code,
            "entity": matter.entity,
            "origin_kind": Problem.Origin.SELF,
            "source_batch": matter.title[:40],
        },
        by=step.person,
        at=step.at,
        origin_matter=matter,
    )


def _beget_case(step: Step) -> None:
    """A case under way at once, restricted from its first moment: its cause stays out of the visit's events."""
    matter = step.matter
    matter.problems += 1
    values = {
        "title": step.form.pop("cause"),
        "source": "site",
        "found_on": timezone.localtime(step.at).date(),
        "entity": matter.entity,
        "area_code": matter.area_code,
        "description": matter.found,
    }
    actions.open_matter(CASES, values, by=step.person, at=step.at, origin_matter=matter)


def _beget_order(step: Step) -> None:
    matter = step.matter
    values = {
        "title": step.form["act"],
        "entity": matter.entity,
        "area_code": matter.area_code,
        "description": matter.found,
        "demand": matter.demand,
    }
    actions.open_matter(ORDERS, values, by=step.person, at=step.at, origin_matter=matter)


def _beget_referral(step: Step) -> None:
    matter = step.matter
    values = {
        "title": f"{matter.entity}：{step.form['what']}"[:200],
        "entity": matter.entity,
        "area_code": matter.area_code,
        "department_name": step.form["department"],
        "description": matter.found,
    }
    actions.open_matter(REFERRALS, values, by=step.person, at=step.at, origin_matter=matter)


def _prepare(inspection: Inspection) -> None:
    """Whoever is named already need not be named again; the place is the object's."""
    if inspection.lead_id and inspection.second_id:
        inspection.state = "assigned"
        if inspection.lead is not None and inspection.lead.person is not None:
            inspection.owner = inspection.lead.person
            inspection.owner_organisation = inspection.lead.person.organisation


def _unplanned(matter: Any) -> str:
    needs = matter.kind in (Inspection.Kind.DAILY, Inspection.Kind.SPECIAL)
    if needs and matter.plan_id is None and not matter.exempt:
        return _("无计划不检查：请选择年度计划，或填写不计入频次的理由。")
    return _beyond_cap(matter)


def _joined(inspection: Any, values: Mapping[str, Any], by: Any, at: datetime) -> None:
    join(inspection, str(values.get("departments") or ""))


JOINING = said("departments", "联合检查部门", Kind.TEXT, required=False, help="几个部门用顿号分开")
EXEMPT = Ask("exempt", kind=Kind.CHOICE, choices=exempt_choices(), required=False)
SITE = ("production", "approvals", "facilities", "monitoring", "waste", "ledger")

WORKFLOW = Workflow(
    states=(
        State("planned", "待下达", stage="计划", waits_for=DISPATCH),
        State("assigned", "待检查", stage="检查", waits_for=OFFICERS, by_owner=True),
        State("on_site", "现场检查中", stage="检查", waits_for=OFFICERS, by_owner=True),
        State("handling", "待处置", stage="处置", waits_for=OFFICERS, by_owner=True),
        State("done", "已办结", phase=Phase.DONE),
        State("left_out", "不再安排", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("give_reason", "填写不计入频次的理由", ("planned", "assigned"), "planned", by=DISPATCH,
                   asks=(EXEMPT,), main=False),
        Transition("assign_team", "下达任务", "planned", "assigned", by=DISPATCH, asks=("lead", "second"),
                   offers=("check_by", JOINING), when=_unplanned, effects=(_own,)),
        Transition("enter", "亮证扫码入企", "assigned", "on_site", by=OFFICERS,
                   asks=(said("code", "企业码", Kind.TEXT, help="扫企业码，或填对象编码"),
                         said("shown", "已出示执法证并告知权利义务", Kind.BOOLEAN)),
                   sets={"entered_at": NOW}, when=_not_certified_now, effects=(_one_of_the_two, _certificate_shown, _scanned)),
        Transition("record", "提交检查记录", "on_site", "handling", by=OFFICERS,
                   asks=(*SITE, "found", "site_contact"), offers=("demand",), sets={"left_at": NOW},
                   when=_not_certified_now, effects=(_one_of_the_two,)),
        Transition("beget_problem", "转为问题，列入一本账", "handling", "", by=OFFICERS,
                   asks=(said("problem", "问题", Kind.TEXT),), effects=(_beget_problem,), main=False),
        Transition("order", "责令改正", "handling", "", by=OFFICERS,
                   asks=(said("act", "违法行为", Kind.TEXT),), effects=(_beget_order,), main=False),
        Transition("file_case", "转立案", "handling", "", by=OFFICERS,
                   asks=(said("cause", "案由", Kind.TEXT),), effects=(_beget_case,), main=False),
        Transition("refer", "移送其他部门", "handling", "", by=OFFICERS,
                   asks=(said("department", "接收部门", Kind.TEXT), said("what", "移送事项", Kind.TEXT)),
                   effects=(_beget_referral,), main=False),
        Transition("finish", "处置完毕，办结", "handling", "done", by=OFFICERS, asks=("outcome",),
                   offers=(said("handled", "处理情况"),)),
        Transition("leave_out", "不再安排", ("planned", "assigned"), "left_out", by=DISPATCH,
                   asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("check", "检查期限", ("assigned", "on_site"), deadline_field="check_by",
                      extensions=(30,), basis="检查计划"),
            ClockRule("handle", "处置", "handling", working_days=10, basis=DEFAULT)),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common = by_name(common_statistics(REGISTER, rows, now))
    n = rows.order_by().aggregate(
        all=Count("pk"),
        entered=Count("pk", filter=Q(entered_at__isnull=False)),
        found=Count("pk", filter=Q(problems__gt=0)),
        joint=Count("pk", filter=Exists(JointDepartment.objects.filter(inspection=OuterRef("pk")))),
        planned=Count("pk", filter=Q(plan__isnull=False)),
        exempt=Count("pk", filter=~Q(exempt="")),
    )
    return [
        Statistic("entered", "已入企检查", n["entered"], "entered_at_from=2000-01-01", unit="次"),
        share("planned", "计划合规率", n["planned"], n["all"], note="列入年度计划的÷全部"),
        share("joint", "联合检查率", n["joint"], n["all"], note="有其他部门参与的÷全部"),
        share("found", "问题发现率", n["found"], n["entered"], note="发现问题的÷已入企"),
        Statistic("exempt", "不计入频次", n["exempt"], unit="次"),
        *(common[name] for name in ("open", "overdue")),
    ]


def _by_month(rows: QuerySet[Any], now: datetime) -> list[Breakdown]:
    """The year's plan split by month against what was visited, and what was visited off the plan."""
    year = timezone.localdate(now).year
    areas = rows.order_by().values_list("area_code", flat=True).distinct()
    plan = planned_by_month(year, areas)
    done, beside = dict.fromkeys(plan, 0), dict.fromkeys(plan, 0)
    for entered_at, planned in rows.filter(entered_at__year=year).values_list("entered_at", "plan"):
        (done if planned else beside)[timezone.localtime(entered_at).month] += 1
    lines = []
    for month, count in plan.items():
        last = monthrange(year, month)[1]
        share_done = percent_of(done[month], count, 0)
        cells = (
            _("%d月") % month,
            f"{count:.0f}",
            str(done[month]),
            share_done,
            str(beside[month]),
        )
        days = f"entered_at_from={year}-{month:02d}-01&entered_at_to={year}-{month:02d}-{last}"
        lines.append((cells, days))
    heads = (_("月份"), _("计划"), _("按计划已查"), _("完成率"), _("计划外"))
    note = _("年度计划按实施月份平摊；计划外为不计入频次的检查")
    return [Breakdown(_("按月：计划与完成"), heads, tuple(lines), note)]


def _by_department(rows: QuerySet[Any]) -> Breakdown:
    """Which departments went along, how often, and how often each said what it saw."""
    counted = (
        JointDepartment.objects.filter(inspection__in=rows.order_by().values("pk"))
        .order_by("department").values("department")
        .annotate(n=Count("inspection", distinct=True), said=Count("pk", filter=~Q(result="")))
    )  # fmt: skip
    lines = tuple(
        ((r["department"], str(r["n"]), str(r["said"])), f"joint={r['department']}")
        for r in counted
    )
    return Breakdown(_("按联合检查部门"), (_("部门"), _("联合检查"), _("已填检查情况")), lines)


def _tables(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    return [*_by_month(rows, now), _by_department(rows)]


class Inspections(Register):
    """The book; its list knows ``?joint=应急管理局``, the visits that a department went along on."""

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        if name := query.get("joint"):
            rows &= Q(pk__in=JointDepartment.objects.filter(department=name).values("inspection"))
        return rows


REGISTER = declare(Inspections(
    key="inspection", offline=True, label="现场检查", line="enforcement", tab="checks", model=Inspection, workflow=WORKFLOW,
    pattern="检查〔{year}〕{n}号", labels={"title": "检查任务", "entity": "检查对象", "area_code": "属地"},
    columns=("number", "title", "entity", "kind", "lead", "second", "state", "due", "entered_at",
             "problems", "outcome"),
    filters=("state", "kind", "area_code", "outcome", "plan", "lead", "entered_at", "opened_at"),
    search=("number", "title", "entity__name", "address"),
    fields=("title", "kind", "entity", "area_code", "plan",
            EXEMPT,
            "lead", "second", "check_by", "description"),
    batch=("lead", "second", "check_by"),
    details=("kind", "plan", "exempt", "lead", "second", "check_by", "entered_at", "left_at",
             "site_contact", *SITE, "found", "demand", "problems", "outcome"),
    views=(View("waiting", "待检查", {"state": "assigned"}), View("handling", "待处置", {"state": "handling"})),
    lines=(Lines(key="purposes", label="检查事项", model=Purpose, columns=("name", "department", "result")),
           Lines(key="joint", label="联合检查部门", model=JointDepartment,
                 columns=("department", "people", "result", "handled"))),
    detail_template="web/enforcement/inspection.html",
    imports=Import(key=("title", "entity"), instead={"area_code": "entity"}, columns=("title", "kind", "entity", "area_code", "plan", "lead",
                                                    "second", JOINING, "check_by"), after=_joined,
                   headers={"departments": ("联合部门", "参与部门"), "entity": ("企业名称", "单位名称", "被检查单位"), "lead": ("主办",), "second": ("协办",),
                            "title": ("任务名称",), "kind": ("类别",)},
                   examples={"title": "一季度专项检查", "kind": "专项检查", "entity": "某某纺织厂"}),
    edit=DISPATCH | OFFICERS, manage=DISPATCH | {Role.LEADER}, statistics=_statistics, breakdowns=_tables,
    compared=(Compared(noop("入企检查"), "entered_at"), Compared(noop("发现问题的检查"), "entered_at", Q(problems__gt=0))),
    prepare=_prepare,
    daily=remind_of_expiry,
    empty=noop("还没有检查任务。由随机抽查确认、专项行动合并或逐项登记产生。"),
))  # fmt: skip
