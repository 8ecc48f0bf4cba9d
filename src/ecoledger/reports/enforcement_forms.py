"""The approvals and records of a penalty case that stay inside (内部审批表、笔录、回证): ruled forms without a printed number.

After the Hunan set of 2024 to 生态环境行政执法文书制作指南 (环办执法〔2024〕9号). What went to the party:
:mod:`.enforcement_letters`, which the helpers come from.
"""

from __future__ import annotations

from itertools import chain

from ecoledger.accounts.models import Person
from ecoledger.matters.models import Matter
from ecoledger.reports import enforcement_values
from ecoledger.reports.declaration import REVIEW, SIGN, Word, document_of
from ecoledger.reports.enforcement_letters import (
    FULL,
    HEAD,
    ON_THE_SPOT,
    author_of,
    case_letter,
    today,
)
from ecoledger.reports.enforcement_paper import form, paper

CASE_ROWS = (
    ("案由", "{{ 案由 }}"),
    ("立案号", "{{ 立案号 }}"),
    ("案件来源", "{{ 案件来源 }}"),
    ("当事人", "{{ 当事人 }}"),
    ("代码", "{{ 统一社会信用代码或证件号 }}"),
    ("地址", "{{ 当事人地址 }}"),
    ("法定代表人", "{{ 法定代表人负责人 }}"),
)
OPINION = Word("承办意见", "long", first="建议同意。")
OPINION_ROWS = (
    ("承办人意见", "{{ 承办意见 }}　承办人：{{ 拟稿人 }}"),
    ("承办机构负责人意见", "{% if 审核人 %}同意。　{{ 审核人 }}{% endif %}"),
    ("单位负责人审批意见", "{% if 签发人 %}同意。　{{ 签发人 }}　{{ 成文日期 }}{% endif %}"),
)
# What form 24 may ask for.
REQUESTS = (
    "实施先行登记保存证据", "解除先行登记保存证据", "延长立案审查期限", "责令改正违法行为", "行政处罚事先（听证）告知", "不予行政处罚事先告知",
    "听证通知", "延长案件办理期限", "行政处罚决定", "不予行政处罚决定", "同意延期或分期缴纳罚款", "督促履行义务催告", "申请强制执行",
    "同意回避申请", "代履行催告书", "代履行决定书", "按日连续处罚",
)  # fmt: skip


def not_yet_received(matter: Matter, _author: Person) -> str:
    """What went out about the case and has no receipt yet."""
    case = matter.as_penalty_case
    beside = (case.orders.all(), case.seizures.all(), case.production_orders.all())
    rows = [row for of in (case, *chain(*beside)) for row in of.documents.filter(replaced_by=None)]
    issued = sorted(rows, key=lambda row: (row.issued_at, row.pk))
    received = "".join(d.words.get("送达文书", "") for d in issued if d.kind == DELIVERY.key)
    sent = [d for d in issued if not getattr(document_of(d.kind), "internal", False)]
    out = [d for d in sent if d.number not in received]
    return "；".join(f"{d.title.partition('：')[0]} {d.number}" for d in out)


FILING = case_letter(
    "penalty_filing", "立案审批表", "环立审〔{year}〕{n}号",
    form("立案审批表", (*CASE_ROWS, ("案情简介及立案理由", "{{ 简要案情 }}"), *OPINION_ROWS),
          "立案条件：有涉嫌违法的事实；依法应当或者可以给予处罚；属于本机关管辖；未超过追责期限。"),
    (OPINION,),
    fits=FULL, states=("clue", "filing_check"), internal=True,
)  # fmt: skip
INVESTIGATION = case_letter(
    "penalty_investigation", "案件调查报告", "环调报〔{year}〕{n}号",
    paper("关于{{ 当事人 }}{{ 案由 }}的调查报告", (
        "一、当事人基本情况", "{{ 当事人 }}。", *HEAD, "二、调查经过", "{{ 调查经过 }}",
        "三、违法事实和主要证据", "{{ 简要案情 }}", "以上事实有下列证据证明：{{ 证据 }}。",
        "四、调查结论和法律依据", "上述行为违反了{{ 违反条款 }}的规定，应依据{{ 处罚依据 }}予以处罚。",
        "五、初步处理意见", "{{ 处理意见 }}", "{% if 裁量过程 %}裁量：{{ 裁量过程 }}。{% endif %}",
        "调查人员：{{ 调查人员 or 拟稿人 }}。",
    ), numbered=False),
    (Word("调查经过", "long"), Word("处理意见", "long")), (REVIEW,),
    fits=FULL, states=("investigating", "reviewing"), internal=True,
)  # fmt: skip
LEGAL_REVIEW = case_letter(
    "penalty_legal_review", "案件法制审核表", "环法审〔{year}〕{n}号",
    form("案件法制审核表", (
        *CASE_ROWS, ("执法主体合法、未超越权限", "{{ 主体 }}"), ("执法人员具备资格", "{{ 资格 }}"),
        ("程序合法", "{{ 程序审核 }}"), ("事实清楚、证据充分", "{{ 事实 }}"),
        ("适用法律、裁量适当", "{{ 适用法律 }}"), ("文书完备、规范", "{{ 文书完备 }}"),
        ("是否涉嫌犯罪需移送", "{{ 涉嫌犯罪 }}"), ("审核意见", "{{ 审核意见 }}"), ("审核人", "{{ 拟稿人 }}"),
    )),
    (*(Word(n, first="是") for n in ("主体", "资格", "程序审核", "事实", "适用法律", "文书完备")),
     Word("涉嫌犯罪", first="否"), Word("审核意见", "long", first=lambda m, _a: getattr(m, "as_penalty_case", m).legal_opinion or "审核同意。")), (),
    fits=FULL, states=("legal_review",), internal=True,
)  # fmt: skip
DISCUSSION = case_letter(
    "penalty_discussion", "案件集体讨论记录", "环集〔{year}〕{n}号",
    paper("案件集体讨论记录", (
        "案件名称：{{ 案件名称 }}。", "时间：{{ 讨论时间 }}。地点：{{ 讨论地点 }}。",
        "主持人：{{ 主持人 }}。记录人：{{ 拟稿人 }}。参加人员：{{ 参加人员 }}。",
        "一、案件汇报", "{{ 简要案情 }}", "二、陈述申辩及复核", "{{ 陈述申辩采纳 }}", "三、讨论意见",
        "{%p for 条 in 各人意见 %}", "{{ 条 }}", "{%p endfor %}", "四、结论意见", "{{ 结论意见 }}", "参加人员签名：",
    ), sealed=False, numbered=False),
    (Word("讨论时间", first=today), Word("讨论地点"), Word("主持人"), Word("参加人员"),
     Word("各人意见", "lines", help="一人一行"),
     Word("结论意见", "long", first=lambda m, _a: getattr(m, "as_penalty_case", m).discussion)), (SIGN,),
    fits=FULL, states=("deciding",), internal=True,
)  # fmt: skip
DELIVERY = case_letter(
    "penalty_delivery", "送达回证", "环送〔{year}〕{n}号",
    form("送达回证", (
        ("送达文书名称及文号", "{{ 送达文书 }}"), ("受送达人", "{{ 当事人 }}"), ("送达地点", "{{ 送达地点 }}"),
        ("送达方式", "{{ 方式 }}"), ("收件人及与受送达人的关系", "{{ 收件人 }}"), ("收件日期", "{{ 收件日期 }}"),
        ("送达人", "{{ 送达人 }}"), ("备注", "{{ 备注 or '无' }}"),
    )),
    (Word("送达文书", first=not_yet_received),
     Word("送达地点"), Word("方式", first="直接送达"), Word("收件人"), Word("收件日期", first=today),
     Word("送达人", first=author_of, help="两名送达人及执法证号"), Word("备注", required=False, help="拒收理由、见证人、邮寄回执")), (),
    states=("telling", "defence", "decided", "performing", "demanded"), internal=True,
)  # fmt: skip
CLOSING = case_letter(
    "penalty_closing", "行政处罚案件结案审批表", "环结〔{year}〕{n}号",
    form("行政处罚案件结案审批表", (
        *CASE_ROWS, ("立案日期", "{{ 立案日期 }}"), ("决定书文号", "{{ 决定书文号 }}"), ("简要案情", "{{ 简要案情 }}"),
        ("处理结果", "{{ 处罚内容 or '不予行政处罚' }}"),
        ("送达", "{{ 决定书送达日期 }}{{ 送达方式 }}"), ("复议诉讼", "{{ 救济 or '无' }}{{ 复议诉讼结果 }}"),
        ("执行情况", "已缴{{ 已缴数额 }}元，加处罚款{{ 加处数额 }}元，已缴加处{{ 已缴加处数额 }}元"),
        ("改正情况", "{{ 违法行为改正日期 }}"), ("结案情形", "{{ 结案情形 }}"), *OPINION_ROWS,
    )),
    (OPINION,),
    states=("performing", "court", "not_punished", "terminated", "close_check", "closed"), internal=True,
)  # fmt: skip
REFILING = case_letter(
    "penalty_unfiled", "撤销立案审批表", "环撤立〔{year}〕{n}号",
    form("撤销立案审批表", (*CASE_ROWS, ("立案时间", "{{ 立案日期 }}"), ("撤销立案的理由", "{{ 撤销理由 }}"), *OPINION_ROWS)),
    (Word("撤销理由", "long"), OPINION), fits=FULL, states=("investigating",), internal=True,
)  # fmt: skip
for _key, _name, _grounds in (
    ("penalty_stopped", "中止调查审批表", "须以相关案件的裁判结果或者其他行政决定为依据。"),
    ("penalty_resumed", "恢复调查审批表", "中止调查的原因已经消除。"),
    (
        "penalty_ended",
        "终止调查审批表",
        "涉嫌违法的公民死亡，或者法人、其他组织终止且无权利义务承受人。",
    ),
):
    case_letter(
        _key, _name, {"penalty_stopped": "环中止〔{year}〕{n}号", "penalty_resumed": "环恢复〔{year}〕{n}号",
                      "penalty_ended": "环终止〔{year}〕{n}号"}[_key],
        form(_name, (*CASE_ROWS, ("简要案情", "{{ 简要案情 }}"), ("理由和依据", "{{ 理由 }}"), *OPINION_ROWS)),
        (Word("理由", "long", first=_grounds), OPINION), fits=FULL, internal=True,
        states={"penalty_stopped": ("investigating",), "penalty_resumed": ("suspended",),
                "penalty_ended": ("investigating", "suspended", "terminated")}[_key],
    )  # fmt: skip
REQUEST = case_letter(
    "penalty_request", "案件处理内部审批表", "环内审〔{year}〕{n}号",
    form("案件处理内部审批表", (
        ("申请事项", "{{ 申请事项 }}"), *CASE_ROWS, ("简要案情及申请理由、依据和内容", "{{ 简要案情 }}{{ 申请内容 }}"), *OPINION_ROWS,
    )),
    (Word("申请事项", help="、".join(REQUESTS)), Word("申请内容", "long"), OPINION), fits=FULL,
    states=("investigating", "telling", "decided", "performing"), internal=True,
)  # fmt: skip
REVIEW_SHEET = case_letter(
    "penalty_review", "案件审查表", "环案审〔{year}〕{n}号",
    form("案件审查表", (
        *CASE_ROWS, ("本机关是否有管辖权", "{{ 管辖权 }}"), ("违法事实是否清楚", "{{ 事实清楚 }}"), ("证据是否合法充分", "{{ 证据充分 }}"),
        ("调查取证程序是否合法", "{{ 取证程序 }}"), ("是否超过追责期限", "{{ 超过时效 }}"), ("适用法律和裁量是否适当", "{{ 法律裁量 }}"),
        ("审查结论", "{{ 审查结论 }}"), ("审查意见", "{{ 审查意见 }}"), ("审查人", "{{ 拟稿人 }}　{{ 成文日期 }}"),
    )),
    (*(Word(n, first="是") for n in ("管辖权", "事实清楚", "证据充分", "取证程序")), Word("超过时效", first="否"), Word("法律裁量", first="适当"),
     Word("审查结论", first="同意"), Word("审查意见", "long", first="事实清楚，证据充分，程序合法，同意调查机构的处理意见。")), (),
    fits=FULL, states=("reviewing",), internal=True,
)  # fmt: skip
STATEMENT = case_letter(
    "statement_record", "陈述申辩意见笔录", "环陈笔〔{year}〕{n}号",
    form("陈述申辩意见笔录", (
        ("案由", "{{ 案由 }}"), ("时间", "{{ 时间 }}"), ("地点", "{{ 地点 }}"), ("陈述申辩人", "{{ 陈述申辩人 }}"),
        ("接待人、记录人", "{{ 接待人 }}"), ("陈述申辩内容", "{{ 陈述申辩内容 }}"), ("陈述申辩人签名", "以上笔录已阅无误，记录属实。　签名：　　　　　日期："),
    )),
    (Word("陈述申辩内容", "long", first=lambda m, _a: m.as_penalty_case.statement), Word("时间", first=today), Word("地点", first="我局"), Word("陈述申辩人"), Word("接待人", first=author_of, help="两名执法人员及执法证号")), (),
    fits=FULL, states=("defence",), internal=True,
)  # fmt: skip
STATEMENT_REVIEW = case_letter(
    "statement_review", "陈述申辩意见复核表", "环陈核〔{year}〕{n}号",
    form("陈述申辩意见复核表", (
        *CASE_ROWS[:4], ("告知书文号", "{{ 告知书文号 }}"), ("拟处罚意见", "罚款人民币{{ 拟罚款大写 }}"), ("陈述申辩意见", "{{ 陈述申辩意见 }}"),
        ("复核情况和是否采纳", "{{ 复核意见 }}"), *OPINION_ROWS,
    )),
    (OPINION,), fits=FULL, states=("defence",), internal=True,
)  # fmt: skip
HEARING_RECORD = case_letter(
    "hearing_record", "听证笔录", "环听笔〔{year}〕{n}号",
    paper("听证笔录", (
        "案由：{{ 案由 }}。当事人：{{ 当事人 }}。", "时间：{{ 时间 }}。地点：{{ 地点 }}。方式：{{ 方式 }}。",
        "主持人：{{ 主持人 }}。听证员：{{ 听证员 }}。记录员：{{ 记录员 }}。", "参加人：{{ 参加人 }}。",
        "一、核对身份，宣布纪律、告知权利和案由", "{{ 程序告知 }}", "二、调查人员陈述事实、证据、依据和处罚建议", "{{ 调查人员陈述 }}",
        "三、当事人陈述和申辩", "{{ 当事人陈述 }}", "四、询问、质证", "{{ 质证情况 }}", "五、最后陈述", "{{ 最后陈述 }}",
        "以上笔录已阅无误，记录属实。", "当事人（代理人）签名：　　　　　　　　日期：", "主持人签名：　　　　　　记录员签名：",
    ), sealed=False, numbered=False),
    (Word("时间"), Word("地点"), Word("方式", first="公开"), Word("主持人"), Word("听证员"), Word("记录员"), Word("参加人"),
     Word("程序告知", "long", first="已核对身份，宣布听证纪律和案由，告知权利义务，当事人不申请回避。"),
     *(Word(n, "long") for n in ("调查人员陈述", "当事人陈述", "质证情况", "最后陈述"))), (),
    fits=FULL, states=("hearing", "legal_review"), internal=True,
)  # fmt: skip
HEARING_REPORT = case_letter(
    "hearing_report", "听证报告", "环听报〔{year}〕{n}号",
    paper("听证报告", (
        "案由：{{ 案由 }}。当事人：{{ 当事人 }}。听证时间：{{ 听证时间 }}。主持人：{{ 主持人 }}。",
        "一、原认定的事实和处罚建议", "{{ 简要案情 }}拟罚款人民币{{ 拟罚款大写 }}。", "二、当事人的申辩意见", "{{ 申辩意见 }}",
        "三、听证认定的事实", "{{ 听证认定 }}", "四、主持人处理建议", "{{ 处理建议 }}", "主持人签名：",
    ), sealed=False, numbered=False),
    (Word("听证时间", first=lambda m, _a: enforcement_values.day(m.as_penalty_case.hearing_on)), Word("主持人"), Word("申辩意见", "long"), Word("听证认定", "long"), Word("处理建议", "long")), (),
    fits=FULL, states=("hearing", "legal_review"), internal=True,
)  # fmt: skip
ON_SPOT_REPORT = case_letter(
    "on_spot_report", "当场行政处罚备案表", "环当备〔{year}〕{n}号",
    form("当场行政处罚备案表", (
        ("案由", "{{ 案由 }}"), ("当事人", "{{ 当事人 }}"), ("地址", "{{ 当事人地址 }}"), ("简要案情", "{{ 简要案情 }}"),
        ("违反条款", "{{ 违反条款 }}"), ("处罚依据", "{{ 处罚依据 }}"), ("决定书文号和日期", "{{ 决定书文号 }}　{{ 决定日期 }}"),
        ("处罚内容", "{{ 处罚内容 }}"), ("收缴情况", "{% if 当场收缴元 %}当场收缴{{ 当场收缴元 }}元{% else %}由当事人到指定银行缴纳{% endif %}"),
        ("执法人员", "{{ 执法人员 }}"), ("备案意见", "{% if 审核人 %}同意备案。　{{ 审核人 }}　{{ 成文日期 }}{% endif %}"),
    )),
    (Word("执法人员", first=author_of, help="两名执法人员及执法证号"),), (REVIEW,), fits=ON_THE_SPOT, states=("performing",), internal=True,
)  # fmt: skip
