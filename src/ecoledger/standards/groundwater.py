"""Groundwater classes by GB/T 14848-2017: the worst item decides, beyond Ⅳ is Ⅴ.

Items are named by the keys of ``data/groundwater.toml``; mg/L, organic compounds μg/L, coliform
MPN/100mL, bacteria CFU/mL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from ecoledger.standards import catalogue, single_item
from ecoledger.standards.catalogue import Edition
from ecoledger.standards.quality_classes import item_from_table
from ecoledger.standards.readings import Reading
from ecoledger.standards.rule_data import compiled, declare_editions
from ecoledger.standards.single_item import ClassScheme, ItemJudgement

RULE_SET = "groundwater-class"
LABELS = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ")


@dataclass(frozen=True, slots=True)
class Rules:
    """The names columns go by, and the unit each item is in."""

    aliases: Mapping[str, tuple[str, ...]]
    units: Mapping[str, str]


@compiled("groundwater")
def rules(content: dict[str, Any]) -> Rules:
    """Column names and units; entering the editions in the catalogue is part of reading them."""
    schemes = {
        standard: ClassScheme(
            items={key: item_from_table(key, item) for key, item in table["items"].items()},
            labels=LABELS,
            reference_class=3,
        )
        for standard, table in content["edition"].items()
    }
    declare_editions(RULE_SET, content["edition"], schemes)
    items = {key: item for scheme in schemes.values() for key, item in scheme.items.items()}
    aliases = {key: tuple(names) for key, names in content["aliases"].items()}
    return Rules(
        aliases={key: (*aliases.get(key, ()), item.name) for key, item in items.items()}
        | {key: names for key, names in aliases.items() if key not in items},
        units={key: item.unit for key, item in items.items()},
    )


rules()


def scheme_on(on: date) -> tuple[Edition, ClassScheme]:
    """The edition that judges data of the day ``on``, with its items."""
    rules()
    edition = catalogue.in_force(RULE_SET, on)
    return edition, edition.content


def classify(values: Mapping[str, float | str | Reading | None], *, on: date) -> ItemJudgement:
    """Class of one well's sample (GB/T 14848-2017 6.2, 6.3); ``exceeding`` refers to class Ⅲ.

    >>> from datetime import date
    >>> classify({"ph": 7.2, "nh3n": 0.8, "las": "0.05L"}, on=date(2026, 3, 1)).label
    'Ⅳ'
    """
    edition, scheme = scheme_on(on)
    return single_item.judge(values, scheme, edition)


def classify_table(frame: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """Class of every row; see :func:`ecoledger.standards.single_item.judge_table`."""
    edition, scheme = scheme_on(on)
    return single_item.judge_table(frame, scheme, edition)
