"""``ecoledger analyse``, ``trace`` and ``tracks`` as a script meets them: CSV in, CSV or JSON lines out."""

import gzip
import io
import json
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from ecoledger.cli import main
from ecoledger.science import plume
from ecoledger.science.dispersion import Weather


def run(*arguments, stdin=None):
    return CliRunner().invoke(main, [str(each) for each in arguments], input=stdin)


def table(result) -> pl.DataFrame:
    assert result.exit_code == 0, result.output
    return pl.read_csv(io.StringIO(result.stdout), infer_schema_length=None)


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    """A year of hours as CSV, two cells missing."""
    rng = np.random.default_rng(1)
    size = 24 * 365
    wd, ws = rng.integers(1, 37, size) * 10.0, np.round(rng.gamma(3, 1, size), 1)
    so2 = np.round(rng.gamma(4, 2, size) + 40 * (wd == 90) * (ws > 3), 1)
    frame = pl.DataFrame({
        "date": [(datetime(2025, 1, 1) + timedelta(hours=i)).strftime("%Y-%m-%d %H:%M:%S") for i in range(size)],
        "ws": ws, "wd": wd, "so2": so2, "o3": np.round(rng.uniform(10, 120, size)),
    })  # fmt: skip
    path = tmp_path_factory.mktemp("science") / "station.csv"
    path.write_text(frame.write_csv().replace("2025-01-01 05:00:00", "2025-01-01 05:00", 1))
    return path


def test_average_with_capture_from_a_stream(station):
    days = table(
        run("analyse", "average", "-", "--to", "day", "--capture", "75", stdin=station.read_bytes())
    )
    assert days.columns == ["date", "ws", "wd", "so2", "o3"]
    assert days.height == 365
    assert days["date"][0] == "2025-01-01"


def test_a_gzipped_file_and_a_bad_cell(station, tmp_path):
    text = station.read_text().splitlines()
    text[3] = text[3].rsplit(",", 1)[0] + ",oops"
    path = tmp_path / "station.csv.gz"
    path.write_bytes(gzip.compress("\n".join(text).encode()))
    result = run(
        "analyse", "rolling", path, "--pollutant", "o3", "--hours", "8", "--align", "right"
    )
    assert result.exit_code == 1
    assert "line 4: o3 'oops' cannot be read" in result.stderr
    found = pl.read_csv(io.StringIO(result.stdout))
    assert found.columns == ["date", "o3", "o3_8h"]
    assert found["date"][1] == "2025-01-01 01:00:00"


def test_polar_with_a_picture(station, tmp_path):
    picture = tmp_path / "so2.svg"
    grid = table(
        run(
            "analyse",
            "polar",
            station,
            "--pollutant",
            "so2",
            "--statistic",
            "cpf",
            "--percentile",
            "90",
            "--cells",
            "51",
            "--png",
            picture,
        )
    )
    assert grid.columns == ["u", "v", "z"]
    assert grid.height == 51 * 51
    best = grid.sort("z", descending=True, nulls_last=True).row(0)
    assert best[0] > 2
    assert abs(best[1]) < 2
    assert "<svg" in picture.read_text()[:600]


def test_the_grid_reaches_the_highest_speed(station):
    grid = table(run("analyse", "polar", station, "--pollutant", "so2", "--statistic", "nwr"))
    assert grid.height == 201 * 201
    assert grid["u"].max() == pl.read_csv(station)["ws"].max()


@pytest.mark.parametrize(
    ("command", "columns"),
    [
        (["polar-frequency", "--pollutant", "so2"], ["ws", "wd", "weights", "value", "count"]),
        (["rose"], ["wd", "class", "percent"]),
        (["rose", "--pollutant", "so2"], ["wd", "class", "percent"]),
        (["percentile-rose", "--pollutant", "so2"], ["wd", "percentile", "value", "hours"]),
        (["annulus", "--pollutant", "so2"], ["wd", "time", "z"]),
        (["cluster", "--pollutant", "so2", "--clusters", "3"], ["u", "v", "z", "cluster"]),
        (["variation", "--pollutant", "so2"], ["pollutant", "by", "weekday", "step", "mean", "lower", "upper", "hours"]),
        (["calendar", "--pollutant", "so2"], ["date", "year", "month", "day", "weekday", "week", "value", "class"]),
        (["smooth", "--pollutant", "so2", "--method", "whittaker"], ["date", "so2", "smooth", "rest"]),
        (["runs", "--pollutant", "so2", "--threshold", "5", "--length", "3"], ["begins", "ends", "steps", "mean", "peak"]),
        (["model-stats", "--observed", "so2", "--modelled", "o3"], ["n", "FAC2", "MB", "MGE", "NMB", "NMGE", "RMSE", "r", "P", "COE", "IOA"]),
    ],
)  # fmt: skip
def test_columns(station, command, columns):
    result = run("analyse", command[0], station, *command[1:])
    assert table(result).columns == columns


def test_trend_columns(station):
    found = table(run("analyse", "trend", station, "--pollutant", "so2"))
    assert found.columns[:3] == ["slope", "lower", "upper"]
    assert found["lower"][0] <= found["slope"][0] <= found["upper"][0]


def test_what_is_missing_is_named(station):
    result = run("analyse", "polar", station, "--pollutant", "no2")
    assert result.exit_code == 2
    assert "no column no2; the table has date, ws, wd, so2, o3" in result.stderr


def hourly(time="2026-03-01 {:02}:00", values=lambda _hour: 30, hours=24, cell=","):
    return "".join(f"{time.format(h)}{cell}{values(h)}\n" for h in range(hours))


@pytest.mark.parametrize(
    "text",
    [
        "时间,PM2.5\n" + hourly(),
        "时间,PM2.5\n" + hourly("2026年3月1日{}时"),
        "时间,PM2.5\n" + hourly("20260301 {:02}"),
        "日期,小时,PM2.5\n" + hourly("2026-03-01,{}"),
        "日期;小时;PM2.5\n" + hourly("2026-03-01;{}", lambda _hour: "30,0", cell=";"),
        "某站小时数据\n时间,PM2.5\n,μg/m3\n" + hourly() + "平均值,99\n",
        "时间,PM2.5\n" + hourly(values=lambda h: "—" if h == 4 else "停产" if h == 5 else 30),
        '"时间","PM2.5"\n' + hourly('"2026-03-01 {:02}:00"', lambda _hour: '"30"'),
    ],
)
def test_tables_are_read_as_every_table(text):
    days = table(run("analyse", "average", "-", stdin=text.encode()))
    assert days["pm25"].to_list() == [30.0]


@pytest.mark.parametrize(
    ("head", "means"),
    [
        ("PM2.5(mg/m3),风速(km/h)", (30000, 10)),
        ("PM2.5（微克/立方米）,风速(m/s)", (30, 36)),
        ("PM2.5（毫克/立方米）,风速（10m）", (30000, 36)),
    ],
)
def test_units_of_headers_are_converted(head, means):
    text = f"时间,{head}\n" + hourly(values=lambda _hour: "30,36")
    days = table(run("analyse", "average", "-", stdin=text.encode()))
    assert days.select("pm25", "ws").row(0) == pytest.approx(means)


@pytest.mark.parametrize("name", ["SO2(ppb)", "PM2.5(IAQI)", "风速（级）"])
def test_a_unit_that_cannot_be_converted_is_refused_by_name(name):
    result = run("analyse", "average", "-", stdin=(f"时间,{name}\n" + hourly()).encode())
    assert (result.exit_code, name in result.stderr) == (2, True)


def test_what_cannot_be_measured_is_named_and_missing():
    cells = {
        3: "3,90,9999",
        4: "3,90,1e400",
        5: "-1,90,30",
        6: "200,90,30",
        7: "3,370,30",
        8: "3,999,30",
    }
    text = "时间,ws,wd,PM2.5\n" + hourly(values=lambda h: cells.get(h, "3,90,30"))
    result = run("analyse", "average", "-", stdin=text.encode())
    assert result.exit_code == 1
    assert [f"line {h + 2}:" in result.stderr for h in range(24)] == [h in cells for h in range(24)]
    days = pl.read_csv(io.StringIO(result.stdout))
    assert days.select("ws", "wd", "pm25").row(0) == pytest.approx((3, 90, 30))


def test_a_column_is_asked_for_by_the_name_it_has_in_the_file():
    text = ("时间,PM2.5\n" + hourly()).encode()
    runs = table(
        run("analyse", "runs", "-", "--pollutant", "PM2.5", "--threshold", "20", stdin=text)
    )
    assert runs["steps"].to_list() == [24]
    other = run("analyse", "runs", "-", "--pollutant", "NO2", "--threshold", "20", stdin=text)
    assert (other.exit_code, "no column no2; the table has date, pm25" in other.stderr) == (2, True)


@pytest.mark.parametrize("row", ["a,b,,", "a,b,abc,", "a,b,-5,", "a,b,100,0", "a,b,100,-1"])
def test_a_reach_without_length_or_speed_is_no_way(row):
    text = f"from_node,to_node,length,speed\nx,b,50,1\n{row}\nb,c,100,\n"
    result = run("trace", "upstream", "-", "--node", "c", stdin=text.encode())
    assert (result.exit_code, result.stdout) == (2, "")
    assert "from 'a' to 'b' in row 2" in result.stderr


MET = "run,wind_speed_m_s,wind_dir_deg_from,sigma_azimuth_deg\n7,4,270,8\n8,4,270,8\n"


def samples(constant=False):
    x, y = np.meshgrid([50.0, 120, 250], np.arange(-60, 61, 6.0))
    xyz = np.column_stack([x.ravel(), y.ravel(), np.full(x.size, 1.5)])
    values = plume.concentrations(
        plume.points(xyz, x.ravel()), [Weather(4, 270, deviation_deg=8)], -80, 10, 5
    )
    lines = ["run,t,x_m,y_m,z_m,concentration_mg_m3"]
    for number in (7, 8):
        level = np.ones(len(values)) if number == 8 or constant else values
        lines += [
            f"{number},0,{a},{b},{c},{v!r}"
            for (a, b, c), v in zip(xyz.tolist(), level.tolist(), strict=True)
        ]
    return "\n".join(lines)


def test_trace_plume(tmp_path):
    met, file, picture = tmp_path / "met.csv", tmp_path / "samples.csv", tmp_path / "map.png"
    met.write_text(MET)
    file.write_text(samples())
    result = run("trace", "plume", "--met", met, "--samples", file, "--png", picture)
    assert result.exit_code == 0, result.output
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first["run"] == 7
    assert abs(first["y_m"] - 10) < 8
    assert abs(first["x_m"] + 80) < 50
    assert 5 / 2 < first["rate_g_s"] < 5 * 2
    assert first["region90"][0][0] == first["region90"][0][-1]
    assert any("wind_height_m not given" in each for each in first["warnings"])
    assert second["x_m"] is None
    assert second["warnings"]
    assert (tmp_path / "map-7.png").read_bytes().startswith(b"\x89PNG")


def test_calm_air_has_no_plume_and_9999_is_no_concentration(tmp_path):
    met, file = tmp_path / "met.csv", tmp_path / "samples.csv"
    met.write_text(MET.replace("8,4,270", "8,0,270").replace("7,4,270", "7,4,W"))
    file.write_text(samples() + "\n7,0,10,10,1.5,9999\n7,0,10,20,1.5,-5\n")
    result = run("trace", "plume", "--met", met, "--samples", file)
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert (second["x_m"], "calm" in second["warnings"][0]) == (None, True)
    assert abs(first["y_m"] - 10) < 8
    told = " ".join(first["warnings"])
    assert "1 concentrations of -9" in told
    assert "1 concentrations are negative" in told


def test_trace_plume_says_what_is_wrong(tmp_path):
    met, file = tmp_path / "met.csv", tmp_path / "samples.csv"
    met.write_text("run,wind_speed_m_s\n7,4\n")
    file.write_text(samples())
    result = run("trace", "plume", "--met", met, "--samples", file)
    assert result.exit_code == 2
    assert "no column wind_dir_deg_from" in result.stderr
    met.write_text(MET)
    file.write_text("run,t,x_m,y_m,z_m,concentration_ppm\n7,0,1,2,1,3\n")
    result = run("trace", "plume", "--met", met, "--samples", file)
    assert result.exit_code == 2
    assert "--gas" in result.stderr


def test_hot_spots_of_cars_in_gcj02(tmp_path):
    from ecoledger.science.coordinates import to_gcj02

    rng = np.random.default_rng(2)
    rows = ["time,device,lon,lat,PM2.5"]
    for car, drift in (("A", 1.0), ("B", 2.0)):
        for hour in range(12):
            for place in range(10):
                lon, lat = to_gcj02(116.4 + 0.004 * place, 35.0)
                value = 40 * drift * (2.5 if place == 6 else 1) * np.exp(rng.normal(0, 0.1))
                rows.append(f"2026-05-01 {hour:02d}:{place:02d}:00,{car},{lon},{lat},{value}")
    file, target = tmp_path / "cars.csv", tmp_path / "spots.json"
    file.write_text("\n".join(rows))
    found = table(run("tracks", "hotspots", file, "--system", "gcj02", "--geojson", target))
    hot = found.filter(pl.col("hot"))
    assert hot.height == 1
    assert hot["lon"][0] == pytest.approx(116.424, abs=0.0025)
    assert hot["ratio"][0] == pytest.approx(2.5, rel=0.15)
    assert hot["cars"][0] == 2
    assert len(json.loads(target.read_text())["features"]) == found.height
