"""E1, E20: cells in three levels, a year's patrols and events out of ledgers, events from a phone with the connection cut,
and a contractor who hands in clues and is accepted by what came of them."""

from __future__ import annotations

import re
from datetime import timedelta

import openpyxl
import pytest
from playwright.sync_api import expect
from tests.path.county import COUNTY, NORTH, SOUTH
from tests.path.house import PNG, until
from tests.stories.pages import NoSuchForm, open_page, page_after, submit, text

from ecoledger.live import times

PATROLS, EVENTS, OPEN = 5932, 1632, 32
TOWNS = ((NORTH, "北镇", 118.60), (SOUTH, "南镇", 118.70))
VILLAGES = 20


def square(west, south, size):
    """A square as a GeoJSON polygon."""
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return f'{{"type": "Polygon", "coordinates": [{ring}]}}'


def saved(house, name, rows):
    """A ledger as a file."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("台账")
    for row in rows:
        sheet.append(row)
    file = house.process.data.parent / name
    book.save(file)
    return str(file)


def enter(house, kind, file):
    code, lines, errors = house.process.command(
        "enter", kind, file, "--data", str(house.process.data)
    )
    assert code == 0, errors
    assert lines[-1]["refused"] == 0, [line for line in lines if line.get("outcome") == "refused"][
        :3
    ]
    return lines[-1]["kept"]


def cells():
    """One cell of the county, one a town, twenty villages."""
    yield ["编码", "名称", "级别", "上级网格", "所在镇街", "月巡查次数"]
    yield ["WG-0", "测试县网格", "一级", None, "测试县", None]
    for code, name, _lon in TOWNS:
        yield [f"WG-{code}", f"{name}网格", "二级", "WG-0", name, None]
    for n in range(VILLAGES):
        code, name, _lon = TOWNS[n % 2]
        yield [
            f"WG-V{n:02}",
            f"{name}第{n // 2 + 1}村网格",
            "三级",
            f"WG-{code}",
            name,
            1 if n else 4000,
        ]


def patrols():
    yield ["巡查单号", "网格", "巡查时间", "巡查人", "发现问题数", "巡查内容"]
    start = times.now().replace(month=1, day=1, hour=8, minute=0, second=0, microsecond=0)
    for n in range(PATROLS):
        at = start + (times.now() - start) * (n / PATROLS)
        yield [
            f"XC-{n:05}",
            f"WG-V{n % VILLAGES:02}",
            at,
            f"网格员{n % 174}",
            n % 9 // 8,
            "例行巡查",
        ]


def events():
    yield [
        "事件编号",
        "来源",
        "事件类型",
        "所属网格",
        "地点",
        "上报时间",
        "上报人员",
        "问题描述",
        "处置情况",
        "销号时间",
    ]
    start = times.now().replace(month=1, day=1, hour=8, minute=0, second=0, microsecond=0)
    kinds = ("工地扬尘", "秸秆垃圾焚烧", "餐饮油烟", "污水直排", "固废倾倒")
    for n in range(EVENTS):
        at = start + (times.now() - start) * (n / EVENTS)
        closed = None if n >= EVENTS - OPEN else min(at + timedelta(hours=20), times.now())
        yield [f"SJ-{n:05}", "日常巡查", kinds[n % 5], f"WG-V{n % VILLAGES:02}", f"{n}号地块", at,
               f"网格员{n % 174}", "见照片", "已清理", closed]  # fmt: skip


@pytest.mark.story("E1")
def test_the_year_of_the_grid_comes_in_and_is_counted_by_place(house, visitor):
    """5,932 patrols and 1,632 events come in by the ordinary import; the statistics say both, by town and by cell,
    and name nobody."""
    assert enter(house, "grid_cell", saved(house, "网格.xlsx", cells())) == VILLAGES + 3
    assert enter(house, "patrol", saved(house, "巡查.xlsx", patrols())) == PATROLS
    assert enter(house, "grid_event", saved(house, "事件.xlsx", events())) == EVENTS
    said = text(open_page(visitor("dispatcher"), "/matters/grid_event/statistics"))
    assert f"巡查记录 {PATROLS} 件" in said
    assert f"环境类事件 {EVENTS} 件" in said
    assert f"已办结 {EVENTS - OPEN} 件" in said
    assert f"北镇 {PATROLS // 2} {EVENTS // 2}" in said
    # What the cell's plan asks of the month beside what was walked, the furthest behind first.
    assert re.search(r"本月巡查与计划（按网格） .*?北镇第1村网格 4000 \d+ \d+%", said)
    assert "本月巡查达到计划的网格" in said
    assert "不对人员排名" in said
    assert "网格员1" not in said
    # The boundary of a cell is drawn on its page, by who keeps the registry.
    monitor = visitor("monitor")
    row = re.search(r"/entities/(\d+)", monitor.get("/b/grid_cell?q=WG-V00").text)[1]
    address = f"/registry/grid_cell/{row}"
    form = next(f for f in open_page(monitor, address).forms if "level" in f.fields)
    sent = {name: value for name, value in form.form_values() if value is not None}
    drawn = {"geometry": ("网格.geojson", square(118.60, 24.90, 0.02).encode())}
    monitor.post(address, data=sent, files=drawn, follow_redirects=True)
    assert "4.458" in text(open_page(monitor, "/b/grid_cell?q=WG-V00"))  # km²


@pytest.mark.story("E1")
def test_an_event_is_reported_without_a_connection_and_arrives_once(hired, page_of, visitor):
    """On a phone of 390 px: three taps, a photo, the connection cut; the report waits on the device, survives a
    reload, and arrives once when the connection is back; then it is dispatched, answered and closed."""
    page = page_of("town", phone=True)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"longitude": 118.61, "latitude": 24.91})
    page.goto("/my-work")
    page.locator(".thumbs a", has_text="随手报").click()
    expect(page.locator("[data-place=lon]")).not_to_have_value("")
    until(lambda: page.evaluate("caches.match('/report').then(Boolean)"), "the page at hand")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.set_offline(True)
    page.get_by_label("餐饮油烟").check()
    page.locator("#photo").set_input_files(
        {"name": "现场.png", "mimeType": "image/png", "buffer": PNG}
    )
    page.get_by_role("button", name="上报").click()
    page.locator("[data-queue] li", has_text="未发送").wait_for()
    page.reload()  # without a connection: the page itself is at hand
    page.locator("[data-queue] li", has_text="餐饮油烟").wait_for()
    desk = visitor("dispatcher")
    before = len(desk.api("matters/grid_event", limit=50, category="fumes", open="1"))
    page.context.set_offline(False)
    page.locator("[data-queue-state] a").wait_for()
    page.reload()
    expect(page.locator("[data-queue]")).to_be_hidden()
    rows = desk.api("matters/grid_event", limit=50, category="fumes", open="1")
    assert len(rows) == before + 1
    row = max(rows, key=lambda one: one["id"])
    address = f"/matters/grid_event/{row['id']}"
    said = text(open_page(desk, address))
    assert "北镇第1村网格" in said  # told by the place
    assert "现场.png" in said

    town, worker = (
        visitor("town"),
        hired("grid", "网格员甲", area=NORTH, organisation="北镇人民政府"),
    )
    submit(desk, address, f"{address}/do/dispatch", {"owner_organisation": "北镇人民政府"})
    file = [("整改后.png", PNG, "image/png")]
    submit(worker, address, f"{address}/do/feed_back", {"handling": "已清洗油烟净化器"}, files=file)
    page = page_after(town, address, f"{address}/do/close", {"checked": "现场复查，无油烟"})
    assert "已销号" in text(page)
    # A clue is no inspection: a grid worker opens no inspection and no campaign visit by an officer.
    with pytest.raises(AssertionError):
        submit(worker, "/b/coating/new", "/new", {"name": "检查"})


@pytest.mark.story("E20")
def test_a_contractor_hands_in_clues_only_and_is_accepted_by_what_came_of_them(
    house, hired, visitor
):
    """A contractor's account hands in clues and sees nothing else; the service is accepted by how many were true."""
    desk = visitor("dispatcher")
    file = house.process.data.parent / "服务单位.csv"
    file.write_text(f"名称,类别,行政区划代码\n大气巡查公司,第三方机构,{COUNTY}", encoding="utf-8")
    assert enter(house, "organisation", str(file)) == 1
    patrol = hired("third_party", "巡查员甲", area=COUNTY, organisation="大气巡查公司")
    for n, what in enumerate(("裸土未覆盖", "渣土车带泥", "看错了")):
        submit(
            patrol,
            "/report",
            "/report",
            {"category": "site_dust", "description": what, "address": f"工地{n}"},
        )
    own = patrol.api("matters/grid_event", limit=50)
    assert {row["title"] for row in own} == {"工地0工地扬尘", "工地1工地扬尘", "工地2工地扬尘"}
    assert patrol.api("matters/problem") == []
    for register in ("problem", "complaint", "patrol_service"):
        with pytest.raises((NoSuchForm, AssertionError)):
            submit(patrol, f"/matters/{register}/new", "/new", {"title": "x"})

    submit(desk, "/matters/patrol_service/new", "/new", {
        "title": "大气专业巡查服务", "area_code": COUNTY, "contractor": "大气巡查公司",
        "begin": f"{times.now():%Y}-01-01", "end": f"{times.now():%Y}-12-31", "clues_agreed": "2",
        "true_agreed": "60",
    })  # fmt: skip
    service = desk.api("matters/patrol_service")[0]
    by_title = {row["title"]: f"/matters/grid_event/{row['id']}" for row in own}
    for title in ("工地0工地扬尘", "工地1工地扬尘"):
        submit(
            desk,
            by_title[title],
            f"{by_title[title]}/do/dispatch",
            {"owner_organisation": "北镇人民政府"},
        )
    submit(
        desk,
        by_title["工地2工地扬尘"],
        f"{by_title['工地2工地扬尘']}/do/void",
        {"reason": "现场无工地"},
    )
    address = f"/matters/patrol_service/{service['id']}"
    submit(desk, address, f"{address}/do/ask", files=[("总结.png", PNG, "image/png")])
    said = text(open_page(desk, address))
    assert re.search(r"提交线索数 3 .*已核实线索数 3 .*属实线索数 2", said)
    chief = hired("leader", "局长甲")
    page = page_after(
        chief, address, f"{address}/do/accept", {"verdict": "线索属实率 66.7%，同意验收"}
    )
    assert "验收通过" in text(page)
