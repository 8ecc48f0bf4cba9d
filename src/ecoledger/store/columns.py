"""Tables given to the store, checked against the contract and brought to its types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import polars as pl

from ecoledger.store.interface import (
    FRAME_COLUMNS,
    OBSERVATION_COLUMNS,
    READ_COLUMNS,
    SERIES,
    STATUSES,
    InvalidRowsError,
    Layer,
    Table,
)

EARLIEST: Final = datetime(1950, 1, 1)
LATEST: Final = datetime(2200, 1, 1)
POINT_LIMIT: Final = 1 << 39
DIGEST_BYTES: Final = 16

_WINDOW_COLUMNS: Final[Mapping[str, pl.DataType]] = {
    "point": pl.Int64(),
    "parameter": pl.String(),
    "hour": pl.Datetime("us"),
}
_FLOATS: Final = tuple(n for n, kind in OBSERVATION_COLUMNS.items() if kind == pl.Float64())
_QN_DIGITS: Final = 17  # YYYYMMDDhhmmssmmm


def frames_table(frames: Table) -> pl.DataFrame:
    """Frames with every column of the contract, ``dated`` taken from ``qn`` where not given."""
    table = _typed(frames, FRAME_COLUMNS, "frames", required=("received_at", "digest", "raw"))
    missing = [
        pl.lit(None, dtype=kind).alias(name)
        for name, kind in FRAME_COLUMNS.items()
        if name not in table.columns
    ]
    dated_given = "dated" in table.columns
    if missing:
        table = table.with_columns(missing)
    if table["status"].null_count():
        table = table.with_columns(pl.col("status").fill_null("accepted"))
    if not dated_given:
        digits = pl.col("qn").str.slice(0, _QN_DIGITS)
        moment = digits.str.slice(0, 14).str.to_datetime(
            "%Y%m%d%H%M%S", strict=False, time_unit="us"
        )
        thousandths = digits.str.slice(14).cast(pl.Int64, strict=False)
        whole = digits.str.len_bytes() == _QN_DIGITS
        table = table.with_columns(
            dated=pl.when(whole).then(moment + pl.duration(milliseconds=thousandths))
        )
    rules = [
        ("digest", pl.col("digest").bin.size() != DIGEST_BYTES, "not 16 bytes"),
        ("status", ~pl.col("status").is_in(STATUSES), f"not one of {', '.join(STATUSES)}"),
    ]
    _refuse(table, "frames", rules)
    return table[list(FRAME_COLUMNS)]


def observations_table(observations: Table, frames: int) -> pl.DataFrame:
    """Observations with the columns given, ``seconds`` and ``layer`` filled; NaN becomes null.

    ``frames``: how many frames the column ``frame`` may point to.
    """
    table = _typed(
        observations,
        OBSERVATION_COLUMNS,
        "observations",
        required=("point", "parameter", "start", "series"),
    )
    given = set(table.columns)
    floats = [pl.col(name).fill_nan(None) for name in _FLOATS if name in given]
    defaults = [
        (pl.col(name).fill_null(0) if name in given else pl.lit(0, dtype=kind)).alias(name)
        for name, kind in (("seconds", pl.Int32()), ("layer", pl.Int8()))
    ]
    table = table.with_columns(*floats, *defaults)

    layers = [int(layer) for layer in Layer]
    rules = [
        ("point", ~pl.col("point").is_between(0, POINT_LIMIT - 1), "outside 0 to 2**39 - 1"),
        ("start", ~pl.col("start").is_between(EARLIEST, LATEST, "left"), "not 1950 to 2199"),
        ("series", ~pl.col("series").is_in(list(SERIES)), f"not one of {', '.join(SERIES)}"),
        ("layer", ~pl.col("layer").is_between(layers[0], layers[-1]), f"not one of {layers}"),
        ("seconds", pl.col("seconds") < 0, "negative"),
    ]
    if "decimals" in given:
        rules.append(("decimals", pl.col("decimals") < 0, "negative"))
    if "frame" in given:
        rules.append(("frame", pl.col("frame") >= frames, f"this append has {frames} frames"))
    if "withdrawn" in given:
        on_device = pl.col("withdrawn") & (pl.col("layer") == Layer.DEVICE)
        rules.append(("withdrawn", on_device, "layer 0 cannot be withdrawn"))
    _refuse(table, "observations", rules)
    return table


def need_columns(columns: Sequence[str]) -> None:
    """Raise for the name of a column that no reader may ask for."""
    unknown = [name for name in columns if name not in READ_COLUMNS]
    if unknown:
        raise InvalidRowsError(
            f"Unknown columns {', '.join(unknown)}.", f"Known are {', '.join(READ_COLUMNS)}."
        )


def series_names(series: str | Sequence[str] | None) -> list[str] | None:
    """Names of series as a list; raises for one that does not exist."""
    if series is None:
        return None
    names = [series] if isinstance(series, str) else list(series)
    unknown = [name for name in names if name not in SERIES]
    if unknown:
        raise InvalidRowsError(
            f"Unknown series {', '.join(unknown)}.", f"Known are {', '.join(SERIES)}."
        )
    return names


def windows_table(windows: Table) -> pl.DataFrame:
    """Windows with the columns ``point``, ``parameter``, ``hour``; others are dropped."""
    table = _frame(windows, "windows", _WINDOW_COLUMNS)
    kept = [name for name in table.columns if name in _WINDOW_COLUMNS]
    return _typed(table.select(kept), _WINDOW_COLUMNS, "windows", required=tuple(_WINDOW_COLUMNS))


def _frame(table: Table, what: str, kinds: Mapping[str, pl.DataType]) -> pl.DataFrame:
    if isinstance(table, pl.DataFrame):
        return table
    try:
        if isinstance(table, Mapping):
            # Types are given where polars could not see them: in empty and all-None lists.
            overrides: dict[str, Any] = {
                name: kinds[name]
                for name, values in table.items()
                if isinstance(values, list | tuple) and name in kinds
            }
            # polars takes no seconds, minutes or hours from NumPy.
            columns = {
                name: values.astype("M8[us]")
                if isinstance(values, np.ndarray) and values.dtype.kind == "M"
                else values
                for name, values in table.items()
            }
            return pl.DataFrame(columns, schema_overrides=overrides)
        return pl.DataFrame(table)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        raise InvalidRowsError(
            f"The {what} are not a table: {error}", "Give columns of equal length and plain types."
        ) from error


def _typed(
    given: Table, kinds: Mapping[str, pl.DataType], what: str, *, required: tuple[str, ...]
) -> pl.DataFrame:
    table = _frame(given, what, kinds)
    unknown = [name for name in table.columns if name not in kinds]
    if unknown:
        raise InvalidRowsError(
            f"The {what} have unknown columns: {', '.join(unknown)}.",
            f"Known are {', '.join(kinds)}.",
        )
    absent = [name for name in required if name not in table.columns]
    if absent:
        raise InvalidRowsError(
            f"The {what} lack the columns {', '.join(absent)}.", "They are required."
        )
    casts = []
    for name, kind in table.schema.items():
        if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
            raise InvalidRowsError(
                f"Column {name} of the {what} has a time zone.",
                "Convert it to China standard time and drop the zone.",
            )
        if kind != kinds[name]:
            casts.append(pl.col(name).cast(kinds[name]))
    if casts:
        try:
            table = table.with_columns(casts)
        except pl.exceptions.PolarsError as error:
            raise InvalidRowsError(
                f"The {what} have a value of the wrong type: {error}.",
                "The types stand in ecoledger.store.interface.",
            ) from error
    if any(table[name].null_count() for name in required):
        _refuse(table, what, [(name, pl.col(name).is_null(), "required") for name in required])
    return table


def _refuse(table: pl.DataFrame, what: str, rules: Sequence[tuple[str, pl.Expr, str]]) -> None:
    """Raise for the first row that breaks a rule: (column, where it is wrong, why)."""
    broken = table.select(
        wrong.fill_null(False).any().alias(str(i)) for i, (_, wrong, _) in enumerate(rules)
    ).row(0)
    for (column, wrong, why), is_broken in zip(rules, broken, strict=True):
        if is_broken:
            found = table.select(wrong.fill_null(False).arg_true()).to_series()
            value = table[column][int(found[0])]
            raise InvalidRowsError(
                f"Row {found[0]} of the {what}, column {column}: {value!r} refused, {why}.",
                f"{len(found)} row(s) are wrong in this way; nothing was stored.",
            )
