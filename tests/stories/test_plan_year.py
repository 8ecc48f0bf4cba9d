"""The bureau's year from its plan: reviewed with the text, handed out, tracked, scored by towns, reconciled by month."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.path.county import COUNTY, NORTH
from tests.path.house import PNG
from tests.stories.pages import open_page, page_after, submit, text

from ecoledger.live import times

TODAY = times.now().date()
YEAR = TODAY.year
GOLD = Path(__file__).parents[1] / "data" / "plan_gold"
CIXI, LICHENG = GOLD / "02_cixi.txt", GOLD / "00_licheng.txt"


@pytest.fixture(scope="module")
def entered(house, tmp_path_factory):
    """``entered("article", rows)``: a ledger taken in by the command; every row must be kept."""
    folder = tmp_path_factory.mktemp("ledgers")

    def enter(kind: str, rows: list[dict[str, object]], *more: str) -> None:
        path = folder / f"{kind}-{len(list(folder.iterdir()))}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        code, lines, errors = house.process.command(
            "enter", "--data", str(house.process.data), kind, str(path), *more
        )
        assert code == 0, (lines, errors)
        assert lines[-1]["kept"] == len(rows), lines

    return enter


def take_in(person, path, year=YEAR, name=""):
    form = {"year": str(year), "area": COUNTY}
    file = {"file": (name or path.name, path.read_bytes(), "text/plain")}
    return person.submit("/plans/new", form, files=file, follow_redirects=True)


def decide(person, page_text, item, **values):
    """Send the open item's form with ``values``; the page it leads to."""
    address = f"/plans/{page_text}?item={item}"
    return page_after(
        person, address, f"/items/{item}", values, button=values.pop("button", "confirm")
    )


def text_of(part):
    return re.sub(r"\s+", "", part.text_content())


def item_of(page, words):
    link = next(a for a in page.xpath("//a[contains(@href,'item=')]") if words in a.text_content())
    return re.search(r"item=(\d+)", link.get("href"))[1]


@pytest.mark.story("T20")
def test_a_plan_is_reviewed_item_by_item_and_handed_out(house, visitor):
    """S2: 完成110个VOCs治理项目 becomes a task with owner and due day; PM2.5 29 a target that is followed."""
    desk = visitor("dispatcher")
    page = take_in(desk, CIXI)
    assert page.status_code == 200
    plan = re.search(r"/plans/(\d+)", str(page.url))[1]
    page = open_page(desk, f"/plans/{plan}")
    counts = page.get_element_by_id("counts").text_content()
    assert "已确认 0" in counts
    assert "PM2.5年均浓度控制在29微克每立方米以下" in text(page)
    assert desk.api("matters/work_task") == []

    # A task: due day, section and owner are given by a person; then it is a matter with a clock.
    task = item_of(page, "110个VOCs治理项目")
    form = open_page(desk, f"/plans/{plan}?item={task}")
    owner = next(o for o in form.xpath("//select[@name='owner']/option") if o.text == "执法员甲")
    # Confirmed without a section it would be nobody's: refused, and what was typed stays.
    page = decide(desk, plan, task, section="", deadline=f"{YEAR}-12-30")
    assert "请填写责任科室" in text(page)
    assert page.xpath("//input[@name='deadline']/@value") == [f"{YEAR}-12-30"]
    assert "已确认 0" in page.get_element_by_id("counts").text_content()
    values = {"section": "大气科", "owner": owner.get("value"), "deadline": f"{YEAR}-12-31"}
    page = decide(desk, plan, task, **values)
    assert "已确认 1" in page.get_element_by_id("counts").text_content()
    assert "已生成任务 1/" in page.get_element_by_id("counts").text_content()
    [row] = desk.api("matters/work_task")
    assert row["due"].startswith(f"{YEAR}-12-31") or row["due"].startswith(f"{YEAR + 1}-01-0")
    made = text(open_page(desk, f"/matters/work_task/{row['id']}"))
    assert "110" in made
    assert "大气科" in made
    assert "执法员甲" in made

    # The year's summary is assembled from the tasks: this one, still open, stands in it with who does it by when.
    form = {"kind": "summary_year", "day": f"{TODAY}", "area": COUNTY}
    draft = open_page(desk, desk.submit("/documents/summaries", form).headers["Location"])
    assert re.search(r"110个VOCs治理项目[^（]*（大气科，12月31日前完成）", text(draft))

    # A target joins a book and is followed by its indicator.
    target = item_of(page, "PM2.5年均浓度控制在29")
    assert "请选择指标性质" in text(decide(desk, plan, target, book="美丽慈溪"))
    page = decide(desk, plan, target, kind="binding", book="美丽慈溪", weight="10")
    book = open_page(desk, f"/targets/book?year={YEAR}&book=美丽慈溪")
    assert "1项（约束性1项）" in text(book)
    assert "29" in text(book)

    # A doubt and a drop need their reason.
    other = item_of(page, "空气优良率保持在87%以上")
    page = decide(desk, plan, other, note="", button="doubt")
    assert "请写明疑问" in text(page)
    page = decide(desk, plan, other, note="与上级下达值不一致", button="doubt")
    assert "有疑问 1" in page.get_element_by_id("counts").text_content()

    # What the rules missed is added word for word.
    page = page_after(desk, f"/plans/{plan}", "/add", {"type": "task", "text": "组建1支专业帮扶队"})
    assert "组建1支专业帮扶队" in text(page)
    page = page_after(desk, f"/plans/{plan}", "/add", {"type": "task", "text": "文中没有的话"})
    assert "原文中没有这段话" in text(page)


@pytest.mark.story("T20")
@pytest.mark.parametrize("source", sorted(GOLD.glob("0*.txt")), ids=lambda path: path.stem)
def test_each_source_text_is_taken_in_with_every_item_waiting_for_a_person(
    house, visitor, tmp_path, source
):
    """What the command proposes of the text stands on the page to be decided, and nothing is confirmed by itself."""
    # A text taken in before leads to what became of it: this copy is one of its own.
    copy = tmp_path / source.name
    copy.write_text(source.read_text("utf-8") + "\n", "utf-8")
    code, items, errors = house.process.command("plan", "extract", str(copy))
    assert code == 0, errors
    page = take_in(visitor("dispatcher"), copy)
    plan = re.search(r"/plans/(\d+)", str(page.url))[1]
    page = open_page(visitor("dispatcher"), f"/plans/{plan}")
    waiting = {
        link.get("href").rpartition("item=")[2]
        for link in page.xpath("//a[contains(@href,'item=')]")
    }
    assert len(waiting) == len(items) > 30
    assert "已确认 0" in page.get_element_by_id("counts").text_content()


@pytest.mark.story("T20")
def test_one_item_that_says_two_things_is_split_on_the_page(visitor, tmp_path):
    """S2: 新建管网3公里并整治排污口5个 is one sentence and two tasks, each handed out by itself."""
    desk = visitor("dispatcher")
    words = "年内由水科牵头,完成北河沿线截污管网3公里,同步整治排污口5个"
    path = tmp_path / "拆分计划.txt"
    path.write_text(f"{YEAR}年工作计划\n一、重点任务\n{words}。\n", encoding="utf-8")
    plan = re.search(r"/plans/(\d+)", str(take_in(desk, path).url))[1]
    page = page_after(desk, f"/plans/{plan}", "/add", {"type": "task", "text": words})
    whole = item_of(page, "年内由水科牵头")
    wrong = {"pieces": "完成北河沿线截污管网3公里\n整治排污口50个", "button": "split"}
    assert "第 2 行不在这一条的原文里" in text(decide(desk, plan, whole, **wrong))
    pieces = "完成北河沿线截污管网3公里\n同步整治排污口5个"
    page = decide(desk, plan, whole, pieces=pieces, button="split")
    rows = [r.text_content() for r in page.xpath("//tbody/tr")]
    assert sum("同步整治排污口5个" in r and "5 个" in r for r in rows) >= 1
    assert sum("截污管网3公里" in r and "3 公里" in r for r in rows) >= 1
    assert any("年内由水科牵头" in r and "不作任务" in r for r in rows)


def test_only_those_who_lead_confirm_and_strange_files_are_refused(visitor, tmp_path):
    monitor = visitor("monitor")
    page = open_page(monitor, "/plans")
    plan = page.xpath("//a[contains(@href,'/plans/')]/@href")[0]
    review = open_page(monitor, plan)
    assert not review.xpath("//button[@name='decision']")
    broken = tmp_path / "计划.docx"
    broken.write_bytes(b"PK\x03\x04 not a document")
    assert "打不开这个文件" in take_in(visitor("dispatcher"), broken).text
    assert visitor("town").get("/plans").status_code == 403


def target(book, number, name, kind, **more):
    return {"责任书或指标体系": book, "年度": YEAR, "属地": "测试县", "序号": number, "指标名称": name, "性质": kind,
            "分值": "", "要求": "不低于", "目标值": "", "计量单位": "", "填报值": "", "跟踪指标": "",
            "文字要求": "", "一季度节点": "", **more}  # fmt: skip


@pytest.mark.story("T3")
def test_indicators_are_counted_by_kind_and_conditions_apart(entered, visitor):
    """S0: 22 = 14 约束性 + 4 预期性 + 4 引领性; S2: 37 = 20 约束性 + 17 参考性, and 9 basic conditions apart."""
    kinds = ["约束性指标"] * 14 + ["预期性指标"] * 4 + ["引领性指标"] * 4
    entered(
        "plan_target",
        [target("“十四五”规划", n, f"规划指标{n}", k) for n, k in enumerate(kinds, 1)],
    )
    kinds = ["约束性"] * 20 + ["参考性"] * 17 + ["基本条件"] * 9
    entered(
        "plan_target", [target("示范市建设", n, f"建设指标{n}", k) for n, k in enumerate(kinds, 1)]
    )
    desk = visitor("dispatcher")
    five = open_page(desk, f"/targets/book?year={YEAR}&book=“十四五”规划").get_element_by_id(
        "totals"
    )
    assert "22项（约束性14项、预期性4项、引领性4项）" in five.text_content()
    model = open_page(desk, f"/targets/book?year={YEAR}&book=示范市建设").get_element_by_id(
        "totals"
    )
    assert "37项（约束性20项、参考性17项），另有基本条件9项" in model.text_content()
    # A plan of several years: the steps of one number stand beside each other, and on the target's page.
    book = "“十四五”分年目标"
    for year, level in ((YEAR - 1, "70"), (YEAR, "75"), (YEAR + 1, "80")):
        row = target(
            book, 1, "城市生活污水集中收集率", "约束性", 目标值=level, 计量单位="%", 填报值="72"
        )
        entered("plan_target", [row | {"年度": year}])
    page = open_page(desk, f"/targets/book?year={YEAR}&book={book}")
    years = page.get_element_by_id("years")
    cells = [" ".join(c.text_content().split()) for c in years.xpath(".//tbody/tr/td")]
    assert cells == ["1 城市生活污水集中收集率", "70%", "75%", "80%"]
    one = open_page(desk, years.xpath(".//td/a/@href")[1])
    steps = {
        r.get("data-year"): " ".join(r.text_content().split())
        for r in one.xpath("//*[@id='steps']//tr[@data-year]")
    }
    assert list(steps) == [f"{YEAR - 1}", f"{YEAR}", f"{YEAR + 1}"]
    assert "达到目标" in steps[f"{YEAR - 1}"]
    assert "-3.0个百分点" in steps[f"{YEAR}"]


@pytest.mark.story("T1")
def test_a_target_book_is_scored_live_and_what_lacks_data_is_no_nought(entered, visitor):
    """S0: the book of the year: targets with marks, 每季公示; met, missed, and 数据缺."""
    book = f"{YEAR}年党政领导生态环保目标责任书"
    entered("plan_target", [
        target(book, 1, "优良天数比例", "约束性", 分值=10, 目标值="97.1", 计量单位="%", 跟踪指标="优良天数比例"),
        target(book, 2, "污水管网", "预期性", 分值=10, 目标值="80", 计量单位="公里", 填报值="60"),
        target(book, 3, "受污染耕地安全利用率", "约束性", 分值=10, 目标值="93", 计量单位="%", 填报值="93.5"),
        target(book, 4, "单位GDP能耗", "约束性", 分值=10, 目标值="3", 计量单位="%", 文字要求=""),
    ])  # fmt: skip
    desk = visitor("dispatcher")
    address = f"/targets/book?year={YEAR}&book={book}&on={YEAR}-07-02"
    page = open_page(desk, address)
    said = text(page)
    assert "得分 17.50 / 20" in said  # 60/80 of ten, and ten
    assert "数据缺 2 项，未计分" in said
    assert "完成 75.0%，时间 49.9%：任务进度快于时间进度" in said
    assert "还差20公里" in said
    # A target that is missed is listed as a short board with one button, once.
    [form] = [f for f in page.forms if (f.action or "").endswith("/short-board")]
    listed = desk.post(form.action, data=dict(form.form_values())).headers["Location"]
    assert "60" in text(open_page(desk, listed))
    assert desk.post(form.action, data=dict(form.form_values())).headers["Location"] == listed
    later = text(open_page(desk, address.replace("07-02", "11-01")))
    assert "任务进度滞后于时间进度" in later
    # The target's own page keeps what proves it; the same file again, and one that is none, are refused.
    proved = next(a for a in page.xpath("//a/@href") if re.fullmatch(r"/targets/book/\d+", a))
    file = {"file": ("耕地安全利用率核定表.png", PNG, "image/png")}
    sent = desk.submit(f"{proved}/evidence", {"caption": "农业农村局核定"}, files=file)
    assert sent.is_redirect
    kept = open_page(desk, proved)
    assert "农业农村局核定" in text(kept)
    (door,) = kept.xpath("//a[contains(@href, '/evidence/')]/@href")
    assert desk.get(door).content == PNG
    again = desk.submit(f"{proved}/evidence", {}, files=file, follow_redirects=True)
    assert "已经附上" in again.text
    wrong = {"file": ("表.png", b"no picture", "image/png")}
    refused = desk.submit(f"{proved}/evidence", {}, files=wrong, follow_redirects=True)
    assert "与扩展名不符" in refused.text
    assert "佐证 1 份" in text(open_page(desk, address))
    # S0: “2020年度…考核获良好等次”: the grade that the higher level gave stands beside the bureau's own marks.
    entered("target_grade", [
        {"责任书": book, "考核年度": YEAR, "属地": "测试县", "考核等次": "良好", "考核得分": "91.5", "满分": "100",
         "考核单位": "市生态环境委员会办公室", "文号": "测环委〔2026〕4号", "通报日期": f"{YEAR}-04-20", "扣分说明": ""}
    ])  # fmt: skip
    said = text(open_page(desk, address))
    assert "良好 91.5" in said
    assert "市生态环境委员会办公室" in said
    # 每季公示: the quarter's sheet tells each target with its verdict and marks.
    form = {"kind": "target_publication", "day": f"{YEAR}-06-30", "area": COUNTY}
    draft = open_page(desk, desk.submit("/documents/summaries", form).headers["Location"])
    sheet = text(draft)
    assert "共4项（约束性3项、预期性1项），已达到1项，数据缺2项，得分17.50（可计20.00分）" in sheet
    assert "2 污水管网 预期性 不低于80公里 — 60公里 未达到 7.50/10.00" in sheet
    assert "1 优良天数比例 约束性 不低于97.1% — — 数据缺 —" in sheet


@pytest.mark.story("T4")
def test_each_short_board_has_its_plan_and_its_tasks(entered, visitor, hired):
    """S2: 4个短板指标, each with a lead department and “一指标一攻坚”."""
    names = (
        "水环境质量",
        "单位地区生产总值能耗",
        "农村生活污水治理率",
        "三大粮食作物化肥农药利用率",
    )
    entered("short_board", [
        {"年度": YEAR, "指标名称": n, "牵头部门": "测试县生态环境局", "属地": "测试县", "目标值": "达到创建要求",
         "达标时限": f"{YEAR + 1}-12-31"} for n in names
    ])  # fmt: skip
    desk, chief = visitor("dispatcher"), hired("section_chief", "综合科长甲")
    rows = desk.api("matters/short_board")
    assert {r["title"] for r in rows} >= set(names)
    one = next(r for r in rows if r["title"] == "农村生活污水治理率")["id"]
    do = f"/matters/short_board/{one}/do"
    assert desk.submit(f"{do}/plan", {"plan-plan_text": "新建9个行政村设施"}).is_redirect
    page = open_page(desk, f"/matters/short_board/{one}/lines/tasks")
    form = next(f for f in page.forms if any(n and n.endswith("-name") for n in f.fields))
    sent = dict(form.form_values()) | {
        "tasks-0-name": "完成4个村", "tasks-0-department": "住建局", "tasks-0-due": f"{YEAR}-01-31",
    }  # fmt: skip
    assert desk.post(
        form.action or f"/matters/short_board/{one}/lines/tasks", data=sent
    ).is_redirect
    statistics = text(open_page(desk, "/matters/short_board/statistics"))
    assert "完成4个村" in statistics  # it is late
    photo = {"files": ("监测报告.png", PNG, "image/png")}
    applied = {"apply-now_value": "40.2%", "apply-result": "已达到"}
    assert desk.submit(f"{do}/apply", applied, files=photo).is_redirect
    assert chief.submit(f"{do}/confirm", {"confirm-checked": "核实"}).is_redirect
    assert desk.api(f"matters/short_board/{one}")["state"] == "met"


@pytest.mark.story("T2")
def test_towns_are_scored_by_their_registers_and_what_does_not_stand_is_left_out(
    entered, visitor, hired
):
    """S2: 将申报企业数纳入各镇（街道）年度考核: a feed whose register does not stand is 数据缺, never nought."""
    chief = hired("section_chief", "综合科长甲")
    page = page_after(
        chief,
        "/b/town_assessment/new",
        "/new",
        {
            "name": f"{YEAR}年第一季度",
            "area_code": COUNTY,
            "begin": f"{YEAR}-01-01",
            "end": f"{YEAR}-03-31",
        },
    )
    said = text(page)
    assert "北镇" in said
    assert "南镇" in said
    assert "数据缺，不计入排名" in said
    assert "满分" in said
    scores = page.xpath("//a[contains(@href, '/scores/')]/@href")
    one = text(open_page(chief, scores[0]))
    assert "超期未整改问题" in one
    assert "执法员甲" not in one  # no person is rated
    # What stands is marked by itself: no complaint of the quarter, nothing overdue.
    assert "信访投诉新立（M） 15 新立0件 15.00" in one
    assert "问题一本账超期（M） 15 超期0件 15.00" in one
    assert re.search(r"入网申报企业（M） 15 入网申报企业0家 0.00", one), one


@pytest.mark.story("G12")
def test_a_month_is_reconciled_and_signed(entered, visitor, hired):
    """S3: 年度党建工作任务15项: the month's account comes out, is signed, and later changes are shown."""
    last = (TODAY.replace(day=1) - timedelta(days=1)).replace(day=15)
    early = last.replace(day=1) - timedelta(days=10)
    rows = [
        {"年度": YEAR, "任务": f"党建任务{n}", "任务来源": "党建任务", "责任科室": "办公室", "属地": "测试县",
         "完成时限": f"{YEAR + 1}-12-31", "登记日期": early if n < 12 else last,
         "办结日期": f"{last}" if n < 5 else ""}
        for n in range(15)
    ]  # fmt: skip
    entered("work_task", rows, "--history")
    chief = hired("section_chief", "综合科长甲")
    month = f"{last:%Y-%m}"
    page = open_page(chief, f"/work-accounts?month={month}")
    row = next(r for r in page.xpath("//tr") if "办公室" in r.text_content())
    numbers = [c.text_content().strip() for c in row.xpath("./td")][1:6]
    assert numbers == ["12", "3", "5", "0", "10"]
    signing = next(
        f for f in page.forms if "section" in f.fields and f.fields["section"] == "办公室"
    )
    assert chief.post(signing.action, data=dict(signing.form_values())).is_redirect
    assert "综合科长甲" in text(open_page(chief, f"/work-accounts?month={month}"))
    # A task entered afterwards for the same month does not silently change what was signed.
    entered("work_task", [{**rows[13], "任务": "补登任务"}], "--history")
    assert "对账时 3，现为 4" in text(open_page(chief, f"/work-accounts?month={month}"))


@pytest.mark.story("G5")
def test_articles_by_level_come_to_the_total_or_say_what_is_left(entered, visitor):
    """S3: 116篇, of them 4 + 23 + 84 = 111: five are unexplained."""
    day = date(YEAR, 3, 5)
    rows = []
    for level, n in (("国家级媒体", 4), ("省级媒体", 23), ("市级媒体", 84), ("", 5)):
        rows += [{"发表日期": day, "标题": f"{level or '其他'}稿件{i}", "媒体": level or "某平台", "级别": level,
                  "篇数": 1, "属地": "测试县"} for i in range(n)]  # fmt: skip
    entered("article", rows)
    desk = visitor("dispatcher")
    page = open_page(desk, f"/publicity?begin={YEAR}-01-01&end={YEAR}-06-30")
    said = text(page)
    assert "116篇" in said
    assert "116 ≠ 4+23+84 = 111，差5篇" in said
    assert "分项与总数不符" in said
    door = next(a for a in page.xpath("//a[@class='ref']") if a.text_content() == "84篇").get(
        "href"
    )
    assert "共 84 条记录" in text(open_page(desk, door))
    # What was read and passed on, of the pieces whose numbers are known.
    entered("article", [
        {"发表日期": date(YEAR, 8, 5), "标题": f"河长巡河{n}", "媒体": "某报", "级别": "市级媒体", "篇数": 1,
         "阅读数": 1200 + n, "转发量": 30, "属地": "测试县"} for n in range(2)
    ])  # fmt: skip
    page = open_page(desk, f"/publicity?begin={YEAR}-08-01&end={YEAR}-08-31")
    reach = page.get_element_by_id("reach")
    assert "2,401次" in text_of(reach)
    assert "60次" in text_of(reach)
    assert "河长巡河1" in text(open_page(desk, reach.xpath(".//a/@href")[0]))


@pytest.mark.story("G6")
def test_activities_by_kind_come_to_the_total(entered, visitor):
    """S0: 进社区9场次、开放10场次、培训2场次."""
    entered("activity", [
        {"日期": f"{YEAR}-05-0{n}", "活动名称": f"活动{n}", "类别": kind, "场次": times_, "属地": "测试县"}
        for n, (kind, times_) in enumerate((("环保进社区", 9), ("设施向公众开放", 10), ("普法培训", 2)), 1)
    ])  # fmt: skip
    said = text(open_page(visitor("dispatcher"), f"/publicity?begin={YEAR}-01-01&end={YEAR}-12-31"))
    assert "21 = 9+10+2" in said
    assert "分项与总数相符" in said


@pytest.mark.story("T16")
def test_a_rule_proposes_a_letter_is_numbered_and_its_reply_closes_it(entered, visitor, hired):
    """S2: 联席会商、通报预警: three problems overdue in the north; the warning letter goes out and is answered."""
    desk, leader = visitor("dispatcher"), hired("leader", "局领导甲")
    entered("problem", [
        {"原编号": f"T16-{n}", "来源类别": "自查发现", "问题": f"超期问题{n}", "属地": "北镇",
         "整改时限": f"{TODAY - timedelta(days=20)}"} for n in range(4)
    ])  # fmt: skip
    for problem in desk.api("matters/problem", q="超期问题"):
        handed = desk.submit(
            f"/matters/problem/{problem['id']}/do/hand_over",
            {"hand_over-owner_organisation_text": "北镇人民政府", "hand_over-owner_organisation": "北镇人民政府", "hand_over-measures": "限期整改", "hand_over-deadline": f"{TODAY - timedelta(days=20)}"},
        )  # fmt: skip
        assert handed.is_redirect, handed.text[-3000:]
    rules = text(open_page(desk, "/warnings/rules"))
    assert "问题整改超期" in rules
    answer = desk.submit("/warnings/propose", {}, follow_redirects=True)
    assert "北镇问题整改超期" in answer.text, text(open_page(desk, "/warnings/rules"))
    again = desk.submit("/warnings/propose", {}, follow_redirects=True)
    assert "提出 0 件" in again.text  # once a rule, place and period
    [row] = [r for r in desk.api("matters/warning") if r["title"] == "北镇问题整改超期"]
    assert row["area_code"] == NORTH

    begun = desk.submit(f"/documents/begin/warning_letter/{row['id']}", {})
    draft = begun.headers["Location"]
    words = {"word-主送": "北镇人民政府", "word-反馈期限": "2036年12月20日", "word-要求": "逐件整改。",
             "word-情况": "北镇超期问题4件。", "word-联系人": "调度员甲"}  # fmt: skip
    assert desk.submit(f"{draft}/submit", words).is_redirect
    assert hired("section_chief", "科长乙").submit(f"{draft}/approve", {"note": ""}).is_redirect
    assert leader.submit(f"{draft}/approve", {"note": ""}).is_redirect
    issued = leader.submit(f"{draft}/issue", {}).headers["Location"]
    document = text(open_page(desk, issued))
    assert re.search(r"环预警〔\d{4}〕1号", document)
    assert desk.api(f"matters/warning/{row['id']}")["state"] == "sent"
    reply = {"received_on": f"{TODAY}", "text": "四件已整改完成。"}
    assert desk.submit(f"{issued}/reply", reply).is_redirect
    assert desk.api(f"matters/warning/{row['id']}")["state"] == "replied"
    closed = leader.submit(f"/matters/warning/{row['id']}/do/close", {"close-checked": "核实属实"})
    assert closed.is_redirect
    assert desk.api(f"matters/warning/{row['id']}")["state"] == "closed"

    # What lasts is talked over: an interview of the same town, its letter numbered in a series of its own.
    submit(
        desk,
        "/matters/warning/new",
        "/new",
        {"title": "北镇整改推进不力", "measure": "interview", "area_code": NORTH},
    )
    (talk,) = [r for r in desk.api("matters/warning") if r["title"] == "北镇整改推进不力"]
    draft = desk.submit(f"/documents/begin/interview_letter/{talk['id']}", {}).headers["Location"]
    words = {"word-主送": "北镇人民政府", "word-反馈期限": "2036年12月20日", "word-约谈时间": "2036年12月5日 9:00",
             "word-约谈地点": "局会议室", "word-要求": "说明原因。", "word-情况": "北镇超期问题4件。", "word-联系人": "调度员甲"}  # fmt: skip
    assert desk.submit(f"{draft}/submit", words).is_redirect
    assert hired("section_chief", "科长乙").submit(f"{draft}/approve", {"note": ""}).is_redirect
    assert leader.submit(f"{draft}/approve", {"note": ""}).is_redirect
    issued = leader.submit(f"{draft}/issue", {}).headers["Location"]
    assert re.search(r"环约谈〔\d{4}〕1号", text(open_page(desk, issued)))
    # The notice of a month that is over has every town's figures and how often it was warned and talked to.
    form = {
        "kind": "monthly_notice",
        "day": f"{TODAY.replace(day=1) - timedelta(days=1)}",
        "area": COUNTY,
    }
    notice = open_page(desk, desk.submit("/documents/summaries", form).headers["Location"])
    assert "各镇街主要指标" in text(notice)
    assert "提出通报、预警、约谈0件，其中发出预警函0件、约谈0次" in text(notice)


@pytest.mark.story("T16")
def test_the_rules_of_warnings_are_changed_on_their_page(visitor, hired):
    """Rules are changed on their page; what is no number, or too large a one, is refused by row and column."""
    desk = visitor("dispatcher")
    page = open_page(desk, "/warnings/rules/edit")
    form = next(f for f in page.forms if "rule-label" in f.fields)
    sent = [
        (k, "问题整改超期（两件起）" if v == "问题整改超期" else v) for k, v in form.form_values()
    ]
    saved = desk.post("/warnings/rules/edit", data=_lists(sent), follow_redirects=True)
    assert "规则已存" in saved.text
    assert "问题整改超期（两件起）" in text(open_page(desk, "/warnings/rules"))
    # As the page has it now: "shown" says which rules it was made of.
    form = next(
        f for f in open_page(desk, "/warnings/rules/edit").forms if "rule-label" in f.fields
    )
    sent = form.form_values()
    bad = [(k, "很多" if k == "rule-times" and v == "2" else v) for k, v in sent]
    refused = desk.post("/warnings/rules/edit", data=_lists(bad))
    assert refused.status_code == 422
    assert "第 2 行“连续期数”：请填数字" in refused.text
    bad = [(k, "1e999999" if k == "rule-times" and v == "2" else v) for k, v in sent]
    assert (
        "第 2 行“连续期数”：请填数字，不超过一千亿"
        in desk.post("/warnings/rules/edit", data=_lists(bad)).text
    )
    assert visitor("monitor").get("/warnings/rules/edit").status_code == 403


@pytest.mark.story("T2")
def test_the_items_of_the_town_scorecard_are_changed_on_their_page(visitor, hired):
    """Items are changed on their page and hold for the next round; steps out of order are refused."""
    chief = hired("section_chief", "综合科长甲")
    page = open_page(chief, "/warnings/towns")
    form = next(f for f in page.forms if "item-label" in f.fields)
    sent = [(k, "空气优良率" if v == "空气质量优良天数比例" else v) for k, v in form.form_values()]
    assert (
        "考核项目已存"
        in chief.post("/warnings/towns", data=_lists(sent), follow_redirects=True).text
    )
    page = page_after(chief, "/b/town_assessment/new", "/new", {
        "name": f"{YEAR}年第二季度", "area_code": COUNTY, "begin": f"{YEAR}-04-01", "end": f"{YEAR}-06-30",
    })  # fmt: skip
    scores = page.xpath("//a[contains(@href, '/scores/')]/@href")
    assert "空气优良率" in text(open_page(chief, scores[0]))
    form = next(f for f in open_page(chief, "/warnings/towns").forms if "item-label" in f.fields)
    sent = form.form_values()
    bad = [(k, "70:10 0:0" if k == "item-steps" and v.startswith("0:0 70") else v) for k, v in sent]
    assert "起始值要从小到大" in chief.post("/warnings/towns", data=_lists(bad)).text


def _lists(pairs):
    """A form's values with its repeated names, as httpx sends them."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.story("G14")
def test_weekly_and_monthly_notices_are_begun_where_summaries_are(visitor):
    """Eight kinds of summary and notice are begun for yesterday's span; none of a week speaks of a year's target."""
    desk = visitor("dispatcher")
    # The span of yesterday has a whole day in it, on the first of a month too.
    yesterday = TODAY - timedelta(days=1)
    for kind, words in (
        ("summary_week", "工作小结"), ("summary_ten_days", "工作小结"), ("air_week", "环境空气质量周报"),
        ("water_notice", "水环境质量情况"), ("complaint_report", "信访投诉"), ("enforcement_report", "执法情况"),
        ("problem_progress", "问题整改进展"), ("alarm_notice", "预警处置情况"),
    ):  # fmt: skip
        form = {"kind": kind, "day": f"{yesterday}", "area": COUNTY}
        draft = desk.submit("/documents/summaries", form).headers["Location"]
        said = text(open_page(desk, draft))
        assert words in said, kind
        # A week says nothing of a year's target: only a span from 1 January may be laid beside it.
        assert "达到年度目标" not in said, kind


@pytest.mark.story("G14")
def test_the_summary_is_written_from_figures_that_open_their_records(entered, visitor, hired):
    """S3: the half-year's summary: figures as doors, flagged before issue, numbered, a PDF in the official layout."""
    entered("article", [
        {"发表日期": f"{YEAR}-02-03", "标题": f"半年稿件{i}", "媒体": "某报", "级别": "市级媒体", "篇数": 1,
         "属地": "测试县"} for i in range(3)
    ])  # fmt: skip
    desk, leader = visitor("dispatcher"), hired("leader", "局领导甲")
    form = {"kind": "summary_half", "month": f"{YEAR}-03", "area": COUNTY}
    draft = desk.submit("/documents/summaries", form).headers["Location"]
    page = open_page(desk, draft)
    said = text(page)
    assert f"{YEAR}年上半年工作总结" in said
    assert "一、环境质量指标完成情况" in said
    assert "二、重点工作进展情况" in said
    assert "三、存在的主要问题" in said
    # Every figure is a door: one click to its records, a second to a row's own page.
    doors = page.xpath("//article//a[@class='ref']")
    assert len(doors) >= 10
    articles = next(a for a in doors if "市级媒体发表文章" in a.get("title"))
    records = open_page(desk, articles.get("href"))
    assert "半年稿件0" in text(records)
    row = next(a for a in records.xpath("//td/a/@href") if "/b/article/" in a)
    assert open_page(desk, row) is not None
    # What the writer adds is checked against itself before it goes out.
    words = {
        "word-存在问题": "信访件共31件，其中噪声12件、油烟9件、扬尘8件。",
        "word-下一步打算": "持续改善环境质量。",
    }
    assert desk.submit(f"{draft}/save", words).is_redirect
    assert "核对提示：1 处" in text(open_page(desk, draft))
    words["word-存在问题"] = "信访件共29件，其中噪声12件、油烟9件、扬尘8件。"
    assert desk.submit(f"{draft}/submit", words).is_redirect
    assert "核对提示" not in text(open_page(desk, draft))
    assert hired("section_chief", "科长乙").submit(f"{draft}/approve", {"note": ""}).is_redirect
    assert leader.submit(f"{draft}/approve", {"note": ""}).is_redirect
    issued = leader.submit(f"{draft}/issue", {}).headers["Location"]
    page = open_page(desk, issued)
    assert re.search(r"环总〔\d{4}〕1号", text(page))
    # What was issued keeps its page: the same figures, each still a door.
    kept = page.xpath("//article//a[@class='ref']")
    assert [a.text_content() for a in kept] == [a.text_content() for a in doors]
    assert "半年稿件0" in text(
        open_page(desk, next(a for a in kept if "市级媒体发表文章" in a.get("title")).get("href"))
    )
    pages = PdfReader(BytesIO(desk.get(f"{issued}.pdf").content)).pages
    printed = "".join(p.extract_text() for p in pages).replace(" ", "").replace("\n", "")
    assert f"{YEAR}年上半年工作总结" in printed
    assert "信访件共29件" in printed
    assert "{" not in printed
    assert desk.get(f"{issued}.xlsx").status_code == 200
    assert desk.get(f"{issued}.docx").status_code == 200
    # The sealed paper is attached as a scan; the same one again is refused.
    scan = {"scan": ("盖章件.png", PNG, "image/png")}
    assert (
        "盖章扫描件已附上"
        in desk.submit(f"{issued}/scans", {}, files=scan, follow_redirects=True).text
    )
    assert "已经附上" in desk.submit(f"{issued}/scans", {}, files=scan, follow_redirects=True).text
    address = open_page(desk, issued).xpath("//a[contains(@href,'/scans/')]/@href")[0]
    assert desk.get(address).content == PNG


@pytest.mark.story("Q3")
def test_the_mean_so_far_says_what_the_rest_of_the_year_must_be(house, visitor, tmp_path):
    """S3: 目标31, 35.5 so far: gap to the target and what mean is allowed for the days left."""
    profile = house.process.data / "profile"
    profile.mkdir(exist_ok=True)
    said = f'[[target]]\nindicator = "pm2_5_mean"\nyear = {YEAR}\nvalue = 31\n'
    (profile / "targets.toml").write_text(said, encoding="utf-8")
    rows = ["点位,时间,PM2.5,PM10,SO2,NO2,CO,O3"]
    first = TODAY - timedelta(days=8)
    if first.year != YEAR:
        first = TODAY
    for station in ("北镇空气站", "县城空气站", "南镇空气站"):
        rows += [
            f"{station},{first + timedelta(days=d)} {h:02d}:00,{36 - d % 2},50,8,20,0.6,60"
            for d in range(6)
            for h in range(24)
        ]
    path = tmp_path / "小时值.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    code, lines, errors = house.process.command(
        "import", "--data", str(house.process.data), str(path)
    )
    assert code == 0, (lines, errors)
    house.settled()
    page = open_page(visitor("dispatcher"), "/targets")
    row = next(r for r in page.xpath("//tr") if "PM2.5" in r.text_content().replace("₂.₅", "2.5"))
    words = re.sub(r"\s+", "", row.text_content())
    left = (date(YEAR + 1, 1, 1) - TODAY).days
    allowed = int((31 * (6 + left) - 35.5 * 6) / left * 10) / 10
    assert "未达到" in words
    assert f"余下{left}天平均须不高于{allowed:.1f}" in words
    # The figure opens the six days it was made from.
    # What the rest may bring, by the rests of the years before: December 2025 as those of 2022 to 2024 would end it.
    late = ["点位,时间,PM2.5,PM10,SO2,NO2,CO,O3"]
    for year, last, mean in ((2025, 21, 33), (2024, 31, 27), (2023, 31, 30), (2022, 31, 36)):
        late += [
            f"{station},{year}-12-{d:02d} {h:02d}:00,{mean + (6 if d > 21 else 0)},50,8,20,0.6,60"
            for station in ("北镇空气站", "县城空气站")
            for d in range(1, last + 1)
            for h in range(24)
        ]
    path.write_text("\n".join(late), encoding="utf-8")
    code, lines, errors = house.process.command(
        "import", "--data", str(house.process.data), str(path)
    )
    assert code == 0, (lines, errors)
    house.settled()
    goal = '[[target]]\nindicator = "pm2_5_mean"\nyear = 2025\nvalue = 34\n'
    (profile / "targets.toml").write_text(said + goal, encoding="utf-8")
    sums = open_page(visitor("monitor"), f"/targets/assurance?area={COUNTY}&on=2025-12-21")
    (card,) = sums.xpath("//section[@data-indicator='pm2_5_mean']")
    rows_of = {
        r.get("data-year"): [text_of(c) for c in r.xpath("./td")]
        for r in card.xpath(".//tr[@data-year]")
    }
    # 21 days of 33, then ten of 33, 36 and 42 (whole numbers by HJ 663-2013): 33.0, 34.0 and 35.9; by this year's ratio 33/27, 33/30, 33/36
    # the tens are 40.3, 39.6 and 38.5.
    assert list(rows_of) == ["2024", "2023", "2022"]
    assert [r[2] for r in rows_of.values()] == ["33µg/m³", "34µg/m³", "36µg/m³"]
    assert [r[3] for r in rows_of.values()] == ["可达到", "可达到", "达不到"]
    assert [r[4] for r in rows_of.values()] == ["35µg/m³"] * 3  # 35.4, 35.1 and 34.8
    said_there = text_of(card)
    assert "3种情形中2种可达到目标，全年33.0～35.9，平均34.3" in said_there
    assert "3种情形中0种可达到目标，全年34.8～35.4" in said_there
    assert "余下10天平均须不高于36.1" in said_there
    (profile / "targets.toml").write_text(said, encoding="utf-8")
    days = open_page(visitor("dispatcher"), row.xpath(".//a/@href")[0])
    assert f"{first:%Y-%m-%d}" in text(days)


@pytest.mark.story("G14")
def test_ten_kinds_of_figure_open_their_rows_in_two_clicks(entered, visitor, page_of):
    """In a browser: a click on a figure opens its records, a click on a record opens it."""
    entered("activity", [
        {"日期": f"{YEAR}-01-1{n}", "活动名称": f"两击活动{n}", "类别": kind, "场次": 2, "属地": "测试县"}
        for n, kind in enumerate(("环保进社区", "设施向公众开放", "普法培训"))
    ])  # fmt: skip
    entered("article", [
        {"发表日期": f"{YEAR}-01-0{n}", "标题": f"两击稿件{n}", "媒体": "某报", "级别": level, "篇数": 1, "属地": "测试县"}
        for n, level in enumerate(("国家级媒体", "省级媒体", "市级媒体"), 1)
    ])  # fmt: skip
    entered("work_task", [
        {"年度": YEAR, "任务": f"两击任务{n}", "任务来源": "年度工作计划", "责任科室": "办公室", "属地": "测试县",
         "完成时限": f"{YEAR + 1}-12-31", "登记日期": TODAY - timedelta(days=9), "办结日期": f"{TODAY - timedelta(days=2)}" if n else ""}
        for n in range(2)
    ], "--history")  # fmt: skip
    form = {"kind": "summary_year", "day": f"{TODAY}", "area": COUNTY}
    draft = visitor("dispatcher").submit("/documents/summaries", form).headers["Location"]
    page = page_of("dispatcher")
    page.goto(draft)
    figures = page.locator("article a.ref")
    kinds: dict[str, int] = {}
    for number in range(figures.count()):
        figure = figures.nth(number)
        if re.match(r"[1-9]", figure.inner_text()):
            kinds.setdefault(figure.get_attribute("title") or "", number)
    assert len(kinds) >= 10, kinds
    for title, number in list(kinds.items())[:10]:
        page.goto(draft)
        page.locator("article a.ref").nth(number).click()
        records = page.locator("main table tbody a[href]")
        assert records.count() >= 1, (title, page.url)
        before = page.url
        records.first.click()
        page.wait_for_url(lambda url, before=before: url != before)
        assert page.locator("h1").first.inner_text()
