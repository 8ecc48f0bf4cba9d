"""The year of the soil section: parcels, key units, groundwater and its grid, farmland."""

from __future__ import annotations

import json
import math
import re
from datetime import timedelta

import pytest
from tests.path.county import COUNTY, NORTH
from tests.path.house import hours_ago
from tests.stories.pages import open_page, page_after, submit, text
from tests.stories.test_air_sources import address_of, kept, matters, row_of, statistics
from tests.stories.test_air_weather import edition_of, entered, workbook

PROOF = [("报告.pdf", b"%PDF-1.7 report", "application/pdf")]
TODAY = hours_ago(0).date()
YEAR = TODAY.year


def square(west: float, south: float, wide: float = 0.01) -> str:
    """A square of the map as GeoJSON."""
    east, north = round(west + wide, 6), round(south + wide, 6)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def refusal(visitor, case: str, step: str, **form: str) -> str:
    """Why a step is not taken."""
    answer = visitor.submit(f"{case}/do/{step}", {f"{step}-{k}": v for k, v in form.items()})
    assert answer.status_code == 422, f"{step}: {answer.status_code}"
    return answer.text


def reviewed(desk, head, parcel: str, kind: str, conclusion: str, samples=(), agency="甲环境院") -> str:  # fmt: skip
    """A report about a parcel, submitted by one and passed by another; its address."""
    title = f"{parcel}{kind}{conclusion}"
    page = page_after(desk, "/matters/soil_report/new", "/new", {
        "title": title, "entity_text": parcel, "kind": kind, "agency": agency, "reported_on": f"{TODAY}",
        "use": "residential",
    })  # fmt: skip
    report = address_of(page)
    if samples:
        values = {f"samples-{n}-{k}": v for n, row in enumerate(samples) for k, v in row.items()}
        submit(desk, f"{report}/lines/samples", "/lines/samples", values)
    submit(desk, report, "/do/submit", files=PROOF)
    if conclusion:
        opinion = {
            "reviewers": "专家甲、专家乙",
            "criteria": "HJ 25.1",
            "opinion": "同意",
            "conclusion": conclusion,
        }
        submit(head, report, "/do/pass", opinion, files=PROOF)
    return report


@pytest.fixture(scope="module")
def chief(hired):
    return hired("section_chief", "土壤科长甲")


@pytest.fixture(scope="module")
def parcels(house, tmp_path_factory):
    """Two parcels side by side, each a square of some 1.1 km², from a table with their boundaries."""
    head = ("地块名称", "地块编码", "行政区划", "所处阶段", "规划用地", "土地使用权人", "边界")
    rows = [("原甲化工地块", "WR990101001", "北镇", "疑似地块", "居住用地", "北镇人民政府", square(118.60, 24.90)),
            ("原乙电镀地块", "WR990101002", "北镇", "S0", "居住用地", "北镇人民政府", square(118.61, 24.90))]  # fmt: skip
    file = workbook(tmp_path_factory.mktemp("parcels") / "地块.xlsx", head, rows)
    assert kept(entered(house, "parcel", file)) == 2
    head = ("名称", "地块名称")
    cases = [(f"{name}调查", name) for name in ("原甲化工地块", "原乙电镀地块")]
    file = workbook(tmp_path_factory.mktemp("cases") / "在办.xlsx", head, cases)
    assert kept(entered(house, "parcel_case", file)) == 2


@pytest.mark.story("S-1")
def test_two_parcels_are_surveyed_before_they_become_homes(house, visitor, chief, parcels):
    """“2个地块调查”: a change to homes over both is refused until each has a reviewed survey; one leaves clear, the other
    goes through list, works, evaluation and removal, and gets no planning permission meanwhile."""
    desk = visitor("dispatcher")
    (first,) = matters(desk, "/matters/parcel_case?q=原甲化工地块调查")
    (second,) = matters(desk, "/matters/parcel_case?q=原乙电镀地块调查")
    notified = {"notified_on": f"{TODAY}", "basis": "测环函〔2026〕1号"}
    for case in (first, second):
        page = page_after(desk, case, "/do/notify", notified)
    assert "初步调查 6个月" in text(page)
    assert "疑似污染地块名单" in row_of(desk, "parcel", "原甲化工地块")["在列名录"]

    # The plan lies over both: half of it in each.
    plan = {"title": "城东居住片区", "area_code": COUNTY, "request": "change", "use": "residential",
            "geometry": square(118.605, 24.902, 0.008), "key_land": "1"}  # fmt: skip
    page = page_after(desk, "/matters/land_use/new", "/new", plan)
    change = address_of(page)
    (row,) = open_page(desk, change).xpath("//tr[@data-parcel='原甲化工地块']")
    cells = [" ".join(c.text_content().split()) for c in row.xpath("./td")]
    assert cells[3] == "62.5", cells
    submit(desk, change, "/do/check")
    why = refusal(chief, change, "agree")
    assert "“原甲化工地块”没有评审通过的土壤污染状况调查报告" in why
    assert "“原乙电镀地块”没有评审通过的土壤污染状况调查报告" in why

    # The first is clear.
    assert "还没有评审通过的初步调查报告" in refusal(chief, first, "clear")
    sample = {"point": "S1", "depth": "0-0.5", "item": "砷", "value": "12"}
    reviewed(desk, chief, "原甲化工地块", "preliminary", "clear", [sample])
    submit(chief, first, "/do/clear")
    assert row_of(desk, "parcel", "原甲化工地块")["所处阶段"] == "调查后退出"

    # The second holds 150 mg/kg of arsenic: beyond the control value of homes, so it is not "clear".
    report = reviewed(desk, chief, "原乙电镀地块", "preliminary", "", [{**sample, "value": "150"}])
    shown = text(open_page(desk, report))
    assert "S1 砷 150 mg/kg，超过管制值 120" in shown
    opinion = {
        "reviewers": "专家甲",
        "criteria": "HJ 25.1",
        "opinion": "同意",
        "conclusion": "clear",
    }
    answer = chief.submit(
        f"{report}/do/pass", {f"pass-{k}": v for k, v in opinion.items()}, files={"files": PROOF[0]}
    )
    assert "样品超过筛选值，结论不能是未超" in answer.text
    submit(chief, report, "/do/pass", {**opinion, "conclusion": "not"}, files=PROOF)
    submit(chief, second, "/do/pollute", {"basis": "测环〔2026〕2号"})
    assert row_of(desk, "parcel", "原乙电镀地块")["在列名录"] == "污染地块名录"
    assert "还没有评审通过的可接受风险评估" in refusal(chief, change, "agree")
    reviewed(desk, chief, "原乙电镀地块", "detailed", "not")
    submit(desk, second, "/do/assess")
    reviewed(desk, chief, "原乙电镀地块", "assessment", "not")
    submit(chief, second, "/do/list", {"basis": "省名录2026年第1批"})
    assert "风险管控和修复名录" in row_of(desk, "parcel", "原乙电镀地块")["在列名录"]

    # On the third list: no planning permission for a works there.
    permit = {"title": "乙地块厂房许可", "area_code": COUNTY, "request": "permit", "use": "industrial",
              "entity_text": "原乙电镀地块"}  # fmt: skip
    permit = address_of(page_after(desk, "/matters/land_use/new", "/new", permit))
    submit(desk, permit, "/do/check")
    assert "移出前不得办理建设工程规划许可" in refusal(chief, permit, "agree")

    # Plan filed, works, evaluation, removal by another person, the time after.
    works = {"way": "restoration", "target": "砷降至 20 mg/kg 以下", "plan_no": "备2026-1", "plan_on": f"{TODAY}",
             "planned_finish": f"{TODAY + timedelta(days=200)}"}  # fmt: skip
    submit(desk, second, "/do/file", works, files=PROOF)
    assert row_of(desk, "parcel", "原乙电镀地块")["所处阶段"] == "土壤修复与治理"
    submit(desk, second, "/do/finish", {"result": "已完工"}, files=PROOF)
    early = desk.submit(f"{second}/do/apply", {}, files={"files": PROOF[0]})
    assert "还没有评审通过的效果评估报告" in early.text
    reviewed(desk, chief, "原乙电镀地块", "effect", "clear", agency="乙环境院")
    submit(desk, second, "/do/apply", files=PROOF)
    removal = {"removal_no": "省环〔2026〕9号", "after_until": f"{TODAY + timedelta(days=730)}",
               "after": "每年监测两次"}  # fmt: skip
    submit(chief, second, "/do/remove", removal)
    cells = row_of(desk, "parcel", "原乙电镀地块")
    # A column in which nothing stands any more is not drawn.
    assert (cells["所处阶段"], cells.get("在列名录", "—")) == ("后期管理", "—")
    listed = text(open_page(desk, "/b/soil_list?list=control"))
    assert "省环〔2026〕9号" in listed
    submit(chief, permit, "/do/agree")
    submit(chief, change, "/do/agree")
    shown = statistics(desk, "land_use")
    assert re.search(r"重点建设用地安全利用率\s*100", shown), shown
    shown = statistics(desk, "parcel_case")
    assert re.search(r"完成初步调查地块\s*2", shown), shown
    assert re.search(r"移出名录地块\s*1", shown), shown

    # Homes beyond the parcels: what was not surveyed stands against it.
    wide = {**plan, "title": "扩大片区", "geometry": square(118.605, 24.905, 0.02)}
    page = page_after(desk, "/matters/land_use/new", "/new", wide)
    assert "在已评审调查报告的地块内，其余须补充调查" in text(page)


@pytest.mark.story("S-1")
def test_reports_are_drawn_by_a_kept_seed_and_agencies_get_a_score(house, visitor, chief, parcels, tmp_path):  # fmt: skip
    """“报告抽查机制”: of five reports that passed a third is drawn; an expert does not look at his own unit's; each
    opinion has its reason, and the agency with the rejected report has the lower score."""
    desk = visitor("dispatcher")
    for n in range(3):
        reviewed(desk, chief, "原甲化工地块", "preliminary", "clear", agency=f"丙环境院{n}")
    head = ("专家姓名", "编号", "工作单位", "属地")
    experts = [("专家甲", "ZJ-1", "某大学", "测试县"), ("专家乙", "ZJ-2", "某研究院", "测试县"),
               ("专家丙", "ZJ-3", "丙环境院0", "测试县")]  # fmt: skip
    assert kept(entered(house, "soil_expert", workbook(tmp_path / "专家.xlsx", head, experts))) == 3
    page = page_after(desk, "/matters/report_check/new", "/new", {
        "title": "报告抽查", "area_code": COUNTY, "first": f"{YEAR}-01-01", "last": f"{YEAR}-12-31", "share": "1",
    })  # fmt: skip
    check = address_of(page)
    submit(desk, check, "/do/freeze")
    shown = text(page_after(desk, check, "/do/draw"))
    assert re.search(r"重抽一致\s*是", shown), shown
    assert re.search(r"种子\s*[0-9a-f]{32}", shown)
    assert "还没有结果或意见" in refusal(desk, check, "tell", criteria="HJ 25.1")
    lines = open_page(desk, f"{check}/lines/checked")
    (form,) = [f for f in lines.forms if any("-result" in (name or "") for name in f.fields)]
    numbers = sorted({m[1] for name in form.fields if name and (m := re.match(r"checked-(\d+)-result", name))})  # fmt: skip
    titles = {n: form.fields.get(f"checked-{n}-report_text", "") for n in numbers}
    values = {}
    for n in numbers:
        if not form.fields.get(f"checked-{n}-experts"):
            continue
        assert "丙环境院0" not in titles[n] or "专家丙" not in form.fields[f"checked-{n}-experts"]
        values |= {f"checked-{n}-result": "pass", f"checked-{n}-opinion": "采样布点合理"}
    assert len(values) >= 8
    one = next(iter(values)).split("-")[1]
    values |= {f"checked-{one}-result": "fail", f"checked-{one}-opinion": "布点未覆盖酸洗车间"}
    submit(desk, f"{check}/lines/checked", "/lines/checked", values)
    submit(desk, check, "/do/tell", {"criteria": "HJ 25.1、HJ 25.2"})
    shown = statistics(desk, "report_check")
    assert "编制单位评分" in shown
    drawn = len(values) // 2
    assert re.search(rf"已抽查报告\s*{drawn}", shown), shown
    assert re.search(r"报告抽查通过率", shown)


@pytest.mark.story("S-2")
def test_42_key_units_owe_their_duties_and_their_dangers_are_put_right(house, visitor, chief, hired, tmp_path):  # fmt: skip
    """“42家土壤污染重点监管单位隐患排查，动态更新名录”: the list of a year from a file, published; each unit owes three
    duties; a survey sets the next one; dangers are closed with photographs by another person; the next year's list differs
    by what left and came."""
    desk, officer = visitor("dispatcher"), visitor("officer")
    firms = [(f"土壤重点{n}厂", "北镇", "化学原料制造") for n in range(1, 44)]
    head = ("企业名称", "所在地", "行业")
    assert kept(entered(house, "enterprise", workbook(tmp_path / "企业.xlsx", head, firms))) == 43
    submit(
        desk,
        "/b/soil_key_unit/editions",
        "/editions/new",
        {"name": f"{YEAR}年度", "area_code": COUNTY},
    )
    head = ("名录年度", "企业名称", "行业", "特征污染物", "首次列入时间")
    since = TODAY - timedelta(days=330)
    rows = [(f"{YEAR}年度", name, trade, "镉、苯", f"{since}") for name, _area, trade in firms[:42]]
    assert kept(entered(house, "soil_key_unit", workbook(tmp_path / "名录.xlsx", head, rows))) == 42
    edition = edition_of(desk, "soil_key_unit", f"{YEAR}年度")
    submit(desk, edition, edition, {"since": f"{YEAR}-01-01"}, button="publish")
    owed = house.ask(
        "from ecoledger.books import duty\n"
        "from ecoledger.registers.soil import key_units as k\n"
        "answer = [duty.extend(d) for d in (k.SURVEY_DUE, k.SELF_DUE, k.TOXIC_DUE)]"
    )
    assert owed == [42, 42, 42]
    assert "共 42 条" in text(open_page(desk, "/b/soil_survey_due"))

    # A survey fulfils what was owed; the next is owed in three years.
    head = ("企业名称", "排查日期", "报告名称", "重点场所数", "隐患数")
    surveys = [("土壤重点1厂", f"{TODAY}", "隐患排查报告", 12, 2)]
    assert kept(entered(house, "soil_survey", workbook(tmp_path / "排查.xlsx", head, surveys))) == 1
    shown = text(open_page(desk, "/b/soil_survey_due?state=done"))
    assert "土壤重点1厂" in shown
    assert f"{TODAY.year + 3}" in row_of(desk, "soil_survey", "土壤重点1厂")["下次排查期限"]
    # What the unit measures itself fulfils its duty; above the screening value is a problem by itself.
    head = ("企业名称", "采样日期", "采样点位", "用地分类", "砷", "铅", "镉")
    tests = [("土壤重点1厂", f"{TODAY}", "S1", "第二类用地", 30, 200, 0.5),
             ("土壤重点2厂", f"{TODAY}", "S1", "第二类用地", 75, 200, 0.5)]  # fmt: skip
    assert (
        kept(entered(house, "soil_self_test", workbook(tmp_path / "自测.xlsx", head, tests))) == 2
    )
    assert row_of(desk, "soil_self_test", "土壤重点2厂")["超筛选值项目"].startswith("砷")
    assert "土壤重点2厂 S1 土壤超筛选值" in text(open_page(desk, "/matters/problem?q=土壤重点2厂"))
    assert "共 2 条" in text(open_page(desk, "/b/soil_self_due?state=done"))
    # Around the units farmland is judged by its pH, and refused without it.
    head = ("企业名称", "采样日期", "采样点位", "用地分类", "pH值", "镉")
    tests = [
        ("土壤重点3厂", f"{TODAY}", "N1", "水田", 5.2, 0.35),
        ("土壤重点3厂", f"{TODAY}", "N2", "水田", "", 0.35),
    ]
    lines = entered(house, "soil_around_test", workbook(tmp_path / "周边.xlsx", head, tests))
    assert kept(lines) == 1
    assert "须填 pH" in str(lines)

    # Hidden dangers as the report's table has them.
    head = ("隐患内容", "企业名称", "重点场所/设施", "涉及物质", "整改措施", "计划完成日", "责任人")
    later = f"{TODAY + timedelta(days=60)}"
    dangers = [("围堰破损", "土壤重点1厂", "储罐区", "苯", "修补围堰", later, "张某"),
               ("防渗层开裂", "土壤重点1厂", "污水站", "镉", "重做防渗", later, "张某")]  # fmt: skip
    assert kept(entered(house, "soil_hazard", workbook(tmp_path / "隐患.xlsx", head, dangers))) == 2
    (case,) = matters(desk, "/matters/soil_hazard?q=围堰破损")
    submit(officer, case, "/do/finish", {"measure": "已修补围堰"}, files=PROOF)
    submit(chief, case, "/do/accept", {"checked": "现场核查合格"})
    shown = statistics(desk, "soil_hazard")
    assert re.search(r"隐患整改合格率\s*50", shown), shown

    # A demolition: its plan is due fifteen working days before.
    page = page_after(desk, "/matters/soil_demolition/new", "/new", {
        "title": "一车间拆除", "entity_text": "土壤重点1厂", "objects_text": "电镀车间", "starts_on": "2026-06-30",
    })  # fmt: skip
    # 端午节 19 June 2026 is no working day.
    assert "2026-06-08" in text(page)

    # The next year's list: a copy; one unit leaves, one comes.
    submit(desk, edition, edition, {"name": f"{YEAR + 1}年度"}, button="copy")
    newer = edition_of(desk, "soil_key_unit", f"{YEAR + 1}年度")
    head = ("名录年度", "企业名称", "行业")
    more = [(f"{YEAR + 1}年度", "土壤重点43厂", "电镀")]
    assert kept(entered(house, "soil_key_unit", workbook(tmp_path / "新增.xlsx", head, more))) == 1
    compared = text(open_page(desk, f"{newer}?with={edition.rsplit('/', 1)[1]}"))
    assert "土壤重点43厂" in compared


@pytest.fixture(scope="module")
def wells(house, tmp_path_factory):
    """Wells of the county and of a base, from a table."""
    head = ("点位名称", "类型", "镇街", "经度", "纬度", "考核目标", "区块", "方位")
    rows = [("上村点位", "区域点位", "北镇", 118.60, 24.90, "Ⅳ", "", ""),
            ("伍堡点位", "区域点位", "北镇", 118.62, 24.91, "Ⅳ", "", ""),
            ("空白点位", "区域点位", "南镇", 118.99, 24.91, "Ⅳ", "", "")]  # fmt: skip
    rows += [(f"井{n + 1:02}", "污染风险监控点位", "北镇", round(118.70 + 0.001 * (n % 5), 4),
              round(24.95 + 0.001 * (n // 5), 4), "Ⅳ", "石化基地", "场地内") for n in range(25)]  # fmt: skip
    file = workbook(tmp_path_factory.mktemp("wells") / "监测井.xlsx", head, rows)
    assert kept(entered(house, "well", file)) == 28


@pytest.mark.story("Q13")
def test_both_wells_are_better_than_class_four_and_one_is_moved(house, visitor, wells, tmp_path):
    """“上村及伍堡点位均优于Ⅳ类”, “点位迁移工作”: the class of a well and year from laboratory tables with "L" below
    detection, beside last year's; the well that is moved keeps its results at the place where they were taken; a well
    without a result is 数据缺."""
    monitor = visitor("monitor")
    head = ("点位名称", "采样日期", "氨氮", "砷", "硝酸盐", "总硬度")
    rows = [("上村点位", f"{YEAR - 1}-05-10", "0.80", "0.0003L", "6.1", "210"),
            ("上村点位", f"{YEAR}-05-12", "0.12", "0.0003L", "6.0", "205"),
            ("上村点位", f"{YEAR}-08-12", "0.20", "0.0004", "5.8", "215"),
            ("伍堡点位", f"{YEAR - 1}-05-10", "0.08", "0.0003L", "1.8", "120"),
            ("伍堡点位", f"{YEAR}-05-12", "0.30", "0.0003L", "4.0", "130")]  # fmt: skip
    lines = entered(house, "well_sample", workbook(tmp_path / "结果.xlsx", head, rows))
    assert kept(lines) == 5, lines
    page = open_page(monitor, f"/soil/groundwater?year={YEAR}")
    (row,) = page.xpath("//tr[@data-well='上村点位']")
    cells = [" ".join(c.text_content().split()) for c in row.xpath("./td")]
    # The mean of 0.12 and 0.20 mg/L of ammonia is class Ⅲ; it was Ⅳ.
    assert cells[1:4] == ["Ⅲ类", "Ⅳ类", "变好"], cells
    (row,) = page.xpath("//tr[@data-well='伍堡点位']")
    cells = [" ".join(c.text_content().split()) for c in row.xpath("./td")]
    assert cells[1:5] == ["Ⅲ类", "Ⅱ类", "变差", "氨氮"], cells
    assert page.get_element_by_id("attained").text_content().strip() == "100.0%"
    assert page.get_element_by_id("without").text_content().strip() == "另有 26 口井数据缺"
    wrong = [("上村点位", f"{YEAR}-09-12", "约0.1", "", "", ""),
             ("上村点位", f"{YEAR}-09-13", "0.16", "", "", "")]  # fmt: skip
    lines = entered(house, "well_sample", workbook(tmp_path / "错.xlsx", head, wrong))
    assert "读不出数值" in str(lines)

    # Moved from a day on: the file says where it stood, and the code stays.
    (address,) = {
        a for a in page.xpath("//tr[@data-well='上村点位']//a/@href") if "/entities/" in a
    }
    edit = next(a for a in open_page(monitor, address).xpath("//a/@href") if a.startswith("/registry/well/"))  # fmt: skip
    submit(monitor, edit, edit, {"lon": "118.6050", "lat": "24.9050", "changed_on": f"{TODAY}"})
    told = " ".join(open_page(monitor, address).text_content().split())
    assert "迁移" in told, told[:3000]

    # The survey of the county's groundwater runs as a project with its milestones.
    project = {"year": f"{YEAR}", "title": "地下水污染调查和评估", "type": "soil", "area_code": COUNTY,
               "planned_finish": f"{YEAR}-12-31", "milestones-0-name": "完成布点采样",
               "milestones-0-due": f"{YEAR}-06-30"}  # fmt: skip
    assert "完成布点采样" in text(
        page_after(visitor("dispatcher"), "/matters/project/new", "/new", project)
    )


@pytest.mark.story("S-3")
def test_a_rising_plume_warns_before_it_exceeds(house, visitor, chief, wells, page_of, tmp_path):
    """“石化基地土壤和地下水智能化监管试点”: 25 wells, two years of quarters. Benzene falls off from the source; one well at
    the edge rises towards its limit and warns before it is there; lines of equal concentration run around the source."""
    monitor = visitor("monitor")
    head = ("监测井编号", "采样日期", "苯", "氨氮")
    rows = []
    for quarter in range(8):
        day = TODAY - timedelta(days=5 + 91 * (7 - quarter))
        for n in range(25):
            away = math.hypot(n % 5 - 1, n // 5 - 2)
            benzene = 40 * math.exp(-away / 1.2) * (1 + 0.03 * (-1) ** quarter)
            if n == 14:  # 井15, east of the source
                benzene = 2.0 + 0.9 * quarter
            rows.append((f"井{n + 1:02}", f"{day}", f"{benzene:.2f}", "0.05"))
    lines = entered(house, "well_sample", workbook(tmp_path / "井网.xlsx", head, rows))
    assert kept(lines) == 200
    page = open_page(monitor, "/soil/grid?site=石化基地&item=benzene")
    assert page.get_element_by_id("wells").text_content().strip() == "25"
    assert page.get_element_by_id("rising").text_content().strip() == "1"
    (row,) = page.xpath("//tr[@data-well='井15']")
    cells = [" ".join(c.text_content().split()) for c in row.xpath("./td")]
    assert cells[7] == "上升"
    assert re.match(r"约 0\.\d 年后超限值", cells[8]), cells
    # Slope per year: 0.9 a quarter of 91 days.
    assert abs(float(cells[5]) - 0.9 * 365.25 / 91) < 0.01
    (warned,) = matters(monitor, "/matters/plume_alarm?q=井15&why=rising")
    assert "持续上升，将超过限值 10" in text(open_page(monitor, warned))
    features = monitor.get("/soil/grid/lines.geojson", params={"site": "石化基地", "item": "benzene"}).json()["features"]  # fmt: skip
    levels = {f["properties"]["name"] for f in features if f["properties"]["layer"] == "isoline"}
    assert "10 μg/L" in levels, levels
    # The well in the source is beyond its limit since the first quarter: one warning, not eight.
    assert len(matters(monitor, "/matters/plume_alarm?q=井12")) == 1
    submit(monitor, warned, "/do/confirm", {"finding": "复测 8.4 μg/L"})
    submit(monitor, warned, "/do/finish", {"result": "查明储罐管线渗漏，已修复"}, files=PROOF)
    submit(chief, warned, "/do/close", {"checked": "连续两季下降"})


@pytest.mark.story("S-4")
def test_the_rate_of_safe_use_and_ten_thousand_mu_of_sources(house, visitor, chief, tmp_path):
    """“受污染耕地安全利用率不低于93%”: 9,300 of 10,000 mu, what was not reported stays in the denominator; “1万亩污染耕地
    集中区域源解析”: shares that do not come to 100 % are refused, the result is kept with its files."""
    desk = visitor("dispatcher")
    head = (
        "单元名称",
        "镇街",
        "面积（亩）",
        "土壤环境质量类别",
        "耕地类型",
        "超标因子",
        "pH",
        "Cd",
    )
    fields = [("优先单元", "北镇", 50000, "优先保护", "水田", "", 6.8, 0.1),
              ("安全单元1", "北镇", 6000, "安全利用", "水田", "镉", 5.8, 0.6),
              ("安全单元2", "北镇", 3000, "安全利用类", "水田", "镉", 5.8, 0.7),
              ("严管单元", "南镇", 300, "严格管控", "旱地", "镉", 5.2, 1.9),
              ("未报单元", "南镇", 700, "安全利用", "旱地", "镉", 5.9, 0.5)]  # fmt: skip
    assert kept(entered(house, "field", workbook(tmp_path / "耕地.xlsx", head, fields))) == 5
    head = ("单元名称", "核算年度", "安全利用措施", "措施落实面积", "抽样数", "达标数", "是否达标")
    rows = [("安全单元1", YEAR, "低积累品种替代", 6000, 40, 39, "是"),
            ("安全单元2", YEAR, "水分调控", 3000, 20, 20, "是"),
            ("严管单元", YEAR, "种植结构调整", 300, 0, 0, "是")]  # fmt: skip
    assert kept(entered(house, "field_year", workbook(tmp_path / "核算.xlsx", head, rows))) == 3
    page = open_page(desk, f"/soil/farmland?year={YEAR}")
    assert page.get_element_by_id("rate").text_content().split() == ["93.00%"]
    assert page.get_element_by_id("polluted").text_content().strip() == "10000"
    assert page.get_element_by_id("unknown").text_content().strip() == "700"
    assert "达到" in text(page)
    (row,) = page.xpath("//tr[@data-town='南镇']")
    polluted, *parts, rate = (
        " ".join(c.text_content().split()) for c in row.xpath("./td[@data-label]")
    )
    assert rate == "30.00"
    assert float(polluted) == sum(map(float, parts)), "a row adds up"

    page = page_after(desk, "/matters/apportionment/new", "/new", {
        "title": "北片集中区域", "area_code": NORTH, "area_mu": "10000", "pollutant": "镉", "deadline": "2099-12-31",
    })  # fmt: skip
    case = address_of(page)
    submit(
        desk, case, "/do/begin", {"agency": "某研究院", "method": "PMF 与同位素", "samples": "120"}
    )
    sources = {"sources-0-name": "大气沉降", "sources-0-share": "55", "sources-1-name": "灌溉水",
               "sources-1-share": "20"}  # fmt: skip
    submit(desk, f"{case}/lines/sources", "/lines/sources", sources)
    result = {"conclusion": "以大气沉降为主", "samples": "120"}
    early = desk.submit(
        f"{case}/do/submit",
        {f"submit-{k}": v for k, v in result.items()},
        files={"files": PROOF[0]},
    )
    assert "合计 75%，应为 100%" in early.text
    more = {**sources, "sources-2-name": "投入品", "sources-2-share": "25"}
    submit(desk, f"{case}/lines/sources", "/lines/sources", more)
    submit(desk, case, "/do/submit", result, files=PROOF)
    submit(chief, case, "/do/accept", {"opinion": "同意"})
    shown = statistics(desk, "apportionment")
    assert re.search(r"完成源解析面积\s*10000", shown), shown
    assert re.search(r"大气沉降\s*55\.0", shown), shown
    assert "报告.pdf" in text(open_page(desk, case))
