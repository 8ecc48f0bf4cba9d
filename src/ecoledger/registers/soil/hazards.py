"""土壤隐患与拆除活动 (mechanism S-2): the ledger of hidden dangers, and the plans that are filed before a demolition."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters.measures import EVERY, Measure
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
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
from ecoledger.registers.soil import key_units
from ecoledger.standards import workdays

DESK = key_units.DESK
FIRMS = DESK | {Role.ENTERPRISE, Role.TOWN, Role.OFFICER}


def _told_to_firm(matter: Any) -> None:
    """The firm works on it, and sees it."""
    matter.circulation = Circulation.ENTERPRISE


# ---- hidden dangers ------------------------------------------------------------------------------


class SoilHazard(Matter):
    """One hidden danger that a survey found (土壤隐患)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_soil_hazard"
    )
    place = models.CharField("重点场所或设施", max_length=120)
    position = models.CharField("位置", max_length=120, blank=True)
    substances = models.CharField("有毒有害物质", max_length=200, blank=True)
    protection = models.CharField("现有防护", max_length=200, blank=True)
    measure = models.TextField("整改措施", blank=True)
    responsible = models.CharField("责任人员", max_length=60, blank=True)
    planned_finish = models.DateField("计划完成日期")
    survey_report = models.CharField("来源报告", max_length=120, blank=True)

    class Meta:
        verbose_name = "土壤隐患"


HAZARD_WORKFLOW = Workflow(
    states=(
        State("rectifying", "整改中", stage="整改", waits_for=FIRMS),
        State("check", "待核查", stage="核查", waits_for=CHECKERS),
        State("closed", "整改合格", phase=Phase.CLOSED),
        State("dropped", "不成立", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("finish", "整改完成，申请核查", "rectifying", "check", by=FIRMS, evidence=1,
                   asks=("measure",), shown_to_enterprise=True, help="附整改前后照片。"),
        Transition("accept", "整改合格", "check", "closed", by=CHECKERS, asks=(said("checked", "核查情况"),),
                   other_person_than=("finish",), shown_to_enterprise=True),
        Transition("return", "整改不合格，退回", "check", "rectifying", by=CHECKERS, asks=(REASON,),
                   main=False, shown_to_enterprise=True),
        Transition("drop", "不成立", "rectifying", "dropped", by=CHECKERS, asks=(REASON,), main=False),
        Transition("reopen", "反弹，重新整改", "closed", "rectifying", by=CHECKERS, asks=(REASON,), main=False,
                   danger=True),
    ),
    clocks=(ClockRule("finish", "计划完成", ("rectifying", "check"), deadline_field="planned_finish",
                      extensions=(30, 60), basis=DEFAULT),),
)  # fmt: skip
_DONE = Q(phase__in=COMPLETED)
_FOUND = ~Q(phase=Phase.DISMISSED.value)


def _hazards(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.filter(merged_into=None).aggregate(
        units=Count("enterprise", filter=_FOUND, distinct=True),
        found=Count("pk", filter=_FOUND),
        done=Count("pk", filter=_DONE),
    )
    aim = key_units.rules()["rectified_aim"]
    return [
        *common_statistics(HAZARDS, rows, now),
        Statistic("units", "发现隐患的单位", n["units"], "", "家"),
        share("rectified", "隐患整改合格率", n["done"], n["found"], query="closed=1",
              note=_("整改合格÷发现的隐患（不含不成立）；目标 %s%%") % aim),
    ]  # fmt: skip


HAZARDS = declare(Register(
    key="soil_hazard", offline=True, label="土壤隐患台账", line="soil", model=SoilHazard, workflow=HAZARD_WORKFLOW,
    pattern="土患〔{year}〕{n}号", prepare=_told_to_firm,
    labels={"title": "隐患内容", "entity": "单位", "area_code": "属地"},
    columns=("number", "title", "entity", "place", "substances", "planned_finish", "state", "due", "responsible",
             "area_code"),
    filters=("state", "area_code", "planned_finish", "opened_at"),
    search=("number", "title", "entity__name", "place", "survey_report"),
    fields=("title", Ask("entity", to=Enterprise, required=True), "place", "position", "substances", "protection",
            "measure", "responsible", "planned_finish", "survey_report"),
    details=("place", "position", "substances", "protection", "measure", "responsible", "planned_finish",
             "survey_report"),
    imports=Import(key=("entity", "title", "place"),
                   headers={"title": ("隐患", "隐患描述", "存在隐患"), "entity": ("单位名称", "企业名称"),
                            "place": ("重点场所/设施", "重点场所", "设施"), "position": ("位置信息", "具体位置"),
                            "substances": ("有毒有害物质名称", "涉及物质"), "protection": ("现有防护措施",),
                            "measure": ("措施", "整改措施建议"), "planned_finish": ("计划完成日", "整改时限", "完成时限"),
                            "responsible": ("责任人",), "survey_report": ("隐患排查报告",)},
                   examples={"title": "围堰破损", "entity": "示例化工有限公司", "place": "储罐区",
                             "planned_finish": "2026-09-30"}),
    views=(View("late", "超期", {"overdue": "1"}, "due"),),
    measures=(Measure(key="rectified", name="土壤隐患整改合格率", numerator=_DONE, denominator=_FOUND),
              Measure(key="found", name="发现土壤隐患", numerator=_FOUND, dated="opened_at", higher_is_better=False)),
    statistics=_hazards, edit=FIRMS, manage=DESK | CHECKERS,
    empty="还没有土壤隐患。导入隐患排查报告所附的隐患清单。",
))  # fmt: skip

# ---- demolitions ---------------------------------------------------------------------------------


class Demolition(Matter):
    """A demolition at a unit, and its plan against pollution (拆除活动污染防治方案)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_demolition"
    )
    starts_on = models.DateField("计划开始拆除日期")
    ends_on = models.DateField("计划完成拆除日期", null=True, blank=True)
    objects_text = models.CharField("拆除设施", max_length=200)
    # So many working days before the works; computed when it is entered.
    file_by = models.DateField("方案备案期限", null=True, editable=False)
    filed_on = models.DateField("方案备案日期", null=True, blank=True)
    plan_no = models.CharField("备案号", max_length=80, blank=True)
    contractor = models.CharField("拆除施工单位", max_length=120, blank=True)

    class Meta:
        verbose_name = "拆除活动"

    @property
    def in_time(self) -> bool | None:
        """Whether the plan was filed early enough; ``None`` before it is filed."""
        return (
            None if self.filed_on is None or self.file_by is None else self.filed_on <= self.file_by
        )


def file_by(starts_on: date) -> date:
    """The last day on which the plan of a demolition that starts then is filed in time."""
    days = int(key_units.rules()["demolition_working_days"])
    return workdays.national().add_working_days(starts_on, -days).day


def _prepare(row: Demolition) -> None:
    _told_to_firm(row)
    row.file_by = file_by(row.starts_on)


def _starts_later(step: Step) -> None:
    row = step.matter
    if row.starts_on < timezone.localdate(step.at):
        why = _("新的开工日期应不早于今天")
        raise Refused("form", why, fields={"starts_on": [why]})
    row.file_by = file_by(row.starts_on)


def _filed(step: Step) -> None:
    step.form["in_time"] = bool(step.matter.in_time)


def _too_early(row: Any) -> str:
    return "" if row.filed_on else _("方案还没有备案，不得拆除。")


DEMOLITION_WORKFLOW = Workflow(
    states=(
        State("planned", "待方案备案", stage="备案", waits_for=FIRMS),
        State("filed", "已备案，拆除中", stage="拆除", waits_for=FIRMS),
        State("done", "已拆除，总结备查", phase=Phase.DONE),
        State("dropped", "不再拆除", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("file", "方案备案", "planned", "filed", by=FIRMS, asks=("filed_on", "plan_no"), evidence=1,
                   offers=("contractor",), effects=(_filed,), shown_to_enterprise=True,
                   help="附拆除活动污染防治方案和环境应急预案。"),
        Transition("postpone", "改期", "planned", "", by=FIRMS, asks=("starts_on", REASON), main=False,
                   effects=(_starts_later,), shown_to_enterprise=True),
        Transition("finish", "拆除完成", "filed", "done", by=FIRMS, asks=("ends_on",), when=_too_early,
                   offers=(said("result", "总结"),), evidence=1, shown_to_enterprise=True),
        Transition("drop", "不再拆除", ("planned", "filed"), "dropped", by=FIRMS, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("file", "方案备案", "planned", deadline_field="file_by", basis=DEFAULT),),
)  # fmt: skip


def _demolitions(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    filed = Q(filed_on__isnull=False)
    n = rows.aggregate(
        filed=Count("pk", filter=filed),
        in_time=Count("pk", filter=filed & Q(filed_on__lte=F("file_by"))),
    )
    return [
        *common_statistics(DEMOLITIONS, rows, now),
        share("in_time", "拆除方案按时备案率", n["in_time"], n["filed"], note="按时备案÷已备案"),
    ]


DEMOLITIONS = declare(Register(
    key="soil_demolition", label="拆除活动备案", line="soil", tab="permits", model=Demolition,
    ahead=("starts_on", "ends_on"),
    workflow=DEMOLITION_WORKFLOW, pattern="拆除〔{year}〕{n}号", prepare=_prepare, follows={"file_by": ("starts_on",)},
    labels={"title": "名称", "entity": "单位", "area_code": "属地", "in_time": "按时备案"},
    columns=("number", "title", "entity", "starts_on", "file_by", "filed_on", "in_time", "state", "due", "area_code"),
    filters=("state", "area_code", "starts_on", "opened_at"), search=("number", "title", "entity__name", "plan_no"),
    fields=("title", Ask("entity", to=Enterprise, required=True), "objects_text", "starts_on", "ends_on", "contractor"),
    details=("objects_text", "starts_on", "ends_on", "file_by", "filed_on", "in_time", "plan_no", "contractor"),
    imports=Import(key=("entity", "title"),
                   headers={"title": ("项目名称",), "entity": ("单位名称", "企业名称"),
                            "objects_text": ("拆除内容",), "starts_on": ("拆除开始日期", "计划拆除时间")},
                   examples={"title": "一车间拆除", "entity": "示例化工有限公司", "objects_text": "生产车间、储罐",
                             "starts_on": "2026-10-08"}),
    measures=(Measure(key="filed", name="拆除方案备案", numerator=Q(filed_on__isnull=False), dated="opened_at"),
              Measure(key="filed_ratio", name="拆除方案备案率", numerator=Q(filed_on__isnull=False), denominator=EVERY)),
    statistics=_demolitions, edit=FIRMS, manage=DESK,
    empty="还没有拆除活动。单位拆除前登记，方案须在开工 15 个工作日前备案。",
))  # fmt: skip
