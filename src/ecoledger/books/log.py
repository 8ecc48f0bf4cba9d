"""Log (记录台账): a dated fact about a thing by someone. No clock; corrected, never overwritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.books import duty
from ecoledger.books.models import LogEntry
from ecoledger.listings import cells
from ecoledger.listings.forms import as_json
from ecoledger.listings.listing import Kind, Listing
from ecoledger.listings.parts import Ask
from ecoledger.listings.refusals import Refused, refuse
from ecoledger.listings.rows import open_rows
from ecoledger.listings.unchanged import same
from ecoledger.matters import actions, timeline
from ecoledger.matters.evidence import Upload
from ecoledger.matters.register import register_of, visible_matters
from ecoledger.matters.seeing import sees_all_events


@dataclass(frozen=True, kw_only=True, eq=False)
class Log(Listing):
    """A declared log: ``model`` extends :class:`LogEntry` with what is recorded.

    ``begets`` names the register in which an entry may open a matter, such as a problem.
    """

    kinds: ClassVar[Mapping[str, Kind]] = {}
    told_apart_by: ClassVar[str] = "book"

    begets: str = ""
    # What such a matter begins with beside what the entry says; without it entries are not handed on by a button.
    begotten: Mapping[str, Any] | None = None
    # Pictures that prove an entry, fetched when it begets a matter.
    proof: Callable[[Any], Sequence[Upload]] | None = None
    order: tuple[str, ...] = ("-at", "-pk")

    def visible_to(self, person: Person) -> QuerySet[Any]:
        return super().visible_to(person).filter(current=True)

    def standing(self) -> QuerySet[Any]:
        return self.own_rows().filter(current=True)

    def rows_of(self, keys: list[int]) -> QuerySet[Any]:
        """Also those corrected since."""
        return self.own_rows().filter(pk__in=keys)

    def standing_for(self, pk: int) -> int:
        """The entry that was put right last in place of this one."""
        while later := self.own_rows().filter(corrects=pk).values_list("pk", flat=True).first():
            pk = later
        return pk

    def changed_by(self, row: Any, name: str) -> Person | None:
        entries = self.rows_of([entry.pk for entry in history(row)]).order_by("-pk")
        hands = (audit.who_changed(e, name, f"{self.key}.correct") for e in entries)
        return next(filter(None, hands), None)

    def asks_to_change(self) -> tuple[Ask, ...]:
        return (self.derive.ask(Ask("reason", required=True)),)

    def _import_asks(self) -> tuple[Ask, ...]:
        """A table says when, where that tells its rows apart: else a row would be of the moment it is taken in."""
        keyed = self.imports is not None and "at" in self.imports.key
        return tuple(
            replace(ask, required=True) if keyed and ask.name == "at" else ask
            for ask in super()._import_asks()
        )

    @property
    def own_fields(self) -> tuple[str, ...]:
        """Names of what only this log records."""
        own = self.model._meta.local_fields
        return tuple(f.name for f in own if f.name != "logentry_ptr")

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        """Record a fact. One that a phone sends again (same ``client_id``) is the one recorded first."""
        if client_id := more.get("client_id"):
            sent = self.model._default_manager.filter(client_id=client_id).first()
            if sent is not None:
                return sent
        entry = super().open_row(self._whole(values, by, at), by, at, **more)
        duty.take_entry(entry)
        return entry

    def _whole(self, values: Mapping[str, Any], by: Person | None, at: datetime) -> dict[str, Any]:
        """What a new entry is made of."""
        area_code = values["entity"].area_code
        base = {"book": self.key, "by": by, "recorded_at": at, "area_code": area_code}
        return {"at": at, **values, **base}

    @property
    def bulk(self) -> bool:
        """Whether entries of a table are recorded at once: nothing of its own is done for each."""
        plain = type(self).open_row is Log.open_row and type(self).import_row is Log.import_row
        return plain and not (self.imports and self.imports.after)

    def import_rows(
        self,
        rows: list[tuple[dict[str, Any], Any]],
        batch: Any,
        by: Person | None,
        at: datetime,
    ) -> list[Any]:
        entries = open_rows(self, [self._whole(values, by, at) for values, _row in rows], by, at)
        if duty.fulfilled_by(self.key):
            for entry in entries:
                duty.take_entry(entry)
        return entries

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        """A change of a fact is its correction."""
        refuse(self.wrong_beside(row, values, by))
        return correct(self, row, values, by=by, at=at, reason=str(values.get("reason", "")))


@transaction.atomic
def correct(
    log: Log,
    entry: Any,
    values: Mapping[str, Any],
    *,
    by: Person | None,
    at: datetime,
    reason: str,
) -> Any:
    """Record what is right in place of ``entry``, which stays and is no longer current.

    What says the same is no correction. Raises :class:`Refused` without a reason, or when ``entry`` was corrected already.
    """
    if not reason.strip():
        raise Refused("form", _("没有更正原因。"), _("请写明更正原因。"))
    entry = log.model._default_manager.select_for_update().get(pk=entry.pk)
    if not entry.current:
        raise Refused("state", _("这条记录已被更正。"), _("请更正最新的一条。"))
    shared = ("entity", "at", "note", "lon", "lat", "begets")
    kept = {name: getattr(entry, name) for name in (*shared, *log.own_fields)}
    changed = {name for name in kept if name in values and not same(kept[name], values[name])}
    if not changed:
        return entry
    said = {**kept, **{name: values[name] for name in changed}, "reason": reason.strip()}
    entry.current = False
    entry.save(update_fields=["current"])
    right = log.model._default_manager.create(
        **said,
        book=log.key,
        area_code=said["entity"].area_code,
        by=by,
        recorded_at=at,
        corrects=entry,
        synthetic=entry.synthetic,
    )
    changes = {name: [as_json(kept[name]), as_json(said[name])] for name in kept if name in changed}
    audit.record(by, f"{log.key}.correct", right, details={**changes, "reason": reason})
    return right


def proof_of(log: Log, entry: Any) -> tuple[Sequence[Upload], str]:
    """The pictures of an entry, and why they could not be had ("" when they could). It may take seconds."""
    try:
        return (log.proof(entry) if log.proof is not None else ()), ""
    except Refused as refused:
        return (), refused.why


@transaction.atomic
def beget(log: Log, entry: Any, *, by: Person, files: Sequence[Upload] = ()) -> Any:
    """Open the matter that an entry calls for, with ``files`` as its evidence.

    Raises :class:`Refused` when the log begets nothing or the entry has begotten one already.
    """
    if not log.begets or log.begotten is None:
        raise Refused("state", _("“%s”不转办。") % _(str(log.label)))
    entry = log.model._default_manager.select_for_update().get(pk=entry.pk)
    if entry.begets_id is not None:
        raise Refused("state", _("这条记录已转办。"), _("请在转出的事项中办理。"))
    at = timezone.now()
    told = [
        f"{c.label}：{text}"
        for c in log.open_columns(by)
        if (text := cells.text_of(entry, c)) and c.name != "by"
    ]
    register = register_of(log.begets)
    matter = actions.open_matter(
        register,
        {
            **log.begotten,
            "title": f"{entry.entity}：{_(str(log.label))}",
            "description": "\n".join(told),
            "area_code": entry.area_code,
            "entity": entry.entity,
            "address": entry.entity.address,
            "synthetic": entry.synthetic,
        },
        # Whoever may write in the log may hand on; by the house where they open nothing in that register.
        by=by if register.may_open(by) else None,
        at=at,
        files=files,
    )
    entry.begets = matter
    entry.save(update_fields=["begets"])
    return matter


@dataclass(frozen=True)
class LogStep:
    """One step of an entry's way: recorded, corrected, handed on, and what became of that."""

    at: datetime
    label: str
    who: str = ""
    text: str = ""
    url: str = ""


def steps_of(entry: LogEntry, person: Person) -> list[LogStep]:
    """The way of an entry, newest first: also the steps of the matter it begot, as far as ``person`` may see them."""
    steps = []
    for version in history(entry):
        who = version.by.name if version.by and sees_all_events(person) else ""
        label = _("更正") if version.corrects_id else _("登记")
        steps.append(LogStep(version.recorded_at, label, who, version.reason))
    matter = entry.begets
    if matter is not None and visible_matters(person).filter(pk=matter.pk).exists():
        url = f"/matters/{matter.register}/{matter.pk}"
        for event in timeline.events_of(matter, person):
            label = _("转办") if not event.from_state else timeline.done(event)
            who = event.person.name if event.person and sees_all_events(person) else ""
            text = event.note if event.from_state else f"{matter.number} {matter.title}"
            steps.append(LogStep(event.at, label, who, text, url))
    # Of one moment what was done later stands above.
    return sorted(steps, key=lambda step: step.at)[::-1]


def history(entry: LogEntry) -> list[LogEntry]:
    """The entry and all it corrects, newest first."""
    chain = [entry]
    while chain[-1].corrects is not None:
        chain.append(chain[-1].corrects)
    return chain
