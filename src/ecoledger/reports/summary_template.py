"""The file a work summary begins with, in the form of such summaries: 一、（一）一是…; the bureau edits it in Word."""

from __future__ import annotations

from ecoledger.indicators.declaring import indicator_of
from ecoledger.registers.publicity.activities import Activity
from ecoledger.reports.named_figures import variable
from ecoledger.reports.official_document import OfficialDocument
from ecoledger.reports.profile import documents
from ecoledger.reports.template_in_force import made_once

_CHANGED = "{{% if {0}_同比 %}}，{{{{ {0}_同比 }}}}{{% endif %}}"
_GOAL = "{{% if {0}_达标 %}}（{{{{ {0}_达标 }}}}年度目标{{{{ {0}_目标 }}}}）{{% endif %}}"


def _figure(name: str, words: str = "", *, goal: bool = False) -> str:
    """A figure with its change against last year, left out where there is none."""
    tail = _CHANGED.format(name) + (_GOAL.format(name) if goal else "")
    return f"{{% if {name} %}}{words or name}{{{{ {name} }}}}{tail}{{% endif %}}"


def _listed(parts: tuple[tuple[str, str], ...]) -> str:
    """Parts of a total with 、 between those that are more than nought."""
    said: list[str] = []
    for number, (name, words) in enumerate(parts):
        before = " or ".join(f"{earlier}_有" for earlier, _words in parts[:number])
        mark = f"{{% if {before} %}}、{{% endif %}}" if before else ""
        said.append(f"{{% if {name}_有 %}}{mark}{words}{{{{ {name} }}}}{{% endif %}}")
    return "".join(said)


_LEVELS = (
    ("宣传稿件国家级媒体发表文章", "国家级媒体"),
    ("宣传稿件省级媒体发表文章", "省级媒体"),
    ("宣传稿件市级媒体发表文章", "市级媒体"),
    ("宣传稿件县级媒体发表文章", "县级媒体"),
    ("宣传稿件未分级文章", "未分级"),
)
# As indicators are named: what says 活动 or 公众 already does not say it twice.
_KINDS = tuple(
    (variable(indicator_of(f"activity.{key}").full_name), str(label))
    for key, label in Activity.Kind.choices
)
_AIR = (
    "（一）环境空气质量",
    "{% if 优良天数比例 %}{{ 期间 }}，{{ 区域 }}有效监测{{ 有效监测天数 }}（日历{{ 日历天数 }}），其中优良天数{{ 优良天数 }}、污染天数{{ 污染天数 }}，"
    "优良天数比例{{ 优良天数比例 }}" + _CHANGED.format("优良天数比例") + _GOAL.format("优良天数比例")
    + "；空气质量指数（AQI）为{{ AQI最低值 }}—{{ AQI最高值 }}；" + _figure("环境空气质量综合指数") + "。"
    "{% elif 有效监测天数_有 %}{{ 期间 }}，{{ 区域 }}有效监测{{ 有效监测天数 }}（日历{{ 日历天数 }}），有效天数不足，不作月评价。"
    "{% else %}期内没有有效的空气质量监测数据。{% endif %}",
    "{% if PM25平均浓度 %}" + _figure("PM25平均浓度", "PM2.5平均浓度", goal=True) + "；"
    + _figure("PM10平均浓度", goal=True) + "；"
    + _figure("O3日最大8小时平均第90百分位数", goal=True) + "；"
    + _figure("NO2平均浓度") + "；" + _figure("SO2平均浓度")
    + "。{% endif %}",
)  # fmt: skip
_WATER = (
    "（二）水环境质量",
    "{% if 优良断面比例 %}有评价结果的断面{{ 有评价结果的断面数 }}，优良（Ⅰ～Ⅲ类）断面{{ 优良断面数 }}，占{{ 优良断面比例 }}"
    + _CHANGED.format("优良断面比例") + _GOAL.format("优良断面比例")
    + "；劣Ⅴ类断面{{ 劣Ⅴ类断面数 }}。{% if 断面逐月达标率 %}按累计均值，{% endif %}断面达标率{{ 断面达标率 }}" + _CHANGED.format("断面达标率")
    + "{% if 断面逐月达标率 %}；按逐月评价，达标{{ 断面逐月达标率_分子 }}断面次、共{{ 断面逐月达标率_分母 }}断面次，达标率{{ 断面逐月达标率 }}{% endif %}。"
    "{% else %}期内没有断面评价结果。{% endif %}",
)  # fmt: skip
# Where a sentence has no figure that readers may be told.
_UNTOLD = "{% else %}有关数字不列。"
_WORK = (
    "（一）治理工程和年度任务",
    "一是推进治理工程。{% if 治理工程计划项目_有 %}计划治理工程{{ 治理工程计划项目 }}（含往年结转），已完成{{ 治理工程已完成 }}，"
    "{% if 治理工程完成率 %}完成率{{ 治理工程完成率 }}{% endif %}；超期{{ 治理工程超期 }}。{% else %}没有在册治理工程。{% endif %}"
    "二是落实重点任务。{% if 重点任务新立 %}期内下达重点任务{{ 重点任务新立 }}，完成{{ 重点任务办结 }}，在办{{ 重点任务在办 }}，"
    "其中超期{{ 重点任务超期 }}。{% else %}期内没有下达重点任务。{% endif %}"
    "三是补齐短板指标。{% if 短板指标在办_有 or 短板指标办结_有 %}在办短板指标{{ 短板指标在办 }}，期内补齐{{ 短板指标办结 }}。"
    "{% else %}没有在办的短板指标。{% endif %}",
    "（二）监管和问题整改",
    "一是强化预警处置。{% if 预警_有 or 预警交办新立_有 or 预警交办在办_有 %}{% if 预警交办新立 %}产生预警{{ 预警 }}，新立预警交办件{{ 预警交办新立 }}，"
    "交办{{ 预警件交办 }}，办结{{ 预警交办办结 }}，在办{{ 预警交办在办 }}。" + _UNTOLD + "{% endif %}{% else %}期内没有产生预警。{% endif %}"
    "二是抓好问题整改。{% if 问题交办 %}期内交办问题{{ 问题交办 }}。{% endif %}{% if 问题一本账登记总数_有 and 问题一本账登记总数 %}登记问题{{ 问题一本账登记总数 }}（其中重复{{ 问题一本账其中重复 }}、不属实{{ 问题一本账其中不属实 }}），"
    "应整改{{ 问题一本账应整改 }}；截至目前已完成整改{{ 问题一本账已完成整改 }}，"
    "{% if 问题一本账完成率剔除重复和不属实 %}占应整改的{{ 问题一本账完成率剔除重复和不属实 }}；{% endif %}{% endif %}"
    "{% if 问题一本账在办 %}期末在办问题{{ 问题一本账在办 }}（含往年结转），其中超期{{ 问题一本账超期 }}。" + _UNTOLD + "{% endif %}"
    "三是传导压力。{% if 通报预警约谈发出预警函_有 or 通报预警约谈约谈_有 %}{% if 通报预警约谈发出预警函 %}发出预警函{{ 通报预警约谈发出预警函 }}、"
    "约谈{{ 通报预警约谈约谈 }}。" + _UNTOLD + "{% endif %}{% else %}期内没有发出预警函，没有约谈。{% endif %}",
    "（三）执法和信访",
    "一是严格执法监管。{% if 行政处罚案件新立_有 or 行政处罚案件在办_有 %}{% if 行政处罚案件新立 %}期内行政处罚立案{{ 行政处罚案件新立 }}"
    "{% if 行政处罚案件作出处罚决定_有 %}，其中已作出处罚决定{{ 行政处罚案件作出处罚决定 }}，罚没金额{{ 行政处罚案件罚没金额 }}{% endif %}；"
    "期末在办案件和线索{{ 行政处罚案件在办 }}，其中超期{{ 行政处罚案件超期 }}。" + _UNTOLD + "{% endif %}{% else %}期内没有立案，没有在办案件。{% endif %}"
    "二是办好信访投诉。{% if 信访投诉新立_有 or 信访投诉在办_有 %}{% if 信访投诉新立 %}期内受理登记信访投诉{{ 信访投诉新立 }}（不含重复件），办结{{ 信访投诉办结 }}，"
    "期末在办{{ 信访投诉在办 }}，其中超期{{ 信访投诉超期 }}{% if 信访投诉回访满意率 %}；回访满意率{{ 信访投诉回访满意率 }}{% endif %}。"
    + _UNTOLD + "{% endif %}{% else %}期内没有信访投诉。{% endif %}",
    "（四）宣传和公众参与",
    "一是加强新闻宣传。{% if 宣传稿件媒体发表文章 %}在各类媒体发表文章{{ 宣传稿件媒体发表文章 }}{% if 宣传稿件媒体发表文章_有 %}，其中"
    + _listed(_LEVELS)
    + "{% endif %}。{% else %}期内没有发表文章的记录。{% endif %}"
    "二是推动公众参与。{% if 公众活动 %}开展公众活动{{ 公众活动 }}{% if 公众活动_有 %}，其中" + _listed(_KINDS) + "{% endif %}。{% else %}期内没有公众活动的记录。{% endif %}",
    "（五）各台账办理情况",
)  # fmt: skip


@made_once
def summary_template() -> bytes:
    """The .docx."""
    title = "{{ 发文机关 }}\n{{ 标题 }}"
    document = OfficialDocument(
        "{{ 发文机关 }}", "{{ 文号 }}", title, documents().fonts, room_for=13
    )
    document.heading("一、环境质量指标完成情况")
    _said(document, (*_AIR, *_WATER))
    document.paragraph("{%p if 目标表 %}")
    _said(document, ("（三）年度目标进展",))
    document.table(
        "年度目标进展情况",
        ("指标", "性质", "现值", "目标", "结论"),
        [
            ["{%tr for 行 in 目标表 %}", "", "", "", ""],
            [
                "{{ 行.指标 }}{% if 行.来源 %}（{{ 行.来源 }}）{% endif %}",
                "{{ 行.性质 }}",
                "{{ 行.现值 }}",
                "{{ 行.目标 }}",
                "{{ 行.结论 }}",
            ],
            ["{%tr endfor %}", "", "", "", ""],
        ],
        "",
    )
    document.paragraph("{%p endif %}")
    document.heading("二、重点工作进展情况")
    _said(document, _WORK)
    document.table(
        "各台账办理情况",
        ("台账", "新立", "办结", "在办", "其中超期"),
        [
            ["{%tr for 行 in 台账表 %}", "", "", "", ""],
            ["{{ 行.台账 }}", "{{ 行.新立 }}", "{{ 行.办结 }}", "{{ 行.在办 }}", "{{ 行.超期 }}"],
            ["{%tr endfor %}", "", "", "", ""],
        ],
        "",
    )
    for heading, name in (("三、存在的主要问题", "存在问题"), ("四、下一步工作打算", "下一步打算")):
        document.paragraph(f"{{%p if {name} %}}")
        document.heading(heading)
        document.paragraph(f"{{%p for 段 in {name} %}}")
        document.paragraph("（{{ loop.index }}）{{ 段 }}")
        document.paragraph("{%p endfor %}")
        document.paragraph("{%p endif %}")
    document.paragraph("{%p if 数字说明 %}")
    document.note("{{ 数字说明 }}")
    document.paragraph("{%p endif %}")
    document.sign_as("{{ 发文机关 }}", "{{ 成文日期 }}")
    return document.save()


def _said(document: OfficialDocument, paragraphs: tuple[str, ...]) -> None:
    for text in paragraphs:
        if text.startswith("（") and len(text) < 20:
            document.subheading(text)
        else:
            document.paragraph(text)
