"""An inventory (对象台账) as a declaration: the book of one kind of entity.

From it come what every list has (``listings``), how a thing is numbered and checked when it is entered, what
it can be a part of, which of its fields are numbers of other systems, and who answers for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.accounts.scope import visible
from ecoledger.accounts.wording import numbered
from ecoledger.entities.models import Entity
from ecoledger.listings import catalogue, selecting
from ecoledger.listings.listing import Listing, Named
from ecoledger.listings.parts import Ask, Column, DeclarationError, Filter, View
from ecoledger.listings.refusals import Refused
from ecoledger.listings.unchanged import same
from ecoledger.standards.identifiers import Parsed


@dataclass(frozen=True)
class Question:
    """What only the person can say before a thing is kept: (answer, its words) to choose from."""

    text: str
    choices: tuple[tuple[str, str], ...]


class UnansweredError(ValidationError):
    """Raised with the questions, by field, that must be answered first."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        super().__init__({name: question.text for name, question in questions.items()})
        self.questions = dict(questions)


@dataclass
class Findings:
    """What a check says of a thing. ``answers``: what the person said to its questions, by field."""

    answers: Mapping[str, str] = field(default_factory=dict)
    # Refused, by field; kept and said; open until answered, by field.
    wrong: dict[str, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    asked: dict[str, Question] = field(default_factory=dict)

    def take(self, name: str, called: str, read: Parsed) -> str:
        """The clean spelling of a number under ``name``: what cannot be one is wrong, what is odd of one is said."""
        if read.ok:
            self.odd += [f"{called}{_('：')}{problem.text}" for problem in read.problems]
        else:
            self.wrong[name] = read.why
        return read.code

    def stop(self) -> None:
        """Raise what keeps the thing from being stored."""
        if self.wrong:
            raise ValidationError(dict(self.wrong))
        if self.asked:
            raise UnansweredError(self.asked)


Check = Callable[[Any, Findings], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Inventory(Listing):
    """The book of one kind of entity. Its key is the kind's: ``Well.KIND``."""

    if TYPE_CHECKING:  # said again for the type checker, which forgets that these resolve names
        columns: Named[Column] = Named("column")
        filters: Named[Filter] = Named("filter")
        fields: Named[Ask] = Named("ask")
    numbered_by = "code"

    model: type[Entity]
    # Begins its codes: "E" makes E-350582-0001. ``number`` makes the code where it comes otherwise.
    letter: str = ""
    number: Callable[[Any], str] | None = None
    # The kinds it is a part of, of which one must be given; none: it stands for itself.
    parents: tuple[type[Entity], ...] = ()
    # Fields that are numbers of other systems: name -> scheme of the identifier that is written.
    numbers: Mapping[str, str] = field(default_factory=dict)
    # Puts spellings right, refuses, asks, says what is odd.
    clean: Check | None = None
    # Fields of a form that only answer a check's questions: field of the form -> question.
    answers: tuple[str, ...] = ()
    # Roles of ``charges.ROLES`` by which somebody answers for it, and paths to those it answers with.
    charges: tuple[str, ...] = ()
    answers_with: tuple[str, ...] = ()
    # The date until which a thing may be used (a licence, a verification), and so many days before it, it is time to renew.
    ends: str = ""
    ends_soon: int = 60
    # Whether figures of a year count what was there in it: a thing without a begin counts in every year.
    by_year: bool = False
    search: tuple[str, ...] = ("name", "code", "identifiers__value")
    lead: str = "name"
    under: tuple[str, ...] = ("code",)
    order: tuple[str, ...] = ("code",)
    see: str = "see_monitoring"
    edit: frozenset[Role] = CAPABILITIES["edit_registry"]

    def __post_init__(self) -> None:
        if self.key != self.model.KIND:
            raise DeclarationError(f"{self.key}: the key of {self.model.__name__} is its KIND")
        super().__post_init__()

    def may_open(self, person: Person) -> bool:
        """Whether ``person`` may enter things: system administrators do too, who see no data."""
        return person.may("edit_registry") and person.has_role(*self.edit)

    def updatable(self, by: Person | None) -> QuerySet[Any]:
        """Who enters things without seeing data brings those of his divisions up to date."""
        if by is None or by.may(self.see) or not self.may_open(by):
            return super().updatable(by)
        inside = Q(pk__in=[])
        for code in by.area_codes:
            inside |= Q(**{f"{self.area}__startswith": code})
        return self.standing().filter(inside)

    def _import_asks(self) -> tuple[Ask, ...]:
        """The template's columns, and the code, by which an export that comes back names its things."""
        asks = super()._import_asks()
        has_code = not asks or any(ask.name == "code" for ask in asks)
        return asks if has_code else (*asks, self.derive.ask(CODE))

    def look_over(
        self, values: Mapping[str, Any], said: Mapping[str, Any], by: Person | None
    ) -> tuple[Mapping[str, str], Sequence[str]]:
        """What the checks of its kind and of every thing say of one that is not kept yet."""
        from ecoledger.entities import editing  # it asks the declarations in its turn

        thing = self.model()
        for name, value in values.items():
            if name not in self.answers:
                setattr(thing, name, value)
        findings = Findings({name: str(said[name]) for name in self.answers if said.get(name)})
        editing.look_over(by, thing, findings)
        asked = {name: question.text for name, question in findings.asked.items()}
        return {**findings.wrong, **asked}, findings.odd

    def later_values(self, thing: Any, values: dict[str, Any]) -> dict[str, Any]:
        said = {name: value for name, value in values.items() if name not in self.answers}
        return super().later_values(thing, said)

    def may_follow(self, thing: Any, changed: Mapping[str, Any], by: Person | None) -> None:
        from ecoledger.entities import editing  # it asks the declarations in its turn

        later, findings = copy(thing), Findings()
        for name, value in changed.items():
            setattr(later, name, value)
        if not editing.may_edit(by, thing.area_code):
            findings.wrong["area_code"] = _("只能登记和修改本辖区的对象")
        editing.look_over(by, later, findings)
        try:
            findings.stop()
        except ValidationError as error:
            raise refused(error) from error

    def given_views(self) -> tuple[View, ...]:
        return _ENDING if self.ends else ()

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        """The views of what ends: told by the day, not by what a round of the schedule wrote."""
        today = timezone.localdate(now)
        match query.get("ends", "") if self.ends else "":
            case "soon":
                soon = today + timedelta(days=self.ends_soon)
                return Q(**{f"{self.ends}__range": (today, soon), "until": None})
            case "over":
                return Q(**{f"{self.ends}__lt": today, "until": None})
        return Q()

    def days_left(self, thing: Any) -> int | None:
        """Days from today to the date until which it may be used, negative after it; ``None`` while that is far or not
        said, and of what is used no longer."""
        last: date | None = getattr(thing, self.ends) if self.ends and thing.active else None
        left = (last - timezone.localdate()).days if last is not None else None
        return left if left is not None and left <= self.ends_soon else None

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        """Enter a thing; what a check finds odd lies in its attribute ``odd``."""
        row = self.model()
        return self._saved(row, values, by, on=None, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        """Change a thing from a day on (today)."""
        row = self.model._default_manager.get(pk=row.pk)
        on = more.pop("on", timezone.localtime(at).date())
        return self._saved(row, values, by, on=on, **more)

    def about(self, thing: int) -> Q:
        """The parts of a thing."""
        return Q(pk__in=Entity.with_parts(thing)) & ~Q(pk=thing)

    def url_of(self, row: Any) -> str:
        """Address of the thing's file."""
        return f"/entities/{row.pk}"

    def import_row(
        self, values: Mapping[str, Any], batch: Any, row: Any, by: Any, at: datetime
    ) -> Any:
        """Enter a thing of an imported table; columns that answer questions are read from the row."""
        answers = {name: str(row.values[name]) for name in self.answers if row.values.get(name)}
        return self.open_row(values, by, at, answers=answers)

    def _saved(
        self,
        row: Any,
        values: Mapping[str, Any],
        by: Person | None,
        *,
        on: date | None,
        answers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Any:
        from ecoledger.entities import editing  # it asks the declarations in its turn

        said = {name: str(values[name]) for name in self.answers if values.get(name)}
        place = row.lon, row.lat
        for name, value in values.items():
            if name in self.answers or (name, value) == ("coordinate_source", ""):
                continue
            if row.pk is None or not same(getattr(row, name), value):
                setattr(row, name, value)
        if (row.lon, row.lat) != place:
            editing.convert_coordinates(row, row.coordinate_source)
        try:
            row.odd = editing.save(by, row, on=on, answers={**said, **(answers or {})}, **more)
        except (ValidationError, PermissionDenied) as error:
            raise refused(error) from error
        return row


_ENDING = (
    View("ends_soon", "临近到期", {"ends": "soon"}),
    View("ends_over", "已过期", {"ends": "over"}),
)


def ending(days_left: int | None) -> str:
    """What :meth:`Inventory.days_left` is in words; "" where nothing ends soon."""
    if days_left is None:
        return ""
    if days_left < 0:
        return numbered("过期 %d 天", -days_left) % -days_left
    return numbered("%d 天后到期", days_left) % days_left


def headers(
    book: Inventory, person: Person, query: Mapping[str, str], sort: str = ""
) -> QuerySet[Any]:
    """What ``selecting.select`` gives, of the one table alone where nothing of the kind's own is asked, not even to see it."""
    asked_for = selecting.conditions(book, person, query)
    scope = (book.area, *filter(None, (book.enterprise,)))
    names = (sort or "pk", *book.order, *scope)
    own_way = type(book).visible_to is not Inventory.visible_to or not book.area
    if own_way or selecting.asks_own(book, asked_for, names):
        return selecting.select(book, person, query)
    rows = Entity.objects.filter(kind=book.key)
    rows = visible(rows, person, *scope) if person.may(book.see) else rows.none()
    for condition in asked_for:
        rows = rows.filter(condition)
    return rows


def refused(error: ValidationError | PermissionDenied) -> Refused:
    """Why a thing was not entered, as lists say it."""
    if isinstance(error, UnansweredError):
        return Asked(error)
    if isinstance(error, ValidationError):
        fields = error.message_dict if hasattr(error, "error_dict") else {}
        return Refused("form", _in_words(error), fields=fields)
    return Refused("role", str(error), _("请联系有权限的人员。"))


def wrong_of(check: Callable[..., object], *given: Any) -> dict[str, str]:
    """What ``check`` of ``given`` refuses, by field, as a preview asks it; under no name where it is no field's."""
    try:
        check(*given)
    except (ValidationError, PermissionDenied, Refused) as error:
        refusal = error if isinstance(error, Refused) else refused(error)
        told = {name: "；".join(messages) for name, messages in refusal.fields.items()}
        return told or {"": refusal.why}
    return {}


def _in_words(error: ValidationError) -> str:
    return "；".join(error.messages)


class Asked(Refused):
    """Not entered before ``questions`` are answered, by the field that the answer comes under."""

    def __init__(self, error: UnansweredError) -> None:
        super().__init__("form", _in_words(error), fields=error.message_dict)
        self.questions = error.questions


# The code of a thing in a form: given by the house where it is left empty.
CODE = Ask("code", required=False, help="留空则自动编号；登记后不能修改。")
# The system that coordinates come in; they are converted when the thing is entered.
COORDINATES = Ask(
    "coordinate_source",
    required=False,
    help="留空为 CGCS2000；高德、腾讯地图为 GCJ-02，百度地图为 BD-09。",
)


def declare(inventory: Inventory) -> Inventory:
    """Make an inventory known to pages, forms, imports, API and commands; returns it."""
    return catalogue.declare(inventory)


def all_inventories() -> tuple[Inventory, ...]:
    """Every declared inventory, in the order of declaration."""
    return catalogue.listings_of(Inventory)


def inventory_of(thing: Entity | str) -> Inventory:
    """The book of an entity, or of a kind. Raises ``KeyError``."""
    key = thing if isinstance(thing, str) else thing.KIND or thing.kind
    listing = catalogue.listing_of(key)
    if not isinstance(listing, Inventory):
        raise KeyError(key)
    return listing


def own_row(entity: Entity) -> Entity:
    """The entity with its kind's own fields."""
    try:
        model = inventory_of(entity).model
    except KeyError:
        return entity
    if isinstance(entity, model):
        return entity
    row: Entity = model._default_manager.get(pk=entity.pk)
    return row


def label_of(key: str) -> str:
    """Chinese name of a kind; the key itself where nobody declared it."""
    try:
        return str(inventory_of(key).label)
    except KeyError:
        return key
