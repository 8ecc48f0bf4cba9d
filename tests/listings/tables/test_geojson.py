"""Attributes of a map's things are read as they stand."""

from __future__ import annotations

import json

from ecoledger.listings.tables import geojson


def test_numbers_keep_their_digits_and_a_thing_without_a_place_is_a_row():
    named = {"经度": 118.643215, "代码": 350582001.0, "吨": 1234567.89}
    things = [
        {"type": "Feature", "properties": named, "geometry": None},
        {"type": "Feature", "properties": named, "geometry": {"type": "Point", "coordinates": [1, 2]}},
    ]  # fmt: skip
    text = json.dumps({"type": "FeatureCollection", "features": things}, ensure_ascii=False)
    header, first, second = geojson.read(text.encode()).tables[0].rows
    assert first[:3] == second[:3] == ["118.643215", "350582001", "1234567.89"]
    assert len(first) == len(second) == len(header)
