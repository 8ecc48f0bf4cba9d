"""The unit of every value of a file of observations is read where it stands, or its column is refused by name; what is
about a factor is not taken for its values."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from openpyxl import Workbook

from ecoledger.monitoring.files import imports
from ecoledger.monitoring.points import table

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 5, 8)


@pytest.fixture(autouse=True)
def county(store, bureau):
    table.forget()
    return bureau


def read(content, **options):
    return imports.read(content.encode(), "a.csv", **options)


def sheet(*rows, merge=(), title="Sheet", **options):
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for cells in merge:
        book.active.merge_cells(cells)
    file = io.BytesIO()
    book.save(file)
    return imports.read(file.getvalue(), "a.xlsx", **options)


def values(parsed):
    return dict(parsed.observations.select("parameter", "value").iter_rows())


# -- behind the name --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    ["（微克/升）", "（μg·L-1）", "（μg·L⁻¹）", "（单位：μg/L）", "（TP，μg/L）", "（以P计，μg/L）", "（μg/L，以P计）", "/(μg·L-1)", " ug/L"],
)  # fmt: skip
def test_a_unit_behind_the_name_is_converted(said):
    assert values(read(f'点位,时间,"总磷{said}"\nW-1,2026-03-05 08:00,12\n')) == {"w21011": 0.012}


@pytest.mark.parametrize(
    ("header", "value", "stored"),
    [
        ("CO（微克/立方米）", 800, {"a21005": 0.8}),
        ("O3(毫克/立方米)", 0.08, {"a05024": 80}),
        ("O3(mg/m^3)", 0.08, {"a05024": 80}),
        ("PM2.5(mg/Nm3)", 0.03, {"a34004": 30}),
        ("PM2.5小时浓度(μg/m³)", 30, {"a34004": 30}),
        ("二氧化硫（SO2）1小时平均/(μg/m³)", 30, {"a21026": 30}),
        ("a34004-Avg", 30, {"a34004": 30}),
    ],
)
def test_a_unit_of_air_is_converted(header, value, stored):
    assert values(read(f"点位,时间,{header}\nA-1,2026-03-05 08:00,{value}\n")) == stored


@pytest.mark.parametrize("unit", ["ppb", "ppm", "μmol/L", "ug/X"])
def test_a_unit_that_cannot_be_converted_is_named(unit):
    parsed = read(f"点位,时间,总磷({unit}),氨氮\nW-1,2026-03-05 08:00,12,0.3\n")
    assert unit in parsed.errors[0].problem
    assert values(parsed) == {"w21003": 0.3}


def test_the_layout_of_the_national_water_stations_is_read():
    parsed = read(
        "断面名称,监测时间,水质类别,pH(无量纲),电导率(mS/m),浊度(NTU),高锰酸盐指数(mg/L)\n"
        "W-1,2026-03-05 08:00,Ⅱ,7,30,12,2\n"
    )
    assert (parsed.errors, parsed.ignored_columns) == ([], ["水质类别"])
    assert values(parsed) == {"w01001": 7, "w01014": 300, "w01003": 12, "w01019": 2}


# -- what is not the factor's value -----------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["IAQI(PM2.5)", "去年同期(PM2.5)", "24小时滑动平均(PM2.5)", "PM2.5(IAQI)", "PM2.5(分指数)", "PM2.5(24h)", "PM2.5(8h)", "PM2.5(同比)",
     "PM2.5(标准值)", "PM2.5_24h", "PM2.5(最大值)", "PM2.5(以NO3计)"],
)  # fmt: skip
def test_what_is_about_a_factor_is_no_value_of_it(header):
    parsed = read(f"点位,时间,{header},PM10\nA-1,2026-03-05 08:00,30,50\n")
    assert values(parsed) == {"a34002": 50}
    assert parsed.ignored_columns == [header]
    assert header in "".join(parsed.notes)


@pytest.mark.parametrize("merge", [("C1:D1", "A1:A2", "B1:B2"), ("C1:D1",), ()])
@pytest.mark.parametrize(
    "under",
    [
        {"浓度": 35, "分指数": 50},
        {"IAQI": 50, "浓度/(μg/m³)": 35},
        {"去年同期": 50, "本期": 35},
        {"8小时滑动": 50, "1小时": 35},
        {"浓度(mg/m3)": 0.035, "级别": 1},
    ],
)
def test_of_columns_under_a_factor_its_value_is_taken(merge, under):
    names = list(under) if merge else sorted(under, key=lambda name: under[name] not in (35, 0.035))
    parsed = sheet(
        ("点位", "时间", "O3", None),
        (None, None, *names),
        ("A-1", AT, *(under[name] for name in names)),
        merge=merge,
    )
    assert (parsed.errors, values(parsed)) == ([], {"a05024": 35})


def test_factors_under_a_heading_that_speaks_of_something_else_are_left_out():
    parsed = sheet(("点位", "时间", "分指数", None, "浓度(mg/m³)", None), (None, None, "PM2.5", "PM10", "PM2.5", "PM10"),
                   ("A-1", AT, 50, 55, 0.035, 0.06), merge=("C1:D1", "E1:F1"))  # fmt: skip
    assert values(parsed) == {"a34004": 35, "a34002": 60}


def test_of_two_columns_of_one_factor_nobody_knows_which():
    with pytest.raises(imports.FileError, match=r"PM2\.5.*同一个因子"):
        read("点位,时间,PM2.5,细颗粒物\nA-1,2026-03-05 08:00,30,35\n")


def test_daily_means_stand_in_tables_of_days():
    rows = "A-1,2026-03-05,30\nA-1,2026-03-06,31\n"
    assert read("点位,日期,PM2.5(24小时平均)\n" + rows).observations.height == 2


# -- elsewhere --------------------------------------------------------------------------------------


def test_a_column_of_units_is_read_row_by_row():
    parsed = read(
        "断面名称,监测项目,采样时间,监测值,单位\nW-1,总磷,2026-03-05 08:00,12,μg/L\nW-1,pH,2026-03-05 08:00,7,无量纲\n"
        "W-1,总氮,2026-03-05 08:00,7,ppb\n"
    )
    assert values(parsed) == {"w21011": 0.012, "w01001": 7}
    assert [error.row for error in parsed.errors] == [4]


def test_a_column_of_units_holds_for_the_factors_beside_it():
    parsed = read(
        "点位,时间,PM2.5,CO(mg/m3),气温,单位\nA-1,2026-03-05 08:00,0.03,0.8,12,mg/m3\nA-1,2026-03-05 09:00,30,0.8,12,ppb\n"
    )
    assert values(parsed) == {"a34004": 30, "a21005": 0.8, "a01001": 12}
    assert [error.row for error in parsed.errors] == [3]


def test_a_column_of_firms_gives_no_units():
    parsed = read("断面名称,监测项目,采样时间,监测值,单位\nW-1,总磷,2026-03-05 08:00,1,市监测站\n")
    assert (values(parsed), parsed.ignored_columns) == ({"w21011": 1}, ["单位"])


@pytest.mark.parametrize("head", ["监测值(μg/L)", "浓度/(μg/L)"])
def test_the_unit_of_the_column_of_values_holds_for_what_it_can(head):
    parsed = read(
        f"断面名称,监测项目,采样时间,{head}\nW-1,总磷,2026-03-05 08:00,12\nW-1,pH,2026-03-05 08:00,7\n"
    )
    assert values(parsed) == {"w21011": 0.012, "w01001": 7}


@pytest.mark.parametrize(
    ("before", "after", "stored"),
    [
        ("单位：mg/m3\n", "", {"a34004": 30, "a21005": 0.8}),
        ("小时数据（单位：μg/m3；CO为mg/m3）\n", "", {"a34004": 0.03, "a21005": 0.8}),
        ("", "注：PM2.5单位为mg/m3\n", {"a34004": 30, "a21005": 0.8}),
        ("填报单位：市监测站\n", "", {"a34004": 0.03, "a21005": 0.8}),
    ],
)
def test_a_unit_in_a_title_or_a_note_holds_for_the_table(before, after, stored):
    assert (
        values(read(f"{before}点位,时间,PM2.5,CO\nA-1,2026-03-05 08:00,0.03,0.8\n{after}"))
        == stored
    )


def test_a_unit_in_a_title_that_nobody_knows_is_asked_about():
    parsed = read("单位：ug/X\n点位,时间,PM2.5\nA-1,2026-03-05 08:00,30\n")
    assert "ug/X" in parsed.stops[0]


@pytest.mark.parametrize("units", [("微克/升", "NTU"), ("单位：μg/L", "-"), ("ug/l（以P计）", None), ("μg/L", "NTU(度)")])  # fmt: skip
def test_one_unit_in_a_row_makes_it_a_row_of_units(units):
    parsed = sheet(
        ("断面名称", "采样时间", "总磷", "浊度"), (None, None, *units), ("W-1", AT, 12, 0.5)
    )
    assert (parsed.errors, values(parsed)["w21011"]) == ([], 0.012)


# -- tables of points -------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["SO2小时浓度（mg/m3）", "各站SO2（单位：毫克/立方米）"])
def test_a_title_gives_the_factor_and_its_unit(title):
    parsed = read(f"{title},\n时间,1号空气站\n2026-03-05 08:00,0.03\n")
    assert values(parsed) == {"a21026": 30}


@pytest.mark.parametrize("title", ["O3-8h", "2026年3月O3最大8小时平均", "PM2.5的IAQI", "PM2.5同比变化（%）", "PM2.5和PM10小时值", "PM2.5日均值"])  # fmt: skip
def test_a_title_that_speaks_of_more_than_one_factors_values_is_asked_about(title):
    with pytest.raises(imports.FileError, match="指定因子"):
        read(f"{title},\n时间,1号空气站\n2026-03-05 08:00,30\n")
    with pytest.raises(imports.FileError, match="指定因子"):
        sheet(("时间", "1号空气站"), (AT, 30), title=title[:30])


# -- marks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "good", "bad"),
    [("是否有效", "是", "否"), ("数据有效性", "有效", "无效"), ("审核状态", "审核通过", "审核无效"), ("质控样", "", "空白样"), ("是否异常", "否", "是")],
)  # fmt: skip
def test_rows_that_are_said_to_be_invalid_do_not_come_in_as_good(head, good, bad):
    parsed = read(
        f"点位,时间,PM2.5,{head}\nA-1,2026-03-05 08:00,30,{good}\nA-1,2026-03-05 09:00,31,{bad}\n"
    )
    assert parsed.observations.select("value", "flag").rows() == [(30, "N")]
    assert [(error.row, error.field) for error in parsed.errors] == [(3, head)]


@pytest.mark.parametrize("head", ["PM2.5,标识,PM10,标识", "PM2.5,PM2.5标识,PM10,PM10标识", "a34004-Avg,a34004-Flag,a34002-Avg,a34002-Flag"])  # fmt: skip
def test_a_mark_beside_or_named_after_a_factor_is_its_own(head):
    parsed = read(f"点位,时间,{head}\nA-1,2026-03-05 08:00,30,D,50,N\n")
    assert set(parsed.observations.select("value", "flag").rows()) == {(30, "D"), (50, "N")}
