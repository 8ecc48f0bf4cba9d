"""Notes that changes call for: when only unrounded values give them, and when the edition changed between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ecoledger.indicators.figures import Change
from ecoledger.reports.content import Block, Statement, Table

# How a paragraph begins that is a note.
MARK = "注："


def together(told: Iterable[str]) -> str:
    """Several notes as one paragraph; "" of none."""
    text = "".join(note.removeprefix(MARK) for note in told)
    return f"{MARK}{text}" if text else ""


def changes_in(blocks: Sequence[Block | None]) -> list[Change]:
    """The changes that stand in blocks, in the order of reading."""
    found: list[Change] = []
    for block in blocks:
        parts: list[object] = []
        if isinstance(block, Statement):
            parts = list(block.parts)
        elif isinstance(block, Table):
            parts = [cell for row in block.rows for cell in row]
        found += [part for part in parts if isinstance(part, Change)]
    return found


def rounding(blocks: Sequence[Block | None]) -> Statement | None:
    """Names the changes that a reader could not get from the printed values; none when there are none."""
    names = dict.fromkeys(c.now.label for c in changes_in(blocks) if c.only_unrounded)
    if not names:
        return None
    return Statement(
        (
            f"{MARK}变化量和变化率由未修约值计算后修约一次，与按所列数值直接计算的结果略有出入的有："
            f"{'、'.join(names)}。",
        ),
        note=True,
    )


def editions(change: Change, again: Change, name: str) -> Statement | None:
    """Says that the editions differ between the periods, and what one edition gives for both."""
    if not change.across_editions:
        return None
    said = (
        f"{MARK}{name}同比期适用不同版本标准（本期：{change.now.standard}；"
        f"上年同期：{change.before.standard}）。统一按{again.now.standard}回算，"
    )
    if (again.now.value, again.before.value) == (change.now.value, change.before.value):
        return Statement((f"{said}结果相同。",), note=True)
    return Statement(
        (
            f"{said}本期为",
            again.now,
            "，上年同期为",
            again.before,
            "，",
            again,
            "。",
        ),
        note=True,
    )
