"""Alarms that know what they look at: rivers in the rain and with the tide (Q9), power of production and treatment (A9)."""

from __future__ import annotations

import csv
import math
from datetime import datetime, timedelta

import pytest
from tests.path.county import COUNTY, NORTH, SOUTH
from tests.path.house import this_hour
from tests.stories.pages import open_page, submit, text
from tests.stories.test_air_weather import entered

from ecoledger.hj212 import Value
from ecoledger.hj212.client import Device
from ecoledger.live import times

DAYS = 21
STATIONS = {"上湾": (NORTH, 4), "中湾": (NORTH, 11), "下湾": (SOUTH, 19), "河口": (SOUTH, 27)}


def saved(path, header, rows):
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows(rows)
    return path


def kept(lines):
    return next(line["kept"] for line in lines if line.get("event") == "counts")


def load(house, path, header, rows):
    code, lines, errors = house.process.command(
        "import", str(saved(path, header, rows)), "--data", str(house.process.data)
    )
    assert code == 0, (lines[-3:], errors)
    house.settled()


def wobble(n: int, salt: int) -> float:
    """A few per cent up and down, without any chance."""
    return 1 + 0.04 * math.sin(n * 0.73 + salt) + 0.03 * math.sin(n * 0.211 + 2 * salt)


@pytest.fixture(scope="module")
def river(house, tmp_path_factory):
    """Four hourly stations of two towns and a gauge: three weeks with one rain; the tide reaches the mouth."""
    folder = tmp_path_factory.mktemp("river")
    entered(
        house,
        "river",
        saved(
            folder / "河.csv", ("河流名称", "对象编码", "行政区划代码"), [("湾河", "R-9", COUNTY)]
        ),
    )
    sections = [(f"{n}断面", f"SQ-{n}", "湾河", km, area) for n, (area, km) in STATIONS.items()]
    head = ("断面名称", "对象编码", "河流", "距河源 km", "行政区划代码")
    assert kept(entered(house, "section", saved(folder / "断面.csv", head, sections))) == 4
    # Each station stands at its section and belongs to the town it lies in.
    head = ("站点名称", "站点编码", "监测要素", "级别", "属地", "断面")
    stations = [
        (f"{n}水站", f"SZ-{n}", "地表水", "县控", area, f"SQ-{n}")
        for n, (area, _) in STATIONS.items()
    ]
    stations.append(("湾河雨量站", "SZ-雨", "环境空气", "县控", NORTH, ""))
    assert kept(entered(house, "station", saved(folder / "站.csv", head, stations))) == 5
    head = ("所属对象", "监测类别", "监测点名称", "MN号", "监测因子")
    points = [
        (f"SZ-{n}", "地表水", f"{n}水站", f"{990 + i:024d}", "NH3-N、DO")
        for i, n in enumerate(STATIONS)
    ]
    points.append(("SZ-雨", "气象", "湾河雨量站", f"{999:024d}", "降水量"))
    assert kept(entered(house, "point", saved(folder / "点.csv", head, points))) == 5
    return folder


def reach(now: datetime, rising: str):
    """Rows of all stations up to now: rain five days ago washes in everywhere, one station creeps up for eight days."""
    begin = now - timedelta(days=DAYS)
    for n in range(DAYS * 24):
        at = begin + timedelta(hours=n)
        since_rain = n - (DAYS - 5) * 24
        wash = 1.0 + (1.2 * math.exp(-since_rain / 14) if since_rain >= 0 else 0)
        for salt, name in enumerate(STATIONS):
            tide = 1 + (0.35 * math.sin(2 * math.pi * n / 12.42) if name == "河口" else 0)
            creep = math.exp(max(0, n - (DAYS - 8) * 24) / 24 * 0.13) if name == rising else 1
            ammonia = 0.3 * wobble(n, salt) * wash * tide * creep
            yield (
                f"{name}水站",
                f"{at:%Y-%m-%d %H:00}",
                round(ammonia, 3),
                round(7.5 * wobble(n, salt + 9), 2),
                None,
            )
        rain = 8.0 if 0 <= since_rain < 3 else 0.0
        yield "湾河雨量站", f"{at:%Y-%m-%d %H:00}", None, None, rain


@pytest.mark.story("Q9")
def test_stations_warn_of_a_gradual_change_and_not_of_rain_or_tide(house, visitor, river):
    """100 stations on watch (哨兵): the station that creeps up is told, the rain and the tide are not, and its town owns it."""
    now = times.naive(this_hour())
    load(
        house,
        river / "数据.csv",
        ("点位", "时间", "w21003", "w01009", "a01021"),
        reach(now, "中湾"),
    )
    monitor = visitor("monitor")
    told = {
        alarm["point_name"]: alarm
        for alarm in rehearsed(house, now, "water_trend")
        if alarm["state"] == "raised"
    }
    assert set(told) == {"中湾水站"}
    assert "近一日中位值持续偏离此前水平" in told["中湾水站"]["text"]
    loud = [a for a in rehearsed(house, now, "water_sudden") if a["state"] == "raised"]
    assert loud == []
    # The case is there, in the town the station lies in, and nobody else's.
    case = monitor.case("中湾水站")
    assert case["area_code"].startswith(NORTH)
    assert visitor("town").cases("中湾水站")
    assert not visitor("south").cases("中湾水站")
    assert not monitor.cases("河口水站")
    page = text(open_page(monitor, f"/matters/alarm_case/{case['id']}"))
    assert "近一日中位值持续偏离此前水平" in page
    # Town by town: who owns which station, what has arrived, what sounds; the one with the alarm comes first.
    towns = open_page(monitor, "/stations/towns")
    first = towns.xpath("//section[@data-town]")[0]
    assert first.get("data-town") == "北镇"
    (row,) = first.xpath(".//tr[@data-station='中湾水站']")
    cells = [" ".join(c.text_content().split()) for c in row.xpath("./td")]
    assert cells[1] == "中湾断面"
    assert cells[2] == "未明确"
    # A week of four-hourly values of two factors; the last two may not be due yet.
    assert cells[3] in ("100.0 84/84", "100.0 82/82")
    assert int(cells[4]) >= 1
    assert towns.get_element_by_id("without-chief").text_content().split()[1] == "4"


@pytest.mark.story("Q9")
def test_an_instrument_says_itself_how_it_stands(house, visitor, river):
    """Each instrument of a station tells its state (HJ 212 3020): the newest stands in words on the station's page."""
    station = Device(f"{990 + list(STATIONS).index('下湾'):024d}", st="21")
    at = this_hour() - timedelta(hours=1)
    told = [("w21003", "2", at), ("w01009", "0", at), ("w21003", "1", at + timedelta(minutes=20))]
    answers = house.send(
        *(
            station.packet("3020", time=time, values=[Value("i12001", "Info", state)], fields={"PolId": factor})
            for factor, state, time in told
        )
    )  # fmt: skip
    assert answers == ["9014"] * 3
    monitor = visitor("monitor")
    stations = open_page(monitor, "/stations?kind=water")
    (page,) = set(stations.xpath("//a[normalize-space()='下湾水站']/@href"))
    states = open_page(monitor, page).get_element_by_id("instruments").text_content().split()
    assert states[0] == "仪器自报状态"
    assert states[1:3] == ["溶解氧", "运行"]
    assert "氨氮 维护" in " ".join(states)
    assert f"{at + timedelta(minutes=20):%H:%M}" in states
    assert "故障" not in states


def rehearsed(house, now, rule):
    code, lines, errors = house.process.command(
        "alarms", "rehearse", "--data", str(house.process.data), "--rule", rule,
        "--from", f"{now - timedelta(days=12):%Y-%m-%dT%H:00}", "--to", f"{now:%Y-%m-%dT%H:00}",
    )  # fmt: skip
    assert code == 0, errors
    return lines


@pytest.mark.story("A9")
def test_production_without_treatment_is_told_and_a_filed_stop_is_not(house, visitor, tmp_path):
    """Production and treatment of one line: standby is learned, four hours of treatment off are told, a filing of those hours
    silences; who is told to stop and runs on is told of, whatever was filed."""
    head = ("所属对象", "监测类别", "监测点名称", "监测因子", "用电设施类别", "生产线")
    meters = [
        ("E-3", "用电监控", "南厂生产表", "有功功率", "产污设施", "1"),
        ("E-3", "用电监控", "南厂治理表", "有功功率", "治污设施", "1"),
    ]
    assert kept(entered(house, "point", saved(tmp_path / "表.csv", head, meters))) == 2
    now = times.naive(this_hour())
    begin = now - timedelta(days=6)

    def rows(until):
        for n in range(int((until - begin).total_seconds() // 3600)):
            at = begin + timedelta(hours=n)
            works = 7 <= at.hour < 22
            off = now - timedelta(hours=5) <= at < now - timedelta(hours=1)
            # Standby takes a tenth; the fan stands in the last hours though production runs.
            production = 400 * wobble(n, 1) if works or off else 38
            treatment = 1.5 if off or not works else 46 * wobble(n, 2)
            yield "南厂生产表", f"{at:%Y-%m-%d %H:00}", round(production, 1)
            yield "南厂治理表", f"{at:%Y-%m-%d %H:00}", round(treatment, 1)

    load(house, tmp_path / "用电.csv", ("点位", "时间", "dPower"), rows(now))
    told = [a for a in rehearsed(house, now, "no_treatment") if a["state"] == "raised"]
    # Nights on standby are nobody's trouble.
    assert [a["point_name"] for a in told] == ["南厂治理表"]
    assert told[0]["first"] >= f"{now - timedelta(hours=6):%Y-%m-%dT%H:00}"
    monitor = visitor("monitor")
    case = monitor.case("南厂治理表")
    assert case["state"] == "verify"
    # The bureau files that the line was being tried out in those hours: the same hours are told to nobody any more.
    filed = {
        "entity_text": "E-3", "kind": "shutdown", "begin": f"{now - timedelta(hours=6):%Y-%m-%dT%H:%M}",
        "end": f"{now:%Y-%m-%dT%H:%M}", "reason": "停产检修，单机试运转",
    }  # fmt: skip
    submit(monitor, "/filings/new", "/filings/new", filed)
    (alarm,) = rehearsed(house, now, "no_treatment")
    assert alarm["state"] == "silenced"
    # The firm is told to stop: that it goes on is told two hours after it should have stood, and no filing excuses it.
    assert rehearsed(house, now, "stop_ignored") == []
    order = {
        "title": "南厂应急停产", "entity_text": "E-3", "warning": "red",
        "description": "全部生产线停产", "asked_percent": "100",
        "begin": f"{now - timedelta(hours=5):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    submit(
        visitor("dispatcher"), "/matters/air_instruction/new", "/matters/air_instruction/new", order
    )
    (alarm,) = rehearsed(house, now, "stop_ignored")
    assert (alarm["point_name"], alarm["state"]) == ("南厂生产表", "raised")
    assert alarm["first"] == f"{now - timedelta(hours=2):%Y-%m-%dT%H:00}"
