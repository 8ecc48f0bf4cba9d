"""Emergencies: plans on file and drilled, material in its depots, an incident commanded on one map, health risk by cell."""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from tests.path.county import COUNTY, NORTH
from tests.path.house import hours_ago
from tests.stories.pages import open_page, page_after, submit, text
from tests.stories.test_air_sources import address_of, kept, matters, row_of, statistics
from tests.stories.test_air_weather import entered, workbook

from ecoledger.standards import health_risk

CHINA = ZoneInfo("Asia/Shanghai")
PROOF = [("评审意见.pdf", b"%PDF-1.7 review", "application/pdf")]


def today() -> date:
    return hours_ago(0).date()


def years_ago(years: int, days: int = 0) -> date:
    day = today()
    return day.replace(year=day.year - years, day=min(day.day, 28)) + timedelta(days=days)


def fill(visitor, case, lines, rows):
    """Fill in the table of a matter's lines, a row of values each."""
    values = {
        f"{lines}-{n}-{name}": said for n, row in enumerate(rows) for name, said in row.items()
    }
    return page_after(visitor, f"{case}/lines/{lines}", f"/lines/{lines}", values)


def refused(visitor, case, name, form=None):
    """What a step that cannot be done answers."""
    said = {f"{name}-{field}": value for field, value in (form or {}).items()}
    answer = visitor.submit(f"{case}/do/{name}", said)
    assert answer.status_code == 422, answer.text[:500]
    return answer.text


@pytest.mark.story("E11")
def test_eleven_firms_have_their_plans_on_file_and_drill_them(house, visitor, hired, tmp_path):
    """“完成11家企业预案备案”: ten come from the ledger, one is filed on the page; three years on a plan falls due, and a
    drill that shows faults is why it is revised."""
    firms = [(f"测试应急{n}厂", NORTH, "专用化学产品制造") for n in range(1, 11)]
    entered(
        house, "enterprise", workbook(tmp_path / "企业.xlsx", ("企业名称", "所在地", "行业"), firms)
    )
    head = ("单位名称", "风险等级", "签署日期", "备案号", "备案时间")
    filed = [years_ago(3, -5), years_ago(3, 60), *(years_ago(1, -n) for n in range(8))]
    rows = [
        (firm, ("一般", "较大", "重大")[n % 3], f"{day - timedelta(days=10)}",
         f"990101-{day.year}-{n + 1:03d}-{'LMH'[n % 3]}", f"{day}")
        for n, ((firm, *_), day) in enumerate(zip(firms, filed, strict=True))
    ]  # fmt: skip
    assert (
        kept(entered(house, "emergency_plan", workbook(tmp_path / "备案.xlsx", head, rows))) == 10
    )

    # One firm's plan from its review to its number. Its grade follows from its figures.
    officer, approver = visitor("officer"), hired("approver", "审批员甲")
    opened = page_after(officer, "/matters/emergency_plan/new", "/new", {
        "title": "一号测试厂突发环境事件应急预案", "entity_text": "一号测试厂", "area_code": NORTH, "sort": "firm",
        "risk": "M", "air_amount": "1.5", "air_process": "30", "air_around": "E1", "water_amount": "0.2",
    })  # fmt: skip
    case = address_of(opened)
    assert "较大[较大-大气(Q1-M2-E1)+一般-水(Q0)]" in text(opened)
    firm = visitor("firm")
    day = f"{today()}"
    submit(firm, case, "/do/review", {"reviewed_on": day}, files=PROOF)
    submit(firm, case, "/do/sign", {"signed_on": day, "signed_by": "一厂厂长"})
    # Which of the five papers are not there the firm is told before it hands them in, and fills them in itself.
    why = refused(firm, case, "send")
    assert "备案文件不齐" in why
    assert "环境风险评估报告" in why
    fill(firm, case, "papers", [{"there": "on"}] * 5)
    sent = page_after(firm, case, "/do/send")
    assert "已报送，待核对" in text(sent)
    # What is wrong of them is said at once, and all of it; put right, it gets its number.
    fill(approver, case, "papers", [{"there": "on"}] * 2 + [{"there": "0"}] + [{"there": "on"}] * 2)
    assert "备案文件不齐" in refused(approver, case, "file")
    submit(approver, case, "/do/ask_correction", {"reason": "风险评估报告缺附图"})
    fill(firm, case, "papers", [{"there": "on"}] * 5)
    submit(firm, case, "/do/correct")
    done = text(page_after(approver, case, "/do/file"))
    assert re.search(rf"990101-{today().year}-0\d\d-M", done), done
    assert f"{years_ago(-3)}"[:4] in done

    # The night's round: one has fallen due, another is told of 90 days before.
    told = house.ask(
        "from django.utils import timezone\n"
        "from ecoledger.registers.emergency.plan_filings import watch_terms\n"
        "answer = [watch_terms(timezone.now()), watch_terms(timezone.now())]"
    )
    assert told == [2, 0]
    dispatcher = visitor("dispatcher")
    assert "应急预案须在" in text(open_page(dispatcher, "/notices"))
    (due,) = matters(dispatcher, "/matters/emergency_plan?state=due")
    shown = statistics(dispatcher, "emergency_plan")
    assert re.search(r"备案企业\s*11", shown), shown
    assert re.search(r"11 / 11", shown), shown
    assert re.search(r"回顾到期未修订\s*1", shown), shown
    assert re.search(r"临近回顾评估\s*1", shown), shown

    # A drill of the firm whose plan is due shows faults: revised, it begins again as a second edition.
    drills = [("测试应急1厂", f"{day} 00:30", "综合实战演练", "储罐泄漏", 32, "发现问题，须修订预案"),
              ("一号测试厂", f"{day} 00:30", "桌面推演", "废水超标", 12, "预案可行")]  # fmt: skip
    head = ("单位名称", "演练时间", "演练类型", "演练内容", "人数", "演练结论")
    assert (
        kept(entered(house, "emergency_drill", workbook(tmp_path / "演练.xlsx", head, drills))) == 2
    )
    assert "预案〔" in row_of(dispatcher, "emergency_drill", "测试应急1厂")["所演练预案"]
    revised = text(page_after(officer, due, "/do/revise", {"reason": "drill"}))
    assert "编制" in revised
    assert "实际应对或演练发现问题" in revised


@pytest.mark.story("E12")
def test_material_leaves_its_depot_by_voucher_and_never_more_than_there_is(
    house, visitor, hired, tmp_path
):
    """“建设市级突发环境事件应急物资储备库”: batches with their shelf and last day come from a file; what is dispatched
    stands in the account, what comes back is posted in, what is not there is refused."""
    monitor, officer = visitor("monitor"), visitor("officer")
    chief = hired("section_chief", "应急科长甲")
    head = ("储备库名称", "行政区划", "类型", "经度", "纬度", "物资库位置", "负责人姓名")
    rows = [("市级环境应急物资储备库", COUNTY, "自有储备", 118.62, 24.92, "东环路1号", "库管员甲"),
            ("二号厂代储点", NORTH, "代储", 118.64, 24.93, "二号测试厂内", "库管员乙")]  # fmt: skip
    assert kept(entered(house, "material_depot", workbook(tmp_path / "库.xlsx", head, rows))) == 2
    head = ("储备库名称", "物资名称", "批号", "规格", "储备量", "存放位置", "有效期至")
    store = "市级环境应急物资储备库"
    rows = [(store, "吸油毡", "20240101", "PP-2", 500, "A-01", f"{today() + timedelta(days=30)}"),
            (store, "吸油毡", "20260101", "PP-2", 300, "A-02", "2099-01-01"),
            (store, "围油栏", "W1", "PVC", 200, "B-01", "2099-01-01"),
            (store, "防化服", "F1", "重型", "10.5", "C-01", "2099-01-01")]  # fmt: skip
    lines = entered(house, "material_batch", workbook(tmp_path / "物资.xlsx", head, rows))
    assert kept(lines) == 3
    assert "按套计，不带小数" in str([line for line in lines if line.get("outcome") == "refused"])

    # The nearest last day is a view and is owed; what is there is what was received.
    ends = text(open_page(monitor, "/b/material_batch?ends=soon"))
    assert "20240101" in ends
    assert "W1" not in ends
    assert "吸油毡" in text(open_page(monitor, "/b/material_expiry"))
    assert batch_row(monitor, "W1")["现存数量"] == "200"

    # A note for more than there is cannot be approved.
    note = asked_for(officer, {
        "title": "清溪桥油品泄漏处置", "area_code": NORTH, "purpose": "incident", "receiver": "应急分队",
        "items-0-batch_text": code_of(monitor, "W1"), "items-0-quantity": "250",
        "items-1-batch_text": code_of(monitor, "20240101"), "items-1-quantity": "120.5",
    })  # fmt: skip
    assert "围油栏现存 200 m，不足 250" in refused(chief, note, "approve")
    fill(monitor, note, "items", [{"quantity": "150"}])
    submit(chief, note, "/do/approve")
    submit(monitor, note, "/do/issue")
    assert batch_row(monitor, "W1")["现存数量"] == "50"
    assert batch_row(monitor, "20240101")["现存数量"] == "379.5"
    # Another note takes what is left, and no more, though it was written while there was more.
    second = {"title": "第二次调用", "area_code": NORTH, "purpose": "drill",
              "items-0-batch_text": code_of(monitor, "W1"), "items-0-quantity": "50.1"}  # fmt: skip
    other = asked_for(officer, second)
    assert "不足 50.1" in refused(monitor, other, "urgent", {"reason": "局领导电话同意"})
    # What comes back is posted in; the account tells every step with its note.
    fill(monitor, note, "items", [{"returned": "140"}, {"returned": "0"}])
    submit(monitor, note, "/do/settle")
    assert batch_row(monitor, "W1")["现存数量"] == "190"
    postings = text(open_page(monitor, "/b/emergency_stock"))
    for word in ("入库", "调用出库", "归还", "物资调用〔"):
        assert word in postings

    # Moved to the other depot, the lot stands there under its own number and day.
    moved = asked_for(officer, {
        "title": "充实代储点", "area_code": NORTH, "purpose": "move", "to_depot_text": "二号厂代储点",
        "items-0-batch_text": code_of(monitor, "W1"), "items-0-quantity": "90",
    })  # fmt: skip
    submit(chief, moved, "/do/approve")
    submit(monitor, moved, "/do/issue")
    rows = text(open_page(monitor, "/b/material_batch?q=W1"))
    assert "二号厂代储点" in rows
    assert "100" in rows
    assert "90" in rows
    shown = statistics(monitor, "material_dispatch")
    assert re.search(r"已出库调用单\s*2", shown), shown


def asked_for(visitor, said):
    """The address of a dispatch note that is written."""
    submit(visitor, "/matters/material_dispatch/new", "/new", said)
    return matters(visitor, f"/matters/material_dispatch?q={said['title']}")[0]


def batch_row(visitor, number):
    """The cells of a batch's row, found by its number."""
    return row_of(visitor, "material_batch", number)


def code_of(visitor, number):
    """The code of the batch of that number."""
    page = open_page(visitor, f"/b/material_batch?q={number}")
    (address,) = set(page.xpath("//tbody//a[contains(@href, '/entities/')]/@href"))
    return re.search(r"KB-\d+-\d+", text(open_page(visitor, address))).group()


RIVER = {"type": "LineString", "coordinates": [[118.60, 24.92], [118.90, 24.92]]}
REPORT = {
    "source": "110 指挥中心转报", "process": "槽罐车侧翻，约 2 吨柴油流入路边沟渠", "pollutants": "柴油约 2 吨",
    "harmed": "无人员伤亡", "affected": "下游 10 公里有取水口", "trend": "油膜向下游移动", "handling": "已筑坝两道、布设围油栏",
    "planned": "加密监测，通知水厂",
}  # fmt: skip


@pytest.mark.story("E10")
def test_a_spill_is_reported_in_its_hours_and_commanded_on_one_map(
    house, visitor, hired, page_of, tmp_path
):
    """One event: registered with its three moments, on a map with who is within a kilometre and what the river brings it
    to and when; orders are logged; the first report goes out as a letter within four hours; then its end."""
    monitor, officer, dispatcher = visitor("monitor"), visitor("officer"), visitor("dispatcher")
    chief, leader = hired("section_chief", "应急科长甲"), hired("leader", "局领导甲")
    submit(monitor, "/registry/river/new", "/new",
           {"name": "清溪", "area_code": COUNTY, "drawn": json.dumps(RIVER)})  # fmt: skip
    head = ("断面名称", "河流", "距河源 km", "水质目标", "行政区划")
    rows = [("清溪桥断面", "清溪", 12, "Ⅲ类", NORTH), ("清溪源头断面", "清溪", 1, "Ⅱ类", NORTH),
            ("清溪出境断面", "清溪", 28, "Ⅲ类", NORTH)]  # fmt: skip
    assert kept(entered(house, "section", workbook(tmp_path / "断面.xlsx", head, rows))) == 3
    head = ("敏感点名称", "行政区划", "类型", "人口", "经度", "纬度")
    rows = [("北镇中心小学", NORTH, "学校", 1200, 118.6520, 24.9250), ("清溪村", NORTH, "居民区", 3000, 118.6700, 24.9300),
            ("清溪水厂取水口", NORTH, "饮用水水源取水口", "", 118.7500, 24.9205)]  # fmt: skip
    assert (
        kept(entered(house, "sensitive_point", workbook(tmp_path / "敏感点.xlsx", head, rows))) == 3
    )
    head = ("队伍名称", "行政区划", "类型", "人数", "经度", "纬度", "联系人")
    rows = [("县环境应急分队", COUNTY, "应急救援单位", 12, 118.64, 24.93, "队长甲")]
    assert kept(entered(house, "rescue_team", workbook(tmp_path / "队伍.xlsx", head, rows))) == 1

    # Nothing is reported before its level is known or one of the six circumstances is named.
    learned = datetime.now(tz=CHINA) - timedelta(minutes=40)
    opened = page_after(officer, "/matters/incident/new", "/new", {
        "title": "国道槽罐车侧翻柴油泄漏", "area_code": NORTH, "address": "国道 K12", "lon": "118.65", "lat": "24.923",
        "occurred_at": f"{learned - timedelta(minutes=30):%Y-%m-%dT%H:%M}",
        "found_at": f"{learned - timedelta(minutes=20):%Y-%m-%dT%H:%M}",
        "learned_at": f"{learned:%Y-%m-%dT%H:%M}", "cause": "traffic", "medium": "water", "evacuated": "12",
        "speed": "0.5", **REPORT,
    })  # fmt: skip
    case = address_of(opened)
    assert "没有事件等级" in refused(officer, case, "report_first")
    graded = text(
        page_after(chief, case, "/do/regrade", {"grade": "4", "reason": "按 119 号文计算"})
    )
    assert "Ⅳ级（一般）" in graded
    assert "初报（4 小时）" in graded

    # The scene: who is near, what is reached when.
    scene = f"/emergency/command/{case.rsplit('/', 1)[1]}"
    shown = open_page(chief, scene)
    assert "1200" in shown.get_element_by_id("people").text_content()
    near = text(open_page(chief, f"{scene}?metres=3000"))
    assert "清溪村" in near
    assert "4200" in near
    assert "县环境应急分队" in near
    length = 0.3 * 111.32 * math.cos(math.radians(24.92))
    start = 0.05 / 0.3 * length
    for name, km in (
        ("清溪桥断面", 12.0),
        ("清溪出境断面", 28.0),
        ("清溪水厂取水口", 0.5 * length),
    ):
        cells = [c.text_content().strip() for c in shown.xpath(f"//tr[@data-stop='{name}']/td")]
        assert cells, text(shown)
        assert float(cells[1]) == pytest.approx(km - start, abs=0.2), (name, cells)
        assert float(cells[2]) == pytest.approx((km - start) / 1.8, abs=0.15), (name, cells)
    assert not shown.xpath("//tr[@data-stop='清溪源头断面']")
    assert "清溪水厂取水口" in shown.get_element_by_id("reach").text_content()
    drawn = chief.get(f"{scene}/map.geojson").json()["features"]
    layers = {f["properties"]["layer"] for f in drawn}
    assert {"alarm", "area", "river", "section", "matter"} <= layers
    # Another bureau's town sees nothing of it.
    assert visitor("south").get(scene).status_code == 404

    # Orders and what came back are the log; material is called for by a note of its own.
    submit(
        chief,
        scene,
        "/command",
        {"order": "在清溪桥布设两道围油栏", "unit": "北镇人民政府", "until": "1 小时内"},
    )
    submit(visitor("town"), scene, "/feed_back", {"unit": "北镇人民政府", "done": "已布设 120 米"})
    log = text(page_after(officer, scene, "/call_material", {"what": "围油栏 200 米"}))
    for word in (
        "在清溪桥布设两道围油栏",
        "已布设 120 米",
        "国道槽罐车侧翻柴油泄漏：围油栏 200 米",
    ):
        assert word in log
    forms = open_page(visitor("town"), scene).forms
    assert not [f for f in forms if (f.action or "").endswith("/command")]

    # The first report is written from the record, signed and issued: that is when it was reported.
    page = page_of("officer")
    page.goto(case)
    page.get_by_role("button", name="拟突发环境事件初报").click()
    page.get_by_label("联系电话").fill("0595-00000000")
    page.get_by_role("button", name="送审").click()
    expect(page.locator("body")).to_contain_text("已送审")
    draft = re.search(r"/documents/drafts/\d+", page.url)[0]
    review = page_of("dispatcher")
    review.goto(draft)
    review.get_by_role("button", name="审核同意").click()
    leader.submit(f"{draft}/approve", {"note": "同意"})
    review.goto(draft)
    review.get_by_role("button", name="编号印发").click()
    expect(review.locator("h2.card-title").first).to_have_text(re.compile(r"^环突报〔\d{4}〕1号$"))
    reported = text(open_page(officer, case))
    assert "处置中" in reported
    pdf = re.search(r'href="(/documents/\d+)">环突报', officer.get(case).text)[1]
    said = "".join(
        p.extract_text() for p in PdfReader(BytesIO(officer.get(f"{pdf}.pdf").content)).pages
    )
    said = re.sub(r"\s", "", said)
    for part in ("关于国道槽罐车侧翻柴油泄漏的初报", "柴油约2吨", "加密监测，通知水厂"):
        assert part in said

    # A further report, the end, the result, the closing with the investigation's report.
    submit(officer, case, "/do/report_more", {"handling": "油膜已全部回收", "trend": "已稳定"})
    end = f"{datetime.now(tz=CHINA):%Y-%m-%dT%H:%M}"
    submit(chief, case, "/do/terminate", {"terminated_at": end, "reason": "连续三次监测达标"})
    assert "报告还缺" in refused(officer, case, "report_final")
    submit(officer, case, "/do/say_result",
           {"aftermath": "无", "social": "无不良影响", "left_over": "含油污泥待处置"})  # fmt: skip
    closing = text(page_after(officer, case, "/do/report_final"))
    assert "调查（30 日）" in closing
    submit(leader, case, "/do/conclude", {"conclusion": "驾驶人操作不当"}, files=PROOF)
    figures = statistics(dispatcher, "incident")
    assert re.search(r"突发环境事件\s*1", figures), figures
    assert re.search(r"Ⅳ级（一般）\s*1", figures), figures
    assert "1 / 1" in figures


def by_power(text: str) -> float:
    """A number as pages write very small ones: 1.5×10⁻⁶."""
    mantissa, _times, power = text.partition("×10")
    return float(
        f"{mantissa}e{power.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789'))}"
        if power
        else mantissa
    )


@pytest.mark.story("E16")
def test_the_health_risk_of_cells_is_summed_over_pathways_and_substances(
    house, visitor, hired, tmp_path
):
    """“绘制了…饮用水、土壤中重金属及有机污染物等多暴露途径健康风险地图”: concentrations of cells by file, each pathway and
    the sum by HJ 25.3, and again under the bureau's own body weight."""
    approver = hired("approver", "审批员甲")
    name = "精细化工园区周边健康风险评价"
    submit(approver, "/b/health_assessment/new", "/new",
           {"name": name, "area_code": COUNTY, "land": "first", "on": f"{today()}"})  # fmt: skip
    head = ("评价名称", "网格编号", "经度", "纬度", "介质", "监测项目", "检测值")
    rows = [
        (name, "G01", 118.61, 24.92, "土壤", "镉", 12), (name, "G01", 118.61, 24.92, "土壤", "苯并[a]芘", 0.2),
        (name, "G01", 118.61, 24.92, "地下水", "镉", 0.002), (name, "G02", 118.62, 24.92, "土壤", "镉", 0.1),
        (name, "G02", 118.62, 24.92, "土壤", "未知物甲", 5),
        (name, "G03", 118.63, 24.92, "土壤", "苯并[a]芘", 5.5), (name, "G03", 118.63, 24.92, "土壤", "镉", "-1"),
    ]  # fmt: skip
    lines = entered(house, "health_sample", workbook(tmp_path / "浓度.xlsx", head, rows))
    assert kept(lines) == 6
    (address,) = {
        a
        for a in open_page(approver, "/b/health_assessment").xpath("//tbody//a/@href")
        if "/health/" in a
    }
    first = page_after(approver, address, "/calculate")
    land = health_risk.LandUse.FIRST
    cadmium = health_risk.assess(health_risk.substance("镉"), land, [12.0, 0.1, 0.0], [0.002, 0, 0])
    pyrene = health_risk.assess(health_risk.substance("苯并[a]芘"), land, [0.2, 0, 5.5])
    index = cadmium.total_quotient + pyrene.total_quotient
    risk = cadmium.total_cancer + pyrene.total_cancer
    for n, cell in enumerate(("G01", "G02", "G03")):
        cells = [c.text_content().split() for c in first.xpath(f"//tr[@data-cell='{cell}']/td")]
        assert float(cells[5][0]) == pytest.approx(index[n], rel=0.01)
        assert by_power(cells[6][0]) == pytest.approx(risk[n], rel=0.01)
        assert float(cells[1][0]) == pytest.approx(
            cadmium.quotient["经口摄入"][n] + pyrene.quotient["经口摄入"][n], rel=0.01
        )
    shown = text(first)
    assert "未知物甲" in shown  # without toxicity it is in no sum, and that is said
    over = int(((risk > 1e-6) | (index > 1)).sum())
    assert f"{over} / 3" in " ".join(first.get_element_by_id("over").text_content().split())
    assert "缺" in first.xpath("//tr[@data-cell='G02']")[0].text_content()
    marks = approver.get(f"{address}/map.geojson").json()["features"]
    assert {f["properties"]["name"] for f in marks} == {"G01", "G02", "G03"}
    only = approver.get(f"{address}/map.geojson", params={"path": "吸入颗粒物"}).json()["features"]
    assert [f["properties"]["value"] for f in only] != [f["properties"]["value"] for f in marks]

    # The bureau's own parameters are a version: a lighter child takes in more a kilogram.
    head = ("版本", "参数名", "数值", "单位", "参数来源", "行政区划")
    rows = [
        ("本地暴露参数2026", "weight_c", 16, "kg", "本县体检数据", COUNTY),
        ("本地暴露参数2026", "体重", 16, "kg", "同上", COUNTY),
    ]
    lines = entered(house, "health_parameter", workbook(tmp_path / "参数.xlsx", head, rows))
    assert kept(lines) == 1
    assert "没有参数“体重”" in str([line for line in lines if line.get("outcome") == "refused"])
    again = page_after(approver, address, "/calculate", {"version": "本地暴露参数2026"})
    local = health_risk.assess(health_risk.substance("镉"), land, 12.0, 0.002, weight_c=16)
    more = health_risk.assess(health_risk.substance("苯并[a]芘"), land, 0.2, weight_c=16)
    cells = [c.text_content().split() for c in again.xpath("//tr[@data-cell='G01']/td")]
    assert float(cells[5][0]) == pytest.approx(
        float(local.total_quotient + more.total_quotient), rel=0.01
    )
    assert float(cells[6][0]) == pytest.approx(
        index[0], rel=0.01
    )  # what it was before stands beside it
    assert "本地暴露参数2026" in again.get_element_by_id("version").text_content()


SCENES = {
    "/lines/emergency": ("一张图应急指挥", "/emergency/command"),
    "/lines/water": ("绿水智能管理", "/water/green"),
    "/lines/enforcement": ("小微企业画像", "/portraits"),
    "/lines/air": ("污染天气市镇联动", "/air/weather"),
}


@pytest.mark.story("G8")
def test_four_scenes_stand_on_one_platform(house, visitor, hired, tmp_path):
    """“四大业务应用场景”，“环境质量全面掌握、环境业务统一支撑、环境监管智慧应用”: each is on the page of its line; what is entered
    once, an event on a river, stands on the map, in the work of who has it, in its statistics and in its scene."""
    leader, officer = hired("leader", "局领导乙"), visitor("officer")
    for line, (name, address) in SCENES.items():
        menu = open_page(leader, line)
        (door,) = set(menu.xpath(f"//main//a[contains(., '{name}')]/@href"))
        assert door == address
        assert name in open_page(leader, door).xpath("string(//title)")
    river, drawn = (
        "四景河",
        {"type": "LineString", "coordinates": [[118.60, 25.05], [118.90, 25.05]]},
    )
    submit(officer_of_water(hired), "/registry/river/new", "/new",
           {"name": river, "area_code": COUNTY, "drawn": json.dumps(drawn)})  # fmt: skip
    head = ("断面名称", "河流", "距河源 km", "水质目标", "行政区划")
    rows = [("四景桥断面", river, 12, "Ⅲ类", NORTH)]
    assert kept(entered(house, "section", workbook(tmp_path / "断面.xlsx", head, rows))) == 1
    learned = datetime.now(tz=CHINA) - timedelta(minutes=30)
    moment = f"{learned:%Y-%m-%dT%H:%M}"
    opened = page_after(officer, "/matters/incident/new", "/new", {
        "title": "四景河油膜", "area_code": NORTH, "address": "四景桥", "lon": "118.66", "lat": "25.05",
        "occurred_at": moment, "found_at": moment, "learned_at": moment, "cause": "traffic", "medium": "water",
        "evacuated": "0", "speed": "0.5", **REPORT,
    })  # fmt: skip
    case = address_of(opened)
    number = case.rsplit("/", 1)[1]
    for page in (
        "/matters/incident",
        "/emergency/command",
        f"/emergency/command/{number}",
    ):
        assert "四景河油膜" in leader.get(page).text, page
    places = leader.get("/map/matter.geojson").json()["features"]
    assert "四景河油膜" in json.dumps(places, ensure_ascii=False)
    green = open_page(leader, "/water/green")
    assert "四景桥断面" in green.text_content()
    # Nobody enters anything twice: the section's own file knows of both.
    assert "四景桥断面" in text(open_page(leader, f"/emergency/command/{number}"))
    # A town sees the same platform, within its own area.
    assert "四景河油膜" not in visitor("south").get("/emergency/command").text
    assert "四景河油膜" not in visitor("south").get("/matters/incident").text


def officer_of_water(hired):
    """Who draws rivers."""
    return hired("monitor", "监测员乙")
