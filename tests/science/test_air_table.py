"""Headers, compass points, times and words for "missing"."""

from datetime import datetime

import polars as pl
import pytest

from ecoledger.science import air_table


def read(**columns):
    return air_table.from_text(pl.DataFrame(columns))


def test_beijing_columns():
    table, unread = read(No=["1", "2"], year=["2013"] * 2, month=["3"] * 2, day=["1"] * 2, hour=["0", "1"],
        **{"PM2.5": ["4", "NA"], "wd": ["NNW", "N"], "WSPM": ["4.4", "4.7"]})  # fmt: skip
    assert not unread
    assert table.columns == ["date", "pm25", "wd", "ws"]
    assert table["date"].to_list() == [datetime(2013, 3, 1), datetime(2013, 3, 1, 1)]
    assert table["wd"].to_list() == [337.5, 360.0]
    assert table["pm25"].to_list() == [4.0, None]


def test_chinese_headers():
    table, _ = read(监测时间=["2026/5/1 13:00"], 细颗粒物=["35"], 风向=["东北"], 风速=["2.1"])
    assert table.row(0, named=True) == {
        "date": datetime(2026, 5, 1, 13),
        "pm25": 35.0,
        "wd": 45.0,
        "ws": 2.1,
    }


def test_nitric_oxide_is_no_row_number():
    table, _ = read(date=["2026-05-01", "2026-05-02", "2026-05-03"], NO=["1", "2", "9"])
    assert table["no"].to_list() == [1, 2, 9]


def test_an_unreadable_cell_is_named():
    table, unread = read(date=["2026-05-01 01:00", "2026-05-01 02:00"], so2=["3", "4x"])
    assert [(u.line, u.column, u.text) for u in unread] == [(3, "so2", "4x")]
    assert table["so2"].to_list() == [3.0, None]


def test_two_columns_of_one_meaning():
    with pytest.raises(air_table.TableError, match="both mean 'pm25'"):
        read(**{"PM2.5": ["1"], "pm25": ["2"]})


def test_wind_outside_the_circle():
    table = pl.DataFrame({"date": [datetime(2026, 5, 1)], "ws": [1.0], "wd": [400.0]})
    with pytest.raises(air_table.TableError, match="outside 0–360"):
        air_table.wind(table)
