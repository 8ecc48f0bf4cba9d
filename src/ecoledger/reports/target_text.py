"""What bulletins say about the year's targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ecoledger.indicators.targets import ALWAYS, FILE, Standing
from ecoledger.reports.content import Block, Part, Statement, Table

_VERDICT = {True: "达到", False: "未达到", None: "—"}


def short(standings: Sequence[Standing]) -> Statement | None:
    """One sentence on the indicators that have a target, for the daily bulletin."""
    parts: list[Part] = []
    for standing in standings:
        if standing.target.value is None or standing.indicator.key not in ALWAYS:
            continue
        parts += ["；" if parts else "", f"{standing.indicator.name}年度目标为", standing.target]
        if standing.rest_words:
            parts.append(f"，{standing.rest_words}")
    return Statement((*parts, "。")) if parts else None


def blocks(standings: Sequence[Standing], problem: str) -> list[Block | None]:
    """Every target beside the year so far, what the remaining days may have, and the projection."""
    if problem:
        return [Statement((f"年度目标文件有误，未列目标：{problem}",), note=True)]
    having = [standing for standing in standings if standing.target.value is not None]
    if not having:
        return [Statement((f"尚未设定年度目标（profile/{FILE}）。",), note=True)]
    met = sum(1 for standing in having if standing.met)
    known = sum(1 for standing in having if standing.met is not None)
    rows: tuple[tuple[Part, ...], ...] = tuple(
        (
            standing.indicator.name,
            standing.now,
            standing.change.before,
            replace(standing.change, word=""),
            standing.target,
            standing.gap,
            _VERDICT[standing.met],
            standing.rest if standing.rest is not None else "—",
            standing.projected if standing.projected is not None else "—",
        )
        for standing in having
    )
    found: list[Block | None] = [
        Statement(
            (
                f"年度目标{len(having)}项，截至目前有数据的{known}项中{met}项达到目标，"
                f"{known - met}项未达到；全年余下{having[0].remaining}天。",
            )
        ),
        Table(
            "年度目标对账",
            (
                "指标",
                "累计",
                "上年同期",
                "同比",
                "目标",
                "差距",
                "评价",
                "余下天数要求",
                "全年预计",
            ),
            rows,
            "差距为累计值减目标值；余下天数均按有效天计；全年预计假定余下天数与上年同期相同（上年按现行标准计算）。",
        ),
    ]
    said = {
        standing.indicator.name: "；".join(
            filter(None, (standing.rest_words, standing.projected_words))
        )
        for standing in having
    }
    found += [Statement((f"{name}：{words}。",)) for name, words in said.items() if words]
    return found
