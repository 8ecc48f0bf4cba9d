"""What the rules hand to each other: the sentence they read, the item they draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ecoledger.indicators.plan.figures import Figure
from ecoledger.indicators.plan.items import Item
from ecoledger.indicators.plan.sentences import Bracket


@dataclass
class Sentence:
    """One sentence as the rules see it; ``hidden`` marks what brackets, titles and names keep apart."""

    text: str
    begin: int
    end: int
    hidden: list[bool]
    brackets: list[Bracket]
    plan: bool
    span: Callable[[int, int], tuple[int, int]]


@dataclass
class Draft:
    """An item whose span is still in the folded line."""

    item: Item
    start: int
    end: int
    quantity: str = ""
    figure: Figure | None = None
    better: str = "up"
    tags: set[str] = field(default_factory=set)


def draft(kind: str, start: int, end: int, **fields: object) -> Draft:
    """A draft of an item with these fields."""
    return Draft(Item(kind, "", 0, 0, **fields), start, end)  # type: ignore[arg-type]
