"""Firms and places as people write them: 安澜市骅驰印染厂 and 骅驰印染, 盐河路34号 and 盐河路三十四号附近.

Names are read from their end, because what stands before a road or a firm in a sentence cannot be told from it
without a dictionary: 位置盐河路 and 盐河路 are compared by how they end. Words: ``data/complaint_words.toml``.
Practice of complaint records; no standard governs it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ecoledger.standards.rule_data import compiled

_UNSEEN = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\u00ad]+")
_BRACKETED = re.compile(r"[(\[【〔（][^()\[\]【】〔〕（）]*[)\]】〕）]")
_DIVISION = re.compile(r"^(?:[\u4e00-\u9fff]{2,3}(?:省|市|县|自治州))+")
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = "[零〇一二两三四五六七八九十百千]"


def plain(text: Any) -> str:
    """Half-width, lower case, without blanks and invisible signs."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", str(text or ""))).casefold()


def arabic(numeral: str) -> int:
    """The value of a Chinese numeral below ten thousand.

    >>> arabic("三十四"), arabic("一百零二"), arabic("十"), arabic("二〇六")
    (34, 102, 10, 206)
    """
    if not any(c in _UNITS for c in numeral):
        return int("".join(str(_DIGITS[c]) for c in numeral))
    total = digit = 0
    for c in numeral:
        if c in _UNITS:
            total += (digit or 1) * _UNITS[c]
            digit = 0
        else:
            digit = _DIGITS[c]
    return total + digit


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary, ready for use."""

    trouble: dict[str, tuple[str, ...]]  # kind -> words
    medium: dict[str, str]  # kind of trouble -> medium
    media: dict[str, str]  # word of a column -> medium
    trades: tuple[tuple[str, str], ...]  # (word, trade), the longest word first
    tails: tuple[str, ...]
    nobody: frozenset[str]
    road: re.Pattern[str]
    estate: re.Pattern[str]
    village: re.Pattern[str]


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


@compiled("complaint_words")
def words(content: dict[str, Any]) -> Words:
    """The vocabulary of complaints in force."""
    trades = [
        (word.casefold(), trade) for trade, listed in content["trade"].items() for word in listed
    ]
    place = content["place"]
    han = "[\u4e00-\u9fff]"
    return Words(
        {kind: tuple(table["words"]) for kind, table in content["trouble"].items()},
        {kind: table["medium"] for kind, table in content["trouble"].items()},
        {word: medium for medium, listed in content["media"].items() for word in listed},
        tuple(sorted(trades, key=lambda pair: -len(pair[0]))),
        tuple(sorted(content["firm"]["tails"], key=len, reverse=True)),
        frozenset(map(plain, content["firm"]["unknown"])),
        re.compile(
            rf"({han}{{1,5}}(?:{_any_of(place['roads'])}))(?:(\d+)(?:-\d+)?号?|({_NUMERAL}+)号)?"
        ),
        re.compile(rf"({han}{{1,5}}(?:{_any_of(place['estates'])}))"),
        re.compile(rf"({han}{{1,3}}(?:{_any_of(place['villages'])}))"),
    )


# -- firms ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Firm:
    """Who is named: ``brand`` tells firms apart, ``trade`` two firms of one brand; "" where nothing tells it."""

    brand: str
    trade: str


def read_firm(name: Any) -> Firm | None:
    """The firm a name names, ``None`` where it names nobody.

    >>> read_firm("安澜市骅驰印染厂") == read_firm("骅驰印染有限公司") == Firm("骅驰", "dyeing")
    True
    >>> read_firm("不详") is None
    True
    """
    known = words()
    text = _BRACKETED.sub("", plain(name)) or plain(name)
    if not text or text in known.nobody:
        return None
    text = _DIVISION.sub("", text) or text
    trade = ""
    core = text
    while True:
        tail = next((t for t in known.tails if core.endswith(t) and len(core) - len(t) >= 2), "")
        if tail:
            core = core[: -len(tail)]
            continue
        word, kind = next(
            ((w, k) for w, k in known.trades if core.endswith(w) and len(core) - len(w) >= 1),
            ("", ""),
        )
        if not word:
            break
        trade, core = trade or kind, core[: -len(word)]
    if core in known.nobody or len(core) < 2:
        core = text
    return Firm(core, trade or trade_of(text))


def trade_of(*texts: Any) -> str:
    """The trade that the first of ``texts`` with a trade's word tells; "" for none."""
    for text in map(plain, texts):
        if text:
            for word, trade in words().trades:
                if word in text:
                    return trade
    return ""


# -- places ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """What an address says; "" for what it does not."""

    road: str = ""
    number: str = ""
    estate: str = ""
    village: str = ""

    @property
    def empty(self) -> bool:
        return not (self.road or self.estate or self.village)


_TOWN_ENDS = re.compile(r"^.*(?:镇|乡|市|县)")


def read_place(*texts: Any) -> Place:
    """The place that ``texts`` tell, an earlier one before a later.

    >>> read_place("安澜市云台镇盐河路34号") == read_place("云台镇盐河路三十四号附近")
    True
    >>> read_place("樟塍村（工业路203号）")
    Place(road='工业路', number='203', estate='', village='樟塍村')
    """
    known = words()
    road = number = estate = village = ""
    for text in map(plain, texts):
        text = text.replace("街道", "镇")  # a town's word, not a road's
        if not road or not number:
            for match in known.road.finditer(text):
                name = _own_part(match[1])
                nr = match[2] or (str(arabic(match[3])) if match[3] else "")
                if not road or (nr and not number and same_end(name, road)):
                    road, number = road or name, nr
        if not estate and (there := known.estate.search(text)):
            estate = _own_part(there[1])
        if not village and (there := known.village.search(text)):
            village = _own_part(there[1])
    return Place(road, number.lstrip("0"), estate, village)


def _own_part(name: str) -> str:
    """A name without the town before it: 云台镇盐河路 is 盐河路."""
    rest = _TOWN_ENDS.sub("", name[:-2]) + name[-2:]
    return rest if len(rest) >= 2 else name


def same_end(one: str, other: str) -> bool:
    """Whether two names may be one, the longer with words of its sentence before it."""
    short, long = sorted((one, other), key=len)
    return len(short) >= 2 and long.endswith(short)


# -- what it is about -----------------------------------------------------------------------------


def troubles(text: Any) -> frozenset[str]:
    """Kinds of trouble a text tells of: odour, noise, sewage …"""
    said, kinds = plain(text), set()
    for kind, listed in words().trouble.items():
        for word in listed:
            if word in said:
                kinds.add(kind)
                break
    return frozenset(kinds)


def media_of(kinds: Iterable[str], column: Any = "") -> frozenset[str]:
    """The media of those troubles; where there are none, those that a column names."""
    known = words()
    media = {known.medium[kind] for kind in kinds}
    if not media:
        parts = re.split(r"[、,，;；|/+和及\s]+", str(column or ""))
        media = {known.media[part] for part in parts if part in known.media}
    return frozenset(media)
