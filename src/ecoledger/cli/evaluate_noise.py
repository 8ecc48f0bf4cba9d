"""``ecoledger evaluate noise``: levels of zones, or hours of which the levels are made."""

from __future__ import annotations

import sys
import unicodedata
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, BinaryIO, Literal

import click
import polars as pl

from ecoledger.cli import csv_stream
from ecoledger.cli.blocks import Block, UnusableTableError
from ecoledger.cli.csv_stream import Writer
from ecoledger.cli.evaluate_tables import Table, date_of, nothing, shared
from ecoledger.monitoring.points import parameters
from ecoledger.standards import noise as noise_rules
from ecoledger.standards import written_dates

_NOISE_NAMES = {
    "point": ("点位", "点位名称", "测点", "监测点位", "station", "section"),
    "time": ("时间", "监测时间", "日期", "监测日期", "date", "datetime", "datatime"),
    "zone": ("功能区", "功能区类别", "声功能区", "声环境功能区", "类别"),
    "ld": ("昼间", "昼间等效声级", "day"),
    "ln": ("夜间", "夜间等效声级", "night"),
    "leq": ("等效声级", "LAeq", "Leq", "小时等效声级"),
}
_NOISE_UNITS = {"ld": "dB(A)", "ln": "dB(A)", "leq": "dB(A)"}
_NOISE_ADDED = ("day_limit", "day_attains", "night_limit", "night_attains", "standard")


@click.command("noise")
@shared
@click.option(
    "--night",
    default="22-6",
    show_default=True,
    help="The city's night, from hour to hour (eight hours).",
)
def noise(source: BinaryIO, output: BinaryIO, on: datetime | None, night: str) -> None:
    """Attainment of noise zones (GB 3096): INPUT and OUTPUT are CSV, "-" a stream.

    With columns point, zone, ld and ln (dB(A)): adds the limits by day and by night and whether each is
    attained. With columns time, point, zone and leq (hourly levels): one row a point and day of ld, ln,
    ldn, hours used, limits and attainment; a day goes from the end of one night to the end of the next.
    The attainment ratios by point-times, day and night apart, are told on stderr.
    """
    try:
        start, _, end = night.partition("-")
        hours = noise_rules.Night(int(start), int(end))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--night") from None
    table = Table(source, output, _NOISE_NAMES, _NOISE_UNITS, date_of(on), _NOISE_ADDED)
    if "zone" not in table.columns:
        raise UnusableTableError("no column zone (功能区): the limits depend on it")
    told: list[tuple[str, float | None, float | None]] = []
    if "leq" in table.columns:
        _noise_from_hours(table, hours, told)
    elif "ld" in table.columns or "ln" in table.columns:
        for block in table.blocks():
            _noise_from_levels(table, block, told)
    else:
        raise UnusableTableError("no levels; name the columns ld and ln, or leq for hourly levels")
    edition = noise_rules.edition_on(noise_rules.ZONES, table.day)
    table.tell_mark(edition.standard, edition.mark)
    total = noise_rules.zone_attainment(told, on=table.day).total
    print(
        f"昼间点次达标率 {total['day'].text()}，夜间点次达标率 {total['night'].text()}",
        file=sys.stderr,
    )
    table.bad.finish()


def _zones(table: Table, block: Block) -> pl.Series:
    """The zone of every row; rows of an unknown one are reported."""
    texts = table.texts(block, "zone").map_elements(_half_width, pl.String)
    known: dict[str | None, bool] = {}
    for text in texts.unique():
        try:
            noise_rules.limit(text or "", "day", on=table.day)
            known[text] = True
        except LookupError:
            known[text] = False
    wrong = ~texts.replace_strict(known, return_dtype=pl.Boolean)
    table.refuse(block, wrong, lambda _: "is no zone; write 0, 1, 2, 3, 4a or 4b", "zone")
    return texts


def _half_width(zone: str) -> str:
    return unicodedata.normalize("NFKC", zone.translate(str.maketrans("ⅠⅡⅢⅣ", "1234")))


def _levels(table: Table, block: Block, key: str) -> pl.Series:
    """Levels of a column; one that no sound level meter shows is reported."""
    levels = csv_stream.measured(block, table.columns[key].header, Fraction(1), table.bad)
    most = parameters.parameter("Leq", "noise").range_to or 0
    beyond = (levels > most).fill_null(value=False)
    table.refuse(
        block, beyond, lambda _: f"is beyond {most:g} dB; correct it or leave it empty", key
    )
    return levels


def _noise_row(zone: str, ld: float | None, ln: float | None, day: date) -> dict[str, Any]:
    row: dict[str, Any] = {"standard": noise_rules.edition_on(noise_rules.ZONES, day).standard}
    pairs: tuple[tuple[Literal["day", "night"], float | None], ...] = (("day", ld), ("night", ln))
    for time, level in pairs:
        row[f"{time}_limit"] = noise_rules.limit(zone, time, on=day)
        row[f"{time}_attains"] = (
            None if level is None else noise_rules.judge(level, zone, time, on=day).attains
        )
    return row


def _noise_from_levels(
    table: Table, block: Block, told: list[tuple[str, float | None, float | None]]
) -> None:
    zones, days = _zones(table, block), table.days(block)
    levels = [
        _levels(table, block, key)
        if key in table.columns
        else pl.Series(key, [None], dtype=pl.Float64).new_from_index(0, block.table.height)
        for key in ("ld", "ln")
    ]
    good = table.sound(block)
    rows = []
    for zone, ld, ln, day in zip(
        zones.filter(good),
        *(level.filter(good) for level in levels),
        days.filter(good),
        strict=True,
    ):
        told.append((zone, ld, ln))
        rows.append(_noise_row(zone, ld, ln, day))
    table.write(block.keep(good), pl.DataFrame(rows) if rows else nothing(table.added))


def _noise_from_hours(
    table: Table, night: noise_rules.Night, told: list[tuple[str, float | None, float | None]]
) -> None:
    if not {"time", "point"} <= table.columns.keys():
        raise UnusableTableError("hourly levels need the columns time (时间) and point (点位)")
    days: dict[tuple[str, str, date], dict[int, float | None]] = {}
    lines: dict[tuple[str, datetime], int] = {}
    for block in table.blocks():
        zones, points = _zones(table, block), table.texts(block, "point").fill_null("")
        table.refuse(block, points == "", lambda _: "is empty; name the point", "point")
        levels = _levels(table, block, "leq")
        hours = block.table[table.hour] if table.hour else None
        moments, day_only = written_dates.read_moments(table.texts(block, "time"), hours)
        full = (moments == moments.dt.truncate("1h")) & ~day_only
        wrong = ~full.fill_null(value=False)
        table.refuse(block, wrong, lambda _: "is no full hour; write 2026-03-01 08:00", "time")
        good = table.sound(block)
        rows = (block.lines, zones, points, moments, levels)
        for line, zone, point, moment, level in zip(
            *(column.filter(good) for column in rows), strict=True
        ):
            before = lines.setdefault((point, moment), line)
            if before != line:
                table.bad.report(
                    line,
                    f"point {point!r} has {moment:%Y-%m-%d %H:%M} on line {before} already; keep one",
                )
                continue
            day = (moment - timedelta(hours=night.end)).date()
            days.setdefault((point, zone, day), {})[moment.hour] = level
    days_of: list[dict[str, Any]] = []
    for (point, zone, day), hours in sorted(days.items()):
        found = noise_rules.day_levels(hours, night)
        told.append((zone, found.day, found.night))
        shown = {
            name: None if level is None else round(level, 1)
            for name, level in (("ld", found.day), ("ln", found.night), ("ldn", found.day_night))
        }
        counts = {"day_hours": found.day_hours, "night_hours": found.night_hours}
        judged = _noise_row(zone, found.day, found.night, day)
        days_of.append({"time": day, "point": point, "zone": zone, **shown, **counts, **judged})
    Writer(table.output).write(pl.DataFrame(days_of, infer_schema_length=None))
