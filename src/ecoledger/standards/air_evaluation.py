"""Evaluation of ambient air over months, quarters and years by HJ 663, from daily values.

Tables are Polars frames with the factor columns ``so2, no2, o3, co, pm10, pm2_5`` (µg/m³, CO mg/m³), where
``o3`` is the daily maximum 8-hour mean; :mod:`ecoledger.standards.air_means` makes them from hours. A null,
NaN or negative value is missing. Means stay unrounded; :func:`rounded` rounds them once, as the edition
says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.standards import air_limits, air_ranking, aqi, catalogue, data_files
from ecoledger.standards.air_limits import FACTORS
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.rounding import half_even

EVALUATION = "air-evaluation"

Every: TypeAlias = Literal["month", "quarter", "half-year", "year", "all"]
Array: TypeAlias = NDArray[np.float64]

_EVERY: dict[str, tuple[str, int]] = {
    "month": ("1mo", 1),
    "quarter": ("1q", 3),
    "half-year": ("6mo", 6),
    "year": ("1y", 12),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What an edition of HJ 663 prescribes; ``marks`` says how sure each part of it is."""

    hour_minutes: int
    day_hours: int
    eight_hour_hours: int
    daily_max_8h_means: int
    month_days: int
    february_days: int
    year_days: int
    percentiles: Mapping[str, int]
    decimals: Mapping[str, int]
    compares_rounded: bool
    city_share: float
    city_share_few: float
    city_few: int
    marks: Mapping[str, Mark]

    def days_required(self, month: int) -> int:
        """Valid days that a month (1 to 12) needs (GB 3095, table 4)."""
        return self.february_days if month == 2 else self.month_days

    def statistic(self, factor: str) -> str:
        """What stands for a factor in a period's composite index and bulletin: ``"mean"``, or the percentile
        of the daily values for factors without an annual limit (``"p95"`` of CO, ``"p90"`` of ozone;
        环办监测〔2018〕19号)."""
        if air_ranking.LIMIT_OF[factor] == "year":
            return "mean"
        return f"p{self.percentiles[factor]}"


def _rules(entry: Mapping[str, Any]) -> Rules:
    validity = {key: value for key, value in entry["validity"].items() if key != "mark"}
    return Rules(
        **validity,
        percentiles=entry["percentiles"],
        decimals={key: value for key, value in entry["decimals"].items() if key != "mark"},
        compares_rounded=entry["comparison"]["rounded"],
        city_share=entry["city"]["share"],
        city_share_few=entry["city"]["share_few"],
        city_few=entry["city"]["few"],
        marks={
            part: Mark(entry[part].get("mark", entry["mark"]))
            for part in ("validity", "percentiles", "decimals", "comparison", "city")
        },
    )


def _load() -> Iterator[Edition]:
    table = data_files.read("air_evaluation")["edition"]
    for e in air_limits.editions_of(table, EVALUATION, None):
        yield Edition(
            *(e.rule_set, e.standard, e.title, e.clause, e.effective_from, e.effective_to),
            *(e.mark, e.source, _rules(e.content)),
        )


catalogue.declare_from(EVALUATION, _load)


def rules(on: date) -> Rules:
    """The rules in force for data of the day ``on``."""
    found: Rules = catalogue.in_force(EVALUATION, on).content
    return found


def valid_hour(minutes: int, on: date) -> bool:
    """Whether an hour with so many minutes of gas sampling gives a valid mean (GB 3095, table 4)."""
    return minutes >= rules(on).hour_minutes


def percentile(values: Array, percent: float) -> float:
    """Percentile by HJ 663 annex A: linear between sorted values at position 1 + (n − 1)·p.

    Missing values (NaN) are left out; NaN when nothing is left.

    >>> percentile(np.array([10.0, 20.0, 30.0, 40.0]), 90)
    37.0
    """
    known = np.sort(values[~np.isnan(values)])
    if not known.size:
        return float("nan")
    # In hundredths of a step, so that 0.9 is not 0.90000000000000002.
    whole, part = divmod((known.size - 1) * round(percent * 100), 10_000)
    low = known[whole]
    if part == 0:
        return float(low)
    return float(low + (known[whole + 1] - low) * part / 10_000)


def without_dust(
    days: pl.DataFrame,
    dust: pl.DataFrame,
    *,
    by: str = "station",
    factors: tuple[str, ...] = ("pm10", "pm2_5"),
) -> pl.DataFrame:
    """``days`` with PM10 and PM2.5 taken out on days of dust weather (剔除沙尘, 环办监测〔2016〕120号).

    ``dust`` has the columns ``by`` and ``day``; ``factors`` may name others, for the exceptional events
    (例外事件) of HJ 663-2026, whose own rules were not seen. What is left of such a day counts only if another factor
    exceeds 100, so that it leaves the valid days as a rule. Keep the plain figures beside: evaluate both.
    """
    marked = dust.select(by, "day").unique().with_columns(pl.lit(True).alias("_dust"))
    present = [f for f in factors if f in days.columns]
    stale = [c for c in ("aqi", "level", "primary", "standard") if c in days.columns]
    return (
        days.drop(stale)
        .join(marked, on=[by, "day"], how="left", maintain_order="left")
        .with_columns(pl.when(pl.col("_dust").is_null()).then(pl.col(f)).alias(f) for f in present)
        .drop("_dust")
    )


def period_valid(counts: Mapping[tuple[int, int], int], rule: Rules, *, whole_year: bool) -> bool:
    """Whether the valid days of each (year, month) make the period valid (GB 3095, table 4).

    Every month needs 27 (February 25); a whole year also 324 in all and all twelve months. The quarter and
    half-year have no rule of their own there: they are valid when their months are.
    """
    enough = all(count >= rule.days_required(month) for (_, month), count in counts.items())
    if not whole_year:
        return bool(counts) and enough
    return enough and len(counts) == 12 and sum(counts.values()) >= rule.year_days


def evaluate(
    days: pl.DataFrame,
    *,
    every: Every = "year",
    by: str = "station",
    area_class: int = 2,
    weighting: str = "default",
    on: date | None = None,
) -> pl.DataFrame:
    """Evaluate daily values by month, quarter, half-year, year or all of them, for each station or city.

    ``days`` has ``by``, ``day`` and the six factors (as from ``daily_from_hourly`` or ``area_means`` of
    :mod:`ecoledger.standards.air_means`); its index columns are computed when it has none. The edition of
    HJ 663 and the limits are those of the period's last day, or of ``on``.

    Columns of the result:

    ``by, period, begins, ends``; ``standard``: the editions applied;
    ``calendar_days`` (of a period that is not over: up to the table's last day), ``valid_days,
    good_days, polluted_days, heavy_days`` (AQI > 200), ``aqi_min, aqi_max``;
    ``good_ratio`` (of valid days) and ``good_ratio_calendar`` in percent;
    for each factor ``<f>_mean`` and ``<f>_p98`` (SO2, NO2), ``_p95`` (CO, PM10, PM2.5) or ``_p90`` (O3),
    ``<f>_days`` (valid days), ``<f>_valid`` (period valid for it), ``<f>_attained_days`` (within the daily
    limit), ``<f>_attained`` (mean and percentile within their limits; null unless valid),
    ``<f>_multiple`` (超标倍数 of what exceeds more, 0 where nothing does);
    ``attained`` (all six; null unless all are valid), ``composite`` index, ``largest`` factor(s) by single
    index, joined by ``,``.

    The limits are annual ones: for shorter periods attainment tells how things stand, not the verdict.
    Values are unrounded; attainment compares what the edition says (rounded, HJ 663).
    """
    if every not in (*_EVERY, "all"):
        raise ValueError(f"every is {every!r}; use one of {', '.join((*_EVERY, 'all'))}")
    indexed = days if "aqi" in days.columns else aqi.daily_table(_six(days))
    if every == "all":
        begin = indexed["day"].min()
        begins = pl.lit(begin, dtype=pl.Date)
    else:
        begins = pl.col("day").dt.truncate(_EVERY[every][0])
    table = (
        indexed.lazy()
        .with_columns(
            begins.alias("begins"),
            *[
                pl.when(pl.col(f).is_finite() & (pl.col(f) >= 0)).then(pl.col(f)).alias(f)
                for f in FACTORS
            ],
        )
        .sort(by, "day")
        .collect()
    )
    known = catalogue.editions(EVALUATION)[-1].content.percentiles
    grouped = table.group_by(by, "begins", maintain_order=True).agg(
        pl.col("day").max().alias("_last"),
        pl.col("aqi").count().alias("valid_days"),
        (pl.col("aqi") <= aqi.good_up_to()).sum().alias("good_days"),
        (pl.col("aqi") > aqi.good_up_to()).sum().alias("polluted_days"),
        (pl.col("aqi") > aqi.heavy_above()).sum().alias("heavy_days"),
        pl.col("aqi").min().alias("aqi_min"),
        pl.col("aqi").max().alias("aqi_max"),
        *[pl.col(f).mean().alias(f"{f}_mean") for f in FACTORS],
        *[pl.col(f).quantile(known[f] / 100, "linear").alias(f"{f}_p{known[f]}") for f in FACTORS],
        *[pl.col(f).count().alias(f"{f}_days") for f in FACTORS],
    )
    monthly = table.group_by(by, "begins", month=pl.col("day").dt.truncate("1mo")).agg(
        pl.col(f).count() for f in FACTORS
    )
    counted = _counts_by_period(monthly, by)
    daily_limits = _days_within(table, by, area_class)
    newest = table["day"].max()
    rows = grouped.join(daily_limits, on=[by, "begins"], how="left", maintain_order="left")
    return pl.DataFrame(
        [
            _evaluated(
                row, every, newest, counted[row[by], row["begins"]], area_class, weighting, on
            )
            for row in rows.iter_rows(named=True)
        ],
        schema=_schema(by, table.schema[by]),
    )


def _six(days: pl.DataFrame) -> pl.DataFrame:
    """The table with a null column for every factor it lacks."""
    lacking = [f for f in FACTORS if f not in days.columns]
    return days.with_columns(pl.lit(None, dtype=pl.Float64).alias(f) for f in lacking)


def _counts_by_period(
    monthly: pl.DataFrame, by: str
) -> dict[tuple[Any, date], dict[str, dict[tuple[int, int], int]]]:
    """For each place and period, each factor's valid days by month."""
    result: dict[tuple[Any, date], dict[str, dict[tuple[int, int], int]]] = {}
    for row in monthly.iter_rows(named=True):
        place = result.setdefault((row[by], row["begins"]), {f: {} for f in FACTORS})
        for factor in FACTORS:
            place[factor][row["month"].year, row["month"].month] = row[factor]
    return result


def _days_within(table: pl.DataFrame, by: str, area_class: int) -> pl.DataFrame:
    """Valid days of each factor within the daily limit of their own date, rounded as reported."""
    editions = catalogue.editions(air_limits.LIMITS)
    which = aqi.edition_of_days(table["day"].to_physical().to_numpy(), editions)
    within = {}
    for factor in FACTORS:
        average = "eight_hour" if factor == "o3" else "day"
        limits = [float(e.content[factor][average][area_class - 1]) for e in editions]
        limit = np.array([*limits, limits[0]])[which]
        values = half_even(table[factor].to_numpy(), air_limits.DECIMALS.get(factor, 0))
        within[f"{factor}_attained_days"] = values <= limit
    return (
        table.select(by, "begins")
        .with_columns(pl.Series(name, flags) for name, flags in within.items())
        .group_by(by, "begins")
        .agg(pl.all().sum())
    )


def _period(every: Every, begins: date, last: date) -> tuple[str, date]:
    """Name and last day of the period that begins on a day."""
    if every == "all":
        return f"{begins.isoformat()}/{last.isoformat()}", last
    months = _EVERY[every][1]
    index = begins.year * 12 + begins.month - 1 + months
    ends = date.fromordinal(date(index // 12, index % 12 + 1, 1).toordinal() - 1)
    names = {
        "month": f"{begins:%Y-%m}",
        "quarter": f"{begins.year}-Q{(begins.month + 2) // 3}",
        "half-year": f"{begins.year}-H{(begins.month + 5) // 6}",
        "year": f"{begins.year}",
    }
    return names[every], ends


def _evaluated(
    row: Mapping[str, Any],
    every: Every,
    newest: Any,
    counts: Mapping[str, Mapping[tuple[int, int], int]],
    area_class: int,
    weighting: str,
    on: date | None,
) -> dict[str, Any]:
    """One line of the result from the sums of a place and period."""
    name, ends = _period(every, row["begins"], row["_last"])
    judged = on or ends
    edition = catalogue.in_force(EVALUATION, judged)
    rule: Rules = edition.content
    limits = catalogue.in_force(air_limits.LIMITS, judged)
    months = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}.get(every)
    line = {key: value for key, value in row.items() if not key.startswith("_")}
    calendar_days = (min(ends, newest) - row["begins"]).days + 1
    line |= {
        "period": name,
        "ends": ends,
        "standard": f"{edition.standard}, {limits.standard}",
        "calendar_days": calendar_days,
        "good_ratio": 100 * row["good_days"] / row["valid_days"] if row["valid_days"] else None,
        "good_ratio_calendar": 100 * row["good_days"] / calendar_days,
    }
    verdicts: list[bool | None] = []
    for factor in FACTORS:
        complete = months is None or len(counts[factor]) == months
        valid = complete and period_valid(counts[factor], rule, whole_year=every == "year")
        high = row[f"{factor}_p{rule.percentiles[factor]}"]
        multiple = _multiple(factor, row[f"{factor}_mean"], high, rule, judged, area_class)
        line[f"{factor}_valid"] = valid
        line[f"{factor}_multiple"] = multiple
        line[f"{factor}_attained"] = multiple == 0 if valid and multiple is not None else None
        verdicts.append(line[f"{factor}_attained"])
    line["attained"] = None if None in verdicts else all(verdicts)
    statistics = {f: row[f"{f}_{rule.statistic(f)}"] for f in FACTORS}
    composite = air_ranking.composite_index(statistics, on=judged, weighting=weighting)
    line["composite"] = None if composite is None else float(composite.value)
    line["largest"] = None if composite is None else ",".join(composite.largest)
    return line


def _multiple(
    factor: str,
    mean: float | None,
    high: float | None,
    rule: Rules,
    on: date,
    area_class: int,
) -> float | None:
    """The larger exceedance multiple of mean and percentile; 0 where both keep their limits."""
    if mean is None or high is None:
        return None
    decimals = rule.decimals[factor]
    pairs = [
        (
            high,
            air_limits.limit(
                factor, "eight_hour" if factor == "o3" else "day", on=on, area_class=area_class
            ),
        )
    ]
    if factor not in ("co", "o3"):
        pairs.append((mean, air_limits.limit(factor, "year", on=on, area_class=area_class)))
    worst = 0.0
    for value, limit in pairs:
        compared = half_even(value, decimals) if rule.compares_rounded else value
        worst = max(worst, (compared - limit) / limit)
    return worst


def _schema(by: str, kind: pl.DataType) -> dict[str, Any]:
    percentiles = catalogue.editions(EVALUATION)[-1].content.percentiles
    schema: dict[str, Any] = {by: kind, "period": pl.String, "begins": pl.Date, "ends": pl.Date}
    counts = ("calendar_days", "valid_days", "good_days", "polluted_days", "heavy_days")
    schema |= dict.fromkeys((*counts, "aqi_min", "aqi_max"), pl.Int64)
    schema |= {"good_ratio": pl.Float64, "good_ratio_calendar": pl.Float64}
    schema |= {f"{f}_mean": pl.Float64 for f in FACTORS}
    schema |= {f"{f}_p{percentiles[f]}": pl.Float64 for f in FACTORS}
    schema |= {"composite": pl.Float64, "largest": pl.String, "attained": pl.Boolean}
    for f in FACTORS:
        schema |= {f"{f}_days": pl.Int64, f"{f}_valid": pl.Boolean, f"{f}_attained_days": pl.Int64}
        schema |= {f"{f}_attained": pl.Boolean, f"{f}_multiple": pl.Float64}
    return schema | {"standard": pl.String}


def rounded(evaluation: pl.DataFrame) -> pl.DataFrame:
    """The result of :func:`evaluate` as it is published: each figure rounded once (GB/T 8170).

    Concentrations by the edition's own decimals, multiples and the composite index to 2, ratios to 1.
    """
    known = catalogue.editions(EVALUATION)
    of_row = [
        next((e.content.decimals for e in known if e.standard == standard.split(", ")[0]), None)
        for standard in evaluation["standard"]
    ]
    columns = []
    for name, kind in evaluation.schema.items():
        if kind != pl.Float64:
            continue
        factor, _, what = name.rpartition("_")
        values = evaluation[name].to_numpy()
        if factor in FACTORS and what != "multiple":
            places = [0 if decimals is None else decimals[factor] for decimals in of_row]
        elif name.startswith("good_ratio"):
            places = [1] * evaluation.height
        else:
            places = [2] * evaluation.height
        result = np.full(evaluation.height, np.nan)
        for number in set(places):
            rows = np.array(places) == number
            result[rows] = half_even(values[rows], number)
        columns.append(pl.Series(name, result).fill_nan(None))
    return evaluation.with_columns(columns)
