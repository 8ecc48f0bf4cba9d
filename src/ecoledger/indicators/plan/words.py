"""The dictionary: ``words.toml`` and what an office adds to it, compiled once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from re import Pattern
from typing import Any

FILE = Path(__file__).with_name("words.toml")


class BadWordsError(ValueError):
    """A dictionary file that cannot be used, and why."""


@dataclass(frozen=True)
class Named:
    """One catalogue indicator as texts name it.

    ``units``: units its figures carry, ``""`` for a bare number. ``named`` must stand in the same clause
    too, ``excluded`` must not, ``context`` must stand before it in the sentence; without ``own`` in
    its clause the whole sentence may not hold what is ``excluded``. ``level``: a plan's figure
    of it is a target; else it is counted work.
    """

    id: str
    words: tuple[Pattern[str], ...]
    units: frozenset[str]
    better: str
    named: Pattern[str] | None
    excluded: Pattern[str] | None
    context: Pattern[str] | None
    level: bool
    own: Pattern[str] | None


@dataclass(frozen=True)
class Words:
    """The whole dictionary."""

    indicators: tuple[Named, ...]
    counted: tuple[str, ...]
    exact: tuple[str, ...]
    bounding: frozenset[str]
    abstract: tuple[str, ...]
    leading: tuple[str, ...]
    following: tuple[str, ...]
    result: tuple[str, ...]
    final: tuple[str, ...]
    yardsticks: Pattern[str]

    def named(self, indicator: str | None) -> Named | None:
        """The entry of an indicator's id."""
        return next((entry for entry in self.indicators if entry.id == indicator), None)


def any_of(words: Sequence[str]) -> str:
    """A pattern for one of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w)))


def _pattern(text: str | None) -> Pattern[str] | None:
    return re.compile(text, re.IGNORECASE) if text else None


def _named(entry: Mapping[str, Any]) -> Named:
    return Named(
        str(entry["id"]),
        tuple(re.compile(word, re.IGNORECASE) for word in entry["words"]),
        frozenset(entry.get("unit", [])),
        entry.get("better", "up"),
        _pattern(entry.get("named")),
        _pattern(entry.get("not")),
        _pattern(entry.get("context")),
        bool(entry.get("level", True)),
        _pattern(entry.get("own")),
    )


@cache
def load(own: Path | None = None) -> Words:
    """The dictionary, with an office's own file: its entries go before ours, its lists are added to ours."""
    ours = tomllib.loads(FILE.read_text(encoding="utf-8"))
    theirs: dict[str, Any] = {}
    if own is not None:
        try:
            theirs = tomllib.loads(own.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
            raise BadWordsError(f"{own}: {problem}") from problem

    def both(table: str, key: str) -> tuple[str, ...]:
        return (*theirs.get(table, {}).get(key, ()), *ours[table][key])

    try:
        indicators = tuple(
            _named(entry) for entry in (*theirs.get("indicator", ()), *ours["indicator"])
        )
    except (KeyError, re.error) as problem:
        raise BadWordsError(f"{own}: [[indicator]] {problem}") from problem
    return Words(
        indicators,
        both("units", "counted"),
        both("units", "exact"),
        frozenset(both("units", "bounding")),
        both("abstract", "nouns"),
        both("verbs", "leading"),
        both("verbs", "following"),
        both("verbs", "result"),
        both("verbs", "final"),
        re.compile("|".join(both("yardsticks", "words"))),
    )
