"""Deadlines and periods as plans write them."""

from __future__ import annotations

import calendar
import re

_YEAR = r"(?:(?P<year>20\d\d)年|(?P<rel>今年|去年|上年|明年|本年度|本年))"
_PERIODS: tuple[tuple[str, str], ...] = (
    (
        rf"(?:{_YEAR})?(?:度)?(?P<m1>\d{{1,2}})(?:月)?[-~—至到](?P<m2>\d{{1,2}})月(?:份|底)?",
        "months",
    ),
    (rf"截[至止到](?:{_YEAR})?(?P<until>\d{{1,2}})月(?:\d{{1,2}}日|底|末)?", "until"),
    (rf"(?:{_YEAR})?(?P<half>上|下)半年(?![前末底])", "half"),
    (rf"(?:{_YEAR})?(?:第)?(?P<quarter>[一二三四1-4])季度(?![前末底])", "quarter"),
    (rf"(?:{_YEAR})?前(?P<first>[一二三])季度", "quarters"),
    (r"(?:“)?(?P<plan>十[二三四五])五(?:”)?", "five"),
    (rf"{_YEAR}(?:度)?", "year"),
    (r"(?<![\d-])(?P<month>\d{1,2})月份", "month"),
    (r"(?P<now>今年以来|全年|全年度|年度目标)", "now"),
)
_COMPILED = tuple((re.compile(pattern), kind) for pattern, kind in _PERIODS)
# A year that a figure is compared with is not its period.
_COMPARED = re.compile(r"[较比与](?:20\d\d年|去年|上年)(?:同期|底|度)?|(?:去年|上年)同期")
_FIVE = {"十二": 2011, "十三": 2016, "十四": 2021, "十五": 2026}
_QUARTER = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_DEADLINE = re.compile(
    r"(?:(?P<year>20\d\d)年|(?P<rel>今年|明年|本年))?(?:度)?"
    r"(?:(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})日|(?P<third>上旬|中旬|下旬))?(?P<monthend>底|末|份)?(?:之?前|以前|完成)?"
    r"|(?P<half>上半年)(?:内|末|底)?(?:前)?|(?P<quarter>[一二三四])季度(?:末|内|底)?(?:前)?"
    r"|(?P<yearend>年底|年末|年内|底|末|内)(?:之?前|以前)?|(?P<before>(?<=年)前))"
)


def month_end(year: int, month: int) -> str:
    """The last day of a month, ISO."""
    return f"{year}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}"


def deadline(text: str, year: int | None) -> str | None:
    """The deadline that a phrase names, e.g. ``6月底前`` or ``2025年年底前``; ``year`` is the plan's."""
    for match in _DEADLINE.finditer(text):
        words = match.group()
        of = int(match["year"]) if match["year"] else year
        if of is None:
            continue
        if match["rel"] == "明年":
            of += 1
        if match["month"]:
            month = int(match["month"])
            if not 1 <= month <= 12 or not re.search(r"前|底|末|完成", words):
                continue
            if match["day"]:
                return f"{of}-{month:02d}-{int(match['day']):02d}"
            if match["third"]:
                day = {"上旬": 10, "中旬": 20}.get(match["third"])
                return f"{of}-{month:02d}-{day:02d}" if day else month_end(of, month)
            return month_end(of, month)
        if match["half"]:
            if re.match(r"(?:内|末|底|前|完成|,?要|全面)", text[match.end("half") :]):
                return month_end(of, 6)
            continue
        if match["quarter"]:
            if re.search(r"末|内|底|前", words) or re.match(r"完成", text[match.end() :]):
                return month_end(of, 3 * _QUARTER[match["quarter"]])
            continue
        if match["yearend"] or match["before"]:
            if match["yearend"] in ("底", "末", "内") and not (match["year"] or match["rel"]):
                continue
            return month_end(of, 12)
    if re.search(r"全年完成", text) and year:
        return month_end(year, 12)
    return None


def _months(year: int, first: int, last: int) -> str:
    if (first, last) == (1, 12):
        return f"{year}"
    if (first, last) in ((1, 6), (7, 12)):
        return f"{year}H{1 if first == 1 else 2}"
    if last == first + 2 and first % 3 == 1:
        return f"{year}Q{(last + 2) // 3}"
    if first == last:
        return f"{year}-{first:02d}"
    return f"{year}-{first:02d}/{year}-{last:02d}"


def period(text: str, year: int | None) -> str | None:
    """The period that the last time words of ``text`` name; ``year`` is the year spoken of."""
    text = _COMPARED.sub("", text)
    best: tuple[int, int, str] | None = None
    for pattern, kind in _COMPILED:
        for match in pattern.finditer(text):
            value = _period(match, kind, year)
            if value and (best is None or (match.end(), match.end() - match.start()) > best[:2]):
                best = (match.end(), match.end() - match.start(), value)
    return best[2] if best else None


def _period(match: re.Match[str], kind: str, year: int | None) -> str | None:
    parts = match.groupdict()
    if kind == "five":
        first = _FIVE.get(parts["plan"])
        return f"{first}/{first + 4}" if first else None
    of = int(parts["year"]) if parts.get("year") else year
    if of is None:
        return None
    if parts.get("rel") in ("去年", "上年"):
        of -= 1
    if parts.get("rel") == "明年":
        of += 1
    match kind:
        case "months":
            first, last = int(parts["m1"]), int(parts["m2"])
            return _months(of, first, last) if 1 <= first < last <= 12 else None
        case "until":
            last = int(parts["until"])
            return _months(of, 1, last) if 1 <= last <= 12 else None
        case "half":
            return f"{of}H{1 if parts['half'] == '上' else 2}"
        case "quarter":
            return f"{of}Q{_QUARTER[parts['quarter']]}"
        case "quarters":
            return _months(of, 1, 3 * _QUARTER[parts["first"]])
        case "month":
            return _months(of, int(parts["month"]), int(parts["month"]))
        case _:
            return str(of)
