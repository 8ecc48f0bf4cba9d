"""Duty (定期义务): who owes what about which thing, every so often or until a day.

The terms are computed from the declaration; one row a thing and term says whether it was fulfilled. The
schedule makes the rows of terms that have begun, reminds, and opens a matter where the duty says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Count, F, Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.models import LogEntry, Obligation
from ecoledger.entities.models import Entity
from ecoledger.listings.catalogue import listings_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import DeclarationError, Kind, Text, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import notices
from ecoledger.matters.models import Urgency

State = Obligation.State
log = logging.getLogger(__name__)


class Every(StrEnum):
    """How long a term is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}


# Of what is not done yet: so many days before its day it is soon due.
WEEK = timedelta(days=7)
OVERDUE, SOON = "overdue", "week"
_VIEWS = (View(OVERDUE, noop("超期"), {OVERDUE: "1"}), View(SOON, noop("7 天内到期"), {SOON: "1"}))

# Days after an end, or the due day of an end.
DueAfter = int | Callable[[date], date]


@dataclass(frozen=True, slots=True)
class Term:
    """A stretch of days, both ends in it, and the day by which what is owed for it must be there."""

    begin: date
    end: date
    due: date


@dataclass(frozen=True, kw_only=True, eq=False)
class Duty(Listing):
    """A declared duty about ``objects``.

    Either ``every`` term, due ``due_after`` days after its end (negative: before it), or ``until`` a date
    kept in the thing's own field of that name, due ``due_after`` days before or after that date. ``due_after`` may be
    a function of that end, where the day is the calendar's or stands in a file that the bureau changes.
    ``owed_by`` names the roles that are reminded; ``charges`` may find them through charges instead.
    """

    kinds: ClassVar[Mapping[str, Kind]] = {"state": Kind.STATE}
    told_apart_by: ClassVar[str] = "book"

    model: type[Model] = Obligation
    # The things it is about now: a query set of entities, asked again each day.
    objects: Callable[[], QuerySet[Any]]
    every: Every | None = None
    until: str = ""
    due_after: DueAfter = 0
    remind_before: int = 5
    owed_by: frozenset[Role] = frozenset()
    owners: Callable[[Entity], Iterable[Person]] | None = None
    # Key of the log whose entries about the thing within the term fulfil it.
    fulfilled_by: str = ""
    # Called for a term that becomes overdue; may open a matter and return it.
    opens: Callable[[Obligation, datetime], Any] | None = None
    order: tuple[str, ...] = ("due", "pk")

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.every is None) == (not self.until):
            raise DeclarationError(f"{self.key}: give one of every and until")

    @property
    def further_pages(self) -> tuple[tuple[Text, str], ...]:
        return (("未履行", f"{self.url}/calendar"),)

    def given_views(self) -> tuple[View, ...]:
        return _VIEWS

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        """Its flags: what is owed and its day has gone by, or is near. Told by the day, not by what a round wrote."""
        asked = [near for name, near in _near(timezone.localdate(now)) if query.get(name) == "1"]
        return Q(*asked)

    def people(self, entity: Entity) -> list[Person]:
        """Who is reminded about a thing."""
        if self.owners is not None:
            return list(self.owners(entity))
        return notices.people_with(self.owed_by, entity.area_code)


def _due(end: date, due_after: DueAfter) -> date:
    """The day by which what is owed of an end must be there; of an end at a border of the calendar that border."""
    if callable(due_after):
        return due_after(end)
    try:
        return end + timedelta(days=due_after)
    except OverflowError:
        return date.max if due_after > 0 else date.min


def _near(today: date) -> tuple[tuple[str, Q], ...]:
    """What is owed on ``today`` and overdue, and what soon is."""
    owed = Q(state=State.DUE)
    return (OVERDUE, owed & Q(due__lt=today)), (SOON, owed & Q(due__range=(today, today + WEEK)))


def owed_soon(duties: Iterable[Duty], person: Person) -> dict[str, dict[str, int]]:
    """How much is overdue and soon due in each of ``duties``, as far as ``person`` may see it: one query."""
    near = dict(_near(timezone.localdate()))
    counts = {name: Count("pk", filter=of) for name, of in near.items()}
    first, *others = [
        duty.visible_to(person)
        .filter(near[OVERDUE] | near[SOON])
        .order_by()
        .values("book")
        .annotate(**counts)
        for duty in duties
    ] or [Obligation.objects.none().values("book")]
    return {row["book"]: row for row in first.union(*others)}


def term_of(every: Every, day: date, due_after: DueAfter = 0) -> Term:
    """The term in which ``day`` lies.

    >>> term_of(Every.QUARTER, date(2026, 5, 20), 15)
    Term(begin=datetime.date(2026, 4, 1), end=datetime.date(2026, 6, 30), due=datetime.date(2026, 7, 15))
    >>> term_of(Every.WEEK, date(2026, 11, 28)).end
    datetime.date(2026, 11, 29)
    """
    if every is Every.DAY:
        begin = end = day
    elif every is Every.WEEK:
        begin = day - timedelta(days=day.weekday())
        end = begin + timedelta(days=6)
    else:
        months = _MONTHS[every]
        first = (day.month - 1) // months * months
        begin = date(day.year, first + 1, 1)
        last = first + months
        end = date(day.year + last // 12, last % 12 + 1, 1) - timedelta(days=1)
    return Term(begin, end, _due(end, due_after))


def terms(duty: Duty, entity: Any, today: date) -> Iterator[Term]:
    """The terms of ``entity`` that are under way on ``today``, or ended and are not yet due."""
    if duty.until:
        last: date | None = getattr(entity, duty.until, None)
        if last is not None:
            due = _due(last, duty.due_after)
            if due <= today + timedelta(days=duty.remind_before):
                yield Term(last, last, due)
        return
    if duty.every is None:
        return
    term = term_of(duty.every, today, duty.due_after)
    before = term_of(duty.every, term.begin - timedelta(days=1), duty.due_after)
    if before.due >= today:
        yield before
    yield term


def extend(duty: Duty, today: date | None = None, about: Entity | None = None) -> int:
    """Make the rows of the terms under way, of all its things or of one; returns how many are new. Safe to call again."""
    today = today or timezone.localdate()
    wanted = []
    things = duty.objects() if about is None else duty.objects().filter(pk=about.pk)
    for entity in things.iterator(1000):
        try:
            owed = list(terms(duty, entity, today))
        except (ValueError, OverflowError):  # its date is at an end of the calendar
            log.exception("%s: no term of %s can be reckoned", duty.key, entity.code)
            continue
        wanted += [
            Obligation(
                book=duty.key,
                entity_id=entity.pk,
                area_code=entity.area_code,
                begin=term.begin,
                end=term.end,
                due=term.due,
                synthetic=entity.synthetic,
            )
            for term in owed
        ]
    last = Obligation.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    Obligation.objects.bulk_create(wanted, batch_size=1000, ignore_conflicts=True)
    made = Obligation.objects.filter(book=duty.key, pk__gt=last)
    count = made.count()
    if count and duty.fulfilled_by:
        _take_earlier_entries(duty, made)
    return count


def _take_earlier_entries(duty: Duty, made: QuerySet[Obligation]) -> None:
    """Terms that began to be owed after their log had an entry in them are fulfilled by it."""
    entries = LogEntry.objects.filter(
        book=duty.fulfilled_by, current=True, entity__in=made.values("entity"),
        at__date__gte=min(made.values_list("begin", flat=True)),
    ).order_by("at")  # fmt: skip
    by_thing: dict[int, list[LogEntry]] = {}
    for entry in entries:
        by_thing.setdefault(entry.entity_id, []).append(entry)
    for owed in made.filter(entity__in=list(by_thing)):
        for entry in by_thing[owed.entity_id]:
            day = timezone.localdate(entry.at)
            if _lies_in(duty, owed, day):
                fulfil(duty, owed, by=entry.by, on=day, entry=entry, found=True)
                break


def _lies_in(duty: Duty, owed: Obligation, day: date) -> bool:
    """Whether what is dated ``day`` is for that term: until it is due, but what is owed of a day is of that day."""
    return owed.begin <= day <= (owed.end if duty.every is Every.DAY else owed.due)


def fulfil(
    duty: Duty,
    obligation: Obligation,
    *,
    by: Person | None,
    on: date | None = None,
    note: str = "",
    entry: Any = None,
    found: bool = False,
) -> Obligation:
    """Say that it was done on a day. Raises :class:`Refused` when it was done or waived before.

    ``found``: nobody says so now, the system has found that ``by`` did it.
    """
    with transaction.atomic():
        row = Obligation.objects.select_for_update().get(pk=obligation.pk)
        if row.state != State.DUE:
            raise Refused("state", _("这一期已%s。") % _(row.get_state_display()))
        row.state, row.done_on, row.done_by = State.DONE, on or timezone.localdate(), by
        row.note, row.entry = note or row.note, entry
        row.save()
        details = {"on": row.done_on.isoformat()} | ({"who": str(by)} if found and by else {})
        audit.record(None if found else by, f"{duty.key}.done", row, details=details)
    return row


def waive(duty: Duty, obligation: Obligation, *, by: Person, reason: str) -> Obligation:
    """Excuse one term, with a reason."""
    if not reason.strip():
        raise Refused("form", _("没有写明理由。"), _("请写明免除的理由。"))
    with transaction.atomic():
        row = Obligation.objects.select_for_update().get(pk=obligation.pk)
        if row.state != State.DUE:
            raise Refused("state", _("这一期已%s。") % _(row.get_state_display()))
        row.state, row.note, row.done_by = State.WAIVED, reason.strip(), by
        row.save()
        audit.record(by, f"{duty.key}.waive", row, details={"reason": reason})
    return row


def fulfilled_by(log: str) -> list[Duty]:
    """The duties that entries of a log fulfil."""
    return [duty for duty in listings_of(Duty) if duty.fulfilled_by == log]


def take_entry(entry: Any) -> int:
    """A log entry fulfils the terms it lies in, of the duties that its log fulfils; returns how many."""
    count = 0
    day = timezone.localdate(entry.at)
    for duty in fulfilled_by(entry.book):
        owed = Obligation.objects.filter(
            book=duty.key, entity_id=entry.entity_id, state=State.DUE, begin__lte=day, due__gte=day
        )
        for obligation in owed:
            if _lies_in(duty, obligation, day):
                fulfil(duty, obligation, by=entry.by, on=day, entry=entry)
                count += 1
    return count


def remind(duty: Duty, now: datetime | None = None) -> int:
    """Tell those who owe, once before the day and once after it; returns how many rows were told of."""
    now = now or timezone.now()
    today = timezone.localdate(now)
    soon = today + timedelta(days=duty.remind_before)
    owed = Obligation.objects.filter(book=duty.key, state=State.DUE).select_related("entity")
    count = 0
    before = owed.filter(due__gte=today, due__lte=soon, reminded_at=None)
    after = owed.filter(due__lt=today, overdue_told_at=None)
    for obligation in [*before, *after]:
        late = obligation.due < today
        text = (
            noop("%(duty)s：%(entity)s 已超期，期限 %(due)s")
            if late
            else noop("%(duty)s：%(entity)s 须在 %(due)s 前完成")
        )
        with transaction.atomic():
            notices.tell(
                duty.people(obligation.entity),
                text
                % {
                    "duty": duty.label,
                    "entity": obligation.entity,
                    "due": f"{obligation.due:%Y-%m-%d}",
                },
                urgency=Urgency.OVERDUE if late else Urgency.SOON,
                link=f"/b/{duty.key}",
                at=now,
            )
            if late:
                obligation.overdue_told_at = now
                if duty.opens is not None:
                    obligation.matter = duty.opens(obligation, now)
            else:
                obligation.reminded_at = now
            obligation.save(update_fields=["overdue_told_at", "reminded_at", "matter"])
        count += 1
    return count


# Whether a table is taken in: what its rows owe begins when all are there (:func:`after_import`).
_in_the_end: ContextVar[bool] = ContextVar("_in_the_end", default=False)


@contextmanager
def in_the_end() -> Iterator[None]:
    """Things that are entered meanwhile begin nothing each for itself."""
    token = _in_the_end.set(True)
    try:
        yield
    finally:
        _in_the_end.reset(token)


def begin(thing: Entity) -> None:
    """Let a thing whose date was entered or changed owe at once what is due by that date."""
    for duty in () if _in_the_end.get() else listings_of(Duty):
        if duty.until and isinstance(thing, duty.objects().model):
            extend(duty, about=thing)


def after_import(_listing: Any) -> None:
    """Begin the terms of what an import brought: a new chief's stations, a new licence."""
    _each(extend)


def daily(now: datetime | None = None) -> int:
    """The day's round over every duty: new terms, then reminders."""
    now = now or timezone.now()
    return _each(lambda duty: extend(duty, timezone.localdate(now)) + remind(duty, now))


def _each(ask: Callable[[Duty], int]) -> int:
    """Ask something of every duty; what breaks one stops none of the others."""
    count = 0
    for duty in listings_of(Duty):
        try:
            count += ask(duty)
        except Exception:
            log.exception("the duty %s was left out", duty.key)
    return count


@dataclass(frozen=True, slots=True)
class Completion:
    """How a duty stood in a term: owed, done in time, done late, open, overdue, excused."""

    owed: int
    in_time: int
    late: int
    open: int
    overdue: int
    waived: int


def completion(rows: QuerySet[Obligation], today: date | None = None) -> Completion:
    """Counts over ``rows``; ``owed`` leaves out what was excused."""
    today = today or timezone.localdate()
    n = rows.aggregate(
        in_time=Count("pk", filter=Q(state=State.DONE, done_on__lte=F("due"))),
        late=Count("pk", filter=Q(state=State.DONE, done_on__gt=F("due"))),
        open=Count("pk", filter=Q(state=State.DUE, due__gte=today)),
        overdue=Count("pk", filter=Q(state=State.DUE, due__lt=today)),
        waived=Count("pk", filter=Q(state=State.WAIVED)),
    )
    return Completion(owed=n["in_time"] + n["late"] + n["open"] + n["overdue"], **n)
