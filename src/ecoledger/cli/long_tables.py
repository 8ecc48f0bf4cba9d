"""Tables with one value a row, and those with a column a station, as tables with a column a factor."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from ecoledger.cli.blocks import BadRows, Block
from ecoledger.listings.tables.headers import bare
from ecoledger.listings.tables.observed import FACTORS, MARKS, UNITS, VALUES
from ecoledger.listings.tables.units import parts, unit_said
from ecoledger.standards.column_names import Names

_STATION = "station"


@dataclass(frozen=True)
class _Shape:
    """Which columns of a long table say the factor, its value (of several, each is a station), its unit and its marks."""

    factor: str
    values: tuple[str, ...]
    unit: str | None
    marks: tuple[str, ...]
    keys: tuple[str, ...]
    stations: bool


def widened(
    columns: list[str], blocks: Iterator[Block], names: Names | None, bad: BadRows
) -> tuple[list[str], Iterator[Block]]:
    """The table with a column a factor, if ``columns`` are those of a long one; else as it is."""
    shape = _shape(columns, names) if names is not None else None
    if shape is None or names is None:
        return columns, blocks
    block = _wide(shape, blocks, names, bad)
    return block.table.columns, iter([block])


def _shape(columns: list[str], names: Names) -> _Shape | None:
    factor = next((name for name in columns if bare(name) in FACTORS), None)
    if factor is None or not names.units or any(map(names.measures, columns)):
        return None
    if names.knows(factor):  # the factor is a column of the table asked for
        return None
    value = next((name for name in columns if bare(name) in VALUES), None)
    unit = next((name for name in columns if bare(name) in UNITS), None)
    marks = tuple(name for name in columns if bare(name) in MARKS)
    used = {factor, unit, *marks}
    if value is not None:
        keys = tuple(name for name in columns if name not in used | {value})
        return _Shape(factor, (value,), unit, marks, keys, stations=False)
    keys = tuple(name for name in columns if name not in used and names.knows(name))
    stations = tuple(name for name in columns if name not in used | {*keys})
    if not stations or _STATION in columns or not names.knows(_STATION):
        return None
    return _Shape(factor, stations, unit, marks, keys, stations=True)


def _wide(shape: _Shape, blocks: Iterator[Block], names: Names, bad: BadRows) -> Block:
    rows: dict[tuple[str | None, ...], dict[str, str | None]] = {}
    lines: dict[tuple[str | None, ...], int] = {}
    columns: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for block in blocks:
        for line, row in zip(block.lines, block.table.iter_rows(named=True), strict=True):
            said = str(row[shape.factor] or "").strip()
            for value in shape.values:
                factor = _header(said, value, row[shape.unit] if shape.unit else None, shape)
                if not names.measures(factor):
                    unknown[said] = None
                    continue
                place = (value,) if shape.stations else ()
                key = (*(row[name] for name in shape.keys), *place)
                cells = rows.setdefault(key, {})
                if factor in cells:
                    told = f"{said!r} stands on line {lines[key]} or below it already"
                    bad.report(line, f"{told}; keep one")
                    continue
                lines.setdefault(key, line)
                cells[factor] = row[value]
                cells |= {f"{bare(factor)}{bare(mark)}": row[mark] for mark in shape.marks}
                columns |= dict.fromkeys(cells)
    if unknown:
        print(f"not evaluated here: {', '.join(map(repr, unknown))}", file=sys.stderr)
    schema = dict.fromkeys(
        (*shape.keys, *((_STATION,) if shape.stations else ()), *columns), pl.String()
    )
    table = pl.DataFrame(
        [[*key, *map(cells.get, columns)] for key, cells in rows.items()], schema, orient="row"
    )
    return Block(table, pl.Series("line", list(lines.values()), dtype=pl.Int64))


def _header(factor: str, value: str, unit: str | None, shape: _Shape) -> str:
    """The factor as the name of a column, with the unit of the row, or of the column of values."""
    said = [unit or "", *(() if shape.stations else parts(value)[1])]
    written = next((text for text in said if unit_said(text)), "")
    return f"{factor}({written})" if written and not parts(factor)[1] else factor
