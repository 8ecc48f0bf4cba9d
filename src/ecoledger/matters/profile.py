"""What a bureau sets for itself in ``profile/matters.toml``: office hours, number series, clock lengths.

Everything has a default; the file is checked when it is read and again when it changes::

    [office_hours]
    spans = [["08:30", "12:00"], ["14:30", "18:00"]]

    [series.alarm_case]
    pattern = "某环交办〔{year}〕{n}号"

    [clocks.alarm_case.verify]
    length = 2
    unit = "working_hour"
    basis = "某环发〔2026〕3号"

    [evidence]
    max_mb = 50
"""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import dataclass, field
from datetime import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from ecoledger.matters.workflow import Unit

FILE = "matters.toml"
_YEAR_BRACKETS = re.compile(r"[\[(（【﹝［]\{year\}[\])）】﹞］]")


class ProfileError(ValueError):
    """The bureau's file says something that cannot be; the message names the place."""


@dataclass(frozen=True, slots=True)
class ClockLength:
    """A length a bureau gave a clock, with its own basis."""

    length: int
    unit: Unit
    basis: str
    version: str


@dataclass(frozen=True)
class Profile:
    """The bureau's settings of the work engine, checked."""

    office_hours: tuple[tuple[time, time], ...] = (
        (time(8, 30), time(12)),
        (time(14), time(17, 30)),
    )
    patterns: dict[str, str] = field(default_factory=dict)
    clocks: dict[tuple[str, str], ClockLength] = field(default_factory=dict)
    max_evidence_bytes: int = 50 * 1024 * 1024


def profile() -> Profile:
    """The profile in force. Raises :class:`ProfileError` when the file is wrong."""
    path = Path(settings.PROFILE) / FILE
    if not path.exists():
        return Profile()
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Profile:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{path.name}: {error}") from error
    return parsed(table)


def parsed(table: dict[str, Any]) -> Profile:
    """The profile a table says; raises :class:`ProfileError` naming what is wrong in it."""
    if unknown := set(table) - {"office_hours", "series", "clocks", "evidence"}:
        raise ProfileError(f"{FILE}: unknown table {sorted(unknown)}")
    default = Profile()
    return Profile(
        office_hours=_hours(table["office_hours"])
        if "office_hours" in table
        else default.office_hours,
        patterns={
            name: checked_pattern(series.get("pattern", ""), f"{FILE}: series.{name}")
            for name, series in table.get("series", {}).items()
        },
        clocks={
            (register, clock): _clock(values, f"{FILE}: clocks.{register}.{clock}")
            for register, clocks in table.get("clocks", {}).items()
            for clock, values in clocks.items()
        },
        max_evidence_bytes=_positive(
            table.get("evidence", {}).get("max_mb", 50), f"{FILE}: evidence.max_mb"
        )
        * 1024
        * 1024,
    )


def checked_pattern(pattern: str, where: str) -> str:
    """``pattern`` if numbers can be made from it. Years stand in 〔〕 (GB/T 9704-2012, 7.2.5)."""
    if _YEAR_BRACKETS.search(pattern):
        raise ProfileError(f"{where}: the year of a document number stands in 〔〕")
    try:
        first, second = (pattern.format(year=2026, n=n) for n in (1, 2))
        other_year = pattern.format(year=2027, n=1)
    except (KeyError, IndexError, ValueError) as error:
        raise ProfileError(f"{where}: only {{year}} and {{n}} can stand in {pattern!r}") from error
    if first in (second, other_year):
        raise ProfileError(f"{where}: {pattern!r} needs both {{year}} and {{n}}")
    return pattern


def _hours(table: dict[str, Any]) -> tuple[tuple[time, time], ...]:
    where = f"{FILE}: office_hours.spans"
    try:
        spans = tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in table["spans"])
    except (KeyError, TypeError, ValueError) as error:
        raise ProfileError(f'{where}: give pairs such as ["08:30", "12:00"]') from error
    edges = [edge for span in spans for edge in span]
    if not spans or any(a >= b for a, b in itertools.pairwise(edges)):
        raise ProfileError(f"{where}: spans must be in order and must not overlap")
    return spans


def _clock(values: dict[str, Any], where: str) -> ClockLength:
    try:
        unit = Unit(values["unit"])
    except (KeyError, ValueError) as error:
        units = [u.value for u in Unit if u is not Unit.DATE]
        raise ProfileError(f"{where}: unit must be one of {units}") from error
    if unit is Unit.DATE:
        raise ProfileError(f"{where}: a length cannot be counted in dates")
    return ClockLength(
        _positive(values.get("length"), f"{where}.length"),
        unit,
        str(values.get("basis", "")),
        str(values.get("version", "")),
    )


def _positive(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ProfileError(f"{where}: must be a whole number above zero, not {value!r}")
    return value
