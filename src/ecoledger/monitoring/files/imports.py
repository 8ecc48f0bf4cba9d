"""Observations from files: any table the house reads, with preview, row errors and undo.

Layouts are told apart by their headers (:mod:`.columns`), rows become values cell by cell (:mod:`.rows`), and what
was understood is stored or taken back as a whole (:mod:`.storing`). Every sheet with a header is read, and it is
said which. Every good row is stored, every bad one reported with its row number, field and remedy. The original
text of a value that is no plain number ("0.02L", "未检出", "停产") is kept beside what statistics use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import words
from ecoledger.listings.tables import reading
from ecoledger.listings.tables.book import Book, Table
from ecoledger.monitoring.files.columns import (
    Layout,
    known_names,
    layout,
    point_said,
    tables_in,
    why_others,
)
from ecoledger.monitoring.files.parsed import SECONDS, FileError, Parsed, RowError
from ecoledger.monitoring.files.rows import SCHEMA, Places, Reader
from ecoledger.monitoring.files.storing import line_of, store, undo
from ecoledger.monitoring.points import table as points

__all__ = ["FileError", "Parsed", "RowError", "line_of", "read", "read_path", "store", "undo"]


def read(
    data: bytes,
    name: str,
    *,
    series: str = "auto",
    label: str = "start",
    point: str = "",
    parameter: str = "",
    person: Person | None = None,
    book_of: Callable[[bytes], Book] = reading.read,
) -> Parsed:
    """Read and understand a file without storing anything.

    ``series``: raw, minute, hour, day, or auto (day when no row has a time of day, else hour). ``label``:
    whether the file labels an hour or less by its "start" or its "end"; a day is called by its date either
    way. ``point`` and ``parameter``: those of a file without such a column. ``person``: only points in their
    data scope. ``book_of`` reads the bytes: a process of its own, unless this one is confined itself. Raises
    :class:`FileError`.
    """
    if series != "auto" and series not in SECONDS:
        raise FileError(
            _("没有这种数据类型：%(series)s；可用 auto、%(known)s")
            % {"series": series, "known": _("、").join(SECONDS)}
        )
    if label not in ("start", "end"):
        raise FileError(_("时段标注只能是 start（起始）或 end（结束）"))
    try:
        book = book_of(data)
    except reading.NoTableError as error:
        why = words.no_table(error)
        raise FileError(_("%(name)s：%(why)s") % {"name": name, "why": why}) from error
    places = Places(person)
    parsed = Parsed(name, hashlib.sha256(data).hexdigest(), "", series)
    layouts = _layouts(book, places, parameter, parsed)
    readers = []
    seen: set[Any] = set()
    for sheet, read_table, found in layouts:
        of_table = _point_of(read_table, found, places, point, parsed)
        by_end = label == "end"
        reader = Reader(read_table, sheet, found, places, of_table, parsed, by_end=by_end)
        reader.seen = seen  # the same value in two tables is a repetition as well
        reader.read()
        readers.append(reader)
        parsed.layout = parsed.layout or found.name
        parsed.notes += why_others(found.others)
        parsed.ignored_columns += [c for c in found.ignored if c not in parsed.ignored_columns]
    rows = [value for reader in readers for value in reader.values]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    days_only = [only for reader in readers for only in reader.days_only]
    if series == "auto":
        _refuse_days_among_hours(readers)
    parsed.series = _series(table, series, days_only, layouts[0][2])
    hours = set[int]().union(*(reader.hours for reader in readers))
    if parsed.series == "day" and hours == {24}:
        # Days that are called by their ends: 2026-03-20 24:00.
        table = table.with_columns(pl.col("start") - pl.duration(days=1))
    if parsed.series == "hour" and any(reader.days for reader in readers):
        table = _without_days(table, readers, parsed)
    seconds = SECONDS[parsed.series]
    if label == "end" and parsed.series in ("hour", "minute"):
        table = table.with_columns(pl.col("start") - pl.duration(seconds=seconds))
    parsed.observations = table.with_columns(
        pl.lit(parsed.series).alias("series"), pl.lit(seconds, dtype=pl.Int32).alias("seconds")
    )
    parsed.stops = [*_unclear(layouts), *_implausible(parsed.observations)]
    if label == "start" and parsed.series == "hour" and hours == {1, 24}:
        parsed.stops.append(
            _(
                "时间从 1 时写到 24 时，没有 0 时，看来标的是时段的结束；是的话请按时段的结束读取，否则核对后确认导入"
            )
        )
    return parsed


def _point_of(table: Table, found: Layout, places: Places, asked: str, parsed: Parsed) -> str:
    """The point of a table without a column of points: the one asked for, or that its sheet or title names. Raises
    :class:`FileError` where there is none, and where both are and differ."""
    if found.point is not None or found.places:
        return asked
    said = point_said(table, found.header, places.by_name)
    if asked and said and not places.same(asked, said):
        raise FileError(
            _(
                "工作表“%(sheet)s”写的是监测点“%(said)s”，不是指定的“%(asked)s”；请分开导入，或加一列“监测点”"
            )
            % {"sheet": table.name, "said": said, "asked": asked}
        )
    if not (asked or said):
        raise FileError(
            _("%(name)s：没有监测点列；请加一列“监测点”，或指定整个文件所属的监测点")
            % {"name": parsed.name}
        )
    if not asked:
        parsed.notes.append(_("没有监测点列，按表名或标题读作监测点“%s”") % said)
    return asked or said


def _layouts(
    book: Book, places: Places, parameter: str, parsed: Parsed
) -> list[tuple[int, Table, Layout]]:
    """The tables that hold observations, with the position of their sheet; of the others it is said that they do not."""
    layouts: list[tuple[int, Table, Layout]] = []
    refused: dict[str, FileError] = {}
    factors = known_names()
    for position, sheet in enumerate(book.tables):
        if not sheet.rows:
            continue
        wrong: dict[int, FileError] = {}
        before = len(layouts)
        try:
            tables = tables_in(sheet, places.by_name, factors)
        except FileError as error:
            refused[sheet.name] = error
            continue
        for table, header in tables:
            try:
                found = layout(table, header, places.by_name, factors, parameter)
            except FileError as error:
                wrong[table.numbers[header.first]] = error
            else:
                layouts.append((position, table, found))
                hidden = words.hidden(table, found.used)
                parsed.notes += [note for note in hidden if note not in parsed.notes]
        if len(layouts) == before:
            refused[sheet.name] = next(iter(wrong.values()))
        elif len(tables) > 1:
            parsed.notes.append(words.below_one_another(sheet.name, len(tables)))
            for row, why in wrong.items():
                remedy = _("改正这张表的表头，或另存为一个文件")
                parsed.wrong(
                    RowError(row, "", _("从这里起的表没有读取：%s") % why, remedy, sheet.name)
                )
    if not layouts:
        first = next(iter(refused.values()), FileError(_("表格是空的")))
        raise FileError(_("%(name)s：%(why)s") % {"name": parsed.name, "why": first}) from first
    if len(book.tables) > 1:
        names = dict.fromkeys(book.tables[position].name for position, _table, _layout in layouts)
        parsed.notes.append(_("读取了工作表：%s") % _("、").join(names))
        for name, refusal in refused.items():
            parsed.notes.append(
                _("没有读取工作表“%(name)s”：%(why)s") % {"name": name, "why": refusal}
            )
    return layouts


def _without_days(table: pl.DataFrame, readers: list[Reader], parsed: Parsed) -> pl.DataFrame:
    """Hours without the rows that name only a day, unless the hour before or after is there: midnights as some write."""
    whole = {row: reader for reader in readers for row in reader.days}
    at = pl.col("start")
    near = [table.select("point", start=at + pl.duration(hours=n)) for n in (-1, 1)]
    beside = table.join(pl.concat(near).unique(), on=["point", "start"], how="semi")
    odd = set(whole) & set(table["row"]) - set(beside["row"])
    for row in sorted(odd):
        reader = whole[row]
        title = reader.layout.header.names[reader.layout.time]
        problem, remedy = (
            _("只写到日，其余各行写到小时"),
            _("写作 2026-08-10 08:00，或把日均值另存为一个文件"),
        )
        parsed.wrong(RowError(row - reader.first_row, title, problem, remedy, reader.table.name))
        parsed.lines.pop(row, None)
    return table.filter(~pl.col("row").is_in(list(odd))) if odd else table


def _refuse_days_among_hours(readers: list[Reader]) -> None:
    """Raise :class:`FileError` where one table names days and another hours: the days would be taken for midnights."""
    days = []
    for reader in readers:
        starts = {start for _row, _point, _code, start, *_rest in reader.values}
        midnights = len(starts) > 1 and all(start.time() == time(0) for start in starts)
        if starts:
            days.append(midnights and reader.layout.hour is None)
    if any(days) and not all(days):
        raise FileError(
            _("文件里有的表只写到日，有的写到小时，不能一起导入；请分成日均值和小时值两个文件")
        )


def _series(table: pl.DataFrame, series: str, days_only: list[bool], found: Layout) -> str:
    """The series asked for, or what the times say. Raises :class:`FileError` for half-hours taken as hours."""
    off = table.filter(table["start"].dt.minute() + table["start"].dt.second() > 0)
    if series == "auto":
        clock = table.filter(table["start"].dt.time() != pl.time(0))
        if table.is_empty():
            return "hour"
        if all(days_only) or (clock.is_empty() and found.hour is None and _every_day(table, found)):
            return "day"
        if off.is_empty():
            return "hour"
        if off["start"].dt.minute().n_unique() > 1 or not _regular(table):
            return "raw"
    if series in ("auto", "hour") and not off.is_empty():
        raise FileError(
            _(
                "时间里有 %(time)s 这样不在整点的值，不能当作小时值；请先求成小时均值，或把数据类型选为“实时值或单次样品”"
            )
            % {"time": f"{off['start'][0]:%Y-%m-%d %H:%M}"}
        )
    return series if series != "auto" else "hour"


def _every_day(table: pl.DataFrame, found: Layout) -> bool:
    """Whether midnights stand for their days: several days, or a column that is called a date."""
    return table["start"].n_unique() > 1 or "日期" in found.header.names[found.time]


def _regular(table: pl.DataFrame) -> bool:
    """Whether a point has values each hour or half hour: not samples taken at odd times."""
    gaps = (
        table.sort("point", "parameter", "start")
        .select(pl.col("start").diff().over("point", "parameter").alias("gap"))["gap"]
        .drop_nulls()
    )
    shortest = gaps.min()
    return shortest == timedelta(minutes=30) or (
        shortest == timedelta(hours=1) and (gaps == shortest).sum() >= 3
    )


def _unclear(layouts: list[tuple[int, Table, Layout]]) -> list[str]:
    """Titles that speak of a unit which is not understood."""
    return [
        _("标题或注中写的单位“%s”看不明白，没有换算，请核对数值的单位后再确认导入") % unclear
        for unclear in dict.fromkeys(found.declared.unclear for _sheet, _table, found in layouts)
        if unclear
    ]


def _implausible(table: pl.DataFrame) -> list[str]:
    """Factors most of whose values lie above what an instrument can measure: mostly another unit."""
    ranges = points.current().parameters.select("point", "parameter", "name", "unit", "range_to")
    beyond = (
        table.join(ranges, on=["point", "parameter"])
        .filter(pl.col("value").is_not_null() & (pl.col("value") >= 0))
        .group_by("parameter", "name", "unit", maintain_order=True)
        .agg(
            (pl.col("value") > pl.col("range_to")).sum().alias("beyond"),
            pl.len().alias("all"),
            pl.col("value").max().alias("most"),
            pl.col("range_to").max().alias("range_to"),
        )
        .filter(pl.col("beyond") * 2 >= pl.col("all"), pl.col("beyond") > 0)
    )
    return [
        _("%(name)s 有 %(beyond)d 个值超出量程（最大 %(most)g，量程上限 %(to)g %(unit)s），请核对单位后再确认导入")
        % {"name": row["name"], "beyond": row["beyond"], "most": row["most"], "to": row["range_to"],
           "unit": row["unit"]}
        for row in beyond.iter_rows(named=True)
    ]  # fmt: skip


def read_path(path: Path, **options: Any) -> Parsed:
    """:func:`read` for a file on this machine."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(
            _("无法读取 %(path)s：%(error)s") % {"path": path, "error": error.strerror}
        ) from error
    return read(data, path.name, **options)
