"""``ecoledger evaluate surface-water | groundwater | sea | noise | emission``: CSV in, CSV out.

Columns are known by key (``ph, do, codmn, nh3n, tp`` ...), by Chinese name or by HJ 212 code, with a unit
in brackets or without: "氨氮(mg/L)", "砷(μg/L)". Cells may say "0.02L", "未检出" or "--". Every other column
passes through. A row that cannot be read is named on stderr by its line, with what to do, and kept out.
Exit code: 0 every row was used; 1 some rows were kept out; 2 nothing could be done.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any, BinaryIO, Literal

import click
import numpy as np
import polars as pl

from ecoledger.cli import csv_stream
from ecoledger.cli.blocks import BadRows, Block, UnusableTableError
from ecoledger.cli.csv_stream import Progress, Writer
from ecoledger.listings.tables.headers import bare
from ecoledger.listings.tables.observed import DATES, HOURS, TIMES, UNITS
from ecoledger.listings.tables.units import claims_unit, parts, unit_said
from ecoledger.monitoring.points import parameters
from ecoledger.standards import (
    catalogue,
    flue_gas,
    readings,
    surface_water_tables,
    wastewater,
    written_dates,
)
from ecoledger.standards import emission as emission_rules
from ecoledger.standards import groundwater as groundwater_rules
from ecoledger.standards import noise as noise_rules
from ecoledger.standards import sea as sea_rules
from ecoledger.standards import surface_water as surface_rules
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.column_names import ColumnError, Names, scaled
from ecoledger.standards.emission import Basis, Limit
from ecoledger.standards.written_measures import CONCENTRATION, ratio, read_measure

_NO_YEAR = re.compile(r"\d{1,2}[-/.月]\d{1,2}(?![-/.\d])")


def _shared(function: Any) -> Any:
    """Arguments and options of all commands."""
    for decorate in (
        click.option(
            "--on",
            type=click.DateTime(["%Y-%m-%d"]),
            help="The day the data are of, where the table does not say; chooses the standard.",
        ),
        click.argument("output", type=click.File("wb"), default="-"),
        click.argument("source", metavar="INPUT", type=click.File("rb"), default="-"),
    ):
        function = decorate(function)
    return function


@dataclass
class _Table:
    """A table being read: its columns by key, and what its rows are dated by."""

    source: BinaryIO
    output: BinaryIO
    names: Mapping[str, Iterable[str]]
    units: Mapping[str, str]
    on: date | None
    added: tuple[str, ...]
    code_units: Mapping[str, str] = field(default_factory=dict)
    any_unit: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.bad, self._progress = BadRows(), Progress()
        self._writer = Writer(self.output)
        self.told: set[str] = set()
        self.lines: dict[tuple[Any, ...], int] = {}  # what was met -> its line
        known = dict(self.names)
        if "time" in known:
            known["time"] = (*known["time"], *TIMES, *DATES)
        names = Names(known, self.units, self.code_units, self.any_unit)
        self.header, self._blocks = csv_stream.read(self.source, self.bad, names, long=True)
        times = [name for name in self.header if names.key_of(name) == "time"]
        days = [name for name in times if bare(name) in DATES]
        # Of a day and its time in two columns the day, and beside it the time.
        day = next(iter(days or times), None)
        beside = [n for n in self.header if n != day and (n in times or bare(n) in HOURS)]
        self.hour = beside[0] if day and len(times) < 3 and beside else None
        try:
            self.columns = names.recognise([n for n in self.header if n != self.hour])
        except ColumnError as error:
            raise UnusableTableError(str(error)) from None
        self.day = self.on or datetime.now().date()
        self._renamed = {name: f"input_{name}" for name in self.added if name in self.header}
        if self._renamed:
            told = ", ".join(f"{old} → {new}" for old, new in self._renamed.items())
            print(f"renamed: {told}", file=sys.stderr)

    def blocks(self) -> Iterator[Block]:
        """The blocks of rows, telling progress; what was noted of a block is told after it."""
        if self.on is None and "time" not in self.columns:
            print(f"no dates and no --on: judged as data of {self.day}", file=sys.stderr)
        rows = 0
        for block in self._blocks:
            rows += block.table.height
            yield block
            self.bad.tell()
            self._progress.tell(rows)
        if not rows:
            names = (*self.header, *self.added)
            self._writer.write(pl.DataFrame(schema=dict.fromkeys(names, pl.String())))

    def texts(self, block: Block, key: str) -> pl.Series:
        """The cells of a column that is there."""
        return block.table[self.columns[key].header].str.strip_chars()

    def days(self, block: Block) -> pl.Series:
        """The day of every row; what is written and is no date is reported. ``self.day`` stands in for a day that is
        not written, and its year for a year that is not."""
        if "time" not in self.columns:
            return pl.Series("day", [self.day], dtype=pl.Date).new_from_index(0, block.table.height)
        texts = self.texts(block, "time").fill_null("")
        known = {text: self._day(text) for text in texts.unique()}
        days = texts.replace_strict(known, return_dtype=pl.Date)
        self.refuse(block, days.is_null(), lambda _: "is no date; write 2026-03-01", "time")
        return days.fill_null(self.day)

    def _day(self, text: str) -> date | None:
        """The day that a cell means; of a month its last. ``None``: it is no date."""
        try:
            return written_dates.read_moment(text)[0].date()
        except written_dates.UnreadableDateError as error:
            if error.why == "calendar":
                return None
        if not text:
            return self._assumed("rows without a date")
        if _NO_YEAR.match(text):
            text = f"{self._assumed('dates without a year').year}-{text}"
        try:
            return written_dates.read_day(text).day or self._assumed("rows without a date")
        except written_dates.UnreadableDateError:
            return None

    def _assumed(self, what: str) -> date:
        """The day to judge by where a row does not say it; told once of each kind."""
        if self.on is None and what not in self.told:
            self.told.add(what)
            print(f"{what} and no --on: judged as of {self.day}", file=sys.stderr)
        return self.day

    def write(self, block: Block, found: pl.DataFrame) -> None:
        """Write rows with what was found about them."""
        self._writer.write(block.table.rename(self._renamed).hstack(found.select(self.added)))

    def tell_mark(self, standard: str, mark: Mark) -> None:
        """Say once on stderr that a standard's figures are not checked against its text."""
        if standard not in self.told:
            self.told.add(standard)
            if mark not in (Mark.PRIMARY, Mark.TWO_PLACES):
                print(f"{standard}: {mark.label} [{mark}]", file=sys.stderr)

    def refuse(self, block: Block, wrong: pl.Series, what: Callable[[str], str], key: str) -> None:
        """Report the rows where ``wrong`` holds, with the cell they are wrong by."""
        cells = block.table[self.columns[key].header].filter(wrong)
        for line, cell in zip(block.lines.filter(wrong), cells, strict=True):
            self.bad.report(line, f"{self.columns[key].header} {cell or ''!r} {what(cell or '')}")

    def sound(self, block: Block) -> pl.Series:
        """Which rows of a block nothing was reported of."""
        return ~block.lines.is_in(list(self.bad.lines))


def _item_values(table: _Table, block: Block, items: Iterable[str]) -> pl.DataFrame:
    """Readings by item. What cannot be read is reported, and empty here."""
    values: dict[str, pl.Series] = {}
    for key in items:
        if key not in table.columns:
            continue
        column = table.columns[key]
        numbers = csv_stream.measured(block, column.header, column.ratio, table.bad)
        if key == "ph":
            beyond = (numbers > 14).fill_null(value=False)
            table.refuse(block, beyond, lambda _: "is beyond 14; correct it or leave it empty", key)
        values[key] = numbers.alias(key)
        if most := _most(key, table.units.get(key, "")):
            csv_stream.question(numbers, bare(column.header), most, table.units[key], table.told)
        below = readings.read_column(block.table[column.header]).below_detection
        if below.any():
            values[key] = _below_detection(numbers, below).alias(key)
    return pl.DataFrame(values)


@cache
def _most(key: str, unit: str) -> float | None:
    """What an instrument in water can show of an item at most, in the unit that it is judged in."""
    known = next((p for p in parameters.of_kind("water") if p.key == key), None)
    if known is None or known.range_to is None or key == "ph":
        return None
    try:
        up, down = parameters.conversion(known.unit, unit)
    except parameters.UnitError:
        return None
    return known.range_to * up / down


def _below_detection(numbers: pl.Series, below: pl.Series) -> pl.Series:
    """Numbers as text, those below detection as their limit ("0.02L"), for limits of zero (不得检出)."""
    share = float(readings.treatment().below_detection_share)
    limit = pl.concat_str((pl.col("value") / share).cast(pl.String), pl.lit("L"))
    return (
        pl.DataFrame({"value": numbers, "below": below})
        .select(
            pl.when("below")
            .then(pl.lit("ND") if share == 0 else limit)
            .otherwise(pl.col("value").cast(pl.String))
        )
        .to_series()
    )


def _classes(
    table: _Table,
    items: Sequence[str],
    rule_set: str,
    judge: Callable[[pl.DataFrame, date], pl.DataFrame],
    prepare: Callable[[Block], pl.DataFrame] | None = None,
) -> None:
    """Judge every row by the edition in force on its day. ``judge`` takes readings by item."""
    if not any(key in table.columns for key in items):
        raise UnusableTableError(f"no column of an item; name one {', '.join(items[:6])} ...")
    for block in table.blocks():
        values = _item_values(table, block, items)
        if prepare is not None:
            values = values.hstack(prepare(block))
        days = table.days(block)
        standards = {day: _standard(rule_set, day) for day in days.unique()}
        edition = days.replace_strict(standards, return_dtype=pl.String)
        for line, day in zip(
            block.lines.filter(edition.is_null()), days.filter(edition.is_null()), strict=True
        ):
            table.bad.report(line, f"no standard was in force on {day}; correct the date")
        for standard in filter(None, standards.values()):
            known = next(e for e in catalogue.editions(rule_set) if e.standard == standard)
            table.tell_mark(standard, known.mark)
        good = table.sound(block)
        rows = values.with_columns(edition.alias("_edition"), block.lines.alias("_line"))
        parts = [
            judge(part, next(day for day, name in standards.items() if name == standard))
            for (standard,), part in rows.filter(good)
            .partition_by("_edition", as_dict=True)
            .items()
        ]
        found = pl.concat(parts).sort("_line") if parts else _nothing(table.added)
        table.write(block.keep(good), found)
    table.bad.finish()


def _nothing(names: Iterable[str]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String()))


def _standard(rule_set: str, day: date) -> str | None:
    try:
        return catalogue.in_force(rule_set, day).standard
    except catalogue.NoEditionInForceError:
        return None


def _date(on: datetime | None) -> date | None:
    return on.date() if on else None


@click.command("surface-water")
@_shared
@click.option(
    "--waterbody",
    type=click.Choice(["river", "lake"]),
    default="river",
    show_default=True,
    help="For rows that do not say; a column waterbody (水体类型) goes before it.",
)
@click.option("--count-tn", is_flag=True, help="Let total nitrogen decide the class too.")
@click.option("--items", help="Count these items only, joined by commas, as a 9+X plan does.")
def surface_water(
    source: BinaryIO,
    output: BinaryIO,
    on: datetime | None,
    waterbody: surface_rules.Waterbody,
    count_tn: bool,
    items: str | None,
) -> None:
    """Class of surface-water samples (GB 3838, 环办〔2011〕22号): INPUT and OUTPUT are CSV, "-" a stream.

    Reads section and any of ph, do, codmn, nh3n, tp and the other items of GB 3838 table 1 (mg/L). Adds
    class (Ⅰ … Ⅴ, 劣Ⅴ; empty where no item was measured), main_pollutants with their multiple over Ⅲ, and
    standard. Total nitrogen, temperature and coliform are not counted.
    """
    rules = surface_rules.rules()
    table = _Table(
        source,
        output,
        rules.aliases,
        rules.units,
        _date(on),
        ("class", "main_pollutants", "standard"),
        rules.code_units,
    )
    chosen = None if items is None else [item.strip() for item in items.split(",")]
    keys = [*surface_rules.limits_on(table.day)[1].river, "do_saturation"]
    if chosen and (unknown := set(chosen) - set(keys)):
        raise click.BadParameter(
            f"no such items: {', '.join(sorted(unknown))}", param_hint="--items"
        )

    def kinds(block: Block) -> pl.DataFrame:
        if "waterbody" not in table.columns:
            return pl.DataFrame({"waterbody": pl.repeat(waterbody, block.table.height, eager=True)})
        texts = table.texts(block, "waterbody")
        known: dict[str, str | None] = {}
        for text in texts.drop_nulls().unique():
            try:
                known[text] = surface_rules.waterbody_of(text) if text else waterbody
            except ValueError:
                known[text] = None
        found = texts.fill_null("").replace_strict(known | {"": waterbody}, return_dtype=pl.String)
        table.refuse(
            block,
            found.is_null(),
            lambda _: "is no water body; write river (河流) or lake (湖库)",
            "waterbody",
        )
        return found.alias("waterbody").to_frame()

    def judge(values: pl.DataFrame, day: date) -> pl.DataFrame:
        classes = surface_water_tables.classify_table(
            values, on=day, waterbody=values["waterbody"], count_tn=count_tn, items=chosen
        )
        # pH has one limit for all classes: where it fits and nothing else was measured, no class follows.
        others = [name for name in values.columns if name in keys and name != "ph"]
        alone = pl.all_horizontal(*(pl.col(name).is_null() for name in others)) if others else True
        only_ph = values.select(alone=alone).to_series()
        told = only_ph & (classes["class"] == "Ⅰ")
        if told.any():
            print(f"{told.sum()} rows with pH alone are not judged", file=sys.stderr)
        return classes.with_columns(
            pl.when(told).then(None).otherwise(pl.col("class")).alias("class")
        )

    _classes(table, keys, surface_rules.RULE_SET, judge, kinds)


@click.command("groundwater")
@_shared
def groundwater(source: BinaryIO, output: BinaryIO, on: datetime | None) -> None:
    """Class of groundwater samples (GB/T 14848): INPUT and OUTPUT are CSV, "-" a stream.

    Reads the items of GB/T 14848 (mg/L; organic compounds μg/L). Adds class (Ⅰ … Ⅴ), exceeding_items with
    their multiple over Ⅲ, and standard.
    """
    rules = groundwater_rules.rules()
    added = ("class", "exceeding_items", "standard")
    table = _Table(source, output, rules.aliases, rules.units, _date(on), added)
    _classes(
        table,
        list(rules.units),
        groundwater_rules.RULE_SET,
        lambda values, day: groundwater_rules.classify_table(values, on=day),
    )


@click.command("sea")
@_shared
def sea(source: BinaryIO, output: BinaryIO, on: datetime | None) -> None:
    """Class of sea-water samples (GB 3097): INPUT and OUTPUT are CSV, "-" a stream.

    Reads ph, do, codmn, din (无机氮), dip (活性磷酸盐) and the other items (mg/L). Adds class (一类 … 劣四类),
    exceeding_items with their multiple over 二类, eutrophication (the index, where codmn, din and dip are
    there) and standard.
    """
    rules = sea_rules.rules()
    added = ("class", "exceeding_items", "eutrophication", "standard")
    table = _Table(source, output, rules.aliases, rules.units, _date(on), added)

    def judge(values: pl.DataFrame, day: date) -> pl.DataFrame:
        found = sea_rules.classify_table(values, on=day)
        parts = [
            readings.read_column(values[key]).values.fill_null(np.nan).to_numpy()
            if key in values.columns
            else np.full(values.height, np.nan)
            for key in ("codmn", "din", "dip")
        ]
        index = pl.Series("eutrophication", sea_rules.eutrophication_index(*parts)).fill_nan(None)
        return found.with_columns(index.round(3))

    _classes(table, list(rules.units), sea_rules.RULE_SET, judge)


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
@_shared
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
    table = _Table(source, output, _NOISE_NAMES, _NOISE_UNITS, _date(on), _NOISE_ADDED)
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


def _zones(table: _Table, block: Block) -> pl.Series:
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


def _levels(table: _Table, block: Block, key: str) -> pl.Series:
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
    table: _Table, block: Block, told: list[tuple[str, float | None, float | None]]
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
    table.write(block.keep(good), pl.DataFrame(rows) if rows else _nothing(table.added))


def _noise_from_hours(
    table: _Table, night: noise_rules.Night, told: list[tuple[str, float | None, float | None]]
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
    for (point, zone, day), levels_of_hours in sorted(days.items()):
        found = noise_rules.day_levels(levels_of_hours, night)
        told.append((zone, found.day, found.night))
        shown = {
            name: None if level is None else round(level, 1)
            for name, level in (("ld", found.day), ("ln", found.night), ("ldn", found.day_night))
        }
        counts = {"day_hours": found.day_hours, "night_hours": found.night_hours}
        judged = _noise_row(zone, found.day, found.night, day)
        days_of.append({"time": day, "point": point, "zone": zone, **shown, **counts, **judged})
    Writer(table.output).write(pl.DataFrame(days_of, infer_schema_length=None))


_EMISSION_NAMES = {
    "time": ("时间", "监测时间", "数据时间", "日期", "date", "datetime", "datatime"),
    "point": ("排放口", "排口", "监控点", "点位", "outlet", "station"),
    "pollutant": ("污染物", "监测因子", "因子", "污染因子", "parameter", "factor"),
    "value": ("浓度", "实测浓度", "监测值", "均值", "concentration"),
    "converted": ("折算浓度", "折算值"),
    "o2": ("氧含量", "含氧量", "a19001"),
    "water_temp": ("水温", "w01010"),
    "basis": ("均值类型", "数据类型"),
    "parts": ("有效数据个数", "有效个数"),
    "unit": tuple(UNITS),
    "standard": ("执行标准",),
    "category": ("标准类别",),
}
_EMISSION_ADDED = ("judged_value", "limit", "outcome", "multiple", "reason", "limit_standard")
_BASES = {
    **{basis.value: basis for basis in Basis},
    **{basis.label: basis for basis in Basis},
    "分钟": Basis.MINUTE,
    "小时": Basis.HOUR,
    "日": Basis.DAY,
    "2051": Basis.MINUTE,
    "2061": Basis.HOUR,
    "2031": Basis.DAY,
}


@click.command("emission")
@_shared
@click.option("--standard", help='Limits of this standard, such as "GB 13271-2014" (or a column).')
@click.option("--category", help="Category of the standard, such as gas_new (or a column).")
@click.option(
    "--basis",
    type=click.Choice([basis.value for basis in Basis]),
    default="hour",
    show_default=True,
    help="What the values are means of, for rows that do not say in a column basis.",
)
def emission(
    source: BinaryIO,
    output: BinaryIO,
    on: datetime | None,
    standard: str | None,
    category: str | None,
    basis: str,
) -> None:
    """Exceedance of emission limits: INPUT and OUTPUT are CSV, "-" a stream.

    Reads pollutant and value (mg/m³ or mg/L), and where they are there: time, o2 (% - flue gas is then
    converted to the limit's reference oxygen) or converted, water_temp (℃), flag (HJ 212), basis (hour,
    day), parts (valid minutes of an hour, hours of a day, or samples of a day of wastewater). Adds judged_value, limit, outcome (达标, 超标,
    不参与判定), multiple, reason and limit_standard. Flue gas is judged by the hour, wastewater by the day;
    the limits are transcribed from memory, see "ecoledger standards show".
    """
    measured = frozenset({"value", "converted", "o2", "water_temp"})
    added = _EMISSION_ADDED
    table = _Table(source, output, _EMISSION_NAMES, {}, _date(on), added, any_unit=measured)
    for key in ("pollutant", "value"):
        if key not in table.columns:
            names = "、".join(_EMISSION_NAMES[key])
            raise UnusableTableError(f"no column {key}; it may also be named {names}")
    if standard is None and "standard" not in table.columns:
        raise UnusableTableError("name the standard: --standard, or a column standard (执行标准)")
    if category is None and "category" not in table.columns:
        raise UnusableTableError("name the category: --category, or a column category (标准类别)")
    limits: dict[tuple[str, str, str, Basis, date], Limit | str] = {}
    for block in table.blocks():
        rows = _emission_rows(table, block, standard or "", category or "", Basis(basis))
        found = []
        for row in rows.filter(table.sound(block)).iter_rows(named=True):
            mean_of = _BASES[row["basis"]]
            wanted = (row["standard"], row["category"], row["pollutant"], mean_of, row["day"])
            if wanted not in limits:
                limits[wanted] = _limit(*wanted)
            limit = limits[wanted]
            if isinstance(limit, Limit):
                table.tell_mark(limit.standard, limit.mark)
            found.append(_emission_row(row, limit, mean_of))
        schema: dict[str, Any] = dict.fromkeys(_EMISSION_ADDED, pl.String)
        schema |= dict.fromkeys(("judged_value", "limit", "multiple"), pl.Float64)
        table.write(block.keep(table.sound(block)), pl.DataFrame(found, schema=schema))
    table.bad.finish()


def _emission_rows(
    table: _Table, block: Block, standard: str, category: str, basis: Basis
) -> pl.DataFrame:
    """The cells that a judgement needs, read; what cannot be read is reported."""
    defaults = {"standard": standard, "category": category, "basis": basis.value}
    rows = block.lines.alias("line").to_frame()
    for key, default in defaults.items():
        filled: pl.Series | pl.Expr = pl.lit(default)
        if key in table.columns:
            filled = table.texts(block, key).fill_null("").replace("", default)
        rows = rows.with_columns(filled.alias(key))
    flags = csv_stream.marked(block, table.columns["value"].header, table.bad)
    rows = rows.with_columns(flags.alias("flag"))
    for key in ("value", "converted", "o2", "water_temp", "parts"):
        column = table.columns.get(key)
        if column is None:
            rows = rows.with_columns(pl.lit(None, dtype=pl.Float64).alias(key))
            continue
        numbers = csv_stream.numbers(block, column.header, column.ratio, table.bad)
        if key in ("value", "converted"):
            units = _units_said(table, block, column.header)
            numbers = _in_limits_unit(table, block, numbers, units)
            rows = rows.with_columns(units.alias(f"{key}_unit"))
        rows = rows.with_columns(numbers.alias(key))
    if "o2" in table.columns:
        below = readings.read_column(block.table[table.columns["o2"].header]).below_detection
        table.refuse(block, below, lambda _: "is no content of oxygen; leave it empty", "o2")
    _refuse_doubles(table, block)
    pollutants = table.texts(block, "pollutant")
    keys: dict[str, str | None] = {}
    for name in pollutants.fill_null("").unique():
        try:
            keys[name] = emission_rules.pollutant_key(name)
        except LookupError:
            keys[name] = None
    known = pollutants.fill_null("").replace_strict(keys, return_dtype=pl.String)
    table.refuse(
        block,
        known.is_null(),
        lambda _: "is no known pollutant; see ecoledger standards show",
        "pollutant",
    )
    wrong_basis = ~rows["basis"].is_in(list(_BASES))
    if "basis" in table.columns:
        table.refuse(block, wrong_basis, lambda _: "is no kind of mean; write hour or day", "basis")
    # A bare HJ 212 code of a metal means µg/L, as the protocol reports it, unless a unit is said.
    micrograms = pollutants.str.to_lowercase().is_in(list(emission_rules.book().microgram_codes))
    rows = rows.with_columns(
        pl.when(micrograms.fill_null(value=False) & (rows["value_unit"] == ""))
        .then(scaled(rows["value"], Fraction(1, 1000)))
        .otherwise("value")
        .alias("value")
    )
    return rows.with_columns(known.alias("pollutant"), table.days(block).alias("day"))


def _units_said(table: _Table, block: Block, header: str) -> pl.Series:
    """The unit of each value of a column, which its header or else its row says; "" where neither does."""
    own = next((unit_said(word) or word for word in parts(header)[1]), "")
    if own and _ratio_of(own) is None:
        why = f"column {header!r}: unit {own!r} is not understood; use mg/m3 or mg/L"
        raise UnusableTableError(why)
    if own or "unit" not in table.columns:
        return pl.Series("unit", [own]).new_from_index(0, block.table.height)
    return table.texts(block, "unit").fill_null("")


def _in_limits_unit(table: _Table, block: Block, numbers: pl.Series, units: pl.Series) -> pl.Series:
    """Values in mg/m³ or mg/L, as limits are; one in a unit that cannot be converted is reported."""
    for unit in units.unique():
        factor = _ratio_of(unit)
        of_unit = units == unit
        if factor is None:
            why = f"unit {unit!r} is not understood; use mg/m3 or mg/L"
            for line in block.lines.filter(of_unit):
                table.bad.report(line, why)
        elif factor != 1:
            numbers = scaled(numbers, factor).zip_with(of_unit, numbers)
    return numbers


def _ratio_of(unit: str) -> Fraction | None:
    """How many mg/m³ or, where it is said by the litre, mg/L a unit is; 1 of what is no concentration (倍, 级)."""
    measure = read_measure(unit)
    if measure is not None and measure.dimension == CONCENTRATION:
        return ratio(unit, "mg/L" if re.search(r"[Ll升]", unit) else "mg/m3")
    share = measure is not None and any(of == "share" for of, _power in measure.dimension)
    return (
        None
        if (share and unit.strip() != "%") or (measure is None and claims_unit(unit))
        else Fraction(1)
    )


def _refuse_doubles(table: _Table, block: Block) -> None:
    """Report what is given a second time for the same outlet, pollutant and time."""
    if not {"time", "point"} <= table.columns.keys():
        return
    hours = block.table[table.hour] if table.hour else None
    moments, _day_only = written_dates.read_moments(table.texts(block, "time"), hours)
    basis = table.texts(block, "basis") if "basis" in table.columns else moments.is_null()
    cells = (table.texts(block, "point"), table.texts(block, "pollutant"), basis, moments)
    for line, *key in zip(block.lines, *cells, strict=True):
        if key[-1] is None:
            continue
        before = table.lines.setdefault(tuple(key), line)
        if before != line:
            told = f"{key[0]!r} has {key[1]} of {key[-1]:%Y-%m-%d %H:%M} on line {before} already"
            table.bad.report(line, f"{told}; keep one")


def _limit(standard: str, category: str, pollutant: str, basis: Basis, day: date) -> Limit | str:
    """The limit to judge by: one of the same basis first; or why there is none."""
    bases = (basis, Basis.HOUR, Basis.DAY, Basis.SAMPLE)
    for wanted in bases:
        try:
            return emission_rules.limit(standard, category, pollutant, wanted, on=day)
        except LookupError:
            continue
    return f"{standard} {category} 没有该污染物的限值"


def _emission_row(row: Mapping[str, Any], limit: Limit | str, basis: Basis) -> dict[str, Any]:
    if isinstance(limit, str):
        nothing = dict.fromkeys(("judged_value", "limit", "multiple"))
        outcome = emission_rules.Outcome.NOT_JUDGED.label
        return nothing | {"outcome": outcome, "reason": limit, "limit_standard": row["standard"]}
    limit = limit.at_temperature(row["water_temp"])
    value: float | None = row["value"]
    reason = ""
    if row["converted"] is not None:
        value = row["converted"]
    elif limit.reference_o2 is not None and value is not None:
        if row["o2"] is None:
            reason = "缺少氧含量，不能折算"
        else:
            value = float(flue_gas.to_reference_oxygen(value, row["o2"], limit.reference_o2))
            if value != value:
                value, reason = None, "氧含量表明停运，不折算、不判定"
    if row["flag"] is not None:
        reason = f"数据标记{row['flag']}，数据无效"
    judged = emission_rules.judge(
        value, limit, basis=basis, valid=_enough(row["parts"], basis, limit), excused=reason
    )
    return {
        "judged_value": None if value is None else float(f"{value:.12g}"),
        "limit": limit.high,
        "outcome": judged.outcome.label,
        "multiple": judged.multiple,
        "reason": (reason or judged.reason) if judged.outcome == "not_judged" else "",
        "limit_standard": limit.standard,
    }


def _enough(parts: float | None, basis: Basis, limit: Limit) -> bool:
    if parts is None:
        return True
    if limit.medium == "water":
        due = wastewater.records_due(24)
        return basis is not Basis.DAY or wastewater.enough_records(int(parts), due)
    rules = flue_gas.rules()
    needed = {Basis.HOUR: rules.minutes_of_hour, Basis.DAY: rules.hours_of_day}.get(basis, 0)
    return parts >= needed
