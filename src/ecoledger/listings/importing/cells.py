"""What stands in a cell as the value its column asks for; what cannot be read is said, not guessed at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.listings import asked
from ecoledger.listings.parts import Ask, Kind
from ecoledger.listings.tables.book import Cell
from ecoledger.listings.tables.headers import bare, fold
from ecoledger.standards.readings import closed_up
from ecoledger.standards.written_dates import (
    Precision,
    UnreadableDateError,
    read_day,
    read_moment,
)


class BadCell(ValueError):  # noqa: N818 - said to the person who filled the table
    """A cell that cannot be read; the message says why and what to write instead."""


class UnknownWord(BadCell):
    """A word that is no value of its column; somebody can say what it means."""


_SCIENTIFIC = re.compile(r"(\d)\.(\d{2,})E\+?(\d{1,2})|\d(?:\.\d+)?E\+\d{2}", re.IGNORECASE)
# Spreadsheets are told by an apostrophe that a number is a text; an export may carry it along.
_APOSTROPHE = re.compile(r"['‘’`](?=[\w+()/\- ]+$)(?=\D*\d)")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_UNSEEN = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")


def text_of(value: Cell) -> str:
    """A cell as a person reads it. Raises :class:`BadCell` for a number that lost digits."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, float):
        if abs(value) >= 1e15:
            # Spreadsheets keep 15 digits: the rest of a long code is lost.
            raise BadCell(
                _("长编码被表格软件存成了数字，末几位已丢失；请把该列设为“文本”格式后重新填写")
            )
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M")
    return str(value)


@lru_cache(maxsize=256)  # asked for twice of each cell
def _written(value: str) -> str:
    text = _UNSEEN.sub("", unicodedata.normalize("NFC", value)).strip()
    text = _APOSTROPHE.sub("", text, count=1) if text[:1] in "'‘’`" else text
    if match := _SCIENTIFIC.fullmatch(text):
        if match[1] and len(match[2]) == int(match[3]):  # nothing is lost
            return match[1] + match[2]
        raise BadCell(_("“%s”是被表格软件改写的科学计数；请把该列设为“文本”后重新填写") % text)
    return text


# A hyphen written otherwise; what spreadsheets make of 3-1 in a text file.
_DASH = re.compile(r"(?<=[\w)）〕])[‐‑‒–—―−－](?=[\w(（〔])")
_BECAME_DATE = re.compile(
    r"\d{1,2}月\d{1,2}日|\d{1,2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{2}"
)
# What stands where there is no number: two rows with it are not one.
_NO_NUMBER = frozenset(
    {"/", "\\", "-", "--", "---", "—", "——", "*", "N/A", "NA", "无", "暂无", "无编号", "未编号", "待编号", "待编", "空"}
)  # fmt: skip

# What stands in place of a certificate's number, and says why there is none.
_NOT_GIVEN = frozenset(
    {"登记管理", "豁免管理", "无需办理", "不需办理", "未办理", "未办证", "未领证", "未取得", "未核发", "无证", "在办", "待办", "办理中", "正在办理", "申请中"}
)  # fmt: skip


def key_text(value: Cell) -> str:
    """A number or code that tells rows apart: half-width, without blanks. Raises :class:`BadCell`.

    A name stays as it is written: its brackets are its own, and keys are compared without such differences.
    """
    if isinstance(value, bool):
        raise BadCell(_("单元格里是逻辑值（%s），不是编号；请重新填写") % text_of(value))
    if isinstance(value, date | time | timedelta):
        raise BadCell(
            _("编号被表格软件改成了日期（%s）；请把该列设为“文本”格式后重新填写") % text_of(value)
        )
    text = _DASH.sub("-", text_of(value))
    if _BECAME_DATE.fullmatch(text):
        raise BadCell(_("编号被表格软件改成了日期（%s）；请把该列设为“文本”格式后重新填写") % text)
    return (
        text if _CHINESE.search(text) else re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    )


def value_of(
    ask: Ask,
    cell: Cell,
    *,
    is_key: bool,
    words: Mapping[str, str],
    past: bool,
    year: int | None = None,
    after: date | None = None,
) -> tuple[Any, str]:
    """(value for the form, warning). ``is_key``: a number or code, which tells things apart; ``words``: what words of this
    column mean; ``past``: a day gone by is as it should be; ``year`` and ``after``: of a date without a year, the earliest of its day that is not before
    ``after``. Raises :class:`BadCell` with a sentence.
    """
    kind = ask.kind or Kind.TEXT
    if kind in (Kind.DATE, Kind.DUE):
        begins = kind is Kind.DATE and not _ends(ask)
        return _day(cell, past=past, year=year, after=after, begins=begins)
    if kind is Kind.DATETIME:
        return _moment(cell, ask, year, after)
    if is_key and kind not in (Kind.CHOICE, Kind.STATE, Kind.BOOLEAN, Kind.REFERENCE):
        number = key_text(cell)
        if number.upper() in _NO_NUMBER:
            return "", ""
        if number in _NOT_GIVEN:
            return "", _("“%s”不是编号，按没有编号登记") % number
        apart = ask.kind is Kind.TEXT and re.search(r"[^\W\d_]\s+[^\W\d_]", text_of(cell))
        return number, _("空格已去掉，记作 %s") % number if apart and " " not in number else ""
    text = text_of(cell)
    if not text:
        return "", ""
    if words and (meant := words.get(fold(text))) is not None:
        return [meant] if kind is Kind.CHOICES else meant, ""
    match kind:
        case Kind.CHOICE | Kind.STATE:
            return _choice(ask, text), ""
        case Kind.CHOICES:
            parts = [part for part in re.split(r"[、,，;；|/\n]", text) if part.strip()]
            meanings = words or {}
            return [meanings.get(fold(part)) or _choice(ask, part) for part in parts], ""
        case Kind.BOOLEAN:
            return _yes_or_no(text), ""
        case Kind.INTEGER | Kind.DECIMAL:
            if isinstance(cell, date | time | timedelta | bool):
                raise BadCell(
                    _("单元格里是“%s”，不是数字；请把该列设为“数值”格式后重新填写") % text
                )
            if ask.name in _DEGREES and ask.minimum is None:
                return _degrees(ask.name, text), ""
            return _number(text), ""
    if isinstance(cell, date | time | timedelta) and not isinstance(cell, datetime):
        return text, _("单元格里是日期 %s，请核对是不是表格软件改写的") % text
    return text, ""


# What a date is called that ends something, or by which it is to be done: of a month it is the last day, of anything
# else (起, 立案, 任职, 举报) the first.
_END = re.compile(
    r"[止至截]|期限|时限|[期届]满|到期|有效期|期末|结束|终了|完成|完毕|[完竣]工|办结|结案|销号|验收|失效|恢复|报废|^(?:计划|应.+日$)"
)
_BEGIN = re.compile(r"开始|开工|[起自]$|起(?:始|日|期|算|于)")
# What goes on through its last day.
_THROUGH = re.compile(r"[止至]$|截止|结束")


def _ends(ask: Ask) -> bool:
    label = bare(ask.label)
    return ask.name.endswith("until") or bool(_END.search(label) and not _BEGIN.search(label))


_days = lru_cache(maxsize=4096)(read_day)  # the days of a few years come again and again


def _day(
    cell: Cell,
    *,
    past: bool,
    year: int | None = None,
    after: date | None = None,
    begins: bool = False,
) -> tuple[str, str]:
    if cell is None or not str(cell).strip():
        return "", ""
    guessed = ""
    try:
        try:
            read = _days if type(cell) is str else read_day
            written = read(cell, begins=begins)
        except UnreadableDateError as error:
            if error.why == "nought":
                told = _("数字“%s”读作1月；如是10月（表格软件不保留末尾的0），请更正")
                january = read_day(str(cell), begins=begins).day
                return str(january), told % cell
            if error.why != "year" or year is None:
                raise
            written = read_day(cell, year, begins=begins)
            if after is not None and written.day is not None and written.day < after:
                written = read_day(cell, year + 1, begins=begins)
            guessed = _("没有写年份，读作 %s") % written.day
    except UnreadableDateError as error:
        if error.why == "year":
            why = _("“%s”没有写年份；请写成 2026-12-31 或 2026年12月31日")
        elif error.why == "calendar":
            why = _("“%s”不是日历上有的日期；请写成 2026-12-31 或 2026年12月31日")
        else:
            why = _("“%s”不是日期；请写成 2026-12-31 或 2026年12月31日")
        raise BadCell(why % str(cell).strip()) from error
    day = written.day
    if day is None:
        return "", _("“%s”没有确定日期，不设时限") % str(cell).strip()
    if not asked.FIRST <= day <= asked.LAST:
        raise BadCell(_("%s 的年份不可信；请更正") % day)
    match written.precision:
        case Precision.SERIAL:
            warning = _("按表格软件的日期序号读作 %s") % day
        case Precision.SHORT_YEAR:
            warning = _("年份只写了两位，读作 %s") % day
        case Precision.DAY:
            warning = ""
        case _ if begins:
            warning = _("没有写到日，按 %s 计") % day
        case Precision.MONTH:
            warning = _("只写到月，按月末 %s 计") % day
        case _:
            warning = _("没有写到日，按期末 %s 计") % day
    today = timezone.localdate()
    warning = guessed or warning
    if not today.year - 30 <= day.year <= today.year + 20:
        warning = _("%s 离现在太远，请核对年份") % day
    elif not past and day < today:
        warning = _("%s 已经过去，请核对") % day
    return day.isoformat(), warning


def _moment(
    cell: Cell, ask: Ask, year: int | None = None, after: date | None = None
) -> tuple[str, str]:
    """A moment; of a day through which something goes on its end, as both days of a span belong to it."""
    if cell is None or not str(cell).strip():
        return "", ""
    warning = ""
    try:
        moment, day_only = read_moment(cell)
        # A spreadsheet gives a day alone its midnight.
        day_only |= isinstance(cell, datetime) and moment.time() == time()
    except UnreadableDateError:
        day, warning = _day(cell, past=True, year=year, after=after, begins=not _ends(ask))
        if not day:
            return "", warning
        moment, day_only = datetime.fromisoformat(day), True
    if day_only and _THROUGH.search(bare(ask.label)):
        moment += timedelta(days=1)
    return moment.isoformat(" ", "minutes"), warning


# What is written behind a word without changing it: 省控点 is 省控, 废水总排放口 is 废水.
_TAIL = re.compile(
    r"总?(?:类型?|种|型|级别?|点位?|站点?|(?:自动)?监[测控]?(?:站|点|断面)点?|断面|排?[放污]?口|污染源|排放|人员|单位|企业|设施|项目)+"
)
_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]+)[)\]]$")


def _choice(ask: Ask, text: str) -> str:
    wanted = bare(text)
    for value, name in ask.choices:
        if wanted in (bare(value), bare(name), bare(_(str(name)))):
            return value
    close = [v for v, name in ask.choices if wanted and wanted in bare(name)]
    if len(close) != 1:
        within = _IN_BRACKETS.search(fold(text))
        said = (wanted, within[1] if within else "")
        close = [v for v, n in ask.choices if any(_is_longer(word, bare(n)) for word in said)]
    if len(close) == 1:
        return close[0]
    raise UnknownWord(
        _("“%(text)s”不是%(label)s的可选值；可填：%(names)s")
        % {
            "text": text,
            "label": _(str(ask.label)),
            "names": _("、").join(_(str(n)) for _v, n in ask.choices),
        }
    )


def _is_longer(text: str, name: str) -> bool:
    """Whether ``text`` is a choice's name, or that with a tail that adds nothing."""
    tail = text.removeprefix(name)
    return tail != text and (not tail or _TAIL.fullmatch(tail) is not None)


_YES = frozenset({"是", "√", "✓", "有", "y", "yes", "1", "true", "对"})
_NO = frozenset({"否", "×", "无", "没有", "n", "no", "0", "false", "/", "-", "不是"})


def _yes_or_no(text: str) -> str:
    word = bare(text)
    if word in _YES:
        return "1"
    if word in _NO:
        return "0"
    raise BadCell(_("“%s”应为“是”或“否”") % text)


# Unless a column says its own: of a place in the country and its sea: from … to … degrees.
_DEGREES = {"lon": (73, 136), "lat": (3, 54)}
_SEXAGESIMAL = re.compile(
    r"(\d{1,3})[°度](?:(\d{1,2}(?:\.\d+)?)['′’分](?:(\d{1,2}(?:\.\d+)?)(?:\"|”|''|′′|’’|秒))?)?"
)
_HEMISPHERE = re.compile(r"^(?:[EN]|东经|北纬)|[EN]$", re.IGNORECASE)


def _degrees(name: str, text: str) -> str:
    """A longitude or latitude in degrees, also one written in minutes and seconds."""
    plain = _HEMISPHERE.sub("", "".join(unicodedata.normalize("NFKC", text).split()))
    if match := _SEXAGESIMAL.fullmatch(plain):
        degrees, minutes, seconds = (float(part or 0) for part in match.groups())
        if minutes >= 60 or seconds >= 60:
            raise BadCell(_("“%s”不是经纬度：分、秒应小于 60") % text)
        # Six decimals are a tenth of a metre.
        plain = f"{degrees + minutes / 60 + seconds / 3600:.6f}"
        plain = plain.rstrip("0").rstrip(".")
    number = _number(plain.removesuffix("°").removesuffix("度"))
    if not re.fullmatch(r"[+-]?\d+(?:\.\d+)?", number):
        return number  # nothing, or what the form refuses
    low, high = _DEGREES[name]
    if low <= float(number) <= high:
        return number
    other_low, other_high = _DEGREES["lat" if name == "lon" else "lon"]
    if other_low <= float(number) <= other_high:
        raise BadCell(_("“%s”不在我国范围内；经度和纬度可能填反了") % text)
    raise BadCell(
        _(
            "“%(text)s”不在我国范围内（%(low)s～%(high)s 度）；请写以度为单位的经纬度，如 118.6432、24.8123"
        )
        % {"text": text, "low": low, "high": high}
    )


def _number(text: str) -> str:
    folded = closed_up(text)
    if re.search(r"\d\s", folded):
        raise BadCell(_("“%s”里不止一个数；请只写一个") % text)
    folded = fold(folded)
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", folded):
        folded = folded.replace(",", "")
    if folded in ("/", "-", "—", "无"):
        return ""
    return folded
