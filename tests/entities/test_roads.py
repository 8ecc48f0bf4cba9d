"""Roads come by GeoJSON; each lies where its line lies, and what is no line is refused by name."""

from __future__ import annotations

import json

import pytest

from ecoledger.entities.models import Area, Road
from ecoledger.listings import importing
from ecoledger.listings.catalogue import listing_of

pytestmark = pytest.mark.django_db

SQUARE = [[[118.5, 24.8], [118.7, 24.8], [118.7, 25.0], [118.5, 25.0], [118.5, 24.8]]]


def _feature(kind: str, coordinates: list, **properties: str) -> dict:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def test_a_file_of_roads_is_taken_in_feature_by_feature():
    Area.objects.create(
        code="990101001",
        name="北镇",
        level="town",
        geometry={"type": "Polygon", "coordinates": SQUARE},
    )
    file = {
        "type": "FeatureCollection",
        "features": [
            _feature("LineString", [[118.51, 24.9], [118.52, 24.9]], osm_id="W1", name="工业路", ref="X301"),
            _feature("Point", [118.51, 24.9], osm_id="W2", name="路口"),
            _feature("LineString", [[100.0, 20.0], [100.1, 20.0]], osm_id="W3", name="外地路"),
            _feature("LineString", [[118.51, 24.9], [118.52, 24.9]], osm_id="W4", name="半\ud83d路"),
        ],
    }  # fmt: skip
    book = listing_of("road")
    batch = importing.preview(book, "roads.geojson", json.dumps(file).encode(), by=None)
    assert importing.accept(book, batch.pk, by=None)[0] == 1
    road = Road.objects.get()
    assert (road.name, road.number, road.area_code) == ("工业路", "X301", "990101001")
    # 0.01 degrees of longitude at 24.9 degrees north.
    assert road.length_km == pytest.approx(1.01, abs=0.01)
    refused = {row.key: row.reason for row in batch.rows.filter(made=None)}
    assert "LineString" in refused["W2"]
    assert "没有行政区划" in refused["W3"]
    # Half a character, which JSON can say and nothing can keep.
    assert "无法识别的字节：半\ufffd路" in refused["W4"]
