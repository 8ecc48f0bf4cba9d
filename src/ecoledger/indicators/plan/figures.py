"""Numbers of a clause: value, unit, comparator; ranges, lists that share a unit, Chinese numerals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from re import Pattern

from ecoledger.indicators.plan.words import Words, any_of

# One spelling for each unit.
_UNITS = {
    "微克每立方米": "微克/立方米", "μg/m3": "微克/立方米", "ug/m3": "微克/立方米",
    "毫克每立方米": "毫克/立方米", "mg/m3": "毫克/立方米", "毫克每升": "毫克/升", "mg/l": "毫克/升",
    "吨/平方千米·月": "吨/平方公里·月", "吨/月·平方公里": "吨/平方公里·月", "个百分点": "百分点",
    "个工作日": "工作日", "db": "分贝", "db(a)": "分贝", "吨/天": "吨/日", "立方米/天": "立方米/日",
    "千米": "公里", "km": "公里", "平方千米": "平方公里",
}  # fmt: skip
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_CHINESE = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2}
# A Chinese numeral is a figure only behind a verb that makes things countable (举办两场, 打造一条).
_COUNTING_VERB = r"(?:举办|举行|召开|召集|开展|组织|打造|建成|新建|建设|创建|新增|发布|查处|侦办|淘汰|关停|配备|购置)了?"
_BEFORE = re.compile(
    r"(?:控制在|保持在|稳定在|达到|达|不能超过|不得超过|不高于|不超过|不大于|不多于|不突破|不低于|不少于|不小于|至少|低于|小于|少于"
    r"|高于|大于|超过|超出|超|近|约|为|是|有|共计|共有|总计|累计|合计|共|实现|保持|稳定|持续|均|各|分别|到|至|:|已|了)+$"
)
_COMPARED = (
    ("<=", r"不高于|不超过|不[能得]超过|不大于|不多于|不突破"),
    (">=", r"不低于|不少于|不小于|至少"),
    ("<", r"低于|小于|少于|近$"),
    (">", r"高于|大于|超过|超出|超$"),
)
# 至少 before the verb of what is counted: 每季度至少组织1次.
_LEAST = re.compile(r"至少(?:组织|开展|举办|召开|完成|检查|发布|新建|建成)了?$")
_CLASS = re.compile(r"(?:(劣)于?)?(Ⅰ|Ⅱ|Ⅲ|Ⅳ|Ⅴ|IV|III|II|V|I)类")
_ROMAN = {"Ⅰ": "I", "Ⅱ": "II", "Ⅲ": "III", "Ⅳ": "IV", "Ⅴ": "V"}


@dataclass
class Figure:
    """A number as it stands in a folded line: ``lead`` is where its comparator words begin."""

    lead: int
    start: int
    end: int
    value: float
    high: float | None
    unit: str | None
    comparator: str
    bound: bool = False  # 以上/以下 behind it, a noun after that

    @property
    def counts(self) -> bool:
        """Whether it counts things, as a percentage or a concentration does not."""
        return (
            self.unit is not None
            and "/" not in self.unit.replace("/日", "").replace("/年", "")
            and self.unit not in ("%", "百分点", "倍", "分贝")
        )


@cache
def _patterns(words: Words) -> tuple[Pattern[str], Pattern[str], Pattern[str], Pattern[str]]:
    counted, exact = any_of(words.counted), any_of(words.exact)
    number = re.compile(
        rf"(?<![\dA-Za-z.#〔第])(?P<num>{_NUMBER})"
        rf"(?:(?:{exact})?[-~—至到](?P<high>{_NUMBER}))?"
        rf"(?P<unit>(?P<odd>余|多)?(?P<scale>[万亿])?(?P<more>余|多|来)?(?P<name>{exact}|{counted}))?"
        rf"(?P<after>余|多)?(?P<tail>及以上|及以下|以上|以下|以内|之内|左右)?",
        re.IGNORECASE,
    )
    chinese = re.compile(
        rf"(?:{_COUNTING_VERB})(?P<num>[一两二三四五六七八九十]{{1,3}})(?P<name>场次?|次|条|座|处|个|所|家|期|套|台|辆|起|篇|份)"
    )
    often = re.compile(
        r"每(?:月|季度?|年|周|半年|日|天)[^,;。\d]{0,12}?(?P<num>[一两二三四])(?P<name>次|场|期)"
    )
    # 二十余部, 三十多家: nobody writes an ordinal or a programme's name so.
    about = re.compile(
        rf"(?P<num>[二三四五六七八九]?十|[一二两三四五六七八九]百)(?:余|多)(?P<name>{counted})"
    )
    return number, chinese, often, about


def unit_name(text: str) -> str:
    """The one spelling of a unit."""
    return _UNITS.get(text.lower(), text)


def _number(text: str) -> float:
    value = float(text.replace(",", ""))
    return int(value) if value.is_integer() else value


def _chinese(text: str) -> int | None:
    if text == "十":
        return 10
    if text.endswith("百"):
        return 100 * _CHINESE[text[0]]
    if "十" in text:
        tens, _, ones = text.partition("十")
        return 10 * (_CHINESE.get(tens, 1) if tens else 1) + (_CHINESE.get(ones, 0) if ones else 0)
    return _CHINESE.get(text) if len(text) == 1 else None


def _comparator(lead: str, more: bool, tail: str, high: float | None) -> str:
    if high is not None:
        return "range"
    if tail in ("以上", "及以上"):
        return ">="
    if tail in ("以下", "及以下", "以内", "之内"):
        return "<="
    for comparator, pattern in _COMPARED:
        if re.search(pattern, lead):
            return comparator
    return ">=" if more else "="


def find(words: Words, text: str, begin: int, end: int) -> list[Figure]:
    """Figures of ``text[begin:end]`` in their order. Years, dates, ordinals and bare numbers with letters are none."""
    number, chinese, often, about = _patterns(words)
    rows: list[Figure] = []
    for match in number.finditer(text, begin, end):
        after = text[match.end() : match.end() + 2]
        if not match["unit"] and re.match(
            r"年|月|日|号|时|分(?!贝)|#|类|级|号令|[A-Za-z〕]", after
        ):
            continue
        if match.start() and text[match.start() - 1] in "第〔":
            continue
        lead = _BEFORE.search(text, begin, match.start())
        lead_start = lead.start() if lead else match.start()
        unit = unit_name(match["name"]) if match["unit"] else None
        if unit and match["scale"]:
            unit = match["scale"] + unit
        high = _number(match["high"]) if match["high"] else None
        tail = match["tail"] or ""
        bound = (tail in ("及以上", "及以下") and bool(re.match(r"[的\w(]", after))) or (
            bool(tail)
            and tail != "左右"
            and unit in words.bounding
            and bool(re.match(r"[的\w]", after))
        )
        rows.append(
            Figure(
                lead_start,
                match.start(),
                match.end(),
                _number(match["num"]),
                high,
                unit,
                _comparator(
                    "至少"
                    if _LEAST.search(text, begin, match.start())
                    else lead.group()
                    if lead
                    else "",
                    bool(match["odd"] or match["more"] or match["after"]),
                    tail,
                    high,
                ),
                bound,
            )
        )
    for match in chain(
        chinese.finditer(text, begin, end),
        often.finditer(text, begin, end),
        about.finditer(text, begin, end),
    ):
        value = _chinese(match["num"])
        noun = text[match.end() : match.end() + 12]
        if value is None or any(word in noun for word in words.abstract):
            continue
        start = match.start("num")
        if any(row.start == start for row in rows):
            continue
        comparator = ">=" if match.re is about else "="
        rows.append(Figure(start, start, match.end(), value, None, match["name"], comparator))
    rows.sort(key=lambda figure: figure.start)
    return list(_shared_units(text, rows))


def _shared_units(text: str, rows: list[Figure]) -> Iterator[Figure]:
    """``21.5、39微克/立方米``: a number without unit takes that of the next in its list."""
    for here, following in zip(reversed(rows[:-1]), reversed(rows[1:]), strict=True):
        if here.unit is None and text[here.end : following.start] in (
            "、",
            "和",
            "与",
            "及",
            ",",
            "和第",
        ):
            here.unit = following.unit
            here.end = max(here.end, here.start + 1)
    yield from rows


def water_class(text: str, begin: int, end: int) -> tuple[str, int, int] | None:
    """The last water class of a passage: its name (``"III"``, ``"inferior V"``) and where it stands."""
    last = None
    for match in _CLASS.finditer(text, begin, end):
        last = match
    if last is None:
        return None
    name = _ROMAN.get(last[2], last[2])
    return ("inferior V" if last[1] else name), last.start(), last.end()
