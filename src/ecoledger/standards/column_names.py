"""Which column of a table holds which item: keys, Chinese headers, HJ 212 codes, units in brackets.

"氨氮(mg/L)", "NH3-N" and "w21003" all mean ``nh3n``; "砷(μg/L)" means ``as`` with values to be divided
by a thousand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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


def recognise(
    headers: Sequence[str],
    names: Mapping[str, Iterable[str]],
    units: Mapping[str, str],
    code_units: Mapping[str, str] | None = None,
) -> dict[str, Column]:
    """Find the columns that hold an item, by key.

    ``names`` gives each key's further names; ``units`` the unit its values must be in (a key without
    one takes any); ``code_units`` the unit that a bare code implies, where it is another. Headers that mean nothing here are left alone. Raises :class:`ColumnError`.
    """
    keys = {_folded(name): key for key, known in names.items() for name in (*known, key)}
    implied = {_folded(code): _folded(unit) for code, unit in (code_units or {}).items()}
    found: dict[str, Column] = {}
    for header in headers:
        folded = _folded(header)
        key, unit = keys.get(folded), implied.get(folded)
        if key is None and (split := _BRACKET.fullmatch(folded)):
            key, unit = keys.get(split[1]), split[2]
        if key is None:
            continue
        power = _power(header, unit, units[key]) if unit is not None and key in units else 0
        if key in found:
            raise ColumnError(
                f"columns {found[key].header!r} and {header!r} both mean {key!r}; keep one of them"
            )
        found[key] = Column(header, key, power)
    return found


def _power(header: str, unit: str, wanted: str) -> int:
    powers = _POWERS.get(wanted, {wanted.casefold(): 0})
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
