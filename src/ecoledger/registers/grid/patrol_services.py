"""第三方巡查服务的验收 (mechanism E20): a contractor's period is accepted by what came of its clues, not by their number.

Clues handed in, found true, and closed are counted when acceptance is asked for, and locked with it.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from ecoledger.accounts.models import Organisation
from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, declare
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
from ecoledger.registers.closing import CHECKERS, REASON
from ecoledger.registers.grid.events import GridEvent


class PatrolService(Matter):
    """A contractor's service for a period."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_patrol_service"
    )
    contractor = models.ForeignKey(
        Organisation, verbose_name="服务单位", on_delete=models.PROTECT, related_name="+"
    )
    contract_no = models.CharField("合同编号", max_length=60, blank=True)
    begin = models.DateField("服务开始")
    end = models.DateField("服务结束")
    clues_agreed = models.PositiveIntegerField("约定有效线索数", default=0)
    true_agreed = models.PositiveSmallIntegerField("约定属实率 %", default=60)
    clues = models.PositiveIntegerField("提交线索数", null=True, blank=True)
    judged = models.PositiveIntegerField("已核实线索数", null=True, blank=True)
    true = models.PositiveIntegerField("属实线索数", null=True, blank=True)
    solved = models.PositiveIntegerField("已解决线索数", null=True, blank=True)
    verdict = models.CharField("验收结论", max_length=200, blank=True)

    class Meta:
        verbose_name = "巡查服务"


def results(service: PatrolService) -> dict[str, int]:
    """What the contractor's clues of the period came to."""
    rows = GridEvent.objects.filter(
        created_by__organisation=service.contractor,
        source=GridEvent.Source.CONTRACTOR,
        opened_at__date__gte=service.begin,
        opened_at__date__lte=service.end,
        withdrawn_at=None,
        merged_into=None,
    )
    return {
        "clues": rows.count(),
        "judged": rows.exclude(truth="").count(),
        "true": rows.filter(truth="true").count(),
        "solved": rows.filter(Q(truth="true"), phase__in=COMPLETED).count(),
    }


def _lock(step: Step) -> None:
    for name, n in results(step.matter).items():
        setattr(step.matter, name, n)


def _good_enough(service: Any) -> str:
    if (service.true or 0) < service.clues_agreed:
        return f"属实线索 {service.true} 件，约定 {service.clues_agreed} 件，未达到。"
    if service.judged and 100 * service.true < service.true_agreed * service.judged:
        return f"属实率 {service.true}/{service.judged}，低于约定的 {service.true_agreed}%。"
    return ""


_DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF})
WORKFLOW = Workflow(
    states=(
        State("serving", "服务中", stage="服务", waits_for=_DESK),
        State("asked", "待验收", stage="验收", waits_for=CHECKERS),
        State("accepted", "验收通过", phase=Phase.CLOSED),
        State("failed", "验收不通过", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("ask", "提请验收", "serving", "asked", by=_DESK, offers=(said("summary", "服务总结"),),
                   evidence=1, effects=(_lock,), help="线索数、属实数、解决数此时计算并锁定"),
        Transition("accept", "验收通过", "asked", "accepted", by=CHECKERS, asks=("verdict",),
                   other_person_than=("ask",), when=_good_enough),
        Transition("back", "退回补充", "asked", "serving", by=CHECKERS, asks=(REASON,),
                   other_person_than=("ask",), main=False),
        Transition("fail", "验收不通过", "asked", "failed", by=CHECKERS, asks=("verdict",),
                   other_person_than=("ask",), main=False, danger=True),
    ),
    clocks=(ClockRule("end", "服务期", ("serving", "asked"), deadline_field="end", basis="合同"),),
)  # fmt: skip
SERVICES = declare(Register(
    key="patrol_service", label="第三方巡查服务", line="enforcement", model=PatrolService,
    workflow=WORKFLOW, pattern="巡查服务〔{year}〕{n}号", labels={"title": "服务名称", "area_code": "服务区域"},
    columns=("number", "title", "state", "due", "contractor", "begin", "end", "clues_agreed", "clues",
             "judged", "true", "solved"),
    filters=("state", "contractor", "begin"), search=("number", "title", "contractor__name"),
    fields=("title", "area_code", "contractor", "contract_no", "begin", "end", "clues_agreed",
            Ask("true_agreed", maximum=100)),
    details=("contractor", "contract_no", "begin", "end", "clues_agreed", "true_agreed", "clues",
             "judged", "true", "solved", "verdict"),
    map_layer=False, edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF}),
    empty="还没有第三方巡查服务。按合同登记服务期，期末按线索结果验收。",
))  # fmt: skip
