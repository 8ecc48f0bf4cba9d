"""How the rows of a register come in and change, by hand and by a table: by its actions, which stand above this module
and are named when they are asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities.models import Entity
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import NoSuchRow, lookup_for
from ecoledger.listings.parts import Ask, ImportColumn, Kind, TableRow
from ecoledger.listings.refusals import Refused, refuse
from ecoledger.matters.models import Event
from ecoledger.standards.completion import Course, read_completion

if TYPE_CHECKING:
    from ecoledger.matters.register import Register

# Column of a table that says in words how far a matter is (已完成, 推进中 …), and the one that tells of it at length.
COMPLETION = "completion"
PROGRESS = "progress_text"
# Beside a row's values: whether it is over.
ENDED = "ended"
# What a later table does not change of a matter: what it is called, when it came, where it stands.
_OWN = frozenset(
    {"number", "title", "origin", "opened_at", "state", "closed_at", "area_code", ENDED}
)
_ENDS = ("state", "closed_at")
# When a matter began and ended and how far it is, with the headers that ledgers write above it.
_PAST = {
    "opened_at": ("登记日期", "受理日期", "交办日期", "立项日期", "发现时间", "发现日期", "交办时间", "受理时间", "检查时间",
                  "检查日期", "反馈时间"),
    "closed_at": ("办结日期", "销号日期", "销号时间", "完成日期", "实际完成日期", "完成时间", "整改完成时间", "办结时间",
                  "验收时间", "验收日期", "实际完成时间", "整改完成日期", "验收销号时间", "结案时间", "结案日期"),
    COMPLETION: ("完成情况", "整改完成情况", "完成状态", "整改状态", "状态", "办结状态", "办理状态", "是否完成", "是否办结",
                 "是否销号", "销号情况", "整改是否完成", "是否完成整改", "是否整改到位", "办结情况", "完成与否"),
}  # fmt: skip
_TELLS_END = frozenset({"closed_at", COMPLETION, PROGRESS, "state"})


class Rows(Listing):
    """What a register does with its rows."""

    @property
    def _register(self) -> Register:
        """These rows are a register's, which alone is made of them."""
        return cast("Register", self)

    def refusal_to_change(self, person: Person, row: Any) -> Refused | None:
        from ecoledger.matters import actions

        return actions.refusal_to_change(row, person)

    def changed_by(self, row: Any, name: str) -> Person | None:
        events = Event.objects.filter(matter=row.pk).select_related("person").order_by("-pk")
        return next((event.person for event in events if name in event.form), None)

    def settled_of(self, row: Any) -> Collection[str]:
        from ecoledger.matters import actions

        return actions.settled(row)

    def why_settled(self, row: Any, person: Person) -> str:
        from ecoledger.matters import actions

        return actions.why_settled(row, person)

    def _import_asks(self) -> tuple[Ask, ...]:
        """The declared columns, and the dates by which an earlier ledger's matters come in as history."""
        asks = super()._import_asks()
        there = {ask.name for ask in asks}
        past = [name for name in _PAST if asks and name not in there]
        said = {
            COMPLETION: Ask(COMPLETION, "完成情况", Kind.TEXT, stores=None, required=False),
        }
        return (
            *asks,
            *(self.derive.ask(said.get(name, Ask(name, required=False))) for name in past),
        )

    @property
    def import_columns(self) -> tuple[ImportColumn, ...]:
        columns = super().import_columns
        return tuple(
            replace(c, aliases=(*c.aliases, *_PAST[c.name])) if c.name in _PAST else c
            for c in columns
        )

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        from ecoledger.matters import actions

        return actions.open_matter(self._register, values, by=by, at=at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        from ecoledger.matters import actions

        return actions.amend(row.pk, values, event="edit", label="修改", by=by, at=at)

    def standing(self) -> QuerySet[Any]:
        return self.model._default_manager.filter(withdrawn_at=None)

    def attributes_of(self, values: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        """A row that names no division lies where the thing lies that it is about, the past as well."""
        thing = values.get("entity")
        if thing is None or values.get("area_code"):
            return values
        return {**values, "area_code": thing.area_code}

    def opening_of(
        self, values: Mapping[str, Any], batch: Any, row: Any, at: datetime
    ) -> Mapping[str, Any]:
        """What a row of a table opens: ``values``, ``form``, and where it says so ``at``, ``number``, ``state``."""
        if values.get("closed_at") is not None or row.values.get(ENDED):
            raise Refused(
                "form", _("这一行已经办结。"), _("请勾选“作为历史”再导入：已办结的按其日期入账。")
            )
        said = {"file": batch.file_name, "row": row.place, **row.texts}
        values = {"origin": batch.file_name, **values}
        return {"number": str(values.pop("number", "")), "values": values, "form": said}

    def import_row(
        self, values: Mapping[str, Any], batch: Any, row: Any, by: Person | None, at: datetime
    ) -> Any:
        opening = dict(self.opening_of(values, batch, row, at))
        opened_at = opening.pop("at", at)
        return self.open_row(opening.pop("values"), by, opened_at, batch=batch, **opening)

    @property
    def bulk(self) -> bool:
        """Whether rows of a table are opened at once: nothing of its own is done for each."""
        plain = type(self).import_row is Rows.import_row
        plain = plain and type(self).open_row is Rows.open_row
        return plain and not self._register.lines and not (self.imports and self.imports.after)

    def updatable(self, by: Person | None) -> QuerySet[Any]:
        if by is None:
            return self.standing()
        return self.visible_to(by).filter(withdrawn_at=None)

    def later_values(self, thing: Any, values: dict[str, Any]) -> dict[str, Any]:
        """What a later table says anew of what was seen and done; where a matter stands is for its own steps."""
        if thing.merged_into_id is not None:
            return {}
        changed = super().later_values(thing, {n: v for n, v in values.items() if n not in _OWN})
        if changed.get("owner_organisation") and thing.owner_organisation_id:
            del changed["owner_organisation"]
        return changed

    def standing_of(self, thing: Any) -> frozenset[str]:
        from ecoledger.matters import actions

        return frozenset() if actions.only_followed(thing) else actions.settled(thing)

    def may_follow(self, thing: Any, changed: Mapping[str, Any], by: Person | None) -> None:
        from ecoledger.matters import actions

        if by is not None:
            values = {name: value for name, value in changed.items() if name not in _ENDS}
            actions.may_follow(self._register, thing, by, values, str(changed.get("state", "")))
            refuse(self.wrong_beside(thing, values, by))

    def follow_row(
        self, thing: Any, changed: dict[str, Any], batch: Any, row: Any, by: Any, at: datetime
    ) -> None:
        from ecoledger.matters import actions

        note = f"{batch.file_name} {row.place}"
        actions.follow(thing.pk, changed, by=by, at=at, unsaid=self.hidden, note=note)

    def import_rows(
        self, rows: list[tuple[dict[str, Any], Any]], batch: Any, by: Person | None, at: datetime
    ) -> list[Any]:
        from ecoledger.matters import actions

        openings = []
        for values, row in rows:
            said = {"at": at, **self.opening_of(values, batch, row, at)}
            openings.append(actions.Opening(**said))
        return actions.open_many(self._register, openings, by=by, batch=batch)

    def read_row(self, row: TableRow) -> None:
        """What 完成情况 says of the matter's end, and whether it can have begun and ended so."""
        from ecoledger.matters import history

        super().read_row(row)
        self._read_place(row)
        self._read_end(row)
        if row.history:
            self._read_begin(row)
        if row.history or (self._tells_past and row.values.get(ENDED)):
            began, ended = (str(row.values.get(n) or "")[:10] for n in ("opened_at", "closed_at"))
            if wrong := history.impossible(began, ended, row.look_up("", _today)):
                row.refuse("closed_at", wrong)

    def _read_place(self, row: TableRow) -> None:
        """A row that names no division lies where the thing lies that it is about, or the firm that it names."""
        values = row.values
        if values.get("area_code") or "area_code" in row.faulty or "area_code" not in values:
            return
        named = next(filter(None, (values.get(name) for name in ("entity", "party"))), "")
        if named and "entity" in values:
            if (key := ("place", str(named))) not in row.found:
                row.found[key] = _place_of(str(named), row.person)
            values["area_code"] = row.found[key]

    def _read_begin(self, row: TableRow) -> None:
        """When a matter of an earlier ledger began: on its own day, on the one by which such work counts as begun, or in
        the year under which it is listed or was to be done."""
        from ecoledger.listings.importing.repeats import year_of

        values = row.values
        if values.get("opened_at") or "opened_at" in row.faulty:
            return
        if day := values.get(self._register.begins):
            values["opened_at"] = f"{str(day)[:10]} 00:00"
            return
        closed = str(values.get("closed_at") or "")[:4]
        due = (
            ""
            if closed
            else " ".join(str(values.get(name) or "") for name in self._register._dates)
        )
        year, today = year_of(row.section, row.sheet, due), row.look_up("", _today)
        if year is not None and str(year) < (closed or f"{int(today[:4]) + 1}"):
            values["opened_at"] = f"{year}-01-01 00:00"
            row.warn("opened_at", _("没有写登记日期，按 %s 计") % f"{year}-01-01")
        elif not closed:
            row.warn("opened_at", _("没有写登记日期，按今天计，计入今年；请核对"))

    def _read_end(self, row: TableRow) -> None:
        said = row.texts.get(COMPLETION) or row.values.get(COMPLETION)
        closed = row.values.get("closed_at")
        at_length = row.texts.get(PROGRESS) if row.history and not closed else ""
        completion = read_completion(said or at_length, timezone.localdate())
        if completion is not None and completion.finished is None and said and at_length:
            told = read_completion(at_length, timezone.localdate())
            if told is not None and told.course is completion.course is Course.CLOSED:
                completion = told
        words = row.texts.get(COMPLETION, "")
        if words and completion is None:
            row.warn(COMPLETION, _("“%s”看不出是否完成，请核对") % words)
        if completion is None:
            row.values[ENDED] = bool(closed)
            if row.history and row.there.isdisjoint(_TELLS_END) and not closed:
                row.refuse(
                    "closed_at",
                    _(
                        "表里没有“办结时间”，也没有“完成情况”，看不出是否办结；请补上其中一列，未办结的请不作为历史导入"
                    ),
                )
            return
        row.values[ENDED] = completion.course is Course.CLOSED
        if row.values[ENDED] and not closed and completion.finished is not None:
            row.values["closed_at"] = f"{completion.finished} 00:00"
        elif row.values[ENDED] and not closed and "closed_at" not in row.faulty:
            row.warn("closed_at", _("已完成而没有写完成日期，办结日期留空"))
        elif closed and not row.values[ENDED]:
            row.values["closed_at"] = ""
            row.warn("closed_at", _("“%s”不是已完成，所写的完成日期没有采用") % words)
        if row.values[ENDED] and not row.history and not self._tells_past:
            row.warn(COMPLETION, _("已经办结；勾选“作为历史”才能导入"))

    def history_of(
        self, values: Mapping[str, Any], said: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        ended = bool(said.get(ENDED))
        return {**values, ENDED: ended} if ended or not self._tells_past else None

    @property
    def _tells_past(self) -> bool:
        return self.imports is not None and self.imports.tells_past

    def import_history(
        self, rows: list[dict[str, Any]], batch: Any, by: Person | None, at: datetime
    ) -> list[Any]:
        from ecoledger.matters import history

        source = {"origin": batch.file_name}
        return history.enter(
            self._register,
            [source | row for row in rows],
            by=by,
            source=batch.file_name,
            batch=batch,
            at=at,
        )

    def imported(self, batch: Any, made: int, by: Person | None, at: datetime) -> None:
        from ecoledger.matters import imported

        imported.announce(self._register, batch, made, by, at)

    def link_repeat(
        self, made: int | None, target: int | None, original: str, by: Person | None, at: datetime
    ) -> None:
        from ecoledger.matters import imported

        imported.link_repeat(self._register, made, target, original, by, at)

    def withdraw_row(self, row: Any, by: Person | None, at: datetime) -> bool:
        from ecoledger.matters import imported

        return imported.withdraw(row, by, at)

    def restore_rows(self, keys: list[int], by: Person | None, at: datetime) -> int:
        from ecoledger.matters import imported

        return imported.restore(self._register, keys, by, at)


def _today(_name: str) -> str:
    return timezone.localdate().isoformat()


def _place_of(name: str, person: Person | None) -> str:
    """The division of the thing called so that ``person`` may choose; "" where there is none, or several."""
    try:
        return str(lookup_for(Entity).resolve(name, person).area_code)
    except NoSuchRow:
        return ""
