"""Carbon of units and projects, policies and subsidies, and the portrait of small firms."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from pypdf import PdfReader
from tests.path.county import NORTH
from tests.stories.pages import open_page, page_after, submit, text
from tests.stories.test_credit_and_quota import (
    FIRM,
    NOW,
    OTHER,
    PROOF,
    approver,  # noqa: F401
    chief,  # noqa: F401
    day,
    enter,
    matter,
    refused,
    statistics,
)

UNITS = 42


@pytest.fixture(scope="module")
def units(house):
    """Forty key emitting units beside the two firms that have people of their own."""
    names = [f"排放{n}厂" for n in range(1, UNITS - 1)]
    enter(
        house,
        "enterprise",
        [["企业名称", "所在地", "行业"], *([name, NORTH, "化工"] for name in names)],
    )
    return [FIRM, OTHER, *names]


@pytest.mark.story("P11")
def test_42_units_report_are_verified_and_rolled_up(house, visitor, chief, approver, units):  # noqa: F811
    """“全市42家重点排放单位开展碳排放核查，编制年度温室气体排放清单”: sheets by month, what the sheet comes to, what the verifiers put
    right, the difference, the inventory, allowances surrendered; CO2 of GDP and its fall."""
    heads = ["单位名称", "核算年度", "行业", "是否纳入碳市场", "属地"]
    rows = [
        [FIRM, 2023, "发电", "是", "北镇"],
        *([name, 2023, "化工", "否", "北镇"] for name in units[1:]),
    ]
    enter(house, "carbon_report", [heads, *rows])
    heads = [
        "单位名称",
        "核算年度",
        "生产线",
        "能源品种",
        "信息项",
        "单位",
        *(f"{n}月" for n in range(1, 13)),
        "全年值",
        "获取方式",
    ]
    none = [None] * 11
    sheet = [
        # 100 t at 20 GJ/t and 300 t at 24 GJ/t: by the months, never by the year's mean.
        [FIRM, 2023, "1号炉", "烟煤", "消耗量", "t", 100, 300, *none[1:], None, "实测"],
        [FIRM, 2023, "1号炉", "烟煤", "收到基低位发热量", "GJ/t", 20, 24, *none[1:], None, "实测"],
        [FIRM, 2023, "1号炉", "烟煤", "单位热值含碳量", "tC/GJ", *none, None, "0.0262", "实测"],
        [FIRM, 2023, "1号炉", "烟煤", "碳氧化率", "%", *none, None, 99, "缺省"],
        [FIRM, 2023, "", "外购电力", "消耗量", "MWh", *none, None, 1000, "实测"],
        *([name, 2023, "", "外购电力", "消耗量", "MWh", *none, None, 2000, "实测"] for name in units[1:]),
    ]  # fmt: skip
    wrong = [FIRM, 2023, "2号炉", "烟煤", "消耗量", "t", 10, 20, *none[1:], 31, "实测"]
    lines = enter(house, "carbon_row", [heads, *sheet, wrong], refused=1)
    assert "与各月之和" in str(lines)

    # The firm files 1,400 t; its sheet comes to 9,200 GJ × 0.0262 × 0.99 × 44/12 + 1,000 × 0.5306 = 1,405.58 t.
    firm = visitor("firm")
    own = matter(firm, "carbon_report", FIRM)
    submit(
        firm,
        own,
        "/do/file",
        {"reported": "1400", "product": "供电量", "output": "1500", "output_unit": "MWh"},
        files=PROOF,
    )
    told = text(open_page(approver, own))
    assert "1405.58" in told
    # Once filed its rows stay as they are; the verifiers find February's coal to be 310 t.
    row = open_page(approver, f"/b/carbon_row?q={FIRM}").xpath(
        "//tbody//a[contains(@href,'/b/carbon_row/')]/@href"
    )[0]
    said = approver.submit(
        f"{row}/edit",
        {
            "m1": "90",
            "entity_text": FIRM,
            "year": "2023",
            "source": "烟煤",
            "item": "consumption",
            "obtained": "measured",
        },
    )
    assert "已报送" in said.text
    submit(approver, own, "/do/question", {"nonconformity": "2月燃煤量与磅单不符"})
    submit(firm, own, "/do/answer", {"answer": "漏记一车，补磅单"}, files=PROOF)
    submit(approver, f"{own}/lines/findings", f"{own}/lines/findings", {
        "findings-0-line": "1号炉", "findings-0-source": "烟煤", "findings-0-item": "consumption", "findings-0-month": "2",
        "findings-0-reported": "300", "findings-0-verified": "310", "findings-0-reason": "漏记一车",
    })  # fmt: skip
    submit(approver, own, "/do/conclude", {"opinion": "修正后符合"}, files=PROOF)
    submit(chief, own, "/do/approve")
    told = text(open_page(approver, own))
    # 9,440 GJ: 897.80 + 530.60 = 1,428.40 t; reported less verified is −28.40, −1.99 %.
    assert "1428.40" in told
    assert "-28.40" in told
    assert "-1.99" in told
    assert "2月 310t×24GJ/t" in told
    # Without allowances nothing is surrendered.
    assert "不能调出" in refused(approver, own, "surrender")

    # The other forty-one.
    for name in units[1:]:
        one = matter(approver, "carbon_report", name)
        submit(approver, one, "/do/file", {"reported": "1061.2"}, files=PROOF)
        submit(approver, one, "/do/conclude", {"opinion": "一致"}, files=PROOF)
        submit(chief, one, "/do/approve")
    shown = statistics(approver, "carbon_report")
    assert re.search(rf"重点排放单位\s*{UNITS}\b", shown), shown
    assert re.search(rf"{UNITS} / {UNITS}", shown), shown
    assert re.search(r"偏差大于 1% 的单位\s*1\b", shown), shown
    assert "化石燃料燃烧" in shown
    # 41 × 1,061.2 t of the chemical units, of bought power with that of the power plant 44,039.80 t.
    assert "43,509.20" in shown
    assert "44,039.80" in shown

    # CO2 of GDP: 386.2 / 412.5 against 380 / 390: a fall of 3.91 %, where 3.9 were asked for.
    enter(house, "carbon_economy", [
        ["年度", "区域", "地区生产总值", "基期", "二氧化碳排放量", "下降目标"],
        [2024, "测试县", 390, 2020, 380, None], [2025, "测试县", 412.5, 2020, 386.2, 3.9],
    ])  # fmt: skip
    said = text(open_page(approver, "/b/carbon_economy"))
    assert "0.9362" in said
    assert "3.91" in said
    assert "完成" in said
    assert "数据缺" in said


@pytest.mark.story("P12")
def test_a_tyre_project_is_computed_compared_and_its_chapter_written(house, visitor, hired, chief):  # noqa: F811
    """“钢铁、化工、轮胎及啤酒项目碳排放环境影响评价试点”: four projects by table; sources by factor, emission a unit of product beside
    the benchmark; worse than it passes with its measures alone; the chapter comes as a file."""
    desk, leader = visitor("dispatcher"), hired("leader", "局领导甲")
    enter(house, "carbon_impact", [
        ["建设项目", "企业名称", "产品名称", "产量", "因子年份", "属地"],
        ["年产百万条轮胎项目", FIRM, "轮胎（子午线轮胎）", 18000, 2023, "北镇"],
        ["啤酒扩能项目", OTHER, "啤酒", 100000, 2023, "北镇"],
        ["合成氨技改项目", OTHER, "化工（合成氨）", 50000, 2023, "北镇"],
        ["炼钢置换项目", OTHER, "钢铁（长流程粗钢）", 900000, 2023, "北镇"],
    ])  # fmt: skip
    tyre, beer = (matter(desk, "carbon_impact", words) for words in ("轮胎", "啤酒"))
    assert "没有填写项目排放源" in refused(desk, tyre, "assess")
    source(desk, tyre, ("外购电力", 20000, 4000), ("外购热力", 50000, 0))
    submit(desk, tyre, "/do/assess", {"measures": "余热回收"})
    told = text(open_page(chief, tyre))
    # 20,000 × 0.5306 + 50,000 × 0.11 = 16,112 t; / 18,000 = 0.8951 between 0.75 and 1.05.
    assert re.search(r"16,?112\.00", told), told
    assert "0.8951" in told
    assert "达到准入基准" in told
    # What the mark of the benchmarks means is said in words.
    assert re.search(r"基准标记 \S*请对照标准原文", told)
    source(desk, beer, ("外购电力", 30000, 0))
    assert "须写明减碳措施" in refused(desk, beer, "assess")
    submit(desk, beer, "/do/assess", {"measures": "外购绿电"})
    submit(chief, tyre, "/do/approve", {"opinion": "同意"})
    submit(chief, beer, "/do/approve", {"opinion": "同意"})
    shown = statistics(desk, "carbon_impact")
    assert re.search(r"碳评试点项目\s*4\b", shown), shown
    assert re.search(r"劣于准入基准\s*1\b", shown), shown

    # The chapter: drafted from the sheet, reviewed, signed and issued; its file says the figures.
    number = tyre.rsplit("/", 1)[1]
    page = page_after(desk, tyre, f"/documents/begin/carbon_chapter/{number}")
    draft = next(
        a for f in page.forms if (a := re.match(r"/documents/drafts/\d+", f.action or ""))
    )[0]
    form = next(f for f in page.forms if (f.action or "").endswith("/save"))
    desk.post(f"{draft}/submit", data=dict(form.form_values()), follow_redirects=True)
    submit(chief, draft, f"{draft}/approve")
    submit(leader, draft, f"{draft}/approve")
    submit(chief, draft, f"{draft}/issue")
    issued = re.search(r'href="(/documents/\d+)">碳评章〔\d{4}〕1号<', desk.get(tyre).text)[1]
    pages = PdfReader(BytesIO(desk.get(f"{issued}.pdf").content)).pages
    said = "".join(p.extract_text() for p in pages).replace(" ", "").replace("\n", "")
    assert "单位产品排放0.8951tCO2" in said
    assert "20000MWh×0.5306tCO2/MWh" in said


def source(visitor, address, *rows):
    """Fill in the sources of a project: name, consumption with it and as it is."""
    values = {}
    for n, (name, after, before) in enumerate(rows):
        values |= {
            f"sources-{n}-source": name,
            f"sources-{n}-after": str(after),
            f"sources-{n}-before": str(before),
        }
    where = f"{address}/lines/sources"
    submit(visitor, where, where, values)


@pytest.mark.story("P14")
def test_15_firms_are_insured_and_four_titles_are_granted(house, visitor, chief, approver, units):  # noqa: F811
    """“15家企业开展环境污染责任保险”; 绿色领军1、示范3: policies by table, one renewed with its earlier term kept, one that ran out;
    applications checked, decided, granted and paid; a firm with a warning is not recommended."""
    heads = [
        "企业名称",
        "承保公司",
        "保险单号",
        "险种",
        "保险金额",
        "保险费",
        "起保日期",
        "到期日期",
        "属地",
    ]
    rows = [[name, "示例财产保险", f"HZX-{n}", "环境污染责任保险", 200, 12000, day(100), day(-265), "北镇"]
            for n, name in enumerate(units[:15])]  # fmt: skip
    backwards = [
        units[16],
        "示例财产保险",
        "HZX-99",
        "环境污染责任保险",
        200,
        1,
        day(1),
        day(30),
        "北镇",
    ]
    lines = enter(house, "insurance_policy", [heads, *rows, backwards], refused=1)
    assert "止期应在起期之后" in str(lines)
    shown = statistics(approver, "insurance_policy")
    assert re.search(r"投保企业\s*15\b", shown), shown
    assert re.search(r"在保保额\s*3,?000", shown), shown
    assert re.search(r"重点单位投保率.{0,60}2 / 3", shown), shown
    policy = matter(approver, "insurance_policy", "HZX-0")
    assert "原止期之后" in refused(approver, policy, "renew_early", {
        "policy_no": "HZX-0B", "insured": "300", "starts_on": day(-200), "ends_on": day(-250),
    })  # fmt: skip
    page = page_after(approver, policy, "/do/renew_early", {
        "policy_no": "HZX-0B", "insured": "300", "starts_on": day(-266), "ends_on": day(-630),
    })  # fmt: skip
    assert "HZX-0" in text(page)
    assert "HZX-0B" in text(page)
    # Its last day goes by for the others: they stand as expired.
    house.ask(
        "from datetime import timedelta\nfrom django.utils import timezone\nfrom ecoledger.matters import schedule\n"
        "schedule.remind_and_escalate(timezone.now() + timedelta(days=270))\nanswer = True"
    )
    assert re.search(r"到期未续\s*14\b", statistics(approver, "insurance_policy"))
    # The insured firm reads its own.
    assert "HZX-0B" in text(open_page(visitor("firm"), "/matters/insurance_policy"))

    heads = ["企业名称", "申报年度", "类别", "申报金额", "属地"]
    asked = [[units[3], NOW.year, "绿色发展领军企业", 50, "北镇"],
             *([name, NOW.year, "环保示范性企业", 20, "北镇"] for name in units[4:7])]  # fmt: skip
    enter(house, "green_subsidy", [heads, *asked, [OTHER, NOW.year, "环保示范性企业", 20, "北镇"]])
    for row in asked:
        one = matter(approver, "green_subsidy", row[0])
        submit(approver, one, "/do/recommend", {"opinion": "符合条件"}, files=PROOF)
        submit(chief, one, "/do/approve", {"granted": str(row[3] - 5)})
        submit(approver, one, "/do/grant", {"paper_no": "测绿〔2026〕1号"})
    first = matter(approver, "green_subsidy", units[3])
    assert "超过核定金额" in refused(approver, first, "pay", {"paid": "46"}, PROOF)
    submit(approver, first, "/do/pay", {"paid": "45"}, files=PROOF)
    shown = statistics(approver, "green_subsidy")
    assert re.search(r"绿色发展领军企业\s*1\b", shown), shown
    assert re.search(r"环保示范性企业\s*3\b", shown), shown
    assert re.search(r"已兑现\s*45", shown), shown
    # A firm whose credit holds a warning is not recommended, whoever asks.
    officer = visitor("officer")
    enter(
        house,
        "credit_batch",
        [["批次名称", "年度", "评价基准日", "属地"], ["警示批", 2026, day(), "测试县"]],
    )
    enter(
        house,
        "credit_rating",
        [["批次", "企业名称", "等级", "评价机关"], ["警示批", OTHER, "警示", "市生态环境局"]],
    )
    batch = matter(officer, "credit_batch", "警示批")
    submit(chief, batch, "/do/publish", {"objections_until": day(-30)})
    page = open_page(visitor("dispatcher"), "/own-rules/credit_rating")
    (said,) = page.xpath("//textarea[@name='text']")
    own = said.text.replace("objection_days = 7", "objection_days = 0")
    submit(
        visitor("dispatcher"), "/own-rules/credit_rating", "/own-rules/credit_rating", {"text": own}
    )
    submit(officer, batch, "/do/announce")
    other = matter(approver, "green_subsidy", OTHER)
    assert "不能推荐" in refused(approver, other, "recommend", {"opinion": "好"}, PROOF)


@pytest.mark.story("E17")
def test_small_firms_are_portrayed_with_every_point_explained(house, visitor):
    """“小微企业污染源数字画像”: complaints, a late problem, a penalty and a permit that ended add up to a score by the bureau's
    weights; what nobody measures is no data; a town sees its own firms and no more than it may."""
    officer, dispatcher, town = visitor("officer"), visitor("dispatcher"), visitor("town")
    small = "小微画像厂"
    enter(
        house,
        "enterprise",
        [
            ["企业名称", "所在地", "行业"],
            [small, "990101001", "五金"],
            ["南镇画像厂", "990101002", "五金"],
        ],
    )
    heads = ["来源类别", "问题", "属地", "涉及企业或对象", "整改时限"]
    enter(house, "problem", [heads, ["自查发现", "油烟净化器未清洗", "北镇", small, day(5)],
                             ["自查发现", "危废未登记", "北镇", small, day(4)],
                             ["自查发现", "台账不全", "北镇", small, day(-40)]])  # fmt: skip
    heads = ["违法行为", "当事人名称", "企业名称", "所在镇街", "立案时间", "处罚决定书文号", "处罚决定日期", "处罚类别",
             "罚款金额（元）", "决定书送达日期", "公开时间"]  # fmt: skip
    enter(house, "penalty_case", [heads, ["超标排放案", small, small, "北镇", day(260), "测环罚〔2026〕88号", day(201), "罚款",
                                          20_000, day(200), day(199)]])  # fmt: skip
    submit(
        officer,
        matter(officer, "penalty_case", small),
        "/do/note_credit",
        {"public_until": day(-300)},
    )

    page = open_page(officer, f"/portraits?q={small}")
    (row,) = page.xpath(f"//tr[@data-firm='{small}']")
    # Two late problems are 20, one penalty 15: 35 of the rules as they ship.
    assert re.search(r"35\b", row.text_content()), row.text_content()
    assert "中风险" in row.text_content()
    assert {"整改超期", "受过处罚"} <= set(" ".join(row.text_content().split()).split())
    (address,) = row.xpath(".//a/@href")
    one = open_page(officer, address)
    lines = {
        r.get("data-rule"): " ".join(r.text_content().split())
        for r in one.xpath("//table[@id='lines']//tr[@data-rule]")
    }
    assert "超期未整改 2 件" in lines["problems"]
    assert "2 × 10，最高 20" in lines["problems"]
    assert "公示中的处罚 1 件 15" in lines["penalties"]
    # Nobody measures its power, and its waste is in no account: no data, not nought.
    assert "没有用电监控 数据缺" in lines["power"]
    assert "数据缺" in lines["waste"]
    assert "没有登记排污许可证" in lines["permit"]
    # Each line opens what it counts.
    (records,) = one.xpath("//tr[@data-rule='problems']//a/@href")
    assert "油烟净化器未清洗" in text(open_page(officer, records))

    # The bureau weighs a late problem more: the score follows.
    rules = open_page(dispatcher, "/own-rules/portrait")
    (said,) = rules.xpath("//textarea[@name='text']")
    own = said.text.replace(
        'source = "problems"\neach = 10\nmost = 20', 'source = "problems"\neach = 15\nmost = 30'
    )
    assert own != said.text
    submit(dispatcher, "/own-rules/portrait", "/own-rules/portrait", {"text": own})
    one = open_page(officer, address)
    assert one.get_element_by_id("score").text_content().split()[1] == "45"
    assert "高风险" in text(one)

    # A town sees its own firms; the other town's are not there, and cannot be opened.
    assert not open_page(town, "/portraits?q=南镇画像厂").xpath("//tr[@data-firm]")
    south = open_page(officer, "/portraits?q=南镇画像厂").xpath("//tr[@data-firm]//a/@href")[0]
    assert town.get(south).status_code == 404
    assert visitor("firm").get("/portraits").status_code == 403
    # Key firms are left out unless asked for.
    assert not open_page(officer, f"/portraits?q={FIRM}").xpath("//tr[@data-firm]")
    assert open_page(officer, f"/portraits?q={FIRM}&every=1").xpath("//tr[@data-firm]")
