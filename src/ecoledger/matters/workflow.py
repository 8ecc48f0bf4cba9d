"""The declarations a register is made of: states, transitions, what they ask for, and clocks.

A workflow is checked when its module is imported: a state nobody can reach, a name nobody declared,
or a closing without evidence and a second person is a ``WorkflowError``, not a surprise in use.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask, DeclarationError, Kind, Text

if TYPE_CHECKING:
    from datetime import datetime

    from ecoledger.accounts.models import Person
    from ecoledger.matters.models import Matter

OPEN = "open"  # name of the event that starts every matter
# Events beside it that say what was entered, and what they are called: who changes it has entered it as well.
ENTERING = {
    "history": noop("登记"),
    "followed": noop("按原平台更新"),
    "edit": noop("修改"),
    "edit_undone": noop("撤销批量修改"),
    "lines": noop("填报明细"),
}
# In ``Transition.sets``: the moment of the action.
NOW = object()


class WorkflowError(DeclarationError):
    """A declaration that contradicts itself."""


class Phase(StrEnum):
    """How a state counts."""

    OPEN = "open"  # work to do
    DONE = "done"  # 办结: ended by who did it, no second person needed; completed
    CLOSED = "closed"  # 销号: rectified, on evidence, checked by a second person
    REVIEW = "review"  # closed, and being looked at again (回头看)
    DISMISSED = "dismissed"  # ended without having been a problem: false alarm, unfounded


# Phases that count as finished work: what is looked at again was finished.
COMPLETED = (Phase.DONE.value, Phase.CLOSED.value, Phase.REVIEW.value)


@dataclass(frozen=True, slots=True)
class State:
    """Where a matter stands. ``waits_for`` names the roles whose turn it is; ``by_owner`` narrows them
    to the matter's owner, or to the owner organisation's people while no person is named. ``standing``: it is as it should
    be for a time; what is to be done when that is up is no relapse, and papers are added meanwhile."""

    name: str
    label: Text
    _: KW_ONLY
    phase: Phase = Phase.OPEN
    stage: str = ""
    waits_for: frozenset[Role] = frozenset()
    by_owner: bool = False
    standing: bool = False

    @property
    def open(self) -> bool:
        return self.phase is Phase.OPEN

    @property
    def of_firm(self) -> bool:
        """Whether the firm owes the next step: others may do it in its place, but it waits for none of them."""
        return Role.ENTERPRISE in self.waits_for

    def narrowed_to_owner(self, roles: frozenset[str] | frozenset[Role]) -> bool:
        """Whether people of ``roles`` have it before them only as its owners: what a firm owes is in no other's work."""
        return self.by_owner or (self.of_firm and Role.ENTERPRISE not in roles)


def said(name: str, label: Text, kind: Kind = Kind.LONG_TEXT, **more: Any) -> Ask:
    """An asked field that is only said: kept in the event, in no attribute of the matter."""
    return Ask(name, label, kind, stores=None, **more)


@dataclass(frozen=True, slots=True)
class Transition:
    """One action that moves a matter on from one of ``sources`` to ``target``, or with ``""`` leaves it there.

    ``by`` may do it; with ``owner_only`` only those of them who own the matter. ``asks`` must be filled
    in, ``offers`` may be: names of the register's model, or :func:`said` fields. ``sets`` gives
    attributes a constant, or :data:`NOW`. ``evidence`` is the least number of files that must have been
    added since the matter entered its present state, this action's own included. ``other_person_than``
    names transitions, or :data:`OPEN`: who did one of them in this round, or entered it, may not do this one. No way leads
    past all of them to it, unless ``even_without`` says that this is meant, and none by a step that writes anew what they
    wrote and is not named. ``when`` returns why it
    cannot be done now, or "". ``effects`` run inside the transaction, after the state has changed.
    ``automatic`` lets the schedule and rules do it.
    """

    name: str
    label: Text
    sources: str | tuple[str, ...]
    target: str
    _: KW_ONLY
    by: frozenset[Role] = frozenset()
    owner_only: bool = False
    # Only for who entered the matter, and his unit.
    by_opener: bool = False
    # Of two firms the one's that the register calls ``counterpart``; every other step is that of the firm the matter is about.
    by_counterpart: bool = False
    asks: tuple[str | Ask, ...] = ()
    offers: tuple[str | Ask, ...] = ()
    sets: Mapping[str, Any] = field(default_factory=dict)
    evidence: int = 0
    other_person_than: tuple[str, ...] = ()
    even_without: bool = False
    when: Callable[[Matter], str] | None = None
    effects: tuple[Callable[[Step], None], ...] = ()
    automatic: bool = False
    shown_to_enterprise: bool = False
    # The usual way on is offered first and filled; the others are quieter.
    main: bool = True
    danger: bool = False
    help: Text = ""
    # Of ``asks`` what the matter says already: it is taken over where nobody says it anew.
    takes_over: tuple[str, ...] = ()
    # Pictures that are asked for each in a place of its own: key and what it shows, under which it is kept as evidence.
    pictures: tuple[tuple[str, Text], ...] = ()
    # Asked on a page of its own, to which the register's template leads: the name of its address, which takes the matter's
    # key. The matter's page does not ask it a second time.
    on_page: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", _names(self.sources))

    @property
    def barring(self) -> tuple[str, ...]:
        """Names of the events whose person may not take it."""
        entering = ENTERING if OPEN in self.other_person_than else ()
        return (*self.other_person_than, *entering)


def _names(one_or_more: str | tuple[str, ...]) -> tuple[str, ...]:
    return (one_or_more,) if isinstance(one_or_more, str) else one_or_more


@dataclass(frozen=True, slots=True)
class Step:
    """One action under way, as its effects see it. ``form`` holds cleaned values, not JSON."""

    matter: Any
    transition: Transition
    person: Person | None
    at: datetime
    form: dict[str, Any]
    # Why an effect stopped a clock or let it count again: events of their own after the step's.
    clocks: list[ClockNote] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ClockNote:
    """What became of a clock beside the usual, and why, as the timeline says it."""

    name: str
    label: Text
    why: str


class Unit(StrEnum):
    """What a clock counts."""

    WORKING_DAY = "working_day"
    DAY = "day"
    WORKING_HOUR = "working_hour"
    HOUR = "hour"
    DATE = "date"  # the matter's own date, see ClockRule.deadline_field

    @property
    def label(self) -> str:
        return {
            "working_day": noop("个工作日"),
            "day": noop("天"),
            "working_hour": noop("个工作小时"),
            "hour": noop("小时"),
            "date": noop("指定日期"),
        }[self.value]


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A time limit: it starts when a matter enters one of the states ``during`` and stops when it has
    left them all.

    With ``since`` it starts only when one of these transitions is done, anew each time, and stops when one
    of ``until`` is done: what is owed from a service or an order, whatever else happens meanwhile.
    ``counted_from`` names the matter's date from which it counts, where that is not the day it is entered.
    ``applies`` says of a matter whether it has the limit at all. Where what it goes by is changed, it ends, begins or is
    counted anew.

    Its length stands here in one unit, is overridden by the bureau's profile, or comes from a legal
    limit (``limit``: key of ``standards.time_limits``), from the matter's own date (``deadline_field``) or from
    the working days that the matter itself says (``length_field``: those promised for what is applied for; none
    said, no clock). ``on_due`` names an automatic transition done when it runs out.
    ``extensions`` are the longest steps by which ``extend_by`` may lengthen it.
    """

    name: str
    label: Text
    during: str | tuple[str, ...]
    _: KW_ONLY
    since: str | tuple[str, ...] = ()
    until: str | tuple[str, ...] = ()
    counted_from: str = ""
    applies: Callable[[Any], bool] | None = None
    working_days: int = 0
    days: int = 0
    working_hours: int = 0
    hours: int = 0
    limit: str = ""
    deadline_field: str = ""
    length_field: str = ""
    extensions: tuple[int, ...] = ()
    extend_by: frozenset[Role] = frozenset({Role.LEADER})
    # Remind when this share of the time is gone; 1 means only once it is overdue.
    remind_at: float = 0.75
    escalate_to: frozenset[Role] = frozenset({Role.LEADER})
    # Working hours after the due time at which the superiors are told.
    escalate_after_hours: int = 8
    on_due: str = ""
    # A waiting period is not a duty: it is not shown as a deadline and nobody is overdue by it.
    waiting: bool = False
    basis: str = ""
    basis_version: str = ""

    def __post_init__(self) -> None:
        for name in ("during", "since", "until"):
            object.__setattr__(self, name, _names(getattr(self, name)))

    @property
    def lengths(self) -> dict[Unit, int]:
        """The lengths given, by unit; one at most in a sound rule."""
        said = {
            Unit.WORKING_DAY: self.working_days,
            Unit.DAY: self.days,
            Unit.WORKING_HOUR: self.working_hours,
            Unit.HOUR: self.hours,
        }
        return {unit: length for unit, length in said.items() if length}

    @property
    def named(self) -> tuple[str, ...]:
        """What of the matter it goes by: from when, until when, how long."""
        return tuple(filter(None, (self.counted_from, self.deadline_field, self.length_field)))

    @property
    def length(self) -> int:
        return next(iter(self.lengths.values()), 0)

    @property
    def unit(self) -> Unit:
        return next(iter(self.lengths), Unit.WORKING_DAY)


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """States and transitions of one register. The first state is where a matter starts."""

    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    clocks: tuple[ClockRule, ...] = ()
    _states: dict[str, State] = field(init=False, repr=False, compare=False)
    _transitions: dict[str, Transition] = field(init=False, repr=False, compare=False)
    _clocks: dict[str, ClockRule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_states", _by_name("state", self.states))
        object.__setattr__(self, "_transitions", _by_name("transition", self.transitions))
        object.__setattr__(self, "_clocks", _by_name("clock", self.clocks))
        self._check_names()
        self._check_reach()
        self._check_closing()
        self._check_first_persons()

    @property
    def initial(self) -> State:
        return self.states[0]

    def state(self, name: str) -> State:
        return self._states[name]

    def transition(self, name: str) -> Transition:
        return self._transitions[name]

    def has_transition(self, name: str) -> bool:
        return name in self._transitions

    def label_of(self, name: str) -> Text:
        """What the step ``name`` is called, the opening and what counts as one too."""
        entered = {OPEN: noop("登记"), **ENTERING}
        return entered[name] if name in entered else self._transitions[name].label

    def clock(self, name: str) -> ClockRule:
        return self._clocks[name]

    def after(self, transition: Transition, state: str) -> State:
        """The state in which ``transition`` leaves a matter that stands in ``state``."""
        return self._states[transition.target or state]

    def leaving(self, state: str) -> tuple[Transition, ...]:
        """Transitions out of ``state``, in the order of declaration."""
        return tuple(t for t in self.transitions if state in t.sources)

    def names(self, *phases: Phase) -> tuple[str, ...]:
        """Names of the states in ``phases``."""
        return tuple(s.name for s in self.states if s.phase in phases)

    @cached_property
    def judging(self) -> frozenset[str]:
        """Names of the steps that take two persons: those for another person, and those which they look at."""
        seconds = [t for t in self.transitions if t.other_person_than]
        named = {t.name for t in seconds}.union(*(t.other_person_than for t in seconds))
        # What is only entered is before nobody yet.
        return frozenset(named - {OPEN})

    def leads_back(self, step: str) -> bool:
        """Whether ``step`` sends a matter back: every way to where it starts comes through where it leads."""
        way, first = self.transition(step), self.initial.name
        there = {t.name for t in self.transitions if t.target == way.target}
        return self._reached({first} - {way.target}, but=there).isdisjoint(way.sources)

    def unjudged(self, step: str, source: str, target: str) -> frozenset[str]:
        """The states in which it still lies before a matter to come to ``target`` by a step of two persons, as it first came
        by ``step`` from ``source``: sent back to one of them, it is as free as it was."""
        leads = [t for t in self.transitions if t.name in self.judging and t.target == target]
        last = {s for t in leads for s in t.sources}
        start = {self.initial.name, source, *self.transition(step).sources}
        before = self._reached(start, but=self.judging | self._ending) - {target}
        return frozenset(
            s for s in before if last & self._reached({s}, but=self.judging | self._ending)
        )

    @cached_property
    def _ending(self) -> frozenset[str]:
        """Names of the steps that end a matter."""
        return frozenset(
            t.name for t in self.transitions if t.target and not self.state(t.target).open
        )

    def between(self, second: Transition) -> list[Transition]:
        """The steps by which a matter may come to ``second`` after the last of those that it is for another person than."""
        named = set(second.other_person_than)
        but = named | {second.name} | self._ending
        firsts = [t for t in self.transitions if t.name in named]
        begun = {self.initial.name} if OPEN in named else set()
        begun |= {s for t in firsts for s in ((t.target,) if t.target else t.sources)}
        begun = self._reached(begun, but)
        return [
            t
            for t in self.transitions
            if t.name not in but
            and (here := begun.intersection(t.sources))
            and self._reached({t.target} if t.target else here, but).intersection(second.sources)
        ]

    def _reached(self, start: Iterable[str], but: Collection[str] = ()) -> set[str]:
        """The states to which steps lead from ``start``, itself included, other steps than those named ``but``."""
        reached = set(start)
        waiting = list(reached)
        while waiting:
            ways = self.leaving(waiting.pop())
            further = {t.target for t in ways if t.name not in but} - reached - {""}
            reached |= further
            waiting.extend(further)
        return reached

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages of open work, in order."""
        return tuple(dict.fromkeys(s.stage for s in self.states if s.stage))

    def _check_names(self) -> None:
        if not self.states:
            raise WorkflowError("a workflow needs a state to start in")
        for t in self.transitions:
            for state in (*t.sources, *filter(None, (t.target,))):
                if state not in self._states:
                    raise WorkflowError(f"transition {t.name}: there is no state {state!r}")
            for other in t.other_person_than:
                if other not in self._transitions and other != OPEN:
                    raise WorkflowError(f"transition {t.name}: there is no transition {other!r}")
            if not t.sources:
                raise WorkflowError(f"transition {t.name} starts from no state")
            if not t.by and not t.automatic:
                raise WorkflowError(f"transition {t.name}: nobody may do it")
        for clock in self.clocks:
            for state in clock.during:
                if state not in self._states:
                    raise WorkflowError(f"clock {clock.name}: there is no state {state!r}")
            for name in (*clock.since, *clock.until):
                if name not in self._transitions:
                    raise WorkflowError(f"clock {clock.name}: there is no transition {name!r}")
            if clock.until and not clock.since:
                raise WorkflowError(f"clock {clock.name}: until without since would begin again")
            if clock.on_due:
                if clock.on_due not in self._transitions:
                    raise WorkflowError(f"clock {clock.name}: no transition {clock.on_due!r}")
                if not self._transitions[clock.on_due].automatic:
                    raise WorkflowError(f"clock {clock.name}: {clock.on_due} is not automatic")
            named = (clock.limit, clock.deadline_field, clock.length_field)
            if len([*clock.lengths, *filter(None, named)]) != 1:
                raise WorkflowError(
                    f"clock {clock.name}: give one length, limit, deadline_field or length_field"
                )

    def _check_reach(self) -> None:
        if missed := set(self._states) - self._reached({self.initial.name}):
            raise WorkflowError(f"no transition leads to {sorted(missed)}")
        for state in self.states:
            if state.open and not any(t.target for t in self.leaving(state.name)):
                raise WorkflowError(f"state {state.name} is open and has no way out")

    def _check_closing(self) -> None:
        for t in self.transitions:
            if not t.target:
                continue
            enters_closed = self._states[t.target].phase is Phase.CLOSED and any(
                self._states[s].phase not in (Phase.CLOSED, Phase.REVIEW) for s in t.sources
            )
            if not enters_closed:
                continue
            if not t.other_person_than:
                raise WorkflowError(f"transition {t.name} closes without a second person")
            if t.automatic:
                raise WorkflowError(f"transition {t.name} closes without a person")
            before = [self._transitions[name] for name in t.other_person_than if name != OPEN]
            if not any(other.evidence for other in (t, *before)):
                raise WorkflowError(f"transition {t.name} closes without evidence")

    def _check_first_persons(self) -> None:
        for t in self.transitions:
            if not t.other_person_than or OPEN in t.other_person_than or t.even_without:
                continue
            if self._reached({self.initial.name}, but=t.other_person_than) & set(t.sources):
                raise WorkflowError(
                    f"transition {t.name} can be reached past {list(t.other_person_than)}"
                )


def _by_name(what: str, items: Iterable[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for item in items:
        if item.name in named:
            raise WorkflowError(f"{what} {item.name} is declared twice")
        named[item.name] = item
    return named
