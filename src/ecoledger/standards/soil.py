"""Soil against screening and control values: GB 36600-2018 (建设用地) and GB 15618-2018 (农用地).

At or below the screening value the risk can be ignored; above the control value it must be dealt with;
between the two it must be investigated. Values are mg/kg of dry soil.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal

import polars as pl

from ecoledger.standards import catalogue, exceedance
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.readings import Reading, UnreadableReadingError, parse
from ecoledger.standards.rule_data import compiled, declare_editions

CONSTRUCTION_RULE_SET = "soil-construction-land"
AGRICULTURE_RULE_SET = "soil-agricultural-land"

ConstructionLand = Literal["first", "second"]
Field = Literal["paddy", "orchard", "other"]


class Risk(StrEnum):
    """Where a value stands between screening and control value."""

    NEGLIGIBLE = "negligible"
    POSSIBLE = "possible"
    UNACCEPTABLE = "unacceptable"

    @property
    def label(self) -> str:
        """What the standard says follows."""
        return {
            "negligible": "不高于筛选值，风险一般可以忽略",
            "possible": "高于筛选值、不高于管制值，可能存在风险，应开展详细调查",
            "unacceptable": "高于管制值，应采取风险管控或修复措施",
        }[self]

    @property
    def field_category(self) -> str:
        """Category of farmland it leads to (农用地类别)."""
        return {
            "negligible": "优先保护类",
            "possible": "安全利用类",
            "unacceptable": "严格管控类",
        }[self]


_ORDER = (Risk.NEGLIGIBLE, Risk.POSSIBLE, Risk.UNACCEPTABLE)


@dataclass(frozen=True, slots=True)
class SoilItem:
    """One item's judgement: the value, both bounds (``control`` may be missing) and the multiple over
    the screening value (``None`` below it)."""

    key: str
    name: str
    value: float
    screening: float
    control: float | None
    risk: Risk
    multiple: float | None


@dataclass(frozen=True, slots=True)
class SoilJudgement:
    """A sample's judgement: ``risk`` of its worst item, ``None`` when nothing was measured."""

    risk: Risk | None
    items: tuple[SoilItem, ...]
    standard: str
    marks: tuple[Mark, ...]

    @property
    def exceeding(self) -> tuple[SoilItem, ...]:
        """Items above their screening value, the worst first."""
        above = [item for item in self.items if item.risk is not Risk.NEGLIGIBLE]
        return tuple(
            sorted(above, key=lambda item: (-_ORDER.index(item.risk), -(item.multiple or 0)))
        )


@compiled("soil")
def _declared(content: dict[str, Any]) -> tuple[Edition, ...]:
    tables = content["edition"]
    construction = {name: table for name, table in tables.items() if "ph_bands" not in table}
    agriculture = {name: table for name, table in tables.items() if "ph_bands" in table}
    return (
        *declare_editions(CONSTRUCTION_RULE_SET, construction),
        *declare_editions(AGRICULTURE_RULE_SET, agriculture),
    )


_declared()


def _value(values: Mapping[str, float | str | Reading | None], key: str) -> float | None:
    try:
        return parse(values.get(key)).value
    except UnreadableReadingError as error:
        raise UnreadableReadingError(f"{key}: {error}") from None


def _judged(key: str, name: str, value: float, screening: float, control: float | None) -> SoilItem:
    if value <= screening:
        return SoilItem(key, name, value, screening, control, Risk.NEGLIGIBLE, None)
    over = exceedance.multiple(value, screening)
    above = control is not None and value > control
    risk = Risk.UNACCEPTABLE if above else Risk.POSSIBLE
    return SoilItem(key, name, value, screening, control, risk, over)


def _whole(items: list[SoilItem], edition: Edition) -> SoilJudgement:
    risk = max((item.risk for item in items), key=_ORDER.index, default=None)
    return SoilJudgement(risk, tuple(items), edition.standard, (edition.mark,))


def construction_land(
    values: Mapping[str, float | str | Reading | None], land: ConstructionLand, *, on: date
) -> SoilJudgement:
    """Judge a sample of construction land (GB 36600-2018 表1、表2).

    ``land`` is ``"first"`` (居住、学校、医院、公园 …) or ``"second"`` (工业、物流、商业 …).

    >>> from datetime import date
    >>> construction_land({"as": 75, "pb": 300}, "second", on=date(2026, 4, 1)).risk
    <Risk.POSSIBLE: 'possible'>
    """
    _declared()
    edition = catalogue.in_force(CONSTRUCTION_RULE_SET, on)
    if land not in ("first", "second"):
        raise ValueError(f"{land!r} is not a kind of construction land; write first or second")
    column = ("first", "second").index(land)
    items = [
        _judged(
            key,
            item["name"],
            value,
            float(item["screening"][column]),
            float(item["control"][column]) if "control" in item else None,
        )
        for key, item in edition.content["items"].items()
        if (value := _value(values, key)) is not None
    ]
    return _whole(items, edition)


def construction_items(on: date) -> dict[str, str]:
    """The items of the standard for construction land on a day: key -> written name."""
    _declared()
    edition = catalogue.in_force(CONSTRUCTION_RULE_SET, on)
    return {key: str(item["name"]) for key, item in edition.content["items"].items()}


def agricultural_land(
    values: Mapping[str, float | str | Reading | None], field: Field, *, on: date
) -> SoilJudgement:
    """Judge a sample of farmland by its ``ph`` (GB 15618-2018 表1–表3).

    ``field`` is ``"paddy"`` (水田), ``"orchard"`` (果园) or ``"other"``. Raises ``ValueError`` without pH.

    >>> from datetime import date
    >>> agricultural_land({"ph": 5.5, "cd": 0.35}, "other", on=date(2026, 4, 1)).risk.field_category
    '安全利用类'
    """
    _declared()
    edition = catalogue.in_force(AGRICULTURE_RULE_SET, on)
    ph = _value(values, "ph")
    if ph is None:
        raise ValueError("ph is missing; the limits of farmland depend on it")
    if field not in ("paddy", "orchard", "other"):
        raise ValueError(f"{field!r} is not a kind of field; write paddy, orchard or other")
    band = bisect_left([float(bound) for bound in edition.content["ph_bands"]], ph)
    items = []
    for key, item in edition.content["items"].items():
        value = _value(values, key)
        if value is None:
            continue
        screening = float(item.get(field, item["other"])[band])
        control = float(item["control"][band]) if "control" in item else None
        items.append(_judged(key, item["name"], value, screening, control))
    return _whole(items, edition)


def construction_table(frame: pl.DataFrame, *, on: date, land: str = "land") -> pl.DataFrame:
    """Judge every row of a table with items by key and a column that names the land, as below."""
    return _table(frame, lambda row: construction_land(row, row[land], on=on))


def agricultural_table(frame: pl.DataFrame, *, on: date, field: str = "field") -> pl.DataFrame:
    """Judge every row of a table with ``ph``, items by key and a column that names the field.

    Adds ``risk``, ``exceeding_items`` and ``standard``. Raises ``ValueError`` naming the row (from 1).
    """
    return _table(frame, lambda row: agricultural_land(row, row[field], on=on))


def _table(frame: pl.DataFrame, judge: Callable[[dict[str, Any]], SoilJudgement]) -> pl.DataFrame:
    # Soil surveys have thousands of samples, not millions: row by row is quick enough.
    risks: list[str | None] = []
    texts: list[str] = []
    standards: list[str] = []
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        try:
            judged = judge(row)
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
        risks.append(judged.risk.value if judged.risk else None)
        texts.append("、".join(item.name for item in judged.exceeding))
        standards.append(judged.standard)
    return frame.with_columns(
        pl.Series("risk", risks, dtype=pl.String),
        pl.Series("exceeding_items", texts, dtype=pl.String),
        pl.Series("standard", standards, dtype=pl.String),
    )
