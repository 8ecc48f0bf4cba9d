"""Air quality index (AQI) by HJ 633-2012 and HJ 633-2026, exact on every concentration.

The edition is chosen by the date of the data: hours and days up to 2026-02-28 are judged by
HJ 633-2012, from 2026-03-01 by HJ 633-2026. Concentrations are in µg/m³, CO in mg/m³.

One reading:

>>> from datetime import date
>>> now = hourly(so2=6, no2=31, o3=44, co=0.8, pm10=39, pm2_5=37, on=date(2026, 2, 26))
>>> now.aqi, now.level, now.category, now.primary, now.standard
(53, 2, '良', ('pm2_5',), 'HJ 633-2012')
>>> daily(so2=6, no2=31, o3=90, co=0.8, pm10=120, pm2_5=60, on=date(2026, 5, 1)).primary
('pm10', 'pm2_5')

Arrays go in as arrays and come out as :class:`AirIndices`; a table of any dates goes through
:func:`hourly_table` or :func:`daily_table`, row by row under the edition of its own date.

Missing, negative and non-finite concentrations are all "not measured" (NA). A concentration is taken
at a resolution of 1e-6 of its unit.

Two readings of the hourly rule of 2012 exist. Its text (table 1 and 4.4) asks for 24-hour sliding means
of PM10 and PM2.5 and adds the sliding 8-hour ozone: pass those as ``pm10``, ``pm2_5``, ``o3_8h``. The
national platform looks up the plain hourly means instead, as the 2026 edition prescribes: pass those
and no ``o3_8h``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal, TypeAlias, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.standards import air_limits, catalogue, data_files
from ecoledger.standards.air_limits import FACTORS
from ecoledger.standards.aqi_breakpoints import (
    MISSING,
    NOT_FORMED,
    BreakpointTable,
    Scheme,
    scheme_of,
)
from ecoledger.standards.catalogue import Edition

AQI = "aqi"

Incomplete: TypeAlias = Literal["standard", "as-published"]
Column: TypeAlias = NDArray[Any] | pl.Series
Value: TypeAlias = float | int | None
NotPlanned: TypeAlias = Collection[str] | Mapping[str, NDArray[np.bool_]]

# Stands for a missing day where days are counted from 1970.
_NO_DAY = -(2**31)
# Rows handled at a time: small enough for the cache, large enough to hide the interpreter.
_BLOCK = 1 << 15


@dataclass(frozen=True, slots=True)
class Level:
    """One of the six levels (HJ 633, annex A and table 1 of the health text)."""

    level: int
    grade: str
    category: str
    category_en: str
    upto: int | None
    colour: str
    rgb: tuple[int, int, int]
    cmyk: tuple[int, int, int, int]
    effect: str
    measures: str
    mark: str

    @property
    def hex(self) -> str:
        """Colour as ``#rrggbb``."""
        return "#{:02X}{:02X}{:02X}".format(*self.rgb)


def _load() -> Iterator[Edition]:
    content = data_files.read("aqi")
    for edition in air_limits.editions_of(content["edition"], AQI, None):
        scheme = scheme_of(edition.content, content["iaqi"], content["published"])
        yield Edition(
            edition.rule_set,
            edition.standard,
            edition.title,
            edition.clause,
            edition.effective_from,
            edition.effective_to,
            edition.mark,
            edition.source,
            scheme,
        )


catalogue.declare_from(AQI, _load)

_LEVEL_TEXTS = (
    *("level", "grade", "category", "category_en"),
    *("colour", "effect", "measures", "mark"),
)


@lru_cache(maxsize=2)
def _levels(generation: int) -> tuple[Level, ...]:
    return tuple(
        Level(
            upto=entry.get("upto"),
            rgb=tuple(entry["rgb"]),
            cmyk=tuple(entry["cmyk"]),
            **{key: entry[key] for key in _LEVEL_TEXTS},
        )
        for entry in data_files.read("aqi")["level"]
    )


def levels() -> tuple[Level, ...]:
    """The six levels, best first."""
    return _levels(data_files.generation())


def level_of(aqi: int) -> Level:
    """The level that an index value belongs to.

    >>> level_of(100).category, level_of(101).category, level_of(101).hex
    ('良', '轻度污染', '#FF7E00')
    """
    if aqi < 0:
        raise ValueError(f"AQI is {aqi}; it cannot be negative")
    for level in levels():
        if level.upto is None or aqi <= level.upto:
            return level
    raise AssertionError("the last level has no upper end")


def good_up_to() -> int:
    """The greatest AQI of a good day (优良天: levels 优 and 良), 100."""
    return _end_of(2)


def heavy_above() -> int:
    """The AQI above which air is heavily polluted (重度污染 and 严重污染), 200."""
    return _end_of(4)


def _end_of(level: int) -> int:
    return next(v.upto for v in levels() if v.level == level and v.upto is not None)


def sensitive_groups(factor: str) -> tuple[str, ...]:
    """Groups of people sensitive to a factor whose sub-index exceeds 100 (HJ 633-2026, table 2)."""
    if factor not in FACTORS:
        raise KeyError(f"{factor!r} is not one of {', '.join(FACTORS)}")
    return tuple(data_files.read("aqi")["sensitive"][factor])


@dataclass(frozen=True, slots=True)
class AirIndex:
    """Index of one hour or day.

    ``aqi``, ``level`` and ``category`` are ``None`` (NA) when nothing was measured, or when factors are
    missing and the others stay at or below 100 (HJ 633-2026, 5.3.1). ``primary`` holds every factor tied
    at the highest sub-index when the AQI exceeds 50, in the order of :data:`FACTORS`. ``sub_indices`` has
    a value, or ``None``, for each factor and also for ``o3_1h`` or ``o3_8h`` where the edition uses
    them and they were given.
    """

    aqi: int | None
    primary: tuple[str, ...]
    sub_indices: dict[str, int | None]
    missing: tuple[str, ...]
    standard: str

    @property
    def _level(self) -> Level | None:
        return None if self.aqi is None else level_of(self.aqi)

    @property
    def level(self) -> int | None:
        """1 (优) to 6 (严重污染)."""
        found = self._level
        return None if found is None else found.level

    @property
    def category(self) -> str | None:
        """优, 良, 轻度污染, 中度污染, 重度污染 or 严重污染."""
        found = self._level
        return None if found is None else found.category

    @property
    def colour(self) -> str | None:
        """Colour as ``#rrggbb``."""
        found = self._level
        return None if found is None else found.hex

    @property
    def effect(self) -> str | None:
        """对健康影响情况."""
        found = self._level
        return None if found is None else found.effect

    @property
    def measures(self) -> str | None:
        """建议采取的措施."""
        found = self._level
        return None if found is None else found.measures

    @property
    def over_100(self) -> tuple[str, ...]:
        """Factors whose sub-index exceeds 100 (超标污染物 of HJ 633-2012; the 2026 edition has no name)."""
        return tuple(f for f in FACTORS if (self.sub_indices.get(f) or 0) > good_up_to())

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Groups of people sensitive to the factors above 100, each once."""
        return tuple(dict.fromkeys(g for f in self.over_100 for g in sensitive_groups(f)))


#: What the column ``primary`` shows for each set of factors (bit i: ``FACTORS[i]``).
PRIMARY_TEXTS = tuple(
    ",".join(f for i, f in enumerate(FACTORS) if mask >> i & 1) for mask in range(1 << len(FACTORS))
)


@dataclass(frozen=True, slots=True)
class AirIndices:
    """Indices of many hours or days, one entry a row.

    ``codes`` and ``sub_codes`` are int16 with -1 for NA (and -2: measured, but the edition forms no
    sub-index); the properties give the same as float arrays with NaN. ``primary_mask`` has bit i set for
    ``FACTORS[i]``.
    """

    codes: NDArray[np.int16]
    primary_mask: NDArray[np.uint8]
    sub_codes: dict[str, NDArray[np.int16]]
    standard: str

    @property
    def aqi(self) -> NDArray[np.float64]:
        """AQI; NaN is NA."""
        return _with_nan(self.codes)

    @property
    def level(self) -> NDArray[np.float64]:
        """1 to 6; NaN is NA."""
        return _with_nan(level_codes(self.codes))

    @property
    def sub_indices(self) -> dict[str, NDArray[np.float64]]:
        """Sub-index of each factor; NaN is NA."""
        return {name: _with_nan(codes) for name, codes in self.sub_codes.items()}

    @property
    def primary(self) -> NDArray[np.object_]:
        """Primary pollutants joined by ``,``; empty up to AQI 50 and for NA."""
        return np.asarray(np.array(PRIMARY_TEXTS, dtype=object)[self.primary_mask])

    def __len__(self) -> int:
        return self.codes.size


def _with_nan(codes: NDArray[np.int16]) -> NDArray[np.float64]:
    return np.where(codes < 0, np.nan, codes.astype(np.float64))


def level_codes(aqi: NDArray[np.int16]) -> NDArray[np.int16]:
    """Level 1 to 6 of each index value; -1 stays -1."""
    ends = np.array([level.upto for level in levels()[:-1]])
    of_value = np.searchsorted(ends, np.arange(502), side="left") + 1
    return np.asarray(np.append(of_value, MISSING).astype(np.int16)[aqi])


def edition(on: date | None = None, standard: str | None = None) -> Edition:
    """The edition in force on a day, or the one named (``"HJ 633-2012"``, ``"HJ 633-2026"``).

    Exactly one of the two is given: ``TypeError`` otherwise, ``KeyError`` for an unknown name.
    """
    if (on is None) == (standard is None):
        raise TypeError("give either on=<date of the data> or standard=<edition>")
    if on is not None:
        return catalogue.in_force(AQI, on.date() if isinstance(on, datetime) else on)
    for known in catalogue.editions(AQI):
        if known.standard == standard:
            return known
    names = ", ".join(known.standard for known in catalogue.editions(AQI))
    raise KeyError(f"{standard!r} is not an edition of the AQI; known: {names}")


def sub_index(
    concentration: Value, table: str, *, on: date | None = None, standard: str | None = None
) -> int | None:
    """Sub-index (IAQI) of one concentration; ``table`` is e.g. ``"pm2_5_24h"``, ``"so2_1h"``, ``"o3_8h"``.

    ``None`` when it is missing, or when the 2012 edition forms none (SO2 hourly and O3 8-hour above 800).

    >>> sub_index(35, "pm2_5_24h", standard="HJ 633-2026")
    50
    """
    scheme: Scheme = edition(on, standard).content
    code = scheme.tables[table].scalar(concentration, scheme.round_input)
    return None if code < 0 else code


@overload
def hourly(
    *,
    so2: Value = ...,
    no2: Value = ...,
    o3: Value = ...,
    co: Value = ...,
    pm10: Value = ...,
    pm2_5: Value = ...,
    o3_8h: Value = ...,
    on: date | None = ...,
    standard: str | None = ...,
    not_planned: Collection[str] = ...,
    incomplete: Incomplete = ...,
    round_input: bool | None = ...,
) -> AirIndex: ...
@overload
def hourly(
    *,
    so2: Column | Value = ...,
    no2: Column | Value = ...,
    o3: Column | Value = ...,
    co: Column | Value = ...,
    pm10: Column | Value = ...,
    pm2_5: Column | Value = ...,
    o3_8h: Column | Value = ...,
    on: date | None = ...,
    standard: str | None = ...,
    not_planned: NotPlanned = ...,
    incomplete: Incomplete = ...,
    round_input: bool | None = ...,
) -> AirIndices: ...


def hourly(
    *,
    so2: Column | Value = None,
    no2: Column | Value = None,
    o3: Column | Value = None,
    co: Column | Value = None,
    pm10: Column | Value = None,
    pm2_5: Column | Value = None,
    o3_8h: Column | Value = None,
    on: date | None = None,
    standard: str | None = None,
    not_planned: NotPlanned = (),
    incomplete: Incomplete = "standard",
    round_input: bool | None = None,
) -> AirIndex | AirIndices:
    """Hourly AQI (实时报) of one hour, or of many under one edition.

    Scalars give :class:`AirIndex`; if any value is a NumPy array or Polars column, the result is
    :class:`AirIndices` (scalars then hold for every row). ``on`` is the day the hour *starts* in.

    ``not_planned``: factors that the monitoring plan leaves out ("/", 5.3.2), whose absence does not hold
    the index back; for arrays also a mask for each factor. ``incomplete="as-published"`` adds what the
    national platform does: a withheld PM10 does not hold the index back while PM2.5 is there.
    ``round_input`` overrides the edition's rounding of concentrations before look-up (HJ 633-2026, 4.2.2;
    not stated in 2012, where it is general practice).
    """
    given = {"so2": so2, "no2": no2, "o3": o3, "co": co, "pm10": pm10, "pm2_5": pm2_5}
    given["o3_8h"] = o3_8h
    return _index("hour", given, edition(on, standard), not_planned, incomplete, round_input)


@overload
def daily(
    *,
    so2: Value = ...,
    no2: Value = ...,
    o3: Value = ...,
    co: Value = ...,
    pm10: Value = ...,
    pm2_5: Value = ...,
    o3_1h: Value = ...,
    on: date | None = ...,
    standard: str | None = ...,
    not_planned: Collection[str] = ...,
    incomplete: Incomplete = ...,
    round_input: bool | None = ...,
) -> AirIndex: ...
@overload
def daily(
    *,
    so2: Column | Value = ...,
    no2: Column | Value = ...,
    o3: Column | Value = ...,
    co: Column | Value = ...,
    pm10: Column | Value = ...,
    pm2_5: Column | Value = ...,
    o3_1h: Column | Value = ...,
    on: date | None = ...,
    standard: str | None = ...,
    not_planned: NotPlanned = ...,
    incomplete: Incomplete = ...,
    round_input: bool | None = ...,
) -> AirIndices: ...


def daily(
    *,
    so2: Column | Value = None,
    no2: Column | Value = None,
    o3: Column | Value = None,
    co: Column | Value = None,
    pm10: Column | Value = None,
    pm2_5: Column | Value = None,
    o3_1h: Column | Value = None,
    on: date | None = None,
    standard: str | None = None,
    not_planned: NotPlanned = (),
    incomplete: Incomplete = "standard",
    round_input: bool | None = None,
) -> AirIndex | AirIndices:
    """Daily AQI (日报) from 24-hour means and the daily maximum 8-hour ozone ``o3``.

    ``o3_1h``, the daily maximum hourly ozone, counts under HJ 633-2012 only, and only where given. The
    other arguments are those of :func:`hourly`.

    >>> daily(so2=8, no2=20, o3=90, co=0.6, pm10=40, pm2_5=None, standard="HJ 633-2026").aqi is None
    True
    >>> daily(so2=8, no2=20, o3=170, co=0.6, pm10=40, pm2_5=None, standard="HJ 633-2026").aqi
    110
    """
    given = {"so2": so2, "no2": no2, "o3": o3, "co": co, "pm10": pm10, "pm2_5": pm2_5}
    given["o3_1h"] = o3_1h
    return _index("day", given, edition(on, standard), not_planned, incomplete, round_input)


def _index(
    kind: Literal["hour", "day"],
    given: Mapping[str, Column | Value],
    used: Edition,
    not_planned: NotPlanned,
    incomplete: Incomplete,
    round_input: bool | None,
) -> AirIndex | AirIndices:
    if unknown := set(not_planned) - set(FACTORS):
        raise ValueError(f"not_planned names {sorted(unknown)}; known are {', '.join(FACTORS)}")
    if incomplete not in ("standard", "as-published"):
        raise ValueError(f"incomplete is {incomplete!r}; use 'standard' or 'as-published'")
    scheme: Scheme = used.content
    rounded = scheme.round_input if round_input is None else round_input
    allowed = scheme.absent_allowed if incomplete == "as-published" else {}
    columns = [c for c in scheme.columns(kind) if c[0] in FACTORS or given[c[0]] is not None]
    if any(isinstance(value, np.ndarray | pl.Series) for value in given.values()):
        arrays = _broadcast({name: given[name] for name, _, _ in columns})
        return _array_index(columns, arrays, scheme, rounded, not_planned, allowed, used.standard)
    scalars = {
        name: table.scalar(_scalar(name, given[name]), rounded) for name, _, table in columns
    }
    best = max(scalars.values())
    absent = [f for f in FACTORS if scalars[f] == MISSING]
    counted = [
        f
        for f in absent
        if f not in not_planned and not (f in allowed and scalars[allowed[f]] != MISSING)
    ]
    known = best >= 0 and (not counted or best > 100)
    aqi = max(best, scheme.lowest) if known else None
    leading = {factor for name, factor, _ in columns if scalars[name] == best}
    return AirIndex(
        aqi=aqi,
        primary=tuple(f for f in FACTORS if f in leading) if aqi is not None and aqi > 50 else (),
        sub_indices={name: None if code < 0 else code for name, code in scalars.items()},
        missing=tuple(absent),
        standard=used.standard,
    )


def _scalar(name: str, value: Column | Value) -> Value:
    if value is None or isinstance(value, int | float | np.floating | np.integer):
        return None if value is None else float(value)
    raise TypeError(f"{name} is {value!r}; a concentration is a number, or None when it is missing")


def _broadcast(given: Mapping[str, Column | Value]) -> dict[str, NDArray[np.float64]]:
    arrays: dict[str, NDArray[np.float64]] = {}
    for name, value in given.items():
        if isinstance(value, pl.Series):
            arrays[name] = value.cast(pl.Float64).to_numpy()
        elif isinstance(value, np.ndarray):
            arrays[name] = value.astype(np.float64, copy=False)
    sizes = {array.shape for array in arrays.values()}
    if len(sizes) != 1 or len(next(iter(sizes))) != 1:
        raise ValueError(f"columns must be one-dimensional and equally long; they are {sizes}")
    (size,) = next(iter(sizes))
    for name, value in given.items():
        if name not in arrays:
            scalar = _scalar(name, value)
            arrays[name] = np.full(size, np.nan if scalar is None else scalar)
    return arrays


def _array_index(
    columns: list[tuple[str, str, BreakpointTable]],
    arrays: Mapping[str, NDArray[np.float64]],
    scheme: Scheme,
    rounded: bool,
    not_planned: NotPlanned,
    allowed: Mapping[str, str],
    standard: str,
) -> AirIndices:
    size = next(iter(arrays.values())).size
    aqi = np.empty(size, dtype=np.int16)
    masks = np.empty(size, dtype=np.uint8)
    codes = {name: np.empty(size, dtype=np.int16) for name, _, _ in columns}
    excused = not_planned if isinstance(not_planned, Mapping) else dict.fromkeys(not_planned, True)
    for start in range(0, size, _BLOCK):
        rows = slice(start, min(start + _BLOCK, size))
        best = np.full(rows.stop - start, NOT_FORMED, dtype=np.int16)
        for name, _, table in columns:
            code = table.array(arrays[name][rows], rounded)
            codes[name][rows] = code
            np.maximum(best, code, out=best)
        lacking = np.zeros(best.size, dtype=np.bool_)
        for factor in FACTORS:
            absent = codes[factor][rows] == MISSING
            if factor in allowed:
                absent &= codes[allowed[factor]][rows] == MISSING
            excuse = excused.get(factor, False)
            absent &= ~excuse[rows] if isinstance(excuse, np.ndarray) else not excuse
            lacking |= absent
        mask = np.zeros(best.size, dtype=np.uint8)
        for name, factor, _ in columns:
            mask |= (codes[name][rows] == best).astype(np.uint8) << FACTORS.index(factor)
        known = (best >= 0) & (~lacking | (best > 100))
        aqi[rows] = np.where(known, np.maximum(best, scheme.lowest), MISSING)
        masks[rows] = np.where(known & (best > 50), mask, 0)
    return AirIndices(aqi, masks, codes, standard)


def hourly_table(
    table: pl.DataFrame,
    *,
    time: str = "time",
    label: Literal["start", "end"] = "start",
    not_planned: NotPlanned = (),
    incomplete: Incomplete = "standard",
    standard: str | None = None,
    sub_indices: bool = False,
) -> pl.DataFrame:
    """``table`` with columns ``aqi, level, primary, standard`` added, each row by its own date's edition.

    ``table`` has a ``Datetime`` column ``time`` and numeric columns ``so2, no2, o3, co, pm10, pm2_5`` (an
    absent column is missing throughout). ``label`` says whether a time names the start of its hour or
    its end, as the national data do: the hour labelled 2026-03-01 00:00 by its end is still judged by
    HJ 633-2012. ``primary`` is empty up to AQI 50; rows before the first edition stay null.

    ``standard`` judges all rows by one edition instead, to lay years side by side. ``sub_indices`` adds
    ``iaqi_<factor>`` columns. The other arguments are those of :func:`hourly`.
    """
    begins = table[time]
    if label == "end":
        begins = begins.dt.offset_by("-1h")
    elif label != "start":
        raise ValueError(f"label is {label!r}; an hour is labelled by its 'start' or its 'end'")
    rule = _Rule("hour", not_planned, incomplete, standard, sub_indices)
    return _index_table(table, begins, rule)


def daily_table(
    table: pl.DataFrame,
    *,
    day: str = "day",
    not_planned: NotPlanned = (),
    incomplete: Incomplete = "standard",
    standard: str | None = None,
    sub_indices: bool = False,
) -> pl.DataFrame:
    """``table`` of daily values with columns ``aqi, level, primary, standard`` added.

    ``table`` has a ``Date`` column ``day`` and numeric columns ``so2, no2, o3, co, pm10, pm2_5`` (24-hour
    means, ``o3`` the daily maximum 8-hour mean) and, if it likes, ``o3_1h``. The other arguments are those
    of :func:`hourly_table`.
    """
    rule = _Rule("day", not_planned, incomplete, standard, sub_indices)
    return _index_table(table, table[day], rule)


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: Literal["hour", "day"]
    not_planned: NotPlanned
    incomplete: Incomplete
    standard: str | None
    sub_indices: bool


def _index_table(table: pl.DataFrame, begins: pl.Series, rule: _Rule) -> pl.DataFrame:
    days = begins.cast(pl.Date).to_physical().fill_null(_NO_DAY).to_numpy()
    if rule.standard is None:
        used = catalogue.editions(AQI)
        which = edition_of_days(days, used)
    else:
        used = (edition(standard=rule.standard),)
        which = np.where(days == _NO_DAY, 1, 0)
    size = table.height
    names = (*FACTORS, "o3_1h") if rule.kind == "day" else FACTORS
    arrays = {
        name: table[name].cast(pl.Float64).to_numpy() for name in names if name in table.columns
    }
    if not arrays:
        raise ValueError(f"the table has none of the columns {', '.join(FACTORS)}")
    codes = {"aqi": np.full(size, MISSING, dtype=np.int16)}
    if rule.sub_indices:
        codes |= {f"iaqi_{f}": np.full(size, MISSING, dtype=np.int16) for f in FACTORS}
    masks = np.zeros(size, dtype=np.uint8)
    for position, known in enumerate(used):
        rows = np.flatnonzero(which == position)
        if not rows.size:
            continue
        pick = slice(None) if rows.size == size else rows
        excused = rule.not_planned
        if isinstance(excused, Mapping):
            excused = {factor: mask[pick] for factor, mask in excused.items()}
        given = {name: arrays[name][pick] if name in arrays else None for name in names}
        given |= dict.fromkeys({"o3_8h", "o3_1h"} - given.keys())
        result = _index(rule.kind, given, known, excused, rule.incomplete, None)
        assert isinstance(result, AirIndices)  # noqa: S101  every value given is an array
        codes["aqi"][pick] = result.codes
        masks[pick] = result.primary_mask
        for factor in FACTORS if rule.sub_indices else ():
            codes[f"iaqi_{factor}"][pick] = result.sub_codes[factor]
    standards = pl.Series([known.standard for known in used] + [None], dtype=pl.String)
    index = codes.pop("aqi")
    return table.with_columns(
        _nullable("aqi", index),
        _nullable("level", level_codes(index)),
        pl.Series(PRIMARY_TEXTS).gather(masks).alias("primary"),
        standards.gather(which).alias("standard"),
        *[_nullable(name, values) for name, values in codes.items()],
    )


def edition_of_days(days: NDArray[np.int32], known: tuple[Edition, ...]) -> NDArray[np.int64]:
    """Position in ``known`` of the edition that judges each day (days since 1970-01-01).

    ``len(known)`` where none does.
    """
    epoch = date(1970, 1, 1)
    which = np.full(days.size, len(known), dtype=np.int64)
    for position, candidate in enumerate(known):
        inside = np.ones(days.size, dtype=np.bool_)
        if candidate.effective_from is not None:
            inside &= days >= (candidate.effective_from - epoch).days
        if candidate.effective_to is not None:
            inside &= days <= (candidate.effective_to - epoch).days
        which[inside] = position
    return which


def _nullable(name: str, codes: NDArray[np.int16]) -> pl.Series:
    series = pl.Series(name, codes)
    return series.set(series < 0, None)
