"""Boxes, insides, buffers, overlays and sizes of geometries; coordinates of Chinese web maps."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.entities import coordinates, divisions, shapes
from ecoledger.entities.models import Area, Station

# One hundredth of a degree each way, at 25° N.
SQUARE = {
    "type": "Polygon",
    "coordinates": [
        [[118.6, 25.0], [118.61, 25.0], [118.61, 25.01], [118.6, 25.01], [118.6, 25.0]]
    ],
}
KM_NORTH = 1.1085
KM_EAST = KM_NORTH * math.cos(math.radians(25.005))


def test_sizes_are_in_kilometres():
    assert shapes.area_km2(SQUARE) == pytest.approx(KM_NORTH * KM_EAST, rel=1e-6)
    line = {"type": "LineString", "coordinates": [[118.6, 25.0], [118.6, 25.01]]}
    assert shapes.length_km(line) == pytest.approx(KM_NORTH, rel=1e-6)
    assert shapes.area_km2(line) == 0
    point = {"type": "Point", "coordinates": [118.6, 25.02]}
    assert shapes.distance_m(point, SQUARE) == pytest.approx(KM_NORTH * 1000, rel=1e-4)


def test_a_buffer_reaches_as_far_as_it_says():
    ring = shapes.buffered({"type": "Point", "coordinates": [118.6, 25.0]}, 500)
    assert shapes.area_km2(ring) == pytest.approx(math.pi * 0.25, rel=0.01)
    north = 500 / 110_850
    assert shapes.contains(ring, 118.6, 25.0 + north * 0.99)
    assert not shapes.contains(ring, 118.6, 25.0 + north * 1.01)


def test_an_overlay_gives_the_common_part_and_its_share():
    half = {
        "type": "Polygon",
        "coordinates": [[[118.605, 24], [119, 24], [119, 26], [118.605, 26], [118.605, 24]]],
    }
    common, share = shapes.overlay(SQUARE, half)
    assert share == pytest.approx(0.5)
    assert shapes.box(common) == pytest.approx((118.605, 25.0, 118.61, 25.01))
    assert shapes.overlay(SQUARE, {"type": "Point", "coordinates": [1, 1]}) == (None, 0.0)


def test_regions_answer_with_the_smallest_first():
    around = {
        "type": "Polygon",
        "coordinates": [[[118, 24], [119, 24], [119, 26], [118, 26], [118, 24]]],
    }
    regions = shapes.Regions([("county", around), ("town", SQUARE)])
    assert regions.holding(118.605, 25.005) == ["town", "county"]
    assert regions.holding(118.5, 25.005) == ["county"]
    assert regions.meeting(SQUARE) == ["county", "town"]


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"type": "Polygon"}, {"type": "Ring", "coordinates": []}, {"type": "Point"}, None, [1], "x",
        {"type": "Feature", "geometry": [1]}, {"type": "Point", "coordinates": [math.inf, 1]},
        {"type": "Polygon", "coordinates": [[[math.nan, 1], [2, 1], [2, 2], [math.nan, 1]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1e308, 0], [1e308, 1e308], [0, 0]]]},
        {"type": "Point", "coordinates": [500000, 2700000]}, {"type": "Point", "coordinates": [10**400, 1]},
    ],
)  # fmt: skip
def test_what_is_no_geometry_is_refused(wrong):
    with pytest.raises(shapes.ShapeError):
        shapes.read(wrong)


def test_the_box_of_an_entity_follows_its_geometry_or_its_place(bureau):
    town = bureau.towns[0]
    town.geometry = SQUARE
    town.save()
    assert (town.west, town.south, town.east, town.north) == (118.6, 25.0, 118.61, 25.01)
    assert shapes.contains(SQUARE, town.lon, town.lat)
    station = Station.objects.get(code="A-1")
    assert (station.west, station.east) == (station.lon, station.lon)
    assert divisions.holding(118.605, 25.005) == [town.code]
    assert divisions.holding(118.605, 25.02) == []
    assert Area.objects.filter(west__lte=118.605, east__gte=118.605).count() == 1


@given(
    lon=st.floats(75, 134),
    lat=st.floats(4, 53),
    source=st.sampled_from([coordinates.GCJ02, coordinates.BD09]),
)
def test_places_of_web_maps_lie_a_few_hundred_metres_off(lon, lat, source):
    x, y = coordinates.to_cgcs2000(lon, lat, source)
    metres = shapes.distance_m(
        {"type": "Point", "coordinates": [lon, lat]}, {"type": "Point", "coordinates": [x, y]}
    )
    assert 10 < metres < 3000


def test_sources_are_known_by_their_usual_names():
    assert coordinates.source_of("百度坐标".removesuffix("坐标")) == coordinates.BD09
    assert coordinates.source_of("gcj-02") == coordinates.GCJ02
    assert coordinates.source_of("") == coordinates.CGCS2000
    with pytest.raises(ValueError, match="可填"):
        coordinates.source_of("北京54")
    # The usual check value of the open reconstruction, to its centimetre.
    assert coordinates.to_cgcs2000(116.404, 39.915, "GCJ-02") == pytest.approx(
        (116.397756, 39.913596), abs=1e-6
    )


def test_half_a_character_in_a_file_is_no_shape():
    said = b'{"type": "Point", "coordinates": [118.5, 24.9], "name": "\\ud83d"}'
    with pytest.raises(shapes.ShapeError):
        shapes.of_file(said)
    assert shapes.of_file(said.replace(b"\\ud83d", b"\\ud83d\\ude00"))


@pytest.mark.parametrize(
    "said",
    [
        "[1, 2]", '"x"', "5", "[" * 3500, "1" * 5000, '{"type": "FeatureCollection", "features": 5}',
        '{"type": "FeatureCollection", "features": [1]}', '{"type": "Feature", "properties": {}}',
        '{"type":"GeometryCollection","geometries":[' * 3000 + "]}" * 3000,
        '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[118,24,Infinity]}}',
    ],
)  # fmt: skip
def test_a_file_that_is_no_geojson_is_refused(said):
    with pytest.raises(shapes.ShapeError):
        shapes.of_file(said.encode())


def test_properties_that_are_none_are_left_out():
    said = {"type": "Feature", "properties": [1], "geometry": SQUARE}
    assert shapes.features(json.dumps(said).encode()) == [({}, SQUARE)]
