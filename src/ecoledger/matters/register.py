"""A register (台账) as a declaration: from it come list, detail, forms, inbox, import, export, map, API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.accounts.scope import covers
from ecoledger.entities.models import Entity
from ecoledger.listings import catalogue, cells, selecting
from ecoledger.listings.derive import field_at
from ecoledger.listings.happened import WHY, lies_ahead
from ecoledger.listings.listing import Listing, Named
from ecoledger.listings.parts import Ask, Choices, Kind, Text, View
from ecoledger.listings.workbook import Head, Sheet
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Compared, Measure
from ecoledger.matters.models import NARROW, Matter
from ecoledger.matters.reasons import Reason
from ecoledger.matters.rows import Rows
from ecoledger.matters.seeing import seen_by
from ecoledger.matters.workflow import (
    COMPLETED,
    OPEN,
    Phase,
    State,
    Transition,
    Workflow,
    WorkflowError,
)

TOWN_ROLES = frozenset({Role.TOWN, Role.GRID})
# Units that have work of their own among matters; a firm or a contractor is asked for something.
GOVERNMENT = (Organisation.Kind.TOWN, Organisation.Kind.BUREAU, Organisation.Kind.DEPARTMENT)
# Work in hand: duplicates count where they went.
OPEN_WORK = Q(phase=Phase.OPEN.value, merged_into=None)

# Who sees a matter hangs on these.
_WHO_SEES = frozenset({"area_code", "enterprise", "circulation", "owner_organisation", "owner"})
# Who has a matter to do, which says nothing of what was judged.
_OWNER = frozenset({"owner_organisation", "owner"})
_GIVEN = _OWNER | {"circulation"}

# Narrowings that every register has, as views; each stands alone.
GIVEN_VIEWS = tuple(
    # What is still to be done stands by what is due first; the rest by the newest.
    View(flag, label, {flag: "1"}, sort)
    for flag, label, sort in (
        ("open", noop("在办"), "due"),
        ("overdue", noop("超期"), "due"),
        ("mine", noop("我负责"), ""),
        ("closed", noop("已销号"), ""),
        ("reopened", noop("反弹过"), ""),
        ("merged", noop("重复件"), ""),
    )
)


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number of the statistics page, and the list's query that shows the matters behind it."""

    name: str
    label: Text
    value: float | None
    query: str = ""
    unit: str = "件"
    numerator: int | None = None
    denominator: int | None = None
    note: Text = ""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A table of the statistics page. ``rows``: the cells' texts, and the list query behind them or ""."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], str], ...]
    note: str = ""


# Rows of a book that may be counted: of another book than a statistics' own, which its ``rows`` do not narrow.
Seen = Callable[[Listing], QuerySet[Any]]


def seen_of(person: Person | None) -> Seen:
    """Those that ``person`` may see; ``None``: all that stand, for a figure that is kept and has no reader yet."""
    if person is None:
        return lambda listing: listing.standing()
    return lambda listing: listing.visible_to(person)


@dataclass(frozen=True, kw_only=True, eq=False)
class Register(Rows):
    """One kind of matter: a list whose rows have a workflow, clocks and an end."""

    kinds: ClassVar[Mapping[str, Kind]] = {"state": Kind.STATE, "due": Kind.DUE}
    is_work: ClassVar[bool] = True
    numbered_by: ClassVar[str] = "number"

    if TYPE_CHECKING:  # said again for the type checker, which forgets that these resolve names
        fields: Named[Ask] = Named("ask")
        batch: Named[Ask] = Named("ask")
    model: type[Matter]
    workflow: Workflow
    pattern: str  # of its numbers, unless the bureau's profile sets another
    search: tuple[str, ...] = ("number", "title", "description", "address", "entity__name")
    lead: str = "title"
    order: tuple[str, ...] = ("-opened_at", "-pk")
    enterprise: str = "enterprise__code"
    lines: tuple[Lines, ...] = ()
    manage: frozenset[Role] = frozenset({Role.DISPATCHER, Role.LEADER})
    # Who may know of matters of restricted circulation, beside those who answer for them.
    circle: frozenset[Role] = frozenset({Role.DISPATCHER, Role.LEADER})
    map_layer: bool = True
    # Whether its matters may run beside others (并联办理).
    bundled: bool = False
    # Whether opening one of its matters, or its list, stands on the audit trail.
    on_trail: bool = False
    # Of values being entered the matters they may repeat, those that the person sees; without it titles are compared.
    repeats_of: Callable[[Mapping[str, Any], Person], Sequence[Any]] | None = None
    # Puts in order what is to be kept, whoever changed it: a complainant's name out of what everybody reads.
    tidy: Callable[[Any], None] | None = None
    # What nobody changes of a matter as it stands, by hand or by file: names of fields, of lines ("items"), or of single
    # columns of lines ("items.quantity", and then no row comes or goes). Said here, it stands in place of :attr:`judged`.
    settled: Callable[[Any], Collection[str]] | None = None
    # Of what is entered what nobody judges by, named alike: it is put right, or filled in, also afterwards.
    loose: tuple[str, ...] = ()
    # Where two firms have a part in a matter: the attribute that names the other one, beside the firm it is about, and the
    # states in which the matter is before that one too, which then takes the steps ``by_counterpart``.
    counterpart: str = ""
    shared: tuple[str, ...] = ()
    # Of the dates of its forms those that may lie ahead although they are called as what has happened is (``_on``, ``_at``).
    ahead: tuple[str, ...] = ()
    # States in which a matter that is before a second person, but not yet approved, still turns out a repeat of another.
    repeats_in: tuple[str, ...] = ()
    # What is looked at before a matter ends: whether it is as it should be, what is asked, the fact. It warns and bars nothing.
    before_end: Callable[[Any], Sequence[tuple[bool, Text, str]]] | None = None
    # What an event of that matter says under a name ("": its note), as everybody may read it.
    said_openly: Callable[[Any, str, str], str] | None = None
    # State -> hidden names that its owner may have told him there, with a purpose and on the trail.
    told_to_owner: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Capability without which the files are closed with which a matter was entered: a letter says whom it is from. Its
    # owner may open them where he may have hidden names told him.
    entered_with: str = ""
    # The level as it follows from a matter's other fields; without it the level is set like any field.
    level: Callable[[Any], str] | None = None
    # What is counted of its rows at a moment. What lies in other books is asked of the third: what of them may be seen.
    statistics: Callable[[QuerySet[Any], datetime, Seen], list[Statistic]] | None = None
    breakdowns: Callable[[QuerySet[Any], datetime, Seen], list[Breakdown]] | None = None
    # What its statistics set beside the same days of the year before.
    compared: tuple[Compared, ...] = (
        Compared(noop("登记"), "opened_at"),
        Compared(noop("办结"), "closed_at"),
    )
    # By which field work of it counts as begun (新立): of a case the day on which it was filed. What has no such day is
    # not begun yet, and is in hand from its entry on.
    begins: str = "opened_at"
    # Whether its statistics can be told as of a day that is past.
    as_of: bool = False
    # What it counts beside what every register counts; each becomes an indicator.
    measures: tuple[Measure, ...] = ()
    # How its matters speak in the health summary of the thing they are about.
    reason: Reason | None = None
    tab: str = "work"
    # Template included in the detail page for what only this register has.
    detail_template: str = ""
    # Once a day; returns how many it did something about.
    daily: Callable[[datetime], int] | None = None
    # Values a new matter gets when nobody gave them.
    prepare: Callable[[Any], None] | None = None
    # What :attr:`prepare` makes of other fields, unless somebody says it: attribute -> those fields. Where one of them is
    # changed, it is made anew, but for what somebody said.
    follows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # What a matter holds to when it is opened and whenever somebody changes what was entered: puts it in order, or refuses.
    holds_to: Callable[[Any], None] | None = None
    # How many notices that it is their turn a person gets of such a matter in a day, the rest in a digest; None: all.
    notices_a_day: Callable[[Any], int | None] | None = None
    # Told of a new matter that a person entered.
    opened: Callable[[Any], Any] | None = None
    _asked: dict[str, tuple[Ask, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Statistics by unit open the list of a unit: every book is narrowed by it.
        if "owner_organisation" not in {getattr(one, "name", one) for one in self.filters}:
            object.__setattr__(self, "filters", (*self.filters, "owner_organisation"))
        super().__post_init__()
        derive = self.derive
        of_lines = (lines.follows for lines in self.lines)
        other = (self.counterpart,) if self.counterpart else ()
        for named in (*other, *self.follows, *chain(*self.follows.values(), *of_lines)):
            derive.ask(Ask(named, label="?"))
        for name in self.ahead:
            derive.ask(name)
        asked = {}
        for t in self.workflow.transitions:
            for name in t.sets:
                derive.ask(Ask(name, label="?"))
            asks = [replace(derive.ask(name), required=True) for name in t.asks]
            offers = [replace(derive.ask(name), required=False) for name in t.offers]
            asked[t.name] = (*asks, *offers)
        object.__setattr__(self, "_asked", asked)
        self._check_rewriting()

    def _check_rewriting(self) -> None:
        """What the second person looks at is what the first ones wrote."""
        for second in self.workflow.transitions:
            named = [name for name in second.other_person_than if name != OPEN]
            written = self._written(*named)
            for step in self.workflow.between(second) if written else ():
                if anew := written & self._written(step.name):
                    raise WorkflowError(
                        f"{self.key}: {step.name} writes {sorted(anew)} anew, which {second.name} looks at: name it there"
                    )

    def _written(self, *steps: str) -> set[str]:
        """The attributes that the forms of ``steps`` keep."""
        return {ask.stores for name in steps for ask in self._asked[name] if ask.stores}

    @property
    def rectifies(self) -> bool:
        """Whether what is done with ends rectified (销号), and not merely ended (办结)."""
        return any(state.phase == Phase.CLOSED for state in self.workflow.states)

    @property
    def comes_back(self) -> bool:
        """Whether what has ended may be in hand again, because it was not over."""
        return any(
            t.target and self.workflow.state(t.target).open and not (source.open or source.standing)
            for t in self.workflow.transitions
            for source in map(self.workflow.state, t.sources)
        )

    def given_views(self) -> tuple[View, ...]:
        """Those of its own workflow: what it never rectifies is ended and not 销号, and what cannot come back never did."""
        views = []
        for view in GIVEN_VIEWS:
            if view.name == "closed" and not self.rectifies:
                view = replace(view, label=noop("已办结"))
            if view.name == "reopened" and not self.rectifies:
                view = replace(view, label=noop("重新办理过"))
            if view.name != "reopened" or self.comes_back:
                views.append(view)
        return tuple(views)

    def own_choices(self) -> Mapping[str, Choices]:
        return {"state": tuple((s.name, s.label) for s in self.workflow.states)}

    def asks_of(self, transition: Transition) -> tuple[Ask, ...]:
        """What a transition's form asks: the required fields, then those that may be left out."""
        return self._asked[transition.name]

    def said_before(self, transition: Transition, matter: Any) -> tuple[str, ...]:
        """Of what a transition's form asks, what the matter says already and the transition takes over.

        What a field holds by itself nobody has said.
        """
        asks = [ask for ask in self.asks_of(transition) if ask.name in transition.takes_over]
        return tuple(ask.name for ask in asks if self._said(ask.stores or ask.name, matter))

    def _said(self, attribute: str, matter: Any) -> bool:
        column = field_at(self.model, attribute)
        unsaid = (None, "") if column is None else (None, "", column.get_default())
        return getattr(matter, attribute) not in unsaid

    def lines_of(self, key: str) -> Lines:
        """The child rows called ``key``. Raises ``KeyError``."""
        return {lines.key: lines for lines in self.lines}[key]

    def state_of(self, matter: Matter) -> State:
        return self.workflow.state(matter.state)

    def counterpart_of(self, matter: Any) -> Entity | None:
        """The other firm that ``matter`` is before as it stands."""
        if not self.counterpart or matter.state not in self.shared:
            return None
        other: Entity | None = getattr(matter, self.counterpart, None)
        return other if other is None or other.pk != matter.enterprise_id else None

    def firm_on_turn(self, matter: Matter) -> Entity | None:
        """The firm whose step is the next, where one is a firm's: the one it is about, or the other."""
        ways = [
            t for t in self.workflow.leaving(matter.state) if t.main and Role.ENTERPRISE in t.by
        ]
        if ways and all(t.by_counterpart for t in ways):
            return self.counterpart_of(matter)
        return matter.enterprise

    def takes_of_two(self, person: Person, matter: Matter, transition: Transition) -> bool:
        """Whether ``transition`` is a step for ``person`` as far as two firms part the steps among them."""
        if not self.counterpart or not person.has_role(Role.ENTERPRISE):
            return True
        firm = self.counterpart_of(matter) if transition.by_counterpart else matter.enterprise
        return firm is not None and firm.code == person.entity_code

    def takes_evidence(self, matter: Matter) -> bool:
        """Whether files may still be added: of what is finished, where a step out of its state asks for some."""
        state = self.state_of(matter)
        out = self.workflow.leaving(state.name)
        return state.open or state.standing or any(t.evidence for t in out)

    def visible_to(self, person: Person) -> QuerySet[Any]:
        """The matters ``person`` may see. Every page, export and API starts from this."""
        return self.model._default_manager.filter(seen_by(person, (self,)))

    def open_to(self, person: Person) -> QuerySet[Any]:
        """The open matters ``person`` may see, duplicates left out: what counts as work in hand."""
        return self.visible_to(person).filter(OPEN_WORK)

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        """The flags of a register's list (``overdue=1``), and duplicates only when asked for."""
        is_open = Q(phase=Phase.OPEN.value)
        flags = {
            "open": is_open,
            "overdue": is_open & Q(due__lt=now),
            "closed": Q(phase__in=COMPLETED),
            "reopened": Q(reopened__gt=0),
            "mine": Q(owner=person),
        }
        rows = Q()
        for name, condition in flags.items():
            if query.get(name) == "1":
                rows &= condition
        match query.get("merged"):
            case "1":
                return rows & Q(merged_into__isnull=False)
            case "all":
                return rows
        return rows & Q(merged_into=None)

    def further_sheets(self, person: Person, rows: Iterable[Any]) -> Iterable[Sheet]:
        """The child rows of the listed matters, each under its matter's number."""
        if not self.lines:
            return
        numbers = dict(self.visible_to(person).filter(pk__in=rows).values_list("pk", "number"))
        for lines in self.lines:
            heads = [Head(_("编号")), *cells.heads_of(lines.shown)]
            yield Sheet(_(str(lines.label)), heads, _child_rows(lines, numbers))

    def may_manage(self, person: Person) -> bool:
        """Whether ``person`` manages the book at all; of one matter :meth:`manages` says it."""
        return person.may(self.see) and person.has_role(*self.manage)

    @property
    def managers(self) -> str:
        """The roles that manage the book, in words."""
        return _("、").join(_(role.label) for role in Role if role in self.manage)

    def manages(self, person: Person, matter: Matter) -> bool:
        """Whether ``person`` manages ``matter``: by role, and where the areas granted to him reach. What his unit was given
        outside them he works on, and does not manage."""
        return self.may_manage(person) and covers(person, matter.area_code)

    def leads(self, roles: Collection[str], transition: Transition) -> bool:
        """Whether people of ``roles`` take that step only as those who manage the book, not as those who do the work."""
        may = {role for role in transition.by if role in roles}
        return not transition.owner_only and bool(may) and may <= self.manage

    def leads_elsewhere(self, person: Person, matter: Matter, transition: Transition) -> bool:
        """Whether that would be managing a matter outside the areas granted to ``person``: :meth:`manages`, of a step."""
        return self.leads(person.roles, transition) and not covers(person, matter.area_code)

    def held_elsewhere(self, person: Person, matter: Matter, transition: Transition) -> bool:
        """Whether ``person`` would take that step as a town's, and the matter was given to another unit of government.

        Where it lies, a town then only looks on; where it manages the book it checks what was done, and brings back what is
        over. What a firm owes somebody may do in its place, and inside the bureau everybody works on what any section has.
        """
        unit = matter.owner_organisation
        return (
            works_as_town(person.roles, transition)
            and unit is not None
            and unit.pk != person.organisation_id
            and unit.kind in GOVERNMENT
            and matter.owner_id != person.pk
            and not (
                self.manages(person, matter)
                and (self.checks(person.roles, transition) or not self.state_of(matter).open)
            )
        )

    def checks(self, roles: Collection[str], transition: Transition) -> bool:
        """Whether people of ``roles`` who manage the book may take that step of what another unit has: by a role beyond a
        town's any, as a town the checks of what was done."""
        beyond = self.manage - TOWN_ROLES
        managing = beyond if not transition.other_person_than else self.manage
        return not managing.isdisjoint(roles)

    @property
    def held(self) -> frozenset[str]:
        """Attributes that only who manages a matter changes by hand: who sees it, and by when it is due."""
        return _WHO_SEES | self._dates

    @property
    def answered(self) -> frozenset[str]:
        """Attributes that say who answers for a matter and by when: what counts for somebody once it has ended."""
        return _OWNER | self._dates

    @property
    def _dates(self) -> frozenset[str]:
        return frozenset(rule.deadline_field for rule in self.workflow.clocks) - {""}

    def lying_ahead(
        self, asks: Iterable[Ask], values: Mapping[str, Any], at: datetime
    ) -> dict[str, str]:
        """Of ``values``, by the names of ``asks`` or of what these keep, the dates of what has happened that are yet to
        come, each with why it cannot be. Such a date is called so, or a clock counts from it; a deadline is none."""
        now = max(at, timezone.now())
        return {
            ask.name: _(WHY)
            for ask in asks
            if self.is_fact(ask.stores or ask.name)
            and isinstance(said := values.get(ask.name, values.get(ask.stores or "")), date)
            and lies_ahead(said, now)
        }

    def is_fact(self, name: str) -> bool:
        if name in self._dates or name in self.ahead:
            return False
        counted = {rule.counted_from for rule in self.workflow.clocks}
        return name in counted or name == "on" or name.endswith(("_on", "_at"))

    def over_before(self, values: Mapping[str, Any], today: date) -> dict[str, str]:
        """Of ``values``, by attribute, the deadlines that a new matter would have missed before it began. What was only
        planned may be late already."""
        first = today
        if isinstance(began := values.get("opened_at"), datetime):
            first = min(today, timezone.localdate(began))
        return {
            name: _("期限早于今天：请改为 %s 或以后。") % f"{today:%m-%d}"
            for name in self._dates
            if not name.startswith("planned_")
            and isinstance(said := values.get(name), date)
            and said < first
        }

    @property
    def judged(self) -> frozenset[str]:
        """What stays as it was once it is before a second person: all that is entered, but who answers for it and by when."""
        entered = {ask.stores or ask.name for ask in (*self.fields, *self.batch)}
        for lines in self.lines:
            columns = {f"{lines.key}.{ask.name}" for ask in lines.asks}
            entered |= {lines.key} if columns.isdisjoint(self.loose) else columns
        return frozenset(entered) - _GIVEN - self._dates - set(self.loose)

    def asks_of_row(self, person: Person, row: Any) -> tuple[Ask, ...]:
        asks = super().asks_of_row(person, row)
        if self.manages(person, row):
            return asks
        return tuple(ask for ask in asks if ask.stores not in self.held)

    @property
    def url(self) -> str:
        return f"/matters/{self.key}"


def _child_rows(lines: Lines, numbers: Mapping[int, str]) -> Iterator[list[Any]]:
    """The rows of one sort of lines, each under its matter's number.

    A function of its own: sheets are written after all of them are named, and each has to know its own lines then.
    """
    for row in lines.model._default_manager.filter(**{f"{lines.parent}__in": numbers}):
        yield [numbers[getattr(row, f"{lines.parent}_id")], *cells.cells_of(row, lines.shown)]


def works_as_town(roles: Collection[str], transition: Transition) -> bool:
    """Whether people of ``roles`` take that step as those of a town alone."""
    may = {role for role in transition.by if role in roles}
    return bool(may) and may <= TOWN_ROLES


def headers(register: Register, person: Person, query: Mapping[str, str]) -> QuerySet[Any]:
    """What ``selecting.select`` gives, of the one table alone where nothing of the register's own is asked."""
    asked_for = selecting.conditions(register, person, query)
    if selecting.asks_own(register, asked_for):
        return selecting.select(register, person, query)
    return Matter.objects.filter(seen_by(person, (register,)), *asked_for)


def visible_matters(person: Person, keys: Collection[str] | None = None) -> QuerySet[Matter]:
    """The matters ``person`` may see of every register, or of those called ``keys``: one query, however many there are."""
    registers = all_registers()
    if keys is not None:
        registers = tuple(register for register in registers if register.key in keys)
    return Matter.objects.filter(seen_by(person, registers))


def readable(person: Person, asked: QuerySet[Any], tells: bool) -> set[int]:
    """Of the matters ``asked`` for by key, those of which ``person`` may know; with ``tells`` all that are not restricted."""
    may = seen_by(person, all_registers())
    if tells:
        may |= ~Q(circulation__in=NARROW)
    return set(Matter.objects.filter(may, pk__in=asked).values_list("pk", flat=True))


def state_of(matter: Matter) -> State:
    """Where the matter stands, as its register declares it."""
    return register_of(matter.register).state_of(matter)


def declare(register: Register) -> Register:
    """Make a register known to the pages, the API and the schedule; returns it."""
    return catalogue.declare(register)


def all_registers() -> tuple[Register, ...]:
    """Every declared register, in the order of declaration."""
    return catalogue.listings_of(Register)


def register_of(key: str) -> Register:
    """The register called ``key``. Raises ``KeyError``."""
    listing = catalogue.listing_of(key)
    if not isinstance(listing, Register):
        raise KeyError(key)
    return listing


def has_register(key: str) -> bool:
    try:
        register_of(key)
    except KeyError:
        return False
    return True
