"""Small files that people tripped over, each with the outcome that is right. The contents are invented."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta

import pytest
from openpyxl import Workbook

from ecoledger.monitoring.computing import pending
from ecoledger.monitoring.files import imports
from ecoledger.monitoring.points import table

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(store, bureau):
    table.forget()
    return bureau


def sheet(*rows, change=None, name="Sheet", book=None):
    book = book or Workbook()
    page = book.active if name == "Sheet" else book.create_sheet(name)
    for row in rows:
        page.append(list(row))
    if change:
        change(page)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(content, name="a.csv", **options):
    return imports.read(content.encode() if isinstance(content, str) else content, name, **options)


def values(parsed):
    """(parameter, start, value) of what would be stored."""
    return [
        (row["parameter"], row["start"], row["value"])
        for row in parsed.observations.sort("row", "parameter").iter_rows(named=True)
    ]


def of(parsed, code="a34004"):
    return {start: value for parameter, start, value in values(parsed) if parameter == code}


HOURS = [datetime(2026, 3, 5, h) for h in range(24)]


# -- time -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hour", ["{h}", "{h}时", "{h}:00", "{h:02}:00:00"])
@pytest.mark.parametrize("head", ["日期,小时", "日期,时间", "监测日期,时刻", "date,hour"])
def test_a_date_and_an_hour_in_two_columns_are_hours(county, head, hour):
    rows = "".join(f"A-1,2026-03-05,{hour.format(h=h)},{20 + h},{40 + h}\n" for h in range(24))
    parsed = read(f"点位,{head},PM2.5,PM10\n{rows}")
    assert (parsed.series, parsed.errors) == ("hour", [])
    assert of(parsed) == {HOURS[h]: 20 + h for h in range(24)}


def test_a_long_table_with_date_and_hour(county):
    rows = "".join(f"A-1,PM2.5,2026-03-05,{h},{20 + h}\n" for h in range(24))
    assert of(read("点位,因子,日期,小时,数值\n" + rows)) == {HOURS[h]: 20 + h for h in range(24)}


def test_an_hour_of_a_spreadsheet_beside_its_date(county):
    from datetime import time

    content = sheet(("点位", "日期", "小时", "PM2.5"), ("A-1", date(2026, 3, 5), time(8), 30),
                    ("A-1", date(2026, 3, 5), 9, 31), ("A-1", date(2026, 3, 5), "24:00", 32))  # fmt: skip
    assert of(read(content)) == {HOURS[8]: 30, HOURS[9]: 31, datetime(2026, 3, 6): 32}


@pytest.mark.parametrize("head", ["时间段", "整点时间", "监测时段", "h", "开始时间", "采样时次"])
@pytest.mark.parametrize("hour", ["{}", "{}时", "{}:00"])
def test_hours_beside_days_are_hours_whatever_their_column_is_called(county, head, hour):
    rows = "".join(f"A-1,2026-03-05,{hour.format(h)},{20 + h}\n" for h in range(24))
    assert of(read(f"点位,日期,{head},PM2.5\n{rows}")) == {HOURS[h]: 20 + h for h in range(24)}
    days = "".join(f"A-1,2026-03-{d:02},24,{20 + d}\n" for d in range(1, 9))
    assert read(f"点位,日期,运行时间(h),PM2.5\n{days}").series == "day"


@pytest.mark.parametrize("odd", ["频次", "层次", "节拍"])
def test_rows_that_only_an_unknown_column_tells_apart_are_not_taken_as_repetitions(county, odd):
    rows = "".join(f"A-1,2026-03-05,甲{h},{20 + h}\n" for h in range(24))
    with pytest.raises(imports.FileError, match=f"日期.*{odd}"):
        read(f"点位,日期,{odd},PM2.5\n{rows}")


def test_a_number_of_the_row_tells_no_repetitions_apart(county):
    rows = "".join(f"{n},A-1,2026-03-05 0{n % 3}:00,30\n" for n in range(9))
    parsed = read("序号,点位,时间,PM2.5\n" + rows)
    assert (len(of(parsed)), len(parsed.errors)) == (3, 6)


def test_days_called_by_their_end_are_those_days(county):
    parsed = read("点位,日期,PM2.5\nA-1,2026-03-20 24:00,35\nA-1,2026-03-21 24:00,36\n")
    assert (parsed.series, list(of(parsed))) == ("day", [datetime(2026, 3, 20), datetime(2026, 3, 21)])  # fmt: skip


def test_a_day_among_hours_is_a_midnight_only_beside_other_hours(county):
    rows = "A-1,2026-03-05,30\nA-1,2026-03-06 01:00,31\nA-1,2026-03-06 02:00,32\n"
    parsed = read("点位,时间,PM2.5\n" + rows)
    assert ([e.row for e in parsed.errors], len(of(parsed))) == ([2], 2)
    assert len(of(read("点位,时间,PM2.5\nA-1,2026-03-06,29\n" + rows))) == 3
    parsed = read("点位,日期,小时,PM2.5\nA-1,2026-03-05,1,30\nA-1,2026-03-05,,31\n")
    assert [(e.row, e.field) for e in parsed.errors] == [(3, "小时")]


@pytest.mark.parametrize("times", [["2026-03-05 {}:00"], ["2026-03-05", "{}"]])
def test_hours_from_1_to_24_are_asked_about(county, times):
    head = "时间" if len(times) == 1 else "日期,小时"

    def table(hours):
        rows = (",".join(("A-1", *times, "30")).format(h) + "\n" for h in hours)
        return f"点位,{head},PM2.5\n{''.join(rows)}"

    assert len(read(table(range(1, 25))).stops) == 1
    assert read(table(range(1, 25)), label="end").stops == []
    assert read(table(range(24))).stops == read(table(range(25))).stops == []


@pytest.mark.parametrize("label", ["start", "end"])
def test_an_hour_written_as_its_span_is_that_hour_however_hours_are_labelled(county, label):
    rows = "".join(f"A-1,2026-03-05 {h}:00-{h + 1}:00,{30 + h}\n" for h in range(24))
    parsed = read("点位,时间,PM2.5\n" + rows, label=label)
    assert of(parsed) == {HOURS[h]: 30 + h for h in range(24)}


def test_a_column_of_time_nobody_understands_is_never_just_unused(county):
    with pytest.raises(imports.FileError, match=r"时间.*监测时段"):
        read("点位,时间,监测时段,PM2.5\nA-1,2026-03-05,上午,20\n")


def test_hours_that_a_spreadsheet_filled_down_are_whole_hours(county):
    start = datetime(2019, 3, 17)
    drift = [start + h * timedelta(seconds=3599, microseconds=994_000) for h in range(24)]
    parsed = read(
        sheet(("点位", "时间", "PM2.5"), *(("A-1", at, 30 + h) for h, at in enumerate(drift)))
    )
    assert of(parsed) == {start + timedelta(hours=h): 30 + h for h in range(24)}


@pytest.mark.parametrize("label", ["start", "end"])
def test_days_stay_days_however_hours_are_labelled(county, label):
    parsed = read("点位,日期,PM2.5\nA-1,2026-03-20,35\nA-1,2026-03-21,36\n", label=label)
    assert parsed.series == "day"
    assert of(parsed) == {datetime(2026, 3, 20): 35, datetime(2026, 3, 21): 36}


@pytest.mark.parametrize("column", ["日期", "时间"])
def test_days_written_as_midnights_are_days(county, column):
    rows = "".join(f"A-1,2018/5/{d} 0:00,{30 + d}\n" for d in range(1, 11))
    parsed = read(f"点位,{column},PM2.5\n{rows}")
    assert (parsed.series, len(of(parsed))) == ("day", 10)


def test_one_midnight_under_a_time_is_an_hour(county):
    assert read("点位,时间,PM2.5\nA-1,2026-03-18 00:00,30\n").series == "hour"


@pytest.mark.parametrize("series", ["auto", "hour"])
def test_half_hours_are_not_taken_for_hours(county, series):
    rows = "".join(
        f"A-1,2019-03-27 {n // 2:02}:{n % 2 * 30:02},{30 + 60 * (n % 2)}\n" for n in range(6)
    )
    with pytest.raises(imports.FileError, match="00:30"):
        read("点位,时间,PM2.5\n" + rows, series=series)


@pytest.mark.parametrize("minute", ["59", "30"])
def test_hours_written_at_another_minute_are_not_taken_for_single_values(county, minute):
    rows = "".join(f"A-1,2026-03-05 {h:02}:{minute},{30 + h}\n" for h in range(24))
    with pytest.raises(imports.FileError, match=f"00:{minute}"):
        read("点位,时间,PM2.5\n" + rows)
    assert read("点位,时间,PM2.5\n" + rows, series="raw").series == "raw"


def test_samples_at_odd_times_are_single_values(county):
    parsed = read("断面名称,采样时间,氨氮\nW-1,2026-03-05 09:35,0.3\nW-1,2026-03-12 10:30,0.4\n")
    assert parsed.series == "raw"


@pytest.mark.parametrize(
    "written", ["2018-09-04 25:00", "2018-13-04 01:00", "2018-09-04 08:60", "2018-02-30 01:00"]
)
def test_a_time_the_calendar_does_not_have_is_named_in_a_sentence(county, written):
    parsed = read(f"点位,时间,PM2.5\nA-1,{written},30\nA-1,2018-09-04 09:00,31\n")
    assert [(e.row, e.field) for e in parsed.errors] == [(2, "时间")]
    assert written in parsed.errors[0].problem
    assert len(of(parsed)) == 1


# -- values -----------------------------------------------------------------------------------------


def test_what_no_instrument_measures_is_marked_as_the_gateway_marks_it(county, store):
    rows = "".join(f"A-1,2026-03-06 {h:02}:00,{30 if h < 20 else -999},-99\n" for h in range(24))
    imports.store(read("点位,时间,PM2.5,SO2\n" + rows), sure=True)
    pending.run_all()
    hours = store.read(
        [county.air[0].pk], ["a21026", "a34004"], "hour", columns=("parameter", "value", "flag")
    )
    marked = hours.filter(hours["value"] < 0)
    assert set(marked["flag"]) == {"negative"}
    assert marked.height == 24 + 4
    day = store.read([county.air[0].pk], ["a34004", "a21026"], "computed-day",
                     columns=("parameter", "value", "valid"))  # fmt: skip
    assert dict(day.select("parameter", "value").rows())["a34004"] == 30
    assert day.filter(day["parameter"] == "a21026")["valid"].to_list() in ([], [False])


@pytest.mark.parametrize("cell", ["1e400", "-1e999", "9" * 400])
def test_a_number_without_end_is_refused_by_row_and_column(county, cell):
    parsed = read(f"点位,时间,PM2.5\nA-1,2018-06-01 00:00,{cell}\nA-1,2018-06-01 01:00,30\n")
    assert [(e.row, e.field) for e in parsed.errors] == [(2, "PM2.5")]
    assert of(parsed) == {datetime(2018, 6, 1, 1): 30}


def test_a_decimal_comma_is_never_a_thousand(county):
    parsed = read(
        "点位;时间;总磷;氨氮\nW-1;2026-03-23 00:00;0,125;0,35\nW-1;2026-03-23 04:00;0,118;1,250\n"
    )
    assert [v for *_x, v in values(parsed)] == [0.35, 0.125, 1.25, 0.118]
    quoted = read('点位,时间,总磷,电导率\nW-1,2026-03-23 00:00,"0,125","1,250"\n')
    assert ["逗号" in e.problem or "0,125" in e.problem for e in quoted.errors] == [True, True]
    beside = sheet(("点位", "时间", "总磷", "氨氮"), ("W-1", datetime(2026, 3, 23, 0), "0,350", "1,250"),
                   ("W-1", datetime(2026, 3, 23, 4), "1,105", 0.4))  # fmt: skip
    assert [v for *_x, v in values(read(beside))] == [0.4]
    assert [v for *_x, v in values(read('点位,时间,总磷\nW-1,2026-03-23 00:00,"1,250"\n'))] == [
        1250
    ]


@pytest.mark.parametrize("cell", ["30 31", "30\n31", "30\t31", "3 0", "30.5 31"])
def test_two_numbers_in_a_cell_are_no_number(county, cell):
    parsed = read(sheet(("点位", "时间", "PM2.5"), ("A-1", datetime(2026, 3, 5, 1), cell)))
    assert ([e.field for e in parsed.errors], values(parsed)) == (["PM2.5"], [])


def test_a_value_that_became_a_date_or_a_truth_is_named_and_the_rest_kept(county):
    parsed = read(sheet(
        ("点位", "时间", "PM2.5", "PM10"),
        ("A-1", datetime(2018, 9, 2, 0, 0), 30, 50),
        ("A-1", datetime(2018, 9, 2, 1, 0), date(2018, 3, 5), 51),
        ("A-1", datetime(2018, 9, 2, 2, 0), True, 52),
    ))  # fmt: skip
    assert [(e.row, e.field) for e in parsed.errors] == [(3, "PM2.5"), (4, "PM2.5")]
    assert of(parsed) == {datetime(2018, 9, 2): 30}
    assert len(of(parsed, "a34002")) == 3


def test_formulas_without_results_and_error_cells_are_reported_by_cell(county):
    parsed = read(sheet(
        ("点位", "时间", "PM2.5", "PM10"),
        ("A-1", datetime(2026, 3, 9, 0), "=D2*2", 50),
        ("A-1", datetime(2026, 3, 9, 1), "#N/A", 50),
        ("A-1", datetime(2026, 3, 9, 2), "#DIV/0!", 50),
        ("A-1", datetime(2026, 3, 9, 3), 33, 50),
    ))  # fmt: skip
    assert [e.row for e in parsed.errors] == [2, 3, 4]
    assert [
        word in e.problem for e, word in zip(parsed.errors, ("C2", "#N/A", "#DIV/0!"), strict=True)
    ] == [True] * 3
    assert (len(of(parsed)), len(of(parsed, "a34002"))) == (1, 4)


def test_units_in_a_row_of_their_own_are_read_and_are_no_data(county):
    parsed = read(sheet(("点位", "采样时间", "总磷", "氨氮"), (None, None, "μg/L", "mg/L"),
                        ("W-1", datetime(2026, 3, 5, 4), 120, 0.35)))  # fmt: skip
    assert parsed.errors == []
    assert ("", 2, "units") in [("", row, why) for _s, row, why in parsed.left_out]
    assert [v for *_x, v in values(parsed)] == [0.35, 0.12]


def test_units_below_another_row_of_names_and_on_each_page_are_read(county):
    named = read(sheet(("点位", "时间", "总磷"), ("名称", "年月日", "TP"), (None, None, "μg/L"),
                       ("W-1", datetime(2026, 3, 5, 4), 120)))  # fmt: skip
    assert (named.errors, [v for *_x, v in values(named)]) == ([], [0.12])
    pages = read(sheet(("点位", "时间", "总磷"), (None, None, "μg/L"), ("W-1", datetime(2026, 3, 5, 4), 120),
                       ("点位", "时间", "总磷"), (None, None, "mg/L"), ("W-1", datetime(2026, 3, 5, 8), 0.13),
                       ("点位", "时间", "总磷"), (None, None, "mg/L"), ("W-1", datetime(2026, 3, 5, 12), 0.14)))  # fmt: skip
    assert (pages.errors, [v for *_x, v in values(pages)]) == ([], [0.12, 0.13, 0.14])


def test_implausible_magnitudes_stop_until_somebody_has_looked(county, store):
    parsed = read("点位,时间,CO\nA-1,2026-03-05 01:00,800\nA-1,2026-03-05 02:00,900\n")
    assert len(parsed.stops) == 1
    with pytest.raises(imports.FileError, match="核对单位"):
        imports.store(parsed)
    assert store.read(series=["hour"]).is_empty()
    assert imports.store(parsed, sure=True).observations


# -- flags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "flag"), [("正常", "N"), ("有效", "N"), ("n", "N"), ("Ｎ", "N"), ("", "N"), ("停运", "F"), ("/", "N"), ("N(正常)", "N"), ("正常运行", "N"), ("仪器故障", "D"),
                                            ("维护", "M"), ("校准", "C"), ("d", "D")])  # fmt: skip
def test_flags_are_understood_as_letters_and_words(county, word, flag):
    parsed = read(f"点位,因子,时间,数值,标记\nA-1,PM2.5,2026-03-07 00:00,30,{word}\n")
    assert parsed.observations["flag"].to_list() == [flag]


@pytest.mark.parametrize(("word", "flag"), [("仪器校准", "C"), ("校准中", "C"), ("设备维护", "M"), ("故障", "D"), ("停产", "F"),
                                            ("通讯中断", "B"), ("断流", "F")])  # fmt: skip
def test_what_stands_in_place_of_a_value_is_its_flag(county, word, flag):
    parsed = read(f"点位,时间,PM2.5\nA-1,2026-03-07 00:00,{word}\nA-1,2026-03-07 01:00,30\n")
    assert parsed.observations["flag"].to_list() == [flag, "N"]
    assert parsed.observations["value"].to_list() == [None, 30]


def test_figures_below_a_table_are_left_out(county):
    parsed = read("点位,时间,PM2.5\nA-1,2026-03-07 00:00,30\n最大值,,30\n平均值,,30\n超标率,,0%\n")
    assert (parsed.errors, len(of(parsed)), len(parsed.left_out)) == ([], 1, 3)


def test_an_unknown_flag_is_reported_not_swallowed(county):
    parsed = read(
        "点位,因子,时间,数值,标记\nA-1,PM2.5,2026-03-07 00:00,30,大概\nA-1,PM2.5,2026-03-07 01:00,31,0\n"
    )
    assert [(e.row, e.field) for e in parsed.errors] == [(2, "标记"), (3, "标记")]


# -- layouts ----------------------------------------------------------------------------------------


def test_a_header_of_two_rows_and_a_merged_station(county):
    def merge(page):
        page.merge_cells("C1:E1")
        page.merge_cells("A1:A2")
        page.merge_cells("B1:B2")
        page.merge_cells("A3:A4")

    parsed = read(sheet(("点位", "时间", "监测项目"), (None, None, "PM2.5", "PM10", "O3"),
                        ("A-1", datetime(2026, 3, 13, 0), 30, 50, 60),
                        (None, datetime(2026, 3, 13, 1), 31, 51, 61), change=merge))  # fmt: skip
    assert parsed.errors == []
    assert len(values(parsed)) == 6
    assert of(parsed) == {datetime(2026, 3, 13): 30, datetime(2026, 3, 13, 1): 31}


@pytest.mark.parametrize("upper", ["points", "factors"])
def test_a_column_a_station_and_factor(county, upper):
    stations, factors = ["1号空气站"] * 2 + ["2号空气站"] * 2, ["PM2.5", "PM10"] * 2
    heads = (stations, factors) if upper == "points" else (factors, stations)
    parsed = read(sheet(("时间", *heads[0]), (None, *heads[1]), (HOURS[1], 30, 50, 40, 60)))
    rows = parsed.observations.select("point", "parameter", "value").rows()
    one, two = (point.pk for point in county.air[:2])
    assert set(rows) == {(one, "a34004", 30), (one, "a34002", 50), (two, "a34004", 40), (two, "a34002", 60)}  # fmt: skip


def test_a_value_merged_over_rows_belongs_to_none_of_them_for_sure(county):
    parsed = read(sheet(("点位", "时间", "PM2.5"), ("A-1", datetime(2026, 3, 13, 0), 30),
                        ("A-1", datetime(2026, 3, 13, 1), None), change=lambda page: page.merge_cells("C2:C3")))  # fmt: skip
    assert (len(of(parsed)), [e.row for e in parsed.errors]) == (1, [3])


def test_a_column_a_station_needs_its_factor_named(county):
    content = "时间,1号空气站,2号空气站\n2018-03-05 00:00,30,31\n2018-03-05 01:00,33,34\n"
    with pytest.raises(imports.FileError, match="因子"):
        read(content)
    parsed = read(content, parameter="PM2.5")
    assert (parsed.layout, len(values(parsed))) == ("by point", 4)
    assert read("PM2.5小时浓度,,\n" + content).observations.height == 4


def test_the_national_layout_of_date_hour_and_type(county):
    parsed = read(
        "date,hour,type,A-1,A-2\n20260319,0,PM2.5,30,31\n20260319,0,PM10,55,—\n20260319,1,PM2.5,32,NA\n"
        "20260319,1,PM2.5_24h,30,31\n20260319,1,AQI,50,51\n"
    )
    assert parsed.errors == []
    assert [v for *_x, v in values(parsed)] == [30, 31, 55, 32]
    assert "2 行" in "".join(parsed.notes)


def test_names_as_laboratories_write_them(county):
    parsed = read(
        "断面名称,采样时间,氨氮（NH3-N）,高锰酸盐指数（CODMn）,总磷（以P计）(mg/L),溶解氧(DO)\n"
        "W-1,2026-03-16 00:00,0.35,2.4,0.08,7.9\n"
    )
    assert (parsed.errors, parsed.ignored_columns) == ([], [])
    assert {code: v for code, _s, v in values(parsed)} == {
        "w21003": 0.35, "w01019": 2.4, "w21011": 0.08, "w01009": 7.9,
    }  # fmt: skip
    assert of(read("点位,时间,细颗粒物(PM2.5)\nA-1,2026-03-16 00:00,35\n")) == {
        datetime(2026, 3, 16): 35
    }


@pytest.mark.parametrize("head", ["PM25", "PM₂.₅", "细颗粒物(PM2_5)", "PM2.5(无)", "PM2.5,AQI"])
def test_names_as_programs_write_them(county, head):
    parsed = read(f"点位,时间,{head}\nA-1,2026-03-16 00:00{',35' * head.count(',')},35\n")
    assert values(parsed) == [("a34004", datetime(2026, 3, 16), 35)]


def test_every_sheet_is_read_and_a_cover_is_said(county):
    book = Workbook()
    book.active.title = "填表说明"
    book.active.append(["本表由监测站填报"])
    for month in (1, 2, 3):
        rows = [("A-1", datetime(2026, month, 11, h), 30 + month) for h in (0, 1, 2)]
        content = sheet(("点位", "时间", "PM2.5"), *rows, name=f"{month}月", book=book)
    parsed = read(content)
    assert len(of(parsed)) == 9
    said = "".join(parsed.notes)
    assert "1月、2月、3月" in said
    assert "填表说明" in said


def test_a_sheet_a_station_is_that_station(county):
    book = Workbook()
    book.active.title = "1号空气站"
    book.active.append(["时间", "PM2.5"])
    book.active.append([datetime(2026, 3, 5, 1), 30])
    content = sheet(("时间", "PM2.5"), (datetime(2026, 3, 5, 2), 40), name="2号空气站", book=book)
    parsed = read(content)
    assert parsed.observations.sort("start")["point"].to_list() == [p.pk for p in county.air[:2]]
    assert "1号空气站" in "".join(parsed.notes)
    with pytest.raises(imports.FileError, match="2号空气站"):
        read(content, point="1号空气站")
    titled = read("监测点：1号空气站,\n时间,PM2.5\n2026-03-05 01:00,30\n2026-03-05 02:00,30\n")
    assert set(titled.observations["point"]) == {county.air[0].pk}


def test_a_year_in_the_title_or_file_name_is_that_of_the_times(county):
    rows = "点位,时间,PM2.5\nA-1,03-05 01:00,30\nA-1,3月5日 2时,31\n"
    for parsed in (read(rows, "snapshot_2026-03-05.csv"), read("2026年3月小时值,,\n" + rows)):
        assert of(parsed) == {HOURS[1]: 30, HOURS[2]: 31}
        assert "2026 年" in "".join(parsed.notes)
    assert len(read(rows).errors) == 2


@pytest.mark.parametrize("head", ["站点编码,站点名称", "站点名称,站点编码"])
def test_of_several_columns_of_points_the_one_known_here_counts(county, head):
    cells = {"站点编码": "1001X", "站点名称": "1号空气站"}
    row = ",".join(cells[name] for name in head.split(","))
    assert of(read(f"{head},时间,PM2.5\n{row},2026-03-05 01:00,30\n")) == {HOURS[1]: 30}


def test_hidden_rows_are_said(county):
    def hide(page):
        page.row_dimensions[3].hidden = True

    rows = [("A-1", datetime(2026, 3, 22, h), 30 + h) for h in range(4)]
    parsed = read(sheet(("点位", "时间", "PM2.5"), *rows, change=hide))
    assert "第 3 行" in "".join(parsed.notes)
    assert len(of(parsed)) == 4


# -- text -------------------------------------------------------------------------------------------


def test_a_stray_mark_costs_its_row_alone(county):
    long = "".join(f"A-1,2018-07-{d:02} {h:02}:00,{h},\n" for d in range(9, 30) for h in range(24))
    parsed = read(
        '点位,时间,PM2.5,备注\nA-1,2018-07-08 00:00,30,5"管道\nA-1,2018-07-08 01:00,31,"停电\n'
        + long
    )
    assert [e.row for e in parsed.errors] == [3]
    assert len(of(parsed)) == 1 + 21 * 24


def test_carriage_returns_alone_end_lines(county):
    assert len(of(read("点位,时间,PM2.5\rA-1,2018-10-02 00:00,30\rA-1,2018-10-02 01:00,31\r"))) == 2


def test_one_broken_byte_is_named_and_the_rest_kept(county):
    good = "点位,时间,PM2.5,备注\r\nA-1,2018/7/9 0:00,30,正常\r\n".encode("gbk")
    remark = read(good + b"A-1,2018/7/9 1:00,31,\xa1\xff\r\n")
    assert [w.row for w in remark.warnings] == [3]
    assert len(of(remark)) == 2
    place = read(good + b"\xa1\xff,2018/7/9 1:00,31,\r\n")
    assert [e.row for e in place.errors] == [3]
    assert len(of(place)) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", ["\t", ";", ",", "，"])
def test_any_encoding_and_delimiter(county, encoding, delimiter):
    text = (
        delimiter.join(("点位", "时间", "PM2.5"))
        + "\n"
        + delimiter.join(("A-1", "2026-03-18 00:00", "30"))
    )
    assert of(read(text.encode(encoding))) == {datetime(2026, 3, 18): 30}


def test_html_named_xls(county):
    page = (
        '<html><head><meta charset="gb2312"></head><body><table border=1><tr><td>点位</td><td>时间</td>'
        "<td>PM2.5</td></tr><tr><td>A-1</td><td>2026-03-15 00:00</td><td>30</td></tr></table></body></html>"
    )
    assert of(read(page.encode("gb2312"), "a.xls")) == {datetime(2026, 3, 15): 30}


def test_rows_in_are_kept_reported_or_left_out(county):
    parsed = read(
        "某县空气小时数据，未经审核，仅供参考\n点位,时间,PM2.5\nA-1,2026-03-14 00:00,30\n"
        "A-9,2026-03-14 00:00,30\nA-1,2026-03-14 01:00\n合计,,60\n注：内部资料,,\n"
    )
    left = {row: why for _s, row, why in parsed.left_out}
    assert left == {1: "title", 6: "total", 7: "note"}
    assert {e.row for e in parsed.errors} == {4, 5}
    assert parsed.good_rows == 1


# -- the gateway keeps the same rules ---------------------------------------------------------------


def taken(store, county, time, content):
    """What came of one frame: the values of its hours, and why frames were put aside."""
    from ecoledger.hj212.batch import decode_many
    from ecoledger.hj212.crc import crc16_modbus
    from ecoledger.monitoring.arriving import ingest

    mn = county.air[0].mn
    text = f"QN=20260501090000003;ST=22;CN=2061;PW=123456;MN={mn};Flag=5;CP=&&DataTime={time};{content}&&"
    frame = f"##{len(text):04d}{text}{crc16_modbus(text.encode()):04X}\r\n".encode()
    ingest.take(decode_many([frame]), ["test"])
    hours = store.read([county.air[0].pk], ["a34004", "a34002"], "hour",
                       columns=("parameter", "value", "flag"))  # fmt: skip
    return sorted(hours.rows()), store.frames(status="quarantined")["reason"].to_list()


def test_a_flag_in_a_small_letter_is_that_flag(store, county):
    hours, aside = taken(store, county, "20260501030000", "a34004-Avg=33.0,a34004-Flag=n")
    assert (hours, aside) == ([("a34004", 33.0, "N")], [])


def test_a_clock_that_fell_back_is_said_and_put_aside(store, county):
    hours, aside = taken(store, county, "20000101000500", "a34004-Avg=36.0,a34004-Flag=N")
    assert (hours, aside) == ([], ["ancient"])


def test_a_value_with_its_unit_is_put_aside_and_the_others_are_kept(store, county):
    content = "a34004-Avg=38ug/m3,a34004-Flag=N;a34002-Avg=60,a34002-Flag=N"
    hours, aside = taken(store, county, "20260501060000", content)
    assert [h[:2] for h in hours if h[1] is not None] == [("a34002", 60.0)]
    assert aside == ["value"]
