"""Emission limits, and whether a mean exceeds one.

A limit is judged by the mean it is made for: flue gas by the hour (some also by the day), wastewater by
the day. Minute values are for watching, never for judging. Values marked as invalid or excused, and
means that lack the data they need, are not judged, and the reason is given (see
:mod:`ecoledger.standards.monitoring_marks`, :mod:`~ecoledger.standards.flue_gas`,
:mod:`~ecoledger.standards.wastewater`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecoledger.standards import catalogue, exceedance
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.monitoring_marks import Excuse
from ecoledger.standards.rule_data import compiled, declare_editions

Medium = Literal["gas", "water"]


class Basis(StrEnum):
    """What a limit, or a value, is the mean of."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    SAMPLE = "sample"

    @property
    def label(self) -> str:
        """Chinese label."""
        return {"minute": "分钟均值", "hour": "小时均值", "day": "日均值", "sample": "单次测定值"}[
            self
        ]


@dataclass(frozen=True, slots=True)
class Limit:
    """One emission limit.

    ``low`` and ``high`` bound the value (pH has both); the bounds themselves are met. ``reference_o2``
    is the oxygen content (%) a flue-gas concentration is converted to first, ``None`` for none.
    ``cold_high`` replaces ``high`` for wastewater of at most ``cold_up_to`` ℃. A permit's own limit is
    made by constructing this class with the permit's number as ``standard``.
    """

    standard: str
    category: str
    pollutant: str
    basis: Basis
    high: float
    low: float = -math.inf
    unit: str = "mg/L"
    title: str = ""
    category_name: str = ""
    industry: str = ""
    medium: Medium = "water"
    reference_o2: float | None = None
    cold_up_to: float | None = None
    cold_high: float | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    clause: str = ""
    mark: Mark = Mark.MEMORY
    source: str = ""

    def at_temperature(self, water_temperature: float | None) -> Limit:
        """The limit that holds for water of this temperature (℃; GB 18918 表1 注: ≤12 ℃)."""
        if (
            water_temperature is None
            or self.cold_up_to is None
            or self.cold_high is None
            or water_temperature > self.cold_up_to
        ):
            return self
        return replace(self, high=self.cold_high)

    def covers(self, on: date) -> bool:
        """Whether the limit judges data of the day ``on``."""
        return (self.effective_from is None or self.effective_from <= on) and (
            self.effective_to is None or on <= self.effective_to
        )


@dataclass(frozen=True, slots=True)
class Book:
    """All limits, the names pollutants go by, and the HJ 212 codes whose values are μg/L."""

    limits: tuple[Limit, ...]
    names: Mapping[str, str]
    aliases: Mapping[str, tuple[str, ...]]
    microgram_codes: frozenset[str]


_UNITS = {
    "dioxin": "ng TEQ/m³",
    "blackness": "级",
    "ph": "",
    "colour": "倍",
    "fecal_coliform": "个/L",
}


def rule_set_of(standard: str) -> str:
    """Name of a standard's rule set in the catalogue: ``"emission GB 13271"`` for every edition of it."""
    return f"emission {_number(standard).rsplit('-', 1)[0]}"


def _number(standard: str) -> str:
    """A standard's number without the amendment that its edition includes."""
    return standard.split("（", 1)[0]


@compiled("emission_limits")
def book(content: dict[str, Any]) -> Book:
    """All limits of ``data/emission_limits.toml``; each standard is entered in the catalogue."""
    names = {key: item["name"] for key, item in content["pollutants"].items()}
    limits = tuple(
        limit
        for standard, table in content["edition"].items()
        for limit in _limits(standard, table, names)
    )
    editions: dict[str, dict[str, Any]] = {}
    for standard, table in content["edition"].items():
        editions.setdefault(rule_set_of(standard), {})[standard] = table
    for rule_set, tables in editions.items():
        declare_editions(rule_set, tables)
    return Book(
        limits=limits,
        names=names,
        aliases={
            key: (item["name"], *item["aliases"]) for key, item in content["pollutants"].items()
        },
        microgram_codes=frozenset(content["codes"]["micrograms"]),
    )


def _limits(standard: str, table: Mapping[str, Any], names: Mapping[str, str]) -> list[Limit]:
    result = []
    medium: Medium = table["medium"]
    default_unit = "mg/m³" if medium == "gas" else "mg/L"
    for category, entry in table["categories"].items():
        for basis in (Basis.HOUR, Basis.DAY, Basis.SAMPLE):
            for pollutant, bound in entry.get(basis.value, {}).items():
                if pollutant not in names:
                    raise ValueError(f"{standard} {category}: unknown pollutant {pollutant!r}")
                low, high = bound if isinstance(bound, list) else (-math.inf, bound)
                result.append(
                    Limit(
                        standard=standard,
                        category=category,
                        pollutant=pollutant,
                        basis=basis,
                        low=float(low),
                        high=float(high),
                        unit=_UNITS.get(pollutant, default_unit),
                        title=table["title"],
                        category_name=entry["name"],
                        industry=table["industry"],
                        medium=medium,
                        reference_o2=entry.get("reference_o2"),
                        cold_up_to=entry.get("cold_up_to"),
                        cold_high=entry.get("cold", {}).get(pollutant),
                        effective_from=table.get("effective_from"),
                        effective_to=table.get("effective_to"),
                        clause=table["clause"],
                        mark=Mark(entry.get("mark", table["mark"])),
                        source=table["source"],
                    )
                )
    return result


book()


def limits(
    *,
    on: date,
    standard: str | None = None,
    category: str | None = None,
    pollutant: str | None = None,
    basis: Basis | None = None,
    medium: Medium | None = None,
) -> tuple[Limit, ...]:
    """Limits for data of the day ``on`` that fit everything named, in the order of the data file.

    A ``standard`` named by its number alone means the edition of the day, with its amendments.
    """
    return tuple(
        limit
        for limit in book().limits
        if limit.covers(on)
        and (standard is None or standard in (limit.standard, _number(limit.standard)))
        and (category is None or limit.category == category)
        and (pollutant is None or limit.pollutant == pollutant)
        and (basis is None or limit.basis is basis)
        and (medium is None or limit.medium == medium)
    )


def limit(standard: str, category: str, pollutant: str, basis: Basis, *, on: date) -> Limit:
    """The one limit so named.

    Raises ``LookupError`` that says what there is instead.
    """
    found = limits(on=on, standard=standard, category=category, pollutant=pollutant, basis=basis)
    if found:
        return found[0]
    others = limits(on=on, standard=standard)
    if not others:
        known = sorted({entry.standard for entry in limits(on=on)})
        raise LookupError(f"{standard}: no limits for {on}; there are {', '.join(known)}")
    choices = sorted({f"{entry.category}/{entry.pollutant}/{entry.basis}" for entry in others})
    raise LookupError(
        f"{standard}: no {category}/{pollutant}/{basis} for {on}; there are {', '.join(choices)}"
    )


class Outcome(StrEnum):
    """How a value stands to its limit."""

    ATTAINS = "attains"
    EXCEEDS = "exceeds"
    NOT_JUDGED = "not_judged"

    @property
    def label(self) -> str:
        """Chinese label."""
        return {"attains": "达标", "exceeds": "超标", "not_judged": "不参与判定"}[self]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome for one value; ``multiple`` is 超标倍数 (``None`` for pH and where not exceeding),
    ``reason`` says why a value was not judged, ``text`` is the sentence for a notice."""

    outcome: Outcome
    value: float | None
    limit: Limit
    multiple: float | None
    reason: str
    text: str

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks of what the judgement rests on."""
        return (self.limit.mark,)


def judge(
    value: float | None,
    limit: Limit,
    *,
    basis: Basis,
    valid: bool = True,
    excused: str | Excuse = "",
) -> Judgement:
    """Whether a mean exceeds its limit.

    ``value`` is the mean, already converted to reference oxygen where the limit asks for that, in the
    limit's unit and unrounded (全数值比较法, GB/T 8170 4.3). ``basis`` is what it is a mean of: only a
    limit of the same basis is judged. ``valid`` says whether the mean has the data it needs;
    ``excused`` names what excuses it, or is the excuse of a mark: where that leaves a limit in force all
    the same (垃圾焚烧启停炉的颗粒物), the value is judged by that one.

    >>> from datetime import date
    >>> nox = limit("GB 13271-2014", "gas_new", "nox", Basis.HOUR, on=date(2026, 5, 1))
    >>> judge(250, nox, basis=Basis.HOUR).multiple
    0.25
    """
    if isinstance(excused, Excuse):
        if excused.excused and excused.limit is not None:
            limit = replace(limit, high=excused.limit, mark=excused.mark)
            excused = ""
        else:
            excused = excused.reason if excused.excused else ""
    reason = ""
    if value is None or value != value:
        reason = "无有效数据"
    elif basis is Basis.MINUTE:
        reason = "分钟数据不用于超标判定"
    elif basis is not limit.basis:
        reason = f"限值按{limit.basis.label}判定，不以{basis.label}判定"
    elif not valid:
        reason = f"{basis.label}的有效数据不足"
    elif excused:
        reason = excused
    if reason or value is None:
        return Judgement(Outcome.NOT_JUDGED, value, limit, None, reason, reason)
    if limit.low <= value <= limit.high:
        return Judgement(Outcome.ATTAINS, value, limit, None, "", Outcome.ATTAINS.label)
    if limit.low != -math.inf:
        text = f"超出 {limit.low:g}～{limit.high:g} 的范围"
        return Judgement(Outcome.EXCEEDS, value, limit, None, "", text)
    text = exceedance.gap_text(value, limit.high, limit.unit)
    over = exceedance.multiple(value, limit.high)
    return Judgement(Outcome.EXCEEDS, value, limit, over, "", text)


def judge_array(
    values: ArrayLike, limit: Limit, *, judged: ArrayLike | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """For each mean of the limit's own basis: whether it exceeds, and its multiple (NaN: none).

    ``judged`` is false where a value is invalid or excused; those and NaN do not exceed.
    """
    array = np.asarray(values, dtype=np.float64)
    exceeds = (array < limit.low) | (array > limit.high)
    if judged is not None:
        exceeds &= np.asarray(judged, dtype=bool)
    multiples = np.full(array.shape, math.nan)
    if limit.low == -math.inf and limit.high != 0:
        multiples[exceeds] = (array[exceeds] - limit.high) / limit.high
    return exceeds, multiples


def pollutant_key(name: str) -> str:
    """The key of a pollutant named by key, Chinese name or HJ 212 code. Raises ``LookupError``."""
    wanted = name.strip().casefold()
    for key, names in book().aliases.items():
        if wanted in {key, *(known.casefold() for known in names)}:
            return key
    raise LookupError(f"{name!r} is not a known pollutant; known are {', '.join(book().names)}")


def standards_on(on: date) -> tuple[str, ...]:
    """Emission standards with limits for the day ``on``."""
    book()
    return tuple(
        catalogue.in_force(rule_set, on).standard
        for rule_set in catalogue.rule_sets()
        if rule_set.startswith("emission ")
        and any(edition.covers(on) for edition in catalogue.editions(rule_set))
    )
