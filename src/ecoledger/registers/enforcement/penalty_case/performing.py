"""What the steps of a penalty case after its decision do to it: service, payment, remedies, the court, closing."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.matters import deadlines
from ecoledger.matters.actions import Refused
from ecoledger.matters.workflow import ClockNote, Step
from ecoledger.registers.enforcement import credit_entries
from ecoledger.registers.enforcement.penalty_case import duties, money
from ecoledger.registers.enforcement.penalty_case.deciding import refuse, today
from ecoledger.registers.enforcement.penalty_case.models import ZERO, PenaltyCase, Remedy
from ecoledger.standards import time_limits

Result = PenaltyCase.RemedyResult
# After which remedy which term runs for the next.
NEXT_TERM = {
    PenaltyCase.Remedy.RECONSIDERATION: "litigation-after-reconsideration",
    PenaltyCase.Remedy.LAWSUIT: "appeal",
}


def _wrong(name: str, why: str) -> Refused:
    return Refused("form", why, "", {name: [_("请核对")]})


def serve(step: Step) -> None:
    """The decision is served: the terms of payment and of the remedies begin."""
    case = step.matter
    issued = case.documents.filter(kind__endswith="_decision").order_by("-issued_at").first()
    if issued is not None:
        case.decision_no = issued.number
    if case.served_on < case.decided_on:
        raise _wrong("served_on", _("送达日期早于决定日期。"))
    if case.serve_mode == PenaltyCase.ServeMode.PUBLIC:
        case.served_on = time_limits.deadline(case.served_on, "penalty-public-notice").due_day
    case.pay_by = time_limits.deadline(case.served_on, "penalty-payment").due_day
    case.remedies_end = duties.remedies_end(case.served_on)


# ---- payment -------------------------------------------------------------------------------------


def pay(step: Step) -> None:
    """A payment, with what of it is surcharge."""
    form = step.form
    if form["amount"] <= 0:
        raise _wrong("amount", _("缴款金额应大于零。"))
    if step.matter.served_on and form["paid_on"] < step.matter.served_on:
        raise _wrong("paid_on", _("缴款日期早于送达日期。"))
    money.pay(step.matter, form["paid_on"], form["amount"], form["receipt"])


def refund(step: Step) -> None:
    """What was paid is paid back after the decision was set aside or lowered."""
    case, amount = step.matter, step.form["amount"]
    if not 0 < amount <= -case.owed:
        raise _wrong("amount", _("应退还 %s 元。") % str(max(ZERO, -case.owed)))
    money.refund(case, step.form["paid_on"], amount, step.form["receipt"])


def count_surcharge(step: Step) -> None:
    """The surcharge as it stands today."""
    step.matter.surcharge = money.surcharge_on(step.matter, today(step))


def ask_instalments(step: Step) -> None:
    """Asked for before the day of payment, or not at all."""
    case = step.matter
    if case.pay_by and case.instalments_asked_on > case.pay_by:
        raise _wrong(
            "instalments_asked_on", _("缴款期限 %s 已过，不能再申请延期、分期。") % case.pay_by
        )


def grant_instalments(step: Step) -> None:
    """What was asked for is allowed as it stands now; the payment clock gives way to the plan's own."""
    case = step.matter
    rows = list(case.instalments.values_list("due", "amount"))
    refuse(duties.wrong_instalments(case, rows))
    case.instalment_plan = [[due.isoformat(), str(amount)] for due, amount in rows]
    case.instalments_granted_on, case.pay_by = today(step), rows[-1][0]
    for clock in deadlines.running(case):
        if clock.name == "payment":
            clock.stopped_at = step.at
            clock.save()
            why = noop("“%(clock)s”：因“%(step)s”停止，改按同意的期限")
            said = why % {"clock": clock.label, "step": step.transition.label}
            step.clocks.append(ClockNote("clock_stopped", noop("停止计时"), said))
    count_surcharge(step)


def waive_surcharge(step: Step) -> None:
    """An agreement of performance may take off surcharge, never the fine (行政强制法 42)."""
    count_surcharge(step)
    case = step.matter
    left = case.surcharge - case.surcharge_paid
    if not 0 < case.surcharge_waived <= left:
        raise _wrong("surcharge_waived", _("减免不超过未缴的加处罚款 %s 元。") % left)


# ---- remedies ------------------------------------------------------------------------------------


def begin_remedy(step: Step) -> None:
    """A remedy begins; its result is asked for when it ends."""
    case, form = step.matter, step.form
    refuse(duties.remedy_out_of_order(case, case.remedy))
    if case.remedy_from < case.served_on:
        raise _wrong("remedy_from", _("早于决定书送达日期。"))
    if case.remedy_from > today(step):
        raise _wrong("remedy_from", _("在今天之后。"))
    case.remedy_result, case.remedy_until = "", None
    Remedy.objects.create(
        case_id=case.pk, kind=case.remedy, organ=form["organ"], number=form["case_no"],
        begun_on=case.remedy_from, fine_before=case.fine,
    )  # fmt: skip


def end_remedy(step: Step) -> None:
    """The result: upheld or withdrawn, the next term runs; changed, the fine goes down; revoked, it is paid back."""
    case, form = step.matter, step.form
    if case.remedy_until < case.remedy_from:
        raise _wrong("remedy_until", _("结束早于开始。"))
    changed = form["fine_after"]
    if case.remedy_result == Result.CHANGED:
        # 行政复议法 63: not to the applicant's disadvantage.
        if changed is None or not 0 <= changed <= case.fine:
            raise _wrong("fine_after", _("变更后的罚款不高于原罚款 %s 元。") % case.fine)
        case.fine = changed
    case.remedies.filter(ended_on=None).update(
        result=case.remedy_result, ended_on=case.remedy_until, document_no=form["document_no"],
        fine_after=changed if case.remedy_result == Result.CHANGED else None,
    )  # fmt: skip
    term = NEXT_TERM.get(case.remedy)
    ends = time_limits.deadline(case.remedy_until, term).due_day if term else case.remedy_until
    if case.remedy_result == Result.WITHDRAWN:
        ends = max(ends, case.remedies_end or ends)
    case.remedies_end = ends
    count_surcharge(step)


# ---- the court, and the end ----------------------------------------------------------------------


def court_dates(step: Step) -> None:
    """What the court says comes after the application."""
    case = step.matter
    for name in ("court_accepted_on", "court_refused_on", "court_ruled_on"):
        day = getattr(case, name)
        if name in step.form and day is not None and day < case.court_applied_on:
            raise _wrong(name, _("早于申请日期。"))


def court_refuses(step: Step) -> None:
    """The application may be made again or brought before the higher court."""
    court_dates(step)
    step.matter.court_accepted_on = None


def disclose(step: Step) -> None:
    """Public only after it was decided."""
    if step.matter.disclosed_on < step.matter.decided_on:
        raise _wrong("disclosed_on", _("早于决定日期。"))


def note_credit(step: Step) -> None:
    """The decision enters the book of credit, with the day until which it is public."""
    case: Any = step.matter
    refuse(duties.no_credit(case))
    case.credit_noted_on = today(step)
    credit_entries.enter(case, by=step.person, until=step.form["public_until"])


def withdraw_disclosure(step: Step) -> None:
    """A decision set aside is no longer public; its credit entry ends."""
    credit_entries.withdraw(step.matter, today(step))


def close(step: Step) -> None:
    """Paid, or its legal substitute."""
    case = step.matter
    if case.closing == PenaltyCase.Closing.PERFORMED:
        count_surcharge(step)
    refuse(duties.cannot_close(case, step.form["closing"]))
