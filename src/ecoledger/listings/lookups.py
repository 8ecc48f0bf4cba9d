"""Finding a row of another table by what a person types: name, initials, code, old name.

Forms, filters, imports and the API all resolve a reference here, so all of them take the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Case, Model, Q, QuerySet, When
from django.utils.translation import gettext as _

from ecoledger.accounts.grants import people_with
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import ADMINISTRATORS, STAFF
from ecoledger.accounts.scope import visible
from ecoledger.listings import asked
from ecoledger.listings.parts import DeclarationError
from ecoledger.listings.pinyin import initials
from ecoledger.standards.written_names import plain
from ecoledger.standards.written_units import unit_key

_AT_ONCE = 500  # words that are asked for in one question
LONGEST = 500  # letters of a name; a database looks for no pattern of any length
MOST = 12  # rows offered for what was typed
SPELT = 20_000  # rows whose names are spelt to find one by its initials, where no index holds them

# By what else a row of a model is found for what was typed, the likeliest first; ``None`` where a finder does not know
# the model. A room above adds the search's own (``web.search``).
finders: list[Callable[[type[Model], str], Sequence[Q] | None]] = []


class NoSuchRow(LookupError):  # noqa: N818 - said to a person
    """No row, or more than one, goes by these words; the message says which and what would help."""


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """How the rows of one model are found.

    ``rows``: those a person may choose, asked through :meth:`open_rows`. ``exact``: paths in which a whole word stands ("name", "code",
    former names); ``begins``: paths that are searched from their beginning (code, initials); ``contains``:
    paths searched anywhere. ``value``: the attribute a form sends. ``few``: small enough for a plain select.
    """

    key: str
    model: type[Model]
    label: str
    rows: Callable[[Person | None], QuerySet[Any]]
    exact: tuple[str, ...] = ("name",)
    begins: tuple[str, ...] = ()
    contains: tuple[str, ...] = ("name",)
    under: Callable[[Any], str] = lambda row: ""
    value: str = "pk"
    few: bool = False
    # In which order what was typed is answered, where that is not the order of ``rows``.
    offered: tuple[Any, ...] = ()
    # The capability without which none of its rows is offered or taken; "" where ``rows`` itself says who may.
    see: str = ""
    # A field of the same form whose value narrows what is offered, and the path of its row: ("unit", "organisation").
    beside: tuple[str, str] = ("", "")

    def open_rows(self, person: Person | None) -> QuerySet[Any]:
        """The rows ``person`` may choose; every row for the schedule."""
        if person is not None and (not person.is_active or (self.see and not person.may(self.see))):
            return self.model._default_manager.none()
        return self.rows(person)

    def value_of(self, row: Any) -> Any:
        return getattr(row, self.value)

    def search(self, words: str, person: Person | None, beside: str = "") -> list[Any]:
        """At most :data:`MOST` rows for what was typed; those that begin with it come first. For nothing typed all rows, if
        they are no more than that: of many a dozen would be arbitrary.

        ``beside``: the value of the field that narrows them (:attr:`beside`), as far as there is one.
        """
        rows = self.open_rows(person)
        if self.beside[1] and asked.number(beside) is not None:
            rows = rows.filter(**{self.beside[1]: int(beside)})
        words = words.strip()
        if len(words) > LONGEST:
            return []
        if not words:
            every = list(rows[: MOST + 1])
            return every if len(every) <= MOST else []
        if self.offered:
            rows = rows.order_by(*self.offered)
        starts, holds = Q(), Q()
        for path in (*self.begins, *self.exact):
            starts |= Q(**{f"{path}__istartswith": words})
        for path in self.contains:
            holds |= Q(**{f"{path}__icontains": words})
        result: list[Any] = []
        for way in self._ways(rows, words, starts, holds):
            known = {row.pk for row in result}
            result += rows.filter(way).exclude(pk__in=known).distinct()[: MOST - len(result)]
            if len(result) >= MOST:
                break
        return result

    def _ways(self, rows: QuerySet[Any], words: str, starts: Q, holds: Q) -> Iterator[Q]:
        """In which rows may be meant, the likeliest first; each is asked only where those before found too few."""
        yield starts
        yield holds
        entered = [ways for finder in finders if (ways := finder(self.model, words)) is not None]
        for ways in entered:
            yield from ways
        if not entered and (letters := words.lower()).isascii() and len(letters) > 1:
            texts = rows.order_by().values_list("pk", *self.contains)[:SPELT]
            spelt = [(pk, [initials(str(name or "")) for name in names]) for pk, *names in texts]
            for fits in (str.startswith, str.__contains__):
                yield Q(pk__in=[pk for pk, names in spelt if any(fits(n, letters) for n in names)])

    def alike(self, rows: QuerySet[Any], words: str) -> list[Any]:
        """Rows that ``words`` may mean though no path holds them exactly."""
        return []

    def _in_full(self, rows: QuerySet[Any], words: str) -> list[Any]:
        """The rows that lists write so: a matter's number and title."""
        number, _blank, rest = words.partition(" ")
        named = Q()
        for path in self.exact if rest else ():
            named |= Q(**{path: number})
        return (
            [row for row in rows.filter(named).distinct()[:3] if str(row) == words] if rest else []
        )

    def of_many(self, many: Iterable[str], person: Person | None) -> dict[str, Any]:
        """The rows that each of ``many`` words names by its value, its code or its whole name, as :meth:`resolve` finds
        them, a few hundred at once. What it would look for further, or refuse, is left to it."""
        # By a key of the database a number is a row before it is a name.
        words = [text for text in many if self.value != "pk" or asked.number(text) is None]
        rows = self.open_rows(person)
        result: dict[str, Any] = {}
        for start in range(0, len(words), _AT_ONCE):
            some = set(words[start : start + _AT_ONCE])
            if self.value != "pk":
                result |= _once(rows, self.value, some)
                some -= result.keys()
            keys: dict[str, set[Any]] = {}
            for path in self.exact:
                said = rows.filter(**{f"{path}__in": some}).order_by().values_list(path, "pk")
                for word, key in said:
                    keys.setdefault(str(word), set()).add(key)
            single = {word: key for word, (key, *more) in keys.items() if not more}
            there = {row.pk: row for row in rows.filter(pk__in=set(single.values()))}
            result |= {word: there[key] for word, key in single.items()}
        return result

    def resolve(self, words: str, person: Person | None) -> Any:
        """The one row that ``words`` name: its value, code, or whole name. Raises :class:`NoSuchRow`."""
        rows, words = self.open_rows(person), str(words).strip()
        if len(words) > LONGEST:
            raise NoSuchRow(
                _("“%(words)s…”太长，不是%(label)s的名称或编码")
                % {"words": words[:40], "label": _(self.label)}
            )
        if self.value != "pk" or asked.number(words) is not None:
            try:
                return rows.get(**{self.value: words})
            except (ObjectDoesNotExist, ValueError, OverflowError):
                pass
        named = Q()
        for path in self.exact:
            named |= Q(**{path: words})
        found = list(rows.filter(named).distinct()[:3]) or self.alike(rows, words)
        found = found or self._in_full(rows, words)
        if len(found) == 1:
            return found[0]
        if found:
            under = _("；").join(filter(None, (self.under(row) for row in found)))
            raise NoSuchRow(
                _("有多个%(label)s名为“%(words)s”（%(under)s）；请改填编码")
                % {"label": _(self.label), "words": words, "under": under}
            )
        if self.few:
            names = _("、").join(str(row) for row in rows[:MOST])
            raise NoSuchRow(
                _("“%(words)s”不是您范围内的%(label)s；可填：%(names)s")
                % {"label": _(self.label), "words": words, "names": names}
            )
        close = _("、").join(str(row) for row in self.search(words, person)[:3])
        hint = _("是不是：%s") % close if close else _("请核对全称，或先登记")
        raise NoSuchRow(
            _("没有名称或编码为“%(words)s”的%(label)s；%(hint)s")
            % {"label": _(self.label), "words": words, "hint": hint}
        )


def _once(rows: QuerySet[Any], path: str, words: set[str]) -> dict[str, Any]:
    """The rows in whose ``path`` one of ``words`` stands, as far as it stands in one alone."""
    found: dict[str, list[Any]] = {}
    for row in rows.filter(**{f"{path}__in": words}):
        found.setdefault(str(getattr(row, path)), []).append(row)
    return {word: some[0] for word, some in found.items() if len(some) == 1}


class UnitLookup(Lookup):
    """Rows that are units or places: found under their short, former and official names."""

    def alike(self, rows: QuerySet[Any], words: str) -> list[Any]:
        key = unit_key(words)
        if not key:
            return []
        named = list(self.named(rows))
        for called in (
            plain,
            unit_key,
        ):  # another name of it as it stands, before one that comes to the same
            wanted = called(words)
            if found := [row for row, names in named if wanted in map(called, names)]:
                return found
        return []

    def named(self, rows: QuerySet[Any]) -> Iterable[tuple[Any, tuple[str, ...]]]:
        """The rows with every name they go by."""
        return ((row, (row.name,)) for row in rows)


class _OrganisationLookup(UnitLookup):
    """Government units answer to other names; a firm only to its own."""

    def named(self, rows: QuerySet[Any]) -> Iterable[tuple[Any, tuple[str, ...]]]:
        for row in rows.exclude(kind=Organisation.Kind.ENTERPRISE):
            yield row, (row.name, *row.also_called)


_lookups: dict[str, Lookup] = {}
_by_model: dict[type[Model], Lookup] = {}


def declare_lookup(lookup: Lookup) -> Lookup:
    """Make a look-up known by its key and, the first of a model, as that model's own."""
    if lookup.key in _lookups:
        raise DeclarationError(f"look-up {lookup.key} is declared twice")
    _lookups[lookup.key] = lookup
    _by_model.setdefault(lookup.model, lookup)
    return lookup


def has_lookup(key: str) -> bool:
    """Whether a look-up of this key is declared."""
    return key in _lookups


def lookup_of(key: str) -> Lookup:
    """The look-up called ``key``. Raises ``KeyError``."""
    return _lookups[key] if key in _lookups else _asked_for(key)


def lookup_among(key: str, model: type[Model]) -> Lookup:
    """The look-up called ``key`` or, without one, that of the model."""
    return lookup_of(key) if key else lookup_for(model)


def lookup_for(model: type[Model]) -> Lookup:
    """The look-up of a model, or of the nearest model it extends; without one, its rows by name."""
    if model in _by_model:
        return _by_model[model]
    above = next((_by_model[cls] for cls in model.__mro__ if cls in _by_model), None)
    return declare_lookup(_plain(model) if above is None else _narrowed(above, model))


def _asked_for(key: str) -> Lookup:
    """A model's look-up that no form of this process has made yet: the form may have come from another process."""
    from ecoledger.listings.catalogue import all_listings

    for listing in all_listings():
        asks = (*listing.fields, *listing.batch, *listing.import_asks)
        for to in (*(f.to for f in listing.filters), *(a.to for a in asks)):
            if to is not None and to._meta.label_lower == key:
                return lookup_for(to)
    raise KeyError(key)


def _narrowed(above: Lookup, model: type[Model]) -> Lookup:
    """The look-up of a parent model, for the rows of one that extends it."""

    def rows(person: Person | None) -> QuerySet[Any]:
        return model._default_manager.filter(pk__in=above.open_rows(person).values("pk"))

    key, label = model._meta.label_lower, str(model._meta.verbose_name)
    return replace(above, key=key, label=label, model=model, rows=rows)


def _plain(model: type[Model]) -> Lookup:
    """Rows by name; where a declared list shows them, those that it shows the person."""
    named = ("name",) if any(f.name == "name" for f in model._meta.fields) else ()

    def rows(person: Person | None) -> QuerySet[Any]:
        from ecoledger.listings.catalogue import all_listings

        book = next((listing for listing in all_listings() if listing.model is model), None)
        if person is None or book is None:
            return model._default_manager.order_by("pk")
        return book.visible_to(person).order_by("pk")

    return Lookup(
        key=model._meta.label_lower,
        label=str(model._meta.verbose_name),
        model=model,
        rows=rows,
        exact=named or ("pk",),
        contains=named,
    )


def _organisations(person: Person | None) -> QuerySet[Organisation]:
    # Towns and departments before the thousands of enterprises; of these only those in one's area.
    last = Case(When(kind=Organisation.Kind.ENTERPRISE, then=1), default=0)
    rows = Organisation.objects.order_by(last, "kind", "area_code", "name")
    if person is None:
        return rows
    firms = Organisation.objects.filter(kind=Organisation.Kind.ENTERPRISE)
    foreign = firms.exclude(pk__in=visible(firms, person).values("pk"))
    if person.organisation_id is not None:
        foreign = foreign.exclude(pk=person.organisation_id)
    return rows.exclude(pk__in=foreign.values("pk"))


def _people(person: Person | None) -> QuerySet[Person]:
    staff = Person.objects.filter(is_active=True).exclude(
        organisation__kind=Organisation.Kind.ENTERPRISE
    )
    # An administrator does none of the bureau's work.
    staff = staff.exclude(pk__in=people_with(ADMINISTRATORS).values("pk"))
    staff = staff.select_related("organisation").order_by("organisation_id", "id")
    if person is None or person.has_role(*STAFF, *ADMINISTRATORS):
        return staff
    # Who works outside the house chooses among his own people only.
    if person.organisation_id is None:
        return staff.none()
    return staff.filter(organisation_id=person.organisation_id)


declare_lookup(
    _OrganisationLookup(
        key="organisation",
        model=Organisation,
        label="单位",
        rows=_organisations,
        under=lambda row: row.get_kind_display(),
    )
)
declare_lookup(
    Lookup(
        key="person",
        model=Person,
        label="人员",
        rows=_people,
        exact=("name", "username"),
        under=lambda row: " ".join(filter(None, (str(row.organisation or ""), row.post))),
        beside=("owner_organisation", "organisation"),
    )
)
