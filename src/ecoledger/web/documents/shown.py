"""A report's blocks as the templates draw them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ecoledger.indicators import air
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
    shown = {"type": _NAMES[type(block)], "block": block}
    return shown | {"drawn": _drawn(block)} if isinstance(block, DayChart) else shown


def _drawn(chart: DayChart) -> dict[str, Any]:
    """A document's chart as ``charts/start.ts`` draws it: its days stand in the page, as they were locked."""
    days = [day.isoformat() for day in chart.days]
    index = list(zip(days, chart.index, strict=True))
    line = list(zip(days, chart.line, strict=True))
    pm = {"name": "PM2.5", "unit": air.unit("pm2_5"), "axis": 1, "decimals": 0, "points": line}
    return {
        "kind": "lines",
        "period": 86400,
        "series": [{"name": "AQI", "type": "bar", "decimals": 0, "points": index}, pm],
        "limits": [{"name": "AQI", "value": air.GOOD}],
        "empty": _("该期间没有数据。"),
        "flagged": "",
    }
