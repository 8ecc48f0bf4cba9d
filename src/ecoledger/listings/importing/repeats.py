"""Rows of a table that say again what another row, or the book, says already: by their key, by what they carry over, by every cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms as django_forms
from django.db.models import CharField
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import cells, selecting, veil
from ecoledger.listings.derive import field_at
from ecoledger.listings.exported import columns_of
from ecoledger.listings.importing import updating
from ecoledger.listings.importing.cleaning import Cleaner
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch, ImportRow, problem
from ecoledger.listings.parts import Column, Import, ImportColumn
from ecoledger.listings.tables.book import unpacked_cell
from ecoledger.listings.tables.headers import fold
from ecoledger.listings.unchanged import plain

_AT_ONCE = 500
# Before what tells a row by its number in the list's own export.
_OWN = "\0"


class Repeats:
    """Compares the rows of one batch with each other and with the book."""

    def __init__(
        self,
        listing: Listing,
        imports: Import,
        columns: Mapping[str, ImportColumn],
        batch: ImportBatch,
        by: Person | None,
        clean: Cleaner,
    ) -> None:
        self.listing, self.imports, self.columns = listing, imports, columns
        self.batch, self.by, self.clean = batch, by, clean
        # Whether a row that says its own number brings that one up to date.
        self.follows_number = listing.numbered_by in columns
        self.own_headers, self.own_numbers = self._own_headers(), dict[int, str]()
        self._by_key = False

    def _own_headers(self) -> set[str]:
        """The headers of the table over the number by which the list's own export names each row, where no column is so
        called: a foreign table may mean another number by the same word."""
        name = self.listing.numbered_by
        if not name or self.follows_number:
            return set()
        words = {fold(name), fold(str(self.listing.derive.column(name).label))}
        return {header for header in self.batch.mapping if fold(header) in words}

    def known_by_number(self, rows: list[ImportRow]) -> None:
        """Note the rows that say the number of one in the book; what stands under that header means nothing else."""
        if not self.own_headers:
            return
        told: dict[int, str] = {}
        for row in rows:
            cells = (fold(unpacked_cell(row.raw[h])) for h in self.own_headers if h in row.raw)
            if number := next(filter(None, cells), ""):
                told[id(row)] = _OWN + number
        there: dict[str, tuple[int, str]] = {}
        self._find(
            [self.listing.numbered_by], self.listing.numbered_by, set(told.values()), there, _OWN
        )
        self.own_numbers = {row: number for row, number in told.items() if number in there}

    def as_they_stand(self, rows: list[ImportRow]) -> dict[int, tuple[int, str]]:
        """The rows that say in every cell of the list's own export what it says today, by ``id``: key and number of the row of
        the book, or what tells it alone. Nothing of them is read, for nothing of them changes."""
        number, by, key = self.listing.numbered_by, self.by, self.imports.key
        if not number and len(key) == 1 and key[0] in self.columns:
            number = self.columns[key[0]].ask.stores or ""
        if not number or by is None:
            return {}
        heads = {fold(_(str(c.label))): c for c in columns_of(self.listing, by)}
        said: dict[str, list[tuple[ImportRow, dict[str, Column]]]] = {}
        for row in rows:
            own = {header: heads[fold(header)] for header in row.raw if fold(header) in heads}
            told = next((_standing(row.raw[h]) for h, c in own.items() if c.name == number), "")
            more = any(self.batch.mapping.get(h) for h in row.raw.keys() - own.keys())
            if told and not (more or row.faults):
                said.setdefault(told, []).append((row, own))
        same: dict[int, tuple[int, str]] = {}
        numbers, seen = list(said), veil.of(self.listing, by)
        for start in range(0, len(numbers), _AT_ONCE):
            some = {f"{number}__in": numbers[start : start + _AT_ONCE]}
            things = self.listing.updatable(by).filter(**some)
            for thing in things.select_related(*selecting.related(self.listing)):
                told = str(getattr(thing, number))
                for row, own in said.get(told, ()):
                    here = cells.cells_of(seen(thing), own.values())
                    there = (row.raw[header] for header in own)
                    if list(map(_standing, here)) == list(map(_standing, there)):
                        same[id(row)] = (thing.pk, told)
        return same

    def keys(self, rows: list[ImportRow]) -> None:
        """Keys that stand twice in the file or are in the book already are errors, not copies."""
        label = _("、").join(_(str(self.columns[n].ask.label)) for n in self.imports.key)
        first = next(iter(self.imports.key), "")
        told = {id(row): self._told(row) for row in rows}
        there = self._keys_there(rows, told.values())
        seen: dict[str, ImportRow] = {}
        again: dict[int, ImportRow] = {}
        numbered: set[int] = set()  # of these, what was named by its number in the book
        for row in rows:
            row.changes = None
            parts = [str(row.values.get(name) or "") for name in self.imports.key]
            row.key, row.repeats_of = " ".join(parts)[:200] if all(parts) else "", ""
            keys = told[id(row)]
            found = next((key for key in keys if key in there), "")
            before = next((seen[key] for key in keys if key in seen), None)
            # A row above may say by its number what this one says by its key.
            if before := before or (again.get(there[found][0]) if found else None):
                row.repeats_of = before.place
                message = _("与第 %s 行相同；请删去一行，或改正编号") % _place(before, row)
                row.errors.append(problem(first, label, message))
                continue
            seen.update(dict.fromkeys(keys, row))
            if found:
                pk, called = there[found]
                # What no name of its own tells is told by its key.
                named_by_key = called and self._by_key
                row.repeats_of = _called(row, self.imports.key) if named_by_key else called
                again[pk] = row
                if found.startswith(_OWN):
                    numbered.add(pk)
        if not self.listing.numbered_by:
            again |= self._in_every_cell([row for row in rows if not (row.key or row.errors)])
        followed = numbered if self.follows_number else ()
        meant = again if self.imports.updates else {pk: again[pk] for pk in followed}
        known = updating.compare(self.listing, meant, self.by, self.clean) if meant else set()
        # A piece of work may be another of the same number, unless that is its own.
        same = numbered if self.listing.is_work else again.keys()
        left = {pk: row for pk, row in again.items() if pk in same and pk not in known}
        unchanged, otherwise = updating.unchanged(self.listing, left, self.by, self.clean)
        known |= unchanged
        for pk, row in again.items():
            if pk not in known:
                message = _("已在台账中（%s）；若是新的一条，请改正") % row.repeats_of
                if pk in numbered and otherwise.get(pk):
                    message = _(
                        "已在台账中（%(number)s），表中不同的是：%(what)s。本台账不按表格更新，确有变化的请打开该条修改"
                    ) % {"number": row.repeats_of, "what": otherwise[pk]}
                if not row.repeats_of:
                    message = _("已在别处登记，不在您的数据范围内；若是新的一条，请改正")
                row.errors.append(problem(first, label, message))
        if self.imports.duplicate_of:
            self._duplicates(rows, seen, there)
        self._same_rows([row for row in rows if not (row.key or row.repeats_of)])

    def _in_every_cell(self, rows: list[ImportRow]) -> dict[int, ImportRow]:
        """Rows without a whole key that say in every column of the table what one of the book says, by its primary key."""
        there = set(self.batch.mapping.values())
        fields = {
            name: field_at(self.listing.model, column.ask.stores)
            for name, column in self.columns.items()
            if name in there and column.ask.stores and not column.ask.within
        }
        fields = {n: f for n, f in fields.items() if f is not None and f.concrete}
        if not (rows and fields):
            return {}
        said: dict[tuple[str, ...], list[ImportRow]] = {}
        for row in rows:
            told = (
                self._said(n, row.values.get(n)) or _part(f.get_default())
                for n, f in fields.items()
            )
            said.setdefault(tuple(told), []).append(row)
        stores = [str(self.columns[name].ask.stores) for name in fields]
        again: dict[int, ImportRow] = {}
        for pk, *kept in (
            self.listing.standing().values_list("pk", *stores).iterator(chunk_size=5000)
        ):
            if waiting := said.get(tuple(map(_part, kept))):
                again[pk] = waiting.pop(0)
        seen = self._seen(list(again))
        for pk, row in again.items():
            row.repeats_of = _called(row, fields) if pk in seen else ""
        return again

    def shared(self, rows: list[ImportRow]) -> None:
        """Of rows that share what is one row's alone the later is refused, and each says where the other stands."""
        for name, reason in self.imports.once.items():
            if name not in self.columns:
                continue
            label, seen = _(str(self.columns[name].ask.label)), dict[str, ImportRow]()
            for row in rows:
                if not (value := fold(row.values.get(name))):
                    continue
                before = seen.setdefault(value, row)
                if before is row or row.repeats_of or row.values.get(reason):
                    continue
                for one, other, told in ((row, before, row.errors), (before, row, before.warnings)):
                    message = _("“%(value)s”与第 %(row)s 行相同，请核对") % {
                        "value": row.values[name], "row": _place(other, one)
                    }  # fmt: skip
                    if reason and told is row.errors:
                        asked = _(str(self.columns[reason].ask.label))
                        message += _("；确应如此的，请在“%s”列说明") % asked
                    told.append(problem(name, label, message))

    def _told(self, row: ImportRow) -> list[str]:
        """What tells the row from others: its number in the list's own export, and its key as it is kept."""
        told = []
        if own := str(row.values.get(self.listing.numbered_by) or ""):
            told.append(_OWN + fold(own))
        if number := self.own_numbers.get(id(row)):
            told.append(number)
        parts = [self._said(name, row.values.get(name)) for name in self.imports.key]
        if parts and all(parts):
            told.append(fold(" ".join(parts)))
        return told

    def _said(self, name: str, value: Any) -> str:
        """A part of a key as it is compared with what the column keeps: of a name that means another row, that row's key."""
        try:
            return _part(self.clean(name, value)) if value else ""
        except django_forms.ValidationError:
            return ""

    def _keys_there(
        self, rows: list[ImportRow], told: Iterable[list[str]]
    ) -> dict[str, tuple[int, str]]:
        """What tells a row from others -> (primary key, name) of the row of the book of which it tells, "" for its name
        where it may not be seen."""
        wanted = {fold(row.values.get(self.imports.duplicate_of) or "") for row in rows}
        wanted.update(key for keys in told for key in keys)
        found: dict[str, tuple[int, str]] = {}
        stores = [self.columns[name].ask.stores or name for name in self.imports.key]
        own = self.listing.numbered_by
        if own:
            self._find([own], own, {k for k in wanted if k.startswith(_OWN)}, found, _OWN)
        if stores:
            shown = own or ("number" if hasattr(self.listing.model, "number") else stores[0])
            self._by_key = field_at(self.listing.model, shown).is_relation
            self._find(stores, shown, {k for k in wanted if not k.startswith(_OWN)}, found)
        seen = self._seen([pk for pk, _name in found.values()])
        return {key: (pk, name if pk in seen else "") for key, (pk, name) in found.items()}

    def _find(
        self,
        stores: list[str],
        shown: str,
        wanted: set[str],
        found: dict[str, tuple[int, str]],
        mark: str = "",
    ) -> None:
        there = self.listing.standing()
        if isinstance(field_at(self.listing.model, stores[0]), CharField):
            there = there.filter(
                **{f"{stores[0]}__gt": ""}
            )  # most of a book may have no such number
        if not wanted - {""}:
            return
        for pk, *parts, name in there.values_list("pk", *stores, shown).iterator(chunk_size=5000):
            key = mark + fold(" ".join(map(_part, parts)))
            if key in wanted:
                found.setdefault(key, (pk, str(name)))

    def _seen(self, keys: list[int]) -> set[int]:
        """Of the rows of the book of those keys the ones that whoever imports may see."""
        if self.by is None:
            return set(keys)
        seen: set[int] = set()
        for start in range(0, len(keys), 500):
            rows = self.listing.visible_to(self.by).filter(pk__in=keys[start : start + 500])
            seen.update(rows.order_by().values_list("pk", flat=True))
        return seen

    def _duplicates(
        self,
        rows: list[ImportRow],
        seen: Mapping[str, ImportRow],
        there: Mapping[str, tuple[int, str]],
    ) -> None:
        """A row that says which one it repeats must name one that is there, above or below it, and not itself.

        What may not be seen is not there: else any number could be asked for.
        """
        name = self.imports.duplicate_of
        if name not in self.columns:
            return
        label = _(str(self.columns[name].ask.label))
        for row in rows:
            original = fold(row.values.get(name))
            if not original:
                continue
            if row.key and original == fold(row.key):
                row.errors.append(problem(name, label, _("不能重复于自己；请核对编号")))
            elif original in seen:
                row.repeats_of = seen[original].place
            elif called := there.get(original, (0, ""))[1]:
                row.repeats_of = called
            else:
                message = _("找不到编号为“%s”的原件；请核对，或先导入原件") % row.values[name]
                row.errors.append(problem(name, label, message))

    def carried_over(self, rows: list[ImportRow]) -> None:
        """Rows of an earlier ledger that say again, in a later section, what one above said (结转)."""
        names = self.imports.carried if self.batch.history else ()
        above: dict[tuple[str, ...], list[ImportRow]] = {}
        for row in rows:
            row.carried_from = ""
            told = tuple(_without_carried(row.values.get(name)) for name in names[:2])
            if not (told and all(told)):
                continue
            earlier_rows = above.setdefault(told, [])
            for before in reversed(earlier_rows):
                if _carries(row, before, names):
                    row.carried_from = row.repeats_of = before.place
                    message = _("与第 %s 行是同一件（结转），导入后合为一件") % _place(before, row)
                    row.warnings.append(problem("", "", message))
                    break
            earlier_rows.append(row)

    def _same_rows(self, rows: list[ImportRow]) -> None:
        """Rows without a key that say the same in every cell, as one above or one taken in earlier, are pointed out."""
        before = said_before(self.listing.key, rows) if self.listing.numbered_by else {}
        for row in rows:
            if where := before.get(id(row)):
                message = _("与已导入的“%(file)s”%(place)s 内容完全相同，请核对是不是重复") % where
                row.warnings.append(problem("", "", message))
        seen: dict[str, ImportRow] = {}
        # A number that tells rows apart may only count them; of a key of several columns each part is said of the thing.
        number = self.imports.key if len(self.imports.key) == 1 else ()
        for row in rows:
            content = repr(sorted((k, v) for k, v in row.cells.items() if k not in number))
            if content in seen:
                row.repeats_of = seen[content].place
                message = _("与第 %s 行内容完全相同，请核对是不是重复") % _place(seen[content], row)
                row.warnings.append(problem("", "", message))
            seen.setdefault(content, row)


def _standing(cell: Any) -> str:
    """What a cell of an export says, as it goes out and as it comes back."""
    value = unpacked_cell(cell)
    if isinstance(value, datetime):
        here = timezone.localtime(value) if timezone.is_aware(value) else value
        return f"{here + timedelta(seconds=30):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value} 00:00"
    # Of a decimal an export writes the digits.
    said = value if isinstance(value, Decimal) else plain(value)
    return "" if said is None else str(said).strip()


def said_before(listing: str, rows: Iterable[ImportRow]) -> dict[int, dict[str, Any]]:
    """Of rows without a key, by ``id``, those that say what an accepted one says: its batch, file and place.

    The same list saved anew, or as another sort of file, has other bytes and the same rows.
    """
    told: dict[str, list[int]] = {}
    for row in rows:
        told.setdefault(_content(row.values), []).append(id(row))
    before: dict[int, dict[str, Any]] = {}
    if not told:
        return before
    accepted = ImportRow.objects.filter(
        batch__listing=listing, batch__state=ImportBatch.State.ACCEPTED, key=""
    ).exclude(made=None)
    for row in accepted.select_related("batch").only(
        "values", "sheet", "number", "batch__file_name"
    ).iterator(chunk_size=2000):  # fmt: skip
        where = {"batch": row.batch_id, "file": row.batch.file_name, "place": row.place}
        before |= dict.fromkeys(told.get(_content(row.values), ()), where)
    return before


def _content(values: Mapping[str, Any]) -> str:
    return repr(sorted((name, value) for name, value in values.items() if value))


def _called(row: ImportRow, names: Iterable[str]) -> str:
    """What names a row that has no number: the first of what it says."""
    said = (row.cells.get(name) or row.values.get(name) for name in names)
    return " ".join([str(text) for text in said if text][:4])[:120]


def _part(value: Any) -> str:
    """A part of a key in the one form in which what a table says and what the book keeps are compared."""
    return str(plain(value) or "")


# A remark is short; without an end to it, a cell full of brackets would be looked at for minutes.
_CARRIED = re.compile(
    r"[(\[【][^()\[\]【】]{0,40}(?:结转|续|遗留|上年)[^()\[\]【】]{0,40}[)\]】]|结转[:,;]?"
)


def _without_carried(value: Any) -> str:
    """A value as it is compared with the row it may carry over: without the remark that it does."""
    return _CARRIED.sub("", fold(value)).strip("。.,;")


def _carries(row: ImportRow, before: ImportRow, names: tuple[str, ...]) -> bool:
    """Whether ``row`` says again what ``before``, alike in its first two columns, said in an earlier section or year."""
    years = year_of(before.sheet), year_of(row.sheet)
    apart = before.section != row.section if before.sheet == row.sheet else all(years)
    own_numbers = row.key and before.key and fold(row.key) != fold(before.key)
    if not apart or own_numbers or before.errors:
        return False
    told = [
        (_without_carried(row.values.get(name)), _without_carried(before.values.get(name)))
        for name in names
    ]
    marked = any("结转" in text for text in row.cells.values())
    return marked or all(a == b or not a or not b for a, b in told)


_YEAR_SAID = re.compile(r"(?<!\d)(20\d{2})(?!\d)")


def year_of(*texts: str) -> int | None:
    """The year that the first of ``texts`` with one names."""
    return next((int(m[1]) for text in texts if (m := _YEAR_SAID.search(text))), None)


def _place(other: ImportRow, row: ImportRow) -> str:
    """Where another row stands, as said beside ``row``."""
    return str(other.number) if other.sheet == row.sheet else other.place
