"""E7: the platform's export comes in as it is; repeats are confirmed by a person; a complaint goes its whole way, and
nobody but the clerks learns who complained."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from tests.path.county import COUNTY
from tests.stories.pages import open_page, page_after, submit, text

from ecoledger.live import times

pytestmark = pytest.mark.story("E7")

RECEIVED, CHAINS, REPEATS = 357, 22, 27
PHONE_NOW, PHONE_BEFORE = 68, 250
HEADER = ["序号", "举报编号", "举报时间", "举报类型", "举报人", "联系电话", "是否\n实名",
          "被举报单位（对象）", "行政区划", "详细地址", "污染类型", "行业", "举报内容", "受理状态",
          "受理时间", "不（未）受理原因", "办理单位", "办结时间", "是否属实", "调查处理情况",
          "回复内容", "回访结果", "备注"]  # fmt: skip
BRANDS = [a + b for a in "鸿瑞恒凯汇昌盛泰博远砺岚" for b in "达丰源顺宏信隆祥通和沣骁"]
TROUBLES = (("化工厂", "大气", "化工", "夜间排放刺鼻气味"), ("印染厂", "水", "印染", "往河里排黑水"),
            ("喷涂厂", "大气", "金属表面处理", "露天喷漆，油漆味很大"))  # fmt: skip
ROADS = [
    "解放",
    "青年",
    "滨河",
    "学士",
    "窑厂",
    "南门",
    "新港",
    "环城",
    "振兴",
    "盐河",
    "望湖",
    "创业",
]


def export(year_ago: bool = False) -> bytes:
    """The platform's export: 357 of this year with 22 chains of repeats, or the telephone's of last year."""
    now = times.now()
    start = now.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["测试县生态环境信访投诉举报件明细表"])
    sheet.append(["导出时间：2026-11-20 17:05"])
    sheet.append(HEADER)
    count = PHONE_BEFORE if year_ago else RECEIVED
    matters = count if year_ago else RECEIVED - REPEATS
    for n in range(count):
        # The first CHAINS matters are told again, the first five of them a third time.
        of = n if n < matters else (n - matters) % CHAINS
        of += 5000 if year_ago else 0
        opened = start + (now - start) * ((n + 0.5) / (count + 1))
        if year_ago:
            opened = opened.replace(year=opened.year - 1)
        tail, kind, trade, what = TROUBLES[of % 3]
        firm = f"{BRANDS[of % len(BRANDS)]}{tail}{'二' * (of // len(BRANDS))}"
        address = f"{('北镇', '南镇')[of % 2]}{ROADS[of % 12]}路{10 + of}号"
        way = "电话" if year_ago or n < PHONE_NOW else ("微信", "网络", "网民留言")[n % 3]
        telephone = f"102{of:08d}" if n < matters else f"103{n:08d}"
        again = "再次投诉，" if n >= matters else ""
        sheet.append([
            n + 1, f"{'Q' if year_ago else 'D'}{n:05d}", opened, way, f"访{n}先生", telephone,
            "是" if n % 2 else "否", firm, ("北镇", "南镇")[of % 2], address, kind, trade,
            f"{again}{firm}{what}，{address}。请回电{telephone}。", "已办结", opened, None,
            f"{('北镇', '南镇')[of % 2]}人民政府", min(opened + timedelta(hours=5), now),
            "属实" if n % 4 else "不属实", "已责令改正", "已答复", "不满意" if n % 17 == 3 else "满意", None,
        ])  # fmt: skip
    sheet.append(["合计", f"{count}件"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def entered(house, content: bytes, name: str) -> dict:
    file = house.process.data.parent / name
    file.write_bytes(content)
    code, lines, errors = house.process.command(
        "enter", "complaint", str(file), "--data", str(house.process.data)
    )
    assert code == 0, errors
    return lines[-1]


def test_the_export_comes_in_as_it_is_and_its_repeats_are_confirmed_by_a_person(house, visitor):
    """357 complaints with 22 chains and last year's 250 telephone calls come in by the command; the repeats are
    proposed, confirmed on the page, linked, and one of them undone; the figures are those of the text."""
    assert entered(house, export(year_ago=True), "去年.xlsx")["kept"] == PHONE_BEFORE
    counts = entered(house, export(), "今年.xlsx")
    assert (counts["kept"], counts["refused"]) == (RECEIVED, 0)

    desk = visitor("dispatcher")
    first_day = f"{times.now():%Y}-01-01"
    page = open_page(desk, "/b/complaint_repeat?state=proposed")
    assert str(REPEATS) in text(page)
    desk_form = next(f for f in page.forms if (f.action or "").endswith("/batch"))
    ids = page.xpath("//input[@name='ids']/@value")
    assert len(ids) == REPEATS
    token = desk_form.fields["csrfmiddlewaretoken"]
    answer = desk.post(
        "/b/complaint_repeat/batch",
        data={"csrfmiddlewaretoken": token, "ids": ids, "state": "confirmed"},
        follow_redirects=True,
    )
    assert f"已修改 {REPEATS} 行" in answer.text
    said = text(open_page(desk, f"/matters/complaint/statistics?opened_at_from={first_day}"))
    assert f"受理登记（含重复） {RECEIVED} 件" in said
    assert f"其中：重复件 {REPEATS} 件" in said
    assert f"共 {CHAINS} 条重复链，{REPEATS} 件重复，" in said

    # 12369同比下降72.8%: this year's calls beside the same days of last year.
    said = text(open_page(desk, "/matters/complaint/statistics"))
    assert re.search(rf"电话 {PHONE_NOW} {PHONE_BEFORE} -72\.8%", said)

    # A duplicate keeps its own number and is taken out again when somebody was wrong.
    merged = desk.api("matters/complaint", merged="1", limit=50)
    one = next(row for row in merged if row["number"].startswith("D"))
    address = f"/matters/complaint/{one['id']}"
    submit(desk, address, f"{address}/unmerge")
    said = text(open_page(desk, f"/matters/complaint/statistics?opened_at_from={first_day}"))
    assert f"其中：重复件 {REPEATS - 1} 件" in said

    # Without coordinates a complaint lies at its firm, at a known address, in its village, or in its town; it says by what.
    firms = house.process.data.parent / "地址.csv"
    firms.write_text(
        "企业名称,所在地,地址,经度,纬度\n滨河一厂,990101001,北镇滨河路900号,118.61,24.91",
        encoding="utf-8",
    )
    code, _lines, errors = house.process.command("enter", "enterprise", str(firms), "--data", str(house.process.data))  # fmt: skip
    assert code == 0, errors
    more = house.process.data.parent / "补录.csv"
    more.write_text(
        "举报编号,举报时间,行政区划,详细地址,举报内容\nB1,2026-03-02 08:00,北镇,北镇滨河路900号隔壁,夜间有异味",
        encoding="utf-8",
    )
    assert entered(house, more.read_bytes(), "补录.csv")["kept"] == 1
    (placed,) = desk.api("matters/complaint", q="B1", placed="address")
    assert "已知地址" in text(open_page(desk, f"/matters/complaint/{placed['id']}"))
    marks = desk.get("/matters/complaint/map.geojson").json()["features"]
    assert [118.61, 24.91] in [f["geometry"]["coordinates"] for f in marks]

    # Hot spots, the backlog and the map are lists of their own.
    assert "投诉热点" in said
    assert "按镇街（高发区域）" in said
    assert desk.get("/matters/complaint?backlog=1").status_code == 200
    assert desk.get("/matters/complaint/map.geojson").json()["type"] == "FeatureCollection"


def test_a_complaint_goes_its_whole_way_and_who_complained_stays_hidden(hired, visitor):
    """The clerk notes a call; the town investigates and answers, a second person approves; not satisfied, it is
    supervised and done again. The town sees neither name nor telephone: page, list, export, search, events."""
    clerk, town, chief = hired("complaint", "信访员甲"), visitor("town"), visitor("dispatcher")
    name, telephone = "冯珩沅", "10277788899"
    submit(clerk, "/matters/complaint/new", "/new", {
        "channel": "phone", "complainant": name, "telephone": telephone, "real_name": "1",
        "target": "珩沅塑料加工点", "area_code": "990101001", "address": "北镇清溪路88号",
        "pollution": "air", "industry": "塑料制品业",
        "description": f"夜间有刺鼻气味，{name}，请回电{telephone}",
    })  # fmt: skip
    rows = clerk.api("matters/complaint", q="珩沅塑料加工点")
    address = f"/matters/complaint/{rows[0]['id']}"
    said = text(open_page(clerk, address))
    assert name in said
    assert "转送交办" in said
    assert "环保举报热线工作管理办法" in said

    seen = [
        town.get(address).text,
        town.get("/matters/complaint").text,
        str(town.api(f"matters/complaint/{rows[0]['id']}")),
        str(town.api("matters/complaint")),
    ]
    book = openpyxl.load_workbook(io.BytesIO(town.get("/matters/complaint/export.xlsx").content))
    seen.append(str([[c.value for c in row] for row in book.active.iter_rows()]))
    assert address not in town.get("/search?q=" + telephone).text
    for what in seen:
        assert name not in what
        assert telephone not in what

    submit(clerk, address, f"{address}/do/accept",
           {"owner_organisation": "北镇人民政府", "told": "已电话告知"})  # fmt: skip
    submit(town, address, f"{address}/do/report",
           {"verdict": "partly", "findings": "车间密闭不严，已责令改正"})  # fmt: skip
    submit(town, address, f"{address}/do/answer", {"answer": "您好，已责令改正"})
    page = open_page(town, address)
    assert not [f for f in page.forms if (f.action or "").split("#")[0].endswith("/do/approve")]
    # All that is judged stands with the ask: what was found, and not the answer alone.
    card = open_page(clerk, address).get_element_by_id("act").text_content()
    for words in ("部分属实", "车间密闭不严，已责令改正", "您好，已责令改正"):
        assert words in card
    submit(clerk, address, f"{address}/do/approve")
    done = open_page(chief, address)
    assert "已办结" in text(done)
    # Nobody was dissatisfied yet: 督办 is no stage of this one, not even one left out.
    line = done.xpath("//ol[@class='stage']")[0].text_content()
    assert "审核" in line
    assert "督办" not in line
    submit(clerk, address, f"{address}/do/dissatisfied", {"reason": "气味仍有"})
    assert "不满意督办" in text(open_page(chief, address))
    submit(chief, address, f"{address}/do/redo",
           {"owner_organisation": "北镇人民政府", "requirement": "彻底整改"})  # fmt: skip
    submit(town, address, f"{address}/do/report", {"verdict": "true", "findings": "已停产整改"})
    submit(town, address, f"{address}/do/answer", {"answer": "已停产整改，欢迎监督"})
    submit(clerk, address, f"{address}/do/approve")
    page = page_after(clerk, address, f"{address}/do/visit", {"satisfaction": "satisfied"})
    assert "已回访" in text(page)

    # What is not the bureau's is refused with its reason, within the time the rule gives.
    submit(clerk, "/matters/complaint/new", "/new",
           {"channel": "visit", "area_code": COUNTY, "description": "邻里宠物扰民"})  # fmt: skip
    other = clerk.api("matters/complaint", q="邻里宠物扰民")[0]
    address = f"/matters/complaint/{other['id']}"
    submit(clerk, address, f"{address}/do/refuse", {"refusal": "not_ours", "told": "已当面告知"})
    assert "不予受理" in text(open_page(clerk, address))
