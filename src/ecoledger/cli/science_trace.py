"""``ecoledger trace``: from measured air back to the source."""

from __future__ import annotations

import json
import math
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
import polars as pl

from ecoledger.cli import control, data_folder
from ecoledger.cli.blocks import UnusableTableError
from ecoledger.cli.science_files import finish, png_option, read, refusals, write
from ecoledger.science import air_table, gas_units
from ecoledger.standards.readings import stand_for_none

_OPTIONAL = (
    *("obukhov_length_m", "friction_velocity_m_s", "mixing_height_m", "sigma_azimuth_deg"),
    *("wind_height_m", "temperature_k", "pressure_hpa"),
)
# What samplers write for "no value" beside what every table may.
_NO_VALUE = -9.0
_TYPICAL_TEMPERATURE, _TYPICAL_PRESSURE = 293.15, 1013.25


@click.group("trace", help=__doc__)
def command() -> None:
    """Group of the tracing commands."""


@command.command("plume")
@click.option(
    "--met",
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="CSV: run, wind_speed_m_s, wind_dir_deg_from and what else is known.",
)
@click.option(
    "--samples",
    "samples_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="CSV: run, t, x_m, y_m, z_m, concentration_mg_m3.",
)
@click.option(
    "--beams",
    is_flag=True,
    help="Path means: x1_m, y1_m, z1_m, x2_m, y2_m, z2_m in place of x_m, y_m, z_m.",
)
@click.option(
    "--sources",
    default=1,
    type=click.IntRange(1, 6),
    help="At most so many sources; the evidence decides.",
)
@click.option(
    "--gas", default=None, help="Formula of the gas where concentrations are in ppm, such as ch4."
)
@click.option("--source-height", default=0.5, help="Height of the release, m.")
@png_option
@refusals
def plume(
    met: str,
    samples_file: str,
    beams: bool,
    sources: int,
    gas: str | None,
    source_height: float,
    picture: str | None,
) -> None:
    """Where the source is and how strong: one JSON line a run, with a region that holds it at 90 %.

    Coordinates are metres east and north in any flat system. MET may also have obukhov_length_m,
    friction_velocity_m_s, mixing_height_m, sigma_azimuth_deg, wind_height_m, temperature_k, pressure_hpa, stability (A to
    F), and ``t`` where the wind changes within a run. -999 and empty mean: not known.
    """
    from ecoledger.science import figures, plume_inversion

    weather_table = read(met, ("run", "t", "stability"))
    samples_table = read(samples_file, ("run", "t", "beam", "sensor"))
    air_table.require(weather_table, ("wind_speed_m_s", "wind_dir_deg_from"))
    if "run" not in samples_table.columns:
        samples_table = samples_table.with_columns(run=pl.lit("1"))
    if "run" not in weather_table.columns:
        weather_table = weather_table.with_columns(run=pl.lit(samples_table["run"][0]))
    runs = samples_table["run"].unique(maintain_order=True).to_list()
    runs += [run for run in weather_table["run"].unique(maintain_order=True) if run not in runs]
    for run in runs:
        rows = samples_table.filter(pl.col("run") == run)
        weather_rows = weather_table.filter(pl.col("run") == run)
        warnings: list[str] = []
        if weather_rows.is_empty():
            print(json.dumps(_nothing(run, ["no weather for this run in the table of weather"])))
            continue
        if (weather_rows["wind_speed_m_s"] == 0).any():
            print(json.dumps(_nothing(run, ["wind_speed_m_s is 0: in calm air there is no plume"])))
            continue
        weather = [_weather(row, warnings) for row in weather_rows.iter_rows(named=True)]
        steps = _steps(rows, weather_rows, warnings)
        values = _concentrations(rows, weather_rows, steps, gas, warnings)
        samples = _samples(rows, values, steps, beams)
        result = plume_inversion.invert(
            samples, weather, sources=sources, source_height=source_height
        )
        print(json.dumps(_line(run, result, warnings), ensure_ascii=False))
        sys.stdout.flush()
        if picture:
            known = np.isfinite(values)
            image = figures.sources(
                result,
                samples.places[known],
                values[known],
                figures.format_of(picture),
                f"run {run}",
            )
            Path(_named(picture, run, len(runs))).write_bytes(image)
    finish()


def _named(picture: str, run: str, runs: int) -> str:
    stem, dot, ending = picture.rpartition(".")
    return picture if runs == 1 else f"{stem}-{run}{dot}{ending}"


def _known(value: Any) -> float | None:
    if value is None or not math.isfinite(value) or value in (-99, -999, -9999):
        return None
    return float(value)


def _once(warnings: list[str], text: str) -> None:
    if text not in warnings:
        warnings.append(text)


def _weather(row: dict[str, Any], warnings: list[str]) -> Any:
    from ecoledger.science.dispersion import Weather

    speed, direction = row["wind_speed_m_s"], row["wind_dir_deg_from"]
    if speed is None or direction is None:
        raise air_table.TableError(
            f"run {row['run']} has a time without wind_speed_m_s or wind_dir_deg_from"
        )
    known = {name: _known(row.get(name)) for name in _OPTIONAL}
    if known["wind_height_m"] is None:
        _once(warnings, "wind_height_m not given: 10 m assumed")
    if known["obukhov_length_m"] is None or known["friction_velocity_m_s"] is None:
        given = (
            "its class"
            if row.get("stability")
            else "the deviation of wind direction"
            if known["sigma_azimuth_deg"]
            else "neutral air"
        )
        _once(warnings, f"Obukhov length or friction velocity not given: spread by {given}")
    stability: Any = (row.get("stability") or "").strip().upper() or None
    if stability and stability not in "ABCDEF":
        raise air_table.TableError(f"stability {stability!r} is no Pasquill class; use A to F")
    if speed < 1:
        _once(warnings, "wind below 1 m/s: a plume model hardly holds")
    return Weather(
        float(speed),
        float(direction) % 360,
        known["wind_height_m"] or 10.0,
        known["obukhov_length_m"],
        known["friction_velocity_m_s"],
        known["mixing_height_m"],
        known["sigma_azimuth_deg"],
        stability,
    )


def _steps(rows: pl.DataFrame, weather: pl.DataFrame, warnings: list[str]) -> np.ndarray:
    """Which row of the weather applies to each sample: by ``t`` where both have it."""
    if weather.height == 1:
        return np.zeros(rows.height, dtype=np.intp)
    if "t" not in rows.columns or "t" not in weather.columns:
        raise air_table.TableError("several weathers in a run need a column t in both tables")
    index = {t: number for number, t in enumerate(weather["t"])}
    if len(index) < weather.height:
        raise air_table.TableError("the table of weather has a time twice in one run")
    steps = np.array([index.get(t, -1) for t in rows["t"]], dtype=np.intp)
    if (steps < 0).any():
        _once(
            warnings,
            f"{int((steps < 0).sum())} samples have no weather at their time and were left out",
        )
    return steps


def _concentrations(
    rows: pl.DataFrame,
    weather: pl.DataFrame,
    steps: np.ndarray,
    gas: str | None,
    warnings: list[str],
) -> np.ndarray:
    """mg/m³; NaN where there is nothing to use."""
    if "concentration_mg_m3" in rows.columns:
        values = rows["concentration_mg_m3"].cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
        factor = np.ones(len(values))
    elif "concentration_ppm" in rows.columns:
        if gas is None:
            raise UnusableTableError("concentration_ppm needs the gas: --gas ch4")
        values = rows["concentration_ppm"].cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
        temperature = _column(weather, "temperature_k", _TYPICAL_TEMPERATURE, warnings)
        pressure = _column(weather, "pressure_hpa", _TYPICAL_PRESSURE, warnings)
        factor = gas_units.milligrams_per_ppm(gas, temperature, pressure)[np.maximum(steps, 0)]
    else:
        raise air_table.TableError(
            "no column concentration_mg_m3 or concentration_ppm in the samples"
        )
    sentinel = (values == _NO_VALUE) | stand_for_none(pl.Series(values)).to_numpy()
    if sentinel.any():
        _once(warnings, f"{int(sentinel.sum())} concentrations of -9, -99, 9999 … count as missing")
    if (negative := (values < 0) & ~sentinel).any():
        _once(warnings, f"{int(negative.sum())} concentrations are negative and used as they are")
    values[sentinel | (steps < 0)] = np.nan
    return np.asarray(values * factor)


def _column(weather: pl.DataFrame, name: str, default: float, warnings: list[str]) -> np.ndarray:
    values = (
        [_known(v) for v in weather[name]] if name in weather.columns else [None] * weather.height
    )
    if None in values:
        _once(warnings, f"{name} not given: {default:g} assumed")
    return np.array([default if v is None else v for v in values])


def _samples(rows: pl.DataFrame, values: np.ndarray, steps: np.ndarray, beams: bool) -> Any:
    from ecoledger.science import plume as model

    ends = (
        (("x1_m", "y1_m", "z1_m"), ("x2_m", "y2_m", "z2_m")) if beams else (("x_m", "y_m", "z_m"),)
    )
    air_table.require(rows, [name for names in ends for name in names])
    places = [rows.select(names).to_numpy().astype(float) for names in ends]
    unplaced = ~np.isfinite(np.hstack(places)).all(axis=1)
    if unplaced.any():
        raise air_table.TableError(
            f"{int(unplaced.sum())} samples of run {rows['run'][0]} have no place"
        )
    steps = np.maximum(steps, 0)
    return (
        model.beams(places[0], places[1], values, steps)
        if beams
        else model.points(places[0], values, steps)
    )


def _nothing(run: str, warnings: list[str], background: float | None = None) -> dict[str, Any]:
    return {
        "run": _plain(run),
        "x_m": None,
        "y_m": None,
        "rate_g_s": None,
        "background": background,
        "region90": [],
        "warnings": warnings,
    }


def _plain(run: str) -> int | str:
    return int(run) if run.isdigit() else run


def _line(run: str, result: Any, warnings: list[str]) -> dict[str, Any]:
    warnings = [*warnings, *result.warnings]
    if not result.sources:
        return _nothing(run, warnings, result.background)
    first = result.sources[0]
    line = {
        "run": _plain(run),
        "x_m": first.x,
        "y_m": first.y,
        "rate_g_s": first.rate,
        "rate90_g_s": [first.rate_low, first.rate_high],
        "background": result.background,
        "region90": [[list(point) for point in polygon] for polygon in result.region90],
        "warnings": warnings,
    }
    if len(result.sources) > 1:
        line["sources"] = [
            {
                "x_m": each.x,
                "y_m": each.y,
                "rate_g_s": each.rate,
                "rate90_g_s": [each.rate_low, each.rate_high],
            }
            for each in result.sources
        ]
    return line


@command.command("upstream")
@click.argument("edges", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--node", required=True, help="Where it was seen.")
@click.option("--speed", default=0.5, help="m/s of reaches without a speed of their own.")
@click.option("--uncertainty", default=0.5, help="Share by which the speed may be wrong.")
@click.option("--hours", type=float, default=None, help="Not farther than so many hours.")
@click.option(
    "--seen",
    default=None,
    help="When it was seen, YYYY-MM-DDTHH:MM: adds the span of the discharge.",
)
@click.option(
    "--sources",
    default=None,
    type=click.Path(exists=True, dir_okay=False),
    help="CSV of source, node and perhaps load.",
)
@click.option("--decay", default=0.0, help="Per day.")
@refusals
def upstream(
    edges: str,
    node: str,
    speed: float,
    uncertainty: float,
    hours: float | None,
    seen: str | None,
    sources: str | None,
    decay: float,
) -> None:
    """Everything upstream of a node with travel time (EDGES: from_node, to_node, length, perhaps speed)."""
    from ecoledger.science import river_network

    network = read(edges, ("from_node", "to_node", "link", "type"))
    when = datetime.fromisoformat(seen) if seen else None
    if sources:
        listed = read(sources, ("source", "node", "name"))
        result = river_network.suspects(
            network,
            node,
            listed,
            when or datetime(2000, 1, 1),
            speed=speed,
            uncertainty=uncertainty,
            decay=decay,
        )
        result = result if when else result.drop("released_from", "released_to")
        result = result if hours is None else result.filter(pl.col("hours_low") <= hours)
    else:
        result = river_network.upstream(
            network, node, speed=speed, uncertainty=uncertainty, hours=hours, seen=when
        )
    write(result)


@command.command("suspects")
@data_folder.option
@click.option("--point", required=True, help="Code or MN of the station, or its name.")
@click.option("--parameter", required=True, help="Code of the factor, such as a34004.")
@click.option(
    "--from", "begin", required=True, help="YYYY-MM-DDTHH:MM, the start of the first hour."
)
@click.option("--to", "end", required=True, help="YYYY-MM-DDTHH:MM, exclusive.")
@click.option("--farthest", default=20.0, help="km.")
def suspects(data: Path, point: str, parameter: str, begin: str, end: str, farthest: float) -> None:
    """Enterprises that fit an anomaly at a station, ranked, with the evidence of each, as JSON lines."""
    arguments = {
        "point": point,
        "parameter": parameter,
        "from": begin,
        "to": end,
        "farthest": farthest,
    }

    def tell(line: Any) -> None:
        print(json.dumps(line, ensure_ascii=False, default=str))

    if server := control.running(data.resolve()):
        for line in control.ask(server, "suspects", arguments):
            tell(line)
        return
    data_folder.use(data)
    data_folder.migrate()
    from ecoledger.monitoring import runtime
    from ecoledger.store.interface import StoreError

    try:
        with runtime.opened(data_folder.setting("OBSERVATIONS")):
            suspects_for_client(arguments, tell)
    except StoreError as error:
        raise click.ClickException(str(error)) from error


def suspects_for_client(arguments: dict[str, Any], tell: control.Tell) -> None:
    """Rank in the process that has the store open; one line a suspect."""
    from django.db.models import Q

    from ecoledger.monitoring import suspects as ranking
    from ecoledger.monitoring.models import Point

    try:
        begin, end = (datetime.fromisoformat(str(arguments[name])) for name in ("from", "to"))
    except ValueError as error:
        raise click.ClickException(f"{error}; write times such as 2026-05-01T13:00") from None
    if begin >= end:
        raise click.ClickException("--to must lie after --from")
    key = str(arguments["point"])
    match = Q(entity__code=key) | Q(mn=key) | Q(name=key)
    points = list(Point.objects.filter(match).select_related("entity", "entity__parent")[:2])
    if len(points) != 1:
        raise click.ClickException(
            f"{'several points are' if points else 'no point is'} called {key!r}"
        )
    try:
        ranked = ranking.rank(
            points[0],
            str(arguments["parameter"]),
            begin,
            end,
            farthest=1000 * float(arguments["farthest"]),
        )
    except air_table.TableError as error:
        raise click.ClickException(str(error)) from None
    for number, row in enumerate(ranked.iter_rows(named=True), 1):
        tell({"rank": number, **row})
