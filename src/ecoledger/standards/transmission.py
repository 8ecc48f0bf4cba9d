"""How completely automatic data arrive: 传输率, 有效率 and their product, 传输有效率.

Due are the records of the hours (or days) that the source ran and was to report; received those that
arrived; valid those received that may be used.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecoledger.standards.percent import Ratio


@dataclass(frozen=True, slots=True)
class Transmission:
    """Counts of one outlet or many over a period; sums of outlets are made by adding."""

    due: int
    received: int
    valid: int

    def __post_init__(self) -> None:
        if not 0 <= self.valid <= self.received:
            raise ValueError(f"{self.valid} valid of {self.received} received records")
        if self.received > self.due:
            raise ValueError(f"{self.received} records received but only {self.due} due")

    def __add__(self, other: Transmission) -> Transmission:
        return Transmission(
            self.due + other.due, self.received + other.received, self.valid + other.valid
        )

    @property
    def transmission_rate(self) -> Ratio:
        """传输率: received of due."""
        return Ratio(self.received, self.due)

    @property
    def validity_rate(self) -> Ratio:
        """有效率: valid of received."""
        return Ratio(self.valid, self.received)

    @property
    def effective_rate(self) -> Ratio:
        """传输有效率, the product of the two: valid of due.

        >>> Transmission(due=720, received=700, valid=684).effective_rate.text()
        '95.0%（684/720）'
        """
        return Ratio(self.valid, self.due)
