"""The parts of a declared list: column, filter, asked field, import, view.

Only ``name`` must be given: what is left empty is taken from the model, see :mod:`.derive`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise

# A text that may be translated when it is shown.
Text = str | Promise
Choices = tuple[tuple[str, Text], ...]


class DeclarationError(ValueError):
    """A declaration that contradicts its model or itself."""


class Kind(StrEnum):
    """What a value is: decides its form field, its filter, its cell and its spreadsheet cell."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    CHOICES = "choices"
    DATE = "date"
    DATETIME = "datetime"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    AREA = "area"  # an administrative division, kept as its code
    REFERENCE = "reference"  # a row of another table
    STATE = "state"
    DUE = "due"


# The largest number that is taken where no column of a table says how many digits it keeps: more than any money,
# weight or length here, and less than what a page can show.
MOST = 10**11


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the list, of its export and of the details.

    ``name`` is a field or a property of the model, or a path through relations ("entity__name").
    ``sortable`` left out: whether the database has an index for it; ``sorts``: the field that orders its values,
    where they have an order of their own (red before blue). ``narrow``: shown on a phone too.
    """

    name: str
    label: Text = ""
    kind: Kind | None = None
    sortable: bool | None = None
    sorts: str = ""
    choices: Choices = ()
    narrow: bool | None = None
    # What a cell without a value says, where that means something: 未定, 全部.
    nothing: Text = ""
    # Whether its texts are words of the house, a factor's or a rule's name, that the reader has in his language.
    word: bool = False
    # The attribute of the row that names the unit of its quantity, where rows have several: said beside it.
    unit_from: str = ""
    # Of an export: the column of the template that it answers beside what the list shows, and how that is read of a row
    # where it is no attribute.
    ask: str = ""
    reads: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter above the list. ``path`` is the ORM path it asks, where that is not its name."""

    name: str
    label: Text = ""
    kind: Kind | None = None
    path: str = ""
    choices: Choices = ()
    to: type[Model] | None = None
    # Key of the look-up that offers the rows, where it is not that of the model ``to``.
    among: str = ""

    @property
    def lookup(self) -> str:
        return self.path or self.name


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of a form. ``stores`` names the attribute the value is kept in; ``None``: only said.

    ``within``: the attribute that keeps answers by name, where a bureau edits what is asked. ``to`` is the model a reference points to; ``initial`` the value offered for a row.
    """

    name: str
    label: Text = ""
    kind: Kind | None = None
    required: bool | None = None
    choices: Choices = ()
    help: Text = ""
    stores: str | None = ""
    within: str = ""
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    to: type[Model] | None = None
    # Key of the look-up that finds the row, where it is not that of the model ``to``.
    among: str = ""
    initial: Callable[[Any], Any] | None = None
    # What is read in place of a value that an event keeps, where it is a key of a bureau's data.
    words: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """One column of the import template. ``ask`` cleans it; ``aliases`` are headers seen in practice."""

    ask: Ask
    aliases: tuple[str, ...] = ()
    example: str | Callable[[Any], str] = ""

    @property
    def name(self) -> str:
        return self.ask.name


@dataclass(slots=True)
class TableRow:
    """One row of a table while it is read: what its columns say, to be completed from each other.

    ``values``: column -> value for the form; ``texts``: column -> the cell as a person reads it. ``section``: the last
    heading above the row ("2022年度（17项）"). ``faulty``: columns whose cell could not be read; ``there``: those that the sheet
    has. ``person``: who imports.
    """

    values: dict[str, Any]
    texts: Mapping[str, str]
    sheet: str
    section: str
    history: bool
    faulty: frozenset[str]
    person: Any
    there: frozenset[str] = frozenset()
    # What was looked up for earlier rows of the table.
    found: dict[Any, Any] = field(default_factory=dict)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)

    def look_up(self, name: str, find: Callable[[str], Any]) -> Any:
        """What ``find`` says of ``name``, asked once a table."""
        key = (find, name)
        if key not in self.found:
            self.found[key] = find(name)
        return self.found[key]

    def warn(self, column: str, message: str) -> None:
        """Say something about the row that a person should look at."""
        self.warnings.append((column, message))

    def refuse(self, column: str, message: str) -> None:
        """Say why the row cannot be taken in."""
        self.errors.append((column, message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """How a table is taken in.

    ``columns``: the template's, in order; left out, the form's ``fields`` and then ``also``.
    ``key``: columns that together tell a row already there. ``headers``: name -> further headers.
    ``values``: name -> {word of the file: value}. ``after`` runs for each row in its transaction.
    """

    key: tuple[str, ...] = ()
    columns: tuple[str | Ask, ...] = ()
    also: tuple[str | Ask, ...] = ()
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # A function where the example depends on who asks for the template.
    examples: Mapping[str, str | Callable[[Any], str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # Dates that should lie ahead: one gone by is questioned.
    future: tuple[str, ...] = ("deadline",)
    # Name of a column that holds the key of another row, in the file or in the book, this one repeats.
    duplicate_of: str = ""
    # A required column -> another that stands for it where the file has no such column, "" for a constant.
    instead: Mapping[str, str] = field(default_factory=dict)
    # Name of a column of choices -> what words that are none of them mean, "" where they mean nothing known.
    meaning: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    # Completes a row's values from each other, before they are checked.
    read: Callable[[TableRow], None] | None = None
    # Columns that tell a row that a later section or sheet carries over (结转): the first two must be there and alike,
    # the others where both rows say them.
    carried: tuple[str, ...] = ()
    # Whether its files tell of what is over beside what is not: such rows come in as facts of the past.
    tells_past: bool = False
    # Whether a row whose key (of one column) is in the book already brings it up to date, instead of being refused. One
    # that says its number in the list's own export always does, where that is a column here (``Listing.numbered_by``).
    updates: bool = False
    # Columns whose value no two rows of a table may share -> the column that says why they do, "" where nothing can.
    once: Mapping[str, str] = field(default_factory=dict)
    # Whether pictures that lie over its rows are kept with them.
    pictures: bool = False
    after: Callable[..., None] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A named selection of the list: filters and order as in the list's address."""

    name: str
    label: Text
    query: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
