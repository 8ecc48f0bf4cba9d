"""A kind of document as a declaration: reports put together from figures, letters filled from a matter.

::

    declare(Letter(key="handover", label="交办函", line="rectification", series="环交办〔{year}〕{n}号",
                   registers=("problem", "alarm_case"), words=(...), template=...))
    declare(SectionedReport(key="daily", label="环境质量日报", line="assessment", span="day", ...))
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from ecoledger.accounts.language import in_chinese
from ecoledger.accounts.models import Person
from ecoledger.matters.models import Matter
from ecoledger.matters.register import state_of
from ecoledger.reports import locked
from ecoledger.reports.content import Block, Bulletin, numbered

# What a draft goes through between its author and its number, in this order.
REVIEW, SIGN = "review", "sign"


@dataclass(frozen=True, slots=True)
class Word:
    """A part of a document that a person writes: never a figure.

    ``kind``: ``text`` one line, ``long`` a paragraph, ``lines`` paragraphs of their own. ``first`` is what
    a new draft says there.
    """

    name: str
    kind: str = "text"
    required: bool = True
    first: Callable[[Any, Person], str] | str = ""
    help: str = ""

    @in_chinese
    def beginning(self, of: Any, author: Person) -> str:
        return self.first(of, author) if callable(self.first) else self.first


@dataclass(frozen=True, kw_only=True)
class Document:
    """What every kind of document has.

    ``series`` is the pattern of its numbers (``{year}``, ``{n}``), unless ``documents.toml`` sets
    another; kinds with one pattern count together. Without it the document numbers itself by its period.
    """

    key: str
    label: str
    line: str
    series: str = ""
    steps: tuple[str, ...] = (REVIEW, SIGN)
    words: tuple[Word, ...] = ()
    # Who may draft, review and issue it; ``sign_documents`` signs.
    capability: str = "make_reports"


@dataclass(frozen=True, slots=True)
class Part:
    """A first-level heading of a report, and what stands under it, from what was gathered."""

    heading: str
    blocks: Callable[[Any], Sequence[Block | None]]


@dataclass(frozen=True, kw_only=True)
class Report(Document):
    """What speaks of an area and a ``span`` (a key of ``spans.days``) in figures.

    :class:`SectionedReport` makes them of declared sections, ``summary.Summary`` fills them into a file.
    """

    span: str
    # To whom it is sent, where it goes out: the towns of its area read it.
    to: str = ""
    # Small type, for what must fit one page.
    compact: bool = False
    # Why it cannot be drafted yet, and what would help: a setting of the bureau that is missing; "" when it can.
    lacks: Callable[[], tuple[str, str]] | None = None

    @abstractmethod
    def compose(self, area_code: str, day: date) -> Bulletin:
        """The report of the span that holds ``day``."""

    @abstractmethod
    def lock(self, area_code: str, day: date) -> tuple[Bulletin, dict[str, Any]]:
        """The report as it is now, and what a draft keeps of it."""


@dataclass(frozen=True, kw_only=True)
class SectionedReport(Report):
    """A report put together from declared sections."""

    # Reads everything the sections need, once; has ``bulletin`` (all but the sections).
    gather: Callable[[str, date], Any]
    sections: tuple[Part, ...]

    @in_chinese
    def compose(self, area_code: str, day: date) -> Bulletin:
        gathered = self.gather(area_code, day)
        blocks = [(part.heading, part.blocks(gathered)) for part in self.sections]
        bulletin: Bulletin = gathered.bulletin(self.key, numbered(blocks))
        return bulletin

    def lock(self, area_code: str, day: date) -> tuple[Bulletin, dict[str, Any]]:
        bulletin = self.compose(area_code, day)
        return bulletin, locked.kept(bulletin)


@dataclass(frozen=True, kw_only=True)
class Letter(Document):
    """A .docx that the bureau edits, filled from a matter of one of ``registers``.

    ``values`` are further variables beside the matter's fields. ``template`` makes the file to begin with.
    """

    registers: tuple[str, ...]
    template: Callable[[], bytes]
    values: Callable[[Matter], dict[str, Any]] | None = None
    # Names of those further variables, for the list shown with the template; those that are rows, with their columns.
    value_names: tuple[str, ...] = ()
    row_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Whether a matter can have it at all; in which states of its matter it is usual (none named: in any).
    fits: Callable[[Matter], bool] | None = None
    states: tuple[str, ...] = ()
    # Why it cannot be handed on or issued with what was locked at that moment; "" when it can.
    unready: Callable[[Matter, datetime], str] | None = None
    # An approval or record of the bureau's own: its number is kept and not printed.
    internal: bool = False
    # The field of its matter that carries its number: an earlier ledger may have brought numbers of this series.
    carried_in: str = ""
    # The number that its matter has already, given where it was decided; "" takes the next of the series.
    own_number: Callable[[Matter], str] | None = None
    # Transitions of its matter that its issue and its reply bring about, where the matter stands ready for them.
    sends: str = ""
    # What the step that its issue brings about says of the matter: that it is a letter of this kind.
    sent_as: Mapping[str, str] = field(default_factory=dict)
    answers: str = ""
    capability: str = "write_letters"

    def may_begin(self, matter: Matter) -> bool:
        """Whether one may be drafted where the matter stands: of what is finished those alone that say this state."""
        return matter.state in self.states or state_of(matter).open


D = TypeVar("D", bound=Document)
_documents: dict[str, Document] = {}


def declare(document: D) -> D:
    """Makes a kind of document known."""
    _documents[document.key] = document
    return document


def all_documents() -> list[Document]:
    return list(_documents.values())


def has_document(key: str) -> bool:
    return key in _documents


def document_of(key: str) -> Document:
    return _documents[key]


def reports() -> list[Report]:
    return [document for document in _documents.values() if isinstance(document, Report)]


def letters(register: str | None = None) -> list[Letter]:
    """The letters, all or those a register has."""
    return [
        document
        for document in _documents.values()
        if isinstance(document, Letter) and (register is None or register in document.registers)
    ]
