"""Where a table's header stands, what its columns are called, and which rows below it are no data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, partial
from typing import Any

from ecoledger.listings.tables.book import Cell, Table, is_blank

HEADER_WITHIN = 20  # rows from the top
_HEADER_ROWS = 3  # a header takes at most so many
LONGEST_NAME = 500  # letters of a column's name with all that is said of it; what is longer is a text, and names nothing
MOST_SAID = 8  # units and brackets behind one name

_SHORT = 40  # letters of names and words, which come again in row after row
_UNSEEN = re.compile(r"[\s*\u200b-\u200f\u2060\ufeff\u00ad]+")
_BRACKET = re.compile(r"[(\[][^()\[\]]*[)\]]$")


def fold(text: Any) -> str:
    """A name as it is compared: half-width, lower case, without blanks, stars and invisible signs."""
    said = str(text or "")
    return _folded(said) if len(said) <= _SHORT else _folded.__wrapped__(said)


@lru_cache(maxsize=16384)
def _folded(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).casefold()


def bare(text: Any) -> str:
    """A folded header without the brackets at its end: 氨氮（NH3-N）(mg/L) is 氨氮."""
    folded = fold(text)
    for _each in range(MOST_SAID if len(folded) <= LONGEST_NAME else 0):
        folded = _BRACKET.sub("", folded) or folded
    return folded


@dataclass(frozen=True)
class Header:
    """A header found: names by column, the index in ``Table.rows`` of the first row below it, its score.

    ``stacks``: what each column says from above to below; ``units``: the rows that give units, which ``names`` hold then
    and ``plain``, the folded names as they stand, do not (see :func:`.units.with_units`).
    """

    names: tuple[str, ...]
    first: int
    below: int
    score: int
    stacks: tuple[tuple[str, ...], ...] = ()
    units: tuple[int, ...] = ()
    plain: tuple[str, ...] = ()

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The names as they are compared."""
        return self.plain or tuple(fold(name) for name in self.names)


def find_header(table: Table, known: Callable[[str], bool], least: int = 2) -> Header | None:
    """The header among the first rows: the one in which most columns have a known name.

    A header of several rows is read column by column: the lowest known name, or the names from above
    to below as one; each row below the first names more than half of what it fills, so that a row of data in which one
    word is a name is none. ``None`` where no row names ``least`` columns.
    """
    # The same texts are asked about with each number of rows.
    known = cache(partial(_may_name, known))
    best: Header | None = None
    for start in range(min(HEADER_WITHIN, len(table.rows))):
        for rows in range(1, _HEADER_ROWS + 1):
            if start + rows > len(table.rows):
                break
            if rows > 1 and not _goes_on(table.rows[start : start + rows], known):
                break
            if rows > 1 and _is_title(table.rows[start]):
                break
            stacks = _stacks(table.rows[start : start + rows])
            names = [_name(stack, known) for stack in stacks]
            score = len({fold(name) for name in names if known(name)})
            # Of equal scores the header of fewer rows, so that a title above it is not part of it.
            if best is None or (score, -rows) > (best.score, best.first - best.below):
                best = Header(tuple(names), start, start + rows, score, tuple(stacks))
    return best if best is not None and best.score >= least else None


def _may_name(known: Callable[[str], bool], text: str) -> bool:
    return len(text) <= LONGEST_NAME and known(text)


def _is_title(row: Sequence[Cell]) -> bool:
    """Whether a row says one thing over all that stands below it: the title of the table, and no name of its columns."""
    said = [str(cell).strip() for cell in row if not is_blank(cell)]
    return len(said) > 1 and len(set(said)) == 1


def _goes_on(rows: Sequence[Sequence[Cell]], known: Callable[[str], bool]) -> bool:
    """Whether the last of ``rows`` goes on with the header that the others begin."""
    said = [(x, str(cell).strip()) for x, cell in enumerate(rows[-1]) if not is_blank(cell)]
    heads = 0
    for x, text in said:
        above = [str(row[x]).strip() for row in rows[:-1] if x < len(row) and not is_blank(row[x])]
        parts = list(dict.fromkeys([*above, text]))
        heads += text in above or any(map(known, (text, "".join(parts), *_of_span(parts))))
    return heads * 2 > len(said)


# What begins and what ends a span, as the words below 起止时间 say it.
_ENDS_OF_SPAN = {
    **dict.fromkeys(("起", "自", "始", "起始", "开始"), "开始"),
    **dict.fromkeys(("止", "至", "终", "终止", "截止", "结束"), "结束"),
}


def _of_span(parts: Sequence[str]) -> tuple[str, ...]:
    """What 起 below 停产起止时间 is called elsewhere: 停产开始时间, 开始时间, 开始."""
    above, last = "".join(parts[:-1]), re.sub("(?:时间|日期)$", "", parts[-1])
    if "起止" not in above or last not in _ENDS_OF_SPAN:
        return ()
    end = _ENDS_OF_SPAN[last]
    return above.replace("起止", end), f"{end}时间", f"{end}日期", end


def _stacks(rows: Sequence[Sequence[Cell]]) -> list[tuple[str, ...]]:
    """What each column of a header's rows says, from above to below, once."""
    width = max(len(row) for row in rows)
    padded = [[*row, *[None] * (width - len(row))] for row in rows]
    return [
        tuple(dict.fromkeys(str(cell).strip() for cell in column if not is_blank(cell)))
        for column in zip(*padded, strict=True)
    ]


def _name(parts: Sequence[str], known: Callable[[str], bool]) -> str:
    if len(parts) < 2:
        return parts[0] if parts else ""
    whole = "".join(parts)
    # Together two rows say more than the upper one: 责任单位 over 牵头.
    candidates = [parts[-1], whole, *_of_span(parts), *reversed(parts[:-1])]
    candidates += ("".join(parts[:n]) for n in range(len(parts) - 1, 0, -1))
    return next((text for text in candidates if known(text)), parts[0])


# What the first cell of a row says that is no data.
_TOTAL = re.compile(
    r".{0,12}?(?P<what>小计|合计|总计|累计|共计|总和|平均值?)(?:[(:].*|\d.*|[一二三四五六七八九十百]+[项件个家].*)?"
)
# A figure made of the rows above, each cell a number.
_FIGURE = re.compile(
    r"(?:[日月季年周旬全区时段]{1,2}|算术|加权|几何)?(?:最大值?|最小值?|最高值?|最低值?|极大值?|极小值?|均值|中位数|中值|标准差|标准偏差|变异系数|百分位数?|"
    r"第?\d+百分位数?|样本数|样品数|有效(?:天数|小时数|个数|数据数)|(?:超标|达标|有效|检出|捕获|优良|完整)率|超标(?:天数|个数|次数|倍数)|max|min|mean|average|avg|std|sd|count|sum)"
    r"(?:[(:].*)?"
)
_NOTE = re.compile(
    r"(?:注|备注|说明|填表说明|填报说明|填写说明|附注|注释|附|ps)(?:\d*[:.、].*|$)|填表说明|※"
)
_FOOTER = re.compile(
    r"(?:(?:单位|部门|科室|分管|主管|填报|审核|审批)?(?:负责人|领导|审核|审批)|[填制审复校批核经承][报表核批对准办]人?|制表单位|填报单位|报送单位|联系人|联系电话|"
    r"(?:填表|填报|报送|制表)日期|导出人|导出时间|打印时间|数据来源|(?:单位)?[(]?(?:盖章|公章|签章)[)]?)"
    r"(?:[(](?:签字|签名|签章|盖章|公章|章)[)])?[:].*"
)
# Between the printed pages of a table.
_PAGE = re.compile(
    r"第\d+页([,、/]?共\d+页)?|共\d+页(第\d+页)?|第?\d+/\d+页?|续上表|接上页|转下页|续表|\(续\)"
)
_SECTION = re.compile(
    r"[(]?[一二三四五六七八九十]+[)、.].*|\d{4}年.*|第[一二三四五六七八九十\d]+(?:批|章|部分|类|季度|期).*"
)
_SERIAL_HEADS = frozenset({"序号", "编号", "no", "no.", "#"})


def _repeats_header(said: Sequence[tuple[int, str]], names: Sequence[str]) -> bool:
    """Whether more than half of a row's cells, and two at least, are the names above them."""
    others = 0
    for x, text in said:
        if not (x < len(names) and names[x] and fold(text) == names[x]):
            others += 1
            if others * 2 >= len(said):  # most rows: seen before the row is read to its end
                return False
    return len(said) - others >= 2


def _numbers(texts: Sequence[str]) -> int:
    return sum(1 for text in texts if re.fullmatch(r"\D{0,6}[\d.,%\-]+\D{0,6}", fold(text)))


def may_be_no_data(first: Cell) -> bool:
    """Whether a row that begins so may be a total, a note, a footer or a heading; :func:`why_no_data` says whether."""
    folded = fold(first)
    return any(said.match(folded) for said in (_TOTAL, _FIGURE, _NOTE, _FOOTER, _PAGE, _SECTION))


def why_no_data(row: Sequence[Cell], header: Header, filled: frozenset[int], after: str) -> str:
    """Why a row below the header is no data; "" for data.

    ``filled``: columns that a merged cell fills; ``after``: what was said of the row before. One of blank, header,
    subtotal, total, note, footer, section, serial.
    """
    said = [(x, str(cell).strip()) for x, cell in enumerate(row) if not is_blank(cell)]
    if not said:
        return "blank"
    texts = [text for x, text in said if x not in filled]
    names = header.folded
    if _repeats_header(said, names):
        return "header"
    first, width = fold(texts[0]) if texts else "", max(len([n for n in names if n]), 1)
    sparse = len(texts) <= max(2, width // 2)
    if (match := _TOTAL.fullmatch(first)) and (sparse or _numbers(texts[1:]) * 2 >= len(texts)):
        return "subtotal" if match["what"] == "小计" else "total"
    if len(texts) > 1 and _FIGURE.fullmatch(first) and _numbers(texts[1:]) == len(texts) - 1:
        return "total"
    if len(texts) <= 4 and _FOOTER.match(first):
        return "footer"
    if len(texts) <= 2 and (_NOTE.match(first) or _PAGE.fullmatch("".join(map(fold, texts)))):
        return "note"
    if len(texts) == 1 and width >= 3:
        x = said[0][0]
        spans = len(filled) * 2 >= width
        if after in ("note", "footer", "total"):
            return "note"
        if spans or (x == 0 and _SECTION.fullmatch(first) and not first.isdigit()):
            return "section"
        if x < len(names) and names[x] in _SERIAL_HEADS and re.fullmatch(r"\d+(\.0)?", first):
            return "serial"
    return ""
