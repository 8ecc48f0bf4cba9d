"""``ecoledger tracks``: air measured from moving vehicles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import polars as pl

from ecoledger.cli.science_files import file_argument, read, refusals, write
from ecoledger.science import air_table


@click.group("tracks", help=__doc__)
def command() -> None:
    """Group of the track commands."""


@command.command("hotspots")
@file_argument
@click.option(
    "--pollutant",
    default=None,
    help="Its column; the first of pm25, pm10, tvoc, no2, o3 otherwise.",
)
@click.option(
    "--roads",
    "roads_file",
    type=click.Path(exists=True, dir_okay=False),
    default=None,
    help="GeoJSON of roads (WGS-84); without it a grid.",
)
@click.option("--size", default=200.0, help="Length of a stretch or side of a cell, m.")
@click.option(
    "--system",
    type=click.Choice(["wgs84", "gcj02", "bd09"]),
    default="wgs84",
    help="System of the points' coordinates.",
)
@click.option(
    "--stations",
    type=click.Path(exists=True, dir_okay=False),
    default=None,
    help="CSV of station hours (date, lon, lat, pollutant) to bring the cars to one level.",
)
@click.option("--ratio", default=1.3, help="A hot stretch has so many times the median level.")
@click.option("--least-visits", default=3)
@click.option(
    "--geojson",
    "target",
    type=click.Path(dir_okay=False, writable=True),
    default=None,
    help="Also write the stretches here.",
)
@refusals
def hotspots(
    file: str,
    pollutant: str | None,
    roads_file: str | None,
    size: float,
    system: Any,
    stations: str | None,
    ratio: float,
    least_visits: int,
    target: str | None,
) -> None:
    """Stretches of road that are dirtier than chance: stretch, lon, lat, level, ratio, visits, cars, days, p, q, hot.

    FILE has date (or time), car (or device), lon, lat and the pollutant; a car is compared with itself only, so one
    car's drift makes no hot spot.
    """
    from ecoledger.science import coordinates, tracks

    table = read(file, ("car", "device", "vehicle", "id"))
    for other in ("device", "vehicle", "id"):
        if "car" not in table.columns and other in table.columns:
            table = table.rename({other: "car"})
    if "car" not in table.columns:
        table = table.with_columns(car=pl.lit("1"))
    air_table.require(table, ("date", "lon", "lat"))
    if pollutant is None:
        pollutant = next(
            (p for p in ("pm25", "pm10", "tvoc", "no2", "o3") if p in table.columns), None
        )
        if pollutant is None:
            raise air_table.TableError("name the pollutant's column: --pollutant COLUMN")
    pollutant = air_table.canonical([pollutant])[pollutant]
    air_table.require(table, (pollutant,))
    table = table.drop_nulls(["date", "lon", "lat", pollutant]).sort("car", "date")
    lon, lat = coordinates.to_wgs84(table["lon"].to_numpy(), table["lat"].to_numpy(), system)
    table = table.with_columns(lon=pl.Series(lon), lat=pl.Series(lat))
    if stations:
        table, factors = tracks.calibrate(table, read(stations), pollutant)
        for row in factors.filter(~pl.col("used")).iter_rows(named=True):
            click.echo(
                f"car {row['car']}: only {row['hours']} hours at a station, not corrected", err=True
            )
    if roads_file:
        network = tracks.roads(json.loads(Path(roads_file).read_text(encoding="utf-8")), size)
        stretch = tracks.match_roads(table, network)
        names = network.names
        shapes: list[Any] = list(network.lines)
        middles = [line[len(line) // 2] for line in network.lines]
        off = stretch.null_count()
        if off:
            click.echo(f"{off:,} of {table.height:,} points lie on no road", err=True)
    else:
        stretch, cells = tracks.match_grid(table, size)
        names = cells["name"].to_list()
        middles = list(zip(cells["lon"].to_list(), cells["lat"].to_list(), strict=True))
        shapes = list(middles)
    spots = tracks.hot_spots(
        tracks.visits(table, stretch, pollutant), ratio=ratio, least_visits=least_visits
    )
    if target:
        Path(target).write_text(
            json.dumps(tracks.geojson(spots, shapes, names), ensure_ascii=False), encoding="utf-8"
        )
    number = spots.table["stretch"].to_list()
    write(
        spots.table.with_columns(
            stretch=pl.Series([names[each] for each in number]),
            lon=pl.Series([middles[each][0] for each in number]),
            lat=pl.Series([middles[each][1] for each in number]),
        ).select("stretch", "lon", "lat", pl.exclude("stretch", "lon", "lat"))
    )
