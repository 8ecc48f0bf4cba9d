"""A list as a declaration over a model. Every kind of book is a subclass of :class:`Listing`.

From the declaration alone come the list page, forms, import, export, map layer, print, API and
``ecoledger enter``. Its lists take names, resolved against the model by :mod:`.derive`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import CAPABILITIES, STAFF, Role
from ecoledger.listings.derive import Derive, related_to
from ecoledger.listings.own_tables import table_of
from ecoledger.listings.parts import (
    Ask,
    Choices,
    Column,
    DeclarationError,
    Filter,
    Import,
    ImportColumn,
    Kind,
    TableRow,
    Text,
    View,
)
from ecoledger.listings.refusals import Refused, refuse
from ecoledger.listings.unchanged import same

if TYPE_CHECKING:
    from ecoledger.accounts.models import Person
    from ecoledger.listings.models import ImportBatch, ImportRow
    from ecoledger.listings.workbook import Sheet

Part = TypeVar("Part")


class Named(Generic[Part]):
    """An attribute that takes names or parts and gives parts; resolved once, when first asked."""

    def __init__(self, derive: str) -> None:
        self.derive = derive

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, listing: None, owner: type) -> tuple[Part, ...]: ...
    @overload
    def __get__(self, listing: Listing, owner: type) -> tuple[Part, ...]: ...
    def __get__(self, listing: Listing | None, owner: type) -> tuple[Part, ...]:
        if listing is None:
            return ()  # the attribute's default
        parts = listing.__dict__.get(f"resolved {self.name}")
        if parts is None:
            resolve = getattr(listing.derive, self.derive)
            parts = tuple(resolve(said) for said in listing.__dict__[self.name])
            listing.__dict__[f"resolved {self.name}"] = parts
        return parts

    def __set__(self, listing: Listing, said: Iterable[str | Part]) -> None:
        listing.__dict__[self.name] = tuple(said)
        listing.__dict__.pop(f"resolved {self.name}", None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Listing:
    """A declared list. ``line`` is the line of business whose pages show it."""

    # Kinds that the kind of book gives to names, where the model field does not tell.
    kinds: ClassVar[Mapping[str, Kind]] = {}
    # Whether its rows are pieces of work (件), not things or records (条).
    is_work: ClassVar[bool] = False
    # Path of the key of its list, of a kind whose lists may stand in one table together.
    told_apart_by: ClassVar[str] = ""

    # Attribute by which its own export names each row: a table that says it means that row. Where the import has a column of
    # that name, the table brings the row up to date; elsewhere it is only told that it is there.
    numbered_by: ClassVar[str] = ""

    key: str
    label: Text
    model: type[Model]
    line: str = ""
    # Address of the list where it is not under /b/.
    at: str = ""
    labels: Mapping[str, Text] = field(default_factory=dict)
    columns: Named[Column] = Named("column")
    filters: Named[Filter] = Named("filter")
    # ORM paths in which the words of a search are looked for.
    search: tuple[str, ...] = ()
    # What the form for a new row asks; what may be changed on many rows at once.
    fields: Named[Ask] = Named("ask")
    batch: Named[Ask] = Named("ask")
    details: Named[Column] = Named("column")
    # Name -> capability without which it is shown, sorted, searched, filtered, exported nowhere.
    hidden: Mapping[str, str] = field(default_factory=dict)
    # References whose matter is told to whoever sees the row, unless it is restricted: what the row would be without
    # meaning otherwise. Others are shown to those alone who may see the matter (``listings.veil``).
    tells: tuple[str, ...] = ()
    imports: Import | None = None
    # The name that stands for the row, and the names under it in a quiet second line.
    lead: str = ""
    under: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    # Whether its forms are filled in outside: without a connection they wait on the device and go later.
    offline: bool = False
    # What can be done from a row's page: label and address; nothing where it is not for that row or person.
    links: Callable[[Any, Person], Sequence[tuple[Text, str]]] | None = None
    # What a bare address of the list asks of its filters, where that is not everything: {"state": "open"}. The first
    # view asks for "all" of them.
    at_first: Mapping[str, str] = field(default_factory=dict)
    # What an empty list says: how it fills.
    empty: Text = ""
    # Names to order by when nobody chose; the database must have an index for them.
    order: tuple[str, ...] = ("-pk",)
    # Rows of other tables that the columns read, fetched for all rows at once.
    prefetch: tuple[str, ...] = ()
    see: str = "see_matters"
    edit: frozenset[Role] = STAFF
    # Paths by which a row belongs to an area and to an enterprise; "" where it belongs to none.
    area: str = "area_code"
    enterprise: str = ""
    # The tab of a thing's file under which its rows stand (``entities.file.Tab``).
    tab: str = "records"

    def __post_init__(self) -> None:
        """Resolve every name now, so that a wrong one fails where it is declared."""
        for name in self.names():
            self.derive.column(Column(name, label="?"))
        if unknown := set(self.hidden.values()) - set(CAPABILITIES):
            raise DeclarationError(f"{self.key}: there is no capability {sorted(unknown)}")
        if self.imports and (missing := set(self.imports.key) - set(self._import_names())):
            raise DeclarationError(f"{self.key}: import key {sorted(missing)} is no import column")

    @property
    def derive(self) -> Derive:
        """Resolves names for this list."""
        return Derive(self.model, self.labels, self.kinds, self.own_choices())

    def given_views(self) -> tuple[View, ...]:
        """The views that every list of its kind has, before its own."""
        return ()

    def own_choices(self) -> Mapping[str, Choices]:
        """Choices that the model field does not know: a workflow's states."""
        return {}

    def names(self) -> tuple[str, ...]:
        """Every name and path that the declaration shows, asks, sorts, filters or searches by."""
        shown = [c.name for c in (*self.columns, *self.details)]
        asked = [a.stores for a in (*self.fields, *self.batch, *self._import_asks()) if a.stores]
        chosen = [f.lookup for f in self.filters]
        led = [n for n in (self.lead, *self.under) if n]
        ordered = [n.lstrip("-") for n in self.order if n.lstrip("-") != "pk"]
        return tuple(dict.fromkeys([*shown, *asked, *chosen, *self.search, *led, *ordered]))

    @property
    def import_columns(self) -> tuple[ImportColumn, ...]:
        """The columns of the import template, in order; none where the list takes no tables."""
        if self.imports is None:
            return ()
        headers, examples = self.imports.headers, self.imports.examples
        return tuple(
            ImportColumn(ask, headers.get(ask.name, ()), examples.get(ask.name, ""))
            for ask in self._import_asks()
        )

    @cached_property
    def import_asks(self) -> tuple[Ask, ...]:
        """What the columns of the import template ask, resolved once."""
        return tuple(column.ask for column in self.import_columns)

    def _import_asks(self) -> tuple[Ask, ...]:
        if self.imports is None:
            return ()
        said = (*(self.imports.columns or self.fields), *self.imports.also)
        return tuple(self.derive.ask(one) for one in said)

    def _import_names(self) -> tuple[str, ...]:
        return tuple(ask.name for ask in self._import_asks())

    # Who sees what: the one place that display, sort, search, filter, export, API and import ask.

    def own_rows(self) -> QuerySet[Any]:
        """The rows of this list alone, where the table holds those of others too."""
        rows: QuerySet[Any] = self.model._default_manager.all()
        return rows.filter(**{self.told_apart_by: self.key}) if self.told_apart_by else rows

    def visible_to(self, person: Person) -> QuerySet[Any]:
        """The rows ``person`` may see. Every page, export and API starts from this."""
        from ecoledger.accounts.scope import visible

        rows = self.own_rows()
        if not person.may(self.see):
            return rows.none()
        return visible(rows, person, self.area, self.enterprise or None) if self.area else rows

    def begun(self, query: Mapping[str, str]) -> Mapping[str, str]:
        """``query`` with what a bare address asks, where it says nothing of it."""
        left = {name: value for name, value in self.at_first.items() if not query.get(name)}
        if not left:
            return query
        # A ``QueryDict`` keeps several values of a name.
        whole: Any = query
        whole = whole.copy() if hasattr(whole, "getlist") else dict(whole)
        for name, value in left.items():
            whole[name] = value
        return whole  # type: ignore[no-any-return]

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        """What parameters of the address other than the filters ask of the rows (a kind's own flags)."""
        return Q()

    def about(self, thing: int) -> Q:
        """The rows about the thing of that key or a part of it: keys first, each by the index of its own column."""
        holds = Q()
        for name in ("entity", "enterprise"):
            named = [field for field in self.model._meta.fields if field.name == name]
            if named and (to := related_to(named[0])) is not None:
                rows = self.model._default_manager.filter(**{f"{name}__in": to.with_parts(thing)})  # type: ignore[attr-defined]  # a model of things
                holds |= Q(pk__in=rows.order_by().values("pk"))
        return holds

    def is_open(self, name: str, person: Person) -> bool:
        """Whether ``person`` may know of the values under ``name``: a field, or a path that begins with it."""
        return all(
            person.may(capability)
            for secret, capability in self.hidden.items()
            if name == secret or name.startswith(f"{secret}__")
        )

    def open_names(self, person: Person) -> frozenset[str]:
        """The names that are not hidden from ``person``."""
        return frozenset(name for name in self.names() if self.is_open(name, person))

    def open_columns(self, person: Person) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if self.is_open(c.name, person))

    def open_details(self, person: Person) -> tuple[Column, ...]:
        return tuple(c for c in self.details if self.is_open(c.name, person))

    def open_filters(self, person: Person) -> tuple[Filter, ...]:
        return tuple(f for f in self.filters if self.is_open(f.lookup, person))

    def open_search(self, person: Person) -> tuple[str, ...]:
        return tuple(path for path in self.search if self.is_open(path, person))

    @property
    def plain_search(self) -> tuple[str, ...]:
        """The paths of a search that are hidden from nobody: what an index of words may hold."""
        heads = set(self.hidden)
        return tuple(
            p for p in self.search if not any(p == h or p.startswith(f"{h}__") for h in heads)
        )

    def open_asks(self, person: Person, asks: Iterable[Ask]) -> tuple[Ask, ...]:
        """Of ``asks`` those whose values ``person`` may know of; who enters a new row writes down the others too."""
        return tuple(a for a in asks if self.is_open(a.stores or a.name, person))

    def may_open(self, person: Person) -> bool:
        """Whether ``person`` may add rows."""
        return person.may(self.see) and person.has_role(*self.edit)

    def asks_of_row(self, person: Person, row: Any) -> tuple[Ask, ...]:
        """Of the fields those that ``person`` may change of ``row``."""
        return self.open_asks(person, self.fields)

    def settled_of(self, row: Any) -> Collection[str]:
        """What nobody changes of ``row`` as it stands: names of attributes."""
        return ()

    def why_settled(self, row: Any, person: Person) -> str:
        """Since when that is so, as ``person`` may know it, and what to do where it is wrong."""
        return ""

    def asks_left(self, person: Person, row: Any) -> tuple[Ask, ...]:
        """Of the fields those that ``person`` can still change of ``row``: none that is settled, and none where it is not his."""
        if not self.fields or not self.may_change(person) or self.refusal_to_change(person, row):
            return ()
        settled = self.settled_of(row)
        asks = self.asks_of_row(person, row)
        return tuple(ask for ask in asks if (ask.stores or ask.name) not in settled)

    def asks_to_change(self) -> tuple[Ask, ...]:
        """What a change is asked beside the fields, such as why."""
        return ()

    def may_change(self, person: Person) -> bool:
        return self.may_open(person)

    def changed_by(self, row: Any, name: str) -> Person | None:
        """Who changed last what ``name`` says of ``row``; ``None`` where that is not known."""
        from ecoledger.accounts import audit

        return audit.who_changed(row, name, f"{self.key}.change", "registry changed")

    def standing_for(self, pk: int) -> int:
        """The row that stands today where ``pk`` stood."""
        return pk

    def refusal_to_change(self, person: Person, row: Any) -> Refused | None:
        """Why ``person``, who may change rows of the list, may not change this one; ``None`` when they may."""
        return None

    def further_sheets(self, person: Person, rows: Iterable[Any]) -> Iterable[Sheet]:
        """Sheets beside the list's own in its export; a kind with child rows has some."""
        return ()

    # How a row is shown where the list does not draw it itself.

    @property
    def url(self) -> str:
        """Address of the list."""
        return self.at or f"/b/{self.key}"

    def url_of(self, row: Any) -> str:
        """Address of one row's page."""
        return f"{self.url}/{row.pk}"

    @property
    def form_url(self) -> str:
        """Address of the form for a new row."""
        return f"/b/{self.key}/new"

    def edit_url(self, row: Any) -> str:
        """Address of the form for one row."""
        return f"/b/{self.key}/{row.pk}/edit"

    @property
    def further_pages(self) -> tuple[tuple[Text, str], ...]:
        """Name and address of the pages that its kind has beside the list."""
        table = table_of(self.key)
        return ((table.label, f"/b/{self.key}/items"),) if table else ()

    def level_of(self, row: Any) -> str:
        """The row's colour on the map: blue, yellow, orange, red."""
        return str(getattr(row, "level", "") or "blue")

    @property
    def has_place(self) -> bool:
        """Whether its rows have a longitude and a latitude, and so a layer of the map."""
        return hasattr(self.model, "lon") and hasattr(self.model, "lat")

    # What is done to a row. A kind with an engine of its own (matters, accounts) does it there.

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        """Make a row of cleaned ``values`` by attribute, with its entry in the audit trail."""
        from ecoledger.listings import rows

        return rows.open_row(self, values, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        """Change the attributes of ``row`` to ``values``, with their old values in the audit trail."""
        from ecoledger.listings import rows

        return rows.change_row(self, row, values, by, at)

    # What an import does to rows, beside making them.

    def may_manage(self, person: Person) -> bool:
        """Whether ``person`` looks after what others imported."""
        return person.may(self.see) and person.has_role(Role.SYSTEM_ADMIN)

    def standing(self) -> QuerySet[Any]:
        """Every row that stands, whoever may see it: what a key must not repeat."""
        return self.own_rows()

    def rows_of(self, keys: list[int]) -> QuerySet[Any]:
        """The rows of an import that still stand."""
        return self.standing().filter(pk__in=keys)

    def import_row(
        self, values: Mapping[str, Any], batch: ImportBatch, row: ImportRow, by: Any, at: datetime
    ) -> Any:
        """Make a row of an imported table."""
        return self.open_row(values, by, at)

    def read_row(self, row: TableRow) -> None:
        """Complete a row of a table before its values are checked: what one column says of another."""
        if self.imports is not None and self.imports.read is not None:
            self.imports.read(row)

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """What values, each right in itself, break together of the rules by which a row is made, by field.

        A preview asks it, so that it promises no row that is refused afterwards.
        """
        return {}

    def wrong_beside(
        self, row: Any, values: Mapping[str, Any], by: Person | None
    ) -> Mapping[str, str]:
        """What ``values`` break together with what else ``row``, which is there already, says; ``pk`` is its key."""
        asked = {ask.stores or ask.within for ask in (*self.fields, *self.import_asks)}
        fields = row._meta.concrete_fields
        kept = {f.name: getattr(row, f.name) for f in fields if f.editable or f.name in asked}
        whole = {"pk": row.pk, **kept, **values}
        return self.wrong({n: v for n, v in whole.items() if v not in (None, "")}, by)

    def is_fact(self, name: str) -> bool:
        """Whether a date of that name is of what has happened, and so lies in no day to come."""
        return False

    def odd_of(self, row: Any) -> Sequence[str]:
        """What is odd of a row that was kept, and may be right: said to who entered it."""
        return getattr(row, "odd", ())

    def look_over(
        self, values: Mapping[str, Any], said: Mapping[str, Any], by: Person | None
    ) -> tuple[Mapping[str, str], Sequence[str]]:
        """What is wrong, by field, and what is odd of a new row of a table; ``said``: everything that was read of it."""
        return {}, ()

    def history_of(
        self, values: Mapping[str, Any], said: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """A row of an earlier ledger as :meth:`import_history` takes it; ``None``: it is opened as any other.

        ``said``: everything that was read of the row, also what no attribute keeps.
        """
        return None

    def attributes_of(self, values: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes of an imported row, where some follow from what other columns say."""
        return values

    def openly(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """A row of a table, column by column, as it is read by who may not know whom it is about."""
        return cells

    def likely_repeats(
        self, rows: list[ImportRow], by: Person | None
    ) -> Iterable[tuple[ImportRow, str, str, str]]:
        """Rows of a preview that seem to repeat another, of the file or of those that ``by`` may see: (row, place or
        key of the other, what it is called, why)."""
        return ()

    def import_history(
        self, rows: list[dict[str, Any]], batch: ImportBatch, by: Any, at: datetime
    ) -> list[Any]:
        """Keep rows of the past as imported facts; only a list whose rows have an end can."""
        return [self.open_row(values, by, at) for values in rows]

    @property
    def bulk(self) -> bool:
        """Whether :meth:`import_rows` makes rows of a table at once."""
        return False

    def import_rows(
        self,
        rows: list[tuple[dict[str, Any], ImportRow]],
        batch: ImportBatch,
        by: Any,
        at: datetime,
    ) -> list[Any]:
        """Make rows of an imported table at once, in order."""
        return [self.import_row(values, batch, row, by, at) for values, row in rows]

    def updatable(self, by: Person | None) -> QuerySet[Any]:
        """The rows of the book that a later table of ``by`` may bring up to date."""
        return self.standing() if by is None else self.visible_to(by)

    def later_values(self, thing: Any, values: dict[str, Any]) -> dict[str, Any]:
        """What a later table changes of ``thing``: attributes of ``values`` that it says anew, those of what it belongs to too."""
        from ecoledger.listings.cells import value_of

        return {n: said for n, said in values.items() if not same(value_of(thing, n), said)}

    def standing_of(self, thing: Any) -> frozenset[str]:
        """Attributes of ``thing`` that no later table changes, as somebody judged by them: the row's others it does."""
        return frozenset()

    def may_follow(self, thing: Any, changed: Mapping[str, Any], by: Any) -> None:
        """Raise :class:`Refused` where a table of ``by`` may not change of ``thing`` what it says anew."""
        if by is not None and not self.may_change(by):
            raise Refused("role", _("您的岗位不能修改“%s”。") % _(str(self.label)))
        if by is not None and (refused := self.refusal_to_change(by, thing)):
            raise refused
        refuse(self.wrong_beside(thing, changed, by))

    def follow_row(
        self,
        thing: Any,
        changed: dict[str, Any],
        batch: ImportBatch,
        row: ImportRow,
        by: Any,
        at: datetime,
    ) -> None:
        """Bring a row of the book up to date."""
        self.change_row(thing, changed, by, at)

    def imported(self, batch: ImportBatch, made: int, by: Any, at: datetime) -> None:
        """Told once after an import, in the transaction that ends it."""

    def link_repeat(
        self, made: int | None, target: int | None, original: str, by: Any, at: datetime
    ) -> None:
        """Link an imported row to the one it says it repeats: ``target``, or the one called ``original``."""

    def withdraw_row(self, row: Any, by: Person | None, at: datetime) -> bool:
        """Take an imported row back; whether nothing stood in the way."""
        from ecoledger.listings import rows

        return rows.withdraw_row(self, row, by)

    def restore_rows(self, keys: list[int], by: Person | None, at: datetime) -> int:
        """Bring withdrawn rows back; how many. A plain list has deleted them and cannot."""
        return 0


__all__ = [
    "Ask",
    "Column",
    "DeclarationError",
    "Filter",
    "Import",
    "ImportColumn",
    "Kind",
    "Listing",
    "View",
]
