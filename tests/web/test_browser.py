"""The pages in a real browser, at a desk's and a phone's width: nothing spills, nothing fails, all is English."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from django.apps import apps
from django.core.asgi import get_asgi_application
from django.db import connections, models
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from ecoledger.live import events
from ecoledger.monitoring.models import Alarm

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}
CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("no Chromium: run python scripts/browser_for_tests.py")
    # Playwright's loop runs in this thread, and Django takes any running loop for an async caller.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()
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


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_spills_over_or_complains(page, county, width):
    size = WIDTHS[width]
    page.set_viewport_size({"width": size[0], "height": size[1]})
    trouble = []
    for address in addresses(county):
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
    words = data_words()
    left = []
    for address in addresses(county):
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
    page.get_by_text("刚刚发生").wait_for(timeout=5000)
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
    page.locator("[data-theme-switch]").click()
    page.goto("/filings")
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
