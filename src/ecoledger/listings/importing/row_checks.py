"""The rows of an uploaded table, cell by cell and row by row: what can be kept, and why the rest cannot."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from django import forms as django_forms
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.jobs import beside
from ecoledger.listings import words as say
from ecoledger.listings.forms import AreaField, LookupField
from ecoledger.listings.happened import WHY, lies_ahead
from ecoledger.listings.importing import remembered, updating
from ecoledger.listings.importing.cells import BadCell, UnknownWord, text_of, value_of
from ecoledger.listings.importing.cleaning import Cleaner
from ecoledger.listings.importing.columns import running_numbers, unit_of, unused_headers
from ecoledger.listings.importing.repeats import Repeats, year_of
from ecoledger.listings.importing.units import conversions
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch, ImportRow, problem
from ecoledger.listings.parts import ImportColumn, Kind, TableRow
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tables.book import Fault, unpacked_cell
from ecoledger.listings.tables.headers import fold
from ecoledger.listings.tables.units import parts, unit_said
from ecoledger.standards.readings import commas_either_way
from ecoledger.standards.written_measures import ratio

# Told how many rows of how many are done.
Progress = Callable[[int, int], None]

_TOLD = 200  # rows between two words of progress
_REST = 0.02  # seconds in which pages have the interpreter for themselves

# Kinds whose reading depends on when the row began, and on the years that its sheet and section name.
_DATED = (Kind.DATE, Kind.DUE, Kind.DATETIME)

_NUMBERS = (Kind.INTEGER, Kind.DECIMAL)

# What a cell was read as: its text, its value for the form, and a warning.
_Read = tuple[str, Any, str]

_WITH_UNIT = re.compile(r"\s*([+-]?\d[\d,，]*(?:\.\d+)?)\s*([^\W\d_][^\s\d]*[23]?)\s*")
_SHORT = 40  # letters of a cell that may come again
_UNKNOWN_KEPT = 200  # distinct unknown words of a column


class RowChecks:
    """Checks the rows of one batch: cell by cell, row by row, and each row against the others and the book."""

    def __init__(
        self,
        listing: Listing,
        columns: tuple[ImportColumn, ...],
        batch: ImportBatch,
        by: Person | None,
    ) -> None:
        self.listing, self.batch, self.by = listing, batch, by
        self.conversions = conversions(batch, columns)
        self.headers_of: dict[str, list[str]] = {}
        for header, name in batch.mapping.items():
            if name:
                self.headers_of.setdefault(name, []).append(header)
        self.columns = {c.name: c for c in columns}
        # When it began is read first: dates without a year are counted from there.
        self.in_order = sorted(self.columns, key=lambda name: name != "opened_at")
        assert listing.imports is not None  # noqa: S101 - preview refused such a list
        self.imports = listing.imports
        # What tells things apart: in the list, or in other systems.
        self.codes = {*self.imports.key, *self.imports.once, listing.numbered_by}
        self.codes.update(getattr(listing, "numbers", ()))
        self.dated = {c.name for c in columns if c.ask.kind in _DATED}
        # Days of what has happened.
        facts = {c.name for c in columns if listing.is_fact(c.ask.stores or c.name)}
        self.facts = sorted(facts & self.dated - set(self.imports.future))
        self._now = timezone.now()
        self._today = timezone.localdate(self._now).isoformat()
        self.clean = Cleaner(listing, listing.import_asks, by, batch.mapping.values())
        self.fields = {c.name: self.clean.fields[c.name] for c in columns}
        # References to rows of the list itself: such a row may stand in the same file.
        self.own = {
            name: field.lookup
            for name, field in self.fields.items()
            if isinstance(field, LookupField) and issubclass(listing.model, field.lookup.model)
        }
        # Of a row what it names there: column -> the row of the file; before all are read, what is said if none is it.
        self._unmade: dict[int, dict[str, ImportRow]] = {}
        self._sought: list[tuple[ImportRow, str, str]] = []
        # Most lists have no rules beyond their fields: their rows need not be cleaned to be looked at.
        self.has_rules = type(listing).wrong is not Listing.wrong
        self.words: dict[str, dict[str, str]] = {
            name: {fold(word): value for word, value in meanings.items()}
            for name, meanings in self.imports.values.items()
        }
        # What people said words mean: asked only of what the column itself does not know.
        self.said = remembered.words(listing, by)
        for column, meanings in batch.words.items():
            self.said.setdefault(column, {}).update(meanings)
        self.labels = {c.name: _(str(c.ask.label)) for c in columns}
        self._cleaned: dict[str, dict[str, str]] = {name: {} for name in self.columns}
        self._found: dict[Any, Any] = {}
        self._running: set[str] = set()
        self._either: frozenset[str] = frozenset()
        self._headers_in: dict[str, set[str]] = {}
        self._headed: dict[str, list[tuple[str, str, dict[Any, _Read]]]] = {}
        self._read: dict[tuple[str, str], dict[Any, _Read]] = {}
        self._read_as: dict[str, dict[str, str]] = {}

    def rows(self, rows: list[ImportRow], progress: Progress | None = None) -> None:
        """Check all rows, and each against the others and the book."""
        self.batch.unknown = {}
        self._headed, self._unmade, self._sought = {}, {}, []
        self._may_be_empty = {name for name in self.columns if not self._wrong(name, "")}
        for row in rows:
            self._headers_in.setdefault(row.sheet, set()).update(row.raw, row.faults)
        self._running = running_numbers(rows, self.headers_of, self.imports.key)
        self._expect(rows)
        numbers = [
            h for name in self.columns if self._counts(name) for h in self.headers_of.get(name, ())
        ]
        self._either = commas_either_way(row.raw.get(header) for header in numbers for row in rows)
        repeats = Repeats(self.listing, self.imports, self.columns, self.batch, self.by, self.clean)
        repeats.known_by_number(rows)
        same = repeats.as_they_stand(rows)
        for row in rows:
            if known := same.get(id(row)):
                self._stands(row, *known)
        rows, every = [row for row in rows if id(row) not in same], rows
        for n, row in enumerate(rows):
            if n % _TOLD == 0:
                if beside.serves():
                    time.sleep(_REST)
                if progress is not None:
                    progress(n, len(rows))
            self._row(row, repeats.own_headers if id(row) in repeats.own_numbers else ())
        self._find_named(rows)
        repeats.keys(rows)
        repeats.shared(rows)
        repeats.carried_over(rows)
        self._look_over(rows)
        self._refuse_unmade(rows)
        self._note_meanings()
        self._note_unused(rows)
        new = [row for row in rows if not row.changes]
        for row, other, called, why in self.listing.likely_repeats(new, self.by):
            row.repeats_of = other
            message = _("可能与 %(other)s 是同一件（%(why)s）") % {"other": called, "why": why}
            row.warnings.append(problem("", "", message))
        for row in every:
            row.wrong = bool(row.errors)
            row.keep_texts()

    def _stands(self, row: ImportRow, pk: int, number: str) -> None:
        """Note a row that says what stands in the book."""
        row.cells, row.values = {}, {}
        row.errors, row.key, row.repeats_of, row.carried_from = [], "", number, ""
        row.changes = pk
        said = _("已在台账中（%s），没有新内容") % number
        row.warnings = [problem("", "", said) | updating.SAME]

    def _expect(self, rows: list[ImportRow]) -> None:
        """What the rows name of other tables is found together, as far as it is written plainly."""
        names = {
            header: name
            for name, headers in self.headers_of.items()
            for header in headers
            if isinstance(self.fields.get(name), LookupField)
        }
        if names:
            cells = ({name: row.raw.get(header) for header, name in names.items()} for row in rows)
            self.clean.expect(cells)

    def _columns_of(self, sheet: str) -> list[tuple[str, str, dict[Any, _Read]]]:
        """The columns that a sheet has, each with its header there and what was read below it."""
        if sheet not in self._headed:
            there = self._headers_in.get(sheet, set())
            first = {
                name: next((h for h in self.headers_of.get(name, ()) if h in there), "")
                for name in self.in_order
            }
            self._headed[sheet] = [
                (name, header, self._read.setdefault((name, header), {}))
                for name, header in first.items()
                if header
            ]
        return self._headed[sheet]

    def _row(self, row: ImportRow, apart: Collection[str]) -> None:
        """Read a row, but not what stands under the headers ``apart``."""
        # Most of a template's columns are not in a small table.
        row.cells, row.values = dict.fromkeys(self.in_order, ""), dict.fromkeys(self.in_order, "")
        row.errors, row.warnings = [], []
        apart = {*apart, *self._nowhere(row)}
        if whole := row.faults.get(""):
            row.errors.append(problem("", "", whole))
        faulty = {
            name
            for name, header, known in self._columns_of(row.sheet)
            if header not in apart and not self._cell(name, header, known, row)
        }
        for name, header, _known in self._columns_of(row.sheet):
            said = self.conversions.get((name, header))
            if said and said.choice and not row.values["unit"]:
                row.values["unit"] = row.cells["unit"] = said.choice
        self._complete(row, faulty)
        for name in self.columns:
            if name in faulty:
                continue
            value = row.values.get(name, "")
            if value == "" and name in self._may_be_empty:
                continue
            if wrong := self._wrong(name, value):
                if name in self.own and value:
                    self._sought.append((row, name, wrong))
                else:
                    self._refuse(row, name, wrong)
        self._refuse_to_come(row)
        seeks = bool(self._sought) and self._sought[-1][0] is row
        if self.has_rules and not row.errors and not seeks:
            self._rules(row)
        for header, fault in row.faults.items():
            if header and not self.batch.mapping.get(header):
                row.warnings.append(problem("", header, fault))

    def _nowhere(self, row: ImportRow) -> list[str]:
        """The headers of a place of which a platform says by two noughts that it knows none."""
        headers = [h for name in ("lon", "lat") for h in self.headers_of.get(name, ())]
        noughts = [h for h in headers if re.fullmatch(r"0(?:\.0*)?", str(row.raw.get(h)))]
        return noughts if len(noughts) == 2 else []

    def _refuse(self, row: ImportRow, name: str, wrong: str) -> None:
        row.errors.append(problem(name, self.labels[name], wrong))
        if isinstance(self.fields[name], LookupField) and (value := row.values.get(name)):
            self._unknown(name, str(value))

    def _refuse_to_come(self, row: ImportRow) -> None:
        """What has happened lies in no day to come."""
        for name in self.facts:
            said = row.values.get(name) or ""
            if said[:10] < self._today or any(one["column"] == name for one in row.errors):
                continue
            if lies_ahead(self.clean(name, said), self._now):
                row.errors.append(problem(name, self.labels[name], _(WHY) + _("请核对日期。")))

    def _find_named(self, rows: list[ImportRow]) -> None:
        """Of names that nothing in the book goes by, the row of the file that does; without one they are wrong."""
        called: dict[tuple[str, str], list[ImportRow]] = {}
        for name in {name for _row, name, _wrong in self._sought}:
            paths = {self.own[name].value, *self.own[name].exact}
            told = [c.name for c in self.columns.values() if (c.ask.stores or c.name) in paths]
            for row in rows:
                for word in {str(row.values.get(one) or "").strip() for one in told}:
                    called.setdefault((name, word), []).append(row)
        for row, name, wrong in self._sought:
            others = called.get((name, str(row.values[name]).strip()), [])
            if len(others) == 1 and others[0] is not row:
                self._unmade.setdefault(id(row), {})[name] = others[0]
            else:
                self._refuse(row, name, wrong)
        for row in {id(row): row for row, _name, _wrong in self._sought}.values():
            if self.has_rules and not row.errors:
                self._rules(row)

    def _refuse_unmade(self, rows: list[ImportRow]) -> None:
        """A row whose other one does not come in cannot either, nor can those that name each other in a ring."""
        comes = {id(row) for row in rows if not row.errors} - self._unmade.keys()
        waiting = [row for row in rows if id(row) in self._unmade and not row.errors]
        while ready := [
            r for r in waiting if all(id(o) in comes for o in self._unmade[id(r)].values())
        ]:
            comes.update(map(id, ready))
            waiting = [row for row in waiting if id(row) not in comes]
        for row in waiting:
            for name, other in self._unmade[id(row)].items():
                message = _("“%(value)s”是本表第 %(row)s 行，那一行不能导入，请先改正") % {
                    "value": row.values[name],
                    "row": other.number,
                }
                row.errors.append(problem(name, self.labels[name], message))

    def _values(self, row: ImportRow) -> dict[str, Any]:
        """The row's values, without the rows of the file that it names: they are not made yet."""
        if unmade := self._unmade.get(id(row)):
            row = ImportRow(values={**row.values, **dict.fromkeys(unmade, "")})
        return updating.values_of(self.listing, row, self.clean)

    def _stand_ins(self, row: ImportRow) -> dict[str, Any]:
        """The rows of the file that it names, by attribute, as they will be made: what goes with them is not said alone."""
        made = {}
        for name, other in self._unmade.get(id(row), {}).items():
            if not isinstance(self.fields[name], AreaField):
                made[self.columns[name].ask.stores or name] = thing = self.listing.model()
                for attribute, value in self._values(other).items():
                    setattr(thing, attribute, value)
        return made

    def _rules(self, row: ImportRow) -> None:
        """Ask the list's rules of a row; one whose texts name nothing is refused for that."""
        try:
            values = self._values(row)
        except Refused as refused:
            updating.refuse(row, refused)
            return
        except django_forms.ValidationError:
            return  # it must name a row that is not made yet: asked when both are
        for name, why in self.listing.wrong(values, self.by).items():
            row.errors.append(problem(name, self.labels.get(name, ""), why))

    def _look_over(self, rows: list[ImportRow]) -> None:
        """Ask of each new row what is asked when it is made, where the list asks more than its fields."""
        if type(self.listing).look_over is Listing.look_over:
            return
        for row in rows:
            if row.errors or row.changes:
                continue
            try:
                values = self._values(row) | self._stand_ins(row)
            except (Refused, django_forms.ValidationError):
                continue  # it names a row that is not made yet: asked when both are
            wrong, odd = self.listing.look_over(values, row.values, self.by)
            row.errors += [
                problem(name, self.labels.get(name, ""), why) for name, why in wrong.items()
            ]
            row.warnings += [problem("", "", why) for why in odd]

    def _counts(self, name: str) -> bool:
        """Whether a column holds numbers."""
        return self.columns[name].ask.kind in _NUMBERS

    def _cell(self, name: str, header: str, known: dict[Any, _Read], row: ImportRow) -> bool:
        """Read the cell of a column into the row; whether it could be read."""
        if fault := row.faults.get(header):
            row.errors.append(problem(name, self.labels[name], fault))
            return False
        cell = row.raw.get(header)
        if type(cell) is str and cell in self._either and self._counts(name):
            why = _("；").join(say.fault(Fault("comma", text=cell), row.number))
            row.errors.append(problem(name, self.labels[name], why))
            return False
        # What stands in many rows is read once.
        short = type(cell) is str and len(cell) <= _SHORT
        began, alike = "", cell
        if name in self.dated:
            began = str(row.values.get("opened_at") or "")[:10]
            alike = (cell, row.section, row.sheet, began)
        if short and (read := known.get(alike)):
            row.cells[name], row.values[name], warning = read
            if warning:
                row.warnings.append(problem(name, self.labels[name], warning))
            return True
        ask, label, cell = self.columns[name].ask, self.labels[name], unpacked_cell(cell)
        try:
            row.cells[name] = text_of(cell)
            if type(cell) is str and self._counts(name):
                cell = self._without_unit(name, header, cell)
            if header in self._running:
                row.values[name] = ""
                return True
            row.values[name], warning = value_of(
                ask,
                cell,
                is_key=name in self.codes,
                words=self.words.get(name, {}),
                past=self.batch.history or name not in self.imports.future,
                year=int(began[:4]) if began else year_of(row.section, row.sheet),
                after=date.fromisoformat(began) if began else None,
            )
            if conversion := self.conversions.get((name, header)):
                row.values[name] = conversion.of(row.values[name], self.fields[name])
                row.cells[name] = str(row.values[name])
        except BadCell as bad:
            row.cells[name] = row.cells[name] or str(cell)
            if isinstance(bad, UnknownWord) and self._as_said(name, row, row.cells[name]):
                return True
            if isinstance(bad, UnknownWord) and (meant := self._meaning(name, row.cells[name])):
                row.values[name] = meant
                return True
            if self.batch.history and ask.kind in (Kind.DATE, Kind.DUE) and not ask.required:
                # What is over needs no clock: the row counts, its words stay beside it.
                kept = _("“%s”读不出日期，原文保留，日期空着") % row.cells[name]
                row.warnings.append(problem(name, label, kept))
                row.values[name] = ""
                return True
            row.errors.append(problem(name, label, str(bad)))
            if isinstance(bad, UnknownWord):
                self._unknown(name, row.cells[name])
            return False
        if self._not_found(name, row.values[name]) and self._as_said(name, row, row.values[name]):
            return True
        if short and type(row.values[name]) is str:
            known[alike] = row.cells[name], row.values[name], warning
        if warning:
            row.warnings.append(problem(name, label, warning))
        return True

    def _without_unit(self, name: str, header: str, cell: str) -> str:
        """A number without the unit behind it that its column is in anyway: 10.5小时 under 流达时间（小时）."""
        match = _WITH_UNIT.fullmatch(cell)
        if match is None or not (unit := unit_said(match[2])):
            return cell
        said = next(filter(None, map(unit_said, parts(header)[1])), "")
        own = said or unit_of(self.columns[name])
        return match[1] if own and ratio(unit, own) == 1 else cell

    def _not_found(self, name: str, value: Any) -> bool:
        """Whether a name of another table, of which something was said, finds nothing there by itself."""
        asked = self.said.get(name) and isinstance(self.fields[name], LookupField)
        return bool(asked and value and self._wrong(name, value))

    def _as_said(self, name: str, row: ImportRow, word: str) -> bool:
        """Read a word as somebody said it means, where that can be kept; the row says so."""
        meant = self.said.get(name, {}).get(fold(word))
        value = [meant] if self.columns[name].ask.kind is Kind.CHOICES else meant
        if meant is None or self._wrong(name, value):
            return False
        row.values[name] = value
        self.batch.words.setdefault(name, {})[fold(word)] = meant
        told = f"{word} → {self._called(name, meant)}"
        row.warnings.append(problem(name, self.labels[name], told))
        return True

    def _called(self, name: str, value: str) -> str:
        """A value as a person reads it: the choice's name, the other table's row with its code."""
        field = self.fields[name]
        if not isinstance(field, LookupField):
            labels = dict(self.columns[name].ask.choices)
            return _(str(labels.get(value, value)))
        found = field.lookup.resolve(value, self.by)
        code = getattr(found, "code", "")
        return _("%(name)s（%(code)s）") % {"name": found, "code": code} if code else str(found)

    def _meaning(self, name: str, words: str) -> str:
        """The choice that words which are none of the choices mean by the list's own reading."""
        meant = self.imports.meaning[name](words) if name in self.imports.meaning else ""
        if meant:
            self._read_as.setdefault(name, {})[words] = meant
        return meant

    def _note_meanings(self) -> None:
        """Say which words were read as which choices."""
        start = _("按意思读作：")
        kept = [note for note in self.batch.notes if not note.startswith(start)]
        for name, words in self._read_as.items():
            labels = {value: _(str(label)) for value, label in self.columns[name].ask.choices}
            told = _("；").join(f"{word} → {labels[value]}" for word, value in words.items())
            kept.append(f"{start}{_(str(self.columns[name].ask.label))}{_('：')}{told}")
        self.batch.notes = kept

    def _note_unused(self, rows: list[ImportRow]) -> None:
        """Say which columns hold something that was not taken."""
        start = _("以下列没有用上：")
        self.batch.notes = [note for note in self.batch.notes if not note.startswith(start)]
        unused = unused_headers(self.batch.mapping)
        filled = [h for h in unused if any(row.raw.get(h) not in (None, "") for row in rows)]
        if filled:
            self.batch.notes.append(start + _("、").join(filled))

    def _complete(self, row: ImportRow, faulty: set[str]) -> None:
        """Let the list complete the row's values from each other."""
        said = TableRow(
            row.values,
            row.cells,
            row.sheet,
            row.section,
            self.batch.history,
            frozenset(faulty),
            self.by,
            frozenset(name for name, _header, _known in self._columns_of(row.sheet)),
            self._found,
        )
        try:
            self.listing.read_row(said)
        except (ValueError, OverflowError):
            said.refuse("", _("这一行有日期、时间或数值读不出，请核对"))
        for told, kept in ((said.warnings, row.warnings), (said.errors, row.errors)):
            kept += [problem(name, self.labels.get(name, ""), message) for name, message in told]

    def _wrong(self, name: str, value: Any) -> str:
        """What the form field says against a value; asked once for each value of a column."""
        if type(value) is str and self.clean.keeps(name, value):
            return ""
        asked, cleaned = value if isinstance(value, str) else repr(value), self._cleaned[name]
        if asked not in cleaned:
            try:
                self.clean(name, value)
                cleaned[asked] = ""
            except django_forms.ValidationError as error:
                cleaned[asked] = _("；").join(str(message) for message in error.messages)
        return cleaned[asked]

    def _unknown(self, name: str, word: str) -> None:
        words = self.batch.unknown.setdefault(name, {})
        if word in words or len(words) < _UNKNOWN_KEPT:
            words[word] = words.get(word, 0) + 1
