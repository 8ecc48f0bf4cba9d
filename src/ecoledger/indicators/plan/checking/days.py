"""Good and polluted days against the rate of good days, over valid days and the calendar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from ecoledger.indicators.plan import times
from ecoledger.indicators.plan.checking.said import Finding, finding, rounded, shown
from ecoledger.indicators.plan.folding import Line
from ecoledger.indicators.plan.structure import Passage, passages


def days(source: str, rows: list[Line]) -> Iterator[Finding]:
    """Good or polluted days against the rate of good days, over the calendar."""
    rate = re.compile(
        r"(?P<of>优良|达标)(?:天数)?(?:比率|比例|率)[为达到]*(?P<rate>\d+(?:\.(?P<more>\d+))?)%"
    )
    counted_before: dict[str, tuple[str, str]] = {}  # of each time, the days said in a passage
    for passage in passages(rows):
        text = passage.line.text[passage.start : passage.end]
        match = rate.search(text)
        days = re.search(r"(?<!重)(?<!重度)(?<!及以上)污染天数?共?为?(\d+)天", text)
        good = re.search(r"(?:优良|达标)天数?共?为?(\d+)天", text)
        time = f"{passage.part} {passage.time}"
        if match is None and good and "月" not in text:
            counted_before[time] = (good[1], passage.section.rpartition("/")[0])
        named = re.search(r"(?<![较比与])(20\d\d)年", text[: match.start()]) if match else None
        year = int(named[1]) if named else passage.time.year
        if (
            match is None
            or (year is None and "有效" not in text)
            or (match["of"] == "达标" and "达标天数" not in text)
        ):
            continue
        if not (days or good):
            before = counted_before.get(time)
            if (
                year is not None
                and before
                and before[1] == passage.section.rpartition("/")[0]
                and "全年" in text[: match.start()]
            ):
                yield from _against(source, passage, match, int(before[0]), year)
            continue
        # Where the text says how many days were valid, they are the denominator.
        if valid := re.search(r"有效(?:监测)?(?:天数)?[为共]*(\d+)天|(?<!\d)(\d{2,3})天中", text):
            calendar = int(valid[1] or valid[2])
        elif year is None:
            continue
        else:
            calendar = _calendar_days(text, year, passage.time.half)
        counted = days or good
        assert counted is not None  # noqa: S101  one of the two, as asked above
        number, decimals = int(counted[1]), len(match["more"] or "")
        stated = Decimal(match["rate"])

        def share(
            valid: int, number: int = number, decimals: int = decimals, bad: bool = days is not None
        ) -> Decimal:
            part = valid - number if bad else number
            return rounded(Decimal(100 * part) / valid, decimals)

        if share(calendar) == stated:
            continue
        fits = [valid for valid in range(max(number, 1), calendar + 1) if share(valid) == stated]
        note = (
            f"仅当有效天数为{fits[0]}–{fits[-1]}天时成立（日历{calendar}天），请注明有效天数"
            if fits
            else f"日历{calendar}天内任何有效天数都得不出"
        )
        start, end = sorted((match.start(), counted.start()))[0], max(match.end(), counted.end())
        yield finding(
            source, passage.line, passage.start + start, passage.start + end, "valid_days",
            f"{match['rate']}%", f"{shown(share(calendar))}%", note,
        )  # fmt: skip


def _against(
    source: str, passage: Passage, match: re.Match[str], good: int, year: int
) -> Iterator[Finding]:
    """A year's rate of good days against the days that a point beside it counts."""
    calendar = _calendar_days("", year, "")
    decimals, stated = len(match["more"] or ""), Decimal(match["rate"])
    shares = {
        v: rounded(Decimal(100 * good) / v, decimals) for v in range(max(good, 1), calendar + 1)
    }
    if shares[calendar] == stated:
        return
    fits = [valid for valid, share in shares.items() if share == stated]
    note = (
        f"仅当有效天数为{fits[0]}–{fits[-1]}天时成立（日历{calendar}天），请注明有效天数"
        if fits
        else f"日历{calendar}天内任何有效天数都得不出"
    )
    yield finding(
        source, passage.line, passage.start + match.start(), passage.start + match.end(), "valid_days",
        f"{match['rate']}%", f"{shown(shares[calendar])}%", note,
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
    if span and 0 < int(span[1]) < int(span[2]) <= 12:
        first = date(year, int(span[1]), 1)
        return (date.fromisoformat(times.month_end(year, int(span[2]))) - first).days + 1
    alone = re.match(r"(?:20\d\d年)?(\d{1,2})月份?[,:]", text)
    if alone and 0 < int(alone[1]) <= 12:
        return int(times.month_end(year, int(alone[1]))[-2:])
    quarter = re.search(r"(?<!前)第?([一二三四])季度", text)
    if quarter:
        ends = 3 * ("一二三四".index(quarter[1]) + 1)
        return (date.fromisoformat(times.month_end(year, ends)) - date(year, ends - 2, 1)).days + 1
    if half == "H1":
        return (date(year, 7, 1) - date(year, 1, 1)).days
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days
