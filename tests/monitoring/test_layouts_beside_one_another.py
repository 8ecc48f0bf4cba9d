"""Where the header of a table of observations stands, and what is no part of it: numbers, a table beside it, hidden columns."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from openpyxl import Workbook

from ecoledger.monitoring.files import imports
from ecoledger.monitoring.points import table

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(store, bureau):
    table.forget()
    return bureau


def read(text, **options):
    return imports.read(text.encode(), "a.csv", **options)


def of(parsed, code="a34004"):
    rows = parsed.observations.filter(parsed.observations["parameter"] == code)
    return dict(rows.select("start", "value").iter_rows())


def hours(*values):
    return {datetime(2026, 3, 5, h): value for h, value in enumerate(values)}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("PM2.5小时数据\n点位,时间,PM2.5,级别", "A-1,2026-03-05 0{h}:00,{v},{n}"),
        ("点位,时间,PM2.5,级别", "A-1,2026-03-05 0{h}:00,{v},{n}"),
        ("序号,点位,因子,时间,数值,批次", "{n},A-1,PM2.5,2026-03-05 0{h}:00,{v},{n}"),
        ("PM2.5小时值\n站点,时间,PM2.5,仪器,人员", "A-1,2026-03-05 0{h}:00,{v},{n},{n}"),
        ("站点,年,月,日,时,PM2.5", "A-1,2026,3,5,{h},{v}"),
        ("No,year,month,day,hour,PM2.5,station", "{n},2026,3,5,{h},{v},A-1"),
        ("PM2.5小时值,,\n时间,1号空气站,全市平均", "2026-03-05 0{h}:00,{v},{n}"),
        ("timepoint,stationcode,positionname,aqi,pm2_5,pm2_5_24h", "2026-03-05T0{h}00,A-1,某站,{n},{v},{n}"),
    ],
)  # fmt: skip
def test_numbers_that_are_also_numbers_of_points_make_no_header_of_a_row(county, header, row):
    one, other = county.air[0].pk, county.air[1].pk
    rows = [row.format(h=0, v=other, n=one), row.format(h=1, v=one, n=other)]
    parsed = read("\n".join([header, *rows]))
    assert (parsed.errors, of(parsed)) == ([], hours(other, one))


def test_a_point_is_called_by_its_number_in_a_column_of_points(county):
    number = county.air[0].pk
    assert of(read(f"点位,时间,PM2.5\n{number},2026-03-05 00:00,30\n")) == hours(30)


def test_codes_of_points_that_are_numbers_head_columns(county):
    mn = county.air[0].mn
    assert mn.isdigit()
    assert of(read(f"时间,{mn}\n2026-03-05 00:00,30\n", parameter="PM2.5")) == hours(30)


@pytest.mark.parametrize(
    ("head", "right"),
    [
        ("点位,时间", "A-2,2026-03-07 02:00"),
        ("点位,时间", "A-2,2026-03-05 00:00"),
        ("点位,时间", "A-1,2026-03-07 02:00"),
        ("点位,时间", "未登记的点位,2026-03-05 00:00"),
        ("站点,监测时间", "A-2,2026-03-05 00:00"),
        ("站点,监测时间", "A-1,2026-03-07 02:00"),
    ],
)
def test_a_table_beside_another_is_not_read_as_part_of_it(county, head, right):
    with pytest.raises(imports.FileError, match=r"并排|时间"):
        read(f"点位,时间,PM2.5,{head},O3\nA-1,2026-03-05 00:00,30,{right},140\n")


def test_columns_that_say_the_same_again_are_no_second_table(county):
    parsed = read(
        "点位,点位名称,时间,监测时间,PM2.5\nA-1,1号空气站,2026-03-05 00:00,2026-03-05 00:00,30\n"
    )
    assert (parsed.ignored_columns, of(parsed)) == (["点位名称", "监测时间"], hours(30))


def test_hidden_columns_that_are_read_are_said(county):
    book = Workbook()
    for row in (
        ("点位", "时间", "PM2.5", "备注", "PM10"),
        ("A-1", datetime(2026, 3, 5, 1), 30, "晴", 60),
    ):
        book.active.append(row)
    for letter in "DE":
        book.active.column_dimensions[letter].hidden = True
    file = io.BytesIO()
    book.save(file)
    parsed = imports.read(file.getvalue(), "a.xlsx")
    assert [note for note in parsed.notes if "隐藏" in note] == [
        "Sheet有 1 列是隐藏的（E 列），也会导入"
    ]
