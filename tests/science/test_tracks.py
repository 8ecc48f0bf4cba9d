"""Tracks: coordinates of China, matching to roads, hot spots that are no drift and no chance."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.science import air_table, coordinates, tracks


def test_gcj02_of_a_known_place():
    # Tiananmen, as map services show it.
    lon, lat = coordinates.to_gcj02(116.3912757, 39.9066921)
    assert (float(lon), float(lat)) == pytest.approx((116.39752, 39.90809), abs=3e-5)


@given(st.floats(74, 134), st.floats(19, 53))
def test_gcj02_there_and_back(lon, lat):
    back = coordinates.from_gcj02(*coordinates.to_gcj02(lon, lat))
    assert float(coordinates.distance(lon, lat, *back)) < 0.01
    moved = coordinates.to_gcj02(lon, lat)
    assert 1 < float(coordinates.distance(lon, lat, *moved)) < 1500


def test_outside_china_nothing_moves():
    assert [float(each) for each in coordinates.to_gcj02(2.35, 48.85)] == [2.35, 48.85]


ROADS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "east"},
            "geometry": {"type": "LineString", "coordinates": [[116.0, 35.0], [116.02, 35.0]]},
        },
        {
            "type": "Feature",
            "properties": {"name": "north"},
            "geometry": {"type": "LineString", "coordinates": [[116.01, 34.99], [116.01, 35.01]]},
        },
    ],
}


def drive(car, lon, lat, start=datetime(2026, 5, 1), step=3):
    return pl.DataFrame(
        {
            "date": [start + timedelta(seconds=step * i) for i in range(len(lon))],
            "car": [car] * len(lon),
            "lon": lon,
            "lat": lat,
        }
    )


def test_a_car_stays_on_its_road_across_a_crossing():
    network = tracks.roads(ROADS, 200)
    assert network.lengths.sum() == pytest.approx(1822 + 2224, rel=0.02)
    lon = np.linspace(116.0, 116.02, 200)
    table = drive("a", lon, np.full(200, 35.00005))
    names = {network.names[each].split("#")[0] for each in tracks.match_roads(table, network)}
    assert names == {"east"}


def test_a_car_on_no_road():
    network = tracks.roads(ROADS)
    assert tracks.match_roads(drive("a", [116.005] * 5, [35.005] * 5), network).null_count() == 5


def rounds(hot=False, drift=1.0, car="a", seed=0, days=6):
    """Visits of 20 stretches, hour by hour; stretch 7 may be twice as dirty."""
    rng = np.random.default_rng(seed)
    rows = []
    for hour in range(8 * days):
        haze = 40 * np.exp(rng.normal(0, 0.5))
        for stretch in range(20):
            value = (
                haze
                * drift ** (hour / 10)
                * np.exp(rng.normal(0, 0.25))
                * (2 if hot and stretch == 7 else 1)
            )
            when = datetime(2026, 5, 1) + timedelta(days=hour // 8, hours=8 + hour % 8)
            rows.append(
                {"car": car, "hour": when, "stretch": stretch, "value": value, "points": 20}
            )
    return pl.DataFrame(rows)


def test_the_dirty_stretch_is_found_in_spite_of_drift():
    visits = pl.concat([rounds(True, 1.3, "a", 1), rounds(True, 0.8, "b", 2)])
    spots = tracks.hot_spots(visits)
    assert spots.table.filter("hot")["stretch"].to_list() == [7]
    assert spots.table["ratio"][0] == pytest.approx(2, abs=0.3)


def test_chance_makes_few_hot_spots():
    marked = [
        tracks.hot_spots(rounds(seed=seed, days=2), ratio=1.05).table["hot"].sum()
        for seed in range(40)
    ]
    assert sum(marked) <= 6


def test_a_single_visit_proves_nothing():
    visits = rounds(True, days=1).filter(pl.col("hour").dt.hour() < 10)
    assert not tracks.hot_spots(visits).table["hot"].any()


def test_a_lonely_stretch_cannot_be_compared():
    with pytest.raises(air_table.TableError, match="nothing can be compared"):
        tracks.hot_spots(rounds().filter(pl.col("stretch") < 3))


def test_cars_are_brought_to_the_level_of_the_stations():
    hours = [datetime(2026, 5, 1, h) for h in range(12)]
    stations = pl.DataFrame(
        {"date": hours, "lon": [116.01] * 12, "lat": [35.0] * 12, "pm25": [50.0] * 12}
    )
    cars = pl.concat(
        drive("a", [116.011] * 20, [35.0] * 20, start=hour, step=60).with_columns(
            pm25=pl.lit(100.0)
        )
        for hour in hours
    )
    corrected, factors = tracks.calibrate(cars, stations, "pm25")
    assert factors["factor"][0] == pytest.approx(0.5)
    assert corrected["pm25"].unique().to_list() == [50.0]


def test_a_grid_where_there_are_no_roads():
    table = drive("a", [116.0, 116.0001, 116.01], [35.0, 35.0001, 35.0])
    cell, cells = tracks.match_grid(table, 2000)
    assert cells.height == cell.n_unique() <= 2
    gap = coordinates.distance(
        table["lon"], table["lat"], cells["lon"].gather(cell), cells["lat"].gather(cell)
    )
    assert gap.max() <= 1000 * 2**0.5 + 1
