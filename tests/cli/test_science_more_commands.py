"""The later commands of ``ecoledger analyse`` and ``trace``: columns, and that answers are right on small inputs."""

import io
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from click.testing import CliRunner

from ecoledger.cli import main

DATA = Path(__file__).parents[1] / "data"


def table(*arguments) -> pl.DataFrame:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return pl.read_csv(io.StringIO(result.stdout), infer_schema_length=None)


def test_regional(tmp_path):
    rng = np.random.default_rng(1)
    rows = ["date,station,pm25"]
    for hour in range(48):
        when = datetime(2026, 5, 1) + timedelta(hours=hour)
        for station, more in (("far", 0), ("a", 10), ("b", 11), ("c", 12), ("d", 40)):
            rows.append(f"{when:%Y-%m-%d %H:%M},{station},{30 + more + rng.normal(0, 0.5):.2f}")
    file = tmp_path / "network.csv"
    file.write_text("\n".join(rows))
    means = table(
        "analyse", "regional", file, "--pollutant", "pm25", "--background", "far", "--summary"
    )
    worst = means.sort("local", descending=True).row(0, named=True)
    assert worst["station"] == "d"
    assert 25 < worst["local"] < 32


def test_co_location(tmp_path):
    reference = 20 + 15 * np.sin(np.arange(200) / 9)
    rows = ["date,micro,reference"]
    rows += [
        f"{datetime(2026, 5, 1) + timedelta(hours=i):%Y-%m-%d %H:%M},{1.1 * v + 1},{v}"
        for i, v in enumerate(reference.tolist())
    ]
    file = tmp_path / "pairs.csv"
    file.write_text("\n".join(rows))
    month = table(
        "analyse", "co-location", file, "--sensor", "micro", "--reference", "reference"
    ).row(0, named=True)
    assert month["verdict"] == "good"
    assert round(month["slope"], 6) == 1.1


def test_upstream():
    found = table(
        "trace",
        "upstream",
        DATA / "network_edges.csv",
        "--node",
        "16",
        "--speed",
        "1",
        "--seen",
        "2026-05-01T12:00",
    )
    assert found.columns == [
        "node",
        "distance",
        "hours",
        "hours_low",
        "hours_high",
        "released_from",
        "released_to",
    ]
    assert found.height == 10


def test_factors(tmp_path):
    rng = np.random.default_rng(3)
    truth = rng.lognormal(0, 0.8, (120, 2)) @ np.array([[5, 1, 0.1, 2, 0.2], [0.1, 3, 4, 0.2, 2]])
    names = ["so4", "no3", "oc", "ec", "k"]
    values, errors = tmp_path / "values.csv", tmp_path / "errors.csv"
    pl.DataFrame(truth * rng.normal(1, 0.05, truth.shape), schema=names, orient="row").write_csv(
        values
    )
    pl.DataFrame(0.05 * truth + 0.01, schema=names, orient="row").write_csv(errors)
    profile = table(
        "analyse", "factors", values, "--errors", errors, "--factors", "2", "--starts", "3"
    )
    assert profile.columns == ["species", "factor", "concentration", "percent"]
    share = profile.filter(pl.col("species") == "oc")["percent"].max()
    assert share > 80


def test_trajectories(tmp_path):
    rows = ["date,hour.inc,lon,lat,pm25"]
    for number in range(60):
        sign = 1 if number % 2 else -1
        day, time = 1 + number // 8, 3 * (number % 8)
        rows.extend(
            f"2026-05-{day:02d} {time:02d}:00,{-back},{118 + sign * 0.1 * back},25,{90 if sign > 0 else 10}"
            for back in range(25)
        )
    file = tmp_path / "paths.csv"
    file.write_text("\n".join(rows))
    cells = table("analyse", "trajectories", file, "--pollutant", "pm25", "--statistic", "cwt")
    assert cells.columns == ["lon", "lat", "count", "value"]
    assert cells["lon"][0] > 118
    assert (
        table(
            "analyse",
            "trajectories",
            file,
            "--pollutant",
            "pm25",
            "--statistic",
            "cluster",
            "--clusters",
            "2",
        ).height
        == 50
    )
