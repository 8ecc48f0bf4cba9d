"""The main path in real browsers, each person in one of their own, against a real server and real devices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import docx
import openpyxl
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
)
from tests.path.county import (
    AIR_FACTORS,
    AIR_MN,
    COUNTY,
    MN,
    PASSWORD,
    PEOPLE,
    UNREGISTERED,
)
from tests.path.house import PATIENCE, PNG, House, hours_ago, so2, this_hour, until
from tests.stories.pages import open_page, text

from ecoledger.hj212 import Device, Value, encode
from ecoledger.live import times

pytestmark = pytest.mark.browser

DESK, PHONE = (1440, 900), (390, 844)
PHOTO = {"name": "现场照片.png", "mimeType": "image/png", "buffer": PNG}
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def contexts(browser, house, visitor) -> Iterator[Callable[[str], BrowserContext]]:
    """A browser's store of cookies for each person, with the session they have signed in to."""
    known: dict[str, BrowserContext] = {}

    def of(username: str) -> BrowserContext:
        if username not in known:
            known[username] = made = new_context(browser, house)
            session = visitor(username).cookies["sessionid"]
            made.add_cookies([{"name": "sessionid", "value": session, "url": house.http}])
        return known[username]

    yield of
    for one in known.values():
        one.close()


def new_context(browser: Browser, house: House) -> BrowserContext:
    made = browser.new_context(base_url=house.http, locale="zh-CN", timezone_id="Asia/Shanghai")
    made.set_default_timeout(PATIENCE * 1000)
    return made


@pytest.fixture
def open_for(contexts) -> Iterator[Open]:
    """``open_for("officer", "/my-work")``: that page of that person, without an error in its scripts."""
    pages: list[Page] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def make(username: str, address: str = "/") -> Page:
        page = contexts(username).new_page()
        pages.append(page)
        page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield make
    for page in pages:
        page.close()
    assert complaints == []


def step(page: Page, name: str, /, files: list[dict] | None = None, **fields: str) -> None:
    """Fill in the form of a step on an open matter and send it."""
    form = page.locator(f'form[action*="/do/{name}#"]')
    box = page.locator("details").filter(has=form)
    page.wait_for_load_state("networkidle")
    if box.get_attribute("open") is None:
        box.locator("summary").click()
    for field, value in fields.items():
        # A look-up is typed into; what it found is kept beside it, unseen.
        typed = form.locator(f'[name="{name}-{field}_text"]')
        fill(typed if typed.count() else form.locator(f'[name="{name}-{field}"]'), value)
    if files:
        form.locator('[name="files"]').set_input_files(files)
    page.evaluate("document.body.dataset.before = ''")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        form.locator("button:not(.lookup-row)").click()
    # A form for work outside is sent beside the page, which follows where the answer leads.
    if answer.value.header_value("X-Went-To") is not None:
        expect(page.locator("body[data-before]")).to_have_count(0)
    page.wait_for_load_state()


def fill(field: Locator, value: str) -> None:
    if field.evaluate("e => e.tagName") == "SELECT":
        option = field.locator("option").filter(has_text=value).first
        field.select_option(value=option.get_attribute("value"))
    else:
        field.fill(value)


def done(page: Page, label: str) -> None:
    expect(page.get_by_role("status").filter(has_text=f"“{label}”已完成。")).to_be_visible()


def state(page: Page) -> Locator:
    """Where the matter stands, as its page says at the top."""
    return page.locator("h1 [data-state]")


def steps_taken(page: Page) -> list[tuple[str, str]]:
    """The timeline as people read it, first step first: what, and by whom."""
    entries = page.locator(".events > li").all()
    taken = [
        (
            entry.locator("b").first.inner_text(),
            entry.locator(".quiet").first.inner_text(),
        )
        for entry in entries
    ]
    return taken[::-1]


def no_overflow(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], f"{page.url} is {wide} px wide"


def listening(page: Page, address: str) -> None:
    """Open a page that keeps itself up to date, and wait until it is being told."""
    with page.expect_response(lambda answer: answer.url.endswith("/live")):
        page.goto(address)
    page.evaluate("window.stayed = true")


@pytest.mark.story("W7")
def test_an_exceedance_is_seen_at_once_dispatched_worked_checked_closed_and_reopened(
    house, open_for, visitor
):
    """预警交办、溯源治理、跟踪督查、通报反馈: an alarm is dispatched, traced with evidence, supervised, closed
    by a second person and reopened when it rebounds."""
    outlet, others = "闭环锅炉烟囱", "别家锅炉烟囱"
    name = {key: value[0] for key, value in PEOPLE.items()}

    # Somebody looks at the alarms; the exceedance arrives over TCP and is there without reload.
    alarms = open_for("monitor", "/account")
    listening(alarms, "/alarms")
    house.emit(outlet, 130, hours_ago(3))
    row = alarms.locator("#rows tr").filter(has_text=outlet)
    expect(row).to_contain_text("130 mg/m³")
    expect(row).to_contain_text("超过限值（50 mg/m³）")
    expect(row).to_contain_text("1.6倍")
    assert alarms.evaluate("window.stayed") is True
    house.emit(others, 80, hours_ago(3))

    # The dispatcher opens the case from the message and asks the enterprise first.
    dispatcher = open_for("dispatcher", "/notices")
    number = visitor("dispatcher").case(outlet)["number"]
    dispatcher.get_by_role("button", name=number).click()
    expect(dispatcher.locator("h1")).to_contain_text(outlet)
    address = dispatcher.url.removeprefix(house.http).split("#")[0]
    step(dispatcher, "ask_enterprise", question="请说明二氧化硫超标原因")
    done(dispatcher, "先请企业说明")
    expect(state(dispatcher)).to_have_text("待企业说明")
    theirs = visitor("dispatcher").case(others)["id"]
    asked = visitor("dispatcher").act(theirs, "ask_enterprise", question="请说明")
    assert asked.json()["state"] == "asked"

    # The enterprise sees its own case, not the one about its neighbour, and explains.
    firm = open_for("firm", "/matters/alarm_case")
    expect(firm.locator("tbody tr")).to_have_count(1)
    expect(firm.locator("tbody tr")).to_contain_text(number)
    assert firm.request.get(f"/matters/alarm_case/{theirs}").status == 404
    firm.goto("/my-work")
    firm.get_by_role("link", name=re.compile(outlet)).click()
    step(
        firm, "explain",
        explanation_kind="生产或治理设施异常", explanation="脱硫塔循环泵跳停", done="已切换备用泵",
    )  # fmt: skip
    done(firm, "提交说明")

    # The dispatcher reads it and hands the case over to the town it lies in.
    dispatcher.goto(address)
    expect(dispatcher.locator(".events")).to_contain_text("脱硫塔循环泵跳停")
    offered = dispatcher.locator('[name="dispatch-owner_organisation_text"]')
    expect(offered).to_have_value("北镇人民政府")
    step(dispatcher, "dispatch", finding="数据属实", instruction="查明原因，恢复治理")
    done(dispatcher, "交办")

    # The town accepts, traces, and proves it with a photo.
    town = open_for("town", "/my-work")
    town.get_by_role("link", name=re.compile(outlet)).click()
    step(town, "accept")
    done(town, "签收")
    trace = {"cause": "治理设施停运", "source": "1号炉脱硫塔", "measures": "修复循环泵"}
    step(town, "trace_done", **trace)
    expect(town.locator("[data-queue-state]")).to_contain_text("至少 1 份证据")
    # What was written is still there; only the photo has to be added.
    expect(town.locator('[name="trace_done-measures"]')).to_have_value(trace["measures"])
    step(town, "trace_done", files=[PHOTO])
    done(town, "提交溯源治理结果")
    photo = town.get_by_role("link", name=PHOTO["name"]).first
    shown = town.request.get(photo.get_attribute("href"))
    assert (shown.body(), shown.headers["content-type"]) == (PNG, "image/png")

    # The air is clean again; the platform notes it.
    house.emit(outlet, 20, hours_ago(2), hours_ago(1))
    until(
        lambda: [a for a in visitor("monitor").api("alarms", state="ended") if outlet in a["text"]],
        "the alarm to end",
    )

    officer = open_for("officer", address)
    step(officer, "supervise", inspection="现场核实循环泵已运行")
    done(officer, "督查通过")

    # The town applies for closing, and cannot close what it worked on itself.
    town.goto(address)
    step(town, "apply_close", feedback="已降至 20 mg/m³", files=[PHOTO | {"name": "对比.png"}])
    done(town, "申请销号")
    expect(town.locator('form[action*="/do/confirm_close"]')).to_have_count(0)
    token = next(c["value"] for c in town.context.cookies() if c["name"] == "csrftoken")
    refused = town.request.post(
        f"{address}/do/confirm_close",
        form={"csrfmiddlewaretoken": token, "confirm_close-checked": "齐全"},
    )
    assert refused.status == 422
    assert re.search(r"“销号”由[^<]*调度人员[^<]*办理", refused.text())

    dispatcher.goto(address)
    expect(state(dispatcher)).to_have_text("销号核查")
    step(dispatcher, "confirm_close", checked="材料齐全，数值达标")
    done(dispatcher, "销号")
    expect(state(dispatcher)).to_have_text("已销号")
    assert steps_taken(dispatcher) == [
        ("登记", "系统"),
        ("先请企业说明", name["dispatcher"]),
        ("提交说明", name["firm"]),
        ("交办", name["dispatcher"]),
        ("签收", name["town"]),
        ("提交溯源治理结果", name["town"]),
        ("数据恢复正常", "系统"),
        ("督查通过", name["officer"]),
        ("申请销号", name["town"]),
        ("销号", name["dispatcher"]),
    ]

    # It comes back: the same case is open again, and the page that shows it says so by itself.
    listening(dispatcher, address)
    house.emit(outlet, 95, this_hour() + timedelta(hours=1))  # the first hour after the closing
    expect(dispatcher.locator(".events")).to_contain_text("再次预警，反弹重开")
    assert dispatcher.evaluate("window.stayed") is True
    dispatcher.get_by_role("link", name="刷新").click()
    expect(state(dispatcher)).to_have_text("待核实")
    expect(dispatcher.get_by_text("反弹 1 次")).to_be_visible()

    # The figures tell how long each stage took on average, and how many came back.
    figures = open_page(visitor("dispatcher"), "/matters/alarm_case/statistics")
    assert "反弹率 100.0 % 1 / 1" in text(figures)
    durations = {
        cells[0]: cells[1:]
        for row in figures.xpath("//table[.//th[normalize-space()='中位用时']]/tbody/tr")
        for cells in [[" ".join(c.text_content().split()) for c in row.xpath("./td")]]
    }
    for stage, mechanism in (
        ("已交办", "预警交办"), ("溯源治理", "溯源治理"), ("跟踪督查", "跟踪督查"), ("通报反馈", "通报反馈"),
    ):  # fmt: skip
        assert durations[stage][:2] == [mechanism, "1"]
        assert durations[stage][2].endswith("分钟")

    # Nobody has touched the record, and whoever does is found out.
    case = int(address.rsplit("/", 1)[1])
    chains = house.ask(
        f"""
from django.db import connection, transaction
from ecoledger.accounts import audit
from ecoledger.matters import chain
held = [chain.first_broken({case}), chain.first_broken_overall(),
        audit.first_broken()]
with transaction.atomic():
    connection.cursor().execute(
        "UPDATE matters_event SET note = 'x' WHERE matter_id = {case} AND transition = 'explain'")
    found = chain.first_broken({case})
    transaction.set_rollback(True)
answer = [held, found.why]"""
    )
    assert chains == [[None] * 3, "内容与校验值不符"]


def test_a_filed_shutdown_silences_what_falls_into_it(house, open_for, visitor):
    outlet = "停运锅炉烟囱"
    firm = open_for("firm", "/filings")
    firm.get_by_role("link", name="申报", exact=True).click()
    fill(firm.get_by_label("对象"), outlet)
    fill(firm.get_by_label("类别"), "停产停运")
    firm.get_by_label("开始").fill(f"{hours_ago(4):%Y-%m-%dT%H:%M}")
    firm.get_by_label("预计恢复").fill(f"{times.now() + timedelta(hours=2):%Y-%m-%dT%H:%M}")
    firm.get_by_label("原因").fill("锅炉停炉检修")
    firm.get_by_role("button", name="提交申报").click()
    # It begins in the past: until the bureau agrees, it silences nothing.
    expect(firm.locator("[data-state]")).to_have_text("待确认")
    desk = open_for("monitor", "/filings?waiting=1")
    desk.locator("tbody tr").filter(has_text=outlet).get_by_role("link").first.click()
    desk.get_by_role("button", name="确认", exact=True).click()
    desk.wait_for_load_state()
    firm.reload()
    expect(firm.locator("[data-state]")).to_have_text("正在生效")

    house.emit(outlet, 300, hours_ago(2))
    until(
        lambda: [a for a in visitor("monitor").api("alarms") if outlet in a["text"]],
        "the silenced alarm",
    )
    monitor = open_for("monitor", "/alarms")
    expect(monitor.locator("tbody tr").filter(has_text=outlet)).to_have_count(0)
    monitor.get_by_role("navigation", name="视图").get_by_role("link", name="静默").click()
    row = monitor.locator("tbody tr").filter(has_text=outlet)
    row.get_by_role("link").click()
    expect(monitor.locator("main")).to_contain_text("锅炉停炉检修")
    expect(monitor.locator("main")).to_contain_text("已申报停产停运")
    house.settled()
    assert visitor("dispatcher").cases(outlet) == []


def test_a_quarantined_frame_is_seen_and_replayed_when_its_device_is_registered(house, open_for):
    hour = hours_ago(1)
    unknown = Device(UNREGISTERED, st="31").packet("2061", time=hour, values=so2(47.3))
    damaged = Device(MN["停运锅炉烟囱"], st="31").packet("2061", time=hours_ago(5), values=so2(48))
    frame = encode(damaged).rstrip()
    wrong = frame[:-4] + (b"0000" if frame[-4:] != b"0000" else b"0001")
    assert house.send(unknown) == ["9014"]  # kept, so there is no need to send it again
    house.write(wrong + b"\r\n")

    page = open_for("monitor", "/quarantine")
    by_mn = page.locator("tbody tr[data-href]").filter(has_text=UNREGISTERED)
    by_crc = page.locator("tbody tr[data-href]").filter(has_text="校验码不符")
    until(lambda: by_mn.count() and by_crc.count(), "both frames", wait=page.reload)
    expect(by_mn).to_contain_text("MN 未登记")
    by_crc.get_by_role("link").click()
    expect(page.locator("pre").first).to_have_text(wrong.decode())

    # Replaying does not help while the cause is there.
    page.goto("/quarantine")
    by_mn.get_by_role("checkbox").check()
    page.get_by_role("button", name="重放所选").click()
    expect(page.locator(".alert-danger")).to_contain_text("仍不能入库")

    # The device is registered from its row; what it reports and against which limit is said there.
    page.goto("/quarantine")
    by_mn.get_by_role("link", name="登记此 MN").click()
    expect(page.get_by_label("类别")).to_have_value("flue_gas")  # as its frame says
    page.get_by_role("button", name="下一步").click()
    fill(page.get_by_label("所在对象"), "闭环锅炉烟囱")
    page.get_by_label("名称").fill("补登点")
    page.get_by_label("访问密码").fill("123456")
    page.get_by_role("checkbox", name="a21026").check()
    sulphur = page.locator("details").filter(has_text="a21026")
    if sulphur.get_attribute("open") is None:
        sulphur.locator("summary").click(position={"x": 2, "y": 2})
    sulphur.get_by_label("限值", exact=True).fill("50")
    fill(sulphur.get_by_label("判定依据"), "小时均值")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_label("设备唯一标识 MN")).to_have_value(UNREGISTERED)
    page.get_by_role("button", name="重放该设备的隔离报文").click()
    expect(page.locator(".alert-success")).to_contain_text("已重放 1 条报文，入库 1 个值")
    page.goto("/stations?q=" + UNREGISTERED)
    page.locator("tbody").get_by_role("link", name="补登点").first.click()
    expect(page.locator("main")).to_contain_text("47.3")
    number = re.search(r"/stations/(\d+)", page.url)[1]
    (kept,) = [
        row
        for row in page.request.get(f"/api/v1/points/{number}/latest").json()
        if row["series"] == "hour"
    ]
    assert (kept["parameter"], kept["value"]) == ("a21026", 47.3)
    assert kept["start"] == hour.isoformat()
    page.goto("/quarantine?status=replayed")
    expect(by_mn).to_have_count(1)


def breathe(house) -> None:
    """Three days of air at every station, the last two of them polluted by PM2.5."""
    today = times.now().replace(hour=0, minute=0, second=0, microsecond=0)
    packets = []
    for n, mn in enumerate(AIR_MN.values()):
        device = Device(mn, st="22")
        for hour in range(72):
            change = (hour * 7 + n) % 5
            means = dict.fromkeys(AIR_FACTORS, 20 + change)
            means["a21005"] = 0.5
            means["a34004"] = (30, 96, 121)[hour // 24] + change
            values = [
                Value(code, "Avg", Decimal(str(mean)), flag="N") for code, mean in means.items()
            ]
            time = today - timedelta(hours=72 - hour)
            packets.append(device.packet("2061", time=time, values=values))
    assert house.send(*packets) == ["9014"] * len(packets)


def figure(page: Page, address: str) -> tuple[Locator, int]:
    """The figure that opens this address, and the number it prints."""
    link = page.locator(f'a.ref[href*="{address}"]').first
    return link, int(re.match(r"\d+", link.inner_text())[0])


def test_every_figure_of_the_bulletin_opens_its_records_and_the_files_say_the_same(
    house, open_for, visitor
):
    breathe(house)
    house.emit("日报锅炉烟囱", 70, hours_ago(1))
    day = times.now().date()
    visitor("dispatcher").case("日报锅炉烟囱")
    house.settled()

    # Today's is not over, but can be read: alarms and cases of the day.
    page = open_for("dispatcher", f"/bulletins/daily/{day}?area={COUNTY}")
    expect(page.get_by_text("该期间尚未结束")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("印发"))).to_have_count(0)
    for address, row in (
        ("/records/alarms", "tr[data-alarm]"),
        ("indicator=alarm_case.opened", "tr[data-case]"),
    ):
        link, number = figure(page, address)
        assert number > 0
        link.click()
        expect(page.locator(row)).to_have_count(number)
        page.go_back()

    # Yesterday's is complete.
    yesterday = day - timedelta(days=1)
    page.goto("/bulletins")
    page.get_by_label("日报日期").fill(str(yesterday))
    page.get_by_role("button", name="查看日报").click()
    link, index = figure(page, "/records/air-stations")
    assert index > 100
    link.click()
    expect(page.locator("tr[data-point]")).to_have_count(3)
    expect(page.locator("tr.sum [data-aqi]")).to_have_text(str(index))
    page.go_back()
    link, polluted = figure(page, "level=polluted")
    assert polluted > 0
    link.click()
    expect(page.locator("tr[data-day]")).to_have_count(polluted)
    page.go_back()
    sentence = page.locator("p.document-text").filter(has_text="污染天数").first.inner_text()
    assert f"污染天数{polluted}天" in sentence

    # Drafted by one, issued by another; then both files come from the list.
    page.get_by_role("button", name=re.compile("拟稿")).click()
    page.get_by_role("button", name="送审").click()
    other = open_for("monitor", re.search(r"/documents/drafts/\d+", page.url)[0])
    other.get_by_role("button", name="编号印发").click()
    expect(other.locator("body")).to_contain_text("已印发")
    page.goto("/bulletins")
    row = page.locator("tbody tr").filter(has_text=f"{yesterday.month}月{yesterday.day}日").first
    expect(row).to_contain_text(PEOPLE["monitor"][0])
    files = {}
    for kind in ("Word", "Excel"):
        with page.expect_download() as download:
            row.get_by_role("link", name=kind).click()
        files[kind] = BytesIO(download.value.path().read_bytes())

    document = docx.Document(files["Word"])
    assert sentence in [paragraph.text for paragraph in document.paragraphs]
    cells = {cell.text for table in document.tables for line in table.rows for cell in line.cells}
    assert set(AIR_MN) <= cells
    book = openpyxl.load_workbook(files["Excel"])
    assert sentence in [line[0].value for line in book["正文"].rows]
    header, *sources = book["数字来源"].iter_rows(values_only=True)
    label, display = header.index("指标"), header.index("数值")
    found = {(line[label], str(line[display])) for line in sources}
    assert {("污染天数", f"{polluted}天"), ("AQI", str(index))} <= found


@pytest.fixture
def sign_in_on_a_phone(browser, house) -> Iterator[Callable[[str], Page]]:
    with new_context(browser, house) as context:

        def sign_in(username: str) -> Page:
            page = context.new_page()
            page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            page.goto("/my-work")
            no_overflow(page)
            page.get_by_label("用户名").fill(username)
            page.get_by_label("密码").fill(PASSWORD)
            page.get_by_role("button", name="登录").click()
            page.wait_for_url("**/my-work")
            return page

        yield sign_in


def test_the_town_does_its_part_on_a_phone(house, sign_in_on_a_phone, visitor):
    outlet = "手机锅炉烟囱"
    house.emit(outlet, 90, hours_ago(1))
    desk = visitor("dispatcher")
    case = desk.case(outlet)["id"]
    said = {"owner_organisation": "北镇人民政府", "finding": "属实", "instruction": "速办"}
    desk.act(case, "dispatch", **said).raise_for_status()

    phone = sign_in_on_a_phone("town")
    no_overflow(phone)
    phone.get_by_role("link", name=re.compile(outlet)).click()
    no_overflow(phone)
    step(phone, "accept")
    done(phone, "签收")
    no_overflow(phone)
    step(
        phone, "trace_done", files=[PHOTO],
        cause="治理设施停运", source="2号炉", measures="更换喷淋泵",
    )  # fmt: skip
    done(phone, "提交溯源治理结果")
    no_overflow(phone)
    visitor("officer").act(case, "supervise", inspection="已整改").raise_for_status()
    phone.goto("/my-work")
    phone.get_by_role("link", name=re.compile(outlet)).click()
    step(phone, "apply_close", feedback="已恢复正常", files=[PHOTO])
    done(phone, "申请销号")
    expect(state(phone)).to_have_text("销号核查")
    no_overflow(phone)
    # The menu works with a thumb, too.
    phone.get_by_role("button", name="菜单", exact=True).click()
    phone.get_by_role("link", name="预警", exact=True).click()
    phone.wait_for_url("**/alarms")
    no_overflow(phone)


def test_the_english_pages_do_the_same_work(house, open_for, visitor):
    outlet = "英文锅炉烟囱"
    house.emit(outlet, 90, hours_ago(1))
    case = visitor("dispatcher").case(outlet)["id"]
    page = open_for("dispatcher", f"/matters/alarm_case/{case}")
    page.locator("details.who summary").click()
    page.get_by_role("button", name="English").click()
    expect(state(page)).to_have_text("To verify")
    form = page.locator('form[action*="/do/dispatch#"]')
    page.locator("details.way").filter(has=form).locator("summary").first.click()
    form.locator('[name="dispatch-finding"]').fill("true")
    form.locator('[name="dispatch-instruction"]').fill("find the cause")
    form.get_by_role("button", name="Hand over").click()
    expect(page.get_by_role("status").filter(has_text="is done.")).to_be_visible()
    expect(state(page)).to_have_text("Handed over")
    page.locator("details.who summary").click()
    page.get_by_role("button", name="中文").click()
    expect(state(page)).to_have_text("已交办")
    # What is on record is in Chinese whatever the page was read in.
    assert steps_taken(page)[-1] == ("交办", PEOPLE["dispatcher"][0])
