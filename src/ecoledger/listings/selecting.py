"""The rows of a list: in scope, filtered, searched, sorted and paged, by the words of its address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.listings import asked
from ecoledger.listings.derive import field_at
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import lookup_among
from ecoledger.listings.parts import Filter, Kind
from ecoledger.live import times

PAGE = 50
# So many rows are counted exactly; of more it is said that there are more, until somebody asks.
COUNTED = 10_000
_LETTERS = 200  # and more letters than any name has
_WORDS = 5  # of a search; more would be joined into a query nobody waits for

# What stands in a list's address: parameter -> value, or a ``QueryDict``.
Query = Mapping[str, str]


def values(query: Query, name: str) -> list[str]:
    """All values given for ``name``, blanks left out."""
    given = query.getlist(name) if hasattr(query, "getlist") else [query.get(name, "")]
    return [text for value in given if (text := str(value).strip())]


def chosen(declared: Filter, query: Query) -> list[str]:
    """What is chosen of a filter: of codes and numbers several may stand in one value, parted by commas."""
    given = values(query, declared.name)
    if declared.kind in (Kind.TEXT, Kind.LONG_TEXT):
        return given
    return [part for value in given for text in value.split(",") if (part := text.strip())]


def select(
    listing: Listing, person: Person, query: Query, now: datetime | None = None
) -> QuerySet[Any]:
    """The rows ``person`` may see that fit ``query``.

    What is no filter open to this person is ignored; a value that cannot be is no condition.
    """
    rows = listing.visible_to(person)
    for asked_for in conditions(listing, person, query, now):
        rows = rows.filter(asked_for)
    return rows


def conditions(
    listing: Listing, person: Person, query: Query, now: datetime | None = None
) -> list[Q]:
    """What ``query`` asks of the rows, each to be met."""
    query = listing.begun(query)
    asked_for = [condition(declared, query) for declared in listing.open_filters(person)]
    asked_for.append(listing.conditions(query, person, now or timezone.now()))
    asked_for.append(_about(listing, query))
    words = query.get("q", "")[:_LETTERS].split()[:_WORDS]
    asked_for += [_holding(listing, person, word) for word in words]
    return [part for part in asked_for if part]


def asks_own(listing: Listing, asked_for: Iterable[Q], names: Iterable[str] = ()) -> bool:
    """Whether conditions, or names to order by, ask for what stands in the list's own table, not in the one it extends."""
    own = {field.name for field in listing.model._meta.local_fields}
    paths = (*names, *(path for part in asked_for for path in _paths(part)))
    return any(path.lstrip("-").split("__")[0] in own for path in paths)


def _paths(condition: Q) -> Iterable[str]:
    """The paths that a condition asks."""
    for child in condition.children:
        if isinstance(child, Q):
            yield from _paths(child)
        elif isinstance(child, tuple):
            yield child[0]


def _about(listing: Listing, query: Query) -> Q:
    """That a row is about the thing of the key in ``?about=``; what is no key names nothing, and no row is about it."""
    if not (said := query.get("about", "")):
        return Q()
    number = asked.number(said)
    return Q(pk__in=[]) if number is None else listing.about(number)


# Ways to find a word without looking into every row; a room above adds its own (``web.search``). ``None``: not
# for this list. They know only of names that are hidden from nobody.
Finder = Callable[[Listing, str], Q | None]
finders: list[Finder] = []


def _holding(listing: Listing, person: Person, word: str) -> Q:
    """That a row holds ``word`` in one of the paths searched."""
    paths = listing.open_search(person)
    for finder in finders:
        if (match := finder(listing, word)) is not None:
            paths = tuple(p for p in paths if p not in listing.plain_search)
            break
    else:
        match = Q()
    for path in paths:
        match |= Q(**{f"{path}__icontains": word})
    return match


def condition(declared: Filter, query: Query) -> Q:
    """What one filter asks of the rows; several values of one filter are alternatives."""
    picked, path = chosen(declared, query), declared.lookup
    match declared.kind:
        case Kind.CHOICES:
            known = {value for value, _label in declared.choices}
            holds = Q()
            for code in known & set(picked):
                holds |= Q(**{f"{path}__contains": f",{code},"})
            return holds
        case Kind.CHOICE | Kind.STATE:
            known = {value for value, _label in declared.choices}
            # "all" takes back what a list begins with; another word that is no choice is no row's, not every row's.
            if all(value == "all" and value not in known for value in picked):
                return Q()
            return Q(**{f"{path}__in": [value for value in picked if value in known]})
        case Kind.BOOLEAN:
            answer = picked[0] if len(picked) == 1 else ""
            return Q(**{path: answer == "1"}) if answer in ("0", "1") else Q()
        case Kind.AREA:
            inside = Q()
            for code in picked:
                if asked.number(code) is not None:
                    inside |= Q(**{f"{path}__startswith": code})
            return inside
        case Kind.REFERENCE:
            return _named(declared, picked)
        case Kind.DATE | Kind.DATETIME | Kind.DUE:
            return _between(declared, query)
        case Kind.INTEGER | Kind.DECIMAL:
            least, most = map(_decimal, ends(declared, query))
            within = Q() if least is None else Q(**{f"{path}__gte": least})
            return within if most is None else within & Q(**{f"{path}__lte": most})
    return Q(**{f"{path}__icontains": picked[0]}) if picked else Q()


def _named(declared: Filter, picked: list[str]) -> Q:
    """The rows that look-ups of the filter send: by their key, or by the code that stands for them."""
    value = lookup_among(declared.among, declared.to).value if declared.to is not None else "pk"
    if value != "pk":
        return Q(**{f"{declared.lookup}__{value}__in": picked}) if picked else Q()
    numbers = [n for text in picked if (n := asked.number(text)) is not None]
    return Q(**{f"{declared.lookup}__in": numbers}) if numbers else Q()


def ends(declared: Filter, query: Query) -> tuple[str, str]:
    """From where to where a number or a day is asked for; the bare name says both: ``year=2026``."""
    exactly, name = query.get(declared.name, ""), declared.name
    return query.get(f"{name}_from", "") or exactly, query.get(f"{name}_to", "") or exactly


def _between(declared: Filter, query: Query) -> Q:
    first, last = map(asked.day, ends(declared, query))
    path, within = declared.lookup, Q()
    if declared.kind is Kind.DATE:
        within &= Q(**{f"{path}__gte": first}) if first else Q()
        return within & (Q(**{f"{path}__lte": last}) if last else Q())
    within &= Q(**{f"{path}__gte": times.midnight(first)}) if first else Q()
    return within & (Q(**{f"{path}__lt": times.midnight(last + timedelta(1))}) if last else Q())


def _decimal(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def ordered(listing: Listing, person: Person, rows: QuerySet[Any], sort: str = "") -> QuerySet[Any]:
    """``rows`` sorted by an open, sortable column, descending with a leading "-"; else as declared.

    Ties follow the primary key in the same direction, as the index itself does.
    """
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    column = next((c for c in listing.open_columns(person) if c.name == name and c.sortable), None)
    if column is None:
        return rows.order_by(*listing.order, *([] if _unique(listing) else ["-pk"]))
    if column.sorts and column.sorts == listing.order[0].removeprefix("-"):
        # As the list begins, or all of it the other way round: what an index of the list's order gives either way.
        rows = rows.order_by(*listing.order)
        return rows if listing.order[0].startswith("-") == descending else rows.reverse()
    path = F(column.sorts or name)
    # What has no value comes last either way; asked only where there is such a thing, for an index's sake.
    last = True if getattr(field_at(listing.model, name), "null", True) else None
    order = path.desc(nulls_last=last) if descending else path.asc(nulls_last=last)
    return rows.order_by(order, "-pk" if descending else "pk")


def _unique(listing: Listing) -> bool:
    names = [name.lstrip("-") for name in listing.order]
    if {"pk", "id"} & set(names):
        return True
    fields = [field_at(listing.model, name) for name in names if "__" not in name]
    return any(getattr(field, "unique", False) for field in fields)


def related(listing: Listing) -> tuple[str, ...]:
    """Relations that the columns read: fetched with the rows, not one by one."""
    paths = set()
    for column in listing.columns:
        if column.kind is Kind.REFERENCE:
            paths.add(column.name)
        elif "__" in column.name:
            paths.add(column.name.rsplit("__", 1)[0])
    paths |= {n for n in listing.under if n in _foreign(listing)}
    return tuple(sorted(paths))


def _foreign(listing: Listing) -> set[str]:
    return {f.name for f in listing.model._meta.fields if f.is_relation}


@dataclass(frozen=True)
class Count:
    """How many rows there are; not ``exact``: at least so many."""

    number: int
    exact: bool = True


def counted(rows: QuerySet[Any], *, exact: bool = False) -> Count:
    """How many ``rows`` there are, exactly up to :data:`COUNTED`, or whenever ``exact`` is asked."""
    if exact:
        return Count(rows.order_by().count())
    number = rows.order_by().values("pk")[: COUNTED + 1].count()
    return Count(min(number, COUNTED), number <= COUNTED)


@dataclass(frozen=True)
class Page:
    """One page of a list. ``last`` is its last page, as far as counted."""

    rows: list[Any]
    number: int
    count: Count
    size: int
    more: bool

    @property
    def last(self) -> int:
        return max(1, -(-self.count.number // self.size), self.number)

    @property
    def first_row(self) -> int:
        return (self.number - 1) * self.size + 1


def page(
    listing: Listing,
    rows: QuerySet[Any],
    number: int = 1,
    *,
    size: int = PAGE,
    exact: bool = False,
) -> Page:
    """Page ``number`` of sorted ``rows``; past the end, the last page.

    Only primary keys are walked to a deep page; the rows themselves are read for one page alone.
    """
    number = max(1, number)
    keys = _keys(rows, number, size)
    if len(keys) <= size and (keys or number == 1):  # the last page: what is before it is known
        count = Count((number - 1) * size + len(keys))
    else:
        count = counted(rows, exact=exact)
    if not keys and number > 1:
        count = counted(rows, exact=True)
        number = max(1, -(-count.number // size))
        keys = _keys(rows, number, size)
    by_key = {
        row.pk: row
        for row in listing.model._default_manager.filter(pk__in=keys[:size])
        .select_related(*related(listing))
        .prefetch_related(*listing.prefetch)
    }
    shown = [by_key[key] for key in keys[:size] if key in by_key]
    return Page(shown, number, count, size, len(keys) > size)


def _keys(rows: QuerySet[Any], number: int, size: int) -> list[Any]:
    start = (number - 1) * size
    return list(rows.values_list("pk", flat=True)[start : start + size + 1])
