"""Which column of a table holds which item: keys, Chinese headers, HJ 212 codes, units in brackets.

"氨氮(mg/L)", "NH3-N" and "w21003" all mean ``nh3n``; "砷(μg/L)" means ``as`` with values to be divided
by a thousand. What else stands in brackets (another name, 以N计) changes nothing; anything unknown there is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

# How many of the unit on the right make one of the unit on the left, as a power of ten.
_POWERS: dict[str, dict[str, int]] = {
    "mg/L": {"mg/l": 0, "μg/l": -3, "ug/l": -3, "ng/l": -6, "g/l": 3, "mg/m3": -3},
    "μg/m3": {"μg/m3": 0, "ug/m3": 0, "mg/m3": 3},
    "mg/m3": {"μg/m3": -3, "ug/m3": -3, "mg/m3": 0, "mg/m³": 0, "μg/l": 0, "ug/l": 0, "mg/l": 3},
    "μg/L": {"μg/l": 0, "ug/l": 0, "mg/l": 3, "ng/l": -3},
    "m": {"m": 0, "cm": -2},
    "个/L": {"个/l": 0, "mpn/l": 0, "cfu/l": 0, "个/100ml": 1, "mpn/100ml": 1, "cfu/100ml": 1},
    "MPN/100mL": {"mpn/100ml": 0, "cfu/100ml": 0, "个/100ml": 0, "mpn/l": -1, "个/l": -1},
    "CFU/mL": {"cfu/ml": 0, "个/ml": 0},
    "℃": {"°c": 0, "c": 0, "度": 0},
    "": {"无量纲": 0, "-": 0, "/": 0, "ph": 0},
    "mg/kg": {"mg/kg": 0, "μg/kg": -3, "ug/kg": -3, "g/kg": 3, "ng/kg": -6},
    "dB(A)": {"db(a)": 0, "db": 0, "dba": 0},
    "%": {"%": 0},
}
_BRACKET = re.compile(r"(.+?)\(([^()]*(?:\([^()]*\))?)\)")


class ColumnError(ValueError):
    """A header cannot be used: its unit is unknown, or two columns mean the same item."""


@dataclass(frozen=True, slots=True)
class Column:
    """A recognised column: the ``header`` as written, the item's ``key``, and the power of ten that
    brings its values to the item's unit."""

    header: str
    key: str
    power: int = 0


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
            if (split := _BRACKET.fullmatch(name)) is None:
                return "", name, []
            name = split[1]
            inside = [*re.split("[,;、]", split[2].removeprefix("单位:")), *inside]
        return self._keys[name], name, inside

    def knows(self, header: str) -> bool:
        """Whether a column called so means something here, whatever its unit."""
        return bool(self._split(header)[0])

    def measured_in(self, header: str, unit: str) -> str:
        """The header with a unit that stands beside the table behind it, if it says none and can be in that unit."""
        key, name, inside = self._split(header)
        column = f"{header}({unit})"
        if key not in self.units or name in self._implied or self._units(key, inside):
            return header
        return column if _folded(unit) in _powers(self.units[key]) else header

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
        found: dict[str, Column] = {}
        for header in headers:
            key, name, inside = self._split(header)
            if not key:
                continue
            power = 0
            if key in self.units:
                told = self._units(key, inside) or [*filter(None, [self._implied.get(name)])]
                powers = [_power(header, unit, self.units[key]) for unit in told]
                power = powers[-1] if powers else 0
            if key in found:
                raise ColumnError(
                    f"columns {found[key].header!r} and {header!r} both mean {key!r}; keep one of them"
                )
            found[key] = Column(header, key, power)
        return found


def recognise(
    headers: Sequence[str],
    names: Mapping[str, Iterable[str]],
    units: Mapping[str, str],
    code_units: Mapping[str, str] | None = None,
) -> dict[str, Column]:
    """:meth:`Names.recognise` for once."""
    return Names(names, units, code_units or {}).recognise(headers)


def _powers(wanted: str) -> dict[str, int]:
    return _POWERS.get(wanted, {wanted.casefold(): 0})


def _power(header: str, unit: str, wanted: str) -> int:
    powers = _powers(wanted)
    if unit not in powers:
        raise ColumnError(
            f"column {header!r}: unit {unit!r} is not understood; use one of {'、'.join(powers)}"
        )
    return powers[unit]


def scaled(values: pl.Series, power: int) -> pl.Series:
    """Values times ``10**power``, cleaned of the binary noise that scaling adds (12 digits kept)."""
    if power == 0:
        return values
    moved = values * 10.0**power if power > 0 else values / 10.0**-power
    return moved.round_sig_figs(12)
