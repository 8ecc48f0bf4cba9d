"""An anomaly at a station, the wind, and what enterprises did: who comes first."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ecoledger.entities.models import Enterprise
from ecoledger.monitoring import suspects
from ecoledger.monitoring.models import Point
from ecoledger.science.air_table import TableError

BEGIN = datetime(2026, 5, 20)
END = datetime(2026, 5, 22)


def put_hours(store, rows):
    store.append(
        observations=pl.DataFrame(
            [
                {"point": p, "parameter": c, "series": "hour", "start": t, "seconds": 3600, "value": float(v), "decimals": 2, "flag": "N", "layer": 0}
                for p, c, t, v in rows
            ]
        )
    )  # fmt: skip


@pytest.fixture
def episode(store, bureau):
    """Three weeks and an episode at the first station while the wind came from the works, north-east of it."""
    rng = np.random.default_rng(3)
    other = Enterprise.objects.create(
        code="E-2", name="另一家厂", area_code="990101001", lon=118.575, lat=24.88
    )
    stack = Point.objects.create(
        entity=other,
        kind="flue_gas",
        name="二厂烟囱",
        area_code="990101001",
        mn="9" * 24,
        owner_code="E-2",
    )
    rows = []
    hours = [BEGIN - timedelta(days=21) + timedelta(hours=i) for i in range(24 * 23)]
    from_works = {BEGIN + timedelta(hours=i) for i in (*range(5, 12), *range(28, 34))}
    for number, when in enumerate(hours):
        haze = 6 + 2 * np.sin(number / 20)
        for index, point in enumerate(bureau.air):
            high = 40 if index == 0 and when in from_works else 0
            rows.append((point.pk, "a21026", when, haze + high + abs(rng.normal(0, 1))))
        rows.append((bureau.air[0].pk, suspects.SPEED, when, 3))
        rows.append((bureau.air[0].pk, suspects.DIRECTION, when, 53 if when in from_works else 200))
        if when >= BEGIN - timedelta(days=2):
            rows.append((bureau.flue_gas.pk, "a21026", when, 90 if when in from_works else 10))
            rows.append((stack.pk, "a21026", when, 20 + rng.normal(0, 2)))
    put_hours(store, rows)
    return bureau


def test_the_works_upwind_comes_first_with_evidence(episode):
    ranked = suspects.rank(episode.air[0], "a21026", BEGIN, END)
    assert ranked["name"].to_list()[0] == "测试化工厂"
    first, second = ranked.row(0, named=True), ranked.row(1, named=True)
    assert first["score"] > 0.6
    assert second["score"] < 0.3
    assert first["bearing"] == pytest.approx(53, abs=3)
    assert first["downwind_hours"] == 13
    assert first["excess_downwind"] > 30
    assert first["p"] < 0.001
    assert first["active"] > 1


def test_what_is_missing_is_said(episode, bureau):
    with pytest.raises(TableError, match="fewer than three valid hours of a34004"):
        suspects.rank(bureau.air[0], "a34004", BEGIN, END)
    Enterprise.objects.update(lon=None, lat=None)
    with pytest.raises(TableError, match="no enterprise has coordinates"):
        suspects.rank(bureau.air[0], "a21026", BEGIN, END)


def test_one_line_a_suspect(episode):
    from ecoledger.cli import science_trace

    lines = []
    arguments = {
        "point": "A-1",
        "parameter": "a21026",
        "from": "2026-05-20T00:00",
        "to": "2026-05-22T00:00",
        "farthest": 20,
    }
    science_trace.suspects_for_client(arguments, lines.append)
    assert [line["rank"] for line in lines] == [1, 2]
    assert lines[0]["source"] == "E-1"
    from click import ClickException

    with pytest.raises(ClickException, match="no point is called 'A-99'"):
        science_trace.suspects_for_client(arguments | {"point": "A-99"}, lines.append)
