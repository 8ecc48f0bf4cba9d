"""How values, times, flags and levels are written on pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy, pgettext_lazy

from ecoledger.accounts.wording import numbered
from ecoledger.listings import cells, words
from ecoledger.matters import timeline
from ecoledger.matters.models import Event
from ecoledger.monitoring.alarming.writing import level_now
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.monitoring.points import parameters
from ecoledger.standards import aqi as aqi_standard
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rounding import half_even, plainly
from ecoledger.web.office.retold import retold

register = template.Library()

# HJ 212-2017 table 5 (N … B, with 2025's additions); the verdicts of the automatic check stand beside.
FLAGS = {
    "N": gettext_lazy("正常"),
    "F": gettext_lazy("停运"),
    "M": gettext_lazy("维护"),
    "S": gettext_lazy("手工输入"),
    "D": gettext_lazy("故障"),
    "C": gettext_lazy("校准"),
    "T": gettext_lazy("超测定上限"),
    "B": gettext_lazy("通讯异常"),
}
VERDICTS = {"negative": gettext_lazy("负值"), "range": gettext_lazy("超出量程")}
LAYERS = {
    0: gettext_lazy("设备数据"),
    1: gettext_lazy("自动审核"),
    2: gettext_lazy("企业标记"),
    3: gettext_lazy("人工审核"),
}
# By what a value was set or chosen: the beginning of what the store keeps as its rule.
RULES = {
    "check.negative": gettext_lazy("负值检查"),
    "check.range": gettext_lazy("量程检查"),
    "check": gettext_lazy("自动检查"),
    "review": gettext_lazy("按人工审核"),
    "period-review": gettext_lazy("时段审核"),
    "device": gettext_lazy("按设备上报"),
    "raw": gettext_lazy("由实时数据计算"),
    "minute": gettext_lazy("由分钟数据计算"),
    "hour": gettext_lazy("由小时数据计算"),
}
WATER_CLASSES = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", pgettext_lazy("水质类别", "劣Ⅴ"))
DASH = "—"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@register.filter
def tr(text: Any) -> str:
    """A domain's own word (a model's label, a state's name) in the reader's language."""
    return gettext(str(text)) if text not in (None, "") else ""


@register.filter
def told(text: str) -> str:
    """A kept message in the reader's language."""
    return retold(text)


@register.filter
def done(event: Event) -> str:
    """What was done, in the reader's language."""
    return timeline.done(event)


@register.filter
def mark_words(mark: str) -> str:
    """A fact's mark with what it means; a sign alone tells nobody anything."""
    return f"{mark} {gettext(Mark(mark).label)}" if mark in set(Mark) else mark


@register.filter
def listed(texts: Iterable[Any]) -> str:
    """Several words in a row, with the reader's mark between them."""
    return gettext("、").join(tr(text) for text in texts)


@register.filter
def reading(value: float | None, decimals: int | str | None = 1) -> str:
    """A measured value with so many decimals, rounded by GB/T 8170; a dash when there is none.

    What is computed without being declared at the point (an area's AQI) has no decimals of its own: as short as it goes.
    """
    if value is None or value != value:
        return DASH
    if decimals is None:
        return plain(value)
    places = int(decimals)
    return f"{half_even(float(value), places):.{places}f}"


@register.filter
def decimals(value: Any, places: int | str = -1) -> str:
    """A number with so many decimals, rounded by GB/T 8170; of a negative ``places`` a whole number has none; what
    is no number is nothing."""
    if isinstance(value, int | float | Decimal | Fraction):
        value = half_even(value if isinstance(value, Decimal) else float(value), abs(int(places)))
    return str(floatformat(value, places))


@register.filter
def plain(value: float | None) -> str:
    """A number as it was written, as short as it goes: 118.2, 1234567, 0.013; one that was computed with six digits."""
    if value is None:
        return DASH
    text = plainly(value)
    # Nobody writes so many digits: a quotient or a mean.
    return text if len(text) <= 12 else plainly(Decimal(f"{float(value):.6g}"))


@register.filter
def powers(value: float | None, decimals: int | None = None) -> str:
    """A number as short as it goes, very small and very large ones by a power of ten: 1.5×10⁻⁶; ``decimals`` before it."""
    if value is None:
        return DASH
    if value == 0 or 0.001 <= abs(value) < 1e6:
        return f"{value:.6g}"
    mantissa, _e, power = f"{value:.{5 if decimals is None else decimals}e}".partition("e")
    if decimals is None:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}×10{str(int(power)).translate(_RAISED)}"


@register.filter
def away(metres: float) -> str:
    """A distance: 778 m, 6.8 km."""
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"


@register.filter
def flag_name(flag: str | None) -> str:
    """A flag in words; the flag itself where nobody knows it."""
    return str(FLAGS.get(flag) or VERDICTS.get(flag) or flag) if flag else ""


@register.filter
def rule_name(rule: str | None) -> str:
    """By what a value was set, in words; the rule's own name where nobody knows it."""
    return str(RULES.get(rule.partition(" ")[0], rule)) if rule else ""


@register.filter
def layer_name(layer: int) -> str:
    return str(LAYERS.get(layer, layer))


def naive(moment: datetime) -> datetime:
    """A moment in China standard time, as observations carry it."""
    return timezone.localtime(moment).replace(tzinfo=None) if timezone.is_aware(moment) else moment


@register.filter
def cst(moment: datetime | date | None, pattern: str = "") -> str:
    """Date and time; the year is left out when it is this one."""
    if moment is None:
        return DASH
    if not isinstance(moment, datetime):
        return f"{moment:%Y-%m-%d}"
    moment = naive(moment)
    if pattern == "day":
        return (
            f"{moment:%m-%d}" if moment.year == timezone.localdate().year else f"{moment:%Y-%m-%d}"
        )
    if pattern == "second":
        return f"{moment:%Y-%m-%d %H:%M:%S}"
    if pattern == "full" or moment.year != timezone.localdate().year:
        return f"{moment:%Y-%m-%d %H:%M}"
    return f"{moment:%m-%d %H:%M}"


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago, in the largest whole unit."""
    if moment is None:
        return ""
    seconds = (naive(timezone.now()) - naive(moment)).total_seconds()
    if seconds < 60:
        return gettext("刚刚")
    if seconds < 3600:
        return gettext("%(count)d 分钟前") % {"count": seconds // 60}
    if seconds < 86400:
        return gettext("%(count)d 小时前") % {"count": seconds // 3600}
    return numbered("%(count)d 天前", int(seconds // 86400)) % {"count": seconds // 86400}


@register.filter
def span(seconds: float | None) -> str:
    """A length of time: 35 分钟, 5 小时, 3 天."""
    if seconds is None:
        return DASH
    if seconds < 120:
        return gettext("%(count)d 秒") % {"count": seconds}
    if seconds < 7200 and seconds % 3600:
        return gettext("%(count)d 分钟") % {"count": seconds // 60}
    if seconds < 172800:
        return gettext("%(count)d 小时") % {"count": seconds // 3600}
    return numbered("%(count)d 天", int(seconds // 86400)) % {"count": seconds // 86400}


def aqi_tone(value: float | None) -> str:
    """CSS class of an index value's level."""
    if value is None or value != value:
        return ""
    return f"aqi-{aqi_standard.level_of(int(value)).level}"


@register.simple_tag
def aqi_chip(value: float | None) -> SafeString:
    """The level of an index value in its colour (HJ 633 annex A)."""
    if value is None or value != value:
        return format_html('<span class="chip">{}</span>', gettext("无数据"))
    level = aqi_standard.level_of(int(value))
    return format_html('<span class="chip aqi-{}">{}</span>', level.level, gettext(level.category))


@register.filter
def water_class(value: float | None) -> str:
    if value is None or value != value or not 1 <= int(value) <= 6:
        return ""
    return str(WATER_CLASSES[int(value) - 1])


@register.simple_tag
def water_chip(value: float | None) -> SafeString:
    """A surface-water class in its colour (地表水环境质量评价办法 table 1)."""
    name = water_class(value)
    if not name:
        return format_html('<span class="chip">{}</span>', gettext("无数据"))
    return format_html('<span class="chip water-{}">{}</span>', int(value or 0), name)


@register.simple_tag
def level_chip(level: str, label: str) -> SafeString:
    return format_html('<span class="chip level-{}">{}</span>', level, gettext(label))


@register.simple_tag
def alarm_chip(alarm: Alarm) -> SafeString:
    """The level that an alarm's last value reaches, and the one it once reached where that was higher."""
    now = level_now(alarm)
    chip = level_of(now)
    if now == alarm.level:
        return chip
    once = gettext("曾达%s") % gettext(str(alarm.get_level_display()))
    return format_html('{} <span class="quiet small nowrap">{}</span>', chip, once)


# Of which the last value speaks for itself; of others it is a power, a time, a share.
_VALUED = frozenset(
    {AlarmRule.Detector.EXCEEDANCE, AlarmRule.Detector.CONSTANT, AlarmRule.Detector.SUDDEN,
     AlarmRule.Detector.NEIGHBOURS}
)  # fmt: skip


@register.filter
def sentence(alarm: Alarm) -> str:
    """What an alarm says: the sentence it was raised with; to who reads another language, its facts in that one."""
    if (get_language() or "").startswith("zh"):
        return alarm.text
    kind, code = alarm.point.kind, alarm.parameter
    parts = [f"{alarm.point.name}: {gettext(alarm.rule.name)}"]
    said = symbol(code, kind) if code else ""
    if said and alarm.value is not None and alarm.rule.detector in _VALUED:
        try:
            unit = parameters.parameter(code, kind).unit
        except KeyError:
            unit = ""
        said = f"{said} {plain(alarm.value)} {gettext(unit) if unit else ''}".rstrip()
        if alarm.rule.detector == AlarmRule.Detector.EXCEEDANCE and alarm.limit is not None:
            said += gettext("（限值 %s）") % plain(alarm.limit)
    parts += [said] if said else []
    parts.append(gettext("自 %s 起") % f"{timezone.localtime(alarm.begin):%m-%d %H:%M}")
    parts.append(gettext("近30日第%s次") % alarm.count_30d)
    parts.append(gettext("%s预警") % gettext(str(alarm.get_level_display())))
    if others := alarm.evidence.get("also"):
        parts.append(gettext("同一时段同样不变的还有%s") % gettext("、").join(others))
    return gettext("，").join(parts)


_NAMED = re.compile(r"[^、(（]+")


@register.filter
def named(text: str) -> str:
    """Names of factors in a row, some with a number behind them (氨氮(0.22)、总磷), in the reader's language."""
    return gettext("、").join(
        _NAMED.sub(lambda name: gettext(name[0]), part, count=1)
        for part in text.split("、")
        if part
    )


@register.simple_tag
def level_of(level: str) -> SafeString:
    """An alarm level's chip from its value alone."""
    return level_chip(level, str(Alarm.Level(level).label))


@register.filter
def symbol(code: str, kind: str) -> str:
    """What a parameter is called on tables and charts."""
    return gettext(parameters.label(code, kind))


@register.filter
def percent(share: float | None, decimals: int = 1) -> str:
    """A share of one as a percentage, rounded once."""
    if share is None or share != share:
        return DASH
    return f"{half_even(share * 100, decimals):.{decimals}f}%"


@register.filter
def bytes_size(size: float) -> str:
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"


@register.simple_tag
def meter(share: float | None, good: float = 0.9, poor: float = 0.6) -> SafeString:
    """A share as a bar; amber below ``good``, red below ``poor``."""
    known = 0.0 if share is None else min(max(share, 0.0), 1.0)
    tone = "" if known >= good else "low" if known >= poor else "bad"
    return format_html(
        '<svg class="bar {}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="6"/></svg>',
        tone,
        round(known * 100, 1),
    )


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """The present address's query with some of it changed; ``None`` or empty takes a part out."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = value
    return "?" + urlencode(sorted((k, v) for k, vs in query.lists() for v in vs))


@register.filter
def minus(number: Any) -> Any:
    """The number with the other sign."""
    return -number


@register.filter
def area_name(code: str) -> str:
    """A division's name."""
    return cells.area_name(code)


@register.filter
def item(table: dict[Any, Any], key: Any) -> Any:
    """What a table says for a key; nothing when it has no word on it."""
    return table.get(key, "")


# Why a frame is quarantined (monitoring.arriving.ingest and hj212.packet) -> what it means and what would help.
REASONS = {
    "mn": gettext_lazy("MN 未登记：核对设备编号，在监测点上登记后重放"),
    "disabled": gettext_lazy("监测点已停用：启用后重放"),
    "password": gettext_lazy("访问密码不符：核对设备与平台的密码"),
    "command": gettext_lazy("未知命令编码 CN：请设备厂家核对"),
    "time": gettext_lazy(
        "没有可用的数据时间（缺失，或小时、日数据不在整点、零点）：请设备厂家核对 DataTime"
    ),
    "future": gettext_lazy("数据时间在将来：校准设备时钟"),
    "ancient": gettext_lazy("数据时间过早：校准设备时钟"),
    "code": gettext_lazy("有未登记的因子编码：登记因子后重放"),
    "crc": gettext_lazy("校验码不符：报文在传输中损坏或设备算法有误"),
    "crc_modbus": gettext_lazy("校验算法为 Modbus，与标准附录 A 不同"),
    "crc_case": gettext_lazy("校验码不是大写"),
    "length": gettext_lazy("长度与内容不符：报文不完整或超长"),
    "header": gettext_lazy("报文头字段缺失或有误"),
    "field": gettext_lazy("因子字段有误"),
    "value": gettext_lazy("数值无法识别，或同一因子有两个数值"),
    "flag": gettext_lazy("不认识的数据标记，其数值不参加统计：请设备厂家核对"),
    "rewrite": gettext_lazy("改写数日前已上报的数据：核实后重放，或要求企业说明"),
    "encrypted": gettext_lazy("无法解密：核对 SM4 密钥"),
}


@register.filter
def reason_words(reason: str | None) -> str:
    """Why a frame is quarantined, in words; a code nobody named stays as it is."""
    names = [part.strip() for part in (reason or "").split(",") if part.strip()]
    return " · ".join(str(REASONS.get(name.split(":")[0], name)) for name in names)


_SERIES = {
    "raw": gettext_lazy("实时值"),
    "minute": gettext_lazy("分钟值"),
    "hour": gettext_lazy("小时值"),
    "8hour": gettext_lazy("8小时滑动平均"),
    "day": gettext_lazy("日均值"),
    "month": gettext_lazy("月均值"),
    "year": gettext_lazy("年均值"),
}


@register.filter
def series_name(series: str) -> str:
    """What a series of observations is called: of which period, and whether the platform computed it."""
    name = _SERIES.get(series.removeprefix("computed-"), series)
    return (
        gettext("%(name)s（平台计算）") % {"name": name}
        if series.startswith("computed-")
        else str(name)
    )


@register.filter
def left_out(why: str) -> str:
    """Why a row of an imported table is no data."""
    return words.left_out(why)


@register.filter
def json_line(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False) if content else ""


@register.filter
def of_year(book: str, year: int) -> str:
    """A book's name with the year it is looked at, said once: 2026年责任书, 2026 · 分年指标."""
    return book if book.startswith(f"{year}年") else f"{year} · {book}"
