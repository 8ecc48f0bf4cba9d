"""The values of packets as rows of the store: units, checks of range, texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.hj212 import codes
from ecoledger.hj212.batch import Batch
from ecoledger.hj212.packet import Packet
from ecoledger.monitoring.arriving.registry import Registry
from ecoledger.monitoring.points import parameters
from ecoledger.standards.rounding import plainly
from ecoledger.store.interface import Layer

# CN -> (series, seconds); None: the point's own interval
SERIES: dict[bytes, tuple[str, int | None]] = {
    b"2011": ("raw", 0),
    b"2013": ("raw", 0),
    b"2021": ("raw", 0),
    b"2052": ("raw", 0),
    b"2062": ("raw", 0),
    b"2051": ("minute", None),
    b"2111": ("minute", 300),
    b"2061": ("hour", 3600),
    b"2031": ("day", 86400),
    b"2041": ("day", 86400),
    b"3019": ("raw", 0),
    b"3020": ("raw", 0),
    b"2081": ("raw", 0),
}


_SERIES_NAMES = ["raw", "minute", "hour", "day"]


# Statistic -> column of the store
_COLUMNS = {
    "Avg": "value",
    "Rtd": "value",
    "Data": "value",
    "DayData": "value",
    "NightData": "value",
    "Min": "minimum",
    "Max": "maximum",
    "Cou": "total",
    "ZsAvg": "converted",
    "ZsRtd": "converted",
    "ZsMin": "converted_minimum",
    "ZsMax": "converted_maximum",
    "RS": "value",
    "RT": "value",
    "SampleRd": "value",
    "StandardValue": "value",
}


# Statistics that are quantities of their own rather than aspects of the factor.
_OWN = ("RS", "RT", "SampleRd", "StandardValue")


KEPT = (
    "value",
    "minimum",
    "maximum",
    "total",
    "converted",
    "converted_minimum",
    "converted_maximum",
)


# Reported by devices, but not measurements to be averaged.
STATE_MARK = "-"


_SCHEMA: dict[str, Any] = {
    "row": pl.Int64,
    "point": pl.Int64,
    "parameter": pl.String,
    "start": pl.Datetime("us"),
    "seconds": pl.Int32,
    "series": pl.String,
    **dict.fromkeys(KEPT, pl.Float64),
    "decimals": pl.Int8,
    "text": pl.String,
    "flag": pl.String,
    "layer": pl.Int8,
    "rule": pl.String,
    "reason": pl.String,
}


def observations_of(
    batch: Batch,
    registry: Registry,
    point: NDArray[np.int64],
    trusted: NDArray[np.bool_],
    commands: NDArray[np.bytes_],
    command_of: NDArray[np.intp],
) -> tuple[pl.DataFrame, dict[int, set[str]]]:
    """Rows for the store (column ``row``: the packet's), and unknown factor codes by packet.

    Of the columns only those are there that say something of a row.
    """
    unknown: dict[int, set[str]] = {}
    chosen = np.flatnonzero(trusted[batch.packet])
    if not chosen.size:
        return _with_texts(batch, trusted, point, pl.DataFrame(schema=_SCHEMA)), unknown
    packet = batch.packet[chosen]
    code, statistic, value = batch.code[chosen], batch.field[chosen], batch.value[chosen]

    slot_of = np.array([_slot(name) for name in batch.fields], dtype=np.int64)
    own_of = np.array([_own(name) for name in batch.fields], dtype=np.int64)
    slot, own = slot_of[statistic], own_of[statistic]
    wanted = slot >= 0
    if not wanted.all():
        packet, code, value = packet[wanted], code[wanted], value[wanted]
        slot, own = slot[wanted], own[wanted]
        chosen = chosen[wanted]
    if not chosen.size:
        return _with_texts(batch, trusted, point, pl.DataFrame(schema=_SCHEMA)), unknown

    # One observation a packet, factor and own statistic; its values mostly stand side by side.
    width = len(_OWN) + 1
    quantity = code.astype(np.int64) * width + own
    key = packet.astype(np.int64) * (len(batch.codes) * width) + quantity
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    group = np.cumsum(np.concatenate(([0], (key[1:] != key[:-1]).astype(np.intp))))
    ordered = np.sort(key[first])
    if (ordered[1:] == ordered[:-1]).any():
        _, first, group = np.unique(key, return_index=True, return_inverse=True)
    count = first.size
    rows = packet[first]

    columns: dict[str, Any] = {}
    for number, name in enumerate(KEPT):
        here = slot == number
        if name != "value" and not here.any():
            continue
        filled = np.full(count, np.nan)
        filled[group[here]] = value[here]
        columns[name] = filled
    decimals = np.full(count, -1, dtype=np.int16)
    is_value = slot == 0
    decimals[group[is_value]] = batch.decimals[chosen][is_value]

    kinds = registry.source.kinds
    names, codes_here = np.unique(quantity[first], return_inverse=True)
    texts = [_parameter_name(batch.codes[n // width], int(n % width)) for n in names.tolist()]
    recognised = np.array([_recognised(text) for text in texts], dtype=bool)[codes_here]
    if not recognised.all():
        keep = np.ones(count, dtype=bool)
        for at in np.flatnonzero(~recognised).tolist():
            row, text = int(rows[at]), texts[codes_here[at]]
            number = int(point[row])
            if (number, text) in registry.declared or parameters.known(text, kinds[number]):
                continue
            keep[at] = False
            unknown.setdefault(row, set()).add(text)
        first, rows = first[keep], rows[keep]
        codes_here, decimals = codes_here[keep], decimals[keep]
        columns = {name: column[keep] for name, column in columns.items()}
        count = first.size
    of_point = point[rows]

    index = np.array([registry.parameters.get(text, -1) for text in texts], dtype=np.int64)
    position = registry.positions(of_point, index[codes_here])
    _convert(columns, position, registry)

    series = np.array(
        [_SERIES_NAMES.index(SERIES.get(cn, ("raw", 0))[0]) for cn in commands.tolist()]
    )[command_of][rows]
    seconds = np.array([SERIES.get(cn, ("raw", 0))[1] or 0 for cn in commands.tolist()])[
        command_of
    ][rows]
    own_interval = np.array([SERIES.get(cn, ("raw", 0))[1] is None for cn in commands.tolist()])[
        command_of
    ][rows]
    if own_interval.any():
        numbers, inverse = np.unique(of_point, return_inverse=True)
        usual = np.array([registry.minute_seconds.get(n, 600) for n in numbers.tolist()])[inverse]
        seconds = np.where(own_interval, usual, seconds)

    table = pl.DataFrame(
        {
            "row": rows.astype(np.int64),
            "point": of_point,
            "parameter": pl.Series(texts, dtype=pl.String)[codes_here],
            "start": batch.data_time[rows].astype("datetime64[us]"),
            "seconds": seconds.astype(np.int32),
            "series": pl.Series(_SERIES_NAMES)[series],
            **{name: pl.Series(values, nan_to_null=True) for name, values in columns.items()},
            "decimals": pl.Series(decimals.astype(np.int8)).set(pl.Series(decimals < 0), None),
            "flag": _flags(batch.data_flag[chosen[first]]),
            "layer": np.zeros(count, dtype=np.int8),
        }
    )
    checked = _checks(table, columns, position, registry)
    if checked is not None:
        table = pl.concat([table, checked], how="diagonal")
    return _with_texts(batch, trusted, point, table), unknown


def _slot(statistic: str) -> int:
    return KEPT.index(_COLUMNS[statistic]) if statistic in _COLUMNS else -1


def _own(statistic: str) -> int:
    return _OWN.index(statistic) + 1 if statistic in _OWN else 0


def _parameter_name(code: str, own: int) -> str:
    modern = codes.modern_code(code)
    return f"{modern}{STATE_MARK}{_OWN[own - 1]}" if own else modern


def _recognised(parameter: str) -> bool:
    return STATE_MARK in parameter or codes.factor(parameter) is not None


def _flags(marks: NDArray[np.bytes_]) -> pl.Series:
    found, inverse = np.unique(marks.view("<u4"), return_inverse=True)
    texts = [int(mark).to_bytes(4, "little").rstrip(b"\0").decode("ascii") for mark in found]
    letters = [codes.flag_letter(text) or text.upper() or None for text in texts]
    return pl.Series(letters, dtype=pl.String)[inverse]


def unknown_flags(batch: Batch, observations: pl.DataFrame) -> dict[int, set[str]]:
    """Packet's row -> the data flags in it that its edition does not know: such a value never counts."""
    sent = observations.filter(pl.col("layer") == 0)
    odd = [flag for flag in sent["flag"].unique().drop_nulls() if codes.flag_letter(flag) is None]
    rows: dict[int, set[str]] = {}
    for row, flag in sent.filter(pl.col("flag").is_in(odd)).select("row", "flag").iter_rows():
        if (int(batch.edition[row]), flag) not in codes.FLAGS:
            rows.setdefault(row, set()).add(flag)
    return rows


def _convert(columns: dict[str, Any], position: NDArray[np.intp], registry: Registry) -> None:
    """Bring values to the stored unit; totals (Cou) have a unit of their own and stay."""
    if not registry.keys.size:
        return
    up, down = registry.numerator[position], registry.denominator[position]
    at = np.flatnonzero((position >= 0) & (up != down))
    if not at.size:
        return
    for name in KEPT:
        if name in columns and name != "total":
            moved = columns[name][at] * up[at] / down[at]
            with np.errstate(invalid="ignore"):
                size = np.where(moved == 0, 1.0, np.abs(moved))
                scale = 10.0 ** (11 - np.floor(np.log10(size)))
            # Twelve digits: what a device sends has fewer, the rest is binary noise.
            columns[name][at] = np.where(np.isnan(moved), np.nan, np.rint(moved * scale) / scale)


def _checks(
    table: pl.DataFrame,
    columns: Mapping[str, NDArray[np.float64]],
    position: NDArray[np.intp],
    registry: Registry,
) -> pl.DataFrame | None:
    """Second rows, on the layer of automatic checks, for values an instrument cannot have measured; nor is what cannot be
    negative so when it is converted or summed up."""
    if "value" not in columns or not registry.keys.size:
        return None
    low, high = registry.low[position], registry.high[position]
    value = columns["value"]
    with np.errstate(invalid="ignore"):
        for name in ("converted", "total"):
            if name in columns:
                made = (columns[name] < 0) & (low >= 0)
                value = np.where(made, np.fmin(value, columns[name]), value)
        wrong = (position >= 0) & ((value < low) | (value > high))
    at = np.flatnonzero(wrong)
    if not at.size:
        return None
    return table[at.tolist()].with_columns(
        *check_verdict(pl.Series(value[at]), pl.Series(low[at]), pl.Series(high[at])),
        pl.lit(int(Layer.CHECK), dtype=pl.Int8).alias("layer"),
    )


def check_verdict(value: pl.Series, low: pl.Series, high: pl.Series) -> list[pl.Series]:
    """Columns ``flag``, ``rule``, ``reason`` for values outside ``low`` … ``high``."""
    negative = ((value < 0) & (low >= 0)).to_list()
    return [
        pl.Series("flag", ["negative" if n else "range" for n in negative]),
        pl.Series("rule", ["check.negative" if n else "check.range" for n in negative]),
        pl.Series(
            "reason",
            [
                f"{plainly(v)} 为负值" if n else f"{plainly(v)} 超出量程 {plainly(a)}～{plainly(b)}"
                for v, a, b, n in zip(value, low, high, negative, strict=True)
            ],
        ),
    ]


def _with_texts(
    batch: Batch, trusted: NDArray[np.bool_], point: NDArray[np.int64], table: pl.DataFrame
) -> pl.DataFrame:
    """``table`` with the texts that only the careful codec read: device information, serial numbers."""
    rows: list[dict[str, Any]] = []
    for row, packet in batch.careful.items():
        if not trusted[row] or packet.data_time is None:
            continue
        rows += _texts(packet, row, int(point[row]))
    if not rows:
        return table
    return pl.concat([table, pl.DataFrame(rows, schema=_SCHEMA, orient="row")], how="diagonal")


def _texts(packet: Packet, row: int, point: int) -> list[dict[str, Any]]:
    """Texts as observations; what is told of an instrument (PolId) is told of each of a point's instruments apart."""
    instrument = codes.factor(packet.fields.get("PolId", ""))
    whose = f"{instrument.code}{STATE_MARK}" if instrument is not None else ""
    common = {
        "row": row,
        "point": point,
        "start": packet.data_time,
        "seconds": 0,
        "series": "raw",
        "layer": 0,
    }
    found = [
        {
            **common,
            "parameter": f"{whose if value.field == 'Info' else ''}{value.code}{STATE_MARK}{value.field}",
            "text": value.text,
            "flag": value.flag,
        }
        for value in packet.values
        if isinstance(value.value, str)
    ]
    if restart := packet.fields.get("RestartTime"):
        found.append({**common, "parameter": f"RestartTime{STATE_MARK}Info", "text": restart})
    return found
