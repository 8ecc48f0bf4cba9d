"""A report's content as it was when its draft was begun, kept as JSON with every figure's parts."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from fractions import Fraction
from typing import Any

from ecoledger.indicators.figures import Change, Figure, Records
from ecoledger.reports.content import (
    Block,
    Bulletin,
    DayChart,
    Part,
    Section,
    Statement,
    Subheading,
    Table,
)

_FRACTIONS = ("value", "numerator", "denominator")
Json = dict[str, Any]


def figure(made: Figure) -> Json:
    """A figure with everything it knows."""
    row: Json = {f.name: getattr(made, f.name) for f in fields(made)}
    for name in _FRACTIONS:
        row[name] = None if row[name] is None else str(row[name])
    row["records"] = {"kind": made.records.kind, "query": dict(made.records.query)}
    return row


def figure_again(row: Json) -> Figure:
    made = dict(row)
    for name in _FRACTIONS:
        made[name] = None if made[name] is None else Fraction(made[name])
    made["records"] = Records(row["records"]["kind"], row["records"]["query"])
    return Figure(**made)


def part(part: Part) -> Any:
    """A word, figure or change as JSON."""
    match part:
        case Figure():
            return {"figure": figure(part)}
        case Change():
            return {
                "change": {
                    "now": figure(part.now),
                    "before": figure(part.before),
                    "decimals": part.decimals,
                    "word": part.word,
                }
            }
    return str(part)


def part_again(part: Any) -> Part:
    """The word, figure or change that was kept."""
    if isinstance(part, str):
        return part
    if "figure" in part:
        return figure_again(part["figure"])
    change = part["change"]
    return Change(
        figure_again(change["now"]),
        figure_again(change["before"]),
        change["decimals"],
        change["word"],
    )


def _block(block: Block) -> Json:
    match block:
        case Subheading(text):
            return {"subheading": text}
        case Statement():
            return {"statement": [part(p) for p in block.parts], "note": block.note}
        case Table():
            return {
                "table": [[part(p) for p in row] for row in block.rows],
                "caption": block.caption,
                "header": list(block.header),
                "note": block.note,
                "empty": block.empty,
                "number": block.number,
            }
        case DayChart():
            return {
                "chart": [day.isoformat() for day in block.days],
                "caption": block.caption,
                "index": list(block.index),
                "line": list(block.line),
                "line_label": block.line_label,
                "number": block.number,
            }


def _block_again(row: Json) -> Block:
    if "subheading" in row:
        return Subheading(row["subheading"])
    if "statement" in row:
        return Statement(tuple(part_again(p) for p in row["statement"]), row["note"])
    if "table" in row:
        return Table(
            row["caption"],
            tuple(row["header"]),
            tuple(tuple(part_again(p) for p in cells) for cells in row["table"]),
            row["note"],
            row["empty"],
            row["number"],
        )
    return DayChart(
        row["caption"],
        tuple(date.fromisoformat(day) for day in row["chart"]),
        tuple(row["index"]),
        tuple(row["line"]),
        row["line_label"],
        row["number"],
    )


def kept(bulletin: Bulletin) -> Json:
    """The content of a report."""
    row: Json = {
        name: getattr(bulletin, name) for name in ("kind", "title", "number", "issuer", "area_code")
    }
    row |= {
        "begin": bulletin.begin.isoformat(),
        "end": bulletin.end.isoformat(),
        "standards": list(bulletin.standards),
        "doubts": list(bulletin.doubts),
        "sections": [[s.heading, [_block(b) for b in s.blocks]] for s in bulletin.sections],
    }
    return row


def again(row: Json) -> Bulletin:
    """The report that was kept."""
    return Bulletin(
        row["kind"],
        row["title"],
        row["number"],
        row["issuer"],
        row["area_code"],
        date.fromisoformat(row["begin"]),
        date.fromisoformat(row["end"]),
        tuple(
            Section(heading, tuple(_block_again(b) for b in blocks))
            for heading, blocks in row["sections"]
        ),
        tuple(row["standards"]),
        tuple(row["doubts"]),
    )
