"""Coordinates as people write them, hours that no day has, numbers that are none: read, or refused with the cell."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from ecoledger.listings.importing.cells import BadCell, value_of
from ecoledger.listings.importing.columns import running_numbers
from ecoledger.listings.models import ImportRow
from ecoledger.listings.parts import Ask, Kind


def read(name, cell, kind=Kind.DECIMAL, **more):
    return value_of(Ask(name, kind=kind, **more), cell, is_key=False, words={}, past=True)[0]


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("lon", "118.6432", "118.6432"),
        ("lat", 24.8123, "24.8123"),
        ("lon", "118.1°", "118.1"),
        ("lon", "东经118.1度", "118.1"),
        ("lat", "24.8N", "24.8"),
        ("lon", "118°05′30″", "118.091667"),
        ("lat", "24度30分", "24.5"),
        ("lat", "24°30'36\"", "24.51"),
        ("lon", "/", ""),
    ],
)
def test_degrees_are_read_however_they_are_written(name, cell, value):
    assert read(name, cell) == value


@pytest.mark.parametrize(
    ("name", "cell", "why"),
    [
        ("lon", "25.2", "填反"),
        ("lat", "118.1", "填反"),
        ("lat", "95", "填反"),
        ("lon", "0", "不在我国范围内"),
        ("lat", "-25", "不在我国范围内"),
        ("lon", "1181234.5", "以度为单位"),
        ("lon", "11.81", "填反"),
        ("lon", "118°65′", "小于 60"),
    ],
)
def test_a_place_that_is_none_of_the_country_is_refused(name, cell, why):
    with pytest.raises(BadCell, match=why):
        read(name, cell)


def test_a_column_with_bounds_of_its_own_keeps_them():
    assert read("lon", "4.774", minimum=-180, maximum=180) == "4.774"


@pytest.mark.parametrize(
    ("label", "day"),
    [
        ("起", "2025-07-01"),
        ("有效期自", "2025-07-01"),
        ("立案日期", "2025-07-01"),
        ("计划开工", "2025-07-01"),
        ("任职起", "2025-07-01"),
        ("启用日期", "2025-07-01"),
        ("止", "2025-07-31"),
        ("许可证有效期至", "2025-07-31"),
        ("整改时限", "2025-07-31"),
        ("计划完成日期", "2025-07-31"),
        ("工单要求办结", "2025-07-31"),
    ],
)
def test_a_month_is_its_first_day_where_it_begins_something_and_its_last_where_it_ends(label, day):
    assert read("on", "2025年7月", Kind.DATE, label=label) == day
    assert read("until", "2025年7月", Kind.DATE, label="停用日期") == "2025-07-31"


@pytest.mark.parametrize("cell", ["2026.12.25", date(2026, 12, 25), datetime(2026, 12, 25)])
def test_the_day_on_which_something_ends_belongs_to_it(cell):
    assert read("begin", cell, Kind.DATETIME, label="开始") == "2026-12-25 00:00"
    assert read("end", cell, Kind.DATETIME, label="结束") == "2026-12-26 00:00"
    assert read("end", "2026-12-25 18:00", Kind.DATETIME, label="结束") == "2026-12-25 18:00"
    assert read("closed_at", cell, Kind.DATETIME, label="办结时间") == "2026-12-25 00:00"


@pytest.mark.parametrize("cell", ["2026-11-05 25:00", "2026-11-05 08:60", "2026年11月5日25时"])
@pytest.mark.parametrize("kind", [Kind.DATETIME, Kind.DATE, Kind.DUE])
def test_an_hour_that_no_day_has_is_refused(cell, kind):
    with pytest.raises(BadCell, match="不是日历上有的日期"):
        read("opened_at", cell, kind)


@pytest.mark.parametrize(
    ("header", "cells", "counts"),
    [
        ("序号", ["1", "2", "以下空白"], True),
        ("序号", ["1", "1-1", "2"], True),
        ("序号", ["7", "12", "30"], True),
        ("序号", ["A-1", "A-2", "B-1"], False),
        ("编号", ["1", "2", "3", "（续表）"], True),
        ("编号", ["101", "205", "309"], False),
    ],
)
def test_what_only_counts_the_rows_is_no_number_of_theirs(header, cells, counts):
    rows = [ImportRow(number=n, raw={header: cell}) for n, cell in enumerate(cells, start=2)]
    assert (running_numbers(rows, {"no": [header]}, ("no",)) == {header}) is counts


@pytest.mark.parametrize(
    ("cell", "number"), [("/", ""), ("-", ""), ("——", ""), ("无", ""), (" － ", ""), ("A-1", "A-1")]
)
def test_a_stroke_is_no_number(cell, number):
    ask = Ask("source_no", kind=Kind.TEXT)
    assert value_of(ask, cell, is_key=True, words={}, past=True)[0] == number
