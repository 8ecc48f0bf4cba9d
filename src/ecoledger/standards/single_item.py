"""Judging a sample or a table by its worst item, for groundwater and sea water.

Surface water has rules of its own on top and lives in :mod:`ecoledger.standards.surface_water`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.standards import exceedance
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.quality_classes import ByWorstItem, ItemLimits, item_from_table, worst
from ecoledger.standards.readings import Reading, UnreadableReadingError, parse, read_column


@dataclass(frozen=True, slots=True)
class ItemJudgement(ByWorstItem):
    """The class of a sample: ``class_`` from 1, one beyond the last class for the worst, ``None`` when
    nothing was measured. ``exceeding`` names the items worse than the reference class, the worst class
    and the greatest multiple over it first (``None`` where there is no multiple)."""

    class_: int | None
    label: str
    values: Mapping[str, float]
    item_classes: Mapping[str, int]
    exceeding: tuple[tuple[str, float | None], ...]
    exceeding_text: str
    standard: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class ClassScheme:
    """Items by key, the labels of the classes (the last for what meets none) and the class that
    exceeding items refer to."""

    items: Mapping[str, ItemLimits]
    labels: tuple[str, ...]
    reference_class: int


def schemes_of(
    content: Mapping[str, Any], labels: tuple[str, ...], reference_class: int
) -> dict[str, ClassScheme]:
    """The scheme of each edition of a data file, by standard number."""
    return {
        standard: ClassScheme(
            items={key: item_from_table(key, item) for key, item in table["items"].items()},
            labels=labels,
            reference_class=reference_class,
        )
        for standard, table in content["edition"].items()
    }


def column_names(
    content: Mapping[str, Any], schemes: Mapping[str, ClassScheme]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The names that columns of a data file's items go by, and the unit each item is in."""
    items = {key: item for scheme in schemes.values() for key, item in scheme.items.items()}
    aliases = {key: tuple(names) for key, names in content["aliases"].items()}
    named = {key: (*aliases.get(key, ()), item.name) for key, item in items.items()}
    return aliases | named, {key: item.unit for key, item in items.items()}


def judge(
    values: Mapping[str, float | str | Reading | None], scheme: ClassScheme, edition: Edition
) -> ItemJudgement:
    """Class of one sample. A limit of zero (不得检出) is met by any reading below detection.

    Raises :class:`~ecoledger.standards.readings.UnreadableReadingError` naming the item.
    """
    measured: dict[str, float] = {}
    ranks: dict[str, int] = {}
    for key, item in scheme.items.items():
        try:
            reading = parse(values.get(key))
        except UnreadableReadingError as error:
            raise UnreadableReadingError(f"{key}: {error}") from None
        if reading.value is None:
            continue
        measured[key] = reading.value
        undetected = reading.below_detection and item.high[0] == 0
        ranks[key] = 1 if undetected else item.class_of(reading.value)
    overall = worst(list(ranks.values()))
    exceeding = _exceeding(ranks, measured, scheme)
    return ItemJudgement(
        class_=overall,
        label=scheme.labels[overall - 1] if overall else "",
        values=measured,
        item_classes=ranks,
        exceeding=exceeding,
        exceeding_text=_text(exceeding, scheme),
        standard=edition.standard,
        marks=(edition.mark,),
    )


def _exceeding(
    ranks: Mapping[str, int], measured: Mapping[str, float], scheme: ClassScheme
) -> tuple[tuple[str, float | None], ...]:
    found = []
    for key, rank in ranks.items():
        if rank <= scheme.reference_class:
            continue
        item = scheme.items[key]
        limit = item.limit(scheme.reference_class)
        no_multiple = limit is None or item.at_least
        over = None if no_multiple else exceedance.multiple(measured[key], limit or 0)
        found.append((-rank, math.inf if over is None else -over, item.order, (key, over)))
    return tuple(entry[3] for entry in sorted(found, key=lambda entry: entry[:3]))


def _text(exceeding: tuple[tuple[str, float | None], ...], scheme: ClassScheme) -> str:
    return "、".join(
        scheme.items[key].name
        if over is None
        else f"{scheme.items[key].name}({exceedance.multiple_text(over)})"
        for key, over in exceeding
    )


def judge_table(frame: pl.DataFrame, scheme: ClassScheme, edition: Edition) -> pl.DataFrame:
    """Class of every row of a table whose columns are named by item key; agrees with :func:`judge`.

    Adds ``class`` (label, null without items), ``class_rank``, ``exceeding_items`` and ``standard``.
    Raises :class:`~ecoledger.standards.readings.UnreadableReadingError` naming row (from 1) and item.
    """
    present = [key for key in scheme.items if key in frame.columns]
    values = np.full((frame.height, len(present)), np.nan)
    ranks = np.zeros((frame.height, len(present)), dtype=np.int8)
    for position, key in enumerate(present):
        values[:, position], ranks[:, position] = _column(frame[key], scheme.items[key])
    overall = ranks.max(axis=1, initial=0)
    texts = [""] * frame.height
    for row in np.flatnonzero((ranks > scheme.reference_class).any(axis=1)):
        texts[row] = _text(
            _exceeding(
                {key: int(ranks[row, n]) for n, key in enumerate(present)},
                {key: float(values[row, n]) for n, key in enumerate(present)},
                scheme,
            ),
            scheme,
        )
    nothing = pl.Series(overall == 0)
    return frame.with_columns(
        pl.Series("class", np.array(["", *scheme.labels])[overall], dtype=pl.String).set(
            nothing, None
        ),
        pl.Series("class_rank", overall, dtype=pl.Int8).set(nothing, None),
        pl.Series("exceeding_items", texts, dtype=pl.String),
        pl.lit(edition.standard).alias("standard"),
    )


def _column(column: pl.Series, item: ItemLimits) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    read = read_column(column)
    if read.unreadable.any():
        row = int(read.unreadable.arg_true()[0])
        raise UnreadableReadingError(f"row {row + 1}, {item.key}: {column[row]!r} is not a reading")
    values = read.values.fill_null(math.nan).to_numpy().astype(np.float64)
    ranks = item.classes_of(values)
    if item.high[0] == 0:
        ranks[read.below_detection.to_numpy()] = 1
    return values, ranks
