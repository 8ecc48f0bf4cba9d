"""Compare computed AQI and primary pollutants with what was published, row by row.

    ECOLEDGER_REFERENCE_DATA=<folder> python benchmarks/agreement_air.py

Reads ``cnemc_hourly`` (national hourly data with published index, both editions), ``beijing_hourly`` and
``openair/golden_aotizhongxin`` of the folder. Prints counts, each differing row with its reason, and
exits 1 when a row differs without one.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from ecoledger.standards import air_evaluation, air_limits, air_means, aqi, trend
from ecoledger.standards.air_limits import FACTORS
from ecoledger.standards.rounding import half_even

NAMES = {
    "二氧化硫(SO2)": "so2",
    "二氧化氮(NO2)": "no2",
    "臭氧1小时(O3_1h)": "o3",
    "一氧化碳(CO)": "co",
    "颗粒物(PM10)": "pm10",
    "细颗粒物(PM2.5)": "pm2_5",
}
SWITCH = datetime(2026, 3, 1, 1)


def published(folder: Path) -> pl.DataFrame:
    """All rows of the national files, with the published index and primary pollutants."""
    frames = []
    for path in sorted((folder / "cnemc_hourly").glob("*.csv.gz")):
        raw = pl.read_csv(path, infer_schema=False)
        stamp = pl.col("timepoint").str.replace(":", "").str.to_datetime("%Y-%m-%dT%H%M")
        frames.append(
            raw.select(
                file=pl.lit(path.name.removesuffix(".csv.gz")),
                time=stamp,
                station="stationcode",
                published_aqi=pl.col("aqi").cast(pl.Int16, strict=False),
                published_primary=pl.col("primarypollutant").replace("NA", None).fill_null(""),
                **{f: pl.col(f).cast(pl.Float64, strict=False) for f in FACTORS},
                **{f"{f}_off": pl.col(f).eq_missing("/") for f in FACTORS},
            )
        )
    return pl.concat(frames)


def factors_of(text: str) -> str:
    """The published names as identifiers, in the library's order."""
    found = {NAMES[name] for name in text.split(",")} if text else set()
    return ",".join(f for f in FACTORS if f in found)


def reason(row: dict[str, object]) -> str | None:
    """Why a row differs, or ``None``."""
    shown, computed = row["published_aqi"], row["aqi"]
    if shown is None and computed is not None:
        if row["pm10"] is None and row["missing"] == 1:
            return "PM10 missing for another reason than reading below PM2.5: not published"
        if (row["aqi"] or 0) > 100:
            return "a particle value missing and the others above 100: not published, against 5.3.1"
        return "other factors missing, not published"
    if shown is not None and computed is None:
        return "published although factors are missing and the others stay up to 100"
    standard = str(row["standard"])
    others = {f: row[f] for f in FACTORS if f != "pm10"}
    for hidden in (row["pm2_5"], *range(1, 10)):
        alone = aqi.hourly(
            **(others | {"pm2_5": hidden}),  # type: ignore[arg-type]
            standard=standard,
            not_planned=FACTORS,
        )
        if alone.aqi == shown and row["pm2_5"] == 3:
            if hidden == 3:
                return "computed without the PM10 that is shown (all particle values are near zero)"
            return (
                f"computed with a PM2.5 of {hidden}, shown as 3 (all particle values are near zero)"
            )
    return None


def compare(table: pl.DataFrame, incomplete: aqi.Incomplete) -> tuple[pl.DataFrame, int]:
    """Rows whose index or primary pollutants differ, and how many rows were compared."""
    masks = {f: table[f"{f}_off"].to_numpy() for f in FACTORS}
    found = aqi.hourly_table(table, label="end", not_planned=masks, incomplete=incomplete)
    names = {text: factors_of(text) for text in table["published_primary"].unique()}
    found = found.with_columns(
        wanted=pl.col("published_primary").replace_strict(names),
        missing=pl.sum_horizontal(pl.col(f).is_null() & ~pl.col(f"{f}_off") for f in FACTORS),
    )
    differs = ~pl.col("aqi").eq_missing(pl.col("published_aqi")) | (
        pl.col("aqi").is_not_null() & (pl.col("primary") != pl.col("wanted"))
    )
    return found.filter(differs), table.height


def national(folder: Path) -> int:
    """Agreement with the national hourly publication; number of unexplained rows."""
    table = published(folder)
    both = table.filter(pl.col("published_aqi").is_not_null())
    print(f"national hours: {table.height:,} rows, {both.height:,} with a published AQI")
    for edition, part in (
        ("HJ 633-2012", table.filter(pl.col("time") < SWITCH)),
        ("HJ 633-2026", table.filter(pl.col("time") >= SWITCH)),
    ):
        complete = part.filter(
            pl.all_horizontal(pl.col(f).is_not_null() | pl.col(f"{f}_off") for f in FACTORS)
        )
        different, size = compare(complete, "standard")
        print(f"  {edition}: all six factors there (or not planned): {size:,} rows, ", end="")
        print(f"AQI and primary equal in {size - different.height:,}")
        for mode in ("standard", "as-published"):
            different, size = compare(part, mode)
            print(f"  {edition}: all rows, incomplete={mode!r}: {size:,} rows, ", end="")
            print(
                f"equal in {size - different.height:,} ({100 - 100 * different.height / size:.3f} %)"
            )
    different, _ = compare(table, "as-published")
    reasons = [reason(row) for row in different.iter_rows(named=True)]
    told = different.with_columns(pl.Series("reason", reasons, dtype=pl.String))
    print("\nreasons of the rows that differ under as-published:")
    for text, count in told.group_by("reason").len().sort("len", descending=True).iter_rows():
        print(f"  {count:6,}  {text or 'UNEXPLAINED'}")
    print("\neach row published with another index than computed:")
    columns = ("file", "time", "station", *FACTORS, "published_aqi", "aqi", "reason")
    for row in told.filter(pl.col("published_aqi").is_not_null()).select(columns).iter_rows():
        print("  " + " | ".join("" if value is None else str(value) for value in row))
    return told["reason"].null_count()


def national_days(folder: Path) -> None:
    """Daily values beside those published at the end of each day since the switch.

    Since then the published ``o3_8h`` of an hour is the highest 8-hour mean of its day so far, and
    ``<factor>_24h`` at midnight the mean of the day. Only days with all 24 hours are compared: of the
    others the publication knew hours that were taken back later.
    """
    frames = [
        pl.read_csv(folder / "cnemc_hourly" / f"{name}.csv.gz", infer_schema=False)
        for name in ("quanzhou", "lianyungang")
    ]
    raw = pl.concat(frames).select(
        time=pl.col("timepoint").str.to_datetime("%Y-%m-%dT%H:%M"),
        station="stationcode",
        o3_8h=pl.col("o3_8h").cast(pl.Float64, strict=False),
        **{f: pl.col(f).cast(pl.Float64, strict=False) for f in FACTORS},
        **{
            f"{f}_24h": pl.col(f"{f}_24h").cast(pl.Float64, strict=False)
            for f in FACTORS
            if f != "o3"
        },
    )
    days = air_means.daily_from_hourly(raw, label="end")
    midnight = raw.filter((pl.col("time").dt.hour() == 0) & (pl.col("time") > SWITCH))
    midnight = midnight.with_columns(day=pl.col("time").dt.offset_by("-1h").dt.date())
    both = days.join(midnight, on=["station", "day"], suffix="_hour")
    print("\nnational days since the switch with all 24 hours, rounded by GB/T 8170:")
    for factor in FACTORS:
        given = "o3_8h" if factor == "o3" else f"{factor}_24h"
        whole = both.filter((pl.col(f"{factor}_hours") == 24) & pl.col(given).is_not_null())
        places = air_limits.DECIMALS.get(factor, 0)
        off = np.abs(half_even(whole[factor].to_numpy(), places) - whole[given].to_numpy())
        near = (off <= 1.01 * 10.0**-places).sum()
        print(f"  {given}: {whole.height} days, equal {(off < 1e-9).sum()}, within one unit {near}")
    print("  CO differs where the mean is a tie (0.45), which the publication rounds either way;")
    print(
        "  particles where hours shown were replaced (near zero) or withheld after the mean was formed"
    )


def beijing(folder: Path) -> pl.DataFrame:
    """The twelve stations, hours labelled by their start as in the file, CO in mg/m³."""
    files = sorted((folder / "beijing_hourly").glob("PRSA*.csv.gz"))
    raw = pl.concat(pl.read_csv(path, null_values="NA", infer_schema_length=None) for path in files)
    return raw.select(
        time=pl.datetime("year", "month", "day", "hour"),
        station="station",
        so2=pl.col("SO2").cast(pl.Float64),
        no2=pl.col("NO2").cast(pl.Float64),
        o3=pl.col("O3").cast(pl.Float64),
        co=pl.col("CO") / 1000,
        pm10=pl.col("PM10").cast(pl.Float64),
        pm2_5=pl.col("PM2.5").cast(pl.Float64),
    )


# Published city means of Beijing (35 stations): PM2.5, PM10, SO2, NO2, and CO P95 (mg/m³), O3 P90. Each with
# where it was read; what is marked M is from memory, though changes told in the same places agree with it.
BULLETINS = {
    "2013": (
        (89.5, 108.1, 26.5, 56.0, None, None),
        "北京市环保局2014年1月通报（新闻转载；PM10为108）",
    ),
    "2014": (
        (85.9, 115.8, 21.8, 56.7, 3.2, 197.2),
        "北京市环保局2015年1月通报（新闻转载：PM2.5 85.9，其余为同比；CO、O3 为 M）",
    ),
    "2015": (
        (80.6, 101.5, 13.5, 50.0, 3.6, 202.6),
        "环境保护部2016-02-04通报、京华时报2016-01-05（PM10 超标45%；CO、O3 为 M）",
    ),
    "2016": (
        (73.0, 92.0, 10.0, 48.0, 3.2, 199.0),
        "《2016北京市环境状况公报》（中国新闻网2017-06-02转载，六项齐全）",
    ),
}


def bulletins(folder: Path) -> None:
    """Yearly figures of eleven stations beside the published ones of the whole city."""
    days = air_means.daily_from_hourly(beijing(folder), label="start")
    town = days.filter(pl.col("station") != "Dingling").with_columns(city=pl.lit("北京"))
    city = air_means.area_means(town, time="day")
    years = air_evaluation.evaluate(city, by="city")
    names = ("pm2_5_mean", "pm10_mean", "so2_mean", "no2_mean", "co_p95", "o3_p90")
    print("\nBeijing, 11 of the city's 35 stations (2013 from March on): computed / published (%)")
    print("  year  " + "".join(f"{name:>24}" for name in names))
    for row in years.iter_rows(named=True):
        if row["period"] not in BULLETINS:
            continue
        published, source = BULLETINS[row["period"]]
        cells = [
            "—"
            if wanted is None
            else f"{row[name]:.1f}/{wanted} ({100 * (row[name] / wanted - 1):+.1f})"
            for name, wanted in zip(names, published, strict=True)
        ]
        print(f"  {row['period']}  " + "".join(f"{cell:>24}" for cell in cells))
        print(f"        {source}")
    by_hours(beijing(folder).filter(pl.col("station") != "Dingling"), city)


def by_hours(hours: pl.DataFrame, city: pl.DataFrame) -> None:
    """What it would change to form a city's day from the city's hours instead of its stations' days."""
    other = air_means.daily_from_hourly(
        air_means.area_means(hours.with_columns(city=pl.lit("北京"))),
        label="start",
        station="city",
    )
    both = aqi.daily_table(city).join(
        aqi.daily_table(other), on=["city", "day"], suffix="_by_hours", how="inner"
    )
    judged = both.filter(pl.col("aqi").is_not_null() & pl.col("aqi_by_hours").is_not_null())
    gap = judged["o3"] - judged["o3_by_hours"]
    print(
        "\ncity days from stations' days (HJ 663, used here) and from city hours, the same 11 stations:"
    )
    print(
        f"  {judged.height} days, AQI differs on "
        f"{judged.filter(pl.col('aqi') != pl.col('aqi_by_hours')).height}; ozone higher by "
        f"{gap.mean():.2f} µg/m³ on average, {gap.max():.1f} at most"
    )


def openair(folder: Path) -> None:
    """Daily means and 8-hour ozone beside openair's, and the Theil-Sen slope."""
    golden = folder / "openair" / "golden_aotizhongxin"
    hours = beijing(folder).filter(pl.col("station") == "Aotizhongxin").sort("time")
    days = air_means.daily_from_hourly(hours, label="start")
    theirs = pl.read_csv(golden / "Aotizhongxin_day75.csv", null_values="NA", try_parse_dates=True)
    joined = days.join(theirs, left_on="day", right_on="date", how="inner", suffix="_r")
    print("\nopenair at Aotizhongxin: daily means (75 % = 18 hours there, 20 hours here)")
    for ours, right, scale in (
        *(("so2", "so2_r", 1), ("no2", "no2_r", 1), ("pm10", "pm10_r", 1)),
        *(("co", "co_r", 1000), ("pm2_5", "pm25", 1)),
    ):
        both = joined.filter(pl.col(ours).is_not_null() & pl.col(right).is_not_null())
        gap = (both[ours] * scale - both[right]).abs().max()
        alone = joined.filter(pl.col(ours).is_null() & pl.col(right).is_not_null())
        odd = alone.filter(pl.col(f"{ours}_hours") >= 20).height
        missing = joined.filter(pl.col(ours).is_not_null() & pl.col(right).is_null()).height
        print(f"  {ours}: {both.height} days, largest difference {gap:.2e}; ", end="")
        print(
            f"{alone.height} days with 18 or 19 hours only theirs ({odd} unexplained), {missing} only ours"
        )
    eight = pl.read_csv(
        golden / "Aotizhongxin_o3_8h.csv.gz", null_values="NA", infer_schema_length=None
    )
    mine = air_means.eight_hour_means(hours["o3"].to_numpy())
    right = eight["o3_8h"].cast(pl.Float64).to_numpy()
    shared = ~np.isnan(mine) & ~np.isnan(right)
    print(f"  8-hour ozone: {shared.sum()} hours, largest difference ", end="")
    print(f"{np.abs(mine[shared] - right[shared]).max():.2e}; ", end="")
    print(f"only ours {(~np.isnan(mine) & np.isnan(right)).sum()}, only theirs ", end="")
    print(f"{(np.isnan(mine) & ~np.isnan(right)).sum()} (windows begun before the series)")
    monthly = hours.group_by(pl.col("time").dt.truncate("1mo")).agg(pl.col("pm2_5").mean())
    found = trend.mann_kendall(monthly.sort("time")["pm2_5"].to_numpy())
    slope = pl.read_csv(golden / "Aotizhongxin_theilsen_pm25_nodeseason.csv")["slope"][0]
    print(f"  PM2.5 slope a year: Sen {12 * found.slope:.3f}, openair TheilSen {slope:.3f}")


def main() -> int:
    """Print all comparisons."""
    folder = os.environ.get("ECOLEDGER_REFERENCE_DATA")
    if not folder:
        print("set ECOLEDGER_REFERENCE_DATA to the folder of reference data", file=sys.stderr)
        return 2
    unexplained = national(Path(folder))
    national_days(Path(folder))
    bulletins(Path(folder))
    openair(Path(folder))
    return 1 if unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main())
