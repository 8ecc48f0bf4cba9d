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


def sheet(*rows, merge=()):
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    for cells in merge:
        book.active.merge_cells(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def hour(h):
    return datetime(2026, 3, 5, h)


FIRST = (("点位", "时间", "PM2.5"), ("A-1", hour(0), 30), ("A-1", hour(1), 31))
SAME, AIR = {"a34004": {0: 30, 1: 31}}, "1号空气站"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((*FIRST, (), ("点位", "时间", "PM10"), ("A-1", hour(2), 150)), SAME | {"a34002": {2: 150}}),
        ((*FIRST, ("二、PM10",), ("点位", "时间", "PM10"), ("A-1", hour(2), 150)), SAME | {"a34002": {2: 150}}),
        ((*FIRST, ("时间", "站点", "O3", "PM10"), (hour(2), "A-1", 90, 150)),
         SAME | {"a05024": {2: 90}, "a34002": {2: 150}}),
        ((("点位", "时间", "PM2.5", "PM10"), ("A-1", hour(0), 30, 50), ("点位", "时间", "PM10", "PM2.5"), ("A-1", hour(1), 51, 31)),
         SAME | {"a34002": {0: 50, 1: 51}}),
        # The larger one below is not taken for the only one.
        ((*FIRST, ("点位", "时间", "O3", "PM10", "SO2"), ("A-1", hour(2), 90, 150, 5)),
         SAME | {"a05024": {2: 90}, "a34002": {2: 150}, "a21026": {2: 5}}),
        # The header once more, as on every printed page, also where it takes two rows.
        ((*FIRST[:2], FIRST[0], FIRST[2]), SAME),
        ((("点位", "时间", "监测项目", "监测项目"), ("点位", "时间", "PM2.5", "PM10"), ("A-1", hour(0), 30, 50),
          ("点位", "时间", "监测项目", "监测项目"), ("点位", "时间", "PM2.5", "PM10"), ("A-1", hour(1), 31, 51)),
         SAME | {"a34002": {0: 50, 1: 51}}),
        ((("点位", "时间", "监测项目", "监测项目"), ("点位", "时间", "PM2.5", "PM10"), ("A-1", hour(0), 30, 50), ("A-1", hour(1), 31, 51),
          ("点位", "时间", "监测项目", "监测项目"), ("点位", "时间", "O3", "SO2"), ("A-1", hour(2), 90, 5)),
         SAME | {"a34002": {0: 50, 1: 51}, "a05024": {2: 90}, "a21026": {2: 5}}),
        # A column a station: what a title says between two tables of one header is of the lower one.
        ((("PM2.5小时值",), ("时间", AIR), (hour(0), 30), (hour(1), 31), ("PM10小时值",), ("时间", AIR), (hour(2), 150)),
         SAME | {"a34002": {2: 150}}),
        ((("监测时间", "三月", "点位", AIR), *FIRST), SAME),
    ],
)  # fmt: skip
def test_each_of_the_tables_below_one_another_is_read_by_its_own_header(county, rows, expected):
    parsed = imports.read(sheet(*rows), "a.xlsx")
    assert parsed.errors == []
    read_as = {
        code: {hour(h): value for h, value in values.items()} for code, values in expected.items()
    }
    assert {code: of(parsed, code) for code in parsed.summary()["parameters"]} == read_as


def test_tables_below_one_another_in_text_are_told_apart_as_well(county):
    parsed = read(
        "点位,时间,PM2.5\nA-1,2026-03-05 00:00,30\n\n点位,时间,PM10\nA-1,2026-03-05 02:00,150\n"
    )
    assert (of(parsed), of(parsed, "a34002")) == (hours(30), {hour(2): 150})
    assert "2 张表" in "".join(parsed.notes)


def test_a_table_below_that_cannot_be_read_is_said_and_its_rows_are_no_values_of_the_one_above(
    county,
):
    parsed = imports.read(
        sheet(*FIRST, ("点位", "时间", "湿度计读数"), ("A-1", hour(2), 150)), "a.xlsx"
    )
    assert (of(parsed), [e.row for e in parsed.errors]) == (hours(30, 31), [4])
    assert "没有读取" in parsed.errors[0].problem


def test_days_below_hours_are_not_taken_for_midnights(county):
    days = ((datetime(2026, 3, d).date(), 40) for d in (6, 7))
    rows = (*FIRST, ("点位", "日期", "PM2.5"), *(("A-1", *day) for day in days))
    with pytest.raises(imports.FileError, match="日均值"):
        imports.read(sheet(*rows), "a.xlsx")
