"""T7–T12: inspectorate letters in their batches, look-back by another unit, a sweep from one problem, the city list with its
photos, and problems tied to a section."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from openpyxl.drawing.image import Image
from PIL import Image as Picture
from pypdf import PdfReader
from tests.path.county import COUNTY, NORTH
from tests.path.house import PNG
from tests.stories.pages import open_page, page_after, submit, text

from ecoledger.live import times

PHOTO = [("照片.png", PNG, "image/png")]
ROUND = "2026年省督察"
BATCHES, LETTERS, OURS_IN, OURS, DUPLICATES, DONE = 31, 351, 19, 47, 20, 22


def enter(house, kind, name, rows, *options, pictures=None):
    """A ledger through the command; what it says of every row."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for number, picture in (pictures or {}).items():
        image = Image(io.BytesIO(picture))
        image.anchor = f"F{number}"
        book.active.add_image(image)
    file = house.process.data.parent / name
    book.save(file)
    code, lines, errors = house.process.command(
        "enter", kind, str(file), "--data", str(house.process.data), *options
    )
    assert code == 0, errors
    return lines


def kept(lines):
    assert lines[-1]["refused"] == 0, [x for x in lines if x.get("outcome") == "refused"][:3]
    return lines[-1]["kept"]


def batches():
    yield ["属地", "轮次", "批次", "交办日期", "件数"]
    for n in range(1, BATCHES + 1):
        total = LETTERS // BATCHES + (n <= LETTERS % BATCHES)
        yield ["测试县", ROUND, n, f"2026-05-{n:02}", total]


def letters():
    """47 letters in 19 batches: 27 distinct, of which 1 unfounded and 22 done; 20 repeat one of the others."""
    yield ["受理编号", "轮次", "批次", "交办问题基本情况", "行政区域", "污染类型", "是否属实", "办结状态",
           "是否重点件", "牵头责任单位", "重复关联件编号", "责令整改（家次）", "罚款金额（万元）"]  # fmt: skip
    distinct = OURS - DUPLICATES
    for n in range(OURS):
        original = f"D3SX20260501{n % distinct:04}"
        again = original if n >= distinct else None
        number = original if again is None else f"X3SX20260501{n:04}"
        verdict = "不属实" if n == distinct - 1 else "属实"
        finish = "已办结" if n < DONE or n == distinct - 1 or again else "阶段性办结"
        yield [number, ROUND, n % OURS_IN + 1, f"第{n % distinct}号问题：河边堆放垃圾", ("北镇", "南镇")[n % 2],
               "水、土壤", verdict, finish, "是" if n < 4 else "否", "北镇人民政府", again, 1, 2]  # fmt: skip


@pytest.mark.story("T7")
def test_letters_come_in_by_batch_and_the_three_rates_are_those_of_the_text(house, visitor):
    """31 batches with 351 letters, of which 47 in 19 are ours: 20 duplicates linked, 1 unfounded, 22 done; the rates name
    their denominators; one goes its whole way to its closing and its file."""
    assert kept(enter(house, "inspectorate_batch", "批次.xlsx", batches())) == BATCHES
    assert kept(enter(house, "inspectorate_letter", "信访件.xlsx", letters())) == OURS
    desk, town = visitor("dispatcher"), visitor("town")
    said = text(open_page(desk, "/matters/inspectorate_letter/statistics"))
    for figure in ("督察交办批次 31", "全部信访件 351", "涉及本地批次 19", "涉及本地件数 47", "其中：重复 20",
                   "其中：不属实 1", "应整改 26", "已完成整改 22", "重点件 4",
                   "22 / 47", "22 / 27", "22 / 26"):  # fmt: skip
        assert figure in said, figure

    assert len(desk.api("matters/inspectorate_letter", limit=50, open="1")) == 4
    rows = desk.api("matters/inspectorate_letter", limit=50, open="1", area_code=NORTH)
    row = rows[0]
    address = f"/matters/inspectorate_letter/{row['id']}"
    submit(desk, address, f"{address}/do/hand_over", {"owner_organisation": "北镇人民政府"})
    submit(town, address, f"{address}/do/feed_back",
           {"verdict": "true", "findings": "属实", "goal": "清运复绿"})  # fmt: skip
    submit(town, address, f"{address}/do/apply_close",
           {"handling": "已清运复绿", "standards": "五项标准均已完成"}, files=PHOTO)  # fmt: skip
    submit(desk, address, f"{address}/do/confirm_close", {"checked": "现场核查属实"})
    said = text(open_page(desk, address))
    assert "已销号" in said
    assert "督察交办要求" in said
    assert "照片.png" in said
    # One file a case: cover, list, facts, course and photograph, numbered.
    answer = desk.get(f"{address}/book.pdf")
    pages = [
        p.extract_text().replace(" ", "").replace("\n", "")
        for p in PdfReader(io.BytesIO(answer.content)).pages
    ]
    assert "督察信访件档案" in pages[0]
    assert "卷内文件目录" in pages[1]
    whole = "".join(pages)
    for words in ("五项标准均已完成", "现场核查属实", "清运复绿", "电子证据清单"):
        assert words in whole, words
    assert "卷内备考表" in pages[-1]


@pytest.mark.story("T7")
def test_the_daily_report_goes_up_and_the_public_reads_the_list(house, visitor):
    """What was handed over and done, in the official layout; the public's list without telephone numbers."""
    desk = visitor("dispatcher")
    rows = [["受理编号", "轮次", "批次", "交办日期", "交办问题基本情况", "行政区域", "污染类型"],
            ["D3SX202605310001", ROUND, 31, "2026-05-31", "某厂夜间排放，联系人13900000000", "南镇", "大气"]]  # fmt: skip
    assert kept(enter(house, "inspectorate_letter", "第31批.xlsx", rows)) == 1
    # The next day's list says more of the same letter: it is brought up to date, not refused.
    rows[0] += ["最新整改情况", "责令整改（家次）"]
    rows[1] += ["已停产整改", 1]
    said = kept(enter(house, "inspectorate_letter", "第31批更新.xlsx", rows))
    letter = desk.api("matters/inspectorate_letter", q="D3SX202605310001")
    assert (said, len(letter)) == (1, 1)
    assert "已停产整改" in text(open_page(desk, f"/matters/inspectorate_letter/{letter[0]['id']}"))
    for kind, words in (
        ("inspectorate_daily", ("督察信访件办理情况日报", "累计交办", "各镇街办理情况")),
        ("inspectorate_public", ("第31批", "D3SX202605310001", "［电话］")),
    ):
        page = page_after(desk, "/documents", "/documents/summaries", {"kind": kind, "day": "2026-05-31", "area": COUNTY})  # fmt: skip
        said = text(page)
        for word in words:
            assert word in said, (kind, word, said[:400])
        assert "13900000000" not in said


@pytest.mark.story("T8")
def test_closed_problems_are_drawn_and_looked_at_by_another_unit(house, visitor, hired):
    """Closed problems come in as history; a round draws some with a seed nobody typed; a unit that did not rectify them looks
    again; what came back is reopened in its own book."""
    head = ["原编号", "来源类别", "问题", "属地", "责任单位", "办结日期"]
    rows = [
        [f"H-{n}", "自查发现", f"旧问题{n}", "北镇", "北镇人民政府", "2026-03-01"] for n in range(8)
    ]
    assert kept(enter(house, "problem", "历史.xlsx", [head, *rows], "--history")) == 8
    desk, south = visitor("dispatcher"), visitor("south")
    leader = hired("leader", "局长乙")
    submit(desk, "/matters/look_back/new", "/new", {
        "title": "2026年回头看", "area_code": COUNTY, "book": "problem", "count": "3", "deadline": "2099-12-31",
        "units-0-organisation": "北镇人民政府",
    })  # fmt: skip
    address = f"/matters/look_back/{desk.api('matters/look_back')[0]['id']}"
    with pytest.raises(AssertionError, match="422"):  # the unit that rectified does not look again
        submit(desk, address, f"{address}/do/draw")
    # As many units as wanted; each problem goes to one that is not its own.
    lines = f"{address}/lines/units"
    submit(desk, lines, lines, {"units-1-organisation": "测试县生态环境局"})
    submit(desk, address, f"{address}/do/draw")
    said = text(open_page(desk, address))
    assert re.search(r"可抽件数 8 .*已抽件数 3 .*随机种子 \d+", said)
    checks = desk.api("matters/look_back_check", limit=50)
    assert len(checks) == 3
    officer = visitor("officer")
    one = f"/matters/look_back_check/{checks[0]['id']}"
    submit(officer, one, f"{one}/do/visit", {"outcome": "back", "seen": "又堆了"}, files=PHOTO)
    submit(desk, one, f"{one}/do/reopen")
    assert "已重开整改" in text(open_page(leader, one))
    reopened = desk.api("matters/problem", limit=50, reopened="1")
    assert [row["title"] for row in reopened] == [checks[0]["title"].removeprefix("回头看：")]
    assert south.api("matters/look_back_check") == []
    # Another town looks at what this one rectified, although it lies outside its own district.
    submit(desk, "/matters/look_back/new", "/new", {
        "title": "乡镇互查", "area_code": COUNTY, "book": "problem", "count": "2", "deadline": "2099-12-31",
        "units-0-organisation": "南镇人民政府",
    })  # fmt: skip
    second = f"/matters/look_back/{desk.api('matters/look_back')[0]['id']}"
    submit(desk, second, f"{second}/do/draw")
    theirs = south.api("matters/look_back_check")
    assert len(theirs) == 2
    one = f"/matters/look_back_check/{theirs[0]['id']}"
    page = page_after(
        south, one, f"{one}/do/visit", {"outcome": "kept", "seen": "未见反弹"}, files=PHOTO
    )
    assert "待认定" in text(page)


@pytest.mark.story("T9")
def test_one_problem_begets_a_sweep_over_all_similar_objects(house, visitor):
    """From one problem of a transfer station a sweep over all of them: listed by themselves, with coverage."""
    head = ["名称", "点位类别", "所在镇街"]
    sites = [
        [f"北镇{n}号站", ("建筑垃圾中转站", "废弃矿山", "其他")[n % 3], "北镇"] for n in range(9)
    ]
    assert kept(enter(house, "watch_site", "点位.xlsx", [head, *sites])) == 9
    desk = visitor("dispatcher")
    submit(desk, "/matters/problem/new", "/new", {
        "title": "北镇0号站扬尘", "area_code": NORTH, "origin_kind": "superior", "category": "waste",
        "tier": "county", "risk": "normal", "key_item": "0",
    })  # fmt: skip
    row = desk.api("matters/problem", q="北镇0号站扬尘")[0]
    address = f"/matters/problem/{row['id']}"
    submit(desk, address, f"{address}/do/hand_over",
           {"owner_organisation": "北镇人民政府", "measures": "整治"})  # fmt: skip
    submit(desk, address, f"{address}/do/sweep",
           {"words": "建筑垃圾、废弃矿山", "begin": "2026-01-01", "end": "2099-12-31"})  # fmt: skip
    page = open_page(desk, "/b/sweep")
    (board,) = {a for a in page.xpath("//a/@href") if "/drives/" in a}
    said = text(open_page(desk, board))
    assert "0/6" in re.sub(r"\s", "", said)
    visits = open_page(visitor("officer"), board).xpath("//a[contains(@href, '/tasks/')]/@href")
    # Without a checklist what is seen is said in words; each line becomes a problem of its own.
    submit(visitor("officer"), visits[0], visits[0], {"seen": "围挡破损\n未覆盖防尘网"})
    assert "1/6" in re.sub(r"\s", "", text(open_page(desk, board)))
    for words in ("围挡破损", "未覆盖防尘网"):
        assert len(desk.api("matters/problem", q=words)) == 1, words
    # Any kind of thing can be swept, by the name of its book.
    submit(desk, address, f"{address}/do/sweep",
           {"words": "排放口", "begin": "2026-01-01", "end": "2099-12-31"})  # fmt: skip
    boards = {a for a in open_page(desk, "/b/sweep").xpath("//a/@href") if "/drives/" in a}
    (other,) = boards - {board}
    assert int(re.search(r"0/(\d+)", re.sub(r"\s", "", text(open_page(desk, other))))[1]) >= 3


@pytest.mark.story("T11")
def test_the_city_list_comes_in_with_its_photos(house, visitor):
    """124 places and 8 found by the inspection come in with the pictures that lie over their rows; one is closed."""
    picture = io.BytesIO()
    Picture.new("RGB", (40, 30), (200, 30, 30)).save(picture, "PNG")
    head = ["清单序号", "来源类别", "问题描述", "镇街", "点位", "照片"]
    rows = [[f"CC-{n:03}", "问题清单" if n < 124 else "创城督查发现", f"{n}号点垃圾暴露", "北镇", f"{n}号"]
            for n in range(132)]  # fmt: skip
    lines = enter(
        house,
        "city_problem",
        "创城.xlsx",
        [head, *rows],
        pictures={2: picture.getvalue(), 3: picture.getvalue()},
    )
    assert kept(lines) == 132
    desk, town = visitor("dispatcher"), visitor("town")
    said = text(open_page(desk, "/matters/city_problem/statistics"))
    assert "问题清单 124" in re.sub(r"\.0 ", " ", said)
    assert "督查发现 8" in re.sub(r"\.0 ", " ", said)
    row = desk.api("matters/city_problem", q="CC-000")[0]
    address = f"/matters/city_problem/{row['id']}"
    assert "image1.png" in text(open_page(desk, address))
    submit(desk, address, f"{address}/do/hand_over", {"owner_organisation": "北镇人民政府"})
    submit(town, address, f"{address}/do/report", {"result": "已清运"}, files=PHOTO)
    assert "已销号" in text(page_after(desk, address, f"{address}/do/close", {"checked": "已清"}))


@pytest.mark.story("T12")
def test_problems_of_a_section_are_listed_and_counted_by_it(house, visitor):
    """32 problems of one section come in with measures, time, unit and person, and are counted by section."""
    enter(
        house, "river", "河流.xlsx", [["河流名称", "对象编码", "所在地"], ["清溪", "R-1", "测试县"]]
    )
    enter(
        house,
        "section",
        "断面.xlsx",
        [
            ["断面名称", "对象编码", "所在河流", "里程", "水质目标", "所在地"],
            ["清溪桥断面", "S-1", "清溪", 12, "3", "北镇"],
        ],
    )
    head = [
        "原编号",
        "来源类别",
        "问题",
        "属地",
        "断面",
        "责任单位",
        "责任领导",
        "整改时限",
        "整改措施",
    ]
    rows = [[f"DM-{n}", "自查发现", f"清溪桥上游{n}号排口超标", "北镇", "清溪桥断面", "北镇人民政府", "张某", "2099-12-31", "截污纳管"]
            for n in range(32)]  # fmt: skip
    assert kept(enter(house, "problem", "断面问题.xlsx", [head, *rows])) == 32
    desk = visitor("dispatcher")
    said = text(open_page(desk, "/matters/problem/statistics"))
    assert "清溪桥断面 32 32" in said
    assert len(desk.api("matters/problem", limit=50, entity_kind="section")) == 32
    # Its page has the open ones beside its quality: a day of last month, permanganate of class Ⅳ.
    station = ["清溪桥水站", "W-1", "地表水", "省控", "北镇", "清溪桥断面"]
    head = ["站点名称", "站点编码", "监测要素", "站点级别", "属地", "断面"]
    enter(house, "station", "水站.xlsx", [head, station])
    head = ["所属对象", "监测类别", "监测点名称", "MN号", "监测因子"]
    point = ["W-1", "地表水", "清溪桥水站", f"{12:024d}", "pH、溶解氧、高锰酸盐指数、氨氮、总磷"]
    enter(house, "point", "监测点.xlsx", [head, point])
    day = times.now().date().replace(day=1) - timedelta(days=3)
    file = house.process.data.parent / "水站小时值.csv"
    hours = [f"清溪桥水站,{day} {hour:02}:00,7.4,7.0,8.0,0.30,0.08" for hour in range(24)]
    file.write_text(
        "\n".join(["点位,时间,pH,溶解氧,高锰酸盐指数,氨氮,总磷", *hours]), encoding="utf-8-sig"
    )
    code, told, errors = house.process.command(
        "import", "--data", str(house.process.data), str(file)
    )
    assert code == 0, (told, errors)
    house.settled()
    sections = open_page(desk, "/b/section?q=清溪桥断面")
    (door,) = set(sections.xpath("//tbody//a[starts-with(@href, '/entities/')]/@href"))
    page = open_page(desk, door)
    (problems,) = page.xpath("//*[@id='health']//li[div/b='问题']")
    assert "在办32件，没有超期" in text(problems)
    assert "清溪桥上游0号排口超标" in text(page)
    (month,) = page.xpath("//*[@id='timeline']//a[contains(@href, '/records/')]")
    assert "Ⅳ类，劣于目标：高锰酸盐指数(0.33)（1 天）" in text(month)
