"""Whether the figures of a summary agree with each other, from the text alone.

What is computed again: parts against their whole, shares of stated counts, changes said twice, levels against
what they were before, ranks and goals, days against rates, what is left, what cannot be, one place called good and bad. A finding is a
question to the writer, not a verdict: it says what stands there, what the other figures come to, and under
which condition both hold. One module a question.
"""

from __future__ import annotations

from ecoledger.indicators.plan.checking import (
    changes,
    complements,
    contradictions,
    days,
    divisions,
    impossible,
    listed,
    rates,
    sections,
    standing,
    then_and_now,
)
from ecoledger.indicators.plan.checking.said import Finding, read
from ecoledger.indicators.plan.folding import lines
from ecoledger.indicators.plan.words import load

__all__ = ["Finding", "check"]

_IN_A_LINE = (
    divisions.parts,
    divisions.after_a_rate,
    divisions.rest,
    divisions.stages,
    divisions.sums,
    divisions.remaining,
    rates.ratios,
    rates.shares,
    rates.of_named_whole,
    rates.of_like_name,
    rates.sections,
    rates.averages,
    rates.products,
    changes.changes,
    changes.two_levels,
    changes.points,
    then_and_now.bases,
    then_and_now.against,
    then_and_now.respectively,
    then_and_now.shifts,
    listed.side_by_side,
    listed.in_order,
    sections.sections,
    complements.left_undone,
    complements.more_than_all,
    complements.stock,
    complements.use_rates,
    complements.put_right,
    impossible.dates,
    impossible.above_all,
    impossible.shares_of_one,
    impossible.member_shares,
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
