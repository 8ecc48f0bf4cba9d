"""Units of measurement as tables write them: mg/L, μg·L-1, 微克每升, 万m³/d, t/(km²·月), 个/100mL, 万元.

A unit is a product of powers of plain units; two of one dimension differ by a plain number. Names and sizes: GB 3100, GB
3102 and 国务院《关于在我国统一实行法定计量单位的命令》, with what ledgers count by; what is no unit at all is ``None``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

# What a quantity is of, each with its power: mg/L is {mass: 1, length: -3}.
Dimension = frozenset[tuple[str, int]]
_Plain = tuple[dict[str, int], Fraction]

# Mass per volume, of water and of air.
CONCENTRATION: Dimension = frozenset({("mass", 1), ("length", -3)})

_PREFIXES = {"p": -12, "n": -9, "u": -6, "μ": -6, "m": -3, "c": -2, "d": -1, "h": 2, "k": 3, "M": 6, "G": 9}  # fmt: skip
_CHINESE_PREFIXES = {"纳": -9, "微": -6, "毫": -3, "厘": -2, "分": -1, "百": 2, "千": 3, "兆": 6, "吉": 9}  # fmt: skip
# symbol -> what it is of, its size, and the prefixes it takes.
_PREFIXED: dict[str, tuple[dict[str, int], Fraction, str]] = {
    "g": ({"mass": 1}, Fraction(1), "pnuμmk"),
    "t": ({"mass": 1}, Fraction(10**6), "kM"),
    "m": ({"length": 1}, Fraction(1), "nuμmcdhk"),
    "L": ({"length": 3}, Fraction(1, 1000), "uμmcd"),
    "Pa": ({"pressure": 1}, Fraction(1), "hkM"),
    "J": ({"energy": 1}, Fraction(1), "kMG"),
    "W": ({"energy": 1, "time": -1}, Fraction(1), "kMG"),
    "Wh": ({"energy": 1}, Fraction(3600), "kMG"),
    "V": ({"voltage": 1}, Fraction(1), "mk"),
    "A": ({"current": 1}, Fraction(1), "m"),
    "mol": ({"amount": 1}, Fraction(1), "nuμmk"),
    "Sv": ({"dose": 1}, Fraction(1), "nuμm"),
    "Bq": ({"decay": 1}, Fraction(1), "mkMG"),
    "S/m": ({"conductivity": 1}, Fraction(1), "uμm"),
    "S/cm": ({"conductivity": 1}, Fraction(100), "uμm"),
}  # fmt: skip
# Symbols of which both the thousandth part and the million are said: in capitals nobody can tell MG, ML, MV (nor mt).
_MILLI_OR_MEGA = frozenset({"g", "t", "m", "L", "V", "A", "Bq"})
_CHINESE_PREFIXED = {"克": "g", "米": "m", "升": "L", "帕": "Pa", "瓦": "W", "瓦时": "Wh", "焦": "J", "伏": "V"}  # fmt: skip
_PLAIN: dict[str, _Plain] = {
    "吨": ({"mass": 1}, Fraction(10**6)), "公斤": ({"mass": 1}, Fraction(1000)), "斤": ({"mass": 1}, Fraction(500)),
    "公里": ({"length": 1}, Fraction(1000)), "里": ({"length": 1}, Fraction(500)),
    "平方米": ({"length": 2}, Fraction(1)), "平方千米": ({"length": 2}, Fraction(10**6)),
    "平方公里": ({"length": 2}, Fraction(10**6)), "公顷": ({"length": 2}, Fraction(10**4)),
    "ha": ({"length": 2}, Fraction(10**4)), "亩": ({"length": 2}, Fraction(2000, 3)),
    "立方米": ({"length": 3}, Fraction(1)), "立方": ({"length": 3}, Fraction(1)), "方": ({"length": 3}, Fraction(1)),
    "s": ({"time": 1}, Fraction(1)), "秒": ({"time": 1}, Fraction(1)), "min": ({"time": 1}, Fraction(60)),
    "分钟": ({"time": 1}, Fraction(60)), "h": ({"time": 1}, Fraction(3600)), "小时": ({"time": 1}, Fraction(3600)),
    "时": ({"time": 1}, Fraction(3600)), "d": ({"time": 1}, Fraction(86400)), "天": ({"time": 1}, Fraction(86400)),
    "日": ({"time": 1}, Fraction(86400)), "周": ({"time": 1}, Fraction(604800)),
    "月": ({"month": 1}, Fraction(1)), "个月": ({"month": 1}, Fraction(1)),
    "a": ({"month": 1}, Fraction(12)), "年": ({"month": 1}, Fraction(12)), "季度": ({"month": 1}, Fraction(3)),
    "元": ({"money": 1}, Fraction(1)), "RMB": ({"money": 1}, Fraction(1)), "CNY": ({"money": 1}, Fraction(1)),
    "人民币": ({"money": 1}, Fraction(1)), "美元": ({"dollars": 1}, Fraction(1)), "USD": ({"dollars": 1}, Fraction(1)),
    "%": ({"share": 1}, Fraction(1, 100)), "‰": ({"share": 1}, Fraction(1, 1000)), "ppm": ({"share": 1}, Fraction(1, 10**6)),
    "ppb": ({"share": 1}, Fraction(1, 10**9)), "ppt": ({"share": 1}, Fraction(1, 10**12)),
    "ppmv": ({"share": 1}, Fraction(1, 10**6)), "ppbv": ({"share": 1}, Fraction(1, 10**9)),
    "bar": ({"pressure": 1}, Fraction(10**5)), "mbar": ({"pressure": 1}, Fraction(100)), "mmHg": ({"pressure": 1}, Fraction(101325, 760)),
    "°C": ({"temperature": 1}, Fraction(1)), "摄氏度": ({"temperature": 1}, Fraction(1)), "K": ({"kelvin": 1}, Fraction(1)),
    "°F": ({"fahrenheit": 1}, Fraction(1)), "°": ({"angle": 1}, Fraction(1)), "度": ({"degree": 1}, Fraction(1)),
    "dB": ({"level": 1}, Fraction(1)), "dB(A)": ({"level": 1}, Fraction(1)), "dBA": ({"level": 1}, Fraction(1)),
    "分贝": ({"level": 1}, Fraction(1)), "NTU": ({"turbidity": 1}, Fraction(1)), "FTU": ({"turbidity": 1}, Fraction(1)),
    "FNU": ({"turbidity": 1}, Fraction(1)), "无量纲": ({"none": 1}, Fraction(1)), "倍": ({"times": 1}, Fraction(1)),
    "级": ({"grade": 1}, Fraction(1)), "pH单位": ({"none": 1}, Fraction(1)), "猪当量": ({"pigs": 1}, Fraction(1)),
    "工作日": ({"workdays": 1}, Fraction(1)), "tce": ({"coal": 1}, Fraction(1)), "吨标准煤": ({"coal": 1}, Fraction(1)),
    "MPN": ({"count": 1}, Fraction(1)), "CFU": ({"count": 1}, Fraction(1)), "cells": ({"count": 1}, Fraction(1)),
    "ind": ({"count": 1}, Fraction(1)),
}  # fmt: skip
# What is counted one by one is one kind; what holds several is a kind of its own.
_COUNTED = (
    "个", "只", "件", "家", "项", "次", "份", "条", "处", "人", "户", "辆", "台", "套", "座", "口", "株", "头", "张", "起", "宗", "篇",
    "种", "类", "名", "位", "单", "村", "所", "棵", "艘", "根", "支", "把", "场", "台套", "人次", "家次", "件次", "户次", "场次", "群次",
    "台次", "辆次", "车次", "批次",
)  # fmt: skip
_HOLDING = ("箱", "桶", "袋", "瓶", "包", "盒", "罐", "车", "船", "批", "组", "对", "分")

# What is called 度 for short, and its size: ℃, °, NTU, kWh.
_DEGREES = {"temperature": 1, "angle": 1, "turbidity": 1, "energy": 3_600_000}


def _plain_units() -> dict[str, _Plain]:
    units = dict(_PLAIN)
    for symbol, (of, size, prefixes) in _PREFIXED.items():
        units[symbol] = (of, size)
        for prefix in prefixes:
            units[prefix + symbol] = (of, size * Fraction(10) ** _PREFIXES[prefix])
    for name, symbol in _CHINESE_PREFIXED.items():
        of, size, _prefixes = _PREFIXED[symbol]
        for prefix, power in {"": 0, **_CHINESE_PREFIXES}.items():
            units[prefix + name] = (of, size * Fraction(10) ** power)
    units |= {word: ({"count": 1}, Fraction(1)) for word in _COUNTED}
    units |= {word: ({word: 1}, Fraction(1)) for word in _HOLDING}
    return units


_UNITS = _plain_units()
_BY_M = {
    p + symbol: (p, symbol) for symbol, said in _PREFIXED.items() for p in said[2] if p in "mM"
}


def _in_other_letters() -> dict[str, _Plain]:
    """Spellings of what begins with m or M, whose letters are not as they should be: the two are told apart by their case
    alone, so it stays as it is written; a name all in small letters or all in capitals says nothing by it."""
    spellings: dict[str, _Plain] = {}
    for name, (prefix, symbol) in _BY_M.items():
        said = {prefix + symbol.lower(), prefix + symbol.upper()}
        said = {text for text in said if prefix == "m" or not text.isupper()}
        if symbol not in _MILLI_OR_MEGA:
            said |= {name.lower(), name.upper()}
        spellings |= dict.fromkeys(said, _UNITS[name])
    return spellings


_IN_OTHER_LETTERS = _in_other_letters()
# NM is no nanometre: it is said of normal cubic metres, newton metres and nautical miles.
_ANY_CASE = {
    name.casefold(): unit
    for name, unit in reversed(_UNITS.items())
    if name not in _BY_M and name != "nm"
}

_RAISED = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_DASHES = str.maketrans("−–—‐‑﹣⁻", "-------")
_LONGEST = 24  # letters of a unit
_TIMES = re.compile(r"[·・•⋅∙*×.\s]+")
# N of normal cubic metres, and k for thousands of them.
_NORMAL = re.compile(r"(?<![A-Za-z])([kK]?)[Nn][·. ]?(?=[mM]\^?3)|标(?:准|态|况)?(?=立方|m\^?3)")
# M where nobody can mean a million, as reports in capitals write it: MG/L, MG/NM3, MPN/100ML, MM of rain.
_SMALL_M = re.compile(
    r"^M(?=G\s*[/·.]\s*\(?N?[Mm]\^?-?3|[Gg]\s*[/·.]\s*(?:L|l|KG|kg)|L/(?:L|N?M\^?3)|M(?:/[HDA])?$)|(?<=/100)M(?=[Ll]$)"
)
_MANY = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
# 10^4 (written 10⁴, which folds to 104 and is no other unit), 100 (mL), 万; then the unit and its power.
_FACTOR = re.compile(
    r"(?:10\^?(?P<exponent>[-+]?[2-9])|(?P<number>\d+)|(?P<many>[十百千万亿]+))?(?P<unit>\D*?)(?:\^?(?P<power>[-+]?\d))?"
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A unit: its dimension, and how many of the dimension's first unit it is."""

    dimension: Dimension
    size: Fraction


def _plain(name: str) -> Measure | None:
    unit = _UNITS.get(name) or _IN_OTHER_LETTERS.get(name) or _ANY_CASE.get(name.casefold())
    return None if unit is None else Measure(frozenset(unit[0].items()), unit[1])


def _product(factors: list[Measure], sign: int = 1) -> Measure:
    powers: dict[str, int] = {}
    size = Fraction(1)
    for each in factors:
        size *= each.size**sign
        for of, power in each.dimension:
            powers[of] = powers.get(of, 0) + power * sign
    return Measure(frozenset((of, n) for of, n in powers.items() if n), size)


def _factor(text: str, below: bool) -> Measure | None:
    """One factor of a product: 万m3, L-1, 10^4; below the line 100mL as well, and A is a year (T/A)."""
    if plain := _plain("a" if below and text == "A" else text):
        return plain
    match = _FACTOR.fullmatch(text)
    if match is None or (match["number"] and not below):
        return None
    size = Fraction(10) ** int(match["exponent"] or 0) * int(match["number"] or 1)
    for word in match["many"] or "":
        size *= _MANY[word]
    if not match["unit"]:
        return Measure(frozenset(), size) if match["exponent"] and not match["power"] else None
    plain = _plain(match["unit"])
    if plain is None:
        return _run_together(text)
    times = Measure(frozenset(), size)
    return _product(
        [times, _product([plain] * abs(power := int(match["power"] or 1)), 1 if power > 0 else -1)]
    )


def _run_together(text: str) -> Measure | None:
    """mgL-1: two factors without a sign between, the second below the line."""
    for cut in range(len(text) - 3, 0, -1):
        left, right = _UNITS.get(text[:cut]), re.fullmatch(r"(\D+)-(\d)", text[cut:])
        if left and right and (under := _plain(right[1])):
            return _product(
                [
                    Measure(frozenset(left[0].items()), left[1]),
                    _product([under] * int(right[2]), -1),
                ]
            )
    return None


def read_measure(text: str) -> Measure | None:
    """The unit that ``text`` is, and nothing else; ``None`` for any other text.

    >>> read_measure("μg·L-1") == read_measure("微克/升") == read_measure("µg/L")
    True
    >>> read_measure("PM2.5") is None
    True
    """
    # What is longer is not even looked at: nothing of it is kept.
    return _read(text) if len(text) <= 4 * _LONGEST else None


@lru_cache(maxsize=4096)
def _read(text: str) -> Measure | None:
    raised = _RAISED.sub(lambda match: "^" + match[0], text)
    said = unicodedata.normalize("NFKC", raised).translate(_DASHES).strip()
    if not said or len(said) > _LONGEST:
        return None
    if whole := _plain(said):
        return whole
    said = re.sub(r"(?<=\S)每", "/", re.sub(r"^[×xX*](?=10)", "", said))
    said = _NORMAL.sub(lambda match: "千" if match[1] else "", _SMALL_M.sub("m", said))
    parts = []
    for n, part in enumerate(re.split(r"\s*/\s*", said)):
        factors = [_factor(each, n > 0) for each in _TIMES.split(part.strip("() "))]
        known = [each for each in factors if each is not None]
        if len(known) < len(factors):
            return None
        parts.append(_product(known))
    if len({*parts}) == 1:  # 条/处/个, kg/千克: one or the other
        return parts[0] if parts[0].dimension else Measure(frozenset({("share", 1)}), parts[0].size)
    measure = _product([parts[0], *(_product([part], -1) for part in parts[1:])])
    return measure if measure.dimension else Measure(frozenset({("share", 1)}), measure.size)


def ratio(unit: str, other: str) -> Fraction | None:
    """How many ``other`` one ``unit`` is; ``None`` where they are not of one kind.

    >>> ratio("万元", "元"), ratio("μg/L", "mg/L"), ratio("kg", "m")
    (Fraction(10000, 1), Fraction(1, 1000), None)
    """
    one, two = read_measure(unit), read_measure(other)
    if one is None or two is None:
        return Fraction(1) if _folded(unit) == _folded(other) else None
    if one.dimension == two.dimension:
        return one.size / two.size
    for short, other_one, sign in ((one, two, 1), (two, one, -1)):
        of = next(iter(other_one.dimension))[0] if len(other_one.dimension) == 1 else ""
        if short.dimension == frozenset({("degree", 1)}) and of in _DEGREES:
            return (short.size * _DEGREES[of] / other_one.size) ** sign
    return None


def _folded(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()
