"""Whether the figures of a summary agree with each other, from the text alone.

What is computed again: parts against their whole, shares of stated counts, changes said twice, levels against
what they were before, ranks and goals, days against rates, one place called good and bad. A finding is a
question to the writer, not a verdict: it says what stands there, what the other figures come to, and under
which condition both hold. One module a question.
"""

from __future__ import annotations

from ecoledger.indicators.plan.checking import (
    changes,
    contradictions,
    days,
    divisions,
    rates,
    standing,
)
from ecoledger.indicators.plan.checking.said import Finding, read
from ecoledger.indicators.plan.folding import lines
from ecoledger.indicators.plan.words import load

__all__ = ["Finding", "check"]

_IN_A_LINE = (
    divisions.parts,
    divisions.rest,
    divisions.stages,
    divisions.sums,
    divisions.remaining,
    rates.ratios,
    rates.shares,
    rates.of_named_whole,
    rates.sections,
    rates.averages,
    rates.products,
    changes.changes,
    changes.two_levels,
    changes.points,
    standing.ranks,
    standing.goals,
    standing.gaps,
)


def check(source: str) -> list[Finding]:
    """Every disagreement of a text, in its order."""
    words = load()
    rows = list(lines(source))
    found: list[Finding] = []
    for line in rows:
        said = read(words, line)
        for rule in _IN_A_LINE:
            found += rule(source, line, said)
    found += days.days(source, rows)
    found += contradictions.contradictions(source, rows)
    unique = {(f.start, f.end, f.kind): f for f in found}
    return sorted(unique.values(), key=lambda f: (f.start, f.end))
