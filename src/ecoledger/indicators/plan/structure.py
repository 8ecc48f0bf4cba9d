"""Where in a text a passage stands: its section, whether plan or summary, and the year spoken of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ecoledger.indicators.plan.folding import Line

PLAN, SUMMARY = "plan", "summary"
_CN = "[一二三四五六七八九十]{1,3}"
_MARKS = (
    (1, re.compile(rf"({_CN})、(?![一二三四五六七八九十]{{1,2}}类)")),
    (2, re.compile(rf"\(({_CN})\)")),
    (3, re.compile(r"(\d{1,2})[.、](?![\d\s])")),
    (4, re.compile(r"\((\d{1,2})\)")),
    (5, re.compile(rf"((?:{_CN})(?:是|要))(?![否的])")),
)
_PLAN_WORDS = re.compile(
    r"计划|打算|思路|安排|要点|下一步|下步|下阶段|下一阶段|主要目标|目标指标|工作目标|总体目标|目标要求|重点任务|主要任务"
    r"|总体要求|工作设想|谋划|实施方案|行动方案|保障措施|工作方案"
)
_SUMMARY_WORDS = re.compile(
    r"总结|完成情况|进展|成效|亮点|回顾|开展情况|工作情况|存在|问题和|不足|瓶颈|困难|执行情况|公报|状况|汇报|整改情况|主要措施与"
)
_YEAR = re.compile(r"(20\d\d)(?:年度?|[-~—]|(?=[上下]半年))(上半年|下半年)?")


@dataclass(frozen=True)
class Time:
    """The year of a part, and its half if the text is of one."""

    year: int | None
    half: str = ""

    def __str__(self) -> str:
        return f"{self.year}{self.half}" if self.year else ""


@dataclass(frozen=True)
class Passage:
    """A stretch of a line that belongs to one section. ``heading``: its text is one, not content."""

    line: Line
    start: int
    end: int
    section: str
    part: str
    time: Time
    heading: bool
    point: int  # number of the innermost numbered point, the same for its lines


@dataclass(frozen=True)
class Document:
    """What title and headings say of a text: how it begins, and the year of each part."""

    part: str
    times: dict[str, Time]


def _time_near(text: str, words: re.Pattern[str]) -> Time | None:
    """The year written nearest before the words that name a part."""
    match = words.search(text)
    if match is None:
        return None
    years = [m for m in _YEAR.finditer(text) if m.start() < match.end()]
    half = ""
    stretch = text[years[-1].start() : match.end()] if years else text[: match.end()]
    if "上半年" in stretch:
        half = "H1"
    if "下半年" in stretch and stretch.rfind("下半年") > stretch.rfind("上半年"):
        half = "H2"
    return Time(int(years[-1][1]) if years else None, half)


def document(rows: list[Line]) -> Document:
    """Read the title lines, else count what the text speaks of."""
    summary = plan = None
    title = ""
    for line in rows[:16]:
        text = line.text[:120]
        if (
            len(line.text) > 70
            and not text.startswith(("生态", "市", "县", "区"))
            and "工作" not in text[:40]
        ):
            continue
        if re.search(
            r"工作(?:年度)?(?:总结|小结|要点|计划|思路|打算|安排|报告|汇报|情况|方案)|总结|公报|汇报|通报|实施方案|行动计划",
            text,
        ) and (_YEAR.search(text) or "年度" in text):
            title = text
            near = _time_near(
                text, re.compile(r"总结|小结|公报|汇报|通报|工作情况|情况(?:的)?报告|述职")
            )
            ahead = _time_near(
                text,
                re.compile(
                    r"要点|计划|思路|打算|(?<!情况)安排|工作方案|实施方案|行动方案|设想|谋划"
                ),
            )
            summary, plan = near, ahead
            break
    years = Counter(
        int(m[1]) for line in rows for m in re.finditer(r"(?<![比较与])(20\d\d)年", line.text)
    )
    common = years.most_common(1)[0][0] if years else None
    if not title:
        text = "".join(line.text for line in rows)
        past = len(
            re.findall(r"同比|已[完累形建]|累计|比上年|较上年|较去年|共[受办查检立处排]", text)
        )
        ahead_count = len(re.findall(r"确保|力争|推进|要[^求素]|加快|年底前", text))
        part = SUMMARY if past * 4 > ahead_count else PLAN
        return Document(part, {SUMMARY: Time(common), PLAN: Time(common)})
    if summary is not None and summary.year is None:
        half = summary.half
        summary = Time(plan.year - 1 if plan and plan.year and not half else common, half)
    if plan is not None and plan.year is None:
        plan = Time(summary.year if summary else common, plan.half)
    if plan is None and summary is not None:
        ahead_time = (
            Time(summary.year, "H2") if summary.half == "H1" else Time((summary.year or 0) + 1)
        )
        return Document(SUMMARY, {SUMMARY: summary, PLAN: ahead_time})
    if summary is None:
        plan = plan or Time(common)
        before = Time(plan.year - 1 if plan.year else None)
        return Document(PLAN, {SUMMARY: before, PLAN: plan})
    return Document(SUMMARY, {SUMMARY: summary, PLAN: plan or summary})


def marks(line: Line) -> Iterator[tuple[int, int, int, str]]:
    """Enumerators of a line: where they begin and end, their level, their label."""
    for level, pattern in _MARKS:
        for match in pattern.finditer(line.text):
            start = match.start()
            before = line.text[start - 1] if start else ""
            fresh = (
                start == 0 or before in "。;!:?)”" or (line.spaced[start] and before not in "、,")
            )
            if level == 5:
                fresh = start == 0 or before in "。;,:!?)”" or line.spaced[start]
            if level in (2, 4) and start and not (before in "。;!:" or line.spaced[start]):
                fresh = False
            if level == 3 and start and before == ")":
                fresh = False
            if fresh:
                label = f"({match[1]})" if level in (2, 4) else match[1]
                yield start, match.end(), level, label


def _turn(text: str, part: str) -> str | None:
    """The part that a heading opens, if its words tell."""
    plan, summary = _PLAN_WORDS.search(text), _SUMMARY_WORDS.search(text)
    if summary and (not plan or re.search(r"完成情况|总结|进展|成效", text)):
        return SUMMARY
    if plan:
        return PLAN
    return None


def passages(rows: list[Line]) -> Iterator[Passage]:
    """The text cut at its enumerators."""
    whole = document(rows)
    part, time = whole.part, whole.times[whole.part]
    path: dict[int, str] = {}
    point = 0
    for number, line in enumerate(rows):
        path.pop(5, None)
        found = sorted(marks(line))
        stops = [start for start, *_ in found[1:]] + [len(line.text)]
        if not found or found[0][0] > 0:
            first = found[0][0] if found else len(line.text)
            turned = (
                _turn(line.text[:first], part) if first <= 24 and first == len(line.text) else None
            )
            if turned and number > 0 and path and not _YEAR.search(line.text[:first]):
                part, time = turned, whole.times[turned]
            yield Passage(line, 0, first, _section(path), part, time, _bare(line, 0, first), point)
        for (start, end, level, label), stop in zip(found, stops, strict=False):
            for deeper in [k for k in path if k >= level]:
                del path[deeper]
            path[level] = label
            point += 1
            text = line.text[end:stop]
            head = re.split(r"[。;]", text)[0][:40]
            if level <= 2:
                turned = (
                    _turn(head, part)
                    if level == 1 or len(path) == 1 or _turn(head, part) == PLAN
                    else None
                )
                if level == 2 and turned and not re.search(r"下一步|下步|打算|完成情况|存在", head):
                    turned = None
                if turned:
                    part = turned
                    time = _own_time(head, whole.times[part])
            yield Passage(
                line,
                end,
                stop,
                _section(path),
                part,
                time,
                _heading(rows, number, start, end, stop, level),
                point,
            )


def _own_time(head: str, default: Time) -> Time:
    year = _YEAR.search(head)
    if year is None:
        return default
    half = {"上半年": "H1", "下半年": "H2"}.get(
        year[2] or "", default.half if default.year == int(year[1]) else ""
    )
    return Time(int(year[1]), half)


def _section(path: dict[int, str]) -> str:
    return "/".join(path[level] for level in sorted(path))


def _bare(line: Line, start: int, end: int) -> bool:
    """A line without enumerator and without closing punctuation: a title, a name, a date."""
    text = line.text[start:end]
    return not re.search(r"[。;!,:|]", text) and len(text) < 40


def _heading(rows: list[Line], number: int, start: int, end: int, stop: int, level: int) -> bool:
    """A numbered line that only names what stands below it."""
    line = rows[number]
    text = line.text[end:stop]
    if re.search(r"[。;!]", text) or stop != len(line.text) or len(text) > 50:
        return False
    if level <= 2:
        return not re.search(r"[。;:]", text)
    if start or number + 1 == len(rows):
        return False
    following = next(iter(sorted(marks(rows[number + 1]))), None)
    return following is None or following[0] > 0 or following[2] > level
