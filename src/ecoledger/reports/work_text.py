"""What bulletins say about alarms and their handling, and about the work of every register."""

from __future__ import annotations

from collections.abc import Sequence

from ecoledger.indicators.casework import AlarmPeriod, RegisterPeriod
from ecoledger.reports.content import Block, Part, Statement

ALARM_CASES = "alarm_case"


def blocks(
    when: str, alarms: AlarmPeriod, registers: Sequence[RegisterPeriod]
) -> list[Block | None]:
    """Alarms raised and silenced with what became of them, then a sentence for each further register."""
    result: list[Block | None] = []
    for register in registers:
        if register.register.key == ALARM_CASES:
            result.insert(0, _alarms(when, alarms, register))
        else:
            result.append(_register(when, register))
    return result


def _alarms(when: str, alarms: AlarmPeriod, cases: RegisterPeriod) -> Statement:
    kinds: list[Part] = []
    for figure in alarms.by_detector:
        kinds += ["、" if kinds else "（其中", figure.label, figure]
    confirmed = cases["confirmed_ratio"]
    return Statement(
        (
            f"{when}产生预警",
            alarms.raised,
            *kinds,
            "）" if kinds else "",
            "，另有申报停产检修期间静默",
            alarms.silenced,
            "。新立预警交办件",
            cases["opened"],
            "，交办",
            cases["dispatched"],
            "，办结",
            cases["closed"],
            f"；{_at(cases)}在办",
            cases["in_hand"],
            "，其中超期",
            cases["overdue"],
            *(
                (
                    f"。{when}新立且已核实件的预警属实率为",
                    confirmed,
                    f"（属实/已核实：{confirmed.parts}）。",
                )
                if confirmed.value is not None
                else ("。",)
            ),
        )
    )


def _at(work: RegisterPeriod) -> str:
    """When what is in hand was counted."""
    return "期末" if work.over else "截至目前"


def _register(when: str, work: RegisterPeriod) -> Statement | None:
    """One register's sentence; none when nothing came, went or is in hand."""
    if not any(work[key].value for key in ("opened", "closed", "in_hand")):
        return None
    own: list[Part] = []
    for measure in work.register.measures:
        figure = work[measure.key]
        own += ["；", f"{measure.name}为", figure]
    return Statement(
        (
            f"{work.register.label}{when}新立",
            work["opened"],
            "，办结",
            work["closed"],
            f"；{_at(work)}在办",
            work["in_hand"],
            "，其中超期",
            work["overdue"],
            *own,
            "。",
        )
    )
