"""申请销号 → 核查 → 已销号 → 回头看 → 反弹重开: the second half of a matter's life, for every register alike.

A register says who works and who looks again, how long that takes and where a matter goes on that comes
back; states, transitions and clocks follow. That a second person checks the closing, on evidence, is
not for a register to choose (mechanism T7, T8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask, Text
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, said

CHECKERS = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.LEADER})
# Why a clock has its length where no law gives one.
DEFAULT = noop("平台默认，本局可改")
REASON = said("reason", "理由")


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
    application: tuple[str | Ask, ...]
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
    sets_on_application: Mapping[str, Any] = field(default_factory=dict)
    sets_on_rebound: Mapping[str, Any] = field(default_factory=dict)
    offered_on_rebound: tuple[str | Ask, ...] = ()  # beside the reason

    @property
    def check(self) -> State:
        """The open state in which the closing is checked."""
        return State("close_check", "销号核查", stage=self.stage, waits_for=CHECKERS)

    @property
    def closed(self) -> tuple[State, ...]:
        """The states after it."""
        return (
            State("closed", "已销号", phase=Phase.CLOSED),
            State("look_back", "回头看", phase=Phase.REVIEW, waits_for=self.reviewers),
            State("archived", "回头看通过", phase=Phase.CLOSED),
        )

    @property
    def transitions(self) -> tuple[Transition, ...]:
        closed = tuple(state.name for state in self.closed)
        return (
            Transition("apply_close", "申请销号", self.applied_from, "close_check", by=self.applicants,
                       owner_only=self.by_owner, asks=self.application, evidence=1,
                       sets=self.sets_on_application),
            Transition("confirm_close", "销号", "close_check", "closed", by=CHECKERS,
                       asks=(said("checked", "核查情况"),), other_person_than=self.worked),
            Transition("return_close", self.return_label, "close_check", self.work, by=CHECKERS,
                       asks=(REASON,), other_person_than=self.kept_from_returning, main=False),
            Transition("start_look_back", "开始回头看", "closed", "look_back", by=CHECKERS,
                       automatic=True, main=False),
            Transition("look_back_pass", "回头看通过", "look_back", "archived", by=self.reviewers,
                       asks=(said("seen", "回头看情况"),), evidence=1, other_person_than=self.worked),
            Transition("rebound", self.rebound_label, closed, self.work, by=self.reopeners,
                       asks=(REASON,), offers=self.offered_on_rebound, sets=self.sets_on_rebound,
                       main=False, danger=True),
        )  # fmt: skip

    @property
    def clocks(self) -> tuple[ClockRule, ...]:
        """The wait for the look-back and the look-back itself; the work's own clocks cover the check."""
        return (
            ClockRule("before_look_back", "距回头看", "closed", days=self.days_before_look_back,
                      on_due="start_look_back", waiting=True, basis=DEFAULT),
            ClockRule("look_back", "回头看", "look_back", working_days=self.working_days_of_look_back,
                      basis=DEFAULT),
        )  # fmt: skip


def with_effects(
    transitions: Iterable[Transition],
    effects: Mapping[str, Callable[[Step], None]],
    conditions: Mapping[str, Callable[[Any], str]] | None = None,
) -> tuple[Transition, ...]:
    """``transitions`` with what a register does beside them, and what it asks before, by their names."""
    return tuple(
        replace(
            t,
            effects=(*t.effects, *([effects[t.name]] if t.name in effects else [])),
            when=(conditions or {}).get(t.name, t.when),
        )
        for t in transitions
    )
