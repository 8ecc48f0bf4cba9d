"""Permits: one page for all that hangs on one, quality and reports reviewed by rules, self-monitoring month by month."""

from __future__ import annotations

import re
from datetime import date, timedelta

import lxml.html
import pytest
from tests.path.county import NORTH, SOUTH
from tests.stories.pages import open_page, page_after, submit, text
from tests.stories.test_air_sources import kept, matters, statistics
from tests.stories.test_air_weather import workbook
from tests.stories.test_approval import entered

from ecoledger.live import times

TODAY = times.now().date()
YEAR = TODAY.year
FIRM, OTHER = "一号测试厂", "二号测试厂"
FIRM_NO, OTHER_NO = "91350582MA00000000001P", "91350582MA00000000002P"
LAST = (TODAY.replace(day=1) - timedelta(days=1)).replace(day=1)


@pytest.fixture(scope="module")
def approver(hired):
    return hired("approver", "审批员甲")


@pytest.fixture(scope="module")
def permits(house, approver, tmp_path_factory):
    """Two permits from the platform's list, one with everything that a permit holds."""
    folder = tmp_path_factory.mktemp("permits")

    def enter(key, head, rows):
        lines = entered(house, key, workbook(folder / f"{key}.xlsx", head, rows))
        assert kept(lines) == len(rows), lines
        return lines

    soon = TODAY + timedelta(days=40)
    enter("pollution_permit",
          ("单位名称", "排污许可证编号", "管理类别", "行业类别", "法定代表人", "有效期起", "有效期止", "环评批复文号", "主要产品及产能",
           "主要原辅料", "提交年报", "提交季报"),
          [(FIRM, FIRM_NO, "重点", "制鞋业", "张某", f"{YEAR - 2}-01-01", f"{YEAR + 2}-12-31", "测环审〔2019〕1号", "鞋 100 万双/年",
            "胶水 20 t", "是", "是"),
           (OTHER, OTHER_NO, "简化", "", "", f"{soon.replace(year=soon.year - 5)}", f"{soon}", "", "", "", "是", "否")])  # fmt: skip
    enter("limit", ("排放口编码", "因子", "许可浓度限值", "单位", "判定依据", "生效日期"),
          [("E-1-DA001", "二氧化硫", 50, "mg/m³", "小时均值", f"{YEAR}-01-01"),
           ("E-1-DA002", "二氧化硫", 50, "mg/m³", "小时均值", f"{YEAR}-01-01")])  # fmt: skip
    enter("permit_monitoring", ("许可证编号", "排放口编码", "监测点位", "因子", "监测频次", "限值", "单位"),
          [(FIRM_NO, "E-1-DA001", "", "二氧化硫", "1次/月", 50, "mg/m³"),
           (FIRM_NO, "E-1-DA002", "", "二氧化硫", "1次/季", 50, "mg/m³"),
           (FIRM_NO, "", "厂界", "非甲烷总烃", "1次/半年", 4, "mg/m³")])  # fmt: skip
    enter(
        "permit_amount",
        ("许可证编号", "污染物", "许可排放量"),
        [(FIRM_NO, "二氧化硫", 12), (FIRM_NO, "氮氧化物", 20)],
    )
    enter(
        "permit_ledger",
        ("许可证编号", "台账类别", "记录内容", "记录频次"),
        [
            (FIRM_NO, sort, "按副本", "1次/日")
            for sort in ("基本信息", "生产设施运行", "污染防治设施运行", "监测记录")
        ],
    )
    return enter


def permit_page(person, number):
    """The address of a permit's one page, from its firm's file."""
    page = open_page(person, f"/b/pollution_permit?q={number}")
    file = next(a for a in page.xpath("//tbody//a/@href") if re.fullmatch(r"/entities/\d+", a))
    return next(a for a in open_page(person, file).xpath("//a/@href") if "/approval/permits/" in a)


@pytest.mark.story("P9")
def test_one_page_of_a_permit_holds_all_that_hangs_on_it(house, permits, approver, visitor):
    """以排污许可“一证式”联动监管: outlets with the limits of the day, monitoring, amounts, ledgers, reports and enforcement on
    one page; the end is told; a firm reads its own alone."""
    officer, firm = visitor("officer"), visitor("firm")
    submit(officer, "/matters/problem/new", "/new",
           {"title": "废气收集不全", "origin_kind": "self", "entity_text": FIRM, "area_code": NORTH})  # fmt: skip
    page = permit_page(approver, FIRM_NO)
    shown = open_page(approver, page)
    outlets = " ".join(shown.get_element_by_id("outlets").text_content().split())
    assert re.search(r"DA001.*?二氧化硫 50 mg/m³.*?二氧化硫 每月", outlets), outlets
    assert "厂界" in outlets
    assert "非甲烷总烃 每半年" in outlets
    assert re.search(r"氮氧化物\s*20\s*数据缺", shown.get_element_by_id("amounts").text_content())
    assert "污染防治设施运行" in shown.get_element_by_id("ledgers").text_content()
    work = shown.get_element_by_id("work").text_content()
    assert "废气收集不全" in work
    assert "问题一本账 1" in " ".join(work.split())
    # A year ago no limit held yet.
    before = open_page(approver, f"{page}?day={YEAR - 1}-06-30")
    assert "没有限值" in before.get_element_by_id("outlets").text_content()
    # The other ends in forty days: renewal is owed since sixty before.
    other = permit_page(approver, OTHER_NO)
    assert "40 天后到期，应已申请延续" in text(open_page(approver, other))
    assert OTHER_NO in text(open_page(approver, "/b/pollution_permit?ends=soon"))
    assert OTHER in text(open_page(approver, "/b/permit_renewal"))
    # The firm's own file knows the number; another firm does not read the page.
    assert open_page(firm, page) is not None
    assert visitor("firm2").get(page).status_code == 404
    assert visitor("south").get(page).status_code == 404
    # A number that is none is refused with its reason.
    bad = {"parent_text": FIRM, "permit_no": "123", "management": "key"}
    assert "应为22位" in text(page_after(approver, "/b/pollution_permit/new", "/new", bad))


@pytest.mark.story("P8")
def test_every_permit_and_report_is_reviewed_by_the_rules_and_put_right(
    house, permits, approver, visitor
):
    """开展排污许可证质量和执行报告审核 (双百): rules over permits and reports list what is wrong; the firm puts it right, the
    rules find it no more; both rates reach 100 %."""
    firm2 = visitor("firm2")
    quarter = (TODAY.month - 1) // 3 or 4
    year = YEAR if (TODAY.month - 1) // 3 else YEAR - 1
    due = date(year + (quarter == 4), quarter * 3 % 12 + 1, 15)
    permits("execution_report",
            ("许可证编号", "报告类型", "年度", "期次", "提交时间", "实际排放量及合规判定", "报告有超标或异常"),
            [(FIRM_NO, "季报", year, quarter, f"{due + timedelta(days=3)}", "否", "是")])  # fmt: skip
    permits("reported_amount", ("许可证编号", "报告类型", "年度", "季度", "污染物", "实际排放量"),
            [(FIRM_NO, "季报", year, quarter, "二氧化硫", 13.5), (FIRM_NO, "季报", year, quarter, "SO2", 1)])  # fmt: skip
    board = f"/approval/reviews?year={year}"
    figure = figure_of(open_page(approver, board), "permits")
    assert "许可证质量审核率 0.0% 0 / 2" in figure
    page = press(approver, board, "permit")
    # One has no fault and is through; of the other, and of the report, nobody has judged what the rules found.
    assert "许可证质量审核率 50.0% 1 / 2" in figure_of(page, "permits")
    page = press(approver, board, "report")
    assert "执行报告审核率 0.0% 0 / 1" in figure_of(page, "reports")
    # Each rate opens what it was made from: permits of the year, reports of its terms.
    for half, rows in (("permits", 2), ("reports", 1)):
        (door,) = page.xpath(f"//*[@id='{half}']//a[@class='ref']/@href")
        records = open_page(approver, door)
        (heading,) = records.xpath("//h1")
        assert f"审核率 {year}-01-01 – {year}-12-31" in heading.text_content()
        assert f"共 {rows} 条记录" in text(records)
    # Of another year nothing was reviewed yet.
    before = open_page(approver, f"/approval/reviews?year={year - 1}")
    assert "许可证质量审核率 0.0% 0 / 2" in figure_of(before, "permits")
    assert "执行报告审核率 —" in figure_of(before, "reports")
    # The key-managed one with everything is only short of monitoring at its second outlet's term? It has no fault.
    whole = matters(approver, f"/matters/permit_review?q={FIRM}&subject=permit")
    assert "规则逐条核查，没有检出问题" in text(open_page(approver, whole[0]))
    (poor,) = matters(approver, f"/matters/permit_review?q={OTHER}&subject=permit")
    told = text(open_page(approver, poor))
    for fault in (
        "“行业类别”没有填写",
        "“环评批复文号”没有填写",
        "排放口 DA001 没有许可浓度限值",
        "缺少台账要求",
    ):
        assert fault in told, (fault, told)
    # The report: late, a part missing, unexplained, above the amount, one pollutant unnamed, another unreported.
    (report,) = matters(approver, f"/matters/permit_review?q={FIRM}&subject=report")
    told = text(open_page(approver, report))
    for fault in (f"期限 {due}", "缺少内容：实际排放量及合规判定", "报告有超标或异常，没有说明", "累计排放 13.5 t，超过许可 12 t/a",
                  "“SO2”不在许可排放量的污染物之中", "没有报实际排放量：氮氧化物"):  # fmt: skip
        assert fault in told, (fault, told)

    # Back to the firm; it answers before anything is right, and is not let through.
    submit(approver, poor, "/do/send_back")
    submit(approver, report, "/do/send_back")
    page = open_page(approver, board)
    assert "许可证质量审核率 100.0% 2 / 2" in figure_of(page, "permits")
    assert "执行报告审核率 100.0% 1 / 1" in figure_of(page, "reports")
    submit(firm2, poor, "/do/correct", {"correction": "已补充"})
    refused = approver.submit(f"{poor}/do/pass", {"pass-conclusion": "通过"})
    assert "个问题没有改正" in refused.text
    head = (
        "单位名称",
        "排污许可证编号",
        "管理类别",
        "行业类别",
        "法定代表人",
        "环评批复文号",
        "主要产品及产能",
        "主要原辅料",
    )
    lines = permits(
        "pollution_permit",
        head,
        [(OTHER, OTHER_NO, "简化", "印刷", "李某", "测环审〔2020〕2号", "印刷品", "油墨")],
    )
    assert lines
    permits(
        "permit_ledger",
        ("许可证编号", "台账类别", "记录内容", "记录频次"),
        [
            (OTHER_NO, sort, "按副本", "1次/日")
            for sort in ("基本信息", "生产设施运行", "污染防治设施运行", "监测记录")
        ],
    )
    permits("limit", ("排放口编码", "因子", "许可浓度限值", "单位", "判定依据", "生效日期"),
            [(f"E-2-DA00{n}", "二氧化硫", 100, "mg/m³", "小时均值", f"{YEAR}-01-01") for n in range(1, 5)])  # fmt: skip
    permits("permit_monitoring", ("许可证编号", "排放口编码", "因子", "监测频次", "限值", "单位"),
            [(OTHER_NO, f"E-2-DA00{n}", "二氧化硫", "1次/年", 100, "mg/m³") for n in range(1, 5)])  # fmt: skip
    submit(approver, poor, "/do/pass", {"conclusion": "已改正"})
    assert "审核通过" in text(open_page(approver, poor))
    figures = statistics(visitor("dispatcher"), "permit_review")
    assert re.search(r"审核许可证\s*2", figures), figures
    assert re.search(r"审核执行报告\s*1", figures)
    # The permit's faults are gone from the board; those of the report are with its firm still.
    faulty = open_page(approver, board).get_element_by_id("faulty")
    assert re.search(r"1\s*/\s*3", faulty.text_content())
    rules = text(open_page(visitor("dispatcher"), "/own-rules"))
    assert "排污许可与执行报告审核规则" in rules


def figure_of(page, half):
    """What the board tells of permits or of reports, white space folded."""
    return " ".join(page.get_element_by_id(half).text_content().split())


def press(person, address, what):
    """Press the button of the board that begins reviews."""
    page = open_page(person, address)
    form = next(f for f in page.forms if f.xpath(f".//button[@value='{what}']"))
    data = {**dict(form.form_values()), "what": what}
    answer = person.post(address, data=data)
    assert answer.is_redirect, text(lxml.html.fromstring(answer.text))[:800]
    return open_page(person, address)


@pytest.mark.story("Q19")
def test_110_firms_self_monitoring_is_reviewed_every_month(
    house, permits, approver, visitor, tmp_path
):
    """“每月对110余家企业自行监测数据进行审核…全年审核1320家次…逐月通报完成情况”: what each permit asks beside what is there,
    missing terms by their days, the firm makes good, the month's completion by town; 110 a month make 1320 a year."""
    monitor, dispatcher = visitor("monitor"), visitor("dispatcher")
    firms = [(f"自测{n}厂", (NORTH, SOUTH)[n % 2], "制鞋业") for n in range(109)]
    permits("enterprise", ("企业名称", "所在地", "行业"), firms)
    numbers = {
        name: f"91350582MA{n:08d}001P"[:22].ljust(22, "P")
        for n, (name, *_) in enumerate(firms, 100)
    }
    permits(
        "pollution_permit",
        ("单位名称", "排污许可证编号", "管理类别", "有效期起", "有效期止"),
        [
            (name, numbers[name], "简化", f"{YEAR - 1}-01-01", f"{YEAR + 3}-12-31")
            for name, *_ in firms
        ],
    )
    permits(
        "permit_monitoring",
        ("许可证编号", "监测点位", "因子", "监测频次", "限值", "单位"),
        [(numbers[name], "厂界", "颗粒物", "1次/月", 1, "mg/m³") for name, *_ in firms],
    )
    # 100 of them measured last month, two of these above the limit; nine did not, nor did 一号测试厂.
    permits("self_result", ("企业名称", "点位", "污染物", "采样日期", "监测结果", "单位"),
            [(name, "厂界", "颗粒物", f"{LAST + timedelta(days=9)}", 1.4 if n < 2 else 0.3, "mg/m³")
             for n, (name, *_) in enumerate(firms[:100])])  # fmt: skip
    board = f"/approval/reviews?month={LAST}"
    page = press(monitor, board, "month")
    figure = " ".join(page.get_element_by_id("month").text_content().split())
    assert re.search(r"\b110 家", figure), figure
    assert "10 家缺测" in figure
    # One that lacks a term: told, it hands the result in, and the comparison is whole.
    (short,) = matters(monitor, "/matters/self_review?q=自测105厂")
    told = text(open_page(monitor, short))
    assert f"{LAST:%m}-01—" in told
    submit(monitor, short, "/do/tell")
    permits(
        "self_result",
        ("企业名称", "点位", "污染物", "采样日期", "监测结果", "单位"),
        [("自测105厂", "厂界", "颗粒物", f"{LAST + timedelta(days=20)}", 0.2, "mg/m³")],
    )
    submit(monitor, short, "/do/answer", {"answer": "报告迟交，已补"})
    submit(monitor, short, "/do/end", {"conclusion": "已补齐"})
    assert "补齐" in text(open_page(monitor, short))
    (high,) = matters(monitor, "/matters/self_review?q=自测0厂")
    assert "待定" not in text(open_page(monitor, high)).split("审核结果")[0]
    # Eleven months before, from the spreadsheets.
    months = [
        date(LAST.year - (LAST.month <= k), (LAST.month - k - 1) % 12 + 1, 1) for k in range(1, 12)
    ]
    names = [FIRM, *(name for name, *_ in firms)]
    rows = [(name, f"{m}", "完成" if n % 10 else "缺测", f"{m + timedelta(days=40)}", f"{m + timedelta(days=45)}")
            for m in months for n, name in enumerate(names)]  # fmt: skip
    book = workbook(
        tmp_path / "历月审核.xlsx",
        ("企业名称", "审核月份", "审核情况", "登记日期", "办结日期"),
        rows,
    )
    assert kept(entered(house, "self_review", book, history=True)) == 1210
    figures = statistics(dispatcher, "self_review")
    assert re.search(r"审核家次\s*1,?320", figures), figures
    assert re.search(r"月均审核\s*110", figures), figures
    assert "逐月通报" in figures
    assert re.search(rf"{LAST:%Y-%m}\s*110", figures), figures
    assert "南镇" in figures
