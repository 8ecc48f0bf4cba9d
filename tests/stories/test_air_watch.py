"""What is watched beside the air stations: noise zones, the quality of the data, fires seen from above."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from time import sleep

import lxml.html
import pytest
from tests.path.county import AIR_MN, NORTH
from tests.path.house import PNG, hours_ago
from tests.stories.pages import open_page, page_after, submit, text
from tests.stories.test_air_sources import address_of, kept, matters, row_of
from tests.stories.test_air_weather import entered, workbook

from ecoledger.hj212 import Device, Value

PHOTO = [("现场.png", PNG, "image/png")]


@pytest.mark.story("Q14")
def test_zones_attain_and_area_and_roads_get_their_grades(house, visitor, page_of, tmp_path):
    """“功能区昼夜点次达标率100%、区域总体水平二级、道路交通一级”: seven points in four seasons, a grid and five roads;
    a night in the rain is kept and not evaluated."""
    monitor = visitor("monitor")
    head = ("功能区名称", "类别", "镇街", "面积")
    zones = [
        ("城东1类区", "1类", NORTH, 3.2),
        ("城区2类区", "2类", NORTH, 8.1),
        ("工业3类区", "3类", NORTH, 4),
    ]
    assert kept(entered(house, "noise_zone", workbook(tmp_path / "功能区.xlsx", head, zones))) == 3
    head = ("点位名称", "点位类型", "类别", "镇街", "路段长度")
    sites = [
        (f"功能区{n}", "功能区监测点", ("1类", "2类", "3类")[n % 3], NORTH, None) for n in range(7)
    ]
    sites += [(f"网格{n}", "区域网格", None, NORTH, None) for n in range(20)]
    sites += [(f"道路{n}", "道路路段", None, NORTH, 500 + 100 * n) for n in range(5)]
    sites.append(("无长度道路", "道路路段", None, NORTH, None))
    lines = entered(house, "noise_site", workbook(tmp_path / "点位.xlsx", head, sites))
    assert kept(lines) == 32
    assert "道路路段须填长度" in str([line for line in lines if line.get("outcome") == "refused"])

    readings = []
    for month in (2, 5, 8, 11):
        for n in range(7):
            limit = ((55, 45), (60, 50), (65, 55))[n % 3]
            readings.append(
                (f"功能区{n}", f"2025-{month:02d}-10", limit[0] - 3, limit[1] - 2, "是")
            )
    # One rainy night far above the limit of the 1st class.
    readings.append(("功能区0", "2025-06-10", None, 61, "否"))
    readings += [(f"网格{n}", "2025-06-12", 51 + n / 5, None, "是") for n in range(20)]
    readings += [(f"道路{n}", "2025-06-13", 66 + n / 2, None, "是") for n in range(5)]
    head = ("点位名称", "监测日期", "昼间等效声级", "夜间等效声级", "气象符合")
    file = workbook(tmp_path / "监测.xlsx", head, readings)
    assert kept(entered(house, "noise_reading", file)) == len(readings)
    page = open_page(monitor, "/air/noise?first=2025-01-01&last=2025-12-31")
    (total,) = page.xpath("//tr[@data-zone='total']")
    assert [" ".join(c.text_content().split()) for c in total.xpath("./td")][1:] == [
        "100.0%（28/28）",
        "100.0%（28/28）",
    ]
    assert "气象条件不符合的 1 次不参加评价" in text(page)
    (of_all,) = total.xpath(".//a[1]/@href")[:1]
    assert "共 28 条" in text(open_page(monitor, of_all))
    assert "共 20 条" in text(open_page(monitor, page.get_element_by_id("area").get("href")))
    # The grid's mean is 52.9, the roads' 67.3 by length.
    assert page.get_element_by_id("area").text_content().split()[1:3] == ["二级", "较好"]
    assert "52.9" in page.get_element_by_id("area").text_content()
    assert page.get_element_by_id("roads").text_content().split()[1] == "一级"
    assert row_of(monitor, "noise_reading", "功能区1")["昼间"] == "达标"
    _an_automatic_station_reads_by_itself(house, monitor, tmp_path)
    _a_zone_is_drawn_on_the_map(page_of("monitor"))


def _a_zone_is_drawn_on_the_map(page):
    """Corner by corner; the last one is taken back, and the field holds the closed ring that is saved."""
    page.goto("/b/noise_zone/new")
    page.fill("[name=name]", "手绘4a类区")
    page.select_option("[name=zone]", "4a")
    area = page.locator("select[name=area_code]")
    if area.count():
        area.select_option(NORTH)
    else:
        page.fill("[name=area_code]", NORTH)
    shape = page.locator("[data-shape][data-drawn]")
    shape.wait_for()
    for x, y in ((200, 80), (400, 80), (400, 240), (200, 240), (50, 300)):
        shape.click(position={"x": x, "y": y})
    field = page.locator("[name=geometry]")
    assert len(json.loads(field.input_value())["coordinates"][0]) == 6
    page.click("[data-shape-back]")
    drawn = json.loads(field.input_value())
    (ring,) = drawn["coordinates"]
    assert (drawn["type"], len(ring), ring[0]) == ("Polygon", 5, ring[-1])
    # North is above, east is at the right.
    assert ring[0][1] > ring[2][1]
    assert ring[0][0] < ring[2][0]
    page.click("main button.btn-primary")
    page.goto("/b/noise_zone?q=手绘4a类区")
    page.click("main td a >> nth=0")
    page.click("summary:has-text('修改与变更')")
    page.click("main details a:text-is('修改')")
    assert json.loads(page.locator("[name=drawn]").input_value()) == drawn


def _an_automatic_station_reads_by_itself(house, monitor, tmp_path):
    """A station's hours of a day and its night become a reading (HJ 906): two hours of strong wind are left out, and
    what was typed by hand for another day stays."""
    head = ("站点名称", "要素", "级别", "镇街")
    station = [("文化广场噪声站", "声环境", "县控", NORTH)]
    assert kept(entered(house, "station", workbook(tmp_path / "站.xlsx", head, station))) == 1
    head = ("站点名称", "监测类别", "MN", "因子", "访问密码")
    points = [("文化广场噪声站", "声环境", f"{901:024d}", "Leq", "123456"),
              ("文化广场噪声站", "气象", f"{902:024d}", "风速", "123456")]  # fmt: skip
    assert kept(entered(house, "point", workbook(tmp_path / "点.xlsx", head, points))) == 2
    head = ("点位名称", "点位类型", "类别", "镇街", "自动站")
    site = [("文化广场", "功能区监测点", "2类", NORTH, "文化广场噪声站")]
    assert kept(entered(house, "noise_site", workbook(tmp_path / "测点.xlsx", head, site))) == 1

    day = hours_ago(0).date() - timedelta(days=2)
    morning = datetime.combine(day, time(6))
    noise, weather = Device(f"{901:024d}", st="23"), Device(f"{902:024d}", st="22")
    packets = []
    for n in range(24):
        at = morning + timedelta(hours=n)
        level = Decimal(90) if n in (3, 4) else Decimal(56) if n < 16 else Decimal(48)
        packets.append(
            noise.packet("2061", time=at, values=(Value("Leq", "Avg", level, flag="N"),))
        )
        wind = Decimal("6.2") if n in (3, 4) else Decimal("1.5")
        packets.append(
            weather.packet("2061", time=at, values=(Value("a01007", "Avg", wind, flag="N"),))
        )
    assert set(house.send(*packets)) == {"9014"}
    house.settled()
    submit(monitor, f"/air/noise?first={day}&last={day}", "/air/noise/take")
    cells = row_of(monitor, "noise_reading", "文化广场")
    assert (cells["昼间 Ld dB(A)"], cells["夜间 Ln dB(A)"]) == ("56.0", "48.0")
    assert "昼间 14/16 h，夜间 8/8 h；因雨、大风剔除 2 h" in text(
        open_page(monitor, "/b/noise_reading?q=自动监测")
    )
    again = text(page_after(monitor, f"/air/noise?first={day}&last={day}", "/air/noise/take"))
    assert "取得 0 条" in again


@pytest.mark.story("Q17")
def test_data_are_checked_by_two_lines_and_quality_control_is_judged(house, visitor, tmp_path):
    """A span check off by 8 % fails, one off by 2 % passes; monitoring and enforcement each say what they found, a
    third person concludes, and falsified data become a problem."""
    monitor, officer, dispatcher = visitor("monitor"), visitor("officer"), visitor("dispatcher")
    head = ("站点名称", "执行时间", "任务类型", "监测因子", "目标值", "响应值", "标气编号")
    rows = [
        ("北镇空气站", "2026-06-01 09:00", "跨度检查", "SO2", 400, 392, "BQ-01"),
        ("北镇空气站", "2026-06-01 09:30", "跨度检查", "NO2", 400, 432, "BQ-02"),
        ("北镇空气站", "2026-06-01 10:00", "零点检查", "SO2", 0, 2.1, ""),
        ("北镇空气站", "2026-06-01 11:00", "多点检查", "O3", "", 0.9995, ""),
    ]
    assert kept(entered(house, "quality_record", workbook(tmp_path / "质控.xlsx", head, rows))) == 4
    failed = open_page(monitor, "/b/quality_record?passed=0")
    assert len(failed.xpath("//tbody/tr")) == 1
    assert "8.000" in text(failed)
    assert "±5%" in text(failed)
    _a_failed_control_marks_its_hours(house, monitor, tmp_path)

    page = page_after(
        dispatcher,
        "/matters/quality_check/new",
        "/new",
        {"title": "一号测试厂在线监测数据核查", "entity_text": "一号测试厂", "area_code": NORTH,
         "sort": "firm", "campaign": "2026年双线联动"},
    )  # fmt: skip
    case = address_of(page)
    said = {"monitoring_verdict": "falsified", "monitoring_found": "历史数据与工控机记录不一致"}
    submit(monitor, case, "/do/monitoring", {**said, "checked_on": "2026-06-03"})
    early = dispatcher.submit(f"{case}/do/conclude", {"conclude-verdict": "falsified"})
    assert "执法线还没有提交核查情况" in early.text
    said = {"enforcement_verdict": "falsified", "enforcement_found": "采样管线接入标气"}
    submit(officer, case, "/do/enforcement", said)
    submit(dispatcher, case, "/do/conclude", {"verdict": "falsified"})
    assert "已结论" in text(open_page(dispatcher, case))
    assert "一号测试厂监测数据涉嫌弄虚作假" in text(
        open_page(dispatcher, "/matters/problem?q=弄虚作假")
    )
    shown = text(open_page(dispatcher, "/matters/quality_check/statistics"))
    assert re.search(r"涉嫌弄虚作假\s*1", shown), shown


def _a_failed_control_marks_its_hours(house, monitor, tmp_path):
    """From the last span check that passed to the one that failed: previewed, marked D, the sent values untouched."""
    device = Device(AIR_MN["北镇空气站"], st="22")
    packets = [
        device.packet(
            "2061", time=hours_ago(n), values=(Value("a21004", "Avg", Decimal(30 + n), flag="N"),)
        )
        for n in range(1, 13)
    ]
    assert set(house.send(*packets)) == {"9014"}
    house.settled()
    head = ("站点名称", "执行时间", "任务类型", "监测因子", "目标值", "响应值")
    rows = [("北镇空气站", f"{hours_ago(n):%Y-%m-%d %H:%M}", "跨度检查", "NO2", 400, value)
            for n, value in ((9, 404), (3, 440))]  # fmt: skip
    assert kept(entered(house, "quality_record", workbook(tmp_path / "跨度.xlsx", head, rows))) == 2
    failed = open_page(monitor, "/b/quality_record?passed=0&q=NO2")
    record = next(a for a in failed.xpath("//tbody//a/@href") if "/b/quality_record/" in a)
    page = open_page(monitor, record)
    assert "待标记" in text(page)
    (address,) = page.xpath("//a[normalize-space()='标记受影响时段']/@href")
    # Seven hours: from that of the check that passed to that of the one that failed.
    form = open_page(monitor, address).forms
    values = dict(next(f for f in form if "reason" in f.fields).form_values())
    assert values["flag"] == "D"
    assert "跨度检查不合格" in values["reason"]
    path = address.split("?")[0]
    preview = monitor.post(path, data={**values, "parameters": "a21004"})
    assert "7" in preview.text
    shown = lxml.html.fromstring(preview.text)
    form = next(f for f in shown.forms if "expected" in f.fields)
    answer = monitor.post(
        path, data=dict(form.form_values()) | {"step": "do"}, follow_redirects=True
    )
    assert "已审核 7 个值" in answer.text
    assert "已标记 7 个值" in text(open_page(monitor, record))


FIRMS_HEAD = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,"
    "bright_ti5,frp,daynight"
)


@pytest.mark.story("Q20")
def test_fires_from_satellites_are_sifted_and_verified(house, visitor, tmp_path):
    """A FIRMS file (UTC) and a national list (time of China): the steel works is set aside, the second sight of one
    fire is joined to the first, the rest is verified by the town within two hours, and the rates follow."""
    monitor, town, dispatcher = visitor("monitor"), visitor("town"), visitor("dispatcher")
    head = ("热源名称", "经度", "纬度", "剔除半径", "镇街")
    works = [("某钢铁厂", 118.70, 24.95, 1500, NORTH)]
    assert kept(entered(house, "heat_source", workbook(tmp_path / "热源.xlsx", head, works))) == 1
    day = hours_ago(0).date() - timedelta(days=1)
    rows = (
        f"24.9031,118.6127,341.2,0.4,0.4,{day},0432,N20,VIIRS,n,2.0NRT,290.1,5.31,D",
        f"24.9515,118.7008,352.9,0.4,0.4,{day},0432,N20,VIIRS,h,2.0NRT,299.4,18.2,D",
        f"24.8000,118.6500,333.0,0.4,0.4,{day},0432,N20,VIIRS,l,2.0NRT,288.0,1.9,D",
        f"24.8100,118.6500,333.0,0.4,0.4,{day},2567,N20,VIIRS,l,2.0NRT,288.0,1.9,D",
    )
    file = tmp_path / "FIRMS.csv"
    file.write_text("\n".join((FIRMS_HEAD, *rows)), encoding="utf-8")
    lines = entered(house, "hot_spot", file)
    assert kept(lines) == 3
    assert "2567" in str([line for line in lines if line.get("outcome") == "refused"])
    # The national list: 12:35 in China is 04:35 UTC, some 200 m from the first fire.
    national = [("北镇", 118.6140, 24.9040, f"{day}", "12:35", "风云三号D星", 3)]
    head = ("区县", "经度", "纬度", "监测日期", "监测时间", "卫星名称", "像元数")
    assert kept(entered(house, "hot_spot", workbook(tmp_path / "国家.xlsx", head, national))) == 1

    # The satellite's next file is put into the folder and comes in by itself; one that is no table goes aside.
    incoming = house.process.data / "incoming" / "hot_spot"
    incoming.mkdir(parents=True)
    later = f"24.8801,118.6001,338.0,0.4,0.4,{day},1430,N21,VIIRS,n,2.0NRT,289.0,3.3,N"
    (incoming / "夜间.csv").write_text("\n".join((FIRMS_HEAD, later)), encoding="utf-8")
    (incoming / "坏.csv").write_text("没有表头", encoding="utf-8")
    for each in incoming.iterdir():
        os.utime(each, (0, 0))
    # The schedule of the running bureau may be at it just now: then this call takes none.
    house.ask("from ecoledger.registers.air import fire_files\nanswer = fire_files.take_in()")
    taken, refused = incoming / "done" / "夜间.csv", incoming / "refused" / "坏.csv.why.txt"
    for _wait in range(300):
        if taken.exists() and refused.exists():
            break
        sleep(0.2)
    assert taken.exists()
    assert refused.read_text(encoding="utf-8")

    listed = text(open_page(monitor, "/matters/hot_spot"))
    for words in ("固定热源，剔除", "同一火点，归并", f"{day:%m-%d} 12:32"):
        assert words in listed
    waiting = matters(monitor, "/matters/hot_spot?state=new")
    assert len(waiting) == 3
    for n, case in enumerate(waiting):
        verdict = {"verdict": "straw" if n else "none", "seen": "已扑灭，教育当事人"}
        person = town if town.get(case).status_code == 200 else visitor("officer")
        submit(person, case, "/do/verify", verdict, files=PHOTO)
    shown = text(open_page(dispatcher, "/matters/hot_spot/statistics"))
    assert re.search(r"卫星火点\s*5", shown), shown
    assert re.search(r"剔除固定热源\s*1", shown), shown
    assert re.search(r"归并重复\s*1", shown), shown
    assert re.search(r"秸秆焚烧属实率.{0,20}66\.7", shown), shown
