"""Changes against another time: 同比下降…, 较2020年提高…个百分点."""

from __future__ import annotations

import re

BASE = (
    r"(?:同比(?:去年)?|环比|[较比与](?:20\d\d年|上年|去年|前年|上月|上季度|\d{4}年)(?:的)?(?:同期|底|度)?(?:均值|水平)?(?:相比|比较|比)?"
    r"|较?上年(?:同期)?|较同期|与?上年同期相比|累计|总体)?"
)
WAY = (
    r"(?P<way>下降|减少|降低|改善|上升|提高|增加|增长|提升|压缩|缩短|压减|削减|升高|增|降|减|升|好转|恶化|上涨|缩减|下滑)"
    r"(?:了|幅度?(?:为|达)?|率为?|比例为?)?"
)
CHANGE = re.compile(
    rf"(?P<base>{BASE})(?:均|分别|又|再|大幅|累计|平均|持续|进一步|明显)*{WAY}(?:时限|时间)?(?:约|近|超过?|至少)?$"
)
_DOWN = re.compile(r"少$|下降|减少|降低|压缩|缩短|压减|削减|降|减|缩减|下滑|好转")


def base_of(text: str) -> str | None:
    """What a change is measured against: ``yoy``, ``mom``, a year, or years."""
    if re.search(r"环比|上月|上季度", text):
        return "mom"
    years = re.search(r"(20\d\d)[-~—至](20\d\d)年", text)
    if years:
        return f"{years[1]}-{years[2]}"
    year = re.search(r"(20\d\d)年", text)
    if year:
        return year[1]
    if re.search(r"同比|去年|上年|同期", text):
        return "yoy"
    return None


def signed(value: float, way: str, better: str) -> float:
    """The change with its sign; 改善 goes the way that is better."""
    if _DOWN.search(way) or (("改善" in way) and better == "down"):
        return -value
    return value
