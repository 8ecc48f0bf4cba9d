"""Tables as text lines: one item for each value cell, one task for each project row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ecoledger.indicators.plan import figures, owners, things, times
from ecoledger.indicators.plan.drafts import Draft
from ecoledger.indicators.plan.items import FACT, TARGET, TASK, Item
from ecoledger.indicators.plan.structure import Passage
from ecoledger.indicators.plan.words import Words

_ROLES = (
    ("number", r"^(?:序号|编号|No\.?)$"),
    ("name", r"^(?:项目|任务|指标|工程)?名称$"),
    ("owner", r"责任|牵头|实施主体|主责|单位名称|配合|部门"),
    ("deadline", r"时限|完成时间|期限|进度要求|时间节点"),
    ("money", r"投资|资金|经费|概算"),
    ("unit", r"^(?:计量)?单位$"),
    ("fact", r"现状|实际|完成值|完成情况|基数|基准|上年|当前"),
    ("content", r"目标及|质量要求|目标要求|工作要求|具体措施"),
    ("target", r"目标|指标值|计划值|任务数|考核值"),
    ("content", r"内容|规模|任务|措施|要求"),
    ("name", r"名称|项目|指标|类别"),
)
_YEAR = re.compile(r"(20\d\d)年?")


@dataclass(frozen=True)
class Header:
    """What the columns of a table hold; ``years`` are those that header words name."""

    roles: tuple[str, ...]
    years: tuple[str | None, ...]
    units: tuple[str | None, ...]

    def column(self, role: str) -> int | None:
        """The first column of a role."""
        return self.roles.index(role) if role in self.roles else None


def cells(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Where the cells of a row stand, without the bars."""
    rows: list[tuple[int, int]] = []
    start = begin
    for position in range(begin, end + 1):
        if position == end or text[position] == "|":
            rows.append((start, position))
            start = position + 1
    return rows


def is_row(text: str) -> bool:
    """Whether a folded line is a row of a table with at least three cells."""
    return text.count("|") >= 2


def header(text: str) -> Header | None:
    """The columns, if a row is a header: most of its cells are known words and none is a bare number."""
    roles: list[str] = []
    years: list[str | None] = []
    units: list[str | None] = []
    for begin, end in cells(text, 0, len(text)):
        cell = text[begin:end]
        if re.fullmatch(r"[\d.]+", cell):
            return None
        role = next((role for role, words in _ROLES if re.search(words, cell)), "")
        year = _YEAR.search(cell)
        if year and role in ("", "name", "content"):
            role = "target"
        roles.append(role)
        years.append(year[1] if year else None)
        unit = re.search(r"\(([^)]+)\)", cell)
        units.append(unit[1] if unit else None)
    if "name" not in roles and "content" in roles:
        # 工作任务 beside 目标及质量要求: the first names the row.
        roles[roles.index("content")] = "name"
    known = [role for role in roles if role]
    if len(known) * 2 < len(roles) or "name" not in roles or len(known) < 2:
        return None
    return Header(tuple(roles), tuple(years), tuple(units))


def row(words: Words, passage: Passage, head: Header) -> Iterator[Draft]:
    """The items of one row."""
    text = passage.line.text
    places = cells(text, 0, len(text))
    if len(places) != len(head.roles):
        return
    name = head.column("name")
    if name is None or places[name][0] == places[name][1]:
        return
    if "content" in head.roles or ("owner" in head.roles and "target" not in head.roles):
        yield from _project(words, passage, head, places, name)
    else:
        yield from _values(words, text, head, places, name)


def _values(
    words: Words, text: str, head: Header, places: list[tuple[int, int]], name: int
) -> Iterator[Draft]:
    title = text[slice(*places[name])]
    unit_column = head.column("unit")
    unit = text[slice(*places[unit_column])] if unit_column is not None else ""
    if not unit:
        known = {*words.counted, *words.exact}
        inner = [m[1] for m in re.finditer(r"\(([^()\d]{1,12})\)", title)]
        unit = next((u for u in inner if "/" in u or u.lstrip("万亿") in known), "")
    for column, role in enumerate(head.roles):
        if role not in ("target", "fact"):
            continue
        begin, end = places[column]
        match = re.fullmatch(r"([≥≤><=]?)(\d+(?:\.\d+)?)([^\d]*)", text[begin:end])
        if match is None:
            continue
        printed = re.sub(r"(?:及?以[上下]|左右|以内)$", "", match[3])
        own = figures.unit_name(printed or unit or head.units[column] or "") or None
        entry = things.indicator(words, title, own, title + "浓度", title)
        number = float(match[2])
        comparator = {"≥": ">=", "≤": "<=", ">": ">", "<": "<"}.get(match[1], "=")
        if re.search(r"以上", match[3]):
            comparator = ">="
        elif re.search(r"以下|以内", match[3]):
            comparator = "<="
        # 新建污水管网(公里) in a table of targets is work to be done, not a level.
        work = (
            entry is None
            and role == "target"
            and own not in (None, "%", "百分点")
            and not things.is_level(own)
            and any(title.startswith(verb) for verb in words.leading + words.result)
        )
        kind = FACT if role == "fact" else TASK if work else TARGET
        noun = things.noun(words, re.sub(r"\([^)]*\)", "", title), "") if work else title
        item = Item(
            kind, "", 0, 0, indicator=entry.id if entry else None,
            comparator=comparator, value=int(number) if number.is_integer() else number, unit=own,
            quantity_of=None if entry else noun, period=head.years[column], confidence=0.8,
        )  # fmt: skip
        yield Draft(item, places[name][0], end)


def _project(
    words: Words, passage: Passage, head: Header, places: list[tuple[int, int]], name: int
) -> Iterator[Draft]:
    text = passage.line.text
    item = Item(TASK, "", 0, 0, confidence=0.8)
    for role in ("content", "target", "name"):
        column = head.column(role)
        if column is None:
            continue
        rows = [f for f in figures.find(words, text, *places[column]) if f.unit and not f.bound]
        if rows:
            figure = rows[0]
            begin, end = places[column]
            item.comparator, item.value, item.unit = figure.comparator, figure.value, figure.unit
            item.value_high = figure.high
            item.quantity_of = (
                things.noun(words, text[begin : figure.lead], text[figure.end : end]) or None
            )
            break
    names: list[str] = []
    for column, role in enumerate(head.roles):
        cell = text[slice(*places[column])]
        if role == "owner":
            names += [unit for unit in owners.names(cell) if unit not in names]
        elif role == "deadline":
            item.deadline = times.deadline(
                cell if cell.endswith("前") else f"{cell}前", passage.time.year
            )
    item.owner = names or None
    yield Draft(item, places[name][0], places[-1][1])
