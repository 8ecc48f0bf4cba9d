"""Whether the figures of a summary agree with each other, from the text alone.

What is computed again: parts against their whole, shares of stated counts, changes said twice, days against
rates, one place called good and bad. A finding is a question to the writer, not a verdict: it says what
stands there, what the other figures come to, and under which condition both hold.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from ecoledger.indicators.plan import figures, sentences, times
from ecoledger.indicators.plan.figures import Figure
from ecoledger.indicators.plan.folding import Line, lines
from ecoledger.indicators.plan.parts import alike
from ecoledger.indicators.plan.structure import passages
from ecoledger.indicators.plan.words import Words, load

# Parts that come to less than this share of the whole are examples, not a division.
DIVIDES = Decimal("0.8")
_OPENS = re.compile(r"^[,;、]?(?:其中|包括|包含|含|分别为|分别是)")
_DONE = re.compile(r"(?:整改|完成|办结|销号|开工|竣工|落实)[^,;。]{0,4}率[为达到]*$")
_DONE_COUNT = re.compile(r"(?:完成|整改|办结|销号|开工|竣工|落实)[^,;。\d]*$")
_SHARE_OF = re.compile(r"占(?P<of>[^,;。\d]{2,14}?)的?$")
_SECTIONS = re.compile(
    r"断面[^,;。\d]{0,16}(?:优良|优Ⅲ|优Ⅱ|优三|Ⅲ类|劣Ⅴ|达标)[^,;。\d]{0,8}(?:比例|率|占比)?[均为达到]*$"
)
_GOOD = re.compile(r"(?P<name>[\u4e00-\u9fff]{2,6}?)(?:点位|断面|站点|水库)")
_BAD = re.compile(r"未能?(?:稳定)?达标|不能(?:稳定)?达标|超标|未达")


# A text that says how its changes were computed needs no further note.
_SAYS_UNROUNDED = "由未修约值计算"


@dataclass(frozen=True)
class Finding:
    """Figures that do not agree: where, of what kind, what is stated and what the others come to."""

    start: int
    end: int
    text: str
    kind: str
    stated: str
    computed: str
    note: str

    def line(self) -> str:
        """The finding as one line of JSON."""
        row = asdict(self)
        return json.dumps({"span": [row.pop("start"), row.pop("end")], **row}, ensure_ascii=False)


@dataclass(frozen=True)
class _Said:
    """A figure where it stands: brackets around it, and its digits as printed."""

    figure: Figure
    depth: int
    sentence: int
    clause: int
    printed: str

    @property
    def value(self) -> Decimal:
        return Decimal(self.printed.replace(",", ""))

    @property
    def decimals(self) -> int:
        return len(self.printed.partition(".")[2])


def check(source: str) -> list[Finding]:
    """Every disagreement of a text, in its order."""
    words = load()
    rows = list(lines(source))
    found: list[Finding] = []
    for line in rows:
        said = _said(words, line)
        for rule in (_parts, _rest, _ratios, _shares, _sections, _changes, _remaining):
            found += rule(source, line, said)
    found += _days(source, rows)
    found += _contradictions(source, rows)
    unique = {(f.start, f.end, f.kind): f for f in found}
    return sorted(unique.values(), key=lambda f: (f.start, f.end))


def _said(words: Words, line: Line) -> list[_Said]:
    text = line.text
    marks = sentences.brackets(text)
    rows: list[_Said] = []
    for figure in figures.find(words, text, 0, len(text)):
        around = [b for b in marks if b.start < figure.start < b.end]
        named = any(
            b.mark == "《" or (b.mark == "“" and b.end - b.start <= sentences.LONG_QUOTE)
            for b in around
        )
        if named or figure.high is not None or figure.bound:
            continue
        match = re.match(r"[\d,]*\.?\d+", text[figure.start :])
        printed = match.group() if match else f"{figure.value}"
        depth = sum(1 for b in around if b.mark == "(")
        begin = max(text.rfind(mark, 0, figure.start) for mark in "。;") + 1
        clause = max(text.rfind(mark, 0, figure.start) for mark in "。;,(") + 1
        rows.append(_Said(figure, depth, begin, clause, printed))
    return rows


def _finding(
    source: str, line: Line, start: int, end: int, kind: str, stated: str, computed: str, note: str
) -> Finding:
    first, last = line.span(start, end)
    return Finding(first, last, source[first:last], kind, stated, computed, note)


def _rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _shown(value: Decimal) -> str:
    return f"{value.normalize():f}"


# ---- parts of a whole


def _parts(source: str, line: Line, said: list[_Said]) -> Iterator[Finding]:
    for number, whole in enumerate(said):
        if not whole.figure.counts:
            continue
        for members in (_in_bracket(line, said, number), _after_of_which(line, said, number)):
            total = sum((m.value for m in members), Decimal(0))
            if len(members) < 2 or total == whole.value or total < whole.value * DIVIDES:
                continue
            last = members[-1].figure.end
            more = total > whole.value
            note = (
                "各分项之和大于总数"
                if more
                else f"各分项之和少{_shown(whole.value - total)}，其余未说明"
            )
            yield _finding(
                source, line, whole.figure.start, last, "parts", whole.printed, _shown(total), note
            )


def _in_bracket(line: Line, said: list[_Said], number: int) -> list[_Said]:
    """Figures of the bracket right behind a figure or its noun."""
    whole = said[number]
    for row in sentences.brackets(line.text):
        between = line.text[whole.figure.end : row.start]
        if row.mark != "(" or row.start < whole.figure.end or re.search(r"[\d,;。、]", between):
            continue
        if len(between) > 12:
            continue
        return [
            m
            for m in said
            if row.start < m.figure.start < row.end
            and m.depth == whole.depth + 1
            and alike(m.figure.unit, whole.figure.unit)
        ]
    return []


def _after_of_which(line: Line, said: list[_Said], number: int) -> list[_Said]:
    """Figures after 其中 or 包括 in the same sentence, as long as they are of the same kind."""
    whole = said[number]
    following = [
        m for m in said[number + 1 :] if m.sentence == whole.sentence and m.depth == whole.depth
    ]
    if not following:
        return []
    between = line.text[whole.figure.end : following[0].figure.lead]
    opened = re.search(r"[,、(]?(其中|包括|包含)", between)
    if opened is None or "," in between[: opened.start()] or re.search(r"[;。]", between):
        return []
    members: list[_Said] = []
    for m in following:
        begin = line.text.rfind(",", 0, m.figure.start) + 1
        if re.match(r"(?:均|已|并|同时|共|累计|目前)", line.text[begin : m.figure.start]):
            break
        if not alike(m.figure.unit, whole.figure.unit):
            break
        # What follows parts that fill the whole says what became of it: 办结210件.
        if len(members) > 1 and sum((o.value for o in members), Decimal(0)) == whole.value:
            break
        members.append(m)
    return members


# ---- rates of stated counts


def _ratios(source: str, line: Line, said: list[_Said]) -> Iterator[Finding]:
    """``134项,完成104项,完成率77.6%``."""
    for number, rate in enumerate(said):
        text = line.text
        if rate.figure.unit != "%" or not _DONE.search(text[rate.clause : rate.figure.start]):
            continue
        counts = [
            m
            for m in said[:number]
            if m.sentence == rate.sentence and m.figure.counts and m.depth == rate.depth
        ]
        done = [
            m
            for m in counts
            if _DONE_COUNT.search(text[m.clause : m.figure.start])
            and not re.search(r"正在|未|剩余|其余", text[m.clause : m.figure.start])
        ]
        if len(counts) < 2 or not done:
            continue
        part = done[-1]
        wholes = [
            m
            for m in counts
            if m is not part and m.figure.unit == part.figure.unit and m.value >= part.value
        ]
        shares = {_rounded(part.value * 100 / m.value, rate.decimals): m for m in wholes if m.value}
        if not shares or rate.value in shares:
            continue
        share, whole = next(reversed(shares.items()))
        yield _finding(
            source, line, whole.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
            f"{_shown(share)}%", f"{part.printed}/{whole.printed}",
        )  # fmt: skip


def _rest(source: str, line: Line, said: list[_Said]) -> Iterator[Finding]:
    """``9个…,已有4个…,2个…,其余3个``: what is left must fill the whole."""
    text = line.text
    for number, last in enumerate(said):
        if not last.figure.counts or not re.search(
            r"(?:其余|剩余|余下)的?$", text[last.clause : last.figure.start]
        ):
            continue
        before = [
            m
            for m in said[:number]
            if m.sentence == last.sentence and m.figure.unit == last.figure.unit
        ]
        if len(before) < 2:
            continue
        sums = [
            (whole, sum((m.value for m in before[k + 1 :]), last.value))
            for k, whole in enumerate(before[:-1])
        ]
        whole, total = sums[0]
        if any(total == one.value for one, total in sums) or whole.value != max(
            m.value for m in before
        ):
            continue
        yield _finding(
            source, line, whole.figure.start, last.figure.end, "parts", whole.printed, _shown(total),
            "各分项与其余之和不等于总数",
        )  # fmt: skip


def _shares(source: str, line: Line, said: list[_Said]) -> Iterator[Finding]:
    """``39件,占5.9%`` of 666; ``占行政许可总事项的71.43%`` of 14."""
    text = line.text
    for number, rate in enumerate(said):
        if rate.figure.unit != "%":
            continue
        before = text[rate.clause : rate.figure.start]
        if re.fullmatch(r"约?占(?:比|总数的?)?(?:为|达)?", before) and number:
            part = said[number - 1]
            wholes = [m for m in said[: number - 1] if alike(m.figure.unit, part.figure.unit)]
            whole = max(wholes, key=lambda m: m.value, default=None)
            if whole is None or not part.figure.counts or part.value > whole.value:
                continue
            share = _rounded(part.value * 100 / whole.value, rate.decimals)
            if share != rate.value:
                yield _finding(
                    source, line, part.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
                    f"{_shown(share)}%", f"{part.printed}/{whole.printed}",
                )  # fmt: skip
            continue
        named = _SHARE_OF.search(before)
        if named is None:
            continue
        noun = re.sub(r"总|全部|所有", "", named["of"])
        for whole in said[:number]:
            if whole.figure.counts and text[whole.clause : whole.figure.start].endswith(noun):
                yield from _off_grid(source, line, whole, rate, rate.value)


def _sections(source: str, line: Line, said: list[_Said]) -> Iterator[Finding]:
    """``6个国考断面…比例100%,同比提高66.7个百分点``: a share of six has seven values."""
    text = line.text
    for whole, rate in itertools.pairwise(said):
        between = text[whole.figure.end : rate.figure.start]
        if rate.figure.unit != "%" or not whole.figure.counts or re.search(r"[,;。]", between):
            continue
        if _SECTIONS.search(between):
            yield from _off_grid(source, line, whole, rate, rate.value)


def _off_grid(
    source: str, line: Line, whole: _Said, rate: _Said, share: Decimal
) -> Iterator[Finding]:
    count = int(whole.value)
    if not 0 < count <= 1000:
        return
    possible = [_rounded(Decimal(100 * k) / count, rate.decimals) for k in range(count + 1)]
    if share in possible:
        return
    nearest = min(possible, key=lambda value: abs(value - share))
    yield _finding(
        source, line, whole.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
        f"{_shown(nearest)}%", f"{whole.printed}个中的任何个数都得不出这个比例",
    )  # fmt: skip


# ---- changes


def _changes(source: str, line: Line, said: list[_Said]) -> Iterator[Finding]:
    """``35.5,同比下降4.2(10.7%)``: the percentage from the printed figures."""
    text = line.text
    for level, change, percent in zip(said, said[1:], said[2:], strict=False):
        way = re.search(
            r"(下降|减少|降低|改善|上升|提高|增加|增长)(?:了)?$",
            text[level.figure.end : change.figure.start],
        )
        if way is None or percent.figure.unit != "%" or percent.depth != change.depth + 1:
            continue
        if level.figure.unit != change.figure.unit or text[change.figure.end] != "(":
            continue
        sign = 1 if way[1] in ("上升", "提高", "增加", "增长") else -1
        computed = _of_base(level.value, change.value, sign)
        if computed is None or _rounded(computed, percent.decimals) == percent.value:
            continue
        half, half_change = _half(level), _half(change)
        edges = [
            _of_base(level.value + a * half, change.value + b * half_change, sign)
            for a in (-1, 1)
            for b in (-1, 1)
        ]
        known = [edge for edge in edges if edge is not None]
        slack = Decimal(5).scaleb(-percent.decimals - 1)
        holds = min(known) - slack <= percent.value <= max(known) + slack
        if holds and _SAYS_UNROUNDED in source:
            continue
        note = "按未修约的数可以成立，应注明" if holds else "按所列数值算不出这个比例"
        yield _finding(
            source, line, level.figure.start, percent.figure.end, "change", f"{percent.printed}%",
            f"{_shown(_rounded(computed, percent.decimals))}%", note,
        )  # fmt: skip


def _half(said: _Said) -> Decimal:
    return Decimal(5).scaleb(-said.decimals - 1)


def _of_base(level: Decimal, change: Decimal, sign: int) -> Decimal | None:
    base = level - sign * change
    return change * 100 / base if base else None


# ---- work left


def _remaining(source: str, line: Line, said: list[_Said]) -> Iterator[Finding]:
    """``47件(重复20件,不属实1件),已完成整改22件``: which of the three counts is the whole?"""
    text = line.text
    for number, whole in enumerate(said):
        members = _in_bracket(line, said, number)
        out = [
            m for m in members if re.search(r"重复|不属实|查否", text[m.clause : m.figure.start])
        ]
        if not out:
            continue
        net = whole.value - sum((m.value for m in out), Decimal(0))
        for m in said[number + 1 :]:
            if m.sentence != whole.sentence or m.figure.unit != whole.figure.unit or m.depth:
                continue
            if re.search(r"(?:完成整改|整改完成|办结|整改到位)$", text[m.clause : m.figure.start]):
                if m.value != net:
                    yield _finding(
                        source, line, whole.figure.start, m.figure.end, "denominator", m.printed,
                        _shown(net), f"剔除后应办{_shown(net)}，尚有{_shown(net - m.value)}未完成；请说明以哪个数为分母",
                    )  # fmt: skip
                break


# ---- over the whole text


def _days(source: str, rows: list[Line]) -> Iterator[Finding]:
    """Good or polluted days against the rate of good days, over the calendar."""
    rate = re.compile(r"优良(?:天数)?(?:比率|比例|率)[为达到]*(\d+(?:\.(\d+))?)%")
    for passage in passages(rows):
        text = passage.line.text[passage.start : passage.end]
        match = rate.search(text)
        days = re.search(r"(?:空气)?污染天数?共?为?(\d+)天", text)
        good = re.search(r"优良天数?共?为?(\d+)天", text)
        year = passage.time.year
        if match is None or year is None or not (days or good):
            continue
        calendar = _calendar_days(text, year, passage.time.half)
        # Where the text says how many days were valid, they are the denominator.
        if valid := re.search(r"有效(?:监测)?(?:天数)?[为共]*(\d+)天", text):
            calendar = int(valid[1])
        counted = days or good
        assert counted is not None  # noqa: S101  one of the two, as asked above
        number, decimals = int(counted[1]), len(match[2] or "")
        stated = Decimal(match[1])

        def share(
            valid: int, number: int = number, decimals: int = decimals, bad: bool = days is not None
        ) -> Decimal:
            part = valid - number if bad else number
            return _rounded(Decimal(100 * part) / valid, decimals)

        if share(calendar) == stated:
            continue
        fits = [valid for valid in range(max(number, 1), calendar + 1) if share(valid) == stated]
        note = (
            f"仅当有效天数为{fits[0]}–{fits[-1]}天时成立（日历{calendar}天），请注明有效天数"
            if fits
            else f"日历{calendar}天内任何有效天数都得不出"
        )
        start, end = sorted((match.start(), counted.start()))[0], max(match.end(), counted.end())
        yield _finding(
            source, passage.line, passage.start + start, passage.start + end, "valid_days",
            f"{match[1]}%", f"{_shown(share(calendar))}%", note,
        )  # fmt: skip


def _calendar_days(text: str, year: int, half: str) -> int:
    until = re.search(r"截[至止](?:20\d\d年)?(\d{1,2})月(?:(\d{1,2})日)?", text)
    if until:
        month = int(until[1])
        last = date.fromisoformat(times.month_end(year, month))
        if until[2]:
            last = date(year, month, min(int(until[2]), last.day))
        return (last - date(year, 1, 1)).days + 1
    span = re.search(r"(\d{1,2})[-~—至](\d{1,2})月", text)
    if span and int(span[1]) == 1 and 1 < int(span[2]) <= 12:
        return (date.fromisoformat(times.month_end(year, int(span[2]))) - date(year, 1, 1)).days + 1
    if half == "H1":
        return (date(year, 7, 1) - date(year, 1, 1)).days
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def _contradictions(source: str, rows: list[Line]) -> Iterator[Finding]:
    """A place that meets its target in one sentence and does not in another."""
    good: dict[str, tuple[Line, int, int]] = {}
    for line in rows:
        for match in re.finditer(r"[^,;。]*达标率?[均为]*100%", line.text):
            for name in _GOOD.finditer(match.group()):
                good.setdefault(_bare(name["name"]), (line, match.start(), match.end()))
    for line in rows:
        for match in _BAD.finditer(line.text):
            begin = max(line.text.rfind(mark, 0, match.start()) for mark in ",;。(") + 1
            for name in _GOOD.finditer(line.text[begin : match.start()]):
                bare = next(
                    (known for known in good if known and _bare(name["name"]).endswith(known)), None
                )
                if bare is None:
                    continue
                before, start, end = good[bare]
                first, last = before.span(start, end)
                yield _finding(
                    source, line, begin, match.end(), "contradiction",
                    line.text[begin : match.end()], source[first:last],
                    f"{bare}：年均值达标与逐月达标是两回事，请分别说明",
                )  # fmt: skip


def _bare(name: str) -> str:
    return re.sub(r"^.*(?:中|的|干流|省控|国控|市控|断面|及|和|流域)", "", name)
