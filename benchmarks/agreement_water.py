"""Compare computed surface-water classes with the published ones, row by row.

    ECOLEDGER_REFERENCE_DATA=<folder> python benchmarks/agreement_water.py

Reads ``water_auto`` of the folder: one national snapshot of automatic stations with its published class.
River or lake is not stated there, so every station is judged as a river first; a difference is explained
when the lake limits of total phosphorus give the published class, or when the printed value lies on a
limit and its rounding alone decides. Prints counts and every differing row with its reason, the speed of
a large table, and exits 1 when a row differs without a reason.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from ecoledger.standards import surface_water, surface_water_tables
from ecoledger.standards.column_names import recognise, scaled
from ecoledger.standards.readings import read_column

ON = date(2026, 2, 4)
PUBLISHED = "水质类别"


def snapshot(folder: Path) -> pl.DataFrame:
    """Stations with their published class and readings by item."""
    raw = pl.read_csv(folder / "water_auto" / "snapshot_2026-02-04.csv", infer_schema=False)
    rules = surface_water.rules()
    columns = recognise(raw.columns, rules.aliases, rules.units)
    items = [key for key in columns if key not in ("section", "time")]
    return pl.DataFrame(
        {
            "section": raw[columns["section"].header],
            "published": raw[PUBLISHED],
            **{
                key: scaled(read_column(raw[columns[key].header]).values, columns[key].ratio)
                for key in items
            },
        }
    )


def with_classes(stations: pl.DataFrame) -> pl.DataFrame:
    """Adds the class as a river and as a lake, and each item's class as a river."""
    river = surface_water_tables.classify_table(stations, on=ON, item_classes=True)
    lake = surface_water_tables.classify_table(stations, on=ON, waterbody="lake")
    return river.rename({"class": "river"}).with_columns(lake["class"].alias("lake"))


def reason(row: dict[str, object]) -> str | None:
    """Why a row's class as a river differs from the published one; ``None`` without a reason."""
    if row["published"] == "--" and row["river"] is None:
        return "no counted item was measured and no class is published"
    if row["published"] == row["lake"]:
        chlorophyll = (
            "" if row["chla"] is None else f", chlorophyll a {row['chla']:g} mg/m³ measured"
        )
        return f"lake: total phosphorus {row['tp']:g} mg/L by the lake limits{chlorophyll}"
    return _rounding(row)


def _rounding(row: dict[str, object]) -> str | None:
    """Whether a printed value on a limit, taken as just beyond it, gives the published class."""
    if row["published"] not in surface_water.LABELS:
        return None
    target = surface_water.rank_of(str(row["published"]))
    for waterbody in ("river", "lake"):
        items = surface_water.limits_on(ON)[1].of(waterbody)
        for key in ("tp", "nh3n", "codmn", "do"):
            value, item = row[key], items[key]
            if not isinstance(value, float) or value not in {
                item.limit(rank) for rank in range(1, 6)
            }:
                continue
            beyond = np.nextafter(value, -np.inf if item.at_least else np.inf)
            judged = surface_water.classify(
                {k: row[k] for k in ("ph", "do", "codmn", "nh3n", "tp")} | {key: float(beyond)},  # type: ignore[arg-type]
                on=ON,
                waterbody=waterbody,  # type: ignore[arg-type]
            )
            if judged.class_ == target:
                return f"{item.name} printed as {value:g}, on the limit: published from the unrounded value"
    return None


def agreement(stations: pl.DataFrame) -> int:
    """Print counts and differing rows; returns how many differ without a reason."""
    judged = with_classes(stations)
    same = judged.filter(pl.col("river") == pl.col("published"))
    differing = judged.filter(pl.col("river").ne_missing(pl.col("published")))
    unexplained = 0
    kinds: dict[str, int] = {}
    for row in differing.iter_rows(named=True):
        why = reason(row)
        unexplained += why is None
        kind = "unexplained" if why is None else why.split(":")[0].split(" printed")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
        print(f"  {row['section']}: published {row['published']}, as river {row['river']} - {why}")
    print(
        f"stations {judged.height}, equal as rivers {same.height}, differing {differing.height}: {kinds}"
    )
    both = judged.filter(
        (pl.col("river") == pl.col("published")) & (pl.col("lake") != pl.col("published"))
    )
    print(f"of the equal ones {both.height} would not be equal by the lake limits")
    count_tn = surface_water_tables.classify_table(stations, on=ON, count_tn=True)["class"]
    print(
        f"with total nitrogen counted only {(count_tn == stations['published']).sum()} would be equal"
    )
    return unexplained


def speed(rows: int = 1_000_000) -> None:
    """Time the table form on many samples of five items."""
    random = np.random.default_rng(1)
    table = pl.DataFrame(
        {
            "ph": random.normal(7.8, 0.5, rows),
            "do": random.normal(8, 2, rows),
            "codmn": random.gamma(4, 1, rows),
            "nh3n": random.gamma(1, 0.4, rows),
            "tp": random.gamma(2, 0.05, rows),
        }
    )
    begun = time.perf_counter()
    judged = surface_water_tables.classify_table(table, on=ON)
    spent = time.perf_counter() - begun
    worse = int((judged["class_rank"] > 3).sum())
    print(
        f"{rows:,} samples of five items in {spent:.2f} s, {worse:,} of them worse than Ⅲ with main pollutants"
    )


def main() -> int:
    """Run both parts."""
    folder = os.environ.get("ECOLEDGER_REFERENCE_DATA")
    if not folder or not (Path(folder) / "water_auto").is_dir():
        print("set ECOLEDGER_REFERENCE_DATA to the folder that holds water_auto", file=sys.stderr)
        return 2
    unexplained = agreement(snapshot(Path(folder)))
    speed()
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
