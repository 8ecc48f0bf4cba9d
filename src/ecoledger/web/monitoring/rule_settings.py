"""Which numbers each kind of alarm rule has, what they may be, and how they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from ecoledger.monitoring.models import Alarm, AlarmRule

Text = str | Promise
LEVELS = tuple(Alarm.Level.values)


@dataclass(frozen=True)
class Setting:
    """One entry of ``AlarmRule.settings``.

    ``kind``: whole, number, choice, text; ladder ("from this number on, this level": ``[[number, level],
    ...]``); table (a number a parameter); filings (which filings silence). An optional one left empty is
    taken out, and the detector's default holds.
    """

    name: str
    label: Text
    kind: str = "number"
    least: float | None = None
    most: float | None = None
    required: bool = False
    help: Text = ""
    choices: tuple[tuple[str, Text], ...] = field(default=())


_ESCALATE = Setting(
    "escalate",
    gettext_lazy("累计次数达到即升为"),
    "ladder",
    least=1,
    help=gettext_lazy("同一预警重复的次数；留空则不因次数升级。"),
)
_RUNNING_ABOVE = Setting(
    "running_above",
    gettext_lazy("功率高于多少 kW 算运行"),
    least=0,
    required=True,
    help=gettext_lazy("监测点自己设了阈值的，按监测点。"),
)
_LEVELS = Setting(
    "levels",
    gettext_lazy("超标倍数达到即为"),
    "ladder",
    least=0,
    help=gettext_lazy("0 表示一超标就是；留空的等级不用。"),
)
_CLEAR = Setting(
    "clear_after",
    gettext_lazy("连续正常多少次后恢复"),
    "whole",
    least=1,
    most=100,
    help=gettext_lazy("留空为 1。"),
)
_SILENCED = Setting(
    "silenced_by",
    gettext_lazy("哪些申报使其静默"),
    "filings",
    help=gettext_lazy("不选则任何申报都不静默。"),
)

SETTINGS: dict[str, tuple[Setting, ...]] = {
    AlarmRule.Detector.EXCEEDANCE: (
        Setting(
            "basis",
            gettext_lazy("判断依据"),
            "choice",
            required=True,
            choices=(("hour", gettext_lazy("小时均值")), ("day", gettext_lazy("日均值"))),
        ),
        _LEVELS,
        _ESCALATE,
        Setting(
            "limits",
            gettext_lazy("另定限值"),
            "table",
            least=0,
            help=gettext_lazy("优先于监测点的许可限值和标准；平时留空。每行一个，如：PM2.5 = 75"),
        ),
        Setting("standard", gettext_lazy("另定限值的依据"), "text"),
        Setting(
            "clear_below",
            gettext_lazy("降到限值的多少才算正常"),
            least=0.1,
            most=1,
            help=gettext_lazy("0.95 表示降到限值的 95% 以下；留空即为达标。"),
        ),
    ),
    AlarmRule.Detector.MISSING: (
        Setting(
            "intervals",
            gettext_lazy("缺几个上报周期"),
            "whole",
            least=1,
            most=1000,
            required=True,
        ),
        Setting(
            "minutes", gettext_lazy("且至少缺几分钟"), "whole", least=1, most=14400, required=True
        ),
        Setting(
            "single_intervals",
            gettext_lazy("单个因子缺几个上报周期"),
            "whole",
            least=1,
            most=1000,
            help=gettext_lazy("零点、跨度检查会占去数小时；留空同上。"),
        ),
        Setting("escalate_hours", gettext_lazy("缺数小时数达到即升为"), "ladder", least=0.1),
    ),
    AlarmRule.Detector.CONSTANT: (
        Setting("hours", gettext_lazy("连续几小时不变"), "whole", least=2, most=168, required=True),
        Setting("samples", gettext_lazy("至少几个值"), "whole", least=2, most=48),
        Setting(
            "tolerance",
            gettext_lazy("最大与最小相差不超过"),
            least=0,
            required=True,
            help=gettext_lazy("按因子自己的单位；0 表示完全不变。"),
        ),
        Setting(
            "floor",
            gettext_lazy("各因子不高于此值不算恒值"),
            "table",
            least=0,
            help=gettext_lazy("接近检出限的低值本来就会不变。每行一个，如：SO2 = 15"),
        ),
        Setting("floor_default", gettext_lazy("其他因子不高于此值不算恒值"), least=0),
        _ESCALATE,
    ),
    AlarmRule.Detector.SUDDEN: (
        Setting(
            "hours", gettext_lazy("与之前几小时相比"), "whole", least=2, most=720, required=True
        ),
        Setting(
            "needed",
            gettext_lazy("其中至少有几小时有效"),
            "whole",
            least=1,
            most=720,
            required=True,
        ),
        Setting(
            "sigmas",
            gettext_lazy("偏离中位值超过几倍稳健标准差"),
            least=0.1,
            most=100,
            required=True,
        ),
        Setting(
            "share",
            gettext_lazy("且超过中位值的几倍"),
            least=0,
            most=100,
            required=True,
            help=gettext_lazy("1 表示变化超过中位值本身。"),
        ),
        Setting("share_of", gettext_lazy("个别因子另定倍数"), "table", least=0),
        Setting(
            "step",
            gettext_lazy("且变化量超过"),
            "table",
            least=0,
            help=gettext_lazy("按因子自己的单位。每行一个，如：氨氮 = 0.5"),
        ),
        Setting("step_default", gettext_lazy("其他因子的变化量超过"), least=0),
        Setting(
            "lasting",
            gettext_lazy("连续几小时如此才算"),
            "whole",
            least=1,
            most=24,
            help=gettext_lazy("单个小时的跳变多为吹灰、气泡或启停。"),
        ),
        Setting(
            "beyond_hours",
            gettext_lazy("且超出此前几小时的全部值"),
            "whole",
            least=1,
            most=720,
            help=gettext_lazy("停产后复产回到原水平不算突变；留空为 72。"),
        ),
        Setting(
            "beyond",
            gettext_lazy("超出的比例"),
            least=0,
            most=1,
            help=gettext_lazy("留空为 0.1。"),
        ),
        _ESCALATE,
    ),
    AlarmRule.Detector.NEIGHBOURS: (
        Setting("hours", gettext_lazy("连续几小时"), "whole", least=1, most=24, required=True),
        Setting(
            "share",
            gettext_lazy("高于周边均值的比例"),
            least=0.01,
            most=10,
            required=True,
            help=gettext_lazy("0.2 表示高出 20%。"),
        ),
        Setting("micro_share", gettext_lazy("微站另定比例"), least=0.01, most=10),
        Setting("sigmas", gettext_lazy("且超过平时离散的几倍"), least=0.1, most=50),
        Setting("excess", gettext_lazy("且至少高出"), "table", least=0),
        Setting("micro_sigmas", gettext_lazy("微站另定倍数"), least=0.1, most=50),
        Setting("apart", gettext_lazy("且超过周边各站当时彼此差异的几倍"), least=0.1, most=50),
        Setting("radius_km", gettext_lazy("周边半径 km"), least=0.5, most=100, required=True),
        Setting("needed", gettext_lazy("周边至少几个站"), "whole", least=1, most=50, required=True),
        Setting(
            "least",
            gettext_lazy("浓度不低于此值才算"),
            "table",
            least=0,
            help=gettext_lazy("每行一个，如：PM2.5 = 35"),
        ),
        Setting(
            "levels",
            gettext_lazy("高出比例达到即为"),
            "ladder",
            least=0,
            help=gettext_lazy("0.5 表示高出 50%；留空的等级不用。"),
        ),
        _ESCALATE,
    ),
    AlarmRule.Detector.NO_TREATMENT: (
        Setting("minutes", gettext_lazy("持续几分钟"), "whole", least=1, most=1440, required=True),
        _RUNNING_ABOVE,
        _ESCALATE,
    ),
    AlarmRule.Detector.STOP_IGNORED: (
        Setting("hours", gettext_lazy("连续几小时"), "whole", least=1, most=48, required=True),
        Setting(
            "grace",
            gettext_lazy("指令生效后几小时内停机不算"),
            least=0,
            most=72,
            required=True,
        ),
        _RUNNING_ABOVE,
        _ESCALATE,
    ),
    AlarmRule.Detector.NEAR_LIMIT: (
        Setting("hours", gettext_lazy("看最近几小时"), "whole", least=6, most=168, required=True),
        Setting(
            "piled",
            gettext_lazy("其中几个值挤在最大值下限值的1%以内"),
            "whole",
            least=3,
            most=100,
            required=True,
        ),
        Setting("from", gettext_lazy("从限值的多少算贴限"), least=0.5, most=1, required=True),
        Setting(
            "close",
            gettext_lazy("或连续几小时贴限且波动小"),
            "whole",
            least=4,
            most=72,
            required=True,
        ),
        _ESCALATE,
    ),
    AlarmRule.Detector.FLAT: (
        Setting("hours", gettext_lazy("看最近几小时"), "whole", least=6, most=72, required=True),
        Setting(
            "share",
            gettext_lazy("波动低于平时的几成"),
            least=0.01,
            most=0.9,
            required=True,
            help=gettext_lazy("0.2 表示不到平时的 20%。"),
        ),
        Setting(
            "history",
            gettext_lazy("此前至少有几小时数据"),
            "whole",
            least=24,
            most=336,
            required=True,
        ),
        Setting("floor", gettext_lazy("各因子不高于此值不算"), "table", least=0),
        Setting("floor_default", gettext_lazy("其他因子不高于此值不算"), least=0),
        _ESCALATE,
    ),
    AlarmRule.Detector.TREND: (
        Setting(
            "share", gettext_lazy("近一日中位值偏离此前的比例"), least=0.05, most=10, required=True
        ),
        Setting("share_of", gettext_lazy("个别因子另定比例"), "table", least=0),
        Setting(
            "sigmas",
            gettext_lazy("且超过日中位值的几倍稳健标准差"),
            least=0.1,
            most=100,
            required=True,
        ),
        Setting("step", gettext_lazy("且变化量超过"), "table", least=0),
        Setting(
            "history",
            gettext_lazy("此前至少有几小时数据"),
            "whole",
            least=48,
            most=336,
            required=True,
        ),
        _ESCALATE,
    ),
    AlarmRule.Detector.PH_JUMP: (
        Setting("step", gettext_lazy("变化超过"), least=0.2, most=7, required=True),
        Setting("sigmas", gettext_lazy("且超过几倍稳健标准差"), least=0.1, most=100, required=True),
        Setting("beyond", gettext_lazy("且超出此前三天全部值"), least=0, most=7, required=True),
        _ESCALATE,
    ),
    AlarmRule.Detector.DILUTION: (
        Setting("hours", gettext_lazy("连续几小时"), "whole", least=1, most=48, required=True),
        Setting(
            "rise", gettext_lazy("含氧量高出平时几个百分点"), least=0.5, most=10, required=True
        ),
        Setting("load", gettext_lazy("负荷不低于平时的多少"), least=0.1, most=1, required=True),
        Setting(
            "start", gettext_lazy("停机后几小时内不判"), "whole", least=0, most=48, required=True
        ),
        _ESCALATE,
    ),
    AlarmRule.Detector.CONSISTENCY: (
        Setting("hours", gettext_lazy("看最近几小时"), "whole", least=3, most=72, required=True),
        Setting(
            "factor",
            gettext_lazy("浓度低到平时的几分之一"),
            least=1.2,
            most=20,
            required=True,
            help=gettext_lazy("2.5 表示不到平时的 1/2.5。"),
        ),
        Setting("load", gettext_lazy("负荷与平时相差不超过"), least=0.05, most=1, required=True),
        _ESCALATE,
    ),
    AlarmRule.Detector.BYPASS: (
        Setting("hours", gettext_lazy("连续几小时"), "whole", least=1, most=48, required=True),
        Setting("share", gettext_lazy("流量低于应有值的多少"), least=0.05, most=0.9, required=True),
        Setting(
            "power", gettext_lazy("生产用电不低于平时的多少"), least=0.1, most=1, required=True
        ),
        _ESCALATE,
    ),
    AlarmRule.Detector.MARKED_STOP: (
        Setting("hours", gettext_lazy("连续几小时"), "whole", least=1, most=48, required=True),
        Setting(
            "share",
            gettext_lazy("流量或用电达到平时的多少算在运行"),
            least=0.1,
            most=1,
            required=True,
        ),
        _ESCALATE,
    ),
    AlarmRule.Detector.DATA_QUALITY: (
        Setting("hours", gettext_lazy("连续几小时"), "whole", least=2, most=48, required=True),
        Setting("clock_hours", gettext_lazy("时钟错几小时以上"), "whole", least=2, most=12),
        _ESCALATE,
    ),
    AlarmRule.Detector.LOW_VS_NEIGHBOURS: (
        Setting("hours", gettext_lazy("连续几小时"), "whole", least=1, most=48, required=True),
        Setting(
            "share",
            gettext_lazy("偏离的比例"),
            least=0.05,
            most=0.95,
            required=True,
            help=gettext_lazy("0.4 表示 40%。"),
        ),
        Setting("micro_share", gettext_lazy("微站另定比例"), least=0.05, most=5),
        Setting("sigmas", gettext_lazy("且超过平时离散的几倍"), least=0.1, most=50, required=True),
        Setting("radius_km", gettext_lazy("周边半径 km"), least=0.5, most=100, required=True),
        Setting("needed", gettext_lazy("周边至少几个站"), "whole", least=1, most=50, required=True),
        Setting("least", gettext_lazy("周边浓度不低于此值才算"), "table", least=0),
        Setting("micro_sigmas", gettext_lazy("微站另定倍数"), least=0.1, most=50),
        _ESCALATE,
    ),
    AlarmRule.Detector.DRIFT: (
        Setting(
            "share",
            gettext_lazy("偏离的比例"),
            least=0.05,
            most=0.95,
            required=True,
            help=gettext_lazy("0.4 表示 40%。"),
        ),
        Setting("micro_share", gettext_lazy("微站另定比例"), least=0.05, most=5),
        Setting("sigmas", gettext_lazy("且超过平时离散的几倍"), least=0.1, most=50, required=True),
        Setting("radius_km", gettext_lazy("周边半径 km"), least=0.5, most=100, required=True),
        Setting("needed", gettext_lazy("周边至少几个站"), "whole", least=1, most=50, required=True),
        Setting("least", gettext_lazy("周边浓度不低于此值才算"), "table", least=0),
        Setting(
            "history",
            gettext_lazy("此前至少有几小时数据"),
            "whole",
            least=48,
            most=336,
            required=True,
        ),
        _ESCALATE,
    ),
    AlarmRule.Detector.DOWNSTREAM: (
        Setting(
            "sigmas", gettext_lazy("高出三天中位值几倍稳健标准差"), least=1, most=50, required=True
        ),
        Setting("share", gettext_lazy("且高出的比例"), least=0.05, most=10, required=True),
        Setting("slowest", gettext_lazy("水流最慢 m/s"), least=0.01, most=5, required=True),
        Setting("fastest", gettext_lazy("水流最快 m/s"), least=0.05, most=10, required=True),
        _ESCALATE,
    ),
}


def settings_of(detector: str) -> tuple[Setting, ...]:
    """The settings a rule of this detector has, in the order they are asked."""
    return (*SETTINGS[detector], _CLEAR, _SILENCED)
