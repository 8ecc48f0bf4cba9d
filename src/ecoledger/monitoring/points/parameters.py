"""What is measured: HJ 212 codes, the names shown for them, and units at the border.

A parameter's code is its HJ 212-2017 code (``"a34004"``); what it is called, its unit and its decimals
depend on the kind of point, because an ambient station and a chimney both report ``a21026``. Rows in
``data/parameters.csv`` say so for what a bureau watches; any other code of HJ 212 is taken from the
code table of :mod:`ecoledger.hj212`. What a point declares (``PointParameter``) goes before both.

Units
    HJ 212-2017 annex B prints ng/m³ for PM2.5 and mg/m³ for SO2, whatever the point. Ambient devices
    send µg/m³ for particles and gases and mg/m³ for CO, and that is what is stored. A device that sends
    something else has it in ``PointParameter.device_unit`` and is converted here, once.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ecoledger.hj212 import codes
from ecoledger.standards.written_measures import CONCENTRATION, ratio, read_measure

# kind of point -> HJ 212 system codes (ST) its devices report under.
SYSTEMS: dict[str, frozenset[str]] = {
    "water": frozenset({"21", "24", "26"}),
    "air": frozenset({"22", "27", "39"}),
    "weather": frozenset({"22"}),
    "noise": frozenset({"23", "36"}),
    "flue_gas": frozenset({"31", "51", "27"}),
    "wastewater": frozenset({"32", "33", "34", "52"}),
    "power": frozenset({"44", "45"}),
    # Last: a device whose code others share is first taken for one of theirs.
    "site": frozenset({"22", "27", "31", "39"}),
}

_SPELLINGS = {
    "ug/m3": "µg/m³",
    "μg/m3": "µg/m³",
    "μg/m³": "µg/m³",
    "µg/m3": "µg/m³",
    "ug/m³": "µg/m³",
    "mg/m3": "mg/m³",
    "ng/m3": "ng/m³",
    "ug/l": "µg/L",
    "μg/L": "µg/L",
    "μg/l": "µg/L",
    "mg/l": "mg/L",
    "ng/l": "ng/L",
    "m3/h": "m³/h",
    "m3/d": "m³/d",
    "m3/s": "m³/s",
    "°C": "℃",
    "无量纲": "",
}


class UnitError(ValueError):
    """Two units that cannot be converted into each other."""


# What is called by its name in official papers; files may use the symbol all the same.
_NAMED = frozenset(
    {"COD", "CODMn", "BOD5", "NH3", "NH3-N", "NMHC", "TN", "TP", "DO", "SS", "H2S", "烟尘"}
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as measured at one kind of point.

    ``unit`` is what is stored and shown, ``device_unit`` what such devices send, ``decimals`` how many
    digits are shown. ``range_from`` and ``range_to`` bound what an instrument can plausibly report.
    ``key`` is the name the standards library knows it by ("pm2_5", "codmn"), or empty. ``mark`` and
    ``source`` say how sure the row is (see :class:`ecoledger.standards.catalogue.Mark`).
    """

    kind: str
    code: str
    symbol: str
    name: str
    unit: str
    device_unit: str
    decimals: int
    range_from: float | None
    range_to: float | None
    key: str
    mark: str
    source: str

    @property
    def label(self) -> str:
        """What charts and tables print: the name, or the symbol of what is written as one everywhere (PM2.5)."""
        return self.symbol if self.symbol and self.symbol not in _NAMED else self.name

    @property
    def spellings(self) -> tuple[str, ...]:
        """What files and forms may call it: by code, symbol, name, or as permits and reports write it."""
        others = _other_names().get((self.kind, self.code), ())
        return tuple(filter(None, (self.code, self.symbol, self.name, *others)))


def _rows(name: str) -> csv.DictReader[str]:
    text = (resources.files("ecoledger.monitoring") / "data" / f"{name}.csv").read_text("utf-8")
    return csv.DictReader(text.splitlines())


@cache
def _other_names() -> dict[tuple[str, str], list[str]]:
    names: dict[tuple[str, str], list[str]] = {}
    for row in _rows("factor_names"):
        names.setdefault((row["kind"], row["code"]), []).append(row["name"])
    return names


@cache
def _table() -> dict[tuple[str, str], Parameter]:
    result: dict[tuple[str, str], Parameter] = {}
    for row in _rows("parameters"):
        result[row["kind"], row["code"]] = Parameter(
            kind=row["kind"],
            code=row["code"],
            symbol=row["symbol"],
            name=row["name"],
            unit=row["unit"],
            device_unit=row["device_unit"],
            decimals=int(row["decimals"]),
            range_from=float(row["range_from"]) if row["range_from"] else None,
            range_to=float(row["range_to"]) if row["range_to"] else None,
            key=row["key"],
            mark=row["mark"],
            source=row["source"],
        )
    return result


def parameter(code: str, kind: str) -> Parameter:
    """The parameter ``code`` at a point of ``kind``. Raises ``KeyError`` for a code nobody knows."""
    found = _table().get((kind, code))
    if found is None:
        found = _from_protocol(code, kind)
    if found is None:
        raise KeyError(f"{code!r} is not a known parameter")
    return found


def known(code: str, kind: str) -> bool:
    """Whether :func:`parameter` knows it."""
    try:
        parameter(code, kind)
    except KeyError:
        return False
    return True


def label(code: str, kind: str) -> str:
    """Its label, or the code itself when nobody knows it."""
    try:
        return parameter(code, kind).label
    except KeyError:
        return code


def of_kind(kind: str) -> tuple[Parameter, ...]:
    """What the catalogue lists for a kind of point, in display order."""
    return tuple(entry for entry in _table().values() if entry.kind == kind)


def code_of_key(key: str, kind: str) -> str:
    """The code the standards library's ``key`` stands for at a kind of point, e.g. "pm2_5" -> "a34004"."""
    for entry in of_kind(kind):
        if entry.key == key:
            return entry.code
    raise KeyError(f"no parameter of {kind!r} is known to the standards as {key!r}")


def keys(kind: str, among: Iterable[str]) -> dict[str, str]:
    """Code -> the standards library's key, for the keys named in ``among``."""
    wanted = set(among)
    return {entry.code: entry.key for entry in of_kind(kind) if entry.key in wanted}


def spelled(unit: str) -> str:
    """A unit in the spelling used here ("ug/m3" -> "µg/m³")."""
    cleaned = unit.strip()
    return _SPELLINGS.get(cleaned, _SPELLINGS.get(cleaned.lower(), cleaned))


def _by_litre(unit: str) -> bool:
    return bool(re.search("[Ll升]", unit))


def conversion(device_unit: str, unit: str) -> tuple[int, int]:
    """Numerator and denominator that bring a value in ``device_unit`` to ``unit``.

    >>> conversion("mg/m³", "µg/m³"), conversion("ug/m3", "µg/m³"), conversion("hPa", "kPa")
    ((1000, 1), (1, 1), (1, 10))

    Raises :class:`UnitError` when the two are not of one dimension.
    """
    given, wanted = spelled(device_unit), spelled(unit)
    if given == wanted:
        return 1, 1
    times, measure = ratio(given, wanted), read_measure(given)
    # Nobody writes of water by the cubic metre or of air by the litre: it is the wrong column.
    mixed = (
        measure is not None
        and measure.dimension == CONCENTRATION
        and _by_litre(given) != _by_litre(wanted)
    )
    if times is None or mixed:
        raise UnitError(f"cannot convert {device_unit!r} into {unit!r}")
    return times.numerator, times.denominator


def _from_protocol(code: str, kind: str) -> Parameter | None:
    """A code that only the protocol's own table knows."""
    factor = codes.factor(code)
    if factor is None:
        return None
    unit = spelled(factor.unit or "")
    return Parameter(
        kind, code, "", factor.name, unit, unit, 3, None, None, "", factor.mark, factor.source
    )
