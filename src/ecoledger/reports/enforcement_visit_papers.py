"""What is written down at a firm beside the records that are signed on the screen: the record of a routine visit, samples.

Forms 66 and 18 of the national set by way of the Hunan set of 2024; layouts as in :mod:`.enforcement_forms`.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ecoledger.entities.models import Enterprise
from ecoledger.matters.models import Matter
from ecoledger.reports.declaration import Letter, Word, declare
from ecoledger.reports.enforcement_letters import (
    CONTACT,
    CONTACT_LINE,
    FULL,
    PARTY,
    author_of,
    case_letter,
    today,
)
from ecoledger.reports.enforcement_paper import form, paper

_VALUES = ("排污许可证编号", "统一社会信用代码", "单位地址", "检查时间")


def values(matter: Matter) -> dict[str, Any]:
    """What the registry knows of the firm, and when its gate was passed."""
    visit: Any = getattr(matter, "as_inspection", matter)
    firm = Enterprise.objects.filter(pk=visit.entity_id).first() if visit.entity_id else None
    return {
        "排污许可证编号": firm.permit_no if firm else "",
        "统一社会信用代码": firm.uscc if firm else "",
        "单位地址": (firm.address if firm else "") or visit.address,
        "检查时间": span(visit.entered_at, visit.left_at),
    }


def span(begin: Any, end: Any) -> str:
    """From when to when, the day said once."""
    if begin is None:
        return ""
    start = timezone.localtime(begin)
    said = f"{start.year}年{start.month}月{start.day}日{start:%H时%M分}"
    return f"{said}至{timezone.localtime(end):%H时%M分}" if end else said


def _seen(name: str) -> Any:
    """What the officers ticked of an item on the spot."""

    def first(matter: Matter, _author: Any) -> str:
        visit: Any = getattr(matter, "as_inspection", matter)
        return str(getattr(visit, f"get_{name}_display")())

    return first


ROUTINE = declare(
    Letter(
        key="site_visit", label="现场检查记录", line="enforcement", series="环检记〔{year}〕{n}号",
        registers=("inspection",), states=("handling", "done"), internal=True, steps=(),
        values=values, value_names=_VALUES,
        words=(
            Word("法定代表人及电话"), Word("现场负责人职务及电话"),
            Word("生产状态", first=_seen("production"), help="正常、非正常或其他"),
            Word("未批先建项目", help="有或无"), Word("未执行三同时", help="有或无"),
            Word("污染防治设施", first=_seen("facilities")),
            Word("自动监控", first=_seen("monitoring"), help="正常、非正常或未安装；是否联网、验收；在线数据"),
            Word("废水", help="正常、不正常或其他"), Word("废气", help="正常、不正常或其他"),
            Word("一般固体废物", first=_seen("waste"), help="有或无；暂存、转移是否正常"),
            Word("危险废物", first=_seen("waste"), help="有或无；暂存、转移是否正常"), Word("环保机构", help="有或无"),
            Word("运行台账", first=_seen("ledger"), help="有或无"), Word("应急预案", first=_seen("ledger"), help="有或无"),
        ),
        template=form("现场检查记录", (
            ("被检查单位", "{{ 检查对象 }}"), ("排污许可证号", "{{ 排污许可证编号 or '无' }}"),
            ("统一社会信用代码", "{{ 统一社会信用代码 }}"), ("地址", "{{ 单位地址 }}"), ("法定代表人及电话", "{{ 法定代表人及电话 }}"),
            ("现场负责人", "{{ 现场负责人 }}　{{ 现场负责人职务及电话 }}"), ("检查时间", "{{ 检查时间 }}"),
            ("检查内容", "{{ 检查类别 }}：{{ 检查任务 }}"),
            ("告知确认", "执法人员已出示执法证件，告知检查内容和配合检查的义务。　被检查人确认："),
            ("生产状态", "{{ 生产状态 }}"), ("未批先建的新建项目", "{{ 未批先建项目 }}"), ("未执行“三同时”", "{{ 未执行三同时 }}"),
            ("污染防治设施", "{{ 污染防治设施 }}"), ("自动监控", "{{ 自动监控 }}"), ("废水", "{{ 废水 }}"), ("废气", "{{ 废气 }}"),
            ("一般固体废物", "{{ 一般固体废物 }}"), ("危险废物", "{{ 危险废物 }}"), ("环保机构", "{{ 环保机构 }}"),
            ("运行台账", "{{ 运行台账 }}"), ("应急预案", "{{ 应急预案 }}"), ("现场监察结论", "{{ 现场情况 }}"),
            ("处理意见及要求", "{{ 处理意见及要求 or '无' }}"),
            ("检查人员", "{{ 主办检查人 }}、{{ 协办检查人 }}"), ("被检查人签名", "以上记录已阅无误。　签名：　　　　　日期："),
        )),
    )
)  # fmt: skip
SAMPLING = case_letter(
    "sampling_notice", "抽样取证通知书", "环抽样通〔{year}〕{n}号",
    paper("抽样取证通知书", (
        "因调查{{ 案由 }}，依据《中华人民共和国行政处罚法》第五十六条，我局执法人员于{{ 抽样时间 }}在{{ 抽样地点 }}"
        "对下列物品抽样取证：", "{%p for 条 in 抽样物品 %}", "（{{ loop.index }}）{{ 条 }}", "{%p endfor %}",
        "抽样取证记录和物品清单附后。", CONTACT_LINE,
    ), PARTY),
    (Word("抽样时间", first=today), Word("抽样地点"), Word("抽样物品", "lines", help="一行一件：名称、规格型号、数量或比例"), *CONTACT), (),
    fits=FULL, states=("investigating",),
)  # fmt: skip
SAMPLES = case_letter(
    "sampling_record", "抽样取证记录和物品清单", "环抽样记〔{year}〕{n}号",
    form("抽样取证记录", (
        ("当事人", "{{ 当事人 }}"), ("抽样起止时间", "{{ 抽样起止时间 }}"), ("抽样地点", "{{ 抽样地点 }}"),
        ("抽样人员及证书号", "{{ 抽样人员 }}"), ("执法人员及执法证号", "{{ 执法人员 }}"),
        ("抽样物品清单", "{{ 物品清单|join('；') }}"), ("抽样方法", "{{ 抽样方法 }}"), ("抽样过程", "{{ 抽样过程 }}"),
        ("样品封存情况", "{{ 样品封存情况 }}"), ("当事人签名", "以上记录已阅无误，记录属实。　签名：　　　　　日期："),
    )),
    (Word("抽样起止时间"), Word("抽样地点"), Word("抽样人员", help="两人，写明证书号"),
     Word("执法人员", first=author_of, help="两名执法人员及执法证号"),
     Word("物品清单", "lines", help="一行一件：物品名称、规格型号、数量或比例、特征"), Word("抽样方法"), Word("抽样过程", "long"),
     Word("样品封存情况")), (),
    fits=FULL, states=("investigating",), internal=True,
)  # fmt: skip
