"""The life of a complaint: 受理 → 核查处理 → 答复 → 审核 → 办结 → 回访, and back where somebody is not satisfied.

Legal limits stand in ``standards/data/time_limits.toml``: 环保举报热线工作管理办法 tells within 15 days whether a
complaint is accepted, passes it on within 3 working days and ends it within 60 (+30). Letters and visits go by
信访工作条例: registered and passed on within 15 days, told in writing within 15, ended within 60 (+30).
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation
from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask
from ecoledger.listings.refusals import Refused
from ecoledger.matters.workflow import NOW, ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.complaints.complaint import Complaint

CLERKS = frozenset({Role.COMPLAINT, Role.DISPATCHER})
_HANDLERS = frozenset({Role.OFFICER, Role.TOWN, Role.MONITOR, Role.APPROVER, Role.COMPLAINT})
_REVIEWERS = CHECKERS | {Role.COMPLAINT}
_VISITED = (("satisfied", "满意"), ("fairly", "基本满意"), ("unreachable", "无法联系"))
# The clock of telling ends with the step that takes it up or does not: what was told is written down there.
_TOLD = said("told", "告知举报人情况", help="何时、怎样告知的；匿名等无法告知的，写明原因。")
IN_WORK = ("handling", "answering", "review")


def owner_to_offer(complaint: Any) -> Any:
    """Who has it already, or the government of the town it is about."""
    town = Organisation.objects.filter(kind="town", area_code=complaint.area_code[:9]).first()
    return complaint.owner_organisation or town


def _petition(complaint: Any) -> bool:
    """Whether it came by letter or in person, and so is a petition by law; who rings or writes online reports."""
    return complaint.channel in (Complaint.Channel.LETTER, Complaint.Channel.VISIT)


def _reported(complaint: Any) -> bool:
    return not _petition(complaint)


def _came_after(step: Any) -> None:
    """Nobody is on the spot before the complaint was taken up, nor before it was made, nor in the future."""
    complaint = step.matter
    there, since = complaint.on_site_at, complaint.accepted_at or complaint.opened_at
    if there is None:
        return
    wrong = ""
    if there < since:
        wrong = (
            _("到场时间早于受理时间 %s，请核对。") % f"{timezone.localtime(since):%Y-%m-%d %H:%M}"
        )
    elif there > step.at:
        wrong = _("到场时间在现在之后，请核对。")
    if wrong:
        raise Refused("form", wrong, fields={"on_site_at": [wrong]})


WORKFLOW = Workflow(
    states=(
        State("new", "待受理", stage="受理", waits_for=CLERKS),
        State("handling", "核查处理", stage="核查处理", waits_for=_HANDLERS, by_owner=True),
        State("answering", "待答复", stage="答复", waits_for=_HANDLERS, by_owner=True),
        State("review", "待审核", stage="审核", waits_for=_REVIEWERS),
        State("done", "已办结", phase=Phase.DONE),
        State("visited", "已回访", phase=Phase.DONE),
        State("supervised", "不满意督办", stage="督办", waits_for=CHECKERS),
        State("transferred", "已转送", phase=Phase.DONE),
        State("refused", "不予受理", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("accept", "受理并交办", "new", "handling", by=CLERKS,
                   asks=(Ask("owner_organisation", initial=owner_to_offer), _TOLD),
                   offers=("deadline", said("requirement", "办理要求")), sets={"accepted_at": NOW}),
        Transition("refuse", "不予受理", "new", "refused", by=CLERKS,
                   asks=("refusal", _TOLD), main=False),
        Transition("transfer", "转送有权处理的单位", "new", "transferred", by=CLERKS,
                   asks=("transferred_to", _TOLD), main=False),
        Transition("report", "上报调查处理情况", "handling", "answering", by=_HANDLERS, owner_only=True,
                   asks=("verdict", "findings"), offers=("on_site_at",), effects=(_came_after,)),
        Transition("return", "不属本单位，退回", "handling", "new", by=_HANDLERS, owner_only=True,
                   asks=(REASON,), sets={"owner_organisation": None, "owner": None}, main=False),
        Transition("answer", "答复举报人", "answering", "review", by=_HANDLERS, owner_only=True,
                   asks=("answer",), offers=(said("way", "答复方式"),), sets={"answered_at": NOW}),
        Transition("approve", "审核办结", "review", "done", by=_REVIEWERS,
                   offers=(said("checked", "审核意见"),), other_person_than=("report", "answer")),
        Transition("send_back", "退回重办", "review", "handling", by=_REVIEWERS, asks=(REASON,),
                   other_person_than=("report", "answer"), main=False),
        Transition("visit", "回访登记", "done", "visited", by=CLERKS,
                   asks=(Ask("satisfaction", choices=_VISITED),), sets={"visited_at": NOW}),
        Transition("dissatisfied", "不满意，转督办", ("done", "visited"), "supervised", by=CLERKS,
                   asks=(REASON,), main=False,
                   sets={"satisfaction": Complaint.Satisfaction.DISSATISFIED, "visited_at": NOW}),
        Transition("redo", "督办重办", "supervised", "handling", by=CHECKERS,
                   asks=(Ask("owner_organisation", initial=owner_to_offer),
                         said("requirement", "督办要求"))),
        Transition("uphold", "认定已妥善处理", "supervised", "visited", asks=(REASON,), main=False,
                   by=frozenset({Role.LEADER, Role.SECTION_CHIEF}),
                   other_person_than=("dissatisfied",)),
        Transition("reopen", "重新受理", ("refused", "transferred"), "new", by=CHECKERS | {Role.COMPLAINT},
                   asks=(REASON,), main=False),
    ),
    clocks=(
        ClockRule("forward", "转送交办", "new", limit="complaint-forward", applies=_reported),
        ClockRule("tell", "告知是否受理", "new", limit="complaint-acceptance", applies=_reported),
        ClockRule("closing", "办结", IN_WORK, limit="complaint-closing", applies=_reported),
        ClockRule("petition_forward", "登记和转送交办", "new", limit="petition-registration",
                  counted_from="opened_at", applies=_petition),
        ClockRule("petition_tell", "书面告知是否受理", "new", limit="petition-acceptance",
                  counted_from="opened_at", applies=_petition),
        ClockRule("petition_closing", "出具处理意见", IN_WORK, limit="petition-closing",
                  counted_from="accepted_at", applies=_petition),
        ClockRule("ordered", "工单时限", ("new", *IN_WORK), deadline_field="deadline",
                  extensions=(5, 15), basis="12345工单要求"),
        ClockRule("supervise", "不满意件督办", "supervised", working_days=3, basis=DEFAULT),
    ),
)  # fmt: skip
