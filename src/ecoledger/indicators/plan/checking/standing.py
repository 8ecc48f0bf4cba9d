"""Ranks among so many, goals that a level is said to meet, and what it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from ecoledger.indicators.plan import figures, things
from ecoledger.indicators.plan.checking.said import (
    Finding,
    Said,
    before,
    finding,
    shown,
    with_unit,
)
from ecoledger.indicators.plan.folding import Line
from ecoledger.indicators.plan.words import load
from ecoledger.standards import air_limits

_AMONG = re.compile(
    r"(?P<all>\d+)个[^,;。\d]{0,8}?(?:区县|县区|县市区|城市|设区市|地市|市州|州市|镇街|乡镇|街道|区|县|市|站点)[^,;。\d]{0,8}?(?:排名|排|位列|列|位居|居)第?(?P<rank>\d+)"
)
_MOVED = re.compile(
    r"第(?P<now>\d+)位?[,(]?(?:同比|[较比](?:去年|上年)[^,;。\d(]{0,6})\(?第(?P<then>\d+)位?\)?(?P<way>前进|上升|提升|后退|下降|退后)(?:了)?(?P<by>\d+)(?:位|名)"
)
_FROM_TO = re.compile(
    r"(?:由|从)[^,;。\d]{0,8}第(?P<then>\d+)(?:位|名)?(?P<way>前进|上升|提升|跃升|下降|后退|下滑)(?:到|至)[^,;。\d]{0,4}第(?P<now>\d+)"
)
_MEETS = re.compile(r"达到|完成|优于|好于|满足|控制在|实现|符合")
_GOAL = re.compile(r"目标|要求|任务|考核|指标")
_NOT = re.compile(r"未|没有|不能|差|距|力争|确保|计划|争取|将|拟")
_CLASSES = ("I", "II", "III", "IV", "V", "inferior V")
_CLASS_GOAL = re.compile(
    r"(?P<class>(?:劣Ⅴ|[ⅠⅡⅢⅣⅤ])类)(?:水质)?,(?:稳定)?(?:达到|完成|优于|好于|满足|符合)(?P<goal>[ⅠⅡⅢⅣⅤ]类)[^,;。]{0,6}(?:目标|要求|标准)"
)
_SECOND_GRADE = re.compile(
    r"(?:达到|符合|优于|好于|满足)(?:国家)?(?:环境)?(?:空气质量)?二级(?:标准|限值)"
)
_ANNUAL = {
    "air.pm2_5.mean": ("pm2_5", "year"),
    "air.pm10.mean": ("pm10", "year"),
    "air.so2.mean": ("so2", "year"),
    "air.no2.mean": ("no2", "year"),
}


def ranks(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``在16个设区市中排名第17``; ``第6位,比上年(第9位)前进4位``; ``由第11位上升至第13位``."""
    text = line.text
    for match in _AMONG.finditer(text):
        if int(match["rank"]) > int(match["all"]):
            yield finding(
                source, line, match.start(), match.end(), "rank", match["rank"], match["all"],
                f"共{match['all']}个，名次不能更后",
            )  # fmt: skip
    for match in _MOVED.finditer(text):
        by = int(match["then"]) - int(match["now"])
        forward = match["way"] in ("前进", "上升", "提升")
        if (by > 0) != forward and by:
            yield finding(
                source, line, match.start(), match.end(), "direction", match["way"],
                "前进" if by > 0 else "后退", "名次前后与文字相反",
            )  # fmt: skip
        elif abs(by) != int(match["by"]):
            yield finding(
                source, line, match.start(), match.end(), "rank", match["by"], str(abs(by)),
                f"第{match['then']}位到第{match['now']}位",
            )  # fmt: skip
    for match in _FROM_TO.finditer(text):
        forward = match["way"] in ("前进", "上升", "提升", "跃升")
        if (int(match["now"]) < int(match["then"])) != forward:
            yield finding(
                source, line, match.start(), match.end(), "direction", match["way"],
                "下降" if forward else "上升", "名次前后与文字相反",
            )  # fmt: skip


def goals(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``优良率84.3%,完成年度目标(不低于85%)``: the level does not meet what it is said to meet."""
    text = line.text
    for number in range(len(said) - 1):
        level, goal = said[number], said[number + 1]
        if level.figure.unit != goal.figure.unit or level.sentence != goal.sentence:
            continue
        between = text[level.figure.end : goal.figure.start]
        behind = re.split(r"[,;。]", text[goal.figure.end :])[0]
        if len(between) > 24 or not _MEETS.search(between) or _NOT.search(between):
            continue
        if not between.startswith((",", "(")) or not _GOAL.search(between + behind[:8]):
            continue
        if re.search(r"[较比]|同比|环比|占", between):
            continue
        if re.search(r"目标值?(?:近|约)?$", between) and goal.value * 3 < level.value:
            continue  # 好于年度目标近3微克/立方米 says by how much
        at_least = _at_least(line, said, number)
        wanted = goal.figure.comparator
        if wanted in ("=", "reach") and at_least is not None:
            wanted = ">=" if at_least else "<="
        fails = {
            ">=": level.value < goal.value,
            "<=": level.value > goal.value,
            "<": level.value >= goal.value,
            ">": level.value <= goal.value,
        }
        if fails.get(wanted):
            yield finding(
                source, line, level.figure.start, goal.figure.end, "threshold", level.printed,
                goal.printed, "所列数值没有达到所说的目标",
            )  # fmt: skip
    for match in _CLASS_GOAL.finditer(text):
        stated, wanted_class = (
            figures.water_class(text, match.start(group), match.end(group))
            for group in ("class", "goal")
        )
        if stated and wanted_class and _CLASSES.index(stated[0]) > _CLASSES.index(wanted_class[0]):
            yield finding(
                source, line, match.start(), match.end(), "threshold", match["class"],
                wanted_class[0], "水质类别没有达到所说的目标",
            )  # fmt: skip
    yield from _second_grade(source, line, said)


def _at_least(line: Line, said: list[Said], number: int) -> bool | None:
    """Whether more is better, by the indicator the level is of or by its words."""
    words = before(line, said, number)
    entry = things.indicator(load(), words, said[number].figure.unit, words, words)
    if entry is not None:
        return entry.better == "up"
    if re.search(r"浓度|指数|污染|超标|降尘|投诉|能耗", words):
        return False
    return True if re.search(r"率|比例|占比|满意度", words) else None


def _second_grade(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    year = re.search(r"20\d\d", source)
    for number, level in enumerate(said):
        clause = line.text[level.figure.end :].split("。")[0].split(";")[0]
        if not _SECOND_GRADE.match(clause.lstrip(",")) or _NOT.search(clause[:4]):
            continue
        words = before(line, said, number)
        entry = things.indicator(load(), words, level.figure.unit, words, words)
        if entry is None or entry.id not in _ANNUAL:
            continue
        factor, average = _ANNUAL[entry.id]
        if year is None:
            continue
        on = date(int(year[0]), 7, 1)
        limit = Decimal(str(air_limits.limit(factor, average, on=on)))
        if level.value > limit:
            end = level.figure.end + len(clause)
            yield finding(
                source, line, level.figure.start, end, "threshold", level.printed, shown(limit),
                "超过二级标准的年均限值",
            )  # fmt: skip


def gaps(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``收集率58.32%,距75%的目标还差16.68个百分点``; ``好于考核目标(84.5%)2.3个百分点``."""
    text = line.text
    for number in range(1, len(said) - 1):
        goal, gap = said[number], said[number + 1]
        unit = "百分点" if goal.figure.unit == "%" else goal.figure.unit
        level = next(
            (
                m
                for m in reversed(said[:number])
                if m.figure.unit == goal.figure.unit
                and not re.search(
                    r"[较比与](?:上年|去年|20\d\d年)[^,;。]{0,4}$", text[m.clause : m.figure.start]
                )
            ),
            None,
        )
        if (
            level is None
            or gap.figure.unit != unit
            or not level.sentence == goal.sentence == gap.sentence
        ):
            continue
        ahead, rest = before(line, said, number), text[goal.figure.end : gap.figure.start]
        if ahead == "":
            ahead = text[text.rfind(",", 0, goal.figure.start) + 1 : goal.figure.start]
        elif goal.depth:
            ahead = text[text.rfind(",", 0, goal.clause - 1) + 1 : goal.figure.start]
        words = ahead + rest
        if not re.search(r"距|差|低于|高于|优于|好于|劣于|超过?", words) or len(words) > 24:
            continue
        if re.search(r"同期(?:为|是)?$", ahead):
            continue
        if not _GOAL.search(ahead + rest[:6]) or re.search(r"同比|[较比](?:去年|上年)", words):
            continue
        computed = abs(level.value - goal.value)
        way = re.search(r"优于|好于|劣于|差于", words)
        at_least = _at_least(line, said, said.index(level))
        if way and at_least is not None and level.value != goal.value:
            better = (level.value > goal.value) == at_least
            if better != (way[0] in ("优于", "好于")):
                yield finding(
                    source, line, level.figure.start, gap.figure.end, "direction", way[0],
                    "优于" if better else "劣于", f"{level.printed}与目标{goal.printed}",
                )  # fmt: skip
                continue
        if computed != gap.value:
            yield finding(
                source, line, level.figure.start, gap.figure.end, "gap",
                with_unit(gap.value, unit), with_unit(computed, unit), f"{level.printed}与{goal.printed}之差",
            )  # fmt: skip
