"""Where along a drawn river a place lies: by metres, not by degrees."""

import pytest

from ecoledger.entities import along_rivers
from ecoledger.entities.models import River

BENT = {"type": "LineString", "coordinates": [[118.5, 24.9], [118.6, 24.9], [118.6, 25.0]]}


def test_a_degree_to_the_east_is_shorter_than_one_to_the_north():
    river = River(pk=1, geometry=BENT, length_km=20)
    lines = along_rivers.lines_of([river])
    key, km = along_rivers.nearest({1: river}, lines, 118.6, 24.9, 2000)
    assert key == 1
    assert km == pytest.approx(9.51, abs=0.02)
    assert along_rivers.place_at(river, km) == pytest.approx((118.6, 24.9), abs=1e-4)
