"""What the codes of HJ 212 mean: commands, systems, factors, flags, results.

The tables are data files beside this module (``data/*.csv``, ``data/protocol.toml``), each line with the
mark of how well it is known: ``P`` read in the standard's text, ``2`` two sources agree, ``1`` one source,
``M`` from memory, ``?`` doubtful.
"""

from __future__ import annotations

import csv
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

EDITIONS = (2005, 2017, 2025)

Edition = Literal[2005, 2017, 2025]


@dataclass(frozen=True, slots=True)
class Command:
    """A command code (CN). ``direction`` is ``U`` (platform to device), ``D`` or ``UD``; ``kind`` is
    ``request`` (answered by 9011, 9012), ``upload`` (9014), ``notify`` (9013) or ``reply``."""

    code: str
    name_zh: str
    name_en: str
    direction: str
    kind: str
    editions: frozenset[int]
    mark: str
    note: str


@dataclass(frozen=True, slots=True)
class System:
    """A system code (ST): what kind of thing the device watches."""

    code: str
    name_zh: str
    name_en: str
    editions: frozenset[int]
    mark: str


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor: pollutant, weather element, noise level or item of information.

    ``unit`` is what devices send, ``unit_printed`` what annex B prints: it gives PM2.5 in ng/m³.
    ``data_type`` ``N5.2`` means up to five digits before and two after the point.
    """

    code: str
    name: str
    code_2005: str
    kind: str
    unit: str
    unit_printed: str
    unit_emission: str
    data_type: str
    mark: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Statistic:
    """What stands after the hyphen of a factor's key; ``kind`` is number, text, flag, eflag or
    sample_time."""

    field: str
    name_zh: str
    name_en: str
    kind: str
    mark: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the CP area that belongs to no factor."""

    field: str
    name_zh: str
    meaning: str
    mark: str


@dataclass(frozen=True, slots=True)
class DataFlag:
    """A data flag of one edition; ``valid`` is ``yes``, ``no`` or ``capped`` (above the range: the value
    is a lower bound)."""

    edition: int
    flag: str
    name_zh: str
    name_en: str
    valid: str
    mark: str


def _rows(name: str) -> list[dict[str, str]]:
    file = resources.files("ecoledger.hj212").joinpath("data", f"{name}.csv")
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def _with_editions(row: dict[str, str]) -> dict[str, Any]:
    return {**row, "editions": frozenset(int(year) for year in row["editions"].split())}


PROTOCOL: dict[str, Any] = tomllib.loads(
    resources.files("ecoledger.hj212").joinpath("data", "protocol.toml").read_text(encoding="utf-8")
)

COMMANDS: dict[str, Command] = {
    row["code"]: Command(**_with_editions(row)) for row in _rows("commands")
}
SYSTEMS: dict[str, System] = {
    row["code"]: System(**_with_editions(row)) for row in _rows("systems")
}
FACTORS: dict[str, Factor] = {row["code"]: Factor(**row) for row in _rows("factors")}
STATISTICS: dict[str, Statistic] = {row["field"]: Statistic(**row) for row in _rows("statistics")}
FIELDS: dict[str, Field] = {row["field"]: Field(**row) for row in _rows("fields")}
FLAGS: dict[tuple[int, str], DataFlag] = {
    (int(row["edition"]), row["flag"]): DataFlag(**{**row, "edition": int(row["edition"])})  # type: ignore[arg-type]
    for row in _rows("flags")
}
FROM_2005: dict[str, Factor] = {
    factor.code_2005: factor for factor in FACTORS.values() if factor.code_2005
}
REQUEST_RESULTS: dict[int, str] = {
    int(code): text for code, text in PROTOCOL["request_results"].items()
}
EXECUTION_RESULTS: dict[int, str] = {
    int(code): text for code, text in PROTOCOL["execution_results"].items()
}
# What an instrument says of itself under the information code below.
ANALYSER_STATE = "i12001"
ANALYSER_STATES: dict[str, str] = PROTOCOL["analyser_states"]
# A factor, an item of information or a piece of equipment, known or not.
CODE = re.compile(r"[a-z][0-9a-z]{1,2}[0-9]{3,9}|SB[0-9]+")
CLASHES: tuple[str, ...] = tuple(clash["prefix"] for clash in PROTOCOL["clashes"])


def _flag_words() -> dict[str, str]:
    """What stands for a data flag, folded -> its letter: the letter itself, its names, what people write."""
    letters = [flag for flag in FLAGS.values() if flag.flag.isalpha()]
    words = {_folded(name): flag.flag for flag in letters for name in (flag.name_zh, flag.name_en)}
    words |= {flag.flag.casefold(): flag.flag for flag in letters}
    written: dict[str, str] = PROTOCOL["flag_words"]
    return words | written


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


_FLAG_WORDS = _flag_words()


def flag_letter(text: str) -> str | None:
    """The data flag that is written as its letter or as a word; None for what is neither.

    >>> flag_letter("n"), flag_letter("正常"), flag_letter("停产"), flag_letter("X")
    ('N', 'N', 'F', None)
    """
    return _FLAG_WORDS.get(_folded(text))


def flag_within(text: str) -> str | None:
    """The data flag of the first word in a text that is one: what stands in place of a value (仪器校准中).

    >>> flag_within("仪器校准中"), flag_within("设备维护"), flag_within("断流")
    ('C', 'M', None)
    """
    folded = _folded(text)
    words = [
        word
        for word, flag in _FLAG_WORDS.items()
        if flag != "N" and len(word) > 1 and word in folded
    ]
    return _FLAG_WORDS[min(words, key=folded.index)] if words else None


def factor(code: str) -> Factor | None:
    """The factor of a code of either edition (``w01018`` and the 2005 form ``011`` are the same one), or
    None when the code is not known or is one that annex B gives two meanings (:func:`clash`)."""
    return None if code.startswith(CLASHES) else (FACTORS.get(code) or FROM_2005.get(code))


def clash(code: str) -> tuple[str, ...]:
    """The two meanings of a code that HJ 212-2017 assigns twice (e701xx, g119xx), else nothing."""
    for entry in PROTOCOL["clashes"]:
        if code.startswith(entry["prefix"]):
            return tuple(entry["meanings"])
    return ()


def modern_code(code: str) -> str:
    """A 2005 factor code in its form of 2017 (``011`` gives ``w01018``); other codes unchanged."""
    known = FROM_2005.get(code)
    return known.code if known else code


def reply_command(command: str) -> str | None:
    """The command that acknowledges ``command`` coming from a device: 9014 for data, 9013 for a
    notification, None for a reply, which is never acknowledged."""
    known = COMMANDS.get(command)
    if known and known.kind == "reply":
        return None
    if known and known.kind == "notify":
        return "9013"
    return "9014"
