"""Surface-water classes of whole tables: what :mod:`ecoledger.standards.surface_water` says of a sample,
for every row at once and each by the edition of its own day."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.standards import catalogue, exceedance
from ecoledger.standards.catalogue import Edition
from ecoledger.standards.quality_classes import Ranks
from ecoledger.standards.readings import UnreadableReadingError, read_column
from ecoledger.standards.rounding import half_even
from ecoledger.standards.surface_water import (
    LABELS,
    Limits,
    Method,
    Waterbody,
    counted_items,
    limits_on,
    method_on,
    waterbody_of,
)

_KINDS: tuple[Waterbody, Waterbody] = ("river", "lake")


def classify_table(
    frame: pl.DataFrame,
    *,
    on: date | pl.Series,
    waterbody: Waterbody | pl.Series = "river",
    count_tn: bool = False,
    items: Iterable[str] | None = None,
    item_classes: bool = False,
) -> pl.DataFrame:
    """Class of every row of a table whose columns are named by item key.

    Adds ``class`` ("Ⅰ" … "劣Ⅴ", null when no counted item was measured), ``class_rank`` (1 to 6),
    ``main_pollutants`` and ``standard``; with ``item_classes`` also ``<item>_class`` for each item.
    ``on`` is the day of all the data, or a column with the day of each row: every row is then judged by the
    edition of its own day, and one of a day without an edition (or without a day) gets no class.
    ``waterbody`` may be a column of texts such as 河流, 湖库. Cells may be numbers or text.

    Raises :class:`~ecoledger.standards.readings.UnreadableReadingError` naming row (from 1) and item.
    """
    height = frame.height
    lake = _is_lake(waterbody, height)
    chosen = None if items is None else frozenset(items)
    judged_by = editions_of(on, height)
    keys = {key for _, edition, _ in judged_by for key in edition.content.river}
    numbers = {key: _floats(frame, key) for key in frame.columns if key in keys}
    saturation = _floats(frame, "do_saturation") if "do_saturation" in frame.columns else None
    ranks = {key: np.zeros(height, dtype=np.int8) for key in numbers}
    overall = np.zeros(height, dtype=np.int8)
    texts = np.full(height, None, dtype=object)
    standards = np.full(height, None, dtype=object)
    for rows, edition, method in judged_by:
        limits: Limits = edition.content
        counts = counted_items(limits.river, method, count_tn, chosen)
        present = [key for key in limits.river if key in numbers]
        values = np.full((rows.size, len(present)), np.nan)
        part = np.zeros((rows.size, len(present)), dtype=np.int8)
        for position, key in enumerate(present):
            column = numbers[key][rows]
            values[:, position] = column
            part[:, position] = _ranks(limits, key, column, lake[rows])
            if key == "do" and saturation is not None:
                saturated = saturation[rows] >= limits.class_one_saturation
                part[saturated & ~np.isnan(column), position] = 1
            ranks[key][rows] = part[:, position]
        is_counted = np.array([key in counts for key in present], dtype=bool)
        counted = np.where(is_counted, part, np.int8(0))
        overall[rows] = counted.max(axis=1, initial=0)
        texts[rows] = _pollutant_texts(present, values, counted, lake[rows], limits, method)
        standards[rows] = edition.standard
    result = frame.with_columns(
        pl.Series("class", np.array(["", *LABELS])[overall], dtype=pl.String).set(
            pl.Series(overall == 0), None
        ),
        _nothing_for_zero("class_rank", overall),
        pl.Series("main_pollutants", texts, dtype=pl.String),
        pl.Series("standard", standards, dtype=pl.String),
    )
    if item_classes:
        result = result.with_columns(
            _nothing_for_zero(f"{key}_class", ranks[key]) for key in numbers
        )
    return result


def _nothing_for_zero(name: str, ranks: Ranks) -> pl.Series:
    return pl.Series(name, ranks, dtype=pl.Int8).set(pl.Series(ranks == 0), None)


def editions_of(
    on: date | pl.Series, height: int
) -> list[tuple[NDArray[np.intp], Edition, Method]]:
    """Which rows of a table are judged by which edition of the limits and which method.

    ``on`` as in :func:`classify_table`; rows of days without an edition are in none of the parts.
    """
    if not isinstance(on, pl.Series):
        return [(np.arange(height), limits_on(on)[0], method_on(on)[1])]
    days = on.cast(pl.Date)
    parts: dict[tuple[str, str], tuple[list[date], Edition, Method]] = {}
    for day in days.drop_nulls().unique().to_list():
        try:
            edition, _ = limits_on(day)
        except catalogue.NoEditionInForceError:
            continue
        method_edition, method = method_on(day)
        names = (edition.standard, method_edition.standard)
        parts.setdefault(names, ([], edition, method))[0].append(day)
    return [
        (np.flatnonzero(days.is_in(part).fill_null(False).to_numpy()), edition, method)
        for part, edition, method in parts.values()
    ]


def _is_lake(waterbody: Waterbody | pl.Series, height: int) -> NDArray[np.bool_]:
    if isinstance(waterbody, str):
        return np.full(height, waterbody_of(waterbody) == "lake")
    kinds = {text: waterbody_of(text) == "lake" for text in waterbody.unique().to_list()}
    return waterbody.replace_strict(kinds, return_dtype=pl.Boolean).to_numpy()


def _floats(frame: pl.DataFrame, key: str) -> NDArray[np.float64]:
    column = read_column(frame[key])
    if column.unreadable.any():
        row = int(column.unreadable.arg_true()[0])
        raise UnreadableReadingError(f"row {row + 1}, {key}: {frame[key][row]!r} is not a reading")
    return column.values.fill_null(math.nan).to_numpy().astype(np.float64)


def _ranks(limits: Limits, key: str, values: NDArray[np.float64], lake: NDArray[np.bool_]) -> Ranks:
    ranks = limits.river[key].classes_of(values)
    if limits.lake[key] is not limits.river[key] and lake.any():
        ranks = np.where(lake, limits.lake[key].classes_of(values), ranks)
    return ranks


def _pollutant_texts(
    present: Sequence[str],
    values: NDArray[np.float64],
    counted: Ranks,
    lake: NDArray[np.bool_],
    limits: Limits,
    method: Method,
) -> NDArray[np.object_]:
    """What :func:`~ecoledger.standards.surface_water.pollutants_text` says of every row, all rows at once."""
    rows = np.flatnonzero((counted > method.reference_class).any(axis=1))
    worse = counted[rows] > method.reference_class
    over = np.full(worse.shape, np.inf)
    for position, key in enumerate(present):
        river, stagnant = (limits.of(kind)[key].limit(method.reference_class) for kind in _KINDS)
        if river is not None and stagnant is not None and key not in method.no_multiple:
            limit = np.where(lake[rows], np.float64(stagnant), np.float64(river))
            over[:, position] = exceedance.multiples(values[rows, position], limit)
    items = [limits.river[key] for key in present]
    keys = (
        np.broadcast_to([item.order for item in items], worse.shape),
        np.where(np.isinf(over), np.inf, -np.round(over, 9)),
        -counted[rows],
        np.broadcast_to([key not in method.toxic_first for key in present], worse.shape),
        ~worse,
    )
    order = np.lexsort(keys, axis=1)[:, : method.main_pollutants]
    names = np.array([item.name for item in items])
    parts = []
    for place in range(order.shape[1]):
        chosen = order[:, [place]]
        multiple = np.take_along_axis(over, chosen, axis=1)[:, 0]
        there = np.take_along_axis(worse, chosen, axis=1)[:, 0]
        shown = half_even(np.where(np.isinf(multiple), 0.0, multiple), method.multiple_decimals)
        parts.append(
            pl.DataFrame(
                {
                    "name": names[chosen[:, 0]],
                    "shown": pl.Series(shown).cast(pl.String).str.strip_suffix(".0"),
                    "there": there,
                    "plain": np.isinf(multiple),
                }
            ).select(
                pl.when("there")
                .then(pl.when("plain").then("name").otherwise(pl.format("{}({})", "name", "shown")))
                .alias(str(place))
            )
        )
    texts = np.full(len(values), "", dtype=object)
    if len(rows):
        whole = pl.concat(parts, how="horizontal")
        joined = whole.select(pl.concat_str(pl.all(), separator="、", ignore_nulls=True))
        texts[rows] = joined.to_series().to_numpy()
    return texts
