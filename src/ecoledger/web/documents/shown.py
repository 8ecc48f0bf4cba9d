"""A report's blocks as the templates draw them."""

from __future__ import annotations

from typing import Any

from ecoledger.reports.content import (
    Block,
    Bulletin,
    DayChart,
    Statement,
    Subheading,
    Table,
)

_NAMES = {Subheading: "subheading", Statement: "statement", Table: "table", DayChart: "chart"}


def sections(bulletin: Bulletin) -> list[tuple[str, list[dict[str, Any]]]]:
    """Headings with their blocks, each with the name of its kind."""
    return [(s.heading, [_shown(block) for block in s.blocks]) for s in bulletin.sections]


def _shown(block: Block) -> dict[str, Any]:
    return {"type": _NAMES[type(block)], "block": block}


def period(bulletin: Bulletin) -> str:
    """The period as the addresses of bulletins write it."""
    whole = bulletin.kind == "monthly"
    return f"{bulletin.begin:%Y-%m}" if whole else bulletin.begin.isoformat()
