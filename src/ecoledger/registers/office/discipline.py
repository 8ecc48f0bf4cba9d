"""巡察整改台账 and 廉政风险点 (mechanism T10, G13): problem → several measures → several rules, known to very few.

Nobody but leaders and the discipline staff opens any of it: list, page, export, search, notices.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.accounts.scope import within
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare as declare_list
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Column, Import, View
from ecoledger.matters.belonging import Belongings
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Circulation, Event, Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import REASON

SEE = "see_discipline"
_STAFF = frozenset({Role.DISCIPLINE, Role.LEADER})


class DisciplineProblem(Matter):
    """One problem of a discipline inspection's feedback (巡察反馈问题)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_discipline_problem"
    )
    source_no = models.CharField("问题编号", max_length=40, blank=True, db_index=True)
    aspect = models.CharField("方面", max_length=80, blank=True)
    item = models.CharField("项目", max_length=120, blank=True)
    supplementary = models.BooleanField("补充清单问题", default=False)
    section = models.CharField("责任科室", max_length=60, blank=True)
    sponsor = models.CharField("牵头领导", max_length=60, blank=True)
    deadline = models.DateField("整改时限", null=True, blank=True)
    result = models.TextField("整改结果", blank=True)

    class Meta:
        verbose_name = "巡察整改问题"


class DisciplineMeasure(models.Model):
    """One measure against a problem."""

    problem = models.ForeignKey(
        DisciplineProblem, verbose_name="问题", on_delete=models.CASCADE, related_name="measures"
    )
    text = models.CharField("整改措施", max_length=400)
    owner = models.CharField("责任人", max_length=60, blank=True)
    due = models.DateField("完成时限", null=True, blank=True)
    done_on = models.DateField("完成日期", null=True, blank=True)

    class Meta:
        verbose_name = "整改措施"
        ordering = ["problem_id", "id"]

    def __str__(self) -> str:
        return self.text


class DisciplineRule(models.Model):
    """A rule made or changed because of a problem (制度)."""

    problem = models.ForeignKey(
        DisciplineProblem, verbose_name="问题", on_delete=models.CASCADE, related_name="rules"
    )
    measure = models.ForeignKey(
        DisciplineMeasure, verbose_name="对应措施", on_delete=models.SET_NULL, null=True, blank=True,
        related_name="rules",
    )  # fmt: skip
    name = models.CharField("制度名称", max_length=200)
    number = models.CharField("文号", max_length=80, blank=True)
    issued_on = models.DateField("印发日期", null=True, blank=True)

    class Meta:
        verbose_name = "制度"
        ordering = ["problem_id", "id"]

    def __str__(self) -> str:
        return self.name


class IntegrityRisk(models.Model):
    """One post's risk and how it is guarded against (廉政风险点)."""

    class Level(models.TextChoices):
        HIGH = "high", "高"
        MIDDLE = "middle", "中"
        LOW = "low", "低"

    area_code = AreaCodeField("属地")
    post = models.CharField("岗位", max_length=80)
    power = models.CharField("权力事项", max_length=120)
    risk = models.CharField("风险点", max_length=300)
    level = models.CharField("风险等级", max_length=8, choices=Level.choices)
    measures = models.TextField("防控措施", blank=True)
    owner = models.CharField("责任人", max_length=60, blank=True)
    red = models.BooleanField("红色清单", default=False)
    reviewed_on = models.DateField("最近排查", null=True, blank=True)

    class Meta:
        verbose_name = "廉政风险点"
        ordering = ["level", "post"]

    def __str__(self) -> str:
        return f"{self.post} {self.risk}"


WORKFLOW = Workflow(
    states=(
        State("open", "整改中", stage="整改", waits_for=_STAFF),
        State("check", "待销号", stage="销号", waits_for=_STAFF),
        State("closed", "已销号", phase=Phase.CLOSED),
        State("standing", "长期坚持", phase=Phase.DONE),
    ),
    transitions=(
        Transition("report", "更新整改情况", "open", "open", by=_STAFF, asks=("result",)),
        Transition("apply", "申请销号", "open", "check", by=_STAFF, asks=("result",), evidence=1),
        Transition("close", "同意销号", "check", "closed", by=_STAFF, asks=(said("checked", "审核意见"),),
                   other_person_than=("apply",)),
        Transition("back", "退回", "check", "open", by=_STAFF, asks=(REASON,),
                   other_person_than=("apply",), main=False),
        Transition("stand", "转为长期坚持", ("open", "check"), "standing", by=_STAFF, asks=(REASON,),
                   main=False),
        Transition("reopen", "重新整改", ("closed", "standing"), "open", by=_STAFF, asks=(REASON,),
                   main=False, danger=True),
    ),
    clocks=(
        ClockRule("deadline", "整改时限", ("open", "check"), deadline_field="deadline",
                  extensions=(30, 60), basis="巡察整改方案"),
    ),
)  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common = by_name(common_statistics(REGISTER, rows, now))
    keys = rows.order_by().values("pk")
    measures = DisciplineMeasure.objects.filter(problem__in=keys)
    n = measures.aggregate(n=Count("pk"), done=Count("pk", filter=Q(done_on__isnull=False)))
    rules = DisciplineRule.objects.filter(problem__in=keys).count()
    items = rows.order_by().exclude(item="").values("aspect", "item").distinct().count()
    aspects = rows.order_by().exclude(aspect="").values("aspect").distinct().count()
    done = rows.filter(phase__in=COMPLETED).count()
    return [
        Statistic("aspects", "方面", aspects, "/b/discipline_problem", "个"),
        Statistic("items", "项目", items, "/b/discipline_problem", "项"),
        Statistic("problems", "问题", rows.count(), ""),
        Statistic("supplementary", "其中：补充清单问题", rows.filter(supplementary=True).count(),
                  "supplementary=1"),
        share("closed", "销号率", done, rows.count(), query="closed=1"),
        Statistic("measures", "整改措施", n["n"], "/b/discipline_measure", "条"),
        share("measures_done", "措施完成率", n["done"], n["n"]),
        Statistic("rules", "建立制度", rules, "/b/discipline_rule", "项"),
        common["overdue"],
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    counted = (
        rows.order_by("aspect", "item").values("aspect", "item")
        .annotate(n=Count("pk"), done=Count("pk", filter=Q(phase__in=COMPLETED)))
    )  # fmt: skip
    table = tuple(
        ((r["aspect"], r["item"], str(r["n"]), str(r["done"])), f"q={r['item']}") for r in counted
    )
    return [Breakdown(_("按方面和项目"), (_("方面"), _("项目"), _("问题"), _("已销号")), table)]


def _restrict(problem: DisciplineProblem) -> None:
    problem.circulation = Circulation.RESTRICTED


REGISTER = declare(Register(
    key="discipline_problem", label="巡察整改台账", line="assessment", model=DisciplineProblem,
    workflow=WORKFLOW, pattern="巡察整改〔{year}〕{n}号", see=SEE,
    labels={"title": "问题", "description": "问题表现", "area_code": "属地"},
    columns=("number", "title", "state", "due", "source_no", "aspect", "item", "supplementary", "section",
             "sponsor", "deadline"),
    filters=("state", "aspect", "supplementary", "deadline"),
    search=("number", "title", "description", "aspect", "item", "source_no"),
    fields=("source_no", "aspect", "item", "title", "description", "area_code", "supplementary",
            "section", "sponsor", "deadline"),
    loose=("section", "sponsor"), batch=("section", "sponsor", "deadline"),
    details=("source_no", "aspect", "item", "supplementary", "section", "sponsor", "deadline", "result"),
    lines=(
        Lines(key="measures", label="整改措施", model=DisciplineMeasure,
              columns=("text", "owner", "due", "done_on")),
        Lines(key="rules", label="制度", model=DisciplineRule,
              columns=("name", "number", "issued_on", "measure")),
    ),
    imports=Import(
        key=("source_no",),
        headers={"source_no": ("序号", "编号"), "title": ("问题概述", "具体问题"), "aspect": ("反馈方面",),
                 "item": ("反馈项目", "问题类别"), "section": ("责任部门", "牵头科室"),
                 "sponsor": ("责任领导",), "deadline": ("完成时限",), "supplementary": ("是否补充清单",)},
        examples={"source_no": "1", "aspect": "聚焦党的路线方针政策落实", "item": "责任落实",
                  "title": "污染防治责任压得不实", "area_code": "示例县"},
    ),
    statistics=statistics, breakdowns=breakdowns, prepare=_restrict, map_layer=False,
    edit=_STAFF, manage=_STAFF, circle=_STAFF, on_trail=True,
    empty="还没有巡察整改问题。由党风廉政专员导入；只有局领导和党风廉政专员看得到。",
))  # fmt: skip


declare_lookup(Lookup(
    key="discipline_problem", model=DisciplineProblem, label="巡察整改问题", value="number",
    rows=lambda person: REGISTER.visible_to(person) if person else REGISTER.standing(),
    exact=("number", "source_no"), contains=("title",),
))  # fmt: skip


def _measures(person: Person | None) -> QuerySet[Any]:
    """The measures of the problems that a person may see."""
    seen = REGISTER.visible_to(person) if person else REGISTER.standing()
    return DisciplineMeasure.objects.filter(problem__in=seen.values("pk"))


declare_lookup(Lookup(
    key="discipline_measure", model=DisciplineMeasure, label="整改措施", value="text", rows=_measures,
    exact=("text",), contains=("text",), under=lambda row: row.problem.number,
))  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class OfProblem(Belongings):
    """Rows of a restricted problem, as a list with an import of its own."""

    see: str = SEE
    area: str = "problem__area_code"
    edit: frozenset[Role] = _STAFF


MEASURES = declare_list(OfProblem(
    key="discipline_measure", label="巡察整改措施", line="assessment", model=DisciplineMeasure,
    columns=("problem", "text", "owner", "due", "done_on"), filters=("due",), search=("text", "owner"),
    fields=("problem", "text", "owner", "due", "done_on"), lead="text",
    imports=Import(key=("problem", "text"), headers={"problem": ("问题编号",), "text": ("措施",)},
                   examples={"problem": "巡察整改〔2026〕1号", "text": "建立月调度制度"}),
    empty="还没有整改措施。",
))  # fmt: skip
RULES = declare_list(OfProblem(
    key="discipline_rule", label="巡察整改制度", line="assessment", model=DisciplineRule,
    columns=("problem", "name", "number", "issued_on", "measure"), search=("name", "number"),
    fields=("problem", "name", "number", "issued_on", "measure"), lead="name",
    imports=Import(key=("problem", "name"), headers={"problem": ("问题编号",), "name": ("制度",),
                                                     "measure": ("整改措施", "措施")},
                   examples={"problem": "巡察整改〔2026〕1号", "name": "项目审批集体研究制度"}),
    empty="还没有制度。",
))  # fmt: skip
RISKS = declare_list(Listing(
    key="integrity_risk", label="廉政风险点清单", line="assessment", model=IntegrityRisk, see=SEE, edit=_STAFF,
    columns=("post", "power", "risk", "level", "red", "owner", "reviewed_on", "area_code"),
    filters=("level", "red"), search=("post", "power", "risk"), lead="risk",
    fields=("area_code", "post", "power", "risk", "level", "measures", "owner", "red", "reviewed_on"),
    views=(View("red", "红色清单", {"red": "1"}), View("high", "高风险", {"level": "high"})),
    imports=Import(key=("post", "risk"), headers={"area_code": ("行政区划", "行政区划代码", "所在地"), "power": ("权力",), "measures": ("措施",)},
                   examples={"area_code": "示例县", "post": "环评审批", "power": "环评文件审批",
                             "risk": "降级编报", "level": "高"}),
    empty="还没有廉政风险点。由党风廉政专员登记或导入。",
))  # fmt: skip


def sensitive() -> tuple[str, ...]:
    """Steps by which somebody gains or is spared: who did them is looked over, not what they say."""
    return tuple(own_data.read(__package__, "sensitive_steps")["steps"])


class SensitiveSteps(Listing):
    """敏感事项办理痕迹: who approved, closed, lengthened or dismissed what, from the chain of events."""

    def visible_to(self, person: Person) -> QuerySet[Any]:
        if not person.may(self.see):
            return Event.objects.none()
        return Event.objects.filter(within(person, "matter__area_code"), transition__in=sensitive())

    def may_open(self, person: Person) -> bool:
        return False


STEPS = declare_list(SensitiveSteps(
    key="sensitive_step", label="敏感事项办理痕迹", line="assessment", model=Event, see=SEE,
    area="matter__area_code", order=("-pk",), lead="label",
    columns=("at", "label", "person", Column("matter__number", "事项"), Column("deputy", "代办人")),
    filters=("at", "person"), search=("label", "matter__number", "person__name"), tells=("matter",),
    empty="还没有敏感事项的办理。审批、销号、延期、不予处理等步骤会列在这里。",
))  # fmt: skip
