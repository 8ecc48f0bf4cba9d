"""What the other books know of an entity's file: log entries, rosters it is on, duties, what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import within
from ecoledger.accounts.wording import numbered
from ecoledger.books.account import Account
from ecoledger.books.duty import Duty
from ecoledger.books.log import Log
from ecoledger.books.models import Edition, Holding, LogEntry, Obligation, RosterLine
from ecoledger.books.roster import Roster
from ecoledger.entities.about import about, in_scope
from ecoledger.entities.file import (
    Fact,
    File,
    Happening,
    HealthItem,
    Mark,
    Shelf,
    knows,
)
from ecoledger.entities.validity import in_force
from ecoledger.listings import cells
from ecoledger.listings.catalogue import listings_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Column, Kind
from ecoledger.matters.seeing import sees_all_events

# Of a long history so many entries stand on the timeline; a duty is watched so many days before it is due.
LATEST, SOON = 60, timedelta(days=15)

L = TypeVar("L", bound=Listing)


def _books(cls: type[L], person: Person) -> Mapping[str, L]:
    """The declared books of a kind that the person may see."""
    return {book.key: book for book in listings_of(cls) if person.may(book.see)}


def _seen(person: Person, books: Mapping[str, Listing], path: str = "book") -> Q:
    """Rows of ``books`` in scope: people of an enterprise see those of the books that are theirs too."""
    theirs = [key for key, book in books.items() if book.enterprise]
    staff = Q(**{f"{path}__in": list(books)}) & within(person, "area_code")
    return staff | Q(**{f"{path}__in": theirs}) & in_scope(person)


def _entries(file: File) -> QuerySet[Any]:
    books = _books(Log, file.person)
    return LogEntry.objects.filter(about(file), _seen(file.person, books), current=True)


def _lines(file: File) -> QuerySet[Any]:
    books = _books(Roster, file.person)
    return RosterLine.objects.filter(about(file), _seen(file.person, books, "edition__book"))


def _owed(file: File) -> QuerySet[Any]:
    return Obligation.objects.filter(about(file), _seen(file.person, _books(Duty, file.person)))


def _by_book(rows: QuerySet[Any], path: str = "book") -> dict[str, int]:
    return dict(rows.order_by().values_list(path).annotate(Count("pk")))


def _entry_counts(file: File) -> dict[str, int]:
    return _by_book(_entries(file))


def _line_counts(file: File) -> dict[str, int]:
    return _by_book(_lines(file), "edition__book")


def _owed_counts(file: File) -> dict[str, int]:
    return _by_book(_owed(file))


def _facts(file: File) -> Iterable[Fact]:
    """The lists it is on today."""
    if not file.once(_line_counts):
        return
    books = _books(Roster, file.person)
    lines = (
        _lines(file)
        .filter(in_force(path="edition__"), edition__since__isnull=False)
        .exclude(edition__state=Edition.State.DRAFT)
    )
    for key, edition in lines.order_by().values_list("edition__book", "edition__name").distinct():
        yield Fact(
            _("名录"), f"{_(str(books[key].label))} {edition}", f"/b/{key}?about={file.entity.pk}"
        )


def _health(file: File) -> Iterable[HealthItem]:
    """What it owes and has not done in time."""
    if not file.once(_owed_counts):
        return
    books, today = _books(Duty, file.person), timezone.localdate()
    due = Q(state=Obligation.State.DUE)
    late = due & Q(due__lt=today)
    rule = _("到期没有履行为需处置，15日内到期为需关注，按期为良好")
    counted = (
        _owed(file)
        .order_by()
        .values("book")
        .annotate(
            late=Count("pk", filter=late),
            soon=Count("pk", filter=due & Q(due__range=(today, today + SOON))),
            first=Min("due", filter=late),
        )
    )
    for row in counted:
        book = books[row["book"]]
        item, url = _(str(book.label)), f"{book.url}?about={file.entity.pk}"
        if row["late"]:
            text = numbered("到期没有履行%(count)d期", row["late"]) % {"count": row["late"]}
            yield HealthItem(item, text, Mark.BAD, rule, row["first"], url)
        elif row["soon"]:
            text = numbered("15日内到期%(count)d期", row["soon"]) % {"count": row["soon"]}
            yield HealthItem(item, text, Mark.WATCH, rule, url=url)
        else:
            yield HealthItem(item, _("按期履行"), Mark.GOOD, rule, url=url)


def _shelves(file: File) -> Iterable[Shelf]:
    entity, person = file.entity, file.person
    by_kind: tuple[tuple[type[Listing], dict[str, int]], ...] = (
        (Log, file.once(_entry_counts)),
        (Roster, file.once(_line_counts)),
        (Duty, file.once(_owed_counts)),
    )
    for kind, counts in by_kind:
        books = _books(kind, person)
        for key, count in counts.items():
            book = books[key]
            yield Shelf(book.tab, _(str(book.label)), count, f"{book.url}?about={entity.pk}")
    accounts = _books(Account, person)
    held = Holding.objects.filter(
        about(file), within(person), book__in=list(accounts), outside=False
    )
    for key, count in _by_book(held).items():
        account = accounts[key]
        url = f"{account.url}/holdings?about={entity.pk}"
        yield Shelf(account.tab, _(str(account.label)), count, url)


def _timeline(file: File) -> Iterable[Happening]:
    if not file.once(_entry_counts):
        return
    books = _books(Log, file.person)
    entries = list(_entries(file).select_related("entity", "by").order_by("-at")[:LATEST])
    said = _said(file.person, books, entries)
    inside = sees_all_events(file.person)
    for entry in entries:
        book = books[entry.book]
        who = entry.by.name if entry.by and inside else ""
        part = entry.entity.name if entry.entity_id != file.entity.pk else ""
        note = entry.note if book.is_open("note", file.person) else ""
        words = (part, *said.get(entry.pk, ()), note, who)
        text = " · ".join(filter(None, words)) or _("已登记")
        yield Happening(entry.at, _(str(book.label)), text, f"{book.url}/{entry.pk}", book.tab)


# Of what only a log records so many values stand on its line of the timeline.
SAID = 3


def _said(
    person: Person, books: Mapping[str, Log], entries: Iterable[LogEntry]
) -> dict[int, list[str]]:
    """What was found, by entry: the first things that its log asks beside where, when and by whom."""
    keys: dict[str, list[int]] = {}
    for entry in entries:
        keys.setdefault(entry.book, []).append(entry.pk)
    said = {}
    for key, pks in keys.items():
        own = books[key].own_fields
        columns = [c for c in books[key].open_columns(person) if c.name in own]
        for row in books[key].model._default_manager.filter(pk__in=pks):
            texts = ((c, cells.text_of(row, c)) for c in columns if cells.value_of(row, c.name))
            said[row.pk] = [_worded(c, text) for c, text in texts if text][:SAID]
    return said


def _worded(column: Column, text: str) -> str:
    """A choice speaks for itself; a number or a yes needs its name."""
    return text if column.kind in (Kind.CHOICE, Kind.TEXT) else f"{_(str(column.label))} {text}"


knows(facts=_facts, health=_health, timeline=_timeline, shelves=_shelves)
