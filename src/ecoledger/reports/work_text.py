"""What bulletins say about alarms and their handling."""

from __future__ import annotations

from ecoledger.indicators.work import WorkPeriod
from ecoledger.reports.content import Block, Part, Statement


def blocks(when: str, cases: WorkPeriod) -> list[Block | None]:
    """Alarms raised and silenced, cases opened and closed, what is in hand now, and how much proved true."""
    kinds: list[Part] = []
    for figure in cases.by_detector:
        kinds += ["、" if kinds else "（其中", figure.label, figure]
    return [
        Statement(
            (
                f"{when}产生预警",
                cases.raised,
                *kinds,
                "）" if kinds else "",
                "，另有申报停产检修期间静默",
                cases.silenced,
                "。新立预警交办件",
                cases.opened,
                "，办结",
                cases.closed,
                "；截至目前在办",
                cases.in_hand,
                "，其中超期",
                cases.overdue,
                f"。{when}新立且已核实件的预警属实率为",
                cases.confirmed,
                f"（属实/已核实：{cases.confirmed.parts}）。" if cases.confirmed.parts else "。",
            )
        )
    ]
