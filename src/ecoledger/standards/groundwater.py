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
    schemes = single_item.schemes_of(content, LABELS, reference_class=3)
    declare_editions(RULE_SET, content["edition"], schemes)
    aliases, units = single_item.column_names(content, schemes)
    return Rules(
        aliases=aliases,
        units=units,
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
