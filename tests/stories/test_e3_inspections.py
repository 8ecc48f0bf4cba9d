"""One visit for several actions, by two certified officers with a phone; self-checks by firms; staff and equipment."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from django.utils import timezone
from pypdf import PdfReader
from tests.books.test_checklists import COATING
from tests.books.test_checklists import book as checklist
from tests.path.county import COUNTY, NORTH, SOUTH
from tests.path.house import until
from tests.stories.pages import open_page, page_after, submit, text

SELF_CHECKED, HANDED = 91, 4
TODAY, DAY = timezone.localdate(), timedelta(days=1)
ACTIONS = ("清水蓝天", "全链条监管", "静夜守护")
SITE = dict.fromkeys(
    ("production", "approvals", "facilities", "monitoring", "waste", "ledger"), "normal"
)


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


def address_of(page, step):
    actions = [(form.action or "").split("#")[0] for form in page.forms]
    return next(a for a in actions if a.endswith(f"/do/{step}")).removesuffix(f"/do/{step}")


@pytest.fixture(scope="module")
def staff(house, visitor, hired):
    """Officers of two districts, one without a certificate in force, with their accounts."""
    second = hired("officer", "执法员乙")
    rows = [["姓名", "执法证号", "有效期至", "辖区", "系统账号"],
            ["执法员甲", "ZF-1", "2099-12-31", NORTH, "officer"],
            ["执法员乙", "ZF-2", "2099-12-31", SOUTH, second.username if hasattr(second, "username") else ""],
            ["执法员丙", "ZF-3", "2020-01-01", NORTH, ""]]  # fmt: skip
    assert enter(house, "law_officer", book(house, "执法人员.xlsx", rows)) == 3
    return visitor("officer")


@pytest.mark.story("G11")
def test_certificates_training_and_equipment_are_kept_with_their_ends(house, visitor, staff):
    """Who may inspect until when; what was trained; what is calibrated until when, and what has run out."""
    dispatcher = visitor("dispatcher")
    expired = text(open_page(dispatcher, "/b/law_officer?expired=1"))
    assert "执法员丙" in expired
    assert "执法员甲" not in expired
    rows = [
        ["执法人员", "日期", "内容", "学时", "考核结果"],
        *([f"ZF-{n}", "2026-03-02", "岗位练兵", "8", "合格"] for n in (1, 2)),
    ]
    assert enter(house, "law_training", book(house, "培训.xlsx", rows)) == 2
    rows = [["名称", "编号", "种类", "检定有效期", "所在辖区"],
            ["执法记录仪1号", "JL-1", "执法记录仪", "", COUNTY], ["无人机", "WRJ-1", "无人机", "2099-01-01", COUNTY],
            ["便携式VOCs检测仪", "YQ-1", "便携检测仪", "2021-06-30", COUNTY]]  # fmt: skip
    assert enter(house, "law_equipment", book(house, "装备.xlsx", rows)) == 3
    expired = text(open_page(dispatcher, "/b/law_equipment?expired=1"))
    assert "YQ-1" in expired
    assert "WRJ-1" not in expired
    assert "岗位练兵" in text(open_page(dispatcher, "/b/law_training"))


@pytest.fixture(scope="module")
def visit(house, visitor, staff):
    """Three actions that go to one firm, merged into one visit and assigned; its address."""
    dispatcher = visitor("dispatcher")
    page = open_page(dispatcher, "/checklists")
    form = next(f for f in page.forms if "name" in f.fields and "file" in f.fields)
    dispatcher.post("/checklists", data={**dict(form.form_values()), "name": "现场检查表"}, files={"file": ("表.xlsx", checklist(COATING))})  # fmt: skip
    plan = {"year": "2026", "item_no": "7", "name": "专项执法", "kind": "special", "filed_on": "2026-01-10", "area_code": COUNTY}  # fmt: skip
    submit(dispatcher, "/b/check_plan/new", "/new", plan)
    for name in ACTIONS:
        board = page_after(dispatcher, "/b/special_action/new", "/new", {
            "name": name, "area_code": NORTH, "begin": "2026-01-01", "end": "2099-12-31", "checklist": "1",
        })  # fmt: skip
        move = next(f.action for f in board.forms if (f.action or "").endswith("/move"))
        submit(dispatcher, move.removesuffix("/move"), move, button="all")
        submit(dispatcher, move.removesuffix("/move"), move, button="start")
    page = open_page(dispatcher, "/enforcement/merging")
    assert "6 项检查要到 2 家企业" in text(page)
    ticked = page.xpath("//input[@name='objects']/@value")
    chosen = {"check_by": "2099-12-31", "plan": "1", "objects": ticked}
    dispatcher.submit("/enforcement/merging", chosen)
    rows = dispatcher.api("matters/inspection", limit=10)
    assert len(rows) == 2
    row = next(r for r in rows if "一号" in open_text(dispatcher, r))
    return f"/matters/inspection/{row['id']}"


def open_text(person, row):
    return text(open_page(person, f"/matters/inspection/{row['id']}"))


@pytest.mark.story("E3")
def test_three_actions_are_one_visit_and_its_findings_go_on(visitor, visit, staff):
    """Assigned only to certified officers; one checklist page serves all actions; a finding becomes a problem,
    a case nobody else sees, an order, and a hand-over with its reply; the boards count the visit."""
    dispatcher, officer = visitor("dispatcher"), staff
    said = text(open_page(dispatcher, visit))
    assert all(name in said for name in ACTIONS)
    number = visit.rsplit("/", 1)[1]
    team = {"assign_team-lead_text": "ZF-1", "assign_team-second_text": "ZF-3"}
    refused = dispatcher.submit(f"{visit}/do/assign_team", team)
    assert "执法证不在有效期内：执法员丙" in refused.text
    submit(dispatcher, visit, "/do/assign_team", {"lead_text": "ZF-1", "second_text": "ZF-2"})
    # Nobody goes in without having shown the certificate.
    refused = officer.submit(f"{visit}/do/enter", {"enter-code": "E-1", "enter-shown": "0"})
    assert "没有出示执法证并告知权利义务" in refused.text
    submit(officer, visit, "/do/enter", {"code": "E-1", "shown": "1"})
    sheet = f"/enforcement/visits/{number}/checklist"
    page = open_page(officer, sheet)
    form = next(
        f
        for f in page.forms
        if any((n or "").startswith("t") and "房间密闭" in (n or "") for n in f.fields)
    )
    answers = {n: ("problem" if i == 0 else "ok") for i, n in enumerate(sorted(n for n in form.fields if n and n.endswith("房间密闭")))}  # fmt: skip
    answers |= {
        n: ("侧门" if n.endswith("缺口") else "0.6")
        for n in form.fields
        if n and n.endswith(("缺口", "风速"))
    }
    submit(officer, sheet, sheet, answers)
    submit(
        officer, visit, "/do/record", {**SITE, "found": "喷漆房侧门未关", "site_contact": "王某"}
    )
    submit(officer, visit, "/do/order", {"act": "喷漆房未密闭"})
    submit(officer, visit, "/do/file_case", {"cause": "涉嫌未采取密闭措施案"})
    submit(officer, visit, "/do/refer", {"department": "应急管理局", "what": "安全出口堵塞"})
    page = page_after(officer, visit, "/do/finish", {"outcome": "filed"})
    said = text(page)
    assert "已办结" in said
    assert "涉嫌未采取密闭措施案" in said
    assert "涉嫌未采取密闭措施案" not in text(open_page(dispatcher, visit))
    assert "喷漆房是否密闭" in text(open_page(dispatcher, "/matters/problem?q=喷漆房"))
    referral = dispatcher.api("matters/referral", limit=5)[0]
    where = f"/matters/referral/{referral['id']}"
    submit(dispatcher, where, "/do/send", {"department_name": "应急管理局", "sent_on": f"{TODAY}"})
    page = page_after(
        dispatcher, where, "/do/reply", {"replied_on": f"{TODAY}", "reply": "已责令清理"}
    )
    assert "已责令清理" in text(page)
    boards = open_page(dispatcher, "/b/special_action")
    assert all(name in text(boards) for name in ACTIONS)
    # Each action's board: one of its two firms is covered; the finding is counted where its checklist asked it.
    found = []
    for name in ACTIONS:
        (door,) = boards.xpath(f"//tbody//a[normalize-space()='{name}']/@href")
        board = text(open_page(dispatcher, door))
        assert "查到 1 /2" in board
        assert "还没查的 1 二号测试厂" in board
        found += re.findall(r"发现问题 (\d) 个", board)
        assert ("喷漆房是否密闭 1 1/1" in board) == (found[-1] == "1")
    assert sorted(found) == ["0", "0", "1"]


@pytest.mark.story("E15")
def test_a_site_record_is_signed_on_the_phone_and_never_changed(page_of, visitor, visit, staff):
    """On a phone: the record is written, read, signed with a finger; its PDF carries the signature's hash."""
    page = page_of("officer", phone=True)
    page.goto(f"/enforcement/inspection/{visit.rsplit('/', 1)[1]}/record/site")
    page.fill("#started_at", f"{TODAY - DAY}T09:00")
    page.fill("#ended_at", f"{TODAY - DAY}T09:40")
    page.fill("#first", "ZF-1")
    page.fill("#second", "ZF-2")
    page.fill("#name", "王某")
    page.fill("#text", "该厂正在生产。\n喷漆房侧门未关，无组织排放。")
    page.check("[name=told]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="保存").click()
    page.get_by_role("button", name="签毕").wait_for()
    canvas = page.locator("canvas[data-signature]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 100)
    page.mouse.up()
    page.get_by_role("button", name="签毕").click()
    page.wait_for_selector("text=已签")
    assert page.locator("canvas").count() == 0
    record = re.search(r"/enforcement/records/\d+", page.url)[0]
    file = staff.get(f"{record}.pdf")
    words = (
        "".join(p.extract_text() for p in PdfReader(io.BytesIO(file.content)).pages)
        .replace(" ", "")
        .replace("\n", "")
    )
    assert "喷漆房侧门未关" in words
    assert "执法员甲" in words
    assert re.search(r"校验值[0-9a-f]{64}", words)
    assert "校验值" in text(open_page(staff, visit))
    # Who has no business with the case does not open it.
    assert visitor("town").get(record).status_code == 404


CLIP = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(400)


@pytest.fixture(scope="module")
def entered(visitor, visit, staff):
    """The visit to the other firm, two departments going along, the officers at the gate; its address."""
    dispatcher = visitor("dispatcher")
    rows = dispatcher.api("matters/inspection", limit=10)
    other = next(
        a
        for r in rows
        if (a := f"/matters/inspection/{r['id']}") != visit and r["state"] == "planned"
    )
    submit(dispatcher, other, "/do/assign_team", {
        "lead_text": "ZF-1", "second_text": "ZF-2", "departments": "应急管理局、住房和城乡建设局",
    })  # fmt: skip
    code = "E-2" if "二号" in text(open_page(dispatcher, other)) else "E-3"
    submit(staff, other, "/do/enter", {"code": code, "shown": "1"})
    return other


@pytest.mark.story("E15")
def test_checklists_and_a_signed_record_wait_on_the_phone_and_arrive_once(
    page_of, visitor, entered, staff
):
    """390 px, the connection cut: three checklists on one page, then a record with a clip, read and signed on the spot;
    both wait on the device through a reload and arrive once, the record final, the clip with hash, time and place."""
    number = entered.rsplit("/", 1)[1]
    sheet, record = (
        f"/enforcement/visits/{number}/checklist",
        f"/enforcement/inspection/{number}/record/site",
    )
    page = page_of("officer", phone=True)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"longitude": 118.61, "latitude": 24.91})
    for address in (record, sheet):
        page.goto(address)
        until(
            lambda a=address: page.evaluate(f"caches.match('{a}').then(Boolean)"),
            "the page at hand",
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.set_offline(True)
    for field in page.locator("input[type=radio][value=ok]").all():
        field.check()
    page.get_by_role("button", name="记录", exact=True).click()
    page.locator("[data-queue] li", has_text="未发送").first.wait_for()

    page.goto(record)  # without a connection: at hand
    for name, value in (("started_at", f"{TODAY - DAY}T09:00"), ("ended_at", f"{TODAY - DAY}T09:40"), ("first", "ZF-1"),
                        ("second", "ZF-2"), ("name", "陈某"), ("text", "该厂正在生产，排放口采样。")):  # fmt: skip
        page.fill(f"#{name}", value)
    page.check("[name=told]")
    page.locator("#files").set_input_files(
        {"name": "现场.mp4", "mimeType": "video/mp4", "buffer": CLIP}
    )
    canvas = page.locator("canvas[data-signature=signature]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 100)
    page.mouse.up()
    page.get_by_role("button", name="保存").click()
    until(lambda: page.locator("[data-queue] li").count() == 2, "both waiting")
    page.reload()
    until(lambda: page.locator("[data-queue] li").count() == 2, "both waiting after a reload")
    assert "已签" not in text(open_page(staff, entered))
    page.context.set_offline(False)
    until(lambda: page.locator("[data-queue] li").count() == 0, "both sent")
    said = text(open_page(staff, entered))
    assert said.count("现场检查（勘察）笔录 陈某 已签") == 1
    assert "现场.mp4" in said
    board = text(open_page(staff, sheet))
    assert "记录" in board
    answered = open_page(staff, sheet).xpath("//input[@type='radio' and @checked and @value='ok']")
    assert len(answered) == 3
    # What was recorded stays: the same visit is not answered twice.
    file = next(
        a for a in open_page(staff, entered).xpath("//a/@href") if re.fullmatch(r"/evidence/\d+", a)
    )
    assert staff.get(file).status_code == 200


@pytest.mark.story("E19")
def test_departments_that_go_along_are_rows_with_what_they_saw(visitor, entered, staff):
    """Named when the team is sent, each department a row: its people, what it saw and did; counted and opened by name."""
    dispatcher = visitor("dispatcher")
    said = text(open_page(dispatcher, entered))
    assert "应急管理局" in said
    lines = f"{entered}/lines/joint"
    submit(dispatcher, lines, lines, {"joint-0-people": "赵某", "joint-0-result": "疏散通道堵塞", "joint-0-handled": "当场责令清理"})  # fmt: skip
    said = text(open_page(dispatcher, entered))
    assert "疏散通道堵塞" in said
    said = text(open_page(dispatcher, "/matters/inspection/statistics"))
    said = said.partition("按联合检查部门")[2]
    assert "应急管理局 1 1" in said
    assert "住房和城乡建设局 1 0" in said
    page = open_page(dispatcher, "/matters/inspection?joint=应急管理局")
    links = {a for a in page.xpath("//td//a/@href") if re.fullmatch(r"/matters/inspection/\d+", a)}
    assert links == {entered}


@pytest.mark.story("E19")
def test_teams_of_a_cross_check_stay_out_of_their_own_district(house, visitor, staff):
    """A random check with 交叉检查: nobody is drawn for his own district; what cannot be staffed is said."""
    dispatcher = visitor("dispatcher")
    rows = [["姓名", "执法证号", "有效期至", "辖区"], *([f"北{n}", f"ZF-1{n}", "2099-12-31", NORTH] for n in range(3)), *([f"南{n}", f"ZF-2{n}", "2099-12-31", SOUTH] for n in range(3))]  # fmt: skip
    enter(house, "law_officer", book(house, "两区人员.xlsx", rows))
    submit(
        dispatcher,
        "/b/check_object/editions",
        "/editions/new",
        {"name": "2026", "area_code": COUNTY},
    )
    rows = [
        ["版本", "单位名称", "级别"],
        ["2026", "一号测试厂", "重点"],
        ["2026", "三号测试厂", "重点"],
    ]
    assert enter(house, "check_object", book(house, "名录.xlsx", rows)) == 2
    (edition,) = open_page(dispatcher, "/b/check_object/editions").xpath("//a[contains(@href, '/editions/') and not(contains(@href, 'new'))]/@href")  # fmt: skip
    submit(dispatcher, edition, edition, {"since": "2026-01-01"}, button="publish")
    opened = page_after(dispatcher, "/matters/random_check/new", "/new", {"title": "交叉检查", "area_code": COUNTY, "check_by": "2099-03-31", "share_key": "1", "other_district": "1"})  # fmt: skip
    check = address_of(opened, "freeze")
    submit(dispatcher, check, "/do/freeze")
    submit(dispatcher, check, "/do/draw")
    sheet = dispatcher.get(f"/enforcement/draws/{check.rsplit('/', 1)[1]}.json").json()
    home = {i["code"]: i["district"] for i in sheet["inspectors"]}
    place = {o["code"]: o["district"] for o in sheet["objects"]}
    drawn = sheet["draws"][0]["result"]
    assert len(drawn) == 2
    assert all(home[i] != place[row["object"]] for row in drawn for i in row["inspectors"])
    assert all(len(row["inspectors"]) == 2 for row in drawn)


@pytest.fixture(scope="module")
def checks(house, visitor):
    """Ninety-one firms get the form of their facility."""
    names = [f"自查测试{n}厂" for n in range(1, SELF_CHECKED)]
    enter(house, "enterprise", book(house, "自查企业.xlsx", [["企业名称", "所在地", "行业"], *([n, NORTH, "涂装"] for n in names)]))  # fmt: skip
    kinds = (
        "蓄热式焚烧炉（RTO）",
        "粉尘治理设施",
        "污水处理设施",
        "活性炭吸附设施",
        "脱硫脱硝设施",
    )
    rows = [["自查名称", "企业名称", "批次", "设施类别", "期限"]]
    rows += [["环保设施安全自查", name, "2026年五类设施", kinds[n % 5], "2099-12-31"] for n, name in enumerate(["一号测试厂", *names])]  # fmt: skip
    assert enter(house, "self_check", book(house, "自查名单.xlsx", rows)) == SELF_CHECKED
    return visitor("firm")


def own_check(firm):
    row = firm.api("matters/self_check", limit=5)[0]
    return f"/matters/self_check/{row['id']}"


@pytest.mark.story("E14")
def test_a_firm_fills_in_the_form_of_its_facility(visitor, checks):
    """The firm sees its own form alone, answers item by item, and a danger with its measure; the bureau follows."""
    firm, officer = checks, visitor("officer")
    assert len(firm.api("matters/self_check", limit=100)) == 1
    address = own_check(firm)
    early = firm.submit(f"{address}/do/answer", {"answer-answer": "已自查"})
    assert "还有 4 项没有填写结果" in early.text
    # The form on a phone: an answer for each item; one that fails says what is done.
    form = f"/enforcement/self-checks/{address.rsplit('/', 1)[1]}/form"
    fields = sorted({n for n in open_page(firm, form).forms[-1].fields if n and "-" in n})
    found = [n for n in fields if n.startswith("found-")]
    measures = [n for n in fields if n.startswith("measure-")]
    values = dict(zip(found, ("ok", "problem", "ok", "absent"), strict=True))
    # An item that fails is not taken without what is done about it; what was ticked stays on the form.
    wrong = firm.submit(form, values)
    assert "不符合，须写明整改措施" in wrong.text
    submit(firm, form, form, {**values, measures[1]: "本周更换阻火器"})
    # The same is asked in one place alone.
    page = open_page(firm, address)
    assert not [f for f in page.forms if (f.action or "").split("#")[0].endswith("/do/fill")]
    late = firm.submit(
        f"{address}/do/answer", {"answer-answer": "已自查", "answer-rectify_by": "2020-01-31"}
    )
    assert "整改期限已经过去" in late.text
    # Mending that takes longer than the rule's days makes it a major danger; the bureau may set it by its reason.
    submit(firm, address, "/do/answer", {"answer": "阻火器失效一只", "measures": "更换", "rectify_by": "2099-01-31"})  # fmt: skip
    assert "重大隐患" in text(open_page(officer, address))
    page = page_after(officer, address, "/do/regrade", {"danger": "normal", "reason": "备件已到，三日可更换"})  # fmt: skip
    assert "一般隐患" in text(page)
    # What failed is not closed as put right before somebody says that it is.
    early = officer.submit(f"{address}/do/accept", {"accept-checked": "同意"})
    assert "不符合，整改期限 2099-01-31，还没有报告整改" in early.text
    submit(officer, address, "/do/order", {"rectify_by": "2099-01-31"})
    photo = [("阻火器.txt", "已更换".encode(), "text/plain")]
    submit(firm, address, "/do/rectified", {"rectified": "阻火器已更换"}, files=photo)
    page = page_after(officer, address, "/do/accept", {"checked": "已更换，属实"})
    assert "办结" in text(page)


@pytest.mark.story("E13")
def test_ninety_one_firms_check_themselves_and_four_go_to_the_emergency_bureau(visitor, checks):
    """91 firms on one list; four with a danger of another department's are handed over; the figures open them."""
    officer, dispatcher = visitor("officer"), visitor("dispatcher")
    rows = [r for r in dispatcher.api("matters/self_check", limit=100) if r["state"] == "sent"]
    for row in rows[:HANDED]:
        address = f"/matters/self_check/{row['id']}"
        officer.submit(f"{address}/do/fill", {"fill-answers": "符合\n符合\n不符合：停用整改\n符合"})
        submit(
            officer,
            address,
            "/do/answer",
            {"answer": "吹扫联锁失效", "measures": "停用"},
        )
        submit(
            officer,
            address,
            "/do/hand_over",
            {"department": "应急管理局", "what": "环保设施重大安全隐患"},
        )
    said = text(open_page(dispatcher, "/matters/self_check/statistics"))
    assert re.search(rf"涉及企业 ?{SELF_CHECKED} ?家", said)
    assert re.search(rf"移交其他部门 ?{HANDED} ?家", said)
    handed = text(open_page(dispatcher, "/matters/self_check?handed=1"))
    assert handed.count("环保设施安全自查") >= HANDED
    assert (
        len(
            [
                r
                for r in dispatcher.api("matters/referral", limit=100)
                if "重大安全隐患" in r["title"]
            ]
        )
        == HANDED
    )


@pytest.mark.story("G10")
def test_a_firm_does_its_business_on_its_phone_without_coming(visitor, page_of, checks):
    """The firm's own form fits a phone; nothing it gave before is asked again, nothing is wider than the screen; the
    province's hall is one touch away once the bureau has set its address, and nowhere before."""
    desk, rules = visitor("dispatcher"), "/own-rules/service_hall"
    hall = "//a[contains(@rel, 'external')]"
    assert not open_page(checks, own_check(checks)).xpath(hall)
    form = next(f for f in open_page(desk, rules).forms if "text" in f.fields)
    head, firm = form.fields["text"].split("[firm]")
    address = "https://hall.example/office?who={name}&no={%s}"
    wrong = desk.submit(
        rules, {"text": f"{head}[firm]{firm}".replace('""', f'"{address % "phone"}"')}
    )
    assert wrong.status_code == 422
    assert "占位符不对：{phone}" in wrong.text
    firm = firm.replace('""', f'"{address % "number"}"')
    submit(desk, rules, rules, {"text": f"{head}[firm]{firm}"})
    (link,) = open_page(checks, own_check(checks)).xpath(hall)
    assert link.text == "省级政务服务大厅"
    assert link.get("href").startswith("https://hall.example/office?who=%E4%B8%80%E5%8F%B7")
    page = page_of("firm", phone=True)
    page.goto("/my-work")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(own_check(checks))
    assert "一号测试厂" in page.locator("body").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
