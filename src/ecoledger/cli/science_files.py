"""Files in and out of the science commands: CSV (also gzipped, GB 18030, ``-`` for a stream) and pictures."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
import polars as pl

from ecoledger.cli import csv_stream
from ecoledger.cli.blocks import BadRows, UnusableTableError
from ecoledger.science import air_table

_Function = TypeVar("_Function", bound=Callable[..., Any])

file_argument = click.argument(
    "file", type=click.Path(dir_okay=False, exists=True, allow_dash=True)
)


def column_option(flag: str, *names: str, **options: Any) -> Callable[[_Function], _Function]:
    """An option that names columns; the file's own names serve, as PM2.5 for ``pm25``."""

    def canonical(_context: click.Context, _option: click.Parameter, said: Any) -> Any:
        if isinstance(said, tuple):
            return tuple(air_table.canonical([each])[each] for each in said)
        return said and air_table.canonical([said])[said]

    return click.option(flag, *names, callback=canonical, **options)


pollutant_option = column_option("--pollutant", required=True, help="The pollutant's column.")
by_option = click.option(
    "--by", default=None, help="Column of stations or groups, each on its own."
)
png_option = click.option(
    "--png",
    "picture",
    type=click.Path(dir_okay=False, writable=True),
    help="Also draw a picture here; .svg for SVG.",
)
echarts_option = click.option(
    "--echarts",
    type=click.Path(dir_okay=False, writable=True),
    help="Also write ECharts options here as JSON.",
)


def read(
    source: str, texts: Iterable[str] = (), rename: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """The table of a CSV file or of standard input, typed. Bad rows and cells are told on stderr.

    Rows with a wrong number of cells are left out, cells that cannot be read are left empty, and the
    command ends with exit code 1 then. Raises :class:`UnusableTableError`, exit code 2, for a table without use.
    """
    content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    bad = BadRows()
    table, lines = _cells(content, bad)
    try:
        typed, unread = air_table.from_text(table.rename(dict(rename or {})), texts, lines=lines)
        typed = air_table.in_units(typed, table.columns)
    except air_table.TableError as error:
        raise UnusableTableError(str(error)) from None
    for each in unread:
        bad.report(
            each.line,
            f"{each.column} {each.text!r} cannot be read and counts as missing; correct it or leave it empty",
        )
    bad.tell()
    click.get_current_context().meta["bad_lines"] = len(bad.lines)
    return typed


def _cells(content: bytes, bad: BadRows) -> tuple[pl.DataFrame, pl.Series]:
    """Text cells and each row's line."""
    _, blocks = csv_stream.read(io.BytesIO(content), bad, air_table.NAMES)
    parts = list(blocks)
    if not parts:
        raise UnusableTableError("the table has a header but no rows")
    return pl.concat(b.table for b in parts), pl.concat(b.lines for b in parts)


def write(table: pl.DataFrame) -> None:
    """A table on stdout as CSV with full precision; missing is empty. Ends with exit code 1 if cells were unread."""
    if "date" in table.columns and table["date"].dtype == pl.Datetime:
        date = pl.col("date")
        whole = table.select((date.dt.truncate("1d") == date).all()).item()
        daily = whole and table.height > 1 and (table["date"].diff().drop_nulls().min() or 0) != 0
        table = table.with_columns(date.dt.strftime("%Y-%m-%d" if daily else "%Y-%m-%d %H:%M:%S"))
    table = table.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
    sys.stdout.write(table.write_csv())
    finish()


def finish() -> None:
    """End with exit code 1 if something in the input could not be read."""
    if click.get_current_context().meta.get("bad_lines"):
        click.get_current_context().exit(1)


def draw(picture: str | None, draw_picture: Callable[[], bytes]) -> None:
    """Write a picture where one is asked for."""
    if picture:
        Path(picture).write_bytes(draw_picture())


def refusals(function: _Function) -> _Function:
    """What a table lacks becomes a message and exit code 2."""
    from functools import wraps

    @wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except (air_table.TableError, ValueError) as error:
            raise UnusableTableError(str(error)) from None
        except pl.exceptions.ColumnNotFoundError as error:
            raise UnusableTableError(str(error).splitlines()[0]) from None

    return wrapped  # type: ignore[return-value]
