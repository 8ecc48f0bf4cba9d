"""How a register's matters speak in the health summary (体检) of the thing they are about."""

from __future__ import annotations

from dataclasses import dataclass

from ecoledger.listings.parts import Text


@dataclass(frozen=True, slots=True)
class Reason:
    """One item of the summary. Registers of the same ``item`` are counted together.

    Overdue is bad and in hand is to be watched; ``days`` says how long one that is over is still to be watched.
    Of things of ``kinds`` it is also said that there is none.
    """

    item: Text
    days: int = 0
    kinds: tuple[str, ...] = ("enterprise",)
