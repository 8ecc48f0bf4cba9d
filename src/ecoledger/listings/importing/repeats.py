"""Rows of a table that say again what another row, or the book, says already: by their key, by what they carry over, by every cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms as django_forms
from django.db.models import CharField, Model
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings.derive import field_at
from ecoledger.listings.importing import updating
from ecoledger.listings.importing.cleaning import Cleaner
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch, ImportRow, problem
from ecoledger.listings.parts import Import, ImportColumn, Kind
from ecoledger.listings.tables.headers import fold

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

    def keys(self, rows: list[ImportRow]) -> None:
        """Keys that stand twice in the file or are in the book already are errors, not copies."""
        if not self.imports.key:
            self._same_rows(rows)
            return
        label = _("、").join(_(str(self.columns[n].ask.label)) for n in self.imports.key)
        first = self.imports.key[0]
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
            if before := next((seen[key] for key in keys if key in seen), None):
                row.repeats_of = before.place
                message = _("与第 %s 行相同；请删去一行，或改正编号") % _place(before, row)
                row.errors.append(problem(first, label, message))
                continue
            seen.update(dict.fromkeys(keys, row))
            if found := next((key for key in keys if key in there), ""):
                pk, row.repeats_of = there[found]
                if pk not in again:
                    again[pk] = row
                    if found.startswith(_OWN):
                        numbered.add(pk)
        meant = again if self.imports.updates else {pk: again[pk] for pk in numbered}
        known = updating.compare(self.listing, meant, self.by, self.clean) if meant else set()
        if not self.listing.is_work:  # a piece of work may be another of the same number
            left = {pk: row for pk, row in again.items() if pk not in known}
            known |= updating.unchanged(self.listing, left, self.by, self.clean)
        for pk, row in again.items():
            if pk not in known:
                message = _("已在台账中（%s）；若是新的一条，请改正") % row.repeats_of
                if not row.repeats_of:
                    message = _("已在别处登记，不在您的数据范围内；若是新的一条，请改正")
                row.errors.append(problem(first, label, message))
        if self.imports.duplicate_of:
            self._duplicates(rows, seen, there)
        self._same_rows([row for row in rows if not row.key])

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
                    told.append(problem(name, label, message))

    def _told(self, row: ImportRow) -> list[str]:
        """What tells the row from others: its number in the list's own export, and its key as it is kept."""
        told = []
        if own := str(row.values.get(self.listing.numbered_by) or ""):
            told.append(_OWN + fold(own))
        parts = [self._kept(name, row.values.get(name)) for name in self.imports.key]
        if all(parts):
            told.append(fold(" ".join(parts)))
        return told

    def _kept(self, name: str, value: Any) -> str:
        """A part of a key as the column keeps it: of a name that means another row, that row's key."""
        if value and self.columns[name].ask.kind in (Kind.REFERENCE, Kind.AREA):
            try:
                value = self.clean(name, value)
            except django_forms.ValidationError:
                return ""
        return str(value.pk if isinstance(value, Model) else value or "")

    def _keys_there(
        self, rows: list[ImportRow], told: Iterable[list[str]]
    ) -> dict[str, tuple[int, str]]:
        """What tells a row from others -> (primary key, name) of the row of the book of which it tells, "" for its name
        where it may not be seen."""
        wanted = {fold(row.values.get(self.imports.duplicate_of) or "") for row in rows}
        wanted.update(key for keys in told for key in keys)
        found: dict[str, tuple[int, str]] = {}
        stores = [self.columns[name].ask.stores or name for name in self.imports.key]
        shown = "number" if hasattr(self.listing.model, "number") else stores[0]
        if own := self.listing.numbered_by:
            shown = own
            self._find([own], shown, {k for k in wanted if k.startswith(_OWN)}, found, _OWN)
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
            key = mark + fold(" ".join(str(part) for part in parts))
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
        """Rows without a key that say the same in every cell are pointed out."""
        seen: dict[str, ImportRow] = {}
        for row in rows:
            content = repr(
                sorted((k, v) for k, v in row.cells.items() if k not in self.imports.key)
            )
            if content in seen:
                row.repeats_of = seen[content].place
                message = _("与第 %s 行内容完全相同，请核对是不是重复") % _place(seen[content], row)
                row.warnings.append(problem("", "", message))
            seen.setdefault(content, row)


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
