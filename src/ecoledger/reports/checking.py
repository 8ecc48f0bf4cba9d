"""Whether the figures of a document agree with each other, before it is issued."""

from __future__ import annotations

from collections.abc import Iterator

from ecoledger.indicators.plan.checking import Finding, check
from ecoledger.reports.content import Bulletin, Part, Statement, Subheading

# Whether the parts that a sentence names come to their whole is a matter of the sentence, whoever counted them.
OF_THE_SENTENCE = frozenset({"parts"})


def _lines(bulletin: Bulletin) -> Iterator[tuple[tuple[Part, ...], bool]]:
    """Every line of the document as its parts, and whether it is a note of the system on its own figures."""
    yield (bulletin.title.replace("\n", ""),), False
    for section in bulletin.sections:
        yield (section.heading,), False
        for block in section.blocks:
            match block:
                case Subheading(text):
                    yield (text,), False
                case Statement(parts, note):
                    yield parts, note


def text_of(bulletin: Bulletin) -> str:
    """The document as plain text, a paragraph a line."""
    return "\n".join("".join(str(part) for part in line) for line, _note in _lines(bulletin))


def findings(bulletin: Bulletin) -> list[Finding]:
    """What does not add up: parts, shares, denominators, changes; each is a question to the writer.

    Shares and changes that the system has computed are not computed again from what is printed around them: they come
    from records and from values that are not rounded. What a person wrote beside them is asked.
    """
    text, own = text_of(bulletin), _computed(bulletin)
    return [
        found
        for found in check(text)
        if found.kind in OF_THE_SENTENCE or not _is_own(text, found, own)
    ]


def _is_own(text: str, finding: Finding, own: list[tuple[int, int]]) -> bool:
    """Whether what is doubted is a value of the system's; a finding may reach over the words around it."""
    place = text.find(finding.stated, finding.start, finding.end)
    begin, end = (
        (place, place + len(finding.stated)) if place >= 0 else (finding.start, finding.end)
    )
    return any(first <= begin and end <= last for first, last in own)


def _computed(bulletin: Bulletin) -> list[tuple[int, int]]:
    """Where in the text what the system has computed stands: figures, changes, its notes on them."""
    spans, place = [], 0
    for line, note in _lines(bulletin):
        for part in line:
            length = len(str(part))
            if note or not isinstance(part, str):
                spans.append((place, place + length))
            place += length
        place += 1
    return spans
