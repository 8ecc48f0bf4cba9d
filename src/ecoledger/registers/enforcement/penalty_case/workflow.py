"""The steps of a penalty case and its clocks.

线索 → 立案审批 → 调查取证 → 案件审查 → 告知 → 陈述申辩、听证 → 法制审核 → 决定 → 送达 → 履行 → 催告 → 强制执行 →
结案 → 归档. The long way through; a case that needs no legal review goes past it only when ``duties`` says so.
"""

from __future__ import annotations

from typing import Any

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask, Kind
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, REASON
from ecoledger.registers.enforcement.penalty_case import deciding, duties, performing, remaking
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase

OFFICERS = frozenset({Role.OFFICER})
HEADS = frozenset({Role.LEADER})
LEGAL = frozenset({Role.LEGAL})
BEFORE = ("investigating", "suspended", "reviewing", "telling", "defence", "hearing", "legal_review",
          "deciding")  # fmt: skip
AFTER = ("decided", "performing", "demanded", "court", "close_check", "closed")
SERVED = ("performing", "demanded", "court", "close_check")
OWING = ("performing", "demanded", "court")


def _some(choices: Any, *names: str) -> tuple[tuple[str, str], ...]:
    every = dict(choices.choices)
    return tuple((name, every[name]) for name in names)


def _closing_among(*names: str) -> Ask:
    return Ask("closing", choices=_some(PenaltyCase.Closing, *names))


_COURT = Ask("court", help="向有管辖权的人民法院申请")
_LEVELS = said(
    "levels", "档次", Kind.TEXT, help="由裁量页填写", words=deciding.levels_in_words
)
_TABLE = said("table", "裁量基准", Kind.TEXT, help="由裁量页填写", words=deciding.act_of)

WORKFLOW = Workflow(
    states=(
        State("clue", "线索核查", stage="立案", waits_for=OFFICERS),
        State("filing_check", "立案审批", stage="立案", waits_for=HEADS),
        State("investigating", "调查取证", stage="调查", waits_for=OFFICERS),
        State("suspended", "中止调查", stage="调查", waits_for=OFFICERS),
        State("reviewing", "案件审查", stage="审查", waits_for=OFFICERS),
        State("telling", "拟告知", stage="告知", waits_for=OFFICERS),
        State("defence", "陈述申辩期", stage="告知", waits_for=OFFICERS),
        State("hearing", "听证", stage="告知", waits_for=OFFICERS),
        State("legal_review", "法制审核", stage="决定", waits_for=LEGAL),
        State("deciding", "待决定", stage="决定", waits_for=HEADS),
        State("decided", "待送达", stage="送达", waits_for=OFFICERS),
        State("performing", "履行", stage="执行", waits_for=OFFICERS),
        State("demanded", "催告", stage="执行", waits_for=OFFICERS),
        State("court", "申请强制执行", stage="执行", waits_for=OFFICERS),
        State("not_punished", "不予处罚，待结案", stage="执行", waits_for=OFFICERS),
        State("terminated", "终止调查，待结案", stage="执行", waits_for=OFFICERS),
        State("close_check", "结案审批", stage="结案", waits_for=CHECKERS),
        State("closed", "已结案", phase=Phase.CLOSED),
        State("archived", "已归档", phase=Phase.CLOSED),
        State("not_filed", "不予立案", phase=Phase.DISMISSED),
        State("handed", "移送管辖", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("propose_filing", "报批立案", "clue", "filing_check", by=OFFICERS, when=duties.no_daily_basis,
                   asks=("description", "found_on", "act_until"),
                   offers=("act_from", "harmful", "public_interest", "complicated")),
        # 当场处罚: facts plain, a warning or a small fine; decided, served and reported, no more.
        Transition("decide_on_spot", "当场作出处罚决定", "clue", "performing", by=OFFICERS, evidence=1,
                   asks=("description", "violated", "basis", "decision_no",
                         Ask("heaviest", choices=_some(PenaltyCase.Heaviest, "warning", "fine"))),
                   offers=("fine", said("collected", "当场收缴 元", Kind.DECIMAL),
                           said("why_collected", "当场收缴的理由", Kind.TEXT,
                                help="一百元以下，或不当场收缴事后难以执行，或边远水上交通不便且当事人提出"),
                           said("receipt", "票据号码", Kind.TEXT)),
                   effects=(deciding.decide_on_spot,), when=duties.not_on_spot, main=False),
        Transition("approve_filing", "批准立案", "filing_check", "investigating", by=HEADS,
                   other_person_than=("propose_filing",), effects=(deciding.file,), when=duties.prescribed),
        Transition("refuse_filing", "不予立案", "filing_check", "not_filed", by=HEADS, asks=(REASON,),
                   main=False),
        Transition("return_filing", "退回补充", "filing_check", "clue", by=HEADS, asks=(REASON,), main=False),
        Transition("hand_over", "移送管辖", ("clue", "investigating"), "handed", by=OFFICERS,
                   asks=(said("to", "移送机关", Kind.TEXT), REASON), main=False, danger=True),
        Transition("add_evidence", "登记证据", "investigating", "investigating", by=OFFICERS, evidence=1,
                   asks=(said("proves", "证明内容", Kind.TEXT),), main=False),
        Transition("assess", "裁量", ("investigating", "reviewing", "telling"), "", by=OFFICERS,
                   asks=(_TABLE, _LEVELS),
                   offers=(said("adjust", "从重（＋）从轻（－）%", Kind.INTEGER),
                           said("mitigated", "依法减轻", Kind.BOOLEAN), said("why", "理由")),
                   effects=(deciding.assess,), main=False),
        Transition("stop", "中止调查", "investigating", "suspended", by=OFFICERS, asks=(REASON,),
                   effects=(deciding.pause,), main=False),
        Transition("go_on", "恢复调查", "suspended", "investigating", by=OFFICERS, effects=(deciding.go_on,)),
        Transition("terminate", "终止调查", ("investigating", "suspended"), "terminated", by=OFFICERS,
                   asks=(REASON,), effects=(deciding.go_on,), main=False, danger=True),
        Transition("finish_investigation", "调查终结", "investigating", "reviewing", by=OFFICERS,
                   asks=("violated", "basis", said("conclusion", "调查结论")), when=duties.no_evidence,
                   effects=(deciding.afresh,)),
        Transition("return_review", "退回补充调查", "reviewing", "investigating", by=OFFICERS,
                   asks=(REASON,), other_person_than=("finish_investigation",), main=False),
        Transition("pass_review", "审查同意", "reviewing", "telling", by=OFFICERS,
                   asks=(said("checked", "审查意见"),), other_person_than=("finish_investigation",)),
        Transition("notify", "告知书已送达", "telling", "defence", by=OFFICERS,
                   asks=("notice_served_on", "hearing_right"), when=duties.notice_not_issued,
                   effects=(deciding.notify,)),
        Transition("record_statement", "记录陈述申辩和复核", "defence", "defence", by=OFFICERS,
                   asks=("statement", "statement_answer"), main=False),
        Transition("ask_hearing", "当事人申请听证", "defence", "hearing", by=OFFICERS,
                   asks=("hearing_asked_on",), effects=(deciding.pause,), main=False),
        Transition("hold_hearing", "听证已举行", "hearing", "legal_review", by=OFFICERS, evidence=1,
                   asks=("hearing_told_on", "hearing_on", said("result", "听证报告意见")),
                   effects=(deciding.hold_hearing,)),
        Transition("send_legal", "送法制审核", "defence", "legal_review", by=OFFICERS, when=duties.term_runs),
        Transition("send_decision", "无须法制审核，送决定", "defence", "deciding", by=OFFICERS,
                   when=duties.may_skip_review, main=False),
        Transition("legal_pass", "审核同意", "legal_review", "deciding", by=LEGAL, asks=("legal_opinion",),
                   other_person_than=("propose_filing", "finish_investigation", "pass_review"),
                   effects=(deciding.review,), when=duties.term_runs),
        Transition("legal_return", "审核不同意，退回", "legal_review", "investigating", by=LEGAL,
                   asks=(REASON,), main=False),
        Transition("discuss", "集体讨论", "deciding", "deciding", by=HEADS, evidence=1,
                   asks=("discussed_on", "discussion", said("present", "参加人员及意见")), main=False),
        Transition("decide", "作出处罚决定", "deciding", "decided", by=HEADS, asks=("heaviest", "fine"),
                   offers=("confiscated", "other_penalty"), when=duties.may_decide,
                   other_person_than=("finish_investigation",), effects=(deciding.decide,)),
        Transition("decide_none", "不予处罚", "deciding", "not_punished", by=HEADS, asks=(REASON,),
                   when=duties.may_decide, effects=(deciding.decide_none,), main=False),
        Transition("tell_again", "重新告知", "deciding", "telling", by=HEADS, asks=(REASON,),
                   effects=(deciding.afresh,), main=False),
        Transition("serve", "决定书已送达", "decided", "performing", by=OFFICERS,
                   asks=("served_on", "serve_mode"), when=duties.decision_not_issued,
                   effects=(performing.serve,)),
        Transition("report_on_spot", "当场处罚已备案", SERVED, "", by=OFFICERS, asks=("reported_on",),
                   when=duties.not_on_spot, main=False),
        Transition("hand_in", "当场收缴款已交存", SERVED, "", by=OFFICERS, asks=("handed_in_on",),
                   when=duties.nothing_collected, main=False),
        Transition("disclose", "登记公开", AFTER, "", by=OFFICERS | HEADS, asks=("disclosed_on",),
                   effects=(performing.disclose,), main=False),
        Transition("withdraw_disclosure", "撤回公开", AFTER, "", by=OFFICERS | HEADS,
                   asks=("disclosure_withdrawn_on",), when=duties.nothing_to_withdraw,
                   effects=(performing.withdraw_disclosure,), main=False),
        Transition("note_credit", "计入环境信用", (*SERVED, "closed"), "", by=OFFICERS,
                   asks=(said("public_until", "公示截止日期", Kind.DATE),), when=duties.no_credit,
                   effects=(performing.note_credit,), main=False),
        Transition("pay", "登记缴款", OWING, "", by=OFFICERS,
                   asks=(said("paid_on", "缴款日期", Kind.DATE), said("amount", "金额 元", Kind.DECIMAL)),
                   offers=(said("receipt", "票据号码", Kind.TEXT),), when=duties.nothing_to_pay,
                   effects=(performing.pay,)),
        Transition("refund", "退还罚没款", OWING, "", by=OFFICERS,
                   asks=(said("paid_on", "退款日期", Kind.DATE), said("amount", "金额 元", Kind.DECIMAL)),
                   offers=(said("receipt", "票据号码", Kind.TEXT),), when=duties.nothing_to_refund,
                   effects=(performing.refund,), main=False),
        Transition("ask_instalments", "当事人申请延期、分期", "performing", "", by=OFFICERS,
                   asks=("instalments_asked_on", said("hardship", "经济困难情况")), evidence=1,
                   effects=(performing.ask_instalments,), main=False),
        Transition("grant_instalments", "同意延期、分期", "performing", "", by=HEADS,
                   when=duties.no_instalments_asked, effects=(performing.grant_instalments,), main=False),
        Transition("refuse_instalments", "不同意延期、分期", "performing", "", by=HEADS, asks=(REASON,),
                   when=duties.no_instalments_asked, sets={"instalments_asked_on": None}, main=False),
        Transition("waive_surcharge", "执行协议，减免加处罚款", ("performing", "demanded"), "", by=HEADS,
                   asks=("surcharge_waived", said("terms", "协议内容和补救措施")), evidence=1,
                   effects=(performing.waive_surcharge,), main=False),
        Transition("begin_remedy", "当事人申请复议、提起诉讼", ("performing", "demanded"), "", by=OFFICERS,
                   asks=("remedy", "remedy_from", said("organ", "复议机关或法院", Kind.TEXT)),
                   offers=(said("case_no", "案号", Kind.TEXT),), when=duties.remedy_runs,
                   effects=(performing.begin_remedy,), main=False),
        Transition("end_remedy", "登记复议、诉讼结果", ("performing", "demanded"), "", by=OFFICERS,
                   asks=("remedy_result", "remedy_until", said("document_no", "决定或判决文号", Kind.TEXT)),
                   offers=(said("fine_after", "变更后的罚款 元", Kind.DECIMAL),), evidence=1,
                   when=duties.no_remedy_runs, effects=(performing.end_remedy,), main=False),
        Transition("demand", "催告书已送达", "performing", "demanded", by=OFFICERS, asks=("demanded_on",),
                   when=duties.nothing_to_pay, effects=(performing.count_surcharge,), main=False),
        Transition("apply_court", "申请法院强制执行", "demanded", "court", by=OFFICERS, evidence=1,
                   asks=("court_applied_on", _COURT), when=duties.demand_runs,
                   effects=(performing.count_surcharge,)),
        Transition("court_accepts", "法院受理", "court", "", by=OFFICERS, asks=("court_accepted_on",),
                   when=duties.court_accepted, effects=(performing.court_dates,)),
        Transition("court_refuses", "法院不予受理", "court", "demanded", by=OFFICERS,
                   asks=("court_refused_on", REASON), when=duties.court_accepted,
                   effects=(performing.court_refuses,), main=False),
        Transition("court_rules", "登记执行裁定", "court", "", by=OFFICERS, asks=("court_ruling", "court_ruled_on"),
                   when=duties.court_not_accepted, effects=(performing.court_dates,), main=False),
        Transition("court_ends", "登记强制执行结果", "court", "", by=OFFICERS, asks=("court_result",),
                   when=duties.court_not_accepted, main=False),
        Transition("close", "报批结案", OWING, "close_check", by=OFFICERS,
                   evidence=1, asks=(_closing_among("performed", "court", "revoked"), "corrected_on"),
                   effects=(performing.close,)),
        Transition("close_without", "报批结案（未处罚）", ("not_punished", "terminated"), "close_check",
                   by=OFFICERS, evidence=1, asks=(_closing_among("not_punished", "terminated"),),
                   effects=(performing.close,)),
        Transition("close_transferred", "移送完成，报批结案", "investigating", "close_check", by=OFFICERS,
                   evidence=1, asks=(_closing_among("transferred"),), effects=(performing.close,), main=False),
        Transition("confirm_close", "批准结案", "close_check", "closed", by=CHECKERS | HEADS,
                   other_person_than=("close", "close_without", "close_transferred", "pay",
                                      "finish_investigation")),
        # Sent back to where its closing came from.
        *(Transition(f"return_to_{state}", "退回", "close_check", state, by=CHECKERS | HEADS, asks=(REASON,),
                     when=duties.closing_came_from(state), main=False)
          for state in ("performing", "not_punished", "terminated", "investigating")),
        Transition("remake", "决定被撤销，重新处理", (*OWING, "closed", "archived"), "", by=OFFICERS | HEADS,
                   asks=(said("remake_by", "复议决定或判决要求重新作出的期限", Kind.DATE),),
                   offers=(said("procedure", "因违反法定程序被撤销", Kind.BOOLEAN),),
                   when=remaking.cannot_remake, effects=(remaking.remake,), main=False),
        Transition("archive", "归档", "closed", "archived", by=OFFICERS,
                   asks=(said("place", "存放地点", Kind.TEXT),)),
    ),
    clocks=(
        ClockRule("filing", "立案审查", ("clue", "filing_check"), limit="penalty-filing",
                  counted_from="found_on"),
        ClockRule("decision", "作出决定", BEFORE, limit="penalty-decision", counted_from="filed_on"),
        ClockRule("remake", "重新作出决定", BEFORE, deadline_field="remake_by", basis="复议决定或判决"),
        ClockRule("statement", "陈述申辩期", "defence", limit="penalty-statement", waiting=True,
                  counted_from="notice_served_on"),
        ClockRule("delivery", "送达", "decided", limit="penalty-delivery", counted_from="decided_on"),
        ClockRule("disclosure", "公开", AFTER, since="decide", until="disclose",
                  limit="penalty-disclosure", counted_from="decided_on"),
        ClockRule("withdrawal", "撤回公开", SERVED, since="end_remedy", until="withdraw_disclosure",
                  limit="penalty-disclosure-withdrawal", counted_from="remedy_until",
                  applies=duties.must_withdraw),
        ClockRule("summary_report", "当场处罚备案", SERVED, since="decide_on_spot", until="report_on_spot",
                  limit="penalty-summary-filing", counted_from="decided_on"),
        ClockRule("hand_in", "当场收缴款交存", SERVED, since="decide_on_spot", until="hand_in",
                  limit="penalty-hand-in", counted_from="decided_on", applies=duties.collected),
        ClockRule("payment", "缴款", "performing", limit="penalty-payment", counted_from="served_on",
                  applies=duties.pays_at_once),
        ClockRule("instalments_answer", "延期、分期申请答复", "performing", since="ask_instalments",
                  until=("grant_instalments", "refuse_instalments"), limit="instalment-answer",
                  counted_from="instalments_asked_on"),
        ClockRule("instalments", "按同意的期限缴清", "performing", since="grant_instalments",
                  deadline_field="pay_by", basis="同意延期（分期）缴纳罚款通知书"),
        ClockRule("demand", "催告期", "demanded", limit="penalty-demand", waiting=True,
                  counted_from="demanded_on"),
        ClockRule("court", "申请强制执行", ("performing", "demanded"), since=("serve", "decide_on_spot", "end_remedy"),
                  until=("apply_court", "begin_remedy"), limit="penalty-court-application",
                  counted_from="remedies_end", applies=duties.to_be_enforced),
        ClockRule("court_review", "不予受理的，向上一级法院申请复议", "demanded", since="court_refuses",
                  until="apply_court", limit="court-refusal-review", counted_from="court_refused_on"),
        ClockRule("archive", "归档", "closed", limit="case-archive"),
    ),
)  # fmt: skip
