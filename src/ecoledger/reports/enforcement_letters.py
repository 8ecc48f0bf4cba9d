"""The documents of enforcement (执法文书), each a .docx the bureau edits; numbers by the series of the national forms.

Layouts follow 生态环境行政执法文书制作指南 (环办执法〔2024〕9号) by way of the Hunan set of 2024: the forms' parts and
order, in official paper layout. The words that only a person writes are asked; the rest comes from the matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.matters.models import Matter
from ecoledger.registers.enforcement.field_records import FieldRecord
from ecoledger.registers.enforcement.rules import rules
from ecoledger.reports import matter_values
from ecoledger.reports.declaration import REVIEW, SIGN, Letter, Word, declare
from ecoledger.reports.enforcement_paper import EnforcementPaper
from ecoledger.reports.profile import documents
from ecoledger.standards import fines

CASE, ORDER, SEIZURE = ("penalty_case",), ("correction_order",), ("seizure",)
PRODUCTION = ("production_order",)
TRANSFER, REFERRAL, VISIT = ("police_transfer",), ("referral",), ("inspection",)
REMEDY = (
    "如不服本决定，可以自收到本决定书之日起六十日内向本级人民政府申请行政复议，"
    "也可以自收到本决定书之日起六个月内依法提起行政诉讼。"
)

# The account stands in the bureau's own rules; until it does, the party pays by its payment notice.
BANK = (
    "{% if 收款银行 %}将罚款缴至{{ 收款银行 }}（户名：{{ 收款户名 }}，账号：{{ 收款账号 }}）"
    "{% else %}持缴款通知书到指定的银行或者通过电子支付系统缴纳罚款{% endif %}"
)

# ---- what a case says beside its fields ----------------------------------------------------------

CASE_VALUES = (
    "罚款大写", "拟罚款大写", "罚没合计", "证据", "裁量过程", "裁量依据", "陈述申辩采纳", "收款银行", "收款户名", "收款账号",
    "罚款数额", "加处数额", "已缴数额", "已缴加处数额", "缴款截止", "加处至今", "日罚天数", "日罚起", "日罚止", "责改文号", "调查人员",
)  # fmt: skip


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}".removesuffix(".00")


def _case_values(matter: Matter) -> dict[str, str]:
    """Sums in capitals, evidence and discretion in words, whether the party was heard."""
    case: Any = getattr(matter, "as_penalty_case", matter)
    bank, discretion = rules("penalties")["bank"], case.discretion or {}
    proposed = case.notified_fine or case.proposed_fine
    orders = [o.order_no for o in case.orders.all() if o.order_no]
    found = None
    if case.daily_original and case.daily_served_on and case.daily_found_on:
        found = fines.daily(case.daily_original, case.daily_served_on, case.daily_found_on)
    records = FieldRecord.objects.filter(matter_id=case.pk).select_related("first", "second")
    people = {str(o) for r in records for o in (r.first, r.second)}
    return {
        "罚款大写": fines.in_capitals(case.fine),
        "拟罚款大写": fines.in_capitals(proposed) if proposed else "",
        "罚没合计": _money(case.fine + case.confiscated),
        "证据": "；".join(
            f"{n}.{i.name}，证明{i.proves}" for n, i in enumerate(case.items.all(), 1)
        ),
        "裁量过程": "；".join(discretion.get("steps", ())),
        "裁量依据": f"{discretion['act']}裁量基准（{discretion['version']}）" if discretion else "",
        "陈述申辩采纳": _heard(case),
        "收款银行": bank["name"],
        "收款户名": bank["account_name"],
        "收款账号": bank["account"],
        "罚款数额": _money(case.fine),
        "加处数额": _money(case.surcharge),
        "已缴数额": _money(case.paid),
        "已缴加处数额": _money(case.surcharge_paid),
        "缴款截止": matter_values.words(case.pay_by) if case.pay_by else "",
        "加处至今": _money(case.surcharge),
        "日罚天数": str(found.days) if found else "",
        "日罚起": matter_values.words(found.first) if found else "",
        "日罚止": matter_values.words(found.last) if found else "",
        "责改文号": "、".join(orders),
        "调查人员": "、".join(sorted(people)),
    }


def _heard(case: Any) -> str:
    """The six branches of the second heading of a decision."""
    told = "我局告知你（单位）陈述申辩权" + ("和申请听证权" if case.hearing_right else "")
    on = f"我局于{matter_values.words(case.notice_served_on)}" if case.notice_served_on else "我局"
    told = told.replace("我局", on, 1)
    stated, heard = bool(case.statement), bool(case.hearing_on)
    answer = f"经复核：{case.statement_answer.rstrip('。')}。" if case.statement_answer else ""
    if not stated and not heard:
        return f"{told}，你（单位）在规定期限内未提出陈述申辩意见" + (
            "，也未申请听证。" if case.hearing_right else "。"
        )
    parts = [told]
    if stated:
        parts.append(f"你（单位）提出以下陈述申辩意见：{case.statement.rstrip('。')}")
    if heard:
        parts.append(f"我局于{matter_values.words(case.hearing_on)}依你（单位）申请举行了听证")
    elif case.hearing_right:
        parts.append("你（单位）未申请听证")
    return "，".join(parts) + "。" + answer


def _order_values(matter: Matter) -> dict[str, str]:
    order: Any = getattr(matter, "as_correction_order", matter)
    again = f"第{order.times}次" if order.times > 1 else ""
    daily = order.daily != "none"
    return {
        "再次": again,
        "复查提示": "我局将在本决定书送达之日起三十日内对你（单位）改正违法行为的情况实施复查，"
        + ("拒不改正的，依法实施按日连续处罚。" if daily else "逾期未改正的，依法处理。"),
    }


def _seizure_values(matter: Matter) -> dict[str, str]:
    seizure: Any = getattr(matter, "as_seizure", matter)
    rows = [f"{n}.{t.name} {t.quantity} {t.model_no} {t.place}".strip() for n, t in enumerate(seizure.things.all(), 1)]  # fmt: skip
    return {"清单": "；".join(rows)}


def _transfer_values(matter: Matter) -> dict[str, str]:
    transfer: Any = getattr(matter, "as_police_transfer", matter)
    rows = [f"{n}.{p.name}（{p.count}）" for n, p in enumerate(transfer.papers.all(), 1)]
    return {"材料": "；".join(rows)}


# ---- files to begin with -------------------------------------------------------------------------


def _paper(
    title: str, paragraphs: Sequence[str], addressee: str = "", *, sealed: bool = True
) -> Callable[[], bytes]:
    """A document in official layout; lines that begin 一、 are headings."""

    def make() -> bytes:
        document = EnforcementPaper("{{ 发文机关 }}", "{{ 文号 }}", title, documents().fonts)
        if addressee:
            document.addressee(addressee)
        for text in paragraphs:
            if text[1:2] == "、" and text[0] in "一二三四五六七八九":
                document.heading(text)
            else:
                document.paragraph(text)
        if sealed:
            document.sign_as("{{ 发文机关 }}", "{{ 成文日期 }}")
        return document.save()

    return make


def _form(title: str, rows: Sequence[tuple[str, str]], note: str = "") -> Callable[[], bytes]:
    """An approval form: items and what is said of them, in a ruled table."""

    def make() -> bytes:
        document = EnforcementPaper("{{ 发文机关 }}", "{{ 文号 }}", title, documents().fonts)
        document.form(rows, note)
        document.sign_as("{{ 发文机关 }}", "{{ 成文日期 }}")
        return document.save()

    return make


def _today(_matter: Matter, _author: Person) -> str:
    return matter_values.words(timezone.localdate())


def _author(_matter: Matter, author: Person) -> str:
    return " ".join(filter(None, (author.name, author.certificate_no)))


_PARTY = "{{ 当事人 }}"
_HEAD = (
    "统一社会信用代码（证件号）：{{ 统一社会信用代码或证件号 }}",
    "地址：{{ 当事人地址 }}",
    "法定代表人（负责人）：{{ 法定代表人负责人 }}",
)
_CASE_ROWS = (
    ("案由", "{{ 案由 }}"),
    ("立案号", "{{ 立案号 }}"),
    ("案件来源", "{{ 案件来源 }}"),
    ("当事人", "{{ 当事人 }}"),
    ("代码", "{{ 统一社会信用代码或证件号 }}"),
    ("地址", "{{ 当事人地址 }}"),
    ("法定代表人", "{{ 法定代表人负责人 }}"),
)
_OPINION = Word("承办意见", "long", first="建议同意。")
_OPINION_ROWS = (
    ("承办人意见", "{{ 承办意见 }}（承办人：{{ 拟稿人 }}）"),
    ("负责人审批意见", "同意。（{{ 签发人 }}）"),
)
_CONTACT = (Word("联系人", first=_author), Word("联系电话", required=False))
_CONTACT_LINE = "联系人：{{ 联系人 }}{% if 联系电话 %}，电话：{{ 联系电话 }}{% endif %}"


def _case_letter(key: str, label: str, series: str, template: Callable[[], bytes], words: tuple[Word, ...] = (), steps: tuple[str, ...] = (REVIEW, SIGN)) -> Letter:  # fmt: skip
    return declare(
        Letter(
            key=key, label=label, line="enforcement", series=series, registers=CASE, words=words,
            template=template, values=_case_values, value_names=CASE_VALUES, steps=steps,
        )
    )  # fmt: skip


FILING = _case_letter(
    "penalty_filing", "立案审批表", "环立审〔{year}〕{n}号",
    _form("立案审批表", (*_CASE_ROWS, ("案情简介及立案理由", "{{ 简要案情 }}"), *_OPINION_ROWS),
          "立案条件：有涉嫌违法的事实；依法应当或者可以给予处罚；属于本机关管辖；未超过追责期限。"),
    (_OPINION,),
)  # fmt: skip
INVESTIGATION = _case_letter(
    "penalty_investigation", "案件调查报告", "环调报〔{year}〕{n}号",
    _paper("关于{{ 当事人 }}{{ 案由 }}的调查报告", (
        "一、当事人基本情况", "{{ 当事人 }}。", *_HEAD, "二、调查经过", "{{ 调查经过 }}",
        "三、违法事实和主要证据", "{{ 简要案情 }}", "以上事实有下列证据证明：{{ 证据 }}。",
        "四、调查结论和法律依据", "上述行为违反了{{ 违反条款 }}的规定，应依据{{ 处罚依据 }}予以处罚。",
        "五、初步处理意见", "{{ 处理意见 }}", "{% if 裁量过程 %}裁量：{{ 裁量过程 }}。{% endif %}",
    )),
    (Word("调查经过", "long"), Word("处理意见", "long")), (REVIEW,),
)  # fmt: skip
NOTICE = _case_letter(
    "penalty_notice", "行政处罚事先（听证）告知书", "环罚告〔{year}〕{n}号",
    _paper("行政处罚事先（听证）告知书", (
        *_HEAD, "经查，你（单位）存在以下违法行为：{{ 简要案情 }}", "以上事实有下列证据为证：{{ 证据 }}。",
        "上述行为违反了{{ 违反条款 }}的规定。依据{{ 处罚依据 }}"
        "{% if 裁量依据 %}，参照{{ 裁量依据 }}{% endif %}，我局拟对你（单位）作出如下行政处罚：罚款人民币{{ 拟罚款大写 }}。",
        "{% if 裁量过程 %}裁量理由：{{ 裁量过程 }}。{% endif %}",
        "根据《中华人民共和国行政处罚法》的规定，你（单位）有权自收到本告知书之日起五个工作日内向我局提出陈述、申辩；"
        "符合听证条件的，有权自收到本告知书之日起五个工作日内申请听证。逾期未提出的，视为放弃上述权利。",
        _CONTACT_LINE,
    ), _PARTY),
    _CONTACT,
)  # fmt: skip
HEARING_NOTICE = _case_letter(
    "penalty_hearing", "听证通知书", "环听通〔{year}〕{n}号",
    _paper("听证通知书", (
        "你（单位）因{{ 案由 }}申请听证，我局定于{{ 听证时间 }}在{{ 听证地点 }}举行听证。",
        "听证主持人：{{ 主持人 }}；记录员：{{ 记录员 }}。你（单位）可以委托一至二名代理人参加，"
        "认为主持人与本案有直接利害关系的，有权申请回避。", _CONTACT_LINE,
    ), _PARTY),
    (Word("听证时间"), Word("听证地点"), Word("主持人"), Word("记录员"), *_CONTACT),
)  # fmt: skip
LEGAL_REVIEW = _case_letter(
    "penalty_legal_review", "案件法制审核表", "环法审〔{year}〕{n}号",
    _form("案件法制审核表", (
        *_CASE_ROWS, ("执法主体合法、未超越权限", "{{ 主体 }}"), ("执法人员具备资格", "{{ 资格 }}"),
        ("程序合法", "{{ 程序审核 }}"), ("事实清楚、证据充分", "{{ 事实 }}"),
        ("适用法律、裁量适当", "{{ 适用法律 }}"), ("文书完备、规范", "{{ 文书完备 }}"),
        ("是否涉嫌犯罪需移送", "{{ 涉嫌犯罪 }}"), ("审核意见", "{{ 审核意见 }}"), ("审核人", "{{ 拟稿人 }}"),
    )),
    (*(Word(n, first="是") for n in ("主体", "资格", "程序审核", "事实", "适用法律", "文书完备")),
     Word("涉嫌犯罪", first="否"), Word("审核意见", "long", first=lambda m, _a: getattr(m, "as_penalty_case", m).legal_opinion or "审核同意。")), (),
)  # fmt: skip
DISCUSSION = _case_letter(
    "penalty_discussion", "案件集体讨论记录", "环集〔{year}〕{n}号",
    _paper("案件集体讨论记录", (
        "案件名称：{{ 当事人 }}{{ 案由 }}。", "时间：{{ 讨论时间 }}。地点：{{ 讨论地点 }}。",
        "主持人：{{ 主持人 }}。记录人：{{ 拟稿人 }}。参加人员：{{ 参加人员 }}。",
        "一、案件汇报", "{{ 简要案情 }}", "二、陈述申辩及复核", "{{ 陈述申辩采纳 }}", "三、讨论意见",
        "{%p for 条 in 各人意见 %}", "{{ 条 }}", "{%p endfor %}", "四、结论意见", "{{ 结论意见 }}",
    )),
    (Word("讨论时间", first=_today), Word("讨论地点"), Word("主持人"), Word("参加人员"),
     Word("各人意见", "lines", help="一人一行"),
     Word("结论意见", "long", first=lambda m, _a: getattr(m, "as_penalty_case", m).discussion)), (SIGN,),
)  # fmt: skip
DECISION = _case_letter(
    "penalty_decision", "行政处罚决定书", "环罚〔{year}〕{n}号",
    _paper("行政处罚决定书", (
        *_HEAD, "一、违法事实和证据", "经查，你（单位）实施了以下违法行为：{{ 简要案情 }}",
        "以上事实有下列证据为证：{{ 证据 }}。上述行为违反了{{ 违反条款 }}的规定。",
        "二、陈述申辩及采纳情况", "{{ 陈述申辩采纳 }}", "三、行政处罚的依据、种类",
        "依据{{ 处罚依据 }}{% if 裁量依据 %}，参照{{ 裁量依据 }}{% endif %}，我局决定对你（单位）处以："
        "罚款人民币{{ 罚款大写 }}{% if 其他处罚内容 %}；{{ 其他处罚内容 }}{% endif %}。",
        "{% if 裁量过程 %}裁量理由：{{ 裁量过程 }}。{% endif %}", "四、履行方式和期限",
        "限你（单位）自收到本决定书之日起十五日内" + BANK + "。"
        "逾期不缴纳的，每日按罚款数额的百分之三加处罚款，加处罚款的数额不超过罚款的数额。",
        "五、申请行政复议或者提起行政诉讼的途径和期限", REMEDY
        + "逾期不申请行政复议、不提起行政诉讼又不履行本决定的，我局将依法申请人民法院强制执行。",
    ), _PARTY),
)  # fmt: skip
NO_PENALTY = _case_letter(
    "penalty_none", "不予行政处罚决定书", "环不罚〔{year}〕{n}号",
    _paper("不予行政处罚决定书", (
        *_HEAD, "一、违法事实和证据", "{{ 简要案情 }}", "以上事实有下列证据为证：{{ 证据 }}。",
        "二、陈述申辩及采纳情况", "{{ 陈述申辩采纳 }}", "三、不予处罚的依据和理由", "{{ 理由 }}",
        "改正情况：{{ 改正情况 }}。对你（单位）的教育：{{ 教育情况 }}。", "四、救济途径", REMEDY,
    ), _PARTY),
    (Word("理由", "long"), Word("改正情况"), Word("教育情况")),
)  # fmt: skip
DAILY_NOTICE = _case_letter(
    "daily_notice", "按日连续处罚告知书", "环连罚告〔{year}〕{n}号",
    _paper("按日连续处罚告知书", (
        *_HEAD, "我局以{{ 首次决定文号 }}对你（单位）处罚款{{ 原罚款数额元 }}元，并责令改正违法行为。"
        "{{ 复查发现日期 }}复查发现：{{ 简要案情 }}",
        "依据生态环境法典第一千零六十条，拟自{{ 日罚起 }}至{{ 日罚止 }}（{{ 日罚天数 }}日）按日连续处罚，"
        "合计罚款人民币{{ 拟罚款大写 }}。",
        "你（单位）有权自收到本告知书之日起五个工作日内陈述、申辩，并有权申请听证。", _CONTACT_LINE,
    ), _PARTY),
    (Word("首次决定文号"), *_CONTACT),
)  # fmt: skip
DAILY_DECISION = _case_letter(
    "daily_decision", "按日连续处罚决定书", "环连罚〔{year}〕{n}号",
    _paper("按日连续处罚决定书", (
        *_HEAD, "一、首次处罚和责令改正", "我局以{{ 首次决定文号 }}对你（单位）处罚款{{ 原罚款数额元 }}元；"
        "责令改正违法行为决定书于{{ 责令改正送达日期 }}送达。",
        "二、复查发现的事实和证据", "{{ 复查发现日期 }}复查发现：{{ 简要案情 }}证据：{{ 证据 }}。",
        "三、陈述申辩及采纳情况", "{{ 陈述申辩采纳 }}", "四、处罚依据、计罚日数和数额",
        "依据生态环境法典第一千零六十条，自{{ 日罚起 }}至{{ 日罚止 }}共{{ 日罚天数 }}日，每日{{ 原罚款数额元 }}元，"
        "合计罚款人民币{{ 罚款大写 }}。",
        "五、履行和救济", "限自收到本决定书之日起十五日内" + BANK + "。" + REMEDY,
    ), _PARTY),
    (Word("首次决定文号"),),
)  # fmt: skip
DELIVERY = _case_letter(
    "penalty_delivery", "送达回证", "环送〔{year}〕{n}号",
    _form("送达回证", (
        ("送达文书名称及文号", "{{ 送达文书 }}"), ("受送达人", "{{ 当事人 }}"), ("送达地点", "{{ 送达地点 }}"),
        ("送达方式", "{{ 方式 }}"), ("收件人及与受送达人的关系", "{{ 收件人 }}"), ("收件日期", "{{ 收件日期 }}"),
        ("送达人", "{{ 送达人 }}"), ("备注", "{{ 备注 }}"),
    )),
    (Word("送达文书", first=lambda m, _a: "；".join(f"{d.title.partition('：')[0]} {d.number}" for d in m.documents.filter(kind__in=("penalty_notice", "penalty_decision", "daily_notice", "daily_decision")))),
     Word("送达地点"), Word("方式", first="直接送达"), Word("收件人"), Word("收件日期", first=_today),
     Word("送达人", first=_author), Word("备注", required=False)), (),
)  # fmt: skip
DEMAND = _case_letter(
    "penalty_demand", "督促履行义务催告书", "环催〔{year}〕{n}号",
    _paper("督促履行义务催告书", (
        "我局于{{ 决定日期 }}作出的{{ 决定书文号 }}行政处罚决定，已于{{ 决定书送达日期 }}送达你（单位）。"
        "你（单位）至今未履行缴纳罚款{{ 罚款数额 }}元的义务，加处罚款至今为{{ 加处至今 }}元。",
        "请自收到本催告书之日起十日内履行。逾期仍不履行的，我局将依法申请{{ 法院 }}强制执行。"
        "你（单位）有权进行陈述和申辩。", _CONTACT_LINE,
    ), _PARTY),
    (Word("法院"), *_CONTACT),
)  # fmt: skip
COURT = _case_letter(
    "penalty_court", "强制执行申请书", "环罚申〔{year}〕{n}号",
    _paper("强制执行申请书", (
        "被申请人：{{ 当事人 }}。", *_HEAD, "申请事项：强制执行{{ 决定书文号 }}行政处罚决定，"
        "罚款{{ 罚款数额 }}元、加处罚款{{ 加处数额 }}元。",
        "事实及理由：{{ 简要案情 }}我局依法作出处罚决定并于{{ 决定书送达日期 }}送达，"
        "{{ 催告书送达日期 }}送达催告书，被申请人仍未履行。",
        "附件：决定书及依据；当事人意见及催告情况；标的情况；身份与授权证明。",
    ), "{{ 法院 }}"),
    (Word("法院"),),
)  # fmt: skip
CLOSING = _case_letter(
    "penalty_closing", "行政处罚案件结案审批表", "环结〔{year}〕{n}号",
    _form("行政处罚案件结案审批表", (
        *_CASE_ROWS, ("立案日期", "{{ 立案日期 }}"), ("决定书文号", "{{ 决定书文号 }}"), ("简要案情", "{{ 简要案情 }}"),
        ("处理结果", "罚款{{ 罚款数额 }}元{% if 其他处罚内容 %}，{{ 其他处罚内容 }}{% endif %}"),
        ("送达", "{{ 决定书送达日期 }}{{ 送达方式 }}"), ("复议诉讼", "{{ 救济 or '无' }}{{ 复议诉讼结果 }}"),
        ("执行情况", "已缴{{ 已缴数额 }}元，加处罚款{{ 加处数额 }}元，已缴加处{{ 已缴加处数额 }}元"),
        ("改正情况", "{{ 违法行为改正日期 }}"), ("结案情形", "{{ 结案情形 }}"), *_OPINION_ROWS,
    )),
    (_OPINION,),
)  # fmt: skip
INSTALMENTS = _case_letter(
    "penalty_instalments", "同意延期（分期）缴纳罚款通知书", "环延（分）缴〔{year}〕{n}号",
    _paper("同意延期（分期）缴纳罚款通知书", (
        "你（单位）申请延期（分期）缴纳{{ 决定书文号 }}所处罚款，经审查，同意按下列安排缴纳：{{ 安排 }}",
        "逾期未缴的部分，每日按百分之三加处罚款。",
    ), _PARTY),
    (Word("安排", "long"),),
)  # fmt: skip

ON_SPOT = _case_letter(
    "penalty_on_spot", "当场行政处罚决定书", "环当罚〔{year}〕{n}号",
    _paper("当场行政处罚决定书", (
        *_HEAD, "经查，你（单位）存在以下违法行为：{{ 简要案情 }}上述行为违反了{{ 违反条款 }}的规定。",
        "依据{{ 处罚依据 }}，根据《中华人民共和国行政处罚法》第五十一条，决定当场给予以下行政处罚：{{ 处罚种类 }}"
        "{% if 罚款数额 != '0' %}，罚款人民币{{ 罚款大写 }}{% endif %}。",
        "{% if 当场收缴元 %}罚款当场收缴{{ 当场收缴元 }}元，出具专用票据。{% else %}"
        "限自收到本决定书之日起十五日内" + BANK + "。{% endif %}",
        "执法人员已出示执法证件，当场告知你（单位）处罚的事实、理由、依据和陈述申辩的权利：{{ 当场陈述 }}",
        "如不服本决定，应当自收到本决定书之日起六十日内先向本级人民政府申请行政复议；对复议决定不服的，"
        "可以自收到复议决定书之日起十五日内提起行政诉讼。", "执法人员：{{ 执法人员 }}。当事人签收：",
    ), _PARTY),
    (Word("当场陈述", first="当事人表示无异议。"), Word("执法人员", first=_author, help="两名执法人员及执法证号")), (),
)  # fmt: skip

ORDER_LETTER = declare(
    Letter(
        key="correction_order", label="责令改正违法行为决定书", line="enforcement",
        series="环责改〔{year}〕{n}号", registers=ORDER, values=_order_values, value_names=("再次", "复查提示"),
        words=(Word("事实", "long", first=lambda m, _a: m.description), Word("依据")),
        template=_paper("责令改正违法行为决定书{{ 再次 }}", (
            "经查，你（单位）存在以下环境违法行为：{{ 事实 }}",
            "依据{{ 依据 }}，我局责令你（单位）{% if 改正期限 %}于{{ 改正期限 }}前{% else %}立即{% endif %}"
            "改正违法行为：{{ 改正要求 }}",
            "{{ 复查提示 }}对上述违法行为的处罚不以整改结果为前提。", REMEDY,
        ), _PARTY),
    )
)  # fmt: skip
SEIZURE_LETTER = declare(
    Letter(
        key="seizure_decision", label="查封（扣押）决定书", line="enforcement",
        series="环查（扣）〔{year}〕{n}号", registers=SEIZURE, values=_seizure_values, value_names=("清单",),
        words=(Word("事实", "long", first=lambda m, _a: m.description), Word("起止日期"), Word("存放")),
        template=_paper("{{ 措施 }}决定书", (
            "经查，你（单位）：{{ 事实 }}", "上述行为属于：{{ 情形 }}。依据生态环境法典第五十二条，我局决定对下列物品予以{{ 措施 }}：{{ 清单 }}。",
            "期限：{{ 起止日期 }}，情况复杂的依法可以延长三十日；检测、检验、鉴定的期间不计入。存放：{{ 存放 }}。"
            "期间不得擅自启封、转移、使用或毁损。", REMEDY,
        ), _PARTY),
    )
)  # fmt: skip
RELEASE_LETTER = declare(
    Letter(
        key="seizure_release", label="解除查封（扣押）决定书", line="enforcement",
        series="环解查（扣）〔{year}〕{n}号", registers=SEIZURE, values=_seizure_values, value_names=("清单",),
        words=(Word("理由"), Word("领取期限")),
        template=_paper("解除{{ 措施 }}决定书", (
            "因{{ 理由 }}，我局决定自{{ 成文日期 }}起解除{{ 决定书文号 }}对下列物品的{{ 措施 }}：{{ 清单 }}。",
            "请于{{ 领取期限 }}前领取。",
        ), _PARTY),
    )
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
            words=(Word("依据"), *_CONTACT),
            template=_paper(
                f"{_label}事先（听证）告知书",
                (
                    "经查，你（单位）存在以下违法行为：{{ 内容 }}",
                    "上述行为属于：{{ 情形 }}。",
                    f"依据{{{{ 依据 }}}}，我局拟{_label}，范围和规模为：{{{{ 限产停产的范围和规模 }}}}。",
                    "你（单位）有权自收到本告知书之日起五个工作日内陈述、申辩或者申请听证，逾期视为放弃。",
                    _CONTACT_LINE,
                ),
                _PARTY,
            ),
        )
    )
    declare(
        Letter(
            key=f"{_kind}_decision", label=f"{_label}决定书", line="enforcement", series=_series,
            registers=PRODUCTION, words=(Word("依据"), *_CONTACT),
            template=_paper(f"{_label}决定书", (
                "一、违法事实", "经查，你（单位）存在以下违法行为：{{ 内容 }}上述行为属于：{{ 情形 }}。",
                "二、陈述申辩及采纳情况",
                "我局于{{ 告知书送达日期 }}告知你（单位）陈述申辩和申请听证的权利。"
                "{% if 陈述申辩意见 %}你（单位）提出：{{ 陈述申辩意见 }}经复核：{{ 复核意见 }}"
                "{% else %}你（单位）在规定期限内未提出陈述申辩意见。{% endif %}",
                "三、决定", f"依据{{{{ 依据 }}}}，我局决定{_label}，范围和规模为：{{{{ 限产停产的范围和规模 }}}}。{_what}",
                "四、整改要求", "你（单位）应当自收到本决定书之日起十五个工作日内将整改方案报我局备案并向社会公开；"
                "完成整改后十五个工作日内，将完成情况、监测报告和整改前后用电量、用水量、产品产量对比报我局备案，"
                "自备案之日起解除。解除后三十日内我局实施跟踪检查。",
                "五、救济途径", REMEDY, _CONTACT_LINE,
            ), _PARTY),
        )
    )  # fmt: skip
for _kind, _label, _series in (
    ("detention", "移送适用行政拘留案件移送书", "环拘移〔{year}〕{n}号"),
    ("crime", "涉嫌环境犯罪案件移送书", "环刑移〔{year}〕{n}号"),
):
    declare(
        Letter(
            key=f"transfer_{_kind}", label=_label, line="enforcement", series=_series, registers=TRANSFER,
            values=_transfer_values, value_names=("材料",),
            words=(Word("移送依据"), Word("移送建议"), Word("经办人", first=_author)),
            template=_paper(_label, (
                "案由：{{ 案由 }}。当事人：{{ 当事人 }}，企业主要负责人：{{ 企业主要负责人 }}。",
                "简要案情：{{ 内容 }}", "移送情形：{{ 移送情形 }}。移送依据：{{ 移送依据 }}。移送建议：{{ 移送建议 }}。",
                "移送材料：{{ 材料 }}。经办人：{{ 经办人 }}。",
            ), "{{ 移送机关 }}"),
        )
    )  # fmt: skip
REFERRAL_LETTER = declare(
    Letter(
        key="referral_letter", label="移送函", line="enforcement", series="环移〔{year}〕{n}号",
        registers=REFERRAL,
        words=(Word("事由", "long", first=lambda m, _a: m.description or m.title), *_CONTACT),
        template=_paper("关于移送{{ 移送事项 }}的函", (
            "我局在工作中发现下列事项不属我局职责，现依法移送你单位办理：{{ 事由 }}",
            "请{% if 反馈期限 %}于{{ 反馈期限 }}前{% endif %}将办理结果书面反馈我局。", _CONTACT_LINE,
        ), "{{ 接收部门名称 }}"),
    )
)  # fmt: skip
VISIT_LETTER = declare(
    Letter(
        key="inspection_notice", label="现场检查通知书", line="enforcement", series="环检通〔{year}〕{n}号",
        registers=VISIT, steps=(REVIEW,),
        words=(Word("检查时间"), Word("检查内容", "long", first="环保手续、污染防治设施、自动监控、固体废物和台账。"), *_CONTACT),
        template=_paper("现场检查通知书", (
            "我局定于{{ 检查时间 }}对你单位进行{{ 检查类别 }}。检查人员：{{ 主办检查人 }}、{{ 协办检查人 }}。",
            "检查内容：{{ 检查内容 }}", "检查人员将出示执法证件并扫企业码，请予配合。", _CONTACT_LINE,
        ), "{{ 检查对象 }}"),
    )
)  # fmt: skip
