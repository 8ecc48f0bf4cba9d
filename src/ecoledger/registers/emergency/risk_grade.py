"""The risk grade of a firm (企业突发环境事件风险等级, HJ 941-2018): air and water apart, the graver counts.

Bounds and matrix are data (``data/risk_grades.toml``, mark M). The grade is written as the method wants it:
``较大[较大-大气(Q1-M2-E1)+一般-水(Q0)]``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ecoledger.listings import own_data

GRADES = ("一般", "较大", "重大")


@dataclass(frozen=True, slots=True)
class Medium:
    """One of the two ways a firm endangers its surroundings: ``amount`` Σq/Q, ``process`` marks M, ``around`` E1 to E3."""

    name: str
    amount: Decimal | None
    process: int | None
    around: str

    @property
    def known(self) -> bool:
        """Whether a grade follows: an amount below the first bound needs nothing else."""
        if self.amount is None:
            return False
        return _band(self.amount, _rules()["amount"]) == 0 or (
            self.process is not None and bool(self.around)
        )

    @property
    def grade(self) -> str:
        """一般, 较大 or 重大. Ask :attr:`known` before."""
        rules = _rules()
        q = _band(self.amount or 0, rules["amount"])
        if q == 0:
            return GRADES[0]
        m = _band(self.process or 0, rules["process"])
        return str(rules["matrix"][self.around][f"Q{q}"][m])

    @property
    def written(self) -> str:
        rules = _rules()
        q = _band(self.amount or 0, rules["amount"])
        if q == 0:
            return f"{self.grade}-{self.name}(Q0)"
        m = _band(self.process or 0, rules["process"]) + 1
        return f"{self.grade}-{self.name}(Q{q}-M{m}-{self.around})"


def _rules() -> dict[str, Any]:
    return own_data.read(__package__, "risk_grades")


def _band(value: Decimal | int, bounds: Sequence[float]) -> int:
    """In which band a value lies; a value on a bound belongs to the higher one."""
    return bisect_right([Decimal(str(bound)) for bound in bounds], Decimal(value))


def of_firm(media: Sequence[Medium], *, punished: bool) -> tuple[str, str]:
    """The grade of a firm and how it is written; two empty texts where neither medium can be judged.

    ``punished``: within the last years, which lifts the grade by one.
    """
    known = [medium for medium in media if medium.known]
    if not known:
        return "", ""
    worst = max((medium.grade for medium in known), key=GRADES.index)
    if punished:
        worst = GRADES[min(GRADES.index(worst) + 1, len(GRADES) - 1)]
    return worst, f"{worst}[{'+'.join(medium.written for medium in known)}]"
