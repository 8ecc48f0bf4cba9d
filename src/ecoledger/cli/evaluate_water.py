"""``ecoledger evaluate surface-water | groundwater | sea``: the class of samples, by the worst item."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import BinaryIO

import click
import numpy as np
import polars as pl

from ecoledger.cli import csv_stream
from ecoledger.cli.blocks import Block, UnusableTableError
from ecoledger.cli.evaluate_tables import Table, date_of, nothing, shared
from ecoledger.listings.tables.headers import bare
from ecoledger.monitoring.points import parameters
from ecoledger.standards import catalogue, readings, surface_water_tables
from ecoledger.standards import groundwater as groundwater_rules
from ecoledger.standards import sea as sea_rules
from ecoledger.standards import surface_water as surface_rules


def _item_values(table: Table, block: Block, items: Iterable[str]) -> pl.DataFrame:
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
    table: Table,
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
        found = pl.concat(parts).sort("_line") if parts else nothing(table.added)
        table.write(block.keep(good), found)
    table.bad.finish()


def _standard(rule_set: str, day: date) -> str | None:
    try:
        return catalogue.in_force(rule_set, day).standard
    except catalogue.NoEditionInForceError:
        return None


@click.command("surface-water")
@shared
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
    table = Table(
        source,
        output,
        rules.aliases,
        rules.units,
        date_of(on),
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
@shared
def groundwater(source: BinaryIO, output: BinaryIO, on: datetime | None) -> None:
    """Class of groundwater samples (GB/T 14848): INPUT and OUTPUT are CSV, "-" a stream.

    Reads the items of GB/T 14848 (mg/L; organic compounds μg/L). Adds class (Ⅰ … Ⅴ), exceeding_items with
    their multiple over Ⅲ, and standard.
    """
    rules = groundwater_rules.rules()
    added = ("class", "exceeding_items", "standard")
    table = Table(source, output, rules.aliases, rules.units, date_of(on), added)
    _classes(
        table,
        list(rules.units),
        groundwater_rules.RULE_SET,
        lambda values, day: groundwater_rules.classify_table(values, on=day),
    )


@click.command("sea")
@shared
def sea(source: BinaryIO, output: BinaryIO, on: datetime | None) -> None:
    """Class of sea-water samples (GB 3097): INPUT and OUTPUT are CSV, "-" a stream.

    Reads ph, do, codmn, din (无机氮), dip (活性磷酸盐) and the other items (mg/L). Adds class (一类 … 劣四类),
    exceeding_items with their multiple over 二类, eutrophication (the index, where codmn, din and dip are
    there) and standard.
    """
    rules = sea_rules.rules()
    added = ("class", "exceeding_items", "eutrophication", "standard")
    table = Table(source, output, rules.aliases, rules.units, date_of(on), added)

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
