"""air-hourly, air-daily and air-period on files as people have them."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from ecoledger.cli import csv_stream
from ecoledger.cli.evaluate_air import air_daily, air_hourly, air_period

HEADER = "time,station,so2,no2,o3,co,pm10,pm2_5"


def run(command, text, *options):
    data = text if isinstance(text, bytes) else text.encode()
    return CliRunner().invoke(command, [*options, "-", "-"], input=data)


def rows(result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_hours_get_their_index_by_their_own_date_and_pass_through():
    text = f"""{HEADER},备注
2026-03-01T00:00,A,5,20,50,0.50,60,60,"甲,乙"
2026-03-01T01:00,A,5,20,50,0.50,60,60,
"""
    result = run(air_hourly, text)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{HEADER},备注,aqi,level,primary,standard",
        '2026-03-01T00:00,A,5,20,50,0.50,60,60,"甲,乙",82,2,pm2_5,HJ 633-2012',
        "2026-03-01T01:00,A,5,20,50,0.50,60,60,,100,2,pm2_5,HJ 633-2026",
    ]
    assert rows(run(air_hourly, text, "--label", "start"))[0]["standard"] == "HJ 633-2026"


def test_tied_factors_share_a_quoted_cell_and_up_to_fifty_it_is_blank():
    text = f"{HEADER}\n2026-05-01T08:00,A,1,1,1,1,120,60\n2026-05-01T09:00,A,1,1,1,1,50,35\n"
    assert [(r["aqi"], r["primary"]) for r in rows(run(air_hourly, text))] == [
        ("100", "pm10,pm2_5"),
        ("50", ""),
    ]


def test_bad_rows_are_named_by_line_and_kept_out():
    text = f"""{HEADER}
2026-05-01T08:00,A,5,20,50,0.5,60,60
不知,A,5,20,50,0.5,60,60

2026-05-01T09:00,A,abc,20,50,-0.5,60,60
2026-05-01T10:00,A,5
2026-05-01,A,5,20,50,0.5,60,60
2026-05-01T10:30,A,5,20,50,0.5,60,60
2026-05-01T11:00,A,5,20,50,0.5,60,61
"""
    result = run(air_hourly, text)
    assert result.exit_code == 1
    assert [r["aqi"] for r in rows(result)] == ["100", "101"]
    assert result.stderr.splitlines() == [
        "line 3: time '不知' is not a time; write it as 2026-03-01T08:00",
        "line 5: co '-0.5' cannot be negative; correct it, or leave it empty if it is missing",
        "line 5: so2 'abc' is not a number; correct it, or leave it empty if it is missing",
        "line 6: 3 cells, but the header has 8; quote a cell that holds the separator",
        "line 7: time '2026-05-01' is a day; write the hour: 2026-03-01T08:00",
        "line 8: time '2026-05-01T10:30' is not a full hour; give hourly means",
        "rows kept out: 5",
    ]


def test_lines_are_counted_through_quoted_cells():
    text = f'{HEADER},note\n2026-05-01T08:00,A,5,20,50,0.5,60,60,"two\nlines"\nx,A,5,20,50,0.5,60,60,\n'
    result = run(air_hourly, text)
    assert "line 4: time 'x'" in result.stderr
    assert rows(result)[0]["note"] == "two\nlines"


def test_missing_and_unplanned_factors():
    def index(cells, *options):
        return rows(run(air_hourly, f"{HEADER}\n2026-05-01T08:00,A,{cells}\n", *options))[0]["aqi"]

    assert index("5,—,50,0.5,60,60") == ""
    assert index("5,NA,50,0.5,60,61") == "101"
    assert index("/,20,50,0.5,60,60") == "100"
    assert index("5,,50,0.5,60,60", "--not-planned", "no2") == "100"
    assert index("5,20,50,0.5,,60") == "100"
    assert index("5,20,50,0.5,,60", "--incomplete", "standard") == ""
    assert index("5,20,50,0.5,60,") == ""


def test_other_names_units_and_encodings():
    text = (
        "监测时间,站点名称,二氧化硫,NO2(μg/m3),臭氧,CO(μg/m³),PM10,PM2.5,o3_8h\r\n"
        "2026年5月1日8时,涂山街,5,20,50,500,60,60,70\r\n"
        "2026/5/1 24:00,涂山街,5,20,50,500,60,61,70\r\n"
    )
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        result = run(air_hourly, text.replace("³", "3").encode(encoding))
        assert result.exit_code == 0, result.stderr
        assert [r["aqi"] for r in rows(result)] == ["100", "101"]
        assert rows(result)[0]["站点名称"] == "涂山街"
    tabs = run(air_hourly, text.replace(",", "\t"))
    assert [r["aqi"] for r in rows(tabs)] == ["100", "101"]


def test_columns_of_the_input_that_would_clash_are_renamed():
    result = run(air_hourly, f"{HEADER},aqi\n2026-05-01T08:00,A,5,20,50,0.5,60,60,99\n")
    assert (rows(result)[0]["input_aqi"], rows(result)[0]["aqi"]) == ("99", "100")
    assert "renamed: aqi → input_aqi" in result.stderr


def test_what_cannot_be_used_at_all():
    cases = {
        "": "the table is empty",
        "time,station\n2026-05-01T08:00,A\n": "none of the columns so2",
        "station,so2\nA,5\n": "no column of times",
        "time,so2,so2\n2026-05-01T08:00,5,5\n": "names 'so2' twice",
        "time,so2,二氧化硫\n2026-05-01T08:00,5,5\n": "both mean 'so2'",
        "time,so2(ppb)\n2026-05-01T08:00,5\n": "unit 'ppb' is not understood",
    }
    for text, message in cases.items():
        result = run(air_hourly, text)
        assert result.exit_code == 2
        assert message in result.stderr


def test_carbon_monoxide_in_micrograms_is_noticed():
    result = run(air_hourly, f"{HEADER}\n2026-05-01T08:00,A,5,20,50,800,60,60\n")
    assert "name the column CO(μg/m3)" in result.stderr


def test_header_alone_gives_a_header():
    result = run(air_hourly, f"{HEADER}\n")
    assert (result.exit_code, result.stdout) == (0, f"{HEADER},aqi,level,primary,standard\n")


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_blocks_of_any_size_give_the_same(monkeypatch, size):
    lines = [f"2026-05-01T{h:02}:00,站{h},5,20,50,0.5,60,{h + 40}" for h in range(1, 24)]
    lines[10] = "坏,站,5,20,50,0.5,60,60"
    lines[15] = lines[15].replace("站", '"站, 有\n名"')
    text = "\n".join([HEADER, *lines])
    whole = run(air_hourly, text)
    monkeypatch.setattr(csv_stream, "_BLOCK_BYTES", size)
    pieces = run(air_hourly, text)
    assert (pieces.stdout, pieces.stderr) == (whole.stdout, whole.stderr)
    assert len(rows(whole)) == 22


def hourly_text(days: int, start=datetime(2026, 5, 1), station="A", extra="", **values) -> str:
    cells = {"so2": 6, "no2": 28, "o3": 80, "co": 0.5, "pm10": 50, "pm2_5": 30} | values
    tail = ",".join(str(v) for v in cells.values())
    times = (start + timedelta(hours=h) for h in range(days * 24))
    return "".join(f"{t:%Y-%m-%dT%H:%M},{station},{tail}{extra}\n" for t in times)


def test_daily_values_from_hours_and_back_in_as_days():
    text = f"{HEADER}\n" + hourly_text(2, start=datetime(2026, 5, 1, 1))
    result = run(air_daily, text)
    assert result.exit_code == 0, result.stderr
    first = rows(result)[0]
    assert (first["time"], first["station"], first["o3"], first["o3_windows"]) == (
        *("2026-05-01", "A", "80.0"),
        "17",
    )
    assert (first["aqi"], first["primary"], first["standard"]) == ("50", "", "HJ 633-2026")
    again = run(air_daily, result.stdout)
    assert [r["aqi"] for r in rows(again)] == ["50", "50"]
    assert "o3_windows" not in rows(again)[0]
    shifted = rows(run(air_daily, text, "--label", "start"))
    assert [r["aqi"] for r in shifted] == ["50", "50", ""]


def test_a_row_given_twice_is_kept_out_by_line():
    text = f"{HEADER}\n" + hourly_text(1) + "2026-05-01T05:00,A,999,1,1,1,1,1\n"
    result = run(air_daily, text, "--label", "start")
    assert result.exit_code == 1
    assert "line 26: station 'A' has 2026-05-01 05:00 on line 7 already; keep one" in result.stderr
    assert rows(result)[0]["so2"] == "6.0"


def test_hours_and_days_are_not_mixed():
    text = f"{HEADER}\n" + hourly_text(1) + "2026-05-03,A,1,1,1,1,1,1\n"
    result = run(air_daily, text, "--label", "start")
    assert "line 26: time is not an hour as in most rows" in result.stderr


def test_periods_of_stations_and_cities():
    body = "".join(
        hourly_text(31, station=name, pm2_5=level, extra=",泉州市")
        for name, level in (("A", 20), ("B", 24), ("C", 70))
    )
    text = f"{HEADER},city\n{body}"
    options = ("--every", "month", "--label", "start")
    stations = rows(run(air_period, text, *options))
    assert [(r["station"], r["period"], r["good_days"]) for r in stations] == [
        ("A", "2026-05", "31"),
        ("B", "2026-05", "31"),
        ("C", "2026-05", "0"),
    ]
    assert [r["attained"] for r in stations] == ["true", "true", "false"]
    city = rows(run(air_period, text, *options, "--by", "city", "--rounded"))[0]
    assert (city["city"], city["pm2_5_mean"], city["pm2_5_p95"]) == ("泉州市", "38.0", "38.0")
    assert (city["valid_days"], city["good_ratio"], city["attained"]) == ("31", "100.0", "false")
    assert city["composite"] == "3.52"
    assert city["largest"] == "pm2_5"
    named = rows(run(air_period, text, *options, "--by", "city", "--city", "全市"))
    assert named[0]["city"] == "全市"


def test_periods_without_dust_stand_beside_the_plain_ones(tmp_path):
    text = f"{HEADER}\n" + hourly_text(27) + hourly_text(4, datetime(2026, 5, 28), pm10=700)
    dust = tmp_path / "dust.csv"
    dust.write_text("day\n" + "".join(f"2026-05-{d}\n" for d in range(28, 32)))
    options = ("--every", "month", "--label", "start", "--dust", str(dust))
    plain, clear = rows(run(air_period, text, *options))
    assert (plain["dust"], plain["good_days"], plain["valid_days"]) == ("included", "27", "31")
    assert (clear["dust"], clear["good_days"], clear["valid_days"]) == ("excluded", "27", "27")
    assert clear["pm10_mean"] == "50.0"


def test_a_period_that_cannot_be_evaluated_says_why():
    text = f"{HEADER}\n" + hourly_text(1)
    no_city = run(air_period, text, "--by", "city")
    assert (no_city.exit_code, "say --city NAME" in no_city.stderr) == (2, True)
    weights = run(air_period, text, "--weights", "mine", "--label", "start")
    assert (weights.exit_code, "known: default" in weights.stderr) == (2, True)
    moved = (
        f"{HEADER},city\n"
        + hourly_text(1, extra=",甲")
        + hourly_text(1, datetime(2026, 5, 2), extra=",乙")
    )
    result = run(air_period, moved, "--by", "city")
    assert (result.exit_code, "more than one city: A" in result.stderr) == (2, True)


def test_all_rows_by_one_edition_and_with_sub_indices():
    text = f"{HEADER}\n2026-02-01T08:00,A,5,20,50,0.5,60,60\n"
    row = rows(run(air_hourly, text, "--standard", "HJ 633-2026", "--sub-indices"))[0]
    assert (row["aqi"], row["standard"]) == ("100", "HJ 633-2026")
    assert (row["iaqi_pm10"], row["iaqi_pm2_5"], row["iaqi_co"]) == ("58", "100", "5")


def test_last_years_days_by_this_years_limits():
    text = f"{HEADER}\n" + hourly_text(31, datetime(2025, 5, 1), pm2_5=32)
    options = ("--every", "month", "--label", "start")
    assert rows(run(air_period, text, *options))[0]["pm2_5_attained"] == "true"
    later = rows(run(air_period, text, *options, "--limits-on", "2026-05-01"))[0]
    assert (later["pm2_5_attained"], later["standard"]) == ("false", "HJ 663-2026, GB 3095-2026")


def test_midnights_alone_are_days():
    text = f"{HEADER}\n2026-05-01T00:00,A,5,20,50,0.5,60,60\n2026-05-02T00:00,A,5,20,50,0.5,60,61\n"
    result = run(air_daily, text)
    assert [(r["time"], r["aqi"]) for r in rows(result)] == [
        ("2026-05-01", "100"),
        ("2026-05-02", "101"),
    ]
    assert "taken as days" in result.stderr
