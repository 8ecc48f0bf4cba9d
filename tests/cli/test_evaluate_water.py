"""``ecoledger evaluate`` for water, noise and emissions: CSV in, CSV out."""

import csv
import io

import pytest
from click.testing import CliRunner

from ecoledger.cli import main


def run(command, text, *options, encoding="utf-8"):
    """Run a command on a stream; returns exit code, rows as dictionaries, and what was told."""
    result = CliRunner().invoke(main, ["evaluate", command, *options], input=text.encode(encoding))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    return result.exit_code, rows, result.stderr


def test_surface_water_adds_class_pollutants_and_standard_and_passes_the_rest_through():
    code, rows, told = run(
        "surface-water",
        "section,time,ph,do,codmn,nh3n,tp,remark\n"
        'A,2026-01-02 08:00,7.1,8,2.1,0.025L,0.06,"as, is"\n'
        "B,2026-01-02 08:00,7.0,8,12,1.7,0.5,\n",
    )
    assert code == 0
    assert rows[0] == {
        "section": "A",
        "time": "2026-01-02 08:00",
        "ph": "7.1",
        "do": "8",
        "codmn": "2.1",
        "nh3n": "0.025L",
        "tp": "0.06",
        "remark": "as, is",
        "class": "Ⅱ",
        "main_pollutants": "",
        "standard": "GB 3838-2002",
    }
    assert rows[1]["class"] == "劣Ⅴ"
    assert rows[1]["main_pollutants"] == "总磷(1.5)、高锰酸盐指数(1)、氨氮(0.7)"
    assert told == ""


HEADERS = "断面名称,监测时间,水温(℃),pH(无量纲),溶解氧(mg/L),高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L),总氮(mg/L)\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_headers_of_the_national_stations_are_understood(encoding):
    code, rows, _ = run(
        "surface-water",
        HEADERS
        + "甲,02-04 11:00,-0.3,8.1,10.8,0.9,0.11,0.07,2.1\n乙,02-04 11:00,6,--,--,--,--,--,--\n",
        "--on",
        "2026-02-04",
        encoding=encoding,
    )
    assert code == 0
    assert [row["class"] for row in rows] == ["Ⅱ", ""]
    assert rows[0]["断面名称"] == "甲"


def test_a_lake_is_told_by_option_or_by_column():
    text = "section,tp,{}\nA,0.06,{}\n"
    on = ("--on", "2026-02-04")
    assert run("surface-water", "section,tp\nA,0.06\n", *on)[1][0]["class"] == "Ⅱ"
    assert (
        run("surface-water", "section,tp\nA,0.06\n", *on, "--waterbody", "lake")[1][0]["class"]
        == "Ⅳ"
    )
    assert run("surface-water", text.format("水体类型", "湖库"), *on)[1][0]["class"] == "Ⅳ"
    by_column = run("surface-water", text.format("waterbody", "river"), *on, "--waterbody", "lake")
    assert by_column[1][0]["class"] == "Ⅱ"
    blank = run("surface-water", text.format("waterbody", ""), *on, "--waterbody", "lake")
    assert blank[1][0]["class"] == "Ⅳ"


def test_total_nitrogen_counts_only_when_asked():
    text = "section,do,tn\nA,8,4.7\n"
    on = ("--on", "2026-02-04")
    assert run("surface-water", text, *on)[1][0]["class"] == "Ⅰ"
    assert run("surface-water", text, *on, "--count-tn")[1][0]["class"] == "劣Ⅴ"


def test_a_plan_may_name_its_items():
    text = "section,do,codcr\nA,8,35\n"
    on = ("--on", "2026-02-04")
    assert run("surface-water", text, *on, "--items", "ph,do")[1][0]["class"] == "Ⅰ"
    code, _, told = run("surface-water", text, *on, "--items", "doo")
    assert code == 2
    assert "doo" in told


def test_bad_rows_are_named_by_line_with_field_and_remedy_and_kept_out():
    code, rows, told = run(
        "surface-water",
        "section,date,ph,nh3n,waterbody\n"
        "A,2026-01-02,7,0.1,river\n"
        "B,2026-01-02,71,0.1,river\n"
        "C,2026-01-02,7,abc,river\n"
        "D,1999-01-02,7,0.1,river\n"
        "E,2026-01-02,7,0.1,puddle\n"
        "F,2026-01-02,7\n"
        "G,2026-01-02,7,-0.1,river\n"
        "H,2026-01-02,7,0.6,river\n",
    )
    assert code == 1
    assert [row["section"] for row in rows] == ["A", "H"]
    assert [row["class"] for row in rows] == ["Ⅰ", "Ⅲ"]
    for line, words in {
        3: "ph '71' is beyond 14; correct it or leave it empty",
        4: "nh3n 'abc' is not a number",
        5: "no standard was in force on 1999-01-02",
        6: "waterbody 'puddle' is no water body; write river (河流) or lake (湖库)",
        7: "3 cells, but the header has 5",
        8: "nh3n '-0.1' cannot be negative",
    }.items():
        assert f"line {line}: {words}" in told
    assert "rows kept out: 6" in told


def test_units_in_the_header_are_converted_and_unknown_ones_refused():
    on = ("--on", "2026-02-04")
    text = "section,砷(μg/L)\nA,60\n"
    _, rows, _ = run("surface-water", text, *on)
    assert rows[0]["class"] == "Ⅳ"
    assert rows[0]["砷(μg/L)"] == "60"
    code, _, told = run("surface-water", "section,砷(lb)\nA,60\n", *on)
    assert code == 2
    assert "unit 'lb' is not understood" in told


def test_bare_codes_mean_the_unit_of_the_protocol():
    _, rows, _ = run("surface-water", "section,w20142,w21003\nA,0.08,0.1\n", "--on", "2026-02-04")
    assert rows[0]["class"] == "Ⅲ"
    text = "pollutant,value,basis\nw20111,40,day\n总汞,0.04,day\n"
    _, rows, _ = run(
        "emission",
        text,
        "--standard",
        "GB 8978-1996",
        "--category",
        "first_class",
        "--on",
        "2026-02-04",
    )
    assert [row["judged_value"] for row in rows] == ["0.04", "0.04"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the table is empty"),
        ("section,x\nA,1\n", "no column of an item"),
        ("nh3n,氨氮\n1,1\n", "both mean"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(text, words):
    code, _, told = run("surface-water", text, "--on", "2026-02-04")
    assert code == 2
    assert words in told


def test_a_table_without_rows_gives_its_header():
    result = CliRunner().invoke(
        main, ["evaluate", "surface-water", "--on", "2026-02-04"], input=b"section,ph\n"
    )
    assert (result.exit_code, result.stdout) == (0, "section,ph,class,main_pollutants,standard\n")


def test_a_column_of_the_input_that_has_our_name_is_kept_under_another():
    _, rows, told = run("surface-water", "section,do,class\nA,8,mine\n", "--on", "2026-02-04")
    assert (rows[0]["input_class"], rows[0]["class"]) == ("mine", "Ⅰ")
    assert "class → input_class" in told


def test_files_are_read_and_written(tmp_path):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("section,do\nA,8\n", encoding="utf-8")
    result = CliRunner().invoke(
        main, ["evaluate", "surface-water", "--on", "2026-02-04", str(source), str(target)]
    )
    assert result.exit_code == 0
    assert target.read_text(encoding="utf-8").splitlines()[1] == "A,8,Ⅰ,,GB 3838-2002"


def test_groundwater():
    code, rows, told = run(
        "groundwater",
        "点位,pH值,锰(μg/L),LAS(μg/L)\nW1,7.1,50,50L\nW2,6.3,130,200\nW3,,x,\n",
        "--on",
        "2026-03-01",
    )
    assert code == 1
    assert [(row["class"], row["exceeding_items"]) for row in rows] == [
        ("Ⅰ", ""),
        ("Ⅳ", "锰(0.3)、pH"),
    ]
    assert "GB/T 14848-2017: 未经核对" in told
    assert "line 4" in told


def test_sea_water_and_its_eutrophication():
    _, rows, _ = run(
        "sea", "站位,pH,DO,化学需氧量(mg/L),无机氮,活性磷酸盐\nS1,8.1,7,1.5,0.45,0.033\nS2,8.1,7,1.5,--,0.01\n",
        "--on", "2026-05-01",
    )  # fmt: skip
    assert [(row["class"], row["eutrophication"]) for row in rows] == [
        ("四类", "4.95"),
        ("一类", ""),
    ]


def test_noise_zones_by_point_times():
    code, rows, told = run(
        "noise",
        "点位,功能区,昼间,夜间\nP1,2,58.2,51\nP2,4a类,70,--\nP3,9,50,40\n",
        "--on",
        "2026-03-01",
    )
    assert code == 1
    assert [(row["day_attains"], row["night_attains"]) for row in rows] == [
        ("true", "false"),
        ("true", ""),
    ]
    assert "昼间点次达标率 100.0%（2/2），夜间点次达标率 0.0%（0/1）" in told
    assert "line 4: 功能区 '9' is no zone" in told


def test_noise_from_hours_goes_from_night_to_night():
    hours = "".join(
        f"2026-03-0{day} {hour:02d}:00,P1,2,{50 if hour < 6 or hour >= 22 else 60}\n"
        for day in (1, 2)
        for hour in range(24)
    )
    _, rows, _ = run("noise", "time,point,zone,leq\n" + hours)
    whole = rows[1]
    assert (whole["time"], whole["ld"], whole["ln"], whole["ldn"]) == (
        "2026-03-01",
        "60.0",
        "50.0",
        "60.0",
    )
    assert (whole["day_hours"], whole["night_hours"]) == ("16", "8")
    code, _, told = run("noise", "time,point,zone,leq\n" + hours, "--night", "22-5")
    assert code == 2
    assert "must have 8" in told


GAS = ("--standard", "GB 13271-2014", "--category", "gas_new")


def test_flue_gas_is_converted_then_judged_by_the_hour():
    code, rows, told = run(
        "emission",
        "time,point,pollutant,value,o2,flag,parts\n"
        "2026-05-01 08:00,DA001,氮氧化物,220,4.5,N,60\n"
        "2026-05-01 09:00,DA001,a21002,220,20.95,N,60\n"
        "2026-05-01 10:00,DA001,NOx,500,4,D,60\n"
        "2026-05-01 11:00,DA001,NOx,500,4,N,44\n"
        "2026-05-01 12:00,DA001,NOx,500,,N,60\n"
        "2026-05-01 13:00,DA001,HCl,500,4,N,60\n"
        "2026-05-01 14:00,DA001,xx,500,4,N,60\n",
        *GAS,
    )
    assert code == 1
    assert [row["outcome"] for row in rows] == ["超标"] + ["不参与判定"] * 5
    assert float(rows[0]["judged_value"]) == pytest.approx(220 * 17.5 / 16.5)
    assert float(rows[0]["multiple"]) == pytest.approx(1 / 6)
    assert [row["reason"] for row in rows[1:]] == [
        "氧含量表明停运，不折算、不判定",
        "数据标记D，数据无效",
        "小时均值的有效数据不足",
        "缺少氧含量，不能折算",
        "GB 13271-2014 gas_new 没有该污染物的限值",
    ]
    assert "GB 13271-2014: 未经核对" in told
    assert "line 8: pollutant 'xx' is no known pollutant" in told


def test_wastewater_is_judged_by_the_day_and_ammonia_by_temperature():
    text = (
        "time,pollutant,value,basis,水温,parts\n"
        "2026-01-05,化学需氧量,60,日,10,12\n"
        "2026-01-05,氨氮,7,日,10,12\n"
        "2026-01-05,氨氮,7,日,15,12\n"
        "2026-01-05,COD,60,小时,10,1\n"
        "2026-01-05,COD,60,日,10,8\n"
    )
    _, rows, _ = run("emission", text, "--standard", "GB 18918-2002", "--category", "grade_1a")
    assert [row["outcome"] for row in rows] == ["超标", "达标", "超标", "不参与判定", "不参与判定"]
    assert rows[0]["multiple"] == "0.2"
    assert rows[3]["reason"] == "限值按日均值判定，不以小时均值判定"
    assert rows[4]["reason"] == "日均值的有效数据不足"


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("pollutant,value\nso2,1\n", (), "name the standard"),
        ("pollutant,value\nso2,1\n", ("--standard", "GB 13271-2014"), "name the category"),
        ("pollutant,x\nso2,1\n", GAS, "no column value"),
    ],
)
def test_what_an_emission_table_needs_is_said(text, options, words):
    code, _, told = run("emission", text, *options)
    assert code == 2
    assert words in told
