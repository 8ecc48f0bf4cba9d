"""What the law asks before a step of a penalty case. Each function says why the step cannot be done, or "".

行政处罚法 and 生态环境行政处罚办法（部令第30号）: legal review and collective discussion where they are required, the
party heard for the whole term, the fine inside the statutory range and not above what was told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.matters.models import Event
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.enforcement.rules import rules
from ecoledger.standards import fines, time_limits

Heaviest = PenaltyCase.Heaviest
# Penalties that are discussed whatever the sum (办法 52).
HEAVY = frozenset(
    {Heaviest.REVOCATION, Heaviest.RESTRICTION, Heaviest.CLOSURE, Heaviest.SUSPENSION}
)


def needs_legal_review(case: Any, amount: Decimal | None = None) -> list[str]:
    """The grounds on which a legal review must come before the decision (行政处罚法 58); none: it need not."""
    grounds = []
    if case.public_interest:
        grounds.append(_("涉及重大公共利益"))
    if case.hearing_on:
        grounds.append(_("直接关系当事人重大权益，经过听证程序"))
    if case.complicated:
        grounds.append(_("案件情况疑难复杂、涉及多个法律关系"))
    if case.kind == PenaltyCase.Kind.DAILY:
        grounds.append(_("按日连续处罚"))
    amount = sum_in_view(case) if amount is None else max(amount, sum_in_view(case))
    if amount >= rules("penalties")["legal_review"]["from_yuan"]:
        grounds.append(_("罚没数额达到本局规定的标准"))
    return grounds


def needs_discussion(case: Any, heaviest: str = "", amount: Decimal | None = None) -> list[str]:
    """The grounds on which the heads decide together (行政处罚法 57)."""
    grounds = []
    if case.complicated:
        grounds.append(_("案件情况疑难复杂"))
    if (heaviest or case.heaviest) in HEAVY:
        grounds.append(_("较重的行政处罚"))
    amount = sum_in_view(case) if amount is None else amount
    if amount >= rules("penalties")["discussion"]["from_yuan"]:
        grounds.append(_("罚没数额较大"))
    return grounds


def sum_in_view(case: Any) -> Decimal:
    """The sum that is spoken of: decided, told, or proposed, whichever is the greatest."""
    said = (case.fine + case.confiscated, case.notified_fine, case.proposed_fine)
    return max(Decimal(amount) for amount in said if amount is not None)


def prescribed(case: Any) -> str:
    """The act was found after the limitation period (行政处罚法 36, 法典 1054)."""
    if case.act_until is None or case.found_on is None:
        return ""
    key = "penalty-prescription-harm" if case.harmful else "penalty-prescription"
    last = time_limits.deadline(case.act_until, key, on=case.found_on)
    if case.found_on > last.due_day:
        return _("违法行为终了于 %(end)s，发现于 %(found)s，已超过追责期限（%(basis)s）。") % {
            "end": case.act_until,
            "found": case.found_on,
            "basis": last.basis,
        }
    return ""


def no_daily_basis(case: Any) -> str:
    """A daily fine is begun from the re-check of an order, which knows its days."""
    if case.kind != PenaltyCase.Kind.DAILY:
        return ""
    if case.daily_original and case.daily_served_on and case.daily_found_on:
        return ""
    return _("按日连续处罚从责令改正的复查立案，这里没有首次罚款和复查日期。")


def not_on_spot(case: Any) -> str:
    if case.kind != PenaltyCase.Kind.ON_SPOT:
        return _("案件的程序不是当场处罚。")
    return ""


def wrong_on_spot(case: Any, heaviest: str, fine: Decimal, collected: Decimal, why: str) -> str:
    """Why it cannot be decided on the spot (行政处罚法 51, 68, 69)."""
    caps = rules("penalties")["on_spot"]
    if heaviest == Heaviest.FINE and fine <= 0:
        return _("处罚种类是罚款，数额为零。")
    if heaviest == Heaviest.WARNING and fine:
        return _("同时罚款的，处罚种类按最重的选罚款。")
    if not 0 <= fine <= caps[case.party_kind]:
        return _("当场罚款对%(party)s不超过 %(cap)s 元，超过的按一般程序办理。") % {
            "party": str(case.get_party_kind_display()),
            "cap": caps[case.party_kind],
        }
    if not 0 <= collected <= fine:
        return _("当场收缴的数额应不超过罚款。")
    if collected > caps["collected"] and not why:
        return _("当场收缴 %s 元以上的须写明理由。") % str(caps["collected"])
    if case.violated and case.basis and case.party:
        return prescribed(case)
    return _("当事人、违反条款、处罚依据须填写完整。")


def collected(case: Any) -> bool:
    """Money was collected on the spot."""
    return bool(case.collected)


def nothing_collected(case: Any) -> str:
    return "" if case.collected else _("没有当场收缴的罚款。")


def pays_at_once(case: Any) -> bool:
    """The fine is due as the law says, not by a plan that was allowed."""
    return bool(case.fine + case.confiscated) and not case.instalment_plan


def nothing_to_pay(case: Any) -> str:
    if case.revoked:
        return _("决定已被撤销，不再缴款。")
    if case.fine + case.confiscated <= 0:
        return _("没有应缴的罚没款。")
    return ""


def nothing_to_refund(case: Any) -> str:
    return "" if case.owed < 0 else _("没有应退还的款。")


def no_instalments_asked(case: Any) -> str:
    if case.instalments_asked_on is None:
        return _("当事人没有申请延期、分期。")
    if case.instalment_plan:
        return _("已同意延期、分期。")
    return ""


def wrong_instalments(case: Any, rows: list[tuple[date, Decimal]]) -> str:
    """The parts come to the fine, and none is due before the day of payment."""
    if not rows:
        return _("请先在“分期缴纳”中填写各期。")
    if (total := sum(amount for _due, amount in rows)) != case.fine:
        return _("各期合计 %(total)s 元，应为罚款 %(fine)s 元。") % {
            "total": total,
            "fine": case.fine,
        }
    if any(amount <= 0 for _due, amount in rows):
        return _("每一期的金额应大于零。")
    if case.pay_by and rows[-1][0] <= case.pay_by:
        return _("末期不晚于原缴款期限 %s，无须延期、分期。") % str(case.pay_by)
    return ""


def remedy_runs(case: Any) -> str:
    if case.remedy and not case.remedy_result:
        return _("复议、诉讼还没有结果。")
    if case.revoked:
        return _("决定已被撤销。")
    return ""


def no_remedy_runs(case: Any) -> str:
    return "" if case.remedy and not case.remedy_result else _("没有正在进行的复议、诉讼。")


def remedy_out_of_order(case: Any, remedy: str) -> str:
    """Reconsideration first after a penalty on the spot; an appeal only after a lawsuit; none twice."""
    done = set(case.remedies.values_list("kind", flat=True))
    ways = PenaltyCase.Remedy
    if remedy in done:
        return _("这一救济已经有过。")
    if remedy == ways.RECONSIDERATION and ways.LAWSUIT in done:
        return _("已提起诉讼的，不能再申请复议。")
    if remedy == ways.APPEAL and ways.LAWSUIT not in done:
        return _("没有一审，不能上诉。")
    on_spot = case.kind == PenaltyCase.Kind.ON_SPOT
    if remedy == ways.LAWSUIT and on_spot and ways.RECONSIDERATION not in done:
        return _("对当场处罚不服的，应当先申请复议（行政复议法第二十三条）。")
    return ""


def must_withdraw(case: Any) -> bool:
    """What was made public must be taken back: the decision was changed or set aside (行政处罚法 48)."""
    changed = (PenaltyCase.RemedyResult.REVOKED, PenaltyCase.RemedyResult.CHANGED)
    return bool(case.disclosed_on) and case.remedy_result in changed


def nothing_to_withdraw(case: Any) -> str:
    return "" if must_withdraw(case) else _("没有须撤回的公开信息。")


def no_credit(case: Any) -> str:
    if case.credit_noted_on:
        return _("已计入环境信用。")
    if not case.decided or case.heaviest in ("", Heaviest.NONE):
        return _("没有处罚决定。")
    if case.revoked:
        return _("决定已被撤销。")
    return ""


def to_be_enforced(case: Any) -> bool:
    """Something is owed and the remedies have a last day."""
    return not case.revoked and case.remedies_end is not None


def court_accepted(case: Any) -> str:
    return _("法院已经受理。") if case.court_accepted_on else ""


def court_not_accepted(case: Any) -> str:
    return "" if case.court_accepted_on else _("法院还没有受理强制执行申请。")


_CAME_FROM = {
    "not_punished": (PenaltyCase.Closing.NOT_PUNISHED,),
    "terminated": (PenaltyCase.Closing.TERMINATED,),
    "investigating": (PenaltyCase.Closing.TRANSFERRED,),
}


def closing_came_from(state: str) -> Callable[[Any], str]:
    """Whether a closing that is sent back goes to ``state``."""
    others = [way for ways in _CAME_FROM.values() for way in ways]

    def wrong_way(case: Any) -> str:
        here = case.closing in _CAME_FROM.get(state, ())
        here = here or (state == "performing" and case.closing not in others)
        return "" if here else _("不是从这一环节报批的。")

    return wrong_way


def no_evidence(case: Any) -> str:
    if not case.items.exists():
        return _("证据清单是空的，请先“登记证据”，或在“证据清单”填报。")
    return ""


def no_discretion(case: Any) -> str:
    """A fine is told only with its sheet of discretion; a daily fine follows from its days."""
    if why := no_daily_basis(case):
        return why
    if case.proposed_fine is None:
        return _("还没有裁量，不能告知罚款数额。")
    return ""


def judged_at(case: Any) -> datetime | None:
    """When it was last determined what the party is told: by what was found, by the sheet of discretion, or by the heads who
    had it told again."""
    determining = ("finish_investigation", "assess", "tell_again")
    moments = Event.objects.filter(matter=case.pk, transition__in=determining)
    return moments.order_by("-at").values_list("at", flat=True).first()


def no_notice_yet(case: Any, locked_at: datetime) -> str:
    """Why a notice whose figures were locked then cannot be handed on."""
    if why := no_discretion(case):
        return why
    judged = judged_at(case)
    if judged is not None and judged > locked_at:
        return _("锁定的内容早于最近一次调查终结或者裁量，请按现在的数据重新锁定。")
    return ""


def notice_of(case: Any) -> Any:
    """The newest notice that tells what was determined last."""
    notices = case.documents.filter(kind__in=("penalty_notice", "daily_notice"))
    if judged := judged_at(case):
        notices = notices.filter(issued_at__gte=judged)
    return notices.order_by("-issued_at").first()


def not_issued(case: Any, kind: str, label: str) -> str:
    """A document that goes to the party must have been issued."""
    kinds = (f"penalty_{kind}", f"daily_{kind}")
    if case.taken_over or case.documents.filter(kind__in=kinds).exists():
        return ""
    return _("还没有印发%s。") % label


def notice_not_issued(case: Any) -> str:
    why = no_discretion(case) or not_issued(case, "notice", _("行政处罚事先告知书"))
    if why or case.taken_over or notice_of(case) is not None:
        return why
    return _("印发的行政处罚事先告知书早于最近一次调查终结、裁量或者重新告知，须重新拟文印发。")


def large_sum(case: Any) -> int | None:
    """From how many yuan a fine of this kind of party is large; nothing where the bureau's own rules do not say."""
    large: int | None = rules("penalties").get("hearing", {}).get(case.party_kind)
    return large


def must_tell_hearing(case: Any) -> bool:
    """A large sum is told with the right to a hearing (行政处罚法 63); what is large, the bureau's rules say."""
    large = large_sum(case)
    of_large = large is not None and (case.proposed_fine or 0) >= large
    return of_large or bool(case.hearing_right)


def hearing_not_told(case: Any, told: bool) -> str:
    """Why a notice without the right to a hearing does not do."""
    if told or not must_tell_hearing(case):
        return ""
    return _("拟罚款 %(fine)s 元，对%(party)s属于较大数额（%(large)s 元以上），应当告知听证权利（行政处罚法第六十三条）。") % {
        "fine": case.proposed_fine,
        "party": str(case.get_party_kind_display()),
        "large": large_sum(case),
    }  # fmt: skip


def hearing_left_out(case: Any, heaviest: str, confiscated: Decimal) -> str:
    """Why a decision cannot be made before the party is told anew, with the right to a hearing: what is decided is large or
    heavy, and it was told without (行政处罚法 63)."""
    if case.hearing_right or case.taken_over:
        return ""
    large = large_sum(case)
    if heaviest in HEAVY:
        what = _(str(Heaviest(heaviest).label))
    elif large is not None and confiscated >= large:
        what = _("没收 %(sum)s 元（较大数额，%(large)s 元以上）") % {
            "sum": confiscated,
            "large": large,
        }
    else:
        return ""
    return _("%s应当告知听证权利（行政处罚法第六十三条），告知时没有告知，须重新告知。") % what


def no_hearing_right(case: Any) -> str:
    """A hearing is asked for by who was told of the right to it, or should have been."""
    if case.taken_over or must_tell_hearing(case):
        return ""
    return _("告知书没有告知听证权利。")


def decision_not_issued(case: Any) -> str:
    return not_issued(case, "decision", _("行政处罚决定书"))


def term_runs(case: Any) -> str:
    """The party may state its case for the whole term: nothing is decided within it."""
    if case.notice_served_on is None:
        return _("告知书还没有送达。")
    keys = ["penalty-statement", *(["penalty-hearing-request"] if case.hearing_right else [])]
    last = max(time_limits.deadline(case.notice_served_on, key).due_day for key in keys)
    if timezone.localdate() <= last:
        return _("陈述申辩和申请听证的期限到 %s，期满前不能作出决定。") % last
    if case.statement and not case.statement_answer:
        return _("当事人的陈述申辩还没有复核。")
    return ""


def hearing_told_late(told_on: date, held_on: date) -> str:
    """The party is told at least seven working days ahead (行政处罚法 64)."""
    latest = time_limits.deadline(held_on, "penalty-hearing-notice")
    if told_on > latest.due_day:
        return _("听证通知须在 %(day)s 前送达（%(basis)s）。") % {
            "day": latest.due_day,
            "basis": latest.basis,
        }
    return ""


def review_missing(case: Any, amount: Decimal | None = None) -> str:
    """A step past the legal review, without one where there must be one."""
    if (grounds := needs_legal_review(case, amount)) and case.legal_reviewed_on is None:
        return _("须先经法制审核：%s。") % "；".join(grounds)
    return ""


def may_skip_review(case: Any) -> str:
    return term_runs(case) or review_missing(case)


def may_decide(case: Any) -> str:
    """Asked before the form of the decision is seen; what depends on the sum, :func:`wrong_decision`."""
    if case.hearing_asked_on and not case.hearing_on:
        return _("当事人申请了听证，还没有举行。")
    return term_runs(case) or review_missing(case)


def wrong_decision(case: Any, heaviest: str, fine: Decimal, confiscated: Decimal) -> str:
    """Why this penalty cannot be decided: range, sum told, discussion, days of a daily fine."""
    if heaviest == Heaviest.FINE and fine <= 0:
        return _("处罚种类是罚款，数额为零。")
    if fine < 0 or confiscated < 0:
        return _("金额不能小于零。")
    if case.kind == PenaltyCase.Kind.DAILY:
        if why := no_daily_basis(case):
            return why
        right = fines.daily(case.daily_original, case.daily_served_on, case.daily_found_on)
        if fine != right.total:
            return _("按日连续处罚 %(days)d 日，每日 %(each)s 元，合计应为 %(total)s 元。") % {
                "days": right.days,
                "each": case.daily_original,
                "total": right.total,
            }
    elif fine:
        if not case.discretion:
            return _("没有裁量表，不能决定罚款。")
        least, most = (Decimal(case.discretion[name]) for name in ("least", "most"))
        if not least <= fine <= most:
            return _("罚款须在法定幅度 %(least)s—%(most)s 元之内。") % {
                "least": least,
                "most": most,
            }
    if case.notified_fine is not None and fine > case.notified_fine:
        return _("罚款高于告知的 %s 元，须重新告知。") % str(case.notified_fine)
    if why := hearing_left_out(case, heaviest, confiscated):
        return why
    if why := review_missing(case, fine + confiscated):
        return why
    if grounds := needs_discussion(case, heaviest, fine + confiscated):
        if case.discussed_on is None:
            return _("须经负责人集体讨论决定：%s。") % "；".join(grounds)
        if case.notice_served_on and case.discussed_on <= case.notice_served_on:
            return _("集体讨论须在告知、听取陈述申辩之后进行。")
    return ""


def demand_runs(case: Any) -> str:
    """Ten working days after the demand the court may be asked (行政强制法 54), within three months (53)."""
    if case.demanded_on is None:
        return _("还没有送达催告书。")
    last = time_limits.deadline(case.demanded_on, "penalty-demand").due_day
    today = timezone.localdate()
    if today <= last:
        return _("催告期到 %s，期满仍不履行的方可申请。") % last
    if case.owed <= 0:
        return _("没有未缴的罚没款。")
    if case.remedies_end is None or today <= case.remedies_end:
        return _("当事人的复议、诉讼期限到 %s，届满后方可申请。") % (case.remedies_end or "—")
    if case.remedy and not case.remedy_result:
        return _("复议、诉讼还没有结果。")
    until = time_limits.deadline(case.remedies_end, "penalty-court-application").due_day
    if today > until:
        return _("申请强制执行的期限已于 %s 届满。") % until
    return ""


def cannot_close(case: Any, closing: str) -> str:
    """Why the case cannot be closed for this reason: paid, or its legal substitute."""
    ways = PenaltyCase.Closing
    why = {
        ways.PERFORMED: _not_performed,
        ways.COURT: _not_at_court,
        ways.REVOKED: _not_revoked,
        ways.TRANSFERRED: _not_transferred,
    }
    if closing in why and (reason := why[ways(closing)](case)):
        return reason
    if closing == ways.NOT_PUNISHED and case.heaviest != Heaviest.NONE:
        return _("没有作出不予处罚决定。")
    if closing == ways.TERMINATED and case.decided:
        return _("已作出决定的案件不能以终止调查结案。")
    if case.remedy and not case.remedy_result:
        return _("复议、诉讼还没有结果。")
    if case.kind == PenaltyCase.Kind.ON_SPOT and not case.reported_on:
        return _("当场处罚还没有报所属机关备案。")
    if case.collected and not case.handed_in_on:
        return _("当场收缴的罚款还没有交存。")
    if case.decided and not case.disclosed_on and closing != ways.REVOKED:
        return _("处罚决定还没有公开。")
    return ""


def _not_performed(case: Any) -> str:
    if not case.decided:
        return _("还没有作出处罚决定。")
    if case.owed > 0:
        return _("还有 %s 元没有缴清。") % str(case.owed)
    if case.owed < 0:
        return _("多缴的 %s 元还没有退还。") % str(-case.owed)
    if case.corrected_on is None:
        return _("没有登记违法行为改正日期。")
    return _("决定已被撤销，不能以履行完毕结案。") if case.revoked else ""


def _not_at_court(case: Any) -> str:
    if case.court_accepted_on is None:
        return _("法院还没有受理强制执行申请。")
    if case.court_ruling == PenaltyCase.Ruling.DENIED:
        return _("法院裁定不准予强制执行。")
    return ""


def _not_revoked(case: Any) -> str:
    if not case.revoked:
        return _("没有登记决定被撤销。")
    if case.owed < 0:
        return _("已缴的 %s 元还没有退还。") % str(-case.owed)
    if case.disclosed_on and not case.disclosure_withdrawn_on:
        return _("公开的处罚信息还没有撤回。")
    return ""


def _not_transferred(case: Any) -> str:
    handed = case.links.filter(to_matter__register="police_transfer", to_matter__phase="done")
    if case.decided or not handed.exists():
        return _("没有移送完成、无须再处罚的记录。")
    return ""


def remedies_end(served_on: date) -> date:
    """The last day on which a remedy may be begun: the later of reconsideration and lawsuit."""
    both = ("reconsideration-application", "litigation")
    return max(time_limits.deadline(served_on, key).due_day for key in both)


def same_again(case: Any, heaviest: str, fine: Decimal, confiscated: Decimal) -> str:
    """Why this decision may not be made: it is the one that was set aside."""
    old = case.remade_from
    if old is None or case.set_aside_for_procedure:
        return ""
    ground = (case.violated, case.basis, heaviest, fine, confiscated)
    if ground != (old.violated, old.basis, old.heaviest, old.fine, old.confiscated):
        return ""
    which = str(old.decision_no or old.number)
    return (
        _("不得以同一的事实和理由作出与被撤销的 %s 相同的决定（行政诉讼法第七十一条、行政复议法第六十四条）。")
        % which
    )  # fmt: skip
