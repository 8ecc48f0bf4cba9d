"""Rows of a table that say again what another row, or the book, says already: by their key, by what they carry over, by every cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import CharField
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings.derive import field_at
from ecoledger.listings.importing import updating
from ecoledger.listings.importing.cleaning import cleaner
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch, ImportRow, problem
from ecoledger.listings.parts import Import, ImportColumn
from ecoledger.listings.tables.headers import fold


class Repeats:
    """Compares the rows of one batch with each other and with the book."""

    def __init__(
        self,
        listing: Listing,
        imports: Import,
        columns: Mapping[str, ImportColumn],
        batch: ImportBatch,
        by: Person | None,
    ) -> None:
        self.listing, self.imports, self.columns = listing, imports, columns
        self.batch, self.by = batch, by

    def keys(self, rows: list[ImportRow]) -> None:
        """Keys that stand twice in the file or are in the book already are errors, not copies."""
        if not self.imports.key:
            self._same_rows(rows)
            return
        label = "、".join(_(str(self.columns[n].ask.label)) for n in self.imports.key)
        first = self.imports.key[0]
        there = self._keys_there(rows)
        seen: dict[str, ImportRow] = {}
        again: dict[str, ImportRow] = {}
        for row in rows:
            row.changes = None
            parts = [str(row.values.get(name) or "") for name in self.imports.key]
            row.key, row.repeats_of = " ".join(parts)[:200] if all(parts) else "", ""
            if not row.key:
                continue
            folded = fold(row.key)
            if folded in seen:
                row.repeats_of = seen[folded].place
                message = _("与第 %s 行相同；请删去一行，或改正编号") % _place(seen[folded], row)
                row.errors.append(problem(first, label, message))
                continue
            seen[folded] = row
            if folded in there:
                row.repeats_of = there[folded]
                again[str(row.values[first])] = row
        known = self._updates(again)
        for key, row in again.items():
            if key not in known:
                message = _("已在台账中（%s）；若是新问题请改正编号") % row.repeats_of
                if not row.repeats_of:
                    message = _("已在别处登记，不在您的数据范围内；若是新问题请改正编号")
                row.errors.append(problem(first, label, message))
        if self.imports.duplicate_of:
            self._duplicates(rows, seen, there)
        self._same_rows([row for row in rows if not row.key])

    def _updates(self, rows: dict[str, ImportRow]) -> set[str]:
        """Keys of rows that bring the book up to date, where the list takes such."""
        if not (self.imports.updates and rows):
            return set()
        (name,) = self.imports.key
        store = self.columns[name].ask.stores or name
        clean = cleaner(self.listing, self.listing.import_asks, self.by)
        return updating.compare(self.listing, rows, store, self.by, clean)

    def _keys_there(self, rows: list[ImportRow]) -> dict[str, str]:
        """Folded key -> how the row of the book that has it is called, "" where it may not be seen."""
        stores = [self.columns[name].ask.stores or name for name in self.imports.key]
        shown = "number" if hasattr(self.listing.model, "number") else stores[0]
        there = self.listing.standing()
        if isinstance(field_at(self.listing.model, stores[0]), CharField):
            there = there.filter(
                **{f"{stores[0]}__gt": ""}
            )  # most of a book may have no such number
        wanted = {str(row.values.get(self.imports.duplicate_of) or "") for row in rows}
        keys = {
            " ".join(str(row.values.get(name) or "") for name in self.imports.key) for row in rows
        }
        folded = {fold(text) for text in keys | wanted}
        found: dict[str, tuple[int, str]] = {}
        for pk, *parts, name in there.values_list("pk", *stores, shown).iterator(chunk_size=5000):
            key = fold(" ".join(str(part) for part in parts))
            if key in folded:
                found.setdefault(key, (pk, str(name)))
        seen = self._seen([pk for pk, _name in found.values()])
        return {key: name if pk in seen else "" for key, (pk, name) in found.items()}

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
        self, rows: list[ImportRow], seen: Mapping[str, ImportRow], there: Mapping[str, str]
    ) -> None:
        """A row that says which one it repeats must name one that is there, above or below it, and not itself."""
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
            elif original in there:
                row.repeats_of = there[original]
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
