"""The steps of a penalty case and its clocks.

线索 → 立案审批 → 调查取证 → 案件审查 → 告知 → 陈述申辩、听证 → 法制审核 → 决定 → 送达 → 履行 → 催告 → 强制执行 →
结案 → 归档. The long way through; a case that needs no legal review goes past it only when ``duties`` says so.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask, Kind
from ecoledger.matters import deadlines
from ecoledger.matters.actions import Refused
from ecoledger.matters.models import Circulation
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, REASON
from ecoledger.registers.enforcement.penalty_case import duties, money
from ecoledger.registers.enforcement.penalty_case.models import ZERO, PenaltyCase
from ecoledger.registers.enforcement.rules import rules
from ecoledger.standards import discretion, time_limits

OFFICERS = frozenset({Role.OFFICER})
HEADS = frozenset({Role.LEADER})
LEGAL = frozenset({Role.LEGAL})
BEFORE = ("investigating", "suspended", "reviewing", "telling", "defence", "hearing", "legal_review",
          "deciding")  # fmt: skip
AFTER = ("decided", "performing", "demanded", "court", "close_check", "closed")
OWING = ("performing", "demanded", "court")


def tables() -> dict[str, discretion.Table]:
    """The discretion tables in use, by key."""
    said_ = rules("penalties")
    version = said_["discretion"]["version"]
    return {key: discretion.table(key, one, version) for key, one in said_["tables"].items()}


# ---- effects -------------------------------------------------------------------------------------


def _today(step: Step) -> date:
    return timezone.localtime(step.at).date()


def _refuse(why: str, remedy: str = "") -> None:
    if why:
        raise Refused("condition", why, remedy)


def _file(step: Step) -> None:
    _refuse(duties.prescribed(step.matter))
    step.matter.filed_on = _today(step)


def _assess(step: Step) -> None:
    """The sheet: the table, the levels, the arithmetic in words, the range."""
    case, form = step.matter, step.form
    its = tables()[form["table"]]
    try:
        chosen = {
            key: int(place)
            for key, place in (pair.split("=") for pair in form["levels"].split() if "=" in pair)
        }
        found = discretion.assess(
            its,
            chosen,
            adjust=Decimal(form.get("adjust") or 0),
            mitigated=bool(form.get("mitigated")),
        )
    except ValueError as error:
        raise Refused(
            "form", str(error), _("请逐项选定档次。"), {"levels": [str(error)]}
        ) from error
    if (form.get("adjust") or form.get("mitigated")) and not form.get("why"):
        raise Refused("form", _("从轻、从重、减轻须写明理由。"), "", {"why": [_("请填写")]})
    case.discretion = {
        "table": its.key,
        "act": its.act,
        "law": its.law,
        "version": its.version,
        "mark": its.mark,
        "levels": chosen,
        "steps": list(found.steps),
        "why": form.get("why", ""),
        "fine": str(found.fine),
        "least": str(found.least),
        "most": str(found.most),
    }
    case.proposed_fine = found.fine
    step.form["arithmetic"] = list(found.steps)


def _notify(step: Step) -> None:
    """What was told binds: a higher fine is told anew; what was heard and said before does not count."""
    case = step.matter
    case.notified_fine = case.proposed_fine
    issued = case.documents.filter(kind__endswith="_notice").order_by("-issued_at").first()
    if issued is not None:
        case.notice_no = issued.number


def _afresh(step: Step) -> None:
    """Investigated or told again: what was heard, reviewed and discussed before does not stand."""
    case = step.matter
    case.notice_served_on = case.notified_fine = case.legal_reviewed_on = case.discussed_on = None
    case.hearing_asked_on = case.hearing_on = case.hearing_told_on = None
    case.statement = case.statement_answer = case.legal_opinion = case.discussion = ""


def _pause(step: Step) -> None:
    """The days of a stop or a hearing do not count (办法 57)."""
    for clock in deadlines.running(step.matter):
        if clock.name == "decision" and not clock.suspended:
            clock.suspensions.append([step.at.isoformat(), None])
            clock.save()


def _go_on(step: Step) -> None:
    for clock in deadlines.running(step.matter):
        if clock.name == "decision" and clock.suspended:
            clock.suspensions[-1][1] = step.at.isoformat()
            deadlines.recount(clock)
            clock.save()


def _hold_hearing(step: Step) -> None:
    _refuse(duties.hearing_told_late(step.form["hearing_told_on"], step.form["hearing_on"]))
    _go_on(step)


def _review(step: Step) -> None:
    step.matter.legal_reviewed_on = _today(step)


def _decide(step: Step) -> None:
    case, form = step.matter, step.form
    fine, confiscated = form["fine"] or ZERO, form.get("confiscated") or ZERO
    _refuse(duties.wrong_decision(case, form["heaviest"], fine, confiscated))
    case.fine, case.confiscated = fine, confiscated
    case.decided_on, case.circulation = _today(step), Circulation.STAFF


def _decide_none(step: Step) -> None:
    case = step.matter
    case.heaviest, case.decided_on = PenaltyCase.Heaviest.NONE, _today(step)
    case.fine = case.confiscated = ZERO


def _serve(step: Step) -> None:
    case = step.matter
    issued = case.documents.filter(kind__endswith="_decision").order_by("-issued_at").first()
    if issued is not None:
        case.decision_no = issued.number
    if case.served_on < case.decided_on:
        raise Refused("form", _("送达日期早于决定日期。"), "", {"served_on": [_("请核对")]})
    if case.serve_mode == PenaltyCase.ServeMode.PUBLIC:
        case.served_on = time_limits.deadline(case.served_on, "penalty-public-notice").due_day
    case.pay_by = time_limits.deadline(case.served_on, "penalty-payment").due_day
    case.remedies_end = duties.remedies_end(case.served_on)


def _pay(step: Step) -> None:
    form = step.form
    if form["amount"] <= 0:
        raise Refused("form", _("缴款金额应大于零。"), "", {"amount": [_("请核对")]})
    if step.matter.served_on and form["paid_on"] < step.matter.served_on:
        raise Refused("form", _("缴款日期早于送达日期。"), "", {"paid_on": [_("请核对")]})
    money.pay(step.matter, form["paid_on"], form["amount"], form["receipt"])


def _count_surcharge(step: Step) -> None:
    step.matter.surcharge = money.surcharge_on(step.matter, _today(step))


def _remedy(step: Step) -> None:
    """A remedy begins anew; its result is asked for when it ends."""
    step.matter.remedy_result, step.matter.remedy_until = "", None


def _remedy_ended(step: Step) -> None:
    case = step.matter
    if case.remedy_until < case.remedy_from:
        raise Refused("form", _("结束早于开始。"), "", {"remedy_until": [_("请核对")]})
    case.remedies_end = max(case.remedies_end or case.remedy_until, case.remedy_until)


def _close(step: Step) -> None:
    if step.matter.closing == PenaltyCase.Closing.PERFORMED:
        _count_surcharge(step)
    _refuse(duties.cannot_close(step.matter, step.form["closing"]))


def _closing_among(*names: str) -> Ask:
    every = dict(PenaltyCase.Closing.choices)
    return Ask("closing", choices=tuple((name, every[name]) for name in names))


_LEVELS = said("levels", "档次", Kind.TEXT, help="由裁量页填写")
_TABLE = said("table", "裁量基准", Kind.TEXT, help="由裁量页填写")

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
        Transition("propose_filing", "报批立案", "clue", "filing_check", by=OFFICERS,
                   asks=("description", "found_on", "act_until"),
                   offers=("act_from", "harmful", "public_interest", "complicated")),
        Transition("approve_filing", "批准立案", "filing_check", "investigating", by=HEADS,
                   other_person_than=("propose_filing",), effects=(_file,), when=duties.prescribed),
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
                   effects=(_assess,), main=False),
        Transition("stop", "中止调查", "investigating", "suspended", by=OFFICERS, asks=(REASON,),
                   effects=(_pause,), main=False),
        Transition("go_on", "恢复调查", "suspended", "investigating", by=OFFICERS, effects=(_go_on,)),
        Transition("terminate", "终止调查", ("investigating", "suspended"), "terminated", by=OFFICERS,
                   asks=(REASON,), effects=(_go_on,), main=False, danger=True),
        Transition("finish_investigation", "调查终结", "investigating", "reviewing", by=OFFICERS,
                   asks=("violated", "basis", said("conclusion", "调查结论")), when=duties.no_evidence,
                   effects=(_afresh,)),
        Transition("return_review", "退回补充调查", "reviewing", "investigating", by=OFFICERS,
                   asks=(REASON,), other_person_than=("finish_investigation",), main=False),
        Transition("pass_review", "审查同意", "reviewing", "telling", by=OFFICERS,
                   asks=(said("checked", "审查意见"),), other_person_than=("finish_investigation",)),
        Transition("notify", "告知书已送达", "telling", "defence", by=OFFICERS,
                   asks=("notice_served_on", "hearing_right"), when=duties.notice_not_issued,
                   effects=(_notify,)),
        Transition("record_statement", "记录陈述申辩和复核", "defence", "defence", by=OFFICERS,
                   asks=("statement", "statement_answer"), main=False),
        Transition("ask_hearing", "当事人申请听证", "defence", "hearing", by=OFFICERS,
                   asks=("hearing_asked_on",), effects=(_pause,), main=False),
        Transition("hold_hearing", "听证已举行", "hearing", "legal_review", by=OFFICERS, evidence=1,
                   asks=("hearing_told_on", "hearing_on", said("result", "听证报告意见")),
                   effects=(_hold_hearing,)),
        Transition("send_legal", "送法制审核", "defence", "legal_review", by=OFFICERS, when=duties.term_runs),
        Transition("send_decision", "无须法制审核，送决定", "defence", "deciding", by=OFFICERS,
                   when=duties.may_skip_review, main=False),
        Transition("legal_pass", "审核同意", "legal_review", "deciding", by=LEGAL, asks=("legal_opinion",),
                   other_person_than=("propose_filing", "finish_investigation", "pass_review"),
                   effects=(_review,), when=duties.term_runs),
        Transition("legal_return", "审核不同意，退回", "legal_review", "investigating", by=LEGAL,
                   asks=(REASON,), main=False),
        Transition("discuss", "集体讨论", "deciding", "deciding", by=HEADS, evidence=1,
                   asks=("discussed_on", "discussion", said("present", "参加人员及意见")), main=False),
        Transition("decide", "作出处罚决定", "deciding", "decided", by=HEADS, asks=("heaviest", "fine"),
                   offers=("confiscated", "other_penalty"), when=duties.may_decide,
                   other_person_than=("finish_investigation",), effects=(_decide,)),
        Transition("decide_none", "不予处罚", "deciding", "not_punished", by=HEADS, asks=(REASON,),
                   when=duties.may_decide, effects=(_decide_none,), main=False),
        Transition("tell_again", "重新告知", "deciding", "telling", by=HEADS, asks=(REASON,),
                   effects=(_afresh,), main=False),
        Transition("serve", "决定书已送达", "decided", "performing", by=OFFICERS,
                   asks=("served_on", "serve_mode"), when=duties.decision_not_issued, effects=(_serve,)),
        Transition("disclose", "登记公开", AFTER, "", by=OFFICERS | HEADS, asks=("disclosed_on",),
                   main=False),
        Transition("pay", "登记缴款", OWING, "", by=OFFICERS,
                   asks=(said("paid_on", "缴款日期", Kind.DATE), said("amount", "金额 元", Kind.DECIMAL)),
                   offers=(said("receipt", "票据号码", Kind.TEXT),), effects=(_pay,)),
        Transition("demand", "催告书已送达", "performing", "demanded", by=OFFICERS, asks=("demanded_on",),
                   effects=(_count_surcharge,), main=False),
        Transition("apply_court", "申请法院强制执行", "demanded", "court", by=OFFICERS, evidence=1,
                   asks=("court_applied_on",), when=duties.demand_runs, effects=(_count_surcharge,)),
        Transition("close", "报批结案", ("performing", "demanded", "court"), "close_check", by=OFFICERS,
                   evidence=1, asks=(_closing_among("performed", "court", "revoked"), "corrected_on"),
                   effects=(_close,)),
        Transition("close_without", "报批结案（未处罚）", ("not_punished", "terminated", "investigating"),
                   "close_check", by=OFFICERS, evidence=1,
                   asks=(_closing_among("not_punished", "terminated", "transferred"),), effects=(_close,)),
        Transition("confirm_close", "批准结案", "close_check", "closed", by=CHECKERS | HEADS,
                   other_person_than=("close", "close_without", "pay", "finish_investigation")),
        Transition("return_close", "退回", "close_check", "performing", by=CHECKERS | HEADS, asks=(REASON,),
                   main=False),
        Transition("archive", "归档", "closed", "archived", by=OFFICERS,
                   asks=(said("place", "存放地点", Kind.TEXT),)),
    ),
    clocks=(
        ClockRule("filing", "立案审查", ("clue", "filing_check"), limit="penalty-filing",
                  counted_from="found_on"),
        ClockRule("decision", "作出决定", BEFORE, limit="penalty-decision", counted_from="filed_on"),
        ClockRule("statement", "陈述申辩期", "defence", limit="penalty-statement", waiting=True,
                  counted_from="notice_served_on"),
        ClockRule("delivery", "送达", "decided", limit="penalty-delivery", counted_from="decided_on"),
        ClockRule("disclosure", "公开", AFTER, since="decide", until="disclose",
                  limit="penalty-disclosure", counted_from="decided_on"),
        ClockRule("payment", "缴款", ("performing",), limit="penalty-payment", counted_from="served_on"),
        ClockRule("demand", "催告期", "demanded", limit="penalty-demand", waiting=True,
                  counted_from="demanded_on"),
        ClockRule("court", "申请强制执行", ("performing", "demanded"), since="serve", until="apply_court",
                  limit="penalty-court-application", counted_from="remedies_end"),
        ClockRule("archive", "归档", "closed", limit="case-archive"),
    ),
)  # fmt: skip
