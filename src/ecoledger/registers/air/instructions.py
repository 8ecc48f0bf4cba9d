"""减排指令 (mechanisms A1, E18): what one firm is told in one response, that it signed, did it, and what was seen.

One instruction a firm: the lines of its list at the level. It is verified by instruments where there are any
(``measured_cut``) and on site; who did not do it becomes a problem in the one ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings import asked
from ecoledger.listings.parts import Ask, View
from ecoledger.live import times
from ecoledger.matters import actions
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Circulation, Level, Link, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import share
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
from ecoledger.monitoring.alarming import orders
from ecoledger.registers.air import measured_cut
from ecoledger.registers.air.emergency_list import POLLUTANTS, ControlLine, WarningLevel
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem

DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.LEADER})
FIELD = frozenset({Role.TOWN, Role.GRID, Role.OFFICER, Role.MONITOR})
FIRM = frozenset({Role.ENTERPRISE})
COLOURS = {"yellow": Level.YELLOW, "orange": Level.ORANGE, "red": Level.RED}

# So much of the cut that was asked counts as done: instruments and weather are not exact.
TOLERATED = Decimal("0.8")


class Instruction(Matter):
    """What one firm has to do in one response: its description, so that the firm reads it too."""

    class Outcome(models.TextChoices):
        DONE = "done", "执行到位"
        PARTLY = "partly", "部分执行"
        VIOLATED = "violated", "未执行"

    class Proof(models.TextChoices):
        POWER = "power", "用电"
        CEMS = "cems", "在线监测"
        SITE = "site", "现场"
        VIDEO = "video", "视频"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_air_instruction"
    )
    # The warning's response or the event's plan that it belongs to; none for an order to one firm alone.
    response = models.ForeignKey(
        Matter,
        verbose_name="响应",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="instructions",
    )
    warning = models.CharField("预警级别", max_length=10, choices=WarningLevel.choices)
    grade = models.CharField("绩效等级", max_length=12, blank=True)
    asked_percent = models.DecimalField(
        "要求减排比例 %", max_digits=4, decimal_places=1, null=True, blank=True
    )
    asked_cut = models.DecimalField("要求减排量 kg/d", max_digits=12, decimal_places=3, default=0)
    begin = models.DateTimeField("开始执行")
    until = models.DateTimeField("解除", null=True, blank=True)
    signed_at = models.DateTimeField("签收时间", null=True, blank=True)
    report = models.TextField("执行情况", blank=True)
    outcome = models.CharField("核查结论", max_length=10, choices=Outcome.choices, blank=True)
    proof = models.CharField("核查方式", max_length=10, choices=Proof.choices, blank=True)
    measured_percent = models.DecimalField(
        "实测下降 %", max_digits=6, decimal_places=1, null=True, blank=True
    )
    measured_text = models.CharField("实测说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "减排指令"


def colour(matter: Any) -> str:
    """The colour of a matter under a warning: the warning's own."""
    return COLOURS.get(matter.warning, Level.YELLOW)


# ---- issuing -------------------------------------------------------------------------------------


def issue(
    response: Any,
    lines: Iterable[ControlLine],
    level: str,
    *,
    begin: datetime,
    until: datetime | None,
    by: Person | None,
    at: datetime,
) -> list[Instruction]:
    """One instruction for each firm of ``lines`` that has something to do at ``level``."""
    by_firm: dict[int, list[ControlLine]] = {}
    for line in lines:
        if line.entity_id is not None and line.measure(level):
            by_firm.setdefault(line.entity_id, []).append(line)
    towns = {o.area_code: o for o in Organisation.objects.filter(kind=Organisation.Kind.TOWN)}
    made = []
    for own in by_firm.values():
        firm = own[0].entity
        assert firm is not None  # noqa: S101  lines without a firm were left out
        made.append(
            actions.open_matter(
                INSTRUCTION,
                {
                    **_asked(own, level),
                    "area_code": firm.area_code,
                    "entity": firm,
                    "response": response,
                    "begin": begin,
                    "until": until,
                    "owner_organisation": towns.get(firm.area_code[:9]),
                    "synthetic": response.synthetic,
                },
                by=None,
                at=at,
                origin_matter=response,
            )
        )
    return made


def _asked(lines: list[ControlLine], level: str) -> dict[str, Any]:
    """What the firm's lines ask together."""
    emitted = sum((getattr(line, name) for line in lines for name in POLLUTANTS), Decimal(0))
    cut = sum((line.cut(name, level) for line in lines for name in POLLUTANTS), Decimal(0))
    known = [share for line in lines if (share := line.percent(level)) is not None]
    # By mass where the list has masses, else the least that any line asks.
    percent = 100 * cut / emitted if emitted else min(known, default=None)
    return {
        "title": f"{lines[0].entity}：{WarningLevel(level).label}减排措施",
        "warning": level,
        "grade": lines[0].grade,
        "description": "\n".join(f"{line.part}：{line.measure(level)}" if line.part else line.measure(level)
                              for line in lines),
        "asked_percent": None if percent is None else percent.quantize(Decimal("0.1")),
        "asked_cut": cut,
    }  # fmt: skip


def change_level(
    response: Any, lines: Iterable[ControlLine], level: str, *, by: Person | None, at: datetime
) -> int:
    """The warning was raised or lowered: firms that have an open instruction get the new measures, others a new one."""
    rows = [line for line in lines if line.measure(level)]
    open_ones = {
        instruction.entity_id: instruction
        for instruction in Instruction.objects.filter(response=response.pk, phase=Phase.OPEN)
    }
    by_firm: dict[int | None, list[ControlLine]] = {}
    for line in rows:
        by_firm.setdefault(line.entity_id, []).append(line)
    for firm, own in by_firm.items():
        if firm in open_ones:
            actions.amend(
                open_ones[firm].pk,
                _asked(own, level),
                event="level",
                label="预警级别调整",
                by=None,
                at=at,
            )
    fresh = [line for line in rows if line.entity_id not in open_ones]
    begin = timezone.localtime(at)
    return len(issue(response, fresh, level, begin=begin, until=None, by=by, at=at))


def lift(response: Any, until: datetime, *, at: datetime) -> None:
    """The response is over: every open instruction ends, and waits to be verified."""
    for instruction in Instruction.objects.filter(response=response.pk, phase=Phase.OPEN):
        actions.amend(
            instruction.pk, {"until": until}, event="lifted", label="响应解除", by=None, at=at
        )


# ---- verification --------------------------------------------------------------------------------


def measured(
    instructions: Iterable[Instruction], now: datetime | None = None
) -> dict[int, list[measured_cut.Measured]]:
    """What instruments saw of each firm, by the instruction's key."""
    rows = list(instructions)
    by_span: dict[tuple[datetime, datetime], list[Instruction]] = {}
    for instruction in rows:
        begin = _china(instruction.begin)
        end = _china(min(instruction.until or timezone.now(), now or timezone.now()))
        by_span.setdefault((begin, end), []).append(instruction)
    result: dict[int, list[measured_cut.Measured]] = {}
    for (begin, end), group in by_span.items():
        if end <= begin:
            continue
        codes = {
            instruction.pk: instruction.entity.code
            for instruction in group
            if instruction.entity is not None
        }
        found = measured_cut.of_firms(set(codes.values()), begin, end)
        result |= {pk: found[code] for pk, code in codes.items() if code in found}
    return result


def _china(moment: datetime) -> datetime:
    """The hour in China standard time without zone, as observations carry it."""
    local = timezone.localtime(moment).replace(tzinfo=None)
    rounded = local.replace(minute=0, second=0, microsecond=0)
    return rounded if rounded == local else rounded + timedelta(hours=1)


def stops(begin: datetime, end: datetime) -> Iterator[orders.Stop]:
    """The firms that are told to cut all they emit, between two moments in China standard time."""
    told = Instruction.objects.filter(
        Q(until=None) | Q(until__gt=times.aware(begin)),
        asked_percent=100,
        begin__lt=times.aware(end),
        withdrawn_at=None,
    )
    rows = told.exclude(phase=Phase.DISMISSED).select_related("entity", "response")
    for instruction in rows:
        # One that was verified while its response went on ends with the response.
        response = getattr(instruction.response, "as_weather_response", instruction.response)
        until = (
            instruction.until
            or getattr(response, "until", None)
            or (response or instruction).closed_at
        )
        if instruction.entity is not None:
            words = f"减排指令（{instruction.number}）要求停产"
            ended = None if until is None else times.naive(until)
            yield orders.Stop(instruction.entity.code, times.naive(instruction.begin), ended, words)


orders.sources.append(stops)


def judgement(asked: Decimal | None, cuts: list[measured_cut.Measured]) -> str:
    """What the instruments say, as an outcome: the best-known quantity decides; empty where they cannot say.

    A firm that is asked no share (自主减排) may do it in ways that no instrument shows.
    """
    if not asked or not cuts:
        return ""
    fall = max(cut.percent for cut in cuts if cut.source == cuts[-1].source)
    if fall >= asked * TOLERATED:
        return Instruction.Outcome.DONE
    return Instruction.Outcome.PARTLY if fall > asked / 3 else Instruction.Outcome.VIOLATED


def _keep_measured(step: Step) -> None:
    """Keep with the verification what the instruments saw then."""
    instruction = step.matter
    found = measured([instruction], step.at).get(instruction.pk, [])
    if found:
        instruction.measured_percent = max(m.percent for m in found)
        instruction.measured_text = "；".join(
            f"{m.source} {m.name} {m.before:.3g}→{m.during:.3g} {m.unit}，"
            f"{'降' if m.percent >= 0 else '升'} {abs(m.percent)}%"
            for m in found
        )[:300]


def _violation_becomes_a_problem(step: Step) -> None:
    instruction = step.matter
    if instruction.outcome != Instruction.Outcome.VIOLATED:
        return
    problem = actions.open_matter(
        PROBLEMS,
        {
            "title": f"{instruction.entity}未落实{WarningLevel(instruction.warning).label}减排措施",
            "description": f"{instruction.description}\n{instruction.measured_text}",
            "area_code": instruction.area_code,
            "entity": instruction.entity,
            "origin_kind": Problem.Origin.SELF,
            "category": Problem.Category.AIR,
            "source_no": instruction.number,
            "synthetic": instruction.synthetic,
        },
        by=None,
        at=step.at,
    )
    actions.link(instruction, problem, Link.Kind.BEGETS, by=step.person, at=step.at)


def _shown_to_the_firm(instruction: Instruction) -> None:
    instruction.circulation = Circulation.ENTERPRISE


def _has_begun(instruction: Any) -> str:
    return "" if instruction.begin <= timezone.now() else _("还没有到开始执行的时间。")


WORKFLOW = Workflow(
    states=(
        State("sent", "待签收", stage="签收", waits_for=FIRM | FIELD),
        State("executing", "执行中", stage="执行", waits_for=FIRM | FIELD),
        State("verifying", "待核查", stage="核查", waits_for=FIELD | DESK),
        State("verified", "已核查", phase=Phase.DONE),
        State("excused", "不需执行", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("sign", "签收", "sent", "executing", by=FIRM | FIELD | DESK, sets={"signed_at": NOW},
                   shown_to_enterprise=True, help="企业签收；没有账号的由镇街电话通知后代签。"),
        Transition("report", "反馈执行情况", "executing", "verifying", by=FIRM | FIELD, asks=("report",),
                   shown_to_enterprise=True),
        Transition("verify", "核查", ("sent", "executing", "verifying"), "verified", by=FIELD | DESK,
                   asks=("outcome", "proof"), offers=(said("seen", "核查情况"),), when=_has_begun,
                   other_person_than=("report",), even_without=True,
                   effects=(_keep_measured, _violation_becomes_a_problem)),
        Transition("return", "退回补充反馈", "verifying", "executing", by=FIELD | DESK, asks=(REASON,), main=False,
                   shown_to_enterprise=True),
        Transition("excuse", "不需执行", ("sent", "executing", "verifying"), "excused", by=DESK,
                   asks=(REASON,), main=False, help="长期停产、保障任务等。"),
    ),
    clocks=(
        ClockRule("sign", "签收", "sent", hours=2, basis=DEFAULT),
        ClockRule("verify", "核查", ("executing", "verifying"), hours=24, basis=DEFAULT),
    ),
)  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """签收率、核查率、执行率, each with its denominator."""
    due = rows.exclude(state="excused")
    n = due.aggregate(
        all=Count("pk"),
        signed=Count("pk", filter=Q(signed_at__isnull=False)),
        verified=Count("pk", filter=Q(state="verified")),
        done=Count("pk", filter=Q(state="verified", outcome=Instruction.Outcome.DONE)),
        violated=Count("pk", filter=Q(outcome=Instruction.Outcome.VIOLATED)),
        cut=Sum("asked_cut"),
    )
    return [
        Statistic("sent", "下达指令", n["all"], DUE, "家次"),
        share("signed", "签收率", n["signed"], n["all"], query=f"{DUE}&signed=1"),
        share("verified", "核查率", n["verified"], n["all"], query="state=verified"),
        share(
            "done",
            "执行到位率",
            n["done"],
            n["verified"],
            query="outcome=done",
            note="以已核查的为分母",
        ),
        Statistic("violated", "未执行", n["violated"], "outcome=violated", "家次"),
        Statistic("cut", "要求减排量", float(n["cut"] or 0), DUE, "kg/d"),
    ]


class Instructions(Register):
    """The book; its list knows ``?response=`` (a response's key) and ``?signed=1``."""

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        if said := query.get("response"):
            rows &= Q(response=asked.number(said) or 0)
        return rows & Q(signed_at__isnull=False) if query.get("signed") == "1" else rows


# Those that are to be carried out.
DUE = "state=sent,executing,verifying,verified"
INSTRUCTION = declare(Instructions(
    key="air_instruction", label="减排指令", line="air", model=Instruction, workflow=WORKFLOW,
    pattern="减排令〔{year}〕{n}号", level=colour,
    labels={"title": "指令", "description": "减排措施", "entity": "企业", "area_code": "属地"},
    # Whoever has to cut his emissions is told by which response.
    tells=("response",),
    columns=("number", "title", "warning", "grade", "area_code", "state", "due", "asked_percent",
             "measured_percent", "outcome", "begin", "until"),
    filters=("state", "warning", "outcome", "area_code", "grade"),
    search=("number", "title", "description", "entity__name"),
    fields=("title", Ask("entity", to=Enterprise, required=True), "warning", "description",
            "asked_percent", "begin", "until"),
    prepare=_shown_to_the_firm, details=("response", "warning", "grade", "asked_percent", "asked_cut",
                        "begin", "until", "signed_at", "report", "outcome", "proof",
                        "measured_percent", "measured_text"),
    views=(View("violated", "未执行", {"outcome": "violated"}), View("sent", "待签收", {"state": "sent"})),
    statistics=statistics,
    measures=(
        Measure(key="verified_done", name="减排措施执行到位率", numerator=Q(outcome="done"),
                denominator=Q(state="verified"), dated="begin", unit="%"),
    ),
    edit=DESK, enterprise="enterprise__code",
    empty="还没有减排指令。启动污染天气响应或重大活动保障后，按清单逐家下达。",
))  # fmt: skip
