"""Lines of equal concentration run where the surface they are taken from has that value."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ecoledger.science.isolines import isolines

LON, LAT, DEGREE = 118.7, 24.95, 111_320.0


def grid(size: int, step: float):
    """Places around a source, and how far each lies from it in metres."""
    half = (size - 1) / 2
    places = [(LON + (i - half) * step, LAT + (j - half) * step) for i in range(size) for j in range(size)]  # fmt: skip
    return places, [away(x, y) for x, y in places]


def away(lon: float, lat: float) -> float:
    across = math.cos(math.radians(LAT))
    return math.hypot((lon - LON) * across, lat - LAT) * DEGREE


def test_a_line_around_a_source_lies_where_its_level_is():
    places, far = grid(9, 0.001)
    values = [40 * math.exp(-((m / 200) ** 2)) for m in far]
    (line,) = isolines(places, values, [10])
    radius = 200 * math.sqrt(math.log(4))
    found = [away(x, y) for x, y in line.lines[0]]
    assert np.median(found) == pytest.approx(radius, rel=0.03)
    assert max(found) < 1.1 * radius
    assert 0 < line.inside < 1


def test_nothing_is_drawn_beyond_the_places():
    places, far = grid(5, 0.001)
    drawn = isolines(places, [100 * math.exp(-m / 100) for m in far], [1, 10, 50])
    assert any(level.lines for level in drawn)
    for level in drawn:
        for line in level.lines:
            for lon, lat in line:
                assert abs(lon - LON) <= 0.002 + 1e-6
                assert abs(lat - LAT) <= 0.002 + 1e-6


@pytest.mark.parametrize(
    ("places", "values", "levels"),
    [
        ([(118, 24), (118.1, 24), (118, 24.1)], [1, 2, 3], [2]),
        ([(118, 24), (118.1, 24), (118.2, 24), (118.3, 24)], [1, 2, 3, 4], [2]),
        ([(118, 24), (118.1, 24), (118, 24.1), (118.1, 24.1)], [1, 2, 3, -1], [2]),
        ([(118, 24), (118.1, 24), (118, 24.1), (118.1, 24.1)], [0, 0, 0, 0], [2]),
        ([(118, 24), (118.1, 24), (118, 24.1), (118.1, 24.1)], [1, 2, 3, 4], [0]),
    ],
)
def test_what_carries_no_lines_is_refused(places, values, levels):
    with pytest.raises(ValueError):
        isolines(places, values, levels)


def test_wells_side_by_side_count_with_their_mean():
    places, far = grid(5, 0.001)
    values = [40 * math.exp(-m / 200) for m in far]
    once = isolines(places, values, [10])
    twice = isolines([*places, places[0]], [*values, values[0]], [10])
    assert np.allclose(twice[0].lines[0], once[0].lines[0])
