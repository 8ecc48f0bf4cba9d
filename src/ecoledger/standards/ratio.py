"""Shares that keep their numerator and denominator, so that a percentage can show what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ecoledger.standards.rounding import half_even


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share that keeps what it was made of."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> float | None:
        """The share in percent, unrounded; ``None`` of nothing."""
        return None if self.denominator == 0 else 100 * self.numerator / self.denominator

    def text(self, decimals: int = 1) -> str:
        """``"66.7%（4/6）"``; without a denominator ``"—（0/0）"``."""
        made_of = f"（{self.numerator}/{self.denominator}）"
        if self.denominator == 0:
            return f"—{made_of}"
        exact = Decimal(100 * self.numerator) / Decimal(self.denominator)
        return f"{half_even(exact, decimals)}%{made_of}"
