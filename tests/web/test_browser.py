"""The pages in a real browser, at a desk's and a phone's width: nothing spills, nothing fails, all is English."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from datetime import date

import pytest
import uvicorn
from django.apps import apps
from django.core.asgi import get_asgi_application
from django.db import connections, models
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from tests.browser import opened
from tests.conftest import COUNTY

from ecoledger.entities.models import Enterprise
from ecoledger.listings.lookups import MOST
from ecoledger.live import events
from ecoledger.matters import actions
from ecoledger.monitoring.models import Alarm
from ecoledger.registers.alarms.alarm_case import open_from_alarm
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.reports import locked
from ecoledger.reports.content import Bulletin, Section, Table
from ecoledger.reports.models import Draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}
CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright's loop runs in this thread, and Django takes any running loop for an async caller.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with opened() as started:
        yield started
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def server(transactional_db, county) -> Iterator[str]:
    """The real application over HTTP, in this process, which owns the observation store."""
    config = uvicorn.Config(
        get_asgi_application(),
        port=0,
        lifespan="off",
        log_level="error",
        timeout_graceful_shutdown=1,
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.02)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    events.close_all()
    running.should_exit = True
    thread.join(10)
    connections.close_all()


@pytest.fixture
def context(browser, server, signed_in) -> Iterator[BrowserContext]:
    opened = browser.new_context(base_url=server, locale="zh-CN", timezone_id="Asia/Shanghai")
    cookie = signed_in("monitor").cookies["sessionid"].value
    opened.add_cookies([{"name": "sessionid", "value": cookie, "url": server}])
    yield opened
    opened.close()


@pytest.fixture
def page(context) -> Page:
    """A page that fails its test when the browser complains of anything."""
    opened = context.new_page()
    opened.complaints = []
    opened.on(
        "console",
        lambda m: opened.complaints.append(m.text) if worth_a_look(m) else None,
    )
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    return opened


def worth_a_look(message: ConsoleMessage) -> bool:
    """Errors and warnings, but for what the software renderer says of its own speed."""
    return message.type in ("error", "warning") and "GL Driver Message" not in message.text


def settle(page: Page) -> None:
    """Until charts and maps have drawn; asked for step by step, because the policy forbids eval."""
    for _ in range(200):
        waiting = page.locator("[data-chart]:not([data-drawn]), [data-map]:not([data-drawn])")
        if all(waiting.nth(n).locator(".chart-problem").count() for n in range(waiting.count())):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{page.url}: a chart or map was never drawn")


def addresses(county) -> list[str]:
    bureau = county.bureau
    query = "&".join(f"{k}={v}" for k, v in county.reported.items())
    return [
        "/",
        "/cockpit",
        "/lines/monitoring",
        "/lines/rectification",
        "/archive",
        "/targets",
        "/system",
        "/help",
        "/search?q=zz",
        "/my-work",
        "/map",
        "/stations",
        f"/stations/{bureau.air[0].pk}",
        f"/stations/{bureau.air[0].pk}?tab=calendar",
        f"/stations/{bureau.air[0].pk}?tab=quality",
        f"/stations/{bureau.air[0].pk}?tab=raw",
        f"/stations/{bureau.air[0].pk}/value?{query}",
        f"/stations/{bureau.flue_gas.pk}?scale=raw",
        "/alarms",
        f"/alarms/{county.alarms[0].pk}",
        "/filings",
        "/filings/new",
        "/enterprises",
        f"/enterprises/{bureau.enterprise.pk}",
        "/catalogue",
        "/import",
        "/quarantine",
        f"/frames/{county.quarantined}",
        "/registry/points/new?mn=A00000000000000000000001",
        "/registry/points/new?kind=water",
        f"/registry/points/{bureau.flue_gas.pk}",
        f"/registry/points/{bureau.production.pk}",
        f"/registry/enterprises/{bureau.enterprise.pk}",
        f"/registry/enterprises/{bureau.enterprise.pk}/outlets/new",
        "/registry/stations/new",
        "/rules",
        f"/rules/{county.alarms[0].rule_id}",
        "/notices",
        "/account",
    ]


def data_words() -> list[str]:
    """Every text that people or devices wrote: it stays as it is in any language."""
    words: set[str] = {"中文"}
    for model in apps.get_models():
        if model.__module__.startswith("ecoledger."):
            for field in model._meta.concrete_fields:
                if isinstance(field, models.CharField | models.TextField) and not field.choices:
                    words |= set(model._default_manager.values_list(field.attname, flat=True))
    return sorted((word for word in words if word and CHINESE.search(word)), key=len, reverse=True)


def wide_draft(county) -> Draft:
    """A notice with a table wider than a phone."""
    names = tuple(f"第{n}项指标" for n in range(12))
    table = Table("各项指标", names, (names,))
    day = date(2025, 1, 1)
    notice = Bulletin(
        "air_notice", "通报", "1", "", COUNTY, day, day, (Section("一", (table,)),), (), ()
    )
    return Draft.objects.create(
        kind=notice.kind, area_code=COUNTY, begin=day, title=notice.title, content=locked.kept(notice),
        author=county.person("monitor"),
    )  # fmt: skip


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_spills_over_or_complains(page, county, width):
    size = WIDTHS[width]
    page.set_viewport_size({"width": size[0], "height": size[1]})
    trouble = []
    for address in [*addresses(county), f"/documents/drafts/{wide_draft(county).pk}"]:
        assert page.goto(address).ok, address
        settle(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > size[0]:
            trouble.append((address, f"{wide} px wide"))
        trouble += [(address, complaint) for complaint in page.complaints]
        page.complaints.clear()
    assert trouble == []


def test_the_english_pages_hold_no_chinese_but_data(page, county, server, context):
    context.add_cookies([{"name": "django_language", "value": "en", "url": server}])
    # What is computed is said in English too: what is left of a clock, who does it, steps, levels and units.
    case = open_from_alarm(county.alarms[1])
    matter = f"/matters/alarm_case/{case.pk}"
    work = [matter, "/matters/alarm_case", "/matters/alarm_case/statistics", "/matters/problem/new"]
    words = data_words()
    left = []
    for address in [*addresses(county), *work]:
        assert page.goto(address).ok, address
        settle(page)
        texts = page.evaluate(
            """() => {
                const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
                const found = [];
                while (walker.nextNode())
                    if (walker.currentNode.parentElement.tagName !== 'PRE'
                        && !walker.currentNode.parentElement.closest('.face')) found.push(walker.currentNode.data);
                for (const e of document.querySelectorAll('[title],[aria-label],[placeholder]'))
                    found.push(e.title, e.getAttribute('aria-label') || '', e.placeholder || '');
                return found;
            }"""
        )
        for text in texts:
            rest = text
            for word in words:
                rest = rest.replace(word, "")
            if CHINESE.search(rest):
                left.append((address, text.strip()))
    assert left == [], "\n".join(map(str, left))


def test_an_alarm_appears_on_the_open_cockpit_without_reload(page, county):
    page.goto("/")
    page.locator("[data-live=on]").first.wait_for()
    page.evaluate("window.stayed = true")
    # The connection is made after the page has loaded.
    for _ in range(100):
        if events.subscribers():
            break
        page.wait_for_timeout(50)
    first = county.alarms[0]
    raised = Alarm.objects.create(
        rule=first.rule,
        point=first.point,
        parameter="a21002",
        area_code=first.area_code,
        owner_code=first.owner_code,
        level="red",
        begin=first.begin,
        last=first.last,
        text="锅炉烟囱氮氧化物超过限值，刚刚发生",
    )
    events.publish("alarm", {"id": raised.pk, "area_code": raised.area_code, "owner_code": ""})
    page.get_by_text("刚刚发生").wait_for(timeout=120_000)
    assert page.evaluate("window.stayed") is True


def test_the_map_shows_and_hides_its_layers_and_opens_a_station(page, county):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/map")
    settle(page)
    station = page.locator(".pin.air").first
    station.wait_for()
    assert page.locator(".pin.air").count() == len(county.bureau.air)
    page.get_by_label("空气站", exact=True).uncheck()
    assert not station.is_visible()
    page.get_by_label("空气站", exact=True).check()
    page.get_by_role("button", name=re.compile("1号空气站")).click()
    page.get_by_role("link", name="打开监测点").click()
    assert page.locator("h1").inner_text().startswith("1号空气站")


def test_the_phone_has_the_menu_behind_a_button(page, county):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    entry = page.locator("#menu").get_by_role("link", name="指标与目标", exact=True)
    assert not entry.is_visible()
    page.get_by_role("button", name="菜单", exact=True).click()
    page.locator("body.rail-open").wait_for()
    page.get_by_role("link", name="监测预警").click()
    page.wait_for_url("**/lines/monitoring")
    assert not entry.is_visible()
    page.get_by_role("button", name="菜单", exact=True).click()
    page.locator("body.rail-open").wait_for()
    entry.click()
    page.wait_for_url("**/targets")


def test_the_dark_theme_is_remembered(page, county):
    page.goto("/alarms")
    page.locator(".top-tools > [data-theme-switch]").click()
    page.goto("/filings")
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_the_bar_of_batch_actions_keeps_off_the_rows_until_some_are_ticked(
    page, county, server, signed_in
):
    """Ticked, it stays at hand and says how many; the last row can always be scrolled clear of it."""
    for number in range(30):
        values = {"title": f"油烟扰民{number}", "area_code": "990101001", "origin_kind": "self"}
        actions.open_matter(PROBLEMS, values, by=county.person("officer"))
    leader = signed_in("leader").cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": leader, "url": server}])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/matters/problem")
    bar = page.locator(".batch-bar")
    assert bar.bounding_box()["y"] > 844
    page.locator("tbody input[name=ids]").first.check()
    box = bar.bounding_box()
    assert box["y"] + box["height"] <= 844
    assert "已选 1 件" in bar.inner_text()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    last = page.locator("tbody tr").last.bounding_box()
    assert last["y"] + last["height"] <= bar.bounding_box()["y"]


def test_a_name_stands_whole_at_the_head_of_the_phone(page, county):
    case = open_from_alarm(county.alarms[1])
    case.title = "石桥渡口断面氨氮持续超标，石桥镇与城关街道对责任有争议"
    case.save()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/matters/alarm_case/{case.pk}")
    head = page.locator(".top h1")
    assert case.title in head.inner_text()
    assert head.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    # What made room for it stands in the menu under the name.
    page.locator("details.who > summary").click()
    page.locator(".menu [data-theme-switch]").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert page.locator(".menu").get_by_role("link", name="本页的帮助").is_visible()


@pytest.mark.parametrize("width", ["desk", "phone"])
def test_a_box_to_tick_stands_at_its_words(page, county, width):
    """Inside its card and before its label, not in a margin outside."""
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    for address in ("/stations/compare", "/matters/problem"):
        page.goto(address)
        # Both at one moment: what is still arriving moves them together.
        both = (
            "all => all.map(e => [e, e.querySelector('input')].map(p => p.getBoundingClientRect()))"
        )
        for label, tick in page.eval_on_selector_all("main .form-check", both):
            if not label["width"]:
                continue  # folded away at this width
            assert label["x"] <= tick["x"] <= label["x"] + 4, address
            middle = tick["y"] + tick["height"] / 2
            assert label["y"] <= middle <= label["y"] + label["height"], address
            assert label["height"] < 48, address  # beside its words, not above them
    page.goto("/stations/compare")
    assert page.locator("main .form-check").count() >= 4


def test_paper_shows_the_whole_list_and_a_matter_without_its_forms(page, county):
    """What, under which conditions, by whom and when; nothing cut off, no ground that is not printed, no form."""
    county.alarms[1].level = "yellow"
    county.alarms[1].save()
    case = open_from_alarm(county.alarms[1])
    page.emulate_media(media="print")
    page.goto("/matters/alarm_case?level=yellow")
    assert page.locator("h1").is_visible()
    assert page.locator(".pick.on", has_text="黄色").is_visible()
    assert "打印于" in page.locator(".print-head").inner_text()
    assert county.person("monitor").name in page.locator(".print-head").inner_text()
    for gone in (".rail", ".find", ".views .end", ".seek", ".pick.unfold", ".batch-bar", ".tick"):
        assert not page.locator(gone).first.is_visible(), gone
    assert page.locator("td", has_text=case.title).first.is_visible()
    clipped = "all => all.filter(e => getComputedStyle(e).overflowX !== 'visible').length"
    assert page.eval_on_selector_all(".table-wrap", clipped) == 0
    chips = page.eval_on_selector_all(
        ".table .chip",
        """all => all.map(chip => {
            const style = getComputedStyle(chip);
            return [style.backgroundColor, style.color, style.outlineStyle].join(' ');
        })""",
    )
    assert set(chips) == {"rgba(0, 0, 0, 0) rgb(0, 0, 0) solid"}
    paper = page.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", paper)
    assert sizes
    assert all(float(width) > float(height) for width, height in sizes)
    page.goto(f"/matters/alarm_case/{case.pk}")
    assert page.locator("h1").is_visible()
    fields = page.locator("main :is(input, select, textarea, button)")
    assert not [n for n in range(fields.count()) if fields.nth(n).is_visible()]
    # The place and days that a page was asked for stand on the sheet as words; its button does not.
    page.goto("/air/baseline")
    assert page.locator(".filters select[name=area]").is_visible()
    assert not page.locator(".filters .btn").first.is_visible()


def test_the_map_says_what_its_marks_are_and_is_walked_by_list_and_keyboard(page, county):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/map")
    settle(page)
    legend = page.locator(".legend-marks").inner_text()
    for mark in (
        "空气站", "水站", "监测点没有新数据", "监测点有预警", "企业", "断面", "当前预警", "在办事项，未超期",
        "在办事项，已超期", "多处",
    ):  # fmt: skip
        assert mark in legend
    assert page.get_by_text("未加载底图").is_visible()
    pin = page.get_by_role("button", name=re.compile("1号空气站"))
    pin.wait_for()

    def until(done) -> None:
        for _ in range(1200):
            if done():
                return
            page.wait_for_timeout(50)
        raise AssertionError("it never came to pass")

    frame = page.locator("[data-map]").bounding_box()
    pins = page.locator(".pin.air")

    def in_sight() -> int:
        # Asked at once: the map draws its marks anew while it moves.
        boxes = pins.evaluate_all(
            "pins => pins.map(pin => pin.getBoundingClientRect()).map(({x, y}) => [x, y])"
        )
        return sum(
            frame["x"] < x < frame["x"] + frame["width"]
            and frame["y"] < y < frame["y"] + frame["height"]
            for x, y in boxes
        )

    until(lambda: in_sight() == len(county.bureau.air))
    for _ in range(4):
        page.locator(".maplibregl-ctrl-zoom-in").click()
        page.wait_for_timeout(400)
    until(lambda: in_sight() < len(county.bureau.air))
    page.get_by_role("button", name="全境").click()
    until(lambda: in_sight() == len(county.bureau.air))
    page.locator(".map-aside summary").click()
    rows = page.locator("[data-map-list] li")
    assert rows.count() > 2
    page.get_by_label("按名称查找").fill("2号空")
    until(lambda: rows.count() == 1)
    rows.locator("button").press("Enter")
    page.locator(".popup", has_text="2号空气站").wait_for()


def test_zoom_buttons_are_dark_where_the_page_is(page, county, context, server):
    context.add_cookies([{"name": "theme", "value": "dark", "url": server}])
    page.goto("/map")
    settle(page)
    ground = page.locator(".maplibregl-ctrl-group").first.evaluate(
        "group => getComputedStyle(group).backgroundColor"
    )
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 96, ground


def test_a_phone_shows_work_first_and_keeps_what_rows_are_called(page, county):
    """The first row of a list above its conditions; the time of a row while one looks at its factors; a year at today."""
    case = open_from_alarm(county.alarms[1])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/matters/alarm_case")
    first = page.get_by_text(case.title).first.bounding_box()
    assert first["y"] < 844 / 2.5
    level = page.locator(".chip-filter > summary", has_text="等级")
    assert not level.is_visible()
    page.locator(".pick.unfold").click()
    assert level.is_visible()
    assert not page.get_by_role("link", name="导出").is_visible()

    point = county.bureau.air[0].pk
    page.goto(f"/stations/{point}")
    settle(page)
    spoken = page.locator("[data-chart]").first.evaluate(
        "chart => (chart.querySelector('[aria-label]') || chart).getAttribute('aria-label')"
    )
    assert "PM2.5" in spoken
    assert not re.search(r"\d{11,}", spoken)  # a sentence, not the milliseconds of a machine
    table = page.locator(".table-wrap:has(.first-stays)")
    time_of_row = table.locator("tbody td").first
    before = time_of_row.bounding_box()["x"]
    assert table.evaluate("wrap => (wrap.scrollLeft = 200, wrap.scrollLeft)") > 100
    assert abs(time_of_row.bounding_box()["x"] - before) < 2

    page.goto(f"/stations/{county.area.pk}?tab=calendar")
    settle(page)
    seen = page.locator("[data-chart]").first.evaluate(
        """chart => {
            const frame = chart.parentElement, today = new Date();
            const at = chart.clientWidth * (today.getMonth() + today.getDate() / 31) / 12;
            return [chart.clientWidth > frame.clientWidth, at - frame.scrollLeft, frame.clientWidth];
        }"""
    )
    assert seen[0]
    assert 0 <= seen[1] <= seen[2]


def test_what_is_missing_in_a_form_is_said_in_the_language_of_the_page(page, county):
    page.goto(f"/stations/{county.bureau.air[0].pk}/review")
    reason = page.locator("textarea[name=reason]")
    reason.evaluate("field => field.form.requestSubmit()")
    assert reason.evaluate("field => field.validationMessage") == "请填写这一项。"
    reason.fill("采样泵故障")
    assert reason.evaluate("field => field.validationMessage") == ""


def test_a_phone_without_a_line_of_work_finds_the_bar_at_its_foot(
    page, county, context, server, signed_in
):
    """Whoever works outside lands on his work, and has the bar under the thumb."""
    session = signed_in("town").cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": server}])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/sign-in")
    assert page.url.endswith("/my-work")
    bar = page.locator(".thumbs")
    box = bar.bounding_box()
    assert box["y"] + box["height"] >= 843
    assert "我的事" in bar.inner_text()
    menu = page.get_by_role("button", name="菜单", exact=True)
    closed = menu.bounding_box()
    menu.click()
    page.locator("body.rail-open").wait_for()
    assert menu.bounding_box() == closed  # it stays where it was


def test_the_keys_j_and_k_go_along_the_list_that_a_matter_was_opened_from(page, county):
    monitor = county.person("monitor")
    made = [
        actions.open_matter(
            PROBLEMS,
            {"title": f"第{n}件", "area_code": "990101001", "origin_kind": "self"},
            by=monitor,
        )
        for n in range(3)
    ]
    first, second, third = (f"/matters/problem/{matter.pk}" for matter in made)
    page.goto("/matters/problem?sort=number&open=1")
    page.locator(f"a.title[href='{first}']").click()
    # The list stands in the address at once: a reload does not lose it.
    page.wait_for_url(f"**{first}?among=*", timeout=60_000)
    assert page.locator("nav.beside a[rel=prev]").count() == 0
    page.keyboard.press("j")
    page.wait_for_url(f"**{second}?among=*", timeout=60_000)
    page.keyboard.press("j")
    page.wait_for_url(f"**{third}?among=*", timeout=60_000)
    page.keyboard.press("k")
    page.wait_for_url(f"**{second}?among=*", timeout=60_000)
    page.reload()
    page.locator("nav.beside a").first.click()
    page.wait_for_url("**/matters/problem?*", timeout=60_000)
    assert sorted(page.url.split("?")[1].split("&")) == ["open=1", "sort=number"]
    assert page.complaints == []


def test_a_finger_finds_yes_and_no_and_a_timeline_is_read_on_the_phone(page, county):
    """A choice is 44 px high over its whole line; the time of what happened stands clear of its mark."""
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS["phone"], strict=True)))
    page.goto("/b/air_patrol/new")
    answers = page.locator("main .field label:has(> input[type=radio])").all()
    assert len(answers) >= 4
    assert min(label.bounding_box()["height"] for label in answers) >= 44
    case = open_from_alarm(county.alarms[1])
    for address in (f"/matters/alarm_case/{case.pk}", f"/entities/{county.bureau.enterprise.pk}"):
        page.goto(address)
        for event in page.locator(".events li.e").all():
            mark = event.locator(".node i").bounding_box()
            time = event.locator(".when").evaluate(
                "e => { const r = document.createRange(); r.selectNodeContents(e);"
                " const b = r.getBoundingClientRect(); return [b.left, b.right] }"
            )
            apart = time[0] >= mark["x"] + mark["width"] or time[1] <= mark["x"]
            assert apart, address


@pytest.mark.parametrize("width", WIDTHS)
def test_what_a_look_up_offers_goes_away_without_choosing(
    page, county, context, server, signed_in, width
):
    session = signed_in("dispatcher").cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": server}])
    for n in range(MOST + 1):
        Enterprise.objects.create(code=f"E-T{n}", name=f"东港第{n}制砖厂", area_code="990101001")
    wide, high = WIDTHS[width]
    page.set_viewport_size({"width": wide, "height": high})
    page.goto("/matters/complaint/new")
    lookup = page.locator("[data-lookup]:has([name=entity_text])")
    box, rows = lookup.get_by_role("combobox"), lookup.locator(".lookup-row")

    def offered() -> None:
        box.fill("")
        box.press_sequentially("东港")
        rows.first.wait_for()
        assert box.get_attribute("aria-expanded") == "true"

    offered()
    box.press("Escape")
    assert rows.count() == 0
    assert box.input_value() == "东港"  # only what was offered is gone
    offered()
    box.press("Tab")
    assert rows.count() == 0
    # The next stop is the field below, not a row of the list.
    assert page.evaluate("document.activeElement.name") == "area_code"
    offered()
    page.locator("h1").first.click()
    assert rows.count() == 0
    assert box.get_attribute("aria-expanded") == "false"
    # Nothing typed offers nothing, where a dozen of many would be arbitrary.
    offered()
    with page.expect_response("**/lookup/**"):
        box.fill("")
    page.wait_for_function("document.querySelectorAll('.lookup-row').length === 0")
    # An answer that comes after the box was left opens nothing over the fields below.
    with page.expect_response("**/lookup/**"):
        box.press_sequentially("制砖")
        box.press("Tab")
    page.wait_for_timeout(300)
    assert rows.count() == 0
    # The arrows go through what is offered, Enter takes it.
    offered()
    box.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert box.input_value() == "东港第1制砖厂"
    assert lookup.locator("[name=entity]").input_value() == "E-T1"
    assert rows.count() == 0
    offered()
    rows.last.click()
    assert lookup.locator("[name=entity]").input_value().startswith("E-T")
    assert not page.complaints
