"""Credit of firms, quota of pollutants, cuts, trades: rated, repaired, granted, counted, and how a draw knows of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from tests.path.county import COUNTY, NORTH, SOUTH
from tests.stories.pages import open_page, submit, text

RATED = 1_683
FIRM, OTHER = "一号测试厂", "二号测试厂"
PROOF = [("材料.pdf", b"%PDF-1.7 proof", "application/pdf")]
NOW = datetime.now(ZoneInfo("Asia/Shanghai"))


def day(back=0):
    return f"{NOW - timedelta(days=back):%Y-%m-%d}"


def enter(house, kind, rows, *, refused=0):
    """Enter a table by the command; its lines."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = house.process.data.parent / f"{kind}-{len(rows)}-{rows[1][0]}.xlsx"
    book.save(file)
    data = ("--data", str(house.process.data))
    code, lines, errors = house.process.command("enter", kind, str(file), *data)
    wrong = [line for line in lines if line.get("outcome") == "refused"]
    assert len(wrong) == refused, (wrong[:3], errors)
    assert code == 0, errors
    assert (
        sum(line.get("outcome") in ("kept", "warned") for line in lines) == len(rows) - 1 - refused
    )
    return lines


def address_of(page):
    action = next(form.action for form in page.forms if "/do/" in (form.action or ""))
    return re.match(r"/matters/\w+/\d+", action).group()


def matter(visitor, register, words):
    """Address of the one matter that is called so."""
    row = visitor.api(f"matters/{register}", q=words)[0]
    return f"/matters/{register}/{row['id']}"


def statistics(visitor, register):
    return text(open_page(visitor, f"/matters/{register}/statistics"))


def refused(visitor, address, step, form=None, files=None):
    """What the house says to a step that it refuses."""
    named = {f"{step}-{name}": value for name, value in (form or {}).items()}
    token = {"csrfmiddlewaretoken": visitor.cookies["csrftoken"]}
    sent = [("files", file) for file in files or []]
    answer = visitor.post(f"{address}/do/{step}", data={**token, **named}, files=sent or None)
    assert answer.status_code == 422, answer.status_code
    return answer.text


@pytest.fixture(scope="module")
def chief(hired):
    return hired("section_chief", "法规科长甲")


@pytest.fixture(scope="module")
def firms(house):
    """1,681 firms beside the two that have people of their own."""
    names = [f"信评{n}厂" for n in range(1, RATED - 1)]
    enter(house, "enterprise", [["企业名称", "所在地", "行业"],
                                *([name, (NORTH, SOUTH)[n % 2], "纺织"] for n, name in enumerate(names))])  # fmt: skip
    return names


def without_waiting(dispatcher):
    """The bureau asks for no days of objection: by its own page of rules."""
    page = open_page(dispatcher, "/own-rules/credit_rating")
    (said,) = page.xpath("//textarea[@name='text']")
    assert "标记" in text(page) or "mark" in said.text
    own = said.text.replace("objection_days = 7", "objection_days = 0")
    submit(dispatcher, "/own-rules/credit_rating", "/own-rules/credit_rating", {"text": own})


def rate(officer, chief, batch, until):
    """Compute, publish by another person, announce."""
    submit(officer, batch, "/do/compute")
    submit(chief, batch, "/do/publish", {"objections_until": until})
    return submit(officer, batch, "/do/announce")


@pytest.mark.story("P13")
def test_four_batches_rate_69_firms_and_one_1683_whose_records_are_repaired(
    house, visitor, hired, chief, firms
):
    """“4批共69家（诚信1、良好68）”; “对1683家…评价…信用修复14件”: events by file and from penalties, an objection upheld,
    repairs by the three classes of the order, and a draw that goes by what holds."""
    officer, dispatcher, firm = visitor("officer"), visitor("dispatcher"), visitor("firm")

    # Points are the events'; what the rules leave open must be said.
    heads = ["企业名称", "认定日", "记分项目", "扣分", "有效期", "处罚文号", "类别", "来源"]
    noted = [[name, day(40), "环境管理扣分", -10, 12, f"测环记〔2026〕{n}号", "", "其他"]
             for n, name in enumerate(firms[1:69], 1)]  # fmt: skip
    unsaid = [firms[80], day(40), "环境管理扣分", None, 12, "测环记〔2026〕900号", "", "其他"]
    lines = enter(house, "credit_event", [heads, *noted, unsaid], refused=1)
    assert "没有写明分值" in str(lines)

    # Four batches of 69 firms.
    heads = ["批次名称", "年度", "评价基准日", "属地"]
    enter(house, "credit_batch",
          [heads, *([f"第{n}批", 2026, day(1), "测试县"] for n in "一二三四")])  # fmt: skip
    sizes = {
        "第一批": firms[:20],
        "第二批": firms[20:40],
        "第三批": firms[40:60],
        "第四批": firms[60:69],
    }
    rows = [[batch, name, "强制参评"] for batch, names in sizes.items() for name in names]
    enter(house, "credit_rating", [["批次", "企业名称", "参评类型"], *rows])
    first = matter(officer, "credit_batch", "第一批")
    assert "还有 20 家没有等级" in refused(chief, first, "publish", {"objections_until": day()})
    submit(officer, first, "/do/compute")
    assert "异议期不少于 7 个工作日" in refused(
        chief, first, "publish", {"objections_until": day(-2)}
    )
    submit(chief, first, "/do/publish", {"objections_until": day(-20)})
    assert "期满后方可发布" in refused(officer, first, "announce")
    submit(chief, first, "/do/take_back", {"reason": "本局不设异议等待期"})
    without_waiting(dispatcher)
    for name in sizes:
        assert "已发布" in text(rate(officer, chief, matter(officer, "credit_batch", name), day()))
    shown = statistics(officer, "credit_batch")
    assert re.search(r"已发布批次\s*4", shown), shown
    assert re.search(r"绿（诚信）\s*1\b", shown), shown
    assert re.search(r"蓝（良好）\s*68", shown), shown
    assert re.search(r"参评企业（去重）\s*69", shown), shown
    listed = text(open_page(officer, "/b/credit_rating?colour=green&holds=1"))
    assert firms[0] in listed

    # A penalty that entered the book of credit, and a problem that is late, count by themselves.
    heads = ["违法行为", "当事人名称", "企业名称", "所在镇街", "立案时间", "处罚决定书文号", "处罚决定日期", "处罚类别",
             "罚款金额（元）", "决定书送达日期", "公开时间"]  # fmt: skip
    enter(house, "penalty_case", [heads, *(
        ["超标排放水污染物案", name, name, "北镇", day(260), f"测环罚〔2026〕{n}号", day(201), "罚款", fine, day(200), day(199)]
        for n, name, fine in ((71, FIRM, 50_000), (72, OTHER, 600_000))
    )])  # fmt: skip
    for words in (FIRM, OTHER):
        case = matter(officer, "penalty_case", words)
        submit(officer, case, "/do/note_credit", {"public_until": day(-300)})
    heads = ["来源类别", "问题", "属地", "企业", "整改时限", "类别"]
    enter(house, "problem", [["来源类别", "问题", "属地", "涉及企业或对象", "整改时限"],
                             ["自查发现", "危废间未防渗", "北镇", FIRM, day(5)]])  # fmt: skip

    # The year's rating of all of them; nothing is the firm's to see before it is published.
    enter(
        house,
        "credit_batch",
        [["批次名称", "年度", "评价基准日", "属地"], ["年度评价", 2026, day(), "测试县"]],
    )
    enter(house, "credit_rating", [["批次", "企业名称", "参评类型"],
                                   *(["年度评价", name, "强制参评"] for name in (FIRM, OTHER, *firms))])  # fmt: skip
    year = matter(officer, "credit_batch", "年度评价")
    submit(officer, year, "/do/compute")
    assert "信用等级" not in text(open_page(firm, "/b/credit_rating")) or FIRM not in text(
        open_page(firm, "/b/credit_rating")
    )
    page = submit(chief, year, "/do/publish", {"objections_until": day(-1)})
    assert re.search(r"绿（诚信）\s*1613", text(page)), text(page)

    # The firm sees its score with every event: 100 − 5 − 3. It objects to the second, and is right.
    own = open_page(firm, f"/b/credit_rating?q={FIRM}")
    (mine,) = {a for a in own.xpath("//tbody//a/@href") if re.fullmatch(r"/b/credit_rating/\d+", a)}
    told = text(open_page(firm, mine))
    assert "92" in told
    assert "污染防治扣分 -5 测环罚〔2026〕71号：计分" in told
    assert "逾期未完成整改" in told
    submit(
        firm,
        "/matters/credit_objection/new",
        "/new",
        {"entity_text": FIRM, "rating_text": FIRM, "description": "防渗已于期限前完成"},
    )
    (late,) = re.findall(r"问题〔\d+〕\d+号 逾期未完成整改", told)
    objection = matter(chief, "credit_objection", FIRM)
    submit(chief, objection, "/do/uphold", {"event_text": late, "answer": "现场核实已完成"})
    told = text(open_page(firm, mine))
    assert "95" in told
    assert "已撤销" in told
    assert "已发布" in text(submit(officer, year, "/do/announce"))
    assert re.search(rf"参评企业\s*{RATED + 69}\b", statistics(officer, "credit_batch"))

    # A draw goes by what holds, not by what the list of objects said a year ago.
    enter(house, "law_officer", [["姓名", "执法证号", "有效期至", "辖区", "系统账号"],
                                 *([f"执法{n}", f"ZF-{n}", "2099-12-31", NORTH, ""] for n in (11, 12))])  # fmt: skip
    submit(dispatcher, "/b/check_object/editions", "/editions/new",
           {"name": "2026", "area_code": COUNTY, "basis": "测环办〔2026〕3号"})  # fmt: skip
    enter(house, "check_object", [["版本", "单位名称", "级别", "信用", "风险"],
                                  *(["2026", name, "重点", "良好", "一般"] for name in (FIRM, OTHER, firms[0]))])  # fmt: skip
    page = open_page(dispatcher, "/b/check_object/editions")
    (edition,) = page.xpath("//a[contains(@href, '/editions/') and not(contains(@href, 'new'))]/@href")  # fmt: skip
    submit(dispatcher, edition, edition, {"since": "2026-01-01"}, button="publish")

    # Repairs: too early for a grave record, granted for a general one after its three months.
    submit(officer, "/matters/credit_repair/new", "/new", {
        "entity_text": OTHER, "event_text": "测环罚〔2026〕72号", "corrected": "已改正", "duties_done_on": day(150), "promised_on": day(3),
    })  # fmt: skip
    grave = matter(officer, "credit_repair", OTHER)
    assert "“严重”类最短公示期至" in refused(officer, grave, "accept", files=PROOF)
    submit(
        firm,
        "/matters/credit_repair/new",
        "/new",
        {"entity_text": FIRM, "event_text": "测环罚〔2026〕71号", "corrected": "已改正并验收"},
    )
    repair = matter(officer, "credit_repair", FIRM)
    assert "申请缺少：义务履行（缴款）日期、信用承诺日期" in refused(
        officer, repair, "accept", files=PROOF
    )
    submit(
        firm,
        repair,
        "/do/complete",
        {"duties_done_on": day(150), "promised_on": day(2)},
        files=PROOF,
    )
    submit(officer, repair, "/do/accept", files=PROOF)
    submit(chief, repair, "/do/grant", {"checked": "已改正、缴款并承诺"})
    now = text(open_page(firm, f"/b/credit_rating?q={FIRM}&holds=1"))
    assert "环保诚信企业" in now
    assert day() in text(open_page(officer, f"/b/credit_entry?q={FIRM}"))

    # Thirteen more of the second quarter: fourteen in all.
    heads = ["企业名称", "认定日", "记分项目", "扣分", "有效期", "处罚文号", "类别", "来源"]
    records = [[firms[100 + n], day(120), "污染防治扣分", -5, 12, f"测环罚〔2026〕{200 + n}号", ("一般", "轻微")[n % 2], "其他"]
               for n in range(13)]  # fmt: skip
    enter(house, "credit_event", [heads, *records])
    for row in records:
        page = submit(officer, "/matters/credit_repair/new", "/new", {
            "entity_text": row[0], "event_text": row[5], "corrected": "已改正", "duties_done_on": day(90), "promised_on": day(1),
        })  # fmt: skip
        one = address_of(page)
        submit(officer, one, "/do/accept", files=PROOF)
        submit(chief, one, "/do/grant", {"checked": "属实"})
    shown = statistics(chief, "credit_repair")
    assert re.search(r"已办理信用修复\s*14", shown), shown
    assert re.search(r"其中：轻微\s*6", shown), shown

    # 600,000 yuan: −10 of 100 is 蓝; the repaired firm is 绿. With the bureau's weights warned firms are drawn more often.
    opened = submit(dispatcher, "/matters/random_check/new", "/new",
                    {"title": "按信用抽查", "area_code": COUNTY, "check_by": "2099-03-31"})  # fmt: skip
    check = address_of(opened)
    submit(dispatcher, check, "/do/freeze")
    number = check.rsplit("/", 1)[1]
    sheet = dispatcher.get(f"/enforcement/draws/{number}.json").json()
    assert {row["name"]: row["weight"] for row in sheet["objects"]}[firms[0]] == 1
