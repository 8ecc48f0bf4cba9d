"""Notes that changes call for: when only unrounded values give them, and when the edition changed between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ecoledger.indicators.figures import Change
from ecoledger.reports.content import Block, Part, Statement, Table

# How a paragraph begins that is a note.
MARK = "注："


def together(told: Iterable[str]) -> str:
    """Several notes as one paragraph; "" of none."""
    text = "".join(note.removeprefix(MARK) for note in told)
    return f"{MARK}{text}" if text else ""


def changes_in(blocks: Sequence[Block | None]) -> list[Change]:
    """The changes that stand in blocks, in the order of reading."""
    result: list[Change] = []
    for block in blocks:
        parts: list[object] = []
        if isinstance(block, Statement):
            parts = list(block.parts)
        elif isinstance(block, Table):
            parts = [cell for row in block.rows for cell in row]
        result += [part for part in parts if isinstance(part, Change)]
    return result


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


def editions(changes: Iterable[Change]) -> list[Statement]:
    """Says of every change across editions that both periods are judged by one, and what each by its own had."""
    across = {change.now.label: change for change in changes if change.then is not None}
    return [_edition(label, change) for label, change in across.items()]


def _edition(label: str, change: Change) -> Statement:
    then = change.then
    assert then is not None  # noqa: S101  those without are left out
    parts: list[Part] = [f"{MARK}{label}的同比和上年同期数，两期统一按{change.now.standard}计算"]
    if change.now.value != then.now.value:
        parts += ["（本期为", change.now, "）"]
    parts.append(
        f"；按各期执行的标准（本期：{then.now.standard}；上年同期：{then.before.standard}），"
    )
    if then.difference == change.difference:
        parts.append("结果相同。")
    else:
        parts += ["上年同期为", then.before, "，", replace(then, word="同比"), "。"]
    return Statement(tuple(parts), note=True)


def of(blocks: Sequence[Block | None]) -> list[Statement | None]:
    """All notes that the changes in blocks call for."""
    return [rounding(blocks), *editions(changes_in(blocks))]
