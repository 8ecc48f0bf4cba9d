"""The documents of what stands beside a case: orders to correct, seizures, limits of production, transfers, visits.

Layouts and series as in :mod:`.enforcement_letters`; lists (清单) are papers of their own with ruled rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecoledger.reports import enforcement_values as values
from ecoledger.reports.declaration import REVIEW, Letter, Word, declare
from ecoledger.reports.enforcement_forms import OPINION, OPINION_ROWS
from ecoledger.reports.enforcement_letters import (
    CONTACT,
    CONTACT_LINE,
    PARTY,
    author_of,
    of_kind,
    today,
)
from ecoledger.reports.enforcement_paper import Rows, form, paper
from ecoledger.reports.enforcement_values import REMEDY

ORDER, SEIZURE, PRODUCTION = ("correction_order",), ("seizure",), ("production_order",)
TRANSFER, REFERRAL, VISIT = ("police_transfer",), ("referral",), ("inspection",)

ORDER_LETTER = declare(
    Letter(
        key="correction_order", label="责令改正违法行为决定书", line="enforcement",
        series="环责改〔{year}〕{n}号", registers=ORDER, values=values.order, value_names=values.ORDER_NAMES, carried_in="order_no",
        words=(Word("事实", "long", first=lambda m, _a: m.description), Word("依据")),
        template=paper("责令改正违法行为决定书{{ 再次 }}", (
            "经查，你（单位）存在以下环境违法行为：{{ 事实 }}",
            "依据{{ 依据 }}，我局责令你（单位）{% if 改正期限 %}于{{ 改正期限 }}前{% else %}立即{% endif %}"
            "改正违法行为：{{ 改正要求 }}",
            "{{ 复查提示 }}对上述违法行为的处罚不以整改结果为前提。", REMEDY,
        ), PARTY),
    )
)  # fmt: skip
SUBSTITUTE = declare(
    Letter(
        key="substitute_decision", label="代履行决定书", line="enforcement", series="环代履〔{year}〕{n}号", registers=ORDER,
        values=values.order, value_names=values.ORDER_NAMES, states=("persisted", "substituting"),
        words=(Word("代履行理由", "long"), Word("代履行方式"), Word("代履行时间"), Word("代履行标的"), Word("费用预算"), Word("承担代履行的单位")),
        template=paper("代履行决定书", (
            "我局以{{ 责改文号 }}责令你（单位）改正违法行为，你（单位）逾期未履行：{{ 代履行理由 }}",
            "依据《中华人民共和国行政强制法》第五十条，我局决定由{{ 承担代履行的单位 }}代为履行。代履行的方式：{{ 代履行方式 }}；"
            "时间：{{ 代履行时间 }}；标的：{{ 代履行标的 }}；费用预算：{{ 费用预算 }}，按照成本合理确定，由你（单位）承担。", REMEDY,
        ), PARTY),
    )
)  # fmt: skip
SUBSTITUTE_DEMAND = declare(
    Letter(
        key="substitute_demand", label="代履行催告书", line="enforcement", series="环催〔{year}〕{n}号", registers=ORDER,
        values=values.order, value_names=values.ORDER_NAMES, states=("persisted", "substituting"),
        words=(Word("义务内容", "long", first=lambda m, _a: m.as_correction_order.demand), Word("履行期限"), Word("代履行时间"), *CONTACT),
        template=paper("代履行催告书", (
            "我局以{{ 责改文号 }}责令你（单位）改正违法行为，你（单位）至今未履行。现依据《中华人民共和国行政强制法》第五十一条催告你（单位）"
            "于{{ 履行期限 }}前履行下列义务：{{ 义务内容 }}",
            "逾期仍不履行的，我局将于{{ 代履行时间 }}起代为履行，费用由你（单位）承担。你（单位）有权进行陈述和申辩。", CONTACT_LINE,
        ), PARTY),
    )
)  # fmt: skip
SEIZURE_LETTER = declare(
    Letter(
        key="seizure_decision", label="查封（扣押）决定书", line="enforcement",
        series="环查（扣）〔{year}〕{n}号", registers=SEIZURE, values=values.seizure, value_names=values.SEIZURE_NAMES, carried_in="decision_no",
        words=(Word("事实", "long", first=lambda m, _a: m.description), Word("起止日期"), Word("存放")),
        states=("approved", "spot", "seized"),
        template=paper("{{ 措施 }}决定书", (
            "经查，你（单位）：{{ 事实 }}", "上述行为属于：{{ 情形 }}。依据生态环境法典第五十二条，我局决定对下列物品予以{{ 措施 }}：{{ 清单 }}。",
            "期限：{{ 起止日期 }}，情况复杂的依法可以延长三十日；检测、检验、鉴定的期间不计入。存放：{{ 存放 }}。"
            "期间不得擅自启封、转移、使用或毁损。", REMEDY,
        ), PARTY),
    )
)  # fmt: skip
RELEASE_LETTER = declare(
    Letter(
        key="seizure_release", label="解除查封（扣押）决定书", line="enforcement",
        series="环解查（扣）〔{year}〕{n}号", registers=SEIZURE, values=values.seizure, value_names=values.SEIZURE_NAMES,
        words=(Word("理由"), Word("领取期限")),
        template=paper("解除{{ 措施 }}决定书", (
            "因{{ 理由 }}，我局决定自{{ 成文日期 }}起解除{{ 决定书文号 }}对下列物品的{{ 措施 }}：{{ 清单 }}。",
            "请于{{ 领取期限 }}前领取。逾期不领取或者无法通知的，我局依法公告招领。",
        ), PARTY), states=("releasing", "claiming"),
    )
)  # fmt: skip


def _seizure(key: str, label: str, series: str, template: Callable[[], bytes], words: tuple[Word, ...] = (), **more: Any) -> Letter:  # fmt: skip
    return declare(
        Letter(
            key=key, label=label, line="enforcement", series=series, registers=SEIZURE, words=words, template=template,
            values=values.seizure, value_names=values.SEIZURE_NAMES, row_names={"清单各行": values.THING_COLUMNS}, **more,
        )
    )  # fmt: skip


_THINGS = Rows("清单各行", values.THING_COLUMNS, (14, 42, 24, 42, 34))
_seizure(
    "seizure_approval", "查封（扣押）审批表", "环查审〔{year}〕{n}号",
    form("{{ 措施 }}审批表", (
        ("当事人", "{{ 当事人 }}"), ("事由", "{{ 事由 }}"), ("情形", "{{ 情形 }}"), ("法律依据", "{{ 依据 }}"),
        ("是否情况紧急当场实施", "{% if 当场实施时间 %}是，{{ 当场实施时间 }}实施，24小时内补办批准{% else %}否{% endif %}"),
        ("拟{{ 措施 }}物品", "{{ 清单 }}"), *OPINION_ROWS,
    )),
    (Word("依据", first="生态环境法典第五十二条"), OPINION), states=("new", "approved", "spot"), internal=True,
)  # fmt: skip
_seizure(
    "seizure_list", "查封（扣押）清单", "环查清〔{year}〕{n}号",
    paper("{{ 措施 }}清单", (
        "决定书文号：{{ 决定书文号 }}", "当事人：{{ 当事人 }}", _THINGS, "以上物品经清点核对无误。清单一式两份，当事人和我局各执一份。",
        "当事人（见证人）签名：", "执法人员签名、执法证号：",
    ), numbered=False),
    (), steps=(), states=("approved", "spot", "seized"), internal=True,
)  # fmt: skip
_seizure(
    "seizure_record", "查封（扣押）现场笔录", "环查笔〔{year}〕{n}号",
    form("{{ 措施 }}现场笔录", (
        ("时间", "{{ 时间 }}"), ("地点", "{{ 地点 }}"), ("当事人", "{{ 当事人 }}"), ("现场负责人", "{{ 现场负责人 }}"), ("见证人", "{{ 见证人 }}"),
        ("执法人员", "{{ 执法人员 }}"), ("告知事项", "已出示执法证件，当场告知{{ 措施 }}的理由、依据和依法享有的权利、救济途径，听取陈述和申辩。"),
        ("现场情况", "{{ 现场情况 }}"), ("物品", "{{ 清单 }}"), ("当事人意见", "{{ 陈述和申辩 }}"), ("签名", "以上笔录已阅无误，记录属实。　当事人：　　　　　　日期："), ("见证人、执法人员签名", ""),
    )),
    (Word("时间", first=today), Word("地点"), Word("现场负责人"), Word("见证人", first="无"),
     Word("执法人员", first=author_of, help="两名执法人员及执法证号"), Word("现场情况", "long"), Word("陈述和申辩", first="无异议")),
    steps=(), states=("approved", "spot", "seized"), internal=True,
)  # fmt: skip
_seizure(
    "seizure_longer", "查封（扣押）延期决定书", "环查（扣）延〔{year}〕{n}号",
    paper("{{ 措施 }}延期决定书", (
        "我局以{{ 决定书文号 }}对你（单位）的下列物品实施{{ 措施 }}：{{ 清单 }}。因{{ 延期理由 }}，依据《中华人民共和国行政强制法》第二十五条，"
        "决定延长{{ 措施 }}期限至{{ 延长至 }}。", REMEDY,
    ), PARTY),
    (Word("延期理由"), Word("延长至")), states=("seized",),
)  # fmt: skip
for _kind, _label, _notice_series, _series, _what in (
    (
        "limit",
        "责令限制生产",
        "环责限告〔{year}〕{n}号",
        "环责限〔{year}〕{n}号",
        "期限不超过三个月，情况复杂的依法可以延长三个月。",
    ),
    (
        "halt",
        "责令停产整治",
        "环责停告〔{year}〕{n}号",
        "环责停〔{year}〕{n}号",
        "停产整治期限自送达之日起至解除之日止。",
    ),
):
    declare(
        Letter(
            key=f"{_kind}_notice",
            label=f"{_label}事先（听证）告知书",
            line="enforcement",
            series=_notice_series,
            registers=PRODUCTION,
            fits=of_kind(_kind),
            words=(Word("依据"), *CONTACT),
            template=paper(
                f"{_label}事先（听证）告知书",
                (
                    "经查，你（单位）存在以下违法行为：{{ 内容 }}",
                    "上述行为属于：{{ 情形 }}。",
                    f"依据{{{{ 依据 }}}}，我局拟{_label}，范围和规模为：{{{{ 限产停产的范围和规模 }}}}。",
                    "你（单位）有权自收到本告知书之日起五个工作日内陈述、申辩或者申请听证，逾期视为放弃。",
                    CONTACT_LINE,
                ),
                PARTY,
            ),
        )
    )
    declare(
        Letter(
            key=f"{_kind}_decision", label=f"{_label}决定书", line="enforcement", series=_series,
            registers=PRODUCTION, words=(Word("依据"), *CONTACT), fits=of_kind(_kind), carried_in="decision_no",
            values=values.production, value_names=values.REMEDY_NAMES,
            template=paper(f"{_label}决定书", (
                "一、违法事实", "经查，你（单位）存在以下违法行为：{{ 内容 }}上述行为属于：{{ 情形 }}。",
                "二、陈述申辩及采纳情况",
                "我局于{{ 告知书送达日期 }}告知你（单位）陈述申辩和申请听证的权利。"
                "{% if 陈述申辩意见 %}你（单位）提出：{{ 陈述申辩意见 }}经复核：{{ 复核意见 }}"
                "{% else %}你（单位）在规定期限内未提出陈述申辩意见。{% endif %}",
                "三、决定", f"依据{{{{ 依据 }}}}，我局决定{_label}，范围和规模为：{{{{ 限产停产的范围和规模 }}}}。{_what}",
                "四、整改要求", "你（单位）应当自收到本决定书之日起十五个工作日内将整改方案报我局备案并向社会公开；"
                "完成整改后十五个工作日内，将完成情况、监测报告和整改前后用电量、用水量、产品产量对比报我局备案，"
                "自备案之日起解除。解除后三十日内我局实施跟踪检查。",
                "五、救济途径", REMEDY, CONTACT_LINE,
            ), PARTY),
        )
    )  # fmt: skip
for _kind, _label, _series in (
    ("detention", "移送适用行政拘留案件移送书", "环拘移〔{year}〕{n}号"),
    ("crime", "涉嫌环境犯罪案件移送书", "环刑移〔{year}〕{n}号"),
):
    declare(
        Letter(
            key=f"transfer_{_kind}", label=_label, line="enforcement", series=_series, registers=TRANSFER,
            values=values.transfer, value_names=("材料",), fits=of_kind(_kind),
            words=(Word("移送依据"), Word("移送建议"), Word("经办人", first=author_of)),
            template=paper(_label, (
                "案由：{{ 案由 }}。当事人：{{ 当事人 }}，企业主要负责人：{{ 企业主要负责人 }}。",
                "简要案情：{{ 内容 }}", "移送情形：{{ 移送情形 }}。移送依据：{{ 移送依据 }}。移送建议：{{ 移送建议 }}。",
                "移送材料：{{ 材料 }}。经办人：{{ 经办人 }}。",
            ), "{{ 移送机关 }}"),
        )
    )  # fmt: skip
_APPROVALS = (
    (
        "detention",
        "移送适用行政拘留案件审批表",
        "环拘审〔{year}〕{n}号",
        "移送适用行政拘留案件材料清单",
        "环拘清〔{year}〕{n}号",
    ),
    (
        "crime",
        "涉嫌环境犯罪案件移送审批表",
        "环刑审〔{year}〕{n}号",
        "涉嫌环境犯罪案件材料清单",
        "环刑清〔{year}〕{n}号",
    ),
)
for _kind, _label, _series, _list, _list_series in _APPROVALS:
    declare(
        Letter(
            key=f"approval_{_kind}", label=_label, line="enforcement", series=_series, registers=TRANSFER, internal=True,
            values=values.transfer, value_names=("材料",), fits=of_kind(_kind),
            words=(Word("移送依据"), OPINION),
            template=form(_label, (
                ("案由", "{{ 案由 }}"), ("当事人", "{{ 当事人 }}"), ("企业主要负责人", "{{ 企业主要负责人 }}"), ("简要案情", "{{ 内容 }}"),
                ("移送情形", "{{ 移送情形 }}"), ("移送依据", "{{ 移送依据 }}"), ("移送机关", "{{ 移送机关 }}"), *OPINION_ROWS,
            )),
        )
    )  # fmt: skip
    declare(
        Letter(
            key=f"papers_{_kind}", label=_list, line="enforcement", series=_list_series, registers=TRANSFER, internal=True,
            values=values.transfer, value_names=("材料",), row_names={"材料各行": values.PAPER_COLUMNS}, fits=of_kind(_kind),
            steps=(), words=(),
            template=paper(_list, (
                "移送书文号：{{ 移送书文号 }}", "案由：{{ 案由 }}", Rows("材料各行", values.PAPER_COLUMNS, (14, 60, 20, 36, 26)),
                "以上材料原件移送，复制件留存。本清单一式两份。", "移送人签名、执法证号：", "接收人签名、警官证号：",
            ), numbered=False),
        )
    )  # fmt: skip
REFERRAL_LETTER = declare(
    Letter(
        key="referral_letter", label="移送函", line="enforcement", series="环移〔{year}〕{n}号",
        registers=REFERRAL,
        words=(Word("事由", "long", first=lambda m, _a: m.description or m.title), *CONTACT),
        template=paper("关于移送{{ 移送事项 }}的函", (
            "我局在工作中发现下列事项不属我局职责，现依法移送你单位办理：{{ 事由 }}",
            "请{% if 反馈期限 %}于{{ 反馈期限 }}前{% endif %}将办理结果书面反馈我局。", CONTACT_LINE,
        ), "{{ 接收部门名称 }}"),
    )
)  # fmt: skip
VISIT_LETTER = declare(
    Letter(
        key="inspection_notice", label="现场检查通知书", line="enforcement", series="环检通〔{year}〕{n}号",
        registers=VISIT, steps=(REVIEW,),
        words=(Word("检查时间"), Word("检查内容", "long", first="环保手续、污染防治设施、自动监控、固体废物和台账。"), *CONTACT),
        template=paper("现场检查通知书", (
            "我局定于{{ 检查时间 }}对你单位进行{{ 检查类别 }}。检查人员：{{ 主办检查人 }}、{{ 协办检查人 }}。",
            "检查内容：{{ 检查内容 }}", "检查人员将出示执法证件并扫企业码，请予配合。", CONTACT_LINE,
        ), "{{ 检查对象 }}"),
    )
)  # fmt: skip
