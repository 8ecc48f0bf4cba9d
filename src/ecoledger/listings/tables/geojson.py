"""GeoJSON as a table: one row a feature, its properties as columns and its geometry as text."""

from __future__ import annotations

import json
import re

from ecoledger.listings.tables.book import Book, Cell, Fault, Table
from ecoledger.standards.rounding import plainly

GEOMETRY = "geometry"
_HALF = re.compile("[\ud800-\udfff]")


class NoFeaturesError(ValueError):
    """The text is no GeoJSON with features."""


def read(content: bytes) -> Book:
    """A feature collection or a single feature (RFC 7946). Raises :class:`NoFeaturesError`.

    Row 1 is the header; feature ``n`` of the file, counted from 1, is row ``n + 1``.
    """
    try:
        said = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NoFeaturesError(str(error)) from error
    if not isinstance(said, dict):
        raise NoFeaturesError("no object")
    features = [said] if said.get("type") == "Feature" else said.get("features")
    if not isinstance(features, list) or not features:
        raise NoFeaturesError("no features")
    features = [feature if isinstance(feature, dict) else {} for feature in features]
    names: dict[str, None] = {}
    for feature in features:
        names.update(dict.fromkeys(_properties(feature)))
    rows: list[list[Cell]] = [[*map(_whole, names), GEOMETRY]]
    faults: dict[int, list[Fault]] = {}
    for number, feature in enumerate(features, start=2):
        properties = _properties(feature)
        shape = feature.get("geometry")
        text = json.dumps(shape, separators=(",", ":")) if shape else None
        cells = [_cell(properties.get(name)) for name in names]
        whole = [_whole(cell) if isinstance(cell, str) else cell for cell in cells]
        for n, (cell, kept) in enumerate(zip(cells, whole, strict=True)):
            if cell != kept:
                faults.setdefault(number, []).append(Fault("bytes", n, str(kept)))
        rows.append([*whole, text])
    table = Table("", rows, list(range(1, len(rows) + 1)), faults)
    return Book("geojson", [table], encoding="utf-8")


def _properties(feature: dict[str, object]) -> dict[str, object]:
    said = feature.get("properties")
    return said if isinstance(said, dict) else {}


def _whole(text: str) -> str:
    """``text`` with a mark for each half of a character (one surrogate of two): JSON can say it, nothing can keep it."""
    return _HALF.sub("\ufffd", text)


def _cell(value: object) -> Cell:
    """A property as text reads it: whole numbers without a point, lists and objects as JSON."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return plainly(value) if isinstance(value, float) else str(value)
    return json.dumps(value, ensure_ascii=False)
