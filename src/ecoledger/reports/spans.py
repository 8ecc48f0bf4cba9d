"""The spans documents speak of: which days a week, 旬, month … has, and how a text says it."""

from __future__ import annotations

from datetime import date, timedelta

# Months of the spans that are made of months.
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
# How a text speaks of the span that it tells.
THIS = {
    "day": "本日", "week": "本周", "ten_days": "本旬", "month": "本月", "quarter": "本季度", "half": "本半年", "year": "本年",
}  # fmt: skip
_THIRDS = ((1, "上旬"), (11, "中旬"), (21, "下旬"))


def days(span: str, day: date) -> tuple[date, date]:
    """First day of the span that holds ``day``, and the day after its last.

    A week begins on Monday, a 旬 on the 1st, 11th or 21st. Raises ``KeyError`` for another span.

    >>> days("ten_days", date(2026, 2, 25))
    (datetime.date(2026, 2, 21), datetime.date(2026, 3, 1))
    """
    if span == "day":
        return day, day + timedelta(days=1)
    if span == "week":
        begin = day - timedelta(days=day.weekday())
        return begin, begin + timedelta(days=7)
    if span == "ten_days":
        first = max(start for start, _ in _THIRDS if start <= day.day)
        if first < 21:
            return day.replace(day=first), day.replace(day=first + 10)
        return day.replace(day=21), _month(day.year * 12 + day.month)
    months = MONTHS[span]
    first_month = (day.year * 12 + day.month - 1) // months * months
    return _month(first_month), _month(first_month + months)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def words(begin: date, end: date, whole_end: date) -> str:
    """How a text says its time: 2026年上半年, 2026年1—10月, 2026年11月上旬, 2026年11月23日至29日.

    ``end`` is the day after the last that is over, ``whole_end`` that after the span's last.

    >>> words(date(2026, 11, 11), date(2026, 11, 21), date(2026, 11, 21))
    '2026年11月中旬'
    >>> words(date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 7))
    '2026年11月30日至12月6日'
    >>> words(date(2025, 12, 29), date(2026, 1, 5), date(2026, 1, 5))
    '2025年12月29日至2026年1月4日'
    """
    year = begin.year
    last = end - timedelta(days=1)
    if end == whole_end:
        if begin.day == whole_end.day == 1:
            months = (whole_end.year * 12 + whole_end.month) - (begin.year * 12 + begin.month)
            return f"{year}年{_of_months(months, begin.month)}"
        third = dict(_THIRDS).get(begin.day)
        if third and days("ten_days", begin) == (begin, end):
            return f"{year}年{begin.month}月{third}"
    elif end.day == 1 and begin.day == 1:
        first = f"{begin.month}—" if begin.month != last.month else ""
        return f"{year}年{first}{last.month}月"
    if begin == last:
        return f"{year}年{begin.month}月{begin.day}日"
    month = f"{last.month}月" if last.month != begin.month else ""
    month = f"{last.year}年{month}" if last.year != begin.year else month
    return f"{year}年{begin.month}月{begin.day}日至{month}{last.day}日"


def titled(begin: date, end: date, whole_end: date) -> str:
    """The same as a title says it: of a span that has only begun it names the whole, and how far it goes.

    >>> titled(date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 7))
    '2026年11月30日至12月6日（截至11月30日）'
    """
    if end == whole_end or end - begin > timedelta(days=1):
        return words(begin, end, whole_end)
    return f"{words(begin, whole_end, whole_end)}（截至{begin.month}月{begin.day}日）"


def _of_months(months: int, first: int) -> str:
    match months:
        case 12:
            return ""
        case 6:
            return "上半年" if first == 1 else "下半年"
        case 3:
            return f"第{'一二三四'[(first - 1) // 3]}季度"
        case _:
            return f"{first}月"
