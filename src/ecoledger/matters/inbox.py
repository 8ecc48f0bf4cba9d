"""My work: what waits for a person, in every register, what is due first on top; and how much is in hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.accounts.scope import within
from ecoledger.listings import catalogue
from ecoledger.matters import requests, timeline
from ecoledger.matters.models import Event, Matter
from ecoledger.matters.register import (
    GOVERNMENT,
    all_registers,
    register_of,
    visible_matters,
    works_as_town,
)
from ecoledger.matters.requests import Request
from ecoledger.matters.seeing import answered_for
from ecoledger.matters.workflow import ENTERING, OPEN, Phase

_LEADS = frozenset({Role.LEADER, Role.SECTION_CHIEF})
# A register and one of its states.
Place = tuple[str, str]


@dataclass(frozen=True)
class Turns:
    """Where the next step is a person's by role; of the owner alone in some states, in some not after own steps."""

    places: frozenset[Place]
    # Those of the owner, or of the owner organisation while no person is named.
    of_owner: frozenset[Place]
    # Place -> steps after which it is another person's turn.
    not_after: dict[Place, frozenset[str]]
    # Those where the person says whether it may be (定): every way on is a check of what another did, or a leader's word.
    decided: frozenset[Place]
    # Those where every way on is for who manages the book, which reaches as far as the areas granted to him.
    led: frozenset[Place] = frozenset()
    # Those where every way on is a town's work: another unit's, where one has the matter.
    of_town: frozenset[Place] = frozenset()
    # Those of an owner where the person, who hands out what the book holds, says whose it is while nobody's name stands there.
    unowned: frozenset[Place] = frozenset()


def turns(person: Person) -> Turns:
    """The states of every register that wait for one of the person's roles."""
    return _turns(frozenset(person.roles), catalogue.edition())


@lru_cache(maxsize=256)
def _turns(roles: frozenset[str], _edition: int) -> Turns:
    places, of_owner, not_after = set(), set(), {}
    decided, led, of_town, unowned = set(), set(), set(), set()
    for register in all_registers():
        hands_out = Role.DISPATCHER in register.manage and Role.DISPATCHER in roles
        for state in register.workflow.states:
            if hands_out and state.by_owner and state.open:
                unowned.add((register.key, state.name))
            if roles.isdisjoint(state.waits_for):
                continue
            place = (register.key, state.name)
            places.add(place)
            if state.narrowed_to_owner(roles):
                of_owner.add(place)
            ways = [
                t
                for t in register.workflow.leaving(state.name)
                if t.main and not roles.isdisjoint(t.by)
            ]
            # Where every way on needs another person than one who has done an earlier step, and the
            # person did, it is not their turn.
            if ways and all(t.other_person_than for t in ways):
                not_after[place] = frozenset(n for t in ways for n in t.barring)
            if ways and all(t.other_person_than or t.by <= _LEADS for t in ways):
                decided.add(place)
            if ways and all(register.leads(roles, t) for t in ways):
                led.add(place)
            if ways and all(
                works_as_town(roles, t) and not register.checks(roles, t) for t in ways
            ):
                of_town.add(place)
    kept = (frozenset(names) for names in (decided, led, of_town, unowned))
    return Turns(frozenset(places), frozenset(of_owner), not_after, *kept)


def _phases() -> list[str]:
    """Phases of states that wait for somebody."""
    return _phases_of(catalogue.edition())


@lru_cache(maxsize=1)
def _phases_of(_edition: int) -> list[str]:
    waits = {s.phase.value for r in all_registers() for s in r.workflow.states if s.waits_for}
    return sorted(waits | {Phase.OPEN.value})


def _owned(person: Person) -> Q:
    return Q(owner=person) | Q(
        owner=None,
        owner_organisation__isnull=False,
        owner_organisation_id=person.organisation_id,
    )


def _own_before(person: Person, mine: Turns) -> list[int]:
    """Matters that stand where the person's own earlier step makes it another person's turn."""
    steps = {step for names in mine.not_after.values() for step in names}
    if not steps:
        return []
    rows = Event.objects.filter(
        timeline.counting(),
        timeline.one_hand(person),
        transition__in=sorted(steps),
        matter__phase__in=_phases(),
    )
    # Nearly everything that somebody entered may be checked by himself.
    opened = {register for (register, _state), names in mine.not_after.items() if OPEN in names}
    entered = Q(transition__in=(OPEN, *ENTERING))
    rows = rows.filter(~entered | Q(matter__register__in=sorted(opened)))
    own = rows.order_by().values_list(
        "matter_id", "matter__register", "matter__state", "transition"
    )
    return sorted(
        {
            key
            for key, register, state, step in own
            if step in mine.not_after.get((register, state), ())
        }
    )


def _led_elsewhere(person: Person, mine: Turns) -> list[int]:
    """Matters that the person's unit was given outside its area and that stand where somebody of that area goes on.

    Asked of towns alone: the areas of all others reach over whatever they are given.
    """
    unit = person.organisation
    if unit is None or not unit.area_code or not person.has_role(Role.TOWN):
        return []
    asked = Q(pk__in=[])
    for key, states in _by_register(mine.led - mine.of_owner).items():
        asked |= Q(register=key, state__in=states)
    given = Matter.objects.filter(asked, answered_for(person), phase__in=_phases())
    return sorted(given.exclude(within(person)).order_by().values_list("pk", flat=True))


def _held_elsewhere(person: Person, mine: Turns) -> list[int]:
    """Matters in a town's area that another unit of government was given, where only that unit goes on."""
    places = _by_register(mine.of_town - mine.of_owner)
    if not places:
        return []
    asked = Q(pk__in=[])
    for key, states in places.items():
        asked |= Q(register=key, state__in=states)
    kept = Matter.objects.filter(asked, within(person), owner_organisation__kind__in=GOVERNMENT)
    kept = kept.exclude(owner_organisation=person.organisation).filter(phase__in=_phases())
    return sorted(kept.exclude(owner=person).order_by().values_list("pk", flat=True))


def _of_other_firm(person: Person, mine: Turns) -> list[int]:
    """Matters in which two firms have a part and that stand where the other one goes on."""
    if not (person.has_role(Role.ENTERPRISE) and person.entity_code):
        return []
    keys: list[int] = []
    for book in (register_of(key) for key in _by_register(mine.places)):
        if book.counterpart:
            waits = [state for key, state in mine.places if key == book.key]
            rows = book.visible_to(person).filter(state__in=waits, merged_into=None)
            for matter in rows.select_related("enterprise", book.counterpart):
                firm = book.firm_on_turn(matter)
                if firm is None or firm.code != person.entity_code:
                    keys.append(matter.pk)
    return sorted(keys)


def _not_his_turn(person: Person, mine: Turns) -> list[int]:
    """Matters that stand where people of his role go on, and not he: after his own step, outside his area, or as another
    unit's or firm's."""
    elsewhere = (
        _led_elsewhere(person, mine),
        _held_elsewhere(person, mine),
        _of_other_firm(person, mine),
    )
    return sorted({*_own_before(person, mine), *chain.from_iterable(elsewhere)})


def waiting(person: Person, load: Load | None = None) -> QuerySet[Matter]:
    """The matters of every register that wait for the person, as one query.

    With ``load``, counted just before, only the places are asked in which something waits.
    """
    mine = turns(person)
    places, unowned = mine.places, mine.unowned
    if load is not None:
        places, unowned = places & load.places.keys(), unowned & load.places.keys()
    anybody, owners, nobodys = Q(pk__in=[]), Q(pk__in=[]), Q(pk__in=[])
    for key, states in _by_register(places - mine.of_owner).items():
        anybody |= Q(register=key, state__in=states)
    for key, states in _by_register(places & mine.of_owner).items():
        owners |= Q(register=key, state__in=states)
    for key, states in _by_register(unowned).items():
        nobodys |= Q(register=key, state__in=states)
    places |= unowned
    # Here a request stands, whatever the matter's own next step is.
    asked = (requests.waiting(person) if load is None else load.requests).keys()
    seen = visible_matters(person, None if asked else {key for key, _state in places})
    # Whose a matter is, as expressions: by the indexes of the keys themselves all of a unit's matters would be read.
    rows = seen.alias(held=Coalesce("owner_id", 0), unit=Coalesce("owner_organisation_id", 0))
    turn = anybody | owners & (Q(held=person.pk) | Q(held=0, unit=person.organisation_id or -1))
    turn |= nobodys & Q(held=0, unit=0)
    before = _not_his_turn(person, mine) if load is None else load.before
    if before:
        turn &= ~Q(pk__in=before)
    # Said once more, wider: these lead the index to the rows that the exact condition is asked of.
    wider = Q(state__in=sorted({state for _key, state in places}))
    if asked:
        turn, wider = turn & wider | Q(pk__in=list(asked)), Q()
    return rows.filter(turn, wider, merged_into=None, phase__in=_phases())


def _by_register(places: frozenset[Place]) -> dict[str, list[str]]:
    states: dict[str, list[str]] = {}
    for key, state in sorted(places):
        states.setdefault(key, []).append(state)
    return states


@dataclass(frozen=True)
class Waiting:
    """How many matters wait, and how many of them are overdue."""

    all: int = 0
    overdue: int = 0

    def __add__(self, more: Waiting) -> Waiting:
        return Waiting(self.all + more.all, self.overdue + more.overdue)


@dataclass
class InHand:
    """Matters in hand in one area: how many, overdue, due within a week, and since when the oldest is overdue."""

    open: int = 0
    late: int = 0
    week: int = 0
    oldest: datetime | None = None

    def add(self, number: int, late: int, week: int, oldest: datetime | None) -> None:
        self.open += number
        self.late += late
        self.week += week
        self.oldest = min(filter(None, (self.oldest, oldest)), default=None)


@dataclass(frozen=True)
class Load:
    """How much a person has before them: what waits for them, and what is in hand within their scope."""

    # Where something waits for the person.
    places: dict[Place, Waiting] = field(default_factory=dict)
    # Register -> matters in hand that the person may see.
    open: dict[str, int] = field(default_factory=dict)
    # The same by code of the area, where it was asked for.
    areas: dict[str, InHand] = field(default_factory=dict)
    # Matters of which the next step is another person's: this one took an earlier one, or has no say where they lie.
    before: tuple[int, ...] = ()
    # What others asked of the person, by the matter's key, and the place by which that matter is counted already.
    requests: Mapping[int, Request] = field(default_factory=dict)
    counted_at: Mapping[int, Place] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        return sum(here.all for here in self.places.values()) + len(self._further)

    @property
    def overdue(self) -> int:
        late = sum(request.late for request in self._further)
        return sum(here.overdue for here in self.places.values()) + late

    @property
    def _further(self) -> list[Request]:
        """Requests about matters that wait for nothing else of the person."""
        return [
            one for pk, one in self.requests.items() if self.counted_at.get(pk) not in self.places
        ]

    def parted(self, person: Person) -> tuple[Load, Load]:
        """What waits to be decided by the person, and what waits to be done."""
        decided = turns(person).decided
        decide = {place: number for place, number in self.places.items() if place in decided}
        do = {place: number for place, number in self.places.items() if place not in decided}
        return replace(self, places=decide), replace(self, places=do, requests={})


def load(person: Person, now: datetime | None = None, *, by_area: bool = False) -> Load:
    """Counted in one pass over the index, register by register and state by state, and with ``by_area`` area by area."""
    mine, now = turns(person), now or timezone.now()
    # Of what is not in hand, only the states that wait for the person.
    ended = {
        place for place in mine.places if not register_of(place[0]).workflow.state(place[1]).open
    }
    asked = [Q(phase=Phase.OPEN.value)]
    if ended:
        asked.append(
            Q(
                phase__in=[phase for phase in _phases() if phase != Phase.OPEN.value],
                register__in=sorted({key for key, _state in ended}),
                state__in=sorted({state for _key, state in ended}),
            )
        )
    owned, late = _owned(person), Q(due__lt=now)
    nobodys = Q(owner=None, owner_organisation=None)
    groups = chain.from_iterable(
        visible_matters(person)
        .filter(condition, merged_into=None)
        .order_by()
        .values_list("phase", "register", "state", *(["area_code"] if by_area else []))
        .annotate(
            all=Count("pk"),
            late=Count("pk", filter=late),
            own=Count("pk", filter=owned),
            own_late=Count("pk", filter=owned & late),
            nobodys=Count("pk", filter=nobodys),
            nobodys_late=Count("pk", filter=nobodys & late),
            **(_due(now) if by_area else {}),
        )
        for condition in asked
    )
    here: defaultdict[Place, Waiting] = defaultdict(Waiting)
    areas: defaultdict[str, InHand] = defaultdict(InHand)
    in_hand = Counter[str]()
    for phase, register, state, *more in groups:
        area = more.pop(0) if by_area else ""
        number, late_number, own, own_late, free, free_late, *week = more
        place = (register, state)
        if phase == Phase.OPEN:
            in_hand[register] += number
            if by_area:
                areas[area].add(number, late_number, *week)
        if place in mine.of_owner:
            here[place] += Waiting(own, own_late)
        elif place in mine.places:
            here[place] += Waiting(number, late_number)
        if place in mine.unowned and (place in mine.of_owner or place not in mine.places):
            here[place] += Waiting(free, free_late)
    before = _not_his_turn(person, mine)
    if before:
        others = visible_matters(person).filter(pk__in=before, merged_into=None)
        for register, state, owner, unit, due in others.values_list(
            "register", "state", "owner", "owner_organisation", "due"
        ):
            is_own = owner == person.pk or (
                owner is None and unit is not None and unit == person.organisation_id
            )
            if is_own or (register, state) not in mine.of_owner:
                here[register, state] += Waiting(-1, -1 if due is not None and due < now else 0)
    waits = {place: counted for place, counted in here.items() if counted.all}
    requested = requests.waiting(person, now)
    counted_at = _counted_at(person, mine, requested, before) if requested else {}
    return Load(waits, dict(in_hand), dict(areas), tuple(before), requested, counted_at)


def _counted_at(
    person: Person, mine: Turns, asked: Mapping[int, Any], before: list[int]
) -> dict[int, Place]:
    """Of the matters ``asked`` about, those that wait for a step of the person too, and where."""
    rows = Matter.objects.filter(pk__in=list(asked)).exclude(pk__in=before)
    own = _owned(person)
    places: dict[int, Place] = {
        pk: (register, state)
        for pk, register, state in rows.values_list("pk", "register", "state")
        if (register, state) in mine.places
    }
    owned = set(rows.filter(own).values_list("pk", flat=True))
    return {pk: place for pk, place in places.items() if place not in mine.of_owner or pk in owned}


def _due(now: datetime) -> dict[str, Any]:
    week = Q(due__gte=now, due__lt=now + timedelta(days=7))
    return {
        "week": Count("pk", filter=week),
        "oldest": Min("due", filter=Q(due__lt=now)),
    }


# Later than any deadline: what has none comes last.
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def due_first(rows: QuerySet[Matter]) -> QuerySet[Matter]:
    """Overdue and due first, what has no deadline last.

    Ordered by an expression: by the column itself a database would walk the index of deadlines, past every matter
    that is not asked for.
    """
    return rows.order_by(Coalesce("due", Value(_NEVER)), "pk")


def nearest(rows: QuerySet[Matter], limit: int) -> list[Matter]:
    """The matters due first, what has no deadline last.

    The keys are found in the wide index alone; only the rows shown are read.
    """
    keys = list(due_first(rows).values_list("pk", flat=True)[:limit])
    found = Matter.objects.filter(pk__in=keys).select_related(
        "owner", "owner_organisation", "entity"
    )
    return list(due_first(found))


def waiting_for(person: Person, limit: int = 200, load: Load | None = None) -> list[Matter]:
    """What waits for the person: overdue and due first, what has no deadline last."""
    return nearest(waiting(person, load), limit)
