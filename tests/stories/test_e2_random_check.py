"""双随机: 83 firms and their officers drawn from frozen lists, anybody repeats the draw, results are published."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import httpx
import openpyxl
import pytest
from tests.path.county import COUNTY, NORTH, SOUTH
from tests.path.house import PATIENCE
from tests.stories.pages import open_page, page_after, submit, text

# 1,683 objects: 8 special, all of them; 160 key, a quarter; 1,515 ordinary, five for each of 7 officers: 8 + 40 + 35 = 83.
SPECIAL, KEY, ORDINARY, OFFICERS = 8, 160, 1_515, 7


def book(house, name, rows):
    sheet = openpyxl.Workbook()
    for row in rows:
        sheet.active.append(row)
    file = house.process.data.parent / name
    sheet.save(file)
    return str(file)


def enter(house, kind, file):
    data = ("--data", str(house.process.data))
    code, lines, errors = house.process.command("enter", kind, file, *data)
    assert code == 0, errors
    refused = [line for line in lines if line.get("outcome") == "refused"]
    assert refused == [], refused[:3]
    return sum(1 for line in lines if line.get("outcome") in ("kept", "warned"))


@pytest.fixture(scope="module")
def lists(house, visitor):
    """The firms, the roster of objects, published, and the officers, by ordinary import."""
    tiers = [("特殊", SPECIAL), ("重点", KEY), ("一般", ORDINARY)]
    firms = [(f"{tier}抽查{n}厂", tier, (NORTH, SOUTH)[n % 2]) for tier, many in tiers for n in range(1, many + 1)]  # fmt: skip
    rows = [["企业名称", "所在地", "行业"], *([name, area, "纺织"] for name, _t, area in firms)]
    assert enter(house, "enterprise", book(house, "抽查企业.xlsx", rows)) == len(firms)
    dispatcher = visitor("dispatcher")
    submit(dispatcher, "/b/check_object/editions", "/editions/new", {"name": "2026", "area_code": COUNTY, "basis": "测环办〔2026〕3号"})  # fmt: skip
    rows = [["版本", "单位名称", "级别", "信用", "风险"], *(["2026", name, tier, ("良好", "警示")[n % 2], "一般"] for n, (name, tier, _a) in enumerate(firms))]  # fmt: skip
    assert enter(house, "check_object", book(house, "对象名录.xlsx", rows)) == len(firms)
    page = open_page(dispatcher, "/b/check_object/editions")
    (edition,) = page.xpath("//a[contains(@href, '/editions/') and not(contains(@href, 'new'))]/@href")  # fmt: skip
    submit(dispatcher, edition, edition, {"since": "2026-01-01"}, button="publish")
    officers = [["姓名", "执法证号", "有效期至", "辖区", "系统账号"]]
    officers += [[f"执法{n}", f"ZF-{n}", "2099-12-31", (NORTH, SOUTH)[n % 2], "officer" if n == 1 else ""] for n in range(1, OFFICERS + 1)]  # fmt: skip
    officers += [["过期员", "ZF-99", "2020-12-31", NORTH, ""]]
    assert enter(house, "law_officer", book(house, "持证人员.xlsx", officers)) == OFFICERS + 1
    return firms


@pytest.mark.story("E2")
def test_eighty_three_firms_are_drawn_and_anybody_can_draw_them_again(house, visitor, lists):
    """83 of 1,683 firms: lists frozen before there is a seed, a draw thrown away with its reason, a firm replaced by rule;
    who has the sheet draws again, and a changed one is found out."""
    dispatcher, officer = visitor("dispatcher"), visitor("officer")
    plan = {"year": "2026", "item_no": "1", "name": "一季度双随机抽查", "kind": "random", "objects_planned": "83", "filed_on": "2026-01-10", "area_code": COUNTY}  # fmt: skip
    submit(dispatcher, "/b/check_plan/new", "/new", plan)
    opened = page_after(
        dispatcher, "/matters/random_check/new", "/new",
        {"title": "一季度双随机抽查", "area_code": COUNTY, "check_by": "2099-03-31", "plan": "1"},
    )  # fmt: skip
    check = address_of(opened, "freeze")

    # The roster page and its list say how many there are.
    assert "共 1683 条" in text(open_page(dispatcher, "/b/check_object"))
    # The lists and their hash stand before a seed does; an expired certificate is not among them.
    page = page_after(dispatcher, check, "/do/freeze")
    assert "对象 1683 个，检查人员 7 名" in text(page)
    assert "种子" not in text(page)
    assert not any("seed" in (name or "") for form in page.forms for name in form.fields)

    # A first draw is thrown away with its reason; both stay on the sheet.
    submit(dispatcher, check, "/do/draw")
    submit(dispatcher, check, "/do/discard", {"reason": "名单核对有误，重抽"})
    page = page_after(dispatcher, check, "/do/draw")
    assert "抽中 83 个" in text(page)
    assert "名单核对有误，重抽" in text(page)
    page = page_after(dispatcher, check, "/do/confirm")
    assert "检查中" in text(page)
    number = int(check.rsplit("/", 1)[1])
    sheet = dispatcher.get(f"/enforcement/draws/{number}.json").json()
    assert [len(draw["result"]) for draw in sheet["draws"]] == [83, 83]
    assert sheet["draws"][0]["seed"] != sheet["draws"][1]["seed"]
    tiers = [row["tier"] for row in sheet["draws"][1]["result"]]
    assert [tiers.count(t) for t in ("特殊", "重点", "一般")] == [8, 40, 35]
    visits = dispatcher.api("matters/inspection", limit=100)
    assert len(visits) == 83

    # One firm has closed: the next of its tier comes in its place, chosen by nobody.
    old = next(r["object"] for r in sheet["draws"][1]["result"] if r["tier"] == "一般")
    submit(dispatcher, check, "/do/replace_object", {"old_text": old, "reason": "已关停"})
    # The officer's own firms are visited; who was not drawn for it does not write the record.
    sheet = dispatcher.get(f"/enforcement/draws/{number}.json").json()
    change = sheet["replacements"][0]
    assert (change["old"], change["reason"]) == (old, "已关停")
    own = [r for r in dispatcher.api("matters/inspection", limit=100) if r["state"] == "assigned"]
    assert len(own) == 83
    mine = officer.api("matters/inspection", mine=1, limit=1)[0]
    visit = f"/matters/inspection/{mine['id']}"
    wrong = submit_refused(officer, visit, "/do/enter", {"code": "E-错", "shown": "1"})
    assert "不是本次检查的" in wrong
    code = next(r["object"] for r in sheet["results"] if r["name"] == mine_name(officer, visit))
    submit(officer, visit, "/do/enter", {"code": code, "shown": "1"})
    site = dict.fromkeys(("production", "approvals", "facilities", "monitoring", "waste", "ledger"), "normal")  # fmt: skip
    submit(
        officer,
        visit,
        "/do/record",
        {**site, "found": "生产正常，设施运行", "site_contact": "王某"},
    )
    page = page_after(officer, visit, "/do/finish", {"outcome": "clean"})
    assert "已办结" in text(page)

    # What was published is all that is needed: equal, and where it was touched, where.
    file = house.process.data.parent / "公示表.json"
    file.write_text(json.dumps(sheet), encoding="utf-8")
    code, said = verify(file)
    assert code == 0
    assert "抽取 2 次（作废 1 次），最后一次抽中 83 个" in said
    table = file.with_suffix(".csv")
    table.write_bytes(dispatcher.get(f"/enforcement/draws/{number}.csv").content)
    assert verify(table)[0] == 0
    rows = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert sum(row[0] == "抽中" for row in rows) == 166
    sheet["draws"][1]["result"][0]["object"] = "E-内定"
    file.write_text(json.dumps(sheet), encoding="utf-8")
    code, said = verify(file)
    assert code == 1
    assert "第 2 次抽取第 1 个：公示 E-内定" in said
    assert "重抽一致" in text(open_page(dispatcher, f"/enforcement/draws/{number}"))
    # With 82 firms to go nothing is published yet.
    answer = dispatcher.submit(f"{check}/do/publish", {})
    assert answer.status_code == 422
    assert "还有 82 家没有办结" in answer.text
    assert httpx.get(f"{house.http}/public/draws/{number}", timeout=PATIENCE).status_code == 404


@pytest.mark.story("E2")
def test_anybody_reads_the_published_sheet_and_draws_again(house, visitor, lists):
    """Ended visits published: a page without signing in, the files beside it, no telephone number in them."""
    dispatcher, officer = visitor("dispatcher"), visitor("officer")
    opened = page_after(dispatcher, "/matters/random_check/new", "/new", {
        "title": "公示测试抽查", "area_code": COUNTY, "check_by": "2099-03-31", "share_special": "0", "share_key": "0.01",
        "share_ordinary": "0",
    })  # fmt: skip
    check = address_of(opened, "freeze")
    number = int(check.rsplit("/", 1)[1])
    for step in ("freeze", "draw", "confirm"):
        submit(dispatcher, check, f"/do/{step}")
    for row in dispatcher.api("matters/inspection", q="公示测试抽查", limit=50):
        visit = f"/matters/inspection/{row['id']}"
        submit(dispatcher, visit, "/do/leave_out", {"reason": "停产，联系13900000000"})
    stranger = httpx.Client(base_url=house.http, timeout=PATIENCE)
    assert "公示测试抽查" not in stranger.get("/public/draws").text
    submit(dispatcher, check, "/do/publish")
    assert "公示测试抽查" in stranger.get("/public/draws").text
    page = stranger.get(f"/public/draws/{number}")
    assert page.status_code == 200
    assert "不再安排" in page.text
    assert "13900000000" not in page.text
    assert f"/public/draws/{number}" in dispatcher.get(f"/enforcement/draws/{number}").text
    file = house.process.data.parent / "公开.json"
    file.write_bytes(stranger.get(f"/public/draws/{number}.json").content)
    assert verify(file)[0] == 0
    assert officer.get(f"/public/draws/{number}").status_code == 200


def address_of(page, step):
    """The matter's address, from the form of a step on its page."""
    actions = [(form.action or "").split("#")[0] for form in page.forms]
    return next(a for a in actions if a.endswith(f"/do/{step}")).removesuffix(f"/do/{step}")


def verify(file):
    """The command beside no data folder at all."""
    command = [sys.executable, "-m", "ecoledger", "draw", "verify", str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout


def submit_refused(visitor, address, action, values):
    """What the page says that refuses, or the reason why it offers no such form."""
    page = open_page(visitor, address)
    form = next((f for f in page.forms if (f.action or "").split("#")[0].endswith(action)), None)
    if form is None:
        return text(page)
    name = action.rsplit("/", 1)[1]
    data = {**dict(form.form_values()), **{f"{name}-{k}": v for k, v in values.items()}}
    return visitor.post(form.action, data=data, follow_redirects=True).text


def mine_name(visitor, address):
    """The object's name on the page of a visit."""
    page = open_page(visitor, address)
    (name,) = page.xpath("//dt[normalize-space()='对象']/following-sibling::dd[1]")
    return name.text_content().strip()
