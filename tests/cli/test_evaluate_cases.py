"""Tables that ``evaluate`` was tripped by: what another reader of the house takes, it takes."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import openpyxl
import pytest
from click.testing import CliRunner

from ecoledger.cli import csv_stream
from ecoledger.cli.evaluate import command

HEAD = "time,station,pm2.5,so2,no2,co,o3,pm10"
VALUES = "A,35,8,20,0.8,60,50"


def run(content, *, kind="air-hourly"):
    content = content.encode() if isinstance(content, str) else content
    result = CliRunner().invoke(command, [kind, "-", "-"], input=content)
    out = result.stdout_bytes.decode()
    return result, list(
        csv.DictReader(io.StringIO(out[out.find("time") if "time" in out[:40] else 0 :]))
    )


def hours(n, remark=""):
    return "".join(f"2026-03-05 {h:02}:00,{VALUES}{remark}\n" for h in range(n))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_text_of_any_kind(end, encoding, delimiter):
    text = (HEAD + "\n" + hours(3)).replace(",", delimiter).replace("\n", end)
    result, rows = run(text.encode(encoding))
    assert result.exit_code == 0, result.output
    assert [r["aqi"] for r in rows] == ["50", "50", "50"]


def test_a_stray_mark_costs_its_row_alone():
    text = (
        f'{HEAD},remark\n2026-03-05 01:00,{VALUES},\n2026-03-05 02:00,{VALUES},"停电\n'
        + "".join(f"2026-03-05 {h:02}:00,{VALUES},\n" for h in range(3, 24))
    )
    result, rows = run(text)
    assert result.exit_code == 1
    assert "line 3" in result.stderr
    assert len(rows) == 22


def test_a_stray_mark_in_a_long_file_does_not_hold_the_rest_back():
    body = "".join(f"2026-03-05 {n % 24:02}:00,S{n},35,8,20,0.8,60,50,\n" for n in range(300_000))
    text = f'{HEAD},remark\n2026-03-05 01:00,{VALUES},"停电\n' + body
    result, rows = run(text)
    assert len(rows) == 300_000
    assert "line 2:" in result.stderr


def test_one_broken_byte_is_named():
    text = f"{HEAD},备注\n2026-03-05 01:00,{VALUES},好\n".encode("gbk")
    result, rows = run(text + f"2026-03-05 02:00,{VALUES},".encode() + b"\xa1\xff\n")
    assert "line 3" in result.stderr
    assert len(rows) == 1


@pytest.mark.parametrize("hour", ["{}", "{}时", "{}:00"])
@pytest.mark.parametrize("head", ["date,hour", "日期,小时", "date,time", "日期,时间"])
def test_a_day_and_its_hour_in_two_columns_are_hours(head, hour):
    rows = "".join(f"2026-03-19,{hour.format(h)},{VALUES}\n" for h in range(3))
    text = f"{head},station,pm2.5,so2,no2,co,o3,pm10\n{rows}"
    result, out = run(text)
    assert result.exit_code == 0, result.output
    assert len(out) == 3
    result, _out = run(text, kind="air-daily")
    assert "already" not in result.stderr


def test_a_decimal_comma_is_never_a_thousand():
    result, _rows = run(HEAD.replace(",", ";") + "\n2026-03-05 01:00;A;35;8;20;0,8;60;50\n")
    assert result.exit_code == 0, result.output
    result, rows = run(HEAD.replace(",", ";") + "\n2026-03-05 01:00;A;1,250;8;20;1;60;50\n")
    assert (result.exit_code, rows) == (1, [])
    result, rows = run(HEAD.replace(",", ";") + "\n2026-03-05 01:00;A;1,250;8;20;0,8;60;50\n")
    assert [row["pm2.5"] for row in csv.DictReader(io.StringIO(result.stdout))] == ["1.250"]


def test_a_spreadsheet_is_read_like_its_text():
    book = openpyxl.Workbook()
    book.active.append(["某市空气小时数据"])
    book.active.append(HEAD.split(","))
    book.active.append([datetime(2026, 3, 5, 0, 59, 59, 994000), "A", 35, 8, 20, 0.8, 60, 50])
    book.active.append([datetime(2026, 3, 5, 2), "A", "=C3", 8, 20, 0.8, 60, 50])
    file = io.BytesIO()
    book.save(file)
    result, rows = run(file.getvalue())
    assert "line 4: formula" in result.stderr
    assert [r["time"][:16] for r in rows] == ["2026-03-05 01:00"]


def test_titles_above_the_header_are_passed_over():
    result, rows = run(f"某市空气小时数据，未经审核\n{HEAD}\n{hours(2)}")
    assert (result.exit_code, len(rows)) == (0, 2)


def test_a_section_with_ph_alone_has_no_class():
    head = "断面,日期,水体类型,pH,溶解氧,高锰酸盐指数,氨氮,总磷\n"
    rows = "河A,2026-03-05,河流,7.8,9.1,2.4,0.35,0.08\n河F,2026-03-05,河流,7.2,,,,\n河G,2026-03-05,河流,9.8,,,,\n"
    result = CliRunner().invoke(command, ["surface-water", "-", "-"], input=(head + rows).encode())
    table = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["class"] for row in table] == ["Ⅱ", "", "劣Ⅴ"]
    assert "pH alone" in result.stderr


def evaluated(kind, text, *options):
    result = CliRunner().invoke(command, [kind, *options], input=text.encode())
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result, list(csv.DictReader(io.StringIO(result.stdout)))


@pytest.mark.parametrize(
    "times",
    [
        ["2026-03-01 上午9:00", "2026-03-01 下午3:00", "2026-03-01 下午11:00"],
        ["2026年3月1日9时", "20260301 15", "2026/3/1 23:00"],
    ],
)
def test_hours_of_noise_are_read_as_every_time_is(times):
    rows = "".join(f"{time},A,2,{level}\n" for time, level in zip(times, (50, 58, 45), strict=True))
    result, days = evaluated("noise", f"time,point,zone,leq\n{rows}")
    assert result.exit_code == 0, result.stderr
    assert [(d["time"], d["day_hours"], d["night_hours"]) for d in days] == [
        ("2026-03-01", "2", "1")
    ]


@pytest.mark.parametrize(
    "row",
    ["2026-03-02 25:00,A", "2026-03-02 03:30,A", "2026-03-02 03:00,A", "2026-03-02,A", "2026-12-311,A",
     "昨天,A", "2026-03-02 04:00,"],
)  # fmt: skip
def test_an_hour_of_noise_that_is_none_or_there_already_changes_nothing(row):
    hours = "".join(
        f"2026-03-0{1 + h // 24} {h % 24:02}:00,A,2,50\n" for h in range(6, 30) if h != 28
    )
    result, days = evaluated("noise", f"time,point,zone,leq\n{hours}{row},2,99\n")
    assert (result.exit_code, "line 25" in result.stderr) == (1, True)
    assert [day["ln"] for day in days] == ["50.0"]


def test_a_date_that_cannot_be_is_not_judged_as_of_today():
    dates = [
        "2026-02-30",
        "13/40/2026",
        "昨天",
        "02-30",
        "26.12.31",
        "2026年3月",
        "02-04 11:00",
        "",
    ]
    rows = "".join(f"{date},a,0.1\n" for date in dates)
    result, judged = evaluated("surface-water", f"日期,断面,总磷\n{rows}")
    assert [row["日期"] for row in judged] == dates[4:]
    assert [f"line {n}:" in result.stderr for n in range(2, 10)] == [True] * 4 + [False] * 4
    assert "without a year and no --on" in result.stderr
    assert "without a date and no --on" in result.stderr
    dated = evaluated("surface-water", f"日期,断面,总磷\n{rows}", "--on", "2026-02-04")[0]
    assert "no --on" not in dated.stderr


def test_a_day_in_three_columns_is_a_day():
    rows = "".join(f"{h},2026,3,5,{h},{VALUES}\n" for h in range(3))
    result, _rows = run(f"No,year,month,day,hour,{HEAD.removeprefix('time,')}\n{rows}")
    assert (result.exit_code, result.stdout.count("HJ 633-2026")) == (0, 3)


WATER = "断面,日期,高锰酸盐指数,氨氮,总磷\n"


@pytest.mark.parametrize(
    "head",
    [
        WATER + ",,mg/L,mg/L,μg/L\n",
        WATER + "单位,,（mg/L）,mg/L,（μg/L）\n",
        "断面,日期,高锰酸盐指数(mg/L),氨氮（NH3-N）(mg/L),总磷（以P计）(μg/L)\n",
        "断面,日期,高锰酸盐指数 mg/L,氨氮(毫克/升),总磷（微克/升）\n",
        "断面,日期,高锰酸盐指数,氨氮（单位：mg/L）,总磷(μg·L⁻¹)\n",
        "断面,日期,高锰酸盐指数(CODMn),氨氮(以N计，mg/L),总磷（以P计，μg/L）\n",
        "某河水质（单位：μg/L）,,,,\n断面,日期,高锰酸盐指数(mg/L),氨氮(mg/L),总磷\n",
        "断面,日期,监测项目,监测项目,监测项目\n断面,日期,高锰酸盐指数,氨氮,总磷\n,,mg/L,mg/L,μg/L\n",
    ],
)
def test_units_are_read_wherever_they_stand(head):
    result, rows = evaluated("surface-water", f"{head}甲,2026-03-01,2.1,0.3,120\n")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [row["class"] for row in rows] == ["Ⅲ"]
    _result, rows = evaluated("surface-water", result.stdout)
    assert [row["class"] for row in rows] == ["Ⅲ"]


def test_a_row_of_units_below_hours_of_air_is_read():
    units = ",,μg/m3,μg/m3,μg/m3,mg/m3,mg/m3,μg/m3\n"
    result, rows = run(f"{HEAD}\n{units}2026-03-05 01:00,A,35,8,20,0.8,0.25,50\n")
    assert (result.exit_code, [row["aqi"] for row in rows]) == (0, ["125"])


@pytest.mark.parametrize("name", ["总磷(ppb)", "总磷(以PO4计)", "总磷(上年同期)"])
def test_what_is_not_understood_behind_a_name_is_refused_by_name(name):
    result, _rows = evaluated("surface-water", f"断面,日期,氨氮,{name}\n甲,2026-03-01,0.3,12\n")
    assert (result.exit_code, name in result.stderr) == (2, True)


FACTORS = {"PM2.5": 35, "SO2": 8, "NO2": 20, "CO": 0.8, "O3": 60, "PM10": 50}


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("点位,因子,时间,数值", "甲,{f},2026-03-05 01:00,{v}"),
        ("序,点位,日期,小时,监测项目,监测值,单位", "1,甲,2026-03-05,1,{f},{v},{u}"),
        ("date,hour,type,甲", "20260305,1,{f},{v}"),
    ],
)
def test_one_value_a_row_and_a_column_a_station_are_read(head, row):
    said = [(f, v, "mg/m3" if f == "CO" else "μg/m3") for f, v in FACTORS.items()]
    rows = "".join(row.format(f=f, v=v, u=u) + "\n" for f, v, u in said)
    result, out = evaluated("air-hourly", f"{head}\n{rows}")
    assert (result.exit_code, [r["aqi"] for r in out]) == (0, ["50"]), result.stderr
    again = row.format(f="PM2.5", v=99, u="μg/m3")
    result, out = evaluated("air-hourly", f"{head}\n{rows}{again}\n")
    assert (result.exit_code, "line 8: 'PM2.5' stands" in result.stderr) == (1, True)


def test_samples_of_a_laboratory_are_read_with_unit_and_mark():
    head = "断面,采样日期,检测项目,检测结果,单位,标识"
    rows = "甲,2026-03-01,氨氮,300,μg/L,N\n甲,2026-03-01,总磷,0.5,mg/L,D\n甲,2026-03-01,铊,0.1,μg/L,N\n"
    result, out = evaluated("surface-water", f"{head}\n{rows}")
    assert (result.exit_code, [row["class"] for row in out]) == (0, ["Ⅱ"])
    assert "'D': what it marks counts as missing" in result.stderr
    assert "not evaluated here: '铊'" in result.stderr


def test_a_span_of_an_hour_is_labelled_by_its_end_where_hours_are():
    rows = "".join(f"2026-03-05 {h}:00-{h + 1}:00,{VALUES}\n" for h in range(24))
    result, days = run(f"{HEAD}\n{rows}", kind="air-daily")
    assert (result.exit_code, [day["pm2_5_hours"] for day in days]) == (0, ["24"])


EMISSION = ("--standard", "GB 13271-2014", "--category", "gas_new")


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("排放口,时间,污染物,浓度(μg/m3),氧含量(%)", "D1,2026-03-05 01:00,二氧化硫,15000,9"),
        ("排放口,时间,污染物,浓度,单位,氧含量", "D1,2026-03-05 01:00,二氧化硫,15000,μg/m3,9"),
        ("排放口,时间,污染物,浓度,氧含量\n,,,μg/m3,%", "D1,2026-03-05 01:00,二氧化硫,15000,9"),
        ("排放口,时间,污染物,浓度（毫克/立方米）,氧含量", "D1,2026-03-05 01:00,二氧化硫,15,9"),
    ],
)
def test_units_of_emissions_are_read(head, row):
    result, (judged,) = evaluated("emission", f"{head}\n{row}\n", *EMISSION)
    assert (result.exit_code, judged["judged_value"], judged["outcome"]) == (0, "21.875", "达标")


def test_what_is_no_concentration_no_oxygen_or_there_already_is_not_judged():
    head = "排放口,时间,污染物,浓度,单位,氧含量\n"
    row = "D1,2026-03-05 0{}:00,二氧化硫,15,{},{}\n"
    rows = row.format(1, "ppm", 9) + row.format(2, "mg/m3", "ND") + row.format(3, "", 9) * 2
    result, judged = evaluated("emission", head + rows, *EMISSION)
    assert (result.exit_code, len(judged)) == (1, 1)
    assert [f"line {n}:" in result.stderr for n in range(2, 6)] == [True, True, False, True]
    assert (
        evaluated("emission", "时间,污染物,浓度(ppm)\n2026-03-05,SO2,9\n", *EMISSION)[0].exit_code
        == 2
    )


@pytest.mark.parametrize("head", ["采样日期,采样时间", "采样时间,采样日期"])
def test_a_day_and_its_time_in_two_columns_of_samples(head):
    cells = {"采样日期": "2026-03-05", "采样时间": "09:30"}
    row = ",".join(cells[name] for name in head.split(","))
    result, rows = evaluated("surface-water", f"断面,{head},氨氮,总磷\n河A,{row},0.35,0.08\n")
    assert (result.exit_code, [r["class"] for r in rows]) == (0, ["Ⅱ"])


@pytest.mark.parametrize("hour", ["小时", "时间"])
def test_hours_of_noise_in_two_columns(hour):
    rows = "".join(f"P,2026-03-{5 + h // 24:02},{h % 24},２类,50\n" for h in range(6, 30))
    result, (day,) = evaluated("noise", f"点位,日期,{hour},功能区,leq\n{rows}")
    assert (result.exit_code, day["ld"], day["ln"]) == (0, "50.0", "50.0")


def test_another_figure_of_an_item_beside_it_is_left_alone():
    head = HEAD.replace("pm2.5", "PM2.5,PM2.5(去年同期),PM2.5(IAQI)")
    result, rows = run(f"{head}\n2026-03-05 01:00,A,35,99,50,8,20,0.8,60,50\n")
    assert (result.exit_code, [row["aqi"] for row in rows]) == (0, ["50"])


@pytest.mark.parametrize(
    ("head", "mark", "judged"),
    [("标记", "正常", True), ("标记", "n", True), ("标识", "有效", True), ("状态", "停运", False), ("标识", "d", False)],
)  # fmt: skip
def test_emissions_are_marked_as_all_values_are(head, mark, judged):
    text = f"排放口,时间,污染物,浓度,氧含量,{head}\nD1,2026-03-05 01:00,二氧化硫,250,9,{mark}\n"
    options = ("--standard", "GB 13271-2014", "--category", "gas_new")
    _result, (row,) = evaluated("emission", text, *options)
    assert (row["outcome"] == "超标") == judged
    assert row["reason"] == ("" if judged else f"数据标记{mark}，数据无效")


def test_rows_that_are_no_data_are_left_out_and_told():
    rows = "甲,2026-03-01,2.1,0.3,0.1\n合计,2,4.2,0.6,0.2\n平均值,,2.1,0.3,0.1\n注：单位均为mg/L,,,,\n填表人：张三\n"
    result, judged = evaluated("surface-water", WATER + rows + WATER + rows)
    assert (result.exit_code, [row["断面"] for row in judged]) == (0, ["甲", "甲"])
    assert [f"line {n}:" in result.stderr for n in range(2, 13)] == [False] + [True] * 5 + [
        False
    ] + [True] * 4


@pytest.mark.parametrize(("unit", "kept"), [("mg/m3", 4), ("μg/m3", 2)])
def test_units_of_a_second_page_are_read_or_end_the_reading(unit, kept):
    page = f"{HEAD}\n,,μg/m3,μg/m3,μg/m3,{{}},μg/m3,μg/m3\n{hours(2)}"
    second = page.format(unit).replace("2026-03-05", "2026-03-06")
    result, rows = run(page.format("mg/m3") + second)
    assert (result.exit_code, len(rows)) == (0 if kept == 4 else 1, kept)
    assert ("line 5: another header" in result.stderr) == (kept == 2)


def test_another_header_ends_the_reading_and_is_named():
    text = f"{HEAD}\n{hours(2)}time,station,pm10,so2,no2,co,o3,pm2.5\n{hours(2)}"
    result, rows = run(text)
    assert (result.exit_code, len(rows)) == (1, 2)
    assert "line 4: another header" in result.stderr


def test_the_midnights_of_a_spreadsheet_are_hours():
    book = openpyxl.Workbook()
    book.active.append(HEAD.split(","))
    for hour in range(1, 49):
        time = datetime(2026, 3, 5) + timedelta(hours=hour)
        book.active.append([time, "A", 71 if hour == 24 else 47, 8, 20, 0.8, 60, 50])
    book.active.row_dimensions[5].hidden = True
    book.active.column_dimensions["H"].hidden = True
    file = io.BytesIO()
    book.save(file)
    result, rows = run(file.getvalue(), kind="air-daily")
    assert (result.exit_code, [row["pm2_5"] for row in rows]) == (0, ["48.0", "47.0"])
    assert "hidden rows are read like others: 5" in result.stderr
    assert "hidden columns are read like others: H" in result.stderr


@pytest.mark.parametrize("head", ["采样时间,监测点位", "数据时间,站名", "采样日期,测点"])
def test_times_and_places_are_called_as_an_import_has_them(head):
    result, _rows = run(f"{head},{HEAD.partition('station,')[2]}\n{hours(2)}")
    assert (result.exit_code, result.stdout.count("HJ 633-2026")) == (0, 2)


@pytest.mark.parametrize("cell", ["9999", "-999", "-99.0", "1e400", "30 31", "1 25"])
@pytest.mark.parametrize("kind", ["air-hourly", "surface-water"])
def test_what_stands_for_no_value_is_no_value(kind, cell):
    head, row = {
        "air-hourly": (HEAD, "2026-03-05 0{}:00,A,{},8,20,0.8,60,50"),
        "surface-water": ("日期,断面,总磷", "2026-03-0{},甲,{}"),
    }[kind]
    result, rows = evaluated(kind, f"{head}\n{row.format(1, cell)}\n{row.format(2, '0.1')}\n")
    assert (result.exit_code, len(rows)) == (1, 1)
    assert f"line 2: {head.split(',')[2]} '{cell}'" in result.stderr


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("surface-water", "断面,日期,总磷\n甲,2026-03-05,120\n", "name the column 总磷(μg/L)"),
        ("air-hourly", f"{HEAD}\n2026-03-05 01:00,A,1500,8,20,0.8,60,50\n", "pm2.5 reaches 1500 μg/m³"),
    ],
)  # fmt: skip
def test_more_than_instruments_measure_is_questioned(kind, text, told):
    result, rows = evaluated(kind, text)
    assert (result.exit_code, len(rows)) == (0, 1)
    assert told in result.stderr


def test_a_level_that_no_meter_shows_is_named():
    rows = "2026-03-01 01:00,A,2,999\n2026-03-01 02:00,A,2,50\n"
    result, days = evaluated("noise", f"time,point,zone,leq\n{rows}")
    assert ("line 2: leq '999'" in result.stderr, [day["ln"] for day in days]) == (True, [""])


@pytest.mark.parametrize("size", [80, 1 << 20])
def test_an_hour_given_twice_is_named(monkeypatch, size):
    monkeypatch.setattr(csv_stream, "_BLOCK_BYTES", size)
    result, rows = run(f"{HEAD}\n{hours(3)}2026-03-05 1:00,A,99,8,20,0.8,60,50\n")
    assert (result.exit_code, len(rows)) == (1, 3)
    assert "line 5: 'A' has 2026-03-05 01:00" in result.stderr


@pytest.mark.parametrize(
    ("head", "marks", "missing"),
    [
        ("标识", ["N", "D", "", "故障"], [2, 4]),
        ("PM2.5标识", ["正常", "D", "N", "T"], [2]),
        ("PM10_flag", ["n", "", "有效", "停运"], []),
        ("是否有效", ["是", "有效", "", "√"], []),
    ],
)
def test_what_is_marked_invalid_is_not_judged(head, marks, missing):
    rows = "".join(f"2026-03-05 0{n}:00,{VALUES},{mark}\n" for n, mark in enumerate(marks, 1))
    result, out = run(f"{HEAD},{head}\n{rows}")
    assert (result.exit_code, len(out)) == (0, 4)
    assert [n for n, row in enumerate(out, 1) if not row["aqi"]] == missing
    told = [line for line in result.stderr.splitlines() if "counts as missing" in line]
    assert len(told) == sum(mark in ("D", "故障", "停运") for mark in marks)


@pytest.mark.parametrize(("head", "mark"), [("标识", "XX"), ("标识", "无效"), ("是否有效", "否")])
def test_what_is_no_mark_of_good_data_and_no_reason_is_named(head, mark):
    result, out = run(f"{HEAD},{head}\n2026-03-05 01:00,{VALUES},{mark}\n")
    assert (result.exit_code, out) == (1, [])
    assert f"line 2: {head} '{mark}' is no mark" in result.stderr
