"""One proposed target, task or fact."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

TARGET, TASK, FACT = "target", "task", "fact"


@dataclass
class Part:
    """A figure that divides the figure before it: 其中…, 包括…, or a bracket."""

    quantity_of: str | None
    value: float
    unit: str | None


@dataclass
class Item:
    """What a passage says; the fields are those of the annotation rules (docs/plan_annotation.md).

    ``start`` and ``end`` count characters of the text; ``confidence`` (0 to 1) is how sure the rule is.
    """

    type: str
    text: str
    start: int
    end: int
    section: str = ""
    indicator: str | None = None
    comparator: str | None = None
    value: float | str | None = None
    value_high: float | None = None
    unit: str | None = None
    quantity_of: str | None = None
    change_value: float | None = None
    change_unit: str | None = None
    change_base: str | None = None
    deadline: str | None = None
    period: str | None = None
    area: str | None = None
    owner: list[str] | None = None
    parts: list[Part] | None = None
    confidence: float = 0.8

    def line(self) -> str:
        """The item as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)
