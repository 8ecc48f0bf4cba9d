"""The documents of a penalty case that go to the party (执法文书), each a .docx the bureau edits.

Numbers by the series of the national forms. Layouts follow 生态环境行政执法文书制作指南 (环办执法〔2024〕9号) by way of the
Hunan set of 2024: the forms' parts and order. The words that only a person writes are asked; the rest comes from the
case. Approvals and records that stay inside: :mod:`.enforcement_forms`; orders, seizures, transfers:
:mod:`.enforcement_measures`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.matters.models import Matter
from ecoledger.registers.enforcement.penalty_case import duties
from ecoledger.reports import enforcement_values, matter_values
from ecoledger.reports.declaration import REVIEW, SIGN, Letter, Word, declare
from ecoledger.reports.enforcement_paper import paper
from ecoledger.reports.enforcement_values import BANK, REMEDY
from ecoledger.standards import time_limits

PARTY = "{{ 当事人 }}"
HEAD = (
    "统一社会信用代码（证件号）：{{ 统一社会信用代码或证件号 }}",
    "地址：{{ 当事人地址 }}",
    "法定代表人（负责人）：{{ 法定代表人负责人 }}",
)


def today(_matter: Matter, _author: Person) -> str:
    return matter_values.words(timezone.localdate())


def author_of(_matter: Matter, author: Person) -> str:
    return " ".join(filter(None, (author.name, author.certificate_no)))


def planned_parts(matter: Matter, _author: Person) -> str:
    """The parts in which a fine is to be paid, one a line."""
    rows = matter.as_penalty_case.instalments.all()
    return "\n".join(
        f"第{n}期{enforcement_values.money(row.amount)}元，{matter_values.words(row.due)}前缴纳"
        for n, row in enumerate(rows, 1)
    )


# 行政处罚法 43, 部令30: why an officer steps aside.
AVOID_GROUNDS = (
    "是本案当事人或者当事人近亲属", "本人或者近亲属与本案有直接利害关系", "与本案有其他关系可能影响公正执法", "法律法规规定的其他情形",
)  # fmt: skip
CONTACT = (Word("联系人", first=author_of), Word("联系电话", required=False))
CONTACT_LINE = "联系人：{{ 联系人 }}{% if 联系电话 %}，电话：{{ 联系电话 }}{% endif %}"


def of_kind(*kinds: str) -> Callable[[Matter], bool]:
    """Whether a case, an order or a transfer is of one of these kinds."""

    def fits(matter: Matter) -> bool:
        row: Any = getattr(matter, f"as_{matter.register}", matter)
        return row.kind in kinds

    return fits


def written_on_the_spot(matter: Matter) -> str:
    """The number that the officer wrote into the decision where it was made."""
    case: Any = getattr(matter, "as_penalty_case", matter)
    return str(case.decision_no)


def no_notice_yet(matter: Matter, locked_at: datetime) -> str:
    """A party is told of a fine that was determined, and of the one that was determined last."""
    return duties.no_notice_yet(getattr(matter, "as_penalty_case", matter), locked_at)


ORDINARY, BY_DAY, ON_THE_SPOT = of_kind("general"), of_kind("daily"), of_kind("on_spot")
FULL = of_kind("general", "daily")


def case_letter(key: str, label: str, series: str, template: Callable[[], bytes], words: tuple[Word, ...] = (), steps: tuple[str, ...] = (REVIEW, SIGN), **more: Any) -> Letter:  # fmt: skip
    """A document of a penalty case; ``more``: what else a :class:`Letter` may say."""
    return declare(
        Letter(
            key=key, label=label, line="enforcement", series=series, registers=("penalty_case",), words=words,
            template=template, values=enforcement_values.case, value_names=enforcement_values.CASE_NAMES,
            steps=steps, **more,
        )
    )  # fmt: skip


NOTICE = case_letter(
    "penalty_notice", "行政处罚事先（听证）告知书", "环罚告〔{year}〕{n}号",
    paper("行政处罚事先（听证）告知书", (
        *HEAD, "经查，你（单位）存在以下违法行为：{{ 简要案情 }}", "以上事实有下列证据为证：{{ 证据 }}。",
        "上述行为违反了{{ 违反条款 }}的规定。依据{{ 处罚依据 }}"
        "{% if 裁量依据 %}，参照{{ 裁量依据 }}{% endif %}，我局拟对你（单位）作出如下行政处罚：罚款人民币{{ 拟罚款大写 }}{% if 其他拟处罚内容 %}；{{ 其他拟处罚内容 }}{% endif %}。",
        "{% if 裁量过程 %}裁量理由：{{ 裁量过程 }}。{% endif %}",
        "根据《中华人民共和国行政处罚法》的规定，你（单位）有权自收到本告知书之日起五个工作日内向我局提出陈述、申辩；"
        "符合听证条件的，有权自收到本告知书之日起五个工作日内申请听证。逾期未提出的，视为放弃上述权利。",
        CONTACT_LINE,
    ), PARTY),
    (Word("其他拟处罚内容", required=False, help="没收、责令停产停业等，没有的不填"), *CONTACT),
    carried_in="notice_no", fits=ORDINARY, states=("telling", "defence"), unready=no_notice_yet,
)  # fmt: skip
HEARING_NOTICE = case_letter(
    "penalty_hearing", "听证通知书", "环听通〔{year}〕{n}号",
    paper("听证通知书", (
        "你（单位）因{{ 案由 }}申请听证，我局定于{{ 听证时间 }}在{{ 听证地点 }}举行听证。",
        "听证主持人：{{ 主持人 }}；记录员：{{ 记录员 }}。你（单位）可以委托一至二名代理人参加，"
        "认为主持人与本案有直接利害关系的，有权申请回避。", CONTACT_LINE,
    ), PARTY),
    (Word("听证时间"), Word("听证地点"), Word("主持人"), Word("记录员"), *CONTACT),
    fits=FULL, states=("hearing",),
)  # fmt: skip
AVOIDANCE = case_letter(
    "avoidance_answer", "申请回避答复书", "环回通〔{year}〕{n}号",
    paper("申请回避答复书", (
        "你（单位）因{{ 案由 }}，于{{ 申请日期 }}申请{{ 被申请回避人员 }}回避，理由是：{{ 申请理由 }}。",
        "经{{ 决定人 }}审查，决定{{ 决定 }}：{{ 答复理由 }}", CONTACT_LINE,
    ), "{{ 申请人 }}"),
    (Word("申请人", first=lambda m, _a: m.as_penalty_case.party), Word("申请日期", first=today), Word("被申请回避人员"),
     Word("申请理由", first="认为其与本案有直接利害关系", help="、".join(AVOID_GROUNDS)),
     Word("决定人", first="本机关负责人", help="主要负责人的回避由集体讨论决定，其他负责人的由主要负责人决定，其他人员的由该部门负责人决定"),
     Word("决定", first="不予回避", help="予以回避，或不予回避"), Word("答复理由", "long"), *CONTACT),
    fits=FULL, states=("investigating", "reviewing", "telling", "defence", "hearing"),
)  # fmt: skip
DECISION = case_letter(
    "penalty_decision", "行政处罚决定书", "环罚〔{year}〕{n}号",
    paper("行政处罚决定书", (
        *HEAD, "一、违法事实和证据", "经查，你（单位）实施了以下违法行为：{{ 简要案情 }}",
        "以上事实有下列证据为证：{{ 证据 }}。上述行为违反了{{ 违反条款 }}的规定。",
        "二、陈述申辩及采纳情况", "{{ 陈述申辩采纳 }}", "三、行政处罚的依据、种类和裁量理由",
        "依据{{ 处罚依据 }}{% if 裁量依据 %}，参照{{ 裁量依据 }}{% endif %}，我局决定对你（单位）作出如下行政处罚：{{ 处罚内容 }}。",
        "{% if 裁量过程 %}裁量理由：{{ 裁量过程 }}。{% endif %}", "四、履行方式和期限",
        "{% if 罚没合计 != '0' %}限你（单位）自收到本决定书之日起十五日内" + BANK + "。"
        "逾期不缴纳的，每日按罚款数额的百分之三加处罚款，加处罚款的数额不超过罚款的数额。{% else %}自收到本决定书之日起履行。{% endif %}",
        "五、申请行政复议或者提起行政诉讼的途径和期限", REMEDY
        + "逾期不申请行政复议、不提起行政诉讼又不履行本决定的，我局将依法申请人民法院强制执行。",
    ), PARTY),
    carried_in="decision_no", fits=ORDINARY, states=("decided",),
)  # fmt: skip
NO_PENALTY = case_letter(
    "penalty_none", "不予行政处罚决定书", "环不罚〔{year}〕{n}号",
    paper("不予行政处罚决定书", (
        *HEAD, "一、违法事实和证据", "{{ 简要案情 }}", "以上事实有下列证据为证：{{ 证据 }}。",
        "二、陈述申辩及采纳情况", "{{ 陈述申辩采纳 }}", "三、不予处罚的依据和理由", "{{ 理由 }}",
        "改正情况：{{ 改正情况 }}。对你（单位）的教育：{{ 教育情况 }}。", "四、救济途径", REMEDY,
    ), PARTY),
    (Word("理由", "long"), Word("改正情况"), Word("教育情况")),
    carried_in="decision_no", fits=FULL, states=("not_punished",),
)  # fmt: skip
DAILY_NOTICE = case_letter(
    "daily_notice", "按日连续处罚告知书", "环连罚告〔{year}〕{n}号",
    paper("按日连续处罚告知书", (
        *HEAD, "我局以{{ 首次决定文号 }}对你（单位）处罚款{{ 原罚款数额元 }}元，并责令改正违法行为。"
        "{{ 复查发现日期 }}复查发现：{{ 简要案情 }}",
        "依据生态环境法典第一千零六十条，拟自{{ 日罚起 }}至{{ 日罚止 }}（{{ 日罚天数 }}日）按日连续处罚，"
        "合计罚款人民币{{ 拟罚款大写 }}。",
        "你（单位）有权自收到本告知书之日起五个工作日内陈述、申辩，并有权申请听证。", CONTACT_LINE,
    ), PARTY),
    (Word("首次决定文号"), *CONTACT),
    carried_in="notice_no", fits=BY_DAY, states=("telling", "defence"), unready=no_notice_yet,
)  # fmt: skip
DAILY_DECISION = case_letter(
    "daily_decision", "按日连续处罚决定书", "环连罚〔{year}〕{n}号",
    paper("按日连续处罚决定书", (
        *HEAD, "一、首次处罚和责令改正", "我局以{{ 首次决定文号 }}对你（单位）处罚款{{ 原罚款数额元 }}元；"
        "责令改正违法行为决定书于{{ 责令改正送达日期 }}送达。",
        "二、复查发现的事实和证据", "{{ 复查发现日期 }}复查发现：{{ 简要案情 }}证据：{{ 证据 }}。",
        "三、陈述申辩及采纳情况", "{{ 陈述申辩采纳 }}", "四、处罚依据、计罚日数和数额",
        "依据生态环境法典第一千零六十条，自{{ 日罚起 }}至{{ 日罚止 }}共{{ 日罚天数 }}日，每日{{ 原罚款数额元 }}元，"
        "合计罚款人民币{{ 罚款大写 }}。",
        "五、履行和救济", "限自收到本决定书之日起十五日内" + BANK + "。" + REMEDY,
    ), PARTY),
    (Word("首次决定文号"),),
    carried_in="decision_no", fits=BY_DAY, states=("decided",),
)  # fmt: skip
ON_SPOT = case_letter(
    "penalty_on_spot", "当场行政处罚决定书", "环当罚〔{year}〕{n}号",
    paper("当场行政处罚决定书", (
        *HEAD, "经查，你（单位）存在以下违法行为：{{ 简要案情 }}上述行为违反了{{ 违反条款 }}的规定。",
        "依据{{ 处罚依据 }}，根据《中华人民共和国行政处罚法》第五十一条，决定当场给予以下行政处罚：{{ 处罚种类 }}"
        "{% if 罚款数额 != '0' %}，罚款人民币{{ 罚款大写 }}{% endif %}。",
        "{% if 当场收缴元 %}罚款当场收缴{{ 当场收缴元 }}元，出具专用票据。{% else %}"
        "限自收到本决定书之日起十五日内" + BANK + "。{% endif %}",
        "执法人员已出示执法证件，当场告知你（单位）处罚的事实、理由、依据和陈述申辩的权利：{{ 当场陈述 }}",
        "如不服本决定，应当自收到本决定书之日起六十日内先向{{ 复议机关 }}申请行政复议；对复议决定不服的，"
        "可以自收到复议决定书之日起十五日内向{{ 管辖法院 }}提起行政诉讼。", "执法人员：{{ 执法人员 }}。当事人签收：",
    ), PARTY),
    (Word("当场陈述", first="当事人表示无异议。"), Word("执法人员", first=author_of, help="两名执法人员及执法证号")), (),
    fits=ON_THE_SPOT, states=("clue", "performing"), own_number=written_on_the_spot,
)  # fmt: skip
INSTALMENTS_ASKED = case_letter(
    "instalments_asked", "延期（分期）缴纳罚款申请书", "环延申〔{year}〕{n}号",
    paper("延期（分期）缴纳罚款申请书", (
        "我（单位）于{{ 决定书送达日期 }}收到你局{{ 决定书文号 }}行政处罚决定书，处罚款人民币{{ 罚款大写 }}（{{ 罚款数额 }}元），"
        "{% if 缴款截止 %}应于{{ 缴款截止 }}前缴纳。{% endif %}", "确有经济困难的情况：{{ 经济困难情况 }}",
        "现申请按下列期次缴纳：", "{%p for 条 in 各期安排 %}", "（{{ loop.index }}）{{ 条 }}", "{%p endfor %}", "附：{{ 证明材料 }}。", "本申请书应当在缴款期限届满前提出。",
        "申请人（签章）：{{ 当事人 }}", "日期：{{ 申请日期 }}",
    ), "{{ 发文机关 }}", sealed=False, numbered=False, of_party=True),
    (Word("经济困难情况", "long"), Word("各期安排", "lines", help="一期一行：金额、期限", first=planned_parts),
     Word("证明材料", first="财务报表、银行流水等经济困难证明"),
     Word("申请日期", first=lambda m, _a: enforcement_values.day(m.as_penalty_case.instalments_asked_on) or today(m, _a))), (),
    states=("performing",), internal=True,
)  # fmt: skip
INSTALMENTS = case_letter(
    "penalty_instalments", "同意延期（分期）缴纳罚款通知书", "环延（分）缴〔{year}〕{n}号",
    paper("同意延期（分期）缴纳罚款通知书", (
        "你（单位）申请延期（分期）缴纳{{ 决定书文号 }}所处罚款，经审查，同意按下列安排缴纳：{{ 安排 }}",
        "逾期未缴的部分，每日按百分之三加处罚款。",
    ), PARTY),
    (Word("安排", "long", first=lambda m, a: "；".join(planned_parts(m, a).splitlines()) + "。" if planned_parts(m, a) else ""),),
    states=("performing",),
)  # fmt: skip
DEMAND = case_letter(
    "penalty_demand", "督促履行义务催告书", "环催〔{year}〕{n}号",
    paper("督促履行义务催告书", (
        "我局于{{ 决定日期 }}作出的{{ 决定书文号 }}行政处罚决定，已于{{ 决定书送达日期 }}送达你（单位）。"
        "你（单位）至今未履行缴纳罚款{{ 罚款数额 }}元的义务，加处罚款至今为{{ 加处至今 }}元。",
        "请自收到本催告书之日起十日内履行。逾期仍不履行的，我局将依法申请{{ 法院 }}强制执行。"
        "你（单位）有权进行陈述和申辩。", CONTACT_LINE,
    ), PARTY),
    (Word("法院"), *CONTACT),
    states=("performing", "demanded"),
)  # fmt: skip
COURT = case_letter(
    "penalty_court", "强制执行申请书", "环罚申〔{year}〕{n}号",
    paper("强制执行申请书", (
        "被申请人：{{ 当事人 }}。", *HEAD, "申请事项：强制执行{{ 决定书文号 }}行政处罚决定，"
        "罚款{{ 罚款数额 }}元、加处罚款{{ 加处数额 }}元。",
        "事实及理由：{{ 简要案情 }}我局依法作出处罚决定并于{{ 决定书送达日期 }}送达，"
        "{{ 催告书送达日期 }}送达催告书，被申请人仍未履行。",
        "附件：决定书及依据；当事人意见及催告情况；标的情况；身份与授权证明。",
    ), "{{ 法院 }}"),
    (Word("法院"),),
    states=("demanded", "court"),
)  # fmt: skip
NONE_NOTICE = case_letter(
    "none_notice", "不予行政处罚事先告知书", "环不罚告〔{year}〕{n}号",
    paper("不予行政处罚事先告知书", (
        *HEAD, "经查，你（单位）存在以下违法行为：{{ 简要案情 }}", "以上事实有下列证据为证：{{ 证据 }}。",
        "上述行为违反了{{ 违反条款 }}的规定。鉴于{{ 理由 }}，依据{{ 不予处罚依据 }}，我局拟不予行政处罚。",
        "你（单位）有权自收到本告知书之日起五个工作日内向我局提出陈述、申辩。逾期未提出的，视为放弃上述权利。", CONTACT_LINE,
    ), PARTY),
    (Word("理由", "long"), Word("不予处罚依据", first="《中华人民共和国行政处罚法》第三十三条第一款"), *CONTACT),
    fits=FULL, states=("telling",),
)  # fmt: skip
LESSER = case_letter(
    "lesser_promise", "免罚轻罚告知承诺书", "环承〔{year}〕{n}号",
    paper("免罚轻罚告知承诺书", (
        "一、告知", "你（单位）因{{ 案由 }}接受调查。{{ 告知情形 }}，在本告知书约定期限内改正的，我局将依法{{ 处理方式 }}。",
        "二、承诺", "我（单位）承诺：{{ 承诺内容 }}。逾期未践行承诺的，接受依法处理。", "承诺人（签章）：　　　　　　　　日期：",
        "三、践诺", "践诺情况由执法人员核实后填写。执法人员（签名、执法证号）：",
    ), PARTY),
    (Word("告知情形", first="属于初次违法且危害后果轻微"), Word("处理方式", first="不予行政处罚"),
     Word("承诺内容", "long", first="立即改正违法行为，并书面报告改正情况")), (REVIEW,),
    fits=ORDINARY, states=("investigating", "reviewing"),
)  # fmt: skip
DAMAGE_NOTICE = case_letter(
    "damage_notice", "生态环境损害赔偿告知书", "环损赔告〔{year}〕{n}号",
    paper("生态环境损害赔偿告知书", (
        *HEAD, "经查，你（单位）存在以下行为：{{ 简要案情 }}该行为可能造成生态环境损害：{{ 损害情况 }}",
        "依据生态环境法典第一千零七十三条和《生态环境损害赔偿管理规定》，你（单位）应当依法承担生态环境损害赔偿责任。"
        "积极履行赔偿和修复责任的，可以作为从轻、减轻处罚的情节。", CONTACT_LINE,
    ), PARTY),
    (Word("损害情况", "long"), *CONTACT), fits=FULL, states=("investigating",),
)  # fmt: skip
KEEP_EVIDENCE = case_letter(
    "evidence_kept", "先行登记保存证据通知书", "环登存〔{year}〕{n}号",
    paper("先行登记保存证据通知书", (
        "因调查{{ 案由 }}，证据可能灭失或者以后难以取得，依据《中华人民共和国行政处罚法》第五十六条，我局决定对下列证据"
        "{{ 保存方式 }}先行登记保存：", "{%p for 条 in 保存物品 %}", "（{{ loop.index }}）{{ 条 }}", "{%p endfor %}",
        "保存地点：{{ 保存地点 }}。保存期限：自{{ 起日 }}至{{ 止日 }}，期满未作处理决定的，自行解除。"
        "保存期间，当事人和有关人员不得销毁或者转移证据。", CONTACT_LINE,
    ), PARTY),
    (Word("保存方式", first="就地"), Word("保存物品", "lines", help="一行一件：名称、数量、型号、生产日期（批号）、生产单位"),
     Word("保存地点"), Word("起日", first=today), Word("止日", first=lambda _m, _a: matter_values.words(
         time_limits.deadline(timezone.localdate(), "penalty-evidence-registration").due_day)), *CONTACT),
    fits=FULL, states=("investigating",),
)  # fmt: skip
FREE_EVIDENCE = case_letter(
    "evidence_freed", "解除先行登记保存证据通知书", "环解登〔{year}〕{n}号",
    paper("解除先行登记保存证据通知书", (
        "我局决定自{{ 成文日期 }}起解除{{ 登记保存文号 }}对下列证据的先行登记保存：", "{%p for 条 in 解除物品 %}",
        "（{{ loop.index }}）{{ 条 }}", "{%p endfor %}", "处理情况：{{ 处理情况 }}", CONTACT_LINE,
    ), PARTY),
    (Word("登记保存文号", first=lambda m, _a: "、".join(m.documents.filter(kind="evidence_kept").values_list("number", flat=True))),
     Word("解除物品", "lines"), Word("处理情况", first="退还当事人。"), *CONTACT),
    fits=FULL, states=("investigating",),
)  # fmt: skip
ASK_PERSON = case_letter(
    "inquiry_notice", "调查询问通知书", "环调询通〔{year}〕{n}号",
    paper("调查询问通知书", (
        "为查明{{ 案由 }}有关情况，请你（单位）于{{ 询问时间 }}到{{ 询问地点 }}接受调查询问，并携带以下材料：{{ 携带材料 }}", CONTACT_LINE,
    ), PARTY),
    (Word("询问时间"), Word("询问地点", first="我局"), Word("携带材料", first="居民身份证；受委托的，授权委托书。"), *CONTACT), (SIGN,),
    fits=FULL, states=("investigating",),
)  # fmt: skip
ASK_PAPERS = case_letter(
    "papers_notice", "调取证据材料通知书", "环调证通〔{year}〕{n}号",
    paper("调取证据材料通知书", (
        "为查明{{ 案由 }}有关情况，请你（单位）于{{ 提供期限 }}前提供下列证据材料：", "{%p for 条 in 材料清单 %}",
        "（{{ loop.index }}）{{ 条 }}", "{%p endfor %}", "复制件应当注明“与原件核对无误”、提供单位和日期并签章。", CONTACT_LINE,
    ), PARTY),
    (Word("提供期限"), Word("材料清单", "lines"), *CONTACT), (SIGN,), fits=FULL, states=("investigating",),
)  # fmt: skip
TEST_ORDER = case_letter(
    "test_order", "监测（检测、鉴定）委托书", "环检（鉴）委托〔{year}〕{n}号",
    paper("监测（检测、鉴定）委托书", (
        "因调查{{ 案由 }}需要，现委托你单位进行{{ 委托事项 }}。样品（检材）：{{ 样品 }}。",
        "请于{{ 完成期限 }}前出具报告，并附资质证明。", CONTACT_LINE,
    ), "{{ 受托单位 }}"),
    (Word("受托单位"), Word("委托事项"), Word("样品"), Word("完成期限"), *CONTACT), (SIGN,), fits=FULL, states=("investigating",),
)  # fmt: skip
TEST_TOLD = case_letter(
    "test_result", "监测（检测、鉴定）结果告知书", "环检告〔{year}〕{n}号",
    paper("监测（检测、鉴定）结果告知书", (
        "{{ 监测日期 }}对你（单位）{{ 监测对象 }}的监测（检测、鉴定），报告编号{{ 报告编号 }}，结果为：{{ 监测结果 }}",
        "如对结果有异议，可以自收到本告知书之日起向我局提出，并说明理由、提供证据。",
        "依据《生态环境行政处罚办法》，监测（检测）、评估、鉴定、认定的时间不计入案件办理期限。", CONTACT_LINE,
    ), PARTY),
    (Word("监测日期"), Word("监测对象"), Word("报告编号"), Word("监测结果", "long"), *CONTACT), (SIGN,),
    fits=FULL, states=("investigating",),
)  # fmt: skip
