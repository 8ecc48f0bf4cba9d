"""Replacement of emissions by new projects (总量指标等量、倍量替代): how much must be taken away elsewhere.

Ratios are data by place and edition (``data/offsets.toml``); they depend on the pollutant and on
whether the area met its environmental standard in the year before. Amounts are t a year, exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.percent import Number, exact, shown
from ecoledger.standards.rule_data import compiled, declare_editions

RULE_SET_PREFIX = "offset-ratio/"


@dataclass(frozen=True, slots=True)
class Source:
    """A reduction that a project draws on: what is ``available`` of it (t/a), and ``used`` before."""

    name: str
    available: Number
    used: Number = 0

    @property
    def left(self) -> Fraction:
        """What is left to draw on. Raises ``ValueError`` when more was used than there was."""
        left = exact(self.available) - exact(self.used)
        if left < 0:
            raise ValueError(f"{self.name}: {self.used} t/a were used of {self.available}")
        return left


@dataclass(frozen=True, slots=True)
class Offset:
    """What a project must replace: ``required`` t/a at ``ratio``."""

    pollutant: str
    added: Fraction
    ratio: Fraction
    required: Fraction
    standard: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a requirement is met: tonnes drawn from each source, and what is still ``short``."""

    drawn: tuple[tuple[str, Fraction], ...]
    short: Fraction

    @property
    def met(self) -> bool:
        """Whether nothing is short."""
        return self.short == 0

    @property
    def explanation(self) -> str:
        """In Chinese, for the allocation sheet."""
        parts = "、".join(f"{name}{shown(tonnes, 3)}吨/年" for name, tonnes in self.drawn)
        tail = "已满足" if self.met else f"尚缺{shown(self.short, 3)}吨/年"
        return f"{parts or '无来源'}；{tail}"


@compiled("offsets")
def _names(content: dict[str, Any]) -> tuple[str, ...]:
    for key, entry in content.items():
        for name, table in entry["editions"].items():
            for row in table["ratios"]:
                if row["when"] not in ("attained", "not_attained", "always") or row["ratio"] <= 0:
                    raise ValueError(f'offsets.toml: {key} "{name}": {row} is not a ratio')
        declare_editions(RULE_SET_PREFIX + key, entry["editions"])
    return tuple(content)


def required(
    pollutant: str, added: Number, *, attained: bool, on: date, place: str = "national"
) -> Offset:
    """What a project adding ``added`` t/a of ``pollutant`` must replace.

    ``attained``: the area met its standard in the year before. Raises ``KeyError`` when the place or
    the pollutant has no ratio on file, ``ValueError`` for a negative amount.
    """
    tonnes = exact(added)
    if tonnes < 0:
        raise ValueError(f"{pollutant}: an added emission of {added} t/a is negative")
    if place not in _names():
        raise KeyError(f"no offset ratios of {place!r}; on file: {', '.join(_names())}")
    edition = catalogue.in_force(RULE_SET_PREFIX + place, on)
    state = "attained" if attained else "not_attained"
    for row in edition.content["ratios"]:
        if row["pollutant"] == pollutant and row["when"] in (state, "always"):
            ratio = exact(row["ratio"])
            return Offset(pollutant, tonnes, ratio, tonnes * ratio, edition.standard, edition.mark)
    raise KeyError(f"{edition.standard}: no ratio of {pollutant!r}")


def draw(need: Offset, sources: Iterable[Source]) -> Drawn:
    """Meet a requirement from sources in the order given; no source is drawn below zero."""
    short = need.required
    drawn = []
    for source in sources:
        taken = min(short, source.left)
        if taken > 0:
            drawn.append((source.name, taken))
            short -= taken
    return Drawn(tuple(drawn), short)


_names()
