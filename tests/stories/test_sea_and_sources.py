"""The sea and what is drunk: bay segments and their surveys, rivers to the sea and their loads, drinking-water sources."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from tests.path.county import COUNTY, NORTH
from tests.path.house import hours_ago
from tests.stories.pages import open_page, page_after, submit, text
from tests.stories.test_air_weather import entered, workbook
from tests.stories.test_rivers import cells, figure, kept

from ecoledger.live import times

YEAR = times.now().year
BAYS = [f"{n}号湾段" for n in range(1, 6)]
PROOF = [("整改照片.pdf", b"%PDF-1.7 proof", "application/pdf")]


@pytest.fixture(scope="module")
def enter(house, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sea")

    def from_file(key, head, rows):
        lines = entered(house, key, workbook(folder / f"{key}.xlsx", head, rows))
        assert kept(lines) == len(rows), [
            line for line in lines if line.get("outcome") == "refused"
        ]
        return lines

    return from_file


def square(west: float, south: float, wide: float = 0.1) -> str:
    east, north = west + wide, south + wide
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


@pytest.fixture(scope="module")
def bays(house, visitor, enter):
    """Five bay segments from a file, their borders drawn, stations in each, a survey of spring."""
    desk = visitor("monitor")
    head = ("湾段名称", "行政区划代码", "治理目标", "优良面积比例目标", "目标年度")
    enter(
        "bay",
        head,
        [(name, COUNTY, f"{name}水质提升", 60 + 5 * n, YEAR) for n, name in enumerate(BAYS)],
    )
    for n, name in enumerate(BAYS[:4]):
        (address,) = {
            a
            for a in open_page(desk, f"/b/bay?q={name}").xpath("//tbody//a/@href")
            if a.startswith("/entities/")
        }
        edit = f"/registry/bay/{address.rsplit('/', 1)[1]}"
        submit(desk, edit, edit, {"drawn": square(119.0 + 0.2 * n, 34.0)})
    head = ("点位名称", "湾段", "行政区划代码", "经度", "纬度", "级别")
    enter("sea_station", head, [
        (f"H{n}{k}", name, COUNTY, 119.02 + 0.2 * n + 0.03 * k, 34.03 + 0.02 * k, "国控")
        for n, name in enumerate(BAYS) for k in range(3)
    ])  # fmt: skip
    head = ("点位", "采样日期", "航次", "pH", "溶解氧", "化学需氧量", "无机氮", "活性磷酸盐")
    # The fourth bay is beyond class Ⅳ throughout; the second has one bad station of three.
    enter("sea_sample", head, [
        (f"H{n}{k}", f"{YEAR}-05-10", "春季", 8.1, 7.0, 1.5, 0.62 if n == 3 or (n == 1 and k == 2) else 0.18, 0.012)
        for n in range(5) for k in range(3)
    ])  # fmt: skip
    return desk


@pytest.mark.story("T19")
def test_five_bay_segments_have_their_own_targets_chiefs_and_problems(bays, house, visitor, enter):
    """“将全市划分为5个湾段，分别制定规划目标”: five segments with a target each, a chief who answers, a problem of a
    station counted at its bay; whether each meets its own target."""
    desk, dispatcher = bays, visitor("dispatcher")
    enter("charge", ("对象", "责任", "级别", "姓名", "职务"),
          [(name, "湾长", "县级", f"湾长{n}", "副县长") for n, name in enumerate(BAYS, 1)])  # fmt: skip
    problem = {
        "origin_kind": "self",
        "title": "H30附近养殖尾水直排",
        "area_code": COUNTY,
        "entity_text": "H30",
        "category": "water",
    }
    submit(dispatcher, "/matters/problem/new", "/new", problem)
    page = open_page(desk, f"/water/sea?year={YEAR}")
    cards = {row.get("data-card"): cells(row) for row in page.xpath("//tr[@data-card]")}
    assert list(cards) == BAYS
    assert cards[BAYS[0]][1] == "湾长1（副县长）"
    assert cards[BAYS[3]][3:5] == ["1", "1"]
    rows = {row.get("data-bay"): cells(row) for row in page.xpath("//tr[@data-bay]")}
    verdicts = {name: row[8] for name, row in rows.items()}
    assert verdicts[BAYS[0]] == "✓"
    assert verdicts[BAYS[3]] == "✗"
    # The target of each is its own: 60, 65 … 80 %.
    assert [row[7] for row in rows.values()] == ["60.0", "65.0", "70.0", "75.0", "80.0"]
    (file,) = {
        a
        for a in page.xpath(f"//tr[@data-card='{BAYS[3]}']//a/@href")
        if a.startswith("/entities/")
    }
    said = text(open_page(desk, file))
    assert "湾长4" in said
    assert "优良面积比例 0.0 %，目标 75 %" in said


@pytest.mark.story("Q11")
def test_the_share_of_good_sea_is_of_area_and_rivers_carry_their_loads(bays, house, enter):
    """Areas by class from interpolation inside each border; published areas go first; rivers to the sea without Ⅴ+, at
    their targets, with the tonnes of nitrogen and phosphorus and their change on the same months of the year before."""
    desk = bays
    page = open_page(desk, f"/water/sea?year={YEAR}")
    rows = {row.get("data-bay"): cells(row) for row in page.xpath("//tr[@data-bay]")}
    assert rows[BAYS[0]][6] == "100.0"
    assert rows[BAYS[3]][6] == "0.0"
    assert 20 < float(rows[BAYS[1]][6]) < 80
    assert rows[BAYS[0]][-1] == "插值"
    # The fifth has no border: its share is of stations, and is not added to square kilometres.
    assert rows[BAYS[4]][-1] == "监测点数"
    assert "面积不能相加" in figure(page, "sea-good")
    assert figure(page, "sea-stations").endswith("73.3% 11/15")
    areas = [(name, f"{YEAR}-05-20", "春季", *each, "省厅公布") for name, each in zip(
        BAYS, ((90, 10, 0, 0, 0), (50, 20, 10, 10, 10), (100, 0, 0, 0, 0), (0, 0, 0, 40, 60), (60, 20, 10, 5, 5)), strict=True)]  # fmt: skip
    enter(
        "sea_survey",
        ("湾段", "调查日期", "航次", "一类", "二类", "三类", "四类", "劣四类", "来源"),
        areas,
    )
    page = open_page(desk, f"/water/sea?year={YEAR}")
    # 350 of 500 km².
    assert "70.0%" in figure(page, "sea-good")
    rows = {row.get("data-bay"): cells(row) for row in page.xpath("//tr[@data-bay]")}
    assert rows[BAYS[0]][-1] == "公布面积"
    assert [row[9] for row in rows.values()] == ["优", "一般", "优", "极差", "良好"]
    assert "无机氮" in text(page)
    assert "富营养化" in text(page)

    # Fifteen rivers to the sea with their control sections: two years of the same two months.
    names = [f"入海{n}河" for n in range(1, 16)]
    enter("river", ("河流名称", "行政区划代码", "长度 km"), [(name, COUNTY, 20) for name in names])
    enter("section", ("断面名称", "所在河流", "里程", "行政区划代码", "目标"),
          [(f"{name}闸", name, 19, NORTH, "Ⅳ类") for name in names])  # fmt: skip
    enter("sea_river", ("河流名称", "控制断面", "湾段", "行政区划代码", "总氮控制目标 mg/L", "总磷控制目标 mg/L"),
          [(name, f"{name}闸", BAYS[n % 5], NORTH, 2.5, 0.3) for n, name in enumerate(names)])  # fmt: skip
    head = ("断面名称", "采样日期", "溶解氧", "高锰酸盐指数", "氨氮", "总磷", "总氮")
    for year, tn in ((YEAR - 1, 3.0), (YEAR, 2.4)):
        enter("water_sample", head, [(f"{name}闸", f"{year}-0{month}-08", 5.5, 6, 1.1, 0.2, tn)
                                     for name in names for month in (3, 4)])  # fmt: skip
        enter("section_flow", ("断面", "月份", "月水量"), [(f"{name}闸", f"{year}-0{month}-01", 500)
                                                    for name in names for month in (3, 4)])  # fmt: skip
    page = open_page(desk, f"/water/sea?year={YEAR}")
    assert figure(page, "rivers-attained").endswith("100.0% 15/15")
    assert figure(page, "rivers-inferior").endswith("0.0% 0/15")
    (row,) = page.xpath("//tr[@data-river='入海1河']")
    assert "2.400（2.5）✓" in cells(row)
    # 2.4 mg/L × 1000 (10⁴ m³) ÷ 100 = 24 t; 30 t the year before: a fifth less.
    (row,) = page.xpath("//tr[@data-load='入海1河']")
    said = cells(row)
    assert said[2:5] == ["30.00", "24.00", "-20.0 %"]
    assert said[8] == "0.0 %"


@pytest.mark.story("Q12")
def test_sixteen_sources_have_files_zones_patrols_and_two_rates(house, visitor, enter):
    """“16处城镇级及以上集中式饮用水水源地”, 达标率100%: files and zones from lists, the rate by number and by volume, which
    are two; a firm inside a zone is named; a patrol's finding is a problem and is closed there; a month without patrol is
    owed; a campaign's finding as well."""
    desk, dispatcher, officer = visitor("monitor"), visitor("dispatcher"), visitor("officer")
    names = [f"水源{n}号" for n in range(1, 17)]
    head = (
        "水源地名称",
        "水源级别",
        "水源类型",
        "状态",
        "行政区划代码",
        "供水量",
        "服务人口",
        "划分批复",
        "标志牌",
        "隔离防护",
    )
    enter("water_source", head, [
        (name, "县级" if n < 4 else "乡镇级", "地下水" if n == 15 else "湖库型", "在用", NORTH, 5, 10, "某政函〔2020〕1号" if n else "",
         "是", "是") for n, name in enumerate(names)
    ])  # fmt: skip
    enter("protection_zone", ("名称", "水源地", "行政区划代码", "级别"),
          [(f"{name}一级保护区", name, NORTH, "一级保护区") for name in names])  # fmt: skip
    (zone,) = {
        a
        for a in open_page(desk, "/b/protection_zone?q=水源2号").xpath("//tbody//a/@href")
        if a.startswith("/entities/")
    }
    edit = f"/registry/protection_zone/{zone.rsplit('/', 1)[1]}"
    submit(desk, edit, edit, {"drawn": square(118.7, 24.7)})
    enter(
        "enterprise",
        ("企业名称", "所在地", "行业", "经度", "纬度"),
        [("水库边养殖场", NORTH, "畜禽养殖", 118.75, 24.75)],
    )
    enter(
        "charge",
        ("对象", "责任", "级别", "姓名", "职务"),
        [(names[1], "水源地责任人", "县级", "水源责任人甲", "分管副县长")],
    )
    today = hours_ago(0).date()
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    head = (
        "水源地名称",
        "采样日期",
        "pH",
        "溶解氧",
        "高锰酸盐指数",
        "氨氮",
        "总磷",
        "硝酸盐",
        "铁",
        "锰",
    )
    samples = [
        (name, f"{month:%Y-%m}-06", 7.4, 7.5, 2.1, 0.1, "0.01L", 1.2, 0.05, 0.02)
        for name in names[:-2]
    ]
    # The fifteenth misses manganese of table 2; the sixteenth, a well, was not sampled.
    samples.append((names[14], f"{month:%Y-%m}-06", 7.4, 7.5, 2.1, 0.1, 0.02, 1.2, 0.05, 0.15))
    enter("water_sample", head, samples)
    enter("source_intake", ("水源地名称", "月份", "月取水量"), [(name, f"{month:%Y-%m}-01", 10 if n == 14 else 100)
                                                       for n, name in enumerate(names[:15])])  # fmt: skip

    page = open_page(desk, f"/water/sources?month={month:%Y-%m}")
    assert figure(page, "by-number").endswith("93.3% 14/15")
    assert figure(page, "by-volume").endswith("99.3% 1400/1410")
    rows = {row.get("data-source"): cells(row) for row in page.xpath("//tr[@data-source]")}
    assert rows[names[14]][7:9] == ["✗", "锰(0.5)"]
    assert rows[names[15]][7] == "数据缺"
    cards = {row.get("data-card"): cells(row) for row in page.xpath("//tr[@data-card]")}
    assert cards[names[1]][1] == "水源责任人甲"
    assert "批复" in cards[names[0]][3]
    (inside,) = page.xpath("//tr[@data-inside]")
    assert cells(inside)[:3] == [names[1], "水库边养殖场", "一级保护区"]

    (file,) = {
        a
        for a in page.xpath(f"//tr[@data-card='{names[14]}']//a/@href")
        if a.startswith("/entities/")
    }
    said = text(open_page(desk, file))
    assert f"{month:%Y-%m} 不达标：锰(0.5)" in said
    assert "一级保护区" in said

    # Patrols: what is found is a problem; what was put right at once is not.
    patrol = {
        "entity_text": names[1],
        "zone": "first",
        "found": "farm",
        "place": "库区东岸",
        "note": "网箱养殖",
    }
    submit(officer, "/b/source_patrol/new", "/new", patrol)
    submit(
        officer,
        "/b/source_patrol/new",
        "/new",
        {**patrol, "found": "fishing", "on_the_spot": "1", "place": "坝前"},
    )
    listed = open_page(dispatcher, "/matters/problem?q=水源2号")
    case = next(
        a for a in listed.xpath("//tbody//a/@href") if re.fullmatch(r"/matters/problem/\d+", a)
    )
    assert "一级保护区：种植养殖" in text(listed)
    assert "垂钓" not in text(listed)
    given = {"owner_organisation_text": "北镇人民政府", "measures": "清退网箱"}
    submit(dispatcher, case, "/do/hand_over", given)
    done = {"verdict": "true", "result": "已清退"}
    submit(visitor("town"), case, "/do/apply_close", done, files=PROOF)
    assert "已销号" in text(
        page_after(dispatcher, case, "/do/confirm_close", {"checked": "现场复核"})
    )
    page = open_page(desk, f"/water/sources?month={today:%Y-%m}")
    cards = {row.get("data-card"): cells(row) for row in page.xpath("//tr[@data-card]")}
    assert cards[names[1]][5:] == ["2", "1 / 1"]

    # One source was patrolled this month; the others owe it.
    house.ask(
        "from ecoledger.books import duty\n"
        "from ecoledger.registers.water.sources import MONTHLY\n"
        "answer = duty.extend(MONTHLY) or 0"
    )
    owed = open_page(desk, "/b/source_patrol_due?state=due")
    assert "水源3号" in text(owed)

    # A campaign over the sources: its finding stands in the same ledger.
    drive = {
        "name": "饮用水水源地专项行动",
        "area_code": COUNTY,
        "begin": f"{today}",
        "end": f"{today + timedelta(days=30)}",
    }
    submit(dispatcher, "/b/source_campaign/new", "/new", drive)
    assert "饮用水水源地专项行动" in text(open_page(dispatcher, "/b/source_campaign"))
