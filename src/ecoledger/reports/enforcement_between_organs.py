"""What passes between ecology bureaus about a case: whose it is, who is to handle it, help in its investigation.

Forms 1, 2, 6 and 7 of the national set by way of the Hunan set of 2024 (read in one place), with the laws these name:
行政处罚法 25, 26, 生态环境行政处罚办法 14, 15, 22. Layouts as in :mod:`.enforcement_letters`; the bureau edits each file.
"""

from __future__ import annotations

from typing import Any

from ecoledger.accounts.models import Person
from ecoledger.matters.models import Matter
from ecoledger.reports.declaration import Letter, Word, declare
from ecoledger.reports.enforcement_letters import CONTACT, CONTACT_LINE, FULL, case_letter
from ecoledger.reports.enforcement_paper import paper

SANCTIONS, MEASURES = "《中华人民共和国行政处罚法》", "《生态环境行政处罚办法》"


def _row(matter: Matter) -> Any:
    return getattr(matter, f"as_{matter.register}", matter)


def _of(*names: str) -> Any:
    """What the first of these fields that the matter has says."""

    def first(matter: Matter, _author: Person) -> str:
        row = _row(matter)
        return next((str(said) for name in names if (said := getattr(row, name, ""))), "")

    return first


def case_name(matter: Matter, _author: Person) -> str:
    """To other organs a case is called after its party and its act: 某公司涉嫌超标排放污染物一案."""
    row = _row(matter)
    party = getattr(row, "party", "") or (row.entity.name if row.entity_id else "")
    act = str(row.title).removeprefix(party).removesuffix("一案").removesuffix("案")
    return f"{party}{act}"


def to_a_bureau(matter: Matter) -> bool:
    """Whether what is handed over goes to an ecology bureau, which alone can have the case."""
    return "生态环境" in (_row(matter).department_name or "")


NAME = Word("具体案件", first=case_name, help="当事人+涉嫌+违法行为类别，不写“一案”")
JURISDICTION = declare(
    Letter(
        key="jurisdiction_assigned", label="指定管辖通知书", line="enforcement", series="环指定〔{year}〕{n}号",
        registers=("referral",), fits=to_a_bureau,
        words=(
            Word("被指定机关", first=_of("department_name")), NAME,
            Word("指定依据", first=f"{SANCTIONS}第二十五条和{MEASURES}第十五条",
                 help="两个以上机关有管辖权、发生争议的写第十四条；由上级指定的写第十五条"),
            Word("抄送机关", required=False, help="如原管辖的生态环境主管部门，没有的不填"),
        ),
        template=paper("指定管辖通知书", (
            "关于{{ 具体案件 }}一案，依据{{ 指定依据 }}的规定，经我局研究决定，指定由{{ 被指定机关 }}管辖。"
            "请接到本通知后及时办理案件相关材料的交接手续。",
            "{% if 抄送机关 %}抄送：{{ 抄送机关 }}。{% endif %}",
        ), "{{ 被指定机关 }}"),
    )
)  # fmt: skip
HANDED_DOWN = declare(
    Letter(
        key="case_handed_down", label="案件交办通知书", line="enforcement", series="环交办〔{year}〕{n}号",
        registers=("referral",), fits=to_a_bureau,
        words=(
            Word("交办机关", first=_of("department_name"), help="有管辖权的生态环境主管部门"), NAME,
            Word("报送要求", first="在办结后三日内", help="进展和结果何时报送，如“每月1日、15日报送进展，并在办结后三日内”"),
            Word("附件", first="案件相关材料"), *CONTACT,
        ),
        template=paper("案件交办通知书", (
            f"依据{MEASURES}第十五条第三款的规定，现将{{{{ 具体案件 }}}}一案交由你局办理。"
            "请依法调查处理，并{% if 反馈期限 %}于{{ 反馈期限 }}前、{% endif %}{{ 报送要求 }}将处理情况报送我局。",
            "附件：{{ 附件 }}", CONTACT_LINE,
        ), "{{ 交办机关 }}"),
    )
)  # fmt: skip
HELP_ASKED = case_letter(
    "help_asked", "协助调查函", "环协调〔{year}〕{n}号",
    paper("协助调查函", (
        "我局在办理{{ 具体案件 }}一案中，因{{ 协助原因 }}，依据" + SANCTIONS + "第二十六条和" + MEASURES + "第二十二条的规定，"
        "请你单位协助调查以下事项：", "{%p for 条 in 协助事项 %}", "（{{ loop.index }}）{{ 条 }}", "{%p endfor %}",
        "请你单位及时将调查结果加盖公章，连同相关证据材料送我局。", CONTACT_LINE,
    ), "{{ 协助单位 }}"),
    (Word("协助单位", help="有关机关或者其他生态环境主管部门"), NAME, Word("协助原因"),
     Word("协助事项", "lines", help="一行一项"), *CONTACT),
    fits=FULL, states=("investigating",),
)  # fmt: skip
HELP_TOLD = declare(
    Letter(
        key="help_told", label="协助调查结果告知函", line="enforcement", series="环协调告〔{year}〕{n}号",
        registers=("incoming_letter", "inspection"),
        words=(
            Word("请求单位", first=_of("sender"), help="请求协助的生态环境主管部门"),
            Word("具体案件", help="当事人+涉嫌+违法行为类别，不写“一案”"), Word("协助原因"),
            Word("协助调查结果", "long", first=_of("found")), Word("附件", first="相关材料"), *CONTACT,
        ),
        template=paper("协助调查结果告知函", (
            "你单位在办理{{ 具体案件 }}一案中，因{{ 协助原因 }}，请我局协助调查，现已调查终结。依据" + SANCTIONS + "第二十六条和"
            + MEASURES + "第二十二条第二款的规定，将协助调查结果告知如下：", "{{ 协助调查结果 }}", "附件：{{ 附件 }}", CONTACT_LINE,
        ), "{{ 请求单位 }}"),
    )
)  # fmt: skip
