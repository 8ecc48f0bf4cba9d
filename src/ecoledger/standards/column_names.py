"""Which column of a table holds which item: keys, Chinese headers, HJ 212 codes, units in brackets.

"氨氮(mg/L)", "NH3-N" and "w21003" all mean ``nh3n``; "砷(μg/L)" means ``as`` with values to be divided
by a thousand. What else stands in brackets (another name, 以N计) changes nothing; anything unknown there is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import polars as pl

from ecoledger.standards.written_measures import ratio

# What may stand in a unit's place where it says nothing, and what is a unit only there.
_ALSO = {"": ("无量纲", "-", "/", "ph"), "℃": ("c",), "m/s": ("10m",)}
_LONGEST = 300  # letters of a column's name with what is said of it
_BRACKET = re.compile(r"(.+?)\(([^()]*(?:\([^()]*\))?)\)")


class ColumnError(ValueError):
    """A header cannot be used: its unit is unknown, or two columns mean the same item."""


@dataclass(frozen=True, slots=True)
class Column:
    """A recognised column: the ``header`` as written, the item's ``key``, and how many of the item's unit one of its
    unit is."""

    header: str
    key: str
    ratio: Fraction = Fraction(1)


def _folded(header: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", header)).casefold()


# 以N计, 以P计: what a sum is counted as. As an ion that weighs more it is another number.
COUNTED_AS = re.compile(r"以(?!no[23]|nh[34]|po4).{1,6}计")


@dataclass(frozen=True)
class Names:
    """What the columns of a kind of table are called.

    ``names`` gives each key's further names; ``units`` the unit its values must be in (a key without
    one takes any); ``code_units`` the unit that a bare code implies, where it is another.
    """

    names: Mapping[str, Iterable[str]]
    units: Mapping[str, str]
    code_units: Mapping[str, str] = field(default_factory=dict)
    # Keys whose values may be in any unit; who asks reads it from the header.
    any_unit: frozenset[str] = frozenset()

    @cached_property
    def _keys(self) -> dict[str, str]:
        return {_folded(name): key for key, known in self.names.items() for name in (*known, key)}

    @cached_property
    def _implied(self) -> dict[str, str]:
        return {_folded(code): _folded(unit) for code, unit in self.code_units.items()}

    def _split(self, header: str) -> tuple[str, str, list[str]]:
        """(key, the name it is known by, what stands in brackets behind that name); no key: ""."""
        name, inside = _folded(header), list[str]()
        while name not in self._keys:
            if len(name) > _LONGEST or (split := _BRACKET.fullmatch(name)) is None:
                return "", name, []
            name = split[1]
            inside = [*re.split("[,;、]", split[2].removeprefix("单位:")), *inside]
        return self._keys[name], name, inside

    def knows(self, header: str) -> bool:
        """Whether a column called so means something here, whatever its unit."""
        return bool(self._split(header)[0])

    def measures(self, header: str) -> bool:
        """Whether a column called so holds quantities in a unit."""
        return self.key_of(header) in self.units.keys() | self.any_unit

    def key_of(self, header: str) -> str:
        """What a column called so holds; "" where it means nothing here."""
        return self._split(header)[0]

    def measured_in(self, header: str, unit: str) -> str:
        """The header with a unit that stands beside the table behind it, if it says none and can be in that unit."""
        key, name, inside = self._split(header)
        column = f"{header}({unit})"
        if key in self.any_unit and not inside:
            return column
        if key not in self.units or name in self._implied or self._units(key, inside):
            return header
        return column if _ratio(_folded(unit), self.units[key]) is not None else header

    def _units(self, key: str, inside: list[str]) -> list[str]:
        """What brackets say beside the item's other names (NH3-N) and what it is counted as (以N计)."""
        return [
            text
            for text in inside
            if self._keys.get(text) != key and not COUNTED_AS.fullmatch(text)
        ]

    def recognise(self, headers: Sequence[str]) -> dict[str, Column]:
        """Find the columns that hold an item, by key. Headers that mean nothing here are left alone.

        Raises :class:`ColumnError`.
        """
        result: dict[str, Column] = {}
        others: dict[str, str] = {}
        for header in headers:
            key, name, inside = self._split(header)
            if not key:
                continue
            factor: Fraction | None = Fraction(1)
            told = self._units(key, inside) or [*filter(None, [self._implied.get(name)])]
            for unit in told if key in self.units else ():
                if (factor := _ratio(unit, self.units[key])) is None:
                    why = (
                        f"column {header!r}: unit {unit!r} is not understood; use {self.units[key]}"
                    )
                    others.setdefault(key, why)
                    break
            if factor is None:
                continue
            if key in result:
                raise ColumnError(
                    f"columns {result[key].header!r} and {header!r} both mean {key!r}; keep one of them"
                )
            result[key] = Column(header, key, factor)
        # Beside a column of the item itself 总磷(去年同期) is another column; alone nobody knows what it is.
        if wrong := next((why for key, why in others.items() if key not in result), ""):
            raise ColumnError(wrong)
        return result


def recognise(
    headers: Sequence[str],
    names: Mapping[str, Iterable[str]],
    units: Mapping[str, str],
    code_units: Mapping[str, str] | None = None,
) -> dict[str, Column]:
    """:meth:`Names.recognise` for once."""
    return Names(names, units, code_units or {}).recognise(headers)


def _ratio(unit: str, wanted: str) -> Fraction | None:
    """How many of the unit wanted one of ``unit`` is; ``None`` where that cannot be said."""
    return Fraction(1) if unit in _ALSO.get(wanted, ()) else ratio(unit, wanted)


def scaled(values: pl.Series, factor: Fraction) -> pl.Series:
    """Values times ``factor``, cleaned of the binary noise that scaling adds (12 digits kept)."""
    if factor == 1:
        return values
    return (values * factor.numerator / factor.denominator).round_sig_figs(12)
