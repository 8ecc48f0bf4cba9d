"""Editions of rules: which text was in force on a date, and how sure its transcription is.

A *rule set* is one thing that is judged by (``"aqi"``, ``"ambient-air-limits"``); an *edition* is the
text that says how, between two dates. Modules declare their editions with :func:`declare`; callers
choose with :func:`in_force` by the date of the **data**, never by today's date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any

from ecoledger.standards import data_files


class Mark(StrEnum):
    """How sure a transcribed fact is. Anything below :attr:`TWO_PLACES` is shown with its mark."""

    PRIMARY = "P"
    TWO_PLACES = "2"
    ONE_PLACE = "1"
    MEMORY = "M"
    DOUBTFUL = "?"

    @property
    def label(self) -> str:
        """Chinese label, as shown beside a figure that rests on the fact."""
        return {
            "P": "已核对标准原文",
            "2": "两处来源一致",
            "1": "仅一处来源",
            "M": "未经核对，请对照标准原文",
            "?": "存疑，请对照标准原文",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a rule set.

    ``effective_from`` and ``effective_to`` are the first and last day of the data it judges
    (``None``: open). ``content`` is what the owning module needs to apply it.
    """

    rule_set: str
    standard: str
    title: str
    clause: str
    effective_from: date | None
    effective_to: date | None
    mark: Mark
    source: str
    content: Any = field(default=None, compare=False, repr=False)

    def covers(self, on: date) -> bool:
        """Whether the edition judges data of the day ``on``."""
        return (self.effective_from is None or self.effective_from <= on) and (
            self.effective_to is None or on <= self.effective_to
        )


class NoEditionInForceError(LookupError):
    """No edition of the rule set covers the date asked for."""


_editions: dict[str, tuple[Edition, ...]] = {}
_loaders: dict[str, tuple[Callable[[], Iterable[Edition]], int]] = {}


def declare(rule_set: str, editions: Iterable[Edition]) -> tuple[Edition, ...]:
    """Enter the editions of a rule set, oldest first, and return them.

    Raises ``ValueError`` when two of them would judge the same day.
    """
    ordered = tuple(sorted(editions, key=lambda e: e.effective_from or date.min))
    for earlier, later in pairwise(ordered):
        if (
            earlier.effective_to is None
            or (later.effective_from or date.min) <= earlier.effective_to
        ):
            raise ValueError(
                f"{rule_set}: {earlier.standard} and {later.standard} are both in force on "
                f"{later.effective_from}"
            )
    _editions[rule_set] = ordered
    return ordered


def declare_from(rule_set: str, load: Callable[[], Iterable[Edition]]) -> None:
    """Enter a rule set whose editions ``load`` makes from data files.

    It is called at the first question, and again after the user's overrides changed.
    """
    _loaders[rule_set] = (load, -1)
    _editions.pop(rule_set, None)


def editions(rule_set: str) -> tuple[Edition, ...]:
    """All editions of a rule set, oldest first. Raises ``KeyError`` for an unknown name."""
    if rule_set in _loaders:
        load, generation = _loaders[rule_set]
        if generation != data_files.generation():
            declare(rule_set, load())
            _loaders[rule_set] = (load, data_files.generation())
    return _editions[rule_set]


def rule_sets() -> tuple[str, ...]:
    """Names of all rule sets declared so far, sorted."""
    return tuple(sorted(_editions.keys() | _loaders.keys()))


def in_force(rule_set: str, on: date) -> Edition:
    """The edition that judges data of the day ``on``.

    Raises :class:`NoEditionInForceError` when there is none: a figure without a rule is
    refused, not guessed.
    """
    for edition in editions(rule_set):
        if edition.covers(on):
            return edition
    raise NoEditionInForceError(f"{rule_set}: no edition in force on {on.isoformat()}")
