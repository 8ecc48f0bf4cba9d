"""Whether the figures of a document agree with each other, before it is issued."""

from __future__ import annotations

from ecoledger.indicators.plan.checking import Finding, check
from ecoledger.reports.content import Bulletin, Statement, Subheading


def text_of(bulletin: Bulletin) -> str:
    """The document as plain text, a paragraph a line."""
    lines = [bulletin.title.replace("\n", "")]
    for section in bulletin.sections:
        lines.append(section.heading)
        for block in section.blocks:
            match block:
                case Subheading(text):
                    lines.append(text)
                case Statement():
                    lines.append(str(block))
    return "\n".join(lines)


def findings(bulletin: Bulletin) -> list[Finding]:
    """What does not add up: parts, shares, denominators, changes; each is a question to the writer."""
    return check(text_of(bulletin))
