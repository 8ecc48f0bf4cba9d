"""申请销号 → 核查 → 已销号 → 回头看 → 反弹重开: the second half of a matter's life, for every register alike.

A register says who works and who looks again, how long that takes and where a matter goes on that comes
back; states, transitions and clocks follow. That a second person checks the closing, on evidence, is
not for a register to choose (mission T7, T8).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from ecoledger.accounts.roles import Role
from ecoledger.matters.workflow import ClockRule, Field, Phase, State, Step, Text, Transition, Unit

CHECKERS = frozenset({Role.DISPATCHER, Role.LEADER})
# Why a clock has its length where no law gives one.
DEFAULT = "平台默认，本局可改"
REASON = Field(name="reason", label=_("理由"), kind="long_text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The closing half of one register's workflow.

    ``work`` is the state in which the work is done: a closing refused and a matter that rebounds
    (反弹) go on there. ``applied_from`` is the state the closing is applied for from, by
    ``applicants``, who fill in ``application``. Who did one of ``worked`` in this round neither
    confirms the closing nor passes the look-back, and who did one of ``kept_from_returning`` does not
    send it back.
    """

    work: str
    applied_from: str
    applicants: frozenset[Role]
    application: tuple[Field, ...]
    worked: tuple[str, ...]
    kept_from_returning: tuple[str, ...]
    reviewers: frozenset[Role]  # of the look-back
    reopeners: frozenset[Role]  # who may say that the trouble is back
    return_label: Text
    rebound_label: Text
    stage: str  # the stage of the work to which the check counts
    days_before_look_back: int
    working_days_of_look_back: int
    by_owner: bool = False  # only the matter's owner applies
    on_application: tuple[Callable[[Step], None], ...] = ()
    on_rebound: tuple[Callable[[Step], None], ...] = ()
    asked_on_rebound: tuple[Field, ...] = ()  # beside the reason

    @property
    def check(self) -> State:
        """The open state in which the closing is checked."""
        return State(name="close_check", label=_("销号核查"), stage=self.stage, waits_for=CHECKERS)

    @property
    def closed(self) -> tuple[State, ...]:
        """The states after it."""
        return (
            State(name="closed", label=_("已销号"), phase=Phase.CLOSED),
            State(
                name="look_back",
                label=_("回头看"),
                phase=Phase.REVIEW,
                waits_for=self.reviewers,
            ),
            State(name="archived", label=_("回头看通过"), phase=Phase.CLOSED),
        )

    @property
    def transitions(self) -> tuple[Transition, ...]:
        return (
            Transition(
                name="apply_close",
                label=_("申请销号"),
                sources=(self.applied_from,),
                target="close_check",
                roles=self.applicants,
                owner_only=self.by_owner,
                fields=self.application,
                evidence=1,
                effects=self.on_application,
            ),
            Transition(
                name="confirm_close",
                label=_("销号"),
                sources=("close_check",),
                target="closed",
                roles=CHECKERS,
                fields=(Field(name="checked", label=_("核查情况"), kind="long_text"),),
                other_person_than=self.worked,
            ),
            Transition(
                name="return_close",
                label=self.return_label,
                sources=("close_check",),
                target=self.work,
                roles=CHECKERS,
                fields=(REASON,),
                other_person_than=self.kept_from_returning,
                main=False,
            ),
            Transition(
                name="start_look_back",
                label=_("开始回头看"),
                sources=("closed",),
                target="look_back",
                roles=CHECKERS,
                automatic=True,
                main=False,
            ),
            Transition(
                name="look_back_pass",
                label=_("回头看通过"),
                sources=("look_back",),
                target="archived",
                roles=self.reviewers,
                fields=(Field(name="seen", label=_("复查情况"), kind="long_text"),),
                evidence=1,
                other_person_than=self.worked,
            ),
            Transition(
                name="rebound",
                label=self.rebound_label,
                sources=tuple(state.name for state in self.closed),
                target=self.work,
                roles=self.reopeners,
                fields=(REASON, *self.asked_on_rebound),
                effects=self.on_rebound,
                main=False,
                danger=True,
            ),
        )

    @property
    def clocks(self) -> tuple[ClockRule, ...]:
        """The wait for the look-back and the look-back itself; the work's own clocks cover the check."""
        return (
            ClockRule(
                name="before_look_back",
                label=_("距回头看"),
                during=("closed",),
                length=self.days_before_look_back,
                unit=Unit.DAY,
                on_due="start_look_back",
                waiting=True,
                basis=DEFAULT,
            ),
            ClockRule(
                name="look_back",
                label=_("回头看"),
                during=("look_back",),
                length=self.working_days_of_look_back,
                unit=Unit.WORKING_DAY,
                basis=DEFAULT,
            ),
        )
