"""Roster (名录): which things are on a list in an edition, with attributes; copied, compared, published, frozen.

A draft is edited; publishing puts it in force from a day on and ends the edition before it; what was
published is not changed any more. On any day one edition is in force, so that "who was on the list then"
has one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import visible
from ecoledger.books.models import Edition, RosterLine
from ecoledger.listings.derive import Derive
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup, has_lookup
from ecoledger.listings.parts import Ask, Filter, Text
from ecoledger.listings.refusals import Refused
from ecoledger.listings.rows import open_rows

State = Edition.State


class _OfOneBook(Derive):
    """Resolves names for a roster: an edition is one of its own."""

    def __init__(self, roster: Roster) -> None:
        super().__init__(roster.model, roster.labels, roster.kinds, roster.own_choices())
        self.among = roster.editions_key

    def ask(self, said: str | Ask) -> Ask:
        ask = super().ask(said)
        return replace(ask, among=self.among) if ask.stores == "edition" else ask

    def filter(self, said: str | Filter) -> Filter:
        part = super().filter(said)
        return replace(part, among=self.among) if part.lookup == "edition" else part


@dataclass(frozen=True, kw_only=True, eq=False)
class Roster(Listing):
    """A declared roster: ``model`` extends :class:`RosterLine` with the attributes of a line."""

    told_apart_by: ClassVar[str] = "edition__book"

    # What an edition is called after: a year, a season.
    edition: str = "年度"
    tab: str = "lists"
    # The fields by which a line of one edition is found again in another.
    identity: tuple[str, ...] = ("entity_id",)
    # The attributes that are compared; left out, every field of the line's own model.
    attributes: tuple[str, ...] = ()
    # Who enters by rule: (area, day) → things with the values of their lines; and why a line must leave, or "".
    proposes: Callable[[str, date], Iterable[tuple[Any, dict[str, Any]]]] | None = None
    leaves: Callable[[Any, date], str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not has_lookup(self.editions_key):
            declare_lookup(
                Lookup(
                    key=self.editions_key,
                    model=Edition,
                    label="版本",
                    rows=lambda person: visible_editions(self.key, person),
                    under=lambda edition: str(_(edition.get_state_display())),
                )
            )

    @property
    def editions_key(self) -> str:
        """Key of the look-up of its editions."""
        return f"edition.{self.key}"

    @property
    def derive(self) -> Derive:
        return _OfOneBook(self)

    @property
    def own_fields(self) -> tuple[str, ...]:
        """Names of what a line says of its subject, the part it is about and the reason first."""
        own = [f.name for f in self.model._meta.local_fields if f.name != "rosterline_ptr"]
        base = self.model is RosterLine
        return ("part", "source", "reason", *(() if base else own))

    @property
    def compared(self) -> tuple[str, ...]:
        """Names of the attributes in which two editions may differ."""
        return self.attributes or tuple(n for n in self.own_fields if n not in self.identity)

    @property
    def further_pages(self) -> tuple[tuple[Text, str], ...]:
        return (("版本", f"{self.url}/editions"),)

    def identity_of(self, line: Any) -> tuple[Any, ...]:
        return tuple(getattr(line, name) for name in self.identity)

    def lines(self, edition: Edition) -> QuerySet[Any]:
        return self.model._default_manager.filter(edition=edition).select_related(
            "entity", "organisation"
        )

    def in_force(self, area_code: str, day: date | None = None) -> Edition | None:
        """The edition of ``area_code`` that holds on ``day``; ``None`` when none did."""
        day = day or timezone.localdate()
        return (
            Edition.objects.filter(
                Q(until=None) | Q(until__gte=day),
                book=self.key,
                area_code=area_code,
                since__lte=day,
            )
            .exclude(state=State.DRAFT)
            .order_by(F("since").desc(nulls_last=True), "-id")
            .first()
        )

    def lists(self, entity: Any, day: date | None = None) -> RosterLine | None:
        """The line by which ``entity`` is on the roster on ``day``, in any edition that holds then."""
        return self._holding(day).filter(entity=entity).first()

    def listed(self, day: date | None = None) -> dict[int, Any]:
        """Everything that is on the roster on ``day``: key of the entity -> its line, with its edition."""
        lines: dict[int, Any] = {}
        for line in self._holding(day).exclude(entity=None).select_related("edition"):
            lines.setdefault(line.entity_id, line)
        return lines

    def _holding(self, day: date | None) -> QuerySet[Any]:
        """The lines of all editions that hold on ``day``."""
        day = day or timezone.localdate()
        lines: QuerySet[Any] = self.model._default_manager.filter(
            Q(edition__until=None) | Q(edition__until__gte=day),
            edition__book=self.key,
            edition__since__lte=day,
        )
        return lines.exclude(edition__state=State.DRAFT)

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        """Where no edition is asked for, the lines that hold today; all of them before any does."""
        asked_for = super().conditions(query, person, now)
        holding = self._holding(timezone.localdate(now))
        if query.get("edition") or not holding.exists():
            return asked_for
        return asked_for & Q(pk__in=holding.values("pk"))

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """A line enters a draft only, and is about something."""
        stands = _refusal_of(edition) if (edition := values.get("edition")) else None
        no_subject = None if _subject(values) else _no_subject()
        told = {"edition": stands, "entity": no_subject}
        return {name: f"{one.why}{one.remedy}" for name, one in told.items() if one is not None}

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        _must_be_draft(values["edition"])
        return super().open_row(_whole(values), by, at, **more)

    @property
    def bulk(self) -> bool:
        """Whether lines of a table are made at once: nothing of its own is done for each."""
        plain = type(self).open_row is Roster.open_row
        plain = plain and type(self).import_row is Roster.import_row
        return plain and not (self.imports and self.imports.after)

    @transaction.atomic
    def import_rows(
        self, rows: list[tuple[dict[str, Any], Any]], batch: Any, by: Person | None, at: datetime
    ) -> list[Any]:
        for edition in {values["edition"] for values, _row in rows}:
            _must_be_draft(edition)
        return open_rows(self, [_whole(values) for values, _row in rows], by, at)

    @transaction.atomic
    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        for edition in {row.edition, values.get("edition") or row.edition}:
            _must_be_draft(edition)
        return super().change_row(row, values, by, at)

    @transaction.atomic
    def withdraw_row(self, row: Any, by: Person | None, at: datetime) -> bool:
        """A line leaves a draft only: an edition that was published keeps what it said."""
        drafted = _as_it_stands(row.edition).state == State.DRAFT
        return drafted and super().withdraw_row(row, by, at)


def _subject(values: Mapping[str, Any]) -> Any:
    """What a line is about; ``None`` where it says neither a thing nor a unit."""
    return values.get("entity") or values.get("organisation")


def _no_subject() -> Refused:
    return Refused("form", _("没有对象。"), _("请选择列入的对象或单位。"))


def _whole(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a new line is made of. Raises :class:`Refused` where there is nothing it is about."""
    subject = _subject(values)
    if subject is None:
        raise _no_subject()
    return {"area_code": subject.area_code, **values}


def visible_editions(key: str, person: Person | None) -> QuerySet[Edition]:
    """The editions of one roster that ``person`` may see, the newest first; all of them for nobody."""
    rows = Edition.objects.filter(book=key).order_by(F("since").desc(nulls_last=True), "-pk")
    return rows if person is None else visible(rows, person)


def _as_it_stands(edition: Edition) -> Edition:
    """The edition as it is now, which nobody publishes before the transaction ends."""
    return Edition.objects.select_for_update().get(pk=edition.pk)


def _must_be_draft(edition: Edition) -> None:
    """Raise :class:`Refused` for an edition that stands, whatever it was when it was read."""
    if refused := _refusal_of(_as_it_stands(edition)):
        raise refused


def _refusal_of(edition: Edition) -> Refused | None:
    """Why lines of an edition cannot change; ``None`` while it is a draft."""
    if edition.state == State.DRAFT:
        return None
    return Refused(
        "state",
        _("“%(edition)s”已%(state)s，不能再改。")
        % {"edition": edition, "state": _(edition.get_state_display())},
        _("请复制为新版本后修改。"),
    )


def draft(
    roster: Roster, name: str, area_code: str, *, by: Person | None, basis: str = ""
) -> Edition:
    """An empty edition to fill. Raises :class:`Refused` when the name is taken."""
    if Edition.objects.filter(book=roster.key, area_code=area_code, name=name).exists():
        raise Refused("form", _("已有名为“%s”的版本。") % name, _("请换一个名称。"))
    with transaction.atomic():
        edition = Edition.objects.create(
            book=roster.key, name=name, area_code=area_code, made_by=by, basis=basis
        )
        audit.record(by, f"{roster.key}.draft", edition, details={"name": name})
    return edition


@transaction.atomic
def copy(roster: Roster, old: Edition, name: str, *, by: Person | None) -> Edition:
    """A draft with all lines of ``old``. Copying never publishes."""
    new = draft(roster, name, old.area_code, by=by, basis=old.basis)
    new.copied_from = old
    new.save(update_fields=["copied_from"])
    for line in roster.lines(old):
        values = {name: getattr(line, name) for name in roster.own_fields}
        roster.model._default_manager.create(
            edition=new,
            entity=line.entity,
            organisation=line.organisation,
            area_code=line.area_code,
            **values,
        )
    return new


@transaction.atomic
def remove(roster: Roster, line: RosterLine, *, by: Person | None) -> None:
    """Take a thing off a draft."""
    _must_be_draft(line.edition)
    audit.record(by, f"{roster.key}.remove", line, details={"subject": str(line.subject)})
    line.delete()


@transaction.atomic
def fill_by_rule(
    roster: Roster, edition: Edition, day: date, *, by: Person | None
) -> tuple[int, list[str]]:
    """Let a draft follow its rule on ``day``: (how many entered, who left and why)."""
    _must_be_draft(edition)
    if roster.proposes is None:
        raise Refused("condition", _("这份名录没有列入条件。"))
    left = []
    for line in roster.lines(edition):
        why = roster.leaves(line, day) if roster.leaves else ""
        if why:
            left.append(f"{line.subject}：{why}")
            remove(roster, line, by=by)
    listed = set(roster.lines(edition).values_list("entity_id", flat=True))
    entered = 0
    for entity, values in roster.proposes(edition.area_code, day):
        if entity.pk not in listed:
            roster.model._default_manager.create(
                edition=edition, entity=entity, area_code=entity.area_code, **values
            )
            entered += 1
    audit.record(by, f"{roster.key}.by_rule", edition, details={"entered": entered, "left": left})
    return entered, left


@dataclass(frozen=True, slots=True)
class Changed:
    """A thing on both lists whose attributes differ: name → (old, new)."""

    line: RosterLine
    values: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an edition has more, less and other than an earlier one; ``same`` counts the rest."""

    added: tuple[RosterLine, ...]
    left: tuple[RosterLine, ...]
    changed: tuple[Changed, ...]
    same: int


def compare(roster: Roster, old: Edition, new: Edition) -> Comparison:
    """The differences from ``old`` to ``new``."""
    before = {roster.identity_of(line): line for line in roster.lines(old)}
    after = {roster.identity_of(line): line for line in roster.lines(new)}
    changed = []
    for number, line in after.items():
        if number not in before:
            continue
        values = {
            name: (getattr(before[number], name), getattr(line, name))
            for name in roster.compared
            if getattr(before[number], name) != getattr(line, name)
        }
        if values:
            changed.append(Changed(line, values))
    added = tuple(line for number, line in after.items() if number not in before)
    left = tuple(line for number, line in before.items() if number not in after)
    return Comparison(added, left, tuple(changed), len(after) - len(added) - len(changed))


@transaction.atomic
def publish(roster: Roster, edition: Edition, since: date, *, by: Person | None) -> Edition:
    """Put a draft in force from ``since`` on; the edition before it holds until the day before.

    Raises :class:`Refused` for what is no draft, is empty, or would begin before the last edition.
    """
    edition = _as_it_stands(edition)
    _must_be_draft(edition)
    if not roster.lines(edition).exists():
        raise Refused("state", _("“%s”还没有内容，不能公布。") % edition)
    last = (
        Edition.objects.select_for_update()
        .filter(book=roster.key, area_code=edition.area_code, until=None)
        .exclude(state=State.DRAFT)
        .order_by(F("since").desc(nulls_last=True))
        .first()
    )
    if last is not None:
        if last.since and last.since >= since:
            raise Refused(
                "form",
                _("“%(last)s”自 %(since)s 起生效。")
                % {"last": last, "since": f"{last.since:%Y-%m-%d}"},
                _("新版本须在其后生效。"),
            )
        last.until = since - timedelta(days=1)
        last.save(update_fields=["until"])
    edition.state, edition.since = State.PUBLISHED, since
    edition.published_by, edition.published_at = by, timezone.now()
    edition.save()
    audit.record(by, f"{roster.key}.publish", edition, details={"since": since.isoformat()})
    return edition


@transaction.atomic
def freeze(roster: Roster, edition: Edition, *, by: Person | None) -> Edition:
    """Close a published edition for good, as the base of an assessment."""
    edition = _as_it_stands(edition)
    if edition.state != State.PUBLISHED:
        raise Refused("state", _("只有已公布的版本可以冻结。"))
    edition.state = State.FROZEN
    edition.save(update_fields=["state"])
    audit.record(by, f"{roster.key}.freeze", edition)
    return edition
