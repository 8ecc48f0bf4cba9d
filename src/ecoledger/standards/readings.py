"""Readings as laboratories and instruments write them: "0.02L", "＜0.02", "未检出", "停产", "—".

One treatment of each, for every module of the package:

- *below detection with its limit* ("0.02L", "<0.02", "ND(0.02)"): enters a mean and a class with half
  the detection limit (share in ``data/readings.toml``);
- *below detection without a limit* ("未检出", "ND"): enters as zero, and says so;
- *beyond the range* (">24000"): enters as the bound itself, a lower estimate, and says so;
- *not measured, for a reason* ("停产", "断流"): no value, the reason is kept;
- *missing* ("", "/", "--", "—"): no value.

Anything else is refused with :class:`UnreadableReadingError`; nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from math import isfinite
from typing import Any

import polars as pl

from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rule_data import compiled


class State(StrEnum):
    """What a reading says about itself."""

    MEASURED = "measured"
    BELOW_DETECTION = "below_detection"
    ABOVE_RANGE = "above_range"
    NOT_MEASURED = "not_measured"
    MISSING = "missing"


class UnreadableReadingError(ValueError):
    """The text is neither a number nor one of the known ways to say that there is none."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading: ``value`` is what calculations use (``None``: nothing to calculate with).

    ``bound`` is the detection limit of a reading below it, or the upper bound of one beyond range, in
    the unit of the reading; ``None`` when it was not stated. ``text`` is what was written.
    """

    value: float | None
    state: State
    text: str
    bound: float | None = None

    @property
    def below_detection(self) -> bool:
        """Whether the laboratory found nothing (未检出)."""
        return self.state is State.BELOW_DETECTION


@dataclass(frozen=True, slots=True)
class Treatment:
    """How readings that are not plain numbers are read; from ``data/readings.toml``."""

    below_detection_share: Decimal
    missing: frozenset[str]
    not_detected: frozenset[str]
    reasons: frozenset[str]
    no_value: frozenset[float]
    mark: Mark
    source: str


@compiled("readings")
def treatment(content: dict[str, Any]) -> Treatment:
    """The treatment in force: words for "missing", and the share of the detection limit used."""
    return Treatment(
        below_detection_share=Decimal(str(content["below_detection"]["share"])),
        missing=frozenset(word.casefold() for word in content["words"]["missing"]),
        not_detected=frozenset(word.casefold() for word in content["words"]["not_detected"]),
        reasons=frozenset(content["words"]["not_measured"]),
        no_value=frozenset(float(number) for number in content["words"]["no_value"]),
        mark=Mark(content["below_detection"]["mark"]),
        source=content["below_detection"]["source"],
    )


_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+|[x*]10\^?[+-]?\d+)?"
_PLAIN = re.compile(_NUMBER)
_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?![\d,])")
_BELOW = re.compile(
    rf"(?:<=?|≤)({_NUMBER})|({_NUMBER})(?:l|\(l\))|(?:nd|未检出)\(?<?({_NUMBER})\)?"
)
_ABOVE = re.compile(rf"(?:>=?|≥)({_NUMBER})")


# White space between the groups of one number, and a comma that can only be, or may be, the decimal sign.
_GROUPS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?: \d{3})+(?![\d,]| +\d)")
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])(?:0\d*,\d+|\d+,(?:\d\d?|\d{4,})|\d{4,},\d+)(?![\d.,])")
_EITHER_COMMA = re.compile(r"(?<![\d.,])[1-9]\d{0,2},\d{3}(?![\d.,])")


# In half width these would be plain digits: a power, and what is written in a circle, with a full stop or below the line.
_POWER = re.compile("⁻?[⁰¹²³⁴-⁹]+")
_NO_DIGIT = re.compile("[①-⒛⓪]|[₀-₉]+")


def closed_up(text: str) -> str:
    """A written number in half width and without blanks, but for one that parts it from another.

    >>> closed_up(" 0.02 Ｌ"), closed_up("24 000"), closed_up("30\\n31"), closed_up("3 0")
    ('0.02L', '24000', '30\\n31', '3 0')
    """
    marked = _NO_DIGIT.sub(r"(\g<0>)", _POWER.sub(r"^\g<0>", text))
    plain = unicodedata.normalize("NFKC", marked).replace("−", "-").strip()
    plain = plain.removeprefix("'")  # by which spreadsheets are told that it is a text
    plain = _GROUPS.sub(lambda match: match[0].replace(" ", ""), plain)
    return re.sub(r"(?<![\d.,])\s+|\s+(?![\d.,])", "", plain)


def commas_either_way(cells: Iterable[Any]) -> frozenset[str]:
    """The cells of a table whose comma may be a decimal sign, as another's can be nothing else: 1,250 beside 0,35.

    >>> commas_either_way(["1,250", "0,35", "1,250.5"]), commas_either_way(["1,250", "0.35"])
    (frozenset({'1,250'}), frozenset())
    """
    texts = {cell for cell in cells if isinstance(cell, str) and ("," in cell or "，" in cell)}
    closed = {text: closed_up(text) for text in texts}
    if not any(_DECIMAL_COMMA.search(text) for text in closed.values()):
        return frozenset()
    return frozenset(text for text, plain in closed.items() if _EITHER_COMMA.search(plain))


def _decimal(number: str) -> Decimal:
    mantissa, times, power = number.replace("*", "x").partition("x10")
    if not times:
        return Decimal(mantissa)
    return Decimal(mantissa).scaleb(int(power.lstrip("^")))


def parse(raw: str | float | int | Decimal | Reading | None) -> Reading:
    """Read one cell.

    Full-width digits and signs, thousands separators and blanks are accepted ("１２．５", "24,000",
    "2.4×10^4"); two numbers in one cell ("30 31") are none. Raises :class:`UnreadableReadingError` for anything else.

    >>> parse("0.02L")
    Reading(value=0.01, state=<State.BELOW_DETECTION: 'below_detection'>, text='0.02L', bound=0.02)
    >>> parse("—").state.value, parse("停产").state.value, parse("１２．５").value
    ('missing', 'not_measured', 12.5)
    """
    if isinstance(raw, Reading):
        return raw
    if raw is None:
        return Reading(None, State.MISSING, "")
    if not isinstance(raw, str):
        number = float(raw)
        if number != number:
            return Reading(None, State.MISSING, "")
        if number in (float("inf"), float("-inf")):
            raise UnreadableReadingError(f"{raw} is not a finite number")
        return Reading(number, State.MEASURED, str(raw))

    rules = treatment()
    text = closed_up(raw).replace("×", "x")
    # "24,000" has a thousands separator; in "0,125" the comma is no such thing, and is refused.
    folded = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), text).casefold()
    if folded in rules.missing:
        return Reading(None, State.MISSING, raw)
    if folded in rules.not_detected:
        return Reading(0.0, State.BELOW_DETECTION, raw)
    if any(reason in folded for reason in rules.reasons):
        return Reading(None, State.NOT_MEASURED, raw)
    try:
        if _PLAIN.fullmatch(folded) and isfinite(number := float(_decimal(folded))):
            return Reading(number, State.MEASURED, raw)
        if found := _BELOW.fullmatch(folded):
            limit = _decimal(next(group for group in found.groups() if group))
            if limit >= 0 and isfinite(limit):
                value = float(limit * rules.below_detection_share)
                return Reading(value, State.BELOW_DETECTION, raw, float(limit))
        if found := _ABOVE.fullmatch(folded):
            bound = float(_decimal(found[1]))
            if isfinite(bound):
                return Reading(bound, State.ABOVE_RANGE, raw, bound)
    except (InvalidOperation, OverflowError):
        pass
    raise UnreadableReadingError(
        f"{raw!r} is not a reading; write a number, a limit such as 0.02L or <0.02, 未检出, "
        "or leave it empty"
    )


# No laboratory writes more: 10⁹ MPN/L are more germs than raw sewage has.
_MOST = 1e9
_PH_MOST = 14.0


def possible(key: str, value: float) -> bool:
    """Whether an item can have such a value at all; one that cannot is a slip of the pen.

    >>> possible("ph", 7.2), possible("ph", 72.0), possible("codmn", -1.0), possible("codmn", 1e300)
    (True, False, False, False)
    """
    return 0 <= value <= (_PH_MOST if key == "ph" else _MOST)


def stand_for_none(numbers: pl.Series) -> pl.Series:
    """Which numbers are no readings but what is written where there is none: -999, 9999; false for null."""
    return numbers.is_in(list(treatment().no_value)).fill_null(value=False)


def values(column: Iterable[str | float | None]) -> list[float | None]:
    """The value of each reading of a column; see :func:`parse`."""
    return [parse(cell).value for cell in column]


@dataclass(frozen=True, slots=True)
class ReadingColumn:
    """A column of readings: what to calculate with, and what was said about it.

    ``values`` is Float64 (null: nothing to calculate with); ``below_detection`` and ``unreadable`` are
    Boolean and never null.
    """

    values: pl.Series
    below_detection: pl.Series
    unreadable: pl.Series


def read_column(column: pl.Series) -> ReadingColumn:
    """Read a whole column of text or numbers.

    Plain numbers take a vectorised path; only the distinct other texts are looked at one by one.
    """
    never = pl.Series(column.name, [False], dtype=pl.Boolean).new_from_index(0, len(column))
    if column.dtype.is_numeric() or column.dtype == pl.Null:
        numbers = column.cast(pl.Float64).fill_nan(None)
        infinite = numbers.is_infinite().fill_null(False)
        return ReadingColumn(numbers.zip_with(~infinite, _nulls(numbers)), never, infinite)
    texts = column.cast(pl.String)
    numbers = texts.cast(pl.Float64, strict=False)
    odd = ~numbers.is_finite().fill_null(False) & texts.is_not_null()
    known: dict[str, float | None] = {}
    below: list[str] = []
    unreadable: list[str] = []
    others = texts.filter(odd).unique().to_list()
    either = commas_either_way(others)
    for text in others:
        try:
            if text in either:
                raise UnreadableReadingError(text)
            reading = parse(text)
        except UnreadableReadingError:
            unreadable.append(text)
            known[text] = None
            continue
        known[text] = reading.value
        if reading.below_detection:
            below.append(text)
    if not known:
        return ReadingColumn(numbers, never, never)
    looked_up = texts.replace_strict(known, default=None, return_dtype=pl.Float64)
    return ReadingColumn(
        looked_up.zip_with(odd, numbers),
        texts.is_in(below).fill_null(False),
        texts.is_in(unreadable).fill_null(False),
    )


def _nulls(like: pl.Series) -> pl.Series:
    return pl.Series(like.name, [None], dtype=pl.Float64).new_from_index(0, len(like))
