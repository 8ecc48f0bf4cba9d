"""The sentence an alarm is read by: value, limit, times over, duration, count in 30 days, colour level."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from django.utils.translation import gettext_noop as noop

from ecoledger.live import times
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.monitoring.points import parameters
from ecoledger.monitoring.points.table import PointMap
from ecoledger.standards import exceedance


def describe(
    alarm: Alarm,
    place: str,
    kind: str,
    row: dict[str, Any],
    rule: AlarmRule,
    points: PointMap,
) -> str:
    """An alarm in words, after the finding ``row`` that came last.

    "2号空气站PM2.5日均值为92 µg/m³，超过限值（60 µg/m³）0.53倍，持续1日，近30日累计超标2日，蓝色预警"
    """
    label = parameters.label(alarm.parameter, kind) if alarm.parameter else ""
    if place[-1:].isascii() and label[:1].isascii() and label:
        # "DA001的NOx", not "DA001NOx".
        place += "的"
    unit, decimals = _unit(alarm.point_id, alarm.parameter, kind, points)
    value = _number(alarm.value, decimals, unit)
    limit = _number(alarm.limit, decimals, unit)
    begin = times.naive(alarm.begin)
    lasted = f"持续{_duration(times.naive(alarm.last) - begin)}"
    time = f"近30日第{alarm.count_30d}次"
    note = row["note"] or ""
    match rule.detector:
        case AlarmRule.Detector.EXCEEDANCE:
            daily = rule.settings.get("basis") == "day"
            # What a river station calls an hour is one sample.
            periods = "日" if daily else "次" if kind == "water" else "小时"
            time = f"近30日累计超标{alarm.count_30d}{periods}"
            what = f"{label}{_mean(alarm.parameter, kind, daily)}为{value}"
            if note:
                parts = [place + what, f"低于限值（{limit}）", lasted, time]
            else:
                parts = [place + what, _beyond(alarm, limit), lasted, time]
        case AlarmRule.Detector.MISSING:
            what = f"{label}数据缺失" if label else "全部数据缺失"
            parts = [place + what, note or f"自{_moment(begin)}起无数据", lasted, time]
        case AlarmRule.Detector.NEIGHBOURS:
            higher = _share(alarm.value, alarm.limit)
            most = f"{100 * (alarm.times_over or 0):.0f}%"
            above = f"高于{note}（{limit}）{higher}" + _most(higher, most)
            parts = [f"{place}{label}小时均值为{value}", above, lasted, time]
        case AlarmRule.Detector.CONSTANT:
            parts = [f"{place}{label}恒为{value}", f"{lasted}无变化", time]
        case AlarmRule.Detector.SUDDEN:
            parts = [f"{place}{label}由{note}{unit and ' '}{unit}突变为{value}", lasted, time]
        case AlarmRule.Detector.NO_TREATMENT:
            idle = f"治污设施未运行（功率{value}，运行阈值{limit}）"
            parts = [f"{place}：{note}，{idle}", lasted, time]
        case AlarmRule.Detector.MARKED_STOP:
            parts = [f"{place}{note}", lasted, time]
        case AlarmRule.Detector.PH_JUMP:
            parts = [f"{place}{note}为{value}", lasted, time]
        case _:
            parts = [f"{place}{label}为{value}", note, lasted, time]
    parts.append(f"{Alarm.Level(alarm.level).label}预警")
    return with_others("，".join(parts), alarm.evidence.get("also", []))


_ALSO = "；同一时段同样不变的还有"


def with_others(text: str, others: list[str]) -> str:
    """The text of an alarm with the names of the other points that show the same."""
    alone = text.partition(_ALSO)[0]
    if not others:
        return alone
    return f"{alone}{_ALSO}{'、'.join(others)}（共{len(others) + 1}个点位）"


_REASON = {
    AlarmRule.Detector.EXCEEDANCE: "{mean}超过限值",
    AlarmRule.Detector.MISSING: "超过允许的间隔没有收到数据",
    AlarmRule.Detector.CONSTANT: "数值连续不变，长于该序列自身的惯常重复",
    AlarmRule.Detector.SUDDEN: "远离此前数值的波动范围，且不在降雨、启停炉期间",
    AlarmRule.Detector.NEIGHBOURS: "连续高于周边站点所示的应有值，且只有本站如此",
    AlarmRule.Detector.LOW_VS_NEIGHBOURS: "连续低于周边站点所示的应有值，且只有本站如此",
    AlarmRule.Detector.NO_TREATMENT: "生产设施用电在运行水平，治污设施在停机或空载水平",
}
_PREVENTION = {
    AlarmRule.Detector.EXCEEDANCE: "治理设施按负荷运行；启停炉、故障在发生时标记工况",
    AlarmRule.Detector.NEAR_LIMIT: "数据如实波动；确因控制投药贴限运行的，附运行记录说明",
    AlarmRule.Detector.MISSING: "停电、检修、拆除前申报；数采仪断网后补传",
    AlarmRule.Detector.CONSTANT: "停产或设备故障时及时标记或申报；按期校准、更换试剂",
    AlarmRule.Detector.FLAT: "检查采样管路和分析仪；维护期间标记",
    AlarmRule.Detector.SUDDEN: "校准、维护时标记；异常工况发生时申报",
    AlarmRule.Detector.TREND: "按期比对和校准；工艺调整提前说明",
    AlarmRule.Detector.PH_JUMP: "加药自控与应急池投用；探头清洗、校准时标记",
    AlarmRule.Detector.DILUTION: "堵漏风、关旁通风门；低负荷运行时申报工况",
    AlarmRule.Detector.CONSISTENCY: "负荷、流量、浓度三者同步上报；改造或换料提前说明",
    AlarmRule.Detector.BYPASS: "旁路铅封并联网阀位；检修切换提前申报",
    AlarmRule.Detector.MARKED_STOP: "恢复生产时立即结束停运标记和停产申报",
    AlarmRule.Detector.NO_TREATMENT: "先启治污后启生产；治污检修时停产或申报",
    AlarmRule.Detector.STOP_IGNORED: "停产要求到达后按时停机；确需保温、保安全用电的，事先说明",
    AlarmRule.Detector.DATA_QUALITY: "核对设备单位、量程和零点；数采仪配置变更后比对",
    AlarmRule.Detector.NEIGHBOURS: "站点周边扬尘、焚烧、餐饮等源巡查；施工提前报备",
    AlarmRule.Detector.LOW_VS_NEIGHBOURS: "采样口周边禁止喷淋、遮挡；维护时标记",
    AlarmRule.Detector.DRIFT: "按期与标准站比对校正，相关系数低于0.85的微站退出",
    AlarmRule.Detector.DOWNSTREAM: "上游排口错峰、雨前排空；异常排放立即报告下游",
}


def why(rule: AlarmRule, row: dict[str, Any]) -> str:
    """Why a finding is an alarm, in words."""
    daily = rule.settings.get("basis") == "day"
    reason = _REASON.get(AlarmRule.Detector(rule.detector))
    if reason is None:
        reason = row["note"] or ""
    return reason.format(mean="日均值" if daily else "小时均值")[:300]


# What the value is that an alarm's own was held against, of detectors that hold it against one that is set.
_HELD_AGAINST = {
    AlarmRule.Detector.EXCEEDANCE: noop("限值"),
    AlarmRule.Detector.NEAR_LIMIT: noop("限值"),
    AlarmRule.Detector.NO_TREATMENT: noop("运行阈值"),
    AlarmRule.Detector.STOP_IGNORED: noop("运行阈值"),
}


def held_against(detector: str) -> str:
    """What an alarm's ``limit`` is called: no law limits a meter's power or what the neighbours show."""
    return _HELD_AGAINST.get(AlarmRule.Detector(detector), noop("参照值"))


def prevention(detector: str) -> str:
    """What would have kept an alarm of this detector from being raised."""
    return _PREVENTION[AlarmRule.Detector(detector)]


def _mean(parameter: str, kind: str, daily: bool) -> str:
    """What kind of value was judged."""
    if parameter == "aqi":
        return ""
    if daily:
        ozone = kind == "air" and parameter == parameters.code_of_key("o3", "air")
        return "日最大8小时平均" if ozone else "日均值"
    return "监测值" if kind == "water" else "小时均值"


def _beyond(alarm: Alarm, limit: str) -> str:
    if alarm.parameter == "aqi":
        # An index has no times over; 150 is a threshold of warning, no limit of a standard.
        return f"超过预警值（{limit}）"
    over = (
        exceedance.multiple(alarm.value, alarm.limit)
        if alarm.value is not None and alarm.limit is not None
        else None
    )
    return exceedance.beyond_text(limit, over) + _most(
        exceedance.multiple_text(over), exceedance.multiple_text(alarm.times_over), "倍"
    )


def _most(now: str, most: str, unit: str = "") -> str:
    """The greatest of the whole stretch, where the last value was not it."""
    return f"（期间最大{most}{unit}）" if most and most != now else ""


def _share(value: float | None, mean: float | None) -> str:
    return f"{100 * (value / mean - 1):.0f}%" if value is not None and mean else ""


def _unit(point: int, parameter: str, kind: str, points: PointMap) -> tuple[str, int]:
    declared = points.parameters.filter(
        (pl.col("point") == point) & (pl.col("parameter") == parameter)
    )
    if declared.height:
        return declared["unit"][0], declared["decimals"][0]
    try:
        known = parameters.parameter(parameter, kind)
    except KeyError:
        return "", 1
    return known.unit, known.decimals


def _number(value: float | None, decimals: int, unit: str) -> str:
    if value is None:
        return "—"
    # Two digits more than are usually shown, so that 60.3 does not read "60, over the limit 60".
    text = f"{value:.{decimals + 2}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {unit}".rstrip()


def _moment(moment: datetime) -> str:
    return f"{moment.month}月{moment.day}日{moment:%H:%M}"


def _duration(length: timedelta) -> str:
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes}分钟"
    if minutes < 48 * 60:
        return f"{minutes / 60:.1f}".rstrip("0").rstrip(".") + "小时"
    return f"{minutes / 1440:.1f}".rstrip("0").rstrip(".") + "日"
