"""Tracing real releases of a tracer: Project Prairie Grass 1956 and Chilbolton 2017.

``python benchmarks/plume_releases.py FOLDER [--runs 6,8] [--third] [--computed]`` with FOLDER holding ``prairie_grass`` and
``chilbolton2017``. Coordinates are turned and shifted at random for every run, so that nothing can be read off;
``--third`` keeps a random third of the samplers; ``--computed`` replaces the concentrations by a plume computed
from a place at least 150 m off the centre.
"""

from __future__ import annotations

import argparse
import ast
import time
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.path import Path as Outline
from scipy.spatial import ConvexHull

from ecoledger.science import gas_units, plume, plume_inversion
from ecoledger.science.dispersion import Weather


def area(polygon: list[tuple[float, float]]) -> float:
    """Area of a closed polygon, m²."""
    x, y = np.array(polygon).T
    return 0.5 * abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])))


def known(value: float) -> float | None:
    """The value, or None where the file writes -999."""
    return None if value == -999 else value


def prairie_grass(folder: Path, runs: list[int], third: bool, computed: bool, seed: int) -> None:
    """One line a run, and the medians."""
    arcs = pl.read_csv(folder / "arcs.csv", infer_schema_length=None)
    met = pl.read_csv(folder / "met.csv")
    results = []
    for row in met.iter_rows(named=True):
        if runs and row["run"] not in runs:
            continue
        rng = np.random.default_rng(seed * 1000 + row["run"])
        part = arcs.filter((pl.col("run") == row["run"]) & (pl.col("conc_mg_m3") > -9))
        turn, shift = rng.uniform(0, 360), rng.uniform(-3000, 3000, 2)
        angle = np.radians(part["azimuth_deg_true"].to_numpy() + turn)
        radius = part["arc_radius_m"].to_numpy()
        places = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)]) + shift
        xyz = np.column_stack([places, part["sampler_height_m"].to_numpy()])
        values = part["conc_mg_m3"].to_numpy()
        weather = Weather(
            row["wind_speed_m_s"],
            (row["wind_dir_deg_from"] + turn) % 360,
            obukhov_length=known(row["obukhov_L_m"]),
            friction_velocity=known(row["ustar_m_s"]),
            mixing_height=known(row["mixing_height_m"]),
            deviation_deg=known(row["sigma_azim_deg"]),
        )
        source, rate = shift, float(part["Q_g_s"][0])
        if computed:
            away = np.radians(rng.uniform(0, 360))
            source = shift + rng.uniform(150, 250) * np.array([np.sin(away), np.cos(away)])
            # A plume that meets too few samplers tells nothing: blow toward the middle of the arcs.
            toward = places.mean(axis=0) - source
            bearing = np.degrees(np.arctan2(-toward[0], -toward[1])) % 360
            weather = Weather(row["wind_speed_m_s"], bearing, obukhov_length=weather.obukhov_length,
                friction_velocity=weather.friction_velocity, mixing_height=weather.mixing_height,
                deviation_deg=weather.deviation_deg)  # fmt: skip
            values = plume.concentrations(plume.points(xyz, values), [weather], *source, rate)
        if third:
            kept = rng.random(len(values)) < 1 / 3
            xyz, values = xyz[kept], values[kept]
        began = time.perf_counter()
        answer = plume_inversion.invert(plume.points(xyz, values), [weather])
        took = time.perf_counter() - began
        if not answer.sources:
            print(row["run"], answer.warnings, flush=True)
            results.append((180.0, 1.0, False, 0.0, 9.0, 999.0))
            continue
        first = answer.sources[0]
        place = np.array([first.x, first.y])
        top = xyz[np.argsort(-values)[:10], :2].mean(axis=0)
        true, found = source - top, place - top
        bearing = np.degrees(np.arctan2(*found) - np.arctan2(*true))
        bearing = abs((bearing + 180) % 360 - 180)
        distance = abs(np.hypot(*found) - np.hypot(*true)) / np.hypot(*true)
        inside = any(Outline(np.array(each)).contains_point(source) for each in answer.region90)
        share = sum(area(each) for each in answer.region90) / ConvexHull(xyz[:, :2]).volume
        off = float(np.hypot(*(place - source)))
        results.append((bearing, distance, inside, share, abs(np.log(first.rate / rate)), off))
        print(
            f"run {row['run']:3d}  samples {len(values):3d}  bearing error {bearing:5.1f}°  distance error "
            f"{100 * distance:5.1f} %  off {off:6.1f} m  inside {inside!s:5}  area {100 * share:6.2f} %  rate "
            f"{first.rate / rate:5.2f} [{first.rate_low / rate:.2f}, {first.rate_high / rate:.2f}]  {took:.1f} s",
            flush=True,
        )
    table = np.array(results, dtype=float)
    bearing, distance, inside, share, factor, off = table.T
    print(
        f"{len(table)} runs: median bearing error {np.median(bearing):.1f}°, median distance error "
        f"{100 * np.median(distance):.0f} %, median off {np.median(off):.1f} m, region90 holds the source in "
        f"{100 * inside.mean():.0f} %, median area {100 * np.median(share):.2f} % of the hull, median rate factor "
        f"{np.exp(np.median(factor)):.2f}"
    )


def chilbolton(folder: Path, every: int) -> None:
    """Source 1 of the methane releases: seven beams, one-minute values."""
    values = pl.read_csv(folder / "Chilbolton_CH4_measurements_source_1.csv")[
        "Measurements"
    ].to_numpy()
    winds = pl.read_csv(folder / "Chilbolton_windfield_source_1.csv")
    places = ast.literal_eval((folder / "Chilbolton_instruments_location.txt").read_text())
    truth = ast.literal_eval(
        (folder / "Chilbolton_sources_locations_and_emission_rates.txt").read_text()
    )
    minutes = winds.height
    series = values.reshape(7, minutes)
    weather = []
    for row in winds.iter_rows(named=True):
        # The file's direction is where the air goes, counter-clockwise from east.
        goes = np.radians(row["Average Direction"])
        came = np.degrees(np.arctan2(-np.cos(goes), -np.sin(goes))) % 360
        deviation = np.degrees(np.arctan(row["Average Tan_gamma Horizontal"]))
        weather.append(Weather(row["Average Speed"], came, deviation_deg=deviation))
    kept = np.arange(0, minutes, every)
    first, second, step, ppm = [], [], [], []
    for number in range(7):
        for minute in kept:
            first.append(places["line_of_sight_sensor"])
            second.append(places[f"reflector_{number + 1}"])
            step.append(minute)
            ppm.append(series[number, minute])
    factor = gas_units.milligrams_per_ppm("ch4", np.array([288.0]), np.array([1013.0]))[0]
    samples = plume.beams(
        np.array(first), np.array(second), np.array(ppm) * factor, np.array(step, dtype=np.intp)
    )
    began = time.perf_counter()
    answer = plume_inversion.invert(samples, weather)
    took = time.perf_counter() - began
    if not answer.sources:
        print("Chilbolton:", answer.warnings)
        return
    source = answer.sources[0]
    place, rate = truth["source_1_location"], 1000 * truth["source_1_emission_rate"]
    off = np.hypot(source.x - place[0], source.y - place[1])
    inside = any(Outline(np.array(each)).contains_point(place[:2]) for each in answer.region90)
    print(
        f"Chilbolton source 1: ({source.x:.1f}, {source.y:.1f}) against {place[:2]}: off {off:.1f} m, inside {inside}, "
        f"rate {source.rate / rate:.2f} [{source.rate_low / rate:.2f}, {source.rate_high / rate:.2f}] of the true, "
        f"background {answer.background / factor:.2f} ppm, {len(ppm)} values, {took:.0f} s {answer.warnings}"
    )


def main() -> None:
    """Run what was asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--runs", default="")
    arguments.add_argument("--third", action="store_true")
    arguments.add_argument("--computed", action="store_true")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--chilbolton", action="store_true", help="only Chilbolton")
    arguments.add_argument("--every", type=int, default=1, help="minutes between values used")
    options = arguments.parse_args()
    if not options.chilbolton:
        runs = [int(each) for each in options.runs.split(",") if each]
        prairie_grass(
            options.folder / "prairie_grass", runs, options.third, options.computed, options.seed
        )
    if options.chilbolton or not options.runs:
        chilbolton(options.folder / "chilbolton2017", options.every)


if __name__ == "__main__":
    main()
