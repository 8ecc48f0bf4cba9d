"""Waste through the year: ledgers, manifests and declarations of hazardous waste, medical waste, small producers,
batteries, industrial waste, closed plants, radiation and the epidemic's weekly checks."""

from __future__ import annotations

import re
from datetime import timedelta

import openpyxl
import pytest
from tests.books.test_checklists import COATING, book
from tests.path.county import COUNTY, NORTH, SOUTH
from tests.path.house import hours_ago
from tests.stories.pages import open_page, page_after, submit, text
from tests.stories.test_a8_coating_campaign import covered
from tests.stories.test_air_sources import address_of, kept, matters, row_of, statistics
from tests.stories.test_air_weather import edition_of, entered, workbook

PROOF = [("证明.pdf", b"%PDF-1.7 proof", "application/pdf")]
YEAR = hours_ago(0).year


def refused(lines):
    return str([line for line in lines if line.get("outcome") == "refused"])


def daily(house, module, register):
    """The night's round of a register, as the schedule runs it."""
    return house.ask(
        "from django.utils import timezone\n"
        f"from ecoledger.registers.waste.{module} import {register} as register\n"
        "answer = register.daily(timezone.now())"
    )


def figure(visitor, label, address="/waste"):
    """What the year's page says under a label: the figure and its parts, and where its records are."""
    page = open_page(visitor, address)
    (box,) = page.xpath(
        f"//div[@class='figure'][span[@class='figure-label' and normalize-space()='{label}']]"
    )
    (door,) = box.xpath(".//a/@href") or [""]
    return " ".join(box.text_content().split()).removeprefix(label).strip(), door


# ---- S-5 -----------------------------------------------------------------------------------------

# Firm, code, what it is called; produced and handed over, t. They come to 2226.35 and 2217.44.
WASTES = (
    ("一号测试厂", "900-249-08", "废机油", "1200", "1195", "20263505000001"),
    ("二号测试厂", "336-064-17", "电镀污泥", "700.35", "697.44", "20263505000002"),
    ("三号测试厂", "900-039-49", "废活性炭", "326", "325", "20263505000003"),
)


def ledger(path, heads, rows):
    """A ledger as HJ 1259 prints it: a header of two rows, the waste's two names under one heading."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([head if isinstance(head, str) else head[0] for head in heads])
    sheet.append(["" if isinstance(head, str) else head[1] for head in heads])
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


NAMES = (
    ("危险废物名称", "行业俗称/单位内部名称"),
    ("", "国家危险废物名录名称"),
    "危险废物类别",
    "危险废物代码",
)
PACKED = ("容器/包装编码", "容器/包装类型", "容器/包装数量")


@pytest.mark.story("S-5")
def test_2217_tonnes_are_followed_from_the_ledger_to_the_receiver(house, visitor, hired, tmp_path):
    """“转移处置危险废物2217.44吨，备案率100%，处置利用率99.6%”: five ledgers with their printed headings, manifests,
    plans and declarations come from files; what does not agree is named; what is in store for more than a year becomes
    a matter and is closed by a second person."""
    officer, dispatcher, chief = (
        visitor("officer"),
        visitor("dispatcher"),
        hired("section_chief", "固管科长甲"),
    )
    submit(
        dispatcher,
        "/b/waste_producer/editions",
        "/editions/new",
        {"name": f"{YEAR}", "area_code": COUNTY},
    )
    listed = [(f"{YEAR}", firm, "重点监管单位") for firm, *_ in WASTES]
    head = ("年度", "单位名称", "监管类别")
    assert (
        kept(entered(house, "waste_producer", workbook(tmp_path / "名录.xlsx", head, listed))) == 3
    )
    edition = edition_of(dispatcher, "waste_producer", f"{YEAR}")
    submit(dispatcher, edition, edition, {"since": f"{YEAR}-01-01"}, button="publish")

    # The firm's own person enters a line: the class is the code's last two digits.
    firm = visitor("firm")
    line = {"batch_no": "HWCS20260105001", "at": f"{YEAR}-01-05 16:30", "common_name": "废机油", "category": "HW09",
            "code": "900-249-08", "quantity": "1200", "unit": "t", "entity_text": "一号测试厂"}  # fmt: skip
    page = submit_refused(firm, "/b/waste_produced/new", line)
    assert "末两位是08，与所选类别HW09不一致" in page
    submit(firm, "/b/waste_produced/new", "/new", {**line, "category": "HW08"})
    assert "HWCS20260105001" in text(open_page(firm, "/b/waste_produced"))

    # The others come as files, by the printed headings.
    heads = ("序号", "产生单位", "产生批次编码", "产生时间", *NAMES, "产生量", "计量单位", *PACKED,
             "产生危险废物设施编码", "产生部门经办人", "去向")  # fmt: skip
    rows = [(n, firm, f"HWCS2026010500{n}", f"{YEAR}-01-05 16:30", name, "", f"HW{code[-2:]}", code, produced, "吨",
             "", "", "", "MF0001", "经办甲", "贮存") for n, (firm, code, name, produced, *_) in enumerate(WASTES, 1)][1:]  # fmt: skip
    assert kept(entered(house, "waste_produced", ledger(tmp_path / "产生.xlsx", heads, rows))) == 2
    heads = ("序号", "产生单位", "入库批次编码", "入库时间", *PACKED, *NAMES, "入库量", "计量单位", "贮存设施编码",
             "贮存设施类型", "运送部门经办人", "贮存部门经办人", "产生批次编码")  # fmt: skip
    rows = [(n, firm, f"HWRK2026010600{n}", f"{YEAR}-01-06 09:00", "", "", "", name, "", f"HW{code[-2:]}", code, produced,
             "吨", "TS001", "贮存库", "甲", "乙", f"HWCS2026010500{n}")
            for n, (firm, code, name, produced, *_) in enumerate(WASTES, 1)]  # fmt: skip
    # What lies there since the spring of the year before.
    rows.append((4, "一号测试厂", "HWRK20250301001", f"{YEAR - 1}-03-01 09:00", "", "", "", "废溶剂", "", "HW06",
                 "900-402-06", "10000", "千克", "TS001", "贮存库", "甲", "乙", ""))  # fmt: skip
    assert kept(entered(house, "waste_stored", ledger(tmp_path / "入库.xlsx", heads, rows))) == 4
    heads = ("序号", "产生单位", "出库批次编码", "出库时间", *PACKED, *NAMES, "出库量", "计量单位", "贮存设施编码",
             "贮存设施类型", "出库部门经办人", "运送部门经办人", "入库批次编码", "去向")  # fmt: skip
    rows = [(n, firm, f"HWCK2026020100{n}", f"{YEAR}-02-01 08:00", "", "", "", name, "", f"HW{code[-2:]}", code, out, "吨",
             "TS001", "贮存库", "乙", "甲", f"HWRK2026010600{n}", "委外处置")
            for n, (firm, code, name, _in, out, _no) in enumerate(WASTES, 1)]  # fmt: skip
    # More than is in store cannot leave it, and no code of another class.
    rows.append((4, "三号测试厂", "HWCK20260202001", f"{YEAR}-02-02 08:00", "", "", "", "废活性炭", "", "HW49", "900-039-49",
                 "2", "吨", "TS001", "贮存库", "乙", "甲", "HWRK20260106003", "委外处置"))  # fmt: skip
    lines = entered(house, "waste_taken_out", ledger(tmp_path / "出库.xlsx", heads, rows))
    assert kept(lines) == 3
    assert "差 1000.00 kg，不能调出" in refused(lines)
    heads = ("序号", "产生单位", "委外利用/处置批次编码", "出厂时间", *PACKED, *NAMES, "委外利用/处置量", "计量单位",
             "利用/处置方式", "接收单位类型", ("许可证持有单位", "单位名称"), ("", "许可证编码"), "产生批次编码/出库批次编码")  # fmt: skip
    rows = [(n, firm, f"HWWW2026020100{n}", f"{YEAR}-02-01 08:30", "", "", "", name, "", f"HW{code[-2:]}", code, out, "吨",
             "D10", "许可证持有单位", "示例环保公司", "闽环危0001", f"HWCK2026020100{n}")
            for n, (firm, code, name, _in, out, _no) in enumerate(WASTES, 1)]  # fmt: skip
    assert kept(entered(house, "waste_consigned", ledger(tmp_path / "委外.xlsx", heads, rows))) == 3

    # Two manifests as the national system exports them; the third by its three parts on the page.
    head = (
        "联单编号",
        "移出单位",
        "废物名称",
        "废物代码",
        "移出量",
        "接受量",
        "接受单位",
        "移出时间",
        "接受时间",
        "处置方式",
    )
    rows = [(no, firm, name, code, out, out, "示例环保公司", f"{YEAR}-02-01 08:30", f"{YEAR}-02-02 10:00", "D10")
            for firm, code, name, _in, out, no in WASTES[:2]]  # fmt: skip
    rows.append(("20263505000009", *rows[0][1:3], "900-249-8", *rows[0][4:]))
    lines = entered(house, "waste_transfer", workbook(tmp_path / "联单.xlsx", head, rows))
    assert kept(lines) == 2
    assert "危险废物代码应为nnn-nnn-nn" in refused(lines)
    third, code, name, _in, out, number = WASTES[2]
    page = page_after(officer, "/matters/waste_manifest/new", "/new", {
        "entity_text": third, "receiver": "示例环保公司", "items-0-name": name, "items-0-code": code,
        "items-0-moved": out, "legs-0-carrier": "示例危货运输公司", "legs-0-plate": "闽C00001",
    })  # fmt: skip
    case = address_of(page)
    wrong = officer.submit(f"{case}/do/hand_over", {"hand_over-manifest_no": WASTES[0][5],
                                                     "hand_over-handed_on": f"{YEAR}-02-01 08:30"})  # fmt: skip
    assert "已登记" in wrong.text
    submit(
        officer, case, "/do/hand_over", {"manifest_no": number, "handed_on": f"{YEAR}-02-01 08:30"}
    )
    submit(officer, case, "/do/depart")
    submit(officer, case, "/do/arrive")
    accepted = {"accept-accepted_on": f"{YEAR}-02-02 10:00", "accept-outcome": "whole"}
    early = dispatcher.submit(f"{case}/do/accept", accepted)
    assert "还有废物没有填写接受量" in early.text
    submit(
        dispatcher,
        f"{case}/lines/items",
        "/lines/items",
        {"items-0-accepted": out, "items-0-method": "D10"},
    )
    # Who handed over for the sender does not accept for the receiver.
    own = officer.submit(f"{case}/do/accept", accepted)
    assert "须由另一人办理" in own.text
    assert "已办结" in text(page_after(dispatcher, case, "/do/accept",
                                {"accepted_on": f"{YEAR}-02-02 10:00", "outcome": "whole"}))  # fmt: skip

    # Plans are filed; the declaration of one firm does not say what its ledger says.
    head = ("单位名称", "年度", "备案日期", "备案编号")
    rows = [(firm, YEAR, f"{YEAR}-03-10", f"GL{n}") for n, (firm, *_) in enumerate(WASTES)]
    assert kept(entered(house, "waste_plan", workbook(tmp_path / "备案.xlsx", head, rows))) == 3
    head = ("单位名称", "年度", "月份", "代码", "产生量", "委外量", "贮存量", "申报日期")
    rows = [(firm, YEAR, "1月", code, "690" if n == 1 else produced, "", "690" if n == 1 else produced, f"{YEAR}-02-10")
            for n, (firm, code, _name, produced, *_) in enumerate(WASTES)]  # fmt: skip
    assert (
        kept(entered(house, "waste_declaration", workbook(tmp_path / "申报.xlsx", head, rows))) == 3
    )
    said = text(open_page(officer, "/b/waste_balance?differs=1&span=month"))
    assert "台账产生 700.350 t，申报 690.000 t" in said

    # The year's figures, with both parts, each with the door to its records.
    shown, door = figure(officer, "危险废物转移处置量")
    assert shown.startswith("2,217.44 t"), shown
    opened = text(open_page(officer, door))
    assert all(number in opened for *_, number in WASTES)
    shown, door = figure(officer, "危险废物处置利用率")
    assert shown == "99.6% 2217.44/2226.35"
    parts = open_page(officer, door)
    assert "2226.35" in text(parts)
    (produced,) = parts.xpath("//td[normalize-space()='产生量']//a/@href")
    assert "900-039-49" in text(open_page(officer, produced))
    assert figure(officer, "管理计划备案率")[0] == "100.0% 3/3"
    classes = open_page(officer, "/waste").get_element_by_id("classes")
    assert "HW08 废矿物油与含矿物油废物" in classes.text_content()

    # What was in store for more than a year: the night finds it, the account lets it go, a second person looks.
    assert daily(house, "overdue_storage", "OVERDUE") >= 1
    (case,) = matters(officer, "/matters/overdue_storage?open=1")
    assert "10.000" in text(open_page(officer, case))
    early = officer.submit(f"{case}/do/report", {"report-result": "已处置"})
    assert "账上还有 10.000 t 超期贮存" in early.text
    submit(officer, "/b/waste_taken_out/new", "/new", {
        "entity_text": "一号测试厂", "batch_no": "HWCK20261101001", "at": f"{YEAR}-11-01 08:00", "code": "900-402-06",
        "quantity": "10", "unit": "t", "destination": "委外处置", "source_batch": "HWRK20250301001"})  # fmt: skip
    submit(
        officer, case, "/do/report", {"result": "联单20263505000009，交有资质单位焚烧"}, files=PROOF
    )
    assert "已处置" in text(page_after(chief, case, "/do/close", {"checked": "库房已清空"}))
    said = statistics(officer, "overdue_storage")
    assert "已处置 10.000 t ÷ 超期贮存 10.000 t" in said
    assert re.search(r"超期贮存处置率（按重量）\s*100", said), said


def submit_refused(person, address, values):
    """Send a form that is refused; what the page says then."""
    page = open_page(person, address)
    form = next(f for f in page.forms if (f.action or address).endswith("/new"))
    data = {name: value for name, value in form.form_values() if value is not None} | values
    answer = person.post(form.action or address, data=data)
    assert answer.status_code in (200, 422), answer.status_code
    return answer.text


# ---- S-8 -----------------------------------------------------------------------------------------


@pytest.mark.story("S-8")
def test_23_institutions_weigh_every_day_and_nothing_lies_for_longer_than_two(
    house, visitor, tmp_path
):
    """“23家医疗机构医疗废物信息化管理完成率100%”、安全处置率100%: weights and manifests come from files, never more goes
    than is there; a day without weight, waste of three days ago and a weight that the disposer does not find again are
    found by the night."""
    officer, town = visitor("officer"), visitor("town")
    head = ("医疗机构名称", "机构类型", "镇街", "信息化管理", "处置单位")
    rows = [(f"测试卫生院{n}号", "卫生院", NORTH, "是", "示例医废处置公司") for n in range(1, 24)]
    assert (
        kept(entered(house, "medical_institution", workbook(tmp_path / "机构.xlsx", head, rows)))
        == 23
    )
    shown, door = figure(officer, "医疗废物信息化管理完成率")
    assert shown == "100.0% 23/23"
    assert "测试卫生院23号" in text(open_page(officer, door))

    # Three days ago everybody weighed; the day before yesterday all was fetched but from the 23rd.
    today = hours_ago(0).date()
    day = [today - timedelta(days=n) for n in range(5)]
    head = ("医疗机构名称", "称重日期", "感染性废物", "损伤性废物", "输液瓶袋")
    rows = [(f"测试卫生院{n}号", f"{day[3]} 17:00", "10", "1.5", "6") for n in range(1, 24)]
    assert kept(entered(house, "medical_day", workbook(tmp_path / "称重.xlsx", head, rows))) == 23
    head = ("医疗机构名称", "转移日期", "联单号", "感染性", "损伤性", "接收重量", "车牌号")
    rows = [(f"测试卫生院{n}号", f"{day[2]} 09:00", f"2026350510{n:04d}", "10", "1.5", "8" if n == 1 else "11.5", "闽C00002")
            for n in range(1, 23)]  # fmt: skip
    # More than was weighed cannot be handed over.
    rows.append(
        ("测试卫生院23号", f"{day[2]} 09:30", "20263505100023", "12", "1.5", "13.5", "闽C00002")
    )
    lines = entered(house, "medical_handover", workbook(tmp_path / "交接.xlsx", head, rows))
    assert kept(lines) == 22
    assert "差 2.00 kg，不能调出" in refused(lines)
    # A town's person enters today's weight by hand, nought as well: it is an entry.
    submit(
        town,
        "/b/medical_day/new",
        "/new",
        {"entity_text": "测试卫生院1号", "at": f"{today} 00:30", "infectious": "3.2"},
    )

    # The night: the 23rd keeps 11.5 kg for too long, the first manifest lacks 3.5 kg, and nobody weighed yesterday.
    assert daily(house, "medical_alarms", "ALARMS") == 2
    cells = row_of(officer, "medical_institution", "测试卫生院23号")
    assert cells["超时 kg"] == "11.50"
    owed = house.ask(
        "from datetime import timedelta\nfrom django.utils import timezone\n"
        "from ecoledger.books import duty\nfrom ecoledger.registers.waste.medical_alarms import DAY_DUE\n"
        "now = timezone.now()\nduty.extend(DAY_DUE)\nduty.extend(DAY_DUE, timezone.localdate(now))\n"
        "answer = duty.remind(DAY_DUE, now + timedelta(days=1))"
    )
    assert owed >= 23
    said = text(open_page(officer, "/matters/medical_alarm?open=1"))
    assert "测试卫生院23号 暂存超过 48 小时" in said
    assert "测试卫生院1号 交接重量不符" in said
    assert "测试卫生院2号 当日无称重" in said
    (case,) = matters(officer, "/matters/medical_alarm?kind=too_long")
    early = officer.submit(f"{case}/do/settle", {"settle-result": "已电话催促"})
    assert "账上还有 11.50 kg 超时暂存" in early.text
    submit(officer, "/b/medical_handover/new", "/new", {
        "entity_text": "测试卫生院23号", "at": f"{today} 00:30", "manifest_no": "20263505100024", "infectious": "10",
        "injuring": "1.5", "received": "11.5"})  # fmt: skip
    assert "已处理" in text(
        page_after(officer, case, "/do/settle", {"result": "车辆故障，已补收运"})
    )

    # All that may not lie there any more is disposed of: 23 × 11.5 kg of 267.7 less the 3.2 of today.
    shown, door = figure(officer, "医疗废物安全处置率")
    assert shown == "100.0% 264.5/264.5".replace("264.5", "264.50"), shown
    (handed_over,) = open_page(officer, door).xpath("//td[normalize-space()='收运处置']//a/@href")
    assert "20263505100024" in text(open_page(officer, handed_over))


# ---- S-7 -----------------------------------------------------------------------------------------


@pytest.mark.story("S-7")
def test_55_of_100_small_firms_are_fetched_from_together(house, visitor, tmp_path):
    """“100余家签订合同，55家纳入小微收集平台”: members from a file; what they declare and order is pooled into a trip
    with one manifest, weighed at the door at a price and again where it goes; towns are told apart, and who has not
    called for a year is owed a visit."""
    officer, town = visitor("officer"), visitor("town")
    today = hours_ago(0).date()
    long_ago = today - timedelta(days=500)
    head = (
        "企业名称",
        "类型",
        "镇街",
        "废物代码",
        "预计年产生量",
        "收集单位",
        "签约日期",
        "入网日期",
    )
    rows = [(f"测试小微{n}厂", "机动车维修", NORTH if n % 2 else SOUTH, "900-249-08，900-052-31", "1.2", "示例收集公司",
             f"{long_ago}", f"{long_ago}" if n == 55 else f"{today - timedelta(days=40)}" if n < 55 else "")
            for n in range(1, 101)]  # fmt: skip
    rows.append(
        ("测试小微101厂", "汽修", NORTH, "900-249-8", "1.2", "示例收集公司", f"{long_ago}", "")
    )
    lines = entered(house, "small_producer", workbook(tmp_path / "小微.xlsx", head, rows))
    assert kept(lines) == 100
    assert "危险废物代码应为nnn-nnn-nn" in refused(lines)
    shown, door = figure(officer, "签约企业入网率")
    assert shown == "55.0% 55/100"
    assert "测试小微55厂" in text(open_page(officer, door))

    # Declared: who is not on the platform cannot.
    head = ("企业名称", "申报日期", "废物名称", "代码", "重量")
    rows = [
        (f"测试小微{n}厂", f"{today - timedelta(days=2)}", "废机油", "900-249-08", "120")
        for n in (1, 2, 60)
    ]
    lines = entered(house, "small_declaration", workbook(tmp_path / "申报.xlsx", head, rows))
    assert kept(lines) == 2
    assert "测试小微60厂 还没有入网" in refused(lines)
    assert figure(officer, "入网申报企业")[0].startswith("2家")

    # Two orders, one trip; the towns' people order for their firms.
    orders = []
    for n, person in ((1, town), (2, visitor("south"))):
        page = page_after(person, "/matters/small_pickup/new", "/new", {
            "entity_text": f"测试小微{n}厂", "waste": "废机油", "code": "900-249-08", "estimated": "120"})  # fmt: skip
        orders.append(
            re.search(
                r"/matters/small_pickup/\d+",
                str(page.xpath("//a/@href") + [f.action or "" for f in page.forms]),
            )[0]
        )
    page = page_after(officer, "/matters/small_batch/new", "/new", {
        "area_code": COUNTY, "planned_on": "2099-01-05", "collector": "示例收集公司", "plate": "闽C00003"})  # fmt: skip
    trip = address_of(page)
    early = officer.submit(
        f"{trip}/do/load", {"load-manifest_no": "20263505200001", "load-receiver": "示例环保公司"}
    )
    assert "这一批还没有收到废物" in early.text
    for order in orders:
        submit(officer, order, "/do/pool", {"batch_text": "2099-01-05 示例收集公司 闽C00003"})
    early = officer.submit(
        f"{trip}/do/load", {"load-manifest_no": "20263505200001", "load-receiver": "示例环保公司"}
    )
    assert "还有预约没有称重收运" in early.text
    for order, weight in zip(orders, ("118.5", "131.5"), strict=True):
        submit(officer, order, "/do/collect", {"weighed": weight, "price": "2.40"})
    submit(officer, trip, "/do/load", {"manifest_no": "20263505200001", "receiver": "示例环保公司"})
    assert "已交付" in text(page_after(officer, trip, "/do/deliver", {"received": "249.5"}))
    assert "-0.50" in text(open_page(officer, trip))
    assert "已完成" in text(open_page(officer, orders[0]))
    submit(town, orders[0], "/do/rate", {"satisfaction": "5"})

    said = statistics(officer, "small_pickup")
    assert re.search(r"收运量\s*250", said), said
    assert re.search(r"收运费用\s*600", said), said
    assert re.search(r"平均单价\s*2\.4", said), said
    assert re.search(r"北镇 50 28 1 1 118\.50 284\.40", said), said

    # Who has not called for a year is owed a visit; a pick-up would settle it.
    house.ask(
        "from ecoledger.books import duty\nfrom ecoledger.registers.waste.small_producers import CALLS\n"
        "answer = duty.extend(CALLS)"
    )
    owed = text(open_page(officer, "/b/small_call?state=due"))
    assert "测试小微55厂" in owed
    assert "测试小微1厂" not in owed
    assert row_of(officer, "small_producer", "测试小微55厂")["状态"] == "长期未收运"


# ---- S-14 ----------------------------------------------------------------------------------------


@pytest.mark.story("S-14")
def test_20000_tonnes_of_new_capacity_are_held_against_what_is_produced(house, visitor, tmp_path):
    """“新增危废处置能力2万吨”: lines of a unit from a file; by code what is produced, what could take it and what is
    left over; a manifest to a receiver whose licence does not hold its waste does not leave."""
    officer = visitor("officer")
    head = ("单位名称", "镇街", "许可证编号", "有效期")
    row = ("示例焚烧公司", NORTH, "F35050001", "2099-12-31")
    assert kept(entered(house, "disposal_unit", workbook(tmp_path / "单位.xlsx", head, [row]))) == 1
    head = ("单位名称", "生产线名称", "核准类别", "核准经营规模", "投产日期", "新增能力")
    rows = [("示例焚烧公司", "焚烧线", "HW08、900-039-49", "20000", f"{YEAR}-06-01", "是"),
            ("示例焚烧公司", "物化线", "HW17", "500", "2015-01-01", "否"),
            ("示例焚烧公司", "错误线", "HW42", "1", "2015-01-01", "否")]  # fmt: skip
    lines = entered(house, "disposal_capacity", workbook(tmp_path / "能力.xlsx", head, rows))
    assert kept(lines) == 2
    assert "不是类别" in refused(lines)
    shown, door = figure(officer, "危废处置能力新增量")
    assert shown == "20,000 t/a"
    assert "焚烧线" in text(open_page(officer, door))

    # A producer of its own, so that the figures do not hang on other stories: 900.35 t against a line of 500.
    head = ("产生单位", "产生批次编码", "产生时间", "类别", "代码", "产生量", "计量单位")
    rows = [
        (
            "二号测试厂",
            "HWCS20260701001",
            f"{YEAR}-07-01 08:00",
            "HW17",
            "336-063-17",
            "900.35",
            "吨",
        )
    ]
    assert (
        kept(entered(house, "waste_produced", workbook(tmp_path / "产生2.xlsx", head, rows))) == 1
    )
    (row,) = open_page(officer, "/waste").xpath("//tr[@data-code='336-063-17']")
    cells = [" ".join(cell.text_content().split()) for cell in row.xpath("./td")]
    assert cells[1:3] == ["900.35", "500"]
    assert float(cells[3]) + float(cells[4]) == pytest.approx(900.35)
    assert float(cells[4]) >= 400.35

    page = page_after(officer, "/matters/waste_manifest/new", "/new", {
        "entity_text": "二号测试厂", "receiver": "示例焚烧公司", "items-0-name": "实验室废物",
        "items-0-code": "900-047-49", "items-0-moved": "0.5"})  # fmt: skip
    case = address_of(page)
    wrong = officer.submit(f"{case}/do/hand_over", {"hand_over-manifest_no": "20263505300001",
                                                     "hand_over-handed_on": f"{YEAR}-08-01 08:30"})  # fmt: skip
    assert "许可范围不含 900-047-49" in wrong.text
    submit(officer, case, "/do/void", {"reason": "另选接受单位"})


# ---- S-9 -----------------------------------------------------------------------------------------


@pytest.mark.story("S-9")
def test_226_shops_give_their_batteries_to_a_collector_and_are_checked(house, visitor, tmp_path):
    """“226家电动车及汽车维修企业”: all on record, what was collected from a file with its doubts, and one check over all
    of them with its coverage and a problem that is found."""
    dispatcher, officer = visitor("dispatcher"), visitor("officer")
    head = ("企业名称", "经营类型", "镇街", "收集单位", "签约时间", "专用容器")
    rows = [(f"测试车行{n}号", "电动车维修" if n % 2 else "汽修", NORTH, "示例收集公司", f"{YEAR}-01-10" if n <= 200 else "",
             "是" if n > 3 else "否") for n in range(1, 227)]  # fmt: skip
    assert kept(entered(house, "battery_site", workbook(tmp_path / "车行.xlsx", head, rows))) == 226
    assert figure(officer, "废铅蓄电池产生点")[0].startswith("226家")
    assert figure(officer, "废铅蓄电池签约率")[0] == "88.5% 200/226"

    head = ("企业名称", "收集日期", "数量", "重量", "其中破损漏液", "收集单位", "凭证号")
    rows = [
        (f"测试车行{n}号", f"{YEAR}-10-1{n} 10:00", 40, 560, 0, "示例收集公司", f"SJ{n}")
        for n in (1, 2)
    ]
    rows += [("测试车行3号", f"{YEAR}-10-13 10:00", 40, 5600, 0, "流动回收者", ""),
             ("测试车行4号", f"{YEAR}-10-13 10:00", 4, 56, 5, "示例收集公司", "SJ4")]  # fmt: skip
    lines = entered(house, "battery_collection", workbook(tmp_path / "收集.xlsx", head, rows))
    assert kept(lines) == 3
    assert "破损数多于总数" in refused(lines)
    said = text(open_page(officer, "/b/battery_collection"))
    assert "平均每只 140.0 kg；不是签约的收集单位" in said
    shown, door = figure(officer, "废铅蓄电池收集量")
    assert shown == "6,720.00 kg"
    assert "测试车行1号" in text(open_page(officer, door))
    assert row_of(officer, "battery_site", "测试车行226号")["状况"] == "未签约"

    # One check over all of them: every site comes onto the board; a site without its container is a problem.
    page = open_page(dispatcher, "/checklists")
    form = next(f for f in page.forms if "name" in f.fields and "file" in f.fields)
    sent = dispatcher.post(
        "/checklists", data={**dict(form.form_values()), "name": "废铅蓄电池检查表"},
        files={"file": ("检查表.xlsx", book(COATING))}, follow_redirects=True)  # fmt: skip
    number = re.search(r'废铅蓄电池检查表 v1', sent.text) and open_page(dispatcher, "/b/battery_check/new").xpath(
        "//option[contains(., '废铅蓄电池检查表')]/@value")  # fmt: skip
    board = page_after(dispatcher, "/b/battery_check/new", "/new", {
        "name": f"{YEAR}年废铅蓄电池检查", "area_code": COUNTY, "begin": f"{YEAR}-01-01", "end": "2099-12-31",
        **({"checklist": number[0]} if number else {"checklist_text": "废铅蓄电池检查表"})})  # fmt: skip
    move = next(f.action for f in board.forms if (f.action or "").endswith("/move"))
    address = move.removesuffix("/move")
    page = open_page(dispatcher, f"{address}/objects")
    assert "226 个" in text(page)
    form = next(f for f in page.forms if "object" in f.fields)
    dispatcher.post(
        f"{address}/objects",
        data=dict(form.form_values()) | {"object": list(form.inputs["object"].value_options)},
    )
    board = page_after(dispatcher, address, move, button="start")
    assert covered(board) == "0/226"
    visits = open_page(officer, address).xpath("//a[contains(@href, '/tasks/')]/@href")
    board = page_after(officer, visits[0], visits[0], {"房间密闭": "problem", "缺口": "侧门"})
    assert covered(board) == "1/226"
    assert "固体废物" in text(open_page(dispatcher, "/matters/problem?category=waste"))


# ---- S-10 ----------------------------------------------------------------------------------------


@pytest.mark.story("S-10")
def test_three_centres_reach_every_town_and_every_firm(house, visitor, tmp_path):
    """“3个一般工业固废收运分拣中心…收运体系覆盖面实现100%”: centres, routes by town, contracts and what firms declare by SW
    codes come from files; a declaration that does not add up says so; coverage of towns and of firms with both parts."""
    officer = visitor("officer")
    head = ("中心名称", "镇街", "运营单位", "设计规模", "是否投运")
    rows = [(f"测试分拣中心{n}号", NORTH, "示例运营公司", 30000, "是") for n in (1, 2, 3)]
    assert kept(entered(house, "sorting_centre", workbook(tmp_path / "中心.xlsx", head, rows))) == 3
    assert figure(officer, "一般工业固废收运分拣中心")[0].startswith("3个")
    head = ("中心名称", "线路名称", "覆盖镇街", "频次", "开通日期")
    rows = [("测试分拣中心1号", "北线", NORTH, "每周", f"{YEAR}-01-01")]
    assert (
        kept(entered(house, "collection_route", workbook(tmp_path / "线路.xlsx", head, rows))) == 1
    )

    head = (
        "企业名称",
        "年度",
        "月份",
        "废物名称",
        "固废代码",
        "产生量",
        "委托利用量",
        "委托处置量",
        "累计贮存量",
        "受托单位",
    )
    rows = [(firm, YEAR, 10, "废钢屑", "900-001-S17", 12.5, 12.5, 0, 0, "测试分拣中心1号")
            for firm in ("一号测试厂", "二号测试厂", "三号测试厂")]  # fmt: skip
    rows += [("一号测试厂", YEAR, 10, "炉渣", "900-001-S03", 30, 20, 0, 4, "测试分拣中心1号"),
             ("一号测试厂", YEAR, 10, "废矿物油", "900-249-08", 1, 1, 0, 0, ""),
             ("二号测试厂", YEAR, "", "废钢屑", "900-001-S17", 150, 150, 0, 0, "")]  # fmt: skip
    lines = entered(house, "industrial_waste", workbook(tmp_path / "固废.xlsx", head, rows))
    assert kept(lines) == 4
    assert "代码应为nnn-nnn-Snn" in refused(lines)
    assert "这个代码已按月申报" in refused(lines)
    assert "应存 10.00 t，填报 4.00 t" in text(
        open_page(officer, "/b/industrial_waste?category=SW03")
    )
    assert figure(officer, "一般工业固废产生量")[0] == "67.50 t"

    # Half the towns, no firm; then all of both.
    assert figure(officer, "一般工业固废收运镇街覆盖率")[0] == "50.0% 1/2"
    assert figure(officer, "一般工业固废收运企业覆盖率")[0] == "0.0% 0/3"
    submit(officer, "/b/collection_route/new", "/new", {
        "centre_text": "测试分拣中心2号", "name": "南线", "area_code": SOUTH, "frequency": "weekly", "since": f"{YEAR}-02-01"})  # fmt: skip
    head = ("企业名称", "中心名称", "签约日期")
    rows = [
        (firm, f"测试分拣中心{n}号", f"{YEAR}-01-01")
        for n, firm in enumerate(("一号测试厂", "二号测试厂", "三号测试厂"), 1)
    ]
    assert (
        kept(entered(house, "collection_contract", workbook(tmp_path / "合同.xlsx", head, rows)))
        == 3
    )
    shown, door = figure(officer, "一般工业固废收运镇街覆盖率")
    assert shown == "100.0% 2/2"
    assert "南线" in text(open_page(officer, door))
    assert figure(officer, "一般工业固废收运企业覆盖率")[0] == "100.0% 3/3"

    head = ("中心名称", "统计日期", "收运量", "可利用", "送焚烧")
    row = ("测试分拣中心1号", f"{YEAR}-10-31", 60, 45, 10)
    assert kept(entered(house, "centre_intake", workbook(tmp_path / "收运.xlsx", head, [row]))) == 1
    assert row_of(officer, "centre_intake", "测试分拣中心1号")["未分拣 t"].startswith("5")


# ---- S-12 ----------------------------------------------------------------------------------------


@pytest.mark.story("S-12")
def test_36_closed_plants_are_cleared_and_seen_by_a_second_person(house, visitor, hired, tmp_path):
    """“关停36家化工企业，共清理物料4.5万吨，固危废6.7万吨，废水12.0万吨”: what was found and what was cleared come from files;
    who proves a clearance does not verify it, only what is verified counts, and no more than was found."""
    officer, dispatcher = visitor("officer"), visitor("dispatcher")
    head = ("企业名称", "镇街", "关停时间")
    rows = [(f"测试化工{n}厂", NORTH, f"{YEAR}-02-01") for n in range(1, 37)]
    assert kept(entered(house, "closed_plant", workbook(tmp_path / "关停.xlsx", head, rows))) == 36
    assert figure(officer, "关停化工企业数")[0].startswith("36家")
    masses = dict.fromkeys(range(1, 36), (1250, 1861, 3333)) | {36: (1250, 1865, 3345)}
    head = ("企业名称", "类别", "物质名称", "数量", "日期")
    rows = [(f"测试化工{n}厂", sort, "混合", tonnes, f"{YEAR}-02-10")
            for n, found in masses.items() for sort, tonnes in zip(("物料", "固危废", "废水"), found, strict=True)]  # fmt: skip
    assert kept(entered(house, "plant_stock", workbook(tmp_path / "清查.xlsx", head, rows))) == 108
    head = ("企业名称", "物料", "固危废", "废水", "日期", "去向")
    rows = [(f"测试化工{n}厂", *found, f"{YEAR}-05-20", "外运处置") for n, found in masses.items()]
    assert kept(entered(house, "clearance", workbook(tmp_path / "清理.xlsx", head, rows))) == 36

    cases = [
        case for page in (1, 2) for case in matters(officer, f"/matters/clearance?page={page}")
    ]
    assert len(set(cases)) == 36
    for case in dict.fromkeys(cases):
        sent = officer.submit(
            f"{case}/do/prove", {"prove-result": "已清运"}, files=[("files", PROOF[0])]
        )
        assert sent.status_code in (200, 302, 303), sent.text[:500]
    own = officer.submit(f"{cases[0]}/do/verify", {"verify-checked": "属实"})
    assert own.status_code == 422
    assert re.search(r"清理物料\s*0", statistics(officer, "clearance"))
    for case in dict.fromkeys(cases):
        sent = dispatcher.submit(f"{case}/do/verify", {"verify-checked": "现场核实"})
        assert sent.status_code in (200, 302, 303), sent.text[:500]
    said = statistics(officer, "clearance")
    assert re.search(r"清理物料\s*4\.5", said), said
    assert re.search(r"清理固危废\s*6\.7", said), said
    assert re.search(r"清理废水\s*12", said), said
    assert "已核实 232000.000 t ÷ 清查 232000.000 t" in said
    assert re.search(r"清理完毕企业\s*100\.0 % 36 / 36", said), said
    assert row_of(officer, "closed_plant", "测试化工7厂")["清理状态"] == "已清理"

    # One more load than was found: refused with the lack when it is verified.
    page = page_after(officer, "/matters/clearance/new", "/new", {
        "entity_text": "测试化工7厂", "wastewater": "20", "cleared_on": f"{YEAR}-06-01"})  # fmt: skip
    case = address_of(page)
    submit(officer, case, "/do/prove", {"result": "又清运一车"}, files=PROOF)
    wrong = dispatcher.submit(f"{case}/do/verify", {"verify-checked": "属实"})
    assert "差 20.000 t" in wrong.text


# ---- S-13 ----------------------------------------------------------------------------------------


@pytest.mark.story("S-13")
def test_36_units_hold_licences_and_assess_themselves_every_year(house, visitor, hired, tmp_path):
    """“36家核技术利用单位…辐射安全许可证…年度自查评估”、检查8家次: units with their licences from a file, one of which ends
    soon and is owed a renewal; sources and devices under them; all assess themselves; eight visits, one problem."""
    officer, approver = visitor("officer"), hired("approver", "审批员甲")
    today = hours_ago(0).date()
    head = ("单位名称", "类别", "镇街", "许可证号", "发证日期", "有效期至")
    rows = [(f"测试辐射{n}院", "医院", NORTH, f"闽环辐证[{n:05d}]", f"{YEAR - 3}-05-31",
             f"{today + timedelta(days=40)}" if n == 1 else "2099-05-30") for n in range(1, 37)]  # fmt: skip
    assert (
        kept(entered(house, "radiation_unit", workbook(tmp_path / "单位.xlsx", head, rows))) == 36
    )
    assert figure(officer, "核技术利用单位数")[0].startswith("36家")
    assert figure(officer, "辐射安全许可持证率")[0] == "100.0% 36/36"
    owed = text(open_page(approver, "/b/radiation_unit_licence"))
    assert "测试辐射1院" in owed
    assert "测试辐射2院" not in owed
    head = (
        "名称",
        "单位名称",
        "镇街",
        "种类",
        "类别",
        "核素名称",
        "国家编码",
        "许可证号",
        "有效期至",
        "出厂活度",
        "场所",
    )
    rows = [("γ刀", "测试辐射1院", NORTH, "放射源", "Ⅰ", "Co-60", "0324CO000011", "闽环辐证[00001]", "2099-05-30", "2.2E14", "放疗楼"),
            ("DR机", "测试辐射1院", NORTH, "射线装置", "Ⅲ", "", "", "闽环辐证[00001]", "2099-05-30", "", "放射科")]  # fmt: skip
    assert kept(entered(house, "radiation_source", workbook(tmp_path / "源.xlsx", head, rows))) == 2
    assert row_of(officer, "radiation_unit", "测试辐射1院")["源和装置数"] == "2"

    head = ("单位名称", "年度", "报送时间", "评估结论", "最大个人剂量")
    rows = [(f"测试辐射{n}院", YEAR, f"{today}", "符合要求", 0.8) for n in range(1, 36)]
    assert (
        kept(entered(house, "radiation_assessment", workbook(tmp_path / "评估.xlsx", head, rows)))
        == 35
    )
    assert figure(officer, "辐射年度自查评估率")[0] == "97.2% 35/36"
    submit(approver, "/b/radiation_assessment/new", "/new", {
        "entity_text": "测试辐射36院", "year": YEAR, "at": f"{today} 00:30", "outcome": "mend"})  # fmt: skip
    assert figure(officer, "辐射年度自查评估率")[0] == "100.0% 36/36"

    head = ("单位名称", "检查日期", "许可证有效期和范围相符", "警示标志和联锁正常", "检查情况")
    rows = [
        (f"测试辐射{n}院", f"{today} 0{n}:00", "是", "否" if n == 3 else "是", "")
        for n in range(1, 9)
    ]
    assert (
        kept(entered(house, "radiation_check", workbook(tmp_path / "检查.xlsx", head, rows))) == 8
    )
    shown, _door = figure(officer, "辐射安全检查家次")
    assert shown == "8家次"
    entry = next(a for a in open_page(officer, "/b/radiation_check?q=测试辐射3院").xpath("//tbody//a/@href")
                 if re.fullmatch(r"/b/radiation_check/\d+", a))  # fmt: skip
    assert "警示标志和联锁正常" in text(page_after(officer, entry, "/beget"))


# ---- S-15 ----------------------------------------------------------------------------------------


@pytest.mark.story("S-15")
def test_every_object_is_checked_once_a_week(house, visitor, tmp_path):
    """“每周1次…两个100%；出动562人次、检查225家次”: 25 objects of a list, nine weeks of checks from a file, each week of
    each owed and done; what is found out of order is handed on; both shares with their parts."""
    officer, dispatcher = visitor("officer"), visitor("dispatcher")
    head = ("医疗机构名称", "机构类型", "镇街")
    rows = [(f"测试定点{n}院", "医院", NORTH) for n in range(1, 26)]
    assert (
        kept(entered(house, "medical_institution", workbook(tmp_path / "机构.xlsx", head, rows)))
        == 25
    )
    submit(
        dispatcher,
        "/b/epidemic_list/editions",
        "/editions/new",
        {"name": "冬季", "area_code": COUNTY},
    )
    head = ("批次", "单位名称", "类型")
    rows = [("冬季", f"测试定点{n}院", "定点医院") for n in range(1, 26)]
    assert kept(entered(house, "epidemic_list", workbook(tmp_path / "名单.xlsx", head, rows))) == 25
    edition = edition_of(dispatcher, "epidemic_list", "冬季")
    submit(dispatcher, edition, edition, {"since": f"{YEAR}-01-01"}, button="publish")

    # Nine whole weeks that are over, of which the schedule made the terms as they went.
    today = hours_ago(0).date()
    monday = today - timedelta(days=today.weekday())
    weeks = [monday - timedelta(weeks=n) for n in range(9, 0, -1)]
    head = (
        "单位名称",
        "检查日期",
        "人次",
        "医废收运",
        "包装、标识和暂存规范",
        "污水处理",
        "总余氯",
    )
    rows = [(f"测试定点{n}院", f"{week + timedelta(days=2)} 10:00", 3 if (n + 25 * w) % 2 == 0 else 2, "是", "是", "是", 4.5)
            for w, week in enumerate(weeks) for n in range(1, 26)]  # fmt: skip
    assert sum(row[2] for row in rows) == 562
    assert (
        kept(entered(house, "epidemic_check", workbook(tmp_path / "检查.xlsx", head, rows))) == 225
    )
    made = house.ask(
        "from datetime import date\nfrom ecoledger.books import duty\n"
        "from ecoledger.registers.waste.epidemic_checks import WEEKLY\n"
        f"days = {[str(week) for week in weeks]!r}\n"
        "answer = sum(duty.extend(WEEKLY, date.fromisoformat(day)) for day in days)"
    )
    assert made == 225
    assert figure(officer, "疫情检查出动人次")[0] == "562人次"
    assert figure(officer, "疫情检查家次")[0] == "225家次"
    assert figure(officer, "医废医水收集处置到位率")[0] == "100.0% 225/225"
    # This week of each is owed as well and not yet done.
    shown, door = figure(officer, "医疗机构及设施监管覆盖率")
    assert shown == "90.0% 225/250"
    assert "测试定点1院" in text(open_page(officer, door))

    submit(officer, "/b/epidemic_check/new", "/new", {
        "entity_text": "测试定点1院", "at": f"{today} 00:30", "people": "2", "waste_removed": "1", "packed": "1",
        "water_treated": "1", "chlorine": "1.2"})  # fmt: skip
    said = text(open_page(officer, "/b/epidemic_check?in_order=0"))
    assert "总余氯 1.2" in said
    assert "应为 3—10" in said
    assert figure(officer, "医疗机构及设施监管覆盖率")[0] == "90.4% 226/250"
