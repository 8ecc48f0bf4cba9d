"""The data of a point as table and file, and several points side by side."""

from __future__ import annotations

import io
from datetime import timedelta

import lxml.html
import openpyxl
import polars as pl
import pytest

from ecoledger.monitoring.points import table
from ecoledger.web.monitoring import readings


def cells(answer):
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    return [list(row) for row in page.iter_rows(values_only=True)]


@pytest.fixture
def monitor(county, signed_in):
    table.forget()
    return signed_in("monitor")


def test_the_period_is_exported_with_flags_and_units(monitor, county):
    point = county.bureau.air[0]
    page = monitor.get(f"/stations/{point.pk}").content.decode()
    assert f"/stations/{point.pk}/data.xlsx" in page
    rows = cells(monitor.get(f"/stations/{point.pk}/data.xlsx", {"scale": "hour"}))
    head = next(row for row in rows if row[0] == "时段起点")
    assert any(str(name).startswith("细颗粒物") or "PM2.5" in str(name) for name in head)
    assert any("µg/m³" in str(name) for name in head)
    assert any(str(name).endswith("标记") for name in head)
    assert len(rows) > rows.index(head) + 1


def test_converted_values_stand_beside_measured_ones_and_what_exceeds_is_marked(
    monitor, county, store
):
    point, now = county.bureau.flue_gas, readings.now().replace(minute=0, second=0, microsecond=0)
    limit = point.entity.limits.filter(parameter="a21026").first()
    over = float(limit.value) + 25
    store.append(
        observations=pl.DataFrame(
            {
                "point": point.pk, "parameter": "a21026", "start": [now - timedelta(hours=n) for n in (1, 2, 3)],
                "seconds": 3600, "series": "hour", "value": [10.0, 10.0, 10.0],
                "converted": [over, 12.0, over], "flag": ["N", "N", "M"],
            }
        )
    )  # fmt: skip
    page = monitor.get(f"/stations/{point.pk}", {"parameter": "a21026"}).content.decode()
    assert "实测 / 折算" in page
    assert page.count('class="number over"') == 1  # what is flagged exceeds nothing
    rows = cells(monitor.get(f"/stations/{point.pk}/data.xlsx", {"parameter": "a21026"}))
    assert [[*row[1:3], row[3] or ""] for row in rows if row[1] == 10.0] == [
        [10.0, over, "超标"], [10.0, 12.0, ""], [10.0, over, "维护"],
    ]  # fmt: skip


def test_an_hour_without_a_mean_is_a_dash_and_no_mark(monitor, county, store):
    """What is not there is not insufficient: the mark stands beside a value alone."""
    start = readings.now().replace(minute=0, second=0, microsecond=0)
    rows = {"parameter": "a34004", "seconds": 3600, "series": "computed-hour", "start": start}
    for point, value in ((county.bureau.air[0], None), (county.bureau.air[1], 42.0)):
        store.append(
            observations=pl.DataFrame(
                [rows | {"point": point.pk, "value": value, "valid": False}],
                schema_overrides={"value": pl.Float64},
            )
        )

    def first_row(point):
        page = monitor.get(f"/stations/{point.pk}", {"parameter": "a34004"}).content
        table = lxml.html.fromstring(page.decode()).xpath(
            "//table[contains(@class, 'first-stays')]"
        )[0]
        return " ".join(table.xpath("tbody/tr")[0].text_content().split())

    assert "*" not in first_row(county.bureau.air[0])
    assert "42 *" in first_row(county.bureau.air[1])


def test_stations_are_compared_as_chart_table_and_file(monitor, county):
    first, second = county.bureau.air[:2]
    assert "/stations/compare" in monitor.get("/stations").content.decode()
    query = {"kind": "air", "factor": "a34004", "point": [first.pk, second.pk]}
    page = monitor.get("/stations/compare", query).content.decode()
    assert first.name in page
    assert second.name in page
    chart = monitor.get("/stations/compare/series", query).json()
    assert {line["name"] for line in chart["series"]} <= {first.name, second.name}
    assert chart["series"]
    rows = cells(monitor.get("/stations/compare.xlsx", query))
    assert any(any(first.name in str(cell) for cell in row) for row in rows)


def test_points_outside_the_scope_are_not_compared(county, signed_in):
    client = signed_in("enterprise")
    query = {"kind": "air", "point": [p.pk for p in county.bureau.air]}
    page = client.get("/stations/compare", query).content.decode()
    assert "1号空气站" not in page
