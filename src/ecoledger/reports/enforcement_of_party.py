"""What a party fills in or signs for a case: who acts for it, where and how papers reach it.

Forms 16 and 17 of the national set by way of the Hunan set of 2024 (read in one place): offered, never demanded. Who
confirms an electronic address agrees that papers are served there (生态环境行政处罚法律文书电子送达).
"""

from __future__ import annotations

from ecoledger.reports.declaration import Word
from ecoledger.reports.enforcement_letters import FULL, author_of, case_letter, today
from ecoledger.reports.enforcement_paper import form, paper

_STATES = ("investigating", "reviewing", "telling", "defence", "hearing", "decided", "performing")
PROXY = case_letter(
    "party_proxy", "授权委托书", "环委托〔{year}〕{n}号",
    paper("授权委托书", (
        "委托人：{{ 当事人 }}　统一社会信用代码（证件号）：{{ 统一社会信用代码或证件号 }}",
        "受委托人：{{ 受委托人姓名 }}　性别：{{ 受委托人性别 }}　身份证件号码：{{ 受委托人证件号码 }}　手机：{{ 受委托人手机 }}",
        "现委托上列受委托人作为我（单位）的代理人，办理{{ 案由 }}的有关事宜。",
        "代理权限：{{ 代理权限 }}。", "委托事项：{{ 委托事项 }}。", "委托期限：{{ 委托期限 }}。",
        "附：委托人营业执照或者身份证件复印件，法定代表人（负责人）身份证件复印件，受委托人身份证件复印件。",
        "委托人（签字或者盖章）：", "日期：{{ 委托日期 }}",
    ), sealed=False, numbered=False, of_party=True),
    (Word("受委托人姓名"), Word("受委托人性别"), Word("受委托人证件号码"), Word("受委托人手机"), Word("代理权限", first="特别授权", help="一般授权或者特别授权"),
     Word("委托事项", "long", first="代为陈述案件事实，代为确认送达地址，代为签收法律文书，代为行使或者放弃陈述、申辩和听证的权利", help="没有委托的删去"),
     Word("委托期限", first="自授权之日起至本案处理终结之日止"), Word("委托日期", first=today)), (),
    fits=FULL, states=_STATES, internal=True,
)  # fmt: skip
ADDRESS = case_letter(
    "service_address", "送达地址及方式确认书", "环送址〔{year}〕{n}号",
    form("送达地址及方式确认书", (
        ("案由", "{{ 案由 }}"),
        ("告知事项", "一、为便于当事人及时收到文书，本机关可以用传真、电子邮件、移动通信等电子方式送达，请如实提供确切的送达地址。"
         "二、所确认的地址适用于本案各个程序；有变更的，应当及时书面告知。"
         "三、地址不确切或者变更后未及时告知，文书无法送达或者未及时送达的，由当事人承担相应后果。"
         "四、电子方式送达的，到达当事人特定系统的日期为送达日期。"),
        ("受送达人", "{{ 当事人 }}"), ("指定签收人", "{{ 指定签收人 }}"), ("与受送达人的关系", "{{ 与受送达人的关系 }}"),
        ("证件类型、号码", "{{ 签收人证件 }}"), ("手机号码", "{{ 手机号码 }}"), ("送达地址", "{{ 送达地址 }}"),
        ("电子邮件地址", "{{ 电子邮件地址 or '不填' }}"), ("其他方式", "{{ 其他方式 or '无' }}"), ("同意的送达方式", "{{ 同意的送达方式 }}"),
        ("受送达人确认", "已阅读（听明白）告知事项，所填地址和方式正确、有效，有变更的及时告知。　签字或者盖章：　　　　　日期："),
        ("执法人员签字", "{{ 执法人员 }}"), ("备注", "{{ 备注 or '无' }}"),
    )),
    (Word("指定签收人"), Word("与受送达人的关系", first="本单位工作人员"), Word("签收人证件"), Word("手机号码"),
     Word("送达地址", first=lambda m, _a: m.as_penalty_case.party_address), Word("电子邮件地址", required=False), Word("其他方式", required=False),
     Word("同意的送达方式", first="直接送达、邮寄送达", help="同意电子送达的，写明“同意电子送达”和所用的电子方式"),
     Word("执法人员", first=author_of, help="两名执法人员及执法证号"), Word("备注", required=False)), (),
    fits=FULL, states=_STATES, internal=True,
)  # fmt: skip
