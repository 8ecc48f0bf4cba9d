"""A rule's numbers as people say them: a clause each, and the whole as one sentence.

``{n}`` is the number, ``{p}`` the same as a percentage, ``{list}`` what a table or a choice names; of a ladder a clause a
step, with ``{level}``. A clause is looked for under its kind of rule first, then under what every kind has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.monitoring.models import Alarm, AlarmRule, Filing
from ecoledger.monitoring.points import parameters
from ecoledger.web.monitoring.rule_settings import Setting, settings_of
from ecoledger.web.templatetags.show import listed, plain

_Kind = AlarmRule.Detector
_HOURS, _RECENT = noop("连续{n}小时"), noop("看最近{n}小时")
_AROUND = {
    "micro_share": noop("微站偏离{p}"),
    "sigmas": noop("且超过平时离散的{n}倍"),
    "micro_sigmas": noop("微站超过平时离散的{n}倍"),
    "radius_km": noop("与周边{n}公里内的站相比"),
    "needed": noop("周边至少有{n}个站"),
}

EVERYWHERE: dict[str, str] = {
    "escalate": noop("累计{n}次升为{level}"),
    "clear_after": noop("连续正常{n}次后恢复"),
    "silenced_by": noop("{list}申报期间静默"),
    "floor": noop("不高于{list}的不算"),
    "floor_default": noop("其他因子不高于{n}的不算"),
    "history": noop("此前至少有{n}小时数据才判"),
    "step": noop("且变化量超过{list}"),
    "hours": _HOURS,
}

SPOKEN: dict[str, dict[str, str]] = {
    _Kind.EXCEEDANCE: {
        "basis": noop("按{list}判断"),
        "levels": noop("超标{n}倍起为{level}"),
        "limits": noop("限值另定为{list}"),
        "standard": noop("限值依据{list}"),
        "clear_below": noop("降到限值的{p}以下才算正常"),
    },
    _Kind.MISSING: {
        "intervals": noop("缺{n}个上报周期"),
        "minutes": noop("且至少缺{n}分钟"),
        "single_intervals": noop("单个因子缺{n}个上报周期"),
        "escalate_hours": noop("缺满{n}小时升为{level}"),
    },
    _Kind.CONSTANT: {
        "hours": noop("连续{n}小时不变"),
        "samples": noop("其间至少有{n}个值"),
        "tolerance": noop("最大与最小相差不超过{n}"),
    },
    _Kind.SUDDEN: {
        "hours": noop("与之前{n}小时相比"),
        "needed": noop("其中至少{n}小时有效"),
        "sigmas": noop("偏离中位值超过{n}倍稳健标准差"),
        "share": noop("且变化超过中位值的{p}"),
        "share_of": noop("个别因子变化超过中位值的{list}倍"),
        "step_default": noop("其他因子变化量超过{n}"),
        "lasting": noop("连续{n}小时如此才算"),
        "beyond_hours": noop("且超出此前{n}小时的全部值"),
        "beyond": noop("超出{p}以上"),
    },
    _Kind.NEIGHBOURS: _AROUND
    | {
        "share": noop("高于周边均值{p}"),
        "micro_share": noop("微站高于周边均值{p}"),
        "excess": noop("且至少高出{list}"),
        "apart": noop("且超过周边各站彼此差异的{n}倍"),
        "least": noop("浓度不低于{list}才算"),
        "levels": noop("高出{p}起为{level}"),
    },
    _Kind.NO_TREATMENT: {
        "minutes": noop("持续{n}分钟"),
        "running_above": noop("功率高于{n} kW 算运行"),
    },
    _Kind.STOP_IGNORED: {
        "grace": noop("指令生效{n}小时后起算"),
        "running_above": noop("功率高于{n} kW 算运行"),
    },
    _Kind.NEAR_LIMIT: {
        "hours": _RECENT,
        "piled": noop("{n}个值挤在最大值下限值的1%以内"),
        "from": noop("达到限值的{p}算贴限"),
        "close": noop("或连续{n}小时贴限且波动小"),
    },
    _Kind.FLAT: {"hours": _RECENT, "share": noop("波动不到平时的{p}")},
    _Kind.TREND: {
        "share": noop("近一日中位值偏离此前{p}"),
        "share_of": noop("个别因子偏离{list}倍"),
        "sigmas": noop("且超过日中位值的{n}倍稳健标准差"),
    },
    _Kind.PH_JUMP: {
        "step": noop("变化超过{n}"),
        "sigmas": noop("且超过{n}倍稳健标准差"),
        "beyond": noop("且超出此前三天全部值{n}以上"),
    },
    _Kind.DILUTION: {
        "rise": noop("含氧量高出平时{n}个百分点"),
        "load": noop("负荷不低于平时的{p}"),
        "start": noop("停机后{n}小时内不判"),
    },
    _Kind.CONSISTENCY: {
        "hours": _RECENT,
        "factor": noop("浓度不到平时的{n}分之一"),
        "load": noop("负荷与平时相差不超过{p}"),
    },
    _Kind.BYPASS: {
        "share": noop("流量低于应有值的{p}"),
        "power": noop("生产用电不低于平时的{p}"),
    },
    _Kind.MARKED_STOP: {"share": noop("流量或用电达到平时的{p}算在运行")},
    _Kind.DATA_QUALITY: {"clock_hours": noop("时钟错{n}小时以上")},
    _Kind.LOW_VS_NEIGHBOURS: _AROUND
    | {"share": noop("偏离周边{p}"), "least": noop("周边浓度不低于{list}才算")},
    _Kind.DRIFT: _AROUND
    | {"share": noop("偏离周边{p}"), "least": noop("周边浓度不低于{list}才算")},
    _Kind.DOWNSTREAM: {
        "sigmas": noop("高出三天中位值{n}倍稳健标准差"),
        "share": noop("且高出{p}"),
        "slowest": noop("水流最慢{n} m/s"),
        "fastest": noop("最快{n} m/s"),
    },
}


def clause_of(detector: str, name: str) -> str:
    """How a setting is spoken; "" where nobody said."""
    return SPOKEN.get(detector, {}).get(name) or EVERYWHERE.get(name, "")


def spoken(rule: AlarmRule) -> list[str]:
    """The rule's terms in the order they are asked, what is not set left out."""
    terms: list[str] = []
    for setting in settings_of(rule.detector):
        value = rule.settings.get(setting.name)
        if value not in (None, "", [], {}):
            terms += _said(rule, setting, value)
    return terms


def _said(rule: AlarmRule, setting: Setting, value: Any) -> Iterator[str]:
    clause = _(clause_of(rule.detector, setting.name))
    if setting.kind == "ladder":
        for number, level in value:
            label = _(str(Alarm.Level(level).label))
            at_once = number == 0 and setting.name == "levels"
            text = _("一超过即为{level}") if at_once else clause
            yield text.format(n=plain(number), p=_percent(number), level=label)
    elif setting.kind in ("table", "choice", "filings", "text"):
        yield clause.format(list=_list(rule, setting, value))
    else:
        yield clause.format(n=plain(value), p=_percent(value))


def _list(rule: AlarmRule, setting: Setting, value: Any) -> str:
    match setting.kind:
        case "table":
            kind = rule.kind
            return listed(
                f"{_(parameters.label(code, kind))} {plain(number)}"
                for code, number in value.items()
            )
        case "choice":
            return str(dict(setting.choices).get(value, value))
        case "filings":
            return listed(Filing.Kind(kind).label for kind in value)
    return str(value)


def _percent(number: float) -> str:
    return f"{plain(100 * float(number))}%"


def conditions(rule: AlarmRule) -> str:
    """What of and under which conditions, as the second half of the rule's sentence; "" where it has none."""
    terms = _("，").join(spoken(rule))
    return _("%(said)s：%(terms)s。") % {"said": _factors(rule), "terms": terms} if terms else ""


def _factors(rule: AlarmRule) -> str:
    labels = [parameters.label(code, rule.kind) for code in rule.parameters]
    return listed(labels) if labels else _("任一因子")


def sentence(rule: AlarmRule) -> str:
    """The rule as it is spoken: where, what of, which trouble, which alarm, under which conditions."""
    said = _("%(where)s的%(what)s出现“%(trouble)s”，报%(level)s预警") % {
        "where": _(rule.get_kind_display()),
        "what": _factors(rule),
        "trouble": _(rule.get_detector_display()),
        "level": _(Alarm.Level(rule.level).label),
    }
    terms = _("，").join(spoken(rule))
    if not terms:
        return _("%s。") % said
    return _("%(said)s：%(terms)s。") % {"said": said, "terms": terms}
