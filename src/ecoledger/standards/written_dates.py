"""Dates and times as Chinese tables write them: "2026年8月底", "2026.8.10", "2026/12/31 0:00:00", 20260810, 46387.

Two readings of one cell: :func:`read_day` for a date column (a deadline may be a month's end, or words without
a date), :func:`read_moment` for the time of an observation (to the second; of a day whose hour stands in a column of
its own :func:`read_hour_beside`; of whole columns :func:`read_moments`). Neither guesses: what cannot be read is an
:class:`UnreadableDateError`. Practice of Chinese administrative tables; no standard governs it.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

import polars as pl


class UnreadableDateError(ValueError):
    """The cell is no date. ``why``: form (no known way to write one), calendar (no such day or hour), year
    (the year is not written), nought (the number 2026.1 is January, or October without its last nought)."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(f"{text!r}: {why}")
        self.text, self.why = text, why


class Precision(StrEnum):
    """How much of the day was written."""

    DAY = "day"
    SHORT_YEAR = "short_year"  # 26.12.31: the century is not written, the order is the Chinese one
    SERIAL = "serial"  # a spreadsheet's day number, not yet formatted as a date
    MONTH = "month"  # the last day of it is meant, or the first of what begins
    TEN_DAYS = "ten_days"  # a third of a month, likewise
    QUARTER = "quarter"
    YEAR = "year"
    NONE = "none"  # words that set no date: 长期坚持, 立行立改


@dataclass(frozen=True, slots=True)
class WrittenDay:
    """What a date cell says. ``day`` is ``None`` for words that set no date."""

    day: date | None
    precision: Precision


# Words of a deadline column that set no date.
NO_DATE = frozenset(
    {"长期坚持", "长期", "长期整改", "持续推进", "持续", "持续整改", "常态化", "立行立改", "立即整改", "立即", "即知即改",
     "尽快", "尽快完成", "尽快整改", "抓紧", "抓紧整改", "抓紧落实", "即日", "即日起", "近期", "待明确", "待确定", "未定", "视情况",
     "按计划", "按计划推进", "按序时进度", "已完成", "无", "/", "-", "--", "—", "——", "不涉及", "待定", "长期保持", "持续保持",
     "持续巩固", "长期巩固", "巩固提升", "动态清零", "常态化管理", "长效管理", "常态长效"}
)  # fmt: skip
_WEEKDAY = re.compile(r"[(（]?(?:星期|周)[一二三四五六日天][)）]?")
_HALF_DAY = re.compile(r"上午|下午|凌晨|早上|中午|晚上|(?<=[\d\s])[AP]M\b", re.IGNORECASE)
_EPOCH = datetime(1899, 12, 30)
# Day numbers of 1954 to 2119; numbers outside are something else.
_SERIALS = (20_000, 80_000)

_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_NUMERAL = "〇零○一二三四五六七八九十"
_TAIL = (
    r"(?:(?:上午|下午|中午)?(?:\d{1,2}[时点])?(?:之|以)?前|上午|下午)?"
    r"(?:全部|全面)?(?:完成|整改完成|整改到位|完成整改|销号|完成销号|办结|到位|止|为止)?(?:并(?:完成)?(?:销号|验收))?"
)
_DATE = re.compile(rf"(\d{{4}})[年./\-](\d{{1,2}})[月./\-](\d{{1,2}})[日号]?{_TAIL}")
_SHORT_YEAR = re.compile(rf"(\d{{2}})([./\-])(\d{{1,2}})\2(\d{{1,2}})[日号]?{_TAIL}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0)?")
_CLOCK = re.compile(
    r"[T日 ]*(?:上午|下午)?(\d{1,2})[:时点](?:(\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?|分)?)?$"
)
_MONTH = re.compile(rf"(\d{{4}})[年./\-](\d{{1,2}})月?份?(底|末|上旬|中旬|下旬)?{_TAIL}")
_QUARTER = re.compile(rf"(\d{{4}})年?(?:第?(?=.季)|[Qq])([1-4一二三四])(?:季度?)?(?:底|末)?{_TAIL}")
_HALF = re.compile(rf"(\d{{4}})年(上|下)半年(?:底|末)?{_TAIL}")
_YEAR = re.compile(rf"(\d{{4}})年?年?(?:底|末|内|度)?{_TAIL}")
# Several sayings in one cell, and from … to ….
_PARTS = re.compile(r"[,;、。]|并(?=长期|持续|常态|巩固)")
# A remark behind a date that says nothing of another: (第一阶段), (暂定).
_REMARK = re.compile(r"\((?!.*(?:\d|延|推|提前|调|暂停|中止|取消))[^()]*\)$")
_SPAN = re.compile(r"(\d{4}[年./\-].*?)(?:至|到|~|—|–|--|-(?=20\d{2}[年./\-]))(.*\d.*)")
# How the first day of something is written: 自2026年7月1日起施行.
_BEGINNING = re.compile(r"^[自从]|(?:起|开始|以来)?(?:执行|施行|实施|生效)?$")
_AT_ITS_END = re.compile(rf"[底末]{_TAIL}$|前(?:完成|到位)?$|[完到]")
_NO_YEAR = re.compile(r"(?:\d{1,2}月|年底|第?[1-4一二三四]季度|[上下]半年|本月|月底)")


_LONGEST = (
    300  # letters of a date with its remark; a longer text is none, and is not searched for one
)


def _refuse_long(cell: Any) -> None:
    if isinstance(cell, str) and len(cell) > _LONGEST and len(cell.strip()) > _LONGEST:
        raise UnreadableDateError(cell[:_LONGEST], "form")


def _plain(text: str) -> str:
    """Half-width, without blanks, Chinese numerals of a date as digits."""
    folded = re.sub(r"[\s\u200b\ufeff]+", "", unicodedata.normalize("NFKC", text))
    return _in_digits(folded)


def _in_digits(text: str) -> str:
    """A date's Chinese numerals and long dashes as digits and hyphens."""
    if re.match(rf"[{_NUMERAL}]{{4}}年|\d{{4}}年[{_NUMERAL}]|[{_NUMERAL}]{{1,2}}月", text):
        text = re.sub(rf"[{_NUMERAL}]+(?=[年月日时点分])", lambda m: _number(m[0]), text)
    return re.sub(r"^(\d{4})[—–−‐‑](\d{1,2})[—–−‐‑](\d{1,2})(?!\d)", r"\1-\2-\3", text)


def _number(numeral: str) -> str:
    """A Chinese numeral of a date: 二〇二六, 十, 十二, 二十, 三十一."""
    if "十" not in numeral:
        return numeral.translate(_DIGITS)
    tens, _, ones = numeral.partition("十")
    return str(int(tens.translate(_DIGITS) or 1) * 10 + int(ones.translate(_DIGITS) or 0))


def read_day(cell: Any, year: int | None = None, *, begins: bool = False) -> WrittenDay:
    """The day a date cell means; of a month, quarter, year or span its last day, or where it ``begins`` something its first
    (but for its end: 8月底). ``year``: of a date without one.

    >>> read_day("2026年8月底").day, read_day("2026年12月31日前完成").day, read_day("2026/12/31 0:00:00").day
    (datetime.date(2026, 8, 31), datetime.date(2026, 12, 31), datetime.date(2026, 12, 31))
    >>> read_day("2022年底前").precision, read_day("立行立改").day
    (<Precision.YEAR: 'year'>, None)
    >>> read_day("6月底前", 2023).day, read_day("自2026年7月起执行", begins=True).day
    (datetime.date(2023, 6, 30), datetime.date(2026, 7, 1))

    Raises :class:`UnreadableDateError`.
    """
    _refuse_long(cell)
    if begins and isinstance(cell, str):
        cell = _BEGINNING.sub("", _plain(cell))
        if (span := _SPAN.fullmatch(cell)) is not None:
            _end_of_span(span[1], span[2], year)
            cell = span[1]
    written = _read_day(cell, year)
    return replace(written, day=_first_day(written, str(cell))) if begins else written


def _first_day(written: WrittenDay, text: str) -> date | None:
    """The first day of the month, quarter or year of which ``written`` is the last, unless its end was written."""
    last, precision = written.day, written.precision
    if last is None or _AT_ITS_END.search(text):
        return last
    if third := re.search("[上中下]旬", text):
        return last.replace(day={"上旬": 1, "中旬": 11, "下旬": 21}[third[0]])
    if precision is Precision.MONTH:
        return last.replace(day=1)
    if precision is Precision.QUARTER:
        return last.replace(month=last.month - (5 if "半年" in text else 2), day=1)
    return last.replace(month=1, day=1) if precision is Precision.YEAR else last


def _read_day(cell: Any, year: int | None) -> WrittenDay:
    if isinstance(cell, datetime):
        return WrittenDay(cell.date(), Precision.DAY)
    if isinstance(cell, date):
        return WrittenDay(cell, Precision.DAY)
    if cell is None or isinstance(cell, bool | time | timedelta):
        raise UnreadableDateError(str(cell), "form")
    if isinstance(cell, int | float):
        if _SERIALS[0] <= cell <= _SERIALS[1]:
            return WrittenDay((_EPOCH + timedelta(days=int(cell))).date(), Precision.SERIAL)
        cell = f"{cell:.0f}" if float(cell).is_integer() else str(cell)
        if re.fullmatch(r"\d{4}\.1", cell):
            raise UnreadableDateError(cell, "nought")
    text = _plain(str(cell))
    parts = [part for part in _PARTS.split(text) if part and part not in NO_DATE]
    if text and not parts:
        return WrittenDay(None, Precision.NONE)
    if len(parts) == 1:  # 立行立改，2023年6月30日前
        text = parts[0]
    text = _REMARK.sub("", text).rstrip(".")
    if (span := _SPAN.fullmatch(text)) is not None:
        return _end_of_span(span[1], span[2], year)
    if re.match(r"\d{2}年\d{1,2}月", text):
        text = f"20{text}"
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text) and _SERIALS[0] <= float(text) <= _SERIALS[1]:
        return WrittenDay((_EPOCH + timedelta(days=int(float(text)))).date(), Precision.SERIAL)
    if match := _DATE.fullmatch(text) or _COMPACT.fullmatch(text):
        return WrittenDay(_date(text, *match.groups()), Precision.DAY)
    if match := _SHORT_YEAR.fullmatch(text):
        return WrittenDay(_date(text, f"20{match[1]}", match[3], match[4]), Precision.SHORT_YEAR)
    if (match := _DATE.match(text)) and _is_clock(text, match):
        _refuse_clock(str(cell))
        return WrittenDay(_date(text, *match.groups()), Precision.DAY)
    if match := _MONTH.fullmatch(text):
        year, month = int(match[1]), int(match[2])
        last = {"上旬": 10, "中旬": 20}.get(match[3] or "", 0)
        if not 1 <= month <= 12 or not year:
            raise UnreadableDateError(text, "calendar")
        if last:
            return WrittenDay(date(year, month, last), Precision.TEN_DAYS)
        return WrittenDay(date(year, month, monthrange(year, month)[1]), Precision.MONTH)
    if match := _QUARTER.fullmatch(text):
        return _end_of(match[1], 3 * int(match[2].translate(_DIGITS)), Precision.QUARTER, text)
    if match := _HALF.fullmatch(text):
        return _end_of(match[1], 6 if match[2] == "上" else 12, Precision.QUARTER, text)
    if match := _YEAR.fullmatch(text):
        return _end_of(match[1], 12, Precision.YEAR, text)
    if _NO_YEAR.match(text):
        if year is None:
            raise UnreadableDateError(text, "year")
        return read_day(f"{year}年{text.removeprefix('当年').removeprefix('年内')}")
    raise UnreadableDateError(text, "form")


def _end_of_span(first: str, last: str, year: int | None) -> WrittenDay:
    """The end of 2023年6月30日至2023年12月31日; its year is the first day's where it names none."""
    begin = read_day(first, year)
    end = read_day(last, begin.day.year if begin.day else year)
    if begin.day is not None and end.day is not None and begin.day > end.day:
        raise UnreadableDateError(f"{first}至{last}", "calendar")
    return end


def _is_clock(text: str, match: re.Match[str]) -> bool:
    """Whether what follows the date is a time of day, or of a compact one without its blank."""
    rest = text[match.end(2) :].lstrip("月./-")
    for length in (2, 1):
        if rest[:length].isdigit() and _CLOCK.fullmatch(rest[length:] or "x"):
            return True
    return bool(_CLOCK.fullmatch(text[match.end() :]))


def _refuse_clock(text: str) -> None:
    """A day with an hour that no day has (25:00, 8:60) is a slip somewhere in it."""
    try:
        read_moment(text)
    except UnreadableDateError as error:
        if error.why == "calendar":
            raise


def _date(text: str, *parts: str) -> date:
    try:
        year, month, day = (int(part) for part in parts[:3])
        return date(year, month, day)
    except ValueError as error:
        raise UnreadableDateError(text, "calendar") from error


def _end_of(year: str, month: int, precision: Precision, text: str) -> WrittenDay:
    if int(year) < 1:
        raise UnreadableDateError(text, "calendar")
    return WrittenDay(date(int(year), month, monthrange(int(year), month)[1]), precision)


_MOMENT = re.compile(
    # 2026-12-311 is no hour 1 of the 31st.
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?:日|(?=[T ]|$)|(?<=\D\d\d)(?=\d\d[:时点]))"
    r"(?:[T ]*(\d{1,2})(?:[:时点](?:(\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?|分)?)?)?)?"
)
_COMPACT_MOMENT = re.compile(
    r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.\d+)?)?)?)?"
)


# An hour as its span: 08:00-09:00, 8～9时; one that stands behind its day.
_CLOCK_TIME = r"\d{1,2}(?:[:时点](?:\d{1,2}(?::\d{1,2}|分)?)?)?"
_HOURS = rf"({_CLOCK_TIME})\s*(?:[-~—–]+|至|到)\s*({_CLOCK_TIME})"
_DAY_AND_HOURS = re.compile(rf"(.*(?:[T ]|日))\s*{_HOURS}")
_HOURS_BESIDE = re.compile(_HOURS)


def read_moment(cell: Any, *, last: bool = False) -> tuple[datetime, bool]:
    """A time as people write it, and whether it names a day only. ``last``: of a span of hours its end is meant.

    Understands 2023-08-10 08:00, 2023-08-10 下午2:30, 2023-08-10 2:30 PM, 2023年8月10日 星期四 14:30, 2023/8/10 8:00, 2023.8.10, 2023年8月10日8时, 20230810, 2023081008, 2026-02-26T2000
    and a spreadsheet's day numbers. 24:00 is the next day's midnight. Hours that a spreadsheet filled down by adding
    1/24 drift by parts of a second and more (00:59:59.994): they are taken for the hour they mean.

    >>> read_moment("2023.8.10")
    (datetime.datetime(2023, 8, 10, 0, 0), True)
    >>> read_moment(datetime(2019, 3, 17, 0, 59, 59, 994000))
    (datetime.datetime(2019, 3, 17, 1, 0), False)

    Raises :class:`UnreadableDateError`.
    """
    _refuse_long(cell)
    if isinstance(cell, datetime):
        return _settled(cell.replace(tzinfo=None)), False
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day), True
    if isinstance(cell, bool | time | timedelta):
        raise UnreadableDateError(str(cell), "form")
    if isinstance(cell, int | float) and _SERIALS[0] < cell < _SERIALS[1]:
        moment = _settled(_EPOCH + timedelta(seconds=cell * 86400))
        return moment, cell == int(cell)
    text = re.sub(r"[\u200b\ufeff]", "", unicodedata.normalize("NFKC", str(cell))).strip()
    text = text.removeprefix("'")  # by which spreadsheets are told that it is a text
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text) and _SERIALS[0] < float(text) < _SERIALS[1]:
        return read_moment(float(text))
    if re.fullmatch(r"\d{8,14}\.0", text):
        text = text[:-2]
    text = re.sub(r"\+08:?00$", "", _WEEKDAY.sub(" ", _in_digits(text)).strip())
    half = _HALF_DAY.search(text)
    if half is not None:
        text = re.sub(r"\s+", " ", _HALF_DAY.sub(" ", text)).strip()
    match = _MOMENT.fullmatch(text) or _COMPACT_MOMENT.fullmatch(text)
    if match is None and (parts := re.fullmatch(r"(.+?)[T ](\d{2})(\d{2})", text)):
        match = _MOMENT.fullmatch(f"{parts[1]} {parts[2]}:{parts[3]}")
    if match is None and half is None and (span := _DAY_AND_HOURS.fullmatch(text)):
        return _of_span(read_moment(span[1])[0], span[2], span[3], last), False
    if match is None:
        raise UnreadableDateError(text, "form")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    extra = timedelta(0)
    if half is not None and match[4] is not None:
        hour = _of_half_day(half[0].lower(), hour)
    if hour == 24 and minute == second == 0:
        hour, extra = 0, timedelta(days=1)
    try:
        moment = datetime(year, month, day, hour, minute, second) + extra
    except (ValueError, OverflowError) as error:
        raise UnreadableDateError(text, "calendar") from error
    return moment, match[4] is None


def _of_half_day(half: str, hour: int) -> int:
    """The hour of the day: 下午2 is 14, 上午12 and 12 AM are midnight, 中午12 is noon."""
    if half in ("上午", "凌晨", "早上", "am"):
        return 0 if hour == 12 else hour
    if half == "中午":
        return hour + 12 if hour < 6 else hour
    return hour + 12 if hour < 12 else hour


def _settled(moment: datetime) -> datetime:
    """A moment with parts of a second as the one it means: the hour within a minute, else the second."""
    if not moment.microsecond:
        return moment
    hour = moment.replace(minute=0, second=0, microsecond=0)
    for whole in (hour, hour + timedelta(hours=1)):
        if abs(moment - whole) <= timedelta(minutes=1):
            return whole
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)


def _of_span(day: datetime, begin: str, end: str, last: bool) -> datetime:
    """The first or the last moment of a span of hours of a day; 23:00-0:00 ends with the day."""
    first, after = (read_hour_beside(day, text)[0] for text in (begin, end))
    return after + timedelta(days=after < first) if last else first


def read_hour_beside(day: Any, hour: Any, *, last: bool = False) -> tuple[datetime, bool]:
    """A time in two columns, read as :func:`read_moment` does: a day, and beside it its hour: 8, "8时", "08:00", 0800,
    8:00 of a spreadsheet, 8-9 (``last``: its end), the whole time once more, or nothing. 24 is the next day's 0.

    Raises :class:`UnreadableDateError`.
    """
    start, day_only = read_moment(day, last=last)
    text = _plain("" if hour is None else str(hour)).casefold()
    if not text:
        return start, day_only
    midnight = start.replace(hour=0, minute=0, second=0)
    if isinstance(hour, datetime):
        return read_moment(hour)[0], False
    if isinstance(hour, time):
        return start.replace(hour=hour.hour, minute=hour.minute, second=hour.second), False
    if isinstance(hour, timedelta):
        return midnight + hour, False
    if isinstance(hour, float) and 0 < hour < 1:  # a share of the day
        return midnight + timedelta(minutes=round(hour * 1440)), False
    if span := _HOURS_BESIDE.fullmatch(text):
        return _of_span(midnight, span[1], span[2], last), False
    if match := _HOUR_BESIDE.fullmatch(text):
        hours, minutes, seconds, compact = (int(part or 0) for part in match.groups())
        minutes += compact
        full_hour = not minutes and not seconds
        if minutes < 60 and seconds < 60 and (hours < 24 or (hours == 24 and full_hour)):
            return midnight + timedelta(hours=hours, minutes=minutes, seconds=seconds), False
        raise UnreadableDateError(str(hour), "calendar")
    return read_moment(hour)[0], False  # the column holds the whole time


_HOUR_BESIDE = re.compile(
    r"(\d{1,2})(?:\.0+|h|[:时点]整?(\d{1,2})?分?(?::(\d{1,2})(?:\.0+)?)?|(?<=\d\d)(\d\d))?"
)


def read_moments(
    cells: pl.Series, hours: pl.Series | None = None, *, last: bool = False
) -> tuple[pl.Series, pl.Series]:
    """(moments, which of them name a day only) of a column of texts; null where none can be read.

    ``hours``: of a time in two columns the second; ``last``: of spans of hours the end. Each distinct text is read once.
    """
    texts = pl.DataFrame([cells.alias("cell"), *([] if hours is None else [hours.alias("hour")])])
    rows = [(*row, *_read_or_none(*row, last=last)) for row in texts.unique().iter_rows()]
    read = pl.DataFrame(
        rows,
        texts.schema | {"moment": pl.Datetime("us"), "day_only": pl.Boolean()},
        orient="row",
    )
    joined = texts.join(read, on=texts.columns, how="left", maintain_order="left", nulls_equal=True)
    return joined["moment"], joined["day_only"]


def _read_or_none(
    cell: str | None, hour: str | None = None, *, last: bool = False
) -> tuple[datetime | None, bool]:
    try:
        return read_hour_beside(cell, hour, last=last)
    except (UnreadableDateError, OverflowError):
        return None, False
