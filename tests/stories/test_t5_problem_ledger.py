"""T5: one ledger for problems of every origin: imported, handed over, reported, closed by a second person, looked at again."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from tests.path.house import PNG
from tests.stories.test_alarm_to_closing import step

pytestmark = pytest.mark.story("T5")

HEADER = [
    "原编号",
    "来源类别",
    "问题",
    "问题层级",
    "属地",
    "责任单位",
    "责任领导",
    "整改时限",
    "整改措施",
    "重复于",
]
ORIGINS = (
    "中央生态环境保护督察",
    "省级生态环境保护督察",
    "信访投诉",
    "上级交办",
    "自查发现",
    "媒体曝光",
)
PHOTO = {"name": "整改后.png", "mimeType": "image/png", "buffer": PNG}


def ledger() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["突出生态环境问题清单"])
    book.active.append(HEADER)
    for n, origin in enumerate(ORIGINS, 1):
        town = ("北镇", "南镇")[n % 2]
        book.active.append(
            [
                f"A-{n}",
                origin,
                f"{town}问题{n}",
                "县级",
                town,
                f"{town}人民政府",
                "张某",
                "2099-12-31",
                "限期整改",
                "",
            ]
        )
    book.active.append(
        [
            "A-7",
            "信访投诉",
            "同一问题再次反映",
            "县级",
            "北镇",
            "北镇人民政府",
            "",
            "长期坚持",
            "",
            "A-2",
        ]
    )
    book.active.append(["A-8", "天外来件", "来源写错", "县级", "北镇", "", "", "", "", ""])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_problems_of_every_origin_stand_in_one_ledger_and_go_the_whole_way(house, page_of, visitor):
    """Problems of every origin come in from a spreadsheet, the wrong row named; one is handed over, reported on, struck off
    by a second person, looked at again and reopened; three completion rates name their denominators."""
    # The ledger the bureau keeps in a spreadsheet comes in: previewed, the wrong row named, the rest kept.
    desk = visitor("dispatcher")
    answer = desk.submit(
        "/b/problem/import", {}, files={"file": ("一本账.xlsx", ledger())}, follow_redirects=True
    )
    assert "可填：中央生态环境保护督察" in answer.text
    batch = re.search(r"/b/problem/import/(\d+)", str(answer.url))[1]
    desk.submit(f"/b/problem/import/{batch}/accept", {}, follow_redirects=True)
    rows = desk.api("matters/problem", limit=50)
    assert {row["title"] for row in rows} == {
        f"{('北镇', '南镇')[n % 2]}问题{n}" for n in range(1, 7)
    }
    listed = desk.get("/matters/problem").text
    assert all(origin in listed for origin in ORIGINS)

    # 新增 → 整改中: the dispatcher hands one over; the town reports its month and applies for closing.
    row = next(row for row in rows if row["title"] == "北镇问题2")
    address = f"/matters/problem/{row['id']}"
    chief, town = page_of("dispatcher"), page_of("town")
    chief.goto(address)
    step(chief, "hand_over", owner_organisation="北镇人民政府", measures="清运并复绿")
    town.goto(address)
    step(town, "report_progress", progress="60", progress_text="已清运六成")
    step(town, "apply_close", verdict="属实", result="已清运完毕", files=[PHOTO])

    # 核查 → 销号 by another person; 回头看; what comes back is reopened and counted.
    chief.goto(address)
    step(chief, "confirm_close", checked="现场核查属实")
    assert "已销号" in chief.locator("main").inner_text()
    officer = page_of("officer")
    # This bureau draws from the first day on; shipped are seven.
    profile = house.process.data / "profile"
    profile.mkdir(exist_ok=True)
    (profile / "look_back.toml").write_text("days_since_closing = 0\n", encoding="utf-8")
    chief.goto("/matters/problem")
    chief.locator("summary", has_text="抽查回头看").click()
    chief.locator('[name="share"]').fill("100")
    chief.get_by_role("button", name="抽取").click()
    chief.get_by_role("button", name="确认").click()
    officer.goto(address)
    step(officer, "look_back_pass", seen="未反弹", files=[PHOTO | {"name": "复查.png"}])
    officer.goto(address)
    step(officer, "rebound", reason="夜间再次倾倒")
    assert "整改中" in officer.locator("body").inner_text()
    assert "反弹 1 次" in officer.locator("body").inner_text()

    # The three completion rates say what they count.
    text = desk.get("/matters/problem/statistics").text
    assert all(w in text for w in ("分母含重复和不属实", "分母为登记总数－重复", "分母为应整改数"))
    assert "0 / 7" in text
    assert "0 / 6" in text


OLD = (
    ("某县突出问题整改台账",),
    ("序号", "问题来源", "发现时间", "所属镇街", "问题描述", "责任单位", "整改时限", "完成情况", "完成时间"),
    ("2022年度（3项）",),
    (1, "省督察", "2022.3.5", "北镇", "旧账甲厂喷漆房未密闭", "北镇政府", "2022年底前", "已完成整改并销号", "20221220"),
    (2, "12345", "2022年4月10日", "南镇", "旧账乙厂废气未收集", "南镇、北镇党委、政府", "6月底前", "已完成80%", None),
    (3, "自查", "20220506", "北镇", "旧账丙村露天焚烧", "北镇", "长期坚持", "持续推进并长期坚持", None),
    ("2022年小计", "3项"),
    ("注：按实填写。",),
)  # fmt: skip


def test_an_existing_ledger_comes_in_as_it_is_and_new_ones_are_handed_over_together(visitor):
    """A ledger of two years ago comes in as history as it was written: what was not finished stays open and no clock runs;
    two new problems are handed over in one step."""
    # The ledger of two years ago: one upload, nothing edited, nothing pointed at; said afterwards to be history.
    desk = visitor("dispatcher")
    book = openpyxl.Workbook()
    for row in OLD:
        book.active.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    answer = desk.submit(
        "/b/problem/import",
        {},
        files={"file": ("存量台账.xlsx", buffer.getvalue())},
        follow_redirects=True,
    )
    assert "有 1 行已经办结，要作为历史导入" in answer.text
    batch = re.search(r"/b/problem/import/(\d+)", str(answer.url))[1]
    desk.submit(f"/b/problem/import/{batch}", {"history": "1"}, follow_redirects=True)
    desk.submit(f"/b/problem/import/{batch}/accept", {}, follow_redirects=True)
    rows = {
        r["title"]: r
        for r in desk.api("matters/problem", limit=200)
        if r["title"].startswith("旧账")
    }
    assert {title[2:4]: r["state"] for title, r in rows.items()} == {
        "甲厂": "closed", "乙厂": "rectifying", "丙村": "rectifying",
    }  # fmt: skip
    # No clock runs: none of them is overdue, though a deadline has long gone by, and that is counted for itself.
    assert all(r["due"] is None for r in rows.values())
    assert "在办且已过整改时限" in desk.get("/matters/problem/statistics").text

    # Several new problems are handed over in one step, each with its own event.
    for n in (1, 2):
        form = {"title": f"一并交办{n}", "origin_kind": "self", "area_code": "990101001", "category": "waste",
                "tier": "county", "risk": "normal", "key_item": "0"}  # fmt: skip
        desk.submit("/matters/problem/new", form, follow_redirects=True)
    fresh = [
        r["id"] for r in desk.api("matters/problem", limit=200) if r["title"].startswith("一并交办")
    ]
    assert len(fresh) == 2
    form = {
        "ids": fresh,
        "owner_organisation": "北镇人民政府",
        "measures": "清运",
        "note": "周五前",
    }
    done = desk.submit("/matters/problem/many/hand_over", form, follow_redirects=True)
    assert "已办 2 件" in done.text
