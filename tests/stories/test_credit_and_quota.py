"""Credit of firms, quota of pollutants, cuts, trades: rated, repaired, granted, counted, and how a draw knows of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from tests.path.county import COUNTY, NORTH, SOUTH
from tests.stories.pages import open_page, page_after, submit, text

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
    assert "mark" in said.text
    own = said.text.replace("objection_days = 7", "objection_days = 0")
    submit(dispatcher, "/own-rules/credit_rating", "/own-rules/credit_rating", {"text": own})


def rate(officer, chief, batch, until):
    """Compute, publish by another person, announce."""
    submit(officer, batch, "/do/compute")
    submit(chief, batch, "/do/publish", {"objections_until": until})
    return page_after(officer, batch, "/do/announce")


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

    heads = ["企业名称", "认定日", "记分项目", "扣分", "有效期", "处罚文号", "来源"]
    enter(
        house,
        "credit_event",
        [heads, [OTHER, day(30), "生态保护扣分", -25, 12, "测环记〔2026〕950号", "其他"]],
    )

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
    assert "年度评价" not in text(open_page(firm, "/b/credit_rating"))
    page = page_after(chief, year, "/do/publish", {"objections_until": day(-1)})
    assert re.search(r"绿（诚信）\s*1613", text(page)), text(page)

    # The firm sees its score with every event: 100 − 5 − 3. It objects to the second, and is right.
    own = open_page(firm, f"/b/credit_rating?q={FIRM}")
    (mine,) = {a for a in own.xpath("//tbody//a/@href") if re.fullmatch(r"/b/credit_rating/\d+", a)}
    told = text(open_page(firm, mine))
    assert "92" in told
    assert "污染防治扣分 -5 测环罚〔2026〕71号：计分" in told
    assert "超期未完成整改" in told
    submit(
        firm,
        "/matters/credit_objection/new",
        "/new",
        {"entity_text": FIRM, "rating_text": FIRM, "description": "防渗已于期限前完成"},
    )
    (late,) = re.findall(r"问题超期未完成整改（[\d-]+）", told)
    objection = matter(chief, "credit_objection", FIRM)
    submit(chief, objection, "/do/uphold", {"event_text": late, "answer": "现场核实已完成"})
    told = text(open_page(firm, mine))
    assert "95" in told
    assert "已撤销" in told
    assert "已发布" in text(page_after(officer, year, "/do/announce"))
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
        page = page_after(officer, "/matters/credit_repair/new", "/new", {
            "entity_text": row[0], "event_text": row[5], "corrected": "已改正", "duties_done_on": day(90), "promised_on": day(1),
        })  # fmt: skip
        one = address_of(page)
        submit(officer, one, "/do/accept", files=PROOF)
        submit(chief, one, "/do/grant", {"checked": "属实"})
    shown = statistics(chief, "credit_repair")
    assert re.search(r"已办理信用修复\s*14", shown), shown
    assert re.search(r"其中：轻微\s*6", shown), shown

    # 600,000 yuan and a polluted stream: 100 − 10 − 25 is 黄, whatever the list of objects said; it is drawn twice as often.
    opened = page_after(dispatcher, "/matters/random_check/new", "/new",
                    {"title": "按信用抽查", "area_code": COUNTY, "check_by": "2099-03-31"})  # fmt: skip
    check = address_of(opened)
    submit(dispatcher, check, "/do/freeze")
    number = check.rsplit("/", 1)[1]
    sheet = dispatcher.get(f"/enforcement/draws/{number}.json").json()
    weights = {row["name"]: row["weight"] for row in sheet["objects"]}
    assert weights == {FIRM: 1, OTHER: 2, firms[0]: 1}


# ---- quota, cuts and trades ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def approver(hired):
    return hired("approver", "审批员甲")


def post_all(chief, register, query):
    """Let the chief post every entry of a list."""
    for row in chief.api(f"matters/{register}", limit=100, **query):
        submit(chief, f"/matters/{register}/{row['id']}", "/do/post")


def balances(visitor):
    """What every holder has, as the account's page says: (holder, item) -> words."""
    page = open_page(visitor, "/b/emission_quota/holdings")
    rows = [
        [" ".join(c.text_content().split()) for c in r.xpath("./td|./th")]
        for r in page.xpath("//tbody/tr")
    ]
    return " | ".join(" ".join(row) for row in rows)


@pytest.mark.story("P6")
def test_quota_is_issued_split_granted_and_lapses_to_where_it_came_from(
    house, visitor, chief, approver
):
    """“盘活现有存量，细分总量分配”: what comes from above is split to towns by a table; a project is granted four pollutants,
    another draws on the air pool (A2); what is not used in time goes back by itself."""
    heads = ["事由", "类型", "年度", "属地（镇街）", "指标", "数量", "文号"]
    four = ("化学需氧量", "氨氮", "氮氧化物", "挥发性有机物")
    issued = [
        ["2026年度指标下达", "上级下达", 2026, "测试县", what, 100, "市环总〔2026〕1号"]
        for what in four
    ]
    split = [
        ["2026年度指标分解", "分解到镇街", 2026, town, what, 20, ""]
        for town in ("北镇", "南镇")
        for what in four
    ]
    enter(house, "quota_plan", [heads, *issued, *split])
    post_all(chief, "quota_plan", {"kind": "issued"})
    post_all(chief, "quota_plan", {"kind": "split"})
    said = balances(approver)
    assert re.search(r"县级储备.{0,40}60\.000 t/a", said), said
    shown = statistics(approver, "quota_plan")
    assert re.search(r"已入账\s*12", shown), shown
    assert re.search(r"分解到镇街\s*2", shown), shown

    # A key project asks for four pollutants of its town's share.
    form = {
        "title": "年产五万吨精密铸件项目",
        "entity_text": FIRM,
        "area_code": NORTH,
        "source": "town",
        "priority": "key",
    }
    page = page_after(approver, "/matters/quota_request/new", "/new", {
        **form, "amounts-0-pollutant": "COD", "amounts-0-amount": "1.5", "amounts-1-pollutant": "NH3-N",
        "amounts-1-amount": "0.15",
    })  # fmt: skip
    one = address_of(page)
    submit(approver, one, "/do/submit")
    assert "应在今天之后" in refused(chief, one, "grant", {"use_by": day()})
    submit(chief, one, "/do/grant", {"use_by": day(-365), "approval_no": ""})
    submit(approver, one, "/do/use", {"approval_no": "测环审〔2026〕31号"})
    said = balances(approver)
    assert re.search(rf"{FIRM}.{{0,40}}1\.500 t/a", said), said
    assert re.search(r"镇街指标.{0,40}18\.500 t/a", said), said

    # One that wants more than its town has is refused with the lack.
    page = page_after(approver, "/matters/quota_request/new", "/new", {
        **form, "title": "扩建项目", "priority": "ordinary", "amounts-0-pollutant": "COD", "amounts-0-amount": "30",
    })  # fmt: skip
    other = address_of(page)
    submit(approver, other, "/do/submit")
    assert "差 11.500 t/a" in refused(chief, other, "grant", {"use_by": day(-30)})
    submit(chief, other, "/do/refuse", {"reason": "镇街指标不足"})

    # The air pool takes in a closed boiler's 9.8 t of NOx (A2); a project draws on it, and both accounts say so.
    (house.process.data / "profile" / "quota.toml").write_text(
        "publicity_days = 0\n", encoding="utf-8"
    )
    reduction = {"title": "关停燃煤锅炉", "area_code": NORTH, "way": "closed", "pollutant": "NOx", "permitted": "12.5",
                 "actual": "9.8", "base_year": "2020"}  # fmt: skip
    boiler = address_of(page_after(approver, "/matters/air_reduction/new", "/new", reduction))
    submit(approver, boiler, "/do/account", {"method": "取小"}, files=PROOF)
    submit(chief, boiler, "/do/approve")
    submit(approver, boiler, "/do/stock")
    page = page_after(approver, "/matters/quota_request/new", "/new", {
        "title": "热处理线项目", "entity_text": OTHER, "area_code": NORTH, "source": "air", "priority": "listed",
        "amounts-0-pollutant": "NOx", "amounts-0-amount": "4",
    })  # fmt: skip
    third = address_of(page)
    submit(approver, third, "/do/submit")
    assert "氮氧化物 9.8 t/a" in text(open_page(chief, third))
    submit(chief, third, "/do/grant", {"use_by": day(-1)})
    assert "5.800 t/a" in text(open_page(approver, "/b/air_quota/holdings"))
    assert re.search(rf"{OTHER}.{{0,40}}4\.000 t/a", balances(approver))
    # Its last day goes by: the schedule takes it back, and the air pool has it again.
    house.ask(
        "from datetime import timedelta\n"
        "from django.utils import timezone\n"
        "from ecoledger.matters import schedule\n"
        "schedule.remind_and_escalate(timezone.now() + timedelta(days=3))\n"
        "answer = True"
    )
    assert "已收回" in text(open_page(approver, third))
    assert "9.800 t/a" in text(open_page(approver, f"/b/air_quota/holdings?on={day(-3)}"))
    shown = statistics(approver, "quota_request")
    assert re.search(r"已保障项目\s*1\b", shown), shown
    assert re.search(r"到期收回\s*1\b", shown), shown
    assert re.search(r"分配化学需氧量\s*1\.5", shown), shown
    # A firm sees nothing of others' quota, a town only its own.
    assert "镇街指标" not in text(open_page(visitor("firm"), "/"))


@pytest.mark.story("P7")
def test_reductions_are_computed_by_formula_proved_and_summed_beside_the_target(
    house, visitor, chief, approver
):
    """“化学需氧量、氨氮、氮氧化物、挥发性有机物4项…减排目标”: targets and projects by table; a sewage plant's formula by hand; what
    was a new project's offset does not count twice; without its proofs nothing is accounted."""
    heads = ["年度", "区域", "污染物", "减排目标 t"]
    targets = (("化学需氧量", 1000), ("氨氮", 80), ("氮氧化物", 60))
    enter(
        house, "reduction_target", [heads, *([NOW.year, "测试县", what, t] for what, t in targets)]
    )
    heads = ["核算年度", "项目名称", "项目类型", "属地", "计划完成"]
    rows = [
        [NOW.year, "第一污水处理厂提标", "城镇污水处理厂扩建、提标或增水", "北镇", day(-60)],
        [NOW.year, "南镇锅炉煤改气", "锅炉关停或煤改气", "南镇", day(-60)],
    ]  # fmt: skip
    enter(house, "reduction_project", [heads, *rows])
    plant, boiler = (matter(approver, "reduction_project", words) for words in ("提标", "煤改气"))
    assert "缺少参数：新增处理水量、进水化学需氧量" in refused(
        approver, plant, "account", {"finished_on": day(3)}, PROOF
    )
    # 3,650 thousand t from 250 to 30 mg/L are 803 t of COD, from 35 to 1.5 mg/L 122.275 t of ammonia nitrogen.
    fill(
        approver,
        plant,
        "inputs",
        {
            "新增处理水量": 365,
            "进水化学需氧量": 250,
            "出水化学需氧量": 30,
            "进水氨氮": 35,
            "出水氨氮": "1.5",
        },
    )
    assert "还有 3 份佐证材料没有提供" in refused(
        approver, plant, "account", {"finished_on": day(3)}, PROOF
    )
    prove(approver, plant)
    page = open_page(approver, f"{plant}/lines/uses")
    submit(approver, f"{plant}/lines/uses", f"{plant}/lines/uses", {
        "uses-0-pollutant": "COD", "uses-0-amount": "3", "uses-0-used_by": "年产五万吨精密铸件项目",
    })  # fmt: skip
    submit(approver, plant, "/do/account", {"finished_on": day(3)}, files=PROOF)
    told = text(open_page(chief, plant))
    assert "803 t" in told
    assert "扣除区域削减 3 t，计 800 t" in told
    assert "算式标记 ?" in told
    submit(chief, plant, "/do/recognise")
    # 5,000 t of coal at 2.94 kg/t less 2.5 million m³ of gas at 9.36 kg per 10⁴ m³: 14.7 − 2.34 = 12.36 t of NOx.
    fill(
        approver,
        boiler,
        "inputs",
        {
            "替代燃煤量": 5000,
            "燃煤氮氧化物产排污系数": "2.94",
            "新增天然气用量": 250,
            "天然气氮氧化物产排污系数": "9.36",
        },
    )
    prove(approver, boiler)
    submit(approver, boiler, "/do/account", {"finished_on": day(3)}, files=PROOF)
    submit(chief, boiler, "/do/recognise")
    shown = statistics(approver, "reduction_project")
    assert re.search(r"化学需氧量已减排\s*800", shown), shown
    assert re.search(r"化学需氧量目标完成率\s*80", shown), shown
    assert re.search(r"氮氧化物目标完成率\s*20\.6", shown), shown
    # No target is no nought: the share of VOCs is not told.
    assert "没有登记年度目标" in shown
    del page


def fill(visitor, address, key, values):
    """Fill in the values of a matter's lines, by the name of each."""
    where = f"{address}/lines/{key}"
    page = open_page(visitor, where)
    form = next(f for f in page.forms if any((n or "").startswith(f"{key}-") for n in f.fields))
    said = {}
    for name, value in form.form_values():
        if match := re.fullmatch(rf"{key}-(\d+)-name", name):
            said[f"{key}-{match[1]}-value"] = str(values[value]) if value in values else ""
    submit(visitor, where, form.action or where, said)


def prove(visitor, address):
    """Say of every proof that it is there."""
    where = f"{address}/lines/proofs"
    page = open_page(visitor, where)
    form = next(f for f in page.forms if any((n or "").startswith("proofs-") for n in f.fields))
    yes = {n: "1" for n in form.fields if n and re.fullmatch(r"proofs-\d+-given", n)}
    named = {n for n, v in form.form_values() if n.endswith("-name") and v}
    yes = {n: v for n, v in yes.items() if n.replace("-given", "-name") in named}
    submit(visitor, where, form.action or where, yes)


@pytest.mark.story("P10")
def test_rights_change_hands_at_a_price_and_both_balances_stand_beside_it(
    house, visitor, chief, approver
):
    """“开展排污权、碳排放权交易试点”: contracts by table; between firms, out of the reserve, carbon from elsewhere; nobody sells
    what he has not, and who entered a trade does not review it."""
    heads = ["事由", "类型", "年度", "属地（镇街）", "指标", "数量", "文号"]
    enter(
        house,
        "quota_plan",
        [heads, ["排污权储备", "上级下达", 2026, "测试县", "总磷", 10, "市环总〔2026〕9号"]],
    )
    post_all(chief, "quota_plan", {"q": "排污权储备"})
    heads = [
        "交易名称",
        "交易方式",
        "转让方",
        "受让方",
        "属地",
        "指标",
        "数量",
        "单价",
        "使用年限",
        "合同编号",
    ]
    enter(house, "quota_trade", [heads,
        ["储备出让总磷", "储备出让", "", FIRM, "北镇", "总磷", 4, 9000, 5, "PWQ-1"],
        ["一厂转让总磷", "企业间转让", FIRM, OTHER, "北镇", "总磷", 1.5, 12000, 3, "PWQ-2"],
        ["一厂再转让总磷", "企业间转让", FIRM, OTHER, "北镇", "总磷", 3, 12000, 3, "PWQ-3"],
        ["购入碳配额", "区外购入", "", OTHER, "北镇", "碳排放配额", 2000, 88.5, 1, "CEA-1"],
    ])  # fmt: skip
    for words in ("储备出让总磷", "一厂转让总磷", "购入碳配额"):
        submit(chief, matter(approver, "quota_trade", words), "/do/transfer")
    short = matter(approver, "quota_trade", "一厂再转让总磷")
    assert "差 0.500 t/a" in refused(chief, short, "transfer")
    told = text(open_page(approver, matter(approver, "quota_trade", "一厂转让总磷")))
    assert "2.5" in told  # the seller has left
    shown = statistics(approver, "quota_trade")
    # 4 × 9,000 × 5 + 1.5 × 12,000 × 3 + 2,000 × 88.5 = 180,000 + 54,000 + 177,000 yuan
    assert re.search(r"成交额\s*41\.1", shown), shown
    assert re.search(r"其中：碳排放权\s*1\b", shown), shown
    # The mean price of phosphorus by amount: (36,000 + 18,000) / 5.5.
    assert "9,818.18" in shown
    assert re.search(rf"{OTHER}.{{0,40}}1\.500 t/a", balances(approver))
    # The statement of the buyer: every trade with its contract and the balance after it.
    page = open_page(approver, "/b/emission_quota/holdings")
    statement = next(a for row in page.xpath("//tbody/tr") if "总磷" in row.text_content() and OTHER in row.text_content()
                     for a in row.xpath(".//a/@href") if "/holdings/" in a)  # fmt: skip
    said = text(open_page(approver, statement))
    assert "PWQ-2" in said
    assert "一厂转让总磷" in said
    assert visitor("firm").get("/matters/quota_trade").status_code in (200, 403)
    assert FIRM not in text(open_page(visitor("south"), "/matters/quota_trade"))
