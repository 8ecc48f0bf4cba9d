"""``ecoledger evaluate emission``: exceedance of emission limits by flue gas and wastewater."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any, BinaryIO

import click
import polars as pl

from ecoledger.cli import csv_stream
from ecoledger.cli.blocks import Block, UnusableTableError
from ecoledger.cli.evaluate_tables import Table, date_of, shared
from ecoledger.listings.tables.observed import UNITS
from ecoledger.listings.tables.units import claims_unit, parts, unit_said
from ecoledger.standards import emission as emission_rules
from ecoledger.standards import flue_gas, readings, wastewater, written_dates
from ecoledger.standards.column_names import scaled
from ecoledger.standards.emission import Basis, Limit
from ecoledger.standards.written_measures import CONCENTRATION, ratio, read_measure

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
@shared
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
    table = Table(source, output, _EMISSION_NAMES, {}, date_of(on), added, any_unit=measured)
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
    table: Table, block: Block, standard: str, category: str, basis: Basis
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
        numbers = (
            pl.lit(None, dtype=pl.Float64)
            if column is None
            else csv_stream.numbers(block, column.header, column.ratio, table.bad)
        )
        if column is not None and key in ("value", "converted"):
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


def _units_said(table: Table, block: Block, header: str) -> pl.Series:
    """The unit of each value of a column, which its header or else its row says; "" where neither does."""
    own = next((unit_said(word) or word for word in parts(header)[1]), "")
    if own and _ratio_of(own) is None:
        why = f"column {header!r}: unit {own!r} is not understood; use mg/m3 or mg/L"
        raise UnusableTableError(why)
    if own or "unit" not in table.columns:
        return pl.Series("unit", [own]).new_from_index(0, block.table.height)
    return table.texts(block, "unit").fill_null("")


def _in_limits_unit(table: Table, block: Block, numbers: pl.Series, units: pl.Series) -> pl.Series:
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


def _refuse_doubles(table: Table, block: Block) -> None:
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
