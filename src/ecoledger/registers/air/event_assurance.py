"""重大活动空气质量保障 (mechanism A18): the emergency list cloned for an event, boxed in time, consulted on every day.

The clone is an edition of its own roster: it is adjusted and published for the event and touches the season's list
nowhere. Started, it tells the firms by the same instructions as a warning; each day's consultation is a row.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.accounts.wording import numbered
from ecoledger.books import roster as rosters
from ecoledger.books.models import Edition
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Kind, View
from ecoledger.listings.refusals import Refused
from ecoledger.live import times
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.air import instructions
from ecoledger.registers.air.emergency_list import (
    EDITORS,
    EMERGENCY,
    FIELDS,
    IMPORTS,
    ControlLine,
    ControlRoster,
    WarningLevel,
    ruling,
)
from ecoledger.registers.air.instructions import DESK, Instruction
from ecoledger.registers.closing import DEFAULT, REASON

ASSURANCE = declare_book(ControlRoster(
    key="assurance_list", label="活动保障减排清单", line="air", model=ControlLine, edition="活动",
    identity=("entity_id", "part", "source"),
    columns=("entity", "part", "grade", "trade", "yellow", "orange", "red", "area_code", "edition"),
    filters=("edition", "grade", "area_code"), search=("entity__name", "part", "trade"),
    fields=FIELDS, imports=IMPORTS, lead="entity", under=("part",), enterprise="entity__code",
    labels={"entity": "企业", "part": "生产线"}, edit=EDITORS,
    empty="还没有活动保障清单。在“重大活动保障”里由应急减排清单克隆。",
))  # fmt: skip


class EventAssurance(Matter):
    """The plan for the air during one event."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_event_assurance"
    )
    begins_on = models.DateField("开始")
    ends_on = models.DateField("结束")
    warning = models.CharField(
        "执行措施级别", max_length=10, choices=WarningLevel.choices, default=WarningLevel.YELLOW
    )
    goal = models.CharField("保障目标", max_length=200, blank=True)
    edition = models.ForeignKey(
        Edition,
        verbose_name="保障清单",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    assessment = models.TextField("保障总结", blank=True)

    class Meta:
        verbose_name = "重大活动保障"


class Consultation(models.Model):
    """What was forecast and agreed on one day of the event (日会商)."""

    plan = models.ForeignKey(EventAssurance, on_delete=models.CASCADE, related_name="consultations")
    on = models.DateField("日期")
    forecast = models.CharField("预报", max_length=200)
    aqi = models.CharField("AQI 范围", max_length=20, blank=True)
    agreed = models.CharField("会商结论与措施", max_length=300)
    present = models.CharField("参加单位", max_length=200, blank=True)

    class Meta:
        verbose_name = "日会商"
        ordering = ["on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "on"], name="one_consultation_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.agreed}"


def _clone(step: Step) -> None:
    plan = step.matter
    base = step.form["base"] or EMERGENCY.in_force(plan.area_code[:6], plan.begins_on)
    if base is None:
        raise Refused("condition", _("没有可克隆的应急减排清单。"), _("请先公布一个季节的清单。"))
    plan.edition = rosters.copy(ASSURANCE, base, plan.title[:60], by=step.person)


def _is_published(plan: Any) -> str:
    if plan.edition is None or plan.edition.state == Edition.State.DRAFT:
        return _("保障清单还没有公布。")
    return ""


def _tell_every_firm(step: Step) -> None:
    plan = step.matter
    rows = ASSURANCE.lines(plan.edition).filter(area_code__startswith=plan.area_code)
    lines = ruling(rows.order_by("area_code", "entity__name", "part"))
    made = instructions.issue(
        plan,
        lines,
        plan.warning,
        begin=times.midnight(plan.begins_on),
        until=times.midnight(plan.ends_on + timedelta(days=1)),
        by=step.person,
        at=step.at,
    )
    if not made:
        raise Refused("condition", _("保障清单里没有要采取措施的企业。"))


def _list_ends(step: Step) -> None:
    """The cloned list holds for the event only."""
    edition = step.matter.edition
    edition.until = max(step.matter.ends_on, edition.since)
    edition.save(update_fields=["until"])


def _is_accounted_for(plan: Any) -> str:
    days = (plan.ends_on - plan.begins_on).days + 1
    consulted = plan.consultations.filter(on__gte=plan.begins_on, on__lte=plan.ends_on).count()
    if consulted < days:
        return _("保障期 %(days)d 天，日会商记录 %(there)d 天。") % {
            "days": days,
            "there": consulted,
        }
    waiting = Instruction.objects.filter(response=plan.pk, phase=Phase.OPEN).count()
    return numbered("还有 %d 家没有核查。", waiting) % waiting if waiting else ""


PLAN = declare(Register(
    key="event_assurance", label="重大活动保障", line="air", model=EventAssurance,
    ahead=("begins_on", "ends_on"),
    pattern="活动保障〔{year}〕{n}号", level=instructions.colour,
    workflow=Workflow(
        states=(
            State("new", "拟定", stage="方案", waits_for=DESK),
            State("planned", "清单调整", stage="方案", waits_for=DESK),
            State("active", "保障中", stage="保障", waits_for=DESK | {Role.MONITOR}),
            State("ended", "已结束，待总结", stage="总结", waits_for=DESK),
            State("assessed", "已总结", phase=Phase.DONE),
            State("dropped", "取消", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("clone", "克隆应急减排清单", "new", "planned", by=DESK,
                       offers=(said("base", "清单版本", Kind.REFERENCE, to=Edition,
                                    among=EMERGENCY.editions_key, help="留空为活动开始日生效的清单。"),),
                       effects=(_clone,)),
            Transition("activate", "启动保障", "planned", "active", by=DESK, asks=("warning",),
                       when=_is_published, effects=(_tell_every_firm,)),
            Transition("end", "保障结束", "active", "ended", by=DESK, effects=(_list_ends,)),
            Transition("assess", "总结", "ended", "assessed", by=DESK, asks=("assessment",),
                       when=_is_accounted_for),
            Transition("drop", "取消", ("new", "planned"), "dropped", by=DESK, asks=(REASON,), main=False),
        ),
        clocks=(ClockRule("assess", "总结", "ended", working_days=10, basis=DEFAULT),),
    ),
    labels={"title": "活动名称", "area_code": "范围"},
    columns=("number", "title", "begins_on", "ends_on", "warning", "state", "area_code", "edition", "due"),
    filters=("state", "area_code", "begins_on"), search=("number", "title", "goal"),
    fields=("title", "area_code", "begins_on", "ends_on", "warning", "goal"),
    details=("begins_on", "ends_on", "warning", "goal", "edition", "assessment"),
    lines=(Lines(key="consultations", label="日会商", model=Consultation,
                 columns=("on", "forecast", "aqi", "agreed", "present")),),
    views=(View("active", "保障中", {"state": "active"}),),
    detail_template="web/air/_response.html", edit=DESK | {Role.MONITOR}, enterprise="",
    empty="还没有重大活动保障。登记活动后由应急减排清单克隆保障清单。",
))  # fmt: skip
