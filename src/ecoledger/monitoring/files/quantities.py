"""What a header says is measured: a factor and its unit, a mark of it, or something else about it.

A bracket, and a word above or below a factor's name, is its synonym (NH3-N), 以…计, a unit, or a word for the value
itself (浓度, 小时均值). Anything else (分指数, 去年同期, 8h, 标准值) makes it another quantity, which is never taken for the
factor's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache

from ecoledger.hj212 import codes
from ecoledger.listings.tables.headers import fold
from ecoledger.listings.tables.units import claims_unit, is_symbol, parts, pieces, unit_said
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import parameters
from ecoledger.standards.column_names import COUNTED_AS
from ecoledger.standards.written_measures import ratio, read_measure

_VALUE = r"(?:监测|实测|测定|检测|在线|自动|手工|质量|平均|均|实时|当前|本期|原始|浓度|含量|数值|数据|结果|值|avg|mean|value|conc(?:entration)?|rtd|ρ|c)"
_WORDS = re.compile(
    rf"{_VALUE}+|大气|(?:环境)?空气|地表水|水质|水中|必填|选填|数字|标况|标态|标干|实况|国控|(?:保留)?.?位?小数"
)
_HOURS = re.compile(rf"(?:[1一]?小时|1h|1hr|hour(?:ly)?)(?:{_VALUE})*")
_DAYS = re.compile(rf"(?:24小时|24h|[逐每]?日|day|daily)(?:{_VALUE})*")
_MARKS = re.compile(r"(?:数据)?(?:标识|标记|标志|状态|flag|status|有效性|审核状态|质控)[码符位]?")
# Words by which a heading speaks of something else than the values of its factors.
_ANOTHER = re.compile(
    r"aqi|指数|同期|同比|环比|去年|上年|上月|上期|最[大小高低]|max|min|std|标准[值限]|限值|超标|达标|滑动|moving|mda|[28]小时|[28]h"
    r"|折算|排放量|排放速率|倍数|类别|级别|等级|排名|首要|标识|flag|有效[率性]|百分位|变幅|变化[率幅]|增减|累计|[天个次]数|比例"
)
_DASHES = re.compile(r"(?<=[A-Za-z0-9])[—–‐‑](?=[A-Za-z])")
# The official names of particles by their size.
_PARTICLES = re.compile(r"颗粒物\(粒径小于等于(10|2\.5) ?[μu]m\)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a column measures: the folded name, its unit as written, and the header as it stands.

    ``shared``: units that are said for the whole table, of which the one that fits counts; ``span``: hour or day, where
    the header says; ``mark``: the column holds marks of the factor; ``other``: what makes it another quantity.
    """

    subject: str
    unit: str
    title: str
    shared: tuple[str, ...] = ()
    span: str = ""
    mark: bool = False
    other: str = ""


@cache
def codes_by_name() -> dict[str, dict[str, str]]:
    """Folded name -> kind of point -> code."""
    by_name: dict[str, dict[str, str]] = {}
    for kind in Point.Kind.values:
        for entry in parameters.of_kind(kind):
            names = set(entry.spellings)
            if entry.key:
                names |= {entry.key, entry.key.replace("_", "."), entry.key.replace("_", "")}
            for text in names - {""}:
                by_name.setdefault(fold(text), {}).setdefault(kind, entry.code)
    return by_name


@cache
def _protocol_names() -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for code, factor in codes.FACTORS.items():
        for text in (code, factor.name):
            names.setdefault(fold(text), set()).add(code)
    return names


def _codes(name: str) -> set[str]:
    return set(codes_by_name().get(name, {}).values()) | _protocol_names().get(name, set())


_MEDIA = {Point.Kind.WATER: "water", Point.Kind.WASTEWATER: "water"}


def code_of(text: str, kind: str) -> str:
    """The code of the factor that ``text`` names at a point of ``kind``, as permits, manuals and reports write it:
    氨氮（NH3-N）, 总磷（以P计）, NOX; "" where it names none."""
    measured = quantity((text,), codes_by_name().keys() | _protocol_names().keys())
    if measured is None or measured.other or measured.mark:
        return ""
    if code := codes_by_name().get(measured.subject, {}).get(kind):
        return code
    medium = _MEDIA.get(Point.Kind(kind), "air")
    named = _protocol_names().get(measured.subject, set())
    fitting = [code for code in named if codes.FACTORS[code].kind == medium]
    return fitting[0] if len(fitting) == 1 else ""


def same(one: str, other: str) -> bool:
    """Whether two folded names are of one factor."""
    return one == other or bool(_codes(one) & _codes(other))


def alike(one: str, other: str) -> bool:
    """Whether they may be, as far as it is known what they name."""
    return same(one, other) or not (_codes(one) and _codes(other))


def _named(text: str, factors: Collection[str]) -> Quantity | None:
    """The factor that a text is, or begins or ends with: PM2.5小时浓度, a34004-Avg. What else it says must be known."""
    folded = fold(text)
    if folded in factors:
        return Quantity(folded, "", "")
    for length in range(len(folded) - 1, 0, -1):
        for name, rest in (
            (folded[:length], folded[length:]),
            (folded[-length:], folded[:-length]),
        ):
            if name in factors and not _goes_on(name, folded):
                words = [word for word in re.split(r"[()\[\]/_\-:]+", rest) if word]
                named = _said(Quantity(name, "", ""), words, factors)
                return None if named.other or named.unit else named
    return None


def _goes_on(name: str, text: str) -> bool:
    """Whether a name of letters is part of a longer word there: co of code."""
    at = text.find(name) if text.startswith(name) else len(text) - len(name)
    before, after = text[at - 1 : at], text[at + len(name) :][:1]
    return any(
        side.isascii() and side.isalnum() and edge.isascii()
        for side, edge in ((before, name[0]), (after, name[-1]))
    )


def _counted(word: str, quantity: Quantity) -> bool:
    """Whether a word says what the factor is counted as (以P计), which is another number for some; NOx are counted as NO2."""
    of_nox = word == "以no2计" and same(quantity.subject, "nox")
    return of_nox or bool(COUNTED_AS.fullmatch(word))


def _said(quantity: Quantity, words: Sequence[str], factors: Collection[str]) -> Quantity:
    """The quantity with what the words beside its name say of it."""
    for word in words:
        folded = fold(word)
        if (
            folded in ("-", "/", "—", "单位", "unit", "无", "无单位")
            or _counted(folded, quantity)
            or _WORDS.fullmatch(folded)
        ):
            continue
        if any(
            name in factors and alike(name, quantity.subject)
            for name in (folded, folded.replace("_", ""))
        ):
            continue
        if _HOURS.fullmatch(folded) or _DAYS.fullmatch(folded):
            quantity = replace(quantity, span="hour" if _HOURS.fullmatch(folded) else "day")
        elif _MARKS.fullmatch(folded):
            quantity = replace(quantity, mark=True)
        elif ((unit := unit_said(word)) and not is_symbol(unit)) or claims_unit(word):
            known = unit or word
            if quantity.unit and ratio(quantity.unit, known) != 1:
                quantity = replace(quantity, other=quantity.other or known)
            quantity = replace(quantity, unit=known)
        # COD(Cr), 水温(WT): a sign for the factor that the list of factors does not have.
        elif not re.fullmatch(r"[A-Z][A-Za-z0-9+\-]{0,7}", word) or _ANOTHER.search(folded):
            quantity = replace(quantity, other=quantity.other or word)
    return quantity


def _whole(text: str, factors: Collection[str]) -> Quantity | None:
    """What one text of a header measures."""
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", text))
    name, words = parts(_PARTICLES.sub(r"PM\1_", plain))
    if name in ("No", "no", "No.", "no."):  # of the row
        return None
    if (
        words and is_symbol(words[0]) and fold(name + words[0]) in factors
    ):  # 叶绿素a, which is no year
        name, words = name + words[0], words[1:]
    for kept in range(len(words), 0, -1):  # 铬（六价）（mg/L）
        longer = name + "".join(f"({word})" for word in words[:kept])
        if fold(longer) in factors:
            name, words = longer, words[kept:]
            break
    measured = _named(name, factors)
    if measured is None:
        inside = next((word for word in words if fold(word) in factors), None)
        if inside is None:
            return None
        measured, words = Quantity(fold(inside), "", ""), (name, *words)
    return _said(measured, words, factors)


def quantity(texts: Sequence[str], factors: Collection[str]) -> Quantity | None:
    """What a header measures that says ``texts`` from above to below: 氨氮（NH3-N）, 总磷（以P计）(mg/L), 细颗粒物(PM2.5),
    PM2.5 over 浓度; ``None`` when it names no factor.
    """
    for level in range(len(texts) - 1, -1, -1):
        measured = _whole(texts[level], factors)
        if measured is None:
            continue
        for below in texts[level + 1 :]:
            name, words = parts(below)
            measured = _said(measured, (name, *words), factors)
        shown = tuple(texts[level:])
        for above in texts[:level]:
            name, words = parts(above)
            over = _named(name, factors)
            speaks = _ANOTHER.search(fold(above)) and "浓度" not in above
            if (speaks and over is None) or (over and not alike(over.subject, measured.subject)):
                measured = replace(measured, other=measured.other or above)
                shown = (above, *shown)
            units = [unit for word in (name, *words) if (unit := unit_said(word))]
            measured = replace(measured, unit=measured.unit or next(iter(units), ""))
        title = shown[0] + "".join(f"({text})" for text in shown[1:])
        return replace(measured, title=title)
    return None


def in_title(text: str, factors: Collection[str]) -> Quantity | None:
    """The one factor that a title or a sheet's name speaks of; ``None`` where it names several, or speaks of more than
    their values (8小时, 同比).
    """
    folded = fold(text)
    named: list[str] = []
    rest = folded
    for name in sorted((name for name in factors if len(name) > 1 and name in folded), key=len, reverse=True):  # fmt: skip
        letters = (
            rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])" if name.isascii() else re.escape(name)
        )
        rest, times = re.subn(letters, " ", rest)
        named += [name] * bool(times)
    if not named or not all(alike(named[0], name) for name in named) or _ANOTHER.search(rest):
        return None
    span = "day" if re.search(r"24小时|24h|日均", rest) else "hour" if "小时" in rest else ""
    return Quantity(named[0], "", text.strip("、 "), span=span)


@dataclass(frozen=True, slots=True)
class Declared:
    """Units that titles and notes say of the table: of all it holds, of single factors, and what is not clear."""

    shared: tuple[str, ...] = ()
    single: tuple[tuple[str, str], ...] = ()
    unclear: str = ""

    def of(self, measured: Quantity) -> Quantity:
        """The quantity with the unit that is said of it, unless its own header says one."""
        if measured.unit:
            return measured
        unit = next((unit for name, unit in self.single if alike(name, measured.subject)), "")
        return replace(measured, unit=unit, shared=self.shared)


def declared(lines: Sequence[str], factors: Collection[str]) -> Declared:
    """The units that lines above or below a table say: 单位：μg/m3（CO为mg/m3）, （mg/L，pH无量纲）."""
    bracketed, after = pieces(lines)
    shared: list[str] = []
    single: list[tuple[str, str]] = []
    waiting: list[str] = []
    unclear = ""
    for piece in (*bracketed, *after):
        unit = unit_said(re.sub(r"^(?:其余|其他|其它)?(?:均|都)?(?:为|是|:)?", "", piece))
        if unit and not is_symbol(unit):
            single += [(name, unit) for name in waiting]
            shared += [unit] * (
                not waiting and unit not in shared and _is_measured(unit, piece in after)
            )
            waiting = []
            continue
        length = next((n for n in range(len(piece), 0, -1) if fold(piece[:n]) in factors), 0)
        unit = unit_said(re.sub(r"^(?:的?单位)?(?:均|都)?(?:为|是|:)?\s*", "", piece[length:]))
        if length and unit:
            single += [(name, unit) for name in (*waiting, fold(piece[:length]))]
            waiting = []
        elif length and not piece[length:].strip():
            waiting.append(fold(piece[:length]))
        elif piece in after and (claims_unit(piece) or piece.isascii()) and not is_symbol(piece):
            unclear = unclear or piece
    sizes = [read_measure(unit) for unit in shared]
    if len({size.dimension for size in sizes if size}) < len({*sizes}):
        unclear, shared = unclear or "、".join(shared), []
    return Declared(tuple(shared), tuple(single), unclear)


def _is_measured(unit: str, said: bool) -> bool:
    """Whether a unit in a title is one of measurement: （月） is none of the table's values."""
    measure = read_measure(unit)
    of = {of for of, _power in measure.dimension} if measure else set()
    return said or bool(
        of & {"mass", "share", "amount", "level", "temperature", "pressure", "conductivity"}
    )
