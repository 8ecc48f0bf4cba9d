"""污染天气应对 (mechanisms A17, E18): warning → control → inspection → assessment, one matter a warning.

Activating a warning tells every firm of the list in force what to do at that level (``instructions``); raising the
level tells them anew; lifting it leaves each to be verified; the assessment closes it when all are.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.accounts.wording import numbered
from ecoledger.books.models import Edition
from ecoledger.listings.parts import View
from ecoledger.listings.refusals import Refused
from ecoledger.matters.measures import EVERY, Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.air import instructions
from ecoledger.registers.air.emergency_list import EMERGENCY, ControlLine, WarningLevel, ruling
from ecoledger.registers.air.instructions import DESK, Instruction
from ecoledger.registers.closing import DEFAULT, REASON


class WeatherResponse(Matter):
    """One warning of polluted weather, from the forecast to its assessment."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_weather_response"
    )
    warning = models.CharField("预警级别", max_length=10, choices=WarningLevel.choices)
    issued_no = models.CharField("预警文号", max_length=80, blank=True)
    forecast = models.TextField("预报会商意见", blank=True)
    begin = models.DateTimeField("启动时间", null=True, blank=True)
    until = models.DateTimeField("解除时间", null=True, blank=True)
    edition = models.ForeignKey(
        Edition,
        verbose_name="清单版本",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    assessment = models.TextField("复盘评估", blank=True)

    class Meta:
        verbose_name = "污染天气应对"


def _lines(response: Any) -> list[ControlLine]:
    """The lines of the response's list that lie in its area; of a firm on several lists those that hold."""
    rows = EMERGENCY.lines(response.edition).filter(area_code__startswith=response.area_code)
    return ruling(rows.order_by("area_code", "entity__name", "part"))


def _already(response: Any) -> str:
    """Which response runs in the area: its level is changed, and no firm gets two orders of two levels."""
    running = WeatherResponse.objects.filter(
        register=response.register, state="active", withdrawn_at=None, merged_into=None
    )
    area = response.area_code
    for other in running.exclude(pk=response.pk).order_by("pk"):
        if other.area_code.startswith(area) or area.startswith(other.area_code):
            said = {"number": other.number, "title": other.title}
            return _("%(number)s“%(title)s”正在响应：请在那里调整级别，或解除后再启动。") % said
    return ""


def _tell_every_firm(step: Step) -> None:
    response = step.matter
    response.begin = response.begin or step.at
    day = timezone.localdate(response.begin)
    county = response.area_code[:6]
    response.edition = EMERGENCY.in_force(response.area_code, day) or EMERGENCY.in_force(
        county, day
    )
    if response.edition is None:
        raise Refused(
            "condition",
            _("%s 没有生效的应急减排清单。") % f"{day:%Y-%m-%d}",
            _("请先公布本季节的清单。"),
        )
    made = instructions.issue(
        response, _lines(response), response.warning,
        begin=response.begin, until=None, by=step.person, at=step.at,
    )  # fmt: skip
    if not made:
        raise Refused(
            "condition",
            _("清单里没有%s要采取措施的企业。") % WarningLevel(response.warning).label,
            _("请核对清单各级措施。"),
        )


def _tell_the_new_level(step: Step) -> None:
    response = step.matter
    instructions.change_level(
        response, _lines(response), response.warning, by=step.person, at=step.at
    )


def _end(step: Step) -> None:
    instructions.lift(step.matter, step.matter.until, at=step.at)


def _all_verified(response: Any) -> str:
    waiting = Instruction.objects.filter(response=response.pk, phase=Phase.OPEN).count()
    return numbered("还有 %d 家没有核查。", waiting) % waiting if waiting else ""


WORKFLOW = Workflow(
    states=(
        State("forecast", "研判中", stage="预警预报", waits_for=DESK | {Role.MONITOR}),
        State("active", "响应中", stage="应急调控", waits_for=DESK),
        State("lifted", "已解除，待评估", stage="督查考核", waits_for=DESK),
        State("assessed", "已评估", phase=Phase.DONE),
        State("dropped", "未启动", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("activate", "启动响应", "forecast", "active", by=DESK, asks=("warning",),
                   offers=("issued_no", "begin"), when=_already, effects=(_tell_every_firm,),
                   help="按生效清单向每家企业下达减排指令。"),
        Transition("change_level", "调整级别", "active", "active", by=DESK, asks=("warning", REASON),
                   effects=(_tell_the_new_level,), main=False),
        Transition("lift", "解除", "active", "lifted", by=DESK, asks=("until",), effects=(_end,)),
        Transition("assess", "复盘评估", "lifted", "assessed", by=DESK, asks=("assessment",),
                   when=_all_verified),
        Transition("drop", "不启动", "forecast", "dropped", by=DESK, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("assess", "复盘评估", "lifted", working_days=5, basis=DEFAULT),),
)  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, and those of the instructions under these responses."""
    told = seen(instructions.INSTRUCTION).filter(response__in=rows.values("pk"))
    return [
        *common_statistics(RESPONSE, rows, now),
        # They stand in a book of their own.
        *(
            replace(statistic, query=f"{instructions.INSTRUCTION.url}?{statistic.query}")
            for statistic in instructions.statistics(told, now, seen)
        ),
    ]


RESPONSE = declare(Register(
    key="weather_response", label="污染天气应对", line="air", model=WeatherResponse,
    workflow=WORKFLOW, pattern="污染天气〔{year}〕{n}号", level=instructions.colour,
    labels={"title": "名称", "area_code": "范围"},
    columns=("number", "title", "warning", "state", "begin", "until", "area_code", "edition", "due"),
    filters=("state", "warning", "area_code", "begin"), search=("number", "title", "issued_no"),
    fields=("title", "area_code", "warning", "forecast"),
    details=("warning", "issued_no", "forecast", "begin", "until", "edition", "assessment"),
    views=(View("active", "响应中", {"state": "active"}),),
    statistics=statistics,
    measures=(Measure(key="activated", name="启动响应次数", numerator=EVERY, dated="begin", unit="次",
                      higher_is_better=False),),
    detail_template="web/air/_response.html",
    edit=DESK | {Role.MONITOR}, enterprise="",
    empty="还没有污染天气应对。会商研判可能出现污染天气时在这里登记，启动后逐家下达指令。",
))  # fmt: skip
